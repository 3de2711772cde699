"""A session that outlives the process, and where it is kept."""

from __future__ import annotations

import base64
import json
import math
import os
import secrets
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Protocol

from ._errors import StoreUnusable
from ._generated.models import Grant
from ._values import members, nullable, text, time

if sys.platform != "win32":
    import fcntl

FILE_BYTES_MAX = 1 << 20


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A session as it is kept: who, and the tokens. Secret."""

    user_id: str
    username: str
    session_id: str
    access_token: str = field(repr=False)
    access_expires_at: datetime
    #: None for an access token that was made elsewhere.
    refresh_token: str | None = field(repr=False)
    refresh_expires_at: datetime | None
    #: The idempotency key under which the refresh token will be used: whoever uses it again after
    #: an answer was lost must use this key, or the server ends the session.
    refresh_key: str

    @classmethod
    def of_grant(cls, grant: Grant) -> StoredSession:
        """What the server granted, with a fresh key for its renewal."""
        return cls(
            grant.user.id,
            grant.user.username,
            grant.session_id,
            grant.access_token,
            grant.access_expires_at,
            grant.refresh_token,
            grant.refresh_expires_at,
            secrets.token_hex(16),
        )

    @classmethod
    def of_token(cls, access_token: str) -> StoredSession:
        """An access token that was made elsewhere."""
        epoch = datetime.fromtimestamp(0, timezone.utc)
        return cls("", "", "", access_token, epoch, None, None, "")

    def renewal_pause(self, ahead: float, is_new: bool, now: float) -> float:
        """Seconds until new tokens are to be asked for, `ahead` of the access token's end; one that
        lives hardly longer than that is used up to its second half.

        A token that was just made says itself how long it lives, so that a clock that is wrong here
        (`now`, in seconds since 1970) does no harm; for one that was kept the clock has to do.
        """
        if self.refresh_token is None:
            return math.inf
        left = _lifetime(self.access_token) if is_new else None
        if left is None:
            left = self.access_expires_at.timestamp() - now
        return max(left - max(ahead, 0.0), left / 2, 1.0 if is_new else 0.0)


def _lifetime(token: str) -> float | None:
    """Seconds from a token's making to its end; None where it does not say. Nothing here trusts it.
    """
    try:
        _, body, _ = token.split(".")
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        life = float(claims["exp"]) - float(claims["iat"])
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return None
    return life if life > 0 else None


class SessionStore(Protocol):
    """Where a session is kept: memory, a file, a key ring.

    Several clients and processes may share one. The client renews the tokens while it holds the
    lock, after it has looked whether another was faster: a refresh token may be used once.
    """

    def load(self) -> StoredSession | None:
        """The session that is kept; None if there is none. Raises StoreUnusable."""
        ...

    def save(self, session: StoredSession | None) -> None:
        """Keeps a session; None for none. Raises StoreUnusable."""
        ...

    def try_lock(self) -> Callable[[], None] | None:
        """Takes the lock without waiting; gives the function that gives it back, or None where
        another has it. Raises StoreUnusable."""
        ...


class MemorySessionStore:
    """Keeps the session as long as the process runs."""

    def __init__(self, session: StoredSession | None = None) -> None:
        self._session = session
        self._lock = threading.Lock()

    def load(self) -> StoredSession | None:
        return self._session

    def save(self, session: StoredSession | None) -> None:
        self._session = session

    def try_lock(self) -> Callable[[], None] | None:
        return self._lock.release if self._lock.acquire(blocking=False) else None


class FileSessionStore:
    """Keeps the session in a file that only its owner can read (0600).

    Processes that use the same file renew its tokens one after another, under a lock (flock) on
    the file of that name with `.lock` after it. The file is replaced as a whole, so that no reader
    sees half of it. The Swift client's files are the same.
    """

    def __init__(self, path: str | os.PathLike[str], server: str | None = None) -> None:
        """`server`: whose tokens they are, the server's address for one. What the file has of
        another server is not used. The file's folder must be there."""
        self._path = os.fspath(path)
        self._server = server

    def load(self) -> StoredSession | None:
        try:
            with open(self._path, "rb") as file:
                data = file.read(FILE_BYTES_MAX + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreUnusable(f"{self._path} cannot be read: {error.strerror}") from error
        try:
            if len(data) > FILE_BYTES_MAX:
                raise ValueError("it is too large")
            value = members(json.loads(data))
            if self._server is not None and value.get("server") != self._server:
                return None
            return StoredSession(
                text(value["user_id"]),
                text(value.get("username", "")),
                text(value["session_id"]),
                text(value["access_token"]),
                time(value["access_expires_at"]),
                nullable(value.get("refresh_token"), text),
                nullable(value.get("refresh_expires_at"), time),
                text(value["refresh_key"]),
            )
        except (ValueError, KeyError, RecursionError) as error:
            raise StoreUnusable(f"{self._path} is no session file: {error}") from error

    def save(self, session: StoredSession | None) -> None:
        try:
            if session is None:
                if os.path.exists(self._path):
                    os.unlink(self._path)
            else:
                self._replace(json.dumps(self._value(session), indent=2) + "\n")
        except OSError as error:
            raise StoreUnusable(f"{self._path} cannot be written: {error.strerror}") from error

    def _value(self, session: StoredSession) -> dict[str, str]:
        value = {} if self._server is None else {"server": self._server}
        value |= {
            "user_id": session.user_id,
            "username": session.username,
            "session_id": session.session_id,
            "access_token": session.access_token,
            "access_expires_at": _written(session.access_expires_at),
            "refresh_key": session.refresh_key,
        }
        if session.refresh_token is not None:
            value["refresh_token"] = session.refresh_token
        if session.refresh_expires_at is not None:
            value["refresh_expires_at"] = _written(session.refresh_expires_at)
        return value

    def _replace(self, content: str) -> None:
        draft = f"{self._path}.{os.getpid()}-{secrets.token_hex(4)}"
        file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with open(file, "w", encoding="utf-8") as writer:
                writer.write(content)
                writer.flush()
                os.fsync(file)
            os.replace(draft, self._path)
        except BaseException:
            os.unlink(draft)
            raise

    def try_lock(self) -> Callable[[], None] | None:
        path = self._path + ".lock"
        try:
            file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StoreUnusable(f"{path} cannot be opened: {error.strerror}") from error
        if sys.platform != "win32":
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(file)
                return None
            except OSError as error:
                os.close(file)
                raise StoreUnusable(f"{path} cannot be locked: {error.strerror}") from error
        # Closing the file gives the lock back.
        return lambda: os.close(file)


def _written(instant: datetime) -> str:
    """`2026-11-24T09:30:00.000Z`"""
    return instant.astimezone(timezone.utc).isoformat(timespec="milliseconds")[:-6] + "Z"
