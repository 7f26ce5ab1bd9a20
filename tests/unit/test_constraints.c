#include "report/constraints.h"

#include <stdio.h>

#include "check.h"

#define BINARY(entries) "{\"version\":0.0,\"binary_classification_constraints\":{" entries "}}"
#define LESS(metric, threshold) \
	"\"" metric "\":{\"threshold\":" threshold ",\"comparison_operator\":\"LessThanThreshold\"}"
#define GREATER(metric, threshold) \
	"\"" metric "\":{\"threshold\":" threshold ",\"comparison_operator\":\"GreaterThanThreshold\"}"

/* "name<threshold " or "name>threshold " of each, in their order. */
static void tell(const struct hc_constraints *c, enum hc_problem_type problem, struct hc_buf *out)
{
	size_t n;
	const struct hc_metric_info *table = hc_metric_table(problem, &n);
	hc_buf_reset(out);
	for (size_t i = 0; i < c->n; i++) {
		assert_true(c->list[i].metric < n);
		hc_buf_printf(out, "%s%c%.17g ", table[c->list[i].metric].name,
			      c->list[i].op == HC_LESS_THAN_THRESHOLD ? '<' : '>', c->list[i].threshold);
	}
}

static void test_read(void **state)
{
	(void)state;
	static const struct {
		enum hc_problem_type problem;
		const char *text, *told;
	} table[] = {
		/* as AWS writes it */
		{HC_BINARY,
		 "{\n  \"version\" : 0.0,\n  \"binary_classification_constraints\" : {\n    \"recall\" : {\n      "
		 "\"threshold\" : 0.5714285714285714,\n      \"comparison_operator\" : \"LessThanThreshold\"\n    },\n "
		 "   "
		 "\"false_positive_rate\" : {\n      \"threshold\" : 0.0,\n      \"comparison_operator\" : "
		 "\"GreaterThanThreshold\"\n    }\n  }\n}",
		 "recall<0.5714285714285714 false_positive_rate>0 "},
		/* a byte order mark, as editors leave it */
		{HC_BINARY, "\xef\xbb\xbf{\"binary_classification_constraints\":{" LESS("auc", "0.5") "}}", "auc<0.5 "},
		{HC_MULTICLASS,
		 "{\"multiclass_classification_constraints\":{" LESS("accuracy", "0.938547") "," LESS("weighted_f0_5",
												      "1") "}}",
		 "accuracy<0.93854700000000002 weighted_f0_5<1 "},
		{HC_REGRESSION,
		 "{\"regression_constraints\":{" GREATER("mae", "5.092682820403929E-4") "," LESS("r2", "-1.5") "}}",
		 "mae>0.00050926828204039289 r2<-1.5 "},
		/* edited: fewer, none, other members, another direction, other orders */
		{HC_BINARY, BINARY(""), ""},
		{HC_BINARY, BINARY(LESS("f1", "0.7") "," LESS("auc", "0.85")),
		 "f1<0.69999999999999996 auc<0.84999999999999998 "},
		{HC_BINARY,
		 BINARY("\"auc\":{\"additional_properties\":null,\"comparison_operator\":\"GreaterThanThreshold\","
			"\"threshold\":1,"
			"\"x\":{\"threshold\":\"y\"}}"),
		 "auc>1 "},
		{HC_BINARY,
		 "{\"x\":[1,{}],"
		 "\"binary_classification_constraints\":{" LESS("auc", "1") "},\"regression_constraints\":{}}",
		 "auc<1 "},
		/* metrics without a suggested constraint may have one */
		{HC_BINARY, BINARY(LESS("au_prc", "0.5") "," LESS("recall_best_constant_classifier", "0")),
		 "au_prc<0.5 recall_best_constant_classifier<0 "},
		/* escapes; of a metric or member that comes twice the last one counts */
		{HC_BINARY,
		 BINARY("\"\\u0061uc\":{\"thresh\\u006fld\":1,\"comparison_operator\":\"Less\\u0054hanThreshold\"}"),
		 "auc<1 "},
		{HC_BINARY, BINARY(LESS("auc", "1") "," LESS("f1", "2") "," GREATER("auc", "3")), "auc>3 f1<2 "},
		{HC_BINARY,
		 BINARY("\"auc\":{\"threshold\":1,\"threshold\":2,\"comparison_operator\":\"LessThanThreshold\"}"),
		 "auc<2 "},
	};
	struct hc_buf out = HC_BUF(1 << 20);
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_constraints c;
		struct hc_err err;
		if (hc_constraints_parse(hc_str(table[i].text), "c.json", table[i].problem, &c, &err) != HC_OK)
			fail_msg("%s: %s", table[i].text, err.msg);
		tell(&c, table[i].problem, &out);
		check_str(hc_buf_view(&out), table[i].told);
	}
	hc_buf_free(&out);
}

/* All metrics of every problem type can stand in one file. */
static void test_all(void **state)
{
	(void)state;
	for (int problem = HC_BINARY; problem <= HC_REGRESSION; problem++) {
		size_t n;
		const struct hc_metric_info *table = hc_metric_table((enum hc_problem_type)problem, &n);
		struct hc_buf text = HC_BUF(1 << 20);
		hc_buf_printf(&text, "{\"%s\":{", hc_constraints_key((enum hc_problem_type)problem));
		for (size_t i = 0; i < n; i++)
			hc_buf_printf(&text,
				      "%s\"%s\":{\"threshold\":%zu,\"comparison_operator\":\"LessThanThreshold\"}",
				      i ? "," : "", table[n - 1 - i].name, i);
		hc_buf_cstr(&text, "}}");
		struct hc_constraints c;
		struct hc_err err;
		assert_int_equal(hc_constraints_parse(hc_buf_view(&text), "c", (enum hc_problem_type)problem, &c, &err),
				 HC_OK);
		assert_int_equal(c.n, n);
		for (size_t i = 0; i < n; i++) {
			assert_int_equal(c.list[i].metric, n - 1 - i);
			assert_true(c.list[i].threshold == (double)i);
		}
		hc_buf_free(&text);
	}
}

static void test_refused(void **state)
{
	(void)state;
	static const struct {
		enum hc_problem_type problem;
		const char *text, *place, *why, *hint;
	} table[] = {
		/* unknown names, with the nearest known one */
		{HC_BINARY, "{\"binary_classification_constraints\":{\n\n" LESS("recal", "1") "}}", "dir/c.json:3: ",
		 "binary_classification_constraints.recal: no such metric of BinaryClassification", "'recall'"},
		{HC_BINARY, BINARY(LESS("F1", "1")), "dir/c.json:1: ", ".F1: no such metric", "'f1'"},
		{HC_BINARY, BINARY(LESS("falsePositiveRate", "1")),
		 "dir/c.json:1: ", ".falsePositiveRate: no such metric", "'false_positive_rate'"},
		{HC_REGRESSION, "{\"regression_constraints\":{" LESS("rsme", "1") "}}",
		 "dir/c.json:1: ", "regression_constraints.rsme: no such metric of Regression", "mse'"},
		{HC_MULTICLASS, "{\"multiclass_classification_constraints\":{" LESS("weighted_recal", "1") "}}",
		 "dir/c.json:1: ", ".weighted_recal: no such metric of MulticlassClassification", "'weighted_recall'"},
		{HC_BINARY, BINARY(LESS("", "1")), "dir/c.json:1: ", "no such metric", "'f"},
		/* unknown operators */
		{HC_BINARY,
		 BINARY(LESS("f1", "1") ",\n\"auc\":{\n\"threshold\":1,\n\"comparison_operator\":\"LessThan\"}"),
		 "dir/c.json:4: ", "binary_classification_constraints.auc: no such comparison_operator: 'LessThan'",
		 "'LessThanThreshold'"},
		{HC_BINARY, BINARY("\"auc\":{\"threshold\":1,\"comparison_operator\":\"greaterthanthreshold\"}"),
		 "dir/c.json:1: ", "no such comparison_operator", "'GreaterThanThreshold'"},
		{HC_BINARY, BINARY("\"auc\":{\"threshold\":1,\"comparison_operator\":null}"),
		 "dir/c.json:1: ", "no such comparison_operator: 'null'", "Threshold'"},
		{HC_BINARY, BINARY("\"auc\":{\"threshold\":1,\"comparison_operator\":\"\"}"),
		 "dir/c.json:1: ", "no such comparison_operator", "Threshold'"},
		/* thresholds that are no numbers */
		{HC_BINARY, "{\n\"binary_classification_constraints\":{\n\"auc\":{\n\"threshold\":\"0.85\"}}}",
		 "dir/c.json:4: ", "binary_classification_constraints.auc: the threshold is not a number: '\"0.85\"'",
		 "without quotes"},
		{HC_BINARY, BINARY("\"auc\":{\"threshold\":null,\"comparison_operator\":\"LessThanThreshold\"}"),
		 "dir/c.json:1: ", "auc: the threshold is not a number: 'null'", "0.85"},
		{HC_BINARY, BINARY(LESS("auc", "\"NaN\"")), "dir/c.json:1: ", "auc: the threshold is not a number",
		 "0.85"},
		{HC_BINARY, BINARY(LESS("auc", "1e999")),
		 "dir/c.json:1: ", "auc: the threshold is not a number: '1e999'", "0.85"},
		{HC_BINARY, BINARY(LESS("auc", "true")), "dir/c.json:1: ", "auc: the threshold is not a number",
		 "0.85"},
		{HC_BINARY, BINARY(LESS("auc", "[1]")), "dir/c.json:1: ", "auc: the threshold is not a number: '[1]'",
		 "0.85"},
		/* entries with something missing, or that are none */
		{HC_BINARY, BINARY("\"auc\":{\"comparison_operator\":\"LessThanThreshold\"}"),
		 "dir/c.json:1: ", "auc: no threshold", "comparison_operator"},
		{HC_BINARY, BINARY("\"auc\":{\"threshold\":1}"), "dir/c.json:1: ", "auc: no comparison_operator",
		 "threshold"},
		{HC_BINARY, BINARY("\"auc\":{}"), "dir/c.json:1: ", "auc: no threshold", "comparison_operator"},
		{HC_BINARY, BINARY("\"auc\":0.85"), "dir/c.json:1: ", "auc: not an object", "baseline"},
		{HC_BINARY, BINARY("\"auc\":null"), "dir/c.json:1: ", "auc: not an object", "baseline"},
		/* another document */
		{HC_BINARY, "{}", "dir/c.json: ", "holds no binary_classification_constraints", "BinaryClassification"},
		{HC_BINARY, "{\"regression_constraints\":{}}",
		 "dir/c.json: ", "holds regression_constraints, this run needs binary_classification_constraints",
		 "BinaryClassification"},
		{HC_REGRESSION, BINARY(LESS("auc", "1")), "dir/c.json: ",
		 "holds binary_classification_constraints, this run needs regression_constraints", "Regression"},
		{HC_BINARY, "[]", "dir/c.json", "holds no", "baseline"},
		{HC_BINARY, "7", "dir/c.json", "holds no", "baseline"},
		/* not JSON */
		{HC_BINARY, "", "dir/c.json:1: ", "not valid JSON", "constraints"},
		{HC_BINARY, "{\n\"version\":0.0,\n}", "dir/c.json:3: ", "not valid JSON", "constraints"},
		{HC_BINARY, "{\"binary_classification_constraints\":[]}", "dir/c.json:1: ", "", "constraints"},
		{HC_BINARY, "{\"binary_classification_constraints\":{\n\"auc\":\n{\"threshold\":1,\n\"x\"}}}",
		 "dir/c.json:4: ", "not valid JSON", "constraints"},
		{HC_BINARY, "{\"binary_classification_constraints\":{" LESS("auc", "1"),
		 "dir/c.json:1: ", "not valid JSON", "constraints"},
		{HC_BINARY, "{\"binary_classification_constraints\":{" LESS("auc", "1") ",",
		 "dir/c.json:1: ", "not valid JSON", "constraints"},
		{HC_BINARY, "{\"binary_classification_constraints\":{\"auc\":", "dir/c.json:1: ", "not valid JSON",
		 "constraints"},
		{HC_BINARY, BINARY(LESS("auc", "1")) "\nx", "dir/c.json:2: ", "not valid JSON", "constraints"},
		{HC_BINARY, BINARY(LESS("auc", "01")), "dir/c.json:1: ", "not valid JSON", "constraints"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_constraints c = {.n = 77};
		struct hc_err err = {0};
		if (hc_constraints_parse(hc_str(table[i].text), "dir/c.json", table[i].problem, &c, &err) != HC_INPUT)
			fail_msg("%s was taken", table[i].text);
		assert_int_equal(c.n, 77);
		if (!hc_str_starts(hc_str(err.msg), table[i].place) || !strstr(err.msg, table[i].why) ||
		    !strstr(err.hint, table[i].hint))
			fail_msg("%s: %s (%s)", table[i].text, err.msg, err.hint);
	}
}

/* Whatever is cut off a good file, the rest is refused; nothing is read past its end. */
static void test_cut(void **state)
{
	(void)state;
	static const char text[] =
		BINARY(LESS("auc", "1") ",\"f1\":{\"x\":[{}],\"threshold\":1.5e0,\"comparison_operator\":"
					"\"GreaterThanThreshold\"}");
	struct hc_constraints c;
	struct hc_err err;
	assert_int_equal(hc_constraints_parse(hc_str(text), "c", HC_BINARY, &c, &err), HC_OK);
	for (size_t n = 0; n < sizeof text - 1; n++)
		assert_int_equal(hc_constraints_parse((struct hc_str){text, n}, "c", HC_BINARY, &c, &err), HC_INPUT);
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(hc_operator_name(HC_LESS_THAN_THRESHOLD), "LessThanThreshold");
	assert_string_equal(hc_operator_name(HC_GREATER_THAN_THRESHOLD), "GreaterThanThreshold");
	assert_string_equal(hc_constraints_key(HC_BINARY), "binary_classification_constraints");
	assert_string_equal(hc_constraints_key(HC_MULTICLASS), "multiclass_classification_constraints");
	assert_string_equal(hc_constraints_key(HC_REGRESSION), "regression_constraints");
	assert_string_equal(hc_statistics_key(HC_BINARY), "binary_classification_metrics");
	assert_string_equal(hc_statistics_key(HC_MULTICLASS), "multiclass_classification_metrics");
	assert_string_equal(hc_statistics_key(HC_REGRESSION), "regression_metrics");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read), cmocka_unit_test(test_all),   cmocka_unit_test(test_refused),
		cmocka_unit_test(test_cut),  cmocka_unit_test(test_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
