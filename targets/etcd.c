/* SPDX-License-Identifier: GPL-2.0-or-later */
/* needs: libcurl (libcurl4-gnutls-dev) */
/* etcd.c - Debian's etcd, spoken to through the JSON gateway of its v3 API.
 *
 * etcd promises linearizable reads and writes. With reads=serializable a member answers reads from
 * what it has applied itself; etcd's documentation says that they may be stale. The target promises
 * "linearizable" then too: on trial is what a store built on such reads gives to those who take it
 * for what etcd is known for, and the answer is a stale read with its witness. Whoever knows what
 * he asked for asks for less with --consistency.
 *
 * Election time-outs are etcd's own defaults (100 ms and 1 s), since those are what people run;
 * shorter ones make leaders fall from a busy machine alone. Changes of the membership are carried
 * out when they are asked for; by its own default etcd refuses most for 5 s after any member has
 * lost a connection, which under faults leaves hardly any (strict_reconfig=true has it so).
 */
#include "../harness/target.h"

#include "../harness/base/clock.h"
#include "etcd/http.h"
#include "etcd/kv.h"
#include "etcd/roster.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { CLIENT_PORT = 2379, ASK_MS = 1000, PEER_MS = 5000, STOP_MS = 2000, POLL_MS = 2 };

static const struct setting_spec settings[] = {
    {TARGET_PROGRAM, "a name or path", "etcd", "the program of etcd"},
    {TARGET_ROLL_TO, "a path", "none", "the program of another version, for nemesis upgrade"},
    {"reads", "linearizable|serializable", "linearizable", "how clients read"},
    {"heartbeat_ms", "a number", "100", "time between a leader's heartbeats"},
    {"election_ms", "a number", "1000", "silence after which a follower stands for election"},
    {"snapshot_count", "a number", "100000", "applied entries between snapshots"},
    {"strict_reconfig", "true|false", "false", "refuse to change members while some seem away"},
    {NULL, NULL, NULL, NULL},
};

static const char *const timeouts[] = {"election_ms", NULL};

/* It ends with a "fatal" line too where its disk fails (which is right of it), and where a new
 * member's peers have not all heard of it yet (it is started again). */
static const struct log_pattern log_patterns[] = {
    {"panic", "^panic: |^fatal error: |\"level\":\"(panic|dpanic|fatal)\"(?!.*(discovery failed|"
              "input/output error|no space left on device|read-only file system|"
              "too many open files|cannot allocate memory))"},
    {"data-race", "^WARNING: DATA RACE"},
    {"data-corruption", "found data inconsistency|corrupt cluster|snap file is corrupt|"
                        "found different hash values|\"msg\":\"[^\"]*crc mismatch"},
    {"no-space", "mvcc: database space exceeded"}, /* its own quota: a full disk is injected */
    {NULL, NULL},
};

/* What a node is started with. */
struct start {
    char *members;             /* as --initial-cluster has them */
    const char *cluster_state; /* a member of a "new" cluster, or of an "existing" one */
    bool other;                /* the other version's program */
};

struct etcd {
    struct http *health[NODES_MAX], *leaders[NODES_MAX]; /* asked by different threads */
    int count;
    struct roster roster;
    struct start starts[NODES_MAX];
};

struct client {
    struct http *http;
    struct kv_request request;
    char *text; /* of the last result that is no integer */
    bool serializable_reads;
};

/* -- settings ------------------------------------------------------------------------------------
 */

static int check_number(const struct test *test, const char *key, int64_t min, struct err *err)
{
    const char *text = test_setting(test, settings, key);
    int64_t number;

    if (!str_to_int(str_of(text), &number) || number < min || number > INT32_MAX)
        return err_set(err, EINVAL,
                       "'%s' of target 'etcd' must be a number from %" PRId64 ", not '%s'", key,
                       min, text);
    return 0;
}

static bool reads_serializably(const struct test *test)
{
    return strcmp(test_setting(test, settings, "reads"), "serializable") == 0;
}

static int promise(const struct test *test, const char **level, struct err *err)
{
    const char *reads = test_setting(test, settings, "reads");

    if (strcmp(reads, "linearizable") != 0 && strcmp(reads, "serializable") != 0)
        return err_set(err, EINVAL,
                       "'reads' of target 'etcd' is linearizable or serializable, "
                       "not '%s'",
                       reads);
    const char *strict = test_setting(test, settings, "strict_reconfig");
    if (strcmp(strict, "true") != 0 && strcmp(strict, "false") != 0)
        return err_set(err, EINVAL, "'strict_reconfig' of target 'etcd' is true or false, not '%s'",
                       strict);
    if (check_number(test, "heartbeat_ms", 1, err) < 0 ||
        check_number(test, "election_ms", 1, err) < 0 ||
        check_number(test, "snapshot_count", 1, err) < 0)
        return -1;
    *level = "linearizable";
    return 0;
}

/* -- start ---------------------------------------------------------------------------------------
 */

static void print_url(char url[64], const struct node *node)
{
    (void)snprintf(url, 64, "http://%s:%d", node_address(node), CLIENT_PORT);
}

/* "n1=http://198.18.1.1:2380,n2=..." */
static void print_members(const struct cluster *cluster, struct buf *members)
{
    for (int i = 0; i < cluster->node_count; i++) {
        char url[64];
        roster_peer_url(url, cluster->nodes[i]);
        buf_printf(members, "%s%s=%s", i ? "," : "", node_name(cluster->nodes[i]), url);
    }
}

/* As it was started before, but for the program that it is to run now. */
static int start_again(const struct cluster *cluster, struct node *node, struct err *err)
{
    const struct test *test = cluster->test;
    const struct etcd *etcd = cluster->state;
    const struct start *start = &etcd->starts[node_index(node)];
    char client_url[64], peer_url[64], strict[48];

    print_url(client_url, node);
    roster_peer_url(peer_url, node);
    (void)snprintf(strict, sizeof strict, "--strict-reconfig-check=%s",
                   test_setting(test, settings, "strict_reconfig"));
    const char *const argv[] = {
        test_setting(test, settings, start->other ? TARGET_ROLL_TO : TARGET_PROGRAM),
        "--name",
        node_name(node),
        "--data-dir",
        "/node/data/etcd",
        "--listen-peer-urls",
        peer_url,
        "--initial-advertise-peer-urls",
        peer_url,
        "--listen-client-urls",
        client_url,
        "--advertise-client-urls",
        client_url,
        "--initial-cluster",
        start->members,
        "--initial-cluster-state",
        start->cluster_state,
        "--initial-cluster-token",
        "ordeal",
        "--heartbeat-interval",
        test_setting(test, settings, "heartbeat_ms"),
        "--election-timeout",
        test_setting(test, settings, "election_ms"),
        "--snapshot-count",
        test_setting(test, settings, "snapshot_count"),
        strict,
        "--logger",
        "zap",
        "--log-outputs",
        "stdout",
        NULL,
    };
    const struct process_spec spec = {.name = "etcd", .argv = argv};
    if (node_start(node, &spec, err) < 0)
        return err_wrap(err, "cannot start etcd on '%s'", node_name(node));
    return 0;
}

static int start_node(const struct cluster *cluster, struct node *node, const char *members,
                      const char *cluster_state, struct err *err)
{
    struct etcd *etcd = cluster->state;
    struct start *start = &etcd->starts[node_index(node)];

    free(start->members);
    start->members = strdup(members);
    start->cluster_state = cluster_state;
    if (!start->members)
        return err_set(err, ENOMEM, "out of memory");
    return start_again(cluster, node, err);
}

static int start_joining(const struct cluster *cluster, struct node *node, const char *members,
                         struct err *err)
{
    return start_node(cluster, node, members, "existing", err);
}

/* Ask until the member serves its peers. It has no leader yet, nor needs one for that. One that
 * takes long is not waited for: whether all get well in time is asked when all are started. */
static int ask_peer(struct http *http, struct node *node, struct err *err)
{
    int64_t deadline_ns = clock_now_ns() + PEER_MS * NS_PER_MS;
    struct http_answer answer;
    char how[NODE_HOW_MAX];

    while (http_ask(http, "/version", STR(""), deadline_ns, &answer) != HTTP_ANSWERED) {
        if (node_process_ended(node, "etcd", how))
            return err_set(err, ECHILD, "on '%s' %s; see its log", node_name(node), how);
        if (clock_now_ns() >= deadline_ns)
            break;
        clock_sleep_until(clock_now_ns() + POLL_MS * NS_PER_MS);
    }
    return 0;
}

static int await_peer(struct node *node, struct err *err)
{
    char url[64];

    roster_peer_url(url, node);
    struct http *http = http_new(url);
    if (!http)
        return err_set(err, ENOMEM, "out of memory");
    int status = ask_peer(http, node, err);
    http_free(http);
    return status;
}

static void teardown(struct cluster *cluster)
{
    struct etcd *etcd = cluster->state;

    for (int i = 0; etcd && i < etcd->count; i++) {
        http_free(etcd->health[i]);
        http_free(etcd->leaders[i]);
        free(etcd->starts[i].members);
    }
    free(etcd);
    cluster->state = NULL;
}

static int open_questions(struct cluster *cluster, struct err *err)
{
    struct etcd *etcd = calloc(1, sizeof *etcd);

    cluster->state = etcd;
    if (!etcd)
        return err_set(err, ENOMEM, "out of memory");
    etcd->roster =
        (struct roster){.cluster = cluster, .http = etcd->leaders, .start = start_joining};
    for (int i = 0; i < cluster->node_count; i++) {
        char url[64];
        print_url(url, cluster->nodes[i]);
        etcd->health[i] = http_new(url);
        etcd->leaders[i] = http_new(url);
        etcd->count = i + 1;
        if (!etcd->health[i] || !etcd->leaders[i])
            return err_set(err, ENOMEM, "out of memory");
    }
    return 0;
}

/* One member after another. A new member first asks each other one, in turn, for the cluster that
 * it might belong to already; one that listens but does not serve yet keeps it waiting for a
 * second. Started all at once, five members take 4 s for that; this way they take 0.3 s. */
static int setup(struct cluster *cluster, struct err *err)
{
    struct buf members = {0};
    int status = open_questions(cluster, err);

    print_members(cluster, &members);
    if (members.failed)
        status = err_set(err, ENOMEM, "out of memory");
    for (int i = 0; i < cluster->node_count && status == 0; i++) {
        status = start_node(cluster, cluster->nodes[i], members.ptr, "new", err);
        if (status == 0 && !(cluster->test->plan.skipped & NODE(i)))
            status = await_peer(cluster->nodes[i], err);
    }
    buf_release(&members);
    return status;
}

/* -- questions -----------------------------------------------------------------------------------
 */

static int ask_health(struct http *http, const char *path, const char *body, const char *name,
                      struct err *err)
{
    struct http_answer answer;
    int64_t deadline_ns = clock_now_ns() + ASK_MS * NS_PER_MS;

    if (http_ask(http, path, str_of(body), deadline_ns, &answer) != HTTP_ANSWERED)
        return err_set(err, EAGAIN, "etcd on '%s': %s", name, answer.why);
    if (answer.status != 200)
        return err_set(err, EAGAIN, "etcd on '%s' answers %ld: %.*s", name, answer.status,
                       STR_ARG(answer.body));
    return 0;
}

static const char health_key[] = "{\"key\":\"b3JkZWFsLWhlYWx0aA==\"}"; /* ordeal-health */

/* Every member that was started can read with a quorum, and one of them can write. */
static int healthy(struct cluster *cluster, struct err *err)
{
    static const char pair[] = "{\"key\":\"b3JkZWFsLWhlYWx0aA==\",\"value\":\"b2s=\"}";
    const struct etcd *etcd = cluster->state;
    node_set started = (NODE(etcd->count) - 1) & ~cluster->test->plan.skipped;
    int writer = __builtin_ctzll(started);

    for (int i = 0; i < etcd->count; i++) {
        if (started & NODE(i) && ask_health(etcd->health[i], "/v3/kv/range", health_key,
                                            node_name(cluster->nodes[i]), err) < 0)
            return -1;
    }
    return ask_health(etcd->health[writer], "/v3/kv/put", pair, node_name(cluster->nodes[writer]),
                      err);
}

/* One member's word on whether it leads, in a thread of its own: one that is cut off or paused must
 * not keep the others waiting. */
struct question {
    struct http *http;
    int64_t deadline_ns;
    pthread_t thread;
    bool asked, leads;
};

/* The member that answers names itself in the header, and whom it follows beside it. */
static bool says_it_leads(struct str body)
{
    json_t *status = json_loadb(body.ptr, body.len, 0, NULL);
    const char *leader = json_string_value(json_object_get(status, "leader"));
    const char *self =
        json_string_value(json_object_get(json_object_get(status, "header"), "member_id"));
    bool leads = leader && self && strcmp(leader, self) == 0 && strcmp(leader, "0") != 0;

    json_decref(status);
    return leads;
}

static void *ask_leader(void *context)
{
    struct question *question = context;
    struct http_answer answer;

    question->leads = http_ask(question->http, "/v3/maintenance/status", STR("{}"),
                               question->deadline_ns, &answer) == HTTP_ANSWERED &&
                      answer.status == 200 && says_it_leads(answer.body);
    return NULL;
}

static node_set leaders(struct cluster *cluster)
{
    const struct etcd *etcd = cluster->state;
    struct question questions[NODES_MAX];
    int64_t deadline_ns = clock_now_ns() + ASK_MS * NS_PER_MS;
    node_set set = 0;

    for (int i = 0; i < etcd->count; i++) {
        questions[i] = (struct question){.http = etcd->leaders[i], .deadline_ns = deadline_ns};
        questions[i].asked =
            pthread_create(&questions[i].thread, NULL, ask_leader, &questions[i]) == 0;
    }
    for (int i = 0; i < etcd->count; i++) {
        if (questions[i].asked && pthread_join(questions[i].thread, NULL) == 0 &&
            questions[i].leads)
            set |= NODE(i);
    }
    return set;
}

/* -- members -------------------------------------------------------------------------------------
 */

static int member_remove(struct cluster *cluster, int node, int64_t deadline_ns, struct err *err)
{
    struct etcd *etcd = cluster->state;

    return roster_remove(&etcd->roster, node, leaders(cluster), deadline_ns, err);
}

static int member_add(struct cluster *cluster, int node, int64_t deadline_ns, struct err *err)
{
    struct etcd *etcd = cluster->state;

    return roster_add(&etcd->roster, node, leaders(cluster), deadline_ns, err);
}

/* -- versions ------------------------------------------------------------------------------------
 */

/* It serves once it can read with a quorum, itself included. */
static int roll(struct cluster *cluster, int index, bool other, int64_t deadline_ns,
                struct err *err)
{
    struct etcd *etcd = cluster->state;
    struct node *node = cluster->nodes[index];
    char how[NODE_HOW_MAX];

    if (node_stop(node, "etcd", STOP_MS, err) < 0 && err->code != ENOENT)
        return -1;
    etcd->starts[index].other = other;
    if (start_again(cluster, node, err) < 0)
        return -1;
    while (ask_health(etcd->leaders[index], "/v3/kv/range", health_key, node_name(node), err) < 0) {
        if (node_process_ended(node, "etcd", how))
            return err_set(err, ECHILD, "on '%s' %s; see its log", node_name(node), how);
        if (clock_now_ns() >= deadline_ns)
            return err_set(err, EAGAIN, "'%s' does not serve yet", node_name(node));
        clock_sleep_until(clock_now_ns() + POLL_MS * NS_PER_MS);
    }
    return 0;
}

/* -- clients -------------------------------------------------------------------------------------
 */

static void client_close(struct client *client)
{
    http_free(client->http);
    buf_release(&client->request.body);
    free(client->text);
    free(client);
}

static int client_open(struct cluster *cluster, int node, struct client **out, struct err *err)
{
    struct client *client = calloc(1, sizeof *client);
    char url[64];

    if (!client)
        return err_set(err, ENOMEM, "out of memory");
    print_url(url, cluster->nodes[node]);
    client->serializable_reads = reads_serializably(cluster->test);
    client->http = http_new(url);
    if (!client->http) {
        client_close(client);
        return err_set(err, ENOMEM, "out of memory");
    }
    *out = client;
    return 0;
}

static void invoke(struct client *client, struct client_op *op)
{
    struct kv_request *request = &client->request;
    struct http_answer answer;

    op->outcome = OP_INFO;
    kv_request(request, op, client->serializable_reads);
    if (!request->path) {
        kv_silence(true, "not supported", op);
        return;
    }
    enum http_result result =
        http_ask(client->http, request->path, buf_str(&request->body), op->deadline_ns, &answer);
    if (result == HTTP_ANSWERED)
        kv_answer(answer.status, answer.body, op, &client->text);
    else
        kv_silence(result == HTTP_NOT_SENT, answer.why, op);
}

const struct target target_etcd = {
    .name = "etcd",
    .about = "etcd 3.4 as Debian packages it, through its JSON gateway",
    .fs = (const char *const[]){"read", "write", "cas", NULL},
    .settings = settings,
    .packages = (const struct package[]){{"etcd-server", "etcd"}, {NULL, NULL}},
    .timeouts = timeouts,
    .log_patterns = log_patterns,
    .files = (const char *const[]){"etcd/member/wal/*.wal", "etcd/member/wal/*.tmp",
                                   "etcd/member/snap/db", "etcd/member/snap/*.snap",
                                   "etcd/member/snap/*.snap.db", NULL},
    .node_count_default = 5,
    .recovery_ns = 10 * NS_PER_SEC,
    .promise = promise,
    .setup = setup,
    .teardown = teardown,
    .healthy = healthy,
    .leaders = leaders,
    .member_remove = member_remove,
    .member_add = member_add,
    .roll = roll,
    .client_open = client_open,
    .invoke = invoke,
    .client_close = client_close,
};
