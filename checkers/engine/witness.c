/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "witness.h"

#include "../../harness/base/clock.h"
#include "solve.h"

#include <string.h>

/* How hard to try to show that a part has no order, and how many parts to look at. */
enum { STEPS_LEAST = 20000, ATTEMPTS_MAX = 4000, BEGINNINGS_MAX = 400, VERIFY_EASILY = 200000 };

/* An excerpt under work. */
struct shrink {
    struct excerpt *excerpt;
    struct excerpt trial; /* of the same size or smaller */
    struct budget *budget;
    struct states states;
    struct call *calls; /* of the excerpt, by position */
    uint8_t *leave_out; /* by position */
    uint32_t *parts;    /* several objects: their numbers, by position in the trial */
    uint32_t attempts;
    bool gave_up;     /* the last attempt was too hard */
    uint64_t steps;   /* for each attempt */
    int64_t until_ns; /* of clock_now_ns(): what is left then is for the naive routine */
};

static const struct op *op_at(const struct excerpt *excerpt, size_t i)
{
    return &excerpt->history->ops[excerpt->places[i]];
}

/* -- asking
 * ----------------------------------------------------------------------------------------- */

/* Number the objects; how many there are. */
static uint32_t number_parts(struct shrink *shrink, const struct excerpt *excerpt)
{
    uint32_t count = 0;

    for (size_t i = 0; i < excerpt->count; i++) {
        size_t k = count == 1 && op_at(excerpt, i)->key == op_at(excerpt, 0)->key ? 0 : i;
        while (k > 0 && op_at(excerpt, k - 1)->key != op_at(excerpt, i)->key)
            k--;
        bool is_new = k == 0 && (i == 0 || op_at(excerpt, 0)->key != op_at(excerpt, i)->key);
        shrink->parts[i] = is_new ? count++ : shrink->parts[k ? k - 1 : 0];
    }
    return count;
}

static bool has_order_from(struct shrink *shrink, const struct excerpt *excerpt, uint32_t place,
                           uint32_t back)
{
    struct object_source source = {.history = excerpt->history,
                                   .model = excerpt->model,
                                   .initial = excerpt->initial,
                                   .places = excerpt->places,
                                   .count = excerpt->count,
                                   .relaxed = excerpt->relaxed,
                                   .begin_place = place,
                                   .begin_back = back};
    struct solve_effort effort = {.steps = shrink->steps, .threads = 1};
    struct solution solution;

    source.part_count = number_parts(shrink, excerpt);
    source.parts = source.part_count > 1 ? shrink->parts : NULL;
    solve(&source, &effort, shrink->budget, &solution);
    shrink->gave_up = solution.outcome == SOLVED_NOT;
    return solution.outcome != SOLVED_INVALID;
}

/* Whether some state has been tried as a beginning for an operation before `i`. */
static bool was_tried(const uint32_t *tried, uint32_t count, uint32_t state)
{
    for (uint32_t i = 0; i < count; i++) {
        if (tried[i] == state)
            return true;
    }
    return false;
}

/* From any state that an operation needs, or one that leads up to it. */
static bool has_order_from_anywhere(struct shrink *shrink, const struct excerpt *excerpt)
{
    const struct model *model = excerpt->model;
    struct model_env env = {
        .history = excerpt->history, .states = &shrink->states, .initial = excerpt->initial};
    uint32_t tried[BEGINNINGS_MAX], count = 0;

    for (size_t i = 0; i < excerpt->count; i++) {
        uint32_t leaves, state, back = 0;
        struct call call;
        struct err err;
        if (model->prepare(&env, op_at(excerpt, i), &call, &err) != 1)
            continue;
        model->effect(&call, &leaves, &state);
        for (; state != STATE_NO; back++) {
            if (was_tried(tried, count, state))
                break;
            if (count == BEGINNINGS_MAX ||
                has_order_from(shrink, excerpt, excerpt->places[i], back))
                return true;
            tried[count++] = state;
            state = model->before ? model->before(&shrink->states, state) : STATE_NO;
        }
    }
    return false;
}

static bool is_over(const struct shrink *shrink)
{
    return shrink->attempts >= ATTEMPTS_MAX || budget_spent(shrink->budget) ||
           clock_now_ns() >= shrink->until_ns;
}

/* Half of what is left of the time. */
static int64_t half_time(const struct budget *budget)
{
    int64_t now_ns = clock_now_ns();
    return budget->deadline_ns ? now_ns + (budget->deadline_ns - now_ns) / 2 : INT64_MAX;
}

/* Whether the excerpt may have an order: true also where that is too hard to say. */
static bool may_have_order(struct shrink *shrink, const struct excerpt *excerpt)
{
    if (is_over(shrink))
        return true;
    shrink->attempts++;
    return has_order_from(shrink, excerpt, PLACE_NONE, 0) ||
           (excerpt->from_ns != INT64_MIN && has_order_from_anywhere(shrink, excerpt));
}

static void make_calls(struct shrink *shrink)
{
    const struct excerpt *excerpt = shrink->excerpt;
    struct model_env env = {
        .history = excerpt->history, .states = &shrink->states, .initial = excerpt->initial};
    struct err err;

    for (size_t i = 0; i < excerpt->count; i++) {
        if (excerpt->model->prepare(&env, op_at(excerpt, i), &shrink->calls[i], &err) < 0)
            memset(&shrink->calls[i], 0, sizeof shrink->calls[i]);
        else if (excerpt->relaxed[i] & RELAX_NEED)
            excerpt->model->weaken(&shrink->calls[i]);
    }
}

/* The trial becomes the excerpt, if it has no order. */
static bool settle_for_trial(struct shrink *shrink)
{
    if (may_have_order(shrink, &shrink->trial))
        return false;
    struct excerpt swap = *shrink->excerpt;
    *shrink->excerpt = shrink->trial;
    shrink->trial = swap;
    make_calls(shrink);
    return true;
}

static void copy_to_trial(struct shrink *shrink)
{
    const struct excerpt *excerpt = shrink->excerpt;

    shrink->trial.from_ns = excerpt->from_ns;
    shrink->trial.count = excerpt->count;
    memcpy(shrink->trial.places, excerpt->places, excerpt->count * sizeof *excerpt->places);
    memcpy(shrink->trial.relaxed, excerpt->relaxed, excerpt->count);
}

/* -- leaving out
 * -------------------------------------------------------------------------------------- */

static bool is_pure(const struct shrink *shrink, size_t i)
{
    return shrink->calls[i].kind == CALL_PURE;
}

/* Whether what is kept would look different without update `i`. */
static bool is_seen(const struct shrink *shrink, size_t i)
{
    const struct excerpt *excerpt = shrink->excerpt;
    uint32_t leaves, needs, other_leaves, other_needs;

    excerpt->model->effect(&shrink->calls[i], &leaves, &needs);
    if (leaves == STATE_ANY)
        return true;
    for (size_t k = 0; k < excerpt->count; k++) {
        if (k == i || shrink->leave_out[k])
            continue;
        excerpt->model->effect(&shrink->calls[k], &other_leaves, &other_needs);
        if (other_leaves == STATE_ANY || other_needs == STATE_ANY || other_needs == leaves)
            return true;
    }
    return false;
}

/* Mark everything that concerns the element of `i`; false if something may concern every element.
 */
static bool mark_element(struct shrink *shrink, size_t i)
{
    const struct excerpt *excerpt = shrink->excerpt;
    uint32_t element, other, needs;

    excerpt->model->effect(&shrink->calls[i], &element, &needs);
    if (element == STATE_NO || element == STATE_ANY)
        return false;
    for (size_t k = 0; k < excerpt->count; k++) {
        excerpt->model->effect(&shrink->calls[k], &other, &needs);
        if (other == STATE_ANY && !shrink->leave_out[k])
            return false;
    }
    for (size_t k = 0; k < excerpt->count; k++) {
        excerpt->model->effect(&shrink->calls[k], &other, &needs);
        if (other == element)
            shrink->leave_out[k] = 1;
    }
    return true;
}

/* Mark `i`, and what has to go with it. */
static bool mark(struct shrink *shrink, size_t i)
{
    const struct model *model = shrink->excerpt->model;

    if (!is_pure(shrink, i)) {
        if (model->omit == OMIT_ELEMENTS)
            return mark_element(shrink, i);
        if (model->omit != OMIT_UNSEEN || is_seen(shrink, i))
            return false;
    }
    shrink->leave_out[i] = 1;
    return true;
}

static bool try_without_marked(struct shrink *shrink)
{
    const struct excerpt *excerpt = shrink->excerpt;
    struct excerpt *trial = &shrink->trial;

    trial->from_ns = excerpt->from_ns;
    trial->count = 0;
    for (size_t i = 0; i < excerpt->count; i++) {
        if (shrink->leave_out[i])
            continue;
        trial->places[trial->count] = excerpt->places[i];
        trial->relaxed[trial->count++] = excerpt->relaxed[i];
    }
    return trial->count < excerpt->count && settle_for_trial(shrink);
}

/* Leave out stretches of `size` operations, as far as each of them can be; pure ones first, so that
 * updates that they saw can follow. */
static bool leave_out_stretches(struct shrink *shrink, size_t size, bool pure)
{
    bool changed = false;

    for (size_t from = 0; from < shrink->excerpt->count;) {
        bool any = false;
        memset(shrink->leave_out, 0, shrink->excerpt->count);
        for (size_t i = from; i < from + size && i < shrink->excerpt->count; i++) {
            if (!shrink->leave_out[i] && is_pure(shrink, i) == pure)
                any = mark(shrink, i) || any;
        }
        if (any && try_without_marked(shrink))
            changed = true;
        else
            from += size;
    }
    return changed;
}

/* -- relaxing
 * ------------------------------------------------------------------------------------------ */

static bool relax_each(struct shrink *shrink, uint8_t how)
{
    bool changed = false;

    for (size_t i = 0; i < shrink->excerpt->count; i++) {
        uint8_t relaxed = shrink->excerpt->relaxed[i];
        if ((relaxed & how) || is_pure(shrink, i))
            continue;
        if (how == RELAX_DUTY && op_at(shrink->excerpt, i)->type != OP_OK)
            continue;
        if (how == RELAX_NEED) {
            struct call weakened = shrink->calls[i];
            if (!shrink->excerpt->model->weaken)
                return changed;
            shrink->excerpt->model->weaken(&weakened);
            if (memcmp(&weakened, &shrink->calls[i], sizeof weakened) == 0)
                continue;
        }
        copy_to_trial(shrink);
        shrink->trial.relaxed[i] |= how == RELAX_DUTY ? how | RELAX_LATER : how;
        changed = settle_for_trial(shrink) || changed;
        if (shrink->gave_up)
            break; /* as will be whatever is freer still */
    }
    return changed;
}

/* The naive routine tries every choice of what may or may not have happened. Where those are too
 * many for it, what did happen has to be placed: no order becomes legal by that. */
static void restore_duties(struct excerpt *excerpt, struct budget *budget)
{
    if (verify_illegal(excerpt, VERIFY_EASILY, budget) != VERIFIED_UNFINISHED)
        return;
    for (size_t i = 0; i < excerpt->count; i++) {
        if (excerpt->relaxed[i] & RELAX_LATER)
            excerpt->relaxed[i] &= (uint8_t) ~(RELAX_DUTY | RELAX_LATER);
    }
}

/* -- cutting off the beginning
 * ---------------------------------------------------------------------------- */

/* What is open at `from_ns` or later. What was invoked before may have taken effect before. */
static void cut_trial(struct shrink *shrink, int64_t from_ns)
{
    const struct excerpt *excerpt = shrink->excerpt;
    struct excerpt *trial = &shrink->trial;

    trial->from_ns = from_ns;
    trial->count = 0;
    for (size_t i = 0; i < excerpt->count; i++) {
        const struct op *op = op_at(excerpt, i);
        if (op_end_ns(op) < from_ns && !(excerpt->relaxed[i] & RELAX_DUTY))
            continue;
        trial->places[trial->count] = excerpt->places[i];
        trial->relaxed[trial->count++] =
            excerpt->relaxed[i] | (op->invoke_ns < from_ns ? RELAX_DUTY : 0);
    }
}

enum { CUT_SMALLEST = 16 };

static void cut_beginning(struct shrink *shrink)
{
    const struct excerpt *excerpt = shrink->excerpt;
    const struct model *model = excerpt->model;

    if (model->omit != OMIT_UNSEEN && !model->before)
        return;
    for (size_t size = CUT_SMALLEST; size < excerpt->count / 2; size *= 2) {
        cut_trial(shrink, op_at(excerpt, excerpt->count - size)->invoke_ns);
        if (settle_for_trial(shrink))
            return;
    }
}

/* Of the whole, the operation that wrote what `reader` saw: the last one before it, else the first
 * one after it; PLACE_NONE if nobody did. */
static uint32_t find_writer(const struct shrink *shrink, const struct model_env *env,
                            uint32_t reader, uint32_t seen)
{
    const struct excerpt *excerpt = shrink->excerpt;
    uint32_t writer = PLACE_NONE, leaves, needs;

    for (size_t i = 0; i < excerpt->whole_count; i++) {
        uint32_t place = excerpt->whole[i];
        const struct op *op = &excerpt->history->ops[place];
        struct call call;
        struct err err;
        if (op->key != excerpt->history->ops[reader].key ||
            (place > reader && writer != PLACE_NONE) ||
            excerpt->model->prepare(env, op, &call, &err) != 1)
            continue;
        excerpt->model->effect(&call, &leaves, &needs);
        if (leaves == seen)
            writer = place;
    }
    return writer;
}

static bool is_written(const struct shrink *shrink, uint32_t seen)
{
    for (size_t i = 0; i < shrink->excerpt->count; i++) {
        uint32_t leaves, needs;
        shrink->excerpt->model->effect(&shrink->calls[i], &leaves, &needs);
        if (leaves == seen)
            return true;
    }
    return false;
}

/* What wrote the values that are seen and is not there, because it was cut off or came later:
 * mentioned, so that nobody has to ask where they came from. */
static void mention_writers(struct shrink *shrink)
{
    struct excerpt *excerpt = shrink->excerpt;
    struct model_env env = {
        .history = excerpt->history, .states = &shrink->states, .initial = excerpt->initial};
    uint32_t leaves, seen;

    if (excerpt->model->omit != OMIT_UNSEEN)
        return;
    for (size_t i = 0; i < excerpt->count; i++) {
        excerpt->model->effect(&shrink->calls[i], &leaves, &seen);
        if ((excerpt->relaxed[i] & RELAX_PRESENCE) || seen == STATE_NO || seen == STATE_ANY ||
            is_written(shrink, seen))
            continue;
        uint32_t writer = find_writer(shrink, &env, excerpt->places[i], seen);
        if (writer == PLACE_NONE)
            continue;
        i += writer < excerpt->places[i];
        excerpt_add(excerpt, writer, RELAX_PRESENCE);
        make_calls(shrink);
    }
}

/* -- the whole
 * ------------------------------------------------------------------------------------------- */

static void shrink_fully(struct shrink *shrink)
{
    bool changed = true;

    while (changed && !is_over(shrink)) {
        changed = false;
        for (size_t size = shrink->excerpt->count; size > 0; size /= 2) {
            changed = leave_out_stretches(shrink, size, true) || changed;
            changed = leave_out_stretches(shrink, size, false) || changed;
        }
        if (shrink->excerpt->count <= 64) {
            changed = relax_each(shrink, RELAX_DUTY) || changed;
            changed = relax_each(shrink, RELAX_NEED) || changed;
        }
    }
}

void witness_shrink(struct excerpt *excerpt, uint64_t steps, struct budget *budget)
{
    struct shrink shrink = {.excerpt = excerpt,
                            .budget = budget,
                            .steps = 2 * steps + STEPS_LEAST,
                            .until_ns = half_time(budget)};

    states_init(&shrink.states, budget);
    shrink.calls = budget_calloc(budget, excerpt->count * 2 + 1, sizeof *shrink.calls);
    shrink.parts = budget_calloc(budget, excerpt->count + 1, sizeof *shrink.parts);
    shrink.leave_out = budget_calloc(budget, excerpt->count + 1, 1);
    bool ready = excerpt_init(&shrink.trial, excerpt, excerpt->count * 2, budget) && shrink.calls &&
                 shrink.leave_out && shrink.parts;
    if (ready) {
        make_calls(&shrink);
        cut_beginning(&shrink);
        shrink_fully(&shrink);
        mention_writers(&shrink);
        restore_duties(excerpt, budget);
    }
    excerpt_release(&shrink.trial, budget);
    budget_free(budget, shrink.calls);
    budget_free(budget, shrink.parts);
    budget_free(budget, shrink.leave_out);
    states_release(&shrink.states);
}

bool witness_prefix(const struct object_source *source, int64_t end_ns, struct budget *budget,
                    struct excerpt *excerpt)
{
    const struct excerpt like = {.history = source->history,
                                 .model = source->model,
                                 .initial = source->initial,
                                 .from_ns = INT64_MIN,
                                 .whole = source->places,
                                 .whole_count = source->count};
    struct states states;
    struct model_env env = {
        .history = source->history, .states = &states, .initial = source->initial};
    struct err err;

    states_init(&states, budget);
    bool ready = excerpt_init(excerpt, &like, source->count * 2, budget);
    for (size_t i = 0; i < source->count && ready; i++) {
        const struct op *op = &source->history->ops[source->places[i]];
        struct call call;
        if (op->invoke_ns > end_ns)
            break;
        if (source->model->prepare(&env, op, &call, &err) == 1 &&
            (op->type == OP_OK || call.kind != CALL_PURE))
            excerpt_add(excerpt, source->places[i], op_end_ns(op) > end_ns ? RELAX_DUTY : 0);
    }
    ready = ready && !states.failed;
    states_release(&states);
    return ready;
}
