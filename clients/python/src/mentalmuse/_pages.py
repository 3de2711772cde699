"""How the generated calls reach the client, and the loop over the pages of a list."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from typing import Protocol, TypeVar

from ._method import Method
from ._options import CallOptions

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Perform(Protocol):
    """Takes a call to its result."""

    def __call__(
        self,
        method: Method,
        params: dict[str, object],
        read: Callable[[object], T],
        options: CallOptions | None,
    ) -> T: ...


class AsyncPerform(Protocol):
    """Takes a call to its result."""

    def __call__(
        self,
        method: Method,
        params: dict[str, object],
        read: Callable[[object], T],
        options: CallOptions | None,
    ) -> Awaitable[T]: ...


class Page(Protocol[T_co]):
    """A page of a list."""

    @property
    def items(self) -> Sequence[T_co]: ...

    @property
    def next_cursor(self) -> str | None: ...


def iterate(fetch: Callable[[str | None], Page[T]]) -> Iterator[T]:
    """The items of all pages; an empty page is not the end."""
    cursor: str | None = None
    while True:
        page = fetch(cursor)
        yield from page.items
        cursor = page.next_cursor
        if cursor is None:
            return


async def iterate_async(fetch: Callable[[str | None], Awaitable[Page[T]]]) -> AsyncIterator[T]:
    """The items of all pages; an empty page is not the end."""
    cursor: str | None = None
    while True:
        page = await fetch(cursor)
        for item in page.items:
            yield item
        cursor = page.next_cursor
        if cursor is None:
            return
