#!/usr/bin/env python3
"""Takes away one check, limit, owner rule, escape or sync at a time, and sees what notices.

    mutants.py [--only NAME,…] [--clone FOLDER] [--built] [--narrow] [--list]

On a clone all changes of `mutations/` are built in at once, each behind a switch (`MUSE_MUTANT`),
so that one build does for all; then one at a time is switched on. With none on, everything has to
pass. Tests run from the narrowest to the widest until one fails: the Swift tests that could see it,
the attacks over the wire, then all others. A change whose text is not found exactly once fails the
run before anything is built. Survivors are listed; fewer than 95 % caught is a failure.

Standard library only. Status: 0 as it should be, 1 too many survivors, 2 it could not be run.
"""
import argparse
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[1]
sys.path.insert(0, str(HERE))
from mutations import ALL  # noqa: E402

SWITCH = """
/// Which mutant is switched on.
private let mutantOn: String? = unsafe getenv("MUSE_MUTANT").map { unsafe String(cString: $0) }

private func isMutant(_ name: String) -> Bool { mutantOn == name }
"""
# The Swift tests by the module that a change is in; then, in turn, what else could see it.
NARROW = {
    "MuseCrypto": "MuseCryptoTests", "MuseService": "MuseServiceTests",
    "MuseServer": "MuseServerTests", "MuseStore": "MuseStoreTests",
    "MuseSQLite": "MuseSQLiteTests|MuseStoreTests", "MuseJSON": "MuseJSONTests",
    "MuseRPC": "MuseRPCTests", "MentalMuseProtocol": "MentalMuseProtocolTests",
    "mentalmuse": "MentalMuseProgramTests",
}
ATTACKS = [
    ["Tests/Attacks/authz.py", "--"], ["Tests/Attacks/proxies.py", "--"],
    ["Tests/Attacks/entry.py", "--samples", "300", "--"],
]
WIDE = "MuseServiceTests|MuseServerTests|MuseStoreTests|ConformanceTests|ModelTests|" \
    "MentalMuseProgramTests|FuzzerTests|MuseTLSTests"
BASELINE = sorted({*NARROW.values(), WIDE})


FAILURE = re.compile(r"FAILED|✘|error:|Fatal error|recorded an issue")


class Unusable(Exception):
    """The mutants cannot be made or run."""


def changed(clone, mutants):
    """Writes every change into the clone, each behind its switch."""
    files = {}
    for name, _, edits in mutants:
        for path, old, new in edits:
            text = files.get(path) or (clone / path).read_text("utf-8")
            if text.count(old) != 1:
                raise Unusable(f"{name}: its text is {text.count(old)} times in {path}: {old!r}")
            # Doubled braces are braces where there is a switch to put in.
            new = new.replace("{{", "\0").replace("}}", "\1")
            new = new.replace("{on}", f'isMutant("{name}")').replace("\0", "{").replace("\1", "}")
            files[path] = text.replace(old, new)
    for path, text in files.items():
        if not re.search(r"^\s*(internal )?import Glibc$", text, re.M):
            text = re.sub(r"^((?:internal|package|public)? ?import )", r"internal import Glibc\n\1",
                          text, count=1, flags=re.M) if re.search(r"^\w* ?import ", text, re.M) \
                else re.sub(r"^(?!//)", "internal import Glibc\n", text, count=1, flags=re.M)
        (clone / path).write_text(text + SWITCH, "utf-8")
    return sorted(files)


def run(clone, command, mutant=None, seconds=400):
    """Whether a command passes, and what it said of the first failure, which ends it."""
    environment = {**os.environ}
    environment.pop("MUSE_MUTANT", None)
    if mutant:
        environment["MUSE_MUTANT"] = mutant
    process = subprocess.Popen(command, cwd=clone, env=environment, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, start_new_session=True)
    # A test that hangs has noticed something too.
    said = ["it hangs"]
    timer = threading.Timer(seconds, lambda: os.killpg(process.pid, signal.SIGKILL))
    timer.start()
    try:
        for line in process.stdout:
            said.append(line.decode("utf-8", "replace").strip()[:150])
            if FAILURE.search(said[-1]):
                os.killpg(process.pid, signal.SIGKILL)
                break
        return process.wait() == 0, said[-1]
    finally:
        timer.cancel()
        process.stdout.close()


def swift(tests):
    return ["swift", "test", "--skip-build", "--filter", tests]


def stages(edits, narrow_only):
    """The commands for a mutant, narrowest first."""
    module = edits[0][0].split("/")[1]
    yield swift(NARROW[module])
    if narrow_only:
        return
    for script in ATTACKS:
        yield [sys.executable, *script, ".build/debug/mentalmuse"]
    yield swift(WIDE)


def judge(clone, mutants, narrow_only):
    """Runs the tests against each; the names of those that nothing noticed."""
    survivors = []
    for number, (name, what, edits) in enumerate(mutants):
        began = time.monotonic()
        found = None
        for command in stages(edits, narrow_only):
            passed, said = run(clone, command, name)
            if not passed:
                found = f"{' '.join(command[1:])[:60]}: {said}"
                break
        if found is None:
            survivors.append(name)
        print(f"  {number + 1:2}/{len(mutants)} {'caught  ' if found else 'SURVIVED'} {name} ({what}) "
              f"{time.monotonic() - began:.0f} s" + (f"\n           {found}" if found else ""),
              flush=True)
    return survivors


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", help="names, with commas")
    parser.add_argument("--clone", help="a folder to build in, which stays; its build is used again")
    parser.add_argument("--built", action="store_true",
                        help="take the clone as it is, its changes made and built")
    parser.add_argument("--narrow", action="store_true", help="the first stage alone")
    parser.add_argument("--list", action="store_true", help="check the texts, list, and end")
    options = parser.parse_args()
    names = options.only.split(",") if options.only else [name for name, _, _ in ALL]
    mutants = [mutant for mutant in ALL if mutant[0] in names]
    if len(mutants) != len(set(names)):
        print(f"unknown: {set(names) - {mutant[0] for mutant in ALL}}", file=sys.stderr)
        sys.exit(2)
    folder = tempfile.mkdtemp(prefix="mentalmuse-mutants-")
    clone = pathlib.Path(options.clone or os.path.join(folder, "clone"))
    try:
        if options.built:
            pass
        elif not clone.exists():
            subprocess.run(["git", "clone", "-q", str(TOP), str(clone)], check=True)
        else:
            subprocess.run(["git", "-C", str(clone), "checkout", "-q", "."], check=True)
            subprocess.run(["git", "-C", str(clone), "pull", "-q", str(TOP), "HEAD"], check=True)
        if not options.built:
            files = changed(clone, ALL)
            print(f"{len(ALL)} changes in {len(files)} files", flush=True)
        if options.list:
            for name, what, _ in ALL:
                print(f"  {name}: {what}")
            return
        passed, said = run(clone, ["swift", "build", "--build-tests"], seconds=7_200)
        if not passed:
            raise Unusable(f"the clone does not build: {said}")
        for tests in BASELINE if not options.narrow else []:
            passed, said = run(clone, swift(tests))
            if not passed:
                raise Unusable(f"with no mutant on, {tests} fails: {said}")
        survivors = judge(clone, mutants, options.narrow)
        caught = len(mutants) - len(survivors)
        print(f"{caught} of {len(mutants)} caught, {caught / len(mutants):.0%}"
              + (f"; survivors: {', '.join(survivors)}" if survivors else ""))
        sys.exit(0 if caught >= 0.95 * len(mutants) else 1)
    except (Unusable, subprocess.CalledProcessError) as error:
        print(f"cannot go on: {error}", file=sys.stderr)
        sys.exit(2)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
