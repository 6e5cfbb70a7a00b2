/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "wrap.h"

/* Characters, not bytes: continuation bytes of UTF-8 take no column. */
static int columns_of(const char *word, size_t len)
{
    int columns = 0;

    for (size_t i = 0; i < len; i++)
        columns += ((unsigned char)word[i] & 0xc0) != 0x80;
    return columns;
}

void wrap_row(const char *left, int column, const char *text, struct buf *out)
{
    int at = columns_of(left, strlen(left));
    bool is_first = true;

    buf_puts(out, left);
    if (at > 0 && at >= column) {
        buf_puts(out, " ");
        at++;
    } else {
        buf_printf(out, "%*s", column - at, "");
        at = column;
    }
    for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
        size_t len = strcspn(text, " ");
        int width = columns_of(text, len);
        if (!is_first && at + 1 + width > WRAP_COLUMNS) {
            buf_printf(out, "\n%*s", column, "");
            at = column;
        } else if (!is_first) {
            buf_puts(out, " ");
            at++;
        }
        buf_add(out, text, len);
        at += width;
        text += len;
        is_first = false;
    }
    buf_puts(out, "\n");
}

void wrap_text(const char *text, struct buf *out)
{
    wrap_row("", 0, text, out);
}
