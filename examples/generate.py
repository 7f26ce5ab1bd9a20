#!/usr/bin/python3
"""Makes the example data sets and the numbers expected of them.

Trains a small model on each of three public data sets that scikit-learn ships, lets it answer an
imaginary day of traffic and writes what SageMaker would have kept of it: a labelled baseline, data
capture, ground truth. Then reads the files back and computes, with scikit-learn and a plain
dictionary join, what a monitoring execution over each window has to find.

    python3 examples/generate.py        (scikit-learn 1.2.1, numpy 1.24: Debian 12's python3-sklearn)

The same bytes come out at every run on one machine; the data are committed because another build
of the numerical libraries may round a probability differently.
"""

import base64
import csv
import datetime as dt
import json
import math
import shutil
import uuid
from collections import Counter
from pathlib import Path

import numpy as np
from sklearn import metrics as skm
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

HERE = Path(__file__).resolve().parent
EXPECTED = HERE.parent / "tests" / "golden" / "expected_examples.json"
SEED = 2026
NAMES = uuid.uuid5(uuid.NAMESPACE_DNS, "hindcast.examples")
UTC = dt.timezone.utc
MIDNIGHT = dt.datetime(2026, 3, 2, tzinfo=UTC)
HOURS = range(8, 14)  # of traffic
DRIFT_FROM = 11       # the hour in which production begins to differ
FILES_PER_HOUR = 3
SCREENING_THRESHOLD = 0.35  # a missed tumour costs more than a second look

# When people upload the labels they have gathered: hours since midnight of 2 March.
UPLOADS = [10, 12, 15, 18, 23, 24 + 9, 24 + 16, 48 + 8, 72 + 10, 96 + 9]


def rng(*words):
    """A generator of its own for every purpose, so that one change does not move all the others."""
    return np.random.default_rng([SEED, *(ord(c) for c in "/".join(words))])


def name_of(*words):
    return str(uuid.uuid5(NAMES, "\n".join(words)))


def stamp(when):
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def hour_folder(root, when):
    return root / when.strftime("%Y/%m/%d/%H")


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def write_lines(path, lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8", newline="")


def write_csv(path, rows):
    write_lines(path, (",".join(row) for row in rows))


# ---------------------------------------------------------------------------------------------
# Traffic: rows, when they were sent, what the model answered


def number(x):
    """A feature as a client would send it: at most five significant digits, no exponent."""
    return np.format_float_positional(float(f"{x:.5g}"), trim="-")


def draw(example, features, labels, n, jitter):
    """n rows of the test fold. Past its end rows are used again, and then features that are
    measurements (jitter > 0) vary by that share of their spread; labels stay."""
    r = rng(example, "draw")
    order = np.concatenate([r.permutation(len(labels)) for _ in range(-(-n // len(labels)))])[:n]
    rows = features[order].astype(float)
    spread = features.std(axis=0)
    again = np.arange(n) >= len(labels)
    noise = r.normal(size=rows.shape) * spread * jitter
    return np.abs(rows + noise * again[:, None]), labels[order]


def times_of_traffic(example, n):
    """n instants, evenly many in every hour, in order, to the second."""
    r = rng(example, "times")
    each = n // len(HOURS)
    return [MIDNIGHT + dt.timedelta(hours=h, seconds=int(s)) for h in HOURS
            for s in np.sort(r.choice(3600, size=each, replace=False))]


def side(mode, content_type, data, encoding):
    if encoding == "BASE64":
        data = base64.b64encode(data.encode()).decode()
    return {"observedContentType": content_type, "mode": mode, "data": data, "encoding": encoding}


def capture_record(example, call):
    """Key order and form as SageMaker's data capture writes them."""
    event = {"eventId": call["event_id"]}
    if call["inference_id"]:
        event["inferenceId"] = call["inference_id"]
    event["inferenceTime"] = stamp(call["time"])
    encoding = call["encoding"]
    return compact({
        "captureData": {
            "endpointInput": side("INPUT", example["input_type"], call["input"], encoding),
            "endpointOutput": side("OUTPUT", example["output_type"], call["output"], encoding)},
        "eventMetadata": event, "eventVersion": "0"})


def make_calls(example, inputs, outputs, truths):
    """One call for each answered row. One in twenty callers gives no inference id; a few calls
    are sent again by an impatient client and captured twice."""
    name = example["name"]
    r = rng(name, "calls")
    times = times_of_traffic(name, len(truths))
    calls = []
    for i, (given, answer, truth, time) in enumerate(zip(inputs, outputs, truths, times)):
        encoding = "BASE64" if time.hour == example.get("base64_hour") else example["encoding"]
        call = {"time": time, "input": given, "output": answer, "truth": truth, "encoding": encoding,
                "inference_id": f"{example['id_prefix']}-{i + 1:05d}" if r.random() >= 0.05 else None,
                "event_id": name_of(name, str(i), given, answer)}
        calls.append(call)
        if call["inference_id"] and r.random() < 0.012:
            calls.append({**call, "event_id": name_of(name, str(i), given, "again")})
    return calls


def write_capture(example, root, calls):
    """Files as the endpoint closes them: some an hour, named after the first record in them."""
    files = {}
    for call in calls:
        part = (call["time"].minute * FILES_PER_HOUR) // 60
        files.setdefault((call["time"].hour, part), []).append(call)
    variant = root / "capture" / example["endpoint"] / "AllTraffic"
    for (hour, part), held in files.items():
        lines = [capture_record(example, call) for call in held]
        first = held[0]["time"]
        ms = 100 + (hour * 131 + part * 37) % 900
        path = hour_folder(variant, first) / f"{first:%M-%S}-{ms}-{name_of(*lines)}.jsonl"
        write_lines(path, lines)


# ---------------------------------------------------------------------------------------------
# Ground truth: late, in pieces, some missing, repeated, corrected, or for ids never captured


def label_record(key, label):
    return compact({"groundTruthData": {"data": label, "encoding": "CSV"},
                    "eventMetadata": {"eventId": key}, "eventVersion": "0"})


def upload_after(when, hours):
    due = (when - MIDNIGHT).total_seconds() / 3600 + hours
    return next((i for i, u in enumerate(UPLOADS) if u >= due), len(UPLOADS) - 1)


def write_labels(name, root, calls, wrong_label, uncaptured):
    """uncaptured: ids of calls that data capture did not sample; people label them all the same."""
    r = rng(name, "labels")
    uploads = {}
    seen = set()

    def put(upload, key, label):
        uploads.setdefault(upload, []).append(label_record(key, label))

    for call in calls:
        key = call["inference_id"] or call["event_id"]
        fate, delay = r.random(), r.random()
        if key in seen:
            continue
        seen.add(key)
        hours = 1 if delay < 0.3 else 8 if delay < 0.75 else 26 if delay < 0.95 else 60
        upload = upload_after(call["time"], hours)
        later = min(upload + 1 + int(r.integers(2)), len(UPLOADS) - 1)
        if fate < 0.05:
            continue  # nobody ever found out
        if fate < 0.08 and later > upload:
            put(upload, key, wrong_label(call["truth"], r))
            put(later, key, call["truth"])
            continue
        put(upload, key, call["truth"])
        if fate > 0.96 and later > upload:
            put(later, key, call["truth"])
    for i, (key, label) in enumerate(uncaptured):
        put(2 + i % (len(UPLOADS) - 2), key, label)
    for upload, lines in sorted(uploads.items()):
        when = MIDNIGHT + dt.timedelta(hours=UPLOADS[upload])
        folder = hour_folder(root / "ground-truth", when)
        half = len(lines) // 2 if len(lines) > 60 else len(lines)
        for part, chunk in enumerate((lines[:half], lines[half:])):
            if chunk:
                write_lines(folder / f"labels-{upload + 1:02d}-{part}.jsonl", chunk)


# ---------------------------------------------------------------------------------------------
# The three models


def split(example, features, labels, n_train, n_validation):
    """Three folds of (features, labels): for training, for the baseline, for production."""
    order = rng(example, "split").permutation(len(labels))
    cuts = np.split(order, [n_train, n_train + n_validation])
    return [(features[c], labels[c]) for c in cuts]


def breast_cancer():
    """The model and folds that the endpoint and the batch example share: the ten mean features,
    class 1 = malignant (the data set itself codes malignant as 0)."""
    data = load_breast_cancer()
    features, labels = data.data[:, :10], 1 - data.target
    train, validation, test = split("breast-cancer", features, labels, 150, 220)
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.2, max_iter=1000)).fit(*train)
    return model, validation, test


def recalibrated(rows, drifted):
    """A new scanner measures lengths 12 % too small: radius, perimeter and, squared, area."""
    out = rows.copy()
    out[drifted, 0] *= 0.88
    out[drifted, 2] *= 0.88
    out[drifted, 3] *= 0.88 ** 2
    return out


def malignancy(model, rows):
    """Probabilities as served: four decimals, from the features as sent."""
    sent = [[number(x) for x in row] for row in rows]
    p = model.predict_proba(np.array(sent, dtype=float))[:, 1]
    return sent, [f"{x:.4f}" for x in p]


def decide(probability):
    return "1" if float(probability) > SCREENING_THRESHOLD else "0"


def flip(label, _r):
    return "0" if label == "1" else "1"


def make_breast_cancer(n=600):
    example = {"name": "breast-cancer", "endpoint": "tumour-screening", "id_prefix": "exam", "encoding": "CSV",
               "input_type": "text/csv", "output_type": "text/csv; charset=utf-8", "base64_hour": 10}
    root = HERE / example["name"]
    model, validation, test = breast_cancer()
    _, p = malignancy(model, validation[0])
    write_csv(root / "baseline.csv", [("probability", "prediction", "label"),
                                      *((x, decide(x), str(y)) for x, y in zip(p, validation[1]))])
    rows, labels = draw(example["name"], *test, n, 0.05)
    hours = np.array([t.hour for t in times_of_traffic(example["name"], n)])
    sent, p = malignancy(model, recalibrated(rows, hours >= DRIFT_FROM))
    calls = make_calls(example, [",".join(row) for row in sent], [f"{x},{decide(x)}" for x in p],
                       [str(y) for y in labels])
    write_capture(example, root, calls)
    write_labels(example["name"], root, calls, flip, [(f"exam-{90000 + i}", str(i % 2)) for i in range(14)])


def make_breast_cancer_batch(n=500):
    """The same model as two nightly batch transform jobs; the scanner changed between them."""
    name = "breast-cancer-batch"
    root = HERE / name
    model, _, test = breast_cancer()
    rows, labels = draw(name, *test, n, 0.05)
    _, p = malignancy(model, recalibrated(rows, np.arange(n) >= n // 2))
    calls = [{"time": MIDNIGHT + dt.timedelta(days=i // (n // 2), hours=2, minutes=5, seconds=(i % (n // 2)) // 10),
              "truth": str(y), "score": x, "inference_id": name_of(name, str(i), x), "event_id": None}
             for i, (x, y) in enumerate(zip(p, labels))]
    for day in range(2):
        job = f"nightly-2026-03-{2 + day:02d}"
        held = calls[day * n // 2:(day + 1) * n // 2]
        outputs = {}
        for part, chunk in enumerate((held[:len(held) // 2], held[len(held) // 2:])):
            outputs[f"part-{part}.csv.out"] = chunk
            write_csv(root / "capture" / "transform-output" / job / f"part-{part}.csv.out",
                      [(c["score"], c["inference_id"], stamp(c["time"])) for c in chunk])
        manifest = compact([{"prefix": f"transform-output/{job}/"}, *outputs])
        write_lines(hour_folder(root / "capture" / "output", held[0]["time"]) / f"{name_of(manifest)}.json", [manifest])
    write_labels(name, root, calls, flip, [(name_of(name, "uncaptured", str(i)), str(i % 2)) for i in range(9)])


def make_digits(n=600):
    example = {"name": "digits", "endpoint": "digit-reader", "id_prefix": "img", "encoding": "JSON",
               "input_type": "application/json", "output_type": "application/json"}
    root = HERE / example["name"]
    data = load_digits()
    train, validation, test = split(example["name"], data.data, data.target, 500, 400)
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.05, max_iter=1000)).fit(*train)

    def serve(images):
        p = np.round(model.predict_proba(images), 3)
        return [str(k) for k in p.argmax(axis=1)], p

    predicted, p = serve(validation[0])
    write_csv(root / "baseline.csv", [("probability", "prediction", "label"),
                                      *((f"{q.max():.3f}", k, str(y)) for k, q, y in zip(predicted, p, validation[1]))])
    images, labels = draw(example["name"], *test, n, 0)
    hours = np.array([t.hour for t in times_of_traffic(example["name"], n)])
    # The camera slips: half of the later images arrive one pixel too far to the right.
    slipped = (hours >= DRIFT_FROM) & (rng(example["name"], "slip").random(n) < 0.5)
    grid = images.reshape(n, 8, 8)
    grid[slipped] = np.roll(grid[slipped], 1, axis=2)
    grid[slipped, :, 0] = 0
    images = grid.reshape(n, 64)
    predicted, p = serve(images)
    inputs = [compact({"pixels": [int(x) for x in image]}) for image in images]
    outputs = [compact({"predicted_label": k, "probabilities": [float(x) for x in q]}) + "\n"
               for k, q in zip(predicted, p)]
    calls = make_calls(example, inputs, outputs, [str(y) for y in labels])
    write_capture(example, root, calls)
    write_labels(example["name"], root, calls, lambda label, r: str((int(label) + 1 + r.integers(9)) % 10),
                 [(f"img-{90000 + i}", str(i % 10)) for i in range(11)])


def make_diabetes(n=540):
    example = {"name": "diabetes", "endpoint": "diabetes-progression", "id_prefix": "visit", "encoding": "CSV",
               "input_type": "text/csv", "output_type": "text/csv; charset=utf-8"}
    root = HERE / example["name"]
    data = load_diabetes(scaled=False)
    train, validation, test = split(example["name"], data.data, data.target, 110, 200)
    model = make_pipeline(StandardScaler(), Ridge(alpha=5.0)).fit(*train)

    def serve(rows):
        sent = [[number(x) for x in row] for row in rows]
        return sent, [f"{x:.2f}" for x in model.predict(np.array(sent, dtype=float))]

    def label(y):
        return f"{y:.1f}"

    _, predicted = serve(validation[0])
    write_csv(root / "baseline.csv", [("prediction", "label"),
                                      *((k, label(y)) for k, y in zip(predicted, validation[1]))])
    rows, labels = draw(example["name"], *test, n, 0.05)
    rows[:, 1] = np.round(rows[:, 1])  # sex is a code
    hours = np.array([t.hour for t in times_of_traffic(example["name"], n)])
    # One clinic in three begins to send blood pressure in kPa instead of mmHg.
    clinic = (hours >= DRIFT_FROM) & (rng(example["name"], "clinic").random(n) < 1 / 3)
    rows[clinic, 3] *= 0.133322
    sent, predicted = serve(rows)
    calls = make_calls(example, [",".join(row) for row in sent], [x + "\n" for x in predicted],
                       [label(y) for y in labels])
    write_capture(example, root, calls)
    write_labels(example["name"], root, calls, lambda y, r: label(float(y) + int(r.integers(10, 60))),
                 [(f"visit-{90000 + i}", label(100 + 7 * i)) for i in range(10)])
    # What a user makes of the suggested thresholds: a quarter more error than the baseline, a quarter less r2.
    with open(root / "baseline.csv", newline="", encoding="utf-8") as f:
        rows = list(csv.DictReader(f))
    base = measure("Regression", [(r["label"], r["prediction"], None) for r in rows])
    edited = {m: {"threshold": round(base[m] * (0.75 if m == "r2" else 1.25), 4),
                  "comparison_operator": CONSTRAINED["Regression"][m]} for m in CONSTRAINED["Regression"]}
    write_lines(root / "constraints.json", [json.dumps({"version": 0.0, "regression_constraints": edited}, indent=2)])


# ---------------------------------------------------------------------------------------------
# What has to come out: the files read back, joined with a dictionary, measured with scikit-learn

LESS, GREATER = "LessThanThreshold", "GreaterThanThreshold"
CONSTRAINED = {
    "BinaryClassification": {
        "recall": LESS, "precision": LESS, "accuracy": LESS, "true_positive_rate": LESS, "true_negative_rate": LESS,
        "false_positive_rate": GREATER, "false_negative_rate": GREATER, "auc": LESS, "f0_5": LESS, "f1": LESS,
        "f2": LESS},
    "MulticlassClassification": {
        "accuracy": LESS, "weighted_recall": LESS, "weighted_precision": LESS, "weighted_f0_5": LESS,
        "weighted_f1": LESS, "weighted_f2": LESS},
    "Regression": {"mae": GREATER, "mse": GREATER, "rmse": GREATER, "r2": LESS},
}
BETAS = {"f0_5": 0.5, "f1": 1.0, "f2": 2.0}


def area_under_pr(truth, score):
    """Trapezoids over recall and precision at each distinct score, begun at (0, first precision) as
    Spark MLlib has it; scikit-learn begins at (0, 1)."""
    precision, recall, _ = skm.precision_recall_curve(truth, score)
    precision[-1] = precision[-2]
    return skm.auc(recall, precision)


def measure_binary(rows):
    truth = [int(r[0]) for r in rows]
    predicted = [int(r[1]) for r in rows]
    score = [float(r[2]) for r in rows]
    matrix = skm.confusion_matrix(truth, predicted, labels=[0, 1])
    (tn, fp), (fn, tp) = matrix.tolist()
    common = int(sum(truth) * 2 > len(truth))
    constant = [common] * len(truth)
    out = {"confusion_matrix": {"0": {"0": tn, "1": fp}, "1": {"0": fn, "1": tp}},
           "true_positive_rate": tp / (tp + fn), "true_negative_rate": tn / (tn + fp),
           "false_positive_rate": fp / (fp + tn), "false_negative_rate": fn / (fn + tp),
           "auc": skm.roc_auc_score(truth, score), "au_prc": area_under_pr(truth, score)}
    for suffix, guess in (("", predicted), ("_best_constant_classifier", constant)):
        out["recall" + suffix] = skm.recall_score(truth, guess)
        out["precision" + suffix] = skm.precision_score(truth, guess, zero_division=0)
        out["accuracy" + suffix] = skm.accuracy_score(truth, guess)
        for f, beta in BETAS.items():
            out[f + suffix] = skm.fbeta_score(truth, guess, beta=beta, zero_division=0)
    return out


def measure_multiclass(rows):
    truth = [r[0] for r in rows]
    predicted = [r[1] for r in rows]
    classes = sorted(set(truth) | set(predicted), key=int)
    matrix = skm.confusion_matrix(truth, predicted, labels=classes)
    counts = Counter(truth)
    constant = [max(classes, key=lambda k: counts[k])] * len(truth)
    out = {"confusion_matrix": {a: {b: int(matrix[i][j]) for j, b in enumerate(classes)}
                                for i, a in enumerate(classes)}}
    for suffix, guess in (("", predicted), ("_best_constant_classifier", constant)):
        weighted = {"average": "weighted", "zero_division": 0}
        out["accuracy" + suffix] = skm.accuracy_score(truth, guess)
        out["weighted_recall" + suffix] = skm.recall_score(truth, guess, **weighted)
        out["weighted_precision" + suffix] = skm.precision_score(truth, guess, **weighted)
        for f, beta in BETAS.items():
            out["weighted_" + f + suffix] = skm.fbeta_score(truth, guess, beta=beta, **weighted)
    return out


def measure_regression(rows):
    truth = [float(r[0]) for r in rows]
    predicted = [float(r[1]) for r in rows]
    mse = skm.mean_squared_error(truth, predicted)
    return {"mae": skm.mean_absolute_error(truth, predicted), "mse": mse, "rmse": math.sqrt(mse),
            "r2": skm.r2_score(truth, predicted)}


def measure(problem, rows):
    """rows: (label, prediction, score or None), all text as it stood in the files."""
    out = {"BinaryClassification": measure_binary, "MulticlassClassification": measure_multiclass,
           "Regression": measure_regression}[problem](rows)
    return {k: v if isinstance(v, dict) else float(v) for k, v in out.items()}


def judge(problem, values, thresholds):
    """Names of the broken constraints. Strict comparison; a value equal to its threshold but for
    rounding would make the answer depend on the last digit, so the data must not hold one."""
    broken = []
    for metric, operator in CONSTRAINED[problem].items():
        value, threshold = values[metric], thresholds[metric]
        if value != threshold:
            assert abs(value - threshold) > 1e-9, (metric, value, threshold)
        if (value < threshold) if operator == LESS else (value > threshold):
            broken.append(metric)
    return broken


def parse_time(text):
    return dt.datetime.fromisoformat(text.replace("Z", "+00:00"))


def hour_of(path):
    year, month, day, hour = path.parts[-5:-1]
    return dt.datetime(int(year), int(month), int(day), int(hour), tzinfo=UTC)


def records_in(root, pattern, first, last):
    """(folder hour, parsed line) of all files in hour folders first..last, in byte order of paths."""
    for path in sorted(root.glob(pattern)):
        if first <= hour_of(path) <= last:
            for line in path.read_text(encoding="utf-8").splitlines():
                yield hour_of(path), json.loads(line)


def output_of(record):
    out = record["captureData"]["endpointOutput"]
    return base64.b64decode(out["data"]).decode() if out["encoding"] == "BASE64" else out["data"]


def captures_of_endpoint(root, read, first, last):
    for _, record in records_in(root / "capture", "*/*/*/*/*/*/*.jsonl", first, last):
        meta = record["eventMetadata"]
        yield meta.get("inferenceId") or meta["eventId"], parse_time(meta["inferenceTime"]), read(output_of(record))


def captures_of_batch(root, read, first, last):
    for path in sorted((root / "capture" / "output").glob("*/*/*/*/*.json")):
        if first <= hour_of(path) <= last:
            head, *names = json.loads(path.read_text(encoding="utf-8"))
            for name in names:
                with open(root / "capture" / head["prefix"] / name, newline="", encoding="utf-8") as f:
                    for *data, key, time in csv.reader(f):
                        yield key, parse_time(time), read(",".join(data))


def execute(root, captures, label_first, label_last, cutoff):
    """One execution's join: counts as in join_report.json, and the matched rows."""
    labels, duplicate, corrected = {}, 0, 0
    for _, record in records_in(root / "ground-truth", "*/*/*/*/*.jsonl", label_first, label_last):
        key, label = record["eventMetadata"]["eventId"], record["groundTruthData"]["data"]
        if key in labels:
            duplicate += labels[key] == label
            corrected += labels[key] != label
        labels[key] = label
    taken, after = [], 0
    for key, time, answer in captures:
        if cutoff and time >= cutoff:
            after += 1
        else:
            taken.append((key, answer))
    keys = {key for key, _ in taken}
    rows = [(labels[key], *answer) for key, answer in taken if key in labels]
    counts = {"captured": len(taken), "labelled": len(labels) + duplicate + corrected,
              "matched": len(rows), "captures_without_label": len(taken) - len(rows),
              "labels_without_capture": len(labels.keys() - keys), "duplicate_labels": duplicate,
              "conflicting_labels": corrected, "repeated_captures": len(taken) - len(keys), "after_window": after,
              "unreadable": 0}
    return counts, rows


def read_csv_pair(data):
    probability, prediction = data.split(",")
    return prediction, probability


def read_score(data):
    return decide(data), data


def read_digit(data):
    return json.loads(data)["predicted_label"], None


def read_value(data):
    return data.rstrip("\n"), None


def hours(day, hour):
    return MIDNIGHT + dt.timedelta(days=day, hours=hour)


def clock(when):
    return when.strftime("%Y-%m-%dT%H:%MZ")


def late(day, hour, back_start, back_end, start_offset, end_offset):
    """A schedule's window: the hour folders of both ends belong to it, labels until the tick."""
    tick = hours(day, hour)
    return {"args": ["--scheduled-time", clock(tick), "--start-time-offset", start_offset,
                     "--end-time-offset", end_offset],
            "first": tick - back_start, "last": tick - back_end, "label_last": tick, "cutoff": tick}


def whole(labels_until):
    return {"args": ["--start", clock(hours(0, 8)), "--end", clock(hours(0, 14)),
                     "--labels-until", clock(labels_until)],
            "first": hours(0, 8), "last": hours(0, 13), "label_last": labels_until - dt.timedelta(hours=1),
            "cutoff": None}


def three_hours_late(hour):
    """Every three hours, two days late: hours -50 to -48 (both included) before the tick."""
    return late(2, hour, dt.timedelta(days=2, hours=3), dt.timedelta(days=2, hours=1), "-P2DT3H", "-P2DT1H")


ENDPOINT_WINDOWS = {"before the drift": three_hours_late(11), "after the drift": three_hours_late(14),
                    "all six hours, all labels": whole(hours(7, 0))}
BATCH_WINDOWS = {"first night": late(3, 0, dt.timedelta(days=3), dt.timedelta(days=2), "-P3D", "-P2D"),
                 "second night": late(4, 0, dt.timedelta(days=3), dt.timedelta(days=2), "-P3D", "-P2D")}
SAME_DAY = {"same day, few labels yet": late(0, 12, dt.timedelta(hours=4), dt.timedelta(0), "-PT4H", "-PT0H")}

EXAMPLES = {
    "breast-cancer": {
        "problem": "BinaryClassification", "baseline": "breast-cancer/baseline.csv",
        "baseline_args": ["--ground-truth-attribute", "label", "--inference-attribute", "prediction",
                          "--probability-attribute", "probability"],
        "run_args": ["--inference-attribute", "1", "--probability-attribute", "0"],
        "captures": captures_of_endpoint, "read": read_csv_pair, "windows": ENDPOINT_WINDOWS},
    "breast-cancer-batch": {
        "problem": "BinaryClassification", "baseline": "breast-cancer/baseline.csv",
        "baseline_args": ["--ground-truth-attribute", "label", "--probability-attribute", "probability",
                          "--probability-threshold-attribute", str(SCREENING_THRESHOLD)],
        "run_args": ["--dataset-format", "csv", "--no-header", "--probability-attribute", "0",
                     "--probability-threshold-attribute", str(SCREENING_THRESHOLD)],
        "captures": captures_of_batch, "read": read_score, "windows": BATCH_WINDOWS},
    "digits": {
        "problem": "MulticlassClassification", "baseline": "digits/baseline.csv",
        "baseline_args": ["--ground-truth-attribute", "label", "--inference-attribute", "prediction"],
        "run_args": ["--inference-attribute", "predicted_label"],
        "captures": captures_of_endpoint, "read": read_digit, "windows": ENDPOINT_WINDOWS},
    "diabetes": {
        "problem": "Regression", "baseline": "diabetes/baseline.csv",
        "constraints": "examples/diabetes/constraints.json",
        "baseline_args": ["--ground-truth-attribute", "label", "--inference-attribute", "prediction"],
        "run_args": ["--inference-attribute", "0"],
        "captures": captures_of_endpoint, "read": read_value, "windows": {**ENDPOINT_WINDOWS, **SAME_DAY}},
}


def read_baseline(path):
    with open(path, newline="", encoding="utf-8") as f:
        return [(row["label"], row["prediction"], row.get("probability")) for row in csv.DictReader(f)]


def expect(name, example):
    problem = example["problem"]
    root = HERE / name
    rows = read_baseline(HERE / example["baseline"])
    base = measure(problem, rows)
    thresholds = base
    constraints = example.get("constraints")  # None: those that `hindcast baseline` suggests
    if constraints:
        with open(HERE.parent / constraints, encoding="utf-8") as f:
            (held,) = (v for k, v in json.load(f).items() if k.endswith("_constraints"))
        thresholds = {metric: entry["threshold"] for metric, entry in held.items()}
    windows = {}
    option = "--batch-transform-input" if example["captures"] is captures_of_batch else "--endpoint-input"
    for title, w in example["windows"].items():
        captures = example["captures"](root, example["read"], w["first"], w["last"])
        counts, matched = execute(root, captures, w["first"], w["label_last"], w["cutoff"])
        values = measure(problem, matched)
        broken = judge(problem, values, thresholds)
        windows[title] = {
            "args": ["--problem-type", problem, option, f"examples/{name}/capture",
                     "--ground-truth-input", f"examples/{name}/ground-truth", *w["args"], *example["run_args"]],
            "constraints": constraints, "exit": 1 if broken else 0, "counts": counts, "violated": broken,
            "metrics": values}
    args = [f"examples/{example['baseline']}", "--problem-type", problem, *example["baseline_args"]]
    return {"baseline": {"args": args, "records": len(rows), "metrics": base}, "windows": windows}


def main():
    for name in EXAMPLES:
        shutil.rmtree(HERE / name, ignore_errors=True)
    make_breast_cancer()
    make_breast_cancer_batch()
    make_digits()
    make_diabetes()
    expected = {"_about": "made by examples/generate.py with scikit-learn; equal up to 1e-12. constraints null: the "
                          "suggested ones of the baseline.",
                **{name: expect(name, example) for name, example in EXAMPLES.items()}}
    EXPECTED.parent.mkdir(parents=True, exist_ok=True)
    write_lines(EXPECTED, [json.dumps(expected, indent=1)])


if __name__ == "__main__":
    main()
