// Tests of the order of refusals where a caller has written as often as may be.
internal import MentalMuseProtocol
internal import MuseService
internal import MuseStore
internal import Testing

@Suite struct WriteLimitTests {
    private static func house() throws -> ContentHouse {
        try ContentHouse(
            limits: { $0.writesPerMinuteMax = 1 }, configure: { $0.isLoopbackOnly = false })
    }

    @Test("at the limit of writes, that is told before the last admin")
    func lastAdmin() async throws {
        let house = try Self.house()
        let root = try house.person("root", role: .admin)
        func demote() async -> String? {
            await refusal {
                try await house.users.setRole(
                    UsersSetRoleParams(id: root.id, role: .user), house.call(.usersSetRole, root))
            }
        }
        #expect(await demote() == "conflict")
        _ = try await house.post(root)
        #expect(await demote() == "rate_limited")
        let delete = UsersDeleteParams(currentPassword: "the right password")
        #expect(
            await refusal { try await house.users.delete(delete, house.call(.usersDelete, root)) }
                == "rate_limited")
    }

    @Test("at the limit of writes, that is told before a wrong or a weak password")
    func passwords() async throws {
        let house = try Self.house()
        let ann = try house.person("ann")
        _ = try await house.post(ann)
        let update = UsersUpdateParams(email: "a@b.c", currentPassword: "wrong")
        #expect(
            await refusal { try await house.users.update(update, house.call(.usersUpdate, ann)) }
                == "rate_limited")
        let change = AuthChangePasswordParams(
            currentPassword: "the right password", newPassword: "1234567890")
        #expect(
            await refusal {
                try await house.service.methods.auth.changePassword(
                    change, house.call(.authChangePassword, ann))
            } == "rate_limited")
    }
}
