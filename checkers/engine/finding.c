/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "../../harness/checker.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const verdict_names[3] = {"true", "unknown", "false"};

const struct checker *checker_find(const char *name)
{
    for (size_t i = 0; checkers[i]; i++) {
        if (strcmp(checkers[i]->name, name) == 0)
            return checkers[i];
    }
    return NULL;
}

void finding_init(struct finding *finding)
{
    *finding = (struct finding){.valid = VERDICT_UNKNOWN};
    buf_init(&finding->details, 0);
}

void finding_release(struct finding *finding)
{
    for (size_t i = 0; i < finding->anomaly_count; i++) {
        free(finding->anomalies[i].ops);
        free(finding->anomalies[i].explanation);
    }
    free(finding->anomalies);
    buf_release(&finding->details);
    finding_init(finding);
}

void finding_set(struct finding *finding, enum verdict valid, const char *fmt, ...)
{
    va_list args;

    finding->valid = valid;
    va_start(args, fmt);
    (void)vsnprintf(finding->reason, sizeof finding->reason, fmt, args);
    va_end(args);
}

int finding_add(struct finding *finding, const char *type, const uint32_t *ops, size_t op_count,
                bool verified, const char *explanation, struct err *err)
{
    struct anomaly *grown =
        realloc(finding->anomalies, (finding->anomaly_count + 1) * sizeof *grown);
    if (!grown)
        return err_set(err, ENOMEM, "out of memory for an anomaly");
    finding->anomalies = grown;

    struct anomaly added = {.type = type, .op_count = op_count, .verified = verified};
    added.ops = malloc(op_count * sizeof *ops + 1);
    added.explanation = strdup(explanation);
    if (!added.ops || !added.explanation) {
        free(added.ops);
        free(added.explanation);
        return err_set(err, ENOMEM, "out of memory for an anomaly");
    }
    if (op_count)
        memcpy(added.ops, ops, op_count * sizeof *ops);
    finding->anomalies[finding->anomaly_count++] = added;
    return 0;
}

void finding_print(const struct finding *finding, const struct history *history, struct buf *json)
{
    buf_puts(json, "{");
    buf_json_raw(json, "valid",
                 finding->valid == VERDICT_UNKNOWN ? STR("\"unknown\"")
                                                   : str_of(verdict_names[finding->valid]));
    if (finding->reason[0])
        buf_json_str(json, "reason", str_of(finding->reason));
    if (finding->anomaly_count) {
        buf_json_next(json, "anomalies");
        buf_puts(json, "[");
        for (size_t i = 0; i < finding->anomaly_count; i++) {
            const struct anomaly *anomaly = &finding->anomalies[i];
            buf_json_next(json, NULL);
            buf_puts(json, "{");
            buf_json_str(json, "type", str_of(anomaly->type));
            buf_json_next(json, "ops");
            buf_puts(json, "[");
            for (size_t k = 0; k < anomaly->op_count; k++)
                buf_json_int(json, NULL, history->ops[anomaly->ops[k]].index);
            buf_puts(json, "]");
            buf_json_bool(json, "verified", anomaly->verified);
            buf_json_str(json, "explanation", str_of(anomaly->explanation));
            buf_puts(json, "}");
        }
        buf_puts(json, "]");
    }
    if (finding->details.len) {
        buf_puts(json, ",");
        buf_add(json, finding->details.ptr, finding->details.len);
    }
    buf_puts(json, "}");
}
