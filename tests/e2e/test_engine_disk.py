"""The engine where disk and files misbehave: full while it spills; files that shrink, grow, cannot be read, are empty
or very many; lines at the limit wherever chunks end."""
import contextlib
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "prop"))
import helpers as h  # noqa: E402
import messy  # noqa: E402
from pool import scratch  # noqa: E402

EPOCH = {"SOURCE_DATE_EPOCH": "1772341200"}
SCORE = ("--problem-type", "BinaryClassification", "--probability-attribute", "0")
REPORT = ("statistics.json", "constraints.json", "constraint_violations.json", "join_report.json")
SMALL = ("--memory", "1M")
CHUNKS = (("--threads", "1"), ("--threads", "3", "--chunk-bytes", "64"), ("--threads", "2", "--chunk-bytes", "4096"))


@pytest.fixture
def tmp_path():
    """In memory where the machine has such a place: many short runs would wait for the disk most of the time."""
    folder = Path(scratch())
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def large():
    """A folder with more records than --memory 1M holds, and the arguments that read it."""
    folder = Path(scratch())
    inputs = messy.LargeInputs(random.Random("disk"), odd_every=0)
    inputs.put(folder, lambda path: "")
    yield folder, inputs.args()
    shutil.rmtree(folder)


def report(out):
    return {name: (Path(out) / name).read_bytes() for name in REPORT}


def nothing_left(*folders):
    found = [str(p) for folder in folders if Path(folder).exists() for p in Path(folder).rglob("*") if not p.is_dir()]
    assert not found, found


# --- a disk that is full while the engine spills -------------------------------------------------

DISK = """
set -e
mount -t tmpfs -o size=512k none "$DISK"
status=0
"$@" || status=$?
find "$DISK" -mindepth 1 | sed 's/^/left: /' >&2
exit $status
"""


def on_small_disk(folder, args, disk):
    env = h.environment({**EPOCH, "DISK": str(disk), "TMPDIR": str(disk.parent)})
    done = subprocess.run(["unshare", "-rm", "sh", "-c", DISK, "sh", h.binary(), *map(str, args)], cwd=folder, env=env,
                          capture_output=True, timeout=120)
    return done.returncode, done.stderr.decode()


def test_disk_that_is_full_while_spilling(large, tmp_path):
    folder, args = large
    disk = tmp_path / "disk"
    disk.mkdir()
    probe = subprocess.run(["unshare", "-rm", "sh", "-c", f"mount -t tmpfs none {disk}"], capture_output=True)
    if probe.returncode:
        pytest.skip(f"no private mounts here: {probe.stderr.decode().strip()}")
    run = ("run", *args, "--no-merged-output", "--curve-points", "10", "-o", disk / "out")
    status, err = on_small_disk(folder, run, disk)
    assert status == 0, err  # the report itself has room
    for threads in "12":
        status, err = on_small_disk(folder, (*run, *SMALL, "--threads", threads), disk)
        assert status == 3, err
        assert "left:" not in err, err
        assert re.search("space|full", err, re.I) and str(disk) in err, err
        assert "--memory" in err, err  # the remedy
        assert os.listdir(tmp_path) == ["disk"]


def test_files_that_may_not_grow_while_spilling(large, tmp_path):
    folder, args = large

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 18, 1 << 18))

    out = tmp_path / "out"
    run = ("run", *args, "--no-merged-output", "-o", out)
    tmp = tmp_path / "tmp"
    tmp.mkdir()
    options = {"cwd": folder, "env": {**EPOCH, "TMPDIR": str(tmp)}, "preexec_fn": limit}
    h.succeed(*run, **options)
    before = h.snapshot(out)
    result = h.hindcast(*run, *SMALL, **options)
    assert result.status == 3, str(result)
    assert re.search("large|size|space", result.err, re.I), str(result)
    assert h.snapshot(out) == before, "the earlier report was touched"
    nothing_left(tmp)


def test_many_small_files(tmp_path):
    """More files than there are turns to write: each record comes to the part of its hour and variant, in order."""
    folders = [(variant, hour) for variant in ("ep/a", "ep/b") for hour in range(3)]
    per_folder, expected, labels = 400, {}, []
    for variant, hour in folders:
        window = h.Window(tmp_path, variant=variant)
        keys = [f"{variant}-{hour}-{i}" for i in range(per_folder)]
        for i, key in enumerate(keys):
            window.capture_file([h.capture("0.5", key, at=window.at(hour, 1))], hour, f"{i:04}.jsonl")
        labels += [h.label(key, "01"[i % 2]) for i, key in enumerate(keys)]
        expected[f"{variant}/{h.hour_path(window.at(hour))}"] = keys
    window.label_file(labels)
    args = ("--problem-type", "BinaryClassification", "--probability-attribute", "0", "--start", "2026-03-01T05:00Z",
            "--end", "2026-03-01T08:00Z")
    snapshots = []
    for threads in "127":
        out = tmp_path / f"out{threads}"
        h.succeed("run", *window.inputs(), *args, "--threads", threads, "-o", out, env=EPOCH)
        found = {}
        for folder, record in h.merged_records(out):
            found.setdefault(folder, []).append(record["eventMetadata"]["eventId"])
        assert found == expected
        snapshots.append(h.snapshot(out / "merge"))
    assert snapshots[0] == snapshots[1] == snapshots[2]


# --- files that change while they are read -------------------------------------------------------


def big_window(folder, blocks):
    """One capture file of some size: the same records again and again."""
    window = h.Window(folder)
    block = "".join(h.compact(h.capture(f"{i / 1000}", f"e{i}", f"i{i}", window.at(0, 5), input_data="0.25," * 60)) + "\n"
                    for i in range(1000)).encode()
    path = h.write(window.base / h.hour_path(window.start) / "00-00-000-a.jsonl", block * blocks)
    window.label_file([h.label(f"i{i}", str(i % 2)) for i in range(1000)])
    return window, path, block


def run_args(window, *more):
    return ("run", *window.inputs(), *window.tick(), *SCORE, *more, "-o", window.out)


def changed_while_read(window, path, more, change, delay):
    """A run during which another thread changes a file after `delay` seconds; its result."""
    def work():
        time.sleep(delay)
        change(path)
    thread = threading.Thread(target=work)
    thread.start()
    try:
        return h.hindcast(*run_args(window, *more), env=EPOCH)
    finally:
        thread.join()


def judge_changed(window, path, result, allowed):
    """A right report (of one of the file's states), or an error that names the file; never a crash."""
    if result.status == 0:
        assert report(window.out) in allowed, "a report of neither state"
        shutil.rmtree(window.out)
        return "report"
    assert str(path) in result.err, str(result)
    nothing_left(window.out)
    return "error"


@pytest.mark.parametrize("which, more", [
    ("captures", ("--threads", "1", "--no-merged-output")), ("captures", ("--threads", "2", "--no-merged-output")),
    ("captures", ("--threads", "2", "--chunk-bytes", "100000")), ("labels", ("--threads", "2", "--no-merged-output"))])
def test_file_that_shrinks(tmp_path, which, more):
    """Cut to half, to nothing, or in the middle of a line, at several moments of the run."""
    window, path, block = big_window(tmp_path, blocks=25)
    if which == "labels":
        path = next(window.labels.rglob("*.jsonl"))
        block = path.read_bytes()
        path.write_bytes(block * 100)
    whole = path.read_bytes()
    h.succeed(*run_args(window, *more), env=EPOCH)  # warms up; then it is timed
    began = time.monotonic()
    h.succeed(*run_args(window, *more), env=EPOCH)
    took = time.monotonic() - began
    of_whole = report(window.out)
    shutil.rmtree(window.out)
    ends = []
    for size in (0, len(whole) // 2 // len(block) * len(block), len(whole) // 3, len(whole) - 1):
        path.write_bytes(whole[:size])
        states = [of_whole]
        if h.hindcast(*run_args(window, *more), env=EPOCH).status == 0:
            states.append(report(window.out))
            shutil.rmtree(window.out)
        for share in (0.1, 0.4, 0.7):
            path.write_bytes(whole)
            result = changed_while_read(window, path, more, lambda p, size=size: os.truncate(p, size), share * took)
            if size == 0 and re.search("no captured record|nothing matched|no ground truth", result.err):
                ends.append("nothing there")
                continue
            ends.append(judge_changed(window, path, result, states))
    print(ends)


def test_file_that_grows(tmp_path):
    """Whole lines are appended while it is read: a report of the records that were there, at least."""
    window, path, block = big_window(tmp_path, blocks=30)
    line = block[:block.index(b"\n") + 1]
    least, more_at_most = 30 * 1000, 50_000
    for more in (("--threads", "1"), ("--threads", "3", "--chunk-bytes", "5000"), ("--threads", "2")):
        stop = threading.Event()

        def grow():
            with open(path, "ab", buffering=0) as file:
                for _ in range(more_at_most // 10):  # an end: a reader that waits for it must not fill the disk
                    if stop.is_set():
                        break
                    file.write(line * 10)

        thread = threading.Thread(target=grow)
        thread.start()
        try:
            result = h.hindcast(*run_args(window, *more))
        finally:
            stop.set()
            thread.join()
        if result.status == 0:
            counts = h.counts(window.out)
            assert least <= counts["captured"] <= least + more_at_most
            assert counts["captured"] == counts["matched"]
            assert len(h.merged_records(window.out)) == counts["matched"]
            shutil.rmtree(window.out)
        else:
            assert str(path) in result.err, str(result)
            nothing_left(window.out)
        path.write_bytes(block * 30)


def test_file_that_goes_away(tmp_path):
    """Removed or replaced while it is read: what was opened is read, or the error names it."""
    window, path, block = big_window(tmp_path, blocks=30)
    h.succeed(*run_args(window), env=EPOCH)
    want = report(window.out)
    shutil.rmtree(window.out)
    for delay in (0.0, 0.005, 0.01, 0.02, 0.04, 0.08):
        path.write_bytes(block * 30)
        result = changed_while_read(window, path, (), os.unlink, delay)
        if result.status == 0 or str(path) in result.err:
            judge_changed(window, path, result, [want])
        else:
            assert "no captured data" in result.err or "hour folder" in result.err, str(result)


# --- files that cannot be read, and odd ones -----------------------------------------------------


@contextlib.contextmanager
def open_folder():
    """A folder that every user can reach (those of pytest are for their owner alone)."""
    folder = Path(tempfile.mkdtemp(prefix="hindcast-open-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def as_nobody():
    if os.getuid() == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)


@pytest.mark.parametrize("which", ("captures", "labels"))
def test_file_that_may_not_be_read(which):
    with open_folder() as folder:
        program = shutil.copy(h.binary(), folder / "hindcast")
        window = h.Window(folder / "w").pairs(h.binary_rows(50))
        window.out.mkdir()
        window.out.chmod(0o777)
        more = [window.capture_file([h.capture("0.5", f"x{i}")], name=f"1{i}-00-000-b.jsonl") for i in range(4)]
        bad = more[2] if which == "captures" else next(window.labels.rglob("*.jsonl"))
        bad.chmod(0)
        for options in CHUNKS:
            done = subprocess.run([program, *map(str, run_args(window, *options))], preexec_fn=as_nobody,
                                  env=h.environment(), capture_output=True, timeout=60)
            err = done.stderr.decode()
            assert done.returncode == 2 and str(bad) in err and "permission" in err, err
            nothing_left(window.out)


def test_folder_with_the_name_of_a_file(window):
    window.pairs(h.binary_rows(50))
    (window.base / h.hour_path(window.start) / "dir.jsonl").mkdir()
    for options in CHUNKS:
        h.succeed(*run_args(window, *options))
        assert h.counts(window.out)["matched"] == 50


def test_empty_files(window):
    window.pairs(h.binary_rows(50))
    hour = h.hour_path(window.start)
    for i, (name, body) in enumerate((("jsonl", b""), ("jsonl", b"\n"), ("jsonl", b"\r\n\r\n"), ("jsonl", b"\xef\xbb\xbf"),
                                      ("jsonl.gz", b""), ("jsonl.zst", b""), ("jsonl", b"\xef\xbb\xbf\n"))):
        for top in (window.base, window.labels):
            h.write(top / hour / f"{i:02}-00-000-empty.{name}", body)
            (top / hour / f"5{i}-00-000-bare.{name}").write_bytes(body)  # also nothing at all behind .gz
    reports = []
    for options in CHUNKS:
        h.succeed(*run_args(window, *options), env=EPOCH)
        assert h.counts(window.out)["matched"] == 50 and h.counts(window.out)["unreadable"] == 0
        reports.append(report(window.out))
    assert reports[1:] == reports[:-1]


def test_very_many_small_files(tmp_path):
    """10,000 files of a record each: the same report as one file, and no file of them kept open."""
    few, many = h.Window(tmp_path / "few"), h.Window(tmp_path / "many")
    rng = random.Random(3)
    records = [h.compact(h.capture(repr(rng.random()), f"e{i}", f"i{i}", few.at(0, 5))) + "\n" for i in range(10_000)]
    hour = h.hour_path(few.start)
    few.capture_file("".join(records))
    folder = many.base / hour
    folder.mkdir(parents=True)
    for i, record in enumerate(records):
        (folder / f"{i:05}.jsonl").write_text(record)
    for window in (few, many):
        window.label_file([h.label(f"i{i}", str(i * 7 % 3 % 2)) for i in range(10_000)])

    def limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))

    h.succeed(*run_args(few), env=EPOCH)
    for options in (("--threads", "1"), ("--threads", "4", *SMALL), ("--chunk-bytes", "64")):
        h.succeed(*run_args(many, *options), env=EPOCH, preexec_fn=limit)
        for name in REPORT[:3]:
            assert (few.out / name).read_bytes() == (many.out / name).read_bytes(), name
        assert h.counts(few.out) == h.counts(many.out)
    merged = [[record for _, record in h.merged_records(w.out)] for w in (few, many)]
    assert merged[0] == merged[1]


# --- lines at the limit ------------------------------------------------------------------------


def line_of(size, key):
    """A capture whose line has that many bytes (without its newline)."""
    bare = h.compact(h.capture("0.5", key, input_data=""))
    return bare.replace('"data":""', f'"data":"{"a" * (size - len(bare))}"')


@pytest.mark.parametrize("packing, newline", [("", "\n"), ("", "\r\n"), ("", ""), (".gz", "\r\n"), (".zst", "")],
                         ids=("lf", "crlf", "none", "gz-crlf", "zst-none"))
def test_line_at_the_limit(tmp_path, packing, newline):
    """A line of just --max-line-bytes is read, one more is not, wherever a chunk ends and whatever stands before it."""
    limit = 1000
    window = h.Window(tmp_path)
    window.label_file([h.label("long", "1"), h.label("short", "0")])
    short = h.compact(h.capture("0.25", "short"))
    path = window.base / h.hour_path(window.start) / f"00-00-000-a.jsonl{packing}"
    for size in (limit - 1, limit, limit + 1):
        long = line_of(size, "long")
        assert len(long) == size
        lines = [short, short, long] + ([short] if newline else [])
        text = (newline or "\n").join(lines) + newline
        h.write(path, text.encode())
        start = text.index(long)
        ends = {start - 1, start, start + 1, start + size - 1, start + size, start + size + 1, start + size + 2, limit, 64}
        outcomes = set()
        for chunk in sorted(max(64, end) for end in ends):
            for threads in "13":
                result = h.hindcast(*run_args(window, "--max-line-bytes", limit, "--chunk-bytes", chunk, "--threads",
                                              threads), env=EPOCH)
                outcomes.add((result.status, result.err, (window.out / "join_report.json").read_bytes()
                              if result.status == 0 else b""))
                shutil.rmtree(window.out, ignore_errors=True)
        assert len(outcomes) == 1, outcomes
        status, err, _ = outcomes.pop()
        if size <= limit:
            assert status == 0, err
        else:
            assert status in (2, 3) and h.has_place(err, path, 3), err
            h.succeed(*run_args(window, "--max-line-bytes", limit, "--chunk-bytes", start + 7, "--max-bad-records", "1"))
            entry = h.load(window.out / "join_report.json")["unreadable"]
            assert entry["count"] == 1 and entry["samples"][0]["line"] == 3
            shutil.rmtree(window.out)
