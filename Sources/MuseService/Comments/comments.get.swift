// The rules' room: `comments.get`.
internal import MentalMuseProtocol
internal import MuseRPC
internal import MuseStore

extension CommentsHandlers {
    /// One comment.
    func get(_ params: CommentsGetParams, _ call: Call) async throws(RPCError) -> Comment {
        _ = try core.viewer(call)
        guard let comment = try core.read({ try $0.comment(params.id) { $0.comment } }) else {
            throw RPCError.notFound()
        }
        return comment
    }
}
