/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host.h - everything that the agent changes on a host that outlives it, as one.
 *
 * Opening heals what an earlier agent has left, and keeps others away (journal.h); declaring puts a
 * world in force; closing undoes everything. If the agent dies before that, the next one's start
 * or `ordeal-agent --heal` undoes it.
 */
#ifndef ORDEAL_AGENT_HOST_HOST_H
#define ORDEAL_AGENT_HOST_HOST_H

#include "rules.h"
#include "wall_clock.h"

#include <stdio.h>

struct host;

struct host_options {
    const char *journal_folder;            /* NULL: JOURNAL_FOLDER */
    const struct host_connection *control; /* exempt from cuts; NULL: none */
    FILE *healed;                          /* told what was undone; NULL: nobody */
};

/* What this host's agent is to make true: cuts of this host, its clock. Zeroed: healthy. */
struct host_world {
    const struct host_cut *cuts;
    int cut_count;
    struct clock_fault clock;
};

struct host_receipt {
    struct host_traffic traffic;
    struct wall_clock_seen clock;
};

int host_open(struct host **host, const struct host_options *options, struct err *err) MUST_CHECK;

/* In force when it returns 0. After -1 part of it may be: declare anew, or close. The same world
 * again changes nothing. */
int host_declare(struct host *host, const struct host_world *world, struct err *err) MUST_CHECK;

int host_receipt(struct host *host, struct host_receipt *receipt, struct err *err) MUST_CHECK;

/* Undo everything and free, whatever fails; NULL is nothing. -1: something is left, the journal
 * has it. */
int host_close(struct host *host, struct err *err) MUST_CHECK;

#endif
