/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "str.h"

enum { NEAR_LEN_MAX = 64 };

bool str_to_int(struct str s, int64_t *out)
{
    size_t i = 0;
    bool negative = s.len > 0 && s.ptr[0] == '-';
    int64_t value = 0;

    if (negative)
        i = 1;
    if (i == s.len)
        return false;
    for (; i < s.len; i++) {
        int digit = s.ptr[i] - '0';
        if (digit < 0 || digit > 9)
            return false;
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, digit, &value))
            return false; /* counted downwards, since INT64_MIN has no positive twin */
    }
    if (!negative && __builtin_sub_overflow(0, value, &value))
        return false;
    *out = value;
    return true;
}

size_t str_utf8_len(struct str s, size_t i)
{
    unsigned char first = (unsigned char)s.ptr[i];
    size_t len = first < 0x80   ? 1
                 : first < 0xc2 ? 0
                 : first < 0xe0 ? 2
                 : first < 0xf0 ? 3
                 : first < 0xf5 ? 4
                                : 0;
    if (len == 0 || i + len > s.len)
        return 0;
    for (size_t k = 1; k < len; k++) {
        if (((unsigned char)s.ptr[i + k] & 0xc0) != 0x80)
            return 0;
    }
    unsigned char second = len > 1 ? (unsigned char)s.ptr[i + 1] : 0;
    bool overlong = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
    bool surrogate = first == 0xed && second >= 0xa0;
    bool beyond = first == 0xf4 && second >= 0x90;
    return overlong || surrogate || beyond ? 0 : len;
}

/* Levenshtein distance, two rows. */
static size_t distance(const char *a, const char *b)
{
    size_t row[NEAR_LEN_MAX + 1];
    size_t a_len = strlen(a), b_len = strlen(b);

    if (a_len > NEAR_LEN_MAX || b_len > NEAR_LEN_MAX)
        return SIZE_MAX;
    for (size_t j = 0; j <= b_len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t change = diagonal + (a[i - 1] != b[j - 1]);
            size_t other = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            diagonal = row[j];
            row[j] = change < other ? change : other;
        }
    }
    return row[b_len];
}

const char *str_nearest(const char *wrong, const char *const *names)
{
    const char *best = NULL;
    size_t best_distance = strlen(wrong) / 2 + 2;

    for (size_t i = 0; names[i]; i++) {
        size_t d = distance(wrong, names[i]);
        if (d < best_distance) {
            best = names[i];
            best_distance = d;
        }
    }
    return best;
}
