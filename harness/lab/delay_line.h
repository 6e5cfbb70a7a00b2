/* SPDX-License-Identifier: GPL-2.0-or-later */
/* delay_line.h - packets that wait for their time: a heap by due time, then by order of arrival. */
#ifndef ORDEAL_LAB_DELAY_LINE_H
#define ORDEAL_LAB_DELAY_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct held {
    int64_t due_ns;
    uint64_t order;  /* among those due at the same time: when it was put on the line */
    uint64_t number; /* of the packet on its link */
    int from, to;
    size_t at; /* its place in the heap */
    size_t len;
    unsigned char bytes[];
};

struct delay_line {
    struct held **heap;
    size_t count, capacity;
    size_t bytes; /* of all packets on it */
    uint64_t order;
};

/* A copy of `like` with these bytes; NULL if out of memory. */
struct held *held_new(const struct held *like, const unsigned char *bytes);

/* Put it on the line, which owns it now; -1 if out of memory. */
int delay_line_add(struct delay_line *line, struct held *held);

/* Due at another time, and after all that were due then before. */
void delay_line_move(struct delay_line *line, struct held *held, int64_t due_ns);

/* The one that is due first, or NULL. */
struct held *delay_line_first(const struct delay_line *line);

/* Take the first off; the caller frees it. */
struct held *delay_line_take(struct delay_line *line);

void delay_line_release(struct delay_line *line);

#endif
