"""Texts that would be more than texts to a careless database, log or terminal.

Standard library only.
"""
import json

from attacking import tokens
from attacking.report import among, expect, same
from attacking.wire import PASSWORD, SECRETS, told
from attacking.world import NUMBERS

# Guesses are no matter here.
FLAGS = ["--login-failures-max", "0", "--login-failures-address-max", "0"]
SQL = ["'; DROP TABLE posts; --", "' OR '1'='1", '" OR ""="', "1; DELETE FROM users", "%", "_", "*",
       "\\", "x' || (SELECT 1) || '", "?1", ":body", "$1", "/**/", "-- ", "';ATTACH 'x' AS y;--",
       "[a-z]*", "NULL;", "0x41;", "😀'\"`", "a\nb';", "\u202edrop"]
# Members that no line of the log may get from a client.
PLANTED = "planted_by_a_client"
BREAKS = [f'x","event":"{PLANTED}', f'\\n{{"event":"{PLANTED}"}}', f'\n{{"event":"{PLANTED}"}}\n',
          f"\r\n{PLANTED}", "\u001b[2J\u001b[31m", "\u009b31m", "\u2028", "\u0000", "\u0007" * 20,
          '"', "\\", "\\u000a", "%s%n%x", "${jndi:ldap://127.0.0.1/a}", "A" * 5_000]


def sql(world):
    """Every text comes back as it was sent, finds itself and nothing else."""
    with world.connect() as one:
        grant = world.person(one)
        token, person = grant["access_token"], grant["user"]["id"]
        for number, text in enumerate(SQL):
            post = one.call("posts.create", {"body": text}, token, idempotency_key=f"k{number}")
            same(post["body"], text, "a post's body")
            same(one.call("posts.get", {"id": post["id"]})["body"], text, "a body read again")
            comment = one.call("comments.create", {"post_id": post["id"], "body": text}, token)
            same(one.call("comments.list", {"post_id": post["id"]})["items"][0]["body"], text,
                 "a comment's body")
            one.call("comments.update", {"id": comment["id"], "body": text + "."}, token)
            line = text.replace("\n", " ")
            user = one.call("users.update", {"bio": text, "display_name": line}, token)
            same((user["bio"], user["display_name"]), (text, line), "a profile")
            for method, params in (
                    ("auth.login", {"username": text, "password": "pass " + text}),
                    ("auth.login", {
                        "username": grant["user"]["username"], "password": "pass " + text})):
                same(one.outcome(method, params), "bad_credentials", f"{method} with {text!r}")
            for method, name in (("users.get", "username"), ("posts.get", "id"),
                                 ("auth.register", "username"), ("posts.list", "author_id")):
                more = {"password": PASSWORD} if method == "auth.register" else {}
                same(one.outcome(method, {name: text, **more}), "invalid_params",
                     f"{method} with {text!r}")
            among(one.outcome("posts.list", {"cursor": text}), {"cursor_invalid"},
                  f"the cursor {text!r}")
            among(one.outcome("posts.like", {"id": post["id"]}, token, idempotency_key=text),
                  {"ok", "invalid_params"}, f"the key {text!r}")
            one.call("users.ban", {"id": person, "reason": line}, world.admin["access_token"])
            one.call("users.unban", {"id": person}, world.admin["access_token"])
            token = one.login(grant["user"]["username"], device=line)["access_token"]
        count = one.call("users.get", {"id": person})["post_count"]
        same(count, len(SQL), "posts afterwards")
        same(one.call("server.health")["status"], "ok", "its health")
    return f"{len(SQL)} texts"


def wildcards(world):
    """A search is for what a name begins with, and no character of it is more than itself."""
    with world.connect() as one:
        stem = f"w{next(NUMBERS)}"
        for name in (f"{stem}_a", f"{stem}xa", f"{stem}xb"):
            one.register(name)

        def found(query):
            return [user["username"] for user in one.call(
                "users.list", {"query": query, "order": "oldest"})["items"]]

        same(found(f"{stem}_"), [f"{stem}_a"], "an underscore")
        same(found(f"{stem.upper()}X"), [f"{stem}xa", f"{stem}xb"], "capitals")
        for query in (f"{stem}%", f"{stem}*", f"{stem}?a", f"{stem}[x]", f"{stem}' OR 1=1", "%",
                      f"{stem}xa\u0000", f"{stem}\\_"):
            answer = one.ask("users.list", {"query": query})
            expect("error" in answer or not answer["result"]["items"], f"{query!r} finds somebody")


def underscore_is_any(_):
    def fault(go, method, params, token, _):
        if method == "users.list":
            params = {**params, "query": params["query"].rstrip("_%*")}
        return go(method, params, token)
    return fault


def text_is_altered(_):
    def fault(go, method, params, token, _):
        if "body" in (params or {}):
            params = {**params, "body": params["body"].replace("'", "''")}
        return go(method, params, token)
    return fault


def entries(world):
    with open(world.server.log, "rb") as log:
        return log.read()


def judge_log(text):
    """Every line is one object of JSON with a known beginning, and nothing in it moves a cursor."""
    for line in text.split(b"\n")[:-1]:
        expect(all(byte >= 0x20 and byte != 0x7F for byte in line), f"control bytes: {line[:200]}")
        try:
            entry = json.loads(line)
        except ValueError:
            expect(False, f"no JSON: {line[:200]}")
        expect(isinstance(entry, dict) and list(entry)[0] == "time", f"no entry: {line[:200]}")
        expect(list(entry)[1] in ("event", "connection"), f"no entry: {line[:200]}")
        expect(PLANTED not in str(entry.get("event", "")), f"a planted entry: {line[:200]}")
        expect(len(line) < 2_000, f"an entry of {len(line)} bytes")
        clear = line.decode("utf-8")
        expect(not any("\u0080" <= each <= "\u009f" for each in clear), f"C1: {line[:200]}")


def log_lines(world):
    before = len(entries(world))
    with world.connect() as one:
        token = world.person(one)["access_token"]
        for text in BREAKS:
            for message in (
                    {"id": text, "method": "server.ping"}, {"id": 1, "method": text},
                    {"id": text, "method": text, "params": {text: text}},
                    {"id": 2, "method": "auth.login",
                     "params": {"username": text, "password": text}},
                    {"id": 3, "method": "posts.create",
                     "params": {"body": text, "_meta": {"access_token": text,
                                                        "traceparent": text}}},
                    {"id": 4, "method": "server.ping",
                     "params": {"_meta": {"traceparent": text}}},
                    {"id": 5, "method": "users.get", "params": {
                        "username": text, "_meta": {"traceparent": [text]}}},
                    {"id": 6, "method": "posts.list", "params": {
                        "cursor": text, "_meta": {"idempotency_key": text}}},
                    {"id": 7, "method": "users.update", "params": {
                        "bio": "b", "_meta": {"access_token": token, "traceparent": text}}}):
                for is_ascii in (True, False):
                    one.write(json.dumps(
                        {"jsonrpc": "2.0", **message}, ensure_ascii=is_ascii).encode() + b"\n")
                    one.read()
            one.write(b"# " + text.encode().replace(b"\n", b" ") + b"\n")
            same(told(one.read()), "parse_error", "a line that is no JSON")
        one.call("server.ping")
    text = entries(world)[before:]
    expect(text.count(b"\n") > len(BREAKS) * 10, "little was logged")
    judge_log(text)
    metrics = json.dumps(world.connect().call("server.metrics", None, world.admin["access_token"]))
    expect(PLANTED not in metrics, "a client named a metric")
    return f"{text.count(10)} lines"


def log_control(world):
    """The judge of the log sees what it is to see."""
    good = b'{"time":"2026-01-01T00:00:00.000Z","event":"started"}\n'
    judge_log(good)
    for bad in (b'{"time":"x","event":"' + PLANTED.encode() + b'"}\n', b'{"event":"x"}\n', b"x\n",
                b'{"time":"x","connection":1,"id":"\x1b[2J"}\n', b'["time"]\n',
                '{"time":"x","connection":1,"id":"\u009b"}\n'.encode()):
        try:
            judge_log(good + bad)
        except Exception:  # noqa: BLE001
            continue
        expect(False, f"the judge takes {bad}")


def spilt_secrets(world):
    """Secrets in the wrong place: broken lines, unknown members, names of methods, ids."""
    with world.connect() as one:
        grant = world.person(one)
        secret = "spilt milk and seven wizards"
        SECRETS.add(secret)
        token = grant["access_token"]
        for line in (
                f'{{"jsonrpc":"2.0","id":1,"method":"auth.login","params":{{"password":"{secret}"',
                f'{{"jsonrpc":"2.0","id":1,"method":"auth.login","params":{{"pasword":"{secret}"}}}}',
                f'{{"jsonrpc":"2.0","id":1,"method":"auth.login","params":["ada","{secret}"]}}',
                f'{{"jsonrpc":"2.0","id":1,"method":"auth.login","params":{{"{secret}":1}}}}',
                f'{{"jsonrpc":"2.0","id":1,"method":"{secret}"}}',
                f'{{"jsonrpc":"2.0","id":1,"method":"{token}","params":{{}}}}',
                f'{{"jsonrpc":"2.0","id":1,"method":"posts.get","params":{{"id":"{token}"}}}}',
                f'{{"jsonrpc":"2.0","id":1,"method":"posts.list","params":{{"cursor":"{token}"}}}}',
                f"{secret} {token}"):
            one.write(line.encode() + b"\n")
            one.read()
        altered = tokens.flipped(token, 30)
        one.outcome("auth.whoami", None, altered)
        one.outcome("auth.login", {"username": secret, "password": secret})


CHECKS = [
    ("SQL in a text is run", sql, text_is_altered),
    ("a search takes wildcards", wildcards, underscore_is_any),
    ("a client writes entries of the log", log_lines, None),
    ("control: the judge of the log", log_control, None),
    ("a secret in the wrong place is logged", spilt_secrets, None),
]
