/* SPDX-License-Identifier: GPL-2.0-or-later */
/* prose.h - a verdict for the terminal: the sentence, and the witness told and drawn. */
#ifndef ORDEAL_REPORT_PROSE_H
#define ORDEAL_REPORT_PROSE_H

#include "results.h"

/* Append the verdict of `results`: its reason, and the witness if there is one. Drawn with plain
 * characters where the locale is not UTF-8. */
void prose_verdict(const struct results *results, struct buf *out);

#endif
