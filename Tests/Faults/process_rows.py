"""Rows on the process: descriptors, memory, the clock, signals, the certificate.

Standard library only, and gcc and openssl.
"""
import json
import os
import re
import resource
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time

from rows import (PASSWORD, Crowd, Finding, Row, audit, descriptors, expect, percentile, sign_up,
                  status, usage)
from serving import Connection, Unusable
from storage_rows import on_a_disk


def dial(port, seconds=5):
    return socket.create_connection(("127.0.0.1", port), seconds)


def share(process, seconds=2.0):
    """The share of a core that a process uses."""
    before = usage(process)
    time.sleep(seconds)
    return (usage(process) - before) / seconds


def few_descriptors(context):
    """More clients than descriptors."""
    server = context.server("--workers", "1")
    server.prepare = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    server.start()
    connection, _ = sign_up(server, "descriptors")
    before = descriptors(server.process)
    sockets = [dial(server.port) for _ in range(200)]
    time.sleep(0.5)
    told = 0
    for each in sockets:
        each.setblocking(False)
        try:
            line = each.recv(65536)
            told += b'"too_many_connections"' in line
        except (BlockingIOError, ConnectionError):
            pass
    busy = share(server.process)
    post = connection.call("posts.create", {"body": "meanwhile"})
    expect(connection.call("posts.get", {"id": post["id"]})["body"] == "meanwhile", "a wrong answer")
    for each in sockets:
        each.close()
    began = time.monotonic()
    while True:
        fresh = Connection(server.port)
        try:
            fresh.call("server.ping", {})
            break
        except (OSError, Unusable):
            expect(time.monotonic() - began < 10, "no new connection 10 s after all had gone")
            time.sleep(0.05)
        finally:
            fresh.close()
    back = time.monotonic() - began
    while descriptors(server.process) > before + 1:
        expect(time.monotonic() - began < 10,
               f"{descriptors(server.process)} descriptors are left, {before} before")
        time.sleep(0.05)
    connection.close()
    context.stop(server)
    context.verify()
    expect(busy < 0.25, f"{busy:.0%} of a core while nobody could be accepted")
    expect(told > 0, "nobody was told too_many_connections")
    return (f"64 descriptors, 200 clients: {told} told too_many_connections, {busy:.0%} of a core, "
            f"writes went on, new clients after {back * 1000:.0f} ms, {before} descriptors again")


def spinning(_):
    """The control: the same measure on a process that spins."""
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        busy = share(process, 1.0)
    finally:
        process.kill()
        process.wait()
    expect(busy >= 0.25, f"a spinning process was measured at {busy:.0%}")
    return f"{busy:.0%} of a core"


def flood(server, seconds, clients=150):
    """Large lines that never end, and large ones that do; how far the process's memory went."""
    most = 0
    sockets = []
    ending = threading.Event()

    def push(number):
        try:
            each = dial(server.port)
            sockets.append(each)
            each.settimeout(1)
            head = b'{"jsonrpc":"2.0","id":1,"method":"posts.create","params":{"body":"'
            each.sendall(head)
            block = b"x" * 60_000
            sent = len(head)
            # Just below the limit of a line; then a pause with all of it held.
            while sent + len(block) < 1_040_000 and not ending.is_set():
                each.sendall(block)
                sent += len(block)
            ending.wait(seconds)
            if number % 2:
                each.sendall(b'"}}\n')
        except OSError:
            pass

    threads = [threading.Thread(target=push, args=(number,), daemon=True)
               for number in range(clients)]
    for thread in threads:
        thread.start()
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        expect(server.process.poll() is None, "the server has ended: " + "\n".join(server.log))
        most = max(most, status(server.process, "VmRSS"))
        time.sleep(0.05)
    ending.set()
    for thread in threads:
        thread.join(10)
    for each in sockets:
        each.close()
    return most * 1024


BUFFERS = 32 << 20


def little_memory(context):
    """A flood of large lines against a small bound of all buffers and a small address space."""
    server = context.started("--workers", "2", "--buffer-bytes-max", str(BUFFERS))
    connection, _ = sign_up(server, "memory")
    calm = status(server.process, "VmRSS") * 1024
    room = status(server.process, "VmSize") * 1024 + (192 << 20)
    resource.prlimit(server.process.pid, resource.RLIMIT_AS, (room, room))
    most = flood(server, 6 if context.is_long else 3)
    began = time.monotonic()
    connection.call("posts.create", {"body": "meanwhile"})
    wait = time.monotonic() - began
    connection.close()
    fresh = Connection(server.port)
    fresh.call("server.ping", {})
    fresh.close()
    context.stop(server)
    context.verify()
    bound = calm + 2 * BUFFERS + (48 << 20)
    expect(most < bound, f"{most >> 20} MiB, the bound is {bound >> 20} MiB")
    return (f"150 lines of 1 MB, buffers bounded at {BUFFERS >> 20} MiB, 192 MiB of address space to "
            f"grow into: {calm >> 20} -> {most >> 20} MiB, a write after it took {wait * 1000:.0f} ms")


def no_bound(context):
    """The control: with the bound out of reach the same flood takes more."""
    server = context.started("--workers", "2")
    calm = status(server.process, "VmRSS") * 1024
    most = flood(server, 3)
    bound = calm + 2 * BUFFERS + (48 << 20)
    expect(most > bound, f"only {most >> 20} MiB without the bound: the row above shows nothing")
    return f"{calm >> 20} -> {most >> 20} MiB"


def clock(context):
    """The wall clock goes back and forward by hours while it serves, and over restarts."""
    disk, server, _ = on_a_disk(context)

    def move(hours):
        disk.control.clock_minutes = hours * 60

    connection, grant = sign_up(server, "clock")
    last = ("", "")
    count = 0
    offsets = [0, -5, -5, +3, 0, -2, +1]

    def write(times):
        nonlocal last, count
        for _ in range(times):
            count += 1
            post = connection.call("posts.create", {"body": f"c{count}"})
            now = (post["id"], post["created_at"])
            expect(now[0] > last[0] and now[1] >= last[1], f"{last} was followed by {now}")
            last = now

    def renew():
        nonlocal grant
        grant = connection.call("auth.login", {
            "username": "clock", "password": PASSWORD, "attach": True})

    seen = []
    for number, hours in enumerate(offsets):
        move(hours)
        seen.append(connection.call("server.info", {})["time"])
        # A token holds as long as the clock says, and not a jump longer.
        connection.send("auth.whoami", {})
        answer = connection.receive()
        is_over = seen[-1] >= grant["access_expires_at"]
        expect(("error" in answer) == is_over,
               f"at {seen[-1]}, a token until {grant['access_expires_at']}: {answer}")
        if is_over:
            expect(answer["error"]["code"] == 1002, f"whoami: {answer['error']}")
            fresh = connection.call("auth.refresh", {
                "refresh_token": grant["refresh_token"], "attach": True,
                "_meta": {"idempotency_key": f"refresh-{number}"}})
            grant = fresh
        write(50)
        # Deadlines are monotonic: no jump of the wall clock uses them up, or lengthens them.
        connection.call("posts.list", {"_meta": {"deadline_ms": 2_000}})
        if number in (2, 4):
            connection.close()
            if number == 2:
                server.kill()
            else:
                context.stop(server)
            server.start()
            connection = Connection(server.port)
            renew()
            write(50)
    posts = list(connection.pages("posts.list", {"order": "oldest"}))
    expect([post["body"] for post in posts] == [f"c{n + 1}" for n in range(count)],
           "the list is not in the order of the writes")
    connection.close()
    context.stop(server)
    context.verify(os.path.join(disk.root, "data"))
    expect(seen != sorted(seen), f"the clock did not go back: {seen}")
    return f"{len(offsets)} jumps of up to 8 h, 2 restarts, {count} posts: ids and times rise"


def certificate(context, name):
    """A certificate and its key, self-signed."""
    pem, key = context.path(name + ".pem"), context.path(name + ".key")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-keyout", key, "-out", pem, "-days", "2", "-subj", f"/CN={name}",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
        check=True, capture_output=True)
    os.chmod(key, 0o600)
    return pem, key


class Secure(Connection):
    """A connection over TLS."""

    def __init__(self, port):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self.socket = context.wrap_socket(dial(port, 30))
        self.lines = self.socket.makefile("rb")
        self.last = 0

    def name(self):
        """The common name in the certificate."""
        return re.search(rb"\x06\x03\x55\x04\x03.{2}([a-z]+)", self.socket.getpeercert(True))[1]


def event(server, name, seconds=10):
    """Waits for an event of the log; takes it out."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        for line in list(server.log):
            if f'"event":"{name}"' in line:
                server.log.remove(line)
                return json.loads(line)
        time.sleep(0.01)
    raise Finding(f"no event {name}: " + "\n".join(server.log))


def swapped(context):
    """Certificate and key are replaced while connections are in use."""
    first, second = certificate(context, "one"), certificate(context, "two")
    pem, key = context.path("live.pem"), context.path("live.key")

    def put(pair):
        for source, target in zip(pair, (pem, key)):
            with open(source, "rb") as file, open(
                    os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
                out.write(file.read())

    put(first)
    server = context.started("--tls-certificate", pem, "--tls-key", key, "--tls-port", "0")
    port = next(json.loads(line)["port"] for line in server.log
                if '"transport":"tls"' in line) if any(
                    '"transport":"tls"' in line for line in server.log) else None
    if port is None:
        time.sleep(0.2)
        port = next(json.loads(line)["port"] for line in server.log if '"transport":"tls"' in line)
    old = Secure(port)
    expect(old.name() == b"one", "the first certificate is not shown")
    connection, grant = sign_up(server, "swap")
    connection.close()
    crowd = Crowd(server, grant["access_token"], "s", size=8).start()
    shown = []
    for pair, name, wanted in ((second, "reloaded", b"two"), ((first[0], second[1]), "reload_failed",
                                b"two"), (first, "reloaded", b"one")):
        put(pair)
        server.process.send_signal(signal.SIGHUP)
        told = event(server, name)
        shown.append(told.get("reason", name))
        fresh = Secure(port)
        expect(fresh.name() == wanted, f"after {name} the certificate is {fresh.name()}")
        fresh.call("server.ping", {})
        fresh.close()
        old.call("server.ping", {})
    with open(key, "w", encoding="ascii") as file:
        file.write("no key\n")
    server.process.send_signal(signal.SIGHUP)
    event(server, "reload_failed")
    fresh = Secure(port)
    expect(fresh.name() == b"one", "a broken key took the certificate away")
    fresh.close()
    old.call("server.ping", {})
    old.close()
    crowd.end()
    count = audit(server, [crowd])
    context.stop(server)
    return f"2 swaps, 2 broken pairs refused ({shown[1][:60]}), {count} writes meanwhile, none refused"


class Pipeline(threading.Thread):
    """Requests sent ahead, and which of them were answered."""

    def __init__(self, server, token, number):
        super().__init__(daemon=True)
        self.number = number
        self.connection = Connection(server.port)
        self.connection.call("auth.attach", {"access_token": token})
        self.sent = {}
        self.kept = []
        self.refused = 0
        self.fault = None
        self.is_told = False

    def run(self):
        try:
            while not self.is_told:
                if len(self.sent) < 32:
                    key = f"d-{self.number}-{self.connection.last + 1}"
                    self.sent[self.connection.send("posts.create", {"body": key})] = key
                else:
                    self.take()
            self.connection.socket.shutdown(socket.SHUT_WR)
            while self.sent:
                self.take()
            self.fault = None
        except OSError as error:
            self.fault = f"{len(self.sent)} requests were not answered ({error})"

    def take(self):
        answer = self.connection.receive()
        if "method" in answer:
            expect(answer["method"] == "server.draining", f"{answer}")
            self.is_told = True
            return
        key = self.sent.pop(answer["id"])
        if "result" in answer:
            self.kept.append((key, answer["result"]["id"]))
        else:
            expect(answer["error"]["code"] == -32054, f"{answer['error']}")
            self.refused += 1


def cut_off(context):
    """The control: a kill in place of SIGTERM leaves requests without an answer."""
    server = context.started()
    connection, grant = sign_up(server, "cutoff")
    connection.close()
    pipelines = [Pipeline(server, grant["access_token"], f"k-{number}") for number in range(16)]
    for pipeline in pipelines:
        pipeline.start()
    time.sleep(0.2)
    server.kill()
    for pipeline in pipelines:
        pipeline.join(30)
    faults = [pipeline.fault for pipeline in pipelines if pipeline.fault is not None]
    expect(faults, "a kill left no request without an answer: the row above shows nothing")
    return f"{len(faults)} of 16 connections: {faults[0][:60]}"


def drained(context):
    """SIGTERM under load: what was accepted is answered, and the answers are true."""
    kept = refused = 0
    connection = None
    longest = 0.0
    for turn in range(10 if context.is_long else 3):
        server = context.started()
        if turn == 0:
            connection, grant = sign_up(server, "drain")
        else:
            connection = Connection(server.port)
            grant = connection.call("auth.login", {"username": "drain", "password": PASSWORD})
        connection.close()
        pipelines = [Pipeline(server, grant["access_token"], f"{turn}-{number}")
                     for number in range(16)]
        for pipeline in pipelines:
            pipeline.start()
        time.sleep(0.2)
        began = time.monotonic()
        context.stop(server)
        longest = max(longest, time.monotonic() - began)
        for pipeline in pipelines:
            pipeline.join(30)
            expect(pipeline.fault is None, f"connection {pipeline.number}: {pipeline.fault}")
            kept += len(pipeline.kept)
            refused += pipeline.refused
        server.start()
        connection = Connection(server.port)
        there = {post["id"]: post["body"] for post in connection.pages("posts.list", {})}
        for pipeline in pipelines:
            for key, identity in pipeline.kept:
                expect(there.get(identity) == key, f"answered and not there: {key}")
        connection.close()
        context.stop(server)
    context.verify()
    return (f"{kept} answered and there, {refused} told draining, none without an answer, "
            f"exit status 0 after {longest:.2f} s at most")


def twice(context):
    """A second SIGTERM, while a client keeps the first from ending."""
    server = context.started("--shutdown-seconds", "600")
    connection, _ = sign_up(server, "twice")
    # A line begun keeps its connection busy.
    connection.socket.sendall(b'{"jsonrpc":"2.0",')
    server.process.terminate()
    event(server, "draining")
    time.sleep(0.3)
    expect(server.process.poll() is None, "it did not wait for the line that was begun")
    began = time.monotonic()
    server.process.terminate()
    code = server.process.wait(10)
    took = time.monotonic() - began
    expect(code == 1, f"the status was {code}")
    context.verify()
    return f"the second ends it after {took * 1000:.0f} ms with status 1; without it, it waits"


ROWS = [
    Row("descriptors", "64 descriptors, 200 clients", few_descriptors),
    Row("descriptors, control", "the same measure on a process that spins", spinning),
    Row("memory", "a flood of large lines; little memory", little_memory),
    Row("memory, control", "the same flood with the bound out of reach", no_bound),
    Row("clock", "set back and forward by hours, restarts between", clock),
    Row("certificate", "swapped under load by SIGHUP; broken pairs", swapped),
    Row("SIGTERM", "under load, 16 pipelining connections", drained),
    Row("SIGTERM, control", "a kill -9 in its place", cut_off),
    Row("SIGTERM twice", "the second while the first waits", twice),
]
