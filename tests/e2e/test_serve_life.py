"""Starting and ending `hindcast serve`: the folder, the key pair, the environment, one server a folder, signals, settings."""
import os
import re
import signal
import socket
import stat
import subprocess
import time

import pytest

boto3 = pytest.importorskip("boto3")

import helpers as h  # noqa: E402
import story  # noqa: E402
from server import Server, until  # noqa: E402


def test_the_first_start(tmp_path):
    with Server(tmp_path / "new" / "data") as server:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", server.url)
        assert len(server.said) == 1  # one line, when it is ready
        assert boto3.client("sts", **server.boto()).get_caller_identity()["Account"] == "123456789012"
        credentials = server.data / "credentials"
        assert stat.S_IMODE(credentials.stat().st_mode) == 0o600
        assert stat.S_IMODE(server.data.stat().st_mode) & 0o077 == 0
        assert credentials.read_text().lstrip("# \n").startswith("[default]") or "\n[default]" in credentials.read_text()
        access, secret = server.keys()
        assert len(secret) >= 32
    with Server(tmp_path / "new" / "data") as server:
        assert server.keys() == (access, secret)  # kept
    with Server(tmp_path / "other") as server:
        assert server.keys()[1] != secret  # of its own


def test_environment_for_a_shell(tmp_path):
    """What wins over the server's settings in a user's shell is taken away; names that a shell could misread are quoted."""
    folder = tmp_path / "it's a $HOME `x`"
    with Server(folder) as server:
        script = 'eval "$("$HINDCAST" env --data "$DIR")" && env'
        before = {"PATH": os.environ["PATH"], "HINDCAST": h.binary(), "DIR": str(folder), "AWS_PROFILE": "work",
                  "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_SESSION_TOKEN": "c"}
        out = subprocess.run(["sh", "-ec", script], env=before, capture_output=True, text=True, check=True).stdout
        after = dict(line.split("=", 1) for line in out.splitlines() if "=" in line)
        assert after["AWS_ENDPOINT_URL"] == server.url
        assert after["AWS_SHARED_CREDENTIALS_FILE"] == str(folder / "credentials")
        assert (after["AWS_REGION"], after["AWS_DEFAULT_REGION"]) == ("us-west-2", "us-west-2")
        assert not {"AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"} & set(after)


def test_environment_without_a_server(tmp_path):
    result = h.hindcast("env", "--data", tmp_path / "none")
    assert result.status == 2 and result.out == "" and result.err


def test_a_second_server_is_refused(tmp_path):
    with Server(tmp_path / "data") as server:
        result = h.hindcast("serve", "--data", tmp_path / "data", "--listen", "127.0.0.1:0")
        assert result.status in (2, 3) and "data" in result.err
        assert boto3.client("s3", **server.boto()).list_buckets()["Buckets"] == []  # the first one does not mind


def test_a_port_that_is_taken(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        result = h.hindcast("serve", "--data", tmp_path / "data", "--listen", f"127.0.0.1:{taken.getsockname()[1]}")
        assert result.status in (2, 3) and str(taken.getsockname()[1]) in result.err


@pytest.mark.parametrize("options", [("--listen", "nonsense"), ("--listen", "127.0.0.1:99999"), ("--no-auth", "--listen", "0.0.0.0:0"),
                                     ("--account", "12"), ("--no-such-option",), ("--jobs", "-1")])
def test_options_refused(tmp_path, options):
    result = h.hindcast("serve", "--data", tmp_path / "data", *options, timeout=20)
    assert result.status == 2 and result.err and result.out == "", str(result)


def test_account_and_region(tmp_path):
    with Server(tmp_path / "data", "--account", "210987654321", "--region", "eu-central-1") as server:
        options = server.boto(region_name="eu-central-1")
        assert boto3.client("sts", **options).get_caller_identity()["Account"] == "210987654321"
        arn = boto3.client("sagemaker", **options).create_model(ModelName="m", **story.MODEL)["ModelArn"]
        assert arn == "arn:aws:sagemaker:eu-central-1:210987654321:model/m"
        assert "AWS_REGION='eu-central-1'" in server.env_text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_it(tmp_path, number):
    server = Server(tmp_path / "data").start()
    boto3.client("s3", **server.boto()).list_buckets()  # its connection stays open
    began = time.monotonic()
    server.child.send_signal(number)
    try:
        assert server.child.wait(30) == 0
    finally:
        server.kill()
    assert time.monotonic() - began < 10


def test_what_was_acknowledged_survives_a_kill(tmp_path):
    server = Server(tmp_path / "data").start()
    try:
        s3, sm = boto3.client("s3", **server.boto()), boto3.client("sagemaker", **server.boto())
        s3.create_bucket(Bucket="kept", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
        for i in range(20):
            s3.put_object(Bucket="kept", Key=f"k{i}", Body=b"x" * i * 1000)
            sm.create_model(ModelName=f"m{i}", **story.MODEL)
        server.kill()
        server.start()
        s3, sm = boto3.client("s3", **server.boto()), boto3.client("sagemaker", **server.boto())
        for i in range(20):
            assert s3.get_object(Bucket="kept", Key=f"k{i}")["Body"].read() == b"x" * i * 1000
        assert len(sm.list_models(MaxResults=100)["Models"]) == 20
        server.stop()
    finally:
        server.kill()


def test_no_auth_asks_for_nothing(tmp_path):
    with Server(tmp_path / "data", "--no-auth") as server:
        client = boto3.client("sagemaker", endpoint_url=server.url, region_name="us-west-2", aws_access_key_id="x",
                              aws_secret_access_key="y")
        assert client.list_models()["Models"] == []


def test_skew_of_the_clock(tmp_path):
    """A signature of another time is refused, in S3's words and in the others'."""
    with Server(tmp_path / "data", clock=True) as server:
        s3, sm = boto3.client("s3", **server.boto()), boto3.client("sagemaker", **server.boto())
        server.ahead(14 * 60)
        s3.list_buckets()
        sm.list_models()
        server.ahead(16 * 60)
        with pytest.raises(Exception, match="RequestTimeTooSkewed|difference between the request time"):
            s3.list_buckets()
        with pytest.raises(Exception, match="InvalidSignatureException|Signature expired"):
            sm.list_models()


def test_jobs_go_on_after_a_restart(tmp_path):
    """Killed with an execution under way: the next start carries it out, or tells that it failed; it does not stay InProgress."""
    server = Server(tmp_path / "data").start()
    try:
        s3, sm = boto3.client("s3", **server.boto()), boto3.client("sagemaker", **server.boto())
        s3.create_bucket(Bucket=story.BUCKET, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
        story.put_constraints(s3)
        story.deploy(sm, "ep", f"s3://{story.BUCKET}/capture")
        story.put_records(s3, "ep", story.last_hour(), story.ROWS)
        sm.create_model_quality_job_definition(**story.definition("d", "ep"))
        status, answer = server.call("sagemaker", "CreateMonitoringSchedule", story.schedule("now", "d", "NOW", ("-PT2H", "-PT1H")))
        assert status == 200, answer
        server.kill()
        server.start()
        sm = boto3.client("sagemaker", **server.boto())
        last = until("the execution ends", lambda: sm.describe_monitoring_schedule(MonitoringScheduleName="now"),
                     story.ended)["LastMonitoringExecutionSummary"]
        assert last["MonitoringExecutionStatus"] in ("CompletedWithViolations", "Failed")
        assert len(sm.list_monitoring_executions(MonitoringScheduleName="now")["MonitoringExecutionSummaries"]) == 1
        server.stop()
    finally:
        server.kill()
