/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "time_service.h"

#include "../../base/clock.h"
#include "tool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STOP_TIMEOUT_MS = 2000 };

/* As /proc/PID/comm has them, of at most 15 characters. */
static const char *const names[] = {"systemd-timesyn", "chronyd", "ntpd",
                                    "openntpd",        "ptp4l",   "phc2sys"};

/* -- processes -------------------------------------------------------------------------------- */

/* A small file of /proc/PID as text; false if there is none. */
static bool read_file(int64_t pid, const char *name, char *text, size_t size)
{
    char path[64];

    (void)snprintf(path, sizeof path, "/proc/%lld/%s", (long long)pid, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t got = read(fd, text, size - 1);
    (void)close(fd);
    text[got > 0 ? got : 0] = '\0';
    return got > 0;
}

/* Its state's letter and when it began; false if there is no such process. */
static bool read_stat(int64_t pid, char *state, int64_t *start)
{
    char text[1024];
    const char *at = read_file(pid, "stat", text, sizeof text) ? strrchr(text, ')') : NULL;

    if (!at || at[1] != ' ')
        return false;
    *state = at[2];
    for (int field = 2; field < 22; field++) {
        at = strchr(at + 1, ' ');
        if (!at)
            return false;
    }
    *start = strtoll(at + 1, NULL, 10);
    return true;
}

static bool keeps_time(int64_t pid)
{
    char name[32];

    if (!read_file(pid, "comm", name, sizeof name))
        return false;
    name[strcspn(name, "\n")] = '\0';
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(name, names[i]) == 0)
            return true;
    }
    return false;
}

/* -- units ------------------------------------------------------------------------------------ */

static bool has_systemd(void)
{
    return access("/run/systemd/system", F_OK) == 0 && tool_exists("systemctl");
}

static bool is_plain(const char *name)
{
    return name[strspn(name,
                       "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.@")] ==
               '\0' &&
           name[0] != '-';
}

/* The service that the process belongs to, from its control group: the last part of the path. */
static void find_unit(int64_t pid, char unit[UNIT_BYTES])
{
    char text[4096], *rest = text, *line;
    static const char suffix[] = ".service";

    unit[0] = '\0';
    if (!has_systemd() || !read_file(pid, "cgroup", text, sizeof text))
        return;
    while (!unit[0] && (line = strsep(&rest, "\n"))) {
        const char *path = strstr(line, ":/system.slice/"), *last = strrchr(line, '/');
        size_t len = path ? strlen(last + 1) : 0;
        if (len < UNIT_BYTES && len > sizeof suffix - 1 && is_plain(last + 1) &&
            strcmp(last + 1 + len - (sizeof suffix - 1), suffix) == 0)
            memcpy(unit, last + 1, len + 1);
    }
}

static int systemctl(const char *verb, const char *unit, int kept_fd, struct err *err)
{
    const char *const argv[] = {"systemctl", verb, unit, NULL};

    return tool_run(argv, STR(""), kept_fd, NULL, err);
}

/* -- holding ---------------------------------------------------------------------------------- */

static int stop_process(const struct service_before *service, struct err *err)
{
    int64_t deadline_ns = clock_now_ns() + STOP_TIMEOUT_MS * NS_PER_MS, start;
    char state;

    if (kill((pid_t)service->pid, SIGSTOP))
        return err_errno(err, errno, "cannot hold off the time service (process %lld)",
                         (long long)service->pid);
    while (read_stat(service->pid, &state, &start) && start == service->start && state != 'T') {
        if (clock_now_ns() >= deadline_ns)
            return err_set(err, ETIMEDOUT, "the time service (process %lld) does not stop",
                           (long long)service->pid);
        clock_sleep_until(clock_now_ns() + NS_PER_MS);
    }
    return 0;
}

static int hold(struct journal *journal, int64_t pid, struct err *err)
{
    struct entry entry = {.kind = ENTRY_SERVICE, .service = {.pid = pid}};
    char state;

    if (!read_stat(pid, &state, &entry.service.start) || state == 'Z' || state == 'T')
        return 0; /* it is gone by now, or held off by somebody else */
    find_unit(pid, entry.service.unit);
    for (int i = 0; i < journal->open.count; i++) {
        const struct entry *other = &journal->open.list[i];
        if (other->kind == ENTRY_SERVICE && entry.service.unit[0] &&
            strcmp(other->service.unit, entry.service.unit) == 0)
            return 0; /* another process of the same service */
    }
    if (journal_note(journal, &entry, err))
        return -1;
    if (!entry.service.unit[0])
        return stop_process(&entry.service, err);
    if (systemctl("stop", entry.service.unit, journal->fd, err))
        return err_wrap(err, "cannot hold off the time service '%s'", entry.service.unit);
    return 0;
}

int time_services_hold(struct journal *journal, struct err *err)
{
    DIR *dir = opendir("/proc");
    struct dirent *found;
    int result = 0;

    if (!dir)
        return err_errno(err, errno, "cannot look for time services in /proc");
    while (result == 0 && (found = readdir(dir))) {
        int64_t pid;
        if (str_to_int(str_of(found->d_name), &pid) && pid > 1 && keeps_time(pid))
            result = hold(journal, pid, err);
    }
    (void)closedir(dir);
    return result;
}

/* -- releasing -------------------------------------------------------------------------------- */

/* systemd refuses to start a service too often in a short time; that is forgotten on request. */
static int start_unit(const char *unit, int kept_fd, struct err *err)
{
    struct err first;

    if (systemctl("start", unit, kept_fd, &first) == 0)
        return 0;
    if (systemctl("reset-failed", unit, kept_fd, err) == 0 &&
        systemctl("start", unit, kept_fd, err) == 0)
        return 0;
    return err_wrap(err, "cannot start the time service '%s' again", unit);
}

int time_service_release(const struct journal *journal, const struct entry *entry, struct err *err)
{
    const struct service_before *service = &entry->service;
    int64_t start;
    char state;

    if (!journal_is_of_this_boot(journal, entry))
        return 0;
    if (service->unit[0])
        return start_unit(service->unit, journal->fd, err);
    if (!read_stat(service->pid, &state, &start) || start != service->start)
        return 0; /* it has ended meanwhile */
    if (kill((pid_t)service->pid, SIGCONT) && errno != ESRCH)
        return err_errno(err, errno, "cannot let the time service (process %lld) go on",
                         (long long)service->pid);
    return 0;
}
