/* SPDX-License-Identifier: GPL-2.0-or-later */
/* survey.h - who is there and who still runs, read from /proc. Zombies are dead: they count as
 * nothing. */
#ifndef ORDEAL_AGENT_SURVEY_H
#define ORDEAL_AGENT_SURVEY_H

#include <stdbool.h>
#include <sys/types.h>

enum { SURVEY_MAX = 4096 };

struct survey {
    int count;              /* living processes */
    int running;            /* of them: with a thread that may still execute its program */
    pid_t pids[SURVEY_MAX]; /* the first of them */
};

/* Look at the descendants of `root`, or with root 0 at every process but the first: those of a pid
 * namespace, as its /proc shows them. A thread in an uninterruptible wait counts as running unless
 * `lenient`: once signalled it will stop before it executes another instruction, and the parent of
 * a vfork whose child is stopped waits like this for good. -1 with errno. */
int survey_take(struct survey *survey, pid_t root, bool lenient);

/* SIGSTOP was sent: look until nobody runs, at most a second. `again` (or NULL) is called before
 * every further look, for those who must signal anew. */
int survey_settle(struct survey *survey, pid_t root, void (*again)(const struct survey *survey));

#endif
