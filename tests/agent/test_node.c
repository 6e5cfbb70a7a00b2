/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of node.h's commands, files and logs, on the real agent. */
#include "../../harness/agent/client.h"
#include "../../harness/agent/wire.h"
#include "../../harness/base/clock.h"
#include "../../harness/base/rng.h"
#include "../lib/agent_place.h"
#include "../lib/check.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct agent_place place;
static struct node *node;
static struct err err;

static int open_with(const struct agent_place_options *options)
{
    agent_place_start(&place, options);
    struct connection connection = {.fd = place.fd, .address = "198.18.1.1"};
    return node_open(&node, "n1", 0, &connection, &err);
}

static int open_node(void **state)
{
    (void)state;
    return open_with(&(struct agent_place_options){0});
}

static int close_node(void **state)
{
    (void)state;
    node_close(node);
    place.fd = -1;
    return agent_place_end(&place);
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

static int run(const char *script, struct str input, int timeout_ms, int *status,
               struct buf *output, struct buf *errors)
{
    const char *argv[] = {"sh", "-c", script, NULL};
    return node_run(node, argv, input, timeout_ms, status, output, errors, &err);
}

static void test_node__is_what_hello_said(void **state)
{
    (void)state;
    assert_string_equal(node_name(node), "n1");
    assert_int_equal(node_index(node), 0);
    assert_string_equal(node_address(node), "198.18.1.1");
    assert_non_null(strstr(node_abilities(node), "kill pause namespace"));
}

static void test_node__run_gives_output_and_status(void **state)
{
    (void)state;
    struct buf output, errors;
    int status = -1;
    buf_init(&output, 0);
    buf_init(&errors, 0);
    DO(run("cat; echo oops >&2; exit 7", (struct str){"a\0b\xff", 4}, 5000, &status, &output,
           &errors));
    assert_int_equal(status, 7);
    assert_int_equal(output.len, 4);
    assert_memory_equal(output.ptr, "a\0b\xff", 4);
    assert_string_equal(errors.ptr, "oops\n");
    DO(run("kill -9 $$", STR(""), 5000, &status, NULL, NULL));
    assert_int_equal(status, 128 + SIGKILL);
    buf_release(&output);
    buf_release(&errors);
}

static void test_node__run_keeps_64_kib_and_reads_on(void **state)
{
    (void)state;
    struct buf output;
    int status = -1;
    buf_init(&output, 0);
    DO(run("head -c 3000000 /dev/zero; exit 0", STR(""), 5000, &status, &output, NULL));
    assert_int_equal(status, 0);
    assert_int_equal(output.len, 64 << 10);
    buf_release(&output);
}

static void test_node__run_takes_half_a_mebibyte(void **state)
{
    (void)state;
    struct buf output;
    int status = -1;
    char *input = malloc(INPUT_MAX_BYTES + 3);
    memset(input, 'x', INPUT_MAX_BYTES + 3);
    buf_init(&output, 0);
    DO(run("wc -c", (struct str){input, INPUT_MAX_BYTES}, 5000, &status, &output, NULL));
    assert_string_equal(output.ptr, "524288\n");
    REFUSED(run("wc -c", (struct str){input, INPUT_MAX_BYTES + 3}, 5000, &status, NULL, NULL),
            "'stdin' may have 524288 bytes");
    free(input);
    buf_release(&output);
}

static void test_node__run_over_its_time_is_killed(void **state)
{
    (void)state;
    int status;
    int64_t begin_ns = clock_now_ns();
    REFUSED(run("sleep 1000", STR(""), 50, &status, NULL, NULL),
            "cannot run 'sh' on 'n1': 'sh' did not end within 50 ms and was killed");
    assert_int_equal(err.code, ETIMEDOUT);
    assert_true(clock_now_ns() - begin_ns < 3 * NS_PER_SEC);
}

static void test_node__run_does_not_wait_for_what_it_leaves_behind(void **state)
{
    (void)state;
    struct buf output;
    int status = -1;
    buf_init(&output, 0);
    DO(run("sleep 1000 & echo done", STR(""), 5000, &status, &output, NULL));
    assert_string_equal(output.ptr, "done\n");
    buf_release(&output);
}

static void test_node__files_of_any_size_come_back(void **state)
{
    (void)state;
    static const size_t sizes[] = {
        0, 1, CHUNK_MAX_BYTES - 1, CHUNK_MAX_BYTES, CHUNK_MAX_BYTES + 1, 3 * CHUNK_MAX_BYTES + 5};
    struct rng rng;
    rng_init(&rng, 5, 0);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char *bytes = malloc(sizes[i] + 1);
        struct buf back;
        for (size_t k = 0; k < sizes[i]; k++)
            bytes[k] = (char)rng_next(&rng);
        buf_init(&back, 0);
        DO(node_put(node, "/node/conf/deep/er/x", (struct str){bytes, sizes[i]}, 0640, &err));
        for (size_t before = 1; before != back.len;) {
            before = back.len;
            DO(node_get(node, "/node/conf/deep/er/x", (int64_t)back.len, &back, &err));
        }
        assert_int_equal(back.len, sizes[i]);
        assert_memory_equal(back.ptr ? back.ptr : "", bytes, sizes[i]);
        buf_release(&back);
        free(bytes);
    }
    int status;
    DO(run("test `stat -c %a /node/conf/deep/er/x` = 640 && test `ls /node/conf/deep/er` = x",
           STR(""), 5000, &status, NULL, NULL));
    assert_int_equal(status, 0);
}

static void test_node__files_go_where_they_may(void **state)
{
    (void)state;
    static const char *const wrong[] = {"/etc/x",         "x",        "/node",      "/node/",
                                        "/node/../etc/x", "/node//x", "/node/a/..", "/nodes/x"};
    struct buf back;
    int status;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        REFUSED(node_put(node, wrong[i], STR("x"), 0644, &err), "files go under /node");
    DO(run("mkdir /node/data/folder; mkfifo /node/data/pipe", STR(""), 5000, &status, NULL, NULL));
    REFUSED(node_put(node, "/node/data/folder", STR("x"), 0644, &err), "Is a directory");
    buf_init(&back, 0);
    REFUSED(node_get(node, "/node/none", 0, &back, &err), "No such file");
    REFUSED(node_get(node, "/node/data/folder", 0, &back, &err), "not a regular file");
    REFUSED(node_get(node, "/node/data/pipe", 0, &back, &err), "not a regular file");
    buf_release(&back);
}

/* -- logs ----------------------------------------------------------------------------------------
 */

static char log_dir[] = "/tmp/ordeal-test-XXXXXX";

static int open_with_small_logs(void **state)
{
    (void)state;
    memcpy(log_dir, "/tmp/ordeal-test-XXXXXX", sizeof log_dir);
    if (!mkdtemp(log_dir))
        return -1;
    const char *options[] = {"--log-limit", "1048576", NULL};
    return open_with(&(struct agent_place_options){.log_dir = log_dir, .options = options});
}

static void start(const char *name, const char *script)
{
    const char *argv[] = {"sh", "-c", script, NULL};
    DO(node_start(node, &(struct process_spec){.name = name, .argv = argv}, &err));
}

static void await_text(const char *path, const char *text)
{
    int64_t deadline_ns = clock_now_ns() + 10 * NS_PER_SEC;
    for (;;) {
        struct buf content;
        struct stat st;
        char file[64];
        (void)snprintf(file, sizeof file, "%s/%s", log_dir, strrchr(path, '/') + 1);
        int64_t from = stat(file, &st) == 0 && st.st_size > 200000 ? st.st_size - 200000 : 0;
        buf_init(&content, 0);
        DO(node_get(node, path, from, &content, &err));
        bool there = content.ptr && memmem(content.ptr, content.len, text, strlen(text));
        buf_release(&content);
        if (there)
            return;
        assert_true(clock_now_ns() < deadline_ns);
        clock_sleep_until(clock_now_ns() + 20 * NS_PER_MS);
    }
}

/* 12 MB printed into a limit of 1 MiB, by a process that lives on: what is kept is the newest, it
 * says what was dropped, stays readable meanwhile, and is plain text in the end. */
static void test_node__logs_are_bounded_and_keep_the_newest(void **state)
{
    (void)state;
    char file[64], text[4096];
    struct stat st;
    start("quiet", "echo from the quiet one; exec sleep 1000");
    start("loud", "seq 1 1700000; echo the newest; exec sleep 1000");
    await_text("/node/log/loud.log", "the newest");
    (void)snprintf(file, sizeof file, "%s/loud.log", log_dir);
    int64_t deadline_ns = clock_now_ns() + 5 * NS_PER_SEC;
    do {
        clock_sleep_until(clock_now_ns() + 5 * NS_PER_MS);
        assert_int_equal(stat(file, &st), 0);
    } while (st.st_blocks * 512 > 1 << 20 && clock_now_ns() < deadline_ns);
    assert_true(st.st_blocks * 512 <= 1 << 20);
    assert_true(st.st_blocks * 512 >= 1 << 18);
    assert_true(st.st_size > 11 << 20);
    await_text("/node/log/loud.log", "1700000\nthe newest\n");
    await_text("/node/log/quiet.log", "from the quiet one");
    struct node_log logs[8];
    int count = 0, found = 0;
    DO(node_logs(node, logs, 8, &count, &err));
    for (int i = 0; i < count; i++) {
        bool loud = strcmp(logs[i].name, "loud.log") == 0;
        found += loud || strcmp(logs[i].name, "quiet.log") == 0;
        if (loud)
            assert_in_range(logs[i].begins, st.st_size - (1 << 20), st.st_size - (1 << 18));
        assert_true(logs[i].size > 0 && (!loud || logs[i].size == st.st_size));
        assert_true(loud || logs[i].begins == 0);
    }
    assert_int_equal(found, 2);
    node_close(node);
    place.fd = -1;
    assert_int_equal(agent_place_end(&place), 0);

    assert_int_equal(stat(file, &st), 0);
    assert_true(st.st_size <= 1 << 20);
    FILE *log = fopen(file, "re");
    assert_non_null(log);
    assert_non_null(fgets(text, sizeof text, log));
    assert_int_equal(strncmp(text, "ordeal: dropped what was printed before here, ", 46), 0);
    assert_non_null(fgets(text, sizeof text, log)); /* torn */
    long last = 0;
    while (fgets(text, sizeof text, log) && strcmp(text, "the newest\n") != 0) {
        assert_true(last == 0 || strtol(text, NULL, 10) == last + 1);
        last = strtol(text, NULL, 10);
    }
    assert_int_equal(last, 1700000);
    (void)fclose(log);
    (void)unlink(file);
    (void)snprintf(file, sizeof file, "%s/quiet.log", log_dir);
    (void)unlink(file);
    assert_int_equal(rmdir(log_dir), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_node__##name, open_node, close_node)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(is_what_hello_said),
        TEST(run_gives_output_and_status),
        TEST(run_keeps_64_kib_and_reads_on),
        TEST(run_takes_half_a_mebibyte),
        TEST(run_over_its_time_is_killed),
        TEST(run_does_not_wait_for_what_it_leaves_behind),
        TEST(files_of_any_size_come_back),
        TEST(files_go_where_they_may),
        cmocka_unit_test_setup(test_node__logs_are_bounded_and_keep_the_newest,
                               open_with_small_logs),
    };
    if (agent_place_missing("agent/node"))
        return 0;
    return cmocka_run_group_tests_name("agent/node", tests, NULL, NULL);
}
