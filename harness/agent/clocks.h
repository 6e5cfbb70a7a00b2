/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clocks.h - the clocks of a node, as its processes are told them: the agent's side.
 *
 * Opened only if the plan needs it (hello's "clock"): then every process that is started goes
 * through the keeper's filter (clock_keeper.h), which costs some 0.1 ms an exec and 10 ns a system
 * call, and reads the clock in some 0.15 microseconds instead of 0.03. Otherwise nothing is there.
 *
 * What stays the machine's: times that the kernel makes by itself (of files, of packets,
 * /proc/uptime), waits until a time of the wall clock (they are counted), programs of 32 bits and
 * those that somebody else traces when they are executed (counted).
 */
#ifndef ORDEAL_AGENT_CLOCKS_H
#define ORDEAL_AGENT_CLOCKS_H

#include "../base/buf.h"
#include "../base/err.h"
#include "../world.h"
#include "clock_watch.h"

#include <stdbool.h>
#include <sys/types.h>

struct clock_memory;
struct clock_seen;

struct clocks {
    struct clock_memory *memory; /* NULL: not open */
    struct clock_seen *seen;
    struct clock_fault fault; /* in force */
    int memory_fd;
    int filters_fd; /* to the keeper */
    pid_t keeper;
    struct clock_watch watch;
};

/* Start the keeper, and try whether a program that it looks after is told another time. -1 with
 * what this machine does not allow. */
int clocks_open(struct clocks *clocks, struct err *err) MUST_CHECK;

/* In a child that is about to execute a program: it and all that comes from it get these clocks.
 * -1 with errno. */
int clocks_wrap(const struct clocks *clocks);

/* Put in force; when this returns it is, for every process. */
void clocks_declare(struct clocks *clocks, const struct clock_fault *fault);

/* Append the counts of the receipt, and by how much each clock is off now. Nothing if not open. */
void clocks_receipt(const struct clocks *clocks, struct buf *answer);

/* Look at what processes are told, and tell the controller, if it is time; when it is next. */
int64_t clocks_tick(struct clocks *clocks, int64_t now_ns, struct output *output);

/* Whether `pid`, which has ended, was the keeper: then nothing can be executed any more. */
bool clocks_reaped(struct clocks *clocks, pid_t pid);

void clocks_close(struct clocks *clocks);

/* `ordeal-agent --try-clocks`: print what keeps this machine's clocks from being told, if anything
 * does; 0 if nothing. */
int clocks_try(void);

/* What clocks_open()'s trial executes (`ordeal-agent --tell-clock`): print the time as the vDSO
 * tells it and as the kernel is asked for it. */
int clocks_tell(void);

#endif
