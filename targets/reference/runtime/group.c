/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "group.h"

enum { AGAIN_MS = 500 };

static json_int_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static bool is_first(const struct self *self)
{
    const struct view *view = view_now(self);
    return view->count > 0 && view->members[0] == self->me;
}

bool group_leads(const struct self *self)
{
    const struct group *group = self->state;
    return is_first(self) && group->replica.current &&
           group->replica.label == view_now(self)->number;
}

static void answered_by(struct group *group, int node)
{
    group->answered |= UINT64_C(1) << node;
}

static bool has_answered(const struct group *group, int node)
{
    return (group->answered >> node & 1) != 0;
}

static bool all_have_answered(const struct self *self)
{
    const struct view *view = view_now(self);
    int count = 0;

    for (int i = 0; i < view->count; i++)
        count += has_answered(self->state, view->members[i]);
    return count == view->count;
}

/* Whether every node that was ever up is up. */
static bool are_all_back(const struct self *self)
{
    const struct view *view = view_now(self);
    return view->count + view->unborn >= self->count;
}

static json_t *make_question(const struct self *self)
{
    const struct group *group = self->state;
    json_int_t view = view_now(self)->number;

    if (group->seeking)
        return json_pack("{s:s, s:I}", "type", "seek", "view", view);
    return json_pack("{s:s, s:I, s:o}", "type", "state", "view", view, "state",
                     replica_state(&group->replica));
}

/* Ask the members that have not answered, and again after a while. */
static void ask(struct self *self, void *context)
{
    const struct group *group = self->state;
    const struct view *view = view_now(self);

    (void)context;
    if (!is_first(self) || all_have_answered(self))
        return;
    for (int i = 0; i < view->count; i++) {
        if (!has_answered(group, view->members[i]))
            msg_send(self, view->members[i], make_question(self));
    }
    timer_set(group->again, AGAIN_MS);
}

void group_start(struct self *self, void (*on_current)(struct self *self),
                 void (*on_alike)(struct self *self))
{
    struct group *group = self->state;

    replica_recover(self, &group->replica);
    group->on_current = on_current;
    group->on_alike = on_alike;
    group->again = timer_new(self, ask, NULL);
}

void group_enter(struct self *self, const struct view *view)
{
    struct group *group = self->state;

    timer_clear(group->again);
    group->alike = group->seeking = group->best_is_current = false;
    group->answered = 0;
    json_decref(group->best);
    group->best = NULL;
    if (view->count == 0 || view->members[0] != self->me)
        return;
    if (group->replica.current) {
        group->on_current(self);
        return;
    }
    group->seeking = true;
    ask(self, NULL);
}

/* -- a state to go on with -----------------------------------------------------------------------
 */

void group_on_seek(struct self *self, const struct message *message)
{
    const struct group *group = self->state;

    msg_send(self, message->from,
             json_pack("{s:s, s:O, s:b, s:o}", "type", "sought", "view",
                       json_object_get(message->body, "view"), "current",
                       (int)group->replica.current, "state", replica_state(&group->replica)));
}

/* One current state has all that was acknowledged. Without any, all disks together do. */
void group_on_sought(struct self *self, const struct message *message)
{
    struct group *group = self->state;
    bool is_current = json_is_true(json_object_get(message->body, "current"));
    json_t *state = json_object_get(message->body, "state");

    if (!group->seeking || number_of(message->body, "view") != view_now(self)->number)
        return;
    answered_by(group, message->from);
    if (is_current > group->best_is_current ||
        (is_current == group->best_is_current && state_is_ahead(state, group->best))) {
        json_decref(group->best);
        group->best = json_incref(state);
        group->best_is_current = is_current;
    }
    if (!all_have_answered(self) || (!group->best_is_current && !are_all_back(self)))
        return;
    group->seeking = false;
    replica_adopt(self, &group->replica, group->best);
    group->on_current(self);
}

/* -- the same state everywhere -------------------------------------------------------------------
 */

void group_share(struct self *self)
{
    struct group *group = self->state;

    replica_label(self, &group->replica, view_now(self)->number);
    group->answered = 0;
    ask(self, NULL); /* itself too, which is how a view of one becomes alike */
}

void group_on_state(struct self *self, const struct message *message)
{
    struct replica *replica = &((struct group *)self->state)->replica;
    json_int_t view = number_of(message->body, "view");

    if (view < replica->label)
        return; /* of a leader that has been replaced */
    if (view > replica->label || !replica->current)
        replica_adopt(self, replica, json_object_get(message->body, "state"));
    msg_send(self, message->from, json_pack("{s:s, s:I}", "type", "held", "view", view));
}

void group_on_held(struct self *self, const struct message *message)
{
    struct group *group = self->state;

    if (!group_leads(self) || group->alike ||
        number_of(message->body, "view") != view_now(self)->number)
        return;
    answered_by(group, message->from);
    if (!all_have_answered(self))
        return;
    group->alike = true;
    timer_clear(group->again);
    if (group->on_alike)
        group->on_alike(self);
}
