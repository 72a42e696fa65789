# SPDX-License-Identifier: GPL-3.0-or-later
"""The pictures of a live job, painted for Blender while somebody wants to see them."""

from __future__ import annotations

from ..core.clock import now_s
from ..pipeline.capture import LiveFrame
from ..pipeline.live_picture import draw_live_picture
from .picture_file import LARGEST_HEIGHT, LARGEST_WIDTH, PictureFile

_EVERY_S = 1 / 15


class LivePictures:
    """At most fifteen a second, into the file that was named last; none before that."""

    def __init__(self) -> None:
        self._file: PictureFile | None = None
        self._due_s = 0.0

    def show_in(self, path: str) -> None:
        """Go on in another file; an empty path: in none.

        Raises:
            FacewrightError: ``picture-file``: it cannot be opened; no pictures until the next.
        """
        self.close()
        if path:
            self._file = PictureFile(path)

    def show(self, frame: LiveFrame) -> None:
        """Paint a frame if it has a picture, and one is wanted and due."""
        if self._file is None or frame.picture is None or now_s() < self._due_s:
            return
        # From when it was due, not from now: at 30 frames a second every other one is painted,
        # however their arrival trembles.
        self._due_s = max(self._due_s + _EVERY_S, now_s() + _EVERY_S / 2)
        seen = frame.observations
        landmarks = seen.landmarks[0] if seen.valid[0] else None
        self._file.write(
            draw_live_picture(frame.picture.image, landmarks, LARGEST_WIDTH, LARGEST_HEIGHT)
        )

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
        self._file = None
