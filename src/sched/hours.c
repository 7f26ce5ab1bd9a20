#include "sched/hours.h"

#include <string.h>

#include "base/buf.h"
#include "base/instant.h"
#include "catalog/object.h"

enum { HOUR_PATH_BYTES = 13, ODD_KEYS_MAX = 1000 }; /* "YYYY/MM/DD/HH" */

bool hc_location_parse(struct hc_str uri, struct hc_location *out)
{
	if (!hc_str_starts(uri, "s3://"))
		return false;
	struct hc_str rest = {uri.p + 5, uri.n - 5};
	const char *slash = rest.n ? memchr(rest.p, '/', rest.n) : NULL;
	out->bucket = (struct hc_str){rest.p, slash ? (size_t)(slash - rest.p) : rest.n};
	out->key = slash ? (struct hc_str){slash + 1, rest.n - out->bucket.n - 1} : (struct hc_str){rest.p + rest.n, 0};
	while (out->key.n && out->key.p[out->key.n - 1] == '/')
		out->key.n--;
	return out->bucket.n > 0;
}

struct hc_str hc_location_print(const struct hc_location *l, const char *below, struct hc_arena *arena)
{
	HC_BUF_SCOPED struct hc_buf text = HC_BUF(1 << 14);
	hc_buf_cstr(&text, "s3://");
	hc_buf_str(&text, l->bucket);
	if (l->key.n) {
		hc_buf_char(&text, '/');
		hc_buf_str(&text, l->key);
	}
	if (*below)
		hc_buf_printf(&text, "/%s", below);
	char *copy = text.failed ? NULL : hc_arena_cstring(arena, hc_buf_view(&text));
	return (struct hc_str){copy, copy ? text.n : 0};
}

/* "KEY/ABOVE/" */
static void put_prefix(struct hc_buf *out, const struct hc_location *l, struct hc_str above)
{
	hc_buf_str(out, l->key);
	if (l->key.n)
		hc_buf_char(out, '/');
	hc_buf_str(out, above);
	if (above.n)
		hc_buf_char(out, '/');
}

static int digits(const char *p, int n)
{
	int v = 0;
	for (int i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return -1;
		v = v * 10 + (p[i] - '0');
	}
	return v;
}

/* The hour of a key's rest "YYYY/MM/DD/HH/...". */
static bool read_hour(struct hc_str rest, int64_t *out)
{
	const char *p = rest.p;
	if (rest.n <= HOUR_PATH_BYTES || p[4] != '/' || p[7] != '/' || p[10] != '/' || p[13] != '/')
		return false;
	int year = digits(p, 4), month = digits(p + 5, 2), day = digits(p + 8, 2), hour = digits(p + 11, 2);
	return year >= 0 && month >= 0 && day >= 0 && hour >= 0 && hc_instant_of_hour(year, month, day, hour, out);
}

struct walk {
	struct hc_db *db;
	const struct hc_location *location;
	struct hc_buf prefix, after;
	struct hc_arena *arena;
};

/* The first object behind `after`: its key's rest behind the prefix; n == 0 when there is none. */
static enum hc_code next_key(struct walk *w, struct hc_str *rest, struct hc_err *err)
{
	struct hc_listing_query query = {.bucket = w->location->bucket,
					 .prefix = hc_buf_view(&w->prefix),
					 .after = hc_buf_view(&w->after),
					 .limit = 1};
	struct hc_listing_entry *list;
	size_t n;
	bool more;
	HC_TRY(hc_buf_check(&w->after, "a key", err));
	HC_TRY(hc_listing(w->db, &query, w->arena, &list, &n, &more, err));
	*rest = n ? (struct hc_str){list[0].key.p + w->prefix.n, list[0].key.n - w->prefix.n}
		  : (struct hc_str){NULL, 0};
	return HC_OK;
}

static void go_behind(struct walk *w, struct hc_str what)
{
	hc_buf_reset(&w->after);
	hc_buf_str(&w->after, hc_buf_view(&w->prefix));
	hc_buf_str(&w->after, what);
}

/* Behind everything in that hour's folder: '0' is the character behind '/'. */
static void go_behind_hour(struct walk *w, int64_t hour_us)
{
	char path[HC_HOUR_PATH_SIZE + 1];
	hc_instant_hour_path(hour_us, path);
	strcat(path, "0");
	go_behind(w, hc_str(path));
}

static enum hc_code collect(struct walk *w, int64_t first_us, int64_t last_us, struct hc_hours *out, struct hc_err *err)
{
	unsigned odd = 0;
	char path[HC_HOUR_PATH_SIZE];
	hc_instant_hour_path(first_us, path);
	go_behind(w, hc_str(path));
	for (;;) {
		struct hc_str rest;
		int64_t hour;
		HC_TRY(next_key(w, &rest, err));
		if (rest.n == 0)
			return HC_OK;
		if (!read_hour(rest, &hour)) {
			if (++odd > ODD_KEYS_MAX)
				return HC_OK;
			go_behind(w, rest);
			continue;
		}
		out->newest_us = hour > out->newest_us ? hour : out->newest_us;
		if (hour > last_us)
			return HC_OK;
		if (out->n == HC_HOURS_MAX)
			return hc_fail(err, HC_LIMIT, "more than %d hour folders hold data", HC_HOURS_MAX);
		out->list[out->n++] = hour;
		go_behind_hour(w, hour);
	}
}

/* When the range held nothing: what there is before it, to be told. */
static enum hc_code look_before(struct walk *w, struct hc_hours *out, struct hc_err *err)
{
	for (unsigned i = 0; i < ODD_KEYS_MAX && out->n == 0; i++) {
		struct hc_str rest;
		int64_t hour;
		if (i == 0)
			go_behind(w, HC_STR(""));
		HC_TRY(next_key(w, &rest, err));
		if (rest.n == 0)
			return HC_OK;
		if (read_hour(rest, &hour)) {
			out->newest_us = hour > out->newest_us ? hour : out->newest_us;
			go_behind_hour(w, hour);
		} else {
			go_behind(w, rest);
		}
	}
	return HC_OK;
}

enum hc_code hc_hours_with_data(struct hc_db *db, const struct hc_location *location, struct hc_str above,
				int64_t first_us, int64_t last_us, struct hc_arena *arena, struct hc_hours *out,
				struct hc_err *err)
{
	struct hc_hours hours = {.above = above, .newest_us = INT64_MIN};
	struct walk w = {.db = db,
			 .location = location,
			 .prefix = HC_BUF(HC_KEY_BYTES_MAX * 2),
			 .after = HC_BUF(HC_KEY_BYTES_MAX * 2),
			 .arena = arena};
	hours.list = hc_arena_take(arena, HC_HOURS_MAX * sizeof *hours.list);
	if (!hours.list)
		return hc_fail_nomem(err, "the hours");
	put_prefix(&w.prefix, location, above);
	enum hc_code code = collect(&w, first_us, last_us, &hours, err);
	if (code == HC_OK)
		code = look_before(&w, &hours, err);
	hc_buf_free(&w.prefix);
	hc_buf_free(&w.after);
	if (code == HC_OK)
		*out = hours;
	return code;
}

enum hc_code hc_hours_variants(struct hc_db *db, const struct hc_location *location, struct hc_str above,
			       struct hc_arena *arena, struct hc_str **out, size_t *n, struct hc_err *err)
{
	HC_BUF_SCOPED struct hc_buf prefix = HC_BUF(HC_KEY_BYTES_MAX * 2);
	put_prefix(&prefix, location, above);
	struct hc_listing_query query = {.bucket = location->bucket,
					 .prefix = hc_buf_view(&prefix),
					 .delimiter = HC_STR("/"),
					 .limit = HC_VARIANTS_MAX};
	struct hc_listing_entry *list;
	size_t listed, found = 0;
	bool more;
	HC_TRY(hc_buf_check(&prefix, "a key", err));
	HC_TRY(hc_listing(db, &query, arena, &list, &listed, &more, err));
	struct hc_str *names = hc_arena_take(arena, (listed + 1) * sizeof *names);
	if (!names)
		return hc_fail_nomem(err, "the variants");
	for (size_t i = 0; i < listed; i++)
		if (list[i].is_prefix && list[i].key.n > prefix.n + 1)
			names[found++] = (struct hc_str){list[i].key.p + prefix.n, list[i].key.n - prefix.n - 1};
	*out = names;
	*n = found;
	return HC_OK;
}
