/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* cap.c - which sides of a cut still answered, reads and updates: what the system chose where
 * consistency and availability cannot both be had (CAP), measured.
 *
 * It informs and never blames. A cut counts if it was clean (every node on one side of it, clients
 * reached all) and no other fault was about. Systems need time to see what has happened, so that
 * the second half of a cut speaks for it: what ended in it. An operation is answered if it
 * succeeded while the cut was in force; it is not if it was refused or lost, or still waited at the
 * end for longer than any that was answered. What failed for a reason that may be the right answer
 * (a cas whose expected value was not there) is left out.
 *
 * Clients that turn to other nodes by themselves hide what a side does.
 */
#include "../harness/checker.h"
#include "cap/sides.h"

#include <inttypes.h>
#include <stdio.h>

enum kind { READS, UPDATES, KINDS, NEITHER };

/* By whom operations of a kind were answered. */
enum reach { UNTRIED, NONE, MINORITY, MAJORITY, ONE, SOME, EVERY, VARIED };

static const char *const kind_names[] = {"reads", "updates"};
static const char *const reach_names[] = {"untried",  "no side",    "a minority", "the majority",
                                          "one side", "some sides", "every side", "varied"};

struct tally {
    uint64_t answered, unanswered;
};

/* Of one cut or of all. */
struct choice {
    enum reach reach[KINDS];
    bool partly[KINDS]; /* a side that answered left more than one in twenty without an answer */
};

struct cut {
    const struct fault_window *window;
    int64_t half_ns, slowest_ns; /* slowest: of what was answered in it */
    struct sides sides;
    struct tally tallies[KINDS][SIDES_MAX];
    struct choice choice;
};

struct work {
    const struct history *history;
    struct budget *budget;
    struct buf *json;
    struct fault_window *windows;
    size_t window_count;
    uint64_t cuts;
    struct tally total;
    struct choice choice;
};

/* -- operations --------------------------------------------------------------------------------
 */

static enum kind kind_of(const struct op *op)
{
    switch (op->f) {
    case OP_F_READ:
    case OP_F_GET:
    case OP_F_CONTAINS:
        return READS;
    case OP_F_WRITE:
    case OP_F_APPEND:
    case OP_F_ADD:
    case OP_F_ENQUEUE:
    case OP_F_PUSH:
    case OP_F_INSERT:
    case OP_F_PUT:
        return UPDATES;
    case OP_F_CAS:
    case OP_F_REMOVE:
    case OP_F_DELETE:
        return op->type == OP_FAIL ? NEITHER : UPDATES;
    default:
        return NEITHER;
    }
}

static bool is_answered(const struct op *op, const struct cut *cut)
{
    return op->type == OP_OK && op->invoke_ns >= cut->window->in_force_ns &&
           op->complete_ns <= cut->window->withdrawn_ns;
}

/* It ended without success in the second half, or waited at the end for too long. */
static bool is_unanswered(const struct op *op, const struct cut *cut)
{
    enum { PATIENCE_NS = 100000000 };
    const struct fault_window *window = cut->window;
    int64_t from_ns = op->invoke_ns > window->in_force_ns ? op->invoke_ns : window->in_force_ns;
    int64_t waited_ns = window->withdrawn_ns - from_ns;

    if (op->complete_ns <= window->withdrawn_ns)
        return op->type != OP_OK && op->complete_ns >= cut->half_ns;
    return waited_ns > PATIENCE_NS && waited_ns > cut->slowest_ns;
}

static void count_ops(const struct history *history, struct cut *cut)
{
    for (size_t i = 0; i < history->count; i++) {
        const struct op *op = &history->ops[i];
        if (is_answered(op, cut) && op->complete_ns - op->invoke_ns > cut->slowest_ns)
            cut->slowest_ns = op->complete_ns - op->invoke_ns;
    }
    for (size_t i = 0; i < history->count; i++) {
        const struct op *op = &history->ops[i];
        enum kind kind = kind_of(op);
        if (kind == NEITHER || op->node == NODE_NONE)
            continue;
        struct tally *tally = &cut->tallies[kind][cut->sides.of[op->node]];
        if (is_answered(op, cut))
            tally->answered += op->complete_ns >= cut->half_ns;
        else
            tally->unanswered += is_unanswered(op, cut);
    }
}

/* -- what they come to --------------------------------------------------------------------------
 */

static void judge_kind(struct cut *cut, enum kind kind)
{
    enum { ONE_IN = 20 };
    const struct sides *sides = &cut->sides;
    int answering = 0, last = 0;

    for (int side = 0; side < sides->count; side++) {
        const struct tally *tally = &cut->tallies[kind][side];
        if (tally->answered + tally->unanswered == 0)
            return; /* untried */
        if (!tally->answered)
            continue;
        answering++;
        last = side;
        cut->choice.partly[kind] |= tally->unanswered * ONE_IN > tally->answered;
    }
    enum reach *reach = &cut->choice.reach[kind];
    if (answering == 0)
        *reach = NONE;
    else if (answering == sides->count)
        *reach = EVERY;
    else if (answering > 1)
        *reach = SOME;
    else if (sides->sizes[last] * 2 > sides->total)
        *reach = MAJORITY;
    else
        *reach = sides->sizes[last] * 2 < sides->total ? MINORITY : ONE;
}

static bool is_one(enum reach reach)
{
    return reach == MINORITY || reach == MAJORITY || reach == ONE;
}

static void add_choice(struct choice *all, const struct choice *cut)
{
    for (enum kind kind = 0; kind < KINDS; kind++) {
        enum reach reach = cut->reach[kind], *whole = &all->reach[kind];
        if (reach == UNTRIED)
            continue;
        all->partly[kind] |= cut->partly[kind];
        if (*whole == UNTRIED || *whole == reach)
            *whole = reach;
        else
            *whole = is_one(*whole) && is_one(reach) ? ONE : VARIED;
    }
}

/* -- cuts ----------------------------------------------------------------------------------------
 */

static bool is_alone(const struct work *work, const struct fault_window *cut)
{
    for (size_t i = 0; i < work->window_count; i++) {
        const struct fault_window *other = &work->windows[i];
        if (other != cut && other->declared_ns < cut->withdrawn_ns &&
            other->healed_ns > cut->in_force_ns)
            return false;
    }
    return true;
}

static void print_side(const struct work *work, const struct cut *cut, int side)
{
    struct buf *json = work->json;

    buf_json_next(json, NULL);
    buf_puts(json, "{");
    buf_json_next(json, "nodes");
    buf_puts(json, "[");
    for (int node = 0; node < work->history->node_count; node++) {
        if (cut->sides.of[node] == side)
            buf_json_str(json, NULL, str_of(work->history->nodes[node]));
    }
    buf_puts(json, "]");
    for (enum kind kind = 0; kind < KINDS; kind++) {
        buf_json_next(json, kind_names[kind]);
        buf_puts(json, "{");
        buf_json_int(json, "answered", (int64_t)cut->tallies[kind][side].answered);
        buf_json_int(json, "unanswered", (int64_t)cut->tallies[kind][side].unanswered);
        buf_puts(json, "}");
    }
    buf_puts(json, "}");
}

/* "reads: every side; updates: the majority in part" */
static void put_choice(const struct choice *choice, struct buf *text)
{
    for (enum kind kind = 0; kind < KINDS; kind++)
        buf_printf(text, "%s%s: %s%s", kind ? "; " : "", kind_names[kind],
                   reach_names[choice->reach[kind]], choice->partly[kind] ? " in part" : "");
}

static void print_choice(const struct choice *choice, struct buf *json)
{
    struct buf text;

    buf_init(&text, 0);
    put_choice(choice, &text);
    buf_json_str(json, "choice", buf_str(&text));
    buf_release(&text);
}

static void print_cut(const struct work *work, const struct cut *cut)
{
    struct buf *json = work->json;

    buf_json_next(json, NULL);
    buf_puts(json, "{");
    buf_json_int(json, "fault", cut->window->fault);
    buf_json_int(json, "from_ns", cut->half_ns);
    buf_json_int(json, "to_ns", cut->window->withdrawn_ns);
    print_choice(&cut->choice, json);
    buf_json_next(json, "sides");
    buf_puts(json, "[");
    for (int side = 0; side < cut->sides.count; side++)
        print_side(work, cut, side);
    buf_puts(json, "]}");
}

static void add_cut(struct work *work, struct cut *cut)
{
    const struct fault_window *window = cut->window;

    cut->half_ns = window->in_force_ns + (window->withdrawn_ns - window->in_force_ns) / 2;
    count_ops(work->history, cut);
    for (enum kind kind = 0; kind < KINDS; kind++) {
        judge_kind(cut, kind);
        for (int side = 0; side < cut->sides.count; side++) {
            work->total.answered += cut->tallies[kind][side].answered;
            work->total.unanswered += cut->tallies[kind][side].unanswered;
        }
    }
    add_choice(&work->choice, &cut->choice);
    work->cuts++;
    print_cut(work, cut);
}

static int look_at_cuts(struct work *work, struct err *err)
{
    struct cut *cut = budget_alloc(work->budget, sizeof *cut);

    if (!cut)
        return err_set(err, 0, "%s before anything was counted", budget_reason(work->budget));
    buf_puts(work->json, "\"cuts\":[");
    for (size_t i = 0; i < work->window_count && !budget_spent(work->budget); i++) {
        const struct fault_window *window = &work->windows[i];
        *cut = (struct cut){.window = window};
        if (window->in_force_ns < window->withdrawn_ns && strcmp(window->f, "partition") == 0 &&
            is_alone(work, window) &&
            sides_read(work->history, window->value, work->budget, &cut->sides))
            add_cut(work, cut);
    }
    buf_puts(work->json, "]");
    budget_free(work->budget, cut);
    return 0;
}

/* -- telling -------------------------------------------------------------------------------------
 */

static void tell(const struct work *work, struct finding *finding)
{
    struct buf text;

    if (budget_spent(work->budget)) {
        finding_set(finding, VERDICT_UNKNOWN, "%s while counting what was answered",
                    budget_reason(work->budget));
        return;
    }
    finding_set(finding, VERDICT_VALID, "%s", "");
    if (!work->cuts)
        return;
    print_choice(&work->choice, work->json);
    buf_init(&text, 0);
    buf_printf(&text, "in %" PRIu64 " cut%s, ", work->cuts, work->cuts == 1 ? "" : "s");
    put_choice(&work->choice, &text);
    finding_set(finding, VERDICT_VALID,
                "%s (%" PRIu64 " answered, %" PRIu64 " not, in the second half of each)",
                text.ptr ? text.ptr : "", work->total.answered, work->total.unanswered);
    buf_release(&text);
}

static int check(const struct history *history, const struct check_options *options,
                 struct budget *budget, struct finding *finding, struct err *err)
{
    struct work work = {.history = history, .budget = budget, .json = &finding->details};
    int result = 0;

    (void)options;
    finding_set(finding, VERDICT_VALID, "%s", "");
    if (!history->times_trusted)
        return 0;
    if (history_windows(history, budget, &work.windows, &work.window_count, err) == 0)
        result = look_at_cuts(&work, err);
    else if (!budget_spent(budget))
        result = -1;
    if (result == 0)
        tell(&work, finding);
    budget_free(budget, work.windows);
    return result;
}

const struct checker checker_cap = {
    .name = "cap",
    .about = "which sides of a cut still answered: consistency or availability, as measured",
    .is_beside = true,
    .check = check,
};
