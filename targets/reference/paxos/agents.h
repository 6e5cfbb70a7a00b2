/* SPDX-License-Identifier: GPL-2.0-or-later */
/* agents.h - a node of paxos is all three agents of section 2: what it knows, and what each needs
 * of the others. Proposers are in paxos.c. */
#ifndef ORDEAL_REFERENCE_PAXOS_AGENTS_H
#define ORDEAL_REFERENCE_PAXOS_AGENTS_H

#include "../runtime/front.h"
#include "../runtime/machine.h"
#include "../runtime/protocol.h"

#define PROMISE_FILE "promised"
#define ACCEPTED_FILE "accepted"
#define CHOSEN_FILE "chosen"

enum {
    NOBODY = -1,
    HEARTBEAT_MS = 50,
    BATCH = 128,   /* values in a message, at most */
    LAG_MAX = 512, /* chosen values in a message, at most */
    LEASE_MS = 300,
};

/* An instance of consensus. */
struct instance {
    json_int_t ballot;   /* in which this acceptor accepted `accepted`; 0: in none */
    json_t *accepted;    /* as acceptor */
    json_t *proposed;    /* as proposer in its present ballot */
    json_int_t reported; /* ballot of the proposal reported in phase 1 that is in `proposed` */
    uint64_t acks;       /* the acceptors that accepted `proposed` */
    json_t *chosen;      /* as learner */
};

enum role { WAITING, PREPARING, LEADING };

struct paxos {
    /* The acceptor's promise (section 2.2), for all instances at once (section 3). */
    json_int_t promised;
    json_int_t lease_ends_ms; /* until then it promises nothing to others than lease_holder */
    int lease_holder;

    struct instance *instances;
    json_int_t count, room;
    json_int_t decided;  /* all below are chosen, and carried out */
    json_int_t asked_ms; /* when it last asked for what it lacks */

    /* The proposer. */
    enum role role;
    json_int_t ballot, seen; /* its own; the highest that it has heard of */
    uint64_t promises;
    json_int_t next;                      /* first instance without a proposal */
    json_int_t recovered;                 /* what was below `next` when it began to lead */
    json_t *queue;                        /* requests to propose */
    json_int_t stamps_ms[NODE_COUNT_MAX]; /* sent when, of what each acceptor answered last */

    int leader;
    struct machine machine;
    struct front *front;
    struct timer *election, *heartbeat, *flush;
    int backoff_ms;
    bool lease;
};

static inline json_int_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

/* Put a value (or NULL) in the place of another. */
void value_assign(json_t **place, json_t *value);

/* Made if there is none; a pointer lasts until the next is made. */
struct instance *instance_of(struct paxos *paxos, json_int_t slot);

/* -- learners: section 2.3 -----------------------------------------------------------------------
 */

/* It is chosen for ever. The file only saves asking others after a restart: it needs no sync. */
void learner_learn(struct self *self, json_int_t slot, json_t *value);

/* The same for values from instance `from` on, which are carried out. */
void learner_learn_all(struct self *self, json_int_t from, const json_t *values);

/* Carry out what is decided, in order; the leader answers. */
void learner_advance(struct self *self);

/* What is chosen from there on, up to LAG_MAX, in a new array; and to tell another node. */
json_t *learner_chosen_from(const struct paxos *paxos, json_int_t from);
void learner_send(struct self *self, int to, json_int_t from);

void learner_on_learn(struct self *self, const struct message *message);
void learner_on_missing(struct self *self, const struct message *message);

/* -- acceptors: section 2.2 ----------------------------------------------------------------------
 */

/* What leases are measured by. */
json_int_t lease_clock_ms(const struct self *self);

/* "An acceptor must remember this information even if it fails." */
void acceptor_promise(struct self *self, json_int_t ballot);

/* Whether the leader may still answer reads because this acceptor lets no other lead. */
bool acceptor_is_leased_to_other(const struct self *self, int node);

void acceptor_on_prepare(struct self *self, const struct message *message);
void acceptor_on_accept(struct self *self, const struct message *message);

/* -- proposers -----------------------------------------------------------------------------------
 */

/* Somebody else has a higher ballot. */
void proposer_give_way(struct self *self, json_int_t ballot, int leader);

#endif
