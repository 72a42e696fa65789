# SPDX-License-Identifier: GPL-3.0-or-later
"""What a reader of face files gives back, and what all readers and writers share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TextIO

import numpy as np

from ..core.arkit import COUNT
from ..core.errors import FacewrightError
from ..core.types import FaceTrack

# Nine hours at 60 frames a second; a file that claims more is no take of a face.
MAX_FRAMES = 2_000_000
# A pause between frames is a gap if it is longer than both: formats without gaps leave frames out.
_PAUSE_S, _PAUSE_STEPS = 0.5, 5.0
# Between these a take's rate counts for its length: of few or crowded frames it tells nothing.
_SLOWEST, _FASTEST = 30.0, 240.0
# Weights are about 0 to 1 and angles are degrees: beyond this a number is damage.
_LARGEST = 1e5
_USUAL_RATES = tuple(
    Fraction(rate) * scale
    for rate in (24, 25, 30, 48, 50, 60, 100, 120)
    for scale in (1, Fraction(1000, 1001))
)


@dataclass(frozen=True)
class ReadOptions:
    """How a file is read.

    Attributes:
        format: Name of a format of ``foreign.FORMATS``; empty: told by its content.
        fps: Frames per second, where the file does not tell or tells it wrong; None: as the file
            has it.
    """

    format: str = ""
    fps: float | None = None


@dataclass(frozen=True)
class Start:
    """When a take began by the clock of its recorder.

    Attributes:
        seconds: Of second 0 since midnight, frames divided by ``rate``: at 29.97 frames a second
            without drop-frame they run behind the label.
        rate: Frames a second of the timecode, which the rows need not have.
        drop: Whether the timecode is drop-frame.
    """

    seconds: float
    rate: Fraction
    drop: bool = False

    def to_json(self) -> dict:
        """For the header of a take."""
        return {
            "seconds": self.seconds,
            "rate": [self.rate.numerator, self.rate.denominator],
            "drop": self.drop,
        }

    @staticmethod
    def from_json(told: object) -> Start | None:
        """What ``to_json`` gave; None for anything else."""
        try:
            seconds, (numerator, denominator) = float(told["seconds"]), told["rate"]
            rate = Fraction(numerator, denominator)
            drop = told["drop"] is True
        except (TypeError, KeyError, ValueError, ArithmeticError):
            return None
        usable = 0.0 <= seconds < 1e6 and 1 <= rate <= 1000
        return Start(seconds, rate, drop) if usable else None


@dataclass(frozen=True)
class WriteOptions:
    """How a file is written.

    Attributes:
        name: Name of the take, where the format has a place for it.
        fps: Frames per second of formats that have a frame rate; None: that of the take, or the
            format's usual one.
        start: When second 0 was, where the format has timecode; None: at midnight.
    """

    name: str = "Facewright"
    fps: float | None = None
    start: Start | None = None


@dataclass(frozen=True)
class ForeignTake:
    """A face file, read.

    Attributes:
        track: Its values, by our conventions.
        name: A name for the take.
        rate: Frames per second, as the file says or as its times have it.
        notes: Sentences for the person: what was guessed, left out or missing.
        start_timecode: Timecode of second 0, as in the file; else empty.
        start: The same as a time; None without timecode.
    """

    track: FaceTrack
    name: str
    rate: float
    notes: list[str] = field(default_factory=list)
    start_timecode: str = ""
    start: Start | None = None

    def facts(self) -> dict:
        """All but values and name: the keywords of ``takes.imported.write_imported_take``."""
        return {
            "rate": self.rate,
            "notes": self.notes,
            "start_timecode": self.start_timecode,
            "start": self.start.to_json() if self.start else None,
        }


def unreadable(name: str, why: str, hint: str = "") -> FacewrightError:
    """The error of every reader: the file's name, what is wrong in it, what to do."""
    hint = hint or "Export it again, or name its format if it was taken for another one."
    return FacewrightError(f"{name} cannot be read: {why}.", hint, "file-unreadable")


def build_track(
    name: str,
    time_s: np.ndarray,
    weights: np.ndarray,
    *,
    valid: np.ndarray | None = None,
    head_deg: np.ndarray | None = None,
    head_cm: np.ndarray | None = None,
    gaze_deg: np.ndarray | None = None,
) -> tuple[FaceTrack, list[str]]:
    """A track from the columns of a file, and what there is to say about them.

    Args:
        name: The file's.
        time_s: float64 (T,), seconds.
        weights: (T, 52), ARKit order. Columns that the file does not have are 0.
        valid: bool (T,), False where the file says that there is no face; None: always a face.
        head_deg, head_cm, gaze_deg: As in ``FaceTrack``; None where the file has none: rest.

    Raises:
        FacewrightError: ``file-unreadable``: no frame, too many, or no usable times, or one so
            late that keyframes up to it would fill the memory.
    """
    count = len(time_s)
    if not count:
        raise unreadable(name, "there is no frame in it")
    if count > MAX_FRAMES:
        raise unreadable(name, f"it has {count} frames, more than {MAX_FRAMES}")
    notes = []
    columns = [
        weights,
        np.zeros((count, 3)) if head_deg is None else head_deg,
        np.zeros((count, 3)) if head_cm is None else head_cm,
        np.zeros((count, 2, 2)) if gaze_deg is None else gaze_deg,
    ]
    valid = np.ones(count, bool) if valid is None else np.asarray(valid, bool)
    usable = np.ones(count, bool)
    for column in columns:
        # A comparison with NaN is False.
        usable &= (np.abs(column) < _LARGEST).reshape(count, -1).all(axis=1)
    if damaged := int((valid & ~usable).sum()):
        notes.append(f"{damaged} of {count} frames hold no usable numbers and became a gap.")
    valid = valid & usable
    kept = _rising(np.asarray(time_s, np.float64))
    if dropped := count - int(kept.sum()):
        notes.append(f"{dropped} of {count} frames do not come after the one before; left out.")
    if not kept.any():
        raise unreadable(name, "its times are no numbers")
    _check_length(name, np.asarray(time_s, np.float64)[kept])
    columns = [
        np.where(valid.reshape(-1, *(1,) * (column.ndim - 1)), column, np.nan)[kept]
        for column in columns
    ]
    valid = valid[kept]
    sure = np.where(valid[:, None], np.ones(COUNT), np.nan)
    track = FaceTrack(
        np.asarray(time_s, np.float64)[kept],
        valid,
        valid.astype(np.float32),
        sure.astype(np.float32),
        *(column.astype(np.float32) for column in columns),
    )
    with_gaps = pauses_as_gaps(track)
    if pauses := (len(with_gaps) - len(track)) // 2:
        notes.append(f"{pauses} pauses between frames became gaps.")
    return with_gaps, notes


def pauses_as_gaps(track: FaceTrack) -> FaceTrack:
    """The track with a frame without a face at both ends of each long pause between two faces.

    Nothing is known of a pause: without these frames values would glide from one end to the other.
    """
    if len(track) < 3:
        return track
    steps = np.diff(track.time_s)
    usual = float(np.median(steps))
    pauses = (steps > max(_PAUSE_S, _PAUSE_STEPS * usual)) & track.valid[:-1] & track.valid[1:]
    if not pauses.any():
        return track
    before, after = track.time_s[:-1][pauses], track.time_s[1:][pauses]
    edges = np.concatenate([before + usual, after - usual])
    order = np.argsort(np.concatenate([track.time_s, edges]), kind="stable")
    columns = {"time_s": edges, "valid": np.zeros(len(edges), bool)}
    for name in FaceTrack.SHAPES:
        values = getattr(track, name)
        nothing = 0.0 if name == "confidence" else np.nan
        added = columns.get(name, np.full((len(edges), *values.shape[1:]), nothing, np.float32))
        columns[name] = np.concatenate([values, added])[order]
    return FaceTrack(**columns)


def _check_length(name: str, time_s: np.ndarray) -> None:
    """Refuse times that would make a shot of more than ``MAX_FRAMES``, however few frames tell."""
    longest = MAX_FRAMES / min(max(rate_of(time_s), _SLOWEST), _FASTEST)
    end = float(time_s[-1]) - min(float(time_s[0]), 0.0)
    if end > longest:
        raise unreadable(
            name,
            f"its last frame is at {end:,.0f} s, beyond {longest / 3600:.1f} hours",
            "One of its times is wrong: mend it, or name the frame rate.",
        )


def _rising(time_s: np.ndarray) -> np.ndarray:
    """Which frames come later than all before them, bool (T,)."""
    usable = np.abs(time_s) < 1e9
    known = np.where(usable, time_s, -np.inf)
    before = np.concatenate([[-np.inf], np.maximum.accumulate(known)[:-1]])
    return usable & (known > before)


def rate_of(time_s: np.ndarray, otherwise: float = 30.0) -> float:
    """Frames per second of times, snapped to a usual rate where they are within 0.3 % of one.

    Args:
        time_s: float64 (T,), rising.
        otherwise: For a single frame.
    """
    if len(time_s) < 2:
        return otherwise
    step = float(np.median(np.diff(time_s)))
    near = min(_USUAL_RATES, key=lambda rate: abs(float(rate) * step - 1.0))
    if abs(float(near) * step - 1.0) > 0.003:
        return 1.0 / step
    # The times of 30 and of 29.97 differ by a thousandth: the whole take tells more than a step.
    steps = np.rint(np.diff(time_s) / step).sum()
    span = float(time_s[-1] - time_s[0]) / steps
    return float(min(_USUAL_RATES, key=lambda rate: abs(float(rate) * span - 1.0)))


def missing_note(found: set[int], names: tuple[str, ...]) -> list[str]:
    """A sentence about names that a file does not have, if there are any."""
    missing = [name for index, name in enumerate(names) if index not in found]
    if not missing:
        return []
    listed = ", ".join(missing[:6]) + (" …" if len(missing) > 6 else "")
    return [f"{len(missing)} of {len(names)} shapes are not in the file and rest: {listed}."]


@contextmanager
def replaced_file(path: Path) -> Iterator[Path]:
    """A path to write to, whose file takes the place of ``path`` once all went well.

    Raises:
        FacewrightError: ``file-unwritable``; what was there is still there.
    """
    partial = path.with_name(f"{path.name}.part")
    try:
        yield partial
        partial.replace(path)
    except OSError as error:
        raise FacewrightError(
            f"{path} cannot be written ({error.strerror}).",
            "Choose a folder that exists, may be written to and has space.",
            "file-unwritable",
        ) from error
    finally:
        # Nothing is left after a success; a failure must not leave half a file.
        with suppress(OSError):
            partial.unlink(missing_ok=True)


@contextmanager
def new_file(path: Path) -> Iterator[TextIO]:
    """A text file that replaces ``path`` once it is complete.

    Raises:
        FacewrightError: ``file-unwritable``; what was there is still there.
    """
    with replaced_file(path) as partial, partial.open("w", newline="", encoding="utf-8") as file:
        yield file
