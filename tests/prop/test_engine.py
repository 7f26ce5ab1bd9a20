"""The engine against itself: the same bytes for any number of threads, chunk size, memory, vector instructions,
packing of the inputs, and partials in any grouping.

Random cases come from messy.py, engine.py runs and compares them. One case is six or more processes, so there are fewer
cases here than HC_PROP_CASES says for the others.
"""
import functools
import random
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
import engine  # noqa: E402
import helpers as h  # noqa: E402
import messy  # noqa: E402
from pool import cases, run_cases, scratch  # noqa: E402

KINDS = {"window": 24, "batch": 10, "table": 12, "merged": 10, "script": 2}  # cases of an ordinary test run


def how_many(usual):
    """300 cases of the other properties stand for the usual number here, 10,000 for five times as many."""
    return max(2, usual * min(cases(), 300) // 300, usual * cases() // 2000)


@pytest.fixture
def folder():
    """In memory where the machine has such a place."""
    made = Path(scratch())
    yield made
    shutil.rmtree(made)


def engine_case(rng, folder, kind):
    engine.check_case(rng, folder, kind)


@pytest.mark.parametrize("kind", KINDS)
def test_same_bytes(kind):
    run_cases(functools.partial(engine_case, kind=kind), kind, how_many(KINDS[kind]))


# --- spilling ----------------------------------------------------------------------------------


def test_same_bytes_while_spilling(folder):
    """Enough records that 1 MiB does not hold them."""
    rng = random.Random("spilling")
    inputs, steps = messy.random_case(rng, "large")
    messy.put_case(inputs, folder)
    want = engine.run_steps(folder, steps, lambda: ("--threads", "1"))
    assert want[-1].status == 0 and len(want[-1].files) == 6, want[-1].err
    for options in (("--memory", "1M", "--threads", "1"), ("--memory", "1M", "--threads", "7", "--chunk-bytes", "9999"),
                    ("--memory", "4M", "--threads", "2", "--chunk-bytes", "1000000"),
                    ("--threads", "2", "--chunk-bytes", "1000", "--simd", "plain")):
        engine.same(want, engine.run_steps(folder, steps, lambda: options), " ".join(options))


# --- partial results ---------------------------------------------------------------------------


@functools.cache
def knows_partials():
    return subprocess.run([h.binary(), "combine", "--help"], capture_output=True).returncode == 0


def grouped(rng, folder, names):
    """Combines partials by two, three or more until few are left: a random tree. Returns what is left."""
    number = 0
    while len(names) > 1 and rng.random() < 0.7:
        rng.shuffle(names)
        n = rng.randint(1, len(names))
        out, number = f"tree-{number}", number + 1
        names = [out, *names[n:]] if combine(rng, folder, names[:n], out, "--partial") else names
    rng.shuffle(names)
    return names


def combine(rng, folder, names, out, *more):
    result = engine.execute(["combine", *names, *more, "-o", out], folder)
    assert result.status == 0, str(result)
    check_partial(folder, out)
    return True


def check_partial(folder, out):
    found = sorted(p.relative_to(Path(folder, out)).as_posix() for p in Path(folder, out).rglob("*"))
    assert found == ["manifest.json", "partial.hcp"], found


def partial_case(rng, folder):
    """One analyze over all parts, against partials of each that are combined in random groups."""
    parts = rng.randint(1, 6)
    inputs = messy.MergedInputs(rng, parts, good=True)
    args, judged = inputs.args(), []
    if rng.random() < 0.3:
        args += ["--seed", str(rng.randint(1, 9))]
    if rng.random() < 0.5:
        inputs.files.append(("limits.json", messy.constraints_file(rng, inputs.model.problem), ""))
        judged = ["--constraints", "limits.json"]
    messy.put_case(inputs, folder)
    want = engine.run_steps(folder, [messy.Step(["analyze", "merged", *args, *judged], "out")])
    if want[-1].status > 1:
        return
    # Parts without a record are partials too, when they stand with another one; alone they are an empty analysis.
    filled = [p for p in range(parts) if any(path.startswith(f"merged/{p}/") and body.strip(b"\xef\xbb\xbf \r\n")
                                             for path, body, _ in inputs.files)]
    names, rest = [], [f"merged/{p}" for p in filled]
    rng.shuffle(rest)
    while rest:
        n = rng.choice((1, 1, 2))
        out = f"partial-{len(names)}"
        result = engine.execute(["analyze", *rest[:n], *args, *engine.variation(rng, inputs.longest), "--partial", "-o",
                                 out], folder)
        assert result.status == 0, str(result)
        check_partial(folder, out)
        names, rest = [*names, out], rest[n:]
    names = grouped(rng, folder, names)
    got = engine.run_steps(folder, [messy.Step(["combine", *names, *judged], "out")])
    for outcome in (*want, *got):
        outcome.files.pop("manifest.json")
        outcome.out = ""  # tells of inputs
    engine.same(want, got, "partials")


def test_partials():
    if not knows_partials():
        pytest.skip("no command 'combine' yet")
    run_cases(partial_case, "partial", how_many(10))


# --- the tests themselves ----------------------------------------------------------------------


def test_the_cases_are_worth_running(folder):
    """Most cases end with a report, some with violations, some with an error: else nothing would be compared."""
    for kind in ("window", "batch", "table", "merged"):
        ends = Counter()
        for number in range(12):
            rng = random.Random(f"worth:{kind}:{number}")
            inputs, steps = messy.random_case(rng, kind)
            case = folder / kind / str(number)
            messy.put_case(inputs, case)
            ends[engine.run_steps(case, steps)[-1].status] += 1
        assert ends[0] + ends[1] >= 5, f"{kind}: {ends}"


def test_a_difference_is_seen():
    result = h.Result([], 0, "summary", "")
    one, other = (engine.Outcome([], result, "/nonexistent") for _ in range(2))
    one.files, other.files = {"a": b"xyz", "b": b""}, {"a": b"xYz", "b": b""}
    assert engine.differences([one], [one]) == []
    assert engine.differences([one], [other])[0].startswith("a: byte 1 of 3 and 3")
    other.files = {"a": b"xyz"}
    assert engine.differences([one], [other]) == ["files only here ['b'], only there []"]
    other.files, other.err = dict(one.files), "!"
    assert "err" in engine.differences([one], [other])[0]
    assert engine.differences([one, one], [one])
