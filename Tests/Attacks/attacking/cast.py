"""The people and things of one cell of the authorization matrix, made anew for each.

Standard library only.
"""
import copy
import itertools
import os
import time

from attacking import tokens
from attacking.wire import PASSWORD, Connection, operator_creates

NEW_PASSWORD = "quartz vexes judge my big sphinx"
NUMBERS = itertools.count(1)

# Who calls. The owner wrote the post and the comment that are spoken of; the comment stands on a
# post of post_author's. Those who may not call any more are the owner himself, with a token that
# does not hold. The last two speak to the operator's socket.
KINDS = ["nobody", "stranger", "owner", "post_author", "moderator", "admin", "banned", "expired",
         "revoked", "forged", "operator", "stranger_at_door"]
AT_DOOR = {"operator", "stranger_at_door"}
# Who can be attached to a connection as well as carry a token in the call.
ATTACHABLE = {"stranger", "owner", "post_author", "moderator", "admin", "banned", "revoked"}


class Stage:
    """A server, an admin who watches, and what all cells share."""

    def __init__(self, server):
        self.server = server
        self.root = operator_creates(server, "root_admin", "admin")
        with Connection(server.port) as setting:
            self.host = setting.register("everybodys_host")
        self.watch = Connection(server.port)
        self.watch.call("auth.attach", {"access_token": self.root["access_token"]})
        self.key = server.key()

    def another(self):
        """The same with a connection of its own, for another thread."""
        stage = copy.copy(self)
        stage.watch = Connection(self.server.port)
        stage.watch.call("auth.attach", {"access_token": self.root["access_token"]})
        return stage

    def kid(self):
        """The id of a key that nobody needs."""
        with Connection(self.server.admin) as operator:
            return operator.call("admin.rotate_keys")["keys"][-1]["kid"]

    def victim(self):
        """The id of a connection that nobody needs, and the connection."""
        spare = Connection(self.server.port)
        grant = spare.register(f"spare_{next(NUMBERS)}", attach=True)
        with Connection(self.server.admin) as operator:
            items = operator.call("admin.connections")["items"]
        user = grant["user"]["id"]
        return next(item["id"] for item in items if item["user_id"] == user), spare


class Cast:
    """The people of one cell."""

    def __init__(self, stage, kind, way):
        self.stage = stage
        self.number = next(NUMBERS)
        self.kind = kind
        port = stage.server.port
        self.connection = Connection(stage.server.admin if kind in AT_DOOR else port)
        self.spare = None
        with Connection(port) as setting:
            self.owner = setting.register(f"owner_{self.number}")
            # Where nobody calls as him, one will do for many cells.
            self.post_author = stage.host if kind != "post_author" else \
                setting.register(f"host_{self.number}")
            token = self.owner["access_token"]
            self.post = setting.call("posts.create", {"body": "the post"}, token)["id"]
            self.host_post = setting.call(
                "posts.create", {"body": "the other post"}, self.post_author["access_token"])["id"]
            self.comment = setting.call(
                "comments.create", {"post_id": self.host_post, "body": "the comment"}, token)["id"]
            grant = self.grant(setting)
            self.caller = grant or self.owner
            token = grant and grant["access_token"]
            if way == "attached":
                self.connection.call("auth.attach", {"access_token": token})
            self.token = None if way == "attached" else self.spoilt(token, setting)
            if way == "attached":
                self.spoilt(token, setting)

    def grant(self, setting):
        """The caller's, while it still holds."""
        if self.kind in ("nobody", "operator"):
            return None
        if self.kind in ("stranger", "stranger_at_door"):
            return setting.register(f"stranger_{self.number}")
        if self.kind == "post_author":
            return self.post_author
        if self.kind in ("moderator", "admin"):
            return operator_creates(self.stage.server, f"staff_{self.number}", self.kind)
        return self.owner

    def spoilt(self, token, setting):
        """The token, once what makes it worthless has happened."""
        if self.kind == "banned":
            self.stage.watch.call("users.ban", {
                "id": self.owner["user"]["id"], "reason": "for the test"})
        elif self.kind == "revoked":
            setting.call("auth.logout", {"refresh_token": self.owner["refresh_token"]})
        elif self.kind == "forged":
            return tokens.flipped(token, len(token) - 20)
        elif self.kind == "expired":
            header, claims, _ = tokens.parts(token)
            now = int(time.time())
            return tokens.make(
                header, {**claims, "iat": now - 1_000, "exp": now - 60}, self.stage.key)
        return token

    def seen(self):
        """What a refused call may not change, as the watching admin sees it."""
        watch = self.stage.watch
        return [
            watch.call("users.get", {"id": self.owner["user"]["id"]}),
            watch.call("users.get", {"id": self.caller["user"]["id"]}),
            watch.call("posts.get", {"id": self.post}),
            watch.call("comments.get", {"id": self.comment}),
            watch.outcome("auth.whoami", None, self.owner["access_token"]),
        ]

    def close(self):
        self.connection.close()
        if self.spare is not None:
            self.spare.close()

    def fresh(self):
        """Somebody who has nothing to do with it."""
        with Connection(self.stage.server.port) as connection:
            return connection.register(f"fresh_{next(NUMBERS)}")

    def disconnect(self):
        number, self.spare = self.stage.victim()
        return {"connection_id": number}


def name_of(cast):
    return cast.owner["user"]["username"]


# Params that are right but for the caller, by method.
PARAMS = {
    "auth.register": lambda c: {"username": f"new_{next(NUMBERS)}", "password": PASSWORD},
    "auth.login": lambda c: {"username": c.fresh()["user"]["username"], "password": PASSWORD},
    "auth.refresh": lambda c: {"refresh_token": c.fresh()["refresh_token"]},
    "auth.logout": lambda c: {},
    "auth.attach": lambda c: {"access_token": c.fresh()["access_token"]},
    "auth.detach": lambda c: {},
    "auth.whoami": lambda c: {},
    "auth.change_password": lambda c: {
        "current_password": PASSWORD, "new_password": NEW_PASSWORD},
    "auth.sessions": lambda c: {},
    "auth.end_session": lambda c: {"session_id": c.caller["session_id"]},
    "auth.jwks": lambda c: {},
    "users.get": lambda c: {"id": c.owner["user"]["id"]},
    "users.list": lambda c: {},
    "users.update": lambda c: {"bio": "changed by a call"},
    "users.delete": lambda c: {"current_password": PASSWORD},
    "users.set_role": lambda c: {"id": c.owner["user"]["id"], "role": "moderator"},
    "users.ban": lambda c: {"id": c.owner["user"]["id"], "reason": "banned by a call"},
    "users.unban": lambda c: {"id": c.owner["user"]["id"]},
    "posts.create": lambda c: {"body": "written by a call"},
    "posts.get": lambda c: {"id": c.post},
    "posts.list": lambda c: {},
    "posts.update": lambda c: {"id": c.post, "body": "changed by a call"},
    "posts.delete": lambda c: {"id": c.post},
    "posts.like": lambda c: {"id": c.post},
    "posts.unlike": lambda c: {"id": c.post},
    "posts.likers": lambda c: {"id": c.post},
    "comments.create": lambda c: {"post_id": c.post, "body": "written by a call"},
    "comments.get": lambda c: {"id": c.comment},
    "comments.list": lambda c: {"post_id": c.host_post},
    "comments.update": lambda c: {"id": c.comment, "body": "changed by a call"},
    "comments.delete": lambda c: {"id": c.comment},
    "server.ping": lambda c: {},
    "server.info": lambda c: {},
    "server.health": lambda c: {},
    "server.metrics": lambda c: {},
    "admin.create_user": lambda c: {"username": f"new_{next(NUMBERS)}", "password": PASSWORD},
    "admin.set_password": lambda c: {"username": name_of(c), "password": NEW_PASSWORD},
    "admin.keys": lambda c: {},
    "admin.rotate_keys": lambda c: {},
    "admin.retire_key": lambda c: {"kid": c.stage.kid()},
    "admin.backup": lambda c: {
        "path": os.path.join(c.stage.server.folder, f"backup-{c.number}")},
    "admin.connections": lambda c: {},
    "admin.disconnect": Cast.disconnect,
    "admin.set_log": lambda c: {"requests": "all"},
    "rpc.cancel": lambda c: {"id": 0},
    "rpc.discover": lambda c: {},
}
