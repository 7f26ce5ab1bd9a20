#include "metric/multiclass.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metric/classes.h"
#include "metric/formula.h"

enum { STRIDE_MIN = 8, SETS = HC_SAMPLES + 1 };

void hc_multiclass_free(struct hc_multiclass *m)
{
	free(m->counts);
	*m = (struct hc_multiclass){0};
}

static uint64_t *cell(const struct hc_multiclass *m, size_t set, size_t actual, size_t predicted)
{
	return m->counts + (set * m->stride + actual) * m->stride + predicted;
}

/* Makes room for class numbers up to `class`. */
static enum hc_code make_room(struct hc_multiclass *m, size_t class, struct hc_err *err)
{
	if (class < m->stride)
		return HC_OK;
	if (class >= HC_CLASSES_MAX) {
		hc_fail(err, HC_LIMIT, "more than %d classes", HC_CLASSES_MAX);
		return hc_hint(err, "for labels that are quantities choose the problem type Regression");
	}
	struct hc_multiclass wider = {.stride = m->stride ? m->stride : STRIDE_MIN};
	while (wider.stride <= class)
		wider.stride = wider.stride > HC_CLASSES_MAX / 2 ? HC_CLASSES_MAX : 2 * wider.stride;
	wider.counts = calloc(SETS * wider.stride * wider.stride, sizeof *wider.counts);
	if (!wider.counts)
		return hc_fail_nomem(err, "the confusion matrix");
	for (size_t set = 0; set < SETS; set++)
		for (size_t actual = 0; actual < m->stride; actual++)
			memcpy(cell(&wider, set, actual, 0), cell(m, set, actual, 0), m->stride * sizeof *m->counts);
	hc_multiclass_free(m);
	*m = wider;
	return HC_OK;
}

enum hc_code hc_multiclass_add(struct hc_multiclass *m, uint16_t actual, uint16_t predicted, uint8_t samples,
			       struct hc_err *err)
{
	HC_TRY(make_room(m, actual > predicted ? actual : predicted, err));
	++*cell(m, 0, actual, predicted);
	for (size_t k = 0; k < HC_SAMPLES; k++)
		*cell(m, k + 1, actual, predicted) += samples >> k & 1;
	return HC_OK;
}

enum hc_code hc_multiclass_merge(struct hc_multiclass *m, const struct hc_multiclass *from,
				 const uint16_t *class_of_from, struct hc_err *err)
{
	size_t largest = 0;
	for (size_t a = 0; a < from->stride; a++) {
		for (size_t p = 0; p < from->stride; p++) {
			if (!*cell(from, 0, a, p))
				continue;
			largest = class_of_from[a] > largest ? class_of_from[a] : largest;
			largest = class_of_from[p] > largest ? class_of_from[p] : largest;
		}
	}
	HC_TRY(make_room(m, largest, err));
	for (size_t set = 0; set < SETS; set++)
		for (size_t a = 0; a < from->stride; a++)
			for (size_t p = 0; p < from->stride; p++)
				if (*cell(from, set, a, p))
					*cell(m, set, class_of_from[a], class_of_from[p]) += *cell(from, set, a, p);
	return HC_OK;
}

/* One set of records, by place in the matrix. */
struct margins {
	uint64_t *actual, *predicted, *right; /* [classes], in one allocation that begins at `actual` */
	size_t classes;
	uint64_t n;
};

static void fill_margins(struct margins *g, const struct hc_multiclass *m, size_t set, const uint16_t *place,
			 size_t n_place)
{
	memset(g->actual, 0, 3 * g->classes * sizeof *g->actual);
	g->n = 0;
	for (size_t a = 0; a < n_place; a++) {
		for (size_t p = 0; p < n_place; p++) {
			uint64_t count = *cell(m, set, a, p);
			if (!count)
				continue;
			g->n += count;
			g->actual[place[a]] += count;
			g->predicted[place[p]] += count;
			g->right[place[a]] += place[a] == place[p] ? count : 0;
		}
	}
}

/* Sums over the classes of X * actual count; F_beta for the betas of AWS. */
struct weighted {
	double recall, precision, f0_5, f1, f2;
};

static void weigh(struct weighted *w, uint64_t right, uint64_t actual, uint64_t predicted)
{
	if (!actual)
		return;
	double weight = (double)actual;
	double recall = hc_ratio(right, actual), precision = hc_ratio_or_zero(right, predicted);
	w->recall += recall * weight;
	w->precision += precision * weight;
	w->f0_5 += hc_f_score(0.5, precision, recall) * weight;
	w->f1 += hc_f_score(1, precision, recall) * weight;
	w->f2 += hc_f_score(2, precision, recall) * weight;
}

/* Accuracy and the weighted means, in the order of the table, from `first` on. */
static void enter_means(double *values, const struct weighted *w, uint64_t right, uint64_t n)
{
	double count = (double)n;
	values[HC_MULTICLASS_ACCURACY] = hc_ratio(right, n);
	values[HC_MULTICLASS_WEIGHTED_RECALL] = n ? w->recall / count : NAN;
	values[HC_MULTICLASS_WEIGHTED_PRECISION] = n ? w->precision / count : 0.0;
	values[HC_MULTICLASS_WEIGHTED_F0_5] = n ? w->f0_5 / count : 0.0;
	values[HC_MULTICLASS_WEIGHTED_F1] = n ? w->f1 / count : 0.0;
	values[HC_MULTICLASS_WEIGHTED_F2] = n ? w->f2 / count : 0.0;
}

_Static_assert(HC_MULTICLASS_WEIGHTED_F2_CONSTANT - HC_MULTICLASS_ACCURACY_CONSTANT ==
		       HC_MULTICLASS_WEIGHTED_F2 - HC_MULTICLASS_ACCURACY,
	       "the best constant classifier has the same metrics in the same order");

static void measure(const struct margins *g, double values[HC_METRICS_MAX])
{
	struct weighted model = {0}, constant = {0};
	uint64_t right = 0;
	size_t majority = 0;
	for (size_t c = 0; c < g->classes; c++) {
		weigh(&model, g->right[c], g->actual[c], g->predicted[c]);
		right += g->right[c];
		if (g->actual[c] > g->actual[majority])
			majority = c;
	}
	/* The classes that a constant classifier never predicts have recall 0, precision 0, F 0. */
	uint64_t most = g->classes ? g->actual[majority] : 0;
	weigh(&constant, most, most, g->n);
	enter_means(values, &model, right, g->n);
	enter_means(values + HC_MULTICLASS_ACCURACY_CONSTANT, &constant, most, g->n);
}

static uint64_t *take_matrix(const struct hc_multiclass *m, const uint16_t *place, size_t n_place, size_t classes,
			     struct hc_arena *arena)
{
	uint64_t *counts = hc_arena_take(arena, classes * classes * sizeof *counts);
	if (!counts)
		return NULL;
	memset(counts, 0, classes * classes * sizeof *counts);
	for (size_t a = 0; a < n_place; a++)
		for (size_t p = 0; p < n_place; p++)
			if (*cell(m, 0, a, p))
				counts[place[a] * classes + place[p]] += *cell(m, 0, a, p);
	return counts;
}

enum hc_code hc_multiclass_finish(const struct hc_multiclass *m, const uint16_t *place, size_t n_place, size_t classes,
				  struct hc_arena *arena, struct hc_metrics *out, struct hc_err *err)
{
	if (n_place > m->stride)
		n_place = m->stride;
	struct hc_metrics done = {.problem = HC_MULTICLASS, .classes = classes};
	done.counts = take_matrix(m, place, n_place, classes, arena);
	uint64_t *memory = calloc(3 * classes + 1, sizeof *memory);
	if (!done.counts || !memory) {
		free(memory);
		return hc_fail_nomem(err, "the confusion matrix");
	}
	struct margins margins = {memory, memory + classes, memory + 2 * classes, .classes = classes};
	struct hc_measured measured = {0};
	for (size_t set = 0; set < SETS; set++) {
		fill_margins(&margins, m, set, place, n_place);
		measure(&margins, measured.values[set]);
		if (set == 0)
			done.n = margins.n;
	}
	free(memory);
	hc_metrics_enter(&done, HC_MULTICLASS_METRICS, &measured);
	for (size_t i = 0; i < HC_MULTICLASS_METRICS; i++)
		if (isnan(done.values[i].value))
			done.values[i].undefined = HC_NO_RECORD;
	*out = done;
	return HC_OK;
}
