"""A socket that reads and writes what it can: the threads' stream of bytes."""

from __future__ import annotations

import ipaddress
import select
import socket
import ssl
import sys
import threading
from time import monotonic

from ._address import Address

#: How many bytes are read and written at once. More is slower: the system maps it anew each time.
CHUNK = 1 << 16


class Stream:
    """A socket, with TLS or without, that reads and writes what it can and never blocks in either.

    Any thread may use it: one lock is around both directions, which TLS needs.
    """

    def __init__(self, made: socket.socket) -> None:
        self._socket = made
        self._lock = threading.Lock()
        made.setblocking(False)
        if sys.platform != "win32":
            # One thread at a time may use either: whoever reads, and whoever sends.
            self._readable, self._either = select.poll(), select.poll()
            self._readable.register(made, select.POLLIN)
            self._either.register(made, select.POLLIN | select.POLLOUT)

    @classmethod
    def open(cls, address: Address, context: ssl.SSLContext | None, until: float) -> Stream:
        """Raises OSError, UnicodeError."""
        if address.scheme == "unix":
            made = socket.socket(socket.AF_UNIX)
            try:
                made.settimeout(max(remaining(until), 0.001))
                made.connect(address.host)
            except BaseException:
                made.close()
                raise
            return cls(made)
        made = _connected(address.host, address.port, until)
        try:
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            if context is not None:
                made.settimeout(max(remaining(until), 0.001))
                made = context.wrap_socket(made, server_hostname=address.host)
        except BaseException:
            made.close()
            raise
        return cls(made)

    def wait(self, seconds: float, *, to_write: bool = False) -> bool:
        """Waits until there may be something to read; with `to_write`, or room to write. Whether
        there may be something to read. Raises OSError, ValueError."""
        if sys.platform == "win32":
            wanted = [self._socket]
            return bool(select.select(wanted, wanted if to_write else [], [], seconds)[0])
        poll = self._either if to_write else self._readable
        milliseconds = min(int(seconds * 1_000) + 1, 1 << 30) if seconds > 0 else 0
        return any(event & ~select.POLLOUT for _, event in poll.poll(milliseconds))

    def read(self) -> bytes | None:
        """What has come; nothing at the end, None if nothing has come. Raises OSError."""
        with self._lock:
            try:
                data = self._socket.recv(CHUNK)
                # The rest of a TLS record; no more of it is to be waited for.
                while isinstance(self._socket, ssl.SSLSocket) and (rest := self._socket.pending()):
                    data += self._socket.recv(rest)
                return data
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return None
            except (ssl.SSLEOFError, ssl.SSLZeroReturnError):
                return b""

    def write(self, data: memoryview) -> int:
        """How much of it was taken. Raises OSError."""
        with self._lock:
            try:
                return self._socket.send(data)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return 0

    def shut(self) -> None:
        """Wakes whoever waits on it; nothing more is sent or read."""
        try:
            # Not the TLS socket's own, after which it would go on without TLS.
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
        except OSError:
            pass

    def close(self) -> None:
        self._socket.close()


def remaining(deadline: float) -> float:
    return max(deadline - monotonic(), 0.0)


def _connected(host: str, port: int, until: float) -> socket.socket:
    """A connection to the first of a name's addresses that takes one. Raises OSError,
    UnicodeError."""
    hosts = _resolved(host, port, until)
    for number, place in enumerate(hosts, 1):
        try:
            return socket.create_connection((place, port), max(remaining(until), 0.001))
        except OSError:
            if number == len(hosts):
                raise
    raise OSError(f"{host} has no address")


def _resolved(host: str, port: int, until: float) -> list[str]:
    """A name's addresses. The system's resolver has no deadline, so a thread of its own asks it."""
    try:
        ipaddress.ip_address(host)
        return [host]
    except ValueError:
        pass
    found: list[list[str] | OSError | UnicodeError] = []

    def ask() -> None:
        try:
            told = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.append([str(place[4][0]) for place in told])
        except (OSError, UnicodeError) as error:
            found.append(error)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(remaining(until))
    if not found:
        raise TimeoutError(f"{host} could not be looked up in time")
    if not isinstance(found[0], list):
        raise found[0]
    return found[0]
