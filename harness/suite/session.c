/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session.h"

#include "../exit.h"
#include "../report/file.h"
#include "table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static int print_commands(const struct trials *trials, struct err *err)
{
    for (size_t i = 0; i < trials->count; i++) {
        const struct trial *trial = &trials->all[i];
        char *text;
        char **words = pool_words(trial, NULL, &text, err);
        if (!words)
            return -1;
        (void)printf("ordeal");
        for (size_t k = 0; words[k]; k++)
            (void)printf(" %s", words[k]);
        (void)printf("   # %s\n", trial->expects_violation ? "violation" : "passed");
        free(words);
        free(text);
    }
    return EXIT_PASSED;
}

static enum exit_code code_of(const struct trials *trials)
{
    enum exit_code code = EXIT_PASSED;

    for (size_t i = 0; i < trials->count; i++) {
        static const enum exit_code codes[7] = {[TRIAL_MISSED] = EXIT_VIOLATION,
                                                [TRIAL_BLAMED] = EXIT_VIOLATION,
                                                [TRIAL_FAILED] = EXIT_HARNESS,
                                                [TRIAL_UNDECIDED] = EXIT_UNDECIDED};
        code = exit_worse(code, codes[trials->all[i].state]);
    }
    return code;
}

/* Print with `print` to the file, or to standard output. */
static int put(const struct trials *trials, void (*print)(const struct trials *, struct buf *),
               const char *path, struct err *err)
{
    struct buf out;
    int result = 0;

    buf_init(&out, 0);
    print(trials, &out);
    if (out.failed)
        result = err_set(err, ENOMEM, "out of memory for the report");
    else if (path)
        result = file_replace(path, buf_str(&out), err);
    else
        (void)fwrite(out.ptr, 1, out.len, stdout);
    buf_release(&out);
    return result;
}

int session_run(const struct session *session, struct trials *trials, struct err *err)
{
    if (session->dry_run)
        return print_commands(trials, err);
    if (pool_run(trials, &session->pool, err) < 0 ||
        put(trials, session->json ? table_print_json : table_print, NULL, err) < 0 ||
        (session->junit && put(trials, table_print_junit, session->junit, err) < 0))
        return -1;
    return (int)code_of(trials);
}
