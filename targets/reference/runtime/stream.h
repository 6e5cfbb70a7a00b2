/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stream.h - a TCP connection that carries lines. */
#ifndef ORDEAL_REFERENCE_STREAM_H
#define ORDEAL_REFERENCE_STREAM_H

#include "runtime.h"

/* A connection; frees itself after stream_close, or after on_end has returned. */
struct stream {
    uv_tcp_t tcp;
    struct runtime *rt;
    void *owner; /* the user's own */
    uint64_t id; /* of a client, by which it is answered */
    struct buf in;
    bool closed;

    /* A line came, without its end. The stream may be closed by it. */
    void (*on_line)(struct stream *stream, struct str line);

    /* All lines that came together have been given. MAY be NULL. */
    void (*on_pause)(struct stream *stream);

    /* The other side closed it, or it broke. Not called after stream_close. */
    void (*on_end)(struct stream *stream);
};

struct stream *stream_new(struct runtime *rt, void *owner);

/* Begin to read, once it is connected. */
void stream_read(struct stream *stream);

/* Send a line; its end is added. Does nothing on a closed stream. */
void stream_write(struct stream *stream, struct str line);

/* Close it, if it is not NULL and not closed already. Nothing is called afterwards. */
void stream_close(struct stream *stream);

#endif
