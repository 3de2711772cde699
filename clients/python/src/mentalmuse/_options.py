"""What a caller may say about one call, and about a client as a whole."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ._sessions import SessionStore

if TYPE_CHECKING:
    from ._generated.notifications import Notification


@dataclass(frozen=True, slots=True)
class CallOptions:
    """What a caller may say about one call."""

    #: Seconds that the call may take in all, retries included; None for the client's own.
    deadline: float | None = None
    #: The key under which a write happens once, 1 to 128 visible ASCII characters; None for a
    #: fresh one.
    idempotency_key: str | None = None
    #: Who is calling, instead of the client's session.
    access_token: str | None = None
    #: A W3C trace context, for the server's log.
    traceparent: str | None = None
    #: Whether the call is sent again where that is safe: after a lost connection, to a server that
    #: is busy or shutting down. Expired tokens are renewed in any case.
    retries: bool = True
    #: Whether the call waits for a server that cannot be reached; if not, it fails with the first
    #: attempt.
    waits_for_connection: bool = True


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a client keeps to."""

    #: Seconds that a call may take where it does not say so itself.
    deadline: float = 30.0
    #: How many calls may be under way at once; more of them wait. The server's own limit is 128
    #: for a connection by default.
    in_flight_max: int = 128
    #: The longest line that is sent, in bytes. The server's own limit is 1 MiB by default.
    line_bytes_max: int = 1 << 20
    #: The longest line that is read, in bytes. The server's own limit is 4 MiB by default.
    answer_bytes_max: int = (4 << 20) + (64 << 10)
    #: Seconds that making a connection may take.
    connect_timeout: float = 10.0
    #: Seconds before the access token's end at which a call asks for a new one; the calls meanwhile
    #: use the old one.
    refresh_ahead: float = 30.0
    #: Seconds before the second attempt to connect; they double up to `backoff_max`, and a random
    #: part of up to a half is taken off.
    backoff: float = 0.05
    #: The longest pause between two attempts to connect, in seconds.
    backoff_max: float = 5.0
    #: Whether whoever logs in or registers is who the client is from then on. Turned off, calls are
    #: nobody's unless they say who: for a gateway that speaks for many.
    follows_logins: bool = True
    #: Where the session is kept; None for this client's memory alone.
    session_store: SessionStore | None = None
    #: For `tls://`: a file of certificates (PEM) to trust instead of the system's.
    certificate_file: str | None = None
    #: For `tls://`: a context of your own, instead of `certificate_file`.
    ssl_context: ssl.SSLContext | None = None
    #: Called with whatever the server says by itself, from the thread or loop that reads it.
    on_notification: Callable[[Notification], None] | None = None
