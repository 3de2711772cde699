// An open-loop load: requests leave when they are due, whatever became of those before; latency
// runs from when one was due, so that a stall is paid for by all behind it. Also the well-behaved
// client of the rude tests (a low rate). Called by rude.py and overload.py.
// Build: gcc -O2 -o open open.c
//
//   open PORT CONNECTIONS RATE SECONDS SETUP REQUESTS [WINDOW_MS]
// RATE: requests a second over all connections; 0 is a closed loop, one in flight a connection.
// SETUP: a file of lines that each connection sends first, and waits for as many answers.
// REQUESTS: a file of request lines, sent in turn, in which every {id} becomes a number. Prints one
// line of JSON: what was due, sent and answered, the answers by error code, goodput, latency in
// microseconds over all and for each window of time.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "../../Benchmarks/common.h"

enum { SLOTS = 1 << 16, IN_MAX = 1 << 20, OUT_MAX = 1 << 22, CODES_MAX = 16, WINDOWS_MAX = 4096 };
enum { SAMPLES_MAX = 1 << 23 };

typedef struct {
    int fd, setup, closed, wants_out;
    uint32_t turn;
    uint64_t next, answered;
    double *due;
    char *in, *out;
    size_t have, from, to;
} connection;

static char **line;
static size_t *line_bytes;
static int lines, epoll;
static float *sample;
static uint32_t *sample_window;
static long samples, sent, answers, lost;
static int code[CODES_MAX];
static long code_count[CODES_MAX];
static double start, window = 1;
static long good_in[WINDOWS_MAX];
// How long answers of each kind took, for refusals are to come at once.
static float refusal_max;
static double refusal_sum;
static long refusals;

static void watch(connection *c, int wants_out) {
    if (c->wants_out == wants_out) return;
    c->wants_out = wants_out;
    struct epoll_event event = {.events = EPOLLIN | (wants_out ? EPOLLOUT : 0), .data.ptr = c};
    epoll_ctl(epoll, EPOLL_CTL_MOD, c->fd, &event);
}

static void hang_up(connection *c) {
    if (c->closed) return;
    c->closed = 1;
    lost += c->next - c->answered;
    epoll_ctl(epoll, EPOLL_CTL_DEL, c->fd, 0);
    close(c->fd);
}

static void flush(connection *c) {
    while (!c->closed && c->from < c->to) {
        ssize_t took = send(c->fd, c->out + c->from, c->to - c->from, MSG_NOSIGNAL);
        if (took < 0 && errno == EAGAIN) return watch(c, 1);
        if (took <= 0) return hang_up(c);
        c->from += took;
    }
    c->from = c->to = 0;
    if (!c->closed) watch(c, 0);
}

// Adds one request; false where the server takes no more.
static int add(connection *c, double due) {
    const char *text = line[c->turn % lines];
    size_t bytes = line_bytes[c->turn % lines];
    if (c->closed || c->next - c->answered >= SLOTS || c->to + bytes + 32 > OUT_MAX) return 0;
    c->turn += 7;
    const char *place = memmem(text, bytes, "{id}", 4);
    char *o = c->out + c->to;
    if (place) {
        o = mempcpy(o, text, place - text);
        o += sprintf(o, "%llu", (unsigned long long)c->next);
        o = mempcpy(o, place + 4, text + bytes - place - 4);
    } else {
        o = mempcpy(o, text, bytes);
    }
    c->to = o - c->out;
    c->due[c->next++ % SLOTS] = due;
    sent++;
    return 1;
}

static void count_code(int value) {
    int i = 0;
    while (i < CODES_MAX - 1 && code_count[i] && code[i] != value) i++;
    code[i] = value;
    code_count[i]++;
}

static void note(connection *c, const char *from, size_t bytes, double time) {
    size_t head = bytes < 160 ? bytes : 160;
    const char *id = memmem(from, head, "\"id\":", 5);
    if (!id || id[5] < '0' || id[5] > '9') return;
    uint64_t number = strtoull(id + 5, 0, 10);
    if (number >= c->next) return;
    float took = (time - c->due[number % SLOTS]) * 1e6;
    const char *error = memmem(from, head, "\"error\":{\"code\":", 16);
    answers++;
    c->answered++;
    if (error) {
        count_code(atoi(error + 16));
        refusals++;
        refusal_sum += took;
        if (took > refusal_max) refusal_max = took;
        return;
    }
    uint32_t at = time > start ? (time - start) / window : 0;
    if (at < WINDOWS_MAX) good_in[at]++;
    if (samples < SAMPLES_MAX) {
        sample[samples] = took;
        sample_window[samples++] = at;
    }
}

static void take(connection *c) {
    ssize_t got = recv(c->fd, c->in + c->have, IN_MAX - c->have, 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) return hang_up(c);
    c->have += got;
    char *from = c->in, *end = c->in + c->have, *feed;
    double time = now();
    while ((feed = memchr(from, '\n', end - from))) {
        if (c->setup) {
            c->setup--;
            if (memmem(from, feed - from, "\"error\":", 8)) {
                dprintf(2, "%.*s\n", (int)(feed - from), from);
                exit(1);
            }
        } else {
            note(c, from, feed - from, time);
        }
        from = feed + 1;
    }
    memmove(c->in, from, end - from);
    c->have = end - from;
}

static int compare(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static double part(float *sorted, long count, double share) {
    return count ? sorted[(long)(share * (count - 1))] : 0;
}

static void prepare(connection *c, int port, const char *setup, size_t bytes, int setup_lines) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1;
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(c->fd, (void *)&at, sizeof at)) fail("connect");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    c->in = malloc(IN_MAX);
    c->out = malloc(OUT_MAX);
    c->due = malloc(SLOTS * sizeof *c->due);
    c->setup = setup_lines;
    for (size_t told = 0; told < bytes;) {
        ssize_t took = send(c->fd, setup + told, bytes - told, MSG_NOSIGNAL);
        if (took <= 0) fail("setup");
        told += took;
    }
    while (c->setup && !c->closed) take(c);
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event);
}

static void report(double seconds, long due) {
    long good = samples;
    printf("{\"due\":%ld,\"sent\":%ld,\"answers\":%ld,\"good\":%ld,\"lost\":%ld,\"goodput\":%.1f,",
        due, sent, answers, good, lost, good / seconds);
    printf("\"codes\":{");
    for (int i = 0; i < CODES_MAX && code_count[i]; i++)
        printf("%s\"%d\":%ld", i ? "," : "", code[i], code_count[i]);
    printf("},\"refusal_mean_us\":%.0f,\"refusal_max_us\":%.0f,\"windows\":[",
        refusals ? refusal_sum / refusals : 0, refusal_max);
    uint32_t last = seconds / window;
    for (uint32_t i = 0; i < last && i < WINDOWS_MAX; i++)
        printf("%s%.0f", i ? "," : "", good_in[i] / window);
    float *sorted = malloc((samples + 1) * sizeof *sorted);
    memcpy(sorted, sample, samples * sizeof *sorted);
    qsort(sorted, samples, sizeof *sorted, compare);
    printf("],\"p50_us\":%.1f,\"p99_us\":%.1f,\"max_us\":%.1f,\"p99_by_window\":[",
        part(sorted, samples, 0.5), part(sorted, samples, 0.99), part(sorted, samples, 1));
    for (uint32_t i = 0; i < last && i < WINDOWS_MAX; i++) {
        long count = 0;
        for (long s = 0; s < samples; s++)
            if (sample_window[s] == i) sorted[count++] = sample[s];
        qsort(sorted, count, sizeof *sorted, compare);
        printf("%s%.1f", i ? "," : "", part(sorted, count, 0.99));
    }
    printf("]}\n");
}

static void pump(connection *all, int count, int milliseconds) {
    struct epoll_event events[256];
    int ready = epoll_wait(epoll, events, 256, milliseconds);
    for (int i = 0; i < ready; i++) {
        connection *c = events[i].data.ptr;
        if (!c->closed && events[i].events & EPOLLOUT) flush(c);
        if (!c->closed && events[i].events & ~EPOLLOUT) take(c);
    }
    (void)all, (void)count;
}

int main(int argc, char **argv) {
    if (argc < 7) return 2;
    int count = atoi(argv[2]), setup_lines = 0;
    double rate = atof(argv[3]), seconds = atof(argv[4]);
    if (argc > 7) window = atof(argv[7]) / 1e3;
    size_t setup_bytes, bytes;
    char *setup = whole(argv[5], &setup_bytes), *text = whole(argv[6], &bytes);
    for (size_t i = 0; i < setup_bytes; i++) setup_lines += setup[i] == '\n';
    for (char *p = text, *feed; (feed = strchr(p, '\n')); p = feed + 1) {
        line = realloc(line, (lines + 1) * sizeof *line);
        line_bytes = realloc(line_bytes, (lines + 1) * sizeof *line_bytes);
        line[lines] = p;
        line_bytes[lines++] = feed + 1 - p;
    }
    if (!lines || count < 1) return 2;
    sample = malloc(SAMPLES_MAX * sizeof *sample);
    sample_window = malloc(SAMPLES_MAX * sizeof *sample_window);
    connection *all = calloc(count, sizeof *all);
    epoll = epoll_create1(0);
    for (int i = 0; i < count; i++) {
        all[i].turn = i * 7919;
        prepare(&all[i], atoi(argv[1]), setup, setup_bytes, setup_lines);
    }
    long due = 0;
    start = now();
    for (double time; (time = now()) - start < seconds;) {
        if (rate > 0) {
            // What is due goes to the connections in turn; one that takes no more loses it.
            for (; due / rate <= time - start; due++)
                if (!add(&all[due % count], start + due / rate)) lost++;
        } else {
            for (int i = 0; i < count; i++)
                if (all[i].next == all[i].answered && add(&all[i], time)) due++;
        }
        for (int i = 0; i < count; i++)
            if (!all[i].closed && !all[i].wants_out && all[i].to) flush(&all[i]);
        double wait = rate > 0 ? (due / rate - (now() - start)) * 1e3 : 10;
        pump(all, count, wait < 0 ? 0 : wait > 10 ? 10 : (int)wait);
    }
    // A moment for the last answers.
    for (double end = now() + 1; answers + lost < sent && now() < end;) pump(all, count, 10);
    report(seconds, due);
    return 0;
}
