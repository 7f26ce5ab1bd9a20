"""What the tests of the program share: running it, writing its inputs, reading its outputs.

Nothing here knows a formula of the program; oracles stand beside the tests that use them.
"""
import base64
import gzip
import hashlib
import json
import math
import os
import random
import re
import signal
import string
import subprocess
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "tests" / "data"
SCHEMAS = ROOT / "schemas"
REPORT_FILES = (
    "statistics.json", "constraints.json", "constraint_violations.json", "join_report.json", "manifest.json")
JOIN_COUNTS = (
    "captured", "labelled", "matched", "captures_without_label", "labels_without_capture", "duplicate_labels",
    "conflicting_labels", "repeated_captures", "after_window", "unreadable")


def binary():
    """The program under test, as an absolute path."""
    path = Path(os.environ.get("HINDCAST", "build/hindcast"))
    return str(path if path.is_absolute() else ROOT / path)


# --- running -----------------------------------------------------------------------------------


@dataclass
class Result:
    args: list
    status: int
    out: str
    err: str

    def __str__(self):
        return f"{' '.join(map(str, self.args))}\nstatus {self.status}\nstdout: {self.out}\nstderr: {self.err}"

    def document(self):
        """Standard output as the one JSON document it must be."""
        return json.loads(self.out)


def environment(extra=None):
    """A small environment of our own, so that nothing of the developer's changes a result."""
    keep = ("PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TMPDIR")
    env = {name: os.environ[name] for name in keep if name in os.environ}
    env.update({"HOME": "/nonexistent", "LANG": "C.UTF-8", "TZ": "UTC"})
    env.update(extra or {})
    return {name: value for name, value in env.items() if value is not None}


def hindcast(*args, stdin=b"", env=None, cwd=None, timeout=120, **popen):
    """Runs the program; a signal or a sanitizer's finding is a failed test, whatever was expected."""
    args = [binary(), *map(str, args)]
    if isinstance(stdin, str):
        stdin = stdin.encode()
    done = subprocess.run(
        args, input=stdin, stdout=popen.pop("stdout", subprocess.PIPE), stderr=subprocess.PIPE,
        env=environment(env), cwd=cwd, timeout=timeout, **popen)
    out = (done.stdout or b"").decode("utf-8", "surrogateescape")
    result = Result(args, done.returncode, out, done.stderr.decode("utf-8", "surrogateescape"))
    assert result.status >= 0, f"died of {signal.Signals(-result.status).name}\n{result}"
    assert "Sanitizer" not in result.err and "runtime error:" not in result.err, str(result)
    assert result.status in (0, 1, 2, 3), str(result)
    return result


def succeed(*args, status=0, **options):
    """Runs the program and checks the exit status."""
    result = hindcast(*args, **options)
    assert result.status == status, str(result)
    return result


# --- records -----------------------------------------------------------------------------------


def instant(text):
    """'2026-03-01T05:28' or with seconds, as an aware datetime."""
    return datetime.fromisoformat(text.replace("Z", "")).replace(tzinfo=timezone.utc)


def stamp(at):
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def hour_path(at):
    return at.strftime("%Y/%m/%d/%H")


def part(data, encoding="CSV", mode="OUTPUT", content_type=None):
    types = {"CSV": "text/csv", "JSON": "application/json", "BASE64": "text/csv"}
    return {"observedContentType": content_type or types.get(encoding, "text/csv"), "mode": mode,
            "data": data, "encoding": encoding}


def capture(data, event_id="e", inference_id=None, at="2026-03-01T05:00:00Z", encoding="CSV", content_type=None,
            input_data="1,2"):
    """A captured invocation in the key order in which the endpoint writes it."""
    metadata = {"eventId": event_id}
    if inference_id is not None:
        metadata["inferenceId"] = inference_id
    metadata["inferenceTime"] = at if isinstance(at, str) else stamp(at)
    parts = {}
    if input_data is not None:
        parts["endpointInput"] = part(input_data, mode="INPUT")
    parts["endpointOutput"] = part(data, encoding, content_type=content_type)
    return {"captureData": parts, "eventMetadata": metadata, "eventVersion": "0"}


def label(event_id, data, encoding="CSV"):
    return {"groundTruthData": {"data": data, "encoding": encoding}, "eventMetadata": {"eventId": event_id},
            "eventVersion": "0"}


def b64(text):
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class Speller:
    """Spells one JSON value in one of the many ways that JSON allows, by a random generator."""

    SHORT = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "/": "\\/"}

    def __init__(self, rng, unknown=True):
        self.rng = rng
        self.unknown = unknown
        self.escape_rate = rng.choice((0.0, 0.05, 1.0))
        self.space_rate = rng.choice((0.0, 0.3, 1.0))

    def space(self):
        if self.rng.random() >= self.space_rate:
            return ""
        return "".join(self.rng.choice(" \t\r ") for _ in range(self.rng.randint(1, 3)))

    def hex4(self, unit):
        digits = f"{unit:04x}"
        return "\\u" + (digits.upper() if self.rng.random() < 0.5 else digits)

    def text(self, value):
        out = []
        for c in value:
            must = c in '"\\' or c < " "
            if not must and self.rng.random() >= self.escape_rate:
                out.append(c)
            elif c in self.SHORT and self.rng.random() < 0.5:
                out.append(self.SHORT[c])
            elif ord(c) > 0xFFFF:
                high, low = divmod(ord(c) - 0x10000, 0x400)
                out.append(self.hex4(0xD800 + high) + self.hex4(0xDC00 + low))
            else:
                out.append(self.hex4(ord(c)))
        return '"' + "".join(out) + '"'

    def stranger(self):
        """A value under a key that no reader knows."""
        values = ("null", "true", "false", "0", "-0", "-1.5E+300", "1e-400", '""', "[]", "{}", '[1,[2,{"data":"no"}]]',
                  '{"eventId":"no","data":7}', '"\\ud83d\\ude00"', '"x\\"y"')
        return self.rng.choice(values)

    def spell(self, value):
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            members = [(k, self.spell(v)) for k, v in value.items()]
            if self.unknown and self.rng.random() < 0.2:
                members.append((f"x-{self.rng.randint(0, 99)}", self.stranger()))
            self.rng.shuffle(members)
            inner = ",".join(f"{self.space()}{self.text(k)}{self.space()}:{self.space()}{v}{self.space()}"
                             for k, v in members)
            return "{" + (inner or self.space()) + "}"
        if isinstance(value, (list, tuple)):
            return "[" + ",".join(self.space() + self.spell(v) + self.space() for v in value) + "]"
        return json.dumps(value)


def spelled(value, rng):
    return Speller(rng).spell(value)


def join_lines(texts, rng=None):
    """JSON lines as bytes and the line number of each text. With rng: CRLF, blank lines, a byte order mark,
    no last newline, each now and then."""
    odd = rng.random() if rng else 1.0
    newline = "\r\n" if odd < 0.2 else "\n"
    out, numbers, line = [], [], 1
    for text in texts:
        if rng and odd < 0.5 and rng.random() < 0.2:
            out.append(newline)
            line += 1
        numbers.append(line)
        out.append(text + newline)
        line += 1
    body = "".join(out)
    if rng and rng.random() < 0.3 and body:
        body = body[: -len(newline)]
    if rng and rng.random() < 0.1:
        body = "\ufeff" + body
    return body.encode(), numbers


def pack(body, suffix):
    if suffix == ".gz":
        return gzip.compress(body, mtime=0)
    if suffix == ".zst":
        import zstandard
        return zstandard.ZstdCompressor().compress(body)
    return body


def write(path, content):
    """Writes bytes, text, or a list of records (as JSON lines); packs by the name's suffix."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, (list, tuple)):
        content = "".join((c if isinstance(c, str) else compact(c)) + "\n" for c in content)
    if isinstance(content, str):
        content = content.encode()
    path.write_bytes(pack(content, path.suffix))
    return path


class Window:
    """Captures and labels of a few hours in a folder of their own; `hours` count from `start`."""

    def __init__(self, folder, start="2026-03-01T05:00", variant="ep/AllTraffic"):
        self.folder = Path(folder)
        self.start = instant(start)
        self.captures = self.folder / "captures"
        self.labels = self.folder / "labels"
        self.base = self.captures / variant if variant else self.captures
        self.out = self.folder / "out"

    def at(self, hours=0, minutes=0):
        return self.start + timedelta(hours=hours, minutes=minutes)

    def capture_file(self, records, hour=0, name="00-00-000-a.jsonl"):
        return write(self.base / hour_path(self.at(hour)) / name, records)

    def label_file(self, records, hour=0, name="labels.jsonl"):
        return write(self.labels / hour_path(self.at(hour)) / name, records)

    def pairs(self, rows, hour=0, encoding="CSV", label_encoding="CSV"):
        """One capture and one label a row (output data, label data)."""
        at = self.at(hour, 1)
        ids = [f"{hour}-{i}" for i in range(len(rows))]
        self.capture_file([capture(data, f"ev-{i}", i, at, encoding) for i, (data, _) in zip(ids, rows)], hour)
        self.label_file([label(i, data, label_encoding) for i, (_, data) in zip(ids, rows)], hour)
        return self

    def inputs(self):
        return ("--endpoint-input", self.captures, "--ground-truth-input", self.labels)

    def tick(self, hours=1):
        return ("--scheduled-time", stamp(self.at(hours)))

    def args(self, *more, problem="BinaryClassification", out=None):
        return ("--problem-type", problem, *self.inputs(), *self.tick(), *more, "-o", out or self.out)


def binary_rows(n=40, seed=1):
    """Scores as text and 0/1 labels that go with them, noisily."""
    rng = random.Random(seed)
    rows = []
    for i in range(n):
        score = round(rng.random(), 6)
        rows.append((repr(score), "1" if rng.random() < score else "0"))
    return rows


# --- outputs -----------------------------------------------------------------------------------


def load(path):
    return json.loads(Path(path).read_text(encoding="utf-8"))


def statistics(out):
    return load(Path(out) / "statistics.json")


def metrics(out):
    """The metrics object of statistics.json, whatever the problem type."""
    found = [v for k, v in statistics(out).items() if k.endswith("_metrics")]
    assert len(found) == 1
    return found[0]


def value(out, name):
    v = metrics(out)[name]["value"]
    return float("nan") if v == "NaN" else v


def matrix(out):
    return metrics(out)["confusion_matrix"]


def counts(out):
    """The counts of join_report.json."""
    report = load(Path(out) / "join_report.json")
    return {name: report[name]["count"] for name in JOIN_COUNTS}


def violations(out):
    return load(Path(out) / "constraint_violations.json")["violations"]


def merged_files(out):
    """Merged records by the folder they stand in, relative to `out`/merge (or `out` itself)."""
    top = Path(out) / "merge"
    return sorted((top if top.is_dir() else Path(out)).rglob("*.jsonl"))


def merged_records(out):
    """(folder below merge/, parsed record) of every merged record."""
    top = Path(out) / "merge"
    records = []
    for path in merged_files(out):
        for line in path.read_bytes().decode("utf-8").split("\n"):  # a lone CR is white space of JSON
            if line:
                records.append((path.parent.relative_to(top).as_posix(), json.loads(line)))
    return records


def snapshot(folder):
    """Every file below a folder with a digest of its content; empty where there is no folder."""
    folder = Path(folder)
    return {p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
            for p in sorted(folder.rglob("*")) if p.is_file()}


def java_double(x):
    """Java's Double.toString of x from Python's shortest digits."""
    if math.isnan(x):
        return "NaN"
    if math.isinf(x):
        return "Infinity" if x > 0 else "-Infinity"
    sign = "-" if math.copysign(1.0, x) < 0 else ""
    if x == 0:
        return sign + "0.0"
    _, digits, exponent = Decimal(repr(abs(x))).as_tuple()
    text = "".join(map(str, digits)).rstrip("0")
    point = len(digits) + exponent  # the point stands behind this many digits
    if 1e-3 <= abs(x) < 1e7:
        if point <= 0:
            return f"{sign}0.{'0' * -point}{text}"
        whole = text[:point].ljust(point, "0")
        return f"{sign}{whole}.{text[point:] or '0'}"
    return f"{sign}{text[0]}.{text[1:] or '0'}E{point - 1}"


class Raw(str):
    """A JSON number as it was written."""


def jackson(value, indent=0):
    """The form of Jackson's default pretty printer; numbers are Raw or integers."""
    pad = "  " * indent
    if isinstance(value, dict):
        if not value:
            return "{ }"
        inner = ",\n".join(f"{pad}  {json.dumps(k, ensure_ascii=False)} : {jackson(v, indent + 1)}"
                           for k, v in value.items())
        return "{\n" + inner + "\n" + pad + "}"
    if isinstance(value, list):
        if not value:
            return "[ ]"
        return "[ " + ", ".join(jackson(v, indent) for v in value) + " ]"
    if isinstance(value, Raw):
        return str(value)
    return json.dumps(value, ensure_ascii=False)


def raw_numbers(text):
    """A JSON text parsed with its numbers as they were written and its keys in order."""
    return json.loads(text, parse_float=Raw, parse_int=Raw)


def has_place(text, path, line):
    """True if a message names path:LINE."""
    return re.search(re.escape(f"{path}:{line}") + r"(?!\d)", text) is not None


def random_text(rng, low=1, high=12):
    """Text with what makes trouble: quotes, commas, newlines, non-ASCII, beyond the first plane."""
    alphabet = string.ascii_letters + string.digits + " ,;\"'\\/\t-_." + "äßéñ日本語Ωж\u2028\u00a0" + "😀𝄞"
    return "".join(rng.choice(alphabet) for _ in range(rng.randint(low, high)))
