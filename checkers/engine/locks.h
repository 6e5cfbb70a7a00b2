/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* locks.h - what the models of locks share: who holds it, how often, and the greatest fence. */
#ifndef ORDEAL_ENGINE_LOCKS_H
#define ORDEAL_ENGINE_LOCKS_H

#include "../../harness/model.h"

/* Free. */
uint32_t locks_begin(const struct model_env *env, struct err *err);

/* acquire and release by op->process; a known acquire's integer result is its fence. */
int locks_prepare(const struct model_env *env, const struct op *op, struct call *call,
                  struct err *err);

/* Acquire if nobody else holds it and the holder does so less than `depth` times; release if held
 * by the caller. `fenced`: fences grow. */
uint32_t locks_step(struct states *states, uint32_t state, const struct call *call, uint32_t depth,
                    bool fenced);

#endif
