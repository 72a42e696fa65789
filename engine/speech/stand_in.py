# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the mouth is not seen, it does what the sound says.

The stretches come from the solver's own confidence. Inside them the channels of mouth, jaw and
tongue go over to the curves of speech, as large as this performer moves, and around where the face
was seen last: a smile stays a smile. Everything else stays as it was seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..core.arkit import INDEX, NAMES, REGION_INDICES
from ..core.cues import SILENCE, Cue
from ..core.curve_math import runs, smoothstep
from ..core.types import FaceTrack
from .pieces import long_curves
from .speaking import speaking

CHANNELS = [i for part in ("jaw", "mouth", "tongue") for i in REGION_INDICES[part]]
_JUDGED = [i for part in ("jaw", "mouth") for i in REGION_INDICES[part]]
# The mean confidence of mouth and jaw: a hidden mouth falls below the first, and as long as it
# is below the second it is not back. benchmarks/speech_help.py measures both.
_HIDDEN, _BACK = 0.62, 0.75
# The confidence is looked at over so long; so long it has to be low; so near ones are one.
_MEAN_S, _LEAST_S, _MERGE_S = 0.2, 0.12, 0.3
# Beside a stretch the picture is doubtful still, and the fade comes on top.
_MARGIN_S, FADE_S = 0.04, 0.12
# Turned so far to the side or up and down, the reason is the head.
_TURNED_DEG = 35.0
# Speech with the mouth in sight that tells a performer's range, seconds, and how far that range
# may be from the usual one.
RANGE_FROM_S = 4.0
_LEAST_GAIN, _MOST_GAIN = 0.3, 2.0
# Where the face was seen last counts for so long, seconds, and it is the mean of so long.
_REMEMBERED_S, _EDGE_S = 0.4, 0.2
_CONTACT_S = 0.05
_PARTING = [
    i for i, name in enumerate(NAMES) if name.startswith(("mouthLowerDown", "mouthUpperUp"))
]
_PARTING.append(INDEX["mouthFunnel"])
# How often a value by the sound is as right as the solver's confidence means it: 0.87 to 0.91 on
# the one performer it was measured with, so less.
CONFIDENCE = 0.75
NO_FACE = "no face was found"
TURNED = "the head is turned away"
HIDDEN = "the mouth is not clearly seen"


@dataclass(frozen=True)
class Told:
    """A stretch in which the mouth goes by the sound.

    Attributes:
        start_s, end_s: From its first to its last frame, seconds of the track.
        why: Why the picture was not enough.
    """

    start_s: float
    end_s: float
    why: str


@dataclass(frozen=True)
class StandIn:
    """What became of a track.

    Attributes:
        track: With the mouth by the sound where it was not seen. Frames without a face are not
            valid still, but have weights of jaw, mouth and tongue.
        told: Where.
        matched: Whether the performer's own range was known.
    """

    track: FaceTrack
    told: list[Told]
    matched: bool


def stand_in(track: FaceTrack, cues: Sequence[Cue]) -> StandIn:
    """Let the sound move the mouth where the picture does not show it.

    Args:
        track: As solved, times increasing.
        cues: What is spoken, on the clock of the track.
    """
    found = [span for span in hidden_spans(track) if _speaks(cues, track.time_s, span)]
    if not found:
        return StandIn(track, [], False)
    speech = long_curves(cues, track.time_s).astype(np.float64)
    seen = _seen_well(track)
    gain, usual, matched = _range(
        track.weights, speech, seen & speaking(cues, track.time_s), _step(track)
    )
    weights = track.weights.astype(np.float64).copy()
    confidence = track.channel_confidence.astype(np.float64).copy()
    shut = _shut(cues, track.time_s)
    for first, stop in found:
        rows, share = _faded(track.time_s, first, stop)
        told = gain * speech[rows]
        told[:, CHANNELS] += _around(track, rows, first, stop, gain * speech, seen, usual)
        told = np.clip(told, 0.0, 1.0)
        _touch(told, shut[rows])
        for channel in CHANNELS:
            was = weights[rows, channel]
            own = np.where(np.isfinite(was), share, 1.0)
            weights[rows, channel] = own * told[:, channel] + (1 - own) * np.nan_to_num(was)
            was = confidence[rows, channel]
            confidence[rows, channel] = (
                share * np.where(track.valid[rows], CONFIDENCE, np.nan) + (1 - share) * was
            )
    told_spans = [
        Told(float(track.time_s[a]), float(track.time_s[b - 1]), _why(track, a, b))
        for a, b in found
    ]
    helped = replace(
        track,
        weights=weights.astype(np.float32),
        channel_confidence=confidence.astype(np.float32),
    )
    return StandIn(helped, told_spans, matched)


def hidden_spans(track: FaceTrack) -> list[tuple[int, int]]:
    """Rows (first, stop) in which the mouth is not seen, in order."""
    if len(track) < 2:
        return []
    step = _step(track)
    sure = _sureness(track)
    least = max(round(_LEAST_S / step), 1)
    low = [
        (a, b) for a, b in runs(sure < _BACK) if (sure[a:b] < _HIDDEN).sum() >= min(least, b - a)
    ]
    merged: list[tuple[int, int]] = []
    for first, stop in low:
        if merged and track.time_s[first] - track.time_s[merged[-1][1] - 1] <= _MERGE_S + step:
            first = merged.pop()[0]
        merged.append((first, stop))
    return [(a, b) for a, b in merged if track.time_s[b - 1] - track.time_s[a] + step >= _LEAST_S]


def _sureness(track: FaceTrack) -> np.ndarray:
    """(T,) mean confidence of mouth and jaw, over a little while; 0 without a face."""
    own = np.nan_to_num(track.channel_confidence[:, _JUDGED].astype(np.float64)).mean(1)
    own[~track.valid] = 0.0
    reach = round(_MEAN_S / _step(track) / 2)
    if not reach:
        return own
    padded = np.pad(own, reach, mode="edge")
    return np.convolve(padded, np.full(2 * reach + 1, 1 / (2 * reach + 1)), "valid")


def _step(track: FaceTrack) -> float:
    # Broken files repeat times.
    return max(float(np.median(np.diff(track.time_s))), 1e-3)


def _seen_well(track: FaceTrack) -> np.ndarray:
    seen = track.valid & (_sureness(track) >= _BACK)
    return seen & np.isfinite(track.weights).all(1)


def _range(weights, speech, rows, step) -> tuple[np.ndarray, np.ndarray, bool]:
    """Factor (52,) and mean difference (52,) that make speech as large as the performer's."""
    gain, usual = np.ones(speech.shape[1]), np.zeros(speech.shape[1])
    if rows.sum() * step < RANGE_FROM_S:
        return gain, usual, False
    seen, told = weights[rows].astype(np.float64), speech[rows]
    spread_seen, spread_told = seen.std(0), told.std(0)
    moved = spread_told > 0.005
    together = ((seen - seen.mean(0)) * (told - told.mean(0))).mean(0)
    r = np.zeros(len(gain))
    r[moved] = together[moved] / (spread_seen * spread_told + 1e-9)[moved]
    # The least squares fit: what follows the sound well takes the performer's range, what hardly
    # does, little of it.
    gain[moved] = (spread_seen / np.maximum(spread_told, 1e-9) * np.clip(r, 0, 1))[moved]
    gain = np.clip(gain, _LEAST_GAIN, _MOST_GAIN)
    # mouthClose goes with the jaw, or lips would pass through each other.
    gain[INDEX["mouthClose"]] = gain[INDEX["jawOpen"]]
    return gain, seen.mean(0) - gain * told.mean(0), True


def _around(track, rows, first, stop, told, seen, usual) -> np.ndarray:
    """What the face did besides speaking: (n, C), from both edges towards the usual."""
    time_s = track.time_s
    total = np.tile(usual[CHANNELS], (len(rows), 1))
    for edge, near in (
        (first, (time_s >= time_s[first] - _EDGE_S) & (time_s < time_s[first])),
        (stop - 1, (time_s <= time_s[stop - 1] + _EDGE_S) & (time_s > time_s[stop - 1])),
    ):
        near = near & seen
        if near.any():
            own = (track.weights[near].astype(np.float64) - told[near]).mean(0)[CHANNELS]
            away = np.abs(time_s[rows] - time_s[edge])
            total += np.exp(-away / _REMEMBERED_S)[:, None] * (own - usual[CHANNELS])
    return total


def _touch(told: np.ndarray, shut: np.ndarray) -> None:
    """Lips that the sound has closed are closed, whatever the range; in place."""
    jaw, close = INDEX["jawOpen"], INDEX["mouthClose"]
    told[:, close] = np.minimum(told[:, close], told[:, jaw])
    told[:, close] += shut * (told[:, jaw] - told[:, close])
    told[:, _PARTING] *= 1 - shut[:, None]


def _shut(cues: Sequence[Cue], time_s: np.ndarray) -> np.ndarray:
    """(T,) 1 inside P, B and M, 0 from a little away on."""
    shut = np.zeros(len(time_s))
    for cue in cues:
        if cue.spoken == "p":
            a, b = np.searchsorted(time_s, (cue.start - _CONTACT_S, cue.end + _CONTACT_S))
            away = np.maximum(cue.start - time_s[a:b], time_s[a:b] - cue.end)
            shut[a:b] = np.maximum(shut[a:b], np.clip(1 - away / _CONTACT_S, 0, 1))
    return shut


def _faded(time_s: np.ndarray, first: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows of a stretch with its fades, and how much the sound counts in each, 0..1."""
    start_s, end_s = time_s[first] - _MARGIN_S, time_s[stop - 1] + _MARGIN_S
    a, b = np.searchsorted(time_s, (start_s - FADE_S, end_s + FADE_S))
    rows = np.arange(a, b)
    away = np.maximum(start_s - time_s[rows], time_s[rows] - end_s)
    return rows, smoothstep(1 - away / FADE_S)


def _speaks(cues: Sequence[Cue], time_s: np.ndarray, span: tuple[int, int]) -> bool:
    start_s, end_s = time_s[span[0]], time_s[span[1] - 1]
    return any(c.spoken != SILENCE and c.start < end_s and c.end > start_s for c in cues)


def _why(track: FaceTrack, first: int, stop: int) -> str:
    valid = track.valid[first:stop]
    if valid.mean() < 0.5:
        return NO_FACE
    turn = np.abs(track.head_deg[first:stop][valid][:, :2]).max(1)
    return TURNED if np.median(turn) > _TURNED_DEG else HIDDEN
