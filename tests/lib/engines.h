/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* engines.h - the searches for a linearization one by one, as the checker does not run them: it
 * asks the breadth-first one only where the depth-first one took long, which no small history makes
 * it.
 */
#ifndef ORDEAL_TESTS_LIB_ENGINES_H
#define ORDEAL_TESTS_LIB_ENGINES_H

#include "proof.h"

enum engine {
    ENGINE_WGL,
    ENGINE_LEVELS,        /* breadth first, all configurations */
    ENGINE_LEVELS_NARROW, /* the same, keeping one at first: it goes back and widens */
    ENGINE_UNLIMITED,     /* optional operations are never used up: true says nothing */
    ENGINES
};

extern const char *const engine_names[ENGINES];

/* What the engine alone says of a history of one object that `model` understands. Unknown: it gave
 * up, or its true says nothing. */
enum verdict engine_judge(enum engine engine, const struct history *history, const char *model,
                          value_id initial);

/* Compare each engine with the brute force; what differs is a flaw of `proof`, and printed. */
void engines_compare(struct proof *proof, const struct history *history);

#endif
