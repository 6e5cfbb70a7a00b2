/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report.h - report.html: a run's verdict, its evidence and its circumstances on one page.
 *
 * The page is one file without scripts or references to anything else: it opens from a CI artifact,
 * from file://, and prints. It is smaller than 2 MB however long the run was.
 */
#ifndef ORDEAL_REPORT_REPORT_H
#define ORDEAL_REPORT_REPORT_H

#include "results.h"

/* Write run_dir/report.html from what is in the folder: test.json (may be missing: no settings),
 * history.jsonl, results.json (may be missing: not judged), nodes/. */
int report_write(const char *run_dir, struct err *err) MUST_CHECK;

/* The same for results that are at hand, so that the history is not read again. */
int report_write_judged(const char *run_dir, const struct results *results,
                        struct err *err) MUST_CHECK;

/* A page at `path` about a history alone, without a run's folder: `ordeal check --report`. */
int report_write_history(const struct results *results, const char *path,
                         struct err *err) MUST_CHECK;

#endif
