"""Hourly schedules seen through their ticks, with the clock moved: what runs, when, over which hours, and what was missed."""
import datetime
import glob
import json
from pathlib import Path

import pytest

boto3 = pytest.importorskip("boto3")

import helpers as h  # noqa: E402
import story  # noqa: E402
from server import Server, until  # noqa: E402

HOUR = datetime.timedelta(hours=1)


class World:
    """A server without authentication (its clock is not ours), an endpoint with captures, a baseline."""

    def __init__(self, server):
        self.server = server
        options = {"endpoint_url": server.url, "region_name": "us-west-2", "aws_access_key_id": "any", "aws_secret_access_key": "thing"}
        self.sm, self.s3 = boto3.client("sagemaker", **options), boto3.client("s3", **options)
        self.s3.create_bucket(Bucket=story.BUCKET, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
        story.deploy(self.sm, "ep", f"s3://{story.BUCKET}/capture")
        story.put_constraints(self.s3, accuracy=0.0)

    def hour(self):
        """The full hour of the server's clock: by the time at which it made something."""
        return self.now().replace(minute=0, second=0, microsecond=0)

    def now(self):
        name = "what-time-is-it"
        self.sm.create_model(ModelName=name, **story.MODEL)
        at = self.sm.describe_model(ModelName=name)["CreationTime"].astimezone(datetime.timezone.utc)
        self.sm.delete_model(ModelName=name)
        return at

    def schedule(self, name, offsets=None, cron="cron(0 * ? * * *)"):
        self.sm.create_model_quality_job_definition(**story.definition(f"{name}-def", "ep", offsets))
        self.sm.create_monitoring_schedule(**story.schedule(name, f"{name}-def", cron))
        until(f"{name} is scheduled", lambda: self.sm.describe_monitoring_schedule(MonitoringScheduleName=name),
              lambda found: found["MonitoringScheduleStatus"] == "Scheduled")

    def executions(self, name):
        found = self.sm.list_monitoring_executions(MonitoringScheduleName=name, SortBy="ScheduledTime", SortOrder="Ascending", MaxResults=100)
        return found["MonitoringExecutionSummaries"]

    def ended(self, name, n):
        """All executions, when there are n of them and all are over."""
        return until(f"{n} executions of {name}", lambda: self.executions(name), lambda found: len(found) >= n and all(
            one["MonitoringExecutionStatus"] in story.ENDED for one in found))

    def job(self, execution):
        return self.sm.describe_processing_job(ProcessingJobName=execution["ProcessingJobArn"].split("/")[-1])

    def statistics(self, execution):
        uri = self.job(execution)["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"]
        key = uri[len(f"s3://{story.BUCKET}/"):] + "/statistics.json"
        return json.loads(self.s3.get_object(Bucket=story.BUCKET, Key=key)["Body"].read())


def ticks(executions):
    return [one["ScheduledTime"].astimezone(datetime.timezone.utc) for one in executions]


@pytest.fixture
def world(tmp_path):
    with Server(tmp_path / "data", "--no-auth", clock=True) as server:
        made = World(server)
        # Half past the hour, so that no tick of the real clock comes between.
        now = made.now()
        server.offset = (30 * 60 - now.minute * 60 - now.second) % 3600
        server.ahead(server.offset)
        yield made


def forward(world, seconds):
    world.server.offset += seconds
    world.server.ahead(world.server.offset)


def test_through_a_tick(world):
    hour = world.hour()
    story.put_records(world.s3, "ep", hour, story.ROWS)
    story.put_records(world.s3, "ep", hour - HOUR, story.ROWS[:20])  # not of this window
    world.schedule("hourly")
    assert world.executions("hourly") == []  # the last tick was before its time
    forward(world, 29 * 60)
    assert world.hour() == hour
    assert world.executions("hourly") == []
    forward(world, 61 + 30)
    executions = world.ended("hourly", 1)
    assert ticks(executions) == [hour + HOUR]
    assert executions[0]["MonitoringExecutionStatus"] == "Completed"
    assert executions[0]["CreationTime"] >= executions[0]["ScheduledTime"]
    job = world.job(executions[0])
    name = job["ProcessingJobName"]
    assert name.startswith(f"model-quality-monitoring-{(hour + HOUR).strftime('%Y%m%d%H%M')}-")
    environment = job["Environment"]
    assert (environment["start_time"], environment["end_time"], environment["metric_time"]) == (
        h.stamp(hour), h.stamp(hour + HOUR), h.stamp(hour))
    merge = world.sm.describe_processing_job(ProcessingJobName=name.replace("model-quality-monitoring-", "groundtruth-merge-"))
    assert {one["InputName"]: one["S3Input"]["S3Uri"] for one in merge["ProcessingInputs"]} == {
        "groundtruth_input_1": f"s3://{story.BUCKET}/ground-truth/{h.hour_path(hour)}",
        "endpoint_input_1": f"s3://{story.BUCKET}/capture/ep/AllTraffic/{h.hour_path(hour)}"}
    assert job["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"] == (
        f"s3://{story.BUCKET}/reports/ep/hourly/{h.hour_path(hour + HOUR)}")
    found = world.statistics(executions[0])
    assert found["dataset"]["item_count"] == len(story.ROWS)
    assert found["binary_classification_metrics"]["confusion_matrix"] == story.confusion(story.ROWS)

    forward(world, 3600)  # an hour without traffic
    executions = world.ended("hourly", 2)
    assert ticks(executions) == [hour + HOUR, hour + 2 * HOUR]
    assert executions[1]["MonitoringExecutionStatus"] == "Failed" and "ProcessingJobArn" not in executions[1]
    assert executions[1]["FailureReason"].startswith("Job inputs had no data")


def test_offsets_look_back(world):
    """-PT2H to -PT1H: both ends' folders, labels up to the tick; AWS's story."""
    hour = world.hour()
    for back, n in ((0, 10), (1, 20), (2, 15)):
        pairs = story.rows(n, seed=back)
        at = hour - back * HOUR
        captured = [h.capture(score, f"e-{back}-{i}", f"id-{back}-{i}", at + datetime.timedelta(minutes=5)) for i, (score, _) in enumerate(pairs)]
        world.s3.put_object(Bucket=story.BUCKET, Key=f"capture/ep/AllTraffic/{h.hour_path(at)}/a.jsonl", Body=story.lines(captured))
        # All labels come late: in the hour before the tick.
        known = [h.label(f"id-{back}-{i}", label) for i, (_, label) in enumerate(pairs)]
        world.s3.put_object(Bucket=story.BUCKET, Key=f"ground-truth/{h.hour_path(hour)}/{back}.jsonl", Body=story.lines(known))
    world.schedule("late", offsets=("-PT2H", "-PT1H"))
    forward(world, 31 * 60)
    executions = world.ended("late", 1)
    assert ticks(executions) == [hour + HOUR]
    # tick - 2 h is hour - 1, tick - 1 h is hour: whole folders, both ends.
    assert world.statistics(executions[0])["dataset"]["item_count"] == 10 + 20


def test_two_variants(world):
    hour = world.hour()
    story.put_records(world.s3, "ep", hour, story.ROWS[:40])
    captured = [h.capture(score, f"other-{i}", f"id-{i}", hour) for i, (score, _) in enumerate(story.ROWS[:7])]
    world.s3.put_object(Bucket=story.BUCKET, Key=f"capture/ep/Canary/{h.hour_path(hour)}/a.jsonl", Body=story.lines(captured))
    world.schedule("both")
    forward(world, 31 * 60)
    assert world.statistics(world.ended("both", 1)[0])["dataset"]["item_count"] == 47


def test_missed_ticks_are_made_up(world):
    """The machine slept for three hours: each missed hour gets its report, oldest first, one at a time."""
    hour = world.hour()
    for i in range(4):
        story.put_records(world.s3, "ep", hour + i * HOUR, story.ROWS[:20 + i])
    world.schedule("hourly")
    forward(world, 3 * 3600)
    executions = world.ended("hourly", 3)
    assert ticks(executions) == [hour + i * HOUR for i in (1, 2, 3)]
    assert [world.statistics(one)["dataset"]["item_count"] for one in executions] == [20, 21, 22]


def test_a_restart_between_ticks(world):
    """What was done is not done again; what came due meanwhile is."""
    hour = world.hour()
    for i in range(3):
        story.put_records(world.s3, "ep", hour + i * HOUR, story.ROWS[:30 + i])
    world.schedule("hourly")
    forward(world, 3600)
    world.ended("hourly", 1)
    server = world.server
    server.stop()
    forward(world, 3600)
    server.listen = "127.0.0.1:0"
    server.start()
    options = {"endpoint_url": server.url, "region_name": "us-west-2", "aws_access_key_id": "any", "aws_secret_access_key": "thing"}
    world.sm, world.s3 = boto3.client("sagemaker", **options), boto3.client("s3", **options)
    executions = world.ended("hourly", 2)
    assert ticks(executions) == [hour + HOUR, hour + 2 * HOUR]
    assert [world.statistics(one)["dataset"]["item_count"] for one in executions] == [30, 31]


def test_stopped_schedules_do_not_run(world):
    hour = world.hour()
    story.put_records(world.s3, "ep", hour, story.ROWS)
    for name in ("stopped", "runs"):
        world.schedule(name)
    world.sm.stop_monitoring_schedule(MonitoringScheduleName="stopped")
    until("it is stopped", lambda: world.sm.describe_monitoring_schedule(MonitoringScheduleName="stopped")["MonitoringScheduleStatus"],
          "Stopped".__eq__)
    forward(world, 3600)
    world.ended("runs", 1)
    assert world.executions("stopped") == []
    world.sm.start_monitoring_schedule(MonitoringScheduleName="stopped")
    story.put_records(world.s3, "ep", hour + HOUR, story.ROWS)
    forward(world, 3600)
    world.ended("runs", 2)
    assert ticks(world.ended("stopped", 1)) == [hour + 2 * HOUR]  # what it slept through stays undone


def test_daily(world):
    """Every six hours from 3 o'clock: 3, 9, 15, 21."""
    world.schedule("six", cron="cron(0 3/6 ? * * *)")
    start = world.hour()
    forward(world, 24 * 3600)
    executions = world.ended("six", 4)
    wanted = [at for at in (start + i * HOUR for i in range(1, 25)) if at.hour in (3, 9, 15, 21)]
    assert ticks(executions) == wanted


def test_under_faketime(tmp_path):
    """The whole server in another time, by Debian's faketime: seconds before a full hour of 2026-03-02."""
    libraries = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
    if not libraries:
        pytest.skip("Debian's faketime is not there")
    if b"__asan_init" in Path(h.binary()).read_bytes():
        pytest.skip("ASan's library must be the first, and so must faketime's")
    # The library by itself, not the command: that one waits between us and the server and takes its signals.
    env = {"LD_PRELOAD": libraries[0], "FAKETIME": "@2026-03-02 11:59:54", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    with Server(tmp_path / "data", "--no-auth", env=env) as server:
        world = World(server)
        assert world.now().strftime("%Y-%m-%d %H") == "2026-03-02 11"
        noon = datetime.datetime(2026, 3, 2, 12, tzinfo=datetime.timezone.utc)
        story.put_records(world.s3, "ep", noon - HOUR, story.ROWS)
        world.schedule("hourly")
        executions = world.ended("hourly", 1)
        assert ticks(executions) == [noon]
        assert world.statistics(executions[0])["dataset"]["item_count"] == len(story.ROWS)
