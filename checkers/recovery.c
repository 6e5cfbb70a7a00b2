/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* recovery.c - after everything is healed the system must answer again, each kind of operation
 * within the bound that the target declares.
 *
 * A violation is said only where nothing else explains the silence: all receipts showed the healthy
 * world and all processes ran (the heal event), the bound passed twice, the kind had succeeded
 * before, was tried in the second half of that time and got no success in any of it. Between once
 * and twice the bound nothing is said: the machine may have been busy.
 *
 * A node whose files a fault has damaged may refuse to run on them, and what is not owed then is
 * its own recovery: the others have to answer all the same, but nothing is held against them if
 * they do not, as too few may be left.
 *
 * A kind whose failure may be the right answer (a cas whose expected value is not there, a dequeue
 * from an empty queue) is not held against the system as long as it fails and is not left unknown.
 */
#include "../harness/checker.h"

#include <inttypes.h>
#include <stdio.h>

enum { KINDS_MAX = 256, WITNESS_OPS_MAX = 8 };

/* What is asked of the system. */
struct demand {
    int64_t heal_ns, bound_ns;
    const char *refused; /* nodes that do not run on damaged files, as JSON; NULL: all run */
};

/* One kind of operation, seen from the moment of healing. */
struct kind {
    int64_t recovered_ns; /* first success after; TIME_NEVER: none */
    uint32_t tried;       /* invoked after, and it ended */
    uint32_t answered;    /* of these, failed with what may be a right answer */
    uint32_t tried_late;  /* refused or lost, invoked between once and twice the bound */
    bool worked;          /* succeeded at some time before */
};

/* Whether "it certainly did not happen" can only mean that the system refused. */
static bool failure_is_refusal(uint8_t f)
{
    switch (f) {
    case OP_F_READ:
    case OP_F_WRITE:
    case OP_F_APPEND:
    case OP_F_ADD:
    case OP_F_CONTAINS:
    case OP_F_ENQUEUE:
    case OP_F_PUSH:
    case OP_F_INSERT:
    case OP_F_GET:
    case OP_F_PUT:
        return true;
    default:
        return false;
    }
}

/* The last event of that name; NULL if there is none. */
static const struct event *find_event(const struct history *history, const char *f)
{
    for (size_t i = history->event_count; i > 0; i--) {
        if (strcmp(history->events[i - 1].f, f) == 0)
            return &history->events[i - 1];
    }
    return NULL;
}

/* Invoked in the second half of the time allowed, ended, and neither succeeded nor answered. */
static bool is_late_refusal(const struct op *op, const struct demand *demand)
{
    return op->type != OP_OK && op->complete_ns != TIME_NEVER &&
           (op->type == OP_INFO || failure_is_refusal(op->f)) &&
           op->invoke_ns >= demand->heal_ns + demand->bound_ns &&
           op->invoke_ns <= demand->heal_ns + 2 * demand->bound_ns;
}

static void look_at(struct kind *kind, const struct op *op, const struct demand *demand)
{
    if (op->type == OP_OK && op->complete_ns < demand->heal_ns)
        kind->worked = true;
    else if (op->type == OP_OK && op->complete_ns < kind->recovered_ns)
        kind->recovered_ns = op->complete_ns;
    if (op->invoke_ns < demand->heal_ns || op->complete_ns == TIME_NEVER)
        return;
    kind->tried++;
    kind->answered += op->type == OP_FAIL && !failure_is_refusal(op->f);
    kind->tried_late += is_late_refusal(op, demand);
}

/* Look again, at nothing but the operations: no success from healing to twice the bound, and a
 * success before. */
static bool verify(const struct history *history, uint8_t f, const struct demand *demand)
{
    bool worked = false, late = false;

    for (size_t i = 0; i < history->count; i++) {
        const struct op *op = &history->ops[i];
        if (op->f != f)
            continue;
        if (op->type == OP_OK && op->complete_ns >= demand->heal_ns &&
            op->complete_ns - demand->heal_ns <= 2 * demand->bound_ns)
            return false;
        worked |= op->type == OP_OK && op->complete_ns < demand->heal_ns;
        late |= is_late_refusal(op, demand);
    }
    return worked && late && history->end_ns - demand->heal_ns >= 2 * demand->bound_ns;
}

static int add_anomaly(const struct history *history, uint8_t f, const struct demand *demand,
                       struct finding *finding, struct err *err)
{
    uint32_t ops[WITNESS_OPS_MAX];
    size_t count = 0;
    char text[320];

    for (size_t i = 0; i < history->count && count < WITNESS_OPS_MAX; i++) {
        if (history->ops[i].f == f && is_late_refusal(&history->ops[i], demand))
            ops[count++] = (uint32_t)i;
    }
    (void)snprintf(text, sizeof text,
                   "Everything was healed at %.3f s and all processes ran. The target declares "
                   "that it answers again within %.1f s, but no '%s' succeeded in the %.1f s that "
                   "followed, though it was tried to their end.",
                   (double)demand->heal_ns / 1e9, (double)demand->bound_ns / 1e9,
                   history_f_name(history, f), 2 * (double)demand->bound_ns / 1e9);
    return finding_add(finding, "not-recovered", ops, count, verify(history, f, demand), text, err);
}

/* Where one kind stands. Worse verdicts replace better ones; the first reason of its kind stays. */
static int judge(const struct history *history, uint8_t f, const struct kind *kind,
                 const struct demand *demand, struct finding *finding, struct err *err)
{
    const char *name = history_f_name(history, f);
    int64_t heal_ns = demand->heal_ns, bound_ns = demand->bound_ns;
    bool silent = kind->recovered_ns == TIME_NEVER || kind->recovered_ns - heal_ns > 2 * bound_ns;

    if (!silent && kind->recovered_ns - heal_ns <= bound_ns)
        return 0;
    if (silent && !demand->refused && kind->tried_late && kind->answered == 0 &&
        history->end_ns - heal_ns >= 2 * bound_ns) {
        if (finding->valid != VERDICT_INVALID)
            finding_set(finding, VERDICT_INVALID,
                        "not recovered: no '%s' succeeded within %.1f s after everything was "
                        "healed, twice the bound",
                        name, 2 * (double)bound_ns / 1e9);
        return add_anomaly(history, f, demand, finding, err);
    }
    if (finding->valid != VERDICT_VALID)
        return 0;
    if (!silent)
        finding_set(finding, VERDICT_UNKNOWN,
                    "the first '%s' succeeded %.1f s after healing: over the bound of %.1f s, but "
                    "within twice",
                    name, (double)(kind->recovered_ns - heal_ns) / 1e9, (double)bound_ns / 1e9);
    else if (kind->answered)
        finding_set(finding, VERDICT_UNKNOWN,
                    "every '%s' failed after healing, which may be the right answer", name);
    else if (kind->tried == 0)
        finding_set(finding, VERDICT_UNKNOWN, "no '%s' was tried after healing", name);
    else if (demand->refused)
        finding_set(finding, VERDICT_UNKNOWN,
                    "no '%s' succeeded after healing, while %s refused to run on damaged files",
                    name, demand->refused);
    else
        finding_set(finding, VERDICT_UNKNOWN,
                    "no '%s' succeeded after healing, but it was not tried for long enough: twice "
                    "the bound is %.1f s",
                    name, 2 * (double)bound_ns / 1e9);
    return 0;
}

static void print_kind(const char *name, const struct kind *kind, int64_t heal_ns, struct buf *json)
{
    buf_json_next(json, name);
    buf_puts(json, "{");
    buf_json_int(json, "tried", kind->tried);
    if (kind->recovered_ns == TIME_NEVER)
        buf_json_raw(json, "recovered_ns", STR("null"));
    else
        buf_json_int(json, "recovered_ns", kind->recovered_ns - heal_ns);
    buf_puts(json, "}");
}

static int judge_all(const struct history *history, const struct demand *demand,
                     struct finding *finding, struct err *err)
{
    struct kind kinds[KINDS_MAX];
    size_t known = 0;

    for (int f = 0; f < KINDS_MAX; f++)
        kinds[f] = (struct kind){.recovered_ns = TIME_NEVER};
    for (size_t i = 0; i < history->count; i++)
        look_at(&kinds[history->ops[i].f], &history->ops[i], demand);

    finding_set(finding, VERDICT_VALID, "%s", "");
    buf_printf(&finding->details,
               "\"healed_at_ns\":%" PRId64 ",\"bound_ns\":%" PRId64 ",\"by_f\":{", demand->heal_ns,
               demand->bound_ns);
    for (int f = 0; f < KINDS_MAX; f++) {
        /* A kind first tried in the final reads had nothing to recover from. */
        if (!kinds[f].worked)
            continue;
        known++;
        print_kind(history_f_name(history, (uint8_t)f), &kinds[f], demand->heal_ns,
                   &finding->details);
        if (judge(history, (uint8_t)f, &kinds[f], demand, finding, err) < 0)
            return -1;
    }
    buf_puts(&finding->details, "}");
    if (known == 0)
        finding_set(finding, VERDICT_UNKNOWN, "nothing had succeeded before healing");
    else if (finding->valid == VERDICT_VALID)
        finding_set(finding, VERDICT_VALID,
                    "every kind of operation succeeded within %.1f s after healing%s%s%s",
                    (double)demand->bound_ns / 1e9, demand->refused ? ", while " : "",
                    demand->refused ? demand->refused : "",
                    demand->refused ? " refused to run on damaged files" : "");
    return 0;
}

static int check(const struct history *history, const struct check_options *options,
                 struct budget *budget, struct finding *finding, struct err *err)
{
    const struct event *heal = find_event(history, "heal");
    const struct event *refused = find_event(history, "refused");

    (void)budget;
    if (options->recovery_ns <= 0)
        finding_set(finding, VERDICT_VALID, "the target declares no bound for recovery");
    else if (!history->times_trusted)
        finding_set(finding, VERDICT_UNKNOWN, "the record has no times to measure recovery by");
    else if (!heal)
        finding_set(finding, VERDICT_UNKNOWN, "the run ended before everything was healed");
    else if (strcmp(heal->value, "true") != 0 && !refused)
        finding_set(finding, VERDICT_UNKNOWN,
                    "not everything was healed in the end, or a process did not run");
    else
        return judge_all(history,
                         &(struct demand){.heal_ns = heal->time_ns,
                                          .bound_ns = options->recovery_ns,
                                          .refused = refused ? refused->value : NULL},
                         finding, err);
    return 0;
}

const struct checker checker_recovery = {
    .name = "recovery",
    .about = "after healing, each kind of operation succeeds again within the bound",
    .check = check,
};
