// Twins of Answer.swift, HTTPAnswer.swift and Slots.swift: whose an answer is, and what is none.
internal import MuseBench
internal import Testing

@Suite struct AnswerTests {
    @Test(
        "The head of an answer tells its id and its error's code, in whatever order they stand",
        arguments: [
            (#"{"jsonrpc":"2.0","id":100007,"result":"pong"}"#, 100_007, nil),
            (
                #"{"jsonrpc":"2.0","id":100007,"error":{"code":-32601,"message":"x"}}"#, 100_007,
                -32601
            ),
            (#"{"id":100007,"result":{"id":5},"jsonrpc":"2.0"}"#, 100_007, nil),
            (#"{ "jsonrpc" : "2.0" , "error":{"message":"\"id\":1","code":1101},"id":9}"#, 9, 1101),
        ] as [(String, Int, Int?)])
    func heads(_ line: String, _ id: Int, _ code: Int?) {
        let bytes = Array(line.utf8)
        let head = AnswerHead.read(bytes.span, bytes.indices)
        #expect(head?.id == id)
        #expect(head?.code == code)
    }

    @Test(
        "What is no answer has no head",
        arguments: [
            "", "x", "[]", #"{"jsonrpc":"2.0","id":100007,"result":"po"#,
            #"{"jsonrpc":"2.0","id":"100007","result":1}"#, #"{"jsonrpc":"2.0","result":1}"#,
            #"{"jsonrpc":"2.0","id":100007}"#, #"{"jsonrpc":"1.0","id":100007,"result":1}"#,
            #"{"jsonrpc":"2.0","id":7,"error":{"code":1,"message":""},"result":1}"#,
            #"{"jsonrpc":"2.0","id":7,"error":{"message":""}}"#,
        ])
    func noHeads(_ line: String) {
        let bytes = Array(line.utf8)
        let head = AnswerHead.read(bytes.span, bytes.indices)
        #expect(head == nil)
    }

    private static let page = "HTTP/1.1 200 OK\r\nETag: \"a\"\r\nContent-Length: 4\r\n\r\nbody"

    @Test("An answer of HTTP ends where its Content-Length says, at whatever byte it is cut")
    func http() {
        let bytes = Array((Self.page + "HTTP/1.1 304 Not Modified\r\n\r\n").utf8)
        let end = Self.page.utf8.count
        for count in 0...bytes.count {
            let part = Array(bytes[..<count])
            let step = HTTPAnswer.next(part.span, from: 0)
            guard count >= end else {
                #expect(step == .needMore)
                continue
            }
            guard case .answer(let answer) = step else {
                Issue.record("\(count) bytes are \(step)")
                continue
            }
            #expect(answer.status == 200 && answer.body == end - 4..<end)
        }
        let tag = HTTPAnswer.field("etag", bytes.span, 0..<end - 4)
        #expect(tag.map { String(decoding: bytes[$0], as: UTF8.self) } == "\"a\"")
        let age = HTTPAnswer.field("age", bytes.span, 0..<end - 4)
        #expect(age == nil)
        guard case .answer(let second) = HTTPAnswer.next(bytes.span, from: end) else {
            Issue.record("a 304 without a body is an answer")
            return
        }
        #expect(second.status == 304 && second.body.isEmpty)
        #expect(second.body.upperBound == bytes.count)
    }

    @Test(
        "What this service's HTTP does not write is refused, not guessed at",
        arguments: [
            "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n",
            "{\"jsonrpc\":\"2.0\"}\r\n\r\n",
            "HTTP/1.1 200 OK\r\nx: "
                + String(repeating: "y", count: 17 << 10),
        ])
    func strangeHTTP(_ text: String) {
        let bytes = Array(text.utf8)
        let step = HTTPAnswer.next(bytes.span, from: 0)
        #expect(step == .unreadable)
    }

    /// Takes a slot and gives its id.
    private func begin(_ slots: inout Slots, _ time: UInt64) throws -> Int {
        let begun = slots.begin(at: time, of: 5)
        let (id, request) = try #require(begun)
        #expect((100_000...999_999).contains(id) && (0..<5).contains(request))
        return id
    }

    @Test("An id is taken once, and its slot is free for another then")
    func slots() throws {
        var slots = Slots(depth: 3, seed: 1)
        var ids: [Int] = []
        for time: UInt64 in 1...3 { ids.append(try begin(&slots, time)) }
        #expect(Set(ids).count == 3)
        let beyond = slots.begin(at: 4, of: 5)
        #expect(beyond == nil)
        for (id, since) in [(ids[1], 2), (ids[1], nil)] as [(Int, UInt64?)] {
            let found = slots.finish(id)
            #expect(found == since)
        }
        for other in [0, -1, 99_999, 999_999, .max, .min] {
            let found = slots.finish(other)
            #expect(found == nil)
        }
        let next = try begin(&slots, 5)
        #expect(!ids.contains(next))
        for (id, since) in [(ids[0], 1), (ids[2], 3), (next, 5)] as [(Int, UInt64)] {
            let found = slots.finish(id)
            #expect(found == since)
        }
    }

    @Test("Ids have six digits, and none comes again before all others", arguments: [1, 3, 1_024])
    func ids(_ depth: Int) throws {
        var slots = Slots(depth: depth, seed: 1)
        var seen: Set<Int> = []
        // The slots are taken in turn, so that each generation has all of them.
        for _ in 0..<3_000 / depth {
            let ids = try (0..<depth).map { _ in try begin(&slots, 0) }
            for id in ids {
                #expect(seen.insert(id).inserted)
                let since = slots.finish(id)
                #expect(since == 0)
            }
        }
    }
}
