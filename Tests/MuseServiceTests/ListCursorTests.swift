// Tests of list cursors.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseStore
internal import Testing

/// Cursors as a client meets them: a text handed back.
@Suite struct ListCursorTests {
    /// A house with six posts by two people, and the cursor after the first page of two.
    private func village() async throws -> (ContentHouse, ann: ContentHouse.Person, cursor: String)
    {
        let house = try ContentHouse()
        let (ann, bob) = (try house.person("ann"), try house.person("bob"))
        for index in 0..<6 { _ = try await house.post(index % 2 == 0 ? ann : bob) }
        let page = try await house.postPage(PostsListParams(limit: 2))
        return (house, ann, try #require(page.nextCursor))
    }

    @Test("a cursor is 36 characters of base64url, and another limit goes with it")
    func shape() async throws {
        let (house, _, cursor) = try await village()
        #expect(cursor.utf8.count == 36)
        #expect(
            cursor.allSatisfy {
                $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_")
            })
        let rest = try await house.postPage(PostsListParams(limit: 100, cursor: cursor))
        #expect(rest.items.count == 4)
        #expect(rest.nextCursor == nil)
    }

    @Test("another order, filter or list refuses a cursor")
    func otherLists() async throws {
        let (house, ann, cursor) = try await village()
        let post = try await house.post(ann)
        #expect(
            await refusal {
                try await house.postPage(PostsListParams(cursor: cursor, order: .oldest))
            } == "cursor_invalid")
        #expect(
            await refusal {
                try await house.postPage(PostsListParams(cursor: cursor, authorID: ann.id))
            } == "cursor_invalid")
        #expect(
            await refusal { try await house.userPage(UsersListParams(cursor: cursor)) }
                == "cursor_invalid")
        #expect(
            await refusal {
                try await house.commentPage(CommentsListParams(postID: post.id, cursor: cursor))
            } == "cursor_invalid")
        #expect(
            await refusal {
                try await house.likers(PostsLikersParams(id: post.id, cursor: cursor))
            } == "cursor_invalid")
    }

    @Test("a cursor of one post's comments or likers, or of one author's posts, is no other's")
    func otherSubjects() async throws {
        let (house, ann, _) = try await village()
        let bob = try house.person("bob2")
        let (one, two) = (try await house.post(ann), try await house.post(ann))
        for post in [one, two] {
            for who in [ann, bob] {
                _ = try await house.comment(post, who)
                _ = try await house.like(post, who)
            }
        }
        let comments = try await house.commentPage(CommentsListParams(postID: one.id, limit: 1))
        #expect(
            await refusal {
                try await house.commentPage(
                    CommentsListParams(postID: two.id, cursor: comments.nextCursor))
            } == "cursor_invalid")
        let likers = try await house.likers(PostsLikersParams(id: one.id, limit: 1))
        #expect(
            await refusal {
                try await house.likers(PostsLikersParams(id: two.id, cursor: likers.nextCursor))
            } == "cursor_invalid")
        let posts = try await house.postPage(PostsListParams(limit: 1, authorID: ann.id))
        #expect(
            await refusal {
                try await house.postPage(
                    PostsListParams(cursor: posts.nextCursor, authorID: bob.id))
            } == "cursor_invalid")
    }

    @Test("a changed character anywhere refuses a cursor")
    func damage() async throws {
        let (house, _, cursor) = try await village()
        for index in 0..<36 {
            var characters = Array(cursor)
            characters[index] = characters[index] == "A" ? "B" : "A"
            let changed = String(characters)
            #expect(
                await refusal { try await house.postPage(PostsListParams(cursor: changed)) }
                    == "cursor_invalid", "\(index)")
        }
    }

    @Test(
        "what is no cursor is refused",
        arguments: [
            "", "A", "x y", "====", String(repeating: "A", count: 36),
            String(repeating: "é", count: 18),
        ])
    func malformed(_ cursor: String) async throws {
        let (house, _, good) = try await village()
        for text in [cursor, good + "=", good + "AAAA", String(good.dropLast(4))] {
            #expect(
                await refusal { try await house.postPage(PostsListParams(cursor: text)) }
                    == "cursor_invalid")
        }
    }

    @Test("a cursor outlives its item")
    func outlives() async throws {
        let (house, _, _) = try await village()
        let first = try await house.postPage(PostsListParams(limit: 2))
        let last = try #require(first.items.last)
        let moderator = try house.person("mod", role: .moderator)
        _ = try await house.posts.delete(
            PostsDeleteParams(id: last.id), house.call(.postsDelete, moderator))
        let second = try await house.postPage(
            PostsListParams(limit: 2, cursor: first.nextCursor))
        #expect(second.items.count == 2)
        #expect(second.items.allSatisfy { $0.id < last.id })
    }

    @Test("nothing is skipped or shown twice while others write")
    func stable() async throws {
        let (house, ann, cursor) = try await village()
        let before = try await house.postPage(PostsListParams())
        _ = try await house.post(ann)
        let rest = try await house.postPage(PostsListParams(cursor: cursor))
        #expect(rest.items.map(\.id) == before.items.dropFirst(2).map(\.id))
    }
}
