# SPDX-License-Identifier: GPL-3.0-or-later
"""Put two movies side by side in sync, with the second one's sound."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import cv2
import numpy as np

from engine.sources.media import VideoSource


def side_by_side(
    left: Path,
    right: Path,
    out: Path,
    height: int,
    start_s: float = 0.0,
    on_frame: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """Write a movie that shows ``left`` beside ``right`` at the right one's frame times.

    Args:
        left: Gives pictures by presentation time.
        right: Gives pictures, the frame rate and the sound.
        out: H.264/AAC .mp4.
        height: Pixels; widths follow.
        start_s: Second of ``left`` at which ``right`` begins.
        on_frame: Called with frames done and in all.
    """
    with av.open(str(right)) as source, av.open(str(out), "w") as target:
        stream = source.streams.video[0]
        total = stream.frames
        video = target.add_stream("libx264", rate=stream.average_rate)
        video.pix_fmt = "yuv420p"
        video.options = {"crf": "20"}
        sound = _add_sound(right, target)
        left_pictures = _pictures(left, height)
        shown, upcoming = next(left_pictures), next(left_pictures, None)
        for index, (time_s, picture) in enumerate(_pictures(right, height)):
            while upcoming and upcoming[0] <= start_s + time_s + 1e-3:
                shown, upcoming = upcoming, next(left_pictures, None)
            image = np.hstack([shown[1], picture])
            if index == 0:
                video.height, video.width = image.shape[0], image.shape[1]
            target.mux(video.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
            on_frame(index + 1, total)
        target.mux(video.encode())
        for packet in sound:
            target.mux(packet)


def _pictures(path: Path, height: int) -> Iterator[tuple[float, np.ndarray]]:
    """Upright pictures with square pixels, of even width and that height."""
    with VideoSource(path) as source:
        for frame in source.frames():
            width = round(source.info.width * height / source.info.height / 2) * 2
            shrunk = cv2.resize(frame.image, (width, height), interpolation=cv2.INTER_AREA)
            yield frame.time_s, shrunk


def _add_sound(path: Path, target) -> Iterator:
    """Encode the sound of a movie; an iterator of packets, empty if it has none."""
    with av.open(str(path)) as probe:
        if not probe.streams.audio:
            return iter(())
        rate = probe.streams.audio[0].rate
    encoder = target.add_stream("aac", rate=rate, layout="stereo")

    def packets() -> Iterator:
        with av.open(str(path)) as source:
            frames = source.decode(audio=0)
            yield from itertools.chain.from_iterable(encoder.encode(frame) for frame in frames)
            yield from encoder.encode()

    return packets()
