/*
 * Measure: predictions and labels in, metrics out.
 *
 * Between records and the pure metrics of src/metric: knows which cells a problem type needs, what
 * a valid score or value is, how classes are interned, and what is bad about a row.
 *
 * Which class was predicted (binary): where a probability and a threshold are given, score >
 * threshold and the inference attribute is not read; else the inference attribute; else score > 0.5.
 */
#ifndef HC_MONITOR_MEASURE_H
#define HC_MONITOR_MEASURE_H

#include "dataset/payload.h"
#include "metric/binary.h"
#include "metric/classes.h"
#include "metric/multiclass.h"
#include "metric/regression.h"

/* What of a record is measured, and how. */
struct hc_measure_options {
	enum hc_problem_type problem;
	struct hc_attribute inference, probability, truth;
	bool has_threshold;
	double threshold;
	struct hc_str positive_label; /* p NULL: none */
	uint64_t seed;
	size_t curve_points;
};

/* HC_USAGE when the attributes do not suffice for the problem type; the hint names the option. */
enum hc_code hc_measure_options_check(const struct hc_measure_options *o, struct hc_err *err) HC_MUST_USE;

/* The rows of one record's output or label. */
struct hc_measured_rows {
	struct hc_row {
		double number;       /* the score (binary), the value (regression) */
		size_t text, text_n; /* class text, in `texts` */
	} * list;
	size_t n, cap;
	struct hc_buf texts;
};
void hc_measured_rows_init(struct hc_measured_rows *r);
void hc_measured_rows_free(struct hc_measured_rows *r);

struct hc_measure {
	struct hc_measure_options options;
	bool uses_score, uses_class; /* what is read of an output */
	struct hc_payload outputs, labels;
	struct hc_measured_rows row_outputs, row_labels; /* of table rows */
	struct hc_attribute flat_truth;                  /* groundTruthData_<A>, where preprocessors have the label */
	char flat_truth_key[HC_ATTRIBUTE_LEN_MAX + 32];
	struct hc_classes classes;
	struct hc_binary binary;
	struct hc_multiclass multiclass;
	struct hc_regression *regression;
	uint64_t n; /* rows added */
};

enum hc_code hc_measure_init(struct hc_measure *m, const struct hc_measure_options *options,
			     struct hc_err *err) HC_MUST_USE;
void hc_measure_free(struct hc_measure *m);

/* Reads the predictions of an output. HC_INPUT on a bad one: a column or path that is not there, a
 * score that is no number or outside 0..1, NaN, infinities. */
enum hc_code hc_measure_read_output(struct hc_measure *m, const struct hc_part_data *output,
				    struct hc_measured_rows *out, struct hc_err *err) HC_MUST_USE;
/* Reads the labels of a groundTruthData. HC_INPUT on a bad one. */
enum hc_code hc_measure_read_labels(struct hc_measure *m, const struct hc_part_data *truth,
				    struct hc_measured_rows *out, struct hc_err *err) HC_MUST_USE;

/* Ids and places of what is added: for samples, and to say where a class was first seen. */
struct hc_identity {
	struct hc_str inference_id, event_id;
	uint64_t row; /* tells rows without ids apart; else 0 */
	struct hc_class_place output, label;
};

/* Adds all rows of a record: outputs and labels pair one by one. HC_INPUT when their numbers differ. */
enum hc_code hc_measure_add(struct hc_measure *m, const struct hc_measured_rows *outputs,
			    const struct hc_measured_rows *labels, const struct hc_identity *who,
			    struct hc_err *err) HC_MUST_USE;

/* Adds one row of a table that holds prediction and label: a CSV row or a JSON value of a baseline. */
enum hc_code hc_measure_add_table_row(struct hc_measure *m, struct hc_str text, enum hc_payload_format format,
				      const struct hc_identity *who, struct hc_err *err) HC_MUST_USE;

/*
 * Adds one row that a preprocessor made: a JSON object. Keys are looked for as the attributes name them,
 * then as AWS's analyzer flattens records (predictions `endpointOutput_<A>`, the label `groundTruthData_<A>`, or
 * `groundTruthData_0` where no attribute was given); what an attribute of the prediction names is no label.
 * Without a label in the row the record's own one counts.
 */
enum hc_code hc_measure_add_script_row(struct hc_measure *m, struct hc_str row, const struct hc_part_data *truth,
				       const struct hc_identity *who, struct hc_err *err) HC_MUST_USE;

/* A label or prediction that is neither class of a binary problem. */
struct hc_third_class {
	uint64_t records;
	struct hc_str spelling;
	struct hc_class_place first;
};

struct hc_measured {
	struct hc_metrics metrics;
	struct hc_class_map classes; /* classification: names of the matrix, how labels were read */
	struct hc_third_class third;
};

/*
 * Computes all metrics. Arrays live in arena. HC_USAGE/HC_INPUT where classes cannot be read; *where is
 * then the place of the first label it is about (file = UINT64_MAX: none).
 */
enum hc_code hc_measure_finish(struct hc_measure *m, struct hc_arena *arena, struct hc_measured *out,
			       struct hc_class_place *where, struct hc_err *err) HC_MUST_USE;

#endif
