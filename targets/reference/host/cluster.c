/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cluster.c - a reference protocol on nodes: its settings, its start, its health, its leaders. */
#include "reference.h"

#include "../../../harness/base/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define DATA_DIR "/node/data"

enum { ASK_MS = 1000, STOP_MS = 2000, POLL_MS = 2, SETTINGS_MAX = 16 };

/* A client per node, for the questions of the harness. */
struct panel {
    struct client *clients[NODES_MAX];
    int count;
};

/* The state of a cluster: health and leaders are asked by different threads. */
struct state {
    struct panel health, leaders;
    struct herald *herald; /* NULL: the nodes find out for themselves who is up, or need not */
    struct buf nodes;      /* "n1=10.0.0.1,n2=10.0.0.2" */
    node_set other;        /* are started with the other version's program */
};

/* -- settings ------------------------------------------------------------------------------------
 */

/* Whether `value` is one of "a|b|c". */
static bool is_one_of(const char *values, const char *value)
{
    size_t len = strlen(value);

    for (const char *at = values; at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL) {
        if (strncmp(at, value, len) == 0 && (at[len] == '|' || at[len] == '\0'))
            return true;
    }
    return false;
}

/* A member's text; empty if it is not there. */
static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/* The level under the test's settings: the protocol's, or that of the first exception. */
static const char *promise_of(const struct test *test)
{
    const struct reference *reference = reference_of(test);
    const json_t *exceptions = json_object_get(reference->described, "exceptions");

    for (size_t i = 0; i < json_array_size(exceptions); i++) {
        const json_t *exception = json_array_get(exceptions, i);
        const char *value = test_setting(test, test->target->settings, text_of(exception, "key"));
        if (value && strcmp(value, text_of(exception, "value")) == 0)
            return json_string_value(json_object_get(exception, "promise"));
    }
    return reference->promise;
}

int reference_promise(const struct test *test, const char **level, struct err *err)
{
    const struct target *target = test->target;

    for (const struct setting_spec *spec = target->settings; spec->key; spec++) {
        const char *value = test_setting(test, target->settings, spec->key);
        bool closed = strchr(spec->values, '|') || strcmp(spec->key, "bug") == 0;
        if (closed && !is_one_of(spec->values, value))
            return err_set(err, EINVAL, "'%s' of target '%s' is '%s', not one of %s", spec->key,
                           target->name, value, spec->values);
    }
    *level = promise_of(test);
    return 0;
}

bool reference_resends(const struct test *test)
{
    const char *resend = test_setting(test, test->target->settings, "resend");
    return resend && strcmp(resend, "on") == 0;
}

int64_t reference_staleness_ns(const struct test *test)
{
    const char *key = text_of(reference_of(test)->described, "staleness");
    const char *value = test_setting(test, test->target->settings, key);
    int64_t age_ms;

    return value && str_to_int(str_of(value), &age_ms) ? age_ms * NS_PER_MS : 0;
}

/* Whether the harness is the nodes' failure detector. */
static bool wants_herald(const struct test *test)
{
    const char *detector = test_setting(test, test->target->settings, "detector");
    return detector && strcmp(detector, "perfect") == 0;
}

/* -- start ---------------------------------------------------------------------------------------
 */

struct arguments {
    const char *argv[64];
    size_t count;
    char settings[SETTINGS_MAX][160]; /* "KEY=VALUE" */
    size_t setting_count;
};

static int add(struct arguments *arguments, const char *name, const char *value, struct err *err)
{
    const size_t room = sizeof arguments->argv / sizeof *arguments->argv;

    if (arguments->count + 3 > room) /* two words and the final NULL */
        return err_set(err, E2BIG, "too many settings");
    arguments->argv[arguments->count++] = name;
    arguments->argv[arguments->count++] = value;
    return 0;
}

/* One of the protocol's own options. */
static int add_setting(struct arguments *arguments, const char *key, const char *value,
                       struct err *err)
{
    if (arguments->setting_count == SETTINGS_MAX)
        return err_set(err, E2BIG, "too many settings");
    char *text = arguments->settings[arguments->setting_count];
    int len = snprintf(text, sizeof *arguments->settings, "%s=%s", key, value);
    if (len < 0 || (size_t)len >= sizeof *arguments->settings)
        return err_set(err, E2BIG, "the value of '%s' is too long", key);
    arguments->setting_count++;
    return add(arguments, "--set", text, err);
}

static int add_settings(const struct test *test, struct arguments *arguments, struct err *err)
{
    const struct setting_spec *specs = test->target->settings;
    int status = 0;

    for (const struct setting_spec *spec = specs; spec->key && status == 0; spec++) {
        const char *value = test_setting(test, specs, spec->key);
        if (strcmp(spec->key, "link") == 0)
            status = add(arguments, "--link", value, err);
        else if (strcmp(spec->key, "resend") == 0 || strcmp(spec->key, TARGET_PROGRAM) == 0 ||
                 strcmp(spec->key, TARGET_ROLL_TO) == 0)
            continue; /* the clients' and the harness's */
        else if (strcmp(spec->key, "bug") != 0)
            status = add_setting(arguments, spec->key, value, err);
        else if (strcmp(value, "none") != 0)
            status = add(arguments, "--bug", value, err);
    }
    return status;
}

/* "n1=10.0.0.1,n2=10.0.0.2" */
static void print_nodes(const struct cluster *cluster, struct buf *list)
{
    for (int i = 0; i < cluster->node_count; i++)
        buf_printf(list, "%s%s=%s", i ? "," : "", node_name(cluster->nodes[i]),
                   node_address(cluster->nodes[i]));
}

/* "n3,n5": those that are not started yet. As many names as there are nodes fit. */
static void print_late(const struct cluster *cluster, char *names, size_t size)
{
    size_t len = 0;

    names[0] = '\0';
    for (int i = 0; i < cluster->node_count && len < size; i++) {
        if (cluster->test->plan.skipped & NODE(i))
            len += (size_t)snprintf(names + len, size - len, "%s%s", len ? "," : "",
                                    node_name(cluster->nodes[i]));
    }
}

static int start_node(struct cluster *cluster, int index, struct err *err)
{
    const struct test *test = cluster->test;
    struct node *node = cluster->nodes[index];
    const struct state *state = cluster->state;
    const char *program = test_setting(
        test, test->target->settings, state->other & NODE(index) ? TARGET_ROLL_TO : TARGET_PROGRAM);
    struct arguments arguments = {.argv = {program, test->target->name}, .count = 2};
    char seed[24], late[NODES_MAX * 16];

    (void)snprintf(seed, sizeof seed, "%" PRIu64, test->seed >> 1); /* it takes 63 bits */
    print_late(cluster, late, sizeof late);
    if (add(&arguments, "--me", node_name(node), err) < 0 ||
        add(&arguments, "--nodes", state->nodes.ptr, err) < 0 ||
        add(&arguments, "--data", DATA_DIR, err) < 0 || add(&arguments, "--seed", seed, err) < 0 ||
        add_settings(test, &arguments, err) < 0 ||
        (late[0] && add(&arguments, "--late", late, err) < 0))
        return -1;
    const struct process_spec spec = {.name = test->target->name, .argv = arguments.argv};
    if (node_start(node, &spec, err) < 0)
        return err_wrap(err, "cannot start '%s' on '%s'", test->target->name, node_name(node));
    return 0;
}

static int open_panel(const struct cluster *cluster, struct panel *panel, struct err *err)
{
    for (int i = 0; i < cluster->node_count; i++) {
        const struct node *node = cluster->nodes[i];
        panel->clients[i] = reference_client_new(node_name(node), node_address(node), NODE_PORT, 0);
        if (!panel->clients[i])
            return err_set(err, ENOMEM, "out of memory");
        panel->count++;
    }
    return 0;
}

static void close_panel(struct panel *panel)
{
    for (int i = 0; i < panel->count; i++)
        reference_client_close(panel->clients[i]);
}

int reference_setup(struct cluster *cluster, struct err *err)
{
    struct state *state = calloc(1, sizeof *state);
    int status = -1;

    cluster->state = state;
    if (!state)
        return err_set(err, ENOMEM, "out of memory");
    print_nodes(cluster, &state->nodes);
    if (state->nodes.failed)
        (void)err_set(err, ENOMEM, "out of memory");
    else
        status = open_panel(cluster, &state->health, err);
    if (status == 0)
        status = open_panel(cluster, &state->leaders, err);
    for (int i = 0; i < cluster->node_count && status == 0; i++)
        status = start_node(cluster, i, err);
    if (status < 0 || !wants_herald(cluster->test))
        return status;
    state->herald = herald_open(cluster, err);
    return state->herald ? 0 : -1;
}

void reference_crashed(struct cluster *cluster, node_set down)
{
    const struct state *state = cluster->state;

    if (state->herald)
        herald_tell(state->herald, down);
}

void reference_teardown(struct cluster *cluster)
{
    struct state *state = cluster->state;

    if (state) {
        herald_close(state->herald);
        close_panel(&state->health);
        close_panel(&state->leaders);
        buf_release(&state->nodes);
    }
    free(state);
    cluster->state = NULL;
}

/* -- questions -----------------------------------------------------------------------------------
 */

/* One question to one node, in a thread of its own: a node that is cut off or paused must not keep
 * the others waiting. */
struct question {
    struct client *client;
    const char *type;
    int64_t deadline_ns;
    json_t *answer; /* NULL: none, see why */
    const char *why;
    pthread_t thread;
    bool asked;
};

static void *ask(void *context)
{
    struct question *question = context;
    question->answer =
        reference_ask(question->client, question->type, question->deadline_ns, &question->why);
    return NULL;
}

/* Ask every node; the caller drops the answers. */
static void ask_all(struct panel *panel, const char *type, struct question *questions)
{
    int64_t deadline_ns = clock_now_ns() + ASK_MS * NS_PER_MS;

    for (int i = 0; i < panel->count; i++) {
        struct question *question = &questions[i];
        *question = (struct question){.client = panel->clients[i], .type = type};
        question->deadline_ns = deadline_ns;
        question->why = "not asked";
        question->asked = pthread_create(&question->thread, NULL, ask, question) == 0;
    }
    for (int i = 0; i < panel->count; i++) {
        if (questions[i].asked)
            (void)pthread_join(questions[i].thread, NULL);
    }
}

/* NULL if the node is healthy, else what it lacks. */
static const char *lack_of(const struct question *question)
{
    if (!question->answer)
        return question->why;
    if (strcmp(text_of(question->answer, "type"), "health_ok") == 0)
        return NULL;
    const char *text = text_of(question->answer, "text");
    return *text ? text : "it says that it is not";
}

int reference_healthy(struct cluster *cluster, struct err *err)
{
    struct state *state = cluster->state;
    struct question questions[NODES_MAX];
    int status = 0;

    ask_all(&state->health, "health", questions);
    for (int i = 0; i < state->health.count; i++) {
        const char *lack = lack_of(&questions[i]);
        if (lack && status == 0 && !(cluster->test->plan.skipped & NODE(i)))
            status = err_set(err, EAGAIN, "node '%s' is not healthy: %s",
                             node_name(cluster->nodes[i]), lack);
        json_decref(questions[i].answer);
    }
    return status;
}

node_set reference_leaders(struct cluster *cluster)
{
    struct state *state = cluster->state;
    struct question questions[NODES_MAX];
    node_set leaders = 0;

    ask_all(&state->leaders, "leader", questions);
    for (int i = 0; i < state->leaders.count; i++) {
        if (json_is_true(json_object_get(questions[i].answer, "leads")))
            leaders |= NODE(i);
        json_decref(questions[i].answer);
    }
    return leaders;
}

/* It serves once it says that it is healthy. */
static bool serves(struct client *client, int64_t deadline_ns, const char **why)
{
    int64_t until_ns = clock_now_ns() + ASK_MS * NS_PER_MS;
    struct question question = {.why = "not asked"};

    question.answer = reference_ask(client, "health",
                                    until_ns < deadline_ns ? until_ns : deadline_ns, &question.why);
    *why = lack_of(&question);
    json_decref(question.answer);
    return !*why;
}

int reference_roll(struct cluster *cluster, int index, bool other, int64_t deadline_ns,
                   struct err *err)
{
    const char *name = cluster->test->target->name, *why;
    struct state *state = cluster->state;
    struct node *node = cluster->nodes[index];
    char how[NODE_HOW_MAX];

    if (node_stop(node, name, STOP_MS, err) < 0 && err->code != ENOENT)
        return -1;
    state->other = other ? state->other | NODE(index) : state->other & ~NODE(index);
    if (start_node(cluster, index, err) < 0)
        return -1;
    while (!serves(state->leaders.clients[index], deadline_ns, &why)) {
        if (node_process_ended(node, name, how))
            return err_set(err, ECHILD, "on '%s' %s; see its log", node_name(node), how);
        if (clock_now_ns() >= deadline_ns)
            return err_set(err, EAGAIN, "'%s' does not serve yet", node_name(node));
        clock_sleep_until(clock_now_ns() + POLL_MS * NS_PER_MS);
    }
    return 0;
}
