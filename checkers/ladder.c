/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* ladder.c - every level over one history: the strongest levels that hold, and a witness against
 * each of the weakest that fail.
 *
 * The levels are not a chain. What implies what follows from their definitions:
 *
 *     linearizable => sequential => causal, ccv
 *     causal => cc, pram, writes-follow-reads        ccv => cc, monotonic-reads
 *     pram => read-your-writes, monotonic-writes     cc => read-your-writes
 *     monotonic-writes => monotonic-reads            writes-follow-reads => monotonic-reads
 *
 * and nothing else is implied. Eventual stands apart. So a level is asked only where those above
 * and below have not answered for it: cheap ones first, then those that settle most.
 *
 * The verdict is on all levels together: invalid if one of them fails, valid if all hold. Eventual
 * counts where there were final reads. Staleness, where it can be measured, is told beside them.
 */
#include "levels/timeless.h"

#include <string.h>

enum rung {
    RUNG_LINEARIZABLE,
    RUNG_WEAK, /* + enum weak_level */
    RUNGS = RUNG_WEAK + WEAK_LEVELS
};

#define RUNG(level) ((enum rung)(RUNG_WEAK + WEAK_##level))

static const struct {
    enum rung stronger, weaker;
} implications[] = {
    {RUNG_LINEARIZABLE, RUNG(SEQUENTIAL)},
    {RUNG(SEQUENTIAL), RUNG(CAUSAL)},
    {RUNG(SEQUENTIAL), RUNG(CCV)},
    {RUNG(CAUSAL), RUNG(CC)},
    {RUNG(CAUSAL), RUNG(PRAM)},
    {RUNG(CAUSAL), RUNG(WRITES_FOLLOW_READS)},
    {RUNG(CCV), RUNG(CC)},
    {RUNG(CCV), RUNG(MONOTONIC_READS)},
    {RUNG(CC), RUNG(READ_YOUR_WRITES)},
    {RUNG(PRAM), RUNG(READ_YOUR_WRITES)},
    {RUNG(PRAM), RUNG(MONOTONIC_WRITES)},
    {RUNG(MONOTONIC_WRITES), RUNG(MONOTONIC_READS)},
    {RUNG(WRITES_FOLLOW_READS), RUNG(MONOTONIC_READS)},
};

/* Linearizable goes first if it is cheap, last if it may be a search that takes all the time. */
static const enum rung order[] = {
    RUNG(READ_YOUR_WRITES),
    RUNG(MONOTONIC_READS),
    RUNG(CCV),
    RUNG(CAUSAL),
    RUNG(WRITES_FOLLOW_READS),
    RUNG(CC),
    RUNG(PRAM),
    RUNG(MONOTONIC_WRITES),
    RUNG_LINEARIZABLE,
    RUNG(SEQUENTIAL),
};

struct ladder {
    struct level_case level_case;
    const struct check_options *options;
    bool known[RUNGS]; /* asked, or implied */
    enum verdict verdicts[RUNGS];
    struct finding findings[RUNGS + 1]; /* of those asked; the last is eventual's */
    struct finding staleness;
};

static const char *name_of(enum rung rung)
{
    return rung == RUNG_LINEARIZABLE ? "linearizable" : weak_level_names[rung - RUNG_WEAK];
}

static bool is_stronger(enum rung a, enum rung b)
{
    for (size_t i = 0; i < sizeof implications / sizeof *implications; i++) {
        if (implications[i].stronger == a &&
            (implications[i].weaker == b || is_stronger(implications[i].weaker, b)))
            return true;
    }
    return false;
}

/* -- asking ------------------------------------------------------------------------------------ */

static void conclude(struct ladder *ladder, enum rung from)
{
    enum verdict verdict = ladder->verdicts[from];

    for (enum rung rung = 0; rung < RUNGS; rung++) {
        if (ladder->known[rung] && ladder->verdicts[rung] != VERDICT_UNKNOWN)
            continue;
        if ((verdict == VERDICT_VALID && is_stronger(from, rung)) ||
            (verdict == VERDICT_INVALID && is_stronger(rung, from))) {
            ladder->known[rung] = true;
            ladder->verdicts[rung] = verdict;
        }
    }
}

static int ask_checker(const struct ladder *ladder, const char *name, struct finding *finding,
                       struct err *err)
{
    const struct level_case *level_case = &ladder->level_case;
    return checker_find(name)->check(level_case->history, ladder->options, level_case->budget,
                                     finding, err);
}

static int ask(struct ladder *ladder, enum rung rung, struct err *err)
{
    struct finding *finding = &ladder->findings[rung];
    int result;

    if (ladder->known[rung])
        return 0;
    if (rung == RUNG_LINEARIZABLE)
        result = ask_checker(ladder, name_of(rung), finding, err);
    else if (rung == RUNG(SEQUENTIAL))
        result = sequential_judge(&ladder->level_case, ladder->options, finding, err);
    else
        result =
            level_judge(&ladder->level_case, (enum weak_level)(rung - RUNG_WEAK), finding, err);
    ladder->known[rung] = true;
    ladder->verdicts[rung] = finding->valid;
    conclude(ladder, rung);
    return result;
}

/* Objects of other models than registers know the first two levels only. */
static bool applies(const struct ladder *ladder, enum rung rung)
{
    return ladder->level_case.state != STEPS_FOREIGN || rung == RUNG_LINEARIZABLE ||
           rung == RUNG(SEQUENTIAL);
}

/* Before linearizable, which may take a search: without a sequential order it need not be asked. */
static int ask_sequential_quickly(struct ladder *ladder, struct err *err)
{
    struct finding *finding = &ladder->findings[RUNG(SEQUENTIAL)];

    if (sequential_judge_quickly(&ladder->level_case, ladder->options, finding, err) < 0)
        return -1;
    if (finding->valid == VERDICT_UNKNOWN)
        return 0;
    ladder->known[RUNG(SEQUENTIAL)] = true;
    ladder->verdicts[RUNG(SEQUENTIAL)] = finding->valid;
    conclude(ladder, RUNG(SEQUENTIAL));
    return 0;
}

static int ask_all(struct ladder *ladder, struct err *err)
{
    bool is_distinct =
        ladder->level_case.state == STEPS_READY && ladder->level_case.steps.assignments == 1;

    if (is_distinct && ask(ladder, RUNG_LINEARIZABLE, err) < 0)
        return -1;
    if (ladder->level_case.state == STEPS_FOREIGN && ask_sequential_quickly(ladder, err) < 0)
        return -1;
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        if (applies(ladder, order[i]) && ask(ladder, order[i], err) < 0)
            return -1;
    }
    if (ask_checker(ladder, "staleness", &ladder->staleness, err) < 0)
        return -1;
    return ask_checker(ladder, "eventual", &ladder->findings[RUNGS], err);
}

/* -- telling ----------------------------------------------------------------------------------- */

/* Whether the level has the verdict, and none that is stronger (valid) or weaker (invalid). */
static bool is_extreme(const struct ladder *ladder, enum rung rung, enum verdict verdict)
{
    if (!applies(ladder, rung) || ladder->verdicts[rung] != verdict)
        return false;
    for (enum rung other = 0; other < RUNGS; other++) {
        bool beyond =
            verdict == VERDICT_VALID ? is_stronger(other, rung) : is_stronger(rung, other);
        if (beyond && applies(ladder, other) && ladder->verdicts[other] == verdict)
            return false;
    }
    return true;
}

static void list_extremes(const struct ladder *ladder, enum verdict verdict, struct buf *words,
                          struct buf *json)
{
    for (enum rung rung = 0; rung < RUNGS; rung++) {
        if (!is_extreme(ladder, rung, verdict))
            continue;
        if (words->len)
            buf_puts(words, ", ");
        buf_puts(words, name_of(rung));
        buf_json_str(json, NULL, str_of(name_of(rung)));
    }
}

static int add_witness(const struct finding *from, const char *level, struct finding *finding,
                       struct err *err)
{
    struct buf text;

    if (from->anomaly_count == 0)
        return 0;
    const struct anomaly *anomaly = &from->anomalies[0];
    buf_init(&text, 0);
    buf_printf(&text, "Not %s: %s", level, anomaly->explanation);
    int result = finding_add(finding, anomaly->type, anomaly->ops, anomaly->op_count,
                             anomaly->verified, text.ptr ? text.ptr : "", err);
    buf_release(&text);
    return result;
}

static int add_witnesses(const struct ladder *ladder, struct finding *finding, struct err *err)
{
    for (enum rung rung = 0; rung < RUNGS; rung++) {
        if (is_extreme(ladder, rung, VERDICT_INVALID) &&
            add_witness(&ladder->findings[rung], name_of(rung), finding, err) < 0)
            return -1;
    }
    return add_witness(&ladder->findings[RUNGS], "eventual", finding, err);
}

static void tell_levels(const struct ladder *ladder, struct finding *finding)
{
    static const char *const json_verdicts[] = {"true", "\"unknown\"", "false"};
    struct buf *details = &finding->details;

    buf_json_next(details, "levels");
    buf_puts(details, "{");
    for (enum rung rung = 0; rung < RUNGS; rung++) {
        if (applies(ladder, rung))
            buf_json_raw(details, name_of(rung), str_of(json_verdicts[ladder->verdicts[rung]]));
    }
    buf_json_raw(details, "eventual", str_of(json_verdicts[ladder->findings[RUNGS].valid]));
    buf_puts(details, "}");
    if (ladder->staleness.details.len) {
        buf_json_next(details, "staleness");
        buf_puts(details, "{");
        buf_add(details, ladder->staleness.details.ptr, ladder->staleness.details.len);
        buf_puts(details, "}");
    }
}

/* The strongest levels that hold beyond the one promised: the history gave no occasion to fail
 * them. */
static void list_beyond(const struct ladder *ladder, struct buf *words, struct buf *json)
{
    const char *promise = ladder->options->promise ? ladder->options->promise : "";
    bool eventual = strcmp(promise, "eventual") == 0;
    enum rung promised = 0;

    while (promised < RUNGS && strcmp(name_of(promised), promise) != 0)
        promised++;
    for (enum rung rung = 0; rung < RUNGS && (eventual || promised < RUNGS); rung++) {
        if (!is_extreme(ladder, rung, VERDICT_VALID) || !(eventual || is_stronger(rung, promised)))
            continue;
        if (words->len)
            buf_puts(words, ", ");
        else
            buf_printf(words, "; too gentle to tell %s from ", promise);
        buf_puts(words, name_of(rung));
        buf_json_str(json, NULL, str_of(name_of(rung)));
    }
}

static void tell_verdict(const struct ladder *ladder, struct finding *finding)
{
    enum verdict worst = VERDICT_VALID;
    struct buf hold, fail, beyond, *details = &finding->details;
    const char *why = "";
    /* "delta = 0.2 s, k = 2", without the worst read. */
    int measured =
        ladder->staleness.valid == VERDICT_VALID ? (int)strcspn(ladder->staleness.reason, ";") : 0;

    for (enum rung rung = 0; rung < RUNGS; rung++) {
        if (!applies(ladder, rung) || ladder->verdicts[rung] <= worst)
            continue;
        worst = ladder->verdicts[rung];
        why = ladder->findings[rung].reason;
    }
    if (ladder->findings[RUNGS].valid == VERDICT_INVALID)
        worst = VERDICT_INVALID;
    buf_init(&hold, 0);
    buf_init(&fail, 0);
    buf_init(&beyond, 0);
    buf_json_next(details, "strongest");
    buf_puts(details, "[");
    list_extremes(ladder, VERDICT_VALID, &hold, details);
    buf_puts(details, "]");
    buf_json_next(details, "weakest_failing");
    buf_puts(details, "[");
    list_extremes(ladder, VERDICT_INVALID, &fail, details);
    buf_puts(details, "]");
    buf_json_next(details, "beyond_promise");
    buf_puts(details, "[");
    list_beyond(ladder, &beyond, details);
    buf_puts(details, "]");
    if (worst == VERDICT_UNKNOWN)
        finding_set(finding, worst, "holds: %s; %s", hold.len ? hold.ptr : "nothing", why);
    else
        finding_set(finding, worst, "holds: %s; fails: %s%s%.*s%s", hold.len ? hold.ptr : "nothing",
                    fail.len ? fail.ptr : "nothing", measured ? "; " : "", measured,
                    ladder->staleness.reason, beyond.len ? beyond.ptr : "");
    buf_release(&beyond);
    buf_release(&hold);
    buf_release(&fail);
}

/* -- entry ------------------------------------------------------------------------------------- */

static int check(const struct history *history, const struct check_options *options,
                 struct budget *budget, struct finding *finding, struct err *err)
{
    struct ladder ladder = {.options = options};

    for (int i = 0; i <= RUNGS; i++)
        finding_init(&ladder.findings[i]);
    finding_init(&ladder.staleness);
    for (enum rung rung = 0; rung < RUNGS; rung++)
        ladder.verdicts[rung] = VERDICT_UNKNOWN;
    level_open(&ladder.level_case, history, options, budget);
    int result = ask_all(&ladder, err);
    if (result == 0) {
        tell_verdict(&ladder, finding);
        tell_levels(&ladder, finding);
        level_describe(&ladder.level_case, finding);
        result = add_witnesses(&ladder, finding, err);
    }
    level_close(&ladder.level_case);
    for (int i = 0; i <= RUNGS; i++)
        finding_release(&ladder.findings[i]);
    finding_release(&ladder.staleness);
    return result;
}

const struct checker checker_ladder = {
    .name = "ladder",
    .about = "all levels: the strongest that hold, the weakest that fail",
    .is_measure = true,
    .check = check,
};
