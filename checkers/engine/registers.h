/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* registers.h - what register, cas-register and their kin have in common: the state is the value.
 */
#ifndef ORDEAL_ENGINE_REGISTERS_H
#define ORDEAL_ENGINE_REGISTERS_H

#include "../../harness/model.h"

enum registers_op { REGISTERS_READ, REGISTERS_WRITE, REGISTERS_CAS };

uint32_t registers_begin(const struct model_env *env, struct err *err);
int registers_prepare(const struct model_env *env, const struct op *op, struct call *call,
                      struct err *err);
uint32_t registers_step(struct states *states, uint32_t state, const struct call *call);
void registers_weaken(struct call *call);
void registers_effect(const struct call *call, uint32_t *leaves, uint32_t *needs);
void registers_print(const struct model_env *env, uint32_t state, struct buf *buf);

#endif
