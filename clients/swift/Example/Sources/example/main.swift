// Registers or logs in, writes posts and a comment, is refused, and lists what there is, page by
// page. MUSE_URL says where.
import MentalMuseClient

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

func show() async throws {
    let client = try await MentalMuseClient.connect()
    let name = CommandLine.arguments.dropFirst().first ?? "robin"
    let password = "ten bees in the heather"

    let grant: Grant
    do {
        grant = try await client.auth.register(username: name, password: password)
    } catch {
        guard case .alreadyExists = error else { throw error }
        grant = try await client.auth.login(username: name, password: password, device: "example")
    }
    print("This is \(grant.user.username), here since \(grant.user.createdAt).")

    let post = try await client.posts.create(body: "Good morning from Swift.")
    let comment = try await client.comments.create(postID: post.id, body: "And good night.")
    print("Wrote post \(post.id) and comment \(comment.id).")
    do {
        _ = try await client.posts.update(id: post.id, body: "Good evening.", revision: 7)
    } catch {
        guard case .staleRevision(let current) = error else { throw error }
        print("Refused: it is at revision \(current).")
    }

    // Three calls at once, over the one connection.
    async let liked = client.posts.like(id: post.id)
    async let whoami = client.auth.whoami()
    async let pong = client.server.ping()
    print(try await "\(liked.likeCount) like, as \(whoami.user.username), \(pong)")

    // Three pages at least, each fetched when the loop comes to it.
    for number in 2...5 { _ = try await client.posts.create(body: "Post \(number) from Swift.") }
    for try await post in client.posts.listAll(limit: 2, authorID: grant.user.id) {
        print("\(post.author.username): \(post.body)")
    }
    for try await comment in client.comments.listAll(postID: post.id) { print("  \(comment.body)") }

    // As a service beside the server would see who is calling, by the server's public keys.
    let caller = try await TokenVerifier(client).verify(grant.accessToken)
    print("The token says: \(caller.userID), \(caller.role.rawValue), until \(caller.expiresAt).")
    try await client.auth.logout()
}

do {
    try await show()
} catch {
    print("It did not work: \(error)")
    exit(1)
}
