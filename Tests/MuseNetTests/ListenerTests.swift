// Listeners: what they take over and what they leave, and descriptors that run out.
import Glibc
import MuseBase
import MuseNet
import Testing

@Suite struct ListenerTests {
    @Test func `a port that is taken is refused, also where the other would share it`() throws {
        let first = try Listener.open(.tcp(host: "127.0.0.1", port: 0), workers: 2)
        #expect(first.count == 2)
        let endpoint = try #require(first.first?.endpoint)
        #expect(first.allSatisfy { $0.endpoint == endpoint })
        let error = #expect(throws: NetError.self) { try Listener.open(endpoint, workers: 2) }
        #expect(error?.call == "bind(2)" && error?.code == EADDRINUSE)
    }

    @Test func `a connection brings its address`() async throws {
        let box = try #require(
            try Listener.open(.tcp(host: "127.0.0.1", port: 0), workers: 1).first)
        let listener = try #require(box.take())
        #expect(box.take() == nil)
        guard case .none = listener.accept() else {
            Issue.record("somebody was there")
            return
        }
        guard case .tcp(_, let port) = box.endpoint else { return }
        let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(client) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(client, $0, UInt32(MemoryLayout<sockaddr_in>.size))
            }
        }
        #expect(result == 0)
        guard case .connection(let socket, let peer) = listener.accept() else {
            Issue.record("nobody came")
            return
        }
        #expect(peer == .ipv4(0x7F00_0001))
        let scratch = Scratch(capacity: 16)
        #expect(socket.read(into: scratch) == .wouldBlock)
        #expect(socket.write("hello".utf8.span) == .bytes(5))
        socket.endSending()
        var heard = [UInt8](repeating: 0, count: 16)
        #expect(unsafe recv(client, &heard, 16, 0) == 5)
        #expect(unsafe recv(client, &heard, 16, 0) == 0)
    }

    @Test func `what is too long for a Unix socket's path is refused`() {
        let path = "/tmp/" + String(repeating: "x", count: 200)
        #expect(throws: NetError.self) { try Listener.open(.unix(path: path), workers: 1) }
    }

    @Test func `an error names the call and the address`() {
        let error = NetError(call: "bind(2)", code: EADDRINUSE, subject: "tcp://127.0.0.1:1")
        #expect(error.description == "bind(2) tcp://127.0.0.1:1: Address already in use")
    }
}
