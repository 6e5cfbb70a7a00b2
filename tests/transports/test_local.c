/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of harness/transports/local.c, and with it of lab and agent together: five nodes come up,
 * their processes are killed, paused and brought back, and all is over with the lab. */
#include "../../harness/agent/client.h"
#include "../../harness/base/clock.h"
#include "../lib/check.h"
#include "../lib/inlab.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NODES = 5 };

extern const struct transport transport_local;

static struct inlab inlab; /* its folders only: here the agents are real */

/* Inside the lab cmocka's jumps lead nowhere: what does not hold ends the controller. */
#define DEMAND(holds)                                                                              \
    do {                                                                                           \
        if (!(holds)) {                                                                            \
            (void)fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #holds, err.msg);         \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

struct cluster_of_tests {
    struct lab *lab;
    struct node *nodes[NODES];
    uint64_t version;
};

/* One node of several that are made or told something at the same time. */
struct part {
    struct cluster_of_tests *cluster;
    int index;
    const struct world *world;
    struct receipt receipt;
    bool done;
    struct err err;
    pthread_t thread;
};

static void *bring_up(void *context)
{
    static const char *const names[NODES] = {"n1", "n2", "n3", "n4", "n5"};
    struct part *part = context;
    struct connection connection;
    struct place place = {.name = names[part->index],
                          .index = part->index,
                          .node_count = NODES,
                          .lab = part->cluster->lab};

    part->done = transport_local.connect(&place, &connection, &part->err) == 0 &&
                 node_open(&part->cluster->nodes[part->index], place.name, place.index, &connection,
                           &part->err) == 0;
    return NULL;
}

static void *tell(void *context)
{
    struct part *part = context;
    struct node *node = part->cluster->nodes[part->index];

    part->done = node_world(node, part->world, &part->receipt, &part->err) == 0;
    return NULL;
}

static void all_at_once(struct cluster_of_tests *cluster, void *(*act)(void *),
                        const struct world *world, struct part parts[NODES])
{
    struct err err = {0};

    for (int i = 0; i < NODES; i++) {
        parts[i] = (struct part){.cluster = cluster, .index = i, .world = world};
        DEMAND(pthread_create(&parts[i].thread, NULL, act, &parts[i]) == 0);
    }
    for (int i = 0; i < NODES; i++) {
        (void)pthread_join(parts[i].thread, NULL);
        err = parts[i].err;
        DEMAND(parts[i].done);
    }
}

static void declare(struct cluster_of_tests *cluster, enum process_state state,
                    struct part parts[NODES])
{
    struct world world;

    world_clear(&world, NODES);
    world.version = ++cluster->version;
    for (int i = 0; i < NODES; i++)
        world.processes[i] = state;
    all_at_once(cluster, tell, &world, parts);
}

/* The number in a node's file, 0 while there is none. */
static long number_in(struct node *node, const char *path)
{
    struct buf content;
    struct err err;

    buf_init(&content, 0);
    long number = node_get(node, path, 0, &content, &err) == 0 && content.ptr
                      ? strtol(content.ptr, NULL, 10)
                      : 0;
    buf_release(&content);
    return number;
}

static bool rises_above(struct node *node, const char *path, long number)
{
    int64_t deadline_ns = clock_now_ns() + 5 * NS_PER_SEC;

    while (number_in(node, path) <= number && clock_now_ns() < deadline_ns)
        clock_sleep_until(clock_now_ns() + 2 * NS_PER_MS);
    return number_in(node, path) > number;
}

static void open_all(struct cluster_of_tests *cluster, struct part parts[NODES])
{
    struct err err = {0};
    char helpers[4096];
    const char *folder = getenv("B");

    DEMAND(realpath(folder ? folder : "build", helpers));
    struct lab_options options = {.log_dir = inlab.log_dir, .helper_dir = helpers};
    DEMAND(lab_open(&cluster->lab, &options, &err) == 0);
    all_at_once(cluster, bring_up, NULL, parts);
}

static void close_all(struct cluster_of_tests *cluster)
{
    for (int i = 0; i < NODES; i++)
        node_close(cluster->nodes[i]);
    lab_close(cluster->lab);
}

/* Counts in /node/data/beat as long as it runs, with a sleeper beside it that left its parent. */
static const char heart[] = "(setsid sleep 1000 &); n=$(cat beat 2>/dev/null || echo 0);"
                            "while :; do n=$((n+1)); echo $n >new; mv new beat; done";

static int live_through_it(void *context)
{
    static struct part parts[NODES];
    struct cluster_of_tests cluster = {0};
    const char *argv[] = {"sh", "-c", heart, NULL};
    struct process_spec spec = {.name = "heart", .argv = argv};
    struct err err = {0};
    long beat[NODES];

    (void)context;
    open_all(&cluster, parts);
    for (int i = 0; i < NODES; i++) {
        DEMAND(strcmp(node_address(cluster.nodes[i]), lab_node_address(cluster.lab, i)) == 0);
        DEMAND(node_start(cluster.nodes[i], &spec, &err) == 0);
    }
    for (int i = 0; i < NODES; i++)
        DEMAND(rises_above(cluster.nodes[i], "/node/data/beat", 0));

    declare(&cluster, PROCESS_PAUSED, parts);
    for (int i = 0; i < NODES; i++) {
        DEMAND(parts[i].receipt.state == PROCESS_PAUSED && parts[i].receipt.paused >= 2);
        beat[i] = number_in(cluster.nodes[i], "/node/data/beat");
    }
    clock_sleep_until(clock_now_ns() + 20 * NS_PER_MS);
    for (int i = 0; i < NODES; i++)
        DEMAND(number_in(cluster.nodes[i], "/node/data/beat") == beat[i]);

    declare(&cluster, PROCESS_KILLED, parts);
    for (int i = 0; i < NODES; i++)
        DEMAND(parts[i].receipt.state == PROCESS_KILLED && parts[i].receipt.killed >= 2);
    declare(&cluster, PROCESS_RUNNING, parts);
    for (int i = 0; i < NODES; i++) {
        char how[NODE_HOW_MAX];
        DEMAND(rises_above(cluster.nodes[i], "/node/data/beat", beat[i]));
        DEMAND(!node_process_ended(cluster.nodes[i], NULL, how));
        DEMAND(parts[i].receipt.ended == 0);
    }
    close_all(&cluster);
    return 0;
}

/* A user that only the machine knows gets the node's data, whoever runs the lab. */
static int run_as_nobody(void *context)
{
    static struct part parts[NODES];
    struct cluster_of_tests cluster = {0};
    const char *argv[] = {"sh", "-c", "id -un >whoami; exec sleep 1000", NULL};
    struct process_spec spec = {.name = "db", .argv = argv, .user = "nobody"};
    struct err err = {0};
    struct buf content;

    (void)context;
    open_all(&cluster, parts);
    DEMAND(node_start(cluster.nodes[2], &spec, &err) == 0);
    buf_init(&content, 0);
    int64_t deadline_ns = clock_now_ns() + 5 * NS_PER_SEC;
    while (content.len == 0 && clock_now_ns() < deadline_ns) {
        if (node_get(cluster.nodes[2], "/node/data/whoami", 0, &content, &err))
            clock_sleep_until(clock_now_ns() + 2 * NS_PER_MS); /* not there yet */
    }
    DEMAND(str_eq(buf_str(&content), STR("nobody\n")));
    buf_release(&content);
    close_all(&cluster);
    return 0;
}

/* Run the controller in a lab: its exit status. */
static int in_lab(int (*controller)(void *))
{
    struct err err = {0};

    inlab_prepare(&inlab);
    int status = lab_run(controller, NULL, &err);
    inlab_clean(&inlab);
    if (status < 0)
        (void)fprintf(stderr, "%s\n", err.msg);
    return status;
}

static int living_through_it(void *context)
{
    (void)context;
    return in_lab(live_through_it);
}

static int running_as_nobody(void *context)
{
    (void)context;
    return in_lab(run_as_nobody);
}

static void test_local__processes_live_and_die_as_declared(void **state)
{
    (void)state;
    assert_int_equal(living_through_it(NULL), 0);
}

static void test_local__as_an_ordinary_user_too(void **state)
{
    (void)state;
    assert_int_equal(inlab_as_user(living_through_it, NULL), 0);
}

static void test_local__another_user_owns_the_data(void **state)
{
    (void)state;
    assert_int_equal(running_as_nobody(NULL), 0);
    assert_int_equal(inlab_as_user(running_as_nobody, NULL), 0);
}

static void test_local__without_a_lab_there_is_no_node(void **state)
{
    (void)state;
    struct connection connection;
    struct err err;
    struct place place = {.name = "n1", .node_count = 1};
    assert_int_equal(transport_local.connect(&place, &connection, &err), -1);
    assert_non_null(strstr(err.msg, "no lab for local node 'n1'"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_local__processes_live_and_die_as_declared),
        cmocka_unit_test(test_local__as_an_ordinary_user_too),
        cmocka_unit_test(test_local__another_user_owns_the_data),
        cmocka_unit_test(test_local__without_a_lab_there_is_no_node),
    };
    const char *why = inlab_impossible();
    if (why) {
        (void)printf("skip - transports/local: %s\n", why);
        return 0;
    }
    return cmocka_run_group_tests_name("transports/local", tests, NULL, NULL);
}
