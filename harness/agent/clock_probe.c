/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "clock_probe.h"

#include "../base/clock.h"
#include "clock_page.h"
#include "clocks.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { START_TIMEOUT_MS = 5000, TRIES = 5 };

#define GAP_NS 2000 /* between two readings of the true clocks that are as near as they come */

/* Two readings, each between two of the counter. */
struct answer {
    uint32_t number; /* of the question */
    int64_t wall_ns, monotonic_ns;
    uint64_t ticks[3];
};

static uint64_t ticks(void)
{
#ifdef __x86_64__
    return __builtin_ia32_rdtsc();
#else
    return 0;
#endif
}

/* -- the probe ------------------------------------------------------------------------------------
 */

static void read_clocks(struct answer *answer)
{
    answer->ticks[0] = ticks();
    answer->wall_ns = clock_wall_ns();
    answer->ticks[1] = ticks();
    answer->monotonic_ns = clock_now_ns();
    answer->ticks[2] = ticks();
}

int clock_probe_main(void)
{
    struct answer best, next;
    uint32_t number;
    size_t tallies = offsetof(struct clock_memory, tallies);

    /* Its lies are counted where nobody looks. */
    if (mmap((void *)(CLOCK_ADDRESS + tallies), sizeof(struct clock_memory) - tallies,
             PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
             0) == MAP_FAILED) /* NOLINT: an address */
        return 1;
    (void)prctl(PR_SET_NAME, "clock-probe");
    while (recv(STDIN_FILENO, &number, sizeof number, 0) == sizeof number) {
        read_clocks(&best);
        for (int i = 1; i < TRIES; i++) { /* the one in which it was interrupted least */
            read_clocks(&next);
            if (next.ticks[2] - next.ticks[0] < best.ticks[2] - best.ticks[0])
                best = next;
        }
        best.number = number;
        if (send(STDIN_FILENO, &best, sizeof best, MSG_NOSIGNAL) != sizeof best)
            break;
    }
    return 0;
}

/* -- whoever asks it ------------------------------------------------------------------------------
 */

/* By how much the true wall clock is ahead of the true monotonic one. */
static int64_t wall_gap(int64_t *error_ns)
{
    int64_t gap_ns = 0;

    *error_ns = INT64_MAX;
    for (int i = 0; i<TRIES && * error_ns> GAP_NS / 2; i++) {
        int64_t before_ns = clock_now_ns(), wall_ns = clock_wall_ns();
        int64_t half_ns = (clock_now_ns() - before_ns) / 2;
        if (half_ns >= *error_ns)
            continue;
        *error_ns = half_ns;
        gap_ns = wall_ns - before_ns - half_ns;
    }
    return gap_ns;
}

struct moment {
    int64_t time_ns;
    uint64_t ticks;
};

/* When the counter stood between `from` and `to`: in the middle of what is known, where the counter
 * makes no sense. */
static int64_t time_between(const struct moment *before, const struct moment *after, uint64_t from,
                            uint64_t to)
{
    int64_t span_ns = after->time_ns - before->time_ns;
    uint64_t at = from + (to - from) / 2, span = after->ticks - before->ticks;

    if (to < from || at < before->ticks || at > after->ticks || span == 0)
        return before->time_ns + span_ns / 2;
    return before->time_ns +
           (int64_t)((double)(at - before->ticks) / (double)span * (double)span_ns);
}

static bool await_answer(struct clock_probe *probe, int64_t deadline_ns, struct answer *answer)
{
    struct pollfd ready = {.fd = probe->fd, .events = POLLIN};

    for (;;) {
        int64_t left_ns = deadline_ns - clock_now_ns();
        if (left_ns < 0 || poll(&ready, 1, (int)(left_ns / NS_PER_MS) + 1) != 1)
            return false;
        if (recv(probe->fd, answer, sizeof *answer, MSG_DONTWAIT) != sizeof *answer)
            return false;
        if (answer->number == probe->number) /* others came too late */
            return true;
    }
}

bool clock_probe_ask(struct clock_probe *probe, int timeout_ms, struct clock_sample *sample)
{
    struct answer answer;
    int64_t gap_error_ns;

    if (probe->pid == 0)
        return false;
    int64_t gap_ns = wall_gap(&gap_error_ns);
    const struct moment before = {clock_now_ns(), ticks()};
    probe->number++;
    if (send(probe->fd, &probe->number, sizeof probe->number, MSG_NOSIGNAL | MSG_DONTWAIT) !=
            sizeof probe->number ||
        !await_answer(probe, before.time_ns + timeout_ms * NS_PER_MS, &answer))
        return false;
    const uint64_t ticks_after = ticks();
    const struct moment after = {clock_now_ns(), ticks_after};
    int64_t wall_at_ns = time_between(&before, &after, answer.ticks[0], answer.ticks[1]);
    int64_t at_ns = time_between(&before, &after, answer.ticks[1], answer.ticks[2]);
    *sample = (struct clock_sample){.time_ns = at_ns,
                                    .wall_offset_ns = answer.wall_ns - wall_at_ns - gap_ns,
                                    .monotonic_offset_ns = answer.monotonic_ns - at_ns,
                                    .error_ns = after.time_ns - before.time_ns + gap_error_ns};
    return true;
}

/* -- life -----------------------------------------------------------------------------------------
 */

/* In the child. */
_Noreturn static void execute(const struct clocks *clocks, int fd)
{
    static char name[] = "ordeal-agent", option[] = "--probe-clock";
    char *argv[] = {name, option, NULL}, *env[] = {NULL};
    sigset_t none;

    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (dup2(fd, STDIN_FILENO) == STDIN_FILENO && dup2(STDERR_FILENO, STDOUT_FILENO) >= 0 &&
        clocks_wrap(clocks) == 0)
        (void)execve("/proc/self/exe", argv, env);
    _exit(127);
}

int clock_probe_start(struct clock_probe *probe, const struct clocks *clocks, struct err *err)
{
    struct clock_sample unused;
    int ends[2];

    *probe = (struct clock_probe){.fd = -1};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
        return err_errno(err, errno, "cannot make a socket to a process that tells its clocks");
    pid_t pid = fork();
    if (pid == 0)
        execute(clocks, ends[1]);
    int code = errno;
    (void)close(ends[1]);
    if (pid < 0) {
        (void)close(ends[0]);
        return err_errno(err, code, "cannot start a process that tells its clocks");
    }
    *probe = (struct clock_probe){.pid = pid, .fd = ends[0]};
    if (clock_probe_ask(probe, START_TIMEOUT_MS, &unused))
        return 0;
    clock_probe_stop(probe);
    return err_set(err, ETIMEDOUT, "a process that is to tell its clocks does not answer");
}

void clock_probe_reaped(struct clock_probe *probe, pid_t pid)
{
    if (pid != probe->pid || pid == 0)
        return;
    (void)close(probe->fd);
    *probe = (struct clock_probe){.fd = -1};
}

void clock_probe_stop(struct clock_probe *probe)
{
    pid_t pid = probe->pid;

    if (pid == 0)
        return;
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, NULL, 0);
    clock_probe_reaped(probe, pid);
}
