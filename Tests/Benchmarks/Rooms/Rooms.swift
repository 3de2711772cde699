// What single rooms cost, without the rest of the server: instructions.py counts this executable.
//
//     bench-rooms ROOM COUNT FOLDER
//
// does what the room does for one request COUNT times. FOLDER is an empty one, for those that keep
// files. Status 1: something came out wrong.
internal import Glibc
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseCrypto
internal import MuseJSON
internal import MuseRPC
internal import MuseServer
internal import MuseService

@main
enum Rooms {
    /// A piece of work, done `count` times; gives how often it came out right.
    private typealias Work = @Sendable (_ count: Int, _ folder: String) throws -> Int

    private static let all: [String: Work] = [
        "lines": lines, "strings": strings, "envelope": envelope, "decode": decode,
        "encode": encode, "dispatch": dispatch, "token": token, "signature": signature,
        "page": StoreRooms.page, "insert": StoreRooms.insert,
    ]

    static func main() throws {
        let words = CommandLine.arguments
        guard words.count == 4, let work = all[words[1]], let count = Int(words[2]), count > 0
        else { exit(2) }
        guard try work(count, words[3]) == count else { exit(1) }
    }

    // MARK: What the rooms are given

    static let body =
        "the quick brown fox jumps over the lazy dog while seven wizards mix quartz and very few "
        + "pink gnomes object to it now"
    private static let id = UUIDv7(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0001)
    private static let params = "{\"body\":\"\(body)\"}"
    private static let request =
        "{\"jsonrpc\":\"2.0\",\"id\":1000000,\"method\":\"posts.create\",\"params\":\(params)}"
    private static let limits = Limits.standard

    // MARK: Bytes

    /// `MuseRPC`: finds the end of a line of 209 bytes.
    private static func lines(_ count: Int, _: String) -> Int {
        let bytes = Array(String(repeating: request + "\n", count: 64).utf8)
        var framer = LineFramer(bytesMax: limits.lineBytesMax)
        var (right, place) = (0, 0)
        for _ in 0..<count {
            guard case .line(let line, let next) = framer.next(bytes.span, from: place) else {
                break
            }
            if line.count == request.utf8.count { right += 1 }
            place = next < bytes.count ? next : 0
        }
        return right
    }

    /// `MuseJSON`: passes a string of 115 bytes.
    private static func strings(_ count: Int, _: String) throws -> Int {
        let bytes = Array("\"\(body)\"".utf8)
        var right = 0
        for _ in 0..<count {
            var reader = JSONReader(position: 0, end: bytes.count)
            if try reader.string(bytes.span).end == bytes.count - 1 { right += 1 }
        }
        return right
    }

    /// `MuseRPC`: reads a request as far as its params' range.
    private static func envelope(_ count: Int, _: String) -> Int {
        let bytes = Array(request.utf8)
        var right = 0
        for _ in 0..<count {
            let line = Line.parse(bytes.span, 0..<bytes.count, depthMax: limits.nestingMax)
            if case .single(let envelope) = line, envelope.params?.count == params.utf8.count {
                right += 1
            }
        }
        return right
    }

    // MARK: Types

    /// `MentalMuseProtocol`: params of a known method to their type.
    private static func decode(_ count: Int, _: String) -> Int {
        let bytes = Array(params.utf8)
        var right = 0
        for _ in 0..<count {
            let decoded = Invocation.decode(
                method: .postsCreate, bytes: bytes.span, params: 0..<bytes.count,
                issuesMax: limits.offencesMax)
            if case .postsCreate(let params) = decoded.invocation,
                params.body.utf8.count == body.utf8.count
            {
                right += 1
            }
        }
        return right
    }

    /// `MentalMuseProtocol`: writes the answer that is a post.
    private static func encode(_ count: Int, _: String) -> Int {
        let post = Post(
            id: id, author: Author(id: id, username: "bench_writer", displayName: nil), body: body,
            createdAt: id.timestamp, updatedAt: id.timestamp, edited: false, likeCount: 12,
            commentCount: 40, liked: false, revision: 1)
        let request = RPCID(text: "1000000")
        var writer = JSONWriter(limit: limits.answerBytesMax)
        var right = 0
        for _ in 0..<count {
            writer.removeAll()
            writer.beginAnswer(request)
            post.encode(into: &writer)
            writer.endAnswer()
            if writer.count > body.utf8.count { right += 1 }
        }
        return right
    }

    /// `MentalMuseProtocol`: from a method's name to its handler, and back with a result.
    private static func dispatch(_ count: Int, _ folder: String) throws -> Int {
        let house = try House(folder)
        defer { house.close() }
        let bytes = Array("server.ping".utf8)
        let name = JSONText(start: 0, end: bytes.count, hasEscapes: false)
        let peer = Peer(id: 1, transport: .tcp, address: .ipv4(0x7F00_0001))
        let methods = house.service.methods
        var writer = JSONWriter(limit: limits.answerBytesMax)
        var right = 0
        for _ in 0..<count {
            guard let method = MethodID.lookup(bytes.span, name) else { break }
            let decoded = Invocation.decode(
                method: method, bytes: bytes.span, params: nil, issuesMax: limits.offencesMax)
            guard let invocation = decoded.invocation else { break }
            let call = Call(method: method, peer: peer, meta: decoded.meta, arrivedAt: 0)
            writer.removeAll()
            try performNow(invocation, call, methods: methods, into: &writer)
            if writer.count == "\"pong\"".utf8.count { right += 1 }
        }
        return right
    }

    // MARK: Tokens

    private static func claims(_ now: Timestamp) -> AccessTokenClaims {
        AccessTokenClaims(
            subject: id, session: id, id: id, role: "user", issuedAt: now.seconds,
            expiresAt: now.seconds + 900)
    }

    /// `MuseService`: a token that the worker knows already.
    private static func token(_ count: Int, _ folder: String) throws -> Int {
        let now = WallClock.system.now()
        let ring = try KeyRing(folder: folder + "/keys", now: now)
        guard let key = ring.snapshot(now: now).keys.signing else { return 0 }
        let policy = TokenPolicy()
        let token = Array(JWT.sign(claims(now), policy: policy, key: key).utf8)
        let cache = TokenCache()
        var right = 0
        for _ in 0..<count {
            let verified = try cache.verify(token.span, ring: ring, policy: policy, now: now)
            if verified.claims.subject == id { right += 1 }
        }
        return cache.misses == 1 ? right : 0
    }

    /// `MuseCrypto`: a token that is new. Time and key are always the same: so is the arithmetic.
    private static func signature(_ count: Int, _: String) throws -> Int {
        let now = id.timestamp
        let seed = [UInt8](repeating: 7, count: 32)
        let keys = KeySet(signing: try SigningKey(seed: seed.span))
        guard let key = keys.signing else { return 0 }
        let policy = TokenPolicy()
        let token = Array(JWT.sign(claims(now), policy: policy, key: key).utf8)
        var right = 0
        for _ in 0..<count {
            let verified = try JWT.verifyAccess(token.span, keys: keys, policy: policy, now: now)
            if verified.claims.subject == id { right += 1 }
        }
        return right
    }
}
