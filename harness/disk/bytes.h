/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bytes.h - what files hold, found, copied and compared by their descriptors. -1 with errno. */
#ifndef ORDEAL_DISK_BYTES_H
#define ORDEAL_DISK_BYTES_H

#include <stdint.h>

/* A part of a file that was written, and is not only set aside or jumped over. */
struct bytes_run {
    int64_t offset, len;
};

/* The first one at or behind `from` in a file of `size`. 1: there is one, 0: there is none. */
int bytes_next(int fd, int64_t from, int64_t size, struct bytes_run *run);

/* Make `to` hold what `from` does. */
int bytes_copy(int from, int to);

/* How many bytes are not the same in both; those behind the end of one are not. */
int bytes_differ(int a, int b, uint64_t *count);

#endif
