"""The verifier: what holds, what does not, and keys that change."""

import asyncio
import base64
import json
import unittest

import mentalmuse

from .fake import Server

try:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
except ImportError:
    raise unittest.SkipTest("the extra `verify` is not installed")

from mentalmuse import verify

NOW = 1_800_000_000
CLAIMS = {"iss": "mentalmuse", "aud": "mentalmuse", "sub": "u", "sid": "s", "role": "user",
          "client_id": "mentalmuse", "jti": "j", "iat": NOW - 10, "exp": NOW + 890}
HEAD = {"alg": "EdDSA", "typ": "at+jwt"}


def encoded(data):
    if not isinstance(data, bytes):
        data = json.dumps(data).encode()
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class Key:
    def __init__(self, kid):
        self.kid, self.secret = kid, Ed25519PrivateKey.generate()

    def jwk(self):
        return {"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": self.kid,
                "x": encoded(self.secret.public_key().public_bytes_raw())}

    def sign(self, claims=None, head=None):
        signed = encoded({"kid": self.kid, **HEAD, **(head or {})}) + "." + encoded(
            {**CLAIMS, **(claims or {})})
        return signed + "." + encoded(self.secret.sign(signed.encode()))


class VerifierTests(unittest.TestCase):
    def setUp(self):
        self.keys = [Key("one")]
        self.fetches = 0
        server = Server(self.behave)
        self.addCleanup(server.__exit__)
        self.client = mentalmuse.Client(server.address)
        self.addCleanup(self.client.close)
        self.verifier = verify.Verifier(self.client, clock=lambda: NOW)
        self.address = server.address

    def behave(self, peer, request):
        self.fetches += 1
        peer.result(request, {"keys": [key.jwk() for key in self.keys]})

    def refused(self, token, error=mentalmuse.TokenInvalid):
        with self.assertRaises(error):
            self.verifier.verify(token)

    def test_a_token_that_holds_tells_its_caller_and_the_keys_are_fetched_once(self):
        for _ in range(3):
            caller = self.verifier.verify(self.keys[0].sign())
        self.assertEqual((caller.user_id, caller.session_id, caller.role), ("u", "s", "user"))
        self.assertEqual(caller.expires_at.timestamp(), NOW + 890)
        self.assertEqual(self.fetches, 1)

    def test_what_does_not_hold_is_refused(self):
        key = self.keys[0]
        for claims in ({"iss": "x"}, {"aud": "x"}, {"aud": ["mentalmuse"]}, {"sub": 5},
                       {"sid": None}, {"jti": None}, {"role": 1}, {"iat": "x"}, {"exp": True},
                       {"exp": 1e300}, {"nbf": NOW + 60}, {"nbf": "x"}):
            self.refused(key.sign(claims))
        for head in ({"alg": "none"}, {"alg": "HS256"}, {"typ": "rt+jwt"}, {"typ": "JWT"},
                     {"kid": 5}, {"kid": "other"}, {"crit": []}, {"jwk": key.jwk()}, {"jku": "x"}):
            self.refused(key.sign(head=head))
        self.refused(Key("one").sign())
        token = key.sign()
        head, body, signature = token.split(".")
        for bad in ("", "a.b.c", token + "=", token[:-1], f"{head}.{body}.", f"{head}.{body}",
                    f"{head}.{encoded({**CLAIMS, 'sub': 'v'})}.{signature}", "." * 2, "é.é.é",
                    encoded(b"[" * 3_000) + ".e30." + signature, "x" * 10_000, f" {token}",
                    f"{encoded([1])}.{body}.{signature}", token + ".x"):
            self.refused(bad)
        # The last character's unused bits are set: another spelling of the same bytes.
        other = signature[:-1] + chr(ord(signature[-1]) + 1)
        self.refused(f"{head}.{body}.{other}")

    def test_an_expired_token_is_told_apart_with_five_seconds_of_leeway(self):
        self.verifier.verify(self.keys[0].sign({"exp": NOW - 4}))
        self.refused(self.keys[0].sign({"exp": NOW - 5}), mentalmuse.TokenExpired)

    def test_a_new_key_is_fetched_and_unknown_ones_cause_no_storm(self):
        self.verifier.verify(self.keys[0].sign())
        self.keys.append(Key("two"))
        self.verifier._keys._tried_at -= verify.FETCH_PAUSE
        self.verifier.verify(self.keys[1].sign())
        for number in range(50):
            self.refused(Key(f"forged-{number}").sign())
        self.assertEqual(self.fetches, 2)

    def test_a_key_that_was_retired_is_trusted_no_longer_than_the_keys_are_kept(self):
        token = self.keys[0].sign()
        self.verifier.verify(token)
        self.keys = [Key("two")]
        keys = self.verifier._keys
        keys._tried_at = keys._fetched_at = keys._fetched_at - verify.KEYS_FRESH
        self.refused(token)

    def test_keys_are_used_while_the_server_is_away_and_not_for_ever(self):
        token = self.keys[0].sign()
        self.verifier.verify(token)
        self.client.close()
        keys = self.verifier._keys
        keys._tried_at = keys._fetched_at = keys._fetched_at - verify.KEYS_FRESH
        self.verifier.verify(token)
        keys._fetched_at -= verify.KEYS_STALE
        self.refused(token)

    def test_tasks_verify_with_one_fetch(self):
        async def scenario():
            async with mentalmuse.AsyncClient(self.address) as client:
                verifier = verify.AsyncVerifier(client, clock=lambda: NOW)
                token = self.keys[0].sign()
                await asyncio.gather(*(verifier.verify(token) for _ in range(100)))

        self.behave_ping()
        asyncio.run(scenario())
        self.assertEqual(self.fetches, 1)

    def behave_ping(self):
        inner = self.behave

        def behave(peer, request):
            return peer.result(request) if request["method"] == "server.ping" else inner(
                peer, request)

        server = Server(behave)
        self.addCleanup(server.__exit__)
        self.address = server.address


if __name__ == "__main__":
    unittest.main()
