/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime.h"

#include "../../../harness/base/clock.h"

#include <stdlib.h>

struct timer {
    struct self *self;
    void (*fire)(struct self *self, void *context);
    void *context;
    uv_timer_t uv;
};

struct timer *timer_new(struct self *self, void (*fire)(struct self *self, void *context),
                        void *context)
{
    struct timer *timer = calloc(1, sizeof *timer);

    if (!timer)
        die("out of memory");
    *timer = (struct timer){.self = self, .fire = fire, .context = context};
    (void)uv_timer_init(&runtime_of(self)->loop, &timer->uv);
    timer->uv.data = timer;
    return timer;
}

static void timer_fire(uv_timer_t *uv)
{
    struct timer *timer = uv->data;
    timer->fire(timer->self, timer->context);
}

void timer_set(struct timer *timer, int after_ms)
{
    uv_update_time(timer->uv.loop); /* rules may have taken long */
    (void)uv_timer_start(&timer->uv, timer_fire, (uint64_t)after_ms, 0);
}

void timer_clear(struct timer *timer)
{
    (void)uv_timer_stop(&timer->uv);
}

int64_t now_ms(void)
{
    return clock_now_ns() / NS_PER_MS;
}

int64_t now_wall_ms(void)
{
    return clock_wall_ns() / NS_PER_MS;
}
