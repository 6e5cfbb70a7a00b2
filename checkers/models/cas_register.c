/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* A register with compare-and-set. A cas that succeeded found its old value; one that found another
 * is a failed operation and constrains nothing; a cas from nil succeeds exactly if nothing was
 * written. */
#include "../engine/registers.h"

const struct model model_cas_register = {
    .name = "cas-register",
    .about = "one value with compare-and-set",
    .fs = F_BIT(OP_F_READ) | F_BIT(OP_F_WRITE) | F_BIT(OP_F_CAS),
    .omit = OMIT_UNSEEN,
    .begin = registers_begin,
    .prepare = registers_prepare,
    .step = registers_step,
    .weaken = registers_weaken,
    .effect = registers_effect,
    .print = registers_print,
};
