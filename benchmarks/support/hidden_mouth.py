# SPDX-License-Identifier: GPL-3.0-or-later
"""Clips whose mouth is hidden for a while, made from clips whose mouth is seen.

Several clips of one person become one, because a second of speech is too little to learn the
person's range from. A box over the mouth follows the landmarks of the clean clip.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

KINDS = ("black", "skin", "blur")
# Landmarks around the mouth and of the eyes' outer corners.
_LIPS = (0, 17, 61, 291, 13, 14, 37, 267, 84, 314)
_EYES = (33, 263)
_RATE_HZ = 16000


@dataclass(frozen=True)
class Span:
    """A time in which the mouth is hidden, seconds; frames whose time is in it are painted."""

    start_s: float
    end_s: float


def join(clips: Sequence[Path], out: Path) -> list[float]:
    """One clip of several of the same size and rate, with their sound.

    Args:
        clips: What to join.
        out: An .mp4 to write.

    Returns:
        The time at which each clip begins, seconds.
    """
    pictures, sounds, starts, rate = [], [], [], Fraction(25)
    for clip in clips:
        images, sound, rate = read_clip(clip)
        starts.append(sum(map(len, pictures)) / float(rate))
        wanted = round(len(images) / float(rate) * _RATE_HZ)
        sound = np.pad(sound, (0, max(wanted - len(sound), 0)))[:wanted]
        pictures.append(images)
        sounds.append(sound)
    write_clip(out, np.concatenate(pictures), np.concatenate(sounds), rate)
    return starts


def hide(clip: Path, out: Path, landmarks: np.ndarray, spans: Sequence[Span], kind: str) -> None:
    """The same clip with the mouth hidden.

    Args:
        clip: The clean clip.
        out: An .mp4 to write.
        landmarks: float (T, 478, 3), pixels, of the clean clip's frames.
        spans: When.
        kind: One of ``KINDS``: a black box, a box in the colour of the cheeks with a camera's
            noise, or the picture itself without any detail.
    """
    images, sound, rate = read_clip(clip)
    noise = np.random.default_rng(1)
    for frame, image in enumerate(images):
        time_s = frame / float(rate)
        if any(span.start_s <= time_s < span.end_s for span in spans):
            _paint(image, landmarks[min(frame, len(landmarks) - 1)], kind, noise)
    write_clip(out, images, sound, rate)


def shifted(sound: np.ndarray, seconds: float) -> np.ndarray:
    """A sound of the same length that is late by so much, or early below 0; 16 kHz."""
    by = round(seconds * _RATE_HZ)
    moved = np.zeros_like(sound)
    if by >= 0:
        moved[by:] = sound[: len(sound) - by]
    else:
        moved[:by] = sound[-by:]
    return moved


def read_clip(path: Path) -> tuple[np.ndarray, np.ndarray, Fraction]:
    """uint8 (T, H, W, 3), float32 (N,) at 16 kHz and the frames a second of a clip."""
    with av.open(str(path)) as container:
        rate = container.streams.video[0].average_rate
        images = np.stack([f.to_ndarray(format="rgb24") for f in container.decode(video=0)])
    with av.open(str(path)) as container:
        mixer = av.AudioResampler("flt", "mono", _RATE_HZ)
        parts = [p.to_ndarray()[0] for f in container.decode(audio=0) for p in mixer.resample(f)]
        parts += [p.to_ndarray()[0] for p in mixer.resample(None)]
    return images, np.concatenate(parts), rate


def write_clip(path: Path, images: np.ndarray, sound: np.ndarray, rate: Fraction) -> None:
    """An .mp4 whose pictures are nearly as they were, with sound at 16 kHz."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("mpeg4", rate=rate)
        video.height, video.width = images.shape[1:3]
        video.pix_fmt, video.bit_rate = "yuv420p", 8_000_000
        audio = container.add_stream("aac", rate=_RATE_HZ, layout="mono")
        for image in images:
            container.mux(video.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(video.encode(None))
        for first in range(0, len(sound), 1024):
            block = np.ascontiguousarray(sound[None, first : first + 1024], np.float32)
            frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="mono")
            frame.sample_rate, frame.pts = _RATE_HZ, first
            container.mux(audio.encode(frame))
        container.mux(audio.encode(None))


def _paint(image: np.ndarray, points: np.ndarray, kind: str, noise: np.random.Generator) -> None:
    lips, eyes = points[list(_LIPS), :2], points[list(_EYES), :2]
    if not np.isfinite(lips).all():
        return
    reach = np.linalg.norm(eyes[0] - eyes[1])
    low = np.maximum((lips.min(0) - 0.20 * reach).astype(int), 0)
    high = (lips.max(0) + 0.20 * reach).astype(int)
    box = image[low[1] : high[1], low[0] : high[0]]
    if kind == "black":
        box[:] = 8
    elif kind == "skin":
        colour = np.median(image[low[1] : high[1], high[0] : high[0] + 6].reshape(-1, 3), axis=0)
        grain = noise.normal(0, 6, box.shape[:2])[..., None]
        box[:] = np.clip(colour + grain, 0, 255)
    else:
        box[:] = box.reshape(-1, 3).mean(0)
        # A little shading is left, as motion blur leaves it.
        rows = np.linspace(1.05, 0.95, len(box))[:, None, None]
        box[:] = np.clip(box * rows, 0, 255)
