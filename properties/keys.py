# SPDX-License-Identifier: GPL-3.0-or-later
"""How keys are written."""

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty, PointerProperty

_TARGET_TYPES = frozenset({"MESH", "ARMATURE", "EMPTY"})


def _can_be_target(_settings: bpy.types.PropertyGroup, thing: bpy.types.Object) -> bool:
    return thing.type in _TARGET_TYPES


def _strength(part: str, default: float) -> FloatProperty:
    return FloatProperty(
        name=part,
        description=f"Smoothing of the {part.lower()}: 0 leaves every tremble, 1 is very slow. "
        "It never delays the motion",
        default=default,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
    )


class KeySettings:
    """Mixin for the shot: the character, and what its keys are made of."""

    target: PointerProperty(
        name="Target",
        description="The character: a mesh with shape keys, or the armature or empty that holds "
        "its meshes",
        type=bpy.types.Object,
        poll=_can_be_target,
    )
    use_selected: BoolProperty(
        name="Selected Objects Too",
        description="Write keys on the other selected meshes as well, e.g. separate eyes or teeth",
    )
    start_frame: IntProperty(
        name="Start Frame", description="Frame on which the clip's first picture falls", default=1
    )
    action_mode: EnumProperty(
        name="Action",
        description="Where the keys go",
        items=[
            ("NEW", "New Action", "Write a new action; the old one stays in the file"),
            (
                "EXISTING",
                "Into Existing",
                "Write into the action in use, over the recorded range and channels only",
            ),
        ],
    )
    smooth_brows: _strength("Brows", 0.4)
    smooth_eyelids: _strength("Eyelids", 0.25)
    smooth_gaze: _strength("Gaze", 0.3)
    smooth_cheeks: _strength("Cheeks", 0.4)
    smooth_jaw: _strength("Jaw", 0.3)
    smooth_mouth: _strength("Mouth", 0.3)
    smooth_tongue: _strength("Tongue", 0.3)
    smooth_head: _strength("Head", 0.5)
    keep_blinks: BoolProperty(
        name="Keep Blinks", description="Leave blinks as sharp as they were seen", default=True
    )
    keep_lips: BoolProperty(
        name="Keep Lip Contacts",
        description="Leave the closing of the lips as sharp as it was seen",
        default=True,
    )
    gap_policy: EnumProperty(
        name="Gaps",
        description="What happens while no face is seen",
        items=[
            ("HOLD", "Hold", "Keep the last expression"),
            ("EASE", "Ease to Neutral", "Relax to neutral and come back"),
            ("EMPTY", "No Keys", "Write no keys there"),
        ],
    )
    key_times: EnumProperty(
        name="Keys On",
        description="At which times keys are written",
        items=[
            ("SCENE", "Scene Frames", "One key on every whole frame of the scene"),
            ("SOURCE", "Clip Frames", "One key at every picture of the clip, between frames"),
        ],
    )
    reduce_error: FloatProperty(
        name="Reduce Keys",
        description="Leave out keys as long as no curve changes by more than this; 0 keeps all",
        default=0.0,
        min=0.0,
        soft_max=0.1,
        max=1.0,
        precision=3,
    )
    keys_and_bones: BoolProperty(
        name="Keys and Bones",
        description="Write a shape key even though a bone of the same channel moves the same "
        "vertices the same way; otherwise it is left out, because the face would move twice",
    )
    extend_scene: BoolProperty(
        name="Extend Scene",
        description="Move the scene's end frame where the keys go beyond it",
        default=True,
    )
    use_sound: BoolProperty(
        name="Add Sound", description="Place the clip's sound in the Sequencer", default=True
    )
    sound_in_step: BoolProperty(
        name="Move Sound into Step",
        description="Place the clip's sound where the lips are, if it was found to be late or "
        "early. That is measured by Track and Solve Again with Sound Where the Mouth Is Hidden",
        default=False,
    )
