# SPDX-License-Identifier: GPL-3.0-or-later
"""Small videos with known content, made on the spot."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest


@pytest.fixture
def make_video(tmp_path: Path):
    """A function that writes a video and returns its path.

    Frame ``i`` is grey level ``10 + 5 i`` with a bright left half, so that order, rotation and
    mirroring can be read off the pixels.
    """

    def make(
        name: str = "clip.mp4",
        *,
        ticks: list[int] | None = None,
        count: int = 12,
        time_base: Fraction = Fraction(1, 30),
        size: tuple[int, int] = (64, 48),
        pixel_format: str = "yuv420p",
        codec: str = "libx264",
        aspect: Fraction | None = None,
    ) -> Path:
        path = tmp_path / name
        ticks = list(range(count)) if ticks is None else ticks
        with av.open(str(path), "w") as container:
            stream = container.add_stream(codec, rate=Fraction(1) / time_base)
            stream.width, stream.height = size
            stream.pix_fmt = pixel_format
            stream.codec_context.time_base = time_base
            stream.time_base = time_base
            stream.options = {"crf": "1", "g": "6"}
            if aspect:
                stream.codec_context.sample_aspect_ratio = aspect
            for i, tick in enumerate(ticks):
                image = np.full((size[1], size[0], 3), 10 + 5 * i, np.uint8)
                image[:, : size[0] // 2] += 100
                frame = av.VideoFrame.from_ndarray(image, format="rgb24")
                frame.pts, frame.time_base = tick, time_base
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        return path

    return make


@pytest.fixture
def rotate_tag():
    """A function that sets the rotation in an mp4's track header, as phones do."""

    def rotate(path: Path, clockwise_degrees: int) -> Path:
        # ISO 14496-12: the matrix ends 8 bytes before the end of 'tkhd' (width and height).
        cosine, sine = {90: (0, 1), 180: (-1, 0), 270: (0, -1)}[clockwise_degrees]
        data = bytearray(path.read_bytes())
        at = data.index(b"tkhd") + 4
        size = int.from_bytes(data[at - 8 : at - 4], "big")
        start = at - 8 + size - 8 - 36
        values = (cosine, sine, 0, -sine, cosine, 0, 0, 0, 1 << 14)
        fixed = [v << 16 if i != 8 else (1 << 30) for i, v in enumerate(values)]
        data[start : start + 36] = b"".join(v.to_bytes(4, "big", signed=True) for v in fixed)
        path.write_bytes(data)
        return path

    return rotate
