/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* read.h - reading histories: ours and other tools', from files, pipes and memory.
 *
 * The formats are the files of formats/; docs/formats.md describes them. Whatever cannot be
 * understood without guessing is refused with its line.
 */
#ifndef ORDEAL_HISTORY_READ_H
#define ORDEAL_HISTORY_READ_H

#include "history.h"
#include "input.h"

struct read_options {
    const char *format;       /* a format's name; NULL or "auto": by the first bytes */
    int threads;              /* 0: as many as there are cores */
    bool ignore_transactions; /* take the operations of a transaction one by one */
};

/* Read a history. `history` is fresh from history_init; on success it is finished, on failure it is
 * only to be released. err->code is ENOMEM if its budget is used up, ENOTSUP if the history is
 * readable but says something that cannot be judged (transactions): both are reasons for "unknown".
 * path "-" is standard input. options may be NULL. */
int history_read(struct history *history, const char *path, const struct read_options *options,
                 struct err *err) MUST_CHECK;

/* The same from an input, which stays the caller's. */
int history_read_input(struct history *history, struct input *input,
                       const struct read_options *options, struct err *err) MUST_CHECK;

/* The line of the event with that index, as it stands in the file, appended to `line` without its
 * end: for members that the history does not keep ("error", and whatever a tool adds). Reads the
 * file again. -1 if the history came from elsewhere than a file or its format has no such lines. */
int history_fetch(const struct history *history, uint32_t index, struct buf *line,
                  struct err *err) MUST_CHECK;

#endif
