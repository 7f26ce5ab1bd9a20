"""The join against a plain dictionary join, by random cases.

Random JSON spelling, repeated captures, repeated and conflicting labels, gaps on both sides, labels
that arrive hours late, variants above the date, ids that are inference ids or event ids, records
after the window. One process a case: `hindcast merge`.
"""
import json
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import helpers as h  # noqa: E402
from pool import cases, run_cases  # noqa: E402

OF_LABELS = ("labelled", "labels_without_capture", "duplicate_labels", "conflicting_labels")
SAMPLES_MAX = 20


class Inputs:
    """Random captures and labels on disk, and what the window makes of them."""

    def __init__(self, rng, folder):
        self.rng, self.folder = rng, Path(folder)
        self.start = h.instant(rng.choice(("2026-03-01T05:00", "2025-12-31T22:00", "2024-02-28T23:00")))
        self.hours = rng.randint(1, 4)
        self.late = rng.randint(0, 3)
        self.plan_window()
        self.ids = self.some_ids(rng.randint(1, 25))
        self.variants = rng.choice(([""], ["AllTraffic"], ["ep/AllTraffic"], ["a/blue", "a/green"], ["x", "y/z"]))
        self.captures = []  # (folder, record, after) in the window
        self.labels = []    # (id, data, encoding, folder, file, line) in reading order
        self.write_captures()
        self.write_labels()

    def plan_window(self):
        """Options of the window, its capture hours and its label hours, as counts from start."""
        end = self.start + timedelta(hours=self.hours)
        self.cutoff = None
        kind = self.rng.random()
        if kind < 0.3:
            self.window = ["--start", h.stamp(self.start), "--end", h.stamp(end)]
            self.capture_hours = self.label_hours = range(self.hours)
            if self.late and self.rng.random() < 0.7:
                self.window += ["--labels-until", h.stamp(end + timedelta(hours=self.late))]
                self.label_hours = range(self.hours + self.late)
        elif kind < 0.5:
            self.window = ["--scheduled-time", h.stamp(end), "--period", f"PT{self.hours}H"]
            self.capture_hours = self.label_hours = range(self.hours)
            self.cutoff = end
        else:
            tick = end + timedelta(hours=self.late)
            self.window = ["--scheduled-time", h.stamp(tick),
                           f"--start-time-offset=-PT{self.hours + self.late}H", f"--end-time-offset=-PT{self.late}H"]
            self.capture_hours = range(self.hours + 1)
            self.label_hours = range(self.hours + self.late + 1)
            self.cutoff = tick

    def some_ids(self, n):
        ids = []
        while len(ids) < n:
            new = self.rng.choice((f"id-{len(ids)}", h.random_text(self.rng), str(self.rng.randint(0, 30)),
                                   f"{self.rng.getrandbits(64):016x}", "\u00e9", "e\u0301", "É", " x", "x", "x "))
            if new not in ids:
                ids.append(new)
        return ids

    def lines(self, path, records):
        rng = self.rng
        texts = [h.spelled(r, rng) for r in records]
        body, numbers = h.join_lines(texts, rng)
        h.write(path, body)
        return numbers

    def one_capture(self, hour):
        rng = self.rng
        key = rng.choice(self.ids)
        minutes = rng.randint(0, 59)
        if rng.random() < 0.1:
            minutes += 60 * rng.randint(1, 3)  # written late: the folder's hour is not the record's
        at = self.start + timedelta(hours=hour, minutes=minutes, seconds=rng.randint(0, 59))
        if rng.random() < 0.5:
            record = h.capture("0.5", rng.choice(("other", f"ev-{rng.randint(0, 99)}")), key, at)
        else:
            record = h.capture("0.5", key, None, at)
        data, encoding = rng.choice((("0.5", "CSV"), ("0.25\n", "CSV"), ('"a,b",0.5', "CSV"), ('{"p": 0.5}', "JSON"),
                                     (h.b64("0.5"), "BASE64"), ("d" + h.random_text(rng).replace('"', ""), "CSV")))
        record["captureData"]["endpointOutput"].update(data=data, encoding=encoding)
        if rng.random() < 0.2:
            del record["captureData"]["endpointInput"]
        if rng.random() < 0.2:
            record["eventMetadata"]["customAttributes"] = [h.random_text(rng)]
        return key, at, record

    def write_captures(self):
        rng = self.rng
        for variant in self.variants:
            for hour in range(-1, self.hours + self.late + 2):
                for number in range(rng.choice((0, 1, 1, 2))):
                    made = [self.one_capture(hour) for _ in range(rng.choice((0, 1, 2, 5, 30)))]
                    folder = "/".join(filter(None, (variant, h.hour_path(self.start + timedelta(hours=hour)))))
                    name = f"{rng.randint(0, 59):02}-00-000-{number}.jsonl"
                    self.lines(self.folder / "captures" / folder / name, [record for _, _, record in made])
                    if hour in self.capture_hours:
                        self.captures += [(folder, key, record, self.cutoff is not None and at >= self.cutoff)
                                          for key, at, record in made]

    def write_labels(self):
        rng = self.rng
        for hour in range(-1, self.hours + self.late + 2):
            folder = h.hour_path(self.start + timedelta(hours=hour))
            for name in sorted({rng.choice(("a", "B", "labels", "z-10", "z-2")) for _ in range(rng.randint(0, 3))}):
                records, facts = [], []
                for _ in range(rng.choice((0, 1, 3, 10))):
                    key = rng.choice(self.ids + ["nobody", "noöne"])
                    data, encoding = rng.choice((("1", "CSV"), ("1", "CSV"), ("0", "CSV"), ("ä b", "CSV"),
                                                 ('{"label": 0}', "JSON"), ("1", "JSON")))
                    records.append(h.label(key, data, encoding))
                    facts.append((key, data, encoding))
                numbers = self.lines(self.folder / "labels" / folder / f"{name}.jsonl", records)
                if hour in self.label_hours:
                    self.labels += [(*fact, f"{folder}/{name}.jsonl", line) for fact, line in zip(facts, numbers)]


def same_label(a, b):
    """The same text in the same encoding, but for space around it; or numbers that are equal."""
    if a[1] == b[1] and a[0].strip(" \t\n\r\v\f") == b[0].strip(" \t\n\r\v\f"):
        return True
    try:
        return float(a[0]) == float(b[0])
    except ValueError:
        return False


def plain_join(inputs, on_conflict):
    """A dictionary join: expected counts, and the merged records as a multiset."""
    kept, duplicates, conflicts = {}, 0, 0
    for key, data, encoding, _, _ in inputs.labels:
        if key not in kept:
            kept[key] = data, encoding
        elif same_label(kept[key], (data, encoding)):
            duplicates += 1
        else:
            conflicts += 1
            if on_conflict == "last":
                kept[key] = data, encoding
    window = [(folder, key, record) for folder, key, record, after in inputs.captures if not after]
    keys = [key for _, key, _ in window]
    merged = Counter()
    for folder, key, record in window:
        if key in kept:
            merged[canonical(folder, record, kept[key])] += 1
    counts = {
        "captured": len(window),
        "labelled": len(inputs.labels),
        "matched": sum(merged.values()),
        "captures_without_label": len(window) - sum(merged.values()),
        "labels_without_capture": len(set(kept) - set(keys)),
        "duplicate_labels": duplicates,
        "conflicting_labels": conflicts,
        "repeated_captures": len(keys) - len(set(keys)),
        "after_window": len(inputs.captures) - len(window),
        "unreadable": 0,
    }
    return counts, merged


def canonical(folder, capture, truth):
    """What must survive of a capture and its label, independent of spelling."""
    return json.dumps([folder, capture["captureData"], capture["eventMetadata"], list(truth)], sort_keys=True)


def found_records(out):
    found = Counter()
    for folder, record in h.merged_records(out):
        strip_strangers(record)
        truth = record["groundTruthData"]
        found[canonical(folder, record, (truth["data"], truth["encoding"]))] += 1
    return found


def strip_strangers(value):
    """Members that the spelling added under unknown names may be kept or not."""
    if isinstance(value, dict):
        for key in [k for k in value if k.startswith("x-")]:
            del value[key]
        for inner in value.values():
            strip_strangers(inner)


def check_samples(entry, inputs, name):
    if name not in ("captured", "labelled", "matched"):
        assert len(entry["samples"]) == min(entry["count"], SAMPLES_MAX), name
    assert len(entry["samples"]) <= SAMPLES_MAX, name
    for sample in entry["samples"]:
        path = Path(sample["file"])
        path = path if path.is_absolute() else inputs.folder / path
        line = path.read_bytes().decode("utf-8-sig").split("\n")[sample["line"] - 1]
        metadata = json.loads(line)["eventMetadata"]
        assert sample["id"] in (metadata.get("inferenceId"), metadata["eventId"]), f"{name}: {sample}"


def check_report(inputs, want, status):
    report = h.load(inputs.folder / "out" / "join_report.json")
    got = h.counts(inputs.folder / "out")
    assert got == want, f"counts {got}\nexpected {want}"
    for name in h.JOIN_COUNTS:
        entry = report[name]
        of = want["labelled" if name in OF_LABELS else "captured"]
        assert isinstance(entry["share"], (int, float)) and 0 <= entry["share"] <= 1, f"{name}: {entry['share']}"
        if name in ("matched", "captures_without_label", "repeated_captures", *OF_LABELS[1:]) and of:
            assert abs(entry["share"] - want[name] / of) < 1e-9, f"{name}: share {entry['share']}"
        check_samples(entry, inputs, name)
    assert "label_delay" in report


def join_case(rng, folder):
    inputs = Inputs(rng, folder)
    on_conflict = rng.choice(("last", "last", "first", "error", None))
    args = ["merge", "--endpoint-input", "captures", "--ground-truth-input", "labels", *inputs.window, "-o", "out"]
    if on_conflict:
        args += ["--on-conflict", on_conflict]
    inputs.folder.mkdir(parents=True, exist_ok=True)
    for name in ("captures", "labels"):
        (inputs.folder / name).mkdir(exist_ok=True)
    try:
        result = h.hindcast(*args, cwd=inputs.folder)
        want, merged = plain_join(inputs, on_conflict or "last")
        if not want["matched"] or on_conflict == "error" and want["conflicting_labels"]:
            assert result.status == 2 and result.err, str(result)
            assert not h.snapshot(inputs.folder / "out"), "a failed merge left files"
            return
        assert result.status == 0, str(result)
        check_report(inputs, want, result.status)
        found = found_records(inputs.folder / "out")
        assert found == merged, f"missing {list((merged - found))[:3]}\nextra {list((found - merged))[:3]}"
    except AssertionError as e:
        raise AssertionError(f"{e}\nhindcast {' '.join(args)}\n{dump(inputs.folder)}") from e


def dump(folder):
    out = []
    for path in sorted(Path(folder).rglob("*.jsonl")):
        out.append(f"--- {path.relative_to(folder)}\n{path.read_bytes()[:300]!r}")
    return "\n".join(out)[:3000]


def test_join():
    run_cases(join_case, "join", max(100, cases() // 5))


def test_plain_join_by_hand():
    class Inputs:
        captures = [("h", k, h.capture("0.5", "e", k), after) for k, after in (("a", False), ("a", False), ("b", False),
                                                                               ("c", False), ("d", True))]
        labels = [("a", "1", "CSV", "f", 1), ("b", "0", "CSV", "f", 2), ("a", "1", "CSV", "f", 3),
                  ("b", "1", "CSV", "f", 4), ("b", "0", "CSV", "f", 5), ("d", "0", "CSV", "f", 6)]

    want, merged = plain_join(Inputs, "last")
    assert want == {"captured": 4, "labelled": 6, "matched": 3, "captures_without_label": 1,
                    "labels_without_capture": 1, "duplicate_labels": 1, "conflicting_labels": 2,
                    "repeated_captures": 1, "after_window": 1, "unreadable": 0}
    assert sorted(merged.values()) == [1, 2]
    first, _ = plain_join(Inputs, "first")
    assert (first["duplicate_labels"], first["conflicting_labels"]) == (2, 1)
