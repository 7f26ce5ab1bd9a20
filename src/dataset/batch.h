/*
 * Batch transform: manifests that name outputs, and output rows as capture records.
 *
 * A manifest is `[{"prefix":"s3://.../transform-output/"},"file.out",...]`. A prefix is a path, a
 * `file://` URI, or relative to the --batch-transform-input folder. A transform job appends the
 * inference id and the inference time to each output row: the last two columns of CSV; in JSON
 * objects the members SageMakerInferenceId and SageMakerInferenceTime (also without "SageMaker",
 * in any case, with underscores; else the last two members); in JSON arrays the last two elements.
 */
#ifndef HC_DATASET_BATCH_H
#define HC_DATASET_BATCH_H

#include "dataset/layout.h"
#include "dataset/payload.h"

enum { HC_MANIFEST_BYTES_MAX = 64 << 20, HC_MANIFEST_ENTRIES_MAX = 1000000 };

/*
 * Adds the outputs that one manifest names, as files of source "capture" with the manifest's hour.
 * HC_INPUT, naming the manifest, when it is not one or an output does not exist.
 */
enum hc_code hc_batch_manifest(const char *root, const struct hc_input_file *manifest, struct hc_input_files *out,
			       struct hc_err *err) HC_MUST_USE;

/* What is done with each output that a manifest names: its path, and its name below the prefix, both in the arena. */
struct hc_batch_outputs {
	enum hc_code (*take)(void *arg, const char *path, const char *name, struct hc_err *err);
	void *arg;
};

/* The same for a manifest's text, until an output is not taken; `path` is for messages. Touches no disk. */
enum hc_code hc_batch_manifest_read(struct hc_str text, const char *root, const char *path, struct hc_arena *arena,
				    const struct hc_batch_outputs *outputs, struct hc_err *err) HC_MUST_USE;

/*
 * Appends the capture record (one JSON line, without newline) that an output row stands for: the
 * row without id and time as batchTransformOutput.data, the id as eventId. HC_INPUT when the row
 * does not end with them. `row` is scratch.
 */
enum hc_code hc_batch_capture(struct hc_str text, enum hc_payload_format format, struct hc_csv_row *row,
			      struct hc_buf *out, struct hc_err *err) HC_MUST_USE;

/*
 * Whether a member, or a column, means what `what` says in lower case: "SageMakerInferenceId", "inference_id" and
 * "InferenceId" all mean "inferenceid".
 */
bool hc_batch_key_means(const struct hc_json_key *key, const char *what);

#endif
