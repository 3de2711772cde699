#include "CPlatform.h"
int muse_platform_placeholder(void) { return 0; }
