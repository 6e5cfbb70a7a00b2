/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* wrap.h - text in lines that fit a terminal. */
#ifndef ORDEAL_BASE_WRAP_H
#define ORDEAL_BASE_WRAP_H

#include "buf.h"

enum { WRAP_COLUMNS = 80 };

/* Append `text` with its spaces turned into line ends where a line would be longer than
 * WRAP_COLUMNS, and a line end. */
void wrap_text(const char *text, struct buf *out);

/* The same of a row: `left`, and the text from `column` on, or behind a `left` that reaches there.
 * The lines that follow begin at `column`. */
void wrap_row(const char *left, int column, const char *text, struct buf *out);

#endif
