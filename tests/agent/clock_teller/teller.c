/* SPDX-License-Identifier: GPL-2.0-or-later */
/* teller.c - a program that knows nothing of Ordeal and tells the time, for tests and measurements
 * of a node's clocks. Built dynamically and statically linked.
 *
 *     teller [HOW] now           CLOCK_REALTIME by the vDSO, in seconds
 *     teller [HOW] CLOCK         another: raw, raw-time, day (gettimeofday), time, coarse, tai,
 *                                monotonic, monotonic-raw, boot
 *     teller [HOW] all           all of them, one a line with its name
 *     teller wait                two waits until past times of the wall clock, and two others
 *     teller answer ASK ANSWER   the wall clock into a pipe, whenever another is written to
 *     teller backwards MS        how often CLOCK_MONOTONIC went back, seen by four threads
 *     teller pairs N MS           N times, MS apart: CLOCK_MONOTONIC and CLOCK_REALTIME, in ns
 *     teller jumps N              CLOCK_MONOTONIC in ns, N times that the other jumps by over 1 s
 *     teller execs N              us of an execve by vfork, the mean of N
 *     teller cost                ns of a call: by the vDSO, raw, and of getppid()
 *
 * HOW, which may be repeated: exec (by execve), thread (execve by a thread that is not the first,
 * among others), vfork, spawn (posix_spawn), path (execvp over folders that do not have it),
 * fail (after an execve that failed).
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { THREADS = 4, CALLS = 200000 };

#define NS INT64_C(1000000000)

static int64_t ns(struct timespec time)
{
    return time.tv_sec * NS + time.tv_nsec;
}

static int64_t by_vdso(clockid_t clock)
{
    struct timespec time;

    (void)clock_gettime(clock, &time);
    return ns(time);
}

static int64_t by_call(clockid_t clock)
{
    struct timespec time;

    (void)syscall(SYS_clock_gettime, clock, &time);
    return ns(time);
}

/* -- what it tells ------------------------------------------------------------------------------
 */

static const struct {
    const char *name;
    clockid_t clock; /* -1: another call */
} clocks[] = {{"now", CLOCK_REALTIME},
              {"coarse", CLOCK_REALTIME_COARSE},
              {"tai", CLOCK_TAI},
              {"monotonic", CLOCK_MONOTONIC},
              {"monotonic-coarse", CLOCK_MONOTONIC_COARSE},
              {"monotonic-raw", CLOCK_MONOTONIC_RAW},
              {"boot", CLOCK_BOOTTIME},
              {"raw", -1},
              {"raw-time", -1},
              {"raw-day", -1},
              {"day", -1},
              {"time", -1}};

enum { COUNT = sizeof clocks / sizeof *clocks };

static int64_t read_clock(int i)
{
    struct timeval day;

    if (clocks[i].clock >= 0)
        return by_vdso(clocks[i].clock);
    if (strcmp(clocks[i].name, "raw") == 0)
        return by_call(CLOCK_REALTIME);
    if (strcmp(clocks[i].name, "raw-time") == 0)
        return syscall(SYS_time, NULL) * NS;
    if (strcmp(clocks[i].name, "time") == 0)
        return time(NULL) * NS;
    if (strcmp(clocks[i].name, "day") == 0)
        (void)gettimeofday(&day, NULL);
    else
        (void)syscall(SYS_gettimeofday, &day, NULL);
    return day.tv_sec * NS + day.tv_usec * 1000;
}

static int tell(const char *name)
{
    bool all = strcmp(name, "all") == 0;

    for (int i = 0; i < COUNT; i++) {
        int64_t time = all || strcmp(name, clocks[i].name) == 0 ? read_clock(i) : -1;
        if (time >= 0 && all)
            (void)printf("%s ", clocks[i].name);
        if (time >= 0)
            (void)printf("%" PRId64 ".%09" PRId64 "\n", time / NS, time % NS);
    }
    return 0;
}

/* -- how it comes to be executed ----------------------------------------------------------------
 */

static void *stand_by(void *unused)
{
    (void)unused;
    for (;;)
        (void)pause();
    return NULL;
}

static void *exec_rest(void *argv)
{
    char *const *rest = argv;

    (void)execv("/proc/self/exe", rest);
    perror("execv");
    _exit(1);
}

static int end_of(pid_t pid)
{
    int status = 1;

    (void)waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

/* argv[0] is HOW, the rest the program as which it is executed again. */
static int come_about(char **argv)
{
    char *how = argv[0];
    pthread_t thread;
    pid_t pid;

    argv[0] = getenv("TELLER"); /* its path */
    if (strcmp(how, "thread") == 0) {
        for (int i = 0; i < THREADS; i++)
            (void)pthread_create(&thread, NULL, stand_by, NULL);
        (void)pthread_create(&thread, NULL, exec_rest, argv);
        (void)stand_by(NULL);
    }
    if (strcmp(how, "vfork") == 0) {
        if ((pid = vfork()) == 0) {
            (void)execv(argv[0], argv);
            _exit(1);
        }
        return end_of(pid);
    }
    if (strcmp(how, "spawn") == 0)
        return posix_spawn(&pid, argv[0], NULL, NULL, argv, environ) ? 1 : end_of(pid);
    if (strcmp(how, "path") == 0) {
        (void)setenv("PATH", "/none:/node/conf:/dev/null:/node/data", 1);
        argv[0] = strrchr(argv[0], '/') + 1;
        (void)execvp(argv[0], argv);
        return 1;
    }
    if (strcmp(how, "fail") == 0 && (execv("/none", argv), execv("/etc/passwd", argv)) == 0)
        return 1;
    return exec_rest(argv) != NULL;
}

/* -- what it looks into -------------------------------------------------------------------------
 */

static int wait_for_wall(void)
{
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t never = PTHREAD_COND_INITIALIZER;
    struct timespec until, zero = {0};

    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec -= 7200; /* over for the kernel too, where this clock is an hour ahead */
    (void)pthread_mutex_lock(&lock);
    int error = pthread_cond_timedwait(&never, &lock, &until);
    (void)pthread_mutex_unlock(&lock);
    (void)clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, NULL);
    (void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &zero, NULL);
    (void)clock_nanosleep(CLOCK_REALTIME, 0, &zero, NULL);
    return error != ETIMEDOUT;
}

/* For good: it is asked by whoever opens the pipe `ask`. */
static int answer(const char *ask, const char *to)
{
    FILE *asked, *told;

    while ((asked = fopen(ask, "re")) && (told = fopen(to, "we"))) {
        (void)fprintf(told, "%" PRId64 "\n", by_vdso(CLOCK_REALTIME) / NS);
        (void)fclose(told);
        (void)fclose(asked);
    }
    return 1;
}

/* Between two readings of the one clock that are as near as they come. */
static void read_pair(int64_t *monotonic, int64_t *wall)
{
    int64_t best = INT64_MAX;

    for (int i = 0; i < 50; i++) {
        int64_t before = by_vdso(CLOCK_MONOTONIC), now = by_vdso(CLOCK_REALTIME);
        int64_t width = by_vdso(CLOCK_MONOTONIC) - before;
        if (width >= best)
            continue;
        best = width;
        *monotonic = before + width / 2;
        *wall = now;
    }
}

static int print_pairs(int64_t count, int64_t ms)
{
    for (int64_t i = 0; i < count; i++) {
        const struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
        int64_t monotonic = 0, wall = 0;
        (void)nanosleep(&pause, NULL);
        read_pair(&monotonic, &wall);
        (void)printf("%" PRId64 " %" PRId64 "\n", monotonic, wall);
    }
    return 0;
}

static int print_jumps(int64_t count)
{
    int64_t before = by_vdso(CLOCK_REALTIME) - by_vdso(CLOCK_MONOTONIC);

    (void)puts("ready");
    (void)fflush(stdout);
    for (int64_t i = 0; i < count;) {
        int64_t now = by_vdso(CLOCK_MONOTONIC), gap = by_vdso(CLOCK_REALTIME) - now;
        if (llabs(gap - before) < NS)
            continue;
        before = gap;
        i++;
        (void)printf("%" PRId64 "\n", by_vdso(CLOCK_MONOTONIC));
        (void)fflush(stdout);
    }
    return 0;
}

static int print_execs(int64_t count)
{
    static char nothing[] = "nothing";
    char *argv[] = {getenv("TELLER"), nothing, NULL};
    int64_t begin = by_vdso(CLOCK_MONOTONIC);

    for (int64_t i = 0; i < count; i++) {
        pid_t pid = vfork();
        if (pid == 0) {
            (void)execv(argv[0], argv);
            _exit(1);
        }
        if (waitpid(pid, NULL, 0) != pid)
            return 1;
    }
    (void)printf("%.1f\n", (double)(by_vdso(CLOCK_MONOTONIC) - begin) / 1000 / (double)count);
    return 0;
}

static int64_t watch_until;
static int64_t latest; /* that any thread has read */

static void *watch(void *unused)
{
    intptr_t backwards = 0;

    (void)unused;
    while (by_vdso(CLOCK_PROCESS_CPUTIME_ID) < watch_until) {
        int64_t before = __atomic_load_n(&latest, __ATOMIC_SEQ_CST);
        int64_t now = by_vdso(CLOCK_MONOTONIC);
        backwards += now < before;
        while (now > before && !__atomic_compare_exchange_n(&latest, &before, now, false,
                                                            __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
            continue;
    }
    return (void *)backwards; /* NOLINT: a number */
}

static int count_backwards(int64_t ms)
{
    pthread_t threads[THREADS];
    intptr_t sum = 0;

    watch_until = ms * 1000000;
    for (int i = 0; i < THREADS; i++)
        (void)pthread_create(&threads[i], NULL, watch, NULL);
    for (int i = 0; i < THREADS; i++) {
        void *backwards = NULL;
        (void)pthread_join(threads[i], &backwards);
        sum += (intptr_t)backwards;
    }
    (void)printf("%" PRIdPTR "\n", sum);
    return 0;
}

/* Of a call, by `clock`: that of the thread's CPU time where nobody else does any of the work. */
static double cost_of(int64_t (*read)(clockid_t), clockid_t clock, int calls)
{
    int64_t begin = by_vdso(clock);

    for (int i = 0; i < calls; i++)
        (void)read(CLOCK_REALTIME);
    return (double)(by_vdso(clock) - begin) / calls;
}

static int64_t by_nothing(clockid_t clock)
{
    (void)clock;
    return syscall(SYS_getppid);
}

static int print_cost(void)
{
    double vdso = cost_of(by_vdso, CLOCK_THREAD_CPUTIME_ID, CALLS);
    double raw = cost_of(by_call, CLOCK_MONOTONIC, CALLS / 100);
    double other = cost_of(by_nothing, CLOCK_THREAD_CPUTIME_ID, CALLS);

    return printf("%.1f %.1f %.1f\n", vdso, raw, other) < 0;
}

int main(int argc, char **argv)
{
    static const char *const hows[] = {"exec", "thread", "vfork", "spawn", "path", "fail"};

    if (argc < 2)
        return 1;
    if (argv[0][0] == '/')
        (void)setenv("TELLER", argv[0], 1);
    for (size_t i = 0; i < sizeof hows / sizeof *hows; i++) {
        if (strcmp(argv[1], hows[i]) == 0)
            return come_about(argv + 1);
    }
    if (strcmp(argv[1], "wait") == 0)
        return wait_for_wall();
    if (strcmp(argv[1], "answer") == 0)
        return answer(argv[2], argv[3]);
    if (strcmp(argv[1], "backwards") == 0)
        return count_backwards(strtol(argv[2], NULL, 10));
    if (strcmp(argv[1], "pairs") == 0)
        return print_pairs(strtol(argv[2], NULL, 10), strtol(argv[3], NULL, 10));
    if (strcmp(argv[1], "jumps") == 0)
        return print_jumps(strtol(argv[2], NULL, 10));
    if (strcmp(argv[1], "execs") == 0)
        return print_execs(strtol(argv[2], NULL, 10));
    if (strcmp(argv[1], "cost") == 0)
        return print_cost();
    return tell(argv[1]);
}
