// Tests of `admin.disconnect`.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseService
internal import Testing

@Suite struct AdminDisconnectTests {
    @Test("the server is told to close that connection; one that it does not have is not there")
    func disconnects() async throws {
        let house = try ContentHouse()
        let closed = Lock<[UInt64]>([])
        var control = house.shared.control
        control.disconnect = { id in
            guard id == 7 else { return false }
            closed.withLock { $0.append(id) }
            return true
        }
        house.shared.control = control
        func disconnect(_ id: Int) throws -> Empty {
            try house.admin.disconnect(
                AdminDisconnectParams(connectionID: id), house.operatorCall(.adminDisconnect))
        }
        _ = try disconnect(7)
        #expect(closed.withLock { $0 } == [7])
        for id in [0, 8, (1 << 53) - 1] {
            #expect(await refusal { try disconnect(id) } == "not_found")
        }
        #expect(closed.withLock { $0 } == [7])
    }
}
