/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* pairing.h - from events, in the order of their file, to operations.
 *
 * What every format has in common: an invocation opens an operation of its process, the process's
 * next event completes it. A file in which that does not come out is refused, never guessed at: a
 * completion without or before its invocation, a process with two open operations or one that goes
 * on after an unknown outcome, an index used twice. The caller adds the line to the message.
 */
#ifndef ORDEAL_HISTORY_PAIRING_H
#define ORDEAL_HISTORY_PAIRING_H

#include "history.h"

/* An event of a client. */
struct pair_event {
    int64_t time_ns;
    uint32_t index; /* below INDEX_NONE */
    int32_t process;
    value_id key;
    value_id value, value2; /* value2: with is_pair, the second of a cas's two values */
    uint8_t type;           /* enum op_type */
    uint8_t f;              /* of the history */
    uint8_t node;
    bool is_pair;
};

struct pairing {
    struct history *history;
    struct pair_slot *slots; /* by process */
    size_t slot_count, used;
    uint32_t *indexes; /* a set of all so far; NULL while they only grow */
    size_t index_slots, index_count;
    int64_t last_index;

    /* A process that goes on after an unknown outcome is continued as a new one, instead of being
     * refused: for formats whose clients keep their number. */
    bool renew_processes;
    int32_t next_process; /* the next number for a renewed one */
};

void pairing_init(struct pairing *pairing, struct history *history);
void pairing_release(struct pairing *pairing);

/* Add an event of a client. -1: it does not fit what came before, or the budget is used up. */
int pairing_add(struct pairing *pairing, const struct pair_event *event,
                struct err *err) MUST_CHECK;

/* Note the index of an event of the harness, which must be as unique. */
int pairing_index(struct pairing *pairing, uint32_t index, struct err *err) MUST_CHECK;

#endif
