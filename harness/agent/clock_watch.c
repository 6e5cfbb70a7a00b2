/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "clock_watch.h"

#include "../base/clock.h"

enum {
    FAULTY_MS = 173,
    STROBE_MS = 23, /* at least; it divides no period that a person would choose */
    HEALTHY_MS = 1000,
    SEND_MS = 1000,
    EDGE_TIMEOUT_MS = 200,
    TIMEOUT_MS = 50,
};

static void look(struct clock_watch *watch, int timeout_ms)
{
    if (watch->count < CLOCK_SAMPLES_MAX &&
        clock_probe_ask(&watch->probe, timeout_ms, &watch->samples[watch->count]))
        watch->count++;
}

static int64_t interval_of(const struct clock_fault *fault)
{
    int64_t interval_ns = FAULTY_MS * NS_PER_MS, strobe_ns = fault->strobe_period_ns / 4;

    if (part_is_healthy(clock_members, fault))
        return HEALTHY_MS * NS_PER_MS;
    if (strobe_ns && strobe_ns < interval_ns)
        interval_ns = strobe_ns > STROBE_MS * NS_PER_MS ? strobe_ns : STROBE_MS * NS_PER_MS;
    return interval_ns;
}

void clock_watch_edge(struct clock_watch *watch, const struct clock_fault *fault)
{
    look(watch, EDGE_TIMEOUT_MS);
    watch->interval_ns = interval_of(fault);
    watch->next_ns = clock_now_ns() + watch->interval_ns;
}

static void tell(struct clock_watch *watch, struct output *output)
{
    if (watch->count == 0 || output_waiting(output) >= OUTPUT_FULL_BYTES)
        return;
    struct buf event = event_begin("clock");
    buf_json_next(&event, "samples");
    buf_puts(&event, "[");
    for (int i = 0; i < watch->count; i++)
        clock_sample_print(&watch->samples[i], &event);
    buf_puts(&event, "]");
    event_send(output, &event);
    watch->count = 0;
}

int64_t clock_watch_tick(struct clock_watch *watch, int64_t now_ns, struct output *output)
{
    if (watch->probe.pid == 0)
        return INT64_MAX;
    if (watch->send_ns == 0) { /* the first time; a trial's declarations are none */
        watch->interval_ns = HEALTHY_MS * NS_PER_MS;
        watch->next_ns = now_ns;
        watch->send_ns = now_ns + SEND_MS * NS_PER_MS;
    }
    if (now_ns >= watch->next_ns) {
        look(watch, TIMEOUT_MS);
        watch->next_ns = now_ns + watch->interval_ns;
    }
    if (now_ns >= watch->send_ns || watch->count > CLOCK_SAMPLES_MAX / 2) {
        tell(watch, output);
        watch->send_ns = now_ns + SEND_MS * NS_PER_MS;
    }
    return watch->next_ns < watch->send_ns ? watch->next_ns : watch->send_ns;
}

void clock_watch_end(struct clock_watch *watch, struct output *output)
{
    look(watch, EDGE_TIMEOUT_MS);
    tell(watch, output);
}
