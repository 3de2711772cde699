// Tests of `server.info`.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseCrypto
internal import MuseService
internal import Testing

@Suite struct ServerInfoTests {
    @Test("what this server is: its schema, its limits in force, its names and its time")
    func shape() throws {
        let clock = TestClock()
        let house = try ContentHouse(clock: clock) {
            $0.batchMax = 7
        } configure: {
            $0.tokens = TokenPolicy(issuer: "us", audience: "them")
            $0.version = "9.8.7"
            $0.libraries = [LibraryVersion(name: "SQLite", version: "3")]
        }
        clock.pass(seconds: 5)
        let info = try house.server.info(
            ServerInfoParams(), house.call(.serverInfo, token: "no token"))
        #expect(info.name == "mentalmuse" && info.version == "9.8.7")
        #expect(info.issuer == "us" && info.audience == "them")
        #expect(info.schemaVersion == SchemaDocument.version)
        #expect(info.schemaHash == SchemaDocument.hash && !info.schemaHash.isEmpty)
        #expect(info.time == clock.now)
        #expect(info.limits == house.shared.configuration.limits && info.limits.batchMax == 7)
        #expect(info.libraries == [LibraryVersion(name: "SQLite", version: "3")])
    }

    @Test("the issuer and audience are those of the tokens, and others' tokens are not ours")
    func issuer() async throws {
        let house = try ContentHouse(configure: {
            $0.tokens = TokenPolicy(issuer: "us", audience: "them")
        })
        let grant = try await house.register("ann")
        #expect(try await house.whoami(grant.accessToken).user.username == "ann")
        let plain = try house.worker { $0.tokens = TokenPolicy() }
        #expect(
            await refusal {
                try await plain.methods.auth.whoami(
                    AuthWhoamiParams(), house.call(.authWhoami, token: grant.accessToken))
            } == "token_invalid")
    }
}
