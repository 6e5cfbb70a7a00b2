/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Counters judged key by key: does what was added fit between what was read?
 *
 * Additions are jobs as long as what they add; what their process read before and after are a
 * job's release and deadline, and the counter's value is the time. As many as can be done are done
 * in the order of their deadlines (Jackson 1955; Horn 1974), as if an addition could be made in
 * parts: if even that fails, there is no order. It claims nothing: what it finds is asked again of
 * sums_naive.c. */
#include "sums_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- numbers --------------------------------------------------------------------------------- */

static bool number_of(const struct sums *sums, value_id value, int64_t *number)
{
    *number = 0;
    return value == VALUE_NIL || (values_get_int(&sums->history->values, value, number) &&
                                  *number >= INT32_MIN && *number <= INT32_MAX);
}

static bool read_numbers(struct sums *sums)
{
    const struct keys *keys = sums->keys;

    if (!number_of(sums, sums->source->initial, &sums->initial))
        return false;
    for (uint32_t key = 0; key < keys->count; key++) {
        for (uint32_t i = keys->starts[key]; i < keys->starts[key + 1]; i++) {
            uint32_t place = keys->places[i];
            const struct op *op = sums_op(sums, place);
            value_id value = op->f == OP_F_READ ? op->out : op->in;
            sums->key[place] = key;
            if (op->f == OP_F_READ && op->type != OP_OK)
                value = VALUE_NIL;
            if ((op->f != OP_F_READ && op->f != OP_F_ADD) ||
                !number_of(sums, value, &sums->number[place]))
                return false;
        }
    }
    return true;
}

/* -- one key --------------------------------------------------------------------------------- */

static int by_process(const void *left, const void *right)
{
    const struct keyed *a = left, *b = right;
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return a->at < b->at ? -1 : a->at > b->at;
}

static int by_number(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return a < b ? -1 : a > b;
}

static int by_size(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return a < b ? -1 : a > b;
}

static void find_sessions(struct sums *sums, uint32_t key)
{
    const struct keys *keys = sums->keys;
    uint32_t levels = 0;

    sums->session_count = sums->level_count = 0;
    for (uint32_t i = keys->starts[key]; i < keys->starts[key + 1]; i++) {
        uint32_t place = keys->places[i];
        if (sums_is_void(sums, place))
            continue;
        sums->sessions[sums->session_count++] =
            (struct keyed){sums_op(sums, place)->process, place};
        if (sums_is_read(sums, place))
            sums->levels[levels++] = sums->number[place];
    }
    qsort(sums->sessions, sums->session_count, sizeof *sums->sessions, by_process);
    qsort(sums->levels, levels, sizeof *sums->levels, by_size);
    for (uint32_t i = 0; i < levels; i++) {
        if (i == 0 || sums->levels[i] != sums->levels[i - 1])
            sums->levels[sums->level_count++] = sums->levels[i];
    }
}

/* The bounds of each addition. FAST_INVALID: a process read less than it had read before. */
static enum fast find_bounds(struct sums_fitting *fitting)
{
    struct sums *sums = fitting->sums;
    int64_t bound = sums->initial;
    uint32_t reader = PLACE_NONE;

    for (uint32_t i = 0; i < sums->session_count; i++) {
        uint32_t place = sums->sessions[i].at;
        if (i == 0 || !sums_same_session(sums, i, i - 1)) {
            bound = sums->initial;
            reader = PLACE_NONE;
        }
        if (!sums_is_read(sums, place)) {
            sums->least[place] = bound;
        } else if (sums->number[place] < bound) {
            if (reader != PLACE_NONE)
                sums_tell(fitting, reader);
            sums_tell(fitting, place);
            (void)snprintf(fitting->why, SUMS_WHY,
                           "Nothing negative was added, and yet %" PRId64 " was read after %" PRId64
                           ".",
                           sums->number[place], bound);
            return FAST_INVALID;
        } else {
            bound = sums->number[place];
            reader = place;
        }
    }
    for (uint32_t i = sums->session_count; i > 0; i--) {
        uint32_t place = sums->sessions[i - 1].at;
        if (i == sums->session_count || !sums_same_session(sums, i, i - 1))
            bound = SUM_UNBOUNDED;
        if (sums_is_read(sums, place))
            bound = sums->number[place];
        else
            sums->most[place] = sums_op(sums, place)->type == OP_OK ? bound : SUM_UNBOUNDED;
    }
    return FAST_VALID;
}

/* -- fitting --------------------------------------------------------------------------------- */

static bool is_earlier(const struct sums *sums, uint32_t a, uint32_t b)
{
    return sums->most[a] < sums->most[b];
}

static void push(struct sums_fitting *fitting, uint32_t place)
{
    struct sums_heap *heap = &fitting->due;
    uint32_t at = heap->count++;

    for (; at > 0 && is_earlier(fitting->sums, place, heap->places[(at - 1) / 2]);
         at = (at - 1) / 2)
        heap->places[at] = heap->places[(at - 1) / 2];
    heap->places[at] = place;
}

static void pop(struct sums_fitting *fitting)
{
    struct sums_heap *heap = &fitting->due;
    uint32_t place = heap->places[--heap->count], at = 0;

    for (uint32_t child; (child = 2 * at + 1) < heap->count; at = child) {
        if (child + 1 < heap->count &&
            is_earlier(fitting->sums, heap->places[child + 1], heap->places[child]))
            child++;
        if (!is_earlier(fitting->sums, heap->places[child], place))
            break;
        heap->places[at] = heap->places[child];
    }
    heap->places[at] = place;
}

static void release_jobs(struct sums_fitting *fitting, int64_t value)
{
    const struct sums *sums = fitting->sums;

    while (fitting->released < fitting->job_count &&
           sums->least[fitting->jobs[fitting->released]] <= value)
        push(fitting, fitting->jobs[fitting->released++]);
}

/* Whether something had to be done by now and is not. */
static bool is_late(const struct sums_fitting *fitting, int64_t value, int64_t *deadline)
{
    if (fitting->due.count == 0)
        return false;
    *deadline = fitting->sums->most[fitting->due.places[0]];
    return *deadline <= value;
}

/* Make additions until the value is `to`. */
static enum fast fill(struct sums_fitting *fitting, int64_t from, int64_t to)
{
    int64_t deadline;

    release_jobs(fitting, from);
    while (from < to) {
        if (is_late(fitting, from, &deadline))
            return sums_refute_crowd(fitting, deadline);
        if (fitting->due.count == 0)
            return sums_refute_lack(fitting, to);
        int64_t *left = &fitting->left[fitting->due.places[0]];
        int64_t done = *left < to - from ? *left : to - from;
        from += done;
        *left -= done;
        if (*left == 0)
            pop(fitting);
    }
    return FAST_VALID;
}

static void find_jobs(struct sums_fitting *fitting, struct keyed *scratch)
{
    const struct sums *sums = fitting->sums;

    fitting->job_count = fitting->released = fitting->due.count = 0;
    for (uint32_t i = 0; i < sums->session_count; i++) {
        uint32_t place = sums->sessions[i].at;
        if (sums_is_read(sums, place))
            continue;
        fitting->left[place] = sums->number[place];
        scratch[fitting->job_count++] = (struct keyed){sums->least[place], place};
    }
    qsort(scratch, fitting->job_count, sizeof *scratch, by_process);
    for (uint32_t i = 0; i < fitting->job_count; i++)
        fitting->jobs[i] = scratch[i].at;
}

/* Nothing negative is added. */
static enum fast fit(struct sums_fitting *fitting, struct keyed *scratch)
{
    const struct sums *sums = fitting->sums;
    enum fast result = find_bounds(fitting);
    int64_t value = sums->initial, deadline;

    if (result != FAST_VALID)
        return result;
    find_jobs(fitting, scratch);
    for (uint32_t i = 0; i < sums->level_count && result == FAST_VALID; i++) {
        if (i % 256 == 0 && budget_spent(sums->budget))
            return FAST_SPENT;
        result = fill(fitting, value, sums->levels[i]);
        value = sums->levels[i];
    }
    if (result != FAST_VALID)
        return result;
    release_jobs(fitting, value);
    return is_late(fitting, value, &deadline) ? sums_refute_crowd(fitting, deadline) : FAST_VALID;
}

/* -- numbers of any sign --------------------------------------------------------------------- */

/* A read of less, or more, than all that others may have added, and its own process did, can come
 * to. */
static enum fast bound(struct sums_fitting *fitting)
{
    const struct sums *sums = fitting->sums;
    int64_t losses = 0, gains = 0, least = 0, most = 0;

    for (uint32_t i = 0; i < sums->session_count; i++) {
        int64_t number = sums->number[sums->sessions[i].at];
        bool is_add = !sums_is_read(sums, sums->sessions[i].at);
        losses += is_add && number < 0 ? number : 0;
        gains += is_add && number > 0 ? number : 0;
    }
    for (uint32_t i = 0; i < sums->session_count; i++) {
        uint32_t place = sums->sessions[i].at;
        int64_t number = sums->number[place];
        if (i == 0 || !sums_same_session(sums, i, i - 1)) {
            least = sums->initial + losses;
            most = sums->initial + gains;
        }
        if (!sums_is_read(sums, place) && sums_op(sums, place)->type == OP_OK) {
            least += number > 0 ? number : 0; /* surely added, by whoever comes after */
            most += number < 0 ? number : 0;
        } else if (sums_is_read(sums, place) && (number < least || number > most)) {
            sums_tell_bounds(fitting, i, number < least);
            (void)snprintf(fitting->why, SUMS_WHY,
                           "%" PRId64 " was read, and the sum was between %" PRId64 " and %" PRId64
                           " whatever others had added.",
                           number, least, most);
            return FAST_INVALID;
        }
    }
    return FAST_VALID;
}

/* -- all keys -------------------------------------------------------------------------------- */

static bool loses(const struct sums *sums)
{
    for (uint32_t i = 0; i < sums->session_count; i++) {
        uint32_t place = sums->sessions[i].at;
        if (!sums_is_read(sums, place) && sums->number[place] < 0)
            return true;
    }
    return false;
}

/* FAST_VALID: there is nothing against an order of any key, and every one of them only grows;
 * FAST_NOT: some does not. */
static enum fast judge_each(struct sums_fitting *fitting, struct keyed *scratch, uint32_t *refuted)
{
    struct sums *sums = fitting->sums;
    enum fast all = FAST_VALID;

    for (*refuted = 0; *refuted < sums->keys->count; ++*refuted) {
        if (budget_spent(sums->budget))
            return FAST_SPENT;
        find_sessions(sums, *refuted);
        bool is_hard = loses(sums);
        enum fast result = is_hard ? bound(fitting) : fit(fitting, scratch);
        if (result != FAST_VALID)
            return result;
        all = is_hard ? FAST_NOT : all;
    }
    return all;
}

/* What was told, if the naive routine agrees. */
static enum fast confirm(const struct sums_fitting *fitting, uint32_t refuted,
                         struct excerpt *witness)
{
    const struct sums *sums = fitting->sums;
    const struct keys *keys = sums->keys;
    struct object_source one = *sums->source;

    one.places = keys->places + keys->starts[refuted];
    one.count = keys->starts[refuted + 1] - keys->starts[refuted];
    if (!fast_begin_witness(&one, sums->budget, witness))
        return FAST_SPENT;
    qsort(fitting->places, fitting->count, sizeof *fitting->places, by_number);
    for (uint32_t i = 0; i < fitting->count; i++)
        excerpt_add(witness, fitting->places[i], 0);
    return sums_refute(&one, witness) ? FAST_INVALID : FAST_NOT;
}

static enum fast judge(struct sums *sums, struct excerpt *witness, char *why)
{
    struct budget *budget = sums->budget;
    size_t places = sums->history->count + 1;
    struct sums_fitting fitting = {
        .sums = sums,
        .jobs = budget_alloc(budget, places * sizeof *fitting.jobs),
        .left = budget_alloc(budget, places * sizeof *fitting.left),
        .begun = budget_alloc(budget, (places + 1) * sizeof *fitting.begun),
        .due.places = budget_alloc(budget, places * sizeof *fitting.due.places),
        /* A read may be told for two additions. */
        .places = budget_alloc(budget, 3 * places * sizeof *fitting.places),
        .why = why,
    };
    struct keyed *scratch = budget_alloc(budget, places * sizeof *scratch);
    enum fast result = FAST_SPENT;
    uint32_t refuted;

    if (fitting.jobs && fitting.left && fitting.begun && fitting.due.places && fitting.places &&
        scratch) {
        result = judge_each(&fitting, scratch, &refuted);
        if (result == FAST_INVALID)
            result = confirm(&fitting, refuted, witness);
        if (result == FAST_VALID)
            result = sums_order(sums);
    }
    if (result != FAST_INVALID)
        excerpt_release(witness, budget);
    budget_free(budget, fitting.jobs);
    budget_free(budget, fitting.left);
    budget_free(budget, fitting.begun);
    budget_free(budget, fitting.due.places);
    budget_free(budget, fitting.places);
    budget_free(budget, scratch);
    return result;
}

enum fast sums_check(const struct object_source *source, const struct keys *keys,
                     struct budget *budget, struct excerpt *witness, char why[SUMS_WHY])
{
    size_t places = source->history->count + 1;
    struct sums sums = {
        .source = source, .history = source->history, .keys = keys, .budget = budget};
    enum fast result = FAST_SPENT;

    *witness = (struct excerpt){0};
    if (strcmp(source->model->name, "counter") != 0)
        return FAST_NOT;
    sums.number = budget_calloc(budget, places, sizeof *sums.number);
    sums.least = budget_calloc(budget, places, sizeof *sums.least);
    sums.most = budget_calloc(budget, places, sizeof *sums.most);
    sums.key = budget_calloc(budget, places, sizeof *sums.key);
    sums.sessions = budget_alloc(budget, places * sizeof *sums.sessions);
    sums.levels = budget_alloc(budget, places * sizeof *sums.levels);
    if (sums.number && sums.least && sums.most && sums.key && sums.sessions && sums.levels)
        result = read_numbers(&sums) ? judge(&sums, witness, why) : FAST_NOT;
    budget_free(budget, sums.number);
    budget_free(budget, sums.least);
    budget_free(budget, sums.most);
    budget_free(budget, sums.key);
    budget_free(budget, sums.sessions);
    budget_free(budget, sums.levels);
    return result;
}
