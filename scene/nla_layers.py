# SPDX-License-Identifier: GPL-3.0-or-later
"""Results as strips of the NLA, and layers on top of them for tweaks.

Whatever is changed is taken back on a failure. Nothing here pushes an undo step: operators do.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field

import bpy

from ..engine.core.errors import FacewrightError
from . import keyframes
from .action_writer import check_tweaking
from .face_blocks import FaceBlock

_PLAIN = {"action_blend_type": "REPLACE", "action_influence": 1.0, "action_extrapolation": "HOLD"}
LAYER_NAME = "Face Tweaks"


@dataclass
class Pushed:
    """What went into the NLA, ready for JSON through ``to_wire``.

    Attributes:
        strips: Names of the new strips.
        blocks: Names of the data-blocks that have them.
        layer: Name of the action that is on top now and takes keys; empty if none is.
        warnings: Sentences for the artist.
    """

    strips: list[str] = field(default_factory=list)
    blocks: list[str] = field(default_factory=list)
    layer: str = ""
    warnings: list[str] = field(default_factory=list)

    def to_wire(self) -> dict:
        """As a JSON object."""
        return asdict(self)


def push_down(blocks: Iterable[FaceBlock], name: str = "") -> Pushed:
    """Makes strips of the NLA out of the actions in use; what shows stays the same.

    A strip plays its action frame by frame where it was and blends as the action did. Before and
    behind it holds the face if it is the only one; above others it lets theirs show before, and
    behind where another begins later.

    Args:
        blocks: What the face animates; those without an action in use are left as they are.
        name: Of the tracks and strips; empty is the action's.

    Raises:
        FacewrightError: ``nothing-to-push``, ``nla-tweak-mode``, ``linked-animation``; nothing
            has changed.
    """
    chosen = [block for block in blocks if keyframes.current_action(block.block)]
    if not chosen:
        raise FacewrightError(
            "No action is in use that could become a strip of the NLA.",
            "It may be one already: look into the NLA editor.",
            "nothing-to-push",
        )
    for block in chosen:
        check_tweaking(block.block)
    done = Pushed()
    with ExitStack() as undo:
        for block in chosen:
            done.warnings += _range_warnings(block)
            strip = _push(block, name, undo)
            done.strips.append(strip.name)
            done.blocks.append(block.block.name)
        undo.pop_all()
    return done


def add_layer(blocks: Iterable[FaceBlock], name: str = LAYER_NAME) -> Pushed:
    """Puts an empty additive action on top, ready for keys; what is below becomes strips.

    A key on the layer is kept as the difference to what shows below it. In Blender's words its
    blending is Combine: values add up, rotations of bones multiply.

    Args:
        blocks: What the face animates.
        name: Of the new action.

    Raises:
        FacewrightError: As ``push_down``, and ``not-animated``.
    """
    chosen = list(blocks)
    done = Pushed()
    if any(keyframes.current_action(block.block) for block in chosen):
        done = push_down(chosen)
    with ExitStack() as undo:
        shared = None
        for face in chosen:
            if shared is None or not keyframes.has_slots():
                shared = keyframes.create_action(name)
                undo.callback(bpy.data.actions.remove, shared)
                done.layer = done.layer or shared.name
            slot, _ = keyframes.add_curves(shared, face.block)
            # Blender deletes an action that has no keys yet and no users when the file is saved.
            shared.use_fake_user = True
            keyframes.assign(face.block, shared, slot)
            face.animation.action_blend_type = "COMBINE"
        undo.pop_all()
    return done


def _push(face: FaceBlock, name: str, undo: ExitStack) -> bpy.types.NlaStrip:
    data = face.animation
    action, slot = keyframes.current_assignment(face.block)
    others = [(strip.frame_start, strip.frame_end) for strip in face.strips()]
    # Without tracks Blender plays an action as it is: neither blended nor weakened, and held.
    in_nla = bool(len(data.nla_tracks)) and data.use_nla
    first, last = (fn(f) for fn, f in zip((math.floor, math.ceil), action.frame_range, strict=True))
    last = max(last, first + 1)
    try:
        track = data.nla_tracks.new()
        undo.callback(data.nla_tracks.remove, track)
        track.name = name or action.name
        strip = track.strips.new(name or action.name, first, action)
    except (RuntimeError, TypeError) as error:
        raise FacewrightError(
            f'The NLA of "{face.block.name}" cannot be changed: {error}',
            "Animate a local copy or a library override of it.",
            "linked-animation",
        ) from error
    if slot is not None:
        strip.action_slot = slot
    # Frame by frame where it was, fractions of frames included.
    strip.action_frame_start, strip.action_frame_end = first, last
    strip.frame_start, strip.frame_end = first, last
    if in_nla:
        strip.blend_type = data.action_blend_type
        strip.extrapolation = _extrapolation(data, others, last)
        if data.action_influence < 1:
            _set_influence(strip, data.action_influence)
    undo.callback(_restore, data, {name: getattr(data, name) for name in _PLAIN})
    undo.callback(keyframes.assign, face.block, action, slot)
    data.action = None
    _restore(data, _PLAIN)
    data.use_nla = True
    return strip


def _range_warnings(face: FaceBlock) -> list[str]:
    """What a strip does not play on outside of its frames."""
    action = keyframes.current_action(face.block)
    if not any(
        curve.extrapolation != "CONSTANT" or any(m.type == "CYCLES" for m in curve.modifiers)
        for curve in keyframes.current_curves(face.block)
    ):
        return []
    return [
        f'"{action.name}" on "{face.block.name}" goes on beyond its keys, by cycles or straight '
        "lines. Its strip plays the frames of the keys alone and then holds: make the strip "
        "longer or repeat it in the NLA editor."
    ]


def _set_influence(strip: bpy.types.NlaStrip, influence: float) -> None:
    """Weakens a strip. Its influence has a curve, which Blender begins with a key at 0."""
    strip.use_animated_influence = True
    strip.influence = influence
    curve = next(curve for curve in strip.fcurves if curve.data_path == "influence")
    if not len(curve.keyframe_points):
        curve.keyframe_points.insert(strip.frame_start, influence)
    for point in curve.keyframe_points:
        point.co.y = influence
    curve.update()


def _extrapolation(data: bpy.types.AnimData, others: list, last: float) -> str:
    if not others or data.action_blend_type != "REPLACE":  # a layer adds what it holds
        return data.action_extrapolation
    if any(first >= last for first, _ in others):
        return "NOTHING"
    return "HOLD_FORWARD" if data.action_extrapolation == "HOLD" else data.action_extrapolation


def _restore(data: bpy.types.AnimData, values: dict) -> None:
    for name, value in values.items():
        setattr(data, name, value)
