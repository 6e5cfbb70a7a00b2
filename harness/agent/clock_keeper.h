/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clock_keeper.h - the process that sees to it that every program of the node gets the node's
 * clocks.
 *
 * A process of the agent's own, since a program's execve() waits for it while the agent waits for
 * the program. It hears of every execve() below the filters that it was sent, of reads of the clock
 * that bypass the vDSO (which it answers), and of waits that the kernel will judge by its own clock
 * (which it can only count).
 */
#ifndef ORDEAL_AGENT_CLOCK_KEEPER_H
#define ORDEAL_AGENT_CLOCK_KEEPER_H

#include "clock_page.h"
#include "clock_inject.h"

/* What it has seen; shared with the agent. */
struct clock_seen {
    uint64_t programs; /* that got the clocks */
    uint64_t missed;   /* that run by the machine's clocks: 32-bit, or traced by others */
    uint64_t waits;    /* by the true wall clock, while another was told */
    uint64_t reads;    /* that bypassed the vDSO */
};

struct keeper {
    struct clock_memory *memory;
    struct clock_seen *seen;
    int memory_fd;
    int filters_fd; /* socket (SOCK_SEQPACKET): each message brings a filter's listener */
    struct vdso vdso;
};

/* Its whole life; ends with its parent or when the socket does. */
_Noreturn void keeper_main(const struct keeper *keeper);

/* In a process that is about to execute a program: filter its system calls from now on, and those
 * of all that descend from it, and send the listener. -1 with errno. */
int keeper_filter(int filters_fd);

#endif
