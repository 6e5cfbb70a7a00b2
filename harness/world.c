/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "world.h"

#include <string.h>

const char *const process_state_names[PROCESS_STATES] = {"running", "paused", "stopped", "crashed",
                                                         "killed"};

const char *const need_names[NEEDS_MAX] = {"switch", "clock", "disk", "limits"};

void needs_print(unsigned needs, struct buf *json)
{
    if (!needs)
        return;
    buf_json_next(json, "needs");
    buf_puts(json, "[");
    for (int i = 0; i < NEEDS_MAX; i++) {
        if (needs & 1U << i)
            buf_json_str(json, NULL, str_of(need_names[i]));
    }
    buf_puts(json, "]");
}

enum { PPM = 1000000, DAY_S = 86400 };

#define YEAR_NS (INT64_C(366) * DAY_S * 1000000000)
#define HOUR_NS (INT64_C(3600) * 1000000000)
#define MEMBER(type, name, least, most)                                                            \
    {                                                                                              \
#name, offsetof(struct type, name), least, most, 0                                         \
    }

const struct part_member link_members[] = {
    MEMBER(link_shape, delay_ns, 0, HOUR_NS),
    MEMBER(link_shape, jitter_ns, 0, HOUR_NS),
    MEMBER(link_shape, distribution, 0, 3),
    MEMBER(link_shape, loss_ppm, 0, PPM),
    MEMBER(link_shape, loss_burst, 0, PPM),
    MEMBER(link_shape, duplicate_ppm, 0, PPM),
    MEMBER(link_shape, reorder_ppm, 0, PPM),
    MEMBER(link_shape, corrupt_ppm, 0, PPM),
    MEMBER(link_shape, corrupt_repaired_ppm, 0, PPM),
    MEMBER(link_shape, rate_bps, 0, INT64_MAX),
    MEMBER(link_shape, reset_ppm, 0, PPM),
    MEMBER(link_shape, flap_ns, 0, HOUR_NS),
    MEMBER(link_shape, port, 0, UINT16_MAX),
    {0},
};

const struct part_member clock_members[] = {
    MEMBER(clock_fault, wall_offset_ns, -20 * YEAR_NS, 20 * YEAR_NS),
    MEMBER(clock_fault, monotonic_offset_ns, 0, 20 * YEAR_NS),
    MEMBER(clock_fault, wall_rate_ppm, -PPM, 1000 * PPM),
    MEMBER(clock_fault, monotonic_rate_ppm, -PPM, 1000 * PPM),
    MEMBER(clock_fault, strobe_offset_ns, -YEAR_NS, YEAR_NS),
    MEMBER(clock_fault, strobe_period_ns, 0, HOUR_NS),
    {0},
};

const struct part_member disk_members[] = {
    MEMBER(disk_fault, lose_unsynced, 0, 1),
    MEMBER(disk_fault, torn_ppm, 0, PPM),
    MEMBER(disk_fault, strict_names, 0, 1),
    MEMBER(disk_fault, cut_after_ns, 0, INT64_C(3000000000)),
    MEMBER(disk_fault, seed, 0, INT64_MAX),
    MEMBER(disk_fault, sync_delay_ns, 0, INT64_MAX),
    MEMBER(disk_fault, io_error_ppm, 0, PPM),
    MEMBER(disk_fault, no_space_ppm, 0, PPM),
    MEMBER(disk_fault, read_only, 0, 1),
    MEMBER(disk_fault, flip_bytes, 0, 1 << 20),
    MEMBER(disk_fault, cut_bytes, 0, INT64_MAX),
    MEMBER(disk_fault, stale, 0, 1),
    {"files", offsetof(struct disk_fault, files), 0, 0, DISK_FILES_BYTES},
    {0},
};

const struct part_member limit_members[] = {
    MEMBER(limits, cpu_percent, 0, 100),
    MEMBER(limits, memory_bytes, 0, INT64_MAX),
    MEMBER(limits, open_files, 0, INT32_MAX),
    MEMBER(limits, life_ns, 0, HOUR_NS),
    {0},
};

#define COUNT(name, always)                                                                        \
    {                                                                                              \
#name, offsetof(struct receipt, name), always                                              \
    }

/* clang-format off */
const struct receipt_count receipt_counts[] = {
    COUNT(rules, true),
    COUNT(packets_dropped, true),
    COUNT(bytes_dropped, true),
    COUNT(kills, true),
    COUNT(killed, true),
    COUNT(pauses, true),
    COUNT(paused, true),
    COUNT(delayed, false),
    COUNT(lost, false),
    COUNT(duplicated, false),
    COUNT(reordered, false),
    COUNT(corrupted, false),
    COUNT(resets, false),
    COUNT(overruns, false),
    COUNT(clock_programs, false),
    COUNT(clock_reads, false),
    COUNT(clock_waits, false),
    COUNT(clock_missed, false),
    COUNT(bytes_lost, false),
    COUNT(names_lost, false),
    COUNT(pages_torn, false),
    COUNT(syncs_delayed, false),
    COUNT(calls_failed, false),
    COUNT(bits_flipped, false),
    COUNT(bytes_cut, false),
    COUNT(bytes_staled, false),
    COUNT(files_matched, false),
    COUNT(throttles, false),
    COUNT(members_removed, false),
    COUNT(members_added, false),
    COUNT(rolled, false),
    COUNT(rolled_back, false),
    {0},
};
/* clang-format on */

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
        part_merge(clock_members, &into->clocks[i], &contribution->clocks[i]);
        part_merge(disk_members, &into->disks[i], &contribution->disks[i]);
        part_merge(limit_members, &into->limits[i], &contribution->limits[i]);
    }
    for (int i = 0; i < contribution->link_count && into->link_count < LINK_RULES_MAX; i++)
        into->links[into->link_count++] = contribution->links[i];
    into->absent |= contribution->absent;
    into->rolled |= contribution->rolled;
    into->rolled_for_good |= contribution->rolled_for_good;
}

int world_shape(struct world *world, const struct link_rule *rule)
{
    if (world->link_count == LINK_RULES_MAX)
        return -1;
    world->links[world->link_count++] = *rule;
    return 0;
}

static bool node_is_healthy(const struct world *world, int i)
{
    return world->processes[i] == PROCESS_RUNNING &&
           part_is_healthy(clock_members, &world->clocks[i]) &&
           part_is_healthy(disk_members, &world->disks[i]) &&
           part_is_healthy(limit_members, &world->limits[i]);
}

bool world_node_same(const struct world *a, const struct world *b, int index)
{
    return a->processes[index] == b->processes[index] &&
           memcmp(&a->clocks[index], &b->clocks[index], sizeof a->clocks[index]) == 0 &&
           memcmp(&a->disks[index], &b->disks[index], sizeof a->disks[index]) == 0 &&
           memcmp(&a->limits[index], &b->limits[index], sizeof a->limits[index]) == 0;
}

bool world_is_healthy(const struct world *world)
{
    for (int i = 0; i < PLACES_MAX; i++) {
        if (world->cut[i])
            return false;
    }
    for (int i = 0; i < world->node_count; i++) {
        if (!node_is_healthy(world, i))
            return false;
    }
    return world->link_count == 0 && world->absent == 0 && world->rolled == 0 &&
           world->rolled_for_good == 0;
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
    for (const struct receipt_count *count = receipt_counts; count->name; count++)
        *receipt_at(into, count) += *receipt_at(one, count);
    into->ended += one->ended;
}

void receipt_print(const struct receipt *receipt, struct buf *json)
{
    buf_json_next(json, "receipt");
    buf_puts(json, "{");
    buf_json_int(json, "version", (int64_t)receipt->version);
    for (const struct receipt_count *count = receipt_counts; count->name; count++) {
        uint64_t value = *receipt_at(receipt, count);
        if (value || count->always)
            buf_json_int(json, count->name, (int64_t)value);
    }
    buf_puts(json, "}");
}
