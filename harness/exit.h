/* SPDX-License-Identifier: GPL-2.0-or-later */
/* exit.h - the exit codes, and which of several wins. */
#ifndef ORDEAL_EXIT_H
#define ORDEAL_EXIT_H

/* What `ordeal` exits with. When several apply: see exit_worse. */
enum exit_code {
    EXIT_PASSED = 0,
    EXIT_VIOLATION = 1, /* the system broke its promise, shown by a witness that was re-verified */
    EXIT_UNDECIDED = 2, /* out of time or memory, nothing succeeded, no fault bit */
    EXIT_USAGE = 254,
    EXIT_HARNESS = 255, /* the harness or its environment failed */
};

/* Of two outcomes the one to exit with: violation, harness failed, undecided, passed. */
enum exit_code exit_worse(enum exit_code a, enum exit_code b);

#endif
