# SPDX-License-Identifier: GPL-3.0-or-later
"""The armatures that chosen objects follow, and how their bones stand at rest."""

from __future__ import annotations

from collections.abc import Iterable

import bpy
import numpy as np

from ..engine.retarget.mirrored_pose import BoneAxes


def armatures_of(objects: Iterable[bpy.types.Object]) -> list[bpy.types.Object]:
    """The armature objects of a character, the most likely ones first, each once.

    First those that deform an object or that it hangs below, then those below it.
    """
    chosen = list(objects)
    found: dict[bpy.types.Object, None] = {}
    for ob in chosen:
        above = [ob]
        while above[-1].parent:
            above.append(above[-1].parent)
        found.update(dict.fromkeys(rig for rig in (*_deforming(ob), *above)))
    for ob in chosen:
        for below in ob.children_recursive:
            found.update(dict.fromkeys((*_deforming(below), below)))
    return [rig for rig in found if rig.type == "ARMATURE" and rig.pose is not None]


def bone_axes(rig: bpy.types.Object) -> dict[str, BoneAxes]:
    """Bone -> its own axes at rest, of all bones of an armature object."""
    axes = {}
    for bone in rig.data.bones:
        rotation = np.array(bone.matrix_local.to_3x3().normalized())
        axes[bone.name] = BoneAxes(rotation, rotation if bone.use_local_location else np.eye(3))
    return axes


def _deforming(ob: bpy.types.Object) -> list[bpy.types.Object]:
    return [m.object for m in ob.modifiers if m.type == "ARMATURE" and m.object]
