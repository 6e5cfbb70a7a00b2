/* SPDX-License-Identifier: GPL-2.0-or-later */
/* exit.c - which of several outcomes a command exits with. */
#include "exit.h"

static int rank(enum exit_code code)
{
    switch (code) {
    case EXIT_VIOLATION:
        return 4;
    case EXIT_HARNESS:
        return 3;
    case EXIT_USAGE:
        return 2;
    case EXIT_UNDECIDED:
        return 1;
    case EXIT_PASSED:
        break;
    }
    return 0;
}

enum exit_code exit_worse(enum exit_code a, enum exit_code b)
{
    return rank(a) >= rank(b) ? a : b;
}
