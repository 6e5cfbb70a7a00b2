/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "store.h"

#include "../base/clock.h"
#include "../base/version.h"
#include "../target.h"
#include "../workload.h"
#include "plan.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* mkdir -p */
static int make_folders(char *path, struct err *err)
{
    for (char *slash = strchr(path + 1, '/');; slash = strchr(slash + 1, '/')) {
        if (slash)
            *slash = '\0';
        int failed = mkdir(path, 0777) < 0 && errno != EEXIST;
        int code = errno;
        if (failed)
            (void)err_errno(err, code, "cannot make the folder '%s'; give another --store", path);
        if (slash)
            *slash = '/';
        if (failed)
            return -1;
        if (!slash)
            return 0;
    }
}

/* store/latest: replaced in one step, so that nobody ever finds it missing. Not worth failing for.
 */
static void point_latest(const char *store, const char *relative)
{
    char link[STORE_PATH_MAX + 32], fresh[STORE_PATH_MAX + 64];

    (void)snprintf(link, sizeof link, "%s/latest", store);
    (void)snprintf(fresh, sizeof fresh, "%s/.latest.%ld", store, (long)getpid());
    (void)unlink(fresh);
    if (symlink(relative, fresh) == 0 && rename(fresh, link) < 0)
        (void)unlink(fresh);
}

int store_create(const struct test *test, char dir[STORE_PATH_MAX], struct err *err)
{
    char store[STORE_PATH_MAX], relative[512], stamp[32];
    time_t seconds = (time_t)(clock_wall_ns() / NS_PER_SEC);
    struct tm utc;

    (void)snprintf(store, sizeof store, "%s", test->store_dir);
    if (make_folders(store, err) < 0)
        return -1;
    char *whole = realpath(test->store_dir, NULL);
    if (!whole || strlen(whole) + sizeof relative >= STORE_PATH_MAX) {
        free(whole);
        return err_set(err, ENAMETOOLONG, "the path of '%s' is too long; give another --store",
                       test->store_dir);
    }
    (void)snprintf(store, sizeof store, "%s", whole);
    free(whole);
    gmtime_r(&seconds, &utc);
    (void)strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &utc);
    for (int attempt = 0; attempt < 1000; attempt++) {
        int len = snprintf(relative, sizeof relative, "%s-%s/%s-%" PRIu64, test->target->name,
                           test->workload->name, stamp, test->seed);
        if (attempt)
            (void)snprintf(relative + len, sizeof relative - (size_t)len, "-%d", attempt + 1);
        (void)snprintf(dir, STORE_PATH_MAX, "%.*s/%s", (int)(STORE_PATH_MAX - sizeof relative - 2),
                       store, relative);
        char *last = strrchr(dir, '/');
        *last = '\0';
        if (make_folders(dir, err) < 0)
            return -1;
        *last = '/';
        if (mkdir(dir, 0777) == 0) {
            point_latest(store, relative);
            return 0;
        }
        if (errno != EEXIST)
            break;
    }
    return err_errno(err, errno, "cannot make the folder '%s'; give another --store", dir);
}

static void print_settings(const struct test *test, struct buf *json)
{
    buf_json_next(json, "settings");
    buf_puts(json, "{");
    for (int i = 0; i < test->setting_count; i++)
        buf_json_str(json, test->settings[i].key, str_of(test->settings[i].value));
    buf_puts(json, "}");
}

static void print_patterns(const struct log_pattern *patterns, struct buf *json)
{
    buf_json_next(json, "log_patterns");
    buf_puts(json, "[");
    for (; patterns && patterns->name; patterns++) {
        buf_json_next(json, NULL);
        buf_puts(json, "{");
        buf_json_str(json, "name", str_of(patterns->name));
        buf_json_str(json, "regex", str_of(patterns->regex));
        buf_puts(json, "}");
    }
    buf_puts(json, "]");
}

const struct log_pattern *store_log_patterns(const struct test *test)
{
    return plan_damages(&test->plan) ? NULL : test->target->log_patterns;
}

char *store_print_test(const struct test *test, const char *promise, char *const *command)
{
    struct buf json;

    buf_init(&json, 0);
    buf_puts(&json, "{");
    buf_json_str(&json, "target", str_of(test->target->name));
    buf_json_str(&json, "workload", str_of(test->workload->name));
    buf_json_str(&json, "model", str_of(test->workload->model));
    buf_json_str(&json, "consistency", str_of(promise));
    buf_json_raw(&json, "initial", STR("null"));
    buf_json_next(&json, "nodes");
    buf_puts(&json, "[");
    for (int i = 0; i < test->node_count; i++)
        buf_json_str(&json, NULL, str_of(test->node_names[i]));
    buf_puts(&json, "]");
    buf_json_int(&json, "concurrency", test->concurrency);
    buf_json_next(&json, "rate");
    buf_printf(&json, "%.15g", test->rate);
    buf_json_int(&json, "keys", test->key_count);
    buf_json_int(&json, "time_limit_ns", test->time_limit_ns);
    buf_json_int(&json, "interval_ns", test->interval_ns);
    buf_json_int(&json, "op_timeout_ns", test->op_timeout_ns);
    buf_json_int(&json, "recovery_ns", test->target->recovery_ns);
    if (test->target->staleness_ns)
        buf_json_int(&json, "staleness_ns", test->target->staleness_ns(test));
    buf_json_next(&json, "seed");
    buf_printf(&json, "%" PRIu64, test->seed);
    print_settings(test, &json);
    print_patterns(store_log_patterns(test), &json);
    buf_json_next(&json, "plan");
    plan_print(test, &json);
    needs_print(test->needs, &json);
    buf_json_next(&json, "command");
    buf_puts(&json, "[");
    for (; command && *command; command++)
        buf_json_str(&json, NULL, str_of(*command));
    buf_puts(&json, "]");
    buf_json_str(&json, "version", str_of(ordeal_version));
    buf_puts(&json, "}\n");
    return buf_take(&json);
}

int store_write_test(const struct test *test, const char *dir, const char *promise,
                     char *const *command, struct err *err)
{
    char path[STORE_PATH_MAX + 32];
    char *json = store_print_test(test, promise, command);

    if (!json)
        return err_set(err, ENOMEM, "out of memory for test.json");
    (void)snprintf(path, sizeof path, "%s/test.json", dir);
    FILE *file = fopen(path, "we");
    bool written = file && fputs(json, file) >= 0;
    int code = errno;
    if (file && fclose(file) != 0 && written) {
        written = false;
        code = errno;
    }
    free(json);
    return written ? 0 : err_errno(err, code, "cannot write '%s'", path);
}
