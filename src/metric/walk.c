#include "metric/walk.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/simd.h"
#include "metric/exact.h"
#include "sys/crew.h"

/*
 * Exact sums of the terms of a segment, after Rump's extraction: a term is cut into multiples of 2^-40, 2^-80 and
 * 2^-120, by adding and subtracting a number whose last bit is that unit. Each cut is exact, and so are the sums of
 * HC_TAPE_SEGMENT of them: the first stay below 2^13, the others are at most half the unit above times 2^14, that is
 * 2^53 units of their own. Nothing is left behind the third: a term is 0 or more than 2^-68, as long as there are
 * no more than HC_BINARY_RECORDS_MAX records, of which a term is at least 1 / records / records / 2.
 */
enum { WINDOWS = 3 };
static const double grids[WINDOWS] = {0x1.8p12, 0x1.8p-28, 0x1.8p-68};
_Static_assert(HC_TAPE_SEGMENT <= 1 << 14, "sums of a segment's cuts are exact");
_Static_assert((HC_BINARY_RECORDS_MAX - 1) >> 33 == 0, "no bit of a term is below the last window");

static const double ones[HC_TAPE_LANES] = {1, 1, 1, 1, 1, 1, 1, 1};

/* Where a segment begins. */
struct place {
	struct hc_tape_sums here, point; /* records before it; those up to the last point before it */
	uint64_t points;                 /* before it */
};

/* What a segment yields. */
struct stretch {
	double windows[WINDOWS][HC_TAPE_LANES];        /* of the precision-recall area */
	double terms[HC_TAPE_SEGMENT * HC_TAPE_LANES]; /* of AUC */
};

struct walk {
	const struct hc_tape *tape;
	const struct place *places; /* of the segments */
	struct hc_thinning *roc, *pr;
	double positives[HC_TAPE_LANES], negatives[HC_TAPE_LANES]; /* 1 for none: 0 / 1 is the rate then */
	_Alignas(64) struct hc_tape_sums steps[HC_TAPE_LAST];      /* what a record adds to the counts */

	struct hc_crew_pieces pieces;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t turned;
	uint64_t turn; /* the segment whose terms are added next, without the lock, by who has walked it */
	double auc[HC_TAPE_LANES];
	struct hc_exact au_prc[HC_SETS];
	bool failed;
	struct hc_err *err;
};

/* ---- points of curves ---- */

/* Which of all points the k-th of those kept is: point k * (full - 1) / (kept - 1), rounded. */
static uint64_t point_of(const struct hc_thinning *t, size_t k)
{
	size_t gaps = t->kept - 1;
	assert(gaps > 0);
	return (uint64_t)(((unsigned __int128)k * (t->full - 1) + gaps / 2) / gaps);
}

/* The first of those kept that is not before `point`. */
static size_t kept_from(const struct hc_thinning *t, uint64_t point)
{
	size_t low = 0, high = t->kept;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (point_of(t, middle) < point)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void put_point(struct hc_thinning *t, uint64_t point, double x, double y)
{
	size_t k = kept_from(t, point);
	if (k == t->kept || point_of(t, k) != point)
		return;
	t->curve.x[k] = x;
	t->curve.y[k] = y;
}

/* The next point, from `point` on, that a curve wants: both have one point that comes before the walk's first. */
static uint64_t next_kept(const struct walk *w, uint64_t point)
{
	size_t in_roc = kept_from(w->roc, point + 1), in_pr = kept_from(w->pr, point + 1);
	uint64_t roc = in_roc < w->roc->kept ? point_of(w->roc, in_roc) - 1 : UINT64_MAX,
		 pr = in_pr < w->pr->kept ? point_of(w->pr, in_pr) - 1 : UINT64_MAX;
	if (point == 0)
		return 0;
	return roc < pr ? roc : pr;
}

/* Enters a point into the curves; returns the next that they want. */
static __attribute__((noinline)) uint64_t keep_point(const struct walk *w, uint64_t point, double fpr, double tpr,
						     double precision)
{
	if (point == 0)
		put_point(w->pr, 0, 0, precision);
	put_point(w->roc, point + 1, fpr, tpr);
	put_point(w->pr, point + 1, tpr, precision);
	return next_kept(w, point + 1);
}

/* ---- kinds of vectors ---- */

#define WIDTH 2
#define NAMED(name) name##_plain
#define TARGET
#include "metric/walk_lanes.inc"
#undef WIDTH
#undef NAMED
#undef TARGET

#ifdef __x86_64__
#define WIDTH 4
#define NAMED(name) name##_avx2
#define TARGET __attribute__((target("avx2,bmi,bmi2")))
#include "metric/walk_lanes.inc"
#undef WIDTH
#undef NAMED
#undef TARGET

#define WIDTH 8
#define NAMED(name) name##_avx512
#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,bmi,bmi2")))
#include "metric/walk_lanes.inc"
#undef WIDTH
#undef NAMED
#undef TARGET
#endif

static size_t walk_segment(const struct walk *w, const unsigned char *bytes, size_t n, const struct place *place,
			   struct stretch *out)
{
#ifdef __x86_64__
	if (hc_simd_kind() == HC_SIMD_AVX512)
		return walk_avx512(w, bytes, n, place, out);
	if (hc_simd_kind() == HC_SIMD_AVX2)
		return walk_avx2(w, bytes, n, place, out);
#endif
	return walk_plain(w, bytes, n, place, out);
}

static void add_terms(double sums[HC_TAPE_LANES], const double *terms, size_t n)
{
#ifdef __x86_64__
	if (hc_simd_kind() == HC_SIMD_AVX512) {
		add_avx512(sums, terms, n);
		return;
	}
	if (hc_simd_kind() == HC_SIMD_AVX2) {
		add_avx2(sums, terms, n);
		return;
	}
#endif
	add_plain(sums, terms, n);
}

/* ---- all segments ---- */

static void await_turn(struct walk *w, uint64_t segment)
{
	pthread_mutex_lock(&w->lock);
	while (w->turn != segment)
		pthread_cond_wait(&w->turned, &w->lock);
	pthread_mutex_unlock(&w->lock);
}

static void pass_turn(struct walk *w)
{
	pthread_mutex_lock(&w->lock);
	w->turn++;
	pthread_cond_broadcast(&w->turned);
	pthread_mutex_unlock(&w->lock);
}

static enum hc_code walk_piece(struct walk *w, uint64_t segment, unsigned char *buffer, struct stretch *stretch,
			       struct hc_exact au_prc[HC_SETS], size_t *n_terms, struct hc_err *err)
{
	const unsigned char *bytes;
	HC_TRY(hc_tape_read(w->tape, segment, buffer, &bytes, err));
	*n_terms = walk_segment(w, bytes, w->tape->segments[segment].n, &w->places[segment], stretch);
	for (int window = 0; window < WINDOWS; window++)
		for (int set = 0; set < HC_SETS; set++)
			hc_exact_add(&au_prc[set], stretch->windows[window][set]);
	return HC_OK;
}

/*
 * Segments are taken in order, so whoever waits for a turn waits for one that works. One that fails goes on taking
 * turns: nobody waits for it in vain.
 */
static void walk_pieces(void *arg, unsigned number)
{
	(void)number;
	struct walk *w = arg;
	struct hc_err err;
	struct hc_exact au_prc[HC_SETS] = {0};
	unsigned char buffer[HC_TAPE_SEGMENT];
	struct stretch *stretch = malloc(sizeof *stretch);
	enum hc_code code = stretch ? HC_OK : hc_fail_nomem(&err, "the areas under the curves");
	uint64_t segment;
	while (hc_crew_next(&w->pieces, &segment)) {
		size_t n = 0;
		if (code == HC_OK)
			code = walk_piece(w, segment, buffer, stretch, au_prc, &n, &err);
		await_turn(w, segment);
		if (code == HC_OK)
			add_terms(w->auc, stretch->terms, n);
		pass_turn(w);
	}
	free(stretch);
	pthread_mutex_lock(&w->lock);
	for (int set = 0; set < HC_SETS; set++)
		hc_exact_merge(&w->au_prc[set], &au_prc[set]);
	if (code != HC_OK && !w->failed) {
		w->failed = true;
		*w->err = err;
	}
	pthread_mutex_unlock(&w->lock);
}

static void add_sums(struct hc_tape_sums *a, const struct hc_tape_sums *b)
{
	for (int lane = 0; lane < HC_TAPE_LANES; lane++) {
		a->positive[lane] += b->positive[lane];
		a->negative[lane] += b->negative[lane];
	}
}

static struct place *find_places(const struct hc_tape *tape)
{
	struct place *places = malloc(tape->n * sizeof *places), next = {0};
	for (size_t i = 0; places && i < tape->n; i++) {
		const struct hc_tape_segment *segment = &tape->segments[i];
		places[i] = next;
		if (segment->points > 0) {
			next.point = next.here;
			add_sums(&next.point, &segment->until_point);
		}
		add_sums(&next.here, &segment->all);
		next.points += segment->points;
	}
	return places;
}

static void fill_tables(struct walk *w, const uint64_t positives[HC_SETS], const uint64_t negatives[HC_SETS])
{
	memcpy(w->positives, ones, sizeof ones);
	memcpy(w->negatives, ones, sizeof ones);
	for (int set = 0; set < HC_SETS; set++) {
		w->positives[set] = positives[set] ? (double)positives[set] : 1;
		w->negatives[set] = negatives[set] ? (double)negatives[set] : 1;
	}
	for (unsigned payload = 0; payload < HC_TAPE_LAST; payload++) {
		bool positive = payload & HC_TAPE_POSITIVE;
		double *sets = positive ? w->steps[payload].positive : w->steps[payload].negative;
		sets[0] = 1;
		for (unsigned k = 0; k < HC_SAMPLES; k++)
			sets[k + 1] = payload >> k & 1;
	}
}

enum hc_code hc_walk(const struct hc_tape *tape, const uint64_t positives[HC_SETS], const uint64_t negatives[HC_SETS],
		     unsigned threads, struct hc_thinning *roc, struct hc_thinning *pr, struct hc_walk_areas *out,
		     struct hc_err *err)
{
	struct place *places = find_places(tape);
	struct walk w = {.tape = tape, .places = places, .roc = roc, .pr = pr, .pieces = {.n = tape->n}, .err = err};
	if (!places)
		return hc_fail_nomem(err, "the areas under the curves");
	fill_tables(&w, positives, negatives);
	put_point(roc, 0, 0, 0);
	put_point(roc, roc->full - 1, 1, 1);
	pthread_mutex_init(&w.lock, NULL);
	pthread_cond_init(&w.turned, NULL);
	hc_crew_run(threads < tape->n ? threads : (unsigned)tape->n, walk_pieces, &w);
	pthread_cond_destroy(&w.turned);
	pthread_mutex_destroy(&w.lock);
	free(places);
	if (w.failed)
		return hc_err_code(err);
	roc->curve.n = roc->kept;
	pr->curve.n = pr->kept;
	for (int set = 0; set < HC_SETS; set++) {
		out->auc[set] = w.auc[set];
		out->au_prc[set] = hc_exact_round(&w.au_prc[set]);
	}
	return HC_OK;
}
