/* SPDX-License-Identifier: GPL-2.0-or-later */
/* client_op.c - what the clients of targets share. */
#include "target.h"

#include <jansson.h>

static bool from_json(const json_t *json, struct op_value *value)
{
    if (json_is_integer(json))
        *value = OP_INT(json_integer_value(json));
    else
        *value = OP_NIL;
    return json_is_integer(json) || json_is_null(json);
}

bool op_value_pair(const struct op_value *value, struct op_value *from, struct op_value *to)
{
    if (value->kind == OP_VALUE_PAIR) {
        *from = OP_INT(value->a);
        *to = OP_INT(value->b);
        return true;
    }
    if (value->kind != OP_VALUE_JSON)
        return false;
    json_t *pair = json_loadb(value->json.ptr, value->json.len, 0, NULL);
    bool fits = json_is_array(pair) && json_array_size(pair) == 2 &&
                from_json(json_array_get(pair, 0), from) && from_json(json_array_get(pair, 1), to);
    json_decref(pair);
    return fits;
}
