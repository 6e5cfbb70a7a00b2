/* SPDX-License-Identifier: GPL-2.0-or-later */
/* items.h - who may write an item: W2 of S2's figure, and what a node of local-write knows. The
 * primaries, the backups and the clients are in local_write.c. */
#ifndef ORDEAL_REFERENCE_LOCAL_WRITE_ITEMS_H
#define ORDEAL_REFERENCE_LOCAL_WRITE_ITEMS_H

#include "../runtime/front.h"
#include "../runtime/group.h"
#include "../runtime/table.h"

enum { NOBODY = -1 };

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

static inline json_int_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

/* The node that is the directory in this view; NOBODY before the first one. */
int item_directory(const struct self *self);

/* Nobody is any item's primary when a view begins: what is left over is asked for again. */
void items_begin(struct self *self);

/* Whether a message is of the view whose state this node has. */
bool items_accept(struct self *self, const struct message *message);

/* What this node or the directory knows of an item; made when it is not there. Borrowed. */
json_t *item_entry(json_t *entries, const json_t *key);

/* Keep a request until this node is the item's primary, and ask the directory for that. */
void item_want(struct self *self, json_t *key, json_t *request);

bool item_is_primary(const struct self *self, const json_t *key);

/* Whether another node is to have it next: no more is written here. */
bool item_is_leaving(const struct self *self, const json_t *key);

/* Let go of an item that is leaving once all that was written here is everywhere. */
void item_leave_if_still(struct self *self, json_t *key);

/* At the directory: a node wants to write; an item is free. */
void item_on_move(struct self *self, const struct message *message);
void item_on_released(struct self *self, const struct message *message);

/* At the primary: it is asked to let go. */
void item_on_release(struct self *self, const struct message *message);

#endif
