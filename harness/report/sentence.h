/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sentence.h - what the witness against linearizability of a register comes down to, if it is one
 * of the shapes that people have words for.
 */
#ifndef ORDEAL_REPORT_SENTENCE_H
#define ORDEAL_REPORT_SENTENCE_H

#include "../history/history.h"

/* Append e.g. "a read of key 12 on n3 returned 41 although 57 had been acknowledged 1.20 s before".
 * Whatever is said is checked against the whole history, so that it is true of the run and not only
 * of the witness. False, and nothing appended, if no shape fits. */
bool sentence_of_witness(const struct history *history, const uint32_t *ops, size_t count,
                         struct buf *out);

#endif
