/* SPDX-License-Identifier: GPL-2.0-or-later */
/* target.c - finds targets by name, wherever they are: built in, in plug-ins, in ordeal-node. */
#include "target.h"

#include "../targets/plugin.h"
#include "../targets/reference/host/host.h"
#include "helper.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#define PLUGIN_PREFIX "target-"
#define PLUGIN_SUFFIX ".so"
#define SKIPPED_SUFFIX ".skipped" /* left by the build where a library was missing */

enum { NAME_LIMIT = 64, FILE_LIMIT = 64 << 20 };

/* Names are parts of paths and of symbols. */
static bool is_name(const char *name)
{
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return len > 0 && len < NAME_LIMIT && name[len] == '\0';
}

/* The whole file, NUL-terminated, as a heap block; NULL if it cannot be read. */
static char *read_file(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rbe");
    if (!file)
        return NULL;

    struct buf content;
    buf_init(&content, FILE_LIMIT);
    char block[1 << 14];
    size_t count;
    while ((count = fread(block, 1, sizeof block, file)) > 0)
        buf_add(&content, block, count);
    (void)fclose(file);
    *len = content.len;
    return buf_take(&content);
}

/* The Debian package that the plug-in at `path` says it needs; empty if it says nothing. */
static void read_package(const char *path, char *package, size_t size)
{
    size_t len = 0;
    char *content = read_file(path, &len);
    const size_t mark_len = sizeof PLUGIN_PACKAGE_MARK - 1;
    const char *mark = content ? memmem(content, len, PLUGIN_PACKAGE_MARK, mark_len) : NULL;

    package[0] = '\0';
    if (mark)
        (void)snprintf(package, size, "%s", mark + mark_len);
    free(content);
}

/* dlopen failed with `why`. A missing library is named with the package that has it. */
static int explain_load(const char *name, const char *path, const char *why, struct err *err)
{
    const char *missing = strstr(why, ": cannot open shared object file");
    char package[128];

    if (!missing || strncmp(why, path, strlen(path)) == 0)
        return err_set(err, ENOEXEC, "cannot load the plug-in of target '%s': %s", name, why);
    read_package(path, package, sizeof package);
    return err_set(err, ENOENT, "target '%s' needs the library %.*s; run `apt-get install %s`",
                   name, (int)(missing - why), why, package[0] ? package : "(its package)");
}

static bool abi_fits(void *plugin)
{
    static const unsigned long ours[PLUGIN_ABI_NUMBERS] = PLUGIN_ABI;
    const unsigned long *theirs = dlsym(plugin, "ordeal_plugin_abi");
    return theirs && memcmp(ours, theirs, sizeof ours) == 0;
}

/* Open the plug-in at `path` and find the target in it. */
static const struct target *load_plugin(const char *name, const char *path, struct err *err)
{
    char symbol[NAME_LIMIT + 16];
    void *plugin = dlopen(path, RTLD_NOW | RTLD_LOCAL);

    if (!plugin) {
        (void)explain_load(name, path, dlerror(), err);
        return NULL;
    }
    (void)snprintf(symbol, sizeof symbol, "target_%s", name);
    for (char *c = symbol; *c; c++)
        *c = *c == '-' ? '_' : *c;
    const struct target *target = abi_fits(plugin) ? dlsym(plugin, symbol) : NULL;
    if (!target) {
        (void)dlclose(plugin);
        (void)err_set(err, ENOEXEC, "the plug-in '%s' is of another build; run `make` again", path);
    }
    return target; /* its plug-in stays open until the program ends */
}

/* The path of a file of this plug-in; false if there is none. */
static bool plugin_path(const char *name, const char *suffix, char *path, size_t size)
{
    char file[NAME_LIMIT + 32];
    struct err ignored;

    (void)snprintf(file, sizeof file, "plugins/" PLUGIN_PREFIX "%s%s", name, suffix);
    return helper_find(file, path, size, &ignored) == 0;
}

/* The build left out this target; the file says which package was missing. */
static int explain_skipped(const char *name, const char *path, struct err *err)
{
    size_t len = 0;
    char *package = read_file(path, &len);

    if (package)
        package[strcspn(package, "\n")] = '\0';
    (void)err_set(err, ENOENT,
                  "target '%s' was not built, since its library was missing; run "
                  "`apt-get install %s` and `make`",
                  name, package ? package : "(its package)");
    free(package);
    return -1;
}

/* A plug-in's target; NULL with ENOENT and an empty message if there is no such plug-in. */
static const struct target *find_plugin(const char *name, struct err *err)
{
    char path[PATH_MAX];

    *err = (struct err){.code = ENOENT};
    if (!is_name(name))
        return NULL;
    if (plugin_path(name, PLUGIN_SUFFIX, path, sizeof path))
        return load_plugin(name, path, err);
    if (plugin_path(name, SKIPPED_SUFFIX, path, sizeof path))
        (void)explain_skipped(name, path, err);
    return NULL;
}

/* -- all targets ------------------------------------------------------------------------------- */

struct listing {
    struct target_entry *entries;
    size_t count, capacity;
    bool failed; /* out of memory */
};

static bool is_listed(const struct listing *listing, const char *name)
{
    for (size_t i = 0; i < listing->count; i++) {
        if (strcmp(listing->entries[i].name, name) == 0)
            return true;
    }
    return false;
}

/* name and problem are copied; of several with one name the first is kept, as target_find does. */
static void list_entry(struct listing *listing, const char *name, const struct target *target,
                       const char *problem)
{
    if (listing->failed || is_listed(listing, name))
        return;
    if (listing->count == listing->capacity) {
        size_t capacity = listing->capacity ? listing->capacity * 2 : 16;
        void *grown = realloc(listing->entries, capacity * sizeof *listing->entries);
        listing->failed = grown == NULL;
        if (!grown)
            return;
        listing->entries = grown;
        listing->capacity = capacity;
    }
    struct target_entry entry = {strdup(name), target, problem ? strdup(problem) : NULL};
    listing->entries[listing->count] = entry;
    listing->failed = !entry.name || (problem && !entry.problem);
    listing->count += !listing->failed;
}

/* "target-etcd.so" is "etcd"; false for other files. */
static bool name_of_file(const char *file, char name[NAME_LIMIT])
{
    const size_t prefix_len = sizeof PLUGIN_PREFIX - 1;
    const char *dot = strrchr(file, '.');

    if (!dot || strncmp(file, PLUGIN_PREFIX, prefix_len) != 0 ||
        (strcmp(dot, PLUGIN_SUFFIX) != 0 && strcmp(dot, SKIPPED_SUFFIX) != 0))
        return false;
    (void)snprintf(name, NAME_LIMIT, "%.*s", (int)(dot - file - (ptrdiff_t)prefix_len),
                   file + prefix_len);
    return is_name(name);
}

static void list_plugins(struct listing *listing)
{
    char path[PATH_MAX], name[NAME_LIMIT];
    struct err err;
    DIR *dir = helper_find("plugins", path, sizeof path, &err) == 0 ? opendir(path) : NULL;

    if (!dir)
        return;
    for (struct dirent *file; (file = readdir(dir)) != NULL;) {
        if (!name_of_file(file->d_name, name) || is_listed(listing, name))
            continue;
        const struct target *target = find_plugin(name, &err);
        list_entry(listing, name, target, target ? NULL : err.msg);
    }
    (void)closedir(dir);
}

static void list_reference(struct listing *listing)
{
    const struct target *const *all;
    struct err err;

    if (reference_targets(&all, &err) < 0) {
        list_entry(listing, "(reference)", NULL, err.msg);
        return;
    }
    for (size_t i = 0; all[i]; i++)
        list_entry(listing, all[i]->name, all[i], NULL);
}

static int entry_compare(const void *left, const void *right)
{
    const struct target_entry *a = left, *b = right;
    return strcmp(a->name, b->name);
}

int target_list(const struct target_entry **entries, struct err *err)
{
    static struct listing listing;

    if (listing.count == 0) {
        for (size_t i = 0; targets[i]; i++)
            list_entry(&listing, targets[i]->name, targets[i], NULL);
        list_plugins(&listing);
        list_reference(&listing);
        if (listing.failed || !listing.entries)
            return err_set(err, ENOMEM, "out of memory while listing targets");
        qsort(listing.entries, listing.count, sizeof *listing.entries, entry_compare);
    }
    *entries = listing.entries;
    return (int)listing.count;
}

static const struct target *refuse_name(const char *name, struct err *err)
{
    const struct target_entry *entries = NULL;
    int count = target_list(&entries, err);
    const char **names = count <= 0 || !entries ? NULL : calloc((size_t)count + 1, sizeof *names);

    if (!names)
        return NULL;
    for (int i = 0; i < count; i++)
        names[i] = entries[i].name;
    const char *near = str_nearest(name, names);
    if (near)
        (void)err_set(err, ENOENT, "there is no target '%s'; did you mean '%s'?", name, near);
    else
        (void)err_set(err, ENOENT, "there is no target '%s'; `ordeal list targets` shows them",
                      name);
    free(names);
    return NULL;
}

const struct target *target_find(const char *name, struct err *err)
{
    const struct target *const *all;

    for (size_t i = 0; targets[i]; i++) {
        if (strcmp(targets[i]->name, name) == 0)
            return targets[i];
    }
    const struct target *target = find_plugin(name, err);
    if (target || err->msg[0])
        return target;
    if (reference_targets(&all, err) < 0)
        return NULL;
    for (size_t i = 0; all[i]; i++) {
        if (strcmp(all[i]->name, name) == 0)
            return all[i];
    }
    return refuse_name(name, err);
}
