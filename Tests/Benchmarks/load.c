// A closed-loop load: every connection keeps DEPTH requests in flight. Called by run.py, for the
// server and for the bare line server beside it.
// Build: gcc -O2 -o load load.c
//
//   load PORT CONNECTIONS DEPTH SECONDS SETUP REQUESTS
//
// SETUP: a file of lines that each connection sends first, and waits for as many answers.
// REQUESTS: a file of request lines, sent in turn, in which every {id} becomes a number. Prints one
// line of JSON: requests a second, latency in microseconds, how many answers were errors.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "common.h"

enum { DEPTH_MAX = 256, IN_MAX = 1 << 21, SAMPLES_MAX = 1 << 22 };

typedef struct {
    int fd, setup, flight;
    uint32_t turn;
    double sent[DEPTH_MAX];
    uint64_t next;
    char *in;
    size_t have;
} connection;

static char **line;
static size_t *line_bytes;
static int lines, depth;
static float *sample;
static long samples, answers, errors;

static void send_all(connection *c, const char *text, size_t bytes) {
    while (bytes) {
        ssize_t sent = send(c->fd, text, bytes, MSG_NOSIGNAL);
        if (sent <= 0) fail("send");
        text += sent;
        bytes -= sent;
    }
}

static void fill(connection *c) {
    static char batch[DEPTH_MAX * 4096];
    size_t used = 0;
    while (c->flight < depth) {
        const char *text = line[c->turn % lines];
        size_t bytes = line_bytes[c->turn % lines];
        c->turn += 7;
        if (used + bytes + 32 > sizeof batch) break;
        const char *place = memmem(text, bytes, "{id}", 4);
        if (place) {
            memcpy(batch + used, text, place - text);
            used += place - text;
            used += sprintf(batch + used, "%llu", (unsigned long long)c->next);
            memcpy(batch + used, place + 4, text + bytes - place - 4);
            used += text + bytes - place - 4;
        } else {
            memcpy(batch + used, text, bytes);
            used += bytes;
        }
        c->sent[c->next % depth] = now();
        c->next++;
        c->flight++;
    }
    if (used) send_all(c, batch, used);
}

// Notes one answer that is no answer to the setup.
static void note(connection *c, char *from, char *feed, double time) {
    char *id = memmem(from, feed - from < 64 ? feed - from : 64, "\"id\":", 5);
    uint64_t number = id ? strtoull(id + 5, 0, 10) : c->next;
    if (!id || number >= c->next) {
        dprintf(2, "no answer of ours: %.*s\n", (int)(feed - from), from);
        exit(1);
    }
    if (memmem(from, feed - from < 128 ? feed - from : 128, ",\"error\":", 9)) errors++;
    if (samples < SAMPLES_MAX) sample[samples++] = (time - c->sent[number % depth]) * 1e6;
    answers++;
    c->flight--;
}

static void take(connection *c) {
    ssize_t got = recv(c->fd, c->in + c->have, IN_MAX - c->have, 0);
    if (got <= 0) fail("the server closed a connection");
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
            note(c, from, feed, time);
        }
        from = feed + 1;
    }
    memmove(c->in, from, end - from);
    c->have = end - from;
    if (!c->setup) fill(c);
}

static int compare(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv) {
    if (argc < 7) return 2;
    int count = atoi(argv[2]), one = 1;
    depth = atoi(argv[3]);
    if (depth < 1 || depth > DEPTH_MAX || count < 1) return 2;
    size_t setup_bytes, bytes;
    char *setup = whole(argv[5], &setup_bytes), *text = whole(argv[6], &bytes);
    int setup_lines = 0;
    for (size_t i = 0; i < setup_bytes; i++) setup_lines += setup[i] == '\n';
    for (char *p = text, *feed; (feed = strchr(p, '\n')); p = feed + 1) {
        line = realloc(line, (lines + 1) * sizeof *line);
        line_bytes = realloc(line_bytes, (lines + 1) * sizeof *line_bytes);
        line[lines] = p;
        line_bytes[lines++] = feed - p + 1;
    }
    if (!lines) return 2;
    sample = malloc(SAMPLES_MAX * sizeof *sample);
    connection *all = calloc(count, sizeof *all);
    int epoll = epoll_create1(0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1])),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    for (int i = 0; i < count; i++) {
        connection *c = &all[i];
        c->fd = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(c->fd, (void *)&at, sizeof at)) fail("connect");
        setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        c->in = malloc(IN_MAX);
        c->setup = setup_lines;
        c->turn = i * 7919;
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
        epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event);
        if (setup_lines) send_all(c, setup, setup_bytes); else fill(c);
    }
    double seconds = atof(argv[4]), start = now() + seconds / 5, time;
    long before = 0;
    int warm = 0;
    struct epoll_event events[256];
    do {
        int ready = epoll_wait(epoll, events, 256, 1000);
        for (int i = 0; i < ready; i++) take(events[i].data.ptr);
        time = now();
        if (!warm && time >= start) {
            warm = 1;
            start = time;
            before = answers;
            samples = 0;
        }
    } while (time - start < seconds);
    qsort(sample, samples, sizeof *sample, compare);
    double p50 = samples ? sample[samples / 2] : 0, p99 = samples ? sample[samples * 99 / 100] : 0;
    printf("{\"rps\":%.0f,\"p50_us\":%.1f,\"p99_us\":%.1f,\"answers\":%ld,\"errors\":%ld}\n",
        (answers - before) / (time - start), p50, p99, answers, errors);
    return errors > 0;
}
