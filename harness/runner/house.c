/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "house.h"

#include "../agent/client.h"
#include "../base/clock.h"
#include "../helper.h"
#include "../lab/lab.h"
#include "../remote.h"
#include "hosts.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern const struct transport transport_local, transport_ssh;

enum { CARRIER_END_MS = 5000 };

/* One node's opening, in a thread of its own. */
struct opening {
    pthread_t thread;
    bool started;
    struct place place;
    const struct transport *transport;
    unsigned needs;
    struct connection connection;
    char log_dir[PATH_MAX];
    struct node *node;
    int result;
    struct err err;
};

static void *open_node(void *context)
{
    struct opening *opening = context;
    struct connection *connection = &opening->connection;

    opening->result = opening->transport->connect(&opening->place, connection, &opening->err);
    connection->needs = opening->needs;
    if (opening->result == 0)
        opening->result = node_open(&opening->node, opening->place.name, opening->place.index,
                                    connection, &opening->err);
    return NULL;
}

static int open_nodes(struct house *house, const struct test *test, const char *logs,
                      struct err *err)
{
    static struct opening openings[NODES_MAX];
    int result = 0;

    for (int i = 0; i < test->node_count; i++) {
        openings[i] = (struct opening){.place = {.name = test->node_names[i],
                                                 .index = i,
                                                 .node_count = test->node_count,
                                                 .lab = house->lab},
                                       .transport = &transport_local,
                                       /* the lab sees to the network */
                                       .needs = test->needs & ~(unsigned)NEED_SWITCH};
        if (test->remotes) {
            openings[i].transport = &transport_ssh;
            openings[i].place.remote = &test->remotes->all[i];
            openings[i].place.ssh = test->ssh;
            openings[i].place.host_clock = test->host_clock;
        }
        openings[i].place.log_dir = openings[i].log_dir;
        (void)snprintf(openings[i].log_dir, sizeof openings[i].log_dir, "%s/%s", logs,
                       test->node_names[i]);
        openings[i].started =
            pthread_create(&openings[i].thread, NULL, open_node, &openings[i]) == 0;
    }
    for (int i = 0; i < test->node_count; i++) {
        if (openings[i].started)
            pthread_join(openings[i].thread, NULL);
        else
            open_node(&openings[i]);
        house->cluster.nodes[i] = openings[i].node;
        house->carriers[i] = openings[i].connection.carrier;
        if (test->remotes)
            hosts_note(&house->hosts, i, &openings[i].connection);
        if (openings[i].result < 0 && result == 0) {
            *err = openings[i].err;
            result = err_wrap(err, "cannot bring up node '%s'", test->node_names[i]);
        }
    }
    return result;
}

static int open_lab(struct house *house, const struct test *test, const char *logs,
                    const char *packets, size_t node_disk_bytes, struct err *err)
{
    char helpers[PATH_MAX], packages[PATH_MAX + 16];
    struct stat found;

    if (helper_dir(helpers, sizeof helpers, err) < 0)
        return -1;
    (void)snprintf(packages, sizeof packages, "%s/packages", helpers);
    struct lab_options options = {
        .log_dir = logs,
        .data_limit_bytes = node_disk_bytes,
        .capture_dir = packets,
        .helper_dir = helpers,
        .needs = test->needs,
        .package_dir = stat(packages, &found) == 0 ? packages : NULL,
    };
    return lab_open(&house->lab, &options, err);
}

int house_open(struct house *house, const struct test *test, const char *run_dir,
               size_t node_disk_bytes, bool capture, struct err *err)
{
    char logs[PATH_MAX], packets[PATH_MAX];

    *house = (struct house){.cluster = {.node_count = test->node_count, .test = test}};
    (void)snprintf(logs, sizeof logs, "%s/nodes", run_dir);
    (void)snprintf(packets, sizeof packets, "%s/packets", run_dir);
    if (mkdir(logs, 0777) < 0 && errno != EEXIST)
        return err_errno(err, errno, "cannot make the folder '%s'", logs);
    if (test->remotes)
        return hosts_make_folders(test, logs, err) < 0 || open_nodes(house, test, logs, err) < 0
                   ? -1
                   : hosts_open(&house->hosts, &house->cluster, logs, err);
    if (open_lab(house, test, logs, capture ? packets : NULL, node_disk_bytes, err) < 0)
        return -1;
    return open_nodes(house, test, logs, err);
}

/* It ends with its connection. */
static void end_carrier(pid_t carrier)
{
    int64_t deadline_ns = clock_now_ns() + CARRIER_END_MS * NS_PER_MS;

    while (carrier > 0 && waitpid(carrier, NULL, WNOHANG) == 0) {
        if (clock_now_ns() > deadline_ns)
            (void)kill(carrier, SIGKILL);
        clock_sleep_until(clock_now_ns() + 5 * NS_PER_MS);
    }
}

void house_close(struct house *house)
{
    hosts_close(&house->hosts);
    for (int i = 0; i < house->cluster.node_count; i++) {
        if (house->cluster.nodes[i])
            node_close(house->cluster.nodes[i]);
        house->cluster.nodes[i] = NULL;
        end_carrier(house->carriers[i]);
        house->carriers[i] = 0;
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
