"""A server's process, and connections that speak to it in lines and remember every secret.

Standard library only; Python 3.11.
"""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

PASSWORD = "seven wizards mix quartz"
# Members whose values may stand in no log and no file of the data folder.
SECRET_MEMBERS = {
    "password", "current_password", "new_password", "access_token", "refresh_token"}
# Members whose values may stand in no log.
TEXT_MEMBERS = {"body", "bio", "email", "display_name", "reason", "device", "query"}
QUICK = ["--argon2-memory-kib", "64", "--argon2-passes", "1"]


class Unusable(Exception):
    """The test cannot go on: the server does not do what the test needs."""


class Secrets:
    """All passwords, tokens and texts that were sent or received."""

    def __init__(self):
        self.lock = threading.Lock()
        self.secrets = set()
        self.texts = set()

    def note(self, value):
        waiting = [value]
        while waiting:
            value = waiting.pop()
            if isinstance(value, list):
                waiting.extend(value)
            elif isinstance(value, dict):
                for name, member in value.items():
                    if isinstance(member, str) and len(member) >= 8:
                        if name in SECRET_MEMBERS:
                            self.add(member)
                        elif name in TEXT_MEMBERS:
                            with self.lock:
                                self.texts.add(member)
                    else:
                        waiting.append(member)

    def add(self, secret):
        with self.lock:
            self.secrets.add(secret)

    def of_log(self):
        with self.lock:
            return self.secrets | self.texts

    def of_store(self):
        """What may not be in the data folder. Texts are, of course."""
        with self.lock:
            return set(self.secrets)


SECRETS = Secrets()


class Server:
    """The server's process, with a data folder and a log of its own."""

    def __init__(self, program, *flags, data=None, quick=True):
        self.folder = tempfile.mkdtemp(prefix="mentalmuse-attack-")
        self.data = data or os.path.join(self.folder, "data")
        self.log = os.path.join(self.folder, "log")
        self.program = program
        self.flags = [*(QUICK if quick else []), *flags]
        self.process = None
        self.ports = {}

    @property
    def port(self):
        return self.ports["tcp"]

    @property
    def admin(self):
        return os.path.join(self.data, "admin.sock")

    def start(self):
        command = [self.program, "serve", "--data", self.data, "--port", "0", *self.flags]
        with open(self.log, "ab") as log:
            before = log.tell()
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with open(self.log, "rb") as log:
                log.seek(before)
                text = log.read().decode("utf-8", "replace")
            if '"event":"started"' in text:
                self.ports = {
                    found[1]: int(found[2]) for found in re.finditer(
                        r'"event":"listening","transport":"(\w+)".*?"port":(\d+)', text)}
                return self
            if self.process.poll() is not None:
                break
            time.sleep(0.01)
        text = open(self.log).read()
        self.end()
        raise Unusable("the server did not start:\n" + text)

    def stop(self):
        """Ends it as an operator would; returns its status."""
        self.process.terminate()
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()
            return None

    def kill(self):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def end(self):
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.end()
            raise

    def __exit__(self, *_):
        self.end()

    def memory(self):
        """Resident kilobytes."""
        with open(f"/proc/{self.process.pid}/status") as status:
            return int(re.search(r"VmRSS:\s+(\d+)", status.read())[1])

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def kid(self):
        """The id of the key that signs."""
        with Connection(self.admin) as operator:
            keys = operator.call("admin.keys")["keys"]
        return next(key["kid"] for key in keys if key["state"] == "signing")

    def key(self):
        """The file of the key that signs."""
        return os.path.join(self.data, "keys", self.kid() + ".pem")


class Refused(Exception):
    """An error came where a result was expected."""

    def __init__(self, method, error):
        super().__init__(f"{method}: {json.dumps(error)}")
        self.name = error["data"]["name"]


class Connection:
    """One connection: a line out, a line in. `careless` may alter what is said on the way, as a
    server with a fault would: the control of the tests."""

    careless = None

    def __init__(self, to, timeout=30, source=None, greeting=b"", host="127.0.0.1"):
        if isinstance(to, str):
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(timeout)
            self.socket.connect(to)
        else:
            here = (source, 0) if source else None
            self.socket = socket.create_connection((host, to), timeout, here)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if greeting:
            self.socket.sendall(greeting)
        self.lines = self.socket.makefile("rb")
        self.last = 0
        self.bound = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.lines.close()
        self.socket.close()

    def write(self, data):
        self.socket.sendall(data)

    def read(self):
        """The next answer; notifications of the server are passed over."""
        while True:
            line = self.lines.readline()
            if not line.endswith(b"\n"):
                raise ConnectionError("the server closed the connection")
            answer = json.loads(line)
            if isinstance(answer, list) or "method" not in answer:
                SECRETS.note(answer)
                return answer

    def send(self, method, params=None, token=None, **meta):
        self.last += 1
        message = {"jsonrpc": "2.0", "id": self.last, "method": method}
        if token is not None:
            meta["access_token"] = token
        if meta:
            params = {**(params or {}), "_meta": meta}
        if params is not None:
            message["params"] = params
        SECRETS.note(message)
        self.write(json.dumps(message).encode() + b"\n")
        return self.last

    def ask(self, method, params=None, token=None, **meta):
        """The answer, whatever it is."""
        def go(method, params, token):
            number = self.send(method, params, token, **meta)
            answer = self.read()
            if answer.get("id") != number:
                raise Unusable(f"{method} got an answer for {answer.get('id')}: {answer}")
            return answer
        if Connection.careless is not None:
            return Connection.careless(go, method, params, token, self)
        return go(method, params, token)

    def call(self, method, params=None, token=None, **meta):
        """The result."""
        answer = self.ask(method, params, token, **meta)
        if "error" in answer:
            raise Refused(method, answer["error"])
        return answer["result"]

    def outcome(self, method, params=None, token=None, **meta):
        """The error's name, or `ok`."""
        return told(self.ask(method, params, token, **meta))

    def register(self, name, password=PASSWORD, **more):
        return self.call("auth.register", {"username": name, "password": password, **more})

    def login(self, name, password=PASSWORD, **more):
        return self.call("auth.login", {"username": name, "password": password, **more})


def told(answer):
    return answer["error"]["data"]["name"] if "error" in answer else "ok"


def operator_creates(server, name, role, password=PASSWORD):
    """An account with a role; returns its grant."""
    with Connection(server.admin) as operator:
        operator.call("admin.create_user", {
            "username": name, "password": password, "role": role})
    with Connection(server.port) as connection:
        return connection.login(name, password)
