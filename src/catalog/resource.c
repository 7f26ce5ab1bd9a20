#include "catalog/resource.h"

#include "catalog/select.h"

#define COLUMNS                                                                                                   \
	"uid, kind, name, arn, created_us, modified_us, status, failure, parent_uid, parent, slot_us, revision, " \
	"endpoint, definition, type, job_arn, doc, detail"

static struct hc_str or_empty(struct hc_str s)
{
	return s.p ? s : HC_STR("");
}

static enum hc_code read_row(struct hc_rows *rows, struct hc_arena *arena, struct hc_resource *out, struct hc_err *err)
{
	bool failed = false;
	struct hc_resource r = {
		.uid = hc_rows_int(rows, 0),
		.kind = (enum hc_kind)hc_rows_int(rows, 1),
		.name = hc_rows_copy(rows, 2, arena, &failed),
		.arn = hc_rows_copy(rows, 3, arena, &failed),
		.created_us = hc_rows_int(rows, 4),
		.modified_us = hc_rows_int(rows, 5),
		.status = hc_rows_copy(rows, 6, arena, &failed),
		.failure = hc_rows_copy(rows, 7, arena, &failed),
		.parent_uid = hc_rows_int(rows, 8),
		.parent = hc_rows_copy(rows, 9, arena, &failed),
		.slot_us = hc_rows_int(rows, 10),
		.revision = hc_rows_int(rows, 11),
		.endpoint = hc_rows_copy(rows, 12, arena, &failed),
		.definition = hc_rows_copy(rows, 13, arena, &failed),
		.type = hc_rows_copy(rows, 14, arena, &failed),
		.job_arn = hc_rows_copy(rows, 15, arena, &failed),
		.doc = hc_rows_copy(rows, 16, arena, &failed),
		.detail = hc_rows_copy(rows, 17, arena, &failed),
	};
	if (failed)
		return hc_fail_nomem(err, "a resource");
	if (r.status.n == 0)
		r.status = (struct hc_str){0};
	*out = r;
	return HC_OK;
}

static enum hc_code read_one(struct hc_rows *rows, struct hc_arena *arena, struct hc_resource *out, bool *found,
			     struct hc_err *err)
{
	bool row;
	HC_TRY(hc_rows_next(rows, &row, err));
	if (row)
		HC_TRY(read_row(rows, arena, out, err));
	*found = row;
	return HC_OK;
}

enum hc_code hc_resource_insert(struct hc_db *db, struct hc_resource *r, struct hc_err *err)
{
	HC_TRY(hc_db_run(db, NULL, err,
			 "INSERT INTO resource (kind, name, arn, created_us, modified_us, status, failure, parent_uid, "
			 "parent, slot_us, revision, endpoint, definition, type, job_arn, doc, detail) "
			 "VALUES (?, ?, ?, ?, ?, ?, ?, NULLIF(?, 0), ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			 "ittiittitiitttttt", (int64_t)r->kind, r->name, r->arn, r->created_us, r->modified_us,
			 or_empty(r->status), r->failure, r->parent_uid, r->parent, r->slot_us, r->revision,
			 r->endpoint, r->definition, r->type, r->job_arn, r->doc, r->detail));
	r->uid = hc_db_last_id(db);
	return HC_OK;
}

enum hc_code hc_resource_get(struct hc_db *db, enum hc_kind kind, struct hc_str name, struct hc_arena *arena,
			     struct hc_resource *out, bool *found, struct hc_err *err)
{
	struct hc_rows rows HC_ROWS_SCOPED = {0};
	HC_TRY(hc_db_query(db, &rows, err, "SELECT " COLUMNS " FROM resource WHERE kind = ? AND name = ?", "it",
			   (int64_t)kind, name));
	return read_one(&rows, arena, out, found, err);
}

enum hc_code hc_resource_get_uid(struct hc_db *db, int64_t uid, struct hc_arena *arena, struct hc_resource *out,
				 bool *found, struct hc_err *err)
{
	struct hc_rows rows HC_ROWS_SCOPED = {0};
	HC_TRY(hc_db_query(db, &rows, err, "SELECT " COLUMNS " FROM resource WHERE uid = ?", "i", uid));
	return read_one(&rows, arena, out, found, err);
}

enum hc_code hc_resource_get_arn(struct hc_db *db, struct hc_str arn, struct hc_arena *arena, struct hc_resource *out,
				 bool *found, struct hc_err *err)
{
	struct hc_rows rows HC_ROWS_SCOPED = {0};
	HC_TRY(hc_db_query(db, &rows, err, "SELECT " COLUMNS " FROM resource WHERE arn = ? ORDER BY kind LIMIT 1", "t",
			   arn));
	return read_one(&rows, arena, out, found, err);
}

enum hc_code hc_resource_update(struct hc_db *db, const struct hc_resource *r, struct hc_err *err)
{
	int64_t changed;
	HC_TRY(hc_db_run(
		db, &changed, err,
		"UPDATE resource SET arn = ?, modified_us = ?, status = ?, failure = ?, parent_uid = NULLIF(?, 0), "
		"parent = ?, slot_us = ?, revision = ?, endpoint = ?, definition = ?, type = ?, job_arn = ?, "
		"doc = ?, detail = ? WHERE uid = ?",
		"tittitiitttttti", r->arn, r->modified_us, or_empty(r->status), r->failure, r->parent_uid, r->parent,
		r->slot_us, r->revision, r->endpoint, r->definition, r->type, r->job_arn, r->doc, r->detail, r->uid));
	if (changed == 0)
		return hc_fail(err, HC_EMPTY, "%.*s is gone", HC_STR_ARG(r->name));
	return HC_OK;
}

enum hc_code hc_resource_delete(struct hc_db *db, int64_t uid, struct hc_err *err)
{
	HC_TRY(hc_db_run(db, NULL, err, "DELETE FROM tag WHERE arn = (SELECT arn FROM resource WHERE uid = ?)", "i",
			 uid));
	return hc_db_run(db, NULL, err, "DELETE FROM resource WHERE uid = ?", "i", uid);
}

enum hc_code hc_resource_count(struct hc_db *db, enum hc_kind kind, int64_t *out, struct hc_err *err)
{
	bool found;
	return hc_db_int(db, out, &found, err, "SELECT count(*) FROM resource WHERE kind = ?", "i", (int64_t)kind);
}

/* -- listing */

static const struct hc_order orders[] = {
	[HC_SORT_CREATED] = {'c', "created_us", false, false},
	[HC_SORT_NAME] = {'n', "name", true, false},
	[HC_SORT_STATUS] = {'s', "status", true, false},
	[HC_SORT_SLOT] = {'t', "slot_us", false, false},
};

static void add_filter(struct hc_select *s, const struct hc_resource_filter *f)
{
	hc_select_int(s, "kind = ?", (int64_t)f->kind);
	hc_select_text(s, "instr(lower(name), lower(?)) > 0", f->name_contains);
	hc_select_text(s, "status = ?", f->status);
	hc_select_text(s, "endpoint = ?", f->endpoint);
	hc_select_text(s, "definition = ?", f->definition);
	hc_select_text(s, "type = ?", f->type);
	hc_select_text(s, "parent = ?", f->parent);
	hc_select_int(s, "parent_uid = ?", f->parent_uid);
	hc_select_int(s, "created_us < ?", f->created_before_us);
	hc_select_int(s, "created_us > ?", f->created_after_us);
	hc_select_int(s, "modified_us < ?", f->modified_before_us);
	hc_select_int(s, "modified_us > ?", f->modified_after_us);
	hc_select_int(s, "slot_us < ?", f->slot_before_us);
	hc_select_int(s, "slot_us > ?", f->slot_after_us);
}

static enum hc_code next_token(const struct hc_order *order, enum hc_resource_sort sort, const struct hc_resource *last,
			       struct hc_arena *arena, struct hc_str *out, struct hc_err *err)
{
	struct hc_str text = sort == HC_SORT_NAME ? last->name : or_empty(last->status);
	int64_t number = sort == HC_SORT_CREATED ? last->created_us : last->slot_us;
	return hc_select_token(order, text, number, last->uid, arena, out, err);
}

enum hc_code hc_resource_list(struct hc_db *db, const struct hc_resource_filter *filter, struct hc_arena *arena,
			      struct hc_resources *out, struct hc_err *err)
{
	struct hc_order order = orders[filter->sort];
	order.descending = filter->descending;
	struct hc_select select HC_SELECT_SCOPED;
	hc_select_begin(&select, "SELECT " COLUMNS " FROM resource WHERE 1");
	add_filter(&select, filter);
	HC_TRY(hc_select_order(&select, &order, filter->token, filter->limit, err));
	struct hc_rows rows HC_ROWS_SCOPED = {0};
	HC_TRY(hc_select_run(&select, db, &rows, err));
	struct hc_resources page = {0};
	size_t cap = 0;
	for (;;) {
		bool row;
		HC_TRY(hc_rows_next(&rows, &row, err));
		if (!row)
			break;
		if (filter->limit && page.n == filter->limit) {
			HC_TRY(next_token(&order, filter->sort, &page.list[page.n - 1], arena, &page.next, err));
			break;
		}
		page.list = hc_select_grow(arena, page.list, page.n, &cap, sizeof *page.list);
		if (!page.list)
			return hc_fail_nomem(err, "a list of resources");
		HC_TRY(read_row(&rows, arena, &page.list[page.n], err));
		page.n++;
	}
	*out = page;
	return HC_OK;
}
