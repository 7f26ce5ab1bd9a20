/*
 * The wire contract as data: which operations there are, what goes in and comes out of each, checked before any handler sees it.
 *
 * The tables come from api/SERVICE/OPERATION.json at build time (tools/contract makes C of them), those from the service models that
 * botocore ships (tools/contract --import); a test holds them against each other. Documents are jansson trees.
 *
 * Threads: tables are constant; checks may run in any thread.
 */
#ifndef HC_CONTRACT_CONTRACT_H
#define HC_CONTRACT_CONTRACT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

enum hc_shape_type {
	HC_SHAPE_STRUCTURE,
	HC_SHAPE_LIST,
	HC_SHAPE_MAP,
	HC_SHAPE_STRING,
	HC_SHAPE_INTEGER,
	HC_SHAPE_LONG,
	HC_SHAPE_FLOAT,
	HC_SHAPE_DOUBLE,
	HC_SHAPE_BOOLEAN,
	HC_SHAPE_TIMESTAMP,
	HC_SHAPE_BLOB,
};

struct hc_shape;
struct hc_member {
	const char *name;
	const struct hc_shape *shape;
	bool required;
	const char *default_json; /* put in when it is left out: "3600"; NULL: none */
	const char *unsupported;  /* why a value here is refused; NULL: it is fine */
};
struct hc_shape {
	enum hc_shape_type type;
	const char *name; /* of the service model */
	const struct hc_member *members; /* structure; list: [0] its element; map: [0] key, [1] value */
	size_t n_members;
	bool has_min, has_max;
	double min, max;         /* of a length in characters, a count, or a value */
	const char *pattern;     /* anchored at both ends */
	const char *const *values; /* enum; NULL-terminated; NULL: none */
	bool is_union;           /* exactly one member */
};

enum hc_protocol { HC_PROTOCOL_JSON, HC_PROTOCOL_QUERY };

struct hc_operation {
	const char *service; /* as in the scope: "sagemaker", "monitoring", "logs", "sts", "iam" */
	const char *name;
	const char *target;  /* X-Amz-Target in front of ".NAME": "SageMaker"; NULL: Query only */
	const char *version; /* of the Query protocol: "2010-08-01"; also the namespace of its answers */
	const char *xml_namespace;
	const struct hc_shape *input, *output; /* NULL: none */
	const char *result_wrapper;            /* Query: the element around the output: "GetRoleResult" */
	const char *const *errors;             /* modelled ones; NULL-terminated */
	unsigned index;                        /* 0 .. hc_contract_count() - 1, for tables of handlers */
};

size_t hc_contract_count(void);
const struct hc_operation *hc_contract_at(size_t index);
/* By service and name; NULL when there is none. */
const struct hc_operation *hc_contract_find(struct hc_str service, struct hc_str name);
/* By X-Amz-Target ("SageMaker.CreateModel"); NULL when there is none. */
const struct hc_operation *hc_contract_find_target(struct hc_str target);

/* What is wrong with an input: AWS's code and text. */
enum { HC_PROBLEM_TEXT_MAX = 4096 };
struct hc_problem {
	const char *code; /* "ValidationException", "SerializationException", static */
	char text[HC_PROBLEM_TEXT_MAX];
};

/*
 * Parses and checks a JSON body: an object (an empty body is `{}`), no duplicate keys, depth and size limits, types, required and unknown
 * members, lengths in characters, ranges, patterns, enums; fills in defaults. All findings are put together as AWS does:
 * "2 validation errors detected: Value 'x' at 'monitoringScheduleName' failed to satisfy constraint: Member must ...; ...".
 * False: *problem says why, *out is untouched. The tree is the caller's (json_decref).
 */
enum { HC_CONTRACT_BODY_MAX = 4 << 20, HC_CONTRACT_DEPTH_MAX = 64 };
bool hc_contract_read_json(const struct hc_operation *op, struct hc_str body, json_t **out, struct hc_problem *problem);
/* The same from a form: Action=...&Version=...&MetricData.member.1.MetricName=... Lists (also .N without member where the model is flattened), maps (entry.N.key), timestamps in ISO 8601
 * (become numbers, seconds since 1970), booleans, numbers, blobs (base64 stays text). */
bool hc_contract_read_query(const struct hc_operation *op, struct hc_str form, json_t **out, struct hc_problem *problem);

/* The reply's body. JSON: compact; numbers that are timestamps with at most 3 digits behind the point. NULL result: nothing. */
void hc_contract_write_json(const struct hc_operation *op, const json_t *result, struct hc_buf *out);
/* <OpResponse xmlns=...><OpResult>...</OpResult><ResponseMetadata><RequestId>..., by the output shape. */
void hc_contract_write_query(const struct hc_operation *op, const json_t *result, const char *request_id,
			     struct hc_buf *out);

/* True if the output fits the output shape (required members, types): what tests assert of every reply. */
bool hc_contract_check_output(const struct hc_operation *op, const json_t *result, struct hc_problem *problem);

#endif
