#!/usr/bin/env python3
"""Captures every operation in both styles from a running server, for Protocol/RPC-and-REST.md.

    contrast.py --write | --check [--program .build/release/mentalmuse] [--page FILE]

--write puts the captures between the page's marks; --check captures anew and fails where a byte
that is not bound to the run differs. Each style has a server of its own and the same steps
(scenes.py); what differs from run to run is replaced (steady.py).
"""
import argparse
import difflib
import json
import os
import re

import scenes
import soap
from serving import Server, Wire
from steady import Steady

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MARKS = "<!-- captured: begin -->", "<!-- captured: end -->"
SOAP = ("posts.create", "comments.list")


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


class Scene:
    """One style's run through the steps, on its own server."""

    def __init__(self, program, methods):
        self.methods = methods
        self.server = Server(program)
        self.server.operator("admin.create_user", username="ada", password=scenes.FIRST,
                             role="admin")
        self.known = {}
        self.steady = Steady()

    def params(self, params):
        return {name: self.known[value[1:-1]] if re.fullmatch(r"\{\w+\}", str(value)) else value
                for name, value in params.items()}

    def keep(self, names, result):
        for name, path in names.items():
            value = result
            for part in path.split("."):
                value = value[part]
            self.known[name] = value

    def run(self):
        """method -> (sent, received, params, result), the first of each; bytes as they went."""
        captures = {}
        try:
            for number, (method, caller, params, names) in enumerate(self.steps, 1):
                params = self.params(params)
                one = self.step(number, method, caller, params)
                if one:
                    self.keep(names, one[3])
                    captures.setdefault(method, one)
            self.besides = self.extras()
        finally:
            self.server.stop()
        return captures


class LineScene(Scene):
    """Every caller has a connection, which logging in attaches."""

    def step(self, number, method, caller, params):
        wires = self.__dict__.setdefault("wires", {})
        wire = wires.setdefault(caller, None) or Wire(self.server.port)
        wires[caller] = wire
        if method in scenes.BINDING and caller:
            params = {**params, "attach": True}
        message = {"jsonrpc": "2.0", "id": number, "method": method}
        if params:
            message["params"] = params
        sent = (compact(message) + "\n").encode()
        received = wire.line(sent)
        answer = json.loads(received)
        if "error" in answer:
            raise SystemExit("%s: %s" % (method, received.decode()))
        return sent, received, params, answer["result"]


    def extras(self):
        """What lines have a word for: a refusal, a batch with a notification in it."""
        wire = self.wires[None]

        def ask(number, method, **params):
            message = {"jsonrpc": "2.0", "id": number, "method": method}
            return {**message, "params": params} if params else message

        gone = compact(ask(90, "posts.get", id=self.known["post"]))
        silent = {"jsonrpc": "2.0", "method": "server.ping"}
        batch = compact([ask(91, "server.ping"), silent, ask(92, "users.list", limit=5)])
        return [(title, sent, wire.line(sent))
                for title, sent in (("A refusal", (gone + "\n").encode()),
                                    ("A batch of three, one of them a notification",
                                     (batch + "\n").encode()))]


class HTTPScene(Scene):
    """One connection, kept alive; every request says who is calling."""

    def step(self, number, method, caller, params):
        wires = self.__dict__.setdefault("wires", {})
        wire = wires.setdefault("all", None) or Wire(self.server.http)
        wires["all"] = wire
        place = self.methods[method]["x-rest"]
        if not place:
            return None
        token = self.known.get(caller) if method not in scenes.BINDING else None
        sent = self.request(place, params, token)
        received = wire.exchange(sent)
        head, _, body = received.partition(b"\r\n\r\n")
        if int(head[9:12]) >= 300:
            raise SystemExit("%s: %s" % (method, received.decode()))
        return sent, received, params, json.loads(body) if body else {}

    def extras(self):
        """What HTTP has a word for: a refusal, a state that is known, a line in a POST."""
        wire = self.wires["all"]
        ask = "GET %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n"
        gone = (ask % ("/posts/" + self.known["post"], "")).encode()
        page = wire.exchange((ask % ("/users?limit=5", "")).encode())
        tag = re.search(r'ETag: ("[^"]*")', page.decode()).group(1)
        known = (ask % ("/users?limit=5", "If-None-Match: %s\r\n" % tag)).encode()
        body = compact({"jsonrpc": "2.0", "id": 1, "method": "server.ping"})
        line = ("POST /rpc HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                "Content-Length: %d\r\n\r\n%s" % (len(body), body)).encode()
        return [("A refusal", gone, wire.exchange(gone)),
                ("A page that the caller still has", known, wire.exchange(known)),
                ("A JSON-RPC line in a POST", line, wire.exchange(line))]

    @staticmethod
    def request(place, params, token):
        path, rest = place["path"], dict(params)
        for name in re.findall(r"\{(\w+)\}", path):
            found = name if name in rest else next(one for one in rest if one.endswith("_" + name))
            path = path.replace("{%s}" % name, str(rest.pop(found)))
        fields = ["Host: localhost"]
        if token:
            fields.append("Authorization: Bearer " + token)
        body = b""
        if rest and place["verb"] == "GET":
            path += "?" + "&".join("%s=%s" % item for item in rest.items())
        elif rest:
            body = compact(rest).encode()
            fields += ["Content-Type: application/json", "Content-Length: %d" % len(body)]
        head = "%s %s HTTP/1.1\r\n%s\r\n\r\n" % (place["verb"], path, "\r\n".join(fields))
        return head.encode() + body


# MARK: The page's section

def shown(text):
    return text.replace("\r\n", "\n").rstrip("\n")


def passing(text):
    """An answer without what only that moment knew."""
    text = re.sub(r"(Content-Length: |ETag: )[^\n\r]*", r"\1…", text)
    text = re.sub(r'("result":)\{.*\}(?=\}\s*$)', r"\1{…}", text, flags=re.S)
    return re.sub(r"(\r\n\r\n)\{.*\}", r"\1{…}", text, flags=re.S)


def section(lines, exchanges, steadies):
    rows = ["| operation | RPC out | RPC in | REST out | REST in | |", "|---|--:|--:|--:|--:|---|"]
    blocks = []
    for method, line in lines.items():
        exchange = exchanges.get(method)
        isPassing = method in scenes.PASSING
        counts = [len(line[0]), "varies" if isPassing else len(line[1])]
        counts += ([len(exchange[0]), "varies" if isPassing else len(exchange[1])]
                   if exchange else ["–", "–"])
        place = exchange[0].split(b" ")[0].decode() if exchange else "lines alone"
        anchor = re.sub(r"[^a-z_]", "", method)
        rows.append("| [`%s`](#%s) | %s | %s | %s | %s | %s |" % (method, anchor, *counts, place))
        texts = [steadies[0].text(line[0]), steadies[0].text(line[1])]
        if exchange:
            texts += [steadies[1].text(exchange[0]), steadies[1].text(exchange[1])]
        if isPassing:
            texts[1], texts[3] = passing(texts[1]), passing(texts[3])
        blocks += ["", "### %s" % method, "", "```", "> " + shown(texts[0]),
                   "< " + shown(texts[1]), "```"]
        if exchange:
            blocks += ["", "```http", shown(texts[2]), "```", "", "```http", shown(texts[3]), "```"]
        else:
            blocks += ["", "It binds the connection, which HTTP has nothing for."]
    totals = [sum(len(lines[method][at]) for method in exchanges if method not in scenes.PASSING)
              for at in (0, 1)]
    totals += [sum(len(one[at]) for method, one in exchanges.items()
                   if method not in scenes.PASSING) for at in (0, 1)]
    rows.append("| all that both have | %d | %d | %d | %d | |" % tuple(totals))
    return rows + blocks


def besides(scenes_run):
    """The extras of both."""
    out = ["", "### What has no operation of its own"]
    for scene in scenes_run:
        for title, sent, received in scene.besides:
            out += ["", "%s: %d bytes out, %d in." % (title, len(sent), len(received))]
            texts = [shown(scene.steady.text(one)) for one in (sent, received)]
            if isinstance(scene, LineScene):
                out += ["", "```", "> " + texts[0], "< " + texts[1], "```"]
            else:
                out += ["", "```http", texts[0], "```", "", "```http", texts[1], "```"]
    return out


def envelopes(exchanges, steady):
    out = ["", "### The same in SOAP 1.2", "",
           "Composed from the captures above, not captured: this server does not speak SOAP."]
    for method in SOAP:
        sent, received, params, result = exchanges[method]
        token = re.search(rb"Bearer (\S+)", sent)
        result = {name: value for name, value in result.items() if name != "links"}
        date = re.search(rb"Date: [^\r]*", received).group().decode()
        asked = soap.request(method, params, token.group(1).decode() if token else None)
        told = soap.answer(method, result, date)
        out += ["", "`%s`: %d bytes out and %d in, where REST has %d and %d."
                % (method, len(asked), len(told), len(sent), len(received)), "",
                "```http", shown(steady.text(asked)), "```", "",
                "```http", shown(steady.text(told)), "```"]
    return out


def capture(program):
    with open(os.path.join(TOP, "Protocol/openrpc.json")) as file:
        methods = {one["name"]: one for one in json.load(file)["methods"]}
    scene = LineScene(program, methods), HTTPScene(program, methods)
    for one in scene:
        one.steps = scenes.steps(methods)
    lines, exchanges = scene[0].run(), scene[1].run()
    steadies = scene[0].steady, scene[1].steady
    text = section(lines, exchanges, steadies) + besides(scene)
    text += envelopes(exchanges, scene[1].steady)
    return "\n".join(text)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--write", action="store_true")
    options.add_argument("--check", action="store_true")
    options.add_argument("--program", default=os.path.join(TOP, ".build/release/mentalmuse"))
    options.add_argument("--page", default=os.path.join(TOP, "Protocol/RPC-and-REST.md"))
    options = options.parse_args()
    if options.write == options.check:
        raise SystemExit(__doc__)
    with open(options.page) as file:
        page = file.read()
    before, found, rest = page.partition(MARKS[0] + "\n")
    old, ended, after = rest.partition("\n" + MARKS[1])
    if not found or not ended:
        raise SystemExit("%s has no marks for captures" % options.page)
    new = capture(options.program)
    if options.write:
        with open(options.page, "w") as file:
            file.write(before + found + new + ended + after)
        return
    if old != new:
        difference = difflib.unified_diff(old.split("\n"), new.split("\n"), "the page", "now",
                                          lineterm="", n=4)
        print("\n".join(difference))
        raise SystemExit("the captures no longer match; contrast.py --write, and read what changed")
    print("   %d operations are as captured: ok" % new.count("\n### "))


if __name__ == "__main__":
    main()
