// The HTTP room: conditional requests (RFC 9110 section 13). What is read is compared here, after
// it was read; what is written is compared in its transaction, by the handler.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseJSON
internal import MuseRPC
internal import MuseServer

extension Exchange {
    enum Conditions {
        case validator(Validator?)
        case refused(Answer)
    }

    /// What a request says of the state it knows.
    func conditions(_ operation: Operation) -> Conditions {
        guard operation.verb != .get else {
            guard operation.isTagged else { return .validator(nil) }
            let coding = Coding.chosen(head.acceptEncoding)
            return .validator(
                Validator(
                    known: head.ifNoneMatch.map { EntityTag.known($0, coding) },
                    precondition: Precondition(
                        matches: head.ifMatch.map(EntityTag.matches), excludes: nil)))
        }
        let matches = head.ifMatch.map(EntityTag.matches)
        let excludes = head.ifNoneMatch.map(EntityTag.matches)
        if operation.isGuarded {
            return .validator(
                Validator(
                    known: nil, precondition: Precondition(matches: matches, excludes: excludes)))
        }
        // What stands here is a list, or nothing that could be read: of that there is no state.
        let isThere = operation.verb == .post
        let fails =
            isThere
            ? matches.map { $0 != .any } ?? false || excludes == .any : matches != nil
        if fails { return .refused(refusal(.noTag)) }
        let tells = operation.status == 201 && operation.kind == .object
        guard tells else { return .validator(nil) }
        return .validator(
            Validator(known: nil, precondition: Precondition(matches: nil, excludes: nil)))
    }

    /// The refusal of a read whose `If-Match` names another state.
    func failedPrecondition(_ validator: Validator?, _ operation: Operation) -> RPCError? {
        guard operation.verb == .get, let validator, let digest = validator.digest,
            !validator.precondition.admits(digest)
        else { return nil }
        guard let revision = validator.revision else {
            return .invalidRequest(reason: Refusal.noTag.rawValue)
        }
        return .staleRevision(current: revision)
    }

    /// Adds the tag of an answer; where the caller has it already, takes the body away.
    /// - Returns: the refusal where it cannot be coded as it was asked for.
    func tag(_ answer: Answer, _ operation: Operation, _ validator: Validator) -> RPCError? {
        guard operation.verb == .get else {
            if let outcome = validator.precondition.outcome, operation.kind == .object {
                answer.add("ETag", EntityTag.text(outcome, .identity))
            }
            return nil
        }
        if validator.digest == nil { validator.digest = Self.digest(of: answer.body) }
        guard let digest = validator.digest else { return nil }
        let coding = Coding.chosen(head.acceptEncoding)
        let tag = EntityTag.text(digest, coding)
        answer.add("ETag", tag)
        if coding == .gzip, answer.body.count > 0 {
            guard worker.compressor?.compress(&answer.body) ?? false else {
                return .unavailable(retryAfterMs: 1_000, outcome: "none")
            }
        }
        if answer.body.count > 0 { worker.lengths[tag] = answer.body.count }
        if isKnown(validator, digest) {
            answer.status = 304
            answer.omittedCount = worker.lengths[tag]
            answer.body.removeAll()
        } else {
            if coding == .gzip { answer.add("Content-Encoding", "gzip") }
            answer.add("Content-Type", "application/json")
        }
        return nil
    }

    /// Whether the caller says that it has a state.
    private func isKnown(_ validator: Validator, _ digest: EntityDigest) -> Bool {
        guard let field = head.ifNoneMatch else { return false }
        return EntityTag.known(field, Coding.chosen(head.acceptEncoding)).contains(digest)
    }

    /// Whether a page that was not written, because the caller has it, has to be written all the
    /// same: nobody knows how long it is.
    func needsLength(_ answer: Answer, _ validator: Validator?) -> Bool {
        guard let validator, validator.isKnown, answer.body.count == 0,
            let digest = validator.digest
        else { return false }
        let tag = EntityTag.text(digest, Coding.chosen(head.acceptEncoding))
        return worker.lengths[tag] == nil
    }

    /// The state of what has no revision: its bytes.
    private static func digest(of body: borrowing JSONWriter) -> EntityDigest {
        var digest = EntityDigest()
        unsafe body.withBytes { bytes in
            unsafe digest.add(Span(_unsafeElements: bytes.bindMemory(to: UInt8.self)))
        }
        return digest
    }
}

extension Operation {
    /// Whether its handler holds a caller to the state he knows: it changes or deletes what can be
    /// read at its own path.
    var isGuarded: Bool {
        guard verb == .patch || verb == .delete || verb == .put else { return false }
        return Resource.all.contains { resource in
            resource.isReadable && resource.operations.contains { $0.method == method }
        }
    }
}
