/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "canonical.h"

#include <stdlib.h>
#include <string.h>

/* -- numbers ---------------------------------------------------------------------------------- */

enum {
    EXPONENT_DIGITS = 9,
    ZEROS_BEHIND_MAX = 21, /* more, or more than in front, are said by an exponent */
    ZEROS_BEFORE_MAX = 6
};

/* 0.<digits> times ten to the power of `point`; no zero at either end of the digits. */
struct decimal {
    bool negative;
    struct buf digits;
    int64_t point;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* False if its exponent is too large. */
static bool read_exponent(struct str text, int64_t *exponent)
{
    size_t at = text.len && (text.ptr[0] == '-' || text.ptr[0] == '+');
    int64_t size = 0;

    while (at < text.len && text.ptr[at] == '0')
        at++;
    if (text.len - at > EXPONENT_DIGITS)
        return false;
    for (; at < text.len; at++)
        size = size * 10 + (text.ptr[at] - '0');
    *exponent = text.len && text.ptr[0] == '-' ? -size : size;
    return true;
}

static bool read_decimal(struct str json, struct decimal *decimal)
{
    size_t at = json.len && json.ptr[0] == '-';
    bool behind = false;
    int64_t exponent = 0;

    decimal->negative = at > 0;
    decimal->point = 0;
    buf_init(&decimal->digits, 0);
    for (; at < json.len && (is_digit(json.ptr[at]) || json.ptr[at] == '.'); at++) {
        if (json.ptr[at] == '.') {
            behind = true;
            continue;
        }
        bool leads = decimal->digits.len == 0 && json.ptr[at] == '0';
        decimal->point += (leads ? 0 : !behind) - (leads && behind);
        if (!leads)
            buf_add(&decimal->digits, &json.ptr[at], 1);
    }
    while (decimal->digits.len && decimal->digits.ptr[decimal->digits.len - 1] == '0')
        decimal->digits.len--;
    if (at < json.len &&
        !read_exponent((struct str){json.ptr + at + 1, json.len - at - 1}, &exponent))
        return false;
    decimal->point += exponent;
    return true;
}

static void add_zeros(struct buf *out, int64_t count)
{
    for (; count > 0; count--)
        buf_add(out, "0", 1);
}

static void print_decimal(const struct decimal *decimal, struct buf *out)
{
    struct str digits = buf_str(&decimal->digits);
    int64_t count = (int64_t)digits.len, point = decimal->point;

    if (decimal->negative)
        buf_add(out, "-", 1);
    if (point >= count && point - count <= ZEROS_BEHIND_MAX) {
        buf_add(out, digits.ptr, digits.len);
        add_zeros(out, point - count);
    } else if (point > 0 && point < count) {
        buf_add(out, digits.ptr, (size_t)point);
        buf_add(out, ".", 1);
        buf_add(out, digits.ptr + point, digits.len - (size_t)point);
    } else if (point <= 0 && point > -ZEROS_BEFORE_MAX) {
        buf_puts(out, "0.");
        add_zeros(out, -point);
        buf_add(out, digits.ptr, digits.len);
    } else {
        buf_add(out, digits.ptr, 1);
        buf_add(out, ".", count > 1);
        buf_add(out, digits.ptr + 1, digits.len - 1);
        buf_puts(out, point > 0 ? "e+" : "e");
        buf_int(out, point - 1);
    }
}

void canonical_number(struct str json, struct buf *out)
{
    struct decimal decimal;

    bool read = read_decimal(json, &decimal);
    if (decimal.digits.len == 0)
        buf_add(out, "0", 1);
    else if (read)
        print_decimal(&decimal, out);
    else
        buf_add(out, json.ptr, json.len);
    out->failed |= decimal.digits.failed;
    buf_release(&decimal.digits);
}

/* -- objects ---------------------------------------------------------------------------------- */

/* None begins another, since their closing quotes are theirs. */
static int compare_names(const char *text, const struct object_member *a,
                         const struct object_member *b)
{
    return memcmp(text + a->at, text + b->at,
                  a->name_len < b->name_len ? a->name_len : b->name_len);
}

static int by_name(const void *left, const void *right, void *text)
{
    const struct object_member *a = left, *b = right;
    int order = compare_names(text, a, b);

    return order ? order : (a->at > b->at) - (a->at < b->at);
}

void canonical_members(struct buf *text, struct object_member *members, size_t count)
{
    size_t i = 1, first = count ? members[0].at : 0;
    struct buf ordered;

    if (text->failed)
        return;
    while (i < count && compare_names(text->ptr, &members[i - 1], &members[i]) <= 0)
        i++;
    if (i >= count)
        return;
    qsort_r(members, count, sizeof *members, by_name, text->ptr);
    buf_init(&ordered, 0);
    for (i = 0; i < count; i++) {
        buf_add(&ordered, ",", i > 0);
        buf_add(&ordered, text->ptr + members[i].at, members[i].len);
    }
    text->failed |= ordered.failed;
    if (!ordered.failed)
        memcpy(text->ptr + first, ordered.ptr, ordered.len);
    buf_release(&ordered);
}
