/* SPDX-License-Identifier: GPL-2.0-or-later */
/* interrupt.h - Ctrl-C: the first asks for an early, orderly end, the second ends at once. */
#ifndef ORDEAL_RUNNER_INTERRUPT_H
#define ORDEAL_RUNNER_INTERRUPT_H

#include <stdbool.h>

/* Block SIGINT and SIGTERM in this thread and those that it makes, and let a thread of its own wait
 * for them. Call before other threads exist; once per process. */
void interrupt_watch(void);

/* Whether the first has come. */
bool interrupt_requested(void);

#endif
