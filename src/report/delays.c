#include "report/delays.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

void hc_delays_free(struct hc_delays *d)
{
	free(d->counts);
	free(d->far);
	*d = (struct hc_delays){0};
}

static enum hc_code add_far(struct hc_delays *d, int64_t seconds, struct hc_err *err)
{
	if (d->n_far == d->cap_far) {
		size_t cap = d->cap_far ? d->cap_far * 2 : 1024;
		int64_t *more = realloc(d->far, cap * sizeof *more);
		if (!more)
			return hc_fail_nomem(err, "the label delays");
		d->far = more;
		d->cap_far = cap;
	}
	d->far[d->n_far++] = seconds;
	d->n++;
	return HC_OK;
}

static enum hc_code add_many(struct hc_delays *d, size_t seconds, uint64_t n, struct hc_err *err)
{
	if (!d->counts)
		d->counts = calloc(HC_DELAYS_DENSE, sizeof *d->counts);
	if (!d->counts)
		return hc_fail_nomem(err, "the label delays");
	d->counts[seconds] += n;
	if (seconds >= d->end)
		d->end = seconds + 1;
	d->n += n;
	return HC_OK;
}

enum hc_code hc_delays_add(struct hc_delays *d, int64_t seconds, struct hc_err *err)
{
	assert(seconds >= 0);
	return seconds < HC_DELAYS_DENSE ? add_many(d, (size_t)seconds, 1, err) : add_far(d, seconds, err);
}

enum hc_code hc_delays_merge(struct hc_delays *d, const struct hc_delays *from, struct hc_err *err)
{
	for (size_t i = 0; i < from->end; i++)
		if (from->counts[i])
			HC_TRY(add_many(d, i, from->counts[i], err));
	for (size_t i = 0; i < from->n_far; i++)
		HC_TRY(add_far(d, from->far[i], err));
	return HC_OK;
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

void hc_delays_sort(struct hc_delays *d)
{
	if (d->n_far > 1)
		qsort(d->far, d->n_far, sizeof *d->far, by_value);
}

int64_t hc_delays_quantile(const struct hc_delays *d, double q)
{
	if (d->n == 0)
		return 0;
	uint64_t rank = (uint64_t)ceil(q * (double)d->n);
	rank -= rank > 0;
	for (size_t i = 0; i < d->end; i++) {
		if (rank < d->counts[i])
			return (int64_t)i;
		rank -= d->counts[i];
	}
	assert(d->n_far > 0);
	return d->far[rank < d->n_far ? rank : d->n_far - 1];
}
