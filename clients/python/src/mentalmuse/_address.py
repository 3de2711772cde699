"""Where a server is: `tcp://host:port`, `tls://host:port`, `unix:/path`."""

from __future__ import annotations

import os
import ssl
from typing import NamedTuple

from ._errors import InvalidAddress
from ._options import Configuration

DEFAULT = "tcp://127.0.0.1:6873"


class Address(NamedTuple):
    """A parsed address."""

    #: tcp, tls or unix
    scheme: str
    #: For unix: the path.
    host: str
    port: int = 0

    @classmethod
    def parse(cls, text: str | None) -> Address:
        """Reads an address; None is the one in the environment's MUSE_URL, or the default.

        Raises InvalidAddress.
        """
        written = text if text is not None else os.environ.get("MUSE_URL") or DEFAULT
        if written.startswith("unix:"):
            path = written[5:]
            if not path or "\0" in path:
                raise InvalidAddress(f"{written!r} names no socket: unix:/path")
            return cls("unix", path)
        scheme, _, place = written.partition("://")
        host, _, port = place.rpartition(":")
        if host.startswith("[") and host.endswith("]"):
            host = host[1:-1]
        elif ":" in host:
            host = ""
        is_number = port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65_536
        if scheme not in ("tcp", "tls") or not host or not is_number:
            raise InvalidAddress(
                f"{written!r} is no address: tcp://host:port, tls://host:port or unix:/path"
            )
        return cls(scheme, host, int(port))

    def context(self, configuration: Configuration) -> ssl.SSLContext | None:
        """What TLS is spoken with; None where it is not."""
        if self.scheme != "tls":
            return None
        return configuration.ssl_context or ssl.create_default_context(
            cafile=configuration.certificate_file
        )

    def __str__(self) -> str:
        if self.scheme == "unix":
            return f"unix:{self.host}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"
