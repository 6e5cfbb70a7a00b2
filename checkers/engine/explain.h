/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* explain.h - a witness in sentences: who did what when, and why no order explains it. */
#ifndef ORDEAL_ENGINE_EXPLAIN_H
#define ORDEAL_ENGINE_EXPLAIN_H

#include "verify.h"

/* Append the sentences. `budget` is for looking up what was possible. */
void explain_excerpt(const struct excerpt *excerpt, struct budget *budget, struct buf *text);

/* "What process 3 read has 7 and has not 8. ": which of the elements that alone are looked at was
 * read by whom; nothing if all are. */
void explain_elements(const struct excerpt *excerpt, struct buf *text);

/* "1.25 s": a time since the run's start, as short as it can be said exactly, or to the nanosecond.
 */
void explain_time(const struct history *history, int64_t time_ns, struct buf *text);

/* "process 3 (n1) read 5 from \"x\" between 1.2 s and 1.21 s" */
void explain_op(const struct history *history, const struct op *op, struct buf *text);

#endif
