/* SPDX-License-Identifier: GPL-2.0-or-later */
/* progress.h - what a run is doing, while it does it.
 *
 * On a terminal one live line, redrawn in place and cleared at the end:
 *
 *     load       12 s   4,213/s   50,211 ok  12 fail  3 info   partition n3 | n1 n2
 *
 * It fits 80 columns and gives up its least important parts when there is less room. Without a
 * terminal a plain line every 5 seconds and at each new phase. Lines of log.h make room for it.
 * There is one progress at a time: log.h has one place for it.
 */
#ifndef ORDEAL_REPORT_PROGRESS_H
#define ORDEAL_REPORT_PROGRESS_H

#include "../base/buf.h"
#include "../base/err.h"

/* Where a run stands at one moment. */
struct progress_now {
    const char *phase;       /* "set up", "load", "liveness", "check"; static text */
    uint64_t ok, fail, info; /* client operations completed so far, by outcome */
    int64_t left_ns;         /* until the phase should end; -1: nobody knows */
    char fault[64];          /* in force now: "partition n3 | n1 n2, pause n1"; "" for none */
};

struct progress_source {
    /* Fill `now` (zeroed, left_ns -1). Called from the progress thread, a few times a second,
     * between progress_start and the end of progress_stop; holds no lock of ours, so it may log. */
    void (*read)(void *context, struct progress_now *now);
    void *context;
};

enum progress_mode {
    PROGRESS_AUTO,  /* live on a terminal, plain lines elsewhere */
    PROGRESS_PLAIN, /* plain lines in any case */
    PROGRESS_QUIET, /* nothing; progress_start does not even start a thread */
};

/* Start to show progress on `fd` (standard error, usually). The source is copied, its context
 * borrowed until progress_stop. -1 if no thread can be had; the run may go on without. */
int progress_start(const struct progress_source *source, enum progress_mode mode, int fd,
                   struct err *err) MUST_CHECK;

/* Clear the line and stop. Harmless when nothing was started. */
void progress_stop(void);

/* The live line at `rate` operations a second, at most `columns` wide, without line end. */
void progress_line(const struct progress_now *now, double rate, int columns, struct buf *line);

/* The plain line, without line end. */
void progress_sentence(const struct progress_now *now, double rate, struct buf *line);

#endif
