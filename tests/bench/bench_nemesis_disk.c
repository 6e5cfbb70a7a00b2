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

/* Of `*.wal` alone: calls that fail as their caller sees it, of a thousand each. */
static void measure_errors(void)
{
    static const char script[] =
        "n=0; for i in $(seq 1000); do echo x 2>/dev/null >>%s || n=$((n+1)); done; echo $n";
    const struct disk_fault fault = {.io_error_ppm = 100000, .files = "*.wal", .seed = 7};
    char wal[160], other[160];

    (void)snprintf(wal, sizeof wal, script, "a.wal");
    (void)snprintf(other, sizeof other, script, "b.log");
    uint64_t before = declare(PROCESS_RUNNING, fault).calls_failed;
    double failed = sh(wal), spared = sh(other);
    uint64_t counted = declare(PROCESS_RUNNING, (struct disk_fault){0}).calls_failed - before;
    (void)printf(
        "| disk-error, files *.wal | 10 %% of calls, none of others | %.1f %% of 1000 writes, "
        "%.0f of 1000 elsewhere; receipt %" PRIu64 " | caller and receipt agree: %s |\n",
        failed / 10, spared, counted, spared == 0 && failed == (double)counted ? "yes" : "**no**");
}

static void print_damage(const char *what, const char *declared, double differ, uint64_t counted,
                         double expected)
{
    (void)printf("| %s | %s | %.0f (receipt: %" PRIu64 ") | exactly: %s |\n", what, declared,
                 differ, counted,
                 differ == (double)counted && (expected < 0 || differ == expected) ? "yes"
                                                                                   : "**no**");
}

/* Damage to files, each against a copy from before. */
static void measure_damage(void)
{
    static const char differ[] = "cmp -l f.wal /node/log/f.was 2>/dev/null | wc -l";

    (void)sh("head -c 1000000 /dev/urandom >f.wal && cp f.wal /node/log/f.was && echo 0");
    struct receipt receipt = declare(
        PROCESS_KILLED, (struct disk_fault){.flip_bytes = 1000, .files = "f.wal", .seed = 7});
    (void)declare(PROCESS_RUNNING, (struct disk_fault){0});
    print_damage("bit-flip, files f.wal", "1000 bytes of 1,000,000 differ", sh(differ),
                 receipt.bits_flipped, 1000);
    uint64_t cut = receipt.bytes_cut;
    receipt = declare(PROCESS_KILLED, (struct disk_fault){.cut_bytes = 12345, .files = "f.wal"});
    (void)declare(PROCESS_RUNNING, (struct disk_fault){0});
    print_damage("truncate, files f.wal", "12345 bytes are missing", 1e6 - sh("wc -c <f.wal"),
                 receipt.bytes_cut - cut, 12345);
    /* A writer that appends single bytes until the power goes: what is missing is the receipt's. */
    const char *argv[] = {"sh", "-c",
                          "while :; do echo >>g.wal; wc -c <g.wal >/node/log/size; done", NULL};
    demand(node_start(node, &(struct process_spec){.name = "w", .argv = argv}, &err));
    (void)sh("until test -s g.wal; do :; done; echo 0");
    uint64_t staled = receipt.bytes_staled;
    receipt =
        declare(PROCESS_KILLED,
                (struct disk_fault){.stale = 1, .cut_after_ns = 200 * NS_PER_MS, .files = "g.wal"});
    demand(node_stop(node, "w", 1000, &err));
    (void)declare(PROCESS_RUNNING, (struct disk_fault){0});
    double missing = sh("echo $(($(cat /node/log/size) - $(wc -c <g.wal)))");
    uint64_t counted = receipt.bytes_staled - staled;
    (void)printf(
        "| stale-snapshot, 200 ms | bytes appended in that time are gone | %.0f or one more "
        "(receipt: %" PRIu64 ") | exactly: %s |\n",
        missing, counted,
        counted > 0 && (double)counted >= missing && (double)counted <= missing + 1 ? "yes"
                                                                                    : "**no**");
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
    measure_errors();
    measure_damage();
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
