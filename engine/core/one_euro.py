# SPDX-License-Identifier: GPL-3.0-or-later
"""The One Euro filter: calm while a value rests, quick when it moves.

Source: Casiez, Roussel, Vogel, "1 € Filter: A Simple Speed-based Low-pass Filter for Noisy Input
in Interactive Systems" (CHI 2012), algorithm 1. A low-pass of first order whose cutoff rises with
the speed: ``cutoff = minimum cutoff + beta * |speed|``; the speed is low-passed itself.
"""

from __future__ import annotations

import numpy as np

# An element on its own: a number for all, or an array with one for each.
Constant = float | np.ndarray


class OneEuro:
    """Filters an array element by element, one call per frame; time steps may vary.

    Args:
        minimum_cutoff_hz: Cutoff of an element at rest, above 0; infinity passes it as it is.
        beta: What a speed of one unit a second adds to the cutoff, Hz.
        derivative_cutoff_hz: Cutoff of the speed's own low-pass.
        noise: Changes from one frame to the next up to this size are no movement and leave the
            cutoff as it is, in the values' unit; 0 is the published filter.
        speed_of_raw: Take the speed from one value as measured to the next (MediaPipe), not from
            the filtered value to the next measured one (the paper).

    The first four are a number, or an array of the values' shape, and may be changed between
    frames. ``time_s`` is the time of the newest frame, None before the first.
    """

    def __init__(
        self,
        minimum_cutoff_hz: Constant,
        beta: Constant,
        derivative_cutoff_hz: Constant,
        noise: Constant = 0.0,
        *,
        speed_of_raw: bool = False,
    ) -> None:
        self.minimum_cutoff_hz = minimum_cutoff_hz
        self.beta = beta
        self.derivative_cutoff_hz = derivative_cutoff_hz
        self.noise = noise
        self._speed_of_raw = speed_of_raw
        self.reset()

    def reset(self) -> None:
        """Forgets everything; the next frame passes as it is."""
        self.time_s: float | None = None
        self._smooth = self._before = self._speed = np.zeros(0)

    def __call__(self, values: np.ndarray, time_s: float, unit: float = 1.0) -> np.ndarray:
        """The filtered values of the next frame.

        Args:
            values: float, any shape, the same in every call.
            time_s: Seconds, later than the frame before.
            unit: Length of one unit of speed in the values' own unit.

        Returns:
            float64, shaped as the values; the caller may keep it but not change it.

        Raises:
            ValueError: The frame is not later than the one before.
        """
        values = np.asarray(values, np.float64)
        if self.time_s is None:
            self._smooth, self._speed = values, np.zeros_like(values)
        elif time_s <= self.time_s:
            raise ValueError(f"a frame at {time_s} s after one at {self.time_s} s")
        else:
            rate = 1 / (time_s - self.time_s)
            speed = (values - self._before) * (rate / unit)
            share = low_pass_share(self.derivative_cutoff_hz, rate)
            self._speed = self._speed + share * (speed - self._speed)
            moving = np.maximum(np.abs(self._speed) - self.noise * (rate / unit), 0)
            cutoff = self.minimum_cutoff_hz + self.beta * moving
            self._smooth = self._smooth + low_pass_share(cutoff, rate) * (values - self._smooth)
        self._before = values if self._speed_of_raw else self._smooth
        self.time_s = time_s
        return self._smooth

    def jump(self, values: np.ndarray) -> None:
        """Go on from these values, shaped as the others, as if the filter had arrived there."""
        self._smooth = np.asarray(values, np.float64)
        if not self._speed_of_raw:
            self._before = self._smooth


def low_pass_share(cutoff_hz: Constant, rate_hz: float) -> Constant:
    """Share of a new value in a low-pass of first order, 0..1; 1 at an infinite cutoff."""
    return 1 / (1 + rate_hz / (2 * np.pi * cutoff_hz))
