/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ssh.h"

#include "base/buf.h"
#include "base/clock.h"
#include "helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORDS_MAX = 64, USER_WORDS_MAX = 40, SILENCE_MS = 30000, LINE_BYTES = 256, END_MS = 2000 };

/* What is brought to a host. */
static const char *const program_names[] = {"ordeal-agent", "ordeal-node"};

enum { PROGRAMS = sizeof program_names / sizeof *program_names };

struct program {
    char *bytes; /* mapped */
    size_t size;
};

struct programs {
    struct program all[PROGRAMS];
    uint64_t digest; /* of all: a name, no protection against anybody */
};

/* -- what is brought -------------------------------------------------------------------------- */

static int map_program(const char *name, struct program *program, struct err *err)
{
    char path[4096];
    struct stat st;

    if (helper_find(name, path, sizeof path, err) < 0)
        return -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0 || st.st_size == 0) {
        int code = errno;
        if (fd >= 0)
            (void)close(fd);
        return err_errno(err, code, "cannot read '%s'", path);
    }
    void *bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    int code = errno;
    (void)close(fd);
    if (bytes == MAP_FAILED)
        return err_errno(err, code, "cannot read '%s'", path);
    *program = (struct program){bytes, (size_t)st.st_size};
    return 0;
}

static void unmap_programs(struct programs *programs)
{
    for (int i = 0; i < PROGRAMS; i++) {
        if (programs->all[i].bytes)
            (void)munmap(programs->all[i].bytes, programs->all[i].size);
    }
}

/* FNV-1a */
static uint64_t digest_add(uint64_t digest, const struct program *program)
{
    for (size_t i = 0; i < program->size; i++)
        digest = (digest ^ (unsigned char)program->bytes[i]) * UINT64_C(0x100000001b3);
    return digest;
}

static int map_programs(struct programs *programs, struct err *err)
{
    *programs = (struct programs){.digest = UINT64_C(0xcbf29ce484222325)};
    for (int i = 0; i < PROGRAMS; i++) {
        if (map_program(program_names[i], &programs->all[i], err) < 0) {
            unmap_programs(programs);
            return -1;
        }
        programs->digest = digest_add(programs->digest, &programs->all[i]);
    }
    return 0;
}

/* -- the script on the host ------------------------------------------------------------------- */

/* In it no single quotes, since it stands between two, and nothing that csh or fish would take for
 * theirs. Lines that begin otherwise than with "ordeal: " come from the host's own start files. */
static const char script_head[] =
    "umask 077; [ \"$(uname -sm)\" = \"Linux %s\" ] || { echo \"ordeal: system $(uname -sm)\"; "
    "exit 1; }; [ \"$(id -u)\" = 0 ] && top=/var/lib/ordeal || top=$HOME/.ordeal; "
    "bin=$top/bin/%016llx; mkdir -p \"$bin\" || exit 1; chmod 711 \"$top/bin\" \"$bin\"; ";

static const char script_program[] =
    "file=$bin/%s; [ -x \"$file\" ] || { echo \"ordeal: want %d\"; head -c %zu >\"$file.$$\" && "
    "[ \"$(wc -c <\"$file.$$\")\" -eq %zu ] && chmod 755 \"$file.$$\" && "
    "mv \"$file.$$\" \"$file\"; } || exit 1; ";

static const char script_serve[] = "echo \"ordeal: ready $SSH_CONNECTION\"; "
                                   "exec \"$bin/ordeal-agent\" --host \"$top\"";

static const char script_heal[] = "echo \"ordeal: ready $SSH_CONNECTION\"; "
                                  "exec \"$bin/ordeal-agent\" --heal --journal \"$top\" 2>&1";

static void print_script(const struct programs *programs, const struct ssh_call *call,
                         struct buf *text)
{
    struct utsname here;

    (void)uname(&here);
    buf_puts(text, "exec sh -c '");
    buf_printf(text, script_head, here.machine, (unsigned long long)programs->digest);
    for (int i = 0; i < PROGRAMS; i++)
        buf_printf(text, script_program, program_names[i], i, programs->all[i].size,
                   programs->all[i].size);
    buf_puts(text, call->action == SSH_HEAL ? script_heal : script_serve);
    if (call->host_clock)
        buf_puts(text, " --host-clock");
    buf_puts(text, "'");
}

/* -- the ssh program -------------------------------------------------------------------------- */

struct words {
    char *argv[WORDS_MAX + 1];
    int count;
    char *copy; /* what the first of them point into */
};

static void add_word(struct words *words, const char *word)
{
    if (words->count < WORDS_MAX)
        words->argv[words->count++] = (char *)(uintptr_t)word;
}

/* Cut at its spaces, in place. */
static void add_words(struct words *words, char *text)
{
    for (;;) {
        text += strspn(text, " \t");
        if (!*text)
            return;
        add_word(words, text);
        text += strcspn(text, " \t");
        if (*text)
            *text++ = '\0';
    }
}

/* The user's words come first: of an option that is given twice, ssh takes the first. */
static int make_words(struct words *words, const struct ssh_call *call, const char *port,
                      const char *script, struct err *err)
{
    static const char *const options[] = {"-a",
                                          "-x",
                                          "-T",
                                          "-oBatchMode=yes",
                                          "-oConnectTimeout=10",
                                          "-oServerAliveInterval=5",
                                          "-oServerAliveCountMax=3",
                                          "-oAddressFamily=inet",
                                          "-oControlMaster=no",
                                          "-oControlPath=none",
                                          "-oClearAllForwardings=yes",
                                          "-oLogLevel=ERROR",
                                          NULL};

    *words = (struct words){.copy = strdup(call->command ? call->command : SSH_COMMAND)};
    if (!words->copy)
        return err_set(err, ENOMEM, "out of memory for a call of ssh");
    add_words(words, words->copy);
    if (words->count == 0 || words->count > USER_WORDS_MAX) {
        free(words->copy);
        (void)err_set(err, EINVAL, "--ssh takes a command of 1 to %d words", USER_WORDS_MAX);
        return -1;
    }
    for (const char *const *option = options; *option; option++)
        add_word(words, *option);
    if (call->remote->port) {
        add_word(words, "-p");
        add_word(words, port);
    }
    if (call->remote->user[0]) {
        add_word(words, "-l");
        add_word(words, call->remote->user);
    }
    add_word(words, "--");
    add_word(words, call->remote->name);
    add_word(words, script);
    return 0;
}

/* In a session of its own, where Ctrl-C does not reach it: the controller decides when it ends. */
static int spawn_ssh(char *const *argv, int fd, int said_fd, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;

    (void)sigemptyset(&none);
    (void)sigfillset(&all);
    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawnattr_init(&attributes);
    (void)posix_spawn_file_actions_adddup2(&actions, fd, STDIN_FILENO);
    (void)posix_spawn_file_actions_adddup2(&actions, fd, STDOUT_FILENO);
    (void)posix_spawn_file_actions_adddup2(&actions, said_fd, STDERR_FILENO);
    (void)posix_spawnattr_setsigmask(&attributes, &none);
    (void)posix_spawnattr_setsigdefault(&attributes, &all);
    (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK |
                                                    POSIX_SPAWN_SETSIGDEF);
    int error = posix_spawnp(pid, argv[0], &actions, &attributes, argv, environ);
    (void)posix_spawnattr_destroy(&attributes);
    (void)posix_spawn_file_actions_destroy(&actions);
    return error;
}

static int start_ssh(struct ssh_session *session, const struct ssh_call *call, const char *script,
                     struct err *err)
{
    struct words words;
    char port[12];
    int ends[2];

    (void)snprintf(port, sizeof port, "%d", call->remote->port);
    if (make_words(&words, call, port, script, err) < 0 || !words.argv[0])
        return -1;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
        free(words.copy);
        return err_errno(err, errno, "cannot make a socket pair");
    }
    int error = spawn_ssh(words.argv, ends[1], call->said_fd, &session->pid);
    (void)close(ends[1]);
    session->fd = ends[0];
    if (error) {
        (void)close(ends[0]);
        err_errno(err, error,
                  "cannot run '%s', which reaches the hosts (Debian's package is "
                  "openssh-client; --ssh names another)",
                  words.argv[0]);
    }
    free(words.copy);
    return error ? -1 : 0;
}

/* -- the conversation with the script --------------------------------------------------------- */

/* A line without its end. -1 at the end of the stream, or after long silence. */
static int read_line(int fd, char line[LINE_BYTES])
{
    size_t len = 0;
    char c = 0;

    for (;;) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        int found = poll(&ready, 1, SILENCE_MS);
        if (found == 0 || (found < 0 && errno != EINTR))
            return -1;
        ssize_t got = recv(fd, &c, 1, MSG_DONTWAIT);
        if (got < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (got <= 0)
            return -1;
        if (c == '\n')
            break;
        if (len < LINE_BYTES - 1)
            line[len++] = c;
    }
    line[len] = '\0';
    return 0;
}

static int send_program(int fd, const struct program *program)
{
    size_t sent = 0;

    while (sent < program->size) {
        struct pollfd ready = {.fd = fd, .events = POLLOUT};
        if (poll(&ready, 1, SILENCE_MS) == 0)
            return -1;
        ssize_t wrote =
            send(fd, program->bytes + sent, program->size - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (wrote < 0 && errno != EAGAIN && errno != EINTR)
            return -1;
        sent += wrote > 0 ? (size_t)wrote : 0;
    }
    return 0;
}

/* The last line that ssh, or the script, printed on standard error. */
static void last_said(int fd, char said[LINE_BYTES])
{
    char text[4096];
    off_t end = lseek(fd, 0, SEEK_END);
    off_t from = end > (off_t)sizeof text ? end - (off_t)sizeof text : 0;
    ssize_t got = pread(fd, text, sizeof text, from);
    size_t len = got > 0 ? (size_t)got : 0;

    while (len && (text[len - 1] == '\n' || text[len - 1] == '\r'))
        len--;
    size_t start = len;
    while (start && text[start - 1] != '\n')
        start--;
    (void)snprintf(said, LINE_BYTES, "%.*s", (int)(len - start), text + start);
}

/* Wait until it has ended; by force if it does not. */
static int end_ssh(pid_t pid)
{
    int64_t deadline_ns = clock_now_ns() + END_MS * NS_PER_MS;
    int status = 0;

    while (waitpid(pid, &status, WNOHANG) == 0) {
        if (clock_now_ns() > deadline_ns)
            (void)kill(pid, SIGKILL);
        clock_sleep_until(clock_now_ns() + 5 * NS_PER_MS);
    }
    return status;
}

static int explain(const struct ssh_session *session, const struct ssh_call *call, struct err *err)
{
    char said[LINE_BYTES], host[REMOTE_TEXT_BYTES];
    int status = end_ssh(session->pid);

    last_said(call->said_fd, said);
    (void)remote_text(call->remote, host);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 255)
        return err_set(err, ECONNREFUSED,
                       "cannot reach host '%s': %s (ssh has to log in there without asking for "
                       "anything)",
                       host, said[0] ? said : "ssh failed without a word");
    return err_set(err, EPROTO, "cannot start the agent on host '%s': %s", host,
                   said[0] ? said : "it did not say why");
}

/* "THERE PORT HERE PORT", as sshd tells it. */
static int read_addresses(const char *text, struct ssh_session *session, struct err *err)
{
    if (sscanf(text, "%63s %*s %63s", session->there, session->here) != 2 ||
        strchr(session->here, ':'))
        return err_set(err, EPROTO, "the host does not say by which IPv4 address it was reached");
    return 0;
}

/* What the host's script asks for, until it is ready. 1: the stream has ended. */
static int converse(struct ssh_session *session, const struct programs *programs, struct err *err)
{
    static const char mark[] = "ordeal: ", ready[] = "ready ", want[] = "want ",
                      other[] = "system ";
    char line[LINE_BYTES] = "";

    while (read_line(session->fd, line) == 0) {
        const char *said = line + sizeof mark - 1;
        if (strncmp(line, mark, sizeof mark - 1) != 0)
            continue;
        if (strncmp(said, ready, sizeof ready - 1) == 0)
            return read_addresses(said + sizeof ready - 1, session, err);
        if (strncmp(said, other, sizeof other - 1) == 0) {
            struct utsname here;
            (void)uname(&here);
            return err_set(err, ENOEXEC, "it runs %s, and this agent is for Linux %s",
                           said + sizeof other - 1, here.machine);
        }
        bool wanted = strncmp(said, want, sizeof want - 1) == 0;
        int number = wanted ? said[sizeof want - 1] - '0' : -1;
        if (number < 0 || number >= PROGRAMS ||
            send_program(session->fd, &programs->all[number]) < 0)
            return 1;
    }
    return 1;
}

int ssh_open(struct ssh_session *session, const struct ssh_call *call, struct err *err)
{
    struct programs programs;
    struct buf script;
    char host[REMOTE_TEXT_BYTES];

    *session = (struct ssh_session){.fd = -1};
    if (map_programs(&programs, err) < 0)
        return -1;
    buf_init(&script, 0);
    print_script(&programs, call, &script);
    int result = script.failed ? err_set(err, ENOMEM, "out of memory for a call of ssh")
                               : start_ssh(session, call, script.ptr, err);
    buf_release(&script);
    if (result == 0) {
        result = converse(session, &programs, err);
        if (result != 0)
            (void)close(session->fd);
        if (result > 0) {
            result = explain(session, call, err);
        } else if (result < 0) {
            (void)end_ssh(session->pid);
            (void)err_wrap(err, "cannot use host '%s'", remote_text(call->remote, host));
        }
    }
    unmap_programs(&programs);
    return result;
}
