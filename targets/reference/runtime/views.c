/* SPDX-License-Identifier: GPL-2.0-or-later */
/* views.c - who is up: the perfect failure detector, and what the other shares with it. */
#include "views.h"

#include <stdlib.h>

#define FILE_NAME "view-number"

const struct protocol_option views_options[] = {
    {"detector", "perfect|timeout", "perfect", "the harness tells who is dead; or silence does"},
    {"suspect-ms", "a number", "500", "detector=timeout: how long a silence is a death"},
    {NULL, NULL, NULL, NULL},
};

const struct view *view_now(const struct self *self)
{
    const struct views *views = runtime_of_const(self)->views;

    if (!views)
        die("the protocol asks who is up, and has no on_view");
    return &views->now;
}

void views_enter(struct runtime *rt, const struct view *view)
{
    struct view *now = &rt->views->now;
    bool is_later = view->number > now->number;

    *now = *view;
    if (is_later && rt->views->heartbeats) { /* nobody else remembers how far the numbers got */
        json_t *record = json_pack("{s:I}", "number", (json_int_t)now->number);
        storage_replace(&rt->self, FILE_NAME, record);
        json_decref(record);
    }
    rt->protocol->on_view(&rt->self, now);
}

/* One of "members". */
static bool read_member(const struct runtime *rt, const json_t *pair, struct view *view)
{
    const char *name = json_string_value(json_array_get(pair, 0));
    json_int_t since = json_integer_value(json_array_get(pair, 1));
    int node = name ? runtime_find_node(rt, name) : -1;

    if (node < 0 || since <= 0 || since > view->number || view->since[node] != 0)
        return false;
    view->since[node] = since;
    view->members[view->count++] = node;
    return true;
}

bool views_take(struct runtime *rt, const json_t *body)
{
    const json_t *members = json_object_get(body, "members");
    json_int_t unborn = json_integer_value(json_object_get(body, "unborn"));
    struct view view = {.number = json_integer_value(json_object_get(body, "number"))};

    if (!rt->views || rt->views->heartbeats || view.number <= 0 || !json_is_array(members) ||
        unborn < 0 || unborn > rt->self.count)
        return false;
    view.unborn = (int)unborn;
    for (size_t i = 0; i < json_array_size(members); i++) {
        if (!read_member(rt, json_array_get(members, i), &view))
            return false;
    }
    if (view.count + view.unborn > rt->self.count)
        return false;
    if (view.number > rt->views->now.number)
        views_enter(rt, &view);
    return true;
}

void views_open(struct runtime *rt)
{
    if (!rt->protocol->on_view)
        return;
    rt->views = calloc(1, sizeof *rt->views);
    if (!rt->views)
        die("out of memory");
    if (strcmp(option_get(&rt->self, "detector"), "timeout") != 0)
        return;
    json_t *records = storage_read(&rt->self, FILE_NAME);
    const json_t *last = json_array_get(records, 0);
    rt->views->now.number = json_integer_value(json_object_get(last, "number"));
    json_decref(records);
    heartbeats_open(rt);
}
