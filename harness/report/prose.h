/* SPDX-License-Identifier: GPL-2.0-or-later */
/* prose.h - a verdict for the terminal: the sentence, and the witness told and drawn. */
#ifndef ORDEAL_REPORT_PROSE_H
#define ORDEAL_REPORT_PROSE_H

#include "results.h"

enum { PROSE_COLUMNS = 80 };

/* Append `text` with its spaces turned into line ends where a line would be longer than
 * PROSE_COLUMNS, and a line end. */
void prose_wrap(const char *text, struct buf *out);

/* Append the verdict of `results`: its reason, and the witness if there is one. Drawn with plain
 * characters where the locale is not UTF-8. */
void prose_verdict(const struct results *results, struct buf *out);

#endif
