# SPDX-License-Identifier: GPL-3.0-or-later
"""onnxruntime keeps no record of what the person does."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OPEN = """
from pathlib import Path
from engine.core.inference.onnx_session import open_model
open_model(Path("weights/face_detector.onnx"))
"""


def test_a_network_that_is_opened_leaves_nothing_in_the_home_folder(tmp_path):
    names = ("HOME", "XDG_CACHE_HOME", "LOCALAPPDATA")
    kept = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    subprocess.run(
        [sys.executable, "-c", OPEN],
        cwd=ROOT,
        env=kept | dict.fromkeys(names, str(tmp_path)),
        check=True,
    )
    assert list(tmp_path.rglob("*")) == []
