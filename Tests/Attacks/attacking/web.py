"""JSON-RPC in HTTP, with whatever fields a client cares to send.

Standard library only.
"""
import http.client
import json

from attacking.wire import SECRETS, Unusable, told


class Web:
    """A client of `POST /rpc`: a request, an answer."""

    def __init__(self, port, source="127.0.0.1", fields=()):
        self.connection = http.client.HTTPConnection(
            "127.0.0.1", port, timeout=30, source_address=(source, 0))
        self.fields = list(fields)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def ask(self, method, params=None, token=None, **meta):
        if token is not None:
            meta["access_token"] = token
        params = {**(params or {}), **({"_meta": meta} if meta else {})}
        message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        SECRETS.note(message)
        body = json.dumps(message).encode()
        self.connection.putrequest("POST", "/rpc")
        for name, value in [("Content-Type", "application/json"),
                            ("Content-Length", str(len(body))), *self.fields]:
            self.connection.putheader(name, value)
        self.connection.endheaders(body)
        response = self.connection.getresponse()
        text = response.read()
        if response.status != 200:
            raise Unusable(f"HTTP {response.status}: {text[:200]}")
        answer = json.loads(text)
        SECRETS.note(answer)
        return answer

    def outcome(self, method, params=None, token=None, **meta):
        return told(self.ask(method, params, token, **meta))

    def call(self, method, params=None, token=None, **meta):
        answer = self.ask(method, params, token, **meta)
        if "error" in answer:
            raise Unusable(f"{method}: {answer['error']}")
        return answer["result"]
