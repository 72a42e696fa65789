# SPDX-License-Identifier: GPL-3.0-or-later
"""A face on twos: each pose holds for a few frames, as in drawn animation, and the keys stay."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import bpy

from ..engine.core.errors import FacewrightError
from . import keyframes
from .face_blocks import FaceBlock

# Ours are told by their name from those that an artist has put there.
_STEPPED, _OURS = "STEPPED", "Facewright Steps"


def step_face(blocks: Iterable[FaceBlock], frames: int, first: float | None = None) -> int:
    """Lets the face's curves hold each value for some frames, through a modifier of theirs.

    Curves that are stepped already get the new length. Keys are not touched; ``unstep_face`` takes
    it away, and a bake makes it keys (``bake.bake_face`` with ``step``).

    Args:
        blocks: What the face animates: the curves of actions in use, or else of NLA strips.
        frames: How many frames a pose holds; 2 is "on twos".
        first: A frame on which a pose begins; None is each curve's first key.

    Returns:
        How many curves are stepped.

    Raises:
        FacewrightError: ``steps-few``, ``not-animated``, ``linked-action``; nothing has changed.
    """
    if frames < 2:
        raise FacewrightError(
            f"A pose that holds for {frames} frames is not stepped.",
            "Choose 2 frames or more.",
            "steps-few",
        )
    curves = list(_face_curves(blocks))
    if not curves:
        raise FacewrightError(
            "No curve animates the face.", "Write a take onto it first.", "not-animated"
        )
    for curve in curves:
        modifier = next(iter(_stepping(curve)), None) or curve.modifiers.new(_STEPPED)
        modifier.name = _OURS
        begin = curve.range()[0] if first is None else first
        modifier.frame_step = frames
        modifier.frame_offset = begin % frames
    return len(curves)


def unstep_face(blocks: Iterable[FaceBlock]) -> int:
    """Takes the stepping of ``step_face`` away again; an artist's own modifiers stay.

    Returns:
        How many curves were stepped.

    Raises:
        FacewrightError: ``linked-action``.
    """
    count = 0
    for curve in _face_curves(blocks):
        found = list(_stepping(curve))
        for modifier in found:
            curve.modifiers.remove(modifier)
        count += bool(found)
    return count


def is_stepped(blocks: Iterable[FaceBlock]) -> bool:
    """Whether any curve of the face is stepped by ``step_face``."""
    return any(_stepping(curve) for curve in _face_curves(blocks))


def _stepping(curve: bpy.types.FCurve) -> list[bpy.types.FModifier]:
    found = [modifier for modifier in curve.modifiers if modifier.type == _STEPPED]
    return [modifier for modifier in found if modifier.name.startswith(_OURS)]


def _face_curves(blocks: Iterable[FaceBlock]) -> Iterator[bpy.types.FCurve]:
    for face in blocks:
        curves = keyframes.current_curves(face.block)
        if not curves:
            curves = [curve for strip in face.strips() for curve in keyframes.strip_curves(strip)]
        for curve in curves:
            if not face.owns(curve.data_path) or not len(curve.keyframe_points):
                continue
            if not curve.id_data.is_editable:
                raise FacewrightError(
                    f'The action "{curve.id_data.name}" is linked from another file.',
                    "Make it local, or bake it: a baked action is yours.",
                    "linked-action",
                )
            yield curve
