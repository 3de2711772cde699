"""Reading a transcript, and walking through its steps."""
import base64
import tempfile

from .pattern import Match, brief
from .text import DECODER, Broken, Differs, Number, encode, id_bytes


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
        """What was read is answered before the end of input: what comes now was not foretold."""
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
