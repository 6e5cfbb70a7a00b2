/* SPDX-License-Identifier: GPL-2.0-or-later */
/* house.h - the cluster's machines for the length of a run: lab or hosts, agents, nodes. */
#ifndef ORDEAL_RUNNER_HOUSE_H
#define ORDEAL_RUNNER_HOUSE_H

#include "../target.h"
#include "hosts.h"

struct lab;

struct house {
    struct lab *lab;           /* NULL: the nodes live on hosts */
    pid_t carriers[NODES_MAX]; /* processes that carry connections; 0: none */
    struct hosts hosts;
    struct cluster cluster;
};

/* Bring up the test's nodes, all at once, each with its agent; on hosts, what the target runs must
 * be there. node_disk_bytes 0: the default.
 * `capture`: their packets go to the folder "packets" of the run's. */
int house_open(struct house *house, const struct test *test, const char *run_dir,
               size_t node_disk_bytes, bool capture, struct err *err) MUST_CHECK;

/* Take everything down. Harmless on a house that did not open. */
void house_close(struct house *house);

/* Whether a machine is lost (its agent has gone); `why` says which and how. */
bool house_lost(struct house *house, char why[256]);

#endif
