/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reaper.h"

#include "machine.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* The launcher may be gone already; then nobody needs to know. */
static void report(int control, const struct reaper_report *it)
{
    (void)!send(control, it, sizeof *it, MSG_NOSIGNAL);
}

_Noreturn static void give_up(int control, const struct err *err)
{
    struct reaper_report it = {.failed = true, .err = *err};

    report(control, &it);
    _exit(1);
}

/* The next byte from the launcher; ends with it. */
static unsigned char hear(int control)
{
    unsigned char byte;
    ssize_t got;

    while ((got = recv(control, &byte, 1, 0)) < 0 && errno == EINTR)
        continue;
    if (got != 1)
        _exit(1);
    return byte;
}

static int make_private(bool own_users, struct err *err)
{
    struct obstacle obstacle;

    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) {
        machine_explain_namespaces(errno, own_users, &obstacle);
        return machine_err(err, errno, &obstacle, "cannot make mounts private");
    }
    if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0) {
        machine_explain_proc(errno, &obstacle);
        return machine_err(err, errno, &obstacle, "cannot mount a /proc of our own");
    }
    return 0;
}

_Noreturn static void control_run(const struct reaper_job *job)
{
    (void)close(job->control);
    /* in a process group behind the launcher's: neither output nor input may stop it there */
    (void)signal(SIGTTOU, SIG_IGN);
    (void)signal(SIGTTIN, SIG_IGN);
    (void)sigprocmask(SIG_SETMASK, &job->original, NULL);
    job->enter(job);
    exit(job->controller(job->context));
}

/* Bury whoever ended; the controller's end is the end. */
static void bury(const struct reaper_job *job, pid_t controller)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG | __WALL)) > 0) {
        if (pid != controller)
            continue;
        struct reaper_report it = {.status = WIFSIGNALED(status) ? 128 + WTERMSIG(status)
                                                                 : WEXITSTATUS(status)};
        report(job->control, &it);
        _exit(0);
    }
}

_Noreturn void reaper_run(const struct reaper_job *job)
{
    struct err err;
    sigset_t all, deaths;

    (void)sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, NULL);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    /* Ctrl-C at the terminal is for the launcher's group; the launcher passes it on, once */
    (void)setpgid(0, 0);
    (void)hear(job->control);
    if (make_private(job->own_users, &err) < 0)
        give_up(job->control, &err);
    (void)sigemptyset(&deaths);
    (void)sigaddset(&deaths, SIGCHLD);
    int death = signalfd(-1, &deaths, SFD_CLOEXEC | SFD_NONBLOCK);
    (void)signal(SIGCHLD, SIG_DFL);
    pid_t controller = death < 0 ? -1 : fork();
    if (controller < 0) {
        (void)err_errno(&err, errno, "cannot start the lab's controller");
        give_up(job->control, &err);
    }
    if (controller == 0) {
        (void)close(death);
        control_run(job);
    }

    (void)prctl(PR_SET_NAME, "ordeal-reaper");
    struct pollfd fds[2] = {{.fd = job->control, .events = POLLIN},
                            {.fd = death, .events = POLLIN}};
    for (;;) {
        struct signalfd_siginfo info;
        if (poll(fds, 2, -1) < 0)
            continue;
        while (read(death, &info, sizeof info) > 0)
            continue;
        bury(job, controller);
        if (fds[0].revents)
            (void)kill(controller, hear(job->control));
    }
}
