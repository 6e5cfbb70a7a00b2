/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* budget.h - how much time and memory a computation may use, asked inside its steps.
 *
 * Allocation through a budget returns NULL when the limit is reached (or memory is out) and the
 * engine answers "unknown" with what it had established; it never aborts. One budget may be shared
 * by threads: the counters are atomic, and `stop` ends all of them at their next check.
 */
#ifndef ORDEAL_BASE_BUDGET_H
#define ORDEAL_BASE_BUDGET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum budget_end { BUDGET_LEFT, BUDGET_TIME, BUDGET_MEMORY, BUDGET_STOPPED };

struct budget {
    int64_t deadline_ns; /* of clock_now_ns(); 0: none */
    size_t limit_bytes;  /* 0: none */
    _Atomic size_t used_bytes;
    _Atomic size_t peak_bytes;
    _Atomic int end;       /* enum budget_end: why it is used up; the first reason stays */
    struct budget *parent; /* NULL: none */
};

/* time_limit_ns and limit_bytes 0: without that limit. */
void budget_init(struct budget *budget, int64_t time_limit_ns, size_t limit_bytes);

/* A part of a budget, for one of several computations at once: what it uses counts for the parent
 * too, and it ends with the parent, but stopping it leaves the parent alone. limit_bytes as above.
 * The parent must outlive it. */
void budget_init_part(struct budget *part, struct budget *parent, size_t limit_bytes);

/* NULL once the budget is used up. The block's size is kept in front of it, so that budget_free
 * can give it back; aligned for any type. budget_realloc leaves the old block valid on NULL. */
void *budget_alloc(struct budget *budget, size_t size);
void *budget_calloc(struct budget *budget, size_t count, size_t size);
void *budget_realloc(struct budget *budget, void *ptr, size_t size);
void budget_free(struct budget *budget, void *ptr);

/* Whether to give up: reads the clock, so ask every few hundred steps. */
bool budget_spent(struct budget *budget);

/* Ask all users of the budget to end (another engine has answered). */
void budget_stop(struct budget *budget);

/* "out of time" and so on, for reasons. */
const char *budget_reason(const struct budget *budget);

#endif
