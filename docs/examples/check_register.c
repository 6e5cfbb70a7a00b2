/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* check_register.c - libordeal-check from a program of one's own.
 *
 *     cc check_register.c $(pkg-config --cflags --libs ordeal-check) && ./a.out [HISTORY]
 *
 * Without a file it judges a history of three operations, in which a read is stale. It exits like
 * `ordeal check`: 0 valid, 1 violated, 2 undecided, 255 could not be read.
 */
#include <ordeal-check.h>
#include <stdio.h>

static const struct ordeal_event events[] = {
    {ORDEAL_INVOKE, 0, "write", "\"x\"", "1", 0, NULL},
    {ORDEAL_OK, 0, "write", "\"x\"", "1", 10, NULL},
    {ORDEAL_INVOKE, 0, "write", "\"x\"", "2", 20, NULL},
    {ORDEAL_OK, 0, "write", "\"x\"", "2", 30, NULL},
    {ORDEAL_INVOKE, 1, "read", "\"x\"", NULL, 40, NULL},
    {ORDEAL_OK, 1, "read", "\"x\"", "1", 50, NULL},
};

static struct ordeal_history *build(char message[ORDEAL_MESSAGE_BYTES])
{
    struct ordeal_history *history = ordeal_history_new(NULL);

    for (size_t i = 0; history && i < sizeof events / sizeof *events; i++) {
        if (ordeal_history_add(history, &events[i], message) < 0) {
            ordeal_history_free(history);
            return NULL;
        }
    }
    return history;
}

int main(int argc, char **argv)
{
    struct ordeal_limits limits = {10 * INT64_C(1000000000), (size_t)1 << 30, 0};
    struct ordeal_question question = {"linearizable", NULL, NULL};
    char message[ORDEAL_MESSAGE_BYTES] = "out of memory";
    struct ordeal_history *history =
        argc > 1 ? ordeal_history_read(argv[1], NULL, &limits, message) : build(message);
    struct ordeal_result *result =
        history ? ordeal_check(history, &question, &limits, message) : NULL;

    if (!result) {
        fprintf(stderr, "%s\n", message);
        ordeal_history_free(history);
        return 255;
    }
    enum ordeal_verdict verdict = ordeal_result_verdict(result);
    printf("%zu operations: %s. %s\n", ordeal_history_operations(history),
           verdict == ORDEAL_VALID     ? "linearizable"
           : verdict == ORDEAL_INVALID ? "not linearizable"
                                       : "undecided",
           ordeal_result_reason(result));
    if (verdict == ORDEAL_INVALID)
        puts(ordeal_anomaly_explanation(result, 0));
    ordeal_result_free(result);
    ordeal_history_free(history);
    return verdict == ORDEAL_VALID ? 0 : verdict == ORDEAL_INVALID ? 1 : 2;
}
