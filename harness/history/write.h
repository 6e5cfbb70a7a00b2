/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* write.h - a history as a file again: for generators of tests and for other tools.
 *
 * Events stand in the order of time, at equal times in that of their indexes, which they keep. What
 * the history does not hold (errors, a tool's own members) is not written.
 */
#ifndef ORDEAL_HISTORY_WRITE_H
#define ORDEAL_HISTORY_WRITE_H

#include "history.h"

#include <stdio.h>

/* As history.jsonl. history_read gives the same history back. */
int history_write_jsonl(const struct history *history, FILE *to, struct err *err) MUST_CHECK;

/* As Jepsen's history.edn: a map a line; keys as independent's tuples [key value]; functions, and
 * what a transaction does, as keywords. */
int history_write_edn(const struct history *history, FILE *to, struct err *err) MUST_CHECK;

#endif
