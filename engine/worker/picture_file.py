# SPDX-License-Identifier: GPL-3.0-or-later
"""A small file that both processes map: the worker paints a picture into it, Blender looks.

JSON lines would carry a picture as a quarter of a megabyte of text. ``shared_memory`` does not
serve either: until Python 3.13 the worker's resource tracker removes the block when the worker
leaves, whoever made it.

Header: four int64 in the machine's order - mark, sequence number, width, height - and then the
picture, rows from the top, three bytes a pixel. The sequence number is odd while a picture is
being written, so the reader, who looks at it before and after, knows a torn one.
"""

from __future__ import annotations

import mmap
from pathlib import Path

import numpy as np

from ..core.errors import FacewrightError

# The largest picture that is asked for: a panel's width.
LARGEST_WIDTH, LARGEST_HEIGHT = 320, 180
_CAPACITY = LARGEST_WIDTH * LARGEST_HEIGHT * 3
_MARK = b"FWPICT01"
_SEQUENCE, _WIDTH, _HEIGHT = 1, 2, 3
_HEADER_BYTES = 4 * 8


class PictureFile:
    """One end of it: one process writes, one reads, neither waits.

    Args:
        path: A file that ``create`` has made.

    Raises:
        FacewrightError: ``picture-file``: it cannot be opened, or is another file.
    """

    def __init__(self, path: str | Path) -> None:
        try:
            with Path(path).open("r+b") as stream:
                self._map = mmap.mmap(stream.fileno(), 0)
        except (OSError, ValueError) as error:
            raise FacewrightError(
                f"The file for the camera picture cannot be opened: {path} ({error}).",
                "Switch the camera picture off and on again.",
                "picture-file",
            ) from error
        if len(self._map) != _HEADER_BYTES + _CAPACITY or self._map[:8] != _MARK:
            self._map.close()
            raise FacewrightError(
                f"This is not a file for the camera picture: {path}.",
                "Switch the camera picture off and on again.",
                "picture-file",
            )
        self._header = np.frombuffer(self._map, np.int64, 4)
        self._pixels = np.frombuffer(self._map, np.uint8, offset=_HEADER_BYTES)
        self._read = self._sequence

    @classmethod
    def create(cls, path: str | Path) -> PictureFile:
        """Make the file, without a picture, and open it.

        Raises:
            FacewrightError: ``picture-file``: it cannot be written, or something is there.
        """
        try:
            with Path(path).open("xb") as stream:
                stream.write(_MARK.ljust(_HEADER_BYTES + _CAPACITY, b"\0"))
        except OSError as error:
            raise FacewrightError(
                f"The file for the camera picture cannot be written: {path} ({error}).",
                "Is the disk of the temporary folder full?",
                "picture-file",
            ) from error
        return cls(path)

    @property
    def _sequence(self) -> int:
        return int(self._header[_SEQUENCE])

    def write(self, picture: np.ndarray) -> None:
        """Replace the picture.

        Args:
            picture: uint8 (height, width, 3), RGB.

        Raises:
            ValueError: It is larger than the file.
        """
        height, width, _ = picture.shape
        if picture.size > _CAPACITY:
            raise ValueError(f"a picture of {width} x {height} does not fit")
        # A writer that died in the middle has left an odd number.
        done = (self._sequence | 1) + 1
        self._header[_SEQUENCE] = done - 1
        self._header[_WIDTH], self._header[_HEIGHT] = width, height
        self._pixels[: picture.size].reshape(picture.shape)[:] = picture
        self._header[_SEQUENCE] = done

    def read(self) -> np.ndarray | None:
        """A copy of the picture, as ``write`` got it; None when it is no new one, or half one."""
        before = self._sequence
        if before == self._read or before % 2:
            return None
        width, height = int(self._header[_WIDTH]), int(self._header[_HEIGHT])
        picture = self._pixels[: 3 * width * height].copy()
        if self._sequence != before:
            return None
        self._read = before
        return picture.reshape(height, width, 3)

    def close(self) -> None:
        """Let go of the file; it stays on the disk."""
        # A map cannot be closed while arrays look into it.
        del self._header, self._pixels
        self._map.close()
