/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "clocks.h"

#include "../base/clock.h"
#include "clock_keeper.h"
#include "clock_page.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TRIAL_TIMEOUT_MS = 5000, LEAD_NS = 20000 };

#define HOUR_NS (3600 * NS_PER_SEC)

/* -- the trial -----------------------------------------------------------------------------------
 */

int clocks_tell(void)
{
    struct timespec asked = {0};

    int64_t told_ns = clock_wall_ns();
    (void)syscall(SYS_clock_gettime, CLOCK_REALTIME, &asked);
    (void)printf("%" PRId64 " %" PRId64 "\n", told_ns, asked.tv_sec * NS_PER_SEC + asked.tv_nsec);
    return fflush(stdout) != 0;
}

static bool is_hour_ahead(int64_t time_ns)
{
    int64_t ahead_ns = time_ns - clock_wall_ns();

    return ahead_ns > HOUR_NS / 2 && ahead_ns < HOUR_NS * 3 / 2;
}

/* In the child: print the time into `fd`, or why that is not possible. */
_Noreturn static void trial_main(const struct clocks *clocks, int fd)
{
    static char name[] = "ordeal-agent", option[] = "--tell-clock";
    char *argv[] = {name, option, NULL}, *env[] = {NULL};

    (void)dup2(fd, STDOUT_FILENO);
    if (clocks_wrap(clocks))
        (void)dprintf(fd, "system calls cannot be filtered: %s", strerror(errno));
    else if (execve("/proc/self/exe", argv, env))
        (void)dprintf(fd, "no program is executed: %s", strerror(errno));
    _exit(127);
}

/* All that is printed, or what came within the time. */
static void hear(int fd, char *text, size_t size)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    size_t len = 0;
    ssize_t got = 1;

    while (got > 0 && len < size - 1 && poll(&ready, 1, TRIAL_TIMEOUT_MS) == 1) {
        got = read(fd, text + len, size - 1 - len);
        len += got > 0 ? (size_t)got : 0;
    }
    text[len] = '\0';
}

static int judge(const char *text, uint64_t missed, struct err *err)
{
    char *rest;
    int64_t told_ns = strtoll(text, &rest, 10);
    int64_t asked_ns = *rest == ' ' ? strtoll(rest, &rest, 10) : 0;

    if (*rest != '\n')
        return err_set(err, ENOTSUP, "clocks cannot be told here: %.160s",
                       *text ? text : "a program that was to tell the time was never executed");
    if (missed)
        return err_set(err, ENOTSUP,
                       "clocks cannot be told here: programs cannot be traced (is "
                       "kernel.yama.ptrace_scope 3, or is this a container without SYS_PTRACE?)");
    if (!is_hour_ahead(told_ns) || !is_hour_ahead(asked_ns))
        return err_set(err, ENOTSUP, "clocks cannot be told here: a program %s told the true time",
                       is_hour_ahead(told_ns) ? "that asked the kernel" : "was");
    return 0;
}

static int try_it(struct clocks *clocks, struct err *err)
{
    static const struct clock_fault healthy;
    const struct clock_fault ahead = {.wall_offset_ns = HOUR_NS};
    int ends[2];
    char text[256];

    if (pipe(ends))
        return err_errno(err, errno, "cannot make a pipe");
    clocks_declare(clocks, &ahead);
    pid_t pid = fork();
    if (pid == 0) {
        (void)close(ends[0]);
        trial_main(clocks, ends[1]);
    }
    (void)close(ends[1]);
    hear(ends[0], text, sizeof text);
    (void)close(ends[0]);
    if (pid > 0) {
        (void)kill(pid, SIGKILL);
        (void)waitpid(pid, NULL, 0);
    }
    clocks_declare(clocks, &healthy);
    return judge(text, clocks->seen->missed, err);
}

/* Receipts count what is the system's, and neither the trial nor the probe, once the keeper has
 * counted them. */
static void forget_counts(struct clocks *clocks)
{
    const struct clock_seen *seen = clocks->seen;
    int64_t deadline_ns = clock_now_ns() + NS_PER_SEC;

    while (__atomic_load_n(&seen->programs, __ATOMIC_RELAXED) < 2 && clock_now_ns() < deadline_ns)
        clock_sleep_until(clock_now_ns() + NS_PER_MS / 10);
    memset(clocks->memory->tallies, 0, sizeof clocks->memory->tallies);
    *clocks->seen = (struct clock_seen){0};
}

/* -- life ----------------------------------------------------------------------------------------
 */

static void *share(int fd, size_t size)
{
    int flags = MAP_SHARED | (fd < 0 ? MAP_ANONYMOUS : 0);
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);

    return memory == MAP_FAILED ? NULL : memory;
}

static int make_memory(struct clocks *clocks, struct err *err)
{
    clocks->memory_fd = memfd_create("clocks", MFD_CLOEXEC);
    if (clocks->memory_fd < 0 || ftruncate(clocks->memory_fd, sizeof *clocks->memory)) {
        (void)err_errno(err, errno, "cannot make memory for the clocks");
        return -1;
    }
    clocks->memory = share(clocks->memory_fd, sizeof *clocks->memory);
    clocks->seen = share(-1, sizeof *clocks->seen);
    if (!clocks->memory || !clocks->seen) {
        (void)err_errno(err, errno, "cannot map the clocks' memory");
        return -1;
    }
    if (clock_memory_init(clocks->memory))
        return err_set(err, ENOTSUP, "clocks can be told on x86-64 only");
    return 0;
}

static int start_keeper(struct clocks *clocks, struct err *err)
{
    struct keeper keeper = {
        .memory = clocks->memory, .seen = clocks->seen, .memory_fd = clocks->memory_fd};
    int ends[2];

    if (vdso_find(&keeper.vdso, err))
        return -1;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
        return err_errno(err, errno, "cannot make a socket to the clocks' keeper");
    keeper.filters_fd = ends[1];
    clocks->keeper = fork();
    if (clocks->keeper == 0)
        keeper_main(&keeper);
    clocks->filters_fd = ends[0];
    int code = errno;
    (void)close(ends[1]);
    return clocks->keeper < 0 ? err_errno(err, code, "cannot start the clocks' keeper") : 0;
}

int clocks_open(struct clocks *clocks, struct err *err)
{
    *clocks = (struct clocks){.memory_fd = -1, .filters_fd = -1};
    if (make_memory(clocks, err) == 0 && start_keeper(clocks, err) == 0 &&
        try_it(clocks, err) == 0 && clock_probe_start(&clocks->watch.probe, clocks, err) == 0) {
        forget_counts(clocks);
        return 0;
    }
    clocks_close(clocks);
    return -1;
}

int clocks_try(void)
{
    struct clocks clocks;
    struct err err;

    if (clocks_open(&clocks, &err)) {
        (void)puts(err.msg);
        return 1;
    }
    clocks_close(&clocks);
    return 0;
}

void clocks_close(struct clocks *clocks)
{
    clock_probe_stop(&clocks->watch.probe);
    if (clocks->keeper > 0) {
        (void)kill(clocks->keeper, SIGKILL);
        (void)waitpid(clocks->keeper, NULL, 0);
    }
    if (clocks->memory_fd >= 0)
        (void)close(clocks->memory_fd);
    if (clocks->filters_fd >= 0)
        (void)close(clocks->filters_fd);
    if (clocks->memory)
        (void)munmap(clocks->memory, sizeof *clocks->memory);
    if (clocks->seen)
        (void)munmap(clocks->seen, sizeof *clocks->seen);
    *clocks = (struct clocks){.memory_fd = -1, .filters_fd = -1};
}

int clocks_wrap(const struct clocks *clocks)
{
    return keeper_filter(clocks->filters_fd);
}

bool clocks_reaped(struct clocks *clocks, pid_t pid)
{
    clock_probe_reaped(&clocks->watch.probe, pid);
    if (!clocks->memory || pid != clocks->keeper)
        return false;
    clocks->keeper = 0;
    return true;
}

/* -- what is declared ----------------------------------------------------------------------------
 */

/* Let the monotonic clocks' times be in a moment, and tell it in time. */
static void announce(struct clocks *clocks, int64_t true_ns[CLOCK_LINES])
{
    int64_t now_ns[CLOCK_LINES];

    do {
        clock_true_times(now_ns);
        for (int i = LINE_MONOTONIC; i < CLOCK_LINES; i++)
            true_ns[i] = now_ns[i] + LEAD_NS;
        clock_memory_announce(clocks->memory, true_ns);
        clock_true_times(now_ns);
    } while (now_ns[LINE_MONOTONIC] >= true_ns[LINE_MONOTONIC] ||
             now_ns[LINE_RAW] >= true_ns[LINE_RAW] || now_ns[LINE_BOOT] >= true_ns[LINE_BOOT]);
}

void clocks_declare(struct clocks *clocks, const struct clock_fault *fault)
{
    int64_t true_ns[CLOCK_LINES];

    if (memcmp(&clocks->fault, fault, sizeof *fault) == 0)
        return;
    clock_watch_edge(&clocks->watch, fault);
    clock_true_times(true_ns);
    if (clock_memory_must_announce(&clocks->fault, fault))
        announce(clocks, true_ns);
    clock_memory_declare(clocks->memory, &clocks->fault, fault, true_ns);
    clocks->fault = *fault;
    clock_watch_edge(&clocks->watch, fault);
}

int64_t clocks_tick(struct clocks *clocks, int64_t now_ns, struct output *output)
{
    return clock_watch_tick(&clocks->watch, now_ns, output);
}

void clocks_receipt(const struct clocks *clocks, struct buf *answer)
{
    int64_t true_ns[CLOCK_LINES];

    if (!clocks->memory)
        return;
    const struct clock_view *view = &clocks->memory->views[clocks->memory->turn & 1];
    clock_true_times(true_ns);
    buf_json_int(answer, "clock_programs", (int64_t)clocks->seen->programs);
    buf_json_int(answer, "clock_reads", (int64_t)clock_memory_lies(clocks->memory));
    buf_json_int(answer, "clock_waits", (int64_t)clocks->seen->waits);
    buf_json_int(answer, "clock_missed", (int64_t)clocks->seen->missed);
    buf_json_int(answer, "wall_offset_ns",
                 clock_view_tell(view, LINE_WALL, true_ns[LINE_WALL]) - true_ns[LINE_WALL]);
    buf_json_int(answer, "monotonic_offset_ns",
                 clock_view_tell(view, LINE_MONOTONIC, true_ns[LINE_MONOTONIC]) -
                     true_ns[LINE_MONOTONIC]);
}
