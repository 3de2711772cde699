// libmicrohttpd's variadic functions and callbacks in the shape in which Swift can have them.
#include "CMicroHTTP.h"

#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <linux/tcp.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

static void notify(
    void *owner, struct MHD_Connection *connection, void **context,
    enum MHD_ConnectionNotificationCode code) {
    const struct muse_http_calls *calls = owner;
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        *context = calls->opened(calls->owner, connection);
    else if (*context)
        calls->closed(calls->owner, *context);
}

static void *context_of(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

static void *began(void *owner, const char *target, struct MHD_Connection *connection) {
    const struct muse_http_calls *calls = owner;
    void *context = context_of(connection);
    if (context) calls->began(context, target);
    return context;
}

static enum MHD_Result handle(
    void *owner, struct MHD_Connection *connection, const char *url, const char *method,
    const char *version, const char *bytes, size_t *count, void **request) {
    const struct muse_http_calls *calls = owner;
    (void)connection;
    (void)url;
    if (!*request) return MHD_NO;
    return calls->handle(*request, method, version, bytes, count) ? MHD_YES : MHD_NO;
}

static void ended(
    void *owner, struct MHD_Connection *connection, void **request,
    enum MHD_RequestTerminationCode code) {
    const struct muse_http_calls *calls = owner;
    (void)connection;
    if (*request) calls->ended(*request, code == MHD_REQUEST_TERMINATED_COMPLETED_OK);
    *request = NULL;
}

/// Leaves a target as it was sent: it is split before it is decoded.
static size_t keep(void *owner, struct MHD_Connection *connection, char *text) {
    (void)owner;
    (void)connection;
    return strlen(text);
}

static void say_nothing(void *owner, const char *format, va_list arguments) {
    (void)owner;
    (void)format;
    (void)arguments;
}

struct MHD_Daemon *muse_http_start(
    const struct muse_http_calls *calls, const struct muse_http_settings *settings) {
    void *owner = (void *)(uintptr_t)calls;
    unsigned flags = MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_SUSPEND_RESUME
        | MHD_USE_ERROR_LOG;
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_END, 0, NULL}, {MHD_OPTION_END, 0, NULL}, {MHD_OPTION_END, 0, NULL}};
    if (settings->certificate) {
        flags |= MHD_USE_TLS;
        tls[0].option = MHD_OPTION_HTTPS_MEM_CERT;
        tls[0].ptr_value = (void *)(uintptr_t)settings->certificate;
        tls[1].option = MHD_OPTION_HTTPS_MEM_KEY;
        tls[1].ptr_value = (void *)(uintptr_t)settings->key;
    }
    return MHD_start_daemon(
        flags, 0, NULL, NULL, handle, owner, MHD_OPTION_EXTERNAL_LOGGER, say_nothing, NULL,
        MHD_OPTION_UNESCAPE_CALLBACK, keep, NULL, MHD_OPTION_URI_LOG_CALLBACK, began, owner,
        MHD_OPTION_NOTIFY_COMPLETED, ended, owner, MHD_OPTION_NOTIFY_CONNECTION, notify, owner,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)settings->connections_max,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)settings->idle_seconds,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, settings->head_bytes, MHD_OPTION_STRICT_FOR_CLIENT, 0,
        MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
}

void muse_http_stop(struct MHD_Daemon *daemon) { MHD_stop_daemon(daemon); }

int muse_http_epoll(struct MHD_Daemon *daemon) {
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
    return info ? info->epoll_fd : -1;
}

int muse_http_add(
    struct MHD_Daemon *daemon, int descriptor, const void *address, uint32_t length) {
    return MHD_add_connection(daemon, descriptor, address, length) == MHD_YES;
}

void muse_http_run(struct MHD_Daemon *daemon) { MHD_run(daemon); }

int muse_http_is_due(struct MHD_Daemon *daemon) {
    MHD_UNSIGNED_LONG_LONG wait = 0;
    return MHD_get_timeout(daemon, &wait) == MHD_YES && wait == 0;
}

void muse_http_suspend(struct MHD_Connection *connection) { MHD_suspend_connection(connection); }

void muse_http_resume(struct MHD_Connection *connection) { MHD_resume_connection(connection); }

int muse_http_descriptor(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info ? info->connect_fd : -1;
}

size_t muse_http_head_bytes(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    return info ? info->header_size : 0;
}

int muse_http_lends_in_place(void) { return strcmp(MHD_get_version(), "0.9.75") == 0; }

struct visitor {
    const char *head;
    void *context;
    void (*visit)(void *, const struct muse_http_field *);
};

static enum MHD_Result visit(
    void *owner, enum MHD_ValueKind kind, const char *name, size_t name_count, const char *value,
    size_t value_count) {
    const struct visitor *visitor = owner;
    (void)kind;
    intptr_t head = (intptr_t)visitor->head;
    struct muse_http_field field = {
        name, name_count, value, value_count, (intptr_t)name - head,
        (intptr_t)value - head + (intptr_t)value_count};
    visitor->visit(visitor->context, &field);
    return MHD_YES;
}

void muse_http_fields(
    struct MHD_Connection *connection, const char *method, void *context,
    void (*each)(void *, const struct muse_http_field *)) {
    struct visitor visitor = {method, context, each};
    MHD_get_connection_values_n(connection, MHD_HEADER_KIND, visit, &visitor);
}

struct MHD_Response *muse_http_response(
    const void *bytes, size_t count, void (*release)(void *context), void *context) {
    return MHD_create_response_from_buffer_with_free_callback_cls(
        count, (void *)(uintptr_t)bytes, release, context);
}

static ssize_t no_body(void *owner, uint64_t position, char *bytes, size_t count) {
    (void)owner;
    (void)position;
    (void)bytes;
    (void)count;
    return MHD_CONTENT_READER_END_WITH_ERROR;
}

struct MHD_Response *muse_http_bodiless(size_t count) {
    return MHD_create_response_from_callback(count, 256, no_body, NULL, NULL);
}

void muse_http_add_field(struct MHD_Response *response, const char *name, const char *value) {
    MHD_add_response_header(response, name, value);
}

int muse_http_answer(
    struct MHD_Connection *connection, unsigned status, struct MHD_Response *response) {
    int queued = MHD_queue_response(connection, status, response) == MHD_YES;
    MHD_destroy_response(response);
    return queued;
}

int muse_http_say_over_tls(struct MHD_Connection *connection, const void *bytes, size_t count) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    gnutls_session_t session = info ? info->tls_session : NULL;
    if (!session) return 0;
    ssize_t sent = gnutls_record_send(session, bytes, count);
    gnutls_bye(session, GNUTLS_SHUT_WR);
    return sent == (ssize_t)count;
}

const char *muse_http_certificate_fault(const char *certificate, const char *key) {
    gnutls_datum_t chain = {(void *)(uintptr_t)certificate, (unsigned)strlen(certificate)};
    gnutls_datum_t secret = {(void *)(uintptr_t)key, (unsigned)strlen(key)};
    gnutls_certificate_credentials_t credentials;
    int status = gnutls_certificate_allocate_credentials(&credentials);
    if (status < 0) return gnutls_strerror(status);
    status = gnutls_certificate_set_x509_key_mem(credentials, &chain, &secret, GNUTLS_X509_FMT_PEM);
    gnutls_certificate_free_credentials(credentials);
    return status < 0 ? gnutls_strerror(status) : NULL;
}

const char *muse_http_version(void) { return MHD_get_version(); }

static struct tcp_info figures(int descriptor) {
    struct tcp_info info;
    socklen_t length = sizeof info;
    memset(&info, 0, sizeof info);
    getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &length);
    return info;
}

uint64_t muse_http_taken(int descriptor) { return figures(descriptor).tcpi_bytes_acked; }

uint64_t muse_http_received(int descriptor) { return figures(descriptor).tcpi_bytes_received; }

int muse_http_has_ended(int descriptor) {
    char byte;
    return recv(descriptor, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

int muse_http_copy(int descriptor) { return fcntl(descriptor, F_DUPFD_CLOEXEC, 0); }

void muse_http_shut(int descriptor) { shutdown(descriptor, SHUT_RDWR); }
