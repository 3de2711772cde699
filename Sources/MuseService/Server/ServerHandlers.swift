// The rules' room: `server.*`.
internal import MentalMuseProtocol

/// The handlers of `server.*`, a file a method.
struct ServerHandlers: ServerMethods {
    let core: ServiceCore

    var shared: ServiceShared { core.shared }
}
