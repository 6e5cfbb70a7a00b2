/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* staleness.c - how stale reads are: by how much time (delta), by how many versions (k), and which
 * are the worst.
 *
 * Without a bound it measures and promises nothing: a history that can be measured is valid,
 * however stale its reads are. With one it is invalid where a read is provably older. It is invalid
 * too where a value was read that nobody wrote, or before it was written, which no delay explains.
 * Both measures are local: the worst key's is the history's. What they mean, and what unknown
 * outcomes mean for them, is said in staleness/stale.h.
 */
#include "../harness/checker.h"
#include "engine/explain.h"
#include "engine/keys.h"
#include "staleness/stale.h"
#include "staleness/too_old.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { WORST_MAX = 5, NEWER_MAX = 3, ANOMALIES_MAX = 10 };

/* A read that is stale. */
struct worst {
    uint32_t reader; /* places */
    uint32_t proof;  /* what returned first of the newer value; PLACE_NONE if it is not late */
    int64_t late_ns;
    uint32_t behind;
    uint32_t newer[NEWER_MAX]; /* writes between, the first few */
};

struct measure {
    const struct history *history;
    struct budget *budget;
    struct finding *finding;
    struct keys keys;
    value_id initial;
    int64_t delta_ns;
    uint32_t least, most; /* versions */
    bool most_known;
    uint32_t measured, undecided, impossible;
    int64_t limit_ns; /* how old a read may be; 0: not bounded */
    uint32_t too_old; /* reads that provably are older */
    char reason[160]; /* of the first that is undecided */
    struct worst worst[WORST_MAX];
    uint32_t worst_count;
};

static const struct op *op_at(const struct measure *measure, uint32_t place)
{
    return &measure->history->ops[place];
}

/* -- the worst reads --------------------------------------------------------------------------- */

static bool is_worse(const struct worst *a, const struct worst *b)
{
    return a->late_ns != b->late_ns ? a->late_ns > b->late_ns : a->behind > b->behind;
}

/* Which writes lie between. */
static void fill_newer(const struct stale *stale, const struct stale_cluster *cluster,
                       struct worst *worst)
{
    uint32_t found = 0;

    for (uint32_t i = 0; i < stale->count && found < NEWER_MAX; i++) {
        const struct stale_cluster *other = &stale->clusters[i];
        if (other->start > cluster->end && other->end < cluster->last)
            worst->newer[found++] = other->writer;
    }
}

/* Its place among the worst; WORST_MAX if there is none. */
static uint32_t rank(const struct measure *measure, const struct worst *worst)
{
    uint32_t at = measure->worst_count;

    while (at > 0 && is_worse(worst, &measure->worst[at - 1]))
        at--;
    return at;
}

static void note_worst(struct measure *measure, const struct stale *stale)
{
    for (uint32_t i = 0; i < stale->count; i++) {
        const struct stale_cluster *cluster = &stale->clusters[i];
        struct worst worst = {.reader = cluster->reader,
                              .proof = PLACE_NONE,
                              .late_ns = cluster->late_ns,
                              .behind = cluster->behind};
        uint32_t at = rank(measure, &worst);
        if ((!worst.late_ns && !worst.behind) || at == WORST_MAX)
            continue;
        if (worst.late_ns)
            worst.proof = stale->clusters[cluster->newer].first;
        fill_newer(stale, cluster, &worst);
        if (measure->worst_count < WORST_MAX)
            measure->worst_count++;
        memmove(&measure->worst[at + 1], &measure->worst[at],
                (measure->worst_count - at - 1) * sizeof worst);
        measure->worst[at] = worst;
    }
}

/* -- what no delay explains -------------------------------------------------------------------- */

/* The value that the operation saw. */
static value_id seen(const struct op *op)
{
    return op->f == OP_F_CAS ? op->in : op->out;
}

static bool writes_value(const struct op *op, const struct op *reader)
{
    if (op->type == OP_FAIL || op->key != reader->key || op->f == OP_F_READ || op->f == OP_F_GET)
        return false;
    if (op->f == OP_F_CAS)
        return op->in != op->in2 && op->in2 == seen(reader);
    return op->in == seen(reader);
}

/* Naively: whether every operation that writes what `reader` saw was invoked after it returned. */
static bool is_impossible(const struct measure *measure, const struct op *reader)
{
    if (seen(reader) == measure->initial)
        return false;
    for (size_t i = 0; i < measure->history->count; i++) {
        const struct op *op = &measure->history->ops[i];
        if (op != reader && writes_value(op, reader) && op->invoke_ns <= op_end_ns(reader))
            return false;
    }
    return true;
}

static int report_impossible(struct measure *measure, const struct stale *stale, struct err *err)
{
    const struct op *reader = op_at(measure, stale->op);
    bool is_early = stale->other != PLACE_NONE;
    uint32_t ops[] = {stale->op, stale->other};
    struct buf text;
    int result = 0;

    measure->impossible++;
    if (measure->finding->anomaly_count == ANOMALIES_MAX)
        return 0;
    buf_init(&text, 0);
    explain_op(measure->history, reader, &text);
    if (text.len)
        text.ptr[0] = 'P';
    if (is_early) {
        buf_puts(&text, ", before that was written: ");
        explain_op(measure->history, op_at(measure, stale->other), &text);
        buf_puts(&text, ".");
    } else {
        buf_puts(&text, ", a value that nobody wrote.");
    }
    result = finding_add(measure->finding, is_early ? "read-before-write" : "thin-air-read", ops,
                         is_early ? 2 : 1, is_impossible(measure, reader), text.ptr ? text.ptr : "",
                         err);
    buf_release(&text);
    return result;
}

/* -- what is too old ----------------------------------------------------------------------------
 */

/* The key's worst, if any is older than the limit. */
static int report_too_old(struct measure *measure, uint32_t key, struct err *err)
{
    const struct keys *keys = &measure->keys;
    struct too_old found;
    struct buf text;

    if (too_old_find(measure->history, keys->places + keys->starts[key],
                     keys->starts[key + 1] - keys->starts[key], measure->initial, measure->limit_ns,
                     &found, err) < 0)
        return -1;
    measure->too_old += found.count;
    if (!found.count || measure->finding->anomaly_count == ANOMALIES_MAX)
        return 0;
    const struct op *reader = op_at(measure, found.reader), *newer = op_at(measure, found.newer);
    const struct op *writer = found.writer == PLACE_NONE ? NULL : op_at(measure, found.writer);
    uint32_t ops[] = {found.newer, found.reader, found.writer};
    buf_init(&text, 0);
    explain_op(measure->history, reader, &text);
    if (text.len)
        text.ptr[0] = 'P';
    buf_puts(&text, ", which had been replaced ");
    explain_time(measure->history, reader->invoke_ns - newer->complete_ns, &text);
    buf_puts(&text, " before: ");
    explain_op(measure->history, newer, &text);
    buf_puts(&text, ".");
    int result = finding_add(measure->finding, "too-old", ops, writer ? 3 : 2,
                             is_too_old(writer, newer, reader, measure->initial, measure->limit_ns),
                             text.ptr ? text.ptr : "", err);
    buf_release(&text);
    return result;
}

/* -- one key ----------------------------------------------------------------------------------- */

static void note_undecided(struct measure *measure, uint32_t key, const char *why)
{
    struct buf text;

    if (measure->undecided++)
        return;
    buf_init(&text, 0);
    values_print(&measure->history->values, measure->keys.keys[key], &text);
    (void)snprintf(measure->reason, sizeof measure->reason, "key %.40s: %.100s",
                   text.ptr ? text.ptr : "", why);
    buf_release(&text);
}

static void measure_versions(struct measure *measure, struct stale *stale, int64_t delta_ns)
{
    uint32_t least = delta_ns ? 2 : 1, most = delta_ns ? 0 : 1;

    if (!stale_versions(stale, delta_ns, &least, &most))
        most = 0;
    measure->least = least > measure->least ? least : measure->least;
    measure->most = most > measure->most ? most : measure->most;
    measure->most_known = measure->most_known && most;
}

static int measure_key(struct measure *measure, uint32_t key, struct err *err)
{
    const struct keys *keys = &measure->keys;
    struct object_source source = {.history = measure->history,
                                   .initial = measure->initial,
                                   .places = keys->places + keys->starts[key],
                                   .count = keys->starts[key + 1] - keys->starts[key],
                                   .begin_place = PLACE_NONE};
    struct stale stale;
    int64_t delta_ns = 0;
    int result = 0;

    enum stale_state state = stale_init(&stale, &source, measure->budget);
    if (state == STALE_READY)
        state = stale_delta(&stale, &delta_ns);
    switch (state) {
    case STALE_READY:
        measure_versions(measure, &stale, delta_ns);
        note_worst(measure, &stale);
        measure->delta_ns = delta_ns > measure->delta_ns ? delta_ns : measure->delta_ns;
        measure->measured++;
        if (measure->limit_ns > 0)
            result = report_too_old(measure, key, err);
        break;
    case STALE_THIN_AIR:
    case STALE_EARLY:
        result = report_impossible(measure, &stale, err);
        break;
    case STALE_REPEATED:
        note_undecided(measure, key,
                       "a value was written twice, so that it is not known which of "
                       "the two was read");
        break;
    case STALE_TORN:
        note_undecided(measure, key, "it is not linearizable however early reads are taken to be");
        break;
    case STALE_SPENT:
        note_undecided(measure, key, budget_reason(measure->budget));
        break;
    }
    stale_release(&stale);
    return result;
}

/* -- telling ----------------------------------------------------------------------------------- */

/* "0.012 s", or lines where there are no times. */
static void put_span(const struct measure *measure, int64_t span_ns, struct buf *text)
{
    if (measure->history->times_trusted)
        explain_time(measure->history, span_ns, text);
    else
        buf_printf(text, "%" PRId64 " lines", span_ns);
}

static void put_versions(const struct measure *measure, struct buf *text)
{
    if (measure->most_known && measure->least == measure->most)
        buf_printf(text, "k = %" PRIu32, measure->least);
    else if (measure->most_known)
        buf_printf(text, "k from %" PRIu32 " to %" PRIu32, measure->least, measure->most);
    else
        buf_printf(text, "k at least %" PRIu32, measure->least);
}

static void put_value(const struct measure *measure, value_id value, struct buf *text)
{
    if (value == VALUE_NIL)
        buf_puts(text, "nil");
    else
        values_print(&measure->history->values, value, text);
}

static void put_worst(const struct measure *measure, const struct worst *worst, struct buf *text)
{
    const struct op *op = op_at(measure, worst->reader);

    buf_printf(text, "operation %" PRIu32 " (", op->index);
    explain_op(measure->history, op, text);
    buf_puts(text, ")");
    if (worst->proof != PLACE_NONE) {
        const struct op *proof = op_at(measure, worst->proof);
        bool is_read = proof->f == OP_F_READ || proof->f == OP_F_GET;
        buf_puts(text, " came ");
        put_span(measure, worst->late_ns, text);
        buf_puts(text, " after ");
        put_value(measure,
                  is_read                ? proof->out
                  : proof->f == OP_F_CAS ? proof->in2
                                         : proof->in,
                  text);
        buf_printf(text, " was in place (%s by operation %" PRIu32 ")",
                   is_read ? "read" : "written", proof->index);
    }
    if (worst->behind)
        buf_printf(text, "%s %" PRIu32 " newer write%s",
                   worst->late_ns ? ", behind" : " was behind", worst->behind,
                   worst->behind == 1 ? "" : "s");
}

static void print_worst(const struct measure *measure, struct buf *json)
{
    const struct history *history = measure->history;

    buf_json_next(json, "worst");
    buf_puts(json, "[");
    for (uint32_t i = 0; i < measure->worst_count; i++) {
        const struct worst *worst = &measure->worst[i];
        const struct op *op = op_at(measure, worst->reader);
        struct buf text;
        buf_json_next(json, NULL);
        buf_puts(json, "{");
        buf_json_int(json, "op", op->index);
        buf_json_next(json, "key");
        values_print(&history->values, op->key, json);
        buf_json_next(json, "value");
        values_print(&history->values, seen(op), json);
        buf_json_int(json, "process", op->process);
        buf_json_int(json, "invoked_ns", op->invoke_ns);
        buf_json_int(json, "completed_ns", op->complete_ns);
        buf_json_int(json, "late_ns", worst->late_ns);
        buf_json_int(json, "newer_writes", worst->behind);
        buf_json_next(json, "newer");
        buf_puts(json, "[");
        for (uint32_t k = 0; k < worst->behind && k < NEWER_MAX; k++)
            buf_json_int(json, NULL, op_at(measure, worst->newer[k])->index);
        buf_puts(json, "]");
        buf_init(&text, 0);
        put_worst(measure, worst, &text);
        buf_json_str(json, "explanation", buf_str(&text));
        buf_release(&text);
        buf_puts(json, "}");
    }
    buf_puts(json, "]");
}

static void put_or_null(struct buf *json, const char *key, bool known, int64_t number)
{
    if (known)
        buf_json_int(json, key, number);
    else
        buf_json_raw(json, key, str_of("null"));
}

static void print_details(const struct measure *measure, struct buf *json)
{
    bool exact = measure->undecided == 0 && measure->impossible == 0;
    bool timed = measure->history->times_trusted;

    put_or_null(json, "delta_ns", exact && timed, measure->delta_ns);
    put_or_null(json, "delta_least_ns", timed, measure->delta_ns);
    put_or_null(json, "k", exact && measure->most_known && measure->least == measure->most,
                measure->least);
    buf_json_int(json, "k_least", measure->least);
    put_or_null(json, "k_most", exact && measure->most_known, measure->most);
    buf_json_int(json, "keys", measure->keys.count);
    buf_json_int(json, "measured_keys", measure->measured);
    print_worst(measure, json);
}

static void set_verdict(const struct measure *measure)
{
    struct finding *finding = measure->finding;
    struct buf text;

    buf_init(&text, 0);
    buf_printf(&text, "delta %s", measure->undecided ? "at least " : "= ");
    put_span(measure, measure->delta_ns, &text);
    buf_puts(&text, ", ");
    put_versions(measure, &text);
    if (measure->impossible)
        finding_set(finding, VERDICT_INVALID,
                    "%" PRIu32 " of %" PRIu32 " keys: values were read that nobody had written",
                    measure->impossible, measure->keys.count);
    else if (measure->too_old)
        finding_set(finding, VERDICT_INVALID,
                    "%" PRIu32 " reads returned what had been replaced "
                    "more than %.3f s before; delta is %.3f s",
                    measure->too_old, (double)measure->limit_ns / 1e9,
                    (double)measure->delta_ns / 1e9);
    else if (measure->limit_ns && measure->delta_ns > measure->limit_ns)
        finding_set(finding, VERDICT_UNKNOWN,
                    "delta is %.3f s, more than %.3f s, and no two writes alone show it",
                    (double)measure->delta_ns / 1e9, (double)measure->limit_ns / 1e9);
    else if (measure->undecided)
        finding_set(finding, VERDICT_UNKNOWN, "%" PRIu32 " of %" PRIu32 " keys undecided: %s",
                    measure->undecided, measure->keys.count, measure->reason);
    else if (measure->worst_count) {
        buf_puts(&text, "; the worst: ");
        put_worst(measure, &measure->worst[0], &text);
        finding_set(finding, VERDICT_VALID, "%s", text.ptr ? text.ptr : "");
    } else {
        finding_set(finding, VERDICT_VALID, "%s", text.ptr ? text.ptr : "");
    }
    buf_release(&text);
}

/* -- entry ------------------------------------------------------------------------------------- */

/* Why the history cannot be measured; NULL if it can. */
static const char *refuse(const struct history *history, const struct check_options *options)
{
    bool any_ok = false;

    if (options->model && strcmp(options->model, "register") != 0 &&
        strcmp(options->model, "cas-register") != 0 && strcmp(options->model, "key-value") != 0)
        return "staleness is defined for registers with read, write and cas only";
    for (size_t i = 0; i < history->count; i++) {
        const struct op *op = &history->ops[i];
        if (op->f != OP_F_READ && op->f != OP_F_GET && op->f != OP_F_WRITE && op->f != OP_F_PUT &&
            op->f != OP_F_CAS)
            return "staleness is defined for registers with read, write and cas only";
        any_ok = any_ok || op->type == OP_OK;
    }
    if (!any_ok)
        return "no operation succeeded, so that nothing was tried";
    return history->timeless ? "the history says nothing about real time" : NULL;
}

static int check(const struct history *history, const struct check_options *options,
                 struct budget *budget, struct finding *finding, struct err *err)
{
    struct measure measure = {.history = history,
                              .budget = budget,
                              .finding = finding,
                              .least = 1,
                              .most = 1,
                              .most_known = true};
    const char *refusal = refuse(history, options);
    int result = 0;

    if (refusal) {
        finding_set(finding, VERDICT_UNKNOWN, "%s", refusal);
        return 0;
    }
    measure.limit_ns = history->times_trusted ? options->staleness_ns : 0;
    measure.initial = options->initial;
    if (keys_init(&measure.keys, history, budget, err) < 0) {
        keys_release(&measure.keys);
        finding_set(finding, VERDICT_UNKNOWN, "%s", err->msg);
        return 0;
    }
    for (uint32_t key = 0; key < measure.keys.count && result == 0; key++)
        result = measure_key(&measure, key, err);
    set_verdict(&measure);
    print_details(&measure, &finding->details);
    keys_release(&measure.keys);
    return result;
}

const struct checker checker_staleness = {
    .name = "staleness",
    .about = "how stale reads are: by time (delta), by versions (k), and the worst of them",
    .is_measure = true,
    .check = check,
};
