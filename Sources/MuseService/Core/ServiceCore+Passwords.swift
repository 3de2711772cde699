// The rules' room: passwords: compared and hashed on the pool, guessing counted. Called by log-in
// and by whatever asks for the password again.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseCrypto
internal import MuseRPC
internal import MuseStore

extension ServiceCore {
    /// Whether a password is that of a user, an unknown one too, which takes as long.
    ///
    /// A wrong one counts against the name as it was given and the address; at the limit the next
    /// is refused without a look.
    /// - Throws: 1501 at the limit, busy.
    func isPassword(
        _ password: String, of credential: CredentialRow?, name: String, _ call: Call
    ) async throws(RPCError) -> Bool {
        let attempt: LoginThrottle.Attempt
        do throws(ThrottleRefusal) {
            attempt = try shared.loginFailures.begin(
                name: name, address: call.address, now: shared.monotonicClock.nanoseconds())
        } catch {
            throw error.rpc
        }
        let hash = credential?.passwordHash ?? shared.decoy
        let isKnown = credential != nil
        let secret = SecretBytes(copying: password.utf8.span)
        let answer = await shared.hashes.run {
            secret.withSpan { PasswordHash.verify(hash, $0) } && isKnown
        }
        guard let answer else {
            throw RPCError.busy(retryAfterMs: shared.hashes.retryAfterMilliseconds)
        }
        do throws(ThrottleRefusal) {
            try shared.loginFailures.end(
                attempt, failed: !answer, now: shared.monotonicClock.nanoseconds())
        } catch {
            throw error.rpc
        }
        return answer
    }

    /// Hashes a password that is to be kept.
    /// - Throws: busy.
    func hash(_ password: String) async throws(RPCError) -> String {
        let parameters = shared.configuration.passwords
        let secret = SecretBytes(copying: password.utf8.span)
        let result = await shared.hashes.run { () -> Result<String, PasswordHashError> in
            do throws(PasswordHashError) {
                return .success(
                    try secret.withSpan { password throws(PasswordHashError) in
                        try PasswordHash.make(password, parameters: parameters)
                    })
            } catch {
                return .failure(error)
            }
        }
        switch result {
        case nil: throw RPCError.busy(retryAfterMs: shared.hashes.retryAfterMilliseconds)
        case .success(let hash)?: return hash
        case .failure(let error)?: throw shared.incident("Argon2id: \(error)")
        }
    }

    /// The credential of a caller who has given the right password.
    /// - Throws: 1006 for a wrong one, 1501, busy, 1004 where the account has gone, 1601.
    @discardableResult
    func checkPassword(
        _ call: Call, _ caller: Viewer, _ password: String
    ) async throws(RPCError) -> CredentialRow {
        let found = try await look(call) { try $0.credential(user: caller.user) }
        guard let credential = found else { throw RPCError.tokenRevoked() }
        guard try await isPassword(password, of: credential, name: credential.username, call) else {
            throw RPCError.badCredentials()
        }
        return credential
    }
}
