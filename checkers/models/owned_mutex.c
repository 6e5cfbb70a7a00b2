/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* A lock that only the process that holds it may release. */
#include "../engine/locks.h"

static uint32_t step(struct states *states, uint32_t state, const struct call *call)
{
    return locks_step(states, state, call, 1, false);
}

const struct model model_owned_mutex = {
    .name = "owned-mutex",
    .about = "a lock that only its holder may release",
    .fs = F_BIT(OP_F_ACQUIRE) | F_BIT(OP_F_RELEASE),
    .begin = locks_begin,
    .prepare = locks_prepare,
    .step = step,
};
