/* SPDX-License-Identifier: GPL-2.0-or-later */
/* address.c - addresses and connections as text, of rules.h. */
#include "rules_tools.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

int host_address_read(struct str text, struct host_address *address, struct err *err)
{
    char copy[INET6_ADDRSTRLEN];
    const char *zone = memchr(text.ptr, '%', text.len);
    size_t len = zone ? (size_t)(zone - text.ptr) : text.len;

    memset(address, 0, sizeof *address);
    if (len < sizeof copy) {
        memcpy(copy, text.ptr, len);
        copy[len] = '\0';
        if (strlen(copy) == len && inet_pton(AF_INET, copy, &address->v4) == 1) {
            address->family = AF_INET;
            return 0;
        }
        if (strlen(copy) == len && inet_pton(AF_INET6, copy, &address->v6) == 1) {
            address->family = AF_INET6;
            if (!IN6_IS_ADDR_V4MAPPED(&address->v6))
                return 0;
            struct in_addr v4;
            memcpy(&v4, &address->v6.s6_addr[12], sizeof v4);
            *address = (struct host_address){.family = AF_INET, .v4 = v4};
            return 0;
        }
    }
    return err_set(err, EINVAL, "'%.*s' is no IP address", (int)(text.len < 60 ? text.len : 60),
                   text.ptr);
}

const char *host_address_print(const struct host_address *address, char text[ADDRESS_BYTES])
{
    return inet_ntop(address->family, &address->v4, text, ADDRESS_BYTES);
}

static bool take_word(struct str *text, struct str *word)
{
    size_t len = 0;

    while (text->len && *text->ptr == ' ')
        *text = (struct str){text->ptr + 1, text->len - 1};
    while (len < text->len && text->ptr[len] != ' ')
        len++;
    *word = (struct str){text->ptr, len};
    *text = (struct str){text->ptr + len, text->len - len};
    return len > 0;
}

static int take_end(struct str *text, struct host_address *address, uint16_t *port, struct err *err)
{
    struct str word;
    int64_t number;

    if (!take_word(text, &word) || host_address_read(word, address, err))
        return -1;
    if (!take_word(text, &word) || !str_to_int(word, &number) || number < 1 || number > UINT16_MAX)
        return -1;
    *port = (uint16_t)number;
    return 0;
}

int host_connection_read(struct str text, struct host_connection *connection, struct err *err)
{
    struct str rest = text, word;

    if (take_end(&rest, &connection->there, &connection->port_there, err) ||
        take_end(&rest, &connection->here, &connection->port_here, err) ||
        take_word(&rest, &word) || connection->here.family != connection->there.family)
        return err_set(err, EINVAL,
                       "'%.*s' is no connection: SSH_CONNECTION should be two addresses, each "
                       "with a port",
                       (int)(text.len < 100 ? text.len : 100), text.ptr);
    return 0;
}

bool listing_line(struct str *text, struct str *line)
{
    if (text->len == 0)
        return false;
    const char *feed = memchr(text->ptr, '\n', text->len);
    size_t len = feed ? (size_t)(feed - text->ptr) : text->len;
    *line = (struct str){text->ptr, len};
    len += feed != NULL;
    *text = (struct str){text->ptr + len, text->len - len};
    return true;
}

bool listing_skip(struct str *line, const char *prefix)
{
    size_t len = strlen(prefix);

    if (line->len < len || memcmp(line->ptr, prefix, len) != 0)
        return false;
    *line = (struct str){line->ptr + len, line->len - len};
    return true;
}

bool listing_number(struct str *line, uint64_t *number)
{
    size_t len = 0;

    *number = 0;
    while (len < line->len && line->ptr[len] >= '0' && line->ptr[len] <= '9' && len < 19)
        *number = *number * 10 + (uint64_t)(line->ptr[len++] - '0');
    *line = (struct str){line->ptr + len, line->len - len};
    return len > 0;
}
