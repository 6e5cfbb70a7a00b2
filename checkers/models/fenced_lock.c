/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* A lock that returns a fence with each acquisition, greater than all before (and than 0). An
 * acquisition of unknown outcome has a fence that nobody saw, which constrains nothing. */
#include "../engine/locks.h"

static uint32_t step(struct states *states, uint32_t state, const struct call *call)
{
    return locks_step(states, state, call, 1, true);
}

const struct model model_fenced_lock = {
    .name = "fenced-lock",
    .about = "a lock whose acquisitions return growing fences",
    .fs = F_BIT(OP_F_ACQUIRE) | F_BIT(OP_F_RELEASE),
    .begin = locks_begin,
    .prepare = locks_prepare,
    .step = step,
};
