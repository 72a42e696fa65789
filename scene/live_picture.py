# SPDX-License-Identifier: GPL-3.0-or-later
"""The camera's picture in the panel: what the worker paints becomes an icon that changes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

import bpy
import bpy.utils.previews
import numpy as np

from ..engine.worker.picture_file import PictureFile
from .free_path import free_path
from .redraw import redraw_panels

_NAME = "camera"


class LivePicture:
    """A picture that is shown while it is wanted.

    An icon and not an image data-block: no undo step and no file ever holds it. It costs a copy
    of a quarter of a megabyte, into memory that stays the same.

    Args:
        order: Tells the worker which file to paint into; an empty path: none.
    """

    def __init__(self, order: Callable[[str], None]) -> None:
        self._order = order
        self._wanted = False
        self._path: Path | None = None
        self._file: PictureFile | None = None
        self._icons: bpy.utils.previews.ImagePreviewCollection | None = None
        self._rgba = np.empty((0, 0, 4), np.uint8)
        self._shown = False

    @property
    def icon(self) -> int:
        """For ``UILayout.template_icon``; 0 while there is nothing to show."""
        return self._icons[_NAME].icon_id if self._shown else 0

    def show(self, wanted: bool) -> None:
        """Begin or end to show pictures; does nothing where it is so already.

        Raises:
            FacewrightError: ``picture-file``: the file for them cannot be made. They are tried
                again only after they were not wanted for a while.
        """
        if wanted == self._wanted:
            return
        self._wanted = wanted
        if wanted and self._file is None:
            path = free_path(Path(bpy.app.tempdir), "facewright_picture", ".rgb")
            self._file = PictureFile.create(path)
            self._path = path
            self._icons = bpy.utils.previews.new()
            self._icons.new(_NAME)
        self._shown = False
        self._order(str(self._path) if wanted else "")

    def update(self) -> bool:
        """Show the newest picture; whether there was one."""
        picture = self._file.read() if self._wanted and self._file else None
        if picture is None:
            return False
        height, width = picture.shape[:2]
        icon = self._icons[_NAME]
        if self._rgba.shape[:2] != (height, width):
            self._rgba = np.full((height, width, 4), 255, np.uint8)
            icon.image_size = width, height
        # Blender counts rows from below. Channel by channel: numpy is slow where its innermost
        # loop has three turns.
        for channel in range(3):
            self._rgba[..., channel] = picture[::-1, :, channel]
        icon.image_pixels.foreach_set(self._rgba.view(np.int32).reshape(-1))
        self._shown = True
        redraw_panels()
        return True

    def close(self) -> None:
        """End it. ``remove_file`` follows when the worker has let go of the file."""
        self._wanted = self._shown = False
        if self._icons is not None:
            bpy.utils.previews.remove(self._icons)
            self._file.close()
        self._icons = self._file = None

    def remove_file(self) -> None:
        """Remove the file; any thread may do it."""
        if self._path is not None:
            # Blender empties its temporary folder itself when it ends.
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)
