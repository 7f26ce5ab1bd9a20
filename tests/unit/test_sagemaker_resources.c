#include "check_service.h"

#include "sagemaker/image.h"
#include "sagemaker/sagemaker.h"

/* The parts of a definition; a test leaves out or replaces some. */
#define ROLE "'RoleArn':'arn:aws:iam::123456789012:role/r'"
#define IMAGE "'ImageUri':'159807026194.dkr.ecr.us-west-2.amazonaws.com/sagemaker-model-monitor-analyzer'"
#define OUTPUT                                                                                                        \
	"'ModelQualityJobOutputConfig':{'MonitoringOutputs':[{'S3Output':{'S3Uri':'s3://b/out','LocalPath':'/opt/ml/" \
	"processing/output','S3UploadMode':'Continuous'}}]}"
#define RESOURCES \
	"'JobResources':{'ClusterConfig':{'InstanceCount':1,'InstanceType':'ml.m5.xlarge','VolumeSizeInGB':20}}"
#define ENDPOINT_MEMBERS "'EndpointName':'ep','LocalPath':'/opt/ml/processing/input'"
#define BATCH_MEMBERS "'DataCapturedDestinationS3Uri':'s3://b/cap','LocalPath':'/opt/ml/processing/transform'"
#define TRUTH "'GroundTruthS3Input':{'S3Uri':'s3://b/gt'}"
#define APP_REGRESSION IMAGE ",'ProblemType':'Regression'"
#define APP_BINARY IMAGE ",'ProblemType':'BinaryClassification'"
#define ENDPOINT "'EndpointInput':{" ENDPOINT_MEMBERS ",'InferenceAttribute':'0'}"
#define BATCH "'BatchTransformInput':{" BATCH_MEMBERS ",'InferenceAttribute':'0','DatasetFormat':{'Csv':{}}}"

/* Name, members of the application, of the input (with the truth), and more of the whole (",..."), as text of its own. */
static const char *definition(const char *name, const char *app, const char *input, const char *more)
{
	static char text[8192];
	assert_true(
		snprintf(text, sizeof text,
			 "{'JobDefinitionName':'%s','ModelQualityAppSpecification':{%s},'ModelQualityJobInput':{%s},"
			 "%s" RESOURCES "," ROLE "%s}",
			 name, app, input, strstr(more, "ModelQualityJobOutputConfig") ? "" : OUTPUT ",",
			 more) < (int)sizeof text);
	return text;
}

#define CREATE "CreateModelQualityJobDefinition"

static void create_definition(const char *name)
{
	call_ok(CREATE, definition(name, APP_REGRESSION, ENDPOINT "," TRUTH, ""));
}

static void test_definition_life(void **state)
{
	(void)state;
	call_ok(CREATE,
		definition("Def-1", APP_REGRESSION, ENDPOINT "," TRUTH,
			   ",'Tags':[{'Key':'team','Value':'x'}],'NetworkConfig':{'EnableNetworkIsolation':true}"));
	check_member("", "{'JobDefinitionArn':'" CHECK_ARN "model-quality-job-definition/def-1'}");

	call_ok("DescribeModelQualityJobDefinition", "{'JobDefinitionName':'Def-1'}");
	check_member("JobDefinitionName", "'Def-1'");
	check_member("JobDefinitionArn", "'" CHECK_ARN "model-quality-job-definition/def-1'");
	check_member("Tags", "");
	check_member("ModelQualityJobInput.EndpointInput",
		     "{'EndpointName':'ep','InferenceAttribute':'0','LocalPath':'/opt/ml/processing/input',"
		     "'S3DataDistributionType':'FullyReplicated','S3InputMode':'File'}");
	check_member("StoppingCondition", "{'MaxRuntimeInSeconds':3600}");
	check_member("NetworkConfig.EnableNetworkIsolation", "true");
	check_member("RoleArn", "'arn:aws:iam::123456789012:role/r'");

	call_ok("ListTags", "{'ResourceArn':'" CHECK_ARN "model-quality-job-definition/Def-1'}");
	check_member("Tags", "[{'Key':'team','Value':'x'}]");

	call_fails(CREATE, definition("def-1", APP_REGRESSION, ENDPOINT "," TRUTH, ""), "ResourceInUse",
		   CHECK_ARN "model-quality-job-definition/def-1");
	call_ok("DeleteModelQualityJobDefinition", "{'JobDefinitionName':'Def-1'}");
	call_fails("DescribeModelQualityJobDefinition", "{'JobDefinitionName':'Def-1'}", "ResourceNotFound",
		   "Could not find model quality job definition \"" CHECK_ARN "model-quality-job-definition/def-1\".");
	call_fails("DeleteModelQualityJobDefinition", "{'JobDefinitionName':'Def-1'}", "ResourceNotFound", "def-1");
	create_definition("Def-1");
}

static void test_definition_kept(void **state)
{
	(void)state;
	/* A given runtime stays; so do members that mean nothing here, and what is unset stays unset. */
	call_ok(CREATE,
		definition("d", APP_BINARY ",'Environment':{'hindcast_max_bad_records':'3','other':'x'}",
			   "'BatchTransformInput':{" BATCH_MEMBERS
			   ",'ProbabilityAttribute':'0','ProbabilityThresholdAttribute':0.5,'DatasetFormat':{'Json':{'"
			   "Line':true}},'ExcludeFeaturesAttribute':'0:2','FeaturesAttribute':'f','StartTimeOffset':'-"
			   "PT2H','EndTimeOffset':'-PT1H'}," TRUTH,
			   ",'StoppingCondition':{'MaxRuntimeInSeconds':1800},'ModelQualityBaselineConfig':{'"
			   "BaseliningJobName':'base'}"));
	call_ok("DescribeModelQualityJobDefinition", "{'JobDefinitionName':'d'}");
	check_member("StoppingCondition", "{'MaxRuntimeInSeconds':1800}");
	check_member("ModelQualityBaselineConfig", "{'BaseliningJobName':'base'}");
	check_member("ModelQualityJobInput.BatchTransformInput.DatasetFormat", "{'Json':{'Line':true}}");
	check_member("ModelQualityJobInput.BatchTransformInput.ExcludeFeaturesAttribute", "'0:2'");
	check_member("ModelQualityJobInput.BatchTransformInput.ProbabilityThresholdAttribute", "0.5");
	check_member("NetworkConfig", "");
	/* But the switches of a network, which the SDK reads both. */
	call_ok(CREATE, definition("n", APP_REGRESSION, ENDPOINT "," TRUTH,
				   ",'NetworkConfig':{'EnableNetworkIsolation':true}"));
	call_ok("DescribeModelQualityJobDefinition", "{'JobDefinitionName':'n'}");
	check_member("NetworkConfig", "{'EnableInterContainerTrafficEncryption':false,'EnableNetworkIsolation':true}");
	call_ok("DeleteModelQualityJobDefinition", "{'JobDefinitionName':'n'}");
	/* The summary needs a name of an endpoint that fits a pattern, and there is none: empty is as near as can be. */
	check_shape = false;
	call_ok("ListModelQualityJobDefinitions", "{}");
	check_member("JobDefinitionSummaries.[0].EndpointName", "''");
}

/* What is refused when a definition is made: the whole text of one, then what tells the others. */
static void test_definition_refused(void **state)
{
	static const struct {
		const char *app, *input, *more, *says;
	} table[] = {
		/* One input. */
		{APP_REGRESSION, TRUTH, "", "one of EndpointInput and BatchTransformInput must be specified"},
		{APP_REGRESSION, ENDPOINT "," BATCH "," TRUTH, "", "only one of EndpointInput and BatchTransformInput"},
		/* Problem type and attributes. */
		{APP_REGRESSION, "'EndpointInput':{" ENDPOINT_MEMBERS "}," TRUTH, "",
		 "InvalidParameter: 1 validation error(s) found.\n- missing required field, "
		 "CreateModelQualityJobDefinitionInput.ModelQualityJobInputs.EndpointInput.InferenceAttribute.\n"},
		{IMAGE ",'ProblemType':'MulticlassClassification'",
		 "'EndpointInput':{" ENDPOINT_MEMBERS ",'ProbabilityAttribute':'0'}," TRUTH, "",
		 "missing required field, CreateModelQualityJobDefinitionInput"},
		{APP_REGRESSION, "'EndpointInput':{" ENDPOINT_MEMBERS ",'InferenceAttribute':''}," TRUTH, "",
		 "missing required field, CreateModelQualityJobDefinitionInput"},
		{APP_BINARY, "'EndpointInput':{" ENDPOINT_MEMBERS "}," TRUTH, "",
		 "InferenceAttribute or ProbabilityAttribute must be specified"},
		{IMAGE, ENDPOINT "," TRUTH, "", "Input.ModelQualityAppSpecification.ProblemType."},
		{IMAGE ",'Environment':{'problem_type':'Ranking'}", ENDPOINT "," TRUTH, "", "must be one of Binary"},
		{APP_REGRESSION ",'Environment':{'problem_type':'BinaryClassification'}", ENDPOINT "," TRUTH, "",
		 "is not what ProblemType says"},
		/* Our own settings. */
		{APP_REGRESSION ",'Environment':{'hindcast_bad_records':'1'}", ENDPOINT "," TRUTH, "",
		 "hindcast_max_bad_records"},
		{APP_REGRESSION ",'Environment':{'hindcast_max_bad_records':'many'}", ENDPOINT "," TRUTH, "",
		 "a whole number"},
		/* Offsets. */
		{APP_REGRESSION,
		 "'EndpointInput':{" ENDPOINT_MEMBERS ",'InferenceAttribute':'0','StartTimeOffset':'-P1M'}," TRUTH, "",
		 "ModelQualityJobInputs.EndpointInput.StartTimeOffset"},
		{APP_REGRESSION,
		 "'EndpointInput':{" ENDPOINT_MEMBERS ",'InferenceAttribute':'0','EndTimeOffset':'PX'}," TRUTH, "",
		 "ModelQualityJobInputs.EndpointInput.EndTimeOffset"},
		{APP_REGRESSION,
		 "'EndpointInput':{" ENDPOINT_MEMBERS
		 ",'InferenceAttribute':'0','StartTimeOffset':'-PT1H','EndTimeOffset':'-PT2H'}," TRUTH,
		 "", "StartTimeOffset lies behind EndTimeOffset"},
		/* Images and what they are told to run. */
		{"'ImageUri':'123456789012.dkr.ecr.us-west-2.amazonaws.com/mine:1','ProblemType':'Regression'",
		 ENDPOINT "," TRUTH, "", "maps its repository to a command"},
		{"'ImageUri':'1.x/sagemaker-model-monitor-groundtruth-merger','ProblemType':'Regression'",
		 ENDPOINT "," TRUTH, "", "cannot analyze"},
		{"'ImageUri':'','ProblemType':'Regression'", ENDPOINT "," TRUTH, "", "is not supported"},
		{APP_REGRESSION ",'ContainerEntrypoint':['a']", ENDPOINT "," TRUTH, "",
		 "Input.ModelQualityAppSpecification.ContainerEntrypoint."},
		{APP_REGRESSION ",'ContainerArguments':['a']", ENDPOINT "," TRUTH, "", "ContainerArguments."},
		/* Formats, modes, places. */
		{APP_REGRESSION,
		 "'BatchTransformInput':{" BATCH_MEMBERS
		 ",'InferenceAttribute':'0','DatasetFormat':{'Parquet':{}}}," TRUTH,
		 "", "Parquet is not supported"},
		{APP_REGRESSION,
		 "'BatchTransformInput':{" BATCH_MEMBERS ",'InferenceAttribute':'0','DatasetFormat':{}}," TRUTH, "",
		 "exactly one of Csv and Json"},
		{APP_REGRESSION,
		 "'BatchTransformInput':{" BATCH_MEMBERS
		 ",'InferenceAttribute':'0','DatasetFormat':{'Csv':{},'Json':{}}}," TRUTH,
		 "", "exactly one of Csv and Json"},
		{APP_REGRESSION,
		 "'EndpointInput':{" ENDPOINT_MEMBERS ",'InferenceAttribute':'0','S3InputMode':'Pipe'}," TRUTH, "",
		 "Pipe is not supported"},
		{APP_REGRESSION,
		 "'EndpointInput':{'EndpointName':'ep','LocalPath':'/opt/../etc','InferenceAttribute':'0'}," TRUTH, "",
		 "EndpointInput.LocalPath."},
		{APP_REGRESSION,
		 "'EndpointInput':{'EndpointName':'ep','LocalPath':'opt','InferenceAttribute':'0'}," TRUTH, "",
		 "EndpointInput.LocalPath."},
		{APP_REGRESSION, ENDPOINT ",'GroundTruthS3Input':{'S3Uri':'https://b/gt'}", "",
		 "only s3://BUCKET/KEY is supported, CreateModelQualityJobDefinitionInput.ModelQualityJobInputs."
		 "GroundTruthS3Input.S3Uri."},
		{APP_REGRESSION ",'RecordPreprocessorSourceUri':'https://b/x.py'", ENDPOINT "," TRUTH, "",
		 "RecordPreprocessorSourceUri."},
		{APP_REGRESSION ",'PostAnalyticsProcessorSourceUri':'https://b/x.py'", ENDPOINT "," TRUTH, "",
		 "PostAnalyticsProcessorSourceUri."},
		{APP_REGRESSION, ENDPOINT "," TRUTH,
		 ",'ModelQualityBaselineConfig':{'ConstraintsResource':{'S3Uri':'https://b/c'}}",
		 "ConstraintsResource.S3Uri."},
		{APP_REGRESSION, ENDPOINT "," TRUTH,
		 ",'ModelQualityJobOutputConfig':{'MonitoringOutputs':[{'S3Output':{'S3Uri':'s3://b/o','LocalPath':'/a/"
		 "..'}}]}",
		 "MonitoringOutputs[0].S3Output.LocalPath."},
		{APP_REGRESSION, ENDPOINT "," TRUTH,
		 ",'ModelQualityJobOutputConfig':{'MonitoringOutputs':[{'S3Output':{'S3Uri':'https://b/"
		 "o','LocalPath':'/"
		 "a'}}]}",
		 "MonitoringOutputs[0].S3Output.S3Uri."},
		/* What would fail in every execution. */
		{APP_REGRESSION ",'Environment':{'analysis_type':'DATA_QUALITY'}", ENDPOINT "," TRUTH, "",
		 "only MODEL_QUALITY is supported, "
		 "CreateModelQualityJobDefinitionInput.ModelQualityAppSpecification.Environment.analysis_type."},
		{APP_REGRESSION ",'Environment':{'probability_threshold_attribute':'half'}", ENDPOINT "," TRUTH, "",
		 "must be a number"},
		{APP_REGRESSION ",'Environment':{'dataset_format':'csv'}", ENDPOINT "," TRUTH, "", "known formats"},
		{APP_REGRESSION ",'Environment':{'dataset_source':'/etc'}", ENDPOINT "," TRUTH, "",
		 "below /opt/ml/processing/"},
		{APP_REGRESSION,
		 "'EndpointInput':{" ENDPOINT_MEMBERS
		 ",'InferenceAttribute':'0','StartTimeOffset':'PT1H','EndTimeOffset':'PT2H'}," TRUTH,
		 "", "StartTimeOffset leads behind the scheduled time"},
		{APP_REGRESSION,
		 "'EndpointInput':{'EndpointName':'ep','LocalPath':'/opt/./x','InferenceAttribute':'0'}," TRUTH, "",
		 "EndpointInput.LocalPath."},
		/* Tags. */
		{APP_REGRESSION, ENDPOINT "," TRUTH, ",'Tags':[{'Key':'AWS:x','Value':''}]", "reserved"},
		{APP_REGRESSION, ENDPOINT "," TRUTH, ",'Tags':[{'Key':'x','Value':''},{'Key':'x','Value':'1'}]",
		 "Duplicate tag keys"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		call_fails(CREATE, definition("d", table[i].app, table[i].input, table[i].more), "ValidationException",
			   table[i].says);
		/* Nothing of it is left. */
		call_ok("ListModelQualityJobDefinitions", "{}");
		check_member("JobDefinitionSummaries", "[]");
	}
}

static void test_definition_accepted(void **state)
{
	static const char *const commands[] = {"team/mine=/usr/bin/mine --fast", NULL};
	(void)state;
	check_server.image_commands = commands;
	call_ok(CREATE, definition("by-environment", IMAGE ",'Environment':{'problem_type':'Regression'}",
				   ENDPOINT "," TRUTH, ""));
	/* A user's own program: nothing of the analyzer's is asked of it. */
	call_ok(CREATE, definition("own", "'ImageUri':'r.example:5000/team/mine:3','ContainerEntrypoint':['x']",
				   "'EndpointInput':{" ENDPOINT_MEMBERS "}," TRUTH, ""));
	call_ok(CREATE,
		definition("equal-offsets", APP_REGRESSION,
			   "'EndpointInput':{" ENDPOINT_MEMBERS
			   ",'InferenceAttribute':'0','StartTimeOffset':'-PT1H','EndTimeOffset':'-PT1H'}," TRUTH,
			   ""));
	call_ok(CREATE,
		definition("dots", APP_REGRESSION,
			   "'EndpointInput':{'EndpointName':'ep','LocalPath':'/a..b/..c/','InferenceAttribute':'0'}"
			   "," TRUTH,
			   ""));
}

static void test_images(void **state)
{
	static const char *const commands[] = {
		"broken",   "mine=run",          "a/b=first",
		"b=second", "host:5000/c=third", "sagemaker-model-monitor-groundtruth-merger=fourth",
		NULL};
	static const struct hc_server server = {.image_commands = commands}, bare = {0};
	static const struct {
		bool mapped;
		const char *uri;
		int kind; /* -1: unknown */
		const char *command;
	} table[] = {
		{false, "159807026194.dkr.ecr.us-west-2.amazonaws.com/sagemaker-model-monitor-analyzer",
		 HC_IMAGE_ANALYZER, NULL},
		{false, "x/sagemaker-model-monitor-analyzer:latest", HC_IMAGE_ANALYZER, NULL},
		{false, "h:5000/sagemaker-model-monitor-analyzer@sha256:00", HC_IMAGE_ANALYZER, NULL},
		{false, "h:5000/sagemaker-model-monitor-analyzer:1@sha256:00", HC_IMAGE_ANALYZER, NULL},
		{false, "sagemaker-model-monitor-analyzer", HC_IMAGE_ANALYZER, NULL},
		{false, "x/not-sagemaker-model-monitor-analyzer", -1, NULL},
		{false, "x/sagemaker-model-monitor-analyzer/y", -1, NULL},
		{false, "x/sagemaker-model-monitor-groundtruth-merger", HC_IMAGE_MERGER, NULL},
		{false, "x/mine", -1, NULL},
		{false, "", -1, NULL},
		{false, ":", -1, NULL},
		{false, "@", -1, NULL},
		{false, "/", -1, NULL},
		{true, "x/mine:2", HC_IMAGE_COMMAND, "run"},
		{true, "x/my/mine", HC_IMAGE_COMMAND, "run"},
		{true, "x/a/b", HC_IMAGE_COMMAND, "first"},
		{true, "x/aa/b", HC_IMAGE_COMMAND, "second"},
		{true, "host:5000/c", HC_IMAGE_COMMAND, "third"},
		{true, "otherhost:5000/c", -1, NULL},
		{true, "x/broken", -1, NULL},
		{true, "x/sagemaker-model-monitor-groundtruth-merger", HC_IMAGE_COMMAND, "fourth"},
		{true, "x/sagemaker-model-monitor-analyzer", HC_IMAGE_ANALYZER, NULL},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		enum hc_image kind;
		struct hc_str command;
		bool known = hc_image_kind(table[i].mapped ? &server : &bare, hc_str(table[i].uri), &kind, &command);
		if (known != (table[i].kind >= 0))
			print_error("%s\n", table[i].uri);
		assert_int_equal(known, table[i].kind >= 0);
		if (!known)
			continue;
		assert_int_equal(kind, table[i].kind);
		if (table[i].command)
			check_str(command, table[i].command);
		else
			assert_null(command.p);
	}
}

static void test_models(void **state)
{
	(void)state;
	call_ok("CreateModel", "{'ModelName':'M','PrimaryContainer':{'Image':'x','ModelDataUrl':'s3://b/m.tar.gz',"
			       "'Environment':{'A':'b'}},'ExecutionRoleArn':'arn:aws:iam::123456789012:role/r'}");
	check_member("ModelArn", "'" CHECK_ARN "model/m'");
	call_fails("CreateModel", "{'ModelName':'M'}", "ValidationException",
		   "Cannot create already existing model \"" CHECK_ARN "model/m\".");
	call_ok("DescribeModel", "{'ModelName':'M'}");
	check_member("", "{'CreationTime':1767225600,'ExecutionRoleArn':'arn:aws:iam::123456789012:role/"
			 "r','ModelArn':'" CHECK_ARN
			 "model/m','ModelName':'M','PrimaryContainer':{'Environment':{'A':'b'},'Image':'x',"
			 "'ModelDataUrl':'s3://b/m.tar.gz'}}");
	call_ok("ListModels", "{}");
	check_member("Models", "[{'CreationTime':1767225600,'ModelArn':'" CHECK_ARN "model/m','ModelName':'M'}]");
	call_ok("DeleteModel", "{'ModelName':'M'}");
	call_fails("DescribeModel", "{'ModelName':'M'}", "ValidationException",
		   "Could not find model \"" CHECK_ARN "model/m\".");
	call_fails("DeleteModel", "{'ModelName':'M'}", "ValidationException", "Could not find model");
	call_fails("CreateModel", "{'ModelName':'N','PrimaryContainer':{},'Containers':[{}]}", "ValidationException",
		   "Only one of");
}

/* EnableCapture is on where it is not said. */
#define CAPTURE                                                                                \
	"'DataCaptureConfig':{'InitialSamplingPercentage':50,'DestinationS3Uri':'s3://b/cap'," \
	"'CaptureOptions':[{'CaptureMode':'Input'},{'CaptureMode':'Output'}]}"

static void create_config(const char *name, const char *variant, const char *more)
{
	char text[1024];
	snprintf(text, sizeof text, "{'EndpointConfigName':'%s','ProductionVariants':[{%s}]%s}", name, variant, more);
	call_ok("CreateEndpointConfig", text);
}

static void test_endpoint_configs(void **state)
{
	(void)state;
	call_fails("CreateEndpointConfig",
		   "{'EndpointConfigName':'c','ProductionVariants':[{'VariantName':'v','ModelName':'m'}]}",
		   "ValidationException", "Could not find model \"" CHECK_ARN "model/m\".");
	call_ok("CreateModel", "{'ModelName':'m'}");
	create_config("c", "'VariantName':'v','ModelName':'m'",
		      "," CAPTURE ",'AsyncInferenceConfig':{'OutputConfig':{}},'Tags':[{'Key':'k','Value':'v'}]");
	check_member("EndpointConfigArn", "'" CHECK_ARN "endpoint-config/c'");
	call_ok("DescribeEndpointConfig", "{'EndpointConfigName':'c'}");
	check_member("DataCaptureConfig.CaptureOptions", "[{'CaptureMode':'Input'},{'CaptureMode':'Output'}]");
	check_member("AsyncInferenceConfig", "{'OutputConfig':{}}");
	check_member("Tags", "");
	call_fails("CreateEndpointConfig", "{'EndpointConfigName':'C','ProductionVariants':[{'VariantName':'v'}]}",
		   "ValidationException",
		   "Cannot create already existing endpoint configuration \"" CHECK_ARN "endpoint-config/c\".");
	call_fails("CreateEndpointConfig",
		   "{'EndpointConfigName':'d','ProductionVariants':[{'VariantName':'v'},{'VariantName':'v'}]}",
		   "ValidationException", "unique");
	call_fails("CreateEndpointConfig",
		   "{'EndpointConfigName':'d','ProductionVariants':[{'VariantName':'v'}],'ShadowProductionVariants':[{"
		   "'VariantName':'s','ModelName':'none'}]}",
		   "ValidationException", "Could not find model \"" CHECK_ARN "model/none\".");
	call_fails("CreateEndpointConfig",
		   "{'EndpointConfigName':'d','ProductionVariants':[{'VariantName':'v'}],'DataCaptureConfig':{"
		   "'InitialSamplingPercentage':1,'DestinationS3Uri':'https://b/c','CaptureOptions':[{'CaptureMode':"
		   "'Input'}]}}",
		   "ValidationException", "CreateEndpointConfigInput.DataCaptureConfig.DestinationS3Uri");
	call_ok("ListEndpointConfigs", "{'NameContains':'C'}");
	check_member("EndpointConfigs", "[{'CreationTime':1767225600,'EndpointConfigArn':'" CHECK_ARN
					"endpoint-config/c','EndpointConfigName':'c'}]");
	call_ok("DeleteEndpointConfig", "{'EndpointConfigName':'c'}");
	call_fails("DescribeEndpointConfig", "{'EndpointConfigName':'c'}", "ValidationException",
		   "Could not find endpoint configuration \"" CHECK_ARN "endpoint-config/c\".");
	call_ok("ListEndpointConfigs", "{}");
	check_member("EndpointConfigs", "[]");
}

static void test_endpoint_life(void **state)
{
	(void)state;
	call_fails("CreateEndpoint", "{'EndpointName':'e','EndpointConfigName':'c'}", "ValidationException",
		   "Could not find endpoint configuration \"" CHECK_ARN "endpoint-config/c\".");
	create_config("c", "'VariantName':'v','InitialInstanceCount':2,'InitialVariantWeight':0.5", "," CAPTURE);
	call_ok("CreateEndpoint", "{'EndpointName':'E','EndpointConfigName':'C','Tags':[{'Key':'k','Value':'v'}]}");
	check_member("", "{'EndpointArn':'" CHECK_ARN "endpoint/e'}");
	call_fails("CreateEndpoint", "{'EndpointName':'e','EndpointConfigName':'c'}", "ValidationException",
		   "Cannot create already existing endpoint \"" CHECK_ARN "endpoint/e\".");
	call_ok("DescribeEndpoint", "{'EndpointName':'E'}");
	check_member(
		"",
		"{'CreationTime':1767225600,'DataCaptureConfig':{'CaptureStatus':'Started',"
		"'CurrentSamplingPercentage':50,'DestinationS3Uri':'s3://b/cap','EnableCapture':true,'KmsKeyId':''},"
		"'EndpointArn':'" CHECK_ARN
		"endpoint/e','EndpointConfigName':'c','EndpointName':'E','EndpointStatus':'InService',"
		"'LastModifiedTime':1767225600,'ProductionVariants':[{'CurrentInstanceCount':2,"
		"'CurrentWeight':0.5,'DesiredInstanceCount':2,'DesiredWeight':0.5,'VariantName':'v'}]}");
	/* The configuration may go; the endpoint keeps what it had of it. */
	call_ok("DeleteEndpointConfig", "{'EndpointConfigName':'c'}");
	call_ok("DescribeEndpoint", "{'EndpointName':'e'}");
	check_member("DataCaptureConfig.DestinationS3Uri", "'s3://b/cap'");
	check_member("EndpointConfigName", "'c'");
	call_ok("ListEndpoints", "{'StatusEquals':'InService'}");
	check_member("Endpoints", "[{'CreationTime':1767225600,'EndpointArn':'" CHECK_ARN
				  "endpoint/e','EndpointName':'E','EndpointStatus':'InService',"
				  "'LastModifiedTime':1767225600}]");
	call_ok("ListEndpoints", "{'StatusEquals':'Failed'}");
	check_member("Endpoints", "[]");
	call_ok("DeleteEndpoint", "{'EndpointName':'e'}");
	call_fails("DescribeEndpoint", "{'EndpointName':'e'}", "ValidationException",
		   "Could not find endpoint \"" CHECK_ARN "endpoint/e\".");
	call_fails("UpdateEndpoint", "{'EndpointName':'e','EndpointConfigName':'c'}", "ValidationException",
		   "Could not find endpoint \"");
	/* The tags of what is gone do not come back with its name. */
	create_config("c", "'VariantName':'v'", "");
	call_ok("CreateEndpoint", "{'EndpointName':'E','EndpointConfigName':'c'}");
	call_ok("ListTags", "{'ResourceArn':'" CHECK_ARN "endpoint/e'}");
	check_member("Tags", "[]");
	call_ok("DescribeEndpoint", "{'EndpointName':'E'}");
	check_member("DataCaptureConfig", "");
	check_member("ProductionVariants", "[{'CurrentWeight':1.0,'DesiredWeight':1.0,'VariantName':'v'}]");
}

static void test_endpoint_updates(void **state)
{
	(void)state;
	create_config("old", "'VariantName':'v','InitialInstanceCount':2,'InitialVariantWeight':3.0", "," CAPTURE);
	create_config("new", "'VariantName':'v','InitialInstanceCount':5,'InitialVariantWeight':7.0",
		      ",'DataCaptureConfig':{'EnableCapture':false,'InitialSamplingPercentage':10,'DestinationS3Uri':"
		      "'s3://b/new','KmsKeyId':'k','CaptureOptions':[{'CaptureMode':'Input'}]}");
	call_ok("CreateEndpoint", "{'EndpointName':'e','EndpointConfigName':'old','DeploymentConfig':{"
				  "'AutoRollbackConfiguration':{'Alarms':[{'AlarmName':'a'}]}}}");
	check_now_us += HC_SECOND_US;
	call_ok("UpdateEndpoint", "{'EndpointName':'e','EndpointConfigName':'new','RetainAllVariantProperties':true,"
				  "'ExcludeRetainedVariantProperties':[{'VariantPropertyType':'DesiredWeight'}],"
				  "'RetainDeploymentConfig':true}");
	check_member("EndpointArn", "'" CHECK_ARN "endpoint/e'");
	call_ok("DescribeEndpoint", "{'EndpointName':'e'}");
	check_member("EndpointConfigName", "'new'");
	check_member("CreationTime", "1767225600");
	check_member("LastModifiedTime", "1767225601");
	check_member("DataCaptureConfig.DestinationS3Uri", "'s3://b/cap'");
	check_member("ProductionVariants.[0]",
		     "{'CurrentInstanceCount':2,'CurrentWeight':7.0,'DesiredInstanceCount':2,'DesiredWeight':7.0,"
		     "'VariantName':'v'}");
	check_member("LastDeploymentConfig.AutoRollbackConfiguration.Alarms", "[{'AlarmName':'a'}]");

	call_ok("UpdateEndpoint", "{'EndpointName':'e','EndpointConfigName':'new'}");
	call_ok("DescribeEndpoint", "{'EndpointName':'e'}");
	check_member("DataCaptureConfig", "{'CaptureStatus':'Stopped','CurrentSamplingPercentage':10,"
					  "'DestinationS3Uri':'s3://b/new','EnableCapture':false,'KmsKeyId':'k'}");
	check_member("ProductionVariants.[0].DesiredInstanceCount", "5");
	check_member("LastDeploymentConfig", "");
	call_fails("UpdateEndpoint", "{'EndpointName':'e','EndpointConfigName':'none'}", "ValidationException",
		   "Could not find endpoint configuration");
	call_ok("DescribeEndpoint", "{'EndpointName':'e'}");
	check_member("EndpointConfigName", "'new'");
}

/* Names of a list as "a b c". */
static struct hc_str names(const char *list, const char *member)
{
	static char text[4096];
	const json_t *rows = hc_tree_at(check_out, list);
	text[0] = '\0';
	for (size_t i = 0; i < json_array_size(rows); i++) {
		strcat(text, i ? " " : "");
		strcat(text, hc_tree_cstring(json_array_get(rows, i), member, "?"));
	}
	return hc_str(text);
}

static void test_list_filters(void **state)
{
	static const struct {
		const char *input, *expected;
	} table[] = {
		{"{}", "m4 m3 Other m1"},
		{"{'SortOrder':'Ascending'}", "m1 Other m3 m4"},
		{"{'SortBy':'Name','SortOrder':'Ascending'}", "m1 m3 m4 Other"},
		{"{'SortBy':'Name'}", "Other m4 m3 m1"},
		{"{'NameContains':'M'}", "m4 m3 m1"},
		{"{'NameContains':'the'}", "Other"},
		{"{'CreationTimeAfter':1767225602}", "m4 m3"},
		{"{'CreationTimeBefore':1767225602}", "Other m1"},
		{"{'CreationTimeAfter':1767225600.5,'CreationTimeBefore':1767225602.5}", "m3 Other"},
		{"{'CreationTimeBefore':0}", ""},
		{"{'CreationTimeAfter':0}", "m4 m3 Other m1"},
		{"{'MaxResults':2}", "m4 m3"},
	};
	static const char *const made[] = {"m1", "Other", "m3", "m4"};
	(void)state;
	for (size_t i = 0; i < COUNT(made); i++) {
		char text[64];
		snprintf(text, sizeof text, "{'ModelName':'%s'}", made[i]);
		call_ok("CreateModel", text);
		check_now_us += HC_SECOND_US;
	}
	for (size_t i = 0; i < COUNT(table); i++) {
		call_ok("ListModels", table[i].input);
		check_str(names("Models", "ModelName"), table[i].expected);
	}
}

static void test_list_of_definitions(void **state)
{
	(void)state;
	create_definition("a");
	call_ok(CREATE, definition("b", APP_REGRESSION, BATCH "," TRUTH, ""));
	call_ok("ListModelQualityJobDefinitions", "{'EndpointName':'ep'}");
	check_member("JobDefinitionSummaries",
		     "[{'CreationTime':1767225600,'EndpointName':'ep','MonitoringJobDefinitionArn':'" CHECK_ARN
		     "model-quality-job-definition/a','MonitoringJobDefinitionName':'a'}]");
	/* What was made is not after the time that its client was told, which has milliseconds. */
	check_now_us += 1;
	create_definition("c");
	call_ok("ListModelQualityJobDefinitions", "{'CreationTimeAfter':1767225600}");
	check_member("JobDefinitionSummaries", "[]");
}

static void test_pages(void **state)
{
	char text[256], seen[1024] = "";
	(void)state;
	for (int i = 0; i < 25; i++) {
		snprintf(text, sizeof text, "{'ModelName':'m%02d'}", i);
		call_ok("CreateModel", text);
	}
	/* Ten a page without MaxResults; all were made at the same time. */
	struct hc_str token = {0};
	size_t pages = 0, sizes[3] = {10, 10, 5};
	do {
		if (token.n)
			snprintf(text, sizeof text, "{'NextToken':'%.*s'}", HC_STR_ARG(token));
		call_ok("ListModels", token.n ? text : "{}");
		assert_true(pages < 3);
		assert_int_equal(json_array_size(hc_tree_at(check_out, "Models")), sizes[pages]);
		strcat(seen, pages++ ? " " : "");
		strncat(seen, names("Models", "ModelName").p, 200);
		token = hc_arena_copy(&check_arena, hc_tree_text(check_out, "NextToken"));
	} while (token.n);
	assert_int_equal(pages, 3);
	check_str(hc_str(seen), "m24 m23 m22 m21 m20 m19 m18 m17 m16 m15 m14 m13 m12 m11 m10 m09 m08 m07 m06 m05 m04 "
				"m03 m02 m01 m00");

	/* Tokens that are none of ours, or of another order. */
	call_fails("ListModels", "{'NextToken':'x'}", "ValidationException", "NextToken");
	call_ok("ListModels", "{'SortBy':'Name'}");
	token = hc_arena_copy(&check_arena, hc_tree_text(check_out, "NextToken"));
	snprintf(text, sizeof text, "{'NextToken':'%.*s'}", HC_STR_ARG(token));
	call_fails("ListModels", text, "ValidationException", "NextToken");
	/* That of another list says nothing here, although the order is the same. */
	static const char *const others[] = {"ListEndpoints", "ListEndpointConfigs", "ListProcessingJobs",
					     "ListMonitoringSchedules", "ListMonitoringExecutions"};
	snprintf(text, sizeof text, "{'NextToken':'%.*s','SortBy':'Name'}", HC_STR_ARG(token));
	call_ok("ListModels", text);
	for (size_t k = 0; k < COUNT(others); k++) {
		call_ok("ListModels", "{'SortOrder':'Descending'}");
		token = hc_arena_copy(&check_arena, hc_tree_text(check_out, "NextToken"));
		snprintf(text, sizeof text, "{'NextToken':'%.*s','SortOrder':'Descending'}", HC_STR_ARG(token));
		call_ok("ListModels", text);
		call_fails(others[k], text, "ValidationException", "NextToken");
	}
	call_fails("ListMonitoringAlertHistory", text, "ValidationException", "NextToken");
	call_ok("ListMonitoringAlertHistory", "{'NextToken':''}");
}

static void test_tags(void **state)
{
	(void)state;
	call_ok("CreateModel", "{'ModelName':'m'}");
	call_ok("AddTags",
		"{'ResourceArn':'" CHECK_ARN "model/M','Tags':[{'Key':'b','Value':'2'},{'Key':'a','Value':'1'}]}");
	check_member("Tags", "[{'Key':'a','Value':'1'},{'Key':'b','Value':'2'}]");
	call_ok("AddTags", "{'ResourceArn':'" CHECK_ARN "model/m','Tags':[{'Key':'b','Value':''}]}");
	call_ok("ListTags", "{'ResourceArn':'" CHECK_ARN "model/m','MaxResults':50}");
	check_member("", "{'Tags':[{'Key':'a','Value':'1'},{'Key':'b','Value':''}]}");
	call_fails("ListTags", "{'ResourceArn':'" CHECK_ARN "model/m','NextToken':'x'}", "ValidationException",
		   "NextToken");
	call_ok("DeleteTags", "{'ResourceArn':'" CHECK_ARN "model/m','TagKeys':['b','z']}");
	call_ok("ListTags", "{'ResourceArn':'" CHECK_ARN "model/m'}");
	check_member("Tags", "[{'Key':'a','Value':'1'}]");

	call_fails("AddTags", "{'ResourceArn':'" CHECK_ARN "model/m','Tags':[{'Key':'aws:x','Value':''}]}",
		   "ValidationException", "reserved");
	call_fails("AddTags", "{'ResourceArn':'" CHECK_ARN "model/n','Tags':[]}", "ValidationException",
		   "Could not find model \"" CHECK_ARN "model/n\".");
	call_fails("ListTags", "{'ResourceArn':'" CHECK_ARN "monitoring-schedule/n'}", "ResourceNotFound",
		   "Could not find monitoring schedule \"" CHECK_ARN "monitoring-schedule/n\".");
	call_fails("ListTags", "{'ResourceArn':'arn:aws:sagemaker:us-west-2:999999999999:model/m'}",
		   "ValidationException", "Could not find resource");
	call_fails("DeleteTags", "{'ResourceArn':'" CHECK_ARN "what/m','TagKeys':['a']}", "ValidationException",
		   "Could not find resource");
}

static void test_tags_limit(void **state)
{
	char text[4096];
	(void)state;
	call_ok("CreateModel", "{'ModelName':'m'}");
	int n = snprintf(text, sizeof text, "{'ResourceArn':'" CHECK_ARN "model/m','Tags':[");
	for (int i = 0; i < 50; i++)
		n += snprintf(text + n, sizeof text - (size_t)n, "%s{'Key':'k%d','Value':'v'}", i ? "," : "", i);
	snprintf(text + n, sizeof text - (size_t)n, "]}");
	call_ok("AddTags", text);
	/* All 50 once more replace themselves; one more is too many. */
	call_ok("AddTags", text);
	call_fails("AddTags", "{'ResourceArn':'" CHECK_ARN "model/m','Tags':[{'Key':'more','Value':''}]}",
		   "ResourceLimitExceeded", "50 tags");
	call_ok("ListTags", "{'ResourceArn':'" CHECK_ARN "model/m'}");
	assert_int_equal(json_array_size(hc_tree_at(check_out, "Tags")), 50);
}

/* Every operation of SageMaker in the contract has a handler, and the other way round. */
static void test_table(void **state)
{
	size_t n = 0;
	(void)state;
	for (size_t i = 0; i < hc_contract_count(); i++) {
		const struct hc_operation *op = hc_contract_at(i);
		if (strcmp(op->service, "sagemaker") != 0)
			continue;
		n++;
		assert_non_null(handled_of(op->name));
	}
	assert_int_equal(n, hc_sagemaker.n_operations);
}

/* A fault's text is cut between characters, not within one. */
static void test_fault_text(void **state)
{
	static char text[HC_PROBLEM_TEXT_MAX + 8];
	struct hc_fault fault;
	(void)state;
	memset(text, 'x', sizeof text - 1);
	memcpy(text + HC_PROBLEM_TEXT_MAX - 2, "\xc3\xa9", 2); /* its second byte would be the terminator's */
	hc_fault_set(&fault, 400, "ValidationException", "%s", text);
	assert_int_equal(strlen(fault.text), HC_PROBLEM_TEXT_MAX - 2);
	assert_int_equal(fault.status, 400);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_service(test_definition_life),
		in_service(test_definition_kept),
		in_service(test_definition_refused),
		in_service(test_definition_accepted),
		cmocka_unit_test(test_images),
		in_service(test_models),
		in_service(test_endpoint_configs),
		in_service(test_endpoint_life),
		in_service(test_endpoint_updates),
		in_service(test_list_filters),
		in_service(test_list_of_definitions),
		in_service(test_pages),
		in_service(test_tags),
		in_service(test_tags_limit),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_fault_text),
	};
	check_under_test = &hc_sagemaker;
	return cmocka_run_group_tests_name("sagemaker resources", tests, NULL, NULL);
}
