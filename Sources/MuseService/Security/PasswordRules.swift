// The service's security room: passwords that are too easily guessed. Called by registration,
// change of password and the operator's commands, before anything is hashed.
internal import MentalMuseProtocol

/// A rule that a password breaks (`data.rules` of `weak_password`).
package enum PasswordRule: String, Sendable, CaseIterable {
    /// One of the commonest, or made as they are made.
    case common
    /// It contains the username.
    case username
}

/// What is asked of a new password, besides its length.
package enum PasswordRules {
    /// The rules that `password` breaks, in the order of `PasswordRule`. Case folded: A-Z count as
    /// a-z in both.
    package static func broken(
        by password: String, username: String
    ) -> [PasswordRule] {
        let text = Array(folded(password).utf8)
        var rules: [PasswordRule] = []
        if CommonPasswords.contains(text) { rules.append(.common) }
        if contains(text, Array(folded(username).utf8)) { rules.append(.username) }
        return rules
    }

    private static func contains(_ text: [UInt8], _ part: [UInt8]) -> Bool {
        guard !part.isEmpty, part.count <= text.count else { return false }
        for start in 0...(text.count - part.count) where text[start...].starts(with: part) {
            return true
        }
        return false
    }
}
