"""Sessions that outlive the process; tasks that are cancelled; processes that are forked."""

import asyncio
import gc
import os
import stat
import tempfile
import threading
import unittest
import warnings

import mentalmuse
from mentalmuse import FileSessionStore

from .fake import PATIENCE, Server, ping
from .test_sessions import Service


class StoreTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "session.json")

    def test_what_is_kept_is_found_again_by_its_owner_alone(self):
        with Server(Service()) as server:
            client = mentalmuse.Client(server.address, self.settings())
            client.auth.login("ada", "a long password")
            self.assertEqual(stat.S_IMODE(os.stat(self.path).st_mode), 0o600)
            again = mentalmuse.Client(server.address, self.settings())
            self.assertEqual(again.session, client.session)
            self.assertEqual(again.posts.create("x").author.username, "ada")
            again.detach()
            self.assertFalse(os.path.exists(self.path))
            client.close()
            again.close()

    def settings(self):
        return mentalmuse.Configuration(session_store=FileSessionStore(self.path, "here"))

    def test_tokens_of_another_server_are_not_used(self):
        session = mentalmuse.StoredSession.of_token("ada.1")
        FileSessionStore(self.path, "here").save(session)
        self.assertIsNone(FileSessionStore(self.path, "there").load())
        self.assertEqual(FileSessionStore(self.path, "here").load(), session)
        self.assertEqual(FileSessionStore(self.path).load(), session)

    def test_one_at_a_time_is_within_the_lock(self):
        stores = [FileSessionStore(self.path), FileSessionStore(self.path)]
        release = stores[0].try_lock()
        self.assertIsNone(stores[1].try_lock())
        release()
        stores[1].try_lock()()

    def test_a_file_that_is_none_of_ours_is_told(self):
        for content in ("", "{", "[1]", "\0", "{}", "[" * 200_000):
            with open(self.path, "w") as file:
                file.write(content)
            with self.assertRaises(mentalmuse.StoreUnusable):
                FileSessionStore(self.path).load()
        with self.assertRaises(mentalmuse.StoreUnusable):
            FileSessionStore(self.path + "/x").save(mentalmuse.StoredSession.of_token("t"))

    def test_clients_of_one_file_share_its_session_and_one_refresh(self):
        service = Service()
        with Server(service) as server:
            clients = [mentalmuse.Client(server.address, self.settings())]
            clients[0].auth.login("ada", "a long password")
            clients += [mentalmuse.Client(server.address, self.settings()) for _ in range(7)]
            service.expire()
            found = []
            threads = [threading.Thread(target=lambda c=c: found.append(c.posts.create("x")))
                       for c in clients]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(PATIENCE)
            self.assertEqual(len(found), 8)
            self.assertEqual(len(server.of("auth.refresh")), 1)
            for client in clients:
                client.close()


class TaskTests(unittest.TestCase):
    def test_a_cancelled_task_ends_at_once_and_the_server_is_told(self):
        async def scenario():
            client = mentalmuse.AsyncClient(server.address)
            calls = [asyncio.ensure_future(client.server.info()) for _ in range(3)]
            while len(server.of("server.info")) < 3:
                await asyncio.sleep(0.01)
            calls[1].cancel()
            with self.assertRaises(asyncio.CancelledError):
                await calls[1]
            self.assertEqual(await client.server.ping(), "pong")
            self.assertEqual(server.of("rpc.cancel")[0]["params"], {"id": 2})
            client.close()
            ends = await asyncio.gather(*calls, return_exceptions=True)
            self.assertIsInstance(ends[0], mentalmuse.ClientClosed)

        def behave(peer, request):
            if request["method"] == "server.ping":
                peer.result(request)

        with Server(behave) as server:
            asyncio.run(scenario())

    def test_tasks_that_are_cancelled_while_they_wait_for_room_leave_it_to_others(self):
        async def scenario():
            settings = mentalmuse.Configuration(in_flight_max=2)
            client = mentalmuse.AsyncClient(server.address, settings)
            calls = [asyncio.ensure_future(client.server.ping()) for _ in range(200)]
            while not server.requests:
                await asyncio.sleep(0.001)
            for call in calls[::3]:
                call.cancel()
            ends = await asyncio.wait_for(
                asyncio.gather(*calls, return_exceptions=True), PATIENCE)
            self.assertTrue(all(end == "pong" or isinstance(end, asyncio.CancelledError)
                                for end in ends))
            client.close()

        def behave(peer, request):
            if "id" in request:
                threading.Timer(0.005, peer.result, (request,)).start()

        with Server(behave) as server:
            asyncio.run(scenario())

    def test_a_client_goes_on_in_a_new_loop_when_its_own_has_ended(self):
        with Server(Service()) as server:
            client = mentalmuse.AsyncClient(server.address)

            async def once():
                return await client.server.ping()

            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ResourceWarning)
                self.assertEqual([asyncio.run(once()), asyncio.run(once())], ["pong", "pong"])
                del client
                gc.collect()

    @unittest.skipUnless(hasattr(os, "fork"), "a system without fork")
    def test_a_process_that_was_forked_makes_its_own_connection(self):
        with Server(Service()) as server:
            client = mentalmuse.Client(server.address)
            ping(client)
            child = os.fork()
            if child == 0:
                try:
                    os._exit(0 if ping(client) == "pong" else 1)
                finally:
                    os._exit(2)
            self.assertEqual(os.waitpid(child, 0)[1], 0)
            self.assertEqual(ping(client), "pong")
            self.assertEqual([len(peer.requests) for peer in server.peers], [2, 1])
            client.close()


if __name__ == "__main__":
    unittest.main()
