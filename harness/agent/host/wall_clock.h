/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wall_clock.h - the wall clock of a whole host, made wrong and put right again.
 *
 * Before the first change the time service that runs (systemd-timesyncd, chronyd, ntpd, openntpd)
 * is held off, and the kernel's clock is written down in the journal: its time and rate at one
 * moment of CLOCK_MONOTONIC_RAW, which nobody sets. From there the true time is known at every
 * later moment, until a reboot. Jumps are made by adjtimex(ADJ_SETOFFSET), to the nanosecond; rates
 * by its frequency and tick as far as they reach, 10 % either way. Beyond that, and for strobes, a
 * thread adds jumps, as often as keeps the clock within 1 ms of what is declared (at most
 * 1000 a second): so a clock that is declared to stand still moves forth and back by 1 ms.
 *
 * What is not as in the lab: every process of the host sees it, not only the system's; a rate
 * within 10 % is CLOCK_MONOTONIC's and CLOCK_BOOTTIME's too, since the kernel has only one; a
 * fault of the monotonic clock itself is refused. A leap second during a fault is not known of.
 */
#ifndef ORDEAL_AGENT_HOST_WALL_CLOCK_H
#define ORDEAL_AGENT_HOST_WALL_CLOCK_H

#include "../../world.h"
#include "journal.h"

struct wall_clock;

/* Whether we may set this host's clock at all. Changes nothing, and asks before anything is written
 * down that nobody could undo. */
int wall_clock_try(struct err *err) MUST_CHECK;

/* Whether a host's clock can be made so; else -1, and why not. Needs no host. */
int wall_clock_can(const struct clock_fault *fault, struct err *err) MUST_CHECK;

/* Changes nothing yet; the journal is borrowed. */
int wall_clock_open(struct wall_clock **clock, struct journal *journal, struct err *err) MUST_CHECK;

/* Put it in force; a declaration that differs from the one before counts from now. The zeroed one
 * makes the clock true; its time service is held off until the end, lest it disturbs what is next.
 */
int wall_clock_declare(struct wall_clock *clock, const struct clock_fault *fault,
                       struct err *err) MUST_CHECK;

struct wall_clock_seen {
    int64_t offset_ns; /* by how much the host's clock is off now, as a process of it reads it */
    uint64_t reads;    /* readings of ours (here, and before and after each change) that were off
                        * by more than 0.1 ms: ever */
};

struct wall_clock_seen wall_clock_look(struct wall_clock *clock);

/* Undo everything, and free. */
int wall_clock_close(struct wall_clock *clock, struct err *err) MUST_CHECK;

/* Make the clock true and its rate what it was; only in the boot that `before` is of. */
int wall_clock_undo(const struct clock_before *before, struct err *err) MUST_CHECK;

#endif
