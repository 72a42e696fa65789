# SPDX-License-Identifier: GPL-3.0-or-later
"""Renders the scene's frames, with its sound, into a movie."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import bpy

from ..engine.core.errors import FacewrightError
from ..engine.core.progress import Cancelled, Progress

# With less than this left on the disk, that is why a movie could not be written.
_DISK_FULL = 1 << 20


def render_movie(scene: bpy.types.Scene, path: Path, progress: Progress) -> None:
    """Render ``frame_start`` to ``frame_end`` as H.264 with AAC sound; settings are put back.

    Args:
        scene: Rendered with its own engine and camera.
        path: The .mp4 to write.
        progress: Told after each frame. It may cancel, but Blender gives scripts no means to stop
            a render: the remaining frames are rendered first, only then is the file given up.

    Raises:
        FacewrightError: ``no-camera``, ``disk-full``, ``render-failed``; no file is left then.
        Cancelled: When ``progress`` asked for it; no file is left either.
    """
    if scene.camera is None:
        raise FacewrightError(
            f'The scene "{scene.name}" has no camera to render with.',
            "Add a camera and make it the scene's.",
            "no-camera",
        )
    path = path.absolute()
    partial = path.with_name(f"{path.stem}.part.mp4")
    try:
        _render(scene, partial, progress)
        if not (partial.is_file() and _is_whole(partial)):
            raise RuntimeError("Blender did not write the whole movie")
        partial.replace(path)
    except (RuntimeError, OSError) as error:
        raise _explained(error, path) from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink()


def _render(scene: bpy.types.Scene, partial: Path, progress: Progress) -> None:
    total = scene.frame_end - scene.frame_start + 1
    stopped: list[Cancelled] = []

    def after_frame(*_arguments: object) -> None:
        # Blender would print what a handler raises and go on.
        if stopped:
            return
        try:
            progress.step(scene.frame_current - scene.frame_start + 1, total)
        except Cancelled as cancelled:
            stopped.append(cancelled)

    handlers = bpy.app.handlers.render_post
    handlers.append(after_frame)
    try:
        with _movie_settings(scene, partial), _quiet_stdout():
            bpy.ops.render.render(animation=True, scene=scene.name)
    finally:
        handlers.remove(after_frame)
    if stopped:
        raise stopped[0]


def _is_whole(movie: Path) -> bool:
    """Whether an .mp4 was written to its end.

    Blender does not notice when the disk fills up in mid-movie. The index, box "moov" of
    ISO/IEC 14496-12, is written last and is missing or cut off then.
    """
    end, start = movie.stat().st_size, 0
    with movie.open("rb") as file:
        while start < end:
            file.seek(start)
            size, kind = int.from_bytes(file.read(4), "big"), file.read(4)
            if size == 1:  # the real size follows, in 64 bits
                size = int.from_bytes(file.read(8), "big")
            if size < 8:
                return False
            start += size
            if kind == b"moov":
                return start <= end
    return False


def _explained(error: Exception, path: Path) -> FacewrightError:
    """Blender blames the codec or nothing at all when the disk is full."""
    with contextlib.suppress(OSError):
        if shutil.disk_usage(path.parent).free < _DISK_FULL:
            return FacewrightError(
                f"The disk is full: {path} could not be rendered.",
                "Free some space, or choose another disk.",
                "disk-full",
            )
    return FacewrightError(
        f"Rendering {path.name} failed: {error}".rstrip(". \n") + ".",
        "Check that the folder may be written to.",
        "render-failed",
    )


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
    # From 4.5 a name in braces stands for something else; a doubled brace is just a brace.
    literal = str(path)
    if bpy.app.version >= (4, 5, 0):
        literal = literal.replace("{", "{{").replace("}", "}}")
    render.filepath, render.use_file_extension = literal, True
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
