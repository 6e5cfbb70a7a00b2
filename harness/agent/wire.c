/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

int lines_init(struct lines *lines, struct err *err)
{
    *lines = (struct lines){.bytes = malloc(LINE_MAX_BYTES)};
    return lines->bytes ? 0 : err_set(err, ENOMEM, "no memory for a line of the agent protocol");
}

void lines_release(struct lines *lines)
{
    free(lines->bytes);
    *lines = (struct lines){0};
}

long lines_fill(struct lines *lines, int fd)
{
    if (lines->start) {
        memmove(lines->bytes, lines->bytes + lines->start, lines->end - lines->start);
        lines->end -= lines->start;
        lines->start = 0;
    }
    if (lines->end == LINE_MAX_BYTES) {
        errno = EAGAIN;
        return -1;
    }
    ssize_t got = read(fd, lines->bytes + lines->end, LINE_MAX_BYTES - lines->end);
    if (got > 0)
        lines->end += (size_t)got;
    return got;
}

enum line_found lines_next(struct lines *lines, struct str *line)
{
    for (;;) {
        char *from = lines->bytes + lines->start;
        size_t held = lines->end - lines->start;
        char *newline = held ? memchr(from, '\n', held) : NULL;

        if (newline) {
            *line = (struct str){from, (size_t)(newline - from)};
            lines->start += line->len + 1;
            if (!lines->skipping)
                return LINE_READY;
            lines->skipping = false;
        } else if (lines->skipping) {
            lines->start = lines->end;
            return LINE_NONE;
        } else if (held == LINE_MAX_BYTES) {
            lines->start = lines->end;
            lines->skipping = true;
            return LINE_TOO_LONG;
        } else {
            return LINE_NONE;
        }
    }
}
