#!/usr/bin/env python3
"""The authorization matrix: every method of the schema, tried by every kind of caller.

    authz.py [--schema Protocol/openrpc.json] -- .build/release/mentalmuse

What is expected is computed from the schema's `x-auth`, `x-auth-or` and `x-token` by the rules
below; what the server answered is printed as a table. A refused call must leave what it was about
as it was. A method without params here, or a cell not tried, fails. The control needs no second
run: each method's `x-auth` is changed to each other value in turn, and what was observed must then
contradict it.

Standard library only. Status: 0 as it should be, 1 a finding.
"""
import argparse
import concurrent.futures
import copy
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from attacking.cast import AT_DOOR, ATTACHABLE, KINDS, PARAMS, Cast, Stage  # noqa: E402
from attacking.report import Report, expect, table  # noqa: E402
from attacking.wire import Server, told  # noqa: E402
from attacking.world import tells_nothing  # noqa: E402

# What a token that does not hold is answered with, wherever a token is looked at.
WORTHLESS = {"expired": "token_expired", "forged": "token_invalid",
             "revoked": "token_revoked", "banned": "token_revoked"}
# Who has which role; an admin may do all that a moderator may.
ROLES = {"moderator": {"moderator", "admin"}, "admin": {"admin"}}
ACCESSES = ["nobody", "caller", "owner", "moderator", "admin", "operator"]


def methods_of(schema):
    return {method["name"]: method for method in schema["methods"] + schema["x-hidden-methods"]}


def ways(kind):
    return ["token", "attached"] if kind in ATTACHABLE else ["token"]


def expected(method, kind, is_private=False):
    """What the contract says of a method and a caller: an error's name, or `ok`."""
    access, token = method["x-auth"], method.get("x-token", "looked at")
    if access == "operator":
        # The operator is known by the socket, not by a token.
        return "ok" if kind in AT_DOOR else "permission_denied"
    if token == "ignored" and access == "nobody":
        return "ok"
    if token == "own":
        # Log-out takes any token, worthless ones too, and wants one.
        return "unauthenticated" if kind in ("nobody", "operator") else "ok"
    if token != "ignored" and kind in WORTHLESS:
        return WORTHLESS[kind]
    if access == "nobody":
        return "unauthenticated" if is_private and kind in ("nobody", "operator") else "ok"
    if kind == "operator":
        # No account, an admin's rights.
        return "ok" if access == "admin" else "unauthenticated"
    if kind == "nobody":
        return "unauthenticated"
    if access == "caller":
        return "ok"
    allowed = set(ROLES.get(access, set()))
    if access == "owner":
        allowed.add("owner")
        for other in method.get("x-auth-or", []):
            # The post's author is one for what stands on his post.
            allowed |= ROLES.get(other, {other})
    return "ok" if kind in allowed else "permission_denied"


def outcome(cast, name, params):
    """The error's name, or `ok`; a notification that nothing answers is `ok`."""
    if name != "rpc.cancel":
        return told(cast.connection.ask(name, params, cast.token))
    message = {"jsonrpc": "2.0", "method": name, "params": params}
    if cast.token is not None:
        message["params"] = {**params, "_meta": {"access_token": cast.token}}
    cast.connection.write(json.dumps(message).encode() + b"\n")
    number = cast.connection.send("server.ping")
    answer = cast.connection.read()
    return "ok" if answer.get("id") == number else told(answer)


def try_cell(stage, method, kind, way, problems):
    """What the server answers; a refused call's effect is a problem."""
    name = method["name"]
    cast = Cast(stage, kind, way)
    try:
        params = PARAMS[name](cast)
        before = cast.seen()
        found = outcome(cast, name, params)
        if found != "ok" and cast.seen() != before:
            problems.append(f"{name} as {kind} ({way}) was refused and had an effect")
        return found
    finally:
        cast.close()


def observe(server, methods, kinds, problems):
    """Every cell's outcome, by method, kind and way; a few methods at a time."""
    first = Stage(server)

    def row(method):
        stage = first.another()
        with stage.watch:
            return {(method["name"], kind, way): try_cell(stage, method, kind, way, problems)
                    for kind in kinds for way in ways(kind)}

    known = []
    for name, method in methods.items():
        if name in PARAMS:
            known.append(method)
        else:
            problems.append(f"{name} is untested: it has no params here")
    found = {}
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for cells in pool.map(row, known):
            found.update(cells)
    return found


def contradictions(methods, found, kinds, is_private=False):
    """The cells that are not as the schema says, untried ones among them."""
    wrong = []
    for name, method in methods.items():
        for kind in kinds:
            wanted = expected(method, kind, is_private)
            for way in ways(kind):
                answer = found.get((name, kind, way), "untested")
                if answer != wanted:
                    wrong.append(f"{name} as {kind} ({way}): {answer} instead of {wanted}")
    return wrong


def blind_spots(methods, found):
    """The changes of `x-auth` that the matrix would not notice, and how many were made."""
    unnoticed, made = [], 0
    for name, method in methods.items():
        altered = [{"x-auth": access} for access in ACCESSES if access != method["x-auth"]]
        if method.get("x-auth-or"):
            altered += [{"x-auth-or": method["x-auth-or"][:place] + method["x-auth-or"][place + 1:]}
                        for place in range(len(method["x-auth-or"]))]
        if method["x-auth"] == "owner":
            altered += [{"x-auth-or": [other]} for other in ("post_author", "moderator")
                        if other not in method.get("x-auth-or", [])
                        and (other != "post_author" or name.startswith("comments."))]
        for change in altered:
            if method.get("x-token") == "own" and "x-auth" in change:
                # Log-out has a rule of its own, whoever calls; only the door would show.
                if change["x-auth"] != "operator":
                    continue
            made += 1
            changed = copy.deepcopy(method) | change
            if not contradictions({name: changed}, found, KINDS):
                unnoticed.append(f"{name} with {change}")
    return unnoticed, made


def shown(schema, methods, found):
    """The matrix, as a table of codes."""
    codes = {}
    for code, error in schema["components"]["errors"].items():
        codes[code] = str(error["code"])
    rows = []
    for name, method in methods.items():
        access = "/".join([method["x-auth"], *method.get("x-auth-or", [])])
        row = [name, access]
        for kind in KINDS:
            answers = [found.get((name, kind, way), "untested") for way in ways(kind)]
            row.append("|".join(dict.fromkeys(codes.get(each, each) for each in answers)))
        rows.append(row)
    return table(rows, ["method", "x-auth", *KINDS])


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--schema", default=str(HERE.parents[1] / "Protocol" / "openrpc.json"))
    parser.add_argument("program", help="the server's program, after --")
    options = parser.parse_args()
    with open(options.schema, encoding="utf-8") as file:
        schema = json.load(file)
    methods = methods_of(schema)
    report = Report("authorization matrix")
    problems, found = [], {}

    def matrix():
        with Server(options.program, "--workers", "2") as server:
            found.update(observe(server, methods, KINDS, problems))
            tells_nothing(server)
        print(shown(schema, methods, found), flush=True)
        wrong = problems + contradictions(methods, found, KINDS)
        expect(not wrong, "\n          ".join(["", *wrong]))
        return f"{len(found)} cells, {len(methods)} methods by {len(KINDS)} kinds of caller"

    def closed():
        kinds = ["nobody", "stranger", "expired", "operator"]
        reads = {name: method for name, method in methods.items() if method["x-auth"] == "nobody"}
        wrong = []
        with Server(options.program, "--workers", "2", "--private") as server:
            answers = observe(server, reads, kinds, wrong)
        wrong += contradictions(reads, answers, kinds, is_private=True)
        expect(not wrong, "\n          ".join(["", *wrong]))
        return f"{len(answers)} cells"

    def control():
        unnoticed, made = blind_spots(methods, found)
        expect(made > len(methods) * 4, f"only {made} changes were made")
        expect(not unnoticed, "\n          ".join(["unnoticed:", *unnoticed]))
        return f"each of {made} changes of x-auth is told apart"

    def untested():
        missing = dict(found)
        missing.pop(next(iter(missing)))
        extra = {**methods, "posts.pin": {"name": "posts.pin", "x-auth": "owner"}}
        expect(len(contradictions(methods, missing, KINDS)) == 1, "a cell is not missed")
        expect(len(contradictions(extra, found, KINDS)) == sum(len(ways(kind)) for kind in KINDS),
               "a method without cells is not missed")

    report.check("every method by every kind of caller is as the schema says", matrix)
    if found:
        report.check("control: the matrix notices a changed x-auth", control)
        report.check("control: a cell untested is a failure", untested)
    report.check("with --private, reads want a caller", closed)
    sys.exit(report.end())


if __name__ == "__main__":
    main()
