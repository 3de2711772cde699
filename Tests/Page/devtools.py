"""A browser without a window, told what to do over the DevTools protocol. Used by browser.py.

The protocol is JSON over a WebSocket (RFC 6455), of which this needs text frames alone.
"""
import base64
import json
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import time

WAIT = 120


class WebSocket:
    def __init__(self, host, port, path):
        self.socket = socket.create_connection((host, port), WAIT)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb")
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall((
            "GET %s HTTP/1.1\r\nHost: %s:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n\r\n"
            % (path, host, port, key)).encode())
        status = self.file.readline()
        if b" 101 " not in status:
            raise SystemExit("the browser does not talk: %r" % status)
        while self.file.readline() not in (b"\r\n", b""):
            pass

    def send(self, text):
        body = text.encode()
        head = b"\x81"
        if len(body) < 126:
            head += bytes([0x80 | len(body)])
        elif len(body) < 65536:
            head += b"\xfe" + struct.pack(">H", len(body))
        else:
            head += b"\xff" + struct.pack(">Q", len(body))
        # A mask of zeros is a mask.
        self.socket.sendall(head + b"\0\0\0\0" + body)

    def receive(self):
        text = b""
        while True:
            first, second = self.exactly(2)
            count = second & 0x7F
            if count == 126:
                count = struct.unpack(">H", self.exactly(2))[0]
            elif count == 127:
                count = struct.unpack(">Q", self.exactly(8))[0]
            part = self.exactly(count)
            if first & 0x0F == 8:
                raise SystemExit("the browser hung up")
            if first & 0x0F in (0, 1):
                text += part
                if first & 0x80:
                    return text.decode()

    def exactly(self, count):
        data = self.file.read(count)
        if len(data) != count:
            raise SystemExit("the browser hung up")
        return data


class Browser:
    """One page of a browser that was started for it."""

    def __init__(self, program=None):
        program = program or shutil.which("chromium") or shutil.which("chromium-browser")
        if not program:
            raise SystemExit("no chromium here: .ci/setup installs it")
        self.folder = tempfile.mkdtemp()
        self.process = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--no-first-run", "--disable-background-networking", "--disable-component-update",
             "--disable-sync", "--remote-debugging-port=0", "--user-data-dir=" + self.folder,
             "about:blank"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.number = 0
        self.requests = []
        self.complaints = []
        self.connect()

    def connect(self):
        told = os.path.join(self.folder, "DevToolsActivePort")
        until = time.monotonic() + WAIT
        while not (os.path.exists(told) and open(told).read().count("\n")):
            if self.process.poll() is not None or time.monotonic() > until:
                raise SystemExit("the browser did not start")
            time.sleep(0.05)
        lines = open(told).read().split("\n")
        self.socket = WebSocket("127.0.0.1", int(lines[0]), lines[1])
        self.session = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call(
            "Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for name in ("Page", "Network", "Runtime", "Log", "Accessibility", "DOM"):
            self.call(name + ".enable")

    def call(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        self.socket.send(json.dumps(message))
        while True:
            answer = json.loads(self.socket.receive())
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise SystemExit("%s: %s" % (method, answer["error"]))
                return answer["result"]
            self.note(answer)

    def note(self, event):
        params = event.get("params", {})
        if event["method"] == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif event["method"] == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(params["exceptionDetails"])[:400])
        elif event["method"] == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.complaints.append(params["entry"]["text"])

    def run(self, script):
        """What an expression of the page gives; promises are waited for."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True,
                           awaitPromise=True)
        if "exceptionDetails" in answer:
            raise SystemExit("%s: %s" % (script, json.dumps(answer["exceptionDetails"])[:600]))
        return answer["result"].get("value")

    def wait(self, script, what):
        until = time.monotonic() + WAIT
        while not self.run(script):
            if time.monotonic() > until:
                raise SystemExit("waited too long for %s: %s" % (what, self.complaints))
            time.sleep(0.05)

    def click(self, selector):
        """A click of the mouse in the middle of an element."""
        x, y = self.run(
            "(() => { const e = document.querySelector(%s); "
            "e.scrollIntoView({block: 'center', behavior: 'instant'}); "
            "const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2];"
            "})()" % json.dumps(selector))
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def key(self, name, code, text=None):
        # A key without a text is pressed raw: so it moves the focus, as Tab does.
        extra = {"text": text} if text else {}
        down = "keyDown" if text else "rawKeyDown"
        self.call("Input.dispatchKeyEvent", type=down, key=name, code=name,
                  windowsVirtualKeyCode=code, **extra)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=name, code=name,
                  windowsVirtualKeyCode=code)

    def type(self, text):
        """Types into what has the focus."""
        self.call("Input.insertText", text=text)

    def picture(self, path):
        data = self.call("Page.captureScreenshot", format="png")["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
