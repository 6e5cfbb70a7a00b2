/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* lost_write.c - a write that was acknowledged, and in the end is gone: all final reads of its key
 * return what had been written before it began.
 *
 * No level of the ladder below sequential knows real time, and replicas that agree on the older of
 * two writes have converged: last-writer-wins under clock skew does so. Every operation that may
 * have written the final value must have ended before the lost write was invoked; one of unknown
 * outcome never ends. Final reads are those of `eventual`. A key whose final reads differ, or of
 * which one got no answer, says nothing. Registers with read, write and cas only; an update of
 * another kind leaves its key out.
 */
#include "../harness/checker.h"
#include "../harness/model.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { ANOMALIES_MAX = 10 };

/* A key that was read in the final phase. */
struct key {
    value_id key, value; /* value: what all its final reads returned */
    uint32_t read;       /* place of the first of them */
    bool settled;        /* they all answered, and alike */
    int64_t
        written_ns;  /* when the last operation that may have written it ended; INT64_MIN: none */
    uint32_t writer; /* place of that operation */
    uint32_t lost;   /* place of the last write that was lost */
    bool any_lost;
};

struct work {
    const struct history *history;
    value_id initial;
    struct key *keys; /* by key */
    size_t key_count;
    size_t settled, lost;
};

static bool is_read(const struct op *op)
{
    return op->f == OP_F_READ || op->f == OP_F_GET;
}

/* Whether it leaves a value; which. */
static bool writes(const struct op *op, value_id *value)
{
    bool is_write = op->f == OP_F_WRITE || op->f == OP_F_PUT;

    *value = op->f == OP_F_CAS ? op->in2 : op->in;
    return op->type != OP_FAIL && (is_write || op->f == OP_F_CAS);
}

/* -- final reads ---------------------------------------------------------------------------------
 */

static const struct event *find_final_phase(const struct history *history)
{
    for (size_t i = 0; i < history->event_count; i++) {
        const struct event *event = &history->events[i];
        if (strcmp(event->f, "phase") == 0 && strcmp(event->value, "\"final\"") == 0)
            return event;
    }
    return NULL;
}

static bool is_final(const struct op *op, const struct event *phase)
{
    return is_read(op) && (op->invoke_ns > phase->time_ns ||
                           (op->invoke_ns == phase->time_ns && op->index > phase->index));
}

/* By key, then by place. */
static int compare(const void *left, const void *right)
{
    const struct key *a = left, *b = right;

    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return a->read < b->read ? -1 : a->read > b->read;
}

/* One for each final read; then one for each key. */
static bool gather(struct work *work, const struct event *phase, struct budget *budget)
{
    const struct history *history = work->history;
    size_t reads = 0;

    work->keys = budget_alloc(budget, (history->count + 1) * sizeof *work->keys);
    if (!work->keys)
        return false;
    for (size_t i = 0; i < history->count; i++) {
        const struct op *op = &history->ops[i];
        if (is_final(op, phase))
            work->keys[reads++] = (struct key){.key = op->key,
                                               .value = op->out,
                                               .read = (uint32_t)i,
                                               .settled = op->type == OP_OK,
                                               .written_ns = INT64_MIN};
    }
    qsort(work->keys, reads, sizeof *work->keys, compare);
    for (size_t i = 0; i < reads; i++) {
        struct key *last = work->key_count ? &work->keys[work->key_count - 1] : NULL;
        if (!last || last->key != work->keys[i].key)
            work->keys[work->key_count++] = work->keys[i];
        else
            last->settled =
                last->settled && work->keys[i].settled && last->value == work->keys[i].value;
    }
    return true;
}

static struct key *find(const struct work *work, value_id key)
{
    size_t low = 0, high = work->key_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (work->keys[middle].key < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low < work->key_count && work->keys[low].key == key ? &work->keys[low] : NULL;
}

/* -- what was lost -------------------------------------------------------------------------------
 */

/* When what the final reads returned was written at the latest. */
static void find_writers(struct work *work)
{
    const struct history *history = work->history;

    for (size_t i = 0; i < history->count; i++) {
        const struct op *op = &history->ops[i];
        struct key *key = find(work, op->key);
        value_id value;
        if (!key || op->type == OP_FAIL || is_read(op))
            continue;
        if (!writes(op, &value))
            key->settled = false; /* of a kind that we do not know */
        else if (value == key->value && op_end_ns(op) > key->written_ns) {
            key->written_ns = op_end_ns(op);
            key->writer = (uint32_t)i;
        }
    }
}

/* Whether the key's final value is one that the history accounts for. */
static bool is_known(const struct work *work, const struct key *key)
{
    return key->written_ns != INT64_MIN || key->value == work->initial;
}

static void find_lost(struct work *work)
{
    const struct history *history = work->history;

    for (size_t i = 0; i < history->count; i++) {
        const struct op *op = &history->ops[i];
        struct key *key = find(work, op->key);
        value_id value;
        if (!key || !key->settled || !is_known(work, key) || op->type != OP_OK ||
            !writes(op, &value))
            continue;
        if (op->invoke_ns <= key->written_ns ||
            op->complete_ns >= history->ops[key->read].invoke_ns)
            continue;
        key->lost = (uint32_t)i;
        key->any_lost = true;
    }
}

/* Naively, from the operations alone: the final reads' value was there before `lost` began, and
 * nothing can have written it since. */
static bool verify(const struct work *work, const struct key *key, const struct event *phase)
{
    const struct op *lost = &work->history->ops[key->lost];
    bool known = key->value == work->initial, read = false;
    value_id value;

    for (size_t i = 0; i < work->history->count; i++) {
        const struct op *op = &work->history->ops[i];
        if (op->key != key->key)
            continue;
        if (is_final(op, phase)) {
            if (op->type != OP_OK || op->out != key->value || op->invoke_ns <= lost->complete_ns)
                return false;
            read = true;
        } else if (writes(op, &value) && value == key->value) {
            if (op_end_ns(op) >= lost->invoke_ns)
                return false;
            known = true;
        }
    }
    return known && read && lost->type == OP_OK && writes(lost, &value) && value != key->value;
}

/* -- telling -------------------------------------------------------------------------------------
 */

static void put_value(const struct work *work, value_id value, struct buf *text)
{
    if (value == VALUE_NIL)
        buf_puts(text, "nil");
    else
        values_print(&work->history->values, value, text);
}

static int report(const struct work *work, const struct key *key, const struct event *phase,
                  struct finding *finding, struct err *err)
{
    const struct op *lost = &work->history->ops[key->lost];
    bool written = key->written_ns != INT64_MIN;
    uint32_t ops[] = {key->writer, key->lost, key->read};
    value_id value = VALUE_NIL;
    struct buf text;

    (void)writes(lost, &value);
    buf_init(&text, 0);
    buf_puts(&text, "In the end, all final reads");
    if (key->key != VALUE_NIL) {
        buf_puts(&text, " of key ");
        put_value(work, key->key, &text);
    }
    buf_puts(&text, " returned ");
    put_value(work, key->value, &text);
    buf_puts(&text, ", but ");
    put_value(work, value, &text);
    buf_printf(&text, " was acknowledged after that (operation %" PRIu32 ", process %" PRId32,
               lost->index, lost->process);
    if (lost->node != NODE_NONE)
        buf_printf(&text, " on %s", work->history->nodes[lost->node]);
    buf_puts(&text, ")");
    if (written)
        buf_printf(&text, ": it began %.3f ms after all that can have written the former had ended",
                   (double)(lost->invoke_ns - key->written_ns) / 1e6);
    buf_puts(&text, ".");
    int result = finding_add(finding, "lost-write", written ? ops : ops + 1, written ? 3 : 2,
                             verify(work, key, phase), text.ptr ? text.ptr : "", err);
    buf_release(&text);
    return result;
}

static int judge(struct work *work, const struct event *phase, struct finding *finding,
                 struct err *err)
{
    find_writers(work);
    find_lost(work);
    for (size_t i = 0; i < work->key_count; i++) {
        const struct key *key = &work->keys[i];
        work->settled += key->settled && is_known(work, key);
        if (!key->any_lost || work->lost++ >= ANOMALIES_MAX)
            continue;
        if (report(work, key, phase, finding, err) < 0)
            return -1;
    }
    if (work->lost)
        finding_set(finding, VERDICT_INVALID,
                    "on %zu of %zu keys an acknowledged write was lost to an older one", work->lost,
                    work->key_count);
    else if (!work->settled)
        finding_set(finding, VERDICT_UNKNOWN, "no key's final reads all answered alike");
    else
        finding_set(finding, VERDICT_VALID, "no acknowledged write was lost on %zu keys",
                    work->settled);
    buf_json_int(&finding->details, "keys", (int64_t)work->key_count);
    buf_json_int(&finding->details, "settled", (int64_t)work->settled);
    buf_json_int(&finding->details, "lost", (int64_t)work->lost);
    return 0;
}

static int check(const struct history *history, const struct check_options *options,
                 struct budget *budget, struct finding *finding, struct err *err)
{
    struct work work = {.history = history, .initial = options->initial};
    const struct event *phase = find_final_phase(history);
    int result = 0;

    if (!history->times_trusted)
        finding_set(finding, VERDICT_UNKNOWN, "the history has no times to trust");
    else if (!phase)
        finding_set(finding, VERDICT_UNKNOWN, "the history says nothing of a final phase");
    else if (!gather(&work, phase, budget))
        finding_set(finding, VERDICT_UNKNOWN, "%s", budget_reason(budget));
    else
        result = judge(&work, phase, finding, err);
    budget_free(budget, work.keys);
    return result;
}

const struct checker checker_lost_write = {
    .name = "lost-write",
    .about = "no acknowledged write is gone in the end, with an older one in its place",
    .is_measure = true,
    .check = check,
};
