/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shape.h - what happens to one packet on a shaped link: drawn from the link's seed and the
 * packet's number on that link, so that it can be drawn again.
 */
#ifndef ORDEAL_LAB_SHAPE_H
#define ORDEAL_LAB_SHAPE_H

#include "../world.h"

/* What a shape remembers of one link. */
struct shape_state {
    uint64_t packets; /* that it has judged */
    bool losing;      /* in a burst */
    int64_t free_ns;  /* when the limited line is free again */
    int64_t since_ns; /* when the shape came into force */
};

/* What becomes of one packet; several shapes add to it. */
struct fate {
    bool lost, reset, held_back; /* held back: until later packets have overtaken it */
    bool corrupt, repaired;
    int copies;       /* beside the packet itself */
    int64_t delay_ns; /* 0: none */
    uint64_t chance;  /* which bit, how many overtake */
};

/* The seed of the link from one place to another under a rule's seed. */
uint64_t shape_link_seed(uint64_t seed, int from, int to);

/* Draw for the state's next packet. */
void shape_judge(const struct link_shape *shape, uint64_t link_seed, struct shape_state *state,
                 struct fate *fate);

/* Whether the link is down just now, of one that flaps. */
bool shape_is_down(const struct link_shape *shape, const struct shape_state *state, int64_t now_ns);

/* Put a packet of `len` bytes on the limited line at `now_ns`; how long until it has left. -1: too
 * much is waiting already. */
int64_t shape_queue(const struct link_shape *shape, struct shape_state *state, int64_t now_ns,
                    size_t len);

#endif
