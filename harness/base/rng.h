/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* rng.h - random numbers that a seed brings back (xoshiro256**, seeded through splitmix64).
 *
 * Each consumer has a stream of its own, so that drawing more in one place moves nothing elsewhere:
 * worker w draws from rng_init(&rng, seed, w), the plan from a named stream.
 */
#ifndef ORDEAL_BASE_RNG_H
#define ORDEAL_BASE_RNG_H

#include <stdint.h>

struct rng {
    uint64_t s[4];
};

enum { RNG_STREAM_PLAN = 1 << 20, RNG_STREAM_SITUATION, RNG_STREAM_FINAL }; /* below: workers */

void rng_init(struct rng *rng, uint64_t seed, uint64_t stream);
uint64_t rng_next(struct rng *rng);

/* Uniform in [0, bound); bound > 0. */
uint64_t rng_below(struct rng *rng, uint64_t bound);

/* Uniform in [0, 1). Never use it for a verdict. */
double rng_unit(struct rng *rng);

/* Exponentially distributed with mean 1: gaps of a Poisson stream. */
double rng_exponential(struct rng *rng);

#endif
