// Tests of the client: clients and transports of the tests' own.
internal import MentalMuseClient
internal import MuseBase
internal import Synchronization

enum Identifier {
    static var some: UUIDv7 { UUIDv7(high: 0x0189_0a5d_ac96_774b, low: 0xbcce_b302_099a_8057) }
}

enum Clients {
    /// A client in a time of the test's own.
    static func manual(
        _ server: FakeServer, _ time: ManualTime,
        _ configuration: ClientConfiguration = ClientConfiguration()
    ) -> MentalMuseClient {
        MentalMuseClient(
            transport: RealTransport(port: server.port), configuration: configuration, time: time,
            random: .seeded(7))
    }
}

/// A transport of a test's own over a loopback socket, as an app might write one: blocking calls,
/// and two threads.
final class RealTransport: Transport {
    private let port: UInt16
    private let share: Int

    /// `share`: how many bytes are handed over at once.
    init(port: UInt16, share: Int = 65_536) {
        self.port = port
        self.share = share
    }

    func open(_ events: ConnectionEvents) -> any ByteStream {
        let stream = RealStream(events)
        Thread.start { stream.run(self.port, self.share) }
        return stream
    }
}

/// Hands over one byte at a time.
func DrippingTransport(port: UInt16) -> RealTransport { RealTransport(port: port, share: 1) }
