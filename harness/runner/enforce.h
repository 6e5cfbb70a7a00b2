/* SPDX-License-Identifier: GPL-2.0-or-later */
/* enforce.h - makes declared worlds true and gathers what they have affected. */
#ifndef ORDEAL_RUNNER_ENFORCE_H
#define ORDEAL_RUNNER_ENFORCE_H

#include "../nemesis.h"
#include "../target.h"
#include "membership.h"
#include "roll.h"

struct lab;

struct enforcer {
    struct lab *lab;         /* enforces packets for local nodes */
    struct cluster *cluster; /* whose agents enforce the processes' state */
    struct world world;      /* in force, or being put in force */
    struct world standing;   /* in force whatever is declared beside it */
    node_set told_killed;    /* what the target knows */
    struct membership membership;
    struct roll roll;
};

/* Changes of members and versions go to `record`. */
void enforcer_init(struct enforcer *enforcer, struct lab *lab, struct cluster *cluster,
                   struct record *record);

/* Put `world` in force under the next version number and return when it is, everywhere. Nodes whose
 * processes change state are told at the same time; then the target, if any was killed or is back.
 * On failure some of it may be in force. Whether members leave and come back, and another version
 * starts, is the system's to say: that it will not is no failure, but stands in the record, in
 * membership.absent and in roll.down. */
int enforcer_apply(struct enforcer *enforcer, const struct world *world,
                   struct err *err) MUST_CHECK;

/* Ask again, up to patience_ns each, for what the system has not done of what is in force. */
void enforcer_pursue(struct enforcer *enforcer, int64_t patience_ns);

/* Everybody's receipts now. */
int enforcer_effects(struct enforcer *enforcer, struct effects *effects,
                     struct err *err) MUST_CHECK;

#endif
