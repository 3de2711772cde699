"""Refresh tokens rotated, used twice and raced for; sessions that end everywhere at once.

Standard library only.
"""
import collections
import random
import threading
import time

from attacking.report import expect, same
from attacking.wire import PASSWORD, Connection
from attacking.world import NUMBERS, at_once

NEW_PASSWORD = "quartz vexes judge my big sphinx"


def refresh(connection, token, **meta):
    return connection.ask("auth.refresh", {"refresh_token": token}, None, **meta)


def name_in(answer):
    return answer["error"]["data"]["name"] if "error" in answer else "ok"


# MARK: rotation

def has_ended(one, grant, why):
    same(one.outcome("auth.whoami", None, grant["access_token"]), "token_revoked",
         f"the access token after {why}")
    same(name_in(refresh(one, grant["refresh_token"])), "token_revoked",
         f"the refresh token after {why}")


def rotation(world):
    with world.connect() as one:
        first = world.person(one)
        second = refresh(one, first["refresh_token"])["result"]
        same(second["session_id"], first["session_id"], "the session")
        expect(second["refresh_token"] != first["refresh_token"], "the token did not change")
        same(one.outcome("auth.whoami", None, first["access_token"]), "ok", "the old access token")
        # The thief comes after the owner, …
        same(name_in(refresh(one, first["refresh_token"])), "token_reused", "a second use")
        has_ended(one, second, "a second use")
        has_ended(one, first, "a second use")
        # … or before; either way neither goes on.
        first = one.login(first["user"]["username"])
        thiefs = refresh(one, first["refresh_token"])["result"]
        thiefs = refresh(one, thiefs["refresh_token"])["result"]
        same(name_in(refresh(one, first["refresh_token"])), "token_reused", "the owner's use")
        has_ended(one, thiefs, "the owner's use")


def lost_answer(world):
    with world.connect() as one:
        grant = world.person(one)
        old = grant["refresh_token"]
        new = refresh(one, old, idempotency_key="key-1")["result"]
        again = refresh(one, old, idempotency_key="key-1")["result"]
        same(again, new, "the answer to a repeat with its key")
        newer = refresh(one, new["refresh_token"], idempotency_key="key-2")["result"]
        same(refresh(one, old, idempotency_key="key-1")["result"], new, "the same, much later")
        # The key of a spent token is no key to another.
        same(name_in(refresh(one, newer["refresh_token"], idempotency_key="key-1")),
             "idempotency_mismatch", "the key with an unspent token")
        same(name_in(refresh(one, newer["refresh_token"], idempotency_key="key-3")), "ok",
             "that token with a key of its own")
        same(name_in(refresh(one, old, idempotency_key="key-4")), "token_reused",
             "a spent token with another key")
        has_ended(one, newer, "that")
        # A key belongs to its session: with another's token it gives nothing of the first.
        other = world.person(one)
        theirs = refresh(one, other["refresh_token"], idempotency_key="key-1")["result"]
        expect(theirs["session_id"] != new["session_id"], "a key gave another's session")


def races(world):
    """Many connections use one token at the same moment."""
    won = 0
    connections = [world.connect() for _ in range(24)]
    try:
        for turn in range(12):
            grant = world.person(connections[0])
            answers = at_once(len(connections), lambda number: refresh(
                connections[number], grant["refresh_token"]))
            winners = [answer["result"] for answer in answers if "result" in answer]
            losers = {name_in(answer) for answer in answers if "error" in answer}
            expect(len(winners) <= 1, f"{len(winners)} had a successor")
            expect(losers <= {"token_reused", "token_revoked"}, f"the others heard {losers}")
            won += len(winners)
            for winner in winners:
                has_ended(connections[0], winner, "a race")
            # With one key for all of them it is one use, however often it is said.
            grant = world.person(connections[0])
            answers = at_once(len(connections), lambda number: refresh(
                connections[number], grant["refresh_token"], idempotency_key=f"key-{turn}"))
            same({name_in(answer) for answer in answers}, {"ok"}, "with one key")
            same(len({answer["result"]["refresh_token"] for answer in answers}), 1,
                 "successors with one key")
            # With a key each, no more than one goes on.
            grant = world.person(connections[0])
            answers = at_once(len(connections), lambda number: refresh(
                connections[number], grant["refresh_token"], idempotency_key=f"own-{number}"))
            fresh = {answer["result"]["refresh_token"] for answer in answers if "result" in answer}
            expect(len(fresh) <= 1, f"{len(fresh)} successors with a key each")
    finally:
        for connection in connections:
            connection.close()
    return f"12 races of 24 connections, {won} of them won"


def reuse_is_forgiven(world):
    def fault(go, method, params, token, _):
        answer = go(method, params, token)
        if method == "auth.refresh" and name_in(answer) == "token_reused":
            with world.connect() as other:
                return {"result": Connection.register(other, f"two_{next(NUMBERS)}")}
        return answer
    return fault


def key_is_ignored(world):
    def fault(go, method, params, token, _):
        answer = go(method, params, token)
        if method == "auth.refresh" and "result" in answer:
            world.turns = getattr(world, "turns", 0) + 1
            answer["result"]["refresh_token"] += str(world.turns)
        return answer
    return fault


# MARK: revocation

def enders(world):
    """What ends a session: (name, body(connection, grant, name, password))."""
    admin = world.admin["access_token"]

    def ban(one, grant, name):
        person = grant["user"]["id"]
        one.call("users.ban", {"id": person, "reason": "r"}, admin)
        return lambda: one.call("users.unban", {"id": person}, admin)

    def by_operator(one, grant, name):
        with Connection(world.server.admin) as operator:
            operator.call("admin.set_password", {"username": name, "password": PASSWORD})

    def elsewhere(one, grant, name):
        other = one.login(name)
        one.call("auth.end_session", {"session_id": grant["session_id"]}, other["access_token"])

    def changed(one, grant, name):
        other = one.login(name)
        one.call("auth.change_password", {
            "current_password": PASSWORD, "new_password": NEW_PASSWORD}, other["access_token"])

    def reused(one, grant, name):
        refresh(one, grant["refresh_token"])
        same(name_in(refresh(one, grant["refresh_token"])), "token_reused", "a second use")

    token = "access_token"
    return [
        ("log-out", lambda one, grant, name: one.call("auth.logout", {}, grant[token])),
        ("log-out everywhere",
         lambda one, grant, name: one.call("auth.logout", {"all": True}, grant[token])),
        ("a session ended from another", elsewhere), ("a refresh token used twice", reused),
        ("a ban", ban), ("a password set by the operator", by_operator),
        ("a changed password", changed),
        ("deletion", lambda one, grant, name: one.call(
            "users.delete", {"current_password": PASSWORD}, grant[token])),
    ]


class Watchers:
    """Connections over all workers that ask all the time; half of them are attached."""

    METHODS = [("auth.whoami", None), ("posts.list", {"limit": 1}), ("auth.sessions", {"limit": 1}),
               ("posts.create", {"body": "b"})]

    def __init__(self, world, grant, count):
        self.connections = [world.connect() for _ in range(count)]
        self.token = grant["access_token"]
        for connection in self.connections[::2]:
            connection.call("auth.attach", {"access_token": self.token})
        self.over = threading.Event()
        # When each question was asked, and what was answered.
        self.heard = [[] for _ in self.connections]
        self.threads = [threading.Thread(target=self.watch, args=(number,), daemon=True)
                        for number in range(count)]
        for thread in self.threads:
            thread.start()

    def watch(self, number):
        connection = self.connections[number]
        token = None if number % 2 == 0 else self.token
        turn = number
        while not self.over.is_set():
            method, params = self.METHODS[turn % len(self.METHODS)]
            turn += 1
            asked = time.monotonic()
            self.heard[number].append((asked, method, connection.outcome(method, params, token)))
            time.sleep(random.random() * 0.002)

    def wait(self, count):
        """Until everybody has heard so many answers more."""
        goals = [len(heard) + count for heard in self.heard]
        until = time.monotonic() + 60
        while any(len(heard) < goal for heard, goal in zip(self.heard, goals)):
            expect(time.monotonic() < until, "a connection is not answered")
            time.sleep(0.001)

    def end(self):
        self.over.set()
        for thread in self.threads:
            thread.join(30)
        for connection in self.connections:
            connection.close()


def revocation(world):
    """Nothing that is asked after the answer is let in: not within a second, but at all."""
    asked, latest = 0, 0.0
    with world.connect() as one:
        for what, end in enders(world):
            name = f"gone_{next(NUMBERS)}"
            world.ended_at = None
            grant = one.register(name)
            watchers = Watchers(world, grant, 12)
            try:
                watchers.wait(6)
                back = end(one, grant, name)
                ended = time.monotonic()
                world.ended_at = ended
                watchers.wait(6)
            finally:
                watchers.end()
            for heard in watchers.heard:
                same({answer for _, _, answer in heard[:4]}, {"ok"}, f"before {what}")
                late = [entry for entry in heard if entry[0] >= ended]
                asked += len(late)
                for asked_at, method, answer in late:
                    if answer != "token_revoked":
                        latest = max(latest, asked_at - ended)
                        expect(False, f"{(asked_at - ended) * 1_000:.1f} ms after {what}, "
                                      f"{method}: {answer}")
            if callable(back):
                # An unbanned user logs in anew; what had ended stays so.
                back()
                same(one.outcome("auth.whoami", None, grant["access_token"]), "token_revoked",
                     f"after {what} was taken back")
    return f"{len(enders(world))} ways, 12 connections over 2 workers, {asked} questions after"


def answers_from_a_cache(world):
    asked = collections.Counter()

    def fault(go, method, params, token, _):
        # As if the store was not asked for the first two questions of each connection.
        ended = getattr(world, "ended_at", None)
        answer = go(method, params, token)
        if ended and method == "auth.whoami":
            asked[ended] += 1
            if asked[ended] <= 24:
                return {"result": {}}
        return answer
    return fault


def roles_at_once(world):
    admin = world.admin["access_token"]
    with world.connect() as one:
        people = [world.staff("moderator") for _ in range(2)]
        others = [world.connect() for _ in range(8)]
        for number, connection in enumerate(others):
            connection.call("auth.attach", {"access_token": people[number % 2]["access_token"]})
        posts = [one.call("posts.create", {"body": "b"}, admin)["id"] for _ in range(8)]
        for connection, post in zip(others[:2], posts):
            same(connection.outcome("posts.delete", {"id": post}), "ok", "as a moderator")
        for person in people:
            one.call("users.set_role", {"id": person["user"]["id"], "role": "user"}, admin)
        for connection, post in zip(others[2:], posts[2:]):
            same(connection.outcome("posts.delete", {"id": post}), "permission_denied",
                 "a moderator no more, attached before")
        for connection in others:
            connection.close()


def after_restart(world):
    """What had ended stays so, whatever the tokens say; what had not goes on."""
    with world.connect() as one:
        gone, banned, live = world.person(one), world.person(one), world.person(one)
        spent = live["refresh_token"]
        live = refresh(one, spent)["result"]
        one.call("auth.logout", {}, gone["access_token"])
        one.call("users.ban", {"id": banned["user"]["id"], "reason": "r"},
                 world.admin["access_token"])
    world.server.kill()
    world.server.start()
    world.port = world.server.port
    with world.connect() as one:
        for grant in (gone, banned):
            has_ended(one, grant, "kill -9")
        same(one.outcome("auth.login", {"username": banned["user"]["username"],
                                        "password": PASSWORD}), "account_disabled", "the ban")
        same(one.outcome("auth.whoami", None, live["access_token"]), "ok", "who had not gone")
        same(name_in(refresh(one, spent)), "token_reused", "a token spent before kill -9")
        has_ended(one, live, "that")


def a_leaked_key(world):
    """A key that is retired at once takes its tokens with it, attached connections included."""
    with world.connect() as one, world.connect() as attached:
        grant = world.person(one)
        attached.call("auth.attach", {"access_token": grant["access_token"]})
        same(attached.outcome("auth.whoami"), "ok", "before")
        with Connection(world.server.admin) as operator:
            kid = world.server.kid()
            operator.call("admin.retire_key", {"kid": kid, "now": True})
            same(attached.outcome("auth.whoami"), "token_invalid", "attached, by that key")
            for kind, method in (("access_token", "auth.whoami"), ("refresh_token", "auth.refresh")):
                params = {"refresh_token": grant[kind]} if kind[0] == "r" else None
                token = None if kind[0] == "r" else grant[kind]
                same(one.outcome(method, params, token), "token_invalid", f"the {kind}")
            expect(kid not in [key["kid"] for key in one.call("auth.jwks")["keys"]],
                   "the key is still published")
        again = one.login(grant["user"]["username"])
        same(one.outcome("auth.whoami", None, again["access_token"]), "ok", "by the next key")


def refusals_pass(name):
    """The fault that whatever would be refused so is done after all."""
    def fault(world):
        def pass_on(go, method, params, token, _):
            answer = go(method, params, token)
            return {"result": {}} if name_in(answer) == name else answer
        return pass_on
    return fault


CHECKS = [
    ("a refresh token is used twice", rotation, reuse_is_forgiven),
    ("a lost answer costs the session, or a key gives another's", lost_answer, key_is_ignored),
    ("a race gives two successors", races, reuse_is_forgiven),
    ("a session outlives its end on another worker or connection", revocation,
     answers_from_a_cache),
    ("a role outlives its change", roles_at_once,
     refusals_pass("permission_denied")),
    ("an ended session comes back with a restart", after_restart,
     refusals_pass("token_revoked")),
    ("a leaked key's tokens hold", a_leaked_key, refusals_pass("token_invalid")),
]
