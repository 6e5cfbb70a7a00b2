/* SPDX-License-Identifier: GPL-2.0-or-later */
/* box_descendants.c - the box on a remote host: whatever descends from the agent.
 *
 * The agent is the subreaper of its descendants, so that a daemon that leaves its parent becomes
 * the agent's child and is found again. What it does not claim: signals are sent one process at a
 * time, so that a stop is not one instant for all; and if the agent itself is killed, only its own
 * children die with it, not theirs.
 */
#include "box.h"
#include "survey.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

static void signal_all(const struct survey *survey, int signal)
{
    for (int i = 0; i < survey->count && i < SURVEY_MAX; i++)
        (void)kill(survey->pids[i], signal);
}

static void stop_all(const struct survey *survey)
{
    signal_all(survey, SIGSTOP);
}

static int open_box(struct box *box, struct err *err)
{
    if (prctl(PR_SET_CHILD_SUBREAPER, 1))
        return err_errno(err, errno, "cannot take charge of orphans");
    box->open = true;
    return 0;
}

static pid_t fork_box(struct box *box, struct err *err)
{
    (void)box;
    pid_t pid = fork();
    return pid < 0 ? err_errno(err, errno, "cannot make a process") : pid;
}

static int enter(struct box *box)
{
    (void)box;
    return prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static int take(struct survey *survey, struct err *err)
{
    if (survey_take(survey, getpid(), false))
        return err_errno(err, errno, "cannot look at the processes");
    return 0;
}

static int stop(struct box *box, int *count, struct err *err)
{
    struct survey survey;

    (void)box;
    if (take(&survey, err))
        return -1;
    stop_all(&survey);
    if (survey_settle(&survey, getpid(), stop_all))
        return err_errno(err, errno, "cannot look at the processes");
    *count = survey.count;
    if (survey.running)
        return err_set(err, ETIMEDOUT, "%d of %d processes still ran a second after SIGSTOP",
                       survey.running, survey.count);
    return 0;
}

static int resume(struct box *box, struct err *err)
{
    struct survey survey;

    (void)box;
    if (take(&survey, err))
        return -1;
    signal_all(&survey, SIGCONT);
    return 0;
}

static bool gone(struct box *box)
{
    struct survey survey;
    struct err err;

    if (!box->open)
        return true;
    if (take(&survey, &err))
        return false;
    signal_all(&survey, SIGKILL); /* those too that were forked since the last look */
    box->open = survey.count > 0;
    return !box->open;
}

static void kill_box(struct box *box)
{
    (void)gone(box);
}

static void reaped(struct box *box, pid_t pid)
{
    (void)box;
    (void)pid;
}

static int limit(struct box *box, const struct limits *limits, struct err *err)
{
    (void)box;
    if (part_is_healthy(limit_members, limits))
        return 0;
    return err_set(err, ENOTSUP, "limits need namespaces, which a remote host does not give");
}

static uint64_t throttles(struct box *box)
{
    (void)box;
    return 0;
}

const struct box_kind box_descendants = {
    .name = "descendants",
    .open = open_box,
    .fork = fork_box,
    .enter = enter,
    .stop = stop,
    .resume = resume,
    .limit = limit,
    .throttles = throttles,
    .kill = kill_box,
    .gone = gone,
    .reaped = reaped,
};
