#!/usr/bin/env python3
"""Two JSON-RPC libraries that know nothing of this service call every method of it over TCP.

    libraries.py --program .build/release/mentalmuse

aiorpcX speaks JSON-RPC in lines by itself, and asynchronously; tinyrpc does once it has a transport,
which is a dozen lines here. Both are to be installed. Exit status 0 if every method of the schema was
called by each, with what it should have answered.
"""
import argparse
import asyncio
import json
import os
import socket
import sys
import tempfile

import aiorpcx
from tinyrpc import RPCClient
from tinyrpc.protocols.jsonrpc import JSONRPCError, JSONRPCProtocol
from tinyrpc.transports import ClientTransport

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "Tests", "Faults"))

from serving import Server

PASSWORD = "correct horse battery 7"
PATIENCE = 30


class Refused(Exception):
    """The answer was an error of this code."""


class Unexpected(Exception):
    """The answer is not what it should be."""


class Lines(ClientTransport):
    """tinyrpc's transport over a socket of lines."""

    def __init__(self, made):
        made.settimeout(PATIENCE)
        self.socket, self.lines = made, made.makefile("rb")

    def send_message(self, message, expect_reply=True):
        self.socket.sendall(message + b"\n")
        return self.lines.readline() if expect_reply else None


class Tiny:
    """tinyrpc: one call after another."""

    def __init__(self, made):
        self.client = RPCClient(JSONRPCProtocol(), Lines(made))

    async def call(self, method, *args, **members):
        try:
            return self.client.call(method, list(args), members)
        except JSONRPCError as error:
            raise Refused(error._jsonrpc_error_code) from error

    async def notify(self, method, **members):
        self.client.call(method, [], members, one_way=True)

    async def batch(self, calls):
        protocol = self.client.protocol
        request = protocol.create_batch_request(
            [protocol.create_request(method, None, members) for method, members in calls])
        answer = self.client.transport.send_message(request.serialize())
        return [one.result for one in protocol.parse_reply(answer)]

    async def close(self):
        self.client.transport.lines.close()
        self.client.transport.socket.close()

    @classmethod
    async def connect(cls, port):
        return cls(socket.create_connection(("127.0.0.1", port)))


class Session(aiorpcx.RPCSession):
    """aiorpcX's session, which keeps what the server says by itself."""

    def __init__(self, transport, **settings):
        super().__init__(transport, **settings)
        self.told = asyncio.Queue()

    def default_connection(self):
        return aiorpcx.JSONRPCConnection(aiorpcx.JSONRPCv2)

    async def handle_request(self, request):
        await self.told.put((request.method, request.args))


class Asynchronous:
    """aiorpcX: any number of calls at once."""

    def __init__(self, connecting, session):
        self.connecting, self.session = connecting, session

    async def call(self, method, *args, **members):
        try:
            return await self.session.send_request(method, members or list(args))
        except aiorpcx.RPCError as error:
            raise Refused(error.code) from error

    async def notify(self, method, **members):
        await self.session.send_notification(method, members)

    async def batch(self, calls):
        async with self.session.send_batch(raise_errors=True) as batch:
            for method, members in calls:
                batch.add_request(method, members)
        return batch.results

    async def close(self):
        await self.connecting.__aexit__(None, None, None)

    @classmethod
    async def connect(cls, port):
        connecting = aiorpcx.connect_rs("127.0.0.1", port, session_factory=Session)
        return cls(connecting, await connecting.__aenter__())


def same(found, wanted):
    if found != wanted:
        raise Unexpected(f"{found!r} instead of {wanted!r}")


class Conversation:
    """Every method of the schema, each at least once, by name or by position."""

    def __init__(self, client, mark, admin):
        self.client, self.mark, self.admin = client, mark, admin
        self.called = set()

    async def call(self, method, *args, **members):
        self.called.add(method)
        return await self.client.call(method, *args, **members)

    async def refused(self, codes, method, *args, **members):
        """`codes`: one, or several that will do."""
        try:
            await self.call(method, *args, **members)
        except Refused as refusal:
            if refusal.args[0] not in (codes if isinstance(codes, tuple) else (codes,)):
                raise Unexpected(f"{method} was refused by {refusal.args[0]}") from refusal
        else:
            raise Unexpected(f"{method} was not refused")

    async def run(self):
        await self.server()
        grant = await self.people()
        await self.texts(grant)
        await self.moderation(grant)
        await self.sessions(grant)
        await self.operator()

    async def server(self):
        same(await self.call("server.ping"), "pong")
        same((await self.call("server.info"))["issuer"], "mentalmuse")
        same((await self.call("server.health"))["status"], "ok")
        same((await self.call("auth.jwks"))["keys"][0]["kty"], "OKP")
        same((await self.call("rpc.discover"))["openrpc"], "1.4.1")
        await self.client.notify("rpc.cancel", id="nobody's")
        self.called.add("rpc.cancel")
        await self.refused(-32601, "posts.lits")
        await self.refused(-32602, "posts.get", id=5)
        await self.refused(1001, "auth.whoami")

    async def people(self):
        name = "ada_" + self.mark
        grant = await self.call("auth.register", username=name, password=PASSWORD)
        token = {"access_token": grant["access_token"]}
        same((await self.call("auth.whoami", _meta=token))["user"]["username"], name)
        same((await self.call("auth.attach", grant["access_token"]))["user"]["username"], name)
        user = await self.call("users.update", display_name="Ada", bio=None)
        same((user["display_name"], user["revision"]), ("Ada", 2))
        same((await self.call("users.get", username=name))["id"], grant["user"]["id"])
        found = await self.call("users.list", limit=1, query=name)
        same([one["username"] for one in found["items"]], [name])
        await self.refused(1301, "auth.register", name, PASSWORD)
        return grant

    async def texts(self, grant):
        made = await self.client.batch(
            [("posts.create", {"body": f"Post {number}."}) for number in range(5)])
        same([post["body"] for post in made], [f"Post {number}." for number in range(5)])
        key = {"idempotency_key": "key-" + self.mark}
        post = await self.call("posts.create", body="Once.", _meta=key)
        same((await self.call("posts.create", body="Once.", _meta=key))["id"], post["id"])
        bodies, cursor = [], None
        while True:
            page = await self.call(
                "posts.list", limit=2, cursor=cursor, author_id=grant["user"]["id"])
            bodies += [item["body"] for item in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        same(bodies, ["Once."] + [f"Post {number}." for number in range(4, -1, -1)])
        same((await self.call("posts.like", post["id"]))["liked"], True)
        likers = await self.call("posts.likers", id=post["id"])
        same([one["id"] for one in likers["items"]], [grant["user"]["id"]])
        same((await self.call("posts.unlike", id=post["id"]))["liked"], False)
        changed = await self.call("posts.update", id=post["id"], body="Twice.", revision=1)
        same((changed["body"], changed["edited"]), ("Twice.", True))
        await self.refused(1302, "posts.update", id=post["id"], body="No.", revision=1)
        same((await self.call("posts.get", post["id"]))["revision"], 2)
        comment = await self.call("comments.create", post_id=post["id"], body="Ça va?")
        same((await self.call("comments.get", comment["id"]))["body"], "Ça va?")
        await self.call("comments.update", comment["id"], "Oui.")
        found = await self.call("comments.list", post_id=post["id"])
        same([one["body"] for one in found["items"]], ["Oui."])
        same(await self.call("comments.delete", id=comment["id"]), {})
        same(await self.call("posts.delete", id=post["id"]), {})
        await self.refused(1201, "posts.get", post["id"])

    async def moderation(self, grant):
        ada = grant["user"]["id"]
        await self.refused(1101, "users.ban", id=ada, reason="x")
        root = await self.call("auth.login", self.admin, PASSWORD)
        meta = {"access_token": root["access_token"]}
        found = await self.call("users.set_role", id=ada, role="moderator", _meta=meta)
        same(found["role"], "moderator")
        found = await self.call("users.ban", id=ada, reason="Spam.", _meta=meta)
        same(found["ban"]["reason"], "Spam.")
        await self.refused(1004, "auth.whoami")
        same((await self.call("users.unban", id=ada, _meta=meta))["ban"], None)
        metrics = await self.call("server.metrics", _meta=meta)
        same(type(metrics), dict)

    async def sessions(self, grant):
        same(await self.call("auth.detach"), {})
        name = grant["user"]["username"]
        first = await self.call("auth.login", name, PASSWORD, "one")
        second = await self.call("auth.login", username=name, password=PASSWORD, attach=True)
        found = await self.call("auth.sessions")
        same(sorted(one["device"] or "" for one in found["items"]), ["", "one"])
        same(await self.call("auth.end_session", first["session_id"]), {})
        await self.refused(1004, "auth.refresh", first["refresh_token"])
        again = await self.call(
            "auth.refresh", refresh_token=second["refresh_token"],
            _meta={"idempotency_key": "refresh-" + self.mark})
        new = "an even longer password"
        changed = await self.call(
            "auth.change_password", current_password=PASSWORD, new_password=new,
            _meta={"access_token": again["access_token"]})
        same(changed["session_id"], second["session_id"])
        same(await self.call("auth.logout", refresh_token=changed["refresh_token"]), {})
        await self.refused(1004, "auth.whoami")
        await self.call("auth.login", username=name, password=new, attach=True)
        same(await self.call("users.delete", current_password=new), {})
        await self.refused(1006, "auth.login", name, new)

    async def operator(self):
        # Only on a socket of its own; params are looked at first.
        for method in methods():
            if method.startswith("admin."):
                await self.refused((1101, -32602), method)
        await self.refused(1101, "admin.keys")


def methods():
    with open(os.path.join(ROOT, "Protocol", "openrpc.json"), encoding="utf-8") as file:
        return [method["name"] for method in json.load(file)["methods"]]


async def converse(kind, port, admin):
    """One library's conversation; how many calls at once it was good for."""
    client = await kind.connect(port)
    try:
        conversation = Conversation(client, kind.__name__.lower()[:8], admin)
        await asyncio.wait_for(conversation.run(), PATIENCE * 4)
        left = set(methods()) - conversation.called
        same(left, set())
        pings = await asyncio.gather(*(client.call("server.ping") for _ in range(200)))
        same(pings, ["pong"] * 200)
    finally:
        await client.close()
    print(f"{kind.__name__}: {len(conversation.called)} methods over TCP")


async def farewell(server):
    """What the server says when it stops reaches a client that asked for nothing."""
    client = await Asynchronous.connect(server.port)
    same(await client.call("server.ping"), "pong")
    server.process.terminate()
    method, params = await asyncio.wait_for(client.session.told.get(), PATIENCE)
    same((method, params["reason"]), ("server.draining", "shutdown"))
    await client.close()
    print("Asynchronous: server.draining was told")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", required=True)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = os.path.join(folder, "data")
        server = Server([options.program, "serve", "--data", data, "--port", "0",
                         "--argon2-memory-kib", "64", "--argon2-passes", "1"])
        server.start()
        try:
            made = socket.socket(socket.AF_UNIX)
            made.connect(os.path.join(data, "admin.sock"))
            operator = Tiny(made)
            account = {"username": "root_admin", "password": PASSWORD, "role": "admin"}
            found = asyncio.run(operator.call("admin.create_user", **account))
            same(found["role"], "admin")
            for kind in (Tiny, Asynchronous):
                asyncio.run(converse(kind, server.port, "root_admin"))
            asyncio.run(farewell(server))
        finally:
            server.kill()


if __name__ == "__main__":
    main()
