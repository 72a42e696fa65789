# SPDX-License-Identifier: GPL-3.0-or-later
"""Recorded packets of Live Link Face, ``.gesichter``; ``live_link`` knows the container."""

from __future__ import annotations

import gzip
import struct
from fractions import Fraction
from pathlib import Path

import numpy as np

from ..core.arkit import COUNT
from ..core.types import FaceTrack
from .foreign_take import (
    MAX_FRAMES,
    ForeignTake,
    ReadOptions,
    Start,
    WriteOptions,
    build_track,
    rate_of,
    replaced_file,
    unreadable,
)
from .live_link import VERSION, decode, encode, packets_of_recording
from .timecode import counting_of, label_of

_DAY_S = 86400.0
_USUAL_FPS = 60.0


def recognises(start: bytes, _data: bytes) -> bool:
    """Whether a file is compressed: no other face file is."""
    return start.startswith(b"\x1f\x8b")


def read_gesichter(data: bytes, name: str, options: ReadOptions) -> ForeignTake:
    """Read a recording. Packets without a face have no time: they lie evenly between others.

    Raises:
        FacewrightError: ``file-unreadable``, or ``packet-unreadable`` for a packet in it.
    """
    samples = []
    for packet in packets_of_recording(data, name):
        if len(samples) >= MAX_FRAMES:
            raise unreadable(name, f"it has more than {MAX_FRAMES} packets")
        samples.append(decode(packet))
    if not samples:
        raise unreadable(name, "there is no packet in it")
    valid = np.array([sample.valid for sample in samples])
    weights = np.stack([sample.weights for sample in samples]).reshape(-1, COUNT)
    number = np.arange(len(samples), dtype=np.float64)
    start = None
    if options.fps or not valid.any():
        time_s = number / (options.fps or _USUAL_FPS)
    else:
        told = np.array([sample.time_s for sample in samples if sample.valid])
        told = told + _DAY_S * np.cumsum(np.diff(told, prepend=told[0]) < -_DAY_S / 2)
        step = float(np.median(np.diff(told))) if len(told) > 1 else 1.0 / _USUAL_FPS
        known = number[valid]
        time_s = np.interp(number, known, told)
        time_s += np.minimum(number - known[0], 0) * step + np.maximum(number - known[-1], 0) * step
        start = Start(float(time_s[0]) % _DAY_S, Fraction(_USUAL_FPS))
        time_s -= time_s[0]
    track, notes = build_track(
        name,
        time_s,
        weights,
        valid=valid,
        head_deg=np.stack([sample.head_deg for sample in samples]),
        gaze_deg=np.stack([sample.gaze_deg for sample in samples]),
    )
    subject = next((sample.subject for sample in samples if sample.subject), "")
    if subject:
        notes.append(f'Recorded from "{subject[:60]}".')
    label = label_of(start.seconds * _USUAL_FPS, counting_of(_USUAL_FPS)) if start else ""
    rate = rate_of(track.time_s, _USUAL_FPS)
    return ForeignTake(track, Path(name).stem, rate, notes, label, start)


def write_gesichter(path: Path, track: FaceTrack, options: WriteOptions) -> list[str]:
    """Write a recording, a packet for each frame, without values where there is no face.

    Returns:
        Sentences on what the file cannot hold.

    Raises:
        FacewrightError: ``file-unwritable``.
    """
    rate = (round(options.fps or _USUAL_FPS), 1)
    times = track.time_s + (options.start.seconds if options.start else 0.0)
    packets = [
        encode(track[row : row + 1], time_s, subject=options.name, rate=rate)
        for row, time_s in enumerate(times.tolist())
    ]
    body = b"".join(struct.pack(">I", len(packet)) + packet for packet in packets)
    content = struct.pack(">BI", VERSION, len(packets)) + body
    with replaced_file(path) as partial:
        # Without the hour of writing the same take gives the same file.
        partial.write_bytes(gzip.compress(content, mtime=0))
    if np.nan_to_num(track.head_cm).any():
        return ["The position of the head is not in the file: the format has none."]
    return []
