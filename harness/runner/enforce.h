/* SPDX-License-Identifier: GPL-2.0-or-later */
/* enforce.h - makes declared worlds true and gathers what they have affected. */
#ifndef ORDEAL_RUNNER_ENFORCE_H
#define ORDEAL_RUNNER_ENFORCE_H

#include "../nemesis.h"
#include "../target.h"
#include "membership.h"

struct lab;

struct enforcer {
    struct lab *lab;         /* enforces packets for local nodes */
    struct cluster *cluster; /* whose agents enforce the processes' state */
    struct world world;      /* in force, or being put in force */
    struct world standing;   /* in force whatever is declared beside it */
    node_set told_killed;    /* what the target knows */
    struct membership membership;
};

/* Membership's changes go to `record`. */
void enforcer_init(struct enforcer *enforcer, struct lab *lab, struct cluster *cluster,
                   struct record *record);

/* Put `world` in force under the next version number and return when it is, everywhere. Nodes whose
 * processes change state are told at the same time; then the target, if any was killed or is back.
 * On failure some of it may be in force. Whether members leave and come back is the system's to
 * say: that it will not is no failure, but stands in the record and in membership.absent. */
int enforcer_apply(struct enforcer *enforcer, const struct world *world,
                   struct err *err) MUST_CHECK;

/* Everybody's receipts now. */
int enforcer_effects(struct enforcer *enforcer, struct effects *effects,
                     struct err *err) MUST_CHECK;

#endif
