/* SPDX-License-Identifier: GPL-2.0-or-later */
/* agent.h - the agent as a whole: one thread, one loop, everything of a fixed size.
 *
 * What is quick is done while the controller waits (start, world, put, get: some milliseconds, and
 * each bounded by seconds); what depends on others' patience (run, stop) is answered later.
 */
#ifndef ORDEAL_AGENT_AGENT_H
#define ORDEAL_AGENT_AGENT_H

#include "box.h"
#include "clocks.h"
#include "guest.h"
#include "output.h"
#include "runs.h"
#include "system.h"
#include "wire.h"

struct agent {
    struct lines input;
    struct output output;
    struct box box;
    struct lodging lodging; /* on a host */
    struct host *host;      /* or NULL */
    bool host_clock;        /* a declared clock is the host's own, not its processes' */
    struct err homeless;    /* why there is no place for a node on this host; "" if there is */
    struct clocks clocks;   /* open if the plan needs it */
    struct system system;
    struct runs runs;
    const char *host_folder; /* or NULL: a node of the lab */
    int signal_fd;
    int64_t heard_ns;        /* when the controller last said something */
    int64_t logs_ns;         /* when the logs are looked at next */
    int64_t log_limit_bytes; /* of all logs together */
    bool greeted;            /* hello was said */
    bool ending;
};

/* Answer one line. */
void agent_take(struct agent *agent, struct str line);

/* Bury the children that have died, and tell whom it concerns. */
void agent_reap(struct agent *agent);

#endif
