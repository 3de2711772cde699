"""Connections that cannot be made, and connections that are lost."""

import unittest
import unittest.mock

import mentalmuse
from mentalmuse._loop import LoopLink

from .fake import Loop, Server, Threads, ping, pong
from .test_calls import ONCE, POST, SHORT, Case


class LostTests(Case):
    def test_every_waiting_call_fails_at_once_when_the_connection_dies(self):
        for end in ("close", "reset"):
            def behave(peer, request, end=end):
                if len(peer.requests) == 100:
                    getattr(peer, end)()

            with Server(behave) as server:
                for face in self.faces(server):
                    with self.soon():
                        ends = face.each([lambda client: client.server.ping(options=ONCE)] * 100)
                    self.assertEqual({type(end) for end in ends}, {mentalmuse.ConnectionLost})

    def test_half_a_line_and_then_the_end_sends_a_read_again(self):
        def behave(peer, request):
            if peer.number == 0:
                peer.write(b'{"jsonrpc":"2.0","id":%d,"result":"po' % request["id"])
                peer.close()
            else:
                peer.result(request)

        with Server(behave) as server:
            for face in self.faces(server):
                self.assertEqual(face.one(ping), "pong")
                self.assertEqual(len(server.peers), 2)

    def test_a_write_is_sent_again_with_the_same_key(self):
        def behave(peer, request):
            if peer.number < 2:
                peer.close()
            else:
                peer.result(request, POST)

        with Server(behave) as server:
            for face in self.faces(server):
                face.one(lambda client: client.posts.create("Hello."))
                sent = [one["params"] for one in server.of("posts.create")]
                self.assertEqual(len(sent), 3)
                keys = {one["_meta"]["idempotency_key"] for one in sent}
                self.assertEqual([len(key) for key in keys], [32])
                self.assertEqual({one["body"] for one in sent}, {"Hello."})

    def test_every_write_has_a_key_of_its_own_and_reads_have_none(self):
        def behave(peer, request):
            read = request["method"] == "posts.list"
            peer.result(request, {"items": [], "next_cursor": None} if read else POST)

        with Server(behave) as server:
            for face in self.faces(server):
                face.each([lambda client: client.posts.like("p")] * 20)
                face.one(lambda client: client.posts.list())
                keys = [one["params"]["_meta"].get("idempotency_key") for one in server.requests]
                self.assertEqual(len(set(keys[:20])), 20)
                self.assertIsNone(keys[20])

    def test_what_cannot_be_repeated_fails_at_once(self):
        with Server(lambda peer, request: peer.close()) as server:
            for face in self.faces(server):
                with self.soon(), self.assertRaises(mentalmuse.ConnectionLost):
                    face.one(lambda client: client.auth.login("ada", "a password"))
                self.assertEqual(len(server.requests), 1)

    def test_where_nobody_listens_connecting_fails_at_once(self):
        for face, _ in self.nowhere():
            with self.soon(), self.assertRaises(mentalmuse.NotConnected):
                face.one(lambda client: client.connect())

    def test_a_call_that_no_server_was_there_for_says_so_at_its_deadline(self):
        for face, _ in self.nowhere():
            with self.soon():
                ends = face.each([lambda client: client.server.ping(options=SHORT)] * 20)
            self.assertEqual({type(end) for end in ends}, {mentalmuse.NotConnected})

    def test_a_call_waits_for_a_server_that_comes_later(self):
        for face, place in self.nowhere():
            started = []
            # An attempt has failed by then.
            face.when(lambda: face.client._engine._failures,
                      lambda: started.append(Server(pong, place=place)))
            self.assertEqual(face.each([ping] * 5), ["pong"] * 5)
            started[0].end()

    def test_a_server_that_closes_each_connection_is_not_stormed(self):
        with Server(pong, greet=lambda peer: peer.close()) as server:
            for face in self.faces(server, deadline=0.5):
                ends = face.each([ping] * 10)
                # The last connection may not have been closed yet at the deadline.
                wanted = (mentalmuse.ConnectionLost, mentalmuse.NotConnected, mentalmuse.TimedOut)
                self.assertTrue(all(isinstance(end, wanted) for end in ends), ends)
                self.assertLess(len(server.peers), 20)

    def test_why_the_server_closed_is_what_the_call_ends_with(self):
        def greet(peer):
            peer.say({"jsonrpc": "2.0", "id": None, "error": {
                "code": -32056, "message": "Too many.", "data": {"limit": 3}}})
            peer.close()

        with Server(pong, greet=greet) as server:
            for face in self.faces(server):
                with self.assertRaises(mentalmuse.TooManyConnections) as caught:
                    face.one(lambda client: client.server.ping(options=ONCE))
                self.assertEqual(caught.exception.limit, 3)

    def test_why_the_server_closed_is_told_where_it_was_faster_than_the_call(self):
        class Closed(LoopLink):
            def connection_made(self, transport):
                super().connection_made(transport)
                self.data_received(b'{"jsonrpc":"2.0","id":null,"error":{"code":-32056,'
                                   b'"message":"Too many.","data":{"limit":3}}}\n')
                transport.abort()

        with Server(pong) as server, unittest.mock.patch("mentalmuse._loop.LoopLink", Closed):
            face = Loop(server.address)
            with self.assertRaises(mentalmuse.TooManyConnections):
                face.one(lambda client: client.server.ping(options=ONCE))
            face.close()

    def test_calls_that_wait_when_the_client_is_closed_fail_at_once(self):
        with Server(lambda peer, request: None) as server:
            for face in self.faces(server):
                face.when(lambda: len(server.requests) == 10, face.client.close)
                with self.soon():
                    ends = face.each([ping] * 10)
                self.assertEqual({type(end) for end in ends}, {mentalmuse.ClientClosed})
                with self.assertRaises(mentalmuse.ClientClosed):
                    face.one(ping)

    def test_calls_on_a_connection_that_is_left_fail_too_when_the_client_is_closed(self):
        def behave(peer, request):
            if request["method"] == "server.ping":
                return peer.result(request)
            return peer.say({"jsonrpc": "2.0", "method": "server.draining",
                             "params": {"reason": "idle", "closes_in_ms": 60_000}})

        def leave():
            if isinstance(face, Threads):
                self.assertEqual(ping(face.client), "pong")
            face.client.close()

        heard = []
        with Server(behave) as server:
            for face in self.faces(server, on_notification=heard.append):
                heard.clear()
                face.when(lambda: heard, leave)
                with self.soon():
                    ends = face.each([lambda client: client.server.info()])
                self.assertEqual({type(end) for end in ends}, {mentalmuse.ClientClosed})


if __name__ == "__main__":
    unittest.main()
