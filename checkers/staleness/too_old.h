/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* too_old.h - reads that are provably older than a limit, one key at a time.
 *
 * A read of v is too old if the write of v had ended before another write of the key began, and
 * that ended longer before the read began than the limit: in every order v had been replaced for
 * longer than that. Nothing rests on how delta is measured. That delta is above the limit does not
 * imply that two writes alone show it.
 */
#ifndef ORDEAL_CHECKERS_STALENESS_TOO_OLD_H
#define ORDEAL_CHECKERS_STALENESS_TOO_OLD_H

#include "../../harness/history/history.h"

struct too_old {
    uint32_t count; /* reads that are too old; 0: the rest is not set */
    uint32_t writer, newer,
        reader; /* places, of the oldest; writer PLACE_NONE: the initial value */
};

/* `places` are the key's operations; every value was written once. -1 when memory is out. */
int too_old_find(const struct history *history, const uint32_t *places, uint32_t count,
                 value_id initial, int64_t limit_ns, struct too_old *found,
                 struct err *err) MUST_CHECK;

/* The definition itself, for what was found. `writer` NULL: the initial value. */
bool is_too_old(const struct op *writer, const struct op *newer, const struct op *reader,
                value_id initial, int64_t limit_ns);

#endif
