# SPDX-License-Identifier: GPL-3.0-or-later
"""What an artist did to the markers of cues, told by comparing them before and after.

Blender's markers have a name and a whole frame, and nothing by which one could be known again:
those that were moved, renamed, removed or added are found by aligning both lists. No bpy here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..engine.core.clock import FrameClock
from ..engine.core.cues import MAIN_PHONE, OVR, SILENCE, Cue, viseme_of
from ..engine.core.phones import PHONES

# A marker: its name and its frame.
Mark = tuple[str, int]

# What each difference costs, so that the cheapest explanation is the likeliest one: a marker that
# moved, even far, is not one that was removed while another was added.
_RENAMED, _REMOVED, _ADDED = 1.0, 1.2, 1.2
_MOVED_A_FRAME, _MOVED_MOST = 0.02, 0.9
# Above this many pairs markers are told apart by their order alone.
_PAIRS = 16_000_000
# No sound is shorter.
_SHORTEST_S = 0.01
_LAST_S = 0.08
# The least that a cue lasts between those that are not shown.
_ROOM_S = 0.001
_BY_NAME = {name.lower(): name for name in OVR}


@dataclass(frozen=True)
class Meaning:
    """What the name of a marker says.

    Attributes:
        viseme: One of ``OVR``.
        phone: One of ``PHONES``, or empty where the name is a viseme's.
        strength: The number behind the name, or None.
    """

    viseme: str
    phone: str = ""
    strength: float | None = None


def meaning(name: str) -> Meaning | None:
    """What a marker's name says as a cue: "PP", "aa 1.3", or a phone such as "schwa".

    Returns:
        None where it is the name of no cue.
    """
    words = name.split()
    if not 1 <= len(words) <= 2:
        return None
    strength = None
    if len(words) == 2:
        try:
            strength = float(words[1].replace(",", "."))
        except ValueError:
            return None
        if not 0 <= strength <= 10:
            return None
    word = words[0]
    if word in OVR:
        return Meaning(word, "", strength)
    if word in PHONES:
        return Meaning(viseme_of(word), word, strength)
    viseme = _BY_NAME.get(word.lower())
    return Meaning(viseme, "", strength) if viseme else None


def without_gaps(cues: Sequence[Cue]) -> list[Cue]:
    """Cues in order of time, with silence where there was nothing, and behind the last sound.

    A marker tells where a cue begins; with a cue at every moment that tells all of their ends too.
    """
    filled: list[Cue] = []
    for cue in sorted(cues, key=lambda cue: cue.start):
        if filled and cue.start < filled[-1].end:
            filled[-1] = replace(filled[-1], end=cue.start)
            if filled[-1].end <= filled[-1].start:
                filled.pop()
        if filled and cue.start > filled[-1].end + 1e-6:
            filled.append(Cue.of_phone(SILENCE, filled[-1].end, cue.start))
        elif filled:
            cue = replace(cue, start=filled[-1].end)
        filled.append(cue)
    if filled and filled[-1].spoken != SILENCE:
        filled.append(Cue.of_phone(SILENCE, filled[-1].end, filled[-1].end + _LAST_S))
    return filled


def marks_of(cues: Sequence[Cue], clock: FrameClock) -> list[Mark]:
    """Name and frame of each cue's marker; markers stand on whole frames, the nearest."""
    frames = np.rint(clock.frames(np.array([cue.start for cue in cues], np.float64)))
    return [(cue.viseme, int(frame)) for cue, frame in zip(cues, frames, strict=True)]


def edited_cues(
    cues: Sequence[Cue], before: Sequence[Mark], after: Sequence[Mark], clock: FrameClock
) -> tuple[list[Cue], list[Mark]]:
    """The cues as the markers tell them now.

    A marker that was not moved keeps its cue's exact time, and one that was moves it by as many
    frames. A renamed one changes the sound, and a number behind the name its strength. Where one
    was removed the sound before it goes on; where one was added the sound that was there ends.

    Args:
        cues: Without gaps (``without_gaps``), as they were.
        before: Their markers.
        after: The markers as they are now.
        clock: Where the recording lies on the timeline.

    Returns:
        Cues without gaps, and the marker of each; empty where no marker is left.
    """
    found: list[tuple[float, int, Cue, Mark]] = []
    for order, (old, new) in enumerate(pair_marks(before, after)):
        if new is None:
            continue
        name, frame = after[new]
        means = meaning(name)
        if old is None:
            start = float(clock.seconds(frame))
            cue = Cue(start, start, means.viseme, means.phone, 1.0)
        else:
            cue, (old_name, old_frame) = cues[old], before[old]
            start = cue.start + (frame - old_frame) / clock.rate
            if abs(float(clock.frames(cue.start)) - old_frame) > 1:
                # It was carried to where there was no room for it: the marker alone tells.
                start = cue.start if frame == old_frame else float(clock.seconds(frame))
            if name != old_name:
                cue = _renamed(cue, meaning(old_name), means)
        if means.strength is not None:
            cue = replace(cue, strength=means.strength)
        found.append((start, order, cue, after[new]))
    found.sort(key=lambda item: item[:2])
    end = cues[-1].end if cues else 0.0
    laid = _laid_out([(start, cue) for start, _, cue, _ in found], end)
    return laid, [mark for *_, mark in found]


def _renamed(cue: Cue, old: Meaning | None, new: Meaning) -> Cue:
    """A number alone that came or went behind the name changes no sound."""
    if old is not None and (old.viseme, old.phone) == (new.viseme, new.phone):
        return cue if new.strength is not None else replace(cue, strength=1.0)
    return replace(cue, viseme=new.viseme, phone=new.phone or MAIN_PHONE[new.viseme])


def _laid_out(starts: list[tuple[float, Cue]], end: float) -> list[Cue]:
    laid: list[Cue] = []
    for start, cue in starts:
        if laid:
            start = max(start, laid[-1].start + _SHORTEST_S)
            laid[-1] = replace(laid[-1], end=start)
        laid.append(replace(cue, start=start, end=start))
    if laid:
        last = laid[-1].start + max(starts[-1][1].end - starts[-1][1].start, _SHORTEST_S)
        laid[-1] = replace(laid[-1], end=max(end, last))
    return laid


def joined(before: list[Cue], inner: list[Cue], after: list[Cue]) -> list[Cue]:
    """Cues that are shown, back between those that are not."""
    low = before[-1].start if before else -np.inf
    high = after[0].start if after else np.inf
    # Each has room, however far its marker was carried.
    room = np.arange(1, len(inner) + 1) * _ROOM_S
    starts = np.array([cue.start for cue in inner])
    starts = np.maximum.accumulate(np.clip(starts, low + room, high - room[::-1]))
    ends = [*starts[1:], high if after else inner[-1].end]
    kept = [
        replace(cue, start=float(start), end=float(end))
        for cue, start, end in zip(inner, starts, ends, strict=True)
    ]
    if before:
        before = [*before[:-1], replace(before[-1], end=kept[0].start)]
    return [*before, *kept, *after]


def pair_marks(
    before: Sequence[Mark], after: Sequence[Mark]
) -> list[tuple[int | None, int | None]]:
    """Which marker has become which.

    Both lists are aligned in order of their frames, with the fewest and smallest changes. Then a
    name that vanished in one place and came up in another is one marker that was carried past
    others.

    Args:
        before, after: Markers, any order.

    Returns:
        Indices into ``before`` and ``after``, None where there is no partner; in order of the new
        frames, those that were removed first.
    """
    old = sorted(range(len(before)), key=lambda i: before[i][1])
    new = sorted(range(len(after)), key=lambda j: after[j][1])
    head = 0
    while head < min(len(old), len(new)) and before[old[head]] == after[new[head]]:
        head += 1
    tail = 0
    most = min(len(old), len(new)) - head
    while tail < most and before[old[-1 - tail]] == after[new[-1 - tail]]:
        tail += 1
    inner_old, inner_new = old[head : len(old) - tail], new[head : len(new) - tail]
    inner = _align([before[i] for i in inner_old], [after[j] for j in inner_new])
    pairs = list(zip(old[:head], new[:head], strict=True))
    pairs += [(None if i is None else inner_old[i], None if j is None else inner_new[j])
              for i, j in inner]  # fmt: skip
    if tail:
        pairs += zip(old[-tail:], new[-tail:], strict=True)
    pairs = _carried(pairs, before, after)
    place = {j: order for order, j in enumerate(new)}
    return sorted(pairs, key=lambda pair: -1 if pair[1] is None else place[pair[1]])


def _carried(pairs, before: Sequence[Mark], after: Sequence[Mark]):
    """Pairs what was removed and added under one name, the nearest frames first."""
    lost = defaultdict(list)
    for i, j in pairs:
        if j is None:
            lost[before[i][0]].append(i)
    matched = {}
    for i, j in pairs:
        if i is None and (there := lost[after[j][0]]):
            nearest = min(there, key=lambda k: abs(before[k][1] - after[j][1]))
            there.remove(nearest)
            matched[j] = nearest
    gone = set(matched.values())
    return [(matched.get(j, i), j) for i, j in pairs if not (j is None and i in gone)]


def _align(before: list[Mark], after: list[Mark]) -> list[tuple[int | None, int | None]]:
    """The cheapest alignment of two lists in order of frames (Needleman and Wunsch, 1970)."""
    rows, columns = len(before), len(after)
    if not rows or not columns or rows * columns > _PAIRS:
        common = min(rows, columns)
        pairs: list = [(i, i) for i in range(common)]
        return pairs + [(i, None) for i in range(common, rows)] + [
            (None, j) for j in range(common, columns)
        ]  # fmt: skip
    names = {name: n for n, name in enumerate({name for name, _ in (*before, *after)})}
    old_name = np.array([names[name] for name, _ in before])
    new_name = np.array([names[name] for name, _ in after])
    old_frame = np.array([frame for _, frame in before], np.float64)
    new_frame = np.array([frame for _, frame in after], np.float64)
    added = _ADDED * np.arange(columns + 1)
    cost = added.copy()
    # 0: paired, 1: removed, 2: added.
    how = np.full((rows + 1, columns + 1), 2, np.int8)
    how[1:, 0] = 1
    for i in range(rows):
        moved = np.minimum(_MOVED_A_FRAME * np.abs(new_frame - old_frame[i]), _MOVED_MOST)
        paired = cost[:-1] + moved + _RENAMED * (new_name != old_name[i])
        removed = cost + _REMOVED
        best = removed.copy()
        best[1:] = np.minimum(best[1:], paired)
        # The cheapest way with any number of added ones behind it, along the whole row at once.
        total = np.minimum.accumulate(best - added) + added
        how[i + 1] = np.where(total < best - 1e-9, 2, 1)
        how[i + 1, 1:][(how[i + 1, 1:] == 1) & (paired <= removed[1:])] = 0
        cost = total
    pairs = []
    i, j = rows, columns
    while i or j:
        step = how[i, j]
        i -= step != 2
        j -= step != 1
        pairs.append((None if step == 2 else int(i), None if step == 1 else int(j)))
    return pairs[::-1]
