/* SPDX-License-Identifier: GPL-2.0-or-later */
/* naive.c - the naive replication protocol of S4, lecture 1, "A naive replication protocol".
 *
 * "Let's invent our own simple replication protocol", it says, and then asks which consistency it
 * provides: neither strong nor eventual, for its inconsistencies are never resolved. It is here to
 * be found wrong: under a partition or a crash replicas differ for good, and concurrent writes
 * alone may reach the nodes in different orders.
 */
#include "runtime/protocol.h"
#include "runtime/table.h"

#define FILE_NAME "table"

struct naive {
    json_t *table;
};

/* A node that went down comes back with what it had; what it missed it never learns. */
static void start(struct self *self)
{
    struct naive *naive = self->state;
    json_t *changes = storage_read(self, FILE_NAME);

    naive->table = json_object();
    for (size_t i = 0; i < json_array_size(changes); i++) {
        const json_t *change = json_array_get(changes, i);
        table_put(naive->table, json_object_get(change, "key"), json_object_get(change, "value"));
    }
    json_decref(changes);
}

/* "A client does a read: give back the local value stored on the contacted node." */
static void on_read(struct self *self, const struct message *message)
{
    struct naive *naive = self->state;
    msg_reply(self, &message->caller, table_apply(naive->table, message->body));
}

/* "A client sends a write request: propagate the change to all other sibling nodes. Ignore
 * errors." A cas is a write of the node's own value if that is the expected one. */
static void on_update(struct self *self, const struct message *message)
{
    struct naive *naive = self->state;
    json_t *answer = table_apply(naive->table, message->body);
    json_t *key = json_object_get(message->body, "key");

    if (answer_is_ok(answer)) {
        json_t *change = json_pack("{s:s, s:O, s:O}", "type", "change", "key", key, "value",
                                   table_get(naive->table, key));
        storage_append(self, FILE_NAME, change);
        msg_broadcast(self, change);
    }
    msg_reply(self, &message->caller, answer);
}

/* "On receipt of a propagated change from a sibling node: simply apply it by updating the local
 * value." */
static void on_change(struct self *self, const struct message *message)
{
    struct naive *naive = self->state;

    table_put(naive->table, json_object_get(message->body, "key"),
              json_object_get(message->body, "value"));
    storage_append(self, FILE_NAME, message->body);
}

const struct protocol protocol_naive = {
    .name = "naive",
    .about = "naive replication: write locally, tell the others once, read locally (S4)",
    .fs = (const char *const[]){"read", "write", "cas", NULL},
    .rules = (const struct rule[]){{"read", on_read},
                                   {"write", on_update},
                                   {"cas", on_update},
                                   {"change", on_change},
                                   {NULL, NULL}},
    .link = LINK_UDP,
    .state_size = sizeof(struct naive),
    .start = start,
};
