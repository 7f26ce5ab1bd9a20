#include "logs/logs.h"

#include "check_service.h"
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
		with_logs(test_groups),     with_logs(test_sdk),     with_logs(test_events),
		with_logs(test_empty_line), with_logs(test_streams), with_logs(test_refused),
	};
	check_under_test = &hc_logs;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
