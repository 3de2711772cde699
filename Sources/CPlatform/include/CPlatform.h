// System calls that the Glibc module does not export: epoll, eventfd, accept4 and their like. No
// logic. Every function gives -errno where the call fails.
#ifndef MUSE_CPLATFORM_H
#define MUSE_CPLATFORM_H

#include <stddef.h>
#include <stdint.h>

#define MUSE_READABLE 1u
#define MUSE_WRITABLE 2u
#define MUSE_FAILED 4u
#define MUSE_EDGE 8u
#define MUSE_EXCLUSIVE 16u

/// One descriptor that is ready: the token it was added with, and for what.
struct muse_event {
    uint64_t token;
    uint32_t readiness;
};

int muse_epoll_create(void);
int muse_epoll_add(int epoll, int descriptor, uint32_t interest, uint64_t token);
int muse_epoll_modify(int epoll, int descriptor, uint32_t interest, uint64_t token);
int muse_epoll_remove(int epoll, int descriptor);
/// At most 256 events a call. An interrupted wait gives 0.
int muse_epoll_wait(int epoll, struct muse_event *events, int count, int timeout_ms);

int muse_eventfd(void);
int muse_eventfd_signal(int descriptor);

/// A stream socket that does not block and does not outlive exec.
int muse_socket(int family);
/// The next connection of a listener, likewise; `address` takes `*length` bytes of a sockaddr.
int muse_accept(int listener, void *address, uint32_t *length);
int muse_set_option(int descriptor, int level, int name, int value);
int muse_set_reuse_address(int descriptor);
int muse_set_reuse_port(int descriptor);
int muse_set_v6_only(int descriptor);
int muse_set_no_delay(int descriptor);
/// The user at the other end of a Unix socket.
int muse_peer_uid(int descriptor, uint32_t *uid);

long muse_receive(int descriptor, void *bytes, size_t count);
/// Never raises SIGPIPE.
long muse_send(int descriptor, const void *bytes, size_t count);
int muse_shutdown_sending(int descriptor);
/// A close that resets: for what is to be forgotten at once.
int muse_set_reset_on_close(int descriptor);
/// The error that waits on a socket, as errno; 0 for none.
int muse_pending_error(int descriptor);

/// Keeps the calling thread, and what it starts, on one core.
int muse_pin_to_core(int core);

/// Blocks of so many bytes and more come from the system each, and go back to it when they are
/// freed (mallopt(3)), where the C library can be told so.
void muse_give_back_blocks_from(int bytes);

/// Has the heaps of threads grow in steps of so many bytes and keep as much again when blocks at
/// their end are freed, where the C library can be told so (mallopt(3)). To grow a heap changes
/// the process's map of its memory, and waits for whoever holds that: a password hash does for
/// milliseconds, while its 19 MiB are made.
void muse_keep_heaps_grown(int bytes);

#endif
