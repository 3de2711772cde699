// Tests of the domain's lists.
internal import MuseBase
internal import MuseStore
internal import Testing

@Suite struct ListTests {
    @Test("every limit walks the same list, either way", arguments: [1, 2, 3, 4, 100])
    func walks(limit: Int) throws {
        let house = try DomainStore()
        let ann = try house.user("ann")
        let bob = try house.user("bob")
        var posts: [UUIDv7] = []
        for index in 0..<7 { posts.append(try house.post(index % 2 == 0 ? ann : bob)) }
        func walk(_ author: UUIDv7?, newest: Bool) throws -> [UUIDv7] {
            try house.walk(limit: limit, newest: newest) { tx, slice, ids in
                try tx.posts(slice, author: author, viewer: ann) { ids.append($0.id) }
            }
        }
        #expect(try walk(nil, newest: true) == posts.reversed())
        #expect(try walk(nil, newest: false) == posts)
        #expect(try walk(ann, newest: false) == [posts[0], posts[2], posts[4], posts[6]])
        #expect(try walk(bob, newest: true) == [posts[5], posts[3], posts[1]])
    }

    @Test("a page that holds the rest ends the list")
    func exactEnd() throws {
        let house = try DomainStore()
        let ann = try house.user("ann")
        for _ in 0..<4 { _ = try house.post(ann) }
        let slice = ListSlice(after: nil, isNewestFirst: true, limit: 4)
        #expect(try house.read { try $0.posts(slice, author: nil, viewer: nil) { _ in } } == nil)
    }

    @Test("hidden rows make a page short and never end the list")
    func hiddenRows() throws {
        let house = try DomainStore()
        let (ann, bob) = (try house.user("ann"), try house.user("bob"))
        let first = try house.post(bob)
        try house.write { tx in
            for _ in 0..<1_000 { _ = try tx.insertPost(author: ann, body: "hidden") }
        }
        let last = try house.post(bob)
        try house.deleteUser(ann, "ann")
        var pages = 0
        let seen = try house.walk(limit: 100) { tx, slice, ids in
            pages += 1
            return try tx.posts(slice, author: nil, viewer: nil) { ids.append($0.id) }
        }
        #expect(seen == [last, first])
        #expect(pages == 3)
        let slice = ListSlice(after: nil, isNewestFirst: true, limit: 1)
        #expect(try house.read { try $0.posts(slice, author: ann, viewer: nil) { _ in } } == nil)
    }

    @Test("users whose names begin alike are listed by the time of their registration")
    func prefixes() throws {
        let house = try DomainStore()
        let names = ["zed", "anna", "ann", "bea", "an_", "annabel"]
        var ids: [String: UUIDv7] = [:]
        for name in names { ids[name] = try house.user(name) }
        func found(_ prefix: String) throws -> [String] {
            var found: [String] = []
            _ = try house.walk(limit: 2, newest: false) { tx, slice, ids in
                try tx.users(slice, prefix: prefix) { row in
                    ids.append(row.id)
                    found.append(row.username.string)
                }
            }
            return found
        }
        #expect(try found("ann") == ["anna", "ann", "annabel"])
        #expect(try found("an") == ["anna", "ann", "an_", "annabel"])
        #expect(try found("annabel") == ["annabel"])
        #expect(try found("annabell").isEmpty)
        #expect(try found("%").isEmpty)
    }

    @Test("likers come by the time of the like")
    func likers() throws {
        let house = try DomainStore()
        let users = try ["ann", "bob", "cat"].map { try house.user($0) }
        let post = try house.post(users[0])
        for index in [2, 0, 1] { try house.like(post, users[index]) }
        try house.like(post, users[2])
        let walked = try house.walk(limit: 1, newest: false) { tx, slice, ids in
            try tx.likers(of: post, slice) { ids.append($0.id) }
        }
        #expect(walked == [users[2], users[0], users[1]])
        let liked = try house.read { tx in
            try tx.post(post, viewer: users[0]) { ($0.likeCount, $0.isLiked) }
        }
        #expect(liked?.0 == 3)
        #expect(liked?.1 == true)
        #expect(
            try house.read { tx in try tx.post(post, viewer: nil) { $0.isLiked } } == false)
    }

    @Test("the greatest id of the tables is found")
    func greatestID() throws {
        let house = try DomainStore()
        #expect(try house.read { try $0.greatestID() } == nil)
        let ann = try house.user("ann")
        let post = try house.post(ann)
        #expect(try house.read { try $0.greatestID() } == post)
    }
}
