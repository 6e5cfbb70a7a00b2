/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clock_probe.h - a process of the node's that says what it is told of the time.
 *
 * What was declared is what the agent has written; what processes see goes through an execve() that
 * was caught, a vDSO that was overwritten, and memory that was mapped. So one process like any
 * other is kept and asked. It lives beside the box: a kill or a pause of the system is none of it.
 * Its own reads are not counted as lies told, or every fault would be noticed by somebody.
 *
 * It answers over a socket, and the agent takes the true time before and after: the answer lies in
 * between. Where in between is taken from the processor's cycle counter, which nobody redirects.
 */
#ifndef ORDEAL_AGENT_CLOCK_PROBE_H
#define ORDEAL_AGENT_CLOCK_PROBE_H

#include "../base/err.h"
#include "clock_sample.h"

#include <stdbool.h>
#include <sys/types.h>

struct clocks;

struct clock_probe {
    pid_t pid; /* 0: none */
    int fd;
    uint32_t number; /* of the last question */
};

/* Execute it under the clocks' filter, and wait for its first answer. */
int clock_probe_start(struct clock_probe *probe, const struct clocks *clocks,
                      struct err *err) MUST_CHECK;

/* Ask; false if there is no probe, or no answer in that time. Some 0.05 ms where nobody is in the
 * way. */
bool clock_probe_ask(struct clock_probe *probe, int timeout_ms, struct clock_sample *sample);

/* Its process `pid` has been waited for: it answers nothing more. */
void clock_probe_reaped(struct clock_probe *probe, pid_t pid);

void clock_probe_stop(struct clock_probe *probe);

/* `ordeal-agent --probe-clock`: its whole life, with the socket as standard input. */
int clock_probe_main(void);

#endif
