/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* The objects that histories are about, each as the plainest program that behaves like it. */
#include "brute_internal.h"

#include <string.h>

/* Whether a known answer is `value`; an unknown one is anything. */
static bool answers(const struct op *op, value_id value)
{
    return op->type == OP_INFO || op->out == value;
}

/* -- registers --------------------------------------------------------------------------------- */

static bool step_register(const struct history *history, const struct op *op,
                          struct brute_object *object)
{
    (void)history;
    switch (op->f) {
    case OP_F_READ:
    case OP_F_GET:
        return answers(op, object->value);
    case OP_F_WRITE:
    case OP_F_PUT:
        object->value = op->in;
        return true;
    case OP_F_CAS:
        if (object->value != op->in)
            return op->type == OP_INFO;
        object->value = op->in2;
        return true;
    default:
        return false;
    }
}

static const struct brute_model models[] = {
    {"register", step_register, NULL},
    {"cas-register", step_register, NULL},
};

const struct brute_model *brute_model_find(const char *name)
{
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        if (strcmp(models[i].name, name) == 0)
            return &models[i];
    }
    return NULL;
}
