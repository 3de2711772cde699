#!/usr/bin/env python3
"""Measures a release build end to end, beside the limits of the machine, in one run.

    run.py [--server .build/release/mentalmuse] [--rounds 5] [--seconds 2] [--posts 1000]
           [--depths 1,16] [--operations ping,pages,creates] [--data FOLDER]

Server on core 0, load on core 1; rounds interleaved, medians told, ratios counted within the run.
The composed limit of an operation is what a perfect server on one core could do: a bare line server
that answers as many bytes, plus the service's own statements in C on a copy of the same database,
plus writing its JSON in C. No timing is asserted: status 0 means that it ran and every answer was
right.
"""
import argparse
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
PASSWORD = "seven wizards mix quartz"
BODY = ("the quick brown fox jumps over the lazy dog while seven wizards mix quartz and very few "
        "pink gnomes object to it now")


def pinned(core, *command):
    """The command kept on a core; on any for None."""
    if core is not None and os.cpu_count() > 1 and shutil.which("taskset"):
        return ["taskset", "-c", str(core), *command]
    return list(command)


def told_text(*command, given=None):
    """What a program prints."""
    return subprocess.run(
        command, check=True, input=given, text=True, stdout=subprocess.PIPE).stdout


def told(core, *command):
    """What a program prints, as JSON."""
    return json.loads(told_text(*pinned(core, *command)))


def build(name, work, *libraries):
    """A load program of this folder, compiled."""
    program = os.path.join(work, name)
    source = os.path.join(HERE, name + ".c")
    subprocess.run(["gcc", "-O2", "-o", program, source, *libraries], check=True)
    return program


def request(method, params, number):
    message = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
    return json.dumps(message).encode() + b"\n"


def statement(name):
    """The SQL of `Enum.member` in the sources."""
    enum, member = name.split(".")
    folder = os.path.join(TOP, "Sources/MuseStore/Domain")
    for file in sorted(os.listdir(folder)):
        text = open(os.path.join(folder, file)).read()
        at = text.find("enum %s " % enum)
        if at < 0:
            continue
        form = r'static let %s: StaticString =\s*(?:"""\n(.*?)"""|"([^"\n]*)")' % member
        found = re.search(form, text[at:], re.S)
        if found:
            return " ".join((found.group(1) or found.group(2)).split())
    raise SystemExit("no statement %s in %s" % (name, folder))


class Server:
    def __init__(self, program, data, *options, workers=1, core=0):
        command = pinned(core, program, "serve", "--data", data, "--port", "0",
                         "--workers", str(workers), "--argon2-memory-kib", "64",
                         "--argon2-passes", "1", *options)
        self.log = tempfile.TemporaryFile()
        begun = time.monotonic()
        self.process = subprocess.Popen(command, stderr=self.log)
        while True:
            self.log.seek(0)
            text = self.log.read()
            if b'"event":"started"' in text:
                break
            if self.process.poll() is not None or time.monotonic() > begun + 60:
                raise SystemExit("the server did not start: %r" % text)
            time.sleep(0.002)
        self.started = time.monotonic() - begun
        found = dict(re.findall(rb'"transport":"(\w+)".*?"port":(\d+)', text))
        self.port, self.tls_port = int(found[b"tcp"]), int(found.get(b"tls", 0))

    def memory(self, kind="Pss"):
        """KiB of the process (proc(5), smaps_rollup)."""
        text = open("/proc/%d/smaps_rollup" % self.process.pid).read()
        return int(re.search(kind + r":\s+(\d+)", text).group(1))

    def processor(self):
        """Seconds of processor time, with what the system did for it (clock_getcpuclockid(3))."""
        return time.clock_gettime(~self.process.pid << 3 | 2)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


class Client:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), 60)
        self.file = self.socket.makefile("rb")
        self.number = 0

    def many(self, method, params, window=100):
        results, flying, params = {}, 0, iter(params)
        first = self.number
        more = True
        while more or flying:
            lines = b""
            while more and flying < window:
                one = next(params, None)
                if one is None:
                    more = False
                    break
                lines += request(method, one, self.number)
                self.number += 1
                flying += 1
            if lines:
                self.socket.sendall(lines)
            if flying:
                answer = json.loads(self.file.readline())
                if "error" in answer:
                    raise SystemExit("%s: %s" % (method, answer["error"]))
                results[answer["id"]] = answer["result"]
                flying -= 1
        return [results[number] for number in range(first, self.number)]

    def call(self, method, **params):
        return self.many(method, [params])[0]


def seed(port, posts):
    client = Client(port)
    try:
        client.call("auth.register", username="bench_writer", password=PASSWORD, attach=True)
    except SystemExit:
        client.call("auth.login", username="bench_writer", password=PASSWORD, attach=True)
    made = client.many("posts.create", ({"body": BODY} for _ in range(posts)))
    ids = [post["id"] for post in made]
    for _ in range(40):
        client.many("comments.create", ({"post_id": id, "body": BODY} for id in ids))
    return ids


def idle(server, count, connect=None):
    """KiB of the server for each of so many connections that are left alone after a call."""
    before = server.memory()
    connect = connect or (lambda: socket.create_connection(("127.0.0.1", server.port)))
    held = [connect() for _ in range(count)]
    for one in held:
        one.sendall(b'{"jsonrpc":"2.0","id":1,"method":"server.ping"}\n')
    for one in held:
        one.recv(100)
    time.sleep(0.5)
    after = server.memory()
    for one in held:
        one.close()
    return (after - before) / count


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--server", default=os.path.join(TOP, ".build/release/mentalmuse"))
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=float, default=2)
    options.add_argument("--posts", type=int, default=1000)
    options.add_argument("--depths", default="1,16")
    options.add_argument("--operations", default="ping,pages,creates")
    options.add_argument("--idle", type=int, default=1000)
    options.add_argument("--data")
    options = options.parse_args()
    work = tempfile.mkdtemp()
    try:
        measure(options, work)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def measure(options, work):
    tools = {"composed": build("composed", work, "-lsqlite3"), "load": build("load", work)}
    data = options.data or os.path.join(work, "data")
    server = Server(options.server, data)
    posts = seed(server.port, options.posts)
    client = Client(server.port)
    grant = client.call("auth.login", username="bench_writer", password=PASSWORD)
    files = {
        "none": "",
        "attach": json.dumps({"jsonrpc": "2.0", "id": 0, "method": "auth.attach",
                              "params": {"access_token": grant["access_token"]}}) + "\n",
        "ping": '{"jsonrpc":"2.0","id":{id},"method":"server.ping"}\n',
        "pages": "".join('{"jsonrpc":"2.0","id":{id},"method":"comments.list",'
                         '"params":{"post_id":"%s","limit":20}}\n' % post for post in posts),
        "creates": '{"jsonrpc":"2.0","id":{id},"method":"posts.create",'
                   '"params":{"body":"%s"}}\n' % BODY,
    }
    for name, text in files.items():
        with open(os.path.join(work, name), "w") as file:
            file.write(text)

    def load(port, depth, setup, requests, connections=64):
        return told(1, tools["load"], str(port), str(connections), str(depth),
                    str(options.seconds), os.path.join(work, setup), os.path.join(work, requests))

    page = ["CommentsSQL.newest", "PostsSQL.head"]
    create = ["SessionSQL.owner", "PostsSQL.insert", "CountersSQL.posts", "PostsSQL.new"]
    sql = {name: statement(name) for name in page + create}
    copy = os.path.join(work, "copy.db")
    results = {}

    def note(name, value):
        results.setdefault(name, []).append(value)

    depths = [int(depth) for depth in options.depths.split(",")]
    operations = options.operations.split(",")
    bytes_of = {"ping": 47}
    if "pages" in operations or "creates" in operations:
        database = os.path.join(data, "mentalmuse.db")
        subprocess.run(["sqlite3", database, "VACUUM INTO '%s'" % copy], check=True)
    for round in range(options.rounds):
        print("round %d of %d" % (round + 1, options.rounds), file=sys.stderr)
        if "pages" in operations:
            out = told(0, tools["composed"], "pages", copy, str(options.seconds / 2),
                       sql["PostsSQL.head"], sql["CommentsSQL.newest"])
            bytes_of["pages"] = out["bytes"]
            note("pages C us", out["us"])
        for operation in operations:
            for depth in depths:
                before = metrics(data) if operation == "creates" else None
                setup = "none" if operation == "ping" else "attach"
                answer = load(server.port, depth, setup, operation)
                note("%s %d" % (operation, depth), answer["rps"])
                note("%s %d p99" % (operation, depth), answer["p99_us"])
                if before:
                    after = metrics(data)
                    made = max(1, after["groups"] - before["groups"])
                    group = max(1, int((after["writes"] - before["writes"]) / made + 0.5))
                    note("creates %d group" % depth, group)
                    syncs = (after["syncs"] - before["syncs"]) / made
                    note("creates %d syncs a group" % depth, syncs)
                    out = told(0, tools["composed"], "creates", copy, str(group),
                               str(options.seconds / 2), *(sql[name] for name in create))
                    bytes_of["creates"] = out["bytes"]
                    note("creates %d C us" % depth, out["us"])
        for operation in operations:
            port = free_port()
            line = subprocess.Popen(
                pinned(0, tools["composed"], "line", str(port), str(bytes_of[operation])))
            wait_for(port)
            for depth in depths:
                note("%s %d line" % (operation, depth), load(port, depth, "none", operation)["rps"])
            line.terminate()
            line.wait()
    report(results, operations, depths, bytes_of)
    print("started in %.0f ms; %.1f KiB for each of %d idle connections"
          % (server.started * 1000, idle(server, options.idle), options.idle))
    server.stop()


def metrics(data):
    """The writer's counters, over the operator's socket by way of an admin's token."""
    peer = socket.socket(socket.AF_UNIX)
    peer.connect(os.path.join(data, "admin.sock"))
    file = peer.makefile("rb")

    def call(method, **params):
        peer.sendall(request(method, params, 1))
        return json.loads(file.readline())

    call("admin.create_user", username="bench_admin", password=PASSWORD, role="admin")
    token = call("auth.login", username="bench_admin", password=PASSWORD)["result"]["access_token"]
    return call("server.metrics", _meta={"access_token": token})["result"]["writer"]


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def wait_for(port):
    for _ in range(500):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.01)
    raise SystemExit("the line server did not start")


def report(results, operations, depths, bytes_of):
    def median(name):
        return statistics.median(results[name])

    heads = ("operation", "depth", "bytes", "a second", "limit", "ratio", "p99 us")
    print("%-10s %5s %9s %10s %10s %8s %9s" % heads)
    for operation in operations:
        for depth in depths:
            name = "%s %d" % (operation, depth)
            limit = median(name + " line")
            c = {"pages": "pages C us", "creates": name + " C us"}.get(operation)
            if c:
                limit = 1 / (1 / limit + median(c) / 1e6)
            row = (operation, depth, bytes_of[operation], median(name), limit, median(name) / limit,
                   median(name + " p99"))
            print("%-10s %5d %9d %10.0f %10.0f %8.2f %9.0f" % row)
            if operation == "creates":
                print("           groups of %.0f, %.2f syncs a group"
                      % (median(name + " group"), median(name + " syncs a group")))
    medians = {name: round(median(name), 2) for name in results}
    print("medians of %d rounds: %s" % (len(next(iter(results.values()))), json.dumps(medians)))


if __name__ == "__main__":
    main()
