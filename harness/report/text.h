/* SPDX-License-Identifier: GPL-2.0-or-later */
/* text.h - numbers, times and widths as people read them. */
#ifndef ORDEAL_REPORT_TEXT_H
#define ORDEAL_REPORT_TEXT_H

#include "../base/buf.h"

/* "1,234,567" */
void text_count(struct buf *out, uint64_t count);

/* Length of the UTF-8 character at text.ptr[i]; 0 if there is none. */
size_t text_character(struct str text, size_t i);

/* Whether the character there is one that terminals act on: C0, delete, C1. */
bool text_is_control(struct str text, size_t i);

/* Columns that UTF-8 text takes on a terminal, counting one per character. */
int text_columns(struct str text);

/* The text, cut to `columns` with "…" at the end if it is longer. Control characters, line ends
 * among them, become spaces, and what is not UTF-8 U+FFFD. */
void text_fit(struct buf *out, struct str text, int columns);

/* A duration with three digits and its unit: "0.45 ms", "12.3 s", "3 min 20 s". */
void text_duration(struct buf *out, int64_t ns);

#endif
