#!/usr/bin/env python3
"""The controls that need servers of their own: copies of the sources with one thing taken out,
and a fault test has to find what is lost by it.

    Tests/Faults/controls.py [FOLDER]     where they are built; .build-controls if not given

Standard library only, and the Swift toolchain. Status: 0 where each was found.
"""
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
LOOP = "Sources/MuseStore/WriterLoop.swift"

# What is taken out, where, the pieces before and after, and the test that has to find it.
CONTROLS = [
    ("the writer answers before its COMMIT", LOOP, [
        ("            isCommitting = true\n            try commit()\n",
         "            isCommitting = true\n            finish(nil)\n            usleep(20_000)\n"
         "            try commit()\n"),
        ("            return finish(.commitFailed(isOver ? .none : .unknown))\n        }\n"
         "        finish(nil)\n",
         "            _ = isOver\n            return\n        }\n"),
    ], ["kill.py", "--rounds", "8", "--control", "early"]),
    ("a commit that failed is rolled back, and no marker is written over it", LOOP, [
        ("            try connection.reopen()\n            try connection.beginWrite()\n"
         "            try connection.writeMark(\"recovered\", "
         "options.clock.now().milliseconds)\n            try connection.commit()\n",
         "            try connection.execute(\"PRAGMA page_size\")\n"),
    ], ["power.py", "--rounds", "4", "--failing-sync", "--by-kill", "--control", "marker"]),
    ("the data folder's own name is not made durable", "Sources/mentalmuse/Data/DataFolder.swift", [
        ("            try Files.syncFolder(of: path)\n", ""),
    ], ["power.py", "--rounds", "30", "--rounds-a-folder", "1", "--control", "names"]),
]


def run(folder, name, path, pieces, test):
    """Builds the copy and drives it; whether the test found what is missing."""
    print(f"== {name}", flush=True)
    copy = os.path.join(folder, "copy")
    subprocess.run(["git", "-C", copy, "checkout", "-q", "--", "Sources"], check=True)
    whole = os.path.join(copy, path)
    with open(whole, encoding="utf-8") as file:
        text = file.read()
    for before, after in pieces:
        if text.count(before) != 1:
            sys.exit(f"{path} has moved: {before!r}")
        text = text.replace(before, after)
    with open(whole, "w", encoding="utf-8") as file:
        file.write(text)
    build = os.path.join(folder, "build")
    subprocess.run(
        ["swift", "build", "-c", "release", "--product", "mentalmuse", "--package-path", copy,
         "--scratch-path", build], check=True)
    program = os.path.join(build, "release", "mentalmuse")
    told = subprocess.run(
        [sys.executable, os.path.join(HERE, test[0]), *test[1:], "--", program], check=False)
    return told.returncode == 0


def main():
    folder = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else ".build-controls")
    copy = os.path.join(folder, "copy")
    shutil.rmtree(copy, ignore_errors=True)
    os.makedirs(folder, exist_ok=True)
    subprocess.run(["git", "clone", "-q", TOP, copy], check=True)
    found = [run(folder, *control) for control in CONTROLS]
    sys.exit(0 if all(found) else 1)


if __name__ == "__main__":
    main()
