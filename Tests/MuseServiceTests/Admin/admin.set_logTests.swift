// Tests of `admin.set_log`.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseService
internal import Testing

@Suite struct AdminSetLogTests {
    @Test("the server logs what was said from then on, and the answer says it again")
    func sets() throws {
        let house = try ContentHouse()
        let told = Lock<[String]>([])
        var control = house.shared.control
        control.setRequestLog = { word in told.withLock { $0.append(word) } }
        house.shared.control = control
        let words = ["off", "errors", "slow", "all"]
        for word in words {
            let answer = try house.admin.setLog(
                AdminSetLogParams(requests: word), house.operatorCall(.adminSetLog))
            #expect(answer.requests == word)
        }
        #expect(told.withLock { $0 } == words)
    }

    @Test("no other word is taken")
    func words() {
        for params in ["{\"requests\":\"none\"}", "{\"requests\":\"ALL\"}", "{}", "[null]"] {
            let decoded = Invocation.decode(
                method: .adminSetLog, bytes: params.utf8.span, params: 0..<params.utf8.count,
                issuesMax: 32)
            #expect(decoded.invocation == nil, "\(params)")
        }
    }
}
