#include "dataset/record.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/instant.h"
#include "check.h"

#define OUT "\"endpointOutput\":{\"data\":\"0.9\",\"encoding\":\"CSV\"}"
#define CAPTURE_OF(metadata) "{\"captureData\":{" OUT "},\"eventMetadata\":{" metadata "},\"eventVersion\":\"0\"}"
#define LABEL_OF(metadata)                                                                        \
	"{\"groundTruthData\":{\"data\":\"1\",\"encoding\":\"CSV\"},\"eventMetadata\":{" metadata \
	"},\"eventVersion\":\"0\"}"
#define WITH_OUTPUT(output) "{\"captureData\":{\"endpointOutput\":{" output "}},\"eventMetadata\":{\"eventId\":\"e\"}}"

static void parse(const char *line, enum hc_record_kind kind, struct hc_record *r)
{
	struct hc_err err;
	if (hc_record_parse(hc_str(line), kind, r, &err) != HC_OK)
		fail_msg("%s: %s", line, err.msg);
}

/* The decoded data of a part; in static memory. */
static struct hc_str data_of(const struct hc_part_data *d)
{
	static char text[1 << 16];
	struct hc_buf scratch = HC_BUF(sizeof text);
	struct hc_str s = hc_json_text(&d->data, &scratch);
	assert_true(s.n <= sizeof text);
	memcpy(text, s.p, s.n);
	hc_buf_free(&scratch);
	return (struct hc_str){text, s.n};
}

/* A file of tests/data/records, without the white space around its values. */
static char *read_compact(const char *name)
{
	const char *root = getenv("HC_SOURCE_ROOT");
	char path[4096];
	assert_non_null(root); /* set by the build */
	snprintf(path, sizeof path, "%s/tests/data/records/%s", root, name);
	FILE *f = fopen(path, "r");
	char *text = malloc(1 << 16);
	assert_non_null(f);
	assert_non_null(text);
	size_t n = 0;
	bool quoted = false;
	for (int c, last = 0; (c = fgetc(f)) != EOF; last = c) {
		assert_true(n < (1 << 16) - 1);
		if (c == '"' && last != '\\')
			quoted = !quoted;
		if (quoted || (c != ' ' && c != '\n'))
			text[n++] = (char)c;
	}
	text[n] = '\0';
	fclose(f);
	return text;
}

/* What AWS wrote: read, and written again byte for byte. */
static void test_real_merged(void **state)
{
	(void)state;
	static const struct {
		const char *file, *key, *data, *truth;
		bool batch;
		enum hc_encoding encoding;
	} table[] = {
		{"merged_record_endpoint_json.json", "95", "{\"predicted_label\":1,\"score\":0.90517783164978}\n",
		 "{\"label\": 0}", false, HC_ENCODING_JSON},
		{"merged_record_batch_csv.json", "bd6c3be0-5902-4008-afc2-538b3be3bf2c", NULL, "1", true,
		 HC_ENCODING_CSV},
	};
	struct hc_record r;
	struct hc_buf truth = HC_BUF(1 << 20), merged = HC_BUF(1 << 20);
	hc_record_init(&r);
	for (size_t i = 0; i < COUNT(table); i++) {
		char *line = read_compact(table[i].file);
		parse(line, HC_RECORD_MERGED, &r);
		check_str(r.key, table[i].key);
		assert_int_equal(r.batch, table[i].batch);
		assert_int_equal(r.output.encoding, table[i].encoding);
		assert_int_equal(r.truth.encoding, table[i].encoding);
		if (table[i].data)
			check_str(data_of(&r.output), table[i].data);
		else
			assert_true(hc_str_ends(data_of(&r.output), ",0.55,0.01584203727543354"));
		check_str(data_of(&r.truth), table[i].truth);
		hc_buf_reset(&truth);
		hc_buf_reset(&merged);
		hc_record_write_truth(&r, &truth);
		hc_record_write_merged(&r, hc_buf_view(&truth), &merged);
		check_str(hc_buf_view(&merged), line);
		free(line);
	}
	hc_buf_free(&truth);
	hc_buf_free(&merged);
	hc_record_free(&r);
}

static void test_real_captures(void **state)
{
	(void)state;
	char *text = read_compact("capture_endpoint_jsonlines.jsonl"), *line = text;
	struct hc_record r;
	hc_record_init(&r);
	int64_t time;
	assert_true(hc_instant_parse(HC_STR("2023-01-19T05:28:32Z"), &time));
	/* two records, no longer on two lines */
	char *second = strstr(text, "}{\"captureData\"");
	assert_non_null(second);
	struct hc_err err;
	assert_int_equal(
		hc_record_parse((struct hc_str){line, (size_t)(second + 1 - line)}, HC_RECORD_CAPTURE, &r, &err),
		HC_OK);
	check_str(r.key, "50ef5ec7-4d6b-4606-b13d-803c7416f853");
	assert_null(r.inference_id.p);
	assert_true(r.has_time);
	assert_int_equal(r.time_us, time);
	check_str(data_of(&r.output), "{\"predicted_label\":1,\"score\":0.989977359771728}\n");
	parse(second + 1, HC_RECORD_CAPTURE, &r);
	check_str(r.key, "74e40c99-2d94-4a6d-a21e-f0222769012e");
	check_str(data_of(&r.output), "{\"predicted_label\":1,\"score\":0.989977359771728}\n"
				      "{\"predicted_label\":1,\"score\":0.504138827323913}\n");
	hc_record_free(&r);
	free(text);
}

static void test_keys(void **state)
{
	(void)state;
	static const struct {
		const char *line;
		enum hc_record_kind kind;
		const char *key, *inference_id, *event_id; /* NULL: absent */
	} table[] = {
		/* a capture: the inference id, else the event id */
		{CAPTURE_OF("\"eventId\":\"e\""), HC_RECORD_CAPTURE, "e", NULL, "e"},
		{CAPTURE_OF("\"eventId\":\"e\",\"inferenceId\":\"i\""), HC_RECORD_CAPTURE, "i", "i", "e"},
		{CAPTURE_OF("\"inferenceId\":\"i\""), HC_RECORD_CAPTURE, "i", "i", NULL},
		/* a label names either in its event id */
		{LABEL_OF("\"eventId\":\"e\""), HC_RECORD_LABEL, "e", NULL, "e"},
		{LABEL_OF("\"eventId\":\"e\",\"inferenceId\":\"i\""), HC_RECORD_LABEL, "e", "i", "e"},
		{LABEL_OF("\"inferenceId\":\"i\""), HC_RECORD_LABEL, "i", "i", NULL},
		/* decoded, and nothing but decoded */
		{CAPTURE_OF("\"eventId\":\"\\u0039\\u0035\""), HC_RECORD_CAPTURE, "95", NULL, "95"},
		{CAPTURE_OF("\"eventId\":\"a\\\"b\\\\c\\/d\\n\""), HC_RECORD_CAPTURE, "a\"b\\c/d\n", NULL,
		 "a\"b\\c/d\n"},
		{CAPTURE_OF("\"eventId\":\"\\ud83d\\ude00\\u00e4\xc3\xa4\""), HC_RECORD_CAPTURE,
		 "\xf0\x9f\x98\x80\xc3\xa4\xc3\xa4", NULL, "\xf0\x9f\x98\x80\xc3\xa4\xc3\xa4"},
		{CAPTURE_OF("\"eventId\":\" 95 \""), HC_RECORD_CAPTURE, " 95 ", NULL, " 95 "},
		{CAPTURE_OF("\"eventId\":\"\\u0041\",\"inferenceId\":\"\\u0042\""), HC_RECORD_CAPTURE, "B", "B", "A"},
		/* keys spelled with escapes; of one that comes twice the last counts */
		{CAPTURE_OF("\"event\\u0049d\":\"e\""), HC_RECORD_CAPTURE, "e", NULL, "e"},
		{CAPTURE_OF("\"eventId\":\"1\",\"eventId\":\"2\""), HC_RECORD_CAPTURE, "2", NULL, "2"},
		{CAPTURE_OF("\"event\\u0049d\":\"1\",\"eventId\":\"2\""), HC_RECORD_CAPTURE, "2", NULL, "2"},
		{CAPTURE_OF("\"eventId\":\"1\",\"event\\u0049d\":\"2\""), HC_RECORD_CAPTURE, "2", NULL, "2"},
		{"{\"eventMetadata\":{\"eventId\":\"1\"},\"captureData\":{" OUT
		 "},\"eventMetadata\":{\"inferenceId\":\"2\"}}",
		 HC_RECORD_CAPTURE, "2", "2", NULL},
		/* any order, white space and unknown members */
		{" \t{ \"x\" : [ { } , null ] ,\r \"eventMetadata\" : { \"y\" : { \"eventId\" : 1 } , \"eventId\" : "
		 "\"e\" } , "
		 "\"captureData\" : { " OUT " , \"other\" : { } } } ",
		 HC_RECORD_CAPTURE, "e", NULL, "e"},
	};
	struct hc_record r;
	hc_record_init(&r);
	for (size_t i = 0; i < COUNT(table); i++) {
		parse(table[i].line, table[i].kind, &r);
		check_str(r.key, table[i].key);
		assert_int_equal(r.inference_id.p != NULL, table[i].inference_id != NULL);
		assert_int_equal(r.event_id.p != NULL, table[i].event_id != NULL);
		if (table[i].inference_id)
			check_str(r.inference_id, table[i].inference_id);
		if (table[i].event_id)
			check_str(r.event_id, table[i].event_id);
	}
	/* a NUL is a byte of an id like another */
	parse(CAPTURE_OF("\"eventId\":\"a\\u0000b\""), HC_RECORD_CAPTURE, &r);
	assert_true(hc_str_eq(r.key, HC_STR("a\0b")));
	hc_record_free(&r);
}

static void test_data(void **state)
{
	(void)state;
	static const struct {
		const char *line;
		enum hc_encoding encoding;
		const char *data, *content_type; /* type as written; NULL: absent */
		bool batch;
	} table[] = {
		{WITH_OUTPUT("\"data\":\"0.9,1\",\"encoding\":\"CSV\""), HC_ENCODING_CSV, "0.9,1", NULL, false},
		{WITH_OUTPUT("\"encoding\":\"JSON\",\"data\":\"{\\\"a\\\":1}\""), HC_ENCODING_JSON, "{\"a\":1}", NULL,
		 false},
		{WITH_OUTPUT("\"data\":\"MC45\",\"encoding\":\"BASE64\",\"observedContentType\":\"text/"
			     "csv\",\"mode\":\"OUTPUT\""),
		 HC_ENCODING_BASE64, "MC45", "\"text/csv\"", false},
		{WITH_OUTPUT("\"data\":\"1\\n2\",\"encoding\":\"C\\u0053V\""), HC_ENCODING_CSV, "1\n2", NULL, false},
		{WITH_OUTPUT("\"data\":\"1\",\"data\":\"2\",\"encoding\":\"JSON\",\"encoding\":\"CSV\""),
		 HC_ENCODING_CSV, "2", NULL, false},
		{WITH_OUTPUT("\"data\":\"1\",\"encoding\":\"CSV\",\"observedContentType\":null"), HC_ENCODING_CSV, "1",
		 NULL, false},
		{"{\"captureData\":{\"batchTransformOutput\":{\"data\":\"1\",\"encoding\":\"CSV\"}},\"eventMetadata\":{"
		 "\"eventId\":\"e\"}}",
		 HC_ENCODING_CSV, "1", NULL, true},
		/* the prediction is the output, whatever the input holds */
		{"{\"captureData\":{\"endpointInput\":{\"data\":\"7\",\"encoding\":\"JSON\"}," OUT
		 "},\"eventMetadata\":{"
		 "\"eventId\":\"e\"}}",
		 HC_ENCODING_CSV, "0.9", NULL, false},
		{"{\"captureData\":{" OUT ",\"endpointInput\":{\"data\":\"7\"}},\"eventMetadata\":{\"eventId\":\"e\"}}",
		 HC_ENCODING_CSV, "0.9", NULL, false},
		/* a part that comes twice: the last one */
		{"{\"captureData\":{" OUT
		 ",\"endpointOutput\":{\"data\":\"8\",\"encoding\":\"JSON\"}},\"eventMetadata\":{"
		 "\"eventId\":\"e\"}}",
		 HC_ENCODING_JSON, "8", NULL, false},
	};
	struct hc_record r;
	hc_record_init(&r);
	for (size_t i = 0; i < COUNT(table); i++) {
		parse(table[i].line, HC_RECORD_CAPTURE, &r);
		assert_int_equal(r.output.encoding, table[i].encoding);
		check_str(data_of(&r.output), table[i].data);
		assert_int_equal(r.output.content_type.raw.n > 0, table[i].content_type != NULL);
		if (table[i].content_type)
			check_str(r.output.content_type.raw, table[i].content_type);
		assert_int_equal(r.batch, table[i].batch);
	}
	hc_record_free(&r);
}

static void test_times(void **state)
{
	(void)state;
	static const struct {
		const char *json;
		int64_t us; /* 0: refused */
	} table[] = {
		{"\"2023-01-19T05:28:32Z\"", INT64_C(1674106112) * HC_SECOND_US},
		{"\"2023-01-19T06:28:32+01:00\"", INT64_C(1674106112) * HC_SECOND_US},
		{"\"2023-01-19T05:28:32.5Z\"", INT64_C(1674106112) * HC_SECOND_US + 500000},
		{"\"2023-01-19T05:28:3\\u0032Z\"", INT64_C(1674106112) * HC_SECOND_US},
		{"\"yesterday\"", 0},
		{"\"\"", 0},
		{"1674106112", 0},
		{"null", 0},
		{"\"2023-02-30T05:28:32Z\"", 0},
		{"\"2023-01-19T05:28:32Z 2023-01-19T05:28:32Z 2023-01-19T05:28:32Z 2023-01-19T05:28:32Z\"", 0},
	};
	struct hc_record r;
	hc_record_init(&r);
	for (size_t i = 0; i < COUNT(table); i++) {
		char line[512];
		struct hc_err err;
		snprintf(line, sizeof line, CAPTURE_OF("\"eventId\":\"e\",\"inferenceTime\":%s"), table[i].json);
		enum hc_code code = hc_record_parse(hc_str(line), HC_RECORD_CAPTURE, &r, &err);
		if (table[i].us) {
			assert_int_equal(code, HC_OK);
			assert_true(r.has_time);
			assert_int_equal(r.time_us, table[i].us);
		} else {
			assert_int_equal(code, HC_INPUT);
			assert_non_null(strstr(err.msg, "inferenceTime"));
		}
	}
	parse(CAPTURE_OF("\"eventId\":\"e\""), HC_RECORD_CAPTURE, &r);
	assert_false(r.has_time);
	hc_record_free(&r);
}

static void test_bad(void **state)
{
	(void)state;
	static const struct {
		enum hc_record_kind kind;
		const char *line, *why;
	} table[] = {
		/* not a JSON object */
		{HC_RECORD_CAPTURE, "", "ends before it is complete"},
		{HC_RECORD_CAPTURE, "{", "ends before it is complete"},
		{HC_RECORD_CAPTURE, "{\"captureData\":{\"endpointOutput\":{\"data\":\"0.",
		 "ends before it is complete"},
		{HC_RECORD_CAPTURE, "text", "not"},
		{HC_RECORD_CAPTURE, "[]", "not a JSON object"},
		{HC_RECORD_CAPTURE, "null", "not a JSON object"},
		{HC_RECORD_CAPTURE, "\"x\"", "not a JSON object"},
		{HC_RECORD_CAPTURE, CAPTURE_OF("\"eventId\":\"e\"") "x", "not valid JSON"},
		{HC_RECORD_CAPTURE, CAPTURE_OF("\"eventId\":\"e\"") CAPTURE_OF("\"eventId\":\"e\""), "not valid JSON"},
		{HC_RECORD_CAPTURE, "{'captureData':1}", "not valid JSON"},
		{HC_RECORD_CAPTURE, CAPTURE_OF("\"eventId\":\"\xff\""), "not valid JSON"},
		{HC_RECORD_CAPTURE, CAPTURE_OF("\"eventId\":\"\\ud83d\""), "not valid JSON"},
		{HC_RECORD_CAPTURE, CAPTURE_OF("\"eventId\":\"e\",\"x\":\"\xc3\""), "not valid JSON"},
		{HC_RECORD_CAPTURE, CAPTURE_OF("\"eventId\":\"e\",\"x\":01"), "not valid JSON"},
		{HC_RECORD_CAPTURE, CAPTURE_OF("\"eventId\":\"a\tb\""), "not valid JSON"},
		/* no usable id */
		{HC_RECORD_CAPTURE, "{\"captureData\":{" OUT "}}", "no eventMetadata"},
		{HC_RECORD_CAPTURE, CAPTURE_OF(""), "neither inferenceId nor eventId"},
		{HC_RECORD_CAPTURE, CAPTURE_OF("\"eventId\":95"), "eventMetadata.eventId is not a string: 95"},
		{HC_RECORD_CAPTURE, CAPTURE_OF("\"eventId\":null"), "eventMetadata.eventId is not a string: null"},
		{HC_RECORD_CAPTURE, CAPTURE_OF("\"eventId\":[\"e\"]"), "is not a string"},
		{HC_RECORD_CAPTURE, CAPTURE_OF("\"eventId\":\"\""), "eventMetadata.eventId is empty"},
		{HC_RECORD_CAPTURE, CAPTURE_OF("\"eventId\":\"e\",\"inferenceId\":95"),
		 "eventMetadata.inferenceId is not a string: 95"},
		{HC_RECORD_CAPTURE, CAPTURE_OF("\"eventId\":\"e\",\"inferenceId\":true"),
		 "inferenceId is not a string"},
		{HC_RECORD_LABEL, LABEL_OF("\"eventId\":95"), "eventMetadata.eventId is not a string: 95"},
		{HC_RECORD_LABEL, LABEL_OF(""), "neither inferenceId nor eventId"},
		{HC_RECORD_CAPTURE, "{\"captureData\":{" OUT "},\"eventMetadata\":\"e\"}",
		 "eventMetadata is not an object"},
		{HC_RECORD_CAPTURE, "{\"captureData\":{" OUT "},\"eventMetadata\":[]}",
		 "eventMetadata is not an object"},
		/* no usable data */
		{HC_RECORD_CAPTURE, LABEL_OF("\"eventId\":\"e\""), "no captureData"},
		{HC_RECORD_CAPTURE, "{\"captureData\":[],\"eventMetadata\":{\"eventId\":\"e\"}}",
		 "captureData is not an object"},
		{HC_RECORD_CAPTURE, "{\"captureData\":{},\"eventMetadata\":{\"eventId\":\"e\"}}", "no endpointOutput"},
		{HC_RECORD_CAPTURE,
		 "{\"captureData\":{\"endpointInput\":{\"data\":\"1\",\"encoding\":\"CSV\"}},\"eventMetadata\":{"
		 "\"eventId\":\"e\"}}",
		 "no endpointOutput"},
		{HC_RECORD_CAPTURE, "{\"captureData\":{\"endpointOutput\":1},\"eventMetadata\":{\"eventId\":\"e\"}}",
		 "is not an object"},
		{HC_RECORD_CAPTURE, WITH_OUTPUT("\"encoding\":\"CSV\""), "endpointOutput has no data"},
		{HC_RECORD_CAPTURE, WITH_OUTPUT("\"data\":0.9,\"encoding\":\"CSV\""),
		 "endpointOutput.data is not a string: 0.9"},
		{HC_RECORD_CAPTURE, WITH_OUTPUT("\"data\":null,\"encoding\":\"CSV\""),
		 "endpointOutput.data is not a string"},
		{HC_RECORD_CAPTURE, WITH_OUTPUT("\"data\":\"\",\"encoding\":\"CSV\""), "endpointOutput.data is empty"},
		{HC_RECORD_LABEL, CAPTURE_OF("\"eventId\":\"e\""), "no groundTruthData"},
		{HC_RECORD_LABEL, "{\"groundTruthData\":\"1\",\"eventMetadata\":{\"eventId\":\"e\"}}",
		 "groundTruthData is not an object: \"1\""},
		{HC_RECORD_LABEL,
		 "{\"groundTruthData\":{\"data\":1,\"encoding\":\"CSV\"},\"eventMetadata\":{\"eventId\":\"e\"}}",
		 "groundTruthData.data is not a string: 1"},
		{HC_RECORD_MERGED, CAPTURE_OF("\"eventId\":\"e\""), "no groundTruthData"},
		{HC_RECORD_MERGED, LABEL_OF("\"eventId\":\"e\""), "no captureData"},
		/* an unknown encoding, of the input as well */
		{HC_RECORD_CAPTURE, WITH_OUTPUT("\"data\":\"1\""), "endpointOutput has no encoding"},
		{HC_RECORD_CAPTURE, WITH_OUTPUT("\"data\":\"1\",\"encoding\":\"csv\""),
		 "endpointOutput.encoding is not known: \"csv\""},
		{HC_RECORD_CAPTURE, WITH_OUTPUT("\"data\":\"1\",\"encoding\":\"\""),
		 "endpointOutput.encoding is not known"},
		{HC_RECORD_CAPTURE, WITH_OUTPUT("\"data\":\"1\",\"encoding\":1"),
		 "endpointOutput.encoding is not known: 1"},
		{HC_RECORD_CAPTURE, WITH_OUTPUT("\"data\":\"1\",\"encoding\":\"CSV\\u0000\""), "encoding is not known"},
		{HC_RECORD_CAPTURE,
		 "{\"captureData\":{\"endpointInput\":{\"data\":\"1\",\"encoding\":\"XML\"}," OUT
		 "},\"eventMetadata\":{"
		 "\"eventId\":\"e\"}}",
		 "encoding is not known: \"XML\""},
		{HC_RECORD_LABEL,
		 "{\"groundTruthData\":{\"data\":\"1\",\"encoding\":\"TEXT\"},\"eventMetadata\":{\"eventId\":\"e\"}}",
		 "groundTruthData.encoding is not known: \"TEXT\""},
	};
	struct hc_record r;
	hc_record_init(&r);
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_err err = {0};
		if (hc_record_parse(hc_str(table[i].line), table[i].kind, &r, &err) != HC_INPUT)
			fail_msg("taken: %s", table[i].line);
		if (!strstr(err.msg, table[i].why))
			fail_msg("%s: %s", table[i].line, err.msg);
		/* what is bad about one record is not about the next */
		parse(LABEL_OF("\"eventId\":\"good\""), HC_RECORD_LABEL, &r);
		check_str(r.key, "good");
		assert_false(r.has_capture);
	}
	hc_record_free(&r);
}

/* Limits: at them a record is good, past them it is bad; never more than that. */
static void test_limits(void **state)
{
	(void)state;
	struct hc_record r;
	struct hc_err err;
	struct hc_buf line = HC_BUF(1 << 20);
	hc_record_init(&r);
	for (size_t n = HC_RECORD_ID_MAX; n <= HC_RECORD_ID_MAX + 1; n++) {
		for (int escaped = 0; escaped < 2; escaped++) {
			hc_buf_reset(&line);
			hc_buf_cstr(&line, "{\"captureData\":{" OUT "},\"eventMetadata\":{\"eventId\":\"");
			for (size_t i = 0; i < n - 1; i++)
				hc_buf_char(&line, 'x');
			hc_buf_cstr(&line, escaped ? "\\u0041\"}}" : "A\"}}");
			enum hc_code code = hc_record_parse(hc_buf_view(&line), HC_RECORD_CAPTURE, &r, &err);
			assert_int_equal(code, n > HC_RECORD_ID_MAX ? HC_INPUT : HC_OK);
			if (code == HC_OK)
				assert_int_equal(r.key.n, n);
			else
				assert_non_null(strstr(err.msg, "eventMetadata.eventId is longer than 65536 bytes"));
		}
	}
	for (size_t n = HC_RECORD_MEMBERS_MAX; n <= HC_RECORD_MEMBERS_MAX + 1; n++) {
		hc_buf_reset(&line);
		hc_buf_cstr(&line, "{\"captureData\":{" OUT "},\"eventMetadata\":{\"eventId\":\"e\"");
		for (size_t i = 1; i < n; i++)
			hc_buf_printf(&line, ",\"k%zu\":1", i);
		hc_buf_cstr(&line, ",\"k1\":2}}"); /* again: it needs no room */
		assert_int_equal(hc_record_parse(hc_buf_view(&line), HC_RECORD_CAPTURE, &r, &err),
				 n > HC_RECORD_MEMBERS_MAX ? HC_INPUT : HC_OK);
	}
	for (size_t n = HC_RECORD_PARTS_MAX; n <= HC_RECORD_PARTS_MAX + 1; n++) {
		hc_buf_reset(&line);
		hc_buf_cstr(&line, "{\"captureData\":{" OUT);
		for (size_t i = 1; i < n; i++)
			hc_buf_printf(&line, ",\"p%zu\":{}", i);
		hc_buf_cstr(&line, ",\"p1\":{}},\"eventMetadata\":{\"eventId\":\"e\"}}");
		assert_int_equal(hc_record_parse(hc_buf_view(&line), HC_RECORD_CAPTURE, &r, &err),
				 n > HC_RECORD_PARTS_MAX ? HC_INPUT : HC_OK);
	}
	/* 100,000 braces, in the place of everything */
	static const char *const before[] = {"",
					     "{\"captureData\":", "{\"captureData\":{\"endpointOutput\":", "{\"x\":"};
	for (size_t i = 0; i < COUNT(before); i++) {
		hc_buf_reset(&line);
		hc_buf_cstr(&line, before[i]);
		for (int k = 0; k < 100000; k++)
			hc_buf_cstr(&line, "{\"a\":");
		assert_int_equal(hc_record_parse(hc_buf_view(&line), HC_RECORD_CAPTURE, &r, &err), HC_INPUT);
	}
	hc_buf_free(&line);
	hc_record_free(&r);
}

/* A record that is used again forgets all of the one before. */
static void test_reuse(void **state)
{
	(void)state;
	struct hc_record r;
	hc_record_init(&r);
	parse("{\"captureData\":{\"batchTransformOutput\":{\"data\":\"1\",\"encoding\":\"BASE64\","
	      "\"observedContentType\":"
	      "\"text/csv\"},\"more\":{}},\"groundTruthData\":{\"data\":\"1\",\"encoding\":\"CSV\"},\"eventMetadata\":{"
	      "\"eventId\":\"\\u0041\",\"inferenceId\":\"\\u0042\",\"inferenceTime\":\"2023-01-19T05:28:32Z\"},"
	      "\"eventVersion\":\"7\"}",
	      HC_RECORD_MERGED, &r);
	parse(CAPTURE_OF("\"eventId\":\"e\""), HC_RECORD_CAPTURE, &r);
	check_str(r.key, "e");
	assert_null(r.inference_id.p);
	assert_false(r.has_truth);
	assert_false(r.has_time);
	assert_false(r.batch);
	assert_int_equal(r.n_parts, 1);
	assert_int_equal(r.output.encoding, HC_ENCODING_CSV);
	assert_int_equal(r.output.content_type.raw.n, 0);
	check_str(r.version.raw, "\"0\"");
	hc_record_free(&r);
}

static void test_writing(void **state)
{
	(void)state;
	static const struct {
		const char *capture, *label, *merged;
	} table[] = {
		/* AWS's order: objects as Spark has them, members by name */
		{"{\"captureData\":{\"endpointOutput\":{\"observedContentType\":\"text/"
		 "csv\",\"mode\":\"OUTPUT\",\"data\":\"0.9\","
		 "\"encoding\":\"CSV\"},\"endpointInput\":{\"observedContentType\":\"text/"
		 "csv\",\"mode\":\"INPUT\",\"data\":\"1,2\","
		 "\"encoding\":\"CSV\"}},\"eventMetadata\":{\"inferenceTime\":\"2023-01-19T05:28:32Z\",\"inferenceId\":"
		 "\"95\","
		 "\"eventId\":\"e\"},\"eventVersion\":\"0\"}",
		 "{\"eventVersion\":\"0\",\"eventMetadata\":{\"eventId\":\"95\"},\"groundTruthData\":{\"encoding\":"
		 "\"CSV\","
		 "\"data\":\"1\"}}",
		 "{\"eventVersion\":\"0\",\"groundTruthData\":{\"data\":\"1\",\"encoding\":\"CSV\"},\"captureData\":{"
		 "\"endpointInput\":{\"data\":\"1,2\",\"encoding\":\"CSV\",\"mode\":\"INPUT\",\"observedContentType\":"
		 "\"text/csv\"},"
		 "\"endpointOutput\":{\"data\":\"0.9\",\"encoding\":\"CSV\",\"mode\":\"OUTPUT\","
		 "\"observedContentType\":\"text/csv\"}"
		 "},\"eventMetadata\":{\"eventId\":\"e\",\"inferenceId\":\"95\",\"inferenceTime\":\"2023-01-19T05:28:"
		 "32Z\"}}"},
		/* a batch record keeps its event id and nothing else */
		{"{\"captureData\":{\"batchTransformOutput\":{\"encoding\":\"CSV\",\"data\":\"1,0.9\"}},"
		 "\"eventMetadata\":{"
		 "\"inferenceTime\":\"2023-01-19T05:28:32Z\",\"eventId\":\"b\\u0031\"},\"eventVersion\":\"0\"}",
		 LABEL_OF("\"eventId\":\"b1\""),
		 "{\"eventMetadata\":{\"eventId\":\"b1\"},\"eventVersion\":\"0\",\"groundTruthData\":{\"data\":\"1\","
		 "\"encoding\":"
		 "\"CSV\"},\"captureData\":{\"batchTransformOutput\":{\"data\":\"1,0.9\",\"encoding\":\"CSV\"}}}"},
		/* values as they were captured, spaces, escapes, BASE64 and unknown members */
		{"{ \"captureData\" : { \"endpointOutput\" : { \"data\" : \"\\u0030.9\\n\" , \"encoding\" : \"BASE64\" "
		 ", \"x\" : "
		 "{ \"z\" : [1.50, 2] , \"a\" : null } } } , \"eventMetadata\" : { \"eventId\" : \"\\u0065\" , \"b\" : "
		 "[ ] } }",
		 "{\"groundTruthData\":{\"label\" : { \"b\" : 1 },\"data\":\"{\\\"label\\\": "
		 "\\u0030}\",\"encoding\":\"JSON\"},"
		 "\"eventMetadata\":{\"eventId\":\"e\",\"ignored\":1},\"eventVersion\":\"0\"}",
		 "{\"eventVersion\":\"0\",\"groundTruthData\":{\"data\":\"{\\\"label\\\": "
		 "\\u0030}\",\"encoding\":\"JSON\","
		 "\"label\":{ \"b\" : 1 "
		 "}},\"captureData\":{\"endpointOutput\":{\"data\":\"\\u0030.9\\n\",\"encoding\":\"BASE64\","
		 "\"x\":{ \"z\" : [1.50, 2] , \"a\" : null }}},\"eventMetadata\":{\"b\":[ ],\"eventId\":\"\\u0065\"}}"},
		/* of what comes twice the last one */
		{"{\"captureData\":{\"endpointOutput\":{\"data\":\"1\",\"encoding\":\"CSV\"},\"a\":{\"y\":1},"
		 "\"endpointOutput\":{"
		 "\"encoding\":\"CSV\",\"data\":\"2\",\"data\":\"3\"}},\"eventMetadata\":{\"eventId\":\"x\","
		 "\"eventId\":\"e\"},"
		 "\"eventVersion\":\"1\",\"eventVersion\":\"2\"}",
		 "{\"groundTruthData\":{\"data\":\"0\",\"encoding\":\"CSV\",\"data\":\"1\"},\"eventMetadata\":{"
		 "\"eventId\":\"e\"}}",
		 "{\"eventVersion\":\"2\",\"groundTruthData\":{\"data\":\"1\",\"encoding\":\"CSV\"},\"captureData\":{"
		 "\"a\":{\"y\":1},"
		 "\"endpointOutput\":{\"data\":\"3\",\"encoding\":\"CSV\"}},\"eventMetadata\":{\"eventId\":\"e\"}}"},
	};
	struct hc_record capture, label, again;
	struct hc_buf truth = HC_BUF(1 << 20), merged = HC_BUF(1 << 20), twice = HC_BUF(1 << 20);
	hc_record_init(&capture);
	hc_record_init(&label);
	hc_record_init(&again);
	for (size_t i = 0; i < COUNT(table); i++) {
		hc_buf_reset(&truth);
		hc_buf_reset(&merged);
		parse(table[i].capture, HC_RECORD_CAPTURE, &capture);
		parse(table[i].label, HC_RECORD_LABEL, &label);
		assert_true(hc_str_eq(capture.key, label.key) || hc_str_eq(capture.event_id, label.key));
		hc_record_write_truth(&label, &truth);
		hc_record_write_merged(&capture, hc_buf_view(&truth), &merged);
		check_str(hc_buf_view(&merged), table[i].merged);

		/* what was written says the same, and is written again as it is */
		parse(table[i].merged, HC_RECORD_MERGED, &again);
		assert_true(hc_str_eq(again.key, capture.key));
		assert_int_equal(again.truth.encoding, label.truth.encoding);
		assert_true(hc_str_eq(again.truth.data.raw, label.truth.data.raw));
		assert_true(hc_str_eq(again.output.data.raw, capture.output.data.raw));
		hc_buf_reset(&truth);
		hc_buf_reset(&twice);
		hc_record_write_truth(&again, &truth);
		hc_record_write_merged(&again, hc_buf_view(&truth), &twice);
		check_str(hc_buf_view(&twice), table[i].merged);
	}
	hc_buf_free(&truth);
	hc_buf_free(&merged);
	hc_buf_free(&twice);
	hc_record_free(&capture);
	hc_record_free(&label);
	hc_record_free(&again);
}

static void test_reading_truth(void **state)
{
	(void)state;
	struct hc_record r;
	struct hc_err err;
	hc_record_init(&r);
	parse(CAPTURE_OF("\"eventId\":\"e\""), HC_RECORD_CAPTURE, &r);
	assert_int_equal(hc_record_read_truth(HC_STR("{\"data\":\"\\u0031\",\"encoding\":\"JSON\"}"), &r, &err), HC_OK);
	check_str(data_of(&r.truth), "1");
	assert_int_equal(r.truth.encoding, HC_ENCODING_JSON);
	/* the rest is as it was */
	check_str(r.key, "e");
	check_str(data_of(&r.output), "0.9");
	static const char *const bad[] = {"",
					  "{",
					  "1",
					  "{\"data\":\"1\"}",
					  "{\"data\":1,\"encoding\":\"CSV\"}",
					  "{\"data\":\"1\",\"encoding\":\"CSV\"}x"};
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(hc_record_read_truth(hc_str(bad[i]), &r, &err), HC_INPUT);
	hc_record_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_real_merged), cmocka_unit_test(test_real_captures),
		cmocka_unit_test(test_keys),        cmocka_unit_test(test_data),
		cmocka_unit_test(test_times),       cmocka_unit_test(test_bad),
		cmocka_unit_test(test_limits),      cmocka_unit_test(test_reuse),
		cmocka_unit_test(test_writing),     cmocka_unit_test(test_reading_truth),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
