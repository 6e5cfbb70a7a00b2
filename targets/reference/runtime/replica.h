/* SPDX-License-Identifier: GPL-2.0-or-later */
/* replica.h - a machine on stable storage: what it has carried out, and how far that goes.
 *
 * A replica counts its requests, and has a label: the view (see protocol.h) in which it was last
 * known to lack nothing. After a restart it is no longer current, since the others may have gone
 * on; some current replica's state makes it so again.
 */
#ifndef ORDEAL_REFERENCE_REPLICA_H
#define ORDEAL_REFERENCE_REPLICA_H

#include "machine.h"
#include "protocol.h"

struct replica {
    struct machine machine;
    json_int_t label, number; /* number: of the last request carried out, from 1 */
    bool current;
    bool repeats; /* for planted bugs: carries a request out as often as it comes */
    int logged;   /* requests on storage since the whole state was written */
};

/* As stable storage has it, and not current. */
void replica_recover(struct self *self, struct replica *replica);

/* Carry the next request out, durably. Its answer, or NULL if nobody waits for it; a new
 * reference. */
json_t *replica_carry_out(struct self *self, struct replica *replica, const json_t *request);

/* {"label","number","machine"}, new. */
json_t *replica_state(const struct replica *replica);

/* Become what that says (other members are ignored), durably, and current. */
void replica_adopt(struct self *self, struct replica *replica, const json_t *state);

/* It lacks nothing in that view, durably. */
void replica_label(struct self *self, struct replica *replica, json_int_t label);

/* Whether `state` has come further than `other`, which may be NULL. */
bool state_is_ahead(const json_t *state, const json_t *other);

#endif
