"""api/ is what botocore says, and what the program makes of it is what botocore's serializers and parsers mean.

Debian's botocore is old: of it only what it has can be compared. HC_BOTOCORE_PYTHON names a Python whose botocore is the one that api/ was
imported from; with it the comparison is complete.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import helpers

TOOL = helpers.ROOT / "tools" / "contract"
API = helpers.ROOT / "api"
NEWER = os.environ.get("HC_BOTOCORE_PYTHON")
PYTHONS = [sys.executable] + ([NEWER] if NEWER else [])

pytest.importorskip("botocore")


def run(*args):
    done = subprocess.run([str(arg) for arg in args], capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout + done.stderr


def driver():
    path = Path(os.environ.get("HC_CONTRACT_DRIVER") or Path(helpers.binary()).parent / "tests/unit/contract_driver")
    assert os.access(path, os.X_OK), f"{path} is not built"
    return path


def test_api_has_what_this_botocore_has():
    status, text = run(sys.executable, TOOL, "--compare", "--older")
    assert status == 0, text


@pytest.mark.skipif(not NEWER, reason="HC_BOTOCORE_PYTHON is not set")
def test_api_is_what_botocore_says():
    status, text = run(NEWER, TOOL, "--compare")
    assert status == 0, text


@pytest.mark.parametrize("change, said", [
    (lambda doc: doc["input"]["members"].pop("MonitoringScheduleName"),
     "sagemaker/StopMonitoringSchedule.json: input.MonitoringScheduleName: only botocore has it"),
    (lambda doc: doc["input"]["members"]["MonitoringScheduleName"].update(type="integer"),
     "sagemaker/StopMonitoringSchedule.json: input.MonitoringScheduleName: integer, botocore says string"),
])
def test_a_difference_is_noticed(tmp_path, change, said):
    shutil.copytree(API, tmp_path / "api")
    path = tmp_path / "api" / "sagemaker" / "StopMonitoringSchedule.json"
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))
    status, text = run(sys.executable, TOOL, "--compare", "--older", tmp_path / "api")
    assert status == 1 and said in text


def test_tables_are_the_same_each_time(tmp_path):
    made = []
    for name in ("a", "b"):
        out = tmp_path / name / "tables.c"
        out.parent.mkdir()
        status, text = run(sys.executable, TOOL, "--tables", out, f"{out}.d", API)
        assert status == 0, text
        made.append(out.read_bytes())
        assert all(f" {path}" in Path(f"{out}.d").read_text() for path in API.glob("*/*.json"))
    assert made[0] == made[1]


@pytest.mark.parametrize("python", PYTHONS, ids=["this", "newer"][:len(PYTHONS)])
def test_botocore_is_understood(python):
    status, text = run(python, helpers.ROOT / "tests" / "contract_botocore.py", driver(), 4)
    assert status == 0, text
    print(text)
