/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules.h"

#include "machine.h"
#include "table.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A site is a network namespace with rules: the lab's (CLIENTS), or a node's. */
struct rules {
    bool at_nodes;
    bool filters;               /* the bridge shows its packets to the rules */
    int families;               /* 1: IPv4 only */
    int networks[PLACES_MAX];   /* of the nodes' sites; -1 where there is none */
    node_set cut[PLACES_MAX];   /* in force, as in struct world */
    node_set known[PLACES_MAX]; /* pairs that have a chain */
};

/* -- one site --------------------------------------------------------------------------------- */

static const char *const chains[] = {"INPUT", "FORWARD", "OUTPUT"};

enum { CHAINS = sizeof chains / sizeof chains[0] };

static void name_chain(char name[CHAIN_MAX], int from, int to)
{
    (void)snprintf(name, CHAIN_MAX, "cut-%d-%d", from, to);
}

/* Where packets from one place to another are judged. */
static int site_of(const struct rules *rules, int to)
{
    return rules->at_nodes ? to : CLIENTS;
}

static const char *hook_of(const struct rules *rules, int from, int to)
{
    if (rules->at_nodes || to == CLIENTS)
        return "INPUT";
    return from == CLIENTS ? "OUTPUT" : "FORWARD";
}

static int add_cut(const struct rules *rules, struct table *table, int from, int to,
                   struct err *err)
{
    const struct range source = address_of_place(from), destination = address_of_place(to);
    const char *hook = hook_of(rules, from, to);
    /* a host has more addresses than one: where it is known by the hook, any will do */
    const struct match match = {.from = strcmp(hook, "OUTPUT") == 0 ? NULL : &source,
                                .to = strcmp(hook, "INPUT") == 0 ? NULL : &destination};
    const struct match any = {0};
    char chain[CHAIN_MAX];

    name_chain(chain, from, to);
    if (!table_has_chain(table, chain) && (table_add_chain(table, chain, err) < 0 ||
                                           table_add_rule(table, chain, &any, "DROP", err) < 0))
        return -1;
    return table_add_rule(table, hook, &match, chain, err);
}

/* What passes where nothing is cut. */
static int add_healthy(const struct rules *rules, struct table *table, int site, struct err *err)
{
    const struct range nodes = address_of_nodes(), lab = address_of_lab();
    const struct match between = {.from = &nodes, .to = &nodes};
    const struct match coming = {.from = &lab}, going = {.to = &lab};
    const struct match in = {.in_loopback = true}, out = {.out_loopback = true};
    bool bridge = site == CLIENTS && !rules->at_nodes;

    if (table_add_rule(table, "INPUT", &in, "ACCEPT", err) < 0 ||
        table_add_rule(table, "INPUT", &coming, "ACCEPT", err) < 0 ||
        table_set_policy(table, "INPUT", "DROP", err) < 0)
        return -1;
    if (!bridge)
        return 0;
    if (table_add_rule(table, "FORWARD", &between, "ACCEPT", err) < 0 ||
        table_set_policy(table, "FORWARD", "DROP", err) < 0 ||
        table_add_rule(table, "OUTPUT", &out, "ACCEPT", err) < 0 ||
        table_add_rule(table, "OUTPUT", &going, "ACCEPT", err) < 0)
        return -1;
    return table_set_policy(table, "OUTPUT", "DROP", err);
}

static int build(const struct rules *rules, struct table *table, int site,
                 const node_set cut[PLACES_MAX], struct err *err)
{
    for (int i = 0; i < CHAINS; i++) {
        if (table_flush(table, chains[i], err) < 0)
            return -1;
    }
    for (int from = 0; from < PLACES_MAX; from++) {
        for (node_set left = cut[from]; left; left &= left - 1) {
            int to = __builtin_ctzll(left);
            if (site_of(rules, to) == site && add_cut(rules, table, from, to, err) < 0)
                return -1;
        }
    }
    return add_healthy(rules, table, site, err);
}

static int site_apply(const struct rules *rules, int site, const node_set cut[PLACES_MAX],
                      struct err *err)
{
    for (int family = 0; family < rules->families; family++) {
        struct table table;
        if (table_open(&table, (enum table_family)family, err) < 0)
            return -1;
        int result = build(rules, &table, site, cut, err);
        if (result == 0)
            result = table_commit(&table, err);
        table_close(&table);
        if (result < 0)
            return -1;
    }
    return 0;
}

/* -- every site ------------------------------------------------------------------------------- */

static bool site_changes(const struct rules *rules, int site, const node_set cut[PLACES_MAX])
{
    node_set here = rules->at_nodes ? NODE(site) : ~(node_set)0;

    for (int from = 0; from < PLACES_MAX; from++) {
        if ((cut[from] ^ rules->cut[from]) & here)
            return true;
    }
    return false;
}

/* Something to do at each node's site, by a thread that goes there. */
struct round {
    struct rules *rules;
    int (*visit)(struct round *round, int site);
    const node_set *cut;
    uint64_t *between;
    struct receipt *receipt;
    struct err *err;
    int result;
};

static void *go_round(void *context)
{
    struct round *round = context;

    for (int site = 0; site < NODES_MAX && round->result == 0; site++) {
        int network = round->rules->networks[site];
        if (network < 0)
            continue;
        round->result = setns(network, CLONE_NEWNET) < 0
                            ? err_errno(round->err, errno, "cannot enter the node's network")
                            : round->visit(round, site);
    }
    return NULL;
}

/* The lab's site by the caller; the nodes', if they have rules, by a thread of its own, since who
 * is in another network namespace for a moment could open a socket there. */
static int visit_all(struct round *round)
{
    pthread_t thread;

    round->result = round->visit(round, CLIENTS);
    if (round->result < 0 || !round->rules->at_nodes)
        return round->result;
    if (pthread_create(&thread, NULL, go_round, round) != 0)
        return err_set(round->err, EAGAIN, "cannot start a thread");
    pthread_join(thread, NULL);
    return round->result;
}

static int apply_here(struct round *round, int site)
{
    if (!site_changes(round->rules, site, round->cut))
        return 0;
    return site_apply(round->rules, site, round->cut, round->err);
}

/* A bridged packet pays for rules only while there is something that they would stop. Whether it
 * is shown to them is settled when it comes to the bridge, once for both directions and all nodes;
 * the rules of a cut come after that and go before, so that the cut itself is one step. */
static int filter_bridge(struct rules *rules, bool on, struct err *err)
{
    if (rules->at_nodes || rules->filters == on)
        return 0;
    if (machine_filter_bridges(rules->families == TABLE_FAMILIES, on) < 0)
        return err_errno(err, errno, "cannot switch the filtering of bridges %s",
                         on ? "on" : "off");
    rules->filters = on;
    return 0;
}

int rules_apply(struct rules *rules, const struct world *world, struct err *err)
{
    bool cuts = false;
    node_set places = NODE(CLIENTS) | (NODE(world->node_count) - 1);
    node_set cut[PLACES_MAX] = {0};

    for (int from = 0; from < PLACES_MAX; from++) {
        if (places & NODE(from))
            cut[from] = world->cut[from] & places & ~NODE(from);
        cuts |= cut[from] != 0;
    }
    if (cuts && filter_bridge(rules, true, err) < 0)
        return -1;
    struct round round = {.rules = rules, .visit = apply_here, .cut = cut, .err = err};
    if (visit_all(&round) < 0)
        return -1;
    for (int from = 0; from < PLACES_MAX; from++) {
        rules->cut[from] = cut[from];
        rules->known[from] |= cut[from];
    }
    return cuts ? 0 : filter_bridge(rules, false, err);
}

/* -- counting --------------------------------------------------------------------------------- */

static void count_pairs(struct round *round, struct table *table, int site)
{
    const struct rules *rules = round->rules;
    char chain[CHAIN_MAX];

    for (int from = 0; from < PLACES_MAX; from++) {
        for (node_set left = rules->known[from]; left; left &= left - 1) {
            int to = __builtin_ctzll(left);
            if (site_of(rules, to) != site)
                continue;
            name_chain(chain, from, to);
            struct traffic traffic = table_traffic(table, chain);
            round->receipt->packets_dropped += traffic.packets;
            round->receipt->bytes_dropped += traffic.bytes;
            if (round->between)
                round->between[from * PLACES_MAX + to] += traffic.packets;
        }
    }
}

static int count_here(struct round *round, int site)
{
    for (int family = 0; family < round->rules->families; family++) {
        struct table table;
        if (table_open(&table, (enum table_family)family, round->err) < 0)
            return -1;
        count_pairs(round, &table, site);
        table_close(&table);
    }
    return 0;
}

int rules_read(struct rules *rules, struct receipt *receipt, uint64_t *between, struct err *err)
{
    struct round round = {
        .rules = rules, .visit = count_here, .between = between, .receipt = receipt, .err = err};

    memset(receipt, 0, sizeof *receipt);
    if (between)
        memset(between, 0, sizeof *between * PLACES_MAX * PLACES_MAX);
    for (int from = 0; from < PLACES_MAX; from++)
        receipt->rules += (uint64_t)(node_set_count(rules->cut[from]) * rules->families);
    return visit_all(&round);
}

/* -- life ------------------------------------------------------------------------------------- */

/* Nothing that an earlier lab in this namespace may have left. */
static int clear(const struct rules *rules, struct err *err)
{
    for (int family = 0; family < rules->families; family++) {
        struct table table;
        if (table_open(&table, (enum table_family)family, err) < 0)
            return -1;
        int result = 0;
        for (int i = 0; i < CHAINS && result == 0; i++)
            result = table_flush(&table, chains[i], err);
        if (result == 0)
            result = table_delete_chains(&table, err);
        if (result == 0)
            result = add_healthy(rules, &table, CLIENTS, err);
        if (result == 0)
            result = table_commit(&table, err);
        table_close(&table);
        if (result < 0)
            return -1;
    }
    return 0;
}

int rules_open(struct rules **rules, bool ipv6, bool at_nodes, struct err *err)
{
    struct rules *made = calloc(1, sizeof *made);
    if (!made)
        return err_set(err, ENOMEM, "out of memory");
    made->at_nodes = at_nodes;
    made->families = ipv6 ? TABLE_FAMILIES : 1;
    for (int i = 0; i < PLACES_MAX; i++)
        made->networks[i] = -1;
    if (clear(made, err) < 0) {
        free(made);
        return -1;
    }
    *rules = made;
    return 0;
}

static int first_visit(struct round *round, int site)
{
    const node_set none[PLACES_MAX] = {0};

    if (site == CLIENTS || !round->rules->at_nodes)
        return 0;
    return site_apply(round->rules, site, none, round->err);
}

int rules_add_node(struct rules *rules, int index, int network, struct err *err)
{
    struct rules only = *rules;

    rules->networks[index] = network;
    if (!rules->at_nodes)
        return 0;
    for (int i = 0; i < PLACES_MAX; i++)
        only.networks[i] = i == index ? network : -1;
    struct round round = {.rules = &only, .visit = first_visit, .err = err};
    return visit_all(&round);
}

void rules_close(struct rules *rules)
{
    free(rules);
}
