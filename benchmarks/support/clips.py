# SPDX-License-Identifier: GPL-3.0-or-later
"""Clips for the benchmarks, made from the real samples by looping them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av

from tools.fetch_clips import CLIPS, fetch

SAMPLE = "WolfgangLanger_Pexels.mp4"


def sample(name: str = SAMPLE) -> Path:
    """A real sample clip."""
    fetch()
    return CLIPS / name


def looped(seconds: float, name: str = SAMPLE) -> Path:
    """A clip of that length, the sample's packets repeated without encoding them again."""
    path = CLIPS / f"looped_{seconds:g}s_{name}"
    if path.exists():
        return path
    partial = path.with_suffix(".part.mp4")
    with av.open(str(sample(name))) as source, av.open(str(partial), "w") as target:
        stream = source.streams.video[0]
        out = target.add_stream_from_template(stream)
        step = int(1 / (stream.average_rate * stream.time_base))
        packets = [p for p in source.demux(stream) if p.size]
        data = [(bytes(p), p.pts, p.dts, p.is_keyframe) for p in packets]
        length = max(pts for _, pts, _, _ in data) + step
        end = int(seconds / stream.time_base)
        for loop in range(end // length + 1):
            for content, pts, dts, key in data:
                if pts + loop * length >= end:
                    continue
                packet = av.Packet(content)
                packet.pts, packet.dts = pts + loop * length, dts + loop * length
                packet.time_base, packet.stream = Fraction(stream.time_base), out
                packet.is_keyframe = key
                target.mux(packet)
    partial.replace(path)
    return path


def at_rate(rate: int, name: str = SAMPLE) -> Path:
    """The sample as if it had been filmed at another rate: its pictures, other times, no sound."""
    path = CLIPS / f"at_{rate}_{name}"
    if path.exists():
        return path
    partial = path.with_suffix(".part.mp4")
    with av.open(str(sample(name))) as source, av.open(str(partial), "w") as target:
        stream = source.streams.video[0]
        out = target.add_stream_from_template(stream)
        faster = stream.average_rate / rate
        for packet in source.demux(stream):
            if packet.size:
                packet.pts, packet.dts = round(packet.pts * faster), round(packet.dts * faster)
                packet.stream = out
                target.mux(packet)
    partial.replace(path)
    return path
