#!/usr/bin/env python3
"""Measures throughput as one thing grows: comments, connections, workers, an author's posts.

    growth.py [--comments 1000,...] [--connections 1,...] [--workers 1,...] [--posts 10,...]
              [--rounds 5] [--seconds 2] [--idle 10000] [--folder FOLDER] [--into FOLDER]

Server on core 0, load on core 1, but for workers, which share all cores with the load. The rounds
go over all sizes in turn, so that what else the machine does falls on all; medians are told, with
the processor time of the server for a request.
Besides: the memory of idle connections and under load, and the time of a start, on the most
comments. No timing is asserted: status 0 means that every answer was right, and that `mentalmuse
verify` finds no fault in what was seeded.

--folder keeps the databases there, for the next time: 4 GB for the sizes that are measured where
none are given. --into writes figures.json, a drawing for each, and the tables into the place that
README.md has for them there.
"""
import argparse
import json
import os
import re
import resource
import ssl
import statistics
import subprocess
import sys
import tempfile
import time

from run import TOP, Client, Server, build, idle, pinned, socket, told_text
from seeding import Seeded

COMMENTS_EACH, USERS, PAGE, AUTHOR_PAGE = 40, 100, 20, 10
# Posts that are read again and again, whatever there is besides, and so many that no cache of the
# server holds them all.
FEW, MANY = 100, 20_000
CONNECTIONS, DEPTH = 64, 16
PING = '{"jsonrpc":"2.0","id":{id},"method":"server.ping"}\n'


def call(method, **params):
    return '{"jsonrpc":"2.0","id":{id},"method":"%s","params":%s}\n' % (method, json.dumps(params))


def pages(seeded, count):
    return "".join(call("comments.list", post_id=post, limit=PAGE) for post in seeded.texts(count))


class Load:
    """Requests of one kind to one server, over so many connections, each with `depth` under way."""

    def __init__(self, server, requests, connections=CONNECTIONS, depth=DEPTH, core=1):
        self.server, self.requests = server, requests
        self.connections, self.depth, self.core = connections, depth, core
        self.rates, self.p99, self.processor, self.anonymous = [], [], [], 0

    def run(self, bench):
        command = pinned(self.core, bench.tool, str(self.server.port), str(self.connections),
                         str(self.depth), str(bench.options.seconds), os.devnull,
                         bench.file(self.requests))
        before = self.server.processor()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        # In its midst: a fifth of it is warming up.
        time.sleep(bench.options.seconds)
        self.anonymous = max(self.anonymous, self.server.memory("Anonymous"))
        answer = json.loads(process.communicate()[0])
        if process.returncode:
            raise SystemExit("%d error answers" % answer["errors"])
        used = self.server.processor() - before
        self.processor.append(used * 1e6 / answer["answers"])
        self.rates.append(answer["rps"])
        self.p99.append(answer["p99_us"])


class Axis:
    """One thing that grows, and a load of each kind at each size."""

    def __init__(self, name, size):
        self.name, self.size, self.loads = name, size, {}

    def add(self, kind, size, load):
        self.loads[kind, size] = load

    def figures(self):
        """A row for each kind and size."""
        return [{"kind": kind, "size": size, "median": statistics.median(load.rates),
                 "least": min(load.rates), "most": max(load.rates),
                 "processor_us": statistics.median(load.processor),
                 "p99_us": statistics.median(load.p99)}
                for (kind, size), load in self.loads.items()]

    def drawing(self, program):
        curves = {}
        for row in self.figures():
            curves.setdefault(row["kind"], []).append([row["size"], row["median"]])
        return told_text(program, given=json.dumps(
            {"title": self.name, "size": self.size, "curves": curves}))


class Bench:
    def __init__(self, options, work):
        self.options, self.work = options, work
        self.folder = options.folder or work
        os.makedirs(self.folder, exist_ok=True)
        self.tool = build("load", work)
        self.servers, self.files = [], {}

    def file(self, text):
        """A file of requests."""
        if text not in self.files:
            self.files[text] = os.path.join(self.work, "requests-%d" % len(self.files))
            with open(self.files[text], "w") as file:
                file.write(text)
        return self.files[text]

    def serve(self, seeded, *more, **where):
        server = Server(self.options.server, seeded.folder, "--connections-max", "20000", *more,
                        **where)
        self.servers.append(server)
        return server

    def stop(self):
        while self.servers:
            self.servers.pop().stop()

    def seeded(self, name, users, posts, comments_each=0):
        seeded = Seeded(self.options.server, os.path.join(self.folder, name), users, posts,
                        comments_each)
        # The system's memory holds the database from now on, where there is room.
        with open(os.path.join(seeded.folder, "mentalmuse.db"), "rb") as file:
            while file.read(1 << 24):
                pass
        return seeded

    def with_comments(self, count):
        return self.seeded("comments-%d" % count, USERS, max(1, count // COMMENTS_EACH),
                           COMMENTS_EACH)

    # The axes.

    def comments(self):
        axis = Axis("A page of %d comments, as comments grow" % PAGE, "comments")
        for size in self.options.comments:
            seeded = self.with_comments(size)
            server = self.serve(seeded)
            axis.add("%d posts" % FEW, size, Load(server, pages(seeded, FEW)))
            axis.add("any post", size, Load(server, pages(seeded, MANY)))
        return axis

    def connections(self):
        axis = Axis("Connections, each with one request under way", "connections")
        seeded = self.with_comments(self.options.comments[-1])
        server = self.serve(seeded)
        for size in self.options.connections:
            for kind, requests in (("ping", PING), ("page", pages(seeded, FEW))):
                axis.add(kind, size, Load(server, requests, size, 1))
        return axis

    def workers(self):
        axis = Axis("Workers, on cores that they share with the load", "workers")
        posts = min(self.options.comments[-1], 100_000) // COMMENTS_EACH
        for size in self.options.workers:
            # Each server has a database for itself.
            seeded = self.seeded("workers-%d" % size, USERS, posts, COMMENTS_EACH)
            server = self.serve(seeded, workers=size, core=None)
            for kind, requests in (("ping", PING), ("page", pages(seeded, FEW))):
                axis.add(kind, size, Load(server, requests, core=None))
        return axis

    def posts(self):
        axis = Axis("A page of %d posts of one author, as they grow" % AUTHOR_PAGE, "posts")
        for size in self.options.posts:
            seeded = self.seeded("posts-%d" % size, 1, size)
            server = self.serve(seeded)
            author = Client(server.port).call("users.list")["items"][0]["id"]
            axis.add("newest", size, Load(server, call(
                "posts.list", author_id=author, limit=AUTHOR_PAGE)))
            axis.add("anywhere", size, Load(server, "".join(
                call("posts.list", author_id=author, limit=AUTHOR_PAGE, **cursor)
                for cursor in self.cursors(server, author))))
        return axis

    def cursors(self, server, author):
        """Where a hundred pages begin, at equal distances in the whole list."""
        client, found, cursor = Client(server.port), [{}], {}
        while True:
            page = client.call("posts.list", author_id=author, limit=100, **cursor)
            if page["next_cursor"] is None:
                return found[::max(1, len(found) // FEW)]
            cursor = {"cursor": page["next_cursor"]}
            found.append(cursor)

    def measure(self, axis):
        for round in range(self.options.rounds):
            print("%s: round %d of %d" % (axis.size, round + 1, self.options.rounds),
                  file=sys.stderr)
            for load in axis.loads.values():
                load.run(self)
        return axis

    # What is bounded.

    def bounds(self, anonymous):
        """Rows of a name, a figure, its bound and its unit."""
        seeded = self.with_comments(self.options.comments[-1])
        program, name = self.options.server, "with %.0f MB" % seeded.megabytes
        starts = []
        for _ in range(2 * self.options.rounds + 1):
            begun = time.monotonic()
            server = self.serve(seeded, core=None)
            Client(server.port).call("comments.list", post_id=seeded.texts(1)[0])
            starts.append((time.monotonic() - begun) * 1_000)
            self.stop()
        certificate, key = (os.path.join(self.work, file) for file in ("cert.pem", "key.pem"))
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
             "-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout", key, "-out", certificate],
            check=True, stderr=subprocess.DEVNULL)
        server = self.serve(seeded, "--tls-port", "0", "--tls-certificate", certificate,
                            "--tls-key", key)
        context = ssl.create_default_context(cafile=certificate)

        def sealed():
            return context.wrap_socket(socket.create_connection(("127.0.0.1", server.tls_port)),
                                       server_hostname="localhost")

        count, few = self.options.idle, max(1, self.options.idle // 10)
        rows = [("a start to the first page, " + name, statistics.median(starts), 50, "ms"),
                ("anonymous memory under load, " + name, anonymous / 1_000, 100, "MB"),
                ("memory of each of %d idle connections" % count, idle(server, count), 4, "KiB"),
                ("of each of %d idle over TLS" % few, idle(server, few, sealed), 24, "KiB")]
        self.stop()
        return rows

    def run(self):
        axes = []
        for make in (self.comments, self.connections, self.workers, self.posts):
            axes.append(self.measure(make()))
            self.stop()
        largest = self.options.comments[-1]
        anonymous = max(load.anonymous for (_, size), load in axes[0].loads.items()
                        if size == largest)
        return axes, self.bounds(anonymous)


def table(options, axes, bounds):
    """Both tables, as Markdown."""
    system = os.uname()
    lines = ["%s %s, %d cores; rounds of %g s: %d." % (
        system.sysname, system.machine, os.cpu_count(), options.seconds, options.rounds), ""]
    lines += ["| grows | to | request | a second | least and most | processor, µs | p99, µs |",
              "|---|---:|---|---:|---:|---:|---:|"]
    for axis in axes:
        for row in axis.figures():
            rates = ["{:,.0f}".format(row[key]) for key in ("median", "least", "most", "p99_us")]
            lines.append("| %s | %s | %s | %s | %s – %s | %.2f | %s |" % (
                axis.size, "{:,}".format(row["size"]), row["kind"], *rates[:3],
                row["processor_us"], rates[3]))
    lines += ["", "| | measured | bound | |", "|---|---:|---:|---|"]
    lines += ["| %s | %.1f | %d | %s |" % row for row in bounds]
    return "\n".join(lines)


def write(into, axes, bounds, text, draw):
    """The figures, the drawings, and the table in its page."""
    figures = {"cores": os.cpu_count(), "axes": {axis.size: axis.figures() for axis in axes},
               "bounds": [dict(zip(("name", "measured", "bound", "unit"), row)) for row in bounds]}
    page = os.path.join(into, "README.md")
    with open(page) as file:
        old = file.read()
    new, found = re.subn(r"(?s)(?<=<!-- measured: begin -->\n).*?(?=<!-- measured: end -->)",
                         lambda _: text + "\n", old)
    if found != 1:
        raise SystemExit("%s has not one place for the table" % page)
    files = {"README.md": new, "figures.json": json.dumps(figures, indent=2) + "\n"}
    files.update({axis.size + ".svg": axis.drawing(draw) for axis in axes})
    for name, content in files.items():
        with open(os.path.join(into, name), "w") as file:
            file.write(content)


def main():
    def sizes(text):
        return sorted(int(size) for size in text.split(","))

    cores = [2 ** power for power in range(os.cpu_count().bit_length())]
    options = argparse.ArgumentParser()
    options.add_argument("--server", default=os.path.join(TOP, ".build/release/mentalmuse"))
    options.add_argument("--draw", default=os.path.join(TOP, ".build/release/bench-draw"))
    options.add_argument("--comments", type=sizes,
                         default=[1_000, 10_000, 100_000, 1_000_000, 10_000_000])
    options.add_argument("--connections", type=sizes, default=[1, 10, 100, 1_000, 10_000])
    options.add_argument("--workers", type=sizes, default=cores)
    options.add_argument("--posts", type=sizes,
                         default=[10, 100, 1_000, 10_000, 100_000, 1_000_000])
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=float, default=2)
    options.add_argument("--idle", type=int, default=10_000)
    options.add_argument("--folder")
    options.add_argument("--into")
    options = options.parse_args()
    # Each connection is a descriptor; what is started inherits this.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as work:
        bench = Bench(options, work)
        try:
            axes, bounds = bench.run()
        finally:
            bench.stop()
        text = table(options, axes, bounds)
        print(text)
        if options.into:
            write(options.into, axes, bounds, text, options.draw)


if __name__ == "__main__":
    main()
