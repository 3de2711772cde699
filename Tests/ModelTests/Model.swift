// The model of the service: what there is, as plain values, and what a call does to it, in the
// order of the contract. No cleverness, no bytes, nothing shared with the service. Driven by
// Contest.
internal import MuseBase
internal import MuseJSON

/// A time that is known to lie between two others; in process both are the same.
typealias Moment = ClosedRange<Int64>

/// A rule that a control takes away, to see that the disagreement is found.
enum Rule: String, CaseIterable, Sendable {
    case ownership, postAuthorDeletesComments, moderatorsDelete, lastAdmin, staleRevision
    case keyOfAnotherCall, keyRepeats, keyExpires, reusedRefreshEndsSession, banEndsSessions
    case passwordChangeEndsOthers, tokensExpire, expiredBeforeRevoked, emailIsPrivate
    case likeOnce, deletedPostTakesComments, cursorOfAnotherList, refusedAttachUnbinds
    case failuresAreLimited, deletedUserTakesLikes, updatesCount, logoutAllEndsAll
}

/// What the server was started with.
struct ModelSettings: Sendable {
    var isPrivate = false
    var isRegistrationOpen = true
    var graceMilliseconds: Int64 = 0
    var failuresOfName = 4
    var failuresOfAddress = 25
    var failureWindowMilliseconds = 900_000
    /// 0: not counted.
    var writesPerMinute = 0
}

/// Everything that the service knows, said plainly.
struct Model {
    struct User {
        let id: String
        let username: String
        var displayName: String?
        var bio: String?
        var email: String?
        var role: String
        var revision = 1
        var ban: (reason: String, at: Moment)?
        var password: String

        var isActiveAdmin: Bool { role == "admin" && ban == nil }
    }

    struct Session {
        let id: String
        let user: String
        let device: String?
        let address: String
        var lastUsedAt: Moment
        let endsAt: Moment
        /// The pair whose refresh token is unspent, and the one before it.
        var pair: Int
        var previous: (pair: Int, spentAt: Moment)?
    }

    /// A pair of tokens, whatever their bytes.
    struct Pair {
        let user: String
        let session: String
        let issuedAt: Moment
        let sessionEndsAt: Moment
        let accessID: String
        let refreshID: String
    }

    struct Token {
        let isAccess: Bool
        let pair: Int
        let user: String
        let session: String
        let expiresAt: Moment
    }

    struct Post {
        let id: String
        let author: String
        var body: String
        var updatedAt: Moment
        var revision = 1
    }

    struct Comment {
        let id: String
        let post: String
        let author: String
        var body: String
        var updatedAt: Moment
        var revision = 1
    }

    struct Like {
        let user: String
        /// Rises with the likes.
        let rank: String
    }

    /// What is remembered of a call by its key.
    struct Memory {
        let method: String
        let params: [String: JSONValue]
        let expiresAt: Moment
        /// The thing it was about; of a Grant, its pair, and the pair whose token was spent for it.
        var id = ""
        var pair = -1
        var spent = -1
    }

    /// What a cursor stands for.
    struct Cursor {
        let list: String
        let filter: String
        let isNewest: Bool
        let after: String?
    }

    let settings: ModelSettings
    /// The rule that a control has taken away.
    let without: Rule?

    var users: [String: User] = [:]
    var sessions: [String: Session] = [:]
    var pairs: [Pair] = []
    var tokens: [String: Token] = [:]
    var posts: [String: Post] = [:]
    var comments: [String: [Comment]] = [:]
    var postOfComment: [String: String] = [:]
    var likes: [String: [Like]] = [:]
    var memories: [String: Memory] = [:]
    var cursors: [String: Cursor] = [:]
    /// What each connection is attached with.
    var bound: [Int: Token] = [:]
    /// Rows that are hidden and not yet gone: by post, and posts in all.
    var hiddenComments: [String: Int] = [:]
    var hiddenLikes: [String: Int] = [:]
    var hiddenPosts = 0
    /// When passwords were wrong, in monotonic milliseconds, by name and address, and by address.
    var failures: [String: [Int64]] = [:]
    /// When somebody wrote.
    var writes: [String: [Int64]] = [:]
    var likesMade = 0

    var now: Moment = 0...0
    /// The latest time that an id may have: the latest that the clock has ever told, and a little.
    var latest: Int64 = 0
    var monotonic: Int64 = 0
    /// The greatest id seen.
    var lastID = ""

    init(_ settings: ModelSettings, without: Rule? = nil) {
        self.settings = settings
        self.without = without
    }

    /// Whether a rule holds: all do, but where a control has taken one away.
    func holds(_ rule: Rule) -> Bool { without != rule }

    // MARK: What happens without a call

    mutating func setTime(_ now: Moment, monotonic: Int64) {
        self.now = now
        self.monotonic = monotonic
        latest = max(latest, now.upperBound)
    }

    /// The server was stopped and started: connections and counters are gone, everything else is
    /// there.
    mutating func restart() {
        bound = [:]
        failures = [:]
        writes = [:]
        // Ids go on a millisecond after the last one, where the clock has gone back.
        latest += 1
    }

    /// All that hangs on deleted things has gone.
    mutating func finishDeletions() {
        hiddenPosts = 0
        hiddenComments = [:]
        hiddenLikes = [:]
    }

    /// What is over has been cleared away.
    mutating func sweep() {
        sessions = sessions.filter { !isOver($0.value.endsAt) }
        memories = memories.filter { !isOver($0.value.expiresAt) }
    }

    func isOver(_ end: Moment) -> Bool { end.lowerBound <= now.upperBound }

    // MARK: Ids

    /// Takes an id that the service has made, if it is one that it may have made now: a UUIDv7
    /// above all before, whose time is the clock's, or the latest that the clock has told where it
    /// has gone back.
    mutating func adopt(_ observed: JSONValue?) throws(Refusal) -> String {
        guard let text = observed?.string, let id = UUIDv7(text) else {
            throw Refusal("(an answer with a new id)")
        }
        guard text > lastID else { throw Refusal("(an id above \(lastID))") }
        let made = id.timestamp.milliseconds
        guard made >= now.lowerBound, made <= latest else {
            throw Refusal("(an id of the time from \(now.lowerBound) to \(latest))")
        }
        lastID = text
        return text
    }

    static func madeAt(_ id: String) -> Moment {
        let time = UUIDv7(id)?.timestamp.milliseconds ?? 0
        return time...time
    }
}

func + (moment: Moment, milliseconds: Int64) -> Moment {
    (moment.lowerBound + milliseconds)...(moment.upperBound + milliseconds)
}

func later(_ a: Moment, _ b: Moment) -> Moment {
    max(a.lowerBound, b.lowerBound)...max(a.upperBound, b.upperBound)
}

/// The same time in whole seconds, as tokens have it.
func wholeSeconds(_ moment: Moment) -> Moment {
    (moment.lowerBound / 1_000 * 1_000)...(moment.upperBound / 1_000 * 1_000)
}

/// A-Z as a-z, nothing else.
func foldedASCII(_ text: String) -> String {
    String(
        String.UnicodeScalarView(
            text.unicodeScalars.map { scalar in
                ("A"..."Z").contains(scalar) ? Unicode.Scalar(scalar.value + 32) ?? scalar : scalar
            }))
}

/// Texts are equal by their bytes, never by what they look like.
func sameBytes(_ a: String, _ b: String) -> Bool { a.utf8.elementsEqual(b.utf8) }
