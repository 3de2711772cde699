// The server room: bytes that were meant for a server of another kind, told from a line that is
// only broken.

enum ForeignProtocol {
    private static let verbs: [StaticString] = [
        "GET ", "POST ", "HEAD ", "PUT ", "DELETE ", "OPTIONS ", "PATCH ", "CONNECT ", "TRACE ",
        "PRI ",
    ]

    /// The reason to give if the first line of a connection is HTTP's.
    static func reason(line: Span<UInt8>) -> String? {
        guard verbs.contains(where: { begins(line, $0) }), contains(line, " HTTP/") else {
            return nil
        }
        return "http"
    }

    /// The reason to give if the first bytes of a connection are a TLS hello (RFC 8446 section
    /// 5.1).
    static func reason(start: Span<UInt8>) -> String? {
        start.count >= 2 && start[0] == 0x16 && start[1] == 0x03 ? "tls" : nil
    }

    private static func begins(_ line: Span<UInt8>, _ word: StaticString) -> Bool {
        guard line.count >= word.utf8CodeUnitCount else { return false }
        // The index is below the literal's length.
        for index in 0..<word.utf8CodeUnitCount where unsafe line[index] != word.utf8Start[index] {
            return false
        }
        return true
    }

    private static func contains(_ line: Span<UInt8>, _ word: StaticString) -> Bool {
        let length = word.utf8CodeUnitCount
        let count = min(line.count, 16 << 10)
        guard count >= length else { return false }
        for start in 0...(count - length) where begins(line.extracting(start..<count), word) {
            return true
        }
        return false
    }
}
