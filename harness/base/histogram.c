/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "histogram.h"

/* 64 and above: the leading bit and the six behind it say which bucket. */
static int bucket_of(uint64_t value)
{
    if (value < 64)
        return (int)value;
    int shift = 57 - __builtin_clzll(value);
    return 64 * (shift + 1) + (int)((value >> shift) - 64);
}

/* The middle of a bucket. */
static int64_t value_of(int bucket)
{
    if (bucket < 64)
        return bucket;
    int shift = bucket / 64 - 1;
    uint64_t low = (uint64_t)(bucket % 64 + 64) << shift;
    return (int64_t)(low + ((UINT64_C(1) << shift) >> 1));
}

void histogram_add(struct histogram *histogram, int64_t value)
{
    if (value < 0)
        value = 0;
    if (histogram->count == 0 || value < histogram->min)
        histogram->min = value;
    if (value > histogram->max)
        histogram->max = value;
    histogram->count++;
    histogram->buckets[bucket_of((uint64_t)value)]++;
}

int64_t histogram_quantile(const struct histogram *histogram, double part)
{
    double wanted = part * (double)histogram->count;
    uint64_t seen = 0;

    if (part <= 0)
        return histogram->min;
    if (part >= 1)
        return histogram->max;
    for (int i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += histogram->buckets[i];
        if (seen == 0 || (double)seen < wanted)
            continue;
        int64_t value = value_of(i);
        return value < histogram->min   ? histogram->min
               : value > histogram->max ? histogram->max
                                        : value;
    }
    return 0;
}
