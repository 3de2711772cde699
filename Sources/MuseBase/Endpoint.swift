// The base room: where a server is, as people write it.

/// An address to listen on or to connect to: `tcp://host:port`, `tls://host:port`, `unix:/path`.
package enum Endpoint: Hashable, Sendable, CustomStringConvertible {
    case tcp(host: String, port: UInt16)
    case tls(host: String, port: UInt16)
    case unix(path: String)

    /// Why a text is no address.
    package struct Malformed: Error, Sendable, CustomStringConvertible {
        package let description: String
    }

    /// Reads an address; an IPv6 host stands in brackets.
    package init(_ text: String) throws(Malformed) {
        if text.hasPrefix("unix:"), text.utf8.count > 5 {
            self = .unix(path: String(text.dropFirst(5)))
            return
        }
        let isTLS = text.hasPrefix("tls://")
        guard isTLS || text.hasPrefix("tcp://") else { throw Self.malformed(text) }
        let rest = text.dropFirst(6)
        guard let colon = rest.lastIndex(of: ":"),
            rest[rest.index(after: colon)...].allSatisfy(\.isNumber),
            let port = UInt16(rest[rest.index(after: colon)...])
        else { throw Self.malformed(text) }
        var host = String(rest[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = String(host.dropFirst().dropLast())
        } else if host.contains(":") {
            throw Self.malformed(text)
        }
        guard !host.isEmpty, !host.contains("/") else { throw Self.malformed(text) }
        self = isTLS ? .tls(host: host, port: port) : .tcp(host: host, port: port)
    }

    package var description: String {
        switch self {
        case .unix(let path): "unix:" + path
        case .tcp(let host, let port): "tcp://" + Self.bracketed(host) + ":\(port)"
        case .tls(let host, let port): "tls://" + Self.bracketed(host) + ":\(port)"
        }
    }

    private static func bracketed(_ host: String) -> String {
        host.contains(":") ? "[" + host + "]" : host
    }

    private static func malformed(_ text: String) -> Malformed {
        Malformed(
            description:
                "'\(text)' is no address: write tcp://host:port, tls://host:port or unix:/path")
    }
}
