/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pool.h"

#include "../base/buf.h"
#include "../base/clock.h"
#include "../exit.h"

#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORDS_MAX = 64, OUTPUT_MAX = 64 << 20 };

struct job {
    pid_t pid; /* 0: free */
    struct trial *trial;
    char run_dir[PATH_MAX];
    int output, errors; /* memory files */
};

struct pool {
    struct trials *trials;
    const struct pool_options *options;
    struct job jobs[POOL_JOBS_MAX];
    int running;
    int64_t deadline_ns;
};

static volatile sig_atomic_t interrupted; /* how often */

static void on_signal(int number)
{
    (void)number;
    interrupted = interrupted + 1;
}

/* -- a run as a process --------------------------------------------------------------------------
 */

static void add_word(struct buf *text, const char *word)
{
    buf_add(text, word, strlen(word) + 1);
}

char **pool_words(const struct trial *trial, const char *run_dir, char **text, struct err *err)
{
    char **words = calloc(WORDS_MAX + 1, sizeof *words);
    char *options = strdup(trial->options), *rest = options, *word;
    char seed[24];
    struct buf all;
    size_t count = 0;

    buf_init(&all, 0);
    add_word(&all, "run");
    add_word(&all, trial->target);
    while ((word = strsep(&rest, " "))) {
        if (*word)
            add_word(&all, word);
    }
    free(options);
    (void)snprintf(seed, sizeof seed, "%" PRIu64, trial->seed + (uint64_t)trial->runs);
    add_word(&all, "--seed");
    add_word(&all, seed);
    if (run_dir) {
        add_word(&all, "--store");
        add_word(&all, run_dir);
    }
    size_t len = all.len;
    *text = buf_take(&all);
    const char *end = *text ? *text + len : NULL;
    for (char *at = *text; words && at < end && count < WORDS_MAX; at += strlen(at) + 1)
        words[count++] = at;
    if (!words || !*text || !options || count == WORDS_MAX) {
        (void)err_set(err, ENOMEM, "no room for the words of '%s'", trial->options);
        free(words);
        free(*text);
        return NULL;
    }
    return words;
}

/* In the child: it ends with us, in a process group of its own, so that the terminal's Ctrl-C comes
 * to it once, from here. */
_Noreturn static void become_run(const struct job *job, char *const *words)
{
    char *argv[WORDS_MAX + 4];
    static char program[] = "ordeal", json[] = "--json", quiet[] = "--quiet";
    size_t count = 0;
    sigset_t none;

    argv[count++] = program;
    while (*words)
        argv[count++] = *words++;
    argv[count++] = json;
    argv[count++] = quiet;
    argv[count] = NULL;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)setpgid(0, 0);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    if (dup2(job->output, STDOUT_FILENO) >= 0 && dup2(job->errors, STDERR_FILENO) >= 0)
        (void)execv("/proc/self/exe", argv);
    _exit(255);
}

static void close_files(struct job *job)
{
    if (job->output >= 0)
        (void)close(job->output);
    if (job->errors >= 0)
        (void)close(job->errors);
    job->pid = 0;
}

static int start(struct pool *pool, struct trial *trial, struct err *err)
{
    struct job *job = pool->jobs;
    char *text = NULL;

    while (job->pid)
        job++;
    (void)snprintf(job->run_dir, sizeof job->run_dir, "%s/%s/%s-%" PRIu64, pool->options->store_dir,
                   trial->target, trial->name, trial->seed + (uint64_t)trial->runs);
    for (char *c = strrchr(job->run_dir, '/'); *c; c++)
        *c = *c == ' ' ? '-' : *c;
    char **words = pool_words(trial, job->run_dir, &text, err);
    if (!words)
        return -1;
    job->trial = trial;
    job->output = memfd_create("run-output", MFD_CLOEXEC);
    job->errors = memfd_create("run-errors", MFD_CLOEXEC);
    job->pid = job->output < 0 || job->errors < 0 ? -1 : fork();
    if (job->pid == 0)
        become_run(job, words);
    free(words);
    free(text);
    if (job->pid < 0) {
        int error = errno;
        close_files(job);
        return err_errno(err, error, "cannot start a run");
    }
    trial->running = true;
    pool->running++;
    return 0;
}

/* All that a run wrote, as text. */
static char *read_file(int fd)
{
    off_t size = lseek(fd, 0, SEEK_END);
    size_t len = size < 0 ? 0 : size > OUTPUT_MAX ? OUTPUT_MAX : (size_t)size;
    char *text = malloc(len + 1);
    ssize_t got = text ? pread(fd, text, len, 0) : 0;

    if (text)
        text[got > 0 ? got : 0] = '\0';
    return text;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *at)
{
    (void)status;
    (void)kind;
    (void)at;
    return remove(path);
}

/* Records of runs that found nothing are not kept: a calibration makes hundreds of them. */
static void drop_record(const struct job *job)
{
    enum { OPEN_MAX_AT_ONCE = 16 };

    (void)nftw(job->run_dir, remove_one, OPEN_MAX_AT_ONCE, FTW_DEPTH | FTW_PHYS);
}

/* -- the pool ------------------------------------------------------------------------------------
 */

static void tell(const struct trial *trial, int code)
{
    (void)fprintf(stderr, "%s %s: run %d, seed %" PRIu64 ": exit code %d: %s\n", trial->target,
                  trial->name, trial->runs, trial->last_seed, code, trial->reason);
}

static void finish(struct pool *pool, struct job *job, int status)
{
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : 255;
    char *output = read_file(job->output), *errors = read_file(job->errors);
    json_t *results = output ? json_loads(output, 0, NULL) : NULL;
    struct trial *trial = job->trial;

    trial_take(trial, code, results, errors ? errors : "");
    if (interrupted && code != EXIT_VIOLATION)
        trial->state = TRIAL_UNDECIDED;
    if (code == EXIT_PASSED)
        drop_record(job);
    if (!pool->options->quiet)
        tell(trial, code);
    if (trial->state == TRIAL_OPEN && trial->load_s >= pool->options->patience_s)
        trial->state = TRIAL_MISSED;
    json_decref(results);
    free(output);
    free(errors);
    close_files(job);
    pool->running--;
}

/* The open trial with the least load so far; NULL if there is none that may begin. */
static struct trial *next_trial(const struct pool *pool)
{
    struct trial *next = NULL;

    if (interrupted || (pool->deadline_ns && clock_now_ns() >= pool->deadline_ns))
        return NULL;
    for (size_t i = 0; i < pool->trials->count; i++) {
        struct trial *trial = &pool->trials->all[i];
        if (trial->state == TRIAL_OPEN && !trial->running &&
            (!next || trial->runs < next->runs ||
             (trial->runs == next->runs && trial->load_s < next->load_s)))
            next = trial;
    }
    return next;
}

static void await(struct pool *pool)
{
    int status, passed = interrupted;
    pid_t pid = waitpid(-1, &status, 0);

    if (pid < 0 && interrupted != passed) {
        for (int i = 0; i < POOL_JOBS_MAX; i++) {
            if (pool->jobs[i].pid)
                (void)kill(pool->jobs[i].pid, SIGINT);
        }
    }
    for (int i = 0; pid > 0 && i < POOL_JOBS_MAX; i++) {
        if (pool->jobs[i].pid == pid)
            finish(pool, &pool->jobs[i], status);
    }
}

/* What has not come to an end has no verdict: it was looked for in vain, or never begun. */
static void close_open(struct trials *trials)
{
    for (size_t i = 0; i < trials->count; i++) {
        struct trial *trial = &trials->all[i];
        if (trial->state != TRIAL_OPEN)
            continue;
        trial->state = trial->runs && trial_seeks(trial) ? TRIAL_MISSED : TRIAL_UNDECIDED;
        if (!trial->runs)
            (void)snprintf(trial->reason, sizeof trial->reason, "there was no time for it");
    }
}

int pool_jobs_default(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count < 1 ? 1 : count > POOL_JOBS_MAX ? POOL_JOBS_MAX : (int)count;
}

int pool_run(struct trials *trials, const struct pool_options *options, struct err *err)
{
    struct pool pool = {.trials = trials, .options = options};
    struct sigaction action = {.sa_handler = on_signal}, kept[2];
    int result = 0;

    if (options->budget_ns)
        pool.deadline_ns = clock_now_ns() + options->budget_ns;
    interrupted = 0;
    (void)sigaction(SIGINT, &action, &kept[0]);
    (void)sigaction(SIGTERM, &action, &kept[1]);
    for (;;) {
        struct trial *trial =
            pool.running < options->jobs && result == 0 ? next_trial(&pool) : NULL;
        if (trial)
            result = start(&pool, trial, err);
        else if (pool.running)
            await(&pool);
        else
            break;
    }
    (void)sigaction(SIGINT, &kept[0], NULL);
    (void)sigaction(SIGTERM, &kept[1], NULL);
    close_open(trials);
    return result;
}
