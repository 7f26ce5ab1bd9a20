"""Partial results: `analyze --partial` of parts and `combine` in any tree give the bytes of one analyze over all; what
must not be combined is refused; what is no partial result is told where it goes wrong."""
import hashlib
import json
import os
import random
import re
import shutil
import struct

import jsonschema
import pytest

import helpers as h

EPOCH = {"SOURCE_DATE_EPOCH": "1772341200"}
FILES = ("statistics.json", "constraints.json", "constraint_violations.json")
PARTIAL = "partial.hcp"

BINARY = ("--problem-type", "BinaryClassification")
SCORE = (*BINARY, "--probability-attribute", "0")
MULTICLASS = ("--problem-type", "MulticlassClassification", "--inference-attribute", "0")
REGRESSION = ("--problem-type", "Regression", "--inference-attribute", "0")


def run(*args, status=0, cwd=None):
    result = h.hindcast(*args, env=EPOCH, cwd=cwd)
    assert result.status == status, str(result)
    return result


def refused(*args, says, cwd=None, status=2):
    result = run(*args, status=status, cwd=cwd)
    for text in (says,) if isinstance(says, str) else says:
        assert re.search(text, result.err), f"{text!r} is not in the message\n{result}"
    return result


def record(key, prediction, label):
    return h.compact({**h.capture(prediction, f"e-{key}"),
                      "groundTruthData": {"data": label, "encoding": "CSV"}}) + "\n"


def score_row(rng):
    label = rng.random() < 0.3
    score = min(1.0, max(0.0, rng.gauss(0.65 if label else 0.4, 0.2)))
    return f"{round(score, rng.choice((1, 4, 17)))}", rng.choice(("1", "1.0", "true") if label else ("0", "0.0"))


def class_row(rng):
    label = rng.choice("01")
    return label if rng.random() < 0.8 else rng.choice("01"), label


def text_row(rng):
    label = rng.choice(("cat", "dog", "bird", "müll"))
    return label if rng.random() < 0.7 else rng.choice(("cat", "dog", "newt")), label


def value_row(rng):
    label = rng.gauss(0, 10.0 ** rng.randint(-5, 150))
    return repr(label * rng.gauss(1, 0.1)), repr(label)


KINDS = {
    "score": (score_row, SCORE),
    "threshold": (score_row, (*SCORE, "--probability-threshold-attribute", "0.6", "--seed", "7")),
    "class": (class_row, (*BINARY, "--inference-attribute", "0")),
    "positive": (lambda rng: ("yes" if rng.random() < 0.5 else "no", rng.choice(("yes", "no"))),
                 (*BINARY, "--inference-attribute", "0", "--positive-label", "yes")),
    "multiclass": (text_row, MULTICLASS),
    "regression": (value_row, REGRESSION),
}


def put(folder, files):
    for name, lines in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(lines))


def split(rng, parts, row, records=700):
    """Records in `parts` folders below all/, in one or more files each."""
    files = {f"all/{p}/{n}.jsonl": [] for p in range(parts) for n in range(rng.choice((1, 1, 2)))}
    for key in range(records):
        files[rng.choice(list(files))].append(record(key, *row(rng)))
    return files


def read(out, names=FILES):
    return {name: (out / name).read_bytes() for name in names}


def partial(cwd, name, out, *args, status=0):
    return run("analyze", name, *args, "--partial", "-o", out, cwd=cwd, status=status)


def inputs(out):
    return json.loads((out / "manifest.json").read_text())["inputs"]


def tree(rng, cwd, names):
    """Combines in a random tree until one step is left."""
    number = 0
    while len(names) > 1 and rng.random() < 0.8:
        rng.shuffle(names)
        n, out, number = rng.randint(1, len(names)), f"tree-{number}", number + 1
        run("combine", *names[:n], "--partial", *variation(rng), "-o", out, cwd=cwd)
        names = [*names[n:], rng.choice((out, f"{out}/{PARTIAL}"))]
    return names


def variation(rng):
    return rng.choice(((), ("--threads", "1"), ("--threads", "3"), ("--memory", "1M"), ("--simd", "plain")))


LIMITS = {
    "score": ("binary_classification_constraints", "recall", 0.99),
    "multiclass": ("multiclass_classification_constraints", "accuracy", 0.99),
    "regression": ("regression_constraints", "r2", 0.9999999),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", (1, 2, 3))
def test_any_tree_gives_the_report_of_one_run(tmp_path, kind, seed):
    rng = random.Random(f"{kind}:{seed}")
    row, args = KINDS[kind]
    parts = rng.randint(1, 5)
    put(tmp_path, split(rng, parts, row))
    more, status = ("--curve-points", "11") if kind == "score" else (), 0
    if kind in LIMITS:
        section, metric, threshold = LIMITS[kind]
        limits = {section: {metric: {"threshold": threshold, "comparison_operator": "LessThanThreshold"}}, "version": 0.0}
        (tmp_path / "limits.json").write_text(json.dumps(limits))
        more, status = (*more, "--constraints", "limits.json"), 1
    want = run("analyze", "all", *args, *more, "-o", "one", cwd=tmp_path, status=status)
    for part in range(parts):
        speed = rng.choice(((), ("--threads", "3", "--chunk-bytes", "100"), ("--memory", "1M")))
        partial(tmp_path, f"all/{part}", f"p{part}", *args, *speed)
        assert sorted(p.name for p in (tmp_path / f"p{part}").iterdir()) == ["manifest.json", PARTIAL]
    names = tree(rng, tmp_path, [f"p{part}" for part in range(parts)])
    got = run("combine", *names, *more, *variation(rng), "-o", "two", cwd=tmp_path, status=status)
    assert read(tmp_path / "one") == read(tmp_path / "two")
    assert got.out == want.out.replace("written to one", "written to two") and got.err == want.err
    assert inputs(tmp_path / "one") == inputs(tmp_path / "two")


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_bytes_however_it_was_counted(tmp_path, kind):
    """One partial result of all, by any threads, or put together from parts in any order."""
    rng = random.Random(kind)
    row, args = KINDS[kind]
    put(tmp_path, split(rng, 3, row))
    partial(tmp_path, "all", "p", *args)
    want = (tmp_path / "p" / PARTIAL).read_bytes()
    for i, more in enumerate((("--threads", "1"), ("--threads", "7", "--chunk-bytes", "64"), ("--memory", "1M"))):
        partial(tmp_path, "all", f"q{i}", *args, *more)
        assert (tmp_path / f"q{i}" / PARTIAL).read_bytes() == want
    for part in range(3):
        partial(tmp_path, f"all/{part}", f"r{part}", *args)
    # combined: the keys are those below each part's folder, all else is the same
    for order in ((0, 1, 2), (2, 0, 1)):
        run("combine", *(f"r{i}" for i in order), "--partial", "-o", f"s{order[0]}", cwd=tmp_path)
    assert (tmp_path / "s0" / PARTIAL).read_bytes() == (tmp_path / "s2" / PARTIAL).read_bytes()
    run("combine", "p", "-o", "all-of-p", cwd=tmp_path)
    run("combine", "s0", "-o", "all-of-s", cwd=tmp_path)
    assert read(tmp_path / "all-of-p") == read(tmp_path / "all-of-s")


def test_many_records_within_little_memory(tmp_path):
    """More than --memory 1M holds, most of them with one score."""
    rng = random.Random("many")
    rows = [("0.5" if rng.random() < 0.7 else f"{rng.random() ** 9:.17g}", rng.choice("01")) for _ in range(150_000)]
    lines = [record(key, *row) for key, row in enumerate(rows)]
    put(tmp_path, {"all/a/1.jsonl": lines[:100_000], "all/b/1.jsonl": lines[100_000:]})
    small = ("--memory", "1M")
    run("analyze", "all", *SCORE, "-o", "one", cwd=tmp_path)
    for part in "ab":
        partial(tmp_path, f"all/{part}", part, *SCORE, *small)
        partial(tmp_path, f"all/{part}", f"roomy-{part}", *SCORE, "--threads", "1")
        assert (tmp_path / part / PARTIAL).read_bytes() == (tmp_path / f"roomy-{part}" / PARTIAL).read_bytes()
    run("combine", "a", "b", *small, "-o", "two", cwd=tmp_path)
    assert read(tmp_path / "one") == read(tmp_path / "two")
    assert (tmp_path / "a" / PARTIAL).stat().st_size < 16 * 100_000


# --- bad records, third classes ------------------------------------------------------------------


def test_bad_records_are_held_against_one_limit(tmp_path):
    rng = random.Random("bad")
    bad = record("x", "2.5", "1")
    lines = [record(key, *score_row(rng)) for key in range(400)]
    put(tmp_path, {"all/a/1.jsonl": [*lines[:200], bad, bad], "all/b/1.jsonl": [bad, *lines[200:]]})
    run("analyze", "all", *SCORE, "--max-bad-records", "3", "-o", "one", cwd=tmp_path)
    refused("analyze", "all/a", *SCORE, "--partial", "-o", "a", says="all/a/1.jsonl:201", cwd=tmp_path)
    partial(tmp_path, "all/a", "a", *SCORE, "--max-bad-records", "2")
    partial(tmp_path, "all/b", "b", *SCORE, "--max-bad-records", "5")
    refused("combine", "a", "b", "-o", "two", says=("a/partial.hcp: 2 bad records", "3 in all", "--max-bad-records 3"),
            cwd=tmp_path)
    refused("combine", "a", "b", "--max-bad-records", "2", "-o", "two", says="3 in all, and 2", cwd=tmp_path)
    run("combine", "a", "b", "--partial", "-o", "both", cwd=tmp_path)
    result = run("combine", "both", "--max-bad-records", "3", "-o", "two", cwd=tmp_path)
    assert "3 bad records tolerated" in result.out
    assert read(tmp_path / "one") == read(tmp_path / "two")
    document = json.loads(run("combine", "both", "--max-bad-records", "3", "--json", "-o", "two", cwd=tmp_path).out)
    assert document["bad_records_tolerated"] == 3 and document["command"] == "combine"


@pytest.mark.parametrize("tolerated", (0, 1, 2))
def test_a_third_class_is_told_at_its_place(tmp_path, tolerated):
    """No part alone knows which class is one too many."""
    rng = random.Random("third")
    lines = [record(key, *class_row(rng)) for key in range(60)]
    args = (*BINARY, "--inference-attribute", "0", "--positive-label", "1")
    put(tmp_path, {"all/a/1.jsonl": lines[:20], "all/b/1.jsonl": [*lines[20:40], record("x", "1", "maybe")],
                   "all/c/1.jsonl": [record("y", "often", "0"), *lines[40:]]})
    allowed = ("--max-bad-records", str(tolerated))
    want = run("analyze", "all", *args, *allowed, "-o", "one", cwd=tmp_path, status=0 if tolerated == 2 else 2)
    for part in "abc":
        partial(tmp_path, f"all/{part}", part, *args)
    got = run("combine", "c", "b", "a", *allowed, "-o", "two", cwd=tmp_path, status=want.status)
    assert got.err == want.err
    if tolerated == 2:
        assert read(tmp_path / "one") == read(tmp_path / "two")
    else:
        assert "all/b/1.jsonl:21" in got.err


def test_labels_that_need_a_positive_label(tmp_path):
    rng = random.Random("need")
    lines = [record(key, rng.choice(("yes", "no")), rng.choice(("yes", "no"))) for key in range(40)]
    put(tmp_path, {"all/a/1.jsonl": lines[:20], "all/b/1.jsonl": lines[20:]})
    args = (*BINARY, "--inference-attribute", "0")
    want = run("analyze", "all", *args, "-o", "one", cwd=tmp_path, status=2)
    for part in "ab":
        partial(tmp_path, f"all/{part}", part, *args)
    got = run("combine", "b", "a", "-o", "two", cwd=tmp_path, status=2)
    assert got.err == want.err and "all/a/1.jsonl:1" in got.err
    assert not (tmp_path / "two").exists()


def test_a_class_that_is_a_prediction_here_and_a_label_there(tmp_path):
    put(tmp_path, {"all/a/1.jsonl": [record(1, "x", "y")], "all/b/1.jsonl": [record(2, "y", "x"), record(3, "z", "y")]})
    run("analyze", "all", *MULTICLASS, "-o", "one", cwd=tmp_path)
    for part in "ab":
        partial(tmp_path, f"all/{part}", part, *MULTICLASS)
    run("combine", "b", "a", "-o", "two", cwd=tmp_path)
    assert read(tmp_path / "one") == read(tmp_path / "two")


def test_too_many_classes_in_all(tmp_path):
    put(tmp_path, {f"all/{p}/1.jsonl": [record(f"{p}{i}", f"{p}{i}", f"{p}{i}") for i in range(700)] for p in "ab"})
    want = run("analyze", "all", *MULTICLASS, "-o", "one", cwd=tmp_path, status=3)
    for part in "ab":
        partial(tmp_path, f"all/{part}", part, *MULTICLASS)
    for more in ((), ("--partial",)):
        got = run("combine", "a", "b", *more, "-o", "two", cwd=tmp_path, status=3)
        assert got.err == want.err


def test_the_documents_follow_their_schemas(tmp_path):
    put(tmp_path, split(random.Random("schemas"), 2, score_row, 60))
    documents = [partial(tmp_path, f"all/{part}", f"p{part}", *SCORE, "--json") for part in (0, 1)]
    documents.append(run("combine", "p0", "p1", "--partial", "--json", "-o", "both", cwd=tmp_path))
    for result in documents:
        assert "rows_counted" in result.document() and "item_count" not in result.document()
    assert documents[2].document()["rows_counted"] == 60
    documents.append(run("combine", "both", "--json", "-o", "out", cwd=tmp_path))
    assert documents[3].document()["item_count"] == 60
    failed = run("combine", "nothing", "--json", "-o", "out", status=2, cwd=tmp_path)
    for name, made in (*(("run", result.document()) for result in (*documents, failed)),
                       *(("manifest", h.load(tmp_path / out / "manifest.json")) for out in ("p0", "both", "out"))):
        jsonschema.validate(made, h.load(h.SCHEMAS / f"{name}.schema.json"))


def test_the_summary(tmp_path):
    put(tmp_path, split(random.Random("summary"), 1, score_row, 60))
    result = partial(tmp_path, "all", "p", *SCORE)
    assert result.out.startswith("COUNTED  60 records, to be measured by hindcast combine\n"), str(result)
    assert "written to p" in result.out


def test_several_inputs_of_one_part(tmp_path):
    put(tmp_path, split(random.Random("several"), 3, score_row))
    run("analyze", "all", *SCORE, "-o", "one", cwd=tmp_path)
    run("analyze", "all/2", "all/0", "all/1", *SCORE, "-o", "two", cwd=tmp_path)
    assert read(tmp_path / "one") == read(tmp_path / "two")
    assert inputs(tmp_path / "one") == inputs(tmp_path / "two")
    run("analyze", "all/2", "all/0", *SCORE, "--partial", "-o", "p0", cwd=tmp_path)
    run("analyze", "all/0", "all/2", *SCORE, "--partial", "-o", "same", cwd=tmp_path)
    assert (tmp_path / "p0" / PARTIAL).read_bytes() == (tmp_path / "same" / PARTIAL).read_bytes()
    partial(tmp_path, "all/1", "p1", *SCORE)
    run("combine", "p0", "p1", "-o", "three", cwd=tmp_path)
    assert read(tmp_path / "one") == read(tmp_path / "three")
    refused("analyze", "all", "all/0", *SCORE, "-o", "out", says=r"all/0/0\.jsonl is named twice", cwd=tmp_path)


# --- empty parts ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_part_without_records(tmp_path, kind):
    rng = random.Random("empty")
    row, args = KINDS[kind]
    put(tmp_path, {"all/a/1.jsonl": [record(key, *row(rng)) for key in range(30)], "all/b/1.jsonl": ["\n"]})
    run("analyze", "all", *args, "-o", "one", cwd=tmp_path)
    for part in "ab":
        partial(tmp_path, f"all/{part}", part, *args)
    run("combine", "b", "a", "-o", "two", cwd=tmp_path)
    assert read(tmp_path / "one") == read(tmp_path / "two")
    refused("combine", "b", "-o", "three", says="no data", cwd=tmp_path)


def test_a_folder_without_files(tmp_path):
    (tmp_path / "all").mkdir()
    refused("analyze", "all", *SCORE, "--partial", "-o", "out", says="no file with records", cwd=tmp_path)


# --- what does not belong together ---------------------------------------------------------------


@pytest.fixture
def two(tmp_path):
    """A function that makes two partial results with different options."""
    rng = random.Random("two")
    lines = [record(key, *class_row(rng)) for key in range(40)]
    put(tmp_path, {"all/a/1.jsonl": lines[:20], "all/b/1.jsonl": lines[20:]})

    def make(one, other):
        partial(tmp_path, "all/a", "a", *one)
        partial(tmp_path, "all/b", "b", *other)
        return tmp_path
    return make


BOTH = (*BINARY, "--inference-attribute", "0", "--probability-attribute", "0")


@pytest.mark.parametrize("option, one, other, says", (
    ("--problem-type", (*BINARY, "--inference-attribute", "0"), MULTICLASS,
     ("'BinaryClassification'", "'MulticlassClassification'")),
    ("--inference-attribute", BOTH, SCORE, ("'0'", "none")),
    ("--probability-attribute", (*BINARY, "--inference-attribute", "0"), BOTH, ("not given", "'0'")),
    ("--ground-truth-attribute", SCORE, (*SCORE, "--ground-truth-attribute", "0"), ("not given", "'0'")),
    ("--probability-threshold-attribute", (*SCORE, "--probability-threshold-attribute", "0.5"),
     (*SCORE, "--probability-threshold-attribute", "0.25"), ("'0.5'", "'0.25'")),
    ("--probability-threshold-attribute", SCORE, (*SCORE, "--probability-threshold-attribute", "0"),
     ("not given", "'0'")),
    ("--positive-label", (*SCORE, "--positive-label", "1"), (*SCORE, "--positive-label", "1.0"), ("'1'", r"'1\.0'")),
    ("--seed", SCORE, (*SCORE, "--seed", "5"), ("'0'", "'5'")),
))
def test_different_options(two, option, one, other, says):
    folder = two(one, other)
    for more in ((), ("--partial",)):
        refused("combine", "a", "b", *more, "-o", "out", cwd=folder,
                says=("a/partial.hcp was made with", "b/partial.hcp with", option, *says, "same options"))
        assert not (folder / "out").exists()


def test_a_preprocessor_is_an_option_too(two, tmp_path):
    (tmp_path / "one.py").write_text("def preprocess_handler(r):\n    return {'endpointOutput_0': 1}\n")
    (tmp_path / "copy.py").write_text((tmp_path / "one.py").read_text())
    (tmp_path / "other.py").write_text("def preprocess_handler(r):\n    return []\n")
    script = "--record-preprocessor-script"
    folder = two((*SCORE, script, "one.py"), (*SCORE, script, "copy.py"))
    run("analyze", "all", *SCORE, script, "one.py", "-o", "one", cwd=folder)
    run("combine", "a", "b", "-o", "two", cwd=folder)
    assert read(folder / "one") == read(folder / "two")
    two((*SCORE, script, "one.py"), (*SCORE, script, "other.py"))
    refused("combine", "a", "b", "-o", "out", says=(script, "SHA-256"), cwd=folder)
    two(SCORE, (*SCORE, script, "other.py"))
    refused("combine", "a", "b", "-o", "out", says=(script, "SHA-256"), cwd=folder)


def test_a_file_that_is_in_two_of_them(tmp_path):
    rng = random.Random("twice")
    put(tmp_path, split(rng, 2, score_row, 40))
    partial(tmp_path, "all", "all-of-it", *SCORE)
    partial(tmp_path, "all/1", "b", *SCORE)
    for names in (("all-of-it", "b"), ("b", "all-of-it"), ("b", f"b/{PARTIAL}")):
        refused("combine", *names, "-o", "out", cwd=tmp_path,
                says=("all/1/0.jsonl is in", "b/partial.hcp", "counted twice"))


def test_an_output_folder_that_holds_an_input(tmp_path):
    put(tmp_path, split(random.Random("own"), 1, score_row, 40))
    partial(tmp_path, "all", "out", *SCORE)
    before = (tmp_path / "out" / PARTIAL).read_bytes()
    for name in ("out", f"out/{PARTIAL}", "./out/"):
        for more in ((), ("--partial",)):
            refused("combine", name, *more, "-o", "out", says="is in the output folder", cwd=tmp_path)
    assert (tmp_path / "out" / PARTIAL).read_bytes() == before


def test_merged_records_in_the_output_folder_stay(tmp_path):
    window = h.Window(tmp_path).pairs(h.binary_rows(8))
    run("merge", *window.inputs(), *window.tick(), "-o", "out", cwd=tmp_path)
    merged = h.snapshot(tmp_path / "out" / "merge")
    partial(tmp_path, "out", "p", *SCORE)
    run("combine", "p", "-o", "out", cwd=tmp_path)
    assert h.snapshot(tmp_path / "out" / "merge") == merged and (tmp_path / "out" / "statistics.json").exists()


@pytest.mark.parametrize("option", (("--constraints", "x"), ("--curve-points", "5"), ("--aws-quirks",),
                                    ("--post-analytics-processor-script", "x")))
def test_options_of_reports_have_no_effect_on_parts(tmp_path, option):
    put(tmp_path, split(random.Random("own"), 1, score_row, 10))
    refused("analyze", "all", *SCORE, *option, "--partial", "-o", "out", says=f"{option[0]} has no effect", cwd=tmp_path)
    partial(tmp_path, "all", "p", *SCORE)
    refused("combine", "p", *option, "--partial", "-o", "out", says=f"{option[0]} has no effect", cwd=tmp_path)


def test_usage(tmp_path):
    refused("combine", "-o", "out", says="needs partial results", cwd=tmp_path)
    refused("combine", "nothing", "-o", "out", says="nothing: no such file", cwd=tmp_path)
    (tmp_path / "folder").mkdir()
    refused("combine", "folder", "-o", "out", says="folder/partial.hcp: no such file", cwd=tmp_path)
    refused("combine", "folder", "--problem-type", "Regression", "-o", "out", says="problem-type", cwd=tmp_path)
    put(tmp_path, split(random.Random("own"), 1, score_row, 10))
    partial(tmp_path, "all", "p", *SCORE)
    refused("combine", "p", "--partial", "--max-bad-records", "1", "-o", "out", says="max-bad-records has no effect",
            cwd=tmp_path)
    refused("combine", "p", says="needs --output", cwd=tmp_path)


def test_checksums_and_the_post_processor(tmp_path):
    put(tmp_path, split(random.Random("sums"), 1, score_row, 30))
    partial(tmp_path, "all", "p", *SCORE)
    (tmp_path / "post.py").write_text("import os\ndef postprocess_handler():\n"
                                      "    open(os.environ['output_path'] + '/own.txt', 'w').write('x')\n")
    run("combine", "p", "--checksums", "--post-analytics-processor-script", "post.py", "-o", "out", cwd=tmp_path)
    assert (tmp_path / "out" / "own.txt").read_text() == "x"
    for entry in inputs(tmp_path / "out"):
        assert entry["sha256"] == hashlib.sha256((tmp_path / entry["path"]).read_bytes()).hexdigest()
    shutil.rmtree(tmp_path / "all")
    run("combine", "p", "-o", "out", cwd=tmp_path)
    refused("combine", "p", "--checksums", "-o", "out", says="all/0/0.jsonl", cwd=tmp_path)


# --- files that are no partial results -------------------------------------------------------------


@pytest.fixture
def good(tmp_path):
    put(tmp_path, split(random.Random("good"), 1, score_row, 30))
    partial(tmp_path, "all", "p", *SCORE)
    return tmp_path


def sealed(body):
    return body + hashlib.sha256(body).digest()


def refuse_bytes(folder, data, *says):
    (folder / "bad.hcp").write_bytes(data)
    refused("combine", "bad.hcp", "-o", "out", says=(r"bad\.hcp: ", *says), cwd=folder)


def test_garbage(good):
    data = (good / "p" / PARTIAL).read_bytes()
    refuse_bytes(good, b"", "at byte 0", "begin with HCPART")
    refuse_bytes(good, b"HCPAR", "begin with HCPART")
    refuse_bytes(good, b"\x00" * 5000, "begin with HCPART")
    refuse_bytes(good, b"HCPART\x01\x00", "at byte 8: the file ends too early")
    refuse_bytes(good, data[:6] + b"\x02\x00" + data[8:], "version 2", "known is version 1", "make it again")
    refuse_bytes(good, data[:-1], "damaged or cut off")
    refuse_bytes(good, data[:len(data) // 2], "damaged or cut off", "first seen at byte")
    refuse_bytes(good, data + b"\0", "damaged or cut off")
    refuse_bytes(good, data[:-40] + b"\xff" + data[-39:], "damaged or cut off")
    refuse_bytes(good, os.urandom(4000), "begin with HCPART")


def test_hostile_numbers_are_told_with_their_byte(good):
    """The checksum is right; one number is not."""
    data = (good / "p" / PARTIAL).read_bytes()[:-32]
    refuse_bytes(good, sealed(data[:8] + b"\x03" + data[9:]), "at byte 8: an unknown problem type")
    refuse_bytes(good, sealed(data[:9] + b"\x40" + data[10:]), "at byte 9: unknown options")
    refuse_bytes(good, sealed(data[:18] + struct.pack("<d", 0.5) + data[26:]), "at byte 18: a threshold")
    refuse_bytes(good, sealed(data[:26] + b"\xff\xff\xff\xff" + data[30:]), "at byte 26: an attribute that is too long")
    refuse_bytes(good, sealed(data + b"\0"), f"at byte {len(data)}: more bytes than")
    refuse_bytes(good, sealed(data[:-8]), f"at byte {len(data) - 8}: the file ends too early")
    rows = data.index(b"all/0/0.jsonl") - 1 - 4 - 4 - 8
    refuse_bytes(good, sealed(data[:rows] + struct.pack("<Q", 1 << 60) + data[rows + 8:]), "more rows than can be")
    refuse_bytes(good, sealed(data[:rows] + struct.pack("<Q", 31) + data[rows + 8:]), "do not add up")
    files = rows + 8
    refuse_bytes(good, sealed(data[:files] + struct.pack("<I", 1 << 20) + data[files + 4:]), f"at byte {files}: more files")


def test_a_folder_or_device_for_a_file(good):
    (good / "p2" / PARTIAL).mkdir(parents=True)
    result = h.hindcast("combine", "p2", "-o", "out", cwd=good)
    assert result.status == 2 and "p2/partial.hcp" in result.err, str(result)
    os.mkfifo(good / "fifo")
    for name in ("fifo", "/dev/null"):
        result = h.hindcast("combine", name, "-o", "out", cwd=good, timeout=20)
        assert result.status == 2 and f"{name}: is not a regular file" in result.err, str(result)
    assert not (good / "out").exists()
