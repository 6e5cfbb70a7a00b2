/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bytes.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK_BYTES = 1 << 16 };

int bytes_next(int fd, int64_t from, int64_t size, struct bytes_run *run)
{
    off_t begin = from < size ? lseek(fd, from, SEEK_DATA) : size;

    if (begin < 0 && errno != ENXIO)
        return -1;
    if (begin < 0 || begin >= size)
        return 0;
    off_t end = lseek(fd, begin, SEEK_HOLE);
    if (end < 0)
        return -1;
    *run = (struct bytes_run){begin, (end < size ? end : size) - begin};
    return 1;
}

/* Up to `len` bytes; fewer at the end only. */
static int64_t read_at(int fd, char *bytes, int64_t len, int64_t offset)
{
    int64_t have = 0;

    while (have < len) {
        ssize_t got = pread(fd, bytes + have, (size_t)(len - have), offset + have);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        have += got;
    }
    return have;
}

static int copy_run(int from, int to, const struct bytes_run *run)
{
    char block[BLOCK_BYTES];

    for (int64_t at = run->offset; at < run->offset + run->len;) {
        int64_t left = run->offset + run->len - at;
        ssize_t got = pread(from, block, (size_t)(left < BLOCK_BYTES ? left : BLOCK_BYTES), at);
        ssize_t put = got > 0 ? pwrite(to, block, (size_t)got, at) : got;
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return -1;
        if (got == 0)
            break;
        at += put;
    }
    return 0;
}

int bytes_copy(int from, int to)
{
    struct bytes_run run;
    struct stat status;
    int found;

    if (fstat(from, &status) || ftruncate(to, 0) || ftruncate(to, status.st_size))
        return -1;
    for (int64_t at = 0; (found = bytes_next(from, at, status.st_size, &run)) > 0;
         at = run.offset + run.len) {
        if (copy_run(from, to, &run))
            return -1;
    }
    return found;
}

int bytes_differ(int a, int b, uint64_t *count)
{
    char one[BLOCK_BYTES], other[BLOCK_BYTES];
    int64_t offset = 0, most;

    *count = 0;
    do {
        int64_t a_len = read_at(a, one, BLOCK_BYTES, offset);
        int64_t b_len = read_at(b, other, BLOCK_BYTES, offset);
        if (a_len < 0 || b_len < 0)
            return -1;
        int64_t both = a_len < b_len ? a_len : b_len;
        most = a_len > b_len ? a_len : b_len;
        *count += (uint64_t)(most - both);
        if (memcmp(one, other, (size_t)both) != 0) {
            for (int64_t i = 0; i < both; i++)
                *count += one[i] != other[i];
        }
        offset += most;
    } while (most == BLOCK_BYTES);
    return 0;
}
