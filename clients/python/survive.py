#!/usr/bin/env python3
"""Writes posts while the server is killed, stopped and started again, then counts them.

    survive.py --program .build/release/mentalmuse [--writes 10000] [--tasks 64] [--threads]

Leaves with 0 if there are exactly as many posts as were written, each once.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "src"), os.path.join(HERE, "..", "..", "Tests", "Faults")]

import mentalmuse
from serving import Server

PATIENT = mentalmuse.Configuration(deadline=120)


class Restarts:
    """At a third of the writes the server is killed, at two thirds stopped as an operator would."""

    def __init__(self, server, writes):
        self.server, self.lock = server, threading.Lock()
        #: The next one begins when the server is back.
        self.turn = threading.Lock()
        self.at = {writes // 3: server.kill, writes * 2 // 3: server.stop}
        self.done, self.threads = 0, []

    def written(self):
        with self.lock:
            self.done += 1
            end = self.at.pop(self.done, None)
        if end is not None:
            thread = threading.Thread(target=self.restart, args=(end,))
            self.threads.append(thread)
            thread.start()

    def restart(self, end):
        with self.turn:
            began = time.monotonic()
            end()
            self.server.start()
            print(f"{end.__name__} and start again: {time.monotonic() - began:.1f} s", flush=True)


async def with_tasks(address, writes, workers, restarts):
    async with mentalmuse.AsyncClient(address, PATIENT) as client:
        grant = await client.auth.register("writer", "ten thousand times")

        async def work(first):
            for number in range(first, writes, workers):
                await client.posts.create(f"Post {number}.")
                restarts.written()

        await asyncio.gather(*(work(first) for first in range(workers)))
        return [post.body async for post in client.posts.iterate(
            author_id=grant.user.id, limit=100)]


def with_threads(address, writes, workers, restarts):
    with mentalmuse.Client(address, PATIENT) as client:
        grant = client.auth.register("writer", "ten thousand times")

        def work(first):
            for number in range(first, writes, workers):
                client.posts.create(f"Post {number}.")
                restarts.written()

        threads = [threading.Thread(target=work, args=(first,)) for first in range(workers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return [post.body for post in client.posts.iterate(author_id=grant.user.id, limit=100)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--writes", type=int, default=10_000)
    parser.add_argument("--tasks", type=int, default=64)
    parser.add_argument("--threads", action="store_true", help="use the client for threads")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        command = [options.program, "serve", "--data", os.path.join(folder, "data"),
                   "--argon2-memory-kib", "64", "--argon2-passes", "1", "--port"]
        server = Server(command + ["0"])
        server.start()
        try:
            server.command = command + [str(server.port)]
            address = f"tcp://127.0.0.1:{server.port}"
            restarts, began = Restarts(server, options.writes), time.monotonic()
            if options.threads:
                bodies = with_threads(address, options.writes, options.tasks, restarts)
            else:
                bodies = asyncio.run(
                    with_tasks(address, options.writes, options.tasks, restarts))
            for thread in restarts.threads:
                thread.join()
        finally:
            server.kill()
    print(f"{restarts.done} posts were written in {time.monotonic() - began:.1f} s; there are "
          f"{len(bodies)}, {len(set(bodies))} of them different")
    return 0 if restarts.done == options.writes == len(bodies) == len(set(bodies)) else 1


if __name__ == "__main__":
    sys.exit(main())
