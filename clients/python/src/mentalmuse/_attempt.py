"""Whether a call that did not succeed is sent again. Pure: no I/O, no waiting."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from time import monotonic

from ._errors import ConnectionLost, MuseError, NotConnected, ServerError
from ._generated.errors import (
    Busy,
    Draining,
    TokenExpired,
    TokenInvalid,
    TokenRevoked,
    Unavailable,
)
from ._link import Lost
from ._method import Method
from ._options import CallOptions
from ._sessions import StoredSession

#: How often a call is sent again with a new token.
RENEWALS_MAX = 2


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the client is."""

    #: Counts up with each change of the session; 0 for nobody.
    version: int
    session: StoredSession | None
    #: Why there is no session any more.
    ended: MuseError | None = None

    @property
    def who(self) -> str | None:
        if self.session is None:
            return None
        return self.session.user_id or self.session.access_token


class Attempt:
    """One call's attempts."""

    __slots__ = ("_method", "options", "began", "deadline", "_renewals", "_ran", "_who", "_last")

    def __init__(self, method: Method, options: CallOptions, deadline: float) -> None:
        self._method = method
        self.options = options
        self.began = monotonic()
        self.deadline = deadline
        self._renewals = 0
        #: Whether it may have been run.
        self._ran = False
        self._who: str | None = None
        self._last: MuseError | None = None

    def speaks_for(self, identity: Identity) -> None:
        """A call is made by one user, however often it is sent; raises where that is another."""
        if self._last is None:
            self._who = identity.who
        elif self._who != identity.who:
            raise copy.copy(identity.ended or self._last)

    def unconnected(self, error: MuseError) -> MuseError:
        """What the call ends with where no connection can be made."""
        return ConnectionLost(str(error)) if self._ran else error

    def lost(self, lost: Lost) -> None:
        """The connection was lost: returns where the call is sent again, or raises."""
        self._ran = self._ran or lost.was_sent
        self._last = lost.cause
        is_final = isinstance(lost.cause, ServerError) and lost.cause.retry == "never"
        can_repeat = self._method.can_repeat or not lost.was_sent
        if is_final or not can_repeat or not self.options.retries:
            error = copy.copy(lost.cause)
            if isinstance(error, ConnectionLost) and not lost.was_sent:
                raise NotConnected(str(error))
            raise error

    def refused(self, error: ServerError, version: int) -> float | None:
        """The server has refused: how long to wait before the call is sent again, None if it is to
        be sent with a new token; or raises."""
        self._last = error
        if isinstance(error, (TokenExpired, TokenInvalid, TokenRevoked)):
            # The session's own token, not one of the options or of the params.
            is_ours = version != 0 and self._method.is_bound
            if not is_ours or self._renewals >= RENEWALS_MAX:
                raise error
            self._renewals += 1
            return None
        if isinstance(error, (Busy, Draining)):
            return self._later(error.retry_after_ms, error)
        if isinstance(error, Unavailable) and (
            error.outcome == "none" or self._method.can_repeat
        ):
            return self._later(error.retry_after_ms, error)
        raise error

    def _later(self, milliseconds: int, error: ServerError) -> float:
        pause = max(milliseconds, 1) / 1_000
        if not self.options.retries or monotonic() + pause >= self.deadline:
            raise error
        return pause
