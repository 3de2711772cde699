#!/usr/bin/env python3
"""Replays the golden conversations of Protocol/transcripts over this client's connections.

    replay.py --program .build/release/mentalmuse [FILE...]     starts what each needs, TCP and TLS
    MUSE_URL=tcp://… replay.py [--admin DATA/admin.sock] [--ca FILE] [FILE...]
                                                                those that need no flags

Transcripts and their patterns are understood by Tests/Faults/replaying; the bytes go through the
client's own stream, line cutter and JSON reader. Exit status 0 if all agree, 1 if one does not.
"""

import argparse
import importlib.util
import os
import socket
import ssl
import struct
import sys
import time

if __package__:
    from . import TOP
else:
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    from tests import TOP

FAULTS = os.path.join(TOP, "Tests", "Faults")
sys.path.insert(0, FAULTS)

from mentalmuse import Address
from mentalmuse._threads import Stream
from mentalmuse._wire import Lines, parse
from replaying.pattern import Schema
from replaying.report import Report, elsewhere
from replaying.text import PATIENCE, Broken, Differs
from replaying.transcript import Replay, read

#: An answer may be 4 MiB long, and a little more.
ANSWER_BYTES_MAX = 8 << 20


class Connection:
    """A connection of the client, as the replayer wants one."""

    def __init__(self, address, context):
        self.stream = Stream.open(address, context, time.monotonic() + PATIENCE)
        self.lines = Lines(ANSWER_BYTES_MAX)
        self.ready = []
        self.ended = False
        # What the replayer keeps for itself.
        self.pool = []
        self.count = 0

    def write(self, data):
        """Sends all, reading meanwhile what comes, so that neither side waits for the other."""
        rest, end = memoryview(data), time.monotonic() + PATIENCE
        while rest and not self.ended:
            try:
                taken = self.stream.write(rest[:1 << 16])
            except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
                return
            rest = rest[taken:]
            if not taken and self.stream.wait(PATIENCE, to_write=True):
                self.receive()
            if time.monotonic() > end:
                raise Differs("the server takes no more input")

    def receive(self):
        try:
            data = self.stream.read()
        except ConnectionResetError:
            raise Differs("the connection was reset")
        if data == b"":
            self.ended = True
        elif data:
            self.ready += self.lines.feed(data)

    def line(self):
        """The next line, None at the end of input. Each must be one that the client can read."""
        end = time.monotonic() + PATIENCE
        while not self.ready:
            if self.ended:
                if self.lines.rest:
                    raise Differs("half a line at the end: %r" % self.lines.rest[:200])
                return None
            # With TLS there may be something that the system does not know of.
            self.receive()
            if not self.ready and not self.ended and not self.stream.wait(
                    max(end - time.monotonic(), 0)) and time.monotonic() > end:
                raise Differs("no answer within %g s" % PATIENCE)
        line = self.ready.pop(0)
        try:
            parse(line)
        except (ValueError, RecursionError) as error:
            raise Differs("the client cannot read it: %s: %r" % (error, line[:200]))
        return line.decode("utf-8")

    def half_close(self):
        made = self.stream._socket
        try:
            if isinstance(made, ssl.SSLSocket):
                self.close_notify(made)
            else:
                made.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    @staticmethod
    def close_notify(made):
        """Sends TLS's end of the sending side. The ssl module would look for the other side's at
        once, and lose an answer that comes first: so meanwhile it has a pair of sockets instead."""
        near, far = socket.socketpair()
        kept = os.dup(made.fileno())
        with near, far, socket.socket(fileno=kept) as plain:
            near.setblocking(False)
            os.dup2(near.fileno(), made.fileno())
            try:
                made._sslobj.shutdown()
            except ssl.SSLWantReadError:
                pass
            finally:
                os.dup2(kept, made.fileno())
            plain.sendall(far.recv(1 << 16))

    def close(self, reset=False):
        if reset:
            self.stream._socket.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.stream.close()


class Standing:
    """A server that stands somewhere."""

    def __init__(self, addresses, admin, ca, folder=None):
        self.addresses, self.admin, self.folder = addresses, admin, folder
        self.context = ssl.create_default_context(cafile=ca) if ca else None

    def connect(self, transport):
        if transport == "admin":
            if not self.admin:
                raise Broken("the operator's socket is not known: --admin")
            return Connection(Address("unix", self.admin), None)
        return Connection(
            self.addresses[transport], self.context if transport == "tls" else None)


class Started:
    """Servers of a program, started by the standard library's replayer."""

    def __init__(self, path):
        place = importlib.util.spec_from_file_location("faults", os.path.join(FAULTS, "replay.py"))
        faults = importlib.util.module_from_spec(place)
        place.loader.exec_module(faults)
        self.program = faults.Program(path)
        self.known = {}

    def server(self, head):
        running = self.program.server(head)
        if running not in self.known:
            ports = {name: place[1] for name, place in running.addresses.items()}
            addresses = {name: Address(name, "localhost", port) for name, port in ports.items()}
            self.known[running] = Standing(
                addresses, running.admin, self.program.cert, running.folder)
        return self.known[running]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", help="start servers from this program")
    parser.add_argument("--over", default="tcp,tls", help="with --program: tcp,tls by default")
    parser.add_argument("--admin", help="the operator's socket")
    parser.add_argument("--ca", help="the certificate to trust")
    parser.add_argument("--report", help="adds a line of JSON for each transcript to this file")
    parser.add_argument("files", nargs="*")
    options = parser.parse_args()
    folder = os.path.join(TOP, "Protocol", "transcripts")
    files = options.files or sorted(
        os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(".jsonl"))
    if options.program:
        program, over = Started(options.program), options.over.split(",")
    else:
        address = Address.parse(None)
        program, over = None, [address.scheme]
        fixed = Standing({address.scheme: address}, options.admin, options.ca)
    schema = Schema(os.path.join(TOP, "Protocol", "openrpc.json"))
    report = Report(options.report, "python")
    failures, count = [], 0
    print("%-36s %s" % ("transcript", "  ".join("%-7s" % name for name in over)))
    for path in files:
        name, row = os.path.basename(path)[:-6], []
        for transport in over:
            count += 1
            began, result, reason = time.monotonic(), "ok", None
            try:
                head, steps = read(path)
                reason = elsewhere(head, transport, not program)
                if reason:
                    result = "skipped"
                else:
                    server = program.server(head) if program else fixed
                    replay = Replay(server, transport, schema, mark(count))
                    if transport == "unix":
                        replay.variables["address"] = "unix"
                    replay.run(steps)
            except (Differs, Broken, OSError, ValueError, KeyError, TypeError) as error:
                result, reason = "failed", f"{type(error).__name__} {error}"
                failures.append(f"{name} over {transport}: {reason}")
            seconds = time.monotonic() - began
            report.add(name, transport, result, seconds, reason)
            row.append({"ok": f"{seconds * 1_000:.0f} ms", "failed": "FAILED"}.get(result, "-"))
        print("%-36s %s" % (name, "  ".join("%-7s" % cell for cell in row)), flush=True)
    for failure in failures:
        print(failure)
    print(f"{len(files)} transcripts over {', '.join(over)}: {len(failures)} failures")
    return 1 if failures else 0


def mark(count):
    """Six letters and digits that no run before has used."""
    number, text = int(time.time() * 1_000) % 36 ** 4 * 1_296 + count, ""
    while number:
        number, digit = divmod(number, 36)
        text = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + text
    return text.rjust(6, "0")


if __name__ == "__main__":
    sys.exit(main())
