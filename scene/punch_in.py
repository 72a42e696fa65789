# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets a part of a take come out of what is animated already, and go back into it.

Nothing here changes a scene.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby

import bpy
import numpy as np

from ..engine.core.errors import FacewrightError
from ..engine.filters.chain import FilteredTrack
from ..engine.filters.crossfade import crossfade, span_share
from ..engine.retarget.channels import Channel
from ..engine.retarget.rotations import meet_edges
from . import keyframes
from .splice import TOLERANCE


def cut_to_span(filtered: FilteredTrack, span: tuple[float, float]) -> FilteredTrack:
    """The frames with a face from the first to the last inside a span.

    Raises:
        FacewrightError: ``span-reversed``, or ``span-empty`` where the take shows no face in it.
    """
    first, last = span
    if last < first:
        raise FacewrightError(
            f"The range ends on frame {last:g}, before it starts on frame {first:g}.",
            "Exchange its start and its end.",
            "span-reversed",
        )
    inside = (filtered.frames >= first - TOLERANCE) & (filtered.frames <= last + TOLERANCE)
    rows = np.flatnonzero(inside & filtered.track.valid)
    if not len(rows):
        raise FacewrightError(
            f"The take has no frame with a face from frame {first:g} to {last:g}; it lies on "
            f"frames {filtered.frames[0]:g} to {filtered.frames[-1]:g}.",
            "Choose another range, or let the take start on another frame.",
            "span-empty",
        )
    kept = slice(rows[0], rows[-1] + 1)
    return replace(filtered, frames=filtered.frames[kept], track=filtered.track[kept])


def meet_existing(
    owner: bpy.types.ID, channels: Iterable[Channel], ease_frames: float
) -> list[Channel]:
    """Crossfades channels with what animates a data-block now, at both of their ends.

    A channel that no curve animates has the property's value as it is now at its ends: that is
    what shows outside of them.

    Args:
        owner: The data-block.
        channels: Those of one property next to each other, all indices, on the same frames.
        ease_frames: Length of each crossfade (``crossfade.span_share``).

    Raises:
        FacewrightError: ``span-short`` where there is no frame between the edges.
    """
    curves = {(c.data_path, c.array_index): c for c in keyframes.current_curves(owner)}
    met: list[Channel] = []
    for path, group in groupby(channels, lambda channel: channel.data_path):
        parts = list(group)
        frames = parts[0].frames
        share = span_share(frames, frames[0], frames[-1], ease_frames)
        if not share.any():
            raise FacewrightError(
                f"No frame of the take lies between the edges {frames[0]:g} and {frames[-1]:g}, "
                "where the animation stays as it is.",
                "Choose a longer range.",
                "span-short",
            )
        eased = share < 1
        new = np.column_stack([part.values for part in parts])
        old = np.column_stack(
            [
                _values(owner, path, part.index, curves.get((path, part.index)), frames[eased])
                for part in parts
            ]
        )
        name = path.rpartition(".")[2]
        if name.startswith("rotation_"):
            new = meet_edges(new, old[0], old[-1], name)
        new[eased] = crossfade(old, new[eased], share[eased])
        met += [replace(part, values=new[:, i]) for i, part in enumerate(parts)]
    return met


def _values(
    owner: bpy.types.ID, path: str, index: int, curve: bpy.types.FCurve | None, frames: np.ndarray
) -> np.ndarray:
    if curve is not None and len(curve.keyframe_points):
        return keyframes.evaluate_keys(curve, frames)
    value = owner.path_resolve(path)
    return np.full(len(frames), value if isinstance(value, float) else value[index])
