"""Who is calling: attaching, renewing once for all, and sessions that outlive the process."""

import threading
import time
import unittest
from datetime import datetime, timezone

import mentalmuse
from mentalmuse import CallOptions, MemorySessionStore

from .fake import Loop, Server, Threads
from .test_calls import POST, Case

TIME = "2026-11-24T09:30:00.000Z"
#: Seconds that a token lives.
LIFE = 900


def stamp(seconds):
    """So many seconds from now, as the service writes it."""
    when = datetime.fromtimestamp(time.time() + seconds, timezone.utc)
    return when.strftime("%Y-%m-%dT%H:%M:%S.000Z")


class Service:
    """As much of the service as tokens need. A token is `user.number`; those below `oldest` have
    expired."""

    def __init__(self):
        self.lock = threading.Lock()
        self.made, self.oldest = 0, 0
        self.refusal = None
        #: How many answers to refreshes are lost.
        self.lost = 0
        self.spent = {}

    def grant(self, name):
        self.made += 1
        user = {"id": "id-" + name, "username": name, "display_name": None, "bio": None,
                "role": "user", "created_at": TIME, "post_count": 0, "revision": 1}
        return {"user": user, "session_id": "s-" + name, "token_type": "Bearer",
                "access_token": f"{name}.{self.made}", "access_expires_at": stamp(LIFE),
                "refresh_token": f"{name}.r{self.made}", "refresh_expires_at": TIME}

    def refused(self, token):
        if self.refusal:
            return self.refusal
        return 1002 if int(token.rpartition(".")[2]) < self.oldest else 0

    def expire(self):
        self.oldest = self.made + 1

    def __call__(self, peer, request):
        with self.lock:
            self.answer(peer, request, request["method"], request["params"])

    def answer(self, peer, request, method, params):
        if method in ("auth.register", "auth.login"):
            return peer.result(request, self.grant(params["username"]))
        if method == "auth.refresh":
            return self.refresh(peer, request, params)
        if method == "auth.attach":
            code = self.refused(params["access_token"])
            peer.bound = None if code else params["access_token"]
            if code:
                return peer.refuse(request, code)
            return peer.result(request, {"user": {}, "session_id": "", "expires_at": TIME})
        if method == "auth.detach":
            peer.bound = None
            return peer.result(request, {})
        if method == "server.ping":
            return peer.result(request)
        token = params["_meta"].get("access_token", peer.bound)
        if token is None:
            return peer.refuse(request, 1001)
        if self.refused(token):
            return peer.refuse(request, self.refused(token))
        if method in ("auth.logout", "users.delete"):
            return peer.result(request, {})
        author = {**POST["author"], "username": token.partition(".")[0]}
        return peer.result(request, {**POST, "author": author})

    def refresh(self, peer, request, params):
        token, key = params["refresh_token"], params["_meta"]["idempotency_key"]
        if self.refusal:
            return peer.refuse(request, self.refusal)
        if self.spent.setdefault(token, key) != key:
            return peer.refuse(request, 1005)
        grant = self.grant(token.partition(".")[0])
        if self.lost:
            self.lost -= 1
            return peer.close()
        return peer.result(request, grant)


def post(client):
    return client.posts.create("Hello.")


def login(name):
    return lambda client: client.auth.login(name, "a long password")


class ServiceCase(Case):
    def faces(self, server, **settings):
        for face in super().faces(server, **settings):
            server.behave = self.service = Service()
            yield face


class AttachTests(ServiceCase):
    def test_after_a_log_in_each_connection_is_attached_before_its_calls(self):
        with Server(Service()) as server:
            for face in self.faces(server):
                face.one(login("ada"))
                self.assertEqual(face.each([post] * 50)[0].author.username, "ada")
                server.peers[0].close()
                found = face.each([post] * 50)
                self.assertEqual({one.author.username for one in found}, {"ada"})
                methods = [one["method"] for one in server.peers[1].requests]
                self.assertEqual(methods[0], "auth.attach")
                self.assertEqual(methods.count("auth.attach"), 1)

    def test_another_log_in_attaches_anew_and_a_log_out_detaches(self):
        with Server(Service()) as server:
            for face in self.faces(server):
                for name in ("ada", "grace"):
                    face.one(login(name))
                    self.assertEqual(face.one(post).author.username, name)
                face.one(lambda client: client.auth.logout())
                self.assertIsNone(face.client.session)
                with self.assertRaises(mentalmuse.Unauthenticated):
                    face.one(post)

    def test_a_token_of_the_options_is_used_for_its_call_alone(self):
        with Server(Service()) as server:
            for face in self.faces(server):
                face.one(login("ada"))
                other = CallOptions(access_token="grace.7")
                found = face.one(lambda client: client.posts.create("x", options=other))
                self.assertEqual(found.author.username, "grace")
                self.assertEqual(face.one(post).author.username, "ada")

    def test_a_client_that_follows_no_log_ins_calls_for_nobody(self):
        with Server(Service()) as server:
            for face in self.faces(server, follows_logins=False):
                face.one(login("ada"))
                with self.assertRaises(mentalmuse.Unauthenticated):
                    face.one(post)

    def test_a_token_from_elsewhere_is_attached_and_not_renewed(self):
        with Server(Service()) as server:
            for face in self.faces(server):
                face.client._engine.tokens.use("grace.3")
                self.assertEqual(face.one(post).author.username, "grace")
                self.service.oldest = 4
                with self.assertRaises(mentalmuse.TokenExpired):
                    face.one(post)
                self.assertEqual(server.of("auth.refresh"), [])

    def test_a_write_is_never_repeated_as_somebody_else(self):
        with Server(Service()) as server:
            for face in self.faces(server):
                face.one(login("ada"))
                face.one(post)
                service, closed = self.service, []

                def behave(peer, request):
                    if request["method"] == "posts.create" and not closed:
                        closed.append(peer)
                        face.client._engine.tokens.use("grace.9")
                        return peer.close()
                    return service(peer, request)

                server.behave = behave
                with self.assertRaises(mentalmuse.ConnectionLost):
                    face.one(post)


class RenewalTests(ServiceCase):
    def test_a_thousand_calls_that_wait_while_the_token_expires_cause_one_refresh(self):
        size = threading.stack_size(256 << 10)
        try:
            with Server(Service()) as server:
                for face in self.faces(server):
                    face.one(login("ada"))
                    face.one(post)
                    self.service.expire()
                    found = face.each([post] * 1_000)
                    self.assertEqual([one for one in found if isinstance(one, Exception)], [])
                    self.assertEqual(len(server.of("auth.refresh")), 1)
        finally:
            threading.stack_size(size)

    def test_a_refresh_whose_answer_was_lost_is_repeated_with_its_key(self):
        with Server(Service()) as server:
            for face in self.faces(server):
                face.one(login("ada"))
                self.service.expire()
                self.service.lost = 2
                self.assertEqual(face.one(post).author.username, "ada")
                sent = [one["params"] for one in server.of("auth.refresh")]
                self.assertEqual(len(sent), 3)
                self.assertEqual(len({one["_meta"]["idempotency_key"] for one in sent}), 1)

    def test_a_session_that_has_ended_is_told_to_all_and_is_not_refreshed(self):
        with Server(Service()) as server:
            for face in self.faces(server):
                face.one(login("ada"))
                face.one(post)
                self.service.refusal = 1004
                ends = face.each([post] * 100)
                self.ended(face, ends, mentalmuse.TokenRevoked)
                self.assertEqual(server.of("auth.refresh"), [])
                self.assertIsNone(face.client.session)

    def test_a_refresh_that_is_refused_ends_the_session_with_its_error(self):
        with Server(Service()) as server:
            for face in self.faces(server):
                face.one(login("ada"))
                self.service.expire()
                self.service.spent = {"ada.r1": "another's key"}
                ends = face.each([post] * 100)
                self.ended(face, ends, mentalmuse.TokenReused)
                self.assertEqual(len(server.of("auth.refresh")), 1)

    def test_a_refresh_that_fails_fails_those_who_wait_for_it_together(self):
        with Server(Service()) as server:
            for face in self.faces(server):
                face.one(login("ada"))
                service = self.service

                def behave(peer, request):
                    if request["method"] == "auth.refresh":
                        return peer.refuse(request, -32603, incident="i")
                    return service(peer, request)

                self.service.expire()
                server.behave = behave
                ends = face.each([post] * 100)
                self.assertEqual({type(end) for end in ends}, {mentalmuse.Internal})
                if isinstance(face, Loop):
                    self.assertEqual(len(server.of("auth.refresh")), 1)
                server.behave = service
                self.assertEqual(face.one(post).author.username, "ada")

    def ended(self, face, ends, wanted):
        """All calls have ended so; threads that began after the end of the session are nobody."""
        kinds = {type(end) for end in ends}
        if isinstance(face, Threads):
            kinds.discard(mentalmuse.Unauthenticated)
        self.assertEqual(kinds, {wanted})

    def test_the_store_has_what_was_renewed(self):
        with Server(Service()) as server:
            for kind in (Threads, Loop):
                server.behave = service = Service()
                store = MemorySessionStore()
                face = kind(server.address, session_store=store)
                face.one(login("ada"))
                self.assertEqual(store.load().access_token, "ada.1")
                service.expire()
                face.one(post)
                self.assertEqual(store.load().access_token, "ada.2")
                self.assertNotIn("ada.2", repr(store.load()))
                face.one(lambda client: client.auth.logout())
                self.assertIsNone(store.load())
                face.close()


if __name__ == "__main__":
    unittest.main()
