/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* availability.c - what each node still answered before, during and after each fault, and how long
 * it took to answer again.
 *
 * It informs and never blames: whether a system must stay available is not for a record to say. An
 * operation belongs to the time at which it was invoked. A node has recovered from a fault when an
 * operation on it succeeds (completes) at or after the moment at which the fault was healed.
 */
#include "../harness/checker.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct tally {
    uint64_t ok, fail, info;
};

/* Completion times of one node's successes, sorted. */
struct successes {
    int64_t *times_ns;
    size_t count;
};

struct work {
    const struct history *history;
    struct budget *budget;
    struct buf *json;
    struct fault_window *windows;
    size_t window_count;
    struct successes by_node[NODE_NONE];
    int64_t *times_ns; /* holds those of all nodes */
    int64_t slowest_ns;
    int slowest_node;
    const struct fault_window *slowest_window;
};

static int by_time(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return a < b ? -1 : a > b;
}

static bool is_success(const struct op *op)
{
    return op->type == OP_OK && op->node != NODE_NONE;
}

/* False once the budget is used up. */
static bool gather_successes(struct work *work)
{
    const struct history *history = work->history;
    size_t at = 0;

    for (size_t i = 0; i < history->count; i++) {
        if (is_success(&history->ops[i]))
            work->by_node[history->ops[i].node].count++;
    }
    work->times_ns = budget_alloc(work->budget, history->count * sizeof *work->times_ns + 1);
    if (!work->times_ns)
        return false;
    for (int node = 0; node < history->node_count; node++) {
        work->by_node[node].times_ns = work->times_ns + at;
        at += work->by_node[node].count;
        work->by_node[node].count = 0;
    }
    for (size_t i = 0; i < history->count; i++) {
        const struct op *op = &history->ops[i];
        struct successes *successes = &work->by_node[op->node];
        if (is_success(op))
            successes->times_ns[successes->count++] = op->complete_ns;
    }
    for (int node = 0; node < history->node_count; node++)
        qsort(work->by_node[node].times_ns, work->by_node[node].count, sizeof *work->times_ns,
              by_time);
    return true;
}

/* The first success at or after `from_ns`; TIME_NEVER if there is none. */
static int64_t next_success(const struct successes *successes, int64_t from_ns)
{
    size_t low = 0, high = successes->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (successes->times_ns[middle] < from_ns)
            low = middle + 1;
        else
            high = middle;
    }
    return low < successes->count ? successes->times_ns[low] : TIME_NEVER;
}

/* The first operation invoked at or after `from_ns`. */
static size_t first_op(const struct history *history, int64_t from_ns)
{
    size_t low = 0, high = history->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (history->ops[middle].invoke_ns < from_ns)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Count operations invoked in [from_ns, to_ns) by node. */
static void count_ops(const struct history *history, int64_t from_ns, int64_t to_ns,
                      struct tally tallies[NODE_NONE])
{
    for (int node = 0; node < history->node_count; node++)
        tallies[node] = (struct tally){0};
    for (size_t i = first_op(history, from_ns);
         i < history->count && history->ops[i].invoke_ns < to_ns; i++) {
        const struct op *op = &history->ops[i];
        if (op->node == NODE_NONE)
            continue;
        struct tally *tally = &tallies[op->node];
        *(op->type == OP_OK ? &tally->ok : op->type == OP_FAIL ? &tally->fail : &tally->info) += 1;
    }
}

static void print_recovery(struct work *work, int node, const struct fault_window *window)
{
    int64_t at_ns = next_success(&work->by_node[node], window->healed_ns);

    if (at_ns == TIME_NEVER) {
        buf_json_raw(work->json, "recovered_ns", STR("null"));
        return;
    }
    buf_json_int(work->json, "recovered_ns", at_ns - window->healed_ns);
    if (work->slowest_window && at_ns - window->healed_ns <= work->slowest_ns)
        return;
    work->slowest_ns = at_ns - window->healed_ns;
    work->slowest_node = node;
    work->slowest_window = window;
}

/* "nodes":{"n1":{...}} of a period; with the recovery after `window` if it is not NULL. */
static void print_nodes(struct work *work, int64_t from_ns, int64_t to_ns,
                        const struct fault_window *window)
{
    struct tally tallies[NODE_NONE];
    struct buf *json = work->json;

    count_ops(work->history, from_ns, to_ns, tallies);
    buf_json_int(json, "from_ns", from_ns);
    buf_json_int(json, "to_ns", to_ns);
    buf_json_next(json, "nodes");
    buf_puts(json, "{");
    for (int node = 0; node < work->history->node_count; node++) {
        buf_json_next(json, work->history->nodes[node]);
        buf_puts(json, "{");
        buf_json_int(json, "ok", (int64_t)tallies[node].ok);
        buf_json_int(json, "fail", (int64_t)tallies[node].fail);
        buf_json_int(json, "info", (int64_t)tallies[node].info);
        if (window && window->healed)
            print_recovery(work, node, window);
        buf_puts(json, "}");
    }
    buf_puts(json, "}");
}

/* "before":{...},"faults":[...],"after":{...} */
static void print_periods(struct work *work)
{
    int64_t end_ns = work->history->end_ns + 1, first_ns = end_ns, last_ns = 0;
    struct buf *json = work->json;

    for (size_t i = 0; i < work->window_count; i++) {
        const struct fault_window *window = &work->windows[i];
        if (window->declared_ns < first_ns)
            first_ns = window->declared_ns;
        int64_t healed_ns = window->healed ? window->healed_ns : end_ns;
        if (healed_ns > last_ns)
            last_ns = healed_ns;
    }
    buf_puts(json, "\"before\":{");
    print_nodes(work, 0, first_ns, NULL);
    buf_puts(json, "},\"faults\":[");
    for (size_t i = 0; i < work->window_count && !budget_spent(work->budget); i++) {
        const struct fault_window *window = &work->windows[i];
        if (window->in_force_ns == TIME_NEVER)
            continue;
        buf_json_next(json, NULL);
        buf_puts(json, "{");
        buf_json_int(json, "fault", window->fault);
        buf_json_str(json, "f", str_of(window->f));
        print_nodes(work, window->in_force_ns, window->healed ? window->healed_ns : end_ns, window);
        buf_puts(json, "}");
    }
    buf_puts(json, "]");
    if (work->window_count) {
        buf_puts(json, ",\"after\":{");
        print_nodes(work, last_ns, end_ns, NULL);
        buf_puts(json, "}");
    }
}

static void judge(struct work *work, struct finding *finding)
{
    if (budget_spent(work->budget)) {
        finding_set(finding, VERDICT_UNKNOWN, "%s while counting operations by fault",
                    budget_reason(work->budget));
        return;
    }
    if (work->slowest_window)
        finding_set(finding, VERDICT_VALID,
                    "the slowest to answer again was %s, %" PRId64 " ms after fault %" PRId32
                    " (%s) was healed",
                    work->history->nodes[work->slowest_node], work->slowest_ns / 1000000,
                    work->slowest_window->fault, work->slowest_window->f);
    else
        finding_set(finding, VERDICT_VALID, "no fault was healed, so that nothing had to recover");
}

static int check(const struct history *history, const struct check_options *options,
                 struct budget *budget, struct finding *finding, struct err *err)
{
    struct work *work;

    (void)options;
    if (!history->times_trusted) {
        finding_set(finding, VERDICT_VALID, "the record has no times to tell periods apart");
        return 0;
    }
    work = budget_calloc(budget, 1, sizeof *work);
    if (!work)
        return err_set(err, 0, "%s before anything was counted", budget_reason(budget));
    *work = (struct work){.history = history, .budget = budget, .json = &finding->details};
    int result = 0;
    if (history_windows(history, budget, &work->windows, &work->window_count, err) < 0) {
        result = budget_spent(budget) ? 0 : -1;
    } else if (gather_successes(work)) {
        print_periods(work);
    }
    if (result == 0)
        judge(work, finding);
    budget_free(budget, work->times_ns);
    budget_free(budget, work->windows);
    budget_free(budget, work);
    return result;
}

const struct checker checker_availability = {
    .name = "availability",
    .about = "what each node answered during each fault, and when it answered again",
    .check = check,
};
