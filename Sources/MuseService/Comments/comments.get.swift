// The rules' room: `comments.get`.
internal import MentalMuseProtocol
internal import MuseRPC
internal import MuseStore

extension CommentsHandlers {
    /// One comment.
    func get(_ params: CommentsGetParams, _ call: Call) async throws(RPCError) -> Comment {
        _ = try core.viewer(call)
        let comment = try core.read { tx in
            try tx.comment(params.id) { row in
                call.peer.validator?.note(revision: row.revision) { row.digest(into: &$0) }
                return row.comment
            }
        }
        guard let comment else { throw RPCError.notFound() }
        return comment
    }
}
