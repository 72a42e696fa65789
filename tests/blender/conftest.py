# SPDX-License-Identifier: GPL-3.0-or-later
"""An empty Blender for each test, and faces to put keys on."""

from __future__ import annotations

import os
import sys

import pytest

bpy = pytest.importorskip("bpy")

from tools.extension import load_extension  # noqa: E402

load_extension()


@pytest.fixture(autouse=True)
def empty_file():
    """Every test starts with a file that has one scene and nothing else."""
    bpy.ops.wm.read_factory_settings(use_empty=True)


@pytest.fixture
def scene():
    """The scene, at 30 frames per second."""
    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = 30, 1.0
    return scene


def pytest_sessionfinish(session, exitstatus):
    """Leave before Python shuts down: the bpy module of 4.2 may crash in its own farewell."""
    if "FACEWRIGHT_BPY" in os.environ:
        session.config.add_cleanup(lambda: _leave(int(exitstatus)))


def _leave(code: int):
    sys.stdout.flush()
    os._exit(code)
