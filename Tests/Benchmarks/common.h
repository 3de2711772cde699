// What the load programs share: time, an end with a reason, a file as it is.
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

// Seconds since some moment of the past.
static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void fail(const char *what) {
    perror(what);
    exit(1);
}

// All of a file, with a zero byte behind it.
static char *whole(const char *path, size_t *bytes) {
    FILE *file = fopen(path, "rb");
    if (!file) fail(path);
    char *text = 0;
    size_t have = 0, room = 0, got;
    do {
        if (have + 65536 > room) text = realloc(text, room = room * 2 + 65536 + 1);
        got = fread(text + have, 1, room - have - 1, file);
        have += got;
    } while (got);
    fclose(file);
    text[have] = 0;
    *bytes = have;
    return text;
}
