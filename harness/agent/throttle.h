/* SPDX-License-Identifier: GPL-2.0-or-later */
/* throttle.h - limits on what a node's processes get, kept by the node init: without control
 * groups, without privileges, and for processes that run already.
 *
 * Processor time is a duty cycle: everybody is stopped (SIGSTOP) for a part of every 50 ms. Memory
 * is watched: when what is resident together is over the limit, the greatest process is killed, as
 * the kernel would. Open files are the kernel's own limit, lowered and later given back. What it
 * does not claim: a process that has allocated but not touched memory has none, and whoever looks
 * can tell a stopped process from a slow one.
 */
#ifndef ORDEAL_AGENT_THROTTLE_H
#define ORDEAL_AGENT_THROTTLE_H

#include "../world.h"

#include <sys/types.h>

enum { THROTTLED_MAX = 1024 };

struct throttle {
    struct limits limits;
    uint64_t count;  /* times that a process was held back (stopped, killed, seen out of files) */
    bool held;       /* stopped by declaration: leave them alone */
    bool stopped;    /* in the quiet part of the cycle */
    int64_t turn_ns; /* when the cycle turns */
    int64_t look_ns; /* when memory and files are looked at next */
    struct {
        pid_t pid;
        unsigned long files; /* the limit that it had */
    } known[THROTTLED_MAX];
    int known_count;
};

/* Put these in force instead of what was. */
void throttle_set(struct throttle *throttle, const struct limits *limits);

/* Do what is due. For how long nothing else will be, in nanoseconds; -1: for good. */
int64_t throttle_tick(struct throttle *throttle);

#endif
