/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzing of plans: any bytes are refused in words, or are a plan that keeps the limits that its
 * faults rely on; printed and read again it is the same. */
#include "fuzz.h"

#include "../../harness/base/clock.h"
#include "../../harness/nemesis.h"
#include "../../harness/runner/plan.h"
#include "../../harness/target.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NODES = 5 };

static const struct target target = {.name = "any"};

static void check_fault(const struct fault *fault)
{
    const struct param *params = fault->nemesis->params;
    struct err err;

    fuzz_demand(fault->begin_ns >= 0 && fault->begin_ns <= fault->end_ns, "begins before it ends");
    fuzz_demand(fault->nodes >> NODES == 0, "nodes of this cluster");
    fuzz_demand(fault->selector < SELECTORS, "a selector");
    fuzz_demand(nemesis_kind(fault->nemesis, fault->kind, &err) != NULL, "a kind of its own");
    for (int i = 0; params && params[i].name; i++)
        fuzz_demand(fault->params[i] >= params[i].least && fault->params[i] <= params[i].most,
                    "parameters in their ranges");
}

/* The plan in `text`, printed; NULL if it is refused. */
static char *read_plan(const void *text, size_t len)
{
    struct test test = {.target = &target,
                        .node_count = NODES,
                        .node_names = {"n1", "n2", "n3", "n4", "n5"},
                        .time_limit_ns = 20 * NS_PER_SEC,
                        .interval_ns = 5 * NS_PER_SEC,
                        .seed = 1};
    struct err err = {0};
    struct buf json;
    char path[FUZZ_PATH_BYTES];
    int fd = fuzz_file(text, len, path);
    int result = plan_read(&test, path, &err);
    (void)close(fd);
    buf_init(&json, 0);
    if (result == 0) {
        for (int i = 0; i < test.plan.fault_count; i++)
            check_fault(&test.plan.faults[i]);
        plan_print(&test, &json);
    } else {
        fuzz_demand(err.msg[0], "words for what is refused");
    }
    plan_release(&test.plan);
    if (result == 0)
        return buf_take(&json);
    buf_release(&json);
    return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char *first = read_plan(bytes, len);

    if (first) {
        char *second = read_plan(first, strlen(first));
        fuzz_demand(second && strcmp(first, second) == 0, "printed and read it is the same");
        free(second);
    }
    free(first);
    return 0;
}
