# SPDX-License-Identifier: GPL-3.0-or-later
"""The channels of shape keys, and what to do with weights beyond a key's slider."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace

import bpy
import numpy as np

from ..engine.core.arkit import INDEX
from ..engine.filters.chain import FilteredTrack
from ..engine.retarget.channels import Channel, weight_channels
from .targets import CLIPPED, LEFT_OUT, MAPPED, WIDENED, WRITTEN, KeyEntry, KeyTarget, key_path

RANGE_POLICIES = ("WIDEN", "CLIP")
# Blender's own limit of a slider.
_HARD_LIMIT = 10.0


def plan_keys(
    target: KeyTarget, filtered: FilteredTrack, range_policy: str, drop_look_keys: bool
) -> list[Channel]:
    """Channels of one mesh's shape keys; notes in ``target.entries`` what differs from plain.

    Args:
        target: The mesh; changes nothing of it, only the entries.
        filtered: The values on frames.
        range_policy: One of ``RANGE_POLICIES``, for weights outside a key's slider.
        drop_look_keys: Leave the eyeLook keys out.
    """
    if drop_look_keys:
        for entry in target.entries.values():
            if entry.arkit.startswith("eyeLook") and entry.status in WRITTEN:
                reason = "Bones turn the eyes; this key would turn them twice."
                target.entries[entry.arkit] = replace(entry, status=LEFT_OUT, reason=reason)
    written = target.written()
    channels = weight_channels(
        filtered.track, filtered.frames, [(name, key_path(key)) for name, key in written]
    )
    return [
        _within_slider(target, target.entries[name], channel, range_policy)
        for (name, _), channel in zip(written, channels, strict=True)
    ]


def widen_sliders(target: KeyTarget, filtered: FilteredTrack, undo: ExitStack) -> None:
    """Widens the sliders of the keys whose entry says so.

    Args:
        target: The mesh.
        filtered: The values on frames.
        undo: Gets a reversal for each change.
    """
    for entry in target.entries.values():
        if entry.status != WIDENED:
            continue
        block = target.keys.key_blocks[entry.key]
        values = filtered.track.weights[filtered.track.valid, INDEX[entry.arkit]]
        undo.callback(_set_slider, block, block.slider_min, block.slider_max)
        _set_slider(
            block,
            min(block.slider_min, max(float(values.min()), -_HARD_LIMIT)),
            max(block.slider_max, min(float(values.max()), _HARD_LIMIT)),
        )


def _set_slider(block: bpy.types.ShapeKey, low: float, high: float) -> None:
    block.slider_min, block.slider_max = low, high


def _within_slider(
    target: KeyTarget, entry: KeyEntry, channel: Channel, range_policy: str
) -> Channel:
    block = target.keys.key_blocks[entry.key]
    low, high = float(channel.values.min()), float(channel.values.max())
    # Weights are float32: a millionth beyond 1 is no over-drive.
    if low >= block.slider_min - 1e-5 and high <= block.slider_max + 1e-5:
        return channel
    beyond = f"The take goes from {low:.2f} to {high:.2f}, "
    # A library override does not keep a changed slider when the file is saved.
    if range_policy == "WIDEN" and target.object.data.override_library is None:
        status, reason = WIDENED, beyond + "so the key's slider was widened."
        values = np.clip(channel.values, -_HARD_LIMIT, _HARD_LIMIT)
    else:
        status, reason = CLIPPED, beyond + "which was clipped to the key's slider."
        values = np.clip(channel.values, block.slider_min, block.slider_max)
    if entry.status not in (MAPPED, WIDENED):
        reason = f"{entry.reason} {reason}"
    target.entries[entry.arkit] = replace(entry, status=status, reason=reason)
    return replace(channel, values=values)
