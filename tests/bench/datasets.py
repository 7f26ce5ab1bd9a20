"""The data of the bench: made once by generate.c, kept below build/bench/data, made anew when their options or the generator change.

A data set is a folder with captures/, labels/ and made.json: the options it was made with, and what must come out of it.
"""
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

SOURCE = Path(__file__).resolve().parent / "generate.c"
SEED = 1
WINDOW = ("--start", "2026-03-01T00:00Z", "--end", "2026-03-01T04:00Z")

# Bytes a record with its share of the labels, rounded up: to see beforehand whether the disk has room.
LONG_BYTES = 900
SHORT_BYTES = 390
# A small file takes whole blocks.
FILE_BYTES = 4096


class BenchError(Exception):
    """The bench cannot go on; the text says why."""


@dataclass
class Dataset:
    name: str
    records: int
    files: int = 4
    short: bool = False
    labels_of: "Dataset | None" = None  # its labels are this one's
    folder: Path = Path()
    expected: dict = field(default_factory=dict)

    @property
    def captures(self):
        return self.folder / "captures"

    @property
    def labels(self):
        return (self.labels_of or self).folder / "labels"

    def capture_files(self):
        return sorted(map(str, self.captures.rglob("*.jsonl")))

    def label_files(self):
        return sorted(map(str, self.labels.rglob("*.jsonl")))

    def paths(self):
        return self.capture_files() + self.label_files()

    def bytes(self):
        return sum(os.path.getsize(path) for path in self.paths())

    def options(self):
        options = ["--records", str(self.records), "--files", str(self.files), "--seed", str(SEED)]
        return options + ["--short"] * self.short + ["--no-labels"] * bool(self.labels_of)

    def room(self):
        """Bytes that making it takes, about."""
        return self.records * (SHORT_BYTES if self.short else LONG_BYTES) + self.files * FILE_BYTES


def build_generator(where):
    """The generator, compiled; and the digest of its source, which is part of what a data set was made with."""
    program = where / "generate"
    digest = hashlib.sha256(SOURCE.read_bytes()).hexdigest()
    stamp = where / "generate.sha256"
    if not program.exists() or not stamp.exists() or stamp.read_text() != digest:
        compiler = os.environ.get("CC", "cc")
        command = [compiler, "-std=c17", "-D_GNU_SOURCE", "-O2", str(SOURCE), "-o", str(program), "-lm"]
        subprocess.run(command, check=True)
        stamp.write_text(digest)
    return program, digest


def make(dataset, where, program, digest):
    """Makes the data set below `where`, unless it is there already."""
    dataset.folder = where / dataset.name
    made = dataset.folder / "made.json"
    recipe = {"options": dataset.options(), "generator": digest}
    if made.exists():
        document = json.loads(made.read_text())
        if document["recipe"] == recipe:
            dataset.expected = document["expected"]
            return
    shutil.rmtree(dataset.folder, ignore_errors=True)
    dataset.folder.mkdir(parents=True)
    free = shutil.disk_usage(where).free
    if dataset.room() > free:
        raise BenchError(f"{dataset.folder}: takes about {dataset.room() >> 20} MiB, {free >> 20} MiB are free")
    start = time.perf_counter()
    done = subprocess.run([str(program), str(dataset.folder), *dataset.options()], stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise BenchError(f"{dataset.folder}: the generator failed")
    print(f"made {dataset.name} in {time.perf_counter() - start:.1f} s", file=sys.stderr)
    dataset.expected = json.loads(done.stdout)
    made.write_text(json.dumps({"recipe": recipe, "expected": dataset.expected}))
