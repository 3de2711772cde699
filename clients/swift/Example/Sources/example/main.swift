// Registers or logs in, writes a post with a comment, and lists what is there. MUSE_URL says where.
import MentalMuseClient

let client = try await MentalMuseClient.connect()
let name = CommandLine.arguments.dropFirst().first ?? "robin"
let password = "a wren sings at dawn"

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
    print("It has changed since: it is at revision \(current).")
}

// Three calls at once, over the one connection.
async let liked = client.posts.like(id: post.id)
async let whoami = client.auth.whoami()
async let pong = client.server.ping()
print(try await "\(liked.likeCount) like, as \(whoami.user.username), \(pong)")

// The pages are fetched as the loops go on.
var count = 0
for try await post in client.posts.listAll(limit: 2) {
    print("\(post.author.username): \(post.body.prefix(60))")
    count += 1
    if count == 6 { break }
}
for try await comment in client.comments.listAll(postID: post.id) { print("  \(comment.body)") }
try await client.auth.logout()
