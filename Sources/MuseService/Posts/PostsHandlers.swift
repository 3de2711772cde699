// The rules' room: `posts.*`. What its methods share: how a post is shown.
internal import MentalMuseProtocol
internal import MuseBase
internal import MuseRPC
internal import MuseStore

/// The handlers of `posts.*`, a file a method.
struct PostsHandlers: PostsMethods {
    let core: ServiceCore
}

extension PostRow {
    var post: Post {
        Post(
            id: id, author: author.author, body: body.string, createdAt: id.timestamp,
            updatedAt: updatedAt, edited: revision > 1, likeCount: likeCount,
            commentCount: commentCount, liked: isLiked, revision: revision)
    }

    /// Its texts are lent.
    var view: PostView {
        PostView(
            id: id, author: author.view, body: TextView(body), createdAt: id.timestamp,
            updatedAt: updatedAt, edited: revision > 1, likeCount: likeCount,
            commentCount: commentCount, liked: isLiked, revision: revision)
    }
}

extension WriteContext {
    /// The post that a write was about, as its caller sees it now.
    /// - Throws: 1201 where it has gone.
    func post(_ ids: [UUIDv7]) throws -> Post {
        let found = try ids.first.flatMap { id in
            try tx.post(id, viewer: caller.user) { row in
                tell { row.digest(into: &$0) }
                return row.post
            }
        }
        guard let found else { throw RPCError.notFound() }
        return found
    }

    /// A post that is to be written to.
    /// - Throws: 1201 where none can be seen.
    func postHead(_ id: UUIDv7) throws -> PostHead {
        guard let head = try tx.postHead(id) else { throw RPCError.notFound() }
        return head
    }
}
