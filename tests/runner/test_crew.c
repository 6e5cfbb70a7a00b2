/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of runner/crew.c: what is recorded is what happened, also when clients hang. */
#include "../../harness/base/clock.h"
#include "../../harness/runner/crew.h"
#include "../lib/check.h"

#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern const struct workload workload_register;

enum { WORKERS = 4, NODES = 2 };

/* A target in memory whose first client to be asked may hang until it is released. */
static struct {
    atomic_bool hang;
    atomic_int open_clients;
    enum op_type outcome;
    pthread_mutex_t lock;
    pthread_cond_t released;
    bool release;
} stand;

static int client_open(struct cluster *cluster, int node, struct client **client, struct err *err)
{
    (void)cluster;
    (void)node;
    (void)err;
    *client = malloc(1);
    atomic_fetch_add(&stand.open_clients, 1);
    return *client ? 0 : -1;
}

static void invoke(struct client *client, struct client_op *op)
{
    (void)client;
    if (atomic_exchange(&stand.hang, false)) {
        pthread_mutex_lock(&stand.lock);
        while (!stand.release)
            pthread_cond_wait(&stand.released, &stand.lock);
        pthread_mutex_unlock(&stand.lock);
        op->outcome = OP_OK; /* too late: nobody must record it */
        return;
    }
    op->outcome = stand.outcome;
    op->result = op->f == OP_F_READ ? OP_INT(7) : OP_NIL;
    (void)snprintf(op->error, sizeof op->error, "%s", "made up");
}

static void client_close(struct client *client)
{
    atomic_fetch_sub(&stand.open_clients, 1);
    free(client);
}

static const struct target target = {
    .name = "stand", .client_open = client_open, .invoke = invoke, .client_close = client_close};

static struct test test = {.target = &target,
                           .workload = &workload_register,
                           .node_count = NODES,
                           .node_names = {"n1", "n2"},
                           .concurrency = WORKERS,
                           .op_timeout_ns = 50 * NS_PER_MS,
                           .rate = 2000,
                           .seed = 5};
static struct cluster cluster = {.node_count = NODES, .test = &test};

/* What the record says, gathered line by line. */
struct tally {
    int invoked, ok, fail, info, hung;
    uint64_t final; /* completed in the final phase */
    int highest_process;
};

static struct tally read_record(const char *path)
{
    struct tally tally = {0};
    char line[1024];
    FILE *file = fopen(path, "re");
    bool open[10000] = {false};

    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        json_t *event = json_loads(line, 0, NULL);
        assert_non_null(event);
        const char *type = json_string_value(json_object_get(event, "type"));
        const char *error = json_string_value(json_object_get(event, "error"));
        int process = (int)json_integer_value(json_object_get(event, "process"));
        bool is_invoke = strcmp(type, "invoke") == 0;
        assert_true(open[process] == !is_invoke);
        open[process] = is_invoke;
        tally.invoked += is_invoke;
        tally.ok += strcmp(type, "ok") == 0;
        tally.fail += strcmp(type, "fail") == 0;
        tally.info += strcmp(type, "info") == 0;
        tally.hung += error && strcmp(error, "client did not return") == 0;
        if (process > tally.highest_process)
            tally.highest_process = process;
        json_decref(event);
    }
    (void)fclose(file);
    return tally;
}

/* The load until about `count` operations are done, then the final reads; what was recorded. */
static struct tally run_crew(uint64_t count, bool *clean)
{
    char dir[] = "/tmp/test_crew.XXXXXX", path[64];
    struct crew_counts counts;
    struct record *record;
    struct crew *crew;
    struct err err;

    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "%s/history.jsonl", dir);
    assert_int_equal(
        record_open(&record, path, WORKERS, test.node_names, NODES, clock_now_ns(), &err), 0);
    assert_int_equal(crew_start(&crew, &cluster, record, &err), 0);
    do {
        assert_int_equal(crew_watch(crew, &err), 0);
        clock_sleep_until(clock_now_ns() + NS_PER_MS);
        crew_count(crew, &counts);
    } while (counts.ok + counts.fail + counts.info < count);
    crew_set_phase(crew, CREW_REST);
    while (!crew_idle(crew))
        assert_int_equal(crew_watch(crew, &err), 0);
    crew_count(crew, &counts);
    crew_set_phase(crew, CREW_FINAL);
    while (!crew_idle(crew))
        assert_int_equal(crew_watch(crew, &err), 0);
    uint64_t at_rest = counts.ok + counts.fail + counts.info;
    crew_count(crew, &counts);
    *clean = crew_stop(crew);
    assert_int_equal(record_finish(record, &err), 0);
    struct tally tally = read_record(path);
    tally.final = counts.ok + counts.fail + counts.info - at_rest;
    (void)unlink(path);
    (void)rmdir(dir);
    return tally;
}

static void test_crew__every_invocation_gets_its_completion(void **state)
{
    (void)state;
    bool clean;

    stand.outcome = OP_OK;
    struct tally tally = run_crew(200, &clean);
    assert_true(clean);
    assert_int_equal(tally.ok, tally.invoked);
    assert_int_equal(tally.final, NODES * WORKERS); /* every key from every node, and not before */
    assert_true(tally.invoked >= 200 + NODES * WORKERS);
    assert_true(tally.highest_process < WORKERS);
    assert_int_equal(atomic_load(&stand.open_clients), 0);
}

static void test_crew__unknown_outcomes_retire_their_process(void **state)
{
    (void)state;
    bool clean;

    stand.outcome = OP_INFO;
    struct tally tally = run_crew(100, &clean);
    assert_true(clean);
    assert_int_equal(tally.info, tally.invoked);
    assert_true(tally.highest_process >= tally.invoked - 1 - WORKERS);
    assert_int_equal(atomic_load(&stand.open_clients), 0);
}

static void test_crew__client_that_hangs_is_info_and_its_late_answer_is_dropped(void **state)
{
    (void)state;
    bool clean;

    stand.outcome = OP_OK;
    atomic_store(&stand.hang, true);
    struct tally tally = run_crew(4000, &clean);
    assert_false(clean);
    assert_int_equal(tally.hung, 1);
    assert_int_equal(tally.info, 1);
    assert_int_equal(tally.ok + tally.info, tally.invoked);
    assert_in_range(tally.highest_process, WORKERS, 2 * WORKERS - 1);
    pthread_mutex_lock(&stand.lock);
    stand.release = true;
    pthread_cond_broadcast(&stand.released);
    pthread_mutex_unlock(&stand.lock);
    while (atomic_load(&stand.open_clients)) /* it comes back, and closes what is its own */
        clock_sleep_until(clock_now_ns() + NS_PER_MS);
}

int main(void)
{
    pthread_mutex_init(&stand.lock, NULL);
    pthread_cond_init(&stand.released, NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crew__every_invocation_gets_its_completion),
        cmocka_unit_test(test_crew__unknown_outcomes_retire_their_process),
        cmocka_unit_test(test_crew__client_that_hangs_is_info_and_its_late_answer_is_dropped),
    };
    return cmocka_run_group_tests_name("runner/crew", tests, NULL, NULL);
}
