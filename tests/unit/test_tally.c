/* The tally: who added what, and in which order, changes nothing. */
#include "monitor/tally.h"

#include <stdio.h>

#include "check_files.h"
#include "check_metric.h"
#include "monitor/place.h"

enum { WORKERS_MAX = 7, ROWS_MAX = 3000 };

/* A row as a record has it: texts instead of numbers. */
struct row {
	struct hc_str actual, predicted; /* predicted n = 0: by its score */
	double score, value;             /* of a regression: label, prediction */
	uint8_t samples;
	uint64_t label, output;
};

struct bench {
	struct hc_arena arena;
	struct hc_spill spill;
	struct hc_tally *tally;
};

static void open_bench(struct bench *b, const struct hc_measure_options *o, unsigned workers, uint64_t memory)
{
	struct hc_err err;
	*b = (struct bench){.arena = HC_ARENA(1 << 24)};
	assert_int_equal(hc_spill_init(&b->spill, memory, check_folder, &err), HC_OK);
	assert_int_equal(hc_tally_open(o, &b->spill, workers, &b->tally, &err), HC_OK);
}

static void close_bench(struct bench *b)
{
	hc_tally_free(b->tally);
	hc_spill_free(&b->spill);
	hc_arena_free(&b->arena);
}

static enum hc_code add(struct hc_tally *t, unsigned worker, const struct row *r, struct hc_err *err)
{
	struct hc_tally_row row = {.predicted = HC_BINARY_BY_SCORE,
				   .samples = r->samples,
				   .score = r->score,
				   .label = r->label,
				   .output = r->output};
	if (t->options.problem == HC_REGRESSION) {
		hc_tally_add_values(t, worker, r->value, r->score, r->samples);
		return HC_OK;
	}
	if (!hc_tally_class(t, worker, r->actual, r->label, &row.actual) ||
	    (r->predicted.n && !hc_tally_class(t, worker, r->predicted, r->output, &row.predicted)))
		return HC_OK;
	return hc_tally_add(t, worker, &row, err);
}

static void must_add(struct hc_tally *t, unsigned worker, const struct row *r)
{
	struct hc_err err;
	if (add(t, worker, r, &err) != HC_OK)
		fail_msg("%s", err.msg);
}

static struct hc_class_place where_is(void *arg, uint64_t place)
{
	(void)arg;
	return (struct hc_class_place){hc_place_chunk(place), hc_place_line(place)};
}

static const struct hc_place_resolver places = {where_is, NULL};

/* --- any split ------------------------------------------------------------------------------- */

static const struct hc_attribute given = {.given = true};

static const struct problem {
	struct hc_measure_options options;
	const char *classes[8]; /* that labels and predictions have; NULL: no more */
} problems[] = {
	{{.problem = HC_BINARY, .inference = {.given = true}, .curve_points = 10}, {"0", "1", "1.0", "true"}},
	{{.problem = HC_BINARY, .probability = {.given = true}, .curve_points = 10}, {"0", "1", " 0"}},
	{{.problem = HC_BINARY,
	  .inference = {.given = true},
	  .probability = {.given = true},
	  .positive_label = {"yes", 3},
	  .curve_points = 1000},
	 {"yes", "no", "maybe", "perhaps", " no"}},
	{{.problem = HC_BINARY,
	  .probability = {.given = true},
	  .has_threshold = true,
	  .threshold = 0.25,
	  .positive_label = {"b", 1},
	  .curve_points = 2},
	 {"a", "b"}},
	/* refused: the place of the first such label is the same, too */
	{{.problem = HC_BINARY, .inference = {.given = true}}, {"no", "yes"}},
	{{.problem = HC_MULTICLASS, .inference = {.given = true}}, {"3", "1", "2.0", "2", "10"}},
	{{.problem = HC_MULTICLASS, .inference = {.given = true}}, {"x", "y", "z", "", " x", "X", "10"}},
	{{.problem = HC_REGRESSION, .inference = {.given = true}}, {"unused"}},
};

/* Rows whose places ascend; some come from one record and share theirs. */
static void make_rows(const struct problem *p, uint64_t *random, struct row *rows, size_t n)
{
	size_t classes = 0;
	while (classes < COUNT(p->classes) && p->classes[classes])
		classes++;
	for (size_t i = 0; i < n; i++) {
		const struct row *before = i > 0 && check_random(random) % 10 == 0 ? &rows[i - 1] : NULL;
		rows[i] = (struct row){
			.actual = hc_str(p->classes[check_random(random) % classes]),
			.score = (double)(check_random(random) % 64) / 63,
			.value = random_unit(random) * 1e9,
			.samples = (uint8_t)(check_random(random) % 32),
			.label = before ? before->label : hc_place(check_random(random) % 1000, i),
			.output = before ? before->output : hc_place(1000 + i / 10, i % 10),
		};
		if (hc_measure_uses_class(&p->options)) {
			rows[i].predicted = hc_str(p->classes[check_random(random) % classes]);
			if (rows[i].predicted.n == 0)
				rows[i].predicted = HC_STR(" ");
		}
		if (!hc_measure_uses_score(&p->options) && p->options.problem == HC_BINARY)
			rows[i].score = NAN;
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

static void check_same_measured(const struct hc_measured *a, const struct hc_measured *b)
{
	check_same_metrics(&a->metrics, &b->metrics);
	assert_int_equal(a->metrics.has_curves, b->metrics.has_curves);
	if (a->metrics.has_curves) {
		check_same_curve(&a->metrics.roc, &b->metrics.roc);
		check_same_curve(&a->metrics.pr, &b->metrics.pr);
	}
	assert_int_equal(a->classes.classes, b->classes.classes);
	assert_int_equal(a->classes.reading, b->classes.reading);
	for (size_t i = 0; i < a->classes.classes; i++)
		assert_true(hc_str_eq(a->classes.names[i], b->classes.names[i]));
	assert_int_equal(a->third.records, b->third.records);
	assert_true(hc_str_eq(a->third.spelling, b->third.spelling));
	assert_int_equal(a->third.first.file, b->third.first.file);
	assert_int_equal(a->third.first.line, b->third.first.line);
}

/* The classes that were met, against a count of the rows one by one; in the order of their places. */
static void check_classes(struct bench *b, const struct row *rows, size_t n)
{
	struct hc_classes classes;
	struct hc_err err;
	uint16_t *map;
	hc_classes_init(&classes);
	struct hc_class_place where;
	assert_int_equal(hc_tally_classes(b->tally, &places, &b->arena, &classes, &map, &where, &err), HC_OK);
	for (size_t i = 0; i < classes.n; i++) {
		const struct hc_class *c = &classes.list[i];
		uint64_t labels = 0, predictions = 0, label = UINT64_MAX, output = UINT64_MAX;
		for (size_t k = 0; k < n; k++) {
			if (hc_str_eq(rows[k].actual, c->spelling)) {
				labels++;
				label = rows[k].label < label ? rows[k].label : label;
			}
			if (rows[k].predicted.n && hc_str_eq(rows[k].predicted, c->spelling)) {
				predictions++;
				output = rows[k].output < output ? rows[k].output : output;
			}
		}
		struct hc_class_place first = where_is(NULL, labels ? label : output);
		assert_true(labels + predictions > 0);
		assert_int_equal(c->labels, labels);
		assert_int_equal(c->predictions, predictions);
		assert_int_equal(c->first.file, first.file);
		assert_int_equal(c->first.line, first.line);
		assert_true(i == 0 || c[-1].first.file <= c->first.file);
	}
	for (size_t k = 0; k < n; k++) {
		uint16_t number;
		assert_true(hc_tally_class(b->tally, 0, rows[k].actual, 0, &number));
		assert_true(hc_str_eq(classes.list[map[number]].spelling, rows[k].actual));
	}
	hc_classes_free(&classes);
}

struct result {
	enum hc_code code;
	struct hc_measured measured;
	struct hc_class_place where;
	struct hc_err err;
};

static void finish(struct bench *b, unsigned threads, struct result *out)
{
	*out = (struct result){0};
	out->code = hc_tally_finish(b->tally, &places, threads, &b->arena, &out->measured, &out->where, &out->err);
}

static void check_same_result(const struct result *a, const struct result *b)
{
	assert_int_equal(a->code, b->code);
	assert_int_equal(a->where.file, b->where.file);
	assert_int_equal(a->where.line, b->where.line);
	if (a->code == HC_OK) {
		check_same_measured(&a->measured, &b->measured);
		return;
	}
	assert_string_equal(a->err.msg, b->err.msg);
	assert_string_equal(a->err.hint, b->err.hint);
}

/* A tiny memory budget has the rows go through the disk. */
static void check_split(const struct problem *p, struct row *rows, size_t n, unsigned workers, uint64_t memory,
			const struct result *expected, uint64_t *random)
{
	struct bench b;
	struct result result;
	open_bench(&b, &p->options, workers, memory);
	for (size_t i = n; i > 1; i--) {
		size_t other = check_random(random) % i;
		struct row row = rows[other];
		rows[other] = rows[i - 1];
		rows[i - 1] = row;
	}
	for (size_t i = 0; i < n; i++)
		must_add(b.tally, (unsigned)(check_random(random) % workers), &rows[i]);
	assert_int_equal(hc_tally_rows(b.tally), n);
	if (p->options.problem != HC_REGRESSION)
		check_classes(&b, rows, n);
	finish(&b, 1 + workers % 3, &result);
	check_same_result(&result, expected);
	close_bench(&b);
}

static void test_any_split(void **state)
{
	(void)state;
	static const size_t sizes[] = {0, 1, 5, 50, HC_DEVIATION_RECORDS_MIN, ROWS_MAX};
	static const unsigned workers[] = {1, 2, WORKERS_MAX};
	static struct row rows[ROWS_MAX];
	uint64_t random = 29;
	for (size_t i = 0; i < COUNT(problems); i++) {
		for (size_t s = 0; s < COUNT(sizes); s++) {
			struct bench b;
			struct result whole;
			make_rows(&problems[i], &random, rows, sizes[s]);
			open_bench(&b, &problems[i].options, 1, 1 << 24);
			for (size_t k = 0; k < sizes[s]; k++)
				must_add(b.tally, 0, &rows[k]);
			finish(&b, 1, &whole);
			for (size_t w = 0; w < COUNT(workers); w++)
				for (int small = 0; small < 2; small++)
					check_split(&problems[i], rows, sizes[s], workers[w], small ? 1 : 1 << 24,
						    &whole, &random);
			close_bench(&b);
		}
	}
}

/* --- single cases ---------------------------------------------------------------------------- */

/* The third class that is told is the one that stands first, whoever met it. */
static void test_third_class(void **state)
{
	(void)state;
	struct hc_measure_options o = problems[2].options;
	struct bench b;
	struct result r;
	open_bench(&b, &o, 3, 1 << 24);
	const struct row rows[] = {
		{HC_STR("yes"), HC_STR("no"), 0.1, 0, 0, hc_place(0, 3), hc_place(5, 3)},
		{HC_STR("no"), HC_STR("no"), 0.1, 0, 0, hc_place(0, 4), hc_place(5, 4)},
		{HC_STR("later"), HC_STR("no"), 0.1, 0, 0, hc_place(0, 9), hc_place(5, 9)},
		{HC_STR("maybe"), HC_STR("no"), 0.1, 0, 0, hc_place(0, 7), hc_place(5, 7)},
		/* predictions stand in files that come later */
		{HC_STR("no"), HC_STR("early"), 0.1, 0, 0, hc_place(0, 1), hc_place(5, 1)},
		/* of two in one record the first in byte order */
		{HC_STR("kept"), HC_STR("no"), 0.1, 0, 0, hc_place(0, 7), hc_place(5, 7)},
	};
	for (unsigned i = 0; i < COUNT(rows); i++)
		must_add(b.tally, i % 3, &rows[i]);
	finish(&b, 2, &r);
	assert_int_equal(r.code, HC_OK);
	assert_int_equal(r.measured.metrics.n, 2);
	assert_int_equal(r.measured.third.records, 4);
	check_str(r.measured.third.spelling, "kept");
	assert_int_equal(r.measured.third.first.file, 0);
	assert_int_equal(r.measured.third.first.line, 7);
	close_bench(&b);
}

/* Too many classes of all workers together, though none of them has; and what is known but was never met does not count. */
static void test_too_many_classes(void **state)
{
	(void)state;
	enum { WORKERS = 4 };
	for (int multiclass = 0; multiclass < 2; multiclass++) {
		for (unsigned n = HC_CLASSES_MAX; n <= HC_CLASSES_MAX + 1; n++) {
			struct hc_measure_options o = {.problem = multiclass ? HC_MULTICLASS : HC_BINARY,
						       .inference = given,
						       .positive_label = {multiclass ? NULL : "0", !multiclass}};
			struct bench b;
			struct result r;
			open_bench(&b, &o, WORKERS, 1 << 24);
			for (unsigned i = 0; i < n + 500; i++) {
				char text[16];
				uint16_t number;
				struct hc_str class = {text, (size_t)sprintf(text, "%u", i)};
				struct row row = {.actual = class, .predicted = class, .score = NAN};
				if (i < n)
					must_add(b.tally, i % WORKERS, &row);
				else
					assert_true(hc_tally_class(b.tally, 0, class, 0, &number));
			}
			finish(&b, 1, &r);
			assert_int_equal(r.code, n > HC_CLASSES_MAX ? HC_LIMIT : HC_OK);
			if (r.code != HC_OK)
				assert_non_null(strstr(r.err.hint, "Regression"));
			else
				assert_int_equal(r.measured.metrics.n, multiclass ? n : 2);
			close_bench(&b);
		}
	}
}

/* One worker alone has too many: a matrix does not grow beyond what can be measured. */
static void test_too_many_for_one(void **state)
{
	(void)state;
	struct hc_measure_options o = {.problem = HC_MULTICLASS, .inference = given};
	struct bench b;
	struct result r;
	open_bench(&b, &o, 2, 1 << 24);
	for (unsigned i = 0; i <= HC_CLASSES_MAX; i++) {
		char text[16];
		struct hc_str class = {text, (size_t)sprintf(text, "%u", i)};
		struct row row = {.actual = class, .predicted = class, .score = NAN};
		must_add(b.tally, 1, &row);
	}
	finish(&b, 1, &r);
	assert_int_equal(r.code, HC_LIMIT);
	assert_true(r.where.file == UINT64_MAX);
	assert_non_null(strstr(r.err.msg, "more than 1000 different spellings"));
	assert_non_null(strstr(r.err.hint, "Regression"));
	close_bench(&b);
}

/* Names that are too long are told with the first one's place, whichever worker met it when; before too many classes. */
static void test_refused_texts(void **state)
{
	(void)state;
	enum { WORKERS = 3, ROWS = 6 };
	static char longest[HC_CLASS_NAME_MAX + 64];
	memset(longest, 'n', sizeof longest);
	struct hc_measure_options o = {.problem = HC_MULTICLASS, .inference = given};
	for (unsigned turn = 0; turn < ROWS * WORKERS; turn++) {
		struct bench b;
		struct result r;
		open_bench(&b, &o, WORKERS, 1 << 24);
		for (unsigned k = 0; k < ROWS; k++) {
			unsigned i = (k + turn) % ROWS; /* in any order */
			struct hc_str text = {longest, HC_CLASS_NAME_MAX + (i < 2 ? 0 : i)};
			struct row row = {.actual = i % 2 ? HC_STR("a") : text,
					  .predicted = i % 2 ? text : HC_STR("a"),
					  .label = hc_place(0, 10 + i),
					  .output = hc_place(1, 10 - i),
					  .score = NAN};
			must_add(b.tally, (k + turn / ROWS) % WORKERS, &row);
		}
		assert_int_equal(hc_tally_rows(b.tally), ROWS);
		finish(&b, 1, &r);
		struct hc_class_place where = where_is(NULL, hc_place(0, 12));
		assert_int_equal(r.code, HC_LIMIT);
		assert_int_equal(r.where.file, where.file);
		assert_int_equal(r.where.line, where.line);
		assert_string_equal(r.err.msg, "a class has a name of 1026 bytes, more than 1024");
		close_bench(&b);
	}
	/* the dictionary is full: there are too many classes in any case */
	struct bench b;
	struct result r;
	uint16_t number;
	open_bench(&b, &o, 1, 1 << 24);
	for (unsigned i = 0; i < HC_SPELLINGS_MAX; i++) {
		char text[16];
		assert_true(
			hc_tally_class(b.tally, 0, (struct hc_str){text, (size_t)sprintf(text, "%u", i)}, 0, &number));
	}
	number = 4711;
	assert_false(hc_tally_class(b.tally, 0, HC_STR("one more"), 0, &number));
	assert_int_equal(number, 4711);
	finish(&b, 1, &r);
	assert_int_equal(r.code, HC_LIMIT);
	assert_non_null(strstr(r.err.hint, "Regression"));
	close_bench(&b);
}

static void test_nothing(void **state)
{
	(void)state;
	hc_tally_free(NULL);
	for (size_t i = 0; i < COUNT(problems); i++) {
		struct bench b;
		struct result r;
		open_bench(&b, &problems[i].options, 2, 1);
		assert_int_equal(hc_tally_rows(b.tally), 0);
		finish(&b, 2, &r);
		assert_int_equal(r.code, HC_OK);
		assert_int_equal(r.measured.metrics.n, 0);
		assert_int_equal(r.measured.third.records, 0);
		assert_true(r.where.file == UINT64_MAX);
		close_bench(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_folder(test_any_split),        in_folder(test_third_class),   in_folder(test_too_many_classes),
		in_folder(test_too_many_for_one), in_folder(test_refused_texts), in_folder(test_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
