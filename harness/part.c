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

bool part_is_healthy(const struct part_member *members, const void *part)
{
    for (; members->name; members++) {
        if (get(part, members) != 0)
            return false;
    }
    return true;
}

void part_merge(const struct part_member *members, void *into, const void *from)
{
    for (; members->name; members++) {
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
        if (get(part, members) != 0)
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
        if (!json_is_integer(value) || number < member->least || number > member->most)
            return err_set(err, EINVAL, "'%s' must be a whole number from %" PRId64 " to %" PRId64,
                           name, member->least, member->most);
        set(part, member, number);
    }
    return 0;
}
