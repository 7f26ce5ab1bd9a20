#include "monitor/tally.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/place.h"

enum { USES_MIN = 64 };

bool hc_measure_uses_score(const struct hc_measure_options *o)
{
	return o->problem == HC_BINARY && o->probability.given;
}

bool hc_measure_uses_class(const struct hc_measure_options *o)
{
	return !hc_measure_uses_score(o) || !(o->has_threshold || !o->inference.given);
}

static enum hc_code open_share(struct hc_tally *t, unsigned worker, struct hc_err *err)
{
	if (t->options.problem != HC_REGRESSION)
		return HC_OK;
	t->shares[worker].regression = hc_apart_alloc(1, sizeof *t->shares[worker].regression);
	return t->shares[worker].regression ? HC_OK : hc_fail_nomem(err, "the sums");
}

enum hc_code hc_tally_open(const struct hc_measure_options *options, struct hc_spill *spill, unsigned workers,
			   struct hc_tally **out, struct hc_err *err)
{
	struct hc_tally *t = calloc(1, sizeof *t);
	struct hc_tally_share *shares = hc_apart_alloc(workers, sizeof *shares);
	if (!t || !shares) {
		free(t);
		free(shares);
		return hc_fail_nomem(err, "the tally");
	}
	t->options = *options;
	if (!options->has_threshold)
		t->options.threshold = 0.5;
	t->workers = workers;
	t->shares = shares;
	hc_spellings_init(&t->spellings);
	enum hc_code code = HC_OK;
	for (unsigned i = 0; i < workers && code == HC_OK; i++)
		code = open_share(t, i, err);
	if (code == HC_OK && options->problem == HC_BINARY)
		code = hc_binary_open(hc_measure_uses_score(options), spill, workers, &t->binary, err);
	if (code != HC_OK) {
		hc_tally_free(t);
		return code;
	}
	*out = t;
	return HC_OK;
}

void hc_tally_free(struct hc_tally *t)
{
	if (!t)
		return;
	for (unsigned i = 0; i < t->workers; i++) {
		free(t->shares[i].uses);
		hc_multiclass_free(&t->shares[i].multiclass);
		free(t->shares[i].regression);
	}
	hc_binary_free(t->binary);
	hc_spellings_free(&t->spellings);
	free(t->shares);
	free(t);
}

static enum hc_code hint_classes(struct hc_err *err)
{
	return hc_hint(err, "for labels that are quantities choose the problem type Regression; "
			    "else look whether the attribute names the right column");
}

static enum hc_code fail_classes(struct hc_err *err)
{
	hc_fail(err, HC_LIMIT, "labels and predictions have more than %d different spellings", HC_CLASSES_MAX);
	return hint_classes(err);
}

static void note_long(struct hc_tally_share *share, size_t bytes, uint64_t place)
{
	if (share->long_bytes &&
	    (place > share->long_place || (place == share->long_place && bytes >= share->long_bytes)))
		return;
	share->long_bytes = bytes;
	share->long_place = place;
}

bool hc_tally_class(struct hc_tally *t, unsigned worker, struct hc_str text, uint64_t place, uint16_t *out)
{
	struct hc_tally_share *share = &t->shares[worker];
	bool is_long = text.n > HC_CLASS_NAME_MAX;
	if (!is_long && hc_spellings_number(&t->spellings, &share->spellings, text, out))
		return true;
	if (is_long)
		note_long(share, text.n, place);
	else
		share->overfull = true;
	share->n++;
	return false;
}

static enum hc_code grow_uses(struct hc_tally_share *share, size_t number, struct hc_err *err)
{
	size_t n = share->n_uses ? share->n_uses : USES_MIN;
	while (n <= number)
		n *= 2;
	struct hc_class_use *uses = realloc(share->uses, n * sizeof *uses);
	if (!uses)
		return hc_fail_nomem(err, "the classes");
	for (size_t i = share->n_uses; i < n; i++)
		uses[i] = (struct hc_class_use){
			.first_label = UINT64_MAX, .first_prediction = UINT64_MAX, .dense = HC_CLASS_NOT_DENSE};
	share->uses = uses;
	share->n_uses = n;
	return HC_OK;
}

static bool number_densely(struct hc_tally_share *share, struct hc_class_use *use)
{
	if (use->dense != HC_CLASS_NOT_DENSE)
		return true;
	if (share->n_dense == HC_CLASSES_MAX) {
		share->overfull = true;
		return false;
	}
	use->dense = share->n_dense++;
	return true;
}

static void count(uint64_t *uses, uint64_t *first, uint64_t place)
{
	++*uses;
	if (place < *first)
		*first = place;
}

enum hc_code hc_tally_add(struct hc_tally *t, unsigned worker, const struct hc_tally_row *row, struct hc_err *err)
{
	struct hc_tally_share *share = &t->shares[worker];
	bool by_score = row->predicted == HC_BINARY_BY_SCORE;
	size_t most = by_score || row->actual > row->predicted ? row->actual : row->predicted;
	if (most >= share->n_uses)
		HC_TRY(grow_uses(share, most, err));
	struct hc_class_use *actual = &share->uses[row->actual];
	struct hc_class_use *predicted = by_score ? NULL : &share->uses[row->predicted];
	count(&actual->labels, &actual->first_label, row->label);
	if (predicted)
		count(&predicted->predictions, &predicted->first_prediction, row->output);
	share->n++;
	if (t->options.problem == HC_BINARY) {
		struct hc_binary_record record = {row->score, row->actual, row->predicted, row->samples};
		return hc_binary_add(t->binary, worker, record, err);
	}
	assert(predicted);
	if (!number_densely(share, actual) || !number_densely(share, predicted))
		return HC_OK;
	return hc_multiclass_add(&share->multiclass, actual->dense, predicted->dense, row->samples, err);
}

void hc_tally_add_values(struct hc_tally *t, unsigned worker, double actual, double predicted, uint8_t samples)
{
	hc_regression_add(t->shares[worker].regression, actual, predicted, samples);
	t->shares[worker].n++;
}

uint64_t hc_tally_rows(const struct hc_tally *t)
{
	uint64_t n = 0;
	for (unsigned i = 0; i < t->workers; i++)
		n += t->shares[i].n;
	return n;
}

/* ---- what others counted ---- */

enum hc_code hc_tally_add_class(struct hc_tally *t, unsigned worker, const struct hc_met_class *met, struct hc_err *err)
{
	struct hc_tally_share *share = &t->shares[worker];
	if (met->number >= share->n_uses)
		HC_TRY(grow_uses(share, met->number, err));
	struct hc_class_use *use = &share->uses[met->number];
	use->labels += met->labels;
	use->predictions += met->predictions;
	use->first_label = met->first_label < use->first_label ? met->first_label : use->first_label;
	if (met->first_prediction < use->first_prediction)
		use->first_prediction = met->first_prediction;
	return HC_OK;
}

enum hc_code hc_tally_add_records(struct hc_tally *t, unsigned worker, struct hc_binary_record record, uint64_t n,
				  struct hc_err *err)
{
	for (uint64_t i = 0; i < n; i++)
		HC_TRY(hc_binary_add(t->binary, worker, record, err));
	t->shares[worker].n += n;
	return HC_OK;
}

enum hc_code hc_tally_add_matrix(struct hc_tally *t, unsigned worker, const struct hc_multiclass *from,
				 const uint16_t *numbers, size_t n, uint64_t rows, struct hc_err *err)
{
	struct hc_tally_share *share = &t->shares[worker];
	uint16_t dense[HC_CLASSES_MAX] = {0};
	assert(n <= HC_CLASSES_MAX);
	for (size_t i = 0; i < n; i++) {
		if (numbers[i] >= share->n_uses)
			HC_TRY(grow_uses(share, numbers[i], err));
		assert(share->uses);
		if (!number_densely(share, &share->uses[numbers[i]]))
			return HC_OK;
		dense[i] = share->uses[numbers[i]].dense;
	}
	HC_TRY(hc_multiclass_merge(&share->multiclass, from, dense, err));
	share->n += rows;
	return HC_OK;
}

void hc_tally_add_sums(struct hc_tally *t, unsigned worker, const struct hc_regression *from, uint64_t rows)
{
	hc_regression_merge(t->shares[worker].regression, from);
	t->shares[worker].n += rows;
}

/* ---- putting shares together ---- */

/* A class that was met by any worker. */
static struct hc_met_class meet(struct hc_tally *t, uint16_t number)
{
	struct hc_met_class met = {.number = number,
				   .text = hc_spellings_text(&t->spellings, number),
				   .first_label = UINT64_MAX,
				   .first_prediction = UINT64_MAX};
	for (unsigned i = 0; i < t->workers; i++) {
		const struct hc_tally_share *share = &t->shares[i];
		if (number >= share->n_uses)
			continue;
		const struct hc_class_use *use = &share->uses[number];
		met.labels += use->labels;
		met.predictions += use->predictions;
		met.first_label = use->first_label < met.first_label ? use->first_label : met.first_label;
		if (use->first_prediction < met.first_prediction)
			met.first_prediction = use->first_prediction;
	}
	return met;
}

static int by_text(const void *a, const void *b)
{
	const struct hc_met_class *x = a, *y = b;
	return hc_str_cmp(x->text, y->text);
}

/* What was refused while rows were added; *place: where. */
static enum hc_code check_refused(const struct hc_tally *t, uint64_t *place, struct hc_err *err)
{
	struct hc_tally_share all = {0};
	for (unsigned i = 0; i < t->workers; i++) {
		const struct hc_tally_share *share = &t->shares[i];
		all.overfull |= share->overfull;
		if (share->long_bytes)
			note_long(&all, share->long_bytes, share->long_place);
	}
	if (all.long_bytes) {
		*place = all.long_place;
		hc_fail(err, HC_LIMIT, "a class has a name of %zu bytes, more than %d", all.long_bytes,
			HC_CLASS_NAME_MAX);
		return hint_classes(err);
	}
	return all.overfull ? fail_classes(err) : HC_OK;
}

enum hc_code hc_tally_met(struct hc_tally *t, struct hc_arena *arena, struct hc_met_class **out, size_t *n,
			  uint64_t *place, struct hc_err *err)
{
	*place = HC_PLACE_NONE;
	HC_TRY(check_refused(t, place, err));
	size_t known = t->spellings.n, found = 0;
	struct hc_met_class *list = hc_arena_take(arena, (known + 1) * sizeof *list);
	if (!list)
		return hc_fail_nomem(err, "the classes");
	for (size_t i = 0; i < known; i++) {
		list[found] = meet(t, (uint16_t)i);
		found += list[found].labels + list[found].predictions > 0;
	}
	if (found > HC_CLASSES_MAX)
		return fail_classes(err);
	qsort(list, found, sizeof *list, by_text);
	*out = list;
	*n = found;
	return HC_OK;
}

static uint64_t first_place(const struct hc_met_class *met)
{
	return met->labels ? met->first_label : met->first_prediction;
}

static int by_place(const void *a, const void *b)
{
	const struct hc_met_class *x = a, *y = b;
	if (first_place(x) != first_place(y))
		return first_place(x) < first_place(y) ? -1 : 1;
	return hc_str_cmp(x->text, y->text);
}

enum hc_code hc_tally_classes(struct hc_tally *t, const struct hc_place_resolver *places, struct hc_arena *arena,
			      struct hc_classes *out, uint16_t **map, struct hc_class_place *where, struct hc_err *err)
{
	size_t known = t->spellings.n, n;
	uint64_t place;
	struct hc_met_class *met;
	uint16_t *numbers = hc_arena_take(arena, (known + 1) * sizeof *numbers);
	if (!numbers)
		return hc_fail_nomem(err, "the classes");
	for (size_t i = 0; i < known; i++)
		numbers[i] = HC_CLASS_NOT_DENSE;
	if (hc_tally_met(t, arena, &met, &n, &place, err) != HC_OK) {
		if (place != HC_PLACE_NONE)
			*where = places->where(places->arg, place);
		return hc_err_code(err);
	}
	qsort(met, n, sizeof *met, by_place);
	for (size_t i = 0; i < n; i++) {
		size_t number = 0;
		HC_TRY(hc_classes_enter(out, met[i].text, met[i].labels, met[i].predictions,
					places->where(places->arg, first_place(&met[i])), &number, err));
		numbers[met[i].number] = (uint16_t)number;
	}
	if (map)
		*map = numbers;
	return HC_OK;
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

static void find_third(const struct hc_classes *classes, const struct hc_class_map *map, struct hc_arena *arena,
		       struct hc_third_class *third)
{
	for (size_t i = 0; i < map->n; i++) {
		const struct hc_class *c = &classes->list[i];
		if (map->roles[i] != HC_ROLE_NONE)
			continue;
		if (!third->spelling.p || stands_before(c, third)) {
			third->spelling = c->spelling;
			third->first = c->first;
		}
	}
	if (third->spelling.p) /* the classes go before the report */
		third->spelling = hc_arena_copy(arena, third->spelling);
}

static enum hc_code finish_binary(struct hc_tally *t, const struct hc_classes *classes, const uint16_t *map,
				  unsigned threads, struct hc_arena *arena, struct hc_measured *out,
				  struct hc_class_place *where, struct hc_err *err)
{
	const struct hc_measure_options *o = &t->options;
	size_t known = t->spellings.n;
	HC_TRY(hc_classes_read_binary(classes, o->positive_label, arena, &out->classes, where, err));
	enum hc_binary_role *roles = hc_arena_take(arena, (known + 1) * sizeof *roles);
	if (!roles)
		return hc_fail_nomem(err, "the classes");
	for (size_t i = 0; i < known; i++)
		roles[i] = map[i] == HC_CLASS_NOT_DENSE ? HC_ROLE_NONE : out->classes.roles[map[i]];
	HC_TRY(hc_binary_finish(t->binary, roles, known, o->threshold, o->curve_points, threads, arena, &out->metrics,
				err));
	out->third.records = hc_tally_rows(t) - out->metrics.n;
	find_third(classes, &out->classes, arena, &out->third);
	return HC_OK;
}

static enum hc_code merge_matrices(struct hc_tally *t, const uint16_t *map, struct hc_multiclass *all,
				   struct hc_err *err)
{
	for (unsigned i = 0; i < t->workers; i++) {
		const struct hc_tally_share *share = &t->shares[i];
		uint16_t class_of[HC_CLASSES_MAX + 1] = {0};
		for (size_t k = 0; k < share->n_uses; k++)
			if (share->uses[k].dense != HC_CLASS_NOT_DENSE)
				class_of[share->uses[k].dense] = map[k];
		HC_TRY(hc_multiclass_merge(all, &share->multiclass, class_of, err));
	}
	return HC_OK;
}

enum hc_code hc_tally_matrix(struct hc_tally *t, const uint16_t *map, struct hc_multiclass *out, struct hc_err *err)
{
	struct hc_multiclass all = {0};
	enum hc_code code = merge_matrices(t, map, &all, err);
	if (code != HC_OK) {
		hc_multiclass_free(&all);
		return code;
	}
	*out = all;
	return HC_OK;
}

static enum hc_code finish_multiclass(struct hc_tally *t, const struct hc_classes *classes, const uint16_t *map,
				      struct hc_arena *arena, struct hc_measured *out, struct hc_err *err)
{
	struct hc_multiclass all;
	HC_TRY(hc_classes_read_multiclass(classes, arena, &out->classes, err));
	HC_TRY(hc_tally_matrix(t, map, &all, err));
	enum hc_code code = hc_multiclass_finish(&all, out->classes.place, out->classes.n, out->classes.classes, arena,
						 &out->metrics, err);
	hc_multiclass_free(&all);
	return code;
}

struct hc_regression *hc_tally_sums(struct hc_tally *t)
{
	for (unsigned i = 1; i < t->workers; i++) {
		hc_regression_merge(t->shares[0].regression, t->shares[i].regression);
		*t->shares[i].regression = (struct hc_regression){0};
	}
	return t->shares[0].regression;
}

static enum hc_code finish_regression(struct hc_tally *t, struct hc_measured *out)
{
	hc_regression_finish(hc_tally_sums(t), &out->metrics);
	return HC_OK;
}

enum hc_code hc_tally_finish(struct hc_tally *t, const struct hc_place_resolver *places, unsigned threads,
			     struct hc_arena *arena, struct hc_measured *out, struct hc_class_place *where,
			     struct hc_err *err)
{
	struct hc_classes classes;
	uint16_t *map;
	*out = (struct hc_measured){0};
	*where = (struct hc_class_place){UINT64_MAX, 0};
	if (t->options.problem == HC_REGRESSION)
		return finish_regression(t, out);
	hc_classes_init(&classes);
	enum hc_code code = hc_tally_classes(t, places, arena, &classes, &map, where, err);
	if (code == HC_OK && t->options.problem == HC_BINARY)
		code = finish_binary(t, &classes, map, threads, arena, out, where, err);
	else if (code == HC_OK)
		code = finish_multiclass(t, &classes, map, arena, out, err);
	hc_classes_free(&classes);
	return code;
}
