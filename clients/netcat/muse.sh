# POSIX shell functions that speak to a MentalMuse server, for scripts: . ./muse.sh
#
#   muse_open                    opens a connection, which calls then share; may be left out
#   muse_call METHOD [PARAMS]    one call; PARAMS are JSON. Prints the result, or the error to
#                                standard error
#   muse_member NAME             the first string member of that name of a line that it reads;
#                                no escapes in it
#   muse_close                   closes the connection
#
# MUSE_URL    tcp://host:port, tls://host:port or unix:/path; tcp://127.0.0.1:6873 if unset
# MUSE_CA     a file of certificates to trust over TLS, instead of the system's
# MUSE_TOKEN  an access token for calls on connections that are not attached
# MUSE_KEY    the idempotency key of the next call; each makes its own if unset
# MUSE_WAIT   seconds to wait for an answer; 30 if unset
#
# muse_call gives 0 for a result, 1 for a refusal, 3 where there is no connection or no answer.

muse_pid=

# Copies standard input to the server and what it says to standard output.
muse_transport() {
    muse_url=${MUSE_URL:-tcp://127.0.0.1:6873}
    case $muse_url in
    tcp://*)
        muse_url=${muse_url#tcp://}
        exec nc "${muse_url%:*}" "${muse_url##*:}"
        ;;
    tls://*)
        muse_url=${muse_url#tls://}
        exec openssl s_client -quiet -verify_return_error -connect "$muse_url" \
            -servername "${muse_url%:*}" -verify_hostname "${muse_url%:*}" \
            ${MUSE_CA:+-CAfile "$MUSE_CA"} 2>/dev/null
        ;;
    unix:*) exec nc -U "${muse_url#unix:}" ;;
    *)
        echo "muse: no address: $muse_url" >&2
        return 2
        ;;
    esac
}

muse_open() {
    muse_close
    muse_folder=$(mktemp -d) || return 3
    mkfifo "$muse_folder/in" "$muse_folder/out" || return 3
    muse_transport <"$muse_folder/in" >"$muse_folder/out" &
    muse_pid=$!
    exec 8>"$muse_folder/in" 9<"$muse_folder/out"
    rm -r "$muse_folder"
    muse_id=0
}

muse_close() {
    [ -n "$muse_pid" ] || return 0
    exec 8>&- 9<&-
    kill "$muse_pid" 2>/dev/null
    wait "$muse_pid" 2>/dev/null
    muse_pid=
    return 0
}

# Adds `_meta` with a key, and a token if there is one, to params by name that have none.
muse_params() {
    muse_key=${MUSE_KEY:-$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')}
    muse_meta="\"_meta\":{${MUSE_TOKEN:+\"access_token\":\"$MUSE_TOKEN\",}\"idempotency_key\":\"$muse_key\"}"
    case $1 in
    *'"_meta"'* | '['*) printf %s "$1" ;;
    '') printf '{%s}' "$muse_meta" ;;
    *)
        muse_rest=$(printf %s "${1#*\{}" | sed 's/^[[:space:]]*//')
        case $muse_rest in
        '}'*) printf '{%s}' "$muse_meta" ;;
        *) printf '{%s,%s' "$muse_meta" "$muse_rest" ;;
        esac
        ;;
    esac
}

muse_call() {
    if [ -z "$muse_pid" ]; then
        muse_open || return 3
        muse_call "$@"
        muse_status=$?
        muse_close
        return $muse_status
    fi
    muse_id=$((muse_id + 1))
    (
        trap '' PIPE
        printf '{"jsonrpc":"2.0","id":%d,"method":"%s","params":%s}\n' \
            "$muse_id" "$1" "$(muse_params "${2-}")" >&8
    ) 2>/dev/null
    # Where no answer comes the connection is ended, and with it the wait.
    (sleep "${MUSE_WAIT:-30}" && kill "$muse_pid") </dev/null >/dev/null 2>&1 8>&- 9<&- &
    muse_watch=$!
    muse_answer=
    while IFS= read -r muse_line <&9; do
        case $muse_line in
        *'"id":'"$muse_id"[,}]*)
            muse_answer=$muse_line
            break
            ;;
        esac
    done
    kill "$muse_watch" 2>/dev/null
    case $muse_answer in
    '')
        echo "muse: no answer from ${MUSE_URL:-tcp://127.0.0.1:6873}" >&2
        return 3
        ;;
    *'"error":{"code":'*)
        muse_answer=${muse_answer#*\"error\":}
        printf '%s\n' "${muse_answer%\}}" >&2
        return 1
        ;;
    *)
        muse_answer=${muse_answer#*\"result\":}
        printf '%s\n' "${muse_answer%\}}"
        ;;
    esac
}

muse_member() {
    IFS= read -r muse_line
    case $muse_line in
    *"\"$1\":\""*)
        muse_line=${muse_line#*"\"$1\":\""}
        printf '%s\n' "${muse_line%%\"*}"
        ;;
    *) return 1 ;;
    esac
}
