"""Rows on the data folder's files: a second server, files that are torn, cut, foreign, newer, or
open to others.

Standard library only.
"""
import glob
import hashlib
import os
import sqlite3
import subprocess

from rows import Crowd, Row, expect, sign_up
from serving import Connection, Unusable


def refused(context, *flags, data=None, without=()):
    """Starts a server that must not start; the one line that it says."""
    told = subprocess.run(
        context.command(*flags, data=data), capture_output=True, text=True, timeout=60, check=False)
    lines = told.stderr.strip().splitlines()
    expect(told.returncode == 1, f"the status was {told.returncode}: {told.stderr}")
    expect(len(lines) == 1, f"not one line: {told.stderr}")
    for word in without:
        expect(word not in lines[0], f"{word} in {lines[0]}")
    return lines[0]


def second(context):
    """Another server, and commands that need the folder alone, while one serves."""
    server = context.started()
    connection, _ = sign_up(server, "second")
    lines = [refused(context)]
    expect("another process has this data folder" in lines[0], lines[0])
    expect(f"process {server.process.pid}" in lines[0], lines[0])
    for words in (["verify"], ["migrate", "run"]):
        told = context.run(*words)
        expect(told.returncode == 1 and "another process" in told.stderr, told.stderr)
    connection.call("posts.create", {"body": "the first serves on"})
    connection.close()
    # The lock goes with the process, however that ends.
    server.kill()
    server.start()
    context.stop(server)
    context.verify()
    return f"refused: {lines[0].split(': ', 1)[1][-70:]}; the lock ends with a kill -9"


def contents(folder):
    """What is in a folder, by name: mode and hash; what says who has it is left out."""
    found = {}
    for path, _, files in os.walk(folder):
        for name in files:
            whole = os.path.join(path, name)
            if name == "lock" or name.endswith("-shm") or not os.path.isfile(whole):
                continue
            with open(whole, "rb") as file:
                content = file.read()
            # An empty log is made and removed by whoever looks.
            if not (name.endswith("-wal") and not content):
                found[whole] = (os.stat(whole).st_mode, hashlib.sha256(content).hexdigest())
    return found


def filled(context, posts=400):
    """A data folder of some size, at rest; what is in its database."""
    server = context.started()
    connection, grant = sign_up(server, "filled")
    for number in range(posts):
        connection.send("posts.create", {"body": f"p{number} " + "x" * 1_000})
    for _ in range(posts):
        expect("result" in connection.receive(), "a write was refused")
    connection.close()
    context.stop(server)
    return os.path.join(context.data, "mentalmuse.db"), grant


def strange(context):
    """Database files that are not as the program left them."""
    path, _ = filled(context)
    with open(path, "rb") as file:
        good = file.read()
    cases = {}

    def case(name, content):
        with open(path, "wb") as file:
            file.write(content)
        before = contents(context.data)
        cases[name] = refused(context)
        expect(contents(context.data) == before, f"{name}: something was altered")

    case("text", b"This is no database.\n" * 400)
    case("zeros", bytes(len(good)))
    case("header torn", b"\0" * 100 + good[100:])
    other = context.path("other.db")
    database = sqlite3.connect(other)
    database.execute("CREATE TABLE things(a)")
    database.commit()
    database.close()
    with open(other, "rb") as file:
        case("foreign", file.read())
    with open(path, "wb") as file:
        file.write(good)
    database = sqlite3.connect(path)
    database.execute("INSERT INTO migrations VALUES(99, 'later', 0, 'x')")
    database.execute("UPDATE migrations SET number = 2 WHERE number = 99")
    database.commit()
    database.close()
    with open(path, "rb") as file:
        case("newer", file.read())
    with open(path, "wb") as file:
        file.write(good)
    context.stop(context.started())
    expect("newer program" in cases["newer"], cases["newer"])
    expect("not a database of MentalMuse" in cases["foreign"], cases["foreign"])
    return "; ".join(f"{name}: {line.split(': ', 1)[1][-60:]}" for name, line in cases.items())


def torn(context):
    """Files that a broken disk cut or tore: recovered, or told; never a crash or a wrong answer."""
    path, _ = filled(context)
    with open(path, "rb") as file:
        good = file.read()
    told = {}
    for name, content in (
            ("cut to half", good[:len(good) // 2 // 4096 * 4096]),
            ("cut in a page", good[:len(good) - 1_000]),
            ("a page torn", good[:20 * 4096] + os.urandom(2_000) + good[20 * 4096 + 2_000:])):
        with open(path, "wb") as file:
            file.write(content)
        found = context.run("verify")
        expect(found.returncode == 1, f"{name}: verify found nothing")
        server = context.server()
        try:
            server.start()
        except Unusable:
            lines = [line for line in server.log if not line.startswith("{")]
            expect(len(lines) == 1 and "damaged" in lines[0], f"{name}: {lines}")
            told[name] = lines[0].split(": ", 2)[1][-40:]
            continue
        connection = Connection(server.port)
        bodies = set()
        try:
            for post in connection.pages("posts.list", {}):
                bodies.add(post["body"])
            told[name] = f"serves {len(bodies)} posts"
        except Unusable as error:
            expect('"unavailable"' in str(error), f"{name}: {error}")
            told[name] = "reads of what is lost are unavailable"
        expect(all(body.startswith("p") and body.endswith("x" * 1_000) for body in bodies),
               f"{name}: a wrong answer")
        connection.close()
        expect(server.process.poll() is None, f"{name}: the server has ended")
        server.stop()
    with open(path, "wb") as file:
        file.write(good)
    for rest in glob.glob(path + "-*"):
        os.unlink(rest)
    context.verify()
    return "verify tells each; " + "; ".join(f"{name}: {what}" for name, what in told.items())


def cut_log(context):
    """After a kill the log's end is cut or torn: all before it is there."""
    server = context.started()
    connection, grant = sign_up(server, "cutlog")
    crowd = Crowd(server, grant["access_token"], "c", size=8, may_lose=True).start()
    crowd.wait_for(400)
    server.kill()
    crowd.end()
    connection.close()
    log = os.path.join(context.data, "mentalmuse.db-wal")
    with open(log, "rb") as file:
        frames = file.read()
    with open(log, "wb") as file:
        # Half a frame less, and what is no frame behind it.
        file.write(frames[:len(frames) - 2_000] + os.urandom(900))
    server.start()
    connection = Connection(server.port)
    there = {post["body"] for post in connection.pages("posts.list", {})}
    connection.close()
    written = crowd.acknowledged()
    lost = [key for key, _ in written if key not in there]
    expect(len(lost) <= 16, f"{len(lost)} writes are gone with one frame")
    context.stop(server)
    context.verify()
    return f"{len(written) - len(lost)} of {len(written)} posts there, {len(lost)} in the end torn"


def modes(context):
    """A folder or keys that others may use."""
    filled(context, 5)
    keys = glob.glob(os.path.join(context.data, "keys", "*.pem"))
    lines = []
    for path, bad, good in ((context.data, 0o755, 0o700), (keys[0], 0o644, 0o600),
                            (os.path.join(context.data, "keys"), 0o750, 0o700)):
        os.chmod(path, bad)
        line = refused(context)
        expect("others may use it" in line and path in line, line)
        lines.append(line)
        os.chmod(path, good)
    path = os.path.join(context.data, "mentalmuse.db")
    os.chmod(path, 0o644)
    server = context.started()
    expect(os.stat(path).st_mode & 0o777 == 0o600, "the database is open to others")
    backup = context.path("backup")
    told = context.run("backup", backup)
    expect(told.returncode == 0, told.stderr)
    for folder, _, files in os.walk(backup):
        expect(os.stat(folder).st_mode & 0o777 == 0o700, f"{folder} is open to others")
        for name in files:
            mode = os.stat(os.path.join(folder, name)).st_mode & 0o777
            expect(mode == 0o600, f"{name} of the backup has mode {mode:o}")
    for name in ("admin.sock", "mentalmuse.db-wal", "mentalmuse.db-shm", "lock"):
        mode = os.stat(os.path.join(context.data, name)).st_mode & 0o777
        expect(mode == 0o600, f"{name} has mode {mode:o}")
    context.stop(server)
    return f"3 refused ({lines[1].split(': ', 2)[2][:50]}); database and backup closed to others"


ROWS = [
    Row("second server", "another server, and verify and migrate, on a folder in use", second),
    Row("strange files", "no database, torn header, foreign, newer: refused, untouched", strange),
    Row("torn files", "cut and torn database files", torn),
    Row("torn log", "the end of the log cut and torn after a kill -9", cut_log),
    Row("modes", "folder, keys, database, backup open to others", modes),
]
