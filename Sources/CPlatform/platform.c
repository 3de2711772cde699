#define _GNU_SOURCE
#include "CPlatform.h"
#include <errno.h>
#include <stdlib.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

void muse_give_back_blocks_from(int bytes) {
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, bytes);
#else
    (void)bytes;
#endif
}

void muse_keep_heaps_grown(int bytes) {
#ifdef __GLIBC__
    mallopt(M_TOP_PAD, bytes);
    mallopt(M_TRIM_THRESHOLD, 2 * bytes);
#else
    (void)bytes;
#endif
}

#ifdef __linux__
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

int muse_pin_to_core(int core) {
    cpu_set_t cores;
    if (core < 0 || core >= CPU_SETSIZE) return -EINVAL;
    CPU_ZERO(&cores);
    CPU_SET(core, &cores);
    return sched_setaffinity(0, sizeof cores, &cores) ? -errno : 0;
}

static uint32_t epoll_bits(uint32_t interest) {
    uint32_t bits = 0;
    if (interest & MUSE_READABLE) bits |= EPOLLIN;
    if (interest & MUSE_WRITABLE) bits |= EPOLLOUT;
    if (interest & MUSE_EDGE) bits |= EPOLLET;
    if (interest & MUSE_EXCLUSIVE) bits |= EPOLLEXCLUSIVE;
    return bits;
}

static int epoll_change(
    int epoll, int operation, int descriptor, uint32_t interest, uint64_t token) {
    struct epoll_event event = {.events = epoll_bits(interest), .data.u64 = token};
    return epoll_ctl(epoll, operation, descriptor, &event) ? -errno : 0;
}

int muse_epoll_create(void) {
    int descriptor = epoll_create1(EPOLL_CLOEXEC);
    return descriptor < 0 ? -errno : descriptor;
}

int muse_epoll_add(int epoll, int descriptor, uint32_t interest, uint64_t token) {
    return epoll_change(epoll, EPOLL_CTL_ADD, descriptor, interest, token);
}

int muse_epoll_modify(int epoll, int descriptor, uint32_t interest, uint64_t token) {
    return epoll_change(epoll, EPOLL_CTL_MOD, descriptor, interest, token);
}

int muse_epoll_remove(int epoll, int descriptor) {
    return epoll_change(epoll, EPOLL_CTL_DEL, descriptor, 0, 0);
}

int muse_epoll_wait(int epoll, struct muse_event *events, int count, int timeout_ms) {
    struct epoll_event found[256];
    int most = count < 256 ? count : 256;
    int ready = epoll_wait(epoll, found, most, timeout_ms);
    if (ready < 0) return errno == EINTR ? 0 : -errno;
    for (int i = 0; i < ready; i++) {
        uint32_t bits = found[i].events, readiness = 0;
        if (bits & EPOLLIN) readiness |= MUSE_READABLE;
        if (bits & EPOLLOUT) readiness |= MUSE_WRITABLE;
        if (bits & (EPOLLERR | EPOLLHUP)) readiness |= MUSE_FAILED;
        events[i].token = found[i].data.u64;
        events[i].readiness = readiness;
    }
    return ready;
}

int muse_eventfd(void) {
    int descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return descriptor < 0 ? -errno : descriptor;
}

int muse_eventfd_signal(int descriptor) {
    uint64_t one = 1;
    return write(descriptor, &one, sizeof one) < 0 ? -errno : 0;
}

int muse_socket(int family) {
    int descriptor = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return descriptor < 0 ? -errno : descriptor;
}

int muse_accept(int listener, void *address, uint32_t *length) {
    socklen_t size = *length;
    int descriptor = accept4(listener, address, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor < 0) return -errno;
    *length = size;
    return descriptor;
}

int muse_peer_uid(int descriptor, uint32_t *uid) {
    struct ucred who;
    socklen_t size = sizeof who;
    if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &who, &size)) return -errno;
    *uid = who.uid;
    return 0;
}

#define SEND_FLAGS MSG_NOSIGNAL
#else
int muse_pin_to_core(int core) {
    (void)core;
    return -ENOSYS;
}
int muse_epoll_create(void) { return -ENOSYS; }
int muse_epoll_add(int epoll, int descriptor, uint32_t interest, uint64_t token) {
    (void)epoll, (void)descriptor, (void)interest, (void)token;
    return -ENOSYS;
}
int muse_epoll_modify(int epoll, int descriptor, uint32_t interest, uint64_t token) {
    (void)epoll, (void)descriptor, (void)interest, (void)token;
    return -ENOSYS;
}
int muse_epoll_remove(int epoll, int descriptor) {
    (void)epoll, (void)descriptor;
    return -ENOSYS;
}
int muse_epoll_wait(int epoll, struct muse_event *events, int count, int timeout_ms) {
    (void)epoll, (void)events, (void)count, (void)timeout_ms;
    return -ENOSYS;
}
int muse_eventfd(void) { return -ENOSYS; }
int muse_eventfd_signal(int descriptor) {
    (void)descriptor;
    return -ENOSYS;
}
int muse_socket(int family) {
    (void)family;
    return -ENOSYS;
}
int muse_accept(int listener, void *address, uint32_t *length) {
    (void)listener, (void)address, (void)length;
    return -ENOSYS;
}
int muse_peer_uid(int descriptor, uint32_t *uid) {
    gid_t group;
    uid_t user;
    if (getpeereid(descriptor, &user, &group)) return -errno;
    *uid = user;
    return 0;
}

#define SEND_FLAGS 0
#endif

int muse_set_option(int descriptor, int level, int name, int value) {
    return setsockopt(descriptor, level, name, &value, sizeof value) ? -errno : 0;
}

int muse_set_reuse_address(int descriptor) {
    return muse_set_option(descriptor, SOL_SOCKET, SO_REUSEADDR, 1);
}

int muse_set_reuse_port(int descriptor) {
    return muse_set_option(descriptor, SOL_SOCKET, SO_REUSEPORT, 1);
}

int muse_set_v6_only(int descriptor) {
    return muse_set_option(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, 1);
}

int muse_set_no_delay(int descriptor) {
    return muse_set_option(descriptor, IPPROTO_TCP, TCP_NODELAY, 1);
}

long muse_receive(int descriptor, void *bytes, size_t count) {
    ssize_t got = recv(descriptor, bytes, count, 0);
    return got < 0 ? -errno : got;
}

long muse_send(int descriptor, const void *bytes, size_t count) {
    ssize_t sent = send(descriptor, bytes, count, SEND_FLAGS);
    return sent < 0 ? -errno : sent;
}

int muse_shutdown_sending(int descriptor) {
    return shutdown(descriptor, SHUT_WR) ? -errno : 0;
}

int muse_set_reset_on_close(int descriptor) {
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    return setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &now, sizeof now) ? -errno : 0;
}

int muse_pending_error(int descriptor) {
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size)) return -errno;
    return error;
}
