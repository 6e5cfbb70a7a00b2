/* SPDX-License-Identifier: GPL-2.0-or-later */
/* allot.h - which nodes a fault gets when others are in force: faults may overlap only where that
 * makes sense.
 *
 * Two faults are in conflict on a node of which both declare the same part: the state of its
 * processes (or whether it is a member, or which version it runs), its clocks, its disk, its
 * limits; or where the database shall end alone while its disk stands still. (Cuts and shapes of
 * links add up.) A fault whose selector leaves a choice is given other nodes; one that has none is
 * skipped, with the reason. Damage to files lasts, so that it is a minority's for the whole run
 * unless the situation allows more. What a nemesis touches is read off the world that it declares,
 * so that none has to say so twice.
 */
#ifndef ORDEAL_RUNNER_ALLOT_H
#define ORDEAL_RUNNER_ALLOT_H

#include "../nemesis.h"

/* The nodes of which both worlds declare the same part. */
node_set worlds_conflict(const struct world *a, const struct world *b);

/* Whether a majority is left whole: some node with healthy processes, clocks, disk and limits that
 * hears and is heard by enough others like it to make a majority. */
bool world_has_quorum(const struct world *world);

/* The nodes whose files the world damages; whether these are too many: no majority is left of which
 * none are. */
node_set world_damages(const struct world *world);
bool damage_spreads(node_set damaged, int node_count);

/* Declare `fault` into `mine` and `value` beside `others`, the contributions in force, by barring
 * nodes and lowering the number it may choose in `situation` until there is no conflict and, if
 * `protect_quorum`, a majority stays whole under all of them together. -1 with the reason if there
 * is no way; `value` (initialised by the caller) is then to be released all the same. */
int allot(const struct fault *fault, struct situation *situation, const char *const *node_names,
          const struct world *const *others, int other_count, bool protect_quorum,
          struct world *mine, struct buf *value, struct err *err) MUST_CHECK;

#endif
