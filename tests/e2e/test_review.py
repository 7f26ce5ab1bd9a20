"""What a review with fresh eyes found: small cases at the edges of the contract, each once wrong."""
import json
import os
import re

import helpers as h

BINARY = ("--problem-type", "BinaryClassification", "--probability-attribute", "0")
EPOCH = {"SOURCE_DATE_EPOCH": "1772341200"}
ROWS = [("a", "0.9", "1"), ("b", "0.2", "0"), ("c", "0.7", "1")]


def batch_window(tmp_path, text):
    folder = tmp_path / "batch"
    h.write(folder / "out" / "part-0.csv.out", text)
    h.write(folder / "output/2026/03/01/05/m.json", json.dumps([{"prefix": "out/"}, "part-0.csv.out"]))
    labels = tmp_path / "labels"
    h.write(labels / "2026/03/01/05/l.jsonl", "".join(h.compact(h.label(i, y)) + "\n" for i, _, y in ROWS))
    return ("run", *BINARY, "--batch-transform-input", folder, "--ground-truth-input", labels,
            "--scheduled-time", "2026-03-01T06:00Z", "-o", tmp_path / "out")


def test_batch_rows_that_end_with_a_time_are_no_header(tmp_path):
    text = "".join(f"{score},{i},2026-03-01T05:10:00Z\n" for i, score, _ in ROWS)
    h.succeed(*batch_window(tmp_path, text))
    assert h.counts(tmp_path / "out")["matched"] == 3
    h.succeed(*batch_window(tmp_path, text), "--no-header")
    assert h.counts(tmp_path / "out")["matched"] == 3
    args = [a if a != "0" else "score" for a in batch_window(tmp_path, "score,id,time\n" + text)]
    h.succeed(*args)
    assert h.counts(tmp_path / "out")["matched"] == 3


def test_table_errors_name_path_and_line(tmp_path):
    for name, content, line in (("x.json", b'[{"p":0.1,"y":1},\n{"p":', 2), ("b.csv", b"p,y\xff\n", 1),
                                ("u.csv", "p,y\n".encode("utf-16"), 1), ("e.csv", b"", 1),
                                ("b.csv.gz", h.pack(b"p,y\n0.1,1\n" * 9, ".gz")[:-9], None)):
        h.write(tmp_path / name, content)
        done = h.succeed("baseline", tmp_path / name, "--problem-type", "BinaryClassification",
                         "--ground-truth-attribute", "y", "--probability-attribute", "p", "-o", tmp_path / "o", status=2)
        assert re.search(rf"{name}:{line or '[0-9]+'}: [^ ]", done.err), done.err


def test_merged_names_depend_on_inputs_alone(tmp_path):
    window = h.Window(tmp_path).pairs([(s, y) for _, s, y in ROWS])
    names = set()
    for command, more in (("run", BINARY), ("run", (*BINARY, "--seed", "7", "--checksums")), ("merge", ())):
        h.succeed(command, *window.inputs(), *window.tick(), *more, "-o", tmp_path / "o")
        names |= {tuple(sorted(str(p.relative_to(tmp_path / "o")) for p in h.merged_files(tmp_path / "o")))}
    assert len(names) == 1


def test_labels_that_say_the_same_do_not_conflict(tmp_path):
    window = h.Window(tmp_path)
    window.capture_file([h.capture("0.9", "a"), h.capture("0.1", "b")])
    window.label_file([h.label("a", "1"), h.label("a", "1.0"), h.label("a", " 1"), h.label("a", "1", "JSON"),
                       h.label("b", "0")])
    h.succeed("run", *BINARY, *window.inputs(), *window.tick(), "--on-conflict", "error", "-o", tmp_path / "o")
    found = h.counts(tmp_path / "o")
    assert (found["duplicate_labels"], found["conflicting_labels"]) == (3, 0)


def test_undefined_metrics_are_listed_whether_constrained_or_not(tmp_path):
    window = h.Window(tmp_path).pairs([("0.9", "1"), ("0.2", "1")])
    constraints = tmp_path / "c.json"
    h.write(constraints, json.dumps({"binary_classification_constraints": {
        "auc": {"threshold": 0.5, "comparison_operator": "LessThanThreshold"}}}))
    done = h.succeed("run", *BINARY, *window.inputs(), *window.tick(), "--constraints", constraints, "-o", tmp_path / "o")
    listed = {e["metric"]: e["verdict"] for e in h.load(tmp_path / "o" / "join_report.json")["not_judged"]}
    assert {"auc", "true_negative_rate", "false_positive_rate"} <= set(listed) and set(listed.values()) == {"not judged"}
    assert done.out.count("not judged") >= 3


def test_an_inference_attribute_that_is_not_read_need_not_exist(tmp_path):
    h.write(tmp_path / "b.csv", "prob,label\n0.9,1\n0.1,0\n")
    h.succeed("baseline", tmp_path / "b.csv", "--problem-type", "BinaryClassification", "--ground-truth-attribute",
              "label", "--inference-attribute", "nosuch", "--probability-attribute", "prob",
              "--probability-threshold-attribute", "0.5", "-o", tmp_path / "o")


def test_a_label_that_stands_alone_goes_by_any_name(tmp_path):
    window = h.Window(tmp_path).pairs([(s, y) for _, s, y in ROWS])
    h.succeed("run", *BINARY, *window.inputs(), *window.tick(), "--ground-truth-attribute", "label", "-o", tmp_path / "o")
    h.succeed("run", *BINARY, *window.inputs(), *window.tick(), "--ground-truth-attribute", "1", "-o", tmp_path / "o",
              status=2)


def test_other_files_beside_captures_are_noted_and_left(tmp_path):
    window = h.Window(tmp_path).pairs([(s, y) for _, s, y in ROWS])
    folder = next((tmp_path / "captures").rglob("*.jsonl")).parent
    h.write(folder / "manifest.json", "[]")
    os.mkfifo(folder / "fifo.jsonl")
    done = h.succeed("run", *BINARY, *window.inputs(), *window.tick(), "-o", tmp_path / "o", timeout=20)
    assert "manifest.json" in done.err and h.counts(tmp_path / "o")["captured"] == 3


def test_output_as_a_file_uri(tmp_path):
    window = h.Window(tmp_path).pairs([(s, y) for _, s, y in ROWS])
    h.succeed("run", *BINARY, *window.inputs(), *window.tick(), "-o", f"file://{tmp_path}/o", cwd=tmp_path)
    assert (tmp_path / "o" / "statistics.json").exists() and not (tmp_path / "file:").exists()


def test_output_inside_the_captures_is_not_read_again(tmp_path):
    window = h.Window(tmp_path, variant="").pairs([(s, y) for _, s, y in ROWS])
    out = tmp_path / "captures"
    for _ in range(2):
        h.succeed("run", *BINARY, *window.inputs(), *window.tick(), "-o", out, env=EPOCH)
        assert h.counts(out)["captured"] == 3


def test_large_numbers_are_numbers(tmp_path):
    h.write(tmp_path / "b.csv", "p,y\n1e300,1e300\n0.1,0.10\n2,2.0\n")
    h.succeed("baseline", tmp_path / "b.csv", "--problem-type", "MulticlassClassification", "--ground-truth-attribute",
              "y", "--inference-attribute", "p", "-o", tmp_path / "o")
    assert list(h.matrix(tmp_path / "o")) == ["0.1", "2", "1.0E300"]


def test_an_unknown_negative_class_has_a_name(tmp_path):
    h.write(tmp_path / "b.csv", "p,y\nyes,yes\n")
    h.succeed("baseline", tmp_path / "b.csv", "--problem-type", "BinaryClassification", "--ground-truth-attribute", "y",
              "--inference-attribute", "p", "--positive-label", "yes", "-o", tmp_path / "o")
    assert list(h.matrix(tmp_path / "o")) == ["not yes", "yes"]


def test_a_script_without_its_handler_failed(tmp_path):
    window = h.Window(tmp_path).pairs([(s, y) for _, s, y in ROWS])
    h.write(tmp_path / "s.py", "def process(record):\n    return {}\n")
    done = h.succeed("run", *BINARY, *window.inputs(), *window.tick(), "--record-preprocessor-script",
                     tmp_path / "s.py", "-o", tmp_path / "o", status=3)
    assert "preprocess_handler" in done.err and not (tmp_path / "o").exists()


def test_merge_and_analyze_into_one_folder(tmp_path):
    window = h.Window(tmp_path).pairs([(s, y) for _, s, y in ROWS])
    one, whole = tmp_path / "one", tmp_path / "whole"
    h.succeed("run", *BINARY, *window.inputs(), *window.tick(), "-o", whole, env=EPOCH)
    for source in (one, one / "merge"):
        h.succeed("merge", *window.inputs(), *window.tick(), "-o", one, env=EPOCH)
        for _ in range(2):
            h.succeed("analyze", source, *BINARY, "-o", one, env=EPOCH)
            assert set(h.snapshot(one)) == set(h.snapshot(whole))
            for name in ("statistics.json", "constraints.json", "constraint_violations.json"):
                assert (one / name).read_bytes() == (whole / name).read_bytes()
            listed = {o["path"] for o in h.load(one / "manifest.json")["outputs"]}
            assert listed == {str(p.relative_to(one)) for p in one.rglob("*") if p.is_file()} - {"manifest.json"}
    h.succeed("run", *BINARY, *window.inputs(), *window.tick(), "--no-merged-output", "-o", one, env=EPOCH)
    assert not (one / "merge").exists()


def test_what_stands_in_the_way_leaves_the_old_report(tmp_path):
    window = h.Window(tmp_path).pairs([(s, y) for _, s, y in ROWS])
    out = tmp_path / "o"
    h.succeed("merge", *window.inputs(), *window.tick(), "-o", out)
    (out / "statistics.json").mkdir()
    h.write(out / "statistics.json" / "mine", "x")
    before = h.snapshot(out)
    done = h.succeed("run", *BINARY, *window.inputs(), *window.tick(), "-o", out, status=3)
    assert "statistics.json: is a folder" in done.err and h.snapshot(out) == before


def test_a_link_that_leads_nowhere_is_not_passed_over(tmp_path):
    window = h.Window(tmp_path).pairs([(s, y) for _, s, y in ROWS])
    folder = next((tmp_path / "captures").rglob("*.jsonl")).parent
    os.symlink("gone.jsonl", folder / "zz.jsonl")
    done = h.succeed("run", *BINARY, *window.inputs(), *window.tick(), "-o", tmp_path / "o", status=2)
    assert "zz.jsonl: is a link that leads nowhere" in done.err and not (tmp_path / "o").exists()
