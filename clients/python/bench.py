#!/usr/bin/env python3
"""Pings a second over one connection, beside the least that one would write by hand: the asyncio
client, pipelined, and the client for threads, one call after another. MUSE_URL says where.

    bench.py [--pings 100000] [--tasks 100] [--rounds 5]
"""

import argparse
import asyncio
import json
import os
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "src"))

import mentalmuse


class ByHand:
    """A request is a line, an answer is found by its id: no deadlines, no errors, no repeats."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.waiting, self.last = {}, 0
        self.task = asyncio.ensure_future(self.read())

    async def call(self, method):
        self.last += 1
        future = asyncio.get_running_loop().create_future()
        self.waiting[self.last] = future
        request = {"jsonrpc": "2.0", "id": self.last, "method": method}
        self.writer.write(json.dumps(request).encode() + b"\n")
        return (await future)["result"]

    async def read(self):
        async for line in self.reader:
            answer = json.loads(line)
            self.waiting.pop(answer["id"]).set_result(answer)


async def rate(ping, pings, tasks):
    async def work():
        for _ in range(pings // tasks):
            await ping()

    began = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(tasks)))
    return pings // tasks * tasks / (time.perf_counter() - began)


async def run(options):
    address = mentalmuse.Address.parse(None)
    print("asyncio, pipelined")
    hand = ByHand(*await asyncio.open_connection(address.host, address.port))
    rates = []
    async with mentalmuse.AsyncClient() as client:
        for number in range(options.rounds + 1):
            by_hand = await rate(lambda: hand.call("server.ping"), options.pings, options.tasks)
            ours = await rate(client.server.ping, options.pings, options.tasks)
            if number == 0:
                continue
            rates.append(told(by_hand, ours))
    hand.task.cancel()
    hand.writer.close()
    median(rates)


def run_threads(options):
    address = mentalmuse.Address.parse(None)
    made = socket.create_connection((address.host, address.port))
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    lines, calls = made.makefile("rb"), options.pings // 10

    def by_hand(number):
        request = {"jsonrpc": "2.0", "id": number, "method": "server.ping"}
        made.sendall(json.dumps(request).encode() + b"\n")
        return json.loads(lines.readline())["result"]

    def one_by_one(ping):
        began = time.perf_counter()
        for number in range(calls):
            ping(number)
        return calls / (time.perf_counter() - began)

    print("threads, one call after another")
    with mentalmuse.Client() as client, made, lines:
        median([told(one_by_one(by_hand), one_by_one(lambda _: client.server.ping()))
                for _ in range(options.rounds)])


def told(by_hand, ours):
    times = by_hand / ours
    print(f"by hand {by_hand:8.0f} a second, client {ours:8.0f}: {times:.2f} times", flush=True)
    return times, by_hand, ours


def median(rates):
    times, by_hand, ours = sorted(rates)[len(rates) // 2]
    print(f"median: by hand {by_hand:.0f}, client {ours:.0f}: {times:.2f} times")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pings", type=int, default=100_000)
    parser.add_argument("--tasks", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    asyncio.run(run(options))
    run_threads(options)


if __name__ == "__main__":
    main()
