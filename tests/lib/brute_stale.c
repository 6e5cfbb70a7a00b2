/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "brute_stale.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPS_MAX = 12, VERSIONS_MAX = OPS_MAX + 1 };

struct brute_stale_counts brute_stale_counts;

struct item {
    int64_t start, end;
    bool is_read, is_cas, optional;
    value_id needs, leaves;
};

struct object {
    struct item items[OPS_MAX];
    int count;
    value_id values[VERSIONS_MAX]; /* so far, the latest last */
    int value_count;
    uint32_t versions;
};

/* -- one object -------------------------------------------------------------------------------- */

static void add_item(struct object *object, const struct op *op)
{
    bool is_read = op->f == OP_F_READ || (op->f == OP_F_CAS && op->in == op->in2);
    bool is_info = op->type == OP_INFO;
    struct item item = {.start = op->invoke_ns,
                        .end = is_info ? INT64_MAX : op->complete_ns,
                        .is_read = is_read,
                        .is_cas = op->f == OP_F_CAS && !is_read,
                        .optional = is_info};

    item.needs = op->f == OP_F_CAS ? op->in : op->out;
    item.leaves = op->f == OP_F_CAS ? op->in2 : op->in;
    if (op->type == OP_FAIL || (is_info && is_read))
        return;
    if (object->count == OPS_MAX) {
        fputs("too many operations for the brute force\n", stderr);
        abort();
    }
    object->items[object->count++] = item;
}

static bool is_due(const struct object *object, int at, uint32_t placed)
{
    for (int i = 0; i < object->count; i++) {
        if (!(placed >> i & 1) && i != at && object->items[i].end < object->items[at].start)
            return false;
    }
    return true;
}

static bool fits(const struct object *object, const struct item *item)
{
    int least = object->value_count - (item->is_cas ? 1 : (int)object->versions);

    if (!item->is_read && !item->is_cas)
        return true;
    for (int i = object->value_count - 1; i >= 0 && i >= least; i--) {
        if (object->values[i] == item->needs)
            return true;
    }
    return false;
}

static bool explains(struct object *object, uint32_t placed)
{
    bool complete = true;

    for (int i = 0; i < object->count; i++)
        complete = complete && (placed >> i & 1 || object->items[i].optional);
    if (complete)
        return true;
    for (int i = 0; i < object->count; i++) {
        const struct item *item = &object->items[i];
        if (placed >> i & 1 || !is_due(object, i, placed) || !fits(object, item))
            continue;
        if (!item->is_read)
            object->values[object->value_count++] = item->leaves;
        bool found = explains(object, placed | 1u << i);
        if (!item->is_read)
            object->value_count--;
        if (found)
            return true;
    }
    return false;
}

static bool explains_shifted(const struct object *object, int64_t shift_ns, uint32_t versions)
{
    struct object shifted = *object;

    shifted.versions = versions;
    for (int i = 0; i < shifted.count; i++) {
        if (shifted.items[i].is_read)
            shifted.items[i].start -= shift_ns;
    }
    return explains(&shifted, 0);
}

static int by_size(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return a < b ? -1 : a > b;
}

/* The least shift among those that change what precedes what; -1 if none helps. */
static int64_t least_shift(const struct object *object)
{
    int64_t shifts[OPS_MAX * OPS_MAX + 1] = {0};
    int count = 1;

    for (int r = 0; r < object->count; r++) {
        for (int i = 0; i < object->count && object->items[r].is_read; i++) {
            if (object->items[i].end < object->items[r].start)
                shifts[count++] = object->items[r].start - object->items[i].end;
        }
    }
    qsort(shifts, (size_t)count, sizeof *shifts, by_size);
    for (int i = 0; i < count; i++) {
        if ((i == 0 || shifts[i] != shifts[i - 1]) && explains_shifted(object, shifts[i], 1))
            return shifts[i];
    }
    return -1;
}

static void judge_object(const struct object *object, struct brute_stale *stale)
{
    uint32_t versions = 1;

    for (int a = 0; a < object->count; a++) {
        const struct item *x = &object->items[a];
        stale->any_cas = stale->any_cas || x->is_cas;
        for (int b = 0; b < a && !x->is_read; b++)
            stale->distinct = stale->distinct &&
                              (object->items[b].is_read || object->items[b].leaves != x->leaves);
        if (!x->is_read && x->leaves == object->values[0])
            stale->distinct = false;
    }
    int64_t shift_ns = least_shift(object);
    stale->possible = stale->possible && shift_ns >= 0;
    if (shift_ns > stale->delta_ns)
        stale->delta_ns = shift_ns;
    while (stale->possible && versions <= VERSIONS_MAX && !explains_shifted(object, 0, versions))
        versions++;
    if (versions > stale->versions)
        stale->versions = versions;
}

struct brute_stale brute_stale(const struct history *history, value_id initial)
{
    struct brute_stale stale = {.distinct = true, .possible = true, .versions = 1};

    for (size_t i = 0; i < history->count; i++) {
        struct object object = {.values = {initial}, .value_count = 1};
        bool is_first = true;
        for (size_t k = 0; k < i; k++)
            is_first = is_first && history->ops[k].key != history->ops[i].key;
        for (size_t k = i; k < history->count && is_first; k++) {
            if (history->ops[k].key == history->ops[i].key)
                add_item(&object, &history->ops[k]);
        }
        if (is_first)
            judge_object(&object, &stale);
    }
    return stale;
}

/* -- the checker ------------------------------------------------------------------------------- */

static int64_t number(const json_t *details, const char *name)
{
    const json_t *value = json_object_get(details, name);
    return json_is_integer(value) ? json_integer_value(value) : -1;
}

static const char *compare_versions(const struct brute_stale *truth, const json_t *details)
{
    int64_t exact = number(details, "k"), least = number(details, "k_least");
    int64_t most = number(details, "k_most"), versions = truth->versions;

    brute_stale_counts.beyond_two += versions > 2;
    brute_stale_counts.bounded += exact < 0;
    if (truth->any_cas && truth->delta_ns == 0 && exact != 1)
        return "linearizable, but k is not 1";
    if (truth->any_cas)
        return least > versions ? "k is said to be at least more than it is, with cas" : NULL;
    if (least > versions)
        return "k is said to be at least more than it is";
    if (most < versions)
        return "k is said to be at most less than it is";
    if (versions <= 2 && exact != versions)
        return "k is 1 or 2, and not said to be";
    return exact >= 0 && (exact != least || exact != most) ? "k is exact, its bounds are not"
                                                           : NULL;
}

static const char *compare_worst(const struct brute_stale *truth, const json_t *details)
{
    const json_t *worst = json_array_get(json_object_get(details, "worst"), 0);

    if (!worst)
        return truth->delta_ns ? "no worst read is named" : NULL;
    if (number(worst, "late_ns") != truth->delta_ns)
        return "the worst read is not as late as delta";
    if (truth->delta_ns == 0)
        return "a read is named although none is stale";
    return json_is_string(json_object_get(worst, "explanation")) ? NULL : "no explanation";
}

static const char *compare_finding(const struct brute_stale *truth, const struct finding *finding,
                                   const json_t *details)
{
    const char *flaw;

    for (size_t i = 0; i < finding->anomaly_count; i++) {
        if (!finding->anomalies[i].verified)
            return "an anomaly is not verified";
    }
    if (finding->valid == VERDICT_INVALID)
        return finding->anomaly_count == 0          ? "invalid without an anomaly"
               : truth->possible && !truth->any_cas ? "some shift explains it"
               : truth->possible                    ? "some shift explains these cas"
                                                    : NULL;
    if (finding->valid == VERDICT_UNKNOWN)
        return !truth->distinct || (truth->any_cas && !truth->possible) ? NULL : "not decided";
    if (!truth->distinct)
        return "measured although values repeat";
    if (!truth->possible)
        return "no shift explains it";
    if (number(details, "delta_ns") != truth->delta_ns)
        return "delta differs";
    flaw = compare_worst(truth, details);
    return flaw ? flaw : compare_versions(truth, details);
}

static bool any_success(const struct history *history)
{
    for (size_t i = 0; i < history->count; i++) {
        if (history->ops[i].type == OP_OK)
            return true;
    }
    return false;
}

const char *brute_stale_compare(const struct history *history, value_id initial)
{
    struct check_options options = {.threads = 1};
    const char *flaw = NULL;
    struct finding finding;
    struct budget budget;
    struct err err;

    if (!any_success(history))
        return NULL;
    options.initial = initial;
    struct brute_stale truth = brute_stale(history, initial);
    budget_init(&budget, 0, 0);
    finding_init(&finding);
    if (checker_find("staleness")->check(history, &options, &budget, &finding, &err) < 0)
        abort();
    struct buf json;
    buf_init(&json, 0);
    buf_printf(&json, "{%.*s}", (int)finding.details.len,
               finding.details.ptr ? finding.details.ptr : "");
    json_t *details = json_loads(json.ptr, 0, NULL);
    flaw = details ? compare_finding(&truth, &finding, details) : "its details are no JSON";
    brute_stale_counts.compared++;
    brute_stale_counts.stale += finding.valid == VERDICT_VALID && truth.delta_ns > 0;
    brute_stale_counts.impossible += finding.valid == VERDICT_INVALID;
    brute_stale_counts.undecided += finding.valid == VERDICT_UNKNOWN;
    if (atomic_load(&budget.used_bytes) != 0)
        flaw = "it keeps memory";
    json_decref(details);
    buf_release(&json);
    finding_release(&finding);
    return flaw;
}
