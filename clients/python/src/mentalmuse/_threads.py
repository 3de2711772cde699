"""The threads' waiting: blocking sockets that any number of threads share, and no thread of its own.

Of the threads that wait for answers one reads, and hands each its own; when it has its answer, the
next one reads.
"""

from __future__ import annotations

import ipaddress
import select
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Coroutine
from time import monotonic, sleep
from typing import Any, TypeVar

from ._address import Address
from ._engine import AnyLink, Gate
from ._errors import ConnectionLost, MuseError
from ._generated.notifications import Notification
from ._link import Link, Lost, late
from ._loop import not_connected
from ._options import Configuration
from ._wire import Request

T = TypeVar("T")

CHUNK = 1 << 18


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Runs what blocks and never suspends."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    raise RuntimeError("a call with threads has suspended")


class Stream:
    """A socket, with TLS or without, that reads and writes what it can and never blocks in either.

    Any thread may use it: with TLS one lock is around both directions.
    """

    def __init__(self, made: socket.socket) -> None:
        self._socket = made
        self._lock = threading.Lock()
        made.setblocking(False)

    @classmethod
    def open(cls, address: Address, context: ssl.SSLContext | None, until: float) -> Stream:
        """Raises OSError, UnicodeError."""
        if address.scheme == "unix":
            made = socket.socket(socket.AF_UNIX)
            try:
                made.settimeout(max(_left(until), 0.001))
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
                made.settimeout(max(_left(until), 0.001))
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
        poll = select.poll()
        poll.register(self._socket, select.POLLIN | (select.POLLOUT if to_write else 0))
        milliseconds = min(int(seconds * 1_000) + 1, 1 << 30) if seconds > 0 else 0
        return any(event & ~select.POLLOUT for _, event in poll.poll(milliseconds))

    def read(self) -> bytes | None:
        """What has come; nothing at the end, None if nothing has come. Raises OSError."""
        with self._lock:
            try:
                data = self._socket.recv(CHUNK)
                while isinstance(self._socket, ssl.SSLSocket) and self._socket.pending():
                    data += self._socket.recv(CHUNK)
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


class ThreadWaiter:
    """A thread that waits for its answer."""

    __slots__ = ("deadline", "sent_at", "event", "value", "error", "may_read")

    def __init__(self, deadline: float, sent_at: float) -> None:
        self.deadline = deadline
        self.sent_at = sent_at
        self.event = threading.Event()
        self.value: dict[str, object] | None = None
        self.error: Exception | None = None
        #: Whether it can take over the reading.
        self.may_read = False

    @property
    def is_done(self) -> bool:
        return self.value is not None or self.error is not None

    def answer(self, answer: dict[str, object]) -> None:
        self.value = answer
        self.event.set()

    def fail(self, error: Exception) -> None:
        self.error = error
        self.event.set()


class ThreadLink(Link[ThreadWaiter]):
    """A connection that threads share."""

    def __init__(
        self,
        stream: Stream,
        configuration: Configuration,
        notify: Callable[[Notification], None],
    ) -> None:
        super().__init__(configuration, notify)
        self._stream = stream
        #: Keeps a call that begins and the end of the connection apart.
        self._mutex = threading.Lock()
        #: How many threads use the stream: the last one closes it.
        self._users = 0
        self._sending = threading.Lock()
        self._reading = threading.Lock()
        self._room = threading.BoundedSemaphore(configuration.in_flight_max)

    # What the engine does.

    def is_ready(self) -> bool:
        """Looks whether the server has ended it meanwhile."""
        if self._enter():
            try:
                self._read_if_free()
            finally:
                self._leave()
        return self.is_open

    async def call(self, request: Request, deadline: float) -> dict[str, object]:
        if not self._room.acquire(timeout=_left(deadline)):
            raise late()
        now = monotonic()
        waiter = ThreadWaiter(deadline, now)
        call_id = next(self._ids)
        if not self._enter(call_id, waiter):
            self._room.release()
            raise Lost(self.cause or ConnectionLost(""), False)
        try:
            if now >= deadline:
                raise late()
            maximum = self.configuration.line_bytes_max
            self._send(request.line(call_id, deadline - now, maximum), deadline)
            return self._wait(waiter)
        finally:
            self.pending.pop(call_id, None)
            self._leave()
            self._room.release()

    def _enter(self, call_id: int = 0, waiter: ThreadWaiter | None = None) -> bool:
        """A thread begins to use the stream; False where it has ended."""
        with self._mutex:
            if self.cause is not None:
                return False
            self._users += 1
            if waiter is not None:
                self.pending[call_id] = waiter
            return True

    def _leave(self) -> None:
        with self._mutex:
            self._users -= 1
            self._close_if_unused()

    def _close_if_unused(self) -> None:
        if self._users == 0 and self.cause is not None:
            self._stream.close()

    def lose(self, cause: MuseError) -> None:
        with self._mutex:
            super().lose(cause)
            self._close_if_unused()

    def abandon(self) -> None:
        """Closes the socket in a process that was forked; the other's connection goes on."""
        self._stream.close()

    def _shut(self) -> None:
        self._stream.shut()

    # Sending.

    def _send(self, line: bytes, deadline: float) -> None:
        """Sends a whole line. A connection that has half of one is of no use any more."""
        if not self._sending.acquire(timeout=_left(deadline)):
            raise late()
        rest = memoryview(line)
        try:
            while rest:
                taken = self._stream.write(rest[:CHUNK])
                rest = rest[taken:]
                if not taken:
                    self._make_room(deadline)
        except OSError:
            # Why it ended may still be there to be read.
            return
        except BaseException:
            if len(rest) < len(line):
                self.lose(ConnectionLost("A call was given up in the middle of its line."))
            raise
        finally:
            self._sending.release()

    def _make_room(self, deadline: float) -> None:
        """The server takes no more just now: reads meanwhile, so that neither waits for the other.
        """
        if monotonic() >= deadline:
            raise late()
        if self._stream.wait(_left(deadline), to_write=True) and not self._read_if_free():
            # Another thread is about to read it.
            sleep(0.001)

    # Reading.

    def _wait(self, waiter: ThreadWaiter) -> dict[str, object]:
        waiter.may_read = True
        try:
            while not waiter.is_done:
                left = waiter.deadline - monotonic()
                if left <= 0:
                    self.expire(monotonic())
                    raise waiter.error or late()
                if self._reading.acquire(blocking=False):
                    try:
                        self._read_for(waiter)
                    finally:
                        self._reading.release()
                else:
                    waiter.event.wait(left)
                    waiter.event.clear()
        finally:
            waiter.may_read = False
            self._hand_over()
        if waiter.value is None:
            raise waiter.error or late()
        return waiter.value

    def _read_for(self, waiter: ThreadWaiter) -> None:
        while not waiter.is_done:
            left = waiter.deadline - monotonic()
            if left <= 0:
                return
            self._read(left)

    def _read_if_free(self) -> bool:
        """Reads what is there, unless another thread reads."""
        if not self._reading.acquire(blocking=False):
            return False
        try:
            self._read(0)
        finally:
            self._reading.release()
            self._hand_over()
        return True

    def _read(self, seconds: float) -> None:
        """Reads once, for all."""
        try:
            if self.cause is not None or not self._stream.wait(seconds):
                return
            data = self._stream.read()
        except (OSError, ValueError) as error:
            self.lose(ConnectionLost(str(error)))
            return
        if data:
            self.received(data)
        elif data is not None:
            self.lose(ConnectionLost("The server has closed the connection."))

    def _hand_over(self) -> None:
        """Has another waiting thread read, if none does."""
        if self._reading.locked():
            return
        for waiter in list(self.pending.values()):
            if waiter.may_read and not waiter.is_done:
                waiter.event.set()
                return


def _left(deadline: float) -> float:
    return max(deadline - monotonic(), 0.0)


class ThreadGate:
    """Lets in one thread at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    async def enter(self, deadline: float) -> bool:
        return self._lock.acquire(timeout=_left(deadline))

    def leave(self) -> None:
        self._lock.release()


class ThreadIO:
    """Waiting in threads."""

    def __init__(self, address: Address, configuration: Configuration) -> None:
        self._address = address
        self._configuration = configuration
        self._context = address.context(configuration)
        self._closed = threading.Event()

    def gate(self) -> Gate:
        return ThreadGate()

    async def open(self, until: float, notify: Callable[[Notification], None]) -> AnyLink:
        try:
            stream = Stream.open(self._address, self._context, until)
        except (OSError, UnicodeError) as error:
            raise not_connected(error, self._address) from error
        return ThreadLink(stream, self._configuration, notify)

    async def sleep(self, seconds: float) -> None:
        self._closed.wait(seconds)

    def wake(self) -> None:
        """Ends all sleep, for good."""
        self._closed.set()


def _connected(host: str, port: int, until: float) -> socket.socket:
    """A connection to the first of a name's addresses that takes one. Raises OSError,
    UnicodeError."""
    hosts = _resolved(host, port, until)
    for number, place in enumerate(hosts, 1):
        try:
            return socket.create_connection((place, port), max(_left(until), 0.001))
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
    thread.join(_left(until))
    if not found:
        raise TimeoutError(f"{host} could not be looked up in time")
    if not isinstance(found[0], list):
        raise found[0]
    return found[0]
