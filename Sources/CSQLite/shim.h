// The operating system's sqlite3, as it is; and the calls of it that Swift cannot make: variadic
// ones, and those that take a cast for a pointer.
#ifndef MUSE_CSQLITE_H
#define MUSE_CSQLITE_H

#include <sqlite3.h>

/// sqlite3_db_config for the options that take an int and may give one back.
static inline int muse_sqlite_db_config(sqlite3 *db, int option, int on) {
    return sqlite3_db_config(db, option, on, (int *)0);
}

/// sqlite3_config for the options that take an int; only before the first use of the library.
static inline int muse_sqlite_config(int option, int value) {
    return sqlite3_config(option, value);
}

/// sqlite3_bind_text with a copy (SQLITE_TRANSIENT is a cast, which is not imported).
static inline int muse_sqlite_bind_text(
    sqlite3_stmt *statement, int index, const void *bytes, int count) {
    return sqlite3_bind_text(statement, index, (const char *)bytes, count, SQLITE_TRANSIENT);
}

/// sqlite3_bind_blob with a copy.
static inline int muse_sqlite_bind_blob(
    sqlite3_stmt *statement, int index, const void *bytes, int count) {
    return sqlite3_bind_blob(statement, index, bytes, count, SQLITE_TRANSIENT);
}

#endif
