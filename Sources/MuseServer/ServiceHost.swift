// The server room: what the server asks of whoever runs the methods.
package import MentalMuseProtocol

/// The handlers of one worker, confined to its thread.
package protocol ServiceHost: AnyObject {
    /// All handlers.
    var methods: Methods { get }
    /// A pass of the loop is over: whatever its reads shared is to be given back.
    func endPass()
}

/// Makes the handlers of the worker of that index, on the worker's thread.
package typealias ServiceFactory =
    @Sendable (_ worker: Int, _ control: ServerControl) -> any ServiceHost
