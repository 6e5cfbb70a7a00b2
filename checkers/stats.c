/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* stats.c - how many operations of each kind, and on each node, came to what end, and how fast.
 *
 * It can refuse a verdict but never give a bad one: a kind of operation that was tried and never
 * once succeeded has shown nothing, whatever the other checkers say about the rest. Latencies are
 * those of operations that succeeded, to within 1.6%.
 */
#include "../harness/base/histogram.h"
#include "../harness/checker.h"

#include <errno.h>
#include <inttypes.h>

struct group {
    uint64_t ok, fail, info;
    struct histogram latency;
};

enum { GROUPS_MAX = 256 };

struct groups {
    struct group *by[GROUPS_MAX]; /* NULL: no such operation */
    struct budget *budget;
};

/* False once the budget is used up. */
static bool count_op(struct groups *groups, uint8_t at, const struct op *op)
{
    if (!groups->by[at])
        groups->by[at] = budget_calloc(groups->budget, 1, sizeof(struct group));
    struct group *group = groups->by[at];
    if (!group)
        return false;
    if (op->type == OP_OK) {
        group->ok++;
        histogram_add(&group->latency, op->complete_ns - op->invoke_ns);
    } else if (op->type == OP_FAIL) {
        group->fail++;
    } else {
        group->info++;
    }
    return true;
}

static void print_latency(const struct histogram *latency, struct buf *json)
{
    static const struct {
        const char *name;
        double part;
    } quantiles[] = {{"p50", 0.5}, {"p95", 0.95}, {"p99", 0.99}};

    buf_json_next(json, "latency_ns");
    buf_puts(json, "{");
    for (size_t i = 0; i < sizeof quantiles / sizeof *quantiles; i++)
        buf_json_int(json, quantiles[i].name, histogram_quantile(latency, quantiles[i].part));
    buf_json_int(json, "max", latency->max);
    buf_puts(json, "}");
}

static void print_group(const char *name, const struct group *group, bool times, struct buf *json)
{
    buf_json_next(json, name);
    buf_puts(json, "{");
    buf_json_int(json, "ok", (int64_t)group->ok);
    buf_json_int(json, "fail", (int64_t)group->fail);
    buf_json_int(json, "info", (int64_t)group->info);
    if (times && group->ok)
        print_latency(&group->latency, json);
    buf_puts(json, "}");
}

/* A comma before a member unless it is the first: details has no brace around it. */
static void next_member(struct buf *json, const char *name)
{
    if (json->len)
        buf_puts(json, ",");
    buf_json_string(json, str_of(name));
    buf_puts(json, ":{");
}

static void print_groups(const struct history *history, const struct groups *by_f,
                         const struct groups *by_node, struct buf *json)
{
    next_member(json, "by_f");
    for (int i = 0; i < GROUPS_MAX; i++) {
        if (by_f->by[i])
            print_group(history_f_name(history, (uint8_t)i), by_f->by[i], history->times_trusted,
                        json);
    }
    buf_puts(json, "}");
    next_member(json, "by_node");
    for (int i = 0; i < history->node_count; i++) {
        if (by_node->by[i])
            print_group(history->nodes[i], by_node->by[i], history->times_trusted, json);
    }
    buf_puts(json, "}");
}

static void judge(const struct history *history, const struct groups *by_f, struct finding *finding)
{
    uint64_t ok = 0;

    for (int i = 0; i < GROUPS_MAX; i++)
        ok += by_f->by[i] ? by_f->by[i]->ok : 0;
    if (history->count == 0) {
        finding_set(finding, VERDICT_UNKNOWN, "no operation was invoked");
        return;
    }
    if (ok == 0) {
        finding_set(finding, VERDICT_UNKNOWN, "none of %zu operations succeeded", history->count);
        return;
    }
    for (int i = 0; i < GROUPS_MAX; i++) {
        const struct group *group = by_f->by[i];
        if (!group || group->ok)
            continue;
        finding_set(finding, VERDICT_UNKNOWN,
                    "no '%s' ever succeeded: %" PRIu64 " failed and %" PRIu64
                    " have an unknown outcome",
                    history_f_name(history, (uint8_t)i), group->fail, group->info);
        return;
    }
    finding_set(finding, VERDICT_VALID, "%" PRIu64 " of %zu operations succeeded", ok,
                history->count);
}

static int check(const struct history *history, const struct check_options *options,
                 struct budget *budget, struct finding *finding, struct err *err)
{
    struct groups by_f = {.budget = budget}, by_node = {.budget = budget};
    bool counted = true;

    (void)options, (void)err;
    for (size_t i = 0; i < history->count && counted; i++) {
        const struct op *op = &history->ops[i];
        counted = count_op(&by_f, op->f, op) &&
                  (op->node == NODE_NONE || count_op(&by_node, op->node, op));
    }
    if (counted) {
        judge(history, &by_f, finding);
        print_groups(history, &by_f, &by_node, &finding->details);
    } else {
        finding_set(finding, VERDICT_UNKNOWN, "%s while counting operations",
                    budget_reason(budget));
    }
    for (int i = 0; i < GROUPS_MAX; i++) {
        budget_free(budget, by_f.by[i]);
        budget_free(budget, by_node.by[i]);
    }
    return 0;
}

const struct checker checker_stats = {
    .name = "stats",
    .about = "operations by kind and node, latencies; each kind must succeed once",
    .check = check,
};
