"""The `aws` command line. HC_AWS names another one than Debian's (make check-clients: the newest).

Versions before 2.13 (1.29 of the other line) know no AWS_ENDPOINT_URL: they get --endpoint-url.
"""
import datetime
import json
import os
import re
import shutil
import subprocess

import pytest

import helpers as h
import story
from server import Server, until

AWS = os.environ.get("HC_AWS", "/usr/bin/aws")

pytestmark = pytest.mark.skipif(not shutil.which(AWS), reason=f"{AWS} is not there")


def knows_the_variable():
    text = subprocess.run([AWS, "--version"], capture_output=True, text=True, check=True).stdout
    major, minor = map(int, re.match(r"aws-cli/(\d+)\.(\d+)", text).groups())
    return (major, minor) >= ((2, 13) if major == 2 else (1, 29))


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("server") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def aws(server):
    """Runs it; JSON if it prints some, else text."""
    endpoint = [] if knows_the_variable() else ["--endpoint-url", server.url]

    def run(*words, status=0):
        text = server.run([AWS, *endpoint, *words], status=status)
        try:
            return json.loads(text)
        except ValueError:
            return text
    return run


def test_s3(aws, tmp_path):
    assert "make_bucket" in aws("s3", "mb", "s3://cli")
    folder = tmp_path / "folder"
    for name, content in (("a.txt", b"alpha\n"), ("b/c.bin", bytes(range(256)) * 100), ("b/ü d.txt", b"delta")):
        h.write(folder / name, content)
    large = h.write(tmp_path / "large", os.urandom(1 << 20) * 20)  # over 8 MB: several parts
    aws("s3", "cp", large, "s3://cli/large")
    aws("s3", "sync", folder, "s3://cli/synced/")
    assert "upload" not in aws("s3", "sync", folder, "s3://cli/synced/")  # nothing new
    listed = aws("s3", "ls", "s3://cli/synced/")
    assert "PRE b/" in listed and re.search(r" 6 a\.txt$", listed, re.MULTILINE)
    listed = aws("s3", "ls", "--recursive", "s3://cli/", "--summarize")
    assert "Total Objects: 4" in listed and "synced/b/ü d.txt" in listed
    aws("s3", "cp", "s3://cli/large", tmp_path / "large.back")
    assert (tmp_path / "large.back").read_bytes() == large.read_bytes()
    aws("s3", "cp", "s3://cli/large", "s3://cli/large.copy")
    aws("s3", "sync", "s3://cli/synced", tmp_path / "back")
    assert {p.relative_to(tmp_path / "back").as_posix(): p.read_bytes() for p in (tmp_path / "back").rglob("*") if p.is_file()} == {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    (folder / "a.txt").unlink()
    assert "delete: s3://cli/synced/a.txt" in aws("s3", "sync", "--delete", folder, "s3://cli/synced/")
    aws("s3", "mv", "s3://cli/large.copy", "s3://cli/moved")
    aws("s3", "rm", "s3://cli/synced/", "--recursive")
    assert aws("s3", "ls", "s3://cli/synced/", status=1) == ""
    assert "NoSuchBucket" in aws("s3", "ls", "s3://no-such-bucket", status=None)
    assert "BucketNotEmpty" in aws("s3", "rb", "s3://cli", status=1)
    aws("s3", "rb", "--force", "s3://cli")
    assert "cli" not in aws("s3", "ls")


def test_s3api(aws, tmp_path):
    aws("s3api", "create-bucket", "--bucket", "api", "--create-bucket-configuration", "LocationConstraint=us-west-2")
    h.write(tmp_path / "x", b"content")
    put = aws("s3api", "put-object", "--bucket", "api", "--key", "x", "--body", tmp_path / "x", "--metadata", "a=b")
    head = aws("s3api", "head-object", "--bucket", "api", "--key", "x")
    assert (head["ETag"], head["ContentLength"], head["Metadata"]) == (put["ETag"], 7, {"a": "b"})
    got = aws("s3api", "get-object", "--bucket", "api", "--key", "x", "--range", "bytes=0-2", tmp_path / "y")
    assert (got["ContentLength"], (tmp_path / "y").read_bytes()) == (3, b"con")
    listed = aws("s3api", "list-objects-v2", "--bucket", "api", "--query", "Contents[].Key")
    assert listed == ["x"]
    assert "(404)" in aws("s3api", "head-object", "--bucket", "api", "--key", "none", status=None)


def test_the_story(aws, server, tmp_path):
    """An endpoint, a definition, a schedule by NOW, its report."""
    def given(operation, value):
        path = h.write(tmp_path / f"{operation}.json", json.dumps(value))
        return aws("sagemaker", operation, "--cli-input-json", f"file://{path}")

    aws("s3", "mb", f"s3://{story.BUCKET}")
    given("create-model", {"ModelName": "ep", **story.MODEL})
    given("create-endpoint-config", story.endpoint_config("ep", f"s3://{story.BUCKET}/capture"))
    given("create-endpoint", {"EndpointName": "ep", "EndpointConfigName": "ep"})
    aws("sagemaker", "wait", "endpoint-in-service", "--endpoint-name", "ep")
    assert aws("sagemaker", "describe-endpoint", "--endpoint-name", "ep")["EndpointStatus"] == "InService"
    given("create-model-quality-job-definition", story.definition("def", "ep"))
    given("create-monitoring-schedule", story.schedule("hourly", "def"))
    listed = aws("sagemaker", "list-monitoring-schedules", "--endpoint-name", "ep", "--query", "MonitoringScheduleSummaries[].MonitoringScheduleName")
    assert listed == ["hourly"]
    for i in range(5):
        aws("sagemaker", "create-model", "--model-name", f"m{i}", "--execution-role-arn", story.ROLE, "--primary-container", "Image=i")
    names = aws("sagemaker", "list-models", "--page-size", "2", "--sort-by", "Name", "--sort-order", "Ascending", "--query", "Models[].ModelName")
    assert names == ["ep", "m0", "m1", "m2", "m3", "m4"]
    assert len(aws("sagemaker", "list-models", "--max-items", "3")["Models"]) == 3

    hour = story.last_hour()
    captured = [h.capture(score, f"e-{i}", f"id-{i}", hour) for i, (score, _) in enumerate(story.ROWS)]
    known = [h.label(f"id-{i}", label) for i, (_, label) in enumerate(story.ROWS)]
    h.write(tmp_path / "data" / "capture" / "ep" / "AllTraffic" / h.hour_path(hour) / "a.jsonl", captured)
    h.write(tmp_path / "data" / "ground-truth" / h.hour_path(hour) / "l.jsonl", known)
    h.write(tmp_path / "data" / "baseline" / "constraints.json", json.dumps({"version": 0.0, "binary_classification_constraints": {
        "accuracy": {"threshold": 0.99, "comparison_operator": "LessThanThreshold"}}}))
    aws("s3", "sync", tmp_path / "data", f"s3://{story.BUCKET}/")
    # Debian's command line knows no window of a schedule.
    assert server.call("sagemaker", "CreateMonitoringSchedule", story.schedule("now", "def", "NOW", ("-PT2H", "-PT1H")))[0] == 200
    described = until("the execution ends", lambda: aws("sagemaker", "describe-monitoring-schedule", "--monitoring-schedule-name", "now"),
                      story.ended)
    last = described["LastMonitoringExecutionSummary"]
    assert last["MonitoringExecutionStatus"] == "CompletedWithViolations"
    executions = aws("sagemaker", "list-monitoring-executions", "--monitoring-schedule-name", "now")["MonitoringExecutionSummaries"]
    assert executions == [last]
    job = last["ProcessingJobArn"].split("/")[-1]
    aws("sagemaker", "wait", "processing-job-completed-or-stopped", "--processing-job-name", job)
    out = aws("sagemaker", "describe-processing-job", "--processing-job-name", job, "--query",
              "ProcessingOutputConfig.Outputs[0].S3Output.S3Uri")
    aws("s3", "cp", f"{out}/statistics.json", tmp_path / "statistics.json")
    assert h.statistics(tmp_path)["binary_classification_metrics"]["confusion_matrix"] == story.confusion(story.ROWS)

    found = aws("cloudwatch", "list-metrics", "--namespace", story.NAMESPACE, "--dimensions", "Name=Endpoint,Value=ep",
                "Name=MonitoringSchedule,Value=now")
    assert "f1" in [metric["MetricName"] for metric in found["Metrics"]]
    streams = aws("logs", "describe-log-streams", "--log-group-name", "/aws/sagemaker/ProcessingJobs", "--log-stream-name-prefix", job)
    events = aws("logs", "get-log-events", "--log-group-name", "/aws/sagemaker/ProcessingJobs", "--log-stream-name",
                 streams["logStreams"][0]["logStreamName"], "--start-from-head")["events"]
    assert any(f"{len(story.ROWS)} records" in event["message"] for event in events)
    check_tail(aws, job, streams["logStreams"][0]["logStreamName"], [event["message"] for event in events])
    for name in ("hourly", "now"):
        aws("sagemaker", "delete-monitoring-schedule", "--monitoring-schedule-name", name)
    said = until("it is gone", lambda: aws("sagemaker", "describe-monitoring-schedule", "--monitoring-schedule-name", "now", status=None),
                 lambda text: isinstance(text, str))
    assert "(ResourceNotFound)" in said


def check_tail(aws, job, stream, messages):
    """What a person types at night. Only version 2 of the command line has it."""
    if "aws-cli/2." not in subprocess.run([AWS, "--version"], capture_output=True, text=True, check=True).stdout:
        return
    tail = ("logs", "tail", "/aws/sagemaker/ProcessingJobs", "--log-stream-name-prefix", f"{job}/")
    lines = aws(*tail, "--since", "1h").splitlines()
    assert len(lines) == len(messages)
    assert all(f" {stream} {message}".rstrip() in line for line, message in zip(lines, messages))
    counted = f"{len(story.ROWS)} records"
    assert aws(*tail, "--filter-pattern", f'"{counted}"', "--format", "short").count("\n") == sum(counted in m for m in messages)
    assert aws(*tail, "--since", "0s") == ""


def test_cloudwatch(aws):
    now = datetime.datetime.now(datetime.timezone.utc).replace(second=0, microsecond=0)
    aws("cloudwatch", "put-metric-data", "--namespace", "cli", "--metric-name", "m", "--value", "2.5", "--dimensions", "a=b",
        "--timestamp", h.stamp(now))
    found = aws("cloudwatch", "get-metric-statistics", "--namespace", "cli", "--metric-name", "m", "--dimensions", "Name=a,Value=b",
                "--start-time", h.stamp(now - datetime.timedelta(minutes=5)), "--end-time", h.stamp(now + datetime.timedelta(minutes=5)),
                "--period", "60", "--statistics", "Sum", "Average")
    assert [(point["Sum"], point["Average"]) for point in found["Datapoints"]] == [(2.5, 2.5)]
    aws("cloudwatch", "put-metric-alarm", "--alarm-name", "cli", "--namespace", "cli", "--metric-name", "m", "--dimensions", "Name=a,Value=b",
        "--statistic", "Sum", "--period", "60", "--evaluation-periods", "1", "--threshold", "2", "--comparison-operator", "GreaterThanThreshold")
    aws("cloudwatch", "wait", "alarm-exists", "--alarm-names", "cli")
    alarm = until("it rings", lambda: aws("cloudwatch", "describe-alarms", "--alarm-names", "cli")["MetricAlarms"][0],
                  lambda found: found["StateValue"] == "ALARM")
    assert alarm["Threshold"] == 2.0
    aws("cloudwatch", "delete-alarms", "--alarm-names", "cli")


def test_identity(aws):
    assert aws("sts", "get-caller-identity")["Account"] == "123456789012"
    assert aws("iam", "get-role", "--role-name", "any")["Role"]["Arn"] == "arn:aws:iam::123456789012:role/any"


def test_errors_are_told(aws):
    assert "ValidationException" in aws("sagemaker", "describe-model", "--model-name", "none", status=None)
    assert "ValidationException" in aws("sagemaker", "describe-model", "--model-name", "x" * 64, status=None)
    assert "ResourceNotFound" in aws("sagemaker", "describe-monitoring-schedule", "--monitoring-schedule-name", "none", status=None)
