/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bench_nemesis_disk.c - disk faults as a program on the node sees them, beside what was declared,
 * and what the layer costs. Usage: bench_nemesis_disk. Rows of a table (Markdown). */
#include "../../harness/agent/client.h"
#include "../../harness/base/clock.h"
#include "../lib/agent_place.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct agent_place place;
static struct node *node;
static struct err err;
static uint64_t version;

static void demand(int result)
{
    if (result == 0)
        return;
    (void)fprintf(stderr, "bench_nemesis_disk: %s\n", err.msg);
    exit(1);
}

static struct receipt declare(enum process_state state, struct disk_fault fault)
{
    struct world world = {
        .version = ++version, .node_count = 1, .processes = {state}, .disks = {fault}};
    struct receipt receipt;

    demand(node_world(node, &world, &receipt, &err));
    return receipt;
}

/* The number that the script prints last. */
static double sh(const char *script)
{
    const char *argv[] = {"sh", "-c", script, NULL};
    struct buf output;
    int status = -1;

    buf_init(&output, 0);
    demand(node_run(node, argv, STR(""), 60000, &status, &output, NULL, &err));
    if (status != 0)
        demand(err_set(&err, 0, "'%s' ended with %d", script, status));
    double number = strtod(output.ptr ? output.ptr : "", NULL);
    buf_release(&output);
    return number;
}

/* Microseconds of one of `count` 4 KiB writes by dd to `path`, as dd says; the least of three. */
static double cost_us(const char *path, const char *flags, int count)
{
    char script[256];
    double least = 1e9;

    (void)snprintf(script, sizeof script,
                   "LC_ALL=C dd if=/dev/zero of=%s bs=4k count=%d %s 2>&1 | sed -n 's/.*copied, "
                   "\\([^ ]*\\) s.*/\\1/p'; rm %s",
                   path, count, flags, path);
    for (int i = 0; i < 3; i++) {
        double us = sh(script) * 1e6 / count;
        least = us < least ? us : least;
    }
    return least;
}

static void measure_loss(void)
{
    (void)sh("head -c 100000 /dev/urandom >kept && sync kept && head -c 300000 /dev/urandom "
             ">lost && sync . && head -c 50000 /dev/urandom >>kept");
    struct receipt receipt = declare(PROCESS_KILLED, (struct disk_fault){.lose_unsynced = 1});
    (void)declare(PROCESS_RUNNING, (struct disk_fault){0});
    double left = sh("cat kept lost | wc -c");
    (void)printf("| power-cut: 450,000 bytes written, 100,000 synced | 350,000 lost | %.0f lost "
                 "(receipt: %" PRIu64 ") | exactly: %s |\n",
                 450000 - left, receipt.bytes_lost,
                 left == 100000 && receipt.bytes_lost == 350000 ? "yes" : "**no**");
}

static void measure_delay(void)
{
    double before_us = cost_us("/node/data/x", "oflag=append conv=fdatasync", 1);

    (void)declare(PROCESS_RUNNING, (struct disk_fault){.sync_delay_ns = 50 * NS_PER_MS});
    double us = cost_us("/node/data/x", "oflag=append conv=fdatasync", 1);
    (void)declare(PROCESS_RUNNING, (struct disk_fault){0});
    double ms = (us - before_us) / 1000;
    (void)printf("| slow-disk, 50 ms | +50 ms a sync | +%.2f ms | within 2%%: %s |\n", ms,
                 ms > 49 && ms < 51 ? "yes" : "**no**");
}

int main(void)
{
    if (agent_place_missing("bench_nemesis_disk"))
        return 0;
    agent_place_start(&place, &(struct agent_place_options){0});
    struct connection connection = {.fd = place.fd, .address = "198.18.1.1", .needs = NEED_DISK};
    if (node_open(&node, "n1", 0, &connection, &err)) {
        (void)printf("| disks | | not here: %s | |\n", err.msg);
        return 0;
    }
    measure_loss();
    measure_delay();
    (void)printf("| the disk's layer, a write of 4 KiB | | %.1f µs (tmpfs: %.1f) | |\n",
                 cost_us("/node/data/x", "", 5000), cost_us("/tmp/x", "", 5000));
    (void)printf("| and with a sync after each | | %.1f µs (tmpfs: %.1f) | |\n",
                 cost_us("/node/data/x", "oflag=dsync", 2000),
                 cost_us("/tmp/x", "oflag=dsync", 2000));
    node_close(node);
    place.fd = -1;
    (void)agent_place_end(&place);
    return 0;
}
