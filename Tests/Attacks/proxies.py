#!/usr/bin/env python3
"""Who the caller is behind a proxy: a real NGINX with the PROXY protocol, version 2 and
`_meta.client_address` by this script, and addresses forged by those who may not name any.

    proxies.py -- .build/release/mentalmuse

The trusted proxies are 127.9.0.0/16. The control is a server that trusts everybody.
Standard library only, and nginx(8). Status: 0 as it should be, 1 a finding.
"""
import argparse
import itertools
import json
import pathlib
import socket
import struct
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from attacking.nginx import WEB, Proxy  # noqa: E402
from attacking.report import Report, expect, same  # noqa: E402
from attacking.web import Web  # noqa: E402
from attacking.wire import PASSWORD, Connection, Server, Unusable, told  # noqa: E402
from attacking.world import NUMBERS, tells_nothing  # noqa: E402

TRUSTED = "127.9.0.0/16"
GATEWAY = "127.9.1.1"
FLAGS = ["--workers", "2", "--login-failures-max", "5", "--login-failures-address-max", "20",
         "--registrations-per-hour-max", "1000", "--connections-per-address-max", "4",
         "--log-requests", "all", "--http", "127.0.0.1:0"]
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
WRONG = "not the right one at all"
FRESH = itertools.count(1)
# How it shows in a control that a header was, or was not, taken for one: no answer, or another's.
ODD = (Unusable, TimeoutError)


def version1(source, family="TCP4", more=b""):
    # Both ends are of one family, as the protocol wants it.
    door = "127.0.0.1" if family == "TCP4" else "::1"
    return f"PROXY {family} {source} {door} 5000 6873\r\n".encode() + more


def version2(source=None, command=1, more=b""):
    """The header in bytes; without a source the proxy speaks for itself."""
    if source is None:
        return SIGNATURE + bytes([0x20 | command, 0]) + struct.pack("!H", len(more)) + more
    if ":" in source:
        kind, size = socket.AF_INET6, 0x21
        addresses = socket.inet_pton(kind, source) + socket.inet_pton(kind, "::1")
    else:
        kind, size = socket.AF_INET, 0x11
        addresses = socket.inet_pton(kind, source) + socket.inet_pton(kind, "127.0.0.1")
    body = addresses + struct.pack("!HH", 5000, 6873) + more
    return SIGNATURE + bytes([0x20 | command, size]) + struct.pack("!H", len(body)) + body


def public():
    """An address of the net for examples, new each time."""
    number = next(FRESH)
    return f"198.51.{100 + number // 250}.{1 + number % 250}"


class Door:
    """A server, and the ways to it."""

    def __init__(self, server, patience=30):
        self.server = server
        self.patience = patience

    def direct(self, greeting=b"", source="127.0.0.1"):
        return Connection(self.server.port, self.patience, source, greeting)

    def through(self, greeting):
        """As a trusted proxy that says who the caller is."""
        return self.direct(greeting, GATEWAY)

    def person(self):
        with self.direct(source="127.0.0.77") as one:
            return one.register(f"person_{next(NUMBERS)}")["user"]["username"]


def address_of(connection, name, **meta):
    """Where the server thinks that a log-in comes from."""
    answer = connection.ask("auth.login", {"username": name, "password": PASSWORD}, None, **meta)
    if "error" in answer:
        return told(answer)
    token = answer["result"]["access_token"]
    items = connection.call("auth.sessions", {"limit": 1}, token, **meta)["items"]
    return items[0]["address"]


def guess(connection, name, password=WRONG, **meta):
    return connection.outcome("auth.login", {"username": name, "password": password}, None, **meta)


def behind_nginx(door):
    """Callers are counted by their own addresses, and cannot take another's."""
    name = door.person()
    with Proxy(door.server.folder, door.server.port, GATEWAY) as proxy:
        def client(source, greeting=b""):
            return Connection(proxy.port, source=source, greeting=greeting)

        with client("127.5.0.1") as one:
            same(address_of(one, name), "127.5.0.1", "the address behind NGINX")
        with client("127.5.0.2") as attacker:
            same([guess(attacker, name) for _ in range(6)],
                 ["bad_credentials"] * 5 + ["rate_limited"], "guesses behind NGINX")
            same(attacker.outcome("server.ping", None, None, client_address="127.5.0.1"),
                 "permission_denied", "naming another behind NGINX")
        with client("127.5.0.1") as owner:
            same(guess(owner, name, PASSWORD), "ok", "the owner behind the same NGINX")
        # A header of the client's own comes after the proxy's, and is no line of the protocol.
        for forged in (version1("127.5.0.1"), version2("127.5.0.1")):
            with client("127.5.0.2", forged) as attacker:
                same(told(attacker.read()), "parse_error", "a second header")
        with client("127.5.0.2", version1("127.5.0.1")) as attacker:
            attacker.read()
            same(guess(attacker, name, PASSWORD), "rate_limited", "the attacker, as somebody else")


def forged_headers(door):
    """From elsewhere a header is no more than a line that is no JSON."""
    name = door.person()
    for source in ("127.0.0.1", "127.8.255.255", "127.10.0.1"):
        for header in (version1("198.51.100.7"), version1("127.9.0.1"), version2("198.51.100.7")):
            with door.direct(header, source) as forger:
                # Version 2 has line feeds of its own, and its rest begins the next line.
                forger.write(b"\n")
                number, answer = forger.send("server.ping"), forger.read()
                same(told(answer), "parse_error", f"a header from {source}")
                while answer.get("id") != number:
                    answer = forger.read()
                same(address_of(forger, name), source, "the address of who forged a header")
        with door.direct(b"", source) as forger:
            same(forger.outcome("server.ping", None, None, client_address="198.51.100.7"),
                 "permission_denied", f"client_address from {source}")
            same(guess(forger, name, PASSWORD, client_address="198.51.100.7"),
                 "permission_denied", f"a log-in with client_address from {source}")
            same(address_of(forger, name), source, "the forger's address")
    with Connection(door.server.admin) as operator:
        same(operator.outcome("server.ping", None, None, client_address="198.51.100.7"),
             "permission_denied", "client_address at the operator's door")


def both_versions(door):
    """Each form of a header, whole and byte by byte, gives the address that it names."""
    name = door.person()
    one, other = public(), public()
    cases = [
        (version1(one), one), (version1("2001:db8:7::1", "TCP6"), "2001:db8:7::1"),
        (b"PROXY UNKNOWN\r\n", GATEWAY), (b"PROXY UNKNOWN ff:: ff:: 1 2\r\n", GATEWAY),
        (version2(other), other), (version2("2001:db8:8::1"), "2001:db8:8::1"),
        (version2(other, more=b"\x04\0\5hello"), other), (version2(None, command=0), GATEWAY),
        (version2(None, command=1), GATEWAY),
        (version2(other, command=0), GATEWAY)]
    for header, wanted in cases:
        with door.through(header) as whole:
            same(address_of(whole, name), wanted, f"{header[:30]}")
        with door.through(b"") as dripped:
            for byte in header:
                dripped.write(bytes([byte]))
            same(address_of(dripped, name), wanted, f"{header[:30]} byte by byte")
    # A proxy that says nothing is served as what it is.
    with door.through(b"") as silent:
        same(address_of(silent, name), GATEWAY, "no header")
    return f"{len(cases)} headers"


def broken_headers(door):
    """What begins as a header and is none closes the connection; nothing of it is run."""
    name = door.person()
    log_in = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "auth.login", "params": {
        "username": name, "password": PASSWORD}}).encode() + b"\n"
    broken = [b"PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n", b"PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n",
              b"PROXY TCP4 1.2.3.999 1.2.3.4 1 2\r\n", b"PROXY TCP6 1.2.3.4 1.2.3.4 1 2\r\n",
              b"PROXY TCP4 ::1 ::1 1 2\r\n", b"PROXY TCP4  1.2.3.4 1.2.3.4 1 2\r\n",
              b"PROXY UNIX a b 1 2\r\n", b"PROXY TCP4 1.2.3.4 1.2.3.4 99999 2\r\n",
              b"PROXY TCP4 1.2.3.4 1.2.3.4 -1 2\r\n", b"PROXY " + b"x" * 200 + b"\r\n",
              SIGNATURE + b"\x31\x11\0\x0c" + bytes(12), SIGNATURE + b"\x22\x11\0\x0c" + bytes(12),
              SIGNATURE + b"\x21\x11\0\x04" + bytes(4), SIGNATURE + b"\x21\x21\0\x0c" + bytes(12),
              SIGNATURE + b"\x21\x11\xff\xff" + bytes(60)]
    for header in broken:
        with door.through(header + log_in) as one:
            same(told(one.read()), "parse_error", f"{header[:40]}")
            expect(one.lines.read() == b"", f"{header[:40]} is followed by more than an end")
    return f"{len(broken)} headers"


def gateways(door):
    """A gateway speaks for many on one connection: each is counted by the address it is named by."""
    name = door.person()
    attacker, owner = public(), public()
    with door.through(b"") as gateway:
        same([guess(gateway, name, client_address=attacker) for _ in range(6)],
             ["bad_credentials"] * 5 + ["rate_limited"], "guesses through a gateway")
        same(guess(gateway, name, PASSWORD, client_address=attacker), "rate_limited",
             "the right password from there")
        same(address_of(gateway, name, client_address=owner), owner, "the owner's address")
        for value in ("", "here", "1.2.3", "1.2.3.4:5", "1.2.3.4, 5.6.7.8", "::1%lo", "[::1]", "unix"):
            same(gateway.outcome("server.ping", None, None, client_address=value),
                 "invalid_params", f"client_address {value!r}")
    # Whom the header has named is not the gateway any more, and may name nobody.
    with door.through(version1(attacker)) as client:
        same(client.outcome("server.ping", None, None, client_address=owner), "permission_denied",
             "naming another from behind a gateway")
        same(guess(client, name, PASSWORD), "rate_limited", "the attacker by another way")


def whole_networks(door):
    """A /64 of IPv6 counts as one address: nobody has eighteen trillion tries."""
    name = door.person()
    for n in range(5):
        with door.through(version2(f"2001:db8:1:{n + 1}::1")) as one:
            same(guess(one, name), "bad_credentials", "a guess from another network")
    found = []
    for n in range(6):
        with door.through(version2(f"2001:db8:2:2:{n}:a:b:{n + 1}")) as one:
            found.append(guess(one, name))
    same(found, ["bad_credentials"] * 5 + ["rate_limited"], "guesses within one network")
    with door.through(version2("2001:db8:2:3::1")) as one:
        same(guess(one, name, PASSWORD), "ok", "from the next network")


def bounded(door):
    """Connections are counted by the address that the header names, registrations too."""
    crowd, other = public(), public()
    held = []
    try:
        for _ in range(4):
            held.append(door.through(version1(crowd)))
            same(held[-1].outcome("server.ping"), "ok", "within the bound")
        with door.through(version1(crowd)) as one:
            same(told(one.read()), "too_many_connections", "one more of the same address")
        with door.through(version1(other)) as one:
            same(one.outcome("server.ping"), "ok", "another address")
        held.pop().close()
    finally:
        for connection in held:
            connection.close()


def open_to_the_net(door):
    """On an address other than loopback, connections, registrations and writes are counted."""
    here = own_address()
    if here is None:
        return "left out: this machine has no address but loopback"
    limits = ["--host", here, "--plaintext", "--connections-per-address-max", "4",
              "--registrations-per-hour-max", "3", "--writes-per-minute-max", "5"]
    with Server(door.server.program, *limits) as server:
        held = [Connection(server.port, 10, here, host=here) for _ in range(4)]
        try:
            for connection in held:
                same(connection.outcome("server.ping"), "ok", "within the bound")
            with Connection(server.port, 10, here, host=here) as more:
                same(told(more.read()), "too_many_connections", "one connection more")
            one = held[0]
            grants = [one.register(f"net_{number}") for number in range(3)]
            same(one.outcome("auth.register", {"username": "net_3", "password": PASSWORD}),
                 "rate_limited", "one registration more")
            token = grants[0]["access_token"]
            found = [held[number % 4].outcome("posts.create", {"body": "b"}, token)
                     for number in range(6)]
            same(found, ["ok"] * 5 + ["rate_limited"], "writes over four connections")
            same(one.outcome("posts.create", {"body": "b"}, grants[1]["access_token"]), "ok",
                 "another caller's write")
        finally:
            for connection in held:
                connection.close()
    return None


def own_address():
    """An address of this machine that is not loopback; None if there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        try:
            # Nothing is sent: it only asks which way one would go.
            one.connect(("198.51.100.1", 9))
            address = one.getsockname()[0]
        except OSError:
            return None
    return None if address.startswith("127.") else address


def behind_web_proxy(door):
    """The same for HTTP: NGINX adds the caller's address, and passes what clients make up."""
    name = door.person()
    forgeries = [
        [("X-Forwarded-For", "127.5.0.1")], [("Forwarded", "for=127.5.0.1")],
        [("X-Forwarded-For", "127.5.0.1, 127.5.0.1"), ("X-Forwarded-For", "127.5.0.1")],
        [("Forwarded", "for=127.5.0.1;by=127.9.1.1"), ("X-Forwarded-For", "127.5.0.1")],
        [("Forwarded", 'for="127.5.0.1'), ("Forwarded", "for=127.5.0.1")],
        [("X-Forwarded-For", "here, there")], [("Forwarded", "by=me")],
        [("X-Real-IP", "127.5.0.1")], [("True-Client-IP", "127.5.0.1")]]
    web = door.server.ports["http"]
    with Proxy(door.server.folder, web, GATEWAY, WEB) as proxy:
        with Web(proxy.port, "127.5.0.1") as one:
            same(address_of(one, name), "127.5.0.1", "the address behind NGINX")
        with Web(proxy.port, "127.5.0.2") as attacker:
            same([guess(attacker, name) for _ in range(6)],
                 ["bad_credentials"] * 5 + ["rate_limited"], "guesses behind NGINX")
        for fields in forgeries:
            with Web(proxy.port, "127.5.0.3", fields) as attacker:
                expect(address_of(attacker, name) in ("127.5.0.3", GATEWAY),
                       f"{fields} was believed: {address_of(attacker, name)}")
                same(attacker.outcome("server.ping", client_address="127.5.0.1"),
                     "permission_denied", f"client_address behind NGINX with {fields}")
        with Web(proxy.port, "127.5.0.3") as attacker:
            same(attacker.outcome("server.ping", client_address="127.5.0.1"),
                 "permission_denied", "client_address behind NGINX")
        with Web(proxy.port, "127.5.0.1") as owner:
            same(guess(owner, name, PASSWORD), "ok", "the owner behind the same NGINX")
    return f"{len(forgeries)} forgeries"


def web_fields(door):
    """From a trusted proxy the fields name the caller; from elsewhere they are nothing."""
    name = door.person()
    web = door.server.ports["http"]
    named = [([("X-Forwarded-For", "198.51.7.1")], "198.51.7.1"),
             ([("X-Forwarded-For", "198.51.7.9, 198.51.7.2")], "198.51.7.2"),
             ([("X-Forwarded-For", "198.51.7.9, 198.51.7.3, 127.9.3.3")], "198.51.7.3"),
             ([("X-Forwarded-For", "198.51.7.9"), ("X-Forwarded-For", "198.51.7.4")], "198.51.7.4"),
             ([("Forwarded", 'for="[2001:db8::7]:4711";proto=https')], "2001:db8::7"),
             ([("Forwarded", "for=198.51.7.9, for=198.51.7.5")], "198.51.7.5"),
             ([("Forwarded", "for=198.51.7.9, by=127.9.1.1")], GATEWAY),
             ([("Forwarded", "for=unknown")], GATEWAY), ([], GATEWAY)]
    for fields, wanted in named:
        with Web(web, GATEWAY, fields) as one:
            same(address_of(one, name), wanted, f"{fields} from a proxy")
        for source in ("127.0.0.1", "127.10.0.1"):
            with Web(web, source, fields) as forger:
                same(address_of(forger, name), source, f"{fields} from {source}")
                same(forger.outcome("server.ping", client_address="198.51.7.1"),
                     "permission_denied", f"client_address from {source}")
    with Web(web, GATEWAY) as gateway:
        same(address_of(gateway, name, client_address="198.51.7.8"), "198.51.7.8",
             "client_address of a gateway")
    return f"{len(named)} ways to name somebody"


CHECKS = [
    ("behind NGINX everybody is himself", behind_nginx, False),
    ("a header from elsewhere names somebody", forged_headers, True),
    ("both versions name the caller, however they come", both_versions, False),
    ("a broken header is passed over", broken_headers, False),
    ("a gateway's callers share a limit, or name each other", gateways, False),
    ("a network of IPv6 has as many tries as addresses", whole_networks, False),
    ("connections are counted by the proxy's address", bounded, False),
    ("on the net nothing is counted", open_to_the_net, False),
    ("behind NGINX as a proxy of HTTP somebody is another", behind_web_proxy, False),
    ("fields of HTTP from elsewhere name somebody", web_fields, True),
]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", help="the server's program, after --")
    options = parser.parse_args()
    report = Report("behind proxies")
    with Server(options.program, *FLAGS, "--trusted-proxy", TRUSTED) as server:
        door = Door(server)
        for name, body, _ in CHECKS:
            report.check(name, body, door)
        report.check("logs and data folder have no secret", tells_nothing, server)
        report.check("the server ends as it should", lambda: same(server.stop(), 0, "its status"))
    with Server(options.program, *FLAGS, "--trusted-proxy", "0.0.0.0/0") as server:
        for body in (forged_headers, web_fields):
            report.control(f"a server that trusts everybody: {body.__name__}", body,
                           Door(server, 3), also=ODD)
    # Without a word about proxies nobody is one: NGINX itself is not understood, and nobody named.
    with Server(options.program, *FLAGS) as server:
        for body in (behind_nginx, behind_web_proxy, gateways, whole_networks, bounded):
            report.control(f"a server that trusts nobody: {body.__name__}", body, Door(server, 3),
                           also=ODD)
        report.check("forged headers, with no proxy trusted", forged_headers, Door(server))
    sys.exit(report.end())


if __name__ == "__main__":
    main()
