/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "budget.h"

#include "clock.h"

#include <stdlib.h>
#include <string.h>

union header {
    size_t size;
    max_align_t align;
};

void budget_init(struct budget *budget, int64_t time_limit_ns, size_t limit_bytes)
{
    *budget = (struct budget){.deadline_ns = time_limit_ns ? clock_now_ns() + time_limit_ns : 0,
                              .limit_bytes = limit_bytes};
}

void budget_init_part(struct budget *part, struct budget *parent, size_t limit_bytes)
{
    *part = (struct budget){
        .deadline_ns = parent->deadline_ns, .limit_bytes = limit_bytes, .parent = parent};
}

static void end(struct budget *budget, enum budget_end why)
{
    int left = BUDGET_LEFT;
    atomic_compare_exchange_strong(&budget->end, &left, (int)why);
}

static void give(struct budget *budget, size_t size)
{
    for (; budget; budget = budget->parent)
        atomic_fetch_sub(&budget->used_bytes, size);
}

/* Account for `size` more bytes; false if that is over the limit. */
static bool take(struct budget *budget, size_t size)
{
    size_t used = atomic_fetch_add(&budget->used_bytes, size) + size;

    if ((budget->limit_bytes && used > budget->limit_bytes) ||
        (budget->parent && !take(budget->parent, size))) {
        atomic_fetch_sub(&budget->used_bytes, size);
        end(budget, BUDGET_MEMORY);
        return false;
    }
    size_t peak = atomic_load_explicit(&budget->peak_bytes, memory_order_relaxed);
    while (used > peak && !atomic_compare_exchange_weak(&budget->peak_bytes, &peak, used))
        ;
    return true;
}

void *budget_alloc(struct budget *budget, size_t size)
{
    size_t whole;

    if (__builtin_add_overflow(size, sizeof(union header), &whole) || !take(budget, whole)) {
        end(budget, BUDGET_MEMORY);
        return NULL;
    }
    union header *head = malloc(whole);
    if (!head) {
        give(budget, whole);
        end(budget, BUDGET_MEMORY);
        return NULL;
    }
    head->size = whole;
    return head + 1;
}

void *budget_calloc(struct budget *budget, size_t count, size_t size)
{
    size_t whole;

    if (__builtin_mul_overflow(count, size, &whole)) {
        end(budget, BUDGET_MEMORY);
        return NULL;
    }
    void *ptr = budget_alloc(budget, whole);
    if (ptr)
        memset(ptr, 0, whole);
    return ptr;
}

void *budget_realloc(struct budget *budget, void *ptr, size_t size)
{
    if (!ptr)
        return budget_alloc(budget, size);
    union header *head = (union header *)ptr - 1;
    size_t old = head->size, whole;
    if (__builtin_add_overflow(size, sizeof(union header), &whole) ||
        (whole > old && !take(budget, whole - old))) {
        end(budget, BUDGET_MEMORY);
        return NULL;
    }
    union header *moved = realloc(head, whole);
    if (!moved) {
        if (whole > old)
            give(budget, whole - old);
        end(budget, BUDGET_MEMORY);
        return NULL;
    }
    if (whole < old)
        give(budget, old - whole);
    moved->size = whole;
    return moved + 1;
}

void budget_free(struct budget *budget, void *ptr)
{
    if (!ptr)
        return;
    union header *head = (union header *)ptr - 1;
    give(budget, head->size);
    free(head);
}

bool budget_spent(struct budget *budget)
{
    if (atomic_load_explicit(&budget->end, memory_order_relaxed) != BUDGET_LEFT)
        return true;
    if (budget->parent && budget_spent(budget->parent)) {
        end(budget, (enum budget_end)atomic_load(&budget->parent->end));
        return true;
    }
    if (budget->deadline_ns && clock_now_ns() > budget->deadline_ns) {
        end(budget, BUDGET_TIME);
        return true;
    }
    return false;
}

void budget_stop(struct budget *budget)
{
    end(budget, BUDGET_STOPPED);
}

const char *budget_reason(const struct budget *budget)
{
    switch (atomic_load(&((struct budget *)(uintptr_t)budget)->end)) {
    case BUDGET_TIME:
        return "out of time";
    case BUDGET_MEMORY:
        return "out of memory";
    case BUDGET_STOPPED:
        return "stopped";
    default:
        return "within budget";
    }
}
