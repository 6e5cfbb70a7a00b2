/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "recorded.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* The folder of a run's history with its slash, as a heap string; NULL if the file is called
 * otherwise. */
static char *folder_of(const char *path)
{
    static const char name[] = "history.";
    const char *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;

    return strncmp(base, name, sizeof name - 1) == 0 ? strndup(path, (size_t)(base - path)) : NULL;
}

static const char *text_of(const json_t *json, const char *key)
{
    return json_string_value(json_object_get(json, key));
}

static void read_patterns(struct recorded *recorded)
{
    const json_t *list = json_object_get(recorded->json, "log_patterns");
    size_t count = 0, i;
    json_t *item;

    json_array_foreach(list, i, item)
    {
        const char *name = text_of(item, "name"), *regex = text_of(item, "regex");
        if (name && regex && count < RECORDED_PATTERNS_MAX)
            recorded->patterns[count++] = (struct log_pattern){.name = name, .regex = regex};
    }
    if (count)
        recorded->options.log_patterns = recorded->patterns;
}

/* Logs are looked for only where there are any, so that their checker knows. */
static void find_logs(struct recorded *recorded, const char *folder)
{
    struct stat stat_of;

    if (asprintf(&recorded->log_dir, "%snodes", folder) < 0)
        recorded->log_dir = NULL;
    if (recorded->log_dir && stat(recorded->log_dir, &stat_of) == 0 && S_ISDIR(stat_of.st_mode))
        recorded->options.log_dir = recorded->log_dir;
}

static void apply(struct recorded *recorded, const char *folder)
{
    const json_t *initial = json_object_get(recorded->json, "initial");
    const json_t *plan = json_object_get(recorded->json, "plan");

    recorded->consistency = text_of(recorded->json, "consistency");
    recorded->workload = text_of(recorded->json, "workload");
    recorded->options.model = text_of(recorded->json, "model");
    recorded->options.staleness_ns =
        json_integer_value(json_object_get(recorded->json, "staleness_ns"));
    recorded->options.recovery_ns =
        json_integer_value(json_object_get(recorded->json, "recovery_ns"));
    recorded->options.faults_planned = json_array_size(json_object_get(plan, "faults"));
    if (initial && !json_is_null(initial))
        recorded->initial = json_dumps(initial, JSON_COMPACT | JSON_ENCODE_ANY);
    read_patterns(recorded);
    find_logs(recorded, folder);
}

int recorded_read(struct recorded *recorded, const char *history_path, struct err *err)
{
    char *folder = folder_of(history_path), *path = NULL;
    json_error_t why;
    int result = 0;

    *recorded = (struct recorded){0};
    if (!folder)
        return 0;
    if (asprintf(&path, "%stest.json", folder) < 0) {
        path = NULL;
        result = err_set(err, ENOMEM, "out of memory for test.json");
    } else if (access(path, F_OK) == 0) {
        recorded->json = json_load_file(path, 0, &why);
        if (json_is_object(recorded->json))
            apply(recorded, folder);
        else
            result = err_set(err, EINVAL, "'%s' is damaged, line %d: %s", path, why.line,
                             recorded->json ? "it is not an object" : why.text);
    }
    free(path);
    free(folder);
    return result;
}

void recorded_release(struct recorded *recorded)
{
    json_decref(recorded->json);
    free(recorded->initial);
    free(recorded->log_dir);
    *recorded = (struct recorded){0};
}
