#include "monitor/judge.h"

#include <math.h>
#include <stdio.h>

#include "check.h"

/* All metrics present, each 0.5. */
static struct hc_metrics metrics_of(enum hc_problem_type problem)
{
	struct hc_metrics m = {.problem = problem};
	size_t n;
	hc_metric_table(problem, &n);
	for (size_t i = 0; i < n; i++)
		m.values[i] = (struct hc_metric){.present = true, .value = 0.5, .deviation = 0.25};
	return m;
}

/* Constraints on the metrics of these names, in their order, each broken by a value of 0.5. */
static struct hc_constraints broken(enum hc_problem_type problem, const char *names)
{
	struct hc_constraints c = {0};
	size_t n;
	const struct hc_metric_info *table = hc_metric_table(problem, &n);
	char copy[1024], *rest = copy;
	strcpy(copy, names);
	for (char *name; (name = strsep(&rest, " ")) != NULL;) {
		struct hc_constraint *one = &c.list[c.n++];
		while (one->metric < n && strcmp(table[one->metric].name, name) != 0)
			one->metric++;
		assert_true(one->metric < n);
		bool less = table[one->metric].constraint != HC_GREATER_IS_WORSE;
		one->op = less ? HC_LESS_THAN_THRESHOLD : HC_GREATER_THAN_THRESHOLD;
		one->threshold = less ? 0.75 : 0.25;
	}
	return c;
}

/* The names of the violations, and behind a bar of what was not judged. */
static void check_verdict(const struct hc_verdict *v, const char *expected)
{
	char text[2048] = "";
	for (size_t i = 0; i < v->n_violations; i++)
		sprintf(text + strlen(text), "%s ", v->violations[i].metric->name);
	strcat(text, "|");
	for (size_t i = 0; i < v->n_not_judged; i++)
		sprintf(text + strlen(text), " %s", v->not_judged[i].metric->name);
	assert_string_equal(text, expected);
}

static void test_strictness(void **state)
{
	(void)state;
	static const struct {
		enum hc_operator op;
		double value, threshold;
		bool is_broken;
	} table[] = {
		{HC_LESS_THAN_THRESHOLD, 0.85, 0.85, false},
		{HC_LESS_THAN_THRESHOLD, 0.85, 0.8500000000000001, true},
		{HC_LESS_THAN_THRESHOLD, 0.8500000000000001, 0.85, false},
		{HC_GREATER_THAN_THRESHOLD, 0.85, 0.85, false},
		{HC_GREATER_THAN_THRESHOLD, 0.85, 0.8500000000000001, false},
		{HC_GREATER_THAN_THRESHOLD, 0.8500000000000001, 0.85, true},
		{HC_LESS_THAN_THRESHOLD, 1, 1, false}, /* Feb 2021: auc 1.0 against 1.0 was not reported */
		{HC_LESS_THAN_THRESHOLD, 0.0, -0.0, false},
		{HC_GREATER_THAN_THRESHOLD, 0.0, -0.0, false},
		{HC_LESS_THAN_THRESHOLD, -1, 0, true},
		{HC_GREATER_THAN_THRESHOLD, INFINITY, 1e300, true},
		{HC_LESS_THAN_THRESHOLD, -INFINITY, 0, true},
	};
	/* the operator of the file decides, not the metric's usual direction; the deviation has no say */
	for (size_t metric = 0; metric < HC_REGRESSION_METRICS; metric++) {
		for (size_t i = 0; i < COUNT(table); i++) {
			struct hc_metrics m = metrics_of(HC_REGRESSION);
			struct hc_constraints c = {.list = {{metric, table[i].threshold, table[i].op}}, .n = 1};
			struct hc_verdict v;
			m.values[metric].value = table[i].value;
			m.values[metric].deviation = i % 2 ? 1000 : NAN;
			hc_judge(&m, &c, false, &v);
			assert_int_equal(v.n_judged, 1);
			assert_int_equal(v.n_not_judged, 0);
			assert_int_equal(v.n_violations, table[i].is_broken);
			if (!table[i].is_broken)
				continue;
			assert_true(v.violations[0].value == table[i].value);
			assert_true(v.violations[0].threshold == table[i].threshold);
			assert_int_equal(v.violations[0].op, table[i].op);
			assert_true(v.violations[0].deviation == 1000 || isnan(v.violations[0].deviation));
		}
	}
}

static void test_order(void **state)
{
	(void)state;
	static const struct {
		enum hc_problem_type problem;
		const char *file, *reported;
	} table[] = {
		/* reference 4.6, and f0_5 last; whatever the order of the file */
		{HC_BINARY,
		 "recall precision accuracy true_positive_rate true_negative_rate false_positive_rate "
		 "false_negative_rate auc f0_5 "
		 "f1 f2",
		 "auc precision true_positive_rate f1 accuracy false_positive_rate true_negative_rate "
		 "false_negative_rate recall "
		 "f2 f0_5 |"},
		{HC_BINARY, "f0_5 f2 f1 auc", "auc f1 f2 f0_5 |"},
		{HC_BINARY, "auc", "auc |"},
		/* what AWS never constrains comes last, as the file has it */
		{HC_BINARY, "au_prc recall_best_constant_classifier f0_5 accuracy_best_constant_classifier auc",
		 "auc f0_5 au_prc recall_best_constant_classifier accuracy_best_constant_classifier |"},
		{HC_BINARY, "accuracy_best_constant_classifier recall_best_constant_classifier au_prc recall",
		 "recall accuracy_best_constant_classifier recall_best_constant_classifier au_prc |"},
		{HC_MULTICLASS, "weighted_f2 weighted_f0_5 accuracy", "accuracy weighted_f0_5 weighted_f2 |"},
		{HC_REGRESSION, "r2 mae rmse mse", "mae mse rmse r2 |"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_metrics m = metrics_of(table[i].problem);
		struct hc_constraints c = broken(table[i].problem, table[i].file);
		struct hc_verdict v;
		hc_judge(&m, &c, false, &v);
		check_verdict(&v, table[i].reported);
		assert_int_equal(v.n_judged, c.n);
		assert_null(v.silenced);
	}
}

/* What the file does not name is not judged. */
static void test_only_what_was_asked(void **state)
{
	(void)state;
	struct hc_metrics m = metrics_of(HC_BINARY);
	struct hc_constraints none = {0}, one = broken(HC_BINARY, "f1");
	struct hc_verdict v;
	m.values[HC_BINARY_RECALL].value = NAN;
	/* a metric that is undefined is told of, asked for or not */
	hc_judge(&m, &none, false, &v);
	check_verdict(&v, "| recall");
	assert_int_equal(v.n_judged, 0);
	hc_judge(&m, &one, false, &v);
	check_verdict(&v, "f1 | recall");
	m.values[HC_BINARY_F1].value = 0.75;
	hc_judge(&m, &one, false, &v);
	check_verdict(&v, "| recall");
	assert_int_equal(v.n_judged, 1);
}

static void test_not_judged(void **state)
{
	(void)state;
	struct hc_metrics m = metrics_of(HC_BINARY);
	struct hc_constraints c = broken(HC_BINARY, "recall auc false_positive_rate f1 au_prc");
	struct hc_verdict v;
	m.values[HC_BINARY_RECALL] =
		(struct hc_metric){.present = true, .value = NAN, .undefined = "no record is actually positive"};
	m.values[HC_BINARY_FALSE_POSITIVE_RATE].value = NAN;
	m.values[HC_BINARY_AUC].present = m.values[HC_BINARY_AU_PRC].present = false;
	hc_judge(&m, &c, false, &v);
	check_verdict(&v, "f1 | auc false_positive_rate recall au_prc");
	assert_int_equal(v.n_judged, 1);
	for (size_t i = 0; i < v.n_not_judged; i++) {
		const char *name = v.not_judged[i].metric->name;
		assert_true(strlen(v.not_judged[i].why) > 0);
		if (strcmp(name, "recall") == 0)
			assert_string_equal(v.not_judged[i].why, "no record is actually positive");
		if (strcmp(name, "auc") == 0)
			assert_non_null(strstr(v.not_judged[i].why, "--probability-attribute"));
	}
}

/* Without constraints nothing is judged; what has no value is told all the same. */
static void test_no_constraints(void **state)
{
	(void)state;
	struct hc_metrics m = metrics_of(HC_BINARY);
	struct hc_verdict v;
	m.values[HC_BINARY_RECALL] = (struct hc_metric){.present = true, .value = NAN, .undefined = "a reason"};
	m.values[HC_BINARY_AUC].present = false;
	hc_judge(&m, NULL, false, &v);
	check_verdict(&v, "| recall");
	assert_string_equal(v.not_judged[0].why, "a reason");
	assert_int_equal(v.n_judged, 0);
}

/* --aws-quirks: silent on f0_5, as AWS is, on nothing else. */
static void test_quirks(void **state)
{
	(void)state;
	static const struct {
		enum hc_problem_type problem;
		const char *file, *reported;
		size_t judged;
		bool silenced;
	} table[] = {
		{HC_BINARY, "f0_5 f1 f2", "f1 f2 |", 2, true},
		{HC_BINARY, "f0_5", "|", 0, true},
		{HC_BINARY, "f1 f0_5_best_constant_classifier", "f1 f0_5_best_constant_classifier |", 2, false},
		{HC_MULTICLASS, "weighted_f0_5", "weighted_f0_5 |", 1, false},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_metrics m = metrics_of(table[i].problem);
		struct hc_constraints c = broken(table[i].problem, table[i].file);
		struct hc_verdict v;
		hc_judge(&m, &c, true, &v);
		check_verdict(&v, table[i].reported);
		assert_int_equal(v.n_judged, table[i].judged);
		assert_int_equal(v.silenced != NULL, table[i].silenced);
		if (table[i].silenced) {
			assert_string_equal(v.silenced[0], "f0_5");
			assert_null(v.silenced[1]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strictness),          cmocka_unit_test(test_order),
		cmocka_unit_test(test_only_what_was_asked), cmocka_unit_test(test_not_judged),
		cmocka_unit_test(test_no_constraints),      cmocka_unit_test(test_quirks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
