/*
 * An object's headers: which of a request's are kept with it, as a JSON object of texts by lower-case name, and which are given back.
 */
#ifndef HC_S3_HEADERS_H
#define HC_S3_HEADERS_H

#include "contract/tree.h"
#include "s3/session.h"

/* What describes the content: content-type and the like (aws-chunked taken off the encoding), x-amz-meta-*. */
enum hc_code hc_s3_headers_describe(struct hc_s3 *s, json_t *into, struct hc_err *err) HC_MUST_USE;
/* How it is to be kept: encryption, storage class, redirect. Accepted and given back; they have no other meaning here. */
enum hc_code hc_s3_headers_keeping(struct hc_s3 *s, json_t *into, struct hc_err *err) HC_MUST_USE;
/* x-amz-tagging. */
enum hc_code hc_s3_headers_tags(struct hc_s3 *s, json_t *into, struct hc_err *err) HC_MUST_USE;

/* The checksums that the body's digests gave, in `into`. */
enum hc_code hc_s3_headers_checksums(struct hc_s3 *s, json_t *into, struct hc_err *err) HC_MUST_USE;

/* A stored document; refuses to go on with a broken one. The caller's. */
enum hc_code hc_s3_headers_parse(struct hc_str text, json_t **out, struct hc_err *err) HC_MUST_USE;
/* To text, in the session's arena. */
enum hc_code hc_s3_headers_print(struct hc_s3 *s, const json_t *headers, struct hc_str *out,
				 struct hc_err *err) HC_MUST_USE;

/* Into a reply to GET or HEAD: all, with the overrides of the query (response-content-type, ...). */
enum hc_code hc_s3_headers_give(struct hc_s3 *s, const json_t *headers, struct hc_http_reply *reply,
				struct hc_err *err) HC_MUST_USE;
/* Into a reply to a request that stores: encryption; with `checksums` those too. */
void hc_s3_headers_give_stored(const json_t *headers, bool checksums, struct hc_http_reply *reply);
/* <ChecksumCRC32>... of those that are there. */
void hc_s3_headers_xml_checksums(const json_t *headers, struct hc_buf *out);

/* The tags of "a=b&c=d", decoded, one by one; false at the end. */
bool hc_s3_tag_next(struct hc_s3 *s, struct hc_str *rest, struct hc_str *key, struct hc_str *value, bool *malformed);

#endif
