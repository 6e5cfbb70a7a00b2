/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* A register: reads see the value written last; nil before the first write. */
#include "../engine/registers.h"

const struct model model_register = {
    .name = "register",
    .about = "one value, read and written",
    .fs = F_BIT(OP_F_READ) | F_BIT(OP_F_WRITE),
    .omit = OMIT_UNSEEN,
    .begin = registers_begin,
    .prepare = registers_prepare,
    .step = registers_step,
    .effect = registers_effect,
    .print = registers_print,
};
