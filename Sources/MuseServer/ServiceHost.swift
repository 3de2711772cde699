// The server room: what the server asks of whoever runs the methods.
package import MuseService

/// Makes the handlers of the worker of that index, on the worker's thread.
package typealias ServiceFactory =
    @Sendable (_ worker: Int, _ control: ServerControl) -> any ServiceHost
