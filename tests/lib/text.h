/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* text.h - histories read from text in memory, in any format. */
#ifndef ORDEAL_TESTS_LIB_TEXT_H
#define ORDEAL_TESTS_LIB_TEXT_H

#include "../../harness/history/read.h"

/* A history with memory of its own. */
struct text_history {
    struct budget budget;
    struct history history;
    struct err err; /* if reading failed */
    int result;
};

/* Read `text` with the options (NULL: none); the caller frees. */
struct text_history *text_read(struct str text, const struct read_options *options);
void text_free(struct text_history *read);

/* One operation as "p0 write x 1 -> 2 [3,4] ok": process, function, key, values, interval, outcome.
 * What is nil is left out; the text lives until the next call. */
const char *text_op(const struct history *history, size_t i);

/* Fail the test unless reading `text` fails with a message that holds `part`. */
void text_refused(const char *text, const char *part);

#endif
