/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* too_old.c - see too_old.h. In n log n: writes by their end, each with the one that began last
 * among those up to it; and writes by their value. */
#include "too_old.h"

#include "stale.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A write that has certainly happened. */
struct done {
    value_id value;
    int64_t invoke_ns, complete_ns;
    uint32_t place;
    uint32_t latest; /* by end: which of it and those before it began last */
};

bool is_too_old(const struct op *writer, const struct op *newer, const struct op *reader,
                value_id initial, int64_t limit_ns)
{
    bool replaced = writer ? writer->key == reader->key && writer->in == reader->out &&
                                 writer->complete_ns < newer->invoke_ns
                           : reader->out == initial;
    return replaced && newer->key == reader->key && newer->in != reader->out &&
           newer->type == OP_OK && newer->complete_ns + limit_ns < reader->invoke_ns;
}

static int by_end(const void *a, const void *b)
{
    const struct done *one = a, *other = b;
    return (one->complete_ns > other->complete_ns) - (one->complete_ns < other->complete_ns);
}

static int by_value(const void *a, const void *b)
{
    const struct done *one = a, *other = b;
    return (one->value > other->value) - (one->value < other->value);
}

static size_t collect(const struct history *history, const uint32_t *places, uint32_t count,
                      struct done *writes)
{
    size_t done = 0;

    for (uint32_t i = 0; i < count; i++) {
        const struct op *op = &history->ops[places[i]];
        if (op->type == OP_OK && (op->f == OP_F_WRITE || op->f == OP_F_PUT))
            writes[done++] = (struct done){op->in, op->invoke_ns, op->complete_ns, places[i], 0};
    }
    qsort(writes, done, sizeof *writes, by_end);
    for (size_t i = 1; i < done; i++) {
        uint32_t latest = writes[i - 1].latest;
        writes[i].latest = writes[i].invoke_ns > writes[latest].invoke_ns ? (uint32_t)i : latest;
    }
    return done;
}

/* Of those that ended before that time, the write that began last. NULL: there is none. */
static const struct done *last_before(const struct done *writes, size_t count, int64_t time_ns)
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (writes[middle].complete_ns < time_ns)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? &writes[writes[low - 1].latest] : NULL;
}

/* Count the read if it is too old, and keep it if it is the oldest. */
static void look(const struct history *history, uint32_t reader, const struct done *newer,
                 const struct done *writer, value_id initial, struct too_old *found)
{
    const struct op *read = &history->ops[reader];

    if (writer ? writer->complete_ns >= newer->invoke_ns : read->out != initial)
        return;
    int64_t age_ns = read->invoke_ns - newer->complete_ns;
    if (found->count == 0 ||
        age_ns > history->ops[found->reader].invoke_ns - history->ops[found->newer].complete_ns) {
        found->writer = writer ? writer->place : PLACE_NONE;
        found->newer = newer->place;
        found->reader = reader;
    }
    found->count++;
}

int too_old_find(const struct history *history, const uint32_t *places, uint32_t count,
                 value_id initial, int64_t limit_ns, struct too_old *found, struct err *err)
{
    struct done *writes = calloc(2 * (size_t)count + 1, sizeof *writes);

    *found = (struct too_old){0};
    if (!writes)
        return err_set(err, ENOMEM, "out of memory");
    size_t done = collect(history, places, count, writes);
    struct done *values = writes + done;
    memcpy(values, writes, done * sizeof *writes);
    qsort(values, done, sizeof *values, by_value);
    for (uint32_t i = 0; i < count; i++) {
        const struct op *op = &history->ops[places[i]];
        bool is_read = op->type == OP_OK && (op->f == OP_F_READ || op->f == OP_F_GET);
        const struct done *newer =
            is_read ? last_before(writes, done, op->invoke_ns - limit_ns) : NULL;
        const struct done wanted = {.value = op->out};
        if (newer && newer->value != op->out)
            look(history, places[i], newer,
                 bsearch(&wanted, values, done, sizeof *values, by_value), initial, found);
    }
    free(writes);
    return 0;
}
