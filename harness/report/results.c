/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "results.h"

#include "describe.h"
#include "file.h"
#include "sentence.h"
#include "text.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <strings.h>

const char *const outcome_names[4] = {"passed", "undecided", "harness-failed", "violation"};

int outcome_exit_code(enum outcome outcome)
{
    static const int codes[4] = {0, 2, 255, 1};
    return codes[outcome];
}

/* -- weighing -------------------------------------------------------------------------------------
 */

static const struct anomaly *first_verified(const struct finding *finding)
{
    for (size_t i = 0; i < finding->anomaly_count; i++) {
        if (finding->anomalies[i].verified)
            return &finding->anomalies[i];
    }
    return NULL;
}

static void demote_unproven(struct finding *finding)
{
    if (finding->valid != VERDICT_INVALID || first_verified(finding))
        return;
    char claim[160];
    (void)snprintf(claim, sizeof claim, "%s", finding->reason);
    finding_set(finding, VERDICT_UNKNOWN,
                "a violation was claimed, but its witness did not stand up to verification%s%s",
                claim[0] ? ": " : "", claim);
}

/* Of those with the worst verdict, the one to speak for all: whether the run meant anything at all
 * comes first, then consistency, then the rest in their order. */
static int weight(const struct judgement *judgement)
{
    int rank = judgement->checker->is_level ? 1 : 0;

    if (judgement->finding.valid == VERDICT_UNKNOWN &&
        strcmp(judgement->checker->name, "bite") == 0)
        rank = 2;
    return (int)judgement->finding.valid * 4 + rank;
}

static size_t find_decisive(const struct judgement *judgements, size_t count)
{
    size_t decisive = count;

    for (size_t i = 0; i < count; i++) {
        if (!judgements[i].aside && judgements[i].finding.valid != VERDICT_VALID &&
            (decisive == count || weight(&judgements[i]) > weight(&judgements[decisive])))
            decisive = i;
    }
    return decisive;
}

const struct anomaly *results_witness(const struct results *results)
{
    if (results->outcome != OUTCOME_VIOLATION)
        return NULL;
    return first_verified(&results->judgements[results->decisive].finding);
}

/* -- the sentence ---------------------------------------------------------------------------------
 */

struct tally {
    uint64_t ok, fail, info;
};

static struct tally count_ops(const struct history *history)
{
    struct tally tally = {0};

    for (size_t i = 0; i < history->count; i++) {
        uint8_t type = history->ops[i].type;
        *(type == OP_OK ? &tally.ok : type == OP_FAIL ? &tally.fail : &tally.info) += 1;
    }
    return tally;
}

/* Faults that came to be declared, and how many of them affected anything. NULL-safe: without
 * memory there are none. */
static struct fault_window *get_windows(const struct history *history, size_t *count, size_t *bit)
{
    struct fault_window *windows = NULL;
    struct err ignored;

    *bit = 0;
    if (history_windows(history, history->budget, &windows, count, &ignored) < 0) {
        *count = 0;
        return NULL;
    }
    for (size_t i = 0; i < *count; i++)
        *bit += windows[i].affected > 0;
    return windows;
}

/* " (partition and kill in force)" or " (1.2 s after a partition)": what went on at that time. It
 * says when, not why. */
static void add_faults_at(const struct history *history, const struct op *op, struct buf *out)
{
    size_t count, bit, in_force = 0;
    struct fault_window *windows = get_windows(history, &count, &bit);
    const struct fault_window *before = NULL;

    for (size_t i = 0; i < count; i++) {
        const struct fault_window *window = &windows[i];
        if (window->in_force_ns > op->complete_ns)
            continue;
        if (window->healed_ns >= op->invoke_ns || !window->healed) {
            buf_puts(out, in_force++ ? " and " : " (");
            buf_puts(out, window->f);
        } else if (!before || window->healed_ns > before->healed_ns) {
            before = window;
        }
    }
    if (in_force) {
        buf_puts(out, " in force)");
    } else if (before) {
        buf_puts(out, " (");
        text_duration(out, op->invoke_ns - before->healed_ns);
        buf_printf(out, " after a %s was healed)", before->f);
    } else if (count) {
        buf_puts(out, " (before any fault)");
    }
    budget_free(history->budget, windows);
}

/* Capital first letter, no full stop at the end. */
static void add_clause(struct buf *out, const char *text, bool capital)
{
    size_t len = strlen(text);

    while (len && (text[len - 1] == '.' || text[len - 1] == ' ' || text[len - 1] == '\n'))
        len--;
    size_t at = out->len;
    text_fit(out, (struct str){text, len}, 360);
    if (capital && out->len > at)
        out->ptr[at] = (char)toupper((unsigned char)out->ptr[at]);
}

static void say_violation(const struct results *results, struct buf *out)
{
    const struct judgement *judgement = &results->judgements[results->decisive];
    const struct anomaly *witness = results_witness(results);
    const char *reason =
        judgement->finding.reason[0] ? judgement->finding.reason : witness->explanation;
    bool names_level = strncasecmp(reason, "not ", 4) == 0;

    if (judgement->checker->is_level && !names_level)
        buf_printf(out, "Not %s: ", judgement->checker->name);
    if (strcmp(judgement->checker->name, "linearizable") != 0 ||
        !sentence_of_witness(results->history, witness->ops, witness->op_count, out))
        add_clause(out, reason, out->len == 0);
    if (witness->op_count && results->history->times_trusted && !strstr(reason, "in force")) {
        size_t at = describe_decisive(results->history, witness->ops, witness->op_count);
        add_faults_at(results->history, &results->history->ops[witness->ops[at]], out);
    }
}

static void say_undecided(const struct results *results, struct buf *out)
{
    const struct judgement *judgement = &results->judgements[results->decisive];
    size_t others = 0;

    buf_puts(out, "Undecided: ");
    if (judgement->checker->is_level)
        buf_printf(out, "%s: ", judgement->checker->name);
    add_clause(out, judgement->finding.reason[0] ? judgement->finding.reason : "no reason given",
               false);
    for (size_t i = 0; i < results->count; i++)
        others += i != results->decisive && !results->judgements[i].aside &&
                  results->judgements[i].finding.valid == VERDICT_UNKNOWN;
    if (others)
        buf_printf(out, " (and %zu more check%s undecided)", others, others == 1 ? " is" : "s are");
}

static void say_passed(const struct results *results, struct buf *out)
{
    struct tally tally = count_ops(results->history);
    size_t count, bit, levels = 0;
    struct fault_window *windows = get_windows(results->history, &count, &bit);

    buf_puts(out, "Passed: ");
    for (size_t i = 0; i < results->count; i++) {
        if (results->judgements[i].checker->is_level && !results->judgements[i].aside)
            buf_printf(out, "%s%s", levels++ ? ", " : "", results->judgements[i].checker->name);
    }
    buf_puts(out, levels ? "; " : "");
    text_count(out, tally.ok);
    buf_puts(out, " of ");
    text_count(out, results->history->count);
    buf_puts(out, " operations succeeded");
    if (count == 1)
        buf_printf(out, " under a %s%s", windows[0].f, bit ? " that bit" : "");
    else if (count && bit == count)
        buf_printf(out, " under %zu faults, all of which bit", count);
    else if (count)
        buf_printf(out, " under %zu faults, %zu of which bit", count, bit);
    else
        buf_puts(out, ", without any fault");
    budget_free(results->history->budget, windows);
}

/* The record says that the system did not become healthy. */
static bool never_healthy(const struct history *history)
{
    for (size_t i = 0; i < history->event_count; i++) {
        if (strcmp(history->events[i].f, "health") == 0)
            return strcmp(history->events[i].value, "false") == 0;
    }
    return false;
}

void results_merge(const struct history *history, struct judgement *judgements, size_t count,
                   const char *failure, struct results *results)
{
    struct buf sentence;

    for (size_t i = 0; i < count; i++)
        demote_unproven(&judgements[i].finding);
    *results = (struct results){.history = history,
                                .judgements = judgements,
                                .count = count,
                                .failure = failure,
                                .decisive = find_decisive(judgements, count)};
    if (results->decisive < count) {
        bool invalid = judgements[results->decisive].finding.valid == VERDICT_INVALID;
        results->outcome = invalid ? OUTCOME_VIOLATION : OUTCOME_UNDECIDED;
    } else if (count == 0) {
        results->outcome = OUTCOME_UNDECIDED;
    }
    if (failure && results->outcome < OUTCOME_HARNESS_FAILED) {
        results->outcome = never_healthy(history) ? OUTCOME_UNDECIDED : OUTCOME_HARNESS_FAILED;
        results->decisive = count;
    }

    buf_init(&sentence, 0);
    if (results->outcome == OUTCOME_VIOLATION)
        say_violation(results, &sentence);
    else if (failure) {
        buf_puts(&sentence, results->outcome == OUTCOME_HARNESS_FAILED
                                ? "The harness failed, the system was not judged: "
                                : "Undecided, nothing was tried: ");
        add_clause(&sentence, failure, false);
    } else if (count == 0)
        buf_puts(&sentence, "Undecided: nothing was checked");
    else if (results->outcome == OUTCOME_UNDECIDED)
        say_undecided(results, &sentence);
    else
        say_passed(results, &sentence);
    (void)snprintf(results->reason, sizeof results->reason, "%s", sentence.ptr ? sentence.ptr : "");
    buf_release(&sentence);
}

/* -- when ----------------------------------------------------------------------------------------
 */

/* When the record says that a phase began; `otherwise` if it never did. */
static int64_t phase_begin(const struct history *history, const char *phase, int64_t otherwise)
{
    for (size_t i = 0; i < history->event_count; i++) {
        const struct event *event = &history->events[i];
        if (strcmp(event->f, "phase") == 0 && strcmp(event->value, phase) == 0)
            return event->time_ns;
    }
    return otherwise;
}

static int64_t load_begin(const struct history *history)
{
    return phase_begin(history, "\"load\"", 0);
}

static int64_t load_length(const struct history *history)
{
    return phase_begin(history, "\"heal\"", history->end_ns) - load_begin(history);
}

/* When the first of the decisive witnesses was complete, since the load began; all of the load for
 * one that is no set of operations. */
static int64_t shown_at(const struct results *results)
{
    const struct finding *finding = &results->judgements[results->decisive].finding;
    int64_t first = load_length(results->history) + load_begin(results->history);

    for (size_t i = 0; i < finding->anomaly_count; i++) {
        const struct anomaly *anomaly = &finding->anomalies[i];
        int64_t last = anomaly->op_count ? 0 : INT64_MAX;
        for (size_t j = 0; j < anomaly->op_count; j++) {
            const struct op *op = &results->history->ops[anomaly->ops[j]];
            int64_t at = op->complete_ns == TIME_NEVER ? op->invoke_ns : op->complete_ns;
            if (at > last)
                last = at;
        }
        if (anomaly->verified && last < first)
            first = last;
    }
    return first - load_begin(results->history);
}

/* -- results.json ---------------------------------------------------------------------------------
 */

static void print_stats(const struct history *history, struct buf *json)
{
    struct tally tally = count_ops(history);
    size_t count, bit;

    budget_free(history->budget, get_windows(history, &count, &bit));
    buf_json_next(json, "stats");
    buf_puts(json, "{");
    buf_json_int(json, "operations", (int64_t)history->count);
    buf_json_int(json, "ok", (int64_t)tally.ok);
    buf_json_int(json, "fail", (int64_t)tally.fail);
    buf_json_int(json, "info", (int64_t)tally.info);
    buf_json_int(json, "duration_ns", history->times_trusted ? history->end_ns : 0);
    buf_json_int(json, "load_ns", history->times_trusted ? load_length(history) : 0);
    buf_json_int(json, "faults", (int64_t)count);
    buf_json_int(json, "faults_that_bit", (int64_t)bit);
    buf_puts(json, "}");
}

/* Those that have a part in the verdict, or those told beside it. */
static void print_findings(const struct results *results, const char *member, bool aside,
                           struct buf *json)
{
    buf_json_next(json, member);
    buf_puts(json, "{");
    for (size_t i = 0; i < results->count; i++) {
        const struct judgement *judgement = &results->judgements[i];
        if (judgement->aside != aside)
            continue;
        buf_json_next(json, judgement->checker->name);
        finding_print(&judgement->finding, results->history, json);
    }
    buf_puts(json, "}");
}

void results_print(const struct results *results, struct buf *json)
{
    static const char *const valid[4] = {"true", "\"unknown\"", "\"unknown\"", "false"};

    buf_puts(json, "{");
    buf_json_raw(json, "valid", str_of(valid[results->outcome]));
    buf_json_str(json, "outcome", str_of(outcome_names[results->outcome]));
    buf_json_str(json, "reason", str_of(results->reason));
    if (results->failure)
        buf_json_str(json, "failure", str_of(results->failure));
    if (results->decisive < results->count)
        buf_json_str(json, "decisive",
                     str_of(results->judgements[results->decisive].checker->name));
    if (results->outcome == OUTCOME_VIOLATION && results->history->times_trusted)
        buf_json_int(json, "shown_ns", shown_at(results));
    print_findings(results, "checkers", false, json);
    print_findings(results, "aside", true, json);
    print_stats(results->history, json);
    buf_puts(json, "}\n");
}

int results_write(const struct results *results, const char *path, struct err *err)
{
    struct buf json;

    buf_init(&json, 0);
    results_print(results, &json);
    int rc = json.failed ? err_set(err, ENOMEM, "out of memory for '%s'", path)
                         : file_replace(path, buf_str(&json), err);
    buf_release(&json);
    return rc;
}
