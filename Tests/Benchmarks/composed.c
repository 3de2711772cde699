// The parts of the composed limit of an operation on one core: what a perfect server could do with
// the service's own database and statements. Called by run.py, which takes the statements from the
// sources.
// Build: gcc -O2 -o composed composed.c -lsqlite3
//
//   composed line PORT BYTES            a bare line server whose answers have BYTES bytes
//   composed pages DB SECONDS HEAD PAGE
//                                       reads pages of 20 comments, writes their JSON
//   composed creates DB GROUP SECONDS OWNER INSERT COUNT POST
//                                       creates posts in groups of GROUP, one synced commit a group
// The words in capitals at the end are SQL texts. Prints one line of JSON.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void fail(const char *what, sqlite3 *db) {
    dprintf(2, "%s: %s\n", what, db ? sqlite3_errmsg(db) : "");
    exit(1);
}

// MARK: the line server

enum { DESCRIPTORS_MAX = 20000, IN_MAX = 1 << 18, OUT_MAX = 1 << 24 };
static char *part[DESCRIPTORS_MAX];
static size_t part_bytes[DESCRIPTORS_MAX];
static char in[IN_MAX], *out;

static size_t answer(char *to, const char *line, const char *end, size_t bytes) {
    static const char head[] = "{\"jsonrpc\":\"2.0\",\"id\":";
    static const char tail[] = ",\"result\":\"";
    char *o = mempcpy(to, head, sizeof head - 1);
    const char *id = memmem(line, end - line, "\"id\":", 5);
    if (id) {
        for (id += 5; (unsigned char)(*id - '0') < 10;) *o++ = *id++;
    } else {
        *o++ = '0';
    }
    o = mempcpy(o, tail, sizeof tail - 1);
    size_t used = o - to + 3;
    if (bytes > used) {
        memset(o, 'x', bytes - used);
        o += bytes - used;
    }
    return (char *)mempcpy(o, "\"}\n", 3) - to;
}

static void serve_connection(int epoll, int fd, size_t bytes) {
    size_t have = part_bytes[fd];
    memcpy(in, part[fd], have);
    ssize_t got = recv(fd, in + have, sizeof in - have, 0);
    if (got <= 0) {
        epoll_ctl(epoll, EPOLL_CTL_DEL, fd, 0);
        close(fd);
        return;
    }
    char *line = in, *end = in + have + got, *o = out, *feed;
    while ((feed = memchr(line, '\n', end - line))) {
        o += answer(o, line, feed, bytes);
        line = feed + 1;
        if (o - out > OUT_MAX - (1 << 20)) break;
    }
    part_bytes[fd] = end - line;
    part[fd] = realloc(part[fd], end - line + 1);
    memcpy(part[fd], line, end - line);
    for (char *s = out; s < o;) {
        ssize_t sent = send(fd, s, o - s, MSG_NOSIGNAL);
        if (sent < 0) break;
        s += sent;
    }
}

_Noreturn static void serve(int port, size_t bytes) {
    int one = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
    out = malloc(OUT_MAX);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(listener, (void *)&at, sizeof at) || listen(listener, 4096)) fail("bind", 0);
    int epoll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[256];
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int count = epoll_wait(epoll, events, 256, -1);
        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd;
            if (fd != listener) {
                serve_connection(epoll, fd, bytes);
                continue;
            }
            int accepted = accept(listener, 0, 0);
            if (accepted < 0 || accepted >= DESCRIPTORS_MAX) continue;
            setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
            event.events = EPOLLIN;
            event.data.fd = accepted;
            part_bytes[accepted] = 0;
            part[accepted] = realloc(part[accepted], 1);
            epoll_ctl(epoll, EPOLL_CTL_ADD, accepted, &event);
        }
    }
}

// MARK: JSON

static char *text(char *o, const unsigned char *s, int count) {
    static const char hex[] = "0123456789abcdef";
    *o++ = '"';
    for (int i = 0; i < count; i++) {
        unsigned char c = s[i];
        if (c >= 0x20 && c != '"' && c != '\\') {
            *o++ = c;
        } else if (c >= 0x20) {
            *o++ = '\\';
            *o++ = c;
        } else {
            o = mempcpy(o, "\\u00", 4);
            *o++ = hex[c >> 4];
            *o++ = hex[c & 15];
        }
    }
    *o++ = '"';
    return o;
}

static char *column_text(char *o, sqlite3_stmt *s, int column) {
    const unsigned char *t = sqlite3_column_text(s, column);
    return t ? text(o, t, sqlite3_column_bytes(s, column)) : (char *)mempcpy(o, "null", 4);
}

static char *identifier(char *o, const unsigned char *b) {
    static const char hex[] = "0123456789abcdef";
    *o++ = '"';
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) *o++ = '-';
        *o++ = hex[b[i] >> 4];
        *o++ = hex[b[i] & 15];
    }
    *o++ = '"';
    return o;
}

static char *digits(char *o, int value, int count) {
    for (int i = count - 1; i >= 0; i--) {
        o[i] = '0' + value % 10;
        value /= 10;
    }
    return o + count;
}

static char *moment(char *o, int64_t milliseconds) {
    int64_t z = milliseconds / 86400000 + 719468;
    int era = z / 146097, doe = z - (int64_t)era * 146097;
    int yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    int month = mp < 10 ? mp + 3 : mp - 9, rest = milliseconds % 86400000;
    *o++ = '"';
    o = digits(o, yoe + era * 400 + (month <= 2), 4);
    *o++ = '-';
    o = digits(o, month, 2);
    *o++ = '-';
    o = digits(o, doy - (153 * mp + 2) / 5 + 1, 2);
    *o++ = 'T';
    o = digits(o, rest / 3600000, 2);
    *o++ = ':';
    o = digits(o, rest / 60000 % 60, 2);
    *o++ = ':';
    o = digits(o, rest / 1000 % 60, 2);
    *o++ = '.';
    o = digits(o, rest % 1000, 3);
    return mempcpy(o, "Z\"", 2);
}

static int64_t time_of(const unsigned char *id) {
    int64_t t = 0;
    for (int i = 0; i < 6; i++) t = t << 8 | id[i];
    return t;
}

#define LITERAL(o, s) ((char *)mempcpy(o, s, sizeof(s) - 1))

/// The columns that every row with an author has: id, username, display name, author's id, body,
/// updated.
static char *common(char *o, sqlite3_stmt *s) {
    const unsigned char *id = sqlite3_column_blob(s, 0);
    o = LITERAL(o, ",\"author\":{\"id\":");
    o = identifier(o, sqlite3_column_blob(s, 3));
    o = LITERAL(o, ",\"username\":");
    o = column_text(o, s, 1);
    o = LITERAL(o, ",\"display_name\":");
    o = column_text(o, s, 2);
    o = LITERAL(o, "},\"body\":");
    o = column_text(o, s, 4);
    o = LITERAL(o, ",\"created_at\":");
    o = moment(o, time_of(id));
    o = LITERAL(o, ",\"updated_at\":");
    return moment(o, sqlite3_column_int64(s, 5));
}

// MARK: SQLite

static sqlite3 *open_database(const char *path, int writes) {
    sqlite3 *db;
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, 0)) fail(path, db);
    const char *settings = writes
        ? "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0; "
          "PRAGMA cache_size=-65536"
        : "PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=-4096";
    if (sqlite3_exec(db, settings, 0, 0, 0)) fail(settings, db);
    return db;
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql) {
    sqlite3_stmt *s;
    if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &s, 0)) fail(sql, db);
    return s;
}

static void run(sqlite3 *db, sqlite3_stmt *s) {
    int result;
    while ((result = sqlite3_step(s)) == SQLITE_ROW) {}
    if (result != SQLITE_DONE) fail("step", db);
    sqlite3_reset(s);
}

static unsigned char (*ids(sqlite3 *db, const char *sql, int *count))[16] {
    sqlite3_stmt *s = prepare(db, sql);
    unsigned char(*all)[16] = 0;
    int room = 0;
    for (*count = 0; sqlite3_step(s) == SQLITE_ROW; (*count)++) {
        if (*count == room) all = realloc(all, (room = room * 2 + 1024) * sizeof *all);
        memcpy(all[*count], sqlite3_column_blob(s, 0), 16);
    }
    sqlite3_finalize(s);
    if (*count == 0) fail("the database holds nothing to read", db);
    return all;
}

static int pages(const char *path, double seconds, const char *head_sql, const char *page_sql) {
    sqlite3 *db = open_database(path, 0);
    int count;
    unsigned char(*posts)[16] = ids(db, "SELECT DISTINCT post_id FROM comments", &count);
    sqlite3_stmt *begin = prepare(db, "BEGIN"), *commit = prepare(db, "COMMIT");
    sqlite3_stmt *head = prepare(db, head_sql), *page = prepare(db, page_sql);
    static unsigned char last[16];
    memset(last, 0xFF, sizeof last);
    char *buffer = malloc(1 << 20);
    unsigned random = 1;
    long done = 0, bytes = 0;
    double start = now(), time;
    do {
        for (int k = 0; k < 64; k++, done++) {
            random = random * 1664525u + 1013904223u;
            const unsigned char *post = posts[(random >> 4) % count];
            run(db, begin);
            sqlite3_bind_blob(head, 1, post, 16, SQLITE_STATIC);
            if (sqlite3_step(head) != SQLITE_ROW) fail("no such post", db);
            sqlite3_reset(head);
            sqlite3_bind_blob(page, 1, last, 16, SQLITE_STATIC);
            sqlite3_bind_int64(page, 2, 421);
            sqlite3_bind_blob(page, 3, post, 16, SQLITE_STATIC);
            char *o = LITERAL(buffer, "{\"jsonrpc\":\"2.0\",\"id\":123456,\"result\":{\"items\":[");
            for (int row = 0; sqlite3_step(page) == SQLITE_ROW && row < 20; row++) {
                if (row) *o++ = ',';
                o = LITERAL(o, "{\"id\":");
                o = identifier(o, sqlite3_column_blob(page, 0));
                o = LITERAL(o, ",\"post_id\":");
                o = identifier(o, sqlite3_column_blob(page, 7));
                o = common(o, page);
                o = LITERAL(o, ",\"edited\":false,\"revision\":");
                o += sprintf(o, "%lld}", sqlite3_column_int64(page, 6));
            }
            o = LITERAL(o, "],\"next_cursor\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}}\n");
            sqlite3_reset(page);
            run(db, commit);
            bytes += o - buffer;
        }
        time = now();
    } while (time - start < seconds);
    printf("{\"operation\":\"pages\",\"us\":%.3f,\"bytes\":%ld,\"count\":%ld}\n",
        (time - start) / done * 1e6, bytes / done, done);
    return 0;
}

static int creates(
    const char *path, int group, double seconds, const char *owner_sql, const char *insert_sql,
    const char *count_sql, const char *post_sql
) {
    static const char body[] =
        "Post number 123456: the quick brown fox jumps over the lazy dog, and the dog does not mind "
        "it at all, as it is asleep.";
    sqlite3 *db = open_database(path, 1);
    int users, sessions;
    unsigned char(*session)[16] = ids(db, "SELECT id FROM sessions LIMIT 64", &sessions);
    unsigned char(*user)[16] = ids(db, "SELECT user_id FROM sessions LIMIT 64", &users);
    sqlite3_stmt *begin = prepare(db, "BEGIN IMMEDIATE"), *commit = prepare(db, "COMMIT");
    sqlite3_stmt *owner = prepare(db, owner_sql), *insert = prepare(db, insert_sql);
    sqlite3_stmt *counter = prepare(db, count_sql), *post = prepare(db, post_sql);
    char *buffer = malloc(1 << 20);
    long done = 0, groups = 0, bytes = 0;
    double start = now(), time;
    do {
        run(db, begin);
        struct timespec wall;
        clock_gettime(CLOCK_REALTIME, &wall);
        int64_t milliseconds = wall.tv_sec * 1000ll + wall.tv_nsec / 1000000;
        for (int k = 0; k < group; k++, done++) {
            unsigned char id[16] = {0};
            for (int i = 0; i < 6; i++) id[i] = milliseconds >> (40 - 8 * i);
            id[6] = 0x7F;
            id[8] = 0x80;
            for (int i = 0; i < 7; i++) id[9 + i] = (uint64_t)done >> (48 - 8 * i);
            int who = done % sessions;
            sqlite3_bind_blob(owner, 1, session[who], 16, SQLITE_STATIC);
            run(db, owner);
            sqlite3_bind_blob(insert, 1, id, 16, SQLITE_STATIC);
            sqlite3_bind_blob(insert, 2, user[who], 16, SQLITE_STATIC);
            sqlite3_bind_text(insert, 3, body, sizeof body - 1, SQLITE_STATIC);
            sqlite3_bind_int64(insert, 4, milliseconds);
            run(db, insert);
            sqlite3_bind_blob(counter, 1, user[who], 16, SQLITE_STATIC);
            sqlite3_bind_int64(counter, 2, 1);
            run(db, counter);
            sqlite3_bind_blob(post, 1, id, 16, SQLITE_STATIC);
            sqlite3_bind_blob(post, 2, user[who], 16, SQLITE_STATIC);
            sqlite3_bind_text(post, 3, body, sizeof body - 1, SQLITE_STATIC);
            sqlite3_bind_int64(post, 4, milliseconds);
            if (sqlite3_step(post) != SQLITE_ROW) fail("the post is not there", db);
            char *o = LITERAL(buffer, "{\"jsonrpc\":\"2.0\",\"id\":123456,\"result\":{\"id\":");
            o = identifier(o, sqlite3_column_blob(post, 0));
            o = common(o, post);
            o = LITERAL(o, ",\"edited\":false,\"like_count\":0,\"comment_count\":0,\"liked\":false,"
                           "\"revision\":1}}\n");
            sqlite3_reset(post);
            bytes += o - buffer;
        }
        run(db, commit);
        groups++;
        int log = 0, moved = 0;
        if (groups % 16 == 0) {
            sqlite3_wal_checkpoint_v2(db, 0, SQLITE_CHECKPOINT_PASSIVE, &log, &moved);
        }
        time = now();
    } while (time - start < seconds);
    printf("{\"operation\":\"creates\",\"us\":%.3f,\"bytes\":%ld,\"count\":%ld,\"group\":%d}\n",
        (time - start) / done * 1e6, bytes / done, done, group);
    return 0;
}

int main(int argc, char **argv) {
    if (argc == 4 && !strcmp(argv[1], "line")) serve(atoi(argv[2]), atol(argv[3]));
    if (argc == 6 && !strcmp(argv[1], "pages")) {
        return pages(argv[2], atof(argv[3]), argv[4], argv[5]);
    }
    if (argc == 9 && !strcmp(argv[1], "creates")) {
        return creates(
            argv[2], atoi(argv[3]), atof(argv[4]), argv[5], argv[6], argv[7], argv[8]);
    }
    dprintf(2, "usage: see the head of composed.c\n");
    return 2;
}
