#!/usr/bin/env python3
"""Kills a server with SIGKILL in the middle of writes, starts it again, and audits what it kept.

    kill.py [--rounds 20] [--connections 32] [--control keys|early] -- .build/release/mentalmuse

What stands after -- begins the server's command; `serve --data FOLDER --port 0` is put behind it.
Each round: many connections write posts, comments and likes, each write with an idempotency key; at
a random moment the server is killed; it is started again (sometimes killed once more while it comes
up); what was not answered is sent again with the same keys. Then every write that was answered must
be there, each exactly once, nothing else, and the counts must equal the rows.

Controls, which show that the audit sees what it looks for (status 0 when it does; they end with the
round in which it has seen it):
    --control keys    the client sends no keys: some write must be doubled
    --control early   a server that answers before it commits (controls.py builds one): some
                      answered write must be lost

Standard library only. Status: 0 as it should be, 1 a finding, 2 the test could not be run.
"""
import argparse
import collections
import json
import os
import random
import shutil
import sys
import tempfile
import threading
import time

from serving import Connection, Server, Unusable

PASSWORD = "seven wizards mix quartz"
USERS = 4
# Codes after which the same write may be sent again: busy, draining, rate limited, unavailable.
AGAIN = {-32053, -32054, 1501, 1601}
NOT_FOUND = 1201


class Write:
    """One write: what is asked for, its key, and what was answered."""

    def __init__(self, kind, params, key, user):
        self.kind = kind
        self.params = params
        self.key = key
        self.user = user
        self.result = None

    METHODS = {"post": "posts.create", "comment": "comments.create", "like": "posts.like"}

    def send(self, connection, with_keys):
        params = dict(self.params)
        if with_keys:
            params["_meta"] = {"idempotency_key": self.key}
        return connection.send(self.METHODS[self.kind], params)


class Writer(threading.Thread):
    """A connection that writes without pause, several in flight, until the server is gone or the
    test says that it is enough; then all that it sent is answered."""

    def __init__(self, test, number, seed):
        super().__init__(daemon=True)
        self.test = test
        self.name = f"w{number}"
        self.user = number % USERS
        self.random = random.Random(seed)
        self.window = self.random.randint(1, 8)
        self.done = []
        self.flying = {}
        self.likable = []
        self.fault = None

    def run(self):
        try:
            connection = Connection(self.test.server.port)
            connection.call("auth.attach", {"access_token": self.test.tokens[self.user]})
            while True:
                while len(self.flying) < self.window and not self.test.has_enough:
                    self.send(connection)
                if not self.flying:
                    return
                self.take(connection.receive())
        except OSError:
            pass
        except (Unusable, ValueError, KeyError) as error:
            self.fault = error

    def send(self, connection):
        write = self.next_write()
        self.flying[write.send(connection, self.test.with_keys)] = write

    def next_write(self):
        chance = self.random.random()
        key = f"{self.test.run}-{self.test.round}-{self.name}-{self.random.getrandbits(64):x}"
        if chance < 0.1 and self.likable:
            return Write("like", {"id": self.likable.pop()}, key, self.user)
        if chance < 0.4:
            return Write("comment", {"post_id": self.test.target, "body": key}, key, self.user)
        return Write("post", {"body": key}, key, self.user)

    def take(self, answer):
        write = self.flying.pop(answer["id"])
        if "error" in answer:
            if answer["error"]["code"] not in AGAIN:
                raise Unusable(f"a write was refused: {json.dumps(answer['error'])}")
            self.test.refused.append(write)
            return
        write.result = answer["result"]
        self.done.append(write)
        if write.kind == "post":
            self.likable.append(write.result["id"])


class Test:
    """All rounds, and what they found."""

    def __init__(self, options, folder):
        self.options = options
        self.with_keys = options.control != "keys"
        self.run = f"{random.getrandbits(32):x}"
        self.round = 0
        self.has_enough = False
        command = options.command + ["serve", "--data", folder, "--port", "0"]
        self.server = self.make_server(command)
        self.random = random.Random(options.seed)
        self.tokens = []
        self.target = None
        self.refused = []
        self.lost = []
        self.doubled = []
        self.wrong = []
        self.figures = collections.Counter()
        self.every_post = collections.Counter()

    writer = Writer

    def make_server(self, command):
        return Server(command)

    def prepare(self):
        self.server.start()
        connection = Connection(self.server.port)
        for number in range(USERS):
            connection.call("auth.register", {
                "username": f"kill_{self.run}_{number}", "password": PASSWORD,
                "_meta": {"idempotency_key": f"{self.run}-user-{number}"}})
        connection.close()

    def log_in(self, connection):
        self.tokens = [
            connection.call("auth.login", {
                "username": f"kill_{self.run}_{number}", "password": PASSWORD})["access_token"]
            for number in range(USERS)]

    def one_round(self):
        self.round += 1
        connection = Connection(self.server.port)
        self.log_in(connection)
        connection.call("auth.attach", {"access_token": self.tokens[0]})
        target = connection.call("posts.create", {"body": f"target {self.run} {self.round}"})
        connection.close()
        self.target = target["id"]
        self.every_post[target["body"]] += 1
        self.refused = []
        self.has_enough = False
        writers = [
            self.writer(self, number, self.random.getrandbits(64))
            for number in range(self.options.connections)]
        for writer in writers:
            writer.start()
        began = time.monotonic()
        self.kill_at_random(writers)
        waited = time.monotonic() - began
        self.join(writers)
        self.again(writers, waited)

    def join(self, writers):
        for writer in writers:
            writer.join(60)
            if writer.is_alive():
                raise Unusable("a connection did not end within a minute")
        for writer in writers:
            if writer.fault is not None:
                raise writer.fault

    def kill_at_random(self, writers):
        """Kills the server once a hundred writes are answered and a random time has passed."""
        self.wait_for_answers(writers)
        time.sleep(self.random.uniform(0, self.options.seconds))
        self.server.kill()

    def wait_for_answers(self, writers):
        began = time.monotonic()
        while sum(len(writer.done) for writer in writers) < self.options.answers:
            if time.monotonic() - began > 60:
                raise Unusable("a hundred writes took more than a minute")
            if any(writer.fault for writer in writers) or self.server.process.poll() is not None:
                break
            time.sleep(0.002)

    def again(self, writers, waited):
        """Starts the server again, sends again what was not answered, and audits."""
        answered = [write for writer in writers for write in writer.done]
        open_writes = [write for writer in writers for write in writer.flying.values()]
        open_writes += self.refused
        if self.random.random() < 0.25:
            self.server.spawn()
            time.sleep(self.random.uniform(0, 0.05))
            self.server.kill()
            self.figures["killed while starting"] += 1
        seconds = self.server.start()
        connection = Connection(self.server.port)
        if not self.is_usable(connection):
            return
        # Ids rise: what was done before the kill has a lesser id than a post made now.
        connection.call("auth.attach", {"access_token": self.tokens[0]})
        fence = Write("post", {"body": f"fence {self.run} {self.round}"}, None, 0)
        fence.key = fence.params["body"]
        fence.result = connection.call("posts.create", fence.params)
        answered.append(fence)
        kept = 0
        for user in range(USERS):
            connection.call("auth.attach", {"access_token": self.tokens[user]})
            for write in open_writes:
                if write.user == user:
                    kept += self.send_again(connection, write, fence.result["id"])
        findings = self.audit(connection, answered, open_writes)
        connection.close()
        self.figures["answered"] += len(answered)
        self.figures["open at the kill"] += len(open_writes)
        self.figures["open and yet done"] += kept
        print(
            f"round {self.round}: killed after {waited * 1000:.0f} ms; {len(answered)} answered, "
            f"{len(open_writes)} open, {kept} of them done before the kill; listening again after "
            f"{seconds * 1000:.0f} ms; lost {findings[0]}, doubled {findings[1]}, "
            f"wrong {findings[2]}", flush=True)

    def is_usable(self, connection):
        """Whether the round can be audited after the new start."""
        return True

    def has_found(self):
        """Whether a control has been found out."""
        return bool({"keys": self.doubled, "early": self.lost}.get(self.options.control))

    def send_again(self, connection, write, fence):
        """Sends one write until it is answered; 1 if it had been done before the kill."""
        while True:
            write.send(connection, self.with_keys)
            answer = connection.receive()
            if "result" in answer:
                write.result = answer["result"]
                return 1 if write.kind != "like" and write.result["id"] < fence else 0
            code = answer["error"]["code"]
            if code == NOT_FOUND:
                # Its post was answered and is not there; the audit of posts tells it too.
                self.lost.append(f"{write.params}: not found")
                return 0
            if code not in AGAIN:
                raise Unusable(f"sent again, refused: {json.dumps(answer['error'])}")
            time.sleep(0.02)

    def audit(self, connection, answered, open_writes):
        """Compares all rows of the round with all writes of the round."""
        target = self.target
        posts = list(connection.pages("posts.list", {}, lambda post: post["id"] <= target))
        comments = list(connection.pages("comments.list", {"post_id": target}))
        lost, doubled, wrong = [], [], []
        writes = [write for write in answered + open_writes if write.result is not None]
        for kind, rows in (("post", posts), ("comment", comments)):
            found = collections.defaultdict(list)
            for row in rows:
                found[row["body"]].append(row["id"])
            for write in writes:
                if write.kind != kind:
                    continue
                ids = found.pop(write.key, [])
                if not ids:
                    lost.append(write.key)
                elif len(ids) > 1:
                    doubled.append(write.key)
                if write.result["id"] not in ids and ids:
                    wrong.append(f"{write.key} has another id than was answered")
                if kind == "post":
                    self.every_post[write.key] += 1
            wrong += [f"{body}: nobody wrote this {kind}" for body in found]
        liked = collections.Counter(w.params["id"] for w in writes if w.kind == "like")
        there = {post["id"]: post["like_count"] for post in posts}
        for post, count in there.items():
            if count != (1 if post in liked else 0):
                (lost if count < liked[post] else wrong).append(f"like_count {count} of {post}")
        count = connection.call("posts.get", {"id": target})["comment_count"]
        if count != len(comments):
            wrong.append(f"comment_count {count}, {len(comments)} comments")
        self.lost += lost
        self.doubled += doubled
        self.wrong += wrong
        return len(lost), len(doubled), len(wrong)

    def audit_all(self):
        """Once more over everything, after an orderly end and a last start."""
        status = self.server.stop()
        if status != 0:
            self.wrong.append(f"after SIGTERM the status was {status}")
        self.server.start()
        connection = Connection(self.server.port)
        found = collections.Counter(
            post["body"] for post in connection.pages("posts.list", {}))
        for body in self.every_post:
            if found[body] == 0:
                self.lost.append(f"at the end: {body}")
            elif found[body] > 1:
                self.doubled.append(f"at the end: {body}")
        connection.close()
        self.figures["posts at the end"] = sum(found.values())
        self.server.stop()


def outcome(test):
    """Says what was found; the status."""
    options = test.options
    print(", ".join(f"{name}: {count}" for name, count in sorted(test.figures.items())))
    print(f"{test.round} rounds, {test.figures['answered']} acknowledged, "
          f"lost {len(test.lost)}, doubled {len(test.doubled)}, wrong {len(test.wrong)}")
    for kind, entries in (("lost", test.lost), ("doubled", test.doubled), ("wrong", test.wrong)):
        for entry in entries[:5]:
            print(f"  {kind}: {entry}")
    if options.control == "keys":
        print("control: without keys, doubles were " + ("found" if test.doubled else "NOT found"))
        return 0 if test.doubled else 1
    if options.control == "early":
        print("control: answered early, losses were " + ("found" if test.lost else "NOT found"))
        return 0 if test.lost else 1
    if test.figures["open and yet done"] == 0 and options.rounds >= 10:
        print("no write was done and unanswered at any kill: the keys were not put to the test")
        return 1
    return 1 if test.lost or test.doubled or test.wrong else 0


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--answers", type=int, default=100, help="answered writes before a kill")
    parser.add_argument("--seconds", type=float, default=0.5, help="the longest wait after them")
    parser.add_argument("--seed", type=int, default=None, help="replays the same choices")
    parser.add_argument("--control", choices=["keys", "early"])
    parser.add_argument("command", nargs="+", help="the server's program, after --")
    options = parser.parse_args()
    if options.seed is None:
        options.seed = random.getrandbits(32)
    print(f"seed {options.seed}", flush=True)
    folder = tempfile.mkdtemp(prefix="mentalmuse-kill-")
    test = Test(options, os.path.join(folder, "data"))
    try:
        test.prepare()
        while test.round < options.rounds and not test.has_found():
            test.one_round()
        test.audit_all()
        status = outcome(test)
    except (Unusable, OSError, ValueError, KeyError) as error:
        print(f"cannot go on: {error!r}", file=sys.stderr)
        print("\n".join(test.server.log), file=sys.stderr)
        status = 2
    finally:
        if test.server.process is not None and test.server.process.poll() is None:
            test.server.kill()
    if status == 0:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        print(f"the data folder is kept: {folder}", file=sys.stderr)
    sys.exit(status)


if __name__ == "__main__":
    main()
