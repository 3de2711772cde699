// The vocabulary room: why a call is refused by what stands in it, before anybody is asked who
// calls. Asked by every door that decodes calls.
internal import MuseBase
package import MuseRPC

extension RPCError {
    /// The refusal of params, with every offence (-32602).
    package static func invalidParams(_ issues: some Sequence<ParamIssue>) -> RPCError {
        .invalidParams(
            errors: issues.map {
                Offence(path: $0.path, rule: $0.rule, expected: $0.expected)
            })
    }
}

extension Decoded {
    /// Why the call cannot be taken: its params, or that it names an address that is not this
    /// peer's to name; nil if it can.
    package func refusal(of peer: Peer) -> RPCError? {
        guard issues.isEmpty else { return .invalidParams(issues.issues) }
        guard let named = meta.clientAddress else { return nil }
        // Not the proxy's own word where it passes on somebody else's.
        guard peer.isTrustedProxy else { return .permissionDenied() }
        guard NetworkAddress(text: named) == nil else { return nil }
        let offence = Offence(
            path: "/_meta/client_address", rule: "format", expected: "\"ipv4 or ipv6\"")
        return .invalidParams(errors: [offence])
    }
}
