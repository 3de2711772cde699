"""A server for a capture, and clients of it that are sockets and nothing more."""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

WAIT = 120


class Server:
    """A program that serves a folder of its own, over TCP and HTTP."""

    def __init__(self, program):
        self.folder = tempfile.mkdtemp()
        self.data = os.path.join(self.folder, "data")
        self.log = open(os.path.join(self.folder, "log"), "w+b")
        self.process = subprocess.Popen(
            [program, "serve", "--data", self.data, "--port", "0", "--http", "127.0.0.1:0",
             "--workers", "1", "--argon2-memory-kib", "64", "--argon2-passes", "1"],
            stderr=self.log)
        until = time.monotonic() + WAIT
        while True:
            self.log.seek(0)
            ports = dict(re.findall(rb'"transport":"(tcp|http)".*?"port":(\d+)', self.log.read()))
            if len(ports) == 2 and os.path.exists(os.path.join(self.data, "admin.sock")):
                break
            if self.process.poll() is not None or time.monotonic() > until:
                raise SystemExit("the server did not start")
            time.sleep(0.02)
        self.port, self.http = int(ports[b"tcp"]), int(ports[b"http"])

    def operator(self, method, **params):
        """A call over the operator's socket."""
        peer = socket.socket(socket.AF_UNIX)
        peer.connect(os.path.join(self.data, "admin.sock"))
        message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        peer.sendall(json.dumps(message).encode() + b"\n")
        answer = json.loads(peer.makefile("rb").readline())
        peer.close()
        return answer["result"]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class Wire:
    """A TCP connection."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), WAIT)
        self.file = self.socket.makefile("rb")

    def line(self, sent):
        """Sends a line; gives the one that comes back."""
        self.socket.sendall(sent)
        return self.file.readline()

    def exchange(self, sent):
        """Sends an HTTP request; gives head and body of the answer."""
        self.socket.sendall(sent)
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            part = self.file.readline()
            if not part:
                raise SystemExit("the server closed after %r" % sent[:60])
            head += part
        found = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
        isBodiless = head[9:12] in (b"204", b"304")
        return head + self.file.read(0 if isBodiless or not found else int(found.group(1)))
