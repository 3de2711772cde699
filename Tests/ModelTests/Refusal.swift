// The model: errors, as the contract lists them.
internal import MuseJSON

/// A call is refused, with the error of that name.
struct Refusal: Error {
    let name: String
    var data: [(String, Expected)] = []

    init(_ name: String, _ data: [(String, Expected)] = []) {
        self.name = name
        self.data = data
    }

    static let unauthenticated = Refusal("unauthenticated")
    static let tokenExpired = Refusal("token_expired")
    static let tokenInvalid = Refusal("token_invalid")
    static let tokenRevoked = Refusal("token_revoked")
    static let tokenReused = Refusal("token_reused")
    static let badCredentials = Refusal("bad_credentials")
    static let accountDisabled = Refusal("account_disabled")
    static let permissionDenied = Refusal("permission_denied")
    static let notFound = Refusal("not_found")
    static let conflict = Refusal("conflict")
    static let mismatch = Refusal("idempotency_mismatch")
    static let cursorInvalid = Refusal("cursor_invalid")
    static let registrationClosed = Refusal("registration_closed")
    static let nameTaken = Refusal("already_exists", [("field", .text("username"))])

    static func stale(_ current: Int) -> Refusal {
        Refusal("stale_revision", [("current", .int(current))])
    }

    static func weakPassword(_ rules: [String]) -> Refusal {
        Refusal("weak_password", [("rules", .list(rules.map(Expected.text)))])
    }

    static func invalidParams(_ offences: [Offence]) -> Refusal {
        Refusal("invalid_params", [("errors", .anyOrder(offences.map(\.expected)))])
    }

    /// Code, status and retry of the error's name (the contract's table).
    static let table: [String: (code: Int, status: String, retry: String)] = [
        "invalid_params": (-32602, "invalid_argument", "never"),
        "unauthenticated": (1001, "unauthenticated", "never"),
        "token_expired": (1002, "unauthenticated", "refresh"),
        "token_invalid": (1003, "unauthenticated", "never"),
        "token_revoked": (1004, "unauthenticated", "never"),
        "token_reused": (1005, "unauthenticated", "never"),
        "bad_credentials": (1006, "unauthenticated", "never"),
        "account_disabled": (1007, "permission_denied", "never"),
        "permission_denied": (1101, "permission_denied", "never"),
        "not_found": (1201, "not_found", "never"),
        "already_exists": (1301, "already_exists", "never"),
        "stale_revision": (1302, "aborted", "never"),
        "idempotency_mismatch": (1303, "failed_precondition", "never"),
        "conflict": (1304, "failed_precondition", "never"),
        "weak_password": (1401, "invalid_argument", "never"),
        "cursor_invalid": (1402, "invalid_argument", "never"),
        "registration_closed": (1403, "permission_denied", "never"),
        "rate_limited": (1501, "resource_exhausted", "after"),
    ]

    /// The whole error object.
    var expected: Expected {
        guard let row = Self.table[name] else { return .never(name) }
        return .object([
            ("code", .int(row.code)), ("message", .someText),
            (
                "data",
                .object(
                    [
                        ("name", .text(name)), ("status", .text(row.status)),
                        ("retry", .text(row.retry)),
                    ] + data)
            ),
        ])
    }
}

/// One thing wrong with the params: where, and by which keyword.
struct Offence: Hashable {
    let path: String
    let rule: String

    var expected: Expected {
        .object([("path", .text(path)), ("rule", .text(rule)), ("expected", .anything)])
    }
}
