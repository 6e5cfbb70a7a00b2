/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cell.h - a node's namespaces and the agent in them: how they come to be, and end.
 *
 * Three processes take part. The *caller* (a thread of the controller) forks the *midwife*, which
 * clones the *cell* into its namespaces, gives it ids, a network link and the machine's folders,
 * and is gone again; so the cell's parent is the lab's pid 1 and not a thread that may end. The
 * cell meanwhile assembles its root, enters it, and becomes the agent.
 *
 * The agent is pid 1 of a pid namespace of its own: its death ends all that it started, at once and
 * for certain, and nothing on a node can see or signal another node's processes or the controller.
 */
#ifndef ORDEAL_LAB_CELL_H
#define ORDEAL_LAB_CELL_H

#include "../base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct lab_options;
struct skeleton;

struct cell_order {
    const struct lab_options *options;
    const struct skeleton *skeleton;
    const char *name;
    const char *hosts; /* text of /etc/hosts */
    int index, node_count;
    bool ipv6;
    int switch_network; /* the namespace of the lab's switch; -1: there is a bridge */
    uint32_t stranger;  /* whom the node's root is mapped to; 0: the node shares the lab's ids */
};

struct cell {
    pid_t pid;   /* of the agent, in the lab's pid namespace */
    int pidfd;   /* of it too: readable once everything on the node has ended */
    int network; /* its network namespace */
};

/* The agent has been started when this returns; *agent_fd is the caller's end of its socket. Safe
 * from several threads. */
int cell_start(struct cell *cell, const struct cell_order *order, int *agent_fd,
               struct err *err) MUST_CHECK;

/* SIGKILL to all of it; then wait until nothing of it runs, and release it. */
void cell_kill(struct cell *cell);
void cell_bury(struct cell *cell);

#endif
