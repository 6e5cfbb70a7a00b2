/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "prose.h"

#include "../base/wrap.h"
#include "timeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As the C library chooses: the first that is set decides. */
static bool locale_is_plain(void)
{
    static const char *const variables[] = {"LC_ALL", "LC_CTYPE", "LANG"};

    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        const char *value = getenv(variables[i]);
        if (value && *value)
            return !strcasestr(value, "utf-8") && !strcasestr(value, "utf8");
    }
    return false; /* nothing is said: what shows it today can show UTF-8 */
}

void prose_verdict(const struct results *results, struct buf *out)
{
    const struct anomaly *witness = results_witness(results);

    wrap_text(results->reason, out);
    for (size_t i = 0; i < results->count; i++) {
        const struct judgement *judgement = &results->judgements[i];
        char line[320];
        (void)snprintf(line, sizeof line, "%s: %s", judgement->checker->name,
                       judgement->finding.reason);
        if (judgement->aside && judgement->finding.reason[0])
            wrap_text(line, out);
    }
    if (!witness)
        return;
    buf_puts(out, "\n");
    wrap_text(witness->explanation, out);
    buf_puts(out, "\n");
    timeline_text(results->history, witness->ops, witness->op_count, WRAP_COLUMNS,
                  locale_is_plain(), out);
}
