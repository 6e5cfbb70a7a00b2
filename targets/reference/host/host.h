/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host.h - the reference protocols as targets: a struct target for each protocol of
 * `ordeal-node --describe`.
 *
 * The program is asked once, when a name is not found otherwise or for a listing, so that runs of
 * other targets do not pay for it. Not thread-safe: for the time before threads exist.
 */
#ifndef ORDEAL_REFERENCE_HOST_H
#define ORDEAL_REFERENCE_HOST_H

#include "../../../harness/target.h"

#include <jansson.h>

/* All of them, NULL-terminated; lives until the program ends. -1 if ordeal-node is missing or its
 * answer makes no sense. */
int reference_targets(const struct target *const **all, struct err *err) MUST_CHECK;

/* What ordeal-node says of one of them: its bugs, showings, conditions. Borrowed for good. */
const json_t *reference_description(const struct target *target);

#endif
