/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* formats.h - how histories may be written down: one file each, found by the build.
 *
 * harness/history/formats/NAME.c defines `const struct format format_NAME`; files without such a
 * line help those that have one.
 */
#ifndef ORDEAL_HISTORY_FORMATS_FORMATS_H
#define ORDEAL_HISTORY_FORMATS_FORMATS_H

#include "../read.h"

struct format {
    const char *name;  /* "jepsen-log" */
    const char *about; /* one line, for `list` */

    /* Whether a history that begins with these bytes (up to 64 KiB) is of this format. At most one
     * format says so. MUST be set. */
    bool (*detect)(struct str first);

    /* Add everything in `input` to `history`; history_finish is the caller's. The options are never
     * NULL, their threads at least 1. MUST be set. */
    int (*read)(struct input *input, const struct read_options *options, struct history *history,
                struct err *err);
};

/* Generated from the files in harness/history/formats/: sorted by name, NULL-terminated. */
extern const struct format *const formats[];

/* For messages: put "'<name>', line <line>: " before what `err` says; returns -1. */
int format_line_error(const struct input *input, uint64_t line, struct err *err);

/* Skip the byte order mark that some editors put first; what is left. */
struct str format_skip_mark(struct str text);

/* Skip that mark, blanks and line ends; what is left. */
struct str format_skip_blank(struct str text);

/* Whether the text is UTF-8. What is not is refused: two texts that differ would be written alike.
 */
bool format_is_utf8(struct str text);

#endif
