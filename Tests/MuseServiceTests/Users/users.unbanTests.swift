// Tests of `users.unban`.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseStore
internal import Testing

@Suite struct UsersUnbanTests {
    @Test("a ban is lifted; of one who is not banned nothing changes")
    func lifts() async throws {
        let house = try ContentHouse()
        let (root, ann) = (try house.person("root", role: .admin), try house.person("ann"))
        _ = try await house.users.ban(
            UsersBanParams(id: ann.id, reason: "spam"), house.call(.usersBan, root))
        for _ in 0..<2 {
            let user = try await house.users.unban(
                UsersUnbanParams(id: ann.id), house.call(.usersUnban, root))
            #expect(user.ban == .some(nil))
            #expect(user.revision == 1)
        }
    }

    @Test("admins alone, and only whom there is")
    func refusals() async throws {
        let house = try ContentHouse()
        let (root, ann) = (try house.person("root", role: .admin), try house.person("ann"))
        let params = UsersUnbanParams(id: nothing)
        #expect(
            await refusal { try await house.users.unban(params, house.call(.usersUnban, ann)) }
                == "permission_denied")
        #expect(
            await refusal { try await house.users.unban(params, house.call(.usersUnban, root)) }
                == "not_found")
    }
}
