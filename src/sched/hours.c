#include "sched/hours.h"

#include <string.h>

#include "base/buf.h"
#include "base/instant.h"
#include "catalog/object.h"

enum { HOUR_PATH_BYTES = 13, ODD_KEYS_MAX = 1000 }; /* "YYYY/MM/DD/HH" */
enum { VARIANTS_PAGE = 1000 };
#define LOOK_ARENA_BYTES (UINT64_C(1) << 20)
#define PAGE_ARENA_BYTES (UINT64_C(16) << 20)

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
};

static void go_behind(struct walk *w, struct hc_str what)
{
	hc_buf_reset(&w->after);
	hc_buf_str(&w->after, hc_buf_view(&w->prefix));
	hc_buf_str(&w->after, what);
}

/* The part of a key's rest that cannot begin an hour folder: up to the first name that is none of its numbers. */
static struct hc_str odd_part(struct hc_str rest)
{
	static const size_t widths[] = {4, 2, 2, 2};
	size_t at = 0;
	for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
		const char *slash = memchr(rest.p + at, '/', rest.n - at);
		size_t end = slash ? (size_t)(slash - rest.p) : rest.n;
		if (!slash || end - at != widths[i] || digits(rest.p + at, (int)widths[i]) < 0)
			return (struct hc_str){rest.p, end};
		at = end + 1;
	}
	return rest;
}

/* Passes over what is no hour: a file alone, a folder with all that is in it ('0' is the character behind '/'). */
static void go_behind_odd(struct walk *w, struct hc_str rest)
{
	struct hc_str part = odd_part(rest);
	bool folder = part.n < rest.n;
	go_behind(w, folder ? part : rest);
	if (folder)
		hc_buf_char(&w->after, '0');
}

/* The first object behind `after`: *more = false when there is none, *is_hour = false after passing over one that is in no hour folder. */
static enum hc_code look(struct walk *w, int64_t *hour_us, bool *is_hour, bool *more, struct hc_err *err)
{
	HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(LOOK_ARENA_BYTES);
	struct hc_listing_query query = {.bucket = w->location->bucket,
					 .prefix = hc_buf_view(&w->prefix),
					 .after = hc_buf_view(&w->after),
					 .limit = 1};
	struct hc_listing_entry *list;
	size_t n;
	bool cut;
	HC_TRY(hc_buf_check(&w->after, "a key", err));
	HC_TRY(hc_listing(w->db, &query, &arena, &list, &n, &cut, err));
	*more = n > 0;
	*is_hour = false;
	if (n == 0)
		return HC_OK;
	struct hc_str rest = {list[0].key.p + w->prefix.n, list[0].key.n - w->prefix.n};
	/* A key that ends with a slash is a folder's marker, no data. */
	*is_hour = read_hour(rest, hour_us) && rest.p[rest.n - 1] != '/';
	if (*is_hour)
		return HC_OK;
	*more = rest.n == 0 || rest.p[0] <= '9'; /* no year stands behind it */
	go_behind_odd(w, rest);
	return HC_OK;
}

/* The first hour with data at or behind `from_us`. */
static enum hc_code next_hour(struct walk *w, int64_t from_us, int64_t *hour_us, bool *found, struct hc_err *err)
{
	char path[HC_HOUR_PATH_SIZE + 1];
	bool more = true;
	hc_instant_hour_path(from_us, path);
	strcat(path, "/");
	go_behind(w, hc_str(path));
	*found = false;
	for (unsigned i = 0; more && !*found; i++) {
		if (i > ODD_KEYS_MAX)
			return hc_fail(err, HC_LIMIT,
				       "more than %d names that are no hour folders stand between those of %.*s",
				       ODD_KEYS_MAX, HC_STR_ARG(hc_buf_view(&w->prefix)));
		HC_TRY(look(w, hour_us, found, &more, err));
	}
	return HC_OK;
}

static enum hc_code collect(struct walk *w, int64_t first_us, int64_t last_us, struct hc_hours *out, struct hc_err *err)
{
	int64_t hour, from = first_us;
	for (;;) {
		bool found;
		HC_TRY(next_hour(w, from, &hour, &found, err));
		if (!found || hour > last_us)
			return HC_OK;
		if (out->n == HC_HOURS_MAX)
			return hc_fail(err, HC_LIMIT, "more than %d hour folders hold data", HC_HOURS_MAX);
		out->list[out->n++] = hour;
		from = hour + HC_HOUR_US;
	}
}

/* By halving the time in which it can be. */
static enum hc_code find_newest(struct walk *w, struct hc_hours *out, struct hc_err *err)
{
	int64_t low, high, hour;
	bool found;
	if (!hc_instant_of_hour(HC_YEAR_MIN, 1, 1, 0, &low) || !hc_instant_of_hour(HC_YEAR_MAX, 12, 31, 23, &high))
		return HC_OK;
	HC_TRY(next_hour(w, low, &hour, &found, err));
	while (found) {
		out->newest_us = low = hour;
		int64_t from = hc_instant_floor_hour(low + (high - low) / 2) + HC_HOUR_US;
		for (found = false; !found && from <= high;) {
			HC_TRY(next_hour(w, from, &hour, &found, err));
			if (!found) {
				high = from - HC_HOUR_US;
				from = hc_instant_floor_hour(low + (high - low) / 2) + HC_HOUR_US;
			}
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
			 .after = HC_BUF(HC_KEY_BYTES_MAX * 2)};
	hours.list = hc_arena_take(arena, HC_HOURS_MAX * sizeof *hours.list);
	if (!hours.list)
		return hc_fail_nomem(err, "the hours");
	put_prefix(&w.prefix, location, above);
	enum hc_code code = collect(&w, first_us, last_us, &hours, err);
	if (code == HC_OK && hours.n == 0)
		code = find_newest(&w, &hours, err); /* to be told */
	hc_buf_free(&w.prefix);
	hc_buf_free(&w.after);
	if (code == HC_OK)
		*out = hours;
	return code;
}

enum hc_code hc_hours_variants(struct hc_db *db, const struct hc_location *location, struct hc_str above,
			       struct hc_arena *arena, struct hc_str **out, size_t *n, struct hc_err *err)
{
	HC_BUF_SCOPED struct hc_buf prefix = HC_BUF(HC_KEY_BYTES_MAX * 2), after = HC_BUF(HC_KEY_BYTES_MAX * 2);
	struct hc_str *names = hc_arena_take(arena, HC_VARIANTS_MAX * sizeof *names);
	size_t found = 0;
	bool more = names != NULL;
	put_prefix(&prefix, location, above);
	HC_TRY(hc_buf_check(&prefix, "a key", err));
	while (more) {
		HC_ARENA_SCOPED struct hc_arena page = HC_ARENA(PAGE_ARENA_BYTES);
		struct hc_listing_query query = {.bucket = location->bucket,
						 .prefix = hc_buf_view(&prefix),
						 .delimiter = HC_STR("/"),
						 .after = hc_buf_view(&after),
						 .limit = VARIANTS_PAGE};
		struct hc_listing_entry *list;
		size_t listed;
		HC_TRY(hc_listing(db, &query, &page, &list, &listed, &more, err));
		for (size_t i = 0; i < listed; i++) {
			if (!list[i].is_prefix || list[i].key.n <= prefix.n + 1)
				continue;
			if (found == HC_VARIANTS_MAX)
				return hc_fail(err, HC_LIMIT, "more than %d folders of variants stand below %.*s",
					       HC_VARIANTS_MAX, HC_STR_ARG(hc_buf_view(&prefix)));
			names[found] = hc_arena_copy(
				arena, (struct hc_str){list[i].key.p + prefix.n, list[i].key.n - prefix.n - 1});
			if (!names[found++].p)
				return hc_fail_nomem(err, "the variants");
		}
		hc_buf_reset(&after);
		if (listed)
			hc_buf_str(&after, list[listed - 1].key);
	}
	if (!names)
		return hc_fail_nomem(err, "the variants");
	*out = names;
	*n = found;
	return HC_OK;
}
