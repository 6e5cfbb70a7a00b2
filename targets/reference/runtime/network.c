/* SPDX-License-Identifier: GPL-2.0-or-later */
/* network.c - listens at the node's address: clients that speak messages, peers that open a
 * session. The first line of a connection tells which it is.
 */
#include "network.h"

#include "stream.h"

#include <stdlib.h>

enum { BACKLOG = 1024, CLIENTS_MAX = 4096 };

struct network {
    uv_tcp_t listener;
    struct stream *clients[CLIENTS_MAX]; /* at the low bits of their ids */
    uint64_t last_client;
};

static struct stream **client_slot(struct network *network, uint64_t id)
{
    return &network->clients[id % CLIENTS_MAX];
}

/* Give a client an id that no other ever had. False if there are too many clients. */
static bool client_add(struct network *network, struct stream *stream)
{
    for (int tries = 0; tries < CLIENTS_MAX; tries++) {
        struct stream **slot = client_slot(network, ++network->last_client);
        if (!*slot) {
            *slot = stream;
            stream->id = network->last_client;
            return true;
        }
    }
    return false;
}

static void on_client_end(struct stream *stream)
{
    *client_slot(stream->rt->network, stream->id) = NULL;
}

static void on_client_line(struct stream *stream, struct str line)
{
    message_receive(stream->rt, line, FROM_CLIENT, stream->id);
}

static void on_first_line(struct stream *stream, struct str line)
{
    if (session_accept(stream, line))
        return;
    if (!client_add(stream->rt->network, stream)) {
        stream_close(stream);
        return;
    }
    stream->on_line = on_client_line;
    stream->on_end = on_client_end;
    on_client_line(stream, line);
}

static void on_nobody_end(struct stream *stream)
{
    (void)stream;
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct runtime *rt = listener->data;

    if (status < 0)
        return;
    struct stream *stream = stream_new(rt, NULL);
    stream->on_line = on_first_line;
    stream->on_end = on_nobody_end;
    if (uv_accept(listener, (uv_stream_t *)&stream->tcp) < 0)
        stream_close(stream);
    else
        stream_read(stream);
}

static void to_client(struct runtime *rt, uint64_t connection, struct str line)
{
    struct stream *stream = *client_slot(rt->network, connection);

    if (stream && stream->id == connection) /* else it is gone, and so is who asked */
        stream_write(stream, line);
}

void network_open(struct runtime *rt)
{
    const struct sockaddr_in *address = &rt->addresses[rt->self.me];

    rt->network = calloc(1, sizeof *rt->network);
    if (!rt->network)
        die("out of memory");
    rt->to_client = to_client;
    uv_tcp_t *listener = &rt->network->listener;
    listener->data = rt;
    (void)uv_tcp_init(&rt->loop, listener);
    int status = uv_tcp_bind(listener, (const struct sockaddr *)address, 0);
    if (status == 0)
        status = uv_listen((uv_stream_t *)listener, BACKLOG, on_connection);
    if (status < 0)
        die("cannot listen on port %d: %s", ntohs(address->sin_port), uv_strerror(status));
}
