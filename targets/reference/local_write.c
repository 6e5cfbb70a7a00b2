/* SPDX-License-Identifier: GPL-2.0-or-later */
/* local_write.c - primary-backup where an item's primary moves to the writer: S2, "Local-Write P-B
 * Protocol".
 *
 * Its figure: "W1. write request, W2. move item x to new primary, W3. acknowledge write completed,
 * W4. tell backups to update, W5. acknowledge update; R1. read request, R2. response to read". This
 * one blocks: W3 comes after W5, so that an acknowledged write outlives its primary. All replicas
 * have every item that nobody is writing, so what moves is only who may write it; a directory, the
 * first member of the view, takes that from one node and gives it to the next. A new view begins
 * with the same state everywhere (see group.h), and with no primaries.
 */
#include "runtime/front.h"
#include "runtime/group.h"
#include "runtime/table.h"

#include <string.h>

enum { AGAIN_MS = 200, NOBODY = -1 };

struct local_write {
    struct group group;
    bool reads_locally;
    struct front *updates, *reads;
    struct timer *again;

    /* Of this view; `label` is the replica's when it began here. */
    json_int_t label;

    /* At an item's primary: the updates of this node, in one stream over all items. */
    json_int_t number;               /* of the last update */
    json_int_t held[NODE_COUNT_MAX]; /* by node: the last of them that it has said to hold */
    json_t *waiting; /* [{"number", "update", "key", "request", "answer"}]: until all hold it */
    json_t *items;   /* key -> {"turn", "primary", "leaving"}: what this node knows of its turns */
    json_t *wanted;  /* key -> [request]: until this node is its primary */

    json_int_t got[NODE_COUNT_MAX]; /* at a backup, by primary: how far its stream has come */

    /* At the directory. */
    json_t *primaries; /* key -> {"node", "turn", "next": [node]} */
    json_int_t turn;   /* the last that was given, of any item */
};

static json_int_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static bool is_read(const json_t *command)
{
    const char *type = json_string_value(json_object_get(command, "type"));
    return type && strcmp(type, "read") == 0;
}

static int directory(const struct self *self)
{
    const struct view *view = view_now(self);
    return view->count > 0 ? view->members[0] : NOBODY;
}

static void empty(json_t **kept, json_t *fresh)
{
    json_decref(*kept);
    *kept = fresh;
}

/* Nobody is any item's primary when a view begins: what is left over is asked for again. */
static void begin_view(struct self *self)
{
    struct local_write *lw = self->state;

    if (lw->label == lw->group.replica.label)
        return;
    lw->label = lw->group.replica.label;
    lw->number = lw->turn = 0;
    memset(lw->held, 0, sizeof lw->held);
    memset(lw->got, 0, sizeof lw->got);
    empty(&lw->waiting, json_array());
    empty(&lw->items, json_object());
    empty(&lw->wanted, json_object());
    empty(&lw->primaries, json_object());
}

/* Whether a message is of the view whose state this node has. */
static bool is_of_view(struct self *self, const struct message *message)
{
    const struct local_write *lw = self->state;

    begin_view(self);
    return lw->group.replica.current && number_of(message->body, "view") == lw->label;
}

/* What this node or the directory knows of an item; made when it is not there. */
static json_t *entry_of(json_t *entries, const json_t *key)
{
    json_t *entry = table_get(entries, key);

    if (!entry) {
        entry = json_object();
        table_put(entries, key, entry);
        json_decref(entry);
    }
    return entry;
}

static json_t *make_message(const struct self *self, const char *type, json_t *key, json_int_t turn)
{
    const struct local_write *lw = self->state;
    return json_pack("{s:s, s:I, s:O, s:I}", "type", type, "view", lw->label, "key", key, "turn",
                     turn);
}

/* -- W2: the item moves --------------------------------------------------------------------------
 */

/* At the directory: `node` becomes the item's primary. */
static void grant(struct self *self, json_t *key, int node)
{
    struct local_write *lw = self->state;
    json_t *entry = entry_of(lw->primaries, key);

    (void)json_object_set_new(entry, "node", json_integer(node));
    (void)json_object_set_new(entry, "turn", json_integer(++lw->turn));
    msg_send(self, node, make_message(self, "grant", key, lw->turn));
}

static void add_to_queue(json_t *entry, int node)
{
    json_t *next = json_object_get(entry, "next");

    if (!next) {
        next = json_array();
        (void)json_object_set_new(entry, "next", next);
    }
    for (size_t i = 0; i < json_array_size(next); i++) {
        if (json_integer_value(json_array_get(next, i)) == node)
            return;
    }
    (void)json_array_append_new(next, json_integer(node));
}

/* At the directory: a node wants to write. Its present primary is asked to let go first. */
static void on_move(struct self *self, const struct message *message)
{
    struct local_write *lw = self->state;
    json_t *key = json_object_get(message->body, "key");

    if (!is_of_view(self, message) || !lw->group.alike)
        return;
    json_t *entry = entry_of(lw->primaries, key);
    const json_t *primary = json_object_get(entry, "node");
    json_int_t turn = number_of(entry, "turn");
    if (!primary || bug_is_on(self, "two-primaries")) {
        grant(self, key, message->from);
    } else if (json_integer_value(primary) == message->from) {
        msg_send(self, message->from, make_message(self, "grant", key, turn));
    } else {
        add_to_queue(entry, message->from);
        msg_send(self, (int)json_integer_value(primary), make_message(self, "release", key, turn));
    }
}

/* At the directory: the item is free. */
static void on_released(struct self *self, const struct message *message)
{
    struct local_write *lw = self->state;
    json_t *key = json_object_get(message->body, "key");

    if (!is_of_view(self, message))
        return;
    json_t *entry = entry_of(lw->primaries, key), *next = json_object_get(entry, "next");
    if (number_of(entry, "turn") != number_of(message->body, "turn") ||
        !json_object_get(entry, "node"))
        return;
    (void)json_object_del(entry, "node");
    if (json_array_size(next) == 0)
        return;
    int node = (int)json_integer_value(json_array_get(next, 0));
    (void)json_array_remove(next, 0);
    grant(self, key, node);
    if (json_array_size(next) > 0)
        msg_send(self, node, make_message(self, "release", key, number_of(entry, "turn")));
}

static void want(struct self *self, json_t *key, json_t *request)
{
    struct local_write *lw = self->state;
    json_t *requests = table_get(lw->wanted, key);

    if (!requests) {
        requests = json_array();
        table_put(lw->wanted, key, requests);
        json_decref(requests);
    }
    (void)json_array_append(requests, request);
    msg_send(self, directory(self), make_message(self, "move", key, 0));
}

static bool is_primary(const struct self *self, const json_t *key)
{
    const struct local_write *lw = self->state;
    return json_is_true(json_object_get(table_get(lw->items, key), "primary"));
}

static bool is_leaving(const struct self *self, const json_t *key)
{
    const struct local_write *lw = self->state;
    return json_is_true(json_object_get(table_get(lw->items, key), "leaving"));
}

static bool is_being_written(const struct self *self, const json_t *key)
{
    const struct local_write *lw = self->state;
    const json_t *entry;
    size_t i;

    json_array_foreach(lw->waiting, i, entry)
    {
        if (json_equal(json_object_get(entry, "key"), key))
            return true;
    }
    return false;
}

/* Let go of an item once all that was written here is everywhere. */
static void leave_if_still(struct self *self, json_t *key)
{
    struct local_write *lw = self->state;
    json_t *item = entry_of(lw->items, key);

    if (!is_leaving(self, key) || is_being_written(self, key))
        return;
    (void)json_object_set_new(item, "primary", json_false());
    (void)json_object_set_new(item, "leaving", json_false());
    msg_send(self, directory(self), make_message(self, "released", key, number_of(item, "turn")));
    if (json_array_size(table_get(lw->wanted, key)) > 0)
        msg_send(self, directory(self), make_message(self, "move", key, 0));
}

/* At the primary. A turn that has not begun here will not. */
static void on_release(struct self *self, const struct message *message)
{
    struct local_write *lw = self->state;
    json_t *key = json_object_get(message->body, "key");
    json_int_t turn = number_of(message->body, "turn");

    if (!is_of_view(self, message))
        return;
    json_t *item = entry_of(lw->items, key);
    if (turn < number_of(item, "turn"))
        return;
    (void)json_object_set_new(item, "turn", json_integer(turn));
    (void)json_object_set_new(item, "leaving", json_true());
    leave_if_still(self, key);
}

/* -- the primary of an item ----------------------------------------------------------------------
 */

static json_int_t stable(const struct self *self)
{
    const struct local_write *lw = self->state;
    const struct view *view = view_now(self);
    json_int_t number = lw->number;

    for (int i = 0; i < view->count; i++) {
        int node = view->members[i];
        if (node != self->me && lw->held[node] < number)
            number = lw->held[node];
    }
    return number;
}

/* W3: what all replicas hold. */
static void answer_stable(struct self *self)
{
    struct local_write *lw = self->state;
    json_int_t number = stable(self);

    while (lw->label == view_now(self)->number && json_array_size(lw->waiting) > 0) {
        const json_t *first = json_array_get(lw->waiting, 0);
        if (number_of(first, "number") > number)
            return;
        json_t *key = json_incref(json_object_get(first, "key"));
        front_reply(self, json_object_get(first, "request"),
                    json_incref(json_object_get(first, "answer")));
        (void)json_array_remove(lw->waiting, 0);
        leave_if_still(self, key);
        json_decref(key);
    }
}

static void send_update(struct self *self, int backup, const json_t *entry)
{
    const struct local_write *lw = self->state;
    msg_send(self, backup,
             json_pack("{s:s, s:I, s:O, s:O}", "type", "update", "view", lw->label, "number",
                       json_object_get(entry, "number"), "request",
                       json_object_get(entry, "request")));
}

/* W4, to the backups that lack it. */
static void stream(struct self *self, const json_t *entry)
{
    const struct local_write *lw = self->state;
    const struct view *view = view_now(self);

    for (int i = 0; i < view->count; i++) {
        int node = view->members[i];
        if (node != self->me && number_of(entry, "number") > lw->held[node])
            send_update(self, node, entry);
    }
}

static void serve(struct self *self, json_t *key, json_t *request)
{
    struct local_write *lw = self->state;
    const json_t *command = json_object_get(request, "command");
    bool is_update = !is_read(command);
    json_t *answer = is_update ? replica_carry_out(self, &lw->group.replica, request)
                               : table_apply(lw->group.replica.machine.table, command);

    lw->number += is_update;
    if (bug_is_on(self, "reply-before-backup")) {
        front_reply(self, request, answer ? json_deep_copy(answer) : NULL);
        answer = NULL;
    }
    json_t *entry = json_pack("{s:I, s:b, s:O, s:O, s:o?}", "number", lw->number, "update",
                              (int)is_update, "key", key, "request", request, "answer", answer);
    (void)json_array_append_new(lw->waiting, entry);
    if (is_update)
        stream(self, entry);
    answer_stable(self);
}

/* W2 is done. */
static void on_grant(struct self *self, const struct message *message)
{
    struct local_write *lw = self->state;
    json_t *key = json_object_get(message->body, "key"), *request;
    json_int_t turn = number_of(message->body, "turn");
    size_t i;

    if (!is_of_view(self, message))
        return;
    json_t *item = entry_of(lw->items, key);
    if (turn <= number_of(item, "turn"))
        return; /* it is this node's already, or was */
    (void)json_object_set_new(item, "turn", json_integer(turn));
    (void)json_object_set_new(item, "primary", json_true());
    (void)json_object_set_new(item, "leaving", json_false());
    json_t *requests = json_incref(table_get(lw->wanted, key)), *none = json_array();
    table_put(lw->wanted, key, none);
    json_decref(none);
    json_array_foreach(requests, i, request)
    {
        serve(self, key, request);
    }
    json_decref(requests);
}

/* W5. */
static void on_updated(struct self *self, const struct message *message)
{
    struct local_write *lw = self->state;
    json_int_t number = number_of(message->body, "number");

    if (!is_of_view(self, message))
        return;
    if (number > lw->held[message->from])
        lw->held[message->from] = number;
    answer_stable(self);
}

/* -- backups -------------------------------------------------------------------------------------
 */

static void on_update(struct self *self, const struct message *message)
{
    struct local_write *lw = self->state;
    json_int_t number = number_of(message->body, "number"), *got = &lw->got[message->from];

    if (!is_of_view(self, message) || number > *got + 1)
        return;
    if (number == *got + 1) {
        json_decref(
            replica_carry_out(self, &lw->group.replica, json_object_get(message->body, "request")));
        ++*got;
    }
    msg_send(self, message->from,
             json_pack("{s:s, s:I, s:I}", "type", "updated", "view", lw->label, "number", *got));
}

/* -- requests ------------------------------------------------------------------------------------
 */

/* A read that is not this item's primary's to answer goes to the directory, and from there to the
 * primary; the directory itself answers for an item that nobody is writing. Once only: what has
 * gone astray comes again. */
static void pass_on(struct self *self, const json_t *key, const struct message *message)
{
    struct local_write *lw = self->state;
    const json_t *node = json_object_get(table_get(lw->primaries, key), "node");
    json_int_t passed = number_of(message->body, "passed");
    int to = directory(self);

    if (lw->group.alike && !node) {
        front_reply(self, message->body,
                    table_apply(lw->group.replica.machine.table,
                                json_object_get(message->body, "command")));
        return;
    }
    if (lw->group.alike)
        to = (int)json_integer_value(node);
    if (passed > 2 || to == NOBODY)
        return;
    json_t *body = json_copy(message->body);
    (void)json_object_set_new(body, "passed", json_integer(passed + 1));
    msg_send(self, to, body);
}

/* W1, R1. */
static void on_request(struct self *self, const struct message *message)
{
    struct local_write *lw = self->state;
    json_t *command = json_object_get(message->body, "command");
    json_t *key = json_object_get(command, "key");

    begin_view(self);
    if (!lw->group.replica.current || lw->label != view_now(self)->number || !key)
        return; /* it will come again */
    if (is_primary(self, key) && (is_read(command) || !is_leaving(self, key)))
        serve(self, key, message->body);
    else if (is_read(command))
        pass_on(self, key, message);
    else
        want(self, key, message->body);
}

/* Links may lose messages, and a backup cannot take any before it has the view's state. */
static void look_again(struct self *self, void *context)
{
    const struct local_write *lw = self->state;
    const json_t *entry;
    size_t i;

    (void)context;
    timer_set(lw->again, AGAIN_MS);
    begin_view(self);
    json_array_foreach(lw->waiting, i, entry)
    {
        if (json_is_true(json_object_get(entry, "update")))
            stream(self, entry);
    }
}

static void on_view(struct self *self, const struct view *view)
{
    const struct local_write *lw = self->state;

    group_enter(self, view);
    begin_view(self);
    front_resend(lw->updates);
    front_resend(lw->reads);
}

/* -- clients -------------------------------------------------------------------------------------
 */

static int writer(const struct self *self)
{
    return self->me; /* whoever is asked to write becomes the primary */
}

static void on_client(struct self *self, const struct message *message)
{
    const struct local_write *lw = self->state;
    const struct replica *replica = &lw->group.replica;
    bool reads = strcmp(message->type, "read") == 0;

    if (!reads || (is_primary(self, json_object_get(message->body, "key")) && !lw->reads_locally))
        front_take(lw->updates, message);
    else if (!lw->reads_locally)
        front_take(lw->reads, message);
    else if (replica->current)
        msg_reply(self, &message->caller, table_apply(replica->machine.table, message->body));
    else
        msg_error(self, &message->caller, MSG_UNAVAILABLE, "this replica has just started");
}

static void on_answer(struct self *self, const struct message *message)
{
    const struct local_write *lw = self->state;
    front_finish(lw->updates, message);
    front_finish(lw->reads, message);
}

static void start(struct self *self)
{
    struct local_write *lw = self->state;

    lw->reads_locally = strcmp(option_get(self, "reads"), "local") == 0;
    lw->label = -1;
    group_start(self, group_share, NULL);
    begin_view(self);
    lw->updates = front_new(self, writer);
    lw->reads = front_new(self, directory);
    lw->again = timer_new(self, look_again, NULL);
    timer_set(lw->again, AGAIN_MS);
}

static bool is_ready(struct self *self)
{
    const struct local_write *lw = self->state;
    return lw->group.replica.current && lw->group.replica.label == view_now(self)->number &&
           (directory(self) != self->me || lw->group.alike);
}

static bool is_directory(struct self *self)
{
    return group_leads(self);
}

const struct protocol protocol_local_write = {
    .name = "local-write",
    .about = "primary-backup where an item's primary moves to whoever writes it (S2)",
    .promise = "linearizable",
    .exceptions = (const struct exception[]){{"detector", "timeout", NULL},
                                             {"reads", "local", NULL},
                                             {NULL, NULL, NULL}},
    .fs = (const char *const[]){"read", "write", "cas", "append", "add", NULL},
    .options = (const struct protocol_option[]){{"reads", "primary|local", "primary",
                                                 "who answers reads; any replica may be behind"},
                                                {NULL, NULL, NULL, NULL}},
    .bugs =
        (const struct bug[]){
            {"reply-before-backup", "S2's order, W3 before W4: the answer precedes the backups",
             "-w register --plan plans/leader-cut-then-killed.json --keys 80 -c 3n --op-timeout "
             "0.15 "
             "-t 6"},
            {"two-primaries", "an item is given to a writer before it is taken from the last",
             "--nemesis none -t 5"},
            {NULL, NULL, NULL}},
    .holds = (const char *const[]){"--nemesis partition,kill,pause --interval 2 -t 10",
                                   "-w append --nemesis partition,kill,pause --interval 2 -t 10",
                                   "-w register --set link=udp --nemesis partition,kill,pause "
                                   "--interval 2 -t 10",
                                   NULL},
    .showings =
        (const struct showing[]){
            {"split-brain", "a cut is taken for a crash: two primaries of an item",
             "--set detector=timeout --nemesis partition --interval 3 -t 9"},
            {"stale-replica", "a replica that is read is behind another",
             "-w register --set reads=local --nemesis partition --interval 2 --op-timeout 0.5 "
             "--keys 3 -c 4n -t 8"},
            {NULL, NULL, NULL}},
    .rules = (const struct rule[]){{"read", on_client},
                                   {"write", on_client},
                                   {"cas", on_client},
                                   {"append", on_client},
                                   {"add", on_client},
                                   {"answer", on_answer},
                                   {"request", on_request},
                                   {"move", on_move},
                                   {"grant", on_grant},
                                   {"release", on_release},
                                   {"released", on_released},
                                   {"update", on_update},
                                   {"updated", on_updated},
                                   GROUP_RULES,
                                   {NULL, NULL}},
    .link = LINK_TCP,
    .resends = true,
    .state_size = sizeof(struct local_write),
    .start = start,
    .on_view = on_view,
    .healthy = is_ready,
    .leads = is_directory,
};
