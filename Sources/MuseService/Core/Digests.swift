// The rules' room: what the shown form of a row depends on: its id, its revision and its author's,
// and what changes without a revision. Called where a read or write tells its state.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseRPC
internal import MuseStore

extension PostRow {
    func digest(into digest: inout EntityDigest) {
        digest.add(id)
        digest.add(revision)
        digest.add(author.id)
        digest.add(authorRevision)
        digest.add(likeCount)
        digest.add(commentCount)
        digest.add(isLiked ? 1 : 0)
    }
}

extension CommentRow {
    func digest(into digest: inout EntityDigest) {
        digest.add(id)
        digest.add(revision)
        digest.add(author.id)
        digest.add(authorRevision)
    }
}

extension UserRow {
    func digest(for viewer: Viewer?, into digest: inout EntityDigest) {
        let seesPrivate = viewer.seesPrivate(of: id)
        digest.addUser(id, revision, postCount, role, seesPrivate)
        guard seesPrivate, let bannedAt, let banReason else { return }
        digest.add(bannedAt)
        unsafe digest.add(Span(_unsafeElements: banReason.bytes))
    }
}

extension UserRecord {
    func digest(for viewer: Viewer?, into digest: inout EntityDigest) {
        let seesPrivate = viewer.seesPrivate(of: id)
        digest.addUser(id, revision, postCount, role, seesPrivate)
        guard seesPrivate, let bannedAt else { return }
        digest.add(bannedAt)
        digest.add((banReason ?? "").utf8.span)
    }
}

extension EntityDigest {
    fileprivate mutating func addUser(
        _ id: UUIDv7, _ revision: Int, _ postCount: Int, _ role: StoredRole, _ seesPrivate: Bool
    ) {
        add(id)
        add(revision)
        add(postCount)
        add(Int(role.rawValue))
        add(seesPrivate ? 1 : 0)
    }

    /// What `auth.whoami` shows.
    mutating func addCaller(_ user: UserRecord, _ viewer: Viewer) {
        user.digest(for: viewer, into: &self)
        add(viewer.session)
        add(viewer.expiresAt)
    }
}

extension Validator {
    /// Takes the state of one object.
    func note(revision: Int, _ add: (inout EntityDigest) -> Void) {
        var digest = EntityDigest()
        add(&digest)
        self.digest = digest
        self.revision = revision
    }
}

extension WriteContext {
    /// Holds a caller to the state that he knows of.
    /// - Parameters:
    ///   - current: the revision that he is told.
    ///   - digest: the state as he sees it; nil where there is none.
    /// - Throws: 1302.
    func check(current: Int, _ digest: () throws -> EntityDigest?) throws {
        guard let precondition, precondition.isNeeded else { return }
        guard let digest = try digest(), precondition.admits(digest) else {
            throw RPCError.staleRevision(current: current)
        }
    }

    /// Tells the caller the state that a write has left.
    func tell(_ add: (inout EntityDigest) -> Void) {
        guard let precondition else { return }
        var digest = EntityDigest()
        add(&digest)
        precondition.outcome = digest
    }

    func digest(ofPost id: UUIDv7) throws -> EntityDigest? {
        try tx.post(id, viewer: caller.user) { row in
            var digest = EntityDigest()
            row.digest(into: &digest)
            return digest
        }
    }

    func digest(ofComment id: UUIDv7) throws -> EntityDigest? {
        try tx.comment(id) { row in
            var digest = EntityDigest()
            row.digest(into: &digest)
            return digest
        }
    }

    /// Of what `auth.whoami` shows the caller.
    func digest(ofCaller user: UserRecord) -> EntityDigest {
        var digest = EntityDigest()
        digest.addCaller(user, caller)
        return digest
    }
}
