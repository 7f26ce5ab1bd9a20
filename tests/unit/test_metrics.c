#include "check_metric.h"

static void test_problems(void **state)
{
	(void)state;
	static const char *const names[] = {"BinaryClassification", "MulticlassClassification", "Regression"};
	for (int i = 0; i < 3; i++) {
		enum hc_problem_type problem = HC_BINARY;
		assert_string_equal(hc_problem_name((enum hc_problem_type)i), names[i]);
		assert_true(hc_problem_parse(hc_str(names[i]), &problem));
		assert_int_equal(problem, i);
	}
	static const char *const wrong[] = {"", "Binary", "binaryclassification", "Regression ",
					    "BinaryClassificationX"};
	for (size_t i = 0; i < COUNT(wrong); i++) {
		enum hc_problem_type problem = HC_MULTICLASS;
		assert_false(hc_problem_parse(hc_str(wrong[i]), &problem));
		assert_int_equal(problem, HC_MULTICLASS);
	}
}

/* Names are joined by capitals, but for an underscore between digits. */
static void to_camel(const char *name, char *out)
{
	const char *start = name;
	for (; *name; name++) {
		bool between = name > start && name[-1] >= '0' && name[-1] <= '9' && name[1] >= '0' && name[1] <= '9';
		if (*name == '_' && !between) {
			name++;
			*out++ = (char)(*name - 'a' + 'A');
		} else {
			*out++ = *name;
		}
	}
	*out = '\0';
}

static void test_camel_case(void **state)
{
	(void)state;
	for (int problem = HC_BINARY; problem <= HC_REGRESSION; problem++) {
		size_t n;
		const struct hc_metric_info *table = hc_metric_table((enum hc_problem_type)problem, &n);
		assert_in_range(n, 1, HC_METRICS_MAX);
		for (size_t i = 0; i < n; i++) {
			char camel[100];
			to_camel(table[i].name, camel);
			assert_string_equal(table[i].camel, camel);
		}
	}
}

/* What AWS writes: the order of statistics.json, of constraints.json with < and >, of violations. */
static const struct {
	enum hc_problem_type problem;
	const char *statistics, *constraints, *violations;
} orders[] = {
	{
		HC_BINARY,
		"recall precision accuracy recall_best_constant_classifier precision_best_constant_classifier "
		"accuracy_best_constant_classifier true_positive_rate true_negative_rate false_positive_rate "
		"false_negative_rate auc au_prc f0_5 f1 f2 f0_5_best_constant_classifier "
		"f1_best_constant_classifier f2_best_constant_classifier ",
		"<recall <precision <accuracy <true_positive_rate <true_negative_rate >false_positive_rate "
		">false_negative_rate <auc <f0_5 <f1 <f2 ",
		"auc precision truePositiveRate f1 accuracy falsePositiveRate trueNegativeRate falseNegativeRate "
		"recall f2 f0_5 ",
	},
	{
		HC_MULTICLASS,
		"accuracy weighted_recall weighted_precision weighted_f0_5 weighted_f1 weighted_f2 "
		"accuracy_best_constant_classifier weighted_recall_best_constant_classifier "
		"weighted_precision_best_constant_classifier weighted_f0_5_best_constant_classifier "
		"weighted_f1_best_constant_classifier weighted_f2_best_constant_classifier ",
		"<accuracy <weighted_recall <weighted_precision <weighted_f0_5 <weighted_f1 <weighted_f2 ",
		"accuracy weightedRecall weightedPrecision weightedF0_5 weightedF1 weightedF2 ",
	},
	{
		HC_REGRESSION,
		"mae mse rmse r2 ",
		">mae >mse >rmse <r2 ",
		"mae mse rmse r2 ",
	},
};

static void test_orders(void **state)
{
	(void)state;
	for (size_t o = 0; o < COUNT(orders); o++) {
		size_t n;
		const struct hc_metric_info *table = hc_metric_table(orders[o].problem, &n);
		char statistics[1000] = "", constraints[1000] = "", violations[1000] = "";
		for (size_t i = 0; i < n; i++) {
			strcat(strcat(statistics, table[i].name), " ");
			assert_int_equal(table[i].constraint == HC_NOT_CONSTRAINED,
					 table[i].violation_rank == HC_RANK_LAST);
			assert_int_equal(table[i].constraint == HC_NOT_CONSTRAINED,
					 table[i].constraint_rank == HC_RANK_LAST);
		}
		for (unsigned rank = 0; rank < HC_RANK_LAST; rank++) {
			for (size_t i = 0; i < n; i++) {
				if (table[i].constraint_rank == rank) {
					strcat(constraints, table[i].constraint == HC_LESS_IS_WORSE ? "<" : ">");
					strcat(strcat(constraints, table[i].name), " ");
				}
				if (table[i].violation_rank == rank)
					strcat(strcat(violations, table[i].camel), " ");
			}
		}
		assert_string_equal(statistics, orders[o].statistics);
		assert_string_equal(constraints, orders[o].constraints);
		assert_string_equal(violations, orders[o].violations);
	}
}

static void test_what_needs_scores(void **state)
{
	(void)state;
	for (int problem = HC_BINARY; problem <= HC_REGRESSION; problem++) {
		size_t n;
		const struct hc_metric_info *table = hc_metric_table((enum hc_problem_type)problem, &n);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(table[i].needs_score, strncmp(table[i].name, "au", 2) == 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_problems),
		cmocka_unit_test(test_camel_case),
		cmocka_unit_test(test_orders),
		cmocka_unit_test(test_what_needs_scores),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
