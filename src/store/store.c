#include "store/store.h"

#include <stdlib.h>
#include <string.h>

#include "sys/files.h"

static const char *mounted;

void hc_store_mount(const char *folder)
{
	mounted = folder;
}

bool hc_store_is_mounted(void)
{
	return mounted != NULL;
}

static bool climbs(const char *path)
{
	for (const char *p = strstr(path, ".."); p; p = strstr(p + 1, ".."))
		if ((p == path || p[-1] == '/') && (p[2] == '/' || p[2] == '\0'))
			return true;
	return false;
}

/* What a URI is on this machine: `*folder` (NULL: none) and `*plain` below it. */
static enum hc_code locate(const char *uri, const char **folder, const char **plain, struct hc_err *err)
{
	char shown[HC_STR_SHOW_SIZE];
	*folder = NULL;
	*plain = uri;
	if (strncmp(uri, "file://", 7) == 0) {
		*plain = uri + 7;
		if (**plain == '/')
			return HC_OK;
		hc_fail(err, HC_USAGE, "'%s' names a host, only files of this machine can be read",
			hc_str_show(hc_str(uri), shown));
		return hc_hint(err, "write file:///absolute/path, or the path alone");
	}
	if (mounted && strncmp(uri, "s3://", 5) == 0) {
		*folder = mounted;
		*plain = uri + 5;
		if (!climbs(*plain))
			return HC_OK;
		hc_fail(err, HC_USAGE, "'%s': a key with '..' cannot be a file here", hc_str_show(hc_str(uri), shown));
		return hc_hint(err, "store the object under another key");
	}
	if (!strstr(uri, "://"))
		return HC_OK;
	hc_fail(err, HC_USAGE, "'%s': this kind of address cannot be read yet", hc_str_show(hc_str(uri), shown));
	return hc_hint(err, "copy the objects to a folder (aws s3 sync) and name the folder, as a path or file://");
}

enum hc_code hc_store_resolve(const char *uri, struct hc_arena *arena, const char **path, struct hc_err *err)
{
	char shown[HC_STR_SHOW_SIZE];
	const char *folder, *plain;
	HC_TRY(locate(uri, &folder, &plain, err));
	if (*plain == '\0') {
		hc_fail(err, HC_USAGE, "an empty path was given");
		return hc_hint(err, "name a file or folder");
	}
	if (strlen(plain) >= HC_PATH_LEN_MAX / 2)
		return hc_fail(err, HC_USAGE, "'%s': a path longer than %d bytes", hc_str_show(hc_str(uri), shown),
			       HC_PATH_LEN_MAX / 2 - 1);
	const char *copy = folder ? hc_path_join(arena, folder, plain) : hc_arena_cstring(arena, hc_str(plain));
	if (!copy)
		return hc_fail_nomem(err, "a path");
	*path = copy;
	return HC_OK;
}

void hc_objects_free(struct hc_objects *o)
{
	free(o->list);
	*o = (struct hc_objects){0};
}

static bool hidden(const char *name)
{
	return name[0] == '.' || name[0] == '_';
}

struct listing {
	unsigned workers;
	struct hc_arena *arena;
	struct hc_objects *objects;
};

static enum hc_code add_object(struct listing *l, const char *key, const struct hc_file_info *info, struct hc_err *err)
{
	struct hc_objects *o = l->objects;
	if (o->n == o->cap) {
		if (o->n >= HC_STORE_OBJECTS_MAX)
			return hc_fail(err, HC_LIMIT, "more than %d files in one listing", HC_STORE_OBJECTS_MAX);
		size_t cap = o->cap ? o->cap * 2 : 64;
		struct hc_object *more = realloc(o->list, cap * sizeof *more);
		if (!more)
			return hc_fail_nomem(err, "a listing of files");
		o->list = more;
		o->cap = cap;
	}
	o->list[o->n++] = (struct hc_object){key, info->size, info->id};
	return HC_OK;
}

/* Data that a name promises and that are not there must not be passed over in silence. */
static enum hc_code fail_dangling(const char *path, struct hc_err *err)
{
	hc_fail(err, HC_INPUT, "%s: is a link that leads nowhere, or was removed just now", path);
	return hc_hint(err, "mend or remove it, and run again");
}

static enum hc_code list_entry(struct listing *l, const char *path, const char *key, const struct hc_file_info *info,
			       int depth, struct hc_err *err);

/* What stands in a folder that was opened. */
static enum hc_code list_names(struct listing *l, int folder_fd, const struct hc_names *names, const char *folder,
			       const char *key_prefix, int depth, struct hc_err *err)
{
	struct hc_file_info *infos = malloc((names->n + 1) * sizeof *infos);
	if (!infos)
		return hc_fail_nomem(err, "a listing of files");
	hc_file_look_all(folder_fd, names->list, names->n, l->workers, infos);
	enum hc_code code = HC_OK;
	for (size_t i = 0; i < names->n && code == HC_OK; i++) {
		char *path = hc_path_join(l->arena, folder, names->list[i]);
		char *key = hc_path_join(l->arena, key_prefix, names->list[i]);
		if (!path || !key)
			code = hc_fail_nomem(err, "a listing of files");
		if (code == HC_OK && infos[i].kind == HC_FILE_MISSING)
			code = hc_file_look_in(folder_fd, names->list[i], path, &infos[i], err);
		if (code == HC_OK)
			code = list_entry(l, path, key, &infos[i], depth, err);
	}
	free(infos);
	return code;
}

static void drop_hidden(struct hc_names *names)
{
	size_t n = 0;
	for (size_t i = 0; i < names->n; i++)
		if (!hidden(names->list[i]))
			names->list[n++] = names->list[i];
	names->n = n;
}

static enum hc_code list_below(struct listing *l, const char *folder, const char *key_prefix, int depth,
			       struct hc_err *err)
{
	if (depth > HC_STORE_DEPTH_MAX)
		return hc_fail(err, HC_LIMIT, "%s: folders nested deeper than %d", folder, HC_STORE_DEPTH_MAX);
	struct hc_names names;
	int fd;
	HC_TRY(hc_file_names(folder, l->arena, &names, err));
	drop_hidden(&names);
	HC_TRY(hc_folder_open(folder, &fd, err));
	enum hc_code code = list_names(l, fd, &names, folder, key_prefix, depth, err);
	hc_folder_close(fd);
	return code;
}

/* Adds what stands at a path: a file, or everything in a folder. */
static enum hc_code list_entry(struct listing *l, const char *path, const char *key, const struct hc_file_info *info,
			       int depth, struct hc_err *err)
{
	if (info->kind == HC_FILE_FOLDER)
		return list_below(l, path, key, depth + 1, err);
	if (info->kind == HC_FILE_REGULAR)
		return add_object(l, key, info, err);
	return info->kind == HC_FILE_MISSING ? fail_dangling(path, err) : HC_OK;
}

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct hc_object *)a)->key, ((const struct hc_object *)b)->key);
}

enum hc_code hc_store_list(const char *prefix, unsigned workers, struct hc_arena *arena, struct hc_objects *out,
			   struct hc_err *err)
{
	struct hc_objects objects = {0};
	struct listing l = {workers, arena, &objects};
	struct hc_file_info info;
	HC_TRY(hc_file_look(prefix, &info, err));
	enum hc_code code = HC_OK;
	if (info.kind == HC_FILE_FOLDER)
		code = list_below(&l, prefix, "", 0, err);
	else if (info.kind != HC_FILE_MISSING)
		code = add_object(&l, "", &info, err);
	if (code != HC_OK) {
		hc_objects_free(&objects);
		return code;
	}
	if (objects.n > 1)
		qsort(objects.list, objects.n, sizeof *objects.list, by_key);
	*out = objects;
	return HC_OK;
}

enum hc_code hc_store_prefixes(const char *prefix, struct hc_arena *arena, struct hc_prefixes *out, struct hc_err *err)
{
	*out = (struct hc_prefixes){0};
	struct hc_file_info info;
	HC_TRY(hc_file_look(prefix, &info, err));
	if (info.kind != HC_FILE_FOLDER)
		return HC_OK;
	struct hc_names names;
	HC_TRY(hc_file_names(prefix, arena, &names, err));
	const char **list = hc_arena_take(arena, (names.n + 1) * sizeof *list);
	if (!list)
		return hc_fail_nomem(err, "a listing of folders");
	size_t n = 0;
	for (size_t i = 0; i < names.n; i++) {
		char *path = hidden(names.list[i]) ? NULL : hc_path_join(arena, prefix, names.list[i]);
		if (!path)
			continue;
		HC_TRY(hc_file_look(path, &info, err));
		if (info.kind == HC_FILE_FOLDER)
			list[n++] = names.list[i];
	}
	*out = (struct hc_prefixes){list, n};
	return HC_OK;
}

enum hc_code hc_store_open(const char *path, struct hc_source **out, struct hc_err *err)
{
	return hc_file_open(path, out, err);
}
