"""Tokens that must not pass (RFC 8725), over the wire: as access tokens, for attaching, as refresh
tokens. Those with right signatures are signed by the server's own key, so that only the check in
question stands in their way.

Standard library only, and openssl(1).
"""
import hashlib
import hmac
import json
import time

from attacking import tokens
from attacking.report import among, expect, same
from attacking.world import UNKNOWN

FOREVER = "9" * 400


def hs(digest, header, claims, secret):
    """A token with an HMAC for its signature."""
    data = tokens.packed(header) + "." + tokens.packed(claims)
    return data + "." + tokens.encode(hmac.new(secret, data.encode(), digest).digest())


def forged_headers(world, grant, refresh=False):
    """Tokens whose header or algorithm is the attack: (name, token)."""
    good = grant["refresh_token" if refresh else "access_token"]
    header, claims, signature = tokens.parts(good)
    data = good.rsplit(".", 1)[0]
    mine = tokens.new_key(world.server.folder, "forger")

    def signed(changes, key=world.key, drop=()):
        changed = {name: value for name, value in {**header, **changes}.items()
                   if name not in drop}
        return tokens.make(changed, claims, key)

    for alg in ("none", "None", "NONE", "nOnE", ""):
        bare = tokens.packed({**header, "alg": alg}) + "." + tokens.packed(claims)
        yield f"alg {alg!r} without a signature", bare + "."
        yield f"alg {alg!r} with the old signature", bare + "." + tokens.encode(signature)
    yield "no signature at all", data
    for name, digest in (("HS256", hashlib.sha256), ("HS512", hashlib.sha512)):
        x = tokens.public_part(world.key)
        for what, secret in (
                ("the public key's bytes", x), ("its text", tokens.encode(x).encode()),
                ("its PEM file", tokens.public_pem(world.key)), ("nothing", b""),
                ("the key's id", header["kid"].encode())):
            yield f"{name} with {what}", hs(digest, {**header, "alg": name}, claims, secret)
            yield f"{name} with {what}, called EdDSA", hs(digest, header, claims, secret)
    for alg in ("RS256", "ES256", "PS512", "Ed25519", "eddsa", "EDDSA", "EdDSA ", "Ed448", None, 1,
                ["EdDSA"], {"EdDSA": 1}, True):
        yield f"alg {alg!r}", signed({"alg": alg})
    yield "no alg", signed({}, drop=["alg"])
    yield "another's key under our kid", signed({}, mine)
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": tokens.encode(tokens.public_part(mine))}
    for name, value in (
            ("jwk", jwk), ("jku", "http://127.0.0.1:1/keys"), ("x5u", "http://127.0.0.1:1/cert"),
            ("x5c", [tokens.encode(tokens.public_part(mine))]), ("x5t", "a"),
            ("crit", ["exp"]), ("crit", []), ("b64", False)):
        yield f"another's key, {name} in the header", signed({name: value}, mine)
        if name in ("jwk", "jku", "x5u", "x5c", "crit"):
            yield f"our own key, {name} = {value!r} in the header", signed({name: value})
    yield "zip in the header, and our own key", signed({"zip": "DEF"}, mine)
    for kid in ("", "forger", "../../../../dev/null", "/dev/null", "../keys/" + header["kid"],
                "' UNION SELECT 'x' --", header["kid"] + "\u0000", header["kid"].lower(),
                header["kid"] + " ", None, 0, [header["kid"]], "k" * 2_000):
        yield f"kid {str(kid)[:30]!r}, another's key", signed({"kid": kid}, mine)
        yield f"kid {str(kid)[:30]!r}, our own key", signed({"kid": kid})
    yield "no kid", signed({}, drop=["kid"])
    wrong = "at+jwt" if refresh else "rt+jwt"
    for typ in (wrong, "JWT", "jwt", "AT+JWT", "RT+JWT", "at+jwt ", "", None, ["at+jwt"], "id+jwt"):
        yield f"typ {typ!r}", signed({"typ": typ})
    yield "no typ", signed({}, drop=["typ"])
    twice = json.dumps(header)[:-1]
    for name, value in (("alg", "none"), ("alg", "EdDSA"), ("kid", header["kid"]),
                        ("typ", header["typ"])):
        yield f"{name} twice", tokens.make(f'{twice},"{name}":"{value}"}}', claims, world.key)
    yield "alg twice, once escaped", tokens.make(
        twice + ',"\\u0061lg":"none"}', claims, world.key)
    for what in ("[]", "null", '"EdDSA"', "", "{", json.dumps(header) + " x", "\ufeff" + twice + "}"):
        yield f"a header {what[:12]!r}", tokens.make(what, claims, world.key)


def forged_texts(world, grant, refresh=False):
    """Tokens whose text is the attack."""
    good = grant["refresh_token" if refresh else "access_token"]
    header, claims, signature = good.split(".")
    for place in (0, 5, len(header) - 1, len(header) + 1, len(header) + 40,
                  len(header) + len(claims), len(good) - 86, len(good) - 40, len(good) - 3):
        yield f"character {place} altered", tokens.flipped(good, place)
    names = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    unused = good[:-1] + names[names.index(good[-1]) ^ 1]
    yield "the same signature with unused bits set", unused
    yield "the same signature in another equation (S + L)", tokens.malleable(good)
    yield "a signature of nought", f"{header}.{claims}." + tokens.encode(bytes(64))
    yield "the neutral point for a signature", f"{header}.{claims}." + tokens.encode(
        b"\1" + bytes(63))
    yield "half a signature", good[:-43]
    yield "a signature and more", good + "AAAA"
    for name, text in (
            ("four segments", good + ".AAAA"), ("a dot more", good + "."), ("no dots", "x" * 300),
            ("dots alone", ".."), ("nothing", ""), ("padding", good + "=="),
            ("a space before", " " + good), ("a line feed behind", good + "\n"),
            ("a line feed within", good[:20] + "\n" + good[20:]), ("Bearer", "Bearer " + good),
            ("a NUL", good + "\u0000"), ("quotes", f'"{good}"'),
            ("segments swapped", f"{claims}.{header}.{signature}"),
            ("standard base64", good.replace("-", "+").replace("_", "/") + "+/"),
            ("beyond ASCII", "é" + good), ("only a header", header + ".."),
            ("5 kB", good + "A" * 4_500), ("100 kB", "A" * 50_000 + "." + "B" * 50_000 + ".C"),
            ("900 kB", good + "A" * 900_000), ("900 kB of dots", "." * 900_000)):
        yield name, text


def forged_claims(world, grant, refresh=False):
    """Tokens with right signatures whose claims are the attack: (name, token, outcomes)."""
    good = grant["refresh_token" if refresh else "access_token"]
    header, claims, _ = tokens.parts(good)
    invalid = {"token_invalid"}
    # For a refresh token `expired` would mean: refresh. It is told as revoked.
    expired = {"token_revoked"} if refresh else {"token_expired"}
    now = int(time.time())

    def signed(changes, drop=()):
        changed = {name: value for name, value in {**claims, **changes}.items()
                   if name not in drop}
        return tokens.make(header, changed, world.key)

    for name in ("iss", "aud", "sub", "sid", "iat", "exp", "jti"):
        yield f"no {name}", signed({}, drop=[name]), invalid
        yield f"{name} null", signed({name: None}), invalid
        yield f"{name} a list", signed({name: [claims[name]]}), invalid
        yield f"{name} twice", tokens.make(
            header, json.dumps(claims)[:-1] + f',"{name}":{json.dumps(claims[name])}}}',
            world.key), invalid
    for name in ("iss", "aud"):
        for value in ("other", "", claims[name] + "x", claims[name].upper(), 7):
            yield f"{name} {value!r}", signed({name: value}), invalid
    for value in (now - 60, 0, -1):
        yield f"exp {value}", signed({"iat": now - 999, "exp": value}), expired | invalid
    for value in (str(claims["exp"]), FOREVER, True, "never", -2**63):
        yield f"exp {str(value)[:12]!r}", signed({"exp": value}), expired | invalid
    for text in ("1e400", FOREVER, "9223372036854775808", "-0", "0x7fffffff", "1e", "NaN",
                 "Infinity"):
        body = json.dumps(claims).replace(str(claims["exp"]), text)
        yield f"exp {text[:20]}", tokens.make(header, body, world.key), expired | invalid
    yield "nbf to come", signed({"nbf": now + 3_600}), invalid
    yield "nbf a text", signed({"nbf": "0"}), invalid
    yield "another's sub", signed({"sub": world.admin["user"]["id"]}), invalid | {"token_revoked"}
    yield "another's sid", signed({"sid": world.admin["session_id"]}), invalid | {"token_revoked"}
    yield "an unknown sid", signed({"sid": UNKNOWN}), {"token_revoked"}
    yield "an unknown sub", signed({"sub": UNKNOWN}), invalid | {"token_revoked"}
    for value in ("1", "' OR 1=1 --", claims["sub"].upper(), claims["sub"] + "x", ""):
        yield f"sub {value!r}", signed({"sub": value}), invalid
        yield f"sid {value!r}", signed({"sid": value}), invalid
    yield "an escaped name", tokens.make(
        header, json.dumps(claims).replace('"sub"', '"\\u0073ub"'), world.key), invalid
    yield "a name twice, once escaped", tokens.make(
        header, json.dumps(claims)[:-1] + ',"\\u0073ub":"x"}', world.key), invalid
    for what in ("[]", "null", "{", json.dumps(claims) + "x", json.dumps([claims]), "[" * 400,
                 b"\xff\xfe", "{" + ",".join(f'"m{n}":1' for n in range(100)) + "}"):
        yield f"claims {str(what)[:12]!r}", tokens.make(header, what, world.key), invalid


def all_of(world, grant, refresh):
    """Everything, as (name, token, outcomes)."""
    for source in (forged_headers, forged_texts):
        for name, token in source(world, grant, refresh):
            if token is not None:
                yield name, token, {"token_invalid"}
    yield from forged_claims(world, grant, refresh)


def forged_access(world):
    count = 0
    with world.connect() as one, world.connect() as attached:
        grant = world.person(one)
        world.good_token = grant["access_token"]
        header, claims, _ = tokens.parts(grant["access_token"])
        again = tokens.make(header, claims, world.key)
        same(one.outcome("auth.whoami", None, again), "ok", "a token of this test's own making")
        for name, token, wanted in all_of(world, grant, False):
            among(one.outcome("auth.whoami", None, token), wanted, name)
            among(one.outcome("posts.create", {"body": "by a forger"}, token), wanted, name)
            # Attaching with it leaves nobody attached, where somebody was.
            attached.call("auth.attach", {"access_token": grant["access_token"]})
            among(attached.outcome("auth.attach", {"access_token": token}), wanted,
                  f"attaching with {name}")
            same(attached.outcome("auth.whoami"), "unauthenticated", f"after {name}")
            count += 1
        expect(count > 150, f"only {count} tokens were tried")
        same(one.outcome("auth.whoami", None, grant["refresh_token"]), "token_invalid",
             "the refresh token in an access token's place")
        for value in (None, 7, True, [again], {"token": again}):
            one.last += 1
            one.write(json.dumps({
                "jsonrpc": "2.0", "id": one.last, "method": "auth.whoami",
                "params": {"_meta": {"access_token": value}}}).encode() + b"\n")
            same(one.read()["error"]["data"]["name"], "invalid_params", f"the token {value!r:.9}")
        same(one.outcome("auth.whoami", None, grant["access_token"]), "ok", "the real one, still")
    return f"{count} tokens, each three times"


def any_token_will_do(world):
    def fault(go, method, params, token, connection):
        return go(method, params, world.good_token if token and method == "auth.whoami" else token)
    return fault


def forged_refresh(world):
    count = 0
    with world.connect() as one:
        grant = world.person(one)
        for name, token, wanted in all_of(world, grant, True):
            found = one.outcome("auth.refresh", {"refresh_token": token})
            among(found, wanted, name)
            count += 1
        same(one.outcome("auth.refresh", {"refresh_token": grant["access_token"]}),
             "token_invalid", "the access token in a refresh token's place")
        expect(count > 150, f"only {count} tokens were tried")
        # Whoever cannot sign cannot end a session either: reuse is judged after the signature.
        world.good_refresh = grant["refresh_token"]
        same(one.outcome("auth.refresh", {"refresh_token": grant["refresh_token"]}), "ok",
             "the real one, still")
    return f"{count} tokens"


def forged_refresh_passes(world):
    def fault(go, method, params, token, _):
        if method == "auth.refresh":
            with world.connect() as other:
                params = {"refresh_token": world.person(other)["refresh_token"]}
        return go(method, params, token)
    return fault


def stolen_key(world):
    """Even the server's key gives no role and no session that its store does not have."""
    with world.connect() as one:
        grant = world.person(one)
        header, claims, _ = tokens.parts(grant["access_token"])
        boss = tokens.make(header, {**claims, "role": "admin"}, world.key)
        same(one.outcome("auth.whoami", None, boss), "ok", "a role of one's own in the token")
        same(one.outcome("server.metrics", None, boss), "permission_denied", "the role in a token")
        same(one.outcome("users.ban", {"id": grant["user"]["id"], "reason": "r"}, boss),
             "permission_denied", "the role in a token")


def role_of_the_token(world):
    def fault(go, method, params, token, _):
        is_boss = token and tokens.parts(token)[1]["role"] == "admin"
        return go(method, params, world.admin["access_token"] if is_boss else token)
    return fault


CHECKS = [
    ("a forged, altered or misplaced access token is taken", forged_access, any_token_will_do),
    ("a forged, altered or misplaced refresh token is taken", forged_refresh,
     forged_refresh_passes),
    ("a token's role counts", stolen_key, role_of_the_token),
]
