/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* A lock that its holder may acquire again, and must release as often. */
#include "../engine/locks.h"

static uint32_t step(struct states *states, uint32_t state, const struct call *call)
{
    return locks_step(states, state, call, UINT32_MAX, false);
}

const struct model model_reentrant_lock = {
    .name = "reentrant-lock",
    .about = "a lock that its holder may acquire again",
    .fs = F_BIT(OP_F_ACQUIRE) | F_BIT(OP_F_RELEASE),
    .begin = locks_begin,
    .prepare = locks_prepare,
    .step = step,
};
