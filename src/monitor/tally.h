/*
 * The tally: what all workers have counted of predictions and labels, from which the metrics are computed.
 *
 * Each worker has a share of its own and adds without a lock; classes are numbers of one dictionary
 * (metric/spellings.h). Nothing of a share depends on which records came to which worker, or in which order, once
 * shares are put together: counts are integers, sums exact, first places the least.
 */
#ifndef HC_MONITOR_TALLY_H
#define HC_MONITOR_TALLY_H

#include "base/apart.h"
#include "dataset/payload.h"
#include "metric/binary.h"
#include "metric/classes.h"
#include "metric/multiclass.h"
#include "metric/regression.h"
#include "metric/spellings.h"

/* What of a record is measured, and how. */
struct hc_measure_options {
	enum hc_problem_type problem;
	struct hc_attribute inference, probability, truth;
	bool has_threshold;
	double threshold;
	struct hc_str positive_label; /* p NULL: none */
	uint64_t seed;
	size_t curve_points;
};

/* Whether a score, or a class or value, is read of an output. */
bool hc_measure_uses_score(const struct hc_measure_options *o);
bool hc_measure_uses_class(const struct hc_measure_options *o);

/* How often a class was met by one worker, and its least places (monitor/place.h). */
struct hc_class_use {
	uint64_t labels, predictions;
	uint64_t first_label, first_prediction; /* UINT64_MAX: none */
	uint16_t dense;                         /* number in the worker's matrix; HC_CLASS_NOT_DENSE: none */
};
enum { HC_CLASS_NOT_DENSE = 0xffff };

struct hc_tally_share {
	HC_APART struct hc_class_use *uses; /* by number of the dictionary */
	size_t n_uses;
	struct hc_spelling_cache spellings;
	uint16_t n_dense;
	struct hc_multiclass multiclass;
	struct hc_regression *regression;
	uint64_t n;        /* rows added, or refused */
	bool overfull;     /* there were too many classes */
	size_t long_bytes; /* of the first class whose name is too long; 0: none */
	uint64_t long_place;
};

struct hc_tally {
	struct hc_measure_options options;
	struct hc_spellings spellings;
	struct hc_binary *binary;
	unsigned workers;
	struct hc_tally_share *shares;
};

/* `spill` outlives the tally. */
enum hc_code hc_tally_open(const struct hc_measure_options *options, struct hc_spill *spill, unsigned workers,
			   struct hc_tally **out, struct hc_err *err) HC_MUST_USE;
void hc_tally_free(struct hc_tally *t); /* NULL is fine */

/*
 * The number of a class's text, met at a place. False: it is too long, or there are too many, and its row cannot be
 * added; what puts the shares together fails then, and so tells the same whichever worker met which class when.
 */
bool hc_tally_class(struct hc_tally *t, unsigned worker, struct hc_str text, uint64_t place, uint16_t *out) HC_MUST_USE;

/* One row of a classification. */
struct hc_tally_row {
	uint16_t actual, predicted; /* numbers of hc_tally_class; predicted HC_BINARY_BY_SCORE: by its score */
	uint8_t samples;
	double score;
	uint64_t label, output; /* places */
};
enum hc_code hc_tally_add(struct hc_tally *t, unsigned worker, const struct hc_tally_row *row,
			  struct hc_err *err) HC_MUST_USE;

/* One row of a regression. */
void hc_tally_add_values(struct hc_tally *t, unsigned worker, double actual, double predicted, uint8_t samples);

/* Rows added by all. */
uint64_t hc_tally_rows(const struct hc_tally *t);

/*
 * What others counted (monitor/partial.h), added as if it had been counted here. `number` is one of hc_tally_class,
 * and so are the classes of records. Rows count with hc_tally_add_records, _matrix and _sums.
 */
struct hc_met_class {
	uint16_t number;
	struct hc_str text;
	uint64_t labels, predictions;           /* rows */
	uint64_t first_label, first_prediction; /* places; UINT64_MAX: none */
};
enum hc_code hc_tally_add_class(struct hc_tally *t, unsigned worker, const struct hc_met_class *met,
				struct hc_err *err) HC_MUST_USE;
/* The same record n times. */
enum hc_code hc_tally_add_records(struct hc_tally *t, unsigned worker, struct hc_binary_record record, uint64_t n,
				  struct hc_err *err) HC_MUST_USE;
/* numbers[c] is the number of class c of the matrix; n of them. */
enum hc_code hc_tally_add_matrix(struct hc_tally *t, unsigned worker, const struct hc_multiclass *from,
				 const uint16_t *numbers, size_t n, uint64_t rows, struct hc_err *err) HC_MUST_USE;
void hc_tally_add_sums(struct hc_tally *t, unsigned worker, const struct hc_regression *from, uint64_t rows);

/*
 * What was counted, put together over the workers; after the last row. The classes that were met, in byte order of
 * their texts, in the arena (HC_LIMIT when there are too many, or a name is too long: *place is where, or
 * HC_PLACE_NONE); the matrix, map[number] being what class `number`
 * is called in it (free it); the sums, which stay the tally's. Records of a binary problem: hc_binary_ordered.
 */
enum hc_code hc_tally_met(struct hc_tally *t, struct hc_arena *arena, struct hc_met_class **out, size_t *n,
			  uint64_t *place, struct hc_err *err) HC_MUST_USE;
enum hc_code hc_tally_matrix(struct hc_tally *t, const uint16_t *map, struct hc_multiclass *out,
			     struct hc_err *err) HC_MUST_USE;
struct hc_regression *hc_tally_sums(struct hc_tally *t);

/* Makes file and line of a place. */
struct hc_place_resolver {
	struct hc_class_place (*where)(void *arg, uint64_t place);
	void *arg;
};

/*
 * The classes that were met, in the order of their places; *map (may be NULL) gets a number for each of the
 * dictionary, HC_CLASS_NOT_DENSE: not met; owned by the arena. HC_LIMIT as hc_tally_met, *where as hc_tally_finish.
 */
enum hc_code hc_tally_classes(struct hc_tally *t, const struct hc_place_resolver *places, struct hc_arena *arena,
			      struct hc_classes *out, uint16_t **map, struct hc_class_place *where,
			      struct hc_err *err) HC_MUST_USE;

/* A label or prediction that is neither class of a binary problem. */
struct hc_third_class {
	uint64_t records;
	struct hc_str spelling;
	struct hc_class_place first;
};

struct hc_measured {
	struct hc_metrics metrics;
	struct hc_class_map classes; /* classification: names of the matrix, how labels were read */
	struct hc_third_class third;
};

/*
 * Computes all metrics; uses the tally up. Arrays live in arena. HC_USAGE/HC_INPUT where classes cannot be read,
 * HC_LIMIT as hc_tally_met; *where is then the place of the first label it is about (file = UINT64_MAX: none).
 */
enum hc_code hc_tally_finish(struct hc_tally *t, const struct hc_place_resolver *places, unsigned threads,
			     struct hc_arena *arena, struct hc_measured *out, struct hc_class_place *where,
			     struct hc_err *err) HC_MUST_USE;

#endif
