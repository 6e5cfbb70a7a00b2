/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* fetch.c - a line of the record, read back from its file.
 *
 * The history keeps the place of every OFFSET_EVERY-th line. Our own records number their lines, so
 * that the wanted one is near its guessed place; others are searched from the start.
 */
#include "scan.h"
#include "read.h"

#include <errno.h>
#include <inttypes.h>

/* The event's index: the member, or else which line it is. -1 for a line with nothing on it. */
static int64_t index_of(struct str line, int64_t ordinal, struct scan_scratch *scratch)
{
    struct scan scan = scan_of(line);
    struct str key;
    int64_t number;

    if (!scan_take(&scan, '{'))
        return -1;
    while (scan_key(&scan, scratch, &key)) {
        if (str_eq(key, STR("index")))
            return scan_int(&scan, &number) ? number : -1;
        if (!scan_skip(&scan) || !scan_more(&scan, '}'))
            break;
    }
    return ordinal;
}

/* Look at up to `count` events from `offset` on, the first of which is the `ordinal`-th: 1 if
 * found, 0 if not, -1 on an error. */
static int search(const struct history *history, uint64_t offset, int64_t ordinal, uint64_t count,
                  uint32_t index, struct buf *out, struct err *err)
{
    struct scan_scratch scratch;
    struct input *input;
    struct str line;
    int result = 0;

    if (input_open(&input, history->path, err) < 0)
        return -1;
    scan_scratch_init(&scratch, history->budget);
    if (input_skip(input, offset, err) < 0)
        result = -1;
    while (result == 0 && count > 0 && (result = input_line(input, &line, err)) > 0) {
        int64_t found = index_of(line, ordinal, &scratch);
        result = 0;
        if (found < 0)
            continue;
        ordinal++;
        count--;
        if (found == (int64_t)index) {
            buf_add(out, line.ptr, line.len);
            result = 1;
            break;
        }
    }
    scan_scratch_release(&scratch);
    input_close(input);
    return result;
}

int history_fetch(const struct history *history, uint32_t index, struct buf *line, struct err *err)
{
    size_t place = index / OFFSET_EVERY;
    int found = 0;

    if (!history->path || !history->offsets)
        return err_set(err, ENOENT, "event %" PRIu32 " has no line in a file of our format", index);
    if (place < history->offset_count)
        found = search(history, history->offsets[place], (int64_t)(place * OFFSET_EVERY),
                       OFFSET_EVERY, index, line, err);
    if (found == 0)
        found = search(history, 0, 0, UINT64_MAX, index, line, err);
    if (found < 0)
        return -1;
    if (found == 0)
        return err_set(err, ENOENT, "there is no event %" PRIu32 " in '%s'", index, history->path);
    return line->failed ? err_set(err, ENOMEM, "out of memory for a line of '%s'", history->path)
                        : 0;
}
