/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stdio.c - all messages on standard input and output: a node under Maelstrom itself. */
#include "runtime.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static struct buf input;

static void write_line(struct str line)
{
    (void)fwrite(line.ptr, 1, line.len, stdout);
    (void)putchar('\n');
    if (fflush(stdout) != 0)
        die("cannot write to standard output: %s", strerror(errno));
}

static void to_node(struct runtime *rt, int to, struct str line)
{
    (void)rt;
    (void)to; /* the line says it: "dest" */
    write_line(line);
}

static void to_client(struct runtime *rt, uint64_t connection, struct str line)
{
    (void)rt;
    (void)connection;
    write_line(line);
}

static void give_lines(struct runtime *rt)
{
    size_t start = 0;
    const char *end;

    while ((end = memchr(input.ptr + start, '\n', input.len - start)) != NULL) {
        struct str line = {input.ptr + start, (size_t)(end - input.ptr) - start};
        start += line.len + 1;
        message_receive(rt, line, FROM_ANYONE, 0);
    }
    memmove(input.ptr, input.ptr + start, input.len - start);
    input.len -= start;
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    char block[1 << 16];
    (void)events;

    ssize_t count = status < 0 ? 0 : read(STDIN_FILENO, block, sizeof block);
    if (count < 0 && errno == EINTR)
        return;
    if (count <= 0)
        exit(0); /* the end of the run */
    buf_add(&input, block, (size_t)count);
    if (input.failed)
        die("a line of more than %d bytes", LINE_LIMIT);
    give_lines(poll->data);
}

void stdio_open(struct runtime *rt)
{
    static uv_poll_t poll;

    rt->to_node = to_node;
    rt->to_client = to_client;
    buf_init(&input, LINE_LIMIT);
    poll.data = rt;
    int result = uv_poll_init(&rt->loop, &poll, STDIN_FILENO);
    if (result == 0)
        result = uv_poll_start(&poll, UV_READABLE, on_readable);
    if (result < 0)
        die("cannot read standard input (%s): it must be a pipe or a terminal",
            uv_strerror(result));
}
