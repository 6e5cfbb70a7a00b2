/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "saturate.h"

#include "schedule.h"

#include <string.h>

enum { PATH_MAX_STEPS = 4096, CLAIMS_MAX = 512 };

/* The edges of a compare-and-set into its write go to its read, and those from its read leave from
 * its write: nothing comes between the two. */
struct saturation {
    const struct steps *steps;
    struct graph *graph;
    struct core *core;
    uint32_t *clock; /* by step and session: end of the session's steps at or before it */
    uint32_t *order, *degree;
    uint32_t *first_reader; /* by write w, and by steps->count + key for the initial value: its
                             * readers are readers[first_reader[w] ... first_reader[w + 1] - 1] */
    uint32_t *readers;      /* session by session */
    uint32_t *front;        /* by session: what of it the session at hand has taken in */
    uint32_t *head, *next, *asked; /* as in frontier.h */
    uint32_t *marks;               /* by round: graph_mark at its beginning */
    uint32_t round, mark_capacity;
};

/* -- why --------------------------------------------------------------------------------------- */

/* That a comes before b, by edges made before `limit`. */
struct claim {
    uint32_t a, b, limit;
};

struct claims {
    struct claim at[CLAIMS_MAX];
    size_t count, next;
    uint32_t told[CLAIMS_MAX]; /* groups that are explained */
    size_t told_count;
};

static void add_claim(struct saturation *saturation, struct claims *claims, struct claim claim)
{
    if (claims->count == CLAIMS_MAX)
        saturation->core->failed = true;
    else
        claims->at[claims->count++] = claim;
}

/* Explain the edge a -> b, which followed from edges of earlier rounds. */
static void explain_edge(struct saturation *saturation, struct claims *claims, uint32_t a,
                         uint32_t b, uint32_t limit)
{
    uint32_t at = graph_group_of(saturation->graph, a, b, limit), round = saturation->round;

    core_add(saturation->core, a);
    core_add(saturation->core, b);
    if (!at)
        return;
    for (size_t i = 0; i < claims->told_count; i++) {
        if (claims->told[i] == at)
            return;
    }
    if (claims->told_count < CLAIMS_MAX)
        claims->told[claims->told_count++] = at;
    while (saturation->marks[round] > at)
        round--;
    uint32_t cause = graph_group(saturation->graph, at).cause;
    if (cause == b)
        return; /* a read the initial value */
    bool by_read = !step_is_write(&saturation->steps->at[cause]);
    add_claim(saturation, claims,
              by_read ? (struct claim){a, cause, saturation->marks[round]}
                      : (struct claim){cause, b, saturation->marks[round]});
}

static void explain_claims(struct saturation *saturation, struct claims *claims)
{
    struct budget *budget = saturation->steps->budget;
    uint32_t *path = budget_alloc(budget, PATH_MAX_STEPS * sizeof *path);

    while (path && claims->next < claims->count) {
        struct claim claim = claims->at[claims->next++];
        size_t count =
            graph_path(saturation->graph, claim.a, claim.b, claim.limit, path, PATH_MAX_STEPS);
        if (!count) {
            saturation->core->failed = true;
            break;
        }
        for (size_t i = 0; i + 1 < count; i++)
            explain_edge(saturation, claims, path[i], path[i + 1], claim.limit);
    }
    saturation->core->failed |= !path;
    budget_free(budget, path);
}

/* That `write` comes before a read of its key's initial value. */
static enum judgement refute_initial(struct saturation *saturation, uint32_t write, uint32_t read)
{
    struct claims *claims = budget_calloc(saturation->steps->budget, 1, sizeof *claims);

    saturation->core->failed |= !claims;
    if (claims) {
        add_claim(saturation, claims,
                  (struct claim){write, read, saturation->marks[saturation->round]});
        explain_claims(saturation, claims);
    }
    budget_free(saturation->steps->budget, claims);
    return JUDGE_VIOLATED;
}

static enum judgement refute_cycle(struct saturation *saturation)
{
    struct budget *budget = saturation->steps->budget;
    struct claims *claims = budget_calloc(budget, 1, sizeof *claims);
    uint32_t *cycle = budget_alloc(budget, PATH_MAX_STEPS * sizeof *cycle);

    if (claims && cycle) {
        size_t count = graph_cycle(saturation->graph, saturation->degree, cycle, PATH_MAX_STEPS);
        saturation->core->failed |= !count;
        for (size_t i = 0; i < count; i++)
            explain_edge(saturation, claims, cycle[i], cycle[(i + 1) % count], UINT32_MAX);
        explain_claims(saturation, claims);
    } else {
        saturation->core->failed = true;
    }
    budget_free(budget, claims);
    budget_free(budget, cycle);
    return JUDGE_VIOLATED;
}

/* -- clocks ------------------------------------------------------------------------------------ */

static uint32_t *clock_of(const struct saturation *saturation, uint32_t step)
{
    return saturation->clock + (size_t)step * saturation->steps->session_count;
}

/* Whether the order so far has a at or before b. */
static bool is_ordered(const struct saturation *saturation, uint32_t a, uint32_t b)
{
    return clock_of(saturation, b)[saturation->steps->session[a]] > a;
}

static bool find_clocks(struct saturation *saturation)
{
    const struct steps *steps = saturation->steps;
    uint32_t sessions = steps->session_count;

    for (uint32_t i = 0; i < steps->count; i++) {
        uint32_t step = saturation->order[i], source;
        uint32_t *clock = clock_of(saturation, step);
        struct graph_sources sources = {.step = step, .limit = UINT32_MAX};
        if (i % 4096 == 0 && budget_spent(steps->budget))
            return false;
        memcpy(clock, steps->first, sessions * sizeof *clock);
        while (graph_next_source(saturation->graph, &sources, &source)) {
            const uint32_t *other = clock_of(saturation, source);
            for (uint32_t s = 0; s < sessions; s++)
                clock[s] = other[s] > clock[s] ? other[s] : clock[s];
        }
        clock[steps->session[step]] = step + 1;
    }
    return true;
}

/* -- one round --------------------------------------------------------------------------------- */

/* Take in what is before `step` and was not before the session's earlier steps. */
static void take_in(struct saturation *saturation, uint32_t step)
{
    const struct steps *steps = saturation->steps;
    const uint32_t *clock = clock_of(saturation, step);

    for (uint32_t s = 0; s < steps->session_count; s++) {
        for (uint32_t i = saturation->front[s]; i < clock[s]; i++) {
            if (!step_is_write(&steps->at[i]))
                continue;
            saturation->next[i] = saturation->head[steps->at[i].key];
            saturation->head[steps->at[i].key] = i;
        }
        saturation->front[s] = clock[s];
    }
}

static bool is_latest(struct saturation *saturation, uint32_t write, uint32_t step)
{
    uint32_t session = saturation->steps->session[write];
    if (saturation->asked[session] == step + 1)
        return false;
    saturation->asked[session] = step + 1;
    return true;
}

static void collapse(struct saturation *saturation, uint32_t write)
{
    saturation->head[saturation->steps->at[write].key] = write;
    saturation->next[write] = STEP_NONE;
}

/* The first rule, for the read at `step`. */
static enum judgement follow_read(struct saturation *saturation, uint32_t step)
{
    const struct steps *steps = saturation->steps;
    uint32_t from = steps->at[step].from, write = saturation->head[steps->at[step].key];

    if (from == FROM_INITIAL)
        return write == STEP_NONE ? JUDGE_HOLDS : refute_initial(saturation, write, step);
    uint32_t target = step_enter(steps, from);
    if (!graph_open(saturation->graph, target, step))
        return JUDGE_UNDECIDED;
    for (; write != STEP_NONE; write = saturation->next[write]) {
        if (!is_latest(saturation, write, step) || write == from ||
            is_ordered(saturation, write, target))
            continue;
        if (!graph_add(saturation->graph, write))
            return JUDGE_UNDECIDED;
    }
    graph_close(saturation->graph);
    collapse(saturation, from);
    return JUDGE_HOLDS;
}

/* The readers of a value come before the write at `step`. */
static bool add_readers(struct saturation *saturation, uint32_t value, uint32_t step,
                        uint32_t cause)
{
    const struct steps *steps = saturation->steps;
    uint32_t begin = saturation->first_reader[value], end = saturation->first_reader[value + 1];
    uint32_t target = step_enter(steps, step);

    if (!graph_open(saturation->graph, target, cause))
        return false;
    for (uint32_t i = begin; i < end; i++) {
        uint32_t reader = step_leave(steps, saturation->readers[i]);
        bool is_last =
            i + 1 == end || steps->session[saturation->readers[i + 1]] != steps->session[reader];
        if (!is_last || reader == step || is_ordered(saturation, reader, target))
            continue;
        if (!graph_add(saturation->graph, reader))
            return false;
    }
    graph_close(saturation->graph);
    return true;
}

/* The second rule, for the write at `step`. The initial value comes before every write. */
static enum judgement follow_write(struct saturation *saturation, uint32_t step)
{
    const struct steps *steps = saturation->steps;
    uint32_t key = steps->at[step].key, write = saturation->head[key];

    if (write == step && saturation->next[write] == STEP_NONE &&
        !add_readers(saturation, steps->count + key, step, step_enter(steps, step)))
        return JUDGE_UNDECIDED;
    for (; write != STEP_NONE; write = saturation->next[write]) {
        if (write == step || !is_latest(saturation, write, step))
            continue;
        if (!add_readers(saturation, write, step, write))
            return JUDGE_UNDECIDED;
    }
    collapse(saturation, step);
    return JUDGE_HOLDS;
}

static enum judgement follow_session(struct saturation *saturation, uint32_t session)
{
    const struct steps *steps = saturation->steps;
    enum judgement judgement = JUDGE_HOLDS;

    memcpy(saturation->front, steps->first, steps->session_count * sizeof(uint32_t));
    memset(saturation->head, 0xff, steps->key_count * sizeof(uint32_t));
    for (uint32_t i = steps->first[session];
         i < steps->first[session + 1] && judgement == JUDGE_HOLDS; i++) {
        if (i % 1024 == 0 && budget_spent(steps->budget))
            return JUDGE_UNDECIDED;
        take_in(saturation, i);
        judgement =
            step_is_write(&steps->at[i]) ? follow_write(saturation, i) : follow_read(saturation, i);
    }
    return judgement;
}

static enum judgement run_round(struct saturation *saturation)
{
    const struct steps *steps = saturation->steps;
    enum judgement judgement = JUDGE_HOLDS;

    if (!graph_order(saturation->graph, saturation->order, saturation->degree))
        return refute_cycle(saturation);
    if (!find_clocks(saturation))
        return JUDGE_UNDECIDED;
    memset(saturation->asked, 0, steps->session_count * sizeof(uint32_t));
    for (uint32_t s = 0; s < steps->session_count && judgement == JUDGE_HOLDS; s++)
        judgement = follow_session(saturation, s);
    return judgement;
}

/* -- entry ------------------------------------------------------------------------------------- */

static bool begin_round(struct saturation *saturation)
{
    if (saturation->round + 1 >= saturation->mark_capacity) {
        uint32_t capacity = saturation->mark_capacity ? saturation->mark_capacity * 2 : 64;
        uint32_t *grown =
            budget_realloc(saturation->steps->budget, saturation->marks, capacity * sizeof *grown);
        if (!grown)
            return false;
        saturation->marks = grown;
        saturation->mark_capacity = capacity;
        saturation->marks[0] = 0;
    }
    saturation->marks[++saturation->round] = graph_mark(saturation->graph);
    return true;
}

/* Where the readers of what step i reads are counted; STEP_NONE if it reads nothing. */
static uint32_t value_read(const struct steps *steps, uint32_t i)
{
    if (step_reads_from_step(&steps->at[i]))
        return steps->at[i].from;
    return steps->at[i].from == FROM_INITIAL ? steps->count + steps->at[i].key : STEP_NONE;
}

static bool find_readers(struct saturation *saturation)
{
    const struct steps *steps = saturation->steps;
    uint32_t *first = saturation->first_reader, total = 0;

    for (uint32_t i = 0; i < steps->count; i++) {
        uint32_t value = value_read(steps, i);
        if (value != STEP_NONE)
            first[value + 1]++;
    }
    for (uint32_t i = 0; i < steps->count + steps->key_count; i++) {
        uint32_t size = first[i + 1];
        first[i + 1] = total;
        total += size;
    }
    saturation->readers = budget_alloc(steps->budget, ((size_t)total + 1) * sizeof(uint32_t));
    if (!saturation->readers)
        return false;
    for (uint32_t i = 0; i < steps->count; i++) {
        uint32_t value = value_read(steps, i);
        if (value != STEP_NONE)
            saturation->readers[first[value + 1]++] = i;
    }
    return true;
}

static bool init(struct saturation *saturation)
{
    const struct steps *steps = saturation->steps;
    struct budget *budget = steps->budget;
    size_t sessions = (size_t)steps->session_count + 1, count = (size_t)steps->count + 2, size;

    if (__builtin_mul_overflow(count, sessions * sizeof(uint32_t), &size))
        return false;
    saturation->clock = budget_alloc(budget, size);
    saturation->order = budget_alloc(budget, count * sizeof(uint32_t));
    saturation->degree = budget_alloc(budget, count * sizeof(uint32_t));
    saturation->first_reader = budget_calloc(budget, count + steps->key_count, sizeof(uint32_t));
    saturation->front = budget_alloc(budget, sessions * sizeof(uint32_t));
    saturation->asked = budget_alloc(budget, sessions * sizeof(uint32_t));
    saturation->head = budget_alloc(budget, ((size_t)steps->key_count + 1) * sizeof(uint32_t));
    saturation->next = budget_alloc(budget, count * sizeof(uint32_t));
    return saturation->clock && saturation->order && saturation->degree &&
           saturation->first_reader && saturation->front && saturation->asked && saturation->head &&
           saturation->next && find_readers(saturation);
}

enum judgement saturate(struct graph *graph, struct core *core)
{
    struct saturation saturation = {.steps = graph->steps, .graph = graph, .core = core};
    struct budget *budget = graph->steps->budget;
    enum judgement judgement = init(&saturation) ? JUDGE_HOLDS : JUDGE_UNDECIDED;
    uint64_t edges = UINT64_MAX;

    while (judgement == JUDGE_HOLDS && edges != graph->edge_count) {
        edges = graph->edge_count;
        judgement = begin_round(&saturation) ? run_round(&saturation) : JUDGE_UNDECIDED;
    }
    budget_free(budget, saturation.clock);
    budget_free(budget, saturation.order);
    budget_free(budget, saturation.degree);
    budget_free(budget, saturation.first_reader);
    budget_free(budget, saturation.readers);
    budget_free(budget, saturation.front);
    budget_free(budget, saturation.asked);
    budget_free(budget, saturation.head);
    budget_free(budget, saturation.next);
    budget_free(budget, saturation.marks);
    return judgement;
}
