/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "part.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static int64_t get(const void *part, const struct part_member *member)
{
    int64_t value;

    memcpy(&value, (const char *)part + member->offset, sizeof value);
    return value;
}

static void set(void *part, const struct part_member *member, int64_t value)
{
    memcpy((char *)part + member->offset, &value, sizeof value);
}

static char *text_of(const void *part, const struct part_member *member)
{
    return (char *)(uintptr_t)part + member->offset;
}

static bool is_set(const void *part, const struct part_member *member)
{
    return member->text_bytes ? *text_of(part, member) != '\0' : get(part, member) != 0;
}

bool part_is_healthy(const struct part_member *members, const void *part)
{
    for (; members->name; members++) {
        if (!members->text_bytes && get(part, members) != 0)
            return false;
    }
    return true;
}

void part_merge(const struct part_member *members, void *into, const void *from)
{
    for (; members->name; members++) {
        if (members->text_bytes) {
            if (!is_set(into, members))
                memcpy(text_of(into, members), text_of(from, members), members->text_bytes);
            continue;
        }
        int64_t have = get(into, members), more = get(from, members);
        if (llabs(more) > llabs(have))
            set(into, members, more);
    }
}

void part_print(const struct part_member *members, const void *part, const char *name,
                struct buf *json)
{
    if (part_is_healthy(members, part))
        return;
    buf_json_next(json, name);
    buf_puts(json, "{");
    for (; members->name; members++) {
        if (!is_set(part, members))
            continue;
        if (members->text_bytes)
            buf_json_str(json, members->name, str_of(text_of(part, members)));
        else
            buf_json_int(json, members->name, get(part, members));
    }
    buf_puts(json, "}");
}

static const struct part_member *find(const struct part_member *members, const char *name)
{
    for (; members->name; members++) {
        if (strcmp(members->name, name) == 0)
            return members;
    }
    return NULL;
}

static int read_text(const struct part_member *member, const json_t *value, void *part,
                     struct err *err)
{
    const char *text = json_string_value(value);
    size_t len = json_string_length(value);

    if (!text || len >= member->text_bytes)
        return err_set(err, EINVAL, "'%s' must be a string of at most %zu bytes", member->name,
                       member->text_bytes - 1);
    memset(text_of(part, member), 0, member->text_bytes);
    memcpy(text_of(part, member), text, len);
    return 0;
}

int part_read(const struct part_member *members, const json_t *from, void *part, struct err *err)
{
    const char *name;
    json_t *value;

    if (!json_is_object(from))
        return err_set(err, EINVAL, "it must be an object");
    json_object_foreach((json_t *)from, name, value)
    {
        const struct part_member *member = find(members, name);
        int64_t number = json_integer_value(value);
        if (!member)
            return err_set(err, EINVAL, "it has no member '%.64s'", name);
        if (member->text_bytes) {
            if (read_text(member, value, part, err))
                return -1;
            continue;
        }
        if (!json_is_integer(value) || number < member->least || number > member->most)
            return err_set(err, EINVAL, "'%s' must be a whole number from %" PRId64 " to %" PRId64,
                           name, member->least, member->most);
        set(part, member, number);
    }
    return 0;
}
