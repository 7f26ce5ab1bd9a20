/*
 * Constraints files, for each problem type: what is read is a known metric with a finite threshold,
 * each once; what is refused is explained with its line.
 */
#include <math.h>

#include "report/constraints.h"
#include "target.h"

static struct hc_err err;

static void check(const struct hc_constraints *c, enum hc_problem_type problem)
{
	size_t n;
	bool seen[HC_METRICS_MAX] = {false};
	hc_metric_table(problem, &n);
	must(c->n <= n);
	for (size_t i = 0; i < c->n; i++) {
		const struct hc_constraint *one = &c->list[i];
		must(one->metric < n && !seen[one->metric]);
		seen[one->metric] = true;
		must(isfinite(one->threshold));
		must(one->op == HC_LESS_THAN_THRESHOLD || one->op == HC_GREATER_THAN_THRESHOLD);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hc_str text = input_text(data, size);
	for (int problem = HC_BINARY; problem <= HC_REGRESSION; problem++) {
		struct hc_constraints c;
		enum hc_code code = hc_constraints_parse(text, "c.json", (enum hc_problem_type)problem, &c, &err);
		if (code == HC_OK) {
			check(&c, (enum hc_problem_type)problem);
			continue;
		}
		must(code == HC_INPUT && hc_str_starts(hc_str(err.msg), "c.json:"));
		must_explain(code, &err);
	}
	return 0;
}
