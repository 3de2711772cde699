// System calls that the Glibc module does not export: epoll, eventfd, accept4 and their like. No logic.
#ifndef MUSE_CPLATFORM_H
#define MUSE_CPLATFORM_H

int muse_platform_placeholder(void);

#endif
