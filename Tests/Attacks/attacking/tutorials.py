"""The faults that tutorials for this kind of service have, each a named check with its control.

Standard library only.
"""
import json

from attacking import tokens
from attacking.report import among, expect, same
from attacking.wire import PASSWORD
from attacking.world import NUMBERS, UNKNOWN


def ok(result):
    return {"jsonrpc": "2.0", "id": 0, "result": result}


# MARK: another's post

def others_things(world):
    with world.connect() as one:
        owner, stranger = world.person(one), world.person(one)
        mine, theirs = owner["access_token"], stranger["access_token"]
        world.owner_token = mine
        post = one.call("posts.create", {"body": "mine"}, mine)
        elsewhere = one.call("posts.create", {"body": "a host's"}, world.admin["access_token"])
        comment = one.call(
            "comments.create", {"post_id": elsewhere["id"], "body": "mine too"}, mine)
        for kind, thing in (("posts", post), ("comments", comment)):
            for verb, more in (("update", {"body": "taken over"}), ("delete", {})):
                method, params = f"{kind}.{verb}", {"id": thing["id"], **more}
                same(one.outcome(method, params, theirs), "permission_denied", method)
                same(one.outcome(method, params, theirs, idempotency_key="k" + method),
                     "permission_denied", f"{method} with a key")
                message = {"jsonrpc": "2.0", "method": method,
                           "params": {**params, "_meta": {"access_token": theirs}}}
                # As a notification and in a batch, whose answers say nothing or little.
                one.write(json.dumps(message).encode() + b"\n")
                one.write(json.dumps([{**message, "id": 1}, {**message, "id": 2}]).encode() + b"\n")
                for answer in one.read():
                    same(answer["error"]["data"]["name"], "permission_denied", f"{method} in a batch")
        with world.connect() as attached:
            attached.call("auth.attach", {"access_token": theirs})
            same(attached.outcome("posts.delete", {"id": post["id"]}), "permission_denied",
                 "posts.delete, attached")
        same(one.call("posts.get", {"id": post["id"]}), post, "the post afterwards")
        same(one.call("comments.get", {"id": comment["id"]}), comment, "the comment afterwards")


def anybody_is_the_owner(world):
    def fault(go, method, params, token, _):
        is_change = method.split(".")[1] in ("update", "delete")
        return go(method, params, world.owner_token if is_change else token)
    return fault


# MARK: mixed lists

def mixed_comments(world):
    with world.connect() as one, world.connect() as other:
        token = world.person(one)["access_token"]
        posts = [one.call("posts.create", {"body": f"post {n}"}, token)["id"] for n in range(3)]
        world.mixed_post = posts[0]
        written = {post: [] for post in posts}
        for number in range(7):
            for post in posts:
                params = {"post_id": post, "body": f"comment {number}"}
                written[post].append(one.call("comments.create", params, token)["id"])
        # Page by page in turn, so that whatever a server keeps of one list is at hand for the next.
        cursors, seen = {post: None for post in posts}, {post: [] for post in posts}
        for turn in range(4):
            for post in posts:
                page = (one, other)[turn % 2].call("comments.list", {
                    "post_id": post, "limit": 2, "order": "oldest", "cursor": cursors[post]})
                for item in page["items"]:
                    same(item["post_id"], post, "the post of a comment")
                seen[post] += [item["id"] for item in page["items"]]
                cursors[post] = page["next_cursor"] or cursors[post]
        for post in posts:
            same(seen[post], written[post], "the comments of a post")
        cursor = one.call("comments.list", {"post_id": posts[0], "limit": 2})["next_cursor"]
        for method, params in (
                ("comments.list", {"post_id": posts[1], "cursor": cursor}),
                ("comments.list", {"post_id": posts[0], "cursor": cursor, "order": "oldest"}),
                ("posts.list", {"cursor": cursor}), ("users.list", {"cursor": cursor}),
                ("posts.likers", {"id": posts[0], "cursor": cursor})):
            same(one.outcome(method, params), "cursor_invalid", f"another list's cursor: {method}")


def one_list_for_all(world):
    def fault(go, method, params, token, _):
        if method == "comments.list":
            params = {**params, "post_id": world.mixed_post}
        return go(method, params, token)
    return fault


# MARK: more than one's own profile

def writable_role(world):
    with world.connect() as one:
        grant = world.person(one)
        token, before = grant["access_token"], one.call("auth.whoami", None, grant["access_token"])
        for name, value in (
                ("role", "admin"), ("is_active", True), ("is_admin", True), ("id", UNKNOWN),
                ("username", "root"), ("password", PASSWORD), ("post_count", 9), ("ban", None),
                ("created_at", "2020-01-01T00:00:00.000Z"), ("__proto__", {"role": "admin"}),
                ("Role", "admin"), ("role\u0000", "admin")):
            answer = one.ask("users.update", {"bio": "b", name: value}, token)
            expect("error" in answer, f"users.update took {name!r}")
            same(answer["error"]["data"]["name"], "invalid_params", f"users.update with {name!r}")
        for method, params in (
                ("posts.create", {"body": "b", "author_id": world.admin["user"]["id"]}),
                ("posts.create", {"body": "b", "author": {"id": world.admin["user"]["id"]}}),
                ("posts.create", {"body": "b", "like_count": 1_000}),
                ("auth.register", {"username": f"sly_{next(NUMBERS)}", "password": PASSWORD,
                                   "role": "admin"}),
                ("auth.login", {"username": grant["user"]["username"], "password": PASSWORD,
                                "role": "admin"})):
            same(one.outcome(method, params, token), "invalid_params", f"{method} with {params}")
        # By position there is no place for it either.
        one.last += 1
        one.write(json.dumps({"jsonrpc": "2.0", "id": one.last, "method": "posts.create",
                              "params": ["b", world.admin["user"]["id"]]}).encode() + b"\n")
        same(one.read()["error"]["data"]["name"], "invalid_params", "a surplus position")
        same(one.call("auth.whoami", None, token), before, "the caller afterwards")


def unknown_members_are_dropped(world):
    def fault(go, method, params, token, _):
        if method == "users.update":
            params = {name: value for name, value in params.items() if name == "bio"}
        return go(method, params, token)
    return fault


# MARK: e-mail

def members_named(value, name):
    """Every value of a member of that name, however deep."""
    found, waiting = [], [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            found += [value[key] for key in value if key == name]
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return found


def shown_email(world):
    address = "somebody@example.org"
    with world.connect() as one:
        owner = one.register(f"mailed_{next(NUMBERS)}", email=address)
        world.mailed = owner["user"]["id"]
        token, person = owner["access_token"], owner["user"]["id"]
        post = one.call("posts.create", {"body": "b"}, token)["id"]
        one.call("comments.create", {"post_id": post, "body": "b"}, token)
        one.call("posts.like", {"id": post}, token)
        looks = [("users.get", {"id": person}),
                 ("users.get", {"username": owner["user"]["username"]}),
                 ("users.list", {"query": owner["user"]["username"]}), ("users.list", {}),
                 ("posts.likers", {"id": post}), ("posts.get", {"id": post}), ("posts.list", {}),
                 ("comments.list", {"post_id": post})]
        for who in (None, world.person(one)["access_token"],
                    world.staff("moderator")["access_token"]):
            for method, params in looks:
                result = one.call(method, params, who)
                expect(address not in json.dumps(result), f"{method} shows the address")
                shown = [user for page in members_named(result, "items") or [[result]]
                         for user in page if user.get("id") == person]
                for name in ("email", "ban", "password", "password_hash"):
                    expect(all(name not in user for user in shown), f"{method} shows {name}")
        for who in (token, world.admin["access_token"]):
            for method, params in looks[:3]:
                result = one.call(method, params, who)
                same(members_named(result, "email")[:1], [address], f"{method} to who may see it")


def address_for_all(world):
    def fault(go, method, params, token, _):
        if method == "posts.likers":
            token = world.admin["access_token"]
        return go(method, params, token)
    return fault


def unasked_email(world):
    with world.connect() as one:
        name, address = f"mailed_{next(NUMBERS)}", "first@example.org"
        grant = one.register(name, email=address)
        token = grant["access_token"]
        for value in ("thief@example.org", None):
            answer = one.ask("users.update", {"email": value}, token)
            same(answer.get("error", {}).get("data", {}).get("name"), "invalid_params",
                 "an address without the password")
            same(answer["error"]["data"]["errors"][0]["path"], "/current_password", "its path")
            params = {"email": value, "current_password": "not the right one"}
            same(one.outcome("users.update", params, token), "bad_credentials", "a wrong password")
        same(one.call("auth.whoami", None, token)["user"]["email"], address, "the address")
        # Nor does the thief of a token change the password or delete the account.
        for method, params in (
                ("auth.change_password", {"current_password": "not the right one",
                                          "new_password": "a new pass phrase 77"}),
                ("users.delete", {"current_password": "not the right one"})):
            same(one.outcome(method, params, token), "bad_credentials", method)


def password_not_asked(_):
    def fault(go, method, params, token, _):
        if method == "users.update" and "email" in params:
            params = {**params, "current_password": PASSWORD}
        return go(method, params, token)
    return fault


# MARK: unknown ids

def id_params(schema):
    """Every method that takes an id, with the names of those params."""
    for method in schema["methods"]:
        names = [each["name"] for each in method["params"]
                 if each["name"] == "id" or each["name"].endswith("_id")]
        if names and not method["name"].startswith(("admin.", "rpc.")):
            yield method, names


def unknown_ids(world):
    count = 0
    with world.connect() as one:
        schema = one.call("rpc.discover")
        token = world.admin["access_token"]
        post = one.call("posts.create", {"body": "b"}, token)["id"]
        comment = one.call("comments.create", {"post_id": post, "body": "b"}, token)["id"]
        user = world.admin["user"]["id"]
        gone = one.call("posts.create", {"body": "b"}, token)["id"]
        one.call("posts.delete", {"id": gone}, token)
        values = {UNKNOWN: "valid", post: "valid", comment: "valid", user: "valid", gone: "valid",
                  "ffffffff-ffff-7fff-bfff-ffffffffffff": "valid",
                  "00000000-0000-7000-8000-000000000000": "valid",
                  "00000000-0000-0000-0000-000000000000": "malformed", "": "malformed",
                  "1": "malformed", "x" * 36: "malformed", UNKNOWN.upper(): "malformed",
                  UNKNOWN[:-1]: "malformed", UNKNOWN + "\u0000": "malformed",
                  "01936b2f-5a20-4c3e-9f00-0a1b2c3d4e61": "malformed",
                  "' OR 1=1 --": "malformed", "../../etc/passwd": "malformed"}
        for method, names in id_params(schema):
            more = {"body": "b"} if any(p["name"] == "body" for p in method["params"]) else {}
            more |= {"reason": "r"} if method["name"] == "users.ban" else {}
            more |= {"role": "user"} if method["name"] == "users.set_role" else {}
            for value, form in values.items():
                if method["name"].startswith("users.") and value == user:
                    continue
                found = one.outcome(method["name"], {names[0]: value, **more}, token)
                wanted = {"invalid_params"} if form == "malformed" else {"not_found", "ok"}
                among(found, wanted, f"{method['name']} with {value!r}")
                if value in (UNKNOWN, gone) and method["name"] != "posts.list":
                    same(found, "not_found", f"{method['name']} with {value!r}")
                if value == post and method["name"] in ("comments.get", "comments.delete"):
                    same(found, "not_found", f"{method['name']} with a post's id")
                count += 1
                if value in (post, comment) and method["name"].endswith(".delete"):
                    post = one.call("posts.create", {"body": "b"}, token)["id"]
        return f"{count} calls"


def unknown_is_internal(_):
    def fault(go, method, params, token, _):
        answer = go(method, params, token)
        if answer.get("error", {}).get("data", {}).get("name") == "not_found":
            answer["error"]["data"]["name"] = "internal"
        return answer
    return fault


# MARK: log-out

def weak_logout(world):
    with world.connect() as one, world.connect() as attached:
        def session():
            grant = one.login(name)
            attached.call("auth.attach", {"access_token": grant["access_token"]})
            return grant

        def has_ended(grant, how):
            same(one.outcome("auth.whoami", None, grant["access_token"]), "token_revoked",
                 f"the access token after log-out {how}")
            same(one.outcome("auth.refresh", {"refresh_token": grant["refresh_token"]}),
                 "token_revoked", f"the refresh token after log-out {how}")
            same(attached.outcome("auth.whoami"), "token_revoked", f"attached, {how}")

        person = world.person(one)
        name = person["user"]["username"]
        grant = session()
        one.call("auth.logout", {}, grant["access_token"])
        has_ended(grant, "by the access token")
        grant = session()
        one.call("auth.logout", {"refresh_token": grant["refresh_token"]})
        has_ended(grant, "by the refresh token alone")
        grant = session()
        header, claims, _ = tokens.parts(grant["access_token"])
        old = tokens.make(header, {**claims, "exp": claims["iat"] - 60}, world.key)
        same(one.outcome("auth.whoami", None, old), "token_expired", "the old token")
        one.call("auth.logout", {}, old)
        has_ended(grant, "by an expired access token")
        grant = session()
        spent = grant["refresh_token"]
        grant = one.call("auth.refresh", {"refresh_token": spent})
        one.call("auth.logout", {"refresh_token": spent})
        has_ended(grant, "by a spent refresh token")
        same(one.outcome("auth.whoami", None, person["access_token"]), "ok", "the other session")
        same(one.outcome("auth.logout", {"all": True}, old), "token_expired", "all, by an old token")
        one.call("auth.logout", {"all": True}, person["access_token"])
        same(one.outcome("auth.whoami", None, person["access_token"]), "token_revoked", "all")


def logout_does_nothing(_):
    def fault(go, method, params, token, _):
        return ok({}) if method == "auth.logout" else go(method, params, token)
    return fault


# MARK: pages

def shifting_pages(world):
    with world.connect() as one, world.connect() as writer:
        token = world.person(one)["access_token"]
        seen = {}
        for order in ("newest", "oldest"):
            lasting = {one.call("posts.create", {"body": "stays"}, token)["id"] for _ in range(24)}
            passing = [one.call("posts.create", {"body": "goes"}, token)["id"] for _ in range(8)]
            cursor, items = None, []
            while True:
                # Others write and delete between any two pages.
                if passing:
                    writer.call("posts.delete", {"id": passing.pop()}, token)
                writer.call("posts.create", {"body": "new"}, token)
                page = one.call("posts.list", {"limit": 5, "order": order, "cursor": cursor})
                items += [post["id"] for post in page["items"]]
                cursor = page["next_cursor"]
                if cursor is None or len(items) > 5_000:
                    break
            same(len(items), len(set(items)), f"{order}: how many, and how many different")
            expect(lasting <= set(items), f"{order}: {len(lasting - set(items))} were passed over")
            expect(items == sorted(items, reverse=order == "newest"), f"{order}: not in order")
            seen[order] = len(items)
        return f"{seen['newest']} and {seen['oldest']} items"


def pages_by_offset(_):
    def fault(go, method, params, token, _):
        if method != "posts.list":
            return go(method, params, token)
        skipped = int((params.get("cursor") or "0").split(":")[-1])
        answer = go(method, {"limit": 100, "order": params["order"]}, token)
        items = answer["result"]["items"][skipped:skipped + params["limit"]]
        skipped += params["limit"]
        more = len(items) == params["limit"] and skipped < 95
        return ok({"items": items, "next_cursor": f"at:{skipped}" if more else None})
    return fault


def same_for_hidden(world):
    with world.connect() as one, world.connect() as other:
        victim, token = world.person(one), world.person(one)["access_token"]
        others = one.ask("auth.end_session", {"session_id": victim["session_id"]}, token)
        nobodys = one.ask("auth.end_session", {"session_id": UNKNOWN}, token)
        same(others.get("error"), nobodys.get("error"), "another's session and none")
        same(others["error"]["data"]["name"], "not_found", "another's session")
        same(one.outcome("auth.whoami", None, victim["access_token"]), "ok", "the session")
        # Whoever uses the same key as another gets his own answer, and no glimpse of the other's.
        keyed = {"idempotency_key": "the-same-key"}
        mine = one.call("posts.create", {"body": "mine"}, victim["access_token"], **keyed)
        theirs = other.call("posts.create", {"body": "mine"}, token, **keyed)
        expect(mine["id"] != theirs["id"], "a key gave another's answer")
        name = victim["user"]["username"]
        same(one.outcome("auth.register", {"username": name.upper(), "password": PASSWORD}),
             "already_exists", "a name in capitals")


def hidden_is_denied(_):
    def fault(go, method, params, token, _):
        answer = go(method, params, token)
        if method == "auth.end_session" and params["session_id"] != UNKNOWN:
            answer["error"]["data"]["name"] = "permission_denied"
        return answer
    return fault


CHECKS = [
    ("any signed-in user deletes or rewrites another's post or comment", others_things,
     anybody_is_the_owner),
    ("one post's comments are mixed into another's", mixed_comments, one_list_for_all),
    ("role or is_active is written through an update", writable_role, unknown_members_are_dropped),
    ("an e-mail address is shown to strangers", shown_email, address_for_all),
    ("an unknown id makes an internal error", unknown_ids, unknown_is_internal),
    ("a log-out needs a live access token and leaves it valid", weak_logout, logout_does_nothing),
    ("pages shift while others post", shifting_pages, pages_by_offset),
    ("the e-mail address is changed without the password", unasked_email, password_not_asked),
    ("what is another's is told from what is not there", same_for_hidden, hidden_is_denied),
]
