# SPDX-License-Identifier: GPL-3.0-or-later
"""The figures of one clip and contestant, and the tables of the accuracy benchmark."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.support import weight_errors as errors
from benchmarks.support.truth import Truth
from engine.core.arkit import INDEX
from engine.core.types import FaceTrack

# MediaPipe's blend-shape network knows no tongue, so it takes no part in the means.
_TONGUE = "tongueOut"
_WORST = 8


@dataclass(frozen=True)
class Figures:
    """One contestant on one clip.

    Attributes:
        faceless: Frames in which no face was found.
        weights: All shapes without the tongue.
        tongue: Correlation of the tongue; NaN where the clip does not show it.
        head: Degrees.
        place: Centimetres, or None where the truth is not known.
        blinks: Of the left eye.
        blink_peak: How far it closes in true blinks, 1 at best.
        solve_ms: Processor time of the solve alone, a frame; NaN for Google's package.
    """

    faceless: int
    weights: errors.WeightErrors
    tongue: float
    head: errors.AxisErrors
    place: errors.AxisErrors | None
    blinks: errors.Blinks
    blink_peak: float
    solve_ms: float


def measure(truth: Truth, track: FaceTrack, solve_ms: float) -> Figures:
    """Compare a track with the truth, row by row."""
    if len(track) != len(truth.weights):
        raise SystemExit(f"{truth.video.name}: {len(track)} frames, not {len(truth.weights)}")
    solved = track.weights[:, [INDEX[name] for name in truth.names]]
    face = [i for i, name in enumerate(truth.names) if name != _TONGUE]
    rest = [i for i, name in enumerate(truth.names) if name == _TONGUE]
    tongue = errors.compare_weights(truth.weights[:, rest], solved[:, rest], [_TONGUE])
    blink = truth.names.index("eyeBlinkLeft")
    true_blinks = errors.blink_spans(truth.weights[:, blink])
    return Figures(
        int((~track.valid).sum()),
        errors.compare_weights(
            truth.weights[:, face], solved[:, face], [truth.names[i] for i in face]
        ),
        tongue.mean_correlation,
        errors.compare_axes(truth.head_deg, track.head_deg),
        None if truth.head_cm is None else errors.compare_axes(truth.head_cm, track.head_cm),
        errors.compare_blinks(true_blinks, errors.blink_spans(solved[:, blink])),
        errors.blink_peak(true_blinks, solved[:, blink]),
        solve_ms,
    )


@dataclass(frozen=True)
class _Row:
    """A line of the table: its name, format, and how to read it; an error is better small."""

    name: str
    form: str
    read: Callable[[Figures], float]
    is_error: bool = True


def _place(axes: slice) -> Callable[[Figures], float]:
    return lambda f: np.nan if f.place is None else float(f.place.shape[axes].mean())


_ROWS = (
    _Row("mean correlation", ".3f", lambda f: f.weights.mean_correlation, is_error=False),
    _Row("shapes under 0.5", ".3g", lambda f: len(f.weights.worst())),
    _Row("error where active", ".3f", lambda f: f.weights.active),
    _Row("weight where truth is 0", ".4f", lambda f: f.weights.false_activation),
    _Row("tongueOut, correlation", ".3f", lambda f: f.tongue, is_error=False),
    _Row("blinks close to", ".2f", lambda f: f.blink_peak, is_error=False),
    _Row("head angle, degrees", ".2f", lambda f: f.head.mean.mean()),
    _Row("  pitch", ".2f", lambda f: f.head.mean[0]),
    _Row("  yaw", ".2f", lambda f: f.head.mean[1]),
    _Row("  roll", ".2f", lambda f: f.head.mean[2]),
    _Row("  worst axis", ".2f", lambda f: f.head.mean.max()),
    _Row("  less a constant", ".2f", lambda f: f.head.shape.mean()),
    _Row("  less a constant, worst axis", ".2f", lambda f: f.head.shape.max()),
    _Row("sideways less a constant, cm", ".2f", _place(slice(0, 2))),
    _Row("depth less a constant, cm", ".2f", _place(slice(2, 3))),
    _Row("jitter", ".5f", lambda f: f.weights.jitter),
    _Row("solve alone, ms a frame", ".3f", lambda f: f.solve_ms, is_error=False),
)
_BLINKS, _FACELESS = "blinks true/found/false", "frames without a face"


def clip_table(results: Mapping[str, Figures]) -> str:
    """One clip: a line a figure, a column a contestant, then the worst shapes of each."""
    lines = [_line("", results)]
    lines += _lines(_ROWS, {name: [figures] for name, figures in results.items()})
    lines.append(_line(_BLINKS, [_counts([f.blinks]) for f in results.values()]))
    lines.append(_line(_FACELESS, [str(f.faceless) for f in results.values()]))
    for name, figures in results.items():
        worst = figures.weights.worst()[:_WORST]
        shown = (f"{shape} {figures.weights.correlation[shape]:.2f}" for shape in worst)
        lines.append(f"worst of {name}: {', '.join(shown) or 'none under 0.5'}")
    return "\n".join(lines)


def overall_table(results: Mapping[str, Sequence[Figures]], reference: str) -> str:
    """Means over the clips, and how each contestant's compare with the reference's.

    Args:
        results: Contestant -> figures, clip by clip in the same order.
        reference: The contestant that the others are divided by.
    """
    lines = [_line("mean of the clips", results)]
    lines += _lines(_ROWS, results)
    lines.append(_line(_BLINKS, [_counts([f.blinks for f in all_]) for all_ in results.values()]))
    faceless = [str(sum(f.faceless for f in all_)) for all_ in results.values()]
    lines.append(_line(_FACELESS, faceless))
    others = [name for name in results if name != reference]
    if reference in results and others:
        lines.append("")
        lines.append(_line(f"errors, {reference}'s / ours", others))
        for row in _ROWS:
            if row.is_error and not np.isnan(base := _mean(row, results[reference])):
                ratios = (base / max(_mean(row, results[name]), 1e-9) for name in others)
                lines.append(_line(row.name, [f"{ratio:.2f}x" for ratio in ratios]))
    return "\n".join(lines)


def _lines(rows: Sequence[_Row], results: Mapping[str, Sequence[Figures]]) -> list[str]:
    lines = []
    for row in rows:
        values = [_mean(row, figures) for figures in results.values()]
        if not np.isnan(values).all():
            cells = ("-" if np.isnan(value) else f"{value:{row.form}}" for value in values)
            lines.append(_line(row.name, cells))
    return lines


def _mean(row: _Row, figures: Sequence[Figures]) -> float:
    values = np.array([row.read(f) for f in figures], float)
    return float(np.nanmean(values)) if np.isfinite(values).any() else np.nan


def _counts(blinks: Sequence[errors.Blinks]) -> str:
    return "/".join(str(sum(getattr(b, k) for b in blinks)) for k in ("true", "found", "false"))


def _line(name: str, cells) -> str:
    return f"{name:30}" + "".join(f"{cell:>13}" for cell in cells)
