/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* eventual.c - once the world is healed and writes have stopped, all nodes answer alike: for each
 * key, the final reads agree.
 *
 * Final reads are those invoked after the harness's event f="phase" value="final"; that replicas
 * had long enough until then is the run's promise, not this checker's finding. An update that may
 * take effect between two final reads excuses their difference: one that had not completed when
 * they began, unless its value had been read by then. A final read that got no answer is undecided,
 * and so is a key that was read at one place only. Other reads are not looked at, except that no
 * read may return what nobody wrote.
 */
#include "../harness/checker.h"
#include "levels/level.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANOMALIES_MAX = 10 };

struct final {
    const struct history *history;
    struct budget *budget;
    bool ordered; /* lists are compared in their order, not as bags */
    int64_t begin_ns;
    uint32_t begin_index;
    uint32_t *reads; /* the final reads, by key and then by place */
    size_t read_count;
    uint32_t *late; /* updates that may take effect after the beginning, by key */
    size_t late_count;
    uint32_t keys, agreed, differing;
    char undecided_reason[160]; /* of the first */
};

/* -- values ------------------------------------------------------------------------------------ */

static int by_id(const void *left, const void *right)
{
    value_id a = *(const value_id *)left, b = *(const value_id *)right;
    return a < b ? -1 : a > b;
}

static bool same_bag(struct budget *budget, const value_id *a, const value_id *b, size_t count)
{
    value_id *sorted = budget_alloc(budget, (2 * count + 1) * sizeof *sorted);

    if (!sorted)
        return true; /* nothing is said without proof */
    memcpy(sorted, a, count * sizeof *a);
    memcpy(sorted + count, b, count * sizeof *b);
    qsort(sorted, count, sizeof *sorted, by_id);
    qsort(sorted + count, count, sizeof *sorted, by_id);
    bool same = memcmp(sorted, sorted + count, count * sizeof *sorted) == 0;
    budget_free(budget, sorted);
    return same;
}

static bool same_answer(const struct final *final, value_id a, value_id b)
{
    const value_id *list_a, *list_b;
    size_t count_a, count_b;

    if (a == b)
        return true;
    return !final->ordered && values_get_list(&final->history->values, a, &list_a, &count_a) &&
           values_get_list(&final->history->values, b, &list_b, &count_b) && count_a == count_b &&
           same_bag(final->budget, list_a, list_b, count_a);
}

/* -- the operations that matter ---------------------------------------------------------------- */

static bool is_read(const struct op *op)
{
    return op->f == OP_F_READ || op->f == OP_F_GET;
}

/* Where it was asked: the node, or without nodes the process. */
static int64_t place_of(const struct op *op)
{
    return op->node == NODE_NONE ? (int64_t)op->process + NODE_NONE : op->node;
}

static int by_key_and_place(const void *left, const void *right, void *ctx)
{
    const struct op *ops = ctx;
    const struct op *a = &ops[*(const uint32_t *)left], *b = &ops[*(const uint32_t *)right];

    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    if (place_of(a) != place_of(b))
        return place_of(a) < place_of(b) ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

static int by_key(const void *left, const void *right, void *ctx)
{
    const struct op *ops = ctx;
    const struct op *a = &ops[*(const uint32_t *)left], *b = &ops[*(const uint32_t *)right];
    return a->key != b->key ? (a->key < b->key ? -1 : 1) : (a->index < b->index ? -1 : 1);
}

static bool find_final_phase(struct final *final)
{
    const struct history *history = final->history;

    for (size_t i = 0; i < history->event_count; i++) {
        const struct event *event = &history->events[i];
        if (strcmp(event->f, "phase") == 0 && strcmp(event->value, "\"final\"") == 0) {
            final->begin_ns = event->time_ns;
            final->begin_index = event->index;
            return true;
        }
    }
    return false;
}

static bool is_final(const struct final *final, const struct op *op)
{
    return op->invoke_ns > final->begin_ns ||
           (op->invoke_ns == final->begin_ns && op->index > final->begin_index);
}

static bool gather(struct final *final)
{
    const struct history *history = final->history;

    final->reads = budget_alloc(final->budget, (history->count + 1) * sizeof *final->reads);
    final->late = budget_alloc(final->budget, (history->count + 1) * sizeof *final->late);
    if (!final->reads || !final->late)
        return false;
    for (size_t i = 0; i < history->count; i++) {
        const struct op *op = &history->ops[i];
        if (is_read(op) && is_final(final, op))
            final->reads[final->read_count++] = (uint32_t)i;
        else if (!is_read(op) && op->type != OP_FAIL && op_end_ns(op) >= final->begin_ns)
            final->late[final->late_count++] = (uint32_t)i;
    }
    qsort_r(final->reads, final->read_count, sizeof *final->reads, by_key_and_place, history->ops);
    qsort_r(final->late, final->late_count, sizeof *final->late, by_key, history->ops);
    return true;
}

/* -- excuses ----------------------------------------------------------------------------------- */

/* Whether the value was read, by a read that ended before the final phase. */
static bool was_seen(const struct final *final, value_id key, value_id value)
{
    for (size_t i = 0; i < final->history->count; i++) {
        const struct op *op = &final->history->ops[i];
        if (is_read(op) && op->type == OP_OK && op->key == key && op->out == value &&
            op->complete_ns < final->begin_ns)
            return true;
    }
    return false;
}

/* A late update that may account for the answer to a final read; NULL: the answer had settled. */
static const struct op *find_late_update(const struct final *final, const struct op *read)
{
    for (size_t i = 0; i < final->late_count; i++) {
        const struct op *late = &final->history->ops[final->late[i]];
        if (late->key != read->key)
            continue;
        if (late->f != OP_F_WRITE && late->f != OP_F_CAS)
            return late;
        value_id written = late->f == OP_F_WRITE ? late->in : late->in2;
        if (written == read->out && !was_seen(final, read->key, written))
            return late;
    }
    return NULL;
}

/* -- one key ----------------------------------------------------------------------------------- */

static void tell_answer(const struct final *final, const struct op *op, struct buf *text)
{
    if (op->node != NODE_NONE)
        buf_puts(text, final->history->nodes[op->node]);
    else
        buf_printf(text, "process %" PRId32, op->process);
    buf_puts(text, " answered ");
    if (op->out == VALUE_NIL)
        buf_puts(text, "nil");
    else
        values_print(&final->history->values, op->out, text);
    buf_printf(text, " (operation %" PRIu32 ")", op->index);
}

static int report(struct final *final, uint32_t a, uint32_t b, struct finding *finding,
                  struct err *err)
{
    const struct op *ops = final->history->ops;
    uint32_t witness[2] = {a < b ? a : b, a < b ? b : a};
    struct buf text;

    if (++final->differing > ANOMALIES_MAX)
        return 0;
    buf_init(&text, 0);
    buf_puts(&text, "In the final phase, ");
    tell_answer(final, &ops[witness[0]], &text);
    buf_puts(&text, " and ");
    tell_answer(final, &ops[witness[1]], &text);
    if (ops[a].key != VALUE_NIL) {
        buf_puts(&text, " for key ");
        values_print(&final->history->values, ops[a].key, &text);
    }
    buf_puts(&text, ", and no update that could account for that was still under way.");
    int result =
        finding_add(finding, "not-converged", witness, 2, true, text.ptr ? text.ptr : "", err);
    buf_release(&text);
    return result;
}

static void leave_undecided(struct final *final, const char *why, const struct op *op)
{
    if (!final->undecided_reason[0])
        (void)snprintf(final->undecided_reason, sizeof final->undecided_reason,
                       "%s (operation %" PRIu32 ")", why, op->index);
}

/* The answers differ: that counts if two of them had settled. */
static int judge_difference(struct final *final, size_t begin, size_t end, struct finding *finding,
                            struct err *err)
{
    const struct op *ops = final->history->ops, *late = NULL;
    uint32_t first = UINT32_MAX;

    for (size_t i = begin; i < end; i++) {
        uint32_t read = final->reads[i];
        if (ops[read].type != OP_OK)
            continue;
        const struct op *update = find_late_update(final, &ops[read]);
        if (update)
            late = update;
        else if (first == UINT32_MAX)
            first = read;
        else if (!same_answer(final, ops[first].out, ops[read].out))
            return report(final, first, read, finding, err);
    }
    if (late)
        leave_undecided(final, "an update may have taken effect between the final reads", late);
    return 0;
}

/* Judge the key of the final reads reads[begin ... end - 1]. */
static int judge_key(struct final *final, size_t begin, size_t end, struct finding *finding,
                     struct err *err)
{
    const struct op *ops = final->history->ops, *first = NULL, *unanswered = NULL;
    uint32_t places = 0;
    bool differ = false;

    for (size_t i = begin; i < end;) {
        const struct op *here = &ops[final->reads[i]];
        bool answered = false;
        for (; i < end && place_of(&ops[final->reads[i]]) == place_of(here); i++) {
            const struct op *read = &ops[final->reads[i]];
            if (read->type != OP_OK)
                continue;
            answered = true;
            first = first ? first : read;
            differ = differ || !same_answer(final, first->out, read->out);
        }
        places += answered;
        unanswered = answered ? unanswered : here;
    }
    if (differ)
        return judge_difference(final, begin, end, finding, err);
    if (unanswered)
        leave_undecided(final, "a final read got no answer", unanswered);
    else
        final->agreed += places > 1;
    return 0;
}

static int judge_keys(struct final *final, struct finding *finding, struct err *err)
{
    const struct op *ops = final->history->ops;
    size_t end;

    for (size_t begin = 0; begin < final->read_count; begin = end) {
        for (end = begin; end < final->read_count; end++) {
            if (ops[final->reads[end]].key != ops[final->reads[begin]].key)
                break;
        }
        final->keys++;
        if (budget_spent(final->budget)) {
            leave_undecided(final, budget_reason(final->budget), &ops[final->reads[begin]]);
            break;
        }
        if (judge_key(final, begin, end, finding, err) < 0)
            return -1;
    }
    if (final->differing)
        finding_set(finding, VERDICT_INVALID, "nodes disagree for good on %" PRIu32 " keys",
                    final->differing);
    else if (final->undecided_reason[0])
        finding_set(finding, VERDICT_UNKNOWN, "%s", final->undecided_reason);
    else if (!final->agreed)
        finding_set(finding, VERDICT_UNKNOWN, "no key was read at two places in the final phase");
    else
        finding_set(finding, VERDICT_VALID, "%s", "");
    buf_json_int(&finding->details, "keys", final->keys);
    buf_json_int(&finding->details, "agreed", final->agreed);
    return 0;
}

/* -- entry ------------------------------------------------------------------------------------- */

static int judge(struct final *final, struct finding *finding, struct err *err)
{
    int result = 0;

    if (!find_final_phase(final))
        finding_set(finding, VERDICT_UNKNOWN, "the history says nothing of a final phase");
    else if (!gather(final))
        finding_set(finding, VERDICT_UNKNOWN, "%s", budget_reason(final->budget));
    else
        result = judge_keys(final, finding, err);
    budget_free(final->budget, final->reads);
    budget_free(final->budget, final->late);
    return result;
}

static int check(const struct history *history, const struct check_options *options,
                 struct budget *budget, struct finding *finding, struct err *err)
{
    const char *model = options && options->model ? options->model : "";
    struct final final = {
        .history = history, .budget = budget, .ordered = strcmp(model, "append-list") == 0};
    struct level_case level_case;
    int result = 0;

    /* A read of what nobody wrote violates every level; any of them will do to say so. */
    level_open(&level_case, history, options, budget);
    bool thin_air = level_case.state == STEPS_THIN_AIR;
    if (thin_air)
        result = level_judge(&level_case, WEAK_MONOTONIC_READS, finding, err);
    level_close(&level_case);
    return thin_air ? result : judge(&final, finding, err);
}

const struct checker checker_eventual = {
    .name = "eventual",
    .about = "after healing, the final reads agree at all nodes, key by key",
    .is_level = true,
    .check = check,
};
