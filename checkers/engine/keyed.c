/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Sorting by time: byte by byte, as times of one run share most of their bytes. */
#include "elements.h"

#include <string.h>

enum { BYTE_VALUES = 256, KEY_BYTES = 8 };

/* Signed keys in the order of unsigned ones. */
static unsigned byte_of(int64_t key, unsigned byte)
{
    return (unsigned)(((uint64_t)key ^ UINT64_C(1) << 63) >> (8 * byte)) & 0xff;
}

bool keyed_sort(struct keyed *keyed, size_t count, struct budget *budget)
{
    struct keyed *from = keyed, *to = budget_alloc(budget, (count + 1) * sizeof *to), *other = to;

    if (!to)
        return false;
    for (unsigned byte = 0; byte < KEY_BYTES; byte++) {
        size_t starts[BYTE_VALUES + 1] = {0};
        for (size_t i = 0; i < count; i++)
            starts[byte_of(from[i].key, byte) + 1]++;
        if (count == 0 || starts[byte_of(from[0].key, byte) + 1] == count)
            continue;
        for (unsigned value = 0; value < BYTE_VALUES; value++)
            starts[value + 1] += starts[value];
        for (size_t i = 0; i < count; i++)
            to[starts[byte_of(from[i].key, byte)]++] = from[i];
        struct keyed *swap = from;
        from = to;
        to = swap;
    }
    if (from != keyed)
        memcpy(keyed, from, count * sizeof *keyed);
    budget_free(budget, other);
    return true;
}
