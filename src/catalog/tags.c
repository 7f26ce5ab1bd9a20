#include "catalog/resource.h"
#include "catalog/select.h"

enum hc_code hc_tags_set(struct hc_db *db, struct hc_str arn, const struct hc_tag *tags, size_t n, struct hc_err *err)
{
	for (size_t i = 0; i < n; i++)
		HC_TRY(hc_db_run(db, NULL, err,
				 "INSERT INTO tag (arn, key, value) VALUES (?, ?, ?) "
				 "ON CONFLICT (arn, key) DO UPDATE SET value = excluded.value",
				 "ttt", arn, tags[i].key, tags[i].value.p ? tags[i].value : HC_STR("")));
	int64_t count = 0;
	bool found;
	HC_TRY(hc_db_int(db, &count, &found, err, "SELECT count(*) FROM tag WHERE arn = ?", "t", arn));
	if (count > HC_TAGS_MAX)
		return hc_fail(err, HC_LIMIT, "%.*s has %d tags, the most is %d", HC_STR_ARG(arn), (int)count,
			       HC_TAGS_MAX);
	return HC_OK;
}

enum hc_code hc_tags_get(struct hc_db *db, struct hc_str arn, struct hc_arena *arena, struct hc_tag **out, size_t *n,
			 struct hc_err *err)
{
	struct hc_rows rows HC_ROWS_SCOPED = {0};
	HC_TRY(hc_db_query(db, &rows, err, "SELECT key, value FROM tag WHERE arn = ? ORDER BY key", "t", arn));
	struct hc_tag *list = NULL;
	size_t have = 0, cap = 0;
	for (;;) {
		bool row, failed = false;
		HC_TRY(hc_rows_next(&rows, &row, err));
		if (!row)
			break;
		list = hc_select_grow(arena, list, have, &cap, sizeof *list);
		if (!list)
			return hc_fail_nomem(err, "a list of tags");
		list[have].key = hc_rows_copy(&rows, 0, arena, &failed);
		list[have].value = hc_rows_copy(&rows, 1, arena, &failed);
		if (failed)
			return hc_fail_nomem(err, "a list of tags");
		have++;
	}
	*out = list;
	*n = have;
	return HC_OK;
}

enum hc_code hc_tags_remove(struct hc_db *db, struct hc_str arn, const struct hc_str *keys, size_t n,
			    struct hc_err *err)
{
	for (size_t i = 0; i < n; i++)
		HC_TRY(hc_db_run(db, NULL, err, "DELETE FROM tag WHERE arn = ? AND key = ?", "tt", arn, keys[i]));
	return HC_OK;
}
