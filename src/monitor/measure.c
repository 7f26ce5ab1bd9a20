#include "monitor/measure.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/number.h"

enum { ROW_TEXTS_MAX = 1 << 28 };

void hc_measured_rows_init(struct hc_measured_rows *r)
{
	*r = (struct hc_measured_rows){.texts = HC_BUF(ROW_TEXTS_MAX)};
}

void hc_measured_rows_free(struct hc_measured_rows *r)
{
	free(r->list);
	hc_buf_free(&r->texts);
}

static enum hc_code add_row(struct hc_measured_rows *r, double number, struct hc_str text, struct hc_err *err)
{
	if (r->n == r->cap) {
		size_t cap = r->cap ? r->cap * 2 : 16;
		struct hc_row *more = realloc(r->list, cap * sizeof *more);
		if (!more)
			return hc_fail_nomem(err, "the rows of a record");
		r->list = more;
		r->cap = cap;
	}
	r->list[r->n++] = (struct hc_row){number, r->texts.n, text.n};
	hc_buf_str(&r->texts, text);
	return hc_buf_check(&r->texts, "the classes of a record", err);
}

static struct hc_str row_text(const struct hc_measured_rows *r, size_t i)
{
	return (struct hc_str){r->texts.p + r->list[i].text, r->list[i].text_n};
}

static void reset_rows(struct hc_measured_rows *r)
{
	r->n = 0;
	hc_buf_reset(&r->texts);
}

enum hc_code hc_measure_options_check(const struct hc_measure_options *o, struct hc_err *err)
{
	const char *name = hc_problem_name(o->problem);
	if (o->problem != HC_BINARY && !o->inference.given) {
		hc_fail(err, HC_USAGE, "%s needs the attribute of the prediction", name);
		return hc_hint(err, "name it with --inference-attribute");
	}
	if (o->problem == HC_BINARY && !o->inference.given && !o->probability.given) {
		hc_fail(err, HC_USAGE, "%s needs the attribute of the predicted label or of its probability", name);
		return hc_hint(err, "name it with --inference-attribute, --probability-attribute, or both");
	}
	if (o->has_threshold && !(o->threshold >= 0 && o->threshold <= 1)) {
		hc_fail(err, HC_USAGE, "the threshold of the probability is outside 0 to 1: %g", o->threshold);
		return hc_hint(err, "set --probability-threshold-attribute to a number such as 0.5");
	}
	if (o->has_threshold && !o->probability.given) {
		hc_fail(err, HC_USAGE, "a threshold without the attribute of the probability");
		return hc_hint(err, "add --probability-attribute, or leave --probability-threshold-attribute out");
	}
	if (o->positive_label.p && o->problem != HC_BINARY) {
		hc_fail(err, HC_USAGE, "--positive-label is for BinaryClassification, not %s", name);
		return hc_hint(err, "leave it out");
	}
	return HC_OK;
}

static void flatten_truth(struct hc_measure *m)
{
	const struct hc_attribute *truth = &m->options.truth;
	struct hc_str text = truth->given ? truth->text : HC_STR("0");
	int n = snprintf(m->flat_truth_key, sizeof m->flat_truth_key, "groundTruthData_%.*s", HC_STR_ARG(text));
	struct hc_str key = {m->flat_truth_key, (size_t)n};
	m->flat_truth = (struct hc_attribute){.given = true, .text = key, .column = SIZE_MAX, .path = {.n = 1}};
	m->flat_truth.path.steps[0] = (struct hc_jsonpath_step){.kind = HC_STEP_KEY, .key = key};
}

enum hc_code hc_measure_init(struct hc_measure *m, const struct hc_measure_options *options, struct hc_err *err)
{
	*m = (struct hc_measure){.options = *options};
	HC_TRY(hc_measure_options_check(options, err));
	bool binary = options->problem == HC_BINARY;
	m->uses_score = binary && options->probability.given;
	m->uses_class = !(binary && m->uses_score && (options->has_threshold || !options->inference.given));
	if (!options->has_threshold)
		m->options.threshold = 0.5;
	flatten_truth(m);
	hc_payload_init(&m->outputs);
	hc_payload_init(&m->labels);
	m->labels.alone = true;
	hc_measured_rows_init(&m->row_outputs);
	hc_measured_rows_init(&m->row_labels);
	hc_classes_init(&m->classes);
	if (options->problem == HC_REGRESSION) {
		m->regression = calloc(1, sizeof *m->regression);
		if (!m->regression)
			return hc_fail_nomem(err, "the sums");
	}
	return HC_OK;
}

void hc_measure_free(struct hc_measure *m)
{
	hc_payload_free(&m->outputs);
	hc_payload_free(&m->labels);
	hc_measured_rows_free(&m->row_outputs);
	hc_measured_rows_free(&m->row_labels);
	hc_classes_free(&m->classes);
	hc_binary_free(&m->binary);
	hc_multiclass_free(&m->multiclass);
	free(m->regression);
	m->regression = NULL;
}

static enum hc_code read_number(struct hc_str text, const char *what, double *out, struct hc_err *err)
{
	char shown[HC_STR_SHOW_SIZE];
	if (!hc_number_parse(text, out)) {
		hc_fail(err, HC_INPUT, "%s is not a number: '%s'", what, hc_str_show(text, shown));
		return hc_hint(err, "check which column or path the attribute names");
	}
	if (!isfinite(*out)) {
		hc_fail(err, HC_INPUT, "%s is not finite: '%s'", what, hc_str_show(text, shown));
		return hc_hint(err, "such a record cannot be measured: mend it, or allow it with --max-bad-records");
	}
	return HC_OK;
}

static enum hc_code read_score(struct hc_str text, double *out, struct hc_err *err)
{
	double score;
	HC_TRY(read_number(text, "the probability", &score, err));
	if (score < 0 || score > 1) {
		char shown[HC_STR_SHOW_SIZE];
		hc_fail(err, HC_INPUT, "the probability is outside 0 to 1: '%s'", hc_str_show(text, shown));
		return hc_hint(err, "check that --probability-attribute names the probability of the positive class");
	}
	*out = score;
	return HC_OK;
}

/* A prediction's row from the current row of a payload; cells from `first` on. */
static enum hc_code read_output_row(const struct hc_measure *m, struct hc_payload *p, size_t first,
				    struct hc_measured_rows *out, struct hc_err *err)
{
	double number = NAN;
	struct hc_str cell, text = {0};
	if (m->uses_score) {
		HC_TRY(hc_payload_cell(p, first++, &cell, err));
		HC_TRY(read_score(cell, &number, err));
	}
	if (m->uses_class) {
		HC_TRY(hc_payload_cell(p, first, &cell, err));
		if (m->options.problem == HC_REGRESSION)
			HC_TRY(read_number(cell, "the prediction", &number, err));
		else
			text = cell;
	}
	return add_row(out, number, text, err);
}

static enum hc_code read_label_row(const struct hc_measure *m, struct hc_str cell, struct hc_measured_rows *out,
				   struct hc_err *err)
{
	double number = NAN;
	if (m->options.problem == HC_REGRESSION) {
		HC_TRY(read_number(cell, "the label", &number, err));
		cell = (struct hc_str){0};
	}
	return add_row(out, number, cell, err);
}

static size_t output_attributes(const struct hc_measure *m, const struct hc_attribute **list)
{
	size_t n = 0;
	if (m->uses_score)
		list[n++] = &m->options.probability;
	if (m->uses_class)
		list[n++] = &m->options.inference;
	return n;
}

static enum hc_code fail_empty(const char *what, struct hc_err *err)
{
	hc_fail(err, HC_INPUT, "the %s is empty, there is no row in its data", what);
	return hc_hint(err, "remove the record, or allow it with --max-bad-records");
}

enum hc_code hc_measure_read_output(struct hc_measure *m, const struct hc_part_data *output,
				    struct hc_measured_rows *out, struct hc_err *err)
{
	const struct hc_attribute *attributes[HC_PAYLOAD_CELLS_MAX];
	size_t n = output_attributes(m, attributes);
	bool got;
	reset_rows(out);
	HC_TRY(hc_payload_open(&m->outputs, output, "the output", attributes, n, err));
	for (;;) {
		HC_TRY(hc_payload_next(&m->outputs, &got, err));
		if (!got)
			break;
		HC_TRY(read_output_row(m, &m->outputs, 0, out, err));
	}
	return out->n ? HC_OK : fail_empty("output", err);
}

enum hc_code hc_measure_read_labels(struct hc_measure *m, const struct hc_part_data *truth,
				    struct hc_measured_rows *out, struct hc_err *err)
{
	const struct hc_attribute *attributes[] = {&m->options.truth};
	struct hc_str cell;
	bool got;
	reset_rows(out);
	HC_TRY(hc_payload_open(&m->labels, truth, "groundTruthData", attributes, 1, err));
	for (;;) {
		HC_TRY(hc_payload_next(&m->labels, &got, err));
		if (!got)
			break;
		HC_TRY(hc_payload_cell(&m->labels, 0, &cell, err));
		HC_TRY(read_label_row(m, cell, out, err));
	}
	return out->n ? HC_OK : fail_empty("label", err);
}

static enum hc_code add_classes(struct hc_measure *m, struct hc_str actual_text, struct hc_str predicted_text,
				double score, uint8_t samples, const struct hc_identity *who, struct hc_err *err)
{
	uint16_t actual, predicted = HC_BINARY_BY_SCORE;
	HC_TRY(hc_classes_intern(&m->classes, actual_text, HC_CLASS_LABEL, who->label, &actual, err));
	if (m->uses_class)
		HC_TRY(hc_classes_intern(&m->classes, predicted_text, HC_CLASS_PREDICTION, who->output, &predicted,
					 err));
	if (m->options.problem == HC_MULTICLASS)
		return hc_multiclass_add(&m->multiclass, actual, predicted, samples, err);
	struct hc_binary_record record = {score, actual, predicted, samples};
	return hc_binary_add(&m->binary, record, err);
}

enum hc_code hc_measure_add(struct hc_measure *m, const struct hc_measured_rows *outputs,
			    const struct hc_measured_rows *labels, const struct hc_identity *who, struct hc_err *err)
{
	if (outputs->n != labels->n) {
		hc_fail(err, HC_INPUT, "the output has %zu rows and its label %zu", outputs->n, labels->n);
		return hc_hint(err, "an output of several rows needs a label of as many, in the same order");
	}
	struct hc_sampler sampler = {m->options.seed};
	for (size_t i = 0; i < outputs->n; i++) {
		uint8_t samples = hc_sample_bits(&sampler, who->inference_id, who->event_id, who->row + i);
		double number = outputs->list[i].number;
		if (m->options.problem == HC_REGRESSION)
			hc_regression_add(m->regression, labels->list[i].number, number, samples);
		else
			HC_TRY(add_classes(m, row_text(labels, i), row_text(outputs, i), number, samples, who, err));
		m->n++;
	}
	return HC_OK;
}

/* Reads rows that hold prediction and, where `truth` is not NULL, label from the outputs payload. */
static enum hc_code read_table_rows(struct hc_measure *m, struct hc_str text, enum hc_payload_format format,
				    const struct hc_attribute *truth, struct hc_err *err)
{
	const struct hc_attribute *attributes[HC_PAYLOAD_CELLS_MAX];
	size_t n = 0;
	if (truth)
		attributes[n++] = truth;
	n += output_attributes(m, attributes + n);
	reset_rows(&m->row_outputs);
	reset_rows(&m->row_labels);
	hc_payload_open_text(&m->outputs, text, format, attributes, n);
	for (;;) {
		bool got;
		struct hc_str cell;
		HC_TRY(hc_payload_next(&m->outputs, &got, err));
		if (!got)
			return HC_OK;
		if (truth) {
			HC_TRY(hc_payload_cell(&m->outputs, 0, &cell, err));
			HC_TRY(read_label_row(m, cell, &m->row_labels, err));
		}
		HC_TRY(read_output_row(m, &m->outputs, truth != NULL, &m->row_outputs, err));
	}
}

enum hc_code hc_measure_add_table_row(struct hc_measure *m, struct hc_str text, enum hc_payload_format format,
				      const struct hc_identity *who, struct hc_err *err)
{
	HC_TRY(read_table_rows(m, text, format, &m->options.truth, err));
	return hc_measure_add(m, &m->row_outputs, &m->row_labels, who, err);
}

static bool names_an_output(const struct hc_measure *m, struct hc_str text)
{
	const struct hc_attribute *attributes[HC_PAYLOAD_CELLS_MAX];
	for (size_t i = output_attributes(m, attributes); i > 0; i--)
		if (hc_str_eq(attributes[i - 1]->text, text))
			return true;
	return false;
}

/* Where the label stands in a row that a preprocessor made; NULL: it holds none. */
static const struct hc_attribute *truth_of_row(struct hc_measure *m, struct hc_str row)
{
	const struct hc_attribute *truth = &m->options.truth;
	if (truth->given && !names_an_output(m, truth->text) && hc_payload_holds(&m->outputs, row, truth))
		return truth;
	return hc_payload_holds(&m->outputs, row, &m->flat_truth) ? &m->flat_truth : NULL;
}

enum hc_code hc_measure_add_script_row(struct hc_measure *m, struct hc_str row, const struct hc_part_data *truth,
				       const struct hc_identity *who, struct hc_err *err)
{
	static const char *const prefixes[] = {"endpointOutput_", "batchTransformOutput_", NULL};
	const struct hc_attribute *in_row = truth_of_row(m, row);
	m->outputs.prefixes = prefixes;
	enum hc_code code = read_table_rows(m, row, HC_PAYLOAD_JSON, in_row, err);
	m->outputs.prefixes = NULL;
	HC_TRY(code);
	if (!in_row)
		HC_TRY(hc_measure_read_labels(m, truth, &m->row_labels, err));
	return hc_measure_add(m, &m->row_outputs, &m->row_labels, who, err);
}

/* By place; of two in one record the first in byte order, whatever the order in which they were met. */
static bool stands_before(const struct hc_class *c, const struct hc_third_class *found)
{
	if (c->first.file != found->first.file)
		return c->first.file < found->first.file;
	if (c->first.line != found->first.line)
		return c->first.line < found->first.line;
	return hc_str_cmp(c->spelling, found->spelling) < 0;
}

static enum hc_code finish_binary(struct hc_measure *m, struct hc_arena *arena, struct hc_measured *out,
				  struct hc_class_place *where, struct hc_err *err)
{
	const struct hc_measure_options *o = &m->options;
	HC_TRY(hc_classes_read_binary(&m->classes, o->positive_label, arena, &out->classes, where, err));
	HC_TRY(hc_binary_finish(&m->binary, out->classes.roles, out->classes.n, o->threshold, m->uses_score,
				o->curve_points, arena, &out->metrics, err));
	out->third.records = m->n - out->metrics.n;
	for (size_t i = 0; i < out->classes.n; i++) {
		const struct hc_class *c = &m->classes.list[i];
		if (out->classes.roles[i] != HC_ROLE_NONE)
			continue;
		if (!out->third.spelling.p || stands_before(c, &out->third)) {
			out->third.spelling = c->spelling;
			out->third.first = c->first;
		}
	}
	return HC_OK;
}

enum hc_code hc_measure_finish(struct hc_measure *m, struct hc_arena *arena, struct hc_measured *out,
			       struct hc_class_place *where, struct hc_err *err)
{
	*out = (struct hc_measured){0};
	*where = (struct hc_class_place){UINT64_MAX, 0};
	switch (m->options.problem) {
	case HC_BINARY:
		return finish_binary(m, arena, out, where, err);
	case HC_MULTICLASS:
		HC_TRY(hc_classes_read_multiclass(&m->classes, arena, &out->classes, err));
		return hc_multiclass_finish(&m->multiclass, out->classes.place, out->classes.n, out->classes.classes,
					    arena, &out->metrics, err);
	default:
		hc_regression_finish(m->regression, &out->metrics);
		return HC_OK;
	}
}
