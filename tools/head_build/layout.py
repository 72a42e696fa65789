# SPDX-License-Identifier: GPL-3.0-or-later
"""Lays the skin's UV islands out anew, and carries surface positions into the texture.

MakeHuman's layout gives the face a third of the width of the sheet; here it gets two thirds of it.
"""

from __future__ import annotations

import numpy as np

# island -> (left, bottom, right, top) of its place in the new sheet
BOXES = {
    "face": (0.005, 0.33, 0.995, 0.995),
    "neck": (0.005, 0.005, 0.60, 0.32),
    "mouth": (0.62, 0.005, 0.82, 0.32),
    "socket": (0.835, 0.005, 0.995, 0.32),
}


def island_of(uv: np.ndarray) -> str:
    """Which island of MakeHuman's layout a polygon (corners, 2) belongs to."""
    u, v = uv.mean(0)
    if u > 0.62 and 0.14 < v < 0.83:
        return "face"
    if u > 0.7:
        return "mouth"
    return "socket" if u < 0.2 else "neck"


def repack(uvs: list[np.ndarray]) -> tuple[list[np.ndarray], list[str]]:
    """New UVs for each polygon, and the island of each.

    The face is turned a quarter so that its long side lies along the sheet.
    """
    names = [island_of(uv) for uv in uvs]
    packed: list[np.ndarray] = list(uvs)
    for island, (left, bottom, right, top) in BOXES.items():
        members = [i for i, name in enumerate(names) if name == island]
        turned = [uvs[i][:, ::-1] * (1, -1) if island == "face" else uvs[i] for i in members]
        every = np.concatenate(turned)
        low, span = every.min(0), np.ptp(every, axis=0)
        for i, uv in zip(members, turned, strict=True):
            packed[i] = (uv - low) / span * (right - left, top - bottom) + (left, bottom)
    return packed, names


def rasterize(
    uvs: list[np.ndarray], values: list[np.ndarray], size: int, spread: int = 12
) -> tuple[np.ndarray, np.ndarray]:
    """Interpolate corner values over the texture.

    Args:
        uvs: (corners, 2) of each polygon.
        values: (corners, C) of each polygon.
        size: texels along a side; row 0 is the top (v = 1).
        spread: texels by which the islands are widened afterwards, against seams.

    Returns:
        (size, size, C) float32 values and (size, size) bool coverage, both after spreading.
    """
    channels = values[0].shape[1]
    image = np.zeros((size, size, channels), np.float32)
    covered = np.zeros((size, size), bool)
    for uv, value in zip(uvs, values, strict=True):
        xy = uv * (size, -size) + (0, size) - 0.5
        for k in range(1, len(xy) - 1):
            _triangle(image, covered, xy[[0, k, k + 1]], value[[0, k, k + 1]])
    for _ in range(spread):
        for axis in (0, 1):
            for step in (1, -1):
                near, value = np.roll(covered, step, axis), np.roll(image, step, axis)
                fresh = near & ~covered
                image[fresh] = value[fresh]
                covered |= fresh
    return image, covered


def _triangle(image: np.ndarray, covered: np.ndarray, xy: np.ndarray, value: np.ndarray) -> None:
    size = image.shape[0]
    x0, y0 = np.clip(np.floor(xy.min(0)).astype(int), 0, size - 1)
    x1, y1 = np.clip(np.ceil(xy.max(0)).astype(int) + 1, 1, size)
    gx, gy = np.meshgrid(np.arange(x0, x1), np.arange(y0, y1))
    (ax, ay), (bx, by), (cx, cy) = xy
    area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
    if area == 0:
        return
    wb = ((gx - ax) * (cy - ay) - (cx - ax) * (gy - ay)) / area
    wc = ((bx - ax) * (gy - ay) - (gx - ax) * (by - ay)) / area
    wa = 1 - wb - wc
    inside = (wa > -1e-4) & (wb > -1e-4) & (wc > -1e-4)
    weights = np.stack([wa[inside], wb[inside], wc[inside]], 1)
    image[gy[inside], gx[inside]] = weights @ value
    covered[gy[inside], gx[inside]] = True


def sample(mask: np.ndarray, uv: np.ndarray) -> np.ndarray:
    """Bilinear look-up of a single-channel picture (H, W) at uv (..., 2), 0 to 1."""
    height, width = mask.shape
    x = np.clip(uv[..., 0] * width - 0.5, 0, width - 1.001)
    y = np.clip((1 - uv[..., 1]) * height - 0.5, 0, height - 1.001)
    x0, y0 = x.astype(int), y.astype(int)
    fx, fy = x - x0, y - y0
    top = mask[y0, x0] * (1 - fx) + mask[y0, x0 + 1] * fx
    low = mask[y0 + 1, x0] * (1 - fx) + mask[y0 + 1, x0 + 1] * fx
    return top * (1 - fy) + low * fy
