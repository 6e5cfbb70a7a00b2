/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Any bytes as edn. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_read("edn", data, size);
    return 0;
}
