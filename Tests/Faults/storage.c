/* Stands between a server and its disk (LD_PRELOAD): keeps a journal of what was written, synced,
   made, renamed and removed below one folder, and fails calls on demand. shim.py compiles it,
   fills in the control block and reads the journal; see there for the environment it wants. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* As shim.py's Control has it: 32-bit words. */
struct control {
    uint32_t sync_passes;   /* so many syncs pass, */
    uint32_t sync_failures; /* then so many fail */
    uint32_t log_alone;     /* both count syncs of write-ahead logs only */
    uint32_t syncs;         /* how many there were */
    uint32_t write_odds;    /* of a million writes, how many fail; so the next two */
    uint32_t read_odds;
    uint32_t sync_odds;
    uint32_t is_full;       /* no file grows */
    uint32_t failed;        /* how many calls were failed */
    uint32_t sync_delay_us; /* a sync takes up to so long */
    uint32_t is_normal;     /* synchronous=FULL is read as NORMAL */
    uint32_t made_normal;   /* how often it was */
    uint32_t seed;
    uint32_t drop_odds;     /* of a million writes, how many are dropped and said to be done */
    int32_t clock_minutes;  /* added to the wall clock */
};

enum kind { MADE = 1, WRITTEN, CUT, SYNCING, SYNCED, SYNC_FAILED, RENAMED, REMOVED, FOLDER };

struct record {
    uint32_t kind;
    uint32_t length; /* of the bytes that follow, padded to 8 */
    uint64_t inode;
    uint64_t offset;
};

enum { FILES = 65536 };
static struct control *control;
static char root[4096];
static size_t root_length;
static uint8_t *journal;
static uint64_t journal_size;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct { uint64_t inode; uint8_t is_ours, is_log; } files[FILES];

#define REAL(name) \
    static __typeof__(name) *real; \
    if (real == NULL) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

static void *map(const char *path, uint64_t *size) {
    REAL(open64);
    int file = real(path, O_RDWR | O_CLOEXEC);
    struct stat status;
    if (file < 0 || fstat(file, &status) != 0) abort();
    *size = (uint64_t)status.st_size;
    void *bytes = mmap(NULL, *size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (bytes == MAP_FAILED) abort();
    return bytes;
}

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("SHIM_ROOT");
    uint64_t size;
    if (path == NULL) return;
    snprintf(root, sizeof root, "%s", path);
    root_length = strlen(root);
    control = map(getenv("SHIM_CONTROL"), &size);
    if (getenv("SHIM_JOURNAL") != NULL) {
        journal = map(getenv("SHIM_JOURNAL"), &journal_size);
    }
}

static uint32_t chance(void) {
    static uint64_t state;
    uint64_t x = __atomic_add_fetch(&state, 0x9E3779B97F4A7C15u, __ATOMIC_RELAXED) ^ control->seed;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return (uint32_t)(x >> 33);
}

static int strikes(uint32_t odds) {
    if (odds == 0 || chance() % 1000000 >= odds) return 0;
    __atomic_add_fetch(&control->failed, 1, __ATOMIC_RELAXED);
    return 1;
}

static int is_below(const char *path) {
    return control != NULL && strncmp(path, root, root_length) == 0
        && (path[root_length] == '/' || path[root_length] == 0);
}

static int is_ours(int file) {
    return control != NULL && file >= 0 && file < FILES && files[file].is_ours;
}

/* The record is there once the journal's first word counts it: a process that dies in between
   leaves whole records only. A journal that is full stops the writers: the disk has hung. */
static void note(
    enum kind kind, uint64_t inode, uint64_t offset, const void *bytes, size_t length) {
    if (journal == NULL) return;
    struct record record = {kind, (uint32_t)length, inode, offset};
    size_t padded = (length + 7) & ~(size_t)7;
    pthread_mutex_lock(&lock);
    uint64_t end = *(volatile uint64_t *)journal;
    while (end + sizeof record + padded + 8 > journal_size) usleep(100000);
    memcpy(journal + 8 + end, &record, sizeof record);
    if (length > 0) memcpy(journal + 8 + end + sizeof record, bytes, length);
    __atomic_store_n((uint64_t *)journal, end + sizeof record + padded, __ATOMIC_RELEASE);
    pthread_mutex_unlock(&lock);
}

static void note_path(enum kind kind, uint64_t inode, const char *path) {
    note(kind, inode, 0, path + root_length, strlen(path + root_length));
}

static void opened(int file, const char *path, int flags, int was_there) {
    struct stat status;
    if (file < 0 || file >= FILES || !is_below(path) || fstat(file, &status) != 0) return;
    size_t length = strlen(path);
    files[file].inode = status.st_ino;
    files[file].is_log = length > 4 && strcmp(path + length - 4, "-wal") == 0;
    files[file].is_ours = !(length > 4 && strcmp(path + length - 4, "-shm") == 0);
    if (!files[file].is_ours) return;
    if ((flags & O_CREAT) && !was_there) note_path(MADE, status.st_ino, path);
    else if (flags & O_TRUNC) note(CUT, status.st_ino, 0, NULL, 0);
}

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        REAL(name); \
        mode_t mode = 0; \
        if (flags & (O_CREAT | O_TMPFILE)) { \
            va_list list; \
            va_start(list, flags); \
            mode = va_arg(list, mode_t); \
            va_end(list); \
        } \
        struct stat status; \
        int was_there = is_below(path) && lstat(path, &status) == 0; \
        int file = real(path, flags, mode); \
        opened(file, path, flags, was_there); \
        return file; \
    }
OPEN(open)
OPEN(open64)

int close(int file) {
    REAL(close);
    if (file >= 0 && file < FILES) files[file].is_ours = 0;
    return real(file);
}

/* Whether this write is failed, and with what; *length may become less: what came to the disk. */
static int write_fault(int file, size_t *length, uint64_t offset) {
    struct stat status;
    if (control->is_full && fstat(file, &status) == 0
        && offset + *length > (uint64_t)status.st_size) {
        __atomic_add_fetch(&control->failed, 1, __ATOMIC_RELAXED);
        *length = 0;
        return ENOSPC;
    }
    if (!strikes(control->write_odds)) return 0;
    *length = chance() % 2 ? 0 : *length / 2;
    return EIO;
}

#define PWRITE(name) \
    ssize_t name(int file, const void *bytes, size_t length, off_t offset) { \
        REAL(name); \
        if (!is_ours(file)) return real(file, bytes, length, offset); \
        int fault = write_fault(file, &length, (uint64_t)offset); \
        if (strikes(control->drop_odds)) return (ssize_t)length; \
        note(WRITTEN, files[file].inode, (uint64_t)offset, bytes, length); \
        ssize_t done = length == 0 && fault != 0 ? 0 : real(file, bytes, length, offset); \
        if (fault == 0) return done; \
        errno = fault; \
        return -1; \
    }
PWRITE(pwrite)
PWRITE(pwrite64)

ssize_t write(int file, const void *bytes, size_t length) {
    REAL(write);
    if (!is_ours(file)) return real(file, bytes, length);
    uint64_t offset = (uint64_t)lseek(file, 0, SEEK_CUR);
    int fault = write_fault(file, &length, offset);
    note(WRITTEN, files[file].inode, offset, bytes, length);
    ssize_t done = length == 0 && fault != 0 ? 0 : real(file, bytes, length);
    if (fault == 0) return done;
    errno = fault;
    return -1;
}

#define PREAD(name) \
    ssize_t name(int file, void *bytes, size_t length, off_t offset) { \
        REAL(name); \
        if (is_ours(file) && strikes(control->read_odds)) { \
            errno = EIO; \
            return -1; \
        } \
        return real(file, bytes, length, offset); \
    }
PREAD(pread)
PREAD(pread64)

#define CUT_CALL(name) \
    int name(int file, off_t length) { \
        REAL(name); \
        if (is_ours(file)) note(CUT, files[file].inode, (uint64_t)length, NULL, 0); \
        return real(file, length); \
    }
CUT_CALL(ftruncate)
CUT_CALL(ftruncate64)

static int sync_fails(int file) {
    __atomic_add_fetch(&control->syncs, 1, __ATOMIC_RELAXED);
    if (strikes(control->sync_odds)) return 1;
    if (control->log_alone && !files[file].is_log) return 0;
    pthread_mutex_lock(&lock);
    int fails = 0;
    if (control->sync_passes > 0) control->sync_passes--;
    else if (control->sync_failures > 0) {
        control->sync_failures--;
        control->failed++;
        fails = 1;
    }
    pthread_mutex_unlock(&lock);
    return fails;
}

#define SYNC(name) \
    int name(int file) { \
        REAL(name); \
        if (!is_ours(file)) return real(file); \
        note(SYNCING, files[file].inode, 0, NULL, 0); \
        if (control->sync_delay_us > 0) usleep(chance() % control->sync_delay_us); \
        if (sync_fails(file)) { \
            note(SYNC_FAILED, files[file].inode, 0, NULL, 0); \
            errno = EIO; \
            return -1; \
        } \
        /* With a journal nothing but the journal says what is durable. */ \
        int status = journal != NULL ? 0 : real(file); \
        note(SYNCED, files[file].inode, 0, NULL, 0); \
        return status; \
    }
SYNC(fsync)
SYNC(fdatasync)

int rename(const char *from, const char *to) {
    REAL(rename);
    if (is_below(from) && is_below(to)) {
        char both[8192];
        int length = snprintf(both, sizeof both, "%s%c%s", from + root_length, 0, to + root_length);
        if (length > 0 && (size_t)length < sizeof both) note(RENAMED, 0, 0, both, (size_t)length);
    }
    return real(from, to);
}

int unlink(const char *path) {
    REAL(unlink);
    int status = real(path);
    if (status == 0 && is_below(path)) note_path(REMOVED, 0, path);
    return status;
}

int rmdir(const char *path) {
    REAL(rmdir);
    int status = real(path);
    if (status == 0 && is_below(path)) note_path(REMOVED, 0, path);
    return status;
}

int mkdir(const char *path, mode_t mode) {
    REAL(mkdir);
    int result = real(path, mode);
    struct stat status;
    if (result == 0 && is_below(path) && stat(path, &status) == 0) {
        note_path(FOLDER, status.st_ino, path);
    }
    return result;
}

/* faketime(1) keeps Swift's runtime from reading its command line, so the clock is set here. */
int clock_gettime(clockid_t clock, struct timespec *time) {
    REAL(clock_gettime);
    int status = real(clock, time);
    if (status == 0 && control != NULL && clock == CLOCK_REALTIME) {
        time->tv_sec += (time_t)control->clock_minutes * 60;
    }
    return status;
}

/* The control of the power test: the same program with the engine's lesser setting. */
struct sqlite3;
int sqlite3_exec(
    struct sqlite3 *, const char *, int (*)(void *, int, char **, char **), void *, char **);
int sqlite3_exec(
    struct sqlite3 *database, const char *text,
    int (*row)(void *, int, char **, char **), void *context, char **message) {
    REAL(sqlite3_exec);
    const char *found = text == NULL ? NULL : strstr(text, "synchronous=FULL");
    if (control == NULL || !control->is_normal || found == NULL) {
        return real(database, text, row, context, message);
    }
    char other[4096];
    snprintf(
        other, sizeof other, "%.*ssynchronous=NORMAL%s", (int)(found - text), text,
        found + strlen("synchronous=FULL"));
    __atomic_add_fetch(&control->made_normal, 1, __ATOMIC_RELAXED);
    return real(database, other, row, context, message);
}
