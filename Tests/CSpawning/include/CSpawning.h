// How a test starts a process: posix_spawn(3) with what glibc has beyond POSIX. Called by
// Tests/Spawning alone.
#include <sys/types.h>

/// Starts `path` in `folder` (null: this one's). `streams` are the three standard streams: a
/// descriptor, -1 for this process's, -2 for /dev/null. The child inherits no other descriptor, no
/// signal mask and no ignored signal. Gives 0, or what errno(3) would say.
int spawn_child(
    pid_t *child, const char *path, char *const arguments[], char *const environment[],
    const char *folder, const int streams[3]);
