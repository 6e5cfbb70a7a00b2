/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* checker.h - a checker reads a finished history and says what holds.
 *
 * A checker is pure: it touches neither cluster nor clock (its budget does), and gives the same
 * finding twice. One checker per file: checkers/NAME.c defines `const struct checker checker_NAME`
 * (underscores in C, dashes on the command line), and the build finds it by that name. Algorithms
 * that several checkers share are in checkers/engine/.
 *
 * "Invalid" is said only with an anomaly whose witness an independent, naive routine has verified
 * again; what could not be decided or was not really tried is unknown, with the reason.
 */
#ifndef ORDEAL_CHECKER_H
#define ORDEAL_CHECKER_H

#include "base/budget.h"
#include "base/buf.h"
#include "base/err.h"
#include "history/history.h"

/* Ordered by severity, so that merging verdicts is taking the greatest. */
enum verdict { VERDICT_VALID, VERDICT_UNKNOWN, VERDICT_INVALID };

/* "true", "unknown", "false": as in Jepsen's results. */
extern const char *const verdict_names[3];

/* One thing that must not be, with the operations that show it. */
struct anomaly {
    const char *type; /* "nonlinearizable", "stale-read", "not-recovered", ...; static text */
    uint32_t *ops;    /* places in history->ops, in the order in which to tell the story */
    size_t op_count;
    bool verified;     /* the naive routine agrees; an anomaly without it is no verdict */
    char *explanation; /* sentences for people, with times */
};

struct finding {
    enum verdict valid;
    char reason[256]; /* one sentence; may be empty if valid */
    struct anomaly *anomalies;
    size_t anomaly_count;
    struct buf
        details; /* members of a JSON object, without braces: "\"a\":1,\"b\":2"; may be empty */
};

/* A pattern that must not occur in the nodes' logs. */
struct log_pattern {
    const char *name;  /* "panic" */
    const char *regex; /* PCRE2 */
};

/* What a checker may know besides the history. Zeroed is a sensible default. */
struct check_options {
    const char *model;   /* "register", "cas-register", ...; NULL: the record's, else by its fs */
    value_id initial;    /* of every object; VALUE_NIL: the model's own */
    int threads;         /* 0: as many as there are cores */
    const char *log_dir; /* holds <node>/ folders; NULL: no logs at hand */
    const struct log_pattern *log_patterns; /* ends with name NULL; or NULL */
    int64_t recovery_ns;   /* the target's bound for answering again after healing; 0: none known */
    int64_t staleness_ns;  /* what is read may be at most so old; 0: as old as it likes */
    const char *promise;   /* the level that the system promises; NULL: none, or not known */
    size_t faults_planned; /* of the run's plan, whether or not they came about; 0: not known */
};

struct checker {
    const char *name;  /* "read-your-writes" */
    const char *about; /* one line, for `list` */
    bool is_level;     /* a consistency level, for --consistency and the ladder */
    bool is_measure;   /* no level itself, but an answer to --consistency: ladder, staleness */
    bool is_beside;    /* never blames: its sentence is told beside the verdict */

    /* Judge `history` and fill `finding` (initialised by the caller with finding_init). Memory and
     * time go through `budget`; when it is used up the finding is unknown, with what had been
     * established in details. -1 with *err only if no judgement could be made at all. MUST be set.
     */
    int (*check)(const struct history *history, const struct check_options *options,
                 struct budget *budget, struct finding *finding, struct err *err);
};

/* Generated from the files in checkers/: sorted by name, NULL-terminated. */
extern const struct checker *const checkers[];

/* NULL if there is none. */
const struct checker *checker_find(const char *name);

void finding_init(struct finding *finding);
void finding_release(struct finding *finding);

/* Set verdict and reason. */
void finding_set(struct finding *finding, enum verdict valid, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Add an anomaly; ops and explanation are copied. Does not touch the verdict. -1 only when memory
 * is out. */
int finding_add(struct finding *finding, const char *type, const uint32_t *ops, size_t op_count,
                bool verified, const char *explanation, struct err *err) MUST_CHECK;

/* As one JSON object
 * {"valid":...,"reason":...,"anomalies":[{"type","ops":[indexes],"explanation"}], <details>}. */
void finding_print(const struct finding *finding, const struct history *history, struct buf *json);

#endif
