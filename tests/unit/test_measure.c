#include "monitor/measure.h"

#include <stdio.h>

#include "check_metric.h"
#include "monitor/place.h"

/* A measure under test with its attributes; "" stands for one that was not given. */
struct bench {
	struct hc_arena arena;
	struct hc_spill spill;
	struct hc_tally *tally;
	struct hc_measure measure;
	struct hc_measured_rows outputs, labels;
	uint64_t line;
};

struct setup {
	enum hc_problem_type problem;
	const char *inference, *probability, *threshold, *truth, *positive_label;
};

static void options_of(const struct setup *s, struct hc_arena *arena, struct hc_measure_options *o)
{
	struct hc_err err;
	*o = (struct hc_measure_options){.problem = s->problem, .curve_points = 1000};
	const struct {
		const char *text;
		struct hc_attribute *attribute;
	} given[] = {{s->inference, &o->inference}, {s->probability, &o->probability}, {s->truth, &o->truth}};
	for (size_t i = 0; i < COUNT(given); i++)
		assert_int_equal(hc_attribute_compile(given[i].text && *given[i].text ? given[i].text : NULL, "--x",
						      arena, given[i].attribute, &err),
				 HC_OK);
	o->has_threshold = s->threshold && *s->threshold;
	if (o->has_threshold)
		o->threshold = strtod(s->threshold, NULL);
	if (s->positive_label)
		o->positive_label = hc_str(s->positive_label);
}

static void open_bench(struct bench *b, const struct setup *s)
{
	struct hc_measure_options o;
	struct hc_err err;
	*b = (struct bench){.arena = HC_ARENA(1 << 24)};
	options_of(s, &b->arena, &o);
	assert_int_equal(hc_spill_init(&b->spill, 1 << 24, "/tmp", &err), HC_OK);
	assert_int_equal(hc_tally_open(&o, &b->spill, 1, &b->tally, &err), HC_OK);
	if (hc_measure_init(&b->measure, &o, b->tally, 0, &err) != HC_OK)
		fail_msg("%s", err.msg);
	hc_measured_rows_init(&b->outputs);
	hc_measured_rows_init(&b->labels);
}

static void close_bench(struct bench *b)
{
	hc_measure_free(&b->measure);
	hc_measured_rows_free(&b->outputs);
	hc_measured_rows_free(&b->labels);
	hc_tally_free(b->tally);
	hc_spill_free(&b->spill);
	hc_arena_free(&b->arena);
}

/* Data without escapes as a part's data. */
static struct hc_part_data data_of(const char *text, enum hc_encoding encoding, char json[256])
{
	snprintf(json, 256, "\"%s\"", text);
	struct hc_part_data d = {.encoding = encoding};
	d.data.type = HC_JSON_STRING;
	d.data.raw = hc_str(json);
	d.data.escaped = strchr(text, '\\') != NULL;
	return d;
}

/* One record of CSV data, as a merge adds it. */
static enum hc_code add(struct bench *b, const char *output, const char *label, struct hc_err *err)
{
	char output_json[256], label_json[256], id[32];
	struct hc_part_data o = data_of(output, HC_ENCODING_CSV, output_json);
	struct hc_part_data l = data_of(label, HC_ENCODING_CSV, label_json);
	snprintf(id, sizeof id, "id-%d", (int)++b->line);
	struct hc_identity who = {
		.inference_id = hc_str(id), .output = hc_place(1, b->line), .label = hc_place(2, b->line)};
	HC_TRY(hc_measure_read_output(&b->measure, &o, &b->outputs, err));
	HC_TRY(hc_measure_read_labels(&b->measure, &l, &b->labels, err));
	return hc_measure_add(&b->measure, &b->outputs, &b->labels, &who, err);
}

static void must_add(struct bench *b, const char *output, const char *label)
{
	struct hc_err err;
	if (add(b, output, label, &err) != HC_OK)
		fail_msg("%s, %s: %s", output, label, err.msg);
}

static struct hc_class_place where_is(void *arg, uint64_t place)
{
	(void)arg;
	return (struct hc_class_place){hc_place_chunk(place), hc_place_line(place)};
}

static const struct hc_place_resolver places = {where_is, NULL};

static struct hc_measured finish(struct bench *b)
{
	struct hc_measured out;
	struct hc_class_place where;
	struct hc_err err;
	if (hc_tally_finish(b->tally, &places, 1, &b->arena, &out, &where, &err) != HC_OK)
		fail_msg("%s", err.msg);
	return out;
}

static void test_options(void **state)
{
	(void)state;
	static const struct {
		struct setup setup;
		const char *hint; /* NULL: good */
	} table[] = {
		{{HC_BINARY, "0", "", "", "", NULL}, NULL},
		{{HC_BINARY, "", "0", "", "", NULL}, NULL},
		{{HC_BINARY, "", "0", "0.5", "", NULL}, NULL},
		{{HC_BINARY, "1", "0", "0.8", "", "yes"}, NULL},
		{{HC_BINARY, "", "0", "0", "", NULL}, NULL},
		{{HC_BINARY, "", "0", "1", "", NULL}, NULL},
		{{HC_BINARY, "", "", "", "", NULL}, "--inference-attribute, --probability-attribute"},
		{{HC_BINARY, "0", "", "0.5", "", NULL}, "--probability-attribute"},
		{{HC_BINARY, "", "0", "1.5", "", NULL}, "--probability-threshold-attribute"},
		{{HC_BINARY, "", "0", "-0.1", "", NULL}, "--probability-threshold-attribute"},
		{{HC_BINARY, "", "0", "nan", "", NULL}, "--probability-threshold-attribute"},
		{{HC_MULTICLASS, "0", "", "", "", NULL}, NULL},
		{{HC_MULTICLASS, "0", "1", "", "", NULL}, NULL},
		{{HC_MULTICLASS, "", "", "", "", NULL}, "--inference-attribute"},
		{{HC_MULTICLASS, "", "0", "", "", NULL}, "--inference-attribute"},
		{{HC_MULTICLASS, "0", "", "", "", "yes"}, "leave it out"},
		{{HC_REGRESSION, "0", "", "", "", NULL}, NULL},
		{{HC_REGRESSION, "", "", "", "", NULL}, "--inference-attribute"},
		{{HC_REGRESSION, "", "0", "", "", NULL}, "--inference-attribute"},
		{{HC_REGRESSION, "0", "", "", "", "1"}, "leave it out"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_arena arena = HC_ARENA(1 << 20);
		struct hc_measure_options o;
		struct hc_err err = {0};
		options_of(&table[i].setup, &arena, &o);
		enum hc_code code = hc_measure_options_check(&o, &err);
		assert_int_equal(code, table[i].hint ? HC_USAGE : HC_OK);
		if (table[i].hint && !strstr(err.hint, table[i].hint))
			fail_msg("%s (%s)", err.msg, err.hint);
		hc_arena_free(&arena);
	}
}

/* Which class was predicted; counts as TN FP FN TP of one record with label 1 and one with 0. */
static void test_predicted_class(void **state)
{
	(void)state;
	static const struct {
		const char *inference, *probability, *threshold, *output;
		bool positive;
	} table[] = {
		/* probability and threshold: score > threshold, strictly */
		{"", "0", "0.5", "0.5", false},
		{"", "0", "0.5", "0.5000000000000001", true},
		{"", "0", "0.8", "0.79", false},
		{"", "0", "0.8", "0.81", true},
		{"", "0", "0", "0", false},
		{"", "0", "0", "5e-324", true},
		{"", "0", "1", "1", false},
		/* the inference attribute is not read then, not even where it is not there */
		{"1", "0", "0.8", "0.9,0", true},
		{"1", "0", "0.8", "0.1,1", false},
		{"7", "0", "0.8", "0.9", true},
		{"1", "0", "0.8", "0.9,", true},
		/* no threshold: the inference attribute, whatever the score */
		{"1", "0", "", "0.9,0", false},
		{"1", "0", "", "0.1,1", true},
		{"1", "0", "", "0.1,1.0", true},
		{"1", "0", "", "0.1,true", true},
		{"0", "", "", "1", true},
		{"0", "", "", " 0", false},
		/* nor that: score > 0.5 */
		{"", "0", "", "0.5", false},
		{"", "0", "", "0.51", true},
		{"", "0", "", "0.49", false},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct setup s = {HC_BINARY, table[i].inference, table[i].probability, table[i].threshold, "", NULL};
		struct bench b;
		open_bench(&b, &s);
		must_add(&b, table[i].output, "1");
		must_add(&b, table[i].output, "0");
		struct hc_measured m = finish(&b);
		const uint64_t predicted[] = {m.metrics.counts[0], m.metrics.counts[1], m.metrics.counts[2],
					      m.metrics.counts[3]};
		bool right = table[i].positive ? predicted[1] == 1 && predicted[3] == 1
					       : predicted[0] == 1 && predicted[2] == 1;
		if (!right || m.metrics.n != 2)
			fail_msg("case %zu: %s is read as %s", i, table[i].output,
				 table[i].positive ? "negative" : "positive");
		/* areas only where there are scores */
		assert_int_equal(m.metrics.values[HC_BINARY_AUC].present, *table[i].probability != '\0');
		assert_int_equal(m.metrics.has_curves, *table[i].probability != '\0');
		close_bench(&b);
	}
}

static void test_bad_cells(void **state)
{
	(void)state;
	static const struct setup by_score = {HC_BINARY, "", "0", "0.5", "", NULL},
				  both = {HC_BINARY, "1", "0", "", "", NULL},
				  regression = {HC_REGRESSION, "0", "", "", "", NULL};
	static const struct {
		const struct setup *setup;
		const char *output, *label, *why; /* NULL: good */
	} table[] = {
		{&by_score, "0", "1", NULL},
		{&by_score, "1", "1", NULL},
		{&by_score, "-0.0", "1", NULL},
		{&by_score, " 0.5 ", "1", NULL},
		{&by_score, "1e-3", "1", NULL},
		{&by_score, "1.0000000000000002", "1", "the probability is outside 0 to 1: '1.0000000000000002'"},
		{&by_score, "-5e-324", "1", "the probability is outside 0 to 1"},
		{&by_score, "97.5", "1", "the probability is outside 0 to 1: '97.5'"},
		{&by_score, "NaN", "1", "the probability is not finite: 'NaN'"},
		{&by_score, "inf", "1", "the probability is not finite"},
		{&by_score, "-Infinity", "1", "the probability is not finite"},
		{&by_score, "1e999", "1", "the probability is not finite"},
		{&by_score, "high", "1", "the probability is not a number: 'high'"},
		{&by_score, "0x1", "1", "the probability is not a number"},
		{&by_score, "0.5.1", "1", "the probability is not a number"},
		{&by_score, "50%", "1", "the probability is not a number"},
		{&by_score, " ", "1", "empty"},
		{&by_score, "0.5", " ", "empty"},
		{&by_score, "0.5", "1,2", "2 columns"},
		{&both, "0.5,1", "1", NULL},
		{&both, "0.5", "1", "no column 1"},
		{&both, "1,0.5x", "1", NULL}, /* any text is a class */
		{&both, "x,1", "1", "the probability is not a number"},
		{&both, "0.5,", "1", "empty"},
		{&regression, "-1e300", "5e-324", NULL},
		{&regression, "NaN", "1", "the prediction is not finite"},
		{&regression, "1e999", "1", "the prediction is not finite"},
		{&regression, "true", "1", "the prediction is not a number: 'true'"},
		{&regression, "1", "nan", "the label is not finite"},
		{&regression, "1", "cheap", "the label is not a number: 'cheap'"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct bench b;
		struct hc_err err = {0};
		open_bench(&b, table[i].setup);
		enum hc_code code = add(&b, table[i].output, table[i].label, &err);
		if (code != (table[i].why ? HC_INPUT : HC_OK) || (table[i].why && !strstr(err.msg, table[i].why)))
			fail_msg("%s, %s: %d %s", table[i].output, table[i].label, (int)code, err.msg);
		/* what is bad is not measured */
		assert_int_equal(hc_tally_rows(b.tally), table[i].why ? 0 : 1);
		close_bench(&b);
	}
}

/* An output of several rows needs a label of as many. */
static void test_many_rows(void **state)
{
	(void)state;
	static const struct setup setup = {HC_BINARY, "0", "", "", "", NULL};
	struct bench b;
	struct hc_err err;
	open_bench(&b, &setup);
	must_add(&b, "1\\n0\\n1\\n", "1\\n1\\n0");
	assert_int_equal(hc_tally_rows(b.tally), 3);
	assert_int_equal(add(&b, "1\\n0", "1", &err), HC_INPUT);
	assert_non_null(strstr(err.msg, "the output has 2 rows and its label 1"));
	assert_int_equal(add(&b, "1", "1\\n0", &err), HC_INPUT);
	assert_int_equal(hc_tally_rows(b.tally), 3);
	struct hc_measured m = finish(&b);
	/* actual 1 1 0 against predicted 1 0 1 */
	assert_int_equal(m.metrics.counts[0], 0);
	assert_int_equal(m.metrics.counts[1], 1);
	assert_int_equal(m.metrics.counts[2], 1);
	assert_int_equal(m.metrics.counts[3], 1);
	close_bench(&b);
}

static void test_labels(void **state)
{
	(void)state;
	static const struct setup plain = {HC_BINARY, "0", "", "", "", NULL}, yes = {HC_BINARY, "0", "", "", "", "yes"};
	struct bench b;
	/* one class each, however they are spelled */
	open_bench(&b, &plain);
	static const char *const spellings[][2] = {
		{"1", "1"}, {"1.0", "0.0"}, {" 1", "false"}, {"true", "TRUE"}, {"0", "1e0"}};
	for (size_t i = 0; i < COUNT(spellings); i++)
		must_add(&b, spellings[i][0], spellings[i][1]);
	struct hc_measured m = finish(&b);
	assert_int_equal(m.metrics.counts[0], 0);
	assert_int_equal(m.metrics.counts[1], 2);
	assert_int_equal(m.metrics.counts[2], 1);
	assert_int_equal(m.metrics.counts[3], 2);
	check_str(m.classes.names[0], "0");
	check_str(m.classes.names[1], "1");
	assert_int_equal(m.third.records, 0);
	close_bench(&b);

	/* other spellings need to be told; the message says where the first one stands */
	open_bench(&b, &plain);
	must_add(&b, "no", "no");
	must_add(&b, "no", "yes");
	struct hc_measured out;
	struct hc_class_place where;
	struct hc_err err;
	assert_int_equal(hc_tally_finish(b.tally, &places, 1, &b.arena, &out, &where, &err), HC_USAGE);
	assert_int_equal(where.file, 2);
	assert_int_equal(where.line, 1);
	assert_non_null(strstr(err.msg, "yes"));
	assert_non_null(strstr(err.msg, "no"));
	assert_non_null(strstr(err.hint, "--positive-label"));
	close_bench(&b);

	/* a third class is not measured, and told with its place */
	open_bench(&b, &yes);
	must_add(&b, "no", "no");
	must_add(&b, "yes", "no");
	must_add(&b, "maybe", "yes");
	must_add(&b, "no", "perhaps");
	must_add(&b, "yes", "yes");
	m = finish(&b);
	assert_int_equal(m.metrics.n, 3);
	check_str(m.classes.names[0], "no");
	check_str(m.classes.names[1], "yes");
	assert_int_equal(m.third.records, 2);
	check_str(m.third.spelling, "maybe");
	assert_int_equal(m.third.first.file, 1); /* the output's file, the third record's line */
	assert_int_equal(m.third.first.line, 3);
	close_bench(&b);
}

static void test_multiclass(void **state)
{
	(void)state;
	static const struct setup setup = {HC_MULTICLASS, "1", "", "", "label", NULL};
	struct bench b;
	open_bench(&b, &setup);
	/* XGBoost says 2.0; numbers sort as numbers */
	static const char *const rows[][2] = {{"x,2.0", "2"}, {"x,10", "10"}, {"x,1", "2"}, {"x,10.0", "1e1"}};
	struct hc_attribute none = {0};
	b.measure.options.truth = none;
	for (size_t i = 0; i < COUNT(rows); i++)
		must_add(&b, rows[i][0], rows[i][1]);
	struct hc_measured m = finish(&b);
	assert_int_equal(m.classes.classes, 3);
	check_str(m.classes.names[0], "1");
	check_str(m.classes.names[1], "2");
	check_str(m.classes.names[2], "10");
	assert_int_equal(m.metrics.counts[1 * 3 + 0], 1);
	assert_int_equal(m.metrics.counts[1 * 3 + 1], 1);
	assert_int_equal(m.metrics.counts[2 * 3 + 2], 2);
	check_same(m.metrics.values[HC_MULTICLASS_ACCURACY].value, 0.75);
	close_bench(&b);
}

/* Rows of tables: prediction and label in one row. */
static void test_table_rows(void **state)
{
	(void)state;
	static const struct {
		struct setup setup;
		enum hc_payload_format format;
		const char *text;
		double actual, predicted; /* NaN: refused */
	} table[] = {
		{{HC_REGRESSION, "1", "", "", "2", NULL}, HC_PAYLOAD_CSV, "x,1.5,2.5", 2.5, 1.5},
		{{HC_REGRESSION, "_c0", "", "", "_c0", NULL}, HC_PAYLOAD_CSV, "7", 7, 7},
		{{HC_REGRESSION, "p", "", "", "$.y[0]", NULL},
		 HC_PAYLOAD_JSON,
		 "{\"y\":[2.5],\"p\":\"1.5\"}",
		 2.5,
		 1.5},
		{{HC_REGRESSION, "1", "", "", "0", NULL}, HC_PAYLOAD_JSON, "[2.5,1.5]", 2.5, 1.5},
		{{HC_REGRESSION, "1", "", "", "2", NULL}, HC_PAYLOAD_CSV, "x,1.5", NAN, NAN},
		{{HC_REGRESSION, "1", "", "", "2", NULL}, HC_PAYLOAD_CSV, "x,1.5,", NAN, NAN},
		{{HC_REGRESSION, "p", "", "", "y", NULL}, HC_PAYLOAD_JSON, "{\"y\":2.5}", NAN, NAN},
		{{HC_REGRESSION, "p", "", "", "y", NULL}, HC_PAYLOAD_JSON, "{\"y\":2.5,\"p\":\"x\"}", NAN, NAN},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct bench b;
		struct hc_err err;
		struct hc_identity who = {.row = 1};
		open_bench(&b, &table[i].setup);
		enum hc_code code =
			hc_measure_add_table_row(&b.measure, hc_str(table[i].text), table[i].format, &who, &err);
		assert_int_equal(code, isnan(table[i].actual) ? HC_INPUT : HC_OK);
		if (code == HC_OK) {
			struct hc_measured m = finish(&b);
			assert_int_equal(m.metrics.n, 1);
			check_same(m.metrics.values[HC_REGRESSION_MAE].value,
				   fabs(table[i].predicted - table[i].actual));
		}
		close_bench(&b);
	}
}

/* Rows of preprocessors: the attribute's own key, AWS's flattened one, the label in the row or the record's. */
static void test_script_rows(void **state)
{
	(void)state;
	static const struct {
		const char *inference, *truth, *row;
		double predicted, actual; /* the record's own label is 100; NaN: refused */
	} table[] = {
		{"0", "", "{\"endpointOutput_0\":1.5}", 1.5, 100},
		{"0", "", "{\"batchTransformOutput_0\":1.5}", 1.5, 100},
		{"price", "", "{\"price\":1.5,\"endpointOutput_price\":7}", 1.5, 100},
		{"0", "", "{\"endpointOutput_0\":1.5,\"groundTruthData_0\":2}", 1.5, 2},
		{"0", "y", "{\"endpointOutput_0\":1.5,\"y\":3}", 1.5, 3},
		{"0", "y", "{\"endpointOutput_0\":1.5,\"groundTruthData_y\":4}", 1.5, 4},
		/* the prediction is never its own label, nor a label a prediction */
		{"0", "0", "{\"endpointOutput_0\":1.5}", 1.5, 100},
		{"0", "0", "{\"0\":1.5}", 1.5, 100},
		{"0", "0", "{\"0\":1.5,\"groundTruthData_0\":2}", 1.5, 2},
		{"0", "", "{\"groundTruthData_0\":2}", NAN, NAN},
		{"0", "", "{\"other\":1.5}", NAN, NAN},
		{"0", "", "{\"endpointOutput_0\":null}", NAN, NAN},
		{"0", "", "{\"endpointOutput_0\":\"x\"}", NAN, NAN},
		{"0", "", "{\"endpointOutput_0\":1,\"groundTruthData_0\":\"x\"}", NAN, NAN},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct setup s = {HC_REGRESSION, table[i].inference, "", "", table[i].truth, NULL};
		struct bench b;
		struct hc_err err = {0};
		struct hc_identity who = {.row = 1};
		char json[256];
		struct hc_part_data truth = data_of("100", HC_ENCODING_CSV, json);
		if (*table[i].truth)
			truth = data_of("100", HC_ENCODING_JSON, json);
		open_bench(&b, &s);
		enum hc_code code = hc_measure_add_script_row(&b.measure, hc_str(table[i].row), &truth, &who, &err);
		if (code != (isnan(table[i].actual) ? HC_INPUT : HC_OK))
			fail_msg("%s: %s", table[i].row, err.msg);
		if (code == HC_OK) {
			struct hc_measured m = finish(&b);
			check_same(m.metrics.values[HC_REGRESSION_MAE].value,
				   fabs(table[i].predicted - table[i].actual));
		}
		/* it does not change how the next record is read */
		assert_int_equal(b.measure.options.truth.given, *table[i].truth != '\0');
		assert_null(b.measure.outputs.prefixes);
		close_bench(&b);
	}
}

/* Records in any order: the same digits, deviations too. */
static void test_any_order(void **state)
{
	(void)state;
	enum { RECORDS = 400 };
	static const struct setup setups[] = {{HC_BINARY, "1", "0", "", "", NULL},
					      {HC_MULTICLASS, "1", "", "", "", NULL},
					      {HC_REGRESSION, "0", "", "", "", NULL}};
	for (size_t i = 0; i < COUNT(setups); i++) {
		struct bench forward, backward;
		open_bench(&forward, &setups[i]);
		open_bench(&backward, &setups[i]);
		for (uint64_t k = 0; k < 2 * RECORDS; k++) {
			struct bench *b = k < RECORDS ? &forward : &backward;
			uint64_t line = k < RECORDS ? k : 2 * RECORDS - 1 - k, random = line;
			char output[64];
			/* scores repeat, so that there are ties */
			snprintf(output, sizeof output, "%.2f,%d", random_unit(&random),
				 (int)(check_random(&random) % 2));
			b->line = line;
			must_add(b, output, check_random(&random) % 3 ? "1" : "0");
		}
		struct hc_measured a = finish(&forward), z = finish(&backward);
		assert_int_equal(a.metrics.n, RECORDS);
		check_same_metrics(&a.metrics, &z.metrics);
		assert_true(a.metrics.values[0].deviation > 0);
		close_bench(&forward);
		close_bench(&backward);
	}
}

/* --- the plainest data --- */

/* Pieces of CSV as it stands in JSON strings: what is plain, what nearly is, and what is not. */
static const char *const pieces[] = {
	"0",   "1",    "0.5",         "1e-3",    "2",    "-0.0", "yes",   "no way", "\xc3\xa9", ",",   ",",
	",",   ",",    " ",           "\x7f",    "nan",  "inf",  "1e999", "true",   "\\n",      "\\n", "\\r\\n",
	"\\t", "\\\"", "\\\"0.5\\\"", "\\u0031", "\\\\", "/",    "'",     "+1",     "0x1",
};

static void make_csv(uint64_t *random, struct hc_buf *out)
{
	hc_buf_reset(out);
	hc_buf_char(out, '"');
	size_t fields = check_random(random) % 5;
	/* mostly as CSV is: a piece a field, perhaps a newline at the end */
	for (size_t i = 0; i <= fields; i++) {
		size_t n = check_random(random) % 8 ? 1 : check_random(random) % 3;
		if (i)
			hc_buf_char(out, ',');
		for (size_t k = 0; k < n; k++)
			hc_buf_cstr(out,
				    pieces[check_random(random) % (check_random(random) % 3 ? 10 : COUNT(pieces))]);
	}
	if (check_random(random) % 3 == 0)
		hc_buf_cstr(out, "\\n");
	hc_buf_char(out, '"');
}

static const struct setup plain_setups[] = {
	{HC_BINARY, "0", "", "", "", NULL},          {HC_BINARY, "", "0", "", "0", NULL},
	{HC_BINARY, "", "1", "0.5", "1", NULL},      {HC_BINARY, "1", "0", "0.5", "y", NULL},
	{HC_BINARY, "0", "1", "", "2", NULL},        {HC_BINARY, "2", "2", "", "_c1", NULL},
	{HC_BINARY, "p", "", "", "$.y", NULL},       {HC_BINARY, "_c3", "", "", "", "yes"},
	{HC_MULTICLASS, "0", "", "", "", NULL},      {HC_MULTICLASS, "1", "0", "", "1", NULL},
	{HC_REGRESSION, "0", "", "", "", NULL},      {HC_REGRESSION, "2", "", "", "0", NULL},
	{HC_REGRESSION, "1", "", "", "price", NULL}, {HC_REGRESSION, "p", "1", "", "3", NULL},
};

static void check_plain(const struct hc_plain_cells *plain, const struct hc_measured_rows *rows, struct hc_str data)
{
	struct hc_str text = rows->n ? hc_measured_rows_text(rows, 0) : (struct hc_str){0};
	if (rows->n != 1 || !is_same(plain->number, rows->list[0].number) || !hc_str_eq(plain->text, text))
		fail_msg("%.*s: %zu rows, %g and \"%.*s\", but as plain data %g and \"%.*s\"", HC_STR_ARG(data),
			 rows->n, rows->n ? rows->list[0].number : 0, HC_STR_ARG(text), plain->number,
			 HC_STR_ARG(plain->text));
}

/* Reads a text both ways; returns how often it was plain: as output, as label. */
static unsigned check_both_ways(struct bench *b, struct hc_str json, enum hc_encoding encoding)
{
	struct hc_err err;
	struct hc_plain_cells cells;
	unsigned plain = 0;
	struct hc_part_data d = {.encoding = encoding};
	d.data.type = HC_JSON_STRING;
	d.data.raw = json;
	d.data.escaped = memchr(json.p, '\\', json.n) != NULL;
	if (hc_measure_plain_output(&b->measure, &d, &cells)) {
		plain++;
		if (hc_measure_read_output(&b->measure, &d, &b->outputs, &err) != HC_OK)
			fail_msg("%.*s: plain, but %s", HC_STR_ARG(json), err.msg);
		check_plain(&cells, &b->outputs, json);
	}
	if (hc_measure_plain_label(&b->measure, &d, &cells)) {
		plain++;
		if (hc_measure_read_labels(&b->measure, &d, &b->labels, &err) != HC_OK)
			fail_msg("%.*s: a plain label, but %s", HC_STR_ARG(json), err.msg);
		check_plain(&cells, &b->labels, json);
	}
	return plain;
}

/* Whatever is taken for plain is what the general way reads. */
static void test_plain_is_the_same(void **state)
{
	(void)state;
	uint64_t random = 23;
	HC_BUF_SCOPED struct hc_buf json = HC_BUF(1 << 20);
	for (size_t i = 0; i < COUNT(plain_setups); i++) {
		struct bench b;
		unsigned plain = 0;
		open_bench(&b, &plain_setups[i]);
		for (int k = 0; k < 20000; k++) {
			make_csv(&random, &json);
			plain += check_both_ways(&b, hc_buf_view(&json), HC_ENCODING_CSV);
			assert_int_equal(check_both_ways(&b, hc_buf_view(&json), HC_ENCODING_JSON), 0);
			assert_int_equal(check_both_ways(&b, hc_buf_view(&json), HC_ENCODING_BASE64), 0);
		}
		assert_true(plain > 100); /* the comparison is not empty */
		close_bench(&b);
	}
}

/* As many columns as there may be, and one more. */
static void test_plain_many_columns(void **state)
{
	(void)state;
	static const struct setup first = {HC_REGRESSION, "0", "", "", "0", NULL},
				  last = {HC_REGRESSION, "16383", "", "", "16383", NULL};
	HC_BUF_SCOPED struct hc_buf json = HC_BUF(1 << 20);
	for (size_t fields = HC_CSV_FIELDS_MAX / 2 - 2; fields <= HC_CSV_FIELDS_MAX + 1; fields++) {
		if (fields == HC_CSV_FIELDS_MAX / 2 + 2)
			fields = HC_CSV_FIELDS_MAX - 2;
		hc_buf_reset(&json);
		hc_buf_cstr(&json, "\"7");
		for (size_t i = 1; i < fields; i++)
			hc_buf_cstr(&json, i % 2 ? "," : ",5");
		hc_buf_cstr(&json, "\\n\"");
		for (int k = 0; k < 2; k++) {
			struct bench b;
			open_bench(&b, k ? &last : &first);
			check_both_ways(&b, hc_buf_view(&json), HC_ENCODING_CSV);
			close_bench(&b);
		}
	}
}

/* What most data are is plain, so that the quick way is taken; a table would do without. */
static void test_plain_is_taken(void **state)
{
	(void)state;
	static const struct setup both = {HC_BINARY, "1", "0", "", "", NULL},
				  regression = {HC_REGRESSION, "0", "", "", "", NULL};
	static const struct {
		const struct setup *setup;
		const char *output; /* NULL: it is a label */
		const char *label;
		double number; /* of what is plain */
		const char *text;
		bool plain;
	} table[] = {
		{&both, "0.5,1", NULL, 0.5, "1", true},
		{&both, "0.5,1\\n", NULL, 0.5, "1", true},
		{&both, "0.5, yes ,rest", NULL, 0.5, " yes ", true},
		{&both, "0.5,1\\n0.5,1", NULL, 0, NULL, false},
		{&both, "0.5,\\\"1\\\"", NULL, 0, NULL, false},
		{&both, "0.5, ", NULL, 0, NULL, false},
		{&both, "1.5,1", NULL, 0, NULL, false},
		{&both, NULL, "1", NAN, "1", true},
		{&both, NULL, "1\\n", NAN, "1", true},
		{&both, NULL, "1,2", 0, NULL, false},
		{&both, NULL, "", 0, NULL, false},
		{&regression, "2.5,x", NULL, 2.5, NULL, true},
		{&regression, "x", NULL, 0, NULL, false},
		{&regression, "1e999", NULL, 0, NULL, false},
		{&regression, NULL, "-1e3", -1000, NULL, true},
		{&regression, NULL, "cheap", 0, NULL, false},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct bench b;
		struct hc_plain_cells cells;
		char json[256];
		bool output = table[i].output != NULL;
		struct hc_part_data d = data_of(output ? table[i].output : table[i].label, HC_ENCODING_CSV, json);
		open_bench(&b, table[i].setup);
		bool plain = output ? hc_measure_plain_output(&b.measure, &d, &cells)
				    : hc_measure_plain_label(&b.measure, &d, &cells);
		if (plain != table[i].plain)
			fail_msg("%s", json);
		if (plain) {
			check_same(cells.number, table[i].number);
			check_str(cells.text, table[i].text ? table[i].text : "");
		}
		close_bench(&b);
	}
}

/* One record, one class, no spread: never a crash, NaN with a reason. */
static void test_little(void **state)
{
	(void)state;
	static const struct setup binary = {HC_BINARY, "", "0", "", "", NULL},
				  multiclass = {HC_MULTICLASS, "0", "", "", "", NULL},
				  regression = {HC_REGRESSION, "0", "", "", "", NULL};
	struct bench b;
	open_bench(&b, &binary);
	must_add(&b, "0.9", "0");
	struct hc_measured m = finish(&b);
	assert_true(isnan(m.metrics.values[HC_BINARY_RECALL].value));
	assert_non_null(m.metrics.values[HC_BINARY_RECALL].undefined);
	assert_true(isnan(m.metrics.values[HC_BINARY_AUC].value));
	check_same(m.metrics.values[HC_BINARY_PRECISION].value, 0);
	check_same(m.metrics.values[HC_BINARY_F1].value, 0);
	check_same(m.metrics.values[HC_BINARY_FALSE_POSITIVE_RATE].value, 1);
	close_bench(&b);
	open_bench(&b, &multiclass);
	must_add(&b, "a", "a");
	m = finish(&b);
	check_same(m.metrics.values[HC_MULTICLASS_ACCURACY].value, 1);
	close_bench(&b);
	open_bench(&b, &regression);
	must_add(&b, "2", "3");
	m = finish(&b);
	check_same(m.metrics.values[HC_REGRESSION_MAE].value, 1);
	assert_true(isnan(m.metrics.values[HC_REGRESSION_R2].value));
	assert_non_null(m.metrics.values[HC_REGRESSION_R2].undefined);
	close_bench(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_predicted_class),
		cmocka_unit_test(test_bad_cells),
		cmocka_unit_test(test_many_rows),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_multiclass),
		cmocka_unit_test(test_table_rows),
		cmocka_unit_test(test_script_rows),
		cmocka_unit_test(test_any_order),
		cmocka_unit_test(test_plain_is_the_same),
		cmocka_unit_test(test_plain_many_columns),
		cmocka_unit_test(test_plain_is_taken),
		cmocka_unit_test(test_little),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
