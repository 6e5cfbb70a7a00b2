/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Which model a history is about: by name, or guessed from its functions. */
#include "../../harness/model.h"

#include <inttypes.h>
#include <string.h>

static const struct model *added;

void model_add(const struct model *model)
{
    added = model;
}

const struct model *model_find(const char *name)
{
    if (added && strcmp(added->name, name) == 0)
        return added;
    for (size_t i = 0; models[i]; i++) {
        if (strcmp(models[i]->name, name) == 0)
            return models[i];
    }
    return NULL;
}

static bool belongs(const struct model *model, const struct history *history, const struct op *op)
{
    if (model->knows)
        return model->knows(history_f_name(history, op->f));
    return op->f < OP_F_KNOWN && (model->fs >> op->f & 1);
}

int model_accepts(const struct model *model, const struct history *history, struct err *err)
{
    for (size_t i = 0; i < history->count; i++) {
        if (!belongs(model, history, &history->ops[i]))
            return err_set(err, 0, "operation '%s' is not part of model '%s'",
                           history_f_name(history, history->ops[i].f), model->name);
    }
    return 0;
}

/* Several models share add and read, or append and read: what reads returned tells them apart. */
static bool reads_fit(const struct model *model, const struct history *history)
{
    bool is_list = strcmp(model->name, "append-list") == 0 || strcmp(model->name, "set") == 0;
    bool is_number = strcmp(model->name, "counter") == 0;

    for (size_t i = 0; i < history->count; i++) {
        const struct op *op = &history->ops[i];
        const value_id *elements;
        int64_t number;
        size_t count;
        if (op->f != OP_F_READ || op->type != OP_OK || op->out == VALUE_NIL)
            continue;
        if (is_list && !values_get_list(&history->values, op->out, &elements, &count))
            return false;
        if (is_number && !values_get_int(&history->values, op->out, &number))
            return false;
    }
    return true;
}

const struct model *model_infer(const struct history *history, struct err *err)
{
    /* The plainest first. */
    static const char *const order[] = {"register", "cas-register",   "append-list",   "key-value",
                                        "set",      "counter",        "queue",         "stack",
                                        "mutex",    "priority-queue", "multi-register"};
    uint32_t fs = 0;

    for (size_t i = 0; i < history->count; i++) {
        if (history->ops[i].f >= OP_F_KNOWN) {
            (void)err_set(err, 0, "no model knows operation '%s'; give one with --model",
                          history_f_name(history, history->ops[i].f));
            return NULL;
        }
        fs |= F_BIT(history->ops[i].f);
    }
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        const struct model *model = model_find(order[i]);
        if ((fs & ~model->fs) == 0 && reads_fit(model, history))
            return model;
    }
    (void)err_set(err, 0, "no model knows all operations together; give one with --model");
    return NULL;
}
