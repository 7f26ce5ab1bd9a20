"""kill -9 of `hindcast run` while it spills, at random moments: HC_KILLS / 8 times, from HC_SEED (random, printed).

Nothing temporary stays behind but what the stage documents (src/store/stage.h): outputs below DIR/.hindcast-staging, and while they
are moved, in DIR. The next run removes them and gives the right report.
"""
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "prop"))
import helpers as h  # noqa: E402
import messy  # noqa: E402

STAGING = ".hindcast-staging"
OF_STAGE = ("publishing.json", "replaced-manifest.json")
FORMS = {
    "merged": (),
    "not merged": ("--no-merged-output",),
    "two threads": ("--threads", "2", "--chunk-bytes", "65536"),
    "one thread": ("--threads", "1", "--chunk-bytes", "1000000"),
}


class Run:
    """One form of the run in a folder of its own, its right outcome, and how long it takes."""

    def __init__(self, folder, args, more):
        self.folder, self.out, self.tmp = folder, folder / "out", folder / "tmp"
        self.tmp.mkdir()
        self.args = ["run", *args, *more, "--memory", "1M", "-o", "out"]
        self.env = {"SOURCE_DATE_EPOCH": "1772341200", "TMPDIR": str(self.tmp)}
        self.inputs = self.listed()
        began = time.monotonic()
        self.finish()
        self.took = time.monotonic() - began
        self.want = h.snapshot(self.out)
        shutil.rmtree(self.out)

    def listed(self):
        return {p.relative_to(self.folder).as_posix() for p in self.folder.rglob("*") if not p.is_dir()}

    def finish(self):
        h.succeed(*self.args, cwd=self.folder, env=self.env)

    def kill(self, delay):
        """Starts a run, kills it after a time. True if it was killed while it had a file without a name: it was spilling."""
        process = subprocess.Popen([h.binary(), *self.args], cwd=self.folder, env=h.environment(self.env),
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(delay)
        spilling = any("(deleted)" in name for name in open_files(process.pid))
        process.kill()
        process.wait()
        return spilling and process.returncode == -9

    def check_remains(self):
        """Below the staging folder stand outputs and the stage's own two files, in the output folder outputs: nothing else."""
        for name in sorted(self.listed() - self.inputs):
            path = Path(name).relative_to("out").as_posix() if name.startswith("out/") else ""
            if path.startswith(STAGING + "/"):
                inner = path[len(STAGING) + 1:]
                ok = inner in OF_STAGE or inner.removeprefix("out/") in self.want
            else:
                ok = path in self.want
            assert ok, f"left behind: {name}"
        assert not list(self.tmp.iterdir())

    def check_next(self):
        self.finish()
        assert h.snapshot(self.out) == self.want
        assert not (self.out / STAGING).exists()
        assert not list(self.tmp.iterdir())


def open_files(pid):
    """What a process has open, as far as it is still there."""
    names = []
    try:
        for entry in os.listdir(f"/proc/{pid}/fd"):
            names.append(os.readlink(f"/proc/{pid}/fd/{entry}"))
    except OSError:
        pass
    return names


@pytest.mark.parametrize("form", FORMS)
def test_nothing_temporary_outlives_a_kill(tmp_path, form):
    seed = int(os.environ.get("HC_SEED", random.randrange(1 << 32)))
    print(f"HC_SEED={seed}")
    rng = random.Random(f"{seed}:{form}")
    inputs = messy.LargeInputs(random.Random("kills"), captures=100_000, odd_every=0)
    inputs.put(tmp_path, lambda path: "")
    run = Run(tmp_path, inputs.args(), FORMS[form])
    kills = max(5, int(os.environ.get("HC_KILLS", "200")) // 32)
    spilling = 0
    for number in range(kills):
        for _ in range(rng.choice((1, 1, 2))):  # now and then one that follows a killed one is killed too
            spilling += run.kill(rng.uniform(0, 1.05) * run.took)
            run.check_remains()
        if rng.random() < 0.5 or number == kills - 1:
            run.check_next()
        if rng.random() < 0.3:
            shutil.rmtree(run.out, ignore_errors=True)  # the next one begins with nothing there
    for _ in range(50):
        if spilling:
            break
        spilling += run.kill(rng.random() * run.took)
        run.check_remains()
    print(f"{form}: a run takes {run.took:.3f} s, {spilling} of {kills} kills or more hit it while it spilled")
    assert spilling, "no kill hit a run that spilled: nothing was shown"
