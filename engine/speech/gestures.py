# SPDX-License-Identifier: GPL-3.0-or-later
"""What a face does besides speaking: brows, blinks, small looks aside and nods, from the prosody.

Sources of the amounts and times:
    brows: they rise with raised pitch in most cases, not in all (Cavé et al. 1996), and begin some
        60 ms before the accent (Flecha-García 2010).
    blinks: 26 a minute in conversation (Bentivoglio et al. 1997), often at the ends of phrases
        (Nakano and Kitazawa 2010); a lid closes in some 80 ms and opens in twice that.
    looks: a speaker looks away where a phrase begins, and back towards its end (Kendon 1967);
        size and duration of the eyes' jumps by Lee, Badler and Badler (2002), "Eyes Alive".
    nods: with accents; quick movements of the head go with stress (Hadar et al. 1983).

Everything happens at times of its own, drawn from the seed, so that the same recording and seed
give the same performance at any frame rate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..core.arkit import COUNT, INDEX
from ..core.curve_math import smoothstep
from ..core.gaze import look_weights
from ..core.requests import GestureSettings
from .accents import Accent, Phrase

# Share of the accents that the brows follow, and of those the head nods to, at full strength.
_BROWS_FOLLOW, _HEAD_FOLLOWS = 0.6, 0.7
_BROW_LEAD_S, _BROW_RISE_S, _BROW_FALL_S = 0.06, 0.16, 0.32
_BROW_LEAST, _BROW_MOST = 0.12, 0.38
_BLINKS_A_MINUTE, _LEAST_BETWEEN_S = 24.0, 0.7
_LID_CLOSES_S, _LID_OPENS_S = 0.08, 0.17
# A blink that is due is put off, or comes early, to fall into a pause so near.
_BLINK_REACH_S = 0.9
_NOD_DEG, _NOD_DOWN_S, _NOD_UP_S = 2.4, 0.18, 0.36
# The head is never quite still.
_SWAY_DEG = (0.7, 0.9, 0.5)
_SWAY_HZ = (0.08, 0.35)
_LOOK_AWAY, _LOOK_DEG, _FARTHEST_DEG = 0.45, 4.5, 10.0
_FIXATION_S = 1.1
# How much of the head's turning the eyes take back, to go on looking where they looked.
_HELD_BY_EYES = 0.8


@dataclass(frozen=True)
class Gestures:
    """What is added to a speaking mouth, at N times.

    Attributes:
        weights: float32 (N, 52), ARKit order, of brows, lids and eyes alone.
        head_deg: float32 (N, 3), pitch, yaw, roll as in ``core.types.FaceTrack``.
        gaze_deg: float32 (N, 2, 2), likewise.
    """

    weights: np.ndarray
    head_deg: np.ndarray
    gaze_deg: np.ndarray


def make_gestures(
    times_s: np.ndarray,
    phrases: Sequence[Phrase],
    accents: Sequence[Accent],
    settings: GestureSettings,
) -> Gestures:
    """Gestures for what is spoken.

    Args:
        times_s: float (N,), seconds, increasing.
        phrases, accents: Of the recording, in order of time.
        settings: Amounts and seed.
    """
    times = np.asarray(times_s, np.float64)
    weights = np.zeros((len(times), COUNT), np.float32)
    head, gaze = np.zeros((len(times), 3)), np.zeros((len(times), 2))
    if not len(times):
        return _together(weights, head, gaze)
    # One stream of chance for each part: to change the amount of one leaves the others alone.
    chance = [np.random.default_rng((settings.seed, part)) for part in range(4)]
    begin_s, end_s = _whole(times, phrases)
    _raise_brows(times, weights, accents, settings.brows, chance[0])
    jumps = _look_around(times, gaze, phrases, settings.gaze, chance[2], begin_s, end_s)
    _blink(times, weights, phrases, jumps, settings.blinks, chance[1], begin_s, end_s)
    _move_head(times, head, accents, settings.head, chance[3])
    gaze -= _HELD_BY_EYES * head[:, :2] * min(settings.gaze, 1.0)
    return _together(weights, head, gaze)


def _whole(times: np.ndarray, phrases: Sequence[Phrase]) -> tuple[float, float]:
    """From when to when things may happen: whole, so that the frame rate does not count."""
    ends = [times[0], times[-1], *(t for phrase in phrases for t in (phrase.start_s, phrase.end_s))]
    return float(np.floor(min(ends))), float(np.ceil(max(ends)))


def _together(weights: np.ndarray, head: np.ndarray, gaze: np.ndarray) -> Gestures:
    both = np.repeat(gaze[:, None], 2, axis=1)
    for name, values in look_weights(both).items():
        weights[:, INDEX[name]] = values
    return Gestures(weights, head.astype(np.float32), both.astype(np.float32))


def _raise_brows(times, weights, accents: Sequence[Accent], amount: float, chance) -> None:
    for accent in accents:
        drawn, size, lean, held_s = chance.random(4)
        # The higher the voice, the surer the brows.
        likely = _BROWS_FOLLOW * accent.strength * min(1.0, 0.4 + accent.raised / 4)
        if drawn >= likely:
            continue
        height = _BROW_LEAST + (_BROW_MOST - _BROW_LEAST) * accent.strength * (0.6 + 0.4 * size)
        start = accent.time_s - _BROW_LEAD_S - 0.5 * _BROW_RISE_S
        rows, shape = _hill(times, start, _BROW_RISE_S, 0.05 + 0.2 * held_s, _BROW_FALL_S)
        for name, share in (
            ("browInnerUp", 0.75 + 0.5 * lean),
            ("browOuterUpLeft", 0.7),
            ("browOuterUpRight", 0.7),
        ):
            column = weights[rows, INDEX[name]]
            weights[rows, INDEX[name]] = np.maximum(
                column, np.minimum(amount * height * share * shape, 1.0)
            )


def _blink(times, weights, phrases, jumps, amount, chance, begin_s, end_s) -> None:
    if amount <= 0:
        return
    mean_s = 60.0 / (_BLINKS_A_MINUTE * amount)
    pauses = np.array([phrase.end_s for phrase in phrases if phrase.pause_s > 0])
    jumps = np.array(jumps)
    due, last = begin_s, -np.inf
    while True:
        # Times between blinks have a long tail: a gamma distribution of shape 2.
        due += max(_LEAST_BETWEEN_S, chance.gamma(2.0, mean_s / 2.0))
        late, deep = chance.random(2)
        if due >= end_s:
            return
        at = due
        for places, reach in ((pauses, _BLINK_REACH_S), (jumps, 0.3)):
            near = places[np.abs(places - due) < reach] if len(places) else places
            if len(near):
                at = float(near[np.abs(near - due).argmin()]) + 0.15 * late
                break
        if at - last < _LEAST_BETWEEN_S or at < begin_s + 0.3:
            continue
        last = at
        rows, shape = _hill(times, at, _LID_CLOSES_S, 0.02 + 0.02 * late, _LID_OPENS_S)
        for name in ("eyeBlinkLeft", "eyeBlinkRight"):
            weights[rows, INDEX[name]] = np.maximum(
                weights[rows, INDEX[name]], (0.93 + 0.07 * deep) * shape
            )


def _look_around(times, gaze, phrases, amount, chance, begin_s, end_s) -> list[float]:
    """Fixations and the jumps between them; the times of the larger jumps."""
    starts = [phrase.start_s for phrase in phrases]
    here, jumps, at = np.zeros(2), [], begin_s
    while at < end_s:
        length = float(np.clip(chance.lognormal(np.log(_FIXATION_S), 0.5), 0.35, 4.0))
        away, size, turn, back = chance.random(4)
        # The beginning of a phrase draws the eyes away from the listener.
        begins = any(at - 0.2 <= start < at + 0.3 for start in starts)
        if away < (_LOOK_AWAY if begins else 0.5 * _LOOK_AWAY):
            reach = min(-_LOOK_DEG * np.log(max(size, 1e-6)), _FARTHEST_DEG)
            # Sideways more than up and down.
            angle = 2 * np.pi * turn
            there = reach * np.array([0.45 * np.sin(angle), np.cos(angle)])
        else:
            there = np.array([0.6, 1.0]) * 0.8 * (np.array([size, back]) - 0.5)
        there *= amount
        leap = float(np.abs(there - here).max())
        duration = 0.025 + 0.0024 * leap
        first = np.searchsorted(times, at)
        last = np.searchsorted(times, at + length)
        share = smoothstep((times[first:last] - at) / duration)[:, None]
        gaze[first:last] = here + share * (there - here)
        if leap > 4.0:
            jumps.append(at)
        here, at = there, at + length
    gaze[np.searchsorted(times, at) :] = here
    return jumps


def _move_head(times, head, accents: Sequence[Accent], amount: float, chance) -> None:
    for axis, reach in enumerate(_SWAY_DEG):
        hertz = chance.uniform(*_SWAY_HZ, 4)
        phase = chance.uniform(0, 2 * np.pi, 4)
        for one, shift in zip(hertz, phase, strict=True):
            head[:, axis] += reach / 2 * np.sin(2 * np.pi * one * times + shift)
    for accent in accents:
        drawn, size, turn = chance.random(3)
        if drawn >= _HEAD_FOLLOWS * accent.strength:
            continue
        start = accent.time_s - 0.6 * _NOD_DOWN_S
        rows, shape = _hill(times, start, _NOD_DOWN_S, 0.0, _NOD_UP_S)
        nod = _NOD_DEG * accent.strength * (0.5 + size)
        head[rows, 0] += nod * shape
        head[rows, 1] += 0.5 * nod * (turn - 0.5) * shape
    head *= amount


def _hill(times, start, rise, hold, fall) -> tuple[slice, np.ndarray]:
    """Rows from ``start`` on, and their share 0..1: up, stay, down."""
    rows = slice(np.searchsorted(times, start), np.searchsorted(times, start + rise + hold + fall))
    since = times[rows] - start
    return rows, np.minimum(smoothstep(since / rise), 1 - smoothstep((since - rise - hold) / fall))
