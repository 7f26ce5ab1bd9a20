"""A few of the kills of tests/crash (make check-crash has 200 and more)."""
import os
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "crash"))

import kills  # noqa: E402


def test_a_few_kills(tmp_path):
    seed = int(os.environ.get("HC_SEED", random.randrange(1 << 32)))
    print(f"HC_SEED={seed}")
    kills.Story(tmp_path, int(os.environ.get("HC_KILLS", "10")), seed).run()
