/* SPDX-License-Identifier: GPL-2.0-or-later */
/* local_node.h - nodes without a lab: processes of the test on addresses of the loopback network.
 *
 * Implements harness/node.h for targets; /node/data and /node/bin are a temporary folder and the
 * build folder. Addresses follow from the test's process id, so that tests may run side by side.
 * What dies is killed by signal; there is no network to cut.
 */
#ifndef ORDEAL_TESTS_TARGETS_LOCAL_NODE_H
#define ORDEAL_TESTS_TARGETS_LOCAL_NODE_H

#include "../../harness/target.h"

#include <sys/types.h>

struct local {
    struct cluster cluster;
    struct test test;
    char dir[64];
};

/* A cluster of `count` nodes for `target` with the settings in `settings` (ends with key NULL; or
 * NULL), set up and asserted healthy within 20 s. */
void local_open(struct local *local, const struct target *target, int count,
                const struct setting *settings);

/* The same without the nodes of `late`, until they are restarted. */
void local_open_late(struct local *local, const struct target *target, int count,
                     const struct setting *settings, node_set late);

/* Kill everything, remove the folder. */
void local_close(struct local *local);

void local_signal(struct local *local, int node, int signal);
void local_kill(struct local *local, int node);
void local_restart(struct local *local, int node);

/* Ask until healthy; asserts that it is before 20 s have passed. */
void local_await(struct local *local);

/* The log of a node's process, as a heap string. */
char *local_log(struct local *local, int node);

/* One operation by a client, with a deadline so many ms from now. */
struct client_op local_invoke(const struct target *target, struct client *client, enum op_f f,
                              int64_t key, struct op_value value, int timeout_ms);

#endif
