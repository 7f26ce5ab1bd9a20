"""kill -9 of the server at random moments while clients write: HC_KILLS times (200), from HC_SEED (random, printed)."""
import os
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import kills  # noqa: E402


def test_what_was_acknowledged_survives(tmp_path, capsys):
    seed = int(os.environ.get("HC_SEED", random.randrange(1 << 32)))

    def say(text):
        with capsys.disabled():
            print(f"\n[{text}]", end="", flush=True)
    print(f"HC_SEED={seed}")
    kills.Story(tmp_path, int(os.environ.get("HC_KILLS", "200")), seed, say).run()
