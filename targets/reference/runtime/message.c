/* SPDX-License-Identifier: GPL-2.0-or-later */
/* message.c - envelopes out, rules in, and requests that wait for their answers. */
#include "runtime.h"

#include <stdlib.h>

/* A request of this node that has no answer yet. */
struct pending {
    struct pending *next;
    struct runtime *rt;
    int64_t msg_id;
    msg_done *done;
    void *context;
    uv_timer_t timer;
};

/* From this node to itself. */
struct local_message {
    struct local_message *next;
    json_t *body;
};

/* -- out ----------------------------------------------------------------------------------------
 */

static int add_to_buf(const char *bytes, size_t len, void *buf)
{
    buf_add(buf, bytes, len);
    return 0;
}

/* {"src","dest","body"} in rt->line. */
static struct str make_line(struct runtime *rt, const char *dest, const json_t *body)
{
    struct buf *line = &rt->line;

    buf_clear(line);
    buf_puts(line, "{");
    buf_json_str(line, "src", str_of(rt->self.names[rt->self.me]));
    buf_json_str(line, "dest", str_of(dest));
    buf_json_next(line, "body");
    (void)json_dump_callback(body, add_to_buf, line, JSON_COMPACT | JSON_ENCODE_ANY);
    buf_puts(line, "}");
    if (line->failed)
        die("a message of more than %d bytes", LINE_LIMIT);
    return buf_str(line);
}

static void send_locally(struct runtime *rt, json_t *body);

/* Everything sent to a node goes through here; `body` is borrowed. */
static void send_body(struct runtime *rt, int to, json_t *body)
{
    if (to == rt->self.me)
        send_locally(rt, body);
    else
        rt->to_node(rt, to, make_line(rt, rt->self.names[to], body));
}

void msg_send(struct self *self, int to, json_t *body)
{
    if (!body)
        die("a message without a body: json_pack was given something wrong");
    send_body(runtime_of(self), to, body);
    json_decref(body);
}

void msg_broadcast(struct self *self, json_t *body)
{
    for (int to = 0; to < self->count; to++) {
        if (to != self->me)
            msg_send(self, to, json_incref(body));
    }
    json_decref(body);
}

void msg_reply(struct self *self, const struct caller *caller, json_t *body)
{
    struct runtime *rt = runtime_of(self);

    if (!body)
        die("an answer without a body: json_pack was given something wrong");
    if (caller->msg_id != NO_MSG_ID) {
        (void)json_object_set_new(body, "in_reply_to", json_integer(caller->msg_id));
        if (caller->node == FROM_CLIENT)
            rt->to_client(rt, caller->connection, make_line(rt, caller->client, body));
        else
            send_body(rt, caller->node, body);
    }
    json_decref(body);
}

void msg_error(struct self *self, const struct caller *caller, enum msg_error code,
               const char *text)
{
    msg_reply(self, caller,
              json_pack("{s:s, s:i, s:s}", "type", "error", "code", (int)code, "text", text));
}

/* -- requests ------------------------------------------------------------------------------------
 */

static void pending_free(uv_handle_t *timer)
{
    free(timer->data);
}

/* Take it out of the table; the caller ends it with pending_end. NULL if it is not there. */
static struct pending *pending_take(struct runtime *rt, int64_t msg_id)
{
    struct pending **slot = &rt->pending[(uint64_t)msg_id % PENDING_BUCKETS];

    while (*slot && (*slot)->msg_id != msg_id)
        slot = &(*slot)->next;
    struct pending *pending = *slot;
    if (pending)
        *slot = pending->next;
    return pending;
}

static void pending_end(struct pending *pending, const struct message *answer)
{
    pending->done(&pending->rt->self, pending->context, answer);
    uv_close((uv_handle_t *)&pending->timer, pending_free);
}

static void pending_timeout(uv_timer_t *timer)
{
    struct pending *pending = timer->data;
    (void)pending_take(pending->rt, pending->msg_id);
    pending_end(pending, NULL);
}

void msg_call(struct self *self, int to, json_t *body, int timeout_ms, msg_done *done,
              void *context)
{
    struct runtime *rt = runtime_of(self);
    struct pending *pending = calloc(1, sizeof *pending);

    if (!pending)
        die("out of memory");
    *pending = (struct pending){.rt = rt, .msg_id = rt->next_msg_id++, .done = done};
    pending->context = context;
    pending->timer.data = pending;
    (void)uv_timer_init(&rt->loop, &pending->timer);
    (void)uv_timer_start(&pending->timer, pending_timeout, (uint64_t)timeout_ms, 0);
    struct pending **bucket = &rt->pending[(uint64_t)pending->msg_id % PENDING_BUCKETS];
    pending->next = *bucket;
    *bucket = pending;
    (void)json_object_set_new(body, "msg_id", json_integer(pending->msg_id));
    msg_send(self, to, body);
}

/* -- in ------------------------------------------------------------------------------------------
 */

static void answer_health(struct runtime *rt, const struct message *message)
{
    const char *missing = NULL;

    if (rt->links_ready && !rt->links_ready(rt))
        missing = "not connected to every node";
    else if (rt->protocol->healthy && !rt->protocol->healthy(&rt->self))
        missing = "not ready to serve";
    if (missing)
        msg_error(&rt->self, &message->caller, MSG_UNAVAILABLE, missing);
    else
        msg_reply(&rt->self, &message->caller, json_pack("{s:s}", "type", "health_ok"));
}

static void answer_leader(struct runtime *rt, const struct message *message)
{
    bool leads = rt->protocol->leads && rt->protocol->leads(&rt->self);
    msg_reply(&rt->self, &message->caller,
              json_pack("{s:s, s:b}", "type", "leader_ok", "leads", leads));
}

/* Maelstrom's first message to a node on standard input. */
static void take_init(struct runtime *rt, const struct message *message)
{
    const char *me = json_string_value(json_object_get(message->body, "node_id"));
    const json_t *ids = json_object_get(message->body, "node_ids");

    if (rt->started || !me || json_array_size(ids) > NODE_COUNT_MAX) {
        msg_error(&rt->self, &message->caller, MSG_MALFORMED, "an init that makes no sense");
        return;
    }
    for (size_t i = 0; i < json_array_size(ids); i++) {
        const char *id = json_string_value(json_array_get(ids, i));
        rt->names[i] = strdup(id ? id : "?");
    }
    rt->self.count = (int)json_array_size(ids);
    rt->self.me = runtime_find_node(rt, me);
    if (rt->self.me < 0)
        die("init names this node '%s', which is not among node_ids", me);
    runtime_start(rt);
    msg_reply(&rt->self, &message->caller, json_pack("{s:s}", "type", "init_ok"));
}

static void take_view(struct runtime *rt, const struct message *message)
{
    if (views_take(rt, message->body))
        msg_reply(&rt->self, &message->caller, json_pack("{s:s}", "type", "view_ok"));
    else
        msg_error(&rt->self, &message->caller, MSG_MALFORMED, "a view that makes no sense");
}

static void run_rule(struct runtime *rt, const struct message *message)
{
    for (const struct rule *rule = rt->protocol->rules; rule->type; rule++) {
        if (strcmp(rule->type, message->type) == 0) {
            rule->run(&rt->self, message);
            return;
        }
    }
    msg_error(&rt->self, &message->caller, MSG_NOT_SUPPORTED, "no such request");
}

/* Whether a client may ask that; the other rules are between nodes. */
static bool is_for_clients(const struct runtime *rt, const char *type)
{
    for (const char *const *f = rt->protocol->fs; *f; f++) {
        if (strcmp(*f, type) == 0)
            return true;
    }
    return false;
}

static void dispatch(struct runtime *rt, const struct message *message)
{
    const json_t *in_reply_to = json_object_get(message->body, "in_reply_to");

    if (json_is_integer(in_reply_to)) {
        struct pending *pending = pending_take(rt, json_integer_value(in_reply_to));
        if (pending) /* else it came too late */
            pending_end(pending, message);
    } else if (message->from != FROM_CLIENT && strcmp(message->type, HEARTBEAT) == 0) {
        heartbeat_take(rt, message->from, message->body);
    } else if (message->from != FROM_CLIENT) {
        run_rule(rt, message);
    } else if (strcmp(message->type, "init") == 0) {
        take_init(rt, message);
    } else if (!rt->started) {
        msg_error(&rt->self, &message->caller, MSG_UNAVAILABLE, "no init yet");
    } else if (strcmp(message->type, "health") == 0) {
        answer_health(rt, message);
    } else if (strcmp(message->type, "leader") == 0) {
        answer_leader(rt, message);
    } else if (strcmp(message->type, "view") == 0) {
        take_view(rt, message);
    } else if (!is_for_clients(rt, message->type)) {
        msg_error(&rt->self, &message->caller, MSG_NOT_SUPPORTED, "no such request");
    } else {
        run_rule(rt, message);
    }
}

static int64_t id_of(const json_t *body)
{
    const json_t *id = json_object_get(body, "msg_id");
    return json_is_integer(id) ? json_integer_value(id) : NO_MSG_ID;
}

void message_receive(struct runtime *rt, struct str line, int from, uint64_t connection)
{
    json_t *envelope = json_loadb(line.ptr, line.len, 0, NULL);
    const char *src = json_string_value(json_object_get(envelope, "src"));
    json_t *body = json_object_get(envelope, "body");
    const char *type = json_string_value(json_object_get(body, "type"));

    if (!src || !type) {
        note(&rt->self, "dropped a line that is no message: %.*s",
             (int)(line.len < 200 ? line.len : 200), line.ptr);
        json_decref(envelope);
        return;
    }
    if (from == FROM_ANYONE)
        from = runtime_find_node(rt, src); /* -1 is FROM_CLIENT */
    struct message message = {.from = from, .type = type, .body = body};
    message.caller = (struct caller){.node = from, .connection = connection, .msg_id = id_of(body)};
    (void)snprintf(message.caller.client, sizeof message.caller.client, "%s", src);
    dispatch(rt, &message);
    json_decref(envelope);
}

/* -- to oneself ----------------------------------------------------------------------------------
 */

static void deliver_locally(uv_idle_t *idle)
{
    struct runtime *rt = idle->data;
    struct local_message *list = rt->local_first, *next;

    rt->local_first = NULL;
    rt->local_last = &rt->local_first;
    (void)uv_idle_stop(idle); /* what these rules send starts it again */
    for (; list; list = next) {
        const char *type = json_string_value(json_object_get(list->body, "type"));
        struct message message = {.from = rt->self.me, .type = type, .body = list->body};
        message.caller = (struct caller){.node = rt->self.me, .msg_id = id_of(list->body)};
        next = list->next;
        if (type)
            dispatch(rt, &message);
        json_decref(list->body);
        free(list);
    }
}

static void send_locally(struct runtime *rt, json_t *body)
{
    struct local_message *message = calloc(1, sizeof *message);

    if (!message)
        die("out of memory");
    message->body = json_deep_copy(body); /* as if it had been on the network */
    *rt->local_last = message;
    rt->local_last = &message->next;
    (void)uv_idle_start(&rt->local_idle, deliver_locally);
}

void messages_init(struct runtime *rt)
{
    static char nobody[] = "?"; /* until init */

    rt->names[0] = nobody;
    rt->self.names = (const char *const *)rt->names;
    buf_init(&rt->line, LINE_LIMIT);
    rt->next_msg_id = 1;
    rt->local_last = &rt->local_first;
    rt->local_idle.data = rt;
    (void)uv_idle_init(&rt->loop, &rt->local_idle);
}
