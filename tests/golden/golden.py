"""The golden runs: the shipped examples, byte for byte.

Each run of RUNS writes a report; what stands in tests/golden/<name>/ is what it must be. Reports are
kept as they are; merged records only by their SHA-256 (merged.sha256), to keep the tree small.
`make bless` rewrites them after a change that is meant to change the output.
"""
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "golden"
EPOCH = "1772668800"  # 2026-03-05T00:00:00Z

DIGITS = ["--problem-type", "MulticlassClassification", "--inference-attribute", "predicted_label"]
BREAST = ["--problem-type", "BinaryClassification", "--inference-attribute", "1", "--probability-attribute", "0"]
BATCH = ["--problem-type", "BinaryClassification", "--no-header", "--probability-attribute", "0",
         "--probability-threshold-attribute", "0.35"]
DIABETES = ["--problem-type", "Regression", "--inference-attribute", "0"]
LATE = ["--start-time-offset", "-P2DT3H", "--end-time-offset", "-P2DT1H"]


def endpoint(folder):
    return ["--endpoint-input", f"examples/{folder}/capture", "--ground-truth-input", f"examples/{folder}/ground-truth"]


# name -> (command and arguments without -o, exit status). Constraints are the golden baselines'.
RUNS = {
    "breast-cancer-baseline": (["baseline", "examples/breast-cancer/baseline.csv", "--problem-type",
                                "BinaryClassification", "--ground-truth-attribute", "label", "--inference-attribute",
                                "prediction", "--probability-attribute", "probability"], 0),
    "breast-cancer": (["run", *BREAST, *endpoint("breast-cancer"), "--constraints",
                       "tests/golden/breast-cancer-baseline/constraints.json", "--checksums",
                       "--scheduled-time", "2026-03-04T14:00Z", *LATE], 1),
    "breast-cancer-batch": (["run", *BATCH, "--batch-transform-input", "examples/breast-cancer-batch/capture",
                             "--ground-truth-input", "examples/breast-cancer-batch/ground-truth", "--constraints",
                             "tests/golden/breast-cancer-baseline/constraints.json", "--start", "2026-03-01T00:00Z",
                             "--end", "2026-03-05T00:00Z", "--labels-until", "2026-03-20T00:00Z"], 1),
    "digits-baseline": (["baseline", "examples/digits/baseline.csv", "--problem-type", "MulticlassClassification",
                         "--ground-truth-attribute", "label", "--inference-attribute", "prediction"], 0),
    "digits": (["run", *DIGITS, *endpoint("digits"), "--constraints", "tests/golden/digits-baseline/constraints.json",
                "--scheduled-time", "2026-03-04T11:00Z", *LATE], 0),
    "diabetes-baseline": (["baseline", "examples/diabetes/baseline.csv", "--problem-type", "Regression",
                           "--ground-truth-attribute", "label", "--inference-attribute", "prediction"], 0),
    "diabetes": (["run", *DIABETES, *endpoint("diabetes"), "--constraints", "examples/diabetes/constraints.json",
                  "--start", "2026-03-02T08:00Z", "--end", "2026-03-02T14:00Z", "--labels-until",
                  "2026-03-09T00:00Z"], 1),
}


def program():
    return os.environ.get("HINDCAST", str(ROOT / "build" / "hindcast"))


def produce(name, folder):
    """Runs one golden run into `folder`; returns {relative path: bytes}, merged records as digests."""
    args, status = RUNS[name]
    shutil.rmtree(folder, ignore_errors=True)
    done = subprocess.run([program(), *args, "--quiet", "-o", str(folder)], cwd=ROOT, capture_output=True, text=True,
                          env={**os.environ, "SOURCE_DATE_EPOCH": EPOCH})
    assert done.returncode == status, f"{name}: exit status {done.returncode}, expected {status}\n{done.stderr}"
    files, merged = {}, []
    for path in sorted(p for p in Path(folder).rglob("*") if p.is_file()):
        key = path.relative_to(folder).as_posix()
        if key.startswith("merge/"):
            merged.append(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {key}\n")
        else:
            files[key] = path.read_bytes()
    if merged:
        files["merged.sha256"] = "".join(merged).encode()
    return files


def kept(name):
    folder = GOLDEN / name
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def bless(scratch):
    for name in RUNS:
        files = produce(name, Path(scratch) / name)
        shutil.rmtree(GOLDEN / name, ignore_errors=True)
        for key, content in files.items():
            path = GOLDEN / name / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        print("blessed", name, "," .join(sorted(files)))
