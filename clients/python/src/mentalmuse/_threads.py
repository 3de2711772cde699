"""The threads' waiting: a connection that any number of threads share, and no thread of its own.

Of the threads that wait for answers one reads, and hands each its own; when it has its answer, the
next one reads.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Coroutine
from time import monotonic, sleep
from typing import Any, TypeVar

from ._address import Address
from ._engine import AnyLink
from ._errors import ConnectionLost, MuseError
from ._generated.notifications import Notification
from ._link import Link, Lost, late
from ._loop import not_connected
from ._options import Configuration
from ._stream import CHUNK, Stream, remaining
from ._tokens import Gate
from ._wire import Request

T = TypeVar("T")

#: Seconds without a word after which a connection is looked at before it is used.
IDLE = 0.2


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Runs what blocks and never suspends."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    raise RuntimeError("a call with threads has suspended")


class ThreadWaiter:
    """A thread that waits for its answer."""

    __slots__ = ("deadline", "sent_at", "value", "error", "may_read", "_bell")

    def __init__(self, deadline: float, sent_at: float) -> None:
        self.deadline = deadline
        self.sent_at = sent_at
        self.value: dict[str, object] | None = None
        self.error: Exception | None = None
        #: Whether it can take over the reading.
        self.may_read = False
        #: Held while there is nothing to wake for; an Event costs ten times as much to make.
        self._bell = threading.Lock()
        self._bell.acquire()

    @property
    def is_done(self) -> bool:
        return self.value is not None or self.error is not None

    def answer(self, answer: dict[str, object]) -> None:
        self.value = answer
        self.wake()

    def fail(self, error: Exception) -> None:
        self.error = error
        self.wake()

    def wait(self, seconds: float) -> None:
        """Until it is woken."""
        self._bell.acquire(timeout=seconds)

    def wake(self) -> None:
        try:
            self._bell.release()
        except RuntimeError:
            # It has been woken already.
            pass


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
        #: How many threads wait until fewer calls are under way.
        self._crowd = 0
        self._room = threading.Condition(self._mutex)
        self._sending = threading.Lock()
        self._reading = threading.Lock()

    # What the engine does.

    def is_ready(self) -> bool:
        """Looks whether the server has ended it while nobody read."""
        is_idle = not self.pending and monotonic() - self.heard_at > IDLE
        if self.is_open and is_idle and self._enter():
            try:
                self._read_if_free()
            finally:
                self._leave()
        return self.is_open

    async def call(self, request: Request, deadline: float) -> dict[str, object]:
        call_id = next(self._ids)
        waiter = ThreadWaiter(deadline, monotonic())
        if not self._enter(call_id, waiter):
            raise Lost(self.cause or ConnectionLost(""), False)
        try:
            now = waiter.sent_at = monotonic()
            if now >= deadline:
                raise late()
            maximum = self.configuration.line_bytes_max
            self._send(request.line(call_id, deadline - now, maximum), deadline)
            return self._wait(waiter)
        finally:
            self.pending.pop(call_id, None)
            self._leave()

    def _enter(self, call_id: int = 0, waiter: ThreadWaiter | None = None) -> bool:
        """A thread begins to use the stream, when there is room for its call; False where the
        stream has ended."""
        with self._mutex:
            while waiter and len(self.pending) >= self.configuration.in_flight_max:
                if monotonic() >= waiter.deadline:
                    raise late()
                self._crowd += 1
                try:
                    self._room.wait(remaining(waiter.deadline))
                finally:
                    self._crowd -= 1
            if self.cause is not None:
                return False
            self._users += 1
            if waiter is not None:
                self.pending[call_id] = waiter
            return True

    def _leave(self) -> None:
        with self._mutex:
            self._users -= 1
            if self._crowd:
                self._room.notify()
            self._close_if_unused()

    def _close_if_unused(self) -> None:
        if self._users == 0 and self.cause is not None:
            self._stream.close()

    def lose(self, cause: MuseError) -> None:
        with self._mutex:
            super().lose(cause)
            self._room.notify_all()
            self._close_if_unused()

    def abandon(self) -> None:
        """Closes the socket in a process that was forked; the other's connection goes on."""
        self._stream.close()

    def _shut(self) -> None:
        self._stream.shut()

    # Sending.

    def _send(self, line: bytes, deadline: float) -> None:
        """Sends a whole line. A connection that has half of one is of no use any more."""
        if not self._sending.acquire(timeout=remaining(deadline)):
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
        if self._stream.wait(remaining(deadline), to_write=True) and not self._read_if_free():
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
                    waiter.wait(left)
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
                waiter.wake()
                return


class ThreadGate:
    """Lets in one thread at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    async def enter(self, deadline: float) -> bool:
        return self._lock.acquire(timeout=remaining(deadline))

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
