/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* fuzz.h - what every format is put through: any bytes are read or refused, within a budget; and
 * what was read can be written as JSONL and read back as the same operations.
 */
#ifndef ORDEAL_TESTS_FUZZ_FUZZ_H
#define ORDEAL_TESTS_FUZZ_FUZZ_H

#include "../../harness/history/read.h"

/* libFuzzer's entry point; one in each program. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Abort, saying what, unless it holds. */
void fuzz_demand(bool holds, const char *what);

/* A file in memory with these bytes, to be closed; `path` (or NULL) is its name. */
enum { FUZZ_PATH_BYTES = 32 };
int fuzz_file(const uint8_t *data, size_t size, char path[FUZZ_PATH_BYTES]);

/* Read the bytes as `format` (NULL: by their beginning); abort on what must not be. */
void fuzz_read(const char *format, const uint8_t *data, size_t size);

#endif
