# SPDX-License-Identifier: GPL-3.0-or-later
"""Calm with little delay, for values that arrive one frame at a time.

Every column has its own One Euro filter (``core.one_euro``) whose constants follow from one number
that an artist sets, the steadiness of a part of the face: 0 responsive, 1 steady. Changes within
the noise of a still face are no movement, and that noise is larger the less sure the solver is.
What that costs, at 30 frames a second (``python -m benchmarks.live --only filter``):

    steadiness              jitter left   lag at 50 % and 90 % of 0.5 in 120 ms   lag of speech
    0                       100 %          0 and   0 ms                           0 ms
    0.25                     63 %          2 and   3 ms                           6 ms
    0.5                      35 %          4 and   7 ms                          11 ms
    0.75                     22 %          6 and  11 ms                          15 ms
    1                        18 %          9 and  16 ms                          18 ms
    One Euro, 1 Hz, 0.007    29 %        104 and 342 ms                          68 ms

A movement as small as the noise arrives later: 0.15 at steadiness 1 stands at 90 % after 0.6 s.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ..core.arkit import COUNT, INDEX
from ..core.curve_math import smoothstep
from ..core.one_euro import OneEuro
from ..core.types import FaceTrack
from .columns import (
    GAZE_DEG,
    HEAD_CM,
    HEAD_DEG,
    WIDTH,
    from_matrix,
    part_columns,
    to_matrix,
)
from .doubt import column_confidence
from .events import BLINK
from .gain import gain_columns, scale_columns

GAP_POLICIES = ("HOLD", "EASE")
DEFAULT_STEADINESS: Mapping[str, float] = {
    "brows": 0.6,
    "eyelids": 0.6,
    "gaze": 0.6,
    "cheeks": 0.7,
    "jaw": 0.6,
    "mouth": 0.6,
    "tongue": 0.6,
    "head": 0.5,
}

# How much a still face's weights tremble from frame to frame, as a standard deviation: where the
# solver is sure, and what is added at confidence 0. In between it goes with the root.
_NOISE, _DOUBT_NOISE = 0.007, 0.028
# What head and eyes move by as a weight moves by 1: degrees and centimetres.
_RANGE = np.ones(WIDTH)
_RANGE[HEAD_DEG] = _RANGE[GAZE_DEG] = 30.0
_RANGE[HEAD_CM] = 7.0

# At steadiness 1: cutoff at rest, what a speed of 1 a second adds to it, and how many times the
# noise is no movement. ``LiveFilter._set_constants`` tells how they change towards 0.
_REST_HZ, _SPEED_HZ, _NOISES = 0.25, 4.0, 4.0
# Cutoff of the speed. Lower, and quick syllables lose their peaks; higher, and small movements
# arrive late, because noise does not cancel out of the speed.
_SLOPE_HZ = 8.0
# Seconds in which a setting travels by 1, so that nothing jumps.
_SETTING_S = 0.25
# A face that was away for longer than this eases back, in that time; seconds.
_SHORT_GAP_S, _RETURN_S = 0.15, 0.25
# So it does after a time without any frame, as when a camera was unplugged; seconds.
_SILENCE_S = 1.0
# A lid's move counts beyond so many times its noise.
_LID_NOISES = 5.0
# Lids that moved fast pass as measured for the first time and fade back in the second; seconds.
_LID_HOLD_S, _LID_FADE_S = 0.1, 0.06
_SIDES = ("Left", "Right")
_LIDS = [INDEX[f"eyeBlink{side}"] for side in _SIDES]
# Squint and wide travel with the lid of their side; the lid alone would tear.
_LID_GROUPS = np.array(
    [[INDEX[f"eye{part}{side}"] for side in _SIDES] for part in ("Blink", "Squint", "Wide")]
)
_ANGLES = np.r_[HEAD_DEG, GAZE_DEG]
_UNSURE = np.zeros(1), np.zeros((1, COUNT))


@dataclass(frozen=True)
class LiveFilterSettings:
    """How values that arrive one at a time are calmed.

    Attributes:
        steadiness: 0 responsive (not filtered) to 1 steady, by part of the face
            (``columns.PARTS``); a part left out is not filtered.
        gain: How far each part moves, 1 as measured, by part of the face; see ``gain``. Neutral
            is 0: centre the head before.
        keep_blinks: Lids that move fast pass as they are.
        gap_policy: "HOLD" keeps the last values while there is no face, "EASE" lets them glide
            to neutral.
        gap_hold_s: Seconds that "EASE" waits first.
        gap_ease_s: Seconds that the way to neutral takes.

    Raises:
        ValueError: A part or the policy is unknown, or a number out of its range.
    """

    steadiness: Mapping[str, float] = field(default_factory=lambda: dict(DEFAULT_STEADINESS))
    gain: Mapping[str, float] = field(default_factory=dict)
    keep_blinks: bool = True
    gap_policy: str = "HOLD"
    gap_hold_s: float = 0.5
    gap_ease_s: float = 0.5

    def __post_init__(self) -> None:
        if self.gap_policy not in GAP_POLICIES:
            raise ValueError(f"unknown gap policy {self.gap_policy!r}, not one of {GAP_POLICIES}")
        steadiness = part_columns(self.steadiness, 0.0)
        if not ((steadiness >= 0) & (steadiness <= 1)).all():
            raise ValueError(f"steadiness is 0 to 1: {dict(self.steadiness)}")
        gain_columns(self.gain)
        if not (self.gap_hold_s >= 0 and self.gap_ease_s >= 0):
            raise ValueError(f"seconds of a gap: {self.gap_hold_s}, {self.gap_ease_s}")


class LiveFilter:
    """Filters rows as they come. Head and gaze angles come out unwrapped, without jumps of 360.

    Args:
        settings: How; may be exchanged at any time. What changes travels for a quarter of a second.
    """

    def __init__(self, settings: LiveFilterSettings | None = None) -> None:
        self._euro = OneEuro(np.inf, 0.0, _SLOPE_HZ)
        self._settings = settings or LiveFilterSettings()
        self._goal = _knobs(self._settings)
        self.reset()

    @property
    def settings(self) -> LiveFilterSettings:
        """How it filters."""
        return self._settings

    @settings.setter
    def settings(self, settings: LiveFilterSettings) -> None:
        if settings != self._settings:
            self._settings, self._goal = settings, _knobs(settings)

    def reset(self) -> None:
        """Forgets everything that was seen; the settings stay and apply at once."""
        self._euro.reset()
        self._knobs = self._goal
        self._set_constants()
        self._latest: FaceTrack | None = None
        self._measured: np.ndarray | None = None  # of the last frame with a face
        self._seen_s = 0.0
        self._shown = np.full(WIDTH, np.nan)  # the last values given, before gain
        self._left = self._shown  # what was shown when the face went, or when it came back
        self._waiting = False
        self._away = 0.0  # share of the way to neutral
        self._returned_s: float | None = None  # while it eases back
        self._lids_moved_s = np.full(2, -np.inf)

    def filter(self, row: FaceTrack) -> FaceTrack:
        """The values to show for the next frame.

        Args:
            row: One frame, later than the one before, on any clock; with a face or without.

        Returns:
            One frame at the same time. Valid from the first face on; a frame without a face, or
            with a value that is no finite number, has confidence 0. A row that is not later than
            the one before gives the last frame again.

        Raises:
            ValueError: ``row`` is not one frame.
        """
        if len(row) != 1:
            raise ValueError(f"one frame at a time, not {len(row)}")
        time_s = float(row.time_s[0])
        step_s = 0.0
        if self._latest is not None:
            step_s = time_s - float(self._latest.time_s[0])
            if not step_s > 0:
                return self._latest
            self._turn_knobs(step_s)
        measured = to_matrix(row)[0]
        seen = bool(row.valid[0] and np.isfinite(measured).all())
        if seen:
            self._follow(measured, column_confidence(row)[0], time_s)
        elif self._measured is not None:
            self._wait(step_s, time_s)
        self._latest = self._row(row, seen)
        return self._latest

    def _follow(self, measured: np.ndarray, confidence: np.ndarray, time_s: float) -> None:
        """A frame with a face: the next values to show."""
        before = measured if self._measured is None else self._measured
        gone_s = 0.0 if self._measured is None else time_s - self._seen_s
        measured[_ANGLES] -= 360 * np.round((measured[_ANGLES] - before[_ANGLES]) / 360)
        self._measured, self._seen_s = measured, time_s
        returning = self._returned_s is not None
        if self._waiting:
            jumps = returning or self._away or gone_s > _SHORT_GAP_S
        else:
            jumps = gone_s > _SILENCE_S and not returning
        if jumps:
            self._euro.reset()
            self._left, self._returned_s = self._shown, time_s
        self._waiting, self._away = False, 0.0
        noise = _NOISE + _DOUBT_NOISE * np.sqrt(np.maximum(1 - confidence, 0))
        self._euro.noise = noise * self._noises
        calm = self._euro(measured, time_s)
        if self._keep_blinks and gone_s:
            haste = (measured[_LIDS] - before[_LIDS]) / gone_s
            calm = self._pass_blinks(measured, calm, haste, noise[_LIDS], time_s)
        if self._returned_s is not None:
            share = smoothstep((time_s - self._returned_s) / _RETURN_S)
            calm = self._left + share * (calm - self._left)
            if share == 1:
                self._returned_s = None
        self._shown = calm

    def _pass_blinks(self, measured, calm, haste, noise, time_s: float) -> np.ndarray:
        """Lids as measured while they move fast, clear of their noise, and shortly after."""
        rise = np.abs(measured[_LIDS] - self._shown[_LIDS])
        clear = np.maximum(0.25 * BLINK.prominence, _LID_NOISES * noise)
        fast = (np.abs(haste) >= BLINK.speed) & (rise >= clear)
        self._lids_moved_s[fast] = time_s
        left_s = self._lids_moved_s + (_LID_HOLD_S + _LID_FADE_S) - time_s
        share = self._keep_blinks * np.clip(left_s / _LID_FADE_S, 0, 1)
        if share.any():
            calm = calm.copy()
            calm[_LID_GROUPS] += share * (measured[_LID_GROUPS] - calm[_LID_GROUPS])
            self._euro.jump(calm)
        return calm

    def _wait(self, step_s: float, time_s: float) -> None:
        """A frame without a face after one with: the next values to show."""
        if not self._waiting:
            self._waiting, self._left, self._away = True, self._shown, 0.0
        settings = self._settings
        if settings.gap_policy == "EASE" and time_s - self._seen_s > settings.gap_hold_s:
            self._away = min(1.0, self._away + step_s / max(settings.gap_ease_s, 1e-6))
            self._shown = (1 - smoothstep(self._away)) * self._left

    def _row(self, row: FaceTrack, seen: bool) -> FaceTrack:
        """What is shown, at the time of a row."""
        valid = np.array([self._measured is not None])
        values = scale_columns(self._shown, self._gain)[None]
        sure = (row.confidence, row.channel_confidence) if seen else _UNSURE
        return from_matrix(row.time_s, valid, sure, values)

    def _turn_knobs(self, step_s: float) -> None:
        """Settings travel to where they were set."""
        if self._knobs is not self._goal:
            way = step_s / _SETTING_S
            self._knobs = np.clip(self._goal, self._knobs - way, self._knobs + way)
            if (self._knobs == self._goal).all():
                self._knobs = self._goal
            self._set_constants()

    def _set_constants(self) -> None:
        """The constants of the filters at the knobs' positions."""
        steadiness, self._gain, keep = np.split(self._knobs, [WIDTH, 2 * WIDTH])
        self._keep_blinks = float(keep[0])
        with np.errstate(divide="ignore"):
            self._euro.minimum_cutoff_hz = _REST_HZ * steadiness ** (-4 / 3)
        self._euro.beta = _SPEED_HZ / np.maximum(steadiness, 0.05) / _RANGE
        self._noises = _NOISES * steadiness * _RANGE


def _knobs(settings: LiveFilterSettings) -> np.ndarray:
    """Every setting that can travel, as one row: steadiness, gain, whether blinks are kept."""
    steadiness = part_columns(settings.steadiness, 0.0)
    return np.r_[steadiness, gain_columns(settings.gain), float(settings.keep_blinks)]
