/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests that a lab leaves nothing, whoever of it is killed and whenever.
 *
 * The test is the subreaper of all it starts, so that a process that outlived its lab would be its
 * descendant, whatever it did to get away; the launcher's side must moreover let go of a pipe that
 * it inherited. The number of rounds is 25, or ORDEAL_TEST_ROUNDS.
 */
#include "../../harness/base/clock.h"
#include "../../harness/base/rng.h"
#include "../../harness/base/str.h"
#include "../../harness/lab/lab_internal.h"
#include "../lib/check.h"
#include "../lib/inlab.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NODES = 3, FAMILY_MAX = 4096, PATIENCE_MS = 20000, MOMENTS_NS = 60 * 1000 * 1000 };

/* -- who lives -------------------------------------------------------------------------------- */

static pid_t parent_of(pid_t pid)
{
    char path[64], text[512];

    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    int fd = open(path, O_RDONLY);
    ssize_t got = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        (void)close(fd);
    text[got > 0 ? got : 0] = '\0';
    const char *after_name = strrchr(text, ')');
    return after_name ? (pid_t)strtol(after_name + 4, NULL, 10) : 0;
}

static bool descends(pid_t pid, pid_t from)
{
    while (pid > 1 && pid != from)
        pid = parent_of(pid);
    return pid == from;
}

/* Descendants of `from`, itself left out. */
static int family(pid_t from, pid_t members[FAMILY_MAX])
{
    DIR *proc = opendir("/proc");
    const struct dirent *entry;
    int count = 0;

    while (proc && (entry = readdir(proc))) {
        pid_t pid =
            isdigit((unsigned char)entry->d_name[0]) ? (pid_t)strtol(entry->d_name, NULL, 10) : 0;
        if (pid > 0 && pid != from && count < FAMILY_MAX && descends(pid, from))
            members[count++] = pid;
    }
    if (proc)
        (void)closedir(proc);
    return count;
}

/* -- the lab to be killed --------------------------------------------------------------------- */

static int live(void *context)
{
    struct inlab *inlab = context;
    struct world world;
    struct err err;

    EXPECT_DONE(inlab_open(inlab, NODES, NULL, &err), err);
    for (int i = 0; i < NODES; i++)
        EXPECT(inlab_shell(inlab, i, "settle", NULL, 0) == 0);
    for (uint64_t version = 1;; version++) {
        world_clear(&world, NODES);
        world.version = version;
        if (version % 2)
            world_cut_between(&world, 0x1, 0x6);
        EXPECT_DONE(lab_apply(inlab->lab, &world, &err), err);
    }
}

static pid_t launch(struct inlab *inlab, int *pipe_end)
{
    int ends[2];

    if (pipe(ends) < 0) /* inherited by everybody who does not let go of it */
        return -1;
    pid_t launcher = fork();
    if (launcher == 0) {
        struct err err;
        (void)close(ends[0]);
        (void)prctl(PR_SET_CHILD_SUBREAPER, 0);
        _exit(lab_run(live, inlab, &err) & 0xff);
    }
    (void)close(ends[1]);
    *pipe_end = ends[0];
    return launcher;
}

/* Any one of them: launcher, reaper, controller, agent, a node's init, a daemon. */
static void kill_somebody(struct rng *rng, pid_t launcher)
{
    static pid_t members[FAMILY_MAX];
    int count = family(launcher, members);
    uint64_t which = rng_below(rng, (uint64_t)count + 2);

    /* the launcher more often than one in so many */
    (void)kill(which >= (uint64_t)count ? launcher : members[which], SIGKILL);
}

static int wait_for_launcher(pid_t launcher, bool *is_running, int timeout_ms)
{
    int64_t deadline = clock_now_ns() + timeout_ms * NS_PER_MS;
    int status;
    pid_t got;

    while ((got = waitpid(launcher, &status, WNOHANG)) == 0 && clock_now_ns() < deadline)
        clock_sleep_until(clock_now_ns() + NS_PER_MS);
    *is_running = got == 0;
    return got < 0 ? -1 : 0;
}

/* End of file: nobody holds the pipe any more. And nobody is left to be our child. */
static int expect_nothing_left(int pipe_end)
{
    static pid_t members[FAMILY_MAX];
    struct pollfd ended = {.fd = pipe_end, .events = POLLIN};
    char byte;

    EXPECT(poll(&ended, 1, PATIENCE_MS) == 1);
    EXPECT(read(pipe_end, &byte, 1) == 0);
    (void)close(pipe_end);
    int64_t deadline = clock_now_ns() + PATIENCE_MS * NS_PER_MS;
    int left;
    do {
        while (waitpid(-1, NULL, WNOHANG | __WALL) > 0)
            continue;
        left = family(getpid(), members);
    } while (left > 0 && clock_now_ns() < deadline);
    EXPECT(left == 0);
    return 0;
}

static int one_round(struct rng *rng, struct inlab *inlab)
{
    bool is_running;
    int pipe_end;
    int64_t moment = clock_now_ns() + (int64_t)rng_below(rng, MOMENTS_NS);
    pid_t launcher = launch(inlab, &pipe_end);

    EXPECT(launcher > 0);
    clock_sleep_until(moment);
    kill_somebody(rng, launcher);
    /* who lost a daemon or an agent may live on; so may who lost a helper of its start */
    EXPECT(wait_for_launcher(launcher, &is_running, 30) == 0);
    if (is_running) {
        (void)kill(launcher, SIGKILL);
        EXPECT(waitpid(launcher, NULL, 0) == launcher);
    }
    return expect_nothing_left(pipe_end);
}

static int64_t round_count(void)
{
    const char *wanted = getenv("ORDEAL_TEST_ROUNDS");
    int64_t rounds = 25;

    if (wanted)
        (void)str_to_int(str_of(wanted), &rounds);
    return rounds;
}

static void read_mounts(char *text, size_t size)
{
    int fd = open("/proc/self/mountinfo", O_RDONLY);
    ssize_t got = read(fd, text, size - 1);

    text[got > 0 ? got : 0] = '\0';
    (void)close(fd);
}

static int kill_at_random_moments(void *context)
{
    static char before[65536], after[65536];
    struct inlab inlab;
    struct rng rng;

    (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
    read_mounts(before, sizeof before);
    rng_init(&rng, *(uint64_t *)context, 0);
    inlab_prepare(&inlab);
    for (int64_t round = 0; round < round_count(); round++) {
        if (one_round(&rng, &inlab) != 0) {
            (void)fprintf(stderr, "in round %d\n", (int)round);
            return 1;
        }
    }
    inlab_clean(&inlab);
    read_mounts(after, sizeof after);
    EXPECT(strcmp(before, after) == 0);
    return 0;
}

static void check(int (*run)(int (*function)(void *context), void *context))
{
    uint64_t seed = (uint64_t)clock_wall_ns();
    const char *why = inlab_impossible();

    if (why) {
        print_message("skipped: %s\n", why);
        skip();
    }
    print_message("seed %llu\n", (unsigned long long)seed);
    assert_int_equal(run(kill_at_random_moments, &seed), 0);
}

static int run_as_caller(int (*function)(void *context), void *context)
{
    pid_t child = fork();
    int status;

    if (child == 0)
        _exit(function(context));
    if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
        return 1;
    return WEXITSTATUS(status);
}

static void test_leftovers__none_after_a_kill_at_any_moment(void **state)
{
    (void)state;
    check(run_as_caller);
}

static void test_leftovers__none_for_an_ordinary_user(void **state)
{
    (void)state;
    check(inlab_as_user);
}

/* -- what ends what --------------------------------------------------------------------------- */

static int lose_an_agent(void *context)
{
    struct inlab *inlab = context;
    static pid_t members[FAMILY_MAX];
    struct err err;

    EXPECT_DONE(inlab_open(inlab, NODES, NULL, &err), err);
    for (int i = 0; i < NODES; i++)
        EXPECT(inlab_shell(inlab, i, "settle", NULL, 0) == 0);
    /* an agent's end is its node's, and no other's */
    pid_t agent = lab_node_pid(inlab->lab, 1);
    int64_t patience_ns = clock_now_ns() + PATIENCE_MS * NS_PER_MS;
    while (family(agent, members) < 4 && clock_now_ns() < patience_ns)
        clock_sleep_until(clock_now_ns() + NS_PER_MS); /* what the shells started may still fork */
    EXPECT(family(agent, members) >= 4);
    struct pollfd ended = {.fd = inlab->agents[1], .events = POLLIN};
    EXPECT(kill(agent, SIGKILL) == 0);
    EXPECT(poll(&ended, 1, PATIENCE_MS) == 1 && (ended.revents & POLLHUP));
    for (int i = 0; i < 4; i++) {
        while (kill(members[i], 0) == 0 && parent_of(members[i]) != 0)
            clock_sleep_until(clock_now_ns() + NS_PER_MS);
    }
    EXPECT(inlab_shell(inlab, 0, "true", NULL, 0) == 0);
    EXPECT(inlab_shell(inlab, 2, "true", NULL, 0) == 0);
    /* a closed connection ends an agent too */
    agent = lab_node_pid(inlab->lab, 0);
    (void)close(inlab->agents[0]);
    inlab->agents[0] = -1;
    while (kill(agent, 0) == 0)
        clock_sleep_until(clock_now_ns() + NS_PER_MS);
    inlab_close(inlab);
    EXPECT(family(getpid(), members) == 0);
    return 0;
}

static void test_leftovers__an_agents_end_is_its_nodes(void **state)
{
    (void)state;
    struct inlab inlab;
    struct err err;
    const char *why = inlab_impossible();

    if (why) {
        print_message("skipped: %s\n", why);
        skip();
    }
    inlab_prepare(&inlab);
    assert_int_equal(lab_run(lose_an_agent, &inlab, &err), 0);
    inlab_clean(&inlab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_leftovers__none_after_a_kill_at_any_moment),
        cmocka_unit_test(test_leftovers__none_for_an_ordinary_user),
        cmocka_unit_test(test_leftovers__an_agents_end_is_its_nodes),
    };
    return cmocka_run_group_tests_name("lab/leftovers", tests, NULL, NULL);
}
