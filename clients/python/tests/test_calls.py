"""Calls, against servers that behave and that do not: none ever hangs, and none harms another."""

import threading
import time
import unittest

import mentalmuse
from mentalmuse import CallOptions

from .fake import FACES, Server, Threads, address_of, free_place, ping, pong

POST = {
    "id": "01936b2f-5a20-7c3e-9f00-0a1b2c3d4e61",
    "author": {"id": "01936b2f-5a10-7c3e-9f00-0a1b2c3d4e51", "username": "ada",
               "display_name": None, "later": 1},
    "body": "Hello.", "created_at": "2026-11-24T09:30:00.000Z",
    "updated_at": "2026-11-24T09:30:00.000Z", "edited": False, "like_count": 0,
    "comment_count": 0, "liked": False, "revision": 1, "later": {"than": "this client"}}
ONCE = CallOptions(retries=False)
SHORT = CallOptions(deadline=0.3)


class Case(unittest.TestCase):
    """A test for both faces: `for face in self.faces(server)`."""

    def faces(self, server, **settings):
        for kind in FACES:
            server.move()
            yield from self.face(kind, server.address, **settings)

    def nowhere(self, **settings):
        """Faces of clients that nobody is there for, and the place where somebody may come."""
        for kind in FACES:
            with free_place() as place:
                for face in self.face(kind, address_of(place), **settings):
                    yield face, place

    def face(self, kind, address, **settings):
        face = kind(address, **settings)
        try:
            yield face
        finally:
            face.close()

    def connected(self, server, **settings):
        """Faces that are connected already: however short a deadline is, it is not over because of
        the connection."""
        behave = server.behave
        for face in self.faces(server, **settings):
            server.behave = pong
            face.one(lambda client: client.connect())
            server.behave = behave
            del server.requests[:], server.peers[0].requests[:]
            yield face

    def soon(self):
        """Long before the usual deadline, on a slow machine too."""
        return Clock(self, 20)


class Clock:
    def __init__(self, case, seconds):
        self.case, self.seconds = case, seconds

    def __enter__(self):
        self.began = time.monotonic()

    def __exit__(self, kind, *_):
        if kind is None:
            self.case.assertLess(time.monotonic() - self.began, self.seconds)


class AnswerTests(Case):
    def test_answers_that_come_out_of_order_find_their_calls(self):
        held = []

        def behave(peer, request):
            held.append(request)
            if len(held) == 20:
                for one in reversed(held):
                    peer.result(one, {**POST, "body": one["params"]["id"]})
                held.clear()

        with Server(behave) as server:
            for face in self.faces(server):
                calls = [lambda client, n=n: client.posts.get(f"p{n}") for n in range(20)]
                bodies = [post.body for post in face.each(calls)]
                self.assertEqual(bodies, [f"p{n}" for n in range(20)])

    def test_lines_that_answer_nothing_harm_nobody(self):
        noise = (b"\n  \r\n{\n\xff\xfe\n[1]\nnull\n{}\n12\n" + b"[" * 100_000 + b"\n"
                 b'{"jsonrpc":"2.0","id":999,"result":1}\n{"jsonrpc":"2.0","id":"1","result":2}\n'
                 b'{"jsonrpc":"2.0","id":-1,"result":1}\n{"jsonrpc":"2.0","id":true,"result":1}\n'
                 b'{"jsonrpc":"2.0","method":"server.news","params":[]}\n'
                 b'{"jsonrpc":"2.0","method":"server.draining","params":7}\n'
                 b'{"jsonrpc":"2.0","method":5}\n{"jsonrpc":"2.0","id":null,"error":3}\n')

        def behave(peer, request):
            peer.write(noise)
            peer.result(request)

        with Server(behave) as server:
            for face in self.faces(server):
                self.assertEqual(face.each([ping] * 3), ["pong"] * 3)

    def test_garbage_in_place_of_an_answer_ends_its_call_at_the_deadline_and_no_other(self):
        for garbage in (b"\x00\xff{]\n", b'{"jsonrpc":"2.0","id":12345,"result":"pong"}\n', b""):
            def behave(peer, request, garbage=garbage):
                if request["method"] == "server.info":
                    peer.write(garbage)
                else:
                    peer.result(request)

            with Server(behave) as server:
                for face in self.connected(server):
                    with self.soon():
                        ends = face.each([lambda c: c.server.info(options=SHORT)] + [ping] * 10)
                    self.assertIsInstance(ends[0], mentalmuse.TimedOut)
                    self.assertEqual(ends[1:], ["pong"] * 10)
                    self.assertEqual(face.one(ping), "pong")

    def test_a_server_that_speaks_something_else_is_given_up(self):
        with Server(lambda peer, request: peer.write(b"220 mail ready\r\n" * 16)) as server:
            for face in self.faces(server):
                with self.soon(), self.assertRaises(mentalmuse.MalformedAnswer):
                    face.one(lambda client: client.server.ping(options=ONCE))

    def test_an_answer_that_is_not_as_the_schema_says_fails_its_call_alone(self):
        answers = [
            '"result":5', '"result":null', '"later":1', '"result":"pong","error":{}',
            '"error":5', '"error":{"code":"x","message":1}', '"result":{"items":[],"later":1}',
        ]

        def behave(peer, request):
            if request["method"] == "server.ping":
                return peer.result(request)
            head = '{"jsonrpc":"%s","id":%d,' % (version, request["id"])
            peer.write((head + answer + "}\n").encode())

        for version, answer in [("2.0", one) for one in answers] + [("1.0", '"result":{}')]:
            with Server(behave) as server:
                for face in self.faces(server):
                    ends = face.each([lambda client: client.posts.list(), ping])
                    self.assertIsInstance(ends[0], mentalmuse.MalformedAnswer, answer)
                    self.assertEqual(ends[1], "pong")

    def test_an_answer_that_is_too_long_fails_its_call_and_no_other(self):
        def behave(peer, request):
            if request["method"] == "server.info":
                head = '{"jsonrpc":"2.0","id":%d,"result":"' % request["id"]
                peer.write(head.encode() + b"x" * 300_000 + b'"}\n')
            else:
                peer.result(request)

        with Server(behave) as server:
            for face in self.faces(server, answer_bytes_max=100_000):
                with self.soon():
                    ends = face.each([lambda client: client.server.info(), ping, ping])
                self.assertIsInstance(ends[0], mentalmuse.MalformedAnswer)
                self.assertEqual(ends[1:], ["pong", "pong"])
                self.assertEqual(len(server.peers), 1)

    def test_bytes_that_drip_in_one_by_one_make_whole_lines(self):
        def behave(peer, request):
            text = '{"jsonrpc":"2.0","id":%d,"result":"pong"}\r\n' % request["id"]
            for byte in text.encode():
                peer.write(bytes([byte]))

        with Server(behave) as server:
            for face in self.faces(server):
                self.assertEqual(face.each([ping] * 3), ["pong"] * 3)

    def test_members_that_the_client_does_not_know_are_passed_over(self):
        with Server(lambda peer, request: peer.result(request, POST)) as server:
            for face in self.faces(server):
                post = face.one(lambda client: client.posts.get("p"))
                self.assertEqual((post.author.username, post.author.display_name), ("ada", None))
                self.assertEqual(post.created_at.isoformat(), "2026-11-24T09:30:00+00:00")

    def test_errors_have_the_class_of_their_code_and_their_data(self):
        answers = {
            1302: {"name": "stale_revision", "current": 4, "later": 1}, 1301: {},
            1777: {"name": "later", "retry": "never"},
            -32602: {"errors": [{"path": "/body", "rule": "minLength", "expected": 1}]}}
        with Server(lambda p, r: p.refuse(r, code, **answers[code])) as server:
            for face in self.faces(server):
                raised = {}
                for code in answers:
                    try:
                        face.one(lambda client: client.posts.update("p", "x", revision=3))
                    except mentalmuse.ServerError as error:
                        raised[code] = error
                self.assertEqual(raised[1302].current, 4)
                self.assertIsInstance(raised[1302], mentalmuse.StaleRevision)
                self.assertIn("posts.update", str(raised[1302]))
                self.assertEqual(raised[-32602].errors[0].path, "/body")
                # Without the data that its class promises an error is still told by its code.
                self.assertIs(type(raised[1301]), mentalmuse.UnknownError)
                self.assertEqual([e.code for e in raised.values()], list(answers))
                self.assertEqual(raised[1777].name, "later")


class DeadlineTests(Case):
    def test_a_call_that_nobody_answers_ends_at_its_deadline(self):
        with Server(lambda peer, request: None) as server:
            for face in self.connected(server, deadline=1):
                began = time.monotonic()
                with self.soon():
                    ends = face.each([ping] * 50)
                self.assertGreaterEqual(time.monotonic() - began, 0.99)
                self.assertEqual({type(end) for end in ends}, {mentalmuse.TimedOut})
                for request in list(server.requests):
                    told = request["params"]["_meta"]["deadline_ms"]
                    self.assertTrue(0 < told <= 1_000, told)

    def test_a_call_has_thirty_seconds_and_at_most_an_hour(self):
        with Server(pong) as server:
            for face in self.faces(server):
                face.one(ping)
                face.one(lambda client: client.server.ping(options=CallOptions(deadline=9e9)))
                told = [one["params"]["_meta"]["deadline_ms"] for one in server.requests]
                self.assertTrue(20_000 <= told[0] <= 30_000, told)
                self.assertTrue(3_590_000 <= told[1] <= 3_600_000, told)

    def test_one_thread_that_gives_up_leaves_the_reading_to_another(self):
        def behave(peer, request):
            if request["params"]["_meta"]["deadline_ms"] > 1_000:
                time.sleep(0.5)
                peer.result(request)

        with Server(behave) as server:
            for face in self.connected(server):
                short = [lambda client: client.server.ping(options=SHORT)] * 5
                ends = face.each(short + [ping] * 2 + short)
                self.assertEqual(ends[5:7], ["pong"] * 2)
                self.assertEqual({type(end) for end in ends[:5]}, {mentalmuse.TimedOut})

    def test_a_server_that_has_gone_silent_is_left_for_a_new_connection(self):
        def behave(peer, request):
            if peer.number > 0:
                peer.result(request)

        with Server(behave) as server:
            for face in self.connected(server):
                with self.assertRaises(mentalmuse.TimedOut):
                    face.one(lambda client: client.server.ping(options=SHORT))
                self.assertEqual(face.one(ping), "pong")
                self.assertEqual(len(server.peers), 2)


class OrderTests(Case):
    def test_no_more_calls_are_under_way_than_the_bound(self):
        most, now, lock = [0], [0], threading.Lock()

        def answer(peer, request):
            with lock:
                now[0] -= 1
            peer.result(request)

        def behave(peer, request):
            with lock:
                now[0] += 1
                most[0] = max(most[0], now[0])
            threading.Timer(0.01, answer, (peer, request)).start()

        with Server(behave) as server:
            for face in self.faces(server, in_flight_max=8):
                most[0] = 0
                self.assertEqual(face.each([ping] * 100), ["pong"] * 100)
                self.assertTrue(1 < most[0] <= 8, most)

    def test_a_call_over_the_lines_limit_is_refused_here_and_harms_nobody(self):
        with Server(pong) as server:
            for face in self.faces(server):
                ends = face.each([lambda client: client.posts.create("x" * (1 << 20)), ping])
                self.assertIsInstance(ends[0], mentalmuse.MessageTooLarge)
                self.assertEqual(ends[1], "pong")
                self.assertEqual(server.of("posts.create"), [])

    def test_what_is_no_text_is_refused_here(self):
        with Server(pong) as server:
            for face in self.faces(server):
                for body in ("\ud800", b"bytes", {1, 2}):
                    with self.assertRaises(mentalmuse.Unsendable):
                        face.one(lambda client: client.posts.create(body))
                self.assertEqual(face.one(ping), "pong")

    def test_a_busy_server_is_asked_again_after_its_time(self):
        def behave(peer, request):
            if len(server.requests) == 1:
                peer.refuse(request, code, **data)
            else:
                peer.result(request)

        for code, data in ((-32053, {"retry_after_ms": 200}), (-32054, {"retry_after_ms": 200}),
                           (1601, {"retry_after_ms": 200, "outcome": "none"})):
            with Server(behave) as server:
                for face in self.faces(server):
                    began = time.monotonic()
                    self.assertEqual(face.one(ping), "pong")
                    self.assertGreaterEqual(time.monotonic() - began, 0.199)
                    server.requests.clear()
                    with self.assertRaises(mentalmuse.ServerError):
                        face.one(lambda client: client.server.ping(options=ONCE))

    def test_a_server_that_says_it_will_close_is_left_for_a_new_connection(self):
        heard = []

        def behave(peer, request):
            if peer.number == 0 and len(peer.requests) == 2:
                peer.say({"jsonrpc": "2.0", "method": "server.draining",
                          "params": {"reason": "shutdown", "closes_in_ms": 10, "later": 1}})
            peer.result(request)

        with Server(behave) as server:
            for face in self.faces(server, on_notification=heard.append):
                for _ in range(4):
                    self.assertEqual(face.one(ping), "pong")
                self.assertEqual([len(peer.requests) for peer in server.peers], [2, 2])
        self.assertEqual(heard, [mentalmuse.ServerDraining("shutdown", 10)] * 2)

    def test_pages_are_fetched_as_they_are_needed_empty_ones_too(self):
        def behave(peer, request):
            number = int(request["params"].get("cursor", 0))
            items = [] if number == 1 else [{**POST, "id": f"p{number}"}]
            peer.result(request, {"items": items, "next_cursor": str(number + 1)
                                  if number < 3 else None})

        async def gather(client):
            return [post.id async for post in client.posts.iterate(author_id="a", limit=1)]

        with Server(behave) as server:
            for face in self.faces(server):
                if isinstance(face, Threads):
                    found = [post.id for post in face.client.posts.iterate(author_id="a", limit=1)]
                else:
                    found = face.one(gather)
                self.assertEqual(found, ["p0", "p2", "p3"])
                self.assertEqual({one["params"]["author_id"] for one in server.requests}, {"a"})

    def test_null_clears_and_absence_leaves_alone(self):
        user = {"id": "u", "username": "ada", "display_name": None, "bio": None, "role": "user",
                "created_at": "2026-11-24T09:30:00.000Z", "post_count": 0, "revision": 2}
        with Server(lambda peer, request: peer.result(request, user)) as server:
            for face in self.faces(server):
                found = face.one(lambda client: client.users.update(bio=None))
                self.assertIs(found.email, mentalmuse.ABSENT)
                self.assertFalse(found.email)
                params = server.requests[0]["params"]
                params.pop("_meta")
                self.assertEqual(params, {"bio": None})


if __name__ == "__main__":
    unittest.main()
