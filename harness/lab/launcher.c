/* SPDX-License-Identifier: GPL-2.0-or-later */
/* launcher.c - lab_run(): the process outside the lab, which relays and waits.
 *
 * Why a process outside: its death, however it comes, must be the end of the lab, and it must be
 * the one that the terminal, a shell or a CI job talk to. The lab runs in a process group of its
 * own, so that a signal meant for the job reaches the controller exactly once: through here.
 */
#include "launcher.h"

#include "../base/clock.h"
#include "identity.h"
#include "lab.h"
#include "machine.h"
#include "process.h"
#include "reaper.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* `timeout`, CI runners and shells that end a job often signal both the process and its group. The
 * controller takes a second request as "out at once", so what follows so soon is the same one. */
enum { SAME_REQUEST_NS = 100 * 1000 * 1000 };

struct launch {
    int control;          /* to the reaper */
    int signals;          /* signalfd of what is relayed */
    int64_t heard_ns[65]; /* when each signal was relayed last */
    pid_t reaper;
    struct reaper_report report;
    bool reported;
};

static const int relayed[] = {SIGHUP,  SIGINT,  SIGQUIT,  SIGTERM,
                              SIGUSR1, SIGUSR2, SIGWINCH, SIGTSTP};

/* What the caller ignores (nohup, a script's background jobs) stays ignored. */
static void signals_to_relay(sigset_t *set)
{
    (void)sigemptyset(set);
    for (size_t i = 0; i < sizeof relayed / sizeof relayed[0]; i++) {
        struct sigaction action;
        if (sigaction(relayed[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
            (void)sigaddset(set, relayed[i]);
    }
}

static void tell(struct launch *launch, int number)
{
    unsigned char byte = (unsigned char)number;

    (void)!send(launch->control, &byte, 1, MSG_NOSIGNAL);
}

static void relay(struct launch *launch)
{
    struct signalfd_siginfo info;

    while (read(launch->signals, &info, sizeof info) == (ssize_t)sizeof info) {
        int number = (int)info.ssi_signo;
        int64_t now = clock_now_ns();
        bool same = launch->heard_ns[number] && now - launch->heard_ns[number] < SAME_REQUEST_NS;
        launch->heard_ns[number] = now;
        if (same && number != SIGWINCH && number != SIGUSR1 && number != SIGUSR2)
            continue;
        tell(launch, number);
        if (number == SIGTSTP) {
            (void)raise(SIGSTOP); /* the shell sees the job stopped; it goes on here at `fg` */
            tell(launch, SIGCONT);
        }
    }
}

/* Relay until the reaper has reported or died. */
static void attend(struct launch *launch)
{
    struct pollfd fds[2] = {{.fd = launch->control, .events = POLLIN},
                            {.fd = launch->signals, .events = POLLIN}};

    for (;;) {
        if (poll(fds, 2, -1) < 0)
            continue;
        if (fds[1].revents)
            relay(launch);
        if (!fds[0].revents)
            continue;
        ssize_t got = recv(launch->control, &launch->report, sizeof launch->report, 0);
        if (got < 0 && errno == EINTR)
            continue;
        launch->reported = got == (ssize_t)sizeof launch->report;
        return;
    }
}

/* Set in the controller only. */
static bool inside, inside_own_users;

bool launcher_is_inside(void)
{
    return inside;
}

bool launcher_made_users(void)
{
    return inside_own_users;
}

static void enter(const struct reaper_job *job)
{
    inside = true;
    inside_own_users = job->own_users;
}

/* In the child this does not return. */
static int start(struct launch *launch, struct reaper_job *job, struct err *err)
{
    int flags = CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC;
    struct obstacle obstacle;

    job->own_users = !process_is_admin();
    launch->reaper = process_clone(flags | (job->own_users ? CLONE_NEWUSER : 0), NULL);
    if (launch->reaper == 0) {
        (void)close(launch->control);
        (void)close(launch->signals);
        reaper_run(job);
    }
    (void)close(job->control);
    job->control = -1;
    if (launch->reaper < 0) {
        int code = errno;
        machine_explain_namespaces(code, job->own_users, &obstacle);
        return machine_err(err, code, &obstacle, "cannot make the lab's namespaces");
    }
    if (job->own_users && identity_map_to_caller(launch->reaper, err) < 0) {
        (void)shutdown(launch->control, SHUT_RDWR);
        return -1;
    }
    tell(launch, REAPER_GO);
    return 0;
}

/* Once pid 1 can be waited for, the kernel has ended everything else in the lab. */
static void wait_for_the_end(pid_t reaper)
{
    while (waitpid(reaper, NULL, __WALL) < 0 && errno == EINTR)
        continue;
}

static int outcome(const struct launch *launch, struct err *err)
{
    if (!launch->reported)
        return 128 + SIGKILL;
    if (!launch->report.failed)
        return launch->report.status;
    *err = launch->report.err;
    return -1;
}

int lab_run(int (*controller)(void *context), void *context, struct err *err)
{
    struct reaper_job job = {.enter = enter, .controller = controller, .context = context};
    struct launch launch = {.reaper = -1};
    int pair[2];
    sigset_t signals;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return err_errno(err, errno, "cannot make a socket pair");
    launch.control = pair[0];
    job.control = pair[1];
    signals_to_relay(&signals);
    (void)sigprocmask(SIG_BLOCK, &signals, &job.original);
    launch.signals = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    (void)fflush(NULL); /* the controller must not print it again */

    int result = launch.signals < 0 ? err_errno(err, errno, "cannot wait for signals")
                                    : start(&launch, &job, err);
    if (result == 0) {
        attend(&launch);
        result = outcome(&launch, err);
    }
    if (launch.reaper > 0)
        wait_for_the_end(launch.reaper);
    if (job.control >= 0)
        (void)close(job.control);
    if (launch.signals >= 0)
        (void)close(launch.signals);
    (void)close(launch.control);
    (void)sigprocmask(SIG_SETMASK, &job.original, NULL);
    return result;
}
