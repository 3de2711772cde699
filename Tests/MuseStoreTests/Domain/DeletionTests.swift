// Tests of deletions in slices, and of the counts that follow.
internal import MuseBase
internal import MuseStore
internal import Testing

@Suite struct DeletionTests {
    /// Three users who all wrote, commented and liked everywhere.
    private func village() throws -> (DomainStore, users: [UUIDv7], posts: [UUIDv7]) {
        let house = try DomainStore()
        let users = try ["ann", "bob", "cat"].map { try house.user($0) }
        let posts = try (0..<6).map { try house.post(users[$0 % 3]) }
        for post in posts {
            for user in users {
                try house.like(post, user)
                for _ in 0..<3 { _ = try house.comment(post, user) }
            }
        }
        return (house, users, posts)
    }

    private func visible(_ house: DomainStore) throws -> (posts: Int, comments: Int, likers: Int) {
        let posts = try house.walk(limit: 2) { tx, slice, ids in
            try tx.posts(slice, author: nil, viewer: nil) { ids.append($0.id) }
        }
        var comments = 0
        var likers = 0
        for post in posts {
            comments += try house.walk(limit: 2) { tx, slice, ids in
                try tx.comments(of: post, slice) { ids.append($0.id) }
            }.count
            likers += try house.walk(limit: 2) { tx, slice, ids in
                try tx.likers(of: post, slice) { ids.append($0.id) }
            }.count
        }
        return (posts.count, comments, likers)
    }

    @Test("deleting a user hides all that hangs on it at once", arguments: [1, 2, 7, 500])
    func userHidesAtOnce(rowsMax: Int) throws {
        let (house, users, posts) = try village()
        try house.deleteUser(users[0], "ann")
        var more = true
        while more {
            let seen = try visible(house)
            #expect(seen == (posts: 4, comments: 4 * 2 * 3, likers: 4 * 2))
            #expect(try house.read { try $0.wrongCounts() }.isEmpty)
            #expect(try house.read { try $0.postHead(posts[0]) } == nil)
            more = try house.slice(rowsMax)
        }
        #expect(try house.count("posts") == 4)
        #expect(try house.count("comments") == 24)
        #expect(try house.count("likes") == 8)
        #expect(try house.count("deletions") == 0)
        #expect(try house.count("user_prefixes") == 2 * 3)
        #expect(try house.read { try $0.wrongCounts() }.isEmpty)
        let counts = try house.read { tx in
            try tx.post(posts[1], viewer: nil) { [$0.commentCount, $0.likeCount] }
        }
        #expect(counts == [6, 2])
    }

    @Test("two deletions under way count nothing twice", arguments: [1, 3, 500])
    func twoDeletions(rowsMax: Int) throws {
        let (house, users, posts) = try village()
        try house.write { tx in
            try tx.deletePost(posts[1], author: users[1])
            try tx.deleteUser(users[0], username: "ann")
        }
        _ = try house.slice(rowsMax)
        try house.write { tx in
            try tx.deletePost(posts[4], author: users[1])
            try tx.deleteUser(users[2], username: "cat")
        }
        var rounds = 0
        while try house.slice(rowsMax) {
            rounds += 1
            #expect(rounds < 1_000)
            #expect(try house.read { try $0.wrongCounts() }.isEmpty)
        }
        #expect(try visible(house) == (posts: 0, comments: 0, likers: 0))
        for table in ["posts", "comments", "likes", "deletions"] {
            #expect(try house.count(table) == 0, "\(table)")
        }
        let left = try house.read { try $0.user(users[1]) }
        #expect(left?.postCount == 0)
    }

    @Test("a comment of a deleted user cannot be found, nor one under a deleted user's post")
    func commentsHide() throws {
        let house = try DomainStore()
        let (ann, bob) = (try house.user("ann"), try house.user("bob"))
        let (annPost, bobPost) = (try house.post(ann), try house.post(bob))
        let under = try house.comment(annPost, bob)
        let from = try house.comment(bobPost, ann)
        let other = try house.comment(bobPost, bob)
        try house.deleteUser(ann, "ann")
        for id in [under, from] {
            #expect(try house.read { try $0.commentHead(id) } == nil)
            #expect(try house.read { tx in try tx.comment(id) { $0.id } } == nil)
        }
        #expect(try house.read { tx in try tx.comment(other) { $0.id } } == other)
        #expect(try house.read { try $0.hasDeletions() })
    }

    @Test("a slice removes no more rows than it may")
    func slicesAreBounded() throws {
        let (house, users, _) = try village()
        try house.deleteUser(users[0], "ann")
        func rows() throws -> Int64 {
            try ["posts", "comments", "likes", "deletions"].reduce(0) { try $0 + house.count($1) }
        }
        var before = try rows()
        while try house.slice(5) {
            let after = try rows()
            #expect(before - after <= 5)
            #expect(before > after)
            before = after
        }
    }

    @Test("deletions of which nothing is left are bounded too")
    func emptyDeletionsAreBounded() throws {
        let house = try DomainStore()
        let ann = try house.user("ann")
        try house.write { tx in
            for _ in 0..<10 {
                try tx.deletePost(try tx.insertPost(author: ann, body: "x"), author: ann)
            }
        }
        #expect(try house.slice(4))
        #expect(try house.count("deletions") == 6)
        #expect(try house.slice(4))
        #expect(try !house.slice(4))
    }

    @Test("the writer's own chore finishes what was begun")
    func chore() throws {
        let (house, users, _) = try village()
        try house.deleteUser(users[0], "ann")
        house.writer.register(.deletions)
        // Each write lets the writer go round once more; an idle writer needs none.
        var rounds = 0
        while try house.write({ try $0.hasDeletions() }), rounds < 100_000 { rounds += 1 }
        #expect(try house.count("posts") == 4)
        #expect(try house.count("deletions") == 0)
    }

    @Test("the name is free again, and the new user is another")
    func nameIsFree() throws {
        let house = try DomainStore()
        let first = try house.user("ann")
        #expect(throws: Taken.self) { try house.user("ann") }
        try house.deleteUser(first, "ann")
        let second = try house.user("ann")
        #expect(second > first)
        let found = try house.walk(limit: 1) { tx, slice, ids in
            try tx.users(slice, prefix: "an") { ids.append($0.id) }
        }
        #expect(found == [second])
    }
}
