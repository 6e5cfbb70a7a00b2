/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Which operations show that a counter has no order: few of them, each there for a reason. What is
 * told here is asked again of sums_naive.c before it is said. */
#include "sums_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Levels times operations up to which the narrowest crowd is looked for. */
enum { CROWD_LOOKS_MAX = 20 * 1000 * 1000 };

/* Whether the addition has to be made while the value is between these. */
static bool is_within(const struct sums *sums, uint32_t place, int64_t from, int64_t to)
{
    return !sums_is_read(sums, place) && sums->least[place] >= from && sums->most[place] <= to;
}

/* The number of a level, from 1 on; 0: the initial value. */
static uint32_t level_of(const struct sums *sums, int64_t value)
{
    uint32_t low = 0, high = sums->level_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (sums->levels[middle] < value)
            low = middle + 1;
        else
            high = middle;
    }
    return low < sums->level_count && sums->levels[low] == value ? low + 1 : 0;
}

/* The greatest value from which on more has to be added up to `to` than there is room for. */
static bool find_crowd_up_to(const struct sums_fitting *fitting, int64_t to, int64_t *from)
{
    const struct sums *sums = fitting->sums;
    int64_t *begun = fitting->begun, sum = 0;

    memset(begun, 0, ((size_t)sums->level_count + 1) * sizeof *begun);
    for (uint32_t i = 0; i < sums->session_count; i++) {
        uint32_t place = sums->sessions[i].at;
        if (!sums_is_read(sums, place) && sums->most[place] <= to)
            begun[level_of(sums, sums->least[place])] += sums->number[place];
    }
    for (uint32_t level = sums->level_count + 1; level > 0; level--) {
        *from = level > 1 ? sums->levels[level - 2] : sums->initial;
        sum += begun[level - 1];
        if (sum > 0 && sum > to - *from)
            return true;
    }
    return false;
}

/* The narrowest crowd up to any value read or, where that is too much to look for, to `to`. */
static bool find_crowd(const struct sums_fitting *fitting, int64_t *from, int64_t *to)
{
    const struct sums *sums = fitting->sums;
    uint64_t looks = (uint64_t)sums->level_count * (sums->level_count + sums->session_count);
    int64_t other;

    if (!find_crowd_up_to(fitting, *to, from))
        return false;
    for (uint32_t i = 0; i < sums->level_count && looks < CROWD_LOOKS_MAX; i++) {
        if (find_crowd_up_to(fitting, sums->levels[i], &other) &&
            sums->levels[i] - other < *to - *from) {
            *from = other;
            *to = sums->levels[i];
        }
    }
    return true;
}

/* The last read before session place `i` that shows that the value was `from` or more by then. */
static void tell_read_before(struct sums_fitting *fitting, uint32_t i, int64_t from)
{
    const struct sums *sums = fitting->sums;

    for (uint32_t k = i; k > 0 && sums_same_session(sums, k - 1, i) && from > sums->initial; k--) {
        uint32_t place = sums->sessions[k - 1].at;
        if (sums_is_read(sums, place)) {
            sums_tell(fitting, place);
            return;
        }
    }
}

static void tell_read_after(struct sums_fitting *fitting, uint32_t i)
{
    const struct sums *sums = fitting->sums;

    for (uint32_t k = i + 1; k < sums->session_count && sums_same_session(sums, k, i); k++) {
        uint32_t place = sums->sessions[k].at;
        if (sums_is_read(sums, place)) {
            sums_tell(fitting, place);
            return;
        }
    }
}

/* As many of the crowd as it takes, and for each process the reads around its own. */
enum fast sums_refute_crowd(struct sums_fitting *fitting, int64_t to)
{
    const struct sums *sums = fitting->sums;
    int64_t from, sum = 0;
    uint32_t additions = 0, last = UINT32_MAX;

    if (!find_crowd(fitting, &from, &to))
        return FAST_NOT;
    for (uint32_t i = 0; i < sums->session_count && (sum <= 0 || sum <= to - from); i++) {
        uint32_t place = sums->sessions[i].at;
        if (!is_within(sums, place, from, to))
            continue;
        bool goes_on = last != UINT32_MAX && sums_same_session(sums, last, i);
        if (!goes_on && last != UINT32_MAX)
            tell_read_after(fitting, last);
        if (!goes_on)
            tell_read_before(fitting, i, from);
        sums_tell(fitting, place);
        sum += sums->number[place];
        additions++;
        last = i;
    }
    tell_read_after(fitting, last);
    (void)snprintf(fitting->why, SUMS_WHY,
                   "%" PRIu32 " additions, %" PRId64
                   " in all, each of a process that had found %" PRId64
                   " or more and then read %" PRId64 " or less.",
                   additions, sum, from, to);
    return FAST_INVALID;
}

/* A read of `to`, everything added, and what shows of additions that they came later. */
enum fast sums_refute_lack(struct sums_fitting *fitting, int64_t to)
{
    const struct sums *sums = fitting->sums;
    bool is_told = false, is_over = false;
    int64_t sum = sums->initial;

    for (uint32_t i = 0; i < sums->session_count; i++) {
        uint32_t place = sums->sessions[i].at;
        bool is_read = sums_is_read(sums, place);
        if (i == 0 || !sums_same_session(sums, i, i - 1))
            is_over = false;
        if (!is_read || (!is_told && sums->number[place] == to) ||
            (!is_over && sums->number[place] >= to))
            sums_tell(fitting, place);
        is_told = is_told || (is_read && sums->number[place] == to);
        is_over = is_over || (is_read && sums->number[place] >= to);
        sum += is_read || is_over ? 0 : sums->number[place];
    }
    (void)snprintf(fitting->why, SUMS_WHY,
                   "%" PRId64 " was read, and what can have been added by then comes to %" PRId64
                   " at most.",
                   to, sum);
    return FAST_INVALID;
}

/* The read, what its process had added, and what others may have added to make it less, or more. */
void sums_tell_bounds(struct sums_fitting *fitting, uint32_t reader, bool is_less)
{
    const struct sums *sums = fitting->sums;

    for (uint32_t i = 0; i < sums->session_count; i++) {
        uint32_t place = sums->sessions[i].at;
        bool is_own = sums_same_session(sums, i, reader) && i < reader;
        bool is_read = sums_is_read(sums, place);
        if (i == reader || (!is_read && (is_own || is_less == (sums->number[place] < 0))))
            sums_tell(fitting, place);
    }
}
