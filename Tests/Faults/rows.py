"""What the rows of `run` share: a finding, a folder and a server for each, a crowd that writes and
is audited.

Standard library only; Python 3.11.
"""
import collections
import dataclasses
import json
import os
import shutil
import subprocess
import tempfile
import threading
import time

from serving import Connection, Server, Unusable

PASSWORD = "seven wizards mix quartz"
QUICK = ["--argon2-memory-kib", "64", "--argon2-passes", "1"]
# Codes after which the same write may be sent again: busy, draining, rate limited, unavailable.
AGAIN = {-32053, -32054, 1501, 1601}


class Finding(Exception):
    """Something is not as it has to be."""


def expect(holds, what):
    if not holds:
        raise Finding(what)


def wait_until(holds, complaint, seconds=60):
    """Waits until something holds."""
    began = time.monotonic()
    while not holds():
        expect(time.monotonic() - began < seconds, f"after {seconds} s {complaint}")
        time.sleep(0.01)


@dataclasses.dataclass
class Row:
    """A line of the table: its name, what is done, and the test, which returns its figure."""

    name: str
    what: str
    test: object


class Context:
    """What a row works with; everything goes when the row ends."""

    def __init__(self, program, is_long):
        self.program = os.path.abspath(program)
        self.is_long = is_long
        self.folder = tempfile.mkdtemp(prefix="mentalmuse-faults-")
        self.servers = []

    def path(self, name):
        return os.path.join(self.folder, name)

    @property
    def data(self):
        return self.path("data")

    def command(self, *flags, data=None):
        return [self.program, "serve", "--data", data or self.data, "--port", "0", *QUICK, *flags]

    def server(self, *flags, data=None, kind=Server, **members):
        """A server, not yet started."""
        server = kind(self.command(*flags, data=data), **members)
        self.servers.append(server)
        return server

    def started(self, *flags, **members):
        server = self.server(*flags, **members)
        server.start()
        return server

    def run(self, *words, data=None, stdin=None, timeout=300):
        """Runs a command of the program on the data folder."""
        return subprocess.run(
            [self.program, *words, "--data", data or self.data], input=stdin, text=True,
            capture_output=True, check=False, timeout=timeout)

    def verify(self, data=None):
        told = self.run("verify", data=data, timeout=900)
        expect(told.returncode == 0, f"verify: {told.stdout.strip()} {told.stderr.strip()}")

    def stop(self, server):
        status = server.stop()
        expect(status == 0, f"after SIGTERM the status was {status}")

    def end(self, keeps):
        for server in self.servers:
            if server.process is not None and server.process.poll() is None:
                server.kill()
        if not keeps:
            shutil.rmtree(self.folder, ignore_errors=True)


def sign_up(server, username):
    """An attached connection and the grant of a new user."""
    connection = Connection(server.port)
    grant = connection.call("auth.register", {
        "username": username, "password": PASSWORD, "attach": True,
        "_meta": {"idempotency_key": f"user-{username}"}})
    return connection, grant


class Member(threading.Thread):
    """A connection of a crowd: one post after another, each until it is acknowledged."""

    def __init__(self, crowd, number):
        super().__init__(daemon=True)
        self.crowd = crowd
        self.number = number
        self.count = 0
        self.acknowledged = []
        self.open = None
        self.waits = []
        self.refusals = collections.Counter()
        self.fault = None

    def run(self):
        try:
            connection = Connection(self.crowd.server.port)
            connection.call("auth.attach", {"access_token": self.crowd.token})
            while not self.crowd.is_over.is_set():
                self.count += 1
                self.one(connection, f"{self.crowd.name}-{self.number}-{self.count}")
                if self.crowd.pause:
                    time.sleep(self.crowd.pause)
            connection.close()
        except OSError as error:
            # Gone with the server, where that was meant.
            if not self.crowd.may_lose:
                self.fault = error
        except (Finding, Unusable, ValueError, KeyError) as error:
            self.fault = error

    def one(self, connection, key):
        self.open = key
        while not self.crowd.is_over.is_set():
            began = time.monotonic()
            connection.send("posts.create", {"body": key, "_meta": {"idempotency_key": key}})
            answer = connection.receive()
            if "result" in answer:
                expect(answer["result"]["body"] == key, f"{key}: answered with another's post")
                self.waits.append(time.monotonic() - began)
                self.acknowledged.append((key, answer["result"]["id"]))
                self.open = None
                return
            error = answer["error"]
            told = f"{error['data']['name']} {error['data'].get('outcome', '')}"
            self.refusals[told.strip()] += 1
            expect(error["code"] in AGAIN, f"refused: {json.dumps(error)}")
            time.sleep(0.01)


class Crowd:
    """Connections of one user that write until they are told to end."""

    def __init__(self, server, token, name, size=16, pause=0.0, may_lose=False):
        self.server = server
        self.token = token
        self.name = name
        self.pause = pause
        self.may_lose = may_lose
        self.is_over = threading.Event()
        self.members = [Member(self, number) for number in range(size)]

    def start(self):
        for member in self.members:
            member.start()
        return self

    def end(self):
        self.is_over.set()
        for member in self.members:
            member.join(60)
            expect(not member.is_alive(), "a connection got no answer within a minute")
            if member.fault is not None:
                raise Finding(f"a writer could not go on: {member.fault}")
        return self

    def acknowledged(self):
        return [pair for member in self.members for pair in list(member.acknowledged)]

    def open(self):
        return [member.open for member in self.members if member.open is not None]

    def waits(self):
        return [wait for member in self.members for wait in list(member.waits)]

    def refusals(self):
        return sum((member.refusals for member in self.members), collections.Counter())

    def wait_for(self, count, seconds=60):
        """Until so many more are acknowledged; how long it took."""
        began = time.monotonic()
        goal = sum(len(member.acknowledged) for member in self.members) + count
        while sum(len(member.acknowledged) for member in self.members) < goal:
            for member in self.members:
                if member.fault is not None:
                    raise Finding(f"a writer could not go on: {member.fault}")
            expect(time.monotonic() - began < seconds, f"not {count} writes within {seconds} s")
            time.sleep(0.005)
        return time.monotonic() - began


def audit(server, crowds, may_be=()):
    """Each acknowledged post is there once under its id, and nobody else's."""
    connection = Connection(server.port)
    rows = collections.defaultdict(list)
    for post in connection.pages("posts.list", {}):
        rows[post["body"]].append(post["id"])
    connection.close()
    count = 0
    for crowd in crowds:
        for key, identity in crowd.acknowledged():
            count += 1
            found = rows.pop(key, [])
            expect(found, f"lost: {key}")
            expect(len(found) == 1, f"doubled: {key}")
            expect(found[0] == identity, f"{key} has another id than was answered")
        for key in crowd.open():
            expect(len(rows.pop(key, [])) <= 1, f"doubled: {key}")
    for body in may_be:
        rows.pop(body, None)
    expect(not rows, f"nobody wrote {list(rows)[:3]}")
    return count


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * share))] if values else 0.0


def usage(process):
    """The process's CPU seconds."""
    with open(f"/proc/{process.pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def status(process, name):
    """A line of the process's status, in KiB where it has a unit: VmRSS, VmHWM, VmSize."""
    with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
        for line in file:
            if line.startswith(name + ":"):
                return int(line.split()[1])
    raise Unusable(f"no {name}")


def descriptors(process):
    return len(os.listdir(f"/proc/{process.pid}/fd"))
