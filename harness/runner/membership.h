/* SPDX-License-Identifier: GPL-2.0-or-later */
/* membership.h - who belongs to the cluster: brings about what is declared, by asking the target.
 *
 * Other faults are made true by the harness; this one the system itself has to agree to, and it may
 * refuse, take its time, or leave the outcome unknown. So what is declared and what is so are kept
 * apart, and what could not be done is tried again with each later declaration.
 */
#ifndef ORDEAL_RUNNER_MEMBERSHIP_H
#define ORDEAL_RUNNER_MEMBERSHIP_H

#include "../target.h"

/* Used by one thread at a time. */
struct membership {
    struct cluster *cluster;
    struct record *record;
    node_set absent; /* removed and not added again, or perhaps removed */
    node_set unsure; /* of these: perhaps removed */
    uint64_t removed[NODES_MAX], added[NODES_MAX]; /* how often the system has agreed */
};

/* Ask until the deadline for those of `wanted`, and no others, to be absent, one after another.
 * The record gets an event "members" for every change, refusal and unknown outcome, at the time
 * when that was known. */
void membership_pursue(struct membership *membership, node_set wanted, int64_t deadline_ns);

#endif
