// The store room: migration 1, the tables. Applied migrations are never edited; a change is a new
// one.

extension Migration {
    /// Ids are 16-byte blobs (UUIDv7), whose order is that of their making; `created_at` is an id's
    /// own time. Times are milliseconds since 1970. There are no foreign keys: what hangs on a
    /// deleted row goes in slices. Tables that are read in ranges are stored in the order of those
    /// ranges (WITHOUT ROWID).
    static let first = Migration(
        number: 1, name: "first",
        sql: """
            CREATE TABLE users(
                id BLOB PRIMARY KEY,
                username TEXT NOT NULL UNIQUE,
                display_name TEXT,
                bio TEXT,
                email TEXT,
                role INTEGER NOT NULL, -- 0 user, 1 moderator, 2 admin
                post_count INTEGER NOT NULL DEFAULT 0,
                revision INTEGER NOT NULL DEFAULT 1,
                ban_reason TEXT,
                banned_at INTEGER
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX users_by_role ON users(role) WHERE role > 0;

            -- Each beginning of each username, so that users whose names begin alike are read by id.
            CREATE TABLE user_prefixes(
                prefix TEXT NOT NULL,
                id BLOB NOT NULL,
                PRIMARY KEY(prefix, id)
            ) STRICT, WITHOUT ROWID;

            CREATE TABLE credentials(
                user_id BLOB PRIMARY KEY,
                password TEXT NOT NULL,
                changed_at INTEGER NOT NULL
            ) STRICT, WITHOUT ROWID;

            CREATE TABLE sessions(
                id BLOB PRIMARY KEY,
                user_id BLOB NOT NULL,
                device TEXT,
                address TEXT NOT NULL,
                last_used_at INTEGER NOT NULL,
                ends_at INTEGER NOT NULL,
                refresh_id BLOB NOT NULL, -- jti of the one unspent refresh token
                refresh_issued_at INTEGER NOT NULL,
                access_id BLOB NOT NULL,
                previous_refresh_id BLOB,
                previous_spent_at INTEGER
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX sessions_by_user ON sessions(user_id, id);
            CREATE INDEX sessions_by_end ON sessions(ends_at);

            CREATE TABLE posts(
                id BLOB PRIMARY KEY,
                author_id BLOB NOT NULL,
                body TEXT NOT NULL,
                updated_at INTEGER NOT NULL,
                like_count INTEGER NOT NULL DEFAULT 0,
                comment_count INTEGER NOT NULL DEFAULT 0,
                revision INTEGER NOT NULL DEFAULT 1
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX posts_by_author ON posts(author_id, id);

            CREATE TABLE comments(
                post_id BLOB NOT NULL,
                id BLOB NOT NULL,
                author_id BLOB NOT NULL,
                body TEXT NOT NULL,
                updated_at INTEGER NOT NULL,
                revision INTEGER NOT NULL DEFAULT 1,
                PRIMARY KEY(post_id, id)
            ) STRICT, WITHOUT ROWID;
            CREATE UNIQUE INDEX comments_by_id ON comments(id);
            CREATE INDEX comments_by_author ON comments(author_id, post_id, id);

            CREATE TABLE likes(
                post_id BLOB NOT NULL,
                user_id BLOB NOT NULL,
                id BLOB NOT NULL, -- its time is that of the like
                PRIMARY KEY(post_id, user_id)
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX likes_by_time ON likes(post_id, id, user_id);
            CREATE INDEX likes_by_user ON likes(user_id, post_id);

            CREATE TABLE idempotency(
                owner BLOB NOT NULL,
                key TEXT NOT NULL,
                method TEXT NOT NULL,
                fingerprint BLOB NOT NULL,
                ids BLOB NOT NULL,
                created_at INTEGER NOT NULL,
                expires_at INTEGER NOT NULL,
                PRIMARY KEY(owner, key)
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX idempotency_by_age ON idempotency(created_at);
            CREATE INDEX idempotency_by_expiry ON idempotency(expires_at);

            -- What is being deleted, in slices.
            CREATE TABLE deletions(
                id BLOB PRIMARY KEY,
                kind INTEGER NOT NULL,
                subject BLOB NOT NULL
            ) STRICT, WITHOUT ROWID;

            -- Small things that the program remembers for itself.
            CREATE TABLE marks(
                name TEXT PRIMARY KEY,
                value ANY
            ) STRICT;
            """)
}
