/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of what the agent does to processes, as targets and the runner see it: through node.h and
 * client.h, on the real program. */
#include "../../harness/agent/client.h"
#include "../../harness/base/clock.h"
#include "../lib/check.h"
#include "../lib/agent_place.h"

#include <errno.h>
#include <linux/capability.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct agent_place place;
static struct node *node;
static struct err err;
static uint64_t version;

static int open_with(const struct agent_place_options *options)
{
    agent_place_start(&place, options);
    struct connection connection = {.fd = place.fd, .address = "198.18.1.1"};
    version = 0;
    return node_open(&node, "n1", 0, &connection, &err);
}

static int open_node(void **state)
{
    (void)state;
    return open_with(&(struct agent_place_options){0});
}

static int open_with_one_id(void **state)
{
    (void)state;
    return open_with(&(struct agent_place_options){.one_id = true});
}

static int open_host(void **state)
{
    (void)state;
    return open_with(
        &(struct agent_place_options){.options = (const char *[]){"--no-namespaces", NULL}});
}

static int close_node(void **state)
{
    (void)state;
    node_close(node);
    place.fd = -1;
    int status = agent_place_end(&place);
    return !(WIFEXITED(status) && WEXITSTATUS(status) == 0 &&
             agent_place_marked(&place, NULL) == 0);
}

#define DO(call)                                                                                   \
    do {                                                                                           \
        if ((call) != 0)                                                                           \
            fail_msg("%s", err.msg);                                                               \
    } while (0)

#define REFUSED(call, phrase)                                                                      \
    do {                                                                                           \
        assert_int_equal((call), -1);                                                              \
        if (!strstr(err.msg, (phrase)))                                                            \
            fail_msg("'%s' does not hold '%s'", err.msg, (phrase));                                \
    } while (0)

/* Start a shell script as a process whose descendants can be counted. */
static int start_as(const char *name, const char *user, const char *script)
{
    char mark[48];

    (void)snprintf(mark, sizeof mark, "MARK=%s", place.mark);
    const char *argv[] = {"sh", "-c", script, NULL};
    const char *env[] = {mark, NULL};
    return node_start(
        node, &(struct process_spec){.name = name, .argv = argv, .env = env, .user = user}, &err);
}

static int start(const char *name, const char *script)
{
    return start_as(name, NULL, script);
}

static struct receipt declare(enum process_state state)
{
    struct world world = {.version = ++version, .node_count = 1, .processes = {state}};
    struct receipt receipt;

    DO(node_world(node, &world, &receipt, &err));
    assert_int_equal(receipt.version, version);
    assert_int_equal(receipt.state, state);
    return receipt;
}

/* Output of a shell script, valid until the next call; its status has to be 0. */
static const char *sh(const char *script)
{
    static struct buf output;
    const char *argv[] = {"sh", "-c", script, NULL};
    int status;

    buf_release(&output);
    buf_init(&output, 0);
    DO(node_run(node, argv, STR(""), 5000, &status, &output, NULL, &err));
    assert_int_equal(status, 0);
    return output.ptr ? output.ptr : "";
}

/* The file's content, valid until the next call. */
static const char *get(const char *path)
{
    static struct buf content;

    buf_release(&content);
    buf_init(&content, 0);
    DO(node_get(node, path, 0, &content, &err));
    return content.ptr ? content.ptr : "";
}

/* 0 also while the file is not there. */
static int lines_of(const char *path)
{
    static struct buf content;
    int count = 0;

    buf_release(&content);
    buf_init(&content, 0);
    if (node_get(node, path, 0, &content, &err))
        return 0;
    for (const char *at = content.ptr; at && (at = strchr(at, '\n')); at++)
        count++;
    return count;
}

static void await_lines(const char *path, int count)
{
    int64_t deadline_ns = clock_now_ns() + 5 * NS_PER_SEC;
    while (lines_of(path) < count && clock_now_ns() < deadline_ns)
        clock_sleep_until(clock_now_ns() + 2 * NS_PER_MS);
    assert_true(lines_of(path) >= count);
}

static void await_file(const char *path)
{
    struct buf content;
    int missing;

    buf_init(&content, 0);
    int64_t deadline_ns = clock_now_ns() + 10 * NS_PER_SEC;
    while ((missing = node_get(node, path, 0, &content, &err)) && clock_now_ns() < deadline_ns)
        clock_sleep_until(clock_now_ns() + NS_PER_MS);
    buf_release(&content);
    assert_int_equal(missing, 0);
}

/* Wait until this is the last line of a file. */
static void await_last(const char *path, const char *line)
{
    int64_t deadline_ns = clock_now_ns() + 10 * NS_PER_SEC;
    bool is_last = false;

    while (!is_last && clock_now_ns() < deadline_ns) {
        const char *text = get(path);
        size_t len = strlen(text), wanted = strlen(line);
        is_last = len > wanted && text[len - 1] == '\n' &&
                  strncmp(text + len - 1 - wanted, line, wanted) == 0 &&
                  (len == wanted + 1 || text[len - wanted - 2] == '\n');
        clock_sleep_until(clock_now_ns() + NS_PER_MS);
    }
    assert_true(is_last);
}

static void await_end(const char *name, const char *expected)
{
    char how[NODE_HOW_MAX] = "";
    int64_t deadline_ns = clock_now_ns() + 5 * NS_PER_SEC;
    while (!node_process_ended(node, name, how) && clock_now_ns() < deadline_ns)
        clock_sleep_until(clock_now_ns() + NS_PER_MS);
    assert_string_equal(how, expected);
    assert_false(node_process_ended(node, name, how));
}

/* -- start, stop, exit ---------------------------------------------------------------------------
 */

static void test_system__start_is_confirmed_by_exec(void **state)
{
    (void)state;
    const char *missing[] = {"no-such-program", NULL};
    const char *folder[] = {"/usr", NULL};
    REFUSED(node_start(node, &(struct process_spec){.name = "a", .argv = missing}, &err),
            "cannot start 'a' on 'n1': no program 'no-such-program' on the node's PATH");
    assert_int_equal(err.code, ENOENT);
    REFUSED(node_start(node, &(struct process_spec){.name = "a", .argv = folder}, &err),
            "cannot execute '/usr': Permission denied");
    const char *true_argv[] = {"true", NULL};
    REFUSED(node_start(node, &(struct process_spec){.name = "a", .argv = true_argv, .cwd = "/none"},
                       &err),
            "cannot go to its folder '/none': No such file");
    REFUSED(start_as("a", "no-such-user", "true"), "no user 'no-such-user'");
    DO(start("a", "exec sleep 1000"));
    assert_int_equal(agent_place_await_marked(&place, 1), 1);
    REFUSED(start("a", "true"), "'a' runs already");
    struct receipt receipt;
    DO(node_receipt(node, &receipt, &err));
    assert_int_equal(receipt.ended, 0);
}

static void test_system__an_exit_is_told_once(void **state)
{
    (void)state;
    DO(start("a", "exit 3"));
    await_end("a", "'a' exited with status 3");
    DO(start("b", "kill -SEGV $$"));
    await_end("b", "'b' was killed by signal 11");
    struct receipt receipt;
    DO(node_receipt(node, &receipt, &err));
    assert_int_equal(receipt.ended, 2);
    assert_int_equal(receipt.state, PROCESS_RUNNING);
    assert_non_null(strstr(get("/node/log/a.log"), "ordeal: 'a' exited with status 3, 2"));
    DO(start("a", "exit 4"));
    await_end("a", "'a' exited with status 4");
}

static void test_system__stop_ends_for_good(void **state)
{
    (void)state;
    DO(start("kind", "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.01; done"));
    DO(start("stubborn", "trap '' TERM; echo up; while :; do sleep 0.01; done"));
    await_lines("/node/log/kind.log", 2);
    await_lines("/node/log/stubborn.log", 2);
    DO(node_stop(node, "kind", 5000, &err));
    assert_non_null(strstr(get("/node/log/kind.log"), "bye"));
    int64_t begin_ns = clock_now_ns();
    DO(node_stop(node, "stubborn", 100, &err));
    assert_true(clock_now_ns() - begin_ns >= 100 * NS_PER_MS);
    assert_int_equal(agent_place_await_marked(&place, 0), 0);
    char how[NODE_HOW_MAX];
    assert_false(node_process_ended(node, "kind", how));
    REFUSED(node_stop(node, "kind", 100, &err), "no process 'kind'");
    declare(PROCESS_KILLED);
    declare(PROCESS_RUNNING);
    assert_int_equal(agent_place_marked(&place, NULL), 0);
}

static void test_system__processes_get_nothing_of_the_agent(void **state)
{
    (void)state;
    assert_string_equal(sh("env -u PWD -u OLDPWD -u _ | cut -d= -f1 | sort | tr '\\n' ' '"),
                        "HOME LANG PATH TZ ");
    assert_string_equal(sh("cd /proc/self/fd; for f in *; do if [ -e $f ]; then echo $f; fi; done"),
                        "0\n1\n2\n");
    assert_string_equal(sh("grep -E '^Sig(Blk|Ign)' /proc/self/status | cut -f2 | uniq"),
                        "0000000000000000\n");
    DO(start("a", "readlink /proc/self/fd/0 /proc/self/fd/1; pwd; exec sleep 1000"));
    await_lines("/node/log/a.log", 4);
    assert_non_null(strstr(get("/node/log/a.log"), "\n/dev/null\n/node/log/a.log\n/node/data\n"));
}

static void test_system__root_of_the_node_is_not_root_of_the_machine(void **state)
{
    (void)state;
    assert_string_equal(sh("v=$(cat /proc/sys/vm/swappiness);"
                           "echo $v 2>/dev/null >/proc/sys/vm/swappiness || echo refused"),
                        "refused\n");
    uint64_t bounds = strtoull(sh("sed -n 's/^CapBnd:\t//p' /proc/self/status"), NULL, 16);
    static const int dangerous[] = {CAP_SYS_ADMIN, CAP_SYS_TIME, CAP_SYS_MODULE, CAP_SYS_RAWIO,
                                    CAP_SYS_BOOT,  CAP_MKNOD,    CAP_SYSLOG,     CAP_BPF};
    for (size_t i = 0; i < sizeof dangerous / sizeof *dangerous; i++)
        assert_false(bounds >> dangerous[i] & 1);
    assert_true(bounds >> CAP_NET_BIND_SERVICE & 1);
    assert_string_equal(sh("mount -o remount,bind,rw /proc/sys 2>/dev/null || echo refused"),
                        "refused\n");
    assert_string_equal(sh("test -w /proc/sysrq-trigger || echo refused"), "refused\n");
    assert_string_equal(sh("v=$(cat /proc/sys/net/ipv4/ip_forward);"
                           "echo $v >/proc/sys/net/ipv4/ip_forward && echo allowed"),
                        "allowed\n");
}

static void test_system__user_is_switched(void **state)
{
    (void)state;
    DO(start_as("a", "nobody",
                "echo `id -u` `id -un` $HOME; touch x; stat -c %U x . ; sleep 1000"));
    await_lines("/node/log/a.log", 4);
    const char *log = get("/node/log/a.log");
    if (!strstr(log, "\n65534 nobody /nonexistent\nnobody\nnobody\n"))
        fail_msg("%s", log);
}

/* -- kill ----------------------------------------------------------------------------------------
 */

/* A daemon that left by double fork, one with a session of its own, a child, and the shell. */
static const char family[] = "(setsid sleep 1000 &); setsid sleep 1000 & sleep 1000 & sleep 1000 &"
                             "echo up >>/node/data/up; wait";

static void test_system__kill_takes_all_descendants(void **state)
{
    (void)state;
    DO(start("db", family));
    await_lines("/node/data/up", 1);
    assert_int_equal(agent_place_await_marked(&place, 5), 5);
    struct receipt receipt = declare(PROCESS_KILLED);
    assert_int_equal(agent_place_marked(&place, NULL), 0);
    assert_int_equal(receipt.kills, 1);
    assert_int_equal(receipt.killed, 5);
    assert_int_equal(receipt.ended, 0);
    char how[NODE_HOW_MAX];
    assert_false(node_process_ended(node, "db", how)); /* it did not end by itself */
}

static void test_system__kill_takes_a_fork_bomb(void **state)
{
    (void)state;
    DO(start("bomb", "f() { sleep 0.01; f & f; }; ulimit -u 200 2>/dev/null;"
                     "for i in 1 2 3 4 5 6 7 8; do (while :; do (:) & wait; done) & done; wait"));
    clock_sleep_until(clock_now_ns() + 50 * NS_PER_MS);
    struct receipt receipt = declare(PROCESS_KILLED);
    assert_int_equal(agent_place_marked(&place, NULL), 0);
    assert_true(receipt.killed >= 9);
}

static void test_system__a_killed_node_refuses_to_start(void **state)
{
    (void)state;
    DO(start("db", "sleep 1000"));
    declare(PROCESS_KILLED);
    REFUSED(start("other", "true"), "the node is killed by declaration");
    const char *argv[] = {"true", NULL};
    int status;
    REFUSED(node_run(node, argv, STR(""), 1000, &status, NULL, NULL, &err), "is killed by");
}

static void test_system__what_is_started_before_its_node_is_begins_with_it(void **state)
{
    (void)state;
    declare(PROCESS_KILLED);
    DO(start("one", "echo one >>/node/data/order; exec sleep 1000"));
    DO(start("two", "echo two >>/node/data/order; exec sleep 1000"));
    assert_int_equal(agent_place_marked(&place, NULL), 0);
    struct receipt receipt = declare(PROCESS_RUNNING);
    await_lines("/node/data/order", 2);
    assert_int_equal(receipt.ended, 0);
    declare(PROCESS_KILLED); /* it has begun: as any other from now on */
    REFUSED(start("other", "true"), "the node is killed by declaration");
}

static void test_system__restart_repeats_all_in_order(void **state)
{
    (void)state;
    DO(start("one", "for d in /tmp /run /dev/shm /node/data; do echo >$d/left; done;"
                    "echo one >>/node/data/order; exec sleep 1000"));
    await_lines("/node/data/order", 1);
    DO(start("two", "echo two >>/node/data/order; exec sleep 1000"));
    await_lines("/node/data/order", 2);
    DO(start("three", "echo three >>/node/data/order"));
    await_end("three", "'three' exited with status 0");
    DO(node_stop(node, "one", 1000, &err));
    DO(start("one", "ls /tmp /run /dev/shm >/node/data/seen; ls /node/data/left;"
                    "echo one >>/node/data/order; exec sleep 1000"));
    await_lines("/node/data/order", 4);
    assert_non_null(strstr(get("/node/data/seen"), "left")); /* a stop empties nothing */
    declare(PROCESS_KILLED);
    declare(PROCESS_RUNNING);
    await_lines("/node/data/order", 7);
    /* Started at once; what they print comes as it comes, but all three came again. */
    const char *order = get("/node/data/order");
    assert_int_equal(strncmp(order, "one\ntwo\nthree\none\n", 18), 0);
    assert_non_null(strstr(order + 18, "one"));
    assert_non_null(strstr(order + 18, "two"));
    assert_non_null(strstr(order + 18, "three"));
    assert_null(strstr(get("/node/data/seen"), "left")); /* a crash empties /tmp, /run, /dev/shm */
    assert_int_equal(agent_place_await_marked(&place, 2), 2);
}

static void test_system__a_failed_restart_is_told_and_can_be_repeated(void **state)
{
    (void)state;
    DO(node_put(node, "/node/data/server", STR("#!/bin/sh\nexec sleep 1000\n"), 0755, &err));
    const char *argv[] = {"/node/data/server", NULL};
    DO(start("first", "exec sleep 1000"));
    DO(node_start(node, &(struct process_spec){.name = "db", .argv = argv}, &err));
    (void)sh("mv /node/data/server /node/data/away");
    declare(PROCESS_KILLED);
    struct world world = {.version = ++version, .node_count = 1};
    struct receipt receipt;
    REFUSED(node_world(node, &world, &receipt, &err), "cannot start 'db' again: no program");
    DO(node_receipt(node, &receipt, &err));
    assert_int_equal(receipt.version, version - 1);
    (void)sh("mv /node/data/away /node/data/server");
    DO(node_world(node, &world, &receipt, &err));
    assert_int_equal(receipt.version, version);
    assert_int_equal(agent_place_await_marked(&place, 1), 1);
    (void)sh("until [ `cat /proc/[0-9]*/comm | grep -cx sleep` = 2 ]; do sleep 0.001; done");
}

/* -- pause ---------------------------------------------------------------------------------------
 */

static void test_system__pause_stops_all_even_those_that_fork(void **state)
{
    (void)state;
    DO(start("still", "sleep 1000 & setsid sleep 1000 & wait"));
    for (int i = 0; i < 3; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "fork%d", i);
        DO(start(name, "while :; do /bin/echo tick >>/node/data/ticks; done"));
    }
    await_lines("/node/data/ticks", 20);
    for (int round = 0; round < 10; round++) {
        int stopped;
        struct receipt before;
        DO(node_receipt(node, &before, &err));
        struct receipt receipt = declare(PROCESS_PAUSED);
        int there = agent_place_marked(&place, &stopped);
        int ticks = lines_of("/node/data/ticks");
        assert_true(stopped >= there - 3); /* but for a shell that waits in vfork */
        assert_in_range(receipt.paused - before.paused, 6, 9);
        assert_int_equal(receipt.pauses, round + 1);
        clock_sleep_until(clock_now_ns() + 20 * NS_PER_MS);
        assert_int_equal(lines_of("/node/data/ticks"), ticks);
        receipt = declare(PROCESS_RUNNING);
        assert_int_equal(receipt.pauses, round + 1);
        await_lines("/node/data/ticks", ticks + 5);
    }
}

static void test_system__declarations_are_idempotent(void **state)
{
    (void)state;
    DO(start("db", "exec sleep 1000"));
    assert_int_equal(declare(PROCESS_RUNNING).kills, 0);
    assert_int_equal(declare(PROCESS_PAUSED).paused, 1);
    assert_int_equal(declare(PROCESS_PAUSED).paused, 1);
    assert_int_equal(declare(PROCESS_KILLED).killed, 1); /* out of the pause */
    assert_int_equal(declare(PROCESS_KILLED).killed, 1);
    assert_int_equal(declare(PROCESS_PAUSED).paused, 2); /* came back, and stands still */
    int stopped;
    assert_int_equal(agent_place_await_marked(&place, 1), 1);
    (void)agent_place_marked(&place, &stopped);
    assert_int_equal(stopped, 1);
    declare(PROCESS_RUNNING);
    assert_int_equal(agent_place_await_marked(&place, 1), 1); /* not while it executes */
    (void)agent_place_marked(&place, &stopped);
    assert_int_equal(stopped, 0);
    struct world old = {.version = 1, .node_count = 1};
    struct receipt receipt;
    REFUSED(node_world(node, &old, &receipt, &err), "world 1 is older than world 7");
}

/* -- ends of the database alone ------------------------------------------------------------------
 */

static void test_system__a_crash_takes_what_was_started_and_nothing_else(void **state)
{
    (void)state;
    DO(start("db", "touch /tmp/lock; setsid sh -c 'echo up >>/node/data/up; exec sleep 1000' & "
                   "exec sleep 1000"));
    await_lines("/node/data/up", 1);
    assert_int_equal(agent_place_await_marked(&place, 2), 2);
    struct receipt receipt = declare(PROCESS_CRASHED);
    assert_int_equal(receipt.kills, 1);
    assert_int_equal(receipt.killed, 1);
    assert_int_equal(receipt.ended, 0);
    assert_int_equal(agent_place_await_marked(&place, 1), 1); /* its orphan */
    assert_int_equal(declare(PROCESS_CRASHED).kills, 1);
    declare(PROCESS_RUNNING);
    await_lines("/node/data/up", 2);
    assert_int_equal(agent_place_await_marked(&place, 3), 3);
    assert_string_equal(sh("ls /tmp"), "lock\n");
    assert_int_equal(declare(PROCESS_KILLED).killed, 4);
    declare(PROCESS_STOPPED); /* down already: it stays down */
    assert_int_equal(agent_place_await_marked(&place, 0), 0);
}

static void test_system__a_stop_lets_it_end_in_order(void **state)
{
    (void)state;
    DO(start("db", "trap 'echo bye >>/node/data/end; exit 0' TERM; echo up >>/node/data/end; "
                   "while :; do sleep 0.01; done"));
    await_lines("/node/data/end", 1);
    struct receipt receipt = declare(PROCESS_STOPPED);
    assert_int_equal(receipt.killed, 1);
    declare(PROCESS_RUNNING);
    await_lines("/node/data/end", 3);
    assert_string_equal(get("/node/data/end"), "up\nbye\nup\n");
}

static void test_system__a_stop_kills_who_will_not_end(void **state)
{
    (void)state;
    DO(start("db", "trap '' TERM; touch /node/data/up; while :; do sleep 0.01; done"));
    await_file("/node/data/up");
    struct receipt receipt = declare(PROCESS_STOPPED);
    assert_int_equal(receipt.killed, 1);
    assert_int_equal(receipt.ended, 0);
}

/* -- limits --------------------------------------------------------------------------------------
 */

static struct receipt limit(struct limits limits)
{
    struct world world = {.version = ++version, .node_count = 1, .limits = {limits}};
    struct receipt receipt;

    DO(node_world(node, &world, &receipt, &err));
    return receipt;
}

/* Wait until limits have struck so often. */
static struct receipt await_throttles(uint64_t count)
{
    struct receipt receipt;

    for (int64_t until_ns = clock_now_ns() + 20 * NS_PER_SEC; clock_now_ns() < until_ns;) {
        DO(node_receipt(node, &receipt, &err));
        if (receipt.throttles >= count)
            return receipt;
        clock_sleep_until(clock_now_ns() + NS_PER_MS);
    }
    fail_msg("only %d throttles", (int)receipt.throttles);
    return receipt;
}

static void test_system__a_slow_node_stands_still_in_turns(void **state)
{
    (void)state;
    DO(start("db", "while :; do /bin/echo tick; done >>/node/data/ticks"));
    await_lines("/node/data/ticks", 20);
    limit((struct limits){.cpu_percent = 10});
    await_throttles(5);
    declare(PROCESS_PAUSED); /* which lifts the limit */
    int ticks = lines_of("/node/data/ticks");
    clock_sleep_until(clock_now_ns() + 120 * NS_PER_MS);
    assert_int_equal(lines_of("/node/data/ticks"), ticks);
    struct receipt receipt = declare(PROCESS_RUNNING);
    assert_true(receipt.throttles >= 5);
    await_lines("/node/data/ticks", ticks + 20);
}

static void test_system__memory_over_the_limit_costs_the_greatest(void **state)
{
    (void)state;
    DO(start("small", "exec sleep 1000"));
    DO(start("great",
             "mkfifo /tmp/pipe; (head -c 40000000 /dev/zero; exec sleep 1000) >/tmp/pipe & "
             "echo up >>/node/data/lives; exec tail -c 40000000 /tmp/pipe"));
    await_lines("/node/data/lives", 1);
    limit((struct limits){.memory_bytes = 20 << 20});
    struct receipt receipt = await_throttles(1);
    assert_int_equal(receipt.ended, 0);
    char how[NODE_HOW_MAX];
    assert_false(node_process_ended(node, "small", how));
    assert_int_equal(limit((struct limits){0}).ended, 0);
    await_lines("/node/data/lives", 2); /* it was started again */
    assert_false(node_process_ended(node, NULL, how));
}

static void test_system__files_are_limited_and_given_back(void **state)
{
    (void)state;
    DO(start("db", "ulimit -S -n 100; while :; do ulimit -S -n; sleep 0.01; done >>/node/data/n"));
    await_lines("/node/data/n", 1);
    await_last("/node/data/n", "100");
    limit((struct limits){.open_files = 20});
    await_last("/node/data/n", "20");
    limit((struct limits){0});
    await_last("/node/data/n", "100");
}

static void test_system__a_short_life_is_lived_over_and_over(void **state)
{
    (void)state;
    DO(start("db", "echo up >>/node/data/lives; exec sleep 1000"));
    limit((struct limits){.life_ns = 30 * NS_PER_MS});
    await_lines("/node/data/lives", 5);
    struct receipt receipt = limit((struct limits){0});
    assert_true(receipt.throttles >= 4);
    assert_int_equal(receipt.ended, 0);
    assert_int_equal(agent_place_await_marked(&place, 1), 1);
}

static void test_system__who_ends_under_a_fault_is_its_victim(void **state)
{
    (void)state;
    char how[NODE_HOW_MAX];
    DO(start("db",
             "echo up >>/node/data/lives; while [ ! -e /node/data/die ]; do sleep 0.01; done; "
             "rm /node/data/die; exit 3"));
    limit((struct limits){.open_files = 1000});
    (void)sh("touch /node/data/die");
    assert_int_equal(await_throttles(1).ended, 0);
    assert_int_equal(limit((struct limits){0}).ended, 0);
    await_lines("/node/data/lives", 2);
    assert_false(node_process_ended(node, NULL, how));
}

static void test_system__a_host_has_no_limits(void **state)
{
    (void)state;
    struct world world = {.version = 1, .node_count = 1, .limits = {{.cpu_percent = 5}}};
    struct receipt receipt;
    REFUSED(node_world(node, &world, &receipt, &err), "limits need namespaces");
}

/* -- the agent is lost ---------------------------------------------------------------------------
 */

static void test_system__a_dead_agent_is_an_error_not_a_hang(void **state)
{
    (void)state;
    char why[256];
    DO(start("db", "exec sleep 1000"));
    assert_false(node_lost(node, why));
    assert_int_equal(kill(place.pid, SIGKILL), 0);
    struct receipt receipt;
    int64_t begin_ns = clock_now_ns();
    while (node_receipt(node, &receipt, &err) == 0)
        ;
    assert_true(clock_now_ns() - begin_ns < NS_PER_SEC);
    assert_non_null(strstr(err.msg, "no receipt from 'n1': agent of 'n1' has gone: "));
    assert_true(node_lost(node, why));
    node_close(node);
    place.fd = -1;
    (void)agent_place_end(&place);
    assert_int_equal(agent_place_await_marked(&place, 0), 0);
}

static void *call_often(void *context)
{
    struct err mine;
    struct receipt receipt;
    bool *good = context;

    for (int i = 0; i < 200; i++)
        *good &= node_receipt(node, &receipt, &mine) == 0;
    return NULL;
}

static void test_system__many_threads_call_at_once(void **state)
{
    (void)state;
    pthread_t threads[8];
    bool good[8];
    DO(start("db", "exec sleep 1000"));
    for (int i = 0; i < 8; i++) {
        good[i] = true;
        assert_int_equal(pthread_create(&threads[i], NULL, call_often, &good[i]), 0);
    }
    for (int i = 0; i < 10; i++)
        declare(i % 2 ? PROCESS_RUNNING : PROCESS_KILLED);
    for (int i = 0; i < 8; i++) {
        pthread_join(threads[i], NULL);
        assert_true(good[i]);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_system__##name, open_node, close_node)
#define ONE_ID(name)                                                                               \
    {                                                                                              \
        "one id: " #name, test_system__##name, open_with_one_id, close_node, NULL                  \
    }
#define HOST(name)                                                                                 \
    {                                                                                              \
        "host: " #name, test_system__##name, open_host, close_node, NULL                           \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(start_is_confirmed_by_exec),
        TEST(an_exit_is_told_once),
        TEST(stop_ends_for_good),
        TEST(processes_get_nothing_of_the_agent),
        TEST(root_of_the_node_is_not_root_of_the_machine),
        ONE_ID(root_of_the_node_is_not_root_of_the_machine),
        TEST(user_is_switched),
        ONE_ID(user_is_switched),
        TEST(kill_takes_all_descendants),
        ONE_ID(kill_takes_all_descendants),
        HOST(kill_takes_all_descendants),
        TEST(kill_takes_a_fork_bomb),
        HOST(kill_takes_a_fork_bomb),
        TEST(a_killed_node_refuses_to_start),
        TEST(what_is_started_before_its_node_is_begins_with_it),
        TEST(restart_repeats_all_in_order),
        TEST(a_failed_restart_is_told_and_can_be_repeated),
        TEST(pause_stops_all_even_those_that_fork),
        ONE_ID(pause_stops_all_even_those_that_fork),
        HOST(pause_stops_all_even_those_that_fork),
        TEST(a_crash_takes_what_was_started_and_nothing_else),
        TEST(a_stop_lets_it_end_in_order),
        TEST(a_stop_kills_who_will_not_end),
        HOST(a_stop_kills_who_will_not_end),
        TEST(a_slow_node_stands_still_in_turns),
        TEST(memory_over_the_limit_costs_the_greatest),
        ONE_ID(memory_over_the_limit_costs_the_greatest),
        TEST(files_are_limited_and_given_back),
        ONE_ID(files_are_limited_and_given_back),
        TEST(a_short_life_is_lived_over_and_over),
        TEST(who_ends_under_a_fault_is_its_victim),
        HOST(a_host_has_no_limits),
        TEST(declarations_are_idempotent),
        HOST(declarations_are_idempotent),
        cmocka_unit_test_setup(test_system__a_dead_agent_is_an_error_not_a_hang, open_node),
        TEST(many_threads_call_at_once),
    };
    if (agent_place_missing("agent/system"))
        return 0;
    return cmocka_run_group_tests_name("agent/system", tests, NULL, NULL);
}
