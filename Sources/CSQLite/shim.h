// The operating system's sqlite3, as it is.
#include <sqlite3.h>
