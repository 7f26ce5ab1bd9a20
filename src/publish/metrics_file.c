#include "publish/metrics_file.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/number.h"
#include "codec/json.h"
#include "codec/lines.h"
#include "sys/files.h"

struct hc_str hc_unit_known(struct hc_str text)
{
	static const char *const units[] = {
		"None",
		"Seconds",
		"Microseconds",
		"Milliseconds",
		"Bytes",
		"Kilobytes",
		"Megabytes",
		"Gigabytes",
		"Terabytes",
		"Bits",
		"Kilobits",
		"Megabits",
		"Gigabits",
		"Terabits",
		"Percent",
		"Count",
		"Bytes/Second",
		"Kilobytes/Second",
		"Megabytes/Second",
		"Gigabytes/Second",
		"Terabytes/Second",
		"Bits/Second",
		"Kilobits/Second",
		"Megabits/Second",
		"Gigabits/Second",
		"Terabits/Second",
		"Count/Second",
	};
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (hc_str_eq(text, hc_str(units[i])))
			return hc_str(units[i]);
	return (struct hc_str){NULL, 0};
}

struct parsing {
	struct hc_json json;
	struct hc_arena *arena;
	struct hc_err *err;
	struct hc_dimension dimensions[HC_DIMENSIONS_MAX];
	struct hc_published m;
	bool has_name, has_value, has_set, has_dimensions, has_time, has_unit;
};

static enum hc_code wrong(struct hc_err *err, const char *member, const char *what)
{
	hc_fail(err, HC_INPUT, "%s %s", member, what);
	return hc_hint(err,
		       "a metric is {\"MetricName\": ..., \"Timestamp\": \"2021-05-18T00:00:00Z\", \"Dimensions\": "
		       "[{\"Name\": ..., \"Value\": ...}], \"Value\": 0.5} in one line");
}

static enum hc_code fail_json(struct parsing *p)
{
	hc_fail(p->err, HC_INPUT, "is no JSON object: %s at byte %zu",
		p->json.problem ? p->json.problem : "something is left behind it", hc_json_offset(&p->json));
	return hc_hint(p->err, "a metric file holds one JSON object a line");
}

/* Texts may have up to max characters, and no control characters: names are shown to people. */
static enum hc_code take_text(struct parsing *p, const char *member, size_t max, struct hc_str *out)
{
	struct hc_json_value value;
	size_t characters = 0;
	HC_BUF_SCOPED struct hc_buf scratch = HC_BUF(HC_METRICS_LINE_BYTES_MAX);
	if (!hc_json_value(&p->json, &value))
		return fail_json(p);
	if (value.type != HC_JSON_STRING)
		return wrong(p->err, member, "is no text");
	struct hc_str text = hc_json_text(&value, &scratch);
	HC_TRY(hc_buf_check(&scratch, member, p->err));
	for (size_t i = 0; i < text.n; i++) {
		characters += ((unsigned char)text.p[i] & 0xc0) != 0x80;
		if ((unsigned char)text.p[i] < 0x20 || text.p[i] == 0x7f)
			return wrong(p->err, member, "holds control characters");
	}
	if (hc_str_trim(text).n == 0)
		return wrong(p->err, member, "is empty");
	if (characters > max)
		return wrong(p->err, member, "is too long");
	*out = hc_arena_copy(p->arena, text);
	return out->p ? HC_OK : hc_fail_nomem(p->err, "metrics");
}

static enum hc_code take_number(struct parsing *p, const char *member, double *out)
{
	struct hc_json_value value;
	double x = 0;
	if (!hc_json_value(&p->json, &value))
		return fail_json(p);
	if (value.type != HC_JSON_NUMBER || !hc_number_parse(value.raw, &x))
		return wrong(p->err, member, "is no number");
	if (!(fabs(x) <= HC_METRIC_VALUE_MAX))
		return wrong(p->err, member, "is not between -2^360 and 2^360");
	*out = x;
	return HC_OK;
}

static enum hc_code take_time(struct parsing *p)
{
	static const double first = -62135596800.0, last = 253402300799.0; /* years 1 to 9999 */
	enum hc_json_type type;
	if (hc_json_peek(&p->json, &type) && type == HC_JSON_NUMBER) {
		double seconds = 0;
		HC_TRY(take_number(p, "Timestamp", &seconds));
		if (seconds < first || seconds > last)
			return wrong(p->err, "Timestamp", "is no time");
		p->m.point.at_us = (int64_t)(seconds * 1e6);
		return HC_OK;
	}
	struct hc_str text = {NULL, 0};
	HC_TRY(take_text(p, "Timestamp", 64, &text));
	return hc_instant_parse(text, &p->m.point.at_us) ? HC_OK : wrong(p->err, "Timestamp", "is no time");
}

static enum hc_code take_dimension(struct parsing *p)
{
	if (p->m.n_dimensions == HC_DIMENSIONS_MAX)
		return wrong(p->err, "Dimensions", "has more than 30 elements");
	struct hc_dimension *d = &p->dimensions[p->m.n_dimensions];
	struct hc_json_key key;
	enum hc_json_type type;
	*d = (struct hc_dimension){{NULL, 0}, {NULL, 0}};
	if (hc_json_peek(&p->json, &type) && type != HC_JSON_OBJECT)
		return wrong(p->err, "Dimensions", "holds something that is no {\"Name\": ..., \"Value\": ...}");
	if (!hc_json_enter_object(&p->json))
		return fail_json(p);
	while (hc_json_member(&p->json, &key)) {
		if (hc_json_key_is(&key, "Name") && !d->name.p)
			HC_TRY(take_text(p, "a dimension's Name", HC_METRIC_NAME_MAX, &d->name));
		else if (hc_json_key_is(&key, "Value") && !d->value.p)
			HC_TRY(take_text(p, "a dimension's Value", HC_DIMENSION_VALUE_MAX, &d->value));
		else
			return wrong(p->err, "Dimensions",
				     "holds a member that is neither Name nor Value, or twice one");
	}
	if (p->json.problem)
		return fail_json(p);
	if (!d->name.p || !d->value.p)
		return wrong(p->err, "Dimensions", "holds one without Name or Value");
	for (size_t i = 0; i < p->m.n_dimensions; i++)
		if (hc_str_eq(p->dimensions[i].name, d->name))
			return wrong(p->err, "Dimensions", "holds a name twice");
	p->m.n_dimensions++;
	return HC_OK;
}

static enum hc_code take_dimensions(struct parsing *p)
{
	enum hc_json_type type;
	if (hc_json_peek(&p->json, &type) && type != HC_JSON_ARRAY)
		return wrong(p->err, "Dimensions", "is no list");
	if (!hc_json_enter_array(&p->json))
		return fail_json(p);
	while (hc_json_element(&p->json))
		HC_TRY(take_dimension(p));
	return p->json.problem ? fail_json(p) : HC_OK;
}

static enum hc_code take_set(struct parsing *p)
{
	static const char *const names[] = {"SampleCount", "Sum", "Minimum", "Maximum"};
	double *const members[] = {&p->m.point.samples, &p->m.point.sum, &p->m.point.minimum, &p->m.point.maximum};
	unsigned seen = 0;
	struct hc_json_key key;
	enum hc_json_type type;
	if (hc_json_peek(&p->json, &type) && type != HC_JSON_OBJECT)
		return wrong(p->err, "StatisticValues", "is no object");
	if (!hc_json_enter_object(&p->json))
		return fail_json(p);
	while (hc_json_member(&p->json, &key)) {
		size_t i = 0;
		while (i < 4 && !hc_json_key_is(&key, names[i]))
			i++;
		if (i == 4 || (seen & 1U << i))
			return wrong(p->err, "StatisticValues", "holds a member that it has not, or one twice");
		HC_TRY(take_number(p, names[i], members[i]));
		seen |= 1U << i;
	}
	if (p->json.problem)
		return fail_json(p);
	if (seen != 15)
		return wrong(p->err, "StatisticValues", "needs SampleCount, Sum, Minimum and Maximum");
	if (!(p->m.point.samples > 0) || p->m.point.minimum > p->m.point.maximum)
		return wrong(p->err, "StatisticValues", "has no samples, or a minimum above its maximum");
	return HC_OK;
}

static enum hc_code take_unit(struct parsing *p)
{
	struct hc_str text = {NULL, 0};
	HC_TRY(take_text(p, "Unit", 32, &text));
	p->m.point.unit = hc_unit_known(text);
	return p->m.point.unit.p ? HC_OK : wrong(p->err, "Unit", "is no unit of CloudWatch");
}

static enum hc_code take_value(struct parsing *p)
{
	double x = 0;
	HC_TRY(take_number(p, "Value", &x));
	p->m.point.samples = 1;
	p->m.point.sum = p->m.point.minimum = p->m.point.maximum = x;
	return HC_OK;
}

/* True the first time. */
static bool first_time(bool *seen)
{
	bool first = !*seen;
	*seen = true;
	return first;
}

static enum hc_code take_member(struct parsing *p, const struct hc_json_key *key)
{
	if (hc_json_key_is(key, "MetricName") && first_time(&p->has_name))
		return take_text(p, "MetricName", HC_METRIC_NAME_MAX, &p->m.name);
	if (hc_json_key_is(key, "Timestamp") && first_time(&p->has_time))
		return take_time(p);
	if (hc_json_key_is(key, "Dimensions") && first_time(&p->has_dimensions))
		return take_dimensions(p);
	if (hc_json_key_is(key, "Value") && first_time(&p->has_value))
		return take_value(p);
	if (hc_json_key_is(key, "StatisticValues") && first_time(&p->has_set))
		return take_set(p);
	if (hc_json_key_is(key, "Unit") && first_time(&p->has_unit))
		return take_unit(p);
	char shown[HC_STR_SHOW_SIZE];
	hc_fail(p->err, HC_INPUT, "the member \"%s\" is not known, or comes twice", hc_str_show(key->raw, shown));
	return hc_hint(p->err, "known are MetricName, Timestamp, Dimensions, Value, StatisticValues and Unit");
}

static enum hc_code parse(struct parsing *p, struct hc_str line)
{
	struct hc_json_key key;
	hc_json_open(&p->json, line);
	if (!hc_json_enter_object(&p->json))
		return fail_json(p);
	while (hc_json_member(&p->json, &key))
		HC_TRY(take_member(p, &key));
	if (!hc_json_finish(&p->json))
		return fail_json(p);
	if (!p->has_name)
		return wrong(p->err, "MetricName", "is missing");
	if (p->has_value == p->has_set)
		return wrong(p->err, "Value or StatisticValues:", "one of them is needed");
	return HC_OK;
}

enum hc_code hc_metrics_line_parse(struct hc_str line, int64_t otherwise_us, struct hc_arena *arena,
				   struct hc_published *out, struct hc_err *err)
{
	struct parsing p = {.arena = arena, .err = err};
	p.m.point.at_us = otherwise_us;
	p.m.point.unit = HC_STR("None");
	HC_TRY(parse(&p, line));
	if (p.m.n_dimensions > 0) {
		struct hc_dimension *dimensions = hc_arena_take(arena, p.m.n_dimensions * sizeof *dimensions);
		if (!dimensions)
			return hc_fail_nomem(err, "metrics");
		memcpy(dimensions, p.dimensions, p.m.n_dimensions * sizeof *dimensions);
		p.m.dimensions = dimensions;
	}
	*out = p.m;
	return HC_OK;
}

struct reading {
	struct hc_arena *arena;
	int64_t otherwise_us;
	hc_metrics_tell *tell;
	void *arg;
	struct hc_metrics m;
	size_t cap, told;
};

static void HC_PRINTF(2, 3) tell(struct reading *r, const char *fmt, ...)
{
	char text[HC_ERR_MSG_MAX + HC_PATH_LEN_MAX];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	r->tell(r->arg, text);
}

static void tell_wrong(struct reading *r, const char *path, uint64_t line, const char *why)
{
	r->m.wrong++;
	if (r->told++ < HC_METRICS_TOLD_MAX)
		tell(r, "%s:%llu: %s", path, (unsigned long long)line, why);
}

static enum hc_code add(struct reading *r, const struct hc_published *m, struct hc_err *err)
{
	if (r->m.n == r->cap) {
		size_t cap = r->cap ? 2 * r->cap : 64;
		struct hc_published *list = hc_arena_take(r->arena, cap * sizeof *list);
		if (!list)
			return hc_fail_nomem(err, "metrics");
		if (r->m.n)
			memcpy(list, r->m.list, r->m.n * sizeof *list);
		r->m.list = list;
		r->cap = cap;
	}
	r->m.list[r->m.n++] = *m;
	return HC_OK;
}

static enum hc_code take_line(struct reading *r, const char *path, const struct hc_line *line, struct hc_err *err)
{
	struct hc_published m;
	struct hc_err why;
	if (line->state == HC_LINE_LONG) {
		tell_wrong(r, path, line->number, "is longer than 65,536 bytes");
		return HC_OK;
	}
	if (hc_str_trim(line->text).n == 0)
		return HC_OK;
	enum hc_code code = hc_metrics_line_parse(line->text, r->otherwise_us, r->arena, &m, &why);
	if (code == HC_OK)
		return add(r, &m, err);
	if (code != HC_INPUT) {
		*err = why;
		return code;
	}
	tell_wrong(r, path, line->number, why.msg);
	return HC_OK;
}

static enum hc_code read_lines(struct reading *r, const char *path, struct hc_lines *lines, struct hc_err *err)
{
	for (;;) {
		struct hc_line line;
		struct hc_err why;
		enum hc_code code = hc_lines_next(lines, &line, &why);
		if (code == HC_INPUT || code == HC_IO) {
			tell(r, "%s: %s", path, why.msg);
			return HC_OK;
		}
		if (code != HC_OK) {
			*err = why;
			return code;
		}
		if (line.state == HC_LINE_END)
			return HC_OK;
		if (r->m.n + r->m.wrong >= HC_METRICS_LINES_MAX) {
			tell(r, "%s:%llu: a job has at most %d lines of metrics; the rest is left out", path,
			     (unsigned long long)line.number, HC_METRICS_LINES_MAX);
			return HC_OK;
		}
		HC_TRY(take_line(r, path, &line, err));
	}
}

static enum hc_code read_file(struct reading *r, const char *path, struct hc_err *err)
{
	struct hc_file_info info;
	struct hc_source *source;
	struct hc_lines *lines;
	struct hc_err why;
	if (hc_file_look(path, &info, &why) != HC_OK) {
		tell(r, "%s", why.msg);
		return HC_OK;
	}
	if (info.kind != HC_FILE_REGULAR)
		return HC_OK;
	if (hc_file_open(path, &source, &why) != HC_OK) {
		tell(r, "%s", why.msg);
		return HC_OK;
	}
	HC_TRY(hc_lines_open(source, HC_METRICS_LINE_BYTES_MAX, &lines, err));
	enum hc_code code = read_lines(r, path, lines, err);
	hc_lines_close(lines);
	return code;
}

enum hc_code hc_metrics_read(const char *folder, int64_t otherwise_us, struct hc_arena *arena, hc_metrics_tell *telling,
			     void *arg, struct hc_metrics *out, struct hc_err *err)
{
	struct reading r = {.arena = arena, .otherwise_us = otherwise_us, .tell = telling, .arg = arg};
	struct hc_arena names_arena HC_ARENA_SCOPED = HC_ARENA(64 << 20);
	struct hc_file_info info;
	struct hc_names names = {0};
	struct hc_err why;
	size_t files = 0;
	if (hc_file_look(folder, &info, &why) != HC_OK ||
	    (info.kind == HC_FILE_FOLDER && hc_file_names(folder, &names_arena, &names, &why) != HC_OK))
		tell(&r, "%s", why.msg);
	for (size_t i = 0; i < names.n; i++) {
		if (names.list[i][0] == '.' || names.list[i][0] == '_')
			continue;
		if (files++ == HC_METRICS_FILES_MAX) {
			tell(&r, "%s: a job has at most %d files of metrics; the rest is left out", folder,
			     HC_METRICS_FILES_MAX);
			break;
		}
		char *path = hc_path_join(&names_arena, folder, names.list[i]);
		if (!path)
			return hc_fail_nomem(err, "metrics");
		HC_TRY(read_file(&r, path, err));
	}
	if (r.told > HC_METRICS_TOLD_MAX)
		tell(&r, "%s: %zu more lines are wrong", folder, r.told - HC_METRICS_TOLD_MAX);
	*out = r.m;
	return HC_OK;
}

enum hc_code hc_metrics_put(struct hc_db *db, struct hc_str space, const struct hc_metrics *metrics, int64_t now_us,
			    struct hc_err *err)
{
	for (size_t i = 0; i < metrics->n; i++) {
		const struct hc_published *m = &metrics->list[i];
		const struct hc_series series = {space, m->name, m->dimensions, m->n_dimensions};
		HC_TRY(hc_series_add(db, &series, &m->point, 1, now_us, err));
	}
	return HC_OK;
}
