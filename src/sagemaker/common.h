/*
 * What the operations on named resources share: ARNs, creating with tags, finding, describing, and AWS's words for what is not there
 * or there already. One table (common.c) says how each kind is called.
 *
 * All return HC_OK, or the code of a fault that they have said in call->fault, or another code for what is wrong with the catalog.
 */
#ifndef HC_SAGEMAKER_COMMON_H
#define HC_SAGEMAKER_COMMON_H

#include "catalog/resource.h"
#include "service/service.h"

/* The ARN of a resource of this kind: "arn:aws:sagemaker:REGION:ACCOUNT:model/x". p == NULL without memory. */
struct hc_str hc_common_arn(const struct hc_call *call, enum hc_kind kind, struct hc_str name);

/* Says that a resource is not there: ResourceNotFound, or for models, endpoints and their configurations ValidationException, as AWS has it. */
enum hc_code hc_common_missing(struct hc_call *call, enum hc_kind kind, struct hc_str name, struct hc_err *err);
/* The same for an ARN, folded to lower case, of whatever kind. */
enum hc_code hc_common_missing_arn(struct hc_call *call, struct hc_str arn, struct hc_err *err);
/* Says that it is there already: ResourceInUse, or ValidationException with the text that the SDKs look for. */
enum hc_code hc_common_exists(struct hc_call *call, enum hc_kind kind, struct hc_str name, struct hc_err *err);

/* The resource of a name; said to be missing when it is. */
enum hc_code hc_common_find(struct hc_call *call, struct hc_db *db, enum hc_kind kind, struct hc_str name,
			    struct hc_resource *out, struct hc_err *err) HC_MUST_USE;

/* The call's time, cut to milliseconds, which is what clients see: a filter with a time that they were told meets that very time. */
int64_t hc_common_now(const struct hc_call *call);

/* A copy of the input without Tags: what becomes `doc`. The caller's (json_decref). */
enum hc_code hc_common_input(struct hc_call *call, json_t **out, struct hc_err *err) HC_MUST_USE;
/* A tree as text in the call's arena, and back: the caller's (json_decref). */
enum hc_code hc_common_print(struct hc_call *call, const json_t *tree, struct hc_str *out,
			     struct hc_err *err) HC_MUST_USE;
enum hc_code hc_common_parse(struct hc_str text, json_t **out, struct hc_err *err) HC_MUST_USE;

/*
 * Inserts a resource whose kind and name the caller has set, with whatever else it wants; sets arn, created_us, modified_us (the call's time) and, unless the
 * caller did, doc: the call's input without Tags. Sets the input's Tags too. Said to exist when the name is taken.
 */
enum hc_code hc_common_create(struct hc_call *call, struct hc_db *db, struct hc_resource *r,
			      struct hc_err *err) HC_MUST_USE;
/* Finds and removes. */
enum hc_code hc_common_delete(struct hc_call *call, struct hc_db *db, enum hc_kind kind, struct hc_str name,
			      struct hc_err *err) HC_MUST_USE;

/* Puts the members of r->doc into call->out, and its ARN and creation time: under `arn_member` and "CreationTime". */
enum hc_code hc_common_describe(struct hc_call *call, const struct hc_resource *r, const char *arn_member,
				struct hc_err *err) HC_MUST_USE;
/* Puts one text into call->out: what Create and Update operations answer. */
enum hc_code hc_common_answer(struct hc_call *call, const char *member, struct hc_str text,
			      struct hc_err *err) HC_MUST_USE;

/*
 * Tags as operations take them: [{"Key": ..., "Value": ...}]; NULL: none. Refused: keys that begin with "aws:", two of one key, and more than
 * HC_TAGS_MAX together with those that the resource has (ResourceLimitExceeded). Sets them.
 */
enum hc_code hc_common_tags(struct hc_call *call, struct hc_db *db, struct hc_str arn, const json_t *tags,
			    struct hc_err *err) HC_MUST_USE;

#endif
