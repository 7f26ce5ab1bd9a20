#include "metric/binary.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metric/exact.h"
#include "metric/formula.h"

enum {
	SETS = HC_SAMPLES + 1, /* all records, then the samples */
	PATTERNS = 1 << HC_SAMPLES,
	CAP_MIN = 256,
};

/* ---- accumulating ---- */

void hc_binary_free(struct hc_binary *b)
{
	free(b->records);
	*b = (struct hc_binary){0};
}

static enum hc_code make_room(struct hc_binary *b, size_t more, struct hc_err *err)
{
	if (more <= b->cap - b->n)
		return HC_OK;
	if (more > HC_BINARY_RECORDS_MAX - b->n)
		return hc_fail(err, HC_LIMIT, "more than %zu records in one measurement", HC_BINARY_RECORDS_MAX);
	size_t cap = b->cap ? b->cap : CAP_MIN;
	while (cap - b->n < more)
		cap *= 2;
	struct hc_binary_record *records = realloc(b->records, cap * sizeof *records);
	if (!records)
		return hc_fail_nomem(err, "the records of the measurement");
	b->records = records;
	b->cap = cap;
	return HC_OK;
}

enum hc_code hc_binary_add(struct hc_binary *b, struct hc_binary_record record, struct hc_err *err)
{
	HC_TRY(make_room(b, 1, err));
	b->records[b->n++] = record;
	return HC_OK;
}

enum hc_code hc_binary_merge(struct hc_binary *b, const struct hc_binary *from, struct hc_err *err)
{
	if (from->n == 0)
		return HC_OK;
	HC_TRY(make_room(b, from->n, err));
	memcpy(b->records + b->n, from->records, from->n * sizeof *from->records);
	b->n += from->n;
	return HC_OK;
}

/* ---- what records mean ---- */

struct meaning {
	const enum hc_binary_role *roles;
	size_t n_roles;
	double threshold;
};

static enum hc_binary_role role_of(const struct meaning *means, uint16_t class)
{
	return class < means->n_roles ? means->roles[class] : HC_ROLE_NONE;
}

static enum hc_binary_role predicted_role(const struct meaning *means, const struct hc_binary_record *r)
{
	if (r->predicted == HC_BINARY_BY_SCORE)
		return r->score > means->threshold ? HC_ROLE_POSITIVE : HC_ROLE_NEGATIVE;
	return role_of(means, r->predicted);
}

/* Moves the records that are measured to the front, returns how many they are. */
static size_t gather_measured(struct hc_binary *b, const struct meaning *means)
{
	size_t n = 0;
	for (size_t i = 0; i < b->n; i++) {
		struct hc_binary_record r = b->records[i];
		if (role_of(means, r.actual) == HC_ROLE_NONE || predicted_role(means, &r) == HC_ROLE_NONE)
			continue;
		b->records[i] = b->records[n];
		b->records[n++] = r;
	}
	return n;
}

/* ---- confusion matrices and what follows from them ---- */

struct matrix {
	uint64_t tp, fp, tn, fn;
};

static uint64_t positives(const struct matrix *m)
{
	return m->tp + m->fn;
}

static uint64_t negatives(const struct matrix *m)
{
	return m->fp + m->tn;
}

static void count_matrices(const struct hc_binary_record *records, size_t n, const struct meaning *means,
			   struct matrix matrices[SETS])
{
	uint64_t counts[PATTERNS][2][2] = {0}; /* [samples][actual][predicted] */
	for (size_t i = 0; i < n; i++) {
		bool actual = role_of(means, records[i].actual) == HC_ROLE_POSITIVE;
		bool predicted = predicted_role(means, &records[i]) == HC_ROLE_POSITIVE;
		counts[records[i].samples % PATTERNS][actual][predicted]++;
	}
	for (unsigned set = 0; set < SETS; set++) {
		struct matrix *m = &matrices[set];
		*m = (struct matrix){0};
		unsigned wanted = set ? 1u << (set - 1) : 0;
		for (unsigned i = 0; i < PATTERNS; i++) {
			if ((i & wanted) != wanted)
				continue;
			m->tn += counts[i][0][0];
			m->fp += counts[i][0][1];
			m->fn += counts[i][1][0];
			m->tp += counts[i][1][1];
		}
	}
}

struct scores {
	double recall, precision, accuracy, f0_5, f1, f2;
};

static struct scores score(const struct matrix *m)
{
	struct scores s = {
		.recall = hc_ratio(m->tp, positives(m)),
		.precision = hc_ratio_or_zero(m->tp, m->tp + m->fp),
		.accuracy = hc_ratio(m->tp + m->tn, positives(m) + negatives(m)),
	};
	s.f0_5 = hc_f_score(0.5, s.precision, s.recall);
	s.f1 = hc_f_score(1, s.precision, s.recall);
	s.f2 = hc_f_score(2, s.precision, s.recall);
	return s;
}

/* The matrix of the classifier that always says the class with more records. */
static struct matrix best_constant(const struct matrix *m)
{
	uint64_t p = positives(m), n = negatives(m);
	return p > n ? (struct matrix){.tp = p, .fp = n} : (struct matrix){.tn = n, .fn = p};
}

static void enter_ratios(const struct matrix *m, double values[HC_METRICS_MAX])
{
	struct matrix constant_matrix = best_constant(m);
	struct scores model = score(m), constant = score(&constant_matrix);
	values[HC_BINARY_RECALL] = model.recall;
	values[HC_BINARY_PRECISION] = model.precision;
	values[HC_BINARY_ACCURACY] = model.accuracy;
	values[HC_BINARY_RECALL_CONSTANT] = constant.recall;
	values[HC_BINARY_PRECISION_CONSTANT] = constant.precision;
	values[HC_BINARY_ACCURACY_CONSTANT] = constant.accuracy;
	values[HC_BINARY_TRUE_POSITIVE_RATE] = model.recall;
	values[HC_BINARY_FALSE_POSITIVE_RATE] = hc_ratio(m->fp, negatives(m));
	/* By subtraction: AWS's last digit says so. */
	values[HC_BINARY_TRUE_NEGATIVE_RATE] = 1 - values[HC_BINARY_FALSE_POSITIVE_RATE];
	values[HC_BINARY_FALSE_NEGATIVE_RATE] = 1 - model.recall;
	values[HC_BINARY_F0_5] = model.f0_5;
	values[HC_BINARY_F1] = model.f1;
	values[HC_BINARY_F2] = model.f2;
	values[HC_BINARY_F0_5_CONSTANT] = constant.f0_5;
	values[HC_BINARY_F1_CONSTANT] = constant.f1;
	values[HC_BINARY_F2_CONSTANT] = constant.f2;
}

static const char *reason(enum hc_binary_metric metric, const struct matrix *m)
{
	if (positives(m) + negatives(m) == 0)
		return HC_NO_RECORD;
	switch (metric) {
	case HC_BINARY_AUC:
		return "only one class among the labels";
	case HC_BINARY_FALSE_POSITIVE_RATE:
	case HC_BINARY_TRUE_NEGATIVE_RATE:
		return "no record is actually negative";
	default:
		return "no record is actually positive";
	}
}

/* ---- sorting by score ---- */

/* Ascending keys are descending scores; -0.0 and 0.0 have the same one. */
static inline uint64_t sort_key(double score)
{
	uint64_t bits;
	score += 0.0;
	memcpy(&bits, &score, sizeof bits);
	return bits >> 63 ? bits : ~bits & ~(UINT64_C(1) << 63);
}

enum { RADIX = 256, PASSES = 8 };

struct histogram {
	size_t counts[PASSES][RADIX];
};

static void count_digits(struct histogram *h, const struct hc_binary_record *records, size_t n)
{
	memset(h, 0, sizeof *h);
	for (size_t i = 0; i < n; i++) {
		uint64_t key = sort_key(records[i].score);
		for (int pass = 0; pass < PASSES; pass++)
			h->counts[pass][key >> 8 * pass & (RADIX - 1)]++;
	}
}

static void scatter(const size_t counts[RADIX], int pass, const struct hc_binary_record *from,
		    struct hc_binary_record *to, size_t n)
{
	size_t at[RADIX], sum = 0;
	for (int d = 0; d < RADIX; d++) {
		at[d] = sum;
		sum += counts[d];
	}
	for (size_t i = 0; i < n; i++)
		to[at[sort_key(from[i].score) >> 8 * pass & (RADIX - 1)]++] = from[i];
}

/* Sorts the first n records by score, descending: a radix sort from the last byte of the key on. */
static enum hc_code sort_by_score(struct hc_binary *b, size_t n, struct hc_err *err)
{
	if (n < 2)
		return HC_OK;
	struct hc_binary_record *from = b->records, *to = malloc(n * sizeof *to), *scratch = to;
	if (!to)
		return hc_fail_nomem(err, "sorting the records by score");
	struct histogram h;
	count_digits(&h, from, n);
	uint64_t any = sort_key(from[0].score);
	for (int pass = 0; pass < PASSES; pass++) {
		if (h.counts[pass][any >> 8 * pass & (RADIX - 1)] == n)
			continue; /* all records have the same byte here */
		scatter(h.counts[pass], pass, from, to, n);
		struct hc_binary_record *sorted = to;
		to = from;
		from = sorted;
	}
	if (from != b->records)
		memcpy(b->records, from, n * sizeof *from);
	free(scratch);
	return HC_OK;
}

/* ---- curves ---- */

/* One set of records on its way along the curves. */
struct walk {
	uint64_t positives, negatives; /* in all */
	uint64_t tp, fp;               /* so far */
	double tpr, fpr, precision;    /* at the last point */
	double auc;
	struct hc_exact au_prc;
};

/* Goes on to a point where `tp` positives and `fp` negatives more have a score at least as high. */
static void walk_to(struct walk *w, uint64_t tp, uint64_t fp)
{
	if (tp + fp == 0)
		return; /* the set has no record with this score, hence no point */
	bool first = w->tp + w->fp == 0;
	w->tp += tp;
	w->fp += fp;
	double tpr = hc_ratio_or_zero(w->tp, w->positives), fpr = hc_ratio_or_zero(w->fp, w->negatives);
	double precision = hc_ratio(w->tp, w->tp + w->fp);
	if (first)
		w->precision = precision; /* the precision-recall curve starts level */
	w->auc += (fpr - w->fpr) * (tpr + w->tpr) / 2;
	hc_exact_add(&w->au_prc, (tpr - w->tpr) * (precision + w->precision) / 2);
	w->tpr = tpr;
	w->fpr = fpr;
	w->precision = precision;
}

/* A curve that keeps `kept` of its `full` points, evenly, the first and the last among them. */
struct thinning {
	size_t full, kept;
	size_t seen;
	struct hc_curve curve;
};

static enum hc_code start_curve(struct thinning *t, size_t full, size_t points, struct hc_arena *arena,
				struct hc_err *err)
{
	if (points < 2)
		points = 2;
	*t = (struct thinning){.full = full, .kept = full < points ? full : points};
	double *memory = hc_arena_take(arena, 2 * t->kept * sizeof *memory);
	if (!memory)
		return hc_fail_nomem(err, "the points of a curve");
	t->curve = (struct hc_curve){.x = memory, .y = memory + t->kept};
	return HC_OK;
}

static void put_point(struct thinning *t, double x, double y)
{
	/* Point k of those kept is point k * (full - 1) / (kept - 1), rounded, of all; kept is at least 2. */
	size_t gaps = t->kept - 1, k = t->curve.n;
	assert(gaps > 0);
	size_t wanted = (size_t)(((unsigned __int128)k * (t->full - 1) + gaps / 2) / gaps);
	if (t->seen++ != wanted)
		return;
	t->curve.x[k] = x;
	t->curve.y[k] = y;
	t->curve.n++;
}

static bool same_score(const struct hc_binary_record *a, const struct hc_binary_record *b)
{
	return sort_key(a->score) == sort_key(b->score);
}

static size_t count_scores(const struct hc_binary_record *records, size_t n)
{
	size_t scores = n > 0;
	for (size_t i = 1; i < n; i++)
		scores += !same_score(&records[i - 1], &records[i]);
	return scores;
}

/* Walks over the records that share the score of record i; returns the index behind them. */
static size_t walk_group(struct walk walks[SETS], const struct hc_binary_record *records, size_t n, size_t i,
			 const struct meaning *means)
{
	uint64_t counts[SETS][2] = {0};
	size_t first = i;
	do {
		bool positive = role_of(means, records[i].actual) == HC_ROLE_POSITIVE;
		counts[0][positive]++;
		for (unsigned k = 0; k < HC_SAMPLES; k++)
			counts[k + 1][positive] += records[i].samples >> k & 1;
		i++;
	} while (i < n && same_score(&records[first], &records[i]));
	for (int set = 0; set < SETS; set++)
		walk_to(&walks[set], counts[set][1], counts[set][0]);
	return i;
}

/* Fills areas and curves from the first n records, sorted; n > 0. */
static enum hc_code draw_curves(const struct hc_binary_record *records, size_t n, const struct meaning *means,
				struct walk walks[SETS], size_t points, struct hc_arena *arena, struct hc_metrics *m,
				struct hc_err *err)
{
	struct thinning roc, pr;
	size_t scores = count_scores(records, n);
	HC_TRY(start_curve(&roc, scores + 2, points, arena, err));
	HC_TRY(start_curve(&pr, scores + 1, points, arena, err));
	put_point(&roc, 0, 0);
	for (size_t i = 0; i < n;) {
		bool first = i == 0;
		i = walk_group(walks, records, n, i, means);
		const struct walk *all = &walks[0];
		if (first)
			put_point(&pr, 0, all->precision);
		put_point(&roc, all->fpr, all->tpr);
		put_point(&pr, all->tpr, all->precision);
	}
	put_point(&roc, 1, 1);
	m->has_curves = true;
	m->roc = roc.curve;
	m->pr = pr.curve;
	return HC_OK;
}

static enum hc_code measure_scores(struct hc_binary *b, size_t n, const struct meaning *means,
				   const struct matrix matrices[SETS], size_t points, struct hc_arena *arena,
				   struct hc_measured *measured, struct hc_metrics *m, struct hc_err *err)
{
	struct walk walks[SETS] = {0};
	for (int set = 0; set < SETS; set++) {
		walks[set].positives = positives(&matrices[set]);
		walks[set].negatives = negatives(&matrices[set]);
	}
	if (n > 0) {
		HC_TRY(sort_by_score(b, n, err));
		HC_TRY(draw_curves(b->records, n, means, walks, points, arena, m, err));
	}
	for (int set = 0; set < SETS; set++) {
		struct walk *w = &walks[set];
		measured->values[set][HC_BINARY_AUC] = w->positives && w->negatives ? w->auc : NAN;
		measured->values[set][HC_BINARY_AU_PRC] = w->positives ? hc_exact_round(&w->au_prc) : NAN;
	}
	return HC_OK;
}

/* ---- the whole ---- */

static bool is_area(size_t metric)
{
	return metric == HC_BINARY_AUC || metric == HC_BINARY_AU_PRC;
}

enum hc_code hc_binary_finish(struct hc_binary *b, const enum hc_binary_role *roles, size_t n_roles, double threshold,
			      bool has_score, size_t curve_points, struct hc_arena *arena, struct hc_metrics *out,
			      struct hc_err *err)
{
	struct meaning means = {roles, n_roles, threshold};
	struct matrix matrices[SETS];
	struct hc_measured measured = {0};
	size_t n = gather_measured(b, &means);
	struct hc_metrics m = {.problem = HC_BINARY, .n = n, .classes = 2};
	count_matrices(b->records, n, &means, matrices);
	for (int set = 0; set < SETS; set++)
		enter_ratios(&matrices[set], measured.values[set]);
	if (has_score)
		HC_TRY(measure_scores(b, n, &means, matrices, curve_points, arena, &measured, &m, err));
	hc_metrics_enter(&m, HC_BINARY_METRICS, &measured);
	for (size_t i = 0; i < HC_BINARY_METRICS; i++) {
		if (is_area(i) && !has_score)
			m.values[i] = (struct hc_metric){.value = NAN, .deviation = NAN};
		else if (isnan(m.values[i].value))
			m.values[i].undefined = reason((enum hc_binary_metric)i, &matrices[0]);
	}
	m.counts = hc_arena_take(arena, 4 * sizeof *m.counts);
	if (!m.counts)
		return hc_fail_nomem(err, "the confusion matrix");
	m.counts[0] = matrices[0].tn;
	m.counts[1] = matrices[0].fp;
	m.counts[2] = matrices[0].fn;
	m.counts[3] = matrices[0].tp;
	*out = m;
	return HC_OK;
}
