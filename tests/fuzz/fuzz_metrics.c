/*
 * Metrics of any rows: values are NaN with a reason or as they should be, the matrix holds every
 * record, and two accumulators that share the rows and are merged give the same bits as one.
 * The first byte says problem type and options, the second the positive label (255: the rows come again and
 * again until there are enough for deviations); each further line is a row of CSV: label, prediction, score.
 */
#include <math.h>

#include "monitor/measure.h"
#include "target.h"

enum { ARENA_MAX = 1 << 24, ROWS_MAX = 1024, MANY = HC_DEVIATION_RECORDS_MIN };

static struct hc_err err;

/* --- Accumulators that are used for many inputs ---------------------------------------------- */

static struct hc_attribute column(size_t i)
{
	static const struct hc_str names[] = {{"0", 1}, {"1", 1}, {"2", 1}};
	return (struct hc_attribute){
		.given = true, .text = names[i], .is_index = true, .index = i, .column = i, .path = {.n = 0}};
}

static struct hc_measure_options options_of(unsigned flags, unsigned label)
{
	static const char *const positive[] = {"1", "0", "yes", "a", "2.0", " no", "\xc3\xa9", "true"};
	struct hc_measure_options o = {
		.problem = (enum hc_problem_type)(flags % 3), .truth = column(0), .seed = 1, .curve_points = 3};
	flags /= 3;
	bool score = o.problem == HC_BINARY && flags & 1;
	if (score)
		o.probability = column(2);
	if (!score || flags & 2)
		o.inference = column(1);
	o.has_threshold = score && flags & 4;
	o.threshold = o.has_threshold ? 0.25 : 0;
	if (o.problem == HC_BINARY && label)
		o.positive_label = hc_str(positive[label % (sizeof positive / sizeof *positive)]);
	return o;
}

/* Empties an accumulator, keeping what costs time to make. */
static void start(struct hc_measure *m, const struct hc_measure_options *o)
{
	if (!m->classes.arena.budget) {
		struct hc_measure_options regression = *o;
		regression.problem = HC_REGRESSION;
		regression.positive_label = (struct hc_str){0};
		regression.inference = column(1);
		must(hc_measure_init(m, &regression, &err) == HC_OK);
	}
	hc_classes_free(&m->classes);
	hc_classes_init(&m->classes);
	hc_multiclass_free(&m->multiclass);
	m->multiclass = (struct hc_multiclass){0};
	m->binary.n = 0;
	m->n = 0;
	if (o->problem == HC_REGRESSION)
		memset(m->regression, 0, sizeof *m->regression);
	m->options = *o;
	bool binary = o->problem == HC_BINARY;
	m->uses_score = binary && o->probability.given;
	m->uses_class = !(binary && m->uses_score && (o->has_threshold || !o->inference.given));
	if (!o->has_threshold)
		m->options.threshold = 0.5;
}

/* --- Merging --------------------------------------------------------------------------------- */

static void merge_classes(struct hc_measure *m, const struct hc_measure *from, uint16_t *number)
{
	for (size_t i = 0; i < from->classes.n; i++) {
		const struct hc_class *c = &from->classes.list[i];
		for (uint64_t k = 0; k < c->labels; k++)
			must(hc_classes_intern(&m->classes, c->spelling, HC_CLASS_LABEL, c->first, &number[i], &err) ==
			     HC_OK);
		for (uint64_t k = 0; k < c->predictions; k++)
			must(hc_classes_intern(&m->classes, c->spelling, HC_CLASS_PREDICTION, c->first, &number[i],
					       &err) == HC_OK);
	}
}

static void merge(struct hc_measure *m, struct hc_measure *from)
{
	static uint16_t number[HC_CLASSES_MAX];
	if (m->options.problem == HC_REGRESSION) {
		hc_regression_merge(m->regression, from->regression);
	} else {
		merge_classes(m, from, number);
		for (size_t i = 0; i < from->binary.n; i++) {
			struct hc_binary_record *r = &from->binary.records[i];
			r->actual = number[r->actual];
			if (r->predicted != HC_BINARY_BY_SCORE)
				r->predicted = number[r->predicted];
		}
		must(hc_binary_merge(&m->binary, &from->binary, &err) == HC_OK);
		if (m->options.problem == HC_MULTICLASS)
			must(hc_multiclass_merge(&m->multiclass, &from->multiclass, number, &err) == HC_OK);
	}
	m->n += from->n;
}

/* --- What must hold --------------------------------------------------------------------------- */

static void check_values(const struct hc_metrics *m)
{
	size_t n;
	const struct hc_metric_info *table = hc_metric_table(m->problem, &n);
	for (size_t i = 0; i < n; i++) {
		const struct hc_metric *v = &m->values[i];
		must(v->present || table[i].needs_score);
		if (!v->present)
			continue;
		must(isnan(v->value) == (v->undefined != NULL));
		must(m->n >= MANY || isnan(v->deviation));
		must(isnan(v->deviation) || v->deviation >= 0);
		if (m->problem != HC_REGRESSION)
			must(isnan(v->value) || (v->value >= 0 && v->value <= 1));
		else
			must(isnan(v->value) || (i == HC_REGRESSION_R2 ? v->value <= 1 : v->value >= 0));
	}
}

static void check_matrix(const struct hc_metrics *m)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < m->classes * m->classes; i++)
		sum += m->counts[i];
	must(sum == m->n);
}

static void check_curve(const struct hc_curve *c, size_t most)
{
	must(c->n >= 1 && c->n <= most);
	for (size_t i = 0; i < c->n; i++) {
		must(c->x[i] >= 0 && c->x[i] <= 1 && c->y[i] >= 0 && c->y[i] <= 1);
		must(i == 0 || c->x[i] >= c->x[i - 1]);
	}
}

static void check_same_curve(const struct hc_curve *a, const struct hc_curve *b)
{
	must(a->n == b->n);
	for (size_t i = 0; i < a->n; i++)
		must(same_double(a->x[i], b->x[i]) && same_double(a->y[i], b->y[i]));
}

static void check_same(const struct hc_measured *a, const struct hc_measured *b)
{
	const struct hc_metrics *x = &a->metrics, *y = &b->metrics;
	must(x->n == y->n && x->classes == y->classes && x->has_curves == y->has_curves);
	for (size_t i = 0; i < HC_METRICS_MAX; i++) {
		must(x->values[i].present == y->values[i].present);
		must(same_double(x->values[i].value, y->values[i].value));
		must(same_double(x->values[i].deviation, y->values[i].deviation));
	}
	for (size_t i = 0; i < x->classes * x->classes; i++)
		must(x->counts[i] == y->counts[i]);
	must(a->classes.classes == b->classes.classes && a->classes.reading == b->classes.reading);
	for (size_t i = 0; i < a->classes.classes; i++)
		must(hc_str_eq(a->classes.names[i], b->classes.names[i]));
	must(a->third.records == b->third.records && hc_str_eq(a->third.spelling, b->third.spelling));
	if (x->has_curves) {
		check_same_curve(&x->roc, &y->roc);
		check_same_curve(&x->pr, &y->pr);
	}
}

static void check(struct hc_measure *whole, struct hc_measure *merged)
{
	struct hc_arena arena = HC_ARENA(ARENA_MAX);
	struct hc_measured a, b;
	struct hc_class_place where, where_b;
	enum hc_code code = hc_measure_finish(whole, &arena, &a, &where, &err);
	if (code != HC_OK) {
		must(code == HC_USAGE || code == HC_INPUT);
		must_explain(code, &err);
		static struct hc_err first;
		first = err;
		must(hc_measure_finish(merged, &arena, &b, &where_b, &err) == code);
		must(where.file == where_b.file && where.line == where_b.line);
		must(strcmp(err.msg, first.msg) == 0 && strcmp(err.hint, first.hint) == 0);
	} else {
		must(a.metrics.n + a.third.records == whole->n);
		check_values(&a.metrics);
		if (whole->options.problem != HC_REGRESSION)
			check_matrix(&a.metrics);
		must(!a.metrics.has_curves || whole->uses_score);
		if (a.metrics.has_curves) {
			check_curve(&a.metrics.roc, whole->options.curve_points);
			check_curve(&a.metrics.pr, whole->options.curve_points);
		}
		must(hc_measure_finish(merged, &arena, &b, &where_b, &err) == HC_OK);
		check_same(&a, &b);
	}
	hc_arena_free(&arena);
}

/* --- Rows ------------------------------------------------------------------------------------- */

static void add(struct hc_measure *m, struct hc_str row, uint64_t i)
{
	struct hc_class_place place = {1, i + 1};
	struct hc_identity who = {.row = i, .output = place, .label = place};
	enum hc_code code = hc_measure_add_table_row(m, row, HC_PAYLOAD_CSV, &who, &err);
	must(code == HC_OK || code == HC_INPUT || code == HC_LIMIT);
	if (code != HC_OK)
		must_explain(code, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct hc_measure whole, half, other;
	if (size < 2)
		return 0;
	struct hc_measure_options o = options_of(data[0] & 0x1f, data[1]);
	start(&whole, &o);
	start(&half, &o);
	start(&other, &o);
	unsigned split = data[0] >> 5;
	bool many = data[1] == 0xff;
	struct hc_str text = input_text(data + 2, size - 2), rest = text;
	for (uint64_t i = 0; i < ROWS_MAX; i++) {
		if (rest.n == 0 && many && whole.n && whole.n < MANY)
			rest = text;
		if (rest.n == 0)
			break;
		struct hc_str row = take_until(&rest, '\n');
		add(&whole, row, i);
		add((i * 0x9e3779b9u >> split) % 2 ? &half : &other, row, i);
	}
	merge(&half, &other);
	must(half.n == whole.n);
	check(&whole, &half);
	return 0;
}
