"""Every operation of api/ over a socket, with botocore as the client: a valid call; each constraint broken, one at a time; paginators and
waiters as they are.

botocore's own checks are off where they would keep a bad request from being sent. What an older botocore does not know is left out; with a
newer one (make check-clients) nothing is.
"""
import datetime
import json
import random

import pytest

boto3 = pytest.importorskip("boto3")

import contract_botocore as contract  # noqa: E402
import story  # noqa: E402
from botocore import xform_name  # noqa: E402
from botocore.config import Config  # noqa: E402
from botocore.exceptions import ClientError  # noqa: E402
from server import Server, until  # noqa: E402

CONTENTS = {f"{path.parent.name}.{path.stem}": json.loads(path.read_text()) for path in sorted(contract.API.glob("*/*.json"))}
NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
ARN = "arn:aws:sagemaker:us-west-2:123456789012"
GROUP = "/aws/sagemaker/ProcessingJobs"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("server") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def clients(server):
    made = {}
    for service in ("sagemaker", "cloudwatch", "logs", "sts", "iam", "s3"):
        made[service] = boto3.client(service, config=Config(retries={"max_attempts": 0}), **server.boto())
        made[f"{service} unchecked"] = boto3.client(
            service, config=Config(retries={"max_attempts": 0}, parameter_validation=False), **server.boto())
    return made


# --- valid calls -------------------------------------------------------------------------------

METRIC = {"Namespace": "walk", "MetricName": "m", "Dimensions": [{"Name": "d", "Value": "1"}]}

# In an order in which each finds what it needs; the deletions come last.
VALID = {
    "sagemaker.CreateModel": {"ModelName": "walk", **story.MODEL},
    "sagemaker.CreateEndpointConfig": story.endpoint_config("walk", "s3://walk/capture"),
    "sagemaker.CreateEndpoint": {"EndpointName": "walk", "EndpointConfigName": "walk"},
    "sagemaker.DescribeModel": {"ModelName": "walk"},
    "sagemaker.DescribeEndpointConfig": {"EndpointConfigName": "walk"},
    "sagemaker.DescribeEndpoint": {"EndpointName": "walk"},
    "sagemaker.UpdateEndpoint": {"EndpointName": "walk", "EndpointConfigName": "walk"},
    "sagemaker.ListModels": {"NameContains": "walk", "SortBy": "Name", "SortOrder": "Ascending"},
    "sagemaker.ListEndpointConfigs": {"NameContains": "walk", "CreationTimeAfter": NOW - datetime.timedelta(days=1)},
    "sagemaker.ListEndpoints": {"StatusEquals": "InService", "CreationTimeBefore": NOW + datetime.timedelta(days=1)},
    "sagemaker.CreateModelQualityJobDefinition": story.definition("walk", "walk", bucket="walk"),
    "sagemaker.DescribeModelQualityJobDefinition": {"JobDefinitionName": "walk"},
    "sagemaker.ListModelQualityJobDefinitions": {"EndpointName": "walk", "SortBy": "Name"},
    "sagemaker.CreateMonitoringSchedule": story.schedule("walk", "walk"),
    "sagemaker.DescribeMonitoringSchedule": {"MonitoringScheduleName": "walk"},
    "sagemaker.ListMonitoringSchedules": {"EndpointName": "walk", "StatusEquals": "Scheduled", "MonitoringTypeEquals": "ModelQuality"},
    "sagemaker.StopMonitoringSchedule": {"MonitoringScheduleName": "walk"},
    "sagemaker.StartMonitoringSchedule": {"MonitoringScheduleName": "walk"},
    "sagemaker.UpdateMonitoringSchedule": {name: value for name, value in story.schedule("walk", "walk", "cron(0 7 ? * * *)").items()},
    "sagemaker.ListMonitoringExecutions": {"MonitoringScheduleName": "walk", "SortBy": "ScheduledTime", "StatusEquals": "Failed"},
    "sagemaker.ListMonitoringAlerts": {"MonitoringScheduleName": "walk"},
    "sagemaker.UpdateMonitoringAlert": {"MonitoringScheduleName": "walk", "MonitoringAlertName": "DefaultMonitoringAlert",
                                        "DatapointsToAlert": 1, "EvaluationPeriod": 2},
    "sagemaker.ListMonitoringAlertHistory": {"MonitoringScheduleName": "walk", "StatusEquals": "InAlert"},
    "sagemaker.AddTags": {"ResourceArn": f"{ARN}:monitoring-schedule/walk", "Tags": [{"Key": "k", "Value": "v"}]},
    "sagemaker.ListTags": {"ResourceArn": f"{ARN}:monitoring-schedule/walk", "MaxResults": 50},
    "sagemaker.DeleteTags": {"ResourceArn": f"{ARN}:monitoring-schedule/walk", "TagKeys": ["k"]},
    "sagemaker.CreateProcessingJob": story.baselining_job("walk", "nowhere", "out"),
    "sagemaker.DescribeProcessingJob": {"ProcessingJobName": "walk"},
    "sagemaker.ListProcessingJobs": {"NameContains": "walk", "SortBy": "Status"},
    "logs.DescribeLogGroups": {"logGroupNamePrefix": "/aws/", "limit": 5},
    "logs.DescribeLogStreams": {"logGroupName": GROUP, "logStreamNamePrefix": "walk/", "orderBy": "LogStreamName"},
    "logs.FilterLogEvents": {"logGroupName": GROUP, "logStreamNamePrefix": "walk/", "filterPattern": "?hindcast ?job", "limit": 5},
    "logs.GetLogEvents": None,  # its stream is asked for
    "sagemaker.StopProcessingJob": None,  # one that can be stopped is made
    "cloudwatch.PutMetricData": {"Namespace": "walk", "MetricData": [{"MetricName": "m", "Dimensions": METRIC["Dimensions"], "Value": 1.0}]},
    "cloudwatch.ListMetrics": {"Namespace": "walk", "MetricName": "m"},
    "cloudwatch.GetMetricStatistics": {**METRIC, "StartTime": NOW - datetime.timedelta(hours=1), "EndTime": NOW + datetime.timedelta(hours=1),
                                       "Period": 60, "Statistics": ["Sum"]},
    "cloudwatch.GetMetricData": {"StartTime": NOW - datetime.timedelta(hours=1), "EndTime": NOW + datetime.timedelta(hours=1),
                                 "MetricDataQueries": [{"Id": "q", "MetricStat": {"Metric": METRIC, "Period": 60, "Stat": "Sum"}}]},
    "cloudwatch.PutMetricAlarm": {"AlarmName": "walk", **METRIC, "Period": 60, "EvaluationPeriods": 1, "Threshold": 1.0, "Statistic": "Sum",
                                  "ComparisonOperator": "GreaterThanThreshold"},
    "cloudwatch.DescribeAlarms": {"AlarmNames": ["walk"]},
    "cloudwatch.DeleteAlarms": {"AlarmNames": ["walk"]},
    "sts.GetCallerIdentity": {},
    "iam.GetRole": {"RoleName": "walk"},
    "sagemaker.DeleteMonitoringSchedule": {"MonitoringScheduleName": "walk"},
    "sagemaker.DeleteModelQualityJobDefinition": {"JobDefinitionName": "walk"},
    "sagemaker.DeleteProcessingJob": {"ProcessingJobName": "walk"},
    "sagemaker.DeleteEndpoint": {"EndpointName": "walk"},
    "sagemaker.DeleteEndpointConfig": {"EndpointConfigName": "walk"},
    "sagemaker.DeleteModel": {"ModelName": "walk"},
}


def known(clients, name):
    """Whether this botocore has the operation; the method, if so."""
    service, operation = name.split(".")
    return operation in clients[service].meta.service_model.operation_names


def method(clients, name, unchecked=False):
    service, operation = name.split(".")
    return getattr(clients[f"{service} unchecked" if unchecked else service], xform_name(operation))


def test_the_walk_leaves_nothing_out():
    assert sorted(VALID) == sorted(CONTENTS)


def settled(clients, server):
    """Waits until nothing of `walk` is on its way."""
    def status():
        try:
            return clients["sagemaker"].describe_monitoring_schedule(MonitoringScheduleName="walk")["MonitoringScheduleStatus"]
        except ClientError:
            return "none"
    until("the schedule has settled", status, lambda found: found != "Pending")


def test_valid_calls(clients, server):
    """All of them in order; whatever is answered, botocore can parse it, and it has what the contract requires."""
    for name, params in VALID.items():
        settled(clients, server)
        if name == "logs.GetLogEvents":
            streams = until("the job has a log", lambda: clients["logs"].describe_log_streams(
                logGroupName=GROUP, logStreamNamePrefix="walk/").get("logStreams"))
            params = {"logGroupName": GROUP, "logStreamName": streams[0]["logStreamName"], "startFromHead": True}
        if name == "sagemaker.StopProcessingJob":
            job = lambda: clients["sagemaker"].describe_processing_job(ProcessingJobName="walk")  # noqa: E731
            until("the job is over", job, lambda found: found["ProcessingJobStatus"] == "Failed")
            params = {"ProcessingJobName": "walk"}
        if not known(clients, name):
            service, operation = name.split(".")
            status, answer = server.call(CONTENTS[name]["service"], operation, params)
            assert status == 200, (name, answer)
            continue
        try:
            answer = method(clients, name)(**params)
        except ClientError as e:
            # A job that is over cannot be stopped: that is said in AWS's way.
            assert name == "sagemaker.StopProcessingJob" and e.response["Error"]["Code"] == "ValidationException", (name, e)
            continue
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
        assert answer["ResponseMetadata"]["RequestId"], name
        output = CONTENTS[name]["output"] or {"members": {}}
        for member, shape in output["members"].items():
            assert not shape.get("required") or member in answer, f"{name}: no {member} in {answer}"
        assert {"ResponseMetadata", *output["members"]} >= set(answer), name


# --- bad calls ---------------------------------------------------------------------------------


def with_times(shape, value):
    """As contract.refusals has times as numbers: back to what botocore serializes."""
    if shape["type"] == "structure" and isinstance(value, dict):
        return {name: with_times(shape["members"][name], inner) if name in shape["members"] else inner for name, inner in value.items()}
    if shape["type"] == "list" and isinstance(value, list):
        return [with_times(shape["element"], inner) for inner in value]
    if shape["type"] == "timestamp" and isinstance(value, (int, float)):
        return datetime.datetime.fromtimestamp(value, datetime.timezone.utc)
    return value


def without_nulls(value):
    """No client sends them: they are left out."""
    if isinstance(value, dict):
        return {name: without_nulls(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [without_nulls(inner) for inner in value if inner is not None]
    return value


@pytest.mark.parametrize("name", [name for name, content in CONTENTS.items() if content["input"] and content["input"]["members"]])
def test_bad_calls(clients, name):
    """Each member missing, too long, too short, out of range, outside of its pattern or its values."""
    if not known(clients, name):
        pytest.skip("this botocore does not have it")
    content, call = CONTENTS[name], method(clients, name, unchecked=True)
    operation = clients[name.split(".")[0]].meta.service_model.operation_model(name.split(".")[1])
    params = contract.plain(contract.Maker(random.Random(7), 1.0, True).value(content["input"], operation.input_shape))
    said, tried = set(), 0
    for bad, code, text in contract.refusals(content["input"], params):
        if code != "ValidationException" or "Member is not known" in text or (
                text.startswith("Value null") and "failed" not in text):
            continue  # these botocore cannot even write
        bad = without_nulls(bad)
        try:
            answer = call(**with_times(content["input"], bad))
        except ClientError as e:
            error = e.response["Error"]
            assert e.response["ResponseMetadata"]["HTTPStatusCode"] == 400
            assert error["Code"] in ("ValidationException", "ValidationError", "MissingParameter", "InvalidParameterException",
                                     "InvalidParameterValue"), (text, bad, error)
            if text not in error["Message"]:
                said.add((text, error["Message"][:300]))
            tried += 1
        except (KeyError, TypeError, AttributeError, ValueError):
            continue  # nor these: botocore's serializer died of it, or put it into the address
        else:
            # An empty list has no place in a form: there it is the same as none.
            assert "length greater" in text, f"not refused: {text}\n{bad}\n{answer}"
    assert tried or name in ("sagemaker.ListModels",), "nothing was tried"
    assert not said, "\n".join(f"{text!r} is not in {message!r}" for text, message in sorted(said))


def test_bad_calls_left_nothing_behind(clients):
    sm = clients["sagemaker"]
    for call, member in (("list_models", "Models"), ("list_endpoints", "Endpoints"), ("list_endpoint_configs", "EndpointConfigs"),
                         ("list_monitoring_schedules", "MonitoringScheduleSummaries"), ("list_processing_jobs", "ProcessingJobSummaries"),
                         ("list_model_quality_job_definitions", "JobDefinitionSummaries")):
        found = getattr(sm, call)()[member]
        # Debian's boto3 has no DeleteProcessingJob; where it has not, the job was deleted by hand.
        assert found == [], call
    assert clients["cloudwatch"].describe_alarms()["MetricAlarms"] == []


# --- paginators --------------------------------------------------------------------------------

N = 7


@pytest.fixture(scope="module")
def many(clients, server):
    """Seven of everything."""
    sm, cloudwatch, s3 = clients["sagemaker"], clients["cloudwatch"], clients["s3"]
    s3.create_bucket(Bucket=story.BUCKET, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    story.put_constraints(s3)
    names = [f"page-{i}" for i in range(N)]
    for name in names:
        story.deploy(sm, name, f"s3://{story.BUCKET}/capture")
        sm.create_model_quality_job_definition(**story.definition(name, name))
        # NOW: an execution each (they find no data).
        status, answer = server.call("sagemaker", "CreateMonitoringSchedule", story.schedule(name, name, "NOW", ("-PT2H", "-PT1H")))
        assert status == 200, answer
        sm.create_processing_job(**story.baselining_job(name, "nowhere", "out"))
        cloudwatch.put_metric_alarm(**{**VALID["cloudwatch.PutMetricAlarm"], "AlarmName": name})
        cloudwatch.put_metric_data(Namespace="pages", MetricData=[{"MetricName": name, "Value": 1.0, "Timestamp": NOW}])
    for name in names:
        until("its execution ends", lambda name=name: sm.describe_monitoring_schedule(MonitoringScheduleName=name), story.ended)
        until("its job ends", lambda name=name: sm.describe_processing_job(ProcessingJobName=name),
              lambda job: job["ProcessingJobStatus"] == "Failed")
    return names


@pytest.mark.parametrize("service, operation, params, result, key", [
    ("sagemaker", "list_models", {}, "Models", "ModelName"),
    ("sagemaker", "list_endpoint_configs", {}, "EndpointConfigs", "EndpointConfigName"),
    ("sagemaker", "list_endpoints", {}, "Endpoints", "EndpointName"),
    ("sagemaker", "list_model_quality_job_definitions", {}, "JobDefinitionSummaries", "MonitoringJobDefinitionName"),
    ("sagemaker", "list_monitoring_schedules", {}, "MonitoringScheduleSummaries", "MonitoringScheduleName"),
    ("sagemaker", "list_monitoring_executions", {}, "MonitoringExecutionSummaries", "MonitoringScheduleName"),
    ("sagemaker", "list_processing_jobs", {}, "ProcessingJobSummaries", "ProcessingJobName"),
    ("cloudwatch", "describe_alarms", {}, "MetricAlarms", "AlarmName"),
])
@pytest.mark.parametrize("size", [1, 3, N, 100])
def test_paginators(clients, many, service, operation, params, result, key, size):
    pages = list(clients[service].get_paginator(operation).paginate(**params, PaginationConfig={"PageSize": size}))
    found = [entry[key] for page in pages for entry in page[result]]
    assert sorted(found) == many
    assert len(pages) == -(-N // size) and [len(page[result]) for page in pages[:-1]] == [size] * (len(pages) - 1)
    if service == "sagemaker" and operation in ("list_models", "list_endpoints", "list_monitoring_schedules", "list_processing_jobs"):
        for order in ("Ascending", "Descending"):
            sorting = {"SortBy": "Name", "SortOrder": order}
            pages = clients[service].get_paginator(operation).paginate(**params, **sorting, PaginationConfig={"PageSize": size})
            assert [entry[key] for page in pages for entry in page[result]] == sorted(many, reverse=order == "Descending")


def test_paginators_with_defaults(clients, many):
    """Default page sizes, the rest of the paginators."""
    sm, logs, cloudwatch = clients["sagemaker"], clients["logs"], clients["cloudwatch"]

    def all_of(client, operation, result, **params):
        return [entry for page in client.get_paginator(operation).paginate(**params) for entry in page[result]]

    arn = f"{ARN}:monitoring-schedule/page-0"
    tags = [{"Key": f"k{i:02}", "Value": "v"} for i in range(50)]
    sm.add_tags(ResourceArn=arn, Tags=tags)
    assert sorted(all_of(sm, "list_tags", "Tags", ResourceArn=arn), key=lambda tag: tag["Key"]) == tags
    with pytest.raises(ClientError):
        sm.add_tags(ResourceArn=arn, Tags=[{"Key": "one more", "Value": "v"}])
    assert [alert["AlertStatus"] for alert in all_of(sm, "list_monitoring_alerts", "MonitoringAlertSummaries",
                                                      MonitoringScheduleName="page-0")] == ["OK"]
    assert all_of(sm, "list_monitoring_alert_history", "MonitoringAlertHistory", MonitoringScheduleName="page-0") == []
    streams = all_of(logs, "describe_log_streams", "logStreams", logGroupName=GROUP, logStreamNamePrefix="page-")
    assert sorted(stream["logStreamName"].split("/")[0] for stream in streams) == many
    assert [g["logGroupName"] for g in all_of(logs, "describe_log_groups", "logGroups")] == [GROUP]
    for size in (1, 3):
        pages = logs.get_paginator("describe_log_streams").paginate(logGroupName=GROUP, logStreamNamePrefix="page-",
                                                                    PaginationConfig={"PageSize": size})
        assert sorted(s["logStreamName"].split("/")[0] for page in pages for s in page["logStreams"]) == many
    assert sorted(m["MetricName"] for m in all_of(cloudwatch, "list_metrics", "Metrics", Namespace="pages")) == many
    queries = [{"Id": f"q{i}", "MetricStat": {"Metric": {"Namespace": "pages", "MetricName": name}, "Period": 60, "Stat": "Sum"}}
               for i, name in enumerate(many)]
    results = all_of(cloudwatch, "get_metric_data", "MetricDataResults", MetricDataQueries=queries,
                     StartTime=NOW - datetime.timedelta(hours=1), EndTime=NOW + datetime.timedelta(hours=1))
    assert {result["Id"]: result["Values"] for result in results} == {f"q{i}": [1.0] for i in range(N)}


@pytest.mark.parametrize("token", ["nonsense", "", "AAAA", "x" * 8192, "../../", "é"])
def test_a_token_that_is_none(clients, many, token):
    with pytest.raises(ClientError) as caught:
        answer = clients["sagemaker"].list_models(NextToken=token, MaxResults=2)
        assert token == "" and answer, "an empty one may be none"
        raise ClientError({"Error": {"Code": "ValidationException"}}, "ListModels")
    assert caught.value.response["Error"]["Code"] == "ValidationException"


def test_a_token_of_another_question(clients, many):
    token = clients["sagemaker"].list_models(MaxResults=2)["NextToken"]
    with pytest.raises(ClientError) as caught:
        clients["sagemaker"].list_endpoints(NextToken=token, MaxResults=2)
    assert caught.value.response["Error"]["Code"] == "ValidationException"


# --- waiters -----------------------------------------------------------------------------------


def test_waiters(clients, many):
    sm = clients["sagemaker"]
    fast = {"WaiterConfig": {"Delay": 1, "MaxAttempts": 20}}
    sm.get_waiter("endpoint_in_service").wait(EndpointName="page-0", **fast)
    sm.delete_endpoint(EndpointName="page-0")
    sm.get_waiter("endpoint_deleted").wait(EndpointName="page-0", **fast)
    with pytest.raises(Exception, match="endpoint|Waiter|Max attempts"):
        sm.get_waiter("endpoint_in_service").wait(EndpointName="page-0", WaiterConfig={"Delay": 1, "MaxAttempts": 2})
    with pytest.raises(Exception, match="Failed|failure"):
        sm.get_waiter("processing_job_completed_or_stopped").wait(ProcessingJobName="page-0", **fast)
    with pytest.raises(Exception, match="[Cc]ould not find|Waiter"):
        sm.get_waiter("processing_job_completed_or_stopped").wait(ProcessingJobName="none", **fast)
    clients["cloudwatch"].get_waiter("alarm_exists").wait(AlarmNames=["page-0"], **fast)
    s3 = clients["s3"]
    s3.get_waiter("bucket_exists").wait(Bucket=story.BUCKET, **fast)
    s3.get_waiter("object_exists").wait(Bucket=story.BUCKET, Key="baseline/constraints.json", **fast)
    s3.get_waiter("object_not_exists").wait(Bucket=story.BUCKET, Key="nothing", **fast)


# --- requests that no client makes -------------------------------------------------------------


@pytest.mark.parametrize("body, code", [
    (b"", None), (b"{", "SerializationException"), (b"[]", "SerializationException"), (b"null", None),
    (b'"text"', "SerializationException"), (b"{\"MaxResults\": \"five\"}", "SerializationException"), (b"\xff\xfe", "SerializationException"),
    (b"{\"NoSuch\": 1}", "ValidationException"), (b"{\"MaxResults\": 0}", "ValidationException"), (b"[" * 100000, "SerializationException"),
    (b"{\"MaxResults\": 1e400}", None), (b"{\"MaxResults\": 5, \"MaxResults\": 6}", None)])
def test_bodies_that_are_wrong(tmp_path_factory, server, body, code):
    import urllib.error
    import urllib.request
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
    request = AWSRequest("POST", server.url + "/", data=body, headers={"Content-Type": "application/x-amz-json-1.1",
                                                                       "X-Amz-Target": "SageMaker.ListModels"})
    SigV4Auth(Credentials(*server.keys()), "sagemaker", "us-west-2").add_auth(request)
    try:
        with urllib.request.urlopen(urllib.request.Request(request.url, data=body, headers=dict(request.headers))) as answer:
            assert code is None and json.loads(answer.read())["Models"] is not None
    except urllib.error.HTTPError as e:
        found = json.loads(e.read())
        assert e.code == 400 and found["__type"].split("#")[-1] == (code or found["__type"].split("#")[-1]), found
        assert code is not None or b"1e400" in body or not body or body == b"null" or b"6" in body, found
