"""What a call can end with besides its result. The classes of the schema's errors are generated."""

from __future__ import annotations

from collections.abc import Mapping


class MuseError(Exception):
    """Whatever this package raises."""


class InvalidAddress(MuseError, ValueError):
    """No address of a server."""


class Unsendable(MuseError, ValueError):
    """The params cannot be written as JSON."""


class NotConnected(MuseError, ConnectionError):
    """No connection could be made, and why. The call was not run."""


class CertificateRefused(NotConnected):
    """The server's certificate does not hold. Connecting again would not help."""


class ConnectionLost(MuseError, ConnectionError):
    """The connection was lost after the call was sent. Whether it was run is not known."""


class TimedOut(MuseError, TimeoutError):
    """The deadline has passed. Whether the call was run is not known."""


class MalformedAnswer(MuseError):
    """The answer is not what the schema says, and why."""


class ClientClosed(MuseError):
    """The client was closed."""


class StoreUnusable(MuseError):
    """The session store cannot be used, and why."""


class ServerError(MuseError):
    """The server's answer to a call is an error. Each code of the schema has its own class."""

    code: int = 0
    name: str = ""
    #: The word that gRPC and Connect have for such a thing.
    status: str = "unknown"
    #: never, refresh, same, after
    retry: str = "never"
    #: The usual sentence for people.
    says: str = ""

    def __init__(
        self, message: str = "", data: Mapping[str, object] | None = None, method: str = ""
    ) -> None:
        self.message = message or self.says
        self.data: Mapping[str, object] = {} if data is None else data
        #: The method that was called.
        self.method = method
        self._read(self.data)
        super().__init__(message, data, method)

    def _read(self, data: Mapping[str, object]) -> None:
        """Reads the data of this error; raises KeyError or ValueError where they do not fit."""

    def __str__(self) -> str:
        place = f"{self.method}: " if self.method else ""
        return f"{place}{self.message} ({self.name or self.code})"


class UnknownError(ServerError):
    """An error that this version of the client does not know."""

    def __init__(
        self,
        message: str = "",
        data: Mapping[str, object] | None = None,
        method: str = "",
        code: int = 0,
    ) -> None:
        super().__init__(message, data, method)
        self.code = code
        for word in ("name", "status", "retry"):
            value = self.data.get(word)
            if isinstance(value, str):
                setattr(self, word, value)
        self.args = (message, data, method, code)
