// Clients that behave badly, one kind a process. Called by rude.py. To loopback only.
// Build: gcc -O2 -o rude rude.c
//
//   rude KIND PORT SECONDS [HELLO]
// KIND: one of the table below. HELLO: a file with the first bytes of a TLS handshake. Prints one
// line of JSON at the end: steps taken, connections made and those that the server ended.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ROOM = 8192 };
static int fds[ROOM], count, port;
static long steps, made, ended, failed;
static char *big, *hello, *burst;
static size_t big_bytes, hello_bytes, burst_bytes;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static int dial(void) {
    // From many addresses of the loopback net, so that ports do not run out.
    static uint32_t turn;
    int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in from = {.sin_family = AF_INET,
        .sin_addr.s_addr = htonl(0x7F100001 + turn++ % 64)};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    if (fd < 0 || bind(fd, (void *)&from, sizeof from) || connect(fd, (void *)&to, sizeof to)) {
        failed++;
        if (fd >= 0) close(fd);
        return -1;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    made++;
    return fd;
}

static void redial(int place) {
    if (fds[place] >= 0) {
        close(fds[place]);
        ended++;
    }
    fds[place] = dial();
}

static ssize_t say(int fd, const char *text, size_t bytes) {
    return fd < 0 ? -1 : send(fd, text, bytes, MSG_NOSIGNAL);
}

// Reads and throws away; false once the other side has ended.
static int drain(int fd) {
    static char bin[1 << 16];
    ssize_t got;
    while ((got = recv(fd, bin, sizeof bin, 0)) > 0) {}
    return got < 0 && errno == EAGAIN;
}

static const char ping[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"server.ping\"}\n";
static const char discover[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"rpc.discover\"}\n";
static const char begun[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"posts.list\",\"par";

static int next_place(void) { return steps % count; }

static void unread(void) {
    int place = next_place(), told;
    for (told = 0; told < 64; told++)
        if (say(fds[place], discover, sizeof discover - 1) <= 0) break;
    if (!told && errno != EAGAIN) redial(place);
}

static void unfinished(void) {
    int place = next_place();
    char byte;
    ssize_t seen = recv(fds[place], &byte, 1, MSG_PEEK);
    if (fds[place] < 0 || seen == 0 || (seen < 0 && errno != EAGAIN)) redial(place);
    if (steps < count) say(fds[place], begun, sizeof begun - 1);
}

static void slow(void) {
    static uint16_t said[ROOM];
    int place = next_place();
    if (say(fds[place], ping + said[place]++ % (sizeof ping - 1), 1) <= 0) {
        redial(place);
        said[place] = 0;
    }
    if (fds[place] >= 0 && !drain(fds[place])) redial(place);
}

static void long_lines(void) {
    // Every other one goes on beyond the limit.
    static size_t said[ROOM];
    int place = next_place();
    for (int i = 0; i < 64; i++) {
        size_t end = place % 2 ? big_bytes : big_bytes - 4096;
        const char *from = said[place] < end ? big + said[place] : "\"}\n";
        size_t bytes = said[place] < end ? end - said[place] : 3;
        ssize_t took = say(fds[place], from, bytes);
        if (took < 0 && errno == EAGAIN) break;
        if (took <= 0) {
            redial(place);
            said[place] = 0;
            break;
        }
        said[place] = said[place] < end ? said[place] + took : 0;
        if (!said[place]) break;
    }
    if (fds[place] >= 0 && !drain(fds[place])) {
        redial(place);
        said[place] = 0;
    }
}

static void garbage(void) {
    int place = next_place();
    char text[512];
    int bytes = 1 + rand() % (int)sizeof text;
    for (int i = 0; i < bytes; i++) text[i] = rand();
    text[bytes - 1] = '\n';
    if (fds[place] < 0 || say(fds[place], text, bytes) <= 0 || !drain(fds[place])) redial(place);
}

static void half_close(void) {
    int place = next_place();
    if (fds[place] >= 0) {
        drain(fds[place]);
        close(fds[place]);
    }
    if ((fds[place] = dial()) < 0) return;
    say(fds[place], ping, sizeof ping - 1);
    say(fds[place], ping, sizeof ping / 2);
    shutdown(fds[place], SHUT_WR);
}

static void resets(void) {
    struct linger at_once = {1, 0};
    int fd = dial();
    for (int i = 0; i < 10; i++) say(fd, ping, sizeof ping - 1);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    if (fd >= 0) close(fd);
}

static void connects(void) {
    int fd = dial();
    if (fd >= 0) close(fd);
}

static void handshakes(void) {
    int place = next_place();
    if (fds[place] >= 0) close(fds[place]);
    // Some say a whole hello, some half of one, some nothing.
    if ((fds[place] = dial()) >= 0 && steps % 3) say(fds[place], hello, hello_bytes / (steps % 3));
}

static void idle(void) {}

// Ten thousand requests in one go; the next ten thousand when all are answered.
static void pipeline(void) {
    static size_t said, heard;
    static char bin[1 << 18];
    ssize_t got;
    if (fds[0] < 0) redial(0), said = heard = 0;
    for (int i = 0; i < 16; i++) {
        if (said < burst_bytes) {
            ssize_t took = say(fds[0], burst + said, burst_bytes - said);
            if (took > 0) said += took;
        }
        while ((got = recv(fds[0], bin, sizeof bin, 0)) > 0)
            for (char *p = bin; (p = memchr(p, '\n', bin + got - p)); p++) heard++;
        if (got == 0) {
            redial(0);
            said = heard = 0;
        }
    }
    if (heard >= 10000) said = heard = 0;
}

static const struct {
    const char *name;
    void (*step)(void);
    int connections, rate, says_ping;
} kinds[] = {
    {"unread", unread, 50, 500, 0}, {"unfinished", unfinished, 500, 500, 0},
    {"slow", slow, 200, 200, 0}, {"long_lines", long_lines, 8, 400, 0},
    {"garbage", garbage, 20, 5000, 0}, {"half_close", half_close, 256, 500, 0},
    {"resets", resets, 1, 1000, 0}, {"idle", idle, 5000, 10, 1},
    {"connects", connects, 1, 1000, 0}, {"handshakes", handshakes, 128, 500, 0},
    {"pipeline", pipeline, 1, 2000, 0},
};

static void prepare(const char *hello_path) {
    static const char head[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"server.ping\",\"x\":\"";
    big_bytes = (1 << 20) + 65536;
    big = malloc(big_bytes);
    memset(big, 'a', big_bytes);
    memcpy(big, head, sizeof head - 1);
    // The shorter ones end just below the limit of 1 MiB.
    big_bytes = (1 << 20) + 2048;
    burst_bytes = 10000 * (sizeof ping - 1);
    burst = malloc(burst_bytes);
    for (int i = 0; i < 10000; i++)
        memcpy(burst + i * (sizeof ping - 1), ping, sizeof ping - 1);
    if (!hello_path) return;
    FILE *file = fopen(hello_path, "rb");
    hello = malloc(4096);
    if (file) hello_bytes = fread(hello, 1, 4096, file), fclose(file);
}

int main(int argc, char **argv) {
    if (argc < 4) return 2;
    size_t kind = 0;
    while (kind < sizeof kinds / sizeof *kinds && strcmp(kinds[kind].name, argv[1])) kind++;
    if (kind == sizeof kinds / sizeof *kinds) return 2;
    port = atoi(argv[2]);
    prepare(argc > 4 ? argv[4] : 0);
    count = kinds[kind].connections;
    for (int i = 0; i < count; i++) {
        fds[i] = dial();
        if (kinds[kind].says_ping) say(fds[i], ping, sizeof ping - 1);
    }
    dprintf(1, "ready\n");
    double start = now(), seconds = atof(argv[3]), time;
    while ((time = now()) - start < seconds) {
        // No more than a few at once, however late it is: the machine is shared.
        for (int i = 0; i < 20 && steps < (time - start) * kinds[kind].rate; i++, steps++)
            kinds[kind].step();
        usleep(500);
    }
    printf("{\"steps\":%ld,\"connections\":%ld,\"ended\":%ld,\"failed\":%ld}\n", steps, made, ended,
        failed);
    return 0;
}
