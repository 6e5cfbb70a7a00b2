/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* library.h - what the files of libordeal-check share. include/ordeal-check.h is what others see;
 * exports.map names it for the linker. */
#ifndef ORDEAL_LIBRARY_LIBRARY_H
#define ORDEAL_LIBRARY_LIBRARY_H

#include "../../harness/history/pairing.h"
#include "../../include/ordeal-check.h"

#include <pthread.h>

struct ordeal_history {
    struct budget budget;
    struct history history;
    struct pairing pairing;
    uint32_t event_count;
    int64_t last_ns;
    bool built; /* by events, and pairing is in use */
    pthread_mutex_t lock;
    bool finished; /* under the lock */
};

/* No more events. -1 with *err if the history cannot be checked. */
int library_finish(struct ordeal_history *history, struct err *err) MUST_CHECK;

void library_say(char message[ORDEAL_MESSAGE_BYTES], const char *text);

#endif
