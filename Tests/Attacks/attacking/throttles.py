"""Guessing is counted by name and address, and nobody can lock an owner out from elsewhere.

The server runs with 5 failures a name and address and 20 an address. Addresses are those of the
loopback net, of which everybody has sixteen million. Standard library only.
"""
import itertools

from attacking.report import expect, same
from attacking.wire import PASSWORD, Refused
from attacking.world import NUMBERS, at_once

FLAGS = ["--login-failures-max", "5", "--login-failures-address-max", "20"]
ADDRESSES = (f"127.7.{high}.{low}" for high, low in itertools.product(range(256), range(1, 255)))
WRONG = "not the right one at all"


def guess(connection, name, password=WRONG):
    return connection.outcome("auth.login", {"username": name, "password": password})


def scope(connection, name, password=WRONG):
    answer = connection.ask("auth.login", {"username": name, "password": password})
    return answer.get("error", {}).get("data", {}).get("scope")


def locked_out(world):
    """The owner's way stays open while others fail at his name from anywhere else."""
    with world.connect(source=next(ADDRESSES)) as home:
        name = world.person(home)["user"]["username"]
        for _ in range(8):
            with world.connect(source=next(ADDRESSES)) as attacker:
                for _ in range(5):
                    same(guess(attacker, name), "bad_credentials", "a guess")
                same(guess(attacker, name), "rate_limited", "a guess too many")
                same(scope(attacker, name, PASSWORD), "account", "the right password after it")
                # Whom the attacker has no account of yet, he is counted by all the same.
                same(guess(attacker, name.upper()), "rate_limited", "the name in capitals")
        world.owners_name = name
        same(guess(home, name, PASSWORD), "ok", "the owner at home")
        with world.connect(source=next(ADDRESSES)) as travelling:
            same(guess(travelling, name, PASSWORD), "ok", "the owner elsewhere")
    return "40 guesses from 8 addresses"


def counted_by_name_alone(world):
    def fault(go, method, params, token, _):
        if method == "auth.login" and params["password"] == PASSWORD and \
                params["username"] == getattr(world, "owners_name", None):
            return {"error": {"data": {"name": "rate_limited", "scope": "account"}}}
        return go(method, params, token)
    return fault


def many_names(world):
    """An address that tries one password on many names stops at its own limit."""
    with world.connect(source=next(ADDRESSES)) as one:
        name = world.person(one)["user"]["username"]
        found = [guess(one, f"nobody_{number}") for number in range(20)]
        same(set(found), {"bad_credentials"}, "unknown names")
        same(scope(one, f"nobody_{99}"), "address", "one name more")
        same(scope(one, name, PASSWORD), "address", "the right password after it")
    with world.connect(source=next(ADDRESSES)) as other:
        same(guess(other, name, PASSWORD), "ok", "from elsewhere")


def success_forgives(world):
    """A success resets nothing, so nobody buys guesses with an account of his own."""
    with world.connect(source=next(ADDRESSES)) as one:
        mine = world.person(one)["user"]["username"]
        with world.connect(source=next(ADDRESSES)) as elsewhere:
            victim = world.person(elsewhere)["user"]["username"]
        outcomes = []
        for _ in range(7):
            outcomes.append(guess(one, victim))
            guess(one, mine, PASSWORD)
        same(outcomes, ["bad_credentials"] * 5 + ["rate_limited"] * 2, "guesses between successes")


def at_the_same_time(world):
    """However many guesses are sent at once, five are judged."""
    source = next(ADDRESSES)
    with world.connect(source=source) as one:
        name = world.person(one)["user"]["username"]
    connections = [world.connect(source=source) for _ in range(32)]
    try:
        # The right password is among the last of them.
        found = at_once(32, lambda n: guess(connections[n], name, WRONG + str(n)))
        judged = found.count("bad_credentials")
        expect(judged <= 5, f"{judged} guesses were judged")
        same(set(found), {"bad_credentials", "rate_limited"}, "outcomes")
        same(guess(connections[0], name, PASSWORD), "rate_limited", "the right password after it")
    finally:
        for connection in connections:
            connection.close()
    return f"{judged} of 32 judged"


def other_doors(world):
    """A stolen token is no way around: the password is asked for elsewhere, and counted there."""
    for method, params in (
            ("auth.change_password", {"new_password": "some other pass phrase"}),
            ("users.update", {"email": "a@example.org"}), ("users.delete", {})):
        with world.connect(source=next(ADDRESSES)) as thief:
            with world.connect(source=next(ADDRESSES)) as home:
                grant = world.person(home)
            token = grant["access_token"]
            found = [thief.outcome(method, {**params, "current_password": WRONG + str(n)}, token)
                     for n in range(7)]
            same(found, ["bad_credentials"] * 5 + ["rate_limited"] * 2, method)
            same(thief.outcome(method, {**params, "current_password": PASSWORD}, token),
                 "rate_limited", f"{method} with the right one after it")
            same(guess(thief, grant["user"]["username"]), "rate_limited", "a log-in after it")
            with world.connect(source=next(ADDRESSES)) as home:
                same(guess(home, grant["user"]["username"], PASSWORD), "ok", "the owner at home")


def not_counted(_):
    def fault(go, method, params, token, _):
        answer = go(method, params, token)
        if answer.get("error", {}).get("data", {}).get("name") == "rate_limited":
            return {"error": {"data": {"name": "bad_credentials"}}}
        return answer
    return fault


def registrations(world):
    """A repeat of a registration with its key tells nothing to who has not the password."""
    with world.connect(source=next(ADDRESSES)) as one:
        name, key = f"keyed_{next(NUMBERS)}", {"idempotency_key": "a-key"}
        one.call("auth.register", {"username": name, "password": PASSWORD}, None, **key)
    with world.connect(source=next(ADDRESSES)) as other:
        found = [other.outcome("auth.register", {"username": name, "password": WRONG}, None, **key)
                 for _ in range(7)]
        same(found, ["bad_credentials"] * 5 + ["rate_limited"] * 2, "the key without the password")
        try:
            other.register(name)
        except Refused as refusal:
            same(refusal.name, "already_exists", "the name without the key")
        else:
            expect(False, "a name was taken twice")


CHECKS = [
    ("an owner is locked out from elsewhere", locked_out, counted_by_name_alone),
    ("an address guesses at many names", many_names, not_counted),
    ("a success buys more guesses", success_forgives, not_counted),
    ("guesses sent at once are not counted", at_the_same_time, not_counted),
    ("a stolen token guesses the password", other_doors, not_counted),
    ("a registration's key guesses the password", registrations, not_counted),
]
