// The client: a list as a sequence of its items, whose pages are fetched when they are needed.

/// The items of a list. Each iteration begins at the first page.
public struct Items<Item: Sendable>: AsyncSequence, Sendable {
    public typealias Element = Item
    public typealias Failure = ClientError
    typealias Fetch = @Sendable (String?) async throws(ClientError) -> ([Item], String?)

    private let fetch: Fetch

    init(_ fetch: @escaping Fetch) {
        self.fetch = fetch
    }

    public func makeAsyncIterator() -> Iterator { Iterator(fetch: fetch) }

    /// Goes over the items. After an error it ends.
    public struct Iterator: AsyncIteratorProtocol {
        let fetch: Fetch
        private var page: ArraySlice<Item> = []
        private var cursor: String?
        private var hasMore = true

        init(fetch: @escaping Fetch) {
            self.fetch = fetch
        }

        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(ClientError) -> Item? {
            // A page may be empty and not be the last.
            while page.isEmpty {
                guard hasMore else { return nil }
                hasMore = false
                let (items, next) = try await fetch(cursor)
                page = items[...]
                cursor = next
                hasMore = next != nil
            }
            return page.popFirst()
        }

        public mutating func next() async throws(ClientError) -> Item? {
            try await next(isolation: nil)
        }
    }
}
