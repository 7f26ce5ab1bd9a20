#include "logs/logs.h"

#include "check_service.h"
#include "logs/filter.h"
#include "logs/pattern.h"
#include "store/joblog.h"

#define T0 (INT64_C(1767225600) * HC_SECOND_US)
#define GROUP "'logGroupName':'/aws/sagemaker/ProcessingJobs'"

static int enter(void **state)
{
	static char folder[64];
	if (open_service(state) != 0)
		return -1;
	snprintf(folder, sizeof folder, "%s/logs", check_folder);
	check_server.logs = folder;
	return 0;
}

static void write_log(const char *job, int seconds, int lines)
{
	struct hc_err err;
	struct hc_log_writer *w;
	assert_int_equal(hc_log_create(check_server.logs, job, T0 + seconds * HC_SECOND_US, &w, &err), HC_OK);
	for (int i = 0; i < lines; i++)
		hc_log_line(w, T0 + (seconds + i) * HC_SECOND_US, "line %d", i);
	hc_log_close(w, T0);
}

static void test_groups(void **state)
{
	(void)state;
	call_ok("DescribeLogGroups", "{}");
	check_member("logGroups",
		     "[{'arn':'arn:aws:logs:us-west-2:123456789012:log-group:/aws/sagemaker/ProcessingJobs:*',"
		     "'logGroupArn':'arn:aws:logs:us-west-2:123456789012:log-group:/aws/sagemaker/"
		     "ProcessingJobs','logGroupClass':'STANDARD','logGroupName':"
		     "'/aws/sagemaker/ProcessingJobs','metricFilterCount':0,'storedBytes':0}]");
	static const char *const some[] = {"{'logGroupNamePrefix':'/aws/sagemaker'}", "{'logGroupNamePattern':'Proc'}",
					   "{'logGroupNamePrefix':'/aws/sagemaker/ProcessingJobs'}",
					   "{'accountIdentifiers':['123456789012']}",
					   "{'logGroupIdentifiers':['/aws/sagemaker/ProcessingJobs']}"};
	static const char *const none[] = {"{'logGroupNamePrefix':'/aws/lambda'}", "{'logGroupNamePattern':'proc'}",
					   "{'logGroupNamePrefix':'/aws/sagemaker/ProcessingJobs2'}",
					   "{'accountIdentifiers':['111111111111']}",
					   "{'logGroupClass':'INFREQUENT_ACCESS'}"};
	for (size_t i = 0; i < COUNT(some); i++) {
		call_ok("DescribeLogGroups", some[i]);
		check_member("logGroups.[0].logGroupName", "'/aws/sagemaker/ProcessingJobs'");
	}
	for (size_t i = 0; i < COUNT(none); i++) {
		call_ok("DescribeLogGroups", none[i]);
		check_member("", "{'logGroups':[]}");
	}
}

/* What the SDK's logs=True asks while it waits. */
static void test_sdk(void **state)
{
	(void)state;
	char input[512];
	call_ok("DescribeLogStreams", "{" GROUP ",'logStreamNamePrefix':'job-1/','orderBy':'LogStreamName','limit':1}");
	check_member("", "{'logStreams':[]}");
	write_log("job-1", 0, 3);
	write_log("job-10", 0, 1);
	call_ok("DescribeLogStreams", "{" GROUP ",'logStreamNamePrefix':'job-1/','orderBy':'LogStreamName','limit':1}");
	check_member("logStreams",
		     "[{'arn':'arn:aws:logs:us-west-2:123456789012:log-group:/aws/sagemaker/ProcessingJobs:"
		     "log-stream:job-1/algo-1-1767225600','creationTime':1767225600000,"
		     "'firstEventTimestamp':1767225600000,'lastEventTimestamp':1767225602000,"
		     "'lastIngestionTime':1767225602000,'logStreamName':'job-1/algo-1-1767225600',"
		     "'storedBytes':0}]");
	check_member("nextToken", "");
	call_ok("GetLogEvents",
		"{" GROUP ",'logStreamName':'job-1/algo-1-1767225600','startTime':0,'startFromHead':true}");
	check_member("events.[0]", "{'ingestionTime':1767225600000,'message':'line 0','timestamp':1767225600000}");
	check_member("events.[2].message", "'line 2'");
	check_member("events.[3]", "");
	snprintf(input, sizeof input,
		 "{" GROUP ",'logStreamName':'job-1/algo-1-1767225600','startFromHead':true,'nextToken':'%s'}",
		 hc_tree_cstring(check_out, "nextForwardToken", ""));
	char token[64];
	snprintf(token, sizeof token, "'%s'", hc_tree_cstring(check_out, "nextForwardToken", ""));
	call_ok("GetLogEvents", input);
	check_member("events", "[]");
	check_member("nextForwardToken", token);
}

#define EVENTS(more) "{" GROUP ",'logStreamName':'j/algo-1-1767225600'" more "}"

static void test_events(void **state)
{
	(void)state;
	char input[512];
	write_log("j", 0, 5);
	/* without a direction the newest come, in order */
	call_ok("GetLogEvents", EVENTS(",'limit':2"));
	check_member("events.[0].message", "'line 3'");
	check_member("events.[1].message", "'line 4'");
	check_member("events.[2]", "");
	snprintf(input, sizeof input, EVENTS(",'limit':2,'nextToken':'%s'"),
		 hc_tree_cstring(check_out, "nextBackwardToken", ""));
	call_ok("GetLogEvents", input);
	check_member("events.[0].message", "'line 1'");
	check_member("events.[1].message", "'line 2'");
	/* and from there forward again */
	snprintf(input, sizeof input, EVENTS(",'limit':1,'startFromHead':true,'nextToken':'%s'"),
		 hc_tree_cstring(check_out, "nextForwardToken", ""));
	call_ok("GetLogEvents", input);
	check_member("events.[0].message", "'line 3'");
	/* the start is in, the end is not */
	call_ok("GetLogEvents", EVENTS(",'startFromHead':true,'startTime':1767225601000,'endTime':1767225603000"));
	check_member("events.[0].message", "'line 1'");
	check_member("events.[1].message", "'line 2'");
	check_member("events.[2]", "");
	/* one at a time: those that are too old are passed over until one is there */
	call_ok("GetLogEvents", EVENTS(",'startFromHead':true,'limit':1,'startTime':1767225604000"));
	check_member("events.[0].message", "'line 4'");
	call_ok("GetLogEvents", EVENTS(",'limit':1,'endTime':1767225601000"));
	check_member("events.[0].message", "'line 0'");
	check_member("nextBackwardToken", "'b/0'");
	call_ok("GetLogEvents", EVENTS(",'startTime':1767225700000"));
	check_member("events", "[]");
}

static void test_empty_line(void **state)
{
	(void)state;
	struct hc_err err;
	struct hc_log_writer *w;
	assert_int_equal(hc_log_create(check_server.logs, "j", T0, &w, &err), HC_OK);
	hc_log_write(w, T0, HC_STR("\na\n"));
	hc_log_close(w, T0);
	call_ok("GetLogEvents", EVENTS(""));
	check_member("events.[0].message", "' '");
	check_member("events.[1].message", "'a'");
}

static void test_streams(void **state)
{
	(void)state;
	char input[512];
	write_log("a", 30, 1);
	write_log("b", 10, 1);
	write_log("c", 20, 1);
	static const struct {
		const char *order;
		const char *expected[3];
	} table[] = {
		{"'orderBy':'LogStreamName'", {"a", "b", "c"}},
		{"'descending':true", {"c", "b", "a"}},
		{"'orderBy':'LastEventTime'", {"b", "c", "a"}},
		{"'orderBy':'LastEventTime','descending':true", {"a", "c", "b"}},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		char token[256] = "";
		for (int k = 0; k < 3; k++) {
			snprintf(input, sizeof input, "{" GROUP ",'limit':1,%s%s}", table[i].order, token);
			call_ok("DescribeLogStreams", input);
			assert_int_equal(hc_tree_text(check_out, "logStreams.[0].logStreamName").p[0],
					 table[i].expected[k][0]);
			check_member("logStreams.[1]", "");
			snprintf(token, sizeof token, ",'nextToken':'%s'", hc_tree_cstring(check_out, "nextToken", ""));
		}
		check_member("nextToken", "");
	}
}

static void test_patterns(void **state)
{
	(void)state;
	static const struct {
		const char *pattern;
		bool error_401, error_419, info; /* which of the three messages match */
	} table[] = {
		{"", true, true, true},
		{"  ", true, true, true},
		{"''", true, true, true},
		{"ERROR", true, true, false},
		{"error", false, false, false},
		{"RRO", true, true, false},
		{" ERROR  REQUEST ", true, false, false},
		{"'ERROR 401'", true, false, false},
		{"'ERROR  401'", false, false, false},
		{"ERROR -REQUEST", false, true, false},
		{"-ERROR", false, false, true},
		{"?401 ?started", true, false, true},
		{"?'401] U' ?nothing", true, false, false},
		{"ERROR ?419 ?started", false, true, false},
		{"-'ERROR 401' ?ERROR", false, true, false},
		{"'say \\'yes\\''", false, false, true},
		{"'a\\\\b'", false, false, true},
		{"'-'", false, true, false},
		{"'[ERROR'", true, true, false},
		{"x{", false, false, true},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_log_pattern p;
		struct hc_err err = {0};
		assert_int_equal(hc_log_pattern_parse(quoted(table[i].pattern), &check_arena, &p, &err), HC_OK);
		if (hc_log_pattern_match(&p, quoted("[ERROR 401] UNAUTHORIZED REQUEST")) != table[i].error_401 ||
		    hc_log_pattern_match(&p, quoted("[ERROR 419] no-one")) != table[i].error_419 ||
		    hc_log_pattern_match(&p, quoted("started: say 'yes' a\\b x{ 1 }")) != table[i].info)
			fail_msg("%s matches something else", table[i].pattern);
	}
	struct hc_log_pattern p;
	struct hc_err err = {0};
	assert_int_equal(hc_log_pattern_parse(HC_STR("a"), &check_arena, &p, &err), HC_OK);
	assert_false(hc_log_pattern_match(&p, HC_STR("")));
}

static void test_bad_patterns(void **state)
{
	(void)state;
	static const struct {
		const char *pattern, *part;
	} table[] = {
		{"{ $.level = 'x' }", "JSON patterns"},
		{" [ip, user]", "space-delimited patterns"},
		{"%ERR.*%", "regular expressions"},
		{"a %ERR.*% b", "regular expressions"},
		{"%a b%", "regular expressions"},
		{"'open", "not closed"},
		{"'a\\'", "not closed"},
		{"a -", "nothing behind"},
		{"?", "nothing behind"},
		{"-''", "nothing behind"},
		{"a'b", "within a term"},
		{"'a'b", "a space is missing"},
		{"a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a", "more than 32 terms"},
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_log_pattern p = {.n = 7};
		struct hc_err err = {0};
		assert_int_equal(hc_log_pattern_parse(quoted(table[i].pattern), &check_arena, &p, &err), HC_USAGE);
		assert_int_equal(p.n, 7);
		if (!strstr(err.msg, table[i].part))
			fail_msg("%s: %s", table[i].pattern, err.msg);
	}
}

static void check_texts(const char *const *expected, size_t n, const char *file, int line)
{
	for (size_t i = 0; i < n; i++) {
		char path[64];
		snprintf(path, sizeof path, "events.[%zu].message", i);
		check_member_at(path, expected[i], file, line);
	}
	if (json_array_size(hc_tree_at(check_out, "events")) != n) {
		print_error("%zu events, not %zu\n", json_array_size(hc_tree_at(check_out, "events")), n);
		_fail(file, line);
	}
}

#define TEXTS(...) \
	check_texts((const char *const[]){__VA_ARGS__}, COUNT(((const char *const[]){__VA_ARGS__})), __FILE__, __LINE__)

#define FILTER(more) "{" GROUP more "}"

/* The rest of a query, page after page: how many events, and how many pages. */
static size_t count_rest(const char *more, size_t *pages)
{
	char input[1024];
	size_t n = json_array_size(hc_tree_at(check_out, "events"));
	for (*pages = 1; hc_tree_text(check_out, "nextToken").p; ++*pages) {
		snprintf(input, sizeof input, FILTER("%s,'nextToken':'%s'"), more,
			 hc_tree_cstring(check_out, "nextToken", ""));
		call_ok("FilterLogEvents", input);
		n += json_array_size(hc_tree_at(check_out, "events"));
	}
	return n;
}

static void test_filter(void **state)
{
	(void)state;
	check_now_us = T0 + HC_HOUR_US;
	call_ok("FilterLogEvents", FILTER(""));
	check_member("", "{'events':[],'searchedLogStreams':[]}");
	write_log("b", 0, 3);
	write_log("a", 1, 2);
	call_ok("FilterLogEvents", FILTER(",'interleaved':true"));
	TEXTS("'line 0'", "'line 0'", "'line 1'", "'line 1'", "'line 2'");
	check_member("nextToken", "");
	check_member("events.[0]",
		     "{'eventId':'b/algo-1-1767225600:0','ingestionTime':1767225600000,"
		     "'logStreamName':'b/algo-1-1767225600','message':'line 0','timestamp':1767225600000}");
	check_member("events.[1].logStreamName", "'a/algo-1-1767225601'");
	check_member("events.[2].logStreamName", "'b/algo-1-1767225600'");
	/* streams, by name and by prefix */
	call_ok("FilterLogEvents", FILTER(",'logStreamNamePrefix':'a'"));
	TEXTS("'line 0'", "'line 1'");
	call_ok("FilterLogEvents", FILTER(",'logStreamNames':['b/algo-1-1767225600','b/algo-1-1767225600']"));
	TEXTS("'line 0'", "'line 1'", "'line 2'");
	call_ok("FilterLogEvents", FILTER(",'logStreamNamePrefix':'c'"));
	check_member("events", "[]");
	/* the start is in, and so is the end */
	call_ok("FilterLogEvents", FILTER(",'startTime':1767225601000,'endTime':1767225601000"));
	TEXTS("'line 0'", "'line 1'");
	call_ok("FilterLogEvents", FILTER(",'startTime':1767225602001"));
	check_member("events", "[]");
	call_ok("FilterLogEvents", FILTER(",'endTime':1767225599999"));
	check_member("events", "[]");
	call_ok("FilterLogEvents", FILTER(",'filterPattern':'line -0 -1'"));
	TEXTS("'line 2'");
	check_member("events.[0].eventId", "'b/algo-1-1767225600:2'");
	/* what has the call's own time may not be all of it yet */
	check_now_us = T0 + 2 * HC_SECOND_US;
	call_ok("FilterLogEvents", FILTER(",'logStreamNamePrefix':'b/'"));
	TEXTS("'line 0'", "'line 1'");
}

static void test_filter_pages(void **state)
{
	(void)state;
	char input[512];
	check_now_us = T0 + 10 * HC_SECOND_US;
	write_log("a", 0, 3);
	write_log("b", 0, 2);
	write_log("c", 0, 1);
	const char *const all[] = {"a:0", "a:1", "a:2", "b:0", "b:1", "c:0"};
	const char *const queries[] = {"", ",'logStreamNames':['a/algo-1-1767225600','b/algo-1-1767225600','a/algo-1-"
					   "1767225600','c/algo-1-1767225600']"};
	for (size_t q = 0; q < COUNT(queries); q++) {
		char token[256] = "";
		for (size_t i = 0; i < COUNT(all); i++) {
			char id[64];
			snprintf(input, sizeof input, FILTER("%s,'limit':1%s"), queries[q], token);
			call_ok("FilterLogEvents", input);
			snprintf(id, sizeof id, "'%c/algo-1-1767225600%s'", all[i][0], all[i] + 1);
			check_member("events.[0].eventId", id);
			check_member("events.[1]", "");
			snprintf(token, sizeof token, ",'nextToken':'%s'", hc_tree_cstring(check_out, "nextToken", ""));
		}
		check_member("nextToken", "");
	}
	/* later pages end where the first did, and a stream may go meanwhile */
	char named[512];
	snprintf(input, sizeof input, FILTER("%s,'limit':2"), queries[1]);
	call_ok("FilterLogEvents", input);
	snprintf(named, sizeof named, FILTER("%s,'nextToken':'%s'"), queries[1],
		 hc_tree_cstring(check_out, "nextToken", ""));
	call_ok("FilterLogEvents", FILTER(",'limit':4"));
	check_now_us += HC_HOUR_US;
	write_log("d", 60, 1);
	struct hc_err err;
	char path[128];
	snprintf(path, sizeof path, "%s/b/algo-1-1767225600.log", check_server.logs);
	assert_int_equal(hc_file_remove(path, &err), HC_OK);
	size_t pages;
	assert_int_equal(count_rest("", &pages), 5);
	assert_int_equal(pages, 2);
	call_ok("FilterLogEvents", named);
	TEXTS("'line 0'", "'line 2'");
	check_member("nextToken", "");
}

/* A log larger than what a call reads, and a message larger than a page has room left for. */
static void test_filter_bounds(void **state)
{
	(void)state;
	enum { LINES = 5 * (HC_FILTER_LOOKED_MAX / HC_LOG_LINE_MAX) / 2 };
	static char text[HC_LOG_LINE_MAX];
	struct hc_err err;
	struct hc_log_writer *w;
	size_t pages;
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\n';
	assert_int_equal(hc_log_create(check_server.logs, "j", T0, &w, &err), HC_OK);
	for (int i = 0; i < LINES; i++)
		hc_log_write(w, T0, (struct hc_str){text, sizeof text});
	hc_log_write(w, T0, HC_STR("the last one\n"));
	hc_log_close(w, T0);
	check_now_us = T0 + HC_HOUR_US;
	call_ok("FilterLogEvents", FILTER(",'filterPattern':'last'"));
	check_member("events", "[]");
	assert_int_equal(count_rest(",'filterPattern':'last'", &pages), 1);
	assert_int_equal(pages, 3);
	check_member("events.[0].eventId", "'j/algo-1-1767225600:2560'");
	call_ok("FilterLogEvents", FILTER(""));
	assert_int_equal(json_array_size(hc_tree_at(check_out, "events")),
			 HC_FILTER_PAGE_BYTES / (HC_LOG_LINE_MAX - 1));
	assert_int_equal(count_rest("", &pages), LINES + 1);
	/* out of the span: not even read */
	call_ok("FilterLogEvents", FILTER(",'startTime':1767225600001"));
	check_member("", "{'events':[],'searchedLogStreams':[]}");
}

static void test_refused(void **state)
{
	(void)state;
	static const struct {
		const char *operation, *input, *code, *part;
	} table[] = {
		{"DescribeLogStreams", "{}", "InvalidParameterException", "Exactly one"},
		{"DescribeLogStreams", "{'logGroupName':'other'}", "ResourceNotFoundException",
		 "The specified log group does not exist."},
		{"DescribeLogStreams", "{'logGroupIdentifier':'other'}", "ResourceNotFoundException", "log group"},
		{"DescribeLogStreams", "{" GROUP ",'orderBy':'LastEventTime','logStreamNamePrefix':'a'}",
		 "InvalidParameterException", "Cannot order by LastEventTime with a logStreamNamePrefix."},
		{"DescribeLogStreams", "{" GROUP ",'nextToken':'x'}", "InvalidParameterException", "nextToken"},
		{"DescribeLogStreams", "{" GROUP ",'nextToken':'5/'}", "InvalidParameterException", "nextToken"},
		{"GetLogEvents", "{'logGroupName':'other','logStreamName':'a'}", "ResourceNotFoundException",
		 "The specified log group does not exist."},
		{"GetLogEvents", "{" GROUP ",'logStreamName':'a'}", "ResourceNotFoundException",
		 "The specified log stream does not exist."},
		{"GetLogEvents", "{" GROUP ",'logStreamName':'../j/algo-1-1767225600'}", "ResourceNotFoundException",
		 "log stream"},
		{"GetLogEvents", EVENTS(",'nextToken':'f/1'"), "InvalidParameterException", "nextToken"},
		{"GetLogEvents", EVENTS(",'nextToken':'f/99999'"), "InvalidParameterException", "nextToken"},
		{"GetLogEvents", EVENTS(",'nextToken':'b/18446744073709551615'"), "InvalidParameterException",
		 "nextToken"},
		{"GetLogEvents", EVENTS(",'nextToken':'g/0'"), "InvalidParameterException", "nextToken"},
		{"GetLogEvents", EVENTS(",'nextToken':'f/-1'"), "InvalidParameterException", "nextToken"},
		{"FilterLogEvents", "{}", "InvalidParameterException", "logGroupName is required."},
		{"FilterLogEvents", "{'logGroupIdentifier':'/aws/sagemaker/ProcessingJobs'}",
		 "InvalidParameterException", "logGroupIdentifier is not supported"},
		{"FilterLogEvents", "{'logGroupName':'other'}", "ResourceNotFoundException",
		 "The specified log group does not exist."},
		{"FilterLogEvents", FILTER(",'logStreamNames':['j/algo-1-1767225600','j/algo-1-176722560']"),
		 "ResourceNotFoundException", "The specified log stream does not exist."},
		{"FilterLogEvents", FILTER(",'logStreamNames':['j']"), "ResourceNotFoundException", "log stream"},
		{"FilterLogEvents", FILTER(",'logStreamNames':['../j/algo-1-1767225600']"), "ResourceNotFoundException",
		 "log stream"},
		{"FilterLogEvents", FILTER(",'logStreamNames':['j/algo-1-1767225600'],'logStreamNamePrefix':'j'"),
		 "InvalidParameterException", "mutually exclusive"},
		{"FilterLogEvents", FILTER(",'filterPattern':'{ $.a = 1 }'"), "InvalidParameterException",
		 "JSON patterns"},
		{"FilterLogEvents", FILTER(",'nextToken':'x'"), "InvalidParameterException", "nextToken"},
		{"FilterLogEvents", FILTER(",'nextToken':'f/0'"), "InvalidParameterException", "nextToken"},
		{"FilterLogEvents", FILTER(",'nextToken':'r/0/0/0/0/'"), "InvalidParameterException", "nextToken"},
		{"FilterLogEvents", FILTER(",'nextToken':'r/0/0/0/j/algo-1-1767225600'"), "InvalidParameterException",
		 "nextToken"},
		{"FilterLogEvents", FILTER(",'nextToken':'r/0/1/0/0/j/algo-1-1767225600'"), "InvalidParameterException",
		 "nextToken"},
		{"FilterLogEvents", FILTER(",'nextToken':'r/0/0/0/3/j/algo-1-1767225600'"), "InvalidParameterException",
		 "nextToken"},
		{"FilterLogEvents", FILTER(",'nextToken':'r/0/9223372036854775807/0/0/j/algo-1-1767225600'"),
		 "InvalidParameterException", "nextToken"},
		{"FilterLogEvents", FILTER(",'nextToken':'r/9223372036854775808/0/0/0/j/algo-1-1767225600'"),
		 "InvalidParameterException", "nextToken"},
		{"FilterLogEvents", FILTER(",'logStreamNamePrefix':'k','nextToken':'r/0/0/0/0/j/algo-1-1767225600'"),
		 "InvalidParameterException", "nextToken"},
		{"FilterLogEvents",
		 FILTER(",'logStreamNames':['j/algo-1-1767225600'],'nextToken':'r/0/0/0/0/k/algo-1-1767225600'"),
		 "InvalidParameterException", "nextToken"},
		{"DescribeLogGroups", "{'nextToken':'x'}", "InvalidParameterException", "nextToken"},
		{"DescribeLogGroups", "{'logGroupNamePrefix':'a','logGroupNamePattern':'a'}",
		 "InvalidParameterException", "mutually exclusive"},
	};
	write_log("j", 0, 2);
	for (size_t i = 0; i < COUNT(table); i++)
		call_fails(table[i].operation, table[i].input, table[i].code, table[i].part);
	call_ok("GetLogEvents", "{'logGroupIdentifier':'arn:aws:logs:us-west-2:123456789012:log-group:/aws/sagemaker/"
				"ProcessingJobs','logStreamName':'j/algo-1-1767225600'}");
}

#define with_logs(test) cmocka_unit_test_setup_teardown(test, enter, close_service)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_logs(test_groups),       with_logs(test_sdk),           with_logs(test_events),
		with_logs(test_empty_line),   with_logs(test_streams),       with_logs(test_refused),
		with_logs(test_patterns),     with_logs(test_bad_patterns),  with_logs(test_filter),
		with_logs(test_filter_pages), with_logs(test_filter_bounds),
	};
	check_under_test = &hc_logs;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
