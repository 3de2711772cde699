// A server of the load's tests: it answers each line as it is told to, truly or not.
internal import Foundation
internal import MuseBase
internal import MuseBench
internal import MuseJSON
internal import MuseNet

/// Answers lines over socket pairs, a thread for each connection, until the other side goes.
enum Peer {
    /// What to do with a line: what it is answered, nil to close the connection.
    typealias Reply = @Sendable (String) -> String?

    /// A target whose connections are answered so.
    static func target(_ reply: @escaping Reply) throws -> Target {
        try Target(.unix(path: "peer")) { (_) throws(BenchError) in
            do throws(NetError) {
                let (ours, theirs) = try Socket.pair()
                Thread.start { serve(theirs, reply) }
                return ours
            } catch {
                throw BenchError(error.description)
            }
        }
    }

    /// The id of a request.
    static func id(_ line: String) -> Int { (try? JSONValue(line))?["id"]?.int ?? -1 }

    static func pong(_ id: Int) -> String { #"{"jsonrpc":"2.0","id":\#(id),"result":"pong"}"# }

    private static func serve(_ descriptor: Int32, _ reply: Reply) {
        defer { close(descriptor) }
        var input: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard unsafe poll(&entry, 1, 10_000) > 0 else { return }
            let count = unsafe read(descriptor, &chunk, chunk.count)
            guard count > 0 else { return }
            input += chunk[..<count]
            while let feed = input.firstIndex(of: 0x0A) {
                let line = String(decoding: input[..<feed], as: UTF8.self)
                input.removeSubrange(...feed)
                guard let answer = reply(line) else { return }
                guard send(descriptor, Array(answer.utf8)) else { return }
            }
        }
    }

    /// In two pieces, of which the first is one byte.
    private static func send(_ descriptor: Int32, _ bytes: [UInt8]) -> Bool {
        var start = 0
        while start < bytes.count {
            let rest = Array(bytes[start..<(start == 0 ? 1 : bytes.count)])
            let count = unsafe Foundation.send(descriptor, rest, rest.count, Int32(MSG_NOSIGNAL))
            if count > 0 {
                start += count
                continue
            }
            guard errno == EAGAIN else { return false }
            var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            guard unsafe poll(&entry, 1, 10_000) > 0 else { return false }
        }
        return true
    }
}
