/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bounded.c - a store whose reads are at most so old: S2, "CAP", "Best Effort Consistency: the
 * classic example: Web Caching" and "Trading Consistency for Availability", with TACT.
 *
 * "Specify the CAP trade-off: set the threshold for how out of date the data can be." Every key has
 * a home, one of the nodes, which orders its writes; the other nodes keep copies. A read is
 * answered from the own copy if that is provably younger than the threshold, and is else refused:
 * "data can be out of date, yet with network partition, the service may still be unavailable".
 *
 * A copy's age is proved with one clock only, the own: the home told something after it was asked,
 * so all that it told is at most as old as the question. Clocks may differ as they like; that this
 * one runs too slowly by no more than drift-percent is declared.
 *
 * Content is pulled, a key when it is read, or pushed: homes tell their changes to all, and every
 * node asks every home now and then up to which change it had told.
 */
#include "runtime/protocol.h"
#include "runtime/table.h"

#include <string.h>

#define CHANGES "changes"

enum { RETRY_MS = 100, GIVE_UP_MS = 1000, BATCH = 100, NEVER = -1 };

struct bounded {
    /* At home. A change is {"home", "number", "id", "key", "value"}; numbers count from 1. */
    json_t *done;      /* ids of the writes carried out, so that none is twice */
    json_int_t starts; /* of this node, for ids */
    json_int_t writes; /* in this life */

    json_t *changes[NODE_COUNT_MAX]; /* by home: in their order; those of this node are durable */
    json_t *table; /* key -> {"value", "asked"}: the home's word, and when it was asked for;
                    * "clock": what the home's clock said then */
    struct copy {
        int64_t asked_ms, clock_ms;
    } copies[NODE_COUNT_MAX]; /* push: by home, when it was asked up to where its changes are here
                               */

    int limit_ms; /* of ages */
    bool is_pushed, serves_stale;
    struct timer *renew;
};

/* What a client asked for that takes other nodes. */
struct operation {
    struct caller client;
    json_t *body; /* as it is sent to the home */
    int home;
    int64_t asked_ms, give_up_ms;
};

static json_int_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

/* Where a key lives: the same for all nodes. */
static int home_of(const struct self *self, const json_t *key)
{
    char *text = json_dumps(key, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS);
    uint64_t hash = 14695981039346656037u;

    for (const char *at = text; at && *at; at++)
        hash = (hash ^ (unsigned char)*at) * 1099511628211u;
    free(text);
    return (int)((hash >> 32) % (uint64_t)self->count);
}

/* -- ages ----------------------------------------------------------------------------------------
 */

/* Whether what was asked for then is still young enough. `clock_ms`: what the home's clock said. */
static bool is_young(struct self *self, int64_t asked_ms, int64_t clock_ms)
{
    const struct bounded *bounded = self->state;
    int64_t age_ms = now_ms() - asked_ms;

    if (asked_ms == NEVER)
        return false;
    if (bug_is_on(self, "age-from-local-clock"))
        age_ms = now_wall_ms() - clock_ms;
    return age_ms < bounded->limit_ms;
}

/* -- at home -------------------------------------------------------------------------------------
 */

static void keep_value(struct bounded *bounded, const json_t *key, json_t *value, int64_t asked_ms,
                       int64_t clock_ms)
{
    json_t *kept = json_pack("{s:O, s:I, s:I}", "value", value, "asked", (json_int_t)asked_ms,
                             "clock", (json_int_t)clock_ms);

    table_put(bounded->table, key, kept);
    json_decref(kept);
}

/* The next change of a home, if it is that. */
static bool keep_change(struct self *self, json_t *change)
{
    struct bounded *bounded = self->state;
    json_int_t home = number_of(change, "home");

    if (home < 0 || home >= self->count ||
        number_of(change, "number") != (json_int_t)json_array_size(bounded->changes[home]) + 1)
        return false;
    (void)json_array_append(bounded->changes[home], change);
    keep_value(bounded, json_object_get(change, "key"), json_object_get(change, "value"), NEVER, 0);
    return true;
}

/* A write, from any node. It is told when it is durable; one that comes again was done already. */
static void on_change_key(struct self *self, const struct message *message)
{
    struct bounded *bounded = self->state;
    const char *id = json_string_value(json_object_get(message->body, "id"));

    if (id && !json_object_get(bounded->done, id)) {
        json_t *change =
            json_pack("{s:s, s:i, s:I, s:s, s:O, s:O}", "type", "change", "home", self->me,
                      "number", (json_int_t)json_array_size(bounded->changes[self->me]) + 1, "id",
                      id, "key", json_object_get(message->body, "key"), "value",
                      json_object_get(message->body, "value"));
        (void)json_object_set_new(bounded->done, id, json_true());
        storage_append(self, CHANGES, change);
        storage_sync(self, CHANGES);
        (void)keep_change(self, change);
        if (bounded->is_pushed)
            msg_broadcast(self, json_copy(change));
        json_decref(change);
    }
    msg_reply(self, &message->caller, json_pack("{s:s}", "type", "change_key_ok"));
}

/* Pull: the present value, null if there is none. */
static void on_pull(struct self *self, const struct message *message)
{
    const struct bounded *bounded = self->state;
    const json_t *kept = table_get(bounded->table, json_object_get(message->body, "key"));
    json_t *value = json_object_get(kept, "value");

    msg_reply(self, &message->caller,
              json_pack("{s:s, s:I, s:O?}", "type", "pull_ok", "clock", (json_int_t)now_wall_ms(),
                        "value", value));
}

/* Push: how many changes there are, and some of those that are missed. */
static void on_renew(struct self *self, const struct message *message)
{
    const struct bounded *bounded = self->state;
    const json_t *changes = bounded->changes[self->me];
    json_t *missed = json_array();

    for (size_t i = (size_t)number_of(message->body, "have");
         i < json_array_size(changes) && json_array_size(missed) < BATCH; i++)
        (void)json_array_append(missed, json_array_get(changes, i));
    msg_send(self, message->from,
             json_pack("{s:s, s:O, s:I, s:I, s:o}", "type", "renewed", "asked",
                       json_object_get(message->body, "asked"), "clock", (json_int_t)now_wall_ms(),
                       "count", (json_int_t)json_array_size(changes), "missed", missed));
}

/* -- push, at the other nodes --------------------------------------------------------------------
 */

static void on_change(struct self *self, const struct message *message)
{
    if (number_of(message->body, "home") == message->from)
        (void)keep_change(self, message->body); /* a gap is filled by the next renewal */
}

static void ask_to_renew(struct self *self, int home)
{
    const struct bounded *bounded = self->state;
    msg_send(self, home,
             json_pack("{s:s, s:I, s:I}", "type", "renew", "asked", (json_int_t)now_ms(), "have",
                       (json_int_t)json_array_size(bounded->changes[home])));
}

/* All changes that the home had when it was asked are here: so old are the copies at most. */
static void on_renewed(struct self *self, const struct message *message)
{
    struct bounded *bounded = self->state;
    struct copy *copy = &bounded->copies[message->from];
    json_int_t asked_ms = number_of(message->body, "asked");
    json_t *change;
    size_t i;

    json_array_foreach(json_object_get(message->body, "missed"), i, change)(void)
        keep_change(self, change);
    json_int_t here = (json_int_t)json_array_size(bounded->changes[message->from]);
    if (here < number_of(message->body, "count"))
        ask_to_renew(self, message->from);
    else if (asked_ms > copy->asked_ms)
        *copy = (struct copy){asked_ms, number_of(message->body, "clock")};
}

static void on_renew_time(struct self *self, void *context)
{
    const struct bounded *bounded = self->state;

    (void)context;
    for (int home = 0; home < self->count; home++) {
        if (home != self->me)
            ask_to_renew(self, home);
    }
    timer_set(bounded->renew, bounded->limit_ms / 5 + 1);
}

/* -- clients -------------------------------------------------------------------------------------
 */

static void answer_read(struct self *self, const struct caller *client, json_t *value)
{
    if (value && !json_is_null(value))
        msg_reply(self, client, json_pack("{s:s, s:O}", "type", "read_ok", "value", value));
    else
        msg_error(self, client, MSG_NO_KEY, "no such key");
}

/* No proof of its age: refused, unless the harness is to be shown how old it gets. */
static void answer_unproved(struct self *self, const struct caller *client, const json_t *key)
{
    const struct bounded *bounded = self->state;

    if (bounded->serves_stale)
        answer_read(self, client, json_object_get(table_get(bounded->table, key), "value"));
    else
        msg_error(self, client, MSG_UNAVAILABLE, "nothing here is provably young enough");
}

static void operation_end(struct operation *operation)
{
    json_decref(operation->body);
    free(operation);
}

static void ask_home(struct self *self, struct operation *operation);

static void on_pulled(struct self *self, const struct operation *operation, const json_t *body)
{
    const json_t *key = json_object_get(operation->body, "key");
    json_t *value = json_object_get(body, "value");

    keep_value(self->state, key, value, operation->asked_ms, number_of(body, "clock"));
    answer_read(self, &operation->client, value);
}

/* Links lose messages: the home is asked again. Nobody knows about a write that it is silent on. */
static void on_home(struct self *self, void *context, const struct message *answer)
{
    struct operation *operation = context;
    const char *type = json_string_value(json_object_get(operation->body, "type"));
    bool is_pull = strcmp(type, "pull") == 0;

    if (!answer && now_ms() < operation->give_up_ms) {
        ask_home(self, operation);
        return;
    }
    if (answer && is_pull)
        on_pulled(self, operation, answer->body);
    else if (answer)
        msg_reply(self, &operation->client, json_pack("{s:s}", "type", "write_ok"));
    else if (is_pull)
        answer_unproved(self, &operation->client, json_object_get(operation->body, "key"));
    else
        msg_error(self, &operation->client, MSG_TIMEOUT, "no answer from the key's home");
    operation_end(operation);
}

static void ask_home(struct self *self, struct operation *operation)
{
    operation->asked_ms = now_ms();
    msg_call(self, operation->home, json_copy(operation->body), RETRY_MS, on_home, operation);
}

static void begin(struct self *self, const struct caller *client, int home, json_t *body)
{
    struct operation *operation = malloc(sizeof *operation);

    *operation = (struct operation){.client = *client, .body = body, .home = home};
    operation->give_up_ms = now_ms() + GIVE_UP_MS;
    ask_home(self, operation);
}

/* From the copy, if that is young; else the home is asked, or it is refused. */
static void on_read(struct self *self, const struct message *message)
{
    const struct bounded *bounded = self->state;
    json_t *key = json_object_get(message->body, "key");
    const json_t *kept = table_get(bounded->table, key);
    int home = key ? home_of(self, key) : self->me;
    struct copy copy = bounded->copies[home];

    if (!bounded->is_pushed)
        copy = kept ? (struct copy){number_of(kept, "asked"), number_of(kept, "clock")}
                    : (struct copy){NEVER, 0};
    if (home == self->me || is_young(self, copy.asked_ms, copy.clock_ms))
        answer_read(self, &message->caller, json_object_get(kept, "value"));
    else if (bounded->is_pushed)
        answer_unproved(self, &message->caller, key);
    else
        begin(self, &message->caller, home, json_pack("{s:s, s:O}", "type", "pull", "key", key));
}

/* A write is its key's home's. */
static void on_write(struct self *self, const struct message *message)
{
    struct bounded *bounded = self->state;
    json_t *key = json_object_get(message->body, "key");
    json_t *value = json_object_get(message->body, "value");
    char id[64];

    if (!key || !value) {
        msg_error(self, &message->caller, MSG_MALFORMED, "a write needs a key and a value");
        return;
    }
    (void)snprintf(id, sizeof id, "%d.%lld.%lld", self->me, (long long)bounded->starts,
                   (long long)++bounded->writes);
    begin(self, &message->caller, home_of(self, key),
          json_pack("{s:s, s:s, s:O, s:O}", "type", "change_key", "id", id, "key", key, "value",
                    value));
}

/* Recovery: what this node is the home of. Copies are as old as can be. */
static void start(struct self *self)
{
    struct bounded *bounded = self->state;
    json_t *changes = storage_read(self, CHANGES), *starts = storage_read(self, "starts"), *change;
    size_t i;

    int drift_percent = option_number(self, "drift-percent", 0, 90);
    bounded->limit_ms = option_number(self, "max-age-ms", 10, 600000) * (100 - drift_percent) / 100;
    bounded->is_pushed = strcmp(option_get(self, "content"), "push") == 0;
    bounded->serves_stale = strcmp(option_get(self, "serve-stale"), "on") == 0;
    bounded->table = json_object();
    bounded->done = json_object();
    for (int home = 0; home < self->count; home++) {
        bounded->changes[home] = json_array();
        bounded->copies[home] = (struct copy){NEVER, 0};
    }
    json_array_foreach(changes, i, change)
    {
        (void)keep_change(self, change);
        (void)json_object_set_new(bounded->done, json_string_value(json_object_get(change, "id")),
                                  json_true());
    }
    bounded->starts = json_integer_value(json_array_get(starts, 0)) + 1;
    json_t *record = json_integer(bounded->starts);
    storage_replace(self, "starts", record);
    json_decref(record);
    json_decref(starts);
    json_decref(changes);
    bounded->renew = timer_new(self, on_renew_time, NULL);
    if (bounded->is_pushed)
        timer_set(bounded->renew, 0);
}

/* Pushed copies of every home are here. */
static bool is_ready(struct self *self)
{
    const struct bounded *bounded = self->state;

    for (int home = 0; bounded->is_pushed && home < self->count; home++) {
        if (home != self->me && bounded->copies[home].asked_ms == NEVER)
            return false;
    }
    return true;
}

const struct protocol protocol_bounded = {
    .name = "bounded",
    .about = "copies that are at most so old, or refused: caches, TACT (S2, CAP)",
    .promise = "staleness",
    .staleness = "max-age-ms",
    .fs = (const char *const[]){"read", "write", NULL},
    .options =
        (const struct protocol_option[]){
            {"max-age-ms", "a number", "500", "how old what a read returns may be"},
            {"drift-percent", "a number", "10", "how much too slowly a node's clock may run"},
            {"content", "pull|push", "pull", "whether nodes ask for changes or are told"},
            {"serve-stale", "on|off", "off", "whether what is too old is served all the same"},
            {0}},
    .bugs = (const struct bug[]){{"age-from-local-clock",
                                  "ages are told by the home's clock and the own",
                                  "--plan plans/behind-and-cut.json -t 8"},
                                 {0}},
    .holds =
        (const char *const[]){
            "--nemesis partition,kill,pause --interval 2 -t 10",
            "--set content=push --nemesis partition,kill,pause --interval 2 -t 10",
            "--plan plans/behind-and-cut.json -t 10", NULL},
    .showings = (const struct showing[]){{"serve-stale", "available across a cut, and too old",
                                          "--set content=push --set serve-stale=on "
                                          "--nemesis partition --interval 2 -t 8"},
                                         {0}},
    .rules = (const struct rule[]){{"read", on_read},
                                   {"write", on_write},
                                   {"change_key", on_change_key},
                                   {"change", on_change},
                                   {"pull", on_pull},
                                   {"renew", on_renew},
                                   {"renewed", on_renewed},
                                   {NULL, NULL}},
    .link = LINK_UDP,
    .state_size = sizeof(struct bounded),
    .start = start,
    .healthy = is_ready,
};
