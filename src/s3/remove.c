#include "codec/xml.h"
#include "s3/conditions.h"
#include "s3/headers.h"

struct one {
	struct hc_s3 *s;
	char old[HC_CONTENT_ID_SIZE];
};

static enum hc_code delete_one(struct hc_db *db, void *arg, struct hc_err *err)
{
	struct one *o = arg;
	struct hc_s3 *s = o->s;
	struct hc_str match = hc_s3_header(s, "If-Match");
	HC_TRY(hc_s3_need_bucket(s, db, err));
	if (match.p) {
		struct hc_stored before;
		bool there;
		HC_TRY(hc_stored_get(db, s->bucket, s->key, &s->arena, &before, &there, err));
		if (!there)
			return hc_s3_refuse(s, err, 404, "NoSuchKey", "The specified key does not exist.");
		if (!hc_s3_etag_matches(match, before.etag))
			return hc_s3_refuse(s, err, 412, "PreconditionFailed",
					    "At least one of the pre-conditions you specified did not hold");
	}
	return hc_stored_delete(db, s->bucket, s->key, o->old, err);
}

enum hc_code hc_s3_delete_object(struct hc_s3 *s, struct hc_http_reply *reply, struct hc_err *err)
{
	struct one o = {.s = s};
	HC_TRY(hc_catalog_write(s->server->catalog, delete_one, &o, err));
	hc_content_remove(s->server->contents, o.old);
	reply->status = 204;
	return HC_OK;
}

struct doomed {
	struct hc_str key;
	const char *code, *text; /* why it stays; NULL: it goes */
	char old[HC_CONTENT_ID_SIZE];
};

struct many {
	struct hc_s3 *s;
	struct doomed *list;
	size_t n;
	bool quiet;
};

static enum hc_code malformed(struct hc_s3 *s, struct hc_err *err)
{
	return hc_s3_refuse(
		s, err, 400, "MalformedXML",
		"The XML you provided was not well-formed or did not validate against our published schema");
}

enum hc_code hc_s3_read_xml(struct hc_s3 *s, const char *root, struct hc_xml **out, struct hc_err *err)
{
	struct hc_xml *xml;
	enum hc_code code = hc_xml_read(hc_buf_view(&s->body.xml), &s->arena, &xml, err);
	if (code == HC_INPUT || code == HC_LIMIT)
		return malformed(s, err);
	HC_TRY(code);
	if (!hc_str_eq(xml->name, hc_str(root)))
		return malformed(s, err);
	*out = xml;
	return HC_OK;
}

static enum hc_code read_key(struct many *m, const struct hc_xml *object, struct hc_err *err)
{
	const struct hc_xml *key = hc_xml_child(object, "Key"), *version = hc_xml_child(object, "VersionId");
	if (!key || key->text.n == 0 || m->n == HC_S3_DELETED_MAX)
		return malformed(m->s, err);
	if (hc_xml_child(object, "ETag") || hc_xml_child(object, "Size") || hc_xml_child(object, "LastModifiedTime"))
		return hc_s3_refuse(m->s, err, 501, "NotImplemented",
				    "Conditions on the keys of a DeleteObjects (ETag, Size, LastModifiedTime) are not "
				    "implemented.");
	struct doomed *d = &m->list[m->n++];
	*d = (struct doomed){.key = key->text};
	if (key->text.n > HC_KEY_BYTES_MAX) {
		d->code = "KeyTooLongError";
		d->text = "Your key is too long";
	} else if (version && version->text.n > 0 && !hc_str_eq(version->text, HC_STR("null"))) {
		d->code = "NoSuchVersion";
		d->text = "The specified version does not exist.";
	}
	return HC_OK;
}

static enum hc_code read_keys(struct many *m, struct hc_err *err)
{
	struct hc_xml *root;
	HC_TRY(hc_s3_read_xml(m->s, "Delete", &root, err));
	m->list = hc_arena_take(&m->s->arena, HC_S3_DELETED_MAX * sizeof *m->list);
	if (!m->list)
		return hc_fail_nomem(err, "a list of keys");
	for (const struct hc_xml *at = root->first; at; at = at->next) {
		if (hc_str_eq(at->name, HC_STR("Object")))
			HC_TRY(read_key(m, at, err));
		else if (hc_str_eq(at->name, HC_STR("Quiet")))
			m->quiet = hc_s3_is_true(at->text);
		else
			return malformed(m->s, err);
	}
	return m->n > 0 ? HC_OK : malformed(m->s, err);
}

static enum hc_code delete_many(struct hc_db *db, void *arg, struct hc_err *err)
{
	struct many *m = arg;
	HC_TRY(hc_s3_need_bucket(m->s, db, err));
	for (size_t i = 0; i < m->n; i++)
		if (!m->list[i].code)
			HC_TRY(hc_stored_delete(db, m->s->bucket, m->list[i].key, m->list[i].old, err));
	return HC_OK;
}

static void tell(const struct many *m, struct hc_buf *out)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct doomed *d = &m->list[i];
		if (!d->code && m->quiet)
			continue;
		hc_buf_cstr(out, d->code ? "<Error>" : "<Deleted>");
		hc_xml_element(out, "Key", d->key);
		if (d->code) {
			hc_xml_element(out, "Code", hc_str(d->code));
			hc_xml_element(out, "Message", hc_str(d->text));
		}
		hc_buf_cstr(out, d->code ? "</Error>" : "</Deleted>");
	}
}

enum hc_code hc_s3_delete_objects(struct hc_s3 *s, struct hc_http_reply *reply, struct hc_err *err)
{
	bool digested = false;
	for (unsigned kind = 0; kind < HC_CHECKSUM_KINDS; kind++)
		digested |= s->body.expected[kind].p != NULL;
	if (!digested)
		return hc_s3_refuse(s, err, 400, "InvalidRequest",
				    "Missing required header for this request: Content-MD5 OR x-amz-checksum-*");
	struct many m = {.s = s};
	HC_TRY(read_keys(&m, err));
	HC_TRY(hc_catalog_write(s->server->catalog, delete_many, &m, err));
	for (size_t i = 0; i < m.n; i++)
		hc_content_remove(s->server->contents, m.list[i].old);
	hc_s3_open_xml(reply, "DeleteResult");
	tell(&m, &reply->body);
	return hc_s3_close_xml(reply, "DeleteResult", err);
}
