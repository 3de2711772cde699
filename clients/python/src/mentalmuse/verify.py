"""Verifying access tokens without asking the server about each: for a service beside it.

    verifier = Verifier(client)
    caller = verifier.verify(token)

Needs Ed25519: `pip install mentalmuse[verify]`. Whether the session has ended since only the server
knows: `auth.whoami` with the token asks.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from time import monotonic, time
from typing import cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ._errors import MuseError
from ._generated.errors import TokenExpired, TokenInvalid
from ._generated.models import JWKSet, Role
from .client import AsyncClient, Client

#: Seconds by which clocks may differ.
LEEWAY = 5
#: Seconds after which the keys are fetched again, so that a key that was retired is not trusted for
#: longer; and how long they are trusted where that fails.
KEYS_FRESH = 300.0
KEYS_STALE = 3_600.0
#: The shortest time in seconds between two fetches: unknown key ids cost nobody more.
FETCH_PAUSE = 10.0
TOKEN_BYTES_MAX = 8_192

_HEAD_REFUSED = ("crit", "jwk", "jku", "x5u", "x5c")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is calling, by a token that holds."""

    user_id: str
    session_id: str
    #: When the token was made.
    role: Role
    client_id: str
    token_id: str
    issued_at: datetime
    expires_at: datetime


class _Keys:
    """The key set, and when it is to be fetched. Pure but for the clock that it is given."""

    def __init__(self, issuer: str, audience: str) -> None:
        self._issuer = issuer
        self._audience = audience
        self._keys: dict[str, Ed25519PublicKey] = {}
        self._fetched_at = float("-inf")
        self._tried_at = float("-inf")

    def wants_fetch(self, key_id: str, now: float) -> bool:
        """Whether the keys are to be fetched before a token of that key is looked at."""
        is_due = key_id not in self._keys or now - self._fetched_at >= KEYS_FRESH
        return is_due and now - self._tried_at >= FETCH_PAUSE

    def knows(self, key_id: str) -> bool:
        return key_id in self._keys

    def trying(self, now: float) -> None:
        self._tried_at = now

    def replace(self, keys: JWKSet, now: float) -> None:
        """The server's keys; what is of another kind is passed over."""
        self._keys = {}
        for key in keys.keys:
            if (key.kty, key.crv, key.alg, key.use) == ("OKP", "Ed25519", "EdDSA", "sig"):
                try:
                    self._keys[key.kid] = Ed25519PublicKey.from_public_bytes(_decoded(key.x))
                except ValueError:
                    continue
        self._fetched_at = now

    def check(self, token: Token, now: float, wall: float) -> Caller:
        """Raises TokenInvalid, TokenExpired."""
        key = self._keys.get(token.key_id)
        if key is None or now - self._fetched_at >= KEYS_STALE:
            raise TokenInvalid("The token's key is not known.")
        try:
            key.verify(token.signature, token.signed)
        except InvalidSignature:
            raise TokenInvalid("The token's signature does not hold.") from None
        claims = token.claims()
        if claims.text("iss") != self._issuer or claims.text("aud") != self._audience:
            raise TokenInvalid("The token is of another issuer, or for another audience.")
        issued, expires = claims.number("iat"), claims.number("exp")
        if "nbf" in claims.values and claims.number("nbf") > wall + LEEWAY:
            raise TokenInvalid("The token does not hold yet.")
        caller = Caller(
            claims.text("sub"),
            claims.text("sid"),
            cast(Role, claims.text("role")),
            claims.text("client_id"),
            claims.text("jti"),
            datetime.fromtimestamp(issued, timezone.utc),
            datetime.fromtimestamp(expires, timezone.utc),
        )
        if wall >= expires + LEEWAY:
            raise TokenExpired()
        return caller


class Token:
    """A token's parts. Nothing of it is trusted yet."""

    def __init__(self, text: str) -> None:
        """Raises TokenInvalid."""
        parts = text.split(".")
        if len(parts) != 3 or len(text) > TOKEN_BYTES_MAX:
            raise TokenInvalid("This is no token.")
        try:
            head = json.loads(_decoded(parts[0]))
            self._body = _decoded(parts[1])
            self.signature = _decoded(parts[2])
        except (ValueError, RecursionError):
            raise TokenInvalid("This is no token.") from None
        if not isinstance(head, dict) or head.get("alg") != "EdDSA" or head.get("typ") != "at+jwt":
            raise TokenInvalid("This is no access token.")
        if any(name in head for name in _HEAD_REFUSED) or not isinstance(head.get("kid"), str):
            raise TokenInvalid("The token's head is not as it should be.")
        self.key_id: str = head["kid"]
        self.signed = f"{parts[0]}.{parts[1]}".encode()

    def claims(self) -> Claims:
        """Raises TokenInvalid."""
        try:
            values = json.loads(self._body)
        except (ValueError, RecursionError):
            values = None
        if not isinstance(values, dict):
            raise TokenInvalid("The token has no claims.")
        return Claims(values)


class Claims:
    """What a token says, once its signature holds."""

    def __init__(self, values: dict[str, object]) -> None:
        self.values = values

    def text(self, name: str) -> str:
        value = self.values.get(name)
        if not isinstance(value, str):
            raise TokenInvalid(f"The token has no {name}.")
        return value

    def number(self, name: str) -> float:
        value = self.values.get(name)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise TokenInvalid(f"The token has no {name}.")
        if not 0 <= value < 1 << 35:
            raise TokenInvalid(f"The token's {name} is out of range.")
        return value


def _decoded(text: str) -> bytes:
    """Base64url without padding, in its one canonical form. Raises ValueError."""
    try:
        data = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError("no base64url") from error
    if base64.urlsafe_b64encode(data).rstrip(b"=") != text.encode("ascii"):
        raise ValueError("no canonical base64url")
    return data


class Verifier:
    """Verifies access tokens by the server's public keys, which it fetches and keeps. For any
    number of threads."""

    def __init__(
        self,
        client: Client,
        *,
        issuer: str = "mentalmuse",
        audience: str = "mentalmuse",
        clock: Callable[[], float] = time,
    ) -> None:
        """`issuer`, `audience`: what `server.info` says. `clock`: seconds since 1970."""
        self._client = client
        self._clock = clock
        self._keys = _Keys(issuer, audience)
        self._lock = threading.Lock()

    def verify(self, token: str) -> Caller:
        """Who is calling. Raises TokenInvalid, TokenExpired; and where keys are needed and cannot
        be fetched, what `auth.jwks` raises."""
        parsed = Token(token)
        with self._lock:
            now = monotonic()
            if self._keys.wants_fetch(parsed.key_id, now):
                self._keys.trying(now)
                try:
                    self._keys.replace(self._client.auth.jwks(), monotonic())
                except MuseError:
                    if not self._keys.knows(parsed.key_id):
                        raise
        return self._keys.check(parsed, monotonic(), self._clock())


class AsyncVerifier:
    """As `Verifier`, for the tasks of one event loop."""

    def __init__(
        self,
        client: AsyncClient,
        *,
        issuer: str = "mentalmuse",
        audience: str = "mentalmuse",
        clock: Callable[[], float] = time,
    ) -> None:
        """As for `Verifier`."""
        self._client = client
        self._clock = clock
        self._keys = _Keys(issuer, audience)
        self._lock = asyncio.Lock()

    async def verify(self, token: str) -> Caller:
        """As `Verifier.verify`."""
        parsed = Token(token)
        async with self._lock:
            now = monotonic()
            if self._keys.wants_fetch(parsed.key_id, now):
                self._keys.trying(now)
                try:
                    self._keys.replace(await self._client.auth.jwks(), monotonic())
                except MuseError:
                    if not self._keys.knows(parsed.key_id):
                        raise
        return self._keys.check(parsed, monotonic(), self._clock())
