// The operating system's sodium, as it is.
#include <sodium.h>
