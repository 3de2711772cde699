"""Rows on the process: descriptors, memory, the clock.

Standard library only, and gcc.
"""
import os
import resource
import select
import socket
import subprocess
import sys
import threading
import time

from rows import PASSWORD, Row, descriptors, expect, sign_up, status, usage, wait_until
from serving import Connection, Unusable
from storage_rows import on_a_disk


def dial(port, seconds=5):
    return socket.create_connection(("127.0.0.1", port), seconds)


def share(process, seconds=2.0):
    """What a process uses of the time that one gets which spins beside it: on a machine that has
    much to do nobody gets a core."""
    beside = spinner()
    try:
        before = usage(process), usage(beside)
        time.sleep(seconds)
        return (usage(process) - before[0]) / max(usage(beside) - before[1], 0.01)
    finally:
        beside.kill()
        beside.wait()


def spinner():
    """A process that spins, once it does."""
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    while usage(process) < 0.1:
        time.sleep(0.01)
    return process


def few_descriptors(context):
    """More clients than descriptors."""
    server = context.server("--workers", "1")
    server.prepare = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    server.start()
    connection, _ = sign_up(server, "descriptors")
    before = descriptors(server.process)
    sockets = [dial(server.port) for _ in range(200)]
    told = 0
    waiting = list(sockets)

    def hear():
        """Whether somebody has been told why there is no room."""
        nonlocal told
        for each in select.select(waiting, [], [], 0.5)[0]:
            waiting.remove(each)
            try:
                told += b'"too_many_connections"' in each.recv(65536)
            except ConnectionError:
                pass
        return told > 0

    wait_until(hear, "nobody is told too_many_connections")
    while select.select(waiting, [], [], 0.5)[0]:
        hear()
    busy = share(server.process)
    post = connection.call("posts.create", {"body": "meanwhile"})
    expect(connection.call("posts.get", {"id": post["id"]})["body"] == "meanwhile",
           "a wrong answer")
    for each in sockets:
        each.close()
    began = time.monotonic()

    def is_open():
        fresh = Connection(server.port)
        try:
            return fresh.call("server.ping", {}) == "pong"
        except (OSError, Unusable):
            return False
        finally:
            fresh.close()

    wait_until(is_open, "there is no new connection")
    back = time.monotonic() - began
    wait_until(lambda: descriptors(server.process) <= before + 1, "descriptors are left")
    connection.close()
    context.stop(server)
    context.verify()
    expect(busy < 0.25, f"{busy:.0%} of what spinning takes, while nobody could be accepted")
    return (f"64 descriptors, 200 clients: {told} told too_many_connections, {busy:.0%} of what "
            f"spinning takes, writes went on, new clients after {back * 1000:.0f} ms, {before} "
            f"descriptors again")


def spinning(_):
    """The control: the same measure on a process that spins."""
    process = spinner()
    try:
        busy = share(process)
    finally:
        process.kill()
        process.wait()
    expect(busy >= 0.25, f"a spinning process was measured at {busy:.0%} of another")
    return f"{busy:.0%} of what another one takes"


def flood(server, seconds, enough=None, clients=150):
    """Large lines that never end, and large ones that do; how far the process's memory went, in
    bytes. It ends before its time where that is `enough`."""
    most = 0
    sockets = []
    ending = threading.Event()

    def push(number):
        try:
            each = dial(server.port)
            sockets.append(each)
            each.settimeout(seconds)
            head = b'{"jsonrpc":"2.0","id":1,"method":"posts.create","params":{"body":"'
            each.sendall(head)
            block = b"x" * 60_000
            sent = len(head)
            # Just below the limit of a line; then a pause with all of it held.
            while sent + len(block) < 1_040_000 and not ending.is_set():
                each.sendall(block)
                sent += len(block)
            ending.wait(seconds)
            if number % 2:
                each.sendall(b'"}}\n')
        except OSError:
            pass

    threads = [threading.Thread(target=push, args=(number,), daemon=True)
               for number in range(clients)]
    for thread in threads:
        thread.start()
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        expect(server.process.poll() is None, "the server has ended: " + "\n".join(server.log))
        most = max(most, status(server.process, "VmRSS") * 1024)
        if enough is not None and most > enough:
            break
        time.sleep(0.05)
    ending.set()
    for thread in threads:
        thread.join(60)
    for each in sockets:
        each.close()
    return most


BUFFERS = 32 << 20


def little_memory(context):
    """A flood of large lines against a small bound of all buffers and a small address space."""
    server = context.started("--workers", "2", "--buffer-bytes-max", str(BUFFERS))
    connection, _ = sign_up(server, "memory")
    calm = status(server.process, "VmRSS") * 1024
    room = status(server.process, "VmSize") * 1024 + (192 << 20)
    resource.prlimit(server.process.pid, resource.RLIMIT_AS, (room, room))
    most = flood(server, 6 if context.is_long else 3)
    began = time.monotonic()
    connection.call("posts.create", {"body": "meanwhile"})
    wait = time.monotonic() - began
    connection.close()
    fresh = Connection(server.port)
    fresh.call("server.ping", {})
    fresh.close()
    context.stop(server)
    context.verify()
    bound = calm + 2 * BUFFERS + (48 << 20)
    expect(most < bound, f"{most >> 20} MiB, the bound is {bound >> 20} MiB")
    return (f"150 lines of 1 MB, buffers bounded at {BUFFERS >> 20} MiB, 192 MiB of address space "
            f"left: {calm >> 20} -> {most >> 20} MiB, a write after it took {wait * 1000:.0f} ms")


def no_bound(context):
    """The control: with the bound out of reach the same flood takes more."""
    server = context.started("--workers", "2")
    calm = status(server.process, "VmRSS") * 1024
    bound = calm + 2 * BUFFERS + (48 << 20)
    most = flood(server, 60, enough=bound)
    expect(most > bound, f"only {most >> 20} MiB without the bound: the row above shows nothing")
    return f"{calm >> 20} -> {most >> 20} MiB"


def clock(context):
    """The wall clock goes back and forward by hours while it serves, and over restarts."""
    disk, server, _ = on_a_disk(context)

    def move(hours):
        disk.control.clock_minutes = hours * 60

    connection, grant = sign_up(server, "clock")
    last = ("", "")
    count = 0
    offsets = [0, -5, -5, +3, 0, -2, +1]

    def write(times):
        nonlocal last, count
        for _ in range(times):
            count += 1
            post = connection.call("posts.create", {"body": f"c{count}"})
            now = (post["id"], post["created_at"])
            expect(now[0] > last[0] and now[1] >= last[1], f"{last} was followed by {now}")
            last = now

    def renew():
        nonlocal grant
        grant = connection.call("auth.login", {
            "username": "clock", "password": PASSWORD, "attach": True})

    seen = []
    for number, hours in enumerate(offsets):
        move(hours)
        seen.append(connection.call("server.info", {})["time"])
        # A token holds as long as the clock says, and not a jump longer.
        connection.send("auth.whoami", {})
        answer = connection.receive()
        is_over = seen[-1] >= grant["access_expires_at"]
        expect(("error" in answer) == is_over,
               f"at {seen[-1]}, a token until {grant['access_expires_at']}: {answer}")
        if is_over:
            expect(answer["error"]["code"] == 1002, f"whoami: {answer['error']}")
            fresh = connection.call("auth.refresh", {
                "refresh_token": grant["refresh_token"], "attach": True,
                "_meta": {"idempotency_key": f"refresh-{number}"}})
            grant = fresh
        write(50)
        # Deadlines are monotonic: no jump of the wall clock uses them up, or lengthens them.
        connection.call("posts.list", {"_meta": {"deadline_ms": 60_000}})
        if number in (2, 4):
            connection.close()
            if number == 2:
                server.kill()
            else:
                context.stop(server)
            server.start()
            connection = Connection(server.port)
            renew()
            write(50)
    posts = list(connection.pages("posts.list", {"order": "oldest"}))
    expect([post["body"] for post in posts] == [f"c{n + 1}" for n in range(count)],
           "the list is not in the order of the writes")
    connection.close()
    context.stop(server)
    context.verify(os.path.join(disk.root, "data"))
    expect(seen != sorted(seen), f"the clock did not go back: {seen}")
    return f"{len(offsets)} jumps of up to 8 h, 2 restarts, {count} posts: ids and times rise"


ROWS = [
    Row("descriptors", "64 descriptors, 200 clients", few_descriptors),
    Row("descriptors, control", "the same measure on a process that spins", spinning),
    Row("memory", "a flood of large lines; little memory", little_memory),
    Row("memory, control", "the same flood with the bound out of reach", no_bound),
    Row("clock", "set back and forward by hours, restarts between", clock),
]
