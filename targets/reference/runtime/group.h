/* SPDX-License-Identifier: GPL-2.0-or-later */
/* group.h - replicas that begin every view alike.
 *
 * The first member of a view leads it. It gives its state to the other members, and the view is
 * alike once all of them hold it, durably. Where an acknowledgement means that every member of a
 * view holds a request, nothing acknowledged is lost: the leader was a member, or has its state
 * from one, and what of earlier views was not acknowledged is now everywhere or nowhere.
 *
 * When the leader has only just started it asks the others for a current state. If there is none,
 * for all nodes have died, it waits until every node that was ever up is back, and goes on with the
 * state that has come furthest: whoever was alive at the last acknowledgement has it on disk.
 *
 * A protocol has its group as the first member of its state, GROUP_RULES among its rules, and calls
 * group_start in `start` and group_enter in `on_view`.
 */
#ifndef ORDEAL_REFERENCE_GROUP_H
#define ORDEAL_REFERENCE_GROUP_H

#include "replica.h"

struct group {
    struct replica replica;

    /* At the leader of a view, when its replica is current: group_share, or what the protocol does
     * instead. */
    void (*on_current)(struct self *self);
    void (*on_alike)(struct self *self); /* at the leader */

    /* At the leader. */
    bool alike;
    uint64_t answered; /* bit i: node i has given its state, or holds the view's */
    bool seeking;      /* for a current state; else the view's is being given */
    json_t *best;      /* the state that has come furthest, of those given */
    bool best_is_current;
    struct timer *again;
};

void group_start(struct self *self, void (*on_current)(struct self *self),
                 void (*on_alike)(struct self *self));

/* There is a new view. */
void group_enter(struct self *self, const struct view *view);

/* Give the view's members the leader's state, labelled with the view. */
void group_share(struct self *self);

/* Whether this node leads its view and has a state to lead it with. */
bool group_leads(const struct self *self);

void group_on_seek(struct self *self, const struct message *message);
void group_on_sought(struct self *self, const struct message *message);
void group_on_state(struct self *self, const struct message *message);
void group_on_held(struct self *self, const struct message *message);

#define GROUP_RULES                                                                                \
    {"seek", group_on_seek}, {"sought", group_on_sought}, {"state", group_on_state},               \
    {                                                                                              \
        "held", group_on_held                                                                      \
    }

#endif
