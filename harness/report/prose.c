/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "prose.h"

#include "timeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Characters, not bytes: continuation bytes of UTF-8 take no column. */
static int columns_of(const char *word, size_t len)
{
    int columns = 0;

    for (size_t i = 0; i < len; i++)
        columns += ((unsigned char)word[i] & 0xc0) != 0x80;
    return columns;
}

void prose_wrap(const char *text, struct buf *out)
{
    int column = 0;

    while (*text) {
        size_t len = strcspn(text, " ");
        int width = columns_of(text, len);
        if (column > 0) {
            bool fits = column + 1 + width <= PROSE_COLUMNS;
            buf_puts(out, fits ? " " : "\n");
            column = fits ? column + 1 : 0;
        }
        buf_add(out, text, len);
        column += width;
        text += len + strspn(text + len, " ");
    }
    buf_puts(out, "\n");
}

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

    prose_wrap(results->reason, out);
    for (size_t i = 0; i < results->count; i++) {
        const struct judgement *judgement = &results->judgements[i];
        char line[320];
        (void)snprintf(line, sizeof line, "%s: %s", judgement->checker->name,
                       judgement->finding.reason);
        if (judgement->aside && judgement->finding.reason[0])
            prose_wrap(line, out);
    }
    if (!witness)
        return;
    buf_puts(out, "\n");
    prose_wrap(witness->explanation, out);
    buf_puts(out, "\n");
    timeline_text(results->history, witness->ops, witness->op_count, PROSE_COLUMNS,
                  locale_is_plain(), out);
}
