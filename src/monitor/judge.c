#include "monitor/judge.h"

#include <math.h>
#include <string.h>

static const char *const aws_silence[] = {"f0_5", NULL};

static const struct hc_constraint *constraint_of(const struct hc_constraints *constraints, size_t metric)
{
	for (size_t i = 0; i < constraints->n; i++)
		if (constraints->list[i].metric == metric)
			return &constraints->list[i];
	return NULL;
}

static void add_not_judged(struct hc_verdict *v, const struct hc_metric_info *info, const char *why)
{
	v->not_judged[v->n_not_judged++] = (struct hc_not_judged){info, why ? why : "it is undefined here"};
}

static void judge_one(const struct hc_metric_info *info, const struct hc_metric *m, const struct hc_constraint *c,
		      struct hc_verdict *v)
{
	if (!m->present) {
		add_not_judged(v, info, "no probabilities were measured (--probability-attribute)");
		return;
	}
	if (isnan(m->value)) {
		add_not_judged(v, info, m->undefined);
		return;
	}
	v->n_judged++;
	bool broken = c->op == HC_LESS_THAN_THRESHOLD ? m->value < c->threshold : m->value > c->threshold;
	if (broken)
		v->violations[v->n_violations++] =
			(struct hc_violation){info, m->value, m->deviation, c->threshold, c->op};
}

/* Metrics in the order in which AWS reports violations. */
static size_t violation_order(const struct hc_metric_info *table, size_t n, size_t order[HC_METRICS_MAX])
{
	for (size_t i = 0; i < n; i++) {
		size_t at = i;
		for (; at > 0 && table[order[at - 1]].violation_rank > table[i].violation_rank; at--)
			order[at] = order[at - 1];
		order[at] = i;
	}
	return n;
}

void hc_judge(const struct hc_metrics *metrics, const struct hc_constraints *constraints, bool aws_quirks,
	      struct hc_verdict *out)
{
	size_t n, order[HC_METRICS_MAX];
	const struct hc_metric_info *table = hc_metric_table(metrics->problem, &n);
	*out = (struct hc_verdict){0};
	violation_order(table, n, order);
	for (size_t k = 0; k < n; k++) {
		size_t i = order[k];
		const struct hc_metric *m = &metrics->values[i];
		const struct hc_constraint *c = constraints ? constraint_of(constraints, i) : NULL;
		if (!constraints && m->present && isnan(m->value))
			add_not_judged(out, &table[i], m->undefined);
		if (!c)
			continue;
		if (aws_quirks && strcmp(table[i].name, aws_silence[0]) == 0)
			out->silenced = aws_silence;
		else
			judge_one(&table[i], m, c, out);
	}
}
