# SPDX-License-Identifier: GPL-3.0-or-later
"""Packets of a moving face in every dialect, as a sender of that dialect puts them on the wire."""

from __future__ import annotations

import numpy as np

from engine.core.arkit import COUNT
from engine.core.types import FaceTrack
from engine.formats import vtube_studio
from engine.formats.dialects import DIALECTS
from engine.formats.sample import FaceSample, to_row

# Of what is received alone, no packets are made here.
SENDABLE = tuple(name for name, dialect in DIALECTS.items() if dialect.encoder)


def face_at(time_s: float) -> FaceTrack:
    """One frame: weights that swing about 0.5, a head that nods and turns, eyes that look about."""
    phase = 2 * np.pi * (0.5 * time_s + np.arange(COUNT) / COUNT)
    sample = FaceSample(
        None,
        weights=0.5 + 0.4 * np.sin(phase),
        head_deg=np.array(
            [12 * np.sin(time_s), 20 * np.sin(0.7 * time_s), 5 * np.sin(1.3 * time_s)]
        ),
        head_cm=np.array([1.0, 2.0, -40.0]),
        gaze_deg=np.full((2, 2), 8 * np.sin(1.7 * time_s)),
    )
    return to_row(sample, time_s)


def frames_of(dialect: str, count: int, rate: float) -> list[list[bytes]]:
    """The datagrams of each frame, times beginning at 1000 seconds.

    Args:
        dialect: Of ``DIALECTS``.
        count: Frames.
        rate: Frames a second.
    """
    rows = [face_at(1000.0 + number / rate) for number in range(count)]
    encode = DIALECTS[dialect].encoder().encode
    if dialect == "vtube":  # its encoder takes the time of day
        encode = _vtube
    return [encode(row) for row in rows]


def _vtube(row: FaceTrack) -> list[bytes]:
    return [vtube_studio.encode(row, float(row.time_s[0]))]
