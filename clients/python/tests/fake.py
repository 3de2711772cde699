"""A server in this process that answers as a test says, and the two clients behind one face."""

import asyncio
import json
import os
import socket
import struct
import threading
import time

import mentalmuse

#: Seconds after which something hangs: more than a call may take.
PATIENCE = 60.0


class Peer:
    """One connection, as the server sees it."""

    def __init__(self, made, number):
        self.socket = made
        self.number = number
        self.requests = []
        #: For the test to use.
        self.bound = None

    def say(self, *values):
        self.write(b"".join(json.dumps(value).encode() + b"\n" for value in values))

    def write(self, data):
        try:
            self.socket.sendall(data)
        except OSError:
            pass

    def result(self, request, value="pong"):
        self.say({"jsonrpc": "2.0", "id": request["id"], "result": value})

    def refuse(self, request, code, **data):
        error = {"code": code, "message": "No.", "data": data}
        self.say({"jsonrpc": "2.0", "id": request["id"], "error": error})

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.socket.detach())


class Server:
    """`behave(peer, request)` is called for each line; `greet(peer)` for each connection."""

    def __init__(self, behave, greet=None, context=None, place=None):
        self.behave, self.greet, self.context = behave, greet, context
        self.listen(place or free_place())

    def listen(self, place):
        """Takes connections at a place; what comes over them is counted from nothing."""
        self.peers, self.requests = [], []
        self.listener = place
        self.port = place.getsockname()[1]
        self.address = address_of(place)
        place.listen(1_024)
        counted = (self.listener, self.peers, self.requests)
        threading.Thread(target=self.accept, args=counted, daemon=True).start()

    def accept(self, listener, peers, requests):
        while True:
            try:
                made, _ = listener.accept()
            except OSError:
                return
            threading.Thread(
                target=self.serve, args=(made, peers, requests), daemon=True).start()

    def serve(self, made, peers, requests):
        try:
            if self.context:
                made = self.context.wrap_socket(made, server_side=True)
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            peer = Peer(made, len(peers))
            peers.append(peer)
            if self.greet:
                self.greet(peer)
            rest = b""
            while data := made.recv(1 << 16):
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    request = json.loads(line)
                    peer.requests.append(request)
                    requests.append(request)
                    self.behave(peer, request)
        except (OSError, ValueError):
            pass
        finally:
            made.close()

    def of(self, method):
        """The requests of a method so far."""
        return [request for request in list(self.requests) if request["method"] == method]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def move(self):
        """Goes elsewhere: a client before may still be connecting."""
        self.end()
        self.listen(free_place())

    def end(self):
        # A thread in accept() holds on to the listener until something wakes it.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for peer in self.peers:
            try:
                peer.close()
            except OSError:
                pass


def free_place():
    """A socket that has an address and takes no connections yet: nobody else can have it."""
    place = socket.socket()
    place.bind(("127.0.0.1", 0))
    return place


def address_of(place):
    return f"tcp://127.0.0.1:{place.getsockname()[1]}"


def until(holds):
    """Waits until something holds."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.001)


class Threads:
    """Calls of threads."""

    def __init__(self, address, **settings):
        self.client = mentalmuse.Client(address, mentalmuse.Configuration(**settings))

    def each(self, calls):
        """What each of the calls, made at the same time, ends with: a result or an exception."""
        ends = [None] * len(calls)
        start = threading.Barrier(len(calls))

        def run(number):
            start.wait()
            try:
                ends[number] = calls[number](self.client)
            except Exception as error:
                ends[number] = error

        threads = [threading.Thread(target=run, args=(n,), daemon=True) for n in range(len(calls))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
            assert not thread.is_alive(), "a call hangs"
        return ends

    def one(self, call):
        return call(self.client)

    def when(self, holds, action):
        """Does something as soon as something else holds."""
        def wait():
            until(holds)
            action()

        threading.Thread(target=wait, daemon=True).start()

    def close(self):
        self.client.close()


class Loop:
    """Calls of asyncio."""

    def __init__(self, address, **settings):
        self.loop = asyncio.new_event_loop()
        self.client = mentalmuse.AsyncClient(address, mentalmuse.Configuration(**settings))

    def run(self, coroutine):
        return self.loop.run_until_complete(asyncio.wait_for(coroutine, PATIENCE))

    def each(self, calls):
        async def all_of_them():
            return await asyncio.gather(
                *(call(self.client) for call in calls), return_exceptions=True)

        return self.run(all_of_them())

    def one(self, call):
        async def awaited():
            return await call(self.client)

        return self.run(awaited())

    def when(self, holds, action):
        if holds():
            action()
        else:
            self.loop.call_later(0.001, self.when, holds, action)

    def close(self):
        self.client.close()
        self.loop.run_until_complete(asyncio.sleep(0))
        self.loop.close()


FACES = (Threads, Loop)


def ping(client):
    return client.server.ping()


def pong(peer, request):
    if request["method"] == "server.ping":
        peer.result(request)
