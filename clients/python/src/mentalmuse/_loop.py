"""The asyncio client's waiting: a connection as a protocol of the event loop, calls as futures."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import cast

from ._address import Address
from ._engine import AnyLink
from ._errors import CertificateRefused, ConnectionLost, NotConnected
from ._generated.notifications import Notification
from ._link import Link, Lost, late
from ._options import Configuration
from ._tokens import Gate
from ._wire import Request, cancellation

OUTPUT_BYTES_MAX = 4 << 20


class LoopWaiter:
    """A task that waits for its answer."""

    __slots__ = ("deadline", "sent_at", "future")

    def __init__(
        self, deadline: float, sent_at: float, future: asyncio.Future[dict[str, object]]
    ) -> None:
        self.deadline = deadline
        self.sent_at = sent_at
        self.future = future

    def answer(self, answer: dict[str, object]) -> None:
        if not self.future.done():
            self.future.set_result(answer)

    def fail(self, error: Exception) -> None:
        if not self.future.done():
            self.future.set_exception(error)


class LoopLink(Link[LoopWaiter], asyncio.Protocol):
    """A connection. What one turn of the loop sends leaves in one write."""

    def __init__(
        self, configuration: Configuration, notify: Callable[[Notification], None]
    ) -> None:
        super().__init__(configuration, notify)
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._out: list[bytes] = []
        self._last_id = 0
        self._sent_id = 0
        self._is_paused = False
        self._queue: deque[asyncio.Future[None]] = deque()
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_at = float("inf")

    # What the engine does.

    def is_ready(self) -> bool:
        return self.is_open

    async def call(self, request: Request, deadline: float) -> dict[str, object]:
        while len(self.pending) >= self.configuration.in_flight_max or self._is_paused:
            await self._room(deadline)
        if self.cause is not None:
            raise Lost(self.cause, False)
        now = monotonic()
        if now >= deadline:
            raise late()
        self._last_id = call_id = next(self._ids)
        line = request.line(call_id, deadline - now, self.configuration.line_bytes_max)
        future: asyncio.Future[dict[str, object]] = self._loop.create_future()
        self.pending[call_id] = LoopWaiter(deadline, now, future)
        self._send(line)
        if deadline < self._alarm_at:
            self._set_alarm(deadline, now)
        try:
            return await future
        except asyncio.CancelledError:
            if self.pending.pop(call_id, None) is not None:
                self._send(cancellation(call_id))
                self._answered()
            raise

    async def _room(self, deadline: float) -> None:
        """Waits until another call may be under way."""
        if self.cause is not None:
            raise Lost(self.cause, False)
        future: asyncio.Future[None] = self._loop.create_future()
        self._queue.append(future)
        timer = self._loop.call_later(max(deadline - monotonic(), 0), _settle, future)
        try:
            await future
        except asyncio.CancelledError:
            # Whoever was woken and does not go on wakes the next.
            self._answered()
            raise
        finally:
            timer.cancel()
        if monotonic() >= deadline:
            self._answered()
            raise late()

    def _answered(self) -> None:
        while self._queue and not self._is_paused:
            future = self._queue.popleft()
            if not future.done():
                future.set_result(None)
                return

    # Sending.

    def _send(self, line: bytes) -> None:
        if not self._out:
            self._loop.call_soon(self._flush)
        self._out.append(line)

    def _flush(self) -> None:
        transport = self._transport
        if transport is None or self.cause is not None:
            return
        self._sent_id = self._last_id
        data = b"".join(self._out)
        self._out.clear()
        transport.write(data)

    def _was_sent(self, call_id: int) -> bool:
        return call_id <= self._sent_id

    # Time.

    def _set_alarm(self, at: float, now: float) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm_at = at
        self._alarm = self._loop.call_later(at - now, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        self._alarm_at = float("inf")
        now = monotonic()
        nearest = self.expire(now)
        if nearest < self._alarm_at and self.cause is None:
            self._set_alarm(nearest, now)

    # What the loop does.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(OUTPUT_BYTES_MAX)
        if self.cause is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        if self.cause is None:
            self.received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lose(ConnectionLost(str(exc) if exc else "The server has closed the connection."))

    def pause_writing(self) -> None:
        self._is_paused = True

    def resume_writing(self) -> None:
        self._is_paused = False
        for future in self._queue:
            _settle(future)
        self._queue.clear()

    def _shut(self) -> None:
        self._is_paused = False
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        for future in self._queue:
            _settle(future)
        self._queue.clear()
        self._out.clear()
        if self._transport is not None:
            self._transport.abort()


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


class LoopGate:
    """Lets in one task at a time, in order."""

    def __init__(self) -> None:
        self._is_taken = False
        self._queue: deque[asyncio.Future[bool]] = deque()

    async def enter(self, deadline: float) -> bool:
        if not self._is_taken:
            self._is_taken = True
            return True
        loop = asyncio.get_running_loop()
        future: asyncio.Future[bool] = loop.create_future()
        self._queue.append(future)
        timer = loop.call_later(max(deadline - monotonic(), 0), self._give_up, future)
        try:
            return await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled() and future.result():
                self.leave()
            raise
        finally:
            timer.cancel()

    def _give_up(self, future: asyncio.Future[bool]) -> None:
        if not future.done():
            self._queue.remove(future)
            future.set_result(False)

    def leave(self) -> None:
        while self._queue:
            future = self._queue.popleft()
            if not future.done():
                future.set_result(True)
                return
        self._is_taken = False


class LoopIO:
    """Waiting in an event loop."""

    def __init__(self, address: Address, configuration: Configuration) -> None:
        self._address = address
        self._configuration = configuration
        self._context = address.context(configuration)
        self._sleepers: set[asyncio.Future[None]] = set()

    def gate(self) -> Gate:
        return LoopGate()

    async def open(self, until: float, notify: Callable[[Notification], None]) -> AnyLink:
        loop = asyncio.get_running_loop()
        link = LoopLink(self._configuration, notify)
        address = self._address
        try:
            if address.scheme == "unix":
                making = loop.create_unix_connection(lambda: link, address.host)
                await asyncio.wait_for(making, until - monotonic())
            else:
                connecting = loop.create_connection(
                    lambda: link, address.host, address.port, ssl=self._context
                )
                transport, _ = await asyncio.wait_for(connecting, until - monotonic())
                inner = transport.get_extra_info("socket")
                if inner is not None and link.cause is None:
                    inner.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        except (OSError, UnicodeError, NotImplementedError, asyncio.TimeoutError) as error:
            link.lose(ConnectionLost("No connection was made."))
            raise not_connected(error, address) from error
        except BaseException:
            link.lose(ConnectionLost("No connection was made."))
            raise
        return link

    async def sleep(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        timer = loop.call_later(seconds, _settle, future)
        self._sleepers.add(future)
        try:
            await future
        finally:
            timer.cancel()
            self._sleepers.discard(future)

    def wake(self) -> None:
        """Ends all sleep."""
        for future in self._sleepers:
            _settle(future)


def not_connected(error: Exception, address: Address) -> NotConnected:
    """Why no connection could be made."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return CertificateRefused(f"{address}: {error.verify_message}")
    if isinstance(error, (TimeoutError, asyncio.TimeoutError)):
        return NotConnected(f"{address}: No connection could be made in time.")
    return NotConnected(f"{address}: {error}")
