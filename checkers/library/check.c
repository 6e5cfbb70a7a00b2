/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Questions and answers of libordeal-check. */
#include "library.h"

#include "../../harness/base/version.h"
#include "../../harness/checker.h"
#include "../../harness/model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct ordeal_result {
    struct finding finding; /* its anomalies' ops are numbers of invocations */
    char *json;
};

const char *ordeal_check_version(void)
{
    return ordeal_version;
}

/* -- asking ------------------------------------------------------------------------------------ */

static const struct checker *find_level(const char *name, struct err *err)
{
    const struct checker *checker = checker_find(name);

    if (checker && (checker->is_level || checker->is_measure))
        return checker;
    (void)err_set(err, EINVAL, "there is no consistency level '%s'", name);
    return NULL;
}

/* The history with what objects begin as among its values: in a table of its own, since others may
 * read theirs at the same time. */
static int add_initial(struct history *own, const char *json, value_id *initial, struct err *err)
{
    struct values copy;

    if (!values_copy(&copy, &own->values, own->budget))
        return err_set(err, ENOMEM, "out of memory for the initial value");
    own->values = copy;
    if (history_value(own, str_of(json), initial, err) == 0)
        return 0;
    values_release(&own->values);
    return err_wrap(err, "the initial value makes no sense");
}

static bool anything_succeeded(const struct history *history)
{
    for (size_t i = 0; i < history->count; i++) {
        if (history->ops[i].type == OP_OK)
            return true;
    }
    return false;
}

/* What no level may claim of such a history, and no violation without a verified witness. */
static void restrain(const struct history *history, const struct checker *checker,
                     struct finding *finding)
{
    bool shown = finding->valid != VERDICT_INVALID;

    for (size_t i = 0; i < finding->anomaly_count; i++)
        shown = shown || finding->anomalies[i].verified;
    if (!shown)
        finding_set(finding, VERDICT_UNKNOWN, "a violation was found that could not be verified");
    if (finding->valid != VERDICT_VALID)
        return;
    if (!anything_succeeded(history))
        finding_set(finding, VERDICT_UNKNOWN, "no operation completed, so nothing was shown");
    else if (history->timeless && strcmp(checker->name, "linearizable") == 0)
        finding_set(finding, VERDICT_UNKNOWN, "the history says nothing about real time");
}

static int put_result(const struct history *history, struct ordeal_result *result, struct err *err)
{
    struct finding *finding = &result->finding;
    struct buf json;

    buf_init(&json, 0);
    finding_print(finding, history, &json);
    result->json = buf_take(&json);
    for (size_t i = 0; i < finding->anomaly_count; i++) {
        for (size_t k = 0; k < finding->anomalies[i].op_count; k++)
            finding->anomalies[i].ops[k] = history->ops[finding->anomalies[i].ops[k]].index;
    }
    return result->json ? 0 : err_set(err, ENOMEM, "out of memory");
}

static int judge(const struct history *history, const struct ordeal_question *question,
                 const struct ordeal_limits *limits, struct ordeal_result *result, struct err *err)
{
    struct check_options options = {.model = question->model, .threads = limits->threads};
    const struct checker *checker =
        find_level(question->level ? question->level : "linearizable", err);
    struct history own = *history;
    struct budget budget;
    int begun = 0;

    if (!checker)
        return -1;
    if (question->model && !model_find(question->model))
        return err_set(err, EINVAL, "there is no model '%s'", question->model);
    budget_init(&budget, limits->time_ns, limits->memory_bytes);
    own.budget = &budget;
    if (question->initial)
        begun = add_initial(&own, question->initial, &options.initial, err);
    if (begun < 0 && !budget_spent(&budget))
        return -1;
    if (begun < 0 || checker->check(&own, &options, &budget, &result->finding, err) < 0)
        finding_set(&result->finding, VERDICT_UNKNOWN, "%s", err->msg);
    restrain(history, checker, &result->finding);
    int put = put_result(begun < 0 ? history : &own, result, err);
    if (question->initial && begun == 0)
        values_release(&own.values);
    return put;
}

struct ordeal_result *ordeal_check(struct ordeal_history *history,
                                   const struct ordeal_question *question,
                                   const struct ordeal_limits *limits,
                                   char message[ORDEAL_MESSAGE_BYTES])
{
    static const struct ordeal_question any_question;
    static const struct ordeal_limits no_limits;
    struct ordeal_result *result = calloc(1, sizeof *result);
    struct err err = {0};

    if (!result) {
        library_say(message, "out of memory");
        return NULL;
    }
    finding_init(&result->finding);
    if (library_finish(history, &err) < 0 ||
        judge(&history->history, question ? question : &any_question, limits ? limits : &no_limits,
              result, &err) < 0) {
        library_say(message, err.msg);
        ordeal_result_free(result);
        return NULL;
    }
    return result;
}

/* -- the answer -------------------------------------------------------------------------------- */

void ordeal_result_free(struct ordeal_result *result)
{
    if (!result)
        return;
    finding_release(&result->finding);
    free(result->json);
    free(result);
}

enum ordeal_verdict ordeal_result_verdict(const struct ordeal_result *result)
{
    static const enum ordeal_verdict verdicts[] = {[VERDICT_VALID] = ORDEAL_VALID,
                                                   [VERDICT_UNKNOWN] = ORDEAL_UNKNOWN,
                                                   [VERDICT_INVALID] = ORDEAL_INVALID};
    return verdicts[result->finding.valid];
}

const char *ordeal_result_reason(const struct ordeal_result *result)
{
    return result->finding.reason;
}

const char *ordeal_result_json(const struct ordeal_result *result)
{
    return result->json;
}

size_t ordeal_result_anomalies(const struct ordeal_result *result)
{
    return result->finding.anomaly_count;
}

static const struct anomaly *anomaly_at(const struct ordeal_result *result, size_t i)
{
    return i < result->finding.anomaly_count ? &result->finding.anomalies[i] : NULL;
}

const char *ordeal_anomaly_type(const struct ordeal_result *result, size_t i)
{
    const struct anomaly *anomaly = anomaly_at(result, i);
    return anomaly ? anomaly->type : NULL;
}

const char *ordeal_anomaly_explanation(const struct ordeal_result *result, size_t i)
{
    const struct anomaly *anomaly = anomaly_at(result, i);
    return anomaly ? anomaly->explanation : NULL;
}

const uint32_t *ordeal_anomaly_operations(const struct ordeal_result *result, size_t i,
                                          size_t *count)
{
    const struct anomaly *anomaly = anomaly_at(result, i);

    *count = anomaly ? anomaly->op_count : 0;
    return anomaly ? anomaly->ops : NULL;
}
