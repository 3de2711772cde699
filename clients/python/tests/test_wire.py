"""The pure parts: addresses, lines, errors as values; and TLS."""

import copy
import os
import pickle
import ssl
import subprocess
import tempfile
import unittest

import mentalmuse
from mentalmuse import Address
from mentalmuse._wire import Lines, TooLong

from .fake import FACES, Server, ping, pong


class AddressTests(unittest.TestCase):
    def test_the_three_forms_are_read_and_written(self):
        for text in ("tcp://localhost:6873", "tls://muse.example:1", "unix:/run/muse.sock",
                     "tcp://[::1]:65535", "unix:muse.sock"):
            self.assertEqual(str(Address.parse(text)), text)
        self.assertEqual(Address.parse("tcp://[::1]:2"), ("tcp", "::1", 2))

    def test_what_is_no_address_is_refused(self):
        for text in ("", "http://x:1", "tcp://x", "tcp://x:0", "tcp://x:65536", "tcp://:1", "unix:",
                     "localhost:6873", "tcp://::1:2", "tcp://x:-1", "tcp://x:1_0", "tcp://x:١",
                     "unix:a\0b", "tcp://x:" + "9" * 5_000):
            with self.assertRaises(mentalmuse.InvalidAddress, msg=text):
                mentalmuse.Client(text)

    def test_without_one_it_is_the_environments(self):
        before = os.environ.pop("MUSE_URL", None)
        try:
            self.assertEqual(str(Address.parse(None)), "tcp://127.0.0.1:6873")
            os.environ["MUSE_URL"] = "tcp://there:1"
            self.assertEqual(str(Address.parse(None)), "tcp://there:1")
        finally:
            os.environ.pop("MUSE_URL", None)
            if before is not None:
                os.environ["MUSE_URL"] = before


class LineTests(unittest.TestCase):
    def test_lines_are_the_same_at_every_split(self):
        data = b'{"a":1}\n\n{"b":2}\r\n{"c":3}\n{"d'
        whole = Lines(100).feed(data)
        for split in range(len(data)):
            lines = Lines(100)
            self.assertEqual(lines.feed(data[:split]) + lines.feed(data[split:]), whole)
        lines = Lines(100)
        self.assertEqual([line for byte in data for line in lines.feed(bytes([byte]))], whole)

    def test_a_line_that_is_too_long_is_passed_over_and_told_once(self):
        lines = Lines(50)
        with self.assertRaises(TooLong) as caught:
            lines.feed(b'{"jsonrpc":"2.0","id":17,"result":"' + b"x" * 60)
        self.assertEqual(caught.exception.call_id, 17)
        self.assertEqual(lines.feed(b"x" * 1_000), [])
        self.assertEqual(lines.feed(b'"}\n{"a":1}\n{'), [b'{"a":1}'])
        self.assertFalse(lines.is_endless)


class ErrorTests(unittest.TestCase):
    def test_every_error_is_a_value_that_can_be_copied_and_pickled(self):
        errors = [mentalmuse.RateLimited(
            "Slow.", {"retry_after_ms": 5, "limit": 1, "window_ms": 2, "scope": "caller"}, "a.b"),
            mentalmuse.NotFound(), mentalmuse.UnknownError("x", {"name": "new"}, "a.b", 1_999),
            mentalmuse.ConnectionLost("why")]
        for error in errors:
            for other in (copy.copy(error), pickle.loads(pickle.dumps(error))):
                self.assertIs(type(other), type(error))
                self.assertEqual(str(other), str(error))
                self.assertEqual(getattr(other, "code", 0), getattr(error, "code", 0))
        self.assertEqual(errors[0].retry_after_ms, 5)
        self.assertEqual(str(errors[1]), "There is no such thing. (not_found)")
        self.assertIsInstance(mentalmuse.TimedOut(), TimeoutError)
        self.assertIsInstance(errors[3], ConnectionError)


class TLSTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.cert, key = folder.name + "/cert.pem", folder.name + "/key.pem"
        try:
            subprocess.run(
                ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                 "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                 "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", cls.cert],
                check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise unittest.SkipTest(f"no certificate can be made: {error}")
        cls.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        cls.context.load_cert_chain(cls.cert, key)

    def test_calls_go_over_tls(self):
        def behave(peer, request):
            if request["method"] == "server.ping":
                return peer.result(request)
            if len(peer.requests) < 40:
                return peer.result(request, {"items": [], "next_cursor": "x" * 100_000})
            return peer.close()

        with Server(behave, context=self.context) as server:
            for kind in FACES:
                face = kind(f"tls://localhost:{server.port}", certificate_file=self.cert)
                self.assertEqual(face.each([ping] * 30), ["pong"] * 30)
                pages = face.each([lambda client: client.posts.list(cursor="c" * 90_000)] * 30)
                self.assertEqual({len(page.next_cursor) for page in pages}, {100_000})
                face.close()

    def test_a_certificate_that_does_not_hold_is_told_at_once(self):
        with Server(pong, context=self.context) as server:
            for kind in FACES:
                for host, file in (("localhost", None), ("127.0.0.1", self.cert)):
                    face = kind(f"tls://{host}:{server.port}", certificate_file=file)
                    with self.assertRaises(mentalmuse.CertificateRefused):
                        face.one(ping)
                    face.close()

    def test_a_server_without_tls_is_not_waited_for_beyond_the_deadline(self):
        with Server(pong, greet=lambda peer: peer.write(b"hello\n")) as server:
            for kind in FACES:
                face = kind(f"tls://localhost:{server.port}", deadline=0.5)
                with self.assertRaises(mentalmuse.NotConnected):
                    face.one(ping)
                face.close()


if __name__ == "__main__":
    unittest.main()
