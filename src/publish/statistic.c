#include "publish/statistic.h"

#include "base/number.h"

enum { PERCENT_DIGITS_MAX = 14 };

bool hc_statistic_parse(struct hc_str text, struct hc_statistic *out)
{
	static const struct {
		const char *name;
		enum hc_statistic_kind kind;
	} names[] = {{"SampleCount", HC_STATISTIC_SAMPLE_COUNT},
		     {"Average", HC_STATISTIC_AVERAGE},
		     {"Sum", HC_STATISTIC_SUM},
		     {"Minimum", HC_STATISTIC_MINIMUM},
		     {"Maximum", HC_STATISTIC_MAXIMUM}};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (hc_str_eq(text, hc_str(names[i].name))) {
			*out = (struct hc_statistic){names[i].kind, 0};
			return true;
		}
	double percent;
	struct hc_str digits = {text.p ? text.p + 1 : NULL, text.n ? text.n - 1 : 0};
	if (text.n < 2 || text.p[0] != 'p' || digits.n > PERCENT_DIGITS_MAX || digits.p[0] == '.' ||
	    digits.p[digits.n - 1] == '.')
		return false;
	for (size_t i = 0; i < digits.n; i++)
		if ((digits.p[i] < '0' || digits.p[i] > '9') && digits.p[i] != '.')
			return false;
	if (!hc_number_parse(digits, &percent) || percent > 100)
		return false;
	*out = (struct hc_statistic){HC_STATISTIC_PERCENTILE, percent};
	return true;
}

struct reading {
	const struct hc_period_query *query;
	struct hc_arena *arena;
	struct hc_period *list;
	size_t n, cap;
	size_t first; /* of the newest start */
	enum hc_code failed;
};

static struct hc_period *add_period(struct reading *r, int64_t start_us, struct hc_str unit)
{
	if (r->n == r->query->limit) {
		r->failed = HC_LIMIT;
		return NULL;
	}
	if (r->n == r->cap) {
		size_t cap = r->cap ? 2 * r->cap : 64;
		struct hc_period *list = hc_arena_take(r->arena, cap * sizeof *list);
		if (!list) {
			r->failed = HC_NOMEM;
			return NULL;
		}
		if (r->n)
			memcpy(list, r->list, r->n * sizeof *list);
		r->list = list;
		r->cap = cap;
	}
	struct hc_period *p = &r->list[r->n];
	*p = (struct hc_period){.start_us = start_us, .unit = hc_arena_copy(r->arena, unit), .has_values = true};
	if (!p->unit.p) {
		r->failed = HC_NOMEM;
		return NULL;
	}
	if (r->n == 0 || r->list[r->first].start_us != start_us)
		r->first = r->n;
	r->n++;
	return p;
}

static struct hc_period *period_of(struct reading *r, const struct hc_datapoint *d)
{
	const struct hc_period_query *q = r->query;
	int64_t start_us = q->from_us + (d->at_us - q->from_us) / q->period_us * q->period_us;
	for (size_t i = r->first; i < r->n && r->list[i].start_us == start_us; i++)
		if (!q->by_unit || hc_str_eq(r->list[i].unit, d->unit))
			return &r->list[i];
	return add_period(r, start_us, d->unit);
}

static bool take(void *arg, const struct hc_datapoint *d)
{
	struct reading *r = arg;
	struct hc_period *p = period_of(r, d);
	if (!p)
		return false;
	p->minimum = p->samples > 0 && p->minimum < d->minimum ? p->minimum : d->minimum;
	p->maximum = p->samples > 0 && p->maximum > d->maximum ? p->maximum : d->maximum;
	p->samples += d->samples;
	p->sum += d->sum;
	p->has_values = p->has_values && d->minimum == d->maximum;
	return true;
}

enum hc_code hc_periods_read(struct hc_db *db, const struct hc_period_query *query, struct hc_arena *arena,
			     struct hc_period **out, size_t *n, struct hc_err *err)
{
	struct reading r = {.query = query, .arena = arena};
	const struct hc_datapoint_query datapoints = {
		.series = query->series, .from_us = query->from_us, .until_us = query->until_us, .unit = query->unit};
	HC_TRY(hc_datapoints_visit(db, &datapoints, take, &r, err));
	if (r.failed == HC_LIMIT)
		return hc_fail(err, HC_LIMIT, "there are more than %zu periods with datapoints", query->limit);
	if (r.failed)
		return hc_fail_nomem(err, "datapoints");
	*out = r.list;
	*n = r.n;
	return HC_OK;
}

struct ranking {
	double wanted, seen, value;
};

static bool rank(void *arg, const struct hc_datapoint *d)
{
	struct ranking *r = arg;
	r->value = d->minimum;
	r->seen += d->samples;
	return r->seen < r->wanted;
}

static enum hc_code percentile(struct hc_db *db, const struct hc_period_query *q, const struct hc_period *p,
			       double percent, double *out, struct hc_err *err)
{
	struct ranking r = {.wanted = p->samples * percent / 100};
	const struct hc_datapoint_query datapoints = {
		.series = q->series,
		.from_us = p->start_us,
		.until_us = p->start_us + q->period_us < q->until_us ? p->start_us + q->period_us : q->until_us,
		.unit = q->by_unit ? p->unit : q->unit,
		.order = HC_DATAPOINTS_SMALLEST_FIRST,
	};
	HC_TRY(hc_datapoints_visit(db, &datapoints, rank, &r, err));
	*out = r.value;
	return HC_OK;
}

enum hc_code hc_period_value(struct hc_db *db, const struct hc_period_query *query, const struct hc_period *period,
			     struct hc_statistic statistic, double *out, bool *found, struct hc_err *err)
{
	*found = statistic.kind != HC_STATISTIC_PERCENTILE || period->has_values;
	switch (statistic.kind) {
	case HC_STATISTIC_SAMPLE_COUNT:
		*out = period->samples;
		break;
	case HC_STATISTIC_AVERAGE:
		*out = period->sum / period->samples;
		break;
	case HC_STATISTIC_SUM:
		*out = period->sum;
		break;
	case HC_STATISTIC_MINIMUM:
		*out = period->minimum;
		break;
	case HC_STATISTIC_MAXIMUM:
		*out = period->maximum;
		break;
	case HC_STATISTIC_PERCENTILE:
		return *found ? percentile(db, query, period, statistic.percent, out, err) : HC_OK;
	}
	return HC_OK;
}
