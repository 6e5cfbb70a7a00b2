/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lab.c - the lab as the controller has it: the bridge, the nodes, the rules. */
#include "lab.h"

#include "../base/buf.h"
#include "../base/log.h"
#include "address.h"
#include "capture.h"
#include "cell.h"
#include "identity.h"
#include "lab_internal.h"
#include "launcher.h"
#include "machine.h"
#include "network.h"
#include "root.h"
#include "rules.h"
#include "shortcut.h"
#include "sources.h"
#include "switch.h"
#include "table.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct lab {
    struct lab_options options; /* with strings of its own */
    struct skeleton *skeleton;
    bool ipv6;
    uint32_t stranger; /* see identity.h; 0: the nodes' root is the lab's */
    struct inhabitant {
        bool lives;
        char name[64];
        struct cell cell;
        char address[INET_ADDRSTRLEN];
    } nodes[NODES_MAX];

    struct capture *capture;     /* NULL: not wanted */
    struct lab_switch *switched; /* instead of a bridge with rules; NULL: not needed */
    struct shortcut *shortcut;   /* past the bridge; NULL: there is none */
    pthread_mutex_t lock;        /* for what follows */
    struct rules *rules;         /* NULL if the machine has no packet rules: `no_rules` says why */
    struct err no_rules;
    uint64_t version;
};

/* -- opening and closing ---------------------------------------------------------------------- */

static int copy_options(struct lab *lab, const struct lab_options *options, struct err *err)
{
    const char **strings[] = {&lab->options.log_dir, &lab->options.helper_dir,
                              &lab->options.package_dir, &lab->options.target_dir,
                              &lab->options.capture_dir};

    lab->options = *options;
    for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++) {
        if (*strings[i] && !(*strings[i] = strdup(*strings[i]))) {
            for (; i < sizeof strings / sizeof strings[0]; i++)
                *strings[i] = NULL;
            return err_set(err, ENOMEM, "out of memory");
        }
    }
    return 0;
}

static int check_folders(const struct lab_options *options, struct err *err)
{
    char agent[PATH_MAX];

    if (mkdir(options->log_dir, 0755) < 0 && errno != EEXIST)
        return err_errno(err, errno, "cannot make '%s'", options->log_dir);
    (void)snprintf(agent, sizeof agent, "%s/ordeal-agent", options->helper_dir);
    if (access(agent, X_OK) < 0)
        return err_errno(err, errno, "cannot use '%s' (does `make` build it?)", agent);
    return 0;
}

static int open_switched(struct lab *lab, struct err *err)
{
    if (network_open_switched(&lab->ipv6, err) < 0)
        return -1;
    return switch_open(&lab->switched, lab->ipv6, err);
}

/* Where the kernel has no packet rules the switch cuts; where it cannot either, a machine can still
 * run what needs no cut. */
static int open_network(struct lab *lab, struct err *err)
{
    struct err none;

    if (lab->options.needs & NEED_SWITCH)
        return open_switched(lab, err);
    if (!lab->options.without_rules && table_try(&none) == 0)
        return network_open(&lab->ipv6, err);
    if (open_switched(lab, &none) == 0) {
        log_info("lab", "this kernel has no packet rules for us: the switch cuts instead");
        return 0;
    }
    return network_open(&lab->ipv6, err);
}

static void open_rules(struct lab *lab)
{
    bool can = machine_filter_bridges(lab->ipv6, false) == 0; /* rules.h: only what is cut pays */
    bool at_nodes = lab->options.filter_at_nodes || !can;

    if (rules_open(&lab->rules, lab->ipv6, at_nodes, &lab->no_rules) < 0)
        lab->rules = NULL;
}

/* Capture sees what is on the lab's ends of links, which is not all with a shortcut. */
static void open_shortcut(struct lab *lab)
{
    struct err none;

    if (!lab->options.capture_dir)
        (void)!shortcut_make(&lab->shortcut, &none); /* the bridge will do */
}

int lab_open(struct lab **lab, const struct lab_options *options, struct err *err)
{
    if (!launcher_is_inside())
        return err_set(err, 0, "nodes are made inside of a lab only: call lab_run first");
    struct lab *made = calloc(1, sizeof *made);
    if (!made)
        return err_set(err, ENOMEM, "out of memory");
    (void)pthread_mutex_init(&made->lock, NULL);
    made->stranger = launcher_made_users() ? 0 : identity_stranger();
    if (copy_options(made, options, err) < 0 || check_folders(options, err) < 0 ||
        skeleton_read(&made->skeleton, err) < 0 || open_network(made, err) < 0) {
        lab_close(made);
        return -1;
    }
    if (!made->switched) {
        open_rules(made);
        open_shortcut(made);
    }
    if (options->capture_dir &&
        capture_open(&made->capture, options->capture_dir, options->capture_limit_bytes, err) < 0) {
        lab_close(made);
        return -1;
    }
    *lab = made;
    return 0;
}

void lab_close(struct lab *lab)
{
    for (int i = 0; i < NODES_MAX; i++) {
        if (lab->nodes[i].lives)
            cell_kill(&lab->nodes[i].cell);
    }
    for (int i = 0; i < NODES_MAX; i++) {
        if (!lab->nodes[i].lives)
            continue;
        cell_bury(&lab->nodes[i].cell);
        sources_reclaim(&lab->options, lab->nodes[i].name);
    }
    unsigned long missed = capture_close(lab->capture);
    if (missed > 0)
        log_warning("lab", "%lu packets came too fast to be captured", missed);
    shortcut_free(lab->shortcut);
    rules_close(lab->rules);
    switch_close(lab->switched);
    skeleton_free(lab->skeleton);
    free((void *)lab->options.log_dir);
    free((void *)lab->options.helper_dir);
    free((void *)lab->options.package_dir);
    free((void *)lab->options.target_dir);
    free((void *)lab->options.capture_dir);
    (void)pthread_mutex_destroy(&lab->lock);
    free(lab);
}

/* -- nodes ------------------------------------------------------------------------------------ */

static void add_host(struct buf *hosts, int place, const char *name, bool ipv6)
{
    const struct in_addr v4 = address_v4(place);
    const struct in6_addr v6 = address_v6(place);
    char text[INET6_ADDRSTRLEN];

    buf_printf(hosts, "%s %s\n", inet_ntop(AF_INET, &v4, text, sizeof text), name);
    if (ipv6)
        buf_printf(hosts, "%s %s\n", inet_ntop(AF_INET6, &v6, text, sizeof text), name);
}

/* The text of a node's /etc/hosts: everybody, the others by the names that nodes have. */
static char *write_hosts(const struct lab *lab, int index, int node_count, const char *name)
{
    struct buf hosts;
    char other[16];

    buf_init(&hosts, 0);
    buf_puts(&hosts, "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n");
    add_host(&hosts, CLIENTS, "controller", lab->ipv6);
    for (int i = 0; i < node_count; i++) {
        (void)snprintf(other, sizeof other, "n%d", i + 1);
        add_host(&hosts, i, i == index ? name : other, lab->ipv6);
    }
    return buf_take(&hosts);
}

static bool is_hostname(const char *name)
{
    size_t len = strlen(name);

    return len > 0 && len <= 63 && name[0] != '-' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == len;
}

static int admit(struct lab *lab, int index, int node_count, const char *name, struct err *err)
{
    if (node_count < 1 || node_count > NODES_MAX)
        return err_set(err, EINVAL, "a lab has 1 to %d nodes, not %d", NODES_MAX, node_count);
    if (index < 0 || index >= node_count || lab->nodes[index].lives)
        return err_set(err, EINVAL, "node %d of %d cannot be added", index, node_count);
    if (!is_hostname(name))
        return err_set(err, EINVAL, "'%s' cannot be the name of a node", name);
    return 0;
}

/* What is left to do once it lives. */
static int settle(struct lab *lab, int index, struct err *err)
{
    int network = lab->switched ? switch_network(lab->switched) : -1;
    struct err none;

    if (lab->capture &&
        capture_add(lab->capture, lab->nodes[index].name, network_port(index), network, err) < 0)
        return -1;
    if (lab->switched)
        return switch_add_node(lab->switched, index, err);
    if (network_await(index, err) < 0)
        return -1;
    pthread_mutex_lock(&lab->lock);
    int result =
        lab->rules ? rules_add_node(lab->rules, index, lab->nodes[index].cell.network, err) : 0;
    pthread_mutex_unlock(&lab->lock);
    if (result == 0)
        (void)!shortcut_add(lab->shortcut, index, &none); /* the bridge will do */
    return result;
}

int lab_add_node(struct lab *lab, int index, int node_count, const char *name, int *agent_fd,
                 struct err *err)
{
    if (admit(lab, index, node_count, name, err) < 0)
        return -1;
    struct inhabitant *node = &lab->nodes[index];
    char *hosts = write_hosts(lab, index, node_count, name);
    if (!hosts)
        return err_set(err, ENOMEM, "out of memory");
    const struct cell_order order = {
        .options = &lab->options,
        .skeleton = lab->skeleton,
        .name = name,
        .hosts = hosts,
        .index = index,
        .node_count = node_count,
        .ipv6 = lab->ipv6,
        .switch_network = lab->switched ? switch_network(lab->switched) : -1,
        .stranger = lab->stranger,
    };
    int result = cell_start(&node->cell, &order, agent_fd, err);

    free(hosts);
    if (result < 0)
        return err_wrap(err, "cannot make node '%s'", name);
    const struct in_addr v4 = address_v4(index);
    (void)inet_ntop(AF_INET, &v4, node->address, sizeof node->address);
    (void)snprintf(node->name, sizeof node->name, "%s", name);
    node->lives = true;
    if (settle(lab, index, err) == 0)
        return 0;
    (void)close(*agent_fd);
    *agent_fd = -1;
    cell_kill(&node->cell);
    cell_bury(&node->cell);
    node->lives = false;
    return err_wrap(err, "cannot make node '%s'", name);
}

const char *lab_node_address(const struct lab *lab, int index)
{
    return lab->nodes[index].address;
}

int lab_node_network(const struct lab *lab, int index)
{
    return lab->nodes[index].cell.network;
}

pid_t lab_node_pid(const struct lab *lab, int index)
{
    return lab->nodes[index].cell.pid;
}

bool lab_takes_shortcut(const struct lab *lab, int index)
{
    return shortcut_reaches(lab->shortcut, index);
}

/* -- the world -------------------------------------------------------------------------------- */

static bool cuts_nothing(const struct world *world)
{
    for (int i = 0; i < PLACES_MAX; i++) {
        if (world->cut[i])
            return false;
    }
    return true;
}

/* The shortcut knows no rules: it is shut before they come, and opened when they are gone. */
static int apply_rules(struct lab *lab, const struct world *world, struct err *err)
{
    bool cuts = !cuts_nothing(world);

    if (cuts)
        shortcut_shut(lab->shortcut);
    if (rules_apply(lab->rules, world, err) < 0)
        return -1;
    if (!cuts)
        shortcut_open(lab->shortcut);
    return 0;
}

/* What a bridge cannot do is refused; the plan should have said that it needs the switch. */
static int apply_to_bridge(struct lab *lab, const struct world *world, struct err *err)
{
    if (world->link_count > 0)
        return err_set(err, ENOTSUP, "the lab has no switch that could shape links");
    if (lab->rules)
        return apply_rules(lab, world, err);
    if (cuts_nothing(world))
        return 0;
    return err_set(err, lab->no_rules.code, "cannot cut the network: %s", lab->no_rules.msg);
}

int lab_apply(struct lab *lab, const struct world *world, struct err *err)
{
    pthread_mutex_lock(&lab->lock);
    int result =
        lab->switched ? switch_apply(lab->switched, world, err) : apply_to_bridge(lab, world, err);
    if (result == 0)
        lab->version = world->version;
    pthread_mutex_unlock(&lab->lock);
    return result;
}

int lab_receipt(struct lab *lab, struct receipt *receipt, uint64_t *between, struct err *err)
{
    int result = 0;

    memset(receipt, 0, sizeof *receipt);
    if (between)
        memset(between, 0, sizeof *between * PLACES_MAX * PLACES_MAX);
    pthread_mutex_lock(&lab->lock);
    if (lab->switched)
        switch_read(lab->switched, receipt, between, NULL);
    else if (lab->rules)
        result = rules_read(lab->rules, receipt, between, err);
    receipt->version = lab->version;
    pthread_mutex_unlock(&lab->lock);
    return result;
}

void lab_links(struct lab *lab, struct link_effects links[PLACES_MAX * PLACES_MAX])
{
    struct receipt ignored;

    memset(links, 0, sizeof *links * PLACES_MAX * PLACES_MAX);
    pthread_mutex_lock(&lab->lock);
    if (lab->switched)
        switch_read(lab->switched, &ignored, NULL, links);
    pthread_mutex_unlock(&lab->lock);
}
