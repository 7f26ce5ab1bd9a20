/*
 * One record: a captured prediction, a ground-truth label, or both merged.
 *
 *   capture  {"captureData":{"endpointInput":{..},"endpointOutput":{"data":"..","encoding":"CSV",..}},
 *             "eventMetadata":{"eventId":"..","inferenceId":"..","inferenceTime":".."},"eventVersion":"0"}
 *   label    {"groundTruthData":{"data":"1","encoding":"CSV"},"eventMetadata":{"eventId":".."},"eventVersion":"0"}
 *   merged   both, batch records with captureData.batchTransformOutput
 *
 * A parsed record is slices of the line (and of its own scratch memory for ids with escapes): valid
 * until the line goes or the record is used again. Reuse one hc_record for many lines; nothing is
 * allocated a record. Members that are not known are kept and written again. Of a key that comes
 * twice the last one counts.
 */
#ifndef HC_DATASET_RECORD_H
#define HC_DATASET_RECORD_H

#include <stdint.h>

#include "codec/json.h"

enum {
	HC_RECORD_PARTS_MAX = 8,    /* objects inside captureData */
	HC_RECORD_MEMBERS_MAX = 32, /* members of one object */
	HC_RECORD_ID_MAX = 1 << 16, /* bytes of an inference id or event id */
};

enum hc_encoding { HC_ENCODING_NONE, HC_ENCODING_CSV, HC_ENCODING_JSON, HC_ENCODING_BASE64 };

struct hc_record_member {
	struct hc_json_key key;
	struct hc_json_value value;
};

/* endpointInput, endpointOutput, batchTransformOutput, groundTruthData or eventMetadata. */
struct hc_part {
	struct hc_json_key name;
	struct hc_json_value other; /* an unknown member of captureData that is no object; raw.n = 0: it is one */
	struct hc_record_member members[HC_RECORD_MEMBERS_MAX]; /* as they came */
	size_t n;
};

/* What to do where merged records were expected. */
#define HC_RECORD_MERGED_REMEDY "name what `merge` or `run` wrote (part-*.jsonl), or its folder"

enum hc_record_kind { HC_RECORD_CAPTURE, HC_RECORD_LABEL, HC_RECORD_MERGED };

/* What a part carries, once it was found usable. */
struct hc_part_data {
	const struct hc_part *part; /* NULL: absent */
	struct hc_json_value data;  /* a string */
	enum hc_encoding encoding;
	struct hc_json_value content_type; /* observedContentType; raw.n = 0: absent */
};

struct hc_record {
	struct hc_part parts[HC_RECORD_PARTS_MAX];
	size_t n_parts;
	struct hc_part truth_part, metadata;
	bool has_capture, has_truth, has_metadata;
	struct hc_json_value version; /* raw.n = 0: absent */

	struct hc_part_data output;           /* of the prediction */
	struct hc_part_data truth;            /* of the label */
	bool batch;                           /* the output is a batchTransformOutput */
	struct hc_str inference_id, event_id; /* decoded; p NULL: absent */
	struct hc_str key;                    /* what it is joined by: inference id, else event id */
	bool has_time;
	int64_t time_us; /* inferenceTime */

	struct hc_buf inference_id_scratch, event_id_scratch;
};

void hc_record_init(struct hc_record *r);
void hc_record_free(struct hc_record *r);

/*
 * Reads one line. HC_INPUT when it is not a usable record of that kind: not valid JSON, no usable
 * id (one that is not a string, or empty), no usable data, an unknown encoding, an inferenceTime that is no
 * time. The message says what and shows the value; the caller adds file and line.
 */
enum hc_code hc_record_parse(struct hc_str line, enum hc_record_kind kind, struct hc_record *r,
			     struct hc_err *err) HC_MUST_USE;

/*
 * Appends a label's groundTruthData as merged records hold it: one object, its members as given but
 * in the order in which Spark writes them (by name).
 */
void hc_record_write_truth(const struct hc_record *label, struct hc_buf *out);

/*
 * Appends the merged record of a capture and a groundTruthData object, without a newline, in AWS's form:
 * objects in the order of reference 3.5, members inside them by name, values as captured.
 */
void hc_record_write_merged(const struct hc_record *capture, struct hc_str truth_json, struct hc_buf *out);

/*
 * Reads a groundTruthData object as hc_record_write_truth wrote it into r->truth, leaving the rest
 * of r as it is.
 */
enum hc_code hc_record_read_truth(struct hc_str truth_json, struct hc_record *r, struct hc_err *err) HC_MUST_USE;

#endif
