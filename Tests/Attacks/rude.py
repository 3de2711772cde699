#!/usr/bin/env python3
"""Rude clients, each kind alone and all together, while a well-behaved one measures.

    rude.py [--seconds 4] [--kinds unread,slow,…] [--lenient] -- .build/release/mentalmuse

The well-behaved client's p99 under attack has to stay within 3 times of its calm value, or within
5 ms of a bare C line server's under the same attack in the same run, whichever is more; with
--lenient, for machines that do other things, within 20 times or 250 ms in one of three tries.
Memory under attack has to stay below a bound, and descriptors and memory return afterwards. Prints
a table.

Standard library only, gcc(1) and openssl(1). Status: 0 as it should be, 1 a finding.
"""
import argparse
import pathlib
import re
import signal
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from attacking.loads import Tools, ended, settle  # noqa: E402
from attacking.report import Failure, Report, expect, table  # noqa: E402
from attacking.wire import Connection, Server  # noqa: E402

KINDS = ["unread", "unfinished", "slow", "long_lines", "garbage", "half_close", "resets", "idle",
         "connects", "handshakes", "pipeline"]
# What the attacks of this test may cost in all, above what the server held before, in kilobytes:
# 50 connections with 1 MiB of unread output and what the last answer added to it, 8 with lines of
# 1 MiB, 5,000 idle, and as much again.
MEMORY_MAX = 256 << 10
# What may stay, once all have left: what malloc(3) keeps for the next.
MEMORY_KEPT_MAX = 64 << 10
RATE, CONNECTIONS = 400, 4
HEADS = ["attack", "calm p99 µs", "attacked p99 µs", "line server p99 µs", "bound µs", "answers",
         "MB before", "most", "after", "fds before", "most", "after", "back after s"]


def rss(pid):
    with open(f"/proc/{pid}/status") as status:
        return int(re.search(r"VmRSS:\s+(\d+)", status.read())[1])


class Field:
    """A server, the line server, and the well-behaved client of both."""

    def __init__(self, tools, server, options):
        self.tools = tools
        self.server = server
        self.seconds = options.seconds
        self.is_lenient = options.lenient
        self.nothing = tools.file("nothing", "")
        with Connection(server.port) as one:
            token = one.register("writer")["access_token"]
            posts = [one.call("posts.create", {"body": "a post"}, token)["id"] for _ in range(20)]
            for post in posts:
                one.call("comments.create", {"post_id": post, "body": "a comment"}, token)
        self.requests = tools.file("requests", "".join(
            '{"jsonrpc":"2.0","id":{id},"method":"%s","params":%s}\n' % each for post in posts
            for each in (("server.ping", "{}"), ("posts.get", '{"id":"%s"}' % post),
                         ("comments.list", '{"post_id":"%s"}' % post))))
        self.hello = tools.hello()
        self.line, self.line_port = tools.line_server()
        self.calm = self.behave(server.port)
        self.line_calm = self.behave(self.line_port)

    def behave(self, port):
        """The well-behaved client: a steady rate, a latency from when each was due."""
        told = ended(self.tools.load(
            port, CONNECTIONS, RATE, self.seconds, self.nothing, self.requests))
        expect(not told["codes"], f"the well-behaved client heard errors: {told['codes']}")
        expect(told["good"] > 0, "the well-behaved client was not answered")
        return told

    def attack(self, kinds, port, tls_port, pid):
        """The client's figures under attack, and what the attacked process took."""
        rude = []
        # Those who hold thousands of connections first: they take a while to come.
        for kind in sorted(kinds, key=lambda kind: kind != "idle"):
            rude.append(self.tools.start(
                self.tools.path("rude"), kind, str(tls_port if kind == "handshakes" else port),
                str(self.seconds + (3 if kind == "idle" else 1.5)), self.hello, nice=5))
            rude[-1].stdout.readline()
        time.sleep(0.3)
        client = self.tools.load(
            port, CONNECTIONS, RATE, self.seconds, self.nothing, self.requests)
        memory = descriptors = 0
        while client.poll() is None:
            memory = max(memory, rss(pid))
            descriptors = max(descriptors, len(list(pathlib.Path(f"/proc/{pid}/fd").iterdir())))
            time.sleep(0.1)
        told = ended(client)
        for process in rude:
            attacked = ended(process)
            expect(attacked["steps"] > 0, f"{process.args} did nothing")
        return told, memory, descriptors

    def round(self, kinds):
        """One row of the table; what is wrong with it."""
        server, pid = self.server, self.server.process.pid
        before = (server.memory(), server.descriptors())
        told, memory, descriptors = self.attack(kinds, server.port, server.ports["tls"], pid)
        back, took = settle(lambda: server.descriptors() <= before[1])
        settle(lambda: server.memory() <= before[0] + 2_048, seconds=3)
        after = (server.memory(), server.descriptors())
        line, _, _ = self.attack(kinds, self.line_port, self.line_port, self.line.pid)
        times, more = (20, 250_000) if self.is_lenient else (3, 5_000)
        bound = max(times * self.calm["p99_us"], line["p99_us"] + more)
        name = "all" if len(kinds) > 1 else kinds[0]
        row = [name, f"{self.calm['p99_us']:.0f}", f"{told['p99_us']:.0f}", f"{line['p99_us']:.0f}",
               f"{bound:.0f}", f"{told['good']}/{told['due']}",
               *(f"{each / 1_024:.0f}" for each in (before[0], memory, after[0])), before[1],
               descriptors, after[1], f"{took:.1f}"]
        wrong = []
        if told["p99_us"] > bound:
            wrong.append(f"p99 is {told['p99_us']:.0f} µs")
        if told["good"] < told["due"] * 0.99:
            wrong.append(f"{told['good']} of {told['due']} requests were answered")
        if memory - before[0] > MEMORY_MAX:
            wrong.append(f"memory grew by {(memory - before[0]) >> 10} MB")
        if after[0] - before[0] > MEMORY_KEPT_MAX:
            wrong.append(f"{(after[0] - before[0]) >> 10} MB were kept")
        if not back:
            wrong.append(f"{after[1] - before[1]} descriptors were kept")
        if server.process.poll() is not None:
            wrong.append("the server ended")
        return row, wrong


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--kinds", default=",".join([*KINDS, "all"]))
    parser.add_argument("--lenient", action="store_true")
    parser.add_argument("program", help="the server's program, after --")
    options = parser.parse_args()
    tries = 3 if options.lenient else 1
    report = Report("rude clients")
    rows = []
    with Tools() as tools:
        pem, key = tools.certificate()
        with Server(options.program, "--workers", "2", "--tls-certificate", pem, "--tls-key", key,
                    "--tls-port", "0") as server:
            field = Field(tools, server, options)
            for kind in options.kinds.split(","):
                def check(kind=kind):
                    row, wrong = field.round(KINDS if kind == "all" else [kind])
                    rows.append(row)
                    expect(not wrong, "; ".join(wrong))
                    return f"p99 {row[2]} µs, bound {row[4]} µs"
                report.check(f"{kind}: the well-behaved are served", check, tries=tries)
            print(table(rows, HEADS), flush=True)

            def serves():
                with Connection(server.port) as one:
                    expect(one.call("server.health")["status"] == "ok", "its health")
                expect(server.stop() == 0, "its status after SIGTERM")

            def stalled():
                """What a stalled server would look like: it answers nobody while it stands."""
                bound = max(20 * field.calm["p99_us"], 250_000)
                stall = max(0.7, 2 * bound / 1e6)
                with Server(options.program, "--workers", "2") as other:
                    before = other.descriptors()
                    load = tools.load(
                        other.port, 4, RATE, 2 + stall, field.nothing, tools.file(
                            "pings", '{"jsonrpc":"2.0","id":{id},"method":"server.ping"}\n'))
                    settle(lambda: other.descriptors() >= before + 4)
                    other.process.send_signal(signal.SIGSTOP)
                    time.sleep(stall)
                    other.process.send_signal(signal.SIGCONT)
                    told = ended(load)
                    if told["p99_us"] > bound:
                        raise Failure(f"p99 {told['p99_us']:.0f} µs")

            report.check("the server is well, and ends as it should", serves)
            report.control("a server that stands still for a while", stalled)
    sys.exit(report.end())


if __name__ == "__main__":
    main()
