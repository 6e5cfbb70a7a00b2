/* SPDX-License-Identifier: GPL-2.0-or-later */
/* items.c - W2: a directory gives each item to one node at a time. */
#include "items.h"

#include <string.h>

int item_directory(const struct self *self)
{
    const struct view *view = view_now(self);
    return view->count > 0 ? view->members[0] : NOBODY;
}

static void empty(json_t **kept, json_t *fresh)
{
    json_decref(*kept);
    *kept = fresh;
}

void items_begin(struct self *self)
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

bool items_accept(struct self *self, const struct message *message)
{
    const struct local_write *lw = self->state;

    items_begin(self);
    return lw->group.replica.current && number_of(message->body, "view") == lw->label;
}

json_t *item_entry(json_t *entries, const json_t *key)
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

/* At the directory: `node` becomes the item's primary. */
static void grant(struct self *self, json_t *key, int node)
{
    struct local_write *lw = self->state;
    json_t *entry = item_entry(lw->primaries, key);

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

/* Its present primary is asked to let go first. */
void item_on_move(struct self *self, const struct message *message)
{
    struct local_write *lw = self->state;
    json_t *key = json_object_get(message->body, "key");

    if (!items_accept(self, message) || !lw->group.alike)
        return;
    json_t *entry = item_entry(lw->primaries, key);
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

void item_on_released(struct self *self, const struct message *message)
{
    struct local_write *lw = self->state;
    json_t *key = json_object_get(message->body, "key");

    if (!items_accept(self, message))
        return;
    json_t *entry = item_entry(lw->primaries, key), *next = json_object_get(entry, "next");
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

void item_want(struct self *self, json_t *key, json_t *request)
{
    struct local_write *lw = self->state;
    json_t *requests = table_get(lw->wanted, key);

    if (!requests) {
        requests = json_array();
        table_put(lw->wanted, key, requests);
        json_decref(requests);
    }
    (void)json_array_append(requests, request);
    msg_send(self, item_directory(self), make_message(self, "move", key, 0));
}

bool item_is_primary(const struct self *self, const json_t *key)
{
    const struct local_write *lw = self->state;
    return json_is_true(json_object_get(table_get(lw->items, key), "primary"));
}

bool item_is_leaving(const struct self *self, const json_t *key)
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

void item_leave_if_still(struct self *self, json_t *key)
{
    struct local_write *lw = self->state;
    json_t *item = item_entry(lw->items, key);

    if (!item_is_leaving(self, key) || is_being_written(self, key))
        return;
    (void)json_object_set_new(item, "primary", json_false());
    (void)json_object_set_new(item, "leaving", json_false());
    msg_send(self, item_directory(self),
             make_message(self, "released", key, number_of(item, "turn")));
    if (json_array_size(table_get(lw->wanted, key)) > 0)
        msg_send(self, item_directory(self), make_message(self, "move", key, 0));
}

/* A turn that has not begun here will not. */
void item_on_release(struct self *self, const struct message *message)
{
    struct local_write *lw = self->state;
    json_t *key = json_object_get(message->body, "key");
    json_int_t turn = number_of(message->body, "turn");

    if (!items_accept(self, message))
        return;
    json_t *item = item_entry(lw->items, key);
    if (turn < number_of(item, "turn"))
        return;
    (void)json_object_set_new(item, "turn", json_integer(turn));
    (void)json_object_set_new(item, "leaving", json_true());
    item_leave_if_still(self, key);
}
