"""Who the client is: its session, where that is kept, and how its tokens are renewed."""

from __future__ import annotations

import copy
import logging
import math
from collections.abc import Awaitable, Callable
from time import monotonic, time
from typing import Protocol

from ._attempt import Attempt, Identity
from ._errors import MuseError, ServerError, StoreUnusable
from ._generated.errors import (
    IdempotencyMismatch,
    TokenExpired,
    TokenInvalid,
    TokenReused,
    TokenRevoked,
)
from ._generated.models import Grant
from ._link import late
from ._sessions import SessionStore, StoredSession

_log = logging.getLogger("mentalmuse")
#: What a refresh token that is of no use any more is answered with.
_spent = (TokenInvalid, TokenRevoked, TokenReused, TokenExpired, IdempotencyMismatch)


class Gate(Protocol):
    """Lets in one at a time, in order."""

    async def enter(self, deadline: float) -> bool:
        """False where the deadline came first."""
        ...

    def leave(self) -> None: ...


class Tokens:
    """The session of a client."""

    def __init__(
        self,
        store: SessionStore,
        refresh: Callable[[StoredSession, float], Awaitable[Grant]],
        sleep: Callable[[float], Awaitable[None]],
        ahead: float,
    ) -> None:
        self.identity = Identity(0, None)
        self._ahead = ahead
        #: When new tokens are to be asked for, on the monotonic clock.
        self._renews_at = math.inf
        self._store = store
        self._refresh = refresh
        self._sleep = sleep
        self._versions = 0
        #: Whether the store has what it was last given.
        self._is_kept = True
        session = store.load()
        if session is not None:
            self._adopt(session, is_new=False)

    def begin(self, renewing: Gate) -> None:
        """Starts anew in another process or loop."""
        self._renewing = renewing
        self._failed: tuple[float, MuseError] | None = None

    def _adopt(self, session: StoredSession, is_new: bool) -> None:
        pause = session.renewal_pause(self._ahead, is_new, time())
        self._renews_at = monotonic() + pause
        self._versions += 1
        self.identity = Identity(self._versions, session)

    def _end(self, why: MuseError | None) -> None:
        """Calls are nobody's from now on."""
        self._renews_at = math.inf
        self.identity = Identity(0, None, why)

    def use(self, access_token: str) -> None:
        """An access token that was made elsewhere is the client's from now on. It is not kept."""
        self._adopt(StoredSession.of_token(access_token), is_new=True)

    async def settle(self, grant: Grant | None, deadline: float) -> None:
        """Somebody has logged in, or out."""
        release = await self._locked(deadline)
        try:
            self._become(None if grant is None else StoredSession.of_grant(grant), None)
        finally:
            release()

    def _become(self, session: StoredSession | None, why: MuseError | None) -> None:
        try:
            self._store.save(session)
            self._is_kept = True
        except StoreUnusable as error:
            self._is_kept = False
            _log.warning("the session is not kept: %s", error)
        if session is None:
            self._end(why)
        else:
            self._adopt(session, is_new=True)

    async def _locked(self, deadline: float) -> Callable[[], None]:
        """The store's lock. Other processes may hold it, and none for long."""
        while True:
            release = self._store.try_lock()
            if release is not None:
                return release
            if monotonic() >= deadline:
                raise StoreUnusable("The session store is locked by another.")
            await self._sleep(0.01)

    async def renew(self, version: int, error: ServerError, attempt: Attempt) -> None:
        """A token was refused: one call gets new ones, however many wait for them. If that fails
        it fails all that were under way."""
        if not await self._renewing.enter(attempt.deadline):
            raise late()
        try:
            session = self.identity.session
            if self.identity.version != version or session is None:
                return
            if self._failed is not None and self._failed[0] >= attempt.began:
                raise copy.copy(self._failed[1])
            if session.refresh_token is None:
                self._end(error)
                return
            try:
                await self._exchange(session, error, attempt.deadline)
            except MuseError as failure:
                self._failed = (monotonic(), failure)
                raise
        finally:
            self._renewing.leave()

    async def renew_if_due(self, deadline: float) -> None:
        """Gets new tokens if it is time. The other calls go on with the old ones meanwhile, and so
        does this one where that fails."""
        now = monotonic()
        if now < self._renews_at:
            return
        self._renews_at = math.inf
        version = self.identity.version
        # Half of the call's time is its own.
        deadline = now + (deadline - now) / 2
        try:
            if not await self._renewing.enter(deadline):
                return
            try:
                session = self.identity.session
                if self.identity.version == version and session is not None:
                    await self._exchange(session, None, deadline)
            finally:
                self._renewing.leave()
        except MuseError as failure:
            _log.info("the tokens are not renewed ahead: %s", failure)

    async def _exchange(
        self, session: StoredSession, error: ServerError | None, deadline: float
    ) -> None:
        """Looks whether another process was faster; if not, gets new tokens, unless the session is
        over. `error` is what a call was refused with; None where none was yet."""
        release = await self._locked(deadline)
        try:
            await self._exchange_alone(session, error, deadline)
        finally:
            release()

    async def _exchange_alone(
        self, session: StoredSession, error: ServerError | None, deadline: float
    ) -> None:
        # What the store could not keep it cannot tell either.
        kept = self._store.load() if self._is_kept else session
        if kept is None:
            self._end(error)
        elif kept.access_token != session.access_token:
            self._adopt(kept, is_new=False)
        elif error is not None and not isinstance(error, TokenExpired):
            self._become(None, error)
        else:
            try:
                grant = await self._refresh(session, deadline)
            except _spent as refusal:
                self._become(None, refusal)
            else:
                self._become(StoredSession.of_grant(grant), None)
