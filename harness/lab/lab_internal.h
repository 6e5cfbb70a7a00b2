/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lab_internal.h - what tests of the lab need to see of it. */
#ifndef ORDEAL_LAB_LAB_INTERNAL_H
#define ORDEAL_LAB_LAB_INTERNAL_H

#include <stdbool.h>
#include <sys/types.h>

struct lab;

/* The network namespace of a node that was added; belongs to the lab. */
int lab_node_network(const struct lab *lab, int index);

/* The agent's process id, in the lab's pid namespace. */
pid_t lab_node_pid(const struct lab *lab, int index);

/* Whether what other nodes send to this one passes by the bridge now (shortcut.h). */
bool lab_takes_shortcut(const struct lab *lab, int index);

#endif
