/*
 * Measure: what of a record is measured.
 *
 * Between records and the tally (monitor/tally.h): knows which cells a problem type needs, what
 * a valid score or value is, and what is bad about a row.
 *
 * Which class was predicted (binary): where a probability and a threshold are given, score >
 * threshold and the inference attribute is not read; else the inference attribute; else score > 0.5.
 */
#ifndef HC_MONITOR_MEASURE_H
#define HC_MONITOR_MEASURE_H

#include "monitor/tally.h"

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
/* Takes n rows as `list` has them (bytes, at any address), with their texts. */
enum hc_code hc_measured_rows_set(struct hc_measured_rows *r, const void *list, size_t n, struct hc_str texts,
				  struct hc_err *err) HC_MUST_USE;
/* The class of row i. */
struct hc_str hc_measured_rows_text(const struct hc_measured_rows *r, size_t i);

/* A worker's own: scratch to read cells with. */
struct hc_measure {
	struct hc_measure_options options; /* a copy: columns are found in each file's header */
	bool uses_score, uses_class;       /* what is read of an output */
	struct hc_tally *tally;            /* where rows are added; may be NULL: then nothing is added */
	unsigned worker;
	struct hc_payload outputs, labels;
	struct hc_measured_rows row_outputs, row_labels; /* of table rows */
	struct hc_attribute flat_truth;                  /* groundTruthData_<A>, where preprocessors have the label */
	char flat_truth_key[HC_ATTRIBUTE_LEN_MAX + 32];
};

enum hc_code hc_measure_init(struct hc_measure *m, const struct hc_measure_options *options, struct hc_tally *tally,
			     unsigned worker, struct hc_err *err) HC_MUST_USE;
void hc_measure_free(struct hc_measure *m);

/* Reads the predictions of an output. HC_INPUT on a bad one: a column or path that is not there, a
 * score that is no number or outside 0..1, NaN, infinities. */
enum hc_code hc_measure_read_output(struct hc_measure *m, const struct hc_part_data *output,
				    struct hc_measured_rows *out, struct hc_err *err) HC_MUST_USE;
/* Reads the labels of a groundTruthData. HC_INPUT on a bad one. */
enum hc_code hc_measure_read_labels(struct hc_measure *m, const struct hc_part_data *truth,
				    struct hc_measured_rows *out, struct hc_err *err) HC_MUST_USE;

/* What of an output or label is measured, where it is one plain row. */
struct hc_plain_cells {
	double number;      /* the score (binary), the value (regression); NaN: none is read */
	struct hc_str text; /* the class; p NULL: none is read */
};

/*
 * The same for the plainest data, which most are: one row of CSV without quotes or escapes. False: it is not so
 * plain or not valid, and the functions above say what it is. Slices point into the data.
 */
bool hc_measure_plain_output(const struct hc_measure *m, const struct hc_part_data *output, struct hc_plain_cells *out);
bool hc_measure_plain_label(const struct hc_measure *m, const struct hc_part_data *truth, struct hc_plain_cells *out);

/* Ids and places of what is added: for samples, and to say where a class was first seen. */
struct hc_identity {
	struct hc_str inference_id, event_id;
	uint64_t row;           /* tells rows without ids apart; else 0 */
	uint64_t output, label; /* places */
};

/* HC_INPUT when the numbers of rows differ. */
enum hc_code hc_measure_pair(size_t outputs, size_t labels, struct hc_err *err) HC_MUST_USE;

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

#endif
