"""tests/e2e/test_serve_*.py once more, with the newest boto3 and the newest `aws` in place of Debian's."""
import os
import subprocess
from pathlib import Path

import pytest

import helpers as h

CLIENTS = Path(os.environ.get("HC_CLIENTS", h.ROOT / "build"))


@pytest.mark.parametrize("name", ["test_serve_boto3.py", "test_serve_s3.py", "test_serve_walk.py", "test_serve_aws_cli.py"])
def test_with_the_newest(name):
    here = CLIENTS / "clients-new" / "bin"
    assert (here / "python").exists(), f"{here}/python is not there: run tools/clients"
    env = {**os.environ, "HINDCAST": h.binary(), "HC_AWS": str(here / "aws"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([here / "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short", f"tests/e2e/{name}"], cwd=h.ROOT,
                          env=env, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout[-20000:] + done.stderr[-5000:]
    # Nothing is left out with the newest.
    assert "skipped" not in done.stdout.splitlines()[-1], done.stdout[-2000:]
