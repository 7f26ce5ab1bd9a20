"""Stopwatch and scales: the wall time of a whole process, its peak of anonymous memory, and the machine they were taken on."""
import os
import platform
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from datasets import BenchError


@dataclass
class Run:
    seconds: float
    out: str


def timed(command, env=None, statuses=(0,)):
    """Runs a command to its end. Standard error is kept for the case that it fails."""
    start = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env)
    seconds = time.perf_counter() - start
    if done.returncode not in statuses:
        raise BenchError(f"{' '.join(map(str, command))[:500]}: status {done.returncode}\n"
                         + done.stderr.decode(errors="replace")[-3000:])
    return Run(seconds, done.stdout.decode())


def peak_anonymous(command, every_s, env=None, statuses=(0,)):
    """Runs a command, looking every so often at what it holds of anonymous memory: the most that was seen, in bytes, and the time.

    VmHWM would count the mapped files, and a cgroup's peak the page cache.
    """
    peak = 0
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env)
    with open(f"/proc/{process.pid}/status", "rb", buffering=0) as status:
        while process.poll() is None:
            text = os.pread(status.fileno(), 8192, 0)
            at = text.find(b"RssAnon:")
            if at >= 0:
                peak = max(peak, int(text[at + 8:].split(None, 1)[0]) * 1024)
            time.sleep(every_s)
    seconds = time.perf_counter() - start
    if process.returncode not in statuses:
        raise BenchError(f"{' '.join(map(str, command))[:500]}: status {process.returncode}")
    return peak, seconds


@dataclass
class Contender:
    """Something to be timed.

    Before each run, and not timed, `prepare` is called and the files `warmed` are read into the page cache, from which some machines
    drop what was not read for a few seconds; `check` gets what the run printed.
    """
    name: str
    command: list
    repeats: int
    prepare: "object" = lambda: None
    check: "object" = lambda out: None
    env: "dict | None" = None
    statuses: tuple = (0,)
    warmed: tuple = ()
    seconds: list = field(default_factory=list)

    def run(self):
        self.prepare()
        os.sync()  # what others have written must not be written back during this run
        warm(self.warmed)
        run = timed(self.command, self.env, self.statuses)
        self.seconds.append(run.seconds)
        self.check(run.out)


def in_turn(contenders, tell, problems):
    """All contenders, one run of each in turn, until each has had its number of runs: so that all see the same weather.

    One that fails, or is wrong, is out: it loses its times, and `problems` gets the reason.
    """
    out = set()
    for number in range(max((one.repeats for one in contenders), default=0)):
        for one in contenders:
            if number >= one.repeats or one.name in out:
                continue
            try:
                one.run()
                tell(f"{one.name}: {one.seconds[-1]:.3f} s")
            except BenchError as error:
                out.add(one.name)
                one.seconds.clear()
                problems.append(str(error))
                tell(f"bench: {error}")


def warm(paths):
    """Reads files into the page cache."""
    for path in paths:
        with open(path, "rb", buffering=0) as file:
            while file.read(1 << 20):
                pass


def cool(paths):
    """Drops files from the page cache."""
    os.sync()
    for path in paths:
        with open(path, "rb", buffering=0) as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


# --- the machine -------------------------------------------------------------------------------


def cpu_info(name):
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return ""


def cpu():
    model = cpu_info("model name") or platform.machine()
    family = cpu_info("cpu family")
    if family:
        model += f" (family {family}, model {cpu_info('model')})"
    flags = set((cpu_info("flags") or cpu_info("Features")).split())
    kinds = [kind for kind, flag in (("AVX-512", "avx512bw"), ("AVX2", "avx2"), ("NEON", "asimd")) if flag in flags]
    return f"{model}{', ' + kinds[0] if kinds else ''}"


def disk(folder):
    """File system and device of a folder."""
    done = subprocess.run(["findmnt", "-n", "-o", "FSTYPE,SOURCE", "-T", str(folder)], stdout=subprocess.PIPE, text=True)
    words = done.stdout.split() or ["unknown", ""]
    name = Path(words[-1]).name
    rotational = Path("/sys/class/block") / name / "queue" / "rotational"
    if name.startswith("vd"):
        kind = "virtual disk"
    elif rotational.exists():
        kind = "rotating disk" if rotational.read_text().strip() == "1" else "solid state disk"
    else:
        kind = "disk of unknown kind"
    return f"{words[0]} on a {kind}"


def memory_bytes():
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def system():
    for line in Path("/etc/os-release").read_text().splitlines():
        if line.startswith("PRETTY_NAME="):
            return line.partition("=")[2].strip('"')
    return platform.system()


def machine(folder):
    return {
        "cpu": cpu(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(memory_bytes() / 2**30, 1),
        "kernel": platform.release().split("-")[0],
        "system": system(),
        "disk": disk(folder),
        "disk_free_gib": round(shutil.disk_usage(folder).free / 2**30, 1),
        "load_at_start": os.getloadavg()[0],
    }
