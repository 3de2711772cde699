// Fuzzing: the targets of HTTP requests. They are read as a plain reading has them, and what was
// read comes back when it is written.
internal import MuseHTTP

extension FuzzTarget {
    /// Any bytes as a request's target.
    package static let target = FuzzTarget(
        name: "target",
        tokens: [
            "/", "//", "?", "&", "=", "+", "%", "%2F", "%2f", "%00", "%C3%A9", "%c3", "%ED%A0%80",
            "%zz", "*", "#", "http://", "HTTPS://a", "http://?", "/posts", "/..", ";", ":80", "@",
            "\u{0}", " ", "é", "%25", "%2B", "limit=20",
        ],
        failure: targetFailure)

    private static func targetFailure(_ bytes: [UInt8]) -> String? {
        let wanted = PlainTarget.read(bytes)
        let read: Target
        do throws(Target.Fault) {
            read = try Target(bytes.span)
        } catch {
            return wanted == .failure(error) ? nil : "\(error), wanted \(wanted)"
        }
        guard wanted == .success(PlainTarget(read)) else { return "\(read), wanted \(wanted)" }
        guard !read.isServer else { return nil }
        // An absolute address without a path has no segments, and a path always has one.
        let path = read.segments.map { "/" + encoded($0) }.joined()
        let query = read.query.map { encoded($0.name) + "=" + encoded($0.value) }
        let again = try? Target(
            ((path.isEmpty ? "/" : path) + "?" + query.joined(separator: "&")).utf8.span)
        return again == read ? nil : "\(read) came back as \(String(describing: again))"
    }

    /// Every byte as its percent-encoding.
    private static func encoded(_ text: String) -> String {
        text.utf8.map { "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

/// A target by a plain reading: cut at the marks, then each piece decoded.
private struct PlainTarget: Equatable {
    var isServer = false
    var segments: [[UInt8]] = []
    var query: [[[UInt8]]] = []

    init() {}

    init(_ target: Target) {
        isServer = target.isServer
        segments = target.segments.map { Array($0.utf8) }
        query = target.query.map { [Array($0.name.utf8), Array($0.value.utf8)] }
    }

    static func read(_ bytes: [UInt8]) -> Result<PlainTarget, Target.Fault> {
        do throws(Target.Fault) {
            var target = PlainTarget()
            if bytes == Array("*".utf8) {
                target.isServer = true
                return .success(target)
            }
            try target.read(bytes)
            return .success(target)
        } catch {
            return .failure(error)
        }
    }

    private mutating func read(_ bytes: [UInt8]) throws(Target.Fault) {
        let isVisible = { (byte: UInt8) in byte > 0x20 && byte < 0x7F && byte != 0x23 }
        guard bytes.allSatisfy(isVisible) else { throw .form }
        let text = bytes.shown
        var rest = text[...]
        for scheme in ["http://", "https://"] where text.lowercased().hasPrefix(scheme) {
            let authority = text.dropFirst(scheme.count).prefix { $0 != "/" && $0 != "?" }
            guard !authority.isEmpty else { throw .form }
            rest = text[authority.endIndex...]
        }
        guard rest.startIndex > text.startIndex || rest.hasPrefix("/") else { throw .form }
        let halves = rest.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        if halves[0].count > 1 {
            for piece in halves[0].dropFirst().split(
                separator: "/", omittingEmptySubsequences: false)
            {
                segments.append(try Self.decoded(piece))
            }
        }
        guard halves.count > 1 else { return }
        for item in halves[1].split(separator: "&") {
            let parts = item.replacing("+", with: "%20")
                .split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = try Self.decoded(parts[0])
            query.append([name, parts.count > 1 ? try Self.decoded(parts[1]) : []])
        }
    }

    private static func decoded(_ text: Substring) throws(Target.Fault) -> [UInt8] {
        let pieces = text.split(separator: "%", omittingEmptySubsequences: false)
        var bytes = pieces.isEmpty ? [] : Array(pieces[0].utf8)
        for piece in pieces.dropFirst() {
            let digits = piece.prefix(2)
            guard digits.count == 2, digits.allSatisfy(\.isHexDigit),
                let byte = UInt8(digits, radix: 16)
            else { throw .percent }
            bytes += [byte] + Array(piece.dropFirst(2).utf8)
        }
        guard !bytes.contains(0), String(validating: bytes, as: UTF8.self) != nil else {
            throw .text
        }
        return bytes
    }
}
