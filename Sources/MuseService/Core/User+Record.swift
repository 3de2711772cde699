// The rules' room: a stored user as the contract shows it.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseStore

extension UserRecord {
    /// With what only its owner and admins see.
    var whole: User {
        var user = open
        user.email = .some(email)
        user.ban = .some(bannedAt.map { Ban(reason: banReason ?? "", createdAt: $0) })
        return user
    }

    /// As anybody sees it.
    var open: User {
        User(
            id: id, username: username, displayName: displayName, bio: bio, role: role.word,
            createdAt: id.timestamp, postCount: postCount, revision: revision)
    }
}
