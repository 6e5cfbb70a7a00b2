/* SPDX-License-Identifier: GPL-2.0-or-later */
/* progress.c - one thread that asks where the run stands and says so.
 *
 * Two locks meet here: log.c calls before_log and after_log with its own lock held, so nothing here
 * logs, or calls out to the source, while holding `display.lock`.
 */
#include "progress.h"

#include "../base/clock.h"
#include "../base/log.h"
#include "text.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
    TICK_MS = 200,
    RATE_TICKS = 5, /* the rate shown is that of the last second */
    PLAIN_EVERY_MS = 5000,
    COLUMNS_DEFAULT = 80,
};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t thread;
    bool running, stopping;
    bool live;
    int fd;
    struct progress_source source;
    struct buf line; /* as last drawn; empty: nothing is on the screen */
    int line_columns;

    /* Of the thread alone. */
    struct {
        int64_t time_ns;
        uint64_t done;
    } past[RATE_TICKS];
    unsigned tick;
    int64_t plain_ns; /* when the last plain line was written; 0: never */
    const char *plain_phase;
} display = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void add_counts(const struct progress_now *now, struct buf *out)
{
    text_count(out, now->ok);
    buf_puts(out, " ok  ");
    text_count(out, now->fail);
    buf_puts(out, " fail  ");
    text_count(out, now->info);
    buf_puts(out, " info");
}

void progress_line(const struct progress_now *now, double rate, int columns, struct buf *line)
{
    struct buf counts, head;
    buf_init(&counts, 0);
    buf_init(&head, 0);

    buf_printf(&head, "%-8s", now->phase ? now->phase : "");
    if (now->left_ns >= 0)
        buf_printf(&head, " %5lld s", (long long)((now->left_ns + NS_PER_SEC - 1) / NS_PER_SEC));
    else
        buf_puts(&head, "        ");
    size_t done = now->ok + now->fail + now->info;
    struct buf speed;
    buf_init(&speed, 0);
    if (done) {
        text_count(&speed, (uint64_t)(rate + 0.5));
        buf_puts(&speed, "/s");
        buf_printf(&head, "  %*s", 8, speed.ptr ? speed.ptr : "");
        add_counts(now, &counts);
    }
    buf_release(&speed);

    int left = columns - text_columns(buf_str(&head));
    buf_add(line, head.ptr, head.len);
    int fault = text_columns(str_of(now->fault));
    int room = fault ? (fault < 12 ? fault : 12) + 3 : 0; /* kept for the fault, whatever else */
    if (counts.len && left - room >= (int)counts.len + 3) {
        buf_puts(line, "   ");
        buf_add(line, counts.ptr, counts.len);
        left -= (int)counts.len + 3;
    }
    if (fault && left > 6) {
        buf_puts(line, "   ");
        text_fit(line, str_of(now->fault), left - 3);
    }
    buf_release(&counts);
    buf_release(&head);

    /* A terminal narrower than all of this. */
    struct buf whole = *line;
    if (text_columns(buf_str(&whole)) > columns) {
        buf_init(line, 0);
        text_fit(line, buf_str(&whole), columns);
        buf_release(&whole);
    }
}

void progress_sentence(const struct progress_now *now, double rate, struct buf *line)
{
    buf_puts(line, now->phase ? now->phase : "");
    if (now->left_ns >= 0)
        buf_printf(line, ", %lld s left",
                   (long long)((now->left_ns + NS_PER_SEC - 1) / NS_PER_SEC));
    if (now->ok + now->fail + now->info) {
        buf_puts(line, ", ");
        text_count(line, (uint64_t)(rate + 0.5));
        buf_puts(line, " operations/s, ");
        add_counts(now, line);
    }
    if (now->fault[0])
        buf_printf(line, ", in force: %s", now->fault);
}

/* -- the screen, with display.lock held ----------------------------------------------------------
 */

static int columns_now(void)
{
    struct winsize size;
    if (ioctl(display.fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return COLUMNS_DEFAULT;
}

static void put(const struct buf *bytes)
{
    if (bytes->len)
        (void)!write(display.fd, bytes->ptr, bytes->len); /* a lost line must not end a run */
}

/* What takes the line off the screen. A window made narrower has wrapped it over several rows. */
static void add_clear(struct buf *out)
{
    int columns = columns_now();

    if (display.line_columns > columns)
        buf_printf(out, "\x1b[%dA", (display.line_columns - 1) / columns);
    if (display.line_columns)
        buf_puts(out, "\r\x1b[J");
}

static void draw(void)
{
    struct buf out;

    buf_init(&out, 0);
    add_clear(&out);
    if (display.line.len)
        buf_add(&out, display.line.ptr, display.line.len);
    display.line_columns = text_columns(buf_str(&display.line));
    put(&out);
    buf_release(&out);
}

static void before_log(void)
{
    struct buf out;

    pthread_mutex_lock(&display.lock);
    buf_init(&out, 0);
    add_clear(&out);
    put(&out);
    buf_release(&out);
    display.line_columns = 0;
}

static void after_log(void)
{
    draw();
    pthread_mutex_unlock(&display.lock);
}

/* -- the thread ----------------------------------------------------------------------------------
 */

static double rate_now(const struct progress_now *now, int64_t time_ns)
{
    uint64_t done = now->ok + now->fail + now->info;
    unsigned slot = display.tick % RATE_TICKS;
    unsigned oldest = display.tick < RATE_TICKS ? 0 : slot;
    int64_t span = time_ns - display.past[oldest].time_ns;
    double rate = 0.0;

    if (display.tick > 0 && span > 0 && done >= display.past[oldest].done)
        rate = (double)(done - display.past[oldest].done) * 1e9 / (double)span;
    display.past[slot].time_ns = time_ns;
    display.past[slot].done = done;
    display.tick++;
    return rate;
}

static void show_plain(const struct progress_now *now, double rate, int64_t time_ns)
{
    struct buf line;

    bool new_phase = now->phase != display.plain_phase;
    if (!new_phase && time_ns - display.plain_ns < PLAIN_EVERY_MS * NS_PER_MS)
        return;
    buf_init(&line, 0);
    buf_puts(&line, "ordeal: ");
    progress_sentence(now, rate, &line);
    buf_puts(&line, "\n");
    put(&line);
    buf_release(&line);
    display.plain_ns = time_ns;
    display.plain_phase = now->phase;
}

static void show(void)
{
    struct progress_now now = {.left_ns = -1};
    int64_t time_ns = clock_now_ns();

    display.source.read(display.source.context, &now);
    double rate = rate_now(&now, time_ns);
    pthread_mutex_lock(&display.lock);
    if (display.live) {
        buf_clear(&display.line);
        progress_line(&now, rate, columns_now() - 1, &display.line);
        draw();
    } else {
        show_plain(&now, rate, time_ns);
    }
    pthread_mutex_unlock(&display.lock);
}

static void *progress_main(void *unused)
{
    (void)unused;
    for (;;) {
        show();
        int64_t until = clock_now_ns() + TICK_MS * NS_PER_MS;
        struct timespec ts = {.tv_sec = until / NS_PER_SEC, .tv_nsec = until % NS_PER_SEC};
        pthread_mutex_lock(&display.lock);
        int rc = 0;
        while (!display.stopping && rc != ETIMEDOUT)
            rc = pthread_cond_timedwait(&display.wake, &display.lock, &ts);
        bool stopping = display.stopping;
        pthread_mutex_unlock(&display.lock);
        if (stopping)
            return NULL;
    }
}

static bool is_live(enum progress_mode mode, int fd)
{
    const char *term = getenv("TERM");
    return mode == PROGRESS_AUTO && isatty(fd) && term && strcmp(term, "dumb") != 0;
}

int progress_start(const struct progress_source *source, enum progress_mode mode, int fd,
                   struct err *err)
{
    pthread_condattr_t attr;

    if (mode == PROGRESS_QUIET || display.running)
        return 0;
    display.source = *source;
    display.fd = fd;
    display.live = is_live(mode, fd);
    display.stopping = false;
    display.tick = 0;
    display.plain_ns = 0;
    display.plain_phase = NULL;
    display.line_columns = 0;
    buf_init(&display.line, 0);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&display.wake, &attr);
    pthread_condattr_destroy(&attr);
    int code = pthread_create(&display.thread, NULL, progress_main, NULL);
    if (code != 0) {
        pthread_cond_destroy(&display.wake);
        return err_errno(err, code, "cannot start the thread that shows progress");
    }
    display.running = true;
    if (display.live)
        log_around(before_log, after_log);
    return 0;
}

void progress_stop(void)
{
    if (!display.running)
        return;
    pthread_mutex_lock(&display.lock);
    display.stopping = true;
    pthread_cond_signal(&display.wake);
    pthread_mutex_unlock(&display.lock);
    pthread_join(display.thread, NULL);
    if (display.live)
        log_around(NULL, NULL);
    buf_release(&display.line);
    draw();
    pthread_cond_destroy(&display.wake);
    display.running = false;
}
