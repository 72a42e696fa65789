# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands between a head and a file: background, hands in the way, lens, noise, compression."""

from __future__ import annotations

import cv2
import numpy as np


def compose(
    random: np.random.Generator, picture: np.ndarray, mask: np.ndarray, face: np.ndarray
) -> tuple[np.ndarray, float]:
    """A camera's picture of a rendered head.

    Args:
        picture: uint8 (size, size, 3), RGB.
        mask: bool (size, size), where the head is.
        face: float (4,), x0, y0, x1, y1 of the face in pixels.

    Returns:
        uint8 (size, size, 3), and how much of the face something covers, 0..1.
    """
    out = np.where(mask[:, :, None], picture, _background(random, len(picture)))
    covered = 0.0
    if random.random() < 0.25:
        out, covered = _cover(random, out, face)
    return _camera(random, out), covered


def _background(random: np.random.Generator, size: int) -> np.ndarray:
    cells = int(random.integers(2, 9))
    coarse = random.normal(random.uniform(20, 220), random.uniform(5, 60), (cells, cells, 3))
    grey = coarse.mean(2, keepdims=True)
    coarse = np.clip(grey + (coarse - grey) * random.uniform(0, 1), 0, 255).astype(np.uint8)
    return cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC)


def _cover(
    random: np.random.Generator, picture: np.ndarray, face: np.ndarray
) -> tuple[np.ndarray, float]:
    """A hand, a cup, a microphone: a blob over a part of the face."""
    x0, y0, x1, y1 = face
    width = x1 - x0
    centre = random.uniform([x0, y0], [x1, y1])
    angles = np.sort(random.uniform(0, 2 * np.pi, 9))
    radius = width * random.uniform(0.08, 0.6) * random.uniform(0.6, 1.2, 9)
    corners = centre + np.stack([np.cos(angles), np.sin(angles)], 1) * radius[:, None]
    blob = np.zeros(picture.shape[:2], np.uint8)
    cv2.fillPoly(blob, [corners.astype(np.int32)], 255)
    blob = cv2.GaussianBlur(blob, (0, 0), random.uniform(0.5, 2)) / 255.0
    inside = picture[int(max(y0, 0)) : int(y1), int(max(x0, 0)) : int(x1)].reshape(-1, 3)
    skin = np.median(inside, 0) if len(inside) else np.full(3, 128.0)
    paint = skin * random.uniform(0.7, 1.15) if random.random() < 0.6 else random.uniform(0, 255, 3)
    shade = cv2.resize(random.normal(1, 0.12, (5, 5)), picture.shape[1::-1])[:, :, None]
    mixed = picture * (1 - blob[:, :, None]) + np.clip(paint * shade, 0, 255) * blob[:, :, None]
    share = blob[int(max(y0, 0)) : int(y1), int(max(x0, 0)) : int(x1)]
    return mixed.astype(np.uint8), float(share.mean()) if share.size else 0.0


def _camera(random: np.random.Generator, picture: np.ndarray) -> np.ndarray:
    """Focus, sensor noise and compression, mostly mild."""
    size = picture.shape[1::-1]
    out = cv2.GaussianBlur(picture, (0, 0), random.uniform(0.35, 0.6))
    if random.random() < 0.35:
        small = random.uniform(0.35, 0.9)
        out = cv2.resize(out, None, fx=small, fy=small, interpolation=cv2.INTER_AREA)
        out = cv2.resize(out, size, interpolation=cv2.INTER_LINEAR)
    if random.random() < 0.1:
        length = int(random.integers(3, 8))
        kernel = np.zeros((length, length), np.float32)
        cv2.line(kernel, (0, int(random.integers(length))), (length - 1, length // 2), 1.0)
        out = cv2.filter2D(out, -1, kernel / kernel.sum())
    noise = random.normal(0, random.uniform(0, 5) if random.random() < 0.5 else 1, out.shape)
    out = np.clip(out + noise, 0, 255).astype(np.uint8)
    if random.random() < 0.7:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(45, 96))]
        out = cv2.imdecode(cv2.imencode(".jpg", out, quality)[1], cv2.IMREAD_COLOR)
    return out
