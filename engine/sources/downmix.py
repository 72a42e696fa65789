# SPDX-License-Identifier: GPL-3.0-or-later
"""Frames of any sound to one channel at 16 kHz, which is what the networks hear."""

from __future__ import annotations

import av
import numpy as np
from av.error import FFmpegError

from ..core.sound import SOUND_HZ


class Downmix:
    """All channels to one, any rate to 16 kHz.

    Args:
        like: A frame of the kind that it gets.
    """

    def __init__(self, like: av.AudioFrame) -> None:
        self._kind = _kind_of(like)
        self._resampler = av.AudioResampler("flt", "mono", SOUND_HZ)
        # Channels that no loudspeaker is named for are mixed evenly.
        self._even = not like.layout.name or "channels" in like.layout.name

    def suits(self, frame: av.AudioFrame) -> bool:
        """Whether a frame is of the same kind: streams may change in the middle."""
        return _kind_of(frame) == self._kind

    def mix(self, frame: av.AudioFrame) -> np.ndarray:
        """float32 (n,): what is ready by now."""
        if self._even:
            frame = _even_mix(frame)
        frame.pts = None  # where it belongs is counted in samples
        return _joined(self._resampler.resample(frame))

    def rest(self) -> np.ndarray:
        """What was kept back for the samples to come."""
        try:
            return _joined(self._resampler.resample(None))
        except (FFmpegError, ValueError):  # it never had anything
            return np.empty(0, np.float32)


def _kind_of(frame: av.AudioFrame) -> tuple:
    return frame.format.name, frame.layout.name, frame.layout.nb_channels, frame.sample_rate


def _even_mix(frame: av.AudioFrame) -> av.AudioFrame:
    """The mean of all channels; FFmpeg's own mixer knows named ones alone."""
    samples = frame.to_ndarray()
    if not frame.format.is_planar:
        samples = samples.reshape(-1, frame.layout.nb_channels).T
    if samples.dtype == np.uint8:
        samples = (samples.astype(np.float32) - 128) / 128
    elif samples.dtype.kind == "i":
        samples = samples.astype(np.float32) / -float(np.iinfo(samples.dtype).min)
    mono = samples.mean(axis=0, keepdims=True, dtype=np.float32)
    mixed = av.AudioFrame.from_ndarray(mono, "fltp", "mono")
    mixed.sample_rate = frame.sample_rate
    return mixed


def _joined(frames: list[av.AudioFrame]) -> np.ndarray:
    samples = [frame.to_ndarray()[0] for frame in frames if frame.samples]
    if not samples:
        return np.empty(0, np.float32)
    return samples[0] if len(samples) == 1 else np.concatenate(samples)
