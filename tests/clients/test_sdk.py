"""The two example programs, unmodified, against a fresh server: what they print, and what they leave in the bucket.

tools/clients makes the Python environments (make check-clients).
"""
import ast
import json
import os
import re
from pathlib import Path

import pytest

import helpers as h
from server import Server

CLIENTS = Path(os.environ.get("HC_CLIENTS", h.ROOT / "build"))


def python(name):
    path = CLIENTS / name / "bin" / "python"
    assert path.exists(), f"{path} is not there: run tools/clients"
    return path


def read_table(name):
    """A constant of examples/churn_traffic.py, without importing it (it needs boto3)."""
    tree = ast.parse((h.ROOT / "examples" / "churn_traffic.py").read_text())
    return next(ast.literal_eval(node.value) for node in tree.body
                if isinstance(node, ast.Assign) and node.targets[0].id == name)


EXPECTED = read_table("EXPECTED")
CASES = {"v2": ("clients-v2", "sagemaker_sdk.py"), "v3": ("clients-v3", "sagemaker_sdk_v3.py")}


@pytest.mark.parametrize("version", CASES)
def test_example(tmp_path, version):
    environment, program = CASES[version]
    with Server(tmp_path / "data") as server:
        text = server.run([python(environment), h.ROOT / "examples" / program], cwd=tmp_path)
        check_output(text)
        # The program's last but one line says where its reports are.
        check_files(server, json.loads(next(line for line in text.splitlines() if line.startswith("{"))))
        check_nothing_is_left(server)


def check_output(text):
    assert text.rstrip().endswith("all as expected"), text
    assert text.count("  ok: ") >= 35, text
    for words in ("1892 records were measured", "the confusion matrix is that of AWS", "11 constraints are violated"):
        assert text.count(words) == 2, words  # endpoint and batch
    # AWS's own sentence, but for the standard deviation.
    assert len(re.findall(r"Metric precision with 0\.6933333333333334 \+/- \S+ was LessThanThreshold '1\.0'", text)) == 2
    # The logs of the job came through CloudWatch Logs.
    assert "BinaryClassification, 201 records measured" in text and "BinaryClassification, 1892 records measured" in text
    assert "post-analytics: 1218 customers left unnoticed" in text


def check_files(server, told):
    boto3 = pytest.importorskip("boto3")
    s3 = boto3.client("s3", **server.boto())
    name = told["name"]
    keys = [entry["Key"] for page in s3.get_paginator("list_objects_v2").paginate(Bucket=told["bucket"], Prefix=f"{name}/")
            for entry in page["Contents"]]

    def load(key):
        return json.loads(s3.get_object(Bucket=told["bucket"], Key=key)["Body"].read())

    baseline = load(f"{name}/baseline/constraints.json")["binary_classification_constraints"]
    assert baseline["auc"] == {"threshold": 0.9395127993393898, "comparison_operator": "LessThanThreshold"}
    reports = [key[:-len("/statistics.json")] for key in keys if "/reports/" in key and key.endswith("/statistics.json")]
    assert len(reports) == 2
    hour = r"\d{4}/\d\d/\d\d/\d\d"
    assert any(re.fullmatch(rf"{name}/reports/{name}-batch-now/{hour}", report) for report in reports)
    assert any(re.fullmatch(rf"{name}/reports/{name}/{name}-now/{hour}", report) for report in reports)
    for report in reports:
        statistics = load(f"{report}/statistics.json")
        metrics = statistics["binary_classification_metrics"]
        assert statistics["dataset"]["item_count"] == 1892
        for metric, value in EXPECTED.items():
            assert abs(metrics[metric]["value"] - value) <= 2e-15, metric
        violations = load(f"{report}/constraint_violations.json")["violations"]
        assert len(violations) == 11
        assert load(f"{report}/join_report.json")["matched"]["count"] == 1892
        assert f"{report}/constraints.json" in keys
    merged = [key for key in keys if "/reports/merge/" in key]
    assert any(re.match(rf"{name}/reports/merge/{name}/AllTraffic/{hour}/part-\d{{5}}-[0-9a-f-]+\.c000\.jsonl$", key) for key in merged)
    assert any(re.match(rf"{name}/reports/merge/{name}-batch-now/{hour}/part-", key) for key in merged)


def check_nothing_is_left(server):
    """They delete what they made."""
    boto3 = pytest.importorskip("boto3")
    sm = boto3.client("sagemaker", **server.boto())
    assert sm.list_monitoring_schedules()["MonitoringScheduleSummaries"] == []
    assert sm.list_model_quality_job_definitions()["JobDefinitionSummaries"] == []
    assert sm.list_endpoints()["Endpoints"] == sm.list_models()["Models"] == []


DEFAULT_SESSION = """
import sagemaker
session = sagemaker.Session()
bucket = session.default_bucket()
assert bucket == "sagemaker-us-west-2-123456789012", bucket
session.upload_string_as_file_body("hello", bucket, "a/key")
assert session.read_s3_file(bucket, "a/key") == "hello"
assert session.account_id() == "123456789012"
assert session.expand_role("SomeRole") == "arn:aws:iam::123456789012:role/SomeRole"
print("the default bucket is there")
"""


@pytest.mark.parametrize("environment, program", [
    ("clients-v2", DEFAULT_SESSION),
    ("clients-v3", DEFAULT_SESSION.replace("import sagemaker\nsession = sagemaker.Session()",
                                           "from sagemaker.core.helper.session_helper import Session\nsession = Session()"))],
    ids=["v2", "v3"])
def test_session_without_arguments_by_the_proxy(tmp_path, environment, program):
    """The SDK asks AWS's own host for the account; the proxy answers in its place."""
    with Server(tmp_path / "data", "--proxy", "127.0.0.1:0") as server:
        env = server.env("--proxy")
        text = server.run([python(environment), "-c", program], cwd=tmp_path, env=env)
        assert "the default bucket is there" in text
