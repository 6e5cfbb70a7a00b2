/* SPDX-License-Identifier: GPL-2.0-or-later */
/* journal.h - the file on a host in which changes are written down before they are made.
 *
 * FOLDER/journal is appended to and synced before each change, and again after it was undone; when
 * nothing is left to undo, it is emptied. Whoever has it open is the only one that changes this
 * host: it is locked (flock), and the kernel drops the lock of who dies. What is executed to make a
 * change inherits the lock, so that nobody undoes a change that is still being made. The folder is
 * made if it is missing, and refused if others than its owner may write in it.
 */
#ifndef ORDEAL_AGENT_HOST_JOURNAL_H
#define ORDEAL_AGENT_HOST_JOURNAL_H

#include "entry.h"

#define JOURNAL_FOLDER "/var/lib/ordeal"

struct journal {
    int fd; /* -1: not open */
    struct entries open;
    char boot[BOOT_ID_BYTES]; /* of this boot */
    char path[256];
};

/* Open, lock and read. While somebody else has it, wait for at most `patience_ms`; then, and if it
 * cannot be read or written, or is not a journal, -1 and nothing is held. */
int journal_open(struct journal *journal, const char *folder, int64_t patience_ms,
                 struct err *err) MUST_CHECK;

/* Write down a change that is about to be made; fills in the entry's number and boot. Once it
 * returns 0, the entry survives whatever happens. */
int journal_note(struct journal *journal, struct entry *entry, struct err *err) MUST_CHECK;

/* The change was undone. */
int journal_undone(struct journal *journal, uint64_t number, struct err *err) MUST_CHECK;

/* Whether the entry was written in this boot. */
bool journal_is_of_this_boot(const struct journal *journal, const struct entry *entry);

/* Close and unlock; entries stay. */
void journal_close(struct journal *journal);

#endif
