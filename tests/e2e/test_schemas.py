"""The documents of our own against their JSON Schemas, for every command and every kind of ending."""
import json

import jsonschema
import pytest

import helpers as h

NAMES = ("run", "join_report", "manifest")
SCORE = ("--problem-type", "BinaryClassification", "--probability-attribute", "0")
REGRESSION = ("--problem-type", "Regression", "--inference-attribute", "0")
MULTICLASS = ("--problem-type", "MulticlassClassification", "--inference-attribute", "0")


def schema(name):
    path = h.SCHEMAS / f"{name}.schema.json"
    assert path.is_file(), f"{path} is missing"
    return h.load(path)


def validate(name, document):
    made = schema(name)
    validator = jsonschema.validators.validator_for(made)
    errors = [f"{'/'.join(map(str, e.absolute_path))}: {e.message}" for e in validator(made).iter_errors(document)]
    assert not errors, "\n".join(errors)


def objects(made):
    """Every object schema with properties inside a schema."""
    if isinstance(made, dict):
        if "properties" in made:
            yield made
        for inner in made.values():
            yield from objects(inner)
    elif isinstance(made, list):
        for inner in made:
            yield from objects(inner)


@pytest.mark.parametrize("name", NAMES)
def test_schema_is_one(name):
    made = schema(name)
    jsonschema.validators.validator_for(made).check_schema(made)
    assert made.get("$schema"), "a schema says which draft it is written in"
    assert list(objects(made)), "a schema that demands nothing"


@pytest.mark.parametrize("name", NAMES)
def test_schema_refuses_what_is_wrong(name, window):
    """A schema that lets anything pass would make the tests below worthless."""
    validator = jsonschema.validators.validator_for(schema(name))(schema(name))
    for wrong in ({}, [], "text", None, {"version": []}):
        assert not validator.is_valid(wrong), wrong


@pytest.mark.parametrize("attributes, rows", [
    (SCORE, h.binary_rows(30)),
    (SCORE, h.binary_rows(250)),
    (SCORE, [("0.5", "1")]),
    (REGRESSION, [("1.5", "2"), ("1", "1")]),
    (REGRESSION, [("1.5", "2")]),
    (MULTICLASS, [("a", "b"), ("b", "b"), ("ü", "a")]),
], ids=("binary", "deviations", "one record", "regression", "no spread", "multiclass"))
def test_documents_of_a_run(window, attributes, rows):
    window.pairs(rows)
    window.capture_file([h.capture("0.5", f"lonely{i}", at=window.at(0, i)) for i in range(25)] + ["{"], name="b.jsonl")
    window.label_file([h.label("0-0", rows[0][1]), h.label("0-0", rows[-1][1]), h.label("nobody", "1"), "7"],
                      name="more.jsonl")
    more = ("--checksums", "--max-bad-records", "5", "--json")
    result = h.succeed("run", *window.inputs(), *window.tick(), *attributes, *more, "-o", window.out)
    check_documents(window.out, result)


def check_documents(out, result):
    validate("run", result.document())
    validate("manifest", h.load(out / "manifest.json"))
    if (out / "join_report.json").exists():
        validate("join_report", h.load(out / "join_report.json"))


def test_documents_of_violations(window):
    window.pairs([("0.4", "1"), ("0.6", "1")])
    entry = {"threshold": 0.9, "comparison_operator": "LessThanThreshold"}
    limits = h.write(window.folder / "c.json", json.dumps({"binary_classification_constraints": {
        "recall": entry, "auc": entry, "f0_5": entry}}))
    for more in ((), ("--aws-quirks",)):
        result = h.succeed("run", *window.inputs(), *window.tick(), *SCORE, "--constraints", limits, *more, "--json",
                           "-o", window.out, status=1)
        check_documents(window.out, result)


def test_documents_of_the_halves(window):
    window.pairs(h.binary_rows(30))
    merged = window.folder / "merged"
    check_documents(merged, h.succeed("merge", *window.inputs(), *window.tick(), "--json", "-o", merged))
    result = h.succeed("analyze", merged / "merge", *SCORE, "--json", "-o", window.out)
    check_documents(window.out, result)


def test_documents_of_offsets_and_hours(window):
    window.pairs(h.binary_rows(30))
    window.capture_file([h.capture("0.5", "late", at=window.at(2))], name="b.jsonl")
    for times in (("--scheduled-time", h.stamp(window.at(1)), "--start-time-offset=-PT1H", "--end-time-offset=-PT0H"),
                  ("--start", h.stamp(window.at(0)), "--end", h.stamp(window.at(1)))):
        result = h.succeed("run", *window.inputs(), *times, *SCORE, "--json", "-o", window.out)
        check_documents(window.out, result)


def test_documents_of_a_batch(tmp_path):
    h.write(tmp_path / "t/a.out", "0.9,id-1,2026-03-01T05:00:00Z\n0.2,id-2,2026-03-01T05:00:00Z\n")
    h.write(tmp_path / "c/output/2026/03/01/05/m.json", json.dumps([{"prefix": f"{tmp_path}/t/"}, "a.out"]))
    h.write(tmp_path / "l/2026/03/01/05/l.jsonl", [h.label("id-1", "1"), h.label("id-2", "0")])
    result = h.succeed("run", "--batch-transform-input", tmp_path / "c", "--dataset-format", "csv", "--no-header",
                       "--ground-truth-input", tmp_path / "l", "--scheduled-time", "2026-03-01T06:00Z", *SCORE,
                       "--json", "-o", tmp_path / "out")
    check_documents(tmp_path / "out", result)


def test_document_of_a_baseline(tmp_path):
    source = h.write(tmp_path / "b.csv", "p,label\n0.9,1\n0.1,0\n")
    result = h.succeed("baseline", source, "--problem-type", "BinaryClassification", "--probability-attribute", "p",
                       "--ground-truth-attribute", "label", "--json", "-o", tmp_path / "out")
    validate("run", result.document())


@pytest.mark.parametrize("ruin", ("captures", "window", "option"))
def test_document_of_a_failure(window, ruin):
    window.pairs(h.binary_rows(5))
    if ruin == "captures":
        window.capture_file(["{"], name="b.jsonl")
    tick = window.tick(50) if ruin == "window" else window.tick()
    more = ("--max-bad-records", "x") if ruin == "option" else ()
    result = h.succeed("run", *window.inputs(), *tick, *SCORE, *more, "--json", "-o", window.out, status=2)
    if result.out.strip():
        validate("run", result.document())
    assert result.err.strip() or result.out.strip()
