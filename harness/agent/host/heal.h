/* SPDX-License-Identifier: GPL-2.0-or-later */
/* heal.h - undo what an agent that died has left on this host. */
#ifndef ORDEAL_AGENT_HOST_HEAL_H
#define ORDEAL_AGENT_HOST_HEAL_H

#include "journal.h"

#include <stdio.h>

/* Undo all that the journal has open, the newest first, marking each as undone; a line into `out`
 * (or NULL) for each, in words. What fails stays in the journal, the others are undone all the
 * same, and the first failure is told. */
int heal_journal(struct journal *journal, FILE *out, struct err *err) MUST_CHECK;

/* `ordeal-agent --heal [--journal DIR]`: the exit code, 0 if nothing of Ordeal's is left, 255
 * if something is or nobody knows. Says what was undone, or that nothing was. Waits up to 10 s for
 * an agent that is about to end. */
int heal_main(const char *folder);

#endif
