"""Metrics against scikit-learn and against exact fractions, by random cases.

Every case is one labelled baseline, one process and its statistics.json. scikit-learn gives the
confusion matrix, precision, recall, F, the areas and r2; where it is itself not exact (large
offsets), sums of fractions.Fraction do. |difference| <= 1e-12 max(1, |x|).
"""
import csv
import io
import json
import math
import os
import sys
import warnings
from collections import Counter
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import (
    auc, confusion_matrix, mean_absolute_error, mean_squared_error, precision_recall_curve,
    precision_recall_fscore_support, r2_score, roc_auc_score)

sys.path.insert(0, str(Path(__file__).resolve().parent))
import helpers as h  # noqa: E402
from pool import cases, run_cases  # noqa: E402

BETAS = (("f0_5", 0.5), ("f1", 1.0), ("f2", 2.0))
DEVIATION_FROM = 200  # records
POINTS_MAX = 1000


# --- the oracles -------------------------------------------------------------------------------


def ratio(a, b):
    """None where there is no denominator: "NaN" in the file."""
    return a / b if b else None


def f_beta(p, r, beta):
    r = r or 0.0
    return (1 + beta * beta) * p * r / (beta * beta * p + r) if p or r else 0.0


def prf(actual, predicted, average, labels=None, beta=1.0, **more):
    return precision_recall_fscore_support(actual, predicted, beta=beta, labels=labels, average=average,
                                           zero_division=0, **more)[:3]


def binary_oracle(actual, predicted, scores):
    """Expected values of every scalar, None for "NaN"; a callable decides where two are right."""
    cm = confusion_matrix(actual, predicted, labels=[0, 1])
    (tn, fp), (fn, tp) = cm.tolist()
    n, positives, negatives = tn + fp + fn + tp, tp + fn, tn + fp
    want = {}
    precision, recall, _ = prf(actual, predicted, "binary", pos_label=1)
    want["precision"] = precision
    want["recall"] = want["true_positive_rate"] = recall if positives else None
    for name, beta in BETAS:
        want[name] = prf(actual, predicted, "binary", beta=beta, pos_label=1)[2]
    want["accuracy"] = (tp + tn) / n
    want["false_positive_rate"] = ratio(fp, negatives)
    want["true_negative_rate"] = ratio(tn, negatives)
    want["false_negative_rate"] = ratio(fn, positives)

    want["accuracy_best_constant_classifier"] = max(positives, negatives) / n
    constants = [c for c, k in ((0, negatives), (1, positives)) if k == max(positives, negatives)]
    options = []
    for c in constants:
        p = positives / n if c else 0.0
        r = (float(c) if positives else None)
        options.append({"precision": p, "recall": r, **{name: f_beta(p, r, b) for name, b in BETAS}})
    want["best_constant"] = options

    if scores is not None:
        if positives and negatives:
            want["auc"] = roc_auc_score(actual, scores)
        else:
            want["auc"] = None
        if positives:
            p, r, _ = precision_recall_curve(actual, scores)
            p[-1] = p[-2]  # the curve starts at the first point's precision, not at 1
            want["au_prc"] = auc(r, p)
    return cm.tolist(), want


def multiclass_oracle(actual, predicted, names):
    cm = confusion_matrix(actual, predicted, labels=names)
    rows = cm.sum(axis=1)
    n = int(rows.sum())
    want = {"accuracy": float(np.trace(cm)) / n}
    for name, beta in BETAS:
        p, r, f = prf(actual, predicted, "weighted", labels=names, beta=beta)
        want["weighted_precision"], want["weighted_recall"], want["weighted_" + name] = p, r, f
    top = int(rows.max())
    share = top / n
    want["accuracy_best_constant_classifier"] = share
    want["weighted_recall_best_constant_classifier"] = share
    want["weighted_precision_best_constant_classifier"] = share * share
    for name, beta in BETAS:
        want[f"weighted_{name}_best_constant_classifier"] = share * f_beta(share, 1.0, beta)
    return cm.tolist(), want


def exact_float(x):
    """A fraction as the nearest double, in range or not."""
    try:
        return float(x)
    except OverflowError:
        return math.inf if x > 0 else -math.inf


def regression_oracle(actual, predicted):
    """Exact means of errors that are rounded once, as AWS has them; r2 without any rounding before the end."""
    y = [Fraction(v) for v in actual]
    e = [Fraction(p - a) for a, p in zip(actual, predicted)]
    n = len(y)
    sse = sum(v * v for v in e)
    sst = sum(v * v for v in y) - sum(y) ** 2 / n
    mse = exact_float(sse / n)
    return {
        "mae": exact_float(sum(abs(v) for v in e) / n),
        "mse": mse,
        "rmse": math.sqrt(mse),
        "r2": exact_float(1 - sse / sst) if sst else None,
    }


def roc_points(actual, scores):
    """One point a distinct score, descending, between (0,0) and (1,1)."""
    positives = sum(actual)
    negatives = len(actual) - positives
    x, y, fp, tp = [0.0], [0.0], 0, 0
    by_score = Counter()
    for a, s in zip(actual, scores):
        by_score[s, a] += 1
    for s in sorted(set(scores), reverse=True):
        tp += by_score[s, 1]
        fp += by_score[s, 0]
        x.append(fp / negatives)
        y.append(tp / positives)
    return x + [1.0], y + [1.0]


# --- running one case --------------------------------------------------------------------------


class Case:
    def __init__(self, folder, columns, rows, args, rng):
        self.folder, self.args = folder, args
        text = io.StringIO()
        writer = csv.writer(text, lineterminator=rng.choice(("\n", "\r\n")),
                            quoting=rng.choice((csv.QUOTE_MINIMAL, csv.QUOTE_ALL)))
        if columns:
            writer.writerow(columns)
        writer.writerows(rows)
        self.text = text.getvalue()
        if rng.random() < 0.2 and not self.text.endswith('""\n'):
            self.text = self.text.rstrip("\r\n")
        if rng.random() < 0.05:
            self.text = "\ufeff" + self.text
        self.by_file = rng.random() < 0.3

    def run(self):
        os.makedirs(self.folder)
        source = "-"
        if self.by_file:
            source = os.path.join(self.folder, "data.csv")
            h.write(source, self.text)
        out = os.path.join(self.folder, "out")
        form = () if self.by_file else ("--dataset-format", "csv")
        result = h.hindcast("baseline", source, *form, *self.args, "-o", out,
                            stdin=b"" if self.by_file else self.text.encode())
        assert result.status == 0, f"{result}\n{self}"
        text = Path(out, "statistics.json").read_text(encoding="utf-8")
        return json.loads(text, parse_float=h.Raw)

    def __str__(self):
        return f"hindcast baseline - --dataset-format csv {' '.join(map(repr, self.args))} -o DIR <<\n{self.text!r}"


def read_number(entry, case):
    assert set(entry) == {"value", "standard_deviation"}, f"{entry}\n{case}"
    numbers = []
    for text in (entry["value"], entry["standard_deviation"]):
        if text == "NaN":
            numbers.append(None)
            continue
        assert isinstance(text, h.Raw), f"not a number in Java's form: {text!r}\n{case}"
        x = float(text)
        assert text == h.java_double(x) or 0 < abs(x) < 1e-300, f"{text} is not the shortest text of {x!r}\n{case}"
        numbers.append(x)
    return numbers


def close(got, want):
    if got is None or want is None:
        return got is None and want is None
    return got == want or abs(got - want) <= 1e-12 * max(1.0, abs(want))


def check(found, want, n, case):
    got = {}
    for name, entry in found.items():
        if isinstance(entry, dict) and "value" in entry:
            got[name], deviation = read_number(entry, case)
            if n < DEVIATION_FROM:
                assert deviation is None, f"{name}: a deviation of {n} records\n{case}"
            elif deviation is not None:
                assert 0 <= deviation < math.inf, f"{name}: deviation {deviation}\n{case}"
    for name, value in want.items():
        if name == "best_constant":
            continue
        assert name in got, f"{name} is missing\n{case}"
        assert close(got[name], value), f"{name}: {got[name]!r}, expected {value!r}\n{case}"
    return got


# --- the cases ---------------------------------------------------------------------------------


def size(rng):
    kind = rng.random()
    if kind < 0.15:
        return rng.randint(1, 4)
    if kind < 0.95:
        return rng.randint(5, 60)
    return rng.randint(199, 400)


def column_names(rng, n):
    """Different names, some with what CSV and JSON must quote; never one that looks like an index."""
    names = []
    while len(names) < n:
        name = f"c{len(names)}" if rng.random() < 0.7 else "n" + h.random_text(rng).strip()
        if name not in names:
            names.append(name)
    return names


def class_names(rng, n):
    """Different class names, no two equal when trimmed, none that reads as a number or truth value."""
    names = []
    while len(names) < n:
        name = rng.choice(("yes", "no", "cat", "chien", "Größe", "日本", "a,b", 'say "hi"', "two\nlines", "x y", "😀",
                           "é", "e\u0301", h.random_text(rng)))
        plain = name.strip().lower()
        number = plain.replace("_", "")
        if name != name.strip() or plain in ("true", "false", "nan", "inf", "infinity", ""):
            continue
        try:
            float(number)
            continue
        except ValueError:
            pass
        if name not in names and not name.startswith("-"):
            names.append(name)
    return names


def scores_of(rng, n):
    kind = rng.random()
    if kind < 0.4:
        return [rng.random() for _ in range(n)]
    if kind < 0.6:
        few = [rng.random() for _ in range(rng.randint(1, 4))] + [0.0, 1.0, 0.5]
        return [rng.choice(few) for _ in range(n)]
    if kind < 0.7:
        return [rng.choice((5e-324, 1e-310, 2.2250738585072014e-308, 1e-300, 1e-17, 0.0)) for _ in range(n)]
    if kind < 0.8:  # neighbours of one value
        base = rng.choice((0.5, 0.9999999999999999, 0.1))
        near = [base, np.nextafter(base, 0.0), np.nextafter(base, 1.0)]
        return [float(rng.choice(near)) for _ in range(n)]
    if kind < 0.85:
        return [0.5] * n
    return [round(rng.random(), 1) for _ in range(n)]


def labels_of(rng, n, scores):
    kind = rng.random()
    if kind < 0.1:
        return [rng.randint(0, 1)] * n
    if kind < 0.5:
        return [int(rng.random() < s) for s in scores]
    share = rng.choice((0.05, 0.5, 0.95))
    return [int(rng.random() < share) for _ in range(n)]


def binary_case(rng, folder):
    n = size(rng)
    scores = scores_of(rng, n)
    actual = labels_of(rng, n, scores)
    said = [a if rng.random() < 0.7 else 1 - a for a in actual]

    text = rng.random() < 0.3
    if text and len(set(actual)) == 1 and 1 not in actual:
        text = False  # a positive label that no record has is refused
    if text:
        negative, positive = class_names(rng, 2)
        spell = {0: (negative,), 1: (positive,)}
        if len({*actual, *said}) < 2:
            said = list(actual)
    else:
        zeros, ones = ("0", "0.0", "false", " 0", "False"), ("1", "1.0", "true", " 1", "True")
        many = rng.random() < 0.5
        spell = {0: zeros if many else zeros[:1], 1: ones if many else ones[:1]}

    has_score = rng.random() < 0.8
    has_said = not has_score or rng.random() < 0.5
    threshold = rng.choice((None, None, "0.5", "0.25", "0.0", "1.0", repr(rng.random()))) if has_score else None
    if threshold is not None or not has_said:
        limit = float(threshold) if threshold is not None else 0.5
        predicted = [int(s > limit) for s in scores]
    else:
        predicted = said

    label_name, score_name, said_name, other = column_names(rng, 4)
    columns = {label_name: [rng.choice(spell[a]) for a in actual], other: [h.random_text(rng) for _ in range(n)]}
    if has_score:
        columns[score_name] = [repr(s) for s in scores]
    if has_said:
        columns[said_name] = [rng.choice(spell[p]) for p in said]
    order = list(columns)
    rng.shuffle(order)
    header = rng.random() < 0.7

    def name(column):
        return column if header else rng.choice(("{}", "_c{}")).format(order.index(column))

    args = ["--problem-type", "BinaryClassification", "--ground-truth-attribute", name(label_name)]
    if has_score:
        args += ["--probability-attribute", name(score_name)]
    if has_said:
        args += ["--inference-attribute", name(said_name)]
    if threshold is not None:
        args += ["--probability-threshold-attribute", threshold]
    if text:
        args += ["--positive-label", positive]
    if not header:
        args += ["--no-header"]
    case = Case(folder, order if header else None, zip(*(columns[c] for c in order)), args, rng)
    found = case.run()

    assert found["dataset"]["item_count"] == n, str(case)
    found = found["binary_classification_metrics"]
    cm, want = binary_oracle(actual, predicted, scores if has_score else None)
    keys = [negative, positive] if text else ["0", "1"]
    got_cm = found["confusion_matrix"]
    said_is_read = has_said and threshold is None  # a threshold makes the score decide alone
    if text and len({*actual, *(said if said_is_read else [])}) < 2:
        assert list(got_cm)[1] == positive, str(case)  # the name of a negative class that nobody has is open
        keys = list(got_cm)
    want_cm = {a: dict(zip(keys, row)) for a, row in zip(keys, cm)}
    assert got_cm == want_cm and list(got_cm) == keys, f"{got_cm}, expected {want_cm}\n{case}"

    got = check(found, want, n, case)
    suffix = "_best_constant_classifier"
    assert any(all(close(got[k + suffix], v) for k, v in option.items()) for option in want["best_constant"]), \
        f"{ {k: v for k, v in got.items() if k.endswith(suffix)} }, expected one of {want['best_constant']}\n{case}"
    if not has_score:
        curves = {"auc", "au_prc", "receiver_operating_characteristic_curve", "precision_recall_curve"}
        assert not curves & set(found), str(case)
    elif want["auc"] is not None and len(set(scores)) + 2 <= POINTS_MAX:
        x, y = roc_points(actual, scores)
        curve = found["receiver_operating_characteristic_curve"]
        assert [float(v) for v in curve["false_positive_rates"]] == x, str(case)
        assert [float(v) for v in curve["true_positive_rates"]] == y, str(case)
        curve = found["precision_recall_curve"]
        assert len(curve["precisions"]) == len(curve["recalls"]) == len(set(scores)) + 1, str(case)
        assert float(curve["recalls"][0]) == 0.0 and curve["precisions"][0] == curve["precisions"][1], str(case)
        assert abs(auc([float(v) for v in curve["recalls"]], [float(v) for v in curve["precisions"]])
                   - got["au_prc"]) <= 1e-12, str(case)


def number_classes(rng, n):
    """Numbers of a class as text in several spellings, by their value."""
    pool = [0, 1, 2, 3, 10, 100, -1, 2.5, 0.125, 7, 11, 20]
    rng.shuffle(pool)
    names = {}
    for v in sorted(pool[:n]):
        plain = repr(int(v)) if v == int(v) else repr(v)
        more = [f"{float(v)!r}", f" {plain}", f"{v:.3f}" if v == round(v, 3) else plain]
        names[plain] = [plain] + (more if rng.random() < 0.5 else [])
    return names


def multiclass_case(rng, folder):
    n = size(rng)
    k = rng.choice((1, 2, 3, 3, 4, 6, 10))
    if rng.random() < 0.4:
        spell = number_classes(rng, k)
        names = list(spell)  # by value
    else:
        names = sorted(class_names(rng, k), key=lambda s: s.encode())
        if rng.random() < 0.2:  # one text among numbers makes all of them text
            names = sorted({*names, "1", "1.0", "10", "2"}, key=lambda s: s.encode())
        spell = {c: [c] for c in names}
    weights = [rng.random() ** rng.choice((1, 4)) + 1e-9 for _ in names]
    actual = rng.choices(names, weights, k=n)
    skill = rng.choice((0.0, 0.3, 0.9, 1.0))
    predicted = [a if rng.random() < skill else rng.choice(names) for a in actual]
    used = {*actual, *predicted}
    if all(len(c) < 20 and c.replace(".", "").replace("-", "").isdigit() for c in used):
        names = sorted({repr(int(float(c))) if float(c) == int(float(c)) else repr(float(c)) for c in used}, key=float)
        canon = {c: repr(int(float(c))) if float(c) == int(float(c)) else repr(float(c)) for c in used}
    else:
        names = [c for c in names if c in used]
        canon = {c: c for c in used}

    label_name, said_name, other = column_names(rng, 3)
    columns = {label_name: [rng.choice(spell[a]) for a in actual],
               said_name: [rng.choice(spell[p]) for p in predicted],
               other: [h.random_text(rng) for _ in range(n)]}
    order = list(columns)
    rng.shuffle(order)
    header = rng.random() < 0.7
    args = ["--problem-type", "MulticlassClassification"]
    for option, column in (("--ground-truth-attribute", label_name), ("--inference-attribute", said_name)):
        args += [option, column if header else rng.choice(("{}", "_c{}")).format(order.index(column))]
    if not header:
        args += ["--no-header"]
    case = Case(folder, order if header else None, zip(*(columns[c] for c in order)), args, rng)
    found = case.run()

    assert found["dataset"]["item_count"] == n, str(case)
    found = found["multiclass_classification_metrics"]
    cm, want = multiclass_oracle([canon[a] for a in actual], [canon[p] for p in predicted], names)
    want_cm = {a: dict(zip(names, row)) for a, row in zip(names, cm)}
    got_cm = found["confusion_matrix"]
    assert got_cm == want_cm, f"{got_cm}, expected {want_cm}\n{case}"
    assert list(got_cm) == names and all(list(row) == names for row in got_cm.values()), \
        f"{list(got_cm)}, expected {names}\n{case}"
    check(found, want, n, case)


def targets_of(rng, n):
    kind = rng.random()
    if kind < 0.35:
        return [rng.gauss(0, 1) for _ in range(n)], 0.3
    if kind < 0.5:
        offset = rng.choice((1e6, 1e9, -1e12, 1e15))
        return [offset + rng.gauss(0, 1) for _ in range(n)], 0.3
    if kind < 0.6:
        scale = rng.choice((1e-130, 1e-12, 1e12, 1e140))
        return [scale * rng.gauss(0, 1) for _ in range(n)], 0.3 * scale
    if kind < 0.7:
        return [rng.gauss(0, 1) * 10.0 ** rng.randint(-20, 20) for _ in range(n)], 1.0
    if kind < 0.8:
        return [float(rng.randint(0, 3)) for _ in range(n)], 1.0
    if kind < 0.85:  # no spread
        return [rng.choice((0.0, 1.0, 0.1, 1e9 + 0.1))] * n, rng.choice((0.0, 1.0))
    if kind < 0.92:  # hardly any spread
        base = rng.choice((0.1, 1e9 + 0.1, 3.0))
        near = [base, float(np.nextafter(base, math.inf))]
        return [rng.choice(near) for _ in range(n)], base * 1e-15
    return [float(rng.randint(0, 1)) for _ in range(n)], 0.0


def regression_case(rng, folder):
    n = size(rng)
    actual, noise = targets_of(rng, n)
    kind = rng.random()
    if kind < 0.7:
        predicted = [a + noise * rng.gauss(0, 1) for a in actual]
    elif kind < 0.85:
        predicted = list(actual)
    else:
        predicted = [rng.choice(actual) for _ in range(n)]

    def text(x):
        return rng.choice((repr(x), f"{x:.17e}", f" {x!r}", repr(x).replace("e", "E")))

    label_name, said_name = column_names(rng, 2)
    columns = [[label_name, *(text(a) for a in actual)], [said_name, *(text(p) for p in predicted)]]
    rng.shuffle(columns)
    rows = list(zip(*columns))
    args = ["--problem-type", "Regression", "--ground-truth-attribute", label_name, "--inference-attribute", said_name]
    case = Case(folder, rows[0], rows[1:], args, rng)
    found = case.run()

    assert found["dataset"]["item_count"] == n, str(case)
    found = found["regression_metrics"]
    assert list(found) == ["mae", "mse", "rmse", "r2"], str(case)
    want = regression_oracle(actual, predicted)
    got = check(found, want, n, case)
    for name in ("mae", "mse", "rmse"):
        # The tiny ones too: within a few units of the last place of the exact value.
        assert abs(got[name] - want[name]) <= 1e-15 * abs(want[name]) + 1e-307, f"{name}: {got[name]!r}\n{case}"

    assert math.isclose(got["mae"], mean_absolute_error(actual, predicted), rel_tol=1e-12, abs_tol=1e-300), str(case)
    assert math.isclose(got["mse"], mean_squared_error(actual, predicted), rel_tol=1e-12, abs_tol=1e-300), str(case)
    if want["r2"] is not None and n >= 2:
        spread = np.std(actual)
        largest = np.max(np.abs(actual))
        if spread > 1e-3 * largest:  # where its own rounding does not show
            r2 = r2_score(actual, predicted)
            assert abs(got["r2"] - r2) <= 1e-11 * max(1.0, abs(r2)), f"r2 {got['r2']!r}, scikit-learn {r2!r}\n{case}"


# --- tests -------------------------------------------------------------------------------------

warnings.filterwarnings("ignore", module="sklearn")


@pytest.mark.parametrize("case", (binary_case, multiclass_case, regression_case), ids=lambda c: c.__name__)
def test_metrics(case):
    run_cases(case, case.__name__, cases())


# The oracles themselves, on what can be done by hand.


def test_binary_oracle_by_hand():
    actual, scores = [1, 1, 0, 0, 1], [0.9, 0.4, 0.6, 0.1, 0.6]
    cm, want = binary_oracle(actual, [int(s > 0.5) for s in scores], scores)
    assert cm == [[1, 1], [1, 2]]
    assert want["precision"] == want["recall"] == pytest.approx(2 / 3)
    assert want["f2"] == pytest.approx(2 / 3)
    # points (0,0) (0,1/3) (1/2,2/3) (1/2,1) (1,1)
    assert want["auc"] == pytest.approx(0.5 * (1 / 3 + 2 / 3) / 2 + 0.5)
    # recall 0 1/3 2/3 1, precision 1 1 2/3 3/4
    assert want["au_prc"] == pytest.approx((1 + (1 + 2 / 3) / 2 + (2 / 3 + 3 / 4) / 2) / 3)
    assert want["best_constant"][0]["f1"] == pytest.approx(0.75)
    assert want["accuracy_best_constant_classifier"] == 0.6
    assert roc_points(actual, scores) == ([0, 0, 0.5, 0.5, 1, 1], [0, 1 / 3, 2 / 3, 1, 1, 1])


def test_binary_oracle_without_positives():
    _, want = binary_oracle([0, 0], [0, 1], [0.2, 0.9])
    assert want["recall"] is want["true_positive_rate"] is want["false_negative_rate"] is want["auc"] is None
    assert want["precision"] == want["f1"] == 0.0 and want["true_negative_rate"] == 0.5


def test_multiclass_oracle_by_the_guide():
    actual = ["0"] * 1690 + ["1"] * 406
    predicted = ["0"] * 1180 + ["1"] * 510 + ["0"] * 268 + ["1"] * 138
    cm, want = multiclass_oracle(actual, predicted, ["0", "1"])
    assert cm == [[1180, 510], [268, 138]]
    assert want["accuracy"] == pytest.approx(0.6288167938931297, abs=1e-15)
    assert want["weighted_precision"] == pytest.approx(0.6983172269629505, abs=1e-15)
    assert want["weighted_f2"] == pytest.approx(0.6384024354394601, abs=1e-15)
    assert want["accuracy_best_constant_classifier"] == 1690 / 2096
    assert want["weighted_f1_best_constant_classifier"] == pytest.approx(
        prf(actual, ["0"] * 2096, "weighted", labels=["0", "1"])[2], abs=1e-15)


def test_regression_oracle_by_the_guide():
    actual = [0.0] * 1690 + [1.0] * 406
    predicted = [0.0] * 1180 + [1.0] * 510 + [0.0] * 268 + [1.0] * 138
    want = regression_oracle(actual, predicted)
    assert want["mae"] == want["mse"] == 0.3711832061068702
    assert want["rmse"] == 0.609248066149471
    assert want["r2"] == pytest.approx(-1.3766111872212665, abs=4.5e-16)
    assert regression_oracle([2.0, 2.0], [1.0, 3.0])["r2"] is None
