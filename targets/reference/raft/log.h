/* SPDX-License-Identifier: GPL-2.0-or-later */
/* log.h - a raft server's log: a snapshot and the entries behind it, in memory and on stable
 * storage.
 *
 * Indexes count from 1. An entry is {"term", "request"}. Nothing is durable before log_sync.
 */
#ifndef ORDEAL_REFERENCE_RAFT_LOG_H
#define ORDEAL_REFERENCE_RAFT_LOG_H

#include "../runtime/protocol.h"

struct log {
    json_t *entries; /* from base_index + 1 on */

    /* The snapshot (figure 13): lastIncludedIndex, lastIncludedTerm, the machine's state. */
    json_int_t base_index, base_term;
    json_t *base; /* NULL: none was taken yet */
};

/* What stable storage holds. */
void log_recover(struct self *self, struct log *log);

/* The index of the last entry, or of the snapshot if there is none. */
json_int_t log_last(const struct log *log);

/* The entry at an index between the snapshot and the end; borrowed. */
json_t *log_entry(const struct log *log, json_int_t index);

/* Its term. -1: there is none, or it went into the snapshot. */
json_int_t log_term(const struct log *log, json_int_t index);

/* Up to `count` entries from `from` on, in a new array. */
json_t *log_slice(const struct log *log, json_int_t from, json_int_t count);

/* Put an entry in the place of whatever is at `index` and behind it. */
void log_append(struct self *self, struct log *log, json_int_t index, json_t *entry);

void log_sync(struct self *self);

/* Put the snapshot {"index", "base_term", "machine"} and the entries behind it (taken over) in the
 * place of the log; durable when it returns. */
void log_restart(struct self *self, struct log *log, const json_t *snapshot, json_t *entries);

#endif
