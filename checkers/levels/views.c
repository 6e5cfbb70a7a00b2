/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "views.h"

#include <string.h>

bool view_grow(struct view *view, void *array, size_t *capacity, size_t count, size_t size)
{
    void **at = array;

    if (count < *capacity)
        return true;
    size_t wanted = *capacity ? *capacity * 2 : 256;
    void *grown = budget_realloc(view->steps->budget, *at, wanted * size);
    if (!grown)
        return false;
    *at = grown;
    *capacity = wanted;
    return true;
}

static bool push_pending(struct view *view, uint32_t step)
{
    if (!view_grow(view, &view->pending, &view->pending_capacity, view->pending_count,
                   sizeof *view->pending))
        return false;
    view->pending[view->pending_count++] = step;
    return true;
}

uint32_t view_next_early(const struct view *view, uint32_t write, uint32_t *at)
{
    const struct steps *steps = view->steps;

    while (*at < view->early_count) {
        uint32_t read = view->early[(*at)++];
        if (read < write && steps->session[read] == steps->session[write] &&
            steps->at[read].from != write)
            return steps->at[read].from;
    }
    return STEP_NONE;
}

/* Put aside what view_next_early lists of a position above the one given. */
static bool push_early(struct view *view, uint32_t write, uint32_t position)
{
    uint32_t at = 0, before;

    while ((before = view_next_early(view, write, &at)) != STEP_NONE) {
        if (view->position[before] > position && !push_pending(view, before))
            return false;
    }
    return true;
}

static void link_write(struct view *view, uint32_t write, uint32_t position)
{
    view->next[write] = view->head[position];
    view->head[position] = write;
}

/* -- positions by the order asked for ---------------------------------------------------------- */

/* The writes at or before `step` that had no position get this one. */
static bool reach(struct view *view, uint32_t step, uint32_t position)
{
    const struct step *at = view->steps->at;

    for (;;) {
        for (; step != STEP_NONE && view->position[step] == POSITION_NONE;
             step = view->previous[step]) {
            uint32_t from = at[step].from;
            view->position[step] = position;
            view->because[step] = 0;
            if (from == FROM_WRITE)
                link_write(view, step, position);
            else if (from < FROM_INITIAL && view->position[from] == POSITION_NONE &&
                     !push_pending(view, from))
                return false;
            if (view->early_count && from == FROM_WRITE && !push_early(view, step, position))
                return false;
        }
        if (view->pending_count == 0)
            return true;
        step = view->pending[--view->pending_count];
    }
}

static bool find_positions(struct view *view)
{
    for (uint32_t i = 1; i <= view->read_count; i++) {
        uint32_t read = view->reads[i], from = view->steps->at[read].from;
        if (view->rules.own_order) {
            if (!reach(view, read, i))
                return false;
        } else if (from < FROM_INITIAL && !reach(view, from, i)) {
            return false;
        }
    }
    return true;
}

/* -- the rule: one sweep downwards ------------------------------------------------------------- */

static void note_lowest(struct view *view, uint32_t write)
{
    uint32_t *lowest = &view->lowest[view->steps->at[write].key];
    if (*lowest == STEP_NONE || view->position[write] < view->position[*lowest])
        *lowest = write;
}

/* Lower `step` and everything before it. */
static bool lower(struct view *view, uint32_t step, uint32_t position, uint32_t because)
{
    const struct step *at = view->steps->at;

    for (;;) {
        for (; step != STEP_NONE && view->position[step] > position; step = view->previous[step]) {
            uint32_t from = at[step].from;
            view->position[step] = position;
            view->because[step] = because;
            if (from == FROM_WRITE) {
                if (view->reader[step])
                    note_lowest(view, step);
            } else if (from < FROM_INITIAL && view->position[from] > position &&
                       !push_pending(view, from)) {
                return false;
            }
            if (view->early_count && from == FROM_WRITE && !push_early(view, step, position))
                return false;
        }
        if (view->pending_count == 0)
            return true;
        step = view->pending[--view->pending_count];
    }
}

/* `write` is before a read that reads `target`, whose position is lower. */
static bool fall(struct view *view, uint32_t write, uint32_t target)
{
    if (!view_grow(view, &view->falls, &view->fall_capacity, view->fall_count, sizeof *view->falls))
        return false;
    view->falls[view->fall_count++] = (struct view_fall){
        .root = write,
        .position = view->position[write],
        .because = view->because[write],
        .target = target,
        .target_position = view->position[target],
        .target_because = view->because[target],
        .reader = view->reader[target],
    };
    return lower(view, write, view->position[target], (uint32_t)view->fall_count);
}

/* Let all writes fall that need not stay at `position`. Those that are left there are its list. */
static bool settle(struct view *view, uint32_t position)
{
    uint32_t left = view->head[position];
    bool changed = true;

    while (changed) {
        uint32_t write = left;
        changed = false;
        left = STEP_NONE;
        while (write != STEP_NONE) {
            uint32_t next = view->next[write], target = view->lowest[view->steps->at[write].key];
            if (view->position[write] == position && target != STEP_NONE &&
                view->position[target] < position) {
                if (!fall(view, write, target))
                    return false;
                changed = true;
            }
            if (view->position[write] < position) {
                link_write(view, write, view->position[write]);
            } else {
                view->next[write] = left;
                left = write;
            }
            write = next;
        }
    }
    view->head[position] = left;
    return true;
}

static bool sweep(struct view *view)
{
    for (uint32_t i = view->read_count; i > 0; i--) {
        uint32_t from = view->steps->at[view->reads[i]].from;
        if (i % 1024 == 0 && budget_spent(view->steps->budget))
            return false;
        if (from < FROM_INITIAL) {
            view->reader[from] = i;
            note_lowest(view, from);
        }
        if (!settle(view, i))
            return false;
    }
    return true;
}

/* -- violations -------------------------------------------------------------------------------- */

/* A write before a read of its key's initial value. */
static enum judgement judge_initial_reads(struct view *view)
{
    uint32_t *last = view->key_head; /* by key: 1 + the number of its last initial read */
    enum judgement judgement = JUDGE_HOLDS;
    bool any = false;

    for (uint32_t i = 1; i <= view->read_count; i++) {
        const struct step *read = &view->steps->at[view->reads[i]];
        if (read->from == FROM_INITIAL) {
            last[read->key] = i;
            any = true;
        }
    }
    for (uint32_t i = 1; any && i <= view->read_count && judgement == JUDGE_HOLDS; i++) {
        for (uint32_t w = view->head[i]; w != STEP_NONE; w = view->next[w]) {
            uint32_t read = last[view->steps->at[w].key];
            if (read == STEP_NONE || i > read)
                continue;
            core_add(view->core, view->reads[read]);
            view_explain(view, w, i, view->because[w]);
            judgement = JUDGE_VIOLATED;
            break;
        }
    }
    memset(last, 0xff, view->steps->key_count * sizeof *last);
    return judgement;
}

/* An own write before a read that p did before it. */
static enum judgement judge_own_writes(struct view *view)
{
    const struct steps *steps = view->steps;
    uint32_t reads = 0;

    for (uint32_t i = steps->first[view->session]; i < steps->first[view->session + 1]; i++) {
        if (!step_is_write(&steps->at[i])) {
            reads++;
        } else if (view->position[i] <= reads) {
            core_add(view->core, view->reads[view->position[i]]);
            view_explain(view, i, view->position[i], view->because[i]);
            return JUDGE_VIOLATED;
        }
    }
    return JUDGE_HOLDS;
}

static enum judgement judge_view(struct view *view)
{
    enum judgement judgement;

    if (!find_positions(view) || !sweep(view))
        return JUDGE_UNDECIDED;
    judgement = judge_initial_reads(view);
    if (judgement == JUDGE_HOLDS && view->rules.own_order)
        judgement = judge_own_writes(view);
    for (uint32_t i = 1; i <= view->read_count && judgement == JUDGE_HOLDS; i++)
        judgement = view_judge_position(view, i);
    return judgement;
}

/* -- all views --------------------------------------------------------------------------------- */

static bool is_early(const struct view *view, uint32_t step)
{
    const struct steps *steps = view->steps;
    uint32_t from = steps->at[step].from;
    return view->rules.link == LINK_READS && from < FROM_INITIAL && from > step &&
           steps->session[from] == steps->session[step];
}

static void find_previous(struct view *view)
{
    const struct steps *steps = view->steps;

    for (uint32_t s = 0; s < steps->session_count; s++) {
        uint32_t previous = STEP_NONE;
        for (uint32_t i = steps->first[s]; i < steps->first[s + 1]; i++) {
            bool is_write = step_is_write(&steps->at[i]);
            view->previous[i] = previous;
            if (is_early(view, i))
                view->early[view->early_count++] = i;
            else if (view->rules.link == LINK_STEPS ||
                     is_write == (view->rules.link == LINK_WRITES))
                previous = i;
        }
    }
}

static bool init_view(struct view *view)
{
    struct budget *budget = view->steps->budget;
    size_t steps = (size_t)view->steps->count + 2, keys = (size_t)view->steps->key_count + 1;

    view->previous = budget_alloc(budget, steps * sizeof(uint32_t));
    view->reads = budget_alloc(budget, steps * sizeof(uint32_t));
    view->early = budget_alloc(budget, steps * sizeof(uint32_t));
    view->position = budget_alloc(budget, steps * sizeof(uint32_t));
    view->because = budget_alloc(budget, steps * sizeof(uint32_t));
    view->reader = budget_alloc(budget, steps * sizeof(uint32_t));
    view->head = budget_alloc(budget, steps * sizeof(uint32_t));
    view->next = budget_alloc(budget, steps * sizeof(uint32_t));
    view->key_next = budget_alloc(budget, steps * sizeof(uint32_t));
    view->state = budget_alloc(budget, steps);
    view->lowest = budget_alloc(budget, keys * sizeof(uint32_t));
    view->key_head = budget_alloc(budget, keys * sizeof(uint32_t));
    if (!view->previous || !view->reads || !view->early || !view->position || !view->because ||
        !view->reader || !view->head || !view->next || !view->key_next || !view->state ||
        !view->lowest || !view->key_head)
        return false;
    memset(view->key_head, 0xff, keys * sizeof(uint32_t));
    find_previous(view);
    return true;
}

static void release_view(struct view *view)
{
    struct budget *budget = view->steps->budget;

    budget_free(budget, view->previous);
    budget_free(budget, view->reads);
    budget_free(budget, view->early);
    budget_free(budget, view->position);
    budget_free(budget, view->because);
    budget_free(budget, view->reader);
    budget_free(budget, view->head);
    budget_free(budget, view->next);
    budget_free(budget, view->key_next);
    budget_free(budget, view->state);
    budget_free(budget, view->lowest);
    budget_free(budget, view->key_head);
    budget_free(budget, view->pending);
    budget_free(budget, view->frames);
    budget_free(budget, view->falls);
}

/* Start on the view of `session`; false if it has no reads, and nothing to explain. */
static bool begin_view(struct view *view, uint32_t session)
{
    const struct steps *steps = view->steps;

    view->session = session;
    view->read_count = 0;
    for (uint32_t i = steps->first[session]; i < steps->first[session + 1]; i++) {
        if (!step_is_write(&steps->at[i]))
            view->reads[++view->read_count] = i;
    }
    if (!view->read_count)
        return false;
    view->pending_count = view->fall_count = 0;
    memset(view->position, 0xff, steps->count * sizeof(uint32_t));
    memset(view->reader, 0, steps->count * sizeof(uint32_t));
    memset(view->state, 0, steps->count);
    memset(view->head, 0xff, ((size_t)view->read_count + 1) * sizeof(uint32_t));
    memset(view->lowest, 0xff, steps->key_count * sizeof(uint32_t));
    return true;
}

enum judgement views_judge(const struct steps *steps, struct view_rules rules, struct core *core)
{
    struct view view = {.steps = steps, .rules = rules, .core = core};
    enum judgement judgement = init_view(&view) ? JUDGE_HOLDS : JUDGE_UNDECIDED;

    for (uint32_t s = 0; s < steps->session_count && judgement == JUDGE_HOLDS; s++) {
        if (budget_spent(steps->budget))
            judgement = JUDGE_UNDECIDED;
        else if (begin_view(&view, s))
            judgement = judge_view(&view);
    }
    release_view(&view);
    return judgement;
}

enum judgement judge_causal(const struct steps *steps, struct core *core)
{
    return views_judge(steps, (struct view_rules){LINK_STEPS, true}, core);
}

enum judgement judge_pram(const struct steps *steps, struct core *core)
{
    return views_judge(steps, (struct view_rules){LINK_WRITES, true}, core);
}

enum judgement judge_monotonic_writes(const struct steps *steps, struct core *core)
{
    return views_judge(steps, (struct view_rules){LINK_WRITES, false}, core);
}

enum judgement judge_writes_follow_reads(const struct steps *steps, struct core *core)
{
    return views_judge(steps, (struct view_rules){LINK_READS, false}, core);
}
