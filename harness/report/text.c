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

static bool starts_character(char c)
{
    return ((unsigned char)c & 0xc0) != 0x80;
}

int text_columns(struct str text)
{
    int columns = 0;
    for (size_t i = 0; i < text.len; i++)
        columns += starts_character(text.ptr[i]);
    return columns;
}

void text_fit(struct buf *out, struct str text, int columns)
{
    bool cut = text_columns(text) > columns;
    int room = cut ? columns - 1 : columns;

    if (columns <= 0)
        return;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (starts_character(text.ptr[i]) && room-- <= 0)
            break;
        buf_add(out, c < 0x20 || c == 0x7f ? " " : &text.ptr[i], 1);
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
    while (units[at].ns > 1 && ns < units[at].ns)
        at++;
    double value = (double)ns / (double)units[at].ns;
    int decimals = units[at].ns == 1 ? 0 : value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
    buf_printf(out, "%.*f %s", decimals, value, units[at].name);
}
