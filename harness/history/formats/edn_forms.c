/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "edn_forms.h"

#include "edn_value.h"
#include "formats.h"

#include <errno.h>

void edn_forms_init(struct edn_forms *forms, struct input *input)
{
    *forms = (struct edn_forms){.input = input};
    buf_init(&forms->text, 0);
}

void edn_forms_release(struct edn_forms *forms)
{
    buf_release(&forms->text);
}

/* Append the next line: 1, or 0 at the end, or -1. */
static int more_text(struct edn_forms *forms, struct err *err)
{
    struct str line;

    if (forms->at) {
        forms->text.len -= forms->at;
        memmove(forms->text.ptr, forms->text.ptr + forms->at, forms->text.len);
        forms->at = 0;
    }
    int got = input_line(forms->input, &line, err);
    if (got <= 0)
        return got;
    if (input_line_number(forms->input) == 1)
        line = format_skip_mark(line);
    buf_add(&forms->text, line.ptr, line.len);
    buf_puts(&forms->text, "\n");
    return forms->text.failed
               ? err_set(err, ENOMEM, "out of memory for a map of '%s'", input_name(forms->input))
               : 1;
}

/* Go to the first byte of the next form: 1, or 0 at the end, or -1. */
static int find_form(struct edn_forms *forms, struct err *err)
{
    for (;;) {
        const char *text = forms->text.ptr;
        while (forms->at < forms->text.len && strchr(" ,\t\r\n\f", text[forms->at]) &&
               text[forms->at])
            forms->at++;
        if (forms->at < forms->text.len && text[forms->at] != ';')
            return 1;
        forms->at = forms->text.len; /* a comment ends with its line */
        int got = more_text(forms, err);
        if (got <= 0)
            return got;
    }
}

int edn_forms_next(struct edn_forms *forms, struct str *form, struct err *err)
{
    struct edn_extent extent = {0};
    int got;

    while ((got = find_form(forms, err)) > 0) {
        char c = forms->text.ptr[forms->at];
        forms->line = input_line_number(forms->input);
        if ((c == '[' || c == '(') && !forms->started) {
            forms->started = forms->wrapped = true;
            forms->at++;
        } else if ((c == ']' || c == ')') && forms->wrapped && !forms->closed) {
            forms->closed = true;
            forms->at++;
        } else {
            break;
        }
    }
    if (got <= 0) {
        forms->torn |= forms->wrapped && !forms->closed;
        return got;
    }
    forms->started = true;
    if (forms->closed)
        return err_set(err, EINVAL, "something follows the vector");
    for (;;) {
        struct str rest = {forms->text.ptr + forms->at, forms->text.len - forms->at};
        size_t len = edn_form_end(&extent, rest);
        if (len) {
            *form = (struct str){rest.ptr, len};
            forms->at += len;
            return 1;
        }
        got = more_text(forms, err);
        if (got < 0)
            return -1;
        if (got == 0) {
            forms->torn = true;
            return 0;
        }
    }
}
