/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client.h"

#include "../base/clock.h"
#include "../base/log.h"
#include "wire.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    PING_MS = 1000,
    LOST_MS = 10000,                       /* without a sign of life */
    QUEUE_MAX_BYTES = 16 * LINE_MAX_BYTES, /* not yet taken by the agent */
    BYE_MS = 2000,                         /* from its answer until the agent has ended */
    ENDED_MAX = 64,                        /* processes whose end is remembered */
};

/* A request that waits for its answer, on its caller's stack. */
struct call {
    int64_t id;
    json_t *answer; /* NULL until it is there */
    struct call *next;
};

struct ended {
    char name[64];
    char how[64];
    bool told;
};

struct node {
    char name[64];
    char address[64];
    char abilities[256];
    int index;
    int fd;
    int wake_fd; /* eventfd: there is something to send, or it is time to go */
    pthread_t thread;
    struct lines input; /* the thread's own */

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    int64_t last_id;
    struct call *calls;
    int callers; /* within client_call */
    struct buf queue;
    size_t queue_sent;
    int64_t heard_ns;
    bool closing, lost;
    char why[256]; /* it was lost */
    struct ended ended[ENDED_MAX];
    clock_listener *listener; /* or NULL */
    void *listener_context;
    struct node_peers peers; /* none: count is 0 */
    struct node_drops drops;
};

const char *node_name(const struct node *node)
{
    return node->name;
}

int node_index(const struct node *node)
{
    return node->index;
}

const char *node_address(const struct node *node)
{
    return node->address;
}

const char *node_abilities(const struct node *node)
{
    return node->abilities;
}

void node_know(struct node *node, const struct node_peers *peers)
{
    node->peers = *peers;
}

const struct node_peers *node_peers(const struct node *node)
{
    return node->peers.count ? &node->peers : NULL;
}

void node_drops(struct node *node, struct node_drops *drops)
{
    pthread_mutex_lock(&node->lock);
    *drops = node->drops;
    pthread_mutex_unlock(&node->lock);
}

void client_set_drops(struct node *node, const struct node_drops *drops)
{
    pthread_mutex_lock(&node->lock);
    node->drops = *drops;
    pthread_mutex_unlock(&node->lock);
}

bool node_lost(struct node *node, char why[256])
{
    pthread_mutex_lock(&node->lock);
    bool lost = node->lost;
    memcpy(why, node->why, sizeof node->why);
    pthread_mutex_unlock(&node->lock);
    return lost;
}

/* -- what the thread and the callers share; the lock is held -------------------------------------
 */

static void lose(struct node *node, const char *why)
{
    if (node->lost)
        return;
    node->lost = true;
    (void)snprintf(node->why, sizeof node->why, "%s", why);
    pthread_cond_broadcast(&node->changed);
}

static void lose_errno(struct node *node, int error)
{
    char text[128];
    bool closed = error == EPIPE || error == ECONNRESET;

    lose(node, closed ? "it closed the connection" : strerror_r(error, text, sizeof text));
}

/* Send what the socket takes now. */
static void flush(struct node *node)
{
    while (node->queue_sent < node->queue.len && !node->lost) {
        ssize_t sent = send(node->fd, node->queue.ptr + node->queue_sent,
                            node->queue.len - node->queue_sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && errno != EAGAIN)
            lose_errno(node, errno);
        if (sent < 0)
            return;
        node->queue_sent += (size_t)sent;
    }
    buf_clear(&node->queue);
    node->queue_sent = 0;
}

static void wake(struct node *node)
{
    (void)eventfd_write(node->wake_fd, 1);
}

static void post(struct node *node, struct str line)
{
    buf_add(&node->queue, line.ptr, line.len);
    if (node->queue.failed)
        lose(node, "it takes no more requests");
    flush(node);
    if (node->queue.len)
        wake(node);
}

static struct ended *find_ended(struct node *node, const char *name)
{
    for (int i = 0; i < ENDED_MAX; i++) {
        if (strcmp(node->ended[i].name, name) == 0)
            return &node->ended[i];
    }
    return NULL;
}

/* Text of a string, "" of anything else: agents of other versions may send what they like. */
static const char *text_of(const json_t *value)
{
    const char *text = json_string_value(value);

    return text ? text : "";
}

/* -- the thread ----------------------------------------------------------------------------------
 */

static void take_exit(struct node *node, const json_t *event)
{
    const char *name = text_of(json_object_get(event, "name"));
    const json_t *signal = json_object_get(event, "signal");
    struct ended *ended = find_ended(node, name);

    if (!ended && !(ended = find_ended(node, "")))
        return;
    (void)snprintf(ended->name, sizeof ended->name, "%s", name);
    (void)snprintf(ended->how, sizeof ended->how,
                   signal ? "was killed by signal %" PRId64 : "exited with status %" PRId64,
                   (int64_t)json_integer_value(signal ? signal : json_object_get(event, "status")));
    ended->told = false;
    log_info("agent", "'%s' on '%s' %s", ended->name, node->name, ended->how);
}

static void take_clock(struct node *node, const json_t *event)
{
    const json_t *samples = json_object_get(event, "samples");

    for (size_t i = 0; node->listener && i < json_array_size(samples); i++) {
        struct clock_sample sample;
        if (clock_sample_read(json_array_get(samples, i), &sample))
            node->listener(node->listener_context, node, &sample);
    }
}

static void take_event(struct node *node, const char *event, const json_t *line)
{
    if (strcmp(event, "exit") == 0)
        take_exit(node, line);
    else if (strcmp(event, "clock") == 0)
        take_clock(node, line);
    else if (strcmp(event, "log") == 0)
        log_warning("agent",
                    "the logs of '%s' are over their limit: the first %" PRId64
                    " bytes of '%s' were dropped",
                    node->name, (int64_t)json_integer_value(json_object_get(line, "dropped")),
                    text_of(json_object_get(line, "file")));
}

static void take_line(struct node *node, struct str text)
{
    json_t *line = json_loadb(text.ptr, text.len, 0, NULL);
    const json_t *id = json_object_get(line, "id");
    const char *event = json_string_value(json_object_get(line, "event"));
    struct call *call = node->calls;

    node->heard_ns = clock_now_ns();
    while (call && !(json_is_integer(id) && json_integer_value(id) == call->id))
        call = call->next;
    if (call && !call->answer) {
        call->answer = line;
        pthread_cond_broadcast(&node->changed);
        return;
    }
    if (event)
        take_event(node, event, line);
    else if (!json_is_integer(id)) /* answers to pings, and to calls that were given up, have one */
        log_warning("agent", "'%s' sent a line that makes no sense: %.*s", node->name,
                    (int)(text.len < 200 ? text.len : 200), text.ptr);
    json_decref(line);
}

static void take_lines(struct node *node)
{
    struct str line;

    for (;;) {
        switch (lines_next(&node->input, &line)) {
        case LINE_NONE:
            return;
        case LINE_READY:
            take_line(node, line);
            break;
        case LINE_TOO_LONG:
            lose(node, "it sent a line over the protocol's limit");
            return;
        }
    }
}

/* Wait for something to do. Returns with the lock held. */
static void await(struct node *node, int64_t ping_ns)
{
    pthread_mutex_lock(&node->lock);
    bool sending = node->queue.len > 0;
    pthread_mutex_unlock(&node->lock);
    struct pollfd fds[2] = {{.fd = node->fd, .events = (short)(POLLIN | (sending ? POLLOUT : 0))},
                            {.fd = node->wake_fd, .events = POLLIN}};
    int64_t left_ns = ping_ns - clock_now_ns();
    eventfd_t count;

    (void)poll(fds, 2, left_ns > 0 ? (int)(left_ns / NS_PER_MS) + 1 : 0);
    if (fds[1].revents)
        (void)eventfd_read(node->wake_fd, &count);
    long got = fds[0].revents & ~POLLOUT ? lines_fill(&node->input, node->fd) : -1;
    int error = fds[0].revents & ~POLLOUT ? errno : EAGAIN;
    pthread_mutex_lock(&node->lock);
    if (got == 0)
        lose(node, "it closed the connection");
    else if (got < 0 && error != EAGAIN && error != EINTR)
        lose_errno(node, error);
}

static void *attend(void *context)
{
    static const char ping[] = "{\"id\":0,\"verb\":\"ping\"}\n";
    struct node *node = context;
    int64_t ping_ns = 0;

    pthread_mutex_lock(&node->lock);
    while (!node->lost && !node->closing) {
        int64_t now_ns = clock_now_ns();
        if (now_ns >= ping_ns) {
            post(node, STR(ping));
            ping_ns = now_ns + PING_MS * NS_PER_MS;
        }
        pthread_mutex_unlock(&node->lock);
        await(node, ping_ns);
        take_lines(node);
        flush(node);
        if (clock_now_ns() - node->heard_ns > LOST_MS * NS_PER_MS)
            lose(node, "no sign of life for 10 s");
    }
    lose(node, "the connection was closed");
    pthread_mutex_unlock(&node->lock);
    return NULL;
}

/* -- callers -------------------------------------------------------------------------------------
 */

struct buf client_request(const char *verb)
{
    struct buf request;

    buf_init(&request, LINE_MAX_BYTES);
    buf_puts(&request, "{");
    buf_json_str(&request, "verb", str_of(verb));
    return request;
}

/* Wait for news or the end of the time, with the lock held. */
static void wait_for_change(struct node *node, int64_t deadline_ns)
{
    struct timespec until = {.tv_sec = deadline_ns / NS_PER_SEC,
                             .tv_nsec = deadline_ns % NS_PER_SEC};

    (void)pthread_cond_timedwait(&node->changed, &node->lock, &until);
}

static void call_remove(struct node *node, const struct call *call)
{
    struct call **link = &node->calls;

    while (*link != call)
        link = &(*link)->next;
    *link = call->next;
}

/* With the lock held: send, wait, and leave the answer (or NULL) in `call`. */
static void exchange(struct node *node, struct buf *request, int64_t deadline_ns, struct call *call)
{
    call->id = ++node->last_id;
    call->next = node->calls;
    node->calls = call;
    node->callers++;
    buf_json_int(request, "id", call->id);
    buf_puts(request, "}\n");
    if (!request->failed)
        post(node, buf_str(request));
    while (!request->failed && !call->answer && !node->lost && clock_now_ns() < deadline_ns)
        wait_for_change(node, deadline_ns);
    call_remove(node, call);
    node->callers--;
    pthread_cond_broadcast(&node->changed);
}

/* The agent's refusal as an error, or nothing. */
static int check_answer(const json_t *answer, struct err *err)
{
    if (json_is_true(json_object_get(answer, "ok")))
        return 0;
    const char *error = json_string_value(json_object_get(answer, "error"));
    return err_set(err, (int)json_integer_value(json_object_get(answer, "code")), "%s",
                   error ? error : "the agent's answer makes no sense");
}

int client_call(struct node *node, struct buf *request, int extra_ms, json_t **answer,
                struct err *err)
{
    int timeout_ms = CALL_TIMEOUT_MS + extra_ms;
    struct call call = {0};
    int result = -1;

    pthread_mutex_lock(&node->lock);
    exchange(node, request, clock_now_ns() + timeout_ms * NS_PER_MS, &call);
    if (call.answer)
        result = check_answer(call.answer, err);
    else if (request->failed)
        err_set(err, E2BIG, "the request does not fit into a line of %d bytes", LINE_MAX_BYTES);
    else if (node->lost)
        err_set(err, ECONNRESET, "agent of '%s' has gone: %s", node->name, node->why);
    else
        err_set(err, ETIMEDOUT, "agent of '%s' did not answer within %d ms", node->name,
                timeout_ms);
    pthread_mutex_unlock(&node->lock);
    buf_release(request);
    if (result)
        json_decref(call.answer);
    else
        *answer = call.answer;
    return result;
}

void client_forget_end(struct node *node, const char *process)
{
    pthread_mutex_lock(&node->lock);
    struct ended *ended = find_ended(node, process);
    if (ended)
        ended->told = true;
    pthread_mutex_unlock(&node->lock);
}

bool node_process_ended(struct node *node, const char *name, char how[NODE_HOW_MAX])
{
    bool news = false;

    pthread_mutex_lock(&node->lock);
    for (int i = 0; i < ENDED_MAX && !news; i++) {
        struct ended *ended = &node->ended[i];
        if (!ended->name[0] || ended->told || (name && strcmp(ended->name, name) != 0))
            continue;
        (void)snprintf(how, NODE_HOW_MAX, "'%s' %s", ended->name, ended->how);
        ended->told = true;
        news = true;
    }
    pthread_mutex_unlock(&node->lock);
    return news;
}

void node_hear_clock(struct node *node, clock_listener *listener, void *context)
{
    pthread_mutex_lock(&node->lock);
    node->listener = listener;
    node->listener_context = context;
    pthread_mutex_unlock(&node->lock);
}

/* -- life ----------------------------------------------------------------------------------------
 */

static int say_hello(struct node *node, unsigned needs, struct err *err)
{
    struct buf request = client_request("hello");
    struct buf list;
    json_t *answer;

    buf_json_int(&request, "protocol", PROTOCOL_VERSION);
    needs_print(needs, &request);
    if (client_call(node, &request, 0, &answer, err))
        return -1;
    buf_init(&list, sizeof node->abilities);
    const json_t *abilities = json_object_get(answer, "abilities");
    for (size_t i = 0; i < json_array_size(abilities); i++) {
        buf_puts(&list, i ? " " : "");
        buf_puts(&list, text_of(json_array_get(abilities, i)));
    }
    (void)snprintf(node->abilities, sizeof node->abilities, "%s", list.ptr ? list.ptr : "");
    buf_release(&list);
    json_decref(answer);
    return 0;
}

static int init(struct node *node, const char *name, int index, const struct connection *connection,
                struct err *err)
{
    pthread_condattr_t attr;

    node->index = index;
    node->fd = connection->fd;
    node->heard_ns = clock_now_ns();
    (void)snprintf(node->name, sizeof node->name, "%s", name);
    (void)snprintf(node->address, sizeof node->address, "%s", connection->address);
    buf_init(&node->queue, QUEUE_MAX_BYTES);
    pthread_mutex_init(&node->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&node->changed, &attr);
    pthread_condattr_destroy(&attr);
    node->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (node->wake_fd < 0)
        return err_errno(err, errno, "cannot make an event descriptor");
    if (fcntl(node->fd, F_SETFL, O_NONBLOCK))
        return err_errno(err, errno, "the connection to the agent cannot be used");
    return lines_init(&node->input, err);
}

static void release(struct node *node)
{
    (void)close(node->fd);
    if (node->wake_fd >= 0)
        (void)close(node->wake_fd);
    lines_release(&node->input);
    buf_release(&node->queue);
    pthread_cond_destroy(&node->changed);
    pthread_mutex_destroy(&node->lock);
    free(node);
}

static void end_thread(struct node *node)
{
    pthread_mutex_lock(&node->lock);
    node->closing = true;
    wake(node);
    pthread_mutex_unlock(&node->lock);
    pthread_join(node->thread, NULL);
    pthread_mutex_lock(&node->lock);
    while (node->callers)
        pthread_cond_wait(&node->changed, &node->lock);
    pthread_mutex_unlock(&node->lock);
}

int node_open(struct node **node, const char *name, int index, const struct connection *connection,
              struct err *err)
{
    struct node *made = calloc(1, sizeof *made);

    if (!made) {
        (void)close(connection->fd);
        return err_set(err, ENOMEM, "out of memory for node '%s'", name);
    }
    if (init(made, name, index, connection, err)) {
        release(made);
        return -1;
    }
    int error = pthread_create(&made->thread, NULL, attend, made);
    if (error) {
        release(made);
        return err_errno(err, error, "cannot make a thread for node '%s'", name);
    }
    if (say_hello(made, connection->needs, err)) {
        end_thread(made);
        release(made);
        return err_wrap(err, "cannot use the agent of '%s'", name);
    }
    *node = made;
    return 0;
}

void node_close(struct node *node)
{
    struct buf request;
    struct err err;
    json_t *answer;

    if (!node)
        return;
    request = client_request("bye");
    if (client_call(node, &request, 0, &answer, &err) == 0) {
        json_decref(answer);
        int64_t deadline_ns = clock_now_ns() + BYE_MS * NS_PER_MS;
        pthread_mutex_lock(&node->lock);
        while (!node->lost && clock_now_ns() < deadline_ns) /* its logs are whole when it is gone */
            wait_for_change(node, deadline_ns);
        pthread_mutex_unlock(&node->lock);
    } else {
        log_warning("agent", "%s", err.msg);
    }
    end_thread(node);
    release(node);
}
