#!/usr/bin/env python3
"""The machine loses its power in the middle of writes: what was synced is there after, the rest by
chance (dropped, kept, torn at sectors of 512 bytes; names of files that no folder's sync made
durable too). kill.py's rounds and audit, on the disk that shim.py simulates; after each round
`mentalmuse verify` too.

    power.py [--rounds 20] [--connections 32] [--failing-sync] [--control normal] -- PROGRAM

Controls end with the round in which the loss was found.

--failing-sync: in each round a sync of the write-ahead log fails before the power goes. What was
refused with outcome `none` may not be there after; what has outcome `unknown` is sent again with
its key. In every other round the refused write is the last one: no later commit takes the place of
its frames in the log.
--control normal: the engine syncs at checkpoints only (synchronous=NORMAL); answered writes must be
lost.
--control marker: a server that writes no marker over a commit that failed (controls.py builds one);
with --failing-sync --by-kill refused writes must come back.
--control names: a server that does not sync the folder above its data folder; all must be gone.

Standard library only, and gcc. Status: 0 as it should be, 1 a finding, 2 it could not be run.
"""
import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

import kill
from serving import Connection, Server, Unusable
from shim import Disk, PoweredServer

QUICK = ["--argon2-memory-kib", "64", "--argon2-passes", "1"]
UNAVAILABLE = 1601


class Writer(kill.Writer):
    """Tells what was refused for good from what may have been done."""

    def take(self, answer):
        error = answer.get("error")
        if error is not None and error["code"] == UNAVAILABLE:
            outcome = error["data"]["outcome"]
            self.test.figures[f"refused, outcome {outcome}"] += 1
            write = self.flying.pop(answer["id"])
            if outcome == "unknown":
                self.test.refused.append(write)
            return
        super().take(answer)


class Test(kill.Test):
    writer = Writer

    def make_server(self, command):
        self.disk = Disk(self.options.folder)
        self.disk.control.seed = self.options.seed & 0xFFFFFFFF
        self.disk.control.sync_delay_us = 600
        self.disk.control.log_alone = 1
        self.disk.control.is_normal = 1 if self.options.control == "normal" else 0
        if self.options.by_kill:
            return ShimmedServer(command, self.disk)
        return PoweredServer(command, self.disk, self.options.seed)

    def prepare(self):
        super().prepare()
        if self.options.control == "normal":
            # At its end the server moves the log into the database: the users stay.
            self.server.stop()
            self.server.start()

    end_early = False

    def has_found(self):
        return bool({
            "normal": self.lost and self.disk.control.made_normal, "marker": self.wrong,
            "names": self.end_early}.get(self.options.control))

    def is_usable(self, connection):
        if self.options.control is None:
            return True
        # What the control loses may be what the audit stands on.
        connection.send("users.get", {"username": f"kill_{self.run}_0"})
        if "error" in connection.receive():
            self.lost.append("all is gone, the accounts too")
            self.end_early = True
            return False
        self.log_in(connection)
        connection.send("posts.get", {"id": self.target})
        if "result" in connection.receive():
            return True
        self.lost.append("the round's first post was acknowledged, and is not there")
        return False

    def one_round(self):
        super().one_round()
        self.verify()
        self.server.start()

    def kill_at_random(self, writers):
        if not self.options.failing_sync:
            super().kill_at_random(writers)
        elif self.round % 2 == 1:
            self.kill_after_refusal(writers)
        else:
            self.kill_around_failure()

    def kill_after_refusal(self, writers):
        """Kills it once one write, which nothing follows, is refused."""
        self.wait_for_answers(writers)
        self.has_enough = True
        self.join(writers)
        last = writers[0]
        connection = Connection(self.server.port)
        connection.call("auth.attach", {"access_token": self.tokens[last.user]})
        self.disk.control.sync_failures = 1
        last.send(connection)
        last.take(connection.receive())
        self.server.kill()
        connection.close()
        if self.disk.control.sync_failures > 0:
            raise Unusable("a write was answered without a sync of the log")
        self.figures["syncs failed"] += 1

    def kill_around_failure(self):
        """Kills it at once when syncs fail under writing connections, or later."""
        control = self.disk.control
        control.sync_passes = self.random.randint(1, 8)
        # Two in a row fail the recovery too.
        failures = control.sync_failures = self.random.choice([1, 1, 1, 2, 3])
        began = time.monotonic()
        while control.sync_failures > 0:
            if time.monotonic() - began > 60:
                raise Unusable("the log was not synced so often within a minute")
            time.sleep(0.0002)
        # At once, while what failed is still all that the log holds, or later.
        time.sleep(self.random.choice([0, 0.002, self.random.uniform(0, self.options.seconds)]))
        self.server.kill()
        self.figures["syncs failed"] += failures

    def verify(self):
        """Ends the server, and asks the program whether the database agrees with itself."""
        if self.server.stop() != 0:
            self.wrong.append("after SIGTERM the status was not 0")
        told = subprocess.run(
            [*self.options.command, "verify", "--data", self.options.data],
            capture_output=True, text=True, check=False)
        if told.returncode != 0:
            self.wrong.append(f"verify: {told.stdout.strip()} {told.stderr.strip()}")


class ShimmedServer(Server):
    """A server on the shimmed disk that is killed; the machine stays."""

    def __init__(self, command, disk):
        super().__init__(command)
        self.environment = disk.environment()
        self.figures = {}

    def dispose(self):
        if self.process is not None and self.process.poll() is None:
            self.kill()


def one_folder(options, rounds, seed, total):
    """So many rounds on a data folder of their own; adds what was found."""
    options.folder = tempfile.mkdtemp(prefix="mentalmuse-power-")
    options.seed = seed
    options.data = os.path.join(options.folder, "machine", "data")
    test = Test(options, options.data)
    test.server.command += QUICK
    ended = False
    try:
        test.prepare()
        while test.round < rounds and not test.end_early and not test.has_found():
            test.one_round()
        if options.control is None:
            test.audit_all()
        ended = True
    except (Unusable, OSError, ValueError, KeyError):
        print("\n".join(test.server.log), file=sys.stderr)
        raise
    finally:
        test.server.dispose()
        found = not ended or test.lost or test.doubled or test.wrong
        if found and options.control is None:
            print(f"the folder is kept: {options.folder} (seed {seed})", file=sys.stderr)
        else:
            shutil.rmtree(options.folder, ignore_errors=True)
    for name, count in {**test.figures, **test.server.figures}.items():
        total["figures"][name] = total["figures"].get(name, 0) + count
    for kind in ("lost", "doubled", "wrong"):
        total[kind] += getattr(test, kind)
    total["made normal"] += test.disk.control.made_normal
    total["rounds"] += test.round
    return test.has_found()


def is_refused(total):
    """Whether a write was refused for a failed sync."""
    return total["figures"].get("refused, outcome none", 0) > 0


def is_enough(options, total):
    if total["rounds"] < options.rounds:
        return False
    # A failed sync may meet no write; with a few rounds more one does.
    needs_refusal = options.failing_sync and options.control is None
    return not needs_refusal or is_refused(total) or total["rounds"] >= options.rounds + 20


def outcome(options, total):
    print(", ".join(f"{name}: {count}" for name, count in sorted(total["figures"].items())))
    for kind in ("lost", "doubled", "wrong"):
        for entry in total[kind][:5]:
            print(f"  {kind}: {entry}")
    figure = (f"{total['rounds']} rounds, {total['figures'].get('answered', 0)} acknowledged, "
              f"lost {len(total['lost'])}, doubled {len(total['doubled'])}, "
              f"wrong {len(total['wrong'])}")
    print(figure)
    if options.control == "normal":
        found = total["made normal"] > 0 and total["lost"]
        print("control: with synchronous=NORMAL, losses were "
              + ("found" if found else "NOT found"))
        return 0 if found else 1
    if options.control == "names":
        found = any("all is gone" in entry for entry in total["lost"])
        print("control: a name that was not synced was " + ("lost" if found else "NOT lost"))
        return 0 if found else 1
    if options.control == "marker":
        found = total["wrong"]
        print("control: without the marker, refused writes " + ("came" if found else "did NOT come")
              + " back")
        return 0 if found else 1
    if options.failing_sync and not is_refused(total):
        print("no write was refused for a failed sync: nothing was put to the test")
        return 1
    return 1 if total["lost"] or total["doubled"] or total["wrong"] else 0


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--answers", type=int, default=100, help="answered writes before the loss")
    parser.add_argument("--seconds", type=float, default=0.3, help="the longest wait after them")
    parser.add_argument("--seed", type=int, default=None, help="replays the same choices")
    parser.add_argument("--rounds-a-folder", type=int, default=10,
                        help="then a new one: the first start loses power too")
    parser.add_argument("--failing-sync", action="store_true")
    parser.add_argument("--by-kill", action="store_true", help="a kill -9 in place of the loss")
    parser.add_argument("--control", choices=["normal", "marker", "names"])
    parser.add_argument("command", nargs="+", help="the server's program, after --")
    options = parser.parse_args()
    first = random.getrandbits(32) if options.seed is None else options.seed
    print(f"seed {first}", flush=True)
    total = {"figures": {}, "lost": [], "doubled": [], "wrong": [], "made normal": 0, "rounds": 0}
    has_found = False
    try:
        while not has_found and not is_enough(options, total):
            rounds = min(options.rounds_a_folder, max(options.rounds - total["rounds"], 1))
            has_found = one_folder(options, rounds, first + total["rounds"], total)
        status = outcome(options, total)
    except (Unusable, OSError, ValueError, KeyError, subprocess.SubprocessError) as error:
        print(f"cannot go on: {error!r}", file=sys.stderr)
        status = 2
    sys.exit(status)


if __name__ == "__main__":
    main()
