#include "dataset/batch.h"

#include "base/instant.h"
#include "check_files.h"

/* Reads a manifest that stands in output/2021/05/18/00 of the folder. */
static enum hc_code read_manifest(const char *text, struct hc_input_files *files, struct hc_err *err)
{
	make_file("in/output/2021/05/18/00/m.json", text);
	struct hc_input_file manifest = {.source = "manifests",
					 .path = path_of("in/output/2021/05/18/00/m.json"),
					 .key = "2021/05/18/00/m.json",
					 .above = "up/there",
					 .hour_us = 7 * HC_HOUR_US};
	return hc_batch_manifest(path_of("in"), &manifest, files, err);
}

static void make_outputs(void)
{
	make_file("in/out/a.csv.out", "12345");
	make_file("in/out/b.csv.out", "1");
	make_file("in/out/deep/c.csv.out", "");
	make_file("in/out/x y\xc3\xa4.out", "");
	make_file("elsewhere/a.csv.out", "123");
}

static void test_manifests(void **state)
{
	(void)state;
	char absolute[CHECK_PATH_MAX], uri[CHECK_PATH_MAX], unslashed[CHECK_PATH_MAX];
	snprintf(absolute, sizeof absolute, "[{\"prefix\":\"%s/\"},\"a.csv.out\"]", path_of("elsewhere"));
	snprintf(uri, sizeof uri, "[{\"prefix\":\"file://%s/\"},\"a.csv.out\"]", path_of("elsewhere"));
	snprintf(unslashed, sizeof unslashed, "[{\"prefix\":\"file://%s\"},\"a.csv.out\"]", path_of("elsewhere"));
	const struct {
		const char *text, *files; /* "path below the test's folder=size " */
	} table[] = {
		{"[{\"prefix\":\"out/\"},\"a.csv.out\"]", "in/out/a.csv.out=5 "},
		{"[{\"prefix\":\"out\"},\"b.csv.out\",\"a.csv.out\"]", "in/out/b.csv.out=1 in/out/a.csv.out=5 "},
		{"[{\"prefix\":\"out/\"},\"deep/c.csv.out\"]", "in/out/deep/c.csv.out=0 "},
		{absolute, "elsewhere/a.csv.out=3 "},
		{uri, "elsewhere/a.csv.out=3 "},
		{unslashed, "elsewhere/a.csv.out=3 "},
		{" [\n {\"x\" : [1], \"prefix\" : \"out\\/\", \"y\":{}} ,\r\n\"\\u0061.csv.out\" ]\n",
		 "in/out/a.csv.out=5 "},
		{"[{\"prefix\":\"out/\"},\"x y\\u00e4.out\"]", "in/out/x y\xc3\xa4.out=0 "},
		/* the prefix of what follows it */
		{"[{\"prefix\":\"out/\"},\"b.csv.out\",{\"prefix\":\"out/deep/\"},\"c.csv.out\"]",
		 "in/out/b.csv.out=1 in/out/deep/c.csv.out=0 "},
		/* one that names nothing */
		{"[{\"prefix\":\"out/\"}]", ""},
		{"[]", ""},
	};
	make_outputs();
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_arena arena = HC_ARENA(1 << 20);
		struct hc_input_files files = {.arena = &arena};
		struct hc_buf out = HC_BUF(1 << 20);
		struct hc_err err;
		if (read_manifest(table[i].text, &files, &err) != HC_OK)
			fail_msg("%s: %s", table[i].text, err.msg);
		for (size_t k = 0; k < files.n; k++) {
			const struct hc_input_file *f = &files.list[k];
			assert_true(hc_str_starts(hc_str(f->path), check_folder));
			hc_buf_printf(&out, "%s=%d ", f->path + strlen(check_folder) + 1, (int)f->size);
			/* they are captures, of the manifest's hour */
			assert_string_equal(f->source, "capture");
			assert_string_equal(f->above, "up/there");
			assert_int_equal(f->hour_us, 7 * HC_HOUR_US);
		}
		check_str(hc_buf_view(&out), table[i].files);
		hc_buf_free(&out);
		hc_input_files_free(&files);
		hc_arena_free(&arena);
	}
}

static void test_bad_manifests(void **state)
{
	(void)state;
	static const struct {
		const char *text, *why;
	} table[] = {
		{"", "not an array"},
		{"{}", "not an array: '{}'"},
		{"{\"prefix\":\"out/\"}", "not an array"},
		{"\"a.csv.out\"", "not an array"},
		{"[", "end"},
		{"[{\"prefix\":\"out/\"},\"a.csv.out\"", "end"},
		{"[{\"prefix\":\"out/\"},\"a.csv.out\"]x", "text"},
		{"[{'prefix':1}]", "'"},
		{"[\"a.csv.out\",{\"prefix\":\"out/\"}]", "before the prefix: 'a.csv.out'"},
		{"[{\"prefix\":1},\"a.csv.out\"]", "the prefix is not a string: '1'"},
		{"[{\"prefix\":\"out/\"},7]", "not a string: '7'"},
		{"[{\"prefix\":\"out/\"},null]", "not a string: 'null'"},
		{"[{\"prefix\":\"out/\"},[\"a.csv.out\"]]", "not a string"},
		{"[{\"prefix\":\"out/\"},\"nowhere.out\"]", "does not exist"},
		{"[{\"prefix\":\"out/\"},\"deep\"]", "does not exist"},
		{"[{\"prefix\":\"nowhere/\"},\"a.csv.out\"]", "does not exist"},
		{"[{\"prefix\":\"out/\"},\"\"]", "not a file below the prefix"},
		{"[{\"prefix\":\"out/\"},\"../out/a.csv.out\"]", "not a file below the prefix"},
		{"[{\"prefix\":\"out/\"},\"deep/../../../elsewhere/a.csv.out\"]", "not a file below the prefix"},
		{"[{\"prefix\":\"out/\"},\"..\"]", "not a file below the prefix"},
		{"[{\"prefix\":\"out/\"},\"a.csv.out\\u0000\"]", "not a file below the prefix"},
		{"[{\"prefix\":\"out/\\u0000\"},\"a.csv.out\"]", "NUL"},
		{"[{\"prefix\":\"s3://bucket/out/\"},\"a.csv.out\"]", "s3://bucket/out/"},
		{"[{\"prefix\":\"file://host/out/\"},\"a.csv.out\"]", "file://host/out/"},
	};
	make_outputs();
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_arena arena = HC_ARENA(1 << 20);
		struct hc_input_files files = {.arena = &arena};
		struct hc_err err = {0};
		if (read_manifest(table[i].text, &files, &err) != HC_INPUT)
			fail_msg("%s was taken", table[i].text);
		assert_int_equal(err.code, HC_INPUT);
		if (!strstr(err.msg, table[i].why))
			fail_msg("%s: %s", table[i].text, err.msg);
		/* the message begins with the manifest's place */
		char place[CHECK_PATH_MAX];
		snprintf(place, sizeof place, "%s:1: ", path_of("in/output/2021/05/18/00/m.json"));
		assert_true(hc_str_starts(hc_str(err.msg), place));
		assert_true(strlen(err.hint) > 0);
		hc_input_files_free(&files);
		hc_arena_free(&arena);
	}
}

/* The manifest may stand in the list that its outputs are added to. */
static void test_in_its_own_list(void **state)
{
	(void)state;
	struct hc_arena arena = HC_ARENA(1 << 20);
	struct hc_input_files files = {.arena = &arena};
	struct hc_err err;
	struct hc_buf text = HC_BUF(1 << 20);
	hc_buf_cstr(&text, "[{\"prefix\":\"out/\"}");
	for (int i = 0; i < 300; i++) {
		char name[32];
		snprintf(name, sizeof name, "in/out/%d", i);
		make_file(name, "");
		hc_buf_printf(&text, ",\"%d\"", i);
	}
	hc_buf_char(&text, ']');
	make_file("in/m.json", hc_buf_cstring(&text));
	struct hc_input_file manifest = {.path = path_of("in/m.json"), .key = "m.json", .above = "a", .hour_us = 5};
	assert_int_equal(hc_input_files_add(&files, manifest, &err), HC_OK);
	assert_int_equal(hc_batch_manifest(path_of("in"), &files.list[0], &files, &err), HC_OK);
	assert_int_equal(files.n, 301);
	assert_string_equal(files.list[300].key, "299");
	assert_string_equal(files.list[300].above, "a");
	assert_int_equal(files.list[300].hour_us, 5);
	hc_buf_free(&text);
	hc_input_files_free(&files);
	hc_arena_free(&arena);
}

/* --- rows ----------------------------------------------------------------------------------- */

/* The capture record of a row: parsed, "key|time|data" with the data decoded. */
static enum hc_code tell_row(const char *text, enum hc_payload_format format, struct hc_buf *out, struct hc_err *err)
{
	struct hc_csv_row row = {0};
	struct hc_record r;
	struct hc_buf line = HC_BUF(1 << 20), data = HC_BUF(1 << 20);
	hc_record_init(&r);
	hc_buf_reset(out);
	enum hc_code code = hc_batch_capture(hc_str(text), format, &row, &line, err);
	if (code == HC_OK)
		code = hc_record_parse(hc_buf_view(&line), HC_RECORD_CAPTURE, &r, err);
	if (code == HC_OK) {
		char time[HC_INSTANT_SIZE];
		assert_true(r.batch);
		assert_true(r.has_time);
		assert_int_equal(r.output.encoding, format == HC_PAYLOAD_CSV ? HC_ENCODING_CSV : HC_ENCODING_JSON);
		assert_null(r.inference_id.p);
		assert_null(memchr(line.p, '\n', line.n));
		hc_instant_print(r.time_us, time);
		hc_buf_str(out, r.key);
		hc_buf_printf(out, "|%s|", time);
		hc_buf_str(out, hc_json_text(&r.output.data, &data));
	}
	hc_csv_row_free(&row);
	hc_record_free(&r);
	hc_buf_free(&line);
	hc_buf_free(&data);
	return code;
}

#define TIME "2023-01-19T05:28:32Z"

static void test_rows(void **state)
{
	(void)state;
	static const struct {
		enum hc_payload_format format;
		const char *text, *told;
	} table[] = {
		/* CSV: the last two columns, the others as they were written */
		{HC_PAYLOAD_CSV, "0.9,id-1," TIME, "id-1|" TIME "|0.9"},
		{HC_PAYLOAD_CSV, "186,0.1,137.8,0.01584203727543354,bd6c," TIME,
		 "bd6c|" TIME "|186,0.1,137.8,0.01584203727543354"},
		{HC_PAYLOAD_CSV, "\"a,\"\"b\"\"\", 1 ,\"x,y\"," TIME, "x,y|" TIME "|\"a,\"\"b\"\"\", 1 "},
		{HC_PAYLOAD_CSV, "\"a\nb\",1,id," TIME, "id|" TIME "|\"a\nb\",1"},
		{HC_PAYLOAD_CSV, ",id," TIME " ", NULL}, /* an empty output */
		{HC_PAYLOAD_CSV, "1,id, " TIME " ", "id|" TIME "|1"},
		{HC_PAYLOAD_CSV, "1,\"a\"\"b\\c\xc3\xa4\"," TIME, "a\"b\\c\xc3\xa4|" TIME "|1"},
		/* JSON objects: the members named so, else the last two */
		{HC_PAYLOAD_JSON,
		 "{\"score\":0.9,\"SageMakerInferenceId\":\"i\",\"SageMakerInferenceTime\":\"" TIME "\"}",
		 "i|" TIME "|{\"score\":0.9}"},
		{HC_PAYLOAD_JSON,
		 "{\"SageMakerInferenceTime\":\"" TIME "\",\"score\":0.9,\"SageMakerInferenceId\":\"i\",\"x\":1}",
		 "i|" TIME "|{\"score\":0.9,\"x\":1}"},
		{HC_PAYLOAD_JSON, "{\"inference_id\":\"i\",\"InferenceTime\":\"" TIME "\",\"s\":[1, 2]}",
		 "i|" TIME "|{\"s\":[1, 2]}"},
		{HC_PAYLOAD_JSON,
		 "{\"sagemaker_inference_id\":\"i\",\"SAGEMAKER-INFERENCE-TIME\":\"" TIME "\",\"s\":1}",
		 "i|" TIME "|{\"s\":1}"},
		{HC_PAYLOAD_JSON, "{\"s\":1,\"a\":\"i\",\"b\":\"" TIME "\"}", "i|" TIME "|{\"s\":1}"},
		{HC_PAYLOAD_JSON, "{\"inferenceId\":\"no\",\"a\":\"i\",\"b\":\"" TIME "\"}",
		 "i|" TIME "|{\"inferenceId\":\"no\"}"},
		{HC_PAYLOAD_JSON, " { \"s\" : \"\\u00e4\\\"\" , \"a\" : \"\\u0069\" , \"b\" : \"" TIME "\" } ",
		 "i|" TIME "|{\"s\":\"\\u00e4\\\"\"}"},
		/* JSON arrays: the last two */
		{HC_PAYLOAD_JSON, "[0.9,1,\"i\",\"" TIME "\"]", "i|" TIME "|[0.9,1]"},
		{HC_PAYLOAD_JSON, "[[0.9, 1],\"i\",\"" TIME "\"]", "i|" TIME "|[[0.9, 1]]"},
	};
	struct hc_buf out = HC_BUF(1 << 20);
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_err err;
		enum hc_code code = tell_row(table[i].text, table[i].format, &out, &err);
		if (!table[i].told) {
			assert_int_equal(code, HC_INPUT);
			continue;
		}
		if (code != HC_OK)
			fail_msg("%s: %s", table[i].text, err.msg);
		check_str(hc_buf_view(&out), table[i].told);
	}
	hc_buf_free(&out);
}

static void test_bad_rows(void **state)
{
	(void)state;
	static const struct {
		enum hc_payload_format format;
		const char *text, *why;
	} table[] = {
		/* nothing but an id and a time, or not even those */
		{HC_PAYLOAD_CSV, "id," TIME, "does not end with an inference id and a time"},
		{HC_PAYLOAD_CSV, "0.9", "does not end with an inference id and a time"},
		{HC_PAYLOAD_JSON, "{\"a\":1,\"b\":2}", "does not end with an inference id and a time"},
		{HC_PAYLOAD_JSON, "[1,2]", "does not end with an inference id and a time"},
		{HC_PAYLOAD_JSON, "{}", "does not end with an inference id and a time"},
		/* columns that are no id or no time */
		{HC_PAYLOAD_CSV, "0.9,0.8,0.7", "inferenceTime"},
		{HC_PAYLOAD_CSV, "0.9,," TIME, "eventId"},
		{HC_PAYLOAD_JSON, "[1,2,3]", "eventId"},
		{HC_PAYLOAD_JSON, "{\"s\":1,\"SageMakerInferenceId\":5,\"SageMakerInferenceTime\":\"" TIME "\"}",
		 "eventId"},
		{HC_PAYLOAD_JSON, "[1,\"i\",null]", "inferenceTime"},
		/* not CSV, not JSON, neither object nor array */
		{HC_PAYLOAD_CSV, "\"0.9,id," TIME, "not valid CSV"},
		{HC_PAYLOAD_CSV, "0\"9,id," TIME, "not valid CSV"},
		{HC_PAYLOAD_JSON, "{\"s\":1,\"a\":\"i\",\"b\":\"" TIME "\"", "not a JSON object or array"},
		{HC_PAYLOAD_JSON, "0.9", "not a JSON object or array"},
		{HC_PAYLOAD_JSON, "\"text\"", "not a JSON object or array"},
		{HC_PAYLOAD_JSON, "0.9,id," TIME, "not a JSON object or array"},
		{HC_PAYLOAD_JSON, "[1,\"i\",\"" TIME "\"]x", "not a JSON object or array"},
	};
	struct hc_buf out = HC_BUF(1 << 20);
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_err err = {0};
		if (tell_row(table[i].text, table[i].format, &out, &err) != HC_INPUT)
			fail_msg("%s was taken", table[i].text);
		if (!strstr(err.msg, table[i].why))
			fail_msg("%s: %s", table[i].text, err.msg);
	}
	hc_buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_folder(test_manifests),   in_folder(test_bad_manifests),   in_folder(test_in_its_own_list),
		cmocka_unit_test(test_rows), cmocka_unit_test(test_bad_rows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
