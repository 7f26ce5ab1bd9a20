"""Runs one case of messy.py in many ways and compares what comes out: status, messages, every byte of every file."""
import json
import os
import platform
import re
import shutil
import subprocess
from pathlib import Path

import helpers as h
import messy

EPOCH = "1772341200"
# What packing changes in messages and samples: names of inputs, and of merged parts, which derive from them.
PACKED = re.compile(r"\.(gz|zst)\b|(?<=part-00000-)[0-9a-f-]{36}(?=\.c000)")
MEMORY = ("1M", "1M", "2M", "64M", "1G", str(1 << 20))
CHUNKS = ("64", "65", "100", "127", "256", "1000", "4096", "65536", "1048576", str(1 << 40))


def simd_kinds():
    """The kinds of vector instructions that this machine has, by its own word."""
    if platform.machine() == "aarch64":
        return ("plain", "neon")
    flags = set(re.search(r"^flags\s*:(.*)$", Path("/proc/cpuinfo").read_text(), re.M)[1].split())
    kinds = ["plain"]
    if {"avx2", "bmi1", "bmi2"} <= flags:
        kinds.append("avx2")
        if {"avx512f", "avx512bw", "avx512dq", "avx512vl"} <= flags:
            kinds.append("avx512")
    return tuple(kinds)


SIMD = simd_kinds()


def variation(rng, longest):
    """Options that must not change anything. `longest`: of the inputs' lines; chunks end near it now and then."""
    options = []
    if rng.random() < 0.9:
        options += ["--threads", rng.choice("1237")]
    if rng.random() < 0.9:
        near = str(max(64, longest + rng.randint(-2, 2)))
        options += ["--chunk-bytes", rng.choice((*CHUNKS, near))]
    if rng.random() < 0.6:
        options += ["--memory", rng.choice(MEMORY)]
    if rng.random() < 0.7:
        options += ["--simd", rng.choice(SIMD)]
    return options


class Outcome:
    """What one step left: exit status, messages, files by their paths."""

    def __init__(self, args, result, out):
        self.args = args
        self.status, self.out, self.err = result.status, result.out, result.err
        found = sorted(p for p in Path(out).rglob("*") if p.is_file())
        self.files = {p.relative_to(out).as_posix(): p.read_bytes() for p in found}
        self.left = [p.as_posix() for p in Path(out).rglob(".*")] if Path(out).is_dir() else []
        if "manifest.json" in self.files:
            manifest = json.loads(self.files["manifest.json"])
            manifest.pop("options")
            self.files["manifest.json"] = json.dumps(manifest, indent=1, ensure_ascii=False).encode()

    def without_packing(self):
        """The same, so that inputs packed in other ways compare equal: names end alike, merged parts go by folder."""
        files = {}
        for path, body in self.files.items():
            if path in ("statistics.json", "constraints.json", "constraint_violations.json"):
                files[path] = body
            elif path == "join_report.json":
                files[path] = PACKED.sub("", body.decode()).encode()
            elif path.endswith(".jsonl"):
                folder = path.rsplit("/", 1)[0]
                files[folder] = files.get(folder, b"") + body
        plain = object.__new__(Outcome)
        plain.args, plain.status, plain.left, plain.files = self.args, self.status, self.left, files
        plain.out, plain.err = PACKED.sub("", self.out), PACKED.sub("", self.err)
        return plain


def execute(args, folder, program=None, stdin=b""):
    env = {"SOURCE_DATE_EPOCH": EPOCH, "TMPDIR": str(Path(folder, "tmp").absolute())}
    if program is None:
        return h.hindcast(*args, cwd=folder, env=env, stdin=stdin)
    done = subprocess.run([program, *map(str, args)], cwd=folder, env=h.environment(env), input=stdin,
                          capture_output=True, timeout=120)
    out, err = (text.decode("utf-8", "surrogateescape") for text in (done.stdout, done.stderr))
    assert done.returncode in (0, 1, 2, 3), f"{program} {' '.join(args)}: {done.returncode}\n{err}"
    return h.Result([program, *args], done.returncode, out, err)


def run_steps(folder, steps, options=lambda: (), program=None):
    """Runs a case's steps with more options; the outcomes, up to the first failure. Leaves no outputs."""
    messy.clear(folder, steps)
    outcomes = []
    for step in steps:
        args = [*step.args, *options(), "-o", step.out]
        outcome = Outcome(args, execute(args, folder, program, step.stdin), Path(folder, step.out))
        outcomes.append(outcome)
        assert not outcome.left, f"left behind: {outcome.left}\nhindcast {' '.join(args)}"
        if outcome.status > 1:
            assert not outcome.files, f"a failed run left {sorted(outcome.files)}\nhindcast {' '.join(args)}"
            break
    found = os.listdir(Path(folder, "tmp"))
    assert not found, f"left in TMPDIR: {found}"
    messy.clear(folder, steps)
    return outcomes


def first_difference(a, b):
    """Where two byte strings part, with what stands there."""
    at = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
    low = max(0, at - 120)
    return f"byte {at} of {len(a)} and {len(b)}:\n  {a[low:at + 120]!r}\n  {b[low:at + 120]!r}"


def differences(want, got):
    """What differs between the outcomes of two runs of one case; empty where nothing does."""
    out = []
    for one, other in zip(want, got):
        for name in ("status", "out", "err"):
            a, b = getattr(one, name), getattr(other, name)
            if a != b:
                out.append(f"{name}: {a!r}\n  not {b!r}" if name == "status" or len(a) + len(b) < 2000 else
                           f"{name}: {first_difference(a.encode(errors='replace'), b.encode(errors='replace'))}")
        if one.files.keys() != other.files.keys():
            out.append(f"files only here {sorted(one.files.keys() - other.files.keys())}, "
                       f"only there {sorted(other.files.keys() - one.files.keys())}")
        out += [f"{path}: {first_difference(one.files[path], other.files[path])}"
                for path in sorted(one.files.keys() & other.files.keys()) if one.files[path] != other.files[path]]
    if len(want) != len(got):
        out.append(f"{len(want)} steps, not {len(got)}")
    return out


def same(want, got, what=""):
    found = differences(want, got)
    if found:
        commands = "\n".join(f"hindcast {' '.join(map(str, o.args))}" for o in (want[-1], got[-1]))
        raise AssertionError(f"{what}\n{commands}\n" + "\n".join(found[:4]))


def repacked_steps(inputs, steps, pack):
    """The steps with the names that files get from another packing."""
    names = {path + suffix: path + pack(path) for path, _, suffix in inputs.files if path not in messy.NEVER_PACKED}
    bodies = {h.pack(body, suffix): h.pack(body, pack(path)) for path, body, suffix in inputs.files}
    return [messy.Step([names.get(word, word) for word in s.args], s.out, bodies.get(s.stdin, s.stdin)) for s in steps]


def check_case(rng, folder, kind, variations=4, program=None):
    """One reference and some variations of a random case. Returns the last exit status of the reference."""
    inputs, steps = messy.random_case(rng, kind)
    plain = Path(folder, "plain")
    messy.put_case(inputs, plain)
    want = run_steps(plain, steps, lambda: ("--threads", "1"), program)
    for _ in range(variations):
        same(want, run_steps(plain, steps, lambda: variation(rng, inputs.longest), program), kind)

    suffixes = {path: rng.choice(messy.PACKS) for path, _, _ in inputs.files}
    packed = Path(folder, "packed")
    messy.put_case(inputs, packed, suffixes.get)
    steps = repacked_steps(inputs, steps, suffixes.get)
    got = run_steps(packed, steps, lambda: variation(rng, inputs.longest), program)
    same([o.without_packing() for o in want], [o.without_packing() for o in got], f"{kind}, packed otherwise")
    shutil.rmtree(packed)
    return want[-1].status
