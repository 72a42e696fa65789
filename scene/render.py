# SPDX-License-Identifier: GPL-3.0-or-later
"""Renders the scene's frames, with its sound, into a movie."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import bpy

from ..engine.core.errors import FacewrightError
from ..engine.core.progress import Cancelled, Progress


def render_movie(scene: bpy.types.Scene, path: Path, progress: Progress) -> None:
    """Render ``frame_start`` to ``frame_end`` as H.264 with AAC sound; settings are put back.

    Args:
        scene: Rendered with its own engine and camera.
        path: The .mp4 to write.
        progress: Told after each frame; may cancel, which leaves no file.

    Raises:
        FacewrightError: ``no-camera``, ``render-failed``.
        Cancelled: When ``progress`` asks for it.
    """
    if scene.camera is None:
        raise FacewrightError(
            f'The scene "{scene.name}" has no camera to render with.',
            "Add a camera and make it the scene's.",
            "no-camera",
        )
    path = path.absolute()
    partial = path.with_name(f"{path.stem}.part.mp4")
    total = scene.frame_end - scene.frame_start + 1
    stopped: list[BaseException] = []

    def after_frame(*_arguments: object) -> None:
        try:
            progress.step(scene.frame_current - scene.frame_start + 1, total)
        except Cancelled as cancelled:
            stopped.append(cancelled)

    handlers = bpy.app.handlers.render_post
    handlers.append(after_frame)
    try:
        with _movie_settings(scene, partial), _quiet_stdout():
            bpy.ops.render.render(animation=True, scene=scene.name)
    except RuntimeError as error:
        partial.unlink(missing_ok=True)
        raise FacewrightError(
            f"Rendering {path.name} failed: {error}".rstrip() + ".", "", "render-failed"
        ) from error
    finally:
        handlers.remove(after_frame)
    if stopped:
        partial.unlink(missing_ok=True)
        raise stopped[0]
    if not partial.exists():
        raise FacewrightError(
            f"Blender rendered nothing to {path}.",
            "Check that the folder exists and may be written to.",
            "render-failed",
        )
    partial.replace(path)


@contextlib.contextmanager
def _movie_settings(scene: bpy.types.Scene, path: Path) -> Iterator[None]:
    render = scene.render
    image, movie = render.image_settings, render.ffmpeg
    old = [(render, name, getattr(render, name)) for name in ("filepath", "use_file_extension")]
    if hasattr(image, "media_type"):  # 5.0: the format depends on it
        old.append((image, "media_type", image.media_type))
        old.append((image, "file_format", image.file_format))
        image.media_type = "VIDEO"
    else:
        old.append((image, "file_format", image.file_format))
        image.file_format = "FFMPEG"
    names = ("format", "codec", "constant_rate_factor", "audio_codec", "audio_bitrate")
    old += [(movie, name, getattr(movie, name)) for name in names]
    render.filepath, render.use_file_extension = str(path), True
    movie.format, movie.codec, movie.constant_rate_factor = "MPEG4", "H264", "HIGH"
    movie.audio_codec, movie.audio_bitrate = "AAC", 160
    try:
        yield
    finally:
        for owner, name, value in old:
            setattr(owner, name, value)


@contextlib.contextmanager
def _quiet_stdout() -> Iterator[None]:
    """Blender prints a line for each tile and frame; the progress bar says it better."""
    if not bpy.app.background:
        yield
        return
    kept = os.dup(1)
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
