/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clock_code.c - the code that stands in for the vDSO's clocks in every process of a node.
 *
 * Copied into other programs, so that it may refer to nothing: no function, no data, no stack
 * protector, no sanitizer (the Makefile sees to the latter two), no register that a vDSO function
 * leaves alone. It asks the kernel, since the vDSO's own code is overwritten, and tells what the
 * page says of the answer.
 */
#include "clock_page.h"

#include <stddef.h>

#ifdef __x86_64__

#define CODE __attribute__((section("clock_code"), used, noinline))
#define NS INT64_C(1000000000)

enum { CALL_GETTIMEOFDAY = 96, CALL_CLOCK_GETTIME = 228 };

enum { REALTIME = 0, REALTIME_COARSE = 5 };

static inline __attribute__((always_inline)) long call(long number, long first, void *second)
{
    long result;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(first), "S"(second)
                     : "rcx", "r11", "memory");
    return result;
}

static inline __attribute__((always_inline)) long tell(int clock, int64_t time[2])
{
    struct clock_memory *memory = (struct clock_memory *)CLOCK_ADDRESS;
    long result = call(CALL_CLOCK_GETTIME, clock, time);
    int line = clock_line_of(clock);

    if (result != 0 || line == LINE_NONE_TOLD)
        return result;
    uint64_t spread = (uint64_t)(uintptr_t)__builtin_frame_address(0) >> 12;
    int64_t told_ns = clock_tell(memory, line, time[0] * NS + time[1], spread);
    int64_t seconds = told_ns / NS, rest = told_ns % NS;
    time[0] = rest < 0 ? seconds - 1 : seconds;
    time[1] = rest < 0 ? rest + NS : rest;
    return 0;
}

CODE int clock_code_gettime(int clock, int64_t *time)
{
    return (int)tell(clock, time);
}

CODE int clock_code_gettimeofday(int64_t *time, void *zone)
{
    int64_t now[2] = {0, 0};
    long result = zone ? call(CALL_GETTIMEOFDAY, 0, zone) : 0;

    if (result != 0 || !time)
        return (int)result;
    (void)tell(REALTIME, now);
    time[0] = now[0];
    time[1] = now[1] / 1000;
    return 0;
}

CODE int64_t clock_code_time(int64_t *time)
{
    int64_t now[2] = {0, 0};

    (void)tell(REALTIME_COARSE, now);
    if (time)
        *time = now[0];
    return now[0];
}

extern const unsigned char __stop_clock_code[];

int clock_code_copy(unsigned char *to, size_t room)
{
    size_t size = (size_t)(__stop_clock_code - __start_clock_code);

    if (size > room)
        return -1;
    for (size_t i = 0; i < size; i++)
        to[i] = __start_clock_code[i];
    return 0;
}

#else

int clock_code_copy(unsigned char *to, size_t room)
{
    (void)to;
    (void)room;
    return -1;
}

#endif
