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
#include "local_write/items.h"

#include <string.h>

enum { AGAIN_MS = 200 };

static bool is_read(const json_t *command)
{
    const char *type = json_string_value(json_object_get(command, "type"));
    return type && strcmp(type, "read") == 0;
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
        item_leave_if_still(self, key);
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

    if (!items_accept(self, message))
        return;
    json_t *item = item_entry(lw->items, key);
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

    if (!items_accept(self, message))
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

    if (!items_accept(self, message) || number > *got + 1)
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
    int to = item_directory(self);

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

    items_begin(self);
    if (!lw->group.replica.current || lw->label != view_now(self)->number || !key)
        return; /* it will come again */
    if (item_is_primary(self, key) && (is_read(command) || !item_is_leaving(self, key)))
        serve(self, key, message->body);
    else if (is_read(command))
        pass_on(self, key, message);
    else
        item_want(self, key, message->body);
}

/* Links may lose messages, and a backup cannot take any before it has the view's state. */
static void look_again(struct self *self, void *context)
{
    const struct local_write *lw = self->state;
    const json_t *entry;
    size_t i;

    (void)context;
    timer_set(lw->again, AGAIN_MS);
    items_begin(self);
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
    items_begin(self);
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

    if (!reads ||
        (item_is_primary(self, json_object_get(message->body, "key")) && !lw->reads_locally))
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
    items_begin(self);
    lw->updates = front_new(self, writer);
    lw->reads = front_new(self, item_directory);
    lw->again = timer_new(self, look_again, NULL);
    timer_set(lw->again, AGAIN_MS);
}

static bool is_ready(struct self *self)
{
    const struct local_write *lw = self->state;
    return lw->group.replica.current && lw->group.replica.label == view_now(self)->number &&
           (item_directory(self) != self->me || lw->group.alike);
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
                                   {"move", item_on_move},
                                   {"grant", on_grant},
                                   {"release", item_on_release},
                                   {"released", item_on_released},
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
