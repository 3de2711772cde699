// Serving: the data of `serve --demo`: a few people, their posts and comments, made through the
// handlers.
internal import MuseJSON

/// A demonstration's throw-away data.
enum Demo {
    /// One who can log in.
    struct Person: Sendable {
        let username: String
        let displayName: String
        let password: String
        let role: String
    }

    /// The passwords are told in the log: they guard nothing.
    private static let people = [
        Person(
            username: "ada", displayName: "Ada", password: "demo-admin-7431", role: "admin"),
        Person(
            username: "grace", displayName: "Grace", password: "demo-moderator-2209",
            role: "moderator"),
        Person(username: "linus", displayName: "Linus", password: "demo-user-5518", role: "user"),
        Person(
            username: "margaret", displayName: "Margaret", password: "demo-user-9067", role: "user"),
    ]

    private static let openings = [
        "Today I learned that", "Somebody should write down why", "A small thing:",
        "After a long walk I think", "Note to myself:",
    ]
    private static let topics = [
        "a queue is honest about waiting", "the second draft is the first one with a reader",
        "tests are letters to a later self", "naming things takes longer than making them",
        "bread needs time more than skill", "every index is a promise to keep",
        "the sea is a good listener", "a short answer can be a kind one",
        "clocks agree only when asked politely", "nothing is as quick as not doing it",
    ]
    private static let replies = [
        "I was about to say the same.", "Is that so? I should try it.", "Could you say more?",
        "Only on Tuesdays.", "This made my day.", "I am not sure, but I like how it sounds.",
    ]

    /// Makes the people, 50 posts, and up to three comments and some likes on each.
    static func fill(_ backend: Backend) throws(CommandFailure) -> [Person] {
        let service = LocalService(backend.shared)
        var tokens: [String] = []
        for person in people {
            _ = try result(
                service.call(
                    "admin.create_user",
                    [
                        "username": .string(person.username), "password": .string(person.password),
                        "role": .string(person.role), "display_name": .string(person.displayName),
                    ]))
            let grant = try result(
                service.call(
                    "auth.login",
                    [
                        "username": .string(person.username), "password": .string(person.password),
                        "device": "demo",
                    ]))
            tokens.append(grant["access_token"]?.string ?? "")
        }
        for number in 0..<50 {
            let text = "\(openings[number % openings.count]) \(topics[number / openings.count])."
            let post = try result(
                service.call("posts.create", ["body": .string(text)], token: tokens[number % 4]))
            let id = post["id"] ?? .null
            for reply in 0..<(number % 4) {
                let words = replies[(number + reply) % replies.count]
                _ = try result(
                    service.call(
                        "comments.create", ["post_id": id, "body": .string(words)],
                        token: tokens[(number + reply + 1) % 4]))
            }
            guard number.isMultiple(of: 3) else { continue }
            _ = try result(
                service.call("posts.like", ["id": id], token: tokens[(number + 1) % 4]))
        }
        return people
    }

    private static func result(_ answer: CallAnswer) throws(CommandFailure) -> JSONValue {
        switch answer {
        case .result(let value): return value
        case .refusal(let error): throw CommandFailure("the demonstration: \(error.text())")
        case .none: throw CommandFailure("the demonstration: no answer")
        }
    }
}
