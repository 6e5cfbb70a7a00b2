/* SPDX-License-Identifier: GPL-2.0-or-later */
/* session.c - link=tcp: between two living processes no message is lost, doubled or reordered.
 *
 * A connection per ordered pair of nodes; the sender opens it with a greeting, the receiver answers
 * how far it has got:
 *
 *     > {"hello":"n1","incarnation":"9c..."}
 *     < {"incarnation":"07...","received":41}
 *     > 42 {"src":"n1","dest":"n2","body":{...}}
 *     < 42
 *
 * Messages carry numbers and are kept until their number comes back. A connection over which
 * nothing has come back for a second is given up and opened anew, which is how a session outlives a
 * cut without waiting for TCP's own patience; what was not acknowledged is sent again, what was
 * received already is dropped by its number. When the receiver turns out to be another process than
 * before, the session is over: what waited for the old one is dropped, as a crash drops it.
 */
#include "network.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
    TICK_MS = 50,
    CONNECT_MS = 500,   /* for a connection and its greeting */
    PATIENCE_MS = 1000, /* without a word about what was sent */
    RETRY_MS = 100,
    QUEUE_LIMIT_BYTES = 256 << 20, /* towards one node */
};

struct queued {
    uint64_t number;
    char *text; /* "NUMBER MESSAGE" */
    size_t len;
};

enum out_state { OUT_DOWN, OUT_GREETING, OUT_UP };

/* Towards one peer. */
struct outbox {
    struct runtime *rt;
    int to;
    enum out_state state;
    struct stream *stream;
    int64_t since_ms; /* of the state; when up: of the last sign of progress */
    char peer_incarnation[17];
    struct queued *queue; /* not acknowledged yet: a ring */
    size_t head, count, capacity, bytes;
    uint64_t last_number;
};

/* From one peer. */
struct inbox {
    struct stream *stream;
    char incarnation[17];
    uint64_t received, acknowledged;
};

struct sessions {
    struct outbox out[NODE_COUNT_MAX];
    struct inbox in[NODE_COUNT_MAX];
    uv_timer_t tick;
};

/* -- receiving -----------------------------------------------------------------------------------
 */

static void on_peer_end(struct stream *stream)
{
    struct inbox *inbox = stream->owner;
    if (inbox->stream == stream)
        inbox->stream = NULL;
}

/* One word back for all that came together. */
static void on_peer_pause(struct stream *stream)
{
    struct inbox *inbox = stream->owner;
    char text[24];

    if (inbox->acknowledged == inbox->received)
        return;
    inbox->acknowledged = inbox->received;
    int len = snprintf(text, sizeof text, "%" PRIu64, inbox->received);
    stream_write(stream, (struct str){text, (size_t)len});
}

static void on_peer_line(struct stream *stream, struct str line)
{
    struct inbox *inbox = stream->owner;
    const char *space = memchr(line.ptr, ' ', line.len);
    size_t digits = space ? (size_t)(space - line.ptr) : 0;
    int64_t number;

    if (!str_to_int((struct str){line.ptr, digits}, &number)) {
        inbox->stream = NULL;
        stream_close(stream);
        return;
    }
    if ((uint64_t)number <= inbox->received)
        return; /* sent again after a reconnect */
    inbox->received = (uint64_t)number;
    int from = (int)(inbox - stream->rt->sessions->in);
    message_receive(stream->rt, (struct str){space + 1, line.len - digits - 1}, from, 0);
}

bool session_accept(struct stream *stream, struct str line)
{
    struct runtime *rt = stream->rt;
    json_t *hello = json_loadb(line.ptr, line.len, 0, NULL);
    const char *name = json_string_value(json_object_get(hello, "hello"));
    const char *incarnation = json_string_value(json_object_get(hello, "incarnation"));
    int from = name && incarnation && rt->sessions ? runtime_find_node(rt, name) : -1;
    char answer[96];

    if (from < 0) {
        json_decref(hello);
        return false;
    }
    struct inbox *inbox = &rt->sessions->in[from];
    if (strcmp(inbox->incarnation, incarnation) != 0) {
        (void)snprintf(inbox->incarnation, sizeof inbox->incarnation, "%s", incarnation);
        inbox->received = 0;
    }
    json_decref(hello);
    stream_close(inbox->stream); /* its rest comes again */
    inbox->stream = stream;
    inbox->acknowledged = inbox->received;
    stream->owner = inbox;
    stream->on_line = on_peer_line;
    stream->on_pause = on_peer_pause;
    stream->on_end = on_peer_end;
    int len = snprintf(answer, sizeof answer, "{\"incarnation\":\"%s\",\"received\":%" PRIu64 "}",
                       rt->incarnation, inbox->received);
    stream_write(stream, (struct str){answer, (size_t)len});
    return true;
}

/* -- sending -------------------------------------------------------------------------------------
 */

static void set_state(struct outbox *out, enum out_state state)
{
    out->state = state;
    out->since_ms = now_ms();
}

static void give_up(struct outbox *out)
{
    struct stream *stream = out->stream;
    out->stream = NULL;
    set_state(out, OUT_DOWN);
    stream_close(stream);
}

static void on_out_end(struct stream *stream)
{
    struct outbox *out = stream->owner;
    if (out->stream == stream)
        give_up(out);
}

/* Forget all messages up to that number. */
static void drop_until(struct outbox *out, uint64_t number)
{
    while (out->count > 0 && out->queue[out->head].number <= number) {
        struct queued *first = &out->queue[out->head];
        out->bytes -= first->len;
        free(first->text);
        out->head = (out->head + 1) % out->capacity;
        out->count--;
    }
}

/* The receiver's answer to the greeting. */
static void take_welcome(struct outbox *out, struct str line)
{
    json_t *welcome = json_loadb(line.ptr, line.len, 0, NULL);
    const char *incarnation = json_string_value(json_object_get(welcome, "incarnation"));
    const json_t *received = json_object_get(welcome, "received");

    if (!incarnation || !json_is_integer(received)) {
        json_decref(welcome);
        give_up(out);
        return;
    }
    if (out->peer_incarnation[0] && strcmp(out->peer_incarnation, incarnation) != 0)
        drop_until(out, UINT64_MAX);
    (void)snprintf(out->peer_incarnation, sizeof out->peer_incarnation, "%s", incarnation);
    drop_until(out, (uint64_t)json_integer_value(received));
    json_decref(welcome);
    set_state(out, OUT_UP);
    for (size_t i = 0; i < out->count && out->state == OUT_UP; i++) {
        const struct queued *message = &out->queue[(out->head + i) % out->capacity];
        stream_write(out->stream, (struct str){message->text, message->len});
    }
}

static void on_out_line(struct stream *stream, struct str line)
{
    struct outbox *out = stream->owner;
    int64_t number;

    if (out->state == OUT_GREETING) {
        take_welcome(out, line);
    } else if (str_to_int(line, &number)) {
        out->since_ms = now_ms();
        drop_until(out, (uint64_t)number);
    } else {
        give_up(out);
    }
}

static void on_connected(uv_connect_t *request, int status)
{
    struct stream *stream = request->data;
    struct outbox *out;
    char hello[128];

    free(request);
    if (stream->closed)
        return;
    out = stream->owner;
    if (status < 0) {
        give_up(out);
        return;
    }
    int len = snprintf(hello, sizeof hello, "{\"hello\":\"%s\",\"incarnation\":\"%s\"}",
                       out->rt->self.names[out->rt->self.me], out->rt->incarnation);
    stream_write(stream, (struct str){hello, (size_t)len});
    stream_read(stream);
}

static void connect_out(struct outbox *out)
{
    uv_connect_t *request = calloc(1, sizeof *request);

    if (!request)
        die("out of memory");
    out->stream = stream_new(out->rt, out);
    out->stream->on_line = on_out_line;
    out->stream->on_end = on_out_end;
    set_state(out, OUT_GREETING);
    request->data = out->stream;
    const struct sockaddr *address = (const struct sockaddr *)&out->rt->addresses[out->to];
    if (uv_tcp_connect(request, &out->stream->tcp, address, on_connected) < 0) {
        free(request);
        give_up(out);
    }
}

static void grow(struct outbox *out)
{
    size_t capacity = out->capacity ? out->capacity * 2 : 64;
    struct queued *queue = calloc(capacity, sizeof *queue);

    if (!queue)
        die("out of memory");
    for (size_t i = 0; i < out->count; i++)
        queue[i] = out->queue[(out->head + i) % out->capacity];
    free(out->queue);
    out->queue = queue;
    out->head = 0;
    out->capacity = capacity;
}

static void session_send(struct runtime *rt, int to, struct str line)
{
    struct outbox *out = &rt->sessions->out[to];
    struct queued message = {.number = ++out->last_number, .text = malloc(line.len + 24)};

    if (!message.text)
        die("out of memory");
    int digits = snprintf(message.text, 24, "%" PRIu64 " ", message.number);
    memcpy(message.text + digits, line.ptr, line.len);
    message.len = (size_t)digits + line.len;
    if (out->count == out->capacity)
        grow(out);
    if (out->count == 0 && out->state == OUT_UP)
        out->since_ms = now_ms();
    out->queue[(out->head + out->count++) % out->capacity] = message;
    out->bytes += message.len;
    if (out->bytes > QUEUE_LIMIT_BYTES)
        die("more than %d MiB wait for node '%s'", QUEUE_LIMIT_BYTES >> 20, rt->self.names[to]);
    if (out->state == OUT_UP)
        stream_write(out->stream, (struct str){message.text, message.len});
}

static void on_tick(uv_timer_t *timer)
{
    struct runtime *rt = timer->data;

    for (int i = 0; i < rt->self.count; i++) {
        struct outbox *out = &rt->sessions->out[i];
        int64_t age_ms = now_ms() - out->since_ms;
        if (i == rt->self.me)
            continue;
        if (out->state == OUT_DOWN && age_ms >= RETRY_MS)
            connect_out(out);
        else if ((out->state == OUT_GREETING && age_ms >= CONNECT_MS) ||
                 (out->state == OUT_UP && out->count > 0 && age_ms >= PATIENCE_MS))
            give_up(out);
    }
}

/* Whether the node is to come up later. */
static bool is_late(const struct runtime *rt, int node)
{
    const char *name = rt->names[node];
    size_t len = strlen(name);

    for (const char *at = rt->late; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
        if (strncmp(at, name, len) == 0 && (at[len] == ',' || at[len] == '\0'))
            return true;
    }
    return false;
}

static bool sessions_ready(const struct runtime *rt)
{
    for (int i = 0; i < rt->self.count; i++) {
        if (i != rt->self.me && rt->sessions->out[i].state != OUT_UP && !is_late(rt, i))
            return false;
    }
    return true;
}

void sessions_open(struct runtime *rt)
{
    struct sessions *sessions = calloc(1, sizeof *sessions);

    if (!sessions)
        die("out of memory");
    rt->sessions = sessions;
    rt->to_node = session_send;
    rt->links_ready = sessions_ready;
    for (int i = 0; i < rt->self.count; i++)
        sessions->out[i] = (struct outbox){.rt = rt, .to = i, .since_ms = -RETRY_MS};
    sessions->tick.data = rt;
    (void)uv_timer_init(&rt->loop, &sessions->tick);
    (void)uv_timer_start(&sessions->tick, on_tick, 0, TICK_MS);
}
