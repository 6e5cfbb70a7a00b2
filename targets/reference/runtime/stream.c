/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stream.h"

#include <stdlib.h>

struct stream *stream_new(struct runtime *rt, void *owner)
{
    struct stream *stream = calloc(1, sizeof *stream);

    if (!stream)
        die("out of memory");
    stream->rt = rt;
    stream->owner = owner;
    buf_init(&stream->in, LINE_LIMIT);
    (void)uv_tcp_init(&rt->loop, &stream->tcp);
    (void)uv_tcp_nodelay(&stream->tcp, 1);
    stream->tcp.data = stream;
    return stream;
}

static void stream_free(uv_handle_t *handle)
{
    struct stream *stream = handle->data;
    buf_release(&stream->in);
    free(stream);
}

void stream_close(struct stream *stream)
{
    if (!stream || stream->closed)
        return;
    stream->closed = true;
    uv_close((uv_handle_t *)&stream->tcp, stream_free);
}

/* It broke or ended: tell the owner, then close. */
static void stream_end(struct stream *stream)
{
    if (stream->closed)
        return;
    stream->on_end(stream);
    stream_close(stream);
}

static void give_lines(struct stream *stream)
{
    struct buf *in = &stream->in;
    size_t start = 0;

    while (!stream->closed && start < in->len) {
        const char *line = in->ptr + start;
        const char *end = memchr(line, '\n', in->len - start);
        if (!end)
            break;
        start += (size_t)(end - line) + 1;
        stream->on_line(stream, (struct str){line, (size_t)(end - line)});
    }
    if (start > 0) {
        memmove(in->ptr, in->ptr + start, in->len - start);
        in->len -= start;
    }
    if (stream->on_pause && !stream->closed)
        stream->on_pause(stream);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *block)
{
    static char bytes[1 << 16]; /* one read at a time: there is one thread */
    (void)handle;
    (void)suggested;
    *block = uv_buf_init(bytes, sizeof bytes);
}

static void on_read(uv_stream_t *uv, ssize_t count, const uv_buf_t *block)
{
    struct stream *stream = uv->data;

    if (count > 0)
        buf_add(&stream->in, block->base, (size_t)count);
    if (count < 0 || stream->in.failed)
        stream_end(stream);
    else if (count > 0)
        give_lines(stream);
}

void stream_read(struct stream *stream)
{
    if (uv_read_start((uv_stream_t *)&stream->tcp, on_alloc, on_read) < 0)
        stream_end(stream);
}

struct writing {
    uv_write_t request;
    char bytes[];
};

static void on_written(uv_write_t *request, int status)
{
    struct stream *stream = request->handle->data;

    free(request);
    if (status < 0)
        stream_end(stream);
}

void stream_write(struct stream *stream, struct str line)
{
    char newline[] = "\n";
    uv_stream_t *uv = (uv_stream_t *)&stream->tcp;
    uv_buf_t parts[2] = {uv_buf_init((char *)(uintptr_t)line.ptr, (unsigned)line.len),
                         uv_buf_init(newline, 1)};

    if (stream->closed)
        return;
    int count = uv_try_write(uv, parts, 2);
    if (count == (int)line.len + 1)
        return;
    size_t sent = count > 0 ? (size_t)count : 0;
    struct writing *writing = malloc(sizeof *writing + line.len + 1 - sent);
    if (!writing)
        die("out of memory");
    size_t rest = line.len - sent; /* sent <= line.len: the newline was not */
    memcpy(writing->bytes, line.ptr + sent, rest);
    writing->bytes[rest] = '\n';
    uv_buf_t block = uv_buf_init(writing->bytes, (unsigned)rest + 1);
    if (uv_write(&writing->request, uv, &block, 1, on_written) < 0) {
        free(writing);
        stream_end(stream);
    }
}
