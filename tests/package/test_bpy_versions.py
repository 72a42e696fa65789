# SPDX-License-Identifier: GPL-3.0-or-later
"""The Blender tests once more, on the other supported versions of the bpy module.

``python3 dev.py test`` puts them into ``.cache/bpy``; a process has room for one bpy only.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
VERSIONS = sorted(path for path in (ROOT / ".cache" / "bpy").glob("[0-9]*.[0-9]*.*[0-9]"))


@pytest.mark.skipif(not VERSIONS, reason="no other bpy here; `python3 dev.py test` fetches them")
@pytest.mark.parametrize("folder", VERSIONS, ids=lambda path: path.name)
def test_blender_tests_pass_on(folder):
    environment = {**os.environ, "PYTHONPATH": str(folder), "FACEWRIGHT_BPY": folder.name}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/blender"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
