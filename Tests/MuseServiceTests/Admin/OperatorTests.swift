// Tests of what all of `admin.*` have in common: the operator alone.
internal import Foundation
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseService
internal import MuseStore
internal import Testing

@Suite struct OperatorTests {
    @Test("nobody else calls admin.*: not nobody, not an admin, over no other kind of connection")
    func operatorOnly() async throws {
        let house = try ContentHouse()
        let ann = try house.person("ann")
        let root = try house.person("root", role: .admin)
        let (admin, path) = (house.admin, house.folder.path + "/backup")
        let kid = try #require(
            house.shared.keys.list(now: house.shared.wallClock.now()).first?.keyID)
        let calls: [(MethodID, (Call) async throws -> Void)] = [
            (
                .adminCreateUser,
                {
                    _ = try await admin.createUser(
                        AdminCreateUserParams(
                            username: "boss", password: rightPassword, role: .admin), $0)
                }
            ),
            (
                .adminSetPassword,
                {
                    _ = try await admin.setPassword(
                        AdminSetPasswordParams(username: "ann", password: newPassword), $0)
                }
            ),
            (.adminKeys, { _ = try admin.keys(AdminKeysParams(), $0) }),
            (.adminRotateKeys, { _ = try await admin.rotateKeys(AdminRotateKeysParams(), $0) }),
            (
                .adminRetireKey,
                { _ = try await admin.retireKey(AdminRetireKeyParams(kid: kid, now: true), $0) }
            ),
            (.adminBackup, { _ = try await admin.backup(AdminBackupParams(path: path), $0) }),
            (.adminConnections, { _ = try admin.connections(AdminConnectionsParams(), $0) }),
            (
                .adminDisconnect,
                { _ = try admin.disconnect(AdminDisconnectParams(connectionID: 0), $0) }
            ),
            (.adminSetLog, { _ = try admin.setLog(AdminSetLogParams(requests: "all"), $0) }),
        ]
        let all = MethodID.allCases.filter { $0.name.hasPrefix("admin.") }
        #expect(calls.map(\.0.name).sorted() == all.map(\.name).sorted())
        for (method, run) in calls {
            for who in [nil, root] {
                #expect(
                    await refusal { try await run(house.call(method, who)) } == "permission_denied",
                    "\(method.name)")
            }
            for transport in [Transport.tcp, .tls, .unix] {
                let peer = ContentHouse.peer(.unix(uid: 0), transport)
                #expect(
                    await refusal { try await run(house.call(method, on: peer)) }
                        == "permission_denied", "\(method.name) over \(transport)")
            }
        }
        // And nothing has come of it.
        #expect(try house.credential("boss") == nil)
        #expect(try await house.user(ann.id, as: ann).username == "ann")
        #expect(house.shared.keys.list(now: house.shared.wallClock.now()).map(\.keyID) == [kid])
        #expect(house.audits.withLock { $0 }.isEmpty)
    }
}
