"""Rows on a disk that fails: I/O errors at random, no room, and, as their control, a disk that says
that it wrote and did not.

Standard library only, and gcc.
"""
import collections
import os
import subprocess
import threading
import time

from rows import AGAIN, Crowd, Finding, Row, audit, expect, sign_up, wait_until
from serving import Connection, Unusable
from shim import Disk


class Reader(threading.Thread):
    """Reads posts whose bodies it knows."""

    def __init__(self, server, crowd):
        super().__init__(daemon=True)
        self.server = server
        self.crowd = crowd
        self.reads = 0
        self.refused = 0
        self.fault = None

    def run(self):
        try:
            connection = Connection(self.server.port)
            number = 0
            while not self.crowd.is_over.is_set():
                known = self.crowd.members[number % len(self.crowd.members)].acknowledged
                number += 1
                if not known:
                    time.sleep(0.001)
                    continue
                key, identity = known[(number * 7919) % len(known)]
                connection.send("posts.get", {"id": identity})
                self.take(connection.receive(), key)
        except (OSError, ValueError, KeyError, Finding) as error:
            self.fault = error

    def take(self, answer, key):
        if "error" in answer:
            expect(answer["error"]["code"] in AGAIN, f"a read was refused: {answer['error']}")
            self.refused += 1
        else:
            expect(answer["result"]["body"] == key, f"{key}: a wrong answer")
            self.reads += 1


def on_a_disk(context, *flags):
    """A server on a shimmed disk."""
    disk = Disk(context.folder)
    context_data = os.path.join(disk.root, "data")
    server = context.server(*flags, data=context_data)
    server.environment = disk.environment()
    server.start()
    return disk, server, context_data


def errors(context):
    """Calls fail at random, then none; twice, a kill -9 between."""
    disk, server, data = on_a_disk(context)
    crowds, readers, back = [], [], []
    reads = refused = 0
    connection, grant = sign_up(server, "errors")
    connection.close()
    for turn in range(6 if context.is_long else 2):
        crowd = Crowd(server, grant["access_token"], f"e{turn}").start()
        crowds.append(crowd)
        crowd.wait_for(200)
        readers = [Reader(server, crowd) for _ in range(4)]
        for reader in readers:
            reader.start()
        for odds in ({"read_odds": 20_000}, {"write_odds": 5_000}, {"sync_odds": 50_000},
                     {"read_odds": 5_000, "write_odds": 2_000, "sync_odds": 20_000}):
            for name, value in odds.items():
                setattr(disk.control, name, value)
            time.sleep(0.7)
            if len(odds) > 1:
                wait_until(lambda: disk.control.failed > 12 * (turn + 1), "calls are not failed")
            for name in odds:
                setattr(disk.control, name, 0)
            back.append(crowd.wait_for(100))
        crowd.end()
        for reader in readers:
            reader.join(60)
            if reader.fault is not None:
                raise Finding(f"a reader could not go on: {reader.fault}")
            reads += reader.reads
            refused += reader.refused
        if turn % 2 == 0:
            server.kill()
            server.start()
            back_in = Connection(server.port)
            grant = back_in.call("auth.login", {
                "username": "errors", "password": "seven wizards mix quartz"})
            back_in.close()
        count = audit(server, crowds)
    expect(disk.control.failed > 20, f"only {disk.control.failed} calls were failed")
    context.stop(server)
    context.verify(data)
    told = sum((crowd.refusals() for crowd in crowds), start=collections.Counter())
    return (f"{disk.control.failed} calls failed, {count} writes acknowledged and there, "
            f"{reads} reads right, {refused} refused, {dict(told)}, "
            f"100 writes again after {max(back) * 1000:.0f} ms at most")


def lies(context):
    """The control: what such a disk loses has to be found by the same audit."""
    disk, server, data = on_a_disk(context)
    connection, grant = sign_up(server, "lies")
    connection.close()
    crowd = Crowd(server, grant["access_token"], "l", may_lose=True).start()
    crowd.wait_for(100)
    disk.control.drop_odds = 200_000
    try:
        crowd.wait_for(300)
        crowd.end()
        server.kill()
        disk.control.drop_odds = 0
        server.start()
        audit(server, [crowd])
        context.stop(server)
        context.verify(data)
    except (Finding, Unusable) as found:
        return f"found: {str(found)[:70]}"
    raise Finding("a disk that drops every fifth write was not noticed")


def full(context):
    """No file grows for a while."""
    disk, server, data = on_a_disk(context)
    connection, grant = sign_up(server, "full")
    crowd = Crowd(server, grant["access_token"], "f").start()
    crowd.wait_for(200)
    disk.control.is_full = 1
    time.sleep(1.5)

    def store():
        parts = connection.call("server.health", {})["parts"]
        return next(part["status"] for part in parts if part["name"] == "store")

    wait_until(lambda: crowd.refusals()["unavailable none"] > 0, "nothing is unavailable")
    wait_until(lambda: store() == "degraded", "health tells nothing of it")
    known = crowd.acknowledged()[0]
    expect(connection.call("posts.get", {"id": known[1]})["body"] == known[0], "a wrong answer")
    refused = crowd.refusals()
    disk.control.is_full = 0
    back = crowd.wait_for(100)
    crowd.end()
    connection.close()
    count = audit(server, [crowd])
    context.stop(server)
    context.verify(data)
    return (f"{dict(refused)} while full, reads went on, {count} acknowledged and there, "
            f"100 writes again after {back * 1000:.0f} ms")


def full_tmpfs(context):
    """A small file system that is really full."""
    place = context.path("small")
    os.mkdir(place)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m,mode=700", "none", place], capture_output=True,
        check=False)
    if mounted.returncode != 0:
        return "left out: no right to mount here (the row above is the same with a shim)"
    try:
        server = context.started(data=os.path.join(place, "data"))
        connection, grant = sign_up(server, "small")
        crowd = Crowd(server, grant["access_token"], "t").start()
        wait_until(lambda: crowd.refusals()["unavailable none"] >= 20, "it is never full")
        connection.call("posts.list", {})
        connection.close()
        subprocess.run(["mount", "-o", "remount,size=64m", place], check=True)
        back = crowd.wait_for(100)
        crowd.end()
        count = audit(server, [crowd])
        context.stop(server)
        context.verify(os.path.join(place, "data"))
        return f"{count} acknowledged and there, 100 writes again after {back * 1000:.0f} ms"
    finally:
        for server in context.servers:
            if server.process.poll() is None:
                server.kill()
        subprocess.run(["umount", place], check=False)


ROWS = [
    Row("I/O errors", "reads, writes, syncs fail at random, then none; kill -9 between", errors),
    Row("I/O errors, control", "a disk that drops writes and says it wrote them", lies),
    Row("disk full", "no file grows for 1.5 s, then room", full),
    Row("disk full, really", "a tmpfs of 3 MB, then 64 MB", full_tmpfs),
]
