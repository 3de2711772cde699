// Tests of `admin.connections`.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseService
internal import Testing

@Suite struct AdminConnectionsTests {
    @Test("the open connections, as the server tells them")
    func lists() throws {
        let clock = TestClock()
        let house = try ContentHouse(clock: clock)
        func items() throws -> [Connection] {
            try house.admin.connections(
                AdminConnectionsParams(), house.operatorCall(.adminConnections)
            ).items
        }
        #expect(try items().isEmpty)
        let one = Connection(
            id: 7, transport: "tls", address: "192.0.2.1", userID: nothing, openedAt: clock.now,
            requests: 3, inFlight: 1, outputBytes: 9)
        var control = house.shared.control
        control.connections = { [one] }
        house.shared.control = control
        #expect(try items() == [one])
    }
}
