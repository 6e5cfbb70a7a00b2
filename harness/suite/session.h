/* SPDX-License-Identifier: GPL-2.0-or-later */
/* session.h - what `ordeal suite` and `ordeal calibrate` have in common: from trials to a report
 * and an exit code. */
#ifndef ORDEAL_SUITE_SESSION_H
#define ORDEAL_SUITE_SESSION_H

#include "pool.h"

struct session {
    struct pool_options pool;
    bool dry_run, json;
    const char *junit; /* a file; NULL: none */
};

/* Run the trials, print what they have come to, and return the exit code: 1 if one was missed or
 * blamed, then 255 if the harness failed, 2 if one was undecided, 0. With dry_run only print the
 * commands. -1 with *err if nothing could be run or written. */
int session_run(const struct session *session, struct trials *trials, struct err *err) MUST_CHECK;

#endif
