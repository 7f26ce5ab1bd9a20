#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "base/instant.h"
#include "check.h"
#include "report/report.h"
#include "store/store.h"

/* Whole documents are compared as text: their form is a contract. */
static void check_text(struct hc_buf *out, const char *expected)
{
	struct hc_err err;
	assert_int_equal(hc_buf_check(out, "a document", &err), HC_OK);
	check_str(hc_buf_view(out), expected);
	hc_buf_reset(out);
}

/* Fills all values of a problem with 0.5 and a deviation of 0.25. */
static void fill(struct hc_report *r, enum hc_problem_type problem)
{
	size_t n;
	hc_metric_table(problem, &n);
	*r = (struct hc_report){.command = "run", .problem = problem, .has_metrics = true};
	r->metrics.problem = problem;
	for (size_t i = 0; i < n; i++)
		r->metrics.values[i] = (struct hc_metric){.present = true, .value = 0.5, .deviation = 0.25};
}

/* A real report of a regression, from which the form was taken: indents, spaces, numbers as Java prints them. */
static void test_regression(void **state)
{
	(void)state;
	struct hc_report r;
	struct hc_buf out = HC_BUF(1 << 20);
	fill(&r, HC_REGRESSION);
	assert_true(hc_instant_parse(HC_STR("2023-03-30T21:08:34.729Z"), &r.evaluation_us));
	r.metrics.n = 627;
	r.metrics.values[HC_REGRESSION_MAE] =
		(struct hc_metric){.present = true, .value = 5.092682820403929E-4, .deviation = NAN};
	r.metrics.values[HC_REGRESSION_MSE] = (struct hc_metric){.present = true, .value = 1e7, .deviation = 0};
	r.metrics.values[HC_REGRESSION_R2] = (struct hc_metric){.present = true, .value = NAN, .deviation = NAN};
	hc_report_statistics(&r, &out);
	check_text(&out, "{\n"
			 "  \"version\" : 0.0,\n"
			 "  \"dataset\" : {\n"
			 "    \"item_count\" : 627,\n"
			 "    \"evaluation_time\" : \"2023-03-30T21:08:34.729Z\"\n"
			 "  },\n"
			 "  \"regression_metrics\" : {\n"
			 "    \"mae\" : {\n"
			 "      \"value\" : 5.092682820403929E-4,\n"
			 "      \"standard_deviation\" : \"NaN\"\n"
			 "    },\n"
			 "    \"mse\" : {\n"
			 "      \"value\" : 1.0E7,\n"
			 "      \"standard_deviation\" : 0.0\n"
			 "    },\n"
			 "    \"rmse\" : {\n"
			 "      \"value\" : 0.5,\n"
			 "      \"standard_deviation\" : 0.25\n"
			 "    },\n"
			 "    \"r2\" : {\n"
			 "      \"value\" : \"NaN\",\n"
			 "      \"standard_deviation\" : \"NaN\"\n"
			 "    }\n"
			 "  }\n"
			 "}");
	/* the suggestion: the values themselves, none where there is no value */
	hc_report_suggested_constraints(&r, &out);
	check_text(&out, "{\n"
			 "  \"version\" : 0.0,\n"
			 "  \"regression_constraints\" : {\n"
			 "    \"mae\" : {\n"
			 "      \"threshold\" : 5.092682820403929E-4,\n"
			 "      \"comparison_operator\" : \"GreaterThanThreshold\"\n"
			 "    },\n"
			 "    \"mse\" : {\n"
			 "      \"threshold\" : 1.0E7,\n"
			 "      \"comparison_operator\" : \"GreaterThanThreshold\"\n"
			 "    },\n"
			 "    \"rmse\" : {\n"
			 "      \"threshold\" : 0.5,\n"
			 "      \"comparison_operator\" : \"GreaterThanThreshold\"\n"
			 "    }\n"
			 "  }\n"
			 "}");
	hc_buf_free(&out);
}

/* The keys of an object in their order, joined by a space. */
static void tell_keys(const json_t *object, struct hc_buf *out)
{
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)(uintptr_t)object, key, value) hc_buf_printf(out, "%s ", key);
}

/* Parses what was written; the caller frees it. */
static json_t *parse(struct hc_buf *out)
{
	json_error_t error;
	json_t *document = json_loadb(out->p, out->n, JSON_REJECT_DUPLICATES, &error);
	if (!document)
		fail_msg("%s in %s", error.text, hc_buf_cstring(out));
	hc_buf_reset(out);
	return document;
}

static void test_binary(void **state)
{
	(void)state;
	struct hc_report r;
	struct hc_buf out = HC_BUF(1 << 20);
	struct hc_str names[] = {HC_STR("0"), HC_STR("1")};
	uint64_t counts[] = {173, 0, 12, 16};
	double x[] = {0, 0.25, 1}, y[] = {0, 1, 1}, recall[] = {0, 0.5}, precision[] = {1, 0.75};
	fill(&r, HC_BINARY);
	r.classes = (struct hc_class_map){.names = names, .classes = 2};
	r.metrics.classes = 2;
	r.metrics.counts = counts;
	r.metrics.has_curves = true;
	r.metrics.roc = (struct hc_curve){3, x, y};
	r.metrics.pr = (struct hc_curve){2, recall, precision};
	hc_report_statistics(&r, &out);
	assert_non_null(strstr(hc_buf_cstring(&out), "    \"confusion_matrix\" : {\n"
						     "      \"0\" : {\n"
						     "        \"0\" : 173,\n"
						     "        \"1\" : 0\n"
						     "      },\n"
						     "      \"1\" : {\n"
						     "        \"0\" : 12,\n"
						     "        \"1\" : 16\n"
						     "      }\n"
						     "    },\n"
						     "    \"recall\" : {\n"));
	assert_non_null(strstr(hc_buf_cstring(&out), "    \"receiver_operating_characteristic_curve\" : {\n"
						     "      \"false_positive_rates\" : [ 0.0, 0.25, 1.0 ],\n"
						     "      \"true_positive_rates\" : [ 0.0, 1.0, 1.0 ]\n"
						     "    },\n"
						     "    \"precision_recall_curve\" : {\n"
						     "      \"precisions\" : [ 1.0, 0.75 ],\n"
						     "      \"recalls\" : [ 0.0, 0.5 ]\n"
						     "    },\n"
						     "    \"auc\" : {\n"));
	json_t *d = parse(&out);
	tell_keys(d, &out);
	check_text(&out, "version dataset binary_classification_metrics ");
	/* reference 4.3, this order */
	tell_keys(json_object_get(d, "binary_classification_metrics"), &out);
	check_text(&out, "confusion_matrix recall precision accuracy recall_best_constant_classifier "
			 "precision_best_constant_classifier accuracy_best_constant_classifier true_positive_rate "
			 "true_negative_rate false_positive_rate false_negative_rate "
			 "receiver_operating_characteristic_curve precision_recall_curve auc au_prc f0_5 f1 f2 "
			 "f0_5_best_constant_classifier f1_best_constant_classifier f2_best_constant_classifier ");
	json_decref(d);

	/* reference 4.5, this order; au_prc is written, not constrained */
	hc_report_suggested_constraints(&r, &out);
	d = parse(&out);
	tell_keys(json_object_get(d, "binary_classification_constraints"), &out);
	check_text(&out, "recall precision accuracy true_positive_rate true_negative_rate false_positive_rate "
			 "false_negative_rate auc f0_5 f1 f2 ");
	json_decref(d);

	/* without scores there are neither curves nor areas */
	r.metrics.has_curves = false;
	r.metrics.values[HC_BINARY_AUC].present = r.metrics.values[HC_BINARY_AU_PRC].present = false;
	hc_report_statistics(&r, &out);
	d = parse(&out);
	tell_keys(json_object_get(d, "binary_classification_metrics"), &out);
	assert_null(strstr(hc_buf_cstring(&out), "au"));
	assert_null(strstr(hc_buf_cstring(&out), "curve"));
	assert_non_null(strstr(hc_buf_cstring(&out), "false_negative_rate f0_5 "));
	json_decref(d);
	hc_buf_reset(&out);
	hc_report_suggested_constraints(&r, &out);
	assert_null(strstr(hc_buf_cstring(&out), "\"auc\""));
	hc_buf_free(&out);
}

static void test_multiclass(void **state)
{
	(void)state;
	struct hc_report r;
	struct hc_buf out = HC_BUF(1 << 20);
	struct hc_str names[] = {HC_STR("a \"b\""), HC_STR(""), HC_STR("\xc3\xa4\n")};
	uint64_t counts[] = {1, 2, 3, 4, 5, 6, 7, 8, 9007199254740993};
	fill(&r, HC_MULTICLASS);
	r.classes = (struct hc_class_map){.names = names, .classes = 3};
	r.metrics.classes = 3;
	r.metrics.counts = counts;
	hc_report_statistics(&r, &out);
	json_t *d = parse(&out);
	const json_t *metrics = json_object_get(d, "multiclass_classification_metrics");
	const json_t *matrix = json_object_get(metrics, "confusion_matrix");
	/* outer: actual, inner: predicted */
	assert_int_equal(json_integer_value(json_object_get(json_object_get(matrix, "a \"b\""), "\xc3\xa4\n")), 3);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(matrix, "\xc3\xa4\n"), "a \"b\"")), 7);
	assert_true(json_integer_value(json_object_get(json_object_get(matrix, "\xc3\xa4\n"), "\xc3\xa4\n")) ==
		    9007199254740993);
	tell_keys(metrics, &out);
	check_text(&out,
		   "confusion_matrix accuracy weighted_recall weighted_precision weighted_f0_5 weighted_f1 weighted_f2 "
		   "accuracy_best_constant_classifier weighted_recall_best_constant_classifier "
		   "weighted_precision_best_constant_classifier weighted_f0_5_best_constant_classifier "
		   "weighted_f1_best_constant_classifier weighted_f2_best_constant_classifier ");
	json_decref(d);
	hc_report_suggested_constraints(&r, &out);
	d = parse(&out);
	tell_keys(json_object_get(d, "multiclass_classification_constraints"), &out);
	check_text(&out, "accuracy weighted_recall weighted_precision weighted_f0_5 weighted_f1 weighted_f2 ");
	json_decref(d);
	hc_buf_free(&out);
}

/* What is suggested can be read again, value for value. */
static void test_suggestions_read_back(void **state)
{
	(void)state;
	static const double odd[] = {0.1,     1.0 / 3,  5e-324, 1.7976931348623157e308, -0.0, 1e7, 0.001,
				     -2.5e-5, INFINITY, NAN};
	for (int problem = HC_BINARY; problem <= HC_REGRESSION; problem++) {
		for (size_t shift = 0; shift < COUNT(odd); shift++) {
			struct hc_report r;
			struct hc_buf out = HC_BUF(1 << 20);
			struct hc_constraints c;
			struct hc_err err;
			size_t n, expected = 0;
			fill(&r, (enum hc_problem_type)problem);
			const struct hc_metric_info *table = hc_metric_table((enum hc_problem_type)problem, &n);
			for (size_t i = 0; i < n; i++) {
				r.metrics.values[i].value = odd[(i + shift) % COUNT(odd)];
				expected += table[i].constraint != HC_NOT_CONSTRAINED &&
					    isfinite(r.metrics.values[i].value);
			}
			hc_report_suggested_constraints(&r, &out);
			assert_int_equal(
				hc_constraints_parse(hc_buf_view(&out), "c", (enum hc_problem_type)problem, &c, &err),
				HC_OK);
			assert_int_equal(c.n, expected);
			for (size_t i = 0; i < c.n; i++) {
				size_t m = c.list[i].metric;
				assert_memory_equal(&c.list[i].threshold, &r.metrics.values[m].value, sizeof(double));
				assert_int_equal(c.list[i].op, table[m].constraint == HC_LESS_IS_WORSE
								       ? HC_LESS_THAN_THRESHOLD
								       : HC_GREATER_THAN_THRESHOLD);
			}
			hc_buf_free(&out);
		}
	}
}

static void test_violations(void **state)
{
	(void)state;
	struct hc_report r;
	struct hc_buf out = HC_BUF(1 << 20);
	size_t n;
	const struct hc_metric_info *table = hc_metric_table(HC_BINARY, &n);
	fill(&r, HC_BINARY);
	hc_report_violations(&r, &out);
	check_text(&out, "{\n  \"violations\" : [ ]\n}");
	hc_report_exit_message(&r, &out);
	check_text(&out, "Completed: Job completed successfully with no violations.");

	/* the first one is of a real run */
	r.verdict.violations[0] = (struct hc_violation){&table[HC_BINARY_AUC], 0.515363047795135, 0.012887520442626008,
							0.9395127993393898, HC_LESS_THAN_THRESHOLD};
	r.verdict.violations[1] =
		(struct hc_violation){&table[HC_BINARY_FALSE_POSITIVE_RATE], 1, NAN, 0, HC_GREATER_THAN_THRESHOLD};
	r.verdict.n_violations = 2;
	hc_report_violations(&r, &out);
	check_text(
		&out,
		"{\n"
		"  \"violations\" : [ {\n"
		"    \"constraint_check_type\" : \"LessThanThreshold\",\n"
		"    \"description\" : \"Metric auc with 0.515363047795135 +/- 0.012887520442626008 was "
		"LessThanThreshold '0.9395127993393898'\",\n"
		"    \"metric_name\" : \"auc\"\n"
		"  }, {\n"
		"    \"constraint_check_type\" : \"GreaterThanThreshold\",\n"
		"    \"description\" : \"Metric falsePositiveRate with 1.0 +/- NaN was GreaterThanThreshold '0.0'\",\n"
		"    \"metric_name\" : \"falsePositiveRate\"\n"
		"  } ]\n"
		"}");
	hc_report_exit_message(&r, &out);
	check_text(&out, "CompletedWithViolations: Job completed successfully with 2 violations.");
	hc_buf_free(&out);
}

static void test_join_report(void **state)
{
	(void)state;
	struct hc_arena arena = HC_ARENA(1 << 20);
	struct hc_account account = {.arena = &arena};
	struct hc_report r = {.command = "merge", .account = &account, .has_window = true, .dropped = 3};
	struct hc_buf out = HC_BUF(1 << 20);
	struct hc_err err;
	assert_int_equal(hc_window_of_offsets(9 * HC_HOUR_US, -2 * HC_HOUR_US, -HC_HOUR_US, &r.window, &err), HC_OK);
	for (int i = 0; i < 4; i++)
		hc_account_count(&account, HC_CAPTURED, HC_STR("\xc3\xa4\"\n"), "dir/a.jsonl", 7, NULL);
	hc_account_count(&account, HC_MATCHED, HC_STR("x"), "dir/b.jsonl", 8, NULL);
	hc_account_count(&account, HC_UNREADABLE, (struct hc_str){0}, "dir/c.jsonl", 9, "not JSON");
	for (int64_t i = 1; i <= 10; i++)
		assert_int_equal(hc_delays_add(&account.delays, i, &err), HC_OK);
	hc_delays_sort(&account.delays);
	hc_report_join(&r, &out);
	json_t *d = parse(&out);
	/* the keys of the contract, and what says where they come from */
	tell_keys(d, &out);
	check_text(
		&out,
		"hindcast format command window captured labelled matched captures_without_label "
		"labels_without_capture duplicate_labels conflicting_labels repeated_captures after_window unreadable "
		"label_delay dropped_by_preprocessor not_judged ");
	assert_string_equal(json_string_value(json_object_get(d, "hindcast")), HC_VERSION);
	assert_string_equal(json_string_value(json_object_get(d, "command")), "merge");
	assert_int_equal(json_integer_value(json_object_get(d, "dropped_by_preprocessor")), 3);
	const json_t *window = json_object_get(d, "window");
	assert_string_equal(json_string_value(json_object_get(window, "start")), "1970-01-01T07:00:00Z");
	assert_string_equal(json_string_value(json_object_get(window, "last_label_hour")), "1970-01-01T09:00:00Z");
	assert_string_equal(json_string_value(json_object_get(window, "scheduled_time")), "1970-01-01T09:00:00Z");

	const json_t *captured = json_object_get(d, "captured");
	assert_int_equal(json_integer_value(json_object_get(captured, "count")), 4);
	assert_int_equal(json_array_size(json_object_get(captured, "samples")), 4);
	const json_t *sample = json_array_get(json_object_get(captured, "samples"), 3);
	tell_keys(sample, &out);
	check_text(&out, "id file line ");
	assert_string_equal(json_string_value(json_object_get(sample, "id")), "\xc3\xa4\"\n");
	assert_string_equal(json_string_value(json_object_get(sample, "file")), "dir/a.jsonl");
	assert_int_equal(json_integer_value(json_object_get(sample, "line")), 7);
	assert_true(json_real_value(json_object_get(json_object_get(d, "matched"), "share")) == 0.25);
	assert_int_equal(json_array_size(json_object_get(json_object_get(d, "labelled"), "samples")), 0);
	sample = json_array_get(json_object_get(json_object_get(d, "unreadable"), "samples"), 0);
	assert_true(json_is_null(json_object_get(sample, "id")));
	assert_string_equal(json_string_value(json_object_get(sample, "why")), "not JSON");

	static const struct {
		const char *key;
		int value;
	} delays[] = {{"count", 10}, {"min", 1}, {"p10", 1},  {"p25", 3}, {"p50", 5},
		      {"p75", 8},    {"p90", 9}, {"p99", 10}, {"max", 10}};
	const json_t *delay = json_object_get(d, "label_delay");
	assert_string_equal(json_string_value(json_object_get(delay, "unit")), "seconds");
	for (size_t i = 0; i < COUNT(delays); i++)
		assert_int_equal(json_integer_value(json_object_get(delay, delays[i].key)), delays[i].value);
	json_decref(d);

	/* without any delay there is no quantile */
	hc_account_free(&account);
	hc_report_join(&r, &out);
	d = parse(&out);
	assert_true(json_is_null(json_object_get(json_object_get(d, "label_delay"), "p50")));
	assert_int_equal(json_integer_value(json_object_get(json_object_get(d, "label_delay"), "count")), 0);
	json_decref(d);
	hc_buf_free(&out);
	hc_arena_free(&arena);
}

/* The report says how labels were read, and what was not judged and why. */
static void test_readings(void **state)
{
	(void)state;
	static const struct {
		enum hc_problem_type problem;
		enum hc_class_reading reading;
		const char *read_as;
	} table[] = {
		{HC_BINARY, HC_READ_ZERO_ONE, "zero_one"},
		{HC_BINARY, HC_READ_TEXT, "text"},
		{HC_MULTICLASS, HC_READ_NUMBERS, "numbers"},
		{HC_REGRESSION, HC_READ_TEXT, "values"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_account account = {0};
		struct hc_report r;
		struct hc_buf out = HC_BUF(1 << 20);
		struct hc_str names[] = {HC_STR("no"), HC_STR("yes")};
		size_t n;
		fill(&r, table[i].problem);
		r.account = &account;
		r.classes = (struct hc_class_map){.reading = table[i].reading, .names = names, .classes = 2};
		r.verdict.not_judged[0] = (struct hc_not_judged){&hc_metric_table(table[i].problem, &n)[0], "a reason"};
		r.verdict.n_not_judged = 1;
		hc_report_join(&r, &out);
		json_t *d = parse(&out);
		const json_t *labels = json_object_get(d, "labels");
		assert_string_equal(json_string_value(json_object_get(labels, "read_as")), table[i].read_as);
		const json_t *classes = json_object_get(labels, "classes");
		assert_int_equal(json_array_size(classes), table[i].problem == HC_REGRESSION ? 0 : 2);
		if (classes)
			assert_string_equal(json_string_value(json_array_get(classes, 1)), "yes");
		const json_t *not_judged = json_array_get(json_object_get(d, "not_judged"), 0);
		assert_string_equal(json_string_value(json_object_get(not_judged, "metric")),
				    hc_metric_table(table[i].problem, &n)[0].name);
		assert_string_equal(json_string_value(json_object_get(not_judged, "why")), "a reason");
		json_decref(d);
		hc_buf_free(&out);
	}
}

static void test_manifest(void **state)
{
	(void)state;
	struct hc_input_file list[] = {{.source = "labels", .path = "gt/a b.jsonl", .size = 12},
				       {.source = "capture", .path = "cap/\"x\".jsonl", .size = 3000000000}};
	struct hc_input_files files = {.list = list, .n = 2};
	struct hc_object made[] = {{"merge/part", 7, 1}, {"statistics.json", 8, 2}};
	struct hc_objects outputs = {.list = made, .n = 2};
	struct hc_given_option options[] = {{"problem-type", "Regression"}, {"no-header", NULL}};
	const char *const checksums[] = {NULL, "abc"};
	struct hc_report r = {.command = "run",
			      .files = &files,
			      .options = options,
			      .n_options = 2,
			      .seed = UINT64_MAX,
			      .checksums = checksums};
	struct hc_buf out = HC_BUF(1 << 20);
	hc_report_manifest(&r, &outputs, &out);
	check_text(&out, "{\n"
			 "  \"hindcast\" : \"" HC_VERSION "\",\n"
			 "  \"format\" : 1,\n"
			 "  \"command\" : \"run\",\n"
			 "  \"seed\" : 18446744073709551615,\n"
			 "  \"options\" : {\n"
			 "    \"problem-type\" : \"Regression\",\n"
			 "    \"no-header\" : true\n"
			 "  },\n"
			 "  \"inputs\" : [ {\n"
			 "    \"source\" : \"labels\",\n"
			 "    \"path\" : \"gt/a b.jsonl\",\n"
			 "    \"size\" : 12\n"
			 "  }, {\n"
			 "    \"source\" : \"capture\",\n"
			 "    \"path\" : \"cap/\\\"x\\\".jsonl\",\n"
			 "    \"size\" : 3000000000,\n"
			 "    \"sha256\" : \"abc\"\n"
			 "  } ],\n"
			 "  \"outputs\" : [ {\n"
			 "    \"path\" : \"merge/part\",\n"
			 "    \"size\" : 7\n"
			 "  }, {\n"
			 "    \"path\" : \"statistics.json\",\n"
			 "    \"size\" : 8\n"
			 "  } ]\n"
			 "}");
	hc_buf_free(&out);
}

static void test_document(void **state)
{
	(void)state;
	struct hc_report r;
	struct hc_buf out = HC_BUF(1 << 20);
	fill(&r, HC_REGRESSION);
	r.output = "out";
	r.metrics.n = 10;
	r.metrics.values[HC_REGRESSION_R2] =
		(struct hc_metric){.present = true, .value = NAN, .deviation = NAN, .undefined = "no spread"};
	hc_report_document(&r, &out);
	json_t *d = parse(&out);
	assert_string_equal(json_string_value(json_object_get(d, "verdict")), "not_judged");
	assert_string_equal(json_string_value(json_object_get(d, "output")), "out");
	assert_string_equal(json_string_value(json_object_get(d, "problem_type")), "Regression");
	const json_t *r2 = json_object_get(json_object_get(d, "metrics"), "r2");
	assert_string_equal(json_string_value(json_object_get(r2, "value")), "NaN");
	assert_string_equal(json_string_value(json_object_get(r2, "undefined")), "no spread");
	json_decref(d);

	r.constraints_path = "c.json";
	hc_report_document(&r, &out);
	d = parse(&out);
	assert_string_equal(json_string_value(json_object_get(d, "verdict")), "no_violations");
	json_decref(d);

	size_t n;
	r.verdict.violations[0] = (struct hc_violation){&hc_metric_table(HC_REGRESSION, &n)[HC_REGRESSION_MAE], 0.5,
							0.25, 0.125, HC_GREATER_THAN_THRESHOLD};
	r.verdict.n_violations = r.verdict.n_judged = 1;
	hc_report_document(&r, &out);
	d = parse(&out);
	assert_string_equal(json_string_value(json_object_get(d, "verdict")), "violations");
	assert_int_equal(json_integer_value(json_object_get(d, "judged")), 1);
	const json_t *violation = json_array_get(json_object_get(d, "violations"), 0);
	assert_string_equal(json_string_value(json_object_get(violation, "metric")), "mae");
	assert_true(json_real_value(json_object_get(violation, "threshold")) == 0.125);
	json_decref(d);

	struct hc_err err;
	hc_fail(&err, HC_INPUT, "a/b.jsonl:7: \"x\"");
	hc_report_failure("run", 2, &err, &out);
	d = parse(&out);
	assert_string_equal(json_string_value(json_object_get(d, "verdict")), "failed");
	const json_t *error = json_object_get(d, "error");
	assert_int_equal(json_integer_value(json_object_get(error, "exit_status")), 2);
	assert_string_equal(json_string_value(json_object_get(error, "message")), "a/b.jsonl:7: \"x\"");
	assert_true(json_is_null(json_object_get(error, "hint")));
	json_decref(d);
	hc_buf_free(&out);
}

/* The summary: the verdict first, in words; colour only when asked for. */
static void test_summary(void **state)
{
	(void)state;
	struct hc_report r;
	struct hc_buf out = HC_BUF(1 << 20);
	size_t n;
	const struct hc_metric_info *table = hc_metric_table(HC_REGRESSION, &n);
	fill(&r, HC_REGRESSION);
	r.output = "out";
	hc_report_summary(&r, false, &out);
	assert_true(hc_str_starts(hc_buf_view(&out), "MEASURED"));
	assert_null(memchr(out.p, '\033', out.n));
	for (size_t i = 0; i < n; i++)
		assert_non_null(strstr(hc_buf_cstring(&out), table[i].name));
	hc_buf_reset(&out);

	r.constraints_path = "c.json";
	r.constraints.list[0] = (struct hc_constraint){HC_REGRESSION_MAE, 0.125, HC_GREATER_THAN_THRESHOLD};
	r.constraints.n = r.verdict.n_judged = 1;
	hc_report_summary(&r, false, &out);
	assert_true(hc_str_starts(hc_buf_view(&out), "OK"));
	hc_buf_reset(&out);

	r.verdict.violations[0] =
		(struct hc_violation){&table[HC_REGRESSION_MAE], 0.5, 0.25, 0.125, HC_GREATER_THAN_THRESHOLD};
	r.verdict.n_violations = 1;
	hc_report_summary(&r, false, &out);
	assert_true(hc_str_starts(hc_buf_view(&out), "VIOLATIONS  1 of 1 constraint broken"));
	hc_buf_reset(&out);
	hc_report_summary(&r, true, &out);
	assert_non_null(memchr(out.p, '\033', out.n));
	hc_buf_reset(&out);

	static const struct {
		uint64_t n;
		const char *text;
	} plurals[] = {{0, "0 records"}, {1, "1 record"}, {2, "2 records"}};
	for (size_t i = 0; i < COUNT(plurals); i++) {
		hc_report_plural(&out, plurals[i].n, "record");
		check_text(&out, plurals[i].text);
	}
	hc_buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_regression), cmocka_unit_test(test_binary),
		cmocka_unit_test(test_multiclass), cmocka_unit_test(test_suggestions_read_back),
		cmocka_unit_test(test_violations), cmocka_unit_test(test_join_report),
		cmocka_unit_test(test_readings),   cmocka_unit_test(test_manifest),
		cmocka_unit_test(test_document),   cmocka_unit_test(test_summary),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
