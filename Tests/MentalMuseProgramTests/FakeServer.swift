// The program's tests: a server that answers what a test wants, on a Unix socket.
internal import Foundation

/// A server of one connection at a time a thread; it lives as long as the test's process.
final class FakeServer: Sendable {
    /// A request, its id and params as JSON text.
    struct Request {
        let method: String
        let id: String
        let params: String
    }

    let url: String

    /// - Parameter answer: the lines that answer a request; nil closes the connection.
    init(_ answer: @escaping @Sendable (Request) -> [String]?) throws {
        let path = FileManager.default.temporaryDirectory.appending(
            path: "muse-\(UUID().uuidString.prefix(8)).sock"
        ).path
        url = "unix:" + path
        let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) {
            unsafe $0.copyBytes(from: path.utf8)
        }
        let isBound = unsafe withUnsafePointer(to: address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        guard isBound, listen(listener, 16) == 0 else { throw CocoaError(.fileWriteUnknown) }
        Thread.detachNewThread {
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else { return }
                Thread.detachNewThread { Self.serve(connection, answer) }
            }
        }
    }

    private static func serve(
        _ connection: Int32, _ answer: (Request) -> [String]?
    ) {
        defer { close(connection) }
        var input = Data()
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            while let feed = input.firstIndex(of: 0x0A) {
                let line = input[..<feed]
                input = Data(input[(feed + 1)...])
                guard let request = request(line), let lines = answer(request) else { return }
                for text in lines {
                    let bytes = Array((text + "\n").utf8)
                    guard unsafe send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL)) > 0
                    else { return }
                }
            }
            let count = unsafe recv(connection, &chunk, chunk.count, 0)
            guard count > 0 else { return }
            input.append(contentsOf: chunk[..<count])
        }
    }

    /// The members, by the order in which the program writes them.
    private static func request(_ line: Data) -> Request? {
        let text = String(decoding: line, as: UTF8.self)
        guard
            let match = text.firstMatch(
                of: /"method":"([^"]+)"(?:,"params":(.*))?,"id":([0-9]+)\}$/)
        else { return nil }
        return Request(
            method: String(match.1), id: String(match.3), params: String(match.2 ?? "{}"))
    }
}
