"""Schedules that run on a live server: ticks, executions, their two jobs, and what is left of them.

The server's clock is moved; data are those of examples/ and of AWS's churn example; the digits are held against `hindcast run` over the
same files in local folders, byte for byte.
"""
import csv
import itertools
import json
import time
import urllib.error
import urllib.request
from datetime import timedelta

import pytest

import helpers
from helpers import capture, hour_path, instant, label, stamp
from server import Server, until

boto3 = pytest.importorskip("boto3")

from botocore.exceptions import ClientError  # noqa: E402

ROLE = "arn:aws:iam::123456789012:role/monitoring"
ACCOUNT_IMAGES = "159807026194.dkr.ecr.us-west-2.amazonaws.com"
ANALYZER = f"{ACCOUNT_IMAGES}/sagemaker-model-monitor-analyzer"
MERGER = f"{ACCOUNT_IMAGES}/sagemaker-model-monitor-groundtruth-merger"
OWN_IMAGE = "123456789012.dkr.ecr.us-west-2.amazonaws.com/own/monitor:1"
EPOCH = "1772668800"  # the evaluation time of all reports, the server's jobs' too
CLUSTER = {"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.xlarge", "VolumeSizeInGB": 20}}
ENDED = ("Completed", "CompletedWithViolations", "Failed", "Stopped")
BUCKET = "monitoring"
NUMBERS = itertools.count()

# What stands for a container of somebody's own: MODE, in the job's environment, says how it behaves.
OWN_SCRIPT = r"""
set -eu
in=${dataset_source:-$hindcast_container_root/opt/ml/processing/input}
out=${output_path:-$hindcast_container_root/opt/ml/processing/output}
echo "mode $MODE, arguments: $*"
case $MODE in
copy)
    cp "$hindcast_container_root/opt/ml/config/processingjobconfig.json" "$out/config.json"
    cp "$hindcast_container_root/opt/ml/config/resourceconfig.json" "$out/resources.json"
    find "$in" -type f -print0 | sort -z | xargs -0 cat > "$out/copy.txt"
    printf '{"MetricName":"lines","Value":%d,"Dimensions":[{"Name":"MonitoringSchedule","Value":"%s"}]}\n' \
        "$(wc -l < "$out/copy.txt")" "${sagemaker_monitoring_schedule_name:-none}" > "$cloudwatch_metrics_directory/own.jsonl"
    printf 'CompletedWithViolations: Job completed successfully with 1 violations.' > "$output_message_file" ;;
fail) echo "on purpose: $in/rows.csv:7 is odd" | tee "$output_message_file"; exit 3 ;;
odd) printf 'gr\374n \303' > "$output_message_file"; exit 4 ;;
names) echo x > "$out/a.txt"; echo y > "$(printf "$out/gr\374n")" ;;
noisy) setsid yes noise & sleep 0.3; exit 0 ;;
wait) trap 'exit 0' TERM; touch "$MARK"; sleep 30 & wait ;;
deaf) trap '' TERM; touch "$MARK"; sleep 1; echo done > "$out/done.txt" ;;
esac
"""


class World:
    """A server, its clients, and the words in which tests speak to them."""

    def __init__(self, folder, *options, ahead_of=None):
        self.folder = folder
        script = folder / "own.sh"
        script.write_text(OWN_SCRIPT)
        self.server = Server(folder / "data", *options, "--no-auth", "--image-command", f"own/monitor=/bin/sh {script}",
                             clock=True, env={"SOURCE_DATE_EPOCH": EPOCH})
        self.at(ahead_of or "2026-03-05T00:30")
        self.server.start()
        self.clients()
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})

    def clients(self):
        boto = self.server.boto()
        self.sm, self.s3, self.cw, self.logs = (boto3.client(name, **boto) for name in ("sagemaker", "s3", "cloudwatch", "logs"))

    def at(self, moment):
        """The server's clock shows that moment now, and goes on."""
        moment = instant(moment) if isinstance(moment, str) else moment
        self.server.ahead(f"{moment.timestamp() - time.time():.3f}".split(".")[0])

    # --- objects ---

    def put(self, key, body):
        if isinstance(body, (list, tuple)):
            body = "".join((line if isinstance(line, str) else helpers.compact(line)) + "\n" for line in body)
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=body.encode() if isinstance(body, str) else body)
        return f"s3://{BUCKET}/{key}"

    def upload(self, folder, prefix, change=lambda name, body: body):
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            name = path.relative_to(folder).as_posix()
            self.put(f"{prefix}/{name}", change(name, path.read_bytes()))
        return f"s3://{BUCKET}/{prefix}"

    def keys(self, prefix):
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
        return [entry["Key"] for page in pages for entry in page.get("Contents", [])]

    def get(self, uri):
        assert uri.startswith(f"s3://{BUCKET}/"), uri
        return self.s3.get_object(Bucket=BUCKET, Key=uri[len(f"s3://{BUCKET}/"):])["Body"].read()

    # --- resources ---

    def endpoint(self, name, destination):
        self.sm.create_model(ModelName=name, PrimaryContainer={"Image": OWN_IMAGE}, ExecutionRoleArn=ROLE)
        self.sm.create_endpoint_config(
            EndpointConfigName=name, ProductionVariants=[{"VariantName": "AllTraffic", "ModelName": name, "InitialInstanceCount": 1,
                                                          "InstanceType": "ml.m5.large"}],
            DataCaptureConfig={"EnableCapture": True, "InitialSamplingPercentage": 100, "DestinationS3Uri": destination,
                               "CaptureOptions": [{"CaptureMode": "Output"}]})
        self.sm.create_endpoint(EndpointName=name, EndpointConfigName=name)

    def definition(self, name, labels, output, endpoint=None, batch=None, constraints=None, attributes=None, environment=None,
                   seconds=1800, image=ANALYZER, **app):
        where = {"LocalPath": "/opt/ml/processing/input_data", **(attributes or {"ProbabilityAttribute": "0",
                                                                                 "ProbabilityThresholdAttribute": 0.5})}
        if endpoint:
            inputs = {"EndpointInput": {"EndpointName": endpoint, **where}}
        else:
            inputs = {"BatchTransformInput": {"DataCapturedDestinationS3Uri": batch, "DatasetFormat": {"Csv": {"Header": False}}, **where}}
        self.sm.create_model_quality_job_definition(
            JobDefinitionName=name, RoleArn=ROLE, JobResources=CLUSTER, StoppingCondition={"MaxRuntimeInSeconds": seconds},
            ModelQualityJobInput={**inputs, "GroundTruthS3Input": {"S3Uri": labels}},
            ModelQualityAppSpecification={"ImageUri": image, "ProblemType": "BinaryClassification",
                                          "Environment": {"publish_cloudwatch_metrics": "Enabled", **(environment or {})}, **app},
            ModelQualityJobOutputConfig={"MonitoringOutputs": [{"S3Output": {"S3Uri": output, "S3UploadMode": "Continuous",
                                                                             "LocalPath": "/opt/ml/processing/output"}}]},
            **({"ModelQualityBaselineConfig": {"ConstraintsResource": {"S3Uri": constraints}}} if constraints else {}))

    def config(self, definition, cron="cron(0 * ? * * *)", start=None, end=None):
        when = {"ScheduleExpression": cron}
        if start:
            when.update(DataAnalysisStartTime=start, DataAnalysisEndTime=end)
        return {"ScheduleConfig": when, "MonitoringJobDefinitionName": definition, "MonitoringType": "ModelQuality"}

    def schedule(self, name, definition=None, **when):
        """Not through the client: Debian's does not know DataAnalysisStartTime yet."""
        body = json.dumps({"MonitoringScheduleName": name, "MonitoringScheduleConfig": self.config(definition or name, **when)}).encode()
        request = urllib.request.Request(self.server.url, body, {"X-Amz-Target": "SageMaker.CreateMonitoringSchedule",
                                                                 "Content-Type": "application/x-amz-json-1.1"})
        with urllib.request.urlopen(request) as answer:
            assert name in json.load(answer)["MonitoringScheduleArn"]

    def executions(self, name, **more):
        """Oldest tick first."""
        answer = self.sm.list_monitoring_executions(MonitoringScheduleName=name, SortBy="ScheduledTime", SortOrder="Ascending",
                                                    MaxResults=100, **more)
        return answer["MonitoringExecutionSummaries"]

    def ended(self, name, n, timeout_s=30):
        """The executions, when there are n and all have ended."""
        found = until(f"executions of {name}", lambda: self.executions(name), timeout_s=timeout_s, pause_s=0.05,
                      good=lambda list_: len(list_) >= n and all(e["MonitoringExecutionStatus"] in ENDED for e in list_))
        assert len(found) == n, found
        return found

    def tick(self, name, moment, n):
        """Moves the clock past the tick; the newest execution of n."""
        self.at(instant(moment) + timedelta(seconds=1) if isinstance(moment, str) else moment)
        return self.ended(name, n)[-1]

    def job(self, arn_or_name):
        return self.sm.describe_processing_job(ProcessingJobName=arn_or_name.rsplit("/", 1)[-1])

    def job_ended(self, name, timeout_s=30):
        return until(f"job {name}", lambda: self.job(name), timeout_s=timeout_s, pause_s=0.05,
                     good=lambda job: job["ProcessingJobStatus"] in ENDED)

    def job_log(self, arn):
        name = arn.rsplit("/", 1)[-1]
        group = "/aws/sagemaker/ProcessingJobs"
        streams = self.logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=f"{name}/")["logStreams"]
        lines = []
        for stream in streams:
            events = self.logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"], startFromHead=True)["events"]
            lines += [event["message"] for event in events]
        return "\n".join(lines)

    def processing_job(self, name, image=OWN_IMAGE, environment=None, inputs=(), output=None, seconds=60, arguments=()):
        spec = {"ImageUri": image}
        if arguments:
            spec["ContainerArguments"] = list(arguments)
        self.sm.create_processing_job(
            ProcessingJobName=name, RoleArn=ROLE, ProcessingResources=CLUSTER, AppSpecification=spec, Environment=environment or {},
            StoppingCondition={"MaxRuntimeInSeconds": seconds},
            ProcessingInputs=[{"InputName": f"i{n}", "S3Input": {"S3Uri": uri, "LocalPath": path, "S3DataType": "S3Prefix",
                                                                "S3InputMode": "File"}} for n, (uri, path) in enumerate(inputs)],
            **({"ProcessingOutputConfig": {"Outputs": [{"OutputName": "o", "S3Output": {
                "S3Uri": output, "LocalPath": "/opt/ml/processing/output", "S3UploadMode": "EndOfJob"}}]}} if output else {}))

    def baseline_job(self, name, uri, output):
        self.processing_job(name, ANALYZER, {
            "output_path": "/opt/ml/processing/output", "dataset_source": "/opt/ml/processing/input/base",
            "dataset_format": '{"csv":{"header":true}}', "analysis_type": "MODEL_QUALITY", "problem_type": "BinaryClassification",
            "inference_attribute": "prediction", "probability_attribute": "probability", "ground_truth_attribute": "label"},
            [(uri, "/opt/ml/processing/input/base")], output)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    w = World(tmp_path_factory.mktemp("executions"), "--jobs", 2)
    with open(helpers.DATA / "churn" / "inputs.csv", newline="") as file:
        w.rows = list(csv.DictReader(file))
    yield w
    w.server.stop()


@pytest.fixture
def name(world, request):
    """A name of the test's own; what schedules it made are gone afterwards, so that no clock moved later finds them."""
    yield f"{request.function.__name__[5:].replace('_', '-')[:40]}-{next(NUMBERS)}"
    for summary in world.sm.list_monitoring_schedules(MaxResults=100)["MonitoringScheduleSummaries"]:
        world.sm.delete_monitoring_schedule(MonitoringScheduleName=summary["MonitoringScheduleName"])


def local_run(world, name, *args, status=(0, 1)):
    out = world.folder / f"local-{name}-{next(NUMBERS)}"
    done = helpers.hindcast("run", "--problem-type", "BinaryClassification", "--probability-attribute", "0", *args, "-o", out,
                            env={"SOURCE_DATE_EPOCH": EPOCH})
    assert done.status in status, str(done)
    return out


def churn_window(world, name, hours, start="2026-03-04T08:00"):
    """Rows of the churn data, captured and labelled hour by hour, in local folders and in the object store; with endpoint and constraints."""
    window = helpers.Window(world.folder / name, start, variant=f"{name}/AllTraffic")
    for hour in range(hours):
        put_hour(world, window, hour)
    world.upload(window.captures, f"{name}/capture")
    world.upload(window.labels, f"{name}/labels")
    world.endpoint(name, f"s3://{BUCKET}/{name}/capture")
    return window


def put_hour(world, window, hour):
    rows = world.rows[hour * 60:hour * 60 + 60]
    window.capture_file([capture(r["score"], f"ev-{r['row']}", r["row"], window.at(hour, n % 60)) for n, r in enumerate(rows)], hour)
    window.label_file([label(r["row"], r["label"]) for r in rows], hour)


def constraints_of(threshold=0.2):
    return json.dumps({"version": 0.0, "binary_classification_constraints": {
        "accuracy": {"threshold": threshold, "comparison_operator": "LessThanThreshold"}}})


def define(world, name, **more):
    world.definition(name, f"s3://{BUCKET}/{name}/labels", f"s3://{BUCKET}/{name}/out", **{"endpoint": name, **more})


def same_report(world, execution, local, output):
    """The report in the object store is that of the local run."""
    for file in ("statistics.json", "constraint_violations.json", "constraints.json"):
        here = local / file
        there = f"{output}/{file}"
        assert here.exists() == (there[len(f"s3://{BUCKET}/"):] in world.keys(output[len(f"s3://{BUCKET}/"):])), file
        if here.exists():
            assert world.get(there) == here.read_bytes(), file


def merged(world, prefix):
    return {key[len(prefix):].rsplit("/", 1)[0]: world.get(f"s3://{BUCKET}/{key}").decode().splitlines() for key in world.keys(prefix)}


# --- ticks -------------------------------------------------------------------------------------


def test_hourly(world, name):
    """Two ticks without offsets: each measures its own hour, as `hindcast run` does over the same files."""
    window = churn_window(world, name, 2)
    constraints = world.put(f"{name}/constraints.json", constraints_of(0.9))
    script = world.put(f"{name}/post.py", (helpers.ROOT / "examples" / "churn_postprocess.py").read_bytes())
    define(world, name, constraints=constraints, environment={"team": "churn"}, PostAnalyticsProcessorSourceUri=script)
    world.at(window.at(0, 30))
    world.schedule(name)
    assert world.executions(name) == []
    (world.folder / "c.json").write_text(constraints_of(0.9))
    for hour in (1, 2):
        tick = window.at(hour)
        execution = world.tick(name, tick + timedelta(seconds=1), hour)
        assert execution["ScheduledTime"] == tick and execution["MonitoringExecutionStatus"] == "CompletedWithViolations"
        assert timedelta(0) <= execution["CreationTime"] - tick < timedelta(seconds=20)
        local = local_run(world, name, *window.inputs(), "--scheduled-time", stamp(tick), "--period", "PT1H", "--constraints",
                          world.folder / "c.json", "--probability-threshold-attribute", "0.5")
        output = f"s3://{BUCKET}/{name}/out/{name}/{name}/{hour_path(tick)}"
        same_report(world, execution, local, output)
        assert f"{name}/out/{name}/{name}/{hour_path(tick)}/join_report.json" in world.keys(f"{name}/out/{name}")
    check_jobs(world, name, window, execution, constraints)
    there = merged(world, f"{name}/out/merge/")
    assert sorted(there) == [f"{name}/AllTraffic/{hour_path(window.at(h))}" for h in (0, 1)]
    local_merged = [line for path in helpers.merged_files(local) for line in path.read_text().splitlines()]
    assert there[f"{name}/AllTraffic/{hour_path(window.at(1))}"] == local_merged
    check_metrics(world, name, window, output)
    check_alert(world, name)


def check_jobs(world, name, window, execution, constraints):
    """Both jobs of the tick two hours behind the window's start, as reference 3.4 has them."""
    report = world.job(execution["ProcessingJobArn"])
    stem, hexes = report["ProcessingJobName"].rsplit("-", 1)
    assert stem == f"model-quality-monitoring-{window.at(2).strftime('%Y%m%d%H%M')}" and len(hexes) == 24
    merge = world.job(f"groundtruth-merge-{window.at(2).strftime('%Y%m%d%H%M')}-{hexes}")
    hour = hour_path(window.at(1))
    prefix = f"s3://{BUCKET}/{name}"

    def ends(job):
        return {i["InputName"]: (i["S3Input"]["S3Uri"], i["S3Input"]["LocalPath"]) for i in job["ProcessingInputs"]}

    assert ends(merge) == {
        "endpoint_input_1": (f"{prefix}/capture/{name}/AllTraffic/{hour}", f"/opt/ml/processing/input_data/{name}/AllTraffic/{hour}"),
        "groundtruth_input_1": (f"{prefix}/labels/{hour}", f"/opt/ml/processing/groundtruth/{hour}")}
    for item in merge["ProcessingInputs"]:
        assert item["AppManaged"] is False
        assert {k: item["S3Input"][k] for k in ("S3DataType", "S3InputMode", "S3DataDistributionType", "S3CompressionType")} == {
            "S3DataType": "S3Prefix", "S3InputMode": "File", "S3DataDistributionType": "FullyReplicated", "S3CompressionType": "None"}
    output, = merge["ProcessingOutputConfig"]["Outputs"]
    assert (output["OutputName"], output["S3Output"]) == ("result", {
        "S3Uri": f"{prefix}/out/merge", "LocalPath": "/opt/ml/processing/output", "S3UploadMode": "EndOfJob"})
    environment = merge["Environment"]
    assert {k: v for k, v in environment.items() if not k.startswith("hindcast_")} == {
        "dataset_source": "/opt/ml/processing/input_data", "ground_truth_source": "/opt/ml/processing/groundtruth",
        "output_path": "/opt/ml/processing/output"}
    assert merge["ProcessingJobStatus"] == "Completed" and "ExitMessage" not in merge
    assert merge["AppSpecification"]["ImageUri"] == MERGER
    assert merge["MonitoringScheduleArn"] == report["MonitoringScheduleArn"] and merge["MonitoringScheduleArn"].endswith(f"/{name}")

    assert ends(report) == {
        "constraints": (constraints, "/opt/ml/processing/baseline/constraints"),
        "post_processor_script": (f"{prefix}/post.py", "/opt/ml/processing/code/postprocessing"),
        "endpoint_input_1": (f"{prefix}/out/merge/{name}/AllTraffic/{hour}", f"/opt/ml/processing/input_data/{name}/AllTraffic/{hour}")}
    output, = report["ProcessingOutputConfig"]["Outputs"]
    assert output["S3Output"]["S3Uri"] == f"{prefix}/out/{name}/{name}/{hour_path(window.at(2))}"
    assert output["S3Output"]["S3UploadMode"] == "Continuous"
    assert report["Environment"] == {
        "analysis_type": "MODEL_QUALITY", "problem_type": "BinaryClassification", "publish_cloudwatch_metrics": "Enabled", "team": "churn",
        "baseline_constraints": "/opt/ml/processing/baseline/constraints/constraints.json",
        "post_analytics_processor_script": "/opt/ml/processing/code/postprocessing/post.py",
        "dataset_format": '{"sagemakerMergeJson":{"captureIndexNames":["endpointOutput"]}}',
        "dataset_source": "/opt/ml/processing/input_data", "output_path": "/opt/ml/processing/output",
        "start_time": stamp(window.at(1)), "end_time": stamp(window.at(2)), "metric_time": stamp(window.at(1)),
        "probability_attribute": "0", "probability_threshold_attribute": "0.5",
        "sagemaker_endpoint_name": name, "sagemaker_monitoring_schedule_name": name}
    assert report["ExitMessage"] == "CompletedWithViolations: Job completed successfully with 1 violations."
    assert report["AppSpecification"]["ImageUri"] == ANALYZER and report["RoleArn"] == ROLE
    assert report["StoppingCondition"] == merge["StoppingCondition"] == {"MaxRuntimeInSeconds": 1800}
    for job in (merge, report):
        assert job["CreationTime"] <= job["ProcessingStartTime"] <= job["ProcessingEndTime"]
    assert "post-analytics: " in world.job_log(execution["ProcessingJobArn"])


def check_metrics(world, name, window, output):
    namespace = "aws/sagemaker/Endpoints/model-metrics"
    dimensions = [{"Name": "Endpoint", "Value": name}, {"Name": "MonitoringSchedule", "Value": name}]
    listed = {m["MetricName"] for m in world.cw.list_metrics(Namespace=namespace, Dimensions=dimensions)["Metrics"]}
    assert {"accuracy", "auc", "f2_best_constant_classifier", "recall", "missed_customers"} <= listed
    assert not [m for m in listed if m.endswith("_std")]

    def points(metric):
        answer = world.cw.get_metric_statistics(Namespace=namespace, MetricName=metric, Dimensions=dimensions, Period=3600,
                                                StartTime=window.at(-24), EndTime=window.at(24), Statistics=["Average", "SampleCount"])
        return sorted((p["Timestamp"], p["Average"], p["SampleCount"]) for p in answer["Datapoints"])

    statistics = json.loads(world.get(f"{output}/statistics.json"))["binary_classification_metrics"]
    accuracy = points("accuracy")
    assert [(t, n) for t, _, n in accuracy] == [(window.at(0), 1), (window.at(1), 1)]
    assert accuracy[-1][1] == statistics["accuracy"]["value"]


def check_alert(world, name):
    alert, = world.sm.list_monitoring_alerts(MonitoringScheduleName=name)["MonitoringAlertSummaries"]
    assert (alert["AlertStatus"], alert["DatapointsToAlert"], alert["EvaluationPeriod"]) == ("InAlert", 1, 1)
    history = world.sm.list_monitoring_alert_history(MonitoringScheduleName=name)["MonitoringAlertHistory"]
    assert [change["AlertStatus"] for change in history] == ["InAlert"]


def test_offsets_and_late_labels(world, name):
    """Both ends' hour folders belong to the window; what labels come later, the next execution knows; records are not doubled."""
    example = helpers.ROOT / "examples" / "breast-cancer"
    endpoint = "tumour-screening"
    world.upload(example / "capture", f"{name}/capture")
    late = {}
    for path in sorted(p for p in (example / "ground-truth").rglob("*") if p.is_file()):
        key = f"{name}/labels/{path.relative_to(example / 'ground-truth').as_posix()}"
        late[key] = path.read_bytes()
        if "/2026/03/02/" in key:
            world.put(key, path.read_bytes())
    world.endpoint(endpoint, f"s3://{BUCKET}/{name}/capture/")  # a slash at its end, as people write it
    define(world, name, endpoint=endpoint, attributes={"InferenceAttribute": "1", "ProbabilityAttribute": "0",
                                                       "StartTimeOffset": "-P2DT3H", "EndTimeOffset": "-P2DT1H"},
           constraints=world.put(f"{name}/c.json", (helpers.ROOT / "tests/golden/breast-cancer-baseline/constraints.json").read_bytes()))
    world.at("2026-03-04T10:30")
    world.schedule(name, cron="cron(0 0/1 ? * * *)")
    first = world.tick(name, "2026-03-04T11:00", 1)
    before = merged(world, f"{name}/out/merge/")
    assert sorted(before) == [f"{endpoint}/AllTraffic/2026/03/02/{h:02}" for h in (8, 9, 10)]
    for key, body in late.items():
        world.put(key, body)
    second = world.tick(name, "2026-03-04T12:00", 2)
    after = merged(world, f"{name}/out/merge/")
    assert sorted(after) == [f"{endpoint}/AllTraffic/2026/03/02/{h:02}" for h in (8, 9, 10, 11)]
    for execution, tick, labels in ((first, "2026-03-04T11:00Z", "2026/03/02"), (second, "2026-03-04T12:00Z", "")):
        truth = world.folder / f"{name}-{len(labels)}"
        for key, body in late.items():
            if f"/labels/{labels}" in key:
                helpers.write(truth / key.split("/labels/")[1], body.decode())
        local = local_run(world, name, "--endpoint-input", example / "capture", "--ground-truth-input", truth, "--scheduled-time", tick,
                          "--start-time-offset", "-P2DT3H", "--end-time-offset", "-P2DT1H", "--inference-attribute", "1", "--constraints",
                          helpers.ROOT / "tests/golden/breast-cancer-baseline/constraints.json")
        folder = tick[:13].replace("-", "/").replace("T", "/")
        same_report(world, execution, local, f"s3://{BUCKET}/{name}/out/{endpoint}/{name}/{folder}")
    # The hours that both measured: as the second left them, each record once.
    lines = [line for hour in sorted(after)[1:] for line in after[hour]]
    events = [json.loads(line)["eventMetadata"]["eventId"] for line in lines]
    assert len(events) == len(set(events)) == helpers.counts(local)["matched"]
    assert len(after[f"{endpoint}/AllTraffic/2026/03/02/10"]) > len(before[f"{endpoint}/AllTraffic/2026/03/02/10"])
    assert after[f"{endpoint}/AllTraffic/2026/03/02/08"] == before[f"{endpoint}/AllTraffic/2026/03/02/08"]


def test_batch(world, name):
    """A batch transform's manifests, whose prefix is an address."""
    example = helpers.ROOT / "examples" / "breast-cancer-batch"

    def change(path, body):
        return body.replace(b'"prefix":"', f'"prefix":"s3://{BUCKET}/{name}/capture/'.encode()) if path.startswith("output/") else body

    world.upload(example / "capture", f"{name}/capture", change)
    world.upload(example / "ground-truth", f"{name}/labels")
    define(world, name, endpoint=None, batch=f"s3://{BUCKET}/{name}/capture", attributes={
        "ProbabilityAttribute": "0", "ProbabilityThresholdAttribute": 0.35, "StartTimeOffset": "-P3D", "EndTimeOffset": "-PT0H"})
    world.at("2026-03-04T23:30")
    world.schedule(name, cron="cron(0 0 ? * * *)")
    execution = world.tick(name, "2026-03-05T00:00", 1)
    local = local_run(world, name, "--no-header", "--batch-transform-input", example / "capture", "--ground-truth-input",
                      example / "ground-truth", "--probability-threshold-attribute", "0.35", "--scheduled-time", "2026-03-05T00:00Z",
                      "--start-time-offset", "-P3D", "--end-time-offset", "PT0H")
    assert execution["MonitoringExecutionStatus"] == "Completed", execution
    same_report(world, execution, local, f"s3://{BUCKET}/{name}/out/{name}/2026/03/05/00")
    assert sorted(merged(world, f"{name}/out/merge/")) == [f"{name}/2026/03/02/02", f"{name}/2026/03/03/02"]
    metrics = world.cw.list_metrics(Namespace="aws/sagemaker/ModelMonitoring/model-metrics",
                                    Dimensions=[{"Name": "MonitoringSchedule", "Value": name}])["Metrics"]
    assert metrics and all(m["Dimensions"] == [{"Name": "MonitoringSchedule", "Value": name}] for m in metrics)
    assert json.loads(world.job(execution["ProcessingJobArn"])["Environment"]["dataset_format"]) == {
        "sagemakerMergeJson": {"captureIndexNames": ["batchTransformOutput"]}}


def test_batch_object_that_is_missing(world, name):
    world.put(f"{name}/capture/output/2026/03/04/08/m.json", f'[{{"prefix":"s3://{BUCKET}/{name}/gone/"}},"part.out"]')
    world.put(f"{name}/labels/2026/03/04/08/l.jsonl", [label("1", "1")])
    define(world, name, endpoint=None, batch=f"s3://{BUCKET}/{name}/capture")
    execution = run_once(world, name)
    assert execution["MonitoringExecutionStatus"] == "Failed"
    reason = execution["FailureReason"]
    assert f"s3://{BUCKET}/{name}/gone/part.out" in reason and f"s3://{BUCKET}/{name}/capture/output/2026/03/04/08/m.json" in reason, reason


# --- what cannot work --------------------------------------------------------------------------


def run_once(world, name, start="-PT1H", end="PT0H", at="2026-03-04T09:00:30"):
    world.at(at)
    world.schedule(name, cron="NOW", start=start, end=end)
    execution, = world.ended(name, 1)
    return execution


def test_no_data(world, name):
    window = churn_window(world, name, 1)
    define(world, name, attributes={"ProbabilityAttribute": "0"})
    execution = run_once(world, name, at=window.at(9), start="-PT2H", end="-PT1H")
    assert execution["MonitoringExecutionStatus"] == "Failed" and "ProcessingJobArn" not in execution
    assert execution["FailureReason"].startswith("Job inputs had no data")
    assert f"s3://{BUCKET}/{name}/capture/{name}" in execution["FailureReason"] and "2026/03/04/08" in execution["FailureReason"]


def test_no_labels(world, name):
    churn_window(world, name, 1)
    for key in world.keys(f"{name}/labels"):
        world.s3.delete_object(Bucket=BUCKET, Key=key)
    define(world, name)
    execution = run_once(world, name)
    assert execution["MonitoringExecutionStatus"] == "Failed" and "ProcessingJobArn" not in execution
    assert execution["FailureReason"].startswith("Job inputs had no data: no ground truth below")
    alert, = world.sm.list_monitoring_alerts(MonitoringScheduleName=name)["MonitoringAlertSummaries"]
    assert alert["AlertStatus"] == "OK"


def test_nothing_matched(world, name):
    window = churn_window(world, name, 1)
    world.put(f"{name}/labels/{hour_path(window.at(0))}/labels.jsonl", [label("somebody-else", "1")])
    define(world, name)
    execution = run_once(world, name)
    assert execution["MonitoringExecutionStatus"] == "Failed"
    assert "/groundtruth-merge-" in execution["ProcessingJobArn"]
    assert len(execution["FailureReason"]) <= 1024
    assert execution["FailureReason"] == world.job(execution["ProcessingJobArn"])["FailureReason"]
    assert not world.keys(f"{name}/out")


def test_bad_record(world, name):
    window = churn_window(world, name, 1)
    key = f"{name}/labels/{hour_path(window.at(0))}/more.jsonl"
    long_id = "grün" * 200
    world.put(key, [label("a", "1"), '{"groundTruthData":{"data":"1"},"eventMetadata":{"eventId":"%s"}' % long_id])
    define(world, name)
    execution = run_once(world, name)
    assert execution["MonitoringExecutionStatus"] == "Failed"
    reason = execution["FailureReason"]
    assert reason.startswith("AlgorithmError: ") and f"s3://{BUCKET}/{key}:2" in reason and len(reason) <= 1024, reason
    assert "hindcast_max_bad_records" in reason or "max-bad-records" in reason, reason
    log = world.job_log(execution["ProcessingJobArn"])
    assert "more.jsonl:2" in log, log
    # Tolerated, by the definition's environment.
    tolerant = f"{name}-tolerant"
    world.definition(tolerant, f"s3://{BUCKET}/{name}/labels", f"s3://{BUCKET}/{name}/out", endpoint=name,
                     environment={"hindcast_max_bad_records": "1"})
    execution = run_once(world, tolerant)
    assert execution["MonitoringExecutionStatus"] == "Completed", execution
    report = json.loads(world.get(f"s3://{BUCKET}/{name}/out/{name}/{tolerant}/2026/03/04/09/join_report.json"))
    assert report["unreadable"]["count"] == 1


def test_settings_that_are_not_known(world, name):
    world.endpoint(name, f"s3://{BUCKET}/{name}/capture")
    for environment in ({"hindcast_max_bad_record": "1"}, {"hindcast_max_bad_records": "many"}, {"hindcast_scheduled_time": "x"}):
        with pytest.raises(ClientError, match="(?s)ValidationException.*hindcast_"):
            define(world, name, environment=environment)
    with pytest.raises(ClientError, match="(?s)ValidationException.*image"):
        define(world, name, image="123456789012.dkr.ecr.us-west-2.amazonaws.com/somebody/else:1")
    with pytest.raises(ClientError, match="(?s)ValidationException.*image"):
        world.processing_job(name, image="python:3")


def test_constraints_that_are_missing_or_bad(world, name):
    churn_window(world, name, 1)
    define(world, name, constraints=f"s3://{BUCKET}/{name}/none/constraints.json")
    execution = run_once(world, name)
    assert execution["MonitoringExecutionStatus"] == "Failed"
    assert execution["FailureReason"].startswith(f'No S3 objects found under S3 URL "s3://{BUCKET}/{name}/none/constraints.json"')
    bad = f"{name}-bad"
    constraints = world.put(f"{name}/some/constraints.json", "{]")
    world.definition(bad, f"s3://{BUCKET}/{name}/labels", f"s3://{BUCKET}/{name}/out", endpoint=name, constraints=constraints)
    execution = run_once(world, bad)
    assert execution["MonitoringExecutionStatus"] == "Failed"
    assert f"{constraints}" in execution["FailureReason"] and f"{constraints}/" not in execution["FailureReason"], execution


def test_preprocessor(world, name):
    churn_window(world, name, 1)
    script = world.put(f"{name}/pre.py", "def preprocess_handler(record):\n    raise ValueError('no such column')\n")
    define(world, name, RecordPreprocessorSourceUri=script)
    execution = run_once(world, name)
    assert execution["MonitoringExecutionStatus"] == "Failed"
    assert execution["FailureReason"].startswith("There is an exception raised in preprocessor script."), execution
    assert "no such column" in world.job_log(execution["ProcessingJobArn"])
    # The merge was done, and stays.
    assert world.keys(f"{name}/out/merge/") and f"{name}/out/{name}/{name}/2026/03/04/09/join_report.json" in world.keys(f"{name}/out")


# --- images of somebody's own ------------------------------------------------------------------


def test_own_image_as_job(world, name):
    world.put(f"{name}/in/a.txt", "one\ntwo\n")
    world.put(f"{name}/in/b/c.txt", "three\n")
    output = f"s3://{BUCKET}/{name}/out"
    world.processing_job(f"{name}-c", environment={"MODE": "copy", "publish_cloudwatch_metrics": "Enabled"},
                         inputs=[(f"s3://{BUCKET}/{name}/in", "/opt/ml/processing/input")], output=output, arguments=["--fast", "a b"])
    job = world.job_ended(f"{name}-c")
    assert job["ProcessingJobStatus"] == "Completed", job
    assert job["ExitMessage"] == "CompletedWithViolations: Job completed successfully with 1 violations."
    assert world.get(f"{output}/copy.txt") == b"one\ntwo\nthree\n"
    config = json.loads(world.get(f"{output}/config.json"))
    assert config["ProcessingJobName"] == f"{name}-c" and config["Environment"]["MODE"] == "copy"
    assert config["ProcessingJobArn"] == job["ProcessingJobArn"]
    assert json.loads(world.get(f"{output}/resources.json")) == {"current_host": "algo-1", "hosts": ["algo-1"]}
    assert "mode copy, arguments: --fast a b" in world.job_log(job["ProcessingJobArn"])
    world.processing_job(f"{name}-f", environment={"MODE": "fail"}, inputs=[(f"s3://{BUCKET}/{name}/in", "/opt/ml/processing/input")])
    job = world.job_ended(f"{name}-f")
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"] == f"AlgorithmError: on purpose: s3://{BUCKET}/{name}/in/rows.csv:7 is odd; exit code: 3"
    world.processing_job(f"{name}-o", environment={"MODE": "odd"})
    job = world.job_ended(f"{name}-o")
    assert job["FailureReason"] == "AlgorithmError: gr\ufffdn \ufffd; exit code: 4"
    world.processing_job(f"{name}-n", environment={"MODE": "names"}, output=f"{output}-n")
    job = world.job_ended(f"{name}-n")
    assert job["ProcessingJobStatus"] == "Failed" and "not UTF-8" in job["FailureReason"], job
    assert not world.keys(f"{name}/out-n")  # all of its outputs or none


def test_own_image_as_monitor(world, name):
    window = churn_window(world, name, 1)
    define(world, name, image=OWN_IMAGE, environment={"MODE": "copy"})
    execution = run_once(world, name)
    assert execution["MonitoringExecutionStatus"] == "CompletedWithViolations", execution
    there = world.get(f"s3://{BUCKET}/{name}/out/{name}/{name}/2026/03/04/09/copy.txt").decode().splitlines()
    assert there == merged(world, f"{name}/out/merge/")[f"{name}/AllTraffic/{hour_path(window.at(0))}"] and len(there) == 60
    answer = world.cw.get_metric_statistics(
        Namespace="aws/sagemaker/Endpoints/model-metrics", MetricName="lines", Period=3600, Statistics=["Sum"], StartTime=window.at(-24),
        EndTime=window.at(24), Dimensions=[{"Name": "MonitoringSchedule", "Value": name}])
    assert [p["Sum"] for p in answer["Datapoints"]] == [60.0]


def test_own_image_that_leaves_something_running(world, name):
    """What a job left behind in the background neither keeps it from ending nor fills the disk."""
    world.processing_job(name, environment={"MODE": "noisy"})
    assert world.job_ended(name, timeout_s=10)["ProcessingJobStatus"] == "Completed"


# --- stopping ----------------------------------------------------------------------------------


def test_stopping(world, name):
    mark = world.folder / f"{name}.mark"
    jobs = [f"{name}-{n}" for n in range(3)]
    for job in jobs:
        world.processing_job(job, environment={"MODE": "wait", "MARK": str(mark) + job[-1]})
    until("two jobs run", lambda: all((world.folder / f"{name}.mark{n}").exists() for n in (0, 1)), pause_s=0.02)
    assert world.job(jobs[2])["ProcessingJobStatus"] == "InProgress" and "ProcessingStartTime" not in world.job(jobs[2])
    world.sm.stop_processing_job(ProcessingJobName=jobs[2])
    assert world.job_ended(jobs[2])["ProcessingJobStatus"] == "Stopped"
    assert not (world.folder / f"{name}.mark2").exists()
    for job in jobs[:2]:
        world.sm.stop_processing_job(ProcessingJobName=job)
        assert world.job(job)["ProcessingJobStatus"] in ("Stopping", "Stopped")
    for job in jobs[:2]:
        assert world.job_ended(job)["ProcessingJobStatus"] == "Stopped"


def test_max_runtime(world, name):
    world.processing_job(name, environment={"MODE": "wait", "MARK": str(world.folder / "m")}, seconds=1)
    job = world.job_ended(name)
    assert job["ProcessingJobStatus"] == "Stopped" and job["FailureReason"].startswith("MaxRuntimeExceeded: ")


def slow_execution(world, name):
    """An execution whose monitoring job takes a second, and runs."""
    churn_window(world, name, 1)
    mark = world.folder / f"{name}.mark"
    define(world, name, image=OWN_IMAGE, environment={"MODE": "deaf", "MARK": str(mark)})
    world.at("2026-03-04T09:00:30")
    world.schedule(name, cron="NOW", start="-PT1H", end="PT0H")
    until("the execution runs", mark.exists, pause_s=0.02)
    execution, = world.executions(name)
    assert execution["MonitoringExecutionStatus"] == "InProgress"
    return execution


def test_stopped_schedule_lets_its_execution_end(world, name):
    slow_execution(world, name)
    world.sm.stop_monitoring_schedule(MonitoringScheduleName=name)
    execution, = world.ended(name, 1)
    assert execution["MonitoringExecutionStatus"] == "Completed", execution
    assert world.sm.describe_monitoring_schedule(MonitoringScheduleName=name)["MonitoringScheduleStatus"] == "Stopped"


def test_deleted_schedule_keeps_its_reports(world, name):
    execution = slow_execution(world, name)
    world.sm.delete_monitoring_schedule(MonitoringScheduleName=name)
    job = world.job_ended(execution["ProcessingJobArn"])
    assert job["ProcessingJobStatus"] == "Completed", job
    assert world.get(f"s3://{BUCKET}/{name}/out/{name}/{name}/2026/03/04/09/done.txt") == b"done\n"


def test_stopped_job_stops_its_execution(world, name):
    execution = slow_execution(world, name)
    world.sm.stop_processing_job(ProcessingJobName=execution["ProcessingJobArn"].rsplit("/", 1)[-1])
    execution, = world.ended(name, 1)
    assert execution["MonitoringExecutionStatus"] == "Stopped"
    assert not [key for key in world.keys(f"{name}/out") if key.endswith("done.txt")]
    alert, = world.sm.list_monitoring_alerts(MonitoringScheduleName=name)["MonitoringAlertSummaries"]
    assert alert["AlertStatus"] == "OK"


# --- time --------------------------------------------------------------------------------------


def test_now_runs_once(world, name):
    window = churn_window(world, name, 1)
    define(world, name, attributes={"ProbabilityAttribute": "0", "LocalPath": "/in"})  # no folder of /opt/ml, as AWS's are
    execution = run_once(world, name)
    assert execution["MonitoringExecutionStatus"] == "Completed", execution
    assert timedelta(0) <= execution["ScheduledTime"] - window.at(1) < timedelta(seconds=60)
    world.at(window.at(5))
    world.sm.stop_monitoring_schedule(MonitoringScheduleName=name)
    world.sm.start_monitoring_schedule(MonitoringScheduleName=name)
    time.sleep(0.6)
    assert len(world.executions(name)) == 1


def test_updated_between_ticks(world, name):
    window = churn_window(world, name, 3)
    define(world, name, constraints=world.put(f"{name}/c.json", constraints_of(0.9)))
    world.at(window.at(0, 30))
    world.schedule(name)
    assert world.tick(name, window.at(1, 1), 1)["MonitoringExecutionStatus"] == "CompletedWithViolations"
    world.definition(f"{name}-2", f"s3://{BUCKET}/{name}/labels", f"s3://{BUCKET}/{name}/out2", endpoint=name,
                     constraints=world.put(f"{name}/c2.json", constraints_of(0.0)))
    world.sm.update_monitoring_schedule(MonitoringScheduleName=name, MonitoringScheduleConfig={
        "MonitoringJobDefinitionName": f"{name}-2", "MonitoringType": "ModelQuality"})
    time.sleep(0.4)
    assert len(world.executions(name)) == 1  # the tick that was measured is not measured again
    execution = world.tick(name, window.at(2, 1), 2)
    assert execution["MonitoringExecutionStatus"] == "Completed" and execution["ScheduledTime"] == window.at(2)
    assert execution["MonitoringJobDefinitionName"] == f"{name}-2"
    assert f"{name}/out2/{name}/{name}/{hour_path(window.at(2))}/statistics.json" in world.keys(f"{name}/out2")
    alert, = world.sm.list_monitoring_alerts(MonitoringScheduleName=name)["MonitoringAlertSummaries"]
    assert alert["AlertStatus"] == "OK"
    history = world.sm.list_monitoring_alert_history(MonitoringScheduleName=name, SortOrder="Ascending")["MonitoringAlertHistory"]
    assert [change["AlertStatus"] for change in history] == ["InAlert", "OK"]


def test_clock_goes_back(world, name):
    window = churn_window(world, name, 3)
    define(world, name)
    world.at(window.at(1, 30))
    world.schedule(name)
    world.tick(name, window.at(2, 1), 1)
    world.at(window.at(0, 40))
    time.sleep(0.6)
    world.at(window.at(2, 5))
    time.sleep(0.6)
    assert len(world.executions(name)) == 1  # no tick twice
    assert world.tick(name, window.at(3, 1), 2)["ScheduledTime"] == window.at(3)


def test_many_at_one_tick(world, name):
    """Twenty schedules over the same endpoint: each has its execution, and all reports say the same."""
    window = churn_window(world, name, 1)
    world.at(window.at(0, 30))
    names = [f"{name}-{n}" for n in range(20)]
    for n in names:
        world.definition(n, f"s3://{BUCKET}/{name}/labels", f"s3://{BUCKET}/{n}/out", endpoint=name)
        world.schedule(n)
    world.at(window.at(1, 1))
    reports = set()
    for n in names:
        execution, = world.ended(n, 1, timeout_s=60)
        assert execution["MonitoringExecutionStatus"] == "Completed", execution
        reports.add(world.get(f"s3://{BUCKET}/{n}/out/{name}/{n}/{hour_path(window.at(1))}/statistics.json"))
    assert len(reports) == 1


def test_many_write_to_one_output(world, name):
    """Schedules with different windows over one endpoint and one output, at one tick: each measures what it merged itself."""
    window = churn_window(world, name, 3)
    world.definition(name, f"s3://{BUCKET}/{name}/labels", f"s3://{BUCKET}/{name}/out", endpoint=name)
    world.at(window.at(2, 30))
    starts = ["-PT1H", "-PT2H", "-PT3H"] * 4
    for n, start in enumerate(starts):
        world.schedule(f"{name}-{n}", name, start=start, end="PT0H")
    world.at(window.at(3, 1))
    for n, start in enumerate(starts):
        execution, = world.ended(f"{name}-{n}", 1, timeout_s=60)
        assert execution["MonitoringExecutionStatus"] == "Completed", execution
        local = local_run(world, f"{name}-{n}", "--endpoint-input", window.captures, "--ground-truth-input", window.labels,
                          "--scheduled-time", stamp(window.at(3)), "--start-time-offset", start, "--end-time-offset", "PT0H",
                          "--probability-threshold-attribute", "0.5")
        same_report(world, execution, local, f"s3://{BUCKET}/{name}/out/{name}/{name}-{n}/{hour_path(window.at(3))}")
    assert [b["Name"] for b in world.s3.list_buckets()["Buckets"]] == [BUCKET]  # what was handed over is gone, and was never seen
    for path in ("/=merged", "/%3Dmerged?list-type=2", "/=merged/1/x"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(world.server.url + path)
        assert b"InvalidBucketName" in refused.value.read()


# --- a server that goes down -------------------------------------------------------------------


@pytest.fixture
def lonely(tmp_path):
    """A server of the test's own, one job at a time."""
    w = World(tmp_path, "--jobs", 1, ahead_of="2026-03-04T08:30")
    with open(helpers.DATA / "churn" / "inputs.csv", newline="") as file:
        w.rows = list(csv.DictReader(file))
    yield w
    w.server.kill()


@pytest.mark.parametrize("how", ["kill", "stop"])
def test_server_ends_during_a_job(lonely, how):
    """The job is begun again and ends once; ticks that passed in between are made up, oldest first."""
    w, name = lonely, "during"
    window = churn_window(w, name, 3)
    mark = w.folder / "mark"
    define(w, name, image=OWN_IMAGE, environment={"MODE": "deaf", "MARK": str(mark)})
    w.schedule(name)
    w.at(window.at(1, 1))
    until("the monitoring job runs", mark.exists, pause_s=0.02)
    getattr(w.server, how)()
    w.at(window.at(3, 1))
    mark.unlink()
    w.server.start()
    w.clients()
    done = w.ended(name, 3)
    assert [e["ScheduledTime"] for e in done] == [window.at(h) for h in (1, 2, 3)]
    assert [e["MonitoringExecutionStatus"] for e in done] == ["Completed"] * 3, done
    assert len(w.keys(f"{name}/out/{name}/")) == 6  # done.txt and join_report.json of each tick
    until("folders of jobs", lambda: list((w.folder / "data" / "work").iterdir()), good=lambda found: not found, timeout_s=5)
    w.server.stop()
    assert "event=job_not_recorded" not in w.server.log()


def test_restarts_in_good_order_do_not_fail_a_job(lonely):
    w, mark = lonely, lonely.folder / "mark"
    w.processing_job("long", environment={"MODE": "wait", "MARK": str(mark)})
    for _ in range(4):
        until("the job runs", mark.exists, pause_s=0.02)
        w.server.stop()
        mark.unlink()
        w.server.start()
        w.clients()
    until("the job runs", mark.exists, pause_s=0.02)
    w.sm.stop_processing_job(ProcessingJobName="long")
    assert w.job_ended("long")["ProcessingJobStatus"] == "Stopped"


def test_fair(lonely):
    """One job at a time, and a long queue of those that somebody created by hand: theirs and those of schedules take turns."""
    w, name = lonely, "fair"
    window = churn_window(w, name, 1)
    define(w, name)
    baseline = w.put("base/b.csv", (helpers.DATA / "churn" / "validation_with_predictions.csv").read_bytes())
    for n in (1, 2):
        w.schedule(f"{name}-{n}", definition=name)
    for n in range(330):
        w.baseline_job(f"base-{n:03}", baseline, f"s3://{BUCKET}/base/{n}")
    before = len(jobs_by_start(w))
    w.at(window.at(1, 1))
    for n in (1, 2):
        execution, = w.ended(f"{name}-{n}", 1)
        assert execution["MonitoringExecutionStatus"] == "Completed", execution
    order = [j.split("-")[0] for j in jobs_by_start(w)][before:]
    last = len(order) - 1 - order[::-1].index("model")
    assert order[:last].count("base") <= 4 + 2, order  # one between two of ours, and who had begun
    assert sorted(j for j in order if j != "base") == ["groundtruth"] * 2 + ["model"] * 2


def jobs_by_start(w):
    """Names of those that have ended, in the order in which they began."""
    pages = w.sm.get_paginator("list_processing_jobs").paginate(StatusEquals="Completed")
    jobs = [w.job(summary["ProcessingJobName"]) for page in pages for summary in page["ProcessingJobSummaries"]]
    return [job["ProcessingJobName"] for job in sorted(jobs, key=lambda job: job["ProcessingStartTime"])]
