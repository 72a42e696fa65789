# SPDX-License-Identifier: GPL-3.0-or-later
"""Cues to the weights of jaw, lips and tongue, with coarticulation.

Dominance blending after Cohen and Massaro (1993): each phone has a target for each channel and a
strength that says how much it cares, and its pull reaches beyond its own time. The pull here is
the phone's time convolved with a two-sided exponential (``pull.py``), so short phones pull less
and a phone that is only just heard pulls hardly at all. Sounds that need contact are then held by
``contact.py``: lips at P, B and M, lower lip and teeth at F and V. docs/speech_mouth.md has the
formulas and how the table was fitted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..core.arkit import COUNT
from ..core.arkit import INDEX as ARKIT_INDEX
from ..core.cues import SILENCE, Cue
from ..core.curve_math import smoothstep
from ..core.mouth_style import MouthStyle
from ..core.phones import INDEX
from .contact import hold_contacts
from .mouth_table import MouthTable, load_table
from .pull import blend

# A pause shorter than the first leaves the mouth as the sounds around it have it; from the
# second on it is rest.
SHORT_PAUSE_S = 0.12
LONG_PAUSE_S = 0.40
# The faint pull of a short pause: something has to be there where nothing is said.
FAINT = 0.02
# What lies beyond the cues is silence.
BEYOND_S = 2.0
JAW = frozenset({"jawOpen", "jawForward"})


def curves(cues: Sequence[Cue], times_s: np.ndarray, style: MouthStyle | None = None) -> np.ndarray:
    """The mouth at each time.

    Times before the first cue, between cues and, where any is asked for, after the last are
    silence. While cues only grow at their end, what was said of earlier times changes smoothly.

    Args:
        cues: In order of time; phones with their strengths.
        times_s: (N,) seconds, ascending, on the cues' clock.
        style: How far the mouth moves; None is as usual.

    Returns:
        float32 (N, 52) weights in ARKit order, 0..1, left and right alike; 0 for channels that
        are neither jaw, lips nor tongue.
    """
    times = np.asarray(times_s, np.float64).reshape(-1)
    weights = np.zeros((len(times), COUNT), np.float32)
    if not len(times) or not len(cues):
        return weights
    table, style = load_table(), style or MouthStyle()
    spoken = _filled(cues, times[0], times[-1])
    edges = np.array([cue.start for cue in spoken] + [spoken[-1].end])
    phone = np.array([INDEX[cue.spoken] for cue in spoken])
    factors = np.array([_factor(cue, style) for cue in spoken])
    targets = table.targets[phone] * factors[:, None]
    strengths = table.strengths[phone] * pause_pull(edges, phone)[:, None]
    values = blend(edges, targets, strengths, table.before_s, table.after_s, times)
    values *= _style_of(table, style)
    channel = {name: values[:, i] for i, name in enumerate(table.channels)}
    hold_contacts(channel, edges, phone, factors, times, style.strength * style.lips)
    for name, value in channel.items():
        for key in (name, f"{name}Left", f"{name}Right"):
            if key in ARKIT_INDEX:
                weights[:, ARKIT_INDEX[key]] = np.clip(value, 0.0, 1.0)
    return weights


def _filled(cues: Sequence[Cue], first: float, last: float) -> list[Cue]:
    """The cues with silence in their gaps and, where it is asked for, around them.

    An overlap ends where the next cue begins.
    """
    filled: list[Cue] = []
    if first < cues[0].start:
        filled.append(Cue.of_phone(SILENCE, min(first, cues[0].start) - BEYOND_S, cues[0].start))
    for i, cue in enumerate(cues):
        following = cues[i + 1].start if i + 1 < len(cues) else np.inf
        end = min(cue.end, following)
        if end <= cue.start:
            continue
        filled.append(replace(cue, end=end))
        if np.isfinite(following) and following > end:
            filled.append(Cue.of_phone(SILENCE, end, following))
    # However short the silence at its ends is: nobody spoke before the recording or after it. Where
    # the end is not asked beyond, it may be live, and more may come.
    if filled[0].spoken == SILENCE:
        filled[0] = replace(filled[0], start=filled[0].start - BEYOND_S)
    if last > filled[-1].end:
        if filled[-1].spoken == SILENCE:
            filled[-1] = replace(filled[-1], end=last + BEYOND_S)
        else:
            filled.append(Cue.of_phone(SILENCE, filled[-1].end, last + BEYOND_S))
    return filled


def _factor(cue: Cue, style: MouthStyle) -> float:
    return max(cue.strength, 0.0) * style.viseme_strength.get(cue.viseme, 1.0)


def pause_pull(edges: np.ndarray, phone: np.ndarray) -> np.ndarray:
    """Factor of each phone's strength: 1 for sounds, less for short pauses.

    Args:
        edges: (M + 1,) seconds; phone i goes from ``edges[i]`` to ``edges[i + 1]``.
        phone: (M,) index into ``PHONES``.

    Returns:
        float64 (M,).
    """
    pull = np.ones(len(phone))
    silent = phone == INDEX[SILENCE]
    share = (np.diff(edges)[silent] - SHORT_PAUSE_S) / (LONG_PAUSE_S - SHORT_PAUSE_S)
    pull[silent] = FAINT + (1 - FAINT) * smoothstep(share)
    return pull


def _style_of(table: MouthTable, style: MouthStyle) -> np.ndarray:
    """(C,) factor of each channel."""
    part = {"jaw": style.jaw, "lips": style.lips, "tongue": style.tongue}
    return np.array(
        [
            style.strength
            * part["jaw" if name in JAW else "tongue" if name == "tongueOut" else "lips"]
            for name in table.channels
        ]
    )
