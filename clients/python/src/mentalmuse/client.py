"""The two clients: `Client` for threads, `AsyncClient` for asyncio. Their calls are generated."""

from __future__ import annotations

import asyncio
import os
import weakref
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import TypeVar

from ._address import Address
from ._engine import Engine
from ._generated import methods
from ._generated.calls import Calls
from ._generated.calls_async import AsyncCalls
from ._generated.models import Caller
from ._loop import LoopIO
from ._method import Method
from ._options import CallOptions, Configuration
from ._sessions import StoredSession
from ._threads import ThreadIO, ThreadLink, run
from ._values import members, text

T = TypeVar("T")


def _first(configuration: Configuration) -> CallOptions:
    """How a client looks whether there is a server."""
    return CallOptions(
        deadline=configuration.connect_timeout, retries=False, waits_for_connection=False
    )


class Client(Calls):
    """A client of the service, for any number of threads, over one connection.

    The connection is made when the first call needs it, and made again when it was lost. Every call
    ends: with its result, or with a MuseError at its deadline at the latest. In a `with` statement
    it connects at once, and is closed at the end.
    """

    def __init__(
        self, address: str | None = None, configuration: Configuration | None = None
    ) -> None:
        """`address`: tcp://host:port, tls://host:port or unix:/path; None for the one in the
        environment's MUSE_URL, or tcp://127.0.0.1:6873. Raises InvalidAddress, StoreUnusable."""
        super().__init__(self._perform)
        place = Address.parse(address)
        settings = configuration or Configuration()
        self._io = ThreadIO(place, settings)
        self._engine = Engine(place, settings, self._io)
        _clients.add(self)

    def _perform(
        self,
        method: Method,
        params: dict[str, object],
        read: Callable[[object], T],
        options: CallOptions | None,
    ) -> T:
        return run(self._engine.perform(method, params, read, options))

    def connect(self) -> None:
        """Reaches the server. Raises NotConnected after the first attempt that fails."""
        options = _first(self._engine.configuration)
        self._perform(methods.SERVER_PING, {}, text, options)

    def attach(self, access_token: str) -> Caller:
        """Makes an access token from elsewhere the client's own, and tells whose it is. It is not
        kept, and it is not renewed when it expires."""
        self._engine.tokens.use(access_token)
        return self.auth.whoami()

    def detach(self) -> None:
        """Forgets the client's session on this side, in the store too. The session lives on."""
        run(self._engine.forget())

    @property
    def session(self) -> StoredSession | None:
        """Who the client is."""
        return self._engine.tokens.identity.session

    def discover(self) -> dict[str, object]:
        """The server's schema, an OpenRPC document."""
        return self._perform(methods.RPC_DISCOVER, {}, members, None)

    def close(self) -> None:
        """Ends the connection. Calls that wait raise ClientClosed, and so does each later one."""
        self._engine.close()
        self._io.wake()

    def __enter__(self) -> Client:
        self.connect()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


_clients: weakref.WeakSet[Client] = weakref.WeakSet()


def _after_fork() -> None:
    """A process that was forked makes connections of its own."""
    for client in _clients:
        for link in client._engine.begin():
            if isinstance(link, ThreadLink):
                link.abandon()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


class AsyncClient(AsyncCalls):
    """A client of the service, for any number of tasks of one event loop, over one connection.

    Calls that are made at the same time are pipelined. Otherwise as `Client`.
    """

    def __init__(
        self, address: str | None = None, configuration: Configuration | None = None
    ) -> None:
        """As for `Client`."""
        super().__init__(self._perform)
        place = Address.parse(address)
        settings = configuration or Configuration()
        self._io = LoopIO(place, settings)
        self._engine = Engine(place, settings, self._io)
        self._loop: asyncio.AbstractEventLoop | None = None

    def _perform(
        self,
        method: Method,
        params: dict[str, object],
        read: Callable[[object], T],
        options: CallOptions | None,
    ) -> Awaitable[T]:
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._move(loop)
        return self._engine.perform(method, params, read, options)

    def _move(self, loop: asyncio.AbstractEventLoop) -> None:
        """A client belongs to the loop of its first call; to another when that one has ended."""
        if self._loop is not None:
            if not self._loop.is_closed():
                raise RuntimeError("this client belongs to another event loop")
            self._engine.begin()
        self._loop = loop

    async def connect(self) -> None:
        """Reaches the server. Raises NotConnected after the first attempt that fails."""
        options = _first(self._engine.configuration)
        await self._perform(methods.SERVER_PING, {}, text, options)

    async def attach(self, access_token: str) -> Caller:
        """Makes an access token from elsewhere the client's own, and tells whose it is. It is not
        kept, and it is not renewed when it expires."""
        self._engine.tokens.use(access_token)
        return await self.auth.whoami()

    async def detach(self) -> None:
        """Forgets the client's session on this side, in the store too. The session lives on."""
        await self._engine.forget()

    @property
    def session(self) -> StoredSession | None:
        """Who the client is."""
        return self._engine.tokens.identity.session

    async def discover(self) -> dict[str, object]:
        """The server's schema, an OpenRPC document."""
        return await self._perform(methods.RPC_DISCOVER, {}, members, None)

    def close(self) -> None:
        """Ends the connection. Calls that wait raise ClientClosed, and so does each later one."""
        self._engine.close()
        self._io.wake()

    async def __aenter__(self) -> AsyncClient:
        await self.connect()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
