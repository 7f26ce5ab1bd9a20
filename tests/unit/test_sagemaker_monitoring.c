/*
 * The monitoring half of SageMaker's API: schedules, executions, alerts, processing jobs; and the rule by which alerts go up.
 */
#include "base/instant.h"
#include "check_service.h"

#include <stdio.h>

#include "sagemaker/monitoring.h"
#include "sagemaker/sagemaker.h"
#include "sched/alert.h"

#define ROLE "arn:aws:iam::123456789012:role/r"
#define ANALYZER "159807026194.dkr.ecr.us-west-2.amazonaws.com/sagemaker-model-monitor-analyzer"
#define MERGER "159807026194.dkr.ecr.us-west-2.amazonaws.com/sagemaker-model-monitor-groundtruth-merger:1"

#define HOURLY "cron(0 * ? * * *)"
#define MINUTE_US (60 * HC_SECOND_US)

/* printf into memory that lives as long as the test. */
static const char *text(const char *fmt, ...) HC_PRINTF(1, 2);
static const char *text(const char *fmt, ...)
{
	char *out = hc_arena_take_text(&check_arena, 8192);
	va_list args;
	assert_non_null(out);
	va_start(args, fmt);
	assert_true(vsnprintf(out, 8192, fmt, args) < 8192);
	va_end(args);
	return out;
}

/* ---- what schedules refer to ---- */

static void make_endpoint(const char *name, bool captures)
{
	call_ok("CreateModel", text("{'ModelName':'%s-model'}", name));
	call_ok("CreateEndpointConfig",
		text("{'EndpointConfigName':'%s-config','ProductionVariants':[{'VariantName':'AllTraffic','ModelName':"
		     "'%s-model','InstanceType':'ml.m5.xlarge','InitialInstanceCount':1}]%s}",
		     name, name,
		     captures ? ",'DataCaptureConfig':{'EnableCapture':true,'InitialSamplingPercentage':100,"
				"'DestinationS3Uri':'s3://bkt/capture','CaptureOptions':[{'CaptureMode':'Input'},"
				"{'CaptureMode':'Output'}]}"
			      : ""));
	call_ok("CreateEndpoint", text("{'EndpointName':'%s','EndpointConfigName':'%s-config'}", name, name));
}

#define ENDPOINT_INPUT(name) "'EndpointInput':{'EndpointName':'" name "','LocalPath':'/opt/ml/processing/in',"
#define BATCH_INPUT                                                                                                 \
	"'BatchTransformInput':{'DataCapturedDestinationS3Uri':'s3://bkt/cap','LocalPath':'/opt/ml/processing/in'," \
	"'DatasetFormat':{'Csv':{'Header':false}},"

/* runtime_s 0: no StoppingCondition. */
static void make_definition(const char *name, const char *input, int runtime_s)
{
	const char *stop = runtime_s ? text(",'StoppingCondition':{'MaxRuntimeInSeconds':%d}", runtime_s) : "";
	call_ok("CreateModelQualityJobDefinition",
		text("{'JobDefinitionName':'%s','ModelQualityAppSpecification':{'ImageUri':'" ANALYZER
		     "','ProblemType':'BinaryClassification'},'ModelQualityJobInput':{%s'InferenceAttribute':'0'},"
		     "'GroundTruthS3Input':{'S3Uri':'s3://bkt/gt'}},'ModelQualityJobOutputConfig':{'MonitoringOutputs':"
		     "[{'S3Output':{'S3Uri':'s3://bkt/out','LocalPath':'/opt/ml/processing/output'}}]},"
		     "'JobResources':{'ClusterConfig':{'InstanceCount':1,'InstanceType':'ml.m5.xlarge',"
		     "'VolumeSizeInGB':20}},'RoleArn':'" ROLE "'%s}",
		     name, input, stop));
}

/* Endpoint ep with capture, definitions def and def2 (1800 s) of it, and batch. */
static void make_world(void)
{
	make_endpoint("ep", true);
	make_definition("def", ENDPOINT_INPUT("ep"), 1800);
	make_definition("def2", ENDPOINT_INPUT("ep"), 1800);
	make_definition("batch", BATCH_INPUT, 1800);
}

#define CONFIG_OF(definition, schedule)                                                      \
	"'MonitoringScheduleConfig':{" schedule "'MonitoringJobDefinitionName':'" definition \
	"','MonitoringType':'ModelQuality'}"
#define CRON(expression) "'ScheduleConfig':{'ScheduleExpression':'" expression "'},"
#define WINDOW(expression, start, end)                                                            \
	"'ScheduleConfig':{'ScheduleExpression':'" expression "','DataAnalysisStartTime':'" start \
	"','DataAnalysisEndTime':'" end "'},"

static void make_schedule(const char *name, const char *config)
{
	call_ok("CreateMonitoringSchedule", text("{'MonitoringScheduleName':'%s',%s}", name, config));
}

#define NAMED(name) "{'MonitoringScheduleName':'" name "'}"

/* ---- the catalog behind the API ---- */

struct direct {
	enum { GET, INSERT, UPDATE, EVALUATE, FILL } what;
	enum hc_kind kind;
	const char *name;
	struct hc_resource *r;
	bool found;
};

static enum hc_code do_direct(struct hc_db *db, void *arg, struct hc_err *err)
{
	struct direct *d = arg;
	switch (d->what) {
	case GET:
		return hc_resource_get(db, d->kind, hc_str(d->name), &check_arena, d->r, &d->found, err);
	case INSERT:
		return hc_resource_insert(db, d->r, err);
	case UPDATE:
		return hc_resource_update(db, d->r, err);
	case FILL:
		for (int i = 0; i < HC_SCHEDULES_MAX; i++) {
			char name[16];
			snprintf(name, sizeof name, "r%d", i);
			struct hc_resource r = {.kind = d->kind, .name = hc_str(name), .doc = HC_STR("{}")};
			HC_TRY(hc_resource_insert(db, &r, err));
		}
		return HC_OK;
	case EVALUATE:
		return hc_alert_evaluate(db, d->r, check_now_us, &check_arena, err);
	}
	return HC_OK;
}

static void direct(struct direct *d)
{
	struct hc_err err = {0};
	if (hc_catalog_write(check_server.catalog, do_direct, d, &err) != HC_OK) {
		print_error("%s\n", err.msg);
		fail();
	}
}

static struct hc_resource stored(enum hc_kind kind, const char *name)
{
	struct hc_resource r = {0};
	struct direct d = {.what = GET, .kind = kind, .name = name, .r = &r};
	direct(&d);
	assert_true(d.found);
	return r;
}

static void evaluate(const char *schedule)
{
	struct hc_resource r = stored(HC_KIND_SCHEDULE, schedule);
	direct(&(struct direct){.what = EVALUATE, .r = &r});
}

/* An execution as the scheduler makes it, of the tick `hour` hours after the start of the clock. */
static void make_execution(const char *schedule, int hour, const char *status)
{
	struct hc_resource s = stored(HC_KIND_SCHEDULE, schedule);
	struct hc_resource e = {
		.kind = HC_KIND_EXECUTION,
		.name = hc_str(text("%lld/%d/1", (long long)s.uid, hour)),
		.created_us = check_now_us,
		.modified_us = check_now_us,
		.status = hc_str(status),
		.parent_uid = s.uid,
		.parent = s.name,
		.slot_us = INT64_C(1767225600) * HC_SECOND_US + hour * HC_HOUR_US,
		.endpoint = s.endpoint,
		.definition = s.definition,
		.type = s.type,
		.doc = HC_STR("{}"),
	};
	if (strcmp(status, "Failed") == 0)
		e.failure = HC_STR("Job inputs had no data");
	else
		e.job_arn = HC_STR(CHECK_ARN "processing-job/j");
	direct(&(struct direct){.what = INSERT, .r = &e});
}

/* ---- schedules ---- */

static void test_refused_configs(void **state)
{
	(void)state;
	static const struct {
		const char *config, *part;
	} cases[] = {
		/* Which monitor. */
		{"'MonitoringScheduleConfig':{" CRON(HOURLY) "'MonitoringJobDefinitionName':'def'}",
		 "- missing required field, "
		 "CreateMonitoringScheduleInput.MonitoringScheduleConfig.MonitoringType"},
		{"'MonitoringScheduleConfig':{" CRON(
			 HOURLY) "'MonitoringJobDefinitionName':'def','MonitoringType':'DataQuality'}",
		 "only ModelQuality is supported"},
		{"'MonitoringScheduleConfig':{" CRON(HOURLY) "'MonitoringType':'ModelQuality'}",
		 "missing required field, "
		 "CreateMonitoringScheduleInput.MonitoringScheduleConfig.MonitoringJobDefinitionName"},
		{"'MonitoringScheduleConfig':{" CRON(HOURLY) "'MonitoringJobDefinition':{'MonitoringInputs':["
							     "{" ENDPOINT_INPUT(
								     "ep") "'InferenceAttribute':'0'}}],"
									   "'MonitoringOutputConfig':{'"
									   "MonitoringOutputs':[{'S3Output':{'S3Uri':'"
									   "s3://b/o','LocalPath':'/o'}}]},"
									   "'MonitoringResources':{'ClusterConfig':{'"
									   "InstanceCount':1,'InstanceType':'ml.m5."
									   "xlarge','VolumeSizeInGB':1}},"
									   "'MonitoringAppSpecification':{'ImageUri':'"
									   "i'},'RoleArn':'" ROLE "'}}",
		 "data quality"},
		/* When. */
		{CONFIG_OF("def", "'ScheduleConfig':{},"), "scheduleConfig.scheduleExpression"},
		{CONFIG_OF("def", CRON("cron(5 * ? * * *)")), "does not fire at minute 0"},
		{CONFIG_OF("def", CRON("rate(1 hour)")), "neither cron(...) nor NOW"},
		{CONFIG_OF("def", CRON("now")), "neither cron(...) nor NOW"},
		{CONFIG_OF("def", CRON("cron(0 12 ? * MON *)")), "restricts days"},
		/* The window. */
		{CONFIG_OF("def", CRON("NOW")), "missing required field (with NOW"},
		{CONFIG_OF("def", "'ScheduleConfig':{'ScheduleExpression':'NOW','DataAnalysisStartTime':'-PT1H'},"),
		 "ScheduleConfig.DataAnalysisEndTime"},
		{CONFIG_OF("def", "'ScheduleConfig':{'ScheduleExpression':'NOW','DataAnalysisEndTime':'-PT1H'},"),
		 "ScheduleConfig.DataAnalysisStartTime"},
		{CONFIG_OF("def",
			   "'ScheduleConfig':{'ScheduleExpression':'" HOURLY "','DataAnalysisStartTime':'-PT1H'},"),
		 "both or none"},
		{CONFIG_OF("def", WINDOW("NOW", "-1H", "-PT0H")), "-1H"},
		{CONFIG_OF("def", WINDOW("NOW", "-PT2H", "")), "DataAnalysisEndTime"},
		{CONFIG_OF("def", WINDOW("NOW", "-P1M", "-PT0H")), "-PT1M"},
		{CONFIG_OF("def", WINDOW("NOW", "-PT1H", "-PT2H")), "is not before"},
		{CONFIG_OF("def", WINDOW("NOW", "-PT1H", "-PT1H")), "is not before"},
		{CONFIG_OF("def", WINDOW("NOW", "-PT25H", "-PT0H")), "more than 24 hours"},
		{CONFIG_OF("def", WINDOW(HOURLY, "-P8D", "-P1D")), "more than 24 hours"},
		{CONFIG_OF("def", WINDOW("NOW", "-PT1H", "PT1S")), "behind the scheduled time"},
		/* What it refers to. */
		{CONFIG_OF("nil", CRON(HOURLY)),
		 "Could not find model quality job definition \"" CHECK_ARN "model-quality-job-definition/nil\"."},
		{CONFIG_OF("of-nobody", CRON(HOURLY)), "Could not find endpoint \"" CHECK_ARN "endpoint/nobody\""},
		{CONFIG_OF("of-blind", CRON(HOURLY)), "no DataCaptureConfig"},
		/* How long. */
		{CONFIG_OF("long", CRON(HOURLY)), "is 3601, more than the 3600 seconds"},
		{CONFIG_OF("longer", CRON("cron(0 0/5 ? * * *)")), "is 14401, more than the 14400 seconds"},
	};
	make_world();
	make_endpoint("blind", false);
	make_definition("of-nobody", ENDPOINT_INPUT("nobody"), 1800);
	make_definition("of-blind", ENDPOINT_INPUT("blind"), 1800);
	make_definition("long", ENDPOINT_INPUT("ep"), 3601);
	make_definition("longer", ENDPOINT_INPUT("ep"), 14401);
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *input = text("{'MonitoringScheduleName':'s',%s}", cases[i].config);
		call_fails("CreateMonitoringSchedule", input, "ValidationException", cases[i].part);
	}
	call_ok("ListMonitoringSchedules", "{}");
	check_member("", "{'MonitoringScheduleSummaries':[]}");
	make_schedule("s", CONFIG_OF("def", CRON(HOURLY)));
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *input = text("{'MonitoringScheduleName':'s',%s}", cases[i].config);
		struct hc_err err;
		assert_false(try_call("UpdateMonitoringSchedule", input, &err));
		assert_string_equal(check_fault.code, "ValidationException");
	}
	assert_int_equal(stored(HC_KIND_SCHEDULE, "s").revision, 1);
}

static void test_accepted_configs(void **state)
{
	(void)state;
	static const struct {
		const char *config;
		int64_t slot_h; /* hours since 2026-01-01 of its slot, at 07:30 */
		const char *warning;
	} cases[] = {
		{CONFIG_OF("def", CRON(HOURLY)), 7, NULL},
		{CONFIG_OF("def", CRON("cron(0 * * * ? *)")), 7, NULL},
		{CONFIG_OF("def", CRON("cron(0 0/5 ? * * *)")), 5, NULL},
		{CONFIG_OF("def", CRON("cron(0 23 ? * * *)")), -1, NULL},
		{CONFIG_OF("def", WINDOW("NOW", "-PT5H", "-PT0H")), INT64_MIN, NULL},
		{CONFIG_OF("def", WINDOW("NOW", "-P1D", "PT0H")), INT64_MIN, NULL},
		{CONFIG_OF("def", WINDOW(HOURLY, "-PT25H", "-PT1H")), 7, NULL},
		{CONFIG_OF("batch", CRON(HOURLY)), 7, NULL},
		{CONFIG_OF("hour", CRON(HOURLY)), 7, "is 3600: an hourly execution has two jobs"},
		{CONFIG_OF("unsaid", CRON(HOURLY)), 7, "is 3600: an hourly execution has two jobs"},
		{CONFIG_OF("half", CRON(HOURLY)), 7, "is 1801: an hourly execution has two jobs"},
		{CONFIG_OF("hour", CRON("cron(0 0/2 ? * * *)")), 6, NULL},
		{CONFIG_OF("day", CRON("cron(0 1 ? * * *)")), 1, NULL},
		{CONFIG_OF("day", WINDOW("NOW", "-PT1H", "-PT0H")), INT64_MIN, NULL},
	};
	make_world();
	make_definition("unsaid", ENDPOINT_INPUT("ep"), 0);
	make_definition("half", ENDPOINT_INPUT("ep"), 1801);
	make_definition("hour", ENDPOINT_INPUT("ep"), 3600);
	make_definition("day", ENDPOINT_INPUT("ep"), 86400);
	const int64_t start_us = check_now_us;
	check_now_us += 7 * HC_HOUR_US + 30 * MINUTE_US;
	for (size_t i = 0; i < COUNT(cases); i++) {
		make_schedule(text("s%zu", i), cases[i].config);
		struct hc_resource r = stored(HC_KIND_SCHEDULE, text("s%zu", i));
		assert_int_equal(r.slot_us, cases[i].slot_h == INT64_MIN ? 0 : start_us + cases[i].slot_h * HC_HOUR_US);
		assert_int_equal(r.revision, 1);
		check_str(r.status, "Scheduled");
		check_str(r.type, "ModelQuality");
		json_auto_t *detail = r.detail.p ? hc_tree_parse(r.detail) : NULL;
		const char *warning = hc_tree_cstring(detail, "Warning", "");
		if (cases[i].warning ? !strstr(warning, cases[i].warning) : warning[0] != '\0') {
			print_error("case %zu: warning '%s'\n", i, warning);
			fail();
		}
	}
}

/* The SDK's default has no times; SageMaker picks one then, daily. */
static void test_daily_by_default(void **state)
{
	(void)state;
	make_world();
	make_schedule("s", CONFIG_OF("def", ""));
	call_ok("DescribeMonitoringSchedule", "{'MonitoringScheduleName':'s'}");
	check_member("MonitoringScheduleConfig.ScheduleConfig", "{'ScheduleExpression':'cron(0 0 ? * * *)'}");
	call_ok("UpdateMonitoringSchedule", "{'MonitoringScheduleName':'s'," CONFIG_OF("def", CRON(HOURLY)) "}");
	call_ok("UpdateMonitoringSchedule", "{'MonitoringScheduleName':'s'," CONFIG_OF("def", "") "}");
	call_ok("DescribeMonitoringSchedule", "{'MonitoringScheduleName':'s'}");
	check_member("MonitoringScheduleConfig.ScheduleConfig", "{'ScheduleExpression':'" HOURLY "'}");
}

static void test_schedule_described(void **state)
{
	(void)state;
	make_world();
	call_ok("CreateMonitoringSchedule", "{'MonitoringScheduleName':'Sched-1'," CONFIG_OF(
						    "def", CRON(HOURLY)) ",'Tags':[{'Key':'team','Value':'x'}]}");
	check_member("", "{'MonitoringScheduleArn':'" CHECK_ARN "monitoring-schedule/sched-1'}");
	call_ok("DescribeMonitoringSchedule", NAMED("Sched-1"));
	check_member("",
		     "{'CreationTime':1767225600,'EndpointName':'ep','LastModifiedTime':1767225600,"
		     "'MonitoringScheduleArn':'" CHECK_ARN "monitoring-schedule/sched-1',"
		     "'MonitoringScheduleConfig':{'MonitoringJobDefinitionName':'def','MonitoringType':'ModelQuality',"
		     "'ScheduleConfig':{'ScheduleExpression':'cron(0 * ? * * *)'}},"
		     "'MonitoringScheduleName':'Sched-1','MonitoringScheduleStatus':'Scheduled',"
		     "'MonitoringType':'ModelQuality'}");
	call_ok("ListTags", "{'ResourceArn':'" CHECK_ARN "monitoring-schedule/sched-1'}");
	check_member("Tags", "[{'Key':'team','Value':'x'}]");
	/* Once, whatever its case. */
	call_fails("CreateMonitoringSchedule",
		   "{'MonitoringScheduleName':'sched-1'," CONFIG_OF("def", CRON(HOURLY)) "}", "ResourceInUse",
		   CHECK_ARN "monitoring-schedule/sched-1");
	call_fails("DescribeMonitoringSchedule", NAMED("nil"), "ResourceNotFound", CHECK_ARN "monitoring-schedule/nil");
	/* A batch schedule has no endpoint. */
	make_schedule("b", CONFIG_OF("batch", CRON(HOURLY)));
	call_ok("DescribeMonitoringSchedule", NAMED("b"));
	check_member("EndpointName", "");
	struct hc_resource r = stored(HC_KIND_SCHEDULE, "b");
	r.failure = HC_STR("why");
	r.status = HC_STR("Failed");
	direct(&(struct direct){.what = UPDATE, .r = &r});
	call_ok("DescribeMonitoringSchedule", NAMED("b"));
	check_member("FailureReason", "'why'");
	/* Bad tags: nothing is made. */
	call_fails(
		"CreateMonitoringSchedule",
		"{'MonitoringScheduleName':'t'," CONFIG_OF("def", CRON(HOURLY)) ",'Tags':[{'Key':'aws:x','Value':''}]}",
		"ValidationException", "aws:");
	call_fails("DescribeMonitoringSchedule", NAMED("t"), "ResourceNotFound", "/t");
}

static void test_schedules_listed(void **state)
{
	(void)state;
	static const struct {
		const char *input, *names;
	} cases[] = {
		{"{}", "c b a"},
		{"{'SortOrder':'Ascending'}", "a b c"},
		{"{'SortBy':'Name'}", "c b a"},
		{"{'SortBy':'Status','SortOrder':'Ascending'}", "a c b"},
		{"{'EndpointName':'ep'}", "b a"},
		{"{'MonitoringJobDefinitionName':'batch'}", "c"},
		{"{'MonitoringTypeEquals':'ModelQuality'}", "c b a"},
		{"{'MonitoringTypeEquals':'DataQuality'}", ""},
		{"{'StatusEquals':'Stopped'}", "b"},
		{"{'NameContains':'B'}", "b"},
		{"{'CreationTimeAfter':1767225600}", "c b"},
		{"{'CreationTimeBefore':1767225600}", ""},
		{"{'LastModifiedTimeAfter':1767225720}", "b"},
		{"{'MaxResults':2}", "c b"},
	};
	make_world();
	make_schedule("a", CONFIG_OF("def", CRON(HOURLY)));
	check_now_us += MINUTE_US;
	make_schedule("b", CONFIG_OF("def2", CRON(HOURLY)));
	check_now_us += MINUTE_US;
	make_schedule("c", CONFIG_OF("batch", CRON(HOURLY)));
	check_now_us += MINUTE_US;
	call_ok("StopMonitoringSchedule", NAMED("b"));
	for (size_t i = 0; i < COUNT(cases); i++) {
		char names[64] = "";
		call_ok("ListMonitoringSchedules", cases[i].input);
		const json_t *list = hc_tree_at(check_out, "MonitoringScheduleSummaries");
		for (size_t k = 0; k < json_array_size(list); k++) {
			strcat(names, k ? " " : "");
			strcat(names, hc_tree_cstring(json_array_get(list, k), "MonitoringScheduleName", "?"));
		}
		assert_string_equal(names, cases[i].names);
	}
	const char *token = hc_tree_cstring(check_out, "NextToken", NULL);
	assert_non_null(token);
	call_ok("ListMonitoringSchedules", text("{'MaxResults':2,'NextToken':'%s'}", token));
	check_member(
		"",
		"{'MonitoringScheduleSummaries':[{'CreationTime':1767225600,'EndpointName':'ep',"
		"'LastModifiedTime':1767225600,'MonitoringJobDefinitionName':'def','MonitoringScheduleArn':'" CHECK_ARN
		"monitoring-schedule/a','MonitoringScheduleName':'a','MonitoringScheduleStatus':'Scheduled',"
		"'MonitoringType':'ModelQuality'}]}");
	call_fails("ListMonitoringSchedules", "{'NextToken':'x'}", "ValidationException", "NextToken");
}

static void test_schedule_updated(void **state)
{
	(void)state;
	make_world();
	make_definition("hour", ENDPOINT_INPUT("ep"), 3600);
	make_schedule("s", CONFIG_OF("def", WINDOW(HOURLY, "-PT2H", "-PT1H")));
	call_ok("StopMonitoringSchedule", NAMED("s"));
	check_now_us += 5 * HC_HOUR_US + MINUTE_US;
	/* Without times the old ones stay; a stopped schedule goes on, from here. */
	call_ok("UpdateMonitoringSchedule", "{'MonitoringScheduleName':'s'," CONFIG_OF("hour", "") "}");
	check_member("", "{'MonitoringScheduleArn':'" CHECK_ARN "monitoring-schedule/s'}");
	call_ok("DescribeMonitoringSchedule", NAMED("s"));
	check_member("MonitoringScheduleConfig.ScheduleConfig",
		     "{'DataAnalysisEndTime':'-PT1H','DataAnalysisStartTime':'-PT2H','ScheduleExpression':'" HOURLY
		     "'}");
	check_member("MonitoringScheduleConfig.MonitoringJobDefinitionName", "'hour'");
	check_member("MonitoringScheduleStatus", "'Scheduled'");
	check_member("CreationTime", "1767225600");
	check_member("LastModifiedTime", "1767243660");
	struct hc_resource r = stored(HC_KIND_SCHEDULE, "s");
	assert_int_equal(r.revision, 2);
	assert_int_equal(r.slot_us, check_now_us - MINUTE_US);
	check_str(r.definition, "hour");
	assert_non_null(r.detail.p);
	/* To NOW, and again: each time it is due. */
	for (int i = 0; i < 2; i++) {
		r.slot_us = check_now_us;
		direct(&(struct direct){.what = UPDATE, .r = &r});
		call_ok("UpdateMonitoringSchedule",
			"{'MonitoringScheduleName':'s'," CONFIG_OF("batch", WINDOW("NOW", "-PT2H", "-PT1H")) "}");
		r = stored(HC_KIND_SCHEDULE, "s");
		assert_int_equal(r.slot_us, 0);
		assert_int_equal(r.revision, 3 + i);
		assert_null(r.endpoint.p);
		assert_null(r.detail.p);
	}
	call_fails("UpdateMonitoringSchedule", "{'MonitoringScheduleName':'nil'," CONFIG_OF("def", CRON(HOURLY)) "}",
		   "ResourceNotFound", CHECK_ARN "monitoring-schedule/nil");
}

static void test_schedule_stopped_and_started(void **state)
{
	(void)state;
	make_world();
	make_schedule("s", CONFIG_OF("def", CRON(HOURLY)));
	make_schedule("once", CONFIG_OF("def", WINDOW("NOW", "-PT2H", "-PT1H")));
	const int64_t start_us = check_now_us;
	check_now_us += 3 * HC_HOUR_US;
	call_ok("StartMonitoringSchedule", NAMED("s")); /* runs already: its missed ticks stay due */
	assert_int_equal(stored(HC_KIND_SCHEDULE, "s").slot_us, start_us);
	assert_int_equal(stored(HC_KIND_SCHEDULE, "s").modified_us, start_us);
	call_ok("StopMonitoringSchedule", NAMED("s"));
	call_ok("StopMonitoringSchedule", NAMED("once"));
	check_now_us += MINUTE_US;
	call_ok("StopMonitoringSchedule", NAMED("s")); /* stopped already */
	assert_int_equal(stored(HC_KIND_SCHEDULE, "s").modified_us, check_now_us - MINUTE_US);
	call_ok("DescribeMonitoringSchedule", NAMED("s"));
	check_member("MonitoringScheduleStatus", "'Stopped'");
	check_now_us += 3 * HC_HOUR_US;
	call_ok("StartMonitoringSchedule", NAMED("s"));
	call_ok("StartMonitoringSchedule", NAMED("once"));
	assert_int_equal(stored(HC_KIND_SCHEDULE, "s").slot_us, check_now_us - MINUTE_US);
	assert_int_equal(stored(HC_KIND_SCHEDULE, "s").revision, 1);
	assert_int_equal(stored(HC_KIND_SCHEDULE, "once").slot_us, 0);
	/* One that has run does not run again. */
	struct hc_resource r = stored(HC_KIND_SCHEDULE, "once");
	r.slot_us = check_now_us;
	direct(&(struct direct){.what = UPDATE, .r = &r});
	call_ok("StopMonitoringSchedule", NAMED("once"));
	check_now_us += HC_HOUR_US;
	call_ok("StartMonitoringSchedule", NAMED("once"));
	assert_int_equal(stored(HC_KIND_SCHEDULE, "once").slot_us, check_now_us - HC_HOUR_US);
	for (size_t i = 0; i < 3; i++) {
		static const char *const operations[] = {"StartMonitoringSchedule", "StopMonitoringSchedule",
							 "DeleteMonitoringSchedule"};
		call_fails(operations[i], NAMED("nil"), "ResourceNotFound", CHECK_ARN "monitoring-schedule/nil");
	}
}

static void test_too_many_schedules(void **state)
{
	(void)state;
	make_world();
	direct(&(struct direct){.what = FILL, .kind = HC_KIND_SCHEDULE});
	call_fails("CreateMonitoringSchedule", "{'MonitoringScheduleName':'s'," CONFIG_OF("def", CRON(HOURLY)) "}",
		   "ResourceLimitExceeded", "10000");
	call_ok("DeleteMonitoringSchedule", NAMED("r7"));
	make_schedule("s", CONFIG_OF("def", CRON(HOURLY)));
}

static void test_schedule_deleted(void **state)
{
	(void)state;
	make_world();
	call_ok("CreateMonitoringSchedule", "{'MonitoringScheduleName':'s'," CONFIG_OF(
						    "def", CRON(HOURLY)) ",'Tags':[{'Key':'team','Value':'x'}]}");
	make_execution("s", 1, "CompletedWithViolations");
	evaluate("s");
	call_ok("ListMonitoringAlertHistory", NAMED("s"));
	check_member("MonitoringAlertHistory.[0].AlertStatus", "'InAlert'");
	const char *alert = text("%lld/" HC_ALERT_NAME, (long long)stored(HC_KIND_SCHEDULE, "s").uid);
	stored(HC_KIND_ALERT, alert);
	call_ok("DeleteMonitoringSchedule", NAMED("s"));
	check_member("", "{}");
	struct hc_resource gone;
	struct direct get = {.what = GET, .kind = HC_KIND_ALERT, .name = alert, .r = &gone};
	direct(&get);
	assert_false(get.found);
	call_fails("DescribeMonitoringSchedule", NAMED("s"), "ResourceNotFound", "/s");
	call_fails("ListMonitoringAlerts", NAMED("s"), "ResourceNotFound", "/s");
	call_fails("ListMonitoringAlertHistory", NAMED("s"), "ResourceNotFound", "/s");
	call_ok("ListMonitoringExecutions", NAMED("s"));
	check_member("", "{'MonitoringExecutionSummaries':[]}");
	call_ok("ListMonitoringExecutions", "{'EndpointName':'ep'}");
	check_member("MonitoringExecutionSummaries.[0].MonitoringScheduleName", "'s'");
	/* One of the same name is another. */
	check_now_us += MINUTE_US;
	make_schedule("s", CONFIG_OF("def", CRON(HOURLY)));
	call_ok("DescribeMonitoringSchedule", NAMED("s"));
	check_member("LastMonitoringExecutionSummary", "");
	call_ok("ListMonitoringExecutions", NAMED("s"));
	check_member("", "{'MonitoringExecutionSummaries':[]}");
	call_ok("ListMonitoringAlerts", NAMED("s"));
	check_member("MonitoringAlertSummaries.[0].AlertStatus", "'OK'");
	call_ok("ListMonitoringAlertHistory", NAMED("s"));
	check_member("", "{'MonitoringAlertHistory':[]}");
	call_ok("ListTags", "{'ResourceArn':'" CHECK_ARN "monitoring-schedule/s'}");
	check_member("Tags", "[]");
}

/* ---- executions ---- */

/* "HOUR.STATUS-LETTER" of each summary: "3C 2F". */
static void check_executions(const char *input, const char *expected)
{
	char found[256] = "";
	call_ok("ListMonitoringExecutions", input);
	const json_t *list = hc_tree_at(check_out, "MonitoringExecutionSummaries");
	for (size_t k = 0; k < json_array_size(list); k++) {
		const json_t *e = json_array_get(list, k);
		int64_t hour = (hc_tree_int(e, "ScheduledTime", 0) - 1767225600) / 3600;
		const char *status = hc_tree_cstring(e, "MonitoringExecutionStatus", "?");
		snprintf(found + strlen(found), sizeof found - strlen(found), "%s%d%c", k ? " " : "", (int)hour,
			 strcmp(status, "CompletedWithViolations") == 0 ? 'V' : status[0]);
	}
	if (strcmp(found, expected) != 0) {
		print_error("%s: %s is not %s\n", input, found, expected);
		fail();
	}
}

static void test_executions(void **state)
{
	(void)state;
	static const struct {
		const char *input, *expected;
	} cases[] = {
		{"{}", "4I 1V 2F 3C 1C"}, /* by creation */
		{"{'SortOrder':'Ascending'}", "1C 3C 2F 1V 4I"},
		{"{'MonitoringScheduleName':'s'}", "4I 2F 3C 1C"},
		{"{'MonitoringScheduleName':'S'}", "4I 2F 3C 1C"},
		{"{'MonitoringScheduleName':'s','SortBy':'ScheduledTime'}", "4I 3C 2F 1C"},
		{"{'MonitoringScheduleName':'s','SortBy':'ScheduledTime','SortOrder':'Ascending'}", "1C 2F 3C 4I"},
		{"{'MonitoringScheduleName':'s','SortBy':'Status','SortOrder':'Ascending'}", "1C 3C 2F 4I"},
		{"{'MonitoringScheduleName':'nil'}", ""},
		{"{'EndpointName':'ep'}", "4I 2F 3C 1C"},
		{"{'MonitoringJobDefinitionName':'batch'}", "1V"},
		{"{'MonitoringTypeEquals':'ModelBias'}", ""},
		{"{'StatusEquals':'Completed'}", "3C 1C"},
		{"{'StatusEquals':'CompletedWithViolations'}", "1V"},
		{"{'ScheduledTimeAfter':1767232800}", "4I 3C"},
		{"{'ScheduledTimeBefore':1767232800}", "1V 1C"},
		{"{'CreationTimeAfter':1767225720}", "4I 1V"},
		{"{'LastModifiedTimeBefore':1767225660}", "1C"},
	};
	make_world();
	make_schedule("s", CONFIG_OF("def", CRON(HOURLY)));
	make_schedule("b", CONFIG_OF("batch", CRON(HOURLY)));
	call_ok("DescribeMonitoringSchedule", NAMED("s"));
	check_member("LastMonitoringExecutionSummary", "");
	make_execution("s", 1, "Completed");
	check_now_us += MINUTE_US;
	make_execution("s", 3, "Completed");
	check_now_us += MINUTE_US;
	make_execution("s", 2, "Failed"); /* a tick that was made up */
	check_now_us += MINUTE_US;
	make_execution("b", 1, "CompletedWithViolations");
	call_ok("DescribeMonitoringSchedule", NAMED("s"));
	check_member("LastMonitoringExecutionSummary",
		     "{'CreationTime':1767225660,'EndpointName':'ep','LastModifiedTime':1767225660,"
		     "'MonitoringExecutionStatus':'Completed','MonitoringJobDefinitionName':'def',"
		     "'MonitoringScheduleName':'s','MonitoringType':'ModelQuality','ProcessingJobArn':'" CHECK_ARN
		     "processing-job/j','ScheduledTime':1767236400}");
	check_now_us += MINUTE_US;
	make_execution("s", 4, "InProgress");
	for (size_t i = 0; i < COUNT(cases); i++)
		check_executions(cases[i].input, cases[i].expected);
	call_ok("ListMonitoringExecutions", "{'StatusEquals':'Failed'}");
	check_member("MonitoringExecutionSummaries.[0].FailureReason", "'Job inputs had no data'");
	check_member("MonitoringExecutionSummaries.[0].ProcessingJobArn", "");
	/* Pages. */
	check_executions("{'MonitoringScheduleName':'s','SortBy':'ScheduledTime','MaxResults':3}", "4I 3C 2F");
	const char *token = hc_tree_cstring(check_out, "NextToken", "");
	check_executions(
		text("{'MonitoringScheduleName':'s','SortBy':'ScheduledTime','MaxResults':3,'NextToken':'%s'}", token),
		"1C");
	check_member("NextToken", "");
	call_fails("ListMonitoringExecutions", "{'NextToken':'x'}", "ValidationException", "NextToken");
}

/* ---- alerts ---- */

static void check_alert(const char *status)
{
	call_ok("ListMonitoringAlerts", NAMED("s"));
	check_str(hc_tree_text(check_out, "MonitoringAlertSummaries.[0].AlertStatus"), status);
}

#define ALERT(points, period)                                                                                 \
	"{'MonitoringScheduleName':'s','MonitoringAlertName':'" HC_ALERT_NAME "','DatapointsToAlert':" points \
	",'EvaluationPeriod':" period "}"

static void test_alert_made(void **state)
{
	(void)state;
	make_world();
	make_schedule("s", CONFIG_OF("def", CRON(HOURLY)));
	call_ok("ListMonitoringAlerts", "{'MonitoringScheduleName':'S','MaxResults':10}");
	check_member("", "{'MonitoringAlertSummaries':[{'Actions':{'ModelDashboardIndicator':{'Enabled':true}},"
			 "'AlertStatus':'OK','CreationTime':1767225600,'DatapointsToAlert':1,'EvaluationPeriod':1,"
			 "'LastModifiedTime':1767225600,'MonitoringAlertName':'" HC_ALERT_NAME "'}]}");
	call_fails("ListMonitoringAlerts", NAMED("nil"), "ResourceNotFound", "/nil");
	check_now_us += MINUTE_US;
	call_ok("UpdateMonitoringAlert", ALERT("2", "3"));
	check_member("", "{'MonitoringAlertName':'" HC_ALERT_NAME "','MonitoringScheduleArn':'" CHECK_ARN
			 "monitoring-schedule/s'}");
	call_ok("ListMonitoringAlerts", NAMED("s"));
	check_member("MonitoringAlertSummaries.[0].DatapointsToAlert", "2");
	check_member("MonitoringAlertSummaries.[0].EvaluationPeriod", "3");
	check_member("MonitoringAlertSummaries.[0].CreationTime", "1767225600");
	check_member("MonitoringAlertSummaries.[0].LastModifiedTime", "1767225660");
	call_fails("UpdateMonitoringAlert", ALERT("4", "3"), "ValidationException", "DatapointsToAlert (4)");
	call_fails("UpdateMonitoringAlert", ALERT("0", "3"), "ValidationException", "atapointsToAlert");
	call_fails("UpdateMonitoringAlert", ALERT("1", "101"), "ValidationException", "valuationPeriod");
	call_fails(
		"UpdateMonitoringAlert",
		"{'MonitoringScheduleName':'s','MonitoringAlertName':'x','DatapointsToAlert':1,'EvaluationPeriod':1}",
		"ResourceNotFound", "alert \"x\"");
	call_fails(
		"UpdateMonitoringAlert",
		"{'MonitoringScheduleName':'nil','MonitoringAlertName':'x','DatapointsToAlert':1,'EvaluationPeriod':1}",
		"ResourceNotFound", "/nil");
}

static void test_alert_rule(void **state)
{
	(void)state;
	/* Outcomes by scheduled time, V: violations, C: none, F: failed, S: stopped, I: still running. */
	static const struct {
		const char *outcomes;
		int points, period;
		bool alert;
	} cases[] = {
		{"", 1, 1, false},
		{"C", 1, 1, false},
		{"V", 1, 1, true},
		{"VC", 1, 1, false},
		{"CV", 1, 1, true},
		{"VF", 1, 1, true},  /* no verdict: neither clears */
		{"CF", 1, 1, false}, /* nor raises */
		{"VFSI", 1, 1, true},
		{"VC", 1, 2, true},
		{"VCC", 1, 2, false},
		{"V", 2, 3, false},
		{"VV", 2, 3, true}, /* not full yet */
		{"VCV", 2, 3, true},
		{"VCCV", 2, 3, false},
		{"VFCFV", 2, 3, true},
		{"VVVVCVVVVV", 10, 10, false},
		{"VVVVVVVVVV", 10, 10, true},
		{"VVVVVVVVVVC", 9, 10, true},
		{"VVVVVVVVVVCC", 9, 10, false},
	};
	make_world();
	for (size_t i = 0; i < COUNT(cases); i++) {
		make_schedule("s", CONFIG_OF("def", CRON(HOURLY)));
		const size_t n = strlen(cases[i].outcomes);
		/* Newest first: the order of the ticks counts, not that of the rows. */
		for (size_t k = n; k-- > 0;) {
			const char c = cases[i].outcomes[k];
			make_execution("s", (int)k,
				       c == 'V'   ? "CompletedWithViolations"
				       : c == 'C' ? "Completed"
				       : c == 'F' ? "Failed"
				       : c == 'S' ? "Stopped"
						  : "InProgress");
		}
		call_ok("UpdateMonitoringAlert",
			text("{'MonitoringScheduleName':'s','MonitoringAlertName':'" HC_ALERT_NAME
			     "','DatapointsToAlert':%d,'EvaluationPeriod':%d}",
			     cases[i].points, cases[i].period));
		call_ok("ListMonitoringAlerts", NAMED("s"));
		const char *status = hc_tree_cstring(check_out, "MonitoringAlertSummaries.[0].AlertStatus", "?");
		if (strcmp(status, cases[i].alert ? "InAlert" : "OK") != 0) {
			print_error("%s with %d of %d: %s\n", cases[i].outcomes, cases[i].points, cases[i].period,
				    status);
			fail();
		}
		call_ok("DeleteMonitoringSchedule", NAMED("s"));
	}
}

static void test_alert_history(void **state)
{
	(void)state;
	static const char *const outcomes[] = {"CompletedWithViolations", "CompletedWithViolations", "Completed",
					       "CompletedWithViolations"};
	static const struct {
		const char *input, *expected;
	} cases[] = {
		{"{}", "InAlert:180 OK:120 InAlert:0"},
		{"{'SortOrder':'Ascending'}", "InAlert:0 OK:120 InAlert:180"},
		{"{'SortBy':'Status','SortOrder':'Ascending'}", "InAlert:0 InAlert:180 OK:120"},
		{"{'MonitoringScheduleName':'S'}", "InAlert:180 OK:120 InAlert:0"},
		{"{'MonitoringAlertName':'" HC_ALERT_NAME "'}", "InAlert:180 OK:120 InAlert:0"},
		{"{'MonitoringAlertName':'x'}", ""},
		{"{'MonitoringScheduleName':'other'}", ""},
		{"{'StatusEquals':'OK'}", "OK:120"},
		/* On or after, on or before. */
		{"{'CreationTimeAfter':1767225720}", "InAlert:180 OK:120"},
		{"{'CreationTimeBefore':1767225720}", "OK:120 InAlert:0"},
		{"{'CreationTimeBefore':1767225719.999}", "InAlert:0"},
		{"{'CreationTimeBefore':0}", ""},
		{"{'CreationTimeBefore':-0.001}", ""},
		{"{'CreationTimeAfter':0}", "InAlert:180 OK:120 InAlert:0"},
		{"{'MaxResults':2}", "InAlert:180 OK:120"},
	};
	make_world();
	make_schedule("s", CONFIG_OF("def", CRON(HOURLY)));
	make_schedule("other", CONFIG_OF("def", CRON(HOURLY)));
	for (size_t i = 0; i < COUNT(outcomes); i++) {
		make_execution("s", (int)i, outcomes[i]);
		evaluate("s");
		evaluate("s"); /* no change, no entry */
		check_alert(strcmp(outcomes[i], "Completed") == 0 ? "OK" : "InAlert");
		check_now_us += MINUTE_US;
	}
	for (size_t i = 0; i < COUNT(cases); i++) {
		char found[128] = "";
		call_ok("ListMonitoringAlertHistory", cases[i].input);
		const json_t *list = hc_tree_at(check_out, "MonitoringAlertHistory");
		for (size_t k = 0; k < json_array_size(list); k++) {
			const json_t *e = json_array_get(list, k);
			snprintf(found + strlen(found), sizeof found - strlen(found), "%s%s:%d", k ? " " : "",
				 hc_tree_cstring(e, "AlertStatus", "?"),
				 (int)(hc_tree_int(e, "CreationTime", 0) - 1767225600));
			assert_string_equal(hc_tree_cstring(e, "MonitoringScheduleName", "?"), "s");
			assert_string_equal(hc_tree_cstring(e, "MonitoringAlertName", "?"), HC_ALERT_NAME);
		}
		assert_string_equal(found, cases[i].expected);
	}
	const char *token = hc_tree_cstring(check_out, "NextToken", "");
	call_ok("ListMonitoringAlertHistory", text("{'MaxResults':2,'NextToken':'%s'}", token));
	check_member("MonitoringAlertHistory",
		     "[{'AlertStatus':'InAlert','CreationTime':1767225600,'MonitoringAlertName':'" HC_ALERT_NAME
		     "','MonitoringScheduleName':'s'}]");
	check_member("NextToken", "");
	call_fails("ListMonitoringAlertHistory", "{'NextToken':'x'}", "ValidationException", "NextToken");
	call_fails("ListMonitoringAlertHistory", NAMED("nil"), "ResourceNotFound", "/nil");
	call_fails("ListMonitoringAlertHistory", "{'MonitoringScheduleName':'s','MonitoringAlertName':'x'}",
		   "ResourceNotFound", "alert \"x\"");
}

/* ---- processing jobs ---- */

/* As suggest_baseline sends it. */
#define JOB                                                                                                            \
	"{'ProcessingJobName':'Job-1','ProcessingResources':{'ClusterConfig':{'InstanceType':'ml.m5.xlarge',"          \
	"'InstanceCount':1,'VolumeSizeInGB':20}},'AppSpecification':{'ImageUri':'" ANALYZER "'},'RoleArn':'" ROLE "'," \
	"'ProcessingInputs':[{'InputName':'data','AppManaged':false,'S3Input':{'S3Uri':'s3://bkt/base.csv',"           \
	"'LocalPath':'/opt/ml/processing/input/data','S3DataType':'S3Prefix','S3InputMode':'File',"                    \
	"'S3DataDistributionType':'FullyReplicated','S3CompressionType':'None'}}],"                                    \
	"'ProcessingOutputConfig':{'Outputs':[{'OutputName':'out','AppManaged':false,'S3Output':{"                     \
	"'S3Uri':'s3://bkt/baseline','LocalPath':'/opt/ml/processing/output','S3UploadMode':'EndOfJob'}}]},"           \
	"'Environment':{'output_path':'/opt/ml/processing/output','publish_cloudwatch_metrics':'Disabled',"            \
	"'dataset_format':'{\\'csv\\': {\\'header\\': true}}','dataset_source':'/opt/ml/processing/input/data',"       \
	"'analysis_type':'MODEL_QUALITY','problem_type':'BinaryClassification','inference_attribute':'prediction',"    \
	"'probability_attribute':'probability','ground_truth_attribute':'label'}%s}"

/* The job with the member at `path` set to `value` (JSON with '; NULL: removed). */
static const char *changed_job(const char *path, const char *value)
{
	json_auto_t *job = hc_tree_parse(quoted(text(JOB, "")));
	assert_non_null(job);
	const char *dot = strrchr(path, '.');
	const char *last = dot ? dot + 1 : path;
	json_t *parent = dot ? hc_tree_at(job, text("%.*s", (int)(dot - path), path)) : job;
	assert_non_null(parent);
	if (value) {
		json_t *tree = hc_tree_parse(quoted(value));
		assert_non_null(tree);
		if (json_is_array(parent))
			assert_int_equal(json_array_append_new(parent, tree), 0);
		else
			assert_int_equal(json_object_set_new(parent, last, tree), 0);
	} else {
		assert_int_equal(json_object_del(parent, last), 0);
	}
	struct hc_str out = hc_tree_print(job, &check_arena);
	assert_non_null(out.p);
	return out.p;
}

#define S3IN(key) "ProcessingInputs.[0].S3Input." key
#define S3OUT(key) "ProcessingOutputConfig.Outputs.[0].S3Output." key
#define ONE_INPUT(name, path) \
	"{'InputName':'" name "','S3Input':{'S3Uri':'s3://b/k','LocalPath':'" path "','S3DataType':'S3Prefix'}}"
#define ONE_OUTPUT(name, path) \
	"{'OutputName':'" name "','S3Output':{'S3Uri':'s3://b/k','LocalPath':'" path "','S3UploadMode':'EndOfJob'}}"

static void test_refused_jobs(void **state)
{
	(void)state;
	static const struct {
		const char *path, *value, *part;
	} cases[] = {
		/* The program. */
		{"AppSpecification.ImageUri", "'python:3'", "AppSpecification.ImageUri"},
		{"AppSpecification.ContainerEntrypoint", "['sh']", "AppSpecification.ContainerEntrypoint"},
		{"AppSpecification.ContainerArguments", "['-c']", "AppSpecification.ContainerArguments"},
		/* What the analyzer is told. */
		{"Environment.analysis_type", NULL, "data quality"},
		{"Environment.analysis_type", "''", "data quality"},
		{"Environment.analysis_type", "'DATA_QUALITY'", "only MODEL_QUALITY is supported"},
		{"Environment", NULL, "Environment.analysis_type"},
		{"Environment.dataset_source", NULL,
		 "missing required field, CreateProcessingJobInput.Environment.dataset_source"},
		{"Environment.output_path", "''", "Environment.output_path"},
		{"Environment.problem_type", NULL, "Environment.problem_type"},
		{"Environment.problem_type", "'Clustering'", "must be one of BinaryClassification"},
		{"Environment.dataset_format", "'csv'", "known formats"},
		{"Environment.dataset_format", "'{\\'parquet\\':{}}'", "known formats"},
		{"Environment.dataset_format", "'{\\'csv\\':'", "known formats"},
		{"Environment.probability_threshold_attribute", "'half'", "must be a number"},
		{"Environment.hindcast_max_bad_record", "'1'", "hindcast_max_bad_records"},
		{"Environment.hindcast_max_bad_records", "'-1'", "hindcast_max_bad_records"},
		{"Environment.hindcast_scheduled_time", "'2026-01-01T00:00Z'", "no setting of hindcast"},
		/* Paths that lead out. */
		{"Environment.dataset_source", "'/etc'", "Environment.dataset_source"},
		{"Environment.output_path", "'/opt/ml/processing/../../../tmp'", "Environment.output_path"},
		{"Environment.baseline_constraints", "'/etc/passwd'", "Environment.baseline_constraints"},
		{"Environment.post_analytics_processor_script", "'x.py'",
		 "Environment.post_analytics_processor_script"},
		{"Environment.record_preprocessor_script", "'/opt/ml/processing'",
		 "Environment.record_preprocessor_script"},
		{"Environment.output_message_file", "'/home/a/.profile'", "Environment.output_message_file"},
		{"Environment.cloudwatch_metrics_directory", "'/opt/ml/./x'",
		 "Environment.cloudwatch_metrics_directory"},
		/* Inputs. */
		{"ProcessingInputs.[0].InputName", "''", "ProcessingInputs[0].InputName"},
		{"ProcessingInputs.[0].AppManaged", "true", "ProcessingInputs[0].AppManaged"},
		{"ProcessingInputs.[0].S3Input", NULL,
		 "missing required field, CreateProcessingJobInput.ProcessingInputs[0].S3Input."},
		{"ProcessingInputs.[0].DatasetDefinition", "{'LocalPath':'/opt/ml/processing/x'}", "DatasetDefinition"},
		{S3IN("S3Uri"), "'https://bkt/base.csv'", "ProcessingInputs[0].S3Input.S3Uri"},
		{S3IN("S3DataType"), "'ManifestFile'", "only S3Prefix is supported"},
		{S3IN("S3InputMode"), "'Pipe'", "only File is supported"},
		{S3IN("S3CompressionType"), "'Gzip'", "only None is supported"},
		{S3IN("LocalPath"), NULL,
		 "missing required field, CreateProcessingJobInput.ProcessingInputs[0].S3Input.LocalPath"},
		{S3IN("LocalPath"), "'/opt/ml/input'", "must be below /opt/ml/processing/"},
		{S3IN("LocalPath"), "'opt/ml/processing/x'", "must be below"},
		{S3IN("LocalPath"), "'/opt/ml/processing'", "must be below"},
		{S3IN("LocalPath"), "'/opt/ml/processing/'", "must be below"},
		{S3IN("LocalPath"), "'/opt/ml/processing//x'", "must be below"},
		{S3IN("LocalPath"), "'/opt/ml/processing/..'", "must be below"},
		{S3IN("LocalPath"), "'/opt/ml/processing/x/../../y'", "must be below"},
		{S3IN("LocalPath"), "'/opt/ml/processing/./x'", "must be below"},
		{"ProcessingInputs.+", ONE_INPUT("data", "/opt/ml/processing/x"), "ProcessingInputs[1].InputName"},
		{"ProcessingInputs.+", ONE_INPUT("b", "/opt/ml/processing/input/data/"),
		 "another input or output has the same path, "
		 "CreateProcessingJobInput.ProcessingInputs[1].S3Input.LocalPath"},
		/* Outputs. */
		{"ProcessingOutputConfig.Outputs.[0].OutputName", "''", "ProcessingOutputConfig.Outputs[0].OutputName"},
		{"ProcessingOutputConfig.Outputs.[0].S3Output", NULL, "Outputs[0].S3Output"},
		{"ProcessingOutputConfig.Outputs.[0].AppManaged", "true", "Outputs[0].AppManaged"},
		{"ProcessingOutputConfig.Outputs.[0].FeatureStoreOutput", "{'FeatureGroupName':'g'}",
		 "no feature store"},
		{S3OUT("S3Uri"), "'https://bkt/x'", "ProcessingOutputConfig.Outputs[0].S3Output.S3Uri"},
		{S3OUT("LocalPath"), "'/tmp'", "ProcessingOutputConfig.Outputs[0].S3Output.LocalPath"},
		{S3OUT("LocalPath"), "'/opt/ml/processing/input/data'", "same path"},
		{"ProcessingOutputConfig.Outputs.+", ONE_OUTPUT("out", "/opt/ml/processing/x"),
		 "Outputs[1].OutputName"},
		{"ProcessingOutputConfig.Outputs.+", ONE_OUTPUT("b", "/opt/ml/processing/output"), "same path"},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct hc_err err;
		if (try_call("CreateProcessingJob", changed_job(cases[i].path, cases[i].value), &err)) {
			print_error("%s = %s is accepted\n", cases[i].path,
				    cases[i].value ? cases[i].value : "nothing");
			fail();
		}
		if (!check_fault.code || strcmp(check_fault.code, "ValidationException") != 0 ||
		    !strstr(check_fault.text, cases[i].part)) {
			print_error("%s = %s: %s: %s (%s), not %s\n", cases[i].path,
				    cases[i].value ? cases[i].value : "nothing",
				    check_fault.code ? check_fault.code : "no fault", check_fault.text, err.msg,
				    cases[i].part);
			fail();
		}
	}
	call_ok("ListProcessingJobs", "{}");
	check_member("", "{'ProcessingJobSummaries':[]}");
}

static void test_accepted_jobs(void **state)
{
	(void)state;
	static const char *const commands[] = {"my/monitor=/usr/bin/monitor", NULL};
	static const struct {
		const char *path, *value;
	} cases[] = {
		{"RoleArn", "'" ROLE "'"},
		{"ProcessingResources.ClusterConfig.InstanceCount", "7"},
		{"StoppingCondition", "{'MaxRuntimeInSeconds':1800}"},
		{"Environment.dataset_format", "'{\\'json\\': {\\'lines\\': true}}'"},
		{"Environment.dataset_format",
		 "'{\\'sagemakerMergeJson\\':{\\'captureIndexNames\\':[\\'endpointOutput\\']}}'"},
		{"Environment.dataset_format", NULL},
		{"Environment.probability_threshold_attribute", "'0.5'"},
		{"Environment.hindcast_max_bad_records", "'10'"},
		{"Environment.baseline_constraints", "'/opt/ml/processing/baseline/constraints.json'"},
		{"Environment.output_message_file", "'/opt/ml/output/message'"},
		{"NetworkConfig", "{'EnableNetworkIsolation':true}"},
		{"ProcessingInputs.[0].AppManaged", NULL},
		{S3IN("S3InputMode"), NULL},
		{S3IN("LocalPath"), "'/opt/ml/processing/input/..data/'"},
		{"ProcessingInputs.+", ONE_INPUT("b", "/opt/ml/processing/b")},
		{"ProcessingOutputConfig.Outputs.+", ONE_OUTPUT("b", "/opt/ml/processing/b")},
		{"ProcessingOutputConfig", NULL},
		/* A mapped image is told by its own rules what to do. */
		{"AppSpecification",
		 "{'ImageUri':'1.dkr.ecr.x.amazonaws.com/my/monitor:2','ContainerArguments':['-v']}"},
	};
	check_server.image_commands = commands;
	for (size_t i = 0; i < COUNT(cases); i++) {
		call_ok("CreateProcessingJob", changed_job(cases[i].path, cases[i].value));
		struct hc_resource r = stored(HC_KIND_JOB, "Job-1");
		check_str(r.status, "InProgress");
		assert_null(r.detail.p);
		if (strcmp(cases[i].path, "StoppingCondition") == 0) {
			call_ok("DescribeProcessingJob", "{'ProcessingJobName':'Job-1'}");
			check_member("StoppingCondition", cases[i].value);
		}
		r.status = HC_STR("Completed");
		direct(&(struct direct){.what = UPDATE, .r = &r});
		call_ok("DeleteProcessingJob", "{'ProcessingJobName':'Job-1'}");
	}
}

static void test_merge_job(void **state)
{
	(void)state;
#define MERGE_JOB                                                                                                    \
	"{'ProcessingJobName':'m','ProcessingResources':{'ClusterConfig':{'InstanceType':'ml.m5.xlarge',"            \
	"'InstanceCount':1,'VolumeSizeInGB':20}},'AppSpecification':{'ImageUri':'" MERGER "'},'RoleArn':'" ROLE "'," \
	"'Environment':{'dataset_source':'/opt/ml/processing/input_data','output_path':'/opt/ml/processing/"         \
	"output'%s}}"
	call_fails("CreateProcessingJob", text(MERGE_JOB, ""), "ValidationException",
		   "Environment.ground_truth_source");
	call_fails("CreateProcessingJob", text(MERGE_JOB, ",'ground_truth_source':'/x'"), "ValidationException",
		   "Environment.ground_truth_source");
	call_ok("CreateProcessingJob", text(MERGE_JOB, ",'ground_truth_source':'/opt/ml/processing/groundtruth'"));
}

static void test_job_described(void **state)
{
	(void)state;
	call_ok("CreateProcessingJob", text(JOB, ",'Tags':[{'Key':'team','Value':'x'}]"));
	check_member("", "{'ProcessingJobArn':'" CHECK_ARN "processing-job/job-1'}");
	call_fails("CreateProcessingJob", text(JOB, ""), "ResourceInUse", CHECK_ARN "processing-job/job-1");
	call_ok("ListTags", "{'ResourceArn':'" CHECK_ARN "processing-job/job-1'}");
	check_member("Tags", "[{'Key':'team','Value':'x'}]");
	call_ok("DescribeProcessingJob", "{'ProcessingJobName':'Job-1'}");
	/* All that was given, and nothing that was not. */
	json_auto_t *given = hc_tree_parse(quoted(text(JOB, "")));
	const char *key;
	json_t *value;
	json_object_foreach(given, key, value)
	{
		if (!json_equal(value, hc_tree_at(check_out, key))) {
			print_error("%s is not as it was given\n", key);
			fail();
		}
		json_object_del(check_out, key);
	}
	check_member("", "{'CreationTime':1767225600,'LastModifiedTime':1767225600,'ProcessingJobArn':'" CHECK_ARN
			 "processing-job/job-1','ProcessingJobStatus':'InProgress',"
			 "'StoppingCondition':{'MaxRuntimeInSeconds':86400}}");
	/* What the runner finds out. */
	struct hc_resource r = stored(HC_KIND_JOB, "Job-1");
	r.status = HC_STR("Failed");
	r.failure = HC_STR("AlgorithmError: x");
	r.detail = quoted("{'ExitMessage':'m','ProcessingStartTime':1767225601.5,'ProcessingEndTime':1767225602,"
			  "'MonitoringScheduleArn':'" CHECK_ARN "monitoring-schedule/s','Pid':1}");
	direct(&(struct direct){.what = UPDATE, .r = &r});
	call_ok("DescribeProcessingJob", "{'ProcessingJobName':'Job-1'}");
	check_member("ExitMessage", "'m'");
	check_member("FailureReason", "'AlgorithmError: x'");
	check_member("ProcessingStartTime", "1767225601.5");
	check_member("ProcessingEndTime", "1767225602");
	check_member("MonitoringScheduleArn", "'" CHECK_ARN "monitoring-schedule/s'");
	check_member("Pid", "");
	call_ok("ListProcessingJobs", "{}");
	check_member("", "{'ProcessingJobSummaries':[{'CreationTime':1767225600,'ExitMessage':'m','FailureReason':"
			 "'AlgorithmError: x','LastModifiedTime':1767225600,'ProcessingEndTime':1767225602,"
			 "'ProcessingJobArn':'" CHECK_ARN "processing-job/job-1','ProcessingJobName':'Job-1',"
			 "'ProcessingJobStatus':'Failed'}]}");
	call_fails("DescribeProcessingJob", "{'ProcessingJobName':'nil'}", "ResourceNotFound",
		   CHECK_ARN "processing-job/nil");
}

static void test_job_stopped_and_deleted(void **state)
{
	(void)state;
	static const char *const ended[] = {"Completed", "Failed", "Stopped"};
#define JOB_1 "{'ProcessingJobName':'Job-1'}"
	call_ok("CreateProcessingJob", text(JOB, ""));
	call_fails("DeleteProcessingJob", JOB_1, "ResourceInUse", "InProgress");
	check_now_us += MINUTE_US;
	call_ok("StopProcessingJob", JOB_1);
	check_member("", "{}");
	check_now_us += MINUTE_US;
	call_ok("StopProcessingJob", JOB_1);
	call_ok("DescribeProcessingJob", JOB_1);
	check_member("ProcessingJobStatus", "'Stopping'");
	check_member("LastModifiedTime", "1767225660");
	call_fails("DeleteProcessingJob", JOB_1, "ResourceInUse", "Stopping");
	struct hc_resource r = stored(HC_KIND_JOB, "Job-1");
	for (size_t i = 0; i < COUNT(ended); i++) {
		r.status = hc_str(ended[i]);
		direct(&(struct direct){.what = UPDATE, .r = &r});
		call_fails("StopProcessingJob", JOB_1, "ValidationException", ended[i]);
	}
	call_ok("DeleteProcessingJob", JOB_1);
	call_fails("DescribeProcessingJob", JOB_1, "ResourceNotFound", "/job-1");
	call_fails("StopProcessingJob", JOB_1, "ResourceNotFound", "/job-1");
	call_fails("DeleteProcessingJob", JOB_1, "ResourceNotFound", "/job-1");
	call_ok("CreateProcessingJob", text(JOB, ""));
}

static void test_jobs_listed(void **state)
{
	(void)state;
	static const struct {
		const char *input, *names;
	} cases[] = {
		{"{}", "a b c"}, /* the oldest first */
		{"{'SortOrder':'Descending'}", "c b a"},
		{"{'SortBy':'Name','SortOrder':'Descending'}", "c b a"},
		{"{'SortBy':'Status'}", "a c b"},
		{"{'StatusEquals':'Stopping'}", "b"},
		{"{'NameContains':'C'}", "c"},
		{"{'CreationTimeAfter':1767225600}", "b c"},
		{"{'CreationTimeBefore':1767225660}", "a"},
		{"{'LastModifiedTimeAfter':1767225720}", "b"},
		{"{'LastModifiedTimeBefore':1767225720}", "a"},
		{"{'MaxResults':2}", "a b"},
	};
	for (const char *name = "abc"; *name; name++) {
		call_ok("CreateProcessingJob", changed_job("ProcessingJobName", text("'%c'", *name)));
		check_now_us += MINUTE_US;
	}
	call_ok("StopProcessingJob", "{'ProcessingJobName':'b'}");
	for (size_t i = 0; i < COUNT(cases); i++) {
		char names[64] = "";
		call_ok("ListProcessingJobs", cases[i].input);
		const json_t *list = hc_tree_at(check_out, "ProcessingJobSummaries");
		for (size_t k = 0; k < json_array_size(list); k++) {
			strcat(names, k ? " " : "");
			strcat(names, hc_tree_cstring(json_array_get(list, k), "ProcessingJobName", "?"));
		}
		if (strcmp(names, cases[i].names) != 0) {
			print_error("%s: %s is not %s\n", cases[i].input, names, cases[i].names);
			fail();
		}
	}
	const char *token = hc_tree_cstring(check_out, "NextToken", "");
	call_ok("ListProcessingJobs", text("{'MaxResults':2,'NextToken':'%s'}", token));
	check_member("ProcessingJobSummaries.[0].ProcessingJobName", "'c'");
	check_member("NextToken", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_service(test_refused_configs),
		in_service(test_accepted_configs),
		in_service(test_daily_by_default),
		in_service(test_schedule_described),
		in_service(test_schedules_listed),
		in_service(test_schedule_updated),
		in_service(test_schedule_stopped_and_started),
		in_service(test_too_many_schedules),
		in_service(test_schedule_deleted),
		in_service(test_executions),
		in_service(test_alert_made),
		in_service(test_alert_rule),
		in_service(test_alert_history),
		in_service(test_refused_jobs),
		in_service(test_accepted_jobs),
		in_service(test_merge_job),
		in_service(test_job_described),
		in_service(test_job_stopped_and_deleted),
		in_service(test_jobs_listed),
	};
	check_under_test = &hc_sagemaker;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
