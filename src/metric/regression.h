/*
 * Regression: mae, mse, rmse, r2 from exact sums.
 *
 * e = prediction - actual (one rounding, as AWS has it); mae = sum|e| / n, mse = sum e^2 / n,
 * rmse = sqrt(mse), r2 = 1 - SSE / SST with SST = (n sum y^2 - (sum y)^2) / n, exact before it is
 * rounded; without spread r2 is NaN. Each record is added once, to the sums of its sample pattern (2^5 of them);
 * a sample's sum is the sum of the patterns that hold it.
 */
#ifndef HC_METRIC_REGRESSION_H
#define HC_METRIC_REGRESSION_H

#include "metric/exact.h"
#include "metric/metrics.h"
#include "metric/sample.h"

struct hc_regression_sums {
	uint64_t n;
	struct hc_exact abs_error, square_error, actual, square_actual;
};

struct hc_regression {
	struct hc_regression_sums patterns[1 << HC_SAMPLES];
};

void hc_regression_add(struct hc_regression *r, double actual, double predicted, uint8_t samples);
void hc_regression_merge(struct hc_regression *r, const struct hc_regression *from);
void hc_regression_finish(const struct hc_regression *r, struct hc_metrics *out);

#endif
