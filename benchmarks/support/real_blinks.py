# SPDX-License-Identifier: GPL-3.0-or-later
"""Blinks in real clips: those seen by eye (``real_blinks.toml``) against those solved."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.support.contestants import Contestant, track
from benchmarks.support.truth import SHARED
from benchmarks.support.weight_errors import Blinks, blink_peak, blink_spans, compare_blinks
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
    """Track the clips with every contestant: a line a clip, sums, and how far the lids close."""
    counts: dict[str, list[Blinks]] = {each.name: [] for each in taking_part}
    peaks: dict[str, list[float]] = {each.name: [] for each in taking_part}
    lines = [_line("", counts)]
    for seen in seen_blinks():
        for each in taking_part:
            closed = track(seen.clip, each, folder)[0].weights[:, INDEX["eyeBlinkLeft"]]
            counts[each.name].append(compare_blinks(seen.blinks, blink_spans(closed), seen.unclear))
            if seen.blinks:
                peaks[each.name].append(blink_peak(seen.blinks, closed))
        lines.append(_line(seen.clip.name, (_cell(c[-1:]) for c in counts.values())))
    lines.append(_line("all", map(_cell, counts.values())))
    closing = (f"{np.mean(values):.2f}" for values in peaks.values())
    return "\n".join([*lines, _line("blinks close to, mean of clips", closing)])


def _cell(blinks: Sequence[Blinks]) -> str:
    return "/".join(str(sum(getattr(b, k) for b in blinks)) for k in ("true", "found", "false"))


def _line(name: str, cells) -> str:
    return f"{name:30}" + "".join(f"{cell:>13}" for cell in cells)
