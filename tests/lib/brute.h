/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* brute.h - verdicts by exhaustive search, straight from the definitions, for small histories.
 *
 * It exists to be obviously right, and independent: it shares no line and no idea with checkers/.
 * It does not claim to be fast: eight operations are its measure, and some tens
 * where few of them overlap.
 *
 * Common to all levels: a failed operation did not happen. An operation of unknown outcome happened
 * or not, whichever explains the history; what it would have returned constrains nothing. A history
 * without a successful operation is unknown.
 */
#ifndef ORDEAL_TESTS_LIB_BRUTE_H
#define ORDEAL_TESTS_LIB_BRUTE_H

#include "../../harness/checker.h"

enum { BRUTE_MAX = 40 }; /* operations that did or may have happened */

/* The verdict on `history` at `level` (a name of design.md, "Levels"), for objects of `model`, one
 * per key, that begin as `initial` (VALUE_NIL: the model's own beginning). Unknown also where too
 * much would have to be tried, and where the
 * level does not say what it means: levels below sequential know reads and writes only, and
 * writes-follow-reads needs distinct values. A level or model that brute_knows does not know ends
 * the program, as do too many operations. */
enum verdict brute_check(const struct history *history, const char *level, const char *model,
                         value_id initial);

bool brute_knows(const char *level, const char *model);

/* The same for cc, ccv and causal with every causal order tried that the definition allows, instead
 * of only those that visibility of writes to reads makes: for five operations at most. */
enum verdict brute_check_literally(const struct history *history, const char *level,
                                   value_id initial);

#endif
