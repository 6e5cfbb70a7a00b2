/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* events.h - what the harness did, added to a history of hist.h: phases, health, faults.
 *
 * Add them in order of time, then call hist_finish or history_finish again (or nothing, if the
 * last event lies before the end of the operations).
 */
#ifndef ORDEAL_TESTS_LIB_EVENTS_H
#define ORDEAL_TESTS_LIB_EVENTS_H

#include "../../harness/history/history.h"

/* An event without duration. extra: members of a JSON object with braces, or "". */
void events_note(struct history *history, int64_t time_ns, const char *f, const char *value);

/* A fault that was declared at from_ns, in force 1 ms later, withdrawn at to_ns, healed 1 ms later,
 * and affected so much. */
void events_fault(struct history *history, int32_t fault, const char *f, const char *value,
                  int64_t from_ns, int64_t to_ns, uint64_t affected);

/* The same of which the run saw only the begin. */
void events_open_fault(struct history *history, int32_t fault, const char *f, const char *value,
                       int64_t from_ns);

/* A fault that made no sense when its time came. */
void events_skipped_fault(struct history *history, int32_t fault, const char *f, int64_t time_ns,
                          const char *why);

#endif
