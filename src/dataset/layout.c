#include "dataset/layout.h"

#include <stdlib.h>
#include <string.h>

#include "base/instant.h"
#include "base/number.h"
#include "store/store.h"
#include "sys/files.h"

void hc_input_files_free(struct hc_input_files *f)
{
	free(f->list);
	f->list = NULL;
	f->n = f->cap = 0;
}

enum hc_code hc_input_files_add(struct hc_input_files *f, struct hc_input_file file, struct hc_err *err)
{
	if (f->n == f->cap) {
		size_t cap = f->cap ? f->cap * 2 : 64;
		struct hc_input_file *more = realloc(f->list, cap * sizeof *more);
		if (!more)
			return hc_fail_nomem(err, "the list of files");
		f->list = more;
		f->cap = cap;
	}
	f->list[f->n++] = file;
	return HC_OK;
}

struct search {
	const char *source;
	size_t root_len;
	size_t above_max;
	int64_t first_us, last_us;
	const char *const *suffixes;
	struct hc_input_files *out;
	struct hc_layout_seen *seen;
};

static bool has_suffix(struct hc_str name, const char *suffix)
{
	if (*suffix)
		return hc_str_ends(name, suffix);
	const char *slash = memrchr(name.p, '/', name.n);
	size_t from = slash ? (size_t)(slash - name.p) + 1 : 0;
	return !memchr(name.p + from, '.', name.n - from);
}

bool hc_layout_is_parquet(const char *name)
{
	return hc_str_ends(hc_str(name), ".parquet");
}

bool hc_layout_holds_records(const char *name, const char *const *suffixes)
{
	struct hc_str s = hc_str(name);
	if (hc_str_ends(s, ".gz"))
		s.n -= 3;
	else if (hc_str_ends(s, ".zst"))
		s.n -= 4;
	for (; *suffixes; suffixes++)
		if (has_suffix(s, *suffixes))
			return true;
	return false;
}

static enum hc_code collect_hour(struct search *s, const char *folder, const char *above, int64_t hour_us,
				 struct hc_err *err)
{
	struct hc_input_files *out = s->out;
	struct hc_objects objects;
	HC_TRY(hc_store_list(folder, out->workers, out->arena, &objects, err));
	enum hc_code code = HC_OK;
	for (size_t i = 0; i < objects.n && code == HC_OK; i++) {
		const char *path = hc_path_join(out->arena, folder, objects.list[i].key);
		if (!path) {
			code = hc_fail_nomem(err, "the list of files");
		} else if (!hc_layout_holds_records(objects.list[i].key, s->suffixes)) {
			out->passed_over++;
			if (!out->passed_over_example)
				out->passed_over_example = path;
		} else {
			struct hc_input_file file = {
				s->source,         path, path + s->root_len, above, hour_us, objects.list[i].size,
				objects.list[i].id};
			code = hc_input_files_add(out, file, err);
		}
	}
	hc_objects_free(&objects);
	return code;
}

/* The number a folder's name is, if it has exactly `digits` of them; -1 otherwise. */
static int folder_number(const char *name, size_t digits)
{
	uint64_t v;
	return strlen(name) == digits && hc_u64_parse(hc_str(name), &v) ? (int)v : -1;
}

/* parts: year, month, day, hour; `level` of them are known. Hours that the known parts allow. */
static bool range_of(const int parts[4], int level, int64_t *first_us, int64_t *last_us)
{
	int month = level > 1 ? parts[1] : 1, day = level > 2 ? parts[2] : 1;
	if (!hc_instant_of_hour(parts[0], month, day, level > 3 ? parts[3] : 0, first_us))
		return false;
	static const int64_t days[] = {0, 366, 31, 1};
	*last_us = level > 3 ? *first_us : *first_us + days[level] * HC_DAY_US - HC_HOUR_US;
	return true;
}

/* Descends the date folders; parts[0 .. level) are known. */
static enum hc_code collect_dates(struct search *s, const char *folder, const char *above, int parts[4], int level,
				  struct hc_err *err)
{
	struct hc_prefixes names;
	HC_TRY(hc_store_prefixes(folder, s->out->arena, &names, err));
	for (size_t i = 0; i < names.n; i++) {
		int64_t first_us, last_us;
		parts[level] = folder_number(names.list[i], level == 0 ? 4 : 2);
		if (parts[level] < 0 || !range_of(parts, level + 1, &first_us, &last_us))
			continue;
		if (s->seen && level == 3) {
			s->seen->first_us =
				!s->seen->any || first_us < s->seen->first_us ? first_us : s->seen->first_us;
			s->seen->last_us = !s->seen->any || first_us > s->seen->last_us ? first_us : s->seen->last_us;
			s->seen->any = true;
		}
		if (last_us < s->first_us || first_us > s->last_us) {
			if (!s->seen || level == 3)
				continue;
		}
		const char *below = hc_path_join(s->out->arena, folder, names.list[i]);
		if (!below)
			return hc_fail_nomem(err, "the list of files");
		if (level < 3)
			HC_TRY(collect_dates(s, below, above, parts, level + 1, err));
		else
			HC_TRY(collect_hour(s, below, above, first_us, err));
	}
	return HC_OK;
}

/* True when a YYYY/MM stands below folder. */
static enum hc_code holds_dates(struct search *s, const char *folder, bool *out, struct hc_err *err)
{
	struct hc_prefixes years, months;
	HC_TRY(hc_store_prefixes(folder, s->out->arena, &years, err));
	for (size_t i = 0; i < years.n; i++) {
		if (folder_number(years.list[i], 4) < 0)
			continue;
		const char *year = hc_path_join(s->out->arena, folder, years.list[i]);
		if (!year)
			return hc_fail_nomem(err, "the list of files");
		HC_TRY(hc_store_prefixes(year, s->out->arena, &months, err));
		for (size_t k = 0; k < months.n; k++) {
			int month = folder_number(months.list[k], 2);
			if (month >= 1 && month <= 12) {
				*out = true;
				return HC_OK;
			}
		}
	}
	*out = false;
	return HC_OK;
}

static bool is_never_entered(const struct search *s, const char *folder)
{
	if (!s->out->never)
		return false;
	char *real = realpath(folder, NULL);
	bool is = real && strcmp(real, s->out->never) == 0;
	free(real);
	return is;
}

static enum hc_code collect_below(struct search *s, const char *folder, const char *above, size_t depth,
				  struct hc_err *err)
{
	bool dates;
	int parts[4];
	HC_TRY(holds_dates(s, folder, &dates, err));
	if (dates)
		HC_TRY(collect_dates(s, folder, above, parts, 0, err));
	if (depth == s->above_max)
		return HC_OK;
	struct hc_prefixes names;
	HC_TRY(hc_store_prefixes(folder, s->out->arena, &names, err));
	for (size_t i = 0; i < names.n; i++) {
		if (dates && folder_number(names.list[i], 4) >= 0)
			continue;
		const char *below = hc_path_join(s->out->arena, folder, names.list[i]);
		const char *below_above = below ? hc_path_join(s->out->arena, above, names.list[i]) : NULL;
		if (!below_above)
			return hc_fail_nomem(err, "the list of files");
		if (!is_never_entered(s, below))
			HC_TRY(collect_below(s, below, below_above, depth + 1, err));
	}
	return HC_OK;
}

/* How much of a joined path is the root, with its slash. */
static size_t root_length(const char *root)
{
	size_t n = strlen(root);
	while (n > 1 && root[n - 1] == '/')
		n--;
	return n + (root[n - 1] != '/');
}

enum hc_code hc_layout_collect(const char *root, const char *source, size_t above_max, int64_t first_us,
			       int64_t last_us, const char *const *suffixes, struct hc_input_files *out,
			       struct hc_layout_seen *seen, struct hc_err *err)
{
	struct hc_file_info info;
	HC_TRY(hc_file_look(root, &info, err));
	if (info.kind != HC_FILE_FOLDER) {
		hc_fail(err, HC_INPUT, "%s: %s", root,
			info.kind == HC_FILE_MISSING ? "no such folder" : "is a file, a folder is needed");
		return hc_hint(err, "name the folder that holds YYYY/MM/DD/HH");
	}
	struct search s = {source, root_length(root), above_max, first_us, last_us, suffixes, out, seen};
	return collect_below(&s, root, "", 0, err);
}
