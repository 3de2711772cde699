"""What the generated types are read with: checked readers of parsed JSON, and `ABSENT`."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeVar

T = TypeVar("T")


class Absent(enum.Enum):
    """The type of `ABSENT`."""

    ABSENT = "absent"

    def __bool__(self) -> Literal[False]:
        return False

    def __repr__(self) -> str:
        return "ABSENT"


#: A member that is not there, where null means something else: `email` of somebody else's account,
#: a profile field that `users.update` leaves alone. It is false in a condition.
ABSENT: Final = Absent.ABSENT


class Mismatch(ValueError):
    """A value is not what the schema says."""


@dataclass(frozen=True, slots=True)
class UnknownNotification:
    """A notification that this version of the client does not know."""

    method: str
    params: object


def members(value: object) -> dict[str, object]:
    """An object."""
    if isinstance(value, dict):
        return value
    raise Mismatch("an object is missing")


def text(value: object) -> str:
    """A string."""
    if isinstance(value, str):
        return value
    raise Mismatch("a string is missing")


def integer(value: object) -> int:
    """A whole number, however it is written."""
    if type(value) is int:
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    raise Mismatch("a whole number is missing")


def boolean(value: object) -> bool:
    """true or false."""
    if isinstance(value, bool):
        return value
    raise Mismatch("true or false is missing")


def time(value: object) -> datetime:
    """A time, `2026-11-24T09:30:00.000Z`."""
    written = text(value)
    if written[-1:] != "Z":
        raise Mismatch("a time in UTC is missing")
    # Python 3.10 does not know the Z.
    return datetime.fromisoformat(written[:-1] + "+00:00")


def items(value: object, of: Callable[[object], T]) -> list[T]:
    """An array of values that `of` reads."""
    if isinstance(value, list):
        return [of(item) for item in value]
    raise Mismatch("an array is missing")


def nullable(value: object, of: Callable[[object], T]) -> T | None:
    """What `of` reads, or null."""
    return None if value is None else of(value)


def nothing(value: object) -> None:
    """The empty object that says that all is done."""
    members(value)


def anything(value: object) -> object:
    """Any value."""
    return value
