/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pattern.h - whether a line of a log is one that a target's pattern is about. */
#ifndef ORDEAL_TESTS_TARGETS_PATTERN_H
#define ORDEAL_TESTS_TARGETS_PATTERN_H

#include "../../harness/checker.h"
#include "../lib/check.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <string.h>

static inline bool pattern_matches(const struct log_pattern *pattern, const char *name,
                                   const char *line)
{
    int code;
    PCRE2_SIZE at;

    while (strcmp(pattern->name, name) != 0)
        pattern++;
    pcre2_code *regex =
        pcre2_compile((PCRE2_SPTR)pattern->regex, PCRE2_ZERO_TERMINATED, 0, &code, &at, NULL);
    assert_non_null(regex);
    pcre2_match_data *match = pcre2_match_data_create(1, NULL);
    int found = pcre2_match(regex, (PCRE2_SPTR)line, strlen(line), 0, 0, match, NULL);
    pcre2_match_data_free(match);
    pcre2_code_free(regex);
    return found >= 0;
}

#endif
