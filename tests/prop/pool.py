"""Runs many random cases on a few processes and tells of the first failures.

A case is `function(rng, folder)`; its random generator comes from the seed, the kind and the
case's number alone, so any case can be run again by itself; its files are then kept:

    HC_PROP_SEED=<seed> HC_PROP_ONLY=<number> python3 -m pytest tests/prop -k <test>
"""
import multiprocessing
import os
import random
import shutil
import tempfile
import traceback

SHOWN = 3  # failures told in full


def seed():
    return os.environ.get("HC_PROP_SEED", "20260301")


def cases(default=300):
    return int(os.environ.get("HC_PROP_CASES", default))


def scratch():
    """Where cases keep their files: in memory if the machine has such a place."""
    shm = "/dev/shm"
    return tempfile.mkdtemp(prefix="hindcast-prop-", dir=shm if os.access(shm, os.W_OK) else None)


class CaseFailed(AssertionError):
    """A failure with the case dumped beside it."""


def _run(job):
    function, kind, first, last, folder = job
    failures = []
    for number in range(first, last):
        case = os.path.join(folder, str(number))
        try:
            function(random.Random(f"{seed()}:{kind}:{number}"), case)
        except Exception:  # whatever goes wrong belongs to this case
            kept = f"\nfiles of the case: {case}" if "HC_PROP_ONLY" in os.environ else ""
            failures.append((number, traceback.format_exc() + kept))
            if len(failures) >= SHOWN:
                break
        if "HC_PROP_ONLY" not in os.environ:
            shutil.rmtree(case, ignore_errors=True)
    return failures


def run_cases(function, kind, n):
    """Runs cases 0..n-1, two at a time; fails with seed, number and dump of those that fail."""
    only = os.environ.get("HC_PROP_ONLY")
    folder = scratch()
    if only is not None:
        jobs = [(function, kind, int(only), int(only) + 1, folder)]
    else:
        chunk = max(1, min(100, n // 8 or 1))
        jobs = [(function, kind, first, min(n, first + chunk), folder) for first in range(0, n, chunk)]
    failures = []
    try:
        with multiprocessing.Pool(min(2, os.cpu_count() or 1)) as pool:
            for found in pool.imap_unordered(_run, jobs):
                failures += found
                if len(failures) >= SHOWN:
                    break
            pool.terminate()
            pool.join()
    finally:
        if only is None or not failures:
            shutil.rmtree(folder, ignore_errors=True)
    if failures:
        dumps = "\n\n".join(f"HC_PROP_SEED={seed()} HC_PROP_ONLY={number}\n{text}"
                            for number, text in sorted(failures)[:SHOWN])
        raise CaseFailed(f"{kind}: at least {len(failures)} of {n} cases failed\n{dumps}")
