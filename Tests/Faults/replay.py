#!/usr/bin/env python3
"""Replays the golden conversations of Protocol/transcripts against a server, over TCP and TLS.

    replay.py --program .build/debug/mentalmuse [--over tcp,tls] [FILE...]   starts what each needs
    replay.py --tcp HOST:PORT [--tls HOST:PORT --ca FILE] [--admin SOCKET] [FILE...]

What a transcript may say is told in Protocol/transcripts/README.md. Standard library only. Exit status
0 if all agree, 1 if one does not, 2 for wrong use.
"""
import argparse
import atexit
import base64
import json
import os
import re
import select
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PATIENCE = 10.0
BASE_FLAGS = ["--argon2-memory-kib=64", "--argon2-passes=1",
              "--login-failures-address-max=1000000"]


class Differs(Exception):
    """The server and the transcript do not agree."""


class Broken(Exception):
    """The transcript itself cannot be understood."""


class Number:
    """A number that keeps its text."""

    def __init__(self, text):
        self.text = text

    def value(self):
        return int(self.text) if re.fullmatch(r"-?\d+", self.text) else float(self.text)

    def __eq__(self, other):
        return isinstance(other, Number) and self.value() == other.value()

    def __repr__(self):
        return self.text


def unique(pairs):
    names = [name for name, _ in pairs]
    if len(names) != len(set(names)):
        raise ValueError("a repeated member in an answer")
    return dict(pairs)


DECODER = json.JSONDecoder(parse_int=Number, parse_float=Number, object_pairs_hook=unique,
                           parse_constant=lambda word: 1 / 0)


def encode(value):
    """Compact JSON; numbers as they were written, text beyond ASCII raw."""
    if isinstance(value, Number):
        return value.text
    if isinstance(value, dict):
        inner = ",".join(json.dumps(k, ensure_ascii=False) + ":" + encode(v)
                         for k, v in value.items())
        return "{" + inner + "}"
    if isinstance(value, list):
        return "[" + ",".join(encode(v) for v in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def id_bytes(line):
    """The bytes of the top level member `id`, as they stand in the line."""
    position = line.index("{") + 1
    while True:
        name, position = json.decoder.scanstring(line, line.index('"', position) + 1, True)
        start = line.index(":", position) + 1
        _, position = DECODER.raw_decode(line, start)
        if name == "id":
            return line[start:position]


# Connections

class Connection:
    """One connection: lines out, lines in, told apart from the end of input and from a reset."""

    def __init__(self, raw, context=None):
        raw.settimeout(PATIENCE)
        self.raw = raw
        self.pending = b""
        self.ended = False
        self.tls = None
        self.pool = []
        self.count = 0
        if context:
            self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname="localhost")
            self.pump(self.tls.do_handshake)

    def pump(self, step):
        while True:
            try:
                result = step()
                self.flush()
                return result
            except ssl.SSLWantReadError:
                self.flush()
                data = self.raw.recv(65536)
                self.incoming.write(data) if data else self.incoming.write_eof()

    def flush(self):
        data = self.outgoing.read()
        if data:
            self.push(data)

    def push(self, data):
        """Sends all, reading meanwhile what comes, so that neither side waits for the other."""
        view = memoryview(data)
        end = time.monotonic() + PATIENCE
        while view:
            readable, writable, _ = select.select([self.raw], [self.raw], [], PATIENCE)
            if readable and not self.ended and not self.tls:
                try:
                    more = self.raw.recv(65536)
                except ConnectionResetError:
                    raise Differs("the connection was reset")
                if not more:
                    self.ended = True
                self.pending += more
            if self.ended:
                return
            if writable:
                try:
                    view = view[self.raw.send(view[:65536]):]
                except (BrokenPipeError, ConnectionResetError):
                    return
            if time.monotonic() > end:
                raise Differs("the server takes no more input")

    def write(self, data):
        if self.tls:
            view = memoryview(data)
            while view:
                sent = self.pump(lambda: self.tls.write(view[:16384]))
                view = view[sent:]
        else:
            self.push(data)

    def line(self):
        """The next line, None at the end of input."""
        while b"\n" not in self.pending:
            if self.ended:
                if self.pending:
                    raise Differs("half a line at the end: %r" % self.pending[:200])
                return None
            try:
                if self.tls:
                    try:
                        data = self.pump(lambda: self.tls.read(65536))
                    except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                        data = b""
                else:
                    data = self.raw.recv(65536)
            except ConnectionResetError:
                raise Differs("the connection was reset")
            except TimeoutError:
                raise Differs("no answer within %g s" % PATIENCE)
            if not data:
                self.ended = True
            self.pending += data
        line, _, self.pending = self.pending.partition(b"\n")
        return line.decode("utf-8")

    def half_close(self):
        try:
            if self.tls:
                try:
                    self.tls.unwrap()
                except ssl.SSLWantReadError:
                    pass
                self.flush()
            else:
                self.raw.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def close(self, reset=False):
        if reset:
            self.raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.raw.close()


# Patterns

ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
TOKEN = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+")
KINDS = {
    "any": lambda v: True,
    "string": lambda v: isinstance(v, str),
    "text": lambda v: isinstance(v, str) and v != "",
    "int": lambda v: isinstance(v, Number) and isinstance(v.value(), int),
    "bool": lambda v: isinstance(v, bool),
    "object": lambda v: isinstance(v, dict),
    "list": lambda v: isinstance(v, list),
    "id": lambda v: isinstance(v, str) and ID.fullmatch(v),
    "time": lambda v: isinstance(v, str) and TIME.fullmatch(v),
    "token": lambda v: isinstance(v, str) and TOKEN.fullmatch(v),
}
TYPES = {
    "string": lambda v: isinstance(v, str),
    "integer": KINDS["int"],
    "number": lambda v: isinstance(v, Number),
    "boolean": KINDS["bool"],
    "object": KINDS["object"],
    "array": KINDS["list"],
    "null": lambda v: v is None,
}


class Schema:
    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.root = json.load(file)
        self.types = self.root["components"]["schemas"]
        self.errors = self.root["components"]["errors"]

    def check(self, schema, value, where):
        if "$ref" in schema:
            return self.check(self.types[schema["$ref"].rsplit("/", 1)[1]], value, where)
        if "oneOf" in schema:
            for one in schema["oneOf"]:
                try:
                    return self.check(one, value, where)
                except Differs as error:
                    last = error
            raise last
        kinds = schema.get("type", [])
        kinds = [kinds] if isinstance(kinds, str) else kinds
        if kinds and not any(TYPES[kind](value) for kind in kinds):
            raise Differs("%s: %s is no %s" % (where, brief(value), " or ".join(kinds)))
        if "enum" in schema and value not in schema["enum"]:
            raise Differs("%s: %s is none of %s" % (where, brief(value), schema["enum"]))
        if isinstance(value, str):
            if schema.get("x-check") == "uuidv7" and not ID.fullmatch(value):
                raise Differs("%s: %s is no id" % (where, brief(value)))
            if schema.get("format") == "date-time" and not TIME.fullmatch(value):
                raise Differs("%s: %s is no time" % (where, brief(value)))
        elif isinstance(value, Number):
            if not schema.get("minimum", value.value()) <= value.value() <= schema.get(
                    "maximum", value.value()):
                raise Differs("%s: %s is out of bounds" % (where, value))
        elif isinstance(value, list) and "items" in schema:
            for index, item in enumerate(value):
                self.check(schema["items"], item, "%s/%d" % (where, index))
        elif isinstance(value, dict) and "properties" in schema:
            self.members(schema, value, where, set())

    def members(self, schema, value, where, named):
        """Exactly the required members and, of the optional ones, those that are named."""
        expected = set(schema.get("required", [])) | (named & set(schema["properties"]))
        if set(value) != expected:
            raise Differs("%s: has %s, lacks %s" % (
                where, sorted(set(value) - expected), sorted(expected - set(value))))
        for name in value:
            self.check(schema["properties"][name], value[name], where + "/" + name)


def brief(value):
    text = encode(value)
    return text if len(text) < 160 else text[:160] + "…"


class Match:
    """Compares answers with patterns and keeps what they capture."""

    def __init__(self, schema, variables):
        self.schema, self.variables = schema, variables

    def fill(self, value):
        """Replaces `{name}` and `{repeat:text:count}`, in strings at any depth."""
        if isinstance(value, str):
            whole = re.fullmatch(r"\{([A-Za-z_][\w.]*)\}", value)
            if whole:
                return self.lookup(whole.group(1))
            text = re.sub(r"\{repeat:([^{}]*?):(\d+)\}",
                          lambda m: m.group(1) * int(m.group(2)), value)
            return re.sub(r"\{([A-Za-z_][\w.]*)\}", lambda m: self.plain(m.group(1)), text)
        if isinstance(value, list):
            return [self.fill(item) for item in value]
        if isinstance(value, dict):
            return {self.fill(name): self.fill(item) for name, item in value.items()}
        return value

    def lookup(self, name):
        if name not in self.variables:
            raise Broken("no variable " + name)
        return self.variables[name]

    def plain(self, name):
        value = self.lookup(name)
        return value if isinstance(value, str) else encode(value)

    def check(self, pattern, value, where=""):
        if isinstance(pattern, str) and pattern.startswith("$"):
            self.word(pattern, value, where)
        elif isinstance(pattern, dict):
            self.object(pattern, value, where)
        elif isinstance(pattern, list):
            if not isinstance(value, list) or len(value) != len(pattern):
                raise Differs("%s: %s instead of %d items" % (where, brief(value), len(pattern)))
            for index, item in enumerate(pattern):
                self.check(item, value[index], "%s/%d" % (where, index))
        else:
            pattern = self.fill(pattern)
            if type(pattern) is not type(value) or pattern != value:
                raise Differs("%s: %s instead of %s" % (where, brief(value), brief(pattern)))

    def word(self, pattern, value, where):
        kind, _, name = pattern[1:].partition(":")
        if pattern.startswith("$$"):
            good = value == self.fill(pattern[1:])
        elif kind == "other":
            good, name = isinstance(value, str) and value != self.lookup(name), ""
        elif kind == "above":
            other = self.lookup(name)
            good, name = isinstance(value, str) and value > other, ""
        elif kind in KINDS:
            good = KINDS[kind](value)
        elif kind in self.schema.types:
            self.schema.check(self.schema.types[kind], value, where)
            good = True
        else:
            raise Broken("no matcher " + pattern)
        if not good:
            raise Differs("%s: %s instead of %s" % (where, brief(value), pattern))
        if name:
            self.variables[name] = value

    def object(self, pattern, value, where):
        if "$error" in pattern:
            return self.error(pattern, value, where)
        if "$each" in pattern:
            if not isinstance(value, list):
                raise Differs("%s: %s is no list" % (where, brief(value)))
            if "count" in pattern:
                self.check(pattern["count"], Number(str(len(value))), where + "/count")
            for index, item in enumerate(value):
                self.check(pattern["$each"], item, "%s/%d" % (where, index))
            return
        if "$contains" in pattern:
            for item in value if isinstance(value, list) else []:
                try:
                    return self.check(pattern["$contains"], item, where)
                except Differs:
                    continue
            raise Differs("%s: nothing in %s fits %s" % (
                where, brief(value), brief(pattern["$contains"])))
        if not isinstance(value, dict):
            raise Differs("%s: %s is no object" % (where, brief(value)))
        rest = {name: item for name, item in pattern.items() if name not in ("$", "...")}
        if "$" in pattern:
            self.schema.members(self.schema.types[pattern["$"]], value, where, set(rest))
        elif "..." not in pattern and set(rest) != set(value):
            raise Differs("%s: has %s, lacks %s" % (
                where, sorted(set(value) - set(rest)), sorted(set(rest) - set(value))))
        for name, item in rest.items():
            if name not in value:
                raise Differs("%s: lacks %s" % (where, name))
            self.check(item, value[name], where + "/" + name)

    def error(self, pattern, value, where):
        """An error of the schema by its name: code, a message, and exactly its data."""
        name = pattern["$error"]
        if name not in self.schema.errors:
            raise Broken("no error " + name)
        stated = self.schema.errors[name]
        if not isinstance(value, dict) or set(value) != {"code", "message", "data"}:
            raise Differs("%s: %s is no error" % (where, brief(value)))
        if not isinstance(value["code"], Number) or value["code"].value() != stated["code"]:
            raise Differs("%s: %s instead of %s" % (where, brief(value), name))
        if not isinstance(value["message"], str) or not value["message"]:
            raise Differs(where + ": no message")
        data, told = value["data"], self.schema.root["x-error-data"].get(name, {})
        allowed = dict(told.get("properties", {}))
        given = {k: v for k, v in pattern.items() if k not in ("$error", "offences")}
        optional = {k: v for k, v in told.get("optional", {}).items() if k in given}
        expected = {"name", "status", "retry"} | set(allowed) | set(optional)
        if not isinstance(data, dict) or set(data) != expected:
            raise Differs("%s/data: %s instead of members %s" % (
                where, brief(data), sorted(expected)))
        for member in ("name", "status", "retry"):
            if data[member] != stated["data"][member]:
                raise Differs("%s/data/%s: %s" % (where, member, data[member]))
        for member, schema in {**allowed, **optional}.items():
            self.schema.check(schema, data[member], where + "/data/" + member)
        for member, item in given.items():
            if member not in data:
                raise Differs("%s/data: lacks %s" % (where, member))
            self.check(item, data[member], where + "/data/" + member)
        if "offences" in pattern:
            self.offences(pattern["offences"], data["errors"], where + "/data/errors")

    def offences(self, wanted, told, where):
        """Each offence once, in any order: [path, rule] or [path, rule, expected]."""
        left = list(told)
        for offence in wanted:
            for index, item in enumerate(left):
                if item["path"] != self.fill(offence[0]) or item["rule"] != offence[1]:
                    continue
                if len(offence) > 2:
                    self.check(offence[2], item["expected"], where)
                del left[index]
                break
            else:
                raise Differs("%s: lacks %s in %s" % (where, brief(offence), brief(told)))
        if left:
            raise Differs("%s: also has %s" % (where, brief(left)))


# Transcripts

def read(path):
    """The head of a transcript, and its steps with their line numbers."""
    steps = []
    with open(path, encoding="utf-8") as file:
        for number, text in enumerate(file, 1):
            if text.strip():
                try:
                    steps.append((number, DECODER.decode(text.strip())))
                except ValueError as error:
                    raise Broken("%s:%d: %s" % (path, number, error))
    if not steps or "about" not in steps[0][1]:
        raise Broken(path + ": the first line tells what it is about")
    return steps[0][1], steps[1:]


class Replay:
    """One run of one transcript over one transport."""

    def __init__(self, server, transport, schema, mark):
        self.server, self.transport = server, transport
        self.variables = {"u": mark, "pw": "correct horse battery 7", "address": "127.0.0.1",
                          "folder": tempfile.gettempdir() if server.folder is None
                          else server.folder}
        self.match = Match(schema, self.variables)
        self.connections = {}

    def on(self, step):
        name = step.get("on", "a")
        if name not in self.connections:
            self.connections[name] = self.server.connect(
                "admin" if name == "operator" else self.transport)
        return self.connections[name]

    def run(self, steps):
        try:
            for number, step in steps:
                times = step.pop("times", Number("1")).value()
                for count in range(1, times + 1):
                    self.variables["i"] = Number(str(count))
                    try:
                        self.step(step)
                    except Differs as error:
                        raise Differs("line %d: %s" % (number, error))
                    except Broken as error:
                        raise Broken("line %d: %s" % (number, error))
            for name, connection in self.connections.items():
                try:
                    self.finish(connection)
                except Differs as error:
                    raise Differs("at the end, connection %s: %s" % (name, error))
        finally:
            for connection in self.connections.values():
                connection.close()

    def finish(self, connection):
        """What was read is answered before the end of input: whatever comes now was not foretold."""
        connection.half_close()
        self.expect_close(connection)

    def expect_close(self, connection):
        while (line := connection.line()) is not None:
            connection.pool.append(line)
        if connection.pool:
            raise Differs("also said: " + connection.pool[0][:300])

    def step(self, step):
        if "call" in step:
            return self.call(step)
        if "user" in step:
            return self.user(step)
        if "about" in step:
            return None
        for kind in ("close", "reset", "half_close"):
            if kind in step:
                connection = self.connections[step[kind]]
                if kind == "half_close":
                    return connection.half_close()
                del self.connections[step[kind]]
                return connection.close(reset=kind == "reset")
        if "let" in step:
            self.variables.update(self.match.fill(step["let"]))
            return None
        if "forge" in step:
            token = self.match.lookup(step["forge"])
            self.variables[step["to"]] = forged(token, step["how"])
            return None
        if "claims" in step:
            return self.claims(step)
        connection = self.on(step)
        if "send" in step:
            line = self.match.fill(step["send"])
            connection.write(encode(line).encode("utf-8") + b"\n")
        if "lines" in step:
            lines = [encode(self.match.fill(line)) + "\n" for line in step["lines"]]
            connection.write("".join(lines).encode("utf-8"))
        if "raw" in step:
            connection.write(self.match.fill(step["raw"]).encode("utf-8"))
        if "hex" in step:
            connection.write(bytes.fromhex(step["hex"]))
        if "expect" in step:
            self.expect(connection, step)
        if "expect_nothing" in step:
            self.expect_nothing(connection)
        if "expect_close" in step:
            self.expect_close(connection)
        return None

    def call(self, step):
        connection = self.on(step)
        connection.count += 1
        call_id = Number(str(connection.count))
        params = self.match.fill(step["params"]) if "params" in step else None
        meta = dict(self.match.fill(step.get("meta", {})))
        if "as" in step:
            meta = {"access_token": self.match.lookup(step["as"] + ".access"), **meta}
        if meta:
            params = {**(params or {}), "_meta": meta}
        request = {"jsonrpc": "2.0", "id": call_id, "method": step["call"]}
        if params is not None:
            request["params"] = params
        connection.write(encode(request).encode("utf-8") + b"\n")
        if "error" in step:
            outcome = {"error": {"$error": step["error"], **step.get("data", {})}}
            if "offences" in step:
                outcome["error"]["offences"] = step["offences"]
        else:
            outcome = {"result": step.get("result", "$any")}
        answer = self.take(connection, {"jsonrpc": "2.0", "id": call_id, **outcome})
        if "keep" in step:
            self.keep(step["keep"], answer["result"])

    def keep(self, name, grant):
        """A Grant's parts under a name: NAME.access, .refresh, .session, .id, .username."""
        self.variables[name + ".access"] = grant["access_token"]
        self.variables[name + ".refresh"] = grant["refresh_token"]
        self.variables[name + ".session"] = grant["session_id"]
        self.variables[name + ".id"] = grant["user"]["id"]
        self.variables[name + ".username"] = grant["user"]["username"]

    def user(self, step):
        """A new account NAME_{u}, kept under its name, attached on the connection of its name."""
        name, role = step["user"], step.get("role", "user")
        params = {"username": name + "_{u}", "password": "{pw}"}
        if role == "user":
            call = {"call": "auth.register", "params": {**params, "attach": True}}
        else:
            self.call({"call": "admin.create_user", "on": "operator",
                       "params": {**params, "role": role}})
            call = {"call": "auth.login", "params": {**params, "attach": True}}
        self.call({**call, "on": name, "keep": name})

    def expect(self, connection, step):
        pattern = step["expect"]
        line = self.take(connection, pattern, whole=True)
        if "id_bytes" in step and id_bytes(line) != step["id_bytes"]:
            raise Differs("the id came back as %s instead of %s" % (
                id_bytes(line), step["id_bytes"]))

    def take(self, connection, pattern, whole=False):
        """The answer for that pattern: of its id, the first batch, or the first notification."""
        for index, line in enumerate(connection.pool):
            if self.is_for(pattern, line):
                del connection.pool[index]
                break
        else:
            while True:
                line = connection.line()
                if line is None:
                    raise Differs("closed; no answer for %s; unread: %s" % (
                        brief(pattern), connection.pool[:2]))
                if self.is_for(pattern, line):
                    break
                connection.pool.append(line)
        value = DECODER.decode(line)
        self.match.check(pattern, value)
        return line if whole else value

    def is_for(self, pattern, line):
        try:
            value = DECODER.decode(line)
        except (ValueError, ZeroDivisionError) as error:
            raise Differs("no JSON: %s: %s" % (error, line[:300]))
        if isinstance(pattern, list) or isinstance(value, list):
            return isinstance(pattern, list) and isinstance(value, list)
        if "method" in pattern or "method" in value:
            return value.get("method") == pattern.get("method")
        if "id" not in pattern:
            raise Broken("an expected answer has an id")
        wanted, given = self.match.fill(pattern["id"]), value.get("id")
        return type(wanted) is type(given) and wanted == given

    def expect_nothing(self, connection):
        """A ping is answered, and nothing else has come; the end of the run looks once more."""
        connection.count += 1
        ping = {"jsonrpc": "2.0", "id": "nothing-%d" % connection.count, "method": "server.ping"}
        connection.write(encode(ping).encode() + b"\n")
        self.take(connection, {"jsonrpc": "2.0", "id": ping["id"], "result": "pong"})
        if connection.pool:
            raise Differs("said, though nothing was due: " + connection.pool[0][:300])

    def claims(self, step):
        head, body, _ = self.match.lookup(step["claims"]).split(".")
        for part, pattern in ((head, step.get("head")), (body, step.get("body"))):
            if pattern is not None:
                text = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode("utf-8")
                self.match.check(pattern, DECODER.decode(text), "claims")


def forged(token, how):
    """A token that must not hold: one part altered, or none of it signed."""
    head, body, signature = token.split(".")
    if how == "signature":
        return ".".join((head, body, ("B" if signature[0] == "A" else "A") + signature[1:]))
    if how == "body":
        other = "f" if body[8] != "f" else "g"
        return ".".join((head, body[:8] + other + body[9:], signature))
    if how == "none":
        plain = base64.urlsafe_b64encode(b'{"alg":"none","typ":"at+jwt"}').decode().rstrip("=")
        return plain + "." + body + "."
    if how == "cut":
        return token[:-1]
    if how == "padded":
        return token + "="
    raise Broken("no way to forge: " + how)


# Servers

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
        import threading
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
    failures = run_all(files, over, program, fixed, schema)
    return 1 if failures else 0


def run_all(files, over, program, fixed, schema):
    failures, stamp, count = [], int(time.time() * 1000) % 36 ** 4, 0
    print("%-34s %s" % ("transcript", "  ".join("%-6s" % t for t in over)))
    for path in files:
        name, row = os.path.basename(path)[:-6], []
        for transport in over:
            count += 1
            mark = base36(stamp * 1296 + count).rjust(6, "0")
            began = time.monotonic()
            try:
                head, steps = read(path)
                if transport not in head.get("over", ["tcp", "tls"]) or (
                        fixed and (head.get("flags") or head.get("alone"))):
                    row.append("-")
                    continue
                server = fixed or program.server(head)
                Replay(server, transport, schema, mark).run(steps)
                row.append("%d ms" % ((time.monotonic() - began) * 1000))
            except (Differs, Broken, OSError, ValueError, KeyError, TypeError) as error:
                row.append("FAILED")
                failures.append("%s over %s: %s %s" % (name, transport, type(error).__name__, error))
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
