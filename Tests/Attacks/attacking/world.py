"""What the named checks share: a server with a few people, and how a check meets its control.

Standard library only.
"""
import contextlib
import itertools
import os
import threading

from attacking.report import expect
from attacking.wire import SECRETS, Connection, operator_creates

NUMBERS = itertools.count(1)
# Valid, and of nothing: version 7, of the year 2024.
UNKNOWN = "01936b2f-5a20-7c3e-9f00-0a1b2c3d4e61"


class World:
    """A server and who is on it."""

    def __init__(self, server):
        self.server = server
        self.port = server.port
        self.admin = operator_creates(server, f"boss_{next(NUMBERS)}", "admin")
        self.key = server.key()

    def connect(self, **more):
        return Connection(self.port, **more)

    def person(self, connection=None):
        """A new account's grant."""
        if connection is not None:
            return connection.register(f"person_{next(NUMBERS)}")
        with self.connect() as own:
            return own.register(f"person_{next(NUMBERS)}")

    def staff(self, role):
        return operator_creates(self.server, f"staff_{next(NUMBERS)}", role)

    def check_all(self, report, checks):
        """Runs checks of (name, body, fault), each with its control: the same against a server
        with that fault."""
        for name, body, fault in checks:
            if report.check(name, body, self) and fault is not None:
                with careless(fault(self)):
                    report.control(name, body, self)


@contextlib.contextmanager
def careless(fault):
    """While it lasts, servers seem to have the fault."""
    Connection.careless = staticmethod(fault)
    try:
        yield
    finally:
        Connection.careless = None


def at_once(count, body):
    """Runs `body(number)` in so many threads that begin together; their results."""
    barrier = threading.Barrier(count)
    results = [None] * count

    def run(number):
        barrier.wait(30)
        try:
            results[number] = body(number)
        except Exception as error:  # noqa: BLE001
            results[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for result in results:
        if isinstance(result, Exception):
            raise result
    return results


def leaks(texts, wanted):
    """Which of the secrets stand in the texts, by the first bytes of each."""
    found = []
    for where, text in texts:
        for secret in wanted:
            # A token may be cut; its signature is what makes it one.
            piece = secret.rsplit(".", 1)[-1] if secret.count(".") == 2 else secret
            if len(piece) >= 8 and piece.encode() in text:
                found.append(f"{piece[:12]}… in {where}")
    return found


def files_of(folder):
    """Every file below a folder, with its bytes."""
    for path, _, names in os.walk(folder):
        for name in names:
            full = os.path.join(path, name)
            if os.path.isfile(full):
                with open(full, "rb") as file:
                    yield os.path.relpath(full, folder), file.read()


def secrets_kept(server):
    """What a server's log and data folder tell that they may not."""
    with open(server.log, "rb") as file:
        log = file.read()
    found = leaks([("the log", log)], SECRETS.of_log())
    return found + leaks(files_of(server.data), SECRETS.of_store())


def tells_nothing(server):
    """Neither log nor data folder has a secret; a planted one would be found."""
    found = secrets_kept(server)
    expect(not found, f"{len(found)} secrets are kept: {found[:5]}")
    with open(server.log, "rb") as log:
        planted = log.read() + next(iter(SECRETS.of_store())).encode()
    expect(leaks([("", planted)], SECRETS.of_log()), "a planted secret is not found")
    return f"{len(SECRETS.of_store())} secrets and {len(SECRETS.texts)} texts in none of them"
