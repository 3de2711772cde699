// Drives the C shims (Sources/CPlatform, Sources/CMicroHTTP) with edge values and with bytes from
// outside, under the compiler's checks of undefined behaviour and of addresses. Tests/Fuzzers/run
// compiles it: shims SECONDS [SEED]. Status 1 and a sentence where something does not hold.
#include "CMicroHTTP.h"
#include "CPlatform.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static void hold(int holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "shims: %s\n", what);
    exit(1);
}

// SplitMix64 (Steele, Lea, Flood 2014).
static uint64_t state;
static uint64_t chance(uint64_t below) {
    uint64_t z = state += 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return (z ^ (z >> 31)) % below;
}

// Two ends of a TCP connection over loopback; those of a Unix socket tell no TCP figures.
static void connect_pair(int ends[2]) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    hold(!bind(listener, (void *)&address, length) && !listen(listener, 1), "no listener");
    hold(!getsockname(listener, (void *)&address, &length), "no address");
    ends[0] = socket(AF_INET, SOCK_STREAM, 0);
    hold(!connect(ends[0], (void *)&address, length), "no connection");
    uint32_t none = 0;
    char nothing;
    ends[1] = muse_accept(listener, &nothing, &none);
    hold(ends[1] >= 0 && none == sizeof address, "an address of no bytes tells its length");
    close(listener);
}

// MARK: CPlatform

static void try_events(void) {
    enum { COUNT = 300 };
    int epoll = muse_epoll_create(), descriptors[COUNT];
    struct muse_event events[COUNT];
    for (int i = 0; i < COUNT; i++) {
        descriptors[i] = muse_eventfd();
        hold(descriptors[i] >= 0 && !muse_eventfd_signal(descriptors[i]), "no signal");
        hold(!muse_epoll_add(epoll, descriptors[i], MUSE_READABLE, UINT64_MAX - i), "not added");
        hold(muse_epoll_add(epoll, descriptors[i], MUSE_READABLE, 0) == -EEXIST, "added twice");
    }
    for (int count = -1; count <= COUNT; count++) {
        int found = muse_epoll_wait(epoll, events, count, 0);
        hold(count > 0 ? found == (count < 256 ? count : 256) : found == -EINVAL, "other events");
        for (int i = 0; i < found; i++)
            hold(events[i].readiness == MUSE_READABLE && events[i].token > UINT64_MAX - COUNT,
                 "an event is another one");
    }
    for (uint32_t bits = 0; bits < 64; bits++)
        muse_epoll_modify(epoll, descriptors[0], bits | UINT32_MAX << 6, 0);
    for (int i = 0; i < COUNT; i++) {
        hold(!muse_epoll_remove(epoll, descriptors[i]), "not removed");
        close(descriptors[i]);
    }
    hold(muse_epoll_wait(epoll, events, 1, 0) == 0, "an event of nothing");
    close(epoll);
}

static void try_no_descriptor(void) {
    char bytes[8];
    uint32_t number = sizeof bytes;
    struct muse_event event;
    hold(muse_epoll_add(-1, -1, 0, 0) == -EBADF && muse_epoll_modify(-1, -1, 0, 0) == -EBADF
            && muse_epoll_remove(-1, -1) == -EBADF && muse_epoll_wait(-1, &event, 1, 0) == -EBADF
            && muse_eventfd_signal(-1) == -EBADF && muse_accept(-1, bytes, &number) == -EBADF
            && muse_peer_uid(-1, &number) == -EBADF && muse_set_no_delay(-1) == -EBADF
            && muse_set_reset_on_close(-1) == -EBADF && muse_shutdown_sending(-1) == -EBADF
            && muse_receive(-1, bytes, 8) == -EBADF && muse_send(-1, bytes, 8) == -EBADF
            && muse_pending_error(-1) == -EBADF,
        "no descriptor is no error");
    hold(muse_socket(-1) < 0 && muse_socket(INT32_MAX) < 0, "a socket of no family");
    hold(muse_http_taken(-1) == 0 && muse_http_received(-1) == 0 && muse_http_copy(-1) < 0
            && !muse_http_has_ended(-1), "figures of no descriptor");
    muse_http_shut(-1);
}

static void try_ends(void) {
    int ends[2];
    char bytes[8] = "abcdefgh";
    connect_pair(ends);
    hold(muse_receive(ends[1], bytes, 8) == -EAGAIN && !muse_http_has_ended(ends[1]), "bytes of none");
    hold(muse_send(ends[0], bytes, 8) == 8 && muse_receive(ends[1], bytes, 0) == 0, "not sent");
    hold(!muse_shutdown_sending(ends[0]) && !muse_http_has_ended(ends[1]), "an end before its bytes");
    hold(muse_receive(ends[1], bytes, 8) == 8 && muse_http_has_ended(ends[1]), "no end");
    hold(muse_http_received(ends[1]) >= 8, "bytes that were not counted");
    hold(!muse_set_reset_on_close(ends[0]), "no reset");
    close(ends[0]);
    hold(muse_pending_error(ends[1]) > 0 && muse_send(ends[1], bytes, 8) == -EPIPE, "no error");
    close(ends[1]);
}

// MARK: CMicroHTTP

static struct { long opened, closed, began, ended, made, released, answered; } counts;
static struct MHD_Connection *waiting;
static uint64_t sum;

static void *opened(void *owner, struct MHD_Connection *connection) {
    (void)owner;
    counts.opened++;
    return connection;
}

static void closed(void *owner, void *context) {
    (void)owner;
    if (waiting == context) waiting = NULL;
    counts.closed++;
}

static void began(void *context, const char *target) {
    (void)context;
    sum += strlen(target);
    counts.began++;
}

static void visit(void *context, const struct muse_http_field *field) {
    const char *head = context;
    for (size_t i = 0; i < field->name_count; i++) sum += field->name[i];
    for (size_t i = 0; i < field->value_count; i++) sum += field->value[i];
    hold((intptr_t)head + field->begins == (intptr_t)field->name, "a field begins elsewhere");
    hold((intptr_t)head + field->ends == (intptr_t)(field->value + field->value_count),
        "a field ends elsewhere");
}

static void release(void *context) {
    free(context);
    counts.released++;
}

static void answer(struct MHD_Connection *connection) {
    struct MHD_Response *response;
    unsigned status = 200;
    if (chance(4)) {
        size_t count = chance(5000);
        char *body = malloc(count + 1);
        memset(body, 'b', count);
        response = muse_http_response(body, count, release, body);
        counts.made++;
    } else {
        response = muse_http_bodiless(chance(2) ? 0 : 615);
        status = 304;
    }
    muse_http_add_field(response, "X-Name", "value");
    counts.answered += muse_http_answer(connection, status, response);
}

static int handle(
    void *context, const char *method, const char *version, const void *bytes, size_t *count) {
    sum += strlen(method) + strlen(version);
    for (size_t i = 0; i < *count; i++) sum += ((const char *)bytes)[i];
    int is_part = *count > 0;
    *count = 0;
    muse_http_fields(context, method, (void *)(uintptr_t)method, visit);
    hold(!muse_http_say_over_tls(context, "x", 1), "TLS where there is none");
    sum += muse_http_head_bytes(context) + muse_http_taken(muse_http_descriptor(context));
    if (is_part) return chance(50) > 0;
    if (waiting || chance(3)) {
        if (waiting != context) answer(context);
    } else {
        waiting = context;
        muse_http_suspend(context);
        return 1;
    }
    return chance(50) > 0;
}

static void ended(void *context, int was_answered) {
    if (waiting == context) waiting = NULL;
    sum += was_answered;
    counts.ended++;
}

static size_t make_request(char *bytes, size_t room) {
    static const char *pieces[] = {
        "GET /posts?a=b&c HTTP/1.1\r\nHost: a\r\n\r\n", "HEAD / HTTP/1.0\r\n\r\n",
        "POST /rpc HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
        "PUT /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "5;a\r\nhello\r\n0\r\nT: t\r\n\r\n", "X: y\r\n", "Cookie: a=b; c\r\n", "Expect: 100-continue\r\n", " folded\r\n", "\r\n", "%", "\t"};
    size_t count = 0;
    for (uint64_t i = chance(6) + 1; i > 0; i--) {
        const char *piece = pieces[chance(sizeof pieces / sizeof *pieces)];
        size_t length = strlen(piece), at = count ? count - chance(2) * chance(count) : 0;
        if (at + length > room) break;
        memcpy(bytes + at, piece, length);
        count = at + length > count ? at + length : count;
    }
    for (uint64_t i = chance(3); count && i > 0; i--) bytes[chance(count)] = (char)chance(256);
    return count;
}

static void converse(struct MHD_Daemon *daemon) {
    int ends[2];
    char bytes[4096];
    struct sockaddr_in address = {.sin_family = AF_INET};
    connect_pair(ends);
    if (!muse_http_add(daemon, ends[1], &address, sizeof address)) hold(0, "refused");
    for (uint64_t i = chance(4) + 1; i > 0; i--) {
        size_t count = make_request(bytes, sizeof bytes);
        if (count && muse_send(ends[0], bytes, count) < 0) break;
        for (int run = 0; run < 4; run++) {
            muse_http_run(daemon);
            if (waiting && chance(2)) {
                struct MHD_Connection *connection = waiting;
                answer(connection);
                muse_http_resume(connection);
                waiting = NULL;
            }
        }
        while (recv(ends[0], bytes, sizeof bytes, MSG_DONTWAIT) > 0) sum++;
    }
    close(ends[0]);
    do {
        if (waiting) muse_http_resume(waiting);
        waiting = NULL;
        muse_http_run(daemon);
    } while (waiting || muse_http_is_due(daemon));
}

static struct MHD_Daemon *start(const struct muse_http_calls *calls, const char *certificate) {
    struct muse_http_settings settings = {
        .certificate = certificate, .key = certificate, .connections_max = 1000,
        .head_bytes = 4096};
    return muse_http_start(calls, &settings);
}

int main(int count, char **words) {
    hold(count > 1, "usage: shims SECONDS [SEED]");
    time_t until = time(NULL) + atoi(words[1]);
    state = count > 2 ? strtoull(words[2], NULL, 10) : (uint64_t)time(NULL);
    printf("shims: seed %llu, ", (unsigned long long)state);
    fflush(stdout);
    try_events();
    try_no_descriptor();
    try_ends();
    struct muse_http_calls calls = {NULL, opened, closed, began, handle, ended};
    hold(!start(&calls, "no certificate"), "a daemon with a certificate that is none");
    hold(muse_http_certificate_fault("no certificate", "") != NULL, "no fault of it is told");
    do {
        struct MHD_Daemon *daemon = start(&calls, NULL);
        hold(daemon && muse_http_epoll(daemon) >= 0, "no daemon");
        for (int i = 0; i < 50; i++) converse(daemon);
        muse_http_stop(daemon);
        hold(counts.opened == counts.closed, "a connection was never closed");
        hold(counts.ended <= counts.began, "a request ended that had not begun");
        hold(counts.made == counts.released, "a body was not given back, or twice");
    } while (time(NULL) < until);
    hold(counts.answered > 0, "no request was answered");
    printf("%ld connections, %ld requests, %ld answers\n", counts.opened, counts.began, counts.answered);
    return 0;
}
