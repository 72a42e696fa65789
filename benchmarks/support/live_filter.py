# SPDX-License-Identifier: GPL-3.0-or-later
"""How calm the live filter is and what that costs in time, beside others.

Jitter is the standard deviation of a value while nothing moves: of one picture of each clip that a
noisy camera films for three seconds, and of the clip's own stillest second after its slow movement
is taken away. Lag is how much later than the raw signal a movement stands at a share of its way.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.support.live_faces import CUT_FRAMES, Face, face, stillest, synthetic_still
from benchmarks.support.real_blinks import SeenBlinks, seen_blinks
from benchmarks.support.weight_errors import blink_peak
from engine.core.arkit import INDEX, NAMES, REGION_INDICES
from engine.core.one_euro import OneEuro
from engine.core.types import FaceTrack
from engine.filters.columns import (
    HEAD_DEG,
    PARTS,
    WEIGHTS,
    WIDTH,
    confidences,
    from_matrix,
    to_matrix,
)
from engine.filters.live import LiveFilter, LiveFilterSettings
from engine.filters.smooth import smooth
from engine.solve.steady import Causal

Filter = Callable[[FaceTrack], FaceTrack]
_RATE = 30
# Movements begin at these shares of a frame's time; lags are means over them.
_PHASES = np.arange(8) / 8
# Frames that a filter gets to settle before its jitter counts.
_SETTLED = 15
# Slower than this, a real face's movement is no jitter: strength of the zero-phase smoothing.
_DRIFT = dict.fromkeys(PARTS, 1.0)
_SPOKEN = [*REGION_INDICES["jaw"], *REGION_INDICES["mouth"]]


def filters() -> dict[str, Filter]:
    """By name; the first leaves everything as it is."""
    scale = (0.0, 0.25, 0.5, 0.75, 1.0)
    settings = {
        f"steadiness {each:g}": LiveFilterSettings(dict.fromkeys(PARTS, each)) for each in scale
    }
    settings["default"] = LiveFilterSettings()
    ours = {
        name: lambda track, how=how: _one_by_one(track, LiveFilter(how).filter)
        for name, how in settings.items()
    }
    return {**ours, "plain One Euro, 1 Hz, 0.007": _plain, "take solve --causal": _causal}


def run() -> None:
    """Measure and print every table."""
    seen = _clips()
    faces = [face(each.clip) for each in seen]
    print(f"\nStill faces of {len(faces)} clips" if faces else "\nNo clips: a synthetic still face")
    print(jitter_table(faces))
    print(f"\nLag in ms at {_RATE} frames a second, at 50 % and 90 % of the way")
    print(lag_table())
    print("\nBlinks: closing 80 ms, shut 40, opening 160; and those of the clips, seen by eye")
    print(blink_table(seen, faces))
    if faces:
        print("\nSpeech and expressions of the clips, jaw and mouth")
        print(movement_table(faces))
        print("\nA hard cut to the picture with the widest mouth: ms until jawOpen stands there")
        print(cut_table(faces))
    print(f"\nCost: {cost_us():.0f} µs a frame, median")


def _clips() -> list[SeenBlinks]:
    try:
        return seen_blinks()
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"the sample clips cannot be fetched: {error}")
        return []


@dataclass(frozen=True)
class Jitter:
    """Standard deviations over time: float64 (clips, 52) of weights, (clips, 3) of degrees."""

    weights: np.ndarray
    head_deg: np.ndarray

    @classmethod
    def of(cls, tracks: Sequence[FaceTrack]) -> Jitter:
        """Of still faces."""
        spread = np.stack([to_matrix(track[track.valid]).std(axis=0) for track in tracks])
        return cls(spread[:, WEIGHTS], spread[:, HEAD_DEG])

    def cells(self, raw: Jitter) -> list[str]:
        """Mean, as a share of the raw one, worst channel, and the head's."""
        worst = int(self.weights.max(axis=0).argmax())
        share = self.weights.mean() / raw.weights.mean()
        return [
            f"{self.weights.mean():.4f}",
            f"{share:.0%}",
            f"{self.weights.max():.3f} {NAMES[worst]}",
            f"{self.head_deg.mean():.3f}",
            f"{self.head_deg.mean() / raw.head_deg.mean():.0%}",
        ]


def jitter_table(faces: Sequence[Face]) -> str:
    """Pictures held still; then the stillest second of each clip, its drift taken away."""
    stills = [each.still for each in faces] or [synthetic_still()]
    rows = [("held still", "mean", "of raw", "worst", "head °", "of raw")]
    raw = Jitter.of([still[_SETTLED:] for still in stills])
    for name, work in filters().items():
        rows.append((name, *Jitter.of([work(still)[_SETTLED:] for still in stills]).cells(raw)))
    rivals = [each.rival_still[_SETTLED:] for each in faces if each.rival_still is not None]
    if rivals:
        rows.append(("MediaPipe's own weights", *Jitter.of(rivals).cells(raw)))
    if faces:
        rows.append(("stillest second", *rows[0][1:]))
        raw = Jitter.of([_without_drift(each.live, each.live) for each in faces])
        for name, work in filters().items():
            calm = [_without_drift(each.live, work(each.live)) for each in faces]
            rows.append((name, *Jitter.of(calm).cells(raw)))
    return _table(rows)


def _without_drift(live: FaceTrack, filtered: FaceTrack) -> FaceTrack:
    """The stillest second of a filtered clip, as its distance from itself smoothed."""
    second = slice(*stillest(live))
    part = filtered[second]
    rest = to_matrix(part) - to_matrix(smooth(part, _DRIFT, keep_blinks=False, keep_lips=False))
    return from_matrix(part.time_s, part.valid, confidences(part), rest)


def lag_table() -> str:
    """Clean movements of one weight and of the head, the solver quite sure (0.95)."""
    columns = {
        "step to 0.5": ("jawOpen", 0.5, 0.0),
        "0.5 in 120 ms": ("jawOpen", 0.5, 0.12),
        "0.15 in 120 ms": ("jawOpen", 0.15, 0.12),
        "1 in 400 ms": ("jawOpen", 1.0, 0.4),
        "head 20° in 350 ms": ("", 20.0, 0.35),
    }
    rows = [("", *columns)]
    for name, work in filters().items():
        cells = (" / ".join(map(_whole, _lags_ms(work, *each))) for each in columns.values())
        rows.append((name, *cells))
    return _table(rows)


def _lags_ms(work: Filter, name: str, size: float, length_s: float) -> tuple[float, float]:
    """How much later 50 % and 90 % of a movement are reached; the head yaws for no name."""
    late = []
    for phase in _PHASES:
        time_s = np.arange(-_RATE, 2 * _RATE) / _RATE
        x = np.clip((time_s - phase / _RATE) / max(length_s, 1e-6), 0, 1)
        raw = size * x**3 * (10 - 15 * x + 6 * x**2)
        out = to_matrix(work(_moving(time_s, {name: raw})))[:, _column(name)]
        late.append([_reached_s(time_s, out, raw, size * share) for share in (0.5, 0.9)])
    return tuple(1000 * np.mean(late, axis=0))


def _column(name: str) -> int:
    return INDEX[name] if name else HEAD_DEG.start + 1


def _moving(time_s: np.ndarray, values: dict[str, np.ndarray]) -> FaceTrack:
    """A face at rest in which some columns move."""
    count = len(time_s)
    matrix = np.zeros((count, WIDTH))
    for name, column in values.items():
        matrix[:, _column(name)] = column
    sure = np.ones(count), np.full((count, len(NAMES)), 0.95)
    return from_matrix(time_s, np.ones(count, bool), sure, matrix)


def _reached_s(time_s: np.ndarray, out: np.ndarray, raw: np.ndarray, level: float) -> float:
    """Seconds from the raw curve's crossing of a level to the filtered one's."""
    crossings = []
    for curve in (raw, out):
        row = int(np.argmax(curve >= level))
        if not row:
            return np.inf
        share = (level - curve[row - 1]) / (curve[row] - curve[row - 1])
        crossings.append(time_s[row - 1] + share * (time_s[row] - time_s[row - 1]))
    return crossings[1] - crossings[0]


def blink_table(seen: Sequence[SeenBlinks], faces: Sequence[Face]) -> str:
    """How far lids close, and how late."""
    rows = [("", "peak kept", "closing ms", "largest error", "clips: peak", "of raw")]
    peaks = {name: _real_peak(work, seen, faces) for name, work in filters().items()}
    raw = next(iter(peaks.values()))
    for name, work in filters().items():
        kept, late, error = [], [], []
        for phase in _PHASES:
            time_s = (np.arange(-_RATE, 2 * _RATE) + phase) / _RATE
            lid = np.interp(time_s, (0, 0.08, 0.12, 0.28), (0, 1, 1, 0))
            track = _moving(time_s, {"eyeBlinkLeft": lid, "eyeBlinkRight": lid})
            out = work(track).weights[:, INDEX["eyeBlinkLeft"]]
            kept.append(out.max() / lid.max())
            late.append(1000 * _reached_s(time_s, out, lid, 0.5))
            error.append(np.abs(out - lid).max())
        cells = [f"{np.mean(kept):.0%}", _whole(np.mean(late)), f"{np.max(error):.2f}"]
        cells += [f"{peaks[name]:.3f}", f"{peaks[name] / raw:.0%}"] if faces else ["", ""]
        rows.append((name, *cells))
    return _table(rows)


def _real_peak(work: Filter, seen: Sequence[SeenBlinks], faces: Sequence[Face]) -> float:
    """How far the left lid closes in the blinks of the clips, mean of the clips."""
    closed = [
        blink_peak(each.blinks, work(clip.live).weights[:, INDEX["eyeBlinkLeft"]])
        for each, clip in zip(seen, faces, strict=True)
        if each.blinks
    ]
    return float(np.mean(closed)) if closed else np.nan


def movement_table(faces: Sequence[Face]) -> str:
    """How late what is said comes: the shift at which a clip fits its own raw values best."""
    rows = [("", "delay ms", "largest error, mean of clips")]
    for name, work in filters().items():
        delays, errors = [], []
        for each in faces:
            live = each.live[each.live.valid]
            out = work(live)
            delays.append(_delay_ms(live, out))
            errors.append(np.abs(live.weights - out.weights)[:, _SPOKEN].max())
        rows.append((name, f"{np.mean(delays):.0f}", f"{np.mean(errors):.2f}"))
    return _table(rows)


def _delay_ms(raw: FaceTrack, out: FaceTrack) -> float:
    """The shift in time, in ms, after which filtered jaw and mouth lie nearest to the raw ones."""
    shifts_s = np.arange(0, 0.4, 0.002)
    inner = raw.time_s > raw.time_s[0] + shifts_s[-1]
    errors = [
        sum(
            np.mean((np.interp(raw.time_s[inner] - s, raw.time_s, a) - b[inner]) ** 2)
            for a, b in zip(raw.weights[:, _SPOKEN].T, out.weights[:, _SPOKEN].T, strict=True)
        )
        for s in shifts_s
    ]
    return 1000 * float(shifts_s[int(np.argmin(errors))])


def cut_table(faces: Sequence[Face]) -> str:
    """Milliseconds from the first frame of the other picture, whole frames, mean of clips."""
    rows = [("", "to 50 %", "to 90 %", "clips")]
    cuts = {name: [work(each.cut) for each in faces] for name, work in filters().items()}
    if faces[0].rival_cut is not None:
        cuts["MediaPipe's own weights"] = [each.rival_cut for each in faces]
    for name, tracks in cuts.items():
        frames = [found for track in tracks if (found := _frames_to_arrive(track))]
        cells = (f"{1000 * ms / _RATE:.0f}" for ms in np.mean(frames, axis=0))
        rows.append((name, *cells, str(len(frames))))
    return _table(rows)


def _frames_to_arrive(cut: FaceTrack) -> tuple[int, int] | None:
    """Frames after a cut until jawOpen is at 50 % and 90 % of its way; None for a short way."""
    jaw = cut.weights[:, INDEX["jawOpen"]].astype(np.float64)
    start, end = jaw[CUT_FRAMES - 5 : CUT_FRAMES].mean(), jaw[-5:].mean()
    if not end - start > 0.15:
        return None
    way = (jaw[CUT_FRAMES:] - start) / (end - start)
    return tuple(int(np.argmax(way >= share)) for share in (0.5, 0.9))


def cost_us() -> float:
    """Microseconds that a frame costs at the default settings, median."""
    still = synthetic_still()
    rows = [still[i : i + 1] for i in range(len(still))]
    live, spent = LiveFilter(), []
    for row in rows:
        started = time.perf_counter()
        live.filter(row)
        spent.append(time.perf_counter() - started)
    return 1e6 * float(np.median(spent))


def _one_by_one(track: FaceTrack, follow: Callable[[FaceTrack], FaceTrack]) -> FaceTrack:
    return FaceTrack.concatenate([follow(track[i : i + 1]) for i in range(len(track))])


def _plain(track: FaceTrack) -> FaceTrack:
    """The published filter at its usual constants, for every value alike."""
    euro = OneEuro(1.0, 0.007, 1.0)
    return _columns(track, lambda row, time_s: euro(row, time_s))


def _causal(track: FaceTrack) -> FaceTrack:
    """What the solver does where it may not look ahead; a head's range is 30."""
    scale = np.where(np.arange(WIDTH) < WEIGHTS.stop, 1.0, 30.0)
    causal = Causal()
    return _columns(track, lambda row, time_s: scale * causal(time_s, row / scale))


def _columns(track: FaceTrack, follow: Callable[[np.ndarray, float], np.ndarray]) -> FaceTrack:
    """A filter of rows of numbers; frames without a face stay as they are."""
    matrix = to_matrix(track)
    for row in np.flatnonzero(track.valid):
        matrix[row] = follow(matrix[row], float(track.time_s[row]))
    return from_matrix(track.time_s, track.valid, confidences(track), matrix)


def _whole(milliseconds: float) -> str:
    return str(round(milliseconds)) if np.isfinite(milliseconds) else "never"


def _table(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join(
        row[0].ljust(widths[0])
        + "".join(f"  {cell:>{width}}" for cell, width in zip(row[1:], widths[1:], strict=True))
        for row in rows
    )
