"""The C programs of the load tests: built once a run, started, and what they say.

Standard library only, and gcc(1).
"""
import json
import os
import pathlib
import shutil
import socket
import ssl
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parents[1] / "load"


class Tools:
    """The programs, built in a folder that goes with the run."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="mentalmuse-load-")
        self.running = []
        for name in ("open", "line", "rude"):
            subprocess.run(
                ["gcc", "-O2", "-o", self.path(name), str(HERE / f"{name}.c")], check=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.running:
            if process.poll() is None:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def file(self, name, content):
        path = self.path(name)
        with open(path, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        return path

    def start(self, *command, nice=0):
        process = subprocess.Popen(
            (["nice", "-n", str(nice)] if nice else []) + list(command),
            stdout=subprocess.PIPE)
        self.running.append(process)
        return process

    def load(self, port, connections, rate, seconds, setup, requests, window_ms=1_000):
        """Starts an open-loop load."""
        return self.start(
            self.path("open"), str(port), str(connections), str(rate), str(seconds), setup,
            requests, str(window_ms))

    def line_server(self):
        """A bare line server; its process and port."""
        with socket.socket() as spare:
            spare.bind(("127.0.0.1", 0))
            port = spare.getsockname()[1]
        process = self.start(self.path("line"), str(port))
        until = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                return process, port
            except OSError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.01)

    def hello(self):
        """The first bytes of a TLS handshake, in a file."""
        out = ssl.MemoryBIO()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        try:
            context.wrap_bio(ssl.MemoryBIO(), out, server_hostname="localhost").do_handshake()
        except ssl.SSLWantReadError:
            pass
        return self.file("hello", out.read())

    def certificate(self):
        """A certificate for localhost and its key."""
        pem, key = self.path("certificate.pem"), self.path("key.pem")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-keyout", key, "-out", pem, "-days", "1", "-subj", "/CN=localhost"],
            check=True, stderr=subprocess.DEVNULL)
        os.chmod(key, 0o600)
        return pem, key


def ended(process):
    """What a program said in the end."""
    # Not communicate(): it loses what an earlier readline() has read ahead.
    text = process.stdout.read().decode()
    if process.wait() != 0:
        raise RuntimeError(f"{process.args} ended with {process.returncode}: {text}")
    return json.loads(text.splitlines()[-1])


def settle(wanted, seconds=15):
    """Waits until `wanted()` holds; whether it did, and after how long."""
    began = time.monotonic()
    while not wanted():
        if time.monotonic() - began > seconds:
            return False, seconds
        time.sleep(0.05)
    return True, time.monotonic() - began
