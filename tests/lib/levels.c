/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* The levels by name, and the closure of what implies what. */
#include "levels.h"

#include <stddef.h>

const char *const level_names[LEVELS] = {
    "linearizable",
    "sequential",
    "causal",
    "ccv",
    "cc",
    "pram",
    "read-your-writes",
    "monotonic-reads",
    "monotonic-writes",
    "writes-follow-reads",
};

static const struct {
    enum level from, to;
} steps[] = {
    {LEVEL_LINEARIZABLE, LEVEL_SEQUENTIAL},
    {LEVEL_SEQUENTIAL, LEVEL_CAUSAL},
    {LEVEL_SEQUENTIAL, LEVEL_CCV},
    {LEVEL_CAUSAL, LEVEL_CC},
    {LEVEL_CAUSAL, LEVEL_PRAM},
    {LEVEL_CAUSAL, LEVEL_WRITES_FOLLOW_READS},
    {LEVEL_CCV, LEVEL_CC},
    {LEVEL_CCV, LEVEL_MONOTONIC_READS},
    {LEVEL_CC, LEVEL_READ_YOUR_WRITES},
    {LEVEL_PRAM, LEVEL_READ_YOUR_WRITES},
    {LEVEL_PRAM, LEVEL_MONOTONIC_WRITES},
    {LEVEL_MONOTONIC_WRITES, LEVEL_MONOTONIC_READS},
    {LEVEL_WRITES_FOLLOW_READS, LEVEL_MONOTONIC_READS},
};

bool level_implies(enum level a, enum level b)
{
    if (a == b)
        return true;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        if (steps[i].from == a && level_implies(steps[i].to, b))
            return true;
    }
    return false;
}
