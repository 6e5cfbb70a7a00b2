/* SPDX-License-Identifier: GPL-2.0-or-later */
/* machine.h - why this machine refuses something, and the one command that mends it. */
#ifndef ORDEAL_LAB_MACHINE_H
#define ORDEAL_LAB_MACHINE_H

#include "../base/err.h"

#include <stdbool.h>

struct obstacle {
    char what[256];
    char remedy[192]; /* a command, or empty if none is known */
};

/* Why namespaces could not be made with errno `code`, a user namespace among them or not. */
void machine_explain_namespaces(int code, bool with_user, struct obstacle *obstacle);

/* Why a /proc of our own could not be mounted. */
void machine_explain_proc(int code, struct obstacle *obstacle);

/* err_set() with both: "<fmt>: <what>; to mend it: <remedy>". machine_remedy() finds the remedy in
 * such a message, cutting it off; "" if it has none. */
const char *machine_remedy(char *msg);
int machine_err(struct err *err, int code, const struct obstacle *obstacle, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Have the kernel filter bridged packets by the IP tables of the caller's network namespace, or
 * have it let them be; -1 if it cannot (the module br_netfilter is not there, and loading it would
 * change the machine). */
int machine_filter_bridges(bool ipv6, bool on);

#endif
