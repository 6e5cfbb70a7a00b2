/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "forward.h"

#include "../base/clock.h"

#include <stdlib.h>
#include <string.h>

/* A packet that others shall overtake waits no longer than this for them. */
#define BEHIND_NS (20 * NS_PER_MS)
enum { OVERTAKERS_MAX = 3 };

/* What may be held at once, in bytes. */
enum { HELD_MAX = 256 << 20 };

void forward_init(struct forward *forward,
                  void (*send)(void *context, int to, const unsigned char *bytes, size_t len),
                  void *context)
{
    memset(forward, 0, sizeof *forward);
    forward->send = send;
    forward->context = context;
}

void forward_release(struct forward *forward)
{
    free(forward->stages);
    delay_line_release(&forward->line);
}

/* -- leaving ---------------------------------------------------------------------------------- */

static int link_number(int from, int to)
{
    return from * PLACES_MAX + to;
}

static bool is_cut(const struct forward *forward, int from, int to)
{
    return forward->cut[from] & NODE(to);
}

static void drop_cut(struct forward *forward, int from, int to, size_t len)
{
    forward->effects[link_number(from, to)].cut++;
    forward->bytes_cut += len;
}

struct packet {
    int from, to;
    uint64_t number; /* on its link */
    const unsigned char *bytes;
    size_t len;
};

static void deliver(struct forward *forward, const struct packet *packet)
{
    int at = link_number(packet->from, packet->to);
    struct link *link = &forward->links[at];

    if (is_cut(forward, packet->from, packet->to)) {
        drop_cut(forward, packet->from, packet->to, packet->len);
        return;
    }
    if (packet->number < link->latest)
        forward->effects[at].reordered++;
    else
        link->latest = packet->number;
    forward->send(forward->context, packet->to, packet->bytes, packet->len);
}

static void deliver_held(struct forward *forward, struct held *held)
{
    const struct packet packet = {held->from, held->to, held->number, held->bytes, held->len};
    struct link *link = &forward->links[link_number(held->from, held->to)];

    if (link->behind == held)
        link->behind = NULL;
    deliver(forward, &packet);
    free(held);
}

int64_t forward_due(struct forward *forward, int64_t now_ns)
{
    struct held *first;

    while ((first = delay_line_first(&forward->line)) && first->due_ns <= now_ns)
        deliver_held(forward, delay_line_take(&forward->line));
    return first ? first->due_ns : INT64_MAX;
}

/* -- arriving --------------------------------------------------------------------------------- */

static struct held *hold(struct forward *forward, const struct packet *packet, int64_t due_ns)
{
    const struct held like = {.due_ns = due_ns,
                              .number = packet->number,
                              .from = packet->from,
                              .to = packet->to,
                              .len = packet->len};
    struct held *held = forward->line.bytes < HELD_MAX ? held_new(&like, packet->bytes) : NULL;

    if (held && delay_line_add(&forward->line, held) == 0)
        return held;
    free(held);
    forward->overruns++;
    return NULL;
}

/* Let it go now or later; either way it overtakes the one behind. */
static void schedule(struct forward *forward, const struct packet *packet, const struct fate *fate,
                     int64_t now_ns)
{
    struct link *link = &forward->links[link_number(packet->from, packet->to)];
    int64_t due_ns = now_ns + fate->delay_ns;

    if (fate->held_back && !link->behind) {
        link->behind = hold(forward, packet, due_ns + BEHIND_NS);
        link->overtakers = 1 + (int)(fate->chance % OVERTAKERS_MAX);
        return;
    }
    if (fate->delay_ns == 0)
        deliver(forward, packet);
    else
        (void)hold(forward, packet, due_ns);
    if (link->behind && --link->overtakers == 0) {
        delay_line_move(&forward->line, link->behind, due_ns);
        link->behind = NULL;
    }
}

static void reset_connection(struct forward *forward, const struct frame *frame, int from, int to)
{
    unsigned char reset[FRAME_RESET_MAX];
    size_t len = frame_reset_receiver(frame, reset);

    forward->send(forward->context, to, reset, len);
    len = frame_reset_sender(frame, reset);
    if (!is_cut(forward, to, from))
        forward->send(forward->context, from, reset, len);
    forward->effects[link_number(from, to)].resets++;
}

static bool applies(const struct stage *stage, const struct frame *frame)
{
    return stage->rule.shape.port == 0 || frame_has_port(frame, stage->rule.shape.port);
}

/* What all shapes of the link together make of the packet. */
static void judge(struct forward *forward, const struct link *link, const struct frame *frame,
                  int64_t now_ns, struct fate *fate)
{
    struct stage *stages = forward->stages + link->first;
    unsigned char reset[FRAME_RESET_MAX];

    *fate = (struct fate){0};
    for (size_t i = 0; i < link->count; i++) {
        if (!applies(&stages[i], frame))
            continue;
        shape_judge(&stages[i].rule.shape, stages[i].seed, &stages[i].state, fate);
        fate->lost |= shape_is_down(&stages[i].rule.shape, &stages[i].state, now_ns);
    }
    fate->reset = fate->reset && frame_reset_sender(frame, reset) > 0;
    for (size_t i = 0; i < link->count && !fate->lost && !fate->reset; i++) {
        if (stages[i].rule.shape.rate_bps == 0 || !applies(&stages[i], frame))
            continue;
        int64_t wait_ns = shape_queue(&stages[i].rule.shape, &stages[i].state, now_ns, frame->len);
        fate->lost = wait_ns < 0;
        fate->delay_ns += wait_ns < 0 ? 0 : wait_ns;
    }
}

static void shape_packet(struct forward *forward, struct frame *frame, struct packet *packet,
                         int64_t now_ns)
{
    int at = link_number(packet->from, packet->to);
    struct link_effects *effects = &forward->effects[at];
    struct fate fate;

    judge(forward, &forward->links[at], frame, now_ns, &fate);
    if (fate.lost) {
        effects->lost++;
        return;
    }
    if (fate.reset) {
        reset_connection(forward, frame, packet->from, packet->to);
        return;
    }
    if ((fate.repaired && frame_corrupt(frame, true, fate.chance)) ||
        (fate.corrupt && frame_corrupt(frame, false, fate.chance)))
        effects->corrupted++;
    packet->number = forward->links[at].sent++;
    effects->delayed += fate.delay_ns > 0;
    effects->duplicated += (uint64_t)fate.copies;
    schedule(forward, packet, &fate, now_ns);
    fate.held_back = false;
    for (int i = 0; i < fate.copies; i++)
        schedule(forward, packet, &fate, now_ns);
}

void forward_frame(struct forward *forward, int from, unsigned char *bytes, size_t len,
                   int64_t now_ns)
{
    struct packet packet = {.from = from, .bytes = bytes, .len = len};
    struct frame frame;

    packet.to = frame_destination(bytes, len);
    if (packet.to < 0 || packet.to == from || !frame_parse(&frame, bytes, len) ||
        !frame_belongs(&frame, from, packet.to))
        return;
    struct link *link = &forward->links[link_number(from, packet.to)];
    if (is_cut(forward, from, packet.to)) {
        drop_cut(forward, from, packet.to, len);
    } else if (link->count > 0) {
        shape_packet(forward, &frame, &packet, now_ns);
    } else {
        packet.number = link->sent++;
        deliver(forward, &packet);
    }
}

/* -- declarations ----------------------------------------------------------------------------- */

static bool is_on_link(const struct link_rule *rule, int from, int to)
{
    return from != to && rule->from & NODE(from) && rule->to & NODE(to);
}

/* Take over what the same rule has counted on this link; each old stage once. */
static bool inherit(const struct forward *forward, const struct link *old, bool *taken,
                    struct stage *stage)
{
    for (size_t i = old->first; i < old->first + old->count; i++) {
        if (taken[i] || memcmp(&forward->stages[i].rule, &stage->rule, sizeof stage->rule) != 0)
            continue;
        taken[i] = true;
        stage->state = forward->stages[i].state;
        return true;
    }
    return false;
}

static size_t count_stages(const struct world *world)
{
    size_t count = 0;

    for (int i = 0; i < world->link_count; i++) {
        const struct link_rule *rule = &world->links[i];
        count += (size_t)(node_set_count(rule->from) * node_set_count(rule->to));
    }
    return count;
}

/* Lay the rules on one link, behind the stages that there are; whether a shape has gone. */
static bool lay_link(struct forward *forward, const struct world *world, int number,
                     struct stage *stages, size_t *count, bool *taken)
{
    int from = number / PLACES_MAX, to = number % PLACES_MAX;
    struct link *link = &forward->links[number];
    const struct link old = *link;
    size_t inherited = 0;

    link->first = *count;
    for (int i = 0; i < world->link_count; i++) {
        if (!is_on_link(&world->links[i], from, to))
            continue;
        struct stage *stage = &stages[(*count)++];
        *stage = (struct stage){.rule = world->links[i],
                                .seed = shape_link_seed(world->links[i].seed, from, to),
                                .state.since_ns = forward->applied_ns};
        inherited += inherit(forward, &old, taken, stage);
    }
    link->count = *count - link->first;
    return inherited < old.count;
}

/* Let go what is held on these links, in the order in which it was due. */
static void let_go(struct forward *forward, const bool released[PLACES_MAX * PLACES_MAX])
{
    struct delay_line old = forward->line;

    forward->line = (struct delay_line){.order = old.order};
    while (old.count > 0) {
        struct held *held = delay_line_take(&old);
        if (released[link_number(held->from, held->to)] || delay_line_add(&forward->line, held) < 0)
            deliver_held(forward, held);
    }
    delay_line_release(&old);
}

int forward_apply(struct forward *forward, const struct world *world, int64_t now_ns)
{
    node_set places = NODE(CLIENTS) | (NODE(world->node_count) - 1);
    bool released[PLACES_MAX * PLACES_MAX] = {false};
    size_t count = 0;
    struct stage *stages = calloc(count_stages(world) + 1, sizeof *stages);
    bool *taken = calloc(forward->stage_count + 1, sizeof *taken);

    if (!stages || !taken) {
        free(stages);
        free(taken);
        return -1;
    }
    (void)forward_due(forward, now_ns);
    forward->applied_ns = now_ns;
    for (int i = 0; i < PLACES_MAX; i++)
        forward->cut[i] = places & NODE(i) ? world->cut[i] & places & ~NODE(i) : 0;
    for (int i = 0; i < PLACES_MAX * PLACES_MAX; i++)
        released[i] = lay_link(forward, world, i, stages, &count, taken);
    free(taken);
    free(forward->stages);
    forward->stages = stages;
    forward->stage_count = count;
    let_go(forward, released);
    return 0;
}

uint64_t forward_rules(const struct forward *forward)
{
    uint64_t cuts = 0;

    for (int i = 0; i < PLACES_MAX; i++)
        cuts += (uint64_t)node_set_count(forward->cut[i]);
    return cuts + forward->stage_count;
}
