/* statistics.json and constraints.json, as SageMaker Model Monitor writes them (reference 4.3, 4.5). */
#include <math.h>

#include "base/instant.h"
#include "codec/jsonw.h"
#include "report/report.h"

static void write_scalar(struct hc_jsonw *w, const struct hc_metric_info *info, const struct hc_metric *m)
{
	hc_jsonw_key(w, info->name);
	hc_jsonw_object(w);
	hc_jsonw_member_double(w, "value", m->value);
	hc_jsonw_member_double(w, "standard_deviation", m->deviation);
	hc_jsonw_object_end(w);
}

static void write_numbers(struct hc_jsonw *w, const char *key, const double *list, size_t n)
{
	hc_jsonw_key(w, key);
	hc_jsonw_array(w);
	for (size_t i = 0; i < n; i++)
		hc_jsonw_double(w, list[i]);
	hc_jsonw_array_end(w);
}

static void write_confusion(struct hc_jsonw *w, const struct hc_report *r)
{
	size_t k = r->metrics.classes;
	hc_jsonw_key(w, "confusion_matrix");
	hc_jsonw_object(w);
	for (size_t actual = 0; actual < k; actual++) {
		hc_jsonw_key_str(w, r->classes.names[actual]);
		hc_jsonw_object(w);
		for (size_t predicted = 0; predicted < k; predicted++) {
			hc_jsonw_key_str(w, r->classes.names[predicted]);
			hc_jsonw_u64(w, r->metrics.counts[actual * k + predicted]);
		}
		hc_jsonw_object_end(w);
	}
	hc_jsonw_object_end(w);
}

static void write_curves(struct hc_jsonw *w, const struct hc_metrics *m)
{
	hc_jsonw_key(w, "receiver_operating_characteristic_curve");
	hc_jsonw_object(w);
	write_numbers(w, "false_positive_rates", m->roc.x, m->roc.n);
	write_numbers(w, "true_positive_rates", m->roc.y, m->roc.n);
	hc_jsonw_object_end(w);
	hc_jsonw_key(w, "precision_recall_curve");
	hc_jsonw_object(w);
	write_numbers(w, "precisions", m->pr.y, m->pr.n);
	write_numbers(w, "recalls", m->pr.x, m->pr.n);
	hc_jsonw_object_end(w);
}

void hc_report_statistics(const struct hc_report *r, struct hc_buf *out)
{
	struct hc_jsonw w;
	size_t n;
	const struct hc_metric_info *table = hc_metric_table(r->problem, &n);
	char time[HC_INSTANT_SIZE];
	hc_instant_print_ms(r->evaluation_us, time);
	hc_jsonw_open(&w, out);
	hc_jsonw_object(&w);
	hc_jsonw_member_double(&w, "version", 0.0);
	hc_jsonw_key(&w, "dataset");
	hc_jsonw_object(&w);
	hc_jsonw_member_u64(&w, "item_count", r->metrics.n);
	hc_jsonw_member_cstr(&w, "evaluation_time", time);
	hc_jsonw_object_end(&w);
	hc_jsonw_key(&w, hc_statistics_key(r->problem));
	hc_jsonw_object(&w);
	if (r->problem != HC_REGRESSION)
		write_confusion(&w, r);
	for (size_t i = 0; i < n; i++) {
		/* The curves stand before the area under them. */
		if (table[i].needs_score && i > 0 && !table[i - 1].needs_score && r->metrics.has_curves)
			write_curves(&w, &r->metrics);
		if (r->metrics.values[i].present)
			write_scalar(&w, &table[i], &r->metrics.values[i]);
	}
	hc_jsonw_object_end(&w);
	hc_jsonw_object_end(&w);
}

static void write_constraint(struct hc_jsonw *w, const struct hc_metric_info *info, double threshold)
{
	bool less = info->constraint == HC_LESS_IS_WORSE;
	hc_jsonw_key(w, info->name);
	hc_jsonw_object(w);
	hc_jsonw_member_double(w, "threshold", threshold);
	hc_jsonw_member_cstr(w, "comparison_operator",
			     hc_operator_name(less ? HC_LESS_THAN_THRESHOLD : HC_GREATER_THAN_THRESHOLD));
	hc_jsonw_object_end(w);
}

void hc_report_suggested_constraints(const struct hc_report *r, struct hc_buf *out)
{
	struct hc_jsonw w;
	size_t n;
	const struct hc_metric_info *table = hc_metric_table(r->problem, &n);
	hc_jsonw_open(&w, out);
	hc_jsonw_object(&w);
	hc_jsonw_member_double(&w, "version", 0.0);
	hc_jsonw_key(&w, hc_constraints_key(r->problem));
	hc_jsonw_object(&w);
	for (unsigned rank = 0; rank < n; rank++) {
		for (size_t i = 0; i < n; i++) {
			const struct hc_metric *m = &r->metrics.values[i];
			bool wanted = table[i].constraint != HC_NOT_CONSTRAINED && table[i].constraint_rank == rank;
			if (wanted && m->present && isfinite(m->value))
				write_constraint(&w, &table[i], m->value);
		}
	}
	hc_jsonw_object_end(&w);
	hc_jsonw_object_end(&w);
}
