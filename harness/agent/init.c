/* SPDX-License-Identifier: GPL-2.0-or-later */
/* init.c - the node init: first process of the pid namespace that the system's processes run in.
 *
 * It exists because its death is theirs (the kernel sees to it), because it inherits and thereby
 * buries orphans, and because only a process in there can signal all others in one step that no
 * fork escapes: kill(-1). It starts nothing itself, and ends with the agent.
 */
#include "box.h"
#include "../base/clock.h"
#include "survey.h"
#include "throttle.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* Through which a process that is root could reach the machine. What does not exist is fine. */
static const char *const proc_read_only[] = {
    "/proc/sys", "/proc/sysrq-trigger", "/proc/irq",  "/proc/bus",
    "/proc/fs",  "/proc/acpi",          "/proc/scsi", "/proc/mtrr"};

/* Bind `path` onto itself, read-only or not. */
static int bind_self(const char *path, unsigned long read_only)
{
    if (mount(path, path, NULL, MS_BIND, NULL))
        return errno == ENOENT ? 0 : -1;
    /* A user namespace may not clear what its parent locked on the mount: keep the usual flags. */
    unsigned long keep = MS_NOSUID | MS_NODEV | MS_NOEXEC;
    return mount(NULL, path, NULL, MS_BIND | MS_REMOUNT | read_only | keep, NULL);
}

static int mount_proc(void)
{
    if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL))
        return -1;
    for (size_t i = 0; i < sizeof proc_read_only / sizeof *proc_read_only; i++) {
        if (bind_self(proc_read_only[i], MS_RDONLY))
            return -1;
    }
    return bind_self("/proc/sys/net", 0); /* network settings are the node's own */
}

/* A view of the node's root with a /proc of this namespace and nothing left of an earlier life. */
static const char *make_mounts(void)
{
    static const char *const empty[][2] = {
        {"/run", "mode=755"}, {"/tmp", "mode=1777"}, {"/dev/shm", "mode=1777"}};

    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
        return "/";
    if (mount_proc())
        return "/proc";
    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++) {
        struct stat st;
        if (stat(empty[i][0], &st))
            continue;
        if (mount("tmpfs", empty[i][0], "tmpfs", MS_NOSUID | MS_NODEV, empty[i][1]))
            return empty[i][0];
    }
    (void)mkdir("/run/lock", 0755);
    (void)chmod("/run/lock", 01777);
    return NULL;
}

/* Hold nothing of the agent's: above all not its connection to the controller. */
static int drop_descriptors(int fd)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (null < 0)
        return -1;
    for (int i = 0; i < 3; i++) {
        if (dup2(null, i) < 0)
            return -1;
    }
    if (fd > 3 && close_range(3, (unsigned)fd - 1, 0))
        return -1;
    return close_range((unsigned)fd + 1, ~0U, 0);
}

static void signal_all(int signal, struct init_answer *answer)
{
    if (kill(-1, signal) && errno != ESRCH)
        answer->error = errno;
}

static void stop_all(struct init_answer *answer)
{
    static struct survey survey;

    signal_all(SIGSTOP, answer);
    if (answer->error)
        return;
    answer->error = survey_settle(&survey, 0, NULL) ? errno : 0;
    answer->count = survey.count;
    answer->running = survey.running;
}

static void carry_out(const struct init_request *request, struct throttle *throttle,
                      struct init_answer *answer)
{
    switch (request->command) {
    case INIT_STOP:
        throttle->held = true;
        stop_all(answer);
        break;
    case INIT_RESUME:
        throttle->held = false;
        throttle->stopped = false;
        signal_all(SIGCONT, answer);
        break;
    case INIT_LIMIT:
        throttle_set(throttle, &request->limits);
        break;
    case INIT_TELL:
        break;
    }
    answer->throttles = throttle->count;
}

/* Keep the limits until there is a request. False: the agent has gone. */
static bool next_request(int fd, struct throttle *throttle, struct init_request *request)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};

    for (;;) {
        int64_t wait_ns = throttle_tick(throttle);
        struct timespec wait = {.tv_sec = wait_ns / NS_PER_SEC, .tv_nsec = wait_ns % NS_PER_SEC};
        if (ppoll(&ready, 1, wait_ns < 0 ? NULL : &wait, NULL) > 0)
            return recv(fd, request, sizeof *request, 0) == sizeof *request;
    }
}

_Noreturn void init_main(int fd)
{
    struct init_answer answer = {0};
    struct init_request request;
    struct throttle throttle = {0};

    /* The first line; the second is that `fd` ends with the agent. */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)prctl(PR_SET_NAME, "node-init");
    (void)signal(SIGCHLD, SIG_IGN); /* orphans bury themselves */
    (void)signal(SIGPIPE, SIG_IGN);
    const char *where = drop_descriptors(fd) ? "its descriptors" : make_mounts();
    if (where) {
        answer.error = errno;
        (void)snprintf(answer.where, sizeof answer.where, "%s", where);
    }
    while (send(fd, &answer, sizeof answer, 0) == sizeof answer && !where &&
           next_request(fd, &throttle, &request)) {
        answer = (struct init_answer){.number = request.number};
        carry_out(&request, &throttle, &answer);
    }
    _exit(0);
}
