"""Files and folders that are their owner's alone: as they are made, and checked at each start.

Standard library only.
"""
import json
import os
import stat
import subprocess
import sys

from attacking.report import expect, same
from attacking.wire import PASSWORD, Connection, Server


def judge_modes(folder):
    """Nothing in a folder, itself included, is anybody else's to use."""
    count = 0
    for path, folders, names in os.walk(folder):
        for name in [".", *folders, *names]:
            mode = stat.S_IMODE(os.lstat(os.path.join(path, name)).st_mode)
            expect(mode & 0o077 == 0, f"{os.path.join(path, name)} has mode {mode:o}")
            count += 1
    return count


def as_made(world):
    backup = os.path.join(world.server.folder, "backup")
    with Connection(world.server.admin) as operator:
        operator.call("admin.backup", {"path": backup})
    count = judge_modes(world.server.data) + judge_modes(backup)
    with open(world.server.log) as log:
        started = [json.loads(line) for line in log if '"event":"started"' in line]
    same(sorted(started[0]["libraries"]), ["OpenSSL", "SQLite", "libsodium"], "libraries in the log")
    return f"{count} files and folders"


def judges(world):
    """The control of the judge: it sees what it is to see."""
    folder = os.path.join(world.server.folder, "open")
    os.mkdir(folder, 0o700)
    with open(os.path.join(folder, "file"), "w") as file:
        os.fchmod(file.fileno(), 0o640)
    try:
        judge_modes(folder)
    except Exception:  # noqa: BLE001
        return
    expect(False, "a file of mode 640 is not seen")


def refused(program, data):
    """What a start says that is refused; None where it is not."""
    process = subprocess.Popen(
        [program, "serve", "--data", data, "--port", "0"], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    line = process.stdout.readline().decode()
    if '"event"' in line:
        process.kill()
        process.wait()
        return None
    process.wait(30)
    return line if process.returncode != 0 else None


def at_start(world):
    """What was opened to others is not used, and the message says which it is."""
    program = world.server.program
    with Server(program) as server:
        kid = server.kid()
        expect(refused(program, server.data), "two servers have one data folder")
        server.stop()
        data = server.data
        key = os.path.join(data, "keys", kid + ".pem")
        for path, mode in ((data, 0o755), (data, 0o770), (os.path.join(data, "keys"), 0o755),
                           (key, 0o644), (key, 0o660)):
            before = stat.S_IMODE(os.stat(path).st_mode)
            os.chmod(path, mode)
            said = refused(program, data)
            expect(said and path in said, f"{path} with mode {mode:o}: {said}")
            os.chmod(path, before)
        # A link in place of a key, though it leads to the very key.
        os.rename(key, key + ".away")
        os.symlink(key + ".away", key)
        expect(refused(program, data), "a link in place of a key is followed")
        os.unlink(key)
        os.rename(key + ".away", key)
        database = os.path.join(data, "mentalmuse.db")
        os.chmod(database, 0o644)
        server.start()
        judge_modes(data)
        with Connection(server.port) as one:
            one.register("after_all_that", PASSWORD)
        expect(server.stop() == 0, "its status")


KNOCK = """
import socket, sys
door = socket.socket(socket.AF_UNIX)
door.settimeout(10)
try:
    door.connect(sys.argv[1])
    door.sendall(b'{"jsonrpc":"2.0","id":1,"method":"admin.keys"}\\n')
    print("answered" if door.recv(100) else "closed")
except PermissionError:
    print("kept out")
except OSError:
    print("closed")
"""
NOBODY = 65534


def knock(python, path, user):
    return subprocess.run(
        [python, "-c", KNOCK, path], user=user, cwd="/", check=True,
        stdout=subprocess.PIPE).stdout.decode().strip()


def python_of(user):
    """A Python that another user may run; None if there is none."""
    for python in (sys.executable, "/usr/bin/python3"):
        try:
            if subprocess.run([python, "-c", ""], user=user, cwd="/").returncode == 0:
                return python
        except OSError:
            continue
    return None


def foreign_operator(world):
    """Another user of the machine is kept out by the modes, and by his number where they are open."""
    if os.geteuid() != 0:
        return "left out: only root can be somebody else"
    python = python_of(NOBODY)
    if python is None:
        return "left out: nobody else may run Python"
    with Server(world.server.program) as server:
        same(knock(python, server.admin, os.geteuid()), "answered", "the operator")
        same(knock(python, server.admin, NOBODY), "kept out", "another user")
        for path in (server.folder, server.data):
            os.chmod(path, 0o711)
        os.chmod(server.admin, 0o666)
        same(knock(python, server.admin, NOBODY), "closed", "another user, with the modes open")
        same(knock(python, server.admin, os.geteuid()), "answered", "the operator still")
    return None


CHECKS = [
    ("files are open to others", as_made, None),
    ("control: the judge of modes", judges, None),
    ("a start takes what was opened to others", at_start, None),
    ("another user of the machine is the operator", foreign_operator, None),
]
