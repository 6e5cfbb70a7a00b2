/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* witness.h - from "this prefix has no order" to the few operations that show it.
 *
 * Leaving an operation out must not invent a violation (mechanics: removing a write makes its
 * readers look like readers of thin air). So only this is done, and each step only if what is left
 * still has no order: calls that change nothing are left out; updates are left out together with
 * everything that sees them (`model_omit`); others are relaxed: they may not have happened, or a
 * cas may have found any value; and the beginning is cut off if what follows has no order from any
 * state. Minimal: no further such step is possible.
 */
#ifndef ORDEAL_ENGINE_WITNESS_H
#define ORDEAL_ENGINE_WITNESS_H

#include "object.h"
#include "verify.h"

/* What was invoked by `end_ns`, a return that no order allows; what had not returned then may not
 * have happened. False when the budget is used up; release the excerpt in any case. */
bool witness_prefix(const struct object_source *source, int64_t end_ns, struct budget *budget,
                    struct excerpt *excerpt);

/* Make `excerpt`, which has no order, minimal. `steps`: how many configurations it took to find
 * that out. It stays as small as it got if the budget is used up. */
void witness_shrink(struct excerpt *excerpt, uint64_t steps, struct budget *budget);

#endif
