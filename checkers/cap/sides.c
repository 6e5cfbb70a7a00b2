/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "sides.h"

#include "../../harness/history/scan.h"

enum { NAME_MAX_BYTES = 64 };

/* Who no longer hears whom, by number: the history's nodes first, then others as they are named. */
struct grudge {
    const struct history *history;
    char others[SIDES_MAX][NAME_MAX_BYTES];
    int count;
    uint64_t deaf_to[SIDES_MAX];
};

/* -- reading -------------------------------------------------------------------------------------
 */

static struct str name_of(const struct grudge *grudge, int node)
{
    return str_of(node < grudge->history->node_count ? grudge->history->nodes[node]
                                                     : grudge->others[node]);
}

/* The number of a name, new if need be; -1 if it is the clients' or there are too many. */
static int number_of(struct grudge *grudge, struct str name)
{
    for (int node = 0; node < grudge->count; node++) {
        if (str_eq(name_of(grudge, node), name))
            return node;
    }
    if (str_eq(name, STR("clients")) || grudge->count == SIDES_MAX || name.len >= NAME_MAX_BYTES)
        return -1;
    memcpy(grudge->others[grudge->count], name.ptr, name.len);
    return grudge->count++;
}

/* "n1":["n2","n3"] */
static bool read_member(struct grudge *grudge, struct scan *scan, struct scan_scratch *scratch)
{
    struct str name;

    if (!scan_key(scan, scratch, &name))
        return false;
    int to = number_of(grudge, name);
    if (to < 0 || !scan_take(scan, '['))
        return false;
    if (scan_take(scan, ']'))
        return true;
    do {
        if (!scan_string(scan, scratch, &name))
            return false;
        int from = number_of(grudge, name);
        if (from < 0)
            return false;
        grudge->deaf_to[to] |= UINT64_C(1) << from;
    } while (scan_more(scan, ']'));
    return !scan->problem;
}

static bool read_grudge(struct grudge *grudge, struct str value, struct budget *budget)
{
    struct scan_scratch scratch;
    struct scan scan = scan_of(value);
    bool whole = scan_take(&scan, '{') && scan_peek(&scan) != '}';

    scan_scratch_init(&scratch, budget);
    if (whole) {
        do
            whole = read_member(grudge, &scan, &scratch);
        while (whole && scan_more(&scan, '}'));
    }
    scan_scratch_release(&scratch);
    return whole && !scan.problem;
}

/* -- dividing ------------------------------------------------------------------------------------
 */

static bool hears(const struct grudge *grudge, int to, int from)
{
    return !(grudge->deaf_to[to] >> from & 1);
}

/* Each node joins the first that it hears; the cut is clean if that tells who hears whom. */
static bool divide(const struct grudge *grudge, struct sides *sides, uint8_t side_of[SIDES_MAX])
{
    for (int node = 0; node < grudge->count; node++) {
        int first = 0;
        while (first < node && !hears(grudge, node, first))
            first++;
        side_of[node] = first < node ? side_of[first] : (uint8_t)sides->count++;
        sides->sizes[side_of[node]]++;
    }
    for (int to = 0; to < grudge->count; to++) {
        for (int from = 0; from < grudge->count; from++) {
            if (to != from && hears(grudge, to, from) != (side_of[to] == side_of[from]))
                return false;
        }
    }
    return sides->count > 1;
}

bool sides_read(const struct history *history, const char *value, struct budget *budget,
                struct sides *sides)
{
    struct grudge grudge = {.history = history, .count = history->node_count};
    uint8_t side_of[SIDES_MAX];

    *sides = (struct sides){0};
    if (history->node_count > SIDES_MAX || !read_grudge(&grudge, str_of(value), budget) ||
        !divide(&grudge, sides, side_of))
        return false;
    sides->total = grudge.count;
    memcpy(sides->of, side_of, (size_t)history->node_count);
    return true;
}
