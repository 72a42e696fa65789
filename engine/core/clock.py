# SPDX-License-Identifier: GPL-3.0-or-later
"""The one place where seconds become frames and back, and the clock of what is live.

Times are float64 seconds from the start of a take. Frames are Blender's: numbers on the
timeline, fractions allowed. Blender's rate is ``fps / fps_base`` (29.97 is 30 / 1.001).
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class FrameClock:
    """Maps seconds of a take to frames of a scene.

    Args:
        fps: Frames per ``fps_base`` seconds, as ``RenderSettings.fps``.
        fps_base: Divisor of the rate, as ``RenderSettings.fps_base``.
        start_frame: The frame on which second 0 of the take falls.
    """

    fps: float
    fps_base: float = 1.0
    start_frame: float = 1.0

    def __post_init__(self) -> None:
        if not (self.fps > 0 and self.fps_base > 0):
            raise ValueError(f"a rate must be positive: fps {self.fps}, fps_base {self.fps_base}")

    @property
    def rate(self) -> float:
        """Frames per second."""
        return self.fps / self.fps_base

    def frames(self, seconds: float | np.ndarray) -> float | np.ndarray:
        """The (fractional) frames at these seconds."""
        return self.start_frame + np.asarray(seconds, np.float64) * self.fps / self.fps_base

    def seconds(self, frames: float | np.ndarray) -> float | np.ndarray:
        """The seconds at these (fractional) frames."""
        return (np.asarray(frames, np.float64) - self.start_frame) * self.fps_base / self.fps

    def whole_frames(self, first_s: float, last_s: float) -> np.ndarray:
        """Every whole frame inside a span of seconds, as int64 (n,).

        A frame within a thousandth of the span's ends belongs to it, so that a clip whose
        times were rounded to the millisecond keeps its first and last frame.
        """
        lo = np.ceil(self.frames(first_s) - 0.02)
        hi = np.floor(self.frames(last_s) + 0.02)
        return np.arange(int(lo), int(hi) + 1, dtype=np.int64)


def now_s() -> float:
    """Seconds on a clock that all processes of this machine share and that never goes back.

    ``perf_counter`` is CLOCK_MONOTONIC on Linux, mach_absolute_time on macOS and
    QueryPerformanceCounter on Windows: one for the whole system, and fine enough.
    """
    return time.perf_counter()
