#!/usr/bin/env python3
"""Fuzzes whole sessions: connections that say sensible things, altered things and nonsense.

    session.py [--seconds 60] [--connections 8] [--seed N] -- .build/debug/mentalmuse

What stands after -- begins the server's command; `serve --data FOLDER --port 0` is put behind it.
Whatever comes, the server must go on, answer nothing that is no answer of the protocol, never say
`internal`, and answer every request that was left unaltered exactly once before it ends a
connection whose input has ended. The same seed makes the same sessions, but for ids and times.

Standard library only. Status: 0 as it should be, 1 a finding, 2 the test could not be run.
"""
import argparse
import json
import os
import pathlib
import random
import shutil
import socket
import struct
import sys
import tempfile
import threading
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "Tests" / "Faults"))
from altering import altered, pieces  # noqa: E402
from serving import Connection, Server, Unusable  # noqa: E402

PASSWORD = "seven wizards mix quartz"
TOKENS = [b'"', b"\\u0000", b"\\ud800", b"null", b"[]", b"{}", b"[[[[[[[[", b"1e400", b"-0",
          b'"_meta":{}', b'"_meta":{"deadline_ms":1}', b'"id":null', b'"id":{}', b'"params":null',
          b"\xef\xbb\xbf", "é😀".encode(), b"\r\n", b"\n", b"GET / HTTP/1.1\r\n", b"\x16\x03\x01",
          b'"attach":true', b'"limit":0', b'"cursor":"AAAA"', b'"revision":9007199254740992']
# Errors after which the server closes a connection, so that nothing more is owed on it.
CLOSING = {-32050, -32056, -32054}


def requests_of_transcripts():
    """Every request that stands in a transcript, by method: examples to alter."""
    found = []
    for path in sorted((TOP / "Protocol" / "transcripts").glob("*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            open_values = [json.loads(line)] if line.strip() else []
            while open_values:
                value = open_values.pop()
                if isinstance(value, dict):
                    if isinstance(value.get("method"), str) and "jsonrpc" in value:
                        found.append(value)
                    else:
                        open_values.extend(value.values())
                elif isinstance(value, list):
                    open_values.extend(value)
    return found


class World:
    """What all sessions may speak of, and what was found."""

    def __init__(self, server, examples):
        self.server = server
        self.examples = examples
        schema = json.loads((TOP / "Protocol" / "openrpc.json").read_text("utf-8"))
        self.errors = {
            error["code"]: name for name, error in schema["components"]["errors"].items()}
        self.methods = [
            method["name"] for method in schema["methods"]
            if not method["name"].startswith("admin.")]
        self.lock = threading.Lock()
        self.findings = []
        self.sessions = 0
        self.answers = 0

    def prepare(self):
        connection = Connection(self.server.port)
        grant = connection.call("auth.register", {
            "username": "fuzz_one", "password": PASSWORD, "attach": True})
        self.token = grant["access_token"]
        self.user = grant["user"]["id"]
        self.post = connection.call("posts.create", {"body": "a post"})["id"]
        self.comment = connection.call(
            "comments.create", {"post_id": self.post, "body": "a comment"})["id"]
        for number in range(3):
            connection.call("posts.create", {"body": f"post {number}"})
        self.cursor = connection.call("posts.list", {"limit": 1})["next_cursor"]
        connection.close()

    def find(self, what, sent):
        with self.lock:
            self.findings.append((what, sent))


class Session:
    """One connection: its lines, what they owe, and how they are sent."""

    def __init__(self, world, seed):
        self.world = world
        self.seed = seed
        self.random = random.Random(seed)
        self.owed = set()
        self.bytes = b""
        self.lines = 0
        # Two in three say something unaltered first: the first line then looks like the protocol.
        if self.random.random() < 0.67:
            self.add(self.request(), False)
        for _ in range(self.random.randint(1, 40)):
            chance = self.random.random()
            if chance < 0.5:
                self.add(self.request(), False)
            elif chance < 0.9:
                self.add(self.request(), True)
            else:
                self.bytes += self.nonsense() + b"\n"

    def add(self, message, is_altered):
        line = json.dumps(message, ensure_ascii=self.random.random() < 0.5).encode(
            "utf-8", "surrogatepass")
        if is_altered:
            line = self.alter(line)
        elif isinstance(message, dict) and "id" in message:
            self.owed.add(message["id"])
        elif isinstance(message, list):
            self.owed.update(member["id"] for member in message if "id" in member)
        self.bytes += line + (b"\r\n" if self.random.random() < 0.1 else b"\n")

    def request(self):
        chance = self.random.random()
        if chance < 0.1:
            return [self.one() for _ in range(self.random.randint(1, 8))]
        if chance < 0.15:
            return {"jsonrpc": "2.0", "method": "rpc.cancel", "params": {"id": "s1"}}
        return self.one()

    def one(self):
        self.lines += 1
        if self.random.random() < 0.5:
            message = dict(self.random.choice(self.world.examples))
            method, params = message["method"], message.get("params")
            if method in ("auth.register", "auth.login", "auth.change_password"):
                # Each costs a password hash: seldom.
                method, params = "server.ping", None
        else:
            method, params = self.random.choice(self.world.methods), self.params()
            if self.random.random() < 0.97 and method.startswith("auth."):
                method, params = "auth.whoami", {}
        message = {"jsonrpc": "2.0", "method": method}
        if isinstance(params, (dict, list)):
            message["params"] = params
        if method == "rpc.cancel":
            return message
        if self.random.random() < 0.9:
            message["id"] = f"s{self.lines}"
        return message

    def params(self):
        world = self.world
        pool = {
            "id": [world.post, world.user, world.comment, "x"], "post_id": [world.post, 7],
            "body": ["Hello", "", "é😀\n", "x" * 5001], "limit": [1, 100, 0, 2.0], "order": ["oldest"],
            "cursor": [world.cursor, "AAAA", None], "username": ["fuzz_one", "Ada"],
            "display_name": [None, "F"], "bio": [None], "author_id": [world.user], "query": ["fu"],
            "access_token": [world.token, "x.y.z"], "revision": [1, 99], "role": ["admin"],
        }
        names = self.random.sample(sorted(pool), self.random.randint(0, 3))
        params = {name: self.random.choice(pool[name]) for name in names}
        if self.random.random() < 0.5:
            params["_meta"] = {"access_token": world.token}
            if self.random.random() < 0.3:
                params["_meta"]["idempotency_key"] = f"k{self.random.randint(0, 9)}"
            if self.random.random() < 0.1:
                params["_meta"]["deadline_ms"] = self.random.choice([1, 50, 3_600_000])
        if self.random.random() < 0.2:
            return list(params.values())
        return params

    def alter(self, line):
        # An altered request must not take the place of one that is owed.
        return altered(self.random, line, TOKENS).replace(b'"s', b'"m')

    def nonsense(self):
        kind = self.random.randint(0, 4)
        if kind == 0:
            return self.random.randbytes(self.random.randint(0, 60))
        if kind == 1:
            return b"[" * self.random.randint(1, 3000)
        if kind == 2:
            return b'{"a":' * self.random.randint(1, 300)
        if kind == 3:
            return b"[" + b",".join([b"1"] * self.random.randint(1, 150)) + b"]"
        return self.random.choice(TOKENS) * self.random.randint(1, 5)

    def run(self):
        peer = socket.create_connection(("127.0.0.1", self.world.server.port), 30)
        end = self.random.random()
        try:
            if end < 0.1:
                # Goes away without a word, perhaps with answers unread.
                peer.sendall(self.bytes[:self.random.randint(0, len(self.bytes))])
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return
            threading.Thread(target=self.send, args=(peer,), daemon=True).start()
            self.judge(self.receive(peer))
        finally:
            peer.close()

    def send(self, peer):
        try:
            for piece in pieces(self.random, self.bytes):
                peer.sendall(piece)
            peer.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def receive(self, peer):
        received = bytearray()
        try:
            while chunk := peer.recv(65536):
                received += chunk
        except TimeoutError:
            self.world.find("the connection was not ended within 30 s of its input", self.bytes)
        except OSError:
            pass
        return bytes(received)

    def judge(self, received):
        answered = []
        is_closed_for_cause = False
        broken_in_a_row = 0
        lines = received.split(b"\n")
        if lines.pop():
            self.world.find("the output ends within a line", self.bytes)
        for index, line in enumerate(lines):
            try:
                value = json.loads(line.decode("utf-8"))
            except ValueError:
                self.world.find(f"the output is no JSON: {line[:200]!r}", self.bytes)
                return
            answers = value if isinstance(value, list) else [value]
            if not answers:
                self.world.find("an empty array was answered", self.bytes)
            for answer in answers:
                fault = self.fault(answer)
                if fault is not None:
                    self.world.find(f"{fault}: {line[:300]!r}", self.bytes)
                    return
                answered.append(answer.get("id"))
                code = answer.get("error", {}).get("code")
                broken_in_a_row = broken_in_a_row + 1 if code == -32700 else 0
                has_looked_foreign = code == -32700 and index == 0
                if code in CLOSING or broken_in_a_row >= 16 or has_looked_foreign:
                    is_closed_for_cause = True
        with self.world.lock:
            self.world.answers += len(answered)
        for name in self.owed:
            count = answered.count(name)
            if count > 1 or (count == 0 and not is_closed_for_cause):
                self.world.find(f"{name} was answered {count} times", self.bytes)

    def fault(self, answer):
        """What is wrong with an answer; None if nothing is."""
        if not isinstance(answer, dict) or answer.get("jsonrpc") != "2.0":
            return "no answer of JSON-RPC 2.0"
        if "method" in answer:
            return None if answer["method"] == "server.draining" else "an unknown notification"
        if ("result" in answer) == ("error" in answer) or "id" not in answer:
            return "not exactly one of result and error, or no id"
        if "result" in answer:
            return None
        error = answer["error"]
        data = error.get("data", {})
        if error.get("code") == -32603:
            return "internal"
        if self.world.errors.get(error.get("code")) != data.get("name"):
            return "an error that the schema does not have"
        if not error.get("message") or not {"status", "retry"} <= data.keys():
            return "an error that is not told whole"
        return None


def work(world, seeds, until):
    for seed in seeds:
        if time.monotonic() > until or world.findings:
            return
        try:
            Session(world, seed).run()
        except OSError as error:
            if world.server.process.poll() is None:
                world.find(f"a connection failed: {error!r}", str(seed).encode())
            return
        with world.lock:
            world.sessions += 1


def fuzz(options, folder):
    server = Server(options.command + ["serve", "--data", folder, "--port", "0"])
    world = World(server, requests_of_transcripts())
    try:
        server.start()
        world.prepare()
        until = time.monotonic() + options.seconds
        threads = [
            threading.Thread(target=work, daemon=True, args=(
                world, range(options.seed + number, 1 << 62, options.connections), until))
            for number in range(options.connections)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(options.seconds + 60)
        status = server.process.poll()
        if status is not None:
            world.find(f"the server ended with status {status}:\n" + "\n".join(server.log), b"")
        else:
            # It serves others still, and ends as it should.
            probe = Connection(server.port)
            if probe.call("server.ping", {}) != "pong":
                world.find("no pong", b"")
            probe.close()
            status = server.stop()
            if status != 0:
                world.find(f"after SIGTERM the status was {status}", b"")
    finally:
        if server.process is not None and server.process.poll() is None:
            server.kill()
    return world


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("command", nargs="+", help="the server's program, after --")
    options = parser.parse_args()
    if options.seed is None:
        options.seed = random.getrandbits(32)
    print(f"seed {options.seed}", flush=True)
    folder = tempfile.mkdtemp(prefix="mentalmuse-fuzz-")
    try:
        world = fuzz(options, os.path.join(folder, "data"))
    except (Unusable, OSError) as error:
        print(f"cannot go on: {error}", file=sys.stderr)
        sys.exit(2)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{world.sessions} sessions, {world.answers} answers, {len(world.findings)} findings")
    for what, sent in world.findings[:5]:
        print(f"  {what}\n    sent: {sent[:2000]!r}")
    sys.exit(1 if world.findings else 0)


if __name__ == "__main__":
    main()
