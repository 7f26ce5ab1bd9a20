"""Who is timed: hindcast in its ways of running, wc and cp, and the peers; and what each must have found.

Every run is checked. hindcast must find what the generator says (confusion matrix, matched records), and write the same statistics.json
and constraints.json, byte for byte, however it is run over the same records. A peer must find hindcast's confusion matrix, and its AUC to
AUC_TOLERANCE. Who differs gets no time, and the bench fails.
"""
import json
import math
import os
import shutil
from pathlib import Path

import environments
from datasets import WINDOW, BenchError
from measure import Contender, timed

PEERS_FOLDER = Path(__file__).resolve().parent / "peers"
AUC_TOLERANCE = 1e-9
CELLS = ("tn", "fp", "fn", "tp")

# name: environment, script, variant, runs
PEERS = {
    "duckdb": ("frames", "with_duckdb.py", "", 5),
    "polars": ("frames", "with_polars.py", "", 3),
    "pandas": ("frames", "with_pandas.py", "loads", 2),
    "pandas-arrow": ("frames", "with_pandas.py", "arrow", 2),
    "pyspark": ("pyspark", "with_pyspark.py", "mllib", 2),
    "pyspark-sql": ("pyspark", "with_pyspark.py", "sql", 2),
    "evidently": ("evidently", "with_evidently.py", "", 1),
}


def hindcast_environment():
    """The clock of a report stands still, so that reports can be compared."""
    return {**os.environ, "SOURCE_DATE_EPOCH": "1772323200"}


def found(folder):
    """What a report holds, in the words of the peers."""
    metrics = json.loads((folder / "statistics.json").read_text())["binary_classification_metrics"]
    matrix = metrics["confusion_matrix"]
    cells = dict(zip(CELLS, (matrix[label][prediction] for label in "01" for prediction in "01")))
    join = json.loads((folder / "join_report.json").read_text())
    return {**cells, "auc": metrics["auc"]["value"],
            **{name: join[name]["count"] for name in ("captured", "labelled", "matched")}}


class Hindcast:
    """The program under test, and what it must find."""

    def __init__(self, program, folder):
        self.program = program
        self.folder = folder
        self.bytes = {}  # what the reports over the same records hold, by the name of the data set that has the labels

    def output(self, name):
        return self.folder / "reports" / name

    def command(self, dataset, name, *options):
        return [str(self.program), "run", "--quiet", "--problem-type", "BinaryClassification",
                "--endpoint-input", str(dataset.captures), "--ground-truth-input", str(dataset.labels), *WINDOW,
                "--probability-attribute", "0", "--probability-threshold-attribute", "0.5",
                "-o", str(self.output(name)), *options]

    def clear(self, name):
        shutil.rmtree(self.output(name), ignore_errors=True)
        self.output(name).parent.mkdir(parents=True, exist_ok=True)

    def check(self, dataset, name):
        folder, owner = self.output(name), dataset.labels_of or dataset
        result = found(folder)
        wrong = {key: (result[key], value) for key, value in owner.expected.items() if result[key] != value}
        if wrong:
            raise BenchError(f"hindcast ({name}) is wrong: (found, expected) {wrong}")
        texts = [(folder / file).read_bytes() for file in ("statistics.json", "constraints.json")]
        if self.bytes.setdefault(owner.name, texts) != texts:
            raise BenchError(f"hindcast ({name}): other bytes than in another run over the same records: {folder}")
        return result

    def first(self, dataset):
        """A run that is not timed: what it found is held against the peers, its constraints are what later runs are judged by."""
        self.clear("first")
        timed(self.command(dataset, "first", "--no-merged-output"), hindcast_environment())
        return self.check(dataset, "first")

    def contender(self, dataset, name, repeats, *options):
        """A way of running it, timed."""
        constraints = self.output("first") / "constraints.json"
        return Contender(name, self.command(dataset, name, "--constraints", str(constraints), *options), repeats,
                         prepare=lambda: self.clear(name), check=lambda out: self.check(dataset, name),
                         env=hindcast_environment(), statuses=(0, 1), warmed=tuple(dataset.paths()))


def check_peer(name, result, reference):
    differ = [cell for cell in CELLS if result[cell] != reference[cell]]
    if differ or not math.isclose(result["auc"], reference["auc"], rel_tol=AUC_TOLERANCE, abs_tol=0):
        raise BenchError(f"{name} and hindcast differ:\n  {name}: {result}\n  hindcast: {reference}")


class Peers:
    """The peers that were asked for; `own` has the seconds that they measured themselves."""

    def __init__(self, names, folder):
        self.names = names
        self.folder = folder
        self.own = {}
        self.versions = {}

    def check(self, name, out, reference):
        result = json.loads(out.splitlines()[-1])
        check_peer(name, result, reference)
        self.own.setdefault(name, []).append(result["seconds"])

    def install(self, problems):
        """Interpreters of the environments that are needed; what cannot be had is a problem, not the end."""
        pythons = {}
        for kind in sorted({PEERS[name][0] for name in self.names}):
            try:
                pythons[kind] = environments.make(self.folder, kind)
                self.versions[kind] = environments.versions(pythons[kind])
                if kind == "pyspark":
                    self.versions[kind]["java"] = environments.have_java()
            except BenchError as error:
                pythons.pop(kind, None)
                problems.append(str(error))
        return pythons

    def contenders(self, dataset, reference, repeats, problems):
        pythons = self.install(problems)
        for name in self.names:
            kind, script, variant, most = PEERS[name]
            if kind not in pythons:
                continue
            command = [str(pythons[kind]), str(PEERS_FOLDER / script), str(dataset.captures), str(dataset.labels), variant]
            yield Contender(name, command, min(most, repeats),
                            check=lambda out, name=name: self.check(name, out, reference),
                            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "DO_NOT_TRACK": "1"}, warmed=tuple(dataset.paths()))


def tools(dataset, folder, repeats):
    """wc -l over all inputs; cp of the captures, without and with waiting for the disk as hindcast does."""
    copy = folder / "copy"

    def clear():
        shutil.rmtree(copy, ignore_errors=True)

    source = str(dataset.captures)
    paths = tuple(dataset.paths())
    yield Contender("wc", ["wc", "-l", *paths], repeats, warmed=paths)
    yield Contender("cp", ["cp", "-r", source, str(copy)], repeats, prepare=clear, warmed=paths)
    yield Contender("cp+sync", ["sh", "-c", 'cp -r "$1" "$2" && sync -f "$2"', "sh", source, str(copy)], repeats, prepare=clear, warmed=paths)
