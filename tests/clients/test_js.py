"""@aws-sdk/client-sagemaker of JavaScript: the same calls from another family of clients."""
import os
import shutil
from pathlib import Path

import helpers as h
from server import Server

CLIENTS = Path(os.environ.get("HC_CLIENTS", h.ROOT / "build"))


def test_javascript(tmp_path):
    node = shutil.which("node")
    assert node, "node is not there"
    project = CLIENTS / "clients-js"
    assert (project / "node_modules" / "@aws-sdk" / "client-sagemaker").is_dir(), f"{project} is not complete: run tools/clients"
    with Server(tmp_path / "data") as server:
        # An ES module finds its packages beside itself only.
        program = tmp_path / "story.mjs"
        program.write_text((Path(__file__).parent / "story.mjs").read_text())
        (tmp_path / "node_modules").symlink_to(project / "node_modules")
        text = server.run([node, program])
        assert text.rstrip().endswith("all as expected"), text
