/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of lab/launcher.c and reaper.c: status, signals, the terminal, and what stays untouched. */
#include "../../harness/base/clock.h"
#include "../lib/check.h"
#include "../lib/inlab.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE_MS = 20000, QUIET_MS = 300 };

#define NEEDS_LAB()                                                                                \
    do {                                                                                           \
        const char *why = inlab_impossible();                                                      \
        if (why) {                                                                                 \
            print_message("skipped: %s\n", why);                                                   \
            skip();                                                                                \
        }                                                                                          \
    } while (0)

static int run(int (*controller)(void *context), void *context)
{
    struct err err = {0};
    int status = lab_run(controller, context, &err);

    if (status < 0)
        print_message("%s\n", err.msg);
    return status;
}

/* -- status ----------------------------------------------------------------------------------- */

static int return_it(void *context)
{
    return *(int *)context;
}

static int kill_itself(void *context)
{
    (void)raise(*(int *)context);
    return 0;
}

static void test_launcher__status_is_the_controllers(void **state)
{
    (void)state;
    NEEDS_LAB();
    for (int status = 0; status < 256; status += 85)
        assert_int_equal(run(return_it, &status), status);
    int number = SIGTERM;
    assert_int_equal(run(kill_itself, &number), 128 + SIGTERM);
    number = SIGKILL;
    assert_int_equal(run(kill_itself, &number), 128 + SIGKILL);
}

static void *store_pid(void *context)
{
    *(pid_t *)context = getpid();
    return NULL;
}

static int use_threads(void *context)
{
    enum { THREADS = 8 };
    pthread_t threads[THREADS];
    pid_t pids[THREADS];

    (void)context;
    for (int i = 0; i < THREADS; i++)
        EXPECT(pthread_create(&threads[i], NULL, store_pid, &pids[i]) == 0);
    for (int i = 0; i < THREADS; i++)
        EXPECT(pthread_join(threads[i], NULL) == 0 && pids[i] == getpid());
    EXPECT(getpid() != 1);
    EXPECT(getppid() == 1);
    return 0;
}

static void test_launcher__controller_may_use_threads_and_is_not_pid_1(void **state)
{
    (void)state;
    NEEDS_LAB();
    assert_int_equal(run(use_threads, NULL), 0);
    pthread_t thread;
    pid_t pid;
    assert_int_equal(pthread_create(&thread, NULL, store_pid, &pid), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(run(use_threads, NULL), 0);
}

static void test_launcher__no_lab_is_opened_outside_of_one(void **state)
{
    (void)state;
    struct lab *lab = NULL;
    struct err err;
    const struct lab_options options = {.log_dir = "/tmp", .helper_dir = "/tmp"};

    assert_int_equal(lab_open(&lab, &options, &err), -1);
    assert_non_null(strstr(err.msg, "lab_run"));
}

/* -- what is outside -------------------------------------------------------------------------- */

static int write_file(void *context)
{
    FILE *file = fopen(context, "w");

    EXPECT(file);
    EXPECT(fputs("written inside\n", file) > 0 && fclose(file) == 0);
    return 0;
}

static int files_are_the_callers(void *context)
{
    char dir[] = "/tmp/ordeal test-XXXXXX", path[64];
    struct stat status;

    (void)context;
    EXPECT(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "%s/a file", dir);
    EXPECT(run(write_file, path) == 0);
    EXPECT(stat(path, &status) == 0);
    EXPECT(status.st_uid == geteuid() && status.st_gid == getegid());
    EXPECT(status.st_size == 15);
    EXPECT(unlink(path) == 0 && rmdir(dir) == 0);
    return 0;
}

static void test_launcher__files_are_the_callers_at_the_same_path(void **state)
{
    (void)state;
    NEEDS_LAB();
    assert_int_equal(files_are_the_callers(NULL), 0);
}

static void test_launcher__an_ordinary_user_can_do_it(void **state)
{
    (void)state;
    NEEDS_LAB();
    assert_int_equal(inlab_as_user(files_are_the_callers, NULL), 0);
}

static void read_whole(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY);
    ssize_t got = fd < 0 ? 0 : read(fd, text, size - 1);

    text[got > 0 ? got : 0] = '\0';
    (void)close(fd);
}

static int is_elsewhere(void *context)
{
    const char *outside = context;
    char here[16384];

    read_whole("/proc/net/dev", here, sizeof here);
    EXPECT(strcmp(outside, here) != 0); /* its own network, without the machine's interfaces */
    EXPECT(access("/proc/1/exe", F_OK) == 0 && getppid() == 1); /* its own /proc */
    EXPECT(sethostname("elsewhere", 9) == 0);
    return 0;
}

static void test_launcher__machine_is_left_alone(void **state)
{
    (void)state;
    NEEDS_LAB();
    char mounts[2][65536], interfaces[2][16384], names[2][256];

    for (int i = 0; i < 2; i++) {
        read_whole("/proc/self/mountinfo", mounts[i], sizeof mounts[i]);
        read_whole("/proc/net/if_inet6", interfaces[i], sizeof interfaces[i]);
        assert_int_equal(gethostname(names[i], sizeof names[i]), 0);
        char outside[16384];
        read_whole("/proc/net/dev", outside, sizeof outside);
        if (i == 0)
            assert_int_equal(run(is_elsewhere, outside), 0);
    }
    assert_string_equal(mounts[0], mounts[1]);
    assert_string_equal(interfaces[0], interfaces[1]);
    assert_string_equal(names[0], names[1]);
}

/* -- signals ---------------------------------------------------------------------------------- */

/* A controller that says what it hears: 'r' when ready, then the number of each signal, one byte
 * each, until SIGUSR1 or until nothing more has come for a while after the first. */
static int listen_to_signals(void *context)
{
    int report = *(int *)context;
    struct signalfd_siginfo info;
    sigset_t set;

    (void)sigfillset(&set);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    int fd = signalfd(-1, &set, 0);
    EXPECT(write(report, "r", 1) == 1);
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    for (int wait_ms = PATIENCE_MS; poll(&ready, 1, wait_ms) > 0; wait_ms = QUIET_MS) {
        EXPECT(read(fd, &info, sizeof info) == (ssize_t)sizeof info);
        const char byte = (char)info.ssi_signo;
        EXPECT(write(report, &byte, 1) == 1);
    }
    return 0;
}

struct launched {
    pid_t launcher;
    int heard; /* what the controller says */
    int terminal;
};

/* Fork a launcher, on a terminal of its own if so wanted, and wait until its controller listens. */
static void launch(struct launched *it, bool with_terminal)
{
    int pipe_ends[2];
    char byte = 0;

    assert_int_equal(pipe2(pipe_ends, O_CLOEXEC), 0);
    it->terminal = -1;
    it->launcher = with_terminal ? forkpty(&it->terminal, NULL, NULL, NULL) : fork();
    assert_true(it->launcher >= 0);
    if (it->launcher == 0) {
        (void)close(pipe_ends[0]);
        _exit(run(listen_to_signals, &pipe_ends[1]) & 0xff);
    }
    (void)close(pipe_ends[1]);
    it->heard = pipe_ends[0];
    assert_int_equal(read(it->heard, &byte, 1), 1);
    assert_int_equal(byte, 'r');
}

/* All that the controller heard; its launcher must have ended well. */
static size_t finish(struct launched *it, char *heard, size_t size)
{
    size_t len = 0;
    ssize_t got;
    int status;

    while (len < size && (got = read(it->heard, heard + len, size - len)) > 0)
        len += (size_t)got;
    assert_int_equal(waitpid(it->launcher, &status, 0), it->launcher);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    (void)close(it->heard);
    if (it->terminal >= 0)
        (void)close(it->terminal);
    return len;
}

static void expect_once(struct launched *it, int number)
{
    char heard[16];

    assert_int_equal(finish(it, heard, sizeof heard), 1);
    assert_int_equal(heard[0], number);
}

static void test_launcher__passes_signals_on_once(void **state)
{
    (void)state;
    NEEDS_LAB();
    const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR2, SIGWINCH};

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct launched it;
        launch(&it, false);
        assert_int_equal(kill(it.launcher, numbers[i]), 0);
        expect_once(&it, numbers[i]);
    }
}

/* As timeout(1) does: first the process, then its group. */
static void test_launcher__signal_to_process_and_group_is_one_request(void **state)
{
    (void)state;
    NEEDS_LAB();
    struct launched it;

    launch(&it, true); /* leads a group of its own there */
    assert_int_equal(kill(it.launcher, SIGTERM), 0);
    clock_sleep_until(clock_now_ns() + 20 * NS_PER_MS);
    assert_int_equal(kill(-it.launcher, SIGTERM), 0);
    expect_once(&it, SIGTERM);
}

static void test_launcher__two_requests_are_two(void **state)
{
    (void)state;
    NEEDS_LAB();
    struct launched it;
    char heard[16];

    launch(&it, false);
    assert_int_equal(kill(it.launcher, SIGINT), 0);
    clock_sleep_until(clock_now_ns() + 150 * NS_PER_MS);
    assert_int_equal(kill(it.launcher, SIGINT), 0);
    assert_int_equal(finish(&it, heard, sizeof heard), 2);
    assert_int_equal(heard[0], SIGINT);
    assert_int_equal(heard[1], SIGINT);
}

static void test_launcher__control_c_at_the_terminal_arrives_once(void **state)
{
    (void)state;
    NEEDS_LAB();
    struct launched it;

    launch(&it, true);
    assert_int_equal(write(it.terminal, "\003", 1), 1);
    expect_once(&it, SIGINT);
}

/* The controller writes to the terminal from behind, with `stty tostop` even. */
static int speak(void *context)
{
    (void)context;
    EXPECT(write(STDOUT_FILENO, "spoken", 6) == 6);
    return 0;
}

static void test_launcher__controller_may_write_to_the_terminal(void **state)
{
    (void)state;
    NEEDS_LAB();
    int terminal, status;
    char text[64];
    pid_t child = forkpty(&terminal, NULL, NULL, NULL);

    assert_true(child >= 0);
    if (child == 0) {
        struct termios settings;
        (void)tcgetattr(STDOUT_FILENO, &settings);
        settings.c_lflag |= TOSTOP;
        (void)tcsetattr(STDOUT_FILENO, TCSANOW, &settings);
        _exit(run(speak, NULL) & 0xff);
    }
    ssize_t got = read(terminal, text, sizeof text);
    assert_int_equal(got, 6);
    assert_memory_equal(text, "spoken", 6);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    (void)close(terminal);
}

/* Ctrl-Z: launcher and controller stop; SIGCONT wakes both. */
static int count_on(void *context)
{
    int report = *(int *)context;

    EXPECT(write(report, "r", 1) == 1);
    for (;;) {
        clock_sleep_until(clock_now_ns() + 5 * NS_PER_MS);
        EXPECT(write(report, ".", 1) == 1);
    }
}

static bool is_quiet(int fd, int for_ms)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    char bytes[4096];

    while (poll(&ready, 1, 0) > 0) { /* what was said before */
        if (read(fd, bytes, sizeof bytes) <= 0)
            return false;
    }
    return poll(&ready, 1, for_ms) == 0;
}

static void test_launcher__control_z_stops_the_lab_and_cont_resumes_it(void **state)
{
    (void)state;
    NEEDS_LAB();
    int pipe_ends[2], terminal, status;
    char byte;

    assert_int_equal(pipe2(pipe_ends, O_CLOEXEC), 0);
    pid_t launcher = forkpty(&terminal, NULL, NULL, NULL);
    assert_true(launcher >= 0);
    if (launcher == 0) {
        /* a session's leader has no shell to resume it, and the kernel stops none: act for it */
        pid_t job = fork();
        if (job == 0) {
            (void)setpgid(0, 0);
            (void)signal(SIGTTOU, SIG_IGN);
            (void)tcsetpgrp(STDIN_FILENO, getpid());
            (void)signal(SIGTTOU, SIG_DFL);
            _exit(run(count_on, &pipe_ends[1]) & 0xff);
        }
        (void)close(pipe_ends[1]);
        (void)waitpid(job, &status, WUNTRACED);
        clock_sleep_until(clock_now_ns() + 600 * NS_PER_MS);
        (void)kill(job, SIGCONT);
        (void)waitpid(job, &status, 0);
        _exit(WIFSIGNALED(status) ? 0 : WEXITSTATUS(status));
    }
    (void)close(pipe_ends[1]);
    assert_int_equal(read(pipe_ends[0], &byte, 1), 1);
    assert_int_equal(write(terminal, "\032", 1), 1);
    clock_sleep_until(clock_now_ns() + 100 * NS_PER_MS);
    assert_true(is_quiet(pipe_ends[0], 200));
    struct pollfd ready = {.fd = pipe_ends[0], .events = POLLIN};
    assert_int_equal(poll(&ready, 1, PATIENCE_MS), 1);
    assert_int_equal(read(pipe_ends[0], &byte, 1), 1);
    assert_int_equal(write(terminal, "\003", 1), 1);
    assert_int_equal(waitpid(launcher, &status, 0), launcher);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 128 + SIGINT);
    (void)close(pipe_ends[0]);
    (void)close(terminal);
}

static void test_launcher__what_the_caller_ignores_stays_ignored(void **state)
{
    (void)state;
    NEEDS_LAB();
    struct launched it;

    (void)signal(SIGHUP, SIG_IGN); /* nohup */
    launch(&it, false);
    (void)signal(SIGHUP, SIG_DFL);
    assert_int_equal(kill(it.launcher, SIGHUP), 0);
    assert_int_equal(kill(it.launcher, SIGTERM), 0);
    expect_once(&it, SIGTERM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_launcher__status_is_the_controllers),
        cmocka_unit_test(test_launcher__controller_may_use_threads_and_is_not_pid_1),
        cmocka_unit_test(test_launcher__no_lab_is_opened_outside_of_one),
        cmocka_unit_test(test_launcher__files_are_the_callers_at_the_same_path),
        cmocka_unit_test(test_launcher__an_ordinary_user_can_do_it),
        cmocka_unit_test(test_launcher__machine_is_left_alone),
        cmocka_unit_test(test_launcher__passes_signals_on_once),
        cmocka_unit_test(test_launcher__signal_to_process_and_group_is_one_request),
        cmocka_unit_test(test_launcher__two_requests_are_two),
        cmocka_unit_test(test_launcher__control_c_at_the_terminal_arrives_once),
        cmocka_unit_test(test_launcher__controller_may_write_to_the_terminal),
        cmocka_unit_test(test_launcher__control_z_stops_the_lab_and_cont_resumes_it),
        cmocka_unit_test(test_launcher__what_the_caller_ignores_stays_ignored),
    };
    return cmocka_run_group_tests_name("lab/launcher", tests, NULL, NULL);
}
