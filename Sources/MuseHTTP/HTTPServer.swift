// The HTTP room: the door. The program makes one beside the server and gives its guests to it.
internal import CMicroHTTP
internal import MuseBase
package import MuseNet
package import MuseServer

/// How HTTP is to be served.
package struct HTTPConfiguration: Sendable {
    /// HTTP over TLS; nil: plain.
    package var certificate: HTTPCertificate?
    /// The origins that may read answers in a browser (CORS); `*` is all. None: nobody is told.
    package var origins: [String] = []

    package init() {}

    var isSecure: Bool { certificate != nil }
}

/// A certificate chain and its key, as PEM texts.
package struct HTTPCertificate: Sendable, Equatable {
    package let chain: String
    package let key: String

    package init(chain: String, key: String) {
        self.chain = chain
        self.key = key
    }

    /// Why it cannot be used; nil where it can.
    package var fault: String? {
        unsafe muse_http_certificate_fault(chain, key).map { unsafe String(cString: $0) }
    }
}

/// The certificate that new connections get. Shared by all workers.
final class CertificateBox: Sendable {
    private let state: Lock<(certificate: HTTPCertificate?, generation: Int)>

    init(_ certificate: HTTPCertificate?) {
        state = Lock((certificate, 0))
    }

    var current: (certificate: HTTPCertificate?, generation: Int) { state.withLock { $0 } }

    func replace(_ certificate: HTTPCertificate) {
        state.withLock { state in
            guard state.certificate != certificate else { return }
            state = (certificate, state.generation + 1)
        }
    }
}

/// The listeners of the HTTP side, one a worker.
package final class HTTPServer: Sendable {
    /// Where it listens: with the real port where the system chose one.
    package let host: String
    package let port: UInt16
    private let boxes: [ListenerBox]
    private let configuration: HTTPConfiguration
    private let certificates: CertificateBox

    /// Opens the address; nobody is served before the server starts.
    /// - Throws: NetError for an address that cannot be had.
    package init(
        _ configuration: HTTPConfiguration, host: String, port: UInt16, workers: Int
    ) throws(NetError) {
        boxes = try Listener.open(.tcp(host: host, port: port), workers: workers)
        self.configuration = configuration
        certificates = CertificateBox(configuration.certificate)
        guard case .tcp(let host, let port)? = boxes.first?.endpoint else {
            preconditionFailure("an address without a listener was opened")
        }
        self.host = host
        self.port = port
    }

    /// Its address as people write it.
    package var url: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return "\(configuration.isSecure ? "https" : "http")://\(name):\(port)"
    }

    package var isSecure: Bool { configuration.isSecure }

    /// Takes another certificate that has no fault: for connections from now on; those that are
    /// open are kept.
    package func replace(_ certificate: HTTPCertificate) {
        if configuration.isSecure { certificates.replace(certificate) }
    }

    /// What lives on each worker's loop.
    package var guests: GuestFactory {
        { [boxes, configuration, certificates] seat in
            let listener = seat.index < boxes.count ? boxes[seat.index].take() : nil
            return HTTPWorker(seat, configuration, certificates, listener)
        }
    }
}
