# SPDX-License-Identifier: GPL-3.0-or-later
"""Channels into actions: a new action by default, an existing one only when asked.

Whatever is changed leaves its reversal on an ``ExitStack``, so that a failure half way leaves
the scene as it was.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field

import bpy

from ..engine.core.errors import FacewrightError
from ..engine.retarget.channels import Channel
from . import keyframes


@dataclass
class ActionPlan:
    """The channels of one data-block.

    Attributes:
        owner: The data-block that is animated.
        channels: Pairs of a channel and the name of its group (or empty).
    """

    owner: bpy.types.ID
    channels: list[tuple[Channel, str]] = field(default_factory=list)


@dataclass
class Written:
    """What ``write_plans`` did.

    Attributes:
        keys: Number of keyframes.
        actions: Names of the actions written.
        kept: Names of actions that gave way to a new one and stay in the file.
        warnings: Sentences for the artist.
    """

    keys: int = 0
    actions: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def write_plans(
    plans: list[ActionPlan],
    name: str,
    span: tuple[float, float],
    onto_existing: bool,
    interpolation: str,
    undo: ExitStack,
    *,
    meets: bool = False,
) -> Written:
    """Writes every plan.

    Args:
        plans: One for each data-block.
        name: Name of a new action.
        span: First and last recorded frame: in an existing action the keys of the written
            channels between them are replaced.
        onto_existing: Write into the actions that are there. A data-block without one gets a
            new one.
        interpolation: One of ``keyframes.INTERPOLATIONS``.
        undo: Gets a reversal for each change.
        meets: The channels begin and end on the curves that are there, which shall keep their
            shape outside (``punch_in.meet_existing``).

    Raises:
        FacewrightError: An action cannot be changed; raised before anything is.
    """
    for plan in plans:
        check_owner(plan.owner, onto_existing)
    written = Written()
    fresh: list[ActionPlan] = []
    for plan in plans:
        if onto_existing and keyframes.current_action(plan.owner):
            _merge(plan, None if meets else span, interpolation, undo, written)
        else:
            fresh.append(plan)
    shared = None
    for plan in fresh:
        old = keyframes.current_action(plan.owner)
        paths = {(channel.data_path, channel.index) for channel, _ in plan.channels}
        others = [
            curve
            for curve in keyframes.current_curves(plan.owner)
            if (curve.data_path, curve.array_index) not in paths
        ]
        if others:
            action, slot, curves = keyframes.copy_action(plan.owner, name)
            undo.callback(bpy.data.actions.remove, action)
            for curve in list(curves):
                if (curve.data_path, curve.array_index) in paths:
                    curves.remove(curve)
            written.warnings.append(
                f'The other channels of action "{old.name}" were copied into "{action.name}", '
                "so that they go on playing."
            )
        else:
            if shared is None or not keyframes.has_slots():
                shared = keyframes.create_action(name)
                undo.callback(bpy.data.actions.remove, shared)
            action = shared
            slot, curves = keyframes.add_curves(action, plan.owner)
        for channel, group in plan.channels:
            keyframes.write_curve(curves, channel, interpolation, group)
        _assign(plan.owner, action, slot, undo)
        if old is not None:
            _keep(old, undo, written)
        _count(plan.channels, action, written)
    return written


def _merge(plan: ActionPlan, span, interpolation: str, undo: ExitStack, written: Written) -> None:
    """Writes into the action in use; without a span each channel meets its curve at both ends."""
    action = keyframes.current_action(plan.owner)
    _, old_slot = keyframes.current_assignment(plan.owner)
    slot, curves = keyframes.own_curves(plan.owner)
    if slot != old_slot:
        undo.callback(action.slots.remove, slot)
        _assign(plan.owner, action, slot, undo)
    done = []
    for channel, group in plan.channels:
        curve = keyframes.find_curve(curves, channel)
        if curve is None:
            curve = keyframes.write_curve(curves, channel, interpolation, group)
            undo.callback(curves.remove, curve)
        elif keyframes.is_locked(curve):
            written.warnings.append(
                f"The curve {channel.data_path}[{channel.index}] is locked and stays as it is."
            )
            continue
        else:
            undo.callback(keyframes.restore_keys, curve, keyframes.read_keys(curve))
            if span is None:
                keyframes.splice_curve(curve, channel, interpolation)
            else:
                keyframes.merge_curve(curve, channel, *span, interpolation)
        done.append((channel, group))
    _count(done, action, written)


def _count(channels, action: bpy.types.Action, written: Written) -> None:
    written.keys += sum(len(channel.frames) for channel, _ in channels)
    if action.name not in written.actions:
        written.actions.append(action.name)


def _assign(owner: bpy.types.ID, action: bpy.types.Action, slot, undo: ExitStack) -> None:
    if owner.animation_data is None:
        undo.callback(owner.animation_data_clear)
    else:
        undo.callback(keyframes.assign, owner, *keyframes.current_assignment(owner))
    keyframes.assign(owner, action, slot)


def _keep(old: bpy.types.Action, undo: ExitStack, written: Written) -> None:
    """A replaced action loses its user; a fake user keeps it when the file is saved."""
    if old.name not in written.kept:
        written.kept.append(old.name)
    if old.is_editable and not old.use_fake_user:
        undo.callback(setattr, old, "use_fake_user", False)
        old.use_fake_user = True


def check_owner(owner: bpy.types.ID, onto_existing: bool) -> None:
    """Whether a data-block's action can be exchanged, or written into.

    Raises:
        FacewrightError: ``nla-tweak-mode``, ``linked-action``, ``layer-in-use``.
    """
    check_tweaking(owner)
    data = owner.animation_data
    if data is None or data.action is None:
        return
    if data.action_blend_type != "REPLACE":
        raise FacewrightError(
            f'The action "{data.action.name}" is a layer that adds to what is below it, so a whole '
            "face written into its place would count twice.",
            "Use Update Result, which goes below the layer, or make plain keys of it all first.",
            "layer-in-use",
        )
    if onto_existing and not data.action.is_editable:
        raise FacewrightError(
            f'The action "{data.action.name}" is linked from another file and cannot be changed.',
            "Write into a new action, or make this one local.",
            "linked-action",
        )


def check_tweaking(owner: bpy.types.ID) -> None:
    """Whether a data-block's action can be exchanged.

    Raises:
        FacewrightError: ``nla-tweak-mode``.
    """
    data = owner.animation_data
    if data is not None and data.use_tweak_mode:
        raise FacewrightError(
            f'An NLA strip of "{owner.name}" is being tweaked, so its action cannot be changed.',
            "Leave tweak mode in the NLA editor (Tab).",
            "nla-tweak-mode",
        )
