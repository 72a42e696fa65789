# SPDX-License-Identifier: GPL-3.0-or-later
"""How late the sound of a clip is against its picture.

What the lips are seen to do is compared with what they should do by the sound: open where it is
loud and where the sounds that are heard want it, shut at P, B and M, be round or broad. Every such
pair of curves is correlated over the possible delays, slow changes left out, and the delay at which
the pairs together fit best is the offset (as Chung and Zisserman, Out of time: automated lip sync
in the wild, 2016, but with curves that mean something instead of a network's own). How sure that is
comes from drawing the seconds of the clip again and again (Efron 1979): an offset that only some of
them support is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..core.arkit import INDEX as ARKIT_INDEX
from ..core.cues import Cue
from ..core.phones import INDEX
from ..core.types import FaceTrack
from .hearing import Heard
from .pieces import long_curves
from .speaking import speaking

RATE_HZ = 100
# Delays that are looked at, and those that can be told: a best fit at the edge is none.
REACH_S = 0.6
# Changes faster than the first and slower than the second are left out. Lips open and shut
# about five times a second.
_FAST_S, _SLOW_S = 0.02, 0.07
# Half a second before and after speech belongs to it: the lips part before and close after it.
_AROUND_S = 0.5
# Lips are seen where the solver is so sure of them.
_SEEN = 0.5
# Fewer seconds than this of speech with lips in sight tell nothing.
LEAST_SPOKEN_S = 3.0
# What the clip is drawn from, seconds; at most so many of them, and how often it is drawn.
_BLOCK_S, _MOST_BLOCKS, _DRAWS = 1.0, 120, 200
_MOST_ROWS = 60_000
# A draw supports the offset where its own is this near; so many have to. The fit has to be so
# good, as a sum over the pairs of the information in frames that are independent of each other:
# of 240 sounds of other sentences none whose draws agreed reached 32; 95 of 100 of 5 s of speech in
# step are above 36.
_NEAR_S = 0.04
_SUPPORT = 0.9
_LEAST_FIT = 36.0
# A curve without its slow changes is independent of itself after this time.
_INDEPENDENT_S = 0.06
_QUIETEST_DB = 50.0
# So late is the sound of GRID's clips by this measure. They were recorded in step, so it is what
# lips are ahead of what is heard, and what the curves of the mouth are wrong by.
_AHEAD_S = 0.012
# Nobody sees less.
IN_STEP_S = 0.015
_OPENING = {"jawOpen": 1.0, "mouthClose": -1.0, "mouthLowerDown": 0.3, "mouthUpperUp": 0.3}
_ROUNDING = {"mouthPucker": 1.0, "mouthFunnel": 1.0}
_SPREAD = {"mouthStretch": 1.0, "mouthSmile": 1.0}
# Below this the lips do not move: weights, standard deviation.
_STILL = 0.003


@dataclass(frozen=True)
class Offset:
    """How late a sound is.

    Attributes:
        late_s: Seconds by which the sound comes after the picture; below 0 it is early.
        within_s: Half the width in which two thirds of the draws are.
        confidence: Share 0..1 of the draws that support it.
        spoken_s: Seconds of speech with lips in sight that it is from.
        unsure: Why nothing should be said about it; empty where it is sure.
    """

    late_s: float = 0.0
    within_s: float = 0.0
    confidence: float = 0.0
    spoken_s: float = 0.0
    unsure: str = ""

    @property
    def is_sure(self) -> bool:
        """Whether it may be used."""
        return not self.unsure


def sentence(offset: Offset) -> str:
    """The offset in words; empty where it is not sure."""
    if not offset.is_sure:
        return ""
    late_ms, within_ms = round(offset.late_s * 100) * 10, max(round(offset.within_s * 1000), 5)
    if abs(offset.late_s) < IN_STEP_S:
        return f"Sound and picture are in step, give or take {within_ms} ms."
    way = "late" if late_ms > 0 else "early"
    return f"The sound is {abs(late_ms)} ms {way}, give or take {within_ms} ms."


def measure_offset(track: FaceTrack, heard: Heard, cues: Sequence[Cue]) -> Offset:
    """How late the sound is against the picture.

    Args:
        track: The face as it was seen.
        heard: The sound, from second 0 of the track's clock on.
        cues: What was decoded from it, on the same clock.

    Returns:
        The offset, unsure where there is too little to go by.
    """
    count = len(heard)
    if not count or len(track) < 2:
        return Offset(unsure="there is nothing to compare")
    times_s = (np.arange(count) + 0.5) / RATE_HZ
    seen, visible = _seen(track, times_s)
    counts = visible & speaking(cues, times_s, _AROUND_S)
    spoken_s = float((counts & speaking(cues, times_s)).sum()) / RATE_HZ
    if spoken_s < LEAST_SPOKEN_S:
        return Offset(spoken_s=spoken_s, unsure="too little is spoken with the lips in sight")
    if seen[counts, 0].std() < _STILL:
        return Offset(spoken_s=spoken_s, unsure="the lips hardly move")
    heard_curves = _heard(heard, cues, times_s)
    sums = _block_sums(_between(heard_curves), _between(seen), counts)
    fit = _fit(sums.sum(0))
    best = _peak(fit)
    draw = np.random.default_rng(0).multinomial(
        len(sums), np.full(len(sums), 1 / len(sums)), size=_DRAWS
    )
    drawn = _fit(np.tensordot(draw.astype(np.float64), sums, 1))
    found = np.array([_peak(one) for one in drawn])
    confidence = float((np.abs(found - best) <= _NEAR_S).mean())
    within_s = float(np.quantile(np.abs(found - best), 0.68))
    strength = float(fit.max()) * counts.sum() / RATE_HZ / _INDEPENDENT_S
    unsure, late_s = "", best - _AHEAD_S
    if strength < _LEAST_FIT or confidence < _SUPPORT:
        unsure = "lips and sound do not fit together clearly"
    elif abs(best) > REACH_S - _NEAR_S:
        unsure = f"the sound would be more than {REACH_S:g} s off"
    return Offset(late_s, within_s, confidence, spoken_s, unsure)


def shifted(cues: Sequence[Cue], seconds: float) -> list[Cue]:
    """Cues moved in time."""
    return [
        Cue(cue.start + seconds, cue.end + seconds, cue.viseme, cue.phone, cue.strength)
        for cue in cues
    ]


def _seen(track: FaceTrack, times_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What the lips do, (T, 5) one column for each of ``_heard``, and where they are in sight."""
    weights = np.where(track.valid[:, None], track.weights, np.nan)
    values = np.stack([_mix(weights, part) for part in (_OPENING, _ROUNDING, _SPREAD)], 1)
    known = np.isfinite(values).all(1)
    if known.sum() < 2:
        return np.zeros((len(times_s), 5)), np.zeros(len(times_s), bool)
    confidence = np.nan_to_num(track.channel_confidence)
    sure = _mix(confidence, {"jawOpen": 0.5, "mouthLowerDown": 0.25, "mouthUpperUp": 0.25})
    nearest = np.clip(np.searchsorted(track.time_s, times_s), 1, len(track) - 1)
    before = times_s - track.time_s[nearest - 1] < track.time_s[nearest] - times_s
    nearest = nearest - before
    visible = (known & (sure >= _SEEN))[nearest]
    visible &= (times_s >= track.time_s[0]) & (times_s <= track.time_s[-1])
    smooth = np.stack(
        [np.interp(times_s, track.time_s[known], column) for column in values[known].T], 1
    )
    return smooth[:, [0, 0, 0, 1, 2]], visible


def _heard(heard: Heard, cues: Sequence[Cue], times_s: np.ndarray) -> np.ndarray:
    """What they should do: (T, 5) loudness, closure, opening, rounding, spread."""
    level = heard.level_db.astype(np.float64)
    level = np.maximum(level, np.quantile(level, 0.95) - _QUIETEST_DB)
    closure = np.exp(heard.log_probs[:, INDEX["p"]].astype(np.float64))
    weights = long_curves(cues, times_s).astype(np.float64)
    parts = [_mix(weights, part) for part in (_OPENING, _ROUNDING, _SPREAD)]
    return np.stack([level, -closure, *parts], 1)


def _mix(weights: np.ndarray, parts: dict[str, float]) -> np.ndarray:
    """(T,) sum of some channels, the two sides of one halved."""
    total = np.zeros(len(weights))
    for name, factor in parts.items():
        if name in ARKIT_INDEX:
            total += factor * weights[:, ARKIT_INDEX[name]]
        else:
            for side in ("Left", "Right"):
                total += factor / 2 * weights[:, ARKIT_INDEX[f"{name}{side}"]]
    return total


def _between(columns: np.ndarray) -> np.ndarray:
    """Columns without what is faster or slower than lips that speak."""
    calm = _smoothed(columns, _FAST_S)
    return calm - _smoothed(calm, _SLOW_S)


def _smoothed(columns: np.ndarray, sigma_s: float) -> np.ndarray:
    reach = int(np.ceil(4 * sigma_s * RATE_HZ))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / (sigma_s * RATE_HZ)) ** 2)
    padded = np.pad(columns, ((reach, reach), (0, 0)), mode="edge")
    return np.stack([np.convolve(c, kernel / kernel.sum(), "valid") for c in padded.T], 1)


def _block_sums(heard: np.ndarray, seen: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """(B, L, 5, 3) sums of products over each block: heard x seen, heard², seen²."""
    rows = np.flatnonzero(counts)
    # Of an hour every few hundredths: neighbours tell the same.
    rows = rows[:: -(-len(rows) // _MOST_ROWS)]
    blocks = int(np.clip(round(counts.sum() / (_BLOCK_S * RATE_HZ)), 1, _MOST_BLOCKS))
    edges = np.linspace(0, len(rows), blocks, endpoint=False).astype(np.int64)
    v = seen[rows]
    lags = _lags()
    sums = np.zeros((blocks, len(lags), heard.shape[1], 3))
    own = np.add.reduceat(v * v, edges)
    for place, lag in enumerate(lags):
        there = rows + lag
        inside = (there >= 0) & (there < len(heard))
        a = heard[np.clip(there, 0, len(heard) - 1)] * inside[:, None]
        sums[:, place, :, 0] = np.add.reduceat(a * v, edges)
        sums[:, place, :, 1] = np.add.reduceat(a * a, edges)
        sums[:, place, :, 2] = own
    return sums


def _lags() -> np.ndarray:
    reach = round(REACH_S * RATE_HZ)
    return np.arange(-reach, reach + 1)


def _fit(sums: np.ndarray) -> np.ndarray:
    """(..., L) how well lips and sound fit at each delay, in nats a frame, of (..., L, 5, 3)."""
    r = sums[..., 0] / np.sqrt(sums[..., 1] * sums[..., 2] + 1e-12)
    return -0.5 * np.log(1 - np.clip(r, 0, 0.95) ** 2).sum(-1)


def _peak(fit: np.ndarray) -> float:
    """The best delay in seconds, between two steps by a parabola."""
    k = int(fit.argmax())
    step = 0.0
    if 0 < k < len(fit) - 1:
        bend = fit[k - 1] - 2 * fit[k] + fit[k + 1]
        step = 0.5 * (fit[k - 1] - fit[k + 1]) / bend if bend < 0 else 0.0
    return float(_lags()[k] + step) / RATE_HZ
