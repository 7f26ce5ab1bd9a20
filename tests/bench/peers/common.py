"""What the peers share: where the data lie, and the one line of JSON that each prints.

    PYTHON with_NAME.py CAPTURES LABELS [VARIANT]

They print {"tn", "fp", "fn", "tp", "auc", "seconds"}: a score above 0.5 predicts the positive class, and scores that are equal are one
point of the curve. `seconds` is what the peer itself measured of its work, without starting up.
"""
import glob
import json
import sys
import time


class Job:
    """The command line of a peer, and its stopwatch."""

    def __init__(self):
        self.captures, self.labels = sys.argv[1:3]
        self.variant = sys.argv[3] if len(sys.argv) > 3 else ""
        self.start()

    def start(self):
        self.started = time.perf_counter()

    def capture_files(self):
        return sorted(glob.glob(self.captures + "/**/*.jsonl", recursive=True))

    def label_files(self):
        return sorted(glob.glob(self.labels + "/**/*.jsonl", recursive=True))

    def done(self, cells, auc):
        """cells: tn, fp, fn, tp."""
        seconds = time.perf_counter() - self.started
        print(json.dumps({**dict(zip(("tn", "fp", "fn", "tp"), map(int, cells))), "auc": float(auc), "seconds": seconds}))
