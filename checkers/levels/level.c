/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "level.h"

#include "../../harness/model.h"
#include "clocks.h"
#include "naive.h"
#include "witness.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

const char *const weak_level_names[WEAK_LEVELS] = {
    [WEAK_SEQUENTIAL] = "sequential",
    [WEAK_CAUSAL] = "causal",
    [WEAK_CCV] = "ccv",
    [WEAK_CC] = "cc",
    [WEAK_PRAM] = "pram",
    [WEAK_READ_YOUR_WRITES] = "read-your-writes",
    [WEAK_MONOTONIC_READS] = "monotonic-reads",
    [WEAK_MONOTONIC_WRITES] = "monotonic-writes",
    [WEAK_WRITES_FOLLOW_READS] = "writes-follow-reads",
};

judge *const weak_level_judges[WEAK_LEVELS] = {
    [WEAK_SEQUENTIAL] = judge_sequential,
    [WEAK_CAUSAL] = judge_causal,
    [WEAK_CCV] = judge_ccv,
    [WEAK_CC] = judge_cc,
    [WEAK_PRAM] = judge_pram,
    [WEAK_READ_YOUR_WRITES] = judge_read_your_writes,
    [WEAK_MONOTONIC_READS] = judge_monotonic_reads,
    [WEAK_MONOTONIC_WRITES] = judge_monotonic_writes,
    [WEAK_WRITES_FOLLOW_READS] = judge_writes_follow_reads,
};

/* -- asking ------------------------------------------------------------------------------------ */

static enum judgement ask_pairing(const struct level_case *level_case, enum weak_level level,
                                  const struct steps_input *input, uint64_t *assignments)
{
    struct steps steps;
    struct core core;
    enum judgement judgement = JUDGE_UNDECIDED;

    switch (steps_build(&steps, input, level_case->budget)) {
    case STEPS_READY:
        core_init(&core, level_case->budget);
        judgement = weak_level_judges[level](&steps, &core);
        core_release(&core);
        break;
    case STEPS_EMPTY:
        judgement = JUDGE_HOLDS;
        break;
    case STEPS_THIN_AIR:
        judgement = JUDGE_VIOLATED;
        break;
    default:
        break;
    }
    *assignments = steps.assignments;
    steps_release(&steps);
    return judgement;
}

enum judgement level_ask(const struct level_case *level_case, enum weak_level level,
                         const uint32_t *places, size_t place_count)
{
    struct steps_input input = {.history = level_case->history,
                                .places = places,
                                .place_count = place_count,
                                .initial = level_case->initial};
    uint64_t assignments = 1;
    enum judgement worst = JUDGE_VIOLATED;

    for (; input.assignment < assignments; input.assignment++) {
        uint64_t ways;
        enum judgement judgement = ask_pairing(level_case, level, &input, &ways);
        if (judgement == JUDGE_HOLDS)
            return JUDGE_HOLDS;
        if (judgement == JUDGE_UNDECIDED)
            worst = JUDGE_UNDECIDED;
        if (ways > ASSIGNMENTS_MAX || budget_spent(level_case->budget))
            return JUDGE_UNDECIDED;
        if (ways > assignments)
            assignments = ways;
    }
    return worst;
}

/* -- reporting --------------------------------------------------------------------------------- */

static const char *why_undecided(const struct level_case *level_case)
{
    return budget_spent(level_case->budget) ? budget_reason(level_case->budget)
                                            : "the search was given up";
}

/* A violation is believed once the naive routine sees it too. */
static int report_violation(const struct level_case *level_case, enum weak_level level,
                            const struct core *core, struct finding *finding, struct err *err)
{
    struct witness witness;
    enum opinion opinion = OPINION_NONE;
    int result = 0;
    bool found = witness_find(&witness, level_case, level, core);

    if (found)
        opinion = naive_opinion(level, level_case->history, witness.places, witness.count,
                                level_case->initial, level_case->budget);
    if (opinion == OPINION_VIOLATES) {
        struct buf text;
        const char *type;
        buf_init(&text, 0);
        witness_explain(&witness, level_case, level, &type, &text);
        finding_set(finding, VERDICT_INVALID, "%zu operations cannot be explained under '%s'",
                    witness.count, weak_level_names[level]);
        result = finding_add(finding, type, witness.places, witness.count, true,
                             text.ptr ? text.ptr : "", err);
        buf_release(&text);
    } else if (!found) {
        finding_set(finding, VERDICT_UNKNOWN, "it looks violated, but no small proof was found: %s",
                    why_undecided(level_case));
    } else {
        finding_set(finding, VERDICT_UNKNOWN,
                    "it looks violated, but a second, naive look at the %zu operations found %s",
                    witness.count,
                    opinion == OPINION_NONE ? "them too many to decide"
                                            : "nothing wrong with them");
    }
    witness_release(&witness);
    return result;
}

static int judge_repeated(const struct level_case *level_case, enum weak_level level,
                          struct finding *finding, struct err *err)
{
    switch (level_ask(level_case, level, NULL, 0)) {
    case JUDGE_HOLDS:
        finding_set(finding, VERDICT_VALID, "%s", "");
        return 0;
    case JUDGE_VIOLATED:
        return report_violation(level_case, level, NULL, finding, err);
    default:
        finding_set(finding, VERDICT_UNKNOWN,
                    "a key has the same value more than once, so that it is not known who wrote "
                    "what was read, and there are too many ways to tell: write distinct values");
        return 0;
    }
}

static int judge_distinct(const struct level_case *level_case, enum weak_level level,
                          struct finding *finding, struct err *err)
{
    struct core core;
    int result = 0;

    core_init(&core, level_case->budget);
    switch (weak_level_judges[level](&level_case->steps, &core)) {
    case JUDGE_HOLDS:
        finding_set(finding, VERDICT_VALID, "%s", "");
        break;
    case JUDGE_VIOLATED:
        result = report_violation(level_case, level, core.failed ? NULL : &core, finding, err);
        break;
    default:
        finding_set(finding, VERDICT_UNKNOWN, "%s", why_undecided(level_case));
    }
    core_release(&core);
    return result;
}

int level_judge(const struct level_case *level_case, enum weak_level level, struct finding *finding,
                struct err *err)
{
    switch (level_case->state) {
    case STEPS_EMPTY:
        finding_set(finding, VERDICT_UNKNOWN, "no operation completed with success");
        return 0;
    case STEPS_FOREIGN:
        finding_set(finding, VERDICT_UNKNOWN,
                    "'%s' is defined for registers with read, write and cas only",
                    weak_level_names[level]);
        return 0;
    case STEPS_NO_BUDGET:
        finding_set(finding, VERDICT_UNKNOWN, "%s", why_undecided(level_case));
        return 0;
    default:
        break;
    }
    if (level_case->steps.assignments > 1)
        return judge_repeated(level_case, level, finding, err);
    if (level_case->state == STEPS_THIN_AIR)
        return report_violation(level_case, level, NULL, finding, err);
    return judge_distinct(level_case, level, finding, err);
}

/* Reads that returned before the write of their value was invoked: no matter at these levels, but
 * hardly what happened. */
static void describe_early_reads(const struct level_case *level_case, struct buf *details)
{
    const struct steps *steps = &level_case->steps;
    const struct op *ops = level_case->history->ops;
    uint32_t count = 0, first = 0, its_write = 0;

    for (uint32_t i = 0; i < steps->count && level_case->history->times_trusted; i++) {
        if (!step_reads_from_step(&steps->at[i]))
            continue;
        const struct op *read = &ops[steps->place[i]];
        const struct op *write = &ops[steps->place[steps->at[i].from]];
        if (op_end_ns(read) >= write->invoke_ns || count++)
            continue;
        first = read->index;
        its_write = write->index;
    }
    if (!count)
        return;
    buf_json_next(details, "warnings");
    buf_printf(details,
               "[\"%" PRIu32 " reads returned before the write of their value was invoked, the "
               "first of them operation %" PRIu32 " before operation %" PRIu32 "\"]",
               count, first, its_write);
}

void level_describe(const struct level_case *level_case, struct finding *finding)
{
    const struct steps *steps = &level_case->steps;

    if (level_case->state != STEPS_READY)
        return;
    buf_json_int(&finding->details, "reads_and_writes", steps->count);
    buf_json_int(&finding->details, "sessions", steps->session_count);
    buf_json_int(&finding->details, "keys", steps->key_count);
    describe_early_reads(level_case, &finding->details);
}

/* -- entry ------------------------------------------------------------------------------------- */

void level_open(struct level_case *level_case, const struct history *history,
                const struct check_options *options, struct budget *budget)
{
    *level_case = (struct level_case){.history = history, .budget = budget};
    level_case->initial = options->initial;
    struct steps_input input = {.history = history, .initial = level_case->initial};
    level_case->state = steps_build(&level_case->steps, &input, budget);
    level_case->steps.threads =
        options->threads > 0 ? options->threads : (int)sysconf(_SC_NPROCESSORS_ONLN);
    if (options->model && strcmp(options->model, "register") != 0 &&
        strcmp(options->model, "cas-register") != 0)
        level_case->state = STEPS_FOREIGN;
}

void level_close(struct level_case *level_case)
{
    steps_release(&level_case->steps);
}

int level_check(enum weak_level level, const struct history *history,
                const struct check_options *options, struct budget *budget, struct finding *finding,
                struct err *err)
{
    struct level_case level_case;

    level_open(&level_case, history, options, budget);
    int result = level_judge(&level_case, level, finding, err);
    level_describe(&level_case, finding);
    if (result == 0)
        result = clocks_judge(&level_case, level, finding, err);
    level_close(&level_case);
    return result;
}
