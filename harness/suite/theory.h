/* SPDX-License-Identifier: GPL-2.0-or-later */
/* theory.h - what theory says of a system in certain conditions, beside the verdict: which levels
 * hold and which do not, and who is answered during a cut.
 *
 *     {"holds":["causal"], "fails":["ccv"], "choice":"reads: every side; updates: every side"}
 *
 * Each member may be left out. "choice" is what the checker `cap` calls so, or a part of it.
 */
#ifndef ORDEAL_SUITE_THEORY_H
#define ORDEAL_SUITE_THEORY_H

#include "../base/err.h"

#include <jansson.h>
#include <stddef.h>

/* How a run stands to it. */
enum agreement {
    AGREES,
    TOO_GENTLE, /* nothing speaks against it, but not all of it was seen: another run may show it */
    DISAGREES,  /* a level that is to hold fails */
};

/* Whether it is well formed; the error names the member. */
int theory_check(const json_t *theory, struct err *err) MUST_CHECK;

/* Compare with a run's results.json; `reason` gets what was not as theory has it, if anything. */
enum agreement theory_compare(const json_t *theory, const json_t *results, char *reason,
                              size_t size);

/* What a run's results say of levels, staleness, convergence and cuts, in one line. */
void theory_tell(const json_t *results, char *line, size_t size);

/* The witness against the first of the weakest levels that fail, in words; "" if there is none. */
const char *theory_witness(const json_t *results);

#endif
