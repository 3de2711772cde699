// The server room: the bounds that hold where no flag says otherwise.
package import MentalMuseProtocol

extension Limits {
    /// The defaults of the contract; 0 is off.
    package static let standard = Limits(
        lineBytesMax: 1 << 20, answerBytesMax: 4 << 20, nestingMax: 32, batchMax: 100,
        inFlightMax: 128, outputBytesMax: 1 << 20, outputStallSeconds: 30,
        bufferBytesMax: 1 << 30, lineSeconds: 30, tlsHandshakeSeconds: 10, idleSeconds: 900,
        connectionsMax: 10_000, connectionsPerAddressMax: 1_000, hashQueueMax: 64,
        writeQueueMax: 10_000, logBytesMax: 256_000_000, loginFailuresMax: 10,
        loginFailuresAddressMax: 100, loginWindowSeconds: 900, registrationsPerHourMax: 20,
        writesPerMinuteMax: 600, requestsPerSecondMax: 0, offencesMax: 32, unparsableLinesMax: 16,
        shutdownSeconds: 10)

    /// The same for arithmetic: what is off is so large that nothing reaches it, and what would
    /// overflow is cut.
    var effective: Limits {
        var limits = self
        let never = 1 << 60
        func on(_ bound: Int) -> Int { bound <= 0 ? never : min(bound, never) }
        limits.lineBytesMax = on(lineBytesMax)
        limits.answerBytesMax = on(answerBytesMax)
        limits.nestingMax = on(nestingMax)
        limits.batchMax = on(batchMax)
        limits.inFlightMax = on(inFlightMax)
        limits.outputBytesMax = on(outputBytesMax)
        limits.bufferBytesMax = on(bufferBytesMax)
        limits.connectionsMax = on(connectionsMax)
        limits.connectionsPerAddressMax = on(connectionsPerAddressMax)
        limits.offencesMax = on(offencesMax)
        limits.unparsableLinesMax = on(unparsableLinesMax)
        let secondsMax = 1_000_000_000
        limits.lineSeconds = min(lineSeconds, secondsMax)
        limits.idleSeconds = min(idleSeconds, secondsMax)
        limits.outputStallSeconds = min(outputStallSeconds, secondsMax)
        limits.tlsHandshakeSeconds = min(tlsHandshakeSeconds, secondsMax)
        limits.shutdownSeconds = max(0, min(shutdownSeconds, secondsMax))
        return limits
    }
}

/// Bounds that are ours alone and need no flag.
enum Turn {
    /// Requests of one connection in one turn.
    static let requestsMax = 64
    /// Output of one connection in one turn: fifty that ask for the schema and do not read it had
    /// the others wait for 50 MB a pass.
    static let outputBytesMax = 64 << 10
    /// How long one connection may have the worker in a turn.
    static let nanosecondsMax: UInt64 = 1_000_000
    /// What a connection reads and answers in a turn that is cheap; after a costly one its next is
    /// taken behind those of others.
    static let cheapBytes = 16 << 10
    /// How long the costly turns of one pass may take, but for the last of them.
    static let carriedNanosecondsMax: UInt64 = 1_000_000
    /// How long the handlers of one pass may take before descriptors are looked at again.
    static let passNanosecondsMax: UInt64 = 4_000_000
    /// What is read at once.
    static let readBytes = 64 << 10
    /// Connections accepted in one pass.
    static let acceptsMax = 64
    /// What is thrown away after an error that closes, so that no reset destroys it.
    static let swallowBytesMax = 1 << 20
    static let swallowNanoseconds: UInt64 = 1_000_000_000
    /// Lanes and buffers that are kept for the next burst: a lane takes about two kilobytes.
    static let idleLanesMax = 1_024
    static let idleBufferBytesMax = 4 << 20
    static let idleAnswersMax = 2
}
