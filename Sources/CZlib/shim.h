// The operating system's zlib, and the macro that starts a stream.
#ifndef MUSE_CZLIB_H
#define MUSE_CZLIB_H

#include <zlib.h>

/// deflateInit2 for gzip's format (window bits 15 and 16 more).
static inline int muse_gzip_begin(z_stream *stream, int level) {
    return deflateInit2(stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
}

#endif
