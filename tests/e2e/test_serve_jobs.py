"""Jobs that take long: stopped, out of time, queued; and images that are somebody's own."""
import json
import time

import pytest

boto3 = pytest.importorskip("boto3")

import helpers as h  # noqa: E402
import story  # noqa: E402
from botocore.exceptions import ClientError  # noqa: E402
from server import Server, until  # noqa: E402

SLEEPER = "import time\n\ndef postprocess_handler():\n    print('asleep', flush=True)\n    time.sleep({seconds})\n"
OWN = "123456789012.dkr.ecr.us-west-2.amazonaws.com/my-own"


class World:
    def __init__(self, server):
        self.server = server
        self.sm, self.s3, self.logs = (boto3.client(name, **server.boto()) for name in ("sagemaker", "s3", "logs"))
        self.s3.create_bucket(Bucket=story.BUCKET, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
        story.put_constraints(self.s3, accuracy=0.0)
        story.deploy(self.sm, "ep", f"s3://{story.BUCKET}/capture")
        story.put_records(self.s3, "ep", story.last_hour(), story.ROWS)

    def start(self, name, seconds=600, runtime_s=1800):
        """An execution whose post-analytics script sleeps."""
        self.s3.put_object(Bucket=story.BUCKET, Key=f"{name}.py", Body=SLEEPER.format(seconds=seconds).encode())
        request = story.definition(name, "ep", runtime_s=runtime_s)
        request["ModelQualityAppSpecification"]["PostAnalyticsProcessorSourceUri"] = f"s3://{story.BUCKET}/{name}.py"
        self.sm.create_model_quality_job_definition(**request)
        status, answer = self.server.call("sagemaker", "CreateMonitoringSchedule", story.schedule(name, name, "NOW", ("-PT2H", "-PT1H")))
        assert status == 200, answer

    def last(self, name):
        return self.sm.describe_monitoring_schedule(MonitoringScheduleName=name).get("LastMonitoringExecutionSummary", {})

    def running(self, name):
        """The monitoring job's name, when the script sleeps."""
        def job():
            found = self.last(name).get("ProcessingJobArn", "").split("/")[-1]
            return found if found.startswith("model-quality-monitoring-") and "asleep" in self.log(found) else None
        return until(f"{name} is asleep", job)

    def log(self, job):
        try:
            streams = self.logs.describe_log_streams(logGroupName="/aws/sagemaker/ProcessingJobs", logStreamNamePrefix=f"{job}/")["logStreams"]
        except ClientError:
            return ""
        return "\n".join(event["message"] for stream in streams for event in self.logs.get_log_events(
            logGroupName="/aws/sagemaker/ProcessingJobs", logStreamName=stream["logStreamName"], startFromHead=True)["events"])

    def ended(self, name):
        return until(f"{name} ends", lambda: self.last(name), lambda found: found.get("MonitoringExecutionStatus") in story.ENDED)

    def reports(self, name):
        """Files of the report; how the join went stands there as soon as the merge job is done."""
        found = self.s3.list_objects_v2(Bucket=story.BUCKET, Prefix=f"reports/ep/{name}/").get("Contents", [])
        return sorted(entry["Key"].rsplit("/", 1)[1] for entry in found if not entry["Key"].endswith("/join_report.json"))


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("server") / "data") as server:
        yield World(server)


def test_stopping_a_job(world):
    world.start("stop")
    job = world.running("stop")
    assert world.last("stop")["MonitoringExecutionStatus"] == "InProgress"
    with pytest.raises(ClientError, match="InProgress|in progress|ResourceInUse|stop"):
        status, answer = world.server.call("sagemaker", "DeleteProcessingJob", {"ProcessingJobName": job})
        assert status == 400
        raise ClientError({"Error": {"Code": answer["__type"], "Message": answer.get("message", "")}}, "DeleteProcessingJob")
    world.sm.stop_processing_job(ProcessingJobName=job)
    until("the job has stopped", lambda: world.sm.describe_processing_job(ProcessingJobName=job)["ProcessingJobStatus"], "Stopped".__eq__)
    assert world.ended("stop")["MonitoringExecutionStatus"] == "Stopped"
    assert world.reports("stop") == []


def test_out_of_time(world):
    """Past MaxRuntimeInSeconds the job is stopped."""
    began = time.monotonic()
    world.start("slow", runtime_s=2)
    last = world.ended("slow")
    assert 1.5 < time.monotonic() - began < 30
    assert last["MonitoringExecutionStatus"] in ("Stopped", "Failed"), last
    job = world.sm.describe_processing_job(ProcessingJobName=last["ProcessingJobArn"].split("/")[-1])
    assert "MaxRuntimeInSeconds" in job["FailureReason"] + job.get("ExitMessage", "") and world.reports("slow") == []


def test_stopping_a_schedule_lets_its_execution_go_on(world):
    world.start("goes-on", seconds=2)
    world.running("goes-on")
    world.sm.stop_monitoring_schedule(MonitoringScheduleName="goes-on")
    assert world.ended("goes-on")["MonitoringExecutionStatus"] == "Completed"
    assert {"constraint_violations.json", "constraints.json", "statistics.json"} <= set(world.reports("goes-on"))


def test_a_server_that_is_told_to_end(tmp_path):
    """It does not wait for a job of ten minutes; the next start carries it out anew, once."""
    server = Server(tmp_path / "data").start()
    try:
        world = World(server)
        world.start("left", seconds=600)
        world.running("left")
        began = time.monotonic()
        server.stop()
        assert time.monotonic() - began < 30
        world_after = server.start()
        sm, s3 = boto3.client("sagemaker", **world_after.boto()), boto3.client("s3", **world_after.boto())
        world.sm, world.s3, world.logs = sm, s3, boto3.client("logs", **world_after.boto())
        job = until("it runs again", lambda: world.last("left").get("ProcessingJobArn", "").split("/")[-1])
        sm.stop_processing_job(ProcessingJobName=job)
        assert world.ended("left")["MonitoringExecutionStatus"] == "Stopped"
        assert len(sm.list_monitoring_executions(MonitoringScheduleName="left")["MonitoringExecutionSummaries"]) == 1
        server.stop()
    finally:
        server.kill()


def test_jobs_at_once(tmp_path):
    """With --jobs 1, one after the other; all come to their end."""
    with Server(tmp_path / "data", "--jobs", "1") as server:
        world = World(server)
        for i in range(4):
            world.start(f"queued-{i}", seconds=0.5)
        most = 0

        def done():
            nonlocal most
            jobs = world.sm.list_processing_jobs(StatusEquals="InProgress", MaxResults=100)["ProcessingJobSummaries"]
            most = max(most, sum("asleep" in world.log(job["ProcessingJobName"]) for job in jobs))
            return all(world.last(f"queued-{i}").get("MonitoringExecutionStatus") == "Completed" for i in range(4))
        until("all are done", done)
        assert most <= 1


def test_an_image_of_ones_own(tmp_path):
    """The processing-container contract: paths in the environment, outputs, the exit message, a failure."""
    h.write(tmp_path / "own.py", '''
import json, os, sys
root = os.environ["hindcast_container_root"]
data = os.environ["dataset_source"]
if os.environ.get("fail"):
    open(os.environ["output_message_file"], "w").write("it was not to be")
    sys.exit(7)
print("rows", sum(1 for name in sorted(os.listdir(data)) for _ in open(os.path.join(data, name))), sys.argv[1:])
os.makedirs(os.environ["output_path"], exist_ok=True)
json.dump({"job": os.environ["PROCESSING_JOB_ARN"]}, open(os.path.join(os.environ["output_path"], "own.json"), "w"))
''')
    with Server(tmp_path / "data", "--image-command", f"{OWN.split('/')[1]}=python3 {tmp_path}/own.py") as server:
        world = World(server)
        request = story.baselining_job("own", "baseline", "own-out")
        request["AppSpecification"] = {"ImageUri": f"{OWN}:1", "ContainerArguments": ["--a", "b c"]}
        world.sm.create_processing_job(**request)
        job = until("it ends", lambda: world.sm.describe_processing_job(ProcessingJobName="own"),
                    lambda found: found["ProcessingJobStatus"] not in ("InProgress", "Stopping"))
        assert job["ProcessingJobStatus"] == "Completed", (job, world.log("own"))
        assert "rows 1" in world.log("own") and "'--a', 'b c'" in world.log("own")
        made = json.loads(world.s3.get_object(Bucket=story.BUCKET, Key="own-out/own.json")["Body"].read())
        assert made == {"job": job["ProcessingJobArn"]}
        request["ProcessingJobName"] = "own-fails"
        request["Environment"]["fail"] = "1"
        world.sm.create_processing_job(**request)
        job = until("it ends", lambda: world.sm.describe_processing_job(ProcessingJobName="own-fails"),
                    lambda found: found["ProcessingJobStatus"] not in ("InProgress", "Stopping"))
        assert job["ProcessingJobStatus"] == "Failed" and "it was not to be" in job["FailureReason"], job
