/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of targets/etcd.c: outcomes against a server that does as a script says, and the real etcd
 * on loopback where it is at hand. */
#include "local_node.c"
#include "pattern.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

#define OK_ANSWER "{\"header\":{\"revision\":\"2\"}}"

static const struct target *etcd;

static int find_etcd(void **state)
{
    (void)state;
    struct err err;
    char path[PATH_MAX * 2];

    built_use();
    (void)snprintf(path, sizeof path, "%s:%s/packages/usr/bin", getenv("PATH"), built_dir());
    (void)setenv("PATH", path, 1);
    (void)setenv("http_proxy", "http://127.0.0.1:1", 1); /* must not be used */
    (void)setenv("HTTP_PROXY", "http://127.0.0.1:1", 1);
    etcd = target_find("etcd", &err);
    if (!etcd)
        (void)fprintf(stderr, "%s\n", err.msg);
    return etcd ? 0 : -1;
}

/* -- a server with a script ----------------------------------------------------------------------
 */

enum act { CLOSE_AT_ONCE, CLOSE_AFTER_REQUEST, SILENCE, ANSWER, ANSWER_HALF };

/* What to do with the next connection (CLOSE_AT_ONCE) or request (the others). */
struct step {
    enum act act;
    int status;
    const char *body;
};

struct server {
    struct cluster cluster;
    struct test test;
    struct node node;
    struct client *client;
    int listener;
    const struct step *steps;
    int step_count;
    pthread_t thread;
    _Atomic int connections, bodies; /* seen */
};

static bool read_request(int fd)
{
    char text[4096];
    size_t len = 0, wanted = sizeof text - 1;

    while (len < wanted) {
        ssize_t count = recv(fd, text + len, sizeof text - 1 - len, 0);
        if (count <= 0)
            return false;
        len += (size_t)count;
        text[len] = '\0';
        const char *end = strstr(text, "\r\n\r\n");
        const char *length = strstr(text, "Content-Length: ");
        if (end && length)
            wanted = (size_t)(end + 4 - text) + strtoul(length + 16, NULL, 10);
    }
    return true;
}

static void send_answer(int fd, const struct step *step)
{
    char text[1024];
    size_t body_len = strlen(step->body);
    int len = snprintf(text, sizeof text, "HTTP/1.1 %d X\r\nContent-Length: %zu\r\n%s\r\n%s",
                       step->status, body_len,
                       step->status == 307 ? "Location: http://127.0.0.1:1/\r\n" : "", step->body);

    if (step->act == ANSWER_HALF)
        len -= (int)body_len / 2;
    (void)send(fd, text, (size_t)len, MSG_NOSIGNAL);
}

static void *serve(void *context)
{
    struct server *server = context;
    int fd = -1, held = -1;

    for (int i = 0; i < server->step_count; i++) {
        const struct step *step = &server->steps[i];
        if (fd < 0) {
            fd = accept(server->listener, NULL, NULL);
            server->connections++;
        }
        if (step->act != CLOSE_AT_ONCE) {
            if (!read_request(fd)) { /* this connection is over: the step is for the next one */
                (void)close(fd);
                fd = -1;
                i--;
                continue;
            }
            server->bodies++;
        }
        if (step->act == ANSWER || step->act == ANSWER_HALF)
            send_answer(fd, step);
        if (step->act == SILENCE)
            held = fd;
        else if (step->act != ANSWER)
            (void)close(fd);
        if (step->act != ANSWER)
            fd = -1;
    }
    if (fd >= 0)
        (void)close(fd);
    (void)close(server->listener);
    if (held >= 0)
        (void)close(held);
    return NULL;
}

/* Listen at the node's address. A NULL script: nobody listens. */
static void server_open(struct server *server, const struct step *steps, int step_count)
{
    static int servers;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(2379)};
    int on = 1;
    struct err err;

    memset(server, 0, sizeof *server);
    (void)snprintf(server->node.address, sizeof server->node.address, "127.%d.%d.%d",
                   1 + (getpid() >> 8) % 250, getpid() % 256, 100 + servers++);
    server->cluster.nodes[0] = &server->node;
    server->cluster.node_count = 1;
    server->cluster.test = &server->test;
    server->steps = steps;
    server->step_count = step_count;
    assert_int_equal(inet_pton(AF_INET, server->node.address, &address.sin_addr), 1);
    if (steps) {
        server->listener = socket(AF_INET, SOCK_STREAM, 0);
        (void)setsockopt(server->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        assert_int_equal(bind(server->listener, (const struct sockaddr *)&address, sizeof address),
                         0);
        assert_int_equal(listen(server->listener, 16), 0);
        assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
    }
    assert_int_equal(etcd->client_open(&server->cluster, 0, &server->client, &err), 0);
}

static void server_close(struct server *server)
{
    etcd->client_close(server->client);
    if (server->steps)
        (void)pthread_join(server->thread, NULL);
}

static struct client_op ask(struct server *server, enum op_f f)
{
    return local_invoke(etcd, server->client, f, 1, f == OP_F_CAS ? OP_PAIR(1, 2) : OP_INT(1), 300);
}

#define SERVER(name, ...)                                                                          \
    const struct step name##_steps[] = {__VA_ARGS__};                                              \
    struct server name;                                                                            \
    server_open(&name, name##_steps, (int)(sizeof name##_steps / sizeof *name##_steps))

static void test_etcd__nobody_listening_is_a_failure(void **state)
{
    (void)state;
    struct server server;

    server_open(&server, NULL, 0);
    struct client_op op = ask(&server, OP_F_WRITE);
    assert_int_equal(op.outcome, OP_FAIL);
    assert_string_equal(op.error, "connection refused");
    assert_int_equal(ask(&server, OP_F_READ).outcome, OP_FAIL);
    server_close(&server);
}

static void test_etcd__a_connection_closed_in_mid_request_is_unknown(void **state)
{
    (void)state;
    SERVER(server, {CLOSE_AFTER_REQUEST, 0, NULL}, {CLOSE_AFTER_REQUEST, 0, NULL},
           {CLOSE_AFTER_REQUEST, 0, NULL});

    assert_int_equal(ask(&server, OP_F_WRITE).outcome, OP_INFO);
    assert_int_equal(ask(&server, OP_F_CAS).outcome, OP_INFO);
    assert_int_equal(ask(&server, OP_F_READ).outcome, OP_FAIL);
    server_close(&server);
    assert_int_equal(server.bodies, 3);
}

static void test_etcd__silence_is_unknown_at_the_deadline(void **state)
{
    (void)state;
    SERVER(server, {SILENCE, 0, NULL}, {ANSWER, 200, OK_ANSWER});

    int64_t start_ns = clock_now_ns();
    struct client_op op = ask(&server, OP_F_WRITE);
    int64_t took_ms = (clock_now_ns() - start_ns) / NS_PER_MS;
    assert_int_equal(op.outcome, OP_INFO);
    assert_string_equal(op.error, "timed out");
    assert_in_range(took_ms, 290, 900);
    /* On a connection of its own: a late answer to the first would be taken for this one's. */
    assert_int_equal(ask(&server, OP_F_WRITE).outcome, OP_OK);
    server_close(&server);
    assert_int_equal(server.connections, 2);
}

static void test_etcd__half_an_answer_is_unknown(void **state)
{
    (void)state;
    SERVER(server, {ANSWER_HALF, 200, OK_ANSWER}, {ANSWER_HALF, 200, OK_ANSWER});

    assert_int_equal(ask(&server, OP_F_WRITE).outcome, OP_INFO);
    assert_int_equal(ask(&server, OP_F_READ).outcome, OP_FAIL);
    server_close(&server);
}

static void test_etcd__a_kept_connection_that_breaks_is_not_asked_twice(void **state)
{
    (void)state;
    SERVER(server, {ANSWER, 200, OK_ANSWER}, {CLOSE_AFTER_REQUEST, 0, NULL},
           {ANSWER, 200, OK_ANSWER});

    assert_int_equal(ask(&server, OP_F_WRITE).outcome, OP_OK);
    assert_int_equal(ask(&server, OP_F_WRITE).outcome, OP_INFO);
    assert_int_equal(server.bodies, 2); /* the second was carried out once at most */
    assert_int_equal(ask(&server, OP_F_WRITE).outcome, OP_OK);
    server_close(&server);
    assert_int_equal(server.bodies, 3);
}

static void test_etcd__connections_are_kept(void **state)
{
    (void)state;
    SERVER(server, {ANSWER, 200, OK_ANSWER}, {ANSWER, 200, OK_ANSWER}, {ANSWER, 200, OK_ANSWER});

    for (int i = 0; i < 3; i++)
        assert_int_equal(ask(&server, OP_F_WRITE).outcome, OP_OK);
    server_close(&server);
    assert_int_equal(server.connections, 1);
}

static void test_etcd__its_errors_and_redirects_are_judged(void **state)
{
    (void)state;
    SERVER(server, {ANSWER, 503, "{\"error\":\"etcdserver: request timed out\",\"code\":14}"},
           {ANSWER, 503, "{\"error\":\"etcdserver: no leader\",\"code\":14}"}, {ANSWER, 307, ""},
           {ANSWER, 200, "garbage"});

    struct client_op op = ask(&server, OP_F_WRITE);
    assert_int_equal(op.outcome, OP_INFO);
    assert_string_equal(op.error, "request timed out");
    op = ask(&server, OP_F_WRITE);
    assert_int_equal(op.outcome, OP_FAIL);
    assert_string_equal(op.error, "no leader");
    assert_int_equal(ask(&server, OP_F_WRITE).outcome, OP_INFO); /* not followed */
    assert_int_equal(ask(&server, OP_F_WRITE).outcome, OP_INFO);
    server_close(&server);
}

static void test_etcd__a_connection_closed_at_once_is_no_success(void **state)
{
    (void)state;
    SERVER(server, {CLOSE_AT_ONCE, 0, NULL}, {CLOSE_AT_ONCE, 0, NULL});

    assert_int_not_equal(ask(&server, OP_F_WRITE).outcome, OP_OK);
    assert_int_equal(ask(&server, OP_F_READ).outcome, OP_FAIL);
    server_close(&server);
}

static void test_etcd__a_deadline_that_has_passed_sends_nothing(void **state)
{
    (void)state;
    SERVER(server, {ANSWER, 200, OK_ANSWER});
    struct client_op op = local_invoke(etcd, server.client, OP_F_WRITE, 1, OP_INT(1), -1);

    assert_int_equal(op.outcome, OP_FAIL);
    assert_int_equal(ask(&server, OP_F_WRITE).outcome, OP_OK); /* lets the server end */
    server_close(&server);
    assert_int_equal(server.bodies, 1);
}

static void test_etcd__settings_are_checked(void **state)
{
    (void)state;
    struct test test = {.target = etcd, .setting_count = 1};
    const char *level;
    struct err err;

    test.settings[0] = (struct setting){"reads", "fast"};
    assert_int_equal(etcd->promise(&test, &level, &err), -1);
    test.settings[0] = (struct setting){"election_ms", "soon"};
    assert_int_equal(etcd->promise(&test, &level, &err), -1);
    test.settings[0] = (struct setting){"strict_reconfig", "yes"};
    assert_int_equal(etcd->promise(&test, &level, &err), -1);
    test.settings[0] = (struct setting){"reads", "serializable"};
    assert_int_equal(etcd->promise(&test, &level, &err), 0);
    assert_string_equal(level, "linearizable");
}

static bool is_panic(const char *line)
{
    return pattern_matches(etcd->log_patterns, "panic", line);
}

static void test_etcd__it_may_end_where_its_disk_fails_or_its_peers_are_late(void **state)
{
    (void)state;
    assert_true(is_panic("panic: runtime error: index out of range"));
    assert_true(is_panic("{\"level\":\"fatal\",\"msg\":\"tocommit is out of range\"}"));
    assert_true(is_panic("{\"level\":\"panic\",\"msg\":\"failed to recover v3 backend\"}"));
    assert_false(is_panic("{\"level\":\"warn\",\"msg\":\"panic\"}"));
    assert_false(is_panic("{\"level\":\"fatal\",\"msg\":\"discovery failed\",\"error\":\"error "
                          "validating peerURLs: member count is unequal\"}"));
    assert_false(is_panic("{\"level\":\"fatal\",\"msg\":\"failed to save Raft hard state\","
                          "\"error\":\"write 0.wal: no space left on device\"}"));
}

/* -- the real one --------------------------------------------------------------------------------
 */

static void need_etcd(void)
{
    if (system("command -v etcd >/dev/null") != 0) {
        print_message("etcd is not at hand: make packages\n");
        skip();
    }
}

static struct client_op real(struct client *client, enum op_f f, struct op_value value)
{
    return local_invoke(etcd, client, f, 1, value, 3000);
}

static void test_etcd__one_member_does_what_it_is_asked(void **state)
{
    (void)state;
    struct local local;
    struct client *client;
    struct op_value from_nil = {.kind = OP_VALUE_JSON, .json = STR("[null,5]")};
    struct err err;

    need_etcd();
    local_open(&local, etcd, 1, NULL);
    assert_int_equal(etcd->client_open(&local.cluster, 0, &client, &err), 0);
    struct client_op op = real(client, OP_F_READ, OP_NIL);
    assert_int_equal(op.outcome, OP_OK);
    assert_int_equal(op.result.kind, OP_VALUE_NIL);
    assert_int_equal(real(client, OP_F_CAS, OP_PAIR(1, 2)).outcome, OP_FAIL);
    assert_int_equal(real(client, OP_F_CAS, from_nil).outcome, OP_OK);
    assert_int_equal(real(client, OP_F_CAS, from_nil).outcome, OP_FAIL);
    assert_int_equal(real(client, OP_F_CAS, OP_PAIR(5, 6)).outcome, OP_OK);
    assert_int_equal(real(client, OP_F_CAS, OP_PAIR(5, 7)).outcome, OP_FAIL);
    op = real(client, OP_F_READ, OP_NIL);
    assert_int_equal(op.outcome, OP_OK);
    assert_int_equal(op.result.a, 6);
    assert_int_equal(real(client, OP_F_WRITE, OP_INT(-9)).outcome, OP_OK);
    assert_int_equal(real(client, OP_F_READ, OP_NIL).result.a, -9);
    assert_true(etcd->leaders(&local.cluster) == NODE(0));
    etcd->client_close(client);
    local_close(&local);
}

/* The only leader, once there is one. */
static int await_leader(struct local *local)
{
    int64_t deadline_ns = clock_now_ns() + 10 * NS_PER_SEC;

    for (;;) {
        node_set set = etcd->leaders(&local->cluster);
        if (node_set_count(set) == 1)
            return __builtin_ctzll(set);
        assert_true(clock_now_ns() < deadline_ns);
    }
}

static void test_etcd__three_members_lose_their_leader_and_go_on(void **state)
{
    (void)state;
    const struct setting fast[] = {{"heartbeat_ms", "20"}, {"election_ms", "200"}, {NULL, NULL}};
    struct local local;
    struct client *clients[3];
    struct err err;

    need_etcd();
    int64_t start_ns = clock_now_ns();
    local_open(&local, etcd, 3, fast);
    print_message("3 members healthy after %d ms\n",
                  (int)((clock_now_ns() - start_ns) / NS_PER_MS));
    for (int i = 0; i < 3; i++)
        assert_int_equal(etcd->client_open(&local.cluster, i, &clients[i], &err), 0);
    int leader = await_leader(&local), other = (leader + 1) % 3;
    assert_int_equal(real(clients[leader], OP_F_WRITE, OP_INT(1)).outcome, OP_OK);
    local_kill(&local, leader);
    assert_int_equal(real(clients[leader], OP_F_WRITE, OP_INT(2)).outcome, OP_FAIL);
    assert_int_equal(etcd->healthy(&local.cluster, &err), -1);
    assert_int_not_equal(await_leader(&local), leader);
    struct client_op op = real(clients[other], OP_F_READ, OP_NIL);
    assert_int_equal(op.outcome, OP_OK);
    assert_int_equal(op.result.a, 1);
    local_restart(&local, leader);
    local_await(&local);
    assert_int_equal(real(clients[leader], OP_F_READ, OP_NIL).result.a, 1);
    for (int i = 0; i < 3; i++)
        etcd->client_close(clients[i]);
    local_close(&local);
}

static int remove_until(struct local *local, int node, int within_ms, struct err *err)
{
    return etcd->member_remove(&local->cluster, node, clock_now_ns() + within_ms * NS_PER_MS, err);
}

static int add_until(struct local *local, int node, int within_ms, struct err *err)
{
    return etcd->member_add(&local->cluster, node, clock_now_ns() + within_ms * NS_PER_MS, err);
}

/* Who loses its leader meanwhile does not know the outcome. */
static void write_for_certain(struct client *client, int64_t value)
{
    int64_t deadline_ns = clock_now_ns() + 20 * NS_PER_SEC;

    while (real(client, OP_F_WRITE, OP_INT(value)).outcome != OP_OK)
        assert_true(clock_now_ns() < deadline_ns);
}

static void await_value(struct client *client, int64_t value)
{
    int64_t deadline_ns = clock_now_ns() + 20 * NS_PER_SEC;
    struct client_op op;

    while ((op = real(client, OP_F_READ, OP_NIL)).outcome != OP_OK)
        assert_true(clock_now_ns() < deadline_ns);
    assert_int_equal(op.result.a, value);
}

static void test_etcd__a_member_leaves_and_comes_back_empty(void **state)
{
    (void)state;
    struct local local;
    struct client *clients[3];
    struct err err = {0};

    need_etcd();
    local_open(&local, etcd, 3, NULL);
    for (int i = 0; i < 3; i++)
        assert_int_equal(etcd->client_open(&local.cluster, i, &clients[i], &err), 0);
    write_for_certain(clients[0], 1);
    for (int node = 2; node >= 1; node--) { /* down to one, and up again */
        if (remove_until(&local, node, 10000, &err) < 0)
            fail_msg("%s", err.msg);
        assert_int_equal(real(clients[node], OP_F_READ, OP_NIL).outcome, OP_FAIL);
    }
    write_for_certain(clients[0], 2);
    for (int node = 1; node <= 2; node++) {
        if (add_until(&local, node, 20000, &err) < 0)
            fail_msg("%s", err.msg);
        await_value(clients[node], 2);
    }
    local_await(&local);
    for (int i = 0; i < 3; i++)
        etcd->client_close(clients[i]);
    local_close(&local);
}

static void test_etcd__a_removal_without_a_majority_is_of_unknown_outcome(void **state)
{
    (void)state;
    struct local local;
    struct err err = {0};

    need_etcd();
    local_open(&local, etcd, 3, NULL);
    local_kill(&local, 1);                                    /* its disk stays */
    assert_int_equal(remove_until(&local, 1, 300, &err), -1); /* nobody knows its ID */
    assert_int_equal(err.code, EAGAIN);
    local_restart(&local, 1);
    local_await(&local);
    local_kill(&local, 1);
    local_signal(&local, 2, SIGSTOP);
    assert_int_equal(remove_until(&local, 2, 300, &err), -1); /* it is paused: it does not say */
    assert_int_equal(err.code, EAGAIN);
    local_signal(&local, 2, SIGCONT);
    local_restart(&local, 1);
    local_await(&local);
    assert_int_equal(remove_until(&local, 1, 10000, &err), 0);
    assert_int_equal(add_until(&local, 1, 20000, &err), 0); /* now its ID is known */
    local_kill(&local, 2);
    local_signal(&local, 1, SIGSTOP);
    do { /* until there was the time to ask */
        assert_int_equal(remove_until(&local, 1, 2000, &err), -1);
    } while (err.code == EAGAIN);
    assert_int_equal(err.code, EIO);
    local_signal(&local, 1, SIGCONT);
    local_restart(&local, 2);
    assert_int_equal(add_until(&local, 1, 20000, &err), 0); /* finishes what was begun */
    local_await(&local);
    local_close(&local);
}

static void test_etcd__without_a_majority_only_serializable_reads_answer(void **state)
{
    (void)state;
    const struct setting stale[] = {{"reads", "serializable"}, {NULL, NULL}};
    struct local local;
    struct client *client;
    struct err err;

    need_etcd();
    local_open(&local, etcd, 3, stale);
    assert_int_equal(etcd->client_open(&local.cluster, 0, &client, &err), 0);
    assert_int_equal(real(client, OP_F_WRITE, OP_INT(1)).outcome, OP_OK);
    local_kill(&local, 1);
    local_kill(&local, 2);
    struct client_op op = local_invoke(etcd, client, OP_F_WRITE, 1, OP_INT(2), 300);
    assert_int_equal(op.outcome, OP_INFO);
    op = local_invoke(etcd, client, OP_F_READ, 1, OP_NIL, 300);
    assert_int_equal(op.outcome, OP_OK);
    assert_int_equal(op.result.a, 1);
    etcd->client_close(client);
    local_close(&local);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_etcd__nobody_listening_is_a_failure),
        cmocka_unit_test(test_etcd__a_connection_closed_in_mid_request_is_unknown),
        cmocka_unit_test(test_etcd__silence_is_unknown_at_the_deadline),
        cmocka_unit_test(test_etcd__half_an_answer_is_unknown),
        cmocka_unit_test(test_etcd__a_kept_connection_that_breaks_is_not_asked_twice),
        cmocka_unit_test(test_etcd__connections_are_kept),
        cmocka_unit_test(test_etcd__its_errors_and_redirects_are_judged),
        cmocka_unit_test(test_etcd__a_connection_closed_at_once_is_no_success),
        cmocka_unit_test(test_etcd__a_deadline_that_has_passed_sends_nothing),
        cmocka_unit_test(test_etcd__settings_are_checked),
        cmocka_unit_test(test_etcd__it_may_end_where_its_disk_fails_or_its_peers_are_late),
        cmocka_unit_test(test_etcd__one_member_does_what_it_is_asked),
        cmocka_unit_test(test_etcd__three_members_lose_their_leader_and_go_on),
        cmocka_unit_test(test_etcd__a_member_leaves_and_comes_back_empty),
        cmocka_unit_test(test_etcd__a_removal_without_a_majority_is_of_unknown_outcome),
        cmocka_unit_test(test_etcd__without_a_majority_only_serializable_reads_answer),
    };
    return cmocka_run_group_tests_name("targets/etcd", tests, find_etcd, NULL);
}
