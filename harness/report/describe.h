/* SPDX-License-Identifier: GPL-2.0-or-later */
/* describe.h - operations and faults in words. */
#ifndef ORDEAL_REPORT_DESCRIBE_H
#define ORDEAL_REPORT_DESCRIBE_H

#include "../history/history.h"

/* A value as people write it: JSON, cut to `columns` characters. */
void describe_value(const struct history *history, value_id value, int columns, struct buf *out);

/* The operation as a label: "write 3", "read → 3", "cas 1→2", "read" (of unknown outcome). Values
 * are cut so that the label stays readable. */
void describe_label(const struct history *history, const struct op *op, struct buf *out);

/* The operation as a sentence without full stop, times from the run's start: "at 12.304 s process 7
 * (n3) read key 12 and got 41; it took 3.2 ms". */
void describe_op(const struct history *history, const struct op *op, struct buf *out);

/* Who a fault hit, from an event's value: {"n1":["n2","n3"],...} becomes "n1 | n2 n3" where the cut
 * is total between two groups, "n1 deaf to n2 n3" and so on otherwise; ["n1","n3"] becomes "n1 n3".
 * {"n1":"wall +2.000 s"} becomes "n1 wall +2.000 s". Anything else is given as it stands. At most
 * `columns` characters. */
void describe_victims(const char *value, int columns, struct buf *out);

/* A time since the run's start with three decimals: "12.304 s"; in the unit that suits the whole
 * history. */
void describe_time(const struct history *history, int64_t time_ns, struct buf *out);

/* The operation of a witness that gives it away: the last to complete of those that saw something,
 * else the last to complete. A place in `ops`, which has at least one. */
size_t describe_decisive(const struct history *history, const uint32_t *ops, size_t count);

#endif
