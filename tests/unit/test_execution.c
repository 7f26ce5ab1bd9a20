#include "sched/execution.h"

#include "check_sched.h"
#include "sched/alert.h"
#include "sched/slot.h"

#define ARN "arn:aws:sagemaker:us-west-2:123456789012:"
#define HOURLY "cron(0 * ? * * *)"

static char said[512]; /* the last line that the scheduler said */

static void say(void *arg, const char *line)
{
	(void)arg;
	snprintf(said, sizeof said, "%s", line);
}

static const struct hc_sched sched = {.account = "123456789012", .region = "us-west-2", .say = say};

/* --- what a server would hold ------------------------------------------------------------------- */

static void insert(struct hc_resource r)
{
	char arn[128];
	snprintf(arn, sizeof arn, ARN "%d/%.*s", (int)r.kind, HC_STR_ARG(r.name));
	r.arn = hc_str(arn);
	r.created_us = r.modified_us = at("2026-03-01T00:00Z");
	if (!r.detail.p)
		r.detail = HC_STR("{}");
	ok(hc_resource_insert(check_db, &r, &check_err));
}

/* `destination` NULL: nothing is captured. */
static void make_endpoint(const char *destination)
{
	char detail[128] = "{}";
	if (destination)
		snprintf(detail, sizeof detail, "{'DataCaptureConfig':{'DestinationS3Uri':'%s'}}", destination);
	insert((struct hc_resource){
		.kind = HC_KIND_ENDPOINT, .name = HC_STR("ep"), .doc = HC_STR("{}"), .detail = quoted(detail)});
}

static void make_definition(const char *name)
{
	insert((struct hc_resource){
		.kind = HC_KIND_DEFINITION,
		.name = hc_str(name),
		.doc = quoted(
			"{'ModelQualityAppSpecification':{'ImageUri':'r/sagemaker-model-monitor-analyzer',"
			"'ProblemType':'Regression'},'ModelQualityJobInput':{'EndpointInput':{'EndpointName':'ep',"
			"'LocalPath':'/opt/ml/processing/input','InferenceAttribute':'0'},'GroundTruthS3Input':"
			"{'S3Uri':'s3://b/gt'}},'ModelQualityJobOutputConfig':{'MonitoringOutputs':[{'S3Output':"
			"{'S3Uri':'s3://b/out','LocalPath':'/opt/ml/processing/output'}}]},'JobResources':"
			"{'ClusterConfig':{'InstanceCount':1,'InstanceType':'ml.m5.large','VolumeSizeInGB':1}},"
			"'RoleArn':'arn:aws:iam::123456789012:role/r'}")});
}

/* A schedule whose ticks are due after `since`. */
static void make_schedule(const char *name, const char *cron, const char *definition, int64_t since_us)
{
	char doc[256];
	snprintf(doc, sizeof doc, "{'ScheduleConfig':{'ScheduleExpression':'%s'}}", cron);
	insert((struct hc_resource){.kind = HC_KIND_SCHEDULE,
				    .name = hc_str(name),
				    .status = HC_STR("Scheduled"),
				    .slot_us = since_us,
				    .revision = 1,
				    .definition = hc_str(definition),
				    .endpoint = HC_STR("ep"),
				    .type = HC_STR("ModelQuality"),
				    .doc = quoted(doc)});
}

static void make_data(int64_t first_us, int hours)
{
	char path[HC_HOUR_PATH_SIZE], key[64];
	make_bucket("b");
	for (int i = 0; i < hours; i++) {
		hc_instant_hour_path(first_us + i * HC_HOUR_US, path);
		snprintf(key, sizeof key, "cap/ep/A/%s/a", path);
		put_object("b", hc_str(key));
		snprintf(key, sizeof key, "gt/%s/a", path);
		put_object("b", hc_str(key));
	}
}

static struct hc_resource get(enum hc_kind kind, const char *name)
{
	struct hc_resource r;
	bool found;
	ok(hc_resource_get(check_db, kind, hc_str(name), &check_arena, &r, &found, &check_err));
	if (!found)
		fail_msg("%s is not there", name);
	return r;
}

static struct hc_resources list(enum hc_kind kind, const char *status, int64_t parent_uid)
{
	struct hc_resources found;
	struct hc_resource_filter filter = {.kind = kind, .parent_uid = parent_uid, .sort = HC_SORT_SLOT};
	if (status)
		filter.status = hc_str(status);
	ok(hc_resource_list(check_db, &filter, &check_arena, &found, &check_err));
	return found;
}

/* --- what the server does ----------------------------------------------------------------------- */

static struct hc_claimed claim(const char *now)
{
	struct hc_claimed claimed;
	said[0] = '\0';
	ok(hc_sched_claim(check_db, &sched, at(now), &claimed, &check_err));
	return claimed;
}

static enum hc_code end_as(struct hc_resource job, const char *status, const char *more, const char *merged,
			   int64_t now_us)
{
	json_t *detail = hc_tree_parse(job.detail), *hours = merged ? tree_of(merged) : NULL;
	job.status = hc_str(status);
	if (strcmp(status, "Failed") == 0)
		job.failure = hc_str(more);
	else
		assert_true(hc_tree_set_text(detail, "ExitMessage", hc_str(more)));
	job.detail = hc_tree_print(detail, &check_arena);
	json_decref(detail);
	enum hc_code code = hc_resource_update(check_db, &job, &check_err);
	if (code == HC_OK)
		code = hc_sched_job_ended(check_db, &sched, &job, hours, now_us, &check_err);
	json_decref(hours);
	return code;
}

/* The one job that runs ends so. */
static void end_job(const char *prefix, const char *status, const char *more, const char *merged, const char *now)
{
	struct hc_resources jobs = list(HC_KIND_JOB, "InProgress", 0);
	assert_int_equal(jobs.n, 1);
	assert_true(hc_str_starts(jobs.list[0].name, prefix));
	ok(end_as(jobs.list[0], status, more, merged, at(now)));
}

/* The one execution of a slot. */
static struct hc_resource execution_of(const char *schedule, const char *slot)
{
	struct hc_resources all = list(HC_KIND_EXECUTION, NULL, 0);
	struct hc_resource found = {0};
	for (size_t i = 0; i < all.n; i++) {
		if (all.list[i].slot_us != at(slot) || !hc_str_eq(all.list[i].parent, hc_str(schedule)))
			continue;
		assert_int_equal(found.uid, 0);
		found = all.list[i];
	}
	if (!found.uid)
		fail_msg("no execution of %s", slot);
	return found;
}

#define check_status(slot, expected) check_str(execution_of("s", (slot)).status, (expected))

static void make_all(const char *cron, const char *since)
{
	make_endpoint("s3://b/cap");
	make_definition("d");
	make_schedule("s", cron, "d", at(since));
	make_data(at("2026-03-01T00:00Z"), 12);
}

/* --- tests -------------------------------------------------------------------------------------- */

static void test_life(void **state)
{
	(void)state;
	make_all(HOURLY, "2026-03-01T00:00Z");
	/* not due: when to look again */
	struct hc_claimed c = claim("2026-03-01T00:59:59Z");
	assert_int_equal(c.claimed, 0);
	assert_int_equal(c.next_us, at("2026-03-01T01:00Z"));
	/* due: once */
	c = claim("2026-03-01T01:00:02Z");
	assert_int_equal(c.claimed, 1);
	assert_int_equal(claim("2026-03-01T01:00:03Z").claimed, 0);
	struct hc_resource e = execution_of("s", "2026-03-01T01:00Z"), s = get(HC_KIND_SCHEDULE, "s");
	check_str(e.status, "InProgress");
	assert_int_equal(e.created_us, at("2026-03-01T01:00:02Z"));
	assert_int_equal(e.parent_uid, s.uid);
	assert_int_equal(s.slot_us, at("2026-03-01T01:00Z"));
	assert_int_equal(s.modified_us, at("2026-03-01T00:00Z"));
	check_str(e.definition, "d");
	check_str(e.endpoint, "ep");
	check_str(e.type, "ModelQuality");
	/* its merge job, and what it knows */
	struct hc_resources jobs = list(HC_KIND_JOB, "InProgress", e.uid);
	assert_int_equal(jobs.n, 1);
	struct hc_resource merge = jobs.list[0];
	assert_true(hc_str_starts(merge.name, "groundtruth-merge-202603010100-"));
	assert_true(hc_str_starts(merge.arn, ARN "processing-job/groundtruth-merge-202603010100-"));
	assert_true(hc_str_eq(e.job_arn, merge.arn));
	json_t *detail = hc_tree_parse(merge.detail);
	check_tree_is(detail, "Role", "'merge'");
	check_tree_is(detail, "MonitoringScheduleArn", "'" ARN "2/s'");
	check_tree_is(detail, "ReportS3Uri", "'s3://b/out/ep/s/2026/03/01/01'");
	check_tree_is(detail, "MergedBelow", "''");
	json_decref(detail);
	/* then the monitoring job, under the same hex */
	end_job("groundtruth-merge-", "Completed", "", "['ep/A/2026/03/01/00']", "2026-03-01T01:01Z");
	e = execution_of("s", "2026-03-01T01:00Z");
	check_str(e.status, "InProgress");
	struct hc_resource monitoring = list(HC_KIND_JOB, "InProgress", e.uid).list[0];
	assert_true(hc_str_starts(monitoring.name, "model-quality-monitoring-202603010100-"));
	assert_memory_equal(monitoring.name.p + monitoring.name.n - 24, merge.name.p + merge.name.n - 24, 24);
	assert_true(hc_str_eq(e.job_arn, monitoring.arn));
	detail = hc_tree_parse(monitoring.detail);
	check_tree_is(detail, "Role", "'monitoring'");
	check_tree_is(detail, "MonitoringScheduleArn", "'" ARN "2/s'");
	json_decref(detail);
	json_t *doc = hc_tree_parse(monitoring.doc);
	check_tree_is(doc, "ProcessingInputs.[0].S3Input.S3Uri", "'s3://b/out/merge/ep/A/2026/03/01/00'");
	json_decref(doc);
	end_job("model-quality-monitoring-", "Completed",
		"CompletedWithViolations: Job completed successfully with 9 violations.", NULL, "2026-03-01T01:02Z");
	e = execution_of("s", "2026-03-01T01:00Z");
	check_str(e.status, "CompletedWithViolations");
	assert_null(e.failure.p);
	assert_int_equal(e.modified_us, at("2026-03-01T01:02Z"));
	assert_true(hc_str_eq(e.job_arn, monitoring.arn));
}

/* How the last job ends is how the execution ends. */
static void test_ends(void **state)
{
	(void)state;
	static const struct {
		const char *merge, *monitoring, *more, *status, *failure;
	} table[] = {
		{"Completed", "Completed", "Completed: Job completed successfully with no violations.", "Completed",
		 NULL},
		{"Completed", "Completed", "", "Completed", NULL},
		{"Completed", "Completed", "CompletedWithViolations: 1", "CompletedWithViolations", NULL},
		{"Completed", "Failed", "AlgorithmError: x", "Failed", "AlgorithmError: x"},
		{"Completed", "Stopped", "", "Stopped", NULL},
		{"Failed", NULL, "AlgorithmError: y", "Failed", "AlgorithmError: y"},
		{"Stopped", NULL, "", "Stopped", NULL},
	};
	make_all(HOURLY, "2026-03-01T00:00Z");
	for (size_t i = 0; i < COUNT(table); i++) {
		char slot[32];
		snprintf(slot, sizeof slot, "2026-03-01T%02zu:00Z", i + 1);
		assert_int_equal(claim(slot).claimed, 1);
		end_job("groundtruth-", table[i].merge, table[i].monitoring ? "" : table[i].more, "[]", slot);
		if (table[i].monitoring)
			end_job("model-quality-", table[i].monitoring, table[i].more, NULL, slot);
		struct hc_resource e = execution_of("s", slot);
		check_str(e.status, table[i].status);
		check_str(e.failure, table[i].failure ? table[i].failure : "");
		assert_int_equal(list(HC_KIND_JOB, "InProgress", 0).n, 0);
	}
}

/* A schedule runs one at a time; ticks that it missed follow, oldest first. Another schedule does not wait. */
static void test_one_at_a_time(void **state)
{
	(void)state;
	make_all(HOURLY, "2026-03-01T00:00Z");
	make_schedule("t", HOURLY, "d", at("2026-03-01T02:00Z"));
	struct hc_claimed c = claim("2026-03-01T03:30Z");
	assert_int_equal(c.claimed, 2);
	check_status("2026-03-01T01:00Z", "InProgress");
	check_str(execution_of("t", "2026-03-01T03:00Z").status, "InProgress");
	c = claim("2026-03-01T03:30Z");
	assert_int_equal(c.claimed, 0);
	assert_int_equal(c.next_us, at("2026-03-01T04:00Z")); /* of t, which is in step */
	/* a job that is being stopped is still under way */
	struct hc_resource e = execution_of("s", "2026-03-01T01:00Z");
	e.status = HC_STR("Stopping");
	ok(hc_resource_update(check_db, &e, &check_err));
	assert_int_equal(claim("2026-03-01T03:30Z").claimed, 0);
	ok(end_as(list(HC_KIND_JOB, "InProgress", e.uid).list[0], "Stopped", "", NULL, at("2026-03-01T03:31Z")));
	assert_int_equal(claim("2026-03-01T03:31Z").claimed, 1);
	check_status("2026-03-01T01:00Z", "Stopped");
	check_status("2026-03-01T02:00Z", "InProgress");
}

/* What cannot be read fails at once, in AWS's words, without a job; the next tick is claimed all the same. */
static void check_failed(const char *slot, const char *says)
{
	struct hc_resource e = execution_of("s", slot);
	check_str(e.status, "Failed");
	assert_null(e.job_arn.p);
	assert_true(e.failure.n <= 1024);
	char *text = hc_arena_cstring(&check_arena, e.failure);
	if (!strstr(text, says))
		fail_msg("%s: %s", slot, text);
	assert_int_equal(list(HC_KIND_JOB, NULL, e.uid).n, 0);
}

static void test_failing_claims(void **state)
{
	(void)state;
	make_definition("d");
	make_schedule("s", HOURLY, "d", at("2026-03-01T00:00Z"));
	assert_int_equal(claim("2026-03-01T01:00Z").claimed, 1);
	check_failed("2026-03-01T01:00Z", "Job inputs had no data: there is no endpoint ep");
	make_endpoint(NULL);
	claim("2026-03-01T02:00Z");
	check_failed("2026-03-01T02:00Z", "Job inputs had no data: the endpoint ep has no DataCaptureConfig");
	ok(hc_resource_delete(check_db, get(HC_KIND_ENDPOINT, "ep").uid, &check_err));
	make_endpoint("s3://none/cap");
	claim("2026-03-01T03:00Z");
	check_failed("2026-03-01T03:00Z", "Job inputs had no data: no captured data below s3://none/cap/ep");
	ok(hc_resource_delete(check_db, get(HC_KIND_ENDPOINT, "ep").uid, &check_err));
	make_endpoint("s3://b/cap");
	claim("2026-03-01T04:00Z");
	check_failed("2026-03-01T04:00Z", "Job inputs had no data: no captured data below s3://b/cap/ep");
	PUT("b/cap/ep/A/2026/03/01/04/a");
	claim("2026-03-01T05:00Z");
	check_failed("2026-03-01T05:00Z", "Job inputs had no data: no ground truth below s3://b/gt");
	ok(hc_resource_delete(check_db, get(HC_KIND_DEFINITION, "d").uid, &check_err));
	claim("2026-03-01T06:00Z");
	check_failed("2026-03-01T06:00Z", "the job definition d is gone; create it again");
	/* missed ticks that fail all of them follow one another */
	struct hc_claimed c;
	for (int hour = 7; hour <= 9; hour++) {
		c = claim("2026-03-01T09:10Z");
		assert_int_equal(c.claimed, 1);
		assert_int_equal(c.next_us, at("2026-03-01T09:10Z"));
	}
	c = claim("2026-03-01T09:10Z");
	assert_int_equal(c.claimed, 0);
	assert_int_equal(c.next_us, at("2026-03-01T10:00Z"));
	assert_int_equal(list(HC_KIND_EXECUTION, "Failed", 0).n, 9);
}

/* A reason is cut at a whole character. */
static void test_long_reason(void **state)
{
	(void)state;
	make_all(HOURLY, "2026-03-01T00:00Z");
	struct hc_resource endpoint = get(HC_KIND_ENDPOINT, "ep");
	char detail[4096] = "{'DataCaptureConfig':{'DestinationS3Uri':'s3://b/x";
	for (int i = 0; i < 500; i++)
		strcat(detail, "\xc3\xa4");
	strcat(detail, "'}}");
	endpoint.detail = quoted(detail);
	ok(hc_resource_update(check_db, &endpoint, &check_err));
	claim("2026-03-01T01:00Z");
	struct hc_resource e = execution_of("s", "2026-03-01T01:00Z");
	assert_true(e.failure.n > 1000 && e.failure.n <= 1024);
	assert_int_equal((unsigned char)e.failure.p[e.failure.n - 1], 0xa4);
}

/* What an execution needs was copied: its schedule, definition and endpoint may go while it runs. */
static void test_deleted(void **state)
{
	(void)state;
	make_all(HOURLY, "2026-03-01T00:00Z");
	claim("2026-03-01T01:00Z");
	static const struct {
		enum hc_kind kind;
		const char *name;
	} gone[] = {{HC_KIND_SCHEDULE, "s"}, {HC_KIND_DEFINITION, "d"}, {HC_KIND_ENDPOINT, "ep"}};
	for (size_t i = 0; i < COUNT(gone); i++)
		ok(hc_resource_delete(check_db, get(gone[i].kind, gone[i].name).uid, &check_err));
	assert_int_equal(claim("2026-03-01T05:00Z").claimed, 0);
	end_job("groundtruth-", "Completed", "", "['ep/A/2026/03/01/00']", "2026-03-01T01:01Z");
	end_job("model-quality-", "Completed", "Completed: fine", NULL, "2026-03-01T01:02Z");
	check_status("2026-03-01T01:00Z", "Completed");
	/* a new one of that name has a life of its own */
	make_endpoint("s3://b/cap");
	make_definition("d");
	make_schedule("s", HOURLY, "d", at("2026-03-01T00:00Z"));
	assert_int_equal(claim("2026-03-01T01:10Z").claimed, 1);
	assert_int_equal(list(HC_KIND_EXECUTION, NULL, 0).n, 2);
}

/* An update makes another revision, whose slots are its own; what runs goes on as it was. */
static void test_updates(void **state)
{
	(void)state;
	make_all(HOURLY, "2026-03-01T00:00Z");
	claim("2026-03-01T01:00Z");
	struct hc_resource s = get(HC_KIND_SCHEDULE, "s");
	s.revision = 2;
	s.slot_us = at("2026-03-01T00:00Z");
	ok(hc_resource_update(check_db, &s, &check_err));
	assert_int_equal(claim("2026-03-01T01:10Z").claimed, 0); /* still running */
	end_job("groundtruth-", "Failed", "x", NULL, "2026-03-01T01:20Z");
	assert_int_equal(claim("2026-03-01T01:20Z").claimed, 1); /* the slot of the new revision */
	struct hc_resources all = list(HC_KIND_EXECUTION, NULL, s.uid);
	assert_int_equal(all.n, 2);
	assert_int_equal(all.list[0].slot_us, all.list[1].slot_us);
	assert_int_equal(all.list[0].revision + all.list[1].revision, 3);
	/* stopped schedules claim nothing, their execution goes on */
	s = get(HC_KIND_SCHEDULE, "s");
	s.status = HC_STR("Stopped");
	ok(hc_resource_update(check_db, &s, &check_err));
	struct hc_claimed c = claim("2026-03-01T05:00Z");
	assert_int_equal(c.claimed, 0);
	assert_int_equal(c.next_us, INT64_MAX);
	end_job("groundtruth-", "Completed", "", "[]", "2026-03-01T05:20Z");
	assert_int_equal(list(HC_KIND_JOB, "InProgress", 0).n, 1);
}

/* The clock went back and a schedule was started anew: slots that were claimed are passed over, and nobody else is kept waiting. */
static void test_claimed_before(void **state)
{
	(void)state;
	make_all(HOURLY, "2026-03-01T00:00Z");
	make_schedule("t", HOURLY, "d", at("2026-03-01T00:00Z"));
	claim("2026-03-01T01:00Z");
	struct hc_resources jobs = list(HC_KIND_JOB, "InProgress", 0);
	for (size_t i = 0; i < jobs.n; i++)
		ok(end_as(jobs.list[i], "Failed", "x", NULL, at("2026-03-01T01:01Z")));
	struct hc_resource s = get(HC_KIND_SCHEDULE, "s");
	s.slot_us = at("2026-02-28T23:00Z");
	ok(hc_resource_update(check_db, &s, &check_err));
	for (int i = 0; i < 6; i++)
		claim("2026-03-01T02:00Z");
	check_status("2026-03-01T01:00Z", "Failed");
	check_str(execution_of("t", "2026-03-01T02:00Z").status, "InProgress");
	check_status("2026-03-01T00:00Z", "Failed"); /* no data there */
	check_status("2026-03-01T02:00Z", "InProgress");
}

/* A definition that names its baselining job alone has the constraints that the job suggested. */
static void test_baselining_job(void **state)
{
	(void)state;
	make_all(HOURLY, "2026-03-01T00:00Z");
	struct hc_resource d = get(HC_KIND_DEFINITION, "d");
	json_t *doc = hc_tree_parse(d.doc);
	assert_true(hc_tree_set(doc, "ModelQualityBaselineConfig", tree_of("{'BaseliningJobName':'base'}")));
	d.doc = hc_tree_print(doc, &check_arena);
	json_decref(doc);
	ok(hc_resource_update(check_db, &d, &check_err));
	claim("2026-03-01T01:00Z");
	check_failed("2026-03-01T01:00Z", "there is no baselining job base");
	insert((struct hc_resource){
		.kind = HC_KIND_JOB,
		.name = HC_STR("base"),
		.status = HC_STR("Completed"),
		.doc = quoted("{'ProcessingOutputConfig':{'Outputs':[{'S3Output':{'S3Uri':'s3://b/results/'}}]}}")});
	claim("2026-03-01T02:00Z");
	end_job("groundtruth-", "Completed", "", "[]", "2026-03-01T02:01Z");
	doc = hc_tree_parse(list(HC_KIND_JOB, "InProgress", 0).list[0].doc);
	check_tree_is(doc, "ProcessingInputs.[0].S3Input.S3Uri", "'s3://b/results/constraints.json'");
	json_decref(doc);
}

static void test_now(void **state)
{
	(void)state;
	make_all("NOW", "1970-01-01T00:00Z");
	assert_int_equal(claim("2026-03-01T01:17:31.5Z").claimed, 1);
	check_status("2026-03-01T01:17:31Z", "InProgress");
	assert_true(hc_str_starts(list(HC_KIND_JOB, NULL, 0).list[0].name, "groundtruth-merge-202603010117-"));
	end_job("groundtruth-", "Failed", "x", NULL, "2026-03-01T01:20Z");
	struct hc_claimed c = claim("2026-03-02T01:20Z");
	assert_int_equal(c.claimed, 0);
	assert_int_equal(c.next_us, INT64_MAX);
}

static void test_passed_over(void **state)
{
	(void)state;
	make_all(HOURLY, "2026-02-01T00:00Z");
	claim("2026-03-01T01:00Z");
	check_str(hc_str(said), "event=ticks_passed_over schedule=s ticks=649");
	check_failed("2026-02-28T02:00Z", "Job inputs had no data");
	claim("2026-03-01T01:00Z");
	check_str(hc_str(said), "");
	/* without anybody to tell */
	struct hc_sched quiet = sched;
	struct hc_claimed c;
	quiet.say = NULL;
	make_schedule("t", HOURLY, "d", at("2026-02-01T00:00Z"));
	ok(hc_sched_claim(check_db, &quiet, at("2026-03-01T01:00Z"), &c, &check_err));
}

/* Jobs that are of no execution, or of one that is gone. */
static void test_other_jobs(void **state)
{
	(void)state;
	struct hc_resource job = {.kind = HC_KIND_JOB,
				  .name = HC_STR("j"),
				  .status = HC_STR("Completed"),
				  .doc = HC_STR("{}"),
				  .detail = HC_STR("{}")};
	ok(hc_sched_job_ended(check_db, &sched, &job, NULL, 1, &check_err));
	job.parent_uid = 4711;
	ok(hc_sched_job_ended(check_db, &sched, &job, NULL, 1, &check_err));
}

/* The alert goes up with the execution's end, in the same transaction. */
static void test_alert(void **state)
{
	(void)state;
	make_all(HOURLY, "2026-03-01T00:00Z");
	struct hc_resource s = get(HC_KIND_SCHEDULE, "s");
	insert((struct hc_resource){.kind = HC_KIND_ALERT,
				    .name = hc_alert_resource_name(s.uid, HC_STR(HC_ALERT_NAME), &check_arena),
				    .status = HC_STR(HC_ALERT_OK),
				    .parent_uid = s.uid,
				    .doc = HC_STR("{}")});
	static const struct {
		const char *message, *alert;
	} table[] = {{"CompletedWithViolations: 1", HC_ALERT_IN_ALERT}, {"Completed: none", HC_ALERT_OK}};
	for (size_t i = 0; i < COUNT(table); i++) {
		char slot[32];
		snprintf(slot, sizeof slot, "2026-03-01T%02zu:00Z", i + 1);
		claim(slot);
		end_job("groundtruth-", "Completed", "", "[]", slot);
		end_job("model-quality-", "Completed", table[i].message, NULL, slot);
		check_str(list(HC_KIND_ALERT, NULL, s.uid).list[0].status, table[i].alert);
	}
}

/* More schedules than a page of the listing. */
static void test_many(void **state)
{
	(void)state;
	enum { MANY = 250 };
	make_all(HOURLY, "2026-03-01T00:00Z");
	ok(hc_db_exec(check_db, "BEGIN", &check_err));
	for (int i = 0; i < MANY; i++) {
		char name[16];
		snprintf(name, sizeof name, "m%d", i);
		make_schedule(name, i % 2 ? HOURLY : "cron(0 5 ? * * *)", "d", at("2026-03-01T00:00Z"));
	}
	assert_int_equal(claim("2026-03-01T01:00Z").claimed, MANY / 2 + 1);
	assert_int_equal(claim("2026-03-01T01:00Z").claimed, 0);
	ok(hc_db_exec(check_db, "COMMIT", &check_err));
	assert_int_equal(list(HC_KIND_JOB, "InProgress", 0).n, MANY / 2 + 1);
}

/* --- property ----------------------------------------------------------------------------------- */

/* Every slot of a revision once at most; one execution of a schedule at a time, and with it one job; else none. */
static void check_invariants(void)
{
	struct hc_resources schedules = list(HC_KIND_SCHEDULE, NULL, 0);
	for (size_t s = 0; s < schedules.n; s++) {
		struct hc_resources all = list(HC_KIND_EXECUTION, NULL, schedules.list[s].uid);
		unsigned running = 0;
		for (size_t i = 0; i < all.n; i++) {
			bool runs = hc_str_eq(all.list[i].status, HC_STR("InProgress"));
			running += runs;
			assert_int_equal(list(HC_KIND_JOB, "InProgress", all.list[i].uid).n, runs);
			assert_true(list(HC_KIND_JOB, NULL, all.list[i].uid).n <= 2);
			for (size_t k = i + 1; k < all.n && all.list[k].slot_us == all.list[i].slot_us; k++)
				assert_int_not_equal(all.list[k].revision, all.list[i].revision);
		}
		assert_true(running <= 1);
	}
}

static void end_random(uint64_t *random, int64_t now_us)
{
	static const char *const ends[] = {"Completed", "Completed", "Completed", "Failed", "Stopped"};
	struct hc_resources jobs = list(HC_KIND_JOB, "InProgress", 0);
	if (jobs.n == 0)
		return;
	struct hc_resource job = jobs.list[check_random(random) % jobs.n];
	bool violations = check_random(random) % 2;
	ok(end_as(job, ends[check_random(random) % COUNT(ends)], violations ? "CompletedWithViolations: 1" : "x", "[]",
		  now_us));
}

static void change_random(uint64_t *random, int64_t now_us)
{
	struct hc_resources all = list(HC_KIND_SCHEDULE, NULL, 0);
	struct hc_resource s = all.list[check_random(random) % all.n];
	struct hc_cron hourly = {.hours = 0xffffff};
	bool stopped = hc_str_eq(s.status, HC_STR("Stopped"));
	uint64_t what = check_random(random) % 3;
	if (what == 0)
		s.revision++;
	if (what == 0 || stopped)
		s.slot_us = hc_cron_last(&hourly, now_us); /* back, too, when the clock went back */
	s.status = what == 0 || stopped ? HC_STR("Scheduled") : HC_STR("Stopped");
	ok(hc_resource_update(check_db, &s, &check_err));
}

static void test_property(void **state)
{
	(void)state;
	uint64_t random = 3;
	make_all(HOURLY, "2026-03-01T00:00Z");
	make_schedule("t", "cron(0 0/3 ? * * *)", "d", at("2026-03-01T00:00Z"));
	make_schedule("u", HOURLY, "d", at("2026-02-27T00:00Z"));
	make_data(at("2026-03-01T00:00Z"), 60);
	int64_t now = at("2026-03-01T00:30Z");
	unsigned claimed = 0;
	for (int i = 0; i < 600; i++) {
		bool crash = check_random(&random) % 5 == 0;
		uint64_t what = check_random(&random) % 10;
		now += what == 0 ? (int64_t)(check_random(&random) % 40) * HC_HOUR_US - 20 * HC_HOUR_US
				 : (int64_t)(check_random(&random) % 40) * 60 * HC_SECOND_US;
		ok(hc_db_exec(check_db, "BEGIN IMMEDIATE", &check_err));
		for (uint64_t k = check_random(&random) % 4 + 1; k > 0; k--) {
			struct hc_claimed c;
			uint64_t step = check_random(&random) % 16;
			if (step < 8) {
				ok(hc_sched_claim(check_db, &sched, now, &c, &check_err));
				claimed += c.claimed;
				/* whoever waits until next_us misses nothing: with nothing due it is in the future */
				assert_true(c.claimed || c.next_us > now);
			} else if (step < 15) {
				end_random(&random, now);
			} else {
				change_random(&random, now);
			}
			check_invariants();
		}
		ok(hc_db_exec(check_db, crash ? "ROLLBACK" : "COMMIT", &check_err));
		check_invariants();
		hc_arena_free(&check_arena);
		check_arena = HC_ARENA(512 << 20);
	}
	assert_true(claimed > 100); /* it did something */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_sched(test_life),           in_sched(test_ends),           in_sched(test_one_at_a_time),
		in_sched(test_failing_claims), in_sched(test_long_reason),    in_sched(test_deleted),
		in_sched(test_updates),        in_sched(test_claimed_before), in_sched(test_now),
		in_sched(test_baselining_job), in_sched(test_passed_over),    in_sched(test_other_jobs),
		in_sched(test_alert),          in_sched(test_many),           in_sched(test_property),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
