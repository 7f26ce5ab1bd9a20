#include "jobs/handover.h"

#include <string.h>

#define ARENA_BYTES (UINT64_C(16) << 20)
enum { PAGE = 1000, KEY_MAX = HC_KEY_BYTES_MAX * 3 };

/* "UID/BUCKET/KEY" */
static void put_key(struct hc_buf *out, const struct hc_job *job, struct hc_str bucket, struct hc_str key)
{
	hc_buf_printf(out, "%lld/%.*s/%.*s", (long long)job->resource.parent_uid, HC_STR_ARG(bucket), HC_STR_ARG(key));
}

enum hc_code hc_handover_put(struct hc_db *db, const struct hc_job *job, const struct hc_outputs *outputs,
			     int64_t now_us, struct hc_err *err)
{
	bool made;
	char old[HC_CONTENT_ID_SIZE];
	HC_TRY(hc_bucket_create(db, HC_STR(HC_HANDOVER_BUCKET), now_us, &made, err));
	for (size_t i = 0; i < outputs->n; i++) {
		const struct hc_output *o = &outputs->list[i];
		HC_BUF_SCOPED struct hc_buf key = HC_BUF(KEY_MAX);
		put_key(&key, job, o->bucket, o->key);
		HC_TRY(hc_buf_check(&key, "a key", err));
		struct hc_stored object = {.bucket = HC_STR(HC_HANDOVER_BUCKET),
					   .key = hc_buf_view(&key),
					   .size = o->size,
					   .modified_us = now_us,
					   .etag = hc_str(o->md5),
					   .headers = HC_STR("{}")};
		memcpy(object.content, o->content, sizeof object.content);
		HC_TRY(hc_stored_put(db, &object, old, err)); /* the name is new: nothing is let go */
	}
	return HC_OK;
}

enum hc_code hc_handover_remove(struct hc_db *db, const struct hc_job *job,
				enum hc_code (*dropped)(void *arg, const char *content, struct hc_err *err), void *arg,
				struct hc_err *err)
{
	HC_BUF_SCOPED struct hc_buf prefix = HC_BUF(64);
	hc_buf_printf(&prefix, "%lld/", (long long)job->resource.parent_uid);
	for (size_t n = PAGE; n == PAGE;) {
		HC_ARENA_SCOPED struct hc_arena arena = HC_ARENA(ARENA_BYTES);
		struct hc_listing_query query = {
			.bucket = HC_STR(HC_HANDOVER_BUCKET), .prefix = hc_buf_view(&prefix), .limit = PAGE};
		struct hc_listing_entry *list;
		bool more;
		HC_TRY(hc_listing(db, &query, &arena, &list, &n, &more, err));
		for (size_t i = 0; i < n; i++) {
			char old[HC_CONTENT_ID_SIZE];
			HC_TRY(hc_stored_delete(db, query.bucket, list[i].key, old, err));
			if (old[0])
				HC_TRY(dropped(arg, old, err));
		}
	}
	return HC_OK;
}

enum hc_code hc_handover_input(const struct hc_job *job, const struct hc_job_end *input, struct hc_arena *arena,
			       struct hc_job_end *out, struct hc_err *err)
{
	*out = *input;
	if (strcmp(hc_job_role(job), "monitoring") != 0 || !hc_str_starts(input->name, "endpoint_input_"))
		return HC_OK;
	HC_BUF_SCOPED struct hc_buf key = HC_BUF(KEY_MAX);
	put_key(&key, job, input->bucket, input->key);
	HC_TRY(hc_buf_check(&key, "a key", err));
	out->bucket = HC_STR(HC_HANDOVER_BUCKET);
	out->key = hc_arena_copy(arena, hc_buf_view(&key));
	return out->key.p ? HC_OK : hc_fail_nomem(err, "a key");
}
