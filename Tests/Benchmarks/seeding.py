"""Databases of any size, written past the server: straight into SQLite, as the server would have
them. Called by growth.py.

Every row has an id of its own millisecond, in the order of the rows, so that every table but one
and every index grows at its end: a million comments take a few seconds.
"""
import os
import sqlite3
import subprocess
import time
import uuid

from run import BODY, told_text

# When the first user came, in milliseconds.
START = 1_700_000_000_000
# The 62 free bits at the end of an id, from its number: spread, and never the same twice.
SPREAD, LOW = 0x9E3779B97F4A7C15, (1 << 62) - 1


def identifier(number):
    """A UUIDv7 (RFC 9562 section 5.7) as the database keeps it."""
    return ((START + number << 16 | 0x7000) << 64 | 2 << 62
            | number * SPREAD & LOW).to_bytes(16, "big")


class Seeded:
    """A data folder with users, each with as many posts, and as many comments on each post.

    It is made if it is not there, and looked through by `mentalmuse verify`.
    """

    def __init__(self, program, folder, users, posts, comments_each):
        self.folder = folder
        self.users, self.posts, self.comments_each = users, posts, comments_each
        self.file = os.path.join(folder, "mentalmuse.db")
        if os.path.exists(os.path.join(folder, "seeded")):
            return
        os.mkdir(folder, 0o700)
        told_text(program, "migrate", "run", "--data", folder)
        begun = time.monotonic()
        self.fill()
        written = time.monotonic() - begun
        told_text(program, "verify", "--data", folder)
        print("%s: %d posts, %d comments, %.0f MB; written in %.1f s, verified in %.1f s" % (
            os.path.basename(folder), posts, posts * comments_each, self.megabytes, written,
            time.monotonic() - begun - written))
        open(os.path.join(folder, "seeded"), "w").close()

    @property
    def megabytes(self):
        return os.path.getsize(self.file) / 1e6

    def place(self, post):
        """The number of a post among all ids: after the users, each followed by its comments."""
        return self.users + post * (1 + self.comments_each)

    def post(self, post):
        return identifier(self.place(post))

    def fill(self):
        database = sqlite3.connect(self.file, isolation_level=None)
        # Nobody else is there, and a crash only means to begin anew.
        for sql in ("PRAGMA journal_mode=OFF", "PRAGMA synchronous=OFF",
                    "PRAGMA cache_size=-400000", "BEGIN"):
            database.execute(sql)
        authors = [identifier(number) for number in range(self.users)]
        for number, id in enumerate(authors):
            name, posts = "bench_%d" % number, len(range(number, self.posts, self.users))
            database.execute("INSERT INTO users(id, username, role, post_count) VALUES(?, ?, 0, ?)",
                             (id, name, posts))
            # Of no password: nobody logs in.
            database.execute("INSERT INTO credentials VALUES(?, '*', ?)", (id, START + number))
            database.executemany("INSERT INTO user_prefixes VALUES(?, ?)",
                                 ((name[:end + 1], id) for end in range(len(name))))
        database.executemany(
            "INSERT INTO posts(id, author_id, body, updated_at, comment_count)"
            " VALUES(?, ?, ?, ?, ?)",
            ((self.post(number), authors[number % self.users], BODY, START + self.place(number),
              self.comments_each) for number in range(self.posts)))
        database.executemany(
            "INSERT INTO comments(post_id, id, author_id, body, updated_at) VALUES(?, ?, ?, ?, ?)",
            self.comments(authors))
        database.execute("COMMIT")
        database.execute("PRAGMA journal_mode=WAL")
        database.close()

    def comments(self, authors):
        for number in range(self.posts):
            post, place = self.post(number), self.place(number)
            for id in range(place + 1, place + 1 + self.comments_each):
                yield post, identifier(id), authors[id % self.users], BODY, START + id

    def texts(self, count):
        """The ids of so many posts at equal distances, as requests have them."""
        count = min(count, self.posts)
        return [str(uuid.UUID(bytes=self.post(number * self.posts // count)))
                for number in range(count)]
