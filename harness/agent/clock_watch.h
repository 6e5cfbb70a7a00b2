/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clock_watch.h - when the node's probe (clock_probe.h) is asked, and the controller told.
 *
 * Just before and just after every declaration that changes a clock, so that a plot has its edges
 * where they were; in between a few times a second while a clock is at fault, often enough to
 * see a strobe, and once a second while none is. Samples that cannot be had in time are left out:
 * nothing waits for them.
 */
#ifndef ORDEAL_AGENT_CLOCK_WATCH_H
#define ORDEAL_AGENT_CLOCK_WATCH_H

#include "../world.h"
#include "clock_probe.h"
#include "output.h"

enum { CLOCK_SAMPLES_MAX = 64 };

struct clock_watch {
    struct clock_probe probe;
    int64_t interval_ns;                            /* between two questions */
    int64_t next_ns;                                /* when the probe is asked next */
    int64_t send_ns;                                /* when the controller is told at the latest */
    struct clock_sample samples[CLOCK_SAMPLES_MAX]; /* not yet told */
    int count;
};

/* What is declared changes: just before it is in force, and just after. */
void clock_watch_edge(struct clock_watch *watch, const struct clock_fault *fault);

/* Do what is due; when there will be something again (INT64_MAX: never, there is no probe). */
int64_t clock_watch_tick(struct clock_watch *watch, int64_t now_ns, struct output *output);

/* Ask once more, and tell the controller what it has not been told. */
void clock_watch_end(struct clock_watch *watch, struct output *output);

#endif
