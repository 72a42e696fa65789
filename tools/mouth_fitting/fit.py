# SPDX-License-Identifier: GPL-3.0-or-later
"""Least squares: the table that comes nearest to captured mouths, without leaving phonetics.

Each channel is fitted by itself, with the contacts in force. Its targets are a line over the
hand's targets, which serves sounds that the speaker never says, plus a deviation for each sound
that costs; strengths and time constants pay for leaving the hand's on a logarithmic scale.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import least_squares

from engine.core.cues import Cue
from engine.core.phones import INDEX, PHONES
from engine.speech.contact import hold_contacts
from engine.speech.mouth import pause_pull
from engine.speech.mouth_table import MouthTable
from engine.speech.pull import blend

from .rules import LEAST, MORE, bound_targets, listed

# In the order in which they are fitted: mouthClose is what is left when the jaw is known.
FITTED = (
    "jawOpen",
    "mouthPucker",
    "mouthFunnel",
    "mouthLowerDown",
    "mouthUpperUp",
    "mouthStretch",
    "mouthSmile",
    "mouthClose",
)
# The costs, in units of frames' errors: of a deviation of 1 in a target, of a strength and of a
# time constant that is e times the hand's.
TARGET_COST, STRENGTH_COST, TIME_COST = 10.0, 3.0, 40.0
# Strengths stay within this factor of the hand's.
STRENGTH_FACTOR = 2.5
CLIP_GAP_S = 10.0
# The solver sees the speaker's jaw about .2 open all through his sentences, at s as well. Most
# of that is taken away: it costs .02 of correlation, and close sounds look close on a head.
FLOOR = {"jawOpen": 0.16}
# Least squares gives the mean of what a sound looks like, so its curves move less than a mouth
# does, the less the worse they correlate; these factors give the movement back. Beyond that the
# solver finds small funnels and stretches (a telephone's depth camera finds five times the funnel
# in like speech), and this speaker lifts his upper lip more than most: the form of the curves is
# his, the size is chosen by eye on the shipped head.
SCALE = {
    "jawOpen": 2.3,
    "mouthPucker": 1.7,
    "mouthFunnel": 4.0,
    "mouthStretch": 2.0,
    "mouthLowerDown": 1.2,
    "mouthUpperUp": 0.55,
}
# No sound asks for more, however long it is held.
MOST = {"jawOpen": 0.68, "mouthPucker": 0.95, "mouthFunnel": 0.6, "mouthClose": 0.30}


@dataclass(frozen=True)
class Sample:
    """Clips one after the other on one clock.

    Attributes:
        edges: (M + 1,) seconds.
        phone: (M,) index into ``PHONES``.
        times_s: (T,).
        captured: (T, C) weights of the table's channels.
    """

    edges: np.ndarray
    phone: np.ndarray
    times_s: np.ndarray
    captured: np.ndarray


def sample(clips: list[tuple[list[Cue], np.ndarray, np.ndarray]]) -> Sample:
    """One sample of clips: cues, times (T,), captured (T, C)."""
    edges: list[float] = []
    phone: list[int] = []
    times, captured = [], []
    for number, (cues, time_s, values) in enumerate(clips):
        begin = CLIP_GAP_S * number
        if number:
            phone.append(INDEX["sil"])
        edges += [begin + cue.start for cue in cues] + [begin + cues[-1].end]
        phone += [INDEX[cue.phone] for cue in cues]
        times.append(begin + time_s)
        captured.append(values)
    return Sample(np.array(edges), np.array(phone), np.concatenate(times), np.concatenate(captured))


def model(table: MouthTable, data: Sample) -> dict[str, np.ndarray]:
    """The table's curves for a sample, by channel."""
    pull = pause_pull(data.edges, data.phone)[:, None]
    values = blend(
        data.edges,
        table.targets[data.phone],
        table.strengths[data.phone] * pull,
        table.before_s,
        table.after_s,
        data.times_s,
    )
    return _held({n: values[:, i] for i, n in enumerate(table.channels)}, data)


def _held(channel: dict[str, np.ndarray], data: Sample) -> dict[str, np.ndarray]:
    channel = dict(channel)
    hold_contacts(channel, data.edges, data.phone, np.ones(len(data.phone)), data.times_s, 1.0)
    return channel


def fit(table: MouthTable, data: Sample) -> MouthTable:
    """The table by hand, fitted to what was captured."""
    for name in FITTED:
        table = _fit_channel(table, data, name)
        if name in FLOOR:
            table.targets[:, table.channels.index(name)] -= FLOOR[name]
            np.maximum(table.targets, 0.0, out=table.targets)
    return sized(table)


def sized(table: MouthTable) -> MouthTable:
    """A fitted table, changed in place, with the size that shows on a head and within the rules."""
    for name, factor in SCALE.items():
        table.targets[:, table.channels.index(name)] *= factor
    for name, most in MOST.items():
        column = table.targets[:, table.channels.index(name)]
        np.minimum(column, most, out=column)
    for i, name in enumerate(table.channels):
        bound_targets(name, table.targets[:, i])
        for phone, least in listed(LEAST, name).items():
            table.strengths[phone, i] = max(table.strengths[phone, i], least)
        for phone, factor in listed(MORE, name).items():
            table.strengths[phone, i] *= factor
    return table


def _fit_channel(table: MouthTable, data: Sample, name: str) -> MouthTable:
    at = table.channels.index(name)
    hand, strong = table.targets[:, at], table.strengths[:, at].copy()
    weakest, strongest = strong / STRENGTH_FACTOR, strong * STRENGTH_FACTOR
    for phone, least in listed(LEAST, name).items():
        strong[phone] = weakest[phone] = max(strong[phone], least)
        strongest[phone] = max(strongest[phone], least)
    truth = data.captured[:, at]
    spread = truth.std()
    pull = pause_pull(data.edges, data.phone)
    count = len(PHONES)
    silent = INDEX["sil"]
    others = blend(
        data.edges,
        table.targets[data.phone],
        table.strengths[data.phone] * pull[:, None],
        table.before_s,
        table.after_s,
        data.times_s,
    )
    channel = {n: others[:, i] for i, n in enumerate(table.channels)}

    def parts(x: np.ndarray) -> tuple[np.ndarray, ...]:
        targets = np.clip(x[0] + x[1] * hand + x[4 : 4 + count], 0.0, 1.0)
        targets[silent] = 0.0
        strengths = strong * np.exp(x[4 + count :])
        strengths[silent] = strong[silent]
        return (
            targets,
            strengths,
            table.before_s[at] * np.exp(x[2:3]),
            table.after_s[at] * np.exp(x[3:4]),
        )

    def errors(x: np.ndarray) -> np.ndarray:
        targets, strengths, before, after = parts(x)
        value = blend(
            data.edges,
            targets[data.phone, None],
            (strengths[data.phone] * pull)[:, None],
            before,
            after,
            data.times_s,
        )[:, 0]
        value = _held(channel | {name: value}, data)[name]
        return np.concatenate(
            [
                (value - truth) / spread,
                TARGET_COST * x[4 : 4 + count] / spread,
                STRENGTH_COST * x[4 + count :],
                TIME_COST * x[2:4],
            ]
        )

    start = np.zeros(4 + 2 * count)
    start[1] = 1.0
    limit = np.full_like(start, 2.0)
    limit[:2] = 4.0
    lower = -limit
    # A little room, because the method starts between its bounds.
    limit[4 + count :] = np.log(strongest / strong) + 1e-3
    lower[4 + count :] = np.log(weakest / strong) - 1e-3
    best = least_squares(errors, start, bounds=(lower, limit), max_nfev=12)
    targets, strengths, before, after = parts(best.x)
    changed = replace(
        table,
        before_s=table.before_s.copy(),
        after_s=table.after_s.copy(),
        targets=table.targets.copy(),
        strengths=table.strengths.copy(),
    )
    changed.targets[:, at], changed.strengths[:, at] = targets, strengths
    changed.before_s[at], changed.after_s[at] = before[0], after[0]
    return changed


def correlations(table: MouthTable, data: Sample) -> dict[str, float]:
    """Pearson's correlation of each channel with what was captured, over all frames."""
    curves = model(table, data)
    found = {}
    for i, name in enumerate(table.channels):
        pair = curves[name], data.captured[:, i]
        if min(np.std(one) for one in pair) > 1e-6:
            found[name] = float(np.corrcoef(*pair)[0, 1])
    return found
