"""Settings of all Python tests: the helpers are importable, the program must be there."""
import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

import helpers  # noqa: E402


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes longer than a few seconds")


def pytest_report_header(config):
    return f"hindcast: {helpers.binary()}, HC_PROP_CASES={os.environ.get('HC_PROP_CASES', 'default')}"


def pytest_make_parametrize_id(config, val, argname):
    """Functions by their names, not their addresses: several processes must give a test the same one."""
    return getattr(val, "__qualname__", None) if callable(val) else None


@pytest.fixture(scope="session", autouse=True)
def program():
    """No program, no result: a missing binary fails every test instead of skipping it."""
    path = helpers.binary()
    if not os.access(path, os.X_OK):
        pytest.fail(f"{path} is not an executable: build it or set HINDCAST", pytrace=False)
    return path


@pytest.fixture
def window(tmp_path):
    return helpers.Window(tmp_path)
