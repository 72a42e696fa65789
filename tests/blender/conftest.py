# SPDX-License-Identifier: GPL-3.0-or-later
"""An empty Blender for each test, and faces to put keys on."""

from __future__ import annotations

import os
import sys

import pytest

bpy = pytest.importorskip("bpy")

from tools.extension import load_extension  # noqa: E402

load_extension()

import spoken  # noqa: E402
from facewright import registration  # noqa: E402
from facewright.operators import worker_operator  # noqa: E402


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


@pytest.fixture
def own_home(monkeypatch, tmp_path):
    """The extension, registered, with an empty folder for what a person adds."""
    monkeypatch.setenv("FACEWRIGHT_HOME", str(tmp_path / "own"))
    registration.register()
    yield
    registration.unregister()


@pytest.fixture
def heard_speech(monkeypatch):
    """The extension, registered; ``spoken.FakeJob`` stands in for the worker."""
    monkeypatch.setattr(worker_operator, "Job", spoken.FakeJob)
    for name, value in (("requests", []), ("heard", spoken.cues_of()), ("error", None)):
        monkeypatch.setattr(spoken.FakeJob, name, value)
    registration.register()
    yield
    registration.unregister()


class Recorder(bpy.types.RenderEngine):
    """Renders nothing and notes what it would have rendered."""

    bl_idname = "FACEWRIGHT_TEST_RECORDER"
    bl_label = "Recorder"
    seen: list

    def render(self, depsgraph):
        """Note the frame and the tip of the face."""
        face = next(ob for ob in depsgraph.objects if ob.type == "MESH")
        self.seen.append((depsgraph.scene.frame_current, tuple(face.data.vertices[4].co)))
        width, height = depsgraph.scene.render.resolution_x, depsgraph.scene.render.resolution_y
        self.end_result(self.begin_result(0, 0, width, height))


@pytest.fixture
def rendered(scene, tmp_path):
    """Frames and points that a render has seen."""
    Recorder.seen = []
    bpy.utils.register_class(Recorder)
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    scene.collection.objects.link(camera)
    scene.camera, scene.render.engine = camera, Recorder.bl_idname
    scene.render.resolution_x = scene.render.resolution_y = 8
    scene.render.filepath = str(tmp_path / "frame_")
    scene.frame_start, scene.frame_end = 1, 3
    yield Recorder.seen
    bpy.utils.unregister_class(Recorder)


def pytest_sessionfinish(session, exitstatus):
    """Leave before Python shuts down: the bpy module of 4.2 may crash in its own farewell."""
    if "FACEWRIGHT_BPY" in os.environ:
        session.config.add_cleanup(lambda: _leave(int(exitstatus)))


def _leave(code: int):
    sys.stdout.flush()
    os._exit(code)
