/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "clock_page.h"

#include <time.h>

enum { PPM = 1000000 };

enum { WALL_LINES = 1 << LINE_WALL | 1 << LINE_TAI, ALL_LINES = (1 << CLOCK_LINES) - 1 };

int clock_memory_init(struct clock_memory *memory)
{
    if (clock_code_copy(memory->code, sizeof memory->code))
        return -1;
    for (int i = 0; i < CLOCK_LINES; i++)
        memory->views[0].lines[i] =
            (struct clock_line){.rate = CLOCK_RATE_TRUE, .until_ns = INT64_MAX};
    memory->views[1] = memory->views[0];
    return 0;
}

static int64_t rate_of(int64_t ppm)
{
    return CLOCK_RATE_TRUE + ppm / PPM * CLOCK_RATE_TRUE + ppm % PPM * CLOCK_RATE_TRUE / PPM;
}

static bool wall_is_same(const struct clock_fault *a, const struct clock_fault *b)
{
    return a->wall_offset_ns == b->wall_offset_ns && a->wall_rate_ppm == b->wall_rate_ppm &&
           a->strobe_offset_ns == b->strobe_offset_ns && a->strobe_period_ns == b->strobe_period_ns;
}

static void declare_wall(struct clock_view *view, const struct clock_fault *now,
                         const int64_t *true_ns)
{
    static const struct clock_fault healthy;

    for (int i = LINE_WALL; i <= LINE_TAI; i++)
        view->lines[i] = (struct clock_line){.true_ns = true_ns[i],
                                             .told_ns = true_ns[i] + now->wall_offset_ns,
                                             .rate = rate_of(now->wall_rate_ppm),
                                             .until_ns = INT64_MAX};
    view->strobe_offset_ns = now->strobe_offset_ns;
    view->strobe_period_ns = now->strobe_offset_ns ? now->strobe_period_ns : 0;
    view->in_force &= ~(uint32_t)WALL_LINES;
    if (!wall_is_same(now, &healthy))
        view->in_force |= WALL_LINES;
}

static void declare_monotonic(struct clock_view *view, const struct clock_fault *before,
                              const struct clock_fault *now, const int64_t *true_ns)
{
    int64_t jump_ns = now->monotonic_offset_ns - before->monotonic_offset_ns;
    int64_t rate = rate_of(now->monotonic_rate_ppm);

    for (int i = LINE_MONOTONIC; i <= LINE_BOOT; i++) {
        struct clock_line *line = &view->lines[i];
        int64_t told_ns = clock_line_tell(line, true_ns[i]) + (jump_ns > 0 ? jump_ns : 0);
        *line = (struct clock_line){
            .true_ns = true_ns[i], .told_ns = told_ns, .rate = rate, .until_ns = INT64_MAX};
    }
    view->in_force &= WALL_LINES;
    if (now->monotonic_offset_ns || now->monotonic_rate_ppm)
        view->in_force |= ALL_LINES & ~WALL_LINES;
}

bool clock_memory_must_announce(const struct clock_fault *before, const struct clock_fault *now)
{
    return before->monotonic_offset_ns != now->monotonic_offset_ns ||
           before->monotonic_rate_ppm != now->monotonic_rate_ppm;
}

void clock_memory_announce(struct clock_memory *memory, const int64_t true_ns[CLOCK_LINES])
{
    struct clock_view *view = &memory->views[memory->turn & 1];

    for (int i = LINE_MONOTONIC; i < CLOCK_LINES; i++)
        __atomic_store_n(&view->lines[i].until_ns, true_ns[i], __ATOMIC_SEQ_CST);
}

void clock_memory_declare(struct clock_memory *memory, const struct clock_fault *before,
                          const struct clock_fault *now, const int64_t true_ns[CLOCK_LINES])
{
    uint32_t turn = memory->turn;
    struct clock_view *next = &memory->views[(turn + 1) & 1];

    *next = memory->views[turn & 1];
    if (!wall_is_same(before, now))
        declare_wall(next, now, true_ns);
    if (clock_memory_must_announce(before, now))
        declare_monotonic(next, before, now, true_ns);
    __atomic_store_n(&memory->turn, turn + 1, __ATOMIC_SEQ_CST);
}

void clock_true_times(int64_t true_ns[CLOCK_LINES])
{
    static const clockid_t clocks[CLOCK_LINES] = {[LINE_WALL] = CLOCK_REALTIME,
                                                  [LINE_TAI] = CLOCK_TAI,
                                                  [LINE_MONOTONIC] = CLOCK_MONOTONIC,
                                                  [LINE_RAW] = CLOCK_MONOTONIC_RAW,
                                                  [LINE_BOOT] = CLOCK_BOOTTIME};

    for (int i = 0; i < CLOCK_LINES; i++) {
        struct timespec now;
        (void)clock_gettime(clocks[i], &now);
        true_ns[i] = now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
    }
}

uint64_t clock_memory_lies(const struct clock_memory *memory)
{
    uint64_t sum = 0;

    for (int i = 0; i < CLOCK_TALLIES; i++)
        sum += __atomic_load_n(&memory->tallies[i].count, __ATOMIC_RELAXED);
    return sum;
}
