# SPDX-License-Identifier: GPL-3.0-or-later
"""Paints the skin: tone, lips, lids, brows hair by hair, and cropped hair on the scalp.

Everything is a function of the neutral surface position, so the islands' seams do not show.
Positions are in MakeHuman's frame (decimetres); colours are sRGB, 0 to 1, red first.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .layout import rasterize, sample
from .noise import fractal, spots, value_noise

SKIN = np.array([0.800, 0.610, 0.510])
LIPS = np.array([0.700, 0.400, 0.370])
HAIR = np.array([0.150, 0.105, 0.085])
BROW = np.array([0.170, 0.115, 0.090])
MOUTH = np.array([0.46, 0.17, 0.16])
SOCKET = np.array([0.72, 0.44, 0.40])

# Hairline: angle about the vertical axis in degrees (0 in front, 180 behind) -> height above
# the eyes' centres, decimetres.
_HAIRLINE = (
    (0, 20, 34, 46, 58, 68, 76, 84, 92, 105, 120, 150, 180),
    (0.74, 0.77, 0.74, 0.60, 0.38, 0.18, -0.02, -0.20, 0.05, -0.10, -0.34, -0.52, -0.55),
)


@dataclass(frozen=True)
class Landmarks:
    """Points of the neutral face, (3,) each, MakeHuman's frame; sides are the actor's left."""

    eye: np.ndarray
    eye_radius: float
    nose_tip: np.ndarray
    mouth: np.ndarray
    ear: np.ndarray


def scalp_mask(points: np.ndarray, marks: Landmarks, softness: float = 0.07) -> np.ndarray:
    """0 on bare skin, 1 where hair grows, for points (..., 3)."""
    x, y, z = np.moveaxis(points, -1, 0)
    angle = np.degrees(np.arctan2(np.abs(x), z - marks.ear[2] - 0.05))
    line = marks.eye[1] + np.interp(angle, *_HAIRLINE)
    ragged = 0.022 * fractal(points, 9.0, 3, 5)
    return _smooth((y - line + ragged) / softness)


def paint(
    uvs: list[np.ndarray],
    corners: list[np.ndarray],
    masks: dict[str, np.ndarray],
    old_uvs: list[np.ndarray],
    islands: list[str],
    marks: Landmarks,
    size: int,
) -> np.ndarray:
    """The albedo, (size, size, 3) uint8 sRGB, red first.

    Args:
        uvs: new layout, (corners, 2) of each polygon.
        corners: neutral positions, (corners, 3) of each polygon.
        masks: MakeHuman's masks ``lips``, ``eyelids``, ``ears`` in the old layout, 0 to 1.
        old_uvs: MakeHuman's layout.
        islands: island of each polygon.
        marks: landmarks.
        size: texels along a side.
    """
    kinds = {"face": 0.0, "neck": 0.0, "mouth": 1.0, "socket": 2.0}
    values = [
        np.concatenate([c, o, np.full((len(c), 1), kinds[island])], 1)
        for c, o, island in zip(corners, old_uvs, islands, strict=True)
    ]
    field, covered = rasterize(uvs, values, size)
    points, old, kind = field[..., :3], field[..., 3:5], np.round(field[..., 5])
    skin = (kind == 0) & covered
    found = {name: sample(mask, old) * skin for name, mask in masks.items()}
    # MakeHuman's masks live on the face island only; the neck's UVs would read other parts of them.
    colour = _complexion(points, found, marks)
    colour = _lips(colour, points, found["lips"])
    hair = scalp_mask(points, marks) * skin * (1 - found["ears"])
    colour = _crop(colour, points, hair, marks)
    brows = _brow_layer(points, skin, marks, size)
    colour = colour * (1 - brows[..., None]) + BROW * brows[..., None]
    colour[kind == 1] = MOUTH * (1 + 0.06 * fractal(points, 14.0, 3, 3)[kind == 1][:, None])
    colour[kind == 2] = SOCKET
    colour[~covered] = SKIN
    return (np.clip(colour, 0, 1) * 255 + 0.5).astype(np.uint8)


def _complexion(points: np.ndarray, masks: dict[str, np.ndarray], marks: Landmarks) -> np.ndarray:
    x, y, z = np.moveaxis(points, -1, 0)
    side = np.stack([np.abs(x), y, z], -1)
    broad, blotch = fractal(points, 2.2, 3, 1), fractal(points, 9.0, 3, 2)
    pores = value_noise(points, 95.0, 4) * 0.6 + value_noise(points, 190.0, 6) * 0.4
    colour = SKIN * (1 + (0.022 * broad + 0.018 * blotch + 0.016 * pores)[..., None])
    cheek = marks.eye + np.array([0.07, -0.40, 0.05])
    warm = (
        0.75 * _blob(side, cheek, 0.26)
        + 0.7 * _blob(side, marks.nose_tip, 0.17)
        + 0.35 * _blob(side, marks.mouth + (0, -0.30, 0), 0.2)
        + 0.7 * masks["ears"]
    )
    warm = np.clip(warm * (1 + 0.25 * blotch), 0, 1)
    colour = colour + warm[..., None] * np.array([0.022, -0.050, -0.045])
    forehead = _blob(side, marks.eye + np.array([-0.3, 0.6, 0.1]), 0.5)
    colour = colour + forehead[..., None] * np.array([0.012, 0.012, 0.002])
    lids = masks["eyelids"][..., None]
    colour = colour * (1 - lids) + colour * np.array([0.93, 0.84, 0.83]) * lids
    under = _blob(side, marks.eye + np.array([-0.02, -0.19, 0.1]), 0.11)[..., None]
    colour = colour * (1 - under * np.array([0.07, 0.09, 0.06]))
    # a few faint freckles over nose and cheeks
    where = _blob(side, marks.eye + np.array([-0.08, -0.33, 0.15]), 0.28)
    area = where > 0.2
    freckle = np.zeros_like(where)
    freckle[area] = where[area] * _smooth((0.20 - spots(points[area], 17.0, 11)) / 0.12)
    return colour * (1 - freckle[..., None] * np.array([0.06, 0.10, 0.11]))


def _lips(colour: np.ndarray, points: np.ndarray, mask: np.ndarray) -> np.ndarray:
    mask = _smooth((cv2.GaussianBlur(mask, (0, 0), 3.0) - 0.25) / 0.55)
    x = points[..., :1] * np.array([1.0, 0.12, 0.12])
    creases = value_noise(x, 60.0, 21) * 0.05
    target = LIPS * (1 + creases[..., None])
    return colour * (1 - 0.82 * mask[..., None]) + target * 0.82 * mask[..., None]


def _crop(colour: np.ndarray, points: np.ndarray, mask: np.ndarray, marks: Landmarks) -> np.ndarray:
    """Cropped hair: streaks that run away from the crown."""
    crown = np.array([0.0, marks.eye[1] + 1.1, marks.ear[2] - 0.25])
    away = points - crown
    azimuth = np.arctan2(away[..., 0], away[..., 2])
    radius = np.linalg.norm(away, axis=-1)
    ring = np.stack([np.sin(azimuth), np.cos(azimuth)], -1) * np.minimum(radius, 1.2)[..., None]
    flow = np.concatenate([ring, radius[..., None] * 0.22], -1)
    streaks = value_noise(flow, 60.0, 31) * 0.6 + value_noise(flow, 120.0, 32) * 0.5
    clumps = fractal(points, 6.0, 2, 33)
    tone = HAIR * (1 + (0.38 * streaks + 0.16 * clumps)[..., None])
    edge = np.clip(mask * 1.25 - 0.25 * (1 - mask) * (1 - streaks), 0, 1)
    cover = (0.94 * edge)[..., None]
    return colour * (1 - cover) + tone * cover


def _brow_layer(points: np.ndarray, skin: np.ndarray, marks: Landmarks, size: int) -> np.ndarray:
    """Opacity of the eyebrows, (size, size): a soft ground and some hundred hairs a side."""
    layer = np.zeros((size, size), np.float32)
    rng = np.random.default_rng(7)
    hairs = _brow_hairs(marks, rng)
    for side in (1, -1):
        lookup, low, step = _front_lookup(points, skin, marks, side)
        for hair, strength in hairs:
            cell = ((hair * (side, 1) - low) / step).astype(int)
            cell = np.clip(cell, 0, np.array(lookup.shape[1::-1]) - 1)
            texels = lookup[cell[:, 1], cell[:, 0]]
            stroke = np.zeros_like(layer[:1, :1])
            x0, y0 = texels.min(0).astype(int) - 3
            x1, y1 = texels.max(0).astype(int) + 4
            if x1 - x0 > 200 or y1 - y0 > 200:
                continue
            stroke = np.zeros((y1 - y0, x1 - x0), np.uint8)
            local = ((texels - (x0, y0)) * 16).astype(np.int32)
            cv2.polylines(stroke, [local], False, 255, 1, cv2.LINE_AA, 4)
            window = layer[y0:y1, x0:x1]
            window += (1 - window) * stroke.astype(np.float32) / 255 * strength
    ground = cv2.GaussianBlur(layer, (0, 0), 5.0) * 0.55
    return np.clip(1 - (1 - layer) * (1 - ground), 0, 0.9)


def _brow_hairs(marks: Landmarks, rng: np.random.Generator) -> list[tuple[np.ndarray, float]]:
    """Hairs of the left brow as (points (4, 2) in x and y, opacity)."""
    ex, ey = marks.eye[:2]
    spine_x = ex + np.array([-0.205, -0.12, 0.0, 0.10, 0.175, 0.225])
    spine_y = ey + np.array([0.150, 0.178, 0.205, 0.216, 0.196, 0.160])
    half = np.array([0.034, 0.036, 0.031, 0.025, 0.016, 0.006])
    where = np.array([0, 0.2, 0.45, 0.67, 0.86, 1.0])
    hairs = []
    for _ in range(340):
        s, t = rng.beta(1.05, 1.15), rng.normal(0, 0.5)
        t = float(np.clip(t, -1, 1))
        x, y = np.interp(s, where, spine_x), np.interp(s, where, spine_y)
        y += t * np.interp(s, where, half)
        # Upright at the head of the brow, outward along it, upper hairs bending down.
        angle = np.interp(s, [0, 0.15, 0.4, 0.7, 1], [78, 50, 24, 4, -24]) - 16 * t
        angle = np.radians(angle + rng.normal(0, 7))
        length = np.interp(s, [0, 0.3, 0.8, 1], [0.058, 0.078, 0.066, 0.045])
        length *= rng.uniform(0.75, 1.15)
        steps = np.linspace(0, 1, 4)
        bend = angle - 0.35 * steps
        path = np.stack([x + np.cos(bend) * length * steps, y + np.sin(bend) * length * steps], 1)
        hairs.append((path, rng.uniform(0.35, 0.75) * np.interp(s, [0, 0.08, 1], [0.55, 1, 0.9])))
    return hairs


def _front_lookup(
    points: np.ndarray, skin: np.ndarray, marks: Landmarks, side: int
) -> tuple[np.ndarray, np.ndarray, float]:
    """Texel (x, y) that shows at each place of the brow seen from the front.

    Returns:
        Grid (rows, columns, 2) of texels, its lower corner (2,) and its step, decimetres.
    """
    step = 0.003
    centre = marks.eye[:2] * (side, 1) + (0, 0.2)
    low, high = centre - (0.34, 0.16), centre + (0.34, 0.16)
    shape = np.ceil((high - low) / step).astype(int)
    chosen = skin & (points[..., 2] > marks.eye[2] - 0.12)
    for axis in (0, 1):
        chosen &= (points[..., axis] > low[axis]) & (points[..., axis] < high[axis])
    rows, columns = np.nonzero(chosen)
    cell = np.clip(((points[chosen][:, :2] - low) / step).astype(int), 0, shape - 1)
    total = np.zeros((shape[1], shape[0], 3))
    np.add.at(total, (cell[:, 1], cell[:, 0]), np.stack([columns, rows, np.ones_like(rows)], 1))
    known = total[..., 2] > 0
    grid = np.zeros((shape[1], shape[0], 2), np.float32)
    grid[known] = total[known][:, :2] / total[known][:, 2:]
    while not known.all():
        for axis in (0, 1):
            for shift in (1, -1):
                near = np.roll(known, shift, axis) & ~known
                grid[near] = np.roll(grid, shift, axis)[near]
                known = known | near
    return grid, low, step


def _blob(points: np.ndarray, centre: np.ndarray, radius: float) -> np.ndarray:
    return np.exp(-((points - centre) ** 2).sum(-1) / (2 * radius**2 / 2.0))


def _smooth(t: np.ndarray) -> np.ndarray:
    t = np.clip(t, 0, 1)
    return t * t * (3 - 2 * t)
