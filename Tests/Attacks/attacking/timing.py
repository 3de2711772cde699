"""Whether the time of an answer tells what the answer does not: a rank test over interleaved
samples. It is told as p, the chance of ranks at least so uneven where both take the same time.

A machine that does other things makes noise, not differences, but one run in a thousand comes
out at p < 0.001 all the same: a difference counts where three runs in a row, of fresh samples,
find one. The control plants a tenth of the time on one side. Standard library only.
"""
import math
import random
import statistics
import time

from attacking.report import Failure, expect, same
from attacking.wire import PASSWORD, Server
from attacking.world import NUMBERS, UNKNOWN

FLAGS = ["--login-failures-max", "0", "--login-failures-address-max", "0"]
CERTAIN = 0.001
RUNS = 3


def rank_test(one, other):
    """Mann and Whitney's test, two-sided, by the normal approximation with ties."""
    marked = sorted([(value, 0) for value in one] + [(value, 1) for value in other])
    ranks, ties, place = 0.0, 0.0, 0
    while place < len(marked):
        end = place
        while end < len(marked) and marked[end][0] == marked[place][0]:
            end += 1
        same_rank = (place + 1 + end) / 2
        ranks += same_rank * sum(1 for _, side in marked[place:end] if side == 0)
        ties += (end - place) ** 3 - (end - place)
        place = end
    n, m = len(one), len(other)
    mean = n * m / 2
    variance = n * m / 12 * (n + m + 1 - ties / ((n + m) * (n + m - 1)))
    if variance <= 0:
        return 1.0
    z = abs(ranks - n * (n + 1) / 2 - mean) - 0.5
    return math.erfc(max(0.0, z) / math.sqrt(variance) / math.sqrt(2))


def measure(count, sides, planted=0.0):
    """The microseconds of so many calls a side, in random order."""
    order = [0, 1] * count
    random.shuffle(order)
    took = ([], [])
    for warm in range(20):
        sides[warm % 2]()
    for side in order:
        began = time.perf_counter_ns()
        sides[side]()
        if side == 1 and planted:
            until = time.perf_counter_ns() + int(planted * 1_000)
            while time.perf_counter_ns() < until:
                pass
        took[side].append((time.perf_counter_ns() - began) / 1_000)
    return took


def compare(world, sides, share=0.0):
    """What a run of samples shows, three times if it must; a share of the time may be planted."""
    told = []
    planted = 0.0
    if share:
        planted = share * statistics.median(measure(50, sides)[0])
    for _ in range(RUNS):
        one, other = measure(world.samples, sides, planted)
        p = rank_test(one, other)
        told.append(f"medians {statistics.median(one):.1f} and {statistics.median(other):.1f} µs, "
                    f"p = {p:.3g}")
        if p >= CERTAIN:
            return f"{world.samples} a side: " + "; ".join(told)
    raise Failure("; ".join(told))


def refused_login(one, names):
    """A side: a log-in with a wrong password under one of the names."""
    def call():
        same(one.outcome("auth.login", {
            "username": random.choice(names), "password": "wrong but long enough"}),
            "bad_credentials", "a log-in")
    return call


def names(stem):
    """As many as any side has, and of one length: whatever else differs is time of this script."""
    return [f"{stem}_{next(NUMBERS):06}" for _ in range(20)]


def login_sides(world, one):
    """Names that somebody has, and names that nobody has."""
    known, unknown = names("known"), names("nobod")
    for name in known:
        one.register(name)
    return refused_login(one, known), refused_login(one, unknown)


def unknown_user(world):
    with world.connect() as one:
        return compare(world, login_sides(world, one))


def unknown_user_at_full_cost(world):
    """With the default password hash, of 19 MiB, a fifth as many samples."""
    if world.samples < 1_000:
        return "left to longer runs"
    with Server(world.server.program, *FLAGS, quick=False) as server:
        class Costly:
            samples = world.samples // 5
            port = server.port
            connect = type(world).connect
        costly = Costly()
        with costly.connect() as one:
            return compare(costly, login_sides(costly, one))


def banned_user(world):
    with world.connect() as one:
        banned, unknown = names("banne"), names("nobod")
        for name in banned:
            person = one.register(name)["user"]["id"]
            one.call("users.ban", {"id": person, "reason": "r"}, world.admin["access_token"])
        return compare(world, (refused_login(one, banned), refused_login(one, unknown)))


def nearly_right(world):
    """A password that is right but for its last character, and one that is nothing alike."""
    with world.connect() as one:
        name = world.person(one)["user"]["username"]

        def side(password):
            def call():
                same(one.outcome("auth.login", {"username": name, "password": password}),
                     "bad_credentials", "a log-in")
            return call
        return compare(world, (side(PASSWORD[:-1] + "!"), side("!" * len(PASSWORD))))


def hidden_session(world):
    """Another's session, and none at all."""
    with world.connect() as one:
        others = [world.person(one)["session_id"] for _ in range(10)]
        token = world.person(one)["access_token"]
        unknown = [UNKNOWN[:-2] + f"{number:02x}" for number in range(10)]

        def side(ids):
            def call():
                same(one.outcome("auth.end_session", {"session_id": random.choice(ids)}, token),
                     "not_found", "a session")
            return call
        return compare(world, (side(others), side(unknown)))


def planted(world):
    with world.connect() as one:
        sides = login_sides(world, one)
        for _ in range(5):
            # Where the machine becomes slower meanwhile it goes under.
            try:
                compare(world, sides, share=0.1 if world.samples >= 1_000 else 0.4)
            except Failure as found:
                return str(found)
    raise Failure("a planted difference is not found")


def test_of_test(_):
    """The test itself, on numbers whose answer is known."""
    expect(rank_test([1, 2, 3, 4], [1, 2, 3, 4]) > 0.9, "the same is told apart")
    expect(rank_test(list(range(50)), list(range(100, 150))) < 1e-10, "all below is not seen")
    # By hand: U = 2 of 9, mean 4.5, variance 5.25, so z = (2.5 - 0.5) / 2.291 = 0.873.
    p = rank_test([1, 2, 5], [3, 4, 6])
    expect(abs(p - 0.3827) < 0.001, f"p = {p}")
    source = random.Random(7)
    rejected = sum(rank_test([source.random() for _ in range(100)],
                             [source.random() for _ in range(100)]) < 0.05 for _ in range(400))
    expect(5 <= rejected <= 40, f"{rejected} of 400 were called different at 0.05")


CHECKS = [
    ("the rank test is one", test_of_test, None),
    ("control: a planted difference is found", planted, None),
    ("the time of a log-in tells who has an account", unknown_user, None),
    ("so it does at full cost", unknown_user_at_full_cost, None),
    ("the time of a log-in tells who is banned", banned_user, None),
    ("the time of a log-in tells how right a password is", nearly_right, None),
    ("the time of an answer tells what is another's", hidden_session, None),
]
