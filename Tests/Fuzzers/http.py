#!/usr/bin/env python3
"""Fuzzes the HTTP side: connections with good requests, requests of two meanings, altered ones.

    http.py [--seconds 60] [--connections 16] [--seed N] -- .build/debug/mentalmuse

What stands after -- is the server's program; it is started with --http beside its lines. Whatever
comes: each answer is one of HTTP, with a status that the server knows (500 is a finding) and the
length that it says; good requests are answered in order, each as it must be; what has two meanings
or none is refused, and nothing behind it is run; after every few connections /healthz and a line
are answered in time, and the memory is what it was. The same seed makes the same bytes, but for
ids. Standard library only. Status: 0 as it should be, 1 a finding, 2 the test could not be run.
"""
import argparse
import json
import pathlib
import random
import re
import socket
import struct
import sys
import threading
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
# Not the folder of this file: its name is also the library's own.
sys.path[0] = str(TOP / "Tests" / "Attacks")
from attacking.wire import PASSWORD, Connection, Server, Unusable  # noqa: E402

sys.path.append(str(TOP / "Tests" / "Fuzzers"))
from altering import altered, pieces  # noqa: E402

# Seconds after which something is not answered.
PATIENCE = 60
KNOWN = {200, 201, 204, 304, 400, 401, 403, 404, 405, 406, 409, 412, 413, 414, 415, 417, 422, 429,
         431, 501, 503, 505}
TOKENS = [
    b"\r\n", b"\n", b"\r", b"\r\n\r\n", b" ", b"\t", b":", b"\0", b"%00", b"%2F", b"%", b"//", b"?",
    b"&", b"=", b"#", b"*", b"GET ", b"HEAD ", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b" HTTP/1.0",
    b" HTTP/1.1", b"HTTP/9.9", b"Host: b\r\n", b"Content-Length: 0\r\n", b"Content-Length: 5\r\n",
    b"Content-Length: 18446744073709551616\r\n", b"Transfer-Encoding: chunked\r\n",
    b"Expect: 100-continue\r\n", b"Connection: close\r\n", b"Upgrade: h2c\r\n", b"Range: bytes=0-1\r\n",
    b"Cookie: a=b; c\r\n", b"\r\n folded", b"0\r\n\r\n", b"ffffffffffffffff\r\n", b"\xff\xfe", b'"', b"{}",
    b"Accept: */*;q=0\r\n", b"If-Match: *\r\n", b"Forwarded: for=\r\n", b"A" * 3000, b"X: y\r\n" * 200]
# libmicrohttpd 0.9.75 writes the head of its own refusal of a bad Content-Length twice.
TWICE = re.compile(
    rb"(HTTP/1\.1 4[01][03] [A-Z a-z]+\r\nDate: [^\r]*\r\nConnection: close\r\n"
    rb"Content-Length: 1\d\d\r\n\r\n)\1")
NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class Request:
    """A good request, the statuses that may come, and whether the connection ends with it."""

    def __init__(self, verb, target, statuses, fields=(), body=None):
        self.ends = target.count("&") > 128
        self.verb = verb
        self.target = target
        self.statuses = statuses
        self.fields = list(fields)
        self.body = body

    def bytes(self, chance):
        """Its bytes: the body by its length or in chunks, the fields in any order."""
        fields = [*self.fields, "Host: localhost"]
        body = self.body or b""
        if self.body is not None:
            if not any(field.startswith("Content-Type") for field in fields):
                fields.append("Content-Type: application/json")
            if chance.random() < 0.4:
                fields.append("Transfer-Encoding: chunked")
                body = chunked(chance, body)
            else:
                fields.append(f"Content-Length: {len(body)}")
        chance.shuffle(fields)
        head = "\r\n".join([f"{self.verb} {self.target} HTTP/1.1", *fields, "", ""])
        return head.encode() + body


def chunked(chance, body):
    result = b""
    while body:
        size = chance.randint(1, len(body))
        extension = chance.choice([b"", b"", b";a=b"])
        result += b"%x" % size + extension + b"\r\n" + body[:size] + b"\r\n"
        body = body[size:]
    return result + b"0\r\n" + chance.choice([b"", b"", b"Trailer: x\r\n"]) + b"\r\n"


# Heads in which two readers may find another end; CONTRACT: each is refused with 400, then closed.
TWO_MEANINGS = [
    ["Host: a", "Content-Length: 5", "Content-Length: 5"],
    ["Host: a", "Content-Length: 0", "Content-Length: 60"],
    ["Host: a", "Content-Length: 5", "Transfer-Encoding: chunked"],
    ["Host: a", "Transfer-Encoding: chunked", "Content-Length: 5"],
    ["Host: a", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"],
    ["Host: a", "Transfer-Encoding: identity"], ["Host: a", "Transfer-Encoding: xchunked"],
    ["Host: a", "Transfer-Encoding: gzip, chunked"], ["Host: a", "Transfer-Encoding: chunked, gzip"],
    ["Host: a", "Transfer-Encoding: \x0bchunked"], ["Host: a", "Transfer-Encoding : chunked"],
    ["Host: a", "Content-Length : 5"], ["Host: a", "Content-Length: +5"],
    ["Host: a", "Content-Length: 5, 5"], ["Host: a", "Content-Length: 0x5"],
    ["Host: a", "Content-Length: -1"], ["Host: a", "Content-Length: 99999999999999999999999"],
    ["Host: a", "Content-Length:"], ["Host: a", "Host: b"], ["X: y"], ["Host: a", "X(Y): z"],
    ["Host: a", "X: a\x01b", "Content-Length: 5"], ["Host: a", "Content\x00-Length: 5"]]
# Bodies whose chunks are none.
NO_CHUNKS = [b"zz\r\n", b"-5\r\n", b"0x5\r\nhello\r\n", b"fffffffffffffffff\r\n", b"\r\n\r\n", b"5\r\nhelloXX\r\n",
             b";\r\n", b"5hello\r\n"]


def of_two_meanings(chance):
    """A request that is none, and another one behind it, which must not be run."""
    verb = chance.choice(["POST /posts", "GET /posts", "PUT /me/password", "POST /rpc"])
    if chance.random() < 0.2:
        body = chance.choice(NO_CHUNKS)
        fields = ["Host: a", "Content-Type: application/json", "Transfer-Encoding: chunked"]
        verb = "POST /rpc"
    else:
        body = chance.choice([b"", b"hello", b"0\r\n\r\n", b"5\r\nhello\r\n0\r\n\r\n"])
        fields = list(chance.choice(TWO_MEANINGS))
    head = "\r\n".join([f"{verb} HTTP/1.1", *fields, "", ""]).encode()
    return head + body + b"GET /ping HTTP/1.1\r\nHost: a\r\n\r\n"


class World:
    """What all connections may speak of, and what was found."""

    def __init__(self, server):
        self.server = server
        self.lock = threading.Lock()
        self.findings = []
        self.connections = 0
        self.answers = {}
        self.memory = 0

    def prepare(self):
        with Connection(self.server.port) as line:
            grant = line.call("auth.register", {
                "username": "fuzz_one", "password": PASSWORD, "attach": True})
            self.bearer = "Authorization: Bearer " + grant["access_token"]
            self.user = grant["user"]["id"]
            self.post = line.call("posts.create", {"body": "a post"})["id"]
            self.cursor = None
            for number in range(3):
                line.call("posts.create", {"body": f"post {number}"})
            self.cursor = line.call("posts.list", {"limit": 1})["next_cursor"]

    def find(self, what, sent):
        with self.lock:
            self.findings.append((what, sent))

    def probe(self):
        """The server answers others, and has not grown."""
        began = time.monotonic()
        try:
            with socket.create_connection(("127.0.0.1", self.server.ports["http"]), PATIENCE) as peer:
                peer.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                answer = peer.recv(4096)
            with Connection(self.server.port) as line:
                pong = line.call("server.ping", {})
        except OSError as error:
            return self.find(f"the server does not answer others: {error!r}", b"")
        if not answer.startswith(b"HTTP/1.1 200 ") or pong != "pong":
            self.find(f"the server answers others with {answer[:100]!r}, {pong!r}", b"")
        if time.monotonic() - began > PATIENCE:
            self.find(f"the server let others wait for more than {PATIENCE} s", b"")
        self.memory = max(self.memory, self.server.memory() >> 10)
        if self.memory > 512:
            self.find(f"the server takes {self.memory} MiB", b"")

    def request(self, chance):
        """A good request."""
        text = chance.choice(["Hello", "", "é😀\\n", "x" * 5001])
        status = 201 if 0 < len(text) <= 5000 else 400
        limit = chance.choice([(1, {200}), (100, {200}), (0, {400}), ("x", {400}), ("2.0", {200})])
        return Request(*chance.choice([
            ("GET", f"/posts?limit={limit[0]}", limit[1]),
            ("HEAD", f"/posts/{self.post}", {200}, [self.bearer]),
            ("GET", f"/posts/{self.post}", {304}, ["If-None-Match: *"]),
            ("GET", f"/posts?limit=1&cursor={self.cursor}", {200}, ["Accept-Encoding: gzip"]),
            ("GET", f"http://localhost/users/{self.user}", {200}, ["Accept: application/*;q=0.5"]),
            ("GET", "/users/%2e%2e%2fme", {400}), ("GET", "/posts?a=%zz", {400}),
            ("GET", "/me", {200}, [self.bearer]), ("GET", "/me", {401}),
            ("GET", "/me", {401}, ["Authorization: Bearer x.y.z"]),
            ("GET", "/posts", {406}, ["Accept: text/html"]), ("GET", "/nowhere", {404}),
            ("PUT", "/posts", {405}, [], b"{}"), ("BREW", "/posts", {405, 501}),
            ("OPTIONS", "*", {204}), ("OPTIONS", "/posts", {204}), ("GET", "/ping", {200}),
            ("GET", "/", {200}), ("GET", "/healthz", {200}), ("GET", "/readyz", {200}),
            ("GET", "/posts?" + "q=1&" * 2000, {414}), ("GET", "/" + "x" * 7000, {414}),
            ("POST", "/posts", {status}, [self.bearer], f'{{"body":"{text}"}}'.encode()),
            ("POST", "/posts", {400}, [self.bearer], b'{"body":'),
            ("POST", "/posts", {413}, [self.bearer], b"[" * 200),
            ("POST", "/posts", {415}, [self.bearer, "Content-Type: text/plain"], b"{}"),
            ("POST", "/rpc", {200}, [], b'{"jsonrpc":"2.0","id":1,"method":"server.ping"}'),
            ("POST", "/rpc", {204}, [], b'{"jsonrpc":"2.0","method":"server.ping"}'),
            ("DELETE", f"/posts/{self.user}", {404}, [self.bearer]),
            ("PATCH", f"/posts/{self.post}", {412}, [self.bearer, 'If-Match: "x"'], b'{"body":"b"}'),
        ]))


class Conversation:
    """One connection: what is sent, and what must come of it."""

    def __init__(self, world, seed):
        self.world = world
        self.random = random.Random(seed)
        self.requests = []
        for _ in range(self.random.randint(0, 6)):
            self.requests.append(world.request(self.random))
            if self.requests[-1].ends:
                break
        self.bytes = b"".join(request.bytes(self.random) for request in self.requests)
        # How many answers may come behind those of the good requests; nothing bounds altered ones.
        self.more = 0
        self.is_refused = False
        self.was_reset = False
        chance = self.random.random()
        if self.requests and self.requests[-1].ends:
            self.bytes += world.request(self.random).bytes(self.random)
        elif chance < 0.35:
            self.more, self.is_refused = 1, True
            self.bytes += of_two_meanings(self.random)
        elif chance < 0.85:
            self.more = None
            example = b"".join(world.request(self.random).bytes(self.random) for _ in range(2))
            self.bytes += altered(self.random, example, TOKENS)
        elif chance < 0.95:
            self.more = None
            self.bytes += self.random.randbytes(self.random.randint(1, 200))

    def run(self):
        peer = socket.create_connection(("127.0.0.1", self.world.server.ports["http"]), PATIENCE)
        with peer:
            if self.random.random() < 0.1:
                # Goes away without a word, perhaps with answers unread.
                peer.sendall(self.bytes[:self.random.randint(0, len(self.bytes))])
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return
            sender = threading.Thread(target=self.send, args=(peer,), daemon=True)
            sender.start()
            self.judge(self.receive(peer))
            sender.join(PATIENCE)

    def send(self, peer):
        try:
            for piece in pieces(self.random, self.bytes):
                peer.sendall(piece)
                if self.random.random() < 0.05:
                    time.sleep(0.001)
            # An end that comes with the last bytes is noticed a second later.
            if self.random.random() < 0.9:
                time.sleep(0.01)
            peer.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def receive(self, peer):
        received = bytearray()
        try:
            while chunk := peer.recv(65536):
                received += chunk
        except TimeoutError:
            self.world.find(
                f"the connection was not ended within {PATIENCE} s of its input", self.bytes)
        except OSError:
            self.was_reset = True
        return TWICE.sub(rb"\1", bytes(received))

    def judge(self, received):
        rest, count = received, 0
        is_closing = False
        while rest:
            asked = self.requests[count] if count < len(self.requests) else None
            if is_closing:
                return self.find("an answer behind the last one", rest)
            try:
                status, fields, rest = take_answer(rest, asked.verb if asked else None)
            except ValueError as error:
                return self.find(str(error), rest)
            if status == 100:
                continue
            if status not in KNOWN:
                return self.find(f"the status {status}", received)
            if asked and status not in asked.statuses:
                return self.find(f"{asked.verb} {asked.target[:60]} gets {status}", received)
            is_closing = fields.get(b"connection") == b"close"
            if not asked and self.is_refused and not (status >= 400 and is_closing):
                return self.find(f"what has two meanings gets {status}", received)
            count += 1
            with self.world.lock:
                self.world.answers[status] = self.world.answers.get(status, 0) + 1
        # A refusal of the library's own, with more behind it, may be followed by a reset, which
        # destroys what is on its way.
        if self.was_reset and self.more != 0:
            return
        if count < len(self.requests):
            self.find(f"{count} answers for {len(self.requests)} good requests", received)
        elif self.more is not None and count > len(self.requests) + self.more:
            self.find(f"{count} answers for {len(self.requests)} requests", received)

    def find(self, what, received):
        self.world.find(f"{what}: {received[:300]!r}", self.bytes)


def take_answer(data, verb):
    """The status and fields of the first answer, and what comes behind it; ValueError for none."""
    head, end, rest = data.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    line = re.fullmatch(rb"HTTP/1\.[01] ([1-5]\d\d) [ -~]*", lines[0])
    if not line or not end:
        raise ValueError("no head of an answer")
    fields = {}
    for field in lines[1:]:
        name, colon, value = field.partition(b": ")
        if not colon or not NAME.fullmatch(name) or re.search(rb"[\x00-\x1f\x7f]", value):
            raise ValueError(f"the field {field[:100]!r}")
        fields[name.lower()] = value
    status = int(line[1])
    # Whether an altered request was a HEAD is seen by what comes.
    is_bodiless = verb == "HEAD" or verb is None and (not rest or rest.startswith(b"HTTP/1.1 "))
    if status < 200 or status in (204, 304) or is_bodiless:
        return status, fields, rest
    if not fields.get(b"content-length", b"").isdigit():
        raise ValueError("an answer without a length")
    length = int(fields[b"content-length"])
    body = rest[:length]
    if len(body) < length:
        raise ValueError(f"{len(body)} bytes of an answer of {length}")
    kind = fields.get(b"content-type", b"")
    if b"json" in kind and b"content-encoding" not in fields:
        tree = json.loads(body)
        if b"problem" in kind and tree["status"] != status:
            raise ValueError("a problem of another status")
    return status, fields, rest[length:]


def work(world, seeds, until):
    for number, seed in enumerate(seeds):
        if time.monotonic() > until or world.findings:
            return
        try:
            Conversation(world, seed).run()
        except OSError as error:
            return world.find(f"a connection failed: {error!r}", str(seed).encode())
        if number % 50 == 49:
            world.probe()
        with world.lock:
            world.connections += 1


def fuzz(options):
    with Server(options.command, "--http", "127.0.0.1:0") as server:
        world = World(server)
        world.prepare()
        world.probe()
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
        if status is None:
            world.probe()
            status = server.stop()
        if status != 0:
            world.find(f"the server ended with status {status}", b"")
    return world


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("command", help="the server's program, after --")
    options = parser.parse_args()
    if options.seed is None:
        options.seed = random.getrandbits(32)
    print(f"seed {options.seed}", flush=True)
    try:
        world = fuzz(options)
    except (Unusable, OSError) as error:
        print(f"cannot go on: {error}", file=sys.stderr)
        sys.exit(2)
    counts = ", ".join(f"{count} of {status}" for status, count in sorted(world.answers.items()))
    print(f"{world.connections} connections, answers: {counts}; {world.memory} MiB, "
          f"{len(world.findings)} findings")
    for what, sent in world.findings[:5]:
        print(f"  {what}\n    sent: {sent[:2000]!r}")
    sys.exit(1 if world.findings else 0)


if __name__ == "__main__":
    main()
