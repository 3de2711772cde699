#!/usr/bin/env python3
"""Who gets in: named checks against a real server, each with a control in which it must fail.

    entry.py [--only tutorials,forgeries,…] [--samples 1000] -- .build/release/mentalmuse

The control of a check is the same check against a server that seems to have the fault. After each
theme its server's log and data folder are searched for every password and token of the run.

Standard library only, and openssl(1). Status: 0 as it should be, 1 a finding.
"""
import argparse
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from attacking import (  # noqa: E402
    files, forgeries, injection, sessions, throttles, timing, tutorials)
from attacking.report import Report, expect  # noqa: E402
from attacking.wire import Server  # noqa: E402
from attacking.world import World, tells_nothing  # noqa: E402

THEMES = {
    "tutorials": (tutorials, []),
    "forgeries": (forgeries, []),
    "files": (files, []),
    "sessions": (sessions, []),
    "throttles": (throttles, throttles.FLAGS),
    "injection": (injection, injection.FLAGS),
    "timing": (timing, timing.FLAGS),
}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(THEMES))
    parser.add_argument("--samples", type=int, default=1_000)
    parser.add_argument("program", help="the server's program, after --")
    options = parser.parse_args()
    report = Report("who gets in")
    for name in options.only.split(","):
        theme, flags = THEMES[name]
        print(f" {name}", flush=True)
        with Server(options.program, "--workers", "2", "--log-requests", "all", *flags) as server:
            world = World(server)
            world.samples = options.samples
            world.check_all(report, theme.CHECKS)
            report.check("logs and data folder have no secret", tells_nothing, server)
            report.check("the server ends as it should", lambda: expect(
                server.process.poll() is None and server.stop() == 0, "its status is not 0"))
    sys.exit(report.end())


if __name__ == "__main__":
    main()
