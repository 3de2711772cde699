#!/usr/bin/env bash
# The controls that need servers of their own: copies of the sources with one thing taken out, and a
# fault test has to find what is lost by it.
#   Tests/Faults/controls.sh [FOLDER]     FOLDER: where they are built (.build-controls if not given)
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=$(realpath -m "${1:-.build-controls}")
rm -rf "$folder/copy"
mkdir -p "$folder"
git clone -q . "$folder/copy"

# patched FILE BEFORE AFTER [BEFORE AFTER ...]: the file as committed, with pieces replaced.
patched() {
    git -C "$folder/copy" checkout -q -- Sources
    python3 - "$folder/copy/$1" "${@:2}" <<'END_PYTHON'
import sys
path, pieces = sys.argv[1], sys.argv[2:]
text = open(path).read()
for before, after in zip(pieces[::2], pieces[1::2]):
    before, after = before.encode().decode("unicode_escape"), after.encode().decode("unicode_escape")
    assert text.count(before) == 1, f"{path} has moved: {before!r}"
    text = text.replace(before, after)
open(path, "w").write(text)
END_PYTHON
    swift build -c release --product mentalmuse --package-path "$folder/copy" \
        --scratch-path "$folder/build"
}
program=$folder/build/release/mentalmuse
loop=Sources/MuseStore/WriterLoop.swift

echo "== the writer answers before its COMMIT"
patched $loop \
    '            isCommitting = true\n            try commit()\n' \
    '            isCommitting = true\n            finish(nil)\n            usleep(20_000)\n            try commit()\n' \
    '            return finish(.commitFailed(isOver ? .none : .unknown))\n        }\n        finish(nil)\n' \
    '            _ = isOver\n            return\n        }\n'
python3 Tests/Faults/kill.py --rounds 8 --control early -- "$program"

echo "== a commit that failed is rolled back, and no marker is written over it"
patched $loop \
    '            try connection.reopen()\n            try connection.beginWrite()\n            try connection.writeMark("recovered", options.clock.now().milliseconds)\n            try connection.commit()\n' \
    '            try connection.execute("PRAGMA page_size")\n'
python3 Tests/Faults/power.py --rounds 10 --failing-sync --by-kill --control marker -- "$program"

echo "== the data folder's own name is not made durable"
patched Sources/mentalmuse/Data/DataFolder.swift \
    '            try Files.syncFolder(of: path)\n' ''
if python3 Tests/Faults/power.py --rounds 60 --rounds-a-folder 1 -- "$program" >"$folder/names" 2>&1; then
    echo "control: nothing was lost with the folder's name" >&2
    exit 1
fi
echo "control: a data folder whose name was not synced was lost"
