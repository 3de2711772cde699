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
        guard let id = ids.first, let post = try tx.post(id, viewer: caller.user, told) else {
            throw RPCError.notFound()
        }
        return post
    }

    /// The post that this write has made.
    /// - Throws: SQLError.
    func newPost(_ ids: [UUIDv7], body: String) throws -> Post {
        guard let id = ids.first,
            let post = try tx.newPost(id, author: caller.user, body: body, told)
        else { throw RPCError.notFound() }
        return post
    }

    private func told(_ row: PostRow) -> Post {
        tell { row.digest(into: &$0) }
        return row.post
    }

    /// A post that is to be written to.
    /// - Throws: 1201 where none can be seen.
    func postHead(_ id: UUIDv7) throws -> PostHead {
        guard let head = try tx.postHead(id) else { throw RPCError.notFound() }
        return head
    }
}
