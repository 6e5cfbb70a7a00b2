/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "house.h"

#include "../agent/client.h"
#include "../helper.h"
#include "../lab/lab.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

extern const struct transport transport_local;

/* One node's opening, in a thread of its own. */
struct opening {
    pthread_t thread;
    bool started;
    struct place place;
    unsigned needs;
    struct node *node;
    int result;
    struct err err;
};

static void *open_node(void *context)
{
    struct opening *opening = context;
    struct connection connection;

    opening->result = transport_local.connect(&opening->place, &connection, &opening->err);
    connection.needs = opening->needs;
    if (opening->result == 0)
        opening->result = node_open(&opening->node, opening->place.name, opening->place.index,
                                    &connection, &opening->err);
    return NULL;
}

static int open_nodes(struct house *house, const struct test *test, struct err *err)
{
    struct opening openings[NODES_MAX];
    int result = 0;

    for (int i = 0; i < test->node_count; i++) {
        openings[i] = (struct opening){.place = {.name = test->node_names[i],
                                                 .index = i,
                                                 .node_count = test->node_count,
                                                 .lab = house->lab},
                                       /* the lab sees to the network */
                                       .needs = test->needs & ~(unsigned)NEED_SWITCH};
        openings[i].started =
            pthread_create(&openings[i].thread, NULL, open_node, &openings[i]) == 0;
    }
    for (int i = 0; i < test->node_count; i++) {
        if (openings[i].started)
            pthread_join(openings[i].thread, NULL);
        else
            open_node(&openings[i]);
        house->cluster.nodes[i] = openings[i].node;
        if (openings[i].result < 0 && result == 0) {
            *err = openings[i].err;
            result = err_wrap(err, "cannot bring up node '%s'", test->node_names[i]);
        }
    }
    return result;
}

int house_open(struct house *house, const struct test *test, const char *run_dir,
               size_t node_disk_bytes, bool capture, struct err *err)
{
    char helpers[PATH_MAX], packages[PATH_MAX + 16], logs[PATH_MAX], packets[PATH_MAX];
    struct stat found;

    *house = (struct house){.cluster = {.node_count = test->node_count, .test = test}};
    if (helper_dir(helpers, sizeof helpers, err) < 0)
        return -1;
    (void)snprintf(packages, sizeof packages, "%s/packages", helpers);
    (void)snprintf(logs, sizeof logs, "%s/nodes", run_dir);
    (void)snprintf(packets, sizeof packets, "%s/packets", run_dir);
    if (mkdir(logs, 0777) < 0 && errno != EEXIST)
        return err_errno(err, errno, "cannot make the folder '%s'", logs);
    struct lab_options options = {
        .log_dir = logs,
        .data_limit_bytes = node_disk_bytes,
        .capture_dir = capture ? packets : NULL,
        .helper_dir = helpers,
        .needs = test->needs,
        .package_dir = stat(packages, &found) == 0 ? packages : NULL,
    };
    if (lab_open(&house->lab, &options, err) < 0)
        return -1;
    return open_nodes(house, test, err);
}

void house_close(struct house *house)
{
    for (int i = 0; i < house->cluster.node_count; i++) {
        if (house->cluster.nodes[i])
            node_close(house->cluster.nodes[i]);
        house->cluster.nodes[i] = NULL;
    }
    if (house->lab)
        lab_close(house->lab);
    house->lab = NULL;
}

bool house_lost(struct house *house, char why[256])
{
    for (int i = 0; i < house->cluster.node_count; i++) {
        if (node_lost(house->cluster.nodes[i], why))
            return true;
    }
    return false;
}
