"""What the fault tests share: a server's process, and connections that speak to it in lines.

Standard library only; Python 3.11.
"""
import collections
import json
import signal
import socket
import subprocess
import threading
import time


class Unusable(Exception):
    """The test cannot go on: the server does not do what the test needs."""


class Server:
    """The server's process."""

    def __init__(self, command):
        self.command = command
        self.environment = None
        self.prepare = None
        self.process = None
        self.port = None
        self.log = collections.deque(maxlen=40)

    def spawn(self):
        self.port = None
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, env=self.environment, preexec_fn=self.prepare)
        listening = threading.Event()
        threading.Thread(target=self._read, args=(self.process, listening), daemon=True).start()
        return listening

    def start(self):
        """Starts it; returns how many seconds passed until it listened."""
        began = time.monotonic()
        if not self.spawn().wait(60) or self.port is None:
            self.kill()
            raise Unusable("the server does not listen:\n" + "\n".join(self.log))
        return time.monotonic() - began

    def _read(self, process, listening):
        for line in process.stderr:
            text = line.decode("utf-8", "replace").rstrip()
            self.log.append(text)
            try:
                entry = json.loads(text)
            except ValueError:
                continue
            if entry.get("event") == "listening" and entry.get("transport") == "tcp":
                self.port = entry["port"]
                listening.set()
        listening.set()

    def kill(self):
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def stop(self):
        """Ends it as an operator would; returns its status."""
        self.process.terminate()
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Unusable("the server did not end within 30 s of SIGTERM")


class Connection:
    """One connection: a line out, a line in."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), 30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.lines = self.socket.makefile("rb")
        self.last = 0

    def send(self, method, params):
        self.last += 1
        message = {"jsonrpc": "2.0", "id": self.last, "method": method, "params": params}
        self.socket.sendall(json.dumps(message).encode() + b"\n")
        return self.last

    def receive(self):
        line = self.lines.readline()
        if not line.endswith(b"\n"):
            raise ConnectionError("the server is gone")
        return json.loads(line)

    def call(self, method, params):
        self.send(method, params)
        answer = self.receive()
        if "error" in answer:
            raise Unusable(f"{method} was refused: {json.dumps(answer['error'])}")
        return answer["result"]

    def pages(self, method, params, until=None):
        """The items of a list, page by page; `until` stops it early."""
        cursor = None
        while True:
            page = self.call(method, {**params, "limit": 100, "cursor": cursor})
            for item in page["items"]:
                if until is not None and until(item):
                    return
                yield item
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def close(self):
        self.lines.close()
        self.socket.close()
