/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* keys.h - the operations of a history by key: linearizability is local, so that each key's object
 * is judged alone (Herlihy and Wing 1990, theorem 1). */
#ifndef ORDEAL_ENGINE_KEYS_H
#define ORDEAL_ENGINE_KEYS_H

#include "../../harness/history/history.h"

struct keys {
    value_id *keys;   /* in order of appearance */
    uint32_t *starts; /* key i's operations are places[starts[i]] to places[starts[i + 1] - 1] */
    uint32_t count;
    uint32_t *places; /* in history->ops, ascending within a key; failed operations are left out */
    struct budget *budget;

    /* Operations of one process may touch: one completes at the very time at which the next is
     * invoked. They have an order nevertheless, and then precedence is not an order of intervals,
     * which zones and locality need. The order of lines is one, and at least as strict if
     * `by_line`: what it explains is explained. */
    bool touching;
    uint32_t *groups; /* by key: one of the keys that ties between operations on different keys
                       * hold together with it; NULL: there are no such ties */
    bool by_line;     /* the order of lines agrees with time */
};

/* -1 only when the budget is used up. keys_release may be called in any case. */
int keys_init(struct keys *keys, const struct history *history, struct budget *budget,
              struct err *err) MUST_CHECK;
void keys_release(struct keys *keys);

#endif
