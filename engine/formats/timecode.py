# SPDX-License-Identifier: GPL-3.0-or-later
"""Timecode labels ``HH:MM:SS:FF.sub`` and seconds.

A label names a frame, not a moment: at 29.97 frames a second labels count 30 to a second.
Drop-frame timecode (SMPTE ST 12-1) leaves out the labels of the first 2 (30) or 4 (60) frames of
every minute but each tenth, so that the labels keep up with the clock.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from .foreign_take import Start, unreadable

# Frames that a label can count to, by what cameras and phones do; 1000: milliseconds.
_BASES = (24, 25, 30, 48, 50, 60, 100, 120, 240, 1000)
_USUAL_BASE = 60
_LABEL = re.compile(r"(\d{1,2}):(\d{1,2}):(\d{1,2})[:;](\d{1,4}(?:\.\d{1,9})?)", re.ASCII)


@dataclass(frozen=True)
class Counting:
    """How labels count.

    Attributes:
        base: Labels in a second, e.g. 30 for 29.97.
        rate: Frames in a second.
        drop: Whether labels are left out.
    """

    base: int
    rate: Fraction
    drop: bool = False

    @property
    def left_out(self) -> int:
        """Labels left out at the start of a minute."""
        return self.base // 15 if self.drop else 0

    def describe(self) -> str:
        """``60 frames/s``, ``29.97 frames/s, drop-frame``."""
        shown = f"{float(self.rate):.3f}".rstrip("0").rstrip(".")
        return f"{shown} frames/s{', drop-frame' if self.drop else ''}"


def counting_of(fps: float, drop: bool = False) -> Counting:
    """Counting at a rate that was named; 29.97 and the like mean the exact 30000/1001."""
    base = max(1, round(fps))
    exact = Fraction(base * 1000, 1001)
    if abs(fps - base) > 1e-6 and abs(fps - float(exact)) < base / 1500:
        return Counting(base, exact, drop and base % 30 == 0)
    return Counting(base, Fraction(fps).limit_denominator(1001))


@dataclass(frozen=True)
class Labels:
    """Timecode of T frames.

    Attributes:
        fields: float64 (T, 4): hours, minutes, seconds, frames with their fraction.
        semicolon: Whether a semicolon stands before the frames, the sign of drop-frame.
    """

    fields: np.ndarray
    semicolon: bool


def parse_labels(name: str, texts: list[str]) -> Labels:
    """Read labels.

    Raises:
        FacewrightError: ``file-unreadable``; ``name`` is the file.
    """
    fields = np.empty((len(texts), 4))
    for row, text in enumerate(texts):
        match = _LABEL.fullmatch(text.strip())
        if match is None:
            raise unreadable(name, f'"{text[:40]}" is no timecode (row {row + 2})')
        fields[row] = [float(part) for part in match.groups()]
    return Labels(fields, any(";" in text for text in texts[:100]))


def find_counting(labels: Labels, fps: float | None) -> tuple[Counting, str]:
    """How the labels count, and a sentence on how that is known.

    A file does not tell its rate. Where the labels pass a full second, the step over it tells how
    far they count; where they do not, 60 is taken, Live Link Face's usual rate.

    Args:
        labels: Of at least one frame.
        fps: The rate that the person named, or None.
    """
    if fps is not None:
        counting = counting_of(fps)
        if counting.rate != counting.base:
            counting = counting_of(fps, labels.semicolon or not _has_left_out(labels, counting))
        return counting, f"Timecode read at {counting.describe()}, as asked for."
    base, seen = _guess_base(labels)
    drop = labels.semicolon or _skips_minutes(labels, base)
    if drop and base in (30, 60):
        counting = Counting(base, Fraction(base * 1000, 1001), True)
    else:
        counting = Counting(base, Fraction(base))
    how = "told by the labels" if seen else "a guess, as the take is too short to tell"
    return counting, (
        f"Timecode read at {counting.describe()} ({how}); name another rate if that is wrong."
    )


def frame_numbers(fields: np.ndarray, counting: Counting) -> np.ndarray:
    """Numbers of frames since midnight, float64 (T,), for label fields (T, 4)."""
    hours, minutes, seconds, frames = fields.T
    minutes = hours * 60 + minutes
    number = (minutes * 60 + seconds) * counting.base + frames
    return number - counting.left_out * (minutes - np.floor(minutes / 10))


def seconds_of(name: str, labels: Labels, counting: Counting) -> np.ndarray:
    """Seconds of labels after the first one, float64 (T,); midnight may lie between.

    Raises:
        FacewrightError: ``file-unreadable``: the labels count further than the rate has frames.
    """
    highest = int(labels.fields[:, 3].max())
    if highest >= counting.base:
        raise unreadable(
            name,
            f"its timecode counts to frame {highest}, which {counting.describe()} does not have",
            "Leave the frame rate out, or name a higher one.",
        )
    number = frame_numbers(labels.fields, counting)
    day = frame_numbers(np.array([[24.0, 0.0, 0.0, 0.0]]), counting)[0]
    number = number + day * np.cumsum(np.concatenate([[0], np.diff(number) < -day / 2]))
    rate = counting.rate
    return (number - number[0]) * rate.denominator / rate.numerator


def start_of(labels: Labels, counting: Counting) -> Start:
    """When the first label was."""
    number = float(frame_numbers(labels.fields[:1], counting)[0])
    seconds = number * counting.rate.denominator / counting.rate.numerator
    return Start(seconds, counting.rate, counting.drop)


def label_of(number: float, counting: Counting) -> str:
    """The label of a frame since midnight, with a thousandth of a frame: ``01:02:03:04.567``."""
    thousandths = round(number * 1000)
    frame, part = divmod(thousandths, 1000)
    dropped = counting.left_out
    if dropped:
        in_ten = counting.base * 600 - dropped * 9
        in_one = counting.base * 60 - dropped
        tens, rest = divmod(frame, in_ten)
        frame += dropped * 9 * tens
        if rest >= counting.base * 60:
            frame += dropped * (1 + (rest - counting.base * 60) // in_one)
    seconds, frame = divmod(frame, counting.base)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    sign = ";" if counting.drop else ":"
    return f"{hours % 24:02d}:{minutes:02d}:{seconds:02d}{sign}{frame:02d}.{part:03d}"


def _whole_seconds(fields: np.ndarray) -> np.ndarray:
    return fields[:, 0] * 3600 + fields[:, 1] * 60 + fields[:, 2]


def _usual_step(labels: Labels) -> float | None:
    """Frames from row to row inside a second, or None."""
    inside = np.diff(_whole_seconds(labels.fields)) == 0
    steps = np.diff(labels.fields[:, 3])[inside]
    return float(np.median(steps[steps > 0])) if (steps > 0).any() else None


def _guess_base(labels: Labels) -> tuple[int, bool]:
    """Labels in a second, and whether they show it."""
    frames = labels.fields[:, 3]
    possible = [base for base in _BASES if base > frames.max()] or [int(frames.max()) + 1]
    step = _usual_step(labels)
    over = np.diff(_whole_seconds(labels.fields)) == 1
    if step is None or not over.any():
        return (_USUAL_BASE if _USUAL_BASE in possible else possible[0]), False
    counted = float(np.median(step - np.diff(frames)[over]))
    return min(possible, key=lambda base: abs(base - counted)), True


def _skips_minutes(labels: Labels, base: int) -> bool:
    """Whether the first labels of minutes are left out, as only drop-frame timecode does."""
    step = _usual_step(labels)
    fields = labels.fields
    over = (np.diff(_whole_seconds(fields)) == 1) & (fields[1:, 2] == 0)
    over &= fields[1:, 1] % 10 != 0
    if step is None or not over.any() or base % 30:
        return False
    left_out = step - np.diff(fields[:, 3])[over] - base
    return bool((np.abs(left_out + base // 15) < 0.5).all())


def _has_left_out(labels: Labels, counting: Counting) -> bool:
    """Whether labels are there that drop-frame timecode does not have."""
    _, minutes, seconds, frames = labels.fields.T
    first = (seconds == 0) & (minutes % 10 != 0) & (frames < counting.base // 15)
    return bool(first.any())
