/* SPDX-License-Identifier: GPL-2.0-or-later */
/* chaos.h - the nemesis thread: walks the plan, declares worlds, records declarations and receipts.
 */
#ifndef ORDEAL_RUNNER_CHAOS_H
#define ORDEAL_RUNNER_CHAOS_H

#include "crew.h"
#include "enforce.h"

struct chaos;

/* Start walking test->plan; its times count from now. `crew` tells who answered last. */
int chaos_start(struct chaos **out, struct cluster *cluster, struct enforcer *enforcer,
                struct record *record, struct crew *crew, struct err *err) MUST_CHECK;

/* What is in force now, for people: "partition halves, kill n1"; empty if nothing is. */
void chaos_describe(struct chaos *chaos, char *text, size_t size);

/* Whether a declaration could not be enforced; the reason stays valid until chaos_stop. */
bool chaos_failed(struct chaos *chaos, const char **why);

/* Withdraw whatever is in force, end the thread, free. *damaged: the nodes whose files any fault
 * has damaged. -1 if that could not be enforced. */
int chaos_stop(struct chaos *chaos, node_set *damaged, struct err *err) MUST_CHECK;

#endif
