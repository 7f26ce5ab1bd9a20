#include "catalog/object.h"

#include "catalog/row.h"

#include <stdlib.h>

enum { LISTING_FIRST = 64 };

/* Above every key: no UTF-8 holds this byte. */
#define BEHIND_ALL HC_STR("\xff")

static enum hc_code bucket_id(struct hc_db *db, struct hc_str name, int64_t *id, bool *found, struct hc_err *err)
{
	return hc_db_int(db, id, found, err, "SELECT id FROM bucket WHERE name = ?", "t", hc_row_bytes(name));
}

enum hc_code hc_bucket_get(struct hc_db *db, struct hc_str name, int64_t *created_us, bool *found, struct hc_err *err)
{
	return hc_db_int(db, created_us, found, err, "SELECT created_us FROM bucket WHERE name = ?", "t",
			 hc_row_bytes(name));
}

enum hc_code hc_bucket_create(struct hc_db *db, struct hc_str name, int64_t now_us, bool *made, struct hc_err *err)
{
	int64_t changed;
	HC_TRY(hc_db_run(db, &changed, err,
			 "INSERT INTO bucket (name, created_us) VALUES (?, ?) ON CONFLICT DO NOTHING", "ti",
			 hc_row_bytes(name), now_us));
	*made = changed > 0;
	return HC_OK;
}

enum hc_code hc_bucket_delete(struct hc_db *db, struct hc_str name, bool *empty, struct hc_err *err)
{
	int64_t id, one;
	bool found, used = false;
	HC_TRY(bucket_id(db, name, &id, &found, err));
	if (found)
		HC_TRY(hc_db_int(db, &one, &used, err, "SELECT 1 FROM object WHERE bucket = ? LIMIT 1", "i", id));
	if (found && !used)
		HC_TRY(hc_db_run(db, NULL, err, "DELETE FROM bucket WHERE id = ?", "i", id));
	*empty = !used;
	return HC_OK;
}

enum hc_code hc_bucket_list(struct hc_db *db, struct hc_arena *arena, struct hc_bucket **out, size_t *n,
			    struct hc_err *err)
{
	int64_t count;
	bool row;
	HC_TRY(hc_db_int(db, &count, &row, err, "SELECT count(*) FROM bucket", ""));
	struct hc_bucket *list = hc_arena_take(arena, ((size_t)count + 1) * sizeof *list);
	if (!list)
		return hc_fail_nomem(err, "the list of buckets");
	HC_ROWS_SCOPED struct hc_rows rows = {0};
	HC_TRY(hc_db_query(db, &rows, err,
			   "SELECT name, created_us FROM bucket WHERE substr(name, 1, 1) <> '=' ORDER BY name LIMIT ?",
			   "i", count));
	size_t got = 0;
	bool failed = false;
	for (;;) {
		HC_TRY(hc_rows_next(&rows, &row, err));
		if (!row)
			break;
		list[got].name = hc_rows_copy(&rows, 0, arena, &failed);
		list[got++].created_us = hc_rows_int(&rows, 1);
		if (failed)
			return hc_fail_nomem(err, "the list of buckets");
	}
	*out = list;
	*n = got;
	return HC_OK;
}

enum hc_code hc_stored_get(struct hc_db *db, struct hc_str bucket, struct hc_str key, struct hc_arena *arena,
			   struct hc_stored *out, bool *found, struct hc_err *err)
{
	HC_ROWS_SCOPED struct hc_rows rows = {0};
	HC_TRY(hc_db_query(db, &rows, err,
			   "SELECT content, size, modified_us, etag, headers FROM object"
			   " WHERE bucket = (SELECT id FROM bucket WHERE name = ?) AND key = ?",
			   "tb", hc_row_bytes(bucket), hc_row_bytes(key)));
	bool row, failed = false;
	HC_TRY(hc_rows_next(&rows, &row, err));
	if (row) {
		struct hc_stored o = {.bucket = bucket, .key = key};
		hc_row_content(&rows, 0, o.content);
		o.size = (uint64_t)hc_rows_int(&rows, 1);
		o.modified_us = hc_rows_int(&rows, 2);
		o.etag = hc_rows_copy(&rows, 3, arena, &failed);
		o.headers = hc_rows_copy(&rows, 4, arena, &failed);
		if (failed)
			return hc_fail_nomem(err, "an object's headers");
		*out = o;
	}
	*found = row;
	return HC_OK;
}

/* The content of a key, "" without one. */
static enum hc_code content_of(struct hc_db *db, int64_t bucket, struct hc_str key, char out[HC_CONTENT_ID_SIZE],
			       struct hc_err *err)
{
	HC_ROWS_SCOPED struct hc_rows rows = {0};
	HC_TRY(hc_db_query(db, &rows, err, "SELECT content FROM object WHERE bucket = ? AND key = ?", "ib", bucket,
			   hc_row_bytes(key)));
	bool row;
	HC_TRY(hc_rows_next(&rows, &row, err));
	memset(out, 0, HC_CONTENT_ID_SIZE);
	if (row)
		hc_row_content(&rows, 0, out);
	return HC_OK;
}

/* Hands out what was let go, unless something still names it. */
static enum hc_code let_go(struct hc_db *db, const char *content, char old[HC_CONTENT_ID_SIZE], struct hc_err *err)
{
	bool used = false;
	if (content[0])
		HC_TRY(hc_content_is_used(db, content, &used, err));
	memset(old, 0, HC_CONTENT_ID_SIZE);
	if (!used)
		memcpy(old, content, HC_CONTENT_ID_SIZE);
	return HC_OK;
}

enum hc_code hc_stored_put(struct hc_db *db, const struct hc_stored *object, char old[HC_CONTENT_ID_SIZE],
			   struct hc_err *err)
{
	int64_t bucket;
	bool found;
	HC_TRY(bucket_id(db, object->bucket, &bucket, &found, err));
	if (!found)
		return hc_fail(err, HC_EMPTY, "no bucket \"%.*s\"", HC_STR_ARG(object->bucket));
	char before[HC_CONTENT_ID_SIZE];
	HC_TRY(content_of(db, bucket, object->key, before, err));
	HC_TRY(hc_db_run(db, NULL, err,
			 "INSERT INTO object (bucket, key, content, size, modified_us, etag, headers)"
			 " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET content = excluded.content,"
			 " size = excluded.size, modified_us = excluded.modified_us, etag = excluded.etag,"
			 " headers = excluded.headers",
			 "ibsiitt", bucket, hc_row_bytes(object->key), object->content, (int64_t)object->size,
			 object->modified_us, hc_row_bytes(object->etag),
			 object->headers.n ? object->headers : HC_STR("{}")));
	return let_go(db, before, old, err);
}

enum hc_code hc_stored_delete(struct hc_db *db, struct hc_str bucket, struct hc_str key, char old[HC_CONTENT_ID_SIZE],
			      struct hc_err *err)
{
	int64_t id;
	bool found;
	char before[HC_CONTENT_ID_SIZE] = "";
	HC_TRY(bucket_id(db, bucket, &id, &found, err));
	if (found)
		HC_TRY(content_of(db, id, key, before, err));
	if (before[0])
		HC_TRY(hc_db_run(db, NULL, err, "DELETE FROM object WHERE bucket = ? AND key = ?", "ib", id,
				 hc_row_bytes(key)));
	return let_go(db, before, old, err);
}

/* Where the first delimiter behind the prefix ends; 0 if there is none. */
static size_t prefix_end(struct hc_str key, size_t prefix, struct hc_str delimiter)
{
	if (delimiter.n == 0 || key.n < prefix)
		return 0;
	const char *at = memmem(key.p + prefix, key.n - prefix, delimiter.p, delimiter.n);
	return at ? (size_t)(at - key.p) + delimiter.n : 0;
}

/* The first text behind everything that begins with s; false if there is none. */
static bool successor(struct hc_str s, struct hc_buf *out)
{
	while (s.n > 0 && (unsigned char)s.p[s.n - 1] == 0xff)
		s.n--;
	hc_buf_reset(out);
	if (s.n == 0)
		return false;
	hc_buf_put(out, s.p, s.n - 1);
	hc_buf_char(out, (char)((unsigned char)s.p[s.n - 1] + 1));
	return true;
}

struct listing {
	const struct hc_listing_query *query;
	struct hc_arena *arena;
	struct hc_listing_entry *list; /* grows by copying: what is left behind in the arena is less than the list */
	size_t n, cap;
	struct hc_buf from, to; /* keys still to be seen: from <= key < to */
};

static struct hc_listing_entry *listing_room(struct listing *l)
{
	if (l->n == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : LISTING_FIRST;
		struct hc_listing_entry *more = hc_arena_take(l->arena, cap * sizeof *more);
		if (!more)
			return NULL;
		if (l->n > 0)
			memcpy(more, l->list, l->n * sizeof *more);
		l->list = more;
		l->cap = cap;
	}
	struct hc_listing_entry *entry = &l->list[l->n++];
	*entry = (struct hc_listing_entry){0};
	return entry;
}

/* The prefix's range, cut where the page begins. */
static void listing_range(struct listing *l)
{
	const struct hc_listing_query *q = l->query;
	if (!successor(q->prefix, &l->to))
		hc_buf_str(&l->to, BEHIND_ALL);
	hc_buf_str(&l->from, q->prefix);
	if (q->after.n == 0 || hc_str_cmp(q->after, q->prefix) < 0)
		return;
	bool below =
		q->after.n >= q->prefix.n && (q->prefix.n == 0 || memcmp(q->after.p, q->prefix.p, q->prefix.n) == 0);
	size_t end = below ? prefix_end(q->after, q->prefix.n, q->delimiter) : 0;
	if (end > 0) { /* the page before ended in this common prefix, or with it */
		if (!successor((struct hc_str){q->after.p, end}, &l->from))
			hc_buf_str(&l->from, BEHIND_ALL);
		return;
	}
	hc_buf_reset(&l->from);
	hc_buf_str(&l->from, q->after);
	hc_buf_char(&l->from, '\0'); /* the first text behind it */
}

static enum hc_code listing_object(struct listing *l, struct hc_rows *rows, struct hc_err *err)
{
	struct hc_listing_entry *entry = listing_room(l);
	bool failed = !entry;
	if (entry) {
		entry->key = hc_rows_copy(rows, 0, l->arena, &failed);
		hc_row_content(rows, 1, entry->content);
		entry->size = (uint64_t)hc_rows_int(rows, 2);
		entry->modified_us = hc_rows_int(rows, 3);
		entry->etag = hc_rows_copy(rows, 4, l->arena, &failed);
		entry->headers = hc_rows_copy(rows, 5, l->arena, &failed);
	}
	return failed ? hc_fail_nomem(err, "a listing") : HC_OK;
}

static enum hc_code listing_prefix(struct listing *l, struct hc_str prefix, struct hc_err *err)
{
	struct hc_listing_entry *entry = listing_room(l);
	if (!entry)
		return hc_fail_nomem(err, "a listing");
	entry->is_prefix = true;
	entry->key = hc_arena_copy(l->arena, prefix);
	if (!entry->key.p)
		return hc_fail_nomem(err, "a listing");
	if (!successor(entry->key, &l->from))
		hc_buf_str(&l->from, BEHIND_ALL);
	return hc_buf_check(&l->from, "a listing", err);
}

/* Walks up to the next common prefix, the page's end or the last key. *again: a common prefix was passed, go on behind it. */
static enum hc_code listing_walk(struct hc_db *db, struct listing *l, bool *again, bool *truncated, struct hc_err *err)
{
	const struct hc_listing_query *q = l->query;
	HC_ROWS_SCOPED struct hc_rows rows = {0};
	HC_TRY(hc_db_query(
		db, &rows, err,
		"SELECT key, content, size, modified_us, etag, headers FROM object"
		" WHERE bucket = (SELECT id FROM bucket WHERE name = ?) AND key >= ? AND key < ? ORDER BY key",
		"tbb", hc_row_bytes(q->bucket), hc_row_bytes(hc_buf_view(&l->from)),
		hc_row_bytes(hc_buf_view(&l->to))));
	*again = false;
	for (bool row;;) {
		HC_TRY(hc_rows_next(&rows, &row, err));
		if (!row)
			return HC_OK;
		if (l->n == q->limit) {
			*truncated = true;
			return HC_OK;
		}
		struct hc_str key = hc_rows_text(&rows, 0);
		size_t end = prefix_end(key, q->prefix.n, q->delimiter);
		if (end > 0) {
			*again = true;
			return listing_prefix(l, (struct hc_str){key.p, end}, err);
		}
		HC_TRY(listing_object(l, &rows, err));
	}
}

enum hc_code hc_listing(struct hc_db *db, const struct hc_listing_query *query, struct hc_arena *arena,
			struct hc_listing_entry **out, size_t *n, bool *truncated, struct hc_err *err)
{
	enum { RANGE_MAX = 4 * HC_KEY_BYTES_MAX };
	struct listing l = {.query = query, .arena = arena, .from = HC_BUF(RANGE_MAX), .to = HC_BUF(RANGE_MAX)};
	listing_range(&l);
	enum hc_code code = hc_buf_check(&l.from, "a listing's start", err);
	if (code == HC_OK)
		code = hc_buf_check(&l.to, "a listing's prefix", err);
	bool cut = false;
	for (bool again = query->limit > 0; code == HC_OK && again && !cut;)
		code = listing_walk(db, &l, &again, &cut, err);
	hc_buf_free(&l.from);
	hc_buf_free(&l.to);
	HC_TRY(code);
	*out = l.list;
	*n = l.n;
	*truncated = cut;
	return HC_OK;
}

enum hc_code hc_content_is_used(struct hc_db *db, const char *content, bool *out, struct hc_err *err)
{
	int64_t one;
	return hc_db_int(
		db, &one, out, err,
		"SELECT 1 FROM object WHERE content = ?1 UNION ALL SELECT 1 FROM part WHERE content = ?1 LIMIT 1", "s",
		content);
}
