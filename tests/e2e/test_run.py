"""`hindcast run` and its halves: windows, reading of data, classes, outputs, exit statuses, container contract."""
import hashlib
import json
import math
import os
import random
import re
from datetime import timedelta

import pytest

import helpers as h

BINARY = ("--problem-type", "BinaryClassification")
SCORE = (*BINARY, "--probability-attribute", "0", "--probability-threshold-attribute", "0.5")
EPOCH = {"SOURCE_DATE_EPOCH": "1772341200"}

# A perfect and a wrong record of each class: the matrix is 1 1 1 1 whatever the way to read them.
FOUR = [("0.9", "1"), ("0.1", "1"), ("0.9", "0"), ("0.1", "0")]
ALL_ONE = {"0": {"0": 1, "1": 1}, "1": {"0": 1, "1": 1}}


def run(window, *args, status=0, out=None, tick=None, **options):
    return h.succeed("run", *window.inputs(), *(tick if tick is not None else window.tick()), *args, "-o",
                     out or window.out, status=status, **options)


# --- windows -----------------------------------------------------------------------------------


class Hours:
    """One capture and one label in every hour of a span; the label of hour H belongs to the capture of hour H
    and, again, to that of hour 'base', so that something always matches."""

    def __init__(self, folder, tick="2026-03-10T06:00", before=10, after=4):
        self.window = h.Window(folder, start=tick, variant="ep/v")
        for hour in range(-before, after):
            self.put(hour)

    def put(self, hour):
        w = self.window
        w.capture_file([h.capture("0.5", f"c{hour}", at=w.at(hour, 10))], hour)
        # Every label folder names every capture: what is joined tells the capture hours alone.
        w.label_file([h.label(f"c{n}", "1") for n in range(-300, 10)] + [h.label(f"L{hour}", "1")], hour)

    def read(self, *args, status=0):
        """The hours of captures that were matched and of labels that were read."""
        out = self.window.folder / "out"
        h.succeed("merge", *self.window.inputs(), *args, "-o", out, status=status)
        captures = sorted(int(r["eventMetadata"]["eventId"][1:]) for _, r in h.merged_records(out))
        labelled = h.counts(out)["labelled"] // 311
        return captures, labelled, h.counts(out)["after_window"]


T = ("--scheduled-time", "2026-03-10T06:00:00Z")


@pytest.mark.parametrize("args, first, last, label_hours, after", [
    # without offsets: [T - period, T)
    (T, -1, -1, 1, 0),
    ((*T, "--period", "PT1H"), -1, -1, 1, 0),
    ((*T, "--period", "PT3H"), -3, -1, 3, 0),
    ((*T, "--period", "PT10H"), -10, -1, 10, 0),
    # with offsets: both end hours; the tick's own hour holds records after the tick
    ((*T, "--start-time-offset=-PT6H", "--end-time-offset=-PT0H"), -6, -1, 7, 1),
    ((*T, "--start-time-offset=-PT6H", "--end-time-offset=PT0H"), -6, -1, 7, 1),
    ((*T, "--start-time-offset=-PT6H", "--end-time-offset=-PT1H"), -6, -1, 7, 0),
    ((*T, "--start-time-offset=-PT6H", "--end-time-offset=-PT3H"), -6, -3, 7, 0),
    ((*T, "--start-time-offset=-PT6H"), -6, -1, 7, 1),
    ((*T, "--start-time-offset", "-PT6H", "--end-time-offset", "-PT3H"), -6, -3, 7, 0),
    ((*T, "--start-time-offset=-PT90M", "--end-time-offset=-PT30M"), -2, -1, 3, 0),
    ((*T, "--start-time-offset=-PT3H", "--end-time-offset=-PT3H"), -3, -3, 4, 0),
    ((*T, "--start-time-offset=-PT150M", "--end-time-offset=-PT1H"), -3, -1, 4, 0),
    # whole hours, half open
    (("--start", "2026-03-10T02:00Z", "--end", "2026-03-10T05:00Z"), -4, -2, 3, 0),
    (("--start", "2026-03-10T02:00:00Z", "--end", "2026-03-10T03:00"), -4, -4, 1, 0),
    (("--start", "2026-03-10T04:00+02:00", "--end", "2026-03-10T05:00Z"), -4, -2, 3, 0),
    (("--start", "2026-03-10T02:00Z", "--end", "2026-03-10T03:00Z", "--labels-until", "2026-03-10T06:00Z"), -4, -4, 4,
     0),
    # another way to write the tick
    (("--scheduled-time", "2026-03-10T06:00"), -1, -1, 1, 0),
    (("--scheduled-time", "2026-03-10T06:00:00.000Z"), -1, -1, 1, 0),
    (("--scheduled-time", "2026-03-10T07:00:00+01:00"), -1, -1, 1, 0),
    (("--scheduled-time", "2026-03-09T20:30:00-09:30"), -1, -1, 1, 0),
], ids=lambda v: " ".join(v) if isinstance(v, tuple) else None)
def test_window(tmp_path, args, first, last, label_hours, after):
    assert Hours(tmp_path).read(*args) == (list(range(first, last + 1)), label_hours, after)


@pytest.mark.parametrize("args, first, last", [
    (("--start-time-offset=-P8D", "--end-time-offset=-P1D"), -192, -24),
    (("--start-time-offset=-PT2D", "--end-time-offset=-PT0H"), -48, 0),
    (("--start-time-offset=-P1W", "--end-time-offset=-P2D"), -168, -48),
    (("--start-time-offset=-P1DT2H", "--end-time-offset=-PT7H"), -26, -7),
])
def test_long_offsets(tmp_path, args, first, last):
    hours = Hours(tmp_path, before=0, after=0)
    inside = [hour for hour in (first, first + 1, (first + last) // 2, last - 1, last) if hour < 0]
    for hour in {*inside, first - 1, last + 1, -1, 0}:
        hours.put(hour)
    captures, label_hours, _ = hours.read(*T, *args)
    assert captures == sorted(inside)
    assert label_hours == len({hour for hour in {*inside, last + 1, -1, 0} if first <= hour <= 0})


def test_records_at_or_after_the_tick(tmp_path):
    """They count as after_window, in the tick's own hour and in earlier folders; AWS keeps them."""
    window = h.Window(tmp_path)
    tick = window.at(1)
    times = [tick - timedelta(seconds=1), tick, tick + timedelta(seconds=1)]
    for hour in (0, 1):
        window.capture_file([h.capture("0.5", f"{hour}{i}", at=at) for i, at in enumerate(times)], hour)
    window.label_file([h.label(f"{hour}{i}", "1") for hour in (0, 1) for i in range(3)])
    offsets = ("--start-time-offset=-PT1H", "--end-time-offset=-PT0H")
    args = ("merge", *window.inputs(), *window.tick(), *offsets, "-o", window.out)

    h.succeed(*args)
    counts = h.counts(window.out)
    assert (counts["captured"], counts["matched"], counts["after_window"]) == (2, 2, 4)
    assert {r["eventMetadata"]["eventId"] for _, r in h.merged_records(window.out)} == {"00", "10"}

    h.succeed(*args, "--aws-quirks")
    counts = h.counts(window.out)
    assert (counts["captured"], counts["matched"], counts["after_window"]) == (6, 6, 0)


def test_the_capture_hour_names_the_merged_folder(tmp_path):
    window = h.Window(tmp_path)
    window.capture_file([h.capture("0.5", "a", at=window.at(0, 5))], 0)
    window.capture_file([h.capture("0.5", "b", at=window.at(1, 5))], 1)
    window.label_file([h.label("a", "1"), h.label("b", "1")], 2)
    h.succeed("merge", *window.inputs(), "--start", h.stamp(window.at(0)), "--end", h.stamp(window.at(2)),
              "--labels-until", h.stamp(window.at(3)), "-o", window.out)
    assert {(folder, r["eventMetadata"]["eventId"]) for folder, r in h.merged_records(window.out)} == {
        ("ep/AllTraffic/2026/03/01/05", "a"), ("ep/AllTraffic/2026/03/01/06", "b")}


@pytest.mark.parametrize("variants", (("",), ("blue",), ("blue", "green"), ("ep/blue", "ep/green"), ("a/b", "c/d")))
def test_variants(tmp_path, variants):
    for i, variant in enumerate(variants):
        window = h.Window(tmp_path, variant=variant)
        window.capture_file([h.capture("0.5", f"e{i}", at=window.start)])
    window.label_file([h.label(f"e{i}", "1") for i in range(len(variants))])
    h.succeed("merge", *window.inputs(), *window.tick(), "-o", window.out)
    want = {("/".join(filter(None, (v, "2026/03/01/05"))), f"e{i}") for i, v in enumerate(variants)}
    assert {(folder, r["eventMetadata"]["eventId"]) for folder, r in h.merged_records(window.out)} == want


def test_file_uris(window):
    window.pairs(FOUR)
    h.succeed("run", *SCORE, "--endpoint-input", f"file://{window.captures}", "--ground-truth-input",
              f"file://{window.labels}", *window.tick(), "-o", window.out)
    assert h.matrix(window.out) == ALL_ONE


# --- reading of data ---------------------------------------------------------------------------


def four(window, spell, encoding="CSV", content_type=None, label_spell=None, label_encoding="CSV"):
    """The four records of FOUR with scores and labels spelled by functions."""
    window.capture_file([h.capture(spell(s), f"e{i}", at=window.at(0, i), encoding=encoding, content_type=content_type)
                         for i, (s, _) in enumerate(FOUR)])
    window.label_file([h.label(f"e{i}", label_spell(v) if label_spell else v, label_encoding)
                       for i, (_, v) in enumerate(FOUR)])


@pytest.mark.parametrize("spell, encoding, content_type, attribute", [
    (lambda s: s, "CSV", None, "0"),
    (lambda s: s + "\n", "CSV", None, "0"),
    (lambda s: s + "\r\n", "CSV", None, "0"),
    (lambda s: f" {s} ", "CSV", None, "0"),
    (lambda s: f'"{s}"', "CSV", None, "0"),
    (lambda s: f"x,{s},y", "CSV", None, "1"),
    (lambda s: f'"a, ""b"",\nc",{s}', "CSV", None, "1"),
    (lambda s: f"{float(s):.3e}", "CSV", None, "0"),
    (lambda s: f"+{s}", "CSV", None, "0"),
    (lambda s: f'{{"score":{s}}}', "JSON", None, "score"),
    (lambda s: f'{{"score":{s}}}', "JSON", None, "$.score"),
    (lambda s: f'{{ "x" : [1], "score" : {s} }}\n', "JSON", "application/jsonlines", "$['score']"),
    (lambda s: f'{{"predictions":[{{"label":"a","score":{s}}}]}}', "JSON", None, "$.predictions[0].score"),
    (lambda s: f'{{"predictions":[[1,{s}]]}}', "JSON", None, "$.predictions[0][1]"),
    (lambda s: f'{{"p":[0,{s}]}}', "JSON", None, "$.p[-1]"),
    (lambda s: f'{{"a.b":{s}}}', "JSON", None, "a.b"),
    (lambda s: f'{{"sc\\u006fre":{s}}}', "JSON", None, "$.score"),
    (lambda s: f'{{"größe":{s}}}', "JSON", None, "$['größe']"),
    (lambda s: f'{{"score":"{s}"}}', "JSON", None, "$.score"),
    (h.b64, "BASE64", "text/csv", "0"),
    (lambda s: h.b64(s + "\n"), "BASE64", "text/csv; charset=utf-8", "0"),
    (lambda s: h.b64(f'{{"score":{s}}}'), "BASE64", "application/json", "$.score"),
])
def test_score_is_found(window, spell, encoding, content_type, attribute):
    four(window, spell, encoding, content_type)
    run(window, *BINARY, "--probability-attribute", attribute)
    assert h.matrix(window.out) == ALL_ONE


def test_base64_stays_as_it_was(window):
    four(window, h.b64, "BASE64", "text/csv")
    run(window, *SCORE)
    for _, record in h.merged_records(window.out):
        output = record["captureData"]["endpointOutput"]
        assert output["encoding"] == "BASE64" and output["data"] in {h.b64(s) for s, _ in FOUR}


@pytest.mark.parametrize("content_type", ("application/x-npy", "image/png"))
def test_base64_of_another_type_is_the_preprocessors(window, content_type):
    four(window, h.b64, "BASE64", content_type)
    result = h.hindcast("run", *window.inputs(), *window.tick(), *SCORE, "-o", window.out)
    assert result.status == 2 and not h.snapshot(window.out), str(result)
    assert "preprocessor" in result.err


@pytest.mark.parametrize("encoding, spell, attribute", [
    ("JSON", lambda v: f'{{"label": {v}}}', ("--ground-truth-attribute", "label")),
    ("JSON", lambda v: f'{{"label": {v}}}', ("--ground-truth-attribute", "$.label")),
    ("JSON", lambda v: f'{{"a":{{"b":[{v}]}}}}', ("--ground-truth-attribute", "$.a.b[0]")),
    ("CSV", lambda v: f"{v}\n", ()),
    ("CSV", lambda v: f'"{v}"', ()),
    ("CSV", lambda v: f"x,{v}", ("--ground-truth-attribute", "1")),
])
def test_label_is_found(window, encoding, spell, attribute):
    four(window, str, label_spell=spell, label_encoding=encoding)
    run(window, *SCORE, *attribute)
    assert h.matrix(window.out) == ALL_ONE


def test_json_spelling_does_not_matter(tmp_path):
    rows = h.binary_rows(300, seed=5)
    plain = h.Window(tmp_path / "plain").pairs(rows)
    odd = h.Window(tmp_path / "odd").pairs(rows)
    rng = random.Random(11)
    for path in sorted(odd.folder.rglob("*.jsonl")):
        records = [json.loads(line) for line in path.read_text().splitlines()]
        body, _ = h.join_lines([h.spelled(r, rng) for r in records], rng)
        path.write_bytes(body)
    for window in (plain, odd):
        run(window, *SCORE, env=EPOCH)
    for name in ("statistics.json", "constraints.json", "constraint_violations.json"):
        assert (plain.out / name).read_bytes() == (odd.out / name).read_bytes()


def test_values_without_a_label_do_not_count(window):
    window.pairs(h.binary_rows(50))
    window.capture_file([h.capture("0.5", f"lonely{i}") for i in range(7)], name="b.jsonl")
    run(window, *SCORE)
    assert h.statistics(window.out)["dataset"]["item_count"] == 50
    counts = h.counts(window.out)
    assert (counts["captured"], counts["matched"], counts["captures_without_label"]) == (57, 50, 7)


# --- batch transform ---------------------------------------------------------------------------


def batch(folder, outputs, hour="2026/03/01/05", labels=FOUR, name="m.json"):
    """One manifest that names output files given by name and text; labels id-0.. as FOUR has them."""
    for name_, text in outputs.items():
        h.write(folder / "transform" / name_, text)
    h.write(folder / "captures/output" / hour / name, json.dumps([{"prefix": f"{folder}/transform/"}, *outputs]))
    h.write(folder / "labels" / hour / "l.jsonl", [h.label(f"id-{i}", v) for i, (_, v) in enumerate(labels)])


def batch_args(folder, *more, command="run"):
    return (command, "--batch-transform-input", folder / "captures", "--ground-truth-input", folder / "labels",
            "--scheduled-time", "2026-03-01T06:00Z", *more, "-o", folder / "out")


WHEN = "2026-03-01T05:00:00Z"


def test_batch_csv(tmp_path):
    batch(tmp_path, {"a.csv.out": "".join(f"{s},id-{i},{WHEN}\n" for i, (s, _) in enumerate(FOUR))})
    h.succeed(*batch_args(tmp_path, *SCORE, "--dataset-format", "csv", "--no-header"))
    assert h.matrix(tmp_path / "out") == ALL_ONE
    outputs = [r["captureData"]["batchTransformOutput"] for _, r in h.merged_records(tmp_path / "out")]
    assert sorted(o["data"] for o in outputs) == sorted(s for s, _ in FOUR)
    assert {o["encoding"] for o in outputs} == {"CSV"}


def test_batch_csv_with_quoting(tmp_path):
    rows = "".join(f'"a, ""b"",\nc",{s},id-{i},{WHEN}\n' for i, (s, _) in enumerate(FOUR))
    batch(tmp_path, {"a.csv.out": rows})
    h.succeed(*batch_args(tmp_path, *BINARY, "--probability-attribute", "1", "--dataset-format", "csv", "--no-header"))
    assert h.matrix(tmp_path / "out") == ALL_ONE
    outputs = {r["captureData"]["batchTransformOutput"]["data"] for _, r in h.merged_records(tmp_path / "out")}
    assert outputs == {f'"a, ""b"",\nc",{s}' for s, _ in FOUR}


@pytest.mark.parametrize("form", ("jsonl", "json"))
def test_batch_json(tmp_path, form):
    rows = [{"score": float(s), "SageMakerInferenceId": f"id-{i}", "SageMakerInferenceTime": WHEN}
            for i, (s, _) in enumerate(FOUR)]
    text = "".join(json.dumps(r) + "\n" for r in rows) if form == "jsonl" else json.dumps(rows)
    batch(tmp_path, {"a.out": text})
    h.succeed(*batch_args(tmp_path, *BINARY, "--probability-attribute", "$.score", "--dataset-format", form))
    assert h.matrix(tmp_path / "out") == ALL_ONE
    for _, record in h.merged_records(tmp_path / "out"):
        output = record["captureData"]["batchTransformOutput"]
        assert output["encoding"] == "JSON"
        assert set(json.loads(output["data"])) == {"score"}  # what transform appended is gone


def test_batch_of_several_outputs_and_manifests(tmp_path):
    parts = [f"{s},id-{i},{WHEN}\n" for i, (s, _) in enumerate(FOUR)]
    batch(tmp_path, {"a.csv.out": parts[0] + parts[1], "b.csv.out": parts[2]})
    batch(tmp_path, {"c.csv.out": parts[3]}, name="n.json")
    h.succeed(*batch_args(tmp_path, *SCORE, "--dataset-format", "csv", "--no-header"))
    assert h.matrix(tmp_path / "out") == ALL_ONE


def test_batch_outside_the_window(tmp_path):
    parts = [f"{s},id-{i},{WHEN}\n" for i, (s, _) in enumerate(FOUR)]
    batch(tmp_path, {"a.csv.out": "".join(parts)})
    batch(tmp_path, {"b.csv.out": "".join(parts)}, hour="2026/03/01/07")
    h.succeed(*batch_args(tmp_path, *SCORE, "--dataset-format", "csv", "--no-header"))
    assert h.statistics(tmp_path / "out")["dataset"]["item_count"] == 4


# --- the predicted class -----------------------------------------------------------------------

# score, said class, label; said disagrees with the score
CLASS_ROWS = [("0.9,0", "1"), ("0.6,0", "1"), ("0.5,0", "1"), ("0.3,1", "0"), ("0.1,1", "0")]
P, I, X = ("--probability-attribute", "0"), ("--inference-attribute", "1"), "--probability-threshold-attribute"


@pytest.mark.parametrize("args, tp, tn", [
    ((*P,), 2, 2),                     # score > 0.5: 0.5 itself is not
    ((*P, X, "0.5"), 2, 2),
    ((*P, X, "0.7"), 1, 2),
    ((*P, X, "0.05"), 3, 0),
    ((*P, X, "0.3"), 3, 2),            # 0.3 itself is not above
    ((*P, X, "0.2999999"), 3, 1),
    ((*P, X, "1.0"), 0, 2),
    ((*P, X, "0.0"), 3, 0),
    ((*I,), 0, 0),
    ((*P, *I), 0, 0),                  # no threshold: the inference attribute
    ((*P, *I, X, "0.5"), 2, 2),        # with one it is ignored
])
def test_predicted_class(window, args, tp, tn):
    window.pairs(CLASS_ROWS)
    run(window, *BINARY, *args)
    assert h.matrix(window.out) == {"0": {"0": tn, "1": 2 - tn}, "1": {"0": 3 - tp, "1": tp}}
    assert ("auc" in h.metrics(window.out)) == ("--probability-attribute" in args)


def test_an_ignored_inference_attribute_is_not_read(window):
    """Its text may be of a third class, where threshold and probability decide."""
    window.pairs([("0.9,maybe", "1"), ("0.1,perhaps", "0")])
    run(window, *BINARY, *P, *I, X, "0.5")
    assert h.matrix(window.out) == {"0": {"0": 1, "1": 0}, "1": {"0": 0, "1": 1}}


# --- classes -----------------------------------------------------------------------------------


@pytest.mark.parametrize("ones, zeros", [
    (("1", "1.0", " 1", "true", "True", "TRUE", "1 "), ("0", "0.0", "false", " 0", "False", "0 ")),
    (("true",), ("false",)),
    (("1.0",), ("0.0",)),
])
def test_spellings_of_zero_and_one(window, ones, zeros):
    rows = [("0.9", one) for one in ones] + [("0.1", zero) for zero in zeros]
    window.pairs(rows)
    run(window, *SCORE)
    assert h.matrix(window.out) == {"0": {"0": len(zeros), "1": 0}, "1": {"0": 0, "1": len(ones)}}


def test_json_truth_values_are_classes(window):
    four(window, str, label_encoding="JSON", label_spell=lambda v: json.dumps({"churned": v == "1"}))
    run(window, *SCORE, "--ground-truth-attribute", "$.churned")
    assert h.matrix(window.out) == ALL_ONE


@pytest.mark.parametrize("positive, keys, tp", [("yes", ["no", "yes"], 2), ("no", ["yes", "no"], 1)])
def test_positive_label(window, positive, keys, tp):
    """Scores are of the positive class, whichever that is; the matrix has the negative one first."""
    window.pairs([("0.9", "yes"), ("0.8", "yes"), ("0.7", "no"), ("0.1", "no")])
    run(window, *SCORE, "--positive-label", positive)
    got = h.matrix(window.out)
    assert list(got) == keys and all(list(row) == keys for row in got.values())
    assert got[positive][positive] == tp


def test_positive_label_of_zero(window):
    """A positive label turns 0 and 1 round."""
    window.pairs([("0.9", "0"), ("0.9", "0"), ("0.1", "1")])
    run(window, *SCORE, "--positive-label", "0")
    assert h.value(window.out, "recall") == 1.0 and h.value(window.out, "precision") == 1.0


@pytest.mark.parametrize("labels, predictions, keys", [
    (["2.0", "10", " 1"], ["2", "10.0", "1"], ["1", "2", "10"]),
    (["2.5", "-1", "0.5"], ["2.50", "-1.0", "5e-1"], ["-1", "0.5", "2.5"]),
    (["b", "10", "2"], ["b", "10", "2"], ["10", "2", "b"]),
    (["é", "z", "a,b"], ["é", "z", '"a,b"'], ["a,b", "z", "é"]),
])
def test_multiclass_names(window, labels, predictions, keys):
    labels = [f'"{v}"' if "," in v else v for v in labels]
    window.pairs(list(zip(predictions, labels)))
    run(window, "--problem-type", "MulticlassClassification", "--inference-attribute", "0")
    got = h.matrix(window.out)
    assert list(got) == keys
    assert all(got[a][p] == (1 if a == p else 0) for a in keys for p in keys)


@pytest.mark.parametrize("label, undefined", [
    ("1", {"false_positive_rate", "true_negative_rate", "auc"}),
    ("0", {"recall", "true_positive_rate", "false_negative_rate", "auc"}),
])
def test_one_class(window, label, undefined):
    """Precision and F are 0.0, ratios without denominator "NaN", and a NaN metric is no violation."""
    window.pairs([("0.4", label)] * 3)
    names = ("recall", "precision", "accuracy", "true_positive_rate", "true_negative_rate", "false_positive_rate",
             "false_negative_rate", "auc", "f0_5", "f1", "f2")
    entries = {n: {"threshold": 2.0 if n not in ("false_positive_rate", "false_negative_rate") else -1.0,
                   "comparison_operator": "GreaterThanThreshold" if n.startswith("false") else "LessThanThreshold"}
               for n in names}
    path = h.write(window.folder / "c.json", json.dumps({"binary_classification_constraints": entries}))
    result = run(window, *SCORE, "--constraints", path, status=1)
    got = h.metrics(window.out)
    assert {n for n in names if got[n]["value"] == "NaN"} == undefined
    assert all(got[n]["value"] == 0.0 for n in ("precision", "f0_5", "f1", "f2"))
    broken = {re.sub("([A-Z])", lambda m: "_" + m[0].lower(), v["metric_name"]) for v in h.violations(window.out)}
    assert broken == set(names) - undefined
    assert "not judged" in result.out
    assert re.search("not.judged", (window.out / "join_report.json").read_text())


def test_one_record(window):
    window.pairs([("0.9", "1")])
    run(window, *SCORE)
    assert h.value(window.out, "recall") == 1.0
    assert h.metrics(window.out)["recall"]["standard_deviation"] == "NaN"


def test_regression_without_spread(window):
    window.pairs([("1.5", "2"), ("2.5", "2")])
    run(window, "--problem-type", "Regression", "--inference-attribute", "0")
    got = h.metrics(window.out)
    assert got["r2"]["value"] == "NaN" and got["mae"]["value"] == 0.5 and got["mse"]["value"] == 0.25


@pytest.mark.parametrize("n, defined", [(199, False), (200, True)])
def test_deviations_from_200_records_up(window, n, defined):
    window.pairs(h.binary_rows(n))
    run(window, *SCORE)
    deviations = {v["standard_deviation"] for v in h.metrics(window.out).values() if "standard_deviation" in v}
    if defined:
        assert all(isinstance(d, float) and d >= 0 for d in deviations) and max(deviations) > 0
    else:
        assert deviations == {"NaN"}


def test_curve_points(window):
    rng = random.Random(4)
    window.pairs([(repr(rng.random()), rng.choice("01")) for _ in range(3000)])
    run(window, *SCORE)
    exact = h.value(window.out, "auc")

    def roc():
        curve = h.metrics(window.out)["receiver_operating_characteristic_curve"]
        return list(zip(curve["false_positive_rates"], curve["true_positive_rates"]))

    points = roc()
    assert 900 <= len(points) <= 1000 and points[0] == (0.0, 0.0) and points[-1] == (1.0, 1.0)
    for limit in ("10", "100000"):
        run(window, *SCORE, "--curve-points", limit)
        few = roc()
        assert len(few) <= int(limit) and few[0] == (0.0, 0.0) and few[-1] == (1.0, 1.0)
        assert h.value(window.out, "auc") == exact
        assert few == sorted(few)
    assert len(few) >= 3001


# --- constraints -------------------------------------------------------------------------------


def judge(window, entries, *more, status):
    path = h.write(window.folder / "c.json", json.dumps({"version": 0.0, "binary_classification_constraints": entries}))
    run(window, *SCORE, "--constraints", path, *more, status=status)
    return [v["metric_name"] for v in h.violations(window.out)]


def bound(threshold, operator="LessThanThreshold", **more):
    return {"threshold": threshold, "comparison_operator": operator, **more}


def test_comparison_is_strict(window):
    window.pairs(FOUR)  # every ratio is 0.5
    up, down = math.nextafter(0.5, 1), math.nextafter(0.5, 0)
    greater = "GreaterThanThreshold"
    assert judge(window, {"recall": bound(0.5), "false_positive_rate": bound(0.5, greater)}, status=0) == []
    assert judge(window, {"recall": bound(up), "false_positive_rate": bound(down, greater)}, status=1) == [
        "falsePositiveRate", "recall"]


def test_few_edited_and_strange_constraints(window):
    """Fewer metrics, whole numbers, the other operator, null properties."""
    window.pairs(FOUR)
    assert judge(window, {"accuracy": bound(1, additional_properties=None)}, status=1) == ["accuracy"]
    assert judge(window, {"accuracy": bound(0, "GreaterThanThreshold")}, status=1) == ["accuracy"]
    assert judge(window, {}, status=0) == []


def test_f0_5_comes_last(window):
    window.pairs(FOUR)
    entries = {"f0_5": bound(0.9), "f2": bound(0.9), "auc": bound(0.9)}
    assert judge(window, entries, status=1) == ["auc", "f2", "f0_5"]
    assert judge(window, entries, "--aws-quirks", status=1) == ["auc", "f2"]
    assert judge(window, {"f0_5": bound(0.9)}, "--aws-quirks", status=0) == []


def test_auc_is_judged_only_where_it_was_measured(window):
    window.pairs(CLASS_ROWS)
    path = h.write(window.folder / "c.json", json.dumps({"binary_classification_constraints": {"auc": bound(0.9)}}))
    run(window, *BINARY, *I, "--constraints", path)
    assert h.violations(window.out) == []


def test_without_constraints_nothing_is_judged(window):
    window.pairs([("0.1", "1"), ("0.9", "0")])
    run(window, *SCORE)
    assert h.load(window.out / "constraint_violations.json") == {"violations": []}


@pytest.mark.parametrize("problem, attribute, rows, worse", [
    ("Regression", "0", [("1", "1.5"), ("2", "1"), ("3", "3")], {"mae", "mse", "rmse", "r2"}),
    ("MulticlassClassification", "0", [("a", "a"), ("a", "c"), ("c", "c"), ("c", "a")],
     {"accuracy", "weightedRecall", "weightedPrecision", "weightedF0_5", "weightedF1", "weightedF2"}),
])
def test_suggested_constraints_hold_and_break(tmp_path, problem, attribute, rows, worse):
    """A run against its own constraints is fine; against those of a better one, everything is broken."""
    args = ("--problem-type", problem, "--inference-attribute", attribute)
    ours = h.Window(tmp_path / "ours").pairs(rows)
    run(ours, *args)
    run(ours, *args, "--constraints", ours.out / "constraints.json", out=tmp_path / "again")
    assert h.violations(tmp_path / "again") == []
    better = h.Window(tmp_path / "better").pairs([(v, v) for _, v in rows])
    run(better, *args)
    run(ours, *args, "--constraints", better.out / "constraints.json", status=1, out=tmp_path / "broken")
    assert len(h.violations(tmp_path / "broken")) == len(worse)


# --- the join, by hand -------------------------------------------------------------------------


@pytest.mark.parametrize("rule, status, winner", [(None, 0, "c"), ("last", 0, "c"), ("first", 0, "a"),
                                                  ("error", 2, None)])
def test_on_conflict(window, rule, status, winner):
    """By collection folder, then file name, then line - not by time of writing."""
    window.capture_file([h.capture("x", "e")])
    window.label_file([h.label("e", "c")], 1, "a.jsonl")
    window.label_file([h.label("e", "a"), h.label("e", "b")], 0, "b.jsonl")
    window.label_file([h.label("e", "a")], 0, "a.jsonl")
    result = h.succeed("merge", *window.inputs(), "--start", h.stamp(window.at(0)), "--end", h.stamp(window.at(2)),
                       *(("--on-conflict", rule) if rule else ()), "-o", window.out, status=status)
    if status:
        assert h.has_place(result.err, window.labels / "2026/03/01/05/b.jsonl", 2)
        return
    assert [r["groundTruthData"]["data"] for _, r in h.merged_records(window.out)] == [winner]
    counts = h.counts(window.out)
    assert (counts["duplicate_labels"], counts["conflicting_labels"]) == (1, 2)


def test_inference_id_goes_before_event_id(window):
    window.capture_file([h.capture("x", "event", "inference"), h.capture("y", "event2")])
    window.label_file([h.label("event", "wrong"), h.label("inference", "right"), h.label("event2", "right")])
    h.succeed("merge", *window.inputs(), *window.tick(), "-o", window.out)
    assert [r["groundTruthData"]["data"] for _, r in h.merged_records(window.out)] == ["right", "right"]
    assert h.counts(window.out)["labels_without_capture"] == 1


def test_ids_compare_as_decoded_text(window):
    ids = ["Größe", "a/b", "😀", "tab\there", 'q"uote', "\u0000x"]
    window.capture_file([json.dumps(h.capture("x", i)) for i in ids])

    def escape(text):
        units = text.encode("utf-16-be")
        return '"' + "".join(f"\\u{units[k] << 8 | units[k + 1]:04X}" for k in range(0, len(units), 2)) + '"'

    window.label_file([h.compact(h.label("@", "1")).replace('"@"', escape(i)) for i in ids])
    h.succeed("merge", *window.inputs(), *window.tick(), "-o", window.out)
    assert h.counts(window.out)["matched"] == len(ids)


def test_equal_labels_in_other_words_are_duplicates(window):
    window.capture_file([h.capture("x", "e")])
    window.label_file(['{"groundTruthData":{"data":"A","encoding":"CSV"},"eventMetadata":{"eventId":"e"}}',
                       '{"eventMetadata":{"eventId":"e"},"groundTruthData":{"encoding":"CSV","data":"\\u0041"}}'])
    h.succeed("merge", *window.inputs(), *window.tick(), "-o", window.out)
    counts = h.counts(window.out)
    assert (counts["duplicate_labels"], counts["conflicting_labels"]) == (1, 0)


def test_samples_and_shares(window):
    window.capture_file([h.capture("x", f"e{i}") for i in range(100)])
    window.label_file([h.label(f"e{i}", "1") for i in range(75, 125)])
    h.succeed("merge", *window.inputs(), *window.tick(), "-o", window.out)
    report = h.load(window.out / "join_report.json")
    for name, count, share in (("matched", 25, 0.25), ("captures_without_label", 75, 0.75),
                               ("labels_without_capture", 25, 0.5)):
        assert report[name]["count"] == count and report[name]["share"] == share
    samples = report["captures_without_label"]["samples"]
    assert len(samples) == 20
    assert all(s["id"] == f"e{s['line'] - 1}" and int(s["id"][1:]) < 75 for s in samples)
    assert all(s["file"].endswith("2026/03/01/05/00-00-000-a.jsonl") for s in samples)


def test_label_delay(tmp_path):
    """Captures at 05:00 sharp, labels in the folder of 08: a delay of three hours for all."""
    window = h.Window(tmp_path)
    window.capture_file([h.capture("x", f"e{i}", at=window.at(0)) for i in range(10)])
    window.label_file([h.label(f"e{i}", "1") for i in range(10)], 3)
    h.succeed("merge", *window.inputs(), "--start", h.stamp(window.at(0)), "--end", h.stamp(window.at(1)),
              "--labels-until", h.stamp(window.at(4)), "-o", window.out)
    delay = h.load(window.out / "join_report.json")["label_delay"]
    assert delay["unit"] == "seconds" and delay["count"] == 10
    assert {v for k, v in delay.items() if k not in ("unit", "count")} == {10800}


# --- outputs -----------------------------------------------------------------------------------


def test_a_run_leaves_these_files(window):
    window.pairs(FOUR)
    run(window, *SCORE)
    files = set(h.snapshot(window.out))
    assert set(h.REPORT_FILES) <= files
    assert all(f.startswith("merge/ep/AllTraffic/2026/03/01/05/part-0") for f in files - set(h.REPORT_FILES))
    assert len(files) == len(h.REPORT_FILES) + 1


def test_no_merged_output(window):
    window.pairs(FOUR)
    run(window, *SCORE, "--no-merged-output")
    assert set(h.snapshot(window.out)) == set(h.REPORT_FILES)
    assert not (window.out / "merge").exists()


def test_the_same_inputs_give_the_same_bytes(tmp_path):
    window = h.Window(tmp_path).pairs(h.binary_rows(400)).pairs(h.binary_rows(50, 3), hour=1)
    args = (*SCORE, "--checksums")
    tick = ("--scheduled-time", h.stamp(window.at(2)), "--period", "PT2H")
    for out in ("one", "two"):
        run(window, *args, tick=tick, out=tmp_path / out, env=EPOCH)
    one, two = h.snapshot(tmp_path / "one"), h.snapshot(tmp_path / "two")
    assert len(one) == len(h.REPORT_FILES) + 2
    assert one == two
    assert h.statistics(tmp_path / "one")["dataset"]["evaluation_time"] == "2026-03-01T05:00:00.000Z"


def test_a_split_of_the_captures_changes_no_digit(tmp_path):
    """The same records in one file, in many, in another order: the same statistics."""
    rows = h.binary_rows(500, seed=8)
    whole = h.Window(tmp_path / "whole").pairs(rows)
    split = h.Window(tmp_path / "split")
    captures = (whole.base / "2026/03/01/05/00-00-000-a.jsonl").read_text().splitlines()
    labels = (whole.labels / "2026/03/01/05/labels.jsonl").read_text().splitlines()
    rng = random.Random(2)
    rng.shuffle(captures)
    rng.shuffle(labels)
    for i in range(7):
        split.capture_file(captures[i::7], name=f"{i}.jsonl")
        split.label_file(labels[i::7], name=f"{i}.jsonl")
    for window in (whole, split):
        run(window, *SCORE, env=EPOCH)
    assert (whole.out / "statistics.json").read_bytes() == (split.out / "statistics.json").read_bytes()


@pytest.mark.parametrize("problem", ("binary", "multiclass", "regression"))
def test_run_is_merge_and_analyze(tmp_path, problem):
    window = h.Window(tmp_path).pairs(h.binary_rows(300))
    window.capture_file([h.capture("0.7", "0-5", None, window.at(0, 2))], name="repeat.jsonl")
    attributes = {
        "binary": SCORE,
        "multiclass": ("--problem-type", "MulticlassClassification", "--inference-attribute", "0"),
        "regression": ("--problem-type", "Regression", "--inference-attribute", "0"),
    }[problem]
    run(window, *attributes, env=EPOCH)
    limits = h.load(window.out / "constraints.json")
    for entry in next(v for v in limits.values() if isinstance(v, dict)).values():
        entry["threshold"] = 0.25
    path = h.write(tmp_path / "limits.json", json.dumps(limits))
    whole, merged, halves = tmp_path / "whole", tmp_path / "merged", tmp_path / "halves"
    attributes = (*attributes, "--constraints", path)
    one = h.hindcast("run", *window.inputs(), *window.tick(), *attributes, "-o", whole, env=EPOCH)
    h.succeed("merge", *window.inputs(), *window.tick(), "-o", merged, env=EPOCH)
    two = h.hindcast("analyze", merged / "merge", *attributes, "-o", halves, env=EPOCH)
    assert one.status == two.status in (0, 1), f"{one}\n{two}"
    for name in ("statistics.json", "constraints.json", "constraint_violations.json"):
        assert (whole / name).read_bytes() == (halves / name).read_bytes(), name
    assert [p.read_bytes() for p in h.merged_files(whole)] == [p.read_bytes() for p in h.merged_files(merged)]
    assert h.load(whole / "join_report.json")["matched"] == h.load(merged / "join_report.json")["matched"]


def test_the_old_report_is_replaced_as_a_whole(tmp_path):
    window = h.Window(tmp_path)
    foreign = h.write(window.out / "notes.txt", "mine")
    h.write(window.out / "merge/ep/AllTraffic/2026/03/01/05/keep.me", "mine too")
    window.pairs(FOUR).pairs(FOUR, hour=1)
    run(window, *SCORE)
    first = h.merged_files(window.out)
    run(window, *SCORE, tick=window.tick(2))
    second = h.merged_files(window.out)
    assert first and second and not set(first) & set(second)
    assert {p.parent.name for p in second} == {"06"}
    run(window, *SCORE, "--no-merged-output")
    assert h.merged_files(window.out) == []
    assert foreign.read_text() == "mine"
    assert (window.out / "merge/ep/AllTraffic/2026/03/01/05/keep.me").read_text() == "mine too"
    assert set(h.snapshot(window.out)) == {*h.REPORT_FILES, "notes.txt", "merge/ep/AllTraffic/2026/03/01/05/keep.me"}


def test_manifest(window):
    window.pairs(FOUR)
    run(window, *SCORE, "--checksums")
    text = (window.out / "manifest.json").read_text()
    for path in (*window.captures.rglob("*.jsonl"), *window.labels.rglob("*.jsonl")):
        assert path.name in text
        assert hashlib.sha256(path.read_bytes()).hexdigest() in text
        assert f": {path.stat().st_size}" in text
    run(window, *SCORE)
    assert not re.search(r"\b[0-9a-f]{64}\b", (window.out / "manifest.json").read_text())


# --- what people and programs are told -----------------------------------------------------------


def test_summary(window):
    window.pairs(FOUR)
    result = run(window, *SCORE)
    assert result.out.strip() and "\x1b" not in result.out + result.err
    assert not any(line != line.rstrip() for line in result.out.splitlines())


def test_json_is_one_document(window):
    window.pairs(FOUR)
    result = run(window, *SCORE, "--json")
    assert isinstance(result.document(), dict)


def test_json_of_a_failure(window):
    window.pairs(FOUR)
    result = run(window, *SCORE, "--json", status=2, tick=("--scheduled-time", "2030-01-01T00:00Z"))
    if result.out.strip():
        result.document()
    assert result.err.strip() or result.out.strip()


def test_quiet(window):
    window.pairs(FOUR)
    result = run(window, *SCORE, "--quiet")
    assert result.out == "" and result.err == ""
    result = run(window, *SCORE, "--quiet", status=2, tick=("--scheduled-time", "2030-01-01T00:00Z"))
    assert result.err.strip()


@pytest.mark.parametrize("command", ("baseline", "run", "merge", "analyze"))
def test_help(command):
    result = h.succeed(command, "--help")
    assert "--" in result.out and result.err == ""
    assert "\x1b" not in result.out


def test_help_of_the_program():
    result = h.succeed("--help")
    assert all(command in result.out for command in ("baseline", "run", "merge", "analyze"))
    assert h.succeed("--version").out.strip()


# --- baselines ---------------------------------------------------------------------------------


def baseline_text(form, rows):
    if form == "csv":
        return "p,label\n" + "".join(f"{s},{v}\n" for s, v in rows)
    items = [f'{{"p":{s},"label":{v}}}' for s, v in rows]
    return "\n".join(items) + "\n" if form == "jsonl" else "[" + ",\n".join(items) + "]"


BASELINE = (*BINARY, "--probability-attribute", "p", "--ground-truth-attribute", "label")


@pytest.mark.parametrize("suffix", ("", ".gz", ".zst"))
@pytest.mark.parametrize("form", ("csv", "jsonl", "json"))
def test_baseline_formats(tmp_path, form, suffix):
    source = h.write(tmp_path / f"b.{form}{suffix}", baseline_text(form, FOUR))
    h.succeed("baseline", source, *BASELINE, "-o", tmp_path / "out")
    assert h.matrix(tmp_path / "out") == ALL_ONE


@pytest.mark.parametrize("suffix", ("", ".gz", ".zst"))
@pytest.mark.parametrize("form", ("csv", "jsonl", "json"))
def test_baseline_of_standard_input(tmp_path, form, suffix):
    text = h.pack(baseline_text(form, FOUR).encode(), suffix)
    h.succeed("baseline", "-", "--dataset-format", form, *BASELINE, "-o", tmp_path / "out", stdin=text)
    assert h.matrix(tmp_path / "out") == ALL_ONE


def test_baseline_of_files_and_folders(tmp_path):
    h.write(tmp_path / "d/a.csv", baseline_text("csv", FOUR[:1]))
    h.write(tmp_path / "d/deep/b.csv.gz", baseline_text("csv", FOUR[1:2]))
    h.write(tmp_path / "c.csv.zst", baseline_text("csv", FOUR[2:]))
    h.succeed("baseline", tmp_path / "d", tmp_path / "c.csv.zst", *BASELINE, "-o", tmp_path / "out")
    assert h.matrix(tmp_path / "out") == ALL_ONE


def test_baseline_without_header(tmp_path):
    source = h.write(tmp_path / "b.csv", "".join(f"x,{s},{v}\n" for s, v in FOUR))
    for p, label in (("1", "2"), ("_c1", "_c2")):
        h.succeed("baseline", source, "--no-header", *BINARY, "--probability-attribute", p, "--ground-truth-attribute",
                  label, "-o", tmp_path / "out")
        assert h.matrix(tmp_path / "out") == ALL_ONE


def test_baseline_by_json_path(tmp_path):
    source = h.write(tmp_path / "b.jsonl", "".join(f'{{"out":[{{"p":{s}}}],"y":{{"label":{v}}}}}\n' for s, v in FOUR))
    h.succeed("baseline", source, *BINARY, "--probability-attribute", "$.out[0].p", "--ground-truth-attribute",
              "$.y.label", "-o", tmp_path / "out")
    assert h.matrix(tmp_path / "out") == ALL_ONE


def test_run_against_a_baseline(tmp_path):
    """The two commands together: good data raises the bar, bad data breaks it."""
    source = h.write(tmp_path / "b.csv", baseline_text("csv", [("0.9", "1"), ("0.1", "0")] * 20))
    h.succeed("baseline", source, *BASELINE, "-o", tmp_path / "baseline")
    window = h.Window(tmp_path).pairs(FOUR)
    result = run(window, *SCORE, "--constraints", tmp_path / "baseline/constraints.json", status=1)
    assert "recall" in result.out
    good = h.Window(tmp_path / "good").pairs([("0.8", "1"), ("0.3", "0")])
    run(good, *SCORE, "--constraints", tmp_path / "baseline/constraints.json")


# --- the processing-container contract -------------------------------------------------------------


class Container:
    """The folders of a job as the platform lays them out, and its environment."""

    def __init__(self, window):
        self.window, self.folder = window, window.folder / "opt"
        self.message = self.folder / "message"
        self.env = {"output_path": str(self.folder / "output"), "output_message_file": str(self.message), **EPOCH}

    def merge(self, **more):
        w = self.window
        self.env.update(dataset_source=str(w.captures), ground_truth_source=str(w.labels), **more)
        return h.hindcast("merge", env=self.env)

    def analyze(self, source, **more):
        env = {**self.env, "dataset_source": str(source), "analysis_type": "MODEL_QUALITY",
               "problem_type": "BinaryClassification", "probability_attribute": "0",
               "probability_threshold_attribute": "0.5", "publish_cloudwatch_metrics": "Disabled",
               "dataset_format": '{"sagemakerMergeJson":{"captureIndexNames":["endpointOutput"]}}',
               "start_time": "2026-03-01T05:00:00Z", "end_time": "2026-03-01T06:00:00Z",
               "metric_time": "2026-03-01T05:00:00Z", "output_path": str(self.folder / "report"), **more}
        return h.hindcast("analyze", env=env)


@pytest.fixture
def container(tmp_path):
    return Container(h.Window(tmp_path).pairs(h.binary_rows(250)))


def test_container_merge_and_analyze(container):
    window = container.window
    result = container.merge()
    assert result.status == 0, str(result)
    output = container.folder / "output"
    merged = sorted(output.rglob("part-*.jsonl"))
    assert len(merged) == 1 and merged[0].parent.as_posix().endswith("ep/AllTraffic/2026/03/01/05")
    limits = h.write(container.folder / "baseline/constraints/constraints.json", json.dumps(
        {"version": 0.0, "binary_classification_constraints": {"recall": bound(1.1), "precision": bound(1.1)}}))
    top = merged[0].parents[6]
    result = container.analyze(top, baseline_constraints=str(limits))
    assert result.status == 0, str(result)
    report = container.folder / "report"
    assert {"statistics.json", "constraints.json", "constraint_violations.json"} <= set(os.listdir(report))
    message = container.message.read_text().strip()
    assert message == "CompletedWithViolations: Job completed successfully with 2 violations."
    run(window, *SCORE, "--constraints", limits, status=1, env=EPOCH)
    for name in ("statistics.json", "constraints.json", "constraint_violations.json"):
        assert (report / name).read_bytes() == (window.out / name).read_bytes()


def test_container_without_violations(container):
    assert container.merge().status == 0
    result = container.analyze(container.folder / "output")
    assert result.status == 0, str(result)
    assert container.message.read_text().strip() == "Completed: Job completed successfully with no violations."


def test_container_failure_is_told(container):
    container.window.capture_file(["{"], name="59.jsonl")
    result = container.merge()
    assert result.status == 2, str(result)
    message = container.message.read_text()
    assert "59.jsonl:1" in message
    assert not list((container.folder / "output").rglob("part-*"))


def test_container_baseline(tmp_path):
    """A baselining job is the analyzer on a labelled CSV."""
    h.write(tmp_path / "in/b.csv", baseline_text("csv", FOUR))
    env = {"dataset_source": str(tmp_path / "in"), "output_path": str(tmp_path / "out"),
           "dataset_format": '{"csv": {"header": true, "output_columns_position": "START"}}',
           "analysis_type": "MODEL_QUALITY", "problem_type": "BinaryClassification", "probability_attribute": "p",
           "ground_truth_attribute": "label", "publish_cloudwatch_metrics": "Disabled",
           "output_message_file": str(tmp_path / "message")}
    result = h.hindcast("analyze", env=env)
    assert result.status == 0, str(result)
    assert h.matrix(tmp_path / "out") == ALL_ONE
    assert (tmp_path / "message").read_text().strip() == "Completed: Job completed successfully with no violations."


def test_container_of_json_lines_and_a_positive_label(tmp_path):
    h.write(tmp_path / "in/b.jsonl", "".join(f'{{"p":{s},"label":"{"yes" if v == "1" else "no"}"}}\n' for s, v in FOUR))
    env = {"dataset_source": str(tmp_path / "in"), "output_path": str(tmp_path / "out"),
           "dataset_format": '{"json": {"lines": true}}', "analysis_type": "MODEL_QUALITY",
           "problem_type": "BinaryClassification", "probability_attribute": "p", "ground_truth_attribute": "label",
           "positive_label": "yes", "output_message_file": str(tmp_path / "message")}
    result = h.hindcast("analyze", env=env)
    assert result.status == 0, str(result)
    assert list(h.matrix(tmp_path / "out")) == ["no", "yes"]


@pytest.mark.parametrize("change, says", [
    ({"problem_type": None}, "problem_type"),
    ({"problem_type": "Ranking"}, "Ranking"),
    ({"output_path": None}, "output_path"),
    ({"dataset_format": "{"}, "dataset_format"),
    ({"probability_threshold_attribute": "half"}, "half"),
])
def test_container_wrong_environment(container, change, says):
    assert container.merge().status == 0
    result = container.analyze(container.folder / "output", **change)
    assert result.status == 2 and says in result.err, str(result)
