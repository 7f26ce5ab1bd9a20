#include "daemon/place.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sys/files.h"

enum { SERVER_FILE_MAX = 1 << 20 };

static enum hc_code make_folders(const struct hc_place *p, struct hc_err *err)
{
	const char *const folders[] = {p->objects, p->logs, p->work};
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		HC_TRY(hc_file_mkdirs(folders[i], err));
	return HC_OK;
}

/* An absolute path: jobs run in folders of their own, and what is told to users must hold wherever they are. */
static enum hc_code find(const char *dir, bool make, char out[PATH_MAX], struct hc_err *err)
{
	struct stat st;
	if (!*dir) {
		hc_fail(err, HC_USAGE, "the folder of the server has no name");
		return hc_hint(err, "name it with --data");
	}
	if (make && stat(dir, &st) != 0 && errno == ENOENT) {
		HC_TRY(hc_file_mkdirs(dir, err));
		if (chmod(dir, 0700) != 0)
			return hc_fail(err, HC_IO, "%s: %s", dir, strerror(errno));
	}
	bool there = stat(dir, &st) == 0;
	if (there && !S_ISDIR(st.st_mode))
		errno = ENOTDIR;
	else if (there && realpath(dir, out))
		return HC_OK;
	hc_fail(err, HC_USAGE, "%s: %s", dir, strerror(errno));
	return hc_hint(err, "name the folder of the server with --data");
}

enum hc_code hc_place_open(const char *dir, bool make, struct hc_arena *arena, struct hc_place *out, struct hc_err *err)
{
	char path[PATH_MAX];
	struct hc_place p;
	HC_TRY(find(dir, make, path, err));
	p.dir = hc_arena_cstring(arena, hc_str(path));
	const struct {
		const char **to, *name;
	} table[] = {{&p.settings, "hindcast.conf"},
		     {&p.credentials, "credentials"},
		     {&p.catalog, "catalog.db"},
		     {&p.objects, "objects"},
		     {&p.logs, "logs"},
		     {&p.work, "work"},
		     {&p.server, "server"},
		     {&p.ca_certificate, "ca.pem"},
		     {&p.ca_key, "ca.key"}};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		*table[i].to = p.dir ? hc_path_join(arena, p.dir, table[i].name) : NULL;
		if (!*table[i].to)
			return hc_fail_nomem(err, "a path");
	}
	if (make)
		HC_TRY(make_folders(&p, err));
	*out = p;
	return HC_OK;
}

enum hc_code hc_reach_write(const struct hc_place *place, const struct hc_reach *reach, struct hc_err *err)
{
	struct hc_writer w;
	HC_BUF_SCOPED struct hc_buf text = HC_BUF(SERVER_FILE_MAX), temporary = HC_BUF(HC_PATH_LEN_MAX);
	hc_buf_printf(&text, "url = %s\nregion = %s\naccount = %s\n", reach->url, reach->region, reach->account);
	if (reach->proxy)
		hc_buf_printf(&text, "proxy = %s\n", reach->proxy);
	hc_buf_printf(&temporary, "%s.new", place->server);
	HC_TRY(hc_writer_open(hc_buf_cstring(&temporary), &w, err));
	hc_writer_put(&w, text.p, text.n);
	HC_TRY(hc_writer_close(&w, err));
	return hc_file_move(temporary.p, place->server, err);
}

enum hc_code hc_reach_read(const struct hc_place *place, struct hc_arena *arena, struct hc_reach *out,
			   struct hc_err *err)
{
	struct hc_file_info info;
	struct hc_reach r = {0};
	HC_BUF_SCOPED struct hc_buf text = HC_BUF(SERVER_FILE_MAX);
	HC_TRY(hc_file_look(place->server, &info, err));
	if (info.kind == HC_FILE_MISSING) {
		hc_fail(err, HC_USAGE, "no server was started on %s yet", place->dir);
		return hc_hint(err, "hindcast serve --data %s", place->dir);
	}
	HC_TRY(hc_file_slurp(place->server, &text, err));
	struct hc_str rest = hc_buf_view(&text);
	while (rest.n > 0) {
		const char *end = memchr(rest.p, '\n', rest.n);
		size_t n = end ? (size_t)(end - rest.p) : rest.n;
		struct hc_str line = {rest.p, n};
		rest.p += n + (end != NULL);
		rest.n -= n + (end != NULL);
		const char *equals = memchr(line.p, '=', line.n);
		if (!equals)
			continue;
		struct hc_str name = hc_str_trim((struct hc_str){line.p, (size_t)(equals - line.p)});
		struct hc_str value = hc_str_trim((struct hc_str){equals + 1, n - (size_t)(equals + 1 - line.p)});
		const char **to = hc_str_eq(name, HC_STR("url"))       ? &r.url
				  : hc_str_eq(name, HC_STR("region"))  ? &r.region
				  : hc_str_eq(name, HC_STR("account")) ? &r.account
				  : hc_str_eq(name, HC_STR("proxy"))   ? &r.proxy
								       : NULL;
		if (to)
			*to = hc_arena_cstring(arena, value);
	}
	if (!r.url || !r.region)
		return hc_fail(err, HC_USAGE, "%s: does not say where the server is", place->server);
	*out = r;
	return HC_OK;
}
