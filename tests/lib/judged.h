/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* judged.h - a checker's finding on a story (lib/hist.h). */
#ifndef ORDEAL_TESTS_LIB_JUDGED_H
#define ORDEAL_TESTS_LIB_JUDGED_H

#include "hist.h"

struct judged {
    struct hist *hist;
    struct budget budget; /* of the check */
    struct finding finding;
};

/* The caller frees. The test fails if the checker makes no judgement. */
struct judged *judged_new(const char *checker, const char *story);
struct judged *judged_with(const char *checker, const char *story,
                           const struct check_options *options, size_t limit_bytes);
void judged_free(struct judged *judged);

/* Demand a verdict; an invalid one with verified witnesses and an explanation, and all memory given
 * back. */
void expect_verdict(const char *checker, const char *story, enum verdict verdict);

/* The same of a history made otherwise. */
void expect_history(const char *checker, const struct history *history, enum verdict verdict);

/* Demand a violation whose first witness has so many operations, and is of that type. */
void expect_witness(const char *checker, const char *story, const char *type, size_t op_count);

#endif
