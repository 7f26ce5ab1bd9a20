#include "metric/binary.h"

#include "base/simd.h"
#include "check_files.h"
#include "check_metric.h"
#include "metric/exact.h"
#include "metric/walk.h"

enum { NEG, POS, OTHER, CLASSES };

static const enum hc_binary_role roles[CLASSES] = {HC_ROLE_NEGATIVE, HC_ROLE_POSITIVE, HC_ROLE_NONE};

enum { ALL_POINTS = 1 << 20, ALL_SAMPLES = (1 << HC_SAMPLES) - 1, ARENA = 64 << 20, WRITERS = 3 };

/* In what ways the same has to come out. */
struct setting {
	unsigned threads, writers;
	uint64_t budget; /* 0: all that can goes through the disk */
	const char *simd;
};

static const struct setting usual = {2, 1, UINT64_C(1) << 30, "auto"};

/* An accumulator with a spill of its own. */
struct box {
	struct setting setting;
	unsigned next; /* writer */
	struct hc_spill spill;
	struct hc_binary *b;
};

static void open_box_for(const struct setting *setting, bool has_score, struct box *box)
{
	struct hc_err err;
	*box = (struct box){.setting = *setting};
	assert_int_equal(hc_spill_init(&box->spill, setting->budget, check_folder, &err), HC_OK);
	assert_int_equal(hc_binary_open(has_score, &box->spill, setting->writers, &box->b, &err), HC_OK);
}

static void open_box(struct box *box, bool has_score)
{
	open_box_for(&usual, has_score, box);
}

static void close_box(struct box *box)
{
	hc_binary_free(box->b);
	assert_int_equal(box->spill.used, 0);
	hc_spill_free(&box->spill);
}

static void add_record(struct box *box, struct hc_binary_record r)
{
	struct hc_err err;
	assert_int_equal(hc_binary_add(box->b, box->next++ % box->setting.writers, r, &err), HC_OK);
}

static void add(struct box *box, double score, int actual, int predicted, int samples)
{
	add_record(box, (struct hc_binary_record){score, (uint16_t)actual, (uint16_t)predicted, (uint8_t)samples});
}

static struct hc_metrics finish_above(struct box *box, double threshold, size_t points, struct hc_arena *arena)
{
	struct hc_metrics m;
	struct hc_err err;
	assert_int_equal(hc_simd_choose(box->setting.simd, &err), HC_OK);
	enum hc_code code =
		hc_binary_finish(box->b, roles, CLASSES, threshold, points, box->setting.threads, arena, &m, &err);
	if (code != HC_OK)
		fail_msg("%s", err.msg);
	return m;
}

static struct hc_metrics finish(struct box *box, size_t points, struct hc_arena *arena)
{
	return finish_above(box, 0.5, points, arena);
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
		struct box b;
		open_box(&b, true);
		for (size_t i = 0; i < n; i++)
			add(&b, rows[i][0], (int)rows[i][2], by_score ? HC_BINARY_BY_SCORE : (int)rows[i][1], 0);
		/* the predictions of the file come from a cut-off of 0.8 */
		struct hc_metrics m = finish_above(&b, 0.8, ALL_POINTS, &arena);
		check_matrix(&m, 173, 0, 12, 16);
		check_values(&m, expected, COUNT(expected));
		assert_true(fabs(m.values[HC_BINARY_F0_5].value - 0.869565) < 5e-7);
		check_same(m.roc.y[0], 0.0);
		check_same(m.roc.y[1], 0.03571428571428571);
		check_same(m.roc.y[2], 0.07142857142857142);
		close_box(&b);
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
		struct box b;
		open_box(&b, true);
		for (size_t i = 0; i < runs[r].records; i++)
			add(&b, rows[i % INPUTS][1], (int)rows[i % INPUTS][2], HC_BINARY_BY_SCORE, ALL_SAMPLES);
		struct hc_metrics m = finish(&b, 10, &arena);
		if (r == 0)
			check_matrix(&m, 449, 69, 1218, 156);
		check_values(&m, runs[r].expected, runs[r].n);
		for (size_t i = 0; i < HC_BINARY_METRICS; i++)
			check_same(m.values[i].deviation, 0); /* every record is in every sample */
		close_box(&b);
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
		struct box b;
		open_box(&b, true);
		for (size_t j = 0; j < c->n; j++)
			add(&b, c->rows[j].score, c->rows[j].actual, HC_BINARY_BY_SCORE, 0);
		struct hc_metrics m = finish(&b, ALL_POINTS, &arena);
		check_small(c, &m);
		close_box(&b);
	}
}

static void test_no_record(void **state)
{
	(void)state;
	for (int has_score = 0; has_score <= 1; has_score++) {
		struct hc_arena arena HC_ARENA_SCOPED = HC_ARENA(ARENA);
		struct box b;
		open_box(&b, has_score);
		struct hc_metrics m = finish(&b, 1000, &arena);
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
		close_box(&b);
	}
}

/* Without scores there is neither area nor curve; predictions come from the records. */
static void test_without_scores(void **state)
{
	(void)state;
	struct hc_arena arena HC_ARENA_SCOPED = HC_ARENA(ARENA);
	struct box b;
	open_box(&b, false);
	static const int counts[2][2] = {{40, 30}, {20, 150}}; /* [actual][predicted] */
	for (int actual = 0; actual < 2; actual++)
		for (int predicted = 0; predicted < 2; predicted++)
			for (int i = 0; i < counts[actual][predicted]; i++)
				add(&b, NAN, actual, predicted, ALL_SAMPLES);
	struct hc_metrics m = finish(&b, 1000, &arena);
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
	close_box(&b);
}

/* Records of a third class are left out, whether they are so by label or by prediction. */
static void add_third_class(struct box *b)
{
	add(b, 0.9, OTHER, HC_BINARY_BY_SCORE, 0);
	add(b, 0.8, POS, OTHER, 0);
	add(b, 0.7, POS, POS, 0);
	add(b, 0.6, CLASSES, POS, 0); /* a number beyond the roles */
	add(b, 0.5, NEG, NEG, 0);
	add(b, 0.4, NEG, POS, 0);
}

static void test_third_class(void **state)
{
	(void)state;
	struct hc_arena arena HC_ARENA_SCOPED = HC_ARENA(ARENA);
	for (int has_score = 0; has_score <= 1; has_score++) {
		struct box b;
		open_box(&b, has_score);
		add_third_class(&b);
		struct hc_metrics m = finish(&b, 1000, &arena);
		check_matrix(&m, 1, 1, 0, 1);
		assert_int_equal(m.has_curves, has_score);
		if (has_score)
			assert_int_equal(m.roc.n, 5);
		close_box(&b);
	}
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

static void add_rows(struct box *b, const struct rows *rows)
{
	for (size_t i = 0; i < rows->n; i++)
		add_record(b, rows->list[i]);
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
		struct box b;
		open_box(&b, true);
		add_rows(&b, &rows);
		struct hc_metrics m = finish(&b, ALL_POINTS, &arena);
		check_near(m.values[HC_BINARY_AUC].value, slow_auc(&rows));
		check_near(m.values[HC_BINARY_AU_PRC].value, slow_au_prc(&rows));
		for (size_t i = 1; i < m.roc.n; i++)
			assert_true(m.roc.x[i] >= m.roc.x[i - 1] && m.roc.y[i] >= m.roc.y[i - 1]);
		close_box(&b);
	}
}

static void check_same_curve(const struct hc_curve *a, const struct hc_curve *b)
{
	assert_int_equal(a->n, b->n);
	for (size_t i = 0; i < a->n; i++) {
		check_same(a->x[i], b->x[i]);
		check_same(a->y[i], b->y[i]);
	}
}

static void check_same_all(const struct hc_metrics *a, const struct hc_metrics *b)
{
	check_same_metrics(a, b);
	assert_int_equal(a->has_curves, b->has_curves);
	if (a->has_curves) {
		check_same_curve(&a->roc, &b->roc);
		check_same_curve(&a->pr, &b->pr);
	}
}

/* Shuffled, and put by several writers: the same bits. */
static void test_order_and_writers(void **state)
{
	(void)state;
	static struct rows rows;
	uint64_t random = 2;
	for (int c = 0; c < 100; c++) {
		random_rows(&rows, check_random(&random) % MAX_ROWS, &random);
		struct hc_arena arena HC_ARENA_SCOPED = HC_ARENA(ARENA);
		struct setting setting = {1 + (unsigned)c % 3, WRITERS, usual.budget, "auto"};
		struct box whole, parts;
		open_box(&whole, true);
		open_box_for(&setting, true, &parts);
		add_rows(&whole, &rows);
		for (size_t i = rows.n; i > 0; i--) {
			size_t pick = check_random(&random) % i;
			parts.next = (unsigned)(check_random(&random) % WRITERS);
			add_record(&parts, rows.list[pick]);
			rows.list[pick] = rows.list[i - 1];
		}
		struct hc_metrics a = finish(&whole, 50, &arena), b = finish(&parts, 50, &arena);
		check_same_all(&a, &b);
		close_box(&whole);
		close_box(&parts);
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
		struct box whole;
		open_box(&whole, true);
		add_rows(&whole, &rows);
		double values[HC_BINARY_METRICS][HC_SAMPLES];
		for (int k = 0; k < HC_SAMPLES; k++) {
			struct box sample;
			open_box(&sample, true);
			for (size_t i = 0; i < rows.n; i++)
				if (rows.list[i].samples >> k & 1)
					add(&sample, rows.list[i].score, rows.list[i].actual, rows.list[i].predicted,
					    0);
			struct hc_metrics m = finish(&sample, 2, &arena);
			for (size_t i = 0; i < HC_BINARY_METRICS; i++)
				values[i][k] = m.values[i].value;
			close_box(&sample);
		}
		struct hc_metrics m = finish(&whole, 2, &arena);
		for (size_t i = 0; i < HC_BINARY_METRICS; i++)
			check_same(m.values[i].deviation, rows.n < 200 ? NAN : hc_sample_deviation(values[i]));
		close_box(&whole);
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
	struct box b;
	open_box(&b, true);
	add_rows(&b, &rows);
	struct hc_metrics full = finish(&b, ALL_POINTS, &arena);
	close_box(&b);
	assert_int_equal(full.roc.n, 502);
	assert_int_equal(full.pr.n, 501);
	for (size_t i = 0; i < COUNT(points); i++) {
		open_box(&b, true);
		add_rows(&b, &rows);
		struct hc_metrics thin = finish(&b, points[i], &arena);
		close_box(&b);
		check_same_metrics(&thin, &full); /* areas are always of all points */
		check_thinned(&thin.roc, &full.roc, points[i] < 2 ? 2 : points[i]);
		check_thinned(&thin.pr, &full.pr, points[i] < 2 ? 2 : points[i]);
	}
}

/* ---- the same bits, whatever the ways: against a plain walk over sorted records ---- */

struct plain_set {
	double auc, au_prc;
	struct hc_curve roc, pr; /* all points */
};

static int by_score(const void *a, const void *b)
{
	double x = ((const struct hc_binary_record *)a)->score, y = ((const struct hc_binary_record *)b)->score;
	return x < y ? 1 : x > y ? -1 : 0;
}

static void plain_point(struct hc_curve *curve, double x, double y)
{
	curve->x[curve->n] = x;
	curve->y[curve->n++] = y;
}

static double plain_rate(size_t part, size_t whole)
{
	return whole ? (double)part / (double)whole : 0;
}

/* Records that are sorted; `wanted`: their samples must have these bits. */
static struct plain_set plain_walk(const struct hc_binary_record *records, size_t n, unsigned wanted)
{
	struct plain_set out = {0};
	struct hc_exact au_prc = {0};
	size_t classes[2] = {0}, seen[2] = {0};
	double tpr = 0, fpr = 0, precision = 0;
	double *memory = test_calloc(4 * (n + 2), sizeof *memory);
	out.roc = (struct hc_curve){0, memory, memory + n + 2};
	out.pr = (struct hc_curve){0, memory + 2 * (n + 2), memory + 3 * (n + 2)};
	for (size_t i = 0; i < n; i++)
		classes[records[i].actual] += (records[i].samples & wanted) == wanted;
	plain_point(&out.roc, 0, 0);
	for (size_t i = 0; i < n;) {
		size_t first = i, before = seen[0] + seen[1];
		for (; i < n && records[i].score == records[first].score; i++)
			seen[records[i].actual] += (records[i].samples & wanted) == wanted;
		if (seen[0] + seen[1] == before)
			continue;
		double next_tpr = plain_rate(seen[1], classes[1]), next_fpr = plain_rate(seen[0], classes[0]),
		       next = (double)seen[1] / (double)(seen[0] + seen[1]);
		if (before == 0) {
			precision = next;
			plain_point(&out.pr, 0, precision);
		}
		out.auc += (next_fpr - fpr) * (next_tpr + tpr) / 2;
		hc_exact_add(&au_prc, (next_tpr - tpr) * (next + precision) / 2);
		tpr = next_tpr;
		fpr = next_fpr;
		precision = next;
		plain_point(&out.roc, fpr, tpr);
		plain_point(&out.pr, tpr, precision);
	}
	plain_point(&out.roc, 1, 1);
	out.auc = classes[0] && classes[1] ? out.auc : NAN;
	out.au_prc = classes[1] ? hc_exact_round(&au_prc) : NAN;
	return out;
}

struct plain {
	struct plain_set sets[HC_SAMPLES + 1];
};

static struct plain plain_measure(struct hc_binary_record *records, size_t n)
{
	struct plain p;
	qsort(records, n, sizeof *records, by_score);
	for (unsigned set = 0; set <= HC_SAMPLES; set++)
		p.sets[set] = plain_walk(records, n, set ? 1u << (set - 1) : 0);
	return p;
}

static void plain_free(struct plain *p)
{
	for (int set = 0; set <= HC_SAMPLES; set++)
		test_free(p->sets[set].roc.x);
}

static double deviation_of(const struct plain *p, bool prc, size_t n)
{
	double values[HC_SAMPLES];
	for (int k = 0; k < HC_SAMPLES; k++)
		values[k] = prc ? p->sets[k + 1].au_prc : p->sets[k + 1].auc;
	return n < HC_DEVIATION_RECORDS_MIN ? NAN : hc_sample_deviation(values);
}

static void check_plain(const struct hc_binary_record *records, size_t n, const struct plain *plain,
			const struct setting *setting, size_t points)
{
	struct hc_arena arena HC_ARENA_SCOPED = HC_ARENA((size_t)1 << 30);
	struct box b;
	open_box_for(setting, true, &b);
	for (size_t i = 0; i < n; i++)
		add_record(&b, records[i]);
	struct hc_metrics m = finish(&b, points, &arena);
	close_box(&b);
	assert_int_equal(m.n, n);
	check_same(m.values[HC_BINARY_AUC].value, plain->sets[0].auc);
	check_same(m.values[HC_BINARY_AU_PRC].value, plain->sets[0].au_prc);
	check_same(m.values[HC_BINARY_AUC].deviation, deviation_of(plain, false, n));
	check_same(m.values[HC_BINARY_AU_PRC].deviation, deviation_of(plain, true, n));
	if (n > 0) {
		check_thinned(&m.roc, &plain->sets[0].roc, points);
		check_thinned(&m.pr, &plain->sets[0].pr, points);
	}
}

enum shape { DISTINCT, DIGITS, EQUAL, TINY, CROWDED, FEW, WIDE, ANY_DOUBLE, EDGES, HALF_ZERO, SHAPES };

static double shaped_score(enum shape shape, uint64_t *random)
{
	double u = random_unit(random);
	switch (shape) {
	case DIGITS:
		return floor(u * 1e4) / 1e4;
	case EQUAL:
		return 0.25;
	case TINY:
		return u * 1e-9;
	case CROWDED: /* all in one bin, a few of them spread its keys */
		return 0.3 + (u < 0.001 ? u : u * 1e-9);
	case FEW: /* scores that end in the middle of a segment, in one bin */
		return 0.3 + floor(u * 4) / 1e4;
	case WIDE:
		return exp(-700 * u);
	case ANY_DOUBLE:
		return random_double(random);
	case EDGES: {
		static const double edges[] = {0, -0.0, 1, 0x1p-1074, 0.5, 0x1p-32, 1 - 0x1p-53, 1 - 0x1p-32, 2, -1};
		return edges[check_random(random) % COUNT(edges)];
	}
	case HALF_ZERO:
		return u < 0.5 ? 0 : u;
	default:
		return u;
	}
}

static void shaped_records(struct hc_binary_record *records, size_t n, enum shape shape, double rate, uint64_t *random)
{
	for (size_t i = 0; i < n; i++) {
		double score = shaped_score(shape, random);
		records[i] = (struct hc_binary_record){score, random_unit(random) < rate, HC_BINARY_BY_SCORE,
						       check_random(random) % 32};
	}
}

static const struct setting settings[] = {
	{1, 1, UINT64_C(1) << 30, "plain"},
	{1, 1, UINT64_C(1) << 30, "avx2"},
	{1, 1, UINT64_C(1) << 30, "avx512"},
	{1, 1, UINT64_C(1) << 30, "neon"},
	{2, 2, UINT64_C(1) << 22, "auto"},
	{7, 3, 0, "auto"},
	{2, 1, 0, "plain"},
	{7, 1, UINT64_C(1) << 30, "auto"},
};

static void check_shape(size_t n, enum shape shape, double rate, uint64_t *random)
{
	struct hc_binary_record *records = test_calloc(n + 1, sizeof *records);
	shaped_records(records, n, shape, rate, random);
	struct plain plain = plain_measure(records, n);
	for (size_t i = 0; i < COUNT(settings); i++) {
		struct hc_err err;
		if (hc_simd_choose(settings[i].simd, &err) == HC_OK)
			check_plain(records, n, &plain, &settings[i], 2 + check_random(random) % 100);
	}
	plain_free(&plain);
	test_free(records);
}

static void test_all_ways(void **state)
{
	(void)state;
	static const double rates[] = {0, 1, 0.5, 0.01};
	static const size_t sizes[] = {0, 1, 2, 3, 30, 250, 3000};
	uint64_t random = 8;
	for (int shape = 0; shape < SHAPES; shape++)
		for (size_t r = 0; r < COUNT(rates); r++)
			for (size_t n = 0; n < COUNT(sizes); n++)
				check_shape(sizes[n], (enum shape)shape, rates[r], &random);
}

/* More than one segment; some as many as are sorted at once, some more, which are split. */
static void test_many_records(void **state)
{
	(void)state;
	uint64_t random = 9;
	for (int shape = 0; shape < SHAPES; shape++) {
		check_shape(60000, (enum shape)shape, 0.3, &random);
		check_shape(90000, (enum shape)shape, 0.3, &random);
	}
	check_shape(16384, EQUAL, 0.3, &random); /* whole segments */
	check_shape(32768, DISTINCT, 0.3, &random);
}

/* ---- a walk far along a tape ---- */

enum { FAR = 1 << 14 };
#define FAR_NEGATIVES UINT64_C(0x123456789)
#define FAR_POSITIVES UINT64_C(0x1fedcba98)

/* A tape whose first segment claims to hold all negatives at one score; the second has positives one by one. */
static void make_far_tape(struct hc_tape *tape, struct hc_tape_segment segments[2], unsigned char bytes[FAR])
{
	segments[0] = (struct hc_tape_segment){.bytes = bytes, .n = 0, .points = 1};
	segments[1] = (struct hc_tape_segment){.bytes = bytes, .n = FAR, .points = FAR};
	memset(bytes, HC_TAPE_POSITIVE | HC_TAPE_LAST, FAR);
	for (int set = 0; set < HC_SETS; set++)
		segments[0].all.negative[set] = segments[0].until_point.negative[set] = (double)FAR_NEGATIVES;
	for (int i = 0; i < FAR; i += 3)
		bytes[i] |= ALL_SAMPLES;
	*tape = (struct hc_tape){.segments = segments, .n = 2, .points = FAR + 1};
}

static double far_au_prc(const unsigned char *bytes, unsigned wanted)
{
	struct hc_exact sum = {0};
	double tp = 0, tpr = 0, precision = 0;
	for (int i = 0; i < FAR; i++) {
		if ((bytes[i] & wanted) != wanted)
			continue;
		tp++;
		double next_tpr = tp / (double)FAR_POSITIVES, next = tp / (tp + (double)FAR_NEGATIVES);
		hc_exact_add(&sum, (next_tpr - tpr) * (next + precision) / 2);
		tpr = next_tpr;
		precision = next;
	}
	return hc_exact_round(&sum);
}

/* Terms far below 1, which all windows of the exact sums are for. */
static void test_far_terms(void **state)
{
	(void)state;
	static unsigned char bytes[FAR];
	double points[2][8];
	uint64_t positives[HC_SETS], negatives[HC_SETS];
	struct hc_tape tape;
	struct hc_tape_segment segments[2] = {0};
	make_far_tape(&tape, segments, bytes);
	for (int set = 0; set < HC_SETS; set++) {
		positives[set] = FAR_POSITIVES;
		negatives[set] = FAR_NEGATIVES;
	}
	for (size_t i = 0; i < COUNT(settings); i++) {
		struct hc_err err;
		struct hc_walk_areas areas;
		struct hc_thinning roc = {FAR + 3, 2, {0, points[0], points[0] + 4}},
				   pr = {FAR + 2, 2, {0, points[1], points[1] + 4}};
		if (hc_simd_choose(settings[i].simd, &err) != HC_OK)
			continue;
		assert_int_equal(hc_walk(&tape, positives, negatives, 1, &roc, &pr, &areas, &err), HC_OK);
		for (unsigned set = 0; set < HC_SETS; set++)
			check_same(areas.au_prc[set], far_au_prc(bytes, set ? 1u << (set - 1) : 0));
	}
}

/* A disk that cannot be written to is an error, of adding or of finishing. */
static void test_disk(void **state)
{
	(void)state;
	struct hc_err err;
	struct hc_spill spill;
	struct hc_binary *b;
	struct hc_metrics m;
	struct hc_arena arena HC_ARENA_SCOPED = HC_ARENA(ARENA);
	static const uint64_t budgets[] = {0, 1 << 20};
	for (size_t i = 0; i < COUNT(budgets); i++) {
		uint64_t random = 10;
		enum hc_code code = HC_OK;
		assert_int_equal(hc_spill_init(&spill, budgets[i], path_of("nowhere"), &err), HC_OK);
		assert_int_equal(hc_binary_open(true, &spill, 1, &b, &err), HC_OK);
		for (int r = 0; r < 100000 && code == HC_OK; r++) {
			struct hc_binary_record record = {random_unit(&random) * 1e-20, r & 1, HC_BINARY_BY_SCORE, 0};
			code = hc_binary_add(b, 0, record, &err);
		}
		if (code == HC_OK)
			code = hc_binary_finish(b, roles, CLASSES, 0.5, 10, 2, &arena, &m, &err);
		assert_int_equal(code, HC_IO);
		assert_non_null(strstr(err.msg, path_of("nowhere")));
		hc_binary_free(b);
		assert_int_equal(spill.used, 0);
		hc_spill_free(&spill);
	}
}

static void test_no_memory(void **state)
{
	(void)state;
	static const size_t budgets[] = {0, 40, 100};
	for (size_t i = 0; i < COUNT(budgets); i++) {
		struct hc_arena arena HC_ARENA_SCOPED = HC_ARENA(budgets[i]);
		struct box b;
		open_box(&b, true);
		struct hc_err err;
		for (int j = 0; j < 10; j++)
			add(&b, j, j & 1, HC_BINARY_BY_SCORE, 0);
		struct hc_metrics m, before;
		memset(&m, 0x5a, sizeof m);
		before = m;
		assert_int_equal(hc_binary_finish(b.b, roles, CLASSES, 0.5, 100, 2, &arena, &m, &err), HC_NOMEM);
		assert_memory_equal(&m, &before, sizeof m);
		close_box(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_folder(test_aws_baseline),
		in_folder(test_aws_executions),
		in_folder(test_small_cases),
		in_folder(test_no_record),
		in_folder(test_without_scores),
		in_folder(test_third_class),
		in_folder(test_areas_against_definitions),
		in_folder(test_order_and_writers),
		in_folder(test_deviations),
		in_folder(test_thinning),
		in_folder(test_all_ways),
		in_folder(test_many_records),
		in_folder(test_far_terms),
		in_folder(test_disk),
		in_folder(test_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
