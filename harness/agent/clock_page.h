/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clock_page.h - what a node's clocks tell: memory that the agent writes and all processes of the
 * node read.
 *
 * The memory is mapped into every process of the node, at the same address: code that stands in for
 * the vDSO's (clock_code.c), and the two latest declarations. A clock's time is a line through the
 * true one. A declaration comes into force for all processes at once, when `turn` is counted up; a
 * reader does not wait for the writer, since what it reads is not what is being written; save for
 * the few microseconds in which a monotonic clock changes, which has to be at one moment for all.
 * Nobody is stopped or signalled for it.
 */
#ifndef ORDEAL_AGENT_CLOCK_PAGE_H
#define ORDEAL_AGENT_CLOCK_PAGE_H

#include "../world.h"

#include <stdbool.h>
#include <stdint.h>

enum clock_line_name { LINE_WALL, LINE_TAI, LINE_MONOTONIC, LINE_RAW, LINE_BOOT, CLOCK_LINES };

enum { CLOCK_MEMORY_PAGE = 4096, CLOCK_TALLIES = 64, LINE_NONE_TOLD = 15 };

/* Times a rate: 32 bits before the point, 32 behind it. */
#define CLOCK_RATE_TRUE (INT64_C(1) << 32)

struct clock_line {
    int64_t true_ns, told_ns; /* a moment by the kernel, and what is told of it */
    int64_t rate;             /* 32.32: of what is told per true time */
    int64_t until_ns;         /* true: who comes later has to wait for the next declaration */
};

/* What one declaration comes to. */
struct clock_view {
    struct clock_line lines[CLOCK_LINES];
    int64_t strobe_offset_ns, strobe_period_ns; /* of the wall clock; period 0: none */
    uint32_t in_force; /* bits: lines of which something is declared; their lies are counted */
};

/* Lies told, in many places so that threads seldom write to the same; some may get lost. */
struct clock_tally {
    _Alignas(64) uint64_t count;
};

struct clock_memory {
    _Alignas(CLOCK_MEMORY_PAGE) unsigned char code[CLOCK_MEMORY_PAGE];
    _Alignas(CLOCK_MEMORY_PAGE) uint32_t turn; /* views[turn & 1] is in force */
    struct clock_view views[2];
    _Alignas(CLOCK_MEMORY_PAGE) struct clock_tally tallies[CLOCK_TALLIES]; /* processes write it */
};

/* Where the memory is in every process: far from what programs, their loaders and the sanitizers
 * lay claim to. A system call from there is one of the code's own. */
#define CLOCK_ADDRESS UINT64_C(0x7e9000000000)

/* The line that a clock of the kernel (CLOCK_REALTIME, ...) follows, or LINE_NONE_TOLD. A table in
 * a number, since the injected code has no data: four bits for each of the clocks 0 to 11. */
static inline __attribute__((always_inline)) int clock_line_of(int64_t clock)
{
    return clock < 0 || clock > 11 ? LINE_NONE_TOLD
                                   : (int)(UINT64_C(0x1f404203ff20) >> (4 * clock) & 15);
}

static inline __attribute__((always_inline)) int64_t clock_line_tell(const struct clock_line *line,
                                                                     int64_t true_ns)
{
    __extension__ typedef __int128 wide;

    return line->told_ns + (int64_t)((wide)(true_ns - line->true_ns) * line->rate >> 32);
}

static inline __attribute__((always_inline)) int64_t clock_view_tell(const struct clock_view *view,
                                                                     int name, int64_t true_ns)
{
    const struct clock_line *line = &view->lines[name];

    /* Whoever asked before the declaration came and answers after it must not be told an earlier
     * time than others were. */
    if (name >= LINE_MONOTONIC && true_ns < line->true_ns)
        return line->told_ns;
    int64_t told_ns = clock_line_tell(line, true_ns);
    if (view->strobe_period_ns == 0 || name > LINE_TAI)
        return told_ns;
    bool back = (true_ns - line->true_ns) / view->strobe_period_ns & 1;
    return back ? told_ns : told_ns + view->strobe_offset_ns;
}

/* What is told of a true time now. `spread` is any number that differs between threads. */
static inline __attribute__((always_inline)) int64_t
clock_tell(struct clock_memory *memory, int name, int64_t true_ns, uint64_t spread)
{
    for (;;) {
        uint32_t turn = __atomic_load_n(&memory->turn, __ATOMIC_ACQUIRE);
        const struct clock_view *view = &memory->views[turn & 1];
        int64_t told_ns = clock_view_tell(view, name, true_ns);
        if (true_ns >= __atomic_load_n(&view->lines[name].until_ns, __ATOMIC_RELAXED))
            continue;
        bool counts = told_ns != true_ns && (view->in_force >> name & 1);

        __atomic_signal_fence(__ATOMIC_ACQUIRE); /* x86-64 itself reorders no loads */
        if (__atomic_load_n(&memory->turn, __ATOMIC_RELAXED) != turn)
            continue;
        uint64_t *tally = &memory->tallies[spread % CLOCK_TALLIES].count;
        if (counts)
            __atomic_store_n(tally, __atomic_load_n(tally, __ATOMIC_RELAXED) + 1, __ATOMIC_RELAXED);
        return told_ns;
    }
}

/* The injected code: clock_gettime(), gettimeofday() and time() as the vDSO has them, in a section
 * of its own, whose beginning is at CLOCK_ADDRESS in every process. */
extern const unsigned char __start_clock_code[];

/* Copy that section; -1 if it has no room, or there is none for this kind of machine. */
int clock_code_copy(unsigned char *to, size_t room);

int clock_code_gettime(int clock, int64_t *time);
int clock_code_gettimeofday(int64_t *time, void *zone);
int64_t clock_code_time(int64_t *time);

/* Make it ready: the code copied in, true clocks. -1 if this machine's kind is not supported. */
int clock_memory_init(struct clock_memory *memory);

/* Put in force what `now` declares after `before`, as world.h says: what did not change goes on as
 * it was. `true_ns` is when, by each line's kernel clock: now, but of those announced what was
 * announced. */
void clock_memory_declare(struct clock_memory *memory, const struct clock_fault *before,
                          const struct clock_fault *now, const int64_t true_ns[CLOCK_LINES]);

/* The monotonic lines will change at these times: from then on readers wait for the declaration. If
 * those times have passed when this returns some may not have waited: announce later ones. */
void clock_memory_announce(struct clock_memory *memory, const int64_t true_ns[CLOCK_LINES]);

/* Whether the change is one of monotonic lines, to be announced. */
bool clock_memory_must_announce(const struct clock_fault *before, const struct clock_fault *now);

/* What the kernel's clocks say now. */
void clock_true_times(int64_t true_ns[CLOCK_LINES]);

/* Lies told so far. */
uint64_t clock_memory_lies(const struct clock_memory *memory);

#endif
