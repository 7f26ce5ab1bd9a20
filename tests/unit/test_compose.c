#include "sched/compose.h"

#include "check_sched.h"

/* Reference 2.3 and 3.4: the definition of the public run of 2021-05-18, and what AWS made of it. */
#define REGISTRY "159807026194.dkr.ecr.us-west-2.amazonaws.com/"
#define ENDPOINT                                                                                                     \
	"'EndpointInput':{'EndpointName':'ep','LocalPath':'/opt/ml/processing/input/endpoint','S3InputMode':'File'," \
	"'S3DataDistributionType':'FullyReplicated','ProbabilityAttribute':'0','ProbabilityThresholdAttribute':0.5%s}"
#define BATCH                                                                                                 \
	"'BatchTransformInput':{'DataCapturedDestinationS3Uri':'s3://b/cap','LocalPath':'/opt/ml/processing/" \
	"transform',"                                                                                         \
	"'DatasetFormat':{'Csv':{'Header':false}},'InferenceAttribute':'0'%s}"
#define DEFINITION(input)                                                                                         \
	"{'JobDefinitionName':'d','ModelQualityAppSpecification':{'ImageUri':'" REGISTRY                          \
	"sagemaker-model-monitor-analyzer:1','ProblemType':'BinaryClassification','Environment':"                 \
	"{'publish_cloudwatch_metrics':'Enabled','hindcast_seed':'7'}},'ModelQualityJobInput':{" input            \
	",'GroundTruthS3Input':{'S3Uri':'s3://b/gt/"                                                              \
	"'}},'ModelQualityJobOutputConfig':{'MonitoringOutputs':[{'S3Output':"                                    \
	"{'S3Uri':'s3://b/out/','LocalPath':'/opt/ml/processing/output','S3UploadMode':'Continuous'}}]},"         \
	"'JobResources':{'ClusterConfig':{'InstanceCount':1,'InstanceType':'ml.m5.xlarge','VolumeSizeInGB':20}}," \
	"'RoleArn':'arn:aws:iam::123456789012:role/r','ModelQualityBaselineConfig':{'ConstraintsResource':"       \
	"{'S3Uri':'s3://b/base/results/constraints.json'}},'StoppingCondition':{'MaxRuntimeInSeconds':1800}}"

#define HEX "0123456789abcdef01234567"

/* An order of the tick 2021-05-18T01:00, hourly. `more`: members behind the input's last. */
static struct hc_order order_of(const char *definition, const char *more, const char *schedule_config)
{
	char text[4096];
	struct hc_order o = {.schedule = HC_STR("sched-1"),
			     .slot_us = at("2021-05-18T01:00:00Z"),
			     .period_us = HC_HOUR_US,
			     .hex = HC_STR(HEX)};
	snprintf(text, sizeof text, definition, more); /* NOLINT: a constant of this file */
	o.definition = tree_of(text);
	o.schedule_config = tree_of(schedule_config);
	o.endpoint = hc_tree_text(o.definition, "ModelQualityJobInput.EndpointInput.EndpointName");
	o.capture = HC_STR("s3://b/cap");
	ok(hc_order_plan(&o, &check_arena, &check_err));
	return o;
}

static void order_free(struct hc_order *o)
{
	json_decref((json_t *)(uintptr_t)o->definition);
	json_decref((json_t *)(uintptr_t)o->schedule_config);
}

static const char *definition_of(bool endpoint)
{
	return endpoint ? DEFINITION(ENDPOINT) : DEFINITION(BATCH);
}

static json_t *merge_of(const struct hc_order *o)
{
	json_t *doc = NULL;
	ok(hc_compose_merge(check_db, o, &check_arena, &doc, &check_err));
	return doc;
}

/* "NAME LOCAL-PATH <- ADDRESS" of each input, a line each. */
static void check_inputs(const json_t *doc, const char *expected)
{
	struct hc_buf text = HC_BUF(1 << 16);
	size_t i;
	json_t *input;
	json_array_foreach(hc_tree_at(doc, "ProcessingInputs"), i, input)
	{
		hc_buf_printf(&text, "%s %s <- %s\n", hc_tree_cstring(input, "InputName", "?"),
			      hc_tree_cstring(input, "S3Input.LocalPath", "?"),
			      hc_tree_cstring(input, "S3Input.S3Uri", "?"));
		check_tree_is(input, "AppManaged", "false");
		check_tree_is(input, "S3Input.S3DataType", "'S3Prefix'");
		check_tree_is(input, "S3Input.S3InputMode", "'File'");
		check_tree_is(input, "S3Input.S3DataDistributionType", "'FullyReplicated'");
		check_tree_is(input, "S3Input.S3CompressionType", "'None'");
		assert_int_equal(json_object_size(input), 3);
		assert_int_equal(json_object_size(hc_tree_at(input, "S3Input")), 6);
	}
	check_str(hc_buf_view(&text), expected);
	hc_buf_free(&text);
}

/* The whole of the merge job, as the reference has it. */
static void test_merge(void **state)
{
	(void)state;
	PUT("b/cap/ep/AllTraffic/2021/05/18/00/a.jsonl", "b/cap/ep/AllTraffic/2021/05/18/01/a.jsonl",
	    "b/gt/2021/05/18/00/a.jsonl", "b/gt/2021/05/18/01/a.jsonl");
	struct hc_order o = order_of(definition_of(true), "", "{}");
	json_t *doc = merge_of(&o);
	check_tree_is(doc, "ProcessingJobName", "'groundtruth-merge-202105180100-" HEX "'");
	check_inputs(doc,
		     "endpoint_input_1 /opt/ml/processing/input/endpoint/ep/AllTraffic/2021/05/18/00 <- "
		     "s3://b/cap/ep/AllTraffic/2021/05/18/00\n"
		     "groundtruth_input_1 /opt/ml/processing/groundtruth/2021/05/18/00 <- s3://b/gt/2021/05/18/00\n");
	check_tree_is(doc, "ProcessingOutputConfig",
		      "{'Outputs':[{'AppManaged':false,'OutputName':'result','S3Output':{'LocalPath':"
		      "'/opt/ml/processing/output','S3UploadMode':'EndOfJob','S3Uri':'s3://b/out/merge'}}]}");
	check_tree_is(doc, "Environment",
		      "{'dataset_source':'/opt/ml/processing/input/endpoint','ground_truth_source':"
		      "'/opt/ml/processing/groundtruth','hindcast_period':'PT3600S','hindcast_scheduled_time':"
		      "'2021-05-18T01:00:00Z','hindcast_seed':'7','output_path':'/opt/ml/processing/output'}");
	check_tree_is(doc, "AppSpecification",
		      "{'ImageUri':'" REGISTRY "sagemaker-model-monitor-groundtruth-merger:1'}");
	check_tree_is(doc, "ProcessingResources",
		      "{'ClusterConfig':{'InstanceCount':1,'InstanceType':'ml.m5.xlarge','VolumeSizeInGB':20}}");
	check_tree_is(doc, "RoleArn", "'arn:aws:iam::123456789012:role/r'");
	check_tree_is(doc, "StoppingCondition", "{'MaxRuntimeInSeconds':1800}");
	assert_int_equal(json_object_size(doc), 8);
	json_decref(doc);
	order_free(&o);
}

/* The whole of the monitoring job. */
static void test_monitoring(void **state)
{
	(void)state;
	struct hc_order o = order_of(definition_of(true), "", "{}");
	json_t *merged = tree_of("['ep/AllTraffic/2021/05/18/00','ep/Other/2021/05/18/00']"), *doc = NULL;
	ok(hc_compose_monitoring(&o, merged, &check_arena, &doc, &check_err));
	check_tree_is(doc, "ProcessingJobName", "'model-quality-monitoring-202105180100-" HEX "'");
	check_inputs(doc,
		     "constraints /opt/ml/processing/baseline/constraints <- s3://b/base/results/constraints.json\n"
		     "endpoint_input_1 /opt/ml/processing/input/endpoint/ep/AllTraffic/2021/05/18/00 <- "
		     "s3://b/out/merge/ep/AllTraffic/2021/05/18/00\n"
		     "endpoint_input_2 /opt/ml/processing/input/endpoint/ep/Other/2021/05/18/00 <- "
		     "s3://b/out/merge/ep/Other/2021/05/18/00\n");
	check_tree_is(doc, "ProcessingOutputConfig",
		      "{'Outputs':[{'AppManaged':false,'OutputName':'result','S3Output':{'LocalPath':"
		      "'/opt/ml/processing/output','S3UploadMode':'Continuous','S3Uri':'s3://b/out/ep/sched-1/2021/05/"
		      "18/01'}}]}");
	check_tree_is(doc, "Environment",
		      "{'analysis_type':'MODEL_QUALITY','baseline_constraints':"
		      "'/opt/ml/processing/baseline/constraints/constraints.json','dataset_format':"
		      "'{\\'sagemakerMergeJson\\':{\\'captureIndexNames\\':[\\'endpointOutput\\']}}','dataset_source':"
		      "'/opt/ml/processing/input/"
		      "endpoint','end_time':'2021-05-18T01:00:00Z','hindcast_seed':'7','metric_time':"
		      "'2021-05-18T00:00:00Z','output_path':'/opt/ml/processing/output','probability_attribute':'0',"
		      "'probability_threshold_attribute':'0.5','problem_type':'BinaryClassification',"
		      "'publish_cloudwatch_metrics':'Enabled','sagemaker_endpoint_name':'ep',"
		      "'sagemaker_monitoring_schedule_name':'sched-1','start_time':'2021-05-18T00:00:00Z'}");
	check_tree_is(doc, "AppSpecification", "{'ImageUri':'" REGISTRY "sagemaker-model-monitor-analyzer:1'}");
	check_tree_is(doc, "StoppingCondition", "{'MaxRuntimeInSeconds':1800}");
	assert_int_equal(json_object_size(doc), 8);
	check_str(hc_order_report_uri(&o, &check_arena), "s3://b/out/ep/sched-1/2021/05/18/01");
	json_decref(doc);
	json_decref(merged);
	order_free(&o);
}

/* With offsets the last hour is included, labels go on to the tick. */
static void test_offsets(void **state)
{
	(void)state;
	PUT("b/cap/ep/A/2021/05/17/17/a", "b/cap/ep/A/2021/05/17/19/a", "b/cap/ep/A/2021/05/17/23/a",
	    "b/cap/ep/A/2021/05/18/00/a", "b/cap/ep/A/2021/05/18/01/a", "b/gt/2021/05/17/17/a", "b/gt/2021/05/17/18/a",
	    "b/gt/2021/05/18/01/a", "b/gt/2021/05/18/02/a");
	struct hc_order o = order_of(definition_of(true), ",'StartTimeOffset':'-PT7H','EndTimeOffset':'-PT1H'", "{}");
	json_t *doc = merge_of(&o);
#define LOCAL "/opt/ml/processing/input/endpoint/ep/A/2021/05/"
#define LABELS "/opt/ml/processing/groundtruth/2021/05/"
	check_inputs(doc, "endpoint_input_1 " LOCAL "17/19 <- s3://b/cap/ep/A/2021/05/17/19\n"
			  "endpoint_input_2 " LOCAL "17/23 <- s3://b/cap/ep/A/2021/05/17/23\n"
			  "endpoint_input_3 " LOCAL "18/00 <- s3://b/cap/ep/A/2021/05/18/00\n"
			  "groundtruth_input_1 " LABELS "17/18 <- s3://b/gt/2021/05/17/18\n"
			  "groundtruth_input_2 " LABELS "18/01 <- s3://b/gt/2021/05/18/01\n");
	check_tree_is(doc, "Environment.hindcast_start_time_offset", "'-PT7H'");
	check_tree_is(doc, "Environment.hindcast_end_time_offset", "'-PT1H'");
	check_tree_is(doc, "Environment.hindcast_scheduled_time", "'2021-05-18T01:00:00Z'");
	check_tree_is(doc, "Environment.hindcast_period", "");
	json_decref(doc);
	ok(hc_compose_monitoring(&o, NULL, &check_arena, &doc, &check_err));
	check_tree_is(doc, "Environment.start_time", "'2021-05-17T18:00:00Z'");
	check_tree_is(doc, "Environment.end_time", "'2021-05-18T00:00:00Z'");
	check_tree_is(doc, "Environment.metric_time", "'2021-05-17T18:00:00Z'");
	json_decref(doc);
	order_free(&o);
	/* the schedule's own win: NOW, and any other */
	o = order_of(definition_of(true), ",'StartTimeOffset':'-PT7H','EndTimeOffset':'-PT1H'",
		     "{'ScheduleExpression':'NOW','DataAnalysisStartTime':'-PT1H','DataAnalysisEndTime':'-PT0H'}");
	doc = merge_of(&o);
	check_inputs(doc, "endpoint_input_1 " LOCAL "18/00 <- s3://b/cap/ep/A/2021/05/18/00\n"
			  "endpoint_input_2 " LOCAL "18/01 <- s3://b/cap/ep/A/2021/05/18/01\n"
			  "groundtruth_input_1 " LABELS "18/01 <- s3://b/gt/2021/05/18/01\n");
	check_tree_is(doc, "Environment.hindcast_start_time_offset", "'-PT1H'");
	json_decref(doc);
	order_free(&o);
	/* one of the two alone: the other end is the tick, or a period before it */
	o = order_of(definition_of(true), ",'StartTimeOffset':'-PT2H'", "{}");
	check_str(o.end_offset, "PT0H");
	assert_int_equal(o.window.start_us, at("2021-05-17T23:00Z"));
	assert_int_equal(o.window.end_us, o.slot_us);
	order_free(&o);
	o = order_of(definition_of(true), ",'EndTimeOffset':'PT0H'", "{}");
	check_str(o.start_offset, "-PT3600S");
	assert_int_equal(o.window.start_us, at("2021-05-18T00:00Z"));
	order_free(&o);
}

static void test_bad_offsets(void **state)
{
	(void)state;
	static const char *const table[] = {
		"{'DataAnalysisStartTime':'-P1M'}",
		"{'DataAnalysisStartTime':'x','DataAnalysisEndTime':'-PT0H'}",
		"{'DataAnalysisStartTime':'-PT1H','DataAnalysisEndTime':'-PT2H'}",
		"{'DataAnalysisStartTime':'PT1H'}",
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct hc_order o = {.definition = tree_of("{}"),
				     .schedule_config = tree_of(table[i]),
				     .slot_us = at("2021-05-18T01:00:00Z"),
				     .period_us = HC_HOUR_US};
		if (hc_order_plan(&o, &check_arena, &check_err) != HC_USAGE)
			fail_msg("%s was taken", table[i]);
		order_free(&o);
	}
}

static void test_batch(void **state)
{
	(void)state;
	PUT("b/cap/output/2021/05/18/00/m.json", "b/cap/input/2021/05/18/00/m.json", "b/gt/2021/05/18/00/a.jsonl");
	struct hc_order o = order_of(definition_of(false), "", "{}");
	json_t *doc = merge_of(&o), *merged = tree_of("['sched-1/2021/05/18/00']");
	check_inputs(doc,
		     "batch_transform_input_1 /opt/ml/processing/transform/output/2021/05/18/00 <- "
		     "s3://b/cap/output/2021/05/18/00\n"
		     "groundtruth_input_1 /opt/ml/processing/groundtruth/2021/05/18/00 <- s3://b/gt/2021/05/18/00\n");
	check_tree_is(doc, "Environment.dataset_source", "'/opt/ml/processing/transform'");
	json_decref(doc);
	ok(hc_compose_monitoring(&o, merged, &check_arena, &doc, &check_err));
	check_inputs(doc,
		     "constraints /opt/ml/processing/baseline/constraints <- s3://b/base/results/constraints.json\n"
		     "endpoint_input_1 /opt/ml/processing/transform/sched-1/2021/05/18/00 <- "
		     "s3://b/out/merge/sched-1/2021/05/18/00\n");
	check_tree_is(doc, "ProcessingOutputConfig.Outputs.[0].S3Output.S3Uri", "'s3://b/out/sched-1/2021/05/18/01'");
	check_tree_is(doc, "Environment.sagemaker_endpoint_name", "");
	check_tree_is(doc, "Environment.inference_attribute", "'0'");
	check_tree_is(doc, "Environment.dataset_format",
		      "'{\\'sagemakerMergeJson\\':{\\'captureIndexNames\\':[\\'batchTransformOutput\\']}}'");
	json_decref(doc);
	json_decref(merged);
	order_free(&o);
}

/* All variants, numbered on; one whose destination ended with a slash. */
static void test_variants(void **state)
{
	(void)state;
	PUT("b/gt/2021/05/18/00/a", "b/cap/ep/B/2021/05/18/00/a", "b/cap/ep/A/2021/05/18/00/a",
	    "b/cap/ep/C/2021/05/17/00/a", "b/cap2//ep/A/2021/05/18/00/a");
	struct hc_order o = order_of(definition_of(true), "", "{}");
	json_t *doc = merge_of(&o);
#define BELOW "/opt/ml/processing/input/endpoint/ep/"
	check_inputs(doc, "endpoint_input_1 " BELOW "A/2021/05/18/00 <- s3://b/cap/ep/A/2021/05/18/00\n"
			  "endpoint_input_2 " BELOW "B/2021/05/18/00 <- s3://b/cap/ep/B/2021/05/18/00\n"
			  "groundtruth_input_1 " LABELS "18/00 <- s3://b/gt/2021/05/18/00\n");
	json_decref(doc);
	o.capture = HC_STR("s3://b/cap2/");
	doc = merge_of(&o);
	check_inputs(doc, "endpoint_input_1 " BELOW "A/2021/05/18/00 <- s3://b/cap2//ep/A/2021/05/18/00\n"
			  "groundtruth_input_1 " LABELS "18/00 <- s3://b/gt/2021/05/18/00\n");
	json_decref(doc);
	/* a name that no variant has, as long as a key can be, is cut nowhere */
	char key[900] = "long/ep/", uri[sizeof key + 64];
	memset(key + 8, 'v', 700);
	strcpy(key + 708, "/2021/05/18/00/a");
	put_object("b", hc_str(key));
	o.capture = HC_STR("s3://b/long");
	doc = merge_of(&o);
	snprintf(uri, sizeof uri, "'s3://b/%.*s'", (int)strlen(key) - 2, key);
	check_tree_is(doc, "ProcessingInputs.[0].S3Input.S3Uri", uri);
	json_decref(doc);
	order_free(&o);
}

/* Nothing there: AWS's words, where was looked, what there is. */
static void check_empty(const struct hc_order *o, const char *says, const char *hint)
{
	json_t *doc = NULL;
	assert_int_equal(hc_compose_merge(check_db, o, &check_arena, &doc, &check_err), HC_EMPTY);
	assert_null(doc);
	assert_memory_equal(check_err.msg, "Job inputs had no data: ", 24);
	if (!strstr(check_err.msg, says) || !strstr(check_err.hint, hint))
		fail_msg("%s (%s)", check_err.msg, check_err.hint);
}

static void test_nothing(void **state)
{
	(void)state;
	struct hc_order o = order_of(definition_of(true), "", "{}"), batch = order_of(definition_of(false), "", "{}");
	check_empty(&o, "no captured data below s3://b/cap/ep in the hour folders 2021/05/18/00 to 2021/05/18/00",
		    "no hour folder");
	PUT("b/cap/ep/A/2021/05/17/22/a", "b/cap/ep/A/2021/05/18/00/");
	check_empty(&o, "no captured data", "is 2021/05/17/22");
	PUT("b/cap/ep/A/2021/05/18/00/a");
	check_empty(&o, "no ground truth below s3://b/gt/ in the hour folders 2021/05/18/00 to 2021/05/18/00",
		    "no hour folder");
	PUT("b/gt/2021/05/18/01/a");
	check_empty(&o, "no ground truth", "is 2021/05/18/01");
	check_empty(&batch, "no manifests of captured batch transforms below s3://b/cap in", "no hour folder");
	/* addresses that are none of this store */
	json_t *doc = NULL;
	o.capture = HC_STR("https://b/cap");
	assert_int_equal(hc_compose_merge(check_db, &o, &check_arena, &doc, &check_err), HC_USAGE);
	order_free(&o);
	order_free(&batch);
}

/* What the definition may have besides. */
static void test_more(void **state)
{
	(void)state;
	json_t *doc = NULL, *merged = tree_of("[]");
	struct hc_order o = order_of(definition_of(true), ",'InferenceAttribute':'1'", "{}");
	json_t *d = (json_t *)(uintptr_t)o.definition;
	json_t *app = hc_tree_at(d, "ModelQualityAppSpecification");
	assert_true(hc_tree_set_text(app, "RecordPreprocessorSourceUri", HC_STR("s3://b/code/pre.py")));
	assert_true(hc_tree_set_text(app, "PostAnalyticsProcessorSourceUri", HC_STR("s3://b/code/post.py")));
	assert_true(hc_tree_set(app, "ContainerArguments", tree_of("['a','b']")));
	assert_true(hc_tree_set(app, "ContainerEntrypoint", tree_of("['/bin/x']")));
	assert_true(hc_tree_set(d, "NetworkConfig", tree_of("{'EnableNetworkIsolation':false}")));
	assert_true(hc_tree_set_text(hc_tree_at(d, "ModelQualityJobOutputConfig.MonitoringOutputs.[0].S3Output"),
				     "S3UploadMode", HC_STR("EndOfJob")));
	json_object_del(d, "ModelQualityBaselineConfig");
	json_object_del(d, "StoppingCondition");
	/* the definition's environment wins */
	assert_true(hc_tree_set_text(hc_tree_at(app, "Environment"), "positive_label", HC_STR("yes")));
	assert_true(hc_tree_set_text(hc_tree_at(app, "Environment"), "inference_attribute", HC_STR("9")));
	ok(hc_compose_monitoring(&o, merged, &check_arena, &doc, &check_err));
	check_inputs(doc, "pre_processor_script /opt/ml/processing/code/preprocessing <- s3://b/code/pre.py\n"
			  "post_processor_script /opt/ml/processing/code/postprocessing <- s3://b/code/post.py\n");
	check_tree_is(doc, "Environment.record_preprocessor_script", "'/opt/ml/processing/code/preprocessing/pre.py'");
	check_tree_is(doc, "Environment.post_analytics_processor_script",
		      "'/opt/ml/processing/code/postprocessing/post.py'");
	check_tree_is(doc, "Environment.positive_label", "'yes'");
	check_tree_is(doc, "Environment.inference_attribute", "'9'");
	check_tree_is(doc, "Environment.baseline_constraints", "");
	check_tree_is(doc, "AppSpecification.ContainerEntrypoint", "['/bin/x']");
	check_tree_is(doc, "AppSpecification.ContainerArguments", "['a','b']");
	check_tree_is(doc, "NetworkConfig", "{'EnableNetworkIsolation':false}");
	check_tree_is(doc, "StoppingCondition.MaxRuntimeInSeconds", "3600");
	check_tree_is(doc, "ProcessingOutputConfig.Outputs.[0].S3Output.S3UploadMode", "'EndOfJob'");
	json_decref(doc);
	/* the merge job has none of the scripts and entry points; an image of one's own is not the merger */
	PUT("b/cap/ep/A/2021/05/18/00/a", "b/gt/2021/05/18/00/a");
	json_object_del(app, "ImageUri");
	assert_true(hc_tree_set_text(app, "ImageUri", HC_STR("registry/my-monitor:3")));
	doc = merge_of(&o);
	check_tree_is(doc, "AppSpecification", "{'ImageUri':'sagemaker-model-monitor-groundtruth-merger'}");
	json_decref(doc);
	json_decref(merged);
	order_free(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_sched(test_merge), in_sched(test_monitoring), in_sched(test_offsets), in_sched(test_bad_offsets),
		in_sched(test_batch), in_sched(test_variants),   in_sched(test_nothing), in_sched(test_more),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
