/*
 * Metrics of any rows: values are NaN with a reason or as they should be, the matrix holds every
 * record, and a tally of several workers that share the rows in another order gives the same bits as one worker's.
 * The first byte says problem type, options and who gets which row, the second the positive label (255: the rows come
 * again and again until there are enough for deviations); each further line is a row of CSV: label, prediction, score.
 */
#include <math.h>

#include "monitor/measure.h"
#include "monitor/place.h"
#include "target.h"

enum { ARENA_MAX = 1 << 24, ROWS_MAX = 1024, MANY = HC_DEVIATION_RECORDS_MIN, WORKERS = 3 };

static struct hc_err err;

/* --- Tallies, over memory that serves many inputs ---------------------------------------------- */

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

static struct hc_spill *memory(void)
{
	static struct hc_spill spill;
	if (!spill.folder)
		must(hc_spill_init(&spill, UINT64_C(1) << 28, "/tmp", &err) == HC_OK);
	return &spill;
}

/* A tally, and what reads rows for each of its workers. */
struct crew {
	unsigned workers;
	struct hc_tally *tally;
	struct hc_measure measures[WORKERS];
	enum hc_code code; /* HC_LIMIT: refused, as the run would have been */
};

static void start(struct crew *c, const struct hc_measure_options *o, unsigned workers)
{
	*c = (struct crew){.workers = workers};
	must(hc_tally_open(o, memory(), workers, &c->tally, &err) == HC_OK);
	for (unsigned i = 0; i < workers; i++)
		must(hc_measure_init(&c->measures[i], o, c->tally, i, &err) == HC_OK);
}

static void end(struct crew *c)
{
	for (unsigned i = 0; i < c->workers; i++)
		hc_measure_free(&c->measures[i]);
	hc_tally_free(c->tally);
}

static struct hc_class_place where_is(void *arg, uint64_t place)
{
	(void)arg;
	return (struct hc_class_place){hc_place_chunk(place), hc_place_line(place)};
}

static const struct hc_place_resolver places = {where_is, NULL};

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

static enum hc_code finish(struct crew *c, unsigned threads, struct hc_arena *arena, struct hc_measured *out,
			   struct hc_class_place *where)
{
	return c->code != HC_OK ? c->code : hc_tally_finish(c->tally, &places, threads, arena, out, where, &err);
}

static void check(struct crew *whole, struct crew *shared)
{
	struct hc_arena arena = HC_ARENA(ARENA_MAX);
	const struct hc_measure_options *o = &whole->tally->options;
	uint64_t rows = hc_tally_rows(whole->tally);
	bool uses_score = hc_measure_uses_score(o);
	struct hc_measured a, b;
	struct hc_class_place where, where_b;
	enum hc_code code = finish(whole, 1, &arena, &a, &where);
	static struct hc_err first;
	first = err;
	must(finish(shared, 2, &arena, &b, &where_b) == code);
	if (code == HC_OK) {
		must(hc_tally_rows(shared->tally) == rows);
		must(a.metrics.n + a.third.records == rows);
		check_values(&a.metrics);
		if (o->problem != HC_REGRESSION)
			check_matrix(&a.metrics);
		must(!a.metrics.has_curves || uses_score);
		if (a.metrics.has_curves) {
			check_curve(&a.metrics.roc, o->curve_points);
			check_curve(&a.metrics.pr, o->curve_points);
		}
		check_same(&a, &b);
	} else if (code != HC_LIMIT) {
		must(code == HC_USAGE || code == HC_INPUT);
		must_explain(code, &first);
		must(where.file == where_b.file && where.line == where_b.line);
		must(strcmp(err.msg, first.msg) == 0 && strcmp(err.hint, first.hint) == 0);
	}
	hc_arena_free(&arena);
}

/* --- Rows ------------------------------------------------------------------------------------- */

static void add(struct crew *c, unsigned worker, struct hc_str row, uint64_t i)
{
	struct hc_identity who = {.row = i, .output = hc_place(1, i), .label = hc_place(1, i)};
	if (c->code != HC_OK)
		return;
	enum hc_code code = hc_measure_add_table_row(&c->measures[worker], row, HC_PAYLOAD_CSV, &who, &err);
	must(code == HC_OK || code == HC_INPUT || code == HC_LIMIT);
	if (code != HC_OK)
		must_explain(code, &err);
	if (code == HC_LIMIT)
		c->code = code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct hc_str rows[ROWS_MAX];
	static struct crew whole, shared;
	if (size < 2)
		return 0;
	struct hc_measure_options o = options_of(data[0] & 0x1f, data[1]);
	start(&whole, &o, 1);
	start(&shared, &o, WORKERS);
	unsigned split = data[0] >> 5;
	bool many = data[1] == 0xff;
	struct hc_str text = input_text(data + 2, size - 2), rest = text;
	uint64_t n = 0;
	for (; n < ROWS_MAX; n++) {
		uint64_t added = hc_tally_rows(whole.tally);
		if (rest.n == 0 && many && added && added < MANY)
			rest = text;
		if (rest.n == 0)
			break;
		rows[n] = take_until(&rest, '\n');
		add(&whole, 0, rows[n], n);
	}
	for (uint64_t i = n; i > 0; i--)
		add(&shared, (unsigned)((i * 0x9e3779b9u >> split) % WORKERS), rows[i - 1], i - 1);
	check(&whole, &shared);
	end(&whole);
	end(&shared);
	return 0;
}
