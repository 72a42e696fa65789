# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the movement of the head and of the eyes goes."""

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, PointerProperty, StringProperty


class HeadSettings:
    """Mixin for the shot: head, neck and bones of the eyes."""

    use_head: BoolProperty(
        name="Head Rotation", description="Key the rotation of the head", default=True
    )
    use_head_location: BoolProperty(
        name="Head Position", description="Key the head's movement in space as well"
    )
    head_object: PointerProperty(
        name="Head",
        description="Object, or armature with the head bone, that the head's rotation goes to",
        type=bpy.types.Object,
    )
    head_bone: StringProperty(
        name="Bone", description="Head bone, where the head object is an armature"
    )
    neck_share: FloatProperty(
        name="Neck",
        description="How much of the head's rotation the neck takes; the head as it shows turns "
        "as far as ever",
        min=0.0,
        max=1.0,
        subtype="FACTOR",
    )
    neck_bone: StringProperty(
        name="Neck Bone",
        description="The lowest bone of the neck; empty finds the neck by its name",
    )
    eye_bone_left: StringProperty(
        name="Left Eye Bone",
        description="Bone of the actor's left eye in the head's armature; empty leaves the gaze "
        "to the eyeLook shape keys, and finds the bones by their names where there are none",
    )
    eye_bone_right: StringProperty(
        name="Right Eye Bone", description="Bone of the actor's right eye in the head's armature"
    )
    facing: EnumProperty(
        name="Facing",
        description="Where the character looks in its own space, for the sense of head and eyes",
        items=[
            ("-Y", "-Y", "Towards Blender's front view, as usual"),
            ("+Y", "+Y", "Away from the front view"),
            ("-X", "-X", "Along negative X"),
            ("+X", "+X", "Along positive X"),
        ],
    )
    head_center: EnumProperty(
        name="Straight Ahead",
        description="Which head pose counts as looking straight ahead",
        items=[
            ("MEDIAN", "Clip's Middle", "The pose in the middle of all poses of the clip"),
            ("FIRST", "First Frame", "The pose when the face is first seen"),
            ("NONE", "Camera", "Looking into the camera"),
        ],
    )
