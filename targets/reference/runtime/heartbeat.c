/* SPDX-License-Identifier: GPL-2.0-or-later */
/* heartbeat.c - detector=timeout: whoever is silent is taken for dead.
 *
 * Every node tells all others, again and again, that it lives, and its view. Views are ordered by
 * (number, maker), and the higher is everybody's. Whom the oldest members of it do not seem to
 * outlive makes the next one, when members fall silent, others appear, or one has begun a new life.
 * It is as wrong as silence is: where a cut makes two sides deaf to each other both go on, and when
 * it heals they become one view again, the other side's nodes the youngest.
 */
#include "views.h"

#include <stdlib.h>

enum { TICKS_PER_SUSPICION = 5, NAME_SIZE = 17 };

struct heartbeats {
    int suspect_ms, maker; /* who made the present view */
    int64_t begin_ms;
    int64_t floor; /* a number that somebody remembers from before its restart */
    int64_t heard_ms[NODE_COUNT_MAX];
    char lives[NODE_COUNT_MAX][NAME_SIZE];   /* as heard */
    char in_view[NODE_COUNT_MAX][NAME_SIZE]; /* the lives of the view's members */
    struct timer *tick;
};

static bool is_up(const struct runtime *rt, int node)
{
    const struct heartbeats *beats = rt->views->heartbeats;
    return node == rt->self.me ||
           (beats->lives[node][0] && now_ms() - beats->heard_ms[node] < beats->suspect_ms);
}

static void send_beat(struct runtime *rt)
{
    const struct heartbeats *beats = rt->views->heartbeats;
    const struct view *view = &rt->views->now;
    json_t *members = json_array();

    for (int i = 0; i < view->count; i++) {
        int node = view->members[i];
        (void)json_array_append_new(
            members,
            json_pack("[i, I, s]", node, (json_int_t)view->since[node], beats->in_view[node]));
    }
    msg_broadcast(&rt->self, json_pack("{s:s, s:s, s:I, s:i, s:o}", "type", HEARTBEAT, "life",
                                       rt->incarnation, "number", (json_int_t)view->number, "maker",
                                       beats->maker, "members", members));
}

/* Read "members" into `view` and `lives`. */
static bool read_members(const struct runtime *rt, const json_t *members, struct view *view,
                         char lives[][NAME_SIZE])
{
    for (size_t i = 0; i < json_array_size(members); i++) {
        const json_t *member = json_array_get(members, i);
        json_int_t node = json_integer_value(json_array_get(member, 0));
        const char *life = json_string_value(json_array_get(member, 2));
        if (node < 0 || node >= rt->self.count || !life || view->count == rt->self.count)
            return false;
        view->members[view->count++] = (int)node;
        view->since[node] = json_integer_value(json_array_get(member, 1));
        (void)snprintf(lives[node], NAME_SIZE, "%s", life);
    }
    return true;
}

void heartbeat_take(struct runtime *rt, int from, const json_t *body)
{
    struct heartbeats *beats = rt->views ? rt->views->heartbeats : NULL;
    const char *life = json_string_value(json_object_get(body, "life"));
    struct view view = {.number = json_integer_value(json_object_get(body, "number"))};
    int maker = (int)json_integer_value(json_object_get(body, "maker"));
    char lives[NODE_COUNT_MAX][NAME_SIZE] = {{0}};

    if (!beats || !life)
        return;
    beats->heard_ms[from] = now_ms();
    (void)snprintf(beats->lives[from], NAME_SIZE, "%s", life);
    int64_t number = rt->views->now.number;
    if (view.number > beats->floor)
        beats->floor = view.number;
    if (view.number < number || (view.number == number && maker <= beats->maker) ||
        !read_members(rt, json_object_get(body, "members"), &view, lives) || view.count == 0)
        return;
    beats->maker = maker;
    memcpy(beats->in_view, lives, sizeof lives);
    views_enter(rt, &view);
}

static bool is_same_life(const struct heartbeats *beats, int node)
{
    return strcmp(beats->lives[node], beats->in_view[node]) == 0;
}

/* Who should be in the view: its members that live still, then the others that do. */
static void survey(const struct runtime *rt, struct view *next)
{
    const struct heartbeats *beats = rt->views->heartbeats;
    const struct view *now = &rt->views->now;

    int64_t number = now->number > beats->floor ? now->number : beats->floor;

    *next = (struct view){.number = number + 1};
    for (int i = 0; i < now->count; i++) {
        int node = now->members[i];
        if (!is_up(rt, node) || !is_same_life(beats, node))
            continue;
        next->members[next->count++] = node;
        next->since[node] = now->since[node];
    }
    for (int node = 0; node < rt->self.count; node++) {
        if (!is_up(rt, node) || view_has(next, node))
            continue;
        next->members[next->count++] = node;
        next->since[node] = next->number;
    }
}

static bool is_same_view(const struct view *view, const struct view *other)
{
    bool same = view->count == other->count;

    for (int i = 0; same && i < view->count; i++) {
        int node = view->members[i];
        same = node == other->members[i] && view->since[node] == other->since[node];
    }
    return same;
}

/* Whether it is for this node to make `next` the view. */
static bool is_due(const struct runtime *rt, const struct view *next)
{
    const struct heartbeats *beats = rt->views->heartbeats;
    const struct view *now = &rt->views->now;

    return now_ms() - beats->begin_ms >= beats->suspect_ms && /* others have had time to be heard */
           next->members[0] == rt->self.me &&
           (!is_same_view(next, now) || beats->floor > now->number);
}

static void on_tick(struct self *self, void *context)
{
    struct runtime *rt = runtime_of(self);
    struct heartbeats *beats = rt->views->heartbeats;
    struct view next;

    (void)context;
    survey(rt, &next);
    if (is_due(rt, &next)) {
        beats->maker = self->me;
        memcpy(beats->in_view, beats->lives, sizeof beats->lives);
        views_enter(rt, &next);
    }
    send_beat(rt);
    timer_set(beats->tick, beats->suspect_ms / TICKS_PER_SUSPICION);
}

void heartbeats_open(struct runtime *rt)
{
    struct heartbeats *beats = calloc(1, sizeof *beats);

    if (!beats)
        die("out of memory");
    rt->views->heartbeats = beats;
    beats->suspect_ms = option_number(&rt->self, "suspect-ms", 10, 60000);
    beats->begin_ms = now_ms();
    beats->maker = -1;
    (void)snprintf(beats->lives[rt->self.me], NAME_SIZE, "%s", rt->incarnation);
    beats->tick = timer_new(&rt->self, on_tick, NULL);
    timer_set(beats->tick, 1);
}
