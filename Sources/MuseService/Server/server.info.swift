// The rules' room: `server.info`.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseCrypto
internal import MuseRPC

extension ServerHandlers {
    /// What this server is, and its limits.
    func info(_ params: ServerInfoParams, _ call: Call) throws(RPCError) -> Info {
        let configuration = shared.configuration
        return Info(
            name: "mentalmuse", version: configuration.version,
            schemaVersion: SchemaDocument.version, schemaHash: SchemaDocument.hash,
            issuer: configuration.tokens.issuer, audience: configuration.tokens.audience,
            time: shared.wallClock.now(), limits: configuration.limits,
            libraries: configuration.libraries)
    }
}
