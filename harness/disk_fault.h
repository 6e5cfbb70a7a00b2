/* SPDX-License-Identifier: GPL-2.0-or-later */
/* disk_fault.h - what nemeses that make a node's disk fail have in common: kinds are selectors, as
 * of processes, and what they affect is counted by the disk. */
#ifndef ORDEAL_DISK_FAULT_H
#define ORDEAL_DISK_FAULT_H

#include "process_fault.h"

/* Declare `what` for the disks of the nodes that the fault selects, each with a seed of its own,
 * and for the files that it is about; `value` gets their names. */
int disk_fault_declare(const struct fault *fault, const struct situation *situation,
                       const struct disk_fault *what, const char *const *node_names,
                       struct world *mine, struct buf *value, struct err *err);

/* The same for damage to files, for which the nodes' processes are killed. Drawn are selectors that
 * leave a majority alone. */
void disk_damage_draw(struct rng *rng, int node_count, bool leader_known, struct fault *fault);
int disk_damage_declare(const struct fault *fault, const struct situation *situation,
                        const struct disk_fault *what, const char *const *node_names,
                        struct world *mine, struct buf *value, struct err *err);

/* Bits flipped, bytes cut off and made what they had been, on the disks so damaged. */
uint64_t disk_damage_affected(const struct world *mine, const struct effects *before,
                              const struct effects *after);

/* Syncs delayed and calls failed on these disks. */
uint64_t disk_fault_affected(const struct world *mine, const struct effects *before,
                             const struct effects *after);

#endif
