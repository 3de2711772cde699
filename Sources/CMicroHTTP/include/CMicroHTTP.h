// The operating system's libmicrohttpd, as the HTTP room uses it: one daemon a worker, in external
// epoll mode. Wrappers for what Swift cannot call: variadic functions and macros. No logic. GnuTLS
// is the library's own TLS.
#ifndef MUSE_CMICROHTTP_H
#define MUSE_CMICROHTTP_H

#include <stddef.h>
#include <stdint.h>

struct MHD_Daemon;
struct MHD_Connection;
struct MHD_Response;

/// What a daemon calls. `owner` is the daemon's own, `context` what `opened` gave for a connection.
struct muse_http_calls {
    void *owner;
    /// A connection begins; gives its context.
    void *(*opened)(void *owner, struct MHD_Connection *connection);
    /// A connection has ended: nothing more comes for its context.
    void (*closed)(void *owner, void *context);
    /// A request line was read. `target` is as it was sent, and is lent.
    void (*began)(void *context, const char *target);
    /// The head is there (with `*count` 0, for the first time), or `*count` bytes of the body, or
    /// all of it (`*count` 0 again), or an answer may be given after a resumption. What is taken of
    /// the body is taken off `*count`. 0 closes the connection.
    int (*handle)(
        void *context, const char *method, const char *version, const void *bytes, size_t *count);
    /// The request is over, whatever became of it.
    void (*ended)(void *context, int was_answered);
};

struct muse_http_settings {
    /// PEM texts for TLS; both null for none.
    const char *certificate;
    const char *key;
    uint32_t connections_max;
    /// A connection on which nothing moves for so long is closed; 0 for never.
    uint32_t idle_seconds;
    /// What a connection's head may take.
    size_t head_bytes;
};

/// A daemon without a listening socket; null where it cannot be had.
struct MHD_Daemon *muse_http_start(
    const struct muse_http_calls *calls, const struct muse_http_settings *settings);
void muse_http_stop(struct MHD_Daemon *daemon);
/// The descriptor to wait on; -1 where there is none.
int muse_http_epoll(struct MHD_Daemon *daemon);
/// Gives a connected socket to the daemon, which closes it in any case; 0 where it is refused.
int muse_http_add(
    struct MHD_Daemon *daemon, int descriptor, const void *address, uint32_t length);
/// Does what can be done without waiting.
void muse_http_run(struct MHD_Daemon *daemon);
/// Whether there is more to be done at once.
int muse_http_is_due(struct MHD_Daemon *daemon);

void muse_http_suspend(struct MHD_Connection *connection);
void muse_http_resume(struct MHD_Connection *connection);
int muse_http_descriptor(struct MHD_Connection *connection);
/// How long the head is that was read.
size_t muse_http_head_bytes(struct MHD_Connection *connection);
/// Whether method, version and fields are lent from where the head was read, so that their places
/// tell what lies between: known of 0.9.75.
int muse_http_lends_in_place(void);
/// A field as it was read, and where its line stands: so many bytes after the head's first.
struct muse_http_field {
    const char *name;
    size_t name_count;
    const char *value;
    size_t value_count;
    /// Where its name begins and its value ends.
    intptr_t begins;
    intptr_t ends;
};

/// Lends each field of the head, in order. `method` is what `handle` was given: the head's first
/// byte.
void muse_http_fields(
    struct MHD_Connection *connection, const char *method, void *context,
    void (*visit)(void *context, const struct muse_http_field *field));

/// A response whose body is lent until `release` is called with `context`.
struct MHD_Response *muse_http_response(
    const void *bytes, size_t count, void (*release)(void *context), void *context);
/// A response that tells the length of a body that is not sent: for 304 alone.
struct MHD_Response *muse_http_bodiless(size_t count);
void muse_http_add_field(struct MHD_Response *response, const char *name, const char *value);
/// Answers, and gives the response up; 0 where it is too late.
int muse_http_answer(
    struct MHD_Connection *connection, unsigned status, struct MHD_Response *response);
/// Writes to a connection over TLS past the daemon, and ends that direction (close_notify); 0 where
/// it did not fit.
int muse_http_say_over_tls(struct MHD_Connection *connection, const void *bytes, size_t count);
/// Why a daemon cannot be started with these PEM texts; null where it can.
const char *muse_http_certificate_fault(const char *certificate, const char *key);
const char *muse_http_version(void);

/// Bytes of a TCP connection that the other side has taken so far; 0 where that cannot be told.
uint64_t muse_http_taken(int descriptor);
/// Bytes that have come on it.
uint64_t muse_http_received(int descriptor);
/// Whether the other side sends no more, and all that it has sent was read.
int muse_http_has_ended(int descriptor);
/// Another descriptor of the same connection; -1 where there is none left.
int muse_http_copy(int descriptor);
/// Ends both directions of a connection, which its daemon then closes.
void muse_http_shut(int descriptor);

#endif
