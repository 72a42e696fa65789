# SPDX-License-Identifier: GPL-3.0-or-later
"""The channels of shape keys, and what to do with weights beyond a key's slider."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import replace

import bpy
import numpy as np

from ..engine.filters.chain import FilteredTrack
from ..engine.retarget.channels import Channel
from .targets import CLIPPED, LEFT_OUT, WIDENED, WRITTEN, KeyTarget, key_path

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
        reason = "Bones turn the eyes; this key would turn them twice."
        target.mark(LEFT_OUT, reason, lambda entry: entry.arkit.startswith("eyeLook"))
    valid = filtered.track.valid
    mixer = target.mixer()
    values = mixer(target.mapping.respond(filtered.track.weights[valid]))
    frames = filtered.frames[valid]
    return [
        _within_slider(target, key, Channel(key_path(key), 0, frames, values[:, k]), range_policy)
        for k, key in enumerate(mixer.keys)
    ]


def widen_sliders(target: KeyTarget, channels: Iterable[Channel], undo: ExitStack) -> None:
    """Widens the sliders of the keys whose entry says so.

    Args:
        target: The mesh.
        channels: What will be written on its keys.
        undo: Gets a reversal for each change.
    """
    values = {channel.data_path: channel.values for channel in channels}
    for key in {entry.key for entry in target.entries if entry.status == WIDENED}:
        block, written = target.keys.key_blocks[key], values[key_path(key)]
        undo.callback(_set_slider, block, block.slider_min, block.slider_max)
        _set_slider(
            block,
            min(block.slider_min, max(float(written.min()), -_HARD_LIMIT)),
            max(block.slider_max, min(float(written.max()), _HARD_LIMIT)),
        )


def _set_slider(block: bpy.types.ShapeKey, low: float, high: float) -> None:
    block.slider_min, block.slider_max = low, high


def _within_slider(target: KeyTarget, key: str, channel: Channel, range_policy: str) -> Channel:
    block = target.keys.key_blocks[key]
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
    target.entries = [
        replace(entry, status=status, reason=f"{entry.reason} {reason}".strip())
        if entry.key == key and entry.status in WRITTEN
        else entry
        for entry in target.entries
    ]
    return replace(channel, values=values)
