/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "replica.h"

#include "table.h"

#define FILE_NAME "replica" /* a state, then the requests since */

enum { LOGGED_MAX = 2000 };

static json_int_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static json_t *apply(struct replica *replica, const json_t *request)
{
    replica->number++;
    if (replica->repeats)
        return table_apply(replica->machine.table, json_object_get(request, "command"));
    return machine_apply(&replica->machine, request);
}

static void load(struct replica *replica, const json_t *state)
{
    replica->label = number_of(state, "label");
    replica->number = number_of(state, "number");
    machine_load(&replica->machine, json_object_get(state, "machine"));
}

void replica_recover(struct self *self, struct replica *replica)
{
    json_t *records = storage_read(self, FILE_NAME), *request;
    const json_t *first = json_array_get(records, 0);
    bool has_state = json_object_get(first, "machine") != NULL;
    size_t i;

    load(replica, has_state ? first : NULL);
    json_array_foreach(records, i, request)
    {
        if (i > 0 || !has_state)
            json_decref(apply(replica, request));
    }
    replica->current = false;
    json_decref(records);
}

static void save(struct self *self, struct replica *replica)
{
    json_t *state = replica_state(replica);

    storage_replace(self, FILE_NAME, state);
    json_decref(state);
    replica->logged = 0;
}

json_t *replica_carry_out(struct self *self, struct replica *replica, const json_t *request)
{
    json_t *answer = apply(replica, request);

    if (++replica->logged > LOGGED_MAX) {
        save(self, replica);
    } else {
        storage_append(self, FILE_NAME, request);
        storage_sync(self, FILE_NAME);
    }
    return answer;
}

json_t *replica_state(const struct replica *replica)
{
    return json_pack("{s:I, s:I, s:o}", "label", replica->label, "number", replica->number,
                     "machine", machine_save(&replica->machine));
}

void replica_adopt(struct self *self, struct replica *replica, const json_t *state)
{
    load(replica, state);
    replica->current = true;
    save(self, replica);
}

void replica_label(struct self *self, struct replica *replica, json_int_t label)
{
    replica->label = label;
    replica->current = true;
    save(self, replica);
}

bool state_is_ahead(const json_t *state, const json_t *other)
{
    json_int_t label = number_of(state, "label"), than = number_of(other, "label");

    if (!other || label != than)
        return !other || label > than;
    return number_of(state, "number") > number_of(other, "number");
}
