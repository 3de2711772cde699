// Writes posts while the server may be killed and started again, then counts them. Leaves with 0 if
// there are exactly as many as were written: `writes [POSTS] [TASKS]`. MUSE_URL says where. Says
// when it has a third and two thirds of them; ../../../survive.sh ends the server then.
import MentalMuseClient
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

let numbers = CommandLine.arguments.dropFirst().compactMap { Int($0) }
let posts = numbers.first ?? 10_000
let tasks = numbers.dropFirst().first ?? 64

var configuration = ClientConfiguration()
configuration.deadline = .seconds(120)
let client = try await MentalMuseClient.connect(configuration: configuration)
let name = "writer_" + String(UInt32.random(in: 0 ... .max), radix: 36)

/// How many are answered, and a word at each third.
let answered = Atomic<Int>(0)
@Sendable func note() {
    switch answered.wrappingAdd(1, ordering: .relaxed).newValue {
    case posts / 3: print("a third")
    case posts * 2 / 3: print("two thirds")
    default: return
    }
    fflush(nil)
}

let grant = try await client.auth.register(username: name, password: "ten thousand times")
let written = try await withThrowingTaskGroup(of: Int.self) { group in
    for task in 0..<tasks {
        group.addTask {
            var written = 0
            for number in stride(from: task, to: posts, by: tasks) {
                _ = try await client.posts.create(body: "Post \(number).")
                written += 1
                note()
            }
            return written
        }
    }
    var written = 0
    for try await part in group { written += part }
    return written
}
var bodies: Set<String> = []
var count = 0
for try await post in client.posts.listAll(limit: 100, authorID: grant.user.id) {
    bodies.insert(post.body)
    count += 1
}
print("\(written) posts were written; there are \(count), \(bodies.count) of them different")
client.close()
exit(written == count && count == bodies.count ? 0 : 1)
