"""Rows on signals: the certificate is swapped, the server is told to end, and told again.

Standard library only, and openssl.
"""
import http.client
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import threading
import time

from process_rows import dial
from rows import PASSWORD, Crowd, Finding, Row, audit, expect, sign_up
from serving import Connection


def certificate(context, name):
    """A certificate and its key, self-signed."""
    pem, key = context.path(name + ".pem"), context.path(name + ".key")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-keyout", key, "-out", pem, "-days", "2", "-subj", f"/CN={name}",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
        check=True, capture_output=True)
    os.chmod(key, 0o600)
    return pem, key


def unverified():
    """TLS that believes any certificate: it is looked at by hand."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def common_name(secure):
    """The common name in a connection's certificate."""
    return re.search(rb"\x06\x03\x55\x04\x03.{2}([a-z]+)", secure.getpeercert(True))[1]


class Secure(Connection):
    """A connection over TLS."""

    def __init__(self, port):
        self.socket = unverified().wrap_socket(dial(port, 30))
        self.lines = self.socket.makefile("rb")
        self.last = 0

    def name(self):
        return common_name(self.socket)

    def ping(self):
        self.call("server.ping", {})


class SecureHTTP(http.client.HTTPSConnection):
    """A connection over HTTPS, which is kept."""

    def __init__(self, port):
        super().__init__("127.0.0.1", port, timeout=30, context=unverified())
        self.connect()
        self.opened = self.sock

    def name(self):
        return common_name(self.sock)

    def ping(self):
        self.request("GET", "/ping")
        answer = self.getresponse()
        expect((answer.status, answer.read()) == (200, b'"pong"'), "no pong over HTTPS")
        expect(self.sock is self.opened, "the HTTPS connection was closed")


def event(server, name, seconds=60):
    """Waits for an event of the log; takes it out."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        for line in list(server.log):
            if f'"event":"{name}"' in line:
                server.log.remove(line)
                return json.loads(line)
        time.sleep(0.01)
    raise Finding(f"no event {name}: " + "\n".join(server.log))


def swapped(context):
    """Certificate and key are replaced while connections are in use."""
    first, second = certificate(context, "one"), certificate(context, "two")
    pem, key = context.path("live.pem"), context.path("live.key")

    def put(pair):
        for source, target in zip(pair, (pem, key)):
            with open(source, "rb") as file, open(
                    os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
                out.write(file.read())

    put(first)
    server = context.started("--tls-certificate", pem, "--tls-key", key, "--tls-port", "0",
                             "--http", "127.0.0.1:0")
    event(server, "started")
    doors = [(kind, next(json.loads(line)["port"] for line in server.log
                         if f'"transport":"{transport}"' in line))
             for kind, transport in ((Secure, "tls"), (SecureHTTP, "https"))]
    olds = [kind(port) for kind, port in doors]

    def look(wanted, when):
        """New connections are shown that certificate; the old ones go on."""
        for kind, port in doors:
            fresh = kind(port)
            expect(fresh.name() == wanted, f"{when} {kind.__name__} is shown {fresh.name()}")
            fresh.ping()
            fresh.close()
        for old in olds:
            old.ping()

    look(b"one", "at first")
    connection, grant = sign_up(server, "swap")
    connection.close()
    crowd = Crowd(server, grant["access_token"], "s", size=8).start()
    shown = []
    for pair, name, wanted in (
            (second, "reloaded", b"two"), ((first[0], second[1]), "reload_failed", b"two"),
            (first, "reloaded", b"one")):
        put(pair)
        server.process.send_signal(signal.SIGHUP)
        told = event(server, name)
        shown.append(told.get("reason", name))
        look(wanted, f"after {name}")
    with open(key, "w", encoding="ascii") as file:
        file.write("no key\n")
    server.process.send_signal(signal.SIGHUP)
    event(server, "reload_failed")
    look(b"one", "after a broken key")
    for old in olds:
        old.close()
    crowd.end()
    count = audit(server, [crowd])
    context.stop(server)
    return f"2 swaps, 2 broken pairs refused ({shown[1][:50]}), {count} writes meanwhile"


class Pipeline(threading.Thread):
    """Requests sent ahead, and which of them were answered."""

    def __init__(self, server, token, number):
        super().__init__(daemon=True)
        self.number = number
        self.connection = Connection(server.port)
        self.connection.call("auth.attach", {"access_token": token})
        self.sent = {}
        self.kept = []
        self.refused = 0
        self.fault = None
        self.is_told = False
        self.newest = 0
        self.late = []

    def run(self):
        try:
            while not self.is_told:
                if len(self.sent) < 32:
                    key = f"d-{self.number}-{self.connection.last + 1}"
                    self.sent[self.connection.send("posts.create", {"body": key})] = key
                else:
                    self.take()
            self.connection.socket.shutdown(socket.SHUT_WR)
            while self.sent:
                self.take()
            self.fault = None
        except OSError as error:
            self.hear()
            # What is sent when the server has said that it closes, and has closed, it never had:
            # that is the newest alone, and none of it may have been done.
            if self.is_told and min(self.sent, default=self.newest + 1) > self.newest:
                self.late = list(self.sent.values())
            else:
                self.fault = f"{len(self.sent)} requests were not answered ({error})"

    def hear(self):
        """Takes what had come before the connection ended."""
        try:
            while True:
                self.take()
        except OSError:
            pass

    def take(self):
        answer = self.connection.receive()
        if "method" in answer:
            expect(answer["method"] == "server.draining", f"{answer}")
            self.is_told = True
            return
        key = self.sent.pop(answer["id"])
        self.newest = max(self.newest, answer["id"])
        if "result" in answer:
            self.kept.append((key, answer["result"]["id"]))
        else:
            expect(answer["error"]["code"] == -32054, f"{answer['error']}")
            self.refused += 1


def cut_off(context):
    """The control: a kill in place of SIGTERM leaves requests without an answer."""
    server = context.started()
    connection, grant = sign_up(server, "cutoff")
    connection.close()
    pipelines = [Pipeline(server, grant["access_token"], f"k-{number}") for number in range(16)]
    for pipeline in pipelines:
        pipeline.start()
    time.sleep(0.2)
    server.kill()
    for pipeline in pipelines:
        pipeline.join(30)
    faults = [pipeline.fault for pipeline in pipelines if pipeline.fault is not None]
    expect(faults, "a kill left no request without an answer: the row above shows nothing")
    return f"{len(faults)} of 16 connections: {faults[0][:60]}"


def drained(context):
    """SIGTERM under load: what was accepted is answered, and the answers are true."""
    kept = refused = late = 0
    connection = None
    longest = 0.0
    for turn in range(10 if context.is_long else 3):
        server = context.started()
        if turn == 0:
            connection, grant = sign_up(server, "drain")
        else:
            connection = Connection(server.port)
            grant = connection.call("auth.login", {"username": "drain", "password": PASSWORD})
        connection.close()
        pipelines = [Pipeline(server, grant["access_token"], f"{turn}-{number}")
                     for number in range(16)]
        for pipeline in pipelines:
            pipeline.start()
        time.sleep(0.2)
        began = time.monotonic()
        context.stop(server)
        longest = max(longest, time.monotonic() - began)
        for pipeline in pipelines:
            pipeline.join(30)
            expect(pipeline.fault is None, f"connection {pipeline.number}: {pipeline.fault}")
            kept += len(pipeline.kept)
            refused += pipeline.refused
            late += len(pipeline.late)
        server.start()
        connection = Connection(server.port)
        there = {post["id"]: post["body"] for post in connection.pages("posts.list", {})}
        for pipeline in pipelines:
            for key, identity in pipeline.kept:
                expect(there.get(identity) == key, f"answered and not there: {key}")
            for key in pipeline.late:
                expect(key not in there.values(), f"not answered and there: {key}")
        connection.close()
        context.stop(server)
    context.verify()
    return (f"{kept} answered and there, {refused} told draining, {late} sent after its end "
            f"and not done, none else unanswered, "
            f"exit status 0 after {longest:.2f} s at most")


def twice(context):
    """A second SIGTERM, while a client keeps the first from ending."""
    server = context.started("--shutdown-seconds", "600")
    connection, _ = sign_up(server, "twice")
    # A line begun keeps its connection busy; the server has it when it answers the one before.
    connection.socket.sendall(
        b'{"jsonrpc":"2.0","id":"before","method":"server.ping"}\n{"jsonrpc":"2.0",')
    expect(connection.receive()["id"] == "before", "another answer")
    server.process.terminate()
    event(server, "draining")
    time.sleep(0.3)
    expect(server.process.poll() is None, "it did not wait for the line that was begun")
    began = time.monotonic()
    server.process.terminate()
    code = server.process.wait(60)
    took = time.monotonic() - began
    expect(code == 1, f"the status was {code}")
    context.verify()
    return f"the second ends it after {took * 1000:.0f} ms with status 1; without it, it waits"


ROWS = [
    Row("certificate", "swapped under load by SIGHUP; broken pairs", swapped),
    Row("SIGTERM", "under load, 16 pipelining connections", drained),
    Row("SIGTERM, control", "a kill -9 in its place", cut_off),
    Row("SIGTERM twice", "the second while the first waits", twice),
]
