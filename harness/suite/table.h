/* SPDX-License-Identifier: GPL-2.0-or-later */
/* table.h - what trials have come to: a table for people, JSON and JUnit for machines. */
#ifndef ORDEAL_SUITE_TABLE_H
#define ORDEAL_SUITE_TABLE_H

#include "../base/buf.h"
#include "trial.h"

/* Lines of at most 80 columns and a summary in words. */
void table_print(const struct trials *trials, struct buf *out);

/* {"trials":[{"target","name","state","seed","runs","load_s",...}],"summary":{...}} */
void table_print_json(const struct trials *trials, struct buf *out);

/* JUnit's XML: a test case each; missed and blamed are failures, failed is an error. */
void table_print_junit(const struct trials *trials, struct buf *out);

/* The median over violations found of the load until then, in seconds; 0 if there was none. */
double trials_median_load(const struct trials *trials);

#endif
