/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <string.h>

const char *test_setting(const struct test *test, const struct setting_spec *specs, const char *key)
{
    for (int i = test->setting_count - 1; i >= 0; i--) {
        if (strcmp(test->settings[i].key, key) == 0)
            return test->settings[i].value;
    }
    for (size_t i = 0; specs && specs[i].key; i++) {
        if (strcmp(specs[i].key, key) == 0)
            return specs[i].initial;
    }
    return NULL;
}
