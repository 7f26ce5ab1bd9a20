"""Bad input and wrong usage: the exit status, a message that names the place, and nothing left behind.

Every case breaks one thing in a set of inputs that is known to work (test_the_inputs_work), so
that a failure can only come from what was broken.
"""
import gzip
import json
import os
import random
import re
import resource
import subprocess
import sys

import pytest

import helpers as h

MIB = 1 << 20
GOOD_ROWS = h.binary_rows(8)
BINARY = ("--problem-type", "BinaryClassification", "--probability-attribute", "0",
          "--probability-threshold-attribute", "0.5")
REGRESSION = ("--problem-type", "Regression", "--inference-attribute", "0")
MULTICLASS = ("--problem-type", "MulticlassClassification", "--inference-attribute", "0")


def good_window(folder):
    return h.Window(folder).pairs(GOOD_ROWS)


def run_args(window, *attributes, out=None):
    return ("run", *window.inputs(), *window.tick(), *(attributes or BINARY), "-o", out or window.out)


def refuse(window, *attributes, status=2, says=(), at=None, out=None):
    """Runs and checks refusal: the status, words of the message, its path:LINE, nothing in DIR."""
    return refused(run_args(window, *attributes, out=out), status, says, at, out or window.out)


def refused(args, status, says, at, out, **options):
    before = h.snapshot(out)
    result = h.hindcast(*args, **options)
    wanted = status if isinstance(status, tuple) else (status,)
    assert result.status in wanted, str(result)
    assert result.err.strip(), f"refused without a word\n{result}"
    for word in (says,) if isinstance(says, str) else says:
        assert re.search(word, result.err, re.I), f"{word!r} is not in the message\n{result}"
    if at:
        assert h.has_place(result.err, *at), f"{at[0]}:{at[1]} is not in the message\n{result}"
    assert h.snapshot(out) == before, f"files changed in the output folder\n{result}"
    return result


def test_the_inputs_work(window):
    good_window(window.folder)
    h.succeed(*run_args(window))
    assert h.counts(window.out)["matched"] == len(GOOD_ROWS)


# --- one bad record in the captures ------------------------------------------------------------


def record(**changes):
    made = h.capture("0.5", "ev-bad", "bad", "2026-03-01T05:30:00Z")
    made.update(changes)
    return made


def output(**changes):
    made = record()
    made["captureData"]["endpointOutput"].update(changes)
    return made


def without(made, *path):
    inner = made
    for key in path[:-1]:
        inner = inner[key]
    del inner[path[-1]]
    return made


def metadata(**changes):
    made = record()
    made["eventMetadata"].update(changes)
    return made


NESTED = '{"a":' * 100_000 + "1" + "}" * 100_000

BAD_CAPTURES = {
    "truncated": h.compact(record())[:-20],
    "truncated in a string": h.compact(record())[:60],
    "truncated in an escape": '{"captureData":{"endpointOutput":{"data":"\\u00',
    "not an object": "[1,2]",
    "a number": "7",
    "plain text": "hello world",
    "garbage behind": h.compact(record()) + "}",
    "two records in a line": h.compact(record()) + h.compact(record()),
    "single quotes": h.compact(record()).replace('"', "'"),
    "trailing comma": h.compact(record())[:-1] + ",}",
    "a comment": "// " + h.compact(record()),
    "leading zero": h.compact(record())[:-1] + ',"x":01}',
    "NaN as a value": h.compact(record())[:-1] + ',"x":NaN}',
    "control character": h.compact(record())[:-1] + ',"x":"a\tb"}',
    "bad escape": h.compact(record())[:-1] + ',"x":"\\x41"}',
    "lone high surrogate": h.compact(record())[:-1] + ',"x":"\\ud83d"}',
    "lone low surrogate": h.compact(record())[:-1] + ',"x":"\\ude00"}',
    "surrogates the wrong way round": h.compact(metadata(eventId="@")).replace("@", "\\ude00\\ud83d"),
    "nested braces": NESTED,
    "nested brackets": "[" * 100_000,
    "nested under an unknown key": h.compact(record())[:-1] + ',"x":' + NESTED + "}",
    "nested unclosed": '{"a":' * 100_000,
    "no capture data": h.compact(without(record(), "captureData")),
    "capture data is text": h.compact(record(captureData="x")),
    "no output": h.compact(without(record(), "captureData", "endpointOutput")),
    "no data": h.compact(without(record(), "captureData", "endpointOutput", "data")),
    "data is a number": h.compact(output(data=0.5)),
    "data is null": h.compact(output(data=None)),
    "no encoding": h.compact(without(record(), "captureData", "endpointOutput", "encoding")),
    "unknown encoding": h.compact(output(encoding="XML")),
    "encoding is a number": h.compact(output(encoding=1)),
    "no metadata": h.compact(without(record(), "eventMetadata")),
    "no id": h.compact(without(without(record(), "eventMetadata", "eventId"), "eventMetadata", "inferenceId")),
    "id is a number": h.compact(metadata(inferenceId=95)),
    "id is null": h.compact(metadata(inferenceId=None)),
    "event id is a number": h.compact(without(metadata(eventId=95), "eventMetadata", "inferenceId")),
    "empty id": h.compact(without(metadata(eventId=""), "eventMetadata", "inferenceId")),
    "bad base64": h.compact(output(data="MC4=5", encoding="BASE64")),
    "base64 of bytes": h.compact(output(data=h.b64(b"\xff\xfe\x00"), encoding="BASE64")),
    "bad csv": h.compact(output(data='"0.5')),
    "bad json data": h.compact(output(data='{"p":', encoding="JSON")),
    "score is text": h.compact(output(data="high")),
    "score above 1": h.compact(output(data="1.5")),
    "score below 0": h.compact(output(data="-0.1")),
    "score just above 1": h.compact(output(data="1.0000000000000002")),
    "score NaN": h.compact(output(data="NaN")),
    "score nan": h.compact(output(data="nan")),
    "score Infinity": h.compact(output(data="Infinity")),
    "score -inf": h.compact(output(data="-inf")),
    "score overflows": h.compact(output(data="1e999")),
    "score hexadecimal": h.compact(output(data="0x1p-1")),
    "score with a comma": h.compact(output(data='"0,5"')),
}


@pytest.mark.parametrize("name", BAD_CAPTURES)
def test_bad_capture(window, name):
    """One bad record, third line of a second file; nothing has a label for it."""
    good_window(window.folder)
    path = window.capture_file(
        [h.capture("0.5", "ev-x"), h.capture("0.5", "ev-y"), BAD_CAPTURES[name], h.capture("0.5", "ev-z")],
        name="30-00-000-b.jsonl")
    refuse(window, at=(path, 3))


@pytest.mark.parametrize("name", BAD_CAPTURES)
def test_bad_capture_tolerated(window, name):
    good_window(window.folder)
    path = window.capture_file([BAD_CAPTURES[name]], name="30-00-000-b.jsonl")
    h.succeed(*run_args(window), "--max-bad-records", "1")
    check_unreadable(window.out, path, 1)
    assert h.counts(window.out)["captured"] == len(GOOD_ROWS)


def check_unreadable(out, path, *lines):
    entry = h.load(out / "join_report.json")["unreadable"]
    assert entry["count"] == len(lines)
    places = sorted((os.path.basename(s["file"]), s["line"]) for s in entry["samples"])
    assert places == [(path.name, line) for line in lines]
    assert all(s["why"] for s in entry["samples"])


BAD_LABELS = {
    "truncated": h.compact(h.label("bad", "1"))[:-5],
    "nested braces": NESTED,
    "no ground truth": h.compact(without(h.label("bad", "1"), "groundTruthData")),
    "no data": h.compact(without(h.label("bad", "1"), "groundTruthData", "data")),
    "data is a number": h.compact(h.label("bad", 1)),
    "unknown encoding": h.compact(h.label("bad", "1", "YAML")),
    "no id": h.compact(without(h.label("bad", "1"), "eventMetadata", "eventId")),
    "id is a number": h.compact(h.label(95, "1")),
    "id is a list": h.compact(h.label(["95"], "1")),
    "a capture": h.compact(record()),
}


@pytest.mark.parametrize("name", BAD_LABELS)
def test_bad_label(window, name):
    good_window(window.folder)
    path = window.label_file([h.label("x", "1"), BAD_LABELS[name]], name="more.jsonl")
    refuse(window, at=(path, 2))


@pytest.mark.parametrize("name", BAD_LABELS)
def test_bad_label_tolerated(window, name):
    good_window(window.folder)
    path = window.label_file([h.label("x", "1"), BAD_LABELS[name]], name="more.jsonl")
    h.succeed(*run_args(window), "--max-bad-records", "1")
    check_unreadable(window.out, path, 2)


NOT_UTF8 = {
    "latin1": h.compact(metadata(eventId="Größe")).encode("latin-1"),
    "overlong": h.compact(metadata(eventId="@")).encode().replace(b"@", b"\xc0\xaf"),
    "surrogate": h.compact(metadata(eventId="@")).encode().replace(b"@", b"\xed\xa0\x80"),
    "beyond the last plane": h.compact(metadata(eventId="@")).encode().replace(b"@", b"\xf4\x90\x80\x80"),
    "cut sequence": h.compact(metadata(eventId="@")).encode().replace(b"@", b"\xe2\x82"),
    "under an unknown key": h.compact(record(x="@")).encode().replace(b"@", b"\xff"),
    "NUL bytes": b"\0\0\0\0",
    "binary garbage": bytes(b for b in random.Random(7).randbytes(4000) if b not in b"\r\n"),
}


@pytest.mark.parametrize("name", NOT_UTF8)
def test_text_that_is_not_utf8(window, name):
    good_window(window.folder)
    path = window.capture_file(h.compact(h.capture("0.5", "ev-x")).encode() + b"\n" + NOT_UTF8[name] + b"\n",
                               name="30-00-000-b.jsonl")
    refuse(window, at=(path, 2))
    h.succeed(*run_args(window), "--max-bad-records", "1")
    check_unreadable(window.out, path, 2)


@pytest.mark.parametrize("encoding", ("utf-16", "utf-16-be", "utf-32"))
def test_utf16_file(window, encoding):
    good_window(window.folder)
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    path = window.capture_file((mark + h.compact(record()) + "\n").encode(encoding), name="30-00-000-b.jsonl")
    refuse(window, says=re.escape(str(path)))


def test_binary_file_of_many_lines(window):
    good_window(window.folder)
    path = window.capture_file(random.Random(3).randbytes(200_000), name="30-00-000-b.jsonl")
    refuse(window, says=re.escape(str(path)))


def test_line_over_the_limit(window):
    good_window(window.folder)
    long = '{"x":"' + "a" * (64 * MIB) + '"}'
    path = window.capture_file([h.capture("0.5", "ev-x"), long, h.capture("0.5", "ev-y")], name="30-00-000-b.jsonl")
    refuse(window, status=(2, 3), says="64 ?MiB|67108864", at=(path, 2))
    h.succeed(*run_args(window), "--max-bad-records", "1")
    check_unreadable(window.out, path, 2)


def test_line_below_the_limit(window):
    good_window(window.folder)
    long = h.compact(record())[:-1] + ',"x":"' + "a" * (60 * MIB) + '"}'
    window.capture_file([long], name="30-00-000-b.jsonl")
    h.succeed(*run_args(window))
    assert h.counts(window.out)["captured"] == len(GOOD_ROWS) + 1


def test_max_bad_records_is_a_limit(window):
    good_window(window.folder)
    path = window.capture_file(["{", h.capture("0.5", "ev-x"), "{", "{"], name="30-00-000-b.jsonl")
    refuse(window, *BINARY, "--max-bad-records", "2", at=(path, 4))
    h.succeed(*run_args(window), "--max-bad-records", "3")
    check_unreadable(window.out, path, 1, 3, 4)


# --- values ------------------------------------------------------------------------------------

LABEL_VALUES = {
    "regression label is text": (REGRESSION, "3.5", "many"),
    "regression label is NaN": (REGRESSION, "3.5", "NaN"),
    "regression label is infinite": (REGRESSION, "3.5", "inf"),
    "regression label overflows": (REGRESSION, "3.5", "1e400"),
    "regression label is JSON text": (REGRESSION, "3.5", "{}"),
    "regression prediction is text": (REGRESSION, "many", "3.5"),
    "regression prediction is NaN": (REGRESSION, "NaN", "3.5"),
    "regression prediction is infinite": (REGRESSION, "-Infinity", "3.5"),
    "column too far": (("--problem-type", "Regression", "--inference-attribute", "3"), "1,2,3", "1"),
    "column of a name": (("--problem-type", "Regression", "--inference-attribute", "score"), "1,2,3", "1"),
}


@pytest.mark.parametrize("name", LABEL_VALUES)
def test_bad_value(window, name):
    attributes, data, truth = LABEL_VALUES[name]
    captures = window.capture_file([h.capture("1,1,1,1", "a"), h.capture(data, "b")])
    labels = window.label_file([h.label("a", "1"), h.label("b", truth)])
    bad_label = "label" in name
    places = [(labels, 2)] if bad_label else [(captures, 2), (captures, 1)]
    if name == "column of a name":
        refuse(window, *attributes, says="score")
        return
    result = refuse(window, *attributes)
    assert any(h.has_place(result.err, *place) for place in places), str(result)


def test_json_path_that_is_not_there(window):
    path = window.capture_file([h.capture('{"score":0.5}', "a", encoding="JSON"),
                                h.capture('{"p":0.5}', "b", encoding="JSON")])
    window.label_file([h.label("a", "1"), h.label("b", "0")])
    refuse(window, "--problem-type", "BinaryClassification", "--probability-attribute", "$.score", at=(path, 2),
           says="score")


@pytest.mark.parametrize("path", ("$.", "$[", "$['a", "$..a", "$[x]"))
def test_json_path_that_is_none(window, path):
    window.pairs([('{"score":0.5}', "1")], encoding="JSON")
    refuse(window, "--problem-type", "BinaryClassification", "--probability-attribute", path)


def test_third_class(window):
    window.capture_file([h.capture("1", str(i)) for i in range(4)])
    path = window.label_file([h.label(str(i), v) for i, v in enumerate(("1", "0", "2", "0"))])
    attributes = ("--problem-type", "BinaryClassification", "--inference-attribute", "0")
    refuse(window, *attributes, at=(path, 3))
    h.succeed(*run_args(window, *attributes), "--max-bad-records", "1")
    assert h.load(window.out / "join_report.json")["unreadable"]["count"] == 1
    assert h.statistics(window.out)["dataset"]["item_count"] == 3


def test_labels_of_unknown_spelling(window):
    window.capture_file([h.capture("0.5", str(i)) for i in range(4)])
    path = window.label_file([h.label(str(i), v) for i, v in enumerate(("churned", "stayed", "churned", "stayed"))])
    refuse(window, at=(path, 1), says=("churned", "stayed", "--positive-label"))


def test_positive_label_that_nothing_has(window):
    window.pairs([("0.5", "yes"), ("0.5", "no")])
    refuse(window, *BINARY, "--positive-label", "oui", says=("oui", "yes"))


# --- folders and windows -----------------------------------------------------------------------


def test_missing_capture_folder(window):
    good_window(window.folder)
    missing = window.folder / "nowhere"
    refused(("run", "--endpoint-input", missing, "--ground-truth-input", window.labels, *window.tick(), *BINARY, "-o",
             window.out), 2, "nowhere", None, window.out)


def test_missing_label_folder(window):
    good_window(window.folder)
    missing = window.folder / "nowhere"
    refused(("run", "--endpoint-input", window.captures, "--ground-truth-input", missing, *window.tick(), *BINARY, "-o",
             window.out), 2, "nowhere", None, window.out)


def test_a_file_for_a_folder(window):
    good_window(window.folder)
    file = h.write(window.folder / "file", "x")
    refused(("run", "--endpoint-input", file, "--ground-truth-input", window.labels, *window.tick(), *BINARY, "-o",
             window.out), 2, "file", None, window.out)


def test_empty_window(window):
    good_window(window.folder)
    refused(("run", *window.inputs(), "--scheduled-time", "2026-03-01T09:00Z", *BINARY, "-o", window.out), 2, (), None,
            window.out)


def test_hour_folder_without_records(window):
    window.capture_file("")
    window.label_file([h.label("a", "1")])
    refuse(window)


def test_window_without_labels(window):
    window.capture_file([h.capture("0.5", "a")])
    window.label_file([h.label("a", "1")], hour=3)
    refuse(window)


def test_nothing_matched(window):
    window.capture_file([h.capture("0.5", "a")])
    window.label_file([h.label("b", "1")])
    refuse(window)


def test_every_capture_after_the_window(window):
    window.capture_file([h.capture("0.5", "a", at=window.at(1))])
    window.label_file([h.label("a", "1")])
    refuse(window)


def test_s3_is_not_there_yet(window):
    good_window(window.folder)
    refused(("run", "--endpoint-input", "s3://bucket/captures", "--ground-truth-input", window.labels, *window.tick(),
             *BINARY, "-o", window.out), 2, "s3", None, window.out)


# --- wrong usage -------------------------------------------------------------------------------

USAGE = {
    "no inputs": (("--ground-truth-input", "L", "--scheduled-time", "T"),
                  ("--endpoint-input", "--batch-transform-input")),
    "both inputs": (("--endpoint-input", "C", "--batch-transform-input", "C", "--ground-truth-input", "L",
                     "--scheduled-time", "T"), ("--endpoint-input", "--batch-transform-input")),
    "no labels": (("--endpoint-input", "C", "--scheduled-time", "T"), "--ground-truth-input"),
    "no window": (("--endpoint-input", "C", "--ground-truth-input", "L"), "--scheduled-time"),
    "both windows": (("IN", "--scheduled-time", "T", "--start", "2026-03-01T05:00Z", "--end", "T"), ()),
    "start without end": (("IN", "--start", "2026-03-01T05:00Z"), "--end"),
    "end without start": (("IN", "--end", "2026-03-01T05:00Z"), "--start"),
    "period with start": (("IN", "--start", "2026-03-01T05:00Z", "--end", "T", "--period", "PT1H"), "--period"),
    "offset with start": (("IN", "--start", "2026-03-01T05:00Z", "--end", "T", "--start-time-offset=-PT1H"),
                          "--start-time-offset"),
    "labels-until with a scheduled time": (("IN", "--scheduled-time", "T", "--labels-until", "T"), "--labels-until"),
    "start after end": (("IN", "--start", "2026-03-01T07:00Z", "--end", "T"), ()),
    "start equals end": (("IN", "--start", "T", "--end", "T"), ()),
    "start is no whole hour": (("IN", "--start", "2026-03-01T05:30Z", "--end", "T"), "hour"),
    "end is no whole hour": (("IN", "--start", "2026-03-01T05:00Z", "--end", "2026-03-01T05:30Z"), "hour"),
    "offsets the wrong way round": (("IN", "--scheduled-time", "T", "--start-time-offset=-PT1H",
                                     "--end-time-offset=-PT3H"), ()),
    "a month": (("IN", "--scheduled-time", "T", "--start-time-offset=-P1M"), "-PT1M"),
    "a year": (("IN", "--scheduled-time", "T", "--start-time-offset=-P1Y"), "-P1Y"),
    "no duration": (("IN", "--scheduled-time", "T", "--start-time-offset=yesterday"), "yesterday"),
    "empty duration": (("IN", "--scheduled-time", "T", "--start-time-offset=-P"), "-P"),
    "no period": (("IN", "--scheduled-time", "T", "--period", "PT0H"), "PT0H"),
    "negative period": (("IN", "--scheduled-time", "T", "--period=-PT1H"), "-PT1H"),
    "no time": (("IN", "--scheduled-time", "noon"), "noon"),
    "a day that is none": (("IN", "--scheduled-time", "2026-02-29T05:00Z"), "2026-02-29"),
    "an hour that is none": (("IN", "--scheduled-time", "2026-03-01T25:00Z"), "25:00"),
    "unknown option": (("IN", "--scheduled-time", "T", "--treshold", "1"), "--treshold"),
    "unexpected argument": (("IN", "--scheduled-time", "T", "stray"), "stray"),
    "unknown conflict rule": (("IN", "--scheduled-time", "T", "--on-conflict", "newest"), "newest"),
    "bad number of bad records": (("IN", "--scheduled-time", "T", "--max-bad-records", "-1"), "-1"),
    "bad number": (("IN", "--scheduled-time", "T", "--max-bad-records", "many"), "many"),
    "bad threshold": (("IN", "--scheduled-time", "T", "--probability-threshold-attribute", "half"), "half"),
    "threshold is NaN": (("IN", "--scheduled-time", "T", "--probability-threshold-attribute", "nan"), "nan"),
    "bad curve points": (("IN", "--scheduled-time", "T", "--curve-points", "1"), "curve-points"),
    "option without value": (("IN", "--scheduled-time"), "--scheduled-time"),
}


@pytest.mark.parametrize("name", USAGE)
def test_wrong_usage(window, name):
    good_window(window.folder)
    words = {"C": (window.captures,), "L": (window.labels,), "T": ("2026-03-01T06:00Z",), "IN": window.inputs()}
    args, says = USAGE[name]
    args = [inner for word in args for inner in words.get(word, (word,))]
    attributes = BINARY[:4] if "threshold" in name else BINARY
    says = [re.escape(w) for w in ((says,) if isinstance(says, str) else says)]
    refused(("run", *attributes, "-o", window.out, *args), 2, says, None, window.out)


PROBLEM_USAGE = {
    "no problem type": ((), "--problem-type"),
    "unknown problem type": (("--problem-type", "Ranking"), "Ranking"),
    "regression without inference": (("--problem-type", "Regression"), "--inference-attribute"),
    "multiclass without inference": (("--problem-type", "MulticlassClassification"), "--inference-attribute"),
    "multiclass with only a probability": (
        ("--problem-type", "MulticlassClassification", "--probability-attribute", "0"), "--inference-attribute"),
    "binary without anything": (("--problem-type", "BinaryClassification"), "attribute"),
}


@pytest.mark.parametrize("name", PROBLEM_USAGE)
def test_attributes_that_do_not_suffice(window, name):
    good_window(window.folder)
    args, says = PROBLEM_USAGE[name]
    refused(("run", *window.inputs(), *window.tick(), *args, "-o", window.out), 2, re.escape(says), None, window.out)
    source = h.write(window.folder / "b.csv", "label,p\n1,1\n0,0\n")
    refused(("baseline", source, "--ground-truth-attribute", "label", *args, "-o", window.out), 2, re.escape(says),
            None, window.out)


def test_without_output_folder(window):
    good_window(window.folder)
    assert h.hindcast("run", *window.inputs(), *window.tick(), *BINARY).status == 2


@pytest.mark.parametrize("args", ((), ("frobnicate",), ("--frobnicate",), ("rum",)))
def test_unknown_command(args):
    result = h.hindcast(*args)
    assert result.status == 2 and (result.out + result.err).strip()


# --- baselines ---------------------------------------------------------------------------------

BASELINE = ("--problem-type", "BinaryClassification", "--ground-truth-attribute", "label",
            "--probability-attribute", "p")

BASELINES = {
    "empty": ("b.csv", "", None, ()),
    "only a header": ("b.csv", "label,p\n", None, ()),
    "wrong column": ("b.csv", "label,q\n1,0.5\n0,0.2\n", None, ("p",)),
    "short row": ("b.csv", "label,p\n1,0.5\n1\n0,0.2\n", 3, ()),
    "quote never ends": ("b.csv", 'label,p\n1,0.5\n0,"0.2\n1,0.1\n', 3, ()),
    "text behind a quote": ("b.csv", 'label,p\n1,0.5\n0,"0.2"x\n', 3, ()),
    "score is text": ("b.csv", "label,p\n1,0.5\n0,low\n", 3, ("low",)),
    "score out of range": ("b.csv", "label,p\n1,0.5\n0,1.1\n", 3, ("1.1",)),
    "score is empty": ("b.csv", "label,p\n1,0.5\n0,\n", 3, ()),
    "row behind embedded newlines": ("b.csv", 'x,label,p\n"a\nb\nc",1,0.5\n"a",0,7\n', 5, ("7",)),
    "not utf-8": ("b.csv", b"label,p\n1,0.5\n\xff,0.2\n", 3, ()),
    "jsonl truncated": ("b.jsonl", '{"label":1,"p":0.5}\n{"label":0,"p":\n', 2, ()),
    "jsonl wrong key": ("b.jsonl", '{"label":1,"p":0.5}\n{"label":0,"q":0.5}\n', 2, ("p",)),
    "jsonl nested": ("b.jsonl", '{"label":1,"p":0.5}\n' + NESTED + "\n", 2, ()),
    "json truncated": ("b.json", '[{"label":1,"p":0.5},{"label":0,"p":', None, ()),
    "json is text": ("b.json", "hello", None, ()),
    "truncated gzip": ("b.csv.gz", gzip.compress(b"label,p\n" + b"1,0.5\n0,0.25\n" * 5000)[:-9], None, ()),
    "gzip of garbage": ("b.csv.gz", b"\x1f\x8b\x08\x00" + random.Random(1).randbytes(400), None, ()),
    "zstd of garbage": ("b.csv.zst", b"\x28\xb5\x2f\xfd" + random.Random(1).randbytes(400), None, ()),
    "unknown format": ("b.parquet", b"PAR1\x15\x04\x15\x10\x00\xff\xfe\x00" * 20 + b"PAR1", None, ()),
}


@pytest.mark.parametrize("name", BASELINES)
def test_bad_baseline(tmp_path, name):
    file, content, line, says = BASELINES[name]
    path = tmp_path / file
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    says = [*([] if name in ("empty", "only a header") else [re.escape(str(path))]), *map(re.escape, says)]
    refused(("baseline", path, *BASELINE, "-o", tmp_path / "out"), (2, 3) if "g" in path.suffix else 2, says,
            (path, line) if line else None, tmp_path / "out")


def test_baseline_tolerates(tmp_path):
    source = h.write(tmp_path / "b.csv", "label,p\n1,0.5\n1\n0,low\n0,0.2\n")
    refused(("baseline", source, *BASELINE, "--max-bad-records", "1", "-o", tmp_path / "out"), 2, (), (source, 4),
            tmp_path / "out")
    h.succeed("baseline", source, *BASELINE, "--max-bad-records", "2", "-o", tmp_path / "out")
    assert h.statistics(tmp_path / "out")["dataset"]["item_count"] == 2


def test_baseline_that_is_missing(tmp_path):
    out = tmp_path / "out"
    refused(("baseline", tmp_path / "none.csv", *BASELINE, "-o", out), 2, "none.csv", None, out)


def test_baseline_without_ground_truth_attribute(tmp_path):
    source = h.write(tmp_path / "b.csv", "label,p\n1,0.5\n0,0.2\n")
    refused(("baseline", source, "--problem-type", "BinaryClassification", "--probability-attribute", "p", "-o",
             tmp_path / "out"), 2, "--ground-truth-attribute", None, tmp_path / "out")


# --- batch -------------------------------------------------------------------------------------


def batch(folder, manifest=None, rows="0.5,id-1,2026-03-01T05:00:00Z\n"):
    h.write(folder / "transform/a.csv.out", rows)
    if manifest is None:
        manifest = json.dumps([{"prefix": f"{folder}/transform/"}, "a.csv.out"])
    path = h.write(folder / "captures/output/2026/03/01/05/m.json", manifest)
    h.write(folder / "labels/2026/03/01/05/l.jsonl", [h.label("id-1", "1")])
    return path, ("run", "--batch-transform-input", folder / "captures", "--dataset-format", "csv", "--no-header",
                  "--ground-truth-input", folder / "labels", "--scheduled-time", "2026-03-01T06:00Z", *BINARY, "-o",
                  folder / "out")


def test_the_batch_works(tmp_path):
    _, args = batch(tmp_path)
    h.succeed(*args)


@pytest.mark.parametrize("manifest", ("", "[", "{}", "[]", "7", '["a.csv.out"]', '[{"prefix":7},"a.csv.out"]', NESTED,
                                      '[{"prefix":"/nowhere/at/all/"},"a.csv.out"]', "[" * 100_000))
def test_bad_manifest(tmp_path, manifest):
    path, args = batch(tmp_path, manifest)
    refused(args, 2, (), None, tmp_path / "out")


def test_batch_output_that_is_missing(tmp_path):
    _, args = batch(tmp_path, json.dumps([{"prefix": f"{tmp_path}/transform/"}, "gone.out"]))
    refused(args, 2, "gone.out", None, tmp_path / "out")


@pytest.mark.parametrize("row", ("0.5", "0.5,id-2", 'x,id-2,2026-03-01T05:00:00Z', '0.5,"id-2,2026-03-01T05:00:00Z',
                                 "0.5,,2026-03-01T05:00:00Z"))
def test_bad_batch_row(tmp_path, row):
    _, args = batch(tmp_path, rows="0.5,id-1,2026-03-01T05:00:00Z\n" + row + "\n")
    refused(args, 2, (), (tmp_path / "transform/a.csv.out", 2), tmp_path / "out")


# --- constraints files -------------------------------------------------------------------------


def constraints(**entries):
    return json.dumps({"version": 0.0, "binary_classification_constraints": entries})


def entry(threshold=0.5, operator="LessThanThreshold"):
    return {"threshold": threshold, "comparison_operator": operator}


BAD_CONSTRAINTS = {
    "unknown metric": (constraints(recal=entry()), ("recal", "recall")),
    "another unknown metric": (constraints(f0_6=entry()), ("f0_6", "f0_5")),
    "metric of camel case": (constraints(truePositiveRate=entry()), ("truePositiveRate", "true_positive_rate")),
    "unknown operator": (constraints(recall=entry(operator="LessThenThreshold")),
                         ("recall", "LessThenThreshold", "LessThanThreshold")),
    "threshold is text": (constraints(recall=entry("high")), ("recall", "high")),
    "threshold is null": (constraints(recall=entry(None)), ("recall",)),
    "no threshold": (constraints(recall={"comparison_operator": "LessThanThreshold"}), ("recall",)),
    "no operator": (constraints(recall={"threshold": 0.5}), ("recall",)),
    "entry is a number": (constraints(recall=0.5), ("recall",)),
    "of another problem type": (json.dumps({"version": 0.0, "regression_constraints": {
        "mae": entry(operator="GreaterThanThreshold")}}), ()),
    "truncated": (constraints(recall=entry())[:-3], ()),
    "empty": ("", ()),
    "a list": ("[]", ()),
    "nested": (NESTED, ()),
}


@pytest.mark.parametrize("name", BAD_CONSTRAINTS)
def test_bad_constraints(window, name):
    good_window(window.folder)
    content, says = BAD_CONSTRAINTS[name]
    path = h.write(window.folder / "my-constraints.json", content)
    refuse(window, *BINARY, "--constraints", path, says=[re.escape("my-constraints.json"), *map(re.escape, says)])


def test_constraints_that_are_missing(window):
    good_window(window.folder)
    refuse(window, *BINARY, "--constraints", window.folder / "none.json", says="none.json")


# --- an earlier report, and outputs that cannot be written -----------------------------------------


def test_an_earlier_report_is_untouched(window):
    good_window(window.folder)
    h.succeed(*run_args(window))
    before = h.snapshot(window.out)
    assert set(h.REPORT_FILES) <= set(before)
    path = window.capture_file(["{"], name="59-00-000-b.jsonl")
    refuse(window, at=(path, 1))
    assert h.snapshot(window.out) == before
    path.unlink()
    refuse(window, *BINARY, "--constraints", window.folder / "none.json")
    assert h.snapshot(window.out) == before


def test_a_refused_run_makes_no_folder(window):
    good_window(window.folder)
    window.capture_file(["{"], name="59-00-000-b.jsonl")
    refuse(window)
    assert not window.out.exists() or not list(window.out.iterdir())


def test_output_below_a_file(window):
    good_window(window.folder)
    h.write(window.folder / "file", "x")
    refuse(window, status=(2, 3), says="file", out=window.folder / "file/out")
    refuse(window, status=(2, 3), says="file", out=window.folder / "file")
    assert (window.folder / "file").read_text() == "x"


def test_output_where_nothing_can_be_made(window):
    good_window(window.folder)
    refuse(window, status=(2, 3), says="/proc", out="/proc/hindcast-out")


def small_files():
    """Files of this process and its children end at 4 KiB; writing on is an error, not a signal."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))


def test_output_that_is_full(window):
    """A limit of the file size stands for a full disk: the write fails half way."""
    h.Window(window.folder).pairs(h.binary_rows(500))
    refused(run_args(window), 3, (), None, window.out, preexec_fn=small_files)


def test_full_output_leaves_an_earlier_report(window):
    h.Window(window.folder).pairs(h.binary_rows(500))
    h.succeed(*run_args(window))
    before = h.snapshot(window.out)
    refused(run_args(window), 3, (), None, window.out, preexec_fn=small_files)
    assert h.snapshot(window.out) == before


DISK = """
set -e
mount -t tmpfs -o size=64k none "$1"
status=0
shift
"$@" || status=$?
find "$DISK" -type f | sed 's/^/left: /' >&2
exit $status
"""


def test_disk_that_is_full(window):
    """The real thing, where this user may mount a file system of its own."""
    disk = window.folder / "disk"
    disk.mkdir()
    probe = subprocess.run(["unshare", "-rm", "sh", "-c", f"mount -t tmpfs none {disk}"], capture_output=True)
    if probe.returncode:
        pytest.skip(f"no private mounts here: {probe.stderr.decode().strip()}")
    h.Window(window.folder).pairs(h.binary_rows(2000))
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", DISK, "sh", disk, h.binary(), *map(str, run_args(window, out=disk / "out"))],
        capture_output=True, env=h.environment({"DISK": str(disk)}), timeout=60)
    err = done.stderr.decode()
    assert done.returncode == 3, err
    assert "left:" not in err, err
    assert re.search("space|full", err, re.I), err


def test_standard_output_that_is_full(window):
    good_window(window.folder)
    with open("/dev/full", "wb") as full:
        result = h.hindcast(*run_args(window), "--json", stdout=full)
    assert result.status == 3, str(result)
    assert result.err.strip()


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_memory_that_is_short(window):
    """Little address space: an error or success, never a crash."""
    window.pairs(h.binary_rows(3000))

    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (24 * MIB, 24 * MIB))

    if "asan" in h.binary() or "ASAN_OPTIONS" in os.environ:
        pytest.skip("a sanitizer needs address space of its own")
    result = h.hindcast(*run_args(window), preexec_fn=limit)
    assert result.status in (0, 3), str(result)


def test_output_held_by_another_run(window):
    """One run at a time in one folder: the second is told, or waits; the report is whole either way."""
    good_window(window.folder)
    args = [h.binary(), *map(str, run_args(window))]
    both = [subprocess.Popen(args, env=h.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            for _ in range(2)]
    ends = [p.communicate(timeout=60) and p.returncode for p in both]
    assert 0 in ends and set(ends) <= {0, 2, 3}, ends
    assert set(h.REPORT_FILES) <= set(h.snapshot(window.out))
    manifest = h.load(window.out / "manifest.json")
    assert manifest


# --- what is tolerated, or told, on every way --------------------------------------------------


LONG = ("--max-line-bytes", "1000", "--max-bad-records", "3")


@pytest.mark.parametrize("size", [1500, 700_000], ids=("in-a-block", "beyond-a-block"))
@pytest.mark.parametrize("more", [(), ("--no-merged-output",), ("--threads", "1")], ids=("merged", "plain", "alone"))
def test_a_long_line_that_is_tolerated(window, size, more):
    records = [h.capture("0.5", f"ev-{i}", f"id-{i}", input_data="a" * (size if i == 3 else 9)) for i in range(8)]
    window.capture_file(records)
    window.label_file([h.label(f"id-{i}", str(i % 2)) for i in range(8)])
    h.succeed(*run_args(window), *LONG, *more)
    assert h.counts(window.out)["unreadable"] == 1 and h.counts(window.out)["matched"] == 7
    assert len(h.merged_records(window.out)) == (7 if "--no-merged-output" not in more else 0)


def test_a_long_row_that_is_tolerated(tmp_path):
    rows = "".join(f"{'x' * (5000 if i == 3 else 2)},0.5,id-{i},2026-03-01T05:00:00Z\n" for i in range(8))
    _, args = batch(tmp_path, rows=rows)
    h.write(tmp_path / "labels/2026/03/01/05/l.jsonl", [h.label(f"id-{i}", str(i % 2)) for i in range(8)])
    args = [a if a != "0" else "1" for a in args]
    h.succeed(*args, *LONG)
    assert h.counts(tmp_path / "out")["unreadable"] == 1 and h.counts(tmp_path / "out")["matched"] == 7


def test_a_long_line_before_the_preprocessor(window):
    good_window(window.folder)
    h.succeed(*run_args(window))
    part = h.merged_files(window.out)[0]
    lines = part.read_text().splitlines()
    merged = h.write(window.folder / "m.jsonl", [lines[0], " " * 2000 + lines[1], *lines[2:]])
    script = h.write(window.folder / "p.py", "def preprocess_handler(r):\n"
                     "    return {'score': r.endpoint_output.data, 'truth': r.ground_truth.data}\n")
    args = ("analyze", merged, "--problem-type", "BinaryClassification", "--probability-attribute", "score",
            "--ground-truth-attribute", "truth", "--record-preprocessor-script", script, "-o", window.folder / "again")
    result = refused((*args, "--max-line-bytes", "1000"), 2, "longer than 1000", (merged, 2), window.folder / "again")
    assert result.err.count("m.jsonl:2:") == 1
    h.succeed(*args, *LONG)
    assert sum(map(sum, (row.values() for row in h.matrix(window.folder / "again").values()))) == len(lines) - 1


def every_way(args, chunks=("64", "4000", "1000000")):
    """The one outcome (status, message) of a command for any number of threads and cut of the files."""
    outcomes = set()
    for threads in "127":
        for chunk in chunks:
            result = h.hindcast(*args, "--threads", threads, "--chunk-bytes", chunk)
            outcomes.add((result.status, result.err))
    assert len(outcomes) == 1, outcomes
    return outcomes.pop()


@pytest.mark.parametrize("classes", [1500, 66_000])
def test_too_many_classes_are_one_error(window, classes):
    """The same one whichever thread met which class first; a bad record comes before it."""
    ids = [f"i{i}" for i in range(classes)]
    records = [h.capture(f"class {i}", f"ev-{i}", i) for i in ids]
    window.capture_file(records)
    window.label_file([h.label(i, f"class {i}") for i in ids])
    chunks = ("4000", "1000000")
    status, err = every_way(run_args(window, *MULTICLASS), chunks)
    assert status == 3 and "more than 1000 different spellings" in err and "Regression" in err
    window.capture_file(records[:-1] + ['{"captureData":'])
    status, err = every_way(run_args(window, *MULTICLASS), chunks)
    assert status == 2 and f"a.jsonl:{classes}:" in err
    if classes < 2000:
        h.succeed("merge", *window.inputs(), *window.tick(), "-o", window.folder / "m", "--max-bad-records", "1")
        status, err = every_way(("analyze", window.folder / "m", *MULTICLASS, "-o", window.out))
        assert status == 3 and "more than 1000 different spellings" in err


def test_a_class_with_a_long_name_is_told_with_its_place(window):
    data = [f"{'n' * (2000 + i)}" if i % 100 == 50 else f"c{i % 3}" for i in range(1000)]
    window.capture_file([h.capture("c1", f"ev-{i}", f"i{i}") for i in range(1000)])
    labels = window.label_file([h.label(f"i{i}", d) for i, d in enumerate(data)])
    status, err = every_way(run_args(window, *MULTICLASS))
    assert status == 3 and h.has_place(err, labels, 51) and "2050 bytes" in err
    h.succeed("merge", *window.inputs(), *window.tick(), "-o", window.folder / "m")
    part = h.merged_files(window.folder / "m")[0]
    for more in ((), ("--partial",)):
        status, err = every_way(("analyze", part, *MULTICLASS, *more, "-o", window.out))
        assert status == 3 and h.has_place(err, part, 51) and "2050 bytes" in err


def test_a_bad_record_is_told_before_a_contradiction(window):
    path = window.capture_file([h.capture("0.5", "ev-1", "id-1"), "{"])
    window.label_file([h.label("id-1", "1"), h.label("id-1", "0")])
    args = (*run_args(window), "--on-conflict", "error")
    status, err = every_way(args)
    assert status == 2 and h.has_place(err, path, 2)
    status, err = every_way((*args, "--max-bad-records", "1"))
    assert status == 2 and "a different label for 'id-1'" in err


def test_merged_records_that_are_parquet(tmp_path):
    path = h.write(tmp_path / "m.parquet", b"PAR1")
    refused(("analyze", path, *BINARY, "-o", tmp_path / "out"), 2, "not Parquet", None, tmp_path / "out")


def test_all_records_bad_and_tolerated(window):
    """There is nothing to measure, and the message says why."""
    path = window.capture_file(['{"captureData":'] * 5)
    window.label_file([h.label("id-1", "1")])
    refused((*run_args(window), "--max-bad-records", "9"), 2, ("no captured record", "5 of them"), (path, 1), window.out)
    window.capture_file([h.capture("0.5", "ev-1", "id-1")])
    path = window.label_file(["{"] * 3)
    refused((*run_args(window), "--max-bad-records", "9"), 2, ("no ground truth", "3 of them"), (path, 1), window.out)


def test_records_that_are_not_merged(window):
    """Captures or labels given to analyze: the remedy is about merged records."""
    good_window(window.folder)
    for folder, part in ((window.captures, "groundTruthData"), (window.labels, "captureData")):
        file = next(folder.rglob("*.jsonl"))
        refused(("analyze", folder, *BINARY, "-o", window.out), 2, (f"has no {part}", "`merge` or `run` wrote"), (file, 1),
                window.out)


def test_very_many_blank_lines(window):
    """A few hundred kilobytes of gzip that stand for so many lines: an error of a named limit, not gigabytes of memory."""
    path = window.base / h.hour_path(window.start) / "00-00-000-a.jsonl.gz"
    path.parent.mkdir(parents=True)
    record = h.compact(h.capture("0.5", "ev-1", "id-1")).encode() + b"\n"
    blank = gzip.compress(b"\n" * (1 << 20))
    path.write_bytes(gzip.compress(record) + blank * 130)
    window.label_file([h.label("id-1", "1")])
    refused(run_args(window), 3, ("134217728 lines", "--no-merged-output"), None, window.out)
    h.succeed(*run_args(window), "--positive-label", "1", "--no-merged-output")
