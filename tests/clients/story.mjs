// A monitor's life by @aws-sdk/client-sagemaker. Run by test_js.py with the environment of `hindcast env`.
import assert from "node:assert/strict";
import * as sm from "@aws-sdk/client-sagemaker";

const client = new sm.SageMakerClient({ maxAttempts: 1 });
const send = (name, input = {}) => client.send(new sm[`${name}Command`](input));
const role = "arn:aws:iam::123456789012:role/service-role/Monitoring";
const arn = "arn:aws:sagemaker:us-west-2:123456789012";
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function refused(name, input, kind, text, modelled) {
	try {
		await send(name, input);
	} catch (e) {
		assert.equal(e.name, kind, `${name}: ${e}`);
		assert.ok(e.message.includes(text), `${name}: ${e.message}`);
		assert.equal(e.$metadata.httpStatusCode, 400);
		assert.ok(e.$metadata.requestId);
		if (modelled) assert.ok(e instanceof sm[modelled], `${name}: ${e.constructor.name}`);
		return;
	}
	assert.fail(`${name} was not refused`);
}

async function until(what, ask, good) {
	for (let i = 0; i < 300; i++) {
		const answer = await ask();
		if (good(answer)) return answer;
		await sleep(100);
	}
	assert.fail(`${what}: not within 30 s`);
}

// --- endpoint
await send("CreateModel", { ModelName: "js", PrimaryContainer: { Image: "image", Environment: { A: "b" } }, ExecutionRoleArn: role });
const capture = {
	EnableCapture: true, InitialSamplingPercentage: 100, DestinationS3Uri: "s3://js/capture",
	CaptureOptions: [{ CaptureMode: "Input" }, { CaptureMode: "Output" }],
};
await send("CreateEndpointConfig", {
	EndpointConfigName: "js", DataCaptureConfig: capture,
	ProductionVariants: [{ VariantName: "AllTraffic", ModelName: "js", InitialInstanceCount: 1, InstanceType: "ml.m5.xlarge", InitialVariantWeight: 0.5 }],
});
assert.equal((await send("CreateEndpoint", { EndpointName: "js", EndpointConfigName: "js" })).EndpointArn, `${arn}:endpoint/js`);
await sm.waitUntilEndpointInService({ client, maxWaitTime: 30, minDelay: 1 }, { EndpointName: "js" });
const endpoint = await send("DescribeEndpoint", { EndpointName: "js" });
assert.equal(endpoint.EndpointStatus, "InService");
assert.equal(endpoint.DataCaptureConfig.DestinationS3Uri, "s3://js/capture");
assert.ok(endpoint.CreationTime instanceof Date && Math.abs(endpoint.CreationTime - new Date()) < 60000, String(endpoint.CreationTime));
const config = await send("DescribeEndpointConfig", { EndpointConfigName: "js" });
assert.deepEqual(config.DataCaptureConfig, capture);
assert.equal(config.ProductionVariants[0].InitialVariantWeight, 0.5);

// --- definition
const definition = {
	JobDefinitionName: "js",
	ModelQualityAppSpecification: {
		ImageUri: "159807026194.dkr.ecr.us-west-2.amazonaws.com/sagemaker-model-monitor-analyzer", ProblemType: "BinaryClassification",
		Environment: { publish_cloudwatch_metrics: "Enabled" },
	},
	ModelQualityJobInput: {
		EndpointInput: { EndpointName: "js", LocalPath: "/opt/ml/processing/in", ProbabilityAttribute: "0", ProbabilityThresholdAttribute: 0.25 },
		GroundTruthS3Input: { S3Uri: "s3://js/labels" },
	},
	ModelQualityJobOutputConfig: { MonitoringOutputs: [{ S3Output: { S3Uri: "s3://js/out", LocalPath: "/opt/ml/processing/output" } }] },
	JobResources: { ClusterConfig: { InstanceCount: 1, InstanceType: "ml.m5.xlarge", VolumeSizeInGB: 20 } },
	RoleArn: role,
};
assert.equal((await send("CreateModelQualityJobDefinition", definition)).JobDefinitionArn, `${arn}:model-quality-job-definition/js`);
await refused("CreateModelQualityJobDefinition", definition, "ResourceInUse", "", "ResourceInUse");
const described = await send("DescribeModelQualityJobDefinition", { JobDefinitionName: "js" });
assert.equal(described.ModelQualityJobInput.EndpointInput.ProbabilityThresholdAttribute, 0.25);
assert.equal(described.ModelQualityJobInput.EndpointInput.S3InputMode, "File");
assert.deepEqual(described.ModelQualityAppSpecification, definition.ModelQualityAppSpecification);

// --- schedule
const expression = { ScheduleExpression: "cron(0 * ? * * *)" };
const schedule = { MonitoringScheduleName: "js", MonitoringScheduleConfig: { MonitoringJobDefinitionName: "js", MonitoringType: "ModelQuality", ScheduleConfig: expression }, Tags: [{ Key: "k", Value: "v" }] };
await send("CreateMonitoringSchedule", schedule);
await refused("CreateMonitoringSchedule", schedule, "ResourceInUse", "", "ResourceInUse");
const status = () => send("DescribeMonitoringSchedule", { MonitoringScheduleName: "js" });
const found = await until("scheduled", status, (s) => s.MonitoringScheduleStatus === "Scheduled");
assert.deepEqual(found.MonitoringScheduleConfig, schedule.MonitoringScheduleConfig);
assert.ok(found.LastModifiedTime >= found.CreationTime);
assert.deepEqual((await send("ListTags", { ResourceArn: found.MonitoringScheduleArn })).Tags, schedule.Tags);
await send("StopMonitoringSchedule", { MonitoringScheduleName: "js" });
await until("stopped", status, (s) => s.MonitoringScheduleStatus === "Stopped");
await send("StartMonitoringSchedule", { MonitoringScheduleName: "js" });
await until("started", status, (s) => s.MonitoringScheduleStatus === "Scheduled");
await send("UpdateMonitoringSchedule", { MonitoringScheduleName: "js", MonitoringScheduleConfig: { ...schedule.MonitoringScheduleConfig, ScheduleConfig: { ScheduleExpression: "cron(0 3 ? * * *)" } } });
const updated = await until("updated", status, (s) => s.MonitoringScheduleStatus === "Scheduled");
assert.equal(updated.MonitoringScheduleConfig.ScheduleConfig.ScheduleExpression, "cron(0 3 ? * * *)");
const alerts = await send("ListMonitoringAlerts", { MonitoringScheduleName: "js" });
assert.equal(alerts.MonitoringAlertSummaries[0].AlertStatus, "OK");

// --- an execution
await send("CreateMonitoringSchedule", { MonitoringScheduleName: "js-now", MonitoringScheduleConfig: { MonitoringJobDefinitionName: "js", MonitoringType: "ModelQuality", ScheduleConfig: { ScheduleExpression: "NOW", DataAnalysisStartTime: "-PT3H", DataAnalysisEndTime: "-PT1H" } } });
const executed = await until("executed", () => send("ListMonitoringExecutions", { MonitoringScheduleName: "js-now" }),
	(list) => list.MonitoringExecutionSummaries.length === 1 && list.MonitoringExecutionSummaries[0].MonitoringExecutionStatus === "Failed");
assert.ok(executed.MonitoringExecutionSummaries[0].FailureReason.startsWith("Job inputs had no data"));
assert.ok(executed.MonitoringExecutionSummaries[0].ScheduledTime instanceof Date);

// --- lists and pages
for (let i = 0; i < 5; i++) await send("CreateModel", { ModelName: `js-${i}`, PrimaryContainer: { Image: "image" }, ExecutionRoleArn: role });
const names = [];
let pages = 0;
for await (const page of sm.paginateListModels({ client, pageSize: 2 }, { SortBy: "Name", SortOrder: "Ascending" })) {
	names.push(...page.Models.map((m) => m.ModelName));
	pages++;
}
assert.deepEqual(names, ["js", "js-0", "js-1", "js-2", "js-3", "js-4"]);
assert.equal(pages, 3);
assert.equal((await send("ListMonitoringSchedules", { CreationTimeAfter: new Date(Date.now() - 600000), NameContains: "js" })).MonitoringScheduleSummaries.length, 2);

// --- errors
await refused("DescribeModel", { ModelName: "none" }, "ValidationException", "Could not find model");
await refused("DescribeMonitoringSchedule", { MonitoringScheduleName: "none" }, "ResourceNotFound", "", "ResourceNotFound");
await refused("CreateModel", { ModelName: "under_score", ExecutionRoleArn: role }, "ValidationException", "regular expression pattern");
await refused("CreateModel", { ExecutionRoleArn: role }, "ValidationException", "modelName");
await refused("ListModels", { MaxResults: 101 }, "ValidationException", "maxResults");
await refused("ListModels", { SortBy: "Color" }, "ValidationException", "enum value set");

// --- and all away
for (const name of ["js", "js-now"]) {
	await send("DeleteMonitoringSchedule", { MonitoringScheduleName: name });
	await until("deleted", () => status().then(() => false, (e) => e.name === "ResourceNotFound"), (gone) => gone || name !== "js");
}
await send("DeleteModelQualityJobDefinition", { JobDefinitionName: "js" });
await refused("DeleteModelQualityJobDefinition", { JobDefinitionName: "js" }, "ResourceNotFound", "", "ResourceNotFound");
await send("DeleteEndpoint", { EndpointName: "js" });
await send("DeleteEndpointConfig", { EndpointConfigName: "js" });
for (const name of names) await send("DeleteModel", { ModelName: name });
assert.equal((await send("ListModels")).Models.length, 0);
console.log("all as expected");
