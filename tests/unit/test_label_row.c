#include "dataset/label_row.h"

#include "check.h"
#include "dataset/record.h"

static enum hc_code tell(const char *row, const char *attribute, struct hc_buf *out, struct hc_err *err)
{
	hc_buf_reset(out);
	hc_buf_char(out, '>'); /* what stands there stays */
	return hc_label_of_row(hc_str(row), attribute ? hc_str(attribute) : (struct hc_str){0}, out, err);
}

#define LABEL(data, encoding, ids) \
	">{\"groundTruthData\":{\"data\":" data ",\"encoding\":\"" encoding "\"},\"eventMetadata\":{" ids "}}"
#define EVENT(id) "\"eventId\":\"" id "\""

static void test_rows(void **state)
{
	(void)state;
	static const struct {
		const char *attribute, *row, *record;
	} table[] = {
		/* flat: the only other column, whatever its type */
		{NULL, "{\"eventId\":\"e1\",\"label\":1}", LABEL("\"1\"", "CSV", EVENT("e1"))},
		{NULL, "{\"label\":\"cat\",\"event_id\":\"e1\"}", LABEL("\"cat\"", "CSV", EVENT("e1"))},
		{NULL, "{\"EVENTID\":95,\"y\":0.5}", LABEL("\"0.5\"", "CSV", EVENT("95"))},
		{NULL, "{\"EventID\":-7,\"y\":true}", LABEL("\"true\"", "CSV", EVENT("-7"))},
		{NULL, "{\"inferenceId\":\"i\",\"y\":1}", LABEL("\"1\"", "CSV", "\"inferenceId\":\"i\"")},
		{NULL, "{\"SageMakerInferenceId\":\"i\",\"SageMakerInferenceTime\":\"2026-03-01T05:28:32Z\",\"y\":1}",
		 LABEL("\"1\"", "CSV", "\"inferenceId\":\"i\"")},
		{NULL, "{\"inference-id\":\"i\",\"eventId\":\"e\",\"y\":1}",
		 LABEL("\"1\"", "CSV", EVENT("e") ",\"inferenceId\":\"i\"")},
		{NULL, "{\"inferenceId\":\"i\",\"eventId\":null,\"y\":1}",
		 LABEL("\"1\"", "CSV", "\"inferenceId\":\"i\"")},
		{NULL,
		 "{\"eventId\":\"e\",\"eventVersion\":\"0\",\"inferenceTime\":null,\"__index_level_0__\":7,\"y\":1}",
		 LABEL("\"1\"", "CSV", EVENT("e"))},
		/* quoted for CSV, then for JSON */
		{NULL, "{\"eventId\":\"\\\"\\u00e4\",\"y\":\"a,\\\"b\\\"\"}",
		 LABEL("\"\\\"a,\\\"\\\"b\\\"\\\"\\\"\"", "CSV", EVENT("\\\"\\u00e4"))},
		{NULL, "{\"eventId\":\"e\",\"y\":\"two\\nlines\"}",
		 LABEL("\"\\\"two\\nlines\\\"\"", "CSV", EVENT("e"))},
		{NULL, "{\"eventId\":\"e\",\"y\":\"a\\tb\\u00e4\"}", LABEL("\"a\\tb\xc3\xa4\"", "CSV", EVENT("e"))},
		{NULL, "{\"eventId\":\"e\",\"y\":[1,\"x\"]}", LABEL("\"[1,\\\"x\\\"]\"", "JSON", EVENT("e"))},
		{NULL, "{\"eventId\":\"e\",\"y\":{\"class\":1}}", LABEL("\"{\\\"class\\\":1}\"", "JSON", EVENT("e"))},
		/* named */
		{"y", "{\"eventId\":\"e\",\"x\":1,\"y\":2,\"z\":3}", LABEL("\"2\"", "CSV", EVENT("e"))},
		{"q\"", "{\"eventId\":\"e\",\"x\":1,\"q\\\"\":2}", LABEL("\"2\"", "CSV", EVENT("e"))},
		{"$.y", "{\"eventId\":\"e\",\"x\":1}", LABEL("\"1\"", "CSV", EVENT("e"))},
		{"inferenceTime", "{\"eventId\":\"e\",\"x\":1,\"inferenceTime\":5}", LABEL("\"5\"", "CSV", EVENT("e"))},
		/* of a column that comes twice the last one */
		{NULL, "{\"eventId\":\"d\",\"eventId\":\"e\",\"y\":1}", LABEL("\"1\"", "CSV", EVENT("e"))},
		/* records */
		{NULL,
		 "{\"groundTruthData\":{\"data\":\"1,2\",\"encoding\":\"CSV\"},\"eventMetadata\":{\"eventId\":\"e\","
		 "\"inferenceId\":null},\"eventVersion\":\"0\",\"other\":1,\"more\":2}",
		 LABEL("\"1,2\"", "CSV", EVENT("e"))},
		{"y",
		 "{\"groundtruthdata\":{\"data\":\"{}\",\"encoding\":\"JSON\"},\"eventmetadata\":{\"eventid\":\"e\"},"
		 "\"y\":1}",
		 LABEL("\"{}\"", "JSON", EVENT("e"))},
		{NULL, "{\"groundTruthData\":{\"data\":1,\"encoding\":\"CSV\"},\"eventId\":\"e\"}",
		 LABEL("\"1\"", "CSV", EVENT("e"))},
		{NULL, "{\"groundTruthData\":{\"data\":\"a,b\",\"encoding\":null},\"eventId\":\"e\"}",
		 LABEL("\"\\\"a,b\\\"\"", "CSV", EVENT("e"))},
		{NULL, "{\"groundTruthData\":{\"data\":[1]},\"eventId\":\"e\"}", LABEL("\"[1]\"", "JSON", EVENT("e"))},
		{NULL, "{\"groundTruthData\":{\"class\":1},\"eventId\":\"e\"}",
		 LABEL("\"{\\\"class\\\":1}\"", "JSON", EVENT("e"))},
		{NULL, "{\"groundTruthData\":7,\"eventMetadata\":{\"inferenceId\":\"i\"},\"eventId\":\"e\",\"x\":1}",
		 LABEL("\"7\"", "CSV", EVENT("e") ",\"inferenceId\":\"i\"")},
	};
	struct hc_buf out = HC_BUF(1 << 20);
	struct hc_record record;
	hc_record_init(&record);
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_err err;
		if (tell(table[i].row, table[i].attribute, &out, &err) != HC_OK)
			fail_msg("%s: %s", table[i].row, err.msg);
		check_str(hc_buf_view(&out), table[i].record);
		struct hc_str line = {out.p + 1, out.n - 1};
		if (hc_record_parse(line, HC_RECORD_LABEL, &record, &err) != HC_OK)
			fail_msg("%s: %s", table[i].row, err.msg);
	}
	hc_record_free(&record);
	hc_buf_free(&out);
}

static void test_bad_rows(void **state)
{
	(void)state;
	static const struct {
		const char *attribute, *row, *why;
	} table[] = {
		{NULL, "{\"eventId\":\"e\"}", "the row has no label"},
		{NULL, "{\"eventId\":\"e\",\"a\":1,\"b\":2}", "more than one column could be the label"},
		{"y", "{\"eventId\":\"e\",\"a\":1,\"b\":2}", "no column 'y'"},
		{"y", "{\"eventId\":\"e\"}", "no column 'y'"},
		{NULL, "{\"eventId\":\"e\",\"y\":null}", "the label is null"},
		{"y", "{\"eventId\":\"e\",\"x\":1,\"y\":null}", "the label is null"},
		{NULL, "{\"eventId\":\"e\",\"groundTruthData\":null}", "the label is null"},
		{NULL, "{\"eventId\":\"e\",\"groundTruthData\":{\"data\":null,\"encoding\":\"CSV\"}}",
		 "the label is null"},
		{NULL, "{\"y\":1}", "the row has no id"},
		{NULL, "{\"eventId\":null,\"y\":1}", "the row has no id"},
		{NULL, "{\"eventMetadata\":{\"eventId\":null},\"y\":1}", "the row has no id"},
		{NULL, "{\"eventMetadata\":\"e\",\"y\":1}", "the row has no id"},
		{NULL, "{\"eventId\":95.0,\"y\":1}", "neither text nor an integer: '95.0'"},
		{NULL, "{\"eventId\":1e3,\"y\":1}", "neither text nor an integer"},
		{NULL, "{\"eventId\":true,\"y\":1}", "neither text nor an integer"},
		{NULL, "{\"eventId\":[\"e\"],\"y\":1}", "neither text nor an integer"},
		{NULL, "{\"eventId\":\"e\",\"y\":\"\xff\"}", "UTF-8"},
		{NULL, "{\"eventId\":\"e\",\"y\":1", "end"},
		{NULL, "[1,2]", "not an object"},
		{NULL, "", ""},
	};
	struct hc_buf out = HC_BUF(1 << 20);
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_err err = {0};
		if (tell(table[i].row, table[i].attribute, &out, &err) != HC_INPUT)
			fail_msg("%s was taken", table[i].row);
		if (!strstr(err.msg, table[i].why) || !err.hint[0])
			fail_msg("%s: %s", table[i].row, err.msg);
		check_str(hc_buf_view(&out), ">");
	}
	hc_buf_free(&out);
	struct hc_err err = {0};
	struct hc_buf small = HC_BUF(20);
	assert_int_equal(tell("{\"eventId\":\"e\",\"y\":1}", NULL, &small, &err), HC_LIMIT);
	hc_buf_free(&small);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_bad_rows)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
