// Tests of the client: time that stands still until a test moves it, and the objects of the
// service.
internal import MentalMuseClient
internal import MuseBase
internal import MuseJSON

/// Time that a test moves. What is due runs on the test's own thread.
final class ManualTime: ClientTime {
    private struct State {
        var now: UInt64 = 1_000_000_000
        var jobs: [(UInt64, @Sendable () -> Void)] = []
    }

    private let state = Lock(State())

    func now() -> UInt64 { state.withLock { $0.now } }

    func schedule(at instant: UInt64, _ job: @escaping @Sendable () -> Void) {
        state.withLock { $0.jobs.append((instant, job)) }
    }

    /// Lets that much time pass, step by step as jobs come due.
    func advance(by duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let end = now() + UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000)
        while true {
            let job = state.withLock { state -> (@Sendable () -> Void)? in
                guard
                    let index = state.jobs.indices.min(by: {
                        state.jobs[$0].0 < state.jobs[$1].0
                    }), state.jobs[index].0 <= end
                else {
                    state.now = max(state.now, end)
                    return nil
                }
                let (instant, job) = state.jobs.remove(at: index)
                state.now = max(state.now, instant)
                return job
            }
            guard let job else { return }
            job()
        }
    }
}

enum Sample {
    static let userID = "01890a5d-ac96-774b-bcce-b302099a8057"
    static let time = "2026-11-24T12:00:00.000Z"
    static let author =
        "{\"id\":\"\(userID)\",\"username\":\"robin\",\"display_name\":null}"
    static let user =
        "{\"id\":\"\(userID)\",\"username\":\"robin\",\"display_name\":null,\"bio\":null,\"role\":\"user\","
        + "\"created_at\":\"\(time)\",\"post_count\":0,\"revision\":1,\"email\":null,\"ban\":null}"

    static func post(_ body: String = "Hello.") -> String {
        "{\"id\":\"\(userID)\",\"author\":\(author),\"body\":\"\(body)\",\"created_at\":\"\(time)\","
            + "\"updated_at\":\"\(time)\",\"edited\":false,\"like_count\":0,\"comment_count\":0,"
            + "\"liked\":false,\"revision\":1}"
    }

    static var caller: String {
        "{\"user\":\(user),\"session_id\":\"\(userID)\",\"expires_at\":\"\(time)\"}"
    }

    /// A grant of the tokens with that number.
    static func grant(_ number: Int) -> String {
        "{\"user\":\(user),\"session_id\":\"\(userID)\",\"token_type\":\"Bearer\","
            + "\"access_token\":\"access-\(number)\",\"access_expires_at\":\"2099-01-01T00:00:00.000Z\","
            + "\"refresh_token\":\"refresh-\(number)\",\"refresh_expires_at\":\"2099-01-01T00:00:00.000Z\"}"
    }
}

/// The error of a call that is to fail.
func failure<R>(_ call: () async throws(ClientError) -> R) async -> ClientError? {
    do throws(ClientError) {
        _ = try await call()
        return nil
    } catch {
        return error
    }
}

extension ClientConfiguration {
    /// Reconnects at once.
    static var quick: ClientConfiguration {
        var configuration = ClientConfiguration()
        configuration.backoff = .milliseconds(1)
        configuration.backoffMax = .milliseconds(5)
        return configuration
    }
}
