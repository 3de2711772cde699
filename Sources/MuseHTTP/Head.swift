// The HTTP room: a request's head as it matters to us. What could let two readers of the same
// bytes disagree on where a request ends is refused here, before a body is read. Pure.
internal import MuseJSON

/// The fields of a head, one after another.
package struct Head {
    /// Why a head is refused: each is answered 400, and the connection is closed.
    package enum Fault: String {
        /// A field's name is no token (RFC 9110 section 5.1).
        case name = "field_name"
        /// A field's value has a control character.
        case value = "field_value"
        case contentLengthRepeated = "content_length_repeated"
        case hostRepeated = "host_repeated"
        case hostMissing = "host_missing"
        /// It names no host (RFC 9110 section 7.2).
        case hostInvalid = "host_invalid"
        case lengthBesideEncoding = "content_length_beside_transfer_encoding"
        case transferEncoding = "transfer_encoding"
        case repeated = "field_repeated"
        /// There is more in the head than its lines say: one is folded (RFC 9112 section 5.2), has
        /// no name, or has a NUL.
        case stray = "head_stray"
    }

    /// The fields whose values are of use.
    private enum Field: Int, CaseIterable {
        case accept, acceptEncoding, authorization, contentEncoding, contentType, expect
        case forwarded, forwardedFor, idempotencyKey, ifMatch, ifNoneMatch, origin, requestMethod
        case traceparent

        var name: StaticString {
            switch self {
            case .accept: "accept"
            case .acceptEncoding: "accept-encoding"
            case .authorization: "authorization"
            case .contentEncoding: "content-encoding"
            case .contentType: "content-type"
            case .expect: "expect"
            case .forwarded: "forwarded"
            case .forwardedFor: "x-forwarded-for"
            case .idempotencyKey: "idempotency-key"
            case .ifMatch: "if-match"
            case .ifNoneMatch: "if-none-match"
            case .origin: "origin"
            case .requestMethod: "access-control-request-method"
            case .traceparent: "traceparent"
            }
        }

        /// Whether it may stand more than once, and is then one list.
        var isList: Bool {
            switch self {
            case .accept, .acceptEncoding, .contentEncoding, .forwarded, .forwardedFor, .ifMatch,
                .ifNoneMatch, .expect:
                true
            default: false
            }
        }

        static let all = allCases
    }

    /// The first thing that is wrong; nil where nothing is.
    package private(set) var fault: Fault?
    package private(set) var hasLength = false
    package private(set) var isChunked = false
    package private(set) var contentLength = 0
    private var hosts = 0
    /// Where the line that was placed last ends, in bytes from the head's first.
    private var placed = 0
    private var values: [String?] = []

    package var accept: String? { self[.accept] }
    package var acceptEncoding: String? { self[.acceptEncoding] }
    package var authorization: String? { self[.authorization] }
    package var contentEncoding: String? { self[.contentEncoding] }
    package var contentType: String? { self[.contentType] }
    package var forwarded: String? { self[.forwarded] }
    package var forwardedFor: String? { self[.forwardedFor] }
    package var idempotencyKey: String? { self[.idempotencyKey] }
    package var ifMatch: String? { self[.ifMatch] }
    package var ifNoneMatch: String? { self[.ifNoneMatch] }
    package var origin: String? { self[.origin] }
    /// `Access-Control-Request-Method`.
    package var requestMethod: String? { self[.requestMethod] }
    package var traceparent: String? { self[.traceparent] }
    /// Whether the client waits to be told to go on before it sends a body.
    package var expectsContinue: Bool { self[.expect] != nil }

    /// Whether a body is announced.
    package var hasBody: Bool { isChunked || contentLength > 0 }

    package init() {}

    private subscript(field: Field) -> String? { values.isEmpty ? nil : values[field.rawValue] }

    /// Takes one field.
    package mutating func take(_ name: Span<UInt8>, _ value: Span<UInt8>) {
        guard Self.isToken(name) else { return note(.name) }
        var index = ByteScan.printable(value, from: 0)
        while index < value.count {
            guard value[index] >= 0x80 || value[index] == 0x09 else { return note(.value) }
            index = ByteScan.printable(value, from: index + 1)
        }
        if Self.equals(name, "host") {
            hosts += 1
            if hosts > 1 { note(.hostRepeated) }
            if !Self.isHost(value) { note(.hostInvalid) }
        } else if Self.equals(name, "content-length") {
            takeLength(value)
        } else if Self.equals(name, "transfer-encoding") {
            takeEncoding(value)
        } else if let field = Field.all.first(where: { Self.equals(name, $0.name) }) {
            keep(field, value)
        }
    }

    private mutating func keep(_ field: Field, _ value: Span<UInt8>) {
        if values.isEmpty { values = Array(repeating: nil, count: Field.all.count) }
        let text = Self.text(value)
        guard let before = values[field.rawValue] else {
            values[field.rawValue] = text
            return
        }
        guard field.isList else { return note(.repeated) }
        values[field.rawValue] = before + ", " + text
    }

    /// All fields have been taken.
    package mutating func end(isHTTP11: Bool) {
        if isChunked, hasLength { note(.lengthBesideEncoding) }
        if isChunked, !isHTTP11 { note(.transferEncoding) }
        if isHTTP11, hosts == 0 { note(.hostMissing) }
    }

    // MARK: Lines

    // A reader may lend less of a head than it has read. So it also tells where each line stands,
    // in bytes from the head's first, and together they have to fill it.

    /// The request line: how long its parts are, and where the last of them, its version, begins.
    package mutating func placeRequest(verb: Int, target: Int, version: Int, begins: Int) {
        if begins != verb &+ target &+ 2 { note(.stray) }
        placed = begins &+ version
    }

    /// A field's line, from its name to the end of its value.
    package mutating func placeField(begins: Int, ends: Int) {
        // CR LF, or LF alone (RFC 9112 section 2.2).
        if !(1...2).contains(begins &- placed) { note(.stray) }
        placed = ends
    }

    /// The blank line, which ends the head after so many bytes.
    package mutating func placeEnd(_ count: Int) {
        if !(2...4).contains(count &- placed) { note(.stray) }
    }

    private mutating func note(_ fault: Fault) {
        if self.fault == nil { self.fault = fault }
    }

    private mutating func takeLength(_ value: Span<UInt8>) {
        if hasLength { note(.contentLengthRepeated) }
        hasLength = true
        var length = 0
        for index in value.indices {
            guard value[index] >= 48, value[index] <= 57 else { return note(.value) }
            let (tens, over) = length.multipliedReportingOverflow(by: 10)
            let (sum, more) = tens.addingReportingOverflow(Int(value[index] - 48))
            length = over || more ? .max : sum
        }
        if value.count == 0 { note(.value) }
        contentLength = length
    }

    private mutating func takeEncoding(_ value: Span<UInt8>) {
        if isChunked || !Self.equals(value, "chunked") { note(.transferEncoding) }
        isChunked = true
    }

    /// What is no UTF-8 is no value of ours either: it is mended and then refused where it is used.
    private static func text(_ value: Span<UInt8>) -> String {
        unsafe value.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
    }

    /// Whether it may name a host and its port, or is empty (RFC 3986 section 3.2.2).
    private static func isHost(_ value: Span<UInt8>) -> Bool {
        var end = value.count
        while end > 0, value[end - 1] == 0x20 || value[end - 1] == 0x09 { end -= 1 }
        for index in 0..<end {
            switch value[index] {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: ";"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "%"), UInt8(ascii: "["),
                UInt8(ascii: "]"), UInt8(ascii: "!"), UInt8(ascii: "$"),
                UInt8(ascii: "&")...UInt8(ascii: ","), UInt8(ascii: "="):
                continue
            default: return false
            }
        }
        return true
    }

    static func isToken(_ name: Span<UInt8>) -> Bool {
        guard name.count > 0 else { return false }
        for index in name.indices {
            switch name[index] {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "!"), UInt8(ascii: "#"),
                UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"), UInt8(ascii: "'"),
                UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "|"),
                UInt8(ascii: "~"):
                continue
            default: return false
            }
        }
        return true
    }

    /// Whether they are the same but for the case of letters; `word` is in small letters.
    static func equals(_ bytes: Span<UInt8>, _ word: StaticString) -> Bool {
        guard bytes.count == word.utf8CodeUnitCount else { return false }
        for index in bytes.indices {
            let byte = bytes[index]
            // The index is below the literal's length.
            let letter = unsafe word.utf8Start[index]
            guard (byte >= 65 && byte <= 90 ? byte | 0x20 : byte) == letter else { return false }
        }
        return true
    }
}
