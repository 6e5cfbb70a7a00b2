/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* histogram.h - quantiles of many numbers in little memory, to within 1.6%.
 *
 * Buckets grow with the numbers: 64 to each doubling, exact below 64. 15 KiB however many are
 * added.
 */
#ifndef ORDEAL_BASE_HISTOGRAM_H
#define ORDEAL_BASE_HISTOGRAM_H

#include <stdint.h>

enum { HISTOGRAM_BUCKETS = 64 * 59 };

/* Zeroed: empty. */
struct histogram {
    uint64_t count;
    int64_t min, max; /* exact; 0 while empty */
    uint32_t buckets[HISTOGRAM_BUCKETS];
};

/* Negative numbers count as 0. */
void histogram_add(struct histogram *histogram, int64_t value);

/* The value below or at which `part` (0 to 1) of the numbers lie; 0 if there are none. */
int64_t histogram_quantile(const struct histogram *histogram, double part);

#endif
