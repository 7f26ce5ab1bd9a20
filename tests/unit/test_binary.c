#include "metric/binary.h"

#include "check_metric.h"

enum { NEG, POS, OTHER, CLASSES };

static const enum hc_binary_role roles[CLASSES] = {HC_ROLE_NEGATIVE, HC_ROLE_POSITIVE, HC_ROLE_NONE};

enum { ALL_POINTS = 1 << 20, ALL_SAMPLES = (1 << HC_SAMPLES) - 1, ARENA = 64 << 20 };

static void add(struct hc_binary *b, double score, int actual, int predicted, int samples)
{
	struct hc_err err;
	struct hc_binary_record r = {score, (uint16_t)actual, (uint16_t)predicted, (uint8_t)samples};
	assert_int_equal(hc_binary_add(b, r, &err), HC_OK);
}

static struct hc_metrics finish_above(struct hc_binary *b, double threshold, bool has_score, size_t points,
				      struct hc_arena *arena)
{
	struct hc_metrics m;
	struct hc_err err;
	assert_int_equal(hc_binary_finish(b, roles, CLASSES, threshold, has_score, points, arena, &m, &err), HC_OK);
	return m;
}

static struct hc_metrics finish(struct hc_binary *b, bool has_score, size_t points, struct hc_arena *arena)
{
	return finish_above(b, 0.5, has_score, points, arena);
}

static void check_matrix(const struct hc_metrics *m, uint64_t tn, uint64_t fp, uint64_t fn, uint64_t tp)
{
	assert_int_equal(m->problem, HC_BINARY);
	assert_int_equal(m->classes, 2);
	assert_int_equal(m->counts[0], tn);
	assert_int_equal(m->counts[1], fp);
	assert_int_equal(m->counts[2], fn);
	assert_int_equal(m->counts[3], tp);
	assert_int_equal(m->n, tn + fp + fn + tp);
}

struct expected {
	enum hc_binary_metric metric;
	double value;
};

static void check_values(const struct hc_metrics *m, const struct expected *expected, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		assert_true(m->values[expected[i].metric].present);
		check_same(m->values[expected[i].metric].value, expected[i].value);
	}
}

/* ---- AWS's own digits ---- */

static void test_aws_baseline(void **state)
{
	(void)state;
	static double rows[300][3]; /* probability, prediction, label */
	struct hc_arena arena HC_ARENA_SCOPED = HC_ARENA(ARENA);
	size_t n = read_churn("validation_with_predictions.csv", rows, COUNT(rows));
	assert_int_equal(n, 201);
	static const struct expected expected[] = {
		{HC_BINARY_RECALL, 0.5714285714285714},
		{HC_BINARY_PRECISION, 1.0},
		{HC_BINARY_ACCURACY, 0.9402985074626866},
		{HC_BINARY_RECALL_CONSTANT, 0.0},
		{HC_BINARY_PRECISION_CONSTANT, 0.0},
		{HC_BINARY_ACCURACY_CONSTANT, 173 / 201.0}, /* AWS shows 0.860697 */
		{HC_BINARY_TRUE_POSITIVE_RATE, 0.5714285714285714},
		{HC_BINARY_TRUE_NEGATIVE_RATE, 1.0},
		{HC_BINARY_FALSE_POSITIVE_RATE, 0.0},
		{HC_BINARY_FALSE_NEGATIVE_RATE, 0.4285714285714286},
		{HC_BINARY_AUC, 0.9395127993393898},
		{HC_BINARY_F1, 0.7272727272727273},
		{HC_BINARY_F2, 0.625},
		{HC_BINARY_F0_5_CONSTANT, 0.0},
		{HC_BINARY_F1_CONSTANT, 0.0},
		{HC_BINARY_F2_CONSTANT, 0.0},
	};
	for (int by_score = 0; by_score <= 1; by_score++) {
		struct hc_binary b = {0};
		for (size_t i = 0; i < n; i++)
			add(&b, rows[i][0], (int)rows[i][2], by_score ? HC_BINARY_BY_SCORE : (int)rows[i][1], 0);
		/* the predictions of the file come from a cut-off of 0.8 */
		struct hc_metrics m = finish_above(&b, 0.8, true, ALL_POINTS, &arena);
		check_matrix(&m, 173, 0, 12, 16);
		check_values(&m, expected, COUNT(expected));
		assert_true(fabs(m.values[HC_BINARY_F0_5].value - 0.869565) < 5e-7);
		check_same(m.roc.y[0], 0.0);
		check_same(m.roc.y[1], 0.03571428571428571);
		check_same(m.roc.y[2], 0.07142857142857142);
		hc_binary_free(&b);
	}
}

static void test_aws_executions(void **state)
{
	(void)state;
	static double rows[400][3]; /* row, score, label */
	struct hc_arena arena HC_ARENA_SCOPED = HC_ARENA(ARENA);
	enum { INPUTS = 334 };
	assert_int_equal(read_churn("inputs.csv", rows, COUNT(rows)), INPUTS);
	static const struct expected may_18[] = {
		{HC_BINARY_PRECISION, 0.6933333333333334},
		{HC_BINARY_RECALL, 0.11353711790393013},
		{HC_BINARY_TRUE_POSITIVE_RATE, 0.11353711790393013},
		{HC_BINARY_F1, 0.19512195121951217},
		{HC_BINARY_ACCURACY, 0.31976744186046513},
		{HC_BINARY_FALSE_POSITIVE_RATE, 0.13320463320463322},
		{HC_BINARY_TRUE_NEGATIVE_RATE, 0.8667953667953667},
		{HC_BINARY_FALSE_NEGATIVE_RATE, 0.8864628820960698},
		{HC_BINARY_F2, 0.13633980073413737},
		{HC_BINARY_AUC, 0.5127590160341252}, /* AWS has ...251: its partitions add in another order */
	};
	static const struct expected may_26[] = {{HC_BINARY_AUC, 0.515363047795135}};
	const struct {
		size_t records;
		const struct expected *expected;
		size_t n;
	} runs[] = {{1892, may_18, COUNT(may_18)}, {1817, may_26, COUNT(may_26)}};
	for (size_t r = 0; r < COUNT(runs); r++) {
		struct hc_binary b = {0};
		for (size_t i = 0; i < runs[r].records; i++)
			add(&b, rows[i % INPUTS][1], (int)rows[i % INPUTS][2], HC_BINARY_BY_SCORE, ALL_SAMPLES);
		struct hc_metrics m = finish(&b, true, 10, &arena);
		if (r == 0)
			check_matrix(&m, 449, 69, 1218, 156);
		check_values(&m, runs[r].expected, runs[r].n);
		for (size_t i = 0; i < HC_BINARY_METRICS; i++)
			check_same(m.values[i].deviation, 0); /* every record is in every sample */
		hc_binary_free(&b);
	}
}

/* ---- small cases by hand ---- */

struct row {
	double score;
	int actual;
};

struct small_case {
	size_t n;
	struct row rows[4];
	double auc, au_prc, recall, fpr, tnr, precision, f1, accuracy_constant;
	size_t roc_n;
	struct {
		double x, y;
	} roc[6], pr[6];
	const char *why_auc, *why_recall, *why_fpr;
};

#define ONE_CLASS "only one class among the labels"
#define NO_POSITIVE "no record is actually positive"
#define NO_NEGATIVE "no record is actually negative"

static const struct small_case small_cases[] = {
	{2,
	 {{0.9, 1}, {0.1, 0}},
	 1,
	 1,
	 1,
	 0,
	 1,
	 1,
	 1,
	 0.5,
	 4,
	 {{0, 0}, {0, 1}, {1, 1}, {1, 1}},
	 {{0, 1}, {1, 1}, {1, 0.5}},
	 NULL,
	 NULL,
	 NULL},
	{2,
	 {{0.9, 0}, {0.1, 1}},
	 0,
	 0.25,
	 0,
	 1,
	 0,
	 0,
	 0,
	 0.5,
	 4,
	 {{0, 0}, {1, 0}, {1, 1}, {1, 1}},
	 {{0, 0}, {0, 0}, {1, 0.5}},
	 NULL,
	 NULL,
	 NULL},
	/* ties are one point */
	{4,
	 {{0.7, 0}, {0.7, 1}, {0.7, 1}, {0.7, 0}},
	 0.5,
	 0.5,
	 1,
	 1,
	 0,
	 0.5,
	 2 / 3.0,
	 0.5,
	 3,
	 {{0, 0}, {1, 1}, {1, 1}},
	 {{0, 0.5}, {1, 0.5}},
	 NULL,
	 NULL,
	 NULL},
	{2,
	 {{-0.0, 0}, {0.0, 1}},
	 0.5,
	 0.5,
	 0,
	 0,
	 1,
	 0,
	 0,
	 0.5,
	 3,
	 {{0, 0}, {1, 1}, {1, 1}},
	 {{0, 0.5}, {1, 0.5}},
	 NULL,
	 NULL,
	 NULL},
	/* the threshold itself is not above it */
	{2,
	 {{0.5, 1}, {0.4, 0}},
	 1,
	 1,
	 0,
	 0,
	 1,
	 0,
	 0,
	 0.5,
	 4,
	 {{0, 0}, {0, 1}, {1, 1}, {1, 1}},
	 {{0, 1}, {1, 1}, {1, 0.5}},
	 NULL,
	 NULL,
	 NULL},
	/* any double is a score: infinities, subnormals, negative ones */
	{4,
	 {{-INFINITY, 0}, {INFINITY, 1}, {0x1p-1074, 1}, {-0x1p-1074, 0}},
	 1,
	 1,
	 0.5,
	 0,
	 1,
	 1,
	 2 / 3.0,
	 0.5,
	 6,
	 {{0, 0}, {0, 0.5}, {0, 1}, {0.5, 1}, {1, 1}, {1, 1}},
	 {{0, 1}, {0.5, 1}, {1, 1}, {1, 2 / 3.0}, {1, 0.5}},
	 NULL,
	 NULL,
	 NULL},
	{4,
	 {{-1e308, 0}, {1e308, 0}, {-1, 0}, {-2, 1}},
	 1 / 3.0,
	 1 / 6.0,
	 0,
	 1 / 3.0,
	 1 - 1 / 3.0,
	 0,
	 0,
	 0.75,
	 6,
	 {{0, 0}, {1 / 3.0, 0}, {2 / 3.0, 0}, {2 / 3.0, 1}, {1, 1}, {1, 1}},
	 {{0, 0}, {0, 0}, {0, 0}, {1, 1 / 3.0}, {1, 0.25}},
	 NULL,
	 NULL,
	 NULL},
	/* one record, one class */
	{1,
	 {{0.9, 1}},
	 NAN,
	 1,
	 1,
	 NAN,
	 NAN,
	 1,
	 1,
	 1,
	 3,
	 {{0, 0}, {0, 1}, {1, 1}},
	 {{0, 1}, {1, 1}},
	 ONE_CLASS,
	 NULL,
	 NO_NEGATIVE},
	{1,
	 {{0.9, 0}},
	 NAN,
	 NAN,
	 NAN,
	 1,
	 0,
	 0,
	 0,
	 1,
	 3,
	 {{0, 0}, {1, 0}, {1, 1}},
	 {{0, 0}, {0, 0}},
	 ONE_CLASS,
	 NO_POSITIVE,
	 NULL},
	{2,
	 {{0.1, 0}, {0.2, 0}},
	 NAN,
	 NAN,
	 NAN,
	 0,
	 1,
	 0,
	 0,
	 1,
	 4,
	 {{0, 0}, {0.5, 0}, {1, 0}, {1, 1}},
	 {{0, 0}, {0, 0}, {0, 0}},
	 ONE_CLASS,
	 NO_POSITIVE,
	 NULL},
};

static void check_reason(const struct hc_metric *metric, const char *why)
{
	assert_int_equal(metric->undefined != NULL, why != NULL);
	assert_int_equal(isnan(metric->value) != 0, why != NULL);
	if (why)
		assert_string_equal(metric->undefined, why);
}

static void check_small(const struct small_case *c, const struct hc_metrics *m)
{
	const struct expected expected[] = {
		{HC_BINARY_RECALL, c->recall},
		{HC_BINARY_TRUE_POSITIVE_RATE, c->recall},
		{HC_BINARY_FALSE_NEGATIVE_RATE, 1 - c->recall},
		{HC_BINARY_FALSE_POSITIVE_RATE, c->fpr},
		{HC_BINARY_TRUE_NEGATIVE_RATE, c->tnr},
		{HC_BINARY_PRECISION, c->precision},
		{HC_BINARY_F1, c->f1},
		{HC_BINARY_ACCURACY_CONSTANT, c->accuracy_constant},
	};
	check_values(m, expected, COUNT(expected));
	if (c->accuracy_constant == 0.5) { /* a tie: the constant is negative */
		check_same(m->values[HC_BINARY_RECALL_CONSTANT].value, 0.0);
		check_same(m->values[HC_BINARY_PRECISION_CONSTANT].value, 0.0);
	}
	check_near(m->values[HC_BINARY_AUC].value, c->auc);
	check_near(m->values[HC_BINARY_AU_PRC].value, c->au_prc);
	check_reason(&m->values[HC_BINARY_AUC], c->why_auc);
	check_reason(&m->values[HC_BINARY_AU_PRC], c->why_recall);
	check_reason(&m->values[HC_BINARY_RECALL], c->why_recall);
	check_reason(&m->values[HC_BINARY_RECALL_CONSTANT], c->why_recall);
	check_reason(&m->values[HC_BINARY_FALSE_NEGATIVE_RATE], c->why_recall);
	check_reason(&m->values[HC_BINARY_FALSE_POSITIVE_RATE], c->why_fpr);
	check_reason(&m->values[HC_BINARY_TRUE_NEGATIVE_RATE], c->why_fpr);
	for (size_t i = 0; i < HC_BINARY_METRICS; i++)
		check_same(m->values[i].deviation, NAN);
	assert_true(m->has_curves);
	assert_int_equal(m->roc.n, c->roc_n);
	assert_int_equal(m->pr.n, c->roc_n - 1);
	for (size_t i = 0; i < c->roc_n; i++) {
		check_same(m->roc.x[i], c->roc[i].x);
		check_same(m->roc.y[i], c->roc[i].y);
		if (i < c->roc_n - 1) {
			check_same(m->pr.x[i], c->pr[i].x);
			check_same(m->pr.y[i], c->pr[i].y);
		}
	}
}

static void test_small_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(small_cases); i++) {
		const struct small_case *c = &small_cases[i];
		struct hc_arena arena HC_ARENA_SCOPED = HC_ARENA(ARENA);
		struct hc_binary b = {0};
		for (size_t j = 0; j < c->n; j++)
			add(&b, c->rows[j].score, c->rows[j].actual, HC_BINARY_BY_SCORE, 0);
		struct hc_metrics m = finish(&b, true, ALL_POINTS, &arena);
		check_small(c, &m);
		hc_binary_free(&b);
	}
}

static void test_no_record(void **state)
{
	(void)state;
	for (int has_score = 0; has_score <= 1; has_score++) {
		struct hc_arena arena HC_ARENA_SCOPED = HC_ARENA(ARENA);
		struct hc_binary b = {0};
		struct hc_metrics m = finish(&b, has_score, 1000, &arena);
		check_matrix(&m, 0, 0, 0, 0);
		assert_false(m.has_curves);
		for (size_t i = 0; i < HC_BINARY_METRICS; i++) {
			bool area = i == HC_BINARY_AUC || i == HC_BINARY_AU_PRC;
			assert_int_equal(m.values[i].present, has_score || !area);
			if (m.values[i].present && isnan(m.values[i].value))
				assert_string_equal(m.values[i].undefined, "there is no record");
			else
				assert_null(m.values[i].undefined);
		}
		check_same(m.values[HC_BINARY_ACCURACY].value, NAN);
		check_same(m.values[HC_BINARY_PRECISION].value, 0.0);
		check_same(m.values[HC_BINARY_F2].value, 0.0);
		hc_binary_free(&b);
	}
}

/* Without scores there is neither area nor curve; predictions come from the records. */
static void test_without_scores(void **state)
{
	(void)state;
	struct hc_arena arena HC_ARENA_SCOPED = HC_ARENA(ARENA);
	struct hc_binary b = {0};
	static const int counts[2][2] = {{40, 30}, {20, 150}}; /* [actual][predicted] */
	for (int actual = 0; actual < 2; actual++)
		for (int predicted = 0; predicted < 2; predicted++)
			for (int i = 0; i < counts[actual][predicted]; i++)
				add(&b, NAN, actual, predicted, ALL_SAMPLES);
	struct hc_metrics m = finish(&b, false, 1000, &arena);
	check_matrix(&m, 40, 30, 20, 150);
	assert_false(m.has_curves);
	for (size_t i = 0; i < HC_BINARY_METRICS; i++) {
		bool area = i == HC_BINARY_AUC || i == HC_BINARY_AU_PRC;
		assert_int_equal(m.values[i].present, !area);
		check_same(m.values[i].deviation, area ? NAN : 0);
		assert_null(m.values[i].undefined);
	}
	/* the majority is positive: the constant classifier says so */
	static const struct expected expected[] = {
		{HC_BINARY_RECALL_CONSTANT, 1},
		{HC_BINARY_PRECISION_CONSTANT, 170 / 240.0},
		{HC_BINARY_ACCURACY_CONSTANT, 170 / 240.0},
	};
	check_values(&m, expected, COUNT(expected));
	double p = 170 / 240.0;
	check_same(m.values[HC_BINARY_F2_CONSTANT].value, 5 * p * 1 / (4 * p + 1));
	hc_binary_free(&b);
}

/* Records of a third class are left out, whether they are so by label or by prediction. */
static void test_third_class(void **state)
{
	(void)state;
	struct hc_arena arena HC_ARENA_SCOPED = HC_ARENA(ARENA);
	struct hc_binary b = {0};
	add(&b, 0.9, OTHER, HC_BINARY_BY_SCORE, 0);
	add(&b, 0.8, POS, OTHER, 0);
	add(&b, 0.7, POS, POS, 0);
	add(&b, 0.6, CLASSES, POS, 0); /* a number beyond the roles */
	add(&b, 0.5, NEG, NEG, 0);
	add(&b, 0.4, NEG, POS, 0);
	struct hc_metrics m = finish(&b, true, 1000, &arena);
	check_matrix(&m, 1, 1, 0, 1);
	assert_int_equal(m.roc.n, 5);
	assert_int_equal(b.n, 6);
	struct hc_metrics again = finish(&b, true, 1000, &arena);
	check_same_metrics(&m, &again);
	hc_binary_free(&b);
}

/* ---- random ones against slow definitions ---- */

enum { MAX_ROWS = 700 };

struct rows {
	size_t n;
	struct hc_binary_record list[MAX_ROWS];
};

static void random_rows(struct rows *rows, size_t n, uint64_t *random)
{
	uint64_t shape = check_random(random);
	uint64_t levels = shape % 4 == 0 ? 3 : shape % 4 == 1 ? 50 : 0; /* 0: no ties */
	double rate = random_unit(random);
	rows->n = n;
	for (size_t i = 0; i < n; i++) {
		double u = random_unit(random);
		double score = levels ? floor(u * (double)levels) / (double)levels : u;
		if (shape % 16 == 2)
			score = random_double(random);
		rows->list[i] = (struct hc_binary_record){
			.score = score,
			.actual = random_unit(random) < rate,
			.predicted = shape >> 8 & 1 ? HC_BINARY_BY_SCORE : (uint16_t)(check_random(random) & 1),
			.samples = check_random(random) % 32,
		};
	}
}

static void add_rows(struct hc_binary *b, const struct rows *rows)
{
	struct hc_err err;
	for (size_t i = 0; i < rows->n; i++)
		assert_int_equal(hc_binary_add(b, rows->list[i], &err), HC_OK);
}

/* The share of pairs (positive, negative) in which the positive scores higher; ties count half. */
static double slow_auc(const struct rows *rows)
{
	uint64_t halves = 0, pairs = 0;
	for (size_t i = 0; i < rows->n; i++) {
		for (size_t j = 0; j < rows->n; j++) {
			if (rows->list[i].actual != POS || rows->list[j].actual != NEG)
				continue;
			pairs++;
			halves += rows->list[i].score > rows->list[j].score
					  ? 2
					  : rows->list[i].score == rows->list[j].score;
		}
	}
	return pairs ? (double)halves / 2 / (double)pairs : NAN;
}

/* At threshold t, scores equal to it included: *tp and the number of records. */
static size_t slow_above(const struct rows *rows, double t, size_t *tp)
{
	size_t n = 0;
	*tp = 0;
	for (size_t i = 0; i < rows->n; i++) {
		n += rows->list[i].score >= t;
		*tp += rows->list[i].score >= t && rows->list[i].actual == POS;
	}
	return n;
}

/* The next lower score than `above` (INFINITY to begin with, if `first`). */
static bool slow_next_score(const struct rows *rows, bool first, double above, double *score)
{
	bool found = false;
	for (size_t i = 0; i < rows->n; i++) {
		double s = rows->list[i].score;
		if ((first || s < above) && (!found || s > *score)) {
			*score = s;
			found = true;
		}
	}
	return found;
}

static double slow_au_prc(const struct rows *rows)
{
	size_t positives, tp;
	slow_above(rows, -INFINITY, &positives);
	double score = 0, recall = 0, precision = 0, area = 0;
	for (bool first = true; slow_next_score(rows, first, score, &score); first = false) {
		size_t n = slow_above(rows, score, &tp);
		double r = (double)tp / (double)positives, p = (double)tp / (double)n;
		area += (r - recall) * (p + (first ? p : precision)) / 2;
		recall = r;
		precision = p;
	}
	return positives ? area : NAN;
}

static void test_areas_against_definitions(void **state)
{
	(void)state;
	static struct rows rows;
	uint64_t random = 1;
	for (int c = 0; c < 300; c++) {
		random_rows(&rows, 1 + check_random(&random) % 120, &random);
		struct hc_arena arena HC_ARENA_SCOPED = HC_ARENA(ARENA);
		struct hc_binary b = {0};
		add_rows(&b, &rows);
		struct hc_metrics m = finish(&b, true, ALL_POINTS, &arena);
		check_near(m.values[HC_BINARY_AUC].value, slow_auc(&rows));
		check_near(m.values[HC_BINARY_AU_PRC].value, slow_au_prc(&rows));
		for (size_t i = 1; i < m.roc.n; i++)
			assert_true(m.roc.x[i] >= m.roc.x[i - 1] && m.roc.y[i] >= m.roc.y[i - 1]);
		hc_binary_free(&b);
	}
}

/* Shuffled, split over accumulators and merged: the same bits. */
static void test_split_and_order(void **state)
{
	(void)state;
	enum { PARTS = 3 };
	static struct rows rows;
	uint64_t random = 2;
	for (int c = 0; c < 100; c++) {
		random_rows(&rows, check_random(&random) % MAX_ROWS, &random);
		struct hc_arena arena HC_ARENA_SCOPED = HC_ARENA(ARENA);
		struct hc_binary whole = {0}, parts[PARTS] = {0};
		struct hc_err err;
		add_rows(&whole, &rows);
		for (size_t i = rows.n; i > 0; i--) {
			size_t pick = check_random(&random) % i;
			struct hc_binary *part = &parts[check_random(&random) % PARTS];
			assert_int_equal(hc_binary_add(part, rows.list[pick], &err), HC_OK);
			rows.list[pick] = rows.list[i - 1];
		}
		assert_int_equal(hc_binary_merge(&parts[1], &parts[2], &err), HC_OK);
		assert_int_equal(hc_binary_merge(&parts[1], &parts[0], &err), HC_OK);
		struct hc_metrics a = finish(&whole, true, 50, &arena), b = finish(&parts[1], true, 50, &arena);
		check_same_metrics(&a, &b);
		assert_int_equal(a.roc.n, b.roc.n);
		for (size_t i = 0; i < a.roc.n; i++) {
			check_same(a.roc.x[i], b.roc.x[i]);
			check_same(a.roc.y[i], b.roc.y[i]);
		}
		hc_binary_free(&whole);
		for (int p = 0; p < PARTS; p++)
			hc_binary_free(&parts[p]);
	}
}

/* The deviation is that of five measurements of the samples alone; from 200 records on. */
static void test_deviations(void **state)
{
	(void)state;
	static struct rows rows;
	static const size_t sizes[] = {199, 200, 201, 700};
	uint64_t random = 3;
	for (size_t c = 0; c < 40; c++) {
		random_rows(&rows, sizes[c % COUNT(sizes)], &random);
		struct hc_arena arena HC_ARENA_SCOPED = HC_ARENA(ARENA);
		struct hc_binary whole = {0};
		add_rows(&whole, &rows);
		double values[HC_BINARY_METRICS][HC_SAMPLES];
		for (int k = 0; k < HC_SAMPLES; k++) {
			struct hc_binary sample = {0};
			for (size_t i = 0; i < rows.n; i++)
				if (rows.list[i].samples >> k & 1)
					add(&sample, rows.list[i].score, rows.list[i].actual, rows.list[i].predicted,
					    0);
			struct hc_metrics m = finish(&sample, true, 2, &arena);
			for (size_t i = 0; i < HC_BINARY_METRICS; i++)
				values[i][k] = m.values[i].value;
			hc_binary_free(&sample);
		}
		struct hc_metrics m = finish(&whole, true, 2, &arena);
		for (size_t i = 0; i < HC_BINARY_METRICS; i++)
			check_same(m.values[i].deviation, rows.n < 200 ? NAN : hc_sample_deviation(values[i]));
		hc_binary_free(&whole);
	}
}

/* Thinned curves keep first and last point and are, point for point in order, part of the whole one. */
static void check_thinned(const struct hc_curve *thin, const struct hc_curve *full, size_t points)
{
	size_t kept = full->n < points ? full->n : points, last = 0;
	assert_int_equal(thin->n, kept);
	for (size_t i = 0; i < kept; i++) {
		double exact = (double)i * (double)(full->n - 1) / (double)(kept - 1);
		size_t j = (size_t)floor(exact + 0.5);
		assert_true(i == 0 || j > last);
		last = j;
		check_same(thin->x[i], full->x[j]);
		check_same(thin->y[i], full->y[j]);
	}
	assert_int_equal(last, full->n - 1);
}

static void test_thinning(void **state)
{
	(void)state;
	static struct rows rows;
	static const size_t points[] = {0, 1, 2, 3, 7, 100, 499, 500, 501, 502, 503, 1000};
	uint64_t random = 4;
	rows.n = 500;
	for (size_t i = 0; i < rows.n; i++)
		rows.list[i] = (struct hc_binary_record){
			.score = random_unit(&random),
			.actual = check_random(&random) & 1,
			.predicted = HC_BINARY_BY_SCORE,
		};
	struct hc_arena arena HC_ARENA_SCOPED = HC_ARENA(ARENA);
	struct hc_binary b = {0};
	add_rows(&b, &rows);
	struct hc_metrics full = finish(&b, true, ALL_POINTS, &arena);
	assert_int_equal(full.roc.n, 502);
	assert_int_equal(full.pr.n, 501);
	for (size_t i = 0; i < COUNT(points); i++) {
		struct hc_metrics thin = finish(&b, true, points[i], &arena);
		check_same_metrics(&thin, &full); /* areas are always of all points */
		check_thinned(&thin.roc, &full.roc, points[i] < 2 ? 2 : points[i]);
		check_thinned(&thin.pr, &full.pr, points[i] < 2 ? 2 : points[i]);
	}
	hc_binary_free(&b);
}

static void test_no_memory(void **state)
{
	(void)state;
	static const size_t budgets[] = {0, 40, 100};
	for (size_t i = 0; i < COUNT(budgets); i++) {
		struct hc_arena arena HC_ARENA_SCOPED = HC_ARENA(budgets[i]);
		struct hc_binary b = {0};
		struct hc_err err;
		for (int j = 0; j < 10; j++)
			add(&b, j, j & 1, HC_BINARY_BY_SCORE, 0);
		struct hc_metrics m, before;
		memset(&m, 0x5a, sizeof m);
		before = m;
		assert_int_equal(hc_binary_finish(&b, roles, CLASSES, 0.5, true, 100, &arena, &m, &err), HC_NOMEM);
		assert_memory_equal(&m, &before, sizeof m);
		hc_binary_free(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_aws_baseline),
		cmocka_unit_test(test_aws_executions),
		cmocka_unit_test(test_small_cases),
		cmocka_unit_test(test_no_record),
		cmocka_unit_test(test_without_scores),
		cmocka_unit_test(test_third_class),
		cmocka_unit_test(test_areas_against_definitions),
		cmocka_unit_test(test_split_and_order),
		cmocka_unit_test(test_deviations),
		cmocka_unit_test(test_thinning),
		cmocka_unit_test(test_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
