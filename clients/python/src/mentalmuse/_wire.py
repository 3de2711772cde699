"""Requests as lines, and lines as what the server says. Pure: no I/O, no waiting."""

from __future__ import annotations

import json
import re

from ._errors import MuseError, ServerError, UnknownError, Unsendable
from ._generated.errors import ERRORS, MessageTooLarge
from ._generated.notifications import NOTIFICATIONS, Notification
from ._method import Method
from ._options import CallOptions
from ._values import UnknownNotification, integer, members, text

#: The longest deadline that the server takes.
DEADLINE_MS_MAX = 3_600_000
#: How many lines in a row may say nothing before the connection is given up.
GARBAGE_MAX = 16
#: How many bytes of a line that is too long are passed over before the connection is given up.
SKIPPED_MAX = 64 << 20

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode
_decode = json.JSONDecoder().raw_decode
_HEAD = re.compile(rb'\s*\{\s*"jsonrpc"\s*:\s*"2\.0"\s*,\s*"id"\s*:\s*(\d{1,18})\s*,')


class Request:
    """A call's text; each attempt has an id and a deadline of its own."""

    __slots__ = ("_start", "_end")

    def __init__(
        self, method: Method, params: dict[str, object], key: str | None, options: CallOptions
    ) -> None:
        """Raises Unsendable."""
        try:
            inner = _encode(params)[1:-1] + "," if params else ""
            self._start = f'{method.head}{inner}"_meta":{{"deadline_ms":'
            if key is None and options.access_token is None and options.traceparent is None:
                self._end = "}}}\n"
                return
            meta = {
                "idempotency_key": key,
                "access_token": options.access_token,
                "traceparent": options.traceparent,
            }
            rest = _encode({name: word for name, word in meta.items() if word is not None})
            self._end = f",{rest[1:]}}}}}\n"
        except (TypeError, ValueError, RecursionError) as error:
            raise Unsendable(f"{method.name}: {error}") from error

    def line(self, call_id: int, seconds_left: float, bytes_max: int) -> bytes:
        """Raises Unsendable, MessageTooLarge."""
        deadline = min(max(int(seconds_left * 1_000), 1), DEADLINE_MS_MAX)
        written = f'{{"jsonrpc":"2.0","id":{call_id}{self._start}{deadline}{self._end}'
        try:
            line = written.encode()
        except UnicodeEncodeError as error:
            raise Unsendable(f"A lone surrogate cannot be sent: {error}") from error
        if len(line) > bytes_max:
            raise MessageTooLarge(data={"limit": bytes_max})
        return line


def cancellation(call_id: int) -> bytes:
    """The notification that takes back a call."""
    written = f'{{"jsonrpc":"2.0","method":"rpc.cancel","params":{{"id":{call_id}}}}}\n'
    return written.encode()


def parse(line: bytes) -> object:
    """The one JSON value of a line. Raises ValueError, RecursionError."""
    written = str(line, "utf-8").strip(" \t\r")
    value, end = _decode(written)
    if end != len(written):
        raise ValueError("more than one value")
    return value


def read_error(value: object, method: str = "") -> ServerError:
    """An answer's error as the class of its code. Raises ValueError, KeyError."""
    told = members(value)
    code, message = integer(told["code"]), text(told["message"])
    given = told.get("data")
    data: dict[str, object] = given if isinstance(given, dict) else {}
    if code in ERRORS:
        try:
            return ERRORS[code](message, data, method)
        except (ValueError, KeyError):
            # Its data are not what this client knows of: the code is still told.
            pass
    return UnknownError(message, data, method, code)


def read_notification(method: str, params: object) -> Notification:
    """What the server says by itself."""
    try:
        return NOTIFICATIONS[method](params)
    except (KeyError, ValueError):
        return UnknownNotification(method, params)


class Lines:
    """Cuts the input of a connection into lines, which may come in pieces of any size."""

    __slots__ = ("_bytes_max", "rest", "_skipped")

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        #: A line that has begun and not ended.
        self.rest = bytearray()
        self._skipped = 0

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that end in `data`. Raises TooLong once where one is too long to be kept."""
        if self._skipped:
            head, found, data = data.partition(b"\n")
            if not found:
                self._skipped += len(head)
                return []
            self._skipped = 0
        if b"\n" not in data:
            self.rest += data
            if len(self.rest) > self._bytes_max:
                return self._skip()
            return []
        if self.rest:
            data = bytes(self.rest) + data
            self.rest.clear()
        lines = data.split(b"\n")
        self.rest += lines.pop()
        return lines

    def _skip(self) -> list[bytes]:
        """The head of a line that is too long stands for it; the rest is passed over."""
        head = bytes(self.rest[:256])
        self._skipped = len(self.rest)
        self.rest.clear()
        raise TooLong(head, self._bytes_max)

    @property
    def is_endless(self) -> bool:
        return self._skipped > SKIPPED_MAX


class TooLong(MuseError):
    """A line is longer than the client reads."""

    def __init__(self, head: bytes, bytes_max: int) -> None:
        super().__init__(f"The answer is longer than {bytes_max} bytes.")
        found = _HEAD.match(head)
        self.call_id = int(found[1]) if found else None
