/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "table.h"

#include "protocol.h"

#include <stdlib.h>
#include <string.h>

/* The key under which a table keeps `key`; the caller frees it. Strings and objects come in one
 * form only, so that equal keys are equal. */
static char *key_text(const json_t *key)
{
    return json_dumps(key, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS);
}

json_t *table_get(const json_t *table, const json_t *key)
{
    char *text = key_text(key);
    json_t *value = text ? json_object_get(table, text) : NULL;
    free(text);
    return value;
}

void table_put(json_t *table, const json_t *key, json_t *value)
{
    char *text = key_text(key);
    if (text)
        (void)json_object_set(table, text, value);
    free(text);
}

static json_t *error_body(enum msg_error code, const char *text)
{
    return json_pack("{s:s, s:i, s:s}", "type", "error", "code", (int)code, "text", text);
}

static json_t *apply_read(const json_t *table, const json_t *key)
{
    json_t *value = table_get(table, key);
    if (!value)
        return error_body(MSG_NO_KEY, "no such key");
    return json_pack("{s:s, s:O}", "type", "read_ok", "value", value);
}

static json_t *apply_write(json_t *table, const json_t *key, json_t *value)
{
    if (!value)
        return error_body(MSG_MALFORMED, "a write needs a value");
    table_put(table, key, value);
    return json_pack("{s:s}", "type", "write_ok");
}

static json_t *apply_cas(json_t *table, const json_t *key, const json_t *from, json_t *to)
{
    const json_t *found = table_get(table, key);

    if (!from || !to)
        return error_body(MSG_MALFORMED, "a cas needs from and to");
    if (!found && !json_is_null(from))
        return error_body(MSG_NO_KEY, "no such key");
    if (found && !json_equal(found, from))
        return error_body(MSG_PRECONDITION, "it has another value");
    table_put(table, key, to);
    return json_pack("{s:s}", "type", "cas_ok");
}

/* The key's list with `element` at its end; what is not there is empty. Lists are replaced and not
 * changed, since answers may still share them. */
static void put_longer(json_t *table, const json_t *key, json_t *element)
{
    const json_t *found = table_get(table, key);
    json_t *list = found ? json_copy((json_t *)(uintptr_t)found) : json_array();

    (void)json_array_append(list, element);
    table_put(table, key, list);
    json_decref(list);
}

static json_t *apply_append(json_t *table, const json_t *key, json_t *value)
{
    const json_t *found = table_get(table, key);

    if (!value)
        return error_body(MSG_MALFORMED, "an append needs a value");
    if (found && !json_is_array(found))
        return error_body(MSG_PRECONDITION, "it is no list");
    put_longer(table, key, value);
    return json_pack("{s:s}", "type", "append_ok");
}

static bool has_element(const json_t *set, const json_t *element)
{
    for (size_t i = 0; i < json_array_size(set); i++) {
        if (json_equal(json_array_get(set, i), element))
            return true;
    }
    return false;
}

/* To a set, or to a counter. */
static json_t *apply_add(json_t *table, const json_t *key, json_t *element, const json_t *delta)
{
    const json_t *found = table_get(table, key);

    if (element && found && !json_is_array(found))
        return error_body(MSG_PRECONDITION, "it is no set");
    if (!element && !json_is_integer(delta))
        return error_body(MSG_MALFORMED, "an add needs an element or a delta");
    if (!element && found && !json_is_integer(found))
        return error_body(MSG_PRECONDITION, "it is no counter");
    if (element && !has_element(found, element))
        put_longer(table, key, element);
    if (!element) {
        json_t *sum = json_integer(json_integer_value(found) + json_integer_value(delta));
        table_put(table, key, sum);
        json_decref(sum);
    }
    return json_pack("{s:s}", "type", "add_ok");
}

json_t *table_apply(json_t *table, const json_t *command)
{
    const char *type = json_string_value(json_object_get(command, "type"));
    const json_t *key = json_object_get(command, "key");

    if (!type || !key)
        return error_body(MSG_MALFORMED, "a command needs a key");
    if (strcmp(type, "read") == 0)
        return apply_read(table, key);
    if (strcmp(type, "write") == 0)
        return apply_write(table, key, json_object_get(command, "value"));
    if (strcmp(type, "cas") == 0)
        return apply_cas(table, key, json_object_get(command, "from"),
                         json_object_get(command, "to"));
    if (strcmp(type, "append") == 0)
        return apply_append(table, key, json_object_get(command, "value"));
    if (strcmp(type, "add") == 0)
        return apply_add(table, key, json_object_get(command, "element"),
                         json_object_get(command, "delta"));
    return error_body(MSG_NOT_SUPPORTED, "no such command");
}

bool answer_is_ok(const json_t *answer)
{
    const char *type = json_string_value(json_object_get(answer, "type"));
    return type && strcmp(type, "error") != 0;
}
