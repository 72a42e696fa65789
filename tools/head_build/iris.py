# SPDX-License-Identifier: GPL-3.0-or-later
"""Paints the eye: pupil, iris and sclera around the pole of the eyeball."""

from __future__ import annotations

import numpy as np

from .noise import fractal, value_noise
from .parts import EYE_UV_ANGLE, IRIS_ANGLE, PUPIL_ANGLE

SCLERA = np.array([0.83, 0.80, 0.78])
INNER = np.array([0.40, 0.26, 0.13])
OUTER = np.array([0.24, 0.19, 0.13])
LIMBUS = np.array([0.10, 0.08, 0.07])


def paint(size: int) -> np.ndarray:
    """The eye's albedo, (size, size, 3) uint8 sRGB, red first."""
    axis = (np.arange(size) + 0.5) / size - 0.5
    x, y = np.meshgrid(axis, axis)
    angle = np.hypot(x, y) * 2 * EYE_UV_ANGLE
    turn = np.arctan2(y, x)
    circle = np.stack([np.cos(turn), np.sin(turn)], -1)
    rays = np.concatenate([circle, angle[..., None] * 0.02], -1)
    fibres = value_noise(rays, 22.0, 1) * 0.6 + value_noise(rays, 48.0, 2) * 0.5
    depth = np.clip((angle - PUPIL_ANGLE) / (IRIS_ANGLE - PUPIL_ANGLE), 0, 1)[..., None]
    blend = np.clip(depth * 1.5 - 0.25 + 0.2 * fibres[..., None], 0, 1)
    iris = (INNER * (1 - blend) + OUTER * blend) * (1 + 0.45 * fibres[..., None])
    iris *= 1 - 0.55 * np.clip((0.12 - depth) / 0.12, 0, 1)
    rim = np.clip((depth - 0.78) / 0.22, 0, 1) ** 1.5
    iris = iris * (1 - rim) + LIMBUS * rim
    pupil = _step(angle, PUPIL_ANGLE, 0.8)[..., None]
    colour = iris * pupil + 0.012 * (1 - pupil)
    flat = np.stack([x, y, 0 * x], -1)
    veins = np.clip(fractal(flat, 24.0, 3, 9) - 0.55, 0, 1)[..., None]
    pink = np.clip((angle - 40) / 45, 0, 1)[..., None]
    sclera = SCLERA - pink * np.array([0.02, 0.12, 0.12]) - veins * np.array([0.02, 0.22, 0.2])
    white = _step(angle, IRIS_ANGLE, 2.2)[..., None]
    colour = colour * (1 - white) + sclera * white
    return (np.clip(colour, 0, 1) * 255 + 0.5).astype(np.uint8)


def _step(value: np.ndarray, edge: float, width: float) -> np.ndarray:
    t = np.clip((value - edge) / width + 0.5, 0, 1)
    return t * t * (3 - 2 * t)
