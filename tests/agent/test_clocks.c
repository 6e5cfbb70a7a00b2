/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of a node's clocks on the real agent, with real programs: offsets are of hours and
 * tolerances of minutes, so that no machine is too slow for them. */
#include "../../harness/agent/client.h"
#include "../../harness/base/clock.h"
#include "../lib/agent_place.h"
#include "../lib/check.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define HOUR_NS (3600 * NS_PER_SEC)
#define MINUTE_NS (60 * NS_PER_SEC)

static struct agent_place place;
static struct node *node;
static struct err err;
static uint64_t version;

static int open_with(const struct agent_place_options *options, unsigned needs)
{
    agent_place_start(&place, options);
    struct connection connection = {.fd = place.fd, .address = "198.18.1.1", .needs = needs};
    version = 0;
    int failed = node_open(&node, "n1", 0, &connection, &err);
    if (failed)
        print_error("%s\n", err.msg);
    return failed;
}

static int open_node(void **state)
{
    (void)state;
    return open_with(&(struct agent_place_options){0}, NEED_CLOCK);
}

static int open_with_one_id(void **state)
{
    (void)state;
    return open_with(&(struct agent_place_options){.one_id = true}, NEED_CLOCK);
}

static int open_without(void **state)
{
    (void)state;
    return open_with(&(struct agent_place_options){0}, 0);
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

static struct receipt declare_state(const struct clock_fault *fault, enum process_state wanted)
{
    struct world world = {
        .version = ++version, .node_count = 1, .processes = {wanted}, .clocks = {*fault}};
    struct receipt receipt;

    DO(node_world(node, &world, &receipt, &err));
    assert_int_equal(receipt.version, version);
    return receipt;
}

static struct receipt declare(const struct clock_fault *fault)
{
    return declare_state(fault, PROCESS_RUNNING);
}

static const struct clock_fault healthy;
static const struct clock_fault hour_ahead = {.wall_offset_ns = HOUR_NS};
static const struct clock_fault hours_back = {.wall_offset_ns = -3 * HOUR_NS};

/* Output of a command; its status has to be 0. */
static struct buf output_of(const char *const argv[])
{
    struct buf output, errors;
    int status = -1;

    buf_init(&output, 0);
    buf_init(&errors, 0);
    DO(node_run(node, argv, STR(""), 20000, &status, &output, &errors, &err));
    if (status != 0)
        fail_msg("'%s %s' ended with %d: %s", argv[0], argv[1], status,
                 errors.ptr ? errors.ptr : "");
    buf_puts(&output, "");
    buf_release(&errors);
    return output;
}

/* By how much the wall clock that a command prints, in seconds, is ahead of the true one. */
static int64_t ahead_of(const char *const argv[])
{
    struct buf output = output_of(argv);
    int64_t told_ns = (int64_t)(strtod(output.ptr ? output.ptr : "0", NULL) * 1e9);

    buf_release(&output);
    return told_ns - clock_wall_ns();
}

static int64_t sh_ahead(const char *script)
{
    return ahead_of((const char *[]){"sh", "-c", script, NULL});
}

static void assert_near(int64_t got_ns, int64_t wanted_ns)
{
    if (llabs(got_ns - wanted_ns) > 10 * MINUTE_NS)
        fail_msg("%" PRId64 " s instead of %" PRId64 " s", got_ns / NS_PER_SEC,
                 wanted_ns / NS_PER_SEC);
}

/* -- tests ---------------------------------------------------------------------------------------
 */

static void test_clocks__a_step_is_seen_by_dynamic_programs_and_scripts(void **state)
{
    (void)state;
    assert_near(sh_ahead("date +%s"), 0);
    declare(&hour_ahead);
    assert_near(sh_ahead("date +%s"), HOUR_NS);
    declare(&hours_back);
    assert_near(sh_ahead("exec date +%s"), -3 * HOUR_NS);
    declare(&healthy);
    assert_near(sh_ahead("date +%s"), 0);
}

/* Every clock by every way to ask for it, in a program linked either way. */
static void check_all(const char *const argv[], int64_t wall_ns, int64_t monotonic_ns)
{
    struct buf output = output_of(argv);
    struct timespec now;
    int lines = 0;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    for (char *line = output.ptr, *next; line && *line; line = next) {
        char name[32];
        double told;
        next = strchr(line, '\n') + 1;
        assert_int_equal(sscanf(line, "%31s %lf", name, &told), 2);
        bool monotonic = strncmp(name, "monotonic", 9) == 0 || strcmp(name, "boot") == 0;
        int64_t true_ns = monotonic ? now.tv_sec * NS_PER_SEC : clock_wall_ns();
        int64_t ahead_ns = (int64_t)(told * 1e9) - true_ns;
        if (llabs(ahead_ns - (monotonic ? monotonic_ns : wall_ns)) > 10 * MINUTE_NS)
            fail_msg("%s %s: '%s' is %g s ahead", argv[0], argv[1], name, (double)ahead_ns / 1e9);
        lines++;
    }
    assert_int_equal(lines, 12);
    buf_release(&output);
}

static const char *const tellers[] = {"/node/data/dynamic", "/node/data/static"};

/* Put the tests' own programs on the node. */
static void put_tellers(void)
{
    for (int i = 0; i < 2; i++) {
        const char *folder = getenv("B");
        char path[4096];
        struct stat st;
        (void)snprintf(path, sizeof path, "%s/tests/agent/clock_teller/%s",
                       folder ? folder : "build", strrchr(tellers[i], '/') + 1);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st))
            fail_msg("cannot read '%s'", path);
        char *bytes = malloc((size_t)st.st_size);
        assert_int_equal(read(fd, bytes, (size_t)st.st_size), st.st_size);
        DO(node_put(node, tellers[i], (struct str){bytes, (size_t)st.st_size}, 0755, &err));
        free(bytes);
        (void)close(fd);
    }
}

static void test_clocks__every_clock_is_told_however_it_is_asked_for(void **state)
{
    (void)state;
    static const struct clock_fault both = {.wall_offset_ns = -5 * HOUR_NS,
                                            .monotonic_offset_ns = 2 * HOUR_NS};
    put_tellers();
    for (int i = 0; i < 2; i++)
        check_all((const char *[]){tellers[i], "all", NULL}, 0, 0);
    declare(&hour_ahead);
    for (int i = 0; i < 2; i++)
        check_all((const char *[]){tellers[i], "all", NULL}, HOUR_NS, 0);
    declare(&both);
    for (int i = 0; i < 2; i++)
        check_all((const char *[]){tellers[i], "all", NULL}, -5 * HOUR_NS, 2 * HOUR_NS);
    declare(&healthy); /* the monotonic clock may not go back, and does not */
    for (int i = 0; i < 2; i++)
        check_all((const char *[]){tellers[i], "all", NULL}, 0, 2 * HOUR_NS);
}

static void check_hows(void)
{
    static const char *const hows[] = {"exec", "thread", "vfork", "spawn", "fail", "path"};

    put_tellers();
    declare(&hour_ahead);
    for (size_t i = 0; i < sizeof hows / sizeof *hows; i++) {
        for (int k = 0; k < 2; k++)
            check_all((const char *[]){tellers[k], hows[i], "all", NULL}, HOUR_NS, 0);
    }
    for (int k = 0; k < 2; k++)
        check_all((const char *[]){tellers[k], "fail", "vfork", "thread", "spawn", "exec", "path",
                                   "all", NULL},
                  HOUR_NS, 0);
}

static void test_clocks__go_along_however_a_program_is_executed(void **state)
{
    (void)state;
    check_hows();
}

static void test_clocks__need_no_more_than_one_user_id(void **state)
{
    (void)state;
    check_hows();
    const char *argv[] = {"sh", "-c", "test `id -u` != 0 && exec date +%s > /tmp/time", NULL};
    struct process_spec spec = {.name = "stranger", .argv = argv, .cwd = "/tmp", .user = "nobody"};
    DO(node_start(node, &spec, &err));
    assert_near(sh_ahead("until test -s /tmp/time; do sleep 0.02; done; cat /tmp/time"), HOUR_NS);
}

static bool on_path(const char *program)
{
    char script[64];
    int status = 1;

    (void)snprintf(script, sizeof script, "command -v %s", program);
    DO(node_run(node, (const char *[]){"sh", "-c", script, NULL}, STR(""), 10000, &status, NULL,
                NULL, &err));
    return status == 0;
}

/* Whichever of other languages' programs this machine has. */
static void test_clocks__are_those_of_other_languages_too(void **state)
{
    (void)state;
    static const char *const perl[] = {"perl", "-e", "print time(), qq(\n)", NULL};
    static const char *const python[] = {"/usr/bin/python3", "-c",
                                         "import time; print(time.time())", NULL};
    static const char *const bash[] = {"bash", "-c", "echo $EPOCHREALTIME", NULL};
    const char *const *const programs[] = {perl, python, bash};
    declare(&hours_back);
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        if (on_path(programs[i][0]))
            assert_near(ahead_of(programs[i]), -3 * HOUR_NS);
    }
}

/* Start a shell script as a process that can be counted. */
static void start(const char *name, const char *script)
{
    char mark[48];

    (void)snprintf(mark, sizeof mark, "MARK=%s", place.mark);
    const char *argv[] = {"sh", "-c", script, NULL};
    const char *env[] = {mark, NULL};
    struct process_spec spec = {.name = name, .argv = argv, .env = env};
    DO(node_start(node, &spec, &err));
}

static void test_clocks__what_runs_already_follows_at_once(void **state)
{
    (void)state;
    put_tellers();
    start("old", "mkfifo /node/data/ask /node/data/answer; cd /node/data; "
                 "exec ./dynamic answer ask answer");
    const char *ask = "cd /node/data; until test -p answer; do sleep 0.02; done; echo > ask; "
                      "cat answer";
    assert_near(sh_ahead(ask), 0);
    declare(&hour_ahead);
    assert_near(sh_ahead(ask), HOUR_NS);
    declare(&hours_back);
    assert_near(sh_ahead(ask), -3 * HOUR_NS);
    declare(&healthy);
    assert_near(sh_ahead(ask), 0);
}

static void test_clocks__stay_as_declared_over_a_kill_and_a_pause(void **state)
{
    (void)state;
    declare(&hour_ahead);
    start("a", "date +%s >> /node/data/starts; exec sleep 1000");
    const char *last = "until test `wc -l < /node/data/starts` -ge $N; do sleep 0.02; done 2>&-; "
                       "tail -n 1 /node/data/starts";
    char script[256];
    for (int i = 1; i <= 3; i++) {
        (void)snprintf(script, sizeof script, "N=%d; %s", i, last);
        assert_near(sh_ahead(script), HOUR_NS);
        if (i == 3)
            break;
        struct receipt receipt = declare_state(&hour_ahead, PROCESS_KILLED);
        assert_int_equal(receipt.state, PROCESS_KILLED);
        assert_int_equal(agent_place_marked(&place, NULL), 0);
        declare(&hour_ahead);
    }
    declare_state(&hour_ahead, PROCESS_PAUSED);
    declare_state(&hours_back, PROCESS_PAUSED);
    declare(&hours_back);
    assert_near(sh_ahead("date +%s"), -3 * HOUR_NS);
}

/* Processes that execute others without pause are killed and paused in the middle of it. */
static void test_clocks__kills_and_pauses_hit_programs_that_are_being_executed(void **state)
{
    (void)state;
    put_tellers();
    declare(&hour_ahead);
    for (int i = 0; i < 4; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "busy%d", i);
        start(name, "while :; do /node/data/static now > /dev/null; done");
    }
    for (int i = 0; i < 10; i++) {
        declare_state(&hour_ahead, PROCESS_PAUSED); /* fails if one of them goes on */
        declare(&hour_ahead);
        declare_state(&hour_ahead, PROCESS_KILLED);
        assert_int_equal(agent_place_marked(&place, NULL), 0);
        declare(&hour_ahead);
        assert_near(sh_ahead("date +%s"), HOUR_NS);
    }
    struct receipt receipt;
    DO(node_receipt(node, &receipt, &err));
    assert_int_equal(receipt.clock_missed, 0);
}

static void test_clocks__receipts_count_reads_and_waits_under_a_fault(void **state)
{
    (void)state;
    const char *wait[] = {tellers[0], "wait", NULL}, *now[] = {tellers[1], "now", NULL};
    put_tellers();
    struct buf output = output_of(wait);
    buf_release(&output);
    struct receipt before = declare(&hour_ahead), after;
    assert_int_equal(before.clock_waits, 0);
    assert_int_equal(before.clock_reads, 0);
    output = output_of(wait);
    buf_release(&output);
    output = output_of(now);
    buf_release(&output);
    DO(node_receipt(node, &after, &err));
    assert_int_equal(after.clock_waits, 2);
    assert_in_range(after.clock_reads, 2, 100);
    assert_int_equal(after.clock_missed, 0);
    before = declare(&healthy);
    output = output_of(now);
    buf_release(&output);
    DO(node_receipt(node, &after, &err));
    assert_int_equal(after.clock_reads, before.clock_reads);
}

/* What the node has told of its clocks. */
static struct heard {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct clock_sample samples[1000];
    size_t count;
} heard = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void hear(void *context, const struct node *teller, const struct clock_sample *sample)
{
    (void)context;
    assert_ptr_equal(teller, node);
    pthread_mutex_lock(&heard.lock);
    if (heard.count < sizeof heard.samples / sizeof *heard.samples)
        heard.samples[heard.count++] = *sample;
    pthread_cond_signal(&heard.changed);
    pthread_mutex_unlock(&heard.lock);
}

/* Both offsets, as near as the sample itself says that it is. */
static bool is_of(const struct clock_sample *sample, int64_t wall_ns, int64_t monotonic_ns)
{
    int64_t most_ns = sample->error_ns + NS_PER_MS / 10;

    return llabs(sample->wall_offset_ns - wall_ns) <= most_ns &&
           llabs(sample->monotonic_offset_ns - monotonic_ns) <= most_ns;
}

/* Wait for a sample from `*from` on that says so; *from is behind it then. */
static void await_sample(size_t *from, int64_t wall_ns, int64_t monotonic_ns)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 60;
    pthread_mutex_lock(&heard.lock);
    for (bool found = false; !found;) {
        while (*from == heard.count)
            assert_int_equal(pthread_cond_timedwait(&heard.changed, &heard.lock, &until), 0);
        found = is_of(&heard.samples[(*from)++], wall_ns, monotonic_ns);
    }
    pthread_mutex_unlock(&heard.lock);
}

static void test_clocks__what_a_process_is_told_is_told(void **state)
{
    (void)state;
    static const struct clock_fault fast = {.monotonic_offset_ns = HOUR_NS};
    size_t from = 0;

    heard.count = 0;
    node_hear_clock(node, hear, NULL);
    await_sample(&from, 0, 0);
    struct receipt before = declare(&hour_ahead), after;
    await_sample(&from, HOUR_NS, 0);
    declare_state(&hours_back, PROCESS_KILLED); /* clocks go on where nobody is */
    await_sample(&from, -3 * HOUR_NS, 0);
    declare(&fast);
    await_sample(&from, 0, HOUR_NS);
    declare(&healthy);
    await_sample(&from, 0, HOUR_NS); /* it never goes back */
    DO(node_receipt(node, &after, &err));
    assert_int_equal(after.clock_reads, 0); /* nobody of the system has noticed anything */
    assert_int_equal(after.clock_programs, 0);
    assert_int_equal(before.clock_reads, 0);
    for (size_t i = 1; i < from; i++)
        assert_true(heard.samples[i - 1].time_ns <= heard.samples[i].time_ns);
}

/* Four threads look for a monotonic clock that goes back while it is made fast, slow, and still. */
static void test_clocks__monotonic_time_never_goes_back(void **state)
{
    (void)state;
    static const struct clock_fault faults[] = {{.monotonic_rate_ppm = 1000000},
                                                {.monotonic_rate_ppm = -1000000},
                                                {.monotonic_offset_ns = 1000},
                                                {.monotonic_rate_ppm = -500000},
                                                {0}};
    char how[NODE_HOW_MAX];
    int turn = 0;
    put_tellers();
    start("watch", "exec > /node/data/backwards; exec /node/data/dynamic backwards 300");
    while (!node_process_ended(node, "watch", how))
        declare(&faults[turn++ % 5]);
    assert_true(turn > 5);
    struct buf output = output_of((const char *[]){"cat", "/node/data/backwards", NULL});
    assert_string_equal(output.ptr, "0\n");
    buf_release(&output);
}

static void test_clocks__rates_and_stillness_are_told(void **state)
{
    (void)state;
    /* From half an hour on, a thousandfold: 3.6 s are an hour. */
    static const struct clock_fault still = {.wall_offset_ns = HOUR_NS, .wall_rate_ppm = -1000000};
    static const struct clock_fault fast = {.wall_rate_ppm = 1000000000};
    const char *now[] = {tellers[0], "now", NULL};
    put_tellers();
    declare(&still);
    struct buf first = output_of(now), second = output_of(now);
    assert_string_equal(first.ptr, second.ptr);
    buf_release(&first);
    buf_release(&second);
    declare(&healthy);
    int64_t begin_ns = clock_now_ns();
    declare(&fast);
    int64_t ahead_ns = ahead_of((const char *[]){"sh", "-c", "sleep 0.3; date +%s.%N", NULL});
    int64_t most_ns = (clock_now_ns() - begin_ns) * 1000;
    assert_in_range(ahead_ns, 290 * NS_PER_SEC, most_ns);
}

static void test_clocks__without_the_need_nothing_is_there(void **state)
{
    (void)state;
    struct world world = {.version = 1, .node_count = 1, .clocks = {hour_ahead}};
    struct receipt receipt;
    assert_int_equal(node_world(node, &world, &receipt, &err), -1);
    assert_non_null(strstr(err.msg, "was not among the needs of 'hello'"));
    struct buf output = output_of((const char *[]){"grep", "Seccomp:", "/proc/self/status", NULL});
    char *digit = strpbrk(output.ptr, "0123456789");
    assert_true(digit && *digit == '0');
    buf_release(&output);
    assert_near(sh_ahead("date +%s"), 0);
}

/* What a program has inherited from having been given its clocks: nothing but memory. */
static void test_clocks__leave_no_trace_in_a_program(void **state)
{
    (void)state;
    declare(&hour_ahead);
    struct buf output = output_of((const char *[]){
        "sh", "-c",
        "sh -c 'none; exec /none' 2>&-; ls /proc/$$/fd; "
        /* by the shell itself, which blocks signals around a vfork, and may after it for a while */
        "while read -r key value; do case $key in TracerPid:|SigBlk:) echo $key $value; esac; done "
        "</proc/$$/status",
        NULL});
    assert_string_equal(output.ptr, "0\n1\n2\nTracerPid: 0\nSigBlk: 0000000000000000\n");
    buf_release(&output);
}

/* On a machine whose kernel refuses a system call: what `ordeal-agent --try-clocks` says. */
static void expect_said_without(int number, const char *words)
{
    struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {sizeof program / sizeof *program, program};
    char path[4096], said[512] = "";
    int ends[2], status;

    (void)snprintf(path, sizeof path, "%s/ordeal-agent", getenv("B") ? getenv("B") : "build");
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        (void)dup2(ends[1], STDOUT_FILENO);
        (void)setenv("ASAN_OPTIONS", "detect_leaks=0", 1); /* which traces */
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
            prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0)
            (void)execl(path, "ordeal-agent", "--try-clocks", NULL);
        _exit(127);
    }
    (void)close(ends[1]);
    for (size_t len = 0; len < sizeof said - 1;) {
        ssize_t got = read(ends[0], said + len, sizeof said - 1 - len);
        if (got <= 0)
            break;
        len += (size_t)got;
    }
    (void)close(ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1);
    if (!strstr(said, words))
        fail_msg("'%s' does not hold '%s'", said, words);
}

static void test_clocks__what_a_machine_does_not_allow_is_said(void **state)
{
    (void)state;
    expect_said_without(SYS_ptrace, "programs cannot be traced");
    expect_said_without(SYS_seccomp, "system calls cannot be filtered: Operation not permitted");
    expect_said_without(SYS_memfd_create, "cannot make memory for the clocks");
}

int main(void)
{
#define TEST(name, open) cmocka_unit_test_setup_teardown(test_clocks__##name, open, close_node)
    const struct CMUnitTest tests[] = {
        TEST(a_step_is_seen_by_dynamic_programs_and_scripts, open_node),
        TEST(every_clock_is_told_however_it_is_asked_for, open_node),
        TEST(go_along_however_a_program_is_executed, open_node),
        TEST(need_no_more_than_one_user_id, open_with_one_id),
        TEST(are_those_of_other_languages_too, open_node),
        TEST(what_runs_already_follows_at_once, open_node),
        TEST(stay_as_declared_over_a_kill_and_a_pause, open_node),
        TEST(kills_and_pauses_hit_programs_that_are_being_executed, open_node),
        TEST(receipts_count_reads_and_waits_under_a_fault, open_node),
        TEST(monotonic_time_never_goes_back, open_node),
        TEST(rates_and_stillness_are_told, open_node),
        TEST(what_a_process_is_told_is_told, open_node),
        TEST(without_the_need_nothing_is_there, open_without),
        TEST(leave_no_trace_in_a_program, open_node),
        cmocka_unit_test(test_clocks__what_a_machine_does_not_allow_is_said),
    };
    if (agent_place_missing("agent/clocks"))
        return 0;
    return cmocka_run_group_tests_name("agent/clocks", tests, NULL, NULL);
}
