/* SPDX-License-Identifier: GPL-2.0-or-later */
/* learner.c - instances, and what learners do (Paxos Made Simple, section 2.3). */
#include "agents.h"

#include <string.h>

struct instance *instance_of(struct paxos *paxos, json_int_t slot)
{
    if (slot >= paxos->room) {
        json_int_t room = slot * 2 + 1024;
        paxos->instances = realloc(paxos->instances, (size_t)room * sizeof *paxos->instances);
        if (!paxos->instances)
            abort();
        memset(paxos->instances + paxos->room, 0,
               (size_t)(room - paxos->room) * sizeof *paxos->instances);
        paxos->room = room;
    }
    if (slot >= paxos->count)
        paxos->count = slot + 1;
    return &paxos->instances[slot];
}

void value_assign(json_t **place, json_t *value)
{
    json_t *old = *place;
    *place = json_incref(value);
    json_decref(old);
}

static json_t *carry_out(struct paxos *paxos, const json_t *request)
{
    return json_is_null(request) ? NULL : machine_apply(&paxos->machine, request);
}

void learner_advance(struct self *self)
{
    struct paxos *paxos = self->state;

    while (paxos->decided < paxos->count && paxos->instances[paxos->decided].chosen) {
        struct instance *instance = &paxos->instances[paxos->decided++];
        const json_t *request = instance->chosen;
        json_t *answer = carry_out(paxos, request);
        front_reply(self, request, paxos->role == LEADING ? json_incref(answer) : NULL);
        json_decref(answer);
        value_assign(&instance->accepted, NULL); /* what is asked for now is what was chosen */
        value_assign(&instance->proposed, NULL);
    }
}

void learner_learn(struct self *self, json_int_t slot, json_t *value)
{
    struct instance *instance = instance_of(self->state, slot);

    if (instance->chosen)
        return;
    json_t *record = json_pack("[I, O]", slot, value);
    storage_append(self, CHOSEN_FILE, record);
    json_decref(record);
    value_assign(&instance->chosen, value);
}

json_t *learner_chosen_from(const struct paxos *paxos, json_int_t from)
{
    json_t *values = json_array();

    for (json_int_t slot = from; slot < paxos->decided && slot < from + LAG_MAX; slot++)
        (void)json_array_append(values, paxos->instances[slot].chosen);
    return values;
}

void learner_learn_all(struct self *self, json_int_t from, const json_t *values)
{
    for (size_t i = 0; i < json_array_size(values); i++)
        learner_learn(self, from + (json_int_t)i, json_array_get(values, i));
    learner_advance(self);
}

void learner_on_learn(struct self *self, const struct message *message)
{
    struct paxos *paxos = self->state;

    learner_learn_all(self, number_of(message->body, "from"),
                      json_object_get(message->body, "values"));
    paxos->asked_ms = 0; /* it may ask for more */
}

void learner_send(struct self *self, int to, json_int_t from)
{
    msg_send(self, to,
             json_pack("{s:s, s:I, s:o}", "type", "learn", "from", from, "values",
                       learner_chosen_from(self->state, from)));
}

void learner_on_missing(struct self *self, const struct message *message)
{
    learner_send(self, message->from, number_of(message->body, "from"));
}
