/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* stores.h - long histories of replicated stores of registers, with distinct values: what a store
 * of a level really gives, a million operations in a second.
 *
 * Each process talks to a replica of its own. Operations are at random keys, half of them reads, by
 * closed-loop clients that are always busy.
 */
#ifndef ORDEAL_TESTS_LIB_STORES_H
#define ORDEAL_TESTS_LIB_STORES_H

#include "../../harness/history/history.h"

enum store_kind {
    STORE_ORDERED,    /* writes in one total order, reads local and late: sequential */
    STORE_CAUSAL,     /* writes in causal order, the one that comes last stays: causal (CM) */
    STORE_CONVERGENT, /* the same, but the one with the latest stamp stays: ccv */
    STORE_KINDS
};

struct store_space {
    enum store_kind kind;
    int ops, processes, keys;
    int late_pct; /* how often a write that could be delivered to a replica is not yet */
    int cas_pct;  /* STORE_ORDERED: of the writes, those that are a compare-and-set */
    int info_pct; /* of operations whose outcome the client never learns; a new process takes over
                   */
    uint64_t seed;
};

/* Add the operations to an empty history. */
void store_fill(const struct store_space *space, struct history *history);

/* Write them to a file: our JSONL, or Plume's text ("r(key,value,session,txn)" lines), which has
 * neither times nor unknown outcomes. Ends the program if that fails. */
void store_write_jsonl(const struct store_space *space, const char *path);
void store_write_plume(const struct store_space *space, const char *path);

#endif
