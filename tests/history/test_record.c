/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Tests of history/record.c and its writer: order, watermark, full disks, sudden death. What is
 * written is read back by jansson, which shares nothing with our own reader. */
#include "../../harness/base/clock.h"
#include "../../harness/base/rng.h"
#include "../../harness/history/history.h"
#include "../../harness/history/record.h"
#include "../lib/check.h"

#include <errno.h>
#include <jansson.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const nodes[] = {"n1", "n \"2\""};
static char folder[64];
static char path[128];

static int make_folder(void **state)
{
    (void)state;
    (void)snprintf(folder, sizeof folder, "/tmp/test_record.XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    (void)snprintf(path, sizeof path, "%s/history.jsonl", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(folder);
}

static struct record *open_record(int lanes)
{
    struct record *record;
    struct err err;
    if (record_open(&record, path, lanes, nodes, 2, clock_now_ns(), &err) < 0)
        fail_msg("%s", err.msg);
    return record;
}

static void finish(struct record *record)
{
    struct err err;
    if (record_finish(record, &err) < 0)
        fail_msg("%s", err.msg);
}

/* All lines of the file, each of which must be whole and valid. */
static json_t *read_lines(void)
{
    json_t *lines = json_array();
    char *line = NULL;
    size_t capacity = 0;
    FILE *file = fopen(path, "r");

    assert_non_null(file);
    for (ssize_t len; (len = getline(&line, &capacity, file)) > 0;) {
        json_error_t error;
        json_t *object = json_loadb(line, (size_t)len, JSON_REJECT_DUPLICATES, &error);
        if (!object || line[len - 1] != '\n')
            fail_msg("line %zu: %s: %s", json_array_size(lines) + 1, error.text, line);
        assert_int_equal(json_array_append_new(lines, object), 0);
    }
    free(line);
    (void)fclose(file);
    return lines;
}

static int64_t get_int(const json_t *line, const char *key)
{
    json_t *value = json_object_get(line, key);
    if (!json_is_integer(value))
        fail_msg("no integer '%s'", key);
    return json_integer_value(value);
}

static const char *get_str(const json_t *line, const char *key)
{
    const char *text = json_string_value(json_object_get(line, key));
    return text ? text : "";
}

/* Index counts lines; time never goes back, and at equal times invocations come first. */
static void check_order(const json_t *lines)
{
    int64_t last_ns = -1;
    bool last_late = false;
    size_t i;
    json_t *line;

    json_array_foreach(lines, i, line)
    {
        int64_t time_ns = get_int(line, "time");
        bool late = strcmp(get_str(line, "type"), "invoke") != 0;
        assert_int_equal(get_int(line, "index"), i);
        assert_true(time_ns >= last_ns);
        assert_true(time_ns > last_ns || late || !last_late);
        last_ns = time_ns;
        last_late = late;
    }
}

static void wait_until_written(const struct record *record, uint64_t count)
{
    int64_t deadline_ns = clock_now_ns() + 20 * NS_PER_SEC;
    while (record_written(record) < count) {
        assert_true(clock_now_ns() < deadline_ns);
        clock_sleep_until(clock_now_ns() + NS_PER_MS);
    }
}

static bool append(struct record *record, int lane, uint8_t type, int64_t value)
{
    struct record_event event = {.time_ns = record_time(record, lane),
                                 .key = RECORD_NO_KEY,
                                 .value = OP_INT(value),
                                 .process = lane,
                                 .type = type,
                                 .f = OP_F_WRITE};
    return record_op(record, lane, &event);
}

static void test_record__every_kind_of_value_is_written_as_said(void **state)
{
    (void)state;
    struct record *record = open_record(1);
    struct record_event event = {.process = 7, .type = OP_FAIL, .f = OP_F_CAS, .node = 1};

    event.time_ns = record_time(record, 0);
    event.key = -5;
    event.value = OP_PAIR(INT64_MIN, INT64_MAX);
    event.error = STR("no \"luck\"\n\xff");
    assert_true(record_op(record, 0, &event));
    event = (struct record_event){.process = INT32_MAX, .f = OP_F_TXN, .node = 200};
    event.time_ns = record_time(record, 0);
    event.key = RECORD_NO_KEY;
    event.value = (struct op_value){.kind = OP_VALUE_JSON, .json = STR("[[\"r\",\n1,null]]")};
    assert_true(record_op(record, 0, &event));
    record_close_lane(record, 0);
    finish(record);

    json_t *lines = read_lines();
    assert_int_equal(json_array_size(lines), 2);
    check_order(lines);
    char *first = json_dumps(json_array_get(lines, 0), JSON_COMPACT | JSON_PRESERVE_ORDER);
    char *second = json_dumps(json_array_get(lines, 1), JSON_COMPACT | JSON_PRESERVE_ORDER);
    assert_non_null(strstr(first, "\"type\":\"fail\",\"process\":7,\"f\":\"cas\",\"key\":-5,"
                                  "\"value\":[-9223372036854775808,9223372036854775807],"
                                  "\"node\":\"n \\\"2\\\"\","
                                  "\"error\":\"no \\\"luck\\\"\\n\xef\xbf\xbd\"}"));
    assert_non_null(strstr(second, "\"type\":\"invoke\",\"process\":2147483647,\"f\":\"txn\","
                                   "\"value\":[[\"r\",1,null]]}"));
    free(first);
    free(second);
    json_decref(lines);
}

static void test_record__events_of_the_harness_stand_between_operations(void **state)
{
    (void)state;
    struct record *record = open_record(1);
    struct event begin = {.fault = 3, .edge = EVENT_BEGIN, .f = "kill", .value = "[\"n1\"]"};
    struct event phase = {
        .fault = -1, .edge = EVENT_POINT, .f = "phase", .value = "\"load\"", .extra = "{}"};
    struct event ended = {.fault = 3,
                          .edge = EVENT_ENDED,
                          .f = "kill",
                          .value = NULL,
                          .extra = "{\"affected\":1,\n\"receipt\":{\"kills\":1}}"};

    int64_t phase_ns = record_event_add(record, &phase);
    assert_true(append(record, 0, OP_INVOKE, 1));
    int64_t begin_ns = record_event_add(record, &begin);
    assert_true(append(record, 0, OP_OK, 1));
    record_close_lane(record, 0);
    int64_t ended_ns = record_event_add(record, &ended);
    finish(record);

    json_t *lines = read_lines();
    check_order(lines);
    assert_int_equal(json_array_size(lines), 5);
    assert_int_equal(get_int(json_array_get(lines, 0), "time"), phase_ns);
    assert_int_equal(get_int(json_array_get(lines, 2), "time"), begin_ns);
    assert_int_equal(get_int(json_array_get(lines, 4), "time"), ended_ns);
    char *text = json_dumps(json_array_get(lines, 2), JSON_COMPACT | JSON_PRESERVE_ORDER);
    assert_non_null(strstr(text,
                           "\"type\":\"info\",\"process\":\"nemesis\",\"f\":\"kill\",\"fault\":3,"
                           "\"edge\":\"begin\",\"value\":[\"n1\"]}"));
    free(text);
    text = json_dumps(json_array_get(lines, 4), JSON_COMPACT | JSON_PRESERVE_ORDER);
    assert_non_null(strstr(text, "\"edge\":\"ended\",\"value\":null,\"affected\":1,"
                                 "\"receipt\":{\"kills\":1}}"));
    free(text);
    text = json_dumps(json_array_get(lines, 0), JSON_COMPACT | JSON_PRESERVE_ORDER);
    assert_non_null(strstr(text, "\"f\":\"phase\",\"value\":\"load\"}"));
    free(text);
    json_decref(lines);
}

/* Lane 0 has taken a time and not yet appended: nothing later may be published. */
static void test_record__an_open_time_holds_back_what_is_later(void **state)
{
    (void)state;
    struct record *record = open_record(2);
    struct event note = {.fault = -1, .f = "phase", .value = "\"load\""};

    assert_true(record_event_add(record, &note) >= 0);
    struct record_event early = {.time_ns = record_time(record, 0), .key = RECORD_NO_KEY};
    assert_true(append(record, 1, OP_INVOKE, 11));
    record_idle(record, 1);
    wait_until_written(record, 1);
    clock_sleep_until(clock_now_ns() + 60 * NS_PER_MS);
    assert_int_equal(record_written(record), 1);

    assert_true(record_op(record, 0, &early));
    record_idle(record, 0);
    wait_until_written(record, 3);
    assert_true(append(record, 1, OP_OK, 11)); /* an idle lane 0 holds back nothing */
    record_idle(record, 1);
    wait_until_written(record, 4);
    record_close_lane(record, 0);
    record_close_lane(record, 1);
    finish(record);

    json_t *lines = read_lines();
    check_order(lines);
    assert_int_equal(get_int(json_array_get(lines, 1), "process"), 0);
    assert_int_equal(get_int(json_array_get(lines, 2), "process"), 1);
    json_decref(lines);
}

enum { THREADS = 6, PER_THREAD = 5000 };

struct worker {
    pthread_t thread;
    struct record *record;
    int lane;
    bool failed;
};

static void *work(void *arg)
{
    struct worker *worker = arg;
    struct rng rng;

    rng_init(&rng, 1, (uint64_t)worker->lane);
    for (int i = 0; i < PER_THREAD && !worker->failed; i++) {
        worker->failed = !append(worker->record, worker->lane, OP_INVOKE, i);
        if (rng_below(&rng, 4))
            record_idle(worker->record, worker->lane);
        if (rng_below(&rng, 500) == 0)
            clock_sleep_until(clock_now_ns() + (int64_t)rng_below(&rng, 100000));
        worker->failed |= !append(worker->record, worker->lane, OP_OK, i);
        if (rng_below(&rng, 2))
            record_idle(worker->record, worker->lane);
    }
    record_close_lane(worker->record, worker->lane);
    return NULL;
}

static void test_record__many_lanes_make_one_file_in_the_order_of_time(void **state)
{
    (void)state;
    struct record *record = open_record(THREADS);
    struct worker workers[THREADS];
    int64_t next[THREADS] = {0};
    size_t i, notes = 0;
    json_t *line;

    for (int w = 0; w < THREADS; w++) {
        workers[w] = (struct worker){.record = record, .lane = w};
        assert_int_equal(pthread_create(&workers[w].thread, NULL, work, &workers[w]), 0);
    }
    for (int n = 0; n < 50; n++) {
        struct event note = {.fault = n, .edge = EVENT_BEGIN, .f = "pause", .value = "[\"n1\"]"};
        assert_true(record_event_add(record, &note) >= 0);
        clock_sleep_until(clock_now_ns() + NS_PER_MS / 4);
    }
    for (int w = 0; w < THREADS; w++) {
        (void)pthread_join(workers[w].thread, NULL);
        assert_false(workers[w].failed);
    }
    finish(record);

    json_t *lines = read_lines();
    check_order(lines);
    assert_int_equal(json_array_size(lines), 2 * THREADS * PER_THREAD + 50);
    json_array_foreach(lines, i, line)
    {
        if (json_is_string(json_object_get(line, "process"))) {
            notes++;
            continue;
        }
        int64_t process = get_int(line, "process");
        assert_int_equal(get_int(line, "value"), next[process] / 2);
        assert_string_equal(get_str(line, "type"), next[process] % 2 ? "ok" : "invoke");
        next[process]++;
    }
    assert_int_equal(notes, 50);
    json_decref(lines);
}

/* Append until the record fails; the number of events that it took. */
static int64_t append_until_failure(struct record *record)
{
    int64_t count = 0;
    while (count < 1000000 && append(record, 0, count % 2 ? OP_OK : OP_INVOKE, count / 2))
        count++;
    return count;
}

/* The record fails, says why, and what is on disk are whole lines. */
static void fill_up(const char *why)
{
    struct record *record = open_record(1);
    struct err err = {0};

    int64_t taken = append_until_failure(record);
    assert_true(taken < 1000000);
    uint64_t written = record_written(record);
    struct event note = {.fault = -1, .f = "phase", .value = "\"end\""};
    assert_int_equal(record_event_add(record, &note), -1);
    record_close_lane(record, 0);
    assert_int_equal(record_finish(record, &err), -1);
    if (!strstr(err.msg, why) || !strstr(err.msg, "history.jsonl"))
        fail_msg("said: %s", err.msg);
    json_t *lines = read_lines();
    check_order(lines);
    assert_true(json_array_size(lines) > 100);
    assert_int_equal(json_array_size(lines), written);
    assert_true((int64_t)written <= taken);
    json_decref(lines);
}

static void test_record__a_file_too_large_ends_the_record_at_a_whole_line(void **state)
{
    (void)state;
    struct rlimit before, small;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = (struct rlimit){.rlim_cur = 100001, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    fill_up("File too large");
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
}

enum { CHILD_PASSED = 0, CHILD_CANNOT = 77 };

/* In namespaces of its own: a disk of 200 KiB on the test's folder. */
static int fill_a_disk(void)
{
    int flags = CLONE_NEWNS | (geteuid() == 0 ? 0 : CLONE_NEWUSER);
    if (unshare(flags) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("tmpfs", folder, "tmpfs", 0, "size=200k") < 0)
        return CHILD_CANNOT;
    fill_up("No space left on device");
    return CHILD_PASSED;
}

static void test_record__a_full_disk_ends_the_record_at_a_whole_line(void **state)
{
    (void)state;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0)
        _exit(fill_a_disk());
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == CHILD_CANNOT)
        skip();
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), CHILD_PASSED);
}

/* What the workers of a doomed process have done, told to the one who survives. */
enum { DOOMED_LANES = 3, TOLD = 1 << 17 };

struct told {
    _Atomic uint32_t count;
    int64_t times_ns[TOLD];
};

static struct told *told; /* [DOOMED_LANES], shared */

static void *doomed(void *arg)
{
    struct worker *worker = arg;
    struct told *mine = &told[worker->lane];

    for (uint32_t i = 0; i < TOLD; i++) {
        struct record_event event = {.key = RECORD_NO_KEY,
                                     .value = OP_INT(i / 2),
                                     .process = worker->lane,
                                     .type = i % 2 ? OP_OK : OP_INVOKE};
        event.time_ns = record_time(worker->record, worker->lane);
        mine->times_ns[i] = event.time_ns;
        atomic_store(&mine->count, i + 1);
        if (!record_op(worker->record, worker->lane, &event))
            abort();
        record_idle(worker->record, worker->lane);
        if (i % 64 == 0)
            (void)sched_yield();
    }
    (void)pause();
    return NULL;
}

static void die_recording(void)
{
    struct worker workers[DOOMED_LANES];
    struct record *record = open_record(DOOMED_LANES);

    for (int w = 0; w < DOOMED_LANES; w++) {
        workers[w] = (struct worker){.record = record, .lane = w};
        if (pthread_create(&workers[w].thread, NULL, doomed, &workers[w]) != 0)
            abort();
    }
    for (;;)
        (void)pause();
}

/* The lines of each lane, without a torn last one, and the time of the last of all. */
static int64_t count_lines(uint32_t counts[DOOMED_LANES])
{
    FILE *file = fopen(path, "r");
    char line[512];
    int64_t last_ns = -1;

    assert_non_null(file);
    while (fgets(line, sizeof line, file) && strchr(line, '\n')) {
        json_t *object = json_loads(line, 0, NULL);
        assert_non_null(object);
        int64_t process = get_int(object, "process");
        assert_int_equal(get_int(object, "value"), counts[process] / 2);
        counts[process]++;
        last_ns = get_int(object, "time");
        json_decref(object);
    }
    (void)fclose(file);
    return last_ns;
}

static void test_record__a_killed_writer_leaves_a_prefix_in_time(void **state)
{
    (void)state;
    size_t with_lines = 0;

    told = mmap(NULL, DOOMED_LANES * sizeof *told, PROT_READ | PROT_WRITE,
                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(told != MAP_FAILED);
    for (int round = 0; round < 20; round++) {
        uint32_t counts[DOOMED_LANES] = {0};
        for (int w = 0; w < DOOMED_LANES; w++)
            atomic_store(&told[w].count, 0);
        (void)unlink(path);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            die_recording();
        while (atomic_load(&told[0].count) < (uint32_t)(round + 1) * 500)
            clock_sleep_until(clock_now_ns() + NS_PER_MS / 10);
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, NULL, 0), child);

        int64_t last_ns = count_lines(counts);
        with_lines += last_ns >= 0;
        for (int w = 0; w < DOOMED_LANES; w++) {
            uint32_t early = 0;
            while (early < atomic_load(&told[w].count) && told[w].times_ns[early] < last_ns)
                early++;
            assert_true(counts[w] >= early); /* nothing earlier is missing */
        }
    }
    assert_true(with_lines >= 10);
    (void)munmap(told, DOOMED_LANES * sizeof *told);
}

static void test_record__an_event_without_a_time_is_refused(void **state)
{
    (void)state;
    struct record *record = open_record(2);
    struct record_event event = {.time_ns = 5, .key = RECORD_NO_KEY};
    struct err err;

    assert_false(record_op(record, 0, &event));
    assert_false(append(record, 1, OP_INVOKE, 1)); /* the record has failed for all */
    assert_int_equal(record_finish(record, &err), -1);
    assert_non_null(strstr(err.msg, "without a time of its own"));
}

static void test_record__an_existing_file_is_not_overwritten(void **state)
{
    (void)state;
    struct record *record = open_record(1), *second;
    struct err err;

    record_close_lane(record, 0);
    assert_int_equal(record_open(&second, path, 1, nodes, 2, 0, &err), -1);
    assert_int_equal(err.code, EEXIST);
    finish(record);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_record__every_kind_of_value_is_written_as_said),
        TEST(test_record__events_of_the_harness_stand_between_operations),
        TEST(test_record__an_open_time_holds_back_what_is_later),
        TEST(test_record__many_lanes_make_one_file_in_the_order_of_time),
        TEST(test_record__a_file_too_large_ends_the_record_at_a_whole_line),
        TEST(test_record__a_full_disk_ends_the_record_at_a_whole_line),
        TEST(test_record__a_killed_writer_leaves_a_prefix_in_time),
        TEST(test_record__an_event_without_a_time_is_refused),
        TEST(test_record__an_existing_file_is_not_overwritten),
    };
    return cmocka_run_group_tests_name("history/record", tests, NULL, NULL);
}
