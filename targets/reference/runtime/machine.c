/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine.h"

#include "table.h"

#include <stdio.h>

void machine_load(struct machine *machine, json_t *saved)
{
    json_t *copy = saved ? json_deep_copy(saved) : json_pack("{s:{}, s:{}}", "table", "sessions");

    json_decref(machine->table);
    json_decref(machine->sessions);
    machine->table = json_incref(json_object_get(copy, "table"));
    machine->sessions = json_incref(json_object_get(copy, "sessions"));
    json_decref(copy);
}

json_t *machine_save(const struct machine *machine)
{
    return json_pack("{s:o, s:o}", "table", json_deep_copy(machine->table), "sessions",
                     json_deep_copy(machine->sessions));
}

static json_t *session_of(struct machine *machine, const char *name)
{
    json_t *session = json_object_get(machine->sessions, name);

    if (!session) {
        session = json_pack("{s:i, s:{}}", "first", 0, "answers");
        (void)json_object_set_new(machine->sessions, name, session);
    }
    return session;
}

/* Forget the answers below `first`. They are few, and come in no order. */
static void session_advance(json_t *session, json_int_t first)
{
    json_t *answers = json_object_get(session, "answers");
    const char *key;
    json_t *answer;
    void *next;

    if (first <= json_integer_value(json_object_get(session, "first")))
        return;
    (void)json_object_set_new(session, "first", json_integer(first));
    json_object_foreach_safe(answers, next, key, answer)
    {
        if (strtoll(key, NULL, 10) < first)
            (void)json_object_del(answers, key);
    }
}

json_t *machine_apply(struct machine *machine, const json_t *request)
{
    const char *name = json_string_value(json_object_get(request, "session"));
    json_int_t number = json_integer_value(json_object_get(request, "number"));
    char key[24];

    if (!name)
        return NULL;
    json_t *session = session_of(machine, name);
    session_advance(session, json_integer_value(json_object_get(request, "first")));
    if (number < json_integer_value(json_object_get(session, "first")))
        return NULL;
    json_t *answers = json_object_get(session, "answers");
    (void)snprintf(key, sizeof key, "%" JSON_INTEGER_FORMAT, number);
    json_t *answer = json_object_get(answers, key);
    if (!answer) {
        answer = table_apply(machine->table, json_object_get(request, "command"));
        (void)json_object_set_new(answers, key, answer);
    }
    return json_incref(answer);
}
