#!/usr/bin/env python3
"""Counts the instructions and allocations of a request in a real server, and of single rooms, under
valgrind.

    instructions.py [--program .build/release/mentalmuse] [--rooms .build/release/bench-rooms]
                    [--requests 320] [--control] [--write]

A count does not depend on what else the machine does, as a time would. Status 1: an operation takes
more than its threshold, which is the figure in instructions.json and a tenth (for allocations, half
of one besides). --write puts this run's figures there. --control then has the same programs do
more (pages of 40 counted as pages of 20, other requests and what rooms do twice and counted once):
status 1 too where one of these keeps to its threshold.

Each operation is counted for N and for 2N requests; the difference, by N, is the figure, so that
what is not a request's falls out. One burst of 16 is in flight at a time, on four connections in
turn, on the same few posts. A room's process does nothing else: its figure is the difference of two
runs.

What moves a figure: the compiler; the number of requests (creates make the tables grow: compare
with the number that was committed); the versions of SQLite and glibc, and whether the processor has
AVX2 (glibc chooses its functions by it): where those are not the ones in instructions.json this run
warns, and its status is 0. The moments at which threads meet move reads by 1 % and creates
by up to 4 %: how many of a burst the writer takes into its first commit, and whether a checkpoint
falls into a count.
"""
import argparse
import collections
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time

from run import BODY, PASSWORD, TOP, Client, seed

FIGURES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "instructions.json")
CONNECTIONS, DEPTH, POSTS = 4, 16, 20
PROGRAMS = {"mentalmuse", "bench-rooms"}
ALLOCATORS = {"malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc"}


class Operation:
    """Requests of one kind; `params` of a post's id and a page's length."""

    def __init__(self, name, method, params, attached=False, token=False):
        self.name, self.method, self.params = name, method, params
        self.attached, self.token = attached, token

    @property
    def is_page(self):
        return self.method == "comments.list"


def page(post, limit):
    return {"post_id": post, "limit": limit}


OPERATIONS = [
    Operation("ping", "server.ping", lambda post, limit: {}),
    Operation("page", "comments.list", page, attached=True),
    Operation("page-token", "comments.list", page, token=True),
    Operation("get", "posts.get", lambda post, limit: {"id": post}),
    Operation("create", "posts.create", lambda post, limit: {"body": BODY}, attached=True),
]


# How often each room does its work: often enough for what differs between two starts to vanish.
ROOMS = {"lines": 20_000, "strings": 20_000, "envelope": 10_000, "decode": 5_000, "encode": 5_000,
         "dispatch": 10_000, "token": 5_000, "signature": 50, "page": 500, "insert": 1_000}


def stripped(program, work):
    """A copy of a program: older valgrinds cannot read this compiler's debug information."""
    copy = os.path.join(work, os.path.basename(program))
    subprocess.run(["strip", "-g", "-o", copy, program], check=True)
    return copy


class CountedServer:
    """A server under callgrind, which counts from `command("instrumentation", "on")` on."""

    def __init__(self, program, work):
        self.work, self.dumps = work, 0
        copy = stripped(program, work)
        self.prefix = "--vgdb-prefix=" + os.path.join(work, "vgdb")
        self.out = os.path.join(work, "counts")
        log = os.path.join(work, "log")
        with open(log, "wb") as file:
            self.process = subprocess.Popen(
                ["valgrind", "--tool=callgrind", "--instr-atstart=no", self.prefix,
                 "--callgrind-out-file=" + self.out, copy, "serve",
                 "--data", os.path.join(work, "data"), "--port", "0", "--workers", "1",
                 "--argon2-memory-kib", "64", "--argon2-passes", "1"], stderr=file)
        until = time.monotonic() + 300
        while True:
            with open(log, "rb") as file:
                text = file.read().decode(errors="replace")
            port = re.search(r'"event":"listening".*?"port":(\d+)', text)
            sqlite = re.search(r'"SQLite":"([^"]*)"', text)
            if port and sqlite:
                break
            if self.process.poll() is not None or time.monotonic() > until:
                self.stop()
                raise SystemExit("the server did not start under valgrind:\n" + text)
            time.sleep(0.05)
        self.port, self.sqlite = int(port.group(1)), sqlite.group(1)

    def command(self, *words):
        """Has valgrind do something, by way of its own debugger's socket."""
        subprocess.run(["vgdb", self.prefix, "--pid=%d" % self.process.pid, *words], check=True,
                       timeout=60, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def dump(self):
        """What was counted since the last dump or zero."""
        self.command("dump")
        self.dumps += 1
        return counts("%s.%d" % (self.out, self.dumps))

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def place(library):
    """Whose the instructions of a library are."""
    name = os.path.basename(library)
    if name.startswith("libsqlite3"):
        return "sqlite"
    if re.match(r"(libc|libm|libpthread|ld-linux.*|ld)[.-]", name):
        return "libc"
    return "program" if name in PROGRAMS or name.startswith("libswift") else "other"


def counts(path):
    """The sums of a callgrind file: instructions in all and by place, and calls of allocators.

    The format: https://valgrind.org/docs/manual/cl-format.html
    """
    sums, names, libraries = collections.Counter(), {}, {}
    library, called, calls, total = "", "", None, None

    def named(text, table):
        number, name = re.match(r"\((\d+)\)(?: (.*))?", text).groups()
        return table.setdefault(number, name)

    with open(path, errors="replace") as file:
        for line in file:
            key, _, value = line.rstrip("\n").partition("=")
            if key == "ob":
                library = place(named(value, libraries))
            elif key == "cob":
                named(value, libraries)
            elif key == "fn":
                named(value, names)
            elif key == "cfn":
                called = named(value, names)
            elif key == "calls":
                calls = int(value.split()[0])
            elif line.startswith("totals:"):
                total = int(line.split()[1])
            elif line[0] in "0123456789+-*" and calls is not None:
                # The cost of a call is in the lines of the called one as well.
                sums["mallocs"] += calls if called in ALLOCATORS else 0
                calls = None
            elif line[0] in "0123456789+-*":
                sums[library] += int(line.split()[1])
    sums["instructions"] = sum(count for key, count in sums.items() if key != "mallocs")
    if sums["instructions"] != total:
        raise SystemExit("%s: read %d instructions of %s" % (path, sums["instructions"], total))
    return sums


def each(once, twice, count):
    """What one of `count` takes, where `twice` counts so many more of them."""
    return {key: (twice[key] - once[key]) / count for key in twice}


class Load:
    def __init__(self, server):
        self.server = server
        self.posts = seed(server.port, POSTS)
        self.plain = [Client(server.port) for _ in range(CONNECTIONS)]
        self.attached = [Client(server.port) for _ in range(CONNECTIONS)]
        for client in self.attached:
            grant = client.call("auth.login", username="bench_writer", password=PASSWORD,
                                attach=True)
        self.token = grant["access_token"]
        self.sent = 0

    def send(self, operation, requests, limit):
        """Bursts in turn; every answer is looked at."""
        clients = self.attached if operation.attached else self.plain
        for first in range(0, requests, DEPTH):
            client, lines = clients[first // DEPTH % CONNECTIONS], []
            for index in range(first, min(first + DEPTH, requests)):
                params = operation.params(self.posts[index % POSTS], limit)
                if operation.token:
                    params["_meta"] = {"access_token": self.token}
                # Ids of one length.
                message = {"jsonrpc": "2.0", "id": 1_000_000 + self.sent,
                           "method": operation.method}
                if params:
                    message["params"] = params
                lines.append(json.dumps(message, separators=(",", ":")).encode() + b"\n")
                self.sent += 1
            client.socket.sendall(b"".join(lines))
            for _ in lines:
                answer = json.loads(client.file.readline())
                if "result" not in answer:
                    raise SystemExit("%s: %s" % (operation.name, answer))
                if operation.is_page and len(answer["result"]["items"]) != limit:
                    raise SystemExit("%s: a page of another length" % operation.name)

    def measure(self, operation, requests, limit=20, times=1):
        """A request's counts, where `times` requests are counted as one."""
        self.send(operation, 2 * CONNECTIONS * DEPTH, limit)
        self.server.command("zero")
        self.send(operation, requests * times, limit)
        once = self.server.dump()
        self.send(operation, 2 * requests * times, limit)
        return each(once, self.server.dump(), requests)


def room(program, work, name, count):
    """The counts of a process in which a room does its work so often."""
    with tempfile.TemporaryDirectory(dir=work) as folder:
        out = os.path.join(folder, "counts")
        subprocess.run(
            ["valgrind", "--tool=callgrind", "--callgrind-out-file=" + out, program, name,
             str(count), folder], check=True, stderr=subprocess.DEVNULL)
        return counts(out)


def measure_rooms(program, work, control):
    """The figures of all rooms, and, for the control, of all of them doing twice as much."""
    figures, more, program = {}, {}, stripped(program, work)
    for name, count in ROOMS.items():
        once, twice = (room(program, work, name, times * count) for times in (1, 2))
        figures[name] = each(once, twice, count)
        if control:
            more[name] = each(twice, room(program, work, name, 4 * count), count)
    return figures, more


def measure_requests(program, work, requests, control):
    """The same of requests, and what moves the figures."""
    server = CountedServer(program, work)
    try:
        load = Load(server)
        server.command("instrumentation", "on")
        figures = {one.name: load.measure(one, requests) for one in OPERATIONS}
        more = {}
        for one in OPERATIONS if control else []:
            limit, times = (40, 1) if one.is_page else (20, 2)
            more[one.name] = load.measure(one, requests, limit, times)
        return figures, more, environment(server)
    finally:
        server.stop()


def environment(server):
    """What moves the figures and is not ours."""
    with open("/proc/cpuinfo") as file:
        avx2 = " avx2 " in file.read().replace("\n", " ")
    return {"machine": platform.machine(), "avx2": avx2, "sqlite": server.sqlite,
            "glibc": os.confstr("CS_GNU_LIBC_VERSION").split()[-1]}


def keeps(figure, base):
    """Whether a figure is within the threshold."""
    return (figure["instructions"] <= base["instructions"] * 1.1
            and figure["mallocs"] <= base["mallocs"] * 1.1 + 0.5)


def report(title, figures, bases):
    """Prints a table; tells which operations are over their thresholds."""
    print("%-14s %9s %9s %9s %9s %9s %9s %8s %8s" % (
        title, "instr.", "threshold", "SQLite", "program", "libc", "other", "mallocs", "thresh."))
    over = []
    for name, figure in figures.items():
        base = bases[name]
        ok = keeps(figure, base)
        if not ok:
            over.append(name)
        print("%-14s %9.0f %9.0f %9.0f %9.0f %9.0f %9.0f %8.2f %8.2f %s" % (
            name, figure["instructions"], base["instructions"] * 1.1, figure.get("sqlite", 0),
            figure.get("program", 0), figure.get("libc", 0), figure.get("other", 0),
            figure["mallocs"], base["mallocs"] * 1.1 + 0.5, "ok" if ok else "OVER"))
    return over


def judge(here, figures, more, write):
    """The status, after the tables are printed and, if asked, the figures written."""
    if write:
        rounded = {kind: {name: {"instructions": round(figure["instructions"]),
                                 "mallocs": round(figure["mallocs"], 2)}
                          for name, figure in all.items()} for kind, all in figures.items()}
        with open(FIGURES, "w") as file:
            json.dump({"environment": here, "figures": rounded}, file, indent=2)
            file.write("\n")
    with open(FIGURES) as file:
        committed = json.load(file)
    bases = committed["figures"]
    if here != committed["environment"]:
        print("WARNING: NOTHING IS COMPARED. The figures in instructions.json are those of\n"
              "    %s\nand here is\n    %s" % (committed["environment"], here))
        bases = figures
    failures = []
    for kind in figures:
        for name in report(kind, figures[kind], bases[kind]):
            failures.append("%s takes more than its threshold" % name)
        if more[kind]:
            caught = report("control", more[kind], bases[kind])
            failures += ["control: %s does more and keeps to its threshold" % name
                         for name in more[kind] if name not in caught]
    for failure in failures:
        print(failure, file=sys.stderr)
    return 1 if failures else 0


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--program", default=os.path.join(TOP, ".build/release/mentalmuse"))
    options.add_argument("--rooms", default=os.path.join(TOP, ".build/release/bench-rooms"))
    options.add_argument("--requests", type=int, default=320)
    options.add_argument("--control", action="store_true")
    options.add_argument("--write", action="store_true")
    options = options.parse_args()
    figures, more = {}, {}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as work:
        figures["request"], more["request"], here = measure_requests(
            options.program, work, options.requests, options.control)
        figures["room"], more["room"] = measure_rooms(options.rooms, work, options.control)
    return judge(here, figures, more, options.write)


if __name__ == "__main__":
    sys.exit(main())
