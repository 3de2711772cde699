"""One call's way from its params to its result, for both clients.

Whatever waits is awaited here and done by an `IO`: over asyncio it suspends; with threads it
blocks, and its coroutines never suspend (`_threads.run`). So there is one order of connecting,
attaching, sending, repeating and renewing.
"""

from __future__ import annotations

import copy
import logging
import random
from collections.abc import Callable
from time import monotonic
from typing import Protocol, TypeVar

from ._address import Address
from ._attempt import Attempt, Identity
from ._errors import (
    CertificateRefused,
    ClientClosed,
    MalformedAnswer,
    MuseError,
    NotConnected,
    ServerError,
)
from ._generated import methods
from ._generated.errors import TokenExpired, TokenInvalid, TokenRevoked
from ._generated.models import Grant
from ._generated.notifications import Notification
from ._link import Lost, late
from ._method import Method
from ._options import CallOptions, Configuration
from ._sessions import MemorySessionStore, StoredSession
from ._tokens import Gate, Tokens
from ._wire import DEADLINE_MS_MAX, Request, read_error

T = TypeVar("T")

_log = logging.getLogger("mentalmuse")
_usual = CallOptions()
_keys = random.SystemRandom()
#: Seconds after which a connection that is lost is made again without a pause.
LIFE = 1.0


class AnyLink(Protocol):
    """A connection, as the engine sees it."""

    bound: int
    #: Why it is no more.
    cause: MuseError | None
    has_answered: bool
    opened_at: float

    def is_ready(self) -> bool:
        """Whether it takes calls."""
        ...

    async def call(self, request: Request, deadline: float) -> dict[str, object]:
        """Sends a request and waits for its answer. Raises Lost, TimedOut, MalformedAnswer."""
        ...

    def lose(self, cause: MuseError) -> None:
        """Ends it."""
        ...


class IO(Protocol):
    """How waiting is done."""

    def gate(self) -> Gate: ...

    async def open(self, until: float, notify: Callable[[Notification], None]) -> AnyLink:
        """Makes a connection. Raises NotConnected."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Waits, or until the client is closed."""
        ...


class Engine:
    """A client without its face."""

    def __init__(self, address: Address, configuration: Configuration, io: IO) -> None:
        self.address = address
        self.configuration = configuration
        self.io = io
        store = configuration.session_store or MemorySessionStore()
        self.tokens = Tokens(store, self._refresh, io.sleep, configuration.refresh_ahead)
        self._is_closed = False
        self._link: AnyLink | None = None
        self._links: list[AnyLink] = []
        self.begin()

    def begin(self) -> list[AnyLink]:
        """Starts with no connection; what waited before is forgotten. The connections before."""
        before, self._links = self._links, []
        self._link = None
        self._failures = 0
        self._why = "No connection has been made."
        self._next_try = 0.0
        self._connecting = self.io.gate()
        self._binding = self.io.gate()
        self.tokens.begin(self.io.gate())
        self._refused: tuple[int, ServerError] | None = None
        return before

    def close(self) -> None:
        """Ends the connection. Calls that wait fail, and so does each later one."""
        self._is_closed = True
        for link in self._links:
            link.lose(ClientClosed("The client is closed."))

    # A call.

    async def perform(
        self,
        method: Method,
        params: dict[str, object],
        read: Callable[[object], T],
        options: CallOptions | None,
    ) -> T:
        """Takes a call to its result."""
        if options is None:
            options = _usual
        seconds = self.configuration.deadline if options.deadline is None else options.deadline
        # What is no number above zero is no time at all.
        deadline = monotonic() + (min(seconds, DEADLINE_MS_MAX / 1_000) if seconds > 0 else 0.0)
        key = options.idempotency_key
        if key is None and method.is_keyed:
            key = f"{_keys.getrandbits(128):032x}"
        request = Request(method, params, key, options)
        value = await self._attempts(method, request, options, deadline)
        result = _read(method, read, value)
        if method.name in _settling and options.access_token is None:
            if self.configuration.follows_logins:
                if isinstance(result, Grant):
                    await self.tokens.settle(result, deadline)
                elif self._ends_ours(params):
                    await self.tokens.settle(None, deadline)
        return result

    async def _attempts(
        self, method: Method, request: Request, options: CallOptions, deadline: float
    ) -> object:
        """Sends a request, again where that is safe, until it has a result."""
        attempt = Attempt(method, options, deadline)
        is_bound = method.is_bound and options.access_token is None
        while True:
            link = self._link
            version = 0
            try:
                if link is None or not link.is_ready():
                    link = await self._connected(attempt)
                error: ServerError | None = None
                if is_bound:
                    await self.tokens.renew_if_due(deadline)
                    identity = self.tokens.identity
                    attempt.speaks_for(identity)
                    version = identity.version
                    if link.bound != version:
                        error = await self._bind(link, identity, deadline)
                if error is None:
                    answer = await link.call(request, deadline)
                    if "result" in answer and "error" not in answer:
                        return answer["result"]
                    error = _refusal(answer, method)
            except Lost as lost:
                self._forget(link)
                attempt.lost(lost)
                continue
            pause = attempt.refused(error, version)
            if pause is None:
                await self.tokens.renew(version, error, attempt)
            else:
                await self.io.sleep(pause)

    # The connection.

    async def _connected(self, attempt: Attempt) -> AnyLink:
        """The connection, made if need be, by one for all."""
        if not await self._connecting.enter(attempt.deadline):
            raise attempt.unconnected(NotConnected(self._why))
        try:
            while True:
                if self._is_closed:
                    raise ClientClosed("The client is closed.")
                if self._link is not None and self._link.is_ready():
                    return self._link
                self._forget(self._link)
                now = monotonic()
                if max(now, self._next_try) >= attempt.deadline:
                    raise attempt.unconnected(NotConnected(self._why))
                if now < self._next_try:
                    await self.io.sleep(self._next_try - now)
                    continue
                until = min(attempt.deadline, now + self.configuration.connect_timeout)
                try:
                    link = await self._open(until)
                    if link.cause is not None:
                        # It has ended already: the call is told why.
                        return link
                except NotConnected as error:
                    self._failed(str(error))
                    is_final = isinstance(error, CertificateRefused)
                    if is_final or not attempt.options.waits_for_connection:
                        raise attempt.unconnected(error) from None
        finally:
            self._connecting.leave()

    async def _open(self, until: float) -> AnyLink:
        link = await self.io.open(until, self._notified)
        self._link = link
        # Those that take no more calls may still have some under way.
        self._links = [other for other in self._links if other.cause is None] + [link]
        if self._is_closed:
            link.lose(ClientClosed("The client is closed."))
        return link

    def _forget(self, link: AnyLink | None) -> None:
        """A connection is of no use any more. One that did not live long is followed after a
        pause, which grows as long as none has answered anything."""
        if link is None or self._link is not link or link.is_ready():
            return
        self._link = None
        if link.has_answered:
            self._failures = 0
        if not link.has_answered or monotonic() - link.opened_at < LIFE:
            self._failed("The server closes its connections.")

    def _failed(self, why: str) -> None:
        settings = self.configuration
        pause = min(settings.backoff_max, settings.backoff * 2 ** min(self._failures, 16))
        self._failures += 1
        self._why = why
        self._next_try = monotonic() + pause * (1 - random.random() / 2)

    def _notified(self, notification: Notification) -> None:
        heard = self.configuration.on_notification
        if heard is not None:
            try:
                heard(notification)
            except Exception:
                _log.exception("on_notification has failed")

    async def _bind(
        self, link: AnyLink, identity: Identity, deadline: float
    ) -> ServerError | None:
        """Attaches the connection to the session; the server's refusal if there is one."""
        if not await self._binding.enter(deadline):
            raise late()
        try:
            if link.bound == identity.version:
                return None
            if self._refused is not None and self._refused[0] == identity.version:
                # What the server has refused once it refuses again.
                return copy.copy(self._refused[1])
            if identity.session is None:
                method, params = methods.AUTH_DETACH, {}
            else:
                token: object = identity.session.access_token
                method, params = methods.AUTH_ATTACH, {"access_token": token}
            answer = await link.call(Request(method, params, None, _usual), deadline)
            if "result" in answer:
                link.bound = identity.version
                return None
            link.bound = 0
            error = _refusal(answer, method)
            if isinstance(error, (TokenExpired, TokenInvalid, TokenRevoked)):
                self._refused = (identity.version, error)
            return error
        finally:
            self._binding.leave()

    # The session.

    async def forget(self) -> None:
        """Nobody is logged in from now on."""
        await self.tokens.settle(None, monotonic() + self.configuration.deadline)

    def _ends_ours(self, params: dict[str, object]) -> bool:
        """Whether a log-out is of the client's own session: the caller's, or of its token."""
        token = params.get("refresh_token")
        ours = self.tokens.identity.session
        return token is None or (ours is not None and token == ours.refresh_token)

    async def _refresh(self, session: StoredSession, deadline: float) -> Grant:
        """New tokens for a session, always under the same key."""
        method = methods.AUTH_REFRESH
        params: dict[str, object] = {"refresh_token": session.refresh_token}
        request = Request(method, params, session.refresh_key, _usual)
        value = await self._attempts(method, request, _usual, deadline)
        return _read(method, Grant.from_json, value)


#: The methods whose results say who the client is from then on.
_settling = frozenset(
    {
        "auth.register",
        "auth.login",
        "auth.refresh",
        "auth.change_password",
        "auth.logout",
        "users.delete",
    }
)


def _read(method: Method, read: Callable[[object], T], value: object) -> T:
    try:
        return read(value)
    except (KeyError, ValueError) as error:
        raise MalformedAnswer(
            f"The result of {method.name} is not what the schema says: {error}"
        ) from error


def _refusal(answer: dict[str, object], method: Method) -> ServerError:
    """The error of an answer. Raises MalformedAnswer."""
    try:
        if "result" not in answer:
            return read_error(answer["error"], method.name)
    except (KeyError, ValueError):
        pass
    raise MalformedAnswer(f"The answer to {method.name} has not one of result and error.")
