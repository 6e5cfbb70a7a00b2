/* SPDX-License-Identifier: GPL-2.0-or-later */
/* synthetic.h - the folder of a run that never was: plausible loads, faults and logs, for looking
 * at reports and for testing them at sizes that no test could run.
 */
#ifndef ORDEAL_TESTS_LIB_SYNTHETIC_H
#define ORDEAL_TESTS_LIB_SYNTHETIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct synthetic {
    uint64_t seed;
    int operations; /* about so many */
    int nodes, clients, keys;
    double seconds; /* of load */
    int faults;     /* partition, kill, pause by turns */
    bool violation; /* a stale read during the first partition */
    bool idle;      /* no fault affects anything */
    bool hostile;   /* values, names and logs that attack whoever shows them */
    bool judged;    /* write results.json too */
};

/* Fill the folder `dir`, which exists. Ends the program on any error. */
void synthetic_write(const struct synthetic *synthetic, const char *dir);

/* A read of key "k<key>" that returned an older value than the one acknowledged before it; both as
 * JSON. */
struct synthetic_lie {
    int key;
    char returned[160], acknowledged[160];
};

/* results.json, by the checkers of every run, and by one for linearizability that knows the lie. */
void synthetic_judge(const char *dir, size_t faults, const struct synthetic_lie *lie);

#endif
