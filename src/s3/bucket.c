#include "codec/xml.h"
#include "s3/headers.h"

/* A name that nobody chose: the account, as owner of everything. */
#define OWNER_NAME "hindcast"

void hc_s3_xml_owner(const struct hc_s3 *s, const char *element, struct hc_buf *out)
{
	hc_buf_printf(out, "<%s>", element);
	hc_xml_element(out, "ID", hc_str(s->server->account));
	hc_xml_element(out, "DisplayName", HC_STR(OWNER_NAME));
	hc_buf_printf(out, "</%s>", element);
}

struct bucket_page {
	struct hc_s3 *s;
	struct hc_bucket *list;
	size_t n;
};

static enum hc_code read_buckets(struct hc_db *db, void *arg, struct hc_err *err)
{
	struct bucket_page *page = arg;
	return hc_bucket_list(db, &page->s->arena, &page->list, &page->n, err);
}

enum hc_code hc_s3_list_buckets(struct hc_s3 *s, struct hc_http_reply *reply, struct hc_err *err)
{
	enum { BUCKETS_MAX = 10000 };
	struct bucket_page page = {.s = s};
	struct hc_str prefix = hc_s3_parameter(s, "prefix"), after = hc_s3_parameter(s, "continuation-token");
	struct hc_str last = {NULL, 0};
	uint64_t max;
	HC_TRY(hc_s3_parameter_number(s, "max-buckets", BUCKETS_MAX, BUCKETS_MAX, &max, err));
	HC_TRY(hc_catalog_read(s->server->catalog, read_buckets, &page, err));
	hc_s3_open_xml(reply, "ListAllMyBucketsResult");
	struct hc_buf *out = &reply->body;
	hc_s3_xml_owner(s, "Owner", out);
	hc_buf_cstr(out, "<Buckets>");
	bool more = false;
	uint64_t n = 0;
	for (size_t i = 0; i < page.n && !more; i++) {
		const struct hc_bucket *b = &page.list[i];
		if (b->name.n < prefix.n || (prefix.n && memcmp(b->name.p, prefix.p, prefix.n) != 0) ||
		    (after.n > 0 && hc_str_cmp(b->name, after) <= 0))
			continue;
		more = n == max;
		if (more)
			break;
		n++;
		last = b->name;
		hc_buf_cstr(out, "<Bucket>");
		hc_xml_element(out, "Name", b->name);
		hc_s3_xml_instant(out, "CreationDate", b->created_us);
		hc_xml_element(out, "BucketRegion", hc_str(s->server->region));
		hc_buf_cstr(out, "</Bucket>");
	}
	hc_buf_cstr(out, "</Buckets>");
	if (more && last.n > 0)
		hc_xml_element(out, "ContinuationToken", last);
	if (prefix.n > 0)
		hc_xml_element(out, "Prefix", prefix);
	return hc_s3_close_xml(reply, "ListAllMyBucketsResult", err);
}

/* <CreateBucketConfiguration><LocationConstraint>REGION; an empty body asks for nothing. */
static enum hc_code check_location(struct hc_s3 *s, struct hc_err *err)
{
	struct hc_xml *root;
	if (s->body.xml.n == 0)
		return HC_OK;
	HC_TRY(hc_s3_read_xml(s, "CreateBucketConfiguration", &root, err));
	const struct hc_xml *constraint = hc_xml_child(root, "LocationConstraint");
	if (hc_xml_child(root, "Location") || hc_xml_child(root, "Bucket"))
		return hc_s3_refuse(s, err, 501, "NotImplemented", "Directory buckets are not implemented.");
	struct hc_str region = constraint ? hc_str_trim(constraint->text) : HC_STR("");
	if (region.n == 0 || hc_str_eq(region, hc_str(s->server->region)) ||
	    (hc_str_eq(region, HC_STR("EU")) && strcmp(s->server->region, "eu-west-1") == 0))
		return HC_OK;
	char shown[HC_STR_SHOW_SIZE];
	return hc_s3_refuse(
		s, err, 400, "IllegalLocationConstraintException",
		"The %s location constraint is incompatible for the region specific endpoint this request was "
		"sent to (%s).",
		hc_str_show(region, shown), s->server->region);
}

static enum hc_code create(struct hc_db *db, void *arg, struct hc_err *err)
{
	struct hc_s3 *s = arg;
	bool made;
	HC_TRY(hc_bucket_create(db, s->bucket, s->now_us, &made, err));
	if (!made)
		return hc_s3_refuse(
			s, err, 409, "BucketAlreadyOwnedByYou",
			"Your previous request to create the named bucket succeeded and you already own it.");
	return HC_OK;
}

enum hc_code hc_s3_create_bucket(struct hc_s3 *s, struct hc_http_reply *reply, struct hc_err *err)
{
	if (hc_s3_is_true(hc_s3_header(s, "x-amz-bucket-object-lock-enabled")))
		return hc_s3_refuse(s, err, 501, "NotImplemented", "Object lock is not implemented.");
	HC_TRY(check_location(s, err));
	HC_TRY(hc_catalog_write(s->server->catalog, create, s, err));
	hc_http_reply_header(reply, "Location", "/%.*s", HC_STR_ARG(s->bucket));
	return HC_OK;
}

static enum hc_code need_bucket(struct hc_db *db, void *arg, struct hc_err *err)
{
	return hc_s3_need_bucket(arg, db, err);
}

static enum hc_code look(struct hc_s3 *s, struct hc_err *err)
{
	return hc_catalog_read(s->server->catalog, need_bucket, s, err);
}

enum hc_code hc_s3_head_bucket(struct hc_s3 *s, struct hc_http_reply *reply, struct hc_err *err)
{
	HC_TRY(look(s, err));
	reply->head = true;
	hc_http_reply_header(reply, "x-amz-bucket-region", "%s", s->server->region);
	hc_http_reply_header(reply, "x-amz-access-point-alias", "false");
	hc_http_reply_header(reply, "Content-Type", "application/xml");
	return HC_OK;
}

struct removal {
	struct hc_s3 *s;
	char (*parts)[HC_CONTENT_ID_SIZE];
	size_t n;
};

static enum hc_code remove_bucket(struct hc_db *db, void *arg, struct hc_err *err)
{
	enum { PARTS_MAX = 100000 }; /* those beyond are left to the sweep */
	struct removal *r = arg;
	bool empty;
	HC_TRY(hc_s3_need_bucket(r->s, db, err));
	HC_TRY(hc_bucket_parts(db, r->s->bucket, PARTS_MAX, &r->s->arena, &r->parts, &r->n, err));
	HC_TRY(hc_bucket_delete(db, r->s->bucket, &empty, err));
	if (!empty)
		return hc_s3_refuse(r->s, err, 409, "BucketNotEmpty", "The bucket you tried to delete is not empty");
	return HC_OK;
}

enum hc_code hc_s3_delete_bucket(struct hc_s3 *s, struct hc_http_reply *reply, struct hc_err *err)
{
	struct removal r = {.s = s};
	HC_TRY(hc_catalog_write(s->server->catalog, remove_bucket, &r, err));
	for (size_t i = 0; i < r.n; i++)
		hc_content_remove(s->server->contents, r.parts[i]);
	reply->status = 204;
	return HC_OK;
}

enum hc_code hc_s3_bucket_location(struct hc_s3 *s, struct hc_http_reply *reply, struct hc_err *err)
{
	HC_TRY(look(s, err));
	hc_s3_open_xml(reply, "LocationConstraint");
	if (strcmp(s->server->region, "us-east-1") != 0)
		hc_xml_text(&reply->body, hc_str(s->server->region));
	return hc_s3_close_xml(reply, "LocationConstraint", err);
}

/* A configuration that was never set; the operation is named after its document. */
enum hc_code hc_s3_bucket_empty(struct hc_s3 *s, struct hc_http_reply *reply, struct hc_err *err)
{
	HC_TRY(look(s, err));
	hc_s3_open_xml(reply, s->operation->name);
	return hc_s3_close_xml(reply, s->operation->name, err);
}

/* One that AWS answers with an error while it is not set; the operation is named after that. */
enum hc_code hc_s3_bucket_absent(struct hc_s3 *s, struct hc_http_reply *reply, struct hc_err *err)
{
	(void)reply;
	HC_TRY(look(s, err));
	return hc_s3_refuse(s, err, 404, s->operation->name, "The bucket has no such configuration (%s)",
			    s->operation->parameter);
}

enum hc_code hc_s3_request_payment(struct hc_s3 *s, struct hc_http_reply *reply, struct hc_err *err)
{
	HC_TRY(look(s, err));
	hc_s3_open_xml(reply, "RequestPaymentConfiguration");
	hc_xml_element(&reply->body, "Payer", HC_STR("BucketOwner"));
	return hc_s3_close_xml(reply, "RequestPaymentConfiguration", err);
}

/* Everything belongs to the account, and to nobody else. */
enum hc_code hc_s3_reply_acl(struct hc_s3 *s, struct hc_http_reply *reply, struct hc_err *err)
{
	struct hc_buf *out = &reply->body;
	hc_s3_open_xml(reply, "AccessControlPolicy");
	hc_s3_xml_owner(s, "Owner", out);
	hc_buf_cstr(out, "<AccessControlList><Grant><Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
			 "xsi:type=\"CanonicalUser\">");
	hc_xml_element(out, "ID", hc_str(s->server->account));
	hc_xml_element(out, "DisplayName", HC_STR(OWNER_NAME));
	hc_buf_cstr(out, "</Grantee><Permission>FULL_CONTROL</Permission></Grant></AccessControlList>");
	return hc_s3_close_xml(reply, "AccessControlPolicy", err);
}

enum hc_code hc_s3_bucket_acl(struct hc_s3 *s, struct hc_http_reply *reply, struct hc_err *err)
{
	HC_TRY(look(s, err));
	return hc_s3_reply_acl(s, reply, err);
}
