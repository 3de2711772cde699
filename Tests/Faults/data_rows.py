"""Rows on the data: what `verify` tells, backups, a migration that fails, the deletion of much.

Standard library only.
"""
import glob
import os
import shutil
import signal
import sqlite3
import time

from file_rows import filled, refused
from rows import PASSWORD, Crowd, Finding, Row, audit, expect, percentile, sign_up, wait_until
from serving import Connection


FAULTS = {
    "UPDATE users SET post_count = post_count + 1": "users.post_count",
    "UPDATE posts SET like_count = like_count + 1": "posts.like_count",
    "UPDATE posts SET comment_count = 7 WHERE comment_count = 1": "posts.comment_count",
    "DELETE FROM credentials": "users without credentials",
    "INSERT INTO credentials VALUES(x'0102', 'x', 0)": "credentials of no user",
    "UPDATE sessions SET user_id = x'0102'": "sessions of no user",
    "DELETE FROM user_prefixes WHERE prefix = 've'": "not found by their names' beginnings",
    "UPDATE user_prefixes SET prefix = 'q' WHERE prefix = 've'": "beginnings of names of no user",
    "UPDATE comments SET author_id = x'0102'": "comments of no user",
    "INSERT INTO comments VALUES(x'03', x'04', (SELECT id FROM users), 'x', 0, 1)":
        "comments of no post",
    "INSERT INTO likes VALUES(x'03', (SELECT id FROM users), x'04')": "likes of no post",
    "UPDATE likes SET user_id = x'0102'": "likes of no user",
    "INSERT INTO posts VALUES(x'05', x'0102', 'x', 0, 0, 0, 1)": "posts of no user",
}


def verified(context):
    """Each kind of fault is made by hand, and has to be told."""
    server = context.started()
    connection, _ = sign_up(server, "verify")
    post = connection.call("posts.create", {"body": "one"})["id"]
    connection.call("comments.create", {"post_id": post, "body": "a comment"})
    connection.call("posts.like", {"id": post})
    connection.close()
    context.stop(server)
    context.verify()
    path = os.path.join(context.data, "mentalmuse.db")
    with open(path, "rb") as file:
        good = file.read()

    def put(content):
        for rest in glob.glob(path + "-*"):
            os.unlink(rest)
        with open(path, "wb") as file:
            file.write(content)

    for sql, wanted in FAULTS.items():
        database = sqlite3.connect(path)
        changed = database.execute(sql).rowcount
        database.commit()
        database.close()
        expect(changed > 0, f"nothing was changed by: {sql}")
        told = context.run("verify")
        expect(told.returncode == 1 and wanted in told.stdout,
               f"{sql}: told {told.stdout.strip()} {told.stderr.strip()}")
        put(good)
    # An index that does not agree with its table, by taking a row out of the table alone.
    database = sqlite3.connect(path)
    database.execute("PRAGMA writable_schema=ON")
    database.execute("UPDATE sqlite_schema SET sql = replace(sql, 'role > 0', 'role >= 0') "
                     "WHERE name = 'users_by_role'")
    database.commit()
    database.close()
    told = context.run("verify")
    expect(told.returncode == 1 and "users_by_role" in told.stdout, f"index: {told.stdout}")
    put(good)
    torn_page = bytearray(good)
    torn_page[3 * 4096 + 8:3 * 4096 + 80] = b"\xff" * 72
    put(torn_page)
    told = context.run("verify")
    expect(told.returncode == 1, "a torn page was not told")
    put(good)
    context.verify()
    return f"{len(FAULTS)} kinds of wrong rows, an index, a page: each told; restored: no faults"


def backup(context):
    """Backups while 16 connections write; each is restored and looked at."""
    server = context.started()
    connection, grant = sign_up(server, "backup")
    crowd = Crowd(server, grant["access_token"], "b").start()
    crowd.wait_for(500)
    figures = []
    for turn in range(3):
        before = crowd.acknowledged()
        place, restored = context.path(f"backup{turn}"), context.path(f"restored{turn}")
        told = context.run("backup", place)
        expect(told.returncode == 0, told.stderr)
        later = {key for key, _ in crowd.acknowledged()} | set(crowd.open())
        told = context.run("restore", place, data=restored)
        expect(told.returncode == 0, told.stderr)
        context.verify(restored)
        other = context.started(data=restored)
        reader = Connection(other.port)
        rows = [post["body"] for post in reader.pages("posts.list", {})]
        there = set(rows)
        expect(len(rows) == len(there), "doubled in a backup")
        missing = [key for key, _ in before if key not in there]
        expect(not missing, f"{len(missing)} acknowledged before the backup are not in it")
        # What is in it was asked for before it ended, or was open then.
        figures.append((len(before), len(there), len(there - later)))
        reader.send("auth.whoami", {"_meta": {"access_token": grant["access_token"]}})
        expect(reader.receive()["error"]["code"] == 1004, "a session of before goes on")
        reader.call("auth.login", {"username": "backup", "password": PASSWORD})
        reader.close()
        context.stop(other)
    crowd.end()
    connection.close()
    count = audit(server, [crowd])
    told = context.run("backup", context.path("backup0"))
    expect(told.returncode == 1, "a backup was written over another")
    context.stop(server)
    context.verify()
    return (f"3 under load: {', '.join(f'{a} before, {b} in it' for a, b, _ in figures)}; "
            f"verify clean, log-in works, old sessions ended; {count} writes")


def copied(context):
    """The control: the file alone, copied while they write, lacks what was acknowledged."""
    server = context.started()
    connection, grant = sign_up(server, "copied")
    connection.close()
    crowd = Crowd(server, grant["access_token"], "n").start()
    for turn in range(10):
        # At some moments all is in the file; not at ten of them.
        crowd.wait_for(150)
        before = {key for key, _ in crowd.acknowledged()}
        place, restored = context.path(f"copy{turn}"), context.path(f"restored{turn}")
        shutil.copytree(
            context.data, place, ignore=shutil.ignore_patterns("*-wal", "*-shm", "*.sock"))
        told = context.run("restore", place, data=restored)
        if told.returncode != 0:
            return f"no backup: {told.stderr.strip()[-80:]}"
        other = context.started(data=restored)
        reader = Connection(other.port)
        missing = before - {post["body"] for post in reader.pages("posts.list", {})}
        reader.close()
        other.stop()
        if missing:
            return f"{len(missing)} of {len(before)} are missing in it"
    raise Finding("ten plain copies lacked nothing: the row above shows nothing")


def migration(context):
    """A migration that fails leaves all as it was, and the old version goes on."""
    path, _ = filled(context, 50)
    database = sqlite3.connect(path)
    row = database.execute("SELECT number, name, applied_at, checksum FROM migrations").fetchone()
    # As if it had not been applied: its tables are in its way.
    database.execute("DELETE FROM migrations")
    database.commit()
    dump = "\n".join(database.iterdump())
    database.close()
    line = refused(context)
    expect("migration 1 failed" in line, line)
    database = sqlite3.connect(path)
    expect("\n".join(database.iterdump()) == dump, "the migration that failed left something")
    database.execute("INSERT INTO migrations VALUES(?, ?, ?, ?)", row)
    database.commit()
    database.close()
    server = context.started()
    connection = Connection(server.port)
    count = sum(1 for _ in connection.pages("posts.list", {}))
    connection.close()
    expect(count == 50, f"{count} posts")
    context.stop(server)
    context.verify()
    return f"refused: {line.split(': ', 1)[1][:90]}; nothing changed; the version before serves on"


def identifier(milliseconds, number):
    """A UUIDv7."""
    return (milliseconds << 80 | 7 << 76 | 2 << 62 | number).to_bytes(16, "big")


def deletion(context):
    """An author of many comments goes while others write, over a kill -9."""
    many = 1_000_000 if context.is_long else 200_000
    server = context.started()
    connection, _ = sign_up(server, "writer")
    posts = [connection.call("posts.create", {"body": f"p{n}"})["id"] for n in range(100)]
    prolific, grant = sign_up(server, "prolific")
    author = bytes.fromhex(grant["user"]["id"].replace("-", ""))
    connection.close()
    prolific.close()
    context.stop(server)
    path = os.path.join(context.data, "mentalmuse.db")
    database = sqlite3.connect(path)
    keys = [bytes.fromhex(post.replace("-", "")) for post in posts]
    database.executemany(
        "INSERT INTO comments VALUES(?, ?, ?, ?, ?, 1)",
        ((keys[n * 100 // many], identifier(1_600_000_000_000 + n, n), author, f"c{n}", 0)
         for n in range(many)))
    database.execute(
        "UPDATE posts SET comment_count = "
        "(SELECT count(*) FROM comments WHERE comments.post_id = posts.id)")
    database.commit()
    database.close()
    context.verify()
    server.start()
    connection = Connection(server.port)
    token = connection.call("auth.login", {
        "username": "writer", "password": PASSWORD, "attach": True})["access_token"]
    seen = connection.call("comments.list", {"post_id": posts[0], "limit": 5})["items"]
    expect(len(seen) == 5, "the comments are not seen before")
    calm = Crowd(server, token, "calm", size=8, pause=0.005).start()
    time.sleep(2)
    calm.end()
    other = Connection(server.port)
    other.call("auth.login", {"username": "prolific", "password": PASSWORD, "attach": True})
    busy = Crowd(server, token, "busy", size=8, pause=0.005, may_lose=True).start()
    busy.wait_for(10)
    began = time.monotonic()
    other.call("users.delete", {"current_password": PASSWORD})
    took = time.monotonic() - began
    other.close()
    for post in (posts[0], posts[50], posts[99]):
        expect(not connection.call("comments.list", {"post_id": post})["items"],
               "comments of a deleted user are seen")
    # The kill comes as soon as the first rows have gone, however fast the machine is; a long
    # run lets the writers wait beside it for a while.
    if context.is_long:
        time.sleep(3)
    wait_until(lambda: stopped_after_the_first(server, path, author, many), "no row goes")
    waits = busy.waits()
    server.kill()
    busy.end()
    connection.close()
    between = rows_left(path, author)
    expect(0 < between < many, f"{between} rows at the kill: too few comments to show anything")
    context.verify()
    server.start()
    after = Crowd(server, token, "after", size=8, pause=0.005).start()
    ended = time.monotonic()
    while rows_left(path, author):
        expect(time.monotonic() - ended < 900, "the rows do not go")
        time.sleep(0.1)
    ended = time.monotonic() - ended
    after.end()
    connection = Connection(server.port)
    count = sum(connection.call("posts.get", {"id": post})["comment_count"] for post in posts)
    expect(count == 0, f"{count} comments are counted that nobody sees")
    audit(server, [calm, busy, after], may_be=[f"p{n}" for n in range(100)])
    connection.close()
    context.stop(server)
    context.verify()
    waits += after.waits()
    return (f"{many} comments hidden at once (answered in {took * 1000:.0f} ms), {between} rows at "
            f"the kill -9, gone {ended:.1f} s after it; p99 of writers "
            f"{percentile(calm.waits(), .99) * 1000:.1f} ms calm, {percentile(waits, .99) * 1000:.1f} "
            f"ms meanwhile; counts follow")


def stopped_after_the_first(server, path, author, many):
    """Whether rows have gone: then the server stands still, and no more of them go."""
    server.process.send_signal(signal.SIGSTOP)
    if rows_left(path, author) < many:
        return True
    server.process.send_signal(signal.SIGCONT)
    return False


def rows_left(path, author):
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)
    try:
        return database.execute(
            "SELECT count(*) FROM comments WHERE author_id = ?", (author,)).fetchone()[0]
    finally:
        database.close()


ROWS = [
    Row("verify", "each kind of fault made with SQL", verified),
    Row("backup", "three under load, each restored", backup),
    Row("backup, control", "a plain copy of the file", copied),
    Row("failed migration", "its tables are in its way", migration),
    Row("large deletion", "an author of many comments goes, a kill -9 between", deletion),
]
