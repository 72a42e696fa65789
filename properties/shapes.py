# SPDX-License-Identifier: GPL-3.0-or-later
"""How the 52 shapes are made on a head that has none."""

import bpy
from bpy.props import BoolProperty, EnumProperty


class FacewrightShapes(bpy.types.PropertyGroup):
    """Settings of Make Shapes; belong to the shot."""

    symmetric: BoolProperty(
        name="Symmetric",
        description="Make both sides mirror images of each other where the mesh is symmetric",
    )
    amounts: EnumProperty(
        name="Amounts",
        description="How strong the shapes are",
        items=[
            ("authored", "Authored", "As the artists of the face units made them"),
            (
                "shipped",
                "Facewright Head",
                "As on the Facewright Head: the eyes turn further, and lids and brows with them",
            ),
        ],
    )
    existing: EnumProperty(
        name="Existing Keys",
        description="What happens to shape keys of these names that are there already",
        items=[
            ("KEEP", "Keep", "They stay as they are"),
            ("REPLACE", "Replace", "They get the new shape; undo brings the old one back"),
        ],
    )


CLASSES = (FacewrightShapes,)
