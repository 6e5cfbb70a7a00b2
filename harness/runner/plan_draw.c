/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plan_draw.c - schedules: when which family breaks something, drawn from the seed. */
#include "plan.h"

#include "../base/clock.h"
#include "../nemesis.h"
#include "../target.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { TRIES = 512, TIMEOUTS_MAX = 16, WAVE_INTERVALS = 3 };

#define HOLD_MIN_NS (20 * NS_PER_MS)

struct draft {
    struct test *test;
    struct rng rng;
    int64_t interval_ns;
    int64_t timeouts_ns[TIMEOUTS_MAX]; /* the target's own */
    int timeout_count;
    int families;
};

/* Between `low` and `high` of `whole`, uniformly. */
static int64_t draw_part(struct rng *rng, int64_t whole, double low, double high)
{
    return (int64_t)((double)whole * (low + (high - low) * rng_unit(rng)));
}

static void shuffle(int *order, int count, struct rng *rng)
{
    for (int i = count - 1; i > 0; i--) {
        int j = (int)rng_below(rng, (uint64_t)i + 1), kept = order[i];
        order[i] = order[j];
        order[j] = kept;
    }
}

/* Still to be put in the place of: one node after another. */
static bool is_rolling(const struct fault *fault)
{
    return strcmp(fault->kind, "rolling") == 0 && fault->selector != SELECT_NODES;
}

/* -- one fault -----------------------------------------------------------------------------------
 */

static bool is_drawn(const struct test *test, const struct wish *wish, const struct fault *fault)
{
    bool kind = !wish || !wish->kind || strcmp(wish->kind, fault->kind) == 0;
    bool chasing = test->schedule == SCHEDULE_CHASE;

    return kind && (!chasing || fault->selector == SELECT_LEADER);
}

static void grant(const struct wish *wish, struct fault *fault)
{
    for (int i = 0; wish && i < FAULT_PARAMS_MAX; i++) {
        if (wish->given & 1U << i)
            fault->params[i] = wish->params[i];
    }
    if (wish)
        memcpy(fault->files, wish->files, sizeof fault->files);
}

/* Draw until it is as `test` and `wish` have it. False: it never is. */
static bool draw_until(const struct test *test, const struct wish *wish, bool leader_known,
                       struct rng *rng, struct fault *fault)
{
    const uint64_t seed = fault->seed;
    bool found = false;

    for (int tries = 0; tries < TRIES && !found; tries++) {
        fault->seed = tries ? rng_next(rng) : seed; /* of which a draw may make use */
        fault->nemesis->draw(rng, test->node_count, leader_known, fault);
        found = is_drawn(test, wish, fault);
    }
    fault->seed = seed;
    return found;
}

/* Kinds that are never drawn, but can be asked for. Most are named for whom they strike. */
static int take_kind(const struct test *test, const char *kind, struct fault *fault,
                     struct err *err)
{
    struct situation situation = {.node_count = test->node_count};
    struct world mine;
    struct buf value;

    fault->kind = kind;
    if (strncmp(kind, "leader", strlen("leader")) == 0)
        fault->selector = SELECT_LEADER;
    for (int i = 0; i < SELECT_NODES; i++) {
        if (strcmp(selector_names[i], kind) == 0)
            fault->selector = (enum selector)i;
    }
    buf_init(&value, 0);
    world_clear(&mine, test->node_count);
    int result = fault->nemesis->declare(fault, &situation, test->node_names, &mine, &value, err);
    buf_release(&value);
    return result < 0 ? err_wrap(err, "nemesis '%s' of kind '%s'", fault->nemesis->name, kind) : 0;
}

int plan_draw_fault(const struct test *test, const struct wish *wish, struct rng *rng,
                    struct fault *fault, struct err *err)
{
    const bool leader_known = test->target->leaders != NULL;
    struct test any = *test;
    struct rng probe = *rng;
    struct fault probed = *fault;
    int result = 0;

    any.schedule = SCHEDULE_ONE;
    /* A family that has no kind at the leader joins the chase as it is. */
    bool found =
        draw_until(test, wish, leader_known, rng, fault) ||
        (test->schedule == SCHEDULE_CHASE && draw_until(&any, wish, leader_known, rng, fault));
    if (!found && !leader_known && draw_until(&any, wish, true, &probe, &probed))
        return err_set(err, EINVAL,
                       "nemesis '%s' has no kind '%s' for target '%s', which cannot tell who leads",
                       fault->nemesis->name, probed.kind, test->target->name);
    if (!found)
        result = take_kind(test, wish->kind, fault, err);
    grant(wish, fault);
    return result;
}

/* When a fault is on. */
struct span {
    int64_t begin_ns, end_ns;
};

/* The next fault of the plan, of a family of the test. */
static struct fault *add_fault(struct draft *draft, int family, struct span span, struct err *err)
{
    struct plan *plan = &draft->test->plan;
    struct fault *fault = &plan->faults[plan->fault_count];

    if (plan->fault_count == FAULTS_MAX) {
        (void)err_set(err, EINVAL, "more than %d faults; give a longer --interval", FAULTS_MAX);
        return NULL;
    }
    *fault = (struct fault){.number = plan->fault_count,
                            .nemesis = draft->test->nemeses[family],
                            .begin_ns = span.begin_ns,
                            .end_ns = span.end_ns};
    fault->seed = rng_next(&draft->rng) >> 1; /* fits a JSON integer */
    if (plan_draw_fault(draft->test, &draft->test->wishes[family], &draft->rng, fault, err) < 0)
        return NULL;
    plan->fault_count++;
    return fault;
}

/* For how long: by the nemesis's nature, around one of the target's own time-outs (a little less, a
 * little more, a few of them), or a part of the interval. */
static int64_t draw_hold(struct draft *draft, const struct nemesis *nemesis)
{
    static const double around[][2] = {{0.5, 0.95}, {1.05, 1.5}, {2, 4}};
    int64_t hold_ns = 0;

    if (nemesis->hold_ns)
        return draw_part(&draft->rng, nemesis->hold_ns, 0.5, 1.5);
    if (draft->timeout_count && rng_below(&draft->rng, 2)) {
        int64_t timeout_ns =
            draft->timeouts_ns[rng_below(&draft->rng, (uint64_t)draft->timeout_count)];
        size_t way = rng_below(&draft->rng, 3);
        hold_ns = draw_part(&draft->rng, timeout_ns, around[way][0], around[way][1]);
    }
    if (hold_ns < HOLD_MIN_NS || hold_ns > draft->interval_ns)
        hold_ns = draw_part(&draft->rng, draft->interval_ns, 0.2, 0.8);
    return hold_ns;
}

/* -- one at a time -------------------------------------------------------------------------------
 */

/* The next family: a shuffled round through all before any comes again. */
static int next_family(struct draft *draft, int *round, int number)
{
    int at = number % draft->families;

    if (at == 0)
        shuffle(round, draft->families, &draft->rng);
    return round[at];
}

/* When within a turn of that length. */
static struct span draw_span(struct draft *draft, int64_t turn_ns, int64_t length_ns)
{
    struct span span = {turn_ns + length_ns / 4, turn_ns + length_ns / 4 * 3};

    if (draft->test->schedule != SCHEDULE_FIXED) {
        span.begin_ns = turn_ns + draw_part(&draft->rng, length_ns, 0.15, 0.35);
        span.end_ns = turn_ns + draw_part(&draft->rng, length_ns, 0.75, 0.95);
    }
    return span;
}

/* What its nature does not hold for long ends early; but a roll needs the time. */
static void shorten(struct fault *fault)
{
    int64_t hold_ns = fault->nemesis->hold_ns;

    if (hold_ns && !is_rolling(fault) && fault->end_ns > fault->begin_ns + hold_ns)
        fault->end_ns = fault->begin_ns + hold_ns;
}

static int draw_turns(struct draft *draft, struct err *err)
{
    int64_t limit_ns = draft->test->time_limit_ns, length_ns = draft->interval_ns;
    int round[NEMESES_MAX] = {0};

    for (int i = 0; i < draft->families; i++)
        round[i] = i;
    if (length_ns > limit_ns / draft->families)
        length_ns = limit_ns / draft->families;
    if (draft->test->schedule == SCHEDULE_CHASE) { /* again as soon as somebody else may lead */
        int64_t turn_ns = draft->timeout_count ? 4 * draft->timeouts_ns[0] : length_ns / 2;
        length_ns = turn_ns < length_ns ? turn_ns : length_ns;
        length_ns = length_ns < 5 * HOLD_MIN_NS ? 5 * HOLD_MIN_NS : length_ns;
    }
    for (int64_t turn_ns = 0; turn_ns + length_ns <= limit_ns; turn_ns += length_ns) {
        int family = next_family(draft, round, draft->test->plan.fault_count);
        struct fault *fault = add_fault(draft, family, draw_span(draft, turn_ns, length_ns), err);
        if (!fault)
            return -1;
        shorten(fault);
    }
    return 0;
}

/* -- side by side --------------------------------------------------------------------------------
 */

/* Time is cut into waves that end quietly; a fault that would reach into the quiet ends there, and
 * one that would begin in it begins with the next wave. False: nothing is left of it. */
static bool fit_wave(int64_t wave_ns, int64_t calm_ns, struct span *span)
{
    int64_t next_ns = (span->begin_ns / wave_ns + 1) * wave_ns;

    if (span->begin_ns >= next_ns - calm_ns - HOLD_MIN_NS) {
        span->end_ns += next_ns - span->begin_ns;
        span->begin_ns = next_ns;
        next_ns += wave_ns;
    }
    if (span->end_ns > next_ns - calm_ns)
        span->end_ns = next_ns - calm_ns;
    return span->end_ns - span->begin_ns >= HOLD_MIN_NS;
}

/* One family's faults over the whole run; about two families break something at any time. */
static int draw_family(struct draft *draft, int family, int active, bool first, struct err *err)
{
    const struct test *test = draft->test;
    int64_t interval_ns = draft->interval_ns, wave_ns = WAVE_INTERVALS * interval_ns;
    int64_t calm_ns = test->calm_ns ? test->calm_ns : interval_ns / 2;
    double spread = 0.5 + 0.25 * active;
    int64_t at_ns = draw_part(&draft->rng, interval_ns, 0.1, first ? 0.2 : 2 * spread);

    if (calm_ns > wave_ns / 2)
        calm_ns = wave_ns / 2;
    while (at_ns < test->time_limit_ns) {
        struct span span = {at_ns, at_ns + draw_hold(draft, test->nemeses[family])};
        bool fits = fit_wave(wave_ns, calm_ns, &span);
        if (span.begin_ns + HOLD_MIN_NS >= test->time_limit_ns)
            break;
        if (fits && !add_fault(draft, family, span, err))
            return -1;
        at_ns = span.end_ns +
                (int64_t)(rng_exponential(&draft->rng) * 0.25 * active * (double)interval_ns) +
                draw_part(&draft->rng, interval_ns, 0.1, 0.4);
    }
    return 0;
}

static int draw_mixed(struct draft *draft, struct err *err)
{
    int chosen[NEMESES_MAX], count = draft->families;

    for (int i = 0; i < count; i++)
        chosen[i] = i;
    shuffle(chosen, count, &draft->rng);
    if (draft->test->schedule == SCHEDULE_SWARM) /* any number of them is as likely as any other */
        count = 1 + (int)rng_below(&draft->rng, (uint64_t)count);
    for (int i = 0; i < count; i++) {
        if (draw_family(draft, chosen[i], count, i == 0, err) < 0)
            return -1;
    }
    return 0;
}

/* -- the whole -----------------------------------------------------------------------------------
 */

static void gather_timeouts(struct draft *draft)
{
    const struct test *test = draft->test;

    for (const char *const *key = test->target->timeouts; key && *key; key++) {
        const char *text = test_setting(test, test->target->settings, *key);
        int64_t ms;
        if (text && str_to_int(str_of(text), &ms) && ms > 0 && ms < INT32_MAX &&
            draft->timeout_count < TIMEOUTS_MAX)
            draft->timeouts_ns[draft->timeout_count++] = ms * NS_PER_MS;
    }
}

int plan_draw(struct test *test, struct err *err)
{
    struct draft draft = {.test = test, .interval_ns = test->interval_ns};
    bool mixed = test->schedule == SCHEDULE_MIXED || test->schedule == SCHEDULE_SWARM;

    while (test->nemeses[draft.families])
        draft.families++;
    if (draft.families == 0)
        return 0;
    if (test->schedule == SCHEDULE_CHASE && !test->target->leaders)
        return err_set(err, EINVAL, "target '%s' cannot tell who leads: there is nobody to chase",
                       test->target->name);
    test->plan.faults = calloc(FAULTS_MAX, sizeof *test->plan.faults);
    if (!test->plan.faults)
        return err_set(err, ENOMEM, "out of memory for the plan");
    rng_init(&draft.rng, test->seed, RNG_STREAM_PLAN);
    gather_timeouts(&draft);
    if (mixed && draft.interval_ns > test->time_limit_ns / WAVE_INTERVALS)
        draft.interval_ns = test->time_limit_ns / WAVE_INTERVALS;
    if ((mixed ? draw_mixed(&draft, err) : draw_turns(&draft, err)) < 0)
        return -1;
    plan_sort(&test->plan);
    return plan_unroll(test, &test->plan, err);
}

/* A fault of kind "rolling" at one node after another, in an order of its own: each in its part of
 * the time, of which the last third is quiet. */
static int unroll(const struct test *test, struct plan *plan, int index, struct err *err)
{
    struct fault whole = plan->faults[index];
    int order[NODES_MAX], count = test->node_count;
    int64_t part_ns = (whole.end_ns - whole.begin_ns) / count;
    int64_t hold_ns = part_ns / 3 * 2;
    struct rng rng;

    if (plan->fault_count + count - 1 > FAULTS_MAX)
        return err_set(err, EINVAL, "more than %d faults; give a longer --interval", FAULTS_MAX);
    if (whole.nemesis->hold_ns && whole.nemesis->hold_ns < hold_ns)
        hold_ns = whole.nemesis->hold_ns;
    for (int i = 0; i < count; i++)
        order[i] = i;
    rng_init(&rng, whole.seed, 0);
    shuffle(order, count, &rng);
    for (int i = 0; i < count; i++) {
        struct fault *fault = &plan->faults[i == 0 ? index : plan->fault_count++];
        *fault = whole;
        fault->number = i == 0 ? index : plan->fault_count - 1;
        fault->selector = SELECT_NODES;
        fault->nodes = NODE(order[i]);
        fault->begin_ns = whole.begin_ns + i * part_ns;
        fault->end_ns = fault->begin_ns + hold_ns + 1;
    }
    return 0;
}

int plan_unroll(const struct test *test, struct plan *plan, struct err *err)
{
    int count = plan->fault_count;

    for (int i = 0; i < count; i++) {
        if (is_rolling(&plan->faults[i]) && unroll(test, plan, i, err) < 0)
            return -1;
    }
    plan_sort(plan);
    return 0;
}
