/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Each clock as a row of numbers, so that containment is a comparison of rows.
 *
 * Given that the clocks of a process grow, the last of its writes to a key that a read's clock
 * contains tells for all: found by halving, for each process that wrote the key.
 */
#include "clocks.h"

#include "../../harness/history/scan.h"

#include <inttypes.h>

enum { NAMES_MAX = 256, SHOWN_MAX = 5 };

struct clocks {
    const struct steps *steps;
    const struct history *history;
    struct budget *budget;
    struct str names[NAMES_MAX]; /* in the history's values */
    uint32_t name_count;
    int64_t *rows;    /* by step: name_count numbers */
    bool *has;        /* by step */
    uint32_t *writes; /* steps with a clock by key, session and place */
    uint32_t *first;  /* of each key, in writes */
    uint32_t *ends;   /* by place in writes: behind the last of that key and session */
    uint32_t with_clock, unreadable, contradictions, stale;
    struct finding *finding;
    struct err *err;
    bool failed;
};

/* -- reading ----------------------------------------------------------------------------------- */

/* The next member of a clock's text, as it stands there without quotes; false at the end. *good
 * says whether it was read well. */
static bool next_member(struct scan *scan, struct str *name, int64_t *number, bool *good)
{
    const char *begin;

    if (scan_peek(scan) == '}' || !*good)
        return false;
    (void)scan_take(scan, ',');
    begin = scan->at + 1;
    *good = scan_peek(scan) == '"' && scan_skip(scan);
    *name = (struct str){begin, (size_t)(scan->at - begin) - 1};
    *good = *good && scan_take(scan, ':') && scan_int(scan, number) && *number >= 0;
    return *good;
}

static bool begin_clock(const struct clocks *clocks, const struct op *op, struct scan *scan)
{
    value_id id = history_clock(clocks->history, op);
    struct str text;

    if (id == VALUE_NIL || !values_get_text(&clocks->history->values, id, &text))
        return false;
    *scan = scan_of(text);
    return scan_take(scan, '{');
}

static uint32_t name_number(struct clocks *clocks, struct str name)
{
    uint32_t i = 0;

    while (i < clocks->name_count && !str_eq(clocks->names[i], name))
        i++;
    if (i == clocks->name_count && i < NAMES_MAX)
        clocks->names[clocks->name_count++] = name;
    return i;
}

static const struct op *op_of(const struct clocks *clocks, uint32_t step)
{
    return &clocks->history->ops[clocks->steps->place[step]];
}

/* All names, and which steps have a clock. */
static void find_names(struct clocks *clocks)
{
    for (uint32_t i = 0; i < clocks->steps->count; i++) {
        bool good = true;
        struct scan scan;
        struct str name;
        int64_t number;
        if (!begin_clock(clocks, op_of(clocks, i), &scan))
            continue;
        while (next_member(&scan, &name, &number, &good))
            good = name_number(clocks, name) < NAMES_MAX;
        clocks->has[i] = good;
        clocks->with_clock += good;
        clocks->unreadable += !good;
    }
}

static bool read_rows(struct clocks *clocks)
{
    size_t count = (size_t)clocks->steps->count * clocks->name_count + 1;

    clocks->rows = budget_calloc(clocks->budget, count, sizeof *clocks->rows);
    for (uint32_t i = 0; i < clocks->steps->count && clocks->rows; i++) {
        int64_t *row = clocks->rows + (size_t)i * clocks->name_count;
        bool good = true;
        struct scan scan;
        struct str name;
        int64_t number;
        if (!clocks->has[i] || !begin_clock(clocks, op_of(clocks, i), &scan))
            continue;
        while (next_member(&scan, &name, &number, &good))
            row[name_number(clocks, name)] = number;
    }
    return clocks->rows;
}

static bool contains(const struct clocks *clocks, uint32_t later, uint32_t earlier)
{
    const int64_t *a = clocks->rows + (size_t)later * clocks->name_count;
    const int64_t *b = clocks->rows + (size_t)earlier * clocks->name_count;

    for (uint32_t i = 0; i < clocks->name_count; i++) {
        if (b[i] > a[i])
            return false;
    }
    return true;
}

/* Naively, from the texts: by each name of the earlier clock. */
static bool text_contains(const struct clocks *clocks, uint32_t later, uint32_t earlier)
{
    struct scan scan, others;
    struct str name, other;
    int64_t number, theirs;
    bool good = true;

    if (!begin_clock(clocks, op_of(clocks, earlier), &scan))
        return false;
    while (next_member(&scan, &name, &number, &good)) {
        bool found = number == 0, well = true;
        if (!begin_clock(clocks, op_of(clocks, later), &others))
            return false;
        while (next_member(&others, &other, &theirs, &well))
            found = found || (str_eq(other, name) && theirs >= number);
        if (!found)
            return false;
    }
    return true;
}

/* -- telling ----------------------------------------------------------------------------------- */

static void put_step(const struct clocks *clocks, uint32_t step, struct buf *text)
{
    const struct op *op = op_of(clocks, step);

    buf_printf(text, "operation %" PRIu32 " (process %" PRId32 ", clock ", op->index, op->process);
    values_print(&clocks->history->values, history_clock(clocks->history, op), text);
    buf_puts(text, ")");
}

static void add(struct clocks *clocks, const char *type, const uint32_t *steps, size_t count,
                bool verified, struct buf *text)
{
    uint32_t places[3];

    for (size_t i = 0; i < count; i++)
        places[i] = clocks->steps->place[steps[i]];
    if (finding_add(clocks->finding, type, places, count, verified, text->ptr ? text->ptr : "",
                    clocks->err) < 0)
        clocks->failed = true;
    buf_release(text);
}

/* `earlier` is before `later`, but the clocks do not say so. */
static void contradict(struct clocks *clocks, uint32_t earlier, uint32_t later, const char *why)
{
    bool contained = text_contains(clocks, later, earlier);
    struct buf text;

    if (clocks->contradictions++ >= SHOWN_MAX)
        return;
    buf_init(&text, 0);
    buf_puts(&text, "The recorded clocks contradict the history: ");
    put_step(clocks, earlier, &text);
    buf_printf(&text, " %s ", why);
    put_step(clocks, later, &text);
    buf_puts(&text, contained ? ", a write that its own clock does not count."
                              : ", but its clock is not contained in the other's.");
    add(clocks, "clock-contradiction", (uint32_t[]){earlier, later}, 2,
        !contained || text_contains(clocks, earlier, later), &text);
}

static void report_stale(struct clocks *clocks, uint32_t read, uint32_t newer)
{
    uint32_t old = clocks->steps->at[read].from;
    bool initial = old == FROM_INITIAL;
    struct buf text;

    if (clocks->stale++ >= SHOWN_MAX)
        return;
    bool verified =
        text_contains(clocks, read, newer) &&
        (initial || (text_contains(clocks, newer, old) && !text_contains(clocks, old, newer)));
    buf_init(&text, 0);
    buf_puts(&text, "By the recorded clocks ");
    put_step(clocks, newer, &text);
    buf_puts(&text, " is in the past of ");
    put_step(clocks, read, &text);
    if (initial) {
        buf_puts(&text, ", which read the initial value all the same.");
    } else {
        buf_puts(&text, " and overwrote ");
        put_step(clocks, old, &text);
        buf_puts(&text, ", whose value was read all the same.");
    }
    add(clocks, "stale-by-clock", (uint32_t[]){newer, read, initial ? read : old}, initial ? 2 : 3,
        verified, &text);
}

/* -- verifying --------------------------------------------------------------------------------- */

/* Two operations of a process, one after the other: the clock grows, with a write strictly. */
static void verify_pair(struct clocks *clocks, uint32_t earlier, uint32_t later)
{
    if (!contains(clocks, later, earlier) ||
        (step_is_write(&clocks->steps->at[later]) && contains(clocks, earlier, later)))
        contradict(clocks, earlier, later, "came, in its process, before");
}

static void verify(struct clocks *clocks)
{
    const struct steps *steps = clocks->steps;

    for (uint32_t s = 0; s < steps->session_count; s++) {
        uint32_t last = STEP_NONE;
        for (uint32_t i = steps->first[s]; i < steps->first[s + 1]; i++) {
            if (!clocks->has[i])
                continue;
            if (last != STEP_NONE && steps->place[last] != steps->place[i])
                verify_pair(clocks, last, i);
            last = i;
        }
    }
    for (uint32_t i = 0; i < steps->count; i++) {
        uint32_t from = steps->at[i].from;
        if (step_reads_from_step(&steps->at[i]) && clocks->has[i] && clocks->has[from] &&
            !contains(clocks, i, from))
            contradict(clocks, from, i, "wrote what was read by");
    }
}

/* -- using ------------------------------------------------------------------------------------- */

static bool counts_as_write(const struct clocks *clocks, uint32_t step)
{
    return clocks->has[step] && step_is_write(&clocks->steps->at[step]);
}

/* Steps stand by session and place already: sorting by key keeps that. */
static bool sort_writes(struct clocks *clocks)
{
    const struct steps *steps = clocks->steps;

    clocks->first =
        budget_calloc(clocks->budget, (size_t)steps->key_count + 2, sizeof *clocks->first);
    clocks->writes =
        budget_alloc(clocks->budget, ((size_t)steps->count + 1) * sizeof *clocks->writes);
    clocks->ends = budget_alloc(clocks->budget, ((size_t)steps->count + 1) * sizeof *clocks->ends);
    if (!clocks->first || !clocks->writes || !clocks->ends)
        return false;
    uint32_t *next = clocks->first + 1; /* becomes first once it has moved on */
    for (uint32_t i = 0; i < steps->count; i++) {
        if (counts_as_write(clocks, i))
            next[steps->at[i].key + 1]++;
    }
    for (uint32_t k = 0; k < steps->key_count; k++)
        next[k + 1] += next[k];
    for (uint32_t i = 0; i < steps->count; i++) {
        if (counts_as_write(clocks, i))
            clocks->writes[next[steps->at[i].key]++] = i;
    }
    uint32_t count = clocks->first[steps->key_count];
    for (uint32_t i = count; i-- > 0;) {
        uint32_t write = clocks->writes[i], after = i + 1 < count ? clocks->writes[i + 1] : write;
        bool same = i + 1 < count && steps->session[write] == steps->session[after] &&
                    steps->at[write].key == steps->at[after].key;
        clocks->ends[i] = same ? clocks->ends[i + 1] : i + 1;
    }
    return true;
}

/* Whether the last write of one session, writes[from] to writes[to - 1], that is in the read's past
 * overwrote what was read. */
static bool look_at_session(struct clocks *clocks, uint32_t read, uint32_t from, uint32_t to)
{
    const struct steps *steps = clocks->steps;
    uint32_t low = from, high = to, seen = steps->at[read].from;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (contains(clocks, read, clocks->writes[middle]))
            low = middle + 1;
        else
            high = middle;
    }
    /* The write of the same cas is behind its read. */
    if (low > from && steps->place[clocks->writes[low - 1]] == steps->place[read])
        low--;
    if (low == from)
        return false;
    uint32_t last = clocks->writes[low - 1];
    if (seen != FROM_INITIAL && (last == seen || !clocks->has[seen] ||
                                 !contains(clocks, last, seen) || contains(clocks, seen, last)))
        return false;
    report_stale(clocks, read, last);
    return true;
}

static bool use(struct clocks *clocks)
{
    const struct steps *steps = clocks->steps;

    if (!sort_writes(clocks))
        return false;
    for (uint32_t i = 0; i < steps->count; i++) {
        uint32_t key = steps->at[i].key, from = clocks->first[key], end = clocks->first[key + 1];
        if (!clocks->has[i] || step_is_write(&steps->at[i]))
            continue;
        for (; from < end; from = clocks->ends[from]) {
            if (look_at_session(clocks, i, from, clocks->ends[from]))
                break;
        }
        if ((i & 1023) == 0 && budget_spent(clocks->budget))
            return false;
    }
    return true;
}

/* -- the finding ------------------------------------------------------------------------------- */

static void conclude(const struct clocks *clocks, bool done)
{
    struct finding *finding = clocks->finding;
    struct buf *details = &finding->details;

    buf_json_next(details, "clocks");
    buf_puts(details, "{");
    buf_json_int(details, "operations", clocks->with_clock);
    buf_json_int(details, "unreadable", clocks->unreadable);
    buf_json_int(details, "contradictions", clocks->contradictions);
    buf_json_int(details, "stale_reads", clocks->stale);
    buf_puts(details, "}");
    if (clocks->stale && finding->valid != VERDICT_INVALID)
        finding_set(finding, VERDICT_INVALID,
                    "%" PRIu32 " read%s returned what the recorded clocks say was overwritten",
                    clocks->stale, clocks->stale == 1 ? "" : "s");
    else if (clocks->contradictions && finding->valid == VERDICT_VALID)
        finding_set(finding, VERDICT_UNKNOWN,
                    "the recorded clocks contradict the history in %" PRIu32
                    " place%s, so that one of them is wrong",
                    clocks->contradictions, clocks->contradictions == 1 ? "" : "s");
    else if (!done && finding->valid == VERDICT_VALID)
        finding_set(finding, VERDICT_UNKNOWN, "%s while looking at the recorded clocks",
                    budget_reason(clocks->budget));
}

int clocks_judge(const struct level_case *level_case, enum weak_level level,
                 struct finding *finding, struct err *err)
{
    struct clocks clocks = {.steps = &level_case->steps,
                            .history = level_case->history,
                            .budget = level_case->budget,
                            .finding = finding,
                            .err = err};

    if (clocks.history->clock_count == 0 || level_case->state != STEPS_READY ||
        clocks.steps->assignments != 1 ||
        (level != WEAK_CAUSAL && level != WEAK_CCV && level != WEAK_CC))
        return 0;
    clocks.has = budget_calloc(clocks.budget, (size_t)clocks.steps->count + 1, sizeof *clocks.has);
    bool done = clocks.has;
    if (done)
        find_names(&clocks);
    done = done && read_rows(&clocks);
    if (done)
        verify(&clocks);
    if (done && clocks.contradictions == 0)
        done = use(&clocks);
    conclude(&clocks, done);
    budget_free(clocks.budget, clocks.rows);
    budget_free(clocks.budget, clocks.has);
    budget_free(clocks.budget, clocks.writes);
    budget_free(clocks.budget, clocks.first);
    budget_free(clocks.budget, clocks.ends);
    return clocks.failed ? -1 : 0;
}
