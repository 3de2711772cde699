// The RPC room: every offence in a call's params, gathered by the generated decoders for one
// -32602.
internal import MuseJSON

/// One thing wrong with the params.
package struct ParamIssue: Sendable, Equatable {
    /// A JSON pointer (RFC 6901) from the params, by member names in both styles.
    package let path: String
    /// The JSON Schema keyword that was broken.
    package let rule: String
    /// That keyword's value, as JSON text.
    package let expected: String

    package init(path: String, rule: String, expected: String) {
        self.path = path
        self.rule = rule
        self.expected = expected
    }
}

/// The offences found so far; the first `max` are kept, all are counted.
package struct ParamIssues: Sendable, Equatable {
    package private(set) var issues: [ParamIssue] = []
    package private(set) var count = 0
    private let max: Int

    /// No offences yet. `max`: how many are told (the limit `offences_max`).
    package init(max: Int = 32) {
        self.max = max
    }

    package var isEmpty: Bool { count == 0 }

    /// Notes an offence. `expected` is JSON text: `"\"string\""`, `"3"`, `"true"`.
    package mutating func add(path: String, rule: String, expected: String) {
        count += 1
        if issues.count < max {
            issues.append(ParamIssue(path: path, rule: rule, expected: expected))
        }
    }

    /// A member's name as a JSON pointer's token: `~` is `~0` and `/` is `~1` (RFC 6901 section 3).
    package static func pointer(_ parent: String, _ member: String) -> String {
        var path = parent + "/"
        for scalar in member.unicodeScalars {
            switch scalar {
            case "~": path += "~0"
            case "/": path += "~1"
            default: path.unicodeScalars.append(scalar)
            }
        }
        return path
    }
}
