/* SPDX-License-Identifier: GPL-2.0-or-later */
/* main.c - `ordeal-node`: one node of a reference protocol. */
#include "runtime.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

enum { EXIT_BAD_USAGE = 254, EXIT_DIED = 255, PORT_DEFAULT = 7000 };

static const char usage[] =
    "Usage: ordeal-node PROTOCOL --me NAME --nodes NAME=ADDRESS,... [options]\n"
    "       ordeal-node PROTOCOL --stdio [options]\n"
    "       ordeal-node --describe\n"
    "\n"
    "One node of a reference protocol, among nodes on the network or under Maelstrom.\n"
    "\n"
    "  --me NAME          this node's name, one of --nodes\n"
    "  --nodes LIST       all nodes with their IPv4 addresses: n1=10.0.0.1,n2=10.0.0.2\n"
    "  --port PORT        where every node listens (default 7000)\n"
    "  --data DIR         stable storage; without it nothing outlives the process\n"
    "  --link tcp|udp     how messages between nodes travel (default: the protocol's)\n"
    "  --bug NAME         turn a planted bug on\n"
    "  --set KEY=VALUE    an option of the protocol\n"
    "  --seed N           of the node's random numbers\n"
    "  --late NAMES       nodes that come up later; this one is healthy without them\n"
    "  --stdio            messages on standard input and output, from `init` on\n"
    "  --describe         all protocols, as JSON\n";

struct arguments {
    const char *me, *nodes, *link;
    int64_t port, seed;
    bool stdio;
};

void die(const char *fmt, ...)
{
    va_list args;

    (void)fputs("fatal: ", stderr);
    va_start(args, fmt);
    (void)vfprintf(stderr, fmt, args);
    va_end(args);
    (void)fputc('\n', stderr);
    _exit(EXIT_DIED); /* as from a crash: nothing is tidied up */
}

static void refuse(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

static void refuse(const char *fmt, ...)
{
    va_list args;

    (void)fputs("ordeal-node: ", stderr);
    va_start(args, fmt);
    (void)vfprintf(stderr, fmt, args);
    va_end(args);
    (void)fputs(" (see `ordeal-node --help`)\n", stderr);
    exit(EXIT_BAD_USAGE);
}

/* What this node's clock says, so that a report finds what was noted near a witness. */
static void print_stamp(void)
{
    int64_t ms = now_wall_ms();
    time_t seconds = (time_t)(ms / 1000);
    char text[32];
    struct tm tm;

    if (gmtime_r(&seconds, &tm) && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm))
        (void)fprintf(stderr, "%s.%03dZ ", text, (int)(ms % 1000));
}

void note(const struct self *self, const char *fmt, ...)
{
    va_list args;

    print_stamp();
    (void)fprintf(stderr, "%s: ", self->names[self->me]);
    va_start(args, fmt);
    (void)vfprintf(stderr, fmt, args);
    va_end(args);
    (void)fputc('\n', stderr);
}

int runtime_find_node(const struct runtime *rt, const char *name)
{
    for (int i = 0; i < rt->self.count; i++) {
        if (strcmp(rt->names[i], name) == 0)
            return i;
    }
    return -1;
}

/* -- settings ------------------------------------------------------------------------------------
 */

static const struct protocol_option *find_among(const struct protocol_option *option,
                                                const char *key)
{
    for (; option && option->key; option++) {
        if (strcmp(option->key, key) == 0)
            return option;
    }
    return NULL;
}

static const struct protocol_option *find_option(const struct protocol *protocol, const char *key)
{
    const struct protocol_option *option = find_among(protocol->options, key);
    return option || !protocol->on_view ? option : find_among(views_options, key);
}

const char *option_get(const struct self *self, const char *key)
{
    const struct runtime *rt = runtime_of_const(self);
    const struct protocol_option *option = find_option(rt->protocol, key);

    for (int i = rt->setting_count - 1; i >= 0; i--) {
        if (strcmp(rt->settings[i].key, key) == 0)
            return rt->settings[i].value;
    }
    if (!option)
        die("the protocol asks for its option '%s', which it does not declare", key);
    return option->initial;
}

int option_number(const struct self *self, const char *key, int min, int max)
{
    const char *text = option_get(self, key);
    int64_t number;

    if (!str_to_int(str_of(text), &number) || number < min || number > max)
        refuse("--set %s= wants a number from %d to %d, not '%s'", key, min, max, text);
    return (int)number;
}

static bool has_bug(const struct protocol *protocol, const char *name)
{
    for (const struct bug *bug = protocol->bugs; bug && bug->name; bug++) {
        if (strcmp(bug->name, name) == 0)
            return true;
    }
    return false;
}

bool bug_is_on(const struct self *self, const char *name)
{
    const struct runtime *rt = runtime_of_const(self);

    if (!has_bug(rt->protocol, name))
        die("the protocol asks for its bug '%s', which it does not declare", name);
    return rt->bug && strcmp(rt->bug, name) == 0;
}

static void add_setting(struct runtime *rt, char *text)
{
    char *equals = strchr(text, '=');

    if (!equals)
        refuse("--set wants KEY=VALUE, not '%s'", text);
    if (rt->setting_count == SETTINGS_MAX)
        refuse("more than %d settings", SETTINGS_MAX);
    *equals = '\0';
    rt->settings[rt->setting_count].key = text;
    rt->settings[rt->setting_count++].value = equals + 1;
}

static void check_settings(const struct runtime *rt)
{
    for (int i = 0; i < rt->setting_count; i++) {
        if (!find_option(rt->protocol, rt->settings[i].key))
            refuse("protocol '%s' has no option '%s'", rt->protocol->name, rt->settings[i].key);
    }
    if (rt->bug && !has_bug(rt->protocol, rt->bug))
        refuse("protocol '%s' has no bug '%s'", rt->protocol->name, rt->bug);
}

/* -- the cluster ---------------------------------------------------------------------------------
 */

/* "n1=10.0.0.1,n2=10.0.0.2"; taken apart in place. */
static void read_nodes(struct runtime *rt, char *list, uint16_t port)
{
    char *rest = list, *item;

    while ((item = strsep(&rest, ",")) != NULL) {
        char *equals = strchr(item, '=');
        struct sockaddr_in *address = &rt->addresses[rt->self.count];
        if (rt->self.count == NODE_COUNT_MAX)
            refuse("more than %d nodes", NODE_COUNT_MAX);
        *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
        if (!equals || equals == item || inet_pton(AF_INET, equals + 1, &address->sin_addr) != 1)
            refuse("--nodes wants NAME=ADDRESS,..., not '%s'", item);
        *equals = '\0';
        if (strlen(item) > 20)
            refuse("the node name '%s' is too long", item);
        rt->names[rt->self.count++] = item;
    }
}

void runtime_start(struct runtime *rt)
{
    /* A restarted process does not draw again what the last one drew: else of two nodes always the
     * same one would be first, and no election a draw. */
    rng_init(&rt->self.rng, rt->seed + (uint64_t)now_ms(), (uint64_t)rt->self.me);
    rt->self.state = calloc(1, rt->protocol->state_size ? rt->protocol->state_size : 1);
    if (!rt->self.state)
        die("out of memory");
    views_open(rt);
    rt->protocol->start(&rt->self);
    rt->started = true;
}

static void join_cluster(struct runtime *rt, const struct arguments *arguments)
{
    enum link_kind link = rt->protocol->link;

    if (!arguments->me || !arguments->nodes)
        refuse("--me and --nodes are needed, or --stdio");
    read_nodes(rt, strdup(arguments->nodes), (uint16_t)arguments->port);
    rt->self.me = runtime_find_node(rt, arguments->me);
    if (rt->self.me < 0)
        refuse("--me '%s' is not one of --nodes", arguments->me);
    if (arguments->link)
        link = strcmp(arguments->link, "udp") == 0 ? LINK_UDP : LINK_TCP;
    if (link == LINK_UDP)
        datagrams_open(rt);
    else
        sessions_open(rt);
    runtime_start(rt);
    network_open(rt); /* last: whoever can connect will be served */
}

/* -- the command line ----------------------------------------------------------------------------
 */

static int64_t number_of(const char *name, const char *text, int64_t max)
{
    int64_t number;
    if (!str_to_int(str_of(text), &number) || number < 0 || number > max)
        refuse("--%s wants a number up to %lld, not '%s'", name, (long long)max, text);
    return number;
}

static void take_option(struct runtime *rt, struct arguments *arguments, int letter)
{
    switch (letter) {
    case 'm':
        arguments->me = optarg;
        break;
    case 'n':
        arguments->nodes = optarg;
        break;
    case 'p':
        arguments->port = number_of("port", optarg, UINT16_MAX);
        break;
    case 'd':
        rt->data_dir = optarg;
        break;
    case 'l':
        if (strcmp(optarg, "tcp") != 0 && strcmp(optarg, "udp") != 0)
            refuse("--link is tcp or udp, not '%s'", optarg);
        arguments->link = optarg;
        break;
    case 'b':
        rt->bug = optarg;
        break;
    case 's':
        add_setting(rt, optarg);
        break;
    case 'S':
        arguments->seed = number_of("seed", optarg, INT64_MAX);
        break;
    case 'L':
        rt->late = optarg;
        break;
    case 'i':
        arguments->stdio = true;
        break;
    case 'D':
        describe_protocols();
        exit(0);
    case 'h':
        (void)fputs(usage, stdout);
        exit(0);
    default:
        refuse("bad usage");
    }
}

static void parse(struct runtime *rt, struct arguments *arguments, int argc, char **argv)
{
    static const struct option words[] = {
        {"me", required_argument, NULL, 'm'},
        {"nodes", required_argument, NULL, 'n'},
        {"port", required_argument, NULL, 'p'},
        {"data", required_argument, NULL, 'd'},
        {"link", required_argument, NULL, 'l'},
        {"bug", required_argument, NULL, 'b'},
        {"set", required_argument, NULL, 's'},
        {"seed", required_argument, NULL, 'S'},
        {"stdio", no_argument, NULL, 'i'},
        {"describe", no_argument, NULL, 'D'},
        {"help", no_argument, NULL, 'h'},
        {"late", required_argument, NULL, 'L'},
        {NULL, 0, NULL, 0},
    };
    int letter;

    while ((letter = getopt_long(argc, argv, "h", words, NULL)) != -1)
        take_option(rt, arguments, letter);
    if (optind + 1 != argc)
        refuse("one protocol is wanted");
    for (size_t i = 0; protocols[i]; i++) {
        if (strcmp(protocols[i]->name, argv[optind]) == 0)
            rt->protocol = protocols[i];
    }
    if (!rt->protocol)
        refuse("there is no protocol '%s'", argv[optind]);
    check_settings(rt);
}

static void draw_incarnation(struct runtime *rt)
{
    uint64_t bits;
    if (getrandom(&bits, sizeof bits, 0) != sizeof bits)
        die("cannot draw random numbers");
    (void)snprintf(rt->incarnation, sizeof rt->incarnation, "%016llx", (unsigned long long)bits);
}

int main(int argc, char **argv)
{
    static struct runtime rt;
    struct arguments arguments = {.port = PORT_DEFAULT};

    parse(&rt, &arguments, argc, argv);
    rt.seed = (uint64_t)arguments.seed;
    (void)signal(SIGPIPE, SIG_IGN);
    draw_incarnation(&rt);
    if (uv_loop_init(&rt.loop) < 0)
        die("cannot make an event loop");
    messages_init(&rt);
    if (arguments.stdio)
        stdio_open(&rt);
    else
        join_cluster(&rt, &arguments);
    (void)uv_run(&rt.loop, UV_RUN_DEFAULT);
    return 0;
}
