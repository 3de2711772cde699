#!/usr/bin/env python3
"""Replays the golden conversations of Protocol/transcripts against a server, over TCP and TLS.

    replay.py --program .build/debug/mentalmuse [--over tcp,tls] [FILE...]   starts what each needs
    replay.py --tcp HOST:PORT [--tls HOST:PORT --ca FILE] [--admin SOCKET] [FILE...]

What a transcript may say is told in Protocol/transcripts/README.md. Standard library only. Exit status
0 if all agree, 1 if one does not, 2 for wrong use.
"""
import argparse
import atexit
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

from replaying.connection import Connection
from replaying.pattern import Schema
from replaying.report import Report, elsewhere
from replaying.text import PATIENCE, Broken, Differs
from replaying.transcript import Replay, read

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BASE_FLAGS = ["--argon2-memory-kib=64", "--argon2-passes=1",
              "--login-failures-address-max=1000000"]


class Running:
    """A server that stands somewhere."""

    def __init__(self, tcp=None, tls=None, ca=None, admin=None, folder=None):
        self.addresses = {"tcp": tcp, "tls": tls}
        self.admin, self.folder = admin, folder
        self.context = ssl.create_default_context(cafile=ca) if ca else None

    def connect(self, transport):
        if transport == "admin":
            raw = socket.socket(socket.AF_UNIX)
            raw.connect(self.admin)
            return Connection(raw)
        host, port = self.addresses[transport]
        raw = socket.create_connection((host, port), timeout=PATIENCE)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return Connection(raw, self.context if transport == "tls" else None)


class Program:
    """Starts servers on throw-away folders, one for each set of flags, and ends them."""

    def __init__(self, path):
        self.path, self.shared, self.children = path, {}, []
        self.folder = tempfile.mkdtemp(prefix="muse-replay-")
        atexit.register(self.end)
        self.certificate()

    def certificate(self):
        self.cert, self.key = self.folder + "/cert.pem", self.folder + "/key.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
             "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", self.key, "-out", self.cert],
            check=True, capture_output=True)

    def server(self, head):
        flags = tuple(head.get("flags", []))
        if head.get("alone"):
            return self.start(flags)
        if flags not in self.shared:
            self.shared[flags] = self.start(flags)
        return self.shared[flags]

    def start(self, flags):
        data = tempfile.mkdtemp(prefix="data-", dir=self.folder)
        command = [self.path, "serve", "--data", data, "--host", "127.0.0.1", "--port", "0",
                   "--tls-port", "0", "--tls-certificate", self.cert, "--tls-key", self.key]
        # The last of a repeated flag counts.
        command += BASE_FLAGS + list(flags)
        log = open(data + ".log", "w+b")
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.children.append(child)
        addresses, end = {}, time.monotonic() + PATIENCE
        while not {"tcp", "tls"} <= set(addresses):
            line = child.stderr.readline()
            log.write(line)
            if not line or time.monotonic() > end:
                raise Broken("the server did not start: %r" % line)
            event = json.loads(line)
            if event.get("event") == "listening" and event.get("transport") in ("tcp", "tls"):
                addresses[event["transport"]] = (event["host"], int(event["port"]))
        # From here on the log goes to nobody; a thread keeps the pipe empty.
        threading.Thread(target=lambda: [log.write(l) for l in child.stderr], daemon=True).start()
        return Running(addresses["tcp"], addresses["tls"], self.cert, data + "/admin.sock",
                       self.folder)

    def end(self):
        for child in self.children:
            child.kill()
        for child in self.children:
            child.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def address(text):
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", help="start servers from this program")
    parser.add_argument("--over", default="tcp,tls", help="transports, tcp,tls by default")
    parser.add_argument("--tcp", type=address)
    parser.add_argument("--tls", type=address)
    parser.add_argument("--ca", help="the certificate to trust")
    parser.add_argument("--admin", help="the operator's socket")
    parser.add_argument("--report", help="adds a line of JSON for each transcript to this file")
    parser.add_argument("files", nargs="*")
    options = parser.parse_args()
    if not options.program and not options.tcp and not options.tls:
        parser.error("one of --program, --tcp and --tls is needed")
    folder = os.path.join(ROOT, "Protocol", "transcripts")
    files = options.files or sorted(
        os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(".jsonl"))
    schema = Schema(os.path.join(ROOT, "Protocol", "openrpc.json"))
    program = Program(options.program) if options.program else None
    fixed = None if program else Running(options.tcp, options.tls, options.ca, options.admin)
    over = [t for t in options.over.split(",") if program or fixed.addresses.get(t)]
    failures = run_all(files, over, program, fixed, schema, Report(options.report, "wire"))
    return 1 if failures else 0


def run_all(files, over, program, fixed, schema, report):
    failures, stamp, count = [], int(time.time() * 1000) % 36 ** 4, 0
    print("%-34s %s" % ("transcript", "  ".join("%-6s" % t for t in over)))
    for path in files:
        name, row = os.path.basename(path)[:-6], []
        for transport in over:
            count += 1
            mark = base36(stamp * 1296 + count).rjust(6, "0")
            began, result, reason = time.monotonic(), "ok", None
            try:
                head, steps = read(path)
                reason = elsewhere(head, transport, fixed)
                if reason:
                    result = "skipped"
                else:
                    server = fixed or program.server(head)
                    Replay(server, transport, schema, mark).run(steps)
            except (Differs, Broken, OSError, ValueError, KeyError, TypeError) as error:
                result, reason = "failed", "%s %s" % (type(error).__name__, error)
                failures.append("%s over %s: %s" % (name, transport, reason))
            seconds = time.monotonic() - began
            report.add(name, transport, result, seconds, reason)
            row.append({"ok": "%d ms" % (seconds * 1_000), "failed": "FAILED"}.get(result, "-"))
        print("%-34s %s" % (name, "  ".join("%-6s" % cell for cell in row)), flush=True)
    for failure in failures:
        print(failure)
    print("%d transcripts, %d failures" % (len(files), len(failures)))
    return failures


def base36(number):
    text = ""
    while number:
        number, digit = divmod(number, 36)
        text = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + text
    return text


if __name__ == "__main__":
    sys.exit(main())
