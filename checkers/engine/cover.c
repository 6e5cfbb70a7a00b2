/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "cover.h"

/* More than any count: a place that is known. */
enum { KNOWN = 1 << 30 };

static int32_t lower(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

static void update(struct cover *cover, uint32_t node)
{
    cover->least[node] =
        lower(cover->least[2 * node], cover->least[2 * node + 1]) + cover->added[node];
}

bool cover_init(struct cover *cover, const int32_t *counts, uint32_t places, struct budget *budget)
{
    *cover = (struct cover){.places = places, .leaves = 1, .budget = budget};
    while (cover->leaves < places)
        cover->leaves *= 2;
    cover->least = budget_alloc(budget, 2 * (size_t)cover->leaves * sizeof *cover->least);
    cover->added = budget_calloc(budget, cover->leaves + 1, sizeof *cover->added);
    if (!cover->least || !cover->added)
        return false;
    for (uint32_t i = 0; i < cover->leaves; i++)
        cover->least[cover->leaves + i] = i < places && counts[i] ? counts[i] : KNOWN;
    for (uint32_t node = cover->leaves - 1; node > 0; node--)
        update(cover, node);
    return true;
}

void cover_release(struct cover *cover)
{
    if (!cover->budget)
        return;
    budget_free(cover->budget, cover->least);
    budget_free(cover->budget, cover->added);
    *cover = (struct cover){0};
}

/* Add to the places from `first` to `last` below a node that spans from `low` to `high`. */
static void add(struct cover *cover, uint32_t node, uint32_t low, uint32_t high,
                const uint32_t range[2], int32_t delta)
{
    if (range[0] <= low && high <= range[1]) {
        cover->least[node] += delta;
        if (node < cover->leaves)
            cover->added[node] += delta;
        return;
    }
    uint32_t middle = low + (high - low) / 2;
    if (range[0] <= middle)
        add(cover, 2 * node, low, middle, range, delta);
    if (range[1] > middle)
        add(cover, 2 * node + 1, middle + 1, high, range, delta);
    update(cover, node);
}

void cover_remove(struct cover *cover, uint32_t first, uint32_t last)
{
    add(cover, 1, 0, cover->leaves - 1, (uint32_t[]){first, last}, -1);
}

/* The lowest place of the range whose count, with `above` added, is 0. */
static uint32_t find(const struct cover *cover, uint32_t node, uint32_t low, uint32_t high,
                     const uint32_t range[2], int32_t above)
{
    if (range[1] < low || high < range[0] || cover->least[node] + above > 0)
        return COVER_NONE;
    if (low == high)
        return low;
    uint32_t middle = low + (high - low) / 2;
    above += cover->added[node];
    uint32_t found = find(cover, 2 * node, low, middle, range, above);
    return found != COVER_NONE ? found : find(cover, 2 * node + 1, middle + 1, high, range, above);
}

uint32_t cover_find(struct cover *cover, uint32_t first, uint32_t last)
{
    if (first > last)
        return COVER_NONE;
    uint32_t place = find(cover, 1, 0, cover->leaves - 1, (uint32_t[]){first, last}, 0);
    if (place != COVER_NONE)
        add(cover, 1, 0, cover->leaves - 1, (uint32_t[]){place, place}, KNOWN);
    return place;
}
