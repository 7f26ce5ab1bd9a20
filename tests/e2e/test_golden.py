"""Golden runs byte for byte, and the examples against figures that scikit-learn computed."""
import json
import subprocess
import sys

import pytest

from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "golden"))
import golden  # noqa: E402

EXAMPLES = {k: v for k, v in json.loads((golden.GOLDEN / "expected_examples.json").read_text()).items()
            if not k.startswith("_")}


@pytest.mark.parametrize("name", golden.RUNS)
def test_golden_run(name, tmp_path):
    made, wanted = golden.produce(name, tmp_path / "out"), golden.kept(name)
    assert sorted(made) == sorted(wanted)
    for key, content in wanted.items():
        assert made[key] == content, f"{name}/{key} changed: `make bless` if that is meant, and look at the diff"


def metrics_of(folder):
    statistics = json.loads((folder / "statistics.json").read_text())
    return next(v for k, v in statistics.items() if k.endswith("_metrics"))


def compare_metrics(found, wanted):
    for name, value in wanted.items():
        if name == "confusion_matrix":
            assert found[name] == value
        else:
            assert found[name]["value"] == pytest.approx(value, rel=1e-12, abs=1e-12), name


def hindcast(*args):
    return subprocess.run([golden.program(), *map(str, args)], cwd=golden.ROOT, capture_output=True, text=True)


@pytest.fixture(scope="module")
def baselines(tmp_path_factory):
    folder = tmp_path_factory.mktemp("baselines")
    for example, wanted in EXAMPLES.items():
        if "baseline" not in wanted:
            continue
        done = hindcast("baseline", *wanted["baseline"]["args"], "-o", folder / example)
        assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("example", [e for e, w in EXAMPLES.items() if "baseline" in w])
def test_example_baseline(example, baselines):
    statistics = json.loads((baselines / example / "statistics.json").read_text())
    assert statistics["dataset"]["item_count"] == EXAMPLES[example]["baseline"]["records"]
    compare_metrics(metrics_of(baselines / example), EXAMPLES[example]["baseline"]["metrics"])


@pytest.mark.parametrize("example,window", [(e, w) for e, x in EXAMPLES.items() for w in x["windows"]])
def test_example_window(example, window, baselines, tmp_path):
    wanted = EXAMPLES[example]["windows"][window]
    constraints = wanted["constraints"] or baselines / example / "constraints.json"
    done = hindcast("run", *wanted["args"], "--constraints", constraints, "-o", tmp_path / "out")
    assert done.returncode == wanted["exit"], done.stderr
    join = json.loads((tmp_path / "out" / "join_report.json").read_text())
    assert {k: join[k]["count"] for k in wanted["counts"]} == wanted["counts"]
    compare_metrics(metrics_of(tmp_path / "out"), wanted["metrics"])
    violations = json.loads((tmp_path / "out" / "constraint_violations.json").read_text())["violations"]
    assert len(violations) == len(wanted["violated"])
