"""Random messy inputs for the engine: windows of captures and labels, batch transform outputs, tables, merged records.

Everything comes from the random generator that is passed in; nothing here knows what the program makes of it. Inputs
are a list of files (path, bytes, suffix of their packing), so that one case can be written again, packed differently.
"""
import json
import random
import shutil
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import helpers as h

PACKS = ("", "", "", ".gz", ".zst")
NEVER_PACKED = ("limits.json", "script.py")


class Writer(h.Speller):
    """Spells records as one program does: the same members, order, spaces and escapes of names; values differ."""

    def __init__(self, rng, inner=False):
        super().__init__(rng)
        self.seed = rng.getrandbits(32)
        self.values = rng
        self.kind = rng.choice(("compact", "compact", "fixed", "fixed", "wild"))
        self.odd_rate = rng.choice((0, 0, 0.03, 0.5))
        self.value_escapes = rng.choice((0.0, 0.0, 0.02, 1.0))
        self.extras = {"x-extra": rng.choice((None, "", "an extra text", 7, [1, {"data": "no"}]))} \
            if rng.random() < 0.2 else {}
        # Now and then more forms take turns in one file than anybody would learn by heart.
        self.others = [Writer(rng, True) for _ in range(rng.choice((2, 12)))] if not inner and rng.random() < 0.1 else []

    def spell(self, value):
        if not isinstance(value, str):
            return super().spell(value)
        structure, rate = self.rng, self.escape_rate
        self.rng, self.escape_rate = self.values, self.value_escapes
        try:
            return self.text(value)
        finally:
            self.rng, self.escape_rate = structure, rate

    def line(self, record):
        if self.values.random() < self.odd_rate:
            return h.spelled(record, self.values)
        record = {**record, **self.extras}
        if self.others and self.values.random() < 0.7:
            return self.values.choice(self.others).line(record)
        if self.kind == "compact":
            return h.compact(record)
        self.rng = random.Random(self.seed) if self.kind == "fixed" else self.values
        return self.spell(record)


def respelled(truth, rng):
    """A label that may count as the same one: space around it, a number in other words, another encoding."""
    data, encoding = truth
    if '"' in data or encoding != "CSV":
        return truth
    try:
        return rng.choice((repr(float(data)), f" {data}", data.strip() + "\n")), rng.choice(("CSV", "CSV", "JSON"))
    except ValueError:
        return f" {data} ", "CSV"


def csv_field(text, rng):
    if any(c in text for c in ',"\n\r') or text != text.strip() or rng.random() < 0.1:
        return '"' + text.replace('"', '""') + '"'
    return text


class Model:
    """What a model says, how its outputs and its labels are spelled, and the attributes that find them again."""

    def __init__(self, rng, many=None):
        self.rng = rng
        self.problem = rng.choice(("BinaryClassification",) * 3 + ("MulticlassClassification", "Regression"))
        self.many = rng.random() < 0.15 if many is None else many  # several rows in one invocation
        self.form = rng.choice(("csv", "csv", "json"))
        self.base64 = rng.random() < 0.12
        self.label_form = rng.choice(("alone", "alone", "alone", "csv", "json"))
        self.plan_classes()
        self.plan_cells()

    def plan_classes(self):
        rng, self.positive, self.spell = self.rng, None, {}
        if self.problem == "BinaryClassification":
            kind = rng.random()
            if kind < 0.25:
                names = rng.sample(("yes", "no", "churned", "Größe", "a,b", 'say "hi"', "日本"), 2)
                self.classes, self.positive = names, names[1]
            else:
                self.classes = ["0", "1"]
                self.positive = "1" if kind < 0.3 else None
                if kind < 0.5:
                    self.spell = {"0": ("0", "0.0", "false", "False"), "1": ("1", "1.0", "true", "True")}
        elif self.problem == "MulticlassClassification":
            self.classes = rng.choice((["0", "1", "2", "10"], ["a", "b", "c,d", "é", "two words"], ["7", "x", "8"],
                                       [str(i) for i in range(rng.randint(3, 40))]))
        self.grain = rng.choice((None, None, 1, 2))  # digits of scores: few give many ties
        self.strangers = 0.0  # how often a class is a third one

    def plan_cells(self):
        """Which cells an output has, and where they stand."""
        rng = self.rng
        self.score = self.problem == "BinaryClassification" and rng.random() < 0.85
        self.said = self.problem != "BinaryClassification" or not self.score or rng.random() < 0.4
        self.threshold = rng.choice((None, "0.5", "0.25", "0.0", "1")) if self.score else None
        self.cells = [*(["score"] if self.score else []), *(["said"] if self.said else []),
                      *["other"] * rng.choice((0, 0, 1, 3))]
        rng.shuffle(self.cells)
        self.names = {cell: rng.choice((cell, cell, "größe " + cell, "a.b " + cell)) for cell in ("score", "said")}
        self.nested = rng.random() < 0.3

    def place(self, cell):
        if self.form == "csv":
            return str(self.cells.index(cell))
        name = self.names[cell]
        inner = f".{name}" if name == cell and self.rng.random() < 0.5 else f"['{name}']"
        if self.nested or self.many:
            return f"$.predictions[{'*' if self.many else 0}]{inner}"
        return name if name == cell and self.rng.random() < 0.5 else f"${inner}"

    def args(self):
        out = ["--problem-type", self.problem]
        if self.score:
            out += ["--probability-attribute", self.place("score")]
        if self.said:
            out += ["--inference-attribute", self.place("said")]
        if self.threshold is not None:
            out += ["--probability-threshold-attribute", self.threshold]
        if self.positive is not None:
            out += ["--positive-label", self.positive]
        if self.label_form == "csv":
            out += ["--ground-truth-attribute", "1"]
        elif self.label_form == "json":
            out += ["--ground-truth-attribute", self.rng.choice(("label", "$.label"))]
        return out

    # --- values

    def number(self):
        rng = self.rng
        x = rng.choice((rng.gauss(0, 1), rng.gauss(1e9, 1), round(rng.gauss(0, 3)), rng.gauss(0, 1) * 1e-200))
        return rng.choice((repr(float(x)), f"{x:.3f}", f"{x:.17e}"))

    def score_text(self):
        rng = self.rng
        x = rng.random()
        if self.grain:
            x = round(x, self.grain)
        odd = rng.random()
        if odd < 0.05:
            return rng.choice(("0", "1", "0.0", "1.0", "5e-324", "1e-310", "0.5", "+0.5" if self.form == "csv" else "0.5",
                               "5E-1", "0.49999999999999994", "0.50000000000000011", "1E-400"))
        return f"{x:.17e}" if odd < 0.1 else repr(x)

    def a_class(self, name=None):
        rng = self.rng
        if self.problem == "Regression":
            return self.number()
        if self.problem == "BinaryClassification" and rng.random() < self.strangers:
            return rng.choice(("2", "a third", "maybe"))
        name = rng.choice(self.classes) if name is None else name
        return rng.choice(self.spell[name]) if name in self.spell and rng.random() < 0.3 else name

    def rows(self):
        return self.rng.choice((1, 2, 3)) if self.many else 1

    def cell(self, name):
        if name == "score":
            return self.score_text()
        return self.a_class() if name == "said" else self.rng.choice(("1", "0.25", "x", "a b", h.random_text(self.rng)))

    def json_value(self, text):
        """A cell's text as a JSON value: a number now and then where it is one."""
        try:
            json.loads(text)
            plain = self.rng.random() < 0.8
        except ValueError:
            plain = False
        return text if plain else json.dumps(text, ensure_ascii=self.rng.random() < 0.3)

    def json_row(self, cells):
        rng, colon = self.rng, self.rng.choice((":", ": ", " : "))
        members = [f"{json.dumps(self.names.get(c, c), ensure_ascii=rng.random() < 0.2)}{colon}{self.json_value(v)}"
                   for c, v in cells]
        return "{" + rng.choice((",", ", ")).join(members) + "}"

    def csv_row(self, cells):
        return ",".join(csv_field(v, self.rng) for _, v in cells)

    def output(self, n):
        """(data, encoding, content type) of an invocation with n rows."""
        rng = self.rng
        rows = [[(c, self.cell(c)) for c in self.cells] for _ in range(n)]
        if self.form == "csv":
            data = rng.choice(("\n", "\r\n")).join(map(self.csv_row, rows)) + rng.choice(("", "", "\n", "\r\n"))
        else:
            data = ",".join(map(self.json_row, rows))
            if self.nested or self.many:
                data = '{"predictions":[' + data + "]}" + rng.choice(("", "\n"))
        kind = "text/csv" if self.form == "csv" else "application/json"
        if self.base64 and rng.random() < 0.9:
            return h.b64(data), "BASE64", kind
        return data, self.form.upper(), rng.choice((kind, kind, kind + "; charset=utf-8"))

    def truth(self, n):
        """(data, encoding) of a label with n rows."""
        rng = self.rng
        values = [self.a_class() for _ in range(n)]
        if self.label_form == "json":
            return "\n".join('{"label":' + self.json_value(v) + "}" for v in values), "JSON"
        if self.label_form == "csv":
            return "\n".join("x," + csv_field(v, rng) for v in values), "CSV"
        return "\n".join(csv_field(v, rng) for v in values) + rng.choice(("", "", "\n")), "CSV"


# --- what is bad -------------------------------------------------------------------------------

NO_TEXT = ("\0", "\udcff", "\udcc0\udcaf", "\udced\udca0\udc80", "\t", "\x01", "\\ud800", "\\x")  # bytes as surrogates
BAD_DATA = (7, None, {}, "", "high", "1.5", "NaN", "1,2,3,4,5,6", '"open', "{", "a third")
NESTED = '{"a":' * 300 + "1" + "}" * 300


def broken_line(line, rng):
    """A line that is no record any more (nearly always)."""
    cut = rng.randrange(len(line) + 1)
    return rng.choice((
        lambda: line[:cut],
        lambda: line + "}",
        lambda: line[:cut] + rng.choice('"{}[],:\\ x0') + line[cut:],
        lambda: line[:cut] + rng.choice(NO_TEXT) + line[cut:],
        lambda: line[:cut] + line[cut + 1:],
        lambda: "garbage", lambda: "[1,2]", lambda: NESTED, lambda: "{}", lambda: '{"a":1}',
        lambda: line.replace("eventMetadata", "eventMetadate"), lambda: line.replace('"CSV"', '"XML"'),
        lambda: line + line,
    ))()


HARMLESS = ('"eventVersion":"9"', '"":""', '"a":[[[[]]]]', '"n":[1e999,-0,0.1e-7,12345678901234567890]',
            '"s":"\\ud83d\\ude00\\u0000"', '"eventId":"no"', '"x":{"eventMetadata":{"eventId":"no"}}')
OVERRIDDEN = ('"eventMetadata":{"eventId":"twice"}', '"eventMetadata":7', '"captureData":{}', '"groundTruthData":{"data":7}')


def odd_line(line, rng):
    """A line that is a record still, if a strange one: a key twice (the last one counts), unknown members, odd numbers."""
    at, end = line.index("{") + 1, line.rindex("}")
    if rng.random() < 0.5:
        return line[:end] + "," + rng.choice(HARMLESS) + line[end:]
    return line[:at] + rng.choice(HARMLESS + OVERRIDDEN) + "," + line[at:]


def broken_record(record, rng):
    """A record whose text is fine and whose content is not."""
    record = json.loads(json.dumps(record))
    metadata = record["eventMetadata"]
    truth = record.get("groundTruthData")
    output = next((v for k, v in record.get("captureData", {}).items() if k.endswith("Output")), None)
    part = rng.choice([p for p in (truth, output) if p is not None])
    rng.choice((
        lambda: metadata.update(inferenceId=rng.choice((None, 7, "", "x" * 70000)), eventId=rng.choice((7, "", None))),
        lambda: metadata.update(inferenceTime=rng.choice(("yesterday", "2026-13-01T00:00:00Z", 7, ""))),
        lambda: part.update(data=rng.choice(BAD_DATA)),
        lambda: part.update(data="0.25\n0.5\n1"),
        lambda: part.update(encoding=rng.choice(("XML", 7, "", "BASE64", "JSON"))),
        lambda: part.pop("data"),
        lambda: record.pop("eventMetadata"),
    ))()
    return record


class Badness:
    """How often something is bad, and how much of it is tolerated."""

    def __init__(self, rng):
        self.rng = rng
        self.rate = rng.choice((0, 0, 0, 0, 0.005, 0.02, 0.1))
        self.tolerated = rng.choice((0, 1, 3, 10, 10**6, 10**6, 10**6)) if self.rate else rng.choice((0, 0, 5))
        self.strangers = rng.choice((0.0, 0.01, 0.05)) if self.rate else 0.0

    def args(self):
        return ["--max-bad-records", str(self.tolerated)] if self.tolerated else []

    def line(self, record, writer):
        rng = self.rng
        if rng.random() >= self.rate:
            line = writer.line(record)
            return line if rng.random() < 0.99 else odd_line(line, rng)
        if rng.random() < 0.5:
            return broken_line(writer.line(record), rng)
        return writer.line(broken_record(record, rng))


def lines_of(texts, rng):
    """Lines as bytes; CRLF, blank lines, a byte order mark, no last newline, each now and then."""
    odd = rng.random()
    newline = "\r\n" if odd < 0.15 else "\n"
    out = []
    for text in texts:
        if 0.1 < odd < 0.3 and rng.random() < 0.2:
            out.append(rng.choice((newline, newline, "\n\n", "\r\n", *([" \n", "\t\r\n"] if odd < 0.12 else []))))
        out.append(text + (newline if odd > 0.05 or rng.random() < 0.5 else "\n"))
    body = "".join(out)
    if rng.random() < 0.3 and body:
        body = body[:-len(newline)] if body.endswith(newline) else body[:-1]
    if rng.random() < 0.1:
        body = "\ufeff" + body
    return body.encode("utf-8", "surrogateescape")


# --- inputs ------------------------------------------------------------------------------------


class Inputs:
    """Files of a case, kept in memory; `args` are the arguments that read them, relative to where they are put."""

    def __init__(self, rng):
        self.rng = rng
        self.files = []  # (path without packing, bytes, packing)
        self.bad = Badness(rng)
        self.longest = 0

    def add(self, path, body):
        self.files.append((path, body, self.rng.choice(PACKS)))
        self.longest = max(self.longest, max(map(len, body.split(b"\n"))))

    def put(self, folder, pack=None):
        """Writes the files; `pack` gives each another packing than it has."""
        for path, body, suffix in self.files:
            suffix = suffix if pack is None or path in NEVER_PACKED else pack(path)
            h.write(Path(folder) / (path + suffix), body)
        for name in self.folders():
            (Path(folder) / name).mkdir(parents=True, exist_ok=True)

    def folders(self):
        return ()

    def pool_of_ids(self, n):
        rng = self.rng
        kind = rng.choice(("hex", "hex", "number", "uuid", "text", "mixed"))
        ids, seen = [], set()
        while len(ids) < n:
            one = kind if kind != "mixed" else rng.choice(("hex", "number", "text", "long", "uuid"))
            key = {
                "hex": lambda: f"{rng.getrandbits(64):016x}",
                "number": lambda: str(len(ids)),
                "uuid": lambda: "-".join(f"{rng.getrandbits(4 * k):0{k}x}" for k in (8, 4, 4, 4, 12)),
                "text": lambda: h.random_text(rng, 1, 40) + str(len(ids)),
                "long": lambda: "k" * rng.choice((100, 300, 1000) if len(ids) else (65530,)) + str(len(ids)),
            }[one]()
            if key not in seen:
                seen.add(key)
                ids.append(key)
        return ids


def how_many(rng):
    kind = rng.random()
    if kind < 0.1:
        return rng.randint(1, 4)
    return rng.randint(5, 60) if kind < 0.75 else rng.randint(200, 600)


class WindowInputs(Inputs):
    """Captures and labels in hour folders, for `run` and `merge`."""

    def __init__(self, rng):
        super().__init__(rng)
        self.make_model()
        self.model.strangers = self.bad.strangers
        self.start = h.instant(rng.choice(("2026-03-01T05:00", "2025-12-31T22:00")))
        self.hours, self.late = rng.randint(1, 3), rng.randint(0, 2)
        self.ids = self.pool_of_ids(how_many(rng))
        self.rows = {}  # rows of an invocation, so that labels have as many
        self.big = rng.random() < 0.06
        self.inputs_text = rng.choice((0, 5, 5, 60, 400))
        self.odd_times = rng.choice((0, 0, 0, 0.02, 0.5))
        self.plan_window()
        self.write_captures()
        self.write_labels()

    def make_model(self):
        self.model = Model(self.rng)

    def folders(self):
        return ("captures", "labels")

    def plan_window(self):
        rng, end = self.rng, self.start + timedelta(hours=self.hours)
        if rng.random() < 0.5:
            self.window = ["--start", h.stamp(self.start), "--end", h.stamp(end)]
            if self.late:
                self.window += ["--labels-until", h.stamp(end + timedelta(hours=self.late))]
        else:
            self.window = ["--scheduled-time", h.stamp(end + timedelta(hours=self.late)),
                           f"--start-time-offset=-PT{self.hours + self.late}H", f"--end-time-offset=-PT{self.late}H"]
            if rng.random() < 0.2:
                self.window += ["--aws-quirks"]

    def args(self):
        rng = self.rng
        conflict = rng.choice(([], ["--on-conflict", "first"], ["--on-conflict", "last"]))
        if rng.random() < 0.06:
            conflict = ["--on-conflict", "error"]
        return ["--endpoint-input", "captures", "--ground-truth-input", "labels", *self.window, *conflict,
                *self.bad.args()]

    def input_data(self):
        rng = self.rng
        if self.big and rng.random() < 0.02:
            return "7.25," * rng.choice((4000, 30000))
        n = self.inputs_text
        return rng.choice(("1,2", "", h.random_text(rng, 0, n), "0.125," * (n // 6)))

    def a_time(self, hour):
        rng = self.rng
        at = self.start + timedelta(hours=hour, minutes=rng.randint(0, 59), seconds=rng.randint(0, 59))
        if rng.random() < 0.03:
            at += timedelta(hours=rng.randint(1, 4))
        text = h.stamp(at)
        if rng.random() < self.odd_times:
            return rng.choice((text[:-1] + rng.choice((".5Z", ".000001Z", ".999999Z", ".123456789Z", "+00:00", "")),
                               (at + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%S+02:00"),
                               text, text, "1900-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "1601-02-03T04:05:06.7Z"))
        return text

    def a_capture(self, key, hour):
        rng = self.rng
        n = self.rows.setdefault(key, self.model.rows())
        data, encoding, content_type = self.model.output(n)
        by_event = self.by_event if rng.random() < 0.95 else not self.by_event
        event, inference = (key, None) if by_event else (f"ev-{rng.getrandbits(32):08x}", key)
        record = h.capture(data, event, inference, self.a_time(hour), encoding, content_type,
                           None if rng.random() < 0.03 else self.input_data())
        if rng.random() < 0.03:
            del record["eventMetadata"]["inferenceTime"]
        if rng.random() < 0.03:
            record["eventMetadata"]["customAttributes"] = [h.random_text(rng)]
        if rng.random() < 0.01:
            record["eventMetadata"].update({f"more-{i}": h.random_text(rng, 0, 5) for i in range(rng.choice((10, 27)))})
        if rng.random() < 0.02:
            record["captureData"]["endpointOutput"].pop("observedContentType" if encoding != "BASE64" else "mode")
        return record

    def write_captures(self):
        rng = self.rng
        variants = rng.choice(([""], ["AllTraffic"], ["ep/AllTraffic"], ["a/blue", "a/green"], ["x", "y/z"]))
        self.by_event = rng.random() < 0.3
        places = [(v, hour, f"{rng.randint(0, 59):02}-{number:02}-000-{rng.getrandbits(16):04x}.jsonl")
                  for v in variants for hour in range(-1, self.hours + 2) for number in range(rng.choice((0, 1, 1, 2, 3)))]
        places = places or [(variants[0], 0, "00-00-000-a.jsonl")]
        records = {place: [] for place in places}
        inside = [p for p in places if 0 <= p[1] < self.hours] or places
        for key in self.ids:
            for _ in range(rng.choice((1, 1, 1, 1, 1, 1, 0, 2) if rng.random() < 0.5 else (1,))):
                place = rng.choice(inside if rng.random() < 0.9 else places)
                records[place].append(self.a_capture(key, place[1]))
        for (variant, hour, name), made in records.items():
            writer = Writer(rng)
            folder = "/".join(filter(None, ("captures", variant, h.hour_path(self.start + timedelta(hours=hour)))))
            self.add(f"{folder}/{name}", lines_of([self.bad.line(r, writer) for r in made], rng))

    def write_labels(self):
        rng = self.rng
        places = [(hour, name) for hour in range(-1, self.hours + self.late + 1)
                  for name in sorted({rng.choice(("a.jsonl", "B.jsonl", "z-10.jsonl", "z-2.jsonl", "l.ndjson", "l.json"))
                                      for _ in range(rng.choice((0, 1, 1, 2, 3)))})] or [(0, "a.jsonl")]
        records = {place: [] for place in places}
        inside = [p for p in places if 0 <= p[0] < self.hours] or places
        gaps = rng.choice((0.0, 0.05, 0.3))
        again = rng.choice((0.0, 0.02, 0.2))
        for key in [*self.ids, *(f"nobody-{i}" for i in range(rng.choice((0, 0, 3, 30))))]:
            if rng.random() < gaps:
                continue
            truth = self.model.truth(self.rows.get(key, 1))
            while True:
                records[rng.choice(inside if rng.random() < 0.9 else places)].append(h.label(key, *truth))
                if rng.random() >= again:
                    break
                truth = rng.choice((truth, truth, respelled(truth, rng), self.model.truth(self.rows.get(key, 1))))
        for (hour, name), made in records.items():
            writer = Writer(rng)
            body = lines_of([self.bad.line(r, writer) for r in made], rng)
            self.add(f"labels/{h.hour_path(self.start + timedelta(hours=hour))}/{name}", body)


SCRIPT = b"""
def preprocess_handler(inference_record):
    score, truth = inference_record.endpoint_output.data, inference_record.ground_truth.data
    row = {"score": score.strip().strip('"'), "truth": truth.strip().strip('"')}
    last = inference_record.event_metadata.event_id[-1]
    return [] if last in "37" else [row, row] if last in "48" else row
"""


class ScriptInputs(WindowInputs):
    """Captures whose merged records go through a preprocessor script, which drops some and doubles others."""

    def make_model(self):
        self.model = model = Model(self.rng, many=False)
        model.problem, model.classes, model.positive, model.spell = "BinaryClassification", ["0", "1"], None, {}
        model.form, model.base64, model.label_form = "csv", False, "alone"
        model.score, model.said, model.cells, model.nested = True, False, ["score"], False
        model.args = lambda: ["--problem-type", model.problem, "--probability-attribute", "score",
                              "--ground-truth-attribute", "truth", "--record-preprocessor-script", "script.py"]
        self.files.append(("script.py", SCRIPT, ""))


class BatchInputs(Inputs):
    """Manifests of batch transform jobs, their outputs, and labels."""

    def __init__(self, rng):
        super().__init__(rng)
        self.model = Model(rng, many=False)
        self.model.strangers = self.bad.strangers
        self.model.base64 = False
        if self.model.form == "json":
            self.model.nested = False
        self.ids = self.pool_of_ids(how_many(rng))
        self.form = "csv" if self.model.form == "csv" else rng.choice(("jsonl", "json"))
        self.write_outputs()
        self.write_labels()

    def folders(self):
        return ("captures", "labels")

    def args(self):
        more = ["--dataset-format", self.form] if self.rng.random() < 0.8 else []
        if self.form == "csv" and self.rng.random() < 0.8:
            more += ["--no-header"]
        return ["--batch-transform-input", "captures", "--ground-truth-input", "labels", "--start", "2026-03-01T05:00Z",
                "--end", "2026-03-01T07:00Z", *more, *self.bad.args()]

    def row(self, key):
        rng, model = self.rng, self.model
        cells = [(c, model.cell(c)) for c in model.cells]
        at = f"2026-03-01T05:{rng.randint(0, 59):02}:00Z"
        if self.form == "csv":
            line = model.csv_row([*cells, ("id", key), ("time", at)])
        else:
            line = model.json_row(cells)[:-1] + ("," if cells else "")
            line += f'"SageMakerInferenceId":{json.dumps(key)},"SageMakerInferenceTime":"{at}"' + "}"
        if rng.random() < self.bad.rate:
            line = broken_line(line, rng)
        return line

    def write_outputs(self):
        rng = self.rng
        rows = [self.row(key) for key in self.ids for _ in range(rng.choice((1,) * 9 + (2,)))]
        files, at = [], 0
        while at < len(rows) or not files:
            n = rng.randint(1, max(1, len(rows)))
            files.append(rows[at:at + n])
            at += n
        manifests = {}
        for i, part in enumerate(files):
            name = f"part-{i:03}.{self.form}.out"
            if self.form == "json":
                body = ("[" + rng.choice((",", ",\n", " , ")).join(part) + "]").encode("utf-8", "surrogateescape")
            else:
                body = lines_of(part, rng)
            self.files.append((f"captures/transform/{name}", body, ""))
            manifests.setdefault((rng.choice(("05", "06")), rng.choice("mn")), []).append(name)
        for (hour, manifest), names in manifests.items():
            entries = json.dumps([{"prefix": "transform/"}, *names]).encode()
            self.files.append((f"captures/output/2026/03/01/{hour}/{manifest}.json", entries, ""))
        self.longest = max(map(len, rows))

    def write_labels(self):
        rng = self.rng
        made = [h.label(key, *self.model.truth(1)) for key in self.ids if rng.random() < 0.9]
        rng.shuffle(made)
        cut = rng.randint(0, len(made))
        for hour, part in (("05", made[:cut]), ("06", made[cut:])):
            writer = Writer(rng)
            self.add(f"labels/2026/03/01/{hour}/l.jsonl", lines_of([self.bad.line(r, writer) for r in part], rng))

    def put(self, folder, pack=None):
        super().put(folder, pack and (lambda path: pack(path) if path.startswith("labels") else ""))


class TableInputs(Inputs):
    """Labelled predictions in tables, for `baseline`."""

    def __init__(self, rng):
        super().__init__(rng)
        self.model = Model(rng, many=False)
        self.model.strangers = self.bad.strangers
        self.model.nested = False
        self.form = "csv" if self.model.form == "csv" else rng.choice(("jsonl", "jsonl", "json"))
        self.model.label_form = "alone"
        self.model.cells.insert(rng.randint(0, len(self.model.cells)), "truth")
        self.model.names["truth"] = "truth"
        self.header = self.form == "csv" and rng.random() < 0.6
        self.whole = rng.random() < 0.4
        n = how_many(rng)
        for i in range(rng.choice((1, 1, 2, 4))):
            self.add(f"data/{i}.{self.form}", self.table(max(1, n // (i + 1))))

    def place(self, cell):
        if self.form != "csv":
            return self.model.names[cell]
        return f"c {self.model.cells.index(cell)}" if self.header else str(self.model.cells.index(cell))

    def args(self):
        model = self.model
        model.place = self.place
        out = [*model.args(), "--ground-truth-attribute", self.place("truth"), *self.bad.args()]
        if self.form == "csv" and not self.header:
            out += ["--no-header"]
        return out

    def data(self):
        return ["data"] if self.whole else [path + suffix for path, _, suffix in self.files]

    def table(self, n):
        rng, model = self.rng, self.model
        rows = []
        for _ in range(n):
            cells = [(c, model.a_class() if c == "truth" else model.cell(c)) for c in model.cells]
            line = model.csv_row(cells) if self.form == "csv" else model.json_row(cells)
            rows.append(broken_line(line, rng) if rng.random() < self.bad.rate else line)
        if self.form == "json":
            return ("[" + rng.choice((",", ",\n", " , ")).join(rows) + "]").encode("utf-8", "surrogateescape")
        head = [",".join(f"c {i}" for i in range(len(model.cells)))] if self.header else []
        return lines_of(head + rows, rng)


class MergedInputs(Inputs):
    """Merged records, for `analyze`, in `parts` folders below "merged"."""

    def __init__(self, rng, parts=1, good=False):
        super().__init__(rng)
        if good:
            self.bad.rate = self.bad.tolerated = 0
        self.model = Model(rng)
        self.model.strangers = 0.0 if good else self.bad.strangers
        self.parts = parts
        self.ids = self.pool_of_ids(how_many(rng))
        records = [self.record(key) for key in self.ids]
        for part in range(parts):
            mine = [r for r in records if rng.randrange(parts) == part] if part else records[part::parts]
            for number in range(rng.choice((1, 1, 2, 3))):
                writer = Writer(rng)
                body = lines_of([self.bad.line(r, writer) for r in mine if rng.random() < 0.8], rng)
                self.add(f"merged/{part}/{rng.choice(('', 'ep/v/2026/03/01/05/'))}p{number}.jsonl", body)

    def folders(self):
        return tuple(f"merged/{part}" for part in range(self.parts))

    def args(self):
        return [*self.model.args(), *self.bad.args()]

    def record(self, key):
        rng, n = self.rng, self.model.rows()
        data, encoding, content_type = self.model.output(n)
        record = h.capture(data, key, None if rng.random() < 0.5 else f"i-{key}", "2026-03-01T05:10:00Z", encoding,
                           content_type)
        truth, truth_encoding = self.model.truth(n)
        return {**record, "groundTruthData": {"data": truth, "encoding": truth_encoding}}


class LargeInputs(Inputs):
    """
    Enough short records that a small --memory makes the engine spill; odd lines are rare. A part of them shares a few
    ids: however many threads and bins there are, some bins fill up.
    """

    def __init__(self, rng, captures=120_000, odd_every=997):
        super().__init__(rng)
        self.bad.rate = self.bad.tolerated = 0
        self.model = None
        self.odd_every = odd_every
        hot = [f"hot-{i}" for i in range(12)]
        keys = [f"{rng.getrandbits(64):016x}" for _ in range(captures * 3 // 5)]
        all_keys = keys + [hot[i % len(hot)] for i in range(captures - len(keys))]
        rng.shuffle(all_keys)
        for i in range(3):
            self.add(f"captures/ep/v/2026/03/01/05/{i}0-00-000-a.jsonl", self.captures(all_keys[i::3]))
        late = keys[:len(keys) * 9 // 10] + [f"none-{i}" for i in range(captures // 20)] + keys[:captures // 50]
        late += [hot[i % len(hot)] for i in range(captures // 4)]
        rng.shuffle(late)
        half = len(late) // 2
        for i, part in enumerate((late[:half], late[half:])):
            self.add(f"labels/2026/03/01/0{5 + i}/l.jsonl", self.labels(part))

    def args(self):
        return ["--problem-type", "BinaryClassification", "--probability-attribute", "0", "--endpoint-input", "captures",
                "--ground-truth-input", "labels", "--start", "2026-03-01T05:00Z", "--end", "2026-03-01T06:00Z",
                "--labels-until", "2026-03-01T07:00Z"]

    def captures(self, keys):
        rng, out = self.rng, []
        for i, key in enumerate(keys):
            if self.odd_every and i % self.odd_every == self.odd_every - 1:
                out.append(h.spelled(h.capture("0.5", "e", key), rng))
                continue
            out.append('{"captureData":{"endpointOutput":{"observedContentType":"text/csv","mode":"OUTPUT",'
                       f'"data":"{rng.random():.6f}","encoding":"CSV"}}}},"eventMetadata":{{"eventId":"ev-{i}",'
                       f'"inferenceId":"{key}","inferenceTime":"2026-03-01T05:{i % 60:02}:00Z"}},"eventVersion":"0"}}')
        return ("\n".join(out) + "\n").encode()

    def labels(self, keys):
        rng, out = self.rng, []
        for i, key in enumerate(keys):
            if self.odd_every and i % self.odd_every == self.odd_every - 1:
                out.append(h.spelled(h.label(key, "1"), rng))
                continue
            out.append(f'{{"groundTruthData":{{"data":"{rng.getrandbits(1)}","encoding":"CSV"}},"eventMetadata":'
                       f'{{"eventId":"{key}"}},"eventVersion":"0"}}')
        return ("\n".join(out) + "\n").encode()


# --- commands ----------------------------------------------------------------------------------


def constraints_file(rng, problem):
    """A constraints file: some of its bounds hold, some do not, now and then."""
    def bound(threshold, operator="LessThanThreshold"):
        return {"threshold": threshold, "comparison_operator": operator}
    entries = {
        "BinaryClassification": {"recall": bound(rng.random()), "f1": bound(0.5), "auc": bound(rng.choice((0.0, 0.6))),
                                 "false_positive_rate": bound(rng.random(), "GreaterThanThreshold")},
        "MulticlassClassification": {"accuracy": bound(rng.random()), "weighted_f2": bound(0.4)},
        "Regression": {"mae": bound(rng.random() * 3, "GreaterThanThreshold"), "r2": bound(0.0)},
    }[problem]
    key = {"BinaryClassification": "binary_classification_constraints",
           "MulticlassClassification": "multiclass_classification_constraints",
           "Regression": "regression_constraints"}[problem]
    return json.dumps({"version": 0.0, key: entries}).encode()


class Step(NamedTuple):
    """One call of the program."""
    args: list
    out: str
    stdin: bytes = b""


def random_case(rng, kind):
    """Inputs and the steps that read them."""
    measured = []
    if rng.random() < 0.15:
        measured += ["--seed", str(rng.randint(1, 9))]
    if rng.random() < 0.15:
        measured += ["--curve-points", rng.choice(("5", "100000"))]
    printed = rng.choice(([], [], ["--json"], ["-q"]))
    inputs = {"window": WindowInputs, "batch": BatchInputs, "table": TableInputs, "merged": MergedInputs,
              "script": ScriptInputs, "large": LargeInputs}[kind](rng)
    if kind == "table":
        args = [*inputs.args(), *measured, *printed]
        if len(inputs.files) == 1 and rng.random() < 0.3:
            path, body, suffix = inputs.files[0]
            return inputs, [Step(["baseline", "-", "--dataset-format", inputs.form, *args], "out",
                                 h.pack(body, suffix))]
        return inputs, [Step(["baseline", *inputs.data(), *args], "out")]
    if kind == "large":
        return inputs, [Step(["run", *inputs.args()], "out")]
    if rng.random() < 0.4:
        inputs.files.append(("limits.json", constraints_file(rng, inputs.model.problem), ""))
        measured += ["--constraints", "limits.json"]
    if rng.random() < 0.1:
        printed = [*printed, "--checksums"]
    if kind == "merged":
        return inputs, [Step(["analyze", "merged", *inputs.args(), *measured, *printed], "out")]
    model = inputs.model.args()
    args = inputs.args()
    if rng.random() < 0.25:
        checks = model if kind != "script" and rng.random() < 0.8 else []
        tolerance = inputs.bad.args()
        return inputs, [Step(["merge", *args, *checks, *printed], "out"),
                        Step(["analyze", "out/merge", *model, *tolerance, *measured, *printed], "out2")]
    alone = ["--no-merged-output"] if rng.random() < 0.2 else []
    return inputs, [Step(["run", *args, *model, *measured, *alone, *printed], "out")]


def put_case(inputs, folder, pack=None):
    """Writes a case's inputs into a folder, with a folder for temporary files that must stay empty."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tmp").mkdir(exist_ok=True)

    inputs.put(folder, pack)


def clear(folder, steps):
    for step in steps:
        shutil.rmtree(Path(folder) / step.out, ignore_errors=True)
