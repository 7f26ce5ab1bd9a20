#include "catalog/telemetry.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

/* A key of dimensions: 30 names of 255 and values of 1,024 characters, 4 bytes each, and their lengths. */
enum { KEY_BYTES_MAX = HC_DIMENSIONS_MAX * (4 * (255 + 1024) + 16), NUMBER_DIGITS_MAX = 8 };

static int by_name(const void *a, const void *b)
{
	const struct hc_dimension *x = a, *y = b;
	return hc_str_cmp(x->name, y->name);
}

static void put_counted(struct hc_buf *out, struct hc_str s)
{
	hc_buf_u64(out, s.n);
	hc_buf_char(out, ':');
	hc_buf_str(out, s);
}

/* The dimensions as one text, the same for every order of them. */
static enum hc_code key_of(const struct hc_series *s, struct hc_buf *out, struct hc_err *err)
{
	struct hc_dimension sorted[HC_DIMENSIONS_MAX];
	if (s->n_dimensions > HC_DIMENSIONS_MAX)
		return hc_fail(err, HC_LIMIT, "a metric has %zu dimensions, the most is %d", s->n_dimensions,
			       HC_DIMENSIONS_MAX);
	if (s->n_dimensions > 0) {
		memcpy(sorted, s->dimensions, s->n_dimensions * sizeof *sorted);
		qsort(sorted, s->n_dimensions, sizeof *sorted, by_name);
	}
	/* Never NULL: no dimensions are an empty key, not an unknown one. */
	if (!hc_buf_room(out, 1))
		return hc_fail_nomem(err, "a metric");
	for (size_t i = 0; i < s->n_dimensions; i++) {
		if (i > 0 && hc_str_eq(sorted[i - 1].name, sorted[i].name)) {
			char shown[HC_STR_SHOW_SIZE];
			return hc_fail(err, HC_INPUT, "the dimension '%s' comes twice",
				       hc_str_show(sorted[i].name, shown));
		}
		put_counted(out, sorted[i].name);
		put_counted(out, sorted[i].value);
	}
	return hc_buf_check(out, "the dimensions of a metric", err);
}

static bool take_counted(struct hc_str *rest, struct hc_str *out)
{
	size_t n = 0, i = 0;
	while (i < rest->n && i < NUMBER_DIGITS_MAX && rest->p[i] >= '0' && rest->p[i] <= '9')
		n = n * 10 + (size_t)(rest->p[i++] - '0');
	if (i == 0 || i >= rest->n || rest->p[i] != ':' || rest->n - i - 1 < n)
		return false;
	*out = (struct hc_str){rest->p + i + 1, n};
	rest->p += i + 1 + n;
	rest->n -= i + 1 + n;
	return true;
}

/* The way back, over a key that lives in the arena. */
static enum hc_code dimensions_of(struct hc_str key, struct hc_arena *arena, struct hc_series *out, struct hc_err *err)
{
	struct hc_dimension *list = hc_arena_take(arena, HC_DIMENSIONS_MAX * sizeof *list);
	size_t n = 0;
	if (!list)
		return hc_fail_nomem(err, "metrics");
	while (key.n > 0) {
		if (n == HC_DIMENSIONS_MAX || !take_counted(&key, &list[n].name) || !take_counted(&key, &list[n].value))
			return hc_fail(err, HC_IO, "the catalog holds a metric with dimensions that are none");
		n++;
	}
	out->dimensions = list;
	out->n_dimensions = n;
	return HC_OK;
}

static enum hc_code find(struct hc_db *db, const struct hc_series *s, struct hc_str key, int64_t *id,
			 struct hc_err *err)
{
	bool found;
	int64_t value = 0;
	HC_TRY(hc_db_int(db, &value, &found, err,
			 "SELECT id FROM series WHERE namespace = ? AND name = ? AND dimensions = ?", "ttb", s->space,
			 s->name, key));
	*id = found ? value : 0;
	return HC_OK;
}

enum hc_code hc_series_find(struct hc_db *db, const struct hc_series *series, int64_t *id, struct hc_err *err)
{
	HC_BUF_SCOPED struct hc_buf key = HC_BUF(KEY_BYTES_MAX);
	HC_TRY(key_of(series, &key, err));
	return find(db, series, hc_buf_view(&key), id, err);
}

static enum hc_code make_series(struct hc_db *db, const struct hc_series *s, struct hc_str key, int64_t now_us,
				int64_t *id, struct hc_err *err)
{
	HC_TRY(hc_db_run(db, NULL, err,
			 "INSERT INTO series (namespace, name, dimensions, arrived_us) VALUES (?, ?, ?, ?)", "ttbi",
			 s->space, s->name, key, now_us));
	*id = hc_db_last_id(db);
	for (size_t i = 0; i < s->n_dimensions; i++)
		HC_TRY(hc_db_run(db, NULL, err, "INSERT INTO series_dimension (series, name, value) VALUES (?, ?, ?)",
				 "itt", *id, s->dimensions[i].name, s->dimensions[i].value));
	return HC_OK;
}

enum hc_code hc_series_add(struct hc_db *db, const struct hc_series *series, const struct hc_datapoint *points,
			   size_t n, int64_t now_us, struct hc_err *err)
{
	HC_BUF_SCOPED struct hc_buf key = HC_BUF(KEY_BYTES_MAX);
	int64_t id = 0;
	HC_TRY(key_of(series, &key, err));
	HC_TRY(find(db, series, hc_buf_view(&key), &id, err));
	if (id != 0)
		HC_TRY(hc_db_run(db, NULL, err, "UPDATE series SET arrived_us = max(arrived_us, ?) WHERE id = ?", "ii",
				 now_us, id));
	else
		HC_TRY(make_series(db, series, hc_buf_view(&key), now_us, &id, err));
	for (size_t i = 0; i < n; i++) {
		const struct hc_datapoint *p = &points[i];
		HC_TRY(hc_db_run(
			db, NULL, err,
			"INSERT INTO datapoint (series, at_us, arrived_us, unit, samples, sum, minimum, maximum)"
			" VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
			"iiitdddd", id, p->at_us, now_us, p->unit, p->samples, p->sum, p->minimum, p->maximum));
	}
	return HC_OK;
}

/* A statement that is put together: constant pieces with their values. */
struct select {
	struct hc_buf sql;
	struct hc_db_value values[8 + 2 * HC_DIMENSION_FILTERS_MAX];
	size_t n;
};

static void where_text(struct select *q, const char *piece, struct hc_str value)
{
	if (!value.p)
		return;
	hc_buf_cstr(&q->sql, piece);
	q->values[q->n++] = (struct hc_db_value){.type = 't', .t = value};
}

static void where_int(struct select *q, const char *piece, int64_t value)
{
	hc_buf_cstr(&q->sql, piece);
	q->values[q->n++] = (struct hc_db_value){.type = 'i', .i = value};
}

static void select_series(const struct hc_series_filter *f, struct select *q)
{
	where_int(q, "SELECT id, namespace, name, dimensions FROM series WHERE id > ?", f->after_id);
	where_text(q, " AND namespace = ?", f->space);
	where_text(q, " AND name = ?", f->name);
	if (f->arrived_after_us)
		where_int(q, " AND arrived_us > ?", f->arrived_after_us);
	for (size_t i = 0; i < f->n_dimensions; i++) {
		where_text(q, " AND EXISTS (SELECT 1 FROM series_dimension d WHERE d.series = series.id AND d.name = ?",
			   f->dimensions[i].name);
		where_text(q, " AND d.value = ?", f->dimensions[i].value);
		hc_buf_cstr(&q->sql, ")");
	}
	where_int(q, " ORDER BY id LIMIT ?", (int64_t)f->limit + 1);
}

static enum hc_code read_series(struct hc_rows *rows, struct hc_arena *arena, struct hc_series_listed *out,
				struct hc_err *err)
{
	bool failed = false;
	out->id = hc_rows_int(rows, 0);
	out->series.space = hc_rows_copy(rows, 1, arena, &failed);
	out->series.name = hc_rows_copy(rows, 2, arena, &failed);
	struct hc_str key = hc_rows_copy(rows, 3, arena, &failed);
	if (failed)
		return hc_fail_nomem(err, "metrics");
	return dimensions_of(key, arena, &out->series, err);
}

enum hc_code hc_series_list(struct hc_db *db, const struct hc_series_filter *filter, struct hc_arena *arena,
			    struct hc_series_listed **out, size_t *n, bool *more, struct hc_err *err)
{
	HC_ROWS_SCOPED struct hc_rows rows = {0};
	struct select q = {.sql = HC_BUF(1 << 14)};
	struct hc_series_listed *list = hc_arena_take(arena, (filter->limit + 1) * sizeof *list);
	size_t count = 0;
	bool row;
	if (filter->n_dimensions > HC_DIMENSION_FILTERS_MAX)
		return hc_fail(err, HC_LIMIT, "a listing of metrics has at most %d filters", HC_DIMENSION_FILTERS_MAX);
	select_series(filter, &q);
	enum hc_code code = list ? hc_buf_check(&q.sql, "a query", err) : hc_fail_nomem(err, "metrics");
	if (code == HC_OK)
		code = hc_db_query_list(db, &rows, hc_buf_cstring(&q.sql), q.values, q.n, err);
	hc_buf_free(&q.sql);
	HC_TRY(code);
	for (;; count++) {
		HC_TRY(hc_rows_next(&rows, &row, err));
		if (!row || count == filter->limit)
			break;
		HC_TRY(read_series(&rows, arena, &list[count], err));
	}
	*out = list;
	*n = count;
	*more = row;
	return HC_OK;
}

enum hc_code hc_datapoints_visit(struct hc_db *db, const struct hc_datapoint_query *query, hc_datapoint_visit *visit,
				 void *arg, struct hc_err *err)
{
#define DATAPOINTS                                                                                 \
	"SELECT at_us, unit, samples, sum, minimum, maximum FROM datapoint WHERE series = ?1 AND " \
	"at_us >= ?2 AND at_us < ?3 AND arrived_us > ?4 AND (?5 IS NULL OR unit = ?5) ORDER BY "
	/* Ties in the order in which they came: sums are the same every time. */
	static const char *const sql[] = {
		[HC_DATAPOINTS_OLDEST_FIRST] = DATAPOINTS "at_us, id",
		[HC_DATAPOINTS_NEWEST_FIRST] = DATAPOINTS "at_us DESC, id DESC",
		[HC_DATAPOINTS_SMALLEST_FIRST] = DATAPOINTS "minimum, id",
	};
#undef DATAPOINTS
	HC_ROWS_SCOPED struct hc_rows rows = {0};
	int64_t arrived_after_us = query->arrived_after_us ? query->arrived_after_us : INT64_MIN;
	bool row;
	HC_TRY(hc_db_query(db, &rows, err, sql[query->order], "iiiit", query->series, query->from_us, query->until_us,
			   arrived_after_us, query->unit));
	for (;;) {
		HC_TRY(hc_rows_next(&rows, &row, err));
		if (!row)
			return HC_OK;
		struct hc_datapoint p = {
			.at_us = hc_rows_int(&rows, 0),
			.unit = hc_rows_text(&rows, 1),
			.samples = hc_rows_double(&rows, 2),
			.sum = hc_rows_double(&rows, 3),
			.minimum = hc_rows_double(&rows, 4),
			.maximum = hc_rows_double(&rows, 5),
		};
		if (!visit(arg, &p))
			return HC_OK;
	}
}

enum hc_code hc_datapoints_prune(struct hc_db *db, int64_t before_us, size_t limit, int64_t *removed,
				 struct hc_err *err)
{
	int64_t n = 0;
	/* By series, for that is how the index finds them. */
	HC_TRY(hc_db_run(db, &n, err,
			 "DELETE FROM datapoint WHERE id IN (SELECT d.id FROM series s JOIN datapoint d ON"
			 " d.series = s.id AND d.at_us < ? LIMIT ?)",
			 "ii", before_us, (int64_t)limit));
	if (n < (int64_t)limit) {
		HC_TRY(hc_db_run(db, NULL, err,
				 "DELETE FROM series_dimension WHERE series IN (SELECT id FROM series WHERE arrived_us"
				 " < ?1 AND NOT EXISTS (SELECT 1 FROM datapoint d WHERE d.series = series.id))",
				 "i", before_us));
		HC_TRY(hc_db_run(db, NULL, err,
				 "DELETE FROM series WHERE arrived_us < ?1 AND NOT EXISTS"
				 " (SELECT 1 FROM datapoint d WHERE d.series = series.id)",
				 "i", before_us));
	}
	*removed = n;
	return HC_OK;
}

#define ALARM_COLUMNS "name, doc, configured_us, state, reason, reason_data, updated_us, transitioned_us"

static enum hc_code read_alarm(struct hc_rows *rows, struct hc_arena *arena, struct hc_alarm *out, struct hc_err *err)
{
	bool failed = false;
	struct hc_alarm a = {
		.name = hc_rows_copy(rows, 0, arena, &failed),
		.doc = hc_rows_copy(rows, 1, arena, &failed),
		.configured_us = hc_rows_int(rows, 2),
		.state = hc_rows_copy(rows, 3, arena, &failed),
		.reason = hc_rows_copy(rows, 4, arena, &failed),
		.reason_data = hc_rows_copy(rows, 5, arena, &failed),
		.updated_us = hc_rows_int(rows, 6),
		.transitioned_us = hc_rows_int(rows, 7),
	};
	if (failed)
		return hc_fail_nomem(err, "alarms");
	*out = a;
	return HC_OK;
}

enum hc_code hc_alarm_get(struct hc_db *db, struct hc_str name, struct hc_arena *arena, struct hc_alarm *out,
			  bool *found, struct hc_err *err)
{
	HC_ROWS_SCOPED struct hc_rows rows = {0};
	bool row;
	HC_TRY(hc_db_query(db, &rows, err, "SELECT " ALARM_COLUMNS " FROM alarm WHERE name = ?", "t", name));
	HC_TRY(hc_rows_next(&rows, &row, err));
	if (row)
		HC_TRY(read_alarm(&rows, arena, out, err));
	*found = row;
	return HC_OK;
}

enum hc_code hc_alarm_put(struct hc_db *db, const struct hc_alarm *alarm, struct hc_err *err)
{
	return hc_db_run(db, NULL, err,
			 "INSERT OR REPLACE INTO alarm (" ALARM_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?)", "ttitttii",
			 alarm->name, alarm->doc, alarm->configured_us, alarm->state, alarm->reason, alarm->reason_data,
			 alarm->updated_us, alarm->transitioned_us);
}

enum hc_code hc_alarm_delete(struct hc_db *db, struct hc_str name, bool *found, struct hc_err *err)
{
	int64_t n = 0;
	HC_TRY(hc_db_run(db, &n, err, "DELETE FROM alarm WHERE name = ?", "t", name));
	*found = n > 0;
	return HC_OK;
}

enum hc_code hc_alarm_count(struct hc_db *db, int64_t *out, struct hc_err *err)
{
	bool found;
	return hc_db_int(db, out, &found, err, "SELECT count(*) FROM alarm", "");
}

enum hc_code hc_alarm_list(struct hc_db *db, struct hc_str prefix, struct hc_str after, size_t limit,
			   struct hc_arena *arena, struct hc_alarm **out, size_t *n, struct hc_err *err)
{
	HC_ROWS_SCOPED struct hc_rows rows = {0};
	struct hc_alarm *list = hc_arena_take(arena, (limit + 1) * sizeof *list);
	size_t count = 0;
	bool row;
	if (!list)
		return hc_fail_nomem(err, "alarms");
	if (!prefix.p)
		prefix = HC_STR("");
	if (!after.p)
		after = HC_STR("");
	HC_TRY(hc_db_query(db, &rows, err,
			   "SELECT " ALARM_COLUMNS " FROM alarm WHERE name > ?1 AND name >= ?2 AND"
			   " substr(name, 1, length(?2)) = ?2 ORDER BY name LIMIT ?3",
			   "tti", after, prefix, (int64_t)limit));
	for (;; count++) {
		HC_TRY(hc_rows_next(&rows, &row, err));
		if (!row || count == limit)
			break;
		HC_TRY(read_alarm(&rows, arena, &list[count], err));
	}
	*out = list;
	*n = count;
	return HC_OK;
}
