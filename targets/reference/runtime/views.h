/* SPDX-License-Identifier: GPL-2.0-or-later */
/* views.h - what the two failure detectors share. */
#ifndef ORDEAL_REFERENCE_VIEWS_H
#define ORDEAL_REFERENCE_VIEWS_H

#include "runtime.h"

struct views {
    struct view now;
    struct heartbeats *heartbeats; /* NULL: the harness tells who is up */
};

/* The node goes over to `view`: it outlives a restart, and the protocol hears of it. */
void views_enter(struct runtime *rt, const struct view *view);

/* heartbeat.c */
void heartbeats_open(struct runtime *rt);

#endif
