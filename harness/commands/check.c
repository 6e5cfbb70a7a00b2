/* SPDX-License-Identifier: GPL-2.0-or-later */
/* check.c - `ordeal check HISTORY...`: what a recorded history shows, ours or another tool's.
 *
 * What the command line leaves open the run's test.json answers, if the history lies in a run's
 * folder; then the run's other checkers apply too, and the verdict is the run's.
 */
#include "../base/clock.h"
#include "../history/formats/formats.h"
#include "../history/write.h"
#include "../report/prose.h"
#include "../report/report.h"
#include "../report/text.h"
#include "../runner/docket.h"
#include "../workload.h"
#include "commands.h"
#include "options.h"
#include "own_model.h"
#include "recorded.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct args {
    const char *format, *model, *consistency, *initial, *report, *export;
    int64_t time_limit_ns;
    size_t memory_limit_bytes;
    int threads;
    bool json, ignore_transactions;
};

static const char *const exports[] = {"edn", "jsonl", NULL};

static const struct option_spec specs[] = {
    {"format", 'f', "FORMAT", "how the history is written down (default: by its first bytes)",
     OPTION_TEXT, AT(struct args, format), NULL, NULL},
    {"model", 'm', "MODEL",
     "what the objects are: a name, or a plug-in's file (default: the record's, or a guess)",
     OPTION_TEXT, AT(struct args, model), NULL, NULL},
    {"consistency", 'c', "LEVEL",
     "what to check for, or 'ladder', 'staleness' (default: the record's, else linearizable)",
     OPTION_TEXT, AT(struct args, consistency), NULL, NULL},
    {"initial", 0, "JSON",
     "value of every object at first (default: the record's, else the model's)", OPTION_TEXT,
     AT(struct args, initial), NULL, NULL},
    {"time-limit", 't', "TIME", "for each history; then it is unknown (default: 300)", OPTION_TIME,
     AT(struct args, time_limit_ns), NULL, NULL},
    {"memory-limit", 0, "SIZE", "for each history (default: three quarters of the machine's)",
     OPTION_SIZE, AT(struct args, memory_limit_bytes), NULL, NULL},
    {"threads", 0, "N", "how many to use (default: as many as there are cores)", OPTION_INT,
     AT(struct args, threads), NULL, NULL},
    {"ignore-transactions", 0, NULL, "take the operations of transactions one by one", OPTION_FLAG,
     AT(struct args, ignore_transactions), NULL, NULL},
    {"json", 0, NULL, "print the results as a JSON object, one for each history", OPTION_FLAG,
     AT(struct args, json), NULL, NULL},
    {"report", 0, "FILE.html", "write a page about the history", OPTION_TEXT,
     AT(struct args, report), NULL, NULL},
    {"export", 0, "FORMAT", "do not check, print the history in this format", OPTION_CHOICE,
     AT(struct args, export), exports, NULL},
    {.name = NULL},
};

static const struct usage usage = {
    .command = "check",
    .arguments = "HISTORY...",
    .about =
        "Check recorded histories: files (plain, gzip or zstd), run folders, or - for standard "
        "input. With several, prints a line each: FILE<TAB>true|false|unknown|error. Exits "
        "with 1 if a violation was found, 255 if a history could not be read, 2 if undecided, "
        "else 0.",
    .examples = "ordeal check store/latest\n"
                "ordeal check --model cas-register --consistency sequential history.edn\n"
                "ordeal check --report page.html --time-limit 60 history.jsonl.zst\n"
                "ordeal check --export edn history.jsonl > history.edn",
    .options = specs,
    .positional_min = 1,
    .positional_max = -1,
};

/* One history on its way to a verdict. */
struct hearing {
    const struct args *args;
    const char *name; /* as given */
    char *path;       /* of the history */
    struct recorded recorded;
    struct budget budget;
    struct history history;
    struct check_options options;
    const char *level;
    struct docket docket;
    struct results results;
    struct err err; /* why the history could not be read */
    bool unreadable;
    int64_t spent_ns;
};

/* -- reading ---------------------------------------------------------------------------------- */

/* The history in a run's folder, or the file itself. The caller frees. */
static char *history_path(const char *name)
{
    static const char *const names[] = {"history.jsonl", "history.jsonl.zst", "history.jsonl.gz",
                                        "history.edn"};
    struct stat stat_of;
    char *path;

    if (strcmp(name, "-") == 0 || stat(name, &stat_of) < 0 || !S_ISDIR(stat_of.st_mode))
        return strdup(name);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (asprintf(&path, "%s/%s", name, names[i]) < 0)
            return NULL;
        if (access(path, F_OK) == 0)
            return path;
        free(path);
    }
    return asprintf(&path, "%s/%s", name, names[0]) < 0 ? NULL : path;
}

static int hearing_read(struct hearing *hearing)
{
    const struct args *args = hearing->args;
    struct read_options options = {.format = args->format,
                                   .threads = args->threads,
                                   .ignore_transactions = args->ignore_transactions};

    hearing->path = history_path(hearing->name);
    if (!hearing->path)
        return err_set(&hearing->err, ENOMEM, "out of memory");
    if (recorded_read(&hearing->recorded, hearing->path, &hearing->err) < 0 ||
        history_read(&hearing->history, hearing->path, &options, &hearing->err) < 0)
        return -1;
    hearing->options = hearing->recorded.options;
    hearing->options.threads = args->threads;
    if (args->model)
        hearing->options.model = args->model;
    const char *initial = args->initial ? args->initial : hearing->recorded.initial;
    if (initial)
        return history_value(&hearing->history, str_of(initial), &hearing->options.initial,
                             &hearing->err);
    return 0;
}

static void hearing_init(struct hearing *hearing, const struct args *args, const char *name)
{
    *hearing = (struct hearing){.args = args, .name = name};
    budget_init(&hearing->budget, args->time_limit_ns, args->memory_limit_bytes);
    history_init(&hearing->history, &hearing->budget);
}

static void hearing_release(struct hearing *hearing)
{
    docket_release(&hearing->docket);
    history_release(&hearing->history);
    recorded_release(&hearing->recorded);
    free(hearing->path);
}

/* -- checking --------------------------------------------------------------------------------- */

/* The level, and what a run is judged by besides. */
static void choose_checkers(struct hearing *hearing)
{
    const char *recorded = hearing->recorded.consistency;

    if (hearing->args->consistency)
        hearing->level = hearing->args->consistency;
    else if (recorded && checker_find(recorded))
        hearing->level = recorded;
    else
        hearing->level =
            hearing->history.timeless && checker_find("sequential") ? "sequential" : "linearizable";
    docket_summon(&hearing->docket, hearing->level);
    if (!hearing->recorded.workload)
        return;
    for (size_t i = 0; workloads[i]; i++) {
        if (strcmp(workloads[i]->name, hearing->recorded.workload) == 0)
            docket_summon_all(&hearing->docket, workloads[i]->checkers);
    }
    docket_summon_all(&hearing->docket, docket_always);
}

/* Read and check; what it came to is in hearing->results. */
static void hearing_run(struct hearing *hearing)
{
    int64_t start_ns = clock_now_ns();
    const char *failure = NULL;

    if (hearing_read(hearing) < 0) {
        /* Out of memory, or nothing that we can judge: undecided. Else it could not be read. */
        hearing->unreadable = true;
        if (hearing->err.code != ENOMEM && hearing->err.code != ENOTSUP)
            failure = hearing->err.msg;
    }
    if (!failure)
        choose_checkers(hearing);
    if (hearing->unreadable)
        docket_dismiss(&hearing->docket, hearing->err.msg);
    else
        docket_hear(&hearing->docket, &hearing->history, &hearing->options, &hearing->budget);
    results_merge(&hearing->history, hearing->docket.judgements, hearing->docket.count, failure,
                  &hearing->results);
    hearing->spent_ns = clock_now_ns() - start_ns;
}

/* -- telling ---------------------------------------------------------------------------------- */

/* A single read that no order explains found what nobody wrote. Maybe it was there from the start,
 * and nobody told us. */
static void say_what_may_be_missing(const struct hearing *hearing, struct buf *out)
{
    enum { HINT_BYTES_MAX = 60 };
    const struct anomaly *witness = results_witness(&hearing->results);
    const struct op *op =
        witness && witness->op_count == 1 ? &hearing->history.ops[witness->ops[0]] : NULL;
    struct buf value;

    if (!op || op->in != VALUE_NIL || op->out == VALUE_NIL || hearing->options.initial != VALUE_NIL)
        return;
    buf_init(&value, 0);
    values_print(&hearing->history.values, op->out, &value);
    if (!value.failed && value.len <= HINT_BYTES_MAX && !strchr(value.ptr, '\''))
        buf_printf(out, "If that was there from the start, say so: --initial '%s'\n", value.ptr);
    buf_release(&value);
}

static void say_checked(const struct hearing *hearing, struct buf *out)
{
    const struct history *history = &hearing->history;
    const char *model = hearing->options.model;
    size_t counts[4] = {0};

    for (size_t i = 0; i < history->count; i++)
        counts[history->ops[i].type]++;
    buf_printf(out, "\nchecked: %s%s%s; ", hearing->level, model ? ", model " : "",
               model ? model : "");
    text_count(out, history->count);
    buf_puts(out, " operations: ");
    text_count(out, counts[OP_OK]);
    buf_puts(out, " ok, ");
    text_count(out, counts[OP_FAIL]);
    buf_puts(out, " fail, ");
    text_count(out, counts[OP_INFO]);
    buf_printf(out, " info; in %.2f s, %.0f MB\n", (double)hearing->spent_ns / 1e9,
               (double)hearing->budget.peak_bytes / 1e6);
    for (size_t i = 0; i < hearing->docket.count; i++) {
        const struct finding *finding = &hearing->docket.judgements[i].finding;
        if (hearing->docket.judgements[i].aside)
            continue;
        buf_printf(out, "  %-20s %s%s%s\n", hearing->docket.judgements[i].checker->name,
                   verdict_names[finding->valid], finding->reason[0] ? ": " : "", finding->reason);
    }
    say_what_may_be_missing(hearing, out);
    if (history->torn)
        buf_puts(out, "The last line was not whole and was left out.\n");
    if (!history->times_trusted && !history->timeless)
        buf_puts(out, "The history has no times to trust: the order of its lines was taken.\n");
}

static void say_in_words(const struct hearing *hearing)
{
    struct buf out;

    buf_init(&out, 0);
    prose_verdict(&hearing->results, &out);
    say_checked(hearing, &out);
    (void)fwrite(out.ptr, 1, out.len, stdout);
    buf_release(&out);
}

/* The results' JSON object, with the file in front if there are several. */
static void say_as_json(const struct hearing *hearing, bool several)
{
    struct buf out;

    buf_init(&out, 0);
    results_print(&hearing->results, &out);
    if (several) {
        struct buf head;
        buf_init(&head, 0);
        buf_puts(&head, "{");
        buf_json_str(&head, "file", str_of(hearing->name));
        (void)fwrite(head.ptr, 1, head.len, stdout);
        (void)fputs(",", stdout);
        (void)fputs(out.ptr + 1, stdout);
        buf_release(&head);
    } else {
        (void)fwrite(out.ptr, 1, out.len, stdout);
    }
    buf_release(&out);
}

static void say_line(const struct hearing *hearing)
{
    static const char *const words[] = {[OUTCOME_PASSED] = "true",
                                        [OUTCOME_UNDECIDED] = "unknown",
                                        [OUTCOME_HARNESS_FAILED] = "error",
                                        [OUTCOME_VIOLATION] = "false"};

    (void)printf("%s\t%s\n", hearing->name, words[hearing->results.outcome]);
}

/* -- one history ------------------------------------------------------------------------------ */

static int check_history(const struct args *args, const char *name, bool several)
{
    struct hearing hearing;
    struct err err;

    hearing_init(&hearing, args, name);
    hearing_run(&hearing);
    int code = outcome_exit_code(hearing.results.outcome);
    if (hearing.results.outcome == OUTCOME_HARNESS_FAILED)
        (void)fprintf(stderr, "ordeal check: %s\n", hearing.err.msg);
    if (args->json)
        say_as_json(&hearing, several);
    else if (several)
        say_line(&hearing);
    else if (hearing.results.outcome != OUTCOME_HARNESS_FAILED)
        say_in_words(&hearing);
    (void)fflush(stdout);
    if (args->report && !(hearing.results.outcome == OUTCOME_HARNESS_FAILED) &&
        report_write_history(&hearing.results, args->report, &err) < 0) {
        (void)fprintf(stderr, "ordeal check: %s\n", err.msg);
        code = (int)exit_worse((enum exit_code)code, EXIT_HARNESS);
    }
    hearing_release(&hearing);
    return code;
}

static int export_history(const struct args *args, const char *name)
{
    struct hearing hearing;
    int result;

    hearing_init(&hearing, args, name);
    result = hearing_read(&hearing);
    if (result == 0)
        result = strcmp(args->export, "edn") == 0
                     ? history_write_edn(&hearing.history, stdout, &hearing.err)
                     : history_write_jsonl(&hearing.history, stdout, &hearing.err);
    if (result < 0)
        (void)fprintf(stderr, "ordeal check: %s\n", hearing.err.msg);
    hearing_release(&hearing);
    return result < 0 ? EXIT_HARNESS : EXIT_PASSED;
}

/* -- usage ------------------------------------------------------------------------------------ */

/* 0, or the exit code after telling that the name is none of `names`. */
static int check_name(const char *option, const char *name, const char *const *names)
{
    for (size_t i = 0; names[i]; i++) {
        if (strcmp(names[i], name) == 0)
            return 0;
    }
    const char *near = str_nearest(name, names);
    return options_refuse(&usage, "'--%s' does not know '%s'%s%s%s", option, name,
                          near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static int check_level(const char *level)
{
    const char *names[128];
    size_t count = 0;

    for (size_t i = 0; checkers[i] && count < 127; i++) {
        if (checkers[i]->is_level || checkers[i]->is_measure)
            names[count++] = checkers[i]->name;
    }
    names[count] = NULL;
    return check_name("consistency", level, names);
}

static int check_model(const char *model)
{
    const char *names[64];
    size_t count = 0;

    for (size_t i = 0; models[i] && count < 63; i++)
        names[count++] = models[i]->name;
    names[count] = NULL;
    return check_name("model", model, names);
}

static int check_format(const char *format)
{
    const char *names[64] = {"auto"};
    size_t count = 1;

    for (size_t i = 0; formats[i] && count < 63; i++)
        names[count++] = formats[i]->name;
    names[count] = NULL;
    return check_name("format", format, names);
}

static bool is_json(const char *text)
{
    json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);

    json_decref(json);
    return json != NULL;
}

/* 0, or the exit code after telling what is wrong. */
static int check_usage(const struct args *args, int count)
{
    if (args->report && count > 1)
        return options_refuse(&usage, "'--report' takes one history at a time");
    if (args->export && count > 1)
        return options_refuse(&usage, "'--export' takes one history at a time");
    if (args->format && check_format(args->format) != 0)
        return EXIT_USAGE;
    if (args->consistency && check_level(args->consistency) != 0)
        return EXIT_USAGE;
    if (args->model && !own_model_is_file(args->model) && check_model(args->model) != 0)
        return EXIT_USAGE;
    if (args->initial && !is_json(args->initial))
        return options_refuse(&usage, "'--initial' wants JSON such as 0 or '\"a\"', not '%s'",
                              args->initial);
    return 0;
}

static size_t default_memory(void)
{
    long pages = sysconf(_SC_PHYS_PAGES), page_bytes = sysconf(_SC_PAGESIZE);
    return pages > 0 && page_bytes > 0 ? (size_t)pages / 4 * 3 * (size_t)page_bytes : 0;
}

static int command_main(int argc, char **argv)
{
    struct args args = {.time_limit_ns = 300 * NS_PER_SEC, .memory_limit_bytes = default_memory()};
    int count, code = options_parse(&usage, argc, argv, &args, &count);

    if (code != OPTIONS_DONE)
        return code;
    code = check_usage(&args, count);
    if (code != 0)
        return code;
    if (args.model && own_model_is_file(args.model)) {
        struct err err;
        args.model = own_model_load(args.model, &err);
        if (!args.model)
            return options_refuse(&usage, "%s", err.msg);
    }
    if (args.export)
        return export_history(&args, argv[0]);
    enum exit_code worst = EXIT_PASSED;
    for (int i = 0; i < count; i++)
        worst = exit_worse(worst, (enum exit_code)check_history(&args, argv[i], count > 1));
    return (int)worst;
}

const struct command command_check = {
    .name = "check",
    .arguments = "HISTORY...",
    .about = "check recorded histories, ours or another tool's",
    .main = command_main,
};
