// The client: whether a call that did not succeed is sent again. Pure.
internal import MentalMuseProtocol

/// One call's attempts.
struct Attempt {
    /// What follows an attempt that gave no result.
    enum Step {
        case again
        /// What it was to do has been done by an attempt whose answer was lost.
        case done
        /// Once the token of that version has been replaced.
        case withNewToken(UInt64, ClientError)
        case after(UInt64)
    }

    /// How often a call is sent again with a new token.
    private static let renewalsMax = 2

    /// nil for one that this version of the client does not know.
    let method: MethodID?
    let options: CallOptions
    /// When the call is over, whatever happens.
    let deadline: UInt64
    private var renewals = 0
    private var mayHaveRun = false

    init(method: MethodID?, options: CallOptions, deadline: UInt64) {
        self.method = method
        self.options = options
        self.deadline = deadline
    }

    /// What is told to the server as the time it has.
    func millisecondsLeft(_ now: UInt64) -> Int {
        let left = deadline > now ? (deadline - now) / 1_000_000 : 0
        return Int(min(max(left, 1), 3_600_000))
    }

    /// What is to be done after an attempt.
    /// - Throws: what the call ends with.
    mutating func next(
        _ outcome: Outcome, _ now: UInt64, hasSession: Bool
    ) throws(ClientError) -> Step {
        switch outcome {
        case .result, .resumed: return .again
        case .failed(.notConnected(let why)) where mayHaveRun: throw .connectionLost(why)
        case .failed(.tokenRevoked) where mayHaveRun && method == .authLogout: return .done
        case .failed(let error): throw error
        case .lost(let error, let wasSent):
            mayHaveRun = mayHaveRun || wasSent
            guard options.retries, !wasSent || canRepeat else { throw error }
            return .again
        case .refused(let error, let identity):
            return try refused(error, identity, now, hasSession)
        }
    }

    private mutating func refused(
        _ error: ClientError, _ identity: UInt64, _ now: UInt64, _ hasSession: Bool
    ) throws(ClientError) -> Step {
        switch error {
        case .tokenExpired, .tokenInvalid, .tokenRevoked:
            // The session's own token, not one of the options or of the params.
            guard identity != 0, options.accessToken == nil, method?.looksAtToken ?? true,
                hasSession,
                renewals < Self.renewalsMax
            else { throw error }
            renewals += 1
            return .withNewToken(identity, error)
        case .busy(let milliseconds), .draining(let milliseconds):
            return try later(milliseconds, error, now)
        case .unavailable(let milliseconds, let outcome):
            guard outcome == "none" || canRepeat else { throw error }
            return try later(milliseconds, error, now)
        default: throw error
        }
    }

    private func later(
        _ milliseconds: Int, _ error: ClientError, _ now: UInt64
    ) throws(ClientError) -> Step {
        let pause = UInt64(min(max(milliseconds, 1), 3_600_000)) * 1_000_000
        guard options.retries, now + pause < deadline else { throw error }
        return .after(now + pause)
    }

    /// Whether the call may be sent again when it may have been run: reads, and writes whose key
    /// the server remembers.
    private var canRepeat: Bool {
        switch method {
        // A second log-in is a second session; a second backup finds the folder of the first.
        case .authLogin, .adminBackup, .adminDisconnect: false
        case nil: options.idempotencyKey != nil
        default: true
        }
    }
}
