/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "undo.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PAGE = UNDO_PAGE_BYTES, CAPACITY_MIN = 64, PPM = 1000000 };

/* -- the table of pages ----------------------------------------------------------------------- */

/* Where the page is or would be; there always is a free slot. */
static struct undo_page *slot_of(const struct undo *undo, uint64_t number)
{
    size_t at = (size_t)(number * UINT64_C(0x9E3779B97F4A7C15) >> 20) & (undo->capacity - 1);

    while (undo->pages[at].number && undo->pages[at].number != number)
        at = (at + 1) & (undo->capacity - 1);
    return &undo->pages[at];
}

static int grow(struct undo *undo)
{
    struct undo old = *undo;

    undo->capacity = old.capacity ? old.capacity * 2 : CAPACITY_MIN;
    undo->pages = calloc(undo->capacity, sizeof *undo->pages);
    if (!undo->pages) {
        *undo = old;
        return -1;
    }
    for (size_t i = 0; i < old.capacity; i++) {
        if (old.pages[i].number)
            *slot_of(undo, old.pages[i].number) = old.pages[i];
    }
    free(old.pages);
    return 0;
}

/* Up to a page from `offset`; the bytes behind the end are zero. Their number, -1 with errno. */
static ssize_t read_page(int fd, char *page, int64_t offset)
{
    size_t have = 0;

    memset(page, 0, PAGE);
    while (have < PAGE) {
        ssize_t got = pread(fd, page + have, PAGE - have, offset + (int64_t)have);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        have += (size_t)got;
    }
    return (ssize_t)have;
}

static int keep_page(struct undo *undo, int fd, uint64_t number)
{
    int64_t offset = (int64_t)(number - 1) * PAGE;

    if (undo->count * 2 >= undo->capacity && grow(undo))
        return -1;
    struct undo_page *page = slot_of(undo, number);
    if (page->number)
        return 0;
    if (offset < undo->durable_size) {
        char *old = malloc(PAGE);
        if (!old || read_page(fd, old, offset) < 0) {
            free(old);
            return -1;
        }
        /* Bytes that an unsynced change of the size has already put behind the durable end. */
        if (undo->durable_size - offset < PAGE)
            memset(old + (undo->durable_size - offset), 0,
                   (size_t)(PAGE - (undo->durable_size - offset)));
        page->old = old;
    }
    page->number = number;
    undo->count++;
    return 0;
}

int undo_before(struct undo *undo, int fd, int64_t offset, int64_t len)
{
    struct stat status;

    if (!undo->dirty) {
        if (fstat(fd, &status))
            return -1;
        undo->durable_size = status.st_size;
        undo->dirty = true;
    }
    if (len <= 0)
        return 0;
    for (int64_t page = offset / PAGE; page <= (offset + len - 1) / PAGE; page++) {
        if (keep_page(undo, fd, (uint64_t)page + 1))
            return -1;
    }
    return 0;
}

void undo_forget(struct undo *undo)
{
    for (size_t i = 0; i < undo->capacity; i++)
        free(undo->pages[i].old);
    free(undo->pages);
    *undo = (struct undo){0};
}

static int by_number(const void *left, const void *right)
{
    const struct undo_page *a = left, *b = right;

    return a->number < b->number ? -1 : a->number > b->number;
}

/* The pages in front, in order; the table cannot be searched any more. */
static void sort_pages(struct undo *undo)
{
    size_t count = 0;

    for (size_t i = 0; i < undo->capacity; i++) {
        struct undo_page page = undo->pages[i];
        undo->pages[i] = (struct undo_page){0};
        if (page.number)
            undo->pages[count++] = page;
    }
    if (count)
        qsort(undo->pages, count, sizeof *undo->pages, by_number);
}

void undo_forget_range(struct undo *undo, int64_t offset, int64_t len)
{
    struct undo left = {.dirty = undo->dirty, .durable_size = undo->durable_size};
    uint64_t first = (uint64_t)(offset / PAGE) + 1,
             last = (uint64_t)((offset + len - 1) / PAGE) + 1;

    if (len <= 0 || !undo->dirty)
        return;
    if (offset + len > left.durable_size)
        left.durable_size = offset + len;
    for (size_t i = 0; i < undo->capacity; i++) {
        struct undo_page *page = &undo->pages[i];
        if (!page->number)
            continue;
        if (page->number >= first && page->number <= last) {
            free(page->old);
            continue;
        }
        if (left.count * 2 >= left.capacity && grow(&left)) {
            free(page->old); /* out of memory: the page counts as durable */
            continue;
        }
        *slot_of(&left, page->number) = *page;
        left.count++;
    }
    free(undo->pages);
    *undo = left;
}

/* -- a crash ---------------------------------------------------------------------------------- */

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* How many bytes of a page lie before `size`. */
static int64_t part_before(int64_t offset, int64_t size)
{
    return size <= offset ? 0 : least(PAGE, size - offset);
}

/* Add what differs between what the page holds and what it is going to hold. */
static void count_loss(struct undo_loss *loss, int64_t offset, const char *now, int64_t now_len,
                       const char *then, int64_t then_len)
{
    int64_t longer = now_len > then_len ? now_len : then_len, first = -1, last = -1;

    for (int64_t i = 0; i < longer; i++) {
        if (i < now_len && i < then_len && now[i] == then[i])
            continue;
        first = first < 0 ? i : first;
        last = i;
        loss->bytes_lost++;
    }
    if (first >= 0 && loss->lost)
        loss->lost(loss->context, offset + first, last - first + 1);
}

static int write_whole(int fd, const char *bytes, int64_t len, int64_t offset)
{
    while (len > 0) {
        ssize_t put = pwrite(fd, bytes, (size_t)len, offset);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return -1;
        bytes += put, len -= put, offset += put;
    }
    return 0;
}

static int take_back_page(const struct undo_page *page, int fd, int64_t size, int64_t end,
                          struct undo_loss *loss)
{
    static const char zeros[PAGE];
    const char *then = page->old ? page->old : zeros;
    int64_t offset = (int64_t)(page->number - 1) * PAGE;
    char now[PAGE];

    if (read_page(fd, now, offset) < 0)
        return -1;
    count_loss(loss, offset, now, part_before(offset, size), then, part_before(offset, end));
    return write_whole(fd, then, part_before(offset, end), offset);
}

int undo_take_back(struct undo *undo, int fd, int64_t keep_ppm, struct rng *rng,
                   struct undo_loss *loss)
{
    struct stat status;
    int result = 0;

    if (!undo->dirty)
        return 0;
    if (fstat(fd, &status))
        return -1;
    sort_pages(undo);
    int64_t end = undo->durable_size;
    for (size_t i = 0; i < undo->count && keep_ppm > 0; i++) {
        struct undo_page *page = &undo->pages[i];
        int64_t offset = (int64_t)(page->number - 1) * PAGE;
        if ((int64_t)rng_below(rng, PPM) >= keep_ppm || offset >= status.st_size)
            continue;
        loss->pages_torn++;
        if (least(offset + PAGE, status.st_size) > end)
            end = least(offset + PAGE, status.st_size);
        free(page->old);
        page->old = NULL;
        page->number = 0; /* kept */
    }
    for (size_t i = 0; i < undo->count && result == 0; i++) {
        if (undo->pages[i].number)
            result = take_back_page(&undo->pages[i], fd, status.st_size, end, loss);
    }
    if (result == 0 && ftruncate(fd, end))
        result = -1;
    undo_forget(undo);
    return result;
}
