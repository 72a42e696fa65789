# SPDX-License-Identifier: GPL-3.0-or-later
"""Blinks in real clips: those seen by eye (``real_blinks.toml``) against those solved."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.support.contestants import Contestant, track
from benchmarks.support.truth import SHARED
from benchmarks.support.weight_errors import Blinks, blink_spans, compare_blinks
from engine.core.arkit import INDEX
from tools.fetch_clips import CLIPS, fetch

_LIST = Path(__file__).with_suffix(".toml")


@dataclass(frozen=True)
class SeenBlinks:
    """What was seen in a clip; spans are first and past-the-end frame.

    Attributes:
        clip: The video.
        blinks: The lids meet, or nearly, in every frame of a span.
        unclear: Half-closed eyes, a look down: neither demanded nor wrong.
    """

    clip: Path
    blinks: list[tuple[int, int]]
    unclear: list[tuple[int, int]]


def seen_blinks() -> list[SeenBlinks]:
    """What the list has of the clips that are here."""
    fetch()
    with _LIST.open("rb") as file:
        listed = tomllib.load(file)
    seen = []
    for name, spans in listed.items():
        clip = (SHARED if "/" in name else CLIPS) / name
        if clip.exists():
            seen.append(SeenBlinks(clip, _past_end(spans["blinks"]), _past_end(spans["unclear"])))
    return seen


def _past_end(spans: Sequence[Sequence[int]]) -> list[tuple[int, int]]:
    return [(first, last + 1) for first, last in spans]


def blink_table(taking_part: Sequence[Contestant], folder: Path) -> str:
    """Track the clips with every contestant: a line a clip and the sum."""
    sums = {each.name: Blinks(0, 0, 0) for each in taking_part}
    lines = [_line("", sums)]
    for seen in seen_blinks():
        counts = [_count(seen, each, folder) for each in taking_part]
        lines.append(_line(seen.clip.name, map(_cell, counts)))
        for each, more in zip(taking_part, counts, strict=True):
            old = sums[each.name]
            sums[each.name] = Blinks(
                old.true + more.true, old.found + more.found, old.false + more.false
            )
    return "\n".join([*lines, _line("all", map(_cell, sums.values()))])


def _count(seen: SeenBlinks, contestant: Contestant, folder: Path) -> Blinks:
    solved, _take = track(seen.clip, contestant, folder)
    spans = blink_spans(solved.weights[:, INDEX["eyeBlinkLeft"]])
    return compare_blinks(seen.blinks, spans, seen.unclear)


def _cell(blinks: Blinks) -> str:
    return f"{blinks.true}/{blinks.found}/{blinks.false}"


def _line(name: str, cells) -> str:
    return f"{name:30}" + "".join(f"{cell:>13}" for cell in cells)
