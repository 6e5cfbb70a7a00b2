/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "front.h"

#include "runtime.h"

enum { TICK_MS = 100, RESEND_MS = 500, LEADERLESS_MS = 1500, GIVE_UP_MS = 4500 };

struct request {
    struct request *next;
    struct caller client;
    json_t *command;
    json_t *session; /* the client's own; NULL: the front's */
    int64_t number, taken_ms, sent_ms;
    bool sent; /* to anybody, ever */
};

struct front {
    struct self *self;
    int (*leader)(const struct self *self);
    struct request *first, **last; /* as they came */
    json_t *session;               /* of clients that have none of their own */
    int64_t next_number, stamp;
    struct timer *tick;
};

/* All numbers of the request's session below this one have been answered or given up. A client that
 * counts for itself asks one thing after another. */
static int64_t first_of(const struct front *front, const struct request *request)
{
    const struct request *first = request;

    if (!request->session) {
        for (first = front->first; first->session;)
            first = first->next;
    }
    return first->number;
}

static void request_send(struct front *front, struct request *request)
{
    int leader = front->leader(front->self);

    request->sent_ms = now_ms();
    if (leader < 0)
        return;
    request->sent = true;
    msg_send(front->self, leader,
             json_pack("{s:s, s:O, s:i, s:I, s:I, s:O, s:I}", "type", "request", "session",
                       request->session ? request->session : front->session, "node",
                       front->self->me, "number", (json_int_t)request->number, "first",
                       (json_int_t)first_of(front, request), "command", request->command, "stamp",
                       (json_int_t)front->stamp));
}

/* Take it out of the list; `slot` is what points to it. */
static void request_end(struct front *front, struct request **slot)
{
    struct request *request = *slot;

    *slot = request->next;
    if (!*slot)
        front->last = slot;
    json_decref(request->command);
    json_decref(request->session);
    free(request);
}

/* Answer with an error if it has waited too long, and say so. */
static bool request_give_up(struct front *front, const struct request *request, int64_t at_ms)
{
    int64_t waited_ms = at_ms - request->taken_ms;

    if (request->sent ? waited_ms < GIVE_UP_MS : waited_ms < LEADERLESS_MS)
        return false;
    if (request->sent)
        msg_error(front->self, &request->client, MSG_TIMEOUT, "no answer from a leader");
    else
        msg_error(front->self, &request->client, MSG_UNAVAILABLE, "no leader is known");
    return true;
}

static void on_tick(struct self *self, void *context)
{
    struct front *front = context;
    int64_t at_ms = now_ms();

    (void)self;
    for (struct request **slot = &front->first; *slot;) {
        if (request_give_up(front, *slot, at_ms)) {
            request_end(front, slot);
            continue;
        }
        if (!(*slot)->sent || at_ms - (*slot)->sent_ms >= RESEND_MS)
            request_send(front, *slot);
        slot = &(*slot)->next;
    }
    timer_set(front->tick, TICK_MS);
}

struct front *front_new(struct self *self, int (*leader)(const struct self *self))
{
    static int fronts; /* of this process */
    struct front *front = calloc(1, sizeof *front);

    if (!front)
        die("out of memory");
    *front = (struct front){.self = self, .leader = leader};
    front->last = &front->first;
    front->session = json_sprintf("%s-%d", runtime_of(self)->incarnation, fronts++);
    front->tick = timer_new(self, on_tick, front);
    timer_set(front->tick, TICK_MS);
    return front;
}

static bool is_session(const struct front *front, const struct request *request,
                       const json_t *session, json_int_t number)
{
    return request->number == number &&
           json_equal(request->session ? request->session : front->session, session);
}

/* What points to the request of that identity, or to NULL. */
static struct request **find(struct front *front, const json_t *session, json_int_t number)
{
    struct request **slot = &front->first;

    while (*slot && !is_session(front, *slot, session, number))
        slot = &(*slot)->next;
    return slot;
}

/* The same request once more, from a client that has lost patience: only whom to answer is new. */
static bool is_known(struct front *front, const struct message *message, json_t *session,
                     json_int_t number)
{
    struct request *known = session ? *find(front, session, number) : NULL;

    if (known)
        known->client = message->caller;
    return known != NULL;
}

void front_take(struct front *front, const struct message *message)
{
    json_t *session = json_object_get(message->body, "session");
    json_int_t number = json_integer_value(json_object_get(message->body, "number"));

    if (is_known(front, message, session, number))
        return;
    struct request *request = calloc(1, sizeof *request);
    json_t *command = json_copy(message->body);
    if (!request || !command)
        die("out of memory");
    (void)json_object_del(command, "msg_id"); /* the client's own */
    (void)json_object_del(command, "session");
    (void)json_object_del(command, "number");
    *request = (struct request){.client = message->caller, .command = command};
    request->session = json_incref(session);
    request->number = session ? number : front->next_number++;
    request->taken_ms = now_ms();
    *front->last = request;
    front->last = &request->next;
    request_send(front, request);
}

void front_finish(struct front *front, const struct message *message)
{
    struct request **slot = find(front, json_object_get(message->body, "session"),
                                 json_integer_value(json_object_get(message->body, "number")));

    if (!*slot)
        return; /* answered before, given up, or asked by an earlier life of this node */
    msg_reply(front->self, &(*slot)->client, json_copy(json_object_get(message->body, "answer")));
    request_end(front, slot);
}

void front_stamp(struct front *front, int64_t stamp)
{
    front->stamp = stamp;
}

void front_resend(struct front *front)
{
    for (struct request *request = front->first; request; request = request->next)
        request_send(front, request);
}

void front_reply(struct self *self, const json_t *request, json_t *answer)
{
    const json_t *node = json_object_get(request, "node");

    if (answer && json_is_integer(node))
        msg_send(self, (int)json_integer_value(node),
                 json_pack("{s:s, s:O, s:O, s:O}", "type", "answer", "session",
                           json_object_get(request, "session"), "number",
                           json_object_get(request, "number"), "answer", answer));
    json_decref(answer);
}
