# SPDX-License-Identifier: GPL-3.0-or-later
"""What every live source of pictures is: the newest frame wins, and nothing piles up."""

from __future__ import annotations

import threading
from fractions import Fraction
from typing import Protocol

import numpy as np

from ..core.types import VideoFrame


class LiveSource(Protocol):
    """Pictures as they come.

    Attributes:
        name: What a person calls the source.
        width, height: Pixels of its pictures; may change when a camera comes back.
        rate: Frames per second that it promises.
        state: "opening", "running", "lost" (a camera is unplugged; it is tried again) or "ended".
        problem: A sentence while the source is lost, else empty.
        received: Frames that have come so far.
        dropped: Those of them that gave way to a newer one before anybody took them.
    """

    name: str
    width: int
    height: int
    rate: Fraction
    state: str
    problem: str
    received: int
    dropped: int

    def next_frame(self, timeout_s: float) -> VideoFrame | None:
        """The newest frame that was not given out yet.

        Args:
            timeout_s: How long to wait for it.

        Returns:
            The frame, its ``time_s`` on the clock of ``core.clock.now_s`` and ``index`` its
            number among all that came; None when there is none in time.
        """
        ...

    def close(self) -> None:
        """Let go of the device or file."""
        ...


class LiveFrames:
    """A place for one frame, between the thread that grabs and the one that tracks."""

    def __init__(self) -> None:
        self._ready = threading.Condition()
        self._frame: VideoFrame | None = None
        self.received = 0
        self.dropped = 0

    def put(self, image: np.ndarray, time_s: float) -> None:
        """Offer a frame; one that still waits gives way.

        Args:
            image: uint8 (height, width, 3), RGB.
            time_s: When it was seen, on the clock of ``core.clock.now_s``.
        """
        with self._ready:
            if self._frame is not None:
                self.dropped += 1
            self._frame = VideoFrame(self.received, time_s, image)
            self.received += 1
            self._ready.notify()

    def take(self, timeout_s: float) -> VideoFrame | None:
        """The frame that waits, or the next one within ``timeout_s`` seconds, or None."""
        with self._ready:
            if self._frame is None:
                self._ready.wait(timeout_s)
            frame, self._frame = self._frame, None
            return frame
