"""Servers that misbehave at random, by a seed that is told: every call ends in its time."""

import random
import threading
import time
import unittest

import mentalmuse

from .fake import FACES, Server, ping, pong

DEADLINE = 1.5


def patient(client):
    return client.server.ping(options=mentalmuse.CallOptions(deadline=30))


class Storm:
    """Answers late, never, in pieces, with garbage, twice, or with the end of the connection."""

    def __init__(self, seed):
        self.random, self.lock = random.Random(seed), threading.Lock()

    def __call__(self, peer, request):
        with self.lock:
            what, number = self.random.randrange(120), self.random.random()
        if "id" not in request:
            return
        answer = b'{"jsonrpc":"2.0","id":%d,"result":"pong"}\n' % request["id"]
        if what == 0:
            peer.close()
        elif what == 1:
            peer.reset()
        elif what == 2:
            peer.write(answer[:int(number * len(answer))])
            peer.close()
        elif what == 3:
            peer.write(b"\xff{]\n\n[1]\n" + answer)
        elif what == 4:
            peer.write(answer + answer)
        elif what == 5:
            peer.write(answer.replace(b'"pong"', b"7"))
        elif what == 6:
            peer.write(answer.replace(b'"id":', b'"id":9'))
        elif what == 7:
            peer.refuse(request, -32053, retry_after_ms=int(number * 100))
        elif what == 8:
            peer.say({"jsonrpc": "2.0", "method": "server.draining",
                      "params": {"reason": "idle", "closes_in_ms": 1}})
            peer.write(answer)
        elif what == 9:
            half = int(number * len(answer))
            peer.write(answer[:half])
            time.sleep(number / 100)
            peer.write(answer[half:])
        elif what > 10:
            threading.Timer(number / 50, peer.write, (answer,)).start()


class StormTests(unittest.TestCase):
    def test_every_call_ends_in_its_time_whatever_the_server_does(self):
        for seed in range(4):
            with Server(Storm(seed)) as server:
                for kind in FACES:
                    server.behave = Storm(seed)
                    face = kind(server.address, deadline=DEADLINE, in_flight_max=32)
                    began = time.monotonic()
                    ends = face.each([ping] * 150)
                    took = time.monotonic() - began
                    self.assertLess(took, DEADLINE + 20, f"seed {seed}, {kind.__name__}")
                    for end in ends:
                        if end != "pong":
                            self.assertIsInstance(end, mentalmuse.MuseError, f"seed {seed}")
                    server.behave = pong
                    self.assertEqual(face.each([patient] * 40), ["pong"] * 40)
                    link = face.client._engine._link
                    self.assertEqual(len(link.pending), 0)
                    face.close()


if __name__ == "__main__":
    unittest.main()
