/* SPDX-License-Identifier: GPL-2.0-or-later */
/* crew.h - the workers: a thread each, with a client and a connection of its own, recording what it
 * invokes and what comes back.
 *
 * Worker w talks to node w mod N for the whole run. An operation whose outcome is unknown retires
 * its process: the worker goes on as process + concurrency. A client that does not return a second
 * after its deadline is given up: its operation is recorded as info, its thread and connection are
 * left alone for good, and a new thread takes the worker's place.
 */
#ifndef ORDEAL_RUNNER_CREW_H
#define ORDEAL_RUNNER_CREW_H

#include "../target.h"
#include "../workload.h"

enum crew_phase {
    CREW_LOAD,  /* operations from the generator */
    CREW_REST,  /* nothing new; what is under way ends */
    CREW_FINAL, /* the workload's final reads, once each */
    CREW_STOP,
};

struct crew;

/* Counts of completed operations by outcome, over all workers. */
struct crew_counts {
    uint64_t ok, fail, info;
};

/* Make the workers and start them in CREW_LOAD. Lane w of `record` is worker w's. */
int crew_start(struct crew **out, struct cluster *cluster, struct record *record,
               struct err *err) MUST_CHECK;

void crew_set_phase(struct crew *crew, enum crew_phase phase);

/* Give up on clients that hang; call it a few times a second. -1 once more have been given up than
 * there are workers, or no thread can be had for a replacement. */
int crew_watch(struct crew *crew, struct err *err) MUST_CHECK;

void crew_count(struct crew *crew, struct crew_counts *counts);

/* The node that answered last, of those whose operations succeeded; none: 0. From any thread. */
node_set crew_answered_last(struct crew *crew);

/* Whether every kind of operation that the workload has, and every node that has a worker, has had
 * an operation succeed that was invoked after `since_ns` (of the record). Kinds that never
 * succeeded before are not waited for. */
bool crew_recovered(struct crew *crew, int64_t since_ns);

/* Whether no worker has anything left to do in this phase (at rest, final reads done, generators
 * exhausted, or the record failed). */
bool crew_idle(struct crew *crew);

/* CREW_STOP, wait for every worker (at most the operation time-out and the second after it, then it
 * is given up), close the lanes, free. False if threads were left behind: what their clients use
 * must stay. */
bool crew_stop(struct crew *crew);

#endif
