// Tests of `users.delete`.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseStore
internal import Testing

@Suite struct UsersDeleteTests {
    @Test("posts, comments, likes and sessions go along at once, and the counts follow")
    func deletes() async throws {
        let house = try ContentHouse()
        let (ann, bob) = (try house.person("ann"), try house.person("bob"))
        let (mine, theirs) = (try await house.post(ann), try await house.post(bob))
        let under = try await house.comment(mine, bob)
        let from = try await house.comment(theirs, ann)
        _ = try await house.comment(theirs, bob)
        _ = try await house.like(theirs, ann)
        let other = try house.again(ann)
        try await house.deleteUser(ann)
        #expect(await refusal { try await house.post(mine.id) } == "not_found")
        for id in [under.id, from.id] {
            #expect(
                await refusal {
                    try await house.comments.get(
                        CommentsGetParams(id: id), house.call(.commentsGet, nil))
                } == "not_found")
        }
        #expect(try await house.likers(PostsLikersParams(id: theirs.id)).items.isEmpty)
        #expect(
            try await house.commentPage(CommentsListParams(postID: theirs.id)).items.count == 1)
        for who in [ann, other] {
            #expect(await refusal { try await house.post(theirs.id, as: who) } == "token_revoked")
        }
        try house.finishDeletions()
        let left = try await house.post(theirs.id)
        #expect(left.likeCount == 0)
        #expect(left.commentCount == 1)
        #expect(try house.writer.writeNow { try $0.wrongCounts().map(\.name) } == [])
    }

    @Test("the password is wanted, and the caller before it")
    func password() async throws {
        let house = try ContentHouse()
        let ann = try house.person("ann")
        let wrong = UsersDeleteParams(currentPassword: "wrong")
        #expect(
            await refusal { try await house.users.delete(wrong, house.call(.usersDelete, nil)) }
                == "unauthenticated")
        #expect(
            await refusal { try await house.users.delete(wrong, house.call(.usersDelete, ann)) }
                == "bad_credentials")
        #expect(try await house.user(ann.id).username == "ann")
    }

    @Test("said again, with its key too, the caller is gone")
    func again() async throws {
        let house = try ContentHouse()
        let ann = try house.person("ann")
        let params = UsersDeleteParams(currentPassword: "the right password")
        _ = try await house.users.delete(params, house.call(.usersDelete, ann, key: "k"))
        #expect(
            await refusal {
                try await house.users.delete(params, house.call(.usersDelete, ann, key: "k"))
            } == "token_revoked")
    }

    @Test("the last admin stays, told after the password; a banned admin does not count")
    func lastAdmin() async throws {
        let house = try ContentHouse()
        let (root, second) = (
            try house.person("root", role: .admin), try house.person("second", role: .admin)
        )
        _ = try await house.users.ban(
            UsersBanParams(id: second.id, reason: "x"), house.call(.usersBan, root))
        #expect(
            await refusal {
                try await house.users.delete(
                    UsersDeleteParams(currentPassword: "wrong"), house.call(.usersDelete, root))
            } == "bad_credentials")
        #expect(await refusal { try await house.deleteUser(root) } == "conflict")
        _ = try await house.users.unban(
            UsersUnbanParams(id: second.id), house.call(.usersUnban, root))
        try await house.deleteUser(root)
        #expect(await refusal { try await house.user(root.id) } == "not_found")
    }
}
