/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Comparing, judging witnesses, shrinking what differs. It exists apart from tests/prove/prove.c so
 * that `make unit` runs a sample of the same. */
#include "proof.h"

#include "../../harness/base/clock.h"
#include "brute.h"
#include "gen.h"
#include "hist.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool proof_begin(struct proof *proof, const char *level, const char *model, int initial)
{
    *proof = (struct proof){.level = level,
                            .model = model,
                            .initial = initial,
                            .checker = checker_find(level),
                            .began_ns = clock_now_ns()};
    return proof->checker && brute_knows(level, model);
}

static value_id initial_of(const struct proof *proof)
{
    struct values none; /* small integers are in no table */
    values_init(&none, NULL);
    return proof->initial ? values_int(&none, proof->initial) : VALUE_NIL;
}

static enum verdict by_definition(const struct proof *proof, const struct history *history)
{
    return brute_check(history, proof->level, proof->model, initial_of(proof));
}

/* -- one judgement --------------------------------------------------------------------------- */

/* What the checker said, in short; `complaint` is what is wrong with it by itself, or "". */
struct judgement {
    enum verdict verdict;
    char complaint[160];
    char reason[120]; /* the finding's */
};

static bool is_update_of(const struct op *op, const struct op *read)
{
    value_id written = op->f == OP_F_CAS ? op->in2 : op->in;
    return op->type != OP_FAIL && op->f != OP_F_READ && op->key == read->key &&
           written == read->out;
}

/* Whether some read of the part has its writer in the whole, but not in the part. */
static bool invents_thin_air(const struct history *whole, const struct history *part)
{
    for (size_t r = 0; r < part->count; r++) {
        const struct op *read = &part->ops[r];
        bool in_whole = false, in_part = false;
        if (read->f != OP_F_READ || read->type != OP_OK || read->out == VALUE_NIL)
            continue;
        for (size_t i = 0; i < whole->count; i++)
            in_whole = in_whole || is_update_of(&whole->ops[i], read);
        for (size_t i = 0; i < part->count; i++)
            in_part = in_part || is_update_of(&part->ops[i], read);
        if (in_whole && !in_part)
            return true;
    }
    return false;
}

/* The operations of a witness as a history of their own, which shares the values of the whole.
 * Release with budget_free of its ops only. */
static struct history part_of(const struct history *whole, const uint32_t *ops, size_t count)
{
    struct history part = *whole;

    part.ops = NULL;
    part.count = 0;
    for (size_t i = 0; i < whole->count; i++) {
        bool taken = false;
        for (size_t k = 0; k < count; k++)
            taken = taken || ops[k] == i;
        if (taken)
            hist_add(&part, &whole->ops[i]);
    }
    return part;
}

/* Witnesses of registers stand alone; other models' thin air is not judged here. */
static void judge_witness(const struct proof *proof, const struct history *history,
                          const struct anomaly *anomaly, struct judgement *judgement)
{
    bool is_register = strcmp(proof->model, "register") == 0;

    for (size_t i = 0; i < anomaly->op_count; i++) {
        if (anomaly->ops[i] >= history->count) {
            (void)snprintf(judgement->complaint, sizeof judgement->complaint,
                           "its witness names operation %" PRIu32 " of %zu", anomaly->ops[i],
                           history->count);
            return;
        }
    }
    struct history part = part_of(history, anomaly->ops, anomaly->op_count);
    const char *fault = NULL;
    if (!anomaly->verified)
        fault = "its anomaly is not verified";
    else if (!anomaly->explanation || !anomaly->explanation[0])
        fault = "its anomaly is not explained";
    else if (by_definition(proof, &part) == VERDICT_VALID)
        fault = "its witness alone is valid";
    else if (is_register && invents_thin_air(history, &part))
        fault = "its witness leaves out a write that it reads";
    if (fault) {
        struct buf text;
        buf_init(&text, 0);
        hist_print(&part, &text);
        for (size_t i = 0; i < text.len; i++)
            text.ptr[i] = text.ptr[i] == '\n' ? ';' : text.ptr[i];
        (void)snprintf(judgement->complaint, sizeof judgement->complaint, "%s: %s", fault,
                       text.ptr ? text.ptr : "(no operations)");
        buf_release(&text);
    }
    budget_free(part.budget, part.ops);
}

/* What needs more is as good as undecided: a search gone wild must not take the machine with it. */
#define MEMORY_LIMIT ((size_t)1 << 30)

static struct judgement judge(const struct proof *proof, const struct history *history,
                              bool with_witness)
{
    const struct check_options options = {
        .model = proof->model, .initial = initial_of(proof), .threads = 1};
    struct judgement judgement = {.verdict = VERDICT_UNKNOWN};
    struct finding finding;
    struct budget budget;
    struct err err = {0};
    finding_init(&finding);
    budget_init(&budget, proof->limit_ns, MEMORY_LIMIT);
    if (proof->checker->check(history, &options, &budget, &finding, &err) < 0)
        (void)snprintf(judgement.complaint, sizeof judgement.complaint, "it fails: %.140s",
                       err.msg);
    else
        judgement.verdict = finding.valid;
    (void)snprintf(judgement.reason, sizeof judgement.reason, "%.119s", finding.reason);
    if (finding.valid == VERDICT_INVALID && finding.anomaly_count == 0)
        (void)snprintf(judgement.complaint, sizeof judgement.complaint, "it shows no anomaly");
    if (finding.valid == VERDICT_UNKNOWN && !finding.reason[0])
        (void)snprintf(judgement.complaint, sizeof judgement.complaint, "it does not say why");
    for (size_t i = 0; with_witness && i < finding.anomaly_count; i++)
        judge_witness(proof, history, &finding.anomalies[i], &judgement);
    finding_release(&finding);
    if (atomic_load(&budget.used_bytes) != 0)
        (void)snprintf(judgement.complaint, sizeof judgement.complaint,
                       "it keeps %zu bytes of its budget", atomic_load(&budget.used_bytes));
    return judgement;
}

enum verdict proof_verdict(const struct proof *proof, const struct history *history)
{
    return judge(proof, history, false).verdict;
}

/* -- flaws ----------------------------------------------------------------------------------- */

static bool has_outcome(const struct history *history, uint8_t type)
{
    for (size_t i = 0; i < history->count; i++) {
        if (history->ops[i].type == type)
            return true;
    }
    return false;
}

static bool has_repeats(const struct history *history)
{
    for (size_t a = 0; a < history->count; a++) {
        const struct op *x = &history->ops[a];
        for (size_t b = a + 1; b < history->count; b++) {
            const struct op *y = &history->ops[b];
            if (x->f == OP_F_WRITE && y->f == OP_F_WRITE && x->key == y->key && x->in == y->in &&
                x->type != OP_FAIL && y->type != OP_FAIL)
                return true;
        }
        if (x->f == OP_F_WRITE && x->in == VALUE_NIL)
            return true;
    }
    return false;
}

bool proof_owes_sequential(const char *model)
{
    return strcmp(model, "register") == 0 || strcmp(model, "cas-register") == 0;
}

/* Whether unknown will not do. */
static bool owes_verdict(const struct proof *proof, const struct history *history)
{
    if (strcmp(proof->level, "linearizable") == 0)
        return true;
    if (strcmp(proof->level, "sequential") == 0)
        return proof_owes_sequential(proof->model);
    return !has_repeats(history);
}

/* What is wrong with the checker's answer on this history; "" if nothing. */
static void find_flaw(const struct proof *proof, const struct history *history, char flaw[256],
                      struct judgement *judgement)
{
    enum verdict truth = by_definition(proof, history);
    enum verdict said;

    *judgement = judge(proof, history, true);
    said = judgement->verdict;
    flaw[0] = '\0';
    if (judgement->complaint[0]) {
        (void)snprintf(flaw, 256, "%s", judgement->complaint);
    } else if (!has_outcome(history, OP_OK)) {
        if (said == VERDICT_INVALID || (said == VERDICT_VALID && !has_outcome(history, OP_FAIL)))
            (void)snprintf(flaw, 256, "nothing succeeded, the checker says %s",
                           verdict_names[said]);
    } else if (truth == VERDICT_UNKNOWN || said == truth) {
        return;
    } else if (said != VERDICT_UNKNOWN) {
        (void)snprintf(flaw, 256, "by definition %s, the checker says %s", verdict_names[truth],
                       verdict_names[said]);
    } else if (owes_verdict(proof, history)) {
        (void)snprintf(flaw, 256, "by definition %s, the checker does not decide: %s",
                       verdict_names[truth], judgement->reason);
    }
}

/* Leave out operations, and make times small, as long as some flaw remains. */
static void shrink(const struct proof *proof, struct history *history)
{
    struct judgement judgement;
    char flaw[256];
    bool changed = true;

    while (changed) {
        changed = false;
        for (size_t at = 0; at < history->count && history->count > 1; at++) {
            struct op left_out = history->ops[at];
            memmove(history->ops + at, history->ops + at + 1,
                    (history->count - at - 1) * sizeof left_out);
            history->count--;
            find_flaw(proof, history, flaw, &judgement);
            if (flaw[0]) {
                changed = true;
                break;
            }
            memmove(history->ops + at + 1, history->ops + at,
                    (history->count - at) * sizeof left_out);
            history->ops[at] = left_out;
            history->count++;
        }
    }
}

static void report(struct proof *proof, const struct history *history)
{
    struct history small = *history;
    struct judgement judgement;
    char flaw[256];

    if (proof->flaws++ >= PROOF_SHOWN)
        return;
    small.ops = NULL;
    small.count = 0;
    for (size_t i = 0; i < history->count; i++)
        hist_add(&small, &history->ops[i]);
    shrink(proof, &small);
    find_flaw(proof, &small, flaw, &judgement);
    fprintf(stderr, "# FLAW: level %s, model %s: %s\n", proof->level, proof->model, flaw);
    hist_dump(&small);
    fputs("\n", stderr);
    budget_free(small.budget, small.ops);
}

void proof_compare(struct proof *proof, const struct history *history)
{
    struct judgement judgement;
    char flaw[256];

    find_flaw(proof, history, flaw, &judgement);
    proof->compared++;
    proof->valid += judgement.verdict == VERDICT_VALID;
    proof->invalid += judgement.verdict == VERDICT_INVALID;
    proof->undecided += judgement.verdict == VERDICT_UNKNOWN;
    if (flaw[0])
        report(proof, history);
}

void proof_demand(struct proof *proof, const struct history *history, enum verdict expected,
                  const char *why)
{
    struct judgement judgement = judge(proof, history, false);

    proof->compared++;
    proof->valid += judgement.verdict == VERDICT_VALID;
    proof->invalid += judgement.verdict == VERDICT_INVALID;
    proof->undecided += judgement.verdict == VERDICT_UNKNOWN;
    if (!judgement.complaint[0] &&
        (judgement.verdict == expected || (proof->lenient && judgement.verdict == VERDICT_UNKNOWN)))
        return;
    if (proof->flaws++ >= PROOF_SHOWN)
        return;
    fprintf(stderr, "# FLAW: level %s, model %s: %s: expected %s, the checker says %s %s\n",
            proof->level, proof->model, why, verdict_names[expected],
            verdict_names[judgement.verdict],
            judgement.complaint[0] ? judgement.complaint : judgement.reason);
    if (history->count <= 40)
        hist_dump(history);
}

static bool has_ordered_values(const char *model)
{
    return strcmp(model, "counter") == 0 || strcmp(model, "priority-queue") == 0 ||
           strcmp(model, "fenced-lock") == 0 || strcmp(model, "semaphore") == 0;
}

void proof_retell(struct proof *proof, struct rng *rng, const struct history *history)
{
    static const char *const names[GEN_CHANGES] = {
        "processes renamed", "keys renamed", "values renamed",
        "times shifted",     "times scaled", "events of equal times in another order",
    };
    enum verdict verdict = proof_verdict(proof, history);

    for (int change = 0; change < GEN_CHANGES; change++) {
        struct hist *copy;
        if (change == GEN_VALUES && (proof->initial || has_ordered_values(proof->model)))
            continue;
        copy = hist_new("");
        gen_retell(rng, history, (enum gen_change)change, &copy->history);
        proof_demand(proof, &copy->history, verdict, names[change]);
        hist_free(copy);
    }
}

void proof_print(const struct proof *proof, const char *what)
{
    printf("%-20s %-15s %-24s %9" PRIu64 " compared: %" PRIu64 " valid, %" PRIu64
           " invalid, %" PRIu64 " undecided; %" PRIu64 " flaws; %.1f s\n",
           proof->level, proof->model, what, proof->compared, proof->valid, proof->invalid,
           proof->undecided, proof->flaws,
           (double)(clock_now_ns() - proof->began_ns) / (double)NS_PER_SEC);
    (void)fflush(stdout);
}
