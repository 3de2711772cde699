// The operating system's edit, as it is.
#include <editline/readline.h>
