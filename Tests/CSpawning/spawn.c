// How a test starts a process. Everything that can fail is told by its result.
#define _GNU_SOURCE
#include "CSpawning.h"
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>

static int prepare(
    posix_spawn_file_actions_t *actions, const char *folder, const int streams[3]) {
    int result = 0;
    for (int number = 0; number < 3 && result == 0; number++) {
        if (streams[number] >= 0)
            result = posix_spawn_file_actions_adddup2(actions, streams[number], number);
        else if (streams[number] == -2)
            result = posix_spawn_file_actions_addopen(actions, number, "/dev/null", O_RDWR, 0);
    }
    if (result == 0) result = posix_spawn_file_actions_addclosefrom_np(actions, 3);
    if (result == 0 && folder) result = posix_spawn_file_actions_addchdir_np(actions, folder);
    return result;
}

int spawn_child(
    pid_t *child, const char *path, char *const arguments[], char *const environment[],
    const char *folder, const int streams[3]) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t signals;
    int result = posix_spawn_file_actions_init(&actions);
    if (result != 0) return result;
    result = prepare(&actions, folder, streams);
    if (result == 0) result = posix_spawnattr_init(&attributes);
    if (result == 0) {
        sigemptyset(&signals);
        posix_spawnattr_setsigmask(&attributes, &signals);
        sigfillset(&signals);
        posix_spawnattr_setsigdefault(&attributes, &signals);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
        result = posix_spawn(child, path, &actions, &attributes, arguments, environment);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return result;
}
