// Tests of the client: a stream over a blocking loopback socket.
internal import Foundation
internal import MentalMuseClient
internal import MuseBase

final class RealStream: ByteStream {
    private struct State {
        var hasWork = false
        var isClosed = false
        var descriptor: Int32?
    }

    private let events: ConnectionEvents
    private let state = Signal(State())

    init(_ events: ConnectionEvents) {
        self.events = events
    }

    func wake() { state.change { $0.hasWork = true } }

    func close() {
        state.change { state in
            state.isClosed = true
            if let descriptor = state.descriptor { shutdown(descriptor, Int32(SHUT_RDWR)) }
        }
    }

    func run(_ port: UInt16, _ share: Int) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let status = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        let isOpen = state.change { state in
            state.descriptor = descriptor
            return status == 0 && !state.isClosed
        }
        if isOpen {
            events.opened()
            MuseBase.Thread.start { self.send(descriptor) }
            receive(descriptor, share)
        }
        events.closed("The stream has ended.")
        state.change { state in
            state.isClosed = true
            state.descriptor = nil
        }
        Glibc.close(descriptor)
    }

    private func receive(_ descriptor: Int32, _ share: Int) {
        var chunk = [UInt8](repeating: 0, count: share)
        while true {
            let count = unsafe recv(descriptor, &chunk, chunk.count, 0)
            guard count > 0 else { return }
            events.received(chunk.span.extracting(0..<count))
        }
    }

    private func send(_ descriptor: Int32) {
        while true {
            let isClosed = state.wait { state -> Bool? in
                guard state.hasWork || state.isClosed else { return nil }
                state.hasWork = false
                return state.isClosed
            }
            if isClosed { return }
            while true {
                let bytes = events.takeOutput()
                if bytes.isEmpty { break }
                let count = unsafe bytes.withUnsafeBytes {
                    unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                if count < bytes.count { return }
            }
        }
    }
}
