"""Tokens that are renewed before they expire."""

import base64
import json
import math
import time
import unittest
from datetime import datetime, timezone
from unittest.mock import patch

import mentalmuse
from mentalmuse import StoredSession

from .fake import Server
from .test_sessions import LIFE, Service, ServiceCase, login, post

NOW = 1_700_000_000.0
AHEAD = 30.0


def session(left, token="ada.1", refresh="ada.r1"):
    expires = datetime.fromtimestamp(NOW + left, timezone.utc)
    return StoredSession("id-ada", "ada", "s-ada", token, expires, refresh, expires, "k")


def token(claims):
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"h.{body}.s"


class PauseTests(unittest.TestCase):
    def test_it_is_some_time_before_the_end_or_in_a_short_life_s_second_half(self):
        for left, pause in ((900, 870), (50, 25), (0, 0), (-1, 0)):
            self.assertEqual(session(left).renewal_pause(AHEAD, False, NOW), pause)
        self.assertEqual(session(900).renewal_pause(-1.0, False, NOW), 900)

    def test_a_token_that_was_just_made_says_how_long_it_lives(self):
        made = token({"iat": 5, "exp": 905})
        for left in (-86_400, 900, 86_400):
            self.assertEqual(session(left, made).renewal_pause(AHEAD, True, NOW), 870)
        self.assertEqual(session(-86_400).renewal_pause(AHEAD, True, NOW), 1, "not for ever")
        for wrong in ({"iat": 5, "exp": 5}, {"iat": 5}, {"iat": None, "exp": 9}, [], None,
                      {"iat": 0, "exp": math.nan}):
            self.assertEqual(session(900, token(wrong)).renewal_pause(AHEAD, True, NOW), 870)
        for wrong in ("", "a.b.c.d", "h.!.s", "h.\u00e9.s", "h.AAAA.s"):
            self.assertEqual(session(900, wrong).renewal_pause(AHEAD, True, NOW), 870)

    def test_what_cannot_be_renewed_is_not(self):
        one = session(0, refresh=None)
        self.assertEqual(one.renewal_pause(AHEAD, True, NOW), math.inf)


class AheadTests(ServiceCase):
    def setUp(self):
        self.passed = 0.0
        clock = patch("mentalmuse._tokens.monotonic", lambda: time.monotonic() + self.passed)
        clock.start()
        self.addCleanup(clock.stop)

    def begun(self, face):
        self.passed = 0.0
        face.one(login("ada"))
        face.one(post)

    def posts(self, face, count=100):
        names = {one.author.username for one in face.each([post] * count)}
        self.assertEqual(names, {"ada"})

    def test_one_call_renews_and_all_go_on(self):
        with Server(Service()) as server:
            for face in self.faces(server):
                self.begun(face)
                self.passed = LIFE - AHEAD - 5
                self.posts(face)
                self.assertEqual(server.of("auth.refresh"), [])
                self.passed = LIFE - AHEAD + 5
                self.posts(face)
                self.assertEqual(len(server.of("auth.refresh")), 1)
                self.assertEqual(face.client.session.access_token, "ada.2")

    def test_calls_go_on_with_the_old_token_meanwhile(self):
        with Server(Service()) as server:
            for face in self.faces(server):
                self.begun(face)
                service, held, done = self.service, [], []

                def behave(peer, request):
                    if request["method"] == "auth.refresh":
                        return held.append((peer, request))
                    service(peer, request)
                    if request["method"] == "posts.create":
                        done.append(request)
                        if len(done) == 9:
                            service(*held[0])

                server.behave = behave
                self.passed = LIFE
                self.posts(face, 10)
                self.assertEqual((len(held), len(done)), (1, 10))

    def test_one_that_fails_harms_no_call_and_a_refusal_has_it_tried_again(self):
        with Server(Service()) as server:
            for face in self.faces(server):
                self.begun(face)
                service = self.service

                def behave(peer, request):
                    if request["method"] == "auth.refresh":
                        return peer.refuse(request, -32603, incident="i")
                    return service(peer, request)

                server.behave = behave
                self.passed = LIFE
                self.posts(face)
                self.posts(face)
                self.assertEqual(len(server.of("auth.refresh")), 1)
                server.behave = service
                service.expire()
                self.posts(face, 1)
                self.assertEqual(face.client.session.access_token, "ada.2")

    def test_one_that_is_refused_ends_the_session(self):
        with Server(Service()) as server:
            for face in self.faces(server):
                self.begun(face)
                self.service.spent = {"ada.r1": "another's key"}
                self.passed = LIFE
                with self.assertRaises(mentalmuse.Unauthenticated):
                    face.one(post)
                self.assertIsNone(face.client.session)


if __name__ == "__main__":
    unittest.main()
