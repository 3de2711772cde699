// The HTTP room: a request's head as it matters to us. What could let two readers of the same
// bytes disagree on where a request ends is refused here, before a body is read. Pure.

/// The fields of a head, one after another.
struct Head {
    /// Why a head is refused: each is answered 400, and the connection is closed.
    enum Fault: String {
        /// A field's name is no token (RFC 9110 section 5.1).
        case name = "field_name"
        /// A field's value has a control character.
        case value = "field_value"
        case contentLengthRepeated = "content_length_repeated"
        case hostRepeated = "host_repeated"
        case hostMissing = "host_missing"
        case lengthBesideEncoding = "content_length_beside_transfer_encoding"
        case transferEncoding = "transfer_encoding"
        case repeated = "field_repeated"
    }

    private(set) var fault: Fault?
    private(set) var hasLength = false
    private(set) var isChunked = false
    private var hosts = 0
    private(set) var contentLength = 0
    private(set) var contentType: String?
    private(set) var contentEncoding: String?
    private(set) var accept: String?
    private(set) var acceptEncoding: String?
    private(set) var authorization: String?
    private(set) var idempotencyKey: String?
    private(set) var ifMatch: String?
    private(set) var ifNoneMatch: String?
    private(set) var traceparent: String?
    private(set) var forwarded: String?
    private(set) var forwardedFor: String?
    private(set) var origin: String?
    private(set) var requestMethod: String?
    private(set) var expectsContinue = false

    /// Whether a body is announced.
    var hasBody: Bool { isChunked || contentLength > 0 }

    /// Takes one field.
    mutating func take(_ name: Span<UInt8>, _ value: Span<UInt8>) {
        guard Self.isToken(name) else { return note(.name) }
        for index in value.indices
        where (value[index] < 0x20 && value[index] != 0x09) || value[index] == 0x7F {
            return note(.value)
        }
        switch name.count {
        case 4:
            if Self.equals(name, "host") {
                hosts += 1
                if hosts > 1 { note(.hostRepeated) }
            }
        case 6:
            if Self.equals(name, "accept") { Self.list(&accept, value) }
            if Self.equals(name, "origin"), Self.single(&origin, value) { note(.repeated) }
            if Self.equals(name, "expect") { expectsContinue = true }
        case 8:
            if Self.equals(name, "if-match") { Self.list(&ifMatch, value) }
        case 9:
            if Self.equals(name, "forwarded") { Self.list(&forwarded, value) }
        case 11:
            if Self.equals(name, "traceparent"), Self.single(&traceparent, value) {
                note(.repeated)
            }
        case 12:
            if Self.equals(name, "content-type"), Self.single(&contentType, value) {
                note(.repeated)
            }
        case 13:
            if Self.equals(name, "authorization"), Self.single(&authorization, value) {
                note(.repeated)
            }
            if Self.equals(name, "if-none-match") { Self.list(&ifNoneMatch, value) }
        case 14: if Self.equals(name, "content-length") { takeLength(value) }
        case 15:
            if Self.equals(name, "accept-encoding") { Self.list(&acceptEncoding, value) }
            if Self.equals(name, "idempotency-key"), Self.single(&idempotencyKey, value) {
                note(.repeated)
            }
            if Self.equals(name, "x-forwarded-for") { Self.list(&forwardedFor, value) }
        case 16: if Self.equals(name, "content-encoding") { Self.list(&contentEncoding, value) }
        case 17: if Self.equals(name, "transfer-encoding") { takeEncoding(value) }
        case 29:
            if Self.equals(name, "access-control-request-method"),
                Self.single(&requestMethod, value)
            {
                note(.repeated)
            }
        default: break
        }
    }

    /// All fields have been taken.
    mutating func end(isHTTP11: Bool) {
        if isChunked, hasLength { note(.lengthBesideEncoding) }
        if isChunked, !isHTTP11 { note(.transferEncoding) }
        if isHTTP11, hosts == 0 { note(.hostMissing) }
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

    /// Takes a field that may stand once; true where it stood before.
    private static func single(_ field: inout String?, _ value: Span<UInt8>) -> Bool {
        defer { field = text(value) }
        return field != nil
    }

    private static func list(_ field: inout String?, _ value: Span<UInt8>) {
        if let before = field {
            field = before + ", " + text(value)
        } else {
            field = text(value)
        }
    }

    /// What is no UTF-8 is no value of ours either: it is mended and then refused where it is used.
    private static func text(_ value: Span<UInt8>) -> String {
        unsafe value.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
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
