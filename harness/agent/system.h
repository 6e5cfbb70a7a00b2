/* SPDX-License-Identifier: GPL-2.0-or-later */
/* system.h - the system under test on this node: its processes and the state they are declared to
 * be in.
 *
 * What was started is remembered until it is stopped. Killed by declaration it comes back when the
 * declaration says running again, in the order in which it was started; ended by itself it stays
 * down, and an event says so. What ends in failure while limits or disk are at fault is
 * taken for their victim: it comes back when they are healthy again.
 */
#ifndef ORDEAL_AGENT_SYSTEM_H
#define ORDEAL_AGENT_SYSTEM_H

#include "box.h"
#include "disk.h"
#include "output.h"
#include "request.h"

enum { PROCESSES_MAX = 64 };

struct process {
    json_t *json; /* owns the text of the specification */
    const char *name;
    struct command command;
    const char *log;
    pid_t pid;         /* 0: does not run */
    bool awaits_start; /* does not run because of a declaration, and will again */
    bool late;         /* to be started as soon as possible: it ended right after a fault did */
    int64_t stop_id;   /* request that asked it to end; -1: none */
    int64_t stop_deadline_ns;
};

struct system {
    struct process processes[PROCESSES_MAX]; /* in the order of their start */
    int count;
    enum process_state state;
    bool unborn;                  /* killed before anything was started: what is, begins later */
    bool killing;                 /* whoever dies now dies of us */
    bool ailing;                  /* limits or disk are at fault: whoever fails may fail of that */
    int64_t ailed_until_ns;       /* and so may whoever ends until then */
    int64_t life_ns, life_end_ns; /* limits.life_ns, and when the present life is over */
    uint64_t version, kills, killed, pauses, paused, throttles;
    struct disk_link disk;
};

/* Each of these takes what it needs from the agent: its box, its output. */
struct agent;

/* Start and remember; takes request->json over when it succeeds. */
int system_start(struct agent *agent, struct request *request, struct err *err) MUST_CHECK;

/* Ask a process to end. The answer is sent here, now or when it has ended. */
int system_stop(struct agent *agent, const struct request *request, struct err *err) MUST_CHECK;

/* Put the declared state in force, and wait until it is. */
int system_declare(struct agent *agent, const struct request *request, struct err *err) MUST_CHECK;

/* Append what is in force, and what has been affected so far, to `answer`. */
void system_receipt(struct agent *agent, struct buf *answer);

/* If `pid` is a process of it, note its end and say so; whether it was. */
bool system_reaped(struct agent *agent, pid_t pid, int status);

/* Kill what was asked to end and did not, and whose life is over; the next moment at which there is
 * something to do. */
int64_t system_tick(struct agent *agent, int64_t now_ns);

/* The end of it all: kill every process. */
int system_end(struct agent *agent, struct err *err) MUST_CHECK;

#endif
