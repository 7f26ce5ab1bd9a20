#include "metric/binary.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metric/formula.h"
#include "metric/ordered.h"
#include "metric/tape.h"
#include "metric/walk.h"
#include "spill/bins.h"

/* ---- accumulating ---- */

/* Areas are added up in order, so more threads than this only wait for each other. */
enum { WALKERS_MAX = 8 };

enum {
	BINS = 256,
	LINEAR_STEPS = 128,
	TAIL_OCTAVES = 32, /* the tails end at 2^-32 from 0 and from 1 */
	TAIL_STEPS = 2 * TAIL_OCTAVES,
};

struct hc_binary {
	bool has_score, written;
	struct hc_spill *spill;
	struct hc_bins *bins;
	unsigned writers;
};

/* How far x, 0 to 1, is above 2^-TAIL_OCTAVES, in half octaves. */
static inline unsigned tail(double x)
{
	enum { STEPS_BELOW = 2 * (1023 - TAIL_OCTAVES) }; /* exponent and first bit of the fraction of that number */
	uint64_t bits;
	memcpy(&bits, &x, sizeof bits);
	unsigned steps = (unsigned)(bits >> 51);
	return steps < STEPS_BELOW ? 0 : steps - STEPS_BELOW;
}

/*
 * The bin of a score, ascending with it. Scores crowd at both ends when classes are rare or a model is good: a third of
 * the steps is even, the others are even in the logarithms of the score and of its distance from 1. Numbers outside go
 * to the ends, NaN to the first bin.
 */
static inline unsigned bin_of(double score)
{
	double s = score > 0 ? score < 1 ? score : 1 : 0;
	unsigned bin = (unsigned)(s * LINEAR_STEPS) + tail(s) + (TAIL_STEPS - tail(1 - s));
	return bin < BINS ? bin : BINS - 1;
}

enum hc_code hc_binary_open(bool has_score, struct hc_spill *spill, unsigned writers, struct hc_binary **out,
			    struct hc_err *err)
{
	struct hc_binary *b = malloc(sizeof *b);
	if (!b)
		return hc_fail_nomem(err, "the records of the measurement");
	*b = (struct hc_binary){.has_score = has_score, .spill = spill, .writers = writers};
	enum hc_code code = hc_bins_open(spill, BINS, sizeof(struct hc_binary_record), writers, &b->bins, err);
	if (code != HC_OK) {
		free(b);
		return code;
	}
	*out = b;
	return HC_OK;
}

void hc_binary_free(struct hc_binary *b)
{
	if (!b)
		return;
	hc_bins_free(b->bins);
	free(b);
}

enum hc_code hc_binary_add(struct hc_binary *b, unsigned writer, struct hc_binary_record record, struct hc_err *err)
{
	void *row;
	unsigned bin = b->has_score ? bin_of(record.score) : (unsigned)record.samples; /* any, then */
	assert(!b->written && writer < b->writers);
	HC_TRY(hc_bins_row(b->bins, hc_bins_cursors(b->bins, writer), writer, bin, sizeof record, &row, err));
	struct hc_binary_record *r = row;
	memset(r, 0, sizeof *r); /* its gaps may go to disk */
	r->score = record.score;
	r->actual = record.actual;
	r->predicted = record.predicted;
	r->samples = record.samples;
	return HC_OK;
}

static void end_writing(struct hc_binary *b)
{
	if (!b->written)
		hc_bins_flush(b->bins);
	b->written = true;
}

enum hc_code hc_binary_ordered(struct hc_binary *b, const uint16_t *numbers, size_t classes, hc_binary_group *take,
			       void *arg, struct hc_err *err)
{
	end_writing(b);
	return hc_ordered_each(b->bins, BINS, b->spill, b->has_score, numbers, classes, take, arg, err);
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

/* The matrix of all records (0), or of sample set - 1. */
static struct matrix matrix_of(const struct hc_tape_counts *counts, unsigned set)
{
	struct matrix m = {0};
	unsigned wanted = set ? 1u << (set - 1) : 0;
	for (unsigned i = 0; i < 1u << HC_SAMPLES; i++) {
		if ((i & wanted) != wanted)
			continue;
		m.tn += counts->n[i][HC_ROLE_NEGATIVE][HC_ROLE_NEGATIVE];
		m.fp += counts->n[i][HC_ROLE_NEGATIVE][HC_ROLE_POSITIVE];
		m.fn += counts->n[i][HC_ROLE_POSITIVE][HC_ROLE_NEGATIVE];
		m.tp += counts->n[i][HC_ROLE_POSITIVE][HC_ROLE_POSITIVE];
	}
	return m;
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

/* ---- areas and curves ---- */

static enum hc_code start_curve(struct hc_thinning *t, uint64_t full, size_t points, struct hc_arena *arena,
				struct hc_err *err)
{
	if (points < 2)
		points = 2;
	*t = (struct hc_thinning){.full = full, .kept = full < points ? (size_t)full : points};
	double *memory = hc_arena_take(arena, 2 * t->kept * sizeof *memory);
	if (!memory)
		return hc_fail_nomem(err, "the points of a curve");
	t->curve = (struct hc_curve){.x = memory, .y = memory + t->kept};
	return HC_OK;
}

/* Walks the tape, unless it is empty; areas that are not defined become NaN. */
static enum hc_code measure_scores(const struct hc_tape *tape, const struct matrix matrices[HC_SETS], size_t points,
				   unsigned threads, struct hc_arena *arena, struct hc_measured *measured,
				   struct hc_metrics *m, struct hc_err *err)
{
	uint64_t actual[HC_SETS], other[HC_SETS];
	for (int set = 0; set < HC_SETS; set++) {
		actual[set] = positives(&matrices[set]);
		other[set] = negatives(&matrices[set]);
	}
	struct hc_walk_areas areas = {0};
	if (tape->n > 0) {
		struct hc_thinning roc, pr;
		HC_TRY(start_curve(&roc, tape->points + 2, points, arena, err));
		HC_TRY(start_curve(&pr, tape->points + 1, points, arena, err));
		HC_TRY(hc_walk(tape, actual, other, threads < WALKERS_MAX ? threads : WALKERS_MAX, &roc, &pr, &areas,
			       err));
		m->has_curves = true;
		m->roc = roc.curve;
		m->pr = pr.curve;
	}
	for (int set = 0; set < HC_SETS; set++) {
		measured->values[set][HC_BINARY_AUC] = actual[set] && other[set] ? areas.auc[set] : NAN;
		measured->values[set][HC_BINARY_AU_PRC] = actual[set] ? areas.au_prc[set] : NAN;
	}
	return HC_OK;
}

/* ---- the whole ---- */

static bool is_area(size_t metric)
{
	return metric == HC_BINARY_AUC || metric == HC_BINARY_AU_PRC;
}

static enum hc_code enter_matrix(struct hc_metrics *m, const struct matrix *matrix, struct hc_arena *arena,
				 struct hc_err *err)
{
	m->counts = hc_arena_take(arena, 4 * sizeof *m->counts);
	if (!m->counts)
		return hc_fail_nomem(err, "the confusion matrix");
	m->counts[0] = matrix->tn;
	m->counts[1] = matrix->fp;
	m->counts[2] = matrix->fn;
	m->counts[3] = matrix->tp;
	return HC_OK;
}

/* Computes everything from the counts, and from the tape where there are scores. */
static enum hc_code measure(const struct hc_tape_counts *counts, const struct hc_tape *tape, bool has_score,
			    size_t curve_points, unsigned threads, struct hc_arena *arena, struct hc_metrics *out,
			    struct hc_err *err)
{
	struct matrix matrices[HC_SETS];
	struct hc_measured measured = {0};
	for (unsigned set = 0; set < HC_SETS; set++) {
		matrices[set] = matrix_of(counts, set);
		enter_ratios(&matrices[set], measured.values[set]);
	}
	struct hc_metrics m = {.problem = HC_BINARY, .classes = 2};
	m.n = positives(&matrices[0]) + negatives(&matrices[0]);
	if (has_score)
		HC_TRY(measure_scores(tape, matrices, curve_points, threads, arena, &measured, &m, err));
	hc_metrics_enter(&m, HC_BINARY_METRICS, &measured);
	for (size_t i = 0; i < HC_BINARY_METRICS; i++) {
		if (is_area(i) && !has_score)
			m.values[i] = (struct hc_metric){.value = NAN, .deviation = NAN};
		else if (isnan(m.values[i].value))
			m.values[i].undefined = reason((enum hc_binary_metric)i, &matrices[0]);
	}
	HC_TRY(enter_matrix(&m, &matrices[0], arena, err));
	*out = m;
	return HC_OK;
}

enum hc_code hc_binary_finish(struct hc_binary *b, const enum hc_binary_role *roles, size_t n_roles, double threshold,
			      size_t curve_points, unsigned threads, struct hc_arena *arena, struct hc_metrics *out,
			      struct hc_err *err)
{
	end_writing(b);
	if (hc_bins_total(b->bins) > HC_BINARY_RECORDS_MAX)
		return hc_fail(err, HC_LIMIT, "more than %llu records in one measurement",
			       (unsigned long long)HC_BINARY_RECORDS_MAX);
	struct hc_tape_roles *by_class = calloc(1, sizeof *by_class); /* HC_ROLE_NONE is 0 */
	if (!by_class)
		return hc_fail_nomem(err, "the classes of the measurement");
	by_class->threshold = threshold;
	for (size_t class = 0; class < n_roles && class < HC_BINARY_BY_SCORE; class ++)
		by_class->role[class] = (uint8_t)roles[class];
	struct hc_tape tape;
	struct hc_tape_counts counts;
	enum hc_code code = hc_tape_make(b->bins, BINS, b->spill, by_class, b->has_score, threads, &tape, &counts, err);
	if (code == HC_OK)
		code = measure(&counts, &tape, b->has_score, curve_points, threads, arena, out, err);
	hc_tape_free(&tape);
	free(by_class);
	return code;
}
