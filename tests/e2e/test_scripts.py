"""Users' Python: the record preprocessor and the post-analytics processor."""
import json
import os
import textwrap
import time

import pytest

import helpers as h

ROWS = [("0.9", "1"), ("0.1", "1"), ("0.9", "0"), ("0.1", "0")]
ALL_ONE = {"0": {"0": 1, "1": 1}, "1": {"0": 1, "1": 1}}
BY_ROW = ("--problem-type", "BinaryClassification", "--probability-attribute", "score",
          "--ground-truth-attribute", "truth")


@pytest.fixture
def filled(window):
    return window.pairs(ROWS)


def script(window, text, name="script.py"):
    return h.write(window.folder / name, textwrap.dedent(text))


def preprocess(window, text, *more, status=0, attributes=BY_ROW, command="run", **options):
    path = script(window, text)
    return h.succeed(command, *window.inputs(), *window.tick(), *attributes, "--record-preprocessor-script", path,
                     *more, "-o", window.out, status=status, **options)


PLAIN = """
    def preprocess_handler(inference_record):
        return {"score": inference_record.endpoint_output.data, "truth": inference_record.ground_truth.data}
"""


def test_one_parameter(filled):
    preprocess(filled, PLAIN)
    assert h.matrix(filled.out) == ALL_ONE


def test_two_parameters_and_the_log(filled):
    result = preprocess(filled, """
        def preprocess_handler(inference_record, logger):
            logger.info("an info")
            logger.debug("a debug")
            logger.warning(f"a warning for {inference_record.event_metadata.event_id}")
            logger.error("an error")
            return {"score": float(inference_record.endpoint_output.data), "truth": inference_record.ground_truth.data}
    """)
    assert h.matrix(filled.out) == ALL_ONE
    assert "a warning for ev-0-3" in result.err and "an error" in result.err


def test_attributes_of_the_record(window):
    """As the AWS guide names them, checked by the script itself."""
    record = h.capture("0.9\n", "ev", "inf", "2026-03-01T05:10:00Z", input_data="5,6")
    record["eventMetadata"]["customAttributes"] = ["abc"]
    window.capture_file([record])
    window.label_file([h.label("inf", "1")])
    preprocess(window, """
        import json

        def preprocess_handler(inference_record):
            r = inference_record
            assert r.endpoint_input.data == "5,6", r.endpoint_input.data
            assert r.endpoint_input.encoding == "CSV"
            assert r.endpoint_input.mode == "INPUT"
            assert r.endpoint_input.observed_content_type == "text/csv"
            assert r.endpoint_output.data == "0.9\\n", r.endpoint_output.data
            assert r.endpoint_output.encoding == "CSV"
            assert r.event_metadata.event_id == "ev"
            assert r.event_metadata.inference_id == "inf"
            assert r.event_metadata.inference_time == "2026-03-01T05:10:00Z"
            assert r.ground_truth.data == "1"
            data = r.event_data
            if isinstance(data, str):
                data = json.loads(data)
            assert data
            assert "endpoint" in str(r) or "0.9" in str(r)
            return {"score": r.endpoint_output.data, "truth": r.ground_truth.data}
    """)
    assert h.value(window.out, "recall") == 1.0


def test_base64_is_the_scripts_to_decode(window):
    window.capture_file([h.capture(h.b64(s), f"e{i}", encoding="BASE64", content_type="application/x-npy")
                         for i, (s, _) in enumerate(ROWS)])
    window.label_file([h.label(f"e{i}", v) for i, (_, v) in enumerate(ROWS)])
    preprocess(window, """
        import base64

        def preprocess_handler(inference_record):
            assert inference_record.endpoint_output.encoding == "BASE64"
            return {"score": base64.b64decode(inference_record.endpoint_output.data).decode(),
                    "truth": inference_record.ground_truth.data}
    """)
    assert h.matrix(window.out) == ALL_ONE


def test_the_label_of_the_record_counts_where_the_row_has_none(filled):
    preprocess(filled, """
        def preprocess_handler(inference_record):
            return {"score": inference_record.endpoint_output.data}
    """, attributes=BY_ROW[:4])
    assert h.matrix(filled.out) == ALL_ONE


@pytest.mark.parametrize("nothing", ("[]", "None"))
def test_dropping(filled, nothing):
    preprocess(filled, f"""
        def preprocess_handler(inference_record):
            if inference_record.ground_truth.data == "0":
                return {nothing}
            return {{"score": inference_record.endpoint_output.data, "truth": inference_record.ground_truth.data}}
    """)
    assert h.matrix(filled.out) == {"0": {"0": 0, "1": 0}, "1": {"0": 1, "1": 1}}
    assert h.statistics(filled.out)["dataset"]["item_count"] == 2


def test_dropping_everything(filled):
    preprocess(filled, """
        def preprocess_handler(inference_record):
            return []
    """, status=2)
    assert not h.snapshot(filled.out)


def test_a_list_fans_out(filled):
    preprocess(filled, """
        def preprocess_handler(inference_record):
            row = {"score": inference_record.endpoint_output.data, "truth": inference_record.ground_truth.data}
            return [row] * 3 if row["truth"] == "1" else [row]
    """)
    assert h.matrix(filled.out) == {"0": {"0": 1, "1": 1}, "1": {"0": 3, "1": 3}}


def test_values_keep_their_digits(window):
    values = ["0.1", "1e-5", "0.30000000000000004", "123456789.123456789"]
    window.pairs([(v, v) for v in values])
    preprocess(window, """
        def preprocess_handler(inference_record):
            return {"p": float(inference_record.endpoint_output.data), "y": inference_record.ground_truth.data}
    """, attributes=("--problem-type", "Regression", "--inference-attribute", "p", "--ground-truth-attribute", "y"))
    assert h.value(window.out, "mae") == 0.0


def test_many_records_stay_in_order_and_match_a_run_without(tmp_path):
    rows = h.binary_rows(5000, seed=9)
    window = h.Window(tmp_path).pairs(rows)
    preprocess(window, PLAIN, env={"SOURCE_DATE_EPOCH": "0"})
    with_script = (window.out / "statistics.json").read_bytes()
    h.succeed("run", *window.inputs(), *window.tick(), *BY_ROW[:2], "--probability-attribute", "0", "-o", window.out,
              env={"SOURCE_DATE_EPOCH": "0"})
    assert (window.out / "statistics.json").read_bytes() == with_script


def test_large_records_do_not_block(tmp_path):
    """Bigger than any pipe, both ways."""
    window = h.Window(tmp_path)
    window.capture_file([h.capture(f"{s}," + "x" * 300_000, f"e{i}") for i, (s, _) in enumerate(ROWS * 3)])
    window.label_file([h.label(f"e{i}", v) for i, (_, v) in enumerate(ROWS * 3)])
    preprocess(window, """
        def preprocess_handler(inference_record):
            score, rest = inference_record.endpoint_output.data.split(",")
            return {"score": score, "rest": rest * 2, "truth": inference_record.ground_truth.data}
    """)
    assert h.statistics(window.out)["dataset"]["item_count"] == 12


def test_text_of_every_kind_arrives(window):
    odd = ["😀", "Größe", 'q"uote', "back\\slash", "tab\t", "\u2028", "line\nbreak", "\u0000", "</script>"]
    window.pairs([(t, t) for t in odd], encoding="JSON", label_encoding="JSON")
    preprocess(window, """
        def preprocess_handler(inference_record):
            return {"p": inference_record.endpoint_output.data, "y": inference_record.ground_truth.data}
    """, attributes=("--problem-type", "MulticlassClassification", "--inference-attribute", "p",
                     "--ground-truth-attribute", "y"))
    got = h.matrix(window.out)
    assert list(got) == sorted(odd) and all(got[t][t] == 1 for t in odd)


# --- what scripts print --------------------------------------------------------------------------


def test_prints_do_not_corrupt(filled):
    result = preprocess(filled, """
        import os, subprocess, sys
        print("while importing")

        def preprocess_handler(inference_record):
            print("on output", {"score": 1})
            print("on error", file=sys.stderr)
            os.write(1, b"raw bytes \\xff\\n")
            subprocess.run(["echo", "from a child"])
            sys.stdout.flush()
            return {"score": inference_record.endpoint_output.data, "truth": inference_record.ground_truth.data}
    """, "--json")
    assert h.matrix(filled.out) == ALL_ONE
    result.document()  # standard output holds our document alone
    for said in ("while importing", "on output", "on error", "from a child"):
        assert said in result.err


def test_standard_input_is_not_the_scripts(filled):
    preprocess(filled, """
        import sys
        text = sys.stdin.read() if sys.stdin else ""

        def preprocess_handler(inference_record):
            assert text == "", text
            return {"score": inference_record.endpoint_output.data, "truth": inference_record.ground_truth.data}
    """, stdin=b"secret input")
    assert h.matrix(filled.out) == ALL_ONE


def test_secrets_are_not_visible(filled):
    secret = "s3cr3t-value"
    preprocess(filled, f"""
        import os

        def preprocess_handler(inference_record):
            for name, value in os.environ.items():
                assert {secret!r} not in value, name
                assert not name.startswith("AWS_"), name
            return {{"score": inference_record.endpoint_output.data, "truth": inference_record.ground_truth.data}}
    """, env={"AWS_SECRET_ACCESS_KEY": secret, "AWS_ACCESS_KEY_ID": "id", "AWS_SESSION_TOKEN": secret,
              "DATABASE_PASSWORD": secret, "PYTHONPATH": "/tmp/" + secret})
    assert h.matrix(filled.out) == ALL_ONE


# --- failures ----------------------------------------------------------------------------------


def failing(window, text, *more, **options):
    result = preprocess(window, text, *more, status=3, **options)
    assert not h.snapshot(window.out), "a failed run left files"
    return result


def test_an_exception_shows_traceback_and_place(filled):
    result = failing(filled, """
        def helper(text):
            raise ValueError("cannot read " + text)

        def preprocess_handler(inference_record):
            if inference_record.event_metadata.inference_id == "0-2":
                helper(inference_record.endpoint_output.data)
            return {"score": inference_record.endpoint_output.data, "truth": inference_record.ground_truth.data}
    """)
    assert "Traceback" in result.err and "ValueError: cannot read 0.9" in result.err
    assert "script.py" in result.err and "in helper" in result.err
    capture = next(filled.captures.rglob("*.jsonl"))
    assert h.has_place(result.err, capture, 3), result.err


@pytest.mark.parametrize("text, says", [
    ("def preprocess_handler(record)\n    pass\n", "SyntaxError"),
    ("import no_such_module_at_all\n", "no_such_module_at_all"),
    ("raise RuntimeError('at import')\n", "at import"),
    ("import sys\nsys.exit(0)\n", ""),
    ("import os\nos._exit(0)\n", ""),
    ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n", ""),
])
def test_a_script_that_cannot_be_imported(filled, text, says):
    assert says in failing(filled, text).err


@pytest.mark.parametrize("text", ("", "x = 1\n", "preprocess_handler = 7\n", "def Preprocess_handler(r):\n    pass\n"))
def test_a_script_without_handler(filled, text):
    result = h.hindcast("run", *filled.inputs(), *filled.tick(), *BY_ROW, "--record-preprocessor-script",
                        script(filled, text), "-o", filled.out)
    assert result.status in (2, 3) and "preprocess_handler" in result.err, str(result)


def test_a_script_that_is_missing(filled):
    result = h.hindcast("run", *filled.inputs(), *filled.tick(), *BY_ROW, "--record-preprocessor-script",
                        filled.folder / "none.py", "-o", filled.out)
    assert result.status == 2 and "none.py" in result.err, str(result)


@pytest.mark.parametrize("answer", ("7", "'text'", "[1]", "[{'score': 1}, 2]", "{1: object()}", "object()",
                                    "{'score': float('nan'), 'truth': 1}", "{'score': 'high', 'truth': 1}",
                                    "{'other': 1}", "(_ for _ in ())"))
def test_an_answer_that_is_none(filled, answer):
    result = h.hindcast("run", *filled.inputs(), *filled.tick(), *BY_ROW, "--record-preprocessor-script",
                        script(filled, f"def preprocess_handler(r):\n    return {answer}\n"), "-o", filled.out)
    assert result.status in (2, 3), str(result)
    capture = next(filled.captures.rglob("*.jsonl"))
    assert h.has_place(result.err, capture, 1), result.err
    assert not h.snapshot(filled.out)


@pytest.mark.parametrize("ending", ("import os; os._exit(0)", "import os; os._exit(5)", "raise SystemExit(0)",
                                    "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
                                    "import os; os.close(1); os.closerange(3, 100)"))
def test_a_script_that_goes_away(filled, ending):
    failing(filled, f"""
        def preprocess_handler(inference_record):
            {ending}
            return {{"score": 0.5, "truth": 1}}
    """, timeout=30)


def alive(path):
    """Whether the process whose id is in the file still runs."""
    try:
        os.kill(int(path.read_text()), 0)
        return True
    except ProcessLookupError:
        return False


@pytest.mark.parametrize("loop", ("while True: pass", "import time; time.sleep(1000)"))
@pytest.mark.parametrize("where", ("import", "handler"))
def test_an_endless_loop_is_stopped(filled, loop, where):
    pid = filled.folder / "pid"
    child = f"import subprocess; p = subprocess.Popen(['sleep', '1000']); open({str(pid)!r}, 'w').write(str(p.pid))"
    body = f"    {child}\n    {loop}\n    return []\n"
    text = (f"{child}\n{loop}\n" if where == "import" else "") + "def preprocess_handler(r):\n" + body
    begin = time.monotonic()
    result = failing(filled, text, "--script-timeout", "2")
    assert time.monotonic() - begin < 20
    assert "2" in result.err and "script" in result.err.lower()
    for _ in range(50):
        if not alive(pid):
            break
        time.sleep(0.1)
    assert not alive(pid), "a child of the script outlived the run"


def test_a_script_that_ignores_signals_is_stopped(filled):
    failing(filled, """
        import signal
        for s in range(1, 32):
            try:
                signal.signal(s, signal.SIG_IGN)
            except (OSError, ValueError):
                pass

        def preprocess_handler(inference_record):
            while True:
                pass
    """, "--script-timeout", "2", timeout=30)


def test_memory_is_limited(filled):
    result = failing(filled, """
        def preprocess_handler(inference_record):
            data = bytearray(1 << 45)
            return []
    """)
    assert "MemoryError" in result.err


def test_children_end_with_a_good_run(filled):
    pid = filled.folder / "pid"
    preprocess(filled, f"""
        import subprocess
        open({str(pid)!r}, "w").write(str(subprocess.Popen(["sleep", "1000"]).pid))

        def preprocess_handler(inference_record):
            return {{"score": inference_record.endpoint_output.data, "truth": inference_record.ground_truth.data}}
    """, timeout=30)
    for _ in range(50):
        if not alive(pid):
            break
        time.sleep(0.1)
    assert not alive(pid)


# --- the postprocessor -------------------------------------------------------------------------


def postprocess(window, text, *more, status=0, **options):
    path = script(window, text, "post.py")
    return h.succeed("run", *window.inputs(), *window.tick(), "--problem-type", "BinaryClassification",
                     "--probability-attribute", "0", "--post-analytics-processor-script", path, *more, "-o", window.out,
                     status=status, **options)


def test_postprocessor_sees_the_report(filled):
    seen = filled.folder / "seen.json"
    result = postprocess(filled, f"""
        import json, os

        def postprocess_handler():
            print("Hello from post-proc script!")
            out = os.environ["output_path"]
            with open(os.path.join(out, "statistics.json")) as f:
                statistics = json.load(f)
            names = sorted(n for n in os.listdir(out) if n.endswith(".json"))
            with open({str(seen)!r}, "w") as f:
                json.dump([statistics, names, dict(os.environ)], f)
    """, "--json", env={"AWS_SECRET_ACCESS_KEY": "s3cr3t"})
    statistics, names, environ = json.loads(seen.read_text())
    assert statistics == h.statistics(filled.out)
    assert {"statistics.json", "constraints.json", "constraint_violations.json"} <= set(names)
    assert "s3cr3t" not in json.dumps(environ)
    assert "Hello from post-proc script!" in result.err
    result.document()


def test_postprocessor_that_fails(filled):
    result = postprocess(filled, """
        def postprocess_handler():
            raise KeyError("no luck")
    """, status=3)
    assert "Traceback" in result.err and "no luck" in result.err and "post.py" in result.err


def test_postprocessor_without_end(filled):
    postprocess(filled, """
        def postprocess_handler():
            while True:
                pass
    """, "--script-timeout", "2", status=3, timeout=30)


def test_postprocessor_does_not_change_the_verdict(filled):
    limits = h.write(filled.folder / "c.json", json.dumps({"binary_classification_constraints": {
        "recall": {"threshold": 0.9, "comparison_operator": "LessThanThreshold"}}}))
    postprocess(filled, "def postprocess_handler():\n    pass\n", "--constraints", limits, status=1)
    assert len(h.violations(filled.out)) == 1


# --- the halves and the container --------------------------------------------------------------


def test_analyze_runs_scripts_too(filled):
    h.succeed("merge", *filled.inputs(), *filled.tick(), "-o", filled.folder / "merged")
    h.succeed("analyze", filled.folder / "merged/merge", *BY_ROW, "--record-preprocessor-script", script(filled, PLAIN),
              "-o", filled.out)
    assert h.matrix(filled.out) == ALL_ONE


def test_scripts_by_environment(filled):
    h.succeed("merge", *filled.inputs(), *filled.tick(), "-o", filled.folder / "merged")
    env = {"dataset_source": str(filled.folder / "merged/merge"), "output_path": str(filled.out),
           "dataset_format": '{"sagemakerMergeJson":{"captureIndexNames":["endpointOutput"]}}',
           "analysis_type": "MODEL_QUALITY", "problem_type": "BinaryClassification", "probability_attribute": "score",
           "ground_truth_attribute": "truth", "record_preprocessor_script": str(script(filled, PLAIN)),
           "output_message_file": str(filled.folder / "message")}
    result = h.hindcast("analyze", env=env)
    assert result.status == 0, str(result)
    assert h.matrix(filled.out) == ALL_ONE


def test_container_script_failure_is_told(filled):
    h.succeed("merge", *filled.inputs(), *filled.tick(), "-o", filled.folder / "merged")
    bad = script(filled, "def preprocess_handler(r):\n    raise ValueError('no')\n")
    env = {"dataset_source": str(filled.folder / "merged/merge"), "output_path": str(filled.out),
           "analysis_type": "MODEL_QUALITY", "problem_type": "BinaryClassification", "probability_attribute": "score",
           "dataset_format": '{"sagemakerMergeJson":{"captureIndexNames":["endpointOutput"]}}',
           "record_preprocessor_script": str(bad), "output_message_file": str(filled.folder / "message")}
    result = h.hindcast("analyze", env=env)
    assert result.status == 3, str(result)
    assert "exception" in (filled.folder / "message").read_text().lower() or "ValueError" in (
        filled.folder / "message").read_text()
