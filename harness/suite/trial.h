/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trial.h - a test with the verdict that it must come to: what suites and calibrations are made of.
 *
 * A trial is a line of `ordeal run` and an expectation. One that expects a violation is run again,
 * with further seeds, until one is found or its patience is over; one that expects none is run
 * once. Trials are run side by side, each run a process of its own (pool.h).
 */
#ifndef ORDEAL_SUITE_TRIAL_H
#define ORDEAL_SUITE_TRIAL_H

#include "../base/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How it stands with a trial, and how it ends. */
enum trial_state {
    TRIAL_OPEN,      /* more runs are to come */
    TRIAL_MET,       /* the violation was found; or none was, as expected */
    TRIAL_MISSED,    /* a violation was expected, and patience or the time budget is over */
    TRIAL_BLAMED,    /* none was expected and one was found */
    TRIAL_UNDECIDED, /* the run could not tell, or there was no time for it */
    TRIAL_SKIPPED,   /* this machine lacks what its plan needs */
    TRIAL_FAILED,    /* the harness failed, or there is no such run */
};

extern const char *const trial_state_names[7];

struct trial {
    char *target;  /* "raft" */
    char *name;    /* "no-dedup", "honest 1": unique within the target */
    char *options; /* of `ordeal run`, with blanks between */
    bool expects_violation;
    json_t *theory; /* what else must be seen (theory.h), with further seeds if it is not at once;
                     * NULL: nothing */
    uint64_t seed;  /* of its first run; the next has the one that follows */

    enum trial_state state;
    bool running;
    int runs, failures; /* ended; of them by failures of the harness */
    double load_s;      /* of all its runs: how long clients put load on the system; up to the
                         * witness in the run that found one */
    uint64_t last_seed; /* of the run that decided, or the last */
    char checker[32];   /* that decided */
    char anomaly[48];
    char reason[320];  /* the last run's sentence */
    char seen[512];    /* what it showed beside the verdict, where that is asked for; or "" */
    char witness[400]; /* against the weakest level that it showed to fail; or "" */
};

struct trials {
    struct trial *all;
    size_t count, room;
};

/* Add one; texts are copied. NULL when memory is out. */
struct trial *trials_add(struct trials *trials, const char *target, const char *name,
                         const char *options);

void trials_release(struct trials *trials);

/* Every bug, showing and honest condition that the reference targets describe, or what is chosen of
 * them. */
int trials_calibrate(struct trials *trials, char *const *choices, int seeds,
                     struct err *err) MUST_CHECK;

/* Add copies of the trials of `from` that are chosen (NULL-terminated; empty: all), each once for
 * each of `seeds` seeds. A choice is a target's name or TARGET/TRIAL; "raft/honest" are all whose
 * name begins with that word. The error says which choice chooses nothing, and what is near. */
int trials_choose(struct trials *trials, const struct trials *from, char *const *choices, int seeds,
                  struct err *err) MUST_CHECK;

/* {"tests":[{"name":"split brain","run":"naive --nemesis partition","expect":"violation"}]}:
 * "expect" is "violation" or "passed" (the default); "theory" (theory.h) is what must be seen
 * besides. The error names the file and the test. */
int trials_read(struct trials *trials, const char *path, struct err *err) MUST_CHECK;

/* Take note of a run that ended with `code` and printed `results` (NULL: nothing of use) and, on
 * standard error, `complaint`. */
void trial_take(struct trial *trial, int code, const json_t *results, const char *complaint);

/* Whether something must be seen: a violation, or what theory says. */
bool trial_seeks(const struct trial *trial);

/* How many are in that state; of those that seek something, or of those that do not. */
size_t trials_in_state(const struct trials *trials, enum trial_state state, bool seeks);

#endif
