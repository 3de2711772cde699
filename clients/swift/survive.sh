#!/bin/sh
# Writes posts through the Swift client while the server is killed at a third of them, and stopped
# as an operator would at two thirds, and started again each time; then counts them. Leaves with 0
# if there are exactly as many as were written, each once:
#     survive.sh PROGRAM WRITES [POSTS] [TASKS]
# PROGRAM is mentalmuse, WRITES the program of that name in Example.
set -eu
program=$1 writes=$2 posts=${3:-10000} tasks=${4:-64}
work=$(mktemp -d)
server= client=
cleanup() {
    [ -z "$client" ] || kill "$client" 2>/dev/null || true
    [ -z "$server" ] || kill -9 "$server" 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT
mkdir -m 700 "$work/data"

# start PORT: serves there (0: on a free one) and sets port.
start() {
    : >"$work/log"
    "$program" serve --data "$work/data" --port "$1" --argon2-memory-kib 64 --argon2-passes 1 \
        2>"$work/log" &
    server=$!
    port=
    until [ -n "$port" ]; do
        kill -0 "$server" 2>/dev/null || { cat "$work/log" >&2; exit 1; }
        sleep 0.05
        port=$(sed -n 's/.*"event":"listening".*"port":\([0-9]*\).*/\1/p' "$work/log" | head -n 1)
    done
}

# await WORD: the writer says it, or is done.
await() {
    until grep -q "^$1" "$work/said"; do
        kill -0 "$client" 2>/dev/null || break
        sleep 0.01
    done
}

: >"$work/said"
start 0
MUSE_URL=tcp://127.0.0.1:$port "$writes" "$posts" "$tasks" >"$work/said" &
client=$!
await "a third"
kill -9 "$server"
wait "$server" 2>/dev/null || true
start "$port"
await "two thirds"
kill "$server"
wait "$server" || { echo "the server did not stop as it should" >&2; exit 1; }
start "$port"
status=0
wait "$client" || status=$?
client=
cat "$work/said"
# It was still writing when the server was killed, or nothing has been shown.
grep -q "^a third" "$work/said" && grep -q "^two thirds" "$work/said"
exit "$status"
