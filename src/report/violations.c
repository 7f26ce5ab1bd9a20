/* constraint_violations.json and the exit message (reference 4.6, 3.6). */
#include "base/number.h"
#include "codec/jsonw.h"
#include "report/report.h"

void hc_report_violation_text(const struct hc_violation *v, struct hc_buf *out)
{
	char value[HC_NUMBER_PRINT_SIZE], deviation[HC_NUMBER_PRINT_SIZE], threshold[HC_NUMBER_PRINT_SIZE];
	hc_number_print(v->value, value);
	hc_number_print(v->deviation, deviation);
	hc_number_print(v->threshold, threshold);
	hc_buf_printf(out, "Metric %s with %s +/- %s was %s '%s'", v->metric->camel, value, deviation,
		      hc_operator_name(v->op), threshold);
}

void hc_report_violations(const struct hc_report *r, struct hc_buf *out)
{
	HC_BUF_SCOPED struct hc_buf text = HC_BUF(1024);
	struct hc_jsonw w;
	hc_jsonw_open(&w, out);
	hc_jsonw_object(&w);
	hc_jsonw_key(&w, "violations");
	hc_jsonw_array(&w);
	for (size_t i = 0; i < r->verdict.n_violations; i++) {
		const struct hc_violation *v = &r->verdict.violations[i];
		hc_buf_reset(&text);
		hc_report_violation_text(v, &text);
		hc_jsonw_object(&w);
		hc_jsonw_member_cstr(&w, "constraint_check_type", hc_operator_name(v->op));
		hc_jsonw_member_str(&w, "description", hc_buf_view(&text));
		hc_jsonw_member_cstr(&w, "metric_name", v->metric->camel);
		hc_jsonw_object_end(&w);
	}
	hc_jsonw_array_end(&w);
	hc_jsonw_object_end(&w);
}

void hc_report_exit_message(const struct hc_report *r, struct hc_buf *out)
{
	if (r->verdict.n_violations)
		hc_buf_printf(out, "CompletedWithViolations: Job completed successfully with %zu violations.",
			      r->verdict.n_violations);
	else
		hc_buf_cstr(out, "Completed: Job completed successfully with no violations.");
}
