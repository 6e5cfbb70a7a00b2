/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of the agent as its protocol shows it: the real program, line by line. */
#include "../../harness/agent/wire.h"
#include "../../harness/base/buf.h"
#include "../../harness/base/clock.h"
#include "../../harness/base/rng.h"
#include "../lib/check.h"
#include "../lib/agent_place.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct agent_place node;

static int start(void **state)
{
    (void)state;
    agent_place_start(&node, &(struct agent_place_options){0});
    return 0;
}

/* What a test leaves behind must have gone with its agent. */
static int end(void **state)
{
    (void)state;
    int status = agent_place_end(&node);
    return !(WIFEXITED(status) && WEXITSTATUS(status) == 0 && agent_place_marked(&node, NULL) == 0);
}

static void expect_ok(int64_t id)
{
    json_t *answer = agent_place_hear(&node);
    assert_non_null(answer);
    assert_int_equal(json_integer_value(json_object_get(answer, "id")), id);
    assert_true(json_is_true(json_object_get(answer, "ok")));
    json_decref(answer);
}

/* The next line is an error for `id` (-1: null) and holds the phrase. */
static void expect_error(int64_t id, const char *phrase)
{
    json_t *answer = agent_place_hear(&node);
    assert_non_null(answer);
    const json_t *got = json_object_get(answer, "id");
    const char *error = json_string_value(json_object_get(answer, "error"));
    assert_true(id < 0 ? json_is_null(got) : json_integer_value(got) == id);
    assert_non_null(error);
    assert_null(strchr(error, '\n'));
    if (!strstr(error, phrase))
        fail_msg("'%s' does not hold '%s'", error, phrase);
    json_decref(answer);
}

static void say_hello(void)
{
    agent_place_say(&node, "{\"id\":0,\"verb\":\"hello\",\"protocol\":2}");
    expect_ok(0);
}

static void test_dispatch__hello_comes_first(void **state)
{
    (void)state;
    agent_place_say(&node, "{\"id\":3,\"verb\":\"ping\"}");
    expect_error(3, "before 'hello'");
    say_hello();
    agent_place_say(&node, "{\"id\":4,\"verb\":\"ping\"}");
    expect_ok(4);
}

static void test_dispatch__another_protocol_is_refused(void **state)
{
    (void)state;
    agent_place_say(&node, "{\"id\":1,\"verb\":\"hello\",\"protocol\":3}");
    expect_error(1, "speaks protocol 2, not 3");
    agent_place_say(&node, "{\"id\":2,\"verb\":\"ping\"}");
    expect_error(2, "before 'hello'");
}

static void test_dispatch__requests_in_one_packet_are_all_answered(void **state)
{
    (void)state;
    say_hello();
    agent_place_say(&node, "{\"id\":1,\"verb\":\"ping\"}\n{\"id\":2,\"verb\":\"receipt\"}\n"
                           "{\"id\":3,\"verb\":\"nonsense\"}\n{\"id\":4,\"verb\":\"ping\"}");
    expect_ok(1);
    expect_ok(2);
    expect_error(3, "no verb named 'nonsense'");
    expect_ok(4);
}

static void test_dispatch__a_line_over_the_limit_is_one_error(void **state)
{
    (void)state;
    say_hello();
    char *line = malloc(3 * LINE_MAX_BYTES + 1);
    memset(line, 'x', 3 * LINE_MAX_BYTES);
    line[3 * LINE_MAX_BYTES] = '\0';
    agent_place_say(&node, line);
    free(line);
    expect_error(-1, "a line may have 1048576 bytes");
    agent_place_say(&node, "{\"id\":9,\"verb\":\"ping\"}");
    expect_ok(9);
}

static void test_dispatch__deep_nesting_is_one_error(void **state)
{
    (void)state;
    say_hello();
    char *line = malloc(LINE_MAX_BYTES);
    memset(line, '[', LINE_MAX_BYTES - 1);
    line[LINE_MAX_BYTES - 1] = '\0';
    agent_place_say(&node, line);
    free(line);
    expect_error(-1, "not JSON");
    agent_place_say(&node, "{\"id\":9,\"verb\":\"ping\"}");
    expect_ok(9);
}

/* As large as a value can be in memory for the length of its line: over the budget, and no more. */
static void test_dispatch__json_beyond_the_memory_is_one_error(void **state)
{
    (void)state;
    say_hello();
    struct buf line;
    buf_init(&line, LINE_MAX_BYTES);
    buf_puts(&line, "{\"id\":1,\"verb\":\"ping\",\"x\":[");
    while (line.len < LINE_MAX_BYTES - 16)
        buf_puts(&line, "[],");
    buf_puts(&line, "0]}");
    agent_place_say(&node, line.ptr);
    buf_release(&line);
    json_t *answer = agent_place_hear(&node);
    assert_non_null(json_object_get(answer, "error"));
    json_decref(answer);
    agent_place_say(&node, "{\"id\":9,\"verb\":\"ping\"}");
    expect_ok(9);
}

/* Ten thousand lines of random bytes, each answered by one error; the agent goes on. */
static void test_dispatch__garbage_costs_one_error_a_line(void **state)
{
    (void)state;
    struct rng rng;
    rng_init(&rng, 11, 0);
    say_hello();
    for (int i = 0; i < 10000; i++) {
        char line[65];
        size_t len = 1 + rng_below(&rng, sizeof line - 1);
        for (size_t k = 0; k < len; k++) {
            do
                line[k] =
                    rng_below(&rng, 3) ? (char)rng_next(&rng) : "{}[]\":,0"[rng_below(&rng, 8)];
            while (line[k] == '\n' || line[k] == '\0');
        }
        line[len] = '\0';
        agent_place_say(&node, line);
        expect_error(-1, "");
    }
    agent_place_say(&node, "{\"id\":9,\"verb\":\"ping\"}");
    expect_ok(9);
}

/* A controller that asks and does not listen holds up itself only. */
static void test_dispatch__answers_that_nobody_takes_are_kept(void **state)
{
    (void)state;
    enum { ASKED = 30 };
    say_hello();
    agent_place_say(
        &node, "{\"id\":1,\"verb\":\"run\",\"timeout_ms\":5000,\"argv\":[\"dd\",\"if=/dev/zero\","
               "\"of=/node/data/big\",\"bs=1M\",\"count=1\"]}");
    expect_ok(1);
    for (int i = 0; i < ASKED; i++) {
        char line[96];
        (void)snprintf(line, sizeof line,
                       "{\"id\":%d,\"verb\":\"get\",\"path\":\"/node/data/big\",\"offset\":0}",
                       10 + i);
        agent_place_say(&node, line);
    }
    for (int i = 0; i < ASKED; i++)
        expect_ok(10 + i);
}

static void start_sleepers(void)
{
    char line[300];
    (void)snprintf(line, sizeof line,
                   "{\"id\":5,\"verb\":\"start\",\"name\":\"db\",\"argv\":[\"sh\",\"-c\","
                   "\"setsid sleep 1000 & sleep 1000 & wait\"],\"env\":[\"MARK=%s\"]}",
                   node.mark);
    say_hello();
    agent_place_say(&node, line);
    expect_ok(5);
    assert_int_equal(agent_place_await_marked(&node, 3), 3);
}

static void test_dispatch__end_of_input_stops_everything(void **state)
{
    (void)state;
    start_sleepers();
    int status = agent_place_end(&node);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_int_equal(agent_place_marked(&node, NULL), 0);
}

static void test_dispatch__end_of_input_ends_a_pause(void **state)
{
    (void)state;
    start_sleepers();
    agent_place_say(&node, "{\"id\":6,\"verb\":\"world\",\"version\":1,\"state\":\"paused\"}");
    expect_ok(6);
    int status = agent_place_end(&node);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_int_equal(agent_place_marked(&node, NULL), 0);
}

static void test_dispatch__bye_is_answered_when_nothing_is_left(void **state)
{
    (void)state;
    start_sleepers();
    agent_place_say(&node, "{\"id\":6,\"verb\":\"bye\"}");
    expect_ok(6);
    assert_int_equal(agent_place_marked(&node, NULL), 0);
    assert_null(agent_place_hear(&node)); /* at once: it closes */
}

static void test_dispatch__an_agent_killed_takes_all_along(void **state)
{
    (void)state;
    start_sleepers();
    assert_int_equal(kill(node.pid, SIGKILL), 0);
    assert_true(WIFSIGNALED(agent_place_end(&node)));
    assert_int_equal(agent_place_await_marked(&node, 0), 0);
}

static void test_dispatch__sigterm_heals_and_stops(void **state)
{
    (void)state;
    start_sleepers();
    assert_int_equal(kill(node.pid, SIGTERM), 0);
    int status = agent_place_end(&node);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_int_equal(agent_place_marked(&node, NULL), 0);
}

/* The connection stays open, but nobody pings: between 5 and 6 seconds later all is over. */
static void test_dispatch__silence_stops_everything(void **state)
{
    (void)state;
    int64_t before_ns = clock_now_ns(); /* the agent heard the last of it after this */
    start_sleepers();
    int64_t begin_ns = clock_now_ns();
    assert_int_equal(waitpid(node.pid, NULL, 0), node.pid);
    int64_t end_ns = clock_now_ns();
    assert_true(end_ns - before_ns >= SILENCE_MAX_MS * NS_PER_MS);
    assert_true(end_ns - begin_ns <= (SILENCE_MAX_MS + 2000) * NS_PER_MS);
    assert_int_equal(agent_place_marked(&node, NULL), 0);
    (void)close(node.fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_dispatch__##name, start, end)
#define TEST_OF_END(name) cmocka_unit_test_setup(test_dispatch__##name, start)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(hello_comes_first),
        TEST(another_protocol_is_refused),
        TEST(requests_in_one_packet_are_all_answered),
        TEST(a_line_over_the_limit_is_one_error),
        TEST(deep_nesting_is_one_error),
        TEST(json_beyond_the_memory_is_one_error),
        TEST(garbage_costs_one_error_a_line),
        TEST(answers_that_nobody_takes_are_kept),
        TEST_OF_END(end_of_input_stops_everything),
        TEST_OF_END(end_of_input_ends_a_pause),
        TEST(bye_is_answered_when_nothing_is_left),
        TEST_OF_END(an_agent_killed_takes_all_along),
        TEST_OF_END(sigterm_heals_and_stops),
        TEST_OF_END(silence_stops_everything),
    };
    if (agent_place_missing("agent/dispatch"))
        return 0;
    return cmocka_run_group_tests_name("agent/dispatch", tests, NULL, NULL);
}
