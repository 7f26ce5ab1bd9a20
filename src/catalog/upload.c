#include "catalog/upload.h"

#include "catalog/row.h"

enum hc_code hc_upload_create(struct hc_db *db, struct hc_str bucket, struct hc_str key, struct hc_str name,
			      struct hc_str headers, int64_t now_us, struct hc_err *err)
{
	int64_t changed;
	HC_TRY(hc_db_run(db, &changed, err,
			 "INSERT INTO upload (bucket, key, name, initiated_us, headers)"
			 " SELECT id, ?, ?, ?, ? FROM bucket WHERE name = ?",
			 "btitt", hc_row_bytes(key), hc_row_bytes(name), now_us, headers.n ? headers : HC_STR("{}"),
			 hc_row_bytes(bucket)));
	if (changed == 0)
		return hc_fail(err, HC_EMPTY, "no bucket \"%.*s\"", HC_STR_ARG(bucket));
	return HC_OK;
}

static enum hc_code take_upload(struct hc_rows *rows, struct hc_arena *arena, struct hc_upload *out, struct hc_err *err)
{
	bool failed = false;
	struct hc_upload u = {
		.id = hc_rows_int(rows, 0),
		.name = hc_rows_copy(rows, 1, arena, &failed),
		.key = hc_rows_copy(rows, 2, arena, &failed),
		.initiated_us = hc_rows_int(rows, 3),
		.headers = hc_rows_copy(rows, 4, arena, &failed),
	};
	if (failed)
		return hc_fail_nomem(err, "an upload");
	*out = u;
	return HC_OK;
}

enum hc_code hc_upload_get(struct hc_db *db, struct hc_str bucket, struct hc_str key, struct hc_str name,
			   struct hc_arena *arena, struct hc_upload *out, bool *found, struct hc_err *err)
{
	HC_ROWS_SCOPED struct hc_rows rows = {0};
	HC_TRY(hc_db_query(db, &rows, err,
			   "SELECT id, name, key, initiated_us, headers FROM upload"
			   " WHERE name = ? AND key = ? AND bucket = (SELECT id FROM bucket WHERE name = ?)",
			   "tbt", hc_row_bytes(name), hc_row_bytes(key), hc_row_bytes(bucket)));
	bool row;
	HC_TRY(hc_rows_next(&rows, &row, err));
	if (row)
		HC_TRY(take_upload(&rows, arena, out, err));
	*found = row;
	return HC_OK;
}

enum hc_code hc_upload_delete(struct hc_db *db, int64_t upload, struct hc_err *err)
{
	return hc_db_run(db, NULL, err, "DELETE FROM upload WHERE id = ?", "i", upload);
}

/* One more than the limit is asked for, to know if there is more. */
enum hc_code hc_upload_list(struct hc_db *db, const struct hc_uploads_query *query, struct hc_arena *arena,
			    struct hc_upload **out, size_t *n, bool *truncated, struct hc_err *err)
{
	struct hc_upload *list = hc_arena_take(arena, (query->limit + 1) * sizeof *list);
	if (!list)
		return hc_fail_nomem(err, "the list of uploads");
	HC_ROWS_SCOPED struct hc_rows rows = {0};
	bool by_name = query->after_name.n > 0;
	HC_TRY(hc_db_query(db, &rows, err,
			   "SELECT id, name, key, initiated_us, headers FROM upload"
			   " WHERE bucket = (SELECT id FROM bucket WHERE name = ?1) AND key >= ?2"
			   " AND substr(key, 1, length(?2)) = ?2 AND (key > ?3 OR (?4 AND key = ?3 AND name > ?5))"
			   " ORDER BY key, name LIMIT ?6",
			   "tbbiti", hc_row_bytes(query->bucket), hc_row_bytes(query->prefix),
			   hc_row_bytes(query->after_key), (int64_t)by_name, hc_row_bytes(query->after_name),
			   (int64_t)query->limit + 1));
	size_t got = 0;
	bool row, cut = false;
	for (;;) {
		HC_TRY(hc_rows_next(&rows, &row, err));
		if (!row)
			break;
		if (got == query->limit) {
			cut = true;
			break;
		}
		HC_TRY(take_upload(&rows, arena, &list[got], err));
		got++;
	}
	*out = list;
	*n = got;
	*truncated = cut;
	return HC_OK;
}

enum hc_code hc_part_put(struct hc_db *db, int64_t upload, const struct hc_part *part, char old[HC_CONTENT_ID_SIZE],
			 struct hc_err *err)
{
	char before[HC_CONTENT_ID_SIZE] = "";
	{
		HC_ROWS_SCOPED struct hc_rows rows = {0};
		bool row;
		HC_TRY(hc_db_query(db, &rows, err, "SELECT content FROM part WHERE upload = ? AND number = ?", "ii",
				   upload, (int64_t)part->number));
		HC_TRY(hc_rows_next(&rows, &row, err));
		if (row)
			hc_row_content(&rows, 0, before);
	}
	HC_TRY(hc_db_run(db, NULL, err,
			 "INSERT INTO part (upload, number, content, size, modified_us, etag, checksums)"
			 " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET content = excluded.content,"
			 " size = excluded.size, modified_us = excluded.modified_us, etag = excluded.etag,"
			 " checksums = excluded.checksums",
			 "iisiitt", upload, (int64_t)part->number, part->content, (int64_t)part->size,
			 part->modified_us, hc_row_bytes(part->etag),
			 part->checksums.n ? part->checksums : HC_STR("{}")));
	bool used = false;
	if (before[0])
		HC_TRY(hc_content_is_used(db, before, &used, err));
	memset(old, 0, HC_CONTENT_ID_SIZE);
	if (!used)
		memcpy(old, before, HC_CONTENT_ID_SIZE);
	return HC_OK;
}

enum hc_code hc_part_list(struct hc_db *db, int64_t upload, unsigned after, size_t limit, struct hc_arena *arena,
			  struct hc_part **out, size_t *n, bool *truncated, struct hc_err *err)
{
	struct hc_part *list = hc_arena_take(arena, (limit + 1) * sizeof *list);
	if (!list)
		return hc_fail_nomem(err, "the list of parts");
	HC_ROWS_SCOPED struct hc_rows rows = {0};
	HC_TRY(hc_db_query(db, &rows, err,
			   "SELECT number, content, size, modified_us, etag, checksums FROM part"
			   " WHERE upload = ? AND number > ? ORDER BY number LIMIT ?",
			   "iii", upload, (int64_t)after, (int64_t)limit + 1));
	size_t got = 0;
	bool row, failed = false, cut = false;
	for (;;) {
		HC_TRY(hc_rows_next(&rows, &row, err));
		if (!row)
			break;
		if (got == limit) {
			cut = true;
			break;
		}
		struct hc_part *part = &list[got++];
		part->number = (unsigned)hc_rows_int(&rows, 0);
		hc_row_content(&rows, 1, part->content);
		part->size = (uint64_t)hc_rows_int(&rows, 2);
		part->modified_us = hc_rows_int(&rows, 3);
		part->etag = hc_rows_copy(&rows, 4, arena, &failed);
		part->checksums = hc_rows_copy(&rows, 5, arena, &failed);
		if (failed)
			return hc_fail_nomem(err, "the list of parts");
	}
	*out = list;
	*n = got;
	*truncated = cut;
	return HC_OK;
}

enum hc_code hc_bucket_parts(struct hc_db *db, struct hc_str bucket, size_t limit, struct hc_arena *arena,
			     char (**out)[HC_CONTENT_ID_SIZE], size_t *n, struct hc_err *err)
{
	int64_t count;
	bool row;
	HC_TRY(hc_db_int(db, &count, &row, err,
			 "SELECT count(*) FROM part WHERE upload IN (SELECT id FROM upload WHERE bucket ="
			 " (SELECT id FROM bucket WHERE name = ?))",
			 "t", hc_row_bytes(bucket)));
	if ((uint64_t)count > limit)
		count = (int64_t)limit;
	char(*list)[HC_CONTENT_ID_SIZE] = hc_arena_take(arena, ((size_t)count + 1) * sizeof *list);
	if (!list)
		return hc_fail_nomem(err, "the list of parts");
	HC_ROWS_SCOPED struct hc_rows rows = {0};
	HC_TRY(hc_db_query(db, &rows, err,
			   "SELECT content FROM part WHERE upload IN (SELECT id FROM upload WHERE bucket ="
			   " (SELECT id FROM bucket WHERE name = ?)) LIMIT ?",
			   "ti", hc_row_bytes(bucket), count));
	size_t got = 0;
	for (;;) {
		HC_TRY(hc_rows_next(&rows, &row, err));
		if (!row)
			break;
		hc_row_content(&rows, 0, list[got++]);
	}
	*out = list;
	*n = got;
	return HC_OK;
}
