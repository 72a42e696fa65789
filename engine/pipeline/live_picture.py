# SPDX-License-Identifier: GPL-3.0-or-later
"""What the camera sees, small, with the tracked face drawn on it: so that a person can judge both.

Landmark numbers are those of MediaPipe's canonical face; the sides are the actor's.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

# Closed lines, in this order: what comes later is drawn over what came before.
_OVAL = (
    (10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377)
    + (152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109)
)  # fmt: skip
_BROWS = (
    (70, 63, 105, 66, 107, 55, 65, 52, 53, 46),
    (300, 293, 334, 296, 336, 285, 295, 282, 283, 276),
)
_LIPS = (
    (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185),
    (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191),
)
_LIDS = (
    (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246),
    (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466),
)
_IRISES = ((469, 470, 471, 472), (474, 475, 476, 477))
_PARTS = (
    ((_OVAL,), (90, 200, 160)),
    (_BROWS, (255, 205, 80)),
    (_LIPS, (255, 110, 130)),
    (_LIDS, (110, 225, 255)),
    (_IRISES, (255, 255, 255)),
)
# A line of a face that fills the picture is some fifteen pixels long; longer ones become dotted.
_LONGEST_PX = 40


def _lines(parts: Sequence[tuple]) -> tuple[np.ndarray, np.ndarray]:
    """Landmarks at both ends of every line, int64 (S, 2), and its colour, uint8 (S, 3)."""
    ends, colours = [], []
    for loops, colour in parts:
        for loop in loops:
            ends += zip(loop, loop[1:] + loop[:1], strict=True)
            colours += [colour] * len(loop)
    return np.array(ends), np.array(colours, np.uint8)


_ENDS, _COLOURS = _lines(_PARTS)


def draw_live_picture(
    image: np.ndarray, landmarks: np.ndarray | None, width: int, height: int
) -> np.ndarray:
    """A reduced copy of a picture with the outline of what is tracked.

    Args:
        image: uint8 (H, W, 3), RGB.
        landmarks: float (478, 2 or more), pixels of ``image``; None where no face was found.
        width, height: What the copy must fit into; it keeps its aspect and is never enlarged.

    Returns:
        uint8 (h, w, 3), RGB, a new array.
    """
    step = max(-(-image.shape[1] // width), -(-image.shape[0] // height), 1)
    picture = _reduced(image, step)
    if landmarks is not None:
        _draw(picture, landmarks[:, :2] / step)
    return picture


def _reduced(image: np.ndarray, step: int) -> np.ndarray:
    """One pixel for every ``step`` times ``step``: the mean of four of them, spread evenly."""
    if step == 1:
        return image.copy()
    height, width = image.shape[0] // step, image.shape[1] // step
    near, far = step // 4, step // 2 + step // 4
    rows = [image[start::step][:height] for start in (near, far)]
    picture = np.empty((height, width, 3), np.uint8)
    # Channel by channel: numpy is slow where its innermost loop has three turns.
    for channel in range(3):
        parts = [row[:, start::step, channel][:, :width] for row in rows for start in (near, far)]
        total = parts[0].astype(np.uint16)
        for part in parts[1:]:
            total += part
        picture[..., channel] = total >> 2
    return picture


def _draw(picture: np.ndarray, points: np.ndarray) -> None:
    """Draw the lines, a pixel wide, as far as they lie in the picture."""
    begins, ends = points[_ENDS[:, 0]], points[_ENDS[:, 1]]
    longest = np.abs(ends - begins).max()
    count = int(np.clip(np.ceil(longest), 1, _LONGEST_PX)) + 1
    along = np.linspace(0, 1, count)[:, None]
    pixels = np.floor(begins[:, None] + along * (ends - begins)[:, None]).astype(np.int64)
    x, y = pixels[..., 0], pixels[..., 1]
    inside = (x >= 0) & (y >= 0) & (x < picture.shape[1]) & (y < picture.shape[0])
    lines, _ = np.nonzero(inside)
    picture[y[inside], x[inside]] = _COLOURS[lines]
