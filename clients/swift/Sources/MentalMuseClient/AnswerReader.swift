// The client: bytes of a connection become answers. Pure: no I/O, no waiting. Called by Channel.
internal import MentalMuseProtocol
internal import MuseJSON
internal import MuseRPC

/// What one line of the server says.
struct Answer: Sendable {
    enum Kind: Sendable {
        /// The result's JSON text.
        case result([UInt8])
        case refused(ClientError)
        /// No answer as it should be, and why.
        case malformed(String)
        case notification(ServerNotification)
    }

    /// The call's id; nil where there is none that the client could have given.
    let id: UInt64?
    let kind: Kind
}

/// Cuts the input of a connection into lines and reads them. Lines may come in pieces of any size.
struct AnswerReader: Sendable {
    /// How many bytes of a line that is too long are passed over before the connection is given up.
    private static let skippedMax = 64 << 20
    /// How many lines in a row may be no JSON before the connection is given up.
    private static let garbageMax = 16

    private let bytesMax: Int
    private var framer: LineFramer
    /// A line that has begun and not ended.
    private var rest: [UInt8] = []
    /// Whether a line that is too long is being passed over, and how much of it has been.
    private var skipped: Int?
    private var garbage = 0

    /// Why the connection is of no use any more.
    private(set) var isHopeless: String?

    /// `bytesMax`: the longest line.
    init(bytesMax: Int) {
        self.bytesMax = bytesMax
        framer = LineFramer(bytesMax: bytesMax)
    }

    /// Appends what the lines that end in `bytes` say.
    mutating func read(_ bytes: Span<UInt8>, into answers: inout [Answer]) {
        if rest.isEmpty {
            let used = readLines(bytes, into: &answers)
            if used < bytes.count { rest = Self.copy(bytes, used..<bytes.count) }
        } else {
            var line: [UInt8] = []
            swap(&line, &rest)
            unsafe bytes.withUnsafeBufferPointer { unsafe line.append(contentsOf: $0) }
            let used = readLines(line.span, into: &answers)
            if used == 0 {
                swap(&line, &rest)
            } else if used < line.count {
                rest = Self.copy(line.span, used..<line.count)
            }
        }
    }

    /// Reads the whole lines; how many bytes need not come again.
    private mutating func readLines(_ bytes: Span<UInt8>, into answers: inout [Answer]) -> Int {
        var start = 0
        while isHopeless == nil {
            if let before = skipped {
                guard let feed = ByteScan.newline(in: bytes, from: start) else {
                    skipped = before + bytes.count - start
                    if before > Self.skippedMax {
                        isHopeless = "The server sends a line without end."
                    }
                    return bytes.count
                }
                skipped = nil
                start = feed + 1
                continue
            }
            switch framer.next(bytes, from: start) {
            case .needMore:
                return start
            case .line(let line, let next):
                take(Self.line(bytes, line), into: &answers)
                start = next
            case .tooLong:
                framer = LineFramer(bytesMax: bytesMax)
                skipped = 0
                let head = Self.head(bytes, start..<Swift.min(bytes.count, start + 256))
                answers.append(
                    Answer(
                        id: head, kind: .malformed("The answer is longer than \(bytesMax) bytes.")))
            }
        }
        return bytes.count
    }

    private mutating func take(_ answer: Answer?, into answers: inout [Answer]) {
        guard let answer else { return }
        if answer.id == nil, case .malformed = answer.kind {
            garbage += 1
            if garbage >= Self.garbageMax { isHopeless = "The server does not speak JSON-RPC." }
        } else {
            garbage = 0
        }
        answers.append(answer)
    }

    private static func copy(_ bytes: Span<UInt8>, _ range: Range<Int>) -> [UInt8] {
        unsafe bytes.extracting(range).withUnsafeBufferPointer { unsafe Array($0) }
    }

    // MARK: One line

    private struct Members {
        var id: UInt64?
        var isVersion2 = false
        var result: Range<Int>?
        var error: Range<Int>?
        var method: JSONText?
        var params: Range<Int>?

        mutating func read(
            _ bytes: Span<UInt8>, _ reader: inout JSONReader
        ) throws(JSONError) {
            try reader.beginObject(bytes)
            var isFirst = true
            while let name = try reader.nextMember(bytes, isFirst: &isFirst) {
                if name.equals(bytes, "id") {
                    id = try Self.id(bytes, &reader)
                } else if name.equals(bytes, "jsonrpc"), try reader.kind(bytes) == .string {
                    isVersion2 = try reader.string(bytes).equals(bytes, "2.0")
                } else if name.equals(bytes, "result") {
                    result = try Self.value(bytes, &reader)
                } else if name.equals(bytes, "error") {
                    error = try Self.value(bytes, &reader)
                } else if name.equals(bytes, "params") {
                    params = try Self.value(bytes, &reader)
                } else if name.equals(bytes, "method"), try reader.kind(bytes) == .string {
                    method = try reader.string(bytes)
                } else {
                    try reader.skipValue(bytes)
                }
            }
            try reader.expectEnd(bytes)
        }

        /// An id that the client may have given: a whole number.
        private static func id(
            _ bytes: Span<UInt8>, _ reader: inout JSONReader
        ) throws(JSONError) -> UInt64? {
            guard try reader.kind(bytes) == .number else {
                try reader.skipValue(bytes)
                return nil
            }
            let number = try reader.number(bytes)
            guard number.isPlain, let value = number.int64(bytes), value >= 0 else { return nil }
            return UInt64(value)
        }

        private static func value(
            _ bytes: Span<UInt8>, _ reader: inout JSONReader
        ) throws(JSONError) -> Range<Int> {
            reader.skipSpace(bytes)
            let start = reader.position
            try reader.skipValue(bytes)
            return start..<reader.position
        }
    }

    /// What a line says; nil for a blank one.
    static func line(_ bytes: Span<UInt8>, _ line: Range<Int>) -> Answer? {
        var reader = JSONReader(position: line.lowerBound, end: line.upperBound, depthMax: 64)
        reader.skipSpace(bytes)
        if reader.position == reader.end { return nil }
        var members = Members()
        do throws(JSONError) {
            try members.read(bytes, &reader)
        } catch {
            let why = "The answer is no JSON-RPC: \(error.reason.rawValue)."
            return Answer(id: members.id, kind: .malformed(why))
        }
        if let method = members.method, members.id == nil {
            return notification(bytes, method, members.params)
        }
        return Answer(id: members.id, kind: kind(bytes, members))
    }

    private static func kind(_ bytes: Span<UInt8>, _ members: Members) -> Answer.Kind {
        guard members.isVersion2 else { return .malformed("The answer is not of JSON-RPC 2.0.") }
        switch (members.result, members.error) {
        case (let result?, nil) where members.id != nil:
            return .result(copy(bytes, result))
        case (nil, let error?):
            var reader = JSONReader(
                position: error.lowerBound, end: error.upperBound, depthMax: 64)
            do throws(JSONError) {
                return .refused(try ClientError.read(bytes, &reader))
            } catch {
                return .malformed("The answer's error cannot be read: \(error.reason.rawValue).")
            }
        default:
            return .malformed("The answer has not exactly one of result and error.")
        }
    }

    private static func notification(
        _ bytes: Span<UInt8>, _ method: JSONText, _ params: Range<Int>?
    ) -> Answer {
        let name = method.string(bytes)
        let range = params ?? 0..<0
        var reader = JSONReader(position: range.lowerBound, end: range.upperBound)
        do throws(JSONError) {
            return Answer(
                id: nil, kind: .notification(try ServerNotification(name, bytes, &reader)))
        } catch {
            return Answer(id: nil, kind: .malformed("The params of \(name) cannot be read."))
        }
    }

    /// The id at the beginning of a line of which not all is there.
    private static func head(_ bytes: Span<UInt8>, _ range: Range<Int>) -> UInt64? {
        var reader = JSONReader(position: range.lowerBound, end: range.upperBound, depthMax: 64)
        var members = Members()
        try? members.read(bytes, &reader)
        return members.id
    }
}
