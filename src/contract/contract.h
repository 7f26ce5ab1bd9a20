/*
 * The wire contract as data: which operations there are, what goes in and comes out of each, checked before any handler sees it.
 *
 * The tables come from api/SERVICE/OPERATION.json at build time (tools/contract makes C of them), those from the service models that
 * botocore ships (tools/contract --import); a test holds them against each other. Documents are jansson trees.
 *
 * What botocore's model does not say, people write into those files: "default", "unsupported", and "open" for enums whose values are known
 * but not enforced (names of hardware, which mean nothing here and which grow with every release of the SDKs).
 *
 * Patterns are Java's regular expressions over PCRE2: \d, \w and \s are ASCII, a dot matches no line terminator, and the whole value
 * must match. The work of one match is bounded (pattern.h); a value that takes more does not match.
 *
 * Threads: tables are constant; checks may run in any thread. Memory: a refused input leaves nothing behind; the trees of one body are bounded
 * by the limits below.
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
	const char *name;                /* of the service model */
	const struct hc_member *members; /* structure; list: [0] its element; map: [0] key, [1] value */
	size_t n_members;
	bool has_min, has_max;
	double min, max;           /* of a length in characters, a count, or a value */
	const char *pattern;       /* as in the model; anchored at both ends */
	unsigned pattern_index;    /* its place among the compiled ones; 0: none */
	const char *const *values; /* enum; NULL-terminated; NULL: none, or an open one */
	bool is_union;             /* exactly one member */
};

enum hc_protocol { HC_PROTOCOL_JSON, HC_PROTOCOL_QUERY };

struct hc_operation {
	const char *service; /* as in the scope: "sagemaker", "monitoring", "logs", "sts", "iam" */
	const char *name;
	const char *target;       /* X-Amz-Target in front of ".NAME": "SageMaker"; NULL: Query only */
	const char *json_version; /* of application/x-amz-json-: "1.1"; NULL: Query only */
	const char *version;      /* of the Query protocol: "2010-08-01"; NULL: JSON only */
	const char *xml_namespace;
	const struct hc_shape *input, *output; /* NULL: none */
	const char *result_wrapper;            /* Query: the element around the output: "GetRoleResult" */
	const char *const *errors;             /* modelled ones; NULL-terminated; NULL: none */
	const char *const *error_codes;        /* the same as the Query protocol calls them: "InvalidParameterValue" */
	const unsigned *error_statuses;        /* of HTTP, with the Query protocol */
	unsigned index;                        /* 0 .. hc_contract_count() - 1, for tables of handlers */
};

enum { HC_CONTRACT_OPERATIONS_MAX = 128 }; /* for tables of handlers with one place each */
size_t hc_contract_count(void);
const struct hc_operation *hc_contract_at(size_t index);
/* By service and name; NULL when there is none. */
const struct hc_operation *hc_contract_find(struct hc_str service, struct hc_str name);
/* By X-Amz-Target ("SageMaker.CreateModel"); NULL when there is none. */
const struct hc_operation *hc_contract_find_target(struct hc_str target);

/* What is wrong with an input: AWS's code and text. The text is UTF-8 without control characters, whatever the input was. */
enum { HC_PROBLEM_TEXT_MAX = 4096 };
struct hc_problem {
	const char *code; /* static; see below */
	char text[HC_PROBLEM_TEXT_MAX];
};

/*
 * Limits of one body: its bytes, the containers within each other, the objects and arrays in all, the values in all, the parts of a form's
 * name ("MetricData.member.1.MetricName" has four), the greatest number of a list's element in a form. PutMetricData at its own limit
 * (1,000 metrics of 30 dimensions, or 150 values each) fits.
 */
enum {
	HC_CONTRACT_BODY_MAX = 4 << 20,
	HC_CONTRACT_DEPTH_MAX = 64,
	HC_CONTRACT_CONTAINERS_MAX = 1 << 16,
	HC_CONTRACT_VALUES_MAX = 1 << 19,
	HC_CONTRACT_PARTS_MAX = 24,
	HC_CONTRACT_INDEX_MAX = 1000000,
	HC_CONTRACT_FINDINGS_MAX = 50,
};

/*
 * Parses and checks a JSON body: an object (an empty body is `{}`), no duplicate keys, no NUL, types, required and unknown members,
 * lengths in characters, ranges, patterns, enums, unions; fills in defaults. Members that are null are as if left out: the tree has none.
 * Integers are integers in the tree (5.0 is 5). Members that the contract does not know are refused: AWS would ignore them.
 *
 * Codes: SerializationException for what is no JSON, too big, or of a wrong type (the first one found); ValidationException for all the rest, the
 * findings put together as AWS does: "2 validation errors detected: Value 'x' at 'monitoringScheduleName' failed to satisfy constraint: Member
 * must ...; ...", at most HC_CONTRACT_FINDINGS_MAX. Elements of lists are named `tags.1.member.key`; where elements or a map's keys and values are
 * plain, the list or map is named, the value shown is the first bad one, and all its constraints are listed. InternalFailure: no memory.
 *
 * False: *problem says why, *out is untouched. The tree is the caller's (json_decref).
 */
bool hc_contract_read_json(const struct hc_operation *op, struct hc_str body, json_t **out, struct hc_problem *problem);
/*
 * The same from a form: Action=...&Version=...&MetricData.member.1.MetricName=... Lists (member.N, in the order of N, gaps closed; `X=` is the
 * empty list), maps (entry.N.key, entry.N.value), timestamps in ISO 8601 (become numbers, seconds since 1970), booleans, numbers, blobs (base64
 * stays text). Action, Version and X-Amz-... are passed over; another version is refused.
 * Codes: MalformedInput for what cannot be read, ValidationError, InvalidAction (another version), InternalFailure.
 */
bool hc_contract_read_query(const struct hc_operation *op, struct hc_str form, json_t **out,
			    struct hc_problem *problem);

/* The reply's body. JSON: compact; numbers that are timestamps with at most 3 digits behind the point. NULL result: nothing. */
void hc_contract_write_json(const struct hc_operation *op, const json_t *result, struct hc_buf *out);
/* <OpResponse xmlns=...><OpResult>...</OpResult><ResponseMetadata><RequestId>..., by the output shape. */
void hc_contract_write_query(const struct hc_operation *op, const json_t *result, const char *request_id,
			     struct hc_buf *out);

/* <ErrorResponse><Error><Type>Sender|Receiver</Type><Code>..</Code><Message>..</Message></Error><RequestId>..; op may be NULL (no namespace). */
void hc_contract_write_query_error(const struct hc_operation *op, const char *code, struct hc_str message,
				   bool is_sender, const char *request_id, struct hc_buf *out);

/* True if the output fits the output shape in everything that is checked of inputs; no output shape: NULL or {}. For tests of replies. */
bool hc_contract_check_output(const struct hc_operation *op, const json_t *result, struct hc_problem *problem);

#endif
