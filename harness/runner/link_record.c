/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "link_record.h"

#include <string.h>

/* Names as in a receipt. */
static const struct counter {
    const char *name;
    size_t offset; /* of a uint64_t in struct link_effects */
} counters[] = {{"packets_dropped", offsetof(struct link_effects, cut)},
                {"delayed", offsetof(struct link_effects, delayed)},
                {"lost", offsetof(struct link_effects, lost)},
                {"duplicated", offsetof(struct link_effects, duplicated)},
                {"reordered", offsetof(struct link_effects, reordered)},
                {"corrupted", offsetof(struct link_effects, corrupted)},
                {"resets", offsetof(struct link_effects, resets)}};

enum { CUT, DELAYED, LOST, DUPLICATED, REORDERED, CORRUPTED, RESETS, COUNTERS };

#define BIT(counter) (1U << (counter))

/* What packets under a shape can meet. */
static unsigned caused_by(const struct link_shape *shape)
{
    unsigned caused = 0;

    if (shape->delay_ns || shape->jitter_ns)
        caused |= BIT(DELAYED);
    if (shape->jitter_ns || shape->reorder_ppm)
        caused |= BIT(REORDERED);
    if (shape->rate_bps) /* what would wait too long is lost */
        caused |= BIT(DELAYED) | BIT(LOST);
    if (shape->loss_ppm || shape->flap_ns)
        caused |= BIT(LOST);
    if (shape->duplicate_ppm)
        caused |= BIT(DUPLICATED);
    if (shape->corrupt_ppm || shape->corrupt_repaired_ppm)
        caused |= BIT(CORRUPTED);
    if (shape->reset_ppm)
        caused |= BIT(RESETS);
    return caused;
}

static unsigned caused_on(const struct world *mine, int from, int to)
{
    unsigned caused = mine->cut[from] & NODE(to) ? BIT(CUT) : 0;

    for (int i = 0; i < mine->link_count && from != to; i++) {
        if (mine->links[i].from & NODE(from) && mine->links[i].to & NODE(to))
            caused |= caused_by(&mine->links[i].shape);
    }
    return caused;
}

static uint64_t count_of(const struct effects *effects, int link, int counter)
{
    uint64_t count;

    /* The bridge counts cuts alone, and the switch counts them there as well. */
    if (counter == CUT)
        return effects->between[link];
    memcpy(&count, (const char *)&effects->links[link] + counters[counter].offset, sizeof count);
    return count;
}

static const char *name_of(int place, const char *const *node_names)
{
    return place == CLIENTS ? "clients" : node_names[place];
}

/* What the link met, as members of an object; nothing if nothing. */
static void print_counts(unsigned caused, const struct effects *before, const struct effects *after,
                         int link, struct buf *json)
{
    for (int counter = 0; counter < COUNTERS; counter++) {
        if (!(caused & BIT(counter)))
            continue;
        uint64_t count = count_of(after, link, counter) - count_of(before, link, counter);
        if (count)
            buf_json_int(json, counters[counter].name, (int64_t)count);
    }
}

void link_record_print(const struct world *mine, const struct effects *before,
                       const struct effects *after, const char *const *node_names, struct buf *json)
{
    struct buf counts, key;
    int recorded = 0, left_out = 0;
    bool any = false;

    buf_init(&counts, 0);
    buf_init(&key, 0);
    for (int link = 0; link < PLACES_MAX * PLACES_MAX; link++) {
        int from = link / PLACES_MAX, to = link % PLACES_MAX;
        unsigned caused = caused_on(mine, from, to);
        buf_clear(&counts);
        print_counts(caused, before, after, link, &counts);
        if (caused && !any) {
            buf_json_next(json, "links");
            buf_puts(json, "{");
            any = true;
        }
        if (counts.len == 0 || recorded++ >= LINK_RECORD_MAX) {
            left_out += counts.len > 0;
            continue;
        }
        buf_clear(&key);
        buf_printf(&key, "%s>%s", name_of(from, node_names), name_of(to, node_names));
        buf_json_next(json, key.ptr);
        buf_printf(json, "{%s}", counts.ptr);
    }
    if (any)
        buf_puts(json, "}");
    if (left_out)
        buf_json_int(json, "links_left_out", left_out);
    buf_release(&counts);
    buf_release(&key);
}
