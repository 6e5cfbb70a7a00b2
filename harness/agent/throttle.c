/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "throttle.h"

#include "../base/clock.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define CYCLE_NS (50 * NS_PER_MS)
#define LOOK_NS (20 * NS_PER_MS)

/* Call `visit` with every process but this one. */
static void each_process(struct throttle *throttle,
                         void (*visit)(struct throttle *throttle, pid_t pid, void *context),
                         void *context)
{
    DIR *dir = opendir("/proc");

    if (!dir)
        return;
    for (const struct dirent *entry; (entry = readdir(dir));) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (pid > 1)
            visit(throttle, pid, context);
    }
    (void)closedir(dir);
}

/* -- memory --------------------------------------------------------------------------------------
 */

struct residents {
    int64_t bytes, greatest_bytes;
    pid_t greatest;
};

static void weigh(struct throttle *throttle, pid_t pid, void *context)
{
    struct residents *residents = context;
    char path[40], text[128] = "";
    long pages = 0;

    (void)throttle;
    (void)snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    if (read(fd, text, sizeof text - 1) > 0) {
        char *second;
        (void)strtol(text, &second, 10);
        pages = strtol(second, NULL, 10);
    }
    (void)close(fd);
    int64_t bytes = (int64_t)pages * sysconf(_SC_PAGESIZE);
    residents->bytes += bytes;
    if (bytes > residents->greatest_bytes) {
        residents->greatest_bytes = bytes;
        residents->greatest = pid;
    }
}

static void keep_memory(struct throttle *throttle)
{
    struct residents residents = {0};

    each_process(throttle, weigh, &residents);
    if (residents.bytes > throttle->limits.memory_bytes && residents.greatest &&
        kill(residents.greatest, SIGKILL) == 0)
        throttle->count++;
}

/* -- files ---------------------------------------------------------------------------------------
 */

static unsigned long *find_known(struct throttle *throttle, pid_t pid)
{
    for (int i = 0; i < throttle->known_count; i++) {
        if (throttle->known[i].pid == pid)
            return &throttle->known[i].files;
    }
    return NULL;
}

/* How many of its descriptors are below `limit`. */
static int64_t files_below(pid_t pid, int64_t limit)
{
    char path[40];
    int64_t count = 0;

    (void)snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *dir = opendir(path);
    if (!dir)
        return 0;
    for (const struct dirent *entry; (entry = readdir(dir));)
        count += entry->d_name[0] != '.' && strtol(entry->d_name, NULL, 10) < limit;
    (void)closedir(dir);
    return count;
}

/* Lower the limit, also where the process has raised it meanwhile; whoever has no descriptor left
 * below it is being held back. */
static void lower_files(struct throttle *throttle, pid_t pid, void *context)
{
    struct rlimit now;
    int64_t wanted = throttle->limits.open_files;

    (void)context;
    if (prlimit(pid, RLIMIT_NOFILE, NULL, &now))
        return;
    if (now.rlim_cur > (rlim_t)wanted) {
        unsigned long *known = find_known(throttle, pid);
        if (!known && throttle->known_count == THROTTLED_MAX)
            return;
        if (!known) {
            throttle->known[throttle->known_count].pid = pid;
            known = &throttle->known[throttle->known_count++].files;
        }
        *known = now.rlim_cur;
        now.rlim_cur = (rlim_t)wanted;
        if (prlimit(pid, RLIMIT_NOFILE, &now, NULL))
            return;
    }
    throttle->count += files_below(pid, wanted) >= wanted;
}

/* Give back what was taken; who was forked under the limit gets what the node init has. */
static void raise_files(struct throttle *throttle, pid_t pid, void *context)
{
    const unsigned long *known = find_known(throttle, pid);
    const struct rlimit *own = context;
    struct rlimit limit;

    if (prlimit(pid, RLIMIT_NOFILE, NULL, &limit) ||
        (!known && limit.rlim_cur != (rlim_t)throttle->limits.open_files))
        return;
    rlim_t wanted = known ? *known : own->rlim_cur;
    limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
    (void)prlimit(pid, RLIMIT_NOFILE, &limit, NULL);
}

static void release_files(struct throttle *throttle)
{
    struct rlimit own;

    if (getrlimit(RLIMIT_NOFILE, &own) == 0)
        each_process(throttle, raise_files, &own);
    throttle->known_count = 0;
}

/* -- processor time ------------------------------------------------------------------------------
 */

static void turn(struct throttle *throttle, int64_t now_ns)
{
    int64_t run_ns = CYCLE_NS / 100 * throttle->limits.cpu_percent;

    throttle->stopped = !throttle->stopped;
    if (kill(-1, throttle->stopped ? SIGSTOP : SIGCONT) == 0)
        throttle->count += throttle->stopped;
    throttle->turn_ns = now_ns + (throttle->stopped ? CYCLE_NS - run_ns : run_ns);
}

static void release_cpu(struct throttle *throttle)
{
    if (throttle->stopped && !throttle->held)
        (void)kill(-1, SIGCONT);
    throttle->stopped = false;
}

/* -- all of it -----------------------------------------------------------------------------------
 */

void throttle_set(struct throttle *throttle, const struct limits *limits)
{
    if (throttle->limits.open_files && throttle->limits.open_files != limits->open_files)
        release_files(throttle);
    if (limits->cpu_percent == 0 || limits->cpu_percent >= 100)
        release_cpu(throttle);
    throttle->limits = *limits;
    throttle->turn_ns = throttle->look_ns = 0;
    (void)throttle_tick(throttle); /* in force when this returns */
}

int64_t throttle_tick(struct throttle *throttle)
{
    const struct limits *limits = &throttle->limits;
    bool slow = limits->cpu_percent > 0 && limits->cpu_percent < 100;
    bool watched = limits->memory_bytes > 0 || limits->open_files > 0;
    int64_t now_ns = clock_now_ns(), next_ns = INT64_MAX;

    if (watched && now_ns >= throttle->look_ns) {
        if (limits->memory_bytes)
            keep_memory(throttle);
        if (limits->open_files)
            each_process(throttle, lower_files, NULL);
        throttle->look_ns = now_ns + LOOK_NS;
    }
    if (watched)
        next_ns = throttle->look_ns;
    if (slow && !throttle->held) {
        if (now_ns >= throttle->turn_ns)
            turn(throttle, now_ns);
        if (throttle->turn_ns < next_ns)
            next_ns = throttle->turn_ns;
    }
    if (next_ns == INT64_MAX)
        return -1;
    return next_ns > now_ns ? next_ns - now_ns : 0;
}
