"""One connection, without its I/O: what waits on it, and what becomes of what the server says."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from time import monotonic
from typing import Generic, Protocol, TypeVar

from ._errors import ConnectionLost, MalformedAnswer, MuseError, ServerError, TimedOut
from ._generated.notifications import Notification, ServerDraining
from ._options import Configuration
from ._wire import GARBAGE_MAX, Lines, TooLong, parse, read_error, read_notification


class Lost(Exception):
    """The connection was lost under a call."""

    def __init__(self, cause: MuseError, was_sent: bool) -> None:
        super().__init__(cause, was_sent)
        self.cause = cause
        self.was_sent = was_sent


class Waiter(Protocol):
    """A call that is under way."""

    deadline: float
    sent_at: float

    def answer(self, answer: dict[str, object]) -> None: ...

    def fail(self, error: Exception) -> None: ...


W = TypeVar("W", bound=Waiter)


class Link(Generic[W]):
    """What the connections of both clients share. Ids count up, and an answer is found by its id.

    An answer that nobody waits for is passed over: its call has given up. A line that says nothing
    is passed over too, and 16 of them in a row end the connection.
    """

    def __init__(
        self, configuration: Configuration, notify: Callable[[Notification], None]
    ) -> None:
        self.configuration = configuration
        self.pending: dict[int, W] = {}
        #: The version of the session that this connection is attached with; 0 for nobody.
        self.bound = 0
        #: Whether new calls may be sent.
        self.is_open = True
        #: Why the connection is no more.
        self.cause: MuseError | None = None
        #: Whether the server has answered anything.
        self.has_answered = False
        self.opened_at = monotonic()
        self.heard_at = 0.0
        self._ids = itertools.count(1)
        self._lines = Lines(configuration.answer_bytes_max)
        self._garbage = 0
        self._refusal: ServerError | None = None
        self._notify = notify

    # What the transport does.

    def _shut(self) -> None:
        """Closes the connection."""
        raise NotImplementedError

    def _was_sent(self, call_id: int) -> bool:
        """Whether anything of that call may have reached the server."""
        return True

    def _answered(self) -> None:
        """There may be room for another call."""

    # What happens.

    def received(self, data: bytes) -> None:
        """Bytes have come."""
        self.heard_at = monotonic()
        try:
            lines = self._lines.feed(data)
        except TooLong as error:
            self._too_long(error)
            return
        for line in lines:
            self._line(line)
        if self._lines.is_endless:
            self.lose(MalformedAnswer("The server sends a line without end."))
        if not self.is_open and not self.pending:
            self.lose(ConnectionLost("The server has closed the connection."))

    def _line(self, line: bytes) -> None:
        try:
            value = parse(line)
        except (ValueError, RecursionError):
            if line and not line.isspace():
                self._garbled()
            return
        if not isinstance(value, dict):
            self._garbled()
            return
        call_id = value.get("id")
        if type(call_id) is int:
            self._garbage = 0
            waiter = self.pending.pop(call_id, None)
            if waiter is not None:
                if value.get("jsonrpc") == "2.0":
                    self.has_answered = True
                    waiter.answer(value)
                else:
                    waiter.fail(MalformedAnswer("The answer is not of JSON-RPC 2.0."))
                self._answered()
        elif "method" in value and "id" not in value:
            self._notified(value)
        elif call_id is None and "error" in value:
            self._refused(value["error"])
        else:
            self._garbled()

    def _garbled(self) -> None:
        self._garbage += 1
        if self._garbage >= GARBAGE_MAX:
            self.lose(MalformedAnswer("The server does not speak JSON-RPC."))

    def _too_long(self, error: TooLong) -> None:
        waiter = None if error.call_id is None else self.pending.pop(error.call_id, None)
        if waiter is None:
            self._garbled()
        else:
            waiter.fail(MalformedAnswer(str(error)))
            self._answered()

    def _refused(self, error: object) -> None:
        """What the server says to nobody in particular: why it will close."""
        try:
            self._refusal = read_error(error)
        except (ValueError, KeyError):
            self._garbled()

    def _notified(self, value: dict[str, object]) -> None:
        method = value["method"]
        if not isinstance(method, str):
            self._garbled()
            return
        self._garbage = 0
        notification = read_notification(method, value.get("params"))
        if isinstance(notification, ServerDraining):
            self.is_open = False
        self._notify(notification)

    def expire(self, now: float) -> float:
        """Fails the calls whose time is over; when the next one's will be.

        Where nothing at all was heard since such a call was sent, the connection takes no more
        calls: the server may have gone without a word.
        """
        nearest = float("inf")
        is_silent = False
        for call_id, waiter in list(self.pending.items()):
            if waiter.deadline > now:
                nearest = min(nearest, waiter.deadline)
            elif self.pending.pop(call_id, None) is not None:
                is_silent = is_silent or self.heard_at <= waiter.sent_at
                waiter.fail(late())
                self._answered()
        if is_silent:
            self.retire()
        return nearest

    def retire(self) -> None:
        """Takes no more calls, and ends with the last one under way."""
        self.is_open = False
        if not self.pending:
            self.lose(ConnectionLost("The server has gone silent."))

    def lose(self, cause: MuseError) -> None:
        """The connection is over, and every waiting call fails at once."""
        if self.cause is not None:
            return
        self.is_open = False
        self.cause = self._refusal or cause
        self._shut()
        for call_id, waiter in list(self.pending.items()):
            if self.pending.pop(call_id, None) is not None:
                waiter.fail(Lost(self.cause, self._was_sent(call_id)))


def late() -> TimedOut:
    """What a call ends with at its deadline."""
    return TimedOut("There was no answer in time.")
