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

static enum hc_code make_room(struct hc_measured_rows *r, size_t n, struct hc_err *err)
{
	size_t cap = r->cap ? r->cap : 16;
	while (cap < n)
		cap *= 2;
	if (cap == r->cap)
		return HC_OK;
	struct hc_row *more = realloc(r->list, cap * sizeof *more);
	if (!more)
		return hc_fail_nomem(err, "the rows of a record");
	r->list = more;
	r->cap = cap;
	return HC_OK;
}

enum hc_code hc_measured_rows_set(struct hc_measured_rows *r, const void *list, size_t n, struct hc_str texts,
				  struct hc_err *err)
{
	HC_TRY(make_room(r, n, err));
	if (n)
		memcpy(r->list, list, n * sizeof *r->list);
	r->n = n;
	hc_buf_reset(&r->texts);
	hc_buf_str(&r->texts, texts);
	return hc_buf_check(&r->texts, "the classes of a record", err);
}

static enum hc_code add_row(struct hc_measured_rows *r, double number, struct hc_str text, struct hc_err *err)
{
	HC_TRY(make_room(r, r->n + 1, err));
	r->list[r->n++] = (struct hc_row){number, r->texts.n, text.n};
	hc_buf_str(&r->texts, text);
	return hc_buf_check(&r->texts, "the classes of a record", err);
}

struct hc_str hc_measured_rows_text(const struct hc_measured_rows *r, size_t i)
{
	const struct hc_row *row = &r->list[i];
	return row->text_n ? (struct hc_str){r->texts.p + row->text, row->text_n} : HC_STR("");
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

enum hc_code hc_measure_init(struct hc_measure *m, const struct hc_measure_options *options, struct hc_tally *tally,
			     unsigned worker, struct hc_err *err)
{
	*m = (struct hc_measure){.options = *options, .tally = tally, .worker = worker};
	HC_TRY(hc_measure_options_check(options, err));
	m->uses_score = hc_measure_uses_score(options);
	m->uses_class = hc_measure_uses_class(options);
	flatten_truth(m);
	hc_payload_init(&m->outputs);
	hc_payload_init(&m->labels);
	m->labels.alone = true;
	hc_measured_rows_init(&m->row_outputs);
	hc_measured_rows_init(&m->row_labels);
	return HC_OK;
}

void hc_measure_free(struct hc_measure *m)
{
	hc_payload_free(&m->outputs);
	hc_payload_free(&m->labels);
	hc_measured_rows_free(&m->row_outputs);
	hc_measured_rows_free(&m->row_labels);
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

/* ---- the plainest data ---- */

/* The text of a CSV payload of one row without quotes and escapes, but for a newline at its end. */
static bool plain_text(const struct hc_part_data *data, struct hc_str *out)
{
	if (data->encoding != HC_ENCODING_CSV)
		return false;
	struct hc_str text = {data->data.raw.p + 1, data->data.raw.n - 2};
	if (text.n >= HC_CSV_FIELDS_MAX)
		return false; /* it might have too many */
	if (data->data.escaped) {
		if (!hc_str_ends(text, "\\n"))
			return false;
		text.n -= 2;
		if (memchr(text.p, '\\', text.n))
			return false;
	}
	*out = text;
	return true;
}

/* Column `column` of a plain row, which must not be blank; *sole: it is the only one. */
static bool plain_field(struct hc_str row, size_t column, struct hc_str *out, bool *sole)
{
	const char *p = row.p, *end = row.p + row.n;
	const char *comma = memchr(p, ',', row.n);
	*sole = !comma;
	for (; column > 0; column--) {
		if (!comma)
			return false;
		p = comma + 1;
		comma = memchr(p, ',', (size_t)(end - p));
	}
	*out = (struct hc_str){p, (size_t)((comma ? comma : end) - p)};
	return out->n > 0 && hc_str_trim(*out).n > 0;
}

static bool plain_number(struct hc_str cell, double *out)
{
	return hc_number_parse(cell, out) && isfinite(*out);
}

bool hc_measure_plain_output(const struct hc_measure *m, const struct hc_part_data *output, struct hc_plain_cells *out)
{
	struct hc_str row, cell;
	bool sole;
	if (m->outputs.columns || !plain_text(output, &row))
		return false;
	*out = (struct hc_plain_cells){.number = NAN};
	if (m->uses_score) {
		const struct hc_attribute *a = &m->options.probability;
		if (a->column == SIZE_MAX || !plain_field(row, a->column, &cell, &sole) ||
		    !plain_number(cell, &out->number) || out->number < 0 || out->number > 1)
			return false;
	}
	if (!m->uses_class)
		return true;
	const struct hc_attribute *a = &m->options.inference;
	if (!a->given || a->column == SIZE_MAX || !plain_field(row, a->column, &cell, &sole))
		return false;
	if (m->options.problem == HC_REGRESSION)
		return plain_number(cell, &out->number);
	out->text = cell;
	return true;
}

bool hc_measure_plain_label(const struct hc_measure *m, const struct hc_part_data *truth, struct hc_plain_cells *out)
{
	const struct hc_attribute *a = &m->options.truth;
	struct hc_str row, cell;
	bool sole;
	if (!plain_text(truth, &row) || !plain_field(row, 0, &cell, &sole))
		return false;
	/* A label that stands alone is found by any name; by an index only where that is 0. */
	bool by_column = a->given && a->column != SIZE_MAX;
	if ((!by_column && !sole) || (by_column && !plain_field(row, a->column, &cell, &sole)))
		return false;
	*out = (struct hc_plain_cells){.number = NAN};
	if (m->options.problem == HC_REGRESSION)
		return plain_number(cell, &out->number);
	out->text = cell;
	return true;
}

/* ---- adding ---- */

static enum hc_code add_classes(struct hc_measure *m, struct hc_str actual_text, struct hc_str predicted_text,
				double score, uint8_t samples, const struct hc_identity *who, struct hc_err *err)
{
	struct hc_tally_row row = {.predicted = HC_BINARY_BY_SCORE,
				   .samples = samples,
				   .score = score,
				   .label = who->label,
				   .output = who->output};
	if (!hc_tally_class(m->tally, m->worker, actual_text, who->label, &row.actual) ||
	    (m->uses_class && !hc_tally_class(m->tally, m->worker, predicted_text, who->output, &row.predicted)))
		return HC_OK;
	return hc_tally_add(m->tally, m->worker, &row, err);
}

enum hc_code hc_measure_pair(size_t outputs, size_t labels, struct hc_err *err)
{
	if (outputs == labels)
		return HC_OK;
	hc_fail(err, HC_INPUT, "the output has %zu rows and its label %zu", outputs, labels);
	return hc_hint(err, "an output of several rows needs a label of as many, in the same order");
}

enum hc_code hc_measure_add(struct hc_measure *m, const struct hc_measured_rows *outputs,
			    const struct hc_measured_rows *labels, const struct hc_identity *who, struct hc_err *err)
{
	HC_TRY(hc_measure_pair(outputs->n, labels->n, err));
	struct hc_sampler sampler = {m->options.seed};
	for (size_t i = 0; i < outputs->n; i++) {
		uint8_t samples = hc_sample_bits(&sampler, who->inference_id, who->event_id, who->row + i);
		double number = outputs->list[i].number;
		if (m->options.problem == HC_REGRESSION)
			hc_tally_add_values(m->tally, m->worker, labels->list[i].number, number, samples);
		else
			HC_TRY(add_classes(m, hc_measured_rows_text(labels, i), hc_measured_rows_text(outputs, i),
					   number, samples, who, err));
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
