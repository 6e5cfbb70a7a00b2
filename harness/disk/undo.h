/* SPDX-License-Identifier: GPL-2.0-or-later */
/* undo.h - what a file was at its last sync, page by page, so that a crash can bring it back.
 *
 * The file itself always holds the newest bytes. The first time that a page is about to change
 * since the last sync, what it held is kept here; a sync forgets all of it, a crash writes it back.
 * Sizes and offsets are in bytes, pages are of 4096: what a disk writes or does not write as a
 * whole.
 */
#ifndef ORDEAL_DISK_UNDO_H
#define ORDEAL_DISK_UNDO_H

#include "../base/rng.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { UNDO_PAGE_BYTES = 4096 };

struct undo_page {
    uint64_t number; /* from 1; 0: a free slot of the hash table */
    char *old;       /* NULL: it held nothing, being beyond the end */
};

/* A zeroed one is that of a file without changes. */
struct undo {
    bool dirty; /* there may be changes, if only of the size */
    int64_t durable_size;
    struct undo_page *pages;
    size_t count, capacity;
};

/* What a crash did to one file. */
struct undo_loss {
    uint64_t bytes_lost; /* that are not, or no longer, what they were before the crash */
    uint64_t pages_torn; /* dirty pages that were kept */
    /* Each run of bytes taken back; may be NULL. */
    void (*lost)(void *context, int64_t offset, int64_t len);
    void *context;
};

/* Before bytes of the file `fd` (readable) change, or its size does (len 0). -1 with errno: the
 * change must not be made. */
int undo_before(struct undo *undo, int fd, int64_t offset, int64_t len);

/* All that is there is durable now. */
void undo_forget(struct undo *undo);

/* The bytes of a write are durable now, in whole pages. */
void undo_forget_range(struct undo *undo, int64_t offset, int64_t len);

/* Make the file `fd` (readable and writable) what it was; a dirty page is kept all the same with a
 * probability of keep_ppm. Nothing is left to undo afterwards. -1 with errno. */
int undo_take_back(struct undo *undo, int fd, int64_t keep_ppm, struct rng *rng,
                   struct undo_loss *loss);

#endif
