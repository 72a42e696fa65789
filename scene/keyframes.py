# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes keyframes; the one file that knows how actions differ between Blender 4.2 and 5.2.

Blender 4.4 put slots into actions: one action animates several data-blocks, each through its
slot, and the F-curves live in a "channelbag" per slot. ``Action.fcurves`` is gone from 5.0. In
4.2 and 4.3 an action holds the curves of one data-block directly.

Keys are written in bulk: ``keyframe_points.add`` and ``foreach_set`` cost a fraction of a
microsecond a key, ``keyframe_insert`` about fifty times as much and more with every key.
"""

from __future__ import annotations

import bpy
import numpy as np

from ..engine.retarget.channels import Channel
from .splice import AUTO_CLAMPED, BEZIER, LINEAR, TOLERANCE, splice

# Values of the enumeration in Blender's DNA (BezTriple.ipo): foreach_set takes numbers.
INTERPOLATIONS = {"CONSTANT": 0, "LINEAR": LINEAR, "BEZIER": BEZIER}

# Everything that one key holds. Buffers of the type in Blender's memory are copied as a block.
_KEY_FIELDS = (
    ("interpolation", np.uint8, 1),
    ("easing", np.uint8, 1),
    ("type", np.uint8, 1),
    ("handle_left_type", np.uint8, 1),
    ("handle_right_type", np.uint8, 1),
    ("back", np.float32, 1),
    ("amplitude", np.float32, 1),
    ("period", np.float32, 1),
    ("co", np.float32, 2),
    ("handle_left", np.float32, 2),
    ("handle_right", np.float32, 2),
)


def has_slots() -> bool:
    """Whether this Blender's actions have slots (4.4 and newer)."""
    return "slots" in bpy.types.Action.bl_rna.properties


def current_action(block: bpy.types.ID) -> bpy.types.Action | None:
    """The action that animates a data-block now."""
    return block.animation_data.action if block.animation_data else None


def current_curves(block: bpy.types.ID) -> list[bpy.types.FCurve]:
    """The F-curves through which a data-block's own action animates it now."""
    action = current_action(block)
    return [] if action is None else curves_in(action, _current_slot(block))


def strip_curves(strip: bpy.types.NlaStrip) -> list[bpy.types.FCurve]:
    """The F-curves that a strip of the NLA plays; none for one without an action."""
    if strip.action is None:
        return []
    return curves_in(strip.action, strip.action_slot if has_slots() else None)


def playing_curves(block: bpy.types.ID) -> list[bpy.types.FCurve]:
    """The F-curves that animate a data-block: its own action's and its NLA strips'."""
    tracks = block.animation_data.nla_tracks if block.animation_data else ()
    strips = [strip for track in tracks for strip in track.strips]
    return [*current_curves(block), *(curve for strip in strips for curve in strip_curves(strip))]


def create_action(name: str) -> bpy.types.Action:
    """An empty action that nothing uses yet."""
    return bpy.data.actions.new(name)


def add_curves(action: bpy.types.Action, block: bpy.types.ID):
    """Makes room for a data-block in an action that does not animate it yet.

    Returns:
        The slot (None before 4.4) and the collection of its F-curves.
    """
    slot = None
    if has_slots():
        slot = action.slots.new(id_type=block.id_type, name=block.name)
    return slot, _curves(action, slot, create=True)


def copy_action(block: bpy.types.ID, name: str):
    """A copy of a data-block's action that animates this data-block alone.

    Returns:
        The copy, the slot in it (None before 4.4) and the collection of its F-curves.
    """
    slot = _current_slot(block)
    action = current_action(block).copy()
    action.name = name
    if slot is None:
        return action, None, _curves(action, None, create=True)
    for other in list(action.slots):
        if other.identifier != slot.identifier:
            action.slots.remove(other)
    own = action.slots[0]
    return action, own, _curves(action, own, create=True)


def own_curves(block: bpy.types.ID):
    """The collection of F-curves of a data-block in its current action, made where missing.

    Returns:
        The slot (None before 4.4) and the collection.
    """
    action, slot = current_action(block), _current_slot(block)
    if has_slots() and slot is None:
        slot = action.slots.new(id_type=block.id_type, name=block.name)
    return slot, _curves(action, slot, create=True)


def assign(block: bpy.types.ID, action: bpy.types.Action | None, slot) -> None:
    """Lets an action animate a data-block; ``slot`` may be None where there is none."""
    data = block.animation_data or block.animation_data_create()
    data.action = action
    # After the action: assigning that resets the slot.
    if action is not None and slot is not None:
        data.action_slot = slot


def current_assignment(block: bpy.types.ID):
    """What ``assign`` needs to put things back: the action and its slot, or None and None."""
    return current_action(block), _current_slot(block)


def slots_of(action: bpy.types.Action, owner: str) -> list[tuple[str, str, object]]:
    """What an action can animate: kind of data-block (``id_type``), its name, and the slot.

    Before 4.4 an action knows the kind alone: ``owner`` is the name, and there is no slot.
    """
    if not has_slots():
        return [(action.id_root, owner, None)]
    return [(slot.target_id_type, slot.name_display, slot) for slot in action.slots]


def curves_in(action: bpy.types.Action, slot) -> list[bpy.types.FCurve]:
    """The F-curves of a slot in an action, or all before 4.4."""
    curves = _curves(action, slot, create=False)
    return [] if curves is None else list(curves)


def find_curve(curves, channel: Channel) -> bpy.types.FCurve | None:
    """The F-curve of a channel in a collection from this file, or None."""
    return curves.find(channel.data_path, index=channel.index)


def is_locked(curve: bpy.types.FCurve) -> bool:
    """Whether an F-curve, or the group that it is in, is locked against edits."""
    return curve.lock or (curve.group is not None and curve.group.lock)


def write_curve(curves, channel: Channel, interpolation: str, group: str = "") -> bpy.types.FCurve:
    """Makes the channel's F-curve, which must not exist yet, and writes its keys.

    Args:
        curves: A collection from this file.
        channel: Frames and values.
        interpolation: One of ``INTERPOLATIONS``.
        group: Name of the channel group in the animation editors, or empty.
    """
    curve = curves.new(channel.data_path, index=channel.index)
    if group:
        curve.group = _group(curves, group)
    keys = _new_keys(channel, interpolation)
    # The rest of a fresh key is zero already, or is placed by update().
    for name in ("easing", "type", "handle_left", "handle_right"):
        del keys[name]
    _set_keys(curve.keyframe_points, keys)
    curve.update()
    return curve


def merge_curve(
    curve: bpy.types.FCurve, channel: Channel, first: float, last: float, interpolation: str
) -> None:
    """Replaces an F-curve's keys on the frames first..last; keys outside stay as they are."""
    old = read_keys(curve)
    frames = old["co"][:, 0]
    # A key is one of ours if it is nearer to the range than Blender's own key tolerance.
    before, after = frames < first - TOLERANCE, frames > last + TOLERANCE
    new = _new_keys(channel, interpolation)
    merged = {
        name: np.concatenate((values[before], new[name], values[after]))
        for name, values in old.items()
    }
    restore_keys(curve, merged)
    curve.update()


def splice_curve(curve: bpy.types.FCurve, channel: Channel, interpolation: str) -> None:
    """Replaces an F-curve's keys between the channel's first and last, which lie on the curve.

    Outside, keys and shape stay as they are (``splice.splice``).
    """
    keys, outside = splice(read_keys(curve), _new_keys(channel, interpolation))
    restore_keys(curve, keys)
    curve.update()
    # Even a handle that has no say in a straight segment was placed by somebody.
    for name in ("handle_left", "handle_right"):
        placed = _read(curve.keyframe_points, name, np.float32, 2)
        placed[outside] = keys[name][outside]
        curve.keyframe_points.foreach_set(name, placed.reshape(-1))


def evaluate_keys(curve: bpy.types.FCurve, frames: np.ndarray) -> np.ndarray:
    """What an F-curve's keys say at some frames, without its modifiers; float64 (n,)."""
    acting = [modifier for modifier in curve.modifiers if not modifier.mute]
    try:
        for modifier in acting:
            modifier.mute = True
        return np.array([curve.evaluate(float(frame)) for frame in frames], np.float64)
    finally:
        for modifier in acting:
            modifier.mute = False


def read_keys(curve: bpy.types.FCurve) -> dict[str, np.ndarray]:
    """Every key of an F-curve with all that it holds, for ``restore_keys``."""
    points = curve.keyframe_points
    return {name: _read(points, name, dtype, width) for name, dtype, width in _KEY_FIELDS}


def restore_keys(curve: bpy.types.FCurve, keys: dict[str, np.ndarray]) -> None:
    """Makes these the F-curve's keys, and nothing else."""
    curve.keyframe_points.clear()
    _set_keys(curve.keyframe_points, keys)


def _read(points, name: str, dtype: type, width: int) -> np.ndarray:
    values = np.empty(len(points) * width, dtype)
    points.foreach_get(name, values)
    return values.reshape(-1, 2) if width == 2 else values


def _set_keys(points, keys: dict[str, np.ndarray]) -> None:
    points.add(len(keys["co"]))
    for name, values in keys.items():
        points.foreach_set(name, np.ascontiguousarray(values).reshape(-1))


def _new_keys(channel: Channel, interpolation: str) -> dict[str, np.ndarray]:
    count = len(channel.frames)
    co = np.column_stack((channel.frames, channel.values)).astype(np.float32)
    keys = {
        name: np.zeros((count, 2) if width == 2 else count, dtype)
        for name, dtype, width in _KEY_FIELDS
    }
    keys["interpolation"][:] = INTERPOLATIONS[interpolation]
    # Handles that curve well should the artist switch the keys to Bezier; update() places them.
    keys["handle_left_type"][:] = keys["handle_right_type"][:] = AUTO_CLAMPED
    keys["back"][:], keys["amplitude"][:], keys["period"][:] = 1.70158, 0.8, 4.1
    keys["co"] = keys["handle_left"] = keys["handle_right"] = co
    return keys


def _current_slot(block: bpy.types.ID):
    return block.animation_data.action_slot if has_slots() and block.animation_data else None


def _curves(action: bpy.types.Action, slot, create: bool):
    """The collection of F-curves for a slot, or the action's own before 4.4."""
    if not has_slots():
        return action.fcurves
    if slot is None:
        return None
    if not action.layers:
        if not create:
            return None
        action.layers.new("Layer").strips.new(type="KEYFRAME")
    bag = action.layers[0].strips[0].channelbag(slot, ensure=create)
    return None if bag is None else bag.fcurves


def _group(curves, name: str):
    """The channel group of that name beside a collection of F-curves."""
    owner = curves.id_data if not has_slots() else _bag_of(curves)
    return owner.groups.get(name) or owner.groups.new(name)


def _bag_of(curves):
    """The channelbag that a collection of F-curves belongs to."""
    for layer in curves.id_data.layers:
        for strip in layer.strips:
            for bag in strip.channelbags:
                if bag.fcurves == curves:
                    return bag
    raise LookupError("these F-curves belong to no channelbag of their action")
