#!/usr/bin/env python3
"""How fast is hindcast, held against the reading of the same bytes and against what people would use in its place?

    make bench                          2.0 M records (1.5 GB, 69 features) and 1.94 M labels, all peers
    make bench BENCH_ARGS=--quick       100 k records, without PySpark and Evidently
    make bench BENCH_RECORDS=500000
    make bench BENCH_ARGS='--short 100000000'    also as many short records with --memory 1G (about 40 GB of disk)

The data are made (generate.c, seeded), the peers are installed below build/bench; both stay for the next time. Then everything runs in
turn, several times, with the inputs in the page cache, each as a whole process with nothing else at work; the medians count. All
must find the same confusion matrix and AUC, else the bench fails (exit status 1). It does not fail because of a time.

hindcast makes the whole report (all metrics, curves, deviations, join report, suggested constraints, violations); each peer the confusion
matrix and AUC only. hindcast waits until its outputs are on the disk; cp and the peers do not.

The table goes to standard output and, with the machine and all times, to build/bench/bench.md and bench.json.
"""
import argparse
import json
import os
import shutil
import sys
from pathlib import Path

import contenders
import datasets
import measure
from datasets import BenchError, Dataset
from table import HEAD, Row, markdown, median, ratio_row, runs_table, seconds

ROOT = Path(__file__).resolve().parent.parent.parent
ISSUE_RECORDS = 2_000_000
QUICK_RECORDS = 100_000
FEW_RECORDS = 10_000
RECORDS_A_FILE = 20
QUICK_PEERS = ("duckdb", "polars", "pandas", "pandas-arrow")

MEMORY_A_RECORD_BYTES = 48
MEMORY_FIXED_BYTES = 64_000_000
SAMPLE_S = 0.001
SLOW_SAMPLE_S = 0.02
QUIET_LOAD = 0.5
PLAIN, MERGED = "without merged output", "with merged output"


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], epilog="See the head of tests/bench/bench.py.")
    parser.add_argument("--records", type=int, help=f"captured records ({ISSUE_RECORDS})")
    parser.add_argument("--repeats", type=int, default=5, help="runs of each, at most; slow ones run less often (5)")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_RECORDS} records, without PySpark and Evidently")
    parser.add_argument("--peers", help="some of " + ",".join(contenders.PEERS) + ", or none")
    parser.add_argument("--short", type=int, default=0, metavar="N", help="also N short records with --memory 1G (385 bytes of disk each)")
    parser.add_argument("--hindcast", type=Path, default=ROOT / "build" / "hindcast", help="the program (build/hindcast)")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "bench", help="where data and results go (build/bench)")
    options = parser.parse_args()
    options.records = options.records or (QUICK_RECORDS if options.quick else ISSUE_RECORDS)
    names = options.peers or ",".join(QUICK_PEERS if options.quick else contenders.PEERS)
    options.peers = [] if names == "none" else names.split(",")
    unknown = set(options.peers) - contenders.PEERS.keys()
    if unknown:
        parser.error(f"no such peer: {', '.join(sorted(unknown))}")
    return options


def tell(text):
    print(text, file=sys.stderr, flush=True)


class Bench:
    """One run of the bench: its data sets, what was timed, what came out."""

    def __init__(self, options):
        self.options = options
        self.work = options.work.resolve()
        self.work.mkdir(parents=True, exist_ok=True)
        self.hindcast = contenders.Hindcast(options.hindcast.resolve(), self.work)
        self.peers = contenders.Peers(options.peers, self.work)
        self.timed = []
        self.memory = {}
        self.problems = []
        self.machine = measure.machine(self.work)

    # --- data --------------------------------------------------------------------------------

    def make_data(self):
        records = self.options.records
        self.main = Dataset(f"records-{records}", records)
        self.files = Dataset(f"files-{records}", records, max(records // RECORDS_A_FILE, 4), labels_of=self.main)
        self.few = Dataset("few", FEW_RECORDS, files=1)
        self.short = Dataset(f"short-{self.options.short}", self.options.short, files=8, short=True) if self.options.short else None
        program, digest = datasets.build_generator(self.work)
        (self.work / "data").mkdir(exist_ok=True)
        for dataset in filter(None, (self.main, self.files, self.few, self.short)):
            datasets.make(dataset, self.work / "data", program, digest)

    # --- measuring ---------------------------------------------------------------------------

    def time_all(self):
        """Everything over the 2 M records, in turn; and the 10 k records, which take no time."""
        repeats = self.options.repeats
        reference = self.hindcast.first(self.main)
        ours = self.hindcast.contender
        self.timed = [
            ours(self.main, "hindcast", repeats, "--no-merged-output"),
            *contenders.tools(self.main, self.work, repeats),
            ours(self.main, "hindcast, 1 thread", repeats, "--no-merged-output", "--threads", "1"),
            ours(self.main, "hindcast, 2 threads", repeats, "--no-merged-output", "--threads", "2"),
            ours(self.main, "hindcast, merged output", repeats),
            ours(self.files, "hindcast, small files", repeats, "--no-merged-output"),
            ours(self.few, "hindcast, 10 k records", 4 * repeats),
            *self.peers.contenders(self.main, reference, repeats, self.problems),
        ]
        measure.in_turn(self.timed, tell, self.problems)

    def weigh(self):
        """Peak of anonymous memory, in runs of their own since looking at it takes time."""
        for name, options in ((PLAIN, ["--no-merged-output"]), (MERGED, [])):
            self.hindcast.clear("memory")
            command = self.hindcast.command(self.main, "memory", *options)
            peak, _ = measure.peak_anonymous(command, SAMPLE_S, contenders.hindcast_environment())
            self.hindcast.check(self.main, "memory")
            self.memory[name] = peak

    def time_short(self):
        """More records than memory and page cache hold: the plain reading of the files, then a run with little memory."""
        if not self.short:
            return
        paths = self.short.paths()
        reading = measure.Contender("cat, short records", ["sh", "-c", 'cat "$@" > /dev/null', "sh", *paths], 1,
                                    prepare=lambda: measure.cool(paths))
        measure.in_turn([reading], tell, self.problems)
        ours = self.hindcast.contender(self.short, "hindcast, short records", 1, "--no-merged-output", "--memory", "1G")
        ours.prepare()
        measure.cool(paths)
        peak, took = measure.peak_anonymous(ours.command, SLOW_SAMPLE_S, ours.env, ours.statuses)
        ours.check("")
        ours.seconds.append(took)
        tell(f"{ours.name}: {took:.3f} s")
        self.memory[f"{self.short.records} short records, --memory 1G"] = peak
        self.timed += [reading, ours]

    # --- results -----------------------------------------------------------------------------

    def median(self, name):
        return next((median(one.seconds) for one in self.timed if one.name == name), None)

    def peer_row(self, label, name, **reach):
        ours, other = self.median("hindcast"), self.median(name)
        return ratio_row(label, other, ours, ours, other, **reach)

    def own_row(self, label, name):
        """Against the time that a peer measured of its own work alone."""
        ours, other = self.median("hindcast"), median(self.peers.own.get(name))
        return ratio_row(label, other, ours, ours, other)

    def ours_row(self, label, name, other, **reach):
        return ratio_row(label, self.median(name), self.median(other), self.median(name), self.median(other), **reach)

    def memory_row(self):
        peak = max(self.memory[PLAIN], self.memory[MERGED])
        above = max(peak - MEMORY_FIXED_BYTES, 0) / self.main.records
        return Row("peak of anonymous memory above 64 MB, a record", f"{peak / 1e6:.1f} MB", "", above,
                   most=MEMORY_A_RECORD_BYTES, unit=" bytes")

    def short_rows(self):
        """One of the two is enough: near the time a record of the large case, or near the disk's."""
        ours, reading = self.median("hindcast, short records"), self.median("cat, short records")
        of = f"{self.short.records:.0e}".replace("e+0", " x 10^") if self.short else "10^8"
        first = Row(f"{of} short records in 1 GB, time a record / that of the first row, or", seconds(ours), "", most=1.3)
        second = ratio_row("... / reading them from the disk", ours, reading, ours, reading, most=1.3)
        if ours and reading and self.median("hindcast"):
            first.ratio = ours / self.short.records / (self.median("hindcast") / self.main.records)
            first.met = second.met = min(first.ratio, second.ratio) <= first.most
        return [first, second]

    def rows(self):
        few = self.median("hindcast, 10 k records")
        few_ms = few * 1000 if few else None
        return [
            self.ours_row("whole report / wc -l", "hindcast", "wc", most=1.0),
            self.peer_row("DuckDB / ours", "duckdb", least=6),
            self.peer_row("polars / ours", "polars", least=17),
            self.peer_row("pandas + scikit-learn / ours", "pandas", least=90),
            self.peer_row("pandas with pyarrow's reader + scikit-learn / ours", "pandas-arrow"),
            self.peer_row("PySpark local[2], MLlib / ours", "pyspark", least=170),
            self.peer_row("PySpark local[2], hand-tuned SQL / ours", "pyspark-sql"),
            self.peer_row("Evidently, reading by pandas with pyarrow / ours", "evidently"),
            self.own_row("Evidently, its report alone, given the joined frame / ours", "evidently"),
            self.ours_row("with merged records / cp of the captures", "hindcast, merged output", "cp", most=1.5),
            self.ours_row("with merged records / cp and sync", "hindcast, merged output", "cp+sync"),
            self.memory_row(),
            *self.short_rows(),
            self.ours_row(f"as {self.files.files} files / as {self.main.files}", "hindcast, small files", "hindcast", most=1.3),
            Row("10 k records, from start to report on disk", seconds(few), "", few_ms, most=30, unit=" ms"),
            self.ours_row("1 thread / 2 threads", "hindcast, 1 thread", "hindcast, 2 threads", least=1.8),
        ]

    def versions(self):
        """The peers' versions, without what they drag along."""
        wanted = {"duckdb", "polars", "pandas", "scikit-learn", "pyspark", "java", "evidently", "numpy", "pyarrow"}
        return {kind: {name: version for name, version in packages.items() if name in wanted}
                for kind, packages in self.peers.versions.items()}

    def heading(self):
        machine = self.machine
        size = self.main.bytes() / 1e9
        lines = [
            f"{self.main.records} captured records and {self.main.expected['labelled']} labels, {size:.2f} GB, in the page cache.",
            f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gib']} GiB, {machine['disk']}; {machine['system']}, "
            f"kernel {machine['kernel']}; load at the start {machine['load_at_start']:.2f}.",
        ]
        packages = {f"{name} {version}" + f" with {kind}" * (kind == "evidently" and name == "pandas")
                    for kind, packages in self.versions().items() for name, version in packages.items()}
        if packages:
            lines.append(f"Peers (Python {sys.version.split()[0]}): {', '.join(sorted(packages))}.")
        if machine["load_at_start"] > QUIET_LOAD:
            lines.append("Other work was going on: these times are not fit to be quoted.")
        if self.main.records != ISSUE_RECORDS:
            lines.append(f"What is to be reached holds for {ISSUE_RECORDS} records.")
        return "\n".join(lines)

    def write(self):
        rows = self.rows()
        memory = ", ".join(f"{name} {peak / 1e6:.1f} MB" for name, peak in self.memory.items())
        text = "\n\n".join([self.heading(), markdown(HEAD, [row.cells() for row in rows]), f"Peak of anonymous memory: {memory}.",
                            runs_table(self.timed)]) + "\n"
        (self.work / "bench.md").write_text(text)
        (self.work / "bench.json").write_text(json.dumps({
            "machine": self.machine, "versions": self.versions(), "python": sys.version.split()[0], "records": self.main.records,
            "bytes": self.main.bytes(), "rows": [row.document() for row in rows], "peak_anonymous_bytes": self.memory,
            "problems": self.problems, "seconds": {one.name: one.seconds for one in self.timed},
            "seconds_of_their_own": self.peers.own}, indent=2) + "\n")
        print(text, end="")
        tell(f"written to {os.path.relpath(self.work)}/bench.md and bench.json")

    def clear(self):
        """Away with copies and reports, unless one of them is wrong."""
        if not self.problems:
            for name in ("copy", "reports"):
                shutil.rmtree(self.work / name, ignore_errors=True)


def main():
    bench = Bench(parse())
    try:
        bench.make_data()
        bench.time_all()
        bench.weigh()
        bench.time_short()
        bench.write()
    except BenchError as error:
        bench.problems.append(str(error))
    else:
        bench.clear()
    for problem in bench.problems:
        tell(f"bench: {problem}")
    return 1 if bench.problems else 0


sys.exit(main())
