#!/usr/bin/env bash
# The control of the kill test that needs another server: a copy of the sources in which the writer
# hands back its results before the COMMIT is built, and the test has to find what it loses.
#   Tests/Faults/early.sh [FOLDER]     FOLDER: where it is built (.build-early if not given)
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=$(realpath -m "${1:-.build-early}")
rm -rf "$folder/copy"
mkdir -p "$folder"
git clone -q . "$folder/copy"
python3 - "$folder/copy/Sources/MuseStore/WriterLoop.swift" <<'END'
import sys
path = sys.argv[1]
text = open(path).read()
before = "            isCommitting = true\n            try commit()\n"
after = "            isCommitting = true\n            finish(nil)\n            usleep(20_000)\n            try commit()\n"
assert text.count(before) == 1, "the writer's commit has moved"
text = text.replace(before, after)
end = "            return finish(.commitFailed(isOver ? .none : .unknown))\n        }\n        finish(nil)\n"
assert text.count(end) == 1, "the writer's end of a group has moved"
text = text.replace(end, "            _ = isOver\n            return\n        }\n")
open(path, "w").write(text)
END
swift build -c release --product mentalmuse --package-path "$folder/copy" --scratch-path "$folder/build"
python3 Tests/Faults/kill.py --rounds 8 --control early -- "$folder/build/release/mentalmuse"
