# SPDX-License-Identifier: GPL-3.0-or-later
"""Which channels a track becomes on which data-blocks; changes nothing of a scene."""

from __future__ import annotations

from dataclasses import dataclass, replace

import bpy
import numpy as np

from ..engine.core.arkit import region_of
from ..engine.core.errors import FacewrightError
from ..engine.filters.chain import FilteredTrack
from ..engine.filters.reduce_keys import reduce_keys
from ..engine.retarget.channels import Channel
from . import keyframes
from .action_writer import ActionPlan
from .apply_settings import ApplySettings
from .bone_channels import Moves, move_channels
from .bones import PoseTarget
from .key_channels import plan_keys
from .pose_channels import Pose, pose_channels
from .punch_in import meet_existing
from .targets import LEFT_OUT, KeyTarget


def plan_channels(
    targets: list[KeyTarget],
    pose: Pose,
    moves: Moves,
    filtered: FilteredTrack,
    settings: ApplySettings,
) -> list[ActionPlan]:
    """The channels of every data-block that gets keys, as they will be written.

    Args:
        targets: The meshes; their entries are brought up to date.
        pose: Head and eyes.
        moves: Bones and properties of the mapping.
        filtered: The values on frames, those outside the span left out.
        settings: Regions, easing, thinning.

    Raises:
        FacewrightError: ``nothing-writable``, ``span-short``.
    """
    found: dict[bpy.types.ID, list[tuple[Channel, str, float]]] = {}
    for target in targets:
        _leave_out(target, settings)
        channels = plan_keys(target, filtered, settings.range_policy, pose.drops_look_keys)
        if channels:
            found[target.keys] = [(channel, "", settings.reduce_weight) for channel in channels]
    for target, channel, kind in pose_channels(pose, filtered):
        tolerance = _pose_tolerance(settings, target, kind)
        found.setdefault(target.object, []).append((channel, target.group, tolerance))
    for owner, channel, group in move_channels(moves, filtered):
        tolerance = _move_tolerance(settings, channel)
        found.setdefault(owner, []).append((channel, group, tolerance))
    if not found:
        raise FacewrightError(
            "Everything in the chosen parts of the face is driven, locked or missing, so nothing "
            "can be written."
            if settings.regions
            else "All that the face moves is driven or locked, so nothing can be written.",
            "Unlock the keys or remove their drivers.",
            "nothing-writable",
        )
    # Where nothing is animated yet there is nothing to come out of.
    meets = (
        settings.span is not None
        and settings.onto_existing
        and any(keyframes.current_action(owner) for owner in found)
    )
    plans = []
    for owner, planned in found.items():
        channels, groups, tolerances = zip(*planned, strict=True)
        if meets:
            channels = meet_existing(owner, channels, settings.ease_frames)
        thin = [
            _Thinning(settings, filtered, tolerance)(channel)
            for channel, tolerance in zip(channels, tolerances, strict=True)
        ]
        plans.append(ActionPlan(owner, list(zip(thin, groups, strict=True))))
    return plans


def _leave_out(target: KeyTarget, settings: ApplySettings) -> None:
    """Marks the keys of the parts of the face that were not chosen.

    A key that several parts move is written if one of them is chosen.
    """
    chosen = {entry.key for entry in target.written() if settings.writes(region_of(entry.arkit))}
    target.mark(LEFT_OUT, "", lambda entry: entry.key not in chosen)


@dataclass(frozen=True)
class _Thinning:
    """Thins out a channel's keys within a tolerance, each stretch between gaps by itself."""

    settings: ApplySettings
    filtered: FilteredTrack
    tolerance: float

    def __call__(self, channel: Channel) -> Channel:
        if self.settings.reduce_weight <= 0:
            return channel
        valid = self.filtered.track.valid
        stretch = np.cumsum(np.concatenate(([False], np.diff(valid.astype(np.int8)) == 1)))[valid]
        starts = np.flatnonzero(np.diff(stretch, prepend=-1))
        kept = np.concatenate(
            [
                part[reduce_keys(channel.frames[part], channel.values[part], self.tolerance)]
                for part in np.split(np.arange(len(stretch)), starts[1:])
            ]
        )
        return replace(channel, frames=channel.frames[kept], values=channel.values[kept])


def _move_tolerance(settings: ApplySettings, channel: Channel) -> float:
    """The error bound of a bone's rotation; other numbers are bound by the share of their range."""
    if "rotation_" in channel.data_path:
        return np.radians(settings.reduce_deg) * (0.5 if "quaternion" in channel.data_path else 1.0)
    return settings.reduce_weight * float(np.ptp(channel.values)) if len(channel.values) else 0.0


def _pose_tolerance(settings: ApplySettings, target: PoseTarget, kind: str) -> float:
    """The error bound in the property's own units."""
    if kind == "location":
        return settings.reduce_cm * target.unit_cm
    # A quaternion's component moves by half the angle.
    return np.radians(settings.reduce_deg) * (0.5 if target.mode == "QUATERNION" else 1.0)
