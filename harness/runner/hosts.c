/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hosts.h"

#include "../agent/wire.h"
#include "../base/log.h"
#include "../nemesis.h"
#include "../remote.h"
#include "log_stream.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { LOOK_MS = 5000 };

#define OWN_PROGRAM "/node/bin/ordeal-node"

int hosts_check(const struct test *test, struct err *err)
{
    if (test->target->in_process)
        return err_set(err, EINVAL, "target '%s' lives in this process: it needs no hosts",
                       test->target->name);
    if (test->needs & NEED_SWITCH)
        return err_set(err, ENOTSUP,
                       "links between hosts can be cut, not shaped: delay, loss, duplicate, "
                       "reorder, corrupt, rate, reset and flap need the lab (run without --hosts)");
    if (test->needs & NEED_DISK)
        return err_set(err, ENOTSUP,
                       "the disks of hosts stay whole: faults of disks need the lab (run without "
                       "--hosts)");
    for (int i = 0; test->host_clock && i < test->plan.fault_count; i++) {
        const struct fault *fault = &test->plan.faults[i];
        if (fault->nemesis->needs & NEED_CLOCK && strcmp(fault->kind, "monotonic") == 0)
            return err_set(err, ENOTSUP,
                           "a host's monotonic clock cannot be changed: name another kind, as in "
                           "--nemesis clock:kind=step, or leave out --host-clock");
    }
    return 0;
}

int hosts_make_folders(const struct test *test, const char *logs, struct err *err)
{
    char path[PATH_MAX];

    for (int i = 0; i < test->node_count; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", logs, test->node_names[i]);
        if (mkdir(path, 0777) < 0 && errno != EEXIST)
            return err_errno(err, errno, "cannot make the folder '%s'", path);
    }
    return 0;
}

void hosts_note(struct hosts *hosts, int index, const struct connection *connection)
{
    memcpy(hosts->addresses[index], connection->address, sizeof hosts->addresses[index]);
    memcpy(hosts->controllers[index], connection->controller, sizeof hosts->controllers[index]);
}

static const char *host_of(const struct cluster *cluster, int index, char text[REMOTE_TEXT_BYTES])
{
    return remote_text(&cluster->test->remotes->all[index], text);
}

/* Nodes have to find each other by the addresses at which they were reached. */
static int check_addresses(const struct hosts *hosts, const struct cluster *cluster,
                           struct err *err)
{
    char one[REMOTE_TEXT_BYTES], other[REMOTE_TEXT_BYTES];

    for (int i = 0; i < cluster->node_count; i++) {
        const char *address = hosts->addresses[i];
        if (cluster->node_count > 1 && strncmp(address, "127.", 4) == 0)
            return err_set(err, EINVAL,
                           "host '%s' was reached at %s, where the other hosts cannot reach it",
                           host_of(cluster, i, one), address);
        for (int k = 0; k < i; k++) {
            if (strcmp(address, hosts->addresses[k]) == 0)
                return err_set(err, EINVAL, "hosts '%s' and '%s' are the same machine (%s)",
                               host_of(cluster, k, one), host_of(cluster, i, other), address);
        }
    }
    return 0;
}

/* Whether the host has the program that is looked for by argv; what it said to `errors`. */
static int try_program(struct node *node, const char *const *argv, struct buf *errors, bool *runs,
                       struct err *err)
{
    int status = 0;

    if (node_run(node, argv, STR(""), LOOK_MS, &status, NULL, errors, err) < 0)
        return -1;
    *runs = status == 0;
    return 0;
}

static int check_packages(const struct cluster *cluster, int i, struct err *err)
{
    const struct target *target = cluster->test->target;
    char host[REMOTE_TEXT_BYTES];
    bool runs;

    for (const struct package *package = target->packages; package && package->name; package++) {
        const char *const argv[] = {"sh", "-c", "command -v \"$0\"", package->binary, NULL};
        if (try_program(cluster->nodes[i], argv, NULL, &runs, err) < 0)
            return -1;
        if (!runs)
            return err_set(err, ENOENT,
                           "host '%s' lacks the program '%s', which target '%s' runs: install the "
                           "Debian package %s there, and stop the service that it starts",
                           host_of(cluster, i, host), package->binary, target->name, package->name);
    }
    return 0;
}

/* A reference system is ours, and was brought; the libraries that it needs were not. */
static int check_own(const struct cluster *cluster, int i, struct err *err)
{
    const struct test *test = cluster->test;
    const char *const argv[] = {OWN_PROGRAM, "--describe", NULL};
    const char *program = test_setting(test, test->target->settings, TARGET_PROGRAM);
    char host[REMOTE_TEXT_BYTES];
    struct buf errors;
    bool runs;

    if (!program || strcmp(program, OWN_PROGRAM) != 0)
        return 0;
    buf_init(&errors, 0);
    int result = try_program(cluster->nodes[i], argv, &errors, &runs, err);
    if (result == 0 && !runs)
        result =
            err_set(err, ENOENT,
                    "host '%s' cannot run ordeal-node (install the Debian packages libuv1 and "
                    "libjansson4 there): %.*s",
                    host_of(cluster, i, host), (int)strcspn(errors.ptr ? errors.ptr : "", "\n"),
                    errors.ptr ? errors.ptr : "");
    buf_release(&errors);
    return result;
}

static bool plan_cuts(const struct plan *plan)
{
    for (int i = 0; i < plan->fault_count; i++) {
        if (plan->faults[i].nemesis->cuts)
            return true;
    }
    return false;
}

/* Whether its agent can cut links, if the plan does. */
static int check_cuts(const struct cluster *cluster, int i, struct err *err)
{
    static const char *const argv[] = {"sh", "-c", "command -v iptables-restore || command -v nft",
                                       NULL};
    char host[REMOTE_TEXT_BYTES];
    bool runs;

    if (!plan_cuts(&cluster->test->plan))
        return 0;
    if (!strstr(node_abilities(cluster->nodes[i]), ABILITY_CUTS))
        return err_set(err, EPERM, "links are cut by packet rules: log in to host '%s' as root",
                       host_of(cluster, i, host));
    if (try_program(cluster->nodes[i], argv, NULL, &runs, err) < 0)
        return -1;
    return runs ? 0
                : err_set(err, ENOENT,
                          "links are cut by packet rules: install iptables or nftables on host "
                          "'%s'",
                          host_of(cluster, i, host));
}

int hosts_open(struct hosts *hosts, struct cluster *cluster, const char *logs, struct err *err)
{
    char host[REMOTE_TEXT_BYTES];

    for (int i = 0; i < cluster->node_count; i++)
        log_info("run", "'%s' is host '%s' at %s, seen from %s", cluster->test->node_names[i],
                 host_of(cluster, i, host), hosts->addresses[i], hosts->controllers[i]);
    if (check_addresses(hosts, cluster, err) < 0 ||
        log_stream_start(&hosts->logs, cluster, logs, err) < 0)
        return -1;
    for (int i = 0; i < cluster->node_count; i++) {
        struct node_peers peers = {hosts->addresses, cluster->node_count, hosts->controllers[i]};
        node_know(cluster->nodes[i], &peers);
        if (check_cuts(cluster, i, err) < 0 || check_packages(cluster, i, err) < 0 ||
            check_own(cluster, i, err) < 0)
            return -1;
    }
    return 0;
}

void hosts_close(struct hosts *hosts)
{
    log_stream_stop(hosts->logs);
    hosts->logs = NULL;
}
