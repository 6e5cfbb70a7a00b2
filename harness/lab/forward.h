/* SPDX-License-Identifier: GPL-2.0-or-later */
/* forward.h - what the switch does with each frame: passes it, drops it, holds it, damages it.
 *
 * No socket and no clock is known here: frames and times come as arguments, and leave through a
 * function. Where a frame comes from is known by its port and not by what it says, so a cut link
 * carries nothing, whatever is in the frame. Otherwise the switch carries what the lab's bridge
 * does, unicast IP between the lab's own addresses, and nothing else.
 */
#ifndef ORDEAL_LAB_FORWARD_H
#define ORDEAL_LAB_FORWARD_H

#include "../world.h"
#include "delay_line.h"
#include "frame.h"
#include "shape.h"

/* A rule on one link. */
struct stage {
    struct link_rule rule;
    uint64_t seed; /* of the link under this rule */
    struct shape_state state;
};

struct forward {
    /* Where frames go that are due; `to` is a place. */
    void (*send)(void *context, int to, const unsigned char *bytes, size_t len);
    void *context;

    node_set cut[PLACES_MAX];
    struct stage *stages; /* those of a link follow each other */
    size_t stage_count;
    struct link {
        size_t first, count; /* of its stages */
        uint64_t sent;       /* packets that were let onto it: the number of the next */
        uint64_t latest;     /* least number that comes in order */
        struct held *behind; /* the packet that others shall overtake, or NULL */
        int overtakers;      /* how many still */
    } links[PLACES_MAX * PLACES_MAX];
    struct link_effects effects[PLACES_MAX * PLACES_MAX]; /* [from * PLACES_MAX + to] */
    uint64_t bytes_cut, overruns;
    int64_t applied_ns; /* when the world was declared */
    struct delay_line line;
};

void forward_init(struct forward *forward,
                  void (*send)(void *context, int to, const unsigned char *bytes, size_t len),
                  void *context);
void forward_release(struct forward *forward);

/* From now on the world is this one: what a shape held that is no more goes on its way at once;
 * what is held on a link that is now cut will be dropped. Shapes that were there before go on
 * counting. -1 and nothing changed if out of memory. */
int forward_apply(struct forward *forward, const struct world *world, int64_t now_ns);

/* A frame has come from a place. Its bytes may be changed. */
void forward_frame(struct forward *forward, int from, unsigned char *bytes, size_t len,
                   int64_t now_ns);

/* Send what is due; when the next will be (INT64_MAX: nothing is held). */
int64_t forward_due(struct forward *forward, int64_t now_ns);

/* Cuts and shapes of links in force. */
uint64_t forward_rules(const struct forward *forward);

#endif
