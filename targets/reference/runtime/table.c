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
    return error_body(MSG_NOT_SUPPORTED, "no such command");
}

bool answer_is_ok(const json_t *answer)
{
    const char *type = json_string_value(json_object_get(answer, "type"));
    return type && strcmp(type, "error") != 0;
}
