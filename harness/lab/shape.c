/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shape.h"

#include "../base/clock.h"
#include "../base/rng.h"

#include <math.h>

#define PPM 1e6

/* What a limited line holds before it drops: a quarter of a second's worth, but no less than a few
 * packets. */
#define QUEUE_NS (NS_PER_SEC / 4)
enum { QUEUE_BYTES_LEAST = 32 * 1500 };

uint64_t shape_link_seed(uint64_t seed, int from, int to)
{
    struct rng rng;

    rng_init(&rng, seed, (uint64_t)from * PLACES_MAX + (uint64_t)to);
    return rng_next(&rng);
}

static bool happens(struct rng *rng, int64_t ppm)
{
    return ppm > 0 && rng_unit(rng) * PPM < (double)ppm;
}

/* Gilbert's model: all packets of a burst are lost and none between. With mean loss p and mean
 * burst b it is left with probability 1/b and entered with p/(b(1-p)), so b cannot be less than
 * p/(1-p). */
static bool is_lost(const struct link_shape *shape, struct shape_state *state, struct rng *rng)
{
    double loss = (double)shape->loss_ppm / PPM;

    if (shape->loss_burst <= 1 || loss >= 1)
        return happens(rng, shape->loss_ppm);
    double burst = fmax((double)shape->loss_burst, loss / (1 - loss));
    double change = state->losing ? 1 / burst : loss / (burst * (1 - loss));
    if (rng_unit(rng) < change)
        state->losing = !state->losing;
    return state->losing;
}

static double draw_normal(struct rng *rng)
{
    double radius = sqrt(-2 * log(1 - rng_unit(rng)));

    return radius * cos(2 * M_PI * rng_unit(rng));
}

/* Mean 0; standard deviation 1, but for the uniform one, which is between -1 and 1. */
static double draw_deviation(int64_t distribution, struct rng *rng)
{
    switch (distribution) {
    case LINK_NORMAL:
        return draw_normal(rng);
    case LINK_EXPONENTIAL:
        return rng_exponential(rng) - 1;
    case LINK_PARETO: /* shape 3: mean 3/2, variance 3/4 */
        return (pow(1 - rng_unit(rng), -1.0 / 3) - 1.5) / sqrt(0.75);
    default:
        return 2 * rng_unit(rng) - 1;
    }
}

void shape_judge(const struct link_shape *shape, uint64_t link_seed, struct shape_state *state,
                 struct fate *fate)
{
    struct rng rng;

    rng_init(&rng, link_seed, state->packets++);
    fate->chance ^= rng_next(&rng);
    if (shape->loss_ppm > 0 && is_lost(shape, state, &rng))
        fate->lost = true;
    fate->reset |= happens(&rng, shape->reset_ppm);
    fate->copies += happens(&rng, shape->duplicate_ppm);
    fate->held_back |= happens(&rng, shape->reorder_ppm);
    fate->corrupt |= happens(&rng, shape->corrupt_ppm);
    fate->repaired |= happens(&rng, shape->corrupt_repaired_ppm);
    double delay = (double)shape->delay_ns;
    if (shape->jitter_ns > 0)
        delay += (double)shape->jitter_ns * draw_deviation(shape->distribution, &rng);
    if (delay > 0)
        fate->delay_ns += (int64_t)delay;
}

bool shape_is_down(const struct link_shape *shape, const struct shape_state *state, int64_t now_ns)
{
    return shape->flap_ns > 0 && (now_ns - state->since_ns) % shape->flap_ns < shape->flap_ns / 2;
}

int64_t shape_queue(const struct link_shape *shape, struct shape_state *state, int64_t now_ns,
                    size_t len)
{
    double ns_per_byte = 8e9 / (double)shape->rate_bps;
    double most_ns = fmax((double)QUEUE_NS, QUEUE_BYTES_LEAST * ns_per_byte);

    if (state->free_ns < now_ns)
        state->free_ns = now_ns;
    if ((double)(state->free_ns - now_ns) > most_ns)
        return -1;
    state->free_ns += (int64_t)((double)len * ns_per_byte);
    return state->free_ns - now_ns;
}
