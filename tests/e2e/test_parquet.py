"""Parquet: baselines, batch outputs and labels give what the same rows give as CSV or JSON lines; damaged files are
clear errors. Files are written with pyarrow; without it, or with a program built without Parquet, there is little to
test, and HC_PARQUET=1 in the environment (`make check-parquet`) makes that a failure."""
import decimal
import gzip
import io
import json
import os
import random
import struct
import uuid

import pytest

import helpers as h

NEEDED = os.environ.get("HC_PARQUET") == "1"
try:
    import pyarrow as pa
    import pyarrow.parquet as pq
except ImportError:
    assert not NEEDED, "there is no pyarrow"
    pa = pq = None

BINARY = ("--problem-type", "BinaryClassification")
BASELINE = (*BINARY, "--probability-attribute", "p", "--ground-truth-attribute", "label")
EPOCH = {"SOURCE_DATE_EPOCH": "1772341200"}
GARBAGE = b"PAR1\x15\x00garbage"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Whether the program reads Parquet: what it says of a file that is none tells."""
    folder = tmp_path_factory.mktemp("built")
    h.write(folder / "x.parquet", GARBAGE)
    result = h.succeed("baseline", folder / "x.parquet", *BASELINE, "-o", folder / "out", status=2)
    return "built without Parquet" not in result.err


@pytest.fixture
def parquet(built):
    assert not NEEDED or built, "the program was built without Parquet"
    if not built:
        pytest.skip("the program was built without Parquet")
    if not pa:
        pytest.skip("there is no pyarrow")


def rows(n=300, seed=3):
    rng = random.Random(seed)
    scores = [rng.choice((rng.random(), round(rng.random(), 2))) for _ in range(n)]
    return scores, [int(rng.random() < s) for s in scores]


def table(n=300):
    """A score and a label, between columns that nobody asks for."""
    scores, labels = rows(n)
    return pa.table({"name": [f"row {i}" for i in range(n)], "p": scores, "label": labels,
                     "list": [[1.5, None]] * n, "void": pa.nulls(n), "at": pa.array(range(n), pa.timestamp("us"))})


def as_bytes(t, **options):
    out = io.BytesIO()
    pq.write_table(t, out, **options)
    return out.getvalue()


def baseline(folder, source, *args, name="out", **options):
    """The two files that a baseline is."""
    h.succeed("baseline", source, *(args or BASELINE), "-o", folder / name, env=EPOCH, **options)
    return [(folder / name / file).read_bytes() for file in ("statistics.json", "constraints.json")]


def from_csv(folder, n=300):
    text = "name,p,label\n" + "".join(f"row {i},{s!r},{v}\n" for i, (s, v) in enumerate(zip(*rows(n))))
    return baseline(folder, h.write(folder / "same.csv", text), name="same")


def test_not_parquet(tmp_path):
    """Told by every build."""
    source = h.write(tmp_path / "x.parquet", "p,label\n0.9,1\n")
    result = h.succeed("baseline", source, *BASELINE, "-o", tmp_path / "out", status=2)
    assert h.has_place(result.err, source, 1) and "would begin with PAR1" in result.err


def test_a_build_without_it_says_so(tmp_path, built):
    source = h.write(tmp_path / "any.csv", GARBAGE)
    result = h.succeed("baseline", source, *BASELINE, "-o", tmp_path / "out", status=2)
    assert h.has_place(result.err, source, 1)
    assert ("not a Parquet file that can be read" if built else "-Dparquet=enabled") in result.err


# --- baselines ---------------------------------------------------------------------------------


@pytest.mark.parametrize("options", (
    {}, {"compression": "none"}, {"compression": "gzip"}, {"compression": "zstd"}, {"compression": "lz4"},
    {"compression": "brotli"}, {"row_group_size": 7}, {"use_dictionary": False}, {"data_page_version": "2.0"},
    {"data_page_size": 64, "row_group_size": 100}, {"store_schema": False}, {"version": "1.0"},
    {"write_page_checksum": True}, {"use_deprecated_int96_timestamps": True},
    {"use_dictionary": False, "column_encoding": {"p": "BYTE_STREAM_SPLIT", "label": "DELTA_BINARY_PACKED"}},
), ids=str)
def test_baseline_is_that_of_csv(tmp_path, parquet, options):
    source = h.write(tmp_path / "b.parquet", as_bytes(table(), **options))
    assert baseline(tmp_path, source) == from_csv(tmp_path)


@pytest.mark.parametrize("name", ("b.csv", "b.jsonl", "b", "part-0.snappy.parquet"))
def test_it_is_known_by_its_bytes(tmp_path, parquet, name):
    source = h.write(tmp_path / name, as_bytes(table()))
    wanted = from_csv(tmp_path)
    assert baseline(tmp_path, source) == wanted
    assert baseline(tmp_path, source, *BASELINE, "--dataset-format", "parquet") == wanted
    assert baseline(tmp_path, source, *BASELINE, "--dataset-format", "csv") == wanted


def test_standard_input_and_packed_files(tmp_path, parquet):
    body, wanted = as_bytes(table()), from_csv(tmp_path)
    assert baseline(tmp_path, "-", stdin=body) == wanted
    assert baseline(tmp_path, "-", stdin=gzip.compress(body)) == wanted
    source = tmp_path / "b.parquet.gz"
    source.write_bytes(gzip.compress(body))
    assert baseline(tmp_path, source) == wanted


def test_folder_of_parts(tmp_path, parquet):
    """As Spark leaves them."""
    whole, folder = table(), tmp_path / "parts"
    for i, at in enumerate(range(0, 300, 120)):
        h.write(folder / f"part-{i:05d}.snappy.parquet", as_bytes(whole.slice(at, 120)))
    h.write(folder / "part-00003.parquet", as_bytes(whole.slice(0, 0)))
    h.write(folder / "_SUCCESS", "")
    h.write(folder / ".part-00000.snappy.parquet.crc", "crc")
    assert baseline(tmp_path, folder) == from_csv(tmp_path)


def score_types():
    return {
        "float64": [pa.float64()], "float32": [pa.float32()], "float16": [pa.float16()],
        "decimal": [pa.decimal128(5, 3)], "small decimal": [pa.decimal32(5, 3)], "text": [pa.string()],
        "large text": [pa.large_string()], "text view": [pa.string_view()], "bytes": [pa.binary()],
        "categories": [pa.dictionary(pa.int8(), pa.string())],
    } if pa else {}


@pytest.mark.parametrize("name", score_types())
def test_types_of_scores(tmp_path, parquet, name):
    kind, = score_types()[name]
    values = [i / 8 for i in range(1, 8)] * 20
    labels = [int(random.Random(i).random() < v) for i, v in enumerate(values)]
    if pa.types.is_decimal(kind):
        array = pa.array([decimal.Decimal(v) for v in values], kind)
    elif pa.types.is_dictionary(kind):
        array = pa.array(map(str, values)).dictionary_encode().cast(kind)
    elif kind in (pa.float64(), pa.float32()):
        array = pa.array(values, kind)
    elif kind == pa.float16():
        array = pa.array(values, pa.float32()).cast(kind)
    else:
        array = pa.array([str(v).encode() if kind == pa.binary() else str(v) for v in values], kind)
    source = h.write(tmp_path / "b.parquet", as_bytes(pa.table({"p": array, "label": labels})))
    csv = h.write(tmp_path / "b.csv", "p,label\n" + "".join(f"{v},{y}\n" for v, y in zip(values, labels)))
    assert baseline(tmp_path, source) == baseline(tmp_path, csv)


@pytest.mark.parametrize("make", (
    lambda y: pa.array(y, pa.uint8()), lambda y: pa.array(y, pa.float64()), lambda y: pa.array([v == 1 for v in y]),
    lambda y: pa.array(map(str, y)), lambda y: pa.array(map(str, y)).dictionary_encode(),
    lambda y: pa.array([decimal.Decimal(v) for v in y], pa.decimal256(50, 2))),
    ids=("uint8", "float64", "bool", "text", "categories", "decimal"))
def test_types_of_labels(tmp_path, parquet, make):
    t = table().set_column(2, "label", make(rows()[1]))
    source = h.write(tmp_path / "b.parquet", as_bytes(t))
    h.succeed("baseline", source, *BASELINE, "-o", tmp_path / "out")
    from_csv(tmp_path)
    matrices = [list(map(dict.values, h.matrix(tmp_path / out).values())) for out in ("out", "same")]
    assert [sorted(map(list, m)) for m in matrices][0] == [sorted(map(list, m)) for m in matrices][1]


def test_classes_and_regression(tmp_path, parquet):
    rng = random.Random(5)
    truth = [rng.choice(("cat", "dog", "a, b")) for _ in range(200)]
    said = [v if rng.random() < 0.7 else "cat" for v in truth]
    values = [rng.gauss(0, 1e3) for _ in range(200)]
    t = pa.table({"said": pa.array(said).dictionary_encode(), "truth": truth, "x": values, "y": values[1:] + [5e-324]})
    source = h.write(tmp_path / "b.parquet", as_bytes(t))
    lines = h.write(tmp_path / "b.jsonl", t.to_pylist())
    for args in (("MulticlassClassification", "said", "truth"), ("Regression", "x", "y")):
        given = ("--problem-type", args[0], "--inference-attribute", args[1], "--ground-truth-attribute", args[2])
        assert baseline(tmp_path, source, *given) == baseline(tmp_path, lines, *given)


def test_attributes_inside_columns(tmp_path, parquet):
    scores, labels = rows()
    t = pa.table({"out": [{"p": [s]} for s in scores], "y": [{"label": v} for v in labels]})
    source = h.write(tmp_path / "b.parquet", as_bytes(t))
    args = (*BINARY, "--probability-attribute", "$.out.p[0]", "--ground-truth-attribute", "$.y.label")
    assert baseline(tmp_path, source, *args) == from_csv(tmp_path)


def test_bad_rows(tmp_path, parquet):
    """Rows are numbered from 1 and may be tolerated, as lines."""
    t = pa.table({"p": [0.9, None, float("nan"), 0.1], "label": [1, 1, 1, 0]})
    source = h.write(tmp_path / "b.parquet", as_bytes(t))
    result = h.succeed("baseline", source, *BASELINE, "-o", tmp_path / "out", status=2)
    assert h.has_place(result.err, source, 2)
    h.succeed("baseline", source, *BASELINE, "--max-bad-records", "2", "-o", tmp_path / "out")
    assert h.statistics(tmp_path / "out")["dataset"]["item_count"] == 2
    result = h.succeed("baseline", source, *BINARY, "--probability-attribute", "nothing", "--ground-truth-attribute",
                       "label", "-o", tmp_path / "out", status=2)
    assert h.has_place(result.err, source, 1) and "nothing" in result.err


def test_text_that_is_not_utf8_is_a_bad_row(tmp_path, parquet):
    text = pa.Array.from_buffers(pa.string(), 3, pa.array([b"a", b"\xff", b"c"]).buffers())
    t = pa.table({"p": [0.9, 0.5, 0.1], "label": [1, 1, 0], "text": text})
    source = h.write(tmp_path / "b.parquet", as_bytes(t))
    args = (*BINARY, "--probability-attribute", "$.p", "--ground-truth-attribute", "$.label")
    result = h.succeed("baseline", source, *args, "-o", tmp_path / "out", status=2)
    assert h.has_place(result.err, source, 2)
    h.succeed("baseline", source, *args, "--max-bad-records", "1", "-o", tmp_path / "out")


# --- damaged files -----------------------------------------------------------------------------


def refused(folder, body, *says, status=2):
    source = h.write(folder / "b.parquet", body)
    result = h.succeed("baseline", source, *BASELINE, "-o", folder / "out", status=status)
    assert f"{source}:" in result.err and all(word in result.err for word in says), str(result)
    assert not (folder / "out" / "statistics.json").exists()


def test_truncated(tmp_path, parquet):
    body = as_bytes(table())
    for n in sorted({12, 100, 600, len(body) // 2, len(body) - 9, len(body) - 1}):
        refused(tmp_path, body[:n], "not a Parquet file that can be read", "cut off")


def test_wrong_footer(tmp_path, parquet):
    body = as_bytes(table())
    for length in (0, 1, 0x7FFFFFFF, 0xFFFFFFFF, len(body)):
        refused(tmp_path, body[:-8] + length.to_bytes(4, "little") + b"PAR1", "not a Parquet file that can be read")
    refused(tmp_path, body[:-4] + b"PARE", "not a Parquet file that can be read")
    refused(tmp_path, body + b"more", "not a Parquet file that can be read")


def test_damaged_anywhere(tmp_path, parquet):
    """Never anything but a result or a clear error. `hindcast` of the helpers fails on signals and sanitizers."""
    rng = random.Random(7)
    whole = table(50)
    bodies = [as_bytes(whole, **o) for o in ({}, {"compression": "none"}, {"write_page_checksum": True})]
    statuses = set()
    for i in range(60):
        body = bytearray(rng.choice(bodies))
        for _ in range(rng.choice((1, 3, 30))):
            body[rng.randrange(4, len(body))] = rng.randrange(256)
        source = h.write(tmp_path / f"{i}.parquet", bytes(body))
        result = h.hindcast("baseline", source, *BASELINE, "-o", tmp_path / "out")
        assert result.status != 2 or result.err.strip(), str(result)
        statuses.add(result.status)
    assert 2 in statuses


def test_checksums_are_checked(tmp_path, parquet):
    t = pa.table({"p": rows()[0], "label": rows()[1]})
    body = bytearray(as_bytes(t, compression="none", write_page_checksum=True, use_dictionary=False))
    body[bytes(body).index(struct.pack("<d", rows()[0][0]))] ^= 1
    refused(tmp_path, bytes(body), "CRC")


def test_more_memory_than_allowed(tmp_path, parquet):
    """A small file that unfolds to 40 GB."""
    big = pa.DictionaryArray.from_arrays(pa.array([0] * 5000, pa.int32()), ["x" * (8 << 20)])
    t = pa.table({"p": [0.5] * 5000, "label": [1] * 5000, "big": big})
    refused(tmp_path, as_bytes(t, store_schema=False), "more memory", status=3)


# --- batch outputs -----------------------------------------------------------------------------


def test_batch_outputs(tmp_path, parquet):
    scores, labels = rows(60)
    ids = [f"id-{i}" for i in range(60)]
    t = pa.table({"score": scores, "SageMakerInferenceId": ids,
                  "SageMakerInferenceTime": ["2026-03-01T05:00:00Z"] * 60, "feature": range(60)})
    hour = "2026/03/01/05"
    outs = []
    for name, body in (("o.parquet", as_bytes(t, row_group_size=13)),
                       ("o.jsonl.out", "".join(json.dumps(r) + "\n" for r in t.to_pylist()))):
        folder = tmp_path / name
        h.write(folder / "transform" / name, body)
        h.write(folder / "captures/output" / hour / "m.json", json.dumps([{"prefix": f"{folder}/transform/"}, name]))
        h.write(folder / "labels" / hour / "l.jsonl", [h.label(i, str(v)) for i, v in zip(ids, labels)])
        h.succeed("run", "--batch-transform-input", folder / "captures", "--ground-truth-input", folder / "labels",
                  "--scheduled-time", "2026-03-01T06:00Z", *BINARY, "--probability-attribute", "score", "-o",
                  folder / "out", env=EPOCH)
        outs.append(folder / "out")
    assert h.counts(outs[0])["matched"] == 60
    assert h.statistics(outs[0]) == h.statistics(outs[1])
    merged = [{r["eventMetadata"]["eventId"]: json.loads(r["captureData"]["batchTransformOutput"]["data"])
               for _, r in h.merged_records(out)} for out in outs]
    assert merged[0] == merged[1]


# --- labels ------------------------------------------------------------------------------------


def label_tables():
    """By name: how to make a table of ids and labels, and what to say about it."""
    named = ("--ground-truth-attribute", "label")
    return {
        "flat": (lambda i, y: pa.table({"eventId": i, "label": y}), ()),
        "flat, named": (lambda i, y: pa.table({"x": y[::-1], "label": y, "event_id": i}), named),
        "inference ids": (lambda i, y: pa.table({"label": list(map(str, y)), "inference_id": i}), named),
        "categories": (lambda i, y: pa.table({"eventid": pa.array(i).dictionary_encode(), "y": pa.array(y, pa.float64())}),
                       ()),
        "records": (lambda i, y: pa.table({
            "groundTruthData": [{"data": str(v), "encoding": "CSV"} for v in y],
            "eventMetadata": [{"eventId": k, "inferenceId": None} for k in i], "eventVersion": ["0"] * len(i)}), ()),
        "plain data": (lambda i, y: pa.table({"groundTruthData": y, "eventId": i, "note": y}), ()),
    }


@pytest.mark.parametrize("name", label_tables())
@pytest.mark.parametrize("file", ("labels.parquet", "part-0.snappy.parquet"))
def test_labels(tmp_path, parquet, name, file):
    make, args = label_tables()[name]
    pairs = h.binary_rows(50)
    same = h.Window(tmp_path / "same").pairs(pairs)
    window = h.Window(tmp_path / "parquet").pairs(pairs)
    ids, labels = [f"0-{i}" for i in range(50)], [int(v) for _, v in pairs]
    for path in window.labels.rglob("*.jsonl"):
        path.unlink()
    window.label_file(as_bytes(make(ids + ["of nobody"], labels + [1])), name=file)
    h.write(same.labels / h.hour_path(same.at()) / "more.jsonl", [h.label("of nobody", "1")])
    for w in (same, window):
        h.succeed("run", *w.args("--probability-attribute", "0", *args), env=EPOCH)
    assert h.counts(window.out) == h.counts(same.out) and h.counts(window.out)["matched"] == 50
    assert h.statistics(window.out) == h.statistics(same.out)


def test_labels_by_integer_and_uuid(tmp_path, parquet):
    numbers, names = list(range(20)), [uuid.UUID(int=i * 7919) for i in range(20)]
    for kind, ids, array in (("integer", numbers, pa.array(numbers)),
                             ("uuid", names, pa.array([n.bytes for n in names], pa.uuid()))):
        window = h.Window(tmp_path / kind)
        window.capture_file([h.capture("0.9", f"e{i}", str(k), window.at(0, 1)) for i, k in enumerate(ids)])
        window.label_file(as_bytes(pa.table({"eventId": array, "label": [i % 2 for i in range(20)]})), name="l.parquet")
        h.succeed("run", *window.args("--probability-attribute", "0"))
        assert h.counts(window.out)["matched"] == 20


def test_bad_labels(tmp_path, parquet):
    window = h.Window(tmp_path).pairs(h.binary_rows(4))
    for t, says in ((pa.table({"eventId": ["a", "b"], "label": [1, None]}), ":2: the label is null"),
                    (pa.table({"eventId": ["a", None], "label": [1, 1]}), ":2: the row has no id"),
                    (pa.table({"eventId": ["a"], "x": [1], "y": [2]}), ":1: more than one column"),
                    (pa.table({"id": ["a"], "y": [2]}), ":1: the row has no id")):
        path = window.label_file(as_bytes(t), name="bad.parquet")
        result = h.succeed("run", *window.args("--probability-attribute", "0"), status=2)
        assert f"{path}{says}" in result.err, str(result)
    result = h.succeed("run", *window.args("--probability-attribute", "0", "--max-bad-records", "1"))
    assert h.counts(window.out)["matched"] == 4
    window.label_file(GARBAGE, name="bad.parquet")
    result = h.succeed("run", *window.args("--probability-attribute", "0"), status=2)
    assert "bad.parquet:1: not a Parquet file that can be read" in result.err
