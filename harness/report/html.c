/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "html.h"

#include "text.h"

void html_text(struct buf *html, struct str text)
{
    for (size_t i = 0; i < text.len;) {
        size_t len = text_character(text, i);
        switch (text.ptr[i]) {
        case '&':
            buf_puts(html, "&amp;");
            break;
        case '<':
            buf_puts(html, "&lt;");
            break;
        case '>':
            buf_puts(html, "&gt;");
            break;
        case '"':
            buf_puts(html, "&quot;");
            break;
        case '\'':
            buf_puts(html, "&#39;");
            break;
        case '\n':
        case '\t':
            buf_add(html, &text.ptr[i], 1);
            break;
        default:
            if (len == 0 || text_is_control(text, i))
                buf_puts(html, "\xef\xbf\xbd");
            else
                buf_add(html, &text.ptr[i], len);
        }
        i += len ? len : 1;
    }
}

void html_puts(struct buf *html, const char *text)
{
    html_text(html, str_of(text));
}

void html_fit(struct buf *html, struct str text, int columns)
{
    struct buf fitted;

    buf_init(&fitted, 0);
    text_fit(&fitted, text, columns);
    html_text(html, buf_str(&fitted));
    buf_release(&fitted);
}

const char *html_tint(const char *f)
{
    static const struct {
        const char *f, *tint;
    } tints[] = {{"partition", "t0"}, {"delay", "t0"},         {"loss", "t0"},
                 {"flap", "t0"},      {"duplicate", "t0"},     {"reorder", "t0"},
                 {"corrupt", "t0"},   {"rate", "t0"},          {"reset", "t0"},
                 {"kill", "t1"},      {"crash", "t1"},         {"stop", "t1"},
                 {"restart", "t1"},   {"restart-loop", "t1"},  {"pause", "t2"},
                 {"slow", "t2"},      {"memory", "t2"},        {"files", "t2"},
                 {"clock", "t3"},     {"disk", "t4"},          {"power-cut", "t4"},
                 {"slow-disk", "t4"}, {"stalled-disk", "t4"},  {"disk-error", "t4"},
                 {"disk-full", "t4"}, {"read-only", "t4"},     {"bit-flip", "t4"},
                 {"truncate", "t4"},  {"stale-snapshot", "t4"}};

    for (size_t i = 0; i < sizeof tints / sizeof *tints; i++) {
        if (strcmp(tints[i].f, f) == 0)
            return tints[i].tint;
    }
    return "t5";
}
