# SPDX-License-Identifier: GPL-3.0-or-later
"""Cuts regions out of pictures as network input: the only file that imports OpenCV."""

from __future__ import annotations

import numpy as np

from ..core.errors import FacewrightError
from .regions import Region, matrix

try:
    import cv2
except ImportError as error:
    raise FacewrightError(
        "The package opencv-python-headless is missing from the worker's Python.",
        "Install the extension again, or run `python3 dev.py setup`.",
        "package-missing",
    ) from error

# Frames are what runs side by side; OpenCV's own threads would only fight with them.
cv2.setNumThreads(1)

_BILINEAR = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP


def crop(image: np.ndarray, region: Region, size: int, *, zero_border: bool = False) -> np.ndarray:
    """Samples a region bilinearly, without antialiasing, as MediaPipe's CPU path does.

    Args:
        image: uint8 (height, width, 3), RGB.
        region: Where, in image pixels.
        size: Side of the result in pixels.
        zero_border: Black outside the picture (the detector); else the edge is repeated.

    Returns:
        uint8 (size, size, 3).
    """
    border = cv2.BORDER_CONSTANT if zero_border else cv2.BORDER_REPLICATE
    return cv2.warpAffine(
        image, matrix(region, size), (size, size), flags=_BILINEAR, borderMode=border
    )


def mirrored(image: np.ndarray) -> np.ndarray:
    """What a mirror shows: uint8 (height, width, 3), its columns in the other order."""
    return cv2.flip(image, 1)


def planes(
    picture: np.ndarray, scale: float | np.ndarray, offset: float | np.ndarray
) -> np.ndarray:
    """Colour planes as float: ``picture * scale + offset``.

    Args:
        picture: uint8 (height, width, 3).
        scale, offset: One number, or float (3, 1, 1) with one for each plane.

    Returns:
        float32 (1, 3, height, width).
    """
    out = np.empty((1, 3, *picture.shape[:2]), np.float32)
    np.multiply(picture.transpose(2, 0, 1), np.float32(scale), out=out[0])
    if np.any(offset):
        out += np.float32(offset)
    return out
