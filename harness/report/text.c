/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "text.h"

#include "../base/clock.h"

void text_count(struct buf *out, uint64_t count)
{
    char digits[32];
    size_t at = sizeof digits;
    int place = 0;

    do {
        if (place && place % 3 == 0)
            digits[--at] = ',';
        digits[--at] = (char)('0' + count % 10);
        count /= 10;
        place++;
    } while (count);
    buf_add(out, digits + at, sizeof digits - at);
}

size_t text_character(struct str text, size_t i)
{
    unsigned char first = (unsigned char)text.ptr[i];
    size_t len = first < 0x80   ? 1
                 : first < 0xc2 ? 0
                 : first < 0xe0 ? 2
                 : first < 0xf0 ? 3
                 : first < 0xf5 ? 4
                                : 0;
    uint32_t code = first & (0xffu >> (len + 1));

    if (len <= 1 || i + len > text.len)
        return len <= 1 ? len : 0;
    for (size_t k = 1; k < len; k++) {
        unsigned char c = (unsigned char)text.ptr[i + k];
        if ((c & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (c & 0x3f);
    }
    bool overlong = (len == 3 && code < 0x800) || (len == 4 && code < 0x10000);
    return overlong || (code >= 0xd800 && code < 0xe000) || code > 0x10ffff ? 0 : len;
}

bool text_is_control(struct str text, size_t i)
{
    unsigned char first = (unsigned char)text.ptr[i];

    if (first == 0xc2 && i + 1 < text.len)
        return (unsigned char)text.ptr[i + 1] < 0xa0;
    return first < 0x20 || first == 0x7f;
}

int text_columns(struct str text)
{
    int columns = 0;

    for (size_t i = 0; i < text.len; columns++) {
        size_t len = text_character(text, i);
        i += len ? len : 1;
    }
    return columns;
}

void text_fit(struct buf *out, struct str text, int columns)
{
    bool cut = text_columns(text) > columns;
    int room = cut ? columns - 1 : columns;

    if (columns <= 0)
        return;
    for (size_t i = 0; i < text.len && room > 0; room--) {
        size_t len = text_character(text, i);
        if (len == 0)
            buf_puts(out, "\xef\xbf\xbd");
        else if (text_is_control(text, i))
            buf_puts(out, " ");
        else
            buf_add(out, text.ptr + i, len);
        i += len ? len : 1;
    }
    if (cut)
        buf_puts(out, "…");
}

void text_duration(struct buf *out, int64_t ns)
{
    static const struct {
        int64_t ns;
        const char *name;
    } units[] = {{NS_PER_SEC, "s"}, {NS_PER_MS, "ms"}, {1000, "µs"}, {1, "ns"}};
    size_t at = 0;

    if (ns < 0) {
        buf_puts(out, "-");
        ns = -ns;
    }
    if (ns >= 120 * NS_PER_SEC) {
        buf_printf(out, "%lld min %lld s", (long long)(ns / (60 * NS_PER_SEC)),
                   (long long)(ns / NS_PER_SEC % 60));
        return;
    }
    while (units[at].ns > 1 && ns < units[at].ns - units[at].ns / 2000)
        at++;
    double value = (double)ns / (double)units[at].ns;
    int decimals = units[at].ns == 1 ? 0 : value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
    buf_printf(out, "%.*f %s", decimals, value, units[at].name);
}
