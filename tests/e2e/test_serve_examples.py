"""The shipped examples as schedules: the figures of the command line (scikit-learn's) come out of the server, too.

Each window of tests/golden/expected_examples.json that has a tick is an hourly schedule with its offsets; the server's clock is moved to shortly
before the tick, and then past it.
"""
import datetime
import io
import json
import re
import time

import pytest

boto3 = pytest.importorskip("boto3")

import helpers as h  # noqa: E402
import story  # noqa: E402
from server import Server, until  # noqa: E402

ALL = {name: value for name, value in json.loads((h.ROOT / "tests/golden/expected_examples.json").read_text()).items()
       if not name.startswith("_")}
EXAMPLES = h.ROOT / "examples"
BUCKET = "examples"
FOLDER = "/opt/ml/processing/input"


def option(args, name):
    return args[args.index(name) + 1] if name in args else None


def attributes(args, threshold=float):
    """The attributes of a command line as the API has them."""
    made = {"InferenceAttribute": option(args, "--inference-attribute"), "ProbabilityAttribute": option(args, "--probability-attribute"),
            "ProbabilityThresholdAttribute": option(args, "--probability-threshold-attribute")}
    if made["ProbabilityThresholdAttribute"]:
        made["ProbabilityThresholdAttribute"] = threshold(made["ProbabilityThresholdAttribute"])
    return {name: value for name, value in made.items() if value is not None}


class Example:
    def __init__(self, server, name):
        self.server, self.name = server, name
        options = {"endpoint_url": server.url, "region_name": "us-west-2", "aws_access_key_id": "any", "aws_secret_access_key": "thing"}
        self.s3, self.sm = boto3.client("s3", **options), boto3.client("sagemaker", **options)
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
        for path in sorted((EXAMPLES / name).rglob("*")):
            if path.is_file():
                # A transform job names its output by address.
                content = path.read_bytes().replace(b'"prefix":"', f'"prefix":"s3://{BUCKET}/{name}/capture/'.encode())
                self.s3.upload_fileobj(io.BytesIO(content), BUCKET, path.relative_to(EXAMPLES).as_posix())
        self.endpoint = None
        if "batch" not in name:
            self.endpoint = next(path.name for path in (EXAMPLES / name / "capture").iterdir())
            story.deploy(self.sm, self.endpoint, f"s3://{BUCKET}/{name}/capture")

    def at(self, moment):
        """Sets the server's clock."""
        self.server.ahead(int(moment.timestamp() - time.time()))

    def baseline(self, wanted):
        """By a processing job, as suggest_baseline does it."""
        args = wanted["args"]
        source = args[0]
        self.s3.upload_file(str(h.ROOT / source), BUCKET, source)
        job = story.baselining_job(f"{self.name}-baseline", "", "")
        job["ProcessingInputs"][0]["S3Input"]["S3Uri"] = f"s3://{BUCKET}/{source}"
        job["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"] = f"s3://{BUCKET}/{self.name}/baseline"
        environment = job["Environment"]
        for name in ("inference_attribute", "probability_attribute", "ground_truth_attribute", "probability_threshold_attribute"):
            environment.pop(name, None)
            value = option(args, "--" + name.replace("_", "-"))
            if value:
                environment[name] = value
        environment["problem_type"] = option(args, "--problem-type")
        self.sm.create_processing_job(**job)
        done = until("the job ends", lambda: self.sm.describe_processing_job(ProcessingJobName=job["ProcessingJobName"]),
                     lambda found: found["ProcessingJobStatus"] not in ("InProgress", "Stopping"))
        assert done["ProcessingJobStatus"] == "Completed", done.get("FailureReason")
        compare(self.load(f"{self.name}/baseline/statistics.json"), wanted)

    def load(self, key):
        return json.loads(self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())

    def definition(self, name, window):
        args = window["args"]
        offsets = option(args, "--start-time-offset"), option(args, "--end-time-offset")
        request = story.definition(name, self.endpoint or "none", offsets, bucket=BUCKET)
        data = request["ModelQualityJobInput"].pop("EndpointInput")
        for attribute in ("ProbabilityAttribute", "ProbabilityThresholdAttribute"):
            del data[attribute]
        data.update(attributes(args))
        if not self.endpoint:
            del data["EndpointName"]
            data |= {"DataCapturedDestinationS3Uri": f"s3://{BUCKET}/{self.name}/capture", "DatasetFormat": {"Csv": {"Header": False}}}
        request["ModelQualityJobInput"]["EndpointInput" if self.endpoint else "BatchTransformInput"] = data
        request["ModelQualityJobInput"]["GroundTruthS3Input"]["S3Uri"] = f"s3://{BUCKET}/{self.name}/ground-truth"
        request["ModelQualityAppSpecification"]["ProblemType"] = option(args, "--problem-type")
        constraints = window["constraints"][len("examples/"):] if window["constraints"] else f"{self.name}/baseline/constraints.json"
        request["ModelQualityBaselineConfig"]["ConstraintsResource"]["S3Uri"] = f"s3://{BUCKET}/{constraints}"
        return request

    def run(self, name, window, tick):
        """One execution at the tick; its summary."""
        self.at(tick - datetime.timedelta(minutes=20))
        self.sm.create_model_quality_job_definition(**self.definition(name, window))
        self.sm.create_monitoring_schedule(**story.schedule(name, name))
        until("it is scheduled", lambda: self.sm.describe_monitoring_schedule(MonitoringScheduleName=name),
              lambda found: found["MonitoringScheduleStatus"] == "Scheduled")
        self.at(tick + datetime.timedelta(minutes=1))
        last = until("the execution ends", lambda: self.sm.describe_monitoring_schedule(MonitoringScheduleName=name), story.ended)
        self.sm.delete_monitoring_schedule(MonitoringScheduleName=name)
        return last["LastMonitoringExecutionSummary"]


def compare(statistics, wanted):
    metrics = next(value for key, value in statistics.items() if key.endswith("_metrics"))
    for name, value in wanted["metrics"].items():
        if name == "confusion_matrix":
            assert metrics[name] == value
        else:
            assert metrics[name]["value"] == pytest.approx(value, rel=1e-12, abs=1e-12), name


@pytest.mark.parametrize("name", ALL)
def test_example(tmp_path, name):
    windows = [(h.instant(option(window["args"], "--scheduled-time")), title, window) for title, window in ALL[name]["windows"].items()
               if "--scheduled-time" in window["args"]]
    assert len(windows) >= 2
    with Server(tmp_path / "data", "--no-auth", clock=True) as server:
        example = Example(server, name)
        example.baseline(ALL[name]["baseline"])
        for i, (tick, title, window) in enumerate(sorted(windows, key=lambda one: one[0])):
            summary = example.run(f"w{i}", window, tick)
            assert summary["MonitoringExecutionStatus"] == ("CompletedWithViolations" if window["exit"] else "Completed"), (title, summary)
            assert summary["ScheduledTime"] == tick
            report = "reports/" + (f"{example.endpoint}/" if example.endpoint else "") + f"w{i}/{h.hour_path(tick)}"
            compare(example.load(f"{report}/statistics.json"), window)
            join = example.load(f"{report}/join_report.json")
            assert {key: join[key]["count"] for key in window["counts"]} == window["counts"], title
            broken = [violation["metric_name"] for violation in example.load(f"{report}/constraint_violations.json")["violations"]]
            snake = [re.sub("[A-Z]", lambda m: "_" + m[0].lower(), entry) for entry in broken]
            assert sorted(snake) == sorted(window["violated"]), title
