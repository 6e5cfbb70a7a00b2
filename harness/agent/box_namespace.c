/* SPDX-License-Identifier: GPL-2.0-or-later */
/* box_namespace.c - the box of a node of the lab: namespaces that live and die with a node init.
 *
 * Processes are started by the agent, not by the node init: they are in the init's pid namespace
 * and yet the agent's children, so that their end is learned first hand. The agent itself never
 * enters.
 */
#include "box.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { INIT_TIMEOUT_MS = 5000 };

/* Wait for the node init's answer to what it was last asked; older ones were given up. */
static int listen_to_init(const struct box *box, struct init_answer *answer, struct err *err)
{
    struct pollfd ready = {.fd = box->init_fd, .events = POLLIN};

    do {
        if (poll(&ready, 1, INIT_TIMEOUT_MS) == 0)
            return err_set(err, ETIMEDOUT, "the node init did not answer within %d ms",
                           INIT_TIMEOUT_MS);
        ssize_t got = recv(box->init_fd, answer, sizeof *answer, MSG_DONTWAIT);
        if (got != (ssize_t)sizeof *answer)
            return err_set(err, ESRCH, "the node init has died");
    } while (answer->number != box->asked);
    return 0;
}

static void release(struct box *box)
{
    box->throttles_past += box->throttles;
    box->throttles = 0;
    (void)close(box->init_fd);
    (void)close(box->init_pid);
    box->open = false;
}

static int tell_limits(struct box *box, struct err *err);

static int open_box(struct box *box, struct err *err)
{
    struct init_answer answer = {0};
    int ends[2];

    if (box->open)
        return 0;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
        return err_errno(err, errno, "cannot make a socket to the node init");
    /* Raw, since fork() cannot make namespaces, and unshare() would move the agent's later
     * children instead of one. */
    long pid = syscall(SYS_clone, CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_PIDFD | SIGCHLD,
                       0, &box->init_pid, 0, 0);
    if (pid == 0)
        init_main(ends[1]);
    int error = errno;
    (void)close(ends[1]);
    if (pid < 0) {
        (void)close(ends[0]);
        return err_errno(err, error, "cannot make the namespaces of the node's processes");
    }
    box->init = (pid_t)pid;
    box->init_fd = ends[0];
    box->asked = 0;
    box->open = true;
    if (listen_to_init(box, &answer, err) == 0) {
        if (answer.error == 0)
            return tell_limits(box, err);
        err_errno(err, answer.error, "the node init cannot set up '%s'", answer.where);
    }
    (void)kill(box->init, SIGKILL);
    (void)waitpid(box->init, NULL, 0);
    release(box);
    return -1;
}

/* Whoever forks into a pid namespace has to aim at it first, and may not be allowed to aim back at
 * its own. So a helper does it, and makes its child the agent's. Returns 0 in that child; the
 * helper tells the child's pid, or minus an errno value, and ends. */
static int help(const struct box *box, int tell_fd)
{
    long pid =
        setns(box->init_pid, CLONE_NEWPID) ? -1 : syscall(SYS_clone, CLONE_PARENT, 0, 0, 0, 0);
    if (pid == 0)
        return 0;
    pid = pid < 0 ? -errno : pid;
    (void)!write(tell_fd, &pid, sizeof pid);
    _exit(0);
}

static pid_t fork_box(struct box *box, struct err *err)
{
    int ends[2];
    long told = -ECHILD;

    if (pipe2(ends, O_CLOEXEC))
        return err_errno(err, errno, "cannot make a pipe");
    pid_t helper = fork();
    if (helper == 0)
        return help(box, ends[1]);
    if (helper < 0)
        told = -errno;
    (void)close(ends[1]);
    if (helper > 0 && read(ends[0], &told, sizeof told) != (ssize_t)sizeof told)
        told = -ECHILD;
    (void)close(ends[0]);
    if (helper > 0)
        (void)waitpid(helper, NULL, 0);
    if (told < 0)
        return err_errno(err, (int)-told, "cannot make a process among the node's");
    return (pid_t)told;
}

static int enter(struct box *box)
{
    return setns(box->init_pid, CLONE_NEWNS | CLONE_NEWIPC);
}

static int ask_init(struct box *box, enum init_command command, struct init_answer *answer,
                    struct err *err)
{
    struct init_request request = {
        .command = command, .number = ++box->asked, .limits = box->limits};

    *answer = (struct init_answer){0};
    if (!box->open)
        return 0;
    if (send(box->init_fd, &request, sizeof request, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
        return err_errno(err, errno, "cannot speak to the node init");
    if (listen_to_init(box, answer, err))
        return -1;
    box->throttles = answer->throttles;
    if (answer->error)
        return err_errno(err, answer->error, "the node init cannot signal the processes");
    return 0;
}

static int tell_limits(struct box *box, struct err *err)
{
    struct init_answer answer;

    if (part_is_healthy(limit_members, &box->limits))
        return 0;
    return ask_init(box, INIT_LIMIT, &answer, err);
}

static int limit(struct box *box, const struct limits *limits, struct err *err)
{
    struct init_answer answer;

    box->limits = *limits;
    return ask_init(box, INIT_LIMIT, &answer, err);
}

static uint64_t throttles(struct box *box)
{
    struct init_answer answer;
    struct err unimportant; /* what was told last stands */

    if (!part_is_healthy(limit_members, &box->limits))
        (void)ask_init(box, INIT_TELL, &answer, &unimportant);
    return box->throttles_past + box->throttles;
}

static int stop(struct box *box, int *count, struct err *err)
{
    struct init_answer answer;

    if (ask_init(box, INIT_STOP, &answer, err))
        return -1;
    *count = answer.count;
    if (answer.running)
        return err_set(err, ETIMEDOUT, "%d of %d processes still ran a second after SIGSTOP",
                       answer.running, answer.count);
    return 0;
}

static int resume(struct box *box, struct err *err)
{
    struct init_answer answer;

    return ask_init(box, INIT_RESUME, &answer, err);
}

static void kill_box(struct box *box)
{
    if (box->open)
        (void)kill(box->init, SIGKILL);
}

static bool gone(struct box *box)
{
    return !box->open;
}

static void reaped(struct box *box, pid_t pid)
{
    if (box->open && pid == box->init)
        release(box);
}

const struct box_kind box_namespace = {
    .name = "namespace",
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
