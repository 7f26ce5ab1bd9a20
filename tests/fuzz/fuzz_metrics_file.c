/*
 * A line of a metric file, which a user's container wrote: what is taken can be stored; what is not is explained.
 */
#include <math.h>

#include "publish/metrics_file.h"
#include "target.h"

static struct hc_err err;

static void must_be_name(struct hc_str s, size_t characters)
{
	must(s.p && s.n > 0 && s.n <= 4 * characters);
	for (size_t i = 0; i < s.n; i++)
		must((unsigned char)s.p[i] >= 0x20);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hc_arena arena HC_ARENA_SCOPED = HC_ARENA(8 << 20);
	struct hc_published m;
	struct hc_str line = input_text(data, size);
	enum hc_code code = hc_metrics_line_parse(line, 5, &arena, &m, &err);
	if (code != HC_OK) {
		must(code == HC_INPUT || size > 1 << 16);
		must_explain(code, &err);
		return 0;
	}
	const double numbers[] = {m.point.samples, m.point.sum, m.point.minimum, m.point.maximum};
	for (size_t i = 0; i < 4; i++)
		must(isfinite(numbers[i]) && fabs(numbers[i]) <= HC_METRIC_VALUE_MAX);
	must(m.point.samples > 0 && m.point.minimum <= m.point.maximum);
	must(hc_unit_known(m.point.unit).p == m.point.unit.p || hc_str_eq(m.point.unit, HC_STR("None")));
	must_be_name(m.name, HC_METRIC_NAME_MAX);
	must(m.n_dimensions <= HC_DIMENSIONS_MAX);
	for (size_t i = 0; i < m.n_dimensions; i++) {
		must_be_name(m.dimensions[i].name, HC_METRIC_NAME_MAX);
		must_be_name(m.dimensions[i].value, HC_DIMENSION_VALUE_MAX);
	}
	return 0;
}
