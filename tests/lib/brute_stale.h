/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* brute_stale.h - how stale reads are, from the definitions, for small histories; and the checker
 * held against it.
 *
 * Each key by itself: delta is the least shift of all reads' invocations under which some order
 * of the operations that respects what precedes what explains all reads; k the least number for
 * which some order gives each read one of the k latest values. Every order is tried, with and
 * without each operation of unknown outcome. It shares nothing with checkers/.
 */
#ifndef ORDEAL_TESTS_LIB_BRUTE_STALE_H
#define ORDEAL_TESTS_LIB_BRUTE_STALE_H

#include "../../harness/checker.h"

struct brute_stale {
    bool distinct; /* no value is written twice, or initial */
    bool possible; /* some shift explains the history */
    bool any_cas;
    int64_t delta_ns;
    uint32_t versions; /* that reads need; a cas finds the latest */
};

/* At most 12 operations per key that happened or may have. */
struct brute_stale brute_stale(const struct history *history, value_id initial);

/* Hold the checker's delta and k against these. NULL, or what differs (static text). */
const char *brute_stale_compare(const struct history *history, value_id initial);

/* What was compared, for a line at the end. */
struct brute_stale_counts {
    uint64_t compared, stale, beyond_two, bounded, impossible, undecided;
};
extern struct brute_stale_counts brute_stale_counts;

#endif
