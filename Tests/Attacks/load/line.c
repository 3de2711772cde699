// The bare line server beside which the rude tests measure: the least that a server of lines can do
// and stay up. One thread, no JSON; who does not read, or never ends a line, is closed.
// Build: gcc -O2 -o line line.c
//
//   line PORT
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DESCRIPTORS_MAX = 20000, LINE_MAX_BYTES = 1 << 20, OUT_MAX = 1 << 22 };
static char *part[DESCRIPTORS_MAX];
static size_t part_bytes[DESCRIPTORS_MAX];
static char in[LINE_MAX_BYTES + (1 << 16)], out[OUT_MAX];

static char *answer(char *o, const char *line, const char *end) {
    static const char head[] = "{\"jsonrpc\":\"2.0\",\"id\":", tail[] = ",\"result\":\"pong\"}\n";
    o = mempcpy(o, head, sizeof head - 1);
    const char *id = memmem(line, end - line, "\"id\":", 5);
    char *from = o;
    if (id)
        for (id += 5; id < end && (unsigned char)(*id - '0') < 10;) *o++ = *id++;
    if (o == from) *o++ = '0';
    return mempcpy(o, tail, sizeof tail - 1);
}

static void hang_up(int fd) {
    close(fd);
    free(part[fd]);
    part[fd] = 0;
    part_bytes[fd] = 0;
}

static int send_all(int fd, const char *from, const char *end) {
    while (from < end) {
        ssize_t took = send(fd, from, end - from, MSG_NOSIGNAL);
        if (took <= 0) return 0;
        from += took;
    }
    return 1;
}

static void serve(int fd) {
    size_t have = part_bytes[fd];
    if (have) memcpy(in, part[fd], have);
    ssize_t got = recv(fd, in + have, 1 << 16, 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) return hang_up(fd);
    char *line = in, *end = in + have + got, *o = out, *feed;
    while ((feed = memchr(line, '\n', end - line))) {
        o = answer(o, line, feed);
        line = feed + 1;
        if (o - out > OUT_MAX - 4096) {
            if (!send_all(fd, out, o)) return hang_up(fd);
            o = out;
        }
    }
    if (!send_all(fd, out, o) || end - line > LINE_MAX_BYTES) return hang_up(fd);
    part_bytes[fd] = end - line;
    if (end > line) {
        part[fd] = realloc(part[fd], end - line);
        memcpy(part[fd], line, end - line);
    }
}

int main(int argc, char **argv) {
    if (argc != 2) return 2;
    int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1])),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(listener, (void *)&at, sizeof at) || listen(listener, 4096)) {
        perror("bind");
        return 1;
    }
    int epoll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[256];
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int count = epoll_wait(epoll, events, 256, -1);
        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd, accepted;
            if (fd != listener) {
                serve(fd);
                continue;
            }
            while ((accepted = accept4(listener, 0, 0, SOCK_NONBLOCK)) >= 0) {
                if (accepted >= DESCRIPTORS_MAX) {
                    close(accepted);
                    continue;
                }
                setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                event.events = EPOLLIN;
                event.data.fd = accepted;
                epoll_ctl(epoll, EPOLL_CTL_ADD, accepted, &event);
            }
        }
    }
}
