/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Why a write has its position in a view (views.h), as steps that show it. */
#include "views.h"

struct claim {
    uint32_t step, position, because;
};

/* The order asked for alone puts `step` before p's read number `position`. */
static void explain_order(struct view *view, uint32_t step, uint32_t position)
{
    uint32_t read = view->reads[position];

    core_add(view->core, read);
    core_add_path(view->core, view->steps, view->previous, step,
                  view->rules.own_order ? read : view->steps->at[read].from);
}

void view_explain(struct view *view, uint32_t step, uint32_t position, uint32_t because)
{
    struct budget *budget = view->steps->budget;
    size_t count = 0, capacity = 0;
    struct claim *claims = NULL;
    bool *told = budget_calloc(budget, view->fall_count + 1, sizeof *told);
    struct claim claim = {step, position, because};

    if (!told) {
        view->core->failed = true;
        return;
    }
    for (;;) {
        if (claim.because == 0) {
            explain_order(view, claim.step, claim.position);
        } else {
            const struct view_fall *fall = &view->falls[claim.because - 1];
            core_add_path(view->core, view->steps, view->previous, claim.step, fall->root);
            if (!told[claim.because]) {
                told[claim.because] = true;
                core_add(view->core, view->reads[fall->reader]);
                if (!view_grow(view, &claims, &capacity, count + 1, sizeof *claims)) {
                    view->core->failed = true;
                    break;
                }
                claims[count++] = (struct claim){fall->root, fall->position, fall->because};
                claims[count++] =
                    (struct claim){fall->target, fall->target_position, fall->target_because};
            }
        }
        if (count == 0)
            break;
        claim = claims[--count];
    }
    budget_free(budget, claims);
    budget_free(budget, told);
}
