"""What AWS itself printed: the churn example's baseline and execution, the guide's examples, real records.

tests/data/churn and tests/data/records are real artefacts; tests/data/README.md says where they come from.
Every digit that is not made by AWS's random samples must come out here.
"""
import csv
import json
import math
import re

import pytest

import helpers as h

CHURN = h.DATA / "churn"
BASELINE = CHURN / "validation_with_predictions.csv"
TICK = "2021-05-18T01:00Z"

STATISTICS_KEYS = [
    "confusion_matrix", "recall", "precision", "accuracy", "recall_best_constant_classifier",
    "precision_best_constant_classifier", "accuracy_best_constant_classifier", "true_positive_rate",
    "true_negative_rate", "false_positive_rate", "false_negative_rate", "receiver_operating_characteristic_curve",
    "precision_recall_curve", "auc", "au_prc", "f0_5", "f1", "f2", "f0_5_best_constant_classifier",
    "f1_best_constant_classifier", "f2_best_constant_classifier"]
MULTICLASS_KEYS = [
    "confusion_matrix", "accuracy", "weighted_recall", "weighted_precision", "weighted_f0_5", "weighted_f1",
    "weighted_f2", "accuracy_best_constant_classifier", "weighted_recall_best_constant_classifier",
    "weighted_precision_best_constant_classifier", "weighted_f0_5_best_constant_classifier",
    "weighted_f1_best_constant_classifier", "weighted_f2_best_constant_classifier"]
CONSTRAINTS = [
    ("recall", "LessThanThreshold"), ("precision", "LessThanThreshold"), ("accuracy", "LessThanThreshold"),
    ("true_positive_rate", "LessThanThreshold"), ("true_negative_rate", "LessThanThreshold"),
    ("false_positive_rate", "GreaterThanThreshold"), ("false_negative_rate", "GreaterThanThreshold"),
    ("auc", "LessThanThreshold"), ("f0_5", "LessThanThreshold"), ("f1", "LessThanThreshold"),
    ("f2", "LessThanThreshold")]
VIOLATIONS = ["auc", "precision", "truePositiveRate", "f1", "accuracy", "falsePositiveRate", "trueNegativeRate",
              "falseNegativeRate", "recall", "f2"]


@pytest.fixture(scope="module")
def expected():
    return h.load(CHURN / "expected.json")


@pytest.fixture(scope="module")
def baseline(tmp_path_factory):
    out = tmp_path_factory.mktemp("churn") / "baseline"
    h.succeed("baseline", BASELINE, "--problem-type", "BinaryClassification", "--ground-truth-attribute", "label",
              "--inference-attribute", "prediction", "--probability-attribute", "probability", "-o", out)
    return out


def churn_window(folder, label_files=1):
    """The captures of 18 May: five full cycles and rows 0..221, inference id = row; labels once a row."""
    with open(CHURN / "inputs.csv", encoding="utf-8", newline="") as f:
        rows = list(csv.DictReader(f))
    assert len(rows) == 334
    window = h.Window(folder, start="2021-05-18T00:00", variant="DEMO-xgb-churn/AllTraffic")
    sent = rows * 5 + rows[:222]
    for minute in range(0, 60, 10):
        some = sent[len(sent) * minute // 60:len(sent) * (minute + 10) // 60]
        window.capture_file(
            [h.capture(r["score"], f"{minute}-{i}", r["row"], window.at(0, minute)) for i, r in enumerate(some)],
            name=f"{minute:02}-10-123-{minute}.jsonl")
    for i in range(label_files):
        window.label_file([h.label(r["row"], r["label"]) for r in rows], name=f"{i}.jsonl")
    return window


def churn_args(window, baseline, *more, out=None):
    return ("run", "--problem-type", "BinaryClassification", *window.inputs(), "--constraints",
            baseline / "constraints.json", "--scheduled-time", TICK, "--probability-attribute", "0",
            "--probability-threshold-attribute", "0.5", *more, "-o", out or window.out)


@pytest.fixture(scope="module")
def execution(tmp_path_factory, baseline):
    window = churn_window(tmp_path_factory.mktemp("execution"), label_files=2)
    result = h.hindcast(*churn_args(window, baseline))
    assert result.status == 1, str(result)
    return window.out


def ulps(a, b):
    return abs(a - b) / math.ulp(b)


# --- the baseline ------------------------------------------------------------------------------


def test_baseline_digits(baseline, expected):
    want = expected["baseline_2021_05"]
    got = h.metrics(baseline)
    assert h.statistics(baseline)["dataset"]["item_count"] == 201
    assert got["confusion_matrix"] == want["confusion_matrix"]
    checked = 0
    for name, value in want.items():
        if name.endswith("_exact"):
            assert got[name[:-6]]["value"] == value, name
        elif name.endswith("_6digits"):
            assert round(got[name[:-8]]["value"], 6) == value, name
        elif isinstance(value, float):
            assert got[name]["value"] == value, name
        else:
            continue
        checked += 1
    assert checked >= 15
    prefix = want["roc_true_positive_rates_prefix"]
    assert got["receiver_operating_characteristic_curve"]["true_positive_rates"][:len(prefix)] == prefix
    assert got["true_positive_rate"]["value"] == got["recall"]["value"]
    for name in want["std_one_run"]:  # five random samples: the size only
        assert 0 < got[name]["standard_deviation"] < 0.2, name


def test_baseline_suggests_its_own_values(baseline):
    constraints = h.load(baseline / "constraints.json")
    assert list(constraints) == ["version", "binary_classification_constraints"]
    assert constraints["version"] == 0.0
    entries = constraints["binary_classification_constraints"]
    got = h.metrics(baseline)
    assert [(k, v["comparison_operator"]) for k, v in entries.items()] == CONSTRAINTS
    for name, entry in entries.items():
        assert list(entry) == ["threshold", "comparison_operator"]
        assert entry["threshold"] == got[name]["value"], name


def test_a_baseline_leaves_its_two_files(baseline):
    assert sorted(p.name for p in baseline.iterdir()) == ["constraints.json", "statistics.json"]


# --- the execution of 18 May -------------------------------------------------------------------


def test_execution_digits(execution, expected):
    run = expected["runs"][0]
    assert run["tick"] == "2021-05-18T01:00Z"
    got = h.metrics(execution)
    assert h.statistics(execution)["dataset"]["item_count"] == run["records"]
    assert got["confusion_matrix"] == {"0": {"0": run["tn"], "1": run["fp"]}, "1": {"0": run["fn"], "1": run["tp"]}}
    for camel, (value, _) in run["values"].items():
        name = re.sub("[A-Z]", lambda m: "_" + m[0].lower(), camel)
        if name == "auc":
            assert ulps(got[name]["value"], value) <= 1
        else:
            assert got[name]["value"] == value, name


def test_execution_violations(execution, baseline):
    found = h.violations(execution)
    assert [v["metric_name"] for v in found] == [*VIOLATIONS, "f0_5"]
    check_texts(found, execution, baseline)


def check_texts(found, execution, baseline):
    got = h.metrics(execution)
    constraints = h.load(baseline / "constraints.json")["binary_classification_constraints"]
    for v in found:
        assert list(v) == ["constraint_check_type", "description", "metric_name"]
        camel = v["metric_name"]
        name = "f0_5" if camel == "f0_5" else re.sub("[A-Z]", lambda m: "_" + m[0].lower(), camel)
        operator, threshold = constraints[name]["comparison_operator"], constraints[name]["threshold"]
        value, deviation = got[name]["value"], got[name]["standard_deviation"]
        assert v["constraint_check_type"] == operator
        assert v["description"] == (f"Metric {camel} with {h.java_double(value)} +/- {h.java_double(deviation)} was "
                                    f"{operator} '{h.java_double(threshold)}'")


def test_the_published_text(execution, expected):
    """The example of a description, but for the standard deviation."""
    example = expected["violation_description_examples"][0]
    head, tail = re.split(r"\+/- \S+", example)
    found = [v["description"] for v in h.violations(execution) if v["metric_name"] == "precision"]
    assert len(found) == 1 and found[0].startswith(head) and found[0].endswith(tail)


def test_aws_quirks_keeps_silent_on_f0_5(tmp_path, baseline, execution, expected):
    window = churn_window(tmp_path)
    result = h.hindcast(*churn_args(window, baseline, "--aws-quirks"))
    assert result.status == 1, str(result)
    found = h.violations(window.out)
    assert [v["metric_name"] for v in found] == VIOLATIONS
    assert len(found) == expected["runs"][0]["violations"]
    check_texts(found, window.out, baseline)


def test_execution_account(execution):
    got = h.counts(execution)
    want = {"captured": 1892, "labelled": 668, "matched": 1892, "captures_without_label": 0,
            "labels_without_capture": 0, "duplicate_labels": 334, "conflicting_labels": 0,
            "repeated_captures": 1892 - 334, "after_window": 0, "unreadable": 0}
    assert got == want


def test_merged_records_stand_by_variant_and_hour(execution):
    files = h.merged_files(execution)
    assert files
    name = re.compile(r"part-\d{5}-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.c000\.jsonl")
    for path in files:
        assert path.parent == execution / "merge/DEMO-xgb-churn/AllTraffic/2021/05/18/00"
        assert name.fullmatch(path.name), path.name
    assert len(h.merged_records(execution)) == 1892


def test_baseline_through_compressed_files_and_stdin(tmp_path, baseline):
    text = BASELINE.read_bytes()
    packed = [h.write(tmp_path / name, text) for name in ("b.csv", "b.csv.gz", "b.csv.zst")]
    args = ("--problem-type", "BinaryClassification", "--ground-truth-attribute", "label", "--inference-attribute",
            "prediction", "--probability-attribute", "probability")
    env = {"SOURCE_DATE_EPOCH": "1621299600"}
    seen = set()
    for i, source in enumerate([*packed, "-"]):
        stdin, form = (text, ("--dataset-format", "csv")) if source == "-" else (b"", ())
        out = tmp_path / f"out{i}"
        h.succeed("baseline", source, *form, *args, "-o", out, stdin=stdin, env=env)
        seen.add(tuple(h.snapshot(out).items()))
    assert len(seen) == 1
    assert json.loads((tmp_path / "out0/statistics.json").read_text())["binary_classification_metrics"] \
        == h.metrics(baseline)


# --- the files' form ---------------------------------------------------------------------------


def test_layout_of_statistics(execution, baseline):
    for out in (execution, baseline):
        statistics = h.statistics(out)
        assert list(statistics) == ["version", "dataset", "binary_classification_metrics"]
        assert statistics["version"] == 0.0
        assert list(statistics["dataset"]) == ["item_count", "evaluation_time"]
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", statistics["dataset"]["evaluation_time"])
        got = statistics["binary_classification_metrics"]
        assert list(got) == STATISTICS_KEYS
        for name, entry in got.items():
            if name == "receiver_operating_characteristic_curve":
                assert list(entry) == ["false_positive_rates", "true_positive_rates"]
            elif name == "precision_recall_curve":
                assert list(entry) == ["precisions", "recalls"]
            elif name != "confusion_matrix":
                assert list(entry) == ["value", "standard_deviation"], name


@pytest.mark.parametrize("name", h.REPORT_FILES)
def test_pretty_printing(execution, name):
    text = (execution / name).read_text(encoding="utf-8")
    assert text.rstrip("\n") == h.jackson(h.raw_numbers(text))
    assert not text.endswith("\n\n")


@pytest.mark.parametrize("name", ("statistics.json", "constraints.json", "constraint_violations.json"))
def test_numbers_are_in_javas_form(execution, name):
    def walk(value):
        if isinstance(value, dict):
            for v in value.values():
                yield from walk(v)
        elif isinstance(value, list):
            for v in value:
                yield from walk(v)
        else:
            yield value

    for number in walk(h.raw_numbers((execution / name).read_text())):
        if isinstance(number, h.Raw) and not number.isdigit():
            assert number == h.java_double(float(number))


# --- the guide's examples ----------------------------------------------------------------------

GUIDE = [("0", "0")] * 1180 + [("0", "1")] * 510 + [("1", "0")] * 268 + [("1", "1")] * 138


def guide_baseline(folder, problem):
    source = h.write(folder / "guide.csv", "label,prediction\n" + "".join(f"{a},{p}\n" for a, p in GUIDE))
    h.succeed("baseline", source, "--problem-type", problem, "--ground-truth-attribute", "label",
              "--inference-attribute", "prediction", "-o", folder / "out")
    return h.metrics(folder / "out")


def test_guide_multiclass(tmp_path):
    got = guide_baseline(tmp_path, "MulticlassClassification")
    assert list(got) == MULTICLASS_KEYS
    assert got["confusion_matrix"] == {"0": {"0": 1180, "1": 510}, "1": {"0": 268, "1": 138}}
    for name, value in (("accuracy", 0.6288167938931297), ("weighted_precision", 0.6983172269629505),
                        ("weighted_f0_5", 0.6803947317178771), ("weighted_f1", 0.6571162346664904),
                        ("weighted_f2", 0.6384024354394601)):
        assert got[name]["value"] == value, name
    assert got["accuracy_best_constant_classifier"]["value"] == 1690 / 2096  # the majority, not class 1
    constraints = h.load(tmp_path / "out/constraints.json")["multiclass_classification_constraints"]
    assert list(constraints) == ["accuracy", "weighted_recall", "weighted_precision", "weighted_f0_5", "weighted_f1",
                                 "weighted_f2"]
    assert {c["comparison_operator"] for c in constraints.values()} == {"LessThanThreshold"}


def test_guide_regression(tmp_path):
    got = guide_baseline(tmp_path, "Regression")
    assert list(got) == ["mae", "mse", "rmse", "r2"]
    assert got["mae"]["value"] == got["mse"]["value"] == 0.3711832061068702
    assert got["rmse"]["value"] == 0.609248066149471
    assert ulps(got["r2"]["value"], -1.3766111872212665) <= 2
    constraints = h.load(tmp_path / "out/constraints.json")["regression_constraints"]
    assert [(k, v["comparison_operator"]) for k, v in constraints.items()] == [
        ("mae", "GreaterThanThreshold"), ("mse", "GreaterThanThreshold"), ("rmse", "GreaterThanThreshold"),
        ("r2", "LessThanThreshold")]


def test_guide_true_negative_rate_is_one_minus(tmp_path):
    """The guide prints 0.33333333333333337, which 1/3 is not."""
    source = h.write(tmp_path / "d.csv", "label,prediction\n0,1\n0,1\n0,0\n1,1\n")
    h.succeed("baseline", source, "--problem-type", "BinaryClassification", "--ground-truth-attribute", "label",
              "--inference-attribute", "prediction", "-o", tmp_path / "out")
    assert h.value(tmp_path / "out", "true_negative_rate") == 1 - 2 / 3 == 0.33333333333333337


# --- real records ------------------------------------------------------------------------------

RECORDS = h.DATA / "records"


def only_merged_text(out):
    files = h.merged_files(out)
    assert len(files) == 1
    return files[0].read_text(encoding="utf-8")


def test_real_endpoint_record_is_rewritten(tmp_path):
    merged = h.load(RECORDS / "merged_record_endpoint_json.json")
    assert list(merged) == ["eventVersion", "groundTruthData", "captureData", "eventMetadata"]
    captured = {"captureData": {name: {k: p[k] for k in ("observedContentType", "mode", "data", "encoding")}
                                for name, p in merged["captureData"].items()},
                "eventMetadata": merged["eventMetadata"], "eventVersion": "0"}
    window = h.Window(tmp_path, start="2023-01-19T06:00")
    window.capture_file([captured])
    window.label_file([{"groundTruthData": merged["groundTruthData"], "eventMetadata": {"eventId": "95"},
                        "eventVersion": "0"}])
    h.succeed("merge", *window.inputs(), *window.tick(), "-o", window.out)
    assert only_merged_text(window.out) == h.compact(merged) + "\n"


def test_real_batch_record_is_rewritten(tmp_path):
    merged = h.load(RECORDS / "merged_record_batch_csv.json")
    assert list(merged) == ["eventMetadata", "eventVersion", "groundTruthData", "captureData"]
    event, data = merged["eventMetadata"]["eventId"], merged["captureData"]["batchTransformOutput"]["data"]
    h.write(tmp_path / "transform/test.csv.out", f"{data},{event},2023-01-21T05:10:00Z\n")
    h.write(tmp_path / "captures/output/2023/01/21/05/a.json",
            json.dumps([{"prefix": f"{tmp_path}/transform/"}, "test.csv.out"]))
    h.write(tmp_path / "labels/2023/01/21/05/l.jsonl",
            [{"groundTruthData": merged["groundTruthData"], "eventMetadata": {"eventId": event}, "eventVersion": "0"}])
    h.succeed("merge", "--batch-transform-input", tmp_path / "captures", "--dataset-format", "csv", "--no-header",
              "--ground-truth-input", tmp_path / "labels", "--scheduled-time", "2023-01-21T06:00Z",
              "-o", tmp_path / "out")
    assert only_merged_text(tmp_path / "out") == h.compact(merged) + "\n"


def test_real_captures_are_read(tmp_path):
    """Two real captures (one of two lines), joined by their event ids; their capture data stays as it was."""
    lines = (RECORDS / "capture_endpoint_jsonlines.jsonl").read_text(encoding="utf-8")
    captured = [json.loads(line) for line in lines.splitlines()]
    window = h.Window(tmp_path, start="2023-01-19T05:00")
    window.capture_file(lines)
    window.label_file([h.label(c["eventMetadata"]["eventId"], "1\n1" if i else "1") for i, c in enumerate(captured)])
    h.succeed("merge", *window.inputs(), *window.tick(), "-o", window.out)
    assert [r["captureData"] for _, r in h.merged_records(window.out)] == [c["captureData"] for c in captured]
