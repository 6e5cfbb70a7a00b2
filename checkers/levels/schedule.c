/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "schedule.h"

#include "guess.h"

#include <string.h>

/* An operation that ran, and what is needed to take it back. */
struct run {
    uint32_t session, overwritten; /* what stood before; STEP_NONE: the initial value */
};

/* A position with its choices: sessions whose next operation is a write that can run. */
struct branch {
    uint32_t run_count, next, end; /* choices[next ... end - 1] are left to try */
};

struct schedule {
    const struct graph *graph;
    const struct steps *steps;
    uint32_t *position;     /* by session: its next step */
    uint32_t *waits_for;    /* by session: a step that had not run when last asked; STEP_NONE */
    uint32_t *standing;     /* by key: the write whose value stands; STEP_NONE: the initial one */
    uint32_t *left;         /* by write: reads of it that did not run yet */
    uint32_t *left_initial; /* by key: likewise */
    int64_t *stamp;         /* by write: guess_times */
    struct run *runs;
    struct branch *branches;
    uint32_t *choices;
    uint32_t run_count, done, branch_count, choice_count, choice_capacity;
    uint32_t *dead;  /* positions from which there is no way on, one after another */
    uint32_t *slots; /* hash table: 1 + number of a dead position */
    size_t dead_count, dead_capacity, slot_count;
};

/* -- running operations ------------------------------------------------------------------------ */

static bool is_done(const struct schedule *schedule, uint32_t step)
{
    return step < schedule->position[schedule->steps->session[step]];
}

/* Whether everything that the graph puts before `step` from elsewhere has run. */
static bool is_free(struct schedule *schedule, uint32_t session, uint32_t step)
{
    uint32_t waits_for = schedule->waits_for[session];

    if (waits_for != STEP_NONE && !is_done(schedule, waits_for))
        return false;
    for (uint32_t at = schedule->graph->last[step]; at;) {
        struct edge_group group = graph_group(schedule->graph, at);
        for (uint32_t k = 0; k < group.count; k++) {
            if (!is_done(schedule, group.sources[k])) {
                schedule->waits_for[session] = group.sources[k];
                return false;
            }
        }
        at = group.next;
    }
    schedule->waits_for[session] = STEP_NONE;
    return true;
}

static uint32_t *left_of_standing(struct schedule *schedule, uint32_t key)
{
    uint32_t standing = schedule->standing[key];
    return standing == STEP_NONE ? &schedule->left_initial[key] : &schedule->left[standing];
}

static bool reads_standing(const struct schedule *schedule, const struct step *read)
{
    uint32_t from = read->from == FROM_INITIAL ? STEP_NONE : read->from;
    return schedule->standing[read->key] == from;
}

static bool has_next(const struct schedule *schedule, uint32_t session)
{
    return schedule->position[session] < schedule->steps->first[session + 1];
}

/* Whether the session's next operation is a plain read that can run. */
static bool can_read(const struct schedule *schedule, uint32_t session)
{
    uint32_t step = schedule->position[session];
    return has_next(schedule, session) && !step_is_write(&schedule->steps->at[step]) &&
           step_leave(schedule->steps, step) == step &&
           reads_standing(schedule, &schedule->steps->at[step]);
}

/* Whether the session's next operation writes, and can run. */
static bool can_write(struct schedule *schedule, uint32_t session)
{
    const struct steps *steps = schedule->steps;
    uint32_t step = schedule->position[session], last;

    if (!has_next(schedule, session))
        return false;
    last = step_leave(steps, step);
    if (!step_is_write(&steps->at[last]))
        return false;
    /* A compare-and-set is the last reader of what it overwrites. */
    if (step != last && !reads_standing(schedule, &steps->at[step]))
        return false;
    if (*left_of_standing(schedule, steps->at[step].key) != (step != last))
        return false;
    return is_free(schedule, session, step) && (step == last || is_free(schedule, session, last));
}

static void run_next(struct schedule *schedule, uint32_t session)
{
    const struct steps *steps = schedule->steps;
    uint32_t step = schedule->position[session], last = step_leave(steps, step);
    uint32_t key = steps->at[step].key;

    schedule->runs[schedule->run_count++] = (struct run){session, schedule->standing[key]};
    if (!step_is_write(&steps->at[step]))
        --*left_of_standing(schedule, key);
    if (step_is_write(&steps->at[last]))
        schedule->standing[key] = last;
    schedule->position[session] = last + 1;
    schedule->done += last + 1 - step;
}

static void take_back(struct schedule *schedule)
{
    const struct steps *steps = schedule->steps;
    struct run run = schedule->runs[--schedule->run_count];
    uint32_t last = --schedule->position[run.session], step = step_enter(steps, last);
    uint32_t key = steps->at[step].key;

    schedule->position[run.session] = step;
    schedule->waits_for[run.session] = STEP_NONE;
    schedule->done -= last + 1 - step;
    schedule->standing[key] = run.overwritten;
    if (!step_is_write(&steps->at[step]))
        ++*left_of_standing(schedule, key);
}

static void run_reads(struct schedule *schedule)
{
    for (uint32_t s = 0; s < schedule->steps->session_count; s++) {
        while (can_read(schedule, s))
            run_next(schedule, s);
    }
}

/* -- dead ends --------------------------------------------------------------------------------- */

static uint32_t *slot_of(const struct schedule *schedule, const uint32_t *position)
{
    size_t sessions = schedule->steps->session_count;
    uint64_t hash = 0xcbf29ce484222325u;

    for (size_t s = 0; s < sessions; s++)
        hash = (hash ^ position[s] ^ hash >> 32) * 0x9e3779b97f4a7c15u;
    hash ^= hash >> 32;
    size_t at = hash & (schedule->slot_count - 1);
    while (schedule->slots[at] &&
           memcmp(schedule->dead + (size_t)(schedule->slots[at] - 1) * sessions, position,
                  sessions * sizeof *position) != 0)
        at = (at + 1) & (schedule->slot_count - 1);
    return &schedule->slots[at];
}

static bool grow_slots(struct schedule *schedule)
{
    size_t sessions = schedule->steps->session_count;

    budget_free(schedule->steps->budget, schedule->slots);
    schedule->slot_count = schedule->slot_count ? schedule->slot_count * 2 : 1024;
    schedule->slots =
        budget_calloc(schedule->steps->budget, schedule->slot_count, sizeof *schedule->slots);
    if (!schedule->slots)
        return false;
    for (size_t i = 0; i < schedule->dead_count; i++)
        *slot_of(schedule, schedule->dead + i * sessions) = (uint32_t)i + 1;
    return true;
}

static bool remember_dead(struct schedule *schedule)
{
    size_t sessions = schedule->steps->session_count;

    if (schedule->dead_count == schedule->dead_capacity) {
        size_t capacity = schedule->dead_capacity ? schedule->dead_capacity * 2 : 256;
        uint32_t *grown = budget_realloc(schedule->steps->budget, schedule->dead,
                                         capacity * sessions * sizeof *grown);
        if (!grown)
            return false;
        schedule->dead = grown;
        schedule->dead_capacity = capacity;
    }
    memcpy(schedule->dead + schedule->dead_count * sessions, schedule->position,
           sessions * sizeof *schedule->position);
    schedule->dead_count++;
    if (schedule->dead_count * 2 > schedule->slot_count)
        return grow_slots(schedule);
    *slot_of(schedule, schedule->position) = (uint32_t)schedule->dead_count;
    return true;
}

static bool is_dead(const struct schedule *schedule)
{
    return schedule->dead_count && *slot_of(schedule, schedule->position);
}

/* -- the search -------------------------------------------------------------------------------- */

/* Insert by the stamp of the write. */
static void add_choice(struct schedule *schedule, uint32_t begin, uint32_t session)
{
    const struct steps *steps = schedule->steps;
    uint32_t at = schedule->choice_count++;
    uint32_t *choices = schedule->choices;
    int64_t stamp = schedule->stamp[step_leave(steps, schedule->position[session])];

    for (; at > begin; at--) {
        uint32_t other = step_leave(steps, schedule->position[choices[at - 1]]);
        if (schedule->stamp[other] <= stamp)
            break;
        choices[at] = choices[at - 1];
    }
    choices[at] = session;
}

static bool push_branch(struct schedule *schedule)
{
    const struct steps *steps = schedule->steps;
    uint32_t begin = schedule->choice_count;

    if (schedule->choice_capacity - begin < steps->session_count) {
        size_t capacity = (size_t)schedule->choice_capacity * 2 + steps->session_count;
        uint32_t *grown = capacity > UINT32_MAX ? NULL
                                                : budget_realloc(steps->budget, schedule->choices,
                                                                 capacity * sizeof *grown);
        if (!grown)
            return false;
        schedule->choices = grown;
        schedule->choice_capacity = (uint32_t)capacity;
    }
    for (uint32_t s = 0; s < steps->session_count; s++) {
        if (can_write(schedule, s))
            add_choice(schedule, begin, s);
    }
    schedule->branches[schedule->branch_count++] =
        (struct branch){schedule->run_count, begin, schedule->choice_count};
    return true;
}

static enum judgement search(struct schedule *schedule, size_t max_dead_ends)
{
    run_reads(schedule);
    if (!push_branch(schedule))
        return JUDGE_UNDECIDED;
    for (uint64_t round = 0; schedule->done < schedule->steps->count; round++) {
        struct branch *branch = &schedule->branches[schedule->branch_count - 1];
        if (round % 256 == 0 && budget_spent(schedule->steps->budget))
            return JUDGE_UNDECIDED;
        while (schedule->run_count > branch->run_count)
            take_back(schedule);
        schedule->choice_count = branch->end;
        if (branch->next == branch->end) {
            if (--schedule->branch_count == 0)
                return JUDGE_VIOLATED;
            if (schedule->dead_count == max_dead_ends || !remember_dead(schedule))
                return JUDGE_UNDECIDED;
            continue;
        }
        run_next(schedule, schedule->choices[branch->next++]);
        run_reads(schedule);
        if (!is_dead(schedule) && !push_branch(schedule))
            return JUDGE_UNDECIDED;
    }
    return JUDGE_HOLDS;
}

static void count_readers(struct schedule *schedule)
{
    const struct steps *steps = schedule->steps;

    for (uint32_t i = 0; i < steps->count; i++) {
        const struct step *step = &steps->at[i];
        if (step->from == FROM_INITIAL)
            schedule->left_initial[step->key]++;
        else if (step_reads_from_step(step))
            schedule->left[step->from]++;
    }
}

static bool init(struct schedule *schedule)
{
    const struct steps *steps = schedule->steps;
    struct budget *budget = steps->budget;
    size_t sessions = (size_t)steps->session_count + 1, keys = (size_t)steps->key_count + 1;
    size_t count = (size_t)steps->count + 1;

    schedule->position = budget_alloc(budget, sessions * sizeof(uint32_t));
    schedule->waits_for = budget_alloc(budget, sessions * sizeof(uint32_t));
    schedule->standing = budget_alloc(budget, keys * sizeof(uint32_t));
    schedule->left_initial = budget_calloc(budget, keys, sizeof(uint32_t));
    schedule->left = budget_calloc(budget, count, sizeof(uint32_t));
    schedule->stamp = guess_times(steps);
    schedule->runs = budget_alloc(budget, count * sizeof *schedule->runs);
    schedule->branches = budget_alloc(budget, count * sizeof *schedule->branches);
    if (!schedule->position || !schedule->waits_for || !schedule->standing ||
        !schedule->left_initial || !schedule->left || !schedule->stamp || !schedule->runs ||
        !schedule->branches)
        return false;
    memcpy(schedule->position, steps->first, steps->session_count * sizeof(uint32_t));
    memset(schedule->waits_for, 0xff, sessions * sizeof(uint32_t));
    memset(schedule->standing, 0xff, keys * sizeof(uint32_t));
    count_readers(schedule);
    return true;
}

enum judgement schedule_find(const struct graph *graph, size_t max_dead_ends)
{
    struct schedule schedule = {.graph = graph, .steps = graph->steps};
    struct budget *budget = graph->steps->budget;
    enum judgement judgement = init(&schedule) ? search(&schedule, max_dead_ends) : JUDGE_UNDECIDED;

    budget_free(budget, schedule.position);
    budget_free(budget, schedule.waits_for);
    budget_free(budget, schedule.standing);
    budget_free(budget, schedule.left_initial);
    budget_free(budget, schedule.left);
    budget_free(budget, schedule.stamp);
    budget_free(budget, schedule.runs);
    budget_free(budget, schedule.branches);
    budget_free(budget, schedule.choices);
    budget_free(budget, schedule.dead);
    budget_free(budget, schedule.slots);
    return judgement;
}
