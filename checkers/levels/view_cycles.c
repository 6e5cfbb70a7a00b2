/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Cycles among the writes that share a position in a view (views.h).
 *
 * Between them there is the order asked for, and the rule's: of the writes of one key at position
 * i, all that p does not read come before the one that it does read, at ri or later. If p reads two
 * of them, each comes before the other.
 */
#include "views.h"

enum { UNSEEN, OPEN, DONE };

/* A step whose predecessors are being looked at: `stage` of them have been. */
struct frame {
    uint32_t step, chain, early;
    enum { STAGE_PREVIOUS, STAGE_FROM, STAGE_EARLY, STAGE_KEY, STAGE_END } stage;
    bool by_rule; /* the frame above is a write that the rule puts before this one */
};

/* The writes of its key at the same position, if the rule puts the others before `step`. */
static uint32_t before_by_rule(const struct view *view, uint32_t step)
{
    const struct step *at = &view->steps->at[step];
    return step_is_write(at) && view->reader[step] ? view->key_head[at->key] : STEP_NONE;
}

/* The next step directly before frame->step at the same position, or STEP_NONE. */
static uint32_t next_before(const struct view *view, struct frame *frame, uint32_t position)
{
    const struct step *step = &view->steps->at[frame->step];
    uint32_t before;

    frame->by_rule = false;
    switch (frame->stage) {
    case STAGE_PREVIOUS:
        frame->stage = STAGE_FROM;
        before = view->previous[frame->step];
        if (before != STEP_NONE && view->position[before] == position)
            return before;
        /* fallthrough */
    case STAGE_FROM:
        frame->stage = STAGE_EARLY;
        if (step_reads_from_step(step) && view->position[step->from] == position)
            return step->from;
        /* fallthrough */
    case STAGE_EARLY:
        while (view->early_count && step_is_write(step)) {
            before = view_next_early(view, frame->step, &frame->early);
            if (before == STEP_NONE)
                break;
            if (view->position[before] == position)
                return before;
        }
        frame->stage = STAGE_KEY;
        /* fallthrough */
    case STAGE_KEY:
        frame->by_rule = true;
        while (frame->chain != STEP_NONE) {
            before = frame->chain;
            frame->chain = view->key_next[before];
            if (before != frame->step)
                return before;
        }
        /* fallthrough */
    default:
        frame->stage = STAGE_END;
        return STEP_NONE;
    }
}

/* frames[bottom ... count - 1] and back to frames[bottom] are a cycle. */
static void explain_cycle(struct view *view, size_t bottom, size_t count, uint32_t position)
{
    for (size_t i = bottom; i < count; i++) {
        const struct frame *frame = &view->frames[i];
        uint32_t before = view->frames[i + 1 < count ? i + 1 : bottom].step;
        core_add(view->core, frame->step);
        if (!frame->by_rule)
            continue;
        core_add(view->core, view->reads[view->reader[frame->step]]);
        view_explain(view, before, position, view->because[before]);
    }
}

static enum judgement search_from(struct view *view, uint32_t start, uint32_t position)
{
    size_t count = 0;

    for (uint32_t step = start;;) {
        if (step != STEP_NONE && view->state[step] == OPEN) {
            size_t bottom = count - 1;
            while (view->frames[bottom].step != step)
                bottom--;
            explain_cycle(view, bottom, count, position);
            return JUDGE_VIOLATED;
        }
        if (step != STEP_NONE && view->state[step] == UNSEEN) {
            if (!view_grow(view, &view->frames, &view->frame_capacity, count, sizeof *view->frames))
                return JUDGE_UNDECIDED;
            view->frames[count++] =
                (struct frame){.step = step, .chain = before_by_rule(view, step)};
            view->state[step] = OPEN;
        } else if (step == STEP_NONE) {
            view->state[view->frames[--count].step] = DONE;
        }
        if (count == 0)
            return JUDGE_HOLDS;
        step = next_before(view, &view->frames[count - 1], position);
    }
}

enum judgement view_judge_position(struct view *view, uint32_t position)
{
    const struct step *at = view->steps->at;
    enum judgement judgement = JUDGE_HOLDS;
    uint32_t first = view->head[position];

    for (uint32_t w = first; w != STEP_NONE; w = view->next[w]) {
        view->key_next[w] = view->key_head[at[w].key];
        view->key_head[at[w].key] = w;
    }
    for (uint32_t w = first; w != STEP_NONE && judgement == JUDGE_HOLDS; w = view->next[w]) {
        if (view->state[w] == UNSEEN)
            judgement = search_from(view, w, position);
    }
    for (uint32_t w = first; w != STEP_NONE; w = view->next[w])
        view->key_head[at[w].key] = STEP_NONE;
    return judgement;
}
