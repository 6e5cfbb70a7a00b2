/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bench_nemesis_clock.c - clock faults as a program on the node reads its clocks, beside what was
 * declared.
 *
 * Usage: bench_nemesis_clock. Rows of a table (Markdown). Of the two clocks one is left alone, and
 * the other is read against it, by a program that knows nothing of Ordeal (teller.c); what lies
 * between the two on this machine is measured here. Costs are the least of a few,
 * since a busy machine only adds to them.
 */
#include "../../harness/agent/client.h"
#include "../../harness/base/clock.h"
#include "../lib/agent_place.h"

#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PAIRS_MAX = 200, JUMPS = 41 };

static struct agent_place place;
static struct node *node;
static struct err err;
static uint64_t version;

static void demand(int result)
{
    if (result == 0)
        return;
    (void)fprintf(stderr, "bench_nemesis_clock: %s\n", err.msg);
    exit(1);
}

static void row(const char *fault, const char *declared, const char *measured, const char *goal,
                bool met)
{
    (void)printf("| %s | %s | %s | %s%s |\n", fault, declared, measured, goal,
                 goal[0] == '\0' ? ""
                 : met           ? ": yes"
                                 : ": **no**");
    (void)fflush(stdout);
}

static void put(const char *name)
{
    char from[4096], to[64];
    struct stat st;

    (void)snprintf(from, sizeof from, "%s/tests/agent/clock_teller/%s",
                   getenv("B") ? getenv("B") : "build", name);
    (void)snprintf(to, sizeof to, "/node/data/%s", name);
    int fd = open(from, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st))
        demand(err_set(&err, 0, "cannot read '%s'", from));
    char *bytes = malloc((size_t)st.st_size);
    if (!bytes || read(fd, bytes, (size_t)st.st_size) != st.st_size)
        demand(err_set(&err, 0, "cannot read '%s'", from));
    demand(node_put(node, to, (struct str){bytes, (size_t)st.st_size}, 0755, &err));
    free(bytes);
    (void)close(fd);
}

static void open_node(unsigned needs)
{
    agent_place_start(&place, &(struct agent_place_options){0});
    struct connection connection = {.fd = place.fd, .address = "198.18.1.1", .needs = needs};
    version = 0;
    demand(node_open(&node, "n1", 0, &connection, &err));
    put("dynamic");
    put("static");
}

static void close_node(void)
{
    node_close(node);
    place.fd = -1;
    (void)agent_place_end(&place);
}

static struct receipt declare(const struct clock_fault *fault)
{
    struct world world = {.version = ++version, .node_count = 1, .clocks = {*fault}};
    struct receipt receipt;

    demand(node_world(node, &world, &receipt, &err));
    return receipt;
}

/* Output of a teller; the caller's to release. */
static struct buf tell(const char *how, const char *a, const char *b)
{
    const char *argv[] = {"/node/data/dynamic", how, a, b, NULL};
    struct buf output;
    int status = -1;

    buf_init(&output, 0);
    demand(node_run(node, argv, STR(""), 60000, &status, &output, NULL, &err));
    if (status != 0)
        demand(err_set(&err, 0, "teller %s ended with %d", how, status));
    return output;
}

/* -- what clocks say -----------------------------------------------------------------------------
 */

struct pairs {
    int count;
    int64_t monotonic_ns[PAIRS_MAX], wall_ns[PAIRS_MAX];
};

static void read_pairs(struct pairs *pairs, const char *count, const char *interval_ms)
{
    struct buf output = tell("pairs", count, interval_ms);

    pairs->count = 0;
    for (char *rest = output.ptr; rest && *rest && pairs->count < PAIRS_MAX; rest++) {
        pairs->monotonic_ns[pairs->count] = strtoll(rest, &rest, 10);
        pairs->wall_ns[pairs->count++] = strtoll(rest, &rest, 10);
    }
    buf_release(&output);
}

/* Wall time less monotonic time, in truth. */
static int64_t true_gap(void)
{
    int64_t best = INT64_MAX, gap = 0;

    for (int i = 0; i < 1000; i++) {
        int64_t before = clock_now_ns(), wall = clock_wall_ns(), width = clock_now_ns() - before;
        if (width >= best)
            continue;
        best = width;
        gap = wall - before - width / 2;
    }
    return gap;
}

static void bench_step(const char *declared, int64_t offset_ns)
{
    static struct pairs pairs;
    const struct clock_fault fault = {.wall_offset_ns = offset_ns};
    int64_t worst_ns = 0;
    char text[128];

    int64_t gap_ns = true_gap();
    declare(&fault);
    read_pairs(&pairs, "50", "2");
    for (int i = 0; i < pairs.count; i++) {
        int64_t off_ns = pairs.wall_ns[i] - pairs.monotonic_ns[i] - gap_ns - offset_ns;
        worst_ns = llabs(off_ns) > llabs(worst_ns) ? off_ns : worst_ns;
    }
    declare(&(struct clock_fault){0});
    (void)snprintf(text, sizeof text, "off by %+.6f s and at most %.4f ms more (%d readings)",
                   (double)offset_ns / 1e9, (double)worst_ns / 1e6, pairs.count);
    row("clock step", declared, text, "within 1 ms", llabs(worst_ns) <= NS_PER_MS);
}

/* The slope of a line through the points: least squares. */
static double slope(const int64_t *x, const int64_t *y, int count)
{
    double sum_x = 0, sum_y = 0, up = 0, down = 0;

    for (int i = 0; i < count; i++) {
        sum_x += (double)(x[i] - x[0]);
        sum_y += (double)(y[i] - y[0]);
    }
    for (int i = 0; i < count; i++) {
        double dx = (double)(x[i] - x[0]) - sum_x / count;
        up += dx * ((double)(y[i] - y[0]) - sum_y / count);
        down += dx * dx;
    }
    return up / down;
}

static void bench_rate(const char *kind, const char *declared, const struct clock_fault *fault)
{
    static struct pairs pairs;
    bool monotonic = fault->monotonic_rate_ppm;
    double wanted_ppm = (double)(monotonic ? fault->monotonic_rate_ppm : fault->wall_rate_ppm);
    char text[128];

    declare(fault);
    read_pairs(&pairs, "100", "20");
    declare(&(struct clock_fault){0});
    double rate = monotonic ? slope(pairs.wall_ns, pairs.monotonic_ns, pairs.count)
                            : slope(pairs.monotonic_ns, pairs.wall_ns, pairs.count);
    double off_ppm = (rate - 1) * 1e6 - wanted_ppm;
    (void)snprintf(text, sizeof text, "%.3f ppm beside that, over 2 s", off_ppm);
    row(kind, declared, text, "within 50 ppm", fabs(off_ppm) <= 50);
}

static void bench_strobe(void)
{
    static struct pairs pairs;
    const struct clock_fault fault = {.strobe_offset_ns = 60 * NS_PER_SEC,
                                      .strobe_period_ns = 50 * NS_PER_MS};
    int away = 0, at_home = 0;
    int64_t worst_ns = 0;
    char text[128];

    int64_t gap_ns = true_gap();
    declare(&fault);
    read_pairs(&pairs, "150", "7");
    declare(&(struct clock_fault){0});
    for (int i = 0; i < pairs.count; i++) {
        int64_t off_ns = pairs.wall_ns[i] - pairs.monotonic_ns[i] - gap_ns;
        bool is_away = off_ns > fault.strobe_offset_ns / 2;
        off_ns -= is_away ? fault.strobe_offset_ns : 0;
        away += is_away;
        at_home += !is_away;
        worst_ns = llabs(off_ns) > worst_ns ? llabs(off_ns) : worst_ns;
    }
    (void)snprintf(text, sizeof text, "of %d readings %d an offset away; at most %.4f ms beside",
                   pairs.count, away, (double)worst_ns / 1e6);
    row("clock strobe", "60 s to and fro every 50 ms", text, "half of them, within 1 ms",
        worst_ns <= NS_PER_MS && away > pairs.count / 4 && at_home > pairs.count / 4);
}

static void bench_freeze(void)
{
    static struct pairs pairs;
    int64_t most_ns = 0;
    char text[128];

    declare(&(struct clock_fault){.wall_rate_ppm = -1000000});
    read_pairs(&pairs, "50", "10");
    declare(&(struct clock_fault){0});
    for (int i = 1; i < pairs.count; i++)
        most_ns = llabs(pairs.wall_ns[i] - pairs.wall_ns[0]);
    (void)snprintf(text, sizeof text, "moved by %" PRId64 " ns in 0.5 s and more", most_ns);
    row("clock freeze", "stands still", text, "not at all", most_ns == 0);
}

/* -- when -----------------------------------------------------------------------------------------
 */

static int compare(const void *left, const void *right)
{
    const int64_t *a = left, *b = right;
    return *a < *b ? -1 : *a > *b;
}

static double median_ms(int64_t *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, compare);
    return (double)values[count / 2] / 1e6;
}

/* Wait until the program has printed so many lines; the caller's to release. */
static struct buf await_lines(const char *file, int count)
{
    for (;;) {
        struct buf content;
        int lines = 0;

        buf_init(&content, 0);
        demand(node_get(node, file, 0, &content, &err));
        char *ready = content.ptr ? memmem(content.ptr, content.len, "ready\n", 6) : NULL;
        for (char *at = ready; at && (at = strchr(at, '\n')); at++)
            lines++;
        if (lines >= count)
            return content;
        buf_release(&content);
        clock_sleep_until(clock_now_ns() + 2 * NS_PER_MS);
    }
}

/* A program that looks at its clock all the time notes when it jumps: there and back. */
static void bench_time(void)
{
    static const char file[] = "/node/log/jumps.log";
    int64_t begin_ns[JUMPS], took_ns[2][JUMPS], wait_ns[JUMPS];
    char count[16], text[160];
    struct buf content;

    (void)snprintf(count, sizeof count, "%d", JUMPS - 1);
    const char *argv[] = {"/node/data/dynamic", "jumps", count, NULL};
    demand(node_start(node, &(struct process_spec){.name = "jumps", .argv = argv}, &err));
    content = await_lines(file, 1);
    for (int i = 0; i < JUMPS - 1; i++) {
        begin_ns[i] = clock_now_ns();
        declare(&(struct clock_fault){.wall_offset_ns = i % 2 ? 0 : 3600 * NS_PER_SEC});
        wait_ns[i] = clock_now_ns() - begin_ns[i];
        buf_release(&content);
        content = await_lines(file, i + 2);
    }
    char *rest = memmem(content.ptr, content.len, "ready\n", 6);
    rest = rest ? rest + 6 : content.ptr;
    for (int i = 0; i < JUMPS - 1; i++)
        took_ns[i % 2][i / 2] = strtoll(rest, &rest, 10) - begin_ns[i];
    buf_release(&content);
    (void)snprintf(
        text, sizeof text,
        "seen after %.3f ms, healed after %.3f ms, receipt after %.3f ms (medians of %d)",
        median_ms(took_ns[0], JUMPS / 2), median_ms(took_ns[1], JUMPS / 2),
        median_ms(wait_ns, JUMPS - 1), JUMPS / 2);
    row("clock step", "time to effect and to heal", text, "", true);
}

/* -- at what cost --------------------------------------------------------------------------------
 */

struct cost {
    double vdso_ns, raw_ns, other_ns, exec_us;
};

/* The least of a few, since nothing but the machine's other work makes it more. */
static struct cost measure_cost(void)
{
    struct cost least = {1e9, 1e9, 1e9, 1e9};

    for (int i = 0; i < 3; i++) {
        struct cost cost = {0};
        struct buf output = tell("cost", NULL, NULL);
        if (sscanf(output.ptr, "%lf %lf %lf", &cost.vdso_ns, &cost.raw_ns, &cost.other_ns) != 3)
            demand(err_set(&err, 0, "teller printed '%.80s'", output.ptr));
        buf_release(&output);
        output = tell("execs", "20", NULL);
        cost.exec_us = strtod(output.ptr, NULL);
        buf_release(&output);
        least.vdso_ns = fmin(least.vdso_ns, cost.vdso_ns);
        least.raw_ns = fmin(least.raw_ns, cost.raw_ns);
        least.other_ns = fmin(least.other_ns, cost.other_ns);
        least.exec_us = fmin(least.exec_us, cost.exec_us);
    }
    return least;
}

static void bench_cost(struct cost without)
{
    struct cost with = measure_cost();
    declare(&(struct clock_fault){.wall_offset_ns = 3600 * NS_PER_SEC});
    struct cost lying = measure_cost();
    char text[160];

    declare(&(struct clock_fault){0});
    (void)snprintf(text, sizeof text, "%.0f ns, under a fault %.0f ns (without the need: %.0f ns)",
                   with.vdso_ns, lying.vdso_ns, without.vdso_ns);
    row("need clock", "cost of clock_gettime()", text, "below 300 ns", lying.vdso_ns < 300);
    (void)snprintf(text, sizeof text, "%.1f us (without: %.2f us)", with.raw_ns / 1e3,
                   without.raw_ns / 1e3);
    row("need clock", "cost of the same past the vDSO", text, "", true);
    (void)snprintf(text, sizeof text, "%.0f ns (without: %.0f ns)", with.other_ns,
                   without.other_ns);
    row("need clock", "cost of another system call", text, "", true);
    (void)snprintf(text, sizeof text, "%.0f us (without: %.0f us)", with.exec_us, without.exec_us);
    row("need clock", "cost of an execve(), with its process", text, "", true);
}

int main(void)
{
    if (agent_place_missing("bench_nemesis_clock"))
        return 0;
    open_node(0);
    struct cost without = measure_cost();
    close_node();

    open_node(NEED_CLOCK);
    bench_step("+1 ms", NS_PER_MS);
    bench_step("+3600 s", 3600 * NS_PER_SEC);
    bench_step("-86400 s", -86400 * NS_PER_SEC);
    bench_rate("clock drift", "+100 ppm", &(struct clock_fault){.wall_rate_ppm = 100});
    bench_rate("clock drift", "-20000 ppm", &(struct clock_fault){.wall_rate_ppm = -20000});
    bench_rate("clock drift", "+500000 ppm", &(struct clock_fault){.wall_rate_ppm = 500000});
    bench_strobe();
    bench_freeze();
    bench_rate("clock monotonic", "+100000 ppm",
               &(struct clock_fault){.monotonic_rate_ppm = 100000}); /* the last: it stays ahead */
    close_node();

    open_node(NEED_CLOCK); /* its monotonic clock is true again */
    bench_time();
    bench_cost(without);
    close_node();
    return 0;
}
