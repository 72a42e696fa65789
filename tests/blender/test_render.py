# SPDX-License-Identifier: GPL-3.0-or-later
"""A movie is whole or not there at all."""

from __future__ import annotations

import contextlib
from types import SimpleNamespace

import bpy
import pytest
from facewright.engine.core.errors import FacewrightError
from facewright.engine.core.progress import Cancelled, Progress
from facewright.scene.render import render_movie


@pytest.fixture
def stage(scene):
    """Three frames of nothing, 64 pixels wide."""
    scene.camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    scene.collection.objects.link(scene.camera)
    scene.render.engine, scene.cycles.samples = "CYCLES", 1
    scene.render.resolution_x = scene.render.resolution_y = 64
    scene.frame_start, scene.frame_end = 1, 3
    return scene


@contextlib.contextmanager
def files_up_to(size):
    """No file can grow beyond ``size`` bytes: what a full disk does, on any disk."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("name", ["a{b}c", "{blend_name}", "{{x}}", "50% #1"])
def test_any_name_is_taken_literally(stage, tmp_path, name):
    before = stage.render.filepath
    render_movie(stage, tmp_path / f"{name}.mp4", Progress())
    assert [path.name for path in tmp_path.iterdir()] == [f"{name}.mp4"]
    assert stage.render.filepath == before


@pytest.mark.parametrize(("free", "code"), [(4096, "disk-full"), (1 << 40, "render-failed")])
@pytest.mark.parametrize("size", [0, 1000])
def test_a_movie_that_could_not_be_written_to_its_end_is_no_movie(
    stage, tmp_path, monkeypatch, size, free, code
):
    monkeypatch.setattr("shutil.disk_usage", lambda _path: SimpleNamespace(free=free))
    with files_up_to(size), pytest.raises(FacewrightError) as caught:
        render_movie(stage, tmp_path / "movie.mp4", Progress())
    assert caught.value.code == code
    assert not list(tmp_path.iterdir())


def test_a_name_that_a_folder_has_leaves_no_debris(stage, tmp_path):
    (tmp_path / "movie.mp4").mkdir()
    with pytest.raises(FacewrightError) as caught:
        render_movie(stage, tmp_path / "movie.mp4", Progress())
    assert caught.value.code == "render-failed"
    assert [path.name for path in tmp_path.iterdir()] == ["movie.mp4"]


def test_a_cancelled_render_leaves_no_file(stage, tmp_path):
    told = []

    def cancel(done, total):
        told.append((done, total))
        raise Cancelled

    with pytest.raises(Cancelled):
        render_movie(stage, tmp_path / "movie.mp4", SimpleNamespace(step=cancel))
    assert told == [(1, 3)]
    assert not list(tmp_path.iterdir())
    assert not bpy.app.handlers.render_post
