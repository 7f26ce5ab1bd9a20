#include "metric/metrics.h"

#include "metric/formula.h"

static const char *const problem_names[] = {
	[HC_BINARY] = "BinaryClassification",
	[HC_MULTICLASS] = "MulticlassClassification",
	[HC_REGRESSION] = "Regression",
};

const char *hc_problem_name(enum hc_problem_type problem)
{
	return problem_names[problem];
}

bool hc_problem_parse(struct hc_str s, enum hc_problem_type *out)
{
	for (int i = HC_BINARY; i <= HC_REGRESSION; i++) {
		if (hc_str_eq(s, hc_str(problem_names[i]))) {
			*out = (enum hc_problem_type)i;
			return true;
		}
	}
	return false;
}

#define FREE(name, camel)                                                          \
	{                                                                          \
		name, camel, false, HC_NOT_CONSTRAINED, HC_RANK_LAST, HC_RANK_LAST \
	}
#define LESS(name, camel, violation, constraint)                            \
	{                                                                   \
		name, camel, false, HC_LESS_IS_WORSE, violation, constraint \
	}
#define GREATER(name, camel, violation, constraint)                            \
	{                                                                      \
		name, camel, false, HC_GREATER_IS_WORSE, violation, constraint \
	}

static const struct hc_metric_info binary_table[] = {
	[HC_BINARY_RECALL] = LESS("recall", "recall", 8, 0),
	[HC_BINARY_PRECISION] = LESS("precision", "precision", 1, 1),
	[HC_BINARY_ACCURACY] = LESS("accuracy", "accuracy", 4, 2),
	[HC_BINARY_RECALL_CONSTANT] = FREE("recall_best_constant_classifier", "recallBestConstantClassifier"),
	[HC_BINARY_PRECISION_CONSTANT] = FREE("precision_best_constant_classifier", "precisionBestConstantClassifier"),
	[HC_BINARY_ACCURACY_CONSTANT] = FREE("accuracy_best_constant_classifier", "accuracyBestConstantClassifier"),
	[HC_BINARY_TRUE_POSITIVE_RATE] = LESS("true_positive_rate", "truePositiveRate", 2, 3),
	[HC_BINARY_TRUE_NEGATIVE_RATE] = LESS("true_negative_rate", "trueNegativeRate", 6, 4),
	[HC_BINARY_FALSE_POSITIVE_RATE] = GREATER("false_positive_rate", "falsePositiveRate", 5, 5),
	[HC_BINARY_FALSE_NEGATIVE_RATE] = GREATER("false_negative_rate", "falseNegativeRate", 7, 6),
	[HC_BINARY_AUC] = {"auc", "auc", true, HC_LESS_IS_WORSE, 0, 7},
	[HC_BINARY_AU_PRC] = {"au_prc", "auPrc", true, HC_NOT_CONSTRAINED, HC_RANK_LAST, HC_RANK_LAST},
	[HC_BINARY_F0_5] = LESS("f0_5", "f0_5", 10, 8),
	[HC_BINARY_F1] = LESS("f1", "f1", 3, 9),
	[HC_BINARY_F2] = LESS("f2", "f2", 9, 10),
	[HC_BINARY_F0_5_CONSTANT] = FREE("f0_5_best_constant_classifier", "f0_5BestConstantClassifier"),
	[HC_BINARY_F1_CONSTANT] = FREE("f1_best_constant_classifier", "f1BestConstantClassifier"),
	[HC_BINARY_F2_CONSTANT] = FREE("f2_best_constant_classifier", "f2BestConstantClassifier"),
};

static const struct hc_metric_info multiclass_table[] = {
	[HC_MULTICLASS_ACCURACY] = LESS("accuracy", "accuracy", 0, 0),
	[HC_MULTICLASS_WEIGHTED_RECALL] = LESS("weighted_recall", "weightedRecall", 1, 1),
	[HC_MULTICLASS_WEIGHTED_PRECISION] = LESS("weighted_precision", "weightedPrecision", 2, 2),
	[HC_MULTICLASS_WEIGHTED_F0_5] = LESS("weighted_f0_5", "weightedF0_5", 3, 3),
	[HC_MULTICLASS_WEIGHTED_F1] = LESS("weighted_f1", "weightedF1", 4, 4),
	[HC_MULTICLASS_WEIGHTED_F2] = LESS("weighted_f2", "weightedF2", 5, 5),
	[HC_MULTICLASS_ACCURACY_CONSTANT] = FREE("accuracy_best_constant_classifier", "accuracyBestConstantClassifier"),
	[HC_MULTICLASS_WEIGHTED_RECALL_CONSTANT] =
		FREE("weighted_recall_best_constant_classifier", "weightedRecallBestConstantClassifier"),
	[HC_MULTICLASS_WEIGHTED_PRECISION_CONSTANT] =
		FREE("weighted_precision_best_constant_classifier", "weightedPrecisionBestConstantClassifier"),
	[HC_MULTICLASS_WEIGHTED_F0_5_CONSTANT] =
		FREE("weighted_f0_5_best_constant_classifier", "weightedF0_5BestConstantClassifier"),
	[HC_MULTICLASS_WEIGHTED_F1_CONSTANT] =
		FREE("weighted_f1_best_constant_classifier", "weightedF1BestConstantClassifier"),
	[HC_MULTICLASS_WEIGHTED_F2_CONSTANT] =
		FREE("weighted_f2_best_constant_classifier", "weightedF2BestConstantClassifier"),
};

static const struct hc_metric_info regression_table[] = {
	[HC_REGRESSION_MAE] = GREATER("mae", "mae", 0, 0),
	[HC_REGRESSION_MSE] = GREATER("mse", "mse", 1, 1),
	[HC_REGRESSION_RMSE] = GREATER("rmse", "rmse", 2, 2),
	[HC_REGRESSION_R2] = LESS("r2", "r2", 3, 3),
};

_Static_assert((int)HC_BINARY_METRICS <= (int)HC_METRICS_MAX && (int)HC_MULTICLASS_METRICS <= (int)HC_METRICS_MAX,
	       "every table fits hc_metrics.values");

const struct hc_metric_info *hc_metric_table(enum hc_problem_type problem, size_t *n)
{
	switch (problem) {
	case HC_BINARY:
		*n = HC_BINARY_METRICS;
		return binary_table;
	case HC_MULTICLASS:
		*n = HC_MULTICLASS_METRICS;
		return multiclass_table;
	default:
		*n = HC_REGRESSION_METRICS;
		return regression_table;
	}
}

void hc_metrics_enter(struct hc_metrics *m, size_t count, const struct hc_measured *measured)
{
	for (size_t i = 0; i < count; i++) {
		double samples[HC_SAMPLES];
		for (int k = 0; k < HC_SAMPLES; k++)
			samples[k] = measured->values[k + 1][i];
		m->values[i] = (struct hc_metric){
			.present = true,
			.value = measured->values[0][i],
			.deviation = m->n >= HC_DEVIATION_RECORDS_MIN ? hc_sample_deviation(samples) : NAN,
		};
	}
}
