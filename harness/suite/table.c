/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "table.h"

#include "../report/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *word_of(const struct trial *trial)
{
    if (trial->state == TRIAL_MET)
        return trial->theory ? "agrees" : trial->expects_violation ? "found" : "held";
    return trial_state_names[trial->state];
}

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

double trials_median_load(const struct trials *trials)
{
    double *loads = calloc(trials->count + 1, sizeof *loads);
    size_t count = 0;

    for (size_t i = 0; loads && i < trials->count; i++) {
        const struct trial *trial = &trials->all[i];
        if (trial->state == TRIAL_MET && trial->expects_violation && !trial->theory)
            loads[count++] = trials->all[i].load_s;
    }
    if (count)
        qsort(loads, count, sizeof *loads, compare);
    double median = count ? (loads[(count - 1) / 2] + loads[count / 2]) / 2 : 0;
    free(loads);
    return median;
}

/* -- for people ----------------------------------------------------------------------------------
 */

/* Wrapped, under the row. */
static void print_seen(const char *seen, struct buf *out)
{
    enum { INDENT = 16, COLUMNS = 80 };
    int column = COLUMNS;

    while (*seen) {
        int len = (int)strcspn(seen, " ");
        bool fits = column + 1 + len <= COLUMNS;
        if (fits)
            buf_puts(out, " ");
        else
            buf_printf(out, "%s%*s", column == COLUMNS ? "" : "\n", INDENT, "");
        buf_printf(out, "%.*s", len, seen);
        column = (fits ? column + 1 : INDENT) + len;
        seen += len + (seen[len] == ' ');
    }
    buf_puts(out, "\n");
}

static void print_row(const struct trial *trial, struct buf *out)
{
    bool witnessed =
        trial->state == TRIAL_BLAMED || (trial->state == TRIAL_MET && trial->expects_violation);

    buf_printf(out, "%-15.15s %-24.24s %-9s", trial->target, trial->name, word_of(trial));
    if (trial->runs && trial->state != TRIAL_SKIPPED)
        buf_printf(out, "%6.1f s%5d%7" PRIu64, trial->load_s, trial->runs, trial->last_seed);
    buf_puts(out, "\n");
    if (witnessed)
        buf_printf(out, "%-16s%s: %s\n", "", trial->checker, trial->anomaly);
    if (trial->state != TRIAL_MET && trial->reason[0]) {
        buf_printf(out, "%-16s", "");
        text_fit(out, str_of(trial->reason), 64);
        buf_puts(out, "\n");
    }
    if (trial->seen[0])
        print_seen(trial->seen, out);
}

/* Those compared with theory, or the others that seek something. */
static size_t count_sought(const struct trials *trials, enum trial_state state, bool theory)
{
    size_t count = 0;

    for (size_t i = 0; i < trials->count; i++) {
        const struct trial *trial = &trials->all[i];
        count += trial->state == state && trial_seeks(trial) && (trial->theory != NULL) == theory;
    }
    return count;
}

static size_t count_all(const struct trials *trials, enum trial_state state)
{
    return trials_in_state(trials, state, true) + trials_in_state(trials, state, false);
}

static void print_part(struct buf *out, size_t count, const char *what)
{
    if (count)
        buf_printf(out, ", %zu %s", count, what);
}

void table_print(const struct trials *trials, struct buf *out)
{
    size_t found = count_sought(trials, TRIAL_MET, false);
    size_t missed = count_sought(trials, TRIAL_MISSED, false);
    size_t agree = count_sought(trials, TRIAL_MET, true);
    size_t differ = count_sought(trials, TRIAL_MISSED, true);

    buf_printf(out, "%-15s %-24s %-9s%8s%5s%7s\n", "target", "trial", "result", "load", "runs",
               "seed");
    for (size_t i = 0; i < trials->count; i++)
        print_row(&trials->all[i], out);
    buf_printf(out, "\n%zu of %zu expected violations found", found, found + missed);
    if (found)
        buf_printf(out, ", after %.1f s of load in the median", trials_median_load(trials));
    buf_puts(out, ";\n");
    if (agree + differ)
        buf_printf(out, "%zu of %zu agree with theory, ", agree, agree + differ);
    buf_printf(out, "%zu held", trials_in_state(trials, TRIAL_MET, false));
    print_part(out, count_all(trials, TRIAL_BLAMED), "blamed");
    print_part(out, count_all(trials, TRIAL_UNDECIDED), "undecided");
    print_part(out, count_all(trials, TRIAL_SKIPPED), "skipped");
    print_part(out, count_all(trials, TRIAL_FAILED), "failed");
    buf_puts(out, "\n");
}

/* -- for machines --------------------------------------------------------------------------------
 */

static void print_trial(const struct trial *trial, struct buf *out)
{
    buf_json_next(out, NULL);
    buf_puts(out, "{");
    buf_json_str(out, "target", str_of(trial->target));
    buf_json_str(out, "name", str_of(trial->name));
    buf_json_str(out, "options", str_of(trial->options));
    buf_json_str(out, "expect", str_of(trial->expects_violation ? "violation" : "passed"));
    buf_json_str(out, "state", str_of(word_of(trial)));
    buf_json_int(out, "runs", trial->runs);
    buf_json_int(out, "seed", (int64_t)trial->last_seed);
    buf_json_next(out, "load_s");
    buf_printf(out, "%.3f", trial->load_s);
    buf_json_str(out, "checker", str_of(trial->checker));
    buf_json_str(out, "anomaly", str_of(trial->anomaly));
    buf_json_str(out, "reason", str_of(trial->reason));
    if (trial->theory) {
        buf_json_str(out, "seen", str_of(trial->seen));
        buf_json_str(out, "witness", str_of(trial->witness));
    }
    buf_puts(out, "}");
}

void table_print_json(const struct trials *trials, struct buf *out)
{
    buf_puts(out, "{\"trials\":[");
    for (size_t i = 0; i < trials->count; i++)
        print_trial(&trials->all[i], out);
    buf_puts(out, "],\"summary\":{");
    buf_json_int(out, "found", (int64_t)count_sought(trials, TRIAL_MET, false));
    buf_json_int(out, "missed", (int64_t)count_sought(trials, TRIAL_MISSED, false));
    buf_json_int(out, "agree", (int64_t)count_sought(trials, TRIAL_MET, true));
    buf_json_int(out, "disagree", (int64_t)count_sought(trials, TRIAL_MISSED, true));
    buf_json_int(out, "held", (int64_t)trials_in_state(trials, TRIAL_MET, false));
    buf_json_int(out, "blamed", (int64_t)count_all(trials, TRIAL_BLAMED));
    buf_json_next(out, "median_load_s");
    buf_printf(out, "%.3f", trials_median_load(trials));
    buf_puts(out, "}}\n");
}

static void add_xml(struct buf *out, const char *text)
{
    for (; *text; text++) {
        switch (*text) {
        case '<':
            buf_puts(out, "&lt;");
            break;
        case '&':
            buf_puts(out, "&amp;");
            break;
        case '"':
            buf_puts(out, "&quot;");
            break;
        default:
            if ((unsigned char)*text >= ' ')
                buf_add(out, text, 1);
        }
    }
}

static void print_case(const struct trial *trial, struct buf *out)
{
    static const char *const elements[7] = {"skipped", NULL,      "failure", "failure",
                                            "skipped", "skipped", "error"};
    const char *element = elements[trial->state];

    buf_puts(out, "  <testcase classname=\"");
    add_xml(out, trial->target);
    buf_puts(out, "\" name=\"");
    add_xml(out, trial->name);
    buf_printf(out, "\" time=\"%.3f\"", trial->load_s);
    if (!element) {
        buf_puts(out, "/>\n");
        return;
    }
    buf_printf(out, "><%s message=\"%s: ", element, word_of(trial));
    add_xml(out, trial->reason);
    buf_puts(out, "\"/></testcase>\n");
}

void table_print_junit(const struct trials *trials, struct buf *out)
{
    size_t failures = trials_in_state(trials, TRIAL_MISSED, true) + count_all(trials, TRIAL_BLAMED);
    size_t errors = count_all(trials, TRIAL_FAILED);

    buf_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    buf_printf(out, "<testsuite name=\"ordeal\" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\">\n",
               trials->count, failures, errors);
    for (size_t i = 0; i < trials->count; i++)
        print_case(&trials->all[i], out);
    buf_puts(out, "</testsuite>\n");
}
