/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "survey.h"

#include "../base/clock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct process {
    pid_t pid, parent;
    char state;
};

/* Read "/proc/<path>/stat". False if it has gone meanwhile. */
static bool stat_read(const char *path, struct process *process)
{
    char name[64];
    char text[512];

    (void)snprintf(name, sizeof name, "/proc/%.40s/stat", path);
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t len = read(fd, text, sizeof text - 1);
    (void)close(fd);
    if (len <= 0)
        return false;
    text[len] = '\0';
    /* pid (name) state parent ...: the name may hold anything, also ')'. */
    const char *after = strrchr(text, ')');
    if (!after || strlen(after) < 5)
        return false;
    process->pid = (pid_t)strtol(text, NULL, 10);
    process->state = after[2];
    process->parent = (pid_t)strtol(after + 4, NULL, 10);
    return true;
}

static bool dead(char state)
{
    return state == 'Z' || state == 'X' || state == 'x';
}

/* What is known of a process from its threads: its leader may be dead while others run. */
struct threads {
    bool living, running;
};

static struct threads threads_read(pid_t pid, bool lenient)
{
    struct threads threads = {false, false};
    char path[40];

    (void)snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *dir = opendir(path);
    if (!dir)
        return threads;
    for (const struct dirent *entry; (entry = readdir(dir));) {
        struct process thread;
        if (entry->d_name[0] == '.')
            continue;
        (void)snprintf(path, sizeof path, "%d/task/%.12s", (int)pid, entry->d_name);
        if (!stat_read(path, &thread) || dead(thread.state))
            continue;
        threads.living = true;
        bool stopped = thread.state == 'T' || thread.state == 't';
        threads.running |= !stopped && !(lenient && thread.state == 'D');
    }
    (void)closedir(dir);
    return threads;
}

static void survey_add(struct survey *survey, pid_t pid, bool lenient)
{
    struct threads threads = threads_read(pid, lenient);

    if (!threads.living)
        return;
    if (survey->count < SURVEY_MAX)
        survey->pids[survey->count] = pid;
    survey->count++;
    survey->running += threads.running;
}

/* Call `visit` with every process that /proc shows. -1 with errno. */
static int each_process(void (*visit)(void *context, const char *pid), void *context)
{
    DIR *dir = opendir("/proc");

    if (!dir)
        return -1;
    for (const struct dirent *entry; (entry = readdir(dir));) {
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
            visit(context, entry->d_name);
    }
    (void)closedir(dir);
    return 0;
}

struct walk {
    struct survey *survey;
    bool lenient;
    struct process *all; /* of the machine, for its tree */
    size_t count, capacity;
    bool failed;
};

static void visit_inside(void *context, const char *pid)
{
    struct walk *walk = context;

    if (strcmp(pid, "1") != 0)
        survey_add(walk->survey, (pid_t)strtol(pid, NULL, 10), walk->lenient);
}

static void visit_machine(void *context, const char *pid)
{
    struct walk *walk = context;

    if (walk->count == walk->capacity) {
        size_t capacity = walk->capacity ? walk->capacity * 2 : 256;
        struct process *grown = realloc(walk->all, capacity * sizeof *grown);
        if (!grown) {
            walk->failed = true;
            return;
        }
        walk->all = grown;
        walk->capacity = capacity;
    }
    if (stat_read(pid, &walk->all[walk->count]))
        walk->count++;
}

/* Mark who descends from `root`, generation by generation, by giving them root as their parent. */
static void find_descendants(struct walk *walk, pid_t root)
{
    bool found = true;

    while (found) {
        found = false;
        for (size_t i = 0; i < walk->count; i++) {
            struct process *parent = &walk->all[i];
            if (parent->parent != root)
                continue;
            for (size_t k = 0; k < walk->count; k++) {
                if (walk->all[k].parent == parent->pid) {
                    walk->all[k].parent = root;
                    found = true;
                }
            }
        }
    }
}

int survey_take(struct survey *survey, pid_t root, bool lenient)
{
    struct walk walk = {.survey = survey, .lenient = lenient};

    survey->count = 0;
    survey->running = 0;
    if (root == 0)
        return each_process(visit_inside, &walk);
    int failed = each_process(visit_machine, &walk);
    if (walk.failed) {
        errno = ENOMEM;
        failed = -1;
    }
    if (!failed) {
        find_descendants(&walk, root);
        for (size_t i = 0; i < walk.count; i++) {
            if (walk.all[i].parent == root)
                survey_add(survey, walk.all[i].pid, lenient);
        }
    }
    free(walk.all);
    return failed;
}

int survey_settle(struct survey *survey, pid_t root, void (*again)(const struct survey *survey))
{
    int64_t begin_ns = clock_now_ns();

    for (;;) {
        int64_t waited_ns = clock_now_ns() - begin_ns;
        if (survey_take(survey, root, waited_ns > 10 * NS_PER_MS))
            return -1;
        if (survey->running == 0 || waited_ns > NS_PER_SEC)
            return 0;
        if (again)
            again(survey);
        clock_sleep_until(clock_now_ns() + NS_PER_MS / 20); /* nothing tells of a strange process */
    }
}
