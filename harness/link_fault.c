/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "link_fault.h"

#include <errno.h>
#include <math.h>
#include <string.h>

const char *const link_fault_kinds[] = {"all", "one", "one-way", "link", "clients", NULL};

void link_fault_draw_selector(struct rng *rng, bool leader_known, struct fault *fault)
{
    static const enum selector selectors[] = {SELECT_ALL, SELECT_ONE, SELECT_MINORITY,
                                              SELECT_LEADER};

    fault->selector = selectors[rng_below(rng, leader_known ? 4 : 3)];
}

void link_fault_draw_kind(struct rng *rng, bool leader_known, struct fault *fault)
{
    fault->kind = link_fault_kinds[rng_below(rng, 5)];
    do {
        link_fault_draw_selector(rng, leader_known, fault);
    } while (fault->selector == SELECT_ALL);
}

double link_fault_draw_number(struct rng *rng, double least, double most)
{
    double drawn = least * pow(most / least, rng_unit(rng));
    double unit = pow(10, floor(log10(drawn)) - 2);

    return fmin(most, round(drawn / unit) * unit);
}

int64_t link_fault_ppm(double percent)
{
    return llround(percent * 1e4);
}

static int add_rule(struct world *mine, const struct link_rule *like, node_set from, node_set to,
                    struct err *err)
{
    struct link_rule rule = *like;

    rule.from = from;
    rule.to = to;
    if (from == 0 || to == 0)
        return 0;
    return world_shape(mine, &rule) < 0 ? err_set(err, ENOSPC, "too many link faults at once") : 0;
}

/* Two nodes at random. */
static node_set draw_pair(int node_count, struct rng *rng)
{
    int a = (int)rng_below(rng, (uint64_t)node_count);
    int b = (int)rng_below(rng, (uint64_t)node_count - 1);

    return NODE(a) | NODE(b + (b >= a));
}

static void print_places(node_set places, const char *const *node_names, struct buf *value)
{
    buf_puts(value, "[");
    for (int i = 0; i < NODES_MAX; i++) {
        if (places & NODE(i))
            buf_json_str(value, NULL, str_of(node_names[i]));
    }
    if (places & NODE(CLIENTS))
        buf_json_str(value, NULL, str_of("clients"));
    buf_puts(value, "]");
}

static bool is_kind(const struct fault *fault, const char *kind)
{
    return strcmp(fault->kind, kind) == 0;
}

int link_fault_declare(const struct fault *fault, const struct situation *situation,
                       const struct link_shape *shape, const char *const *node_names,
                       struct world *mine, struct buf *value, struct err *err)
{
    int count = situation->node_count;
    node_set all = NODE(count) - 1, who;
    struct link_rule rule = {.seed = fault->seed, .shape = *shape};
    struct rng rng;

    rng_init(&rng, fault->seed, 0);
    if (count < 2 && !is_kind(fault, "clients"))
        return err_set(err, EINVAL, "links between nodes need two nodes");
    if (is_kind(fault, "clients"))
        who = NODE(CLIENTS);
    else if (is_kind(fault, "link"))
        who = fault->selector == SELECT_NODES && node_set_count(fault->nodes & all) == 2
                  ? fault->nodes & all
                  : draw_pair(count, &rng);
    else if (is_kind(fault, "all"))
        who = all;
    else
        who = selector_resolve(fault->selector, fault->nodes, situation, &rng);
    if (who == 0)
        return err_set(err, EINVAL, "no node was selected");
    print_places(who, node_names, value);
    if (is_kind(fault, "link"))
        return add_rule(mine, &rule, who, who, err);
    if (add_rule(mine, &rule, who, all, err) < 0 || is_kind(fault, "one-way"))
        return mine->link_count > 0 ? 0 : -1;
    return add_rule(mine, &rule, all & ~who, who, err);
}

static uint64_t count_link(const struct effects *effects, int link, size_t offset)
{
    uint64_t count;

    memcpy(&count, (const char *)&effects->links[link] + offset, sizeof count);
    return count;
}

uint64_t link_fault_affected(const struct world *mine, const struct effects *before,
                             const struct effects *after, size_t offset)
{
    node_set to[PLACES_MAX] = {0};
    uint64_t packets = 0;

    for (int i = 0; i < mine->link_count; i++) {
        for (int from = 0; from < PLACES_MAX; from++) {
            if (mine->links[i].from & NODE(from))
                to[from] |= mine->links[i].to;
        }
    }
    for (int link = 0; link < PLACES_MAX * PLACES_MAX; link++) {
        if (to[link / PLACES_MAX] & NODE(link % PLACES_MAX))
            packets += count_link(after, link, offset) - count_link(before, link, offset);
    }
    return packets;
}
