/* SPDX-License-Identifier: GPL-2.0-or-later */
/* roll.h - which nodes run which version of the system: brings about what is declared, by having
 * the target restart one node after another with the other program.
 *
 * What is declared and what is so are kept apart, as with members: a version may refuse to start,
 * or to serve. What could not be started is tried again with each later declaration.
 */
#ifndef ORDEAL_RUNNER_ROLL_H
#define ORDEAL_RUNNER_ROLL_H

#include "../target.h"

/* Used by one thread at a time. */
struct roll {
    struct cluster *cluster;
    struct record *record;
    node_set for_good; /* to run the other version until the end */
    node_set other;    /* were last started with the other version */
    node_set down;     /* could not be started, or have ended before they served */
    uint64_t rolled[NODES_MAX], rolled_back[NODES_MAX]; /* restarts that came to something */
};

/* Whether test->target can be restarted with another version, and has been given one: -1 with what
 * is missing. */
int roll_possible(const struct test *test, struct err *err) MUST_CHECK;

/* Whether the programs that the settings name can be one: -1 with the first that cannot. Before any
 * node exists. */
int roll_check(const struct test *test, struct err *err) MUST_CHECK;

/* The same as a node sees it, where the machine's /tmp and what only its root may read are not. */
int roll_look(const struct cluster *cluster, struct err *err) MUST_CHECK;

/* Restart, one after another, whoever does not run the version that `world` declares, except for
 * the nodes in `away`; wait up to `patience_ns` for each to serve. The record gets an event
 * "version" for every restart. */
void roll_pursue(struct roll *roll, const struct world *world, node_set away, int64_t patience_ns);

/* Whether all nodes have been started with what they are to run when nothing is declared. */
bool roll_is_whole(const struct roll *roll);

#endif
