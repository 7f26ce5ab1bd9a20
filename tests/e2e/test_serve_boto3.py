"""SageMaker's API, CloudWatch, Logs, STS and IAM through boto3: the calls that programs make, in the order in which they make them."""
import datetime
import json

import pytest

boto3 = pytest.importorskip("boto3")

from botocore.config import Config  # noqa: E402
from botocore.exceptions import ClientError  # noqa: E402

import helpers as h  # noqa: E402
import story  # noqa: E402
from server import Server, until  # noqa: E402

ACCOUNT = "arn:aws:sagemaker:us-west-2:123456789012"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("server") / "data") as running:
        yield running


def client_of(server, service):
    return boto3.client(service, config=Config(retries={"max_attempts": 0}), **server.boto())


@pytest.fixture(scope="module")
def sm(server):
    return client_of(server, "sagemaker")


@pytest.fixture(scope="module")
def s3(server):
    client = client_of(server, "s3")
    client.create_bucket(Bucket=story.BUCKET, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    return client


@pytest.fixture(scope="module")
def cloudwatch(server):
    return client_of(server, "cloudwatch")


@pytest.fixture(scope="module")
def logs(server):
    return client_of(server, "logs")


def refused(code, text, call, **params):
    with pytest.raises(ClientError) as caught:
        call(**params)
    response = caught.value.response
    assert response["Error"]["Code"] == code, response
    assert text in response["Error"]["Message"], response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert response["ResponseMetadata"]["RequestId"]
    return response


# --- models and endpoints ----------------------------------------------------------------------


def test_endpoint_from_birth_to_death(sm):
    assert sm.create_model(ModelName="life", **story.MODEL)["ModelArn"] == f"{ACCOUNT}:model/life"
    described = sm.describe_model(ModelName="life")
    assert described["PrimaryContainer"]["Image"] == story.MODEL["PrimaryContainer"]["Image"]
    assert described["ExecutionRoleArn"] == story.ROLE and isinstance(described["CreationTime"], datetime.datetime)
    refused("ValidationException", "Cannot create already existing model", sm.create_model, ModelName="life", **story.MODEL)

    config = story.endpoint_config("life", "s3://bucket/capture")
    assert sm.create_endpoint_config(**config)["EndpointConfigArn"] == f"{ACCOUNT}:endpoint-config/life"
    described = sm.describe_endpoint_config(EndpointConfigName="life")
    assert described["DataCaptureConfig"] == config["DataCaptureConfig"]
    assert described["ProductionVariants"] == config["ProductionVariants"]

    refused("ValidationException", "Could not find endpoint configuration", sm.create_endpoint, EndpointName="life",
            EndpointConfigName="nothing")
    assert sm.create_endpoint(EndpointName="life", EndpointConfigName="life")["EndpointArn"] == f"{ACCOUNT}:endpoint/life"
    sm.get_waiter("endpoint_in_service").wait(EndpointName="life")
    described = sm.describe_endpoint(EndpointName="life")
    assert described["EndpointStatus"] == "InService"
    assert described["DataCaptureConfig"]["DestinationS3Uri"] == "s3://bucket/capture"
    assert described["DataCaptureConfig"]["CurrentSamplingPercentage"] == 100
    assert [variant["VariantName"] for variant in described["ProductionVariants"]] == ["AllTraffic"]

    sm.create_endpoint_config(**story.endpoint_config("life2", "s3://bucket/other", model="life"))
    sm.update_endpoint(EndpointName="life", EndpointConfigName="life2")
    sm.get_waiter("endpoint_in_service").wait(EndpointName="life")
    described = sm.describe_endpoint(EndpointName="life")
    assert (described["EndpointConfigName"], described["DataCaptureConfig"]["DestinationS3Uri"]) == ("life2", "s3://bucket/other")

    sm.delete_endpoint(EndpointName="life")
    sm.get_waiter("endpoint_deleted").wait(EndpointName="life")
    refused("ValidationException", "Could not find endpoint", sm.describe_endpoint, EndpointName="life")
    for name in ("life", "life2"):
        sm.delete_endpoint_config(EndpointConfigName=name)
        refused("ValidationException", "Could not find endpoint configuration", sm.describe_endpoint_config, EndpointConfigName=name)
    sm.delete_model(ModelName="life")
    refused("ValidationException", "Could not find model", sm.describe_model, ModelName="life")


# --- definitions and schedules -----------------------------------------------------------------


@pytest.fixture(scope="module")
def endpoint(sm, s3):
    story.deploy(sm, "ep", f"s3://{story.BUCKET}/capture")
    return "ep"


def test_definition(sm, endpoint):
    request = story.definition("def", endpoint)
    assert sm.create_model_quality_job_definition(**request)["JobDefinitionArn"] == f"{ACCOUNT}:model-quality-job-definition/def"
    refused("ResourceInUse", "", sm.create_model_quality_job_definition, **request)
    described = sm.describe_model_quality_job_definition(JobDefinitionName="def")
    for name, value in request.items():
        if name == "ModelQualityJobInput":
            value = json.loads(json.dumps(value))
            value["EndpointInput"].setdefault("S3InputMode", "File")
            value["EndpointInput"].setdefault("S3DataDistributionType", "FullyReplicated")
        if name != "Tags":
            assert described[name] == value, name
    assert "Tags" not in described and isinstance(described["CreationTime"], datetime.datetime)
    listed = sm.list_model_quality_job_definitions(EndpointName=endpoint, NameContains="def")["JobDefinitionSummaries"]
    assert [(one["MonitoringJobDefinitionName"], one["EndpointName"]) for one in listed] == [("def", endpoint)]
    sm.delete_model_quality_job_definition(JobDefinitionName="def")
    refused("ResourceNotFound", "def", sm.describe_model_quality_job_definition, JobDefinitionName="def")
    refused("ResourceNotFound", "def", sm.delete_model_quality_job_definition, JobDefinitionName="def")


def create_now(server, name, definition, window):
    """By hand: boto3 knows windows of schedules only since 1.28."""
    status, answer = server.call("sagemaker", "CreateMonitoringSchedule", story.schedule(name, definition, cron="NOW", window=window))
    assert status == 200, answer


def changed(request, path, value):
    """The request with another value at "A.B.C"; None: without it."""
    request = json.loads(json.dumps(request))
    *folder, last = path.split(".")
    place = request
    for name in folder:
        place = place.setdefault(name, {})
    if value is None:
        del place[last]
    else:
        place[last] = value
    return request


BATCH = {"DataCapturedDestinationS3Uri": "s3://bucket/cap", "LocalPath": "/opt/ml/processing/x", "DatasetFormat": {"Csv": {"Header": False}}}


@pytest.mark.parametrize("path, value, text", [
    ("ModelQualityJobInput.EndpointInput", None, "EndpointInput"),
    ("ModelQualityJobInput.BatchTransformInput", BATCH, "BatchTransformInput"),
    ("ModelQualityAppSpecification.ProblemType", "Regression",
     "missing required field, CreateModelQualityJobDefinitionInput.ModelQualityJobInputs.EndpointInput.InferenceAttribute"),
    ("ModelQualityAppSpecification.ProblemType", "Clustering", "enum value set"),
    ("ModelQualityAppSpecification.ImageUri", "123456789012.dkr.ecr.us-west-2.amazonaws.com/my-own", "my-own"),
    ("ModelQualityAppSpecification.Environment", {"hindcast_no_such_option": "1"}, "hindcast_no_such_option"),
    ("ModelQualityJobInput.EndpointInput.EndpointName", "no-such-endpoint", "no-such-endpoint"),
    ("ModelQualityJobInput.EndpointInput.StartTimeOffset", "PT1", "StartTimeOffset"),
    ("JobDefinitionName", "x" * 64, "63"),
    ("JobDefinitionName", "under_score", "regular expression"),
    ("RoleArn", "just-a-name-of-a-role", "roleArn"),
    ("StoppingCondition.MaxRuntimeInSeconds", 86401, "86400"),
])
def test_definition_refused(sm, endpoint, path, value, text):
    """Some of these AWS finds when the schedule is made; either way nothing runs."""
    request = changed(story.definition("refused", endpoint), path, value)
    with pytest.raises(ClientError) as caught:
        sm.create_model_quality_job_definition(**request)
        sm.create_monitoring_schedule(**story.schedule("refused", definition="refused"))
    assert caught.value.response["Error"]["Code"] in ("ValidationException", "ResourceNotFound")
    assert text.lower() in caught.value.response["Error"]["Message"].lower()
    try:
        sm.delete_model_quality_job_definition(JobDefinitionName=request["JobDefinitionName"])
    except ClientError:
        pass


def scheduled(sm, name, status="Scheduled"):
    return until(f"{name} is {status}", lambda: sm.describe_monitoring_schedule(MonitoringScheduleName=name),
                 lambda found: found["MonitoringScheduleStatus"] == status)


def test_schedule(sm, endpoint):
    sm.create_model_quality_job_definition(**story.definition("sched-def", endpoint))
    made = sm.create_monitoring_schedule(**story.schedule("Sched-1", definition="sched-def", tags={"team": "a", "env": "b"}))
    arn = made["MonitoringScheduleArn"]
    assert arn == f"{ACCOUNT}:monitoring-schedule/sched-1"
    refused("ResourceInUse", "", sm.create_monitoring_schedule, **story.schedule("Sched-1", definition="sched-def"))
    described = scheduled(sm, "Sched-1")
    assert described["MonitoringScheduleConfig"] == story.schedule("Sched-1", definition="sched-def")["MonitoringScheduleConfig"]
    assert (described["MonitoringType"], described["EndpointName"]) == ("ModelQuality", endpoint)
    tags = {tag["Key"]: tag["Value"] for tag in sm.list_tags(ResourceArn=arn)["Tags"]}
    assert tags == {"team": "a", "env": "b"}
    sm.add_tags(ResourceArn=arn, Tags=[{"Key": "team", "Value": "c"}, {"Key": "new", "Value": ""}])
    sm.delete_tags(ResourceArn=arn, TagKeys=["env"])
    assert {tag["Key"]: tag["Value"] for tag in sm.list_tags(ResourceArn=arn)["Tags"]} == {"team": "c", "new": ""}

    sm.stop_monitoring_schedule(MonitoringScheduleName="Sched-1")
    scheduled(sm, "Sched-1", "Stopped")
    sm.stop_monitoring_schedule(MonitoringScheduleName="Sched-1")  # nothing to do, and no error
    scheduled(sm, "Sched-1", "Stopped")
    sm.start_monitoring_schedule(MonitoringScheduleName="Sched-1")
    scheduled(sm, "Sched-1")
    sm.stop_monitoring_schedule(MonitoringScheduleName="Sched-1")
    scheduled(sm, "Sched-1", "Stopped")
    config = story.schedule("Sched-1", definition="sched-def", cron="cron(0 5 ? * * *)")["MonitoringScheduleConfig"]
    sm.update_monitoring_schedule(MonitoringScheduleName="Sched-1", MonitoringScheduleConfig=config)
    described = scheduled(sm, "Sched-1")  # an update starts a stopped one
    assert described["MonitoringScheduleConfig"] == config
    without = {name: value for name, value in config.items() if name != "ScheduleConfig"}
    sm.update_monitoring_schedule(MonitoringScheduleName="Sched-1", MonitoringScheduleConfig=without)
    assert scheduled(sm, "Sched-1")["MonitoringScheduleConfig"] == config  # without one, it keeps its expression

    assert sm.list_monitoring_executions(MonitoringScheduleName="Sched-1")["MonitoringExecutionSummaries"] == []
    sm.delete_monitoring_schedule(MonitoringScheduleName="Sched-1")

    def gone():
        with pytest.raises(ClientError) as caught:
            sm.describe_monitoring_schedule(MonitoringScheduleName="Sched-1")
        return caught.value.response["Error"]["Code"]
    assert until("it is gone", gone, "ResourceNotFound".__eq__) == "ResourceNotFound"
    refused("ResourceNotFound", "", sm.delete_monitoring_schedule, MonitoringScheduleName="Sched-1")
    refused("ResourceNotFound", "", sm.start_monitoring_schedule, MonitoringScheduleName="Sched-1")


def test_a_schedule_without_an_expression(sm, endpoint):
    """The SDK's default; the service model: "if you would like a daily schedule, you do not provide this parameter"."""
    sm.create_model_quality_job_definition(**story.definition("daily", endpoint))
    request = story.schedule("daily", definition="daily")
    del request["MonitoringScheduleConfig"]["ScheduleConfig"]
    sm.create_monitoring_schedule(**request)
    config = scheduled(sm, "daily")["MonitoringScheduleConfig"]
    assert config["MonitoringJobDefinitionName"] == "daily"
    sm.delete_monitoring_schedule(MonitoringScheduleName="daily")


def test_network_config_is_given_back_whole(sm, endpoint):
    """The SDK's attach() reads both of its switches, whichever was sent."""
    request = story.definition("network", endpoint)
    request["NetworkConfig"] = {"EnableNetworkIsolation": True, "VpcConfig": {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]}}
    sm.create_model_quality_job_definition(**request)
    found = sm.describe_model_quality_job_definition(JobDefinitionName="network")["NetworkConfig"]
    assert found == {**request["NetworkConfig"], "EnableInterContainerTrafficEncryption": False}
    sm.delete_model_quality_job_definition(JobDefinitionName="network")


@pytest.mark.parametrize("expression", ["cron(5 * ? * * *)", "cron(0 25 ? * * *)", "rate(1 hour)", "cron(* * * * * *)", "now", "cron(0 * ? * *)",
                                        "cron(0 0/0 ? * * *)"])
def test_expressions_refused(sm, endpoint, expression):
    try:
        sm.create_model_quality_job_definition(**story.definition("expr", endpoint))
    except sm.exceptions.ResourceInUse:
        pass
    refused("ValidationException", "", sm.create_monitoring_schedule, **story.schedule("expr", definition="expr", cron=expression))
    refused("ResourceNotFound", "", sm.describe_monitoring_schedule, MonitoringScheduleName="expr")


def test_now_needs_a_window(server, sm, endpoint):
    try:
        sm.create_model_quality_job_definition(**story.definition("expr", endpoint))
    except sm.exceptions.ResourceInUse:
        pass
    for window in ({}, {"DataAnalysisStartTime": "-PT2H"}, {"DataAnalysisStartTime": "-P2D", "DataAnalysisEndTime": "-PT1H"},
                   {"DataAnalysisStartTime": "-PT1H", "DataAnalysisEndTime": "-PT2H"},
                   {"DataAnalysisStartTime": "yesterday", "DataAnalysisEndTime": "-PT1H"}):
        request = story.schedule("bad-now", definition="expr", cron="NOW")
        request["MonitoringScheduleConfig"]["ScheduleConfig"].update(window)
        status, answer = server.call("sagemaker", "CreateMonitoringSchedule", request)
        assert (status, answer["__type"].split("#")[-1]) == (400, "ValidationException"), (window, answer)


def test_schedule_without_a_definition(sm):
    with pytest.raises(ClientError) as caught:
        sm.create_monitoring_schedule(**story.schedule("none", definition="no-such-definition"))
    assert caught.value.response["Error"]["Code"] in ("ResourceNotFound", "ValidationException")


# --- one execution -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def execution(server, sm, s3, endpoint):
    """An execution by NOW over thirty records of last hour; its schedule's description when it was over."""
    hour = story.last_hour()
    story.put_records(s3, endpoint, hour, story.ROWS)
    story.put_constraints(s3)
    sm.create_model_quality_job_definition(**story.definition("now", endpoint))
    create_now(server, "now", "now", ("-PT2H", "-PT1H"))
    return until("the execution ends", lambda: sm.describe_monitoring_schedule(MonitoringScheduleName="now"), story.ended)


def test_execution_summary(sm, execution, endpoint):
    last = execution["LastMonitoringExecutionSummary"]
    assert last["MonitoringExecutionStatus"] == "CompletedWithViolations", last
    listed = sm.list_monitoring_executions(MonitoringScheduleName="now", SortBy="ScheduledTime", SortOrder="Descending", MaxResults=100)
    assert listed["MonitoringExecutionSummaries"] == [last] and "NextToken" not in listed
    assert (last["MonitoringScheduleName"], last["EndpointName"], last["MonitoringType"], last["MonitoringJobDefinitionName"]) == (
        "now", endpoint, "ModelQuality", "now")
    assert last["ProcessingJobArn"].startswith(f"{ACCOUNT}:processing-job/model-quality-monitoring-")
    for status, n in (("CompletedWithViolations", 1), ("Failed", 0)):
        assert len(sm.list_monitoring_executions(MonitoringScheduleName="now", StatusEquals=status)["MonitoringExecutionSummaries"]) == n


def test_its_two_jobs(sm, execution, endpoint):
    arn = execution["LastMonitoringExecutionSummary"]["ProcessingJobArn"]
    at = execution["LastMonitoringExecutionSummary"]["ScheduledTime"].astimezone(datetime.timezone.utc)
    name = arn.split("/")[-1]
    stamp, hexadecimal = name.split("-")[-2:]
    assert stamp == at.strftime("%Y%m%d%H%M") and len(hexadecimal) == 24
    job = sm.describe_processing_job(ProcessingJobName=name)
    assert job["ProcessingJobStatus"] == "Completed"
    assert job["ExitMessage"].startswith("CompletedWithViolations: Job completed successfully with ")
    assert job["MonitoringScheduleArn"] == f"{ACCOUNT}:monitoring-schedule/now"
    assert job["AppSpecification"]["ImageUri"].endswith("/sagemaker-model-monitor-analyzer")
    output = job["ProcessingOutputConfig"]["Outputs"]
    assert [(one["OutputName"], one["S3Output"]["S3UploadMode"]) for one in output] == [("result", "Continuous")]
    assert output[0]["S3Output"]["S3Uri"] == f"s3://{story.BUCKET}/reports/{endpoint}/now/{h.hour_path(at)}"
    inputs = {one["InputName"]: one["S3Input"] for one in job["ProcessingInputs"]}
    assert inputs["constraints"]["S3Uri"] == story.CONSTRAINTS
    assert inputs["constraints"]["LocalPath"] == "/opt/ml/processing/baseline/constraints"
    assert inputs["endpoint_input_1"]["S3Uri"].startswith(f"s3://{story.BUCKET}/reports/merge/{endpoint}/AllTraffic/")
    environment = job["Environment"]
    wanted = {"analysis_type": "MODEL_QUALITY", "problem_type": "BinaryClassification", "probability_attribute": "0",
              "publish_cloudwatch_metrics": "Enabled", "sagemaker_endpoint_name": endpoint, "sagemaker_monitoring_schedule_name": "now",
              "baseline_constraints": "/opt/ml/processing/baseline/constraints/constraints.json"}
    assert {key: environment.get(key) for key in wanted} == wanted
    assert json.loads(environment["dataset_format"]) == {"sagemakerMergeJson": {"captureIndexNames": ["endpointOutput"]}}
    assert environment["metric_time"] == environment["start_time"] < environment["end_time"]

    merge = sm.describe_processing_job(ProcessingJobName=f"groundtruth-merge-{stamp}-{hexadecimal}")
    assert merge["ProcessingJobStatus"] == "Completed" and "ExitMessage" not in merge
    assert merge["AppSpecification"]["ImageUri"].endswith("/sagemaker-model-monitor-groundtruth-merger")
    assert merge["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"] == f"s3://{story.BUCKET}/reports/merge"
    assert {one["InputName"] for one in merge["ProcessingInputs"]} >= {"groundtruth_input_1", "endpoint_input_1"}
    listed = [one["ProcessingJobName"] for one in sm.list_processing_jobs(NameContains=hexadecimal)["ProcessingJobSummaries"]]
    assert sorted(listed) == sorted([name, merge["ProcessingJobName"]])


def test_its_files(s3, execution, endpoint):
    at = execution["LastMonitoringExecutionSummary"]["ScheduledTime"].astimezone(datetime.timezone.utc)
    folder = f"reports/{endpoint}/now/{h.hour_path(at)}/"
    keys = {entry["Key"][len(folder):] for entry in s3.list_objects_v2(Bucket=story.BUCKET, Prefix=folder)["Contents"]}
    assert keys >= {"statistics.json", "constraints.json", "constraint_violations.json", "join_report.json"}
    found = json.loads(s3.get_object(Bucket=story.BUCKET, Key=folder + "statistics.json")["Body"].read())
    assert found["dataset"]["item_count"] == len(story.ROWS)
    matrix = found["binary_classification_metrics"]["confusion_matrix"]
    assert matrix == story.confusion(story.ROWS)
    merged = s3.list_objects_v2(Bucket=story.BUCKET, Prefix=f"reports/merge/{endpoint}/AllTraffic/")["Contents"]
    lines = [json.loads(line) for entry in merged
             for line in s3.get_object(Bucket=story.BUCKET, Key=entry["Key"])["Body"].read().splitlines()]
    assert len(lines) == len(story.ROWS)
    assert {line["eventMetadata"]["inferenceId"]: line["groundTruthData"]["data"] for line in lines} == {
        f"id-{i}": label for i, (_, label) in enumerate(story.ROWS)}


def test_its_alert(sm, execution):
    alerts = sm.list_monitoring_alerts(MonitoringScheduleName="now")["MonitoringAlertSummaries"]
    assert [(one["AlertStatus"], one["DatapointsToAlert"], one["EvaluationPeriod"]) for one in alerts] == [("InAlert", 1, 1)]
    name = alerts[0]["MonitoringAlertName"]
    history = sm.list_monitoring_alert_history(MonitoringScheduleName="now", MonitoringAlertName=name)["MonitoringAlertHistory"]
    assert history[0]["AlertStatus"] == "InAlert" and history[0]["MonitoringScheduleName"] == "now"
    refused("ValidationException", "", sm.update_monitoring_alert, MonitoringScheduleName="now", MonitoringAlertName=name,
            DatapointsToAlert=3, EvaluationPeriod=2)
    refused("ResourceNotFound", "", sm.update_monitoring_alert, MonitoringScheduleName="now", MonitoringAlertName="other",
            DatapointsToAlert=1, EvaluationPeriod=2)
    answer = sm.update_monitoring_alert(MonitoringScheduleName="now", MonitoringAlertName=name, DatapointsToAlert=2, EvaluationPeriod=2)
    assert answer["MonitoringAlertName"] == name


def test_its_metrics(cloudwatch, execution, endpoint):
    dimensions = [{"Name": "Endpoint", "Value": endpoint}, {"Name": "MonitoringSchedule", "Value": "now"}]
    found = cloudwatch.list_metrics(Namespace=story.NAMESPACE, Dimensions=dimensions)["Metrics"]
    names = {metric["MetricName"] for metric in found}
    assert {"f1", "auc", "recall", "accuracy_best_constant_classifier"} <= names
    assert not {name for name in names if name.endswith("_std") or "matrix" in name or "curve" in name}
    now = datetime.datetime.now(datetime.timezone.utc)
    points = cloudwatch.get_metric_statistics(Namespace=story.NAMESPACE, MetricName="accuracy", Dimensions=dimensions, Period=60,
                                              StartTime=now - datetime.timedelta(hours=6), EndTime=now, Statistics=["Average"])["Datapoints"]
    matrix = story.confusion(story.ROWS)
    assert [point["Average"] for point in points] == [(matrix["0"]["0"] + matrix["1"]["1"]) / len(story.ROWS)]


def test_its_log(logs, execution):
    name = execution["LastMonitoringExecutionSummary"]["ProcessingJobArn"].split("/")[-1]
    group = "/aws/sagemaker/ProcessingJobs"
    assert [one["logGroupName"] for one in logs.describe_log_groups(logGroupNamePrefix="/aws/sagemaker/")["logGroups"]] == [group]
    streams = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=f"{name}/", orderBy="LogStreamName", limit=1)["logStreams"]
    assert [stream["logStreamName"].rsplit("-", 1)[0] for stream in streams] == [f"{name}/algo-1"]
    stream = streams[0]["logStreamName"]
    page = logs.get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True, limit=3)
    events = page["events"]
    assert len(events) == 3
    while True:
        more = logs.get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True, nextToken=page["nextForwardToken"])
        if not more["events"]:
            assert more["nextForwardToken"] == page["nextForwardToken"]  # how a client sees the end
            break
        events += more["events"]
        page = more
    text = "\n".join(event["message"] for event in events)
    assert f"{len(story.ROWS)} records" in text
    assert all(isinstance(event["timestamp"], int) for event in events)
    back = logs.get_log_events(logGroupName=group, logStreamName=stream, limit=2)["events"]
    assert [event["message"] for event in back] == [event["message"] for event in events[-2:]]
    pages = list(logs.get_paginator("filter_log_events").paginate(logGroupName=group, logStreamNamePrefix=f"{name}/",
                                                                  PaginationConfig={"PageSize": 2}))
    found = [event for page in pages for event in page["events"]]
    assert len(pages) == (len(events) + 1) // 2 and all(page["searchedLogStreams"] == [] for page in pages)
    assert [(event["message"], event["timestamp"]) for event in found] == [(event["message"], event["timestamp"]) for event in events]
    assert {event["logStreamName"] for event in found} == {stream} and len({event["eventId"] for event in found}) == len(found)
    phrase = f"{len(story.ROWS)} records"
    found = logs.filter_log_events(logGroupName=group, logStreamNames=[stream], filterPattern=f'"{phrase}" -nowhere')["events"]
    assert found and [event["message"] for event in found] == [event["message"] for event in events if phrase in event["message"]]
    refused("InvalidParameterException", "JSON patterns", logs.filter_log_events, logGroupName=group, filterPattern="{ $.level = 1 }")
    refused("ResourceNotFoundException", "", logs.filter_log_events, logGroupName=group, logStreamNames=["nothing"])
    refused("ResourceNotFoundException", "", logs.filter_log_events, logGroupName="nothing")
    refused("ResourceNotFoundException", "", logs.get_log_events, logGroupName=group, logStreamName="nothing")
    refused("ResourceNotFoundException", "", logs.describe_log_streams, logGroupName="nothing")


def test_no_data(server, sm, s3, endpoint):
    """AWS's words, no job, and then what a person needs."""
    sm.create_model_quality_job_definition(**story.definition("empty", endpoint))
    create_now(server, "empty", "empty", ("-PT20H", "-PT19H"))
    last = until("the execution ends", lambda: sm.describe_monitoring_schedule(MonitoringScheduleName="empty"),
                 story.ended)["LastMonitoringExecutionSummary"]
    assert last["MonitoringExecutionStatus"] == "Failed" and "ProcessingJobArn" not in last
    assert last["FailureReason"].startswith("Job inputs had no data") and len(last["FailureReason"]) <= 1024
    sm.delete_monitoring_schedule(MonitoringScheduleName="empty")


def test_deleting_a_schedule_keeps_its_reports(sm, s3, endpoint, execution):
    """Last of the execution's tests: it deletes it."""
    at = execution["LastMonitoringExecutionSummary"]["ScheduledTime"].astimezone(datetime.timezone.utc)
    sm.delete_monitoring_schedule(MonitoringScheduleName="now")
    s3.head_object(Bucket=story.BUCKET, Key=f"reports/{endpoint}/now/{h.hour_path(at)}/statistics.json")


# --- processing jobs ---------------------------------------------------------------------------


def test_baselining_job(server, sm, s3):
    """What suggest_baseline sends."""
    rows = "probability,prediction,label\n" + "".join(f"{p},{int(float(p) > 0.5)},{y}\n" for p, y in story.ROWS)
    s3.put_object(Bucket=story.BUCKET, Key="base/in/baseline.csv", Body=rows.encode())
    sm.create_processing_job(**story.baselining_job("baseline-1", "base/in/baseline.csv", "base/out"))
    refused("ResourceInUse", "", sm.create_processing_job, **story.baselining_job("baseline-1", "base/in/baseline.csv", "base/out"))
    sm.get_waiter("processing_job_completed_or_stopped").wait(ProcessingJobName="baseline-1", WaiterConfig={"Delay": 1})
    job = sm.describe_processing_job(ProcessingJobName="baseline-1")
    assert job["ProcessingJobStatus"] == "Completed" and job["ProcessingStartTime"] <= job["ProcessingEndTime"]
    assert job["ExitMessage"] == "Completed: Job completed successfully with no violations."
    found = json.loads(s3.get_object(Bucket=story.BUCKET, Key="base/out/constraints.json")["Body"].read())
    assert "accuracy" in found["binary_classification_constraints"]
    assert server.call("sagemaker", "DeleteProcessingJob", {"ProcessingJobName": "baseline-1"}) == (200, None)
    refused("ResourceNotFound", "", sm.describe_processing_job, ProcessingJobName="baseline-1")


def test_a_job_that_fails(sm, s3):
    s3.put_object(Bucket=story.BUCKET, Key="base/bad/baseline.csv", Body=b"a,b\n1,2\n")
    sm.create_processing_job(**story.baselining_job("baseline-bad", "base/bad/baseline.csv", "base/none"))
    job = until("it ends", lambda: sm.describe_processing_job(ProcessingJobName="baseline-bad"),
                lambda found: found["ProcessingJobStatus"] not in ("InProgress", "Stopping"))
    assert job["ProcessingJobStatus"] == "Failed" and job["FailureReason"].startswith(
        f"AlgorithmError: s3://{story.BUCKET}/base/bad/baseline.csv:1: no column 'label' in the header; the columns are: a, b"), job
    assert "Contents" not in s3.list_objects_v2(Bucket=story.BUCKET, Prefix="base/none")
    sm.create_processing_job(**story.baselining_job("baseline-none", "base/nowhere/", "base/none"))
    job = until("it ends", lambda: sm.describe_processing_job(ProcessingJobName="baseline-none"),
                lambda found: found["ProcessingJobStatus"] not in ("InProgress", "Stopping"))
    assert job["ProcessingJobStatus"] == "Failed" and "No S3 objects found under S3 URL" in job["FailureReason"], job


def test_another_image_is_refused(sm):
    request = story.baselining_job("own", "base/in", "base/out")
    request["AppSpecification"]["ImageUri"] = "123456789012.dkr.ecr.us-west-2.amazonaws.com/my-own:latest"
    refused("ValidationException", "my-own", sm.create_processing_job, **request)


# --- CloudWatch by itself ----------------------------------------------------------------------


def test_metrics_of_ones_own(cloudwatch):
    now = datetime.datetime.now(datetime.timezone.utc).replace(second=0, microsecond=0)
    minute = datetime.timedelta(minutes=1)
    dimensions = [{"Name": "d", "Value": "1"}]
    cloudwatch.put_metric_data(Namespace="own", MetricData=[
        {"MetricName": "m", "Dimensions": dimensions, "Timestamp": now - 3 * minute, "Value": 1.5, "Unit": "Count"},
        {"MetricName": "m", "Dimensions": dimensions, "Timestamp": now - 2 * minute, "Value": 2.5, "Unit": "Count"},
        {"MetricName": "m", "Dimensions": dimensions, "Timestamp": now - 2 * minute, "Unit": "Count",
         "StatisticValues": {"SampleCount": 3, "Sum": 6, "Minimum": 1, "Maximum": 3}},
        {"MetricName": "other", "Timestamp": now, "Values": [1.0, 2.0], "Counts": [3.0, 1.0]}])
    refused("InvalidParameterCombination", "", cloudwatch.put_metric_data, Namespace="own", MetricData=[
        {"MetricName": "m", "Value": 1.0, "StatisticValues": {"SampleCount": 3, "Sum": 6, "Minimum": 1, "Maximum": 3}}])
    names = [(m["MetricName"], m["Dimensions"]) for m in cloudwatch.list_metrics(Namespace="own")["Metrics"]]
    assert sorted(names) == [("m", dimensions), ("other", [])]
    asked = {"Namespace": "own", "MetricName": "m", "Dimensions": dimensions, "StartTime": now - 10 * minute, "EndTime": now + minute}
    points = cloudwatch.get_metric_statistics(**asked, Period=60, Statistics=["Sum", "Average", "Minimum", "Maximum", "SampleCount"])["Datapoints"]
    points.sort(key=lambda point: point["Timestamp"])
    assert [(p["Sum"], p["Average"], p["Minimum"], p["Maximum"], p["SampleCount"], p["Unit"]) for p in points] == [
        (1.5, 1.5, 1.5, 1.5, 1.0, "Count"), (8.5, 2.125, 1.0, 3.0, 4.0, "Count")]
    assert [p["Timestamp"] for p in points] == [now - 3 * minute, now - 2 * minute]
    query = {"Id": "q", "MetricStat": {"Metric": {"Namespace": "own", "MetricName": "m", "Dimensions": dimensions}, "Period": 60, "Stat": "Sum"}}
    pages = cloudwatch.get_paginator("get_metric_data").paginate(
        MetricDataQueries=[query], StartTime=asked["StartTime"], EndTime=asked["EndTime"], ScanBy="TimestampAscending")
    results = [result for page in pages for result in page["MetricDataResults"]]
    assert [(r["Id"], r["Values"], r["StatusCode"]) for r in results] == [("q", [1.5, 8.5], "Complete")]


def test_alarm(cloudwatch):
    put = {"AlarmName": "alarm-1", "Namespace": "alarms", "MetricName": "m", "Statistic": "Average", "Period": 60, "EvaluationPeriods": 1,
           "Threshold": 10.0, "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "notBreaching",
           "AlarmActions": ["arn:aws:sns:us-west-2:123456789012:topic"], "Dimensions": [{"Name": "d", "Value": "1"}]}
    cloudwatch.put_metric_alarm(**put)
    found = cloudwatch.describe_alarms(AlarmNames=["alarm-1"])["MetricAlarms"]
    assert len(found) == 1 and {key: found[0][key] for key in put} == put
    assert found[0]["AlarmArn"] == "arn:aws:cloudwatch:us-west-2:123456789012:alarm:alarm-1"
    assert found[0]["StateValue"] in ("OK", "INSUFFICIENT_DATA")
    cloudwatch.put_metric_data(Namespace="alarms", MetricData=[{"MetricName": "m", "Dimensions": put["Dimensions"], "Value": 11.0}])
    state = until("it rings", lambda: cloudwatch.describe_alarms(AlarmNames=["alarm-1"])["MetricAlarms"][0],
                  lambda alarm: alarm["StateValue"] == "ALARM", timeout_s=20)
    assert "10.0" in state["StateReason"]
    assert [a["AlarmName"] for a in cloudwatch.describe_alarms(StateValue="ALARM", AlarmNamePrefix="alarm-")["MetricAlarms"]] == ["alarm-1"]
    cloudwatch.delete_alarms(AlarmNames=["alarm-1"])
    assert cloudwatch.describe_alarms(AlarmNames=["alarm-1"])["MetricAlarms"] == []


# --- who am I ----------------------------------------------------------------------------------


def test_identity(server):
    me = client_of(server, "sts").get_caller_identity()
    assert me["Account"] == "123456789012" and me["Arn"].startswith("arn:aws:") and me["UserId"]
    role = client_of(server, "iam").get_role(RoleName="Any-Role.Name")["Role"]
    assert (role["RoleName"], role["Arn"]) == ("Any-Role.Name", "arn:aws:iam::123456789012:role/Any-Role.Name")


@pytest.mark.parametrize("service, call", [("sagemaker", "list_models"), ("cloudwatch", "list_metrics"), ("logs", "describe_log_groups"),
                                           ("sts", "get_caller_identity")])
def test_wrong_keys(server, service, call):
    access, secret = server.keys()
    for pair in ((access, secret[:-1] + ("y" if secret.endswith("x") else "x")), ("AKIANOBODY", secret)):
        client = boto3.client(service, **server.boto(aws_access_key_id=pair[0], aws_secret_access_key=pair[1]))
        with pytest.raises(ClientError) as caught:
            getattr(client, call)()
        assert caught.value.response["Error"]["Code"] in (
            "InvalidSignatureException", "UnrecognizedClientException", "SignatureDoesNotMatch", "InvalidClientTokenId")
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 403)


@pytest.mark.parametrize("service, call, params", [("sagemaker", "list_training_jobs", {}), ("sagemaker", "create_notebook_instance", {
    "NotebookInstanceName": "n", "InstanceType": "ml.t2.medium", "RoleArn": story.ROLE}), ("logs", "create_log_group", {"logGroupName": "g"}),
    ("cloudwatch", "list_dashboards", {}), ("iam", "list_users", {}), ("sts", "get_session_token", {}), ("ec2", "describe_instances", {})])
def test_what_is_not_offered_is_refused(server, service, call, params):
    with pytest.raises(ClientError) as caught:
        getattr(client_of(server, service), call)(**params)
    assert 400 <= caught.value.response["ResponseMetadata"]["HTTPStatusCode"] < 500, caught.value.response
    assert caught.value.response["Error"]["Code"], caught.value.response
