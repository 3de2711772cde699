#!/usr/bin/env python3
"""Measures both styles beside each other, in one run: JSON-RPC lines, REST, and JSON-RPC in a POST.

    compare.py [--server .build/release/mentalmuse] [--rounds 5] [--seconds 2] [--posts 500]
               [--svg FILE] [--into PAGE]

Ping, a page of 20 comments and the writing of a post, at 1 and 64 connections, plain and over TLS.
Server on core 0, load on core 1; one call in flight on a connection; rounds interleaved, medians
told. CPU is the server's, system calls and TLS handshakes included. --into puts the table between
the page's marks, and the drawing beside the page. No timing is asserted: status 0 means that every
answer was right.
"""
import argparse
import http.client
import json
import os
import platform
import re
import shutil
import signal
import ssl
import statistics
import subprocess
import sys
import tempfile
import time

from drawing import draw
from run import BODY, HERE, PASSWORD, TOP, Client, pinned, seed, told

MARKS = "<!-- measured: begin -->", "<!-- measured: end -->"


class Server:
    """Serves lines and HTTP, both over TLS where there is a certificate."""

    def __init__(self, program, folder, certificate=None):
        command = pinned(0, program, "serve", "--data", os.path.join(folder, "data"), "--port", "0",
                         "--http", "127.0.0.1:0", "--workers", "1", "--argon2-memory-kib", "64",
                         "--argon2-passes", "1")
        if certificate:
            command += ["--tls-port", "0", "--tls-certificate", certificate[0], "--tls-key",
                        certificate[1]]
        self.log = open(os.path.join(folder, "log"), "w+b")
        self.process = subprocess.Popen(command, stderr=self.log)
        wanted = {b"tcp", b"tls", b"https"} if certificate else {b"tcp", b"http"}
        until = time.monotonic() + 60
        ports = {}
        while not wanted <= set(ports):
            if self.process.poll() is not None or time.monotonic() > until:
                self.log.seek(0)
                raise SystemExit("the server did not start: %s" % self.log.read().decode())
            time.sleep(0.02)
            self.log.seek(0)
            ports = dict(re.findall(rb'"url":"(tcp|tls|https?)://[^"]*:(\d+)"', self.log.read()))
        self.is_tls = bool(certificate)
        self.plain = int(ports[b"tcp"])
        self.lines = int(ports[b"tls" if certificate else b"tcp"])
        self.http = int(ports[b"https" if certificate else b"http"])

    def seconds(self):
        """The processor time that it has used."""
        with open("/proc/%d/stat" % self.process.pid) as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        self.log.close()


def exchange(verb, target, token=None, body=None, more=""):
    fields = "Host: localhost\r\n" + more
    if token:
        fields += "Authorization: Bearer %s\r\n" % token
    if body is not None:
        fields += "Content-Type: application/json\r\nContent-Length: %d\r\n" % len(body)
    return "%s %s HTTP/1.1\r\n%s\r\n%s\x1e" % (verb, target, fields, body or "")


def requests(server, posts):
    """(operation, style) -> (what each connection sends first, what it sends)."""
    client = Client(server.plain)
    token = client.call("auth.login", username="bench_writer", password=PASSWORD)["access_token"]
    ping = {"jsonrpc": "2.0", "id": 0, "method": "server.ping"}
    pages = [{"jsonrpc": "2.0", "id": 0, "method": "comments.list",
              "params": {"post_id": post, "limit": 20}} for post in posts]
    write = {"jsonrpc": "2.0", "id": 0, "method": "posts.create", "params": {"body": BODY}}
    attach = compact({**ping, "method": "auth.attach", "params": {"access_token": token}}) + "\n"
    paths = ["/posts/%s/comments?limit=20" % post for post in posts]
    tag = "If-None-Match: %s\r\n"

    def line(*messages):
        return "".join(compact(one).replace('"id":0', '"id":{id}') + "\n" for one in messages)

    def posted(*messages, token=token):
        own = [{**one, "params": {**one["params"], "_meta": {"access_token": token}}}
               if "params" in one else one for one in messages]
        return "".join(exchange("POST", "/rpc", body=compact(one)) for one in own)

    return {
        ("ping", "lines"): ("", line(ping)),
        ("ping", "REST"): ("", exchange("GET", "/ping")),
        ("ping", "POST /rpc"): ("", posted(ping)),
        ("page read", "lines"): (attach, line(*pages)),
        ("page read", "REST"): ("", "".join(exchange("GET", path, token) for path in paths)),
        ("page read", "REST, 304"): ("", "".join(
            exchange("GET", path, token, more=tag % known)
            for path, known in zip(paths, tags(server, paths, token)))),
        ("page read", "POST /rpc"): ("", posted(*pages)),
        ("write", "lines"): (attach, line(write)),
        ("write", "REST"): ("", exchange("POST", "/posts", token, compact(write["params"]))),
        ("write", "POST /rpc"): ("", posted(write)),
    }


def tags(server, paths, token):
    """The entity tags of pages, asked for once."""
    if server.is_tls:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        peer = http.client.HTTPSConnection("127.0.0.1", server.http, context=context)
    else:
        peer = http.client.HTTPConnection("127.0.0.1", server.http)
    found = []
    for path in paths:
        peer.request("GET", path, headers={"Authorization": "Bearer " + token,
                                           "Accept-Encoding": "identity"})
        answer = peer.getresponse()
        answer.read()
        found.append(answer.headers["ETag"])
    peer.close()
    return found


def compact(value):
    return json.dumps(value, separators=(",", ":"))


def certificate(folder):
    names = os.path.join(folder, "pem"), os.path.join(folder, "key")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                    "/CN=localhost", "-keyout", names[1], "-out", names[0]],
                   check=True, stderr=subprocess.DEVNULL)
    return names


def measure(options, work):
    load = os.path.join(work, "load")
    subprocess.run(["gcc", "-O2", "-o", load, os.path.join(HERE, "load.c"), "-lssl", "-lcrypto"],
                   check=True)
    servers = {}
    results = {}
    try:
        for name, pair in (("plain", None), ("TLS", certificate(work))):
            folder = os.path.join(work, name)
            os.mkdir(folder)
            servers[name] = Server(options.server, folder, pair)
        posts = {name: seed(one.plain, options.posts) for name, one in servers.items()}
        for number in range(options.rounds):
            print("round %d of %d" % (number + 1, options.rounds), file=sys.stderr)
            for name, server in servers.items():
                for (operation, style), texts in requests(server, posts[name]).items():
                    for part, text in zip(("first", "sent"), texts):
                        with open(os.path.join(work, part), "w", newline="") as file:
                            file.write(text)
                    for count in (1, 64):
                        one = run(load, server, work, style, count, options.seconds)
                        key = operation, name, count, style
                        results.setdefault(key, []).append(one)
    finally:
        for server in servers.values():
            server.stop()
    return {key: {name: statistics.median(one[name] for one in all) for name in all[0]}
            for key, all in results.items()}


def run(load, server, work, style, connections, seconds):
    is_line = style == "lines"
    words = [] if is_line else ["http"]
    words += ["tls"] if server.is_tls else []
    before = server.seconds()
    out = told(1, load, str(server.lines if is_line else server.http), str(connections), "1",
               str(seconds), os.path.join(work, "first"), os.path.join(work, "sent"), *words)
    out["cpu_us"] = (server.seconds() - before) * 1e6 / max(1, out["answers"])
    return out


def table(results):
    rows = ["| operation | over | connections | style | calls a second | of lines | p50 µs "
            "| p99 µs | CPU µs | bytes out | bytes in |",
            "|---|---|--:|---|--:|--:|--:|--:|--:|--:|--:|"]
    order = sorted(results, key=lambda key: (["ping", "page read", "write"].index(key[0]),
                                             key[1] == "TLS", key[2]))
    for key in order:
        one, lines = results[key], results[(*key[:3], "lines")]
        rows.append("| %s | %s | %d | %s | %.0f | %.2f | %.0f | %.0f | %.1f | %.0f | %.0f |" % (
            *key, one["rps"], one["rps"] / max(1, lines["rps"]), one["p50_us"], one["p99_us"],
            one["cpu_us"], one["out"], one["in"]))
    return "\n".join(rows)


def put(path, text, svg):
    with open(path) as file:
        page = file.read()
    before, found, rest = page.partition(MARKS[0] + "\n")
    _, ended, after = rest.partition("\n" + MARKS[1])
    if not found or not ended:
        raise SystemExit("%s has no marks for measurements" % path)
    picture = "![calls a second of each style](%s)\n\n" % os.path.basename(svg)
    with open(path, "w") as file:
        file.write(before + found + picture + text + ended + after)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--server", default=os.path.join(TOP, ".build/release/mentalmuse"))
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=float, default=2)
    options.add_argument("--posts", type=int, default=500)
    options.add_argument("--svg")
    options.add_argument("--into")
    options = options.parse_args()
    work = tempfile.mkdtemp()
    try:
        results = measure(options, work)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    text = table(results)
    print(text)
    svg = options.svg or (options.into and os.path.splitext(options.into)[0] + ".svg")
    if svg:
        with open(svg, "w") as file:
            file.write(draw(results))
    if options.into:
        form = "%s, %d cores; %d rounds of %g s; one worker on one core, the load on another."
        told_of = form % (
            platform.machine(), os.cpu_count(), options.rounds, options.seconds)
        put(options.into, "%s\n\n%s" % (told_of, text), svg)


if __name__ == "__main__":
    main()
