"""What the client has to know of a method. The table of all of them is generated."""

from __future__ import annotations

# A second log-in is a second session; a second backup finds the folder of the first.
_ONCE = frozenset({"auth.login", "admin.backup", "admin.disconnect"})


class Method:
    """A method of the schema."""

    __slots__ = ("name", "effect", "auth", "token", "is_keyed", "can_repeat", "is_bound", "head")

    def __init__(self, name: str, effect: str, auth: str, token: str) -> None:
        self.name = name
        #: none, read, write or session: what it does to the store.
        self.effect = effect
        #: Who may call it.
        self.auth = auth
        #: checked, ignored or own: what becomes of the caller's token.
        self.token = token
        #: Whether each call gets an idempotency key.
        self.is_keyed = effect == "write"
        #: Whether it may be sent again when it may have been run.
        self.can_repeat = name not in _ONCE
        #: Whether the connection has to be attached to the client's session first.
        self.is_bound = token != "ignored"
        #: The part of its requests that is always the same.
        self.head = f',"method":"{name}","params":{{'

    def __repr__(self) -> str:
        return f"Method({self.name!r})"
