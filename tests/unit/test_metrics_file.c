#include "publish/metrics_file.h"

#include "check_files.h"

#define NOW (INT64_C(1621299600) * HC_SECOND_US)

static struct hc_arena arena;
static struct hc_err err;

static int enter(void **state)
{
	arena = HC_ARENA(256 << 20);
	return enter_folder(state);
}

static int leave(void **state)
{
	hc_arena_free(&arena);
	return leave_folder(state);
}

static void test_taken(void **state)
{
	(void)state;
	static const struct {
		const char *line, *told; /* NAME@SECONDS UNIT SAMPLES/SUM/MIN/MAX DIMENSION=VALUE */
	} table[] = {
		{"{\"MetricName\":\"f2\",\"Timestamp\":\"2021-05-18T00:00:00Z\",\"Dimensions\":[{\"Name\":\"Endpoint\","
		 "\"Value\":\"churn\"},{\"Name\":\"MonitoringSchedule\",\"Value\":\"s\"}],\"Value\":0.5}",
		 "f2@1621296000 None 1/0.5/0.5/0.5 Endpoint=churn MonitoringSchedule=s"},
		{"{\"MetricName\":\"f2\",\"Value\":-1e-3}", "f2@1621299600 None 1/-0.001/-0.001/-0.001"},
		{" { \"Value\" : 5 , \"MetricName\" : \"a b\" , \"Timestamp\" : 1621296000.5 } ",
		 "a b@1621296000 None 1/5/5/5"},
		{"{\"MetricName\":\"n\",\"StatisticValues\":{\"SampleCount\":2,\"Sum\":3,\"Minimum\":1,\"Maximum\":2},"
		 "\"Unit\":\"Count\"}",
		 "n@1621299600 Count 2/3/1/2"},
		{"{\"MetricName\":\"\\u00e4\",\"Dimensions\":[],\"Value\":0}", "\xc3\xa4@1621299600 None 1/0/0/0"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_published m;
		struct hc_buf out = HC_BUF(1 << 16);
		if (hc_metrics_line_parse(hc_str(table[i].line), NOW, &arena, &m, &err) != HC_OK)
			fail_msg("%s: %s", table[i].line, err.msg);
		hc_buf_printf(&out, "%.*s@%lld %.*s %g/%g/%g/%g", HC_STR_ARG(m.name),
			      (long long)(m.point.at_us / HC_SECOND_US), HC_STR_ARG(m.point.unit), m.point.samples,
			      m.point.sum, m.point.minimum, m.point.maximum);
		for (size_t k = 0; k < m.n_dimensions; k++)
			hc_buf_printf(&out, " %.*s=%.*s", HC_STR_ARG(m.dimensions[k].name),
				      HC_STR_ARG(m.dimensions[k].value));
		check_str(hc_buf_view(&out), table[i].told);
		hc_buf_free(&out);
	}
}

static void test_wrong(void **state)
{
	(void)state;
	static const struct {
		const char *line, *part;
	} table[] = {
		{"", "is no JSON object"},
		{"nonsense", "is no JSON object"},
		{"[]", "is no JSON object"},
		{"{\"MetricName\":\"a\",\"Value\":1} x", "is no JSON object"},
		{"{\"MetricName\":\"a\",\"Value\":1", "is no JSON object"},
		{"{\"MetricName\":\"a\",\"Value\":NaN}", "is no JSON object"},
		{"{\"Value\":1}", "MetricName is missing"},
		{"{\"MetricName\":\"\",\"Value\":1}", "MetricName is empty"},
		{"{\"MetricName\":\" \",\"Value\":1}", "MetricName is empty"},
		{"{\"MetricName\":5,\"Value\":1}", "MetricName is no text"},
		{"{\"MetricName\":\"a\\u0000\",\"Value\":1}", "control characters"},
		{"{\"MetricName\":\"a\"}", "one of them is needed"},
		{"{\"MetricName\":\"a\",\"Value\":\"NaN\"}", "Value is no number"},
		{"{\"MetricName\":\"a\",\"Value\":null}", "Value is no number"},
		{"{\"MetricName\":\"a\",\"Value\":1e400}", "between"},
		{"{\"MetricName\":\"a\",\"Value\":1,\"Value\":2}", "comes twice"},
		{"{\"MetricName\":\"a\",\"Value\":1,\"Extra\":2}", "\"Extra\" is not known"},
		{"{\"MetricName\":\"a\",\"Value\":1,\"Timestamp\":\"yesterday\"}", "Timestamp is no time"},
		{"{\"MetricName\":\"a\",\"Value\":1,\"Timestamp\":1e300}", "Timestamp"},
		{"{\"MetricName\":\"a\",\"Value\":1,\"Timestamp\":[]}", "Timestamp is no text"},
		{"{\"MetricName\":\"a\",\"Value\":1,\"Unit\":\"Potatoes\"}", "Unit is no unit"},
		{"{\"MetricName\":\"a\",\"Value\":1,\"Dimensions\":{}}", "Dimensions is no list"},
		{"{\"MetricName\":\"a\",\"Value\":1,\"Dimensions\":[5]}", "Dimensions holds"},
		{"{\"MetricName\":\"a\",\"Value\":1,\"Dimensions\":[{\"Name\":\"x\"}]}", "without Name or Value"},
		{"{\"MetricName\":\"a\",\"Value\":1,\"Dimensions\":[{\"Name\":\"x\",\"Value\":\"1\"},{\"Name\":\"x\","
		 "\"Value\":\"2\"}]}",
		 "a name twice"},
		{"{\"MetricName\":\"a\",\"StatisticValues\":5}", "StatisticValues is no object"},
		{"{\"MetricName\":\"a\",\"StatisticValues\":{\"Sum\":1}}", "needs SampleCount"},
		{"{\"MetricName\":\"a\",\"StatisticValues\":{\"SampleCount\":0,\"Sum\":0,\"Minimum\":0,\"Maximum\":0}}",
		 "no samples"},
		{"{\"MetricName\":\"a\",\"StatisticValues\":{\"SampleCount\":1,\"Sum\":0,\"Minimum\":2,\"Maximum\":1}}",
		 "minimum above"},
		{"{\"MetricName\":\"a\",\"Value\":1,\"StatisticValues\":{\"SampleCount\":1,\"Sum\":1,\"Minimum\":1,"
		 "\"Maximum\":1}}",
		 "one of them is needed"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_published m = {.n_dimensions = 77};
		if (hc_metrics_line_parse(hc_str(table[i].line), NOW, &arena, &m, &err) != HC_INPUT)
			fail_msg("%s was taken", table[i].line);
		if (!strstr(err.msg, table[i].part))
			fail_msg("%s: %s", table[i].line, err.msg);
		assert_true(err.hint[0]);
		assert_int_equal(m.n_dimensions, 77);
	}
}

/* 255 characters are a name, 256 are not; 30 dimensions, not 31. */
static void test_limits(void **state)
{
	(void)state;
	for (int more = 0; more < 2; more++) {
		struct hc_buf line = HC_BUF(1 << 16);
		struct hc_published m;
		hc_buf_cstr(&line, "{\"Value\":1,\"MetricName\":\"");
		for (int i = 0; i < HC_METRIC_NAME_MAX + more; i++)
			hc_buf_cstr(&line, "\xc3\xa4");
		hc_buf_cstr(&line, "\"}");
		assert_int_equal(hc_metrics_line_parse(hc_buf_view(&line), NOW, &arena, &m, &err),
				 more ? HC_INPUT : HC_OK);
		hc_buf_reset(&line);
		hc_buf_cstr(&line, "{\"Value\":1,\"MetricName\":\"a\",\"Dimensions\":[");
		for (int i = 0; i < HC_DIMENSIONS_MAX + more; i++)
			hc_buf_printf(&line, "%s{\"Name\":\"%d\",\"Value\":\"v\"}", i ? "," : "", i);
		hc_buf_cstr(&line, "]}");
		assert_int_equal(hc_metrics_line_parse(hc_buf_view(&line), NOW, &arena, &m, &err),
				 more ? HC_INPUT : HC_OK);
		hc_buf_free(&line);
	}
}

static void tell(void *arg, const char *text)
{
	hc_buf_cstr(arg, text);
	hc_buf_char(arg, '\n');
}

static void test_folder(void **state)
{
	(void)state;
	struct hc_metrics m;
	struct hc_buf told = HC_BUF(1 << 20);
	char where[CHECK_PATH_MAX];
	assert_int_equal(hc_metrics_read(path_of("missing"), NOW, &arena, tell, &told, &m, &err), HC_OK);
	assert_int_equal(m.n + told.n, 0);
	make_file("m/b.jsonl", "{\"MetricName\":\"b1\",\"Value\":1}\nwrong\n\n{\"MetricName\":\"b2\",\"Value\":2}");
	make_file("m/a.jsonl", "{\"MetricName\":\"a\",\"Value\":1}\r\n");
	make_file("m/.hidden", "wrong\n");
	make_file("m/_SUCCESS", "wrong\n");
	make_file("m/deep/c.jsonl", "wrong\n");
	assert_int_equal(hc_metrics_read(path_of("m"), NOW, &arena, tell, &told, &m, &err), HC_OK);
	assert_int_equal(m.n, 3);
	assert_int_equal(m.wrong, 1);
	check_str(m.list[0].name, "a");
	check_str(m.list[1].name, "b1");
	check_str(m.list[2].name, "b2");
	snprintf(where, sizeof where, "%s:2: is no JSON object", path_of("m/b.jsonl"));
	if (strncmp(hc_buf_cstring(&told), where, strlen(where)) != 0)
		fail_msg("%s", hc_buf_cstring(&told));
	assert_ptr_equal(strchr(hc_buf_cstring(&told), '\n'), told.p + told.n - 1);
	hc_buf_free(&told);
}

/* A flood of wrong lines is not a flood of messages. */
static void test_flood(void **state)
{
	(void)state;
	struct hc_buf text = HC_BUF(16 << 20), told = HC_BUF(1 << 20);
	struct hc_metrics m;
	size_t lines = 0;
	for (int i = 0; i < HC_METRICS_LINES_MAX; i++)
		hc_buf_cstr(&text, i % 2 ? "wrong\n" : "{\"MetricName\":\"a\",\"Value\":1}\n");
	for (int i = 0; i < HC_METRICS_LINE_BYTES_MAX; i++)
		hc_buf_char(&text, ' ');
	hc_buf_cstr(&text, "{}\n");
	make_file_of("m/a.jsonl", text.p, text.n);
	assert_int_equal(hc_metrics_read(path_of("m"), NOW, &arena, tell, &told, &m, &err), HC_OK);
	assert_int_equal(m.n, HC_METRICS_LINES_MAX / 2);
	assert_int_equal(m.wrong, HC_METRICS_LINES_MAX / 2);
	for (size_t i = 0; i < told.n; i++)
		lines += told.p[i] == '\n';
	assert_int_equal(lines, HC_METRICS_TOLD_MAX + 2);
	assert_non_null(strstr(hc_buf_cstring(&told), "49900 more lines are wrong"));
	assert_non_null(strstr(hc_buf_cstring(&told), ":100001: a job has at most 100000 lines"));
	/* a line that is too long is a wrong one */
	hc_buf_reset(&text);
	hc_buf_reset(&told);
	for (int i = 0; i <= HC_METRICS_LINE_BYTES_MAX; i++)
		hc_buf_char(&text, ' ');
	hc_buf_cstr(&text, "\n{\"MetricName\":\"a\",\"Value\":1}\n");
	make_file_of("m/a.jsonl", text.p, text.n);
	assert_int_equal(hc_metrics_read(path_of("m"), NOW, &arena, tell, &told, &m, &err), HC_OK);
	assert_int_equal(m.n, 1);
	assert_int_equal(m.wrong, 1);
	assert_non_null(strstr(hc_buf_cstring(&told), ":1: is longer than 65,536 bytes"));
	hc_buf_free(&text);
	hc_buf_free(&told);
}

#define test_in_folder(test) cmocka_unit_test_setup_teardown(test, enter, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test_in_folder(test_taken),  test_in_folder(test_wrong), test_in_folder(test_limits),
		test_in_folder(test_folder), test_in_folder(test_flood),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
