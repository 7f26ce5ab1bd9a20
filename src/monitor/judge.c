#include "monitor/judge.h"

#include <math.h>
#include <string.h>

static const char *const aws_silence[] = {"f0_5", NULL};

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

/* Constraints in the order in which AWS reports violations; equal ranks as in the file. */
static void by_rank(const struct hc_metric_info *table, const struct hc_constraints *constraints,
		    const struct hc_constraint *order[HC_METRICS_MAX])
{
	for (size_t i = 0; i < constraints->n; i++) {
		const struct hc_constraint *c = &constraints->list[i];
		size_t at = i;
		for (; at > 0 && table[order[at - 1]->metric].violation_rank > table[c->metric].violation_rank; at--)
			order[at] = order[at - 1];
		order[at] = c;
	}
}

static bool is_constrained(const struct hc_constraints *constraints, size_t metric)
{
	for (size_t i = 0; constraints && i < constraints->n; i++)
		if (constraints->list[i].metric == metric)
			return true;
	return false;
}

/* Metrics that are undefined here and that no constraint is on. */
static void list_undefined(const struct hc_metric_info *table, size_t n, const struct hc_metrics *metrics,
			   const struct hc_constraints *constraints, struct hc_verdict *out)
{
	for (size_t i = 0; i < n; i++)
		if (metrics->values[i].present && isnan(metrics->values[i].value) && !is_constrained(constraints, i))
			add_not_judged(out, &table[i], metrics->values[i].undefined);
}

void hc_judge(const struct hc_metrics *metrics, const struct hc_constraints *constraints, bool aws_quirks,
	      struct hc_verdict *out)
{
	size_t n;
	const struct hc_constraint *order[HC_METRICS_MAX];
	const struct hc_metric_info *table = hc_metric_table(metrics->problem, &n);
	*out = (struct hc_verdict){0};
	if (constraints)
		by_rank(table, constraints, order);
	for (size_t i = 0; constraints && i < constraints->n; i++) {
		size_t metric = order[i]->metric;
		if (aws_quirks && strcmp(table[metric].name, aws_silence[0]) == 0)
			out->silenced = aws_silence;
		else
			judge_one(&table[metric], &metrics->values[metric], order[i], out);
	}
	list_undefined(table, n, metrics, constraints, out);
}
