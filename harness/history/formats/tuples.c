/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "tuples.h"

#include <errno.h>
#include <inttypes.h>

/* The two elements of a list of two; false if it is anything else. */
static bool two_of(const struct history *history, value_id id, value_id pair[2])
{
    const value_id *elements;
    size_t count;

    if (!values_get_list(&history->values, id, &elements, &count) || count != 2)
        return false;
    pair[0] = elements[0];
    pair[1] = elements[1];
    return true;
}

static bool is_list(const struct history *history, value_id id)
{
    const value_id *elements;
    size_t count;
    return values_get_list(&history->values, id, &elements, &count);
}

/* What only a tuple looks like: asked for without a value (a read, a dequeue), or with a cas's two
 * behind the key. */
static bool is_evident(const struct history *history, const struct op *op, value_id behind)
{
    value_id pair[2];

    return op->f == OP_F_CAS ? two_of(history, behind, pair) : behind == VALUE_NIL;
}

static bool are_tuples(const struct history *history)
{
    bool evident = false;

    for (size_t i = 0; i < history->count; i++) {
        const struct op *op = &history->ops[i];
        value_id tuple[2];
        if (op->f == OP_F_TXN || op->key != VALUE_NIL || !two_of(history, op->in, tuple) ||
            tuple[0] == VALUE_NIL || is_list(history, tuple[0]))
            return false;
        evident = evident || is_evident(history, op, tuple[1]);
    }
    return evident;
}

bool tuples_need_marks(const struct history *history)
{
    bool keyed = false, plain = true, evident = false;

    for (size_t i = 0; i < history->count; i++) {
        const struct op *op = &history->ops[i];
        keyed = keyed || op->key != VALUE_NIL;
        plain = plain && op->f != OP_F_TXN && op->key != VALUE_NIL && !is_list(history, op->key);
        bool valueless = op->in == VALUE_NIL && op->in2 == VALUE_NIL;
        evident = evident || valueless != (op->f == OP_F_CAS);
    }
    return keyed && !(plain && evident);
}

static int split(const struct history *history, struct op *op, struct err *err)
{
    value_id tuple[2], result[2];

    if (!two_of(history, op->in, tuple))
        return err_set(err, EINVAL,
                       "operation %" PRIu32
                       " has no key, though others are tagged as tuples of key "
                       "and value",
                       op->index);
    op->key = tuple[0];
    op->in = tuple[1];
    if (op->out == VALUE_NIL)
        return 0;
    if (!two_of(history, op->out, result) || result[0] != op->key)
        return err_set(err, EINVAL, "operation %" PRIu32 " completes with another key", op->index);
    op->out = result[1];
    return 0;
}

int tuples_split(struct history *history, bool marked, struct err *err)
{
    bool tuples = marked || are_tuples(history);

    for (size_t i = 0; i < history->count; i++) {
        struct op *op = &history->ops[i];
        value_id pair[2];
        if (tuples && split(history, op, err) < 0)
            return -1;
        if (op->f == OP_F_CAS && two_of(history, op->in, pair)) {
            op->in = pair[0];
            op->in2 = pair[1];
        }
    }
    return 0;
}
