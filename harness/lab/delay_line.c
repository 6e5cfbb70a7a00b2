/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "delay_line.h"

#include <stdlib.h>
#include <string.h>

static bool is_before(const struct held *a, const struct held *b)
{
    return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->order < b->order;
}

static void put(struct delay_line *line, size_t at, struct held *held)
{
    line->heap[at] = held;
    held->at = at;
}

static void sift_up(struct delay_line *line, size_t at)
{
    struct held *held = line->heap[at];

    while (at > 0 && is_before(held, line->heap[(at - 1) / 2])) {
        put(line, at, line->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    put(line, at, held);
}

static void sift_down(struct delay_line *line, size_t at)
{
    struct held *held = line->heap[at];

    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= line->count)
            break;
        if (child + 1 < line->count && is_before(line->heap[child + 1], line->heap[child]))
            child++;
        if (!is_before(line->heap[child], held))
            break;
        put(line, at, line->heap[child]);
        at = child;
    }
    put(line, at, held);
}

struct held *held_new(const struct held *like, const unsigned char *bytes)
{
    struct held *held = malloc(sizeof *held + like->len);

    if (!held)
        return NULL;
    memcpy(held, like, sizeof *held);
    memcpy(held->bytes, bytes, like->len);
    return held;
}

int delay_line_add(struct delay_line *line, struct held *held)
{
    if (line->count == line->capacity) {
        size_t capacity = line->capacity ? 2 * line->capacity : 256;
        struct held **heap = realloc(line->heap, capacity * sizeof(struct held *));
        if (!heap)
            return -1;
        line->heap = heap;
        line->capacity = capacity;
    }
    held->order = line->order++;
    line->bytes += held->len;
    put(line, line->count++, held);
    sift_up(line, held->at);
    return 0;
}

void delay_line_move(struct delay_line *line, struct held *held, int64_t due_ns)
{
    held->due_ns = due_ns;
    held->order = line->order++;
    sift_up(line, held->at);
    sift_down(line, held->at);
}

struct held *delay_line_first(const struct delay_line *line)
{
    return line->count > 0 ? line->heap[0] : NULL;
}

struct held *delay_line_take(struct delay_line *line)
{
    struct held *first = line->heap[0];

    line->count--;
    if (line->count > 0) {
        put(line, 0, line->heap[line->count]);
        sift_down(line, 0);
    }
    line->bytes -= first->len;
    return first;
}

void delay_line_release(struct delay_line *line)
{
    for (size_t i = 0; i < line->count; i++)
        free(line->heap[i]);
    free(line->heap);
    *line = (struct delay_line){0};
}
