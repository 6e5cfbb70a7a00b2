/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "world.h"

#include <string.h>

const char *const process_state_names[3] = {"running", "paused", "killed"};

void world_clear(struct world *world, int node_count)
{
    memset(world, 0, sizeof *world);
    world->node_count = node_count;
}

void world_merge(struct world *into, const struct world *contribution)
{
    for (int i = 0; i < PLACES_MAX; i++)
        into->cut[i] |= contribution->cut[i];
    for (int i = 0; i < into->node_count; i++) {
        if (contribution->processes[i] > into->processes[i])
            into->processes[i] = contribution->processes[i];
    }
}

bool world_is_healthy(const struct world *world)
{
    for (int i = 0; i < PLACES_MAX; i++) {
        if (world->cut[i])
            return false;
    }
    for (int i = 0; i < world->node_count; i++) {
        if (world->processes[i] != PROCESS_RUNNING)
            return false;
    }
    return true;
}

void world_cut_between(struct world *world, node_set left, node_set right)
{
    for (int i = 0; i < PLACES_MAX; i++) {
        if (left & NODE(i))
            world->cut[i] |= right & ~NODE(i);
        if (right & NODE(i))
            world->cut[i] |= left & ~NODE(i);
    }
}

void receipt_add(struct receipt *into, const struct receipt *one)
{
    if (one->version < into->version)
        into->version = one->version;
    if (one->state > into->state)
        into->state = one->state;
    into->rules += one->rules;
    into->packets_dropped += one->packets_dropped;
    into->bytes_dropped += one->bytes_dropped;
    into->kills += one->kills;
    into->killed += one->killed;
    into->pauses += one->pauses;
    into->paused += one->paused;
    into->ended += one->ended;
}

void receipt_print(const struct receipt *receipt, struct buf *json)
{
    buf_json_next(json, "receipt");
    buf_puts(json, "{");
    buf_json_int(json, "version", (int64_t)receipt->version);
    buf_json_int(json, "rules", (int64_t)receipt->rules);
    buf_json_int(json, "packets_dropped", (int64_t)receipt->packets_dropped);
    buf_json_int(json, "bytes_dropped", (int64_t)receipt->bytes_dropped);
    buf_json_int(json, "kills", (int64_t)receipt->kills);
    buf_json_int(json, "killed", (int64_t)receipt->killed);
    buf_json_int(json, "pauses", (int64_t)receipt->pauses);
    buf_json_int(json, "paused", (int64_t)receipt->paused);
    buf_puts(json, "}");
}
