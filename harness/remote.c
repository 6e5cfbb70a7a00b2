/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "remote.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

enum { FILE_MAX_BYTES = 1 << 16 };

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Only what can neither be taken for an option of ssh nor mean something to a shell. */
static bool is_word(struct str text, const char *also)
{
    if (text.len == 0 || !is_plain(text.ptr[0]))
        return false;
    for (size_t i = 1; i < text.len; i++) {
        if (!is_plain(text.ptr[i]) && (text.ptr[i] == '\0' || !strchr(also, text.ptr[i])))
            return false;
    }
    return true;
}

/* What comes before `mark`, which goes too; the whole text stays if there is none. */
static bool cut_at(struct str *text, char mark, struct str *before)
{
    const char *found = text->len ? memchr(text->ptr, mark, text->len) : NULL;

    if (!found)
        return false;
    size_t len = (size_t)(found - text->ptr);
    *before = (struct str){text->ptr, len};
    *text = (struct str){found + 1, text->len - len - 1};
    return true;
}

static int read_user(struct str user, struct remote *remote, struct err *err)
{
    if (!is_word(user, ".-") || user.len >= sizeof remote->user)
        return err_set(err, EINVAL, "'%.*s' is no name of a user", STR_ARG(user));
    memcpy(remote->user, user.ptr, user.len);
    return 0;
}

static int read_name(struct str name, struct remote *remote, struct err *err)
{
    if (!is_word(name, ".-") || name.len >= sizeof remote->name)
        return err_set(err, EINVAL, "'%.*s' is no name of a host, nor an IPv4 address",
                       STR_ARG(name));
    memcpy(remote->name, name.ptr, name.len);
    return 0;
}

int remote_read(struct str text, struct remote *remote, struct err *err)
{
    struct str user, name;
    int64_t port;

    *remote = (struct remote){0};
    if (text.len > 400)
        text.len = 400; /* too long for a name, and for a message */
    if (cut_at(&text, '@', &user) && read_user(user, remote, err) < 0)
        return -1;
    if (!cut_at(&text, ':', &name))
        return read_name(text, remote, err);
    if (text.len && memchr(text.ptr, ':', text.len))
        return err_set(err, EINVAL, "hosts are reached by IPv4; '%.*s:%.*s' looks like IPv6",
                       STR_ARG(name), STR_ARG(text));
    if (!str_to_int(text, &port) || port < 1 || port > 65535)
        return err_set(err, EINVAL, "'%.*s' is no port from 1 to 65535", STR_ARG(text));
    remote->port = (int)port;
    return read_name(name, remote, err);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct str trim(struct str text)
{
    while (text.len && is_space(text.ptr[0]))
        text = (struct str){text.ptr + 1, text.len - 1};
    while (text.len && is_space(text.ptr[text.len - 1]))
        text.len--;
    return text;
}

static int add_line(struct remotes *remotes, struct str line, struct err *err)
{
    struct remote *remote = &remotes->all[remotes->count];
    struct str words = line;

    (void)cut_at(&line, '#', &words); /* what follows is a comment */
    words = trim(words);
    if (words.len == 0)
        return 0;
    if (remotes->count == NODES_MAX)
        return err_set(err, E2BIG, "a cluster has at most %d hosts", NODES_MAX);
    for (size_t i = 0; i < words.len; i++) {
        if (is_space(words.ptr[i]))
            return err_set(err, EINVAL, "one host a line, as [user@]host[:port]");
    }
    if (remote_read(words, remote, err) < 0)
        return -1;
    for (int i = 0; i < remotes->count; i++) {
        if (strcasecmp(remotes->all[i].name, remote->name) == 0 &&
            remotes->all[i].port == remote->port)
            return err_set(err, EEXIST, "'%s' is there twice", remote->name);
    }
    remotes->count++;
    return 0;
}

int remotes_read(struct remotes *remotes, struct str text, const char *path, struct err *err)
{
    struct str line;

    *remotes = (struct remotes){0};
    for (int number = 1; text.len; number++) {
        if (!cut_at(&text, '\n', &line)) {
            line = text;
            text.len = 0;
        }
        if (add_line(remotes, line, err) < 0)
            return err_wrap(err, "line %d of '%s'", number, path);
    }
    return remotes->count ? 0 : err_set(err, EINVAL, "'%s' names no host", path);
}

int remotes_open(struct remotes *remotes, const char *path, struct err *err)
{
    static char text[FILE_MAX_BYTES];
    size_t len = 0;
    ssize_t got = 0;

    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, errno, "cannot read the hosts in '%s'", path);
    while (len < sizeof text && (got = read(fd, text + len, sizeof text - len)) > 0)
        len += (size_t)got;
    int code = errno;
    (void)close(fd);
    if (got < 0)
        return err_errno(err, code, "cannot read the hosts in '%s'", path);
    if (len == sizeof text)
        return err_set(err, E2BIG, "'%s' is too long for a list of hosts", path);
    return remotes_read(remotes, (struct str){text, len}, path, err);
}

const char *remote_text(const struct remote *remote, char text[REMOTE_TEXT_BYTES])
{
    char port[8] = "";

    if (remote->port)
        (void)snprintf(port, sizeof port, ":%d", remote->port);
    (void)snprintf(text, REMOTE_TEXT_BYTES, "%s%s%s%s", remote->user, remote->user[0] ? "@" : "",
                   remote->name, port);
    return text;
}
